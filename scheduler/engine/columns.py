"""Columns: a week put together from patterns of the kinds of people who work it.

A pattern is one person's whole week. A master linear programme chooses how many people
of each kind follow each pattern, and how each shift is broken, against the coverage;
its dual prices tell what each start is worth, and the same CP-SAT model that serves
search, made from the same rules for one person, finds the pattern that is best at those
prices. When no pattern can gain any more, or the bound of Lagrange says that little is
left, the master is solved in whole people.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

from constraints.case import OFF, Case
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.hours import HoursAverage, HoursUnder
from constraints.roster import Roster
from constraints.rule import Rule, audit
from forecasts.requirement import Requirement
from scheduler.engine.model import RosterModel
from scheduler.engine.solver import QUICK, Budget, run
from scheduler.engine.starts import start_of

SCALE = 100  # dual prices are whole hundredths of a cost
PULL = 0.5  # how far prices stay with those of the best bound so far
CLOSE = 0.01  # a week is priced out when value and bound are this near
ROUNDS = 60
KEPT = 3  # patterns kept of one pricing
SPREAD = 12  # rounds that find the first patterns
FEW = 50  # patterns with which no such rounds are needed
STRIDE = 8  # one person in so many is fixed at a step of the dive
STEEP = 4  # how much more a head counts where an interval lacks all of its heads
TINY = 1e-6  # what the linear programme calls whole
MUST = 100.0  # what a head below the floor weighs
MISSING = 1000.0  # cost of a person without a pattern, in the master
PRICING = {"linearization_level": 1, "relative_gap_limit": 0.01}
Pattern = tuple[int, ...]
_Priced = tuple[int, list[tuple[Pattern, int]]]  # bound, patterns and their costs


@dataclass(frozen=True)
class Week:
    """A few days of the horizon as a case of their own.

    Attributes
    ----------
    first
        Day of the horizon on which it starts.
    case
        The days' case: no history but the days of the same calendar week, no wishes.
    kinds
        Kind of each person, people alike in all that the rules look at; ``(agents,)``.
    intervals
        Intervals of the horizon to cover: the week's own, and those of the morning
        after that nobody else can cover.
    """

    first: int
    case: Case
    kinds: NDArray[np.int64]
    intervals: range

    @property
    def days(self) -> range:
        """Days of the horizon."""
        return range(self.first, self.first + self.case.days)


def weeks(case: Case) -> Iterator[Week]:
    """Yield the calendar weeks of a horizon, cut at its ends, in order."""
    first = 0
    while first < case.days:
        last = first
        while last + 1 < case.days and case.clock.week(last + 1) == case.clock.week(
            first
        ):
            last += 1
        yield _week(case, first, last - first + 1)
        first = last + 1


def _week(case: Case, first: int, days: int) -> Week:
    clock = replace(case.clock, first_day=case.clock.date(first), days=days)
    size = case.clock.interval_minutes
    began = int(case.clock.midnights[first]) // size
    rows = slice(began, began + clock.intervals)
    ends = rows.stop
    if first + days < case.days:
        ends = -(-int(case.start[case.past + first + days].min()) // size)
    same = next(
        n for n in range(8) if case.clock.week(first - n - 1) != case.clock.week(first)
    )
    known = min(same, case.past) if first == 0 else 0
    part = replace(
        case,
        clock=clock,
        requirement=Requirement(
            clock=clock,
            queues=case.requirement.queues,
            heads=case.requirement.heads[:, rows],
            is_open=case.counted[rows],
        ),
        rules=tuple(_weekly(rule) for rule in case.rules if rule.id != "requests"),
        requests=(),
        history=case.history[:, case.past - known :],
        known=case.known if known else np.zeros(len(case.agents), bool),
        past_leave=case.past_leave[:, case.past - known :],
        pins=case.pins[:, first : first + days],
        has_yesterday=True,
        forecast=None,
    )
    return Week(first, part, _kinds(part), range(began, max(rows.stop, ends)))


def _weekly(rule: Rule) -> Rule:
    """Return the rule as it guides a week: hours are kept week by week."""
    if isinstance(rule, HoursAverage | HoursUnder) and rule.cycle != "week":
        return replace(rule, cycle="week")
    return rule


def _kinds(case: Case) -> NDArray[np.int64]:
    """Number people so that those alike in all that a week's rules look at agree."""
    seen: dict[tuple[object, ...], int] = {}
    own = {limit.agent for limit in case.limits}
    kinds = []
    for number, agent in enumerate(case.agents):
        key = (
            agent.week_minutes,
            case.free_to_work[number].tobytes(),
            case.on_leave[number].tobytes(),
            case.employed[number].tobytes(),
            case.history[number].tobytes(),
            bool(case.known[number]),
            number if number in own else -1,
        )
        kinds.append(seen.setdefault(key, len(seen)))
    return np.array(kinds, np.int64)


