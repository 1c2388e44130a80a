"""Cleaning: what is odd is found, told and left out; the planner has the last word."""

from datetime import date, datetime, time, timedelta
from functools import cache

import numpy as np
import pytest

from forecasts.calendar import Calendar, CalendarDay
from forecasts.cleaning import Repair, clean, repairs_from_rows
from forecasts.clock import Clock
from forecasts.forecaster import forecast
from forecasts.history import History
from forecasts.models import METHODS
from forecasts.problems import InputError
from forecasts.synthetic import synthetic_bank
from forecasts.table import Row

FIRST = date(2026, 1, 5)
DAYS = 84
AHEAD = Clock(FIRST + timedelta(days=DAYS), 14, 30)
KINDS = {"outage": "outage", "doubled": "doubled", "missing": "gap"}


def bank(seed=1, **plants):
    """Return a synthetic bank with plants so many days before its end."""
    odd = {FIRST + timedelta(days=DAYS - before): p for p, before in plants.items()}
    return synthetic_bank(FIRST, DAYS, seed, plants=odd)


@cache
def usual_days(seed, method):
    """Return the forecast of two weeks of a bank without oddities; ``(14, 48)``."""
    made = forecast(bank(seed), AHEAD, method=method)
    return made.calls[0].reshape(14, 48)


def flat(days=56, calls=50.0):
    return History(("calls",), 60, FIRST, np.full((1, days, 24), calls))


def kinds(history, *rest):
    return [one.kind for one in clean(history, *rest).oddities]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("plant", KINDS)
@pytest.mark.parametrize("before", [2, 7, 8, 15])
def test_a_plant_is_listed_and_hardly_moves_its_slots(plant, seed, before):
    """Six hours of outage, a doubled day, a missing one: under 3 % of those slots."""
    found = clean(bank(seed, **{plant: before}))
    on = FIRST + timedelta(days=DAYS - before)
    assert [(one.kind, one.first.date()) for one in found.oddities] == [
        (KINDS[plant], on)
    ]
    usual = usual_days(seed, "profile")
    made = forecast(found.history, AHEAD, method="profile")
    moved = made.calls[0].reshape(14, 48)
    same = [(on.weekday() - FIRST.weekday() - DAYS) % 7 + week for week in (0, 7)]
    times = slice(18, 30) if plant == "outage" else slice(None)
    was, now = usual[same, times].sum(axis=1), moved[same, times].sum(axis=1)
    assert np.abs(now / was - 1).max() < 0.03


@pytest.mark.parametrize("plant", KINDS)
@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_no_method_is_moved_much(plant, method):
    """The day's forecast, whichever model makes it; last week's too, if it is known."""
    before = 9 if method == "seasonal-naive" else 2
    found = clean(bank(**{plant: before}))
    usual = usual_days(1, method).sum(axis=1)
    made = forecast(found.history, AHEAD, method=method)
    moved = made.calls[0].reshape(14, 48).sum(axis=1)
    assert np.abs(moved / usual - 1).max() < (0.03 if method != "mean-4" else 0.05)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_found_where_nothing_is_odd(seed):
    """Banks whose days and intervals move as real ones do."""
    assert clean(bank(seed)).oddities == ()


def test_the_effect_is_told_in_calls():
    """Seen, usual and what was done, one line each."""
    history = flat()
    history.calls[0, 40, 9:15] = 0.0
    (line,) = clean(history).to_frame().to_dict("records")
    assert line == {
        "first": "2026-02-14 09:00",
        "last": "2026-02-14 14:00",
        "action": "drop",
        "queue": "calls",
        "kind": "outage",
        "calls": 0.0,
        "usual": 300.0,
        "effect": -300.0,
        "reason": "hardly any call got through",
    }


def test_a_spike_is_left_out_and_the_rest_of_its_day_kept():
    """An hour of 1,000 calls where 50 are usual."""
    history = flat()
    history.calls[0, 30, 9] = 1000.0
    found = clean(history)
    assert [one.kind for one in found.oddities] == ["spike"]
    assert np.isnan(found.history.calls).sum() == 1


@pytest.mark.parametrize(
    ("days", "factor", "kind"),
    [(slice(30, 33), 3, "high"), (slice(30, 33), 2, "doubled"), (slice(53, 56), 2, "")],
)
def test_odd_days_in_a_row_are_kept(days, factor, kind):
    """They may be a new level; only the planner knows."""
    history = flat()
    history.calls[0, days] *= factor
    found = clean(history)
    if kind:
        assert {(one.kind, one.action) for one in found.oddities} == {(kind, "keep")}
    assert {one.action for one in found.oddities} == {"keep"}
    assert not np.isnan(found.history.calls).any()


def test_the_history_handed_in_is_not_changed():
    """What is left out is still in the file, and in the history read from it."""
    history = bank(outage=7)
    before = history.calls.copy()
    clean(history)
    assert (history.calls == before).all()


def test_closed_days_and_the_ends_of_the_file_are_no_gaps():
    """Sundays without a line, a holiday without one, a last day half there."""
    history = flat()
    history.calls[0, 6::7] = np.nan
    history.calls[0, 21] = np.nan  # a Monday
    history.calls[0, -2:, 12:] = np.nan
    history.calls[0, -1] = np.nan
    holiday = CalendarDay(FIRST + timedelta(21), "statutory", "Founders' Day")
    assert kinds(history) == ["gap"]
    assert kinds(history, Calendar.build(None, [], [holiday])) == []


