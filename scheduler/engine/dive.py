"""Dive: from shares of rows down to a roster, row by row and cell by cell.

Rows that are worked in large shares are decided on as long as that costs next to
nothing; then cells that are shared, the surest first. New rows are generated around
them. A step that costs much is taken back, and less is decided instead.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, OPEN
from constraints.roster import Duties, Roster
from scheduler.engine.master import Row, Shares
from scheduler.engine.model import RosterModel
from scheduler.engine.paths import NEVER
from scheduler.engine.settle import EXACT, Settler, between
from scheduler.engine.solver import run

SURE = 0.9  # share of a cell from which it is taken for granted
WHOLE = 1 - 1e-4  # share that counts as all of it
NEAR = 5e-4  # share of the cost within which shares are settled
CALM = 0.5  # how much of the best prices stays in the next ones
ROUNDS = 20  # of new rows between two steps at the most
HURRIED = 2  # of them where there is no time to be careful
LOSS = 1.0  # of what the limits of single shifts are worth, what a row may not use
TRIES = 3  # rows refused running until cells are decided on
FEW = 350  # cells that are decided on together where that can be done for certain
FEWER = 0.9  # of them, from which it is tried again
BRIEF = 5.0  # seconds for a try at the most
LAST = 150  # cells that are decided on together in any case
SECONDS = 30.0  # for these
JUMP = 0.005  # share of the cost that a step may cost
LEAST = 0.5  # what it may cost in any case
PATIENCE = 0.5  # of the time a dive takes, how much may be taken back

Cell = tuple[int, int, int]  # person, day and what is done
Decision = tuple[Cell, ...]  # of one person


class Dive:
    """One way down.

    Parameters
    ----------
    settler
        Rows known, and prices.
    begun
        What everybody may do; shape ``(agents, days, shifts + 1)``.
    pace
        Share of the people, or of the cells shared, that are decided in one step.
    stands
        Cost below which shares must stay.
    careful
        Ticks after which steps are no more taken back, nor settled.
    """

    def __init__(
        self,
        settler: Settler,
        begun: NDArray[np.bool_],
        pace: float,
        stands: float,
        careful: float = np.inf,
    ) -> None:
        self.settler, self.master = settler, settler.master
        self.budget, self.pace, self.stands = settler.budget, pace, stands
        self.began = self.budget.ticks
        self.careful = self.began + careful
        self.begun = begun
        self.patience = 0.0  # ticks that steps may be taken back for
        self.freed: list[int] = []  # who was stuck, once or twice
        self.refused: set[tuple[int, bytes]] = set()  # rows that cost much
        self.tries = TRIES

    def run(self) -> NDArray[np.int16] | None:
        """Decide until nothing is shared; None where that would not be cheap."""
        for agent, choices in enumerate(self.begun):
            self.master.allow(agent, choices)
        found, few = self._settled(np.inf), float(FEW)
        while found is not None and np.ceil(found.cost - EXACT) < self.stands:
            shared = self._shared(found)
            if not shared:
                return self._table(found)
            cells = int(self.open.sum())
            if cells <= few:
                few = FEWER * cells if cells > LAST else 0  # the last time
                table = self._finished(certain=few > 0)
                if table is not None:
                    return table
            found = self._step(found, self._rows(found) or shared)
        return None

    @property
    def open(self) -> NDArray[np.bool_]:
        """What is not decided; shape ``(agents, days)``."""
        return np.asarray(self.master.allowed.sum(axis=2) > 1)

    @property
    def hurried(self) -> bool:
        """Whether the time to be careful is over."""
        return self.budget.ticks > self.careful

    def _settled(self, much: float) -> Shares | None:
        """Return the best shares after some rounds of new rows.

        They are not settled where they cost too much in any case. None where time is
        over or the programme could not be solved.
        """
        found, centre, best = self.master.solve(), None, -np.inf
        for number in range(ROUNDS):
            if found is None or self.budget.over:
                return None
            if number >= HURRIED and self.hurried:
                break
            at = found if centre is None else between(centre, found, CALM)
            bound, new = self.settler.price(at)
            if bound > best:
                best, centre = bound, at
            near = found.cost - best <= NEAR * found.cost
            if near or best > much or (at is found and not new):
                break
            if new:
                found = self.master.solve()
            else:  # prices between the two hide what is missing
                centre = None
        return found

    def _rows(self, found: Shares) -> list[Decision]:
        """Return the rows of some people that are worked in the largest shares."""
        if not self.tries or self.hurried:
            return []
        free, largest = np.asarray(self.open.any(axis=1)), dict[int, Row]()
        for place in np.argsort(-found.shares, kind="stable").tolist():
            row = found.rows[place]
            if free[row.agent] and self._fits(row, found):
                largest.setdefault(row.agent, row)
        count = max(1, round(self.pace * free.sum()))
        return [
            tuple((row.agent, day, int(shift)) for day, shift in enumerate(row.shifts))
            for row in list(largest.values())[:count]
        ]

    def _fits(self, row: Row, found: Shares) -> bool:
        """Whether a row keeps the limits of single shifts, and uses what is dear.

        Shares of rows beyond a limit and of rows below it meet it together; whoever
        works one of the latter alone leaves some of it unused.
        """
        counts = self.settler.paths.single_counts(row.shifts[None])[0]
        lost = found.dear[row.agent] @ (self.settler.limits[row.agent] - counts)
        known = (row.agent, row.shifts.tobytes()) in self.refused
        return row.legal and lost < LOSS and not known

    def _shared(self, found: Shares) -> list[Decision]:
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
            ((agent, day, int(whole[agent, day].argmax())),)
            for agent, day in chosen.tolist()
        ]

    def _step(self, found: Shares, batch: Sequence[Decision]) -> Shares | None:
        """Decide; on less where that costs much or leaves no row."""
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
            if not stuck and (now.cost <= much or self.patience < 0 or self.hurried):
                self.tries = TRIES if self.tries else 0
                return now
            self.patience -= spent
            for agent in {cells[0][0] for cells in batch}:
                self.master.allow(agent, before[agent])
            if any(self.freed.count(agent) > 1 for agent in stuck):
                return None  # neither free nor with a row of their own
            batch = self._looser(found, batch, stuck) if stuck else self._fewer(batch)
            before = self.master.allowed.copy()
        return self._settled(np.inf)

    def _decide(self, batch: Sequence[Decision]) -> None:
        """Decide on some cells."""
        allowed = self.master.allowed
        for cells in batch:
            for agent, day, choice in cells:
                allowed[agent, day] = False
                allowed[agent, day, choice] = True
        for agent in sorted({cells[0][0] for cells in batch}):
            self.master.allow(agent, allowed[agent])

    def _stuck(self, found: Shares) -> set[int]:
        """Return people to whom what was decided leaves no legal row, it seems."""
        worked = np.zeros(len(self.begun))
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            worked[row.agent] += share
        return set(np.flatnonzero(worked < WHOLE).tolist())

    def _fewer(self, batch: Sequence[Decision]) -> Sequence[Decision]:
        """Return the surer half of a batch; what is left alone is not to be decided."""
        if len(batch) == 1:
            self._refuse(batch[0])
        return batch[: len(batch) // 2]

    def _refuse(self, cells: Decision) -> None:
        """Do not decide so again."""
        agent, day, choice = cells[0]
        if len(cells) == 1:
            choices = self.master.allowed[agent].copy()
            choices[day, choice] = False
            self.master.allow(agent, choices)
        else:
            row = np.array([choice for _, _, choice in cells], np.int16)
            self.refused.add((agent, row.tobytes()))
            self.tries -= 1

    def _looser(
        self, found: Shares, batch: Sequence[Decision], stuck: set[int]
    ) -> Sequence[Decision]:
        """Return a batch with half of what was decided on people who are stuck.

        Who is stuck with no more than one cell is free again, and the next time has a
        whole row decided.
        """
        kept = [cells for cells in batch if cells[0][0] not in stuck]
        for agent in sorted(stuck):
            mine = [cells for cells in batch if cells[0][0] == agent]
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
        if best.costs[0] < NEVER and agent not in paths.lost:
            row = best.rows[0]
            self.master.add(agent, row, float(best.costs[0]))
            choices[:] = False
            choices[np.arange(len(row)), row] = True
        return choices

    def _finished(self, certain: bool) -> NDArray[np.int16] | None:
        """Decide on all that is open by a model of its cells.

        None where no roster came, or none that is certain to be the best.
        """
        spent = self.budget.ticks - self.began  # a try must not cost more than the rest
        seconds = min(BRIEF, spent) if certain else SECONDS
        case, allowed = self.settler.case, self.master.allowed
        cells = self.open & (case.pins == OPEN)
        table = allowed.argmax(axis=2).astype(np.int16)
        table[table == len(case.shifts)] = OFF
        table[cells] = OFF
        table = np.where(case.pins == OPEN, table, case.pins).astype(np.int16)
        model = RosterModel(Roster(case, table, Duties.of(())), case.rules, cells)
        outcome = run(
            model.cp,
            self.budget,
            seconds=seconds,
            effort=seconds,
            seed=int(self.settler.random.integers(1 << 30)),
            workers=1,
            parameters={"linearization_level": 2},
        )
        kept = outcome.found and (outcome.proved or not certain)
        return model.read(outcome.value).table if kept else None

    def _table(self, found: Shares) -> NDArray[np.int16]:
        table = np.full(self.begun.shape[:2], OFF, np.int16)
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            if share > 0.5:
                table[row.agent] = row.shifts
        return table
