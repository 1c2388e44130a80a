"""Small cases for examples and tests."""

from datetime import date

import numpy as np

from constraints.case import Agent, Case, Shift
from constraints.rule import Rule
from forecasts.clock import Clock
from forecasts.requirement import Requirement, Service

LETTERS = {
    "D": Shift(code="D", shift_class="day", start=8 * 60, end=16 * 60),
    "L": Shift(code="L", shift_class="evening", start=14 * 60, end=22 * 60),
    "N": Shift(code="N", shift_class="night", start=22 * 60, end=30 * 60),
}


def tiny_case(
    people: int = 2, days: int = 3, need: int = 1, rules: tuple[Rule, ...] = ()
) -> Case:
    """Return a case of a few people, day, late and night shifts and a flat need.

    Examples
    --------
    >>> case = tiny_case()
    >>> [agent.id for agent in case.agents], [shift.code for shift in case.shifts]
    (['A1', 'A2'], ['D', 'L', 'N'])
    """
    clock = Clock(date(2026, 3, 2), days, 60, "Asia/Shanghai")
    return Case(
        name="tiny",
        clock=clock,
        agents=tuple(Agent(id=f"A{n + 1}", name=f"A{n + 1}") for n in range(people)),
        shifts=tuple(LETTERS.values()),
        requirement=Requirement(
            clock=clock,
            queues=("calls",),
            heads=np.full((1, clock.intervals), need, np.int64),
            is_open=np.ones(clock.intervals, bool),
        ),
        rules=rules,
        service=Service(floor=0),
    )