def fill(
    case: Case,
    week: Week,
    stands: NDArray[np.int64],
    known: set[Pattern],
    budget: Budget,
    *,
    share: float,
    seed: int,
    workers: int,
) -> list[dict[Pattern, int]]:
    """Return how many people of each kind follow each pattern of a week.

    Parameters
    ----------
    case, week
        The case, and the week of it.
    stands
        Heads on the phone before anybody works the week; shape ``(intervals,)``.
    known
        Patterns to start from; those found are added.
    budget, share
        The budget, and the share of it to spend.
    seed, workers
        Seed and threads of the pricing.
    """
    kinds = int(week.kinds.max(initial=-1)) + 1
    pricers = [_Pricer(week, kind, seed) for kind in range(kinds)]
    search = _Search(case, week, stands, pricers, budget, workers)
    for kind, pricer in enumerate(pricers):
        for pattern, cost in pricer.legal(known).items():
            search.add(kind, pattern, cost)
    with search.pool:  # its threads end with the week
        search.spread(len(known) < FEW)
        search.price_out(budget.ticks + share * budget.whole / 2)
        chosen = search.dive(budget.ticks + share * budget.whole / 2)
    known.update(search.useful)
    return chosen


class _Search:
    """Patterns found so far for a week, and the master that chooses among them."""

    def __init__(
        self,
        case: Case,
        week: Week,
        stands: NDArray[np.int64],
        pricers: list["_Pricer"],
        budget: Budget,
        workers: int,
    ) -> None:
        self.case, self.week, self.stands = case, week, stands
        self.pricers, self.budget = pricers, budget
        self.pool = ThreadPoolExecutor(max_workers=max(1, workers))
        self.master = Master(case, week, stands)
        self.cover = _CoverSide(case, week, stands)
        self.columns: dict[tuple[int, Pattern], Any] = {}
        self.useful: set[Pattern] = set()

    def add(self, kind: int, pattern: Pattern, cost: int) -> bool:
        """Add a pattern to the master; return whether it is new."""
        if (kind, pattern) in self.columns:
            return False
        self.columns[kind, pattern] = self.master.add(kind, pattern, cost)
        return True

    def _price(self, prices: NDArray[np.float64]) -> tuple[float, int]:
        """Add the best pattern of each kind at some prices; return bound and news."""
        costs = np.floor(prices * SCALE).astype(np.int64)
        work = [(pricer, costs, self.budget) for pricer in self.pricers]
        priced = list(self.pool.map(_price, work))
        lows = np.array([low for low, _ in priced], float)
        news = sum(
            self.add(kind, pattern, cost)
            for kind, (_, found) in enumerate(priced)
            for pattern, cost in found
        )
        self.priced = [found[-1][0] if found else () for _, found in priced]
        bound = float(lows @ self.master.people) / SCALE
        return bound + self.cover.bound(costs / SCALE), news

    def spread(self, cold: bool) -> None:
        """Find first patterns by filling the need in proportion, a share at a time."""
        case, rounds = self.case, SPREAD if cold else 0
        phone = self.stands.astype(float)
        ways = {
            (day, shift): phone_intervals(case, day, shift)
            for day in self.week.days
            for shift in range(len(case.shifts))
        }
        for _ in range(rounds):
            value = lack_price(case, phone)
            best = {
                at: min(found, key=lambda on_phone: value[on_phone].sum())
                for at, found in ways.items()
            }
            prices = np.array(
                [
                    [value[best[day, shift]].sum() for shift in range(len(case.shifts))]
                    for day in self.week.days
                ]
            )
            self._price(prices)
            for kind, pattern in enumerate(self.priced):
                for day, shift in enumerate(pattern, self.week.first):
                    if shift != OFF:
                        phone[best[day, shift]] += self.master.people[kind] / rounds

    def price_out(self, until: float) -> None:
        """Add patterns until hardly anything is left to gain."""
        centre: NDArray[np.float64] | None = None
        best = -np.inf
        for _ in range(ROUNDS):
            if self.budget.over or self.budget.ticks > until:
                return
            value, prices = self.master.solve()
            aim = prices if centre is None else PULL * centre + (1 - PULL) * prices
            bound, news = self._price(aim)
            if bound > best:
                best, centre = bound, aim
            if value - best <= max(1.0, CLOSE * value):
                return
            if not news:
                if centre is None or np.allclose(aim, prices, atol=0.05):
                    return
                centre = (centre + prices) / 2

    def dive(self, until: float) -> list[dict[Pattern, int]]:
        """Fix people to patterns, a few at a time, pricing in between."""
        fixed: dict[tuple[int, Pattern], int] = {}
        while True:
            self.master.solve()
            left, shares = self._fix_whole(fixed)
            if not left.sum() or not shares:
                break
            for _, at in shares[: max(1, int(left.sum()) // STRIDE)]:
                if left[at[0]]:
                    fixed[at] = fixed.get(at, 0) + 1
                    self.columns[at].SetLb(fixed[at])
                    left[at[0]] -= 1
            if self.budget.ticks < until and not self.budget.over:
                self._price(self.master.solve()[1])
        chosen: list[dict[Pattern, int]] = [{} for _ in self.master.people]
        for (kind, pattern), count in fixed.items():
            chosen[kind][pattern] = count
            self.useful.add(pattern)
        return chosen

    def _fix_whole(
        self, fixed: dict[tuple[int, Pattern], int]
    ) -> tuple[NDArray[np.int64], list[tuple[float, tuple[int, Pattern]]]]:
        """Fix whole people; return who is left by kind, and fractions from the top."""
        found = {at: one.solution_value() for at, one in self.columns.items()}
        left = self.master.people.copy()
        shares = []
        for at, share in found.items():
            whole = int(share + TINY)
            if whole > fixed.get(at, 0):
                fixed[at] = whole
                self.columns[at].SetLb(whole)
            left[at[0]] -= fixed.get(at, 0)
            if share - whole > TINY:
                shares.append((share - whole, at))
        if not self.useful:
            self.useful.update(at[1] for at, share in found.items() if share > 0.01)
        return left, sorted(shares, key=lambda item: (-item[0], item[1]))


def lack_price(case: Case, phone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cost of one more head in each interval; below zero is gain.

    Short intervals count in proportion to what they lack, so that the first people
    do not crowd where the last ones are needed.
    """
    need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
    value = np.zeros(case.clock.intervals)
    if isinstance(need, CoverageNeed):
        heads = np.maximum(1, case.requirement.heads[0])
        lack = (case.requirement.heads[0] - phone) / heads
        short = -need.short * STEEP * lack
        over = need.over * STEEP * (1 / heads - lack)
        value = np.where(lack > 0, short, over)
    if isinstance(floor, CoverageFloor):
        value = value - MUST * (phone < floor.floor(case))
    value[~case.counted] = 0
    return value


def _price(
    work: tuple["_Pricer", NDArray[np.int64], Budget],
) -> _Priced:
    pricer, costs, budget = work
    return pricer.price(costs, budget)


class Master:
    """The master programme of a week: people by kind and pattern against coverage."""

    def __init__(self, case: Case, week: Week, stands: NDArray[np.int64]) -> None:
        self.lp = pywraplp.Solver.CreateSolver("GLOP")
        self.most = len(case.agents)
        self.people = np.bincount(week.kinds)
        self.links = [
            [self.lp.Constraint(0, 0) for _ in case.shifts] for _ in week.days
        ]
        sides = cover_rows(self.lp, case, week, stands)
        for day, links in zip(week.days, self.links, strict=True):
            for shift, link in enumerate(links):
                for on_phone in phone_intervals(case, day, shift):
                    count = self.lp.NumVar(0, self.most, "")
                    link.SetCoefficient(count, 1)
                    add_heads(sides, on_phone, count)
        self.seats = []
        for people in self.people:
            seat = self.lp.Constraint(int(people), int(people))
            nobody = self.lp.NumVar(0, int(people), "")
            seat.SetCoefficient(nobody, 1)
            self.lp.Objective().SetCoefficient(nobody, MISSING)
            self.seats.append(seat)

    def add(self, kind: int, pattern: Pattern, cost: int) -> Any:
        """Add a pattern of a kind, and return its count."""
        column = self.lp.NumVar(0, int(self.people[kind]), "")
        self.lp.Objective().SetCoefficient(column, cost)
        self.seats[kind].SetCoefficient(column, 1)
        for links, shift in zip(self.links, pattern, strict=True):
            if shift != OFF:
                links[shift].SetCoefficient(column, -1)
        return column

    def solve(self) -> tuple[float, NDArray[np.float64]]:
        """Return the value, and the price of each start; shape ``(days, shifts)``."""
        self.lp.Solve()
        prices = np.array([[row.dual_value() for row in rows] for rows in self.links])
        return self.lp.Objective().Value(), prices


class _CoverSide:
    """The coverage side of the master: heads bought at given prices of starts."""

    def __init__(self, case: Case, week: Week, stands: NDArray[np.int64]) -> None:
        self.lp = pywraplp.Solver.CreateSolver("GLOP")
        sides = cover_rows(self.lp, case, week, stands)
        self.counts: list[tuple[int, int, Any]] = []
        for day in week.days:
            for shift in range(len(case.shifts)):
                most = int(case.free_to_work[:, day, shift].sum())
                starts = self.lp.Constraint(0, most)
                for on_phone in phone_intervals(case, day, shift):
                    count = self.lp.NumVar(0, most, "")
                    starts.SetCoefficient(count, 1)
                    self.counts.append((day - week.first, shift, count))
                    add_heads(sides, on_phone, count)

    def bound(self, prices: NDArray[np.float64]) -> float:
        """Return the least of coverage cost less what the starts are sold for."""
        for day, shift, count in self.counts:
            self.lp.Objective().SetCoefficient(count, -float(prices[day, shift]))
        if self.lp.Solve() != pywraplp.Solver.OPTIMAL:
            return -np.inf
        return float(self.lp.Objective().Value())


def cover_rows(
    lp: Any, case: Case, week: Week, stands: NDArray[np.int64]
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Add a row per interval for the requirement, and one for the floor."""
    need, least = case.rule("coverage.need"), case.rule("coverage.floor")
    inf = lp.infinity()
    rows: dict[int, Any] = {}
    floors: dict[int, Any] = {}
    for interval in week.intervals:
        if not case.counted[interval]:
            continue
        if isinstance(need, CoverageNeed):
            lack = int(case.requirement.heads[0, interval] - stands[interval])
            rows[interval] = lp.Constraint(lack, lack)
            scale = need.penalty or 1
            for price, side in ((need.short, 1), (need.over, -1)):
                beyond = lp.NumVar(0, inf, "")
                rows[interval].SetCoefficient(beyond, side)
                lp.Objective().SetCoefficient(beyond, price * scale)
        if isinstance(least, CoverageFloor) and least.penalty is None:
            lack = least.floor(case) - int(stands[interval])
            if lack > 0:
                floors[interval] = lp.Constraint(lack, inf)
                below = lp.NumVar(0, inf, "")
                floors[interval].SetCoefficient(below, 1)
                lp.Objective().SetCoefficient(below, MISSING)
    return rows, floors


def add_heads(
    sides: Sequence[dict[int, Any]], on_phone: Sequence[int], count: Any
) -> None:
    """Add a count of people to the rows of the intervals they are on the phone."""
    for interval in on_phone:
        for rows in sides:
            if interval in rows:
                rows[interval].SetCoefficient(count, 1)


def phone_intervals(case: Case, day: int, shift: int) -> list[list[int]]:
    """Return the counted intervals on the phone, for each way to break a shift."""
    return [
        [interval for interval in there if case.counted[interval]]
        for there in start_of(case, day, shift).on_phone()
    ]


class _Pricer:
    """The model of one person of a kind in a week, solved again at other prices."""

    def __init__(self, week: Week, kind: int, seed: int) -> None:
        self.seed, self.case = seed, week.case
        self.agent = int(np.flatnonzero(week.kinds == kind)[0])
        rules = [rule for rule in self.case.rules if not rule.joint]
        cells = np.zeros((len(self.case.agents), self.case.days), bool)
        cells[self.agent] = True
        around = Roster.empty(replace(self.case, pins=np.zeros((0, 0), np.int16)))
        self.model = RosterModel(around, rules, cells)

    def legal(self, known: set[Pattern]) -> dict[Pattern, int]:
        """Return the known patterns that are legal for this kind, with their costs."""
        days = self.case.days
        rows = sorted({(OFF,) * days} | {p for p in known if len(p) == days})
        people = np.full(len(rows), self.agent)
        costs = judge(self.case, people, np.array(rows, np.int16))
        return {
            pattern: int(cost)
            for pattern, (hard, cost) in zip(rows, costs, strict=True)
            if not hard
        }

    def price(self, costs: NDArray[np.int64], budget: Budget) -> _Priced:
        """Return a lower bound and the patterns found at prices of starts."""
        self.model.minimise(costs, SCALE)
        seen = _Seen(self)
        outcome = run(
            self.model.cp,
            budget,
            seconds=5,
            effort=2.0,
            seed=self.seed,
            workers=1,
            on_found=seen,
            parameters=QUICK | PRICING,
        )
        low = -(10**9) if outcome.bound is None else outcome.bound
        return low, seen.found[-KEPT:]

    def read(self, value: Callable[[Any], int]) -> tuple[Pattern, int]:
        """Return the pattern of a solution, and its cost by the rules."""
        model = self.model
        pattern = tuple(
            next(
                (s for s, one in model.cells[self.agent, day].items() if value(one)),
                OFF,
            )
            for day in range(self.case.days)
        )
        cost = sum(
            charge.price
            * (
                charge.amount
                if isinstance(charge.amount, int)
                else value(charge.amount)
            )
            for charge in model.ledger
        )
        return pattern, cost


class _Seen(cp_model.CpSolverSolutionCallback):
    """Keeps the patterns a pricing passes on its way to the best."""

    def __init__(self, pricer: _Pricer) -> None:
        super().__init__()
        self.pricer = pricer
        self.found: list[tuple[Pattern, int]] = []

    def on_solution_callback(self) -> None:
        """Keep the pattern of a solution."""
        self.found.append(self.pricer.read(self.value))


def judge(
    case: Case, people: NDArray[np.int64], rows: NDArray[np.int16]
) -> NDArray[np.int64]:
    """Return what the rules about one person find in rows of shifts.

    Parameters
    ----------
    case
        The case of the days judged.
    people
        Whose each row would be; shape ``(rows,)``.
    rows
        Shift indices or ``OFF``; shape ``(rows, days)``.

    Returns
    -------
    numpy.ndarray
        Hard amounts and soft cost of each row; shape ``(rows, 2)``.
    """
    place: dict[int, list[int]] = {}
    for row, agent in enumerate(people):
        place.setdefault(int(agent), []).append(row)
    crowd = replace(
        case,
        agents=tuple(case.agents[a] for a in people),
        history=case.history[people],
        known=case.known[people],
        past_leave=case.past_leave[people],
        pins=case.pins[people],
        leave=tuple(
            replace(leave, agent=row)
            for leave in case.leave
            for row in place.get(leave.agent, [])
        ),
        requests=tuple(
            replace(wish, agent=row)
            for wish in case.requests
            for row in place.get(wish.agent, [])
        ),
        limits=tuple(
            replace(limit, agent=row)
            for limit in case.limits
            for row in place.get(limit.agent, [])
        ),
    )
    rules = [rule for rule in case.rules if not rule.joint]
    found = np.zeros((len(rows), 2), np.int64)
    for violation in audit(Roster(crowd, rows), rules).violations:
        if violation.where.agent is not None:
            hard = violation.severity == "hard"
            amount = violation.amount if hard else violation.cost
            found[violation.where.agent, int(not hard)] += amount
    return found
