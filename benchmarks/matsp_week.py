"""The cheapest legal week of one person, at any price of a head in each interval.

A state is what the rules must know of a person who may start a shift: the interval, the
days running until yesterday, and the intervals worked so far. A shift leads from a
state of one calendar day to states of the next, so the days are taken one after
another, with all starts and lengths of a day at once.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from benchmarks.matsp_evaluator import (
    BEGIN,
    DAY,
    GRID,
    LEAST_REST,
    LONGEST,
    MOST_DAYS_RUNNING,
    SHORTEST,
    SHORTEST_BLOCK,
    STARTS,
)

LENGTHS = range(SHORTEST // GRID, LONGEST // GRID + 1)
REST, BLOCK = LEAST_REST // GRID, SHORTEST_BLOCK // GRID
OF_DAY, EARLY = DAY // GRID, BEGIN // GRID
"""Intervals of a calendar day, and those before the horizon begins."""

NEVER = 1 << 26
"""A price that nobody pays."""


class Place(NamedTuple):
    """A shift: calendar day, first interval of that day, and length in intervals."""

    day: int
    start: int
    length: int

    @property
    def intervals(self) -> range:
        """Its intervals, counted from the beginning of the horizon."""
        first = self.day * OF_DAY + self.start - EARLY
        return range(first, first + self.length)


class States:
    """The least price of every state; shapes ``(96, running, work + 1)`` a day.

    Attributes
    ----------
    came
        At the earliest moment of the state, right after rest.
    ready
        At that moment or after waiting on the same day.
    idle
        At the beginning of a day after which nobody waits for rest; shape
        ``(work + 1,)``.
    """

    def __init__(self, days: int, running: int, work: int) -> None:
        self.came = np.full((days + 1, OF_DAY, running + 1, work + 1), NEVER, np.int32)
        self.ready = self.came.copy()
        self.idle = np.full((days + 2, work + 1), NEVER, np.int32)
        self.idle[0, 0] = 0


class Weeks:
    """Weeks of a horizon: which shifts there are, and the cheapest of them.

    Parameters
    ----------
    days
        Days of the horizon, from 06:00 to 06:00; one more calendar day is touched.
    """

    def __init__(self, days: int) -> None:
        self.intervals = days * OF_DAY
        self.days = days + 1
        times = GRID * np.arange(OF_DAY)
        allowed = [(first <= times) & (times <= last) for first, last in STARTS]
        starts = np.flatnonzero(np.any(allowed, axis=0))
        last = self.intervals - LENGTHS[0]
        firsts = [starts + day * OF_DAY - EARLY for day in range(self.days)]
        self.firsts = [each[(each >= 0) & (each <= last)] for each in firsts]
        self.starts = [
            each + EARLY - day * OF_DAY for day, each in enumerate(self.firsts)
        ]

    def cheapest(self, prices: np.ndarray, least: int, most: int) -> list[Place] | None:
        """Return the cheapest legal week; None where there is none.

        Parameters
        ----------
        prices
            Whole numbers; shape ``(intervals, activities)``.
        least, most
            Intervals worked in all.
        """
        found = self.shift_costs(prices, np.concatenate(self.firsts))
        costs = np.split(found, np.cumsum([len(each) for each in self.firsts])[:-1])
        for running in (0, MOST_DAYS_RUNNING):  # few weeks ask for the second
            week = self._cheapest(costs, least, most, running)
            if week is None or _longest_run(week) <= MOST_DAYS_RUNNING:
                break
        return week

    def shift_costs(self, prices: np.ndarray, firsts: np.ndarray) -> np.ndarray:
        """Return what shifts cost at best; shape ``(starts, lengths)``.

        After ``n`` intervals, ``closed`` is the least cost where a block may end there,
        and ``opened`` the least, less the price so far, at which one may have begun.
        """
        sums = _sums(prices, LENGTHS[-1])
        before = sums[firsts]
        closed = np.full((LENGTHS[-1] + 1, len(firsts)), NEVER, np.int64)
        closed[0] = 0
        opened = np.empty((len(closed), *before.shape), np.int64)
        opened[0] = 0
        for n in range(1, len(closed)):
            so_far = sums[firsts + n] - before
            if n >= BLOCK:
                closed[n] = (opened[n - BLOCK] + so_far).min(axis=1)
            opened[n] = np.minimum(opened[n - 1], closed[n][:, None] - so_far)
        return np.minimum(closed[LENGTHS[0] :].T, NEVER).astype(np.int32)

    def _cheapest(
        self, costs: list[np.ndarray], least: int, most: int, running: int
    ) -> list[Place] | None:
        """Return the cheapest week; with ``running`` 0 days running are not counted."""
        states = States(self.days, running, most)
        kept, more = slice(0, max(1, running)), slice(min(1, running), None)
        for day in range(self.days):
            self._wait(states, day)
            starts = self.starts[day]
            sources = states.ready[day, starts, kept]
            for at, length in enumerate(LENGTHS):
                if length > most:
                    break
                work = (
                    sources[:, :, : most + 1 - length] + costs[day][:, at, None, None]
                )
                place = np.maximum(0, starts + length + REST - OF_DAY)
                came = states.came[day + 1, :, more, length:]
                came[place] = np.minimum(came[place], work)
        self._wait(states, self.days)
        return self._way(states, costs, least)

    def _wait(self, states: States, day: int) -> None:
        """Fill in a day's states, and those of idlers after it."""
        ready = states.ready[day]
        ready[:] = states.came[day]
        np.minimum(ready[0, 0], states.idle[day], out=ready[0, 0])
        np.minimum.accumulate(ready, axis=0, out=ready)
        states.idle[day + 1] = ready[-1].min(axis=0)

    def _way(
        self, states: States, costs: list[np.ndarray], least: int
    ) -> list[Place] | None:
        """Return the week that leads to the cheapest end."""
        ends = states.idle[self.days + 1, least:]
        if not len(ends) or ends.min() >= NEVER // 2:  # less some gain on the way
            return None
        work, day = least + int(ends.argmin()), self.days
        running = int(states.ready[day, -1, :, work].argmin())
        start = OF_DAY - 1
        week: list[Place] = []
        while day:
            column = states.ready[day, :, running, work]
            price = column[start]
            start = int((column == price).argmax())  # the wait began there
            if states.came[day, start, running, work] == price:
                place, running = self._before(states, costs, day, start, running, work)
                week.append(place)
                day, start, work = place.day, place.start, work - place.length
            else:
                day, start = day - 1, OF_DAY - 1
                running = int(states.ready[day, -1, :, work].argmin())
        return week[::-1]

    def _before(
        self,
        states: States,
        costs: list[np.ndarray],
        day: int,
        start: int,
        running: int,
        work: int,
    ) -> tuple[Place, int]:
        """Return the shift after which a state came, and the days running then."""
        price = states.came[day, start, running, work]
        starts = self.starts[day - 1]
        kinds = range(max(0, running - 1), max(1, running))
        for at, length in enumerate(LENGTHS):
            if length > work:
                break
            fitting = np.maximum(0, starts + length + REST - OF_DAY) == start
            for one in np.flatnonzero(fitting).tolist():
                for before in kinds:
                    ready = states.ready[day - 1, starts[one], before, work - length]
                    if ready + costs[day - 1][one, at] == price:
                        return Place(day - 1, int(starts[one]), length), before
        raise RuntimeError("Expected a shift before each state that came, found none.")


