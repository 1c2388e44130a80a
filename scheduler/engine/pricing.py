"""Pricing: what people and coverage cost at the least, at any price of a head.

At any prices, what a roster costs is at least what the need is worth less what each
person, on their own, can earn of it (Lagrange). Paths find what each person earns, with
every rule about one person kept, so the bound holds however good or bad the prices are.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.coverage import CoverageNeed
from constraints.roster import Roster
from scheduler.engine.paths import OnRow, Paths, weekly
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

GRAIN = 64  # prices are whole multiples of a 64th, so that sums of them are exact


@dataclass(frozen=True)
class PricedBound:
    """A lower bound on the cost of every roster, and its part for coverage.

    The part is what the rules about people do not charge at the prices; a roster may
    spend less on coverage and more on people.
    """

    total: int = 0
    coverage: int = 0

    @classmethod
    def of(cls, total: float, alone: float) -> "PricedBound":
        """Round a bound up, of which a part is for people alone."""
        return cls(max(0, ceil(total - 1e-6)), max(0, ceil(total - alone - 1e-6)))


class Pricing:
    """What people and coverage of a case cost at the least, at any prices.

    Attributes
    ----------
    paths, starts
        Everybody's legal rows, and all starts.
    base
        Heads from shifts begun before the horizon; shape ``(sets, intervals)``.
    lack
        Heads needed beyond those; shape ``(groups, intervals)``.
    short, over
        Cost of a head short, of shape ``(intervals,)``, and of a head over.
    """

    def __init__(self, case: Case) -> None:
        skills = case.skill_sets
        self.case, self.starts = case, Starts(case)
        book = [rule for rule in case.rules if weekly(rule) is rule]
        self.paths = Paths(case.with_rules(book))
        groups, helps = skills.tight
        nobody = np.full((len(case.agents), case.days), OFF, np.int16)
        base = Roster(case, nobody)
        heads = case.requirement.heads
        self.base = base.phone_by_set
        self.lack = groups.astype(int) @ heads - helps.astype(int) @ self.base
        self.needed = int((heads.sum(axis=0) - base.on_phone)[case.counted].sum())
        need = case.rule("coverage.need")
        assert isinstance(need, CoverageNeed)
        self.short, self.over = need.short_prices(case), need.over_price

    def settle(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return prices that are allowed and exact, near some that may not be.

        Parameters
        ----------
        prices
            Of a head short in each group of queues; shape ``(groups, intervals)``.
            None may be negative, nor all together be more than a head short and a head
            over cost.
        """
        prices = np.maximum(0, prices)
        most = np.maximum(1, prices.sum(axis=0) / (self.short + self.over))
        prices = np.floor(prices / most * GRAIN) / GRAIN
        prices[:, ~self.case.counted] = 0
        return prices

    def worth(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a head is worth, by set of skills; ``(sets, intervals)``."""
        skills = self.case.skill_sets
        helps = skills.tight[1].T.astype(float)
        worth = helps @ prices - self.over * self.case.counted
        worth[~skills.able] = 0
        return worth

    def coverage(self, prices: NDArray[np.float64]) -> float:
        """Return what coverage costs at the least beyond the worth of all heads."""
        return float((prices * self.lack).sum() - self.over * self.needed)

    def bound(
        self, prices: NDArray[np.float64], people: tuple[float, float]
    ) -> PricedBound:
        """Return the bound at some prices, from what ``people`` cost at them."""
        return PricedBound.of(people[0] + self.coverage(prices), people[1])

    def people(
        self,
        prices: NDArray[np.float64],
        budget: Budget,
        on_row: OnRow | None = None,
    ) -> tuple[float, float] | None:
        """Return what people cost at the least, less the worth of their heads.

        And what the rules charge of that; None where time runs out, or where somebody
        has no legal row. Each row is told, with its person and what the rules charge.
        """
        nothing = np.zeros(self.case.clock.intervals)
        weighed = [self.starts.weigh(-one, nothing)[0] for one in self.worth(prices)]
        total = alone = 0.0
        for agent, own in enumerate(self.case.skill_sets.of):
            found = None if budget.over else self.paths.cheapest(agent, weighed[own])
            if found is None or agent in self.paths.lost:
                return None
            if on_row is not None:
                on_row(agent, found.row, found.cost)
            alone += found.cost
            total += found.least
        return total, alone
