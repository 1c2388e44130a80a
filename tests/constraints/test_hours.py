"""Contract hours on average, too few, too many; leave credited, overtime booked."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from constraints import audit
from constraints.case import Leave
from constraints.hours import HoursAverage, HoursOvertime, HoursUnder, HoursWeeklyMax
from constraints.pattern import SixOnOneOff
from tests.rows import found, roster


def leave(first, last, agent=0):
    """Return leave from one day of March 2026 to another."""
    return (
        Leave(
            agent=agent,
            first=date(2026, 3, first),
            last=date(2026, 3, last),
            kind="annual",
        ),
    )


@pytest.mark.law
@pytest.mark.parametrize(
    ("row", "hours", "beyond", "missing"),
    [
        ("DDDDD--", 40, [], []),
        ("DDDDDS-", 40, [(6, 360)], []),  # 46 h
        ("DDDDS--", 40, [], []),  # 38 h: two are let pass
        ("DDDD---", 40, [], [(6, 6)]),  # 32 h
        ("DDS----", 20, [(6, 120)], []),  # 22 h of 20
        ("DS-----", 20, [], [(6, 4)]),  # 14 h of 20, less two
    ],
)
def test_forty_hours_a_week(row, hours, beyond, missing):
    """State Council Order 174, Art. 3: 40 hours; here never more, and not much less."""
    one = roster(row, agents=[{"hours_per_week": hours}])
    assert found(one, HoursAverage()) == beyond
    assert found(one, HoursUnder()) == missing


def test_a_longer_cycle_evens_weeks_out():
    """48 h and 32 h break a cycle of one week, not one of two."""
    one = roster("DDDDDD-DDDD---")
    assert found(one, HoursAverage(cycle="week")) == [(6, 480)]
    assert found(one, HoursAverage(cycle="horizon")) == []
    assert found(one, HoursAverage(cycle="2 weeks")) == []


def test_two_weeks_are_counted_from_1970():
    """Cycles stay where the horizon moves: 2 March 2026 begins one, 9 March none."""
    row, rule = "DDDDDD-DDDD---", HoursUnder(cycle="2 weeks")
    assert found(roster(row, first=date(2026, 3, 2)), rule) == []
    assert found(roster(row, first=date(2026, 3, 9)), rule) == [(13, 6)]


@pytest.mark.parametrize(
    ("row", "away", "beyond", "missing"),
    [
        ("-------", (2, 8), [], []),  # a week of leave counts five days
        ("DD---DD", (4, 6), [], []),  # four worked, so one of three leave days counts
        ("DD-----", (4, 6), [], []),  # two worked and three of leave
        ("-------", (4, 6), [], [(6, 14)]),  # three of leave are 24 h of 38
        ("DDDDD--", (7, 8), [], []),  # leave on days off adds nothing
    ],
)
def test_leave_credits_a_fifth_of_the_week(row, away, beyond, missing):
    """In each week on at most five days less the days worked in it."""
    one = roster(row, leave=leave(*away))
    assert found(one, HoursAverage()) == beyond
    assert found(one, HoursUnder()) == missing


def test_under_six_on_one_off_leave_credits_a_sixth():
    """Two days of leave are then a third of 40 h, not two fifths."""
    away = {"leave": leave(2, 3)}
    assert found(roster("-------", **away), HoursUnder()) == [(6, 22)]
    book = (SixOnOneOff(),)
    assert found(roster("-------", rules=book, **away), HoursUnder()) == [(6, 25)]


def test_a_part_of_a_week_is_due_in_part():
    """Three days employed of seven make 3/7 of the target; the cap stays whole."""
    newcomer = [{"joined": date(2026, 3, 6)}]
    assert found(roster("----DD-", agents=newcomer), HoursUnder()) == []
    assert found(roster("----D--", agents=newcomer), HoursUnder()) == [(6, 8)]
    assert found(roster("----DDD", agents=newcomer), HoursAverage()) == []


def test_at_most_48_hours_in_any_week():
    """Whatever the cycle of the average."""
    assert found(roster("DDDDDDS"), HoursWeeklyMax()) == [(6, 360)]
    assert found(roster("DDDDDD-"), HoursWeeklyMax()) == []


@pytest.mark.parametrize(
    ("allowed", "booked", "beyond"),
    [
        (True, 60, 480 - 6 * 60),  # what is booked raises the cap
        (True, 90, 480 - 6 * 60),  # an hour a day at most
        (False, 60, 480),  # nothing where overtime is not allowed
    ],
)
def test_booked_overtime_raises_the_cap(allowed, booked, beyond):
    """Labour Law Art. 41: usually an hour a day."""
    rule = HoursOvertime(allowed=allowed)
    one = roster("DDDDDD-", rules=(rule,))
    minutes = np.array([[booked] * 6 + [0]])
    one = replace(one, overtime=minutes)
    assert found(one, HoursAverage()) == [(6, beyond)]
    assert audit(one, [rule]).cost == 20 * 6 * -(-booked // 60)
