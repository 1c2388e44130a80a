"""The forecaster: right on average, steady under odd days, honest about its error."""

from datetime import date, timedelta

import numpy as np
import pytest

from forecasts.calendar import Calendar, CalendarDay
from forecasts.clock import Clock
from forecasts.forecaster import Forecast, forecast
from forecasts.history import History
from forecasts.models import METHODS
from forecasts.past import Past
from forecasts.synthetic import bank_truth, synthetic_bank

FIRST = date(2026, 1, 5)
DAYS = 84
AHEAD = Clock(FIRST + timedelta(days=DAYS), 14, 30)
COLUMNS = ["timestamp", "queue", "calls", "p10", "p25", "p50", "p75", "p90"]
COLUMNS += ["aht_seconds", "method"]


def flat(days, calls=12.0, minutes=60):
    shape = (1, days, 1440 // minutes)
    return History(("calls",), minutes, FIRST, np.full(shape, calls))


def wape(expected, actual):
    return np.abs(expected - actual).sum() / actual.sum()


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_truth_of_the_synthetic_bank(seed):
    """Within 8 % of the rate behind the chance, days moving by 6 % themselves."""
    found = forecast(synthetic_bank(FIRST, DAYS, seed), AHEAD)
    truth = bank_truth(AHEAD.first_day, 14).ravel()
    assert wape(found.calls[0], truth) < 0.08


def test_it_beats_the_simple_averages():
    """Over four banks, against the same weekday's last week and last four."""
    errors = dict.fromkeys(METHODS, 0.0)
    for seed in range(4):
        bank = synthetic_bank(FIRST, DAYS + 7, seed)
        actual = bank.calls[0, DAYS:].ravel()
        clock = Clock(AHEAD.first_day, 7, 30)
        for name in METHODS:
            found = forecast(bank.until(AHEAD.first_day), clock, method=name)
            errors[name] += wape(found.calls[0], actual)
    assert max(errors["profile"], errors["average"]) < errors["mean-4"]
    assert errors["mean-4"] < errors["seasonal-naive"]


@pytest.mark.parametrize("plant", ["outage", "doubled", "missing"])
@pytest.mark.parametrize("before", [1, 7, 8])
def test_an_odd_day_hardly_moves_the_forecast(plant, before):
    """Less than 3 % of any day, whether it lies a day or a week back."""
    odd = {FIRST + timedelta(days=DAYS - before): plant}
    usual, moved = (
        forecast(synthetic_bank(FIRST, DAYS, 1, plants=plants), AHEAD, method="profile")
        for plants in ({}, odd)
    )
    days, usual_days = (f.calls.reshape(14, 48).sum(axis=1) for f in (moved, usual))
    assert np.abs(days / usual_days - 1).max() < 0.03


def test_gaps_do_not_depress_the_level():
    """A day of which half is missing counts as a whole day at its rate."""
    gaps = flat(28)
    gaps.calls[0, ::2, 8:16] = np.nan
    assert forecast(gaps, Clock(FIRST + timedelta(28), 7, 60)).calls == pytest.approx(
        12
    )


def test_closed_times_are_exactly_zero():
    """Weekdays and times of day that never had a call stay at 0."""
    bank = synthetic_bank(FIRST, DAYS, 1)
    calls = bank.calls.copy()
    calls[0, 5::7] = np.nan  # no line on Saturdays
    calls[0, 6::7] = 0.0  # Sundays of zeros
    calls[0, :, :14] = np.nan  # closed before 07:00
    closed = forecast(History(("calls",), 30, FIRST, calls), AHEAD)
    days = closed.calls[0].reshape(14, 48)
    assert (days[[5, 6, 12, 13]] == 0).all()
    assert (days[:, :14] == 0).all()
    assert (days[:5, 14:] > 0).all()


def test_a_history_without_calls_forecasts_none():
    """All zeros, and no warning of a division."""
    found = forecast(flat(28, 0.0), Clock(FIRST + timedelta(28), 7, 60))
    assert (found.calls == 0).all()
    assert (found.quantile(0.9) == 0).all()


@pytest.mark.parametrize("days", [7, 8, 13, 20, 21, 27])
def test_short_histories(days):
    """A week is enough for a start."""
    clock = Clock(FIRST + timedelta(days), 7, 60)
    assert forecast(flat(days), clock).calls == pytest.approx(12)


@pytest.mark.parametrize("days", [1, 6])
def test_less_than_a_week_is_refused(days):
    """The message says what to do instead."""
    with pytest.raises(
        ValueError, match=r"7 days or more .* got (1 day|6 days)\. .*requirement"
    ):
        forecast(flat(days), AHEAD)


def test_a_queue_with_less_than_a_week_is_named():
    """A new queue would otherwise be forecast as closed on days not seen yet."""
    calls = np.full((2, 28, 24), 5.0)
    calls[1, :25] = np.nan
    history = History(("cards", "loans"), 60, FIRST, calls)
    with pytest.raises(ValueError, match="got 3 days in queue loans"):
        forecast(history, AHEAD)


@pytest.mark.parametrize(
    "calls",
    [
        np.random.default_rng(0).poisson(0.02, (28, 24)),
        np.arange(28 * 24).reshape(28, 24) == 100,
        np.full((28, 24), 1e6),
        np.where(np.arange(28) % 7 == 0, 7.0, np.nan)[:, None] * np.ones(24),
        np.where(np.arange(28) % 2 == 0, 7.0, 0.0)[:, None] * np.ones(24),
    ],
    ids=["sparse", "one call", "huge", "mondays only", "every other day"],
)
@pytest.mark.parametrize("name", METHODS)
def test_strange_histories_give_finite_forecasts(calls, name):
    """Nothing divides by zero, nothing is negative."""
    history = History(("calls",), 60, FIRST, np.array(calls, dtype=float)[None])
    found = forecast(history, Clock(FIRST + timedelta(28), 7, 60), method=name)
    for amounts in (found.calls, found.quantile(0.9), found.rate_quantile(0.9)):
        assert np.isfinite(amounts).all()
        assert (amounts >= 0).all()


def test_an_unknown_method_is_refused():
    """The names are listed."""
    with pytest.raises(ValueError, match=r"auto, profile, svd, .* got .prophet"):
        forecast(flat(28), AHEAD, method="prophet")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_repeats_a_constant(name):
    """Twelve calls an hour remain twelve."""
    past = Past(FIRST, np.full((28, 24), 12.0))
    found = METHODS[name](past, [date(2026, 3, 2), date(2026, 3, 8)])
    assert found == pytest.approx(np.full((2, 24), 12.0))


def test_typed_factors_multiply_the_day_and_leave_the_past():
    """An event day in the past is divided by its factor before it counts."""
    history = flat(28)
    history.calls[0, 20] *= 3
    target = FIRST + timedelta(30)
    calendar = Calendar.build(
        None,
        [],
        [
            CalendarDay(FIRST + timedelta(20), "event", factor=3.0),
            CalendarDay(target, "event", factor=1.5),
        ],
    )
    found = forecast(history, Clock(FIRST + timedelta(28), 7, 60), calendar)
    days = found.calls[0].reshape(7, 24)
    assert days[2] == pytest.approx(18)
    assert days[[0, 1, 3, 4, 5, 6]] == pytest.approx(12)


def test_handling_times_are_weighted_by_calls():
    """Many short calls count for more than few long ones."""
    history = flat(28, 100.0)
    aht = np.full(history.calls.shape, 100.0)
    history.calls[0, ::2], aht[0, ::2] = 300.0, 200.0
    timed = History(("calls",), 60, FIRST, history.calls, aht)
    found = forecast(timed, Clock(FIRST + timedelta(28), 1, 60))
    assert found.aht_seconds == pytest.approx(175)


def test_handling_times_go_by_weekday_and_time_of_day():
    """Where many calls say so; where few do they lean on the time of day."""
    calls = np.full((1, 56, 24), 500.0)
    calls[0, :, 20] = 2.0
    aht = np.full(calls.shape, 180.0)
    aht[0, 5::7] = 240.0  # Saturdays
    aht[0, :, 9] = 120.0
    timed = History(("calls",), 60, FIRST, calls, aht)
    found = forecast(timed, Clock(FIRST + timedelta(56), 7, 60)).aht_seconds[0]
    by_day = found.reshape(7, 24)
    assert by_day[5, 12] == pytest.approx(240, abs=8)
    assert by_day[1, 12] == pytest.approx(180, abs=3)
    assert by_day[1, 9] == pytest.approx(120, abs=3)
    assert by_day[5, 20] == pytest.approx(188, abs=4)


def test_handling_times_fall_back():
    """To the queue's mean where few calls came, to the default where none is known."""
    history = flat(28, 1000.0)
    aht = np.full(history.calls.shape, 200.0)
    history.calls[0, :, 3], aht[0, :, 3] = 0.0, np.nan
    timed = History(("calls",), 60, FIRST, history.calls, aht)
    clock = Clock(FIRST + timedelta(28), 1, 60)
    assert forecast(timed, clock).aht_seconds == pytest.approx(200)
    untimed = forecast(flat(28), clock, default_aht_seconds=240)
    assert untimed.aht_seconds == pytest.approx(240)


def test_the_days_the_clocks_change():
    """The day of 25 hours has the busy hour twice, the one of 23 not at all."""
    history = flat(28)
    history.calls[0, :, 1] = 50.0
    spring, autumn = (
        forecast(history, Clock(day, 1, 60, "Europe/London")).calls[0]
        for day in (date(2026, 3, 29), date(2026, 10, 25))
    )
    assert (len(spring), (spring > 40).sum()) == (23, 0)
    assert (len(autumn), (autumn > 40).sum()) == (25, 2)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (date(2025, 1, 1), "begins on 2026-01-05, after the horizon"),
        (date(2026, 1, 20), "not before the horizon"),
        (date(2027, 6, 1), "more than a year before"),
        (date(2026, 3, 1), None),
    ],
)
def test_a_horizon_far_from_the_history_is_a_warning(first, said):
    """A year mistyped shows itself."""
    warnings = forecast(flat(28), Clock(first, 7, 60)).warnings
    assert (said in warnings[0]) if said else not warnings


