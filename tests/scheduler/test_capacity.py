"""Shift mixes: what they cost is what the engine proves, where both apply."""

from dataclasses import replace
from datetime import date
from itertools import combinations
from random import Random

import numpy as np
import pytest
from ortools.sat.python import cp_model

import scheduler as sc
from constraints import read_rules
from constraints.breaks import MealBreak
from constraints.case import OFF, Agent, Shift
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.examples import tiny_case
from constraints.hours import HoursAverage
from constraints.roster import Roster
from constraints.rule import audit
from forecasts.clock import Clock
from forecasts.requirement import Requirement, Service
from scheduler.capacity import shift_mix
from scheduler.engine.model import RosterModel

DAY = (("A", 7, 15), ("B", 9, 17), ("C", 11, 15), ("E", 14, 22))
ROUND = (("D", 6, 14), ("L", 14, 22), ("N", 22, 30), ("M", 18, 26))
"""Shifts: code, first and last hour; nights go on after midnight."""


def drawn(seed, shifts, *, people, days, most=3, floor=0, rules=(), hours=40.0):
    """A case whose need is drawn by the hour, people all alike."""
    random = Random(seed)
    clock = Clock(date(2026, 3, 2), days, 60, "Asia/Shanghai")
    heads = [[random.randrange(most + 1) for _ in range(clock.intervals)]]
    case = tiny_case(people=people, days=days)
    return replace(
        case,
        clock=clock,
        agents=tuple(
            Agent(id=f"A{n}", hours_per_week=hours) for n in range(1, people + 1)
        ),
        shifts=tuple(
            Shift(code=c, shift_class="day", start=60 * first, end=60 * last)
            for c, first, last in shifts
        ),
        requirement=Requirement(
            clock=clock,
            queues=("calls",),
            heads=np.array(heads),
            is_open=np.ones(clock.intervals, bool),
        ),
        rules=(CoverageNeed(), CoverageFloor(), *rules),
        service=Service(floor=floor),
        has_yesterday=False,
    )


def two_queues(case, seed):
    """Half of the people answer cards, half of them loans, too; both are needed."""
    random = Random(seed)
    heads = [[random.randrange(2) for _ in range(case.clock.intervals)] for _ in "ab"]
    skills = [frozenset({"cards", "loans"}), frozenset({"cards"})]
    return replace(
        case,
        agents=tuple(
            replace(agent, skills=skills[n % 2]) for n, agent in enumerate(case.agents)
        ),
        requirement=replace(
            case.requirement, queues=("cards", "loans"), heads=np.array(heads)
        ),
    )


MEAL = MealBreak(meal_minutes=60, step_minutes=60, most_away=1.0)
APPLY = {
    "one day": drawn(1, DAY, people=4, days=1),
    "breaks": drawn(2, DAY, people=4, days=2, rules=(MEAL,)),
    "round the clock": drawn(3, ROUND, people=5, days=3),
    "a floor": drawn(4, ROUND, people=6, days=2, most=1, floor=2),
    "breaks round the clock": drawn(5, ROUND, people=5, days=2, rules=(MEAL,)),
    "contract hours": drawn(
        6, ROUND, people=4, days=5, hours=24.0, rules=(HoursAverage(),)
    ),
    "two queues": two_queues(drawn(7, DAY, people=4, days=2), 7),
}
"""Cases in which nothing links a person's days, or only hours do, all shifts alike."""


def proved(case):
    """The cost of the best roster, as the engine proves it."""
    result = sc.solve(case, seconds=60, seed=1, workers=1)
    assert result.status == "optimal"
    assert result.gap == 0
    return result.bound


def optimum(case):
    """The same from the engine's one model of all cells, without a run around it."""
    cells = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(Roster.empty(case), case.rules, cells)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model.cp) == cp_model.OPTIMAL
    return round(solver.objective_value)


@pytest.mark.parametrize("name", APPLY)
def test_a_mix_costs_what_the_best_roster_is_proved_to(name):
    """Two models, two solvers, one optimum."""
    case = APPLY[name]
    mix = shift_mix(case)
    assert mix.status == "optimal"
    assert mix.cost == proved(case)


