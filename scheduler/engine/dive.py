"""Dive: rosters from shares of rows, where cover is asked for by shift.

First everybody's rows are generated until shares of them are as cheap as can be, which
bounds every roster. Then person by person is given the row of which they have most,
while new rows are generated for the others around it. Later some people are freed and
go down again together around all others.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import cycle
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.coverage import CoverageShift
from constraints.roster import Duties, Roster
from scheduler.engine.aggregate import provable
from scheduler.engine.alone import Alone
from scheduler.engine.improve import Improver, Neighbourhood, Standing
from scheduler.engine.master import Master, Row, Shares
from scheduler.engine.patch import Dialogue, Found, News, Patch
from scheduler.engine.paths import BROKEN, Paths, weekly
from scheduler.engine.pricing import GRAIN
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

SWEEPS = 12  # of the first rows
SETTLED = 0.6  # share of the time that the bound may take
GROUPS = 8  # groups of people who choose a row at the same time
WIDTH = 0.7  # people around the need within which one more matters, at first
CALM = 0.7  # how much of the best prices stays in the next ones
ENOUGH = 1e-4  # share of the cost within which bound and shares are nearly equal
EXACT = 1e-6  # what sums may be wrong by
SURE = 0.9  # share of a row from which it is taken for granted
PACES = (0.2, 0.1, 0.05, 0.15)  # shares of cells shared that are decided in one step
HOPE = 60.0  # cost beyond what stands up to which a dive goes on
CHOSEN = 3000  # rows of all people to choose from at a time, about
SIZES = (6, 15, 40, 1000)  # people who choose at a time
WINDOWS = ((60, 3), (60, 7), (30, 7), (30, 10), (15, 14), (6, 28), (1, 28))
ROUNDS = 2  # of new rows between two steps
WORK = 6e-9  # effort of one number looked at
ROWS = 150  # rows a person that are kept, about


def asked_by_shift(case: Case) -> bool:
    """Whether shifts ask for people, and intervals for none."""
    return (
        case.rule("coverage.shift") is not None and case.rule("coverage.need") is None
    )


def dive_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Dive in a process of its own, until a moment of the monotonic clock."""
    return dive(case, Budget(until - monotonic()), seed)


