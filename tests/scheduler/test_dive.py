"""Dives: never below the optimum, never illegal, and the same again."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from constraints import audit, read_rules
from constraints.case import OFF, OPEN, Limit, Request
from constraints.examples import tiny_case
from constraints.roster import Duties, Roster
from scheduler.engine import settle
from scheduler.engine.by_shift import first_by_shift, search_by_shift
from scheduler.engine.dive import BRIEF, Dive
from scheduler.engine.master import Master
from scheduler.engine.model import RosterModel
from scheduler.engine.patch import Patch
from scheduler.engine.paths import NEVER, Paths
from scheduler.engine.settle import Settler
from scheduler.engine.solve import solve
from scheduler.engine.solver import Budget, run
from scheduler.engine.whole import prove

BOOK = {
    "coverage.shift": {},
    "requests": {},
    "hours.range": {"least_minutes": 1440, "most_minutes": 2400},
    "sequence.run": {"most_days": 4},
    "sequence.min_run": {"least_days": 2},
    "sequence.min_rest_run": {"least_days": 2},
    "sequence.forbidden": {"pairs": "N>D, N>L, L>D"},
    "shifts.most": {"most": "N=2"},
    "weekends.most": {"most": 1},
}


def draw(seed, people=6, days=9):
    """Return a case whose shifts ask for people."""
    random = Random(seed)
    case = tiny_case(people, days, rules=read_rules("none", BOOK))
    cover = [[random.choice((-1, 0, 1, 1, 2)) for _ in range(3)] for _ in range(days)]
    pins = np.full((people, days), OPEN, np.int16)
    pins[random.randrange(people), random.randrange(days)] = OFF
    wishes = tuple(
        Request(
            agent=random.randrange(people),
            day=random.randrange(days),
            kind=random.choice(("shift", "not-shift")),
            value=random.choice("DLN"),
            weight=random.randint(1, 3),
        )
        for _ in range(12)
    )
    own = Limit(agent=0, rule="shifts.most", parameter="N", value=0)
    return replace(
        case, cover=np.array(cover), pins=pins, requests=wishes, limits=(own,)
    )


def optimum(case):
    """Return the least cost there is, by one model of everything."""
    everything = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(Roster.empty(case), case.rules, everything)
    limits = {"seconds": 600.0, "effort": 60.0, "seed": 1, "workers": 1}
    outcome = run(model.cp, Budget(600.0), **limits)
    assert outcome.proved
    return audit(model.read(outcome.value)).cost


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_is_never_above_the_optimum(seed):
    """Nor the cost below it; with this much work the optimum is found."""
    case = draw(seed)
    least = optimum(case)
    result = solve(case, effort=4.0, seconds=600.0, workers=1)
    assert not result.audit.hard
    assert result.bound <= least <= result.audit.cost
    assert result.audit.cost <= least + 3


def test_the_same_work_gives_the_same_roster():
    """To the last cell, and with the same bound."""
    first, again = (
        solve(draw(7), effort=2.0, seconds=600.0, workers=1) for _ in range(2)
    )
    assert (first.roster.table == again.roster.table).all()
    assert first.bound == again.bound


@pytest.mark.slow
def test_processes_find_and_prove_a_small_case():
    """One dives, one proves the whole."""
    case = draw(1)
    result = solve(case, seconds=600.0, workers=2)  # ends when it is proved
    assert result.status == "optimal"
    assert result.audit.cost == result.bound == optimum(case)


def test_what_must_be_paid_in_any_case_is_in_a_proof_once():
    """A wish for a shift on a day pinned off, and a shift that nobody can work."""
    case = draw(1)
    agent, day = np.argwhere(case.pins == OFF)[0].tolist()
    wish = Request(agent=agent, day=day, kind="shift", value="D", weight=3)
    pins = case.pins.copy()
    pins[:, 4], cover = OFF, case.cover.copy()
    cover[4, 0] = 2
    case = replace(case, pins=pins, cover=cover, requests=(*case.requests, wish))
    (bound,) = prove(case, Budget(600.0, 60.0), 1)
    assert bound.total == optimum(case)


def test_hours_with_no_least_are_none_of_a_single_shift():
    """Their minutes are not counted against days."""
    rules = {"coverage.shift": {}, "hours.range": {"most_minutes": 2400}}
    case = replace(draw(1).with_rules(read_rules("none", rules)), limits=())
    assert Paths(case).single_adds.shape == (0, 9, 3)
    rows = {"coverage.shift": {}, "shifts.most": {"most": "N=2, D=9"}}
    case = case.with_rules(read_rules("none", rows))
    assert Paths(case).single_most.tolist() == [[2]] * 6


def test_tables_are_sized_by_own_limits():
    """People share their states, but not how often they may work nights."""
    case = draw(1)
    paths, everything = Paths(case), (0, 1, 2)
    for agent in (0, 1):  # none, and two
        limits = paths._limits([agent], everything)
        own = paths._through(agent, everything).tables(limits)
        assert paths._tables(agent, everything) == own
    assert paths._tables(0, everything) < paths._tables(1, everything)


def test_rows_are_worked_however_dear_they_are():
    """One over at 3,000, and more hours than anybody is asked for; wishes at 9,000."""
    dear = BOOK | {
        "coverage.shift": {"over": 3000},
        "hours.range": {"least_minutes": 1920},
        "requests": {"penalty": 3000},
    }
    case = draw(1).with_rules(read_rules("none", dear))
    case = replace(case, cover=np.minimum(1, np.maximum(0, case.cover)))
    paths = Paths(case)
    settler = Settler(case, Budget(600.0, 20.0), np.random.default_rng(1))
    assert settler.first_rows()
    bound = max(settler.bounds())
    open_cells = np.ones(settler.master.allowed.shape, bool)
    table = Dive(settler, open_cells, 0.2, np.inf).run()
    found = audit(Roster(case, table, Duties.of(())))
    assert not found.hard
    assert 10_000 < bound <= found.cost
    rows = [row for rows in settler.master.rows for row in rows.values()]
    assert max(row.cost for row in rows) <= paths.dearest
    assert settler.master.nobody > paths.dearest + 9 * 3000


def test_rows_keep_every_rule_about_one_person():
    """Together or alone, and none that is legal costs less than what is said."""
    case = draw(3)
    paths, random = Paths(case), np.random.default_rng(3)
    people = np.arange(len(case.agents))
    for _ in range(5):
        prices = random.integers(-200, 60, (len(people), case.days, 3)) / 64.0
        found = paths.together(people, prices)
        table = np.full((len(people), case.days), OFF, np.int16)
        for agent in people.tolist():
            alone = paths.cheapest(agent, prices[agent])
            assert alone is not None
            table[agent] = found.rows[agent]
            worth = prices[agent][np.arange(case.days), alone[0]] * (alone[0] != OFF)
            assert found.least[agent] <= alone[1] + worth.sum() + 1e-9
        assert (found.costs < NEVER).all()
        assert not audit(Roster(case, table)).hard


def test_shares_of_rows_bound_what_whole_rows_cost():
    """The programme is never dearer than a choice among its rows."""
    case = draw(5)
    paths = Paths(case)
    master, random = Master(paths), np.random.default_rng(5)
    people = np.arange(len(case.agents))
    table = np.full((len(people), case.days), OFF, np.int16)
    for _ in range(8):
        prices = random.integers(-100, 20, (len(people), case.days, 3)) / 1.0
        found = paths.together(people, prices)
        for agent in people.tolist():
            master.add(agent, found.rows[agent], float(found.costs[agent]))
            table[agent] = found.rows[agent]
    shares = master.solve()
    rows = {agent: list(master.rows[agent].values()) for agent in people.tolist()}
    chosen = master.choose(rows, table, Budget(600.0, 20.0), 1)
    assert chosen is not None
    cost = audit(Roster(case, chosen)).cost
    assert shares.cost <= cost + 1e-6 <= audit(Roster(case, table)).cost + 1e-6


def test_hours_by_month_prove_nothing():
    """Paths keep them week by week: rows are legal, yet others may be cheaper."""
    case = draw(2)
    average = read_rules("none", {"hours.average": {"cycle": "4 weeks"}})
    result = solve(
        case.with_rules((*case.rules, *average)), effort=0.5, seconds=600.0, workers=1
    )
    assert result.bound == 0
    assert not result.audit.hard


def test_who_has_no_legal_row_costs_no_crash():
    """Pinned days that break a rule: what stands is kept and reported."""
    case = draw(2)
    pins = case.pins.copy()
    pins[0] = 0  # nine days running where four are the most
    result = solve(replace(case, pins=pins), effort=0.5, seconds=600.0, workers=1)
    assert result.status == "unknown"
    assert result.bound == 0


def dive(seed):
    """Return a dive at its beginning, all cells open, and its shares of rows."""
    case = draw(seed)
    settler = Settler(case, Budget(600.0, 20.0), np.random.default_rng(seed))
    assert settler.first_rows()
    for _ in settler.bounds():
        pass
    going = Dive(settler, np.ones(settler.master.allowed.shape, bool), 0.2, np.inf)
    return going, going._settled(np.inf)


def worked(found, agent):
    """Return how much of somebody's time is in rows."""
    at = [row.agent == agent for row in found.rows]
    return float(found.shares[np.array(at)].sum())


