"""Whole: a small case as one model, for the proof that nothing is better."""

from collections.abc import Iterator
from time import monotonic

import numpy as np

from constraints.case import Case
from constraints.roster import Roster
from scheduler.engine.aggregate import fixed_cells
from scheduler.engine.model import RosterModel
from scheduler.engine.pricing import PricedBound
from scheduler.engine.solver import Budget, run

SMALL = 1000  # people x days x shifts up to which a proof is tried
SHARE = 0.3  # of the budget
WORKERS = 8  # of the solver: on two cores, too, eight prove what two do not
EFFORT = 200.0


def small(case: Case) -> bool:
    """Whether one model of the whole case may be proved best."""
    return len(case.agents) * case.days * len(case.shifts) <= SMALL


def prove(case: Case, budget: Budget, seed: int) -> Iterator[PricedBound]:
    """Yield a lower bound on the cost of every roster, from one model of all."""
    if not fixed_cells(case):
        return
    everything = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(Roster.empty(case), case.rules, everything)
    outcome = run(
        model.cp,
        budget,
        seconds=SHARE * budget.seconds,
        effort=EFFORT if budget.effort is None else SHARE * budget.effort,
        seed=seed,
        workers=WORKERS if budget.effort is None else 1,
        parameters={"linearization_level": 2},
    )
    if outcome.bound is not None:
        yield PricedBound(total=max(0, outcome.bound))


def prove_apart(case: Case, until: float, seed: int) -> Iterator[PricedBound]:
    """Prove in a process of its own, until a moment of the monotonic clock."""
    return prove(case, Budget(until - monotonic()), seed)
