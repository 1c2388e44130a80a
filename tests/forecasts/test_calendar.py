"""The calendar: whose days are special, and what they do to calls."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from forecasts.calendar import Calendar, CalendarDay
from forecasts.clock import Clock
from forecasts.columns import day_columns
from forecasts.daily import fit_days
from forecasts.forecaster import forecast
from forecasts.history import History
from forecasts.hours import ServiceHours
from forecasts.past import Past
from forecasts.synthetic import CALENDAR_FACTORS, bank_truth, synthetic_bank

CHINA = Calendar.build("CN", range(2022, 2028))
START = date(2023, 1, 2)
HOURS = ServiceHours.parse(
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-21:00")
    | {"sat": "09:00-17:00", "sun": "10:00-14:00"}
)


def columns_of(calendar, on, is_open=(True,) * 7):
    """Return the names that hold on a date."""
    found = day_columns(calendar, on, 1, is_open)
    return {found.names[place] for place in found.table[0].nonzero()[0]}


@cache
def centre(seed, until):
    """Return a seven-day centre with closed hours and China's holidays."""
    days = (until - START).days
    return synthetic_bank(
        START, days, seed, interval_minutes=30, calendar=CHINA, hours=HOURS
    )


def points_off(seed, first, days, calendar):
    """Return the error of a forecast of some days against the truth, in per cent."""
    clock = Clock(first, days, 30)
    is_open = HOURS.open_intervals(clock)
    found = forecast(
        centre(seed, first), clock, calendar, method="profile", is_open=is_open
    ).calls[0]
    truth = bank_truth(first, days, calendar=CHINA, hours=HOURS).ravel()
    assert ((found == 0) == ~is_open).all()  # closed hours are exactly zero
    return 100 * np.abs(found - truth).sum() / truth.sum()


@pytest.mark.parametrize(
    ("first", "worth"),
    [
        (date(2026, 2, 9), 10.0),  # Spring Festival, in another month than last year
        (date(2026, 4, 27), 4.0),  # Labour Day, with a Saturday worked
        (date(2026, 9, 28), 10.0),  # National Day
    ],
)
def test_the_calendar_is_worth_its_points_where_holidays_move(first, worth):
    """Three weeks of a seven-day centre with closed hours, three years known."""
    with_it, without = (
        np.mean([points_off(seed, first, 21, calendar) for seed in range(2)])
        for calendar in (CHINA, None)
    )
    assert with_it < 8.0
    assert without - with_it > worth


def test_the_calendar_costs_nothing_where_there_are_no_holidays():
    """Three weeks of an ordinary July."""
    with_it, without = (
        np.mean([points_off(seed, date(2026, 7, 6), 21, calendar) for seed in range(2)])
        for calendar in (CHINA, None)
    )
    assert with_it < without + 0.3


def test_the_effects_learnt_are_those_of_the_truth():
    """Within a twelfth for what comes often, a sixth for the rest."""
    days = (date(2026, 9, 1) - START).days
    drawn = synthetic_bank(START, days, 1, calendar=CHINA).calls[0]
    fit = fit_days(Past(START, drawn, CHINA), drawn.sum(axis=1))
    learnt = dict(zip(fit.names, np.exp(fit.effects), strict=True))
    for name, factor in CALENDAR_FACTORS.items():
        often = name in ("statutory", "eve", "after", "second after")
        assert learnt[name] == pytest.approx(factor, rel=1 / 12 if often else 1 / 6)


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        (date(2026, 2, 17), "statutory"),  # the first day of Spring Festival
        (date(2026, 2, 20), "rest"),  # moved from a Saturday
        (date(2026, 2, 14), "workday"),  # that Saturday
        (date(2026, 3, 2), None),
    ],
)
def test_china_says_which_days_are_moved(on, kind):
    """Statutory days, days off in their place, and weekend days worked."""
    assert CHINA.kind(on) == kind


def test_a_weekend_worked_is_like_a_working_day():
    """A Saturday like a Friday, a Sunday like a Monday."""
    assert CHINA.weekday(date(2026, 2, 14)) == 4
    assert CHINA.weekday(date(2026, 9, 20)) == 0
    assert CHINA.weekday(date(2026, 3, 7)) == 5


@pytest.mark.parametrize(
    ("on", "held"),
    [
        (date(2026, 9, 30), {"eve", "last two days"}),
        (date(2026, 10, 1), {"statutory", "days 1-2", "holiday: 国庆节"}),
        (date(2026, 10, 4), {"rest", "days 3-5"}),  # a Sunday within the holidays
        (date(2026, 10, 8), {"after"}),
        (date(2026, 10, 9), {"second after"}),
        (date(2026, 10, 10), {"workday"}),
        (date(2026, 3, 11), set()),
    ],
)
def test_what_holds_of_a_date(on, held):
    """Holidays with their eve and the days after, and the place in the month."""
    assert columns_of(CHINA, on) == held


def test_a_centre_closed_at_weekends_meets_its_callers_on_monday():
    """After a holiday on a Friday."""
    weekdays = (True,) * 5 + (False,) * 2
    assert columns_of(CHINA, date(2026, 6, 22), weekdays) == {"after"}
    assert columns_of(CHINA, date(2026, 6, 20)) == {"after"}