def test_a_step_that_leaves_no_legal_row_is_taken_back():
    """Nine days on shift D break every limit of runs and hours; fewer are decided."""
    going, found = dive(2)
    after = going._step(found, [((1, day, 0),) for day in range(9)])
    assert after is not None
    assert worked(after, 1) == pytest.approx(1)
    assert not going.freed


def test_who_was_left_without_a_legal_row_before_is_freed():
    """And given a whole row the next time."""
    going, found = dive(2)
    impossible = np.zeros(going.begun.shape[1:], bool)
    impossible[:, 0] = True
    going.master.allow(1, impossible)
    after = going._step(found, [((2, 0, 3),)])
    assert going.freed == [1]
    assert worked(after, 1) == pytest.approx(1)
    row = going._row(1, after)
    assert (row.sum(axis=1) == 1).all()


def test_rows_beyond_a_limit_or_below_a_dear_one_are_not_decided_on():
    """Nor are those that were refused."""
    going, found = dive(2)
    limited = going.settler.limits > 0
    dear = replace(found, dear=10.0 * limited)
    kinds = set()
    for rows in going.master.rows:
        for row in rows.values():
            counts = going.settler.paths.single_counts(row.shifts[None])[0]
            left = (going.settler.limits - counts)[row.agent][limited[row.agent]]
            assert row.legal == (left >= 0).all()
            assert going._fits(row, dear) == (left == 0).all()
            kinds.add(tuple(np.sign(left).tolist()))
    assert kinds >= {(0,), (1,)}
    decided = going._rows(found)
    going._refuse(decided[0])
    assert decided[0] not in going._rows(found)


