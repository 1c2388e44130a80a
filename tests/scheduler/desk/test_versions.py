"""Versions follow each other without losing a shift, a leg or a request."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from constraints.case import OFF
from constraints.roster import Roster
from forecasts.problems import InputError
from scheduler.desk import office, versions
from scheduler.desk.examples import leave_of, small_desk, swap_of
from scheduler.desk.ledger import Ledger, opened
from scheduler.desk.policy import Policy, ReplanPolicy, SwapPolicy
from scheduler.desk.privacy import forget
from scheduler.desk.replan import replan
from scheduler.desk.sheet import Cell, Sheet
from scheduler.desk.swaps import check_swap
from tests.scheduler.desk.play import EASY, ROWS
from tests.scheduler.desk.table import at

BY = "Li"
FIRST = small_desk(ROWS)
NEXT = small_desk(ROWS, first="2026-03-16")


@pytest.fixture
def ledger():
    """Give a ledger in memory."""
    with opened("sqlite://", writing=True) as found:
        yield found


def stands(ledger: Ledger, desk=FIRST, now=None, policy=EASY):
    """Return the desk as it stands."""
    return office.desk_of(ledger, desk.case, policy, now or desk.now)


def publish(ledger: Ledger, desk=FIRST, **rest):
    """Publish the roster of a desk."""
    return versions.publish(ledger, desk.roster, BY, desk.now, **rest)


def apply(ledger: Ledger, ask, desk=FIRST, now=None):
    """Take a request from the first to the last step."""
    request = office.submit(
        ledger, stands(ledger, desk, now), ask(stands(ledger, desk, now))
    )
    for id in getattr(request, "people", ())[1:]:
        office.consent(ledger, stands(ledger, desk, now), request.number, id)
    kind, number = request.kind, request.number
    office.approve(ledger, stands(ledger, desk, now), kind, number, BY)
    done, version, verdict = office.apply(
        ledger, stands(ledger, desk, now), kind, number, BY
    )
    assert done.state == "applied", [check.text.en for check in verdict.failed]
    return done, version


def swap(*legs):
    """Return a way to ask for a swap."""
    return lambda desk: swap_of(desk, *legs)


def leave(place, kind="personal", days=1):
    """Return a way to ask for leave."""
    return lambda desk: leave_of(desk, place, kind, days)


EARLY = swap("A1:2026-03-02", "A2:2026-03-07")
LATE = swap("A1:2026-03-10", "A2:2026-03-14")


def state(ledger, request):
    """Return what has become of a request."""
    return versions.find(ledger, request.kind, request.number).state


# -- back and forth -------------------------------------------------------------------


def test_rollback_takes_back_whole_swaps_or_none(ledger):
    """One leg has begun: the other stays as well, and the swap stays applied."""
    publish(ledger)
    early, _ = apply(ledger, EARLY)
    late, version = apply(ledger, LATE)
    now = at("2026-03-04T10:00")
    made = stands(ledger).roster.codes()
    versions.rollback(ledger, FIRST.case, 1, BY, now, over=version.number)
    codes = stands(ledger).roster.codes()
    assert (state(ledger, early), state(ledger, late)) == ("applied", "approved")
    for agent, row in enumerate(FIRST.roster.codes()[:2]):
        assert codes[agent] == made[agent][:7] + row[7:]  # the first week stays swapped


def test_rolled_forward_again_the_request_is_applied_again(ledger):
    """Roster and request say the same at each step."""
    publish(ledger)
    request, version = apply(ledger, EARLY)
    versions.rollback(ledger, FIRST.case, 1, BY, FIRST.now, over=2)
    assert state(ledger, request) == "approved"
    back = versions.rollback(ledger, FIRST.case, version.number, BY, FIRST.now, over=3)
    assert state(ledger, request) == "applied"
    assert back.sheet == version.sheet


def test_rollback_leaves_requests_of_another_period_alone(ledger):
    """Two periods of one ledger."""
    publish(ledger)
    publish(ledger, NEXT)
    april, _ = apply(ledger, swap("A1:2026-03-16", "A2:2026-03-21"), NEXT)
    march, version = apply(ledger, EARLY)
    versions.rollback(ledger, FIRST.case, 1, BY, FIRST.now, over=version.number)
    assert (state(ledger, april), state(ledger, march)) == ("applied", "approved")


def test_leave_taken_back_by_rollback_is_granted_no_more(ledger):
    """The person works again, and may ask again."""
    publish(ledger)
    request, version = apply(ledger, leave("A1:2026-03-13"))
    assert not versions.latest(ledger, FIRST.case.clock.first_day).sheet.cells.get(
        ("A1", "2026-03-13")
    )
    versions.rollback(ledger, FIRST.case, 1, BY, FIRST.now, over=version.number)
    assert state(ledger, request) == "approved"
    assert stands(ledger).roster.codes() == FIRST.roster.codes()
    assert not stands(ledger).case.on_leave[0].any()


# -- published over -------------------------------------------------------------------


def test_published_over_what_has_begun_stays(ledger):
    """A draft that changes last week is published without that change."""
    publish(ledger)
    table = FIRST.roster.table.copy()
    table[0, 0], table[0, 11] = OFF, OFF
    draft = replace(FIRST.roster, table=table)
    versions.publish(ledger, draft, BY, at("2026-03-05T10:00"), over=1)
    row = stands(ledger).roster.table[0]
    assert row[0] != OFF
    assert row[11] == OFF


def test_published_over_a_swap_is_refused_if_it_is_gone(ledger):
    """It is not charged any more; one that is still there stays applied."""
    publish(ledger)
    request, version = apply(ledger, LATE)
    roster = version.sheet.roster(FIRST.case)
    versions.publish(ledger, roster, BY, FIRST.now, over=2)
    assert state(ledger, request) == "applied"
    publish(ledger, over=3)
    assert state(ledger, request) == "refused"
    assert not stands(ledger).swaps


def test_leave_that_was_granted_is_heeded_by_the_next_roster(ledger):
    """A roster in which the person works is refused; leave.csv may say it, too."""
    publish(ledger)
    apply(ledger, leave("A1:2026-03-13", "annual"))
    with pytest.raises(versions.RefusedError, match="leave"):
        publish(ledger, over=2)
    line = (("A1", at("2026-03-13").date(), at("2026-03-13").date(), "annual"),)
    case = Sheet({}, line).case(FIRST.case)
    twice = versions.informed(ledger, case)
    assert len(twice.leave) == 1


@pytest.mark.parametrize("what", ["agents", "shifts"])
def test_names_that_the_files_have_no_more_are_an_error(ledger, what):
    """Instead of shifts lost in silence."""
    publish(ledger)
    case = FIRST.case
    if what == "agents":
        gone = case.of_people(range(8))
    else:
        shifts = tuple(replace(s, code=s.code.replace("N", "X")) for s in case.shifts)
        gone = replace(case, shifts=shifts)
    with pytest.raises(InputError, match=f"{what}.csv"):
        office.desk_of(ledger, gone, EASY, FIRST.now)


# -- from period to period ------------------------------------------------------------


def test_the_period_before_is_history(ledger):
    """A night that ends on the first morning forbids a day shift then."""
    nights = small_desk(["-------------N", "D------D------"])
    later = small_desk(["----D---------", "D---------D---"], first="2026-03-16")
    publish(ledger, nights)
    publish(ledger, later)
    desk = stands(ledger, later, policy=Policy(swap=SwapPolicy(notice_workdays=0)))
    found = check_swap(desk, swap_of(desk, "A2:2026-03-16", "A1:2026-03-20"))
    assert found.deciding == ("R07",)
    bare = replace(desk.case, history=np.zeros((0, 0), np.int16))
    alone = replace(desk, roster=replace(desk.roster, case=bare))
    assert check_swap(
        alone, swap_of(desk, "A2:2026-03-16", "A1:2026-03-20")
    ).verdict != ("fail")


def test_leave_reaches_into_the_next_period(ledger):
    """Asked and granted in March for April; April's roster must heed it."""
    publish(ledger)
    apply(ledger, leave("A1:2026-03-16", "personal", 2))
    with pytest.raises(versions.RefusedError, match="leave"):
        publish(ledger, NEXT)


