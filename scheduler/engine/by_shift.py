"""By shift: rosters where shifts ask for people, from shares of rows.

Rows are settled, which bounds every roster; a dive makes a roster of them. Then it is
bettered around what stands: by further dives on some days or with some people, and by
choosing among the rows that are known.
"""

from collections.abc import Generator, Sequence
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.coverage import CoverageShift
from constraints.roster import Duties, Roster
from scheduler.engine.alone import Alone
from scheduler.engine.dive import Dive
from scheduler.engine.improve import Improver, Neighbourhood, Standing, draw
from scheduler.engine.master import Row
from scheduler.engine.patch import Dialogue, Found, News, Patch
from scheduler.engine.paths import BROKEN, Paths
from scheduler.engine.settle import Settler
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

ALL = 1000  # people, or days
PACES = (0.1, 0.2, 0.05)  # of dives; the first one takes the first of them
CAREFUL = 0.25  # share of the time in which the first dive may be careful
AGAIN = 0.05  # the same of all others
DIVES = ((6, ALL), (10, ALL), (15, ALL), (25, ALL), (ALL, 7), (ALL, 14), (ALL, 21))
CHOICES = (6, 15, 40, ALL)  # people who choose among rows known at a time
CHOSEN = 3000  # rows of all people to choose from at a time, about
ROWS = 150  # rows a person that are kept, about
LUCK = 0.3  # share of tries of whatever kind
WINDOWS = ((60, 3), (60, 7), (30, 7), (30, 10), (15, 14), (6, 28), (1, 28))
TURN = 4.0  # effort between two turns of windows, where one process does all


def asked_by_shift(case: Case) -> bool:
    """Whether shifts ask for people, and intervals for none."""
    return (
        case.rule("coverage.shift") is not None and case.rule("coverage.need") is None
    )


def first_by_shift(case: Case, budget: Budget, seed: int) -> Roster:
    """Return a roster at once: people take rows one after the other."""
    paths, need = Paths(case), case.rule("coverage.shift")
    assert isinstance(need, CoverageShift)
    short, over = need.prices
    table = np.full((len(case.agents), case.days), OFF, np.int16)
    heads = np.zeros(case.cover.shape, np.int64)
    for agent in np.random.default_rng(seed).permutation(len(table)).tolist():
        prices = np.where(heads < case.cover, -float(short), float(over))
        prices[case.cover < 0] = 0
        if budget.over:
            break
        found = paths.cheapest(agent, prices)
        if found is not None:
            table[agent] = found[0]
            days = np.flatnonzero(table[agent] != OFF)
            heads[days, table[agent, days]] += 1
    return Roster(case, table, Duties.of(()))


def search_by_shift(case: Case, budget: Budget, seed: int) -> Dialogue:
    """Bound all rosters, dive for a good one, and better it.

    The first thing said is a greeting, answered by the whole roster that stands.
    """
    search = ByShift(case, budget, seed)
    wanted = yield from search.begin()
    improver = Improver(Alone(case, search.settler.paths, Starts(case)), seed, WINDOWS)
    alone = budget.effort is not None  # else another process does windows
    while wanted and not budget.over:
        until = budget.whole
        if search.settler.centre is not None:
            began = budget.ticks
            wanted = yield from search.run(began + TURN if alone else until)
            until = 2 * budget.ticks - began
        if wanted and not budget.over:
            improver.standing = search.standing
            wanted = yield from improver.run(budget, until)
            search.standing = improver.standing


