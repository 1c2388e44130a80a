"""Finds rosters of multi-activity shifts: some people's weeks anew, and anew.

A roster is a table of activities by person and interval. Everybody's row keeps all
rules from the first moment; missing heads are paid for dearly until none is missing. A
step takes a few people out and gives each the cheapest week, beside all others as they
stand (`benchmarks.matsp_week`). Worse tables are kept at times, ever more rarely
(S. Kirkpatrick, C. Gelatt and M. Vecchi, *Optimization by simulated annealing*, 1983).
"""

import math
import random
from typing import NamedTuple

import numpy as np

from benchmarks.matsp_evaluator import BEGIN, DAY, GRID, Block, Instance, Shift
from benchmarks.matsp_week import Place, Weeks, split
from scheduler.engine.solver import Budget

MISSING = 20
"""Price of a missing head; a head too many costs 1, the next 3, then 5."""

SCALE, NOISE = 8, (1, 3, 7)
"""One unit of price in a search for a week, and the most that chance adds to it."""

TAKEN_OUT = (1, 1, 2, 3)
"""How many people a step takes out; one of these by chance."""

WARMTH = 1.0
"""What a table may be worse by, roughly, when the search begins."""

EFFORT = 0.005
"""Effort charged for a week: seconds of a calm core, in round figures."""


class Price(NamedTuple):
    """Heads missing, and the cost of those too many."""

    missing: int
    cost: int

    @property
    def sum(self) -> int:
        """Both in one number."""
        return MISSING * self.missing + self.cost


class Case:
    """An instance in numbers.

    Attributes
    ----------
    least, most
        Heads wanted; shape ``(intervals, activities)``.
    least_work, most_work
        Intervals that each person works in all; shape ``(people,)``.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        shape = (instance.days * DAY // GRID, instance.activities)
        self.least, self.most = np.zeros(shape, int), np.zeros(shape, int)
        for (minute, activity), limits in instance.cover.items():
            place = (minute - BEGIN) // GRID, activity - 1
            self.least[place], self.most[place] = limits
        limits = np.array(list(instance.staff.values())).reshape(-1, 2)
        self.least_work = -(-limits[:, 0] // GRID)
        self.most_work = limits[:, 1] // GRID

    def bound(self) -> int:
        """Return what no legal roster costs less than.

        What people work at least beyond what is wanted at most lies somewhere, and
        costs least where it is spread evenly.
        """
        beyond = max(0, int(self.least_work.sum() - self.most.sum()))
        each, more = divmod(beyond, self.most.size)
        return (self.most.size - more) * each**2 + more * (each + 1) ** 2

    def price(self, heads: np.ndarray) -> Price:
        """Return what heads cost; shape ``(intervals, activities)``."""
        missing = np.maximum(0, self.least - heads).sum()
        return Price(int(missing), int((np.maximum(0, heads - self.most) ** 2).sum()))

    def prices(self, heads: np.ndarray) -> np.ndarray:
        """Return what one more head costs in each cell."""
        over = np.maximum(0, heads - self.most + 1)
        return np.where(heads < self.least, -MISSING, np.maximum(0, 2 * over - 1))

    def roster(self, table: np.ndarray) -> list[Shift]:
        """Return a table as shifts."""
        shifts = []
        for name, row in zip(self.instance.staff, table, strict=True):
            edges = np.flatnonzero(np.diff(row > 0, prepend=False, append=False))
            for start, end in edges.reshape(-1, 2).tolist():
                blocks = np.split(row, [start, end])[1]
                shifts.append(Shift(name, BEGIN + GRID * start, _blocks(blocks)))
        return shifts


def _blocks(activities: np.ndarray) -> tuple[Block, ...]:
    """Return the blocks of one shift, from its activity in each interval."""
    cuts = np.flatnonzero(np.diff(activities)) + 1
    parts = np.split(activities, cuts)
    return tuple(Block(int(part[0]), GRID * len(part)) for part in parts)


class Draft:
    """A table in the making, and the heads it gives.

    Attributes
    ----------
    table
        Activity of each person, counted from 1, or 0; shape ``(people, intervals)``.
    heads
        Shape ``(intervals, activities)``.
    """

    def __init__(self, case: Case) -> None:
        self.table = np.zeros((len(case.least_work), len(case.least)), np.int8)
        self.heads = np.zeros_like(case.least)

    def take_out(self, person: int) -> None:
        """Leave a person without work."""
        self._count(person, -1)
        self.table[person] = 0

    def put_in(self, person: int, week: list[Place], prices: np.ndarray) -> None:
        """Give a person without work a week, split into activities at some prices."""
        for place in week:
            at = place.intervals.start
            for activity, length in split(prices[place.intervals]):
                self.table[person, at : at + length] = activity + 1
                at += length
        self._count(person, 1)

    def put_back(self, rows: dict[int, np.ndarray]) -> None:
        """Give people the rows they had."""
        for person, row in rows.items():
            self.take_out(person)
            self.table[person] = row
            self._count(person, 1)

    def _count(self, person: int, change: int) -> None:
        at = np.flatnonzero(self.table[person])
        self.heads[at, self.table[person, at] - 1] += change


def search(case: Case, budget: Budget, seed: int) -> np.ndarray | None:
    """Return the best table found within a budget; None where somebody has no week.

    Heads may be missing in it where none was found without.
    """
    draw, noise = random.Random(seed), np.random.default_rng(seed)
    weeks = Weeks(case.instance.days)
    draft = Draft(case)

    def place(person: int) -> bool:
        prices = SCALE * case.prices(draft.heads)
        prices += noise.integers(0, draw.choice(NOISE), prices.shape, endpoint=True)
        limits = int(case.least_work[person]), int(case.most_work[person])
        week = weeks.cheapest(prices, *limits)
        draft.put_in(person, week or [], prices)
        budget.spend(EFFORT)
        return week is not None

    people = range(len(draft.table))
    if not all(place(person) for person in people):
        return None
    price = best = case.price(draft.heads)
    kept = draft.table.copy()
    while not budget.over and best > (0, case.bound()):
        taken = draw.sample(people, min(len(people), draw.choice(TAKEN_OUT)))
        rows = {person: draft.table[person].copy() for person in taken}
        for person in taken:
            draft.take_out(person)
        for person in taken:
            place(person)
        found = case.price(draft.heads)
        warmth = WARMTH * max(0.0, 1 - budget.ticks / budget.whole) ** 2
        if found.sum - price.sum > -warmth * math.log(1 - draw.random()):
            draft.put_back(rows)
            continue
        price = found
        if found < best:
            best, kept = found, draft.table.copy()
    return kept
