"""Improve: free some cells, solve them again by the same rules, keep what is better."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import OPEN
from constraints.hours import HoursOvertime
from constraints.roster import Roster
from constraints.rule import Audit, audit
from scheduler.engine.alone import Alone
from scheduler.engine.even import evens
from scheduler.engine.model import BROKEN, RosterModel, Rows
from scheduler.engine.patch import Found, News, Patch
from scheduler.engine.solver import LEAST, QUICK, Budget, fill_hint, run

WIDE = 150  # people of the widest windows
SIZES = ((WIDE, 1), (WIDE, 2), (30, 3), (12, 4), (4, 7), (1, 28))
SHORT = 3  # days running for which all ways of a person are listed
SCALE = 10  # what a unit of cost weighs where smaller differences are to count
STEER = 0.5  # how much shares weigh among rosters of equal cost
WAYS = 3000  # ways of all people, about
DEAR = 5  # cost beyond the standing row's at which a way is left out
EFFORT = 3.0  # deterministic time for one neighbourhood
SECONDS = 8.0  # elapsed time for one neighbourhood


@dataclass
class Neighbourhood:
    """A kind of set of cells to free, and how well it has paid.

    Attributes
    ----------
    people, days
        How many people, over how many days running.
    gained, spent
        Cost saved, and what was spent on it, fading with time.
    tried
        How often.
    """

    people: int
    days: int
    gained: float = 0.0
    spent: float = 1e-3
    tried: int = 0

    @property
    def pays(self) -> float:
        """Cost saved a second; unbounded until it was tried."""
        return self.gained / self.spent if self.tried else float("inf")

    def learn(self, gain: float, seconds: float) -> None:
        """Remember what a try gave."""
        self.tried += 1
        self.gained = 0.7 * self.gained + gain
        self.spent = 0.7 * self.spent + seconds


@dataclass(frozen=True)
class Standing:
    """A roster with its audit."""

    roster: Roster
    audit: Audit

    @classmethod
    def of(cls, roster: Roster) -> "Standing":
        """Audit a roster."""
        return cls(roster, audit(roster))

    @property
    def rank(self) -> tuple[int, int]:
        """Hard violations first, then cost: less is better."""
        return sum(violation.amount for violation in self.audit.hard), self.audit.cost

    @property
    def weight(self) -> int:
        """Cost, hard violations included at ``BROKEN`` a unit: what windows lower."""
        return self.audit.cost + BROKEN * self.rank[0]

    def under(self, patches: Sequence[Patch]) -> "Standing":
        """Return what stands with some patches laid over it, in order."""
        roster = self.roster
        for patch in patches:
            roster = patch.on(roster)
        return Standing.of(roster) if patches else self

    def blame(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return cost by person and by day."""
        case = self.roster.case
        people, days = np.zeros(len(case.agents)), np.zeros(case.days)
        day_of = case.clock.days_of_intervals
        for violation in self.audit.violations:
            cost = violation.cost or BROKEN * violation.amount
            where = violation.where
            day = where.day if where.interval is None else int(day_of[where.interval])
            if day is not None:
                days[day] += cost
            if where.agent is not None:
                people[where.agent] += cost
        return people, days


