"""Dive: from shares of rows down to a roster, cell by cell.

Cells that are shared are decided on, the surest first, while new rows are generated
around them. A step that costs much is taken back, and fewer cells are decided instead.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF
from scheduler.engine.master import Shares
from scheduler.engine.paths import BROKEN
from scheduler.engine.settle import EXACT, Settler

SURE = 0.9  # share of a cell from which it is taken for granted
WHOLE = 1 - 1e-4  # share that counts as all of it
ROUNDS = 2  # of new rows between two steps
MANY = 8  # of them where a step costs much
JUMP = 0.005  # share of the cost that a step may cost
LEAST = 0.5  # what it may cost in any case
PATIENCE = 0.5  # of the time a dive takes, how much may be taken back

Cell = tuple[int, int, int]  # person, day and what is done


class Dive:
    """One way down.

    Parameters
    ----------
    settler
        Rows known, and prices.
    begun
        What everybody may do; shape ``(agents, days, shifts + 1)``.
    pace
        Share of the cells shared that are decided in one step.
    stands
        Cost below which the roster must end.
    """

    def __init__(
        self, settler: Settler, begun: NDArray[np.bool_], pace: float, stands: float
    ) -> None:
        self.settler, self.master = settler, settler.master
        self.budget, self.pace, self.stands = settler.budget, pace, stands
        self.begun = begun
        self.patience = 0.0  # ticks that steps may be taken back for
        self.freed: list[int] = []  # who was stuck, once or twice

    def run(self) -> NDArray[np.int16] | None:
        """Decide until nothing is shared; return the table if it is cheap."""
        for agent, choices in enumerate(self.begun):
            self.master.allow(agent, choices)
        found = self._settled(np.inf)
        while found is not None and np.ceil(found.cost - EXACT) < self.stands:
            batch = self._shared(found)
            if not batch:
                return self._table(found)
            found = self._step(found, batch)
        return None

    def _settled(self, much: float) -> Shares | None:
        """Return the best shares after some rounds of new rows, more if they are dear.

        None where time is over or the programme could not be solved.
        """
        found = self.master.solve()
        for number in range(MANY):
            if found is None or self.budget.over:
                return None
            if number >= ROUNDS and found.cost <= much:
                return found
            bound, new = self.settler.price(found)
            if not new or bound > much:
                return found
            found = self.master.solve()
        return found

    def _shared(self, found: Shares) -> list[Cell]:
        """Return some cells that are shared, the least of all, and what most do."""
        whole = np.zeros(self.begun.shape)
        days = np.arange(self.settler.case.days)
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            whole[row.agent, days, row.shifts] += share
        most = whole.max(axis=2)
        shared = np.argwhere(most < WHOLE)
        shares = most[tuple(shared.T)]
        count = max(1, round(self.pace * len(shared)), int((shares > SURE).sum()))
        chosen = shared[np.argsort(-shares, kind="stable")[:count]]
        return [
            (agent, day, int(whole[agent, day].argmax()))
            for agent, day in chosen.tolist()
        ]

    def _step(self, found: Shares, batch: Sequence[Cell]) -> Shares | None:
        """Decide on some cells; on fewer where that costs much or leaves no row."""
        before = self.master.allowed.copy()
        much = found.cost + max(LEAST, JUMP * found.cost)
        while batch:
            tick = self.budget.ticks
            self._decide(batch)
            now = self._settled(much if self.patience > 0 else np.inf)
            if now is None:
                return None
            stuck = self._stuck(now)
            spent = self.budget.ticks - tick
            self.patience += PATIENCE * spent
            if not stuck and (now.cost <= much or self.patience < 0):
                return now
            self.patience -= spent
            for agent in {agent for agent, _, _ in batch}:
                self.master.allow(agent, before[agent])
            if any(self.freed.count(agent) > 1 for agent in stuck):
                return None  # neither free nor with a row of their own
            batch = self._looser(found, batch, stuck) if stuck else self._fewer(batch)
            before = self.master.allowed.copy()
        return self._settled(np.inf)

    def _decide(self, batch: Sequence[Cell]) -> None:
        """Decide on some cells."""
        allowed = self.master.allowed
        for agent, day, choice in batch:
            allowed[agent, day] = False
            allowed[agent, day, choice] = True
        for agent in sorted({agent for agent, _, _ in batch}):
            self.master.allow(agent, allowed[agent])

    def _stuck(self, found: Shares) -> set[int]:
        """Return people to whom what was decided leaves no legal row, it seems."""
        worked = np.zeros(len(self.begun))
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            worked[row.agent] += share
        return set(np.flatnonzero(worked < WHOLE).tolist())

    def _fewer(self, batch: Sequence[Cell]) -> Sequence[Cell]:
        """Return the surer half of a batch; a single cell is not to be so decided."""
        if len(batch) == 1:
            ((agent, day, choice),) = batch
            choices = self.master.allowed[agent].copy()
            choices[day, choice] = False
            self.master.allow(agent, choices)
        return batch[: len(batch) // 2]

    def _looser(
        self, found: Shares, batch: Sequence[Cell], stuck: set[int]
    ) -> Sequence[Cell]:
        """Return a batch with half of what was decided on people who are stuck.

        Who is stuck with no more than one cell is free again, and the next time has a
        whole row decided.
        """
        kept = [cell for cell in batch if cell[0] not in stuck]
        for agent in sorted(stuck):
            mine = [cell for cell in batch if cell[0] == agent]
            kept += mine[: len(mine) // 2]
            if len(mine) > 1:
                continue
            again = agent in self.freed
            self.freed.append(agent)
            self.master.allow(
                agent, self._row(agent, found) if again else self.begun[agent]
            )
        return kept

    def _row(self, agent: int, found: Shares) -> NDArray[np.bool_]:
        """Return somebody's cheapest row as the only one, where there is one."""
        paths, choices = self.settler.paths, np.array(self.begun[agent])
        prices = np.where(self.settler.asked, -found.prices, 0)
        cells = np.where(choices, paths.cells[agent], np.inf)
        best = paths.together([agent], prices[None], cells[None])
        if best.costs[0] < BROKEN:
            row = best.rows[0]
            self.master.add(agent, row, float(best.costs[0]))
            choices[:] = False
            choices[np.arange(len(row)), row] = True
        return choices

    def _table(self, found: Shares) -> NDArray[np.int16]:
        table = np.full(self.begun.shape[:2], OFF, np.int16)
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            if share > 0.5:
                table[row.agent] = row.shifts
        return table
