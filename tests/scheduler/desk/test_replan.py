"""Re-planning a day: nothing without need, little for much, never what has begun."""

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from benchmarks.desk import whole_day
from constraints.case import OFF
from constraints.roster import Duties, Roster
from constraints.rule import audit
from scheduler.demo import write_demo_case
from scheduler.desk.desk import Desk
from scheduler.desk.examples import small_desk
from scheduler.desk.notice import ONE_DAY
from scheduler.desk.policy import Policy, ReplanPolicy
from scheduler.desk.replan import replan
from scheduler.desk.today import Today
from scheduler.engine.breaks import place_breaks
from scheduler.engine.solve import solve
from scheduler.files.read import read_case

WEDNESDAY = "2026-04-01"
FREE = ReplanPolicy(people=5000, changes_each=10)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    """Return two hundred people, a week, and Wednesday at half past seven."""
    folder = tmp_path_factory.mktemp("week")
    write_demo_case(folder, people=200, days=7)
    roster = solve(read_case(folder).case, effort=2.0, workers=1).roster
    return Desk(roster=roster, now=at("07:30"), version=1)


def at(time: str) -> datetime:
    """Return a time of Wednesday."""
    return datetime.fromisoformat(f"{WEDNESDAY}T{time}+08:00")


def absent(desk: Desk) -> list[str]:
    """Return three who would begin between eight and ten, where heads are short."""
    case, day = desk.case, 2
    start = np.array([shift.start for shift in case.shifts])
    row = desk.roster.table[:, day]
    soon = (row != OFF) & (start[row] > 450) & (start[row] <= 600)
    return [case.agents[n].id for n in np.flatnonzero(soon)[:3]]


@pytest.mark.slow
def test_with_nothing_wrong_nothing_changes(desk):
    """The roster is returned as it is, with all its faults."""
    found = replan(desk)
    assert found.changes == ()
    assert (found.after.table == desk.roster.table).all()
    assert found.after.duties.rows() == desk.roster.duties.rows()
    assert found.recovered == 0


@pytest.mark.slow
def test_three_absent_most_of_what_can_be_won_back_is(desk):
    """With ten people changed, 60 % at least of what a search without a budget wins.

    It frees everybody whose shift has not begun, and those who are off, and solves the
    day anew.
    """
    found = replan(desk, absent=absent(desk))
    people = {change.agent for change in found.changes}
    assert 0 < len(people) <= ReplanPolicy().people
    assert all(change.count <= 2 for change in found.changes)
    assert not found.broken
    stood = len(audit(desk.roster).hard)
    assert len(audit(found.after).hard) <= stood
    free = replace(desk, policy=Policy(replan=FREE))
    most = max(
        whole_day(desk, absent(desk)), replan(free, absent=absent(desk)).recovered
    )
    lost = found.short[1] - found.short[0]
    assert lost > 3  # or there would be nothing to win back
    assert most > 0
    assert found.recovered >= 0.6 * min(lost, most)


@pytest.mark.slow
def test_what_has_begun_or_comes_too_soon_stays(desk):
    """Shifts that began, starts within two hours, breaks within half an hour."""
    desk = replace(desk, now=at("11:15"))
    found = replan(desk, absent=absent(desk))
    today = Today(desk, [desk.agents[id] for id in absent(desk)], desk.case)
    case, now, day = desk.case, today.now, today.day
    assert found.changes
    differ = np.argwhere(found.after.table != found.hit.table)
    assert set(differ[:, 1].tolist()) <= {day}
    for agent in differ[:, 0].tolist():
        was, becomes = (r.table[agent, day] for r in (found.hit, found.after))
        starts = [case.start[today.column, s] for s in (was, becomes) if s != OFF]
        assert min(starts) >= now + 120 or len(set(starts)) == 1
    before, after = (set(r.duties.rows()) for r in (found.hit, found.after))
    moved = [row for row in before ^ after if found.hit.table[row[0], day] != OFF]
    same = [row for row in moved if row[0] not in differ[:, 0]]
    assert all(row[3] >= now + 30 for row in same)


@pytest.mark.slow
def test_who_goes_home_in_their_shift_is_away_from_then_on(desk):
    """The shift stays; what they worked is not undone."""
    running = np.flatnonzero(desk.roster.table[:, 2] == 0)[:2]  # A1, from seven
    ids = [desk.case.agents[n].id for n in running]
    found = replan(replace(desk, now=at("10:00")), absent=ids)
    assert (found.after.table[running, 2] == 0).all()
    sick = [row for row in found.after.duties.rows() if row[2] == "sick"]
    assert {row[0] for row in sick} == set(running.tolist())
    assert not found.broken
    assert not found.leave


@pytest.mark.slow
@pytest.mark.parametrize("limits", [{"people": 0}, {"changes_each": 0}])
def test_without_a_budget_nothing_changes(desk, limits):
    """Not even where it would help."""
    policy = Policy(replan=replace(ReplanPolicy(), **limits))
    found = replan(replace(desk, policy=policy), absent=absent(desk))
    assert found.changes == ()
    assert found.recovered == 0


