"""Settle: rows for everybody until shares of them are as cheap as can be.

What shares of rows cost at the least bounds every roster, where cover is asked for by
shift.
"""

from collections.abc import Iterator

import numpy as np

from constraints.case import OFF, Case
from scheduler.engine.aggregate import provable
from scheduler.engine.master import Master, Shares
from scheduler.engine.paths import NEVER, Paths, weekly
from scheduler.engine.solver import Budget

FINE = 1 << 14  # prices are whole parts of one, so that sums of them are exact
SWEEPS = 12  # of the first rows
DIVING = 100  # rows of everybody that a bound and a dive take at the least
SETTLED = 0.6  # share of the time that the bound may take
GROUPS = 8  # groups of people who choose a row at the same time
WIDTH = 0.7  # people around the need within which one more matters, at first
CALM = 0.7  # how much of the best prices stays in the next ones
ENOUGH = 1e-4  # share of the cost within which bound and shares are nearly equal
LONGER = 1.25  # how much longer the last unit may take
EXACT = 1e-6  # what sums may be wrong by
WORK = 6e-9  # effort of one number looked at


class Settler:
    """The rows known so far, and the prices at which shares of them are settled.

    Parameters
    ----------
    case
        Its cover is asked for by shift.
    budget
        What may be spent.
    random
        Says who chooses first.

    Attributes
    ----------
    paths, master
        Everybody's legal rows, and those known.
    best, centre
        What shares of rows cost at the least, and the prices that prove it.
    """

    def __init__(self, case: Case, budget: Budget, random: np.random.Generator) -> None:
        self.case, self.budget, self.random = case, budget, random
        self.paths = Paths(case)
        self.master = Master(self.paths)
        # Paths keep longer cycles of hours week by week, which proves nothing.
        weeks = all(weekly(rule) is rule for rule in case.rules)
        self.proves = provable(case) and weeks
        self.best = -np.inf
        self.centre: Shares | None = None
        self.need = np.maximum(0, case.cover)
        self.asked = case.cover >= 0
        self.limits = np.where(
            self.paths.single_most < case.days, self.paths.single_most, 0
        )
        self._spent = 0.0

    def bounds(self) -> Iterator[int]:
        """Generate rows until shares of them are as cheap as can be; yield bounds."""
        calm, told, until = CALM, 0, np.inf
        while not self.budget.over:
            found = self.master.solve()
            if found is None:
                return
            now = found if self.centre is None else between(self.centre, found, calm)
            bound, new = self.price(now)
            if self.best < bound < np.inf:
                self.best, self.centre = bound, now
            if self.proves and np.ceil(self.best - EXACT) > told:
                told = int(np.ceil(self.best - EXACT))
                yield told
            near = found.cost - self.best <= ENOUGH * abs(found.cost)
            if near and until == np.inf:
                until = LONGER * self.budget.ticks
            if np.ceil(self.best - EXACT) >= found.cost - EXACT:
                return
            if self._late(until) or (not new and calm == 0):
                return
            calm = 0.0 if not new else CALM

    def _late(self, until: float) -> bool:
        """Whether the bound has had its time, by what it took or by the clock."""
        timed = self.budget.effort is None
        whole = SETTLED * self.budget.whole if timed else np.inf
        return self.budget.ticks > min(until, whole)

    def first_rows(self) -> bool:
        """Let people choose rows in turn at what one more start is worth by then.

        Returns whether there is time for as many rows as a dive takes.
        """
        people = len(self.case.agents)
        heads = np.zeros(self.need.shape)
        share = np.zeros((people, *self.need.shape))
        order = self.random.permutation(people)
        for sweep in range(SWEEPS):
            began = self.budget.ticks
            for group in np.array_split(order, min(GROUPS, people)):
                if self.budget.over:
                    return False
                others = heads[None] - share[group]
                lack = (self.need - others - 0.5) / WIDTH
                wish = 1 / (1 + np.exp(-np.clip(4 * lack, -50, 50)))
                prices = (
                    self.master.over - (self.master.short + self.master.over) * wish
                )
                prices = np.rint(np.where(self.asked, prices, 0) * FINE) / FINE
                found = self.paths.together(group, prices, strict=False)
                pace = 2 / (sweep + 2)
                for agent, row, cost in zip(
                    group.tolist(), found.rows, found.costs.tolist(), strict=True
                ):
                    if cost == NEVER or agent in self.paths.lost:
                        continue
                    self.master.add(agent, row, cost)
                    worked = np.zeros(self.need.shape)
                    days = np.flatnonzero(row != OFF)
                    worked[days, row[days]] = 1
                    change = pace * (worked - share[agent])
                    share[agent] += change
                    heads += change
                self._spend()
                if not sweep and self._long(self.budget.ticks - began):
                    return False
        return True

    def _long(self, took: float) -> bool:
        """Whether a dive would take too long by what the first sweep took, in ticks.

        Half of that went into states. More effort must not begin otherwise than less.
        """
        timed = self.budget.effort is None
        return timed and took / 2 * DIVING > self.budget.whole

    def price(self, at: Shares) -> tuple[float, int]:
        """Generate rows at some prices, for all who may do more than one.

        Returns what all rosters of what is allowed cost at the least, and how many
        rows are new.
        """
        short, over = self.master.short, self.master.over
        worth = np.floor(np.clip(at.prices, -over, short) * FINE) / FINE
        worth[~self.asked] = 0
        dear = np.floor(at.dear * FINE) / FINE
        bound = (worth * self.need).sum() - (dear * self.limits).sum()
        free = (self.master.allowed.sum(axis=2) > 1).any(axis=1)
        for row, share in zip(at.rows, at.shares.tolist(), strict=True):
            if not free[row.agent]:
                counts = self.paths.single_counts(row.shifts[None])[0]
                bound += share * (row.beyond(worth) + dear[row.agent] @ counts)
        people, new = np.flatnonzero(free), 0
        if people.size:
            prices = np.tensordot(dear[people], self.paths.single_adds, 1) - worth
            cells = self.paths.cells[people].copy()
            cells[~self.master.allowed[people]] = np.inf
            found = self.paths.together(people, prices, cells, strict=False)
            bound += found.least.sum()
            for agent, row, cost in zip(
                people.tolist(), found.rows, found.costs.tolist(), strict=True
            ):
                if cost < NEVER and agent not in self.paths.lost:
                    new += self.master.add(agent, row, cost)
        self._spend()
        return float(bound), new

    def _spend(self) -> None:
        """Take the work of paths and programme off the budget."""
        spent = self.paths.work * WORK + self.master.work
        self.budget.spend(spent - self._spent)
        self._spent = spent


def between(centre: Shares, found: Shares, calm: float) -> Shares:
    """Return prices between the best so far and the newest."""
    return Shares(
        found.cost,
        calm * centre.prices + (1 - calm) * found.prices,
        calm * centre.dear + (1 - calm) * found.dear,
        found.rows,
        found.shares,
    )
