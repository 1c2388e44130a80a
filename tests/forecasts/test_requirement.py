"""From calls to heads, and heads the planner brings."""

from datetime import date

import numpy as np
import pytest

from forecasts.clock import Clock
from forecasts.erlang import required_heads
from forecasts.forecaster import Forecast
from forecasts.load import LOADS, offered_load
from forecasts.problems import InputError
from forecasts.requirement import (
    Service,
    expected_service_level,
    planned_heads,
    read_requirement,
    staff,
)
from forecasts.synthetic import bank_truth

MONDAY = date(2026, 3, 2)
CLOCK = Clock(MONDAY, 1, 60)
ALWAYS = np.ones(24, dtype=bool)


def of_queues(*calls, aht=180.0, cv=0.0):
    """Return a forecast of constant calls an hour, one queue for each figure."""
    shape = (len(calls), 24)
    names = tuple(f"q{place}" for place in range(len(calls)))
    return Forecast(
        CLOCK,
        names,
        np.broadcast_to(np.array(calls)[:, None], shape).astype(float),
        np.full(shape, aht),
        ("x",) * len(calls),
        np.full(shape, cv),
    )


def heads_at_nine(forecast, service, **options):
    return staff(forecast, service, ALWAYS, **options).heads[:, 9].tolist()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("target", 1.0, "Expected 0 < target < 1, got 1.0."),
        ("target", 0.0, "Expected 0 < target < 1, got 0.0."),
        ("target", float("nan"), "Expected 0 < target < 1, got nan."),
        ("shrinkage", 1.0, "Expected 0 <= shrinkage < 1, got 1.0."),
        ("max_occupancy", 1.1, "Expected 0 < max_occupancy <= 1, got 1.1."),
        ("aht_seconds", 14401, "Expected 0 < aht_seconds <= 14400, got 14401."),
        ("patience_seconds", 0, "Expected 0 < patience_seconds < inf, got 0."),
        ("threshold_seconds", -1, "Expected 0 <= threshold_seconds < inf, got -1."),
        ("floor", -1, "Expected 0 <= floor, got -1."),
        ("load", "mean", "Expected load in mol, mol-max, lag, rate, got mean."),
    ],
)
def test_service_out_of_range(field, value, said):
    """The condition and the value, in one sentence."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Service(**{field: value})
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("service", "heads"),
    [
        ({"max_occupancy": 0.85, "shrinkage": 0.3}, 20),  # 14 / 0.7, not 14 x 1.3
        ({"max_occupancy": 0.70, "shrinkage": 0.3}, 22),  # 15 by occupancy
        ({"max_occupancy": 0.85, "shrinkage": 0.0}, 14),
    ],
)
def test_a_hundred_calls_in_half_an_hour(service, heads):
    """The textbook case of 10 Erlang, 80 % in 20 s."""
    promise = Service(threshold_seconds=20, target=0.8, **service)
    assert heads_at_nine(of_queues(200), promise) == [heads]


def test_shrinkage_is_rounded_up_once():
    """9 heads at 10 % are 10 planned, although 9 / 0.9 is not quite 10 in binary."""
    for heads in range(1, 200):
        load = heads * 0.9 - 1e-6
        service = Service(threshold_seconds=3600, target=0.01, shrinkage=0.1)
        planned = planned_heads(load, 180.0, service)
        assert planned == -(-heads * 10 // 9)


@pytest.mark.parametrize(
    ("calls", "floor", "heads"),
    [
        ((0.1,), 2, [2]),
        ((0.0,), 2, [2]),
        ((0.0, 0.0), 3, [3, 0]),  # the sum counts, the first is raised
        ((0.5, 1.0), 9, [1, 8]),  # the queue with the larger load is raised
        ((0.0,), 0, [0]),
    ],
)
def test_the_floor_holds_over_the_sum_of_queues(calls, floor, heads):
    """Never fewer people in an open interval."""
    service = Service(
        floor=floor, shrinkage=0, aht_seconds=60, target=0.5, threshold_seconds=600
    )
    assert heads_at_nine(of_queues(*calls), service) == heads


def test_nobody_is_needed_when_closed():
    """Neither for calls nor for the floor."""
    is_open = np.arange(24) >= 8
    heads = staff(of_queues(50), Service(), is_open).heads[0]
    assert (heads[:8] == 0).all()
    assert (heads[8:] > 0).all()


def test_a_higher_quantile_needs_more():
    """A tenth of uncertainty in the rate costs heads; at the mean it does not."""
    unsure = of_queues(400, cv=0.1)
    middle, high = (heads_at_nine(unsure, Service(), quantile=q) for q in (0.5, 0.9))
    assert middle == heads_at_nine(of_queues(400), Service())
    assert high > middle


@pytest.mark.parametrize("patience", [None, 180.0])
def test_every_interval_as_if_alone(patience):
    """A day of the synthetic bank at once, against one interval at a time."""
    service = Service(patience_seconds=patience)
    calls = bank_truth(MONDAY, 1)[0]
    planned = planned_heads(calls * 180 / 1800, 180.0, service)
    for count, heads in zip(calls[::5], planned[::5], strict=True):
        alone = required_heads(
            count * 180 / 1800,
            aht_seconds=180,
            threshold_seconds=10,
            target=0.9,
            patience_seconds=patience,
            max_occupancy=0.9,
        )
        assert heads == int(np.ceil(alone / 0.9 - 1e-9))


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("patience", [None, 180.0])
def test_planned_heads_keep_the_promise(patience, load):
    """The service level of what is planned is at least the target."""
    service = Service(patience_seconds=patience, load=load)
    calls = bank_truth(MONDAY, 1)[0]
    planned = planned_heads(offered_load(calls, 180.0, 30, method=load), 180.0, service)
    levels = expected_service_level(planned, calls, 180.0, 30, service)
    assert levels.min() >= service.target


def falling():
    """Return a forecast that falls from 300 calls an hour, 15 min each, to 30."""
    forecast = of_queues(300, aht=900.0)
    forecast.calls[0, 9:] = 30.0
    return forecast


@pytest.mark.parametrize(("load", "more"), [("mol", True), ("rate", False)])
def test_calls_in_progress_are_staffed(load, more):
    """An hour after the fall has calls of the hour before, unless asked for its own."""
    heads = staff(falling(), Service(load=load), ALWAYS).heads[0]
    assert (heads[9] > heads[12]) == more
    assert heads[8] > heads[9]
    assert heads[12] == heads[23]


def test_load_methods_differ_in_heads_where_the_rate_falls():
    """The maximum takes most; the interval's own rate fewest."""
    needed = {
        load: int(staff(falling(), Service(load=load), ALWAYS).heads[0, 9])
        for load in LOADS
    }
    assert needed["mol-max"] > needed["mol"] > needed["rate"]
    assert needed["mol-max"] > needed["lag"] > needed["rate"]


