"""Prices: what a head is worth in each interval, and the bound that follows from it.

At any prices, what a roster costs is at least what the need is worth less what each
person, on their own, can earn of it (Lagrange). The prices come from the counts model
without whole numbers, and paths find what each person earns, with every rule about one
person kept. So the bound is sharper than the counts model's own, and it holds however
good or bad the prices are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

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
from scheduler.engine.days import WholeDays
from scheduler.engine.linear import duals
from scheduler.engine.paths import BROKEN, Paths, weekly
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

PRICING = 0.4  # share of the budget for the prices
COUNTING = 0.4  # share of the budget for whole people
FEW = 100  # people; with more, whole heads add nothing to prices
GRAIN = 64  # prices are whole multiples of a 64th, so that sums of them are exact


@dataclass(frozen=True)
class PricedBound:
    """A lower bound on the cost of every roster, and what of it is for coverage."""

    total: int = 0
    coverage: int = 0


class Pricing:
    """What people and coverage of a case cost at the least, at any prices."""

    def __init__(self, case: Case) -> None:
        skills = case.skill_sets
        self.case, self.starts = case, Starts(case)
        book = [rule for rule in case.rules if weekly(rule) is rule]
        self.paths = Paths(case.with_rules(book))
        groups, helps = skills.tight
        nobody = np.full((len(case.agents), case.days), OFF, np.int16)
        base = Roster(case, nobody)
        heads = case.requirement.heads
        self.lack = groups.astype(int) @ heads - helps.astype(int) @ base.phone_by_set
        self.needed = int((heads.sum(axis=0) - base.on_phone)[case.counted].sum())
        need = case.rule("coverage.need")
        assert isinstance(need, CoverageNeed)
        scale = need.penalty or 1
        self.short, self.over = need.short * scale, need.over * scale

    def settle(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return prices that are allowed and exact, near some that may not be.

        Parameters
        ----------
        prices
            Of a head short in each group of queues; shape ``(groups, intervals)``.
            None may be negative, nor all together be more than a head short and a head
            over cost.
        """
        prices = np.maximum(0, np.floor(prices * GRAIN) / GRAIN)
        most = np.maximum(1, prices.sum(axis=0) / (self.short + self.over))
        prices = np.floor(prices / most * GRAIN) / GRAIN
        prices[:, ~self.case.counted] = 0
        return prices

    def worth(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a head is worth, by set of skills; ``(sets, intervals)``."""
        helps = self.case.skill_sets.tight[1]
        worth = helps.T.astype(float) @ prices - self.over * self.case.counted
        worth[~helps.any(axis=0)] = 0
        return worth

    def coverage(self, prices: NDArray[np.float64]) -> float:
        """Return what coverage costs at the least beyond the worth of all heads."""
        return float((prices * self.lack).sum() - self.over * self.needed)

    def people(
        self, prices: NDArray[np.float64], budget: Budget
    ) -> tuple[float, float] | None:
        """Return what people cost at the least, less the worth of their heads.

        And what the rules charge of that; None where time runs out, or where somebody
        has no legal row.
        """
        nothing = np.zeros(self.case.clock.intervals)
        weighed = [self.starts.weigh(-one, nothing)[0] for one in self.worth(prices)]
        total = alone = 0.0
        for agent, own in enumerate(self.case.skill_sets.of):
            found = None if budget.over else self.paths.cheapest(agent, weighed[own])
            if found is None or found[1] >= BROKEN:
                return None
            row, cost = found
            days = np.flatnonzero(row != OFF)
            alone += cost
            total += cost + float(weighed[own][days, row[days]].sum())
        return total, alone


def bounds(case: Case, budget: Budget, seed: int) -> Iterator[PricedBound | Counts]:
    """Yield the bound from prices, the same with whole heads, that of whole people."""
    priced = False
    for bound in price_people(case, budget, budget.seconds * PRICING, seed):
        priced = True
        yield bound
    if not priced or len(case.agents) <= FEW:
        effort = 1e9 if budget.effort is None else budget.effort * COUNTING
        seconds = budget.seconds * COUNTING
        yield count_people(case, budget, seconds=seconds, effort=effort, seed=seed)


def bounds_apart(
    case: Case, seconds: float, seed: int
) -> Iterator[PricedBound | Counts]:
    """Yield the bounds found within some seconds, in a process of its own."""
    return bounds(case, Budget(seconds), seed)


def price_people(
    case: Case, budget: Budget, seconds: float, seed: int
) -> Iterator[PricedBound]:
    """Yield lower bounds on the cost of every roster; none where nothing is known.

    Parameters
    ----------
    case
        Where overtime may be booked nothing is proved, as paths book none.
    budget, seconds
        What may be spent, and how much of it on the prices.
    seed
        Random seed.
    """
    overtime = case.rule("hours.overtime")
    booked = isinstance(overtime, HoursOvertime) and overtime.allowed
    known = fixed_cells(case) and not booked
    if not known or not isinstance(case.rule("coverage.need"), CoverageNeed):
        return
    pricing = Pricing(case)
    model = CountsModel(case, chained=True, paths=pricing.paths)
    found = duals(model.cp, list(model.rows.values()), min(seconds, budget.left))
    if found is None:
        return
    prices = np.zeros(pricing.lack.shape)
    for (group, interval), price in zip(model.rows, found, strict=True):
        prices[group, interval] = price
    prices = pricing.settle(prices)
    people = pricing.people(prices, budget)
    if people is None:
        return
    cost, alone = people
    yield _bound(cost + pricing.coverage(prices), alone)
    if len(case.agents) > FEW:
        return
    days = WholeDays(case, pricing.starts, pricing.worth(prices), GRAIN)
    least = days.least(budget, seed)
    if least is not None:
        yield _bound(cost + least, alone)


def _bound(total: float, alone: float) -> PricedBound:
    return PricedBound(max(0, ceil(total - 1e-6)), max(0, ceil(total - alone - 1e-6)))
