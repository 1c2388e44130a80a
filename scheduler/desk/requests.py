"""What people ask of the desk: swaps and leave, with what has become of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from scheduler.desk.ledger import damaged

PENDING = ("draft", "consented", "validated", "approved")
OVER = ("refused", "expired", "applied")
STATES = (*PENDING, *OVER)


@dataclass(frozen=True)
class Leg:
    """One shift that goes from a person to another.

    Attributes
    ----------
    giver, taker
        Ids.
    day
        Date on which the shift starts.
    shift
        Its code when the swap was asked for; empty = whichever is there.
    """

    giver: str
    taker: str
    day: date
    shift: str = ""


@dataclass(frozen=True)
class Step:
    """A change of state: to which, when, by whom, and what they said."""

    state: str
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DeskRequest:
    """What every request has.

    Attributes
    ----------
    number
        Its number in the ledger; 0 before it is in it.
    state
        ``draft``, ``consented``, ``validated``, ``approved``, ``refused``, ``expired``
        or ``applied``.
    by
        Id of who asks.
    submitted
        Local time it was handed in, with its offset.
    version
        Published version it was made on; 0 where none was.
    reasons
        Why it was refused, in English and Chinese.
    steps
        What became of it, in order.
    """

    kind: ClassVar[str] = ""

    by: str
    submitted: datetime
    number: int = 0
    state: str = "draft"
    version: int = 0
    reasons: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether it is neither applied nor over."""
        return self.state in PENDING

    @property
    def stands(self) -> bool:
        """Whether it is pending or applied, so that others must heed it."""
        return self.pending or self.state == "applied"

    @property
    def first(self) -> date:
        """The first date it touches."""
        raise NotImplementedError

    @property
    def places(self) -> frozenset[tuple[str, date]]:
        """Person and date of every shift it speaks of."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Short name, such as S12."""
        return f"{self.kind[:1].upper()}{self.number}"

    def moved(
        self, state: str, at: datetime, by: str, reason: str = "", **changes: Any
    ) -> "DeskRequest":
        """Return it in another state."""
        steps = (*self.steps, Step(state, at, by, reason))
        return replace(self, state=state, steps=steps, **changes)


@dataclass(frozen=True, kw_only=True)
class SwapRequest(DeskRequest):
    """A swap of two people, or a ring of three or four: each gives and takes one shift.

    Attributes
    ----------
    legs
        The shifts that change hands.
    consents
        When each of the others agreed, by id.
    """

    kind: ClassVar[str] = "swap"

    legs: tuple[Leg, ...]
    consents: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of those who take part, who asks first."""
        return tuple(dict.fromkeys((self.by, *(leg.giver for leg in self.legs))))

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of those who have not agreed yet."""
        return tuple(id for id in self.people[1:] if id not in self.consents)

    @property
    def first(self) -> date:
        """Date of the earliest shift."""
        return min(leg.day for leg in self.legs)

    @property
    def places(self) -> frozenset[tuple[str, date]]:
        """Person and date of every shift given, and taken."""
        ends = ((leg.giver, leg.taker) for leg in self.legs)
        days = (leg.day for leg in self.legs)
        return frozenset(
            (id, day) for pair, day in zip(ends, days, strict=True) for id in pair
        )

    @property
    def taken(self) -> frozenset[tuple[str, date]]:
        """Person and date of every shift taken."""
        return frozenset((leg.taker, leg.day) for leg in self.legs)


@dataclass(frozen=True, kw_only=True)
class LeaveRequest(DeskRequest):
    """Leave of a person.

    Attributes
    ----------
    agent
        Id of who wants to be away.
    last
        Last day, included; the first is ``begins``.
    leave
        Kind of leave, as in leave.csv.
    replacements
        Shifts that others take over; the giver is ``agent``.
    counted
        Days of it that count: on which there was work.
    """

    kind: ClassVar[str] = "leave"

    agent: str
    begins: date
    last: date
    leave: str
    replacements: tuple[Leg, ...] = ()
    counted: int = 0

    @property
    def first(self) -> date:
        """First day."""
        return self.begins

    @property
    def places(self) -> frozenset[tuple[str, date]]:
        """The person, and the first day."""
        return frozenset({(self.agent, self.begins)})


KINDS: dict[str, TypeAdapter[Any]] = {
    "swap": TypeAdapter(SwapRequest),
    "leave": TypeAdapter(LeaveRequest),
}
"""What reads and writes each kind of request."""


def record_of(request: DeskRequest) -> dict[str, Any]:
    """Return a request as JSON has it."""
    record: dict[str, Any] = KINDS[request.kind].dump_python(request, mode="json")
    return record


def request_of(kind: str, record: Mapping[str, Any]) -> DeskRequest:
    """Return the request of a record.

    Examples
    --------
    >>> asked = datetime.fromisoformat("2026-03-05T10:00+08:00")
    >>> legs = (Leg("A1", "A2", date(2026, 3, 9)), Leg("A2", "A1", date(2026, 3, 12)))
    >>> swap = SwapRequest(by="A1", submitted=asked, legs=legs)
    >>> request_of("swap", record_of(swap)) == swap
    True
    """
    try:
        found: DeskRequest = KINDS[kind].validate_python(record)
    except ValidationError:
        number = record.get("number")
        raise damaged(kind, number if isinstance(number, int) else 0) from None
    return found