def search_by_shift_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Search in a process of its own, until a moment of the monotonic clock."""
    return search_by_shift(case, Budget(until - monotonic()), seed)


def windows_apart(case: Case, until: float, seed: int) -> Dialogue:
    """Better windows of a roster in a process of its own, until a moment."""
    budget = Budget(until - monotonic())
    improver = Improver(Alone(case, Paths(case), Starts(case)), seed, WINDOWS)
    if improver.hear((yield Found("start"))):
        yield from improver.run(budget, budget.whole)


class ByShift:
    """Dives, and choices among rows known, where they have paid.

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
    settler
        The rows known so far.
    standing
        The best roster, as far as is known.
    """

    def __init__(self, case: Case, budget: Budget, seed: int) -> None:
        self.case, self.budget = case, budget
        self.random = np.random.default_rng(seed)
        self.settler = Settler(case, budget, self.random)
        self.standing = Standing.of(Roster.empty(case))
        people, days = len(case.agents), case.days
        self.choices = [
            Neighbourhood(n, days) for n in sorted({min(n, people) for n in CHOICES})
        ]
        fit = [(min(n, people), min(d, days)) for n, d in DIVES]
        self.dives = [Neighbourhood(n, d) for n, d in dict.fromkeys(fit)]

    def hear(self, news: News) -> bool:
        """Lay what was kept over the roster that stands; return whether to go on."""
        self.standing = self.standing.under(news or ())
        return news is not None

    def begin(self) -> Generator[Found, News, bool]:
        """Settle rows, telling bounds, and dive once; return whether to go on."""
        wanted = self.hear((yield Found("start")))
        if not wanted or not self.settler.first_rows():
            return wanted
        for bound in self.settler.bounds():
            if not self.hear((yield Found("prices", bound=bound))):
                return False
        everything = np.ones(self.standing.roster.table.shape, bool)
        return self.hear(
            (yield Found("dive", self.dive(everything, PACES[0], CAREFUL)))
        )

    def run(self, until: float) -> Generator[Found, News, bool]:
        """Better what stands until some tick; return whether to go on."""
        while not self.budget.over and self.budget.ticks < until:
            kinds = [*self.choices, *self.dives]
            kind = max(kinds, key=lambda kind: kind.pays)
            if self.random.random() < LUCK:
                kind = kinds[int(self.random.integers(len(kinds)))]
            began, before = self.budget.ticks, self.standing.weight
            by_agent, by_day = self.standing.blame()
            people = np.sort(draw(self.random, by_agent, kind.people))
            if any(kind is each for each in self.choices):
                found = Found("rows", self.choose(people))
            else:
                window = np.convolve(by_day, np.ones(kind.days), "valid")
                first = int(draw(self.random, window, 1)[0])
                cells = np.zeros(self.standing.roster.table.shape, bool)
                cells[people, first : first + kind.days] = True
                pace = float(self.random.choice(PACES))
                found = Found("dive", self.dive(cells, pace, AGAIN))
            gain = 0  # its own, whatever others have found meanwhile
            if found.patch is not None:
                there = self.standing.under([found.patch])
                gain = max(0, before - there.weight)
            kind.learn(min(gain, BROKEN / 10), self.budget.ticks - began)
            if not self.hear((yield found)):
                return False
        return True

    def dive(
        self, cells: NDArray[np.bool_], pace: float, careful: float
    ) -> Patch | None:
        """Dive for some cells, around what stands elsewhere."""
        timed = self.budget.effort is None
        until = careful * self.budget.whole if timed else np.inf
        master, standing = self.settler.master, self.standing
        many = sum(map(len, master.rows)) > ROWS * len(master.rows)
        if many and self.settler.centre is not None:
            master.forget(self.settler.centre.prices, ROWS // 2)
        self._know()
        allowed = np.ones(master.allowed.shape, bool)
        agent, day = np.nonzero(~cells)
        allowed[agent, day] = False
        allowed[agent, day, standing.roster.table[agent, day]] = True
        stands = np.inf if standing.audit.hard else standing.audit.cost
        table = Dive(self.settler, allowed, pace, stands, until).run()
        if table is None:
            return None
        return Patch.of(Roster(self.case, table, Duties.of(())), cells)

    def choose(self, people: NDArray[np.intp]) -> Patch | None:
        """Choose the best of the rows known of some people, around all others."""
        self._know()
        known = [agent for agent in people.tolist() if self._stands(agent)]
        rows = {agent: self._known(agent, len(known)) for agent in known}
        seed = int(self.random.integers(1 << 30))
        table = self.settler.master.choose(
            rows, self.standing.roster.table, self.budget, seed
        )
        if table is None:
            return None
        cells = np.zeros(table.shape, bool)
        cells[known] = True
        return Patch.of(Roster(self.case, table, Duties.of(())), cells)

    def _stands(self, agent: int) -> bool:
        """Whether the row that stands is known."""
        row = self.standing.roster.table[agent]
        return row.tobytes() in self.settler.master.rows[agent]

    def _know(self) -> None:
        """Know the rows that stand, too, if they are legal."""
        for agent, row in enumerate(self.standing.roster.table):
            if not self._stands(agent):
                _, costs = self.settler.paths.within(agent, row, range(0))
                for cost in costs.tolist():
                    self.settler.master.add(agent, row, cost)

    def _known(self, agent: int, people: int) -> Sequence[Row]:
        """Return the rows of a person that may be worth while, few where many choose.

        These cost least at the best prices.
        """
        known = self.settler.master.rows[agent].values()
        rows = [row for row in known if row.legal]
        centre = self.settler.centre
        if centre is None:
            return rows
        rows.sort(key=lambda row: row.beyond(centre.prices))
        return rows[: max(10, CHOSEN // people)]