def test_leave_far_ahead_is_seen_by_others(ledger):
    """One at a time, four months from now."""
    publish(ledger)
    held = stands(ledger, policy=Policy())
    now = FIRST.now
    first = office.submit(ledger, held, leave_of(held, "A1:2026-07-06", "annual", 5))
    office.approve(ledger, stands(ledger, policy=Policy()), "leave", first.number, BY)
    held = stands(ledger, now=now + timedelta(hours=1), policy=Policy())
    other = office.submit(ledger, held, leave_of(held, "A2:2026-07-08", "annual"))
    found, verdict = office.approve(ledger, held, "leave", other.number, BY)
    assert found.state == "refused"
    assert "R22" in verdict.deciding


def test_sites_of_one_database_do_not_see_each_other(tmp_path):
    """Neither versions nor requests; the chain is one."""
    address = f"sqlite:///{tmp_path / 'all.sqlite'}"
    for site in ("north", "south"):
        with opened(address, writing=True, site=site) as ledger:
            publish(ledger)
            apply(ledger, EARLY)
    with opened(address, site="north") as ledger:
        assert len(ledger.all(versions.VERSION)) == 2
        assert len(versions.requests_of(ledger, FIRST.case)) == 1
        assert not ledger.verify()


# -- who goes first -------------------------------------------------------------------


