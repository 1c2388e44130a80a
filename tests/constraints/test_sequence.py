"""Runs of days and nights, class changes, and starts that do not jump."""

import pytest

from constraints import audit
from constraints.case import Limit
from constraints.sequence import (
    NightsRest,
    NightsRun,
    SequenceClass,
    SequenceRun,
    StartsStable,
)
from tests.rows import days, found, roster


@pytest.mark.parametrize(
    ("past", "row", "beyond"),
    [
        ("", "DDDDDD-", []),
        ("", "DDDDDDD", [6]),
        ("", "DDDDDDDD", [6, 7]),  # each day beyond, on that day
        ("", "DDD-DDDD", []),
        ("DDDD", "DDD", [2]),  # the run began in the history
        ("DD-D", "DDD", []),
    ],
)
def test_at_most_six_days_running(past, row, beyond):
    """A run is counted through the history and charged in the horizon."""
    one = roster(row, past=[past] if past else ())
    assert days(one, SequenceRun()) == beyond


def test_a_shorter_run_for_one_person():
    """limits.csv gives one person five days."""
    own = Limit(agent=0, rule="sequence.run", parameter="most_days", value=5)
    assert found(roster("DDDDDD", limits=(own,)), SequenceRun()) == [(5, 1)]


@pytest.mark.parametrize(
    ("row", "run", "gap24", "horizon"),
    [
        ("DDD", [], [], []),
        ("DN", [1], [], [1]),
        ("ND", [1], [1], [1]),
        ("N-D", [], [], [2]),  # 26 h from 06:00 to 08:00
        ("N-V", [2], [2], [2]),  # 22 h: run holds gap24, too
        ("D-N", [], [], [2]),
        ("NL", [], [], [1]),  # evening may stand beside either
        ("DLN", [2], [], [1, 2]),  # yet it does not part day from night
        ("NLD", [2], [], [1, 2]),
        ("DNDN", [1, 2, 3], [2], [1, 2, 3]),  # each change
    ],
)
def test_three_readings_of_no_day_to_night(row, run, gap24, horizon):
    """Charged on the later shift, whichever reading is chosen."""
    one = roster(row)
    assert days(one, SequenceClass(reading="run")) == run
    assert days(one, SequenceClass(reading="gap24")) == gap24
    assert days(one, SequenceClass(reading="horizon")) == horizon


@pytest.mark.parametrize(
    ("row", "beyond"),
    [("NNNN", []), ("NNNNN", [4]), ("NNNN-N", []), ("NNLNN", [])],
)
def test_at_most_four_nights_running(row, beyond):
    """Anything but a night ends a run of nights."""
    assert days(roster(row), NightsRun()) == beyond


@pytest.mark.parametrize(
    ("row", "one_day", "two_days"),
    [
        ("N--D", [], [3]),
        ("N-D", [2], [2]),  # the day the night ends does not count
        ("NNN-D", [4], [4]),
        ("N-N-", [2], [2, 3]),  # the night of day 2 still lasts into day 3
        ("ND--", [], []),  # that is the business of rest.daily
    ],
)
def test_free_days_after_nights(row, one_day, two_days):
    """Charged on the day that was due free and is not."""
    assert days(roster(row), NightsRest(days=1)) == one_day
    assert days(roster(row), NightsRest(days=2)) == two_days


@pytest.mark.parametrize(
    ("row", "beyond", "cost"),
    [
        ("DD", [], 0),
        ("DS", [], 0),
        ("DL", [(1, 240)], 4),  # 08:00 to 14:00 is six hours, two are free
        ("DV", [(1, 120)], 2),  # earlier counts like later
        ("D-L", [], 0),  # only neighbouring days
    ],
)
def test_starts_that_jump(row, beyond, cost):
    """Minutes beyond two hours; each hour begun costs one."""
    one = roster(row)
    assert found(one, StartsStable()) == beyond
    assert audit(one, [StartsStable()]).cost == cost