@pytest.mark.parametrize(("few", "last"), [(0, 0), (10_000, 0), (10_000, 10_000)])
def test_a_dive_ends_with_rows_cells_or_a_model_of_the_cells(monkeypatch, few, last):
    """Legal in any case, and no cheaper than all rosters."""
    monkeypatch.setattr("scheduler.engine.dive.FEW", few)
    monkeypatch.setattr("scheduler.engine.dive.LAST", last)
    going, _ = dive(1)
    found = audit(Roster(going.settler.case, going.run(), Duties.of(())))
    assert not found.hard
    assert found.cost >= going.settler.best - 1e-6


@pytest.mark.parametrize("effort", [1e-4, BRIEF])
def test_what_is_decided_at_once_and_early_is_the_best(monkeypatch, effort):
    """A roster that is not certain to be is no reason to end."""
    monkeypatch.setattr("scheduler.engine.dive.BRIEF", effort)
    going, _ = dive(1)
    going.began -= BRIEF  # as if it had gone on for long
    table = going._finished(certain=True)
    assert (table is None) == (effort < BRIEF)
    if table is not None:
        sure = audit(Roster(going.settler.case, table, Duties.of(()))).cost
        other = audit(Roster(going.settler.case, going.run(), Duties.of(()))).cost
        assert sure <= other


def test_a_hurried_dive_takes_nothing_back():
    """It decides on cells alone."""
    going, found = dive(2)
    going.careful = -1.0
    assert going._rows(found) == []
    everything = [((1, day, 0),) for day in range(9)]  # no legal row of theirs
    assert going._step(found, everything) is not None
    assert not going.refused


def test_what_stands_ends_a_dive():
    """Where it could only end at the same cost."""
    going, _ = dive(3)
    cost = audit(Roster(going.settler.case, going.run(), Duties.of(()))).cost
    least = np.ceil(going.settler.best - 1e-6)
    assert Dive(going.settler, going.begun, 0.2, least).run() is None
    assert Dive(going.settler, going.begun, 0.2, cost + 1).run() is not None


def test_where_a_dive_would_take_too_long_windows_are_bettered(monkeypatch):
    """And nothing is settled."""
    monkeypatch.setattr(settle, "DIVING", 1e12)
    case = draw(5)
    first = first_by_shift(case, Budget(600.0), 1)
    talk = search_by_shift(case, Budget(600.0), 1)
    assert next(talk).source == "start"
    heard = [talk.send([Patch.of(first)])] + [talk.send([]) for _ in range(3)]
    assert {found.source for found in heard} == {"improve"}
    with pytest.raises(StopIteration):
        talk.send(None)