@pytest.mark.parametrize(
    ("country", "year", "unannounced"),
    [("CN", 2026, ()), ("CN", 2090, (2090,)), ("US", 2090, ()), ("US", 2200, (2200,))],
)
def test_a_year_that_is_not_known_yet_is_told(country, year, unannounced):
    """China decrees each year which days are moved; elsewhere rules reach further."""
    assert Calendar.build(country, [year]).unannounced == unannounced


def flat(days, calls=100.0):
    return History(("calls",), 60, START, np.full((1, days, 24), calls))


def test_an_event_without_a_factor_brings_what_it_brought_before():
    """Learnt by its name; one never seen before changes nothing."""
    history = flat(120)
    seen = [START + timedelta(days=day) for day in (30, 61, 89)]
    for on in seen:
        history.calls[0, (on - START).days] *= 1.5
    ahead = Clock(START + timedelta(days=120), 7, 60)
    days = [CalendarDay(on, "event", "Card statements") for on in seen]
    days += [
        CalendarDay(ahead.date(2), "event", "Card statements"),
        CalendarDay(ahead.date(4), "event", "Bond issue"),
    ]
    calendar = Calendar.build(None, [], days)
    found = forecast(history, ahead, calendar, method="profile")
    by_day = found.calls[0].reshape(7, 24).sum(axis=1) / 2400
    assert by_day[2] == pytest.approx(1.5, abs=0.06)
    assert np.delete(by_day, 2) == pytest.approx(1.0, abs=0.01)


def test_a_typed_factor_counts_for_more_than_what_was_learnt():
    """The planner knows of something the past does not."""
    history = flat(120)
    seen, next_one = START + timedelta(days=60), START + timedelta(days=123)
    history.calls[0, 60] *= 1.5
    days = [
        CalendarDay(seen, "event", "Campaign"),
        CalendarDay(next_one, "event", "Campaign", 3.0),
    ]
    clock = Clock(START + timedelta(days=120), 7, 60)
    found = forecast(history, clock, Calendar.build(None, [], days), method="profile")
    assert found.calls[0].reshape(7, 24)[3] == pytest.approx(300, rel=0.01)


def test_holidays_have_a_profile_of_their_own():
    """Their callers ring later in the day."""
    rng = np.random.default_rng(1)
    early, late = np.repeat([200.0, 20.0], 12), np.repeat([20.0, 100.0], 12)
    calls = np.tile(early, (200, 1))
    off = [40, 80, 120, 160]
    calls[off] = late
    days = [CalendarDay(START + timedelta(days=n), "statutory", "Day") for n in off]
    days.append(CalendarDay(START + timedelta(days=203), "statutory", "Day"))
    history = History(("calls",), 60, START, rng.poisson(calls)[None].astype(float))
    clock = Clock(START + timedelta(days=200), 7, 60)
    found = forecast(history, clock, Calendar.build(None, [], days), method="profile")
    by_day = found.calls[0].reshape(7, 24)
    assert by_day[3, 12:].sum() > 3 * by_day[3, :12].sum()
    assert by_day[2, :12].sum() > 3 * by_day[2, 12:].sum()


def test_an_effect_seen_once_is_believed_in_part():
    """Where days stray by 12 %; where they hardly do, nearly all of it is."""
    rng = np.random.default_rng(2)
    once = CalendarDay(START + timedelta(days=100), "event", "Bond issue")
    calendar = Calendar.build(None, [], [once])
    learnt = []
    for stray in (0.12, 0.01):
        totals = 2400 * rng.lognormal(0.0, stray, 200)
        totals[100] = 4800
        past = Past(START, np.repeat(totals[:, None] / 24, 24, axis=1), calendar)
        fit = fit_days(past, totals)
        learnt.append(fit.effects[fit.names.index("event: Bond issue")] / np.log(2))
    assert 0.6 < learnt[0] < 0.95
    assert 0.95 < learnt[1] < 1.05


def test_one_odd_day_does_not_raise_the_level_and_days_that_go_on_do():
    """The latest days at three times their calls; days stray by 3 %."""
    totals = 2400 * np.random.default_rng(1).lognormal(0.0, 0.03, 90)
    past = Past(START, np.repeat(totals[:, None] / 24, 24, axis=1))

    def level(last, factor):
        busy = np.where(np.arange(90) >= 90 - last, factor * totals, totals)
        return fit_days(past, busy).level

    assert 0.99 * level(0, 1.0) < level(1, 3.0) < level(0, 1.0)
    assert level(8, 3.0) > 1.02 * level(0, 1.0)


def test_the_past_is_taken_without_the_factors_typed_for_it():
    """A campaign's days at twice the calls do not raise the days after it."""
    history = flat(120)
    history.calls[0, -10:] *= 2
    days = [
        CalendarDay(START + timedelta(days=n), "event", "Campaign", 2.0)
        for n in range(110, 120)
    ]
    clock = Clock(START + timedelta(days=120), 7, 60)
    for method in ("profile", "mean-4"):
        calendar = Calendar.build(None, [], days)
        found = forecast(history, clock, calendar, method=method)
        assert found.calls == pytest.approx(100, rel=0.01)
