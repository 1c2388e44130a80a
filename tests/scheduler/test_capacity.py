"""Shift mixes: what they cost is what the engine proves, where both apply."""

from dataclasses import replace
from datetime import date
from random import Random

import numpy as np
import pytest

import scheduler as sc
from constraints.breaks import MealBreak
from constraints.case import Agent, Shift
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.examples import tiny_case
from constraints.hours import HoursAverage
from constraints.rule import audit
from forecasts.clock import Clock
from forecasts.requirement import Requirement, Service
from scheduler.capacity import shift_mix

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


MEAL = MealBreak(meal_minutes=60, step_minutes=60, most_away=1.0)
APPLY = {
    "one day": drawn(1, DAY, people=4, days=1),
    "breaks": drawn(2, DAY, people=4, days=2, rules=(MEAL,)),
    "round the clock": drawn(3, ROUND, people=5, days=3),
    "a floor at night": drawn(4, ROUND, people=6, days=2, floor=1),
    "breaks round the clock": drawn(5, ROUND, people=5, days=2, rules=(MEAL,)),
    "contract hours": drawn(
        6, ROUND, people=4, days=5, hours=24.0, rules=(HoursAverage(),)
    ),
}
"""Cases in which nothing links a person's days, or only hours do, all shifts alike."""


def proved(case):
    """The cost of the best roster, as the engine proves it."""
    result = sc.solve(case, seconds=60, seed=1, workers=1)
    assert result.status == "optimal"
    assert result.gap == 0
    return result.bound


@pytest.mark.parametrize("name", APPLY)
def test_a_mix_costs_what_the_best_roster_is_proved_to(name):
    """Two models, two solvers, one optimum."""
    case = APPLY[name]
    mix = shift_mix(case)
    assert mix.status == "optimal"
    assert mix.cost == proved(case)