def only(case, codes):
    """The case with no other shift offered."""
    shifts = [replace(shift, offered=shift.code in codes) for shift in case.shifts]
    return replace(case, shifts=tuple(shifts))


def test_starts_are_chosen_as_well_as_can_be():
    """The engine, given the shifts chosen, proves the cost; no other pair has it."""
    case = drawn(8, ROUND, people=5, days=2)
    mix = shift_mix(case, starts=2)
    chosen = {case.shifts[shift].code for shift in mix.shifts}
    assert len(chosen) == 2
    assert shift_mix(case).cost < mix.cost
    assert mix.cost == proved(only(case, chosen))
    others = [set(pair) for pair in combinations("DLNM", 2) if set(pair) != chosen]
    assert mix.cost <= min(shift_mix(only(case, pair)).cost for pair in others)


def test_a_longer_horizon_has_a_bound_below_the_best_roster():
    """Ten days in four parts: the optimum lies between bound and cost."""
    case = drawn(9, ROUND, people=4, days=10, rules=(MEAL,))
    mix = shift_mix(case)
    best = optimum(case)
    assert 0.9 * best < mix.bound <= best <= mix.cost < 1.1 * best
    assert mix.heads.sum(axis=1).max() <= 4


def test_starts_chosen_apart_have_a_bound_for_any_choice():
    """What is chosen with heads that need not be whole bounds all choices."""
    case = drawn(9, ROUND, people=4, days=10)
    mix = shift_mix(case, starts=2)
    assert len(mix.shifts) == 2
    best = min(optimum(only(case, pair)) for pair in combinations("DLNM", 2))
    assert mix.bound <= best <= mix.cost


@pytest.mark.parametrize("seed", range(3))
def test_under_all_rules_a_mix_bounds_the_roster(seed):
    """Rest, runs and wishes can only cost more."""
    case = drawn(seed, ROUND, people=3, days=4, rules=())
    bank = replace(case, rules=read_rules("bank"), service=Service(floor=0))
    assert 0 < shift_mix(bank).bound <= optimum(bank)


def test_a_mix_costs_what_the_audit_would_charge_its_roster():
    """Heads of one day are people: any of them in turn make the roster."""
    case = APPLY["one day"]
    mix = shift_mix(case)
    shifts = np.repeat(np.arange(4), mix.heads[0])
    table = np.full((4, 1), OFF, np.int16)
    table[: len(shifts), 0] = shifts
    assert audit(Roster(case, table)).cost == mix.cost


def test_a_mix_that_cannot_be_is_said_to_be_none():
    """Nine at all hours are more than four people; one shift covers no whole day."""
    crowded = shift_mix(drawn(1, ROUND, people=4, days=1, floor=9))
    alone = shift_mix(drawn(1, ROUND, people=4, days=2, floor=1), starts=1)
    assert (crowded.status, alone.status) == ("infeasible", "infeasible")
    assert crowded.to_frame().empty


def test_a_mix_repeats():
    """No clock is asked."""
    case = drawn(9, ROUND, people=4, days=9)
    first, second = shift_mix(case), shift_mix(case)
    assert (first.heads == second.heads).all()


@pytest.mark.parametrize(
    ("case", "starts", "words"),
    [
        (APPLY["one day"], 0, "Expected at least 1 start, got 0."),
        (APPLY["one day"].with_rules(()), None, "Expected a case with coverage.need"),
    ],
)
def test_what_cannot_be_asked(case, starts, words):
    """An error says what was expected."""
    with pytest.raises(ValueError, match=words):
        shift_mix(case, starts)


def test_the_table_of_a_mix_adds_up():
    """One row for each shift of a day, in the words of shifts.csv."""
    mix = shift_mix(APPLY["round the clock"])
    frame = mix.to_frame()
    assert frame["heads"].sum() == mix.heads.sum()
    assert frame["paid_hours"].sum() == mix.paid_hours == 8 * mix.heads.sum()
    night = frame[frame["shift"] == "N"].iloc[0]
    assert (night["start"], night["end"]) == ("22:00", "30:00")