def test_of_three_pending_swaps_the_last_is_beyond_the_quota(ledger):
    """Approved in any order, the two asked for first pass."""
    policy = Policy(swap=replace(EASY.swap, per_month=2))
    publish(ledger)
    asked = [
        ("A1:2026-03-02", "A2:2026-03-07"),
        ("A1:2026-03-09", "A2:2026-03-14"),
        ("A1:2026-03-11", "A3:2026-03-15"),
    ]
    for number, legs in enumerate(asked):
        held = stands(ledger, now=FIRST.now + timedelta(minutes=number), policy=policy)
        request = office.submit(ledger, held, swap_of(held, *legs))
        office.consent(ledger, held, request.number, request.people[1])
    states = [
        office.approve(ledger, stands(ledger, policy=policy), "swap", number, BY)[
            0
        ].state
        for number in (1, 2, 3)
    ]
    assert states == ["approved", "approved", "refused"]


def test_what_nobody_agreed_to_charges_who_asks_alone(ledger):
    """Naming somebody does not spend their quota."""
    policy = Policy(swap=replace(EASY.swap, per_month=1))
    publish(ledger)
    held = stands(ledger, policy=policy)
    office.submit(ledger, held, swap_of(held, "A3:2026-03-07", "A1:2026-03-11"))
    later = stands(ledger, now=FIRST.now + timedelta(hours=1), policy=policy)
    found = check_swap(later, swap_of(later, "A1:2026-03-02", "A2:2026-03-07"))
    assert found.check("R11").verdict == "pass"


def test_who_takes_part_does_not_approve(ledger):
    """Nor is anything approved that the other has not agreed to; it waits."""
    publish(ledger)
    held = stands(ledger)
    request = office.submit(ledger, held, EARLY(held))
    with pytest.raises(versions.RefusedError, match="Not agreed yet"):
        office.approve(ledger, held, "swap", request.number, BY)
    assert state(ledger, request) == "draft"
    office.consent(ledger, held, request.number, "A2")
    with pytest.raises(versions.RefusedError, match="takes part"):
        office.approve(ledger, held, "swap", request.number, "A1")
    office.approve(ledger, held, "swap", request.number, BY, "fine")
    office.consent(ledger, held, request.number, "A2")
    assert state(ledger, request) == "approved"


