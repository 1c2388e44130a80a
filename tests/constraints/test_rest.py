"""Hours between shifts, and the day off in every seven."""

from datetime import date

import pytest

from constraints.case import Limit
from constraints.rest import DailyRest, WeeklyRest
from tests.rows import days, found, roster


@pytest.mark.parametrize(
    ("row", "short"),
    [
        ("DD", []),  # 16 h of rest
        ("LD", [(1, 60)]),  # 10 h: 22:00 to 08:00
        ("ND", [(1, 540)]),  # 2 h: 06:00 to 08:00
        ("N-D", []),  # a day off resets the clock
        ("NDLD", [(1, 540), (3, 60)]),  # each gap on its own
    ],
)
def test_minutes_short_of_eleven_hours(row, short):
    """The amount is the minutes missing, charged on the later shift."""
    assert found(roster(row), DailyRest()) == short


def test_yesterdays_shift_counts():
    """Rest before the first day is measured from the history."""
    assert found(roster("D", past=["L"]), DailyRest()) == [(0, 60)]
    assert found(roster("D", past=["D"]), DailyRest()) == []


def test_a_person_may_have_hours_of_their_own():
    """limits.csv overrides the hours of one person."""
    own = Limit(agent=1, rule="rest.daily", parameter="hours", value=10)
    assert found(roster("LD", "LD", limits=(own,)), DailyRest()) == [(1, 60)]


def test_rest_is_elapsed_time():
    """The night the clocks go forward is an hour shorter."""
    spring = {"first": date(2026, 3, 28), "zone": "Europe/London"}
    assert found(roster("LD", **spring), DailyRest()) == [(1, 120)]


@pytest.mark.parametrize(
    ("row", "by_24h", "by_calendar"),
    [
        ("DDDDDD-", [], []),
        ("DDDDDDD", [6], [6]),
        ("DDDDDDDD-", [6, 7], [6, 7]),  # each window on its last day
        ("NNN-DDD", [], [6]),  # 26 h free, but the night ends on the free date
        ("NNN-VVV", [6], [6]),  # 22 h, from 06:00 to 04:00
        ("NNN--DD", [], []),
    ],
)
def test_a_day_of_rest_in_seven(row, by_24h, by_calendar):
    """Two readings of a day: 24 free hours, or a date without a minute of work."""
    assert days(roster(row), WeeklyRest(day="24h")) == by_24h
    assert days(roster(row), WeeklyRest(day="calendar")) == by_calendar


def test_calendar_weeks_are_kinder_than_rolling_ones():
    """Twelve days running break one calendar week of two, but six rolling windows."""
    row = "DDDDDDDDDDDD--"
    assert days(roster(row), WeeklyRest(mode="calendar")) == [6]
    assert days(roster(row), WeeklyRest(mode="rolling")) == [6, 7, 8, 9, 10, 11]


def test_two_days_off_are_charged_once_a_window():
    """However many days of rest a window lacks, it is one window."""
    assert found(roster("DDDDDDD"), WeeklyRest(days=2)) == [(6, 1)]
    assert found(roster("DDDDD--"), WeeklyRest(days=2)) == []


def test_an_unknown_rule_word_says_what_is_known():
    """A wrong reading is an error that names the right ones."""
    with pytest.raises(ValueError, match='Expected mode "rolling" or "calendar"'):
        WeeklyRest(mode="weekly")