def windows_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Better windows of a roster in a process of its own, until a moment."""
    budget, paths = Budget(until - monotonic()), Paths(case)
    improver = Improver(Alone(case, paths, Starts(case)), seed, WINDOWS)
    if improver.hear((yield Found("start"))):
        yield from improver.run(budget, budget.whole)


def first_by_shift(case: Case, seed: int) -> Roster:
    """Return a roster at once: people take rows one after the other."""
    paths, need = Paths(case), case.rule("coverage.shift")
    assert isinstance(need, CoverageShift)
    short, over = need.prices
    table = np.full((len(case.agents), case.days), OFF, np.int16)
    heads = np.zeros(case.cover.shape, np.int64)
    for agent in np.random.default_rng(seed).permutation(len(table)).tolist():
        prices = np.where(heads < case.cover, -float(short), float(over))
        prices[case.cover < 0] = 0
        found = paths.cheapest(agent, prices)
        if found is not None:
            table[agent] = found[0]
            days = np.flatnonzero(table[agent] != OFF)
            heads[days, table[agent, days]] += 1
    return Roster(case, table, Duties.of(()))


def dive(case: Case, budget: Budget, seed: int) -> Dialogue:
    """Bound all rosters, dive for a good one, and better it.

    The first thing said is a greeting, answered by the whole roster that stands.
    """
    diver = Diver(case, budget, seed)
    if not diver.hear((yield Found("start"))):
        return
    for bound in diver.settle():
        if not diver.hear((yield Found("prices", bound=bound))):
            return
    improver = Improver(Alone(case, diver.paths, Starts(case)), seed, WINDOWS)
    for pace in cycle(PACES):
        if budget.over or not (yield from _round(diver, pace)):
            return
        if budget.effort is not None:  # else another process does so
            improver.standing = diver.standing
            if not (yield from improver.run(budget, budget.ticks + diver.dived)):
                return
            diver.standing = improver.standing


def _round(diver: "Diver", pace: float) -> Generator[Found, News, bool]:
    """Dive once, then choose among the rows known for as long; whether to go on."""
    wanted = diver.hear((yield Found("dive", diver.down(pace))))
    until = diver.budget.ticks + diver.dived
    while wanted and not diver.budget.over and diver.budget.ticks < until:
        wanted = diver.hear((yield Found("rows", diver.choose())))
    return wanted


Cell = tuple[int, int, int]  # person, day and what is done


class Diver:
    """The rows known so far, and the ways to a roster made of them.

    Parameters
    ----------
    case
        Its cover is asked for by shift.
    budget
        What may be spent.
    seed
        Random seed.

    Attributes
    ----------
    standing
        The best roster, as far as is known.
    best, centre
        What shares of rows cost at the least, and the prices that prove it.
    """

    def __init__(self, case: Case, budget: Budget, seed: int) -> None:
        self.case, self.budget = case, budget
        self.paths = Paths(case)
        self.master = Master(self.paths)
        self.random = np.random.default_rng(seed)
        self.standing = Standing.of(Roster.empty(case))
        # Paths keep longer cycles of hours week by week, which proves nothing.
        weeks = all(weekly(rule) is rule for rule in case.rules)
        self.proves = provable(case) and weeks
        self.best = -np.inf
        self.need = np.maximum(0, case.cover)
        self.asked = case.cover >= 0
        self.limits = np.where(
            self.paths.single_most < case.days, self.paths.single_most, 0
        )
        self.dived = 0.0  # what the last dive took, in ticks
        self.kinds = [
            Neighbourhood(min(people, len(case.agents)), case.days) for people in SIZES
        ]
        self.centre: Shares | None = None
        self._spent = 0.0

    def hear(self, news: News) -> bool:
        """Lay what was kept over the roster that stands; return whether to go on."""
        if news:
            roster = self.standing.roster
            for patch in news:
                roster = patch.on(roster)
            self.standing = Standing.of(roster)
        return news is not None

    # -- rows -----------------------------------------------------------------------
    def settle(self) -> Iterator[int]:
        """Generate rows until shares of them are as cheap as can be; yield bounds."""
        self._first_rows()
        calm, told, until = CALM, 0, np.inf
        while not self.budget.over:
            found = self.master.solve()
            if found is None:
                return
            now = found if self.centre is None else _between(self.centre, found, calm)
            bound, new = self._price(now, np.arange(len(self.case.agents)))
            self._spend()
            if bound > self.best:
                self.best, self.centre = bound, now
            if self.proves and np.ceil(self.best - EXACT) > told:
                told = int(np.ceil(self.best - EXACT))
                yield told
            near = found.cost - self.best <= ENOUGH * abs(found.cost)
            if near and until == np.inf:
                until = 2 * self.budget.ticks  # the last unit may take far longer
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

    def _first_rows(self) -> None:
        """Let people choose rows in turn at what one more start is worth by then."""
        people = len(self.case.agents)
        heads = np.zeros(self.need.shape)
        share = np.zeros((people, *self.need.shape))
        order = self.random.permutation(people)
        for sweep in range(SWEEPS):
            for group in np.array_split(order, min(GROUPS, people)):
                if self.budget.over:
                    return
                others = heads[None] - share[group]
                lack = (self.need - others - 0.5) / WIDTH
                wish = 1 / (1 + np.exp(-np.clip(4 * lack, -50, 50)))
                prices = (
                    self.master.over - (self.master.short + self.master.over) * wish
                )
                prices = np.rint(np.where(self.asked, prices, 0) * GRAIN) / GRAIN
                found = self.paths.together(group, prices)
                pace = 2 / (sweep + 2)
                for agent, row, cost in zip(
                    group.tolist(), found.rows, found.costs.tolist(), strict=True
                ):
                    if cost >= BROKEN:
                        continue
                    self.master.add(agent, row, cost)
                    worked = np.zeros(self.need.shape)
                    days = np.flatnonzero(row != OFF)
                    worked[days, row[days]] = 1
                    change = pace * (worked - share[agent])
                    share[agent] += change
                    heads += change
            self._spend()

    def _price(self, at: Shares, people: NDArray[np.intp]) -> tuple[float, int]:
        """Generate rows of some people at some prices.

        Returns what all rosters cost at the least, where these are all people, and how
        many rows are new.
        """
        short, over = self.master.short, self.master.over
        worth = np.floor(np.clip(at.prices, -over, short) * GRAIN) / GRAIN
        worth[~self.asked] = 0
        dear = np.floor(at.dear * GRAIN) / GRAIN
        prices = np.tensordot(dear[people], self.paths.single_adds, 1) - worth
        cells = self.paths.cells[people].copy()
        cells[~self.master.allowed[people]] = np.inf
        found = self.paths.together(people, prices, cells, strict=False)
        bound = found.least.sum() + (worth * self.need).sum()
        bound -= (dear * self.limits).sum()
        new = 0
        for agent, row, cost in zip(
            people.tolist(), found.rows, found.costs.tolist(), strict=True
        ):
            new += cost < BROKEN and self.master.add(agent, row, cost)
        return float(bound) if np.isfinite(bound) else -np.inf, new

    def _spend(self) -> None:
        """Take the work of paths and programme off the budget."""
        spent = self.paths.work * WORK + self.master.work
        self.budget.spend(spent - self._spent)
        self._spent = spent

    # -- down -----------------------------------------------------------------------
    def down(self, pace: float) -> Patch | None:
        """Decide on cells until nothing is shared; return the roster.

        Parameters
        ----------
        pace
            Share of the cells shared that are decided in one step.
        """
        began = self.budget.ticks
        people = np.arange(len(self.case.agents))
        known = sum(map(len, self.master.rows))
        if self.centre is not None and known > ROWS * len(people):
            self.master.forget(self.centre.prices, ROWS // 2)
        for agent in people.tolist():
            self.master.allow(agent, np.ones(self.master.allowed.shape[1:], bool))
        roster = None
        while not self.budget.over:
            found = self._settled(people)
            if found is None or self._hopeless(found):
                break
            batch = self._shared(found, pace)
            if not batch:
                roster = self._roster(found)
                break
            self._decide(batch)
        self.dived = self.budget.ticks - began
        return None if roster is None else Patch.of(roster)

    def _hopeless(self, found: Shares) -> bool:
        """Whether a dive can no more end below what stands."""
        audit = self.standing.audit
        return not audit.hard and found.cost > audit.cost + HOPE

    def _settled(self, people: NDArray[np.intp]) -> Shares | None:
        """Return the best shares after some rounds of new rows."""
        found = self.master.solve()
        for _ in range(ROUNDS):
            if found is None or self.budget.over:
                return found
            _, new = self._price(found, people)
            self._spend()
            if not new:
                return found
            found = self.master.solve()
        return found

    def _shared(self, found: Shares, pace: float) -> list[Cell]:
        """Return some cells that are shared, the least of all, and what most do."""
        whole = np.zeros(self.master.allowed.shape)
        days = np.arange(self.case.days)
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            whole[row.agent, days, row.shifts] += share
        most = whole.max(axis=2)
        shared = np.argwhere(most < 1 - 1e-4)
        shares = most[tuple(shared.T)]
        count = max(1, round(pace * len(shared)), int((shares > SURE).sum()))
        chosen = shared[np.argsort(-shares, kind="stable")[:count]]
        return [
            (agent, day, int(whole[agent, day].argmax()))
            for agent, day in chosen.tolist()
        ]

    def _decide(self, batch: Sequence[Cell]) -> None:
        """Decide on some cells."""
        allowed = self.master.allowed
        for agent, day, choice in batch:
            allowed[agent, day] = False
            allowed[agent, day, choice] = True
        for agent in sorted({agent for agent, _, _ in batch}):
            self.master.allow(agent, allowed[agent])

    def _roster(self, found: Shares) -> Roster:
        table = np.full((len(self.case.agents), self.case.days), OFF, np.int16)
        for row, share in zip(found.rows, found.shares.tolist(), strict=True):
            if share > 0.5:
                table[row.agent] = row.shifts
        return Roster(self.case, table, Duties.of(()))

    # -- rows known ------------------------------------------------------------------
    def choose(self) -> Patch | None:
        """Choose the best of the rows known of some people, around all others."""
        kind = self._kind()
        people = np.sort(self._people(kind.people))
        rows = {agent: self._known(agent, len(people)) for agent in people.tolist()}
        began, before = self.budget.ticks, self.standing.weight
        seed = int(self.random.integers(1 << 30))
        table = self.master.choose(rows, self.standing.roster.table, self.budget, seed)
        gain = 0
        patch = None
        if table is not None:
            cells = np.zeros(table.shape, bool)
            cells[people] = True
            roster = Roster(self.case, table, Duties.of(()))
            gain = before - Standing.of(roster).weight
            patch = Patch.of(roster, cells)
        kind.learn(max(0, min(gain, BROKEN / 10)), self.budget.ticks - began)
        return patch

    def _kind(self) -> Neighbourhood:
        if self.random.random() < 0.2:
            return self.kinds[int(self.random.integers(len(self.kinds)))]
        return max(self.kinds, key=lambda kind: kind.pays)

    def _people(self, count: int) -> NDArray[np.intp]:
        """Draw people, half by what they cost and half evenly."""
        people = len(self.case.agents)
        blame = np.ones(people)
        for violation in self.standing.audit.violations:
            if violation.where.agent is not None:
                blame[violation.where.agent] += violation.cost
        chance = blame / blame.sum() / 2 + 0.5 / people
        return self.random.choice(people, count, replace=False, p=chance)

    def _known(self, agent: int, people: int) -> list[Row]:
        """Return the rows of a person that may be worth while, few where many choose.

        These cost least at the best prices.
        """
        rows = [row for row in self.master.rows[agent].values() if row.legal]
        if self.centre is None:
            return rows
        worth = np.pad(self.centre.prices, ((0, 0), (0, 1)))
        days = np.arange(self.case.days)
        beyond = [row.cost - worth[days, row.shifts].sum() for row in rows]
        order = np.argsort(beyond, kind="stable")[: max(10, CHOSEN // people)]
        return [rows[place] for place in order.tolist()]


def _between(centre: Shares, found: Shares, calm: float) -> Shares:
    """Return prices between the best so far and the newest."""
    return Shares(
        found.cost,
        calm * centre.prices + (1 - calm) * found.prices,
        calm * centre.dear + (1 - calm) * found.dear,
        found.rows,
        found.shares,
    )
