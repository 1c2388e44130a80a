"""Days: the bound from prices, sharpened by whole heads day by day.

What a roster costs is what people cost at some prices and what coverage costs beyond
them. The linear programme behind the prices splits heads as it likes; here a day has
whole heads only. A shift past midnight is in both days, in each with its own part.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from scheduler.engine.pricing import GRAIN, Pricing
from scheduler.engine.solver import QUICK, Budget, run

EFFORT = 1.0  # deterministic time for one day
SECONDS = 5.0  # elapsed time for one day


class WholeDays:
    """The cost of coverage beyond what its heads are worth, day by day.

    Parameters
    ----------
    pricing
        The case, its starts, and what a head short and a head over cost.
    prices
        Settled prices of a head short; shape ``(groups, intervals)``.
    """

    def __init__(self, pricing: Pricing, prices: NDArray[np.float64]) -> None:
        self.case, self.starts = pricing.case, pricing.starts
        self.worth = np.rint(pricing.worth(prices) * GRAIN).astype(np.int64)
        self.short, self.over = pricing.short * GRAIN, pricing.over * GRAIN
        self.base, self.lack = pricing.base, pricing.lack

    def least(self, budget: Budget, seed: int) -> float | None:
        """Return what coverage costs at the least beyond the worth of all heads.

        None where time runs out.
        """
        total = 0
        for day in range(self.case.days):
            cp, fixed = self._model(day)
            outcome = run(
                cp,
                budget,
                seconds=SECONDS,
                effort=EFFORT,
                seed=seed,
                workers=1,
                parameters=QUICK,
            )
            if outcome.bound is None:
                return None
            total += outcome.bound + fixed
        return total / GRAIN

    def _model(self, day: int) -> tuple[cp_model.CpModel, int]:
        """Return the model of a day, and the part of its cost that is fixed."""
        case, skills = self.case, self.case.skill_sets
        cp = cp_model.CpModel()
        inside = case.clock.days_of_intervals == day
        phone: dict[tuple[int, int], list[Any]] = defaultdict(list)
        cost: list[tuple[Any, int]] = []
        for own in np.flatnonzero(skills.able).tolist():
            for part, count, price in self._counts(cp, own, day, inside):
                cost.append((count, price))
                for interval in part:
                    phone[own, interval].append(count)
        fixed = 0
        able = np.flatnonzero(skills.able).tolist()
        for interval in np.flatnonzero(inside & case.counted).tolist():
            need = case.requirement.heads[:, interval]
            short = cp.new_int_var(0, int(need.sum()), "")
            cost.append((short, int(self.short[interval]) + self.over))
            for lack, helps in zip(self.lack, skills.tight[1], strict=True):
                due = int(lack[interval])
                if due > 0:
                    who = np.flatnonzero(helps).tolist()
                    there = [one for own in who for one in phone[own, interval]]
                    cp.add(cp_model.LinearExpr.sum([*there, short]) >= due)
            cost += [(one, self.over) for own in able for one in phone[own, interval]]
            fixed += self.over * int(self.base[able, interval].sum() - need.sum())
        cp.minimize(
            cp_model.LinearExpr.weighted_sum(
                [variable for variable, _ in cost], [price for _, price in cost]
            )
        )
        return cp, fixed

    def _counts(
        self, cp: cp_model.CpModel, own: int, day: int, inside: NDArray[np.bool_]
    ) -> Iterator[tuple[tuple[int, ...], Any, int]]:
        """Yield the parts of shifts in a day, how many work each, and their worth."""
        case = self.case
        members = case.free_to_work[case.skill_sets.of == own]
        for begins in range(max(0, day - 1), day + 1):
            together: list[Any] = []
            for shift in np.flatnonzero(members[:, begins].any(axis=0)).tolist():
                ways = list(self.starts.starts[begins, shift].on_phone())
                most = int(members[:, begins, shift].sum())
                worth = [int(self.worth[own, way].sum()) for way in ways]
                parts = {
                    (tuple(one for one in way if inside[one]), inside[way].all())
                    for way in ways
                }
                for part, whole in sorted(parts):
                    if part:
                        count = cp.new_int_var(0, most, "")
                        together.append(count)
                        own_worth = int(self.worth[own, list(part)].sum())
                        yield part, count, max(worth) if whole else own_worth
            people = int(members[:, begins].any(axis=1).sum())
            cp.add(cp_model.LinearExpr.sum(together) <= people)
