"""Required and there, counted the way page, plots and workbook show it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.roster import Roster
from forecasts.clock import DAY, Clock

SHORT = ("short_hours", "people_short")
"""What is missing, of the kinds that stand below the days."""


@dataclass(frozen=True)
class Cover:
    """Heads of a roster in each interval, of all queues together or of one.

    Attributes
    ----------
    clock
        The horizon.
    need, there
        Heads required and heads on the phone; shape ``(intervals,)``.
    short, over
        Heads missing and heads beyond where an interval counts, else 0; same shape.
    counted
        Whether an interval is open and what came before it known; same shape.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> cover = Cover.of(Roster.from_codes(tiny_case(), ["DD-", "LL-"]))
    >>> cover.by_day(cover.short).tolist(), cover.busiest_day
    ([2.0, 10.0, 24.0], 0)
    """

    clock: Clock
    need: NDArray[np.int64]
    there: NDArray[np.int64]
    short: NDArray[np.int64]
    over: NDArray[np.int64]
    counted: NDArray[np.bool_]

    @classmethod
    def of(cls, roster: Roster, queue: int | None = None) -> "Cover":
        """Return the cover of a roster, of one queue where it is given."""
        case, counted = roster.case, roster.case.counted
        of = slice(None) if queue is None else slice(queue, queue + 1)
        heads, on_queue = case.requirement.heads[of], roster.on_queue[of]
        need = heads.sum(axis=0)
        there = roster.on_phone if queue is None else on_queue[0]
        gap = np.where(counted, on_queue - heads, 0)
        short = np.maximum(-gap, 0).sum(axis=0)
        over = np.maximum(gap, 0).sum(axis=0)
        return cls(case.clock, need, there, short, over, counted)

    def by_day(self, heads: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the head hours of each day; shape ``(days,)``."""
        hours = heads * (self.clock.interval_minutes / 60)
        days = self.clock.days_of_intervals
        return np.bincount(days, hours, self.clock.days).astype(np.float64)

    def hours(self) -> dict[str, NDArray[np.float64]]:
        """Return the head hours that count, by kind and day; each ``(days,)``.

        The kinds are ``required_hours``, ``on_phone_hours``, ``short_hours`` and
        ``over_hours``, which are words, too.
        """
        return {
            "required_hours": self.by_day(self.need * self.counted),
            "on_phone_hours": self.by_day(self.there * self.counted),
            "short_hours": self.by_day(self.short),
            "over_hours": self.by_day(self.over),
        }

    @property
    def busiest_day(self) -> int:
        """Day with the most head hours required, the first of them."""
        return int(np.argmax(self.by_day(self.need)))

    @property
    def highest(self) -> int:
        """Largest number of heads required or there, at least 1."""
        return max(1, int(self.need.max(initial=0)), int(self.there.max(initial=0)))

    def of_days(self, days: range) -> NDArray[np.intp]:
        """Return the intervals of some days, in order."""
        which = self.clock.days_of_intervals
        return np.flatnonzero((which >= days.start) & (which < days.stop))

    def by_time_of_day(self) -> NDArray[np.float64]:
        """Return heads over (below zero: short); shape ``(times of day, days)``.

        NaN where nothing counts. Where the clock shows a time twice, its later
        interval is shown.
        """
        slots = DAY // self.clock.interval_minutes
        table = np.full((slots, self.clock.days), np.nan)
        at = np.flatnonzero(self.counted)
        slot = self.clock.walls[at] // self.clock.interval_minutes
        table[slot, self.clock.days_of_intervals[at]] = self.over[at] - self.short[at]
        return table


@dataclass(frozen=True)
class Starts:
    """People of a roster who start each shift, beside those that it asks for.

    Attributes
    ----------
    asked, there
        People asked for, -1 where none are, and people who start; each of shape
        ``(days, shifts)``.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from constraints.examples import tiny_case
    >>> case = replace(tiny_case(), cover=np.array([[2, -1, 0], [1, 1, 0], [0, 0, 0]]))
    >>> starts = Starts.of(Roster.from_codes(case, ["DD-", "LLN"]))
    >>> starts.there.tolist(), starts.gap.tolist()
    ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], [[-1, 0, 0], [0, 0, 0], [0, 0, 1]])
    """

    asked: NDArray[np.int64]
    there: NDArray[np.int64]

    @classmethod
    def of(cls, roster: Roster) -> "Starts":
        """Return the starts of a roster, those of second shifts with them."""
        return cls(roster.case.cover, roster.starts)

    @property
    def gap(self) -> NDArray[np.int64]:
        """People beyond (below zero: short of) what is asked; ``(days, shifts)``."""
        return np.where(self.asked >= 0, self.there - self.asked, 0)

    def people(self) -> dict[str, NDArray[np.int64]]:
        """Return the people that count, by kind and day; each ``(days,)``.

        The kinds are ``people_asked``, ``people_there``, ``people_short`` and
        ``people_over``, which are words, too.
        """
        counts = self.asked >= 0
        return {
            "people_asked": (self.asked * counts).sum(axis=1),
            "people_there": (self.there * counts).sum(axis=1),
            "people_short": np.maximum(-self.gap, 0).sum(axis=1),
            "people_over": np.maximum(self.gap, 0).sum(axis=1),
        }


def asked_of(case: Case) -> tuple[bool, bool]:
    """Return whether intervals ask for heads, and whether shifts ask for people."""
    by_shift = case.rule("coverage.shift") is not None and bool((case.cover >= 0).any())
    return bool(case.counted.any()) or not by_shift, by_shift


def foot(roster: Roster) -> dict[str, NDArray[np.float64]]:
    """Return what stands below the days of a roster, by kind; each ``(days,)``.

    Head hours where intervals ask for heads, people where shifts ask for people.
    """
    by_interval, by_shift = asked_of(roster.case)
    rows = Cover.of(roster).hours() if by_interval else {}
    people = Starts.of(roster).people() if by_shift else {}
    return rows | {kind: row.astype(np.float64) for kind, row in people.items()}


def weeks(clock: Clock) -> Iterator[range]:
    """Yield the days of each week of the horizon, whole or not.

    Examples
    --------
    >>> from datetime import date
    >>> list(weeks(Clock(date(2026, 3, 6), 7)))
    [range(0, 3), range(3, 7)]
    """
    first = 0
    for day in range(1, clock.days + 1):
        if day == clock.days or clock.week(day) != clock.week(first):
            yield range(first, day)
            first = day
