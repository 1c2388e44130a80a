"""Runs that are too short, forbidden neighbours, and totals of the whole horizon."""

from dataclasses import replace

import numpy as np
import pytest

from constraints import audit, read_rules
from constraints.case import Limit
from constraints.coverage import CoverageShift
from constraints.runs import SequenceForbidden, SequenceMinRestRun, SequenceMinRun
from constraints.totals import HoursRange, ShiftsMost, WeekendsMost
from forecasts.problems import InputError
from tests.rows import days, found, roster


@pytest.mark.parametrize(
    ("past", "row", "work", "rest"),
    [
        ("", "-DDD--", [], []),
        ("", "-DD---", [3], []),  # charged on the day that ends the run
        ("", "DD----", [], []),  # it may have begun before the first day
        ("", "----DD", [], []),  # and may go on after the last
        ("", "DDD-DDD", [], [4]),
        ("", "-DDD-D-", [6], [5]),
        ("-D", "D---", [1], []),  # history tells when it began
        ("DD", "D---", [], []),
        ("D-", "DDD-", [], [0]),
        ("-D", "-DDD", [0], [1]),
    ],
)
def test_runs_of_work_and_of_rest(past, row, work, rest):
    """At least three days of work and two of rest, but at the ends of what is known."""
    one = roster(row, past=[past] if past else ())
    assert days(one, SequenceMinRun(least_days=3)) == work
    assert days(one, SequenceMinRestRun(least_days=2)) == rest


def test_who_has_no_history_may_have_begun_before():
    """A day of history that others have says nothing of them."""
    two = roster("D--", "D--", past=["-", "-"])
    known = replace(two.case, known=np.array([True, False]))
    found_in = audit(replace(two, case=known), [SequenceMinRun(least_days=2)])
    assert [v.where.agent for v in found_in.violations] == [0]


@pytest.mark.parametrize(
    ("past", "row", "bad"),
    [
        ("", "DND", [2]),
        ("", "N-D", []),
        ("N", "D", [0]),
        ("ND", "N", []),  # broken already, before the first day
        ("", "NL", [1]),
        ("", "LN", []),
    ],
)
def test_shifts_that_may_not_follow(past, row, bad):
    """Only on the next day, and only in that order."""
    one = roster(row, past=[past] if past else ())
    assert days(one, SequenceForbidden(pairs="N>D, N > L")) == bad


def test_a_second_shift_of_a_date_counts_like_the_first():
    """An edited roster may have one: N on the first day, twice more on the second."""
    one = replace(roster("DDD"), extra=((0, 0, 2), (0, 1, 2), (0, 1, 2)))
    assert one.layers[1][0].tolist() == [2, 2, -1]
    assert one.starts[:, :3].tolist() == [[1, 0, 1], [1, 0, 2], [1, 0, 0]]
    assert days(one, SequenceForbidden(pairs="N>D")) == [1, 2, 2]
    assert days(one, SequenceForbidden(pairs="N>N")) == [1, 1]
    (counted,) = audit(one, [ShiftsMost(most="N=1")]).violations
    assert counted.amount == 2


def test_pairs_and_limits_are_written_in_one_way():
    """Anything else is told with what was found."""
    for wrong in ("N", "N>", "N>D>L"):
        with pytest.raises(InputError, match="such as"):
            read_rules("none", {"sequence.forbidden": {"pairs": wrong}})
    for wrong in ("N", "N=", "N=x"):
        with pytest.raises(InputError, match="such as"):
            read_rules("none", {"shifts.most": {"most": wrong}})


def test_minutes_of_the_horizon_lie_in_a_range():
    """Eight hours a day; history does not count, and each has limits of their own."""
    own = Limit(agent=1, rule="hours.range", parameter="most_minutes", value=480)
    two = roster("DD--", "DD--", "----", past=["D", "D", "D"], limits=(own,))
    rule = HoursRange(least_minutes=480, most_minutes=960)
    assert found(two, rule) == [(3, 480), (3, 480)]
    assert [v.where.agent for v in audit(two, [rule]).violations] == [1, 2]


def test_a_weekend_counts_once():
    """Saturday, Sunday or both; one that begins before the horizon by its Sunday."""
    month = "-----DD-----D------D-"  # from a Monday: three weekends
    assert found(roster(month), WeekendsMost(most=2)) == [(20, 1)]
    assert found(roster(month), WeekendsMost(most=3)) == []
    sunday = roster("D-----", past=["D"], first=roster("D").case.clock.date(6))
    assert found(sunday, WeekendsMost(most=0)) == [(5, 1)]


def test_shifts_have_limits_of_their_own():
    """By the rule for all, by limits.csv for one; what is not named has none."""
    own = Limit(agent=1, rule="shifts.most", parameter="N", value=0)
    two = roster("NN-NDDD", "N------", limits=(own,))
    rows = audit(two, [ShiftsMost(most="N=2")]).violations
    assert [(v.where.agent, v.where.detail, v.amount) for v in rows] == [
        (0, "N", 1),
        (1, "N", 1),
    ]


def test_people_asked_for_by_shift():
    """Only where a day asks; each missing costs a hundred, each beyond one."""
    two = roster("DD-", "D--")
    cover = np.full((3, len(two.case.shifts)), -1)
    cover[:, 0] = (1, 3, -1)
    two = replace(two, case=replace(two.case, cover=cover))
    found_in = audit(two, [CoverageShift()])
    rows = [(v.where.day, v.where.detail, v.cost) for v in found_in.violations]
    assert rows == [(0, "D over", 1), (1, "D short", 200)]
    words = found_in.violations[1].text
    assert words.en == "2026-03-03, shift D: 1 people, 2 short of the 3 asked."
    assert words.zh == "2026-03-03 D 班:1 人,比要求的 3 人少 2 人。"
