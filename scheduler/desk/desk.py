"""The desk at one moment: what is published, what is asked for, and the rule book."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

from constraints.case import OFF, Case
from constraints.roster import Roster
from scheduler.desk.effects import Standing
from scheduler.desk.policy import Policy
from scheduler.desk.requests import DeskRequest, LeaveRequest, SwapRequest
from scheduler.desk.sheet import Sheet

R = TypeVar("R", bound=DeskRequest)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """All that a request is held against.

    Attributes
    ----------
    roster
        The published roster, or a draft.
    now
        Local time, with its offset.
    policy
        The rule book.
    version
        Number of the published version; 0 = the roster is a draft.
    requests
        Requests of any state, this period's and those of months beside it.
    following
        The next period's roster, where it is published.
    changed
        Changes that re-plans made today already, by person.
    charged
        Swaps charged in a month before, by person and month such as ``2026-03``: what
        carry.json brings and the ledger does not know.
    swapped
        Person and date of shifts of the period before that were got by swaps.
    """

    roster: Roster
    now: datetime
    policy: Policy = field(default_factory=Policy)
    version: int = 0
    requests: tuple[DeskRequest, ...] = ()
    following: Sheet | None = None
    changed: Mapping[str, int] = field(default_factory=dict)
    charged: Mapping[tuple[str, str], int] = field(default_factory=dict)
    swapped: frozenset[tuple[str, date]] = frozenset()

    @property
    def case(self) -> Case:
        """The case, with leave granted since publication."""
        return self.roster.case

    @cached_property
    def standing(self) -> Standing:
        """The published roster with what it breaks already."""
        return Standing(self.roster, self.following)

    @cached_property
    def agents(self) -> dict[str, int]:
        """Index of people by id."""
        return {agent.id: number for number, agent in enumerate(self.case.agents)}

    @cached_property
    def swaps(self) -> tuple[SwapRequest, ...]:
        """Swaps that are pending or applied."""
        return self._standing(SwapRequest)

    @cached_property
    def leaves(self) -> tuple[LeaveRequest, ...]:
        """Leave that is pending or applied."""
        return self._standing(LeaveRequest)

    def _standing(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(
            request
            for request in self.requests
            if isinstance(request, kind)
            and request.stands
            and not (request.pending and self.begun(request))
        )

    def begun(self, request: DeskRequest) -> bool:
        """Whether the first shift that a request speaks of has begun, or its day."""
        today = self.now.astimezone(self.case.clock.zone).date()
        shifts = [
            (on, shift)
            for id, on in request.places
            if (shift := self.shift(id, on)) != OFF
        ]
        if request.first < today:
            return True
        return any(self.starts(on, shift) <= self.now for on, shift in shifts)

    def day(self, on: date) -> int | None:
        """Return the day of a date; None where it is not in the horizon."""
        day = self.case.clock.day(on)
        return day if 0 <= day < self.case.days else None

    def shift(self, id: str, on: date) -> int:
        """Return the shift of a person on a date; ``OFF`` where there is none."""
        agent, day = self.agents.get(id), self.day(on)
        return (
            OFF if agent is None or day is None else int(self.roster.table[agent, day])
        )

    def starts(self, on: date, shift: int) -> datetime:
        """Return the local time at which a shift of a date starts."""
        case = self.case
        return case.clock.local(int(case.start[case.past + case.clock.day(on), shift]))
