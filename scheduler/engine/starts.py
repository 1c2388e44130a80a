"""Starts: the intervals a shift covers, and those that each way to break it takes."""

from collections.abc import Iterator
from dataclasses import dataclass

from constraints.breaks import Break, MealBreak
from constraints.case import Case

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
            (way, tuple(_common(present, clock.touched(b, e)) for _, b, e in way))
            for way in (ways_of(case, day, shift) if ways is None else ways)
        ),
    )


def _common(one: slice, other: slice) -> slice:
    """Return what two stretches of intervals share."""
    start = min(max(one.start, other.start), one.stop)
    return slice(start, max(start, min(one.stop, other.stop)))
