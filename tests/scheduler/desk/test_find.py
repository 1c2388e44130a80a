"""Who could take a shift: every proposal is legal, and rings are found where due."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from constraints.rule import audit
from scheduler.demo import write_demo_case
from scheduler.desk.desk import Desk
from scheduler.desk.examples import leave_of, small_desk
from scheduler.desk.find import find_stand_ins, find_swaps
from scheduler.desk.policy import Policy, SwapPolicy
from scheduler.desk.swaps import Looked, check_swap
from scheduler.engine.solve import solve
from scheduler.files.read import read_case

MONDAY = date(2026, 3, 2)
NO_PAIR = ("DD------", "-D------", "D-D-----")
NO_THREE = ("DDD-----", "-D------", "D-D-----", "DD-D----")


def legs(found):
    """Return giver, day of March and taker of the best proposal."""
    return [(leg.giver, leg.day.day, leg.taker) for leg in found[0].swap.legs]


def test_a_pair_is_found():
    """The colleague who is free that day and works when the other is free."""
    desk = small_desk(["DD-DD--", "-DDD-D-"])
    found = find_swaps(desk, "A1", MONDAY)
    assert legs(found) == [("A1", 2, "A2"), ("A2", 4, "A1")]


def test_where_no_pair_works_a_ring_of_three_is_found():
    """Everybody gives one shift and takes one of another day."""
    found = find_swaps(small_desk(NO_PAIR), "A1", MONDAY)
    assert legs(found) == [("A1", 2, "A2"), ("A2", 3, "A3"), ("A3", 4, "A1")]


def test_where_no_three_work_a_ring_of_four_is_found():
    """The longest there is."""
    found = find_swaps(small_desk(NO_THREE), "A1", MONDAY)
    ring = [("A1", 2, "A2"), ("A2", 3, "A3"), ("A3", 4, "A4"), ("A4", 5, "A1")]
    assert legs(found) == ring


def test_where_nobody_can_there_is_no_proposal():
    """Everybody works that day."""
    assert find_swaps(small_desk(["DD--", "DD--"]), "A1", MONDAY) == []


@pytest.mark.parametrize(
    ("agent", "on", "words"),
    [("A9", MONDAY, "agents.csv, got A9"), ("A1", date(2026, 3, 4), "works, got")],
)
def test_a_shift_that_is_not_there_is_refused(agent, on, words):
    """Nobody of that id, or a day off."""
    with pytest.raises(ValueError, match=words):
        find_swaps(small_desk(["DD--", "--DD"]), agent, on)


def test_whose_quota_is_spent_is_left_out():
    """Somebody else comes instead."""
    rows = ["DD-DD--", "-DDD-D-", "-DDD-D-"]
    desk = replace(small_desk(rows), charged={("A2", "2026-03"): 2})
    takers = {
        leg.taker for one in find_swaps(desk, "A1", MONDAY) for leg in one.swap.legs
    }
    assert takers == {"A1", "A3"}


@pytest.fixture(scope="module")
def week(tmp_path_factory) -> Desk:
    """Return the desk of sixty people and a week."""
    folder = tmp_path_factory.mktemp("week")
    write_demo_case(folder, people=60, days=7)
    roster = solve(read_case(folder).case, effort=0.01, workers=1).roster
    now = datetime.fromisoformat("2026-03-25T10:00+08:00")
    policy = Policy(swap=SwapPolicy(cross_team="allow"))
    return Desk(roster=roster, now=now, version=1, policy=policy)


@pytest.mark.slow
@pytest.mark.parametrize("least", [2, 3, 4])
def test_every_proposal_passes_all_checks_and_the_audit(week, least):
    """Of pairs and of rings; and those who take part are as many as asked."""
    stood = len(audit(week.roster).hard)
    count = 0
    for number in range(0, 60, 6):
        days = [day for day in range(5) if week.roster.table[number, day] >= 0]
        id, on = week.case.agents[number].id, week.case.clock.date(days[0])
        for found in find_swaps(week, id, on, most=3, least=least):
            count += 1
            assert len(found.swap.legs) >= least
            assert check_swap(week, found.swap).verdict != "fail"
            assert len(audit(Looked(week, found.swap).after).hard) <= stood
    assert count >= 10


def test_who_stands_in_keeps_their_own_rules():
    """Free that day, rested, and within their hours; the nearest level first."""
    desk = small_desk(["D---", "-D--", "L---", "--D-", "-DDD"], first="2026-03-03")
    agents = [
        replace(agent, level=level)
        for agent, level in zip(desk.case.agents, (3, 1, 3, 2, 3), strict=True)
    ]
    case = replace(desk.case, agents=tuple(agents))
    desk = replace(desk, roster=replace(desk.roster, case=case))
    found = find_stand_ins(desk, leave_of(desk, "A1:2026-03-03", "sick"))
    ranked = [one.leg.taker for one in found[date(2026, 3, 3)]]
    assert ranked == ["A5", "A4", "A2"]
