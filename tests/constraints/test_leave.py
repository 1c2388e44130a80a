"""How many may be on leave at a time, and which requests are granted."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from constraints.case import OPEN, Leave
from constraints.coverage import CoverageFloor
from constraints.leave import LeaveLimit, annual_capacity, grant
from tests.rows import found, roster


def leave(agent, first, last, kind="annual", requested=False, line=0):
    """Return leave from one day of March 2026 to another."""
    return Leave(
        agent=agent,
        first=date(2026, 3, first),
        last=date(2026, 3, last),
        kind=kind,
        requested=requested,
        granted=not requested,
        line=line,
    )


@pytest.mark.parametrize(
    ("lines", "beyond"),
    [
        ([(0, 2, 3), (1, 4, 5)], []),  # one after the other
        ([(0, 2, 4), (1, 4, 5)], [(2, 1)]),  # both away on the 4th
        ([(0, 2, 2), (1, 2, 2), (2, 2, 2)], [(0, 2)]),  # two too many
        ([(0, 2, 4), (1, 2, 4, "sick")], []),  # only annual leave counts
        ([(0, 2, 4), (1, 2, 4, "annual", True)], []),  # asked for, not granted
    ],
)
def test_one_person_on_annual_leave_at_a_time(lines, beyond):
    """People beyond, by day."""
    one = roster(*["-----"] * 3, leave=tuple(leave(*line) for line in lines))
    assert found(one, LeaveLimit()) == beyond


def test_by_team_each_team_has_its_own_one():
    """Two people of two teams may be away, two of one team may not."""
    away = (leave(0, 2, 2), leave(1, 2, 2))
    apart = [{"team": "A"}, {"team": "B"}]
    assert found(roster("-", "-", leave=away, agents=apart), LeaveLimit()) == [(0, 1)]
    by_team = LeaveLimit(scope="team")
    assert found(roster("-", "-", leave=away, agents=apart), by_team) == []


@pytest.mark.parametrize(
    ("requests", "granted"),
    [
        ([(0, 2, 3), (1, 3, 4), (2, 4, 5)], [True, False, True]),  # in file order
        ([(1, 3, 4), (0, 2, 3), (2, 5, 5)], [True, False, True]),
        ([(0, 2, 3, "sick"), (1, 3, 4), (2, 3, 3)], [True, True, False]),
    ],
)
def test_requests_are_granted_whole_and_in_file_order(requests, granted):
    """A request that would break the limit on one of its days is refused whole."""
    asked = tuple(
        leave(*line, *["annual"] * (len(line) == 3), requested=True)
        for line in requests
    )
    case = grant(roster(*["-----"] * 3, leave=asked, rules=(LeaveLimit(),)).case)
    assert [one.granted for one in case.leave] == granted
    assert [bool(one.reason) for one in case.leave] == [not one for one in granted]


def test_a_pinned_shift_refuses_leave():
    """What is pinned stands; a pinned day off does not mind."""
    one = roster("-----", leave=(leave(0, 2, 3, requested=True),)).case
    for pin, granted in ((0, False), (-1, True)):
        pins = np.full((1, 5), OPEN, np.int16)
        pins[0, 1] = pin
        assert grant(replace(one, pins=pins)).leave[0].granted is granted


def test_leave_that_makes_the_floor_unreachable_is_refused():
    """Two people can hold a floor of two; one of them on leave cannot."""
    book = (CoverageFloor(heads=2),)
    asked = (leave(0, 3, 3, requested=True),)
    two = roster("---", "---", leave=asked, rules=book).case
    assert "floor" in grant(two).leave[0].reason
    three = roster("---", "---", "---", leave=asked, rules=book).case
    assert grant(three).leave[0].granted


def test_more_entitlement_than_days_in_a_year_is_said():
    """One at a time leaves room for 365 days; more is warned of, with a way out."""
    some = [{"annual_left": 15.0}] * 20
    case = roster(*["-"] * 20, agents=some, rules=(LeaveLimit(),)).case
    assert annual_capacity(case) is None
    many = [{"annual_left": 15.0}] * 30
    case = roster(*["-"] * 30, agents=many, rules=(LeaveLimit(),)).case
    warning = annual_capacity(case)
    assert warning is not None
    assert warning.en.startswith("450 days of annual leave are due")
    assert "Set leave.limit to 2" in warning.en
