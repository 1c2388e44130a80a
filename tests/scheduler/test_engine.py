"""The engine: bounds that bound, costs that the audit charges, runs that repeat."""

from dataclasses import replace
from datetime import date
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from constraints import Agent, Roster, audit, read_rules
from constraints.case import OFF, Leave, Limit, Shift
from constraints.examples import tiny_case
from constraints.hours import HoursUnder
from forecasts.clock import Clock
from forecasts.requirement import Requirement, Service
from scheduler.engine.aggregate import count_people
from scheduler.engine.breaks import place_breaks
from scheduler.engine.model import RosterModel
from scheduler.engine.precheck import precheck
from scheduler.engine.solve import solve
from scheduler.engine.solver import Budget, fill_hint, run


def small(seed: int, *, people: int = 3, days: int = 4, floor: int = 0):
    """A tiny case with a need drawn per interval, under the bank's rule book."""
    case = tiny_case(people=people, days=days, rules=read_rules("bank"))
    random = Random(seed)
    heads = [[random.randrange(3) for _ in range(case.clock.intervals)]]
    need = replace(case.requirement, heads=np.array(heads))
    return replace(case, requirement=need, service=Service(floor=floor))


def optimum(case) -> int:
    """Cost of the best roster, from one model of all cells and all rules."""
    cells = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(Roster.empty(case), case.rules, cells)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model.cp) == cp_model.OPTIMAL
    found = audit(model.read(solver.value))
    assert not found.hard
    assert found.cost == round(solver.objective_value)
    return found.cost


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_no_roster_costs_less_than_the_bound(seed):
    """On cases small enough to solve whole, the bound stays at or below the optimum."""
    case = small(seed)
    counts = count_people(case, Budget(60, 1), seconds=60, effort=1, seed=1)
    assert counts.bound <= optimum(case)


@pytest.mark.slow
@settings(max_examples=3)
@given(seed=st.integers(0, 10_000))
def test_the_optimum_is_found_where_it_is_small(seed):
    """A few people and days are solved to the cost of the one whole model."""
    case = small(seed, people=2, days=3)
    result = solve(case, seconds=600, effort=2, workers=1)
    assert result.cost == optimum(case)


@pytest.mark.slow
def test_cost_is_what_the_audit_charges():
    """The solver cannot grade its own work."""
    result = solve(small(7, people=9, days=7), seconds=600, effort=2, workers=1)
    assert result.roster is not None
    found = audit(result.roster)
    assert not found.hard
    assert found.cost == result.cost
    assert result.bound <= found.cost


@pytest.mark.slow
def test_a_run_repeats():
    """One worker and a limit of effort give the same roster again."""
    case = small(3, people=9, days=14)
    first, second = (
        solve(case, seconds=600, effort=0.7, workers=1, seed=5) for _ in range(2)
    )
    assert np.array_equal(first.roster.table, second.roster.table)
    assert first.cost == second.cost


def test_a_hint_is_made_whole_and_worth_what_stands():
    """Every variable follows from the cells; a hint that cannot be stays as it is."""
    case = small(7, people=9, days=7)
    roster = solve(case, seconds=600, effort=1, workers=1).roster
    model = RosterModel(roster, case.rules, np.ones(roster.table.shape, bool))
    model.hint()
    hint = model.cp.proto.solution_hint
    assert len(hint.vars) < len(model.cp.proto.variables)
    fill_hint(model.cp, Budget(60))
    hint, cost = model.cp.proto.solution_hint, model.cp.proto.objective
    assert list(hint.vars) == list(range(len(model.cp.proto.variables)))
    values = list(hint.values)
    worth = sum(values[v] * by for v, by in zip(cost.vars, cost.coeffs, strict=True))
    assert worth + cost.offset == audit(roster).cost

    broken = cp_model.CpModel()
    one, two = broken.new_bool_var("one"), broken.new_bool_var("two")
    broken.add_exactly_one(one, two)
    broken.add_hint(one, 1)
    broken.add_hint(two, 1)
    fill_hint(broken, Budget(60))
    assert list(broken.proto.solution_hint.values) == [1, 1]


def test_breaks_keep_the_floor():
    """Two people are never away together where the floor is one."""
    case = small(1, people=2, days=1, floor=1)
    roster = place_breaks(Roster.from_codes(case, ["D", "D"]))
    rules = [case.rule("coverage.floor"), case.rule("breaks.meal")]
    assert (roster.on_phone[8:16] >= 1).all()
    assert not audit(roster, rules[1:]).violations