def test_calls_in_progress_at_closing_need_nobody():
    """They are completed by those who took them; a call of closed hours is no work."""
    is_open = np.arange(24) < 9
    heads = staff(falling(), Service(), is_open).heads[0]
    assert (heads[9:] == 0).all()
    late = staff(falling(), Service(), np.arange(24) >= 9).heads[0]
    assert (late[9:] <= late[23]).all()


def test_expected_level_knows_calls_in_progress():
    """Heads for its own rate alone leave the hour after a fall short."""
    calls, service = falling().calls[0], Service(load="rate")
    heads = staff(falling(), service, ALWAYS).heads[0]
    by_rate, by_mol = (
        expected_service_level(heads, calls, 900.0, 60, Service(load=load))
        for load in ("rate", "mol")
    )
    assert by_rate[9] >= 0.9
    assert by_mol[9] < 0.1
    assert by_mol[23] == pytest.approx(by_rate[23])


def test_expected_service_level():
    """Heads after shrinkage; 1 without calls, 0 without heads."""
    service = Service(threshold_seconds=20, shrinkage=0.3)
    levels = expected_service_level(
        [20, 21, 0, 0], [100, 100, 100, 0], 180, 30, service
    )
    assert levels.round(4).tolist() == [0.8884, 0.8884, 0.0, 1.0]


def test_the_table_has_the_columns_of_requirement_csv():
    """One row per interval and queue."""
    frame = staff(of_queues(5, 9), Service(), ALWAYS).to_frame()
    worth = ["sl_last_head", "sl_next_head"]
    assert list(frame) == ["timestamp", "queue", "required", *worth]
    assert len(frame) == 48
    assert frame["queue"].tolist()[:3] == ["q0", "q1", "q0"]


@pytest.mark.parametrize("patience", [None, 120.0])
@pytest.mark.parametrize("shrinkage", [0.0, 0.1, 0.3])
def test_what_single_heads_add_to_the_service_level(patience, shrinkage):
    """The last one required is what reaches the target; one more adds less."""
    service = Service(
        patience_seconds=patience, shrinkage=shrinkage, max_occupancy=1.0, floor=0
    )
    expected, is_open = of_queues(3.0, 40.0, 200.0, 900.0), np.arange(24) >= 8
    expected.calls[:, 12:] *= 0.3  # calls of the hour before are still in progress
    made = staff(expected, service, is_open)
    calls, worth = np.where(is_open, expected.calls, 0.0), made.marginal
    levels = [
        expected_service_level(
            np.maximum(made.heads + more, 0), calls, 180.0, 60, service
        )
        for more in (-1, 0, 1)
    ]
    assert (levels[0][:, 8:] < 0.9).all()
    assert (levels[1] >= 0.9).all()
    assert worth.last_head == pytest.approx(levels[1] - levels[0])
    assert worth.next_head == pytest.approx(levels[2] - levels[1])
    assert (worth.next_head < worth.last_head)[:, 8:].all()
    assert not worth.last_head[:, :8].any()  # closed
    late = np.arange(24) < 9  # calls in progress at closing are nobody's to staff
    assert not staff(expected, service, late).marginal.next_head[:, 9:].any()