@pytest.mark.slow
@pytest.mark.parametrize("levers", [("breaks",), ("moves",), ("call_in",)])
def test_only_the_levers_named_are_pulled(desk, levers):
    """In the order of the rule book, or fewer."""
    policy = Policy(replan=replace(ReplanPolicy(), levers=levers))
    found = replan(replace(desk, policy=policy), absent=absent(desk))
    assert {change.lever for change in found.changes} <= set(levers)
    assert found.changes or levers != ("breaks",)  # breaks alone always help here


@pytest.mark.slow
def test_more_calls_than_expected_move_breaks_and_shifts(desk):
    """A quarter more heads needed from now on: what is short becomes less."""
    needed = desk.case.requirement
    more = replace(needed, heads=-(-needed.heads * 5 // 4))
    found = replan(desk, expected=replace(desk.case, requirement=more))
    assert found.why == ("calls",)
    assert found.changes
    assert found.recovered > 0
    assert not found.broken


@pytest.mark.slow
def test_a_few_calls_more_are_no_reason(desk):
    """Within fifteen per cent, or for half an hour only."""
    needed = desk.case.requirement
    heads = needed.heads.copy()
    heads[:, 2 * 48 + 20] *= 2
    found = replan(
        desk, expected=replace(desk.case, requirement=replace(needed, heads=heads))
    )
    assert found.why == ()


def test_nobody_of_an_id_and_a_time_outside_are_refused(desk):
    """With what was expected."""
    with pytest.raises(ValueError, match="agents"):
        replan(desk, absent=["B1"])
    with pytest.raises(ValueError, match="a day from"):
        replan(replace(desk, now=datetime.fromisoformat("2027-01-01T10:00+08:00")))


@pytest.mark.slow
def test_the_evening_before_the_same_is_done_for_tomorrow(desk):
    """Who is ill tomorrow has the day as leave; today stays as it is."""
    evening = datetime.fromisoformat("2026-03-31T18:00+08:00")
    found = replan(
        replace(desk, now=evening), absent=absent(desk), on=evening.date() + ONE_DAY
    )
    assert found.changes
    assert [str(line[1]) for line in found.leave] == [WEDNESDAY] * 3
    assert (found.after.table[:, :2] == desk.roster.table[:, :2]).all()
    assert not found.broken
    assert found.recovered >= replan(desk, absent=absent(desk)).recovered


@pytest.mark.slow
def test_changes_made_today_count(desk):
    """Who was changed twice is left alone, and people changed are counted."""
    ids = absent(desk)
    first = replan(desk, absent=ids)
    names = [desk.case.agents[one.agent].id for one in first.changes]
    again = replan(replace(desk, changed=dict.fromkeys(names, 2)), absent=ids)
    people = {desk.case.agents[one.agent].id for one in again.changes}
    assert not people & set(names)
    assert len(people) + len(names) <= ReplanPolicy().people


def test_a_meeting_is_dropped_where_nobody_else_answers():
    """The second lever; the meeting was the only one away."""
    desk = small_desk(["-D-", "-D-"], now="2026-03-03T07:00+08:00")
    noon = int(desk.case.midnight[1]) + 13 * 60
    meeting = Duties.of([(0, 1, "meeting", noon, noon + 60)])
    roster = desk.roster.with_duties(desk.roster.duties.beside(meeting))
    found = replan(replace(desk, roster=roster), absent=["A2"])
    assert [(one.lever, one.agent) for one in found.changes] == [("duties", 0)]
    assert "meeting" not in found.after.duties.kind
    assert found.recovered == 1


def test_a_longer_shift_beyond_contract_hours_is_booked_as_overtime():
    """An hour more where overtime is allowed; not for somebody protected."""
    rows = ["DDDDD--", "-L-----"]
    desk = small_desk(rows, now="2026-03-03T07:00+08:00")
    longer = replace(desk.case.shifts[0], code="X", end=17 * 60)
    case = replace(
        desk.case,
        agents=(replace(desk.case.agents[0], hours_per_week=37.5), desk.case.agents[1]),
        shifts=(*desk.case.shifts, longer),
        rules=tuple(
            replace(rule, allowed=True) if rule.id == "hours.overtime" else rule
            for rule in desk.case.rules
        ),
        cover=np.zeros((0, 0), np.int64),
    )
    roster = place_breaks(Roster(case, desk.roster.table))
    found = replan(replace(desk, roster=roster), absent=["A2"])
    assert [(one.lever, one.overtime) for one in found.changes] == [("overtime", 60)]
    assert found.after.overtime[0].tolist() == [0, 60, 0, 0, 0, 0, 0]
    assert not found.broken
    guarded = replace(case.agents[0], protected=(date.min, date.max))
    barred = replace(case, agents=(guarded, case.agents[1]))
    desk = replace(desk, roster=replace(roster, case=barred))
    assert replan(desk, absent=["A2"]).changes == ()
