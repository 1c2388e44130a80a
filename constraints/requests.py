"""Requests: wishes met, by weight."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case, Request
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Rule, Text, Where

KINDS = ("off", "work", "shift", "not-shift", "class", "not-class")


@dataclass(frozen=True, kw_only=True)
class Requests(Rule):
    """Wishes are met; one that is not costs its weight."""

    id = "requests"
    unit = "wishes"
    soft_only = True
    meaning = Text(en="Wishes are met, by weight.", zh="按权重满足员工意愿。")
    text = Text(
        en="{agent}'s wish for {date} ({detail}) is not met.",
        zh="{agent} 在 {date} 的意愿({detail})未满足。",
    )
    source = "Bank rule book R39"

    penalty: int | None = 1

    def encode(self, draft: Draft) -> None:
        """Charge the opposite of each wish."""
        open_people = set(draft.agents)
        for wish in draft.case.requests:
            if wish.agent in open_people and wish.day in draft.days:
                unmet = self._unmet(draft, wish)
                draft.at_most([(1, unmet)], 0, _where(wish), price=self._price(wish))

    def _unmet(self, draft: Draft, wish: Request) -> Literal:
        agent, day = wish.agent, wish.day
        if wish.kind in ("off", "work"):
            working = draft.working(agent, day)
            return working if wish.kind == "off" else draft.no(working)
        asked = draft.any_shift(agent, day, _asked(draft.case, wish))
        return asked if wish.kind.startswith("not-") else draft.no(asked)

    def _price(self, wish: Request) -> int:
        return wish.weight * (1 if self.penalty is None else self.penalty)

    def charges(self, case: Case) -> NDArray[np.int64]:
        """Charge each wish where its cell does not meet it."""
        shifts = len(case.shifts)
        charged = np.zeros((len(case.agents), case.days, shifts + 1), np.int64)
        for wish in case.requests:
            for cell in range(OFF, shifts):
                if not _met(case, wish, cell):
                    charged[wish.agent, wish.day, cell] += wish.weight
        return charged

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Look each wish up in the grid."""
        for wish in roster.case.requests:
            if not _met(roster.case, wish, int(roster.table[wish.agent, wish.day])):
                yield Finding(where=_where(wish), amount=1, price=self._price(wish))


def _met(case: Case, wish: Request, cell: int) -> bool:
    """Return whether a cell is what a wish asks for."""
    if wish.kind in ("off", "work"):
        return (cell == OFF) == (wish.kind == "off")
    return (cell in _asked(case, wish)) != wish.kind.startswith("not-")


def _asked(case: Case, wish: Request) -> list[int]:
    """Return the shifts that a wish for a shift or a class names."""
    by_code = wish.kind.endswith("shift")
    return [
        number
        for number, shift in enumerate(case.shifts)
        if (shift.code if by_code else shift.shift_class) == wish.value
    ]


def _where(wish: Request) -> Where:
    detail = f"{wish.kind} {wish.value}".strip()
    return Where(agent=wish.agent, day=wish.day, detail=detail)
