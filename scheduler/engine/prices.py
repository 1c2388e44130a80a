"""Prices: what a head is worth in each interval, and the bound that follows from it.

At any prices, what a roster costs is at least what the need is worth less what each
person, on their own, can earn of it (Lagrange). The prices come from the counts model
without whole numbers, and paths find what each person earns, with every rule about one
person kept. So the bound is sharper than the counts model's own, and it holds however
good or bad the prices are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2
from ortools.sat.python import cp_model

from constraints.case import OFF, Case
from constraints.coverage import CoverageNeed
from constraints.hours import HoursOvertime
from constraints.roster import Roster
from scheduler.engine.aggregate import (
    Counts,
    CountsModel,
    count_people,
    fixed_cells,
)
from scheduler.engine.paths import BROKEN, Paths, weekly
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

PRICING = 0.4  # share of the budget for the prices
COUNTING = 0.4  # share of the budget for whole people
GRAIN = 64  # prices are whole multiples of a 64th, so that sums of them are exact
FREE = 1e15  # beyond this, a limit of the model is none


@dataclass(frozen=True)
class PricedBound:
    """A lower bound on the cost of every roster, and what of it is for coverage."""

    total: int = 0
    coverage: int = 0


class Pricing:
    """The bound of a case at any prices.

    Attributes
    ----------
    groups, helps
        Groups of queues, and which people help each; shapes ``(groups, queues)`` and
        ``(agents, groups)``.
    """

    def __init__(self, case: Case) -> None:
        skills = case.skill_sets
        self.case, self.starts = case, Starts(case)
        book = [rule for rule in case.rules if weekly(rule) is rule]
        self.paths = Paths(case.with_rules(book))
        self.groups, helps = skills.tight
        self.helps = helps[:, skills.of].T
        nobody = np.full((len(case.agents), case.days), OFF, np.int16)
        base = Roster(case, nobody)
        heads = case.requirement.heads
        self.lack = (
            self.groups.astype(int) @ heads - helps.astype(int) @ base.phone_by_set
        )
        self.needed = int((heads.sum(axis=0) - base.on_phone)[case.counted].sum())

    def bound(self, prices: NDArray[np.float64], budget: Budget) -> PricedBound:
        """Return what no roster costs less than; nothing where time runs out.

        Parameters
        ----------
        prices
            Of a head short in each group of queues; not negative, and together no more
            than a head short and a head over cost; shape ``(groups, intervals)``.
        """
        need = self.case.rule("coverage.need")
        assert isinstance(need, CoverageNeed)
        scale = need.penalty or 1
        short, over = need.short * scale, need.over * scale
        prices = np.maximum(0, np.floor(prices * GRAIN) / GRAIN)
        most = np.maximum(1, prices.sum(axis=0) / (short + over))
        prices = np.floor(prices / most * GRAIN) / GRAIN
        prices[:, ~self.case.counted] = 0
        alone, total = 0.0, float((prices * self.lack).sum() - over * self.needed)
        nothing = np.zeros(self.case.clock.intervals)
        weighed: dict[bytes, NDArray[np.float64]] = {}
        for agent, helps in enumerate(self.helps):
            if budget.over:
                return PricedBound()
            key = helps.tobytes()
            if key not in weighed:
                worth = prices[helps].sum(axis=0) - over * self.case.counted
                head = -worth if helps.any() else nothing
                weighed[key] = self.starts.weigh(head, nothing)[0]
            found = self.paths.cheapest(agent, weighed[key])
            if found is None or found[1] >= BROKEN:
                return PricedBound()  # no roster is legal
            row, cost = found
            days = np.flatnonzero(row != OFF)
            alone += cost
            total += cost + float(weighed[key][days, row[days]].sum())
        return PricedBound(max(0, ceil(total - 1e-6)), max(0, ceil(total - alone)))


def bounds(case: Case, budget: Budget, seed: int) -> Iterator[PricedBound | Counts]:
    """Yield the bound from prices, then that of whole people."""
    yield price_people(case, budget, budget.seconds * PRICING)
    effort = 1e9 if budget.effort is None else budget.effort * COUNTING
    seconds = budget.seconds * COUNTING
    yield count_people(case, budget, seconds=seconds, effort=effort, seed=seed)


def bounds_apart(
    case: Case, seconds: float, seed: int
) -> Iterator[PricedBound | Counts]:
    """Yield the bounds found within some seconds, in a process of its own."""
    return bounds(case, Budget(seconds), seed)


def price_people(case: Case, budget: Budget, seconds: float) -> PricedBound:
    """Return a lower bound on the cost of every roster; nothing where none is known.

    Parameters
    ----------
    case
        Where overtime may be booked nothing is proved, as paths book none.
    budget, seconds
        What may be spent, and how much of it on the prices.
    """
    overtime = case.rule("hours.overtime")
    booked = isinstance(overtime, HoursOvertime) and overtime.allowed
    known = fixed_cells(case) and not booked
    if not known or not isinstance(case.rule("coverage.need"), CoverageNeed):
        return PricedBound()
    pricing = Pricing(case)
    model = CountsModel(case, chained=True, paths=pricing.paths)
    found = duals(model.cp, list(model.rows.values()), min(seconds, budget.left))
    if found is None or budget.over:
        return PricedBound()
    prices = np.zeros(pricing.lack.shape)
    for (group, interval), price in zip(model.rows, found, strict=True):
        prices[group, interval] = price
    return pricing.bound(prices, budget)


def duals(cp: cp_model.CpModel, rows: list[int], seconds: float) -> list[float] | None:
    """Return the prices of some rows of a model without whole numbers.

    By HiGHS's interior point method, without a cross-over to a corner: of the solvers
    in ortools the quickest here by far (4 s where simplex took 57).
    """
    proto = cp.proto
    model = mathopt.Model()
    variables = []
    for one in proto.variables:
        low, *_, high = list(one.domain)
        variables.append(model.add_variable(lb=_limit(low), ub=_limit(high)))
    asked = {}
    wanted = set(rows)
    for number, one in enumerate(proto.constraints):
        terms = zip(list(one.linear.vars), list(one.linear.coeffs), strict=True)
        total = mathopt.LinearSum(
            [mathopt.LinearTerm(variables[at], weight) for at, weight in terms]
        )
        low, *_, high = list(one.linear.domain)
        row = model.add_linear_constraint(lb=_limit(low), ub=_limit(high), expr=total)
        if number in wanted:
            asked[number] = row
    goal = zip(list(proto.objective.vars), list(proto.objective.coeffs), strict=True)
    model.minimize(
        mathopt.LinearSum([mathopt.LinearTerm(variables[at], w) for at, w in goal])
    )
    options = highs_pb2.HighsOptionsProto()
    options.string_options["solver"] = "ipm"
    options.string_options["run_crossover"] = "off"
    limits = mathopt.SolveParameters(
        time_limit=timedelta(seconds=max(0.1, seconds)), highs=options
    )
    found = mathopt.solve(model, mathopt.SolverType.HIGHS, params=limits)
    if not found.has_dual_feasible_solution():
        return None
    values = found.dual_values()
    return [values[asked[row]] for row in rows]


def _limit(bound: int) -> float:
    return (
        float(bound) if abs(bound) < FREE else float("inf") * (1 if bound > 0 else -1)
    )
