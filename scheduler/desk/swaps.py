"""Swaps: what one changes, and its eighteen checks in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from constraints.case import OFF
from constraints.roster import Duties, Roster
from constraints.rule import Text
from scheduler.desk import checks, swap_rules
from scheduler.desk.desk import Desk
from scheduler.desk.effects import Effects, Move, handed_over
from scheduler.desk.requests import SwapRequest
from scheduler.desk.verdict import NOT_APPLICABLE, Check, Verdict

ORDER = (
    "identity",
    "R10",
    "R11",
    "R13",
    "R16",
    "R15",
    "R12",
    "R14",
    "protected",
    "R07",
    "R03",
    "R05",
    "R01",
    "R31",
    "R33",
    "R38",
    "consent",
    "R39",
)
"""The checks in the order of the rule book."""


@dataclass(frozen=True)
class Looked:
    """A swap held against the desk.

    Attributes
    ----------
    desk, swap
        The desk, and what is asked.
    """

    desk: Desk
    swap: SwapRequest

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The legs by index, but those of nobody, of no day, or of no shift."""
        return tuple(self._moves())

    def _moves(self) -> Iterator[Move]:
        desk = self.desk
        for leg in self.swap.legs:
            giver, taker = (desk.agents.get(id) for id in (leg.giver, leg.taker))
            day, shift = desk.day(leg.day), desk.shift(leg.giver, leg.day)
            if giver is None or taker is None or day is None:
                continue
            if shift != OFF and giver != taker:
                yield Move(giver, taker, day, shift)

    @cached_property
    def after(self) -> Roster:
        """The roster with the shifts in their new hands, breaks going with them."""
        return handed_over(self.desk.roster, self.moves)

    @cached_property
    def effects(self) -> Effects:
        """What that breaks and changes."""
        people = sorted({who for m in self.moves for who in (m.giver, m.taker)})
        return Effects(self.desk.standing, self.after, people)

    @cached_property
    def others(self) -> tuple[SwapRequest, ...]:
        """Other swaps that are applied or approved, or pending and asked for before."""
        mine = (self.swap.submitted, self.swap.number or float("inf"))
        return tuple(
            other
            for other in self.desk.swaps
            if other.number != self.swap.number
            and (
                other.state in ("applied", "approved")
                or (other.submitted, other.number) < mine
            )
        )

    def id(self, agent: int) -> str:
        """Return the id of a person."""
        return self.desk.case.agents[agent].id

    def on(self, day: int) -> date:
        """Return the date of a day."""
        return self.desk.case.clock.date(day)

    def duties(self, kinds: Sequence[str]) -> list[tuple[int, int, str]]:
        """Return person, day and kind of duties in the shifts that change hands."""
        duties = self.desk.roster.duties or Duties.of(())
        handed = {(move.giver, move.day) for move in self.moves}
        return [
            (agent, day, kind)
            for agent, day, kind, *_ in duties.rows()
            if (agent, day) in handed and kind in kinds
        ]


def check_swap(desk: Desk, swap: SwapRequest) -> Verdict:
    """Return all checks of a swap, in the order of the rule book.

    Parameters
    ----------
    desk
        What it is held against.
    swap
        Who gives which shift to whom.

    Examples
    --------
    >>> from scheduler.desk.examples import small_desk, swap_of
    >>> desk = small_desk(["DD-DD--", "-DDD-D-"])
    >>> found = check_swap(desk, swap_of(desk, "A1:2026-03-02", "A2:2026-03-04"))
    >>> found.verdict, len(found.checks)
    ('pass', 18)
    """
    looked = Looked(desk, swap)
    whole = len(looked.moves) == len(swap.legs)
    return Verdict(tuple(_check(looked, id, whole=whole) for id in ORDER))


def _check(looked: Looked, id: str, *, whole: bool) -> Check:
    if not whole and id not in swap_rules.OF_ANYBODY:
        words = Text("Not looked at: see identity.", "未检查:见身份检查。")
        return Check(id, NOT_APPLICABLE, words)
    if id in swap_rules.OF_SWAPS:
        return Check(id, *swap_rules.OF_SWAPS[id](looked))
    return Check(id, *checks.OF_THE_ROSTER[id](looked.effects))
