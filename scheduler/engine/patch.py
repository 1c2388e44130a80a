"""Patch: some cells of a roster as found, to be laid over what stands by then."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.roster import Duties, Roster


@dataclass(frozen=True)
class Patch:
    """Shifts, overtime and breaks of some cells; small enough to send about.

    Attributes
    ----------
    agent, day
        The cells; equal-length arrays.
    shift, overtime
        What they hold.
    duties
        Their breaks.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> found = Roster.from_codes(tiny_case(), ["DD-", "-NN"])
    >>> stands = Roster.from_codes(tiny_case(), ["---", "DDD"])
    >>> first = np.array([[True, True, True], [False, False, False]])
    >>> Patch.of(found, first).on(stands).codes()
    ['DD-', 'DDD']
    """

    agent: NDArray[np.intp]
    day: NDArray[np.intp]
    shift: NDArray[np.int16]
    overtime: NDArray[np.int64]
    duties: Duties

    @classmethod
    def of(cls, roster: Roster, cells: NDArray[np.bool_] | None = None) -> "Patch":
        """Return some cells of a roster, or all; ``cells`` as the table."""
        if cells is None:
            cells = np.ones(roster.table.shape, bool)
        agent, day = np.nonzero(cells)
        duties = roster.duties or Duties.of(())
        return cls(
            agent,
            day,
            roster.table[agent, day],
            roster.overtime[agent, day],
            duties.pick(cells[duties.agent, duties.day]),
        )

    def same(self, other: "Patch") -> bool:
        """Whether another patch of the same cells holds the same."""
        return (
            bool((self.shift == other.shift).all())
            and bool((self.overtime == other.overtime).all())
            and self.duties.rows() == other.duties.rows()
        )

    def on(self, roster: Roster) -> Roster:
        """Return a roster with these cells, and its own elsewhere."""
        table, overtime = roster.table.copy(), roster.overtime.copy()
        table[self.agent, self.day] = self.shift
        overtime[self.agent, self.day] = self.overtime
        others = np.ones(table.shape, bool)
        others[self.agent, self.day] = False
        duties = roster.duties or Duties.of(())
        kept = duties.pick(others[duties.agent, duties.day])
        return Roster(roster.case, table, kept.beside(self.duties), overtime=overtime)


@dataclass(frozen=True)
class Found:
    """What a search says: where it is, and what it found or proved, if anything."""

    source: str
    patch: Patch | None = None
    bound: int = 0


News = Sequence[Patch] | None
"""What was kept since a search last heard, in order; None asks it to end."""

Dialogue = Generator[Found, News, None]
"""A search tells what it finds, and is told what was kept meanwhile."""