def test_the_interval_of_the_roster_is_used():
    """Hourly calls are split evenly onto half hours."""
    found = forecast(flat(28), Clock(FIRST + timedelta(28), 1, 30))
    assert found.calls == pytest.approx(6)


@pytest.mark.parametrize("mean", [0.3, 7.0, 49.0, 51.0, 400.0])
@pytest.mark.parametrize("cv", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_quantiles_are_those_of_a_sample(mean, cv, p):
    """Against a million draws of Poisson calls around a gamma rate."""
    rng = np.random.default_rng(7)
    rates = mean * (rng.gamma(cv**-2, cv**2, 200_000) if cv else 1.0)
    drawn = np.quantile(rng.poisson(rates, 200_000), p)
    clock = Clock(FIRST, 1, 60)
    one = Forecast(
        clock,
        ("calls",),
        np.full((1, 24), mean),
        np.full((1, 24), 180.0),
        ("x",),
        np.full((1, 24), cv),
    )
    assert one.quantile(p)[0, 0] == pytest.approx(drawn, abs=1.01, rel=0.01)


def test_the_interval_covers_what_comes():
    """Four of five intervals lie between p10 and p90, give or take."""
    inside = []
    for seed in range(6):
        bank = synthetic_bank(FIRST, DAYS + 7, seed)
        found = forecast(bank.until(AHEAD.first_day), Clock(AHEAD.first_day, 7, 30))
        actual = bank.calls[0, DAYS:].ravel()
        low, high = found.quantile(0.1)[0], found.quantile(0.9)[0]
        inside.append(np.mean((actual >= low) & (actual <= high)))
    assert 0.72 < np.mean(inside) < 0.92


def test_the_table_has_the_columns_of_forecast_csv():
    """One row per interval and queue, quantiles in order."""
    frame = forecast(synthetic_bank(FIRST, DAYS, 1), AHEAD).to_frame()
    assert list(frame) == COLUMNS
    assert len(frame) == 14 * 48
    assert frame["timestamp"].iloc[1] == "2026-03-30T00:30:00+00:00"
    assert (frame["p10"] <= frame["p50"]).all()
    assert (frame["p50"] <= frame["p90"]).all()