def test_a_head_that_only_the_floor_asks_for_adds_little():
    """And nothing is lost where no call comes."""
    worth = staff(of_queues(0.5, 0.0), Service(floor=6), ALWAYS).marginal
    assert 0 <= worth.last_head[0, 9] < 1e-3
    assert not worth.last_head[1].any()


def requirement(folder, lines, clock=CLOCK, is_open=None, header="timestamp,required"):
    path = folder / "requirement.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    mask = np.ones(clock.intervals, dtype=bool) if is_open is None else is_open
    return read_requirement(path, clock, mask)


def refusals(*arguments, **options):
    with pytest.raises(InputError) as caught:
        requirement(*arguments, **options)
    return caught.value.problems


HOURS = [f"2026-03-02 {hour:02}:00,3" for hour in range(24)]


def test_a_requirement_is_taken_as_it_is(tmp_path):
    """No floor and no shrinkage is added; hours outside service count as given."""
    is_open = np.arange(24) >= 8
    lines = [line.replace(",3", ",1") for line in HOURS]
    assert (requirement(tmp_path, lines, is_open=is_open).heads == 1).all()


def test_only_service_hours_must_be_there(tmp_path):
    """Closed hours may be left out."""
    is_open = np.arange(24) >= 8
    given = requirement(tmp_path, HOURS[8:], is_open=is_open)
    assert given.heads[0].tolist() == [0] * 8 + [3] * 16


def test_missing_intervals_are_named_run_by_run(tmp_path):
    """Two hours in the morning and one at night."""
    lines = HOURS[:9] + HOURS[11:23]
    first, second = refusals(tmp_path, lines)
    assert first.found == "no line for 2026-03-02 09:00"
    assert first.expected.endswith("(2 missing here)")
    assert second.found == "no line for 2026-03-02 23:00"
    assert first.remedy == "Add the lines; 0 says that nobody is needed."


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("2026-03-02 09:00,-1", "required", "a whole number from 0 to 1000000"),
        ("2026-03-02 09:00,2.5", "required", "a whole number from 0 to 1000000"),
        (
            "2026-03-02 09:10,2",
            "timestamp",
            "the start of an interval of 60 min in UTC",
        ),
        ("2026-03-02 08:00,2", "timestamp", "each interval once (also on line 10)"),
    ],
)
def test_bad_lines(tmp_path, line, column, expected):
    """File, line and column, as everywhere."""
    problem = refusals(tmp_path, [*HOURS[:9], line, *HOURS[10:]])[-1]
    assert (problem.file, problem.line) == ("requirement.csv", 11)
    assert (problem.column, problem.expected) == (column, expected)


def test_lines_outside_the_horizon_are_left_out_with_a_warning(tmp_path):
    """A year's requirement serves a month's roster."""
    given = requirement(tmp_path, ["2026-03-01 23:00,7", *HOURS])
    assert given.heads.sum() == 72
    assert given.warnings == (
        "1 lines of requirement.csv lie outside the horizon and are left out.",
    )


def test_queues_keep_their_names(tmp_path):
    """Each queue must be complete."""
    lines = [f"{line},{queue}" for line in HOURS for queue in ("cards", "loans")]
    header = "timestamp,required,queue"
    assert requirement(tmp_path, lines, header=header).queues == ("cards", "loans")
    (problem,) = refusals(tmp_path, lines[:-1], header=header)
    assert 'of queue "loans"' in problem.expected


def test_the_autumn_hour_that_comes_twice(tmp_path):
    """Without an offset a line stands for both hours, with one for its own."""
    clock = Clock(date(2026, 10, 25), 1, 60, "Europe/London")
    lines = [f"2026-10-25 {hour:02}:00,{hour}" for hour in range(24)]
    assert requirement(tmp_path, lines, clock).heads[0, :4].tolist() == [0, 1, 1, 2]
    exact = [f"{clock.stamp(i)},{i}" for i in range(clock.intervals)]
    assert requirement(tmp_path, exact, clock).heads[0].tolist() == list(range(25))


def test_the_spring_hour_that_does_not_come(tmp_path):
    """A line for it is a mistake."""
    clock = Clock(date(2026, 3, 29), 1, 60, "Europe/London")
    lines = [f"2026-03-29 {hour:02}:00,{hour}" for hour in range(24)]
    (problem,) = refusals(tmp_path, lines, clock)
    assert (problem.line, problem.column) == (3, "timestamp")


def test_what_is_written_reads_back(tmp_path):
    """requirement.csv of one run is the input of the next."""
    made = staff(of_queues(50), Service(), ALWAYS)
    path = tmp_path / "requirement.csv"
    made.to_frame().to_csv(path, index=False)
    given = read_requirement(path, CLOCK, ALWAYS)
    assert (given.heads == made.heads).all()
    assert given.marginal is None