# -- sick, and clocks -----------------------------------------------------------------


def test_sick_leave_that_breaks_what_it_breaks_can_go_short(ledger):
    """Refused until somebody stands in, or the planner says so."""
    rows = ["-------D------", "--------------"]
    desk = small_desk(rows)
    rules = [
        replace(rule, heads=1) if rule.id == "coverage.floor" else rule
        for rule in desk.case.rules
    ]
    walls = desk.case.clock.walls
    noon = (walls >= 600) & (walls < 660) & (desk.case.clock.days_of_intervals == 7)
    need = replace(desk.case.requirement, is_open=noon)
    case = replace(desk.case, rules=tuple(rules), requirement=need)
    desk = replace(desk, roster=replace(desk.roster, case=case))
    publish(ledger, desk)
    held = stands(ledger, desk)
    sick = office.submit(ledger, held, leave_of(held, "A1:2026-03-09", "sick"))
    office.approve(ledger, stands(ledger, desk), "leave", sick.number, BY)
    with pytest.raises(versions.RefusedError, match="--go-short"):
        office.apply(ledger, stands(ledger, desk), "leave", sick.number, BY)
    done, _, _ = office.apply(
        ledger, stands(ledger, desk), "leave", sick.number, BY, go_short=True
    )
    assert done.state == "applied"


def test_after_a_change_of_clocks_the_running_shift_is_running():
    """In Berlin the last Sunday of October has 25 hours."""
    case = FIRST.case
    clock = replace(
        case.clock, first_day=at("2026-10-19").date(), time_zone="Europe/Berlin"
    )
    need = replace(
        case.requirement,
        clock=clock,
        heads=np.ones((1, clock.intervals), np.int64),
        is_open=np.ones(clock.intervals, bool),
    )
    case = replace(case, clock=clock, requirement=need)
    roster = Roster(case, FIRST.roster.table, FIRST.roster.duties)
    eight = clock.local(clock.minute(8, 8 * 60))
    desk = replace(FIRST, roster=roster, now=eight + timedelta(minutes=30))
    found = replan(desk, absent=["A1"])
    assert found.after.table[0, 8] == roster.table[0, 8]
    assert not found.leave


def test_a_proposal_is_not_published_when_its_notice_is_gone(ledger):
    """What was two hours ahead is one hour ahead; a quarter of an hour is forgiven."""
    publish(ledger)
    sheet = versions.latest(ledger, FIRST.case.clock.first_day).sheet
    place = ("A5", "2026-03-10")
    moved = sheet.with_cells(Sheet({place: Cell("D")}), [place])
    late = at("2026-03-10T07:00")
    told = {"over": 1, "policy": ReplanPolicy()}
    with pytest.raises(versions.RefusedError, match="too late"):
        versions.publish_replan(ledger, FIRST.case, moved, BY, late, **told)
    with pytest.raises(versions.RefusedError, match="changes nothing"):
        versions.publish_replan(ledger, FIRST.case, sheet, BY, late, **told)


def test_two_who_are_forgotten_stay_two(ledger):
    """Totals are as they were, and the roster can still be worked with."""
    version = publish(ledger)
    names = [forget(ledger, id, BY, FIRST.now)[0] for id in ("A1", "A2")]
    assert len(set(names)) == 2
    sheet = versions.latest(ledger, FIRST.case.clock.first_day).sheet
    assert len(sheet.cells) == len(version.sheet.cells)
    counts = Counter(id for id, _ in sheet.cells)
    assert all(counts[name] for name in names)
    rest = FIRST.case.of_people(range(2, 9))
    desk = office.desk_of(ledger, rest, EASY, FIRST.now)
    assert desk.roster.codes() == FIRST.roster.codes()[2:]