def test_special_days_are_not_odd_for_being_special():
    """A holiday at a third of the calls, an event at three times as many."""
    history = flat()
    history.calls[0, 21] /= 3
    history.calls[0, 41] *= 3
    days = [
        CalendarDay(FIRST + timedelta(21), "statutory", "Founders' Day"),
        CalendarDay(FIRST + timedelta(41), "event", "Campaign"),
    ]
    assert kinds(history) == ["low", "high"]
    assert kinds(history, Calendar.build(None, [], days)) == []


def test_an_event_may_be_far_from_what_one_like_it_brought():
    """Seen once, it is believed in part; that is no reason to leave it out."""
    totals = 1e5 * np.random.default_rng(1).lognormal(0.0, 0.12, (200, 1))
    history = History(("calls",), 60, FIRST, np.repeat(totals / 24, 24, axis=1)[None])
    history.calls[0, 100] /= 1000
    move = CalendarDay(FIRST + timedelta(100), "event", "Systems moved")
    assert kinds(history) == ["low"]
    assert kinds(history, Calendar.build(None, [], [move])) == []


@pytest.mark.parametrize("calls", [0.2, 2.0])
def test_chance_in_a_small_queue_is_not_odd(calls):
    """Empty hours are usual where a call comes every now and then."""
    drawn = np.random.default_rng(3).poisson(calls, (1, 365, 24)).astype(float)
    assert kinds(History(("calls",), 60, FIRST, drawn)) == []


def test_a_short_history_is_searched_for_gaps_alone():
    """Two weeks do not say what is usual."""
    history = flat(14)
    history.calls[0, 3] *= 2
    history.calls[0, 5, 3] = np.nan
    assert kinds(history) == ["gap"]


def test_the_planner_keeps_drops_and_scales():
    """Undo what was found, leave out more, halve a day sent twice."""
    history = flat()
    history.calls[0, 40, 9:15] = 0.0
    history.calls[0, 20] *= 2
    day = [datetime.combine(FIRST, time.min) + timedelta(n) for n in (40, 20, 3)]
    repairs = [
        Repair(day[0], day[0] + timedelta(hours=23), "keep"),
        Repair(day[1], day[1] + timedelta(hours=23), "scale", factor=0.5),
        Repair(day[2] + timedelta(hours=3), day[2] + timedelta(hours=4), "drop"),
    ]
    found = clean(history, None, repairs)
    assert [(one.kind, one.action) for one in found.oddities] == [
        ("planner", "drop"),
        ("planner", "scale"),
        ("planner", "keep"),
    ]
    assert (found.history.calls[0, 40, 9:15] == 0).all()
    assert (found.history.calls[0, 20] == 50).all()
    assert np.isnan(found.history.calls[0, 3, 3:5]).all()


@pytest.mark.parametrize(
    ("cells", "column", "expected"),
    [
        ({"action": "erase"}, "action", "drop, keep, scale"),
        ({"last": "2026-01-01 00:00"}, "last", "a time not before 2026-01-08 03:00"),
        ({"queue": "loans"}, "queue", "a queue of the call history (calls)"),
        ({"action": "scale"}, "factor", "above 0"),
        ({"first": "yesterday"}, "first", "a local time"),
        ({"factor": "2"}, "factor", "no factor but for scale"),
        ({"first": "2025-01-08 03:00", "last": "2025-01-08 04:00"}, "first", "within"),
    ],
)
def test_what_cleaning_csv_may_not_say(cells, column, expected):
    """One line for each problem, with its place."""
    row = {"first": "2026-01-08 03:00", "last": "2026-01-08 04:00", "action": "drop"}
    with pytest.raises(InputError) as refused:
        repairs_from_rows([Row(2, row | cells)], "cleaning.csv", flat())
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("cleaning.csv", 2, column)
    assert expected in problem.expected


def test_two_lines_about_one_stretch_are_refused():
    """Which of them counts cannot be guessed."""
    row = {"first": "2026-01-08 03:00", "last": "2026-01-08 04:00", "action": "drop"}
    rows = [Row(2, row), Row(3, row | {"action": "keep", "queue": "calls"})]
    with pytest.raises(InputError, match=r"no other line is about \(line 2\)"):
        repairs_from_rows(rows, "cleaning.csv", flat())


def test_closed_make_up_days_are_no_gaps():
    """A centre without a line on weekends works none of them."""
    history = flat(84)
    history.calls[0, 5::7] = history.calls[0, 6::7] = np.nan
    assert kinds(history, Calendar.build("CN", [2026])) == []


def test_what_is_written_reads_back():
    """The list has the columns of cleaning.csv: a line can be copied and changed."""
    found = clean(bank(outage=7, doubled=20))
    rows = [
        Row(line + 2, {name: str(cell) for name, cell in record.items()})
        for line, record in enumerate(found.to_frame().to_dict("records"))
    ]
    repairs = repairs_from_rows(rows, "cleaning.csv", bank())
    again = clean(bank(outage=7, doubled=20), None, repairs)
    same = np.isnan(again.history.calls) == np.isnan(found.history.calls)
    assert same.all()
    assert [one.kind for one in again.oddities] == ["doubled", "outage"]