def split(prices: np.ndarray) -> Iterator[tuple[int, int]]:
    """Give activity and length of the blocks of the cheapest split of a shift.

    Parameters
    ----------
    prices
        Whole numbers; shape ``(intervals of the shift, activities)``.
    """
    sums = _sums(prices, 0)
    closed, begins = np.full(len(sums), NEVER), [(0, 0)] * len(sums)
    closed[0] = 0
    for end in range(BLOCK, len(sums)):
        ways = closed[: end - BLOCK + 1, None] + sums[end] - sums[: end - BLOCK + 1]
        begin, kind = divmod(int(ways.argmin()), ways.shape[1])
        closed[end], begins[end] = ways[begin, kind], (begin, kind)
    blocks, end = [], len(prices)
    while end:
        begin, kind = begins[end]
        blocks.append((kind, end - begin))
        end = begin
    yield from reversed(blocks)


def _sums(prices: np.ndarray, beyond: int) -> np.ndarray:
    """Return sums of prices up to each interval, and intervals that nobody pays."""
    nobody = np.full((beyond, prices.shape[1]), NEVER)
    return np.vstack([np.zeros_like(prices[:1]), prices, nobody]).cumsum(axis=0)


def _longest_run(week: list[Place]) -> int:
    """Return the most days running on which a shift starts."""
    longest = run = 1
    for before, place in pairwise(week):
        run = run + 1 if place.day == before.day + 1 else 1
        longest = max(longest, run)
    return longest if week else 0
