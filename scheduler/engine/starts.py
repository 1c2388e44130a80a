"""Starts: the intervals a shift covers, those each way to break it takes, and worth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.breaks import Break, MealBreak
from constraints.case import OFF, Case
from constraints.roster import Duties

Way = tuple[Break, ...]


@dataclass(frozen=True)
class Start:
    """A shift that starts on a day.

    Attributes
    ----------
    present
        Intervals in which a person is there throughout.
    ways
        Ways to break it, each with the intervals that its breaks touch.
    """

    present: slice
    ways: tuple[tuple[Way, tuple[slice, ...]], ...]

    def away(self, number: int) -> list[int]:
        """Return the intervals taken from the phone in a way to break the shift."""
        gone = {
            t for part in self.ways[number][1] for t in range(part.start, part.stop)
        }
        return sorted(gone)

    def on_phone(self) -> Iterator[list[int]]:
        """Yield the intervals on the phone, for each way to break the shift."""
        for number in range(len(self.ways)):
            gone = set(self.away(number))
            there = range(self.present.start, self.present.stop)
            yield [interval for interval in there if interval not in gone]


def ways_of(case: Case, day: int, shift: int) -> list[Way]:
    """Return the ways to break a shift under ``breaks.meal``; one where it is off."""
    rule = case.rule("breaks.meal")
    if not isinstance(rule, MealBreak):
        return [()]
    column = day + case.past
    return rule.ways(case, int(case.start[column, shift]), int(case.end[column, shift]))


def start_of(case: Case, day: int, shift: int, ways: list[Way] | None = None) -> Start:
    """Return a start of a case, broken as the rules allow where no ways are given.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> start_of(tiny_case(), 0, 0).present
    slice(8, 16, None)
    """
    clock, column = case.clock, day + case.past
    present = clock.span(int(case.start[column, shift]), int(case.end[column, shift]))
    return Start(
        present,
        tuple(
            (way, _merged(_common(present, clock.touched(b, e)) for _, b, e in way))
            for way in (ways_of(case, day, shift) if ways is None else ways)
        ),
    )


def _merged(parts: Iterable[slice]) -> tuple[slice, ...]:
    """Return the same intervals in parts that have none in common."""
    apart: list[slice] = []
    for part in sorted(parts, key=lambda each: each.start):
        if apart and part.start < apart[-1].stop:
            last = apart.pop()
            part = slice(last.start, max(last.stop, part.stop))
        apart.append(part)
    return tuple(apart)


def _common(one: slice, other: slice) -> slice:
    """Return what two stretches of intervals share."""
    start = min(max(one.start, other.start), one.stop)
    return slice(start, max(start, min(one.stop, other.stop)))


class Starts:
    """All starts of a case as arrays, so that all are weighed at once.

    Attributes
    ----------
    begin, end
        First interval of a shift, and the one after its last; ``(days, shifts)``.
    gone_begin, gone_end
        The same of each break of each way to break it, empty where it has fewer;
        ``(days, shifts, ways, breaks)``.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        shape = (case.days, len(case.shifts))
        self.starts = {at: start_of(case, *at) for at in np.ndindex(shape)}
        ways = max((len(one.ways) for one in self.starts.values()), default=1)
        taken = max((len(gone) for one in self.starts.values() for _, gone in one.ways))
        self.begin, self.end = np.zeros((2, *shape), np.intp)
        self.gone_begin, self.gone_end = np.zeros((2, *shape, ways, taken), np.intp)
        self._none = np.ones((*shape, ways), bool)
        for at, one in self.starts.items():
            self.begin[at], self.end[at] = one.present.start, one.present.stop
            for number, (_, gone) in enumerate(one.ways):
                self._none[(*at, number)] = False
                for place, part in enumerate(gone):
                    self.gone_begin[(*at, number, place)] = part.start
                    self.gone_end[(*at, number, place)] = part.stop

    def weigh(
        self, head: NDArray[np.float64], gone: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return the cost of each start broken in its cheapest way, and that way.

        Parameters
        ----------
        head, gone
            Cost of one more head on the phone, and of one more away on a break; shape
            ``(intervals,)``.
        """
        heads = np.concatenate([[0.0], np.cumsum(head)])
        moved = np.concatenate([[0.0], np.cumsum(gone - head)])
        breaks = (moved[self.gone_end] - moved[self.gone_begin]).sum(axis=3)
        breaks[self._none] = np.inf
        way = breaks.argmin(axis=2)
        best = np.take_along_axis(breaks, way[:, :, None], 2)[:, :, 0]
        return heads[self.end] - heads[self.begin] + best, way

    def presence(
        self, row: NDArray[np.int16], way: NDArray[np.intp]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return in which intervals somebody is in a shift, and away on a break.

        Parameters
        ----------
        row, way
            Shift and way to break it, by day; shape ``(days,)``.
        """
        size = self.case.clock.intervals + 1
        days = np.flatnonzero(row != OFF)
        at = (days, row[days])
        there = np.bincount(self.begin[at], minlength=size)
        there -= np.bincount(self.end[at], minlength=size)
        gone_begin = self.gone_begin[days, row[days], way[days]]
        gone_end = self.gone_end[days, row[days], way[days]]
        gone = np.bincount(gone_begin.ravel(), minlength=size)
        gone -= np.bincount(gone_end.ravel(), minlength=size)
        return np.cumsum(there)[:-1], np.cumsum(gone)[:-1]

    def duties(self, table: NDArray[np.int16], way: NDArray[np.intp]) -> Duties:
        """Return the breaks of a roster; both arrays of shape ``(agents, days)``."""
        return Duties.of(
            (int(agent), int(day), *taken)
            for agent, day in zip(*np.nonzero(table != OFF), strict=True)
            for taken in self.starts[int(day), int(table[agent, day])].ways[
                way[agent, day]
            ][0]
        )
