"""Columns: prices from everybody's rows, where counting people is too coarse.

The programme chooses shares of rows already known for each person, and how many of
those in a shift take their breaks when. Its prices ask the paths for better rows, until
these add little or time is over. It nears the best that shares of legal rows can do,
which under a strict pattern is far more than counting people can prove.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt

from constraints.case import OFF
from scheduler.engine.blend import Blend
from scheduler.engine.linear import solved
from scheduler.engine.pricing import Pricing
from scheduler.engine.solver import Budget

Changes = dict[tuple[int, int], list[tuple[Any, float]]]
"""Whose counts add to heads on the phone or take from them, by skills and interval."""

SWEEPS = 20  # of the blend, for the first rows
ENOUGH = 0.0005  # share of the bound below which a gain is no more sought
SHARE = 0.75  # of the budget, after which no round begins


def column_prices(
    pricing: Pricing, budget: Budget, seed: int
) -> Iterator[tuple[NDArray[np.float64], tuple[float, float]]]:
    """Yield ever better prices, and what people cost at them, as long as they gain.

    Prices are of shape ``(groups, intervals)``, costs as from ``Pricing.people``. The
    first rows are those that the blend mixes while it settles: its prices are near
    those of the best, so that few more are needed (four rounds at 200 people).
    """
    columns = Columns(pricing)
    blend = Blend(pricing.case, pricing.paths, pricing.starts, seed)
    blend.settle(SWEEPS, budget, columns.add)
    best = 0
    while not budget.over and budget.ticks < SHARE * budget.whole:
        prices = columns.prices(budget.left)
        if prices is None:
            return
        prices = pricing.settle(prices)
        people = pricing.people(prices, budget, columns.add)
        if people is None:
            return
        bound = pricing.bound(prices, people).total
        if bound > best:
            yield prices, people
        if bound <= best * (1 + ENOUGH):
            return
        best = bound


class Columns:
    """The programme of a case, its rows and its prices.

    Parameters
    ----------
    pricing
        What people and coverage cost at any prices.
    """

    def __init__(self, pricing: Pricing) -> None:
        self.pricing, self.case = pricing, pricing.case
        self.model = mathopt.Model()
        self.known: set[tuple[int, bytes]] = set()
        self.whole = [
            self.model.add_linear_constraint(lb=1.0, ub=1.0) for _ in self.case.agents
        ]
        self.links: dict[tuple[int, int, int], Any] = {}
        self.needs: dict[tuple[int, int], Any] = {}
        self._need(self._heads())

    def _taken(self) -> Changes:
        """State how many in a shift take their breaks when; return what they change."""
        case, skills = self.case, self.case.skill_sets
        change: Changes = defaultdict(list)
        for own in np.flatnonzero(skills.able).tolist():
            could = case.free_to_work[skills.of == own].any(axis=0)
            for day, shift in np.argwhere(could).tolist():
                link = self.model.add_linear_constraint(lb=0.0, ub=0.0)
                self.links[own, day, shift] = link
                for on_phone in self.pricing.starts.starts[day, shift].on_phone():
                    count = self.model.add_variable(lb=0.0)
                    link.set_coefficient(count, -1.0)
                    there = np.zeros(case.clock.intervals + 1, int)
                    there[on_phone] = 1
                    steps = np.diff(there, prepend=0)
                    for interval in np.flatnonzero(steps).tolist():
                        change[own, interval].append((count, float(steps[interval])))
        return change

    def _heads(self) -> dict[tuple[int, int], Any]:
        """State heads on the phone, each interval by the one before."""
        change, heads = self._taken(), {}
        for own in np.flatnonzero(self.case.skill_sets.able).tolist():
            before = None
            for interval in range(self.case.clock.intervals):
                now = self.model.add_variable(lb=0.0)
                row = self.model.add_linear_constraint(lb=0.0, ub=0.0)
                row.set_coefficient(now, -1.0)
                if before is not None:
                    row.set_coefficient(before, 1.0)
                for count, step in change[own, interval]:
                    row.set_coefficient(count, step)
                heads[own, interval] = before = now
        return heads

    def _need(self, heads: dict[tuple[int, int], Any]) -> None:
        """Price heads there, and those short in any group of queues."""
        pricing, skills = self.pricing, self.case.skill_sets
        objective, missing = self.model.objective, pricing.short + pricing.over
        for interval in np.flatnonzero(self.case.counted).tolist():
            short = self.model.add_variable(lb=0.0)
            objective.set_linear_coefficient(short, float(missing[interval]))
            for own in np.flatnonzero(skills.able).tolist():
                objective.set_linear_coefficient(heads[own, interval], pricing.over)
            for group, helps in enumerate(skills.tight[1]):
                due = float(pricing.lack[group, interval])
                if due > 0:
                    row = self.model.add_linear_constraint(lb=due)
                    row.set_coefficient(short, 1.0)
                    for own in np.flatnonzero(helps).tolist():
                        row.set_coefficient(heads[own, interval], 1.0)
                    self.needs[group, interval] = row

    def add(self, agent: int, row: NDArray[np.int16], cost: float) -> None:
        """Let a person work a row, or a share of it."""
        key = (agent, row.tobytes())
        if key in self.known:
            return
        self.known.add(key)
        share = self.model.add_variable(lb=0.0)
        self.model.objective.set_linear_coefficient(share, cost)
        self.whole[agent].set_coefficient(share, 1.0)
        own = int(self.case.skill_sets.of[agent])
        for day in np.flatnonzero(row != OFF).tolist():
            link = self.links.get((own, day, int(row[day])))
            if link is not None:
                link.set_coefficient(share, 1.0)

    def prices(self, seconds: float) -> NDArray[np.float64] | None:
        """Return prices of a head short; shape ``(groups, intervals)``, or None."""
        found = solved(self.model, seconds)
        if found is None:
            return None
        values = found.dual_values()
        prices = np.zeros(self.pricing.lack.shape)
        for (group, interval), row in self.needs.items():
            prices[group, interval] = values[row]
        return prices