class Improver:
    """Chooses neighbourhoods where cost is and where trying has paid.

    Parameters
    ----------
    alone
        Places one person's days again.
    seed
        Random seed.
    sizes
        People and days of the kinds of windows, the widest first.

    Attributes
    ----------
    standing
        The roster to better.
    """

    def __init__(
        self,
        alone: Alone,
        seed: int,
        sizes: Sequence[tuple[int, int]] = SIZES,
    ) -> None:
        case, self.alone = alone.case, alone
        self.standing = Standing.of(Roster.empty(case))
        self.random = np.random.default_rng(seed)
        self.open = case.pins == OPEN
        overtime = case.rule("hours.overtime")
        self.by_rows = not (isinstance(overtime, HoursOvertime) and overtime.allowed)
        people, days = len(case.agents), case.days
        self.wide = min(sizes[0][0], people)
        fit = [(min(n, people), min(d, days)) for n, d in sizes]
        self.kinds = [Neighbourhood(n, d) for n, d in dict.fromkeys(fit)]
        self.seen: dict[int, NDArray[np.int64]] = {}  # visits of days, by window length

    def hear(self, news: News) -> bool:
        """Lay what was kept over the roster that stands; return whether to go on."""
        self.standing = self.standing.under(news or ())
        return news is not None

    def run(self, budget: Budget, until: float) -> Generator[Found, News, bool]:
        """Tell what is found, and go on from what was kept; return whether to go on.

        Ends when it is told to, when the budget is over, or at some of its ticks.
        """
        while not budget.over and budget.ticks < until:
            kind, before = self._choose(), self.standing.weight
            cells = self._cells(kind)
            began = budget.ticks
            seed = int(self.random.integers(1 << 30))
            found = self._again(self.standing, cells, budget, seed)
            spent = budget.ticks - began
            patch = None if found is None else Patch.of(found, cells)
            if patch is not None and patch.same(Patch.of(self.standing.roster, cells)):
                patch = None
            if not self.hear((yield Found("improve", patch))):
                return False
            gain = 0 if patch is None else before - self.standing.weight
            kind.learn(min(gain, BROKEN // 10), spent)
        return True

    def _again(
        self, standing: Standing, cells: NDArray[np.bool_], budget: Budget, seed: int
    ) -> Roster | None:
        """Solve some cells again around all others; None where nothing was found."""
        agents, days = np.flatnonzero(cells.any(1)), np.flatnonzero(cells.any(0))
        if not agents.size:
            return None
        if agents.size == 1:
            span = range(int(days[0]), int(days[-1]) + 1)
            budget.spend(LEAST)
            return self.alone.again(standing.roster, int(agents[0]), span)
        broken = frozenset(v.rule for v in standing.audit.hard)
        rules, rows, scale = standing.roster.case.rules, None, 1
        if days[-1] - days[0] < SHORT and self.by_rows:
            rules = tuple(rule for rule in rules if rule.joint)
            rows, scale = self._rows(standing.roster, agents, days), SCALE
        else:
            cells = cells & self.open
        model = RosterModel(
            standing.roster, rules, cells, guarded=broken, rows=rows, scale=scale
        )
        model.hint()
        fill_hint(model.cp, budget)
        cut = budget.effort is not None and budget.effort - budget.spent < EFFORT
        outcome = run(
            model.cp,
            budget,
            seconds=SECONDS,
            effort=EFFORT,
            seed=seed,
            workers=1,
            parameters=QUICK,
        )
        kept = outcome.found and (outcome.proved or not cut)
        return model.read(outcome.value) if kept else None

    def _rows(
        self, roster: Roster, agents: NDArray[np.intp], days: NDArray[np.intp]
    ) -> dict[int, Rows]:
        """Return each person's ways to work some days, but for those that cost much."""
        span = range(int(days[0]), int(days[-1]) + 1)
        fair = [even.of(roster.table) for even in evens(roster.case)]
        found = {}
        for agent in map(int, agents):
            row = roster.table[agent]
            ways, costs = self.alone.paths.within(agent, row, span)
            now = row[span.start : span.stop]
            if not len(ways):  # the row breaks a rule elsewhere; let it stand
                ways, costs = now[None, :], np.zeros(1)
            stands = (ways == now).all(axis=1)
            beyond = costs - costs[stands].max(initial=costs.min())
            beyond[stands if stands.any() else costs.argmin()] = -np.inf
            found[agent] = ways, costs, beyond
        dear = _dear(np.concatenate([beyond for _, _, beyond in found.values()]))
        rows = {}
        for agent, (ways, costs, beyond) in found.items():
            ways, costs = ways[beyond <= dear], SCALE * costs[beyond <= dear]
            for even in fair:  # among equals, who has had more should get less
                price = np.hstack(
                    [even.price(agent), np.zeros((self.open.shape[1], 1))]
                )
                costs += SCALE * STEER * price[span, ways].sum(axis=1)
            rows[agent] = (span, ways, np.round(costs - costs.min()))
        return rows

    def _choose(self) -> Neighbourhood:
        days = self.open.shape[1]
        for kind in self.kinds:  # each day once by the widest, or luck would decide
            if kind.people >= self.wide and kind.tried <= days - kind.days:
                return kind
        if self.random.random() < 0.2:
            return self.kinds[int(self.random.integers(len(self.kinds)))]
        return max(self.kinds, key=lambda kind: kind.pays)

    # -- where ----------------------------------------------------------------------
    def _cells(self, kind: Neighbourhood) -> NDArray[np.bool_]:
        by_agent, by_day = self.standing.blame()
        people = len(self.open)
        cells = np.zeros(self.open.shape, bool)
        window = np.convolve(by_day, np.ones(kind.days), "valid")
        who = np.arange(people)
        if kind.people < people:
            who = draw(self.random, by_agent, kind.people)
        if kind.people < self.wide:
            first = int(draw(self.random, window, 1)[0])
        else:  # in turn
            seen = self.seen.setdefault(kind.days, np.zeros(len(window), np.int64))
            fresh = np.flatnonzero(seen == seen.min())
            first = int(fresh[draw(self.random, window[fresh], 1)[0]])
            seen[first] += 1
        cells[who, first : first + kind.days] = True
        return cells


def _dear(beyond: NDArray[np.float64]) -> float:
    """Return the cost up to which ways are taken: few of them, and cheap ones."""
    if len(beyond) <= WAYS:
        return DEAR
    return min(DEAR, float(np.partition(beyond, WAYS)[WAYS]))


def draw(
    random: np.random.Generator, blame: NDArray[np.float64], count: int
) -> NDArray[np.intp]:
    """Draw some of those to blame without return, half by blame and half evenly."""
    even = np.full(len(blame), 1 / len(blame))
    total = blame.sum()
    chance = even if not total else (even + blame / total) / 2
    return random.choice(len(blame), count, replace=False, p=chance)