def test_values_are_read_only_from_solutions():
    """After a proof that nothing is there, no value leaves the wrapper."""
    cp = cp_model.CpModel()
    one = cp.new_bool_var("")
    cp.add(one == 2)
    outcome = run(cp, Budget(5), seconds=5, effort=5, seed=1, workers=1)
    assert outcome.infeasible
    with pytest.raises(RuntimeError, match="Expected a solution"):
        outcome.value(one)


def test_six_on_one_off_with_eight_hours_is_refused_with_ways_out():
    """Six shifts of eight hours are 48 h: said by arithmetic, before any search."""
    rules = read_rules("six-on-one-off", {"breaks.meal": {"paid": True}})
    case = replace(tiny_case(people=14, days=28, rules=rules), service=Service(floor=0))
    (text,) = precheck(case).conflicts
    assert "48 h a week" in text.en
    assert "6 h 40" in text.en
    assert "48" in text.zh
    assert solve(case, seconds=5).status == "infeasible"


def test_a_conflict_of_rules_is_never_called_infeasible_for_lack_of_time():
    """Out of effort at once: what stands is unknown, not infeasible."""
    result = solve(small(2, people=9, days=7), seconds=600, effort=1e-9)
    assert result.status in ("unknown", "heuristic", "feasible")
    assert result.status == "unknown" or not result.audit.hard


def test_a_night_longer_or_shorter_by_the_clock_change_is_counted():
    """The week the clocks change has nights of other lengths; the bound heeds them."""
    clock = Clock(date(2026, 3, 23), 7, 60, "Europe/Berlin")
    case = replace(
        small(1, people=1, days=7),
        clock=clock,
        agents=(Agent(id="A1", hours_per_week=39),),
        requirement=Requirement(
            clock=clock,
            queues=("calls",),
            heads=np.ones((1, clock.intervals), np.int64),
            is_open=np.ones(clock.intervals, bool),
        ),
        rules=read_rules("bank", {"nights.run": {"most_nights": 6}}),
        has_yesterday=True,
        pins=np.zeros((0, 0), np.int16),
    )
    counts = count_people(case, Budget(60, 1), seconds=60, effort=1, seed=1)
    found = audit(place_breaks(Roster.from_codes(case, ["--NNNNN"])))
    assert not found.hard
    assert counts.bound <= found.cost


def test_a_horizon_across_two_weeks_may_use_both():
    """Three people man one seat from Thursday to Wednesday: two cycles are touched."""
    clock = Clock(date(2026, 3, 5), 7, 60, "Asia/Shanghai")
    case = replace(
        tiny_case(people=3, days=7, rules=read_rules("bank")),
        clock=clock,
        requirement=Requirement(
            clock=clock,
            queues=("calls",),
            heads=np.ones((1, clock.intervals), np.int64),
            is_open=np.ones(clock.intervals, bool),
        ),
        service=Service(floor=1),
    )
    assert not [text for text in precheck(case).conflicts if "contracts" in text.en]


def test_a_persons_own_limit_keeps_its_fraction():
    """10.5 hours of one person stay so beside a rule that says 11."""
    rules = read_rules("bank", {"rest.daily": {"hours": 11}})
    limit = Limit(agent=1, rule="rest.daily", parameter="hours", value=10.5)
    case = replace(tiny_case(rules=rules), limits=(limit,))
    assert list(case.each(case.rule("rest.daily"), "hours")) == [11, 10.5]


def test_short_shifts_beside_leave():
    """A day of work may credit less than the leave it takes the place of."""
    case = tiny_case(people=2, days=7, need=0, rules=(HoursUnder(tolerance_minutes=0),))
    short = Shift(code="S", shift_class="day", start=540, end=780)
    away = Leave(
        agent=1, first=case.clock.date(0), last=case.clock.date(4), kind="sick"
    )
    case = replace(case, shifts=(short,), leave=(away,))
    table = np.array([[0] * 7, [OFF] * 7], np.int16)
    found = audit(Roster(case, table))
    counts = count_people(case, Budget(60, 1), seconds=60, effort=1, seed=1)
    assert not found.hard
    assert not counts.infeasible
    assert counts.bound == found.cost == 36
