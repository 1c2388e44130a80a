"""Six days on, one day off, and the exceptions that rotate the day of rest."""

from datetime import date

import pytest

from constraints.case import Leave
from constraints.pattern import SixOnOneOff
from tests.rows import days, roster


@pytest.mark.parametrize(
    ("row", "out"),
    [
        ("DDDDDD-DDDDDD-", []),
        ("DDDD-DDDDDD-DD", []),  # runs cut by start and end are no exceptions
        ("DDDDDDD-DDDDDD", [6]),  # the seventh day
        ("DDDDDD--DDDDDD", []),  # one double rest is an exception
        ("DDDDDD---DDDDD", [8]),  # a third day of rest is too many
        # Five on, one off moves the day of rest back by one; twice in 28 days.
        ("DDDDDD-DDDDD-DDDDD-DDDDDD-", []),
        ("DDDDDD-DDDDD-DDDDD-DDDDD-D", [24]),
    ],
)
def test_days_out_of_pattern(row, out):
    """Each day out of pattern, on that day."""
    assert days(roster(row), SixOnOneOff()) == out


def test_without_rotation_there_is_no_exception():
    """Then the day of rest stays where it is."""
    rigid = SixOnOneOff(rotation="none")
    assert days(roster("DDDDDD-DDDDD-DDDDDD"), rigid) == [12]
    assert days(roster("DDDDDD--DDDDDD"), rigid) == [7]


def test_a_run_that_touches_leave_uses_no_exception():
    """A leave day may stand for a day on or off."""
    away = Leave(
        agent=0, first=date(2026, 3, 11), last=date(2026, 3, 12), kind="annual"
    )
    rigid = SixOnOneOff(rotation="none")
    assert days(roster("DDDDDD-DD---DDDDDD"), rigid) != []
    assert days(roster("DDDDDD-DD--DDDDDD-", leave=(away,)), rigid) == []


def test_the_pattern_goes_on_from_the_history():
    """A run begun in the past must end after six days."""
    assert days(roster("DDD-", past=["-DDDD"]), SixOnOneOff()) == [2]
    assert days(roster("DD-D", past=["-DDDD"]), SixOnOneOff()) == []
