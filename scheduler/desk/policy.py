"""The rule book of the desk: the parameters of swaps, leave and re-planning."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CROSSING = ("allow", "approve", "forbid")
CHARGED = ("both", "initiator")
MONTHS = ("earlier_shift", "request", "each_shift")
SCOPES = ("block", "statutory")
TOUCH = ("any_minute", "start_date")
NIGHT_EMERGENCY = ("last_noon_before_start", "never")
SPANS = ("refuse", "skip")
LEVERS = ("breaks", "duties", "moves", "overtime", "call_in")


@dataclass(frozen=True, kw_only=True)
class SwapPolicy:
    """How shifts may be swapped.

    Attributes
    ----------
    notice_workdays, cutoff, strict
        A swap is submitted by ``cutoff`` (minutes after midnight) on the so many-th
        office day before the date of its earliest shift; ``strict``: with one whole
        office day between.
    per_month, charge, month_of
        Swaps a person may make in a calendar month; whom each is charged to, and in
        which month.
    cross_class, classes, cross_team
        What becomes of a swap between day and night staff, of one between other pairs
        of classes, and of one between teams: ``allow``, ``approve`` or ``forbid``.
    gap_shifts, reswap
        Shifts not swapped between two that are; whether a swapped shift may be swapped
        again.
    level_gap
        Largest difference in level.

    Source: bank rule book R10 to R15.
    """

    notice_workdays: int = 1
    cutoff: int = 18 * 60
    strict: bool = False
    per_month: int = 2
    charge: str = "both"
    month_of: str = "earlier_shift"
    cross_class: str = "approve"
    classes: Mapping[str, str] = field(default_factory=lambda: {"day-evening": "allow"})
    cross_team: str = "approve"
    gap_shifts: int = 1
    reswap: bool = False
    level_gap: int = 1

    def crossing(self, one: str, other: str) -> str:
        """Return what becomes of a swap between two classes of shifts.

        Examples
        --------
        >>> policy = SwapPolicy()
        >>> policy.crossing("night", "day"), policy.crossing("evening", "day")
        ('approve', 'allow')
        """
        if one == other:
            return "allow"
        either = (f"{one}-{other}", f"{other}-{one}")
        named = (self.classes[pair] for pair in either if pair in self.classes)
        return next(named, self.cross_class)


@dataclass(frozen=True, kw_only=True)
class HolidayPolicy:
    """On which days nothing is swapped and no leave is taken.

    Attributes
    ----------
    scope
        ``block``: all days of a published holiday; ``statutory``: public holidays only.
    touch
        ``any_minute``: a shift with a minute on such a day; ``start_date``: one that
        starts on it.

    Source: bank rule book R16.
    """

    scope: str = "block"
    touch: str = "any_minute"


@dataclass(frozen=True, kw_only=True)
class LeavePolicy:
    """How leave is asked for once a roster is published.

    Attributes
    ----------
    notice_days
        Calendar days from the request to the first day of leave.
    long_types
        Longer notice by kind: ``1m`` (calendar months) or ``30d``; ``_warn`` at its end
        where it only warns.
    annual_limit
        People on annual leave at a time, and ``team`` or ``centre``; None leaves it to
        the rule ``leave.limit`` alone.
    night_emergency
        Whether leave from a published night shift may be asked for until the last noon
        before it starts.
    span
        Annual leave across a holiday is refused (``refuse``), or goes on around it
        (``skip``) where nothing is rostered on it.

    Source: bank rule book R20 to R23.
    """

    notice_days: int = 3
    long_types: Mapping[str, str] = field(
        default_factory=lambda: {
            "annual": "1m",
            "marriage": "1m",
            "maternity": "1m_warn",
        }
    )
    annual_limit: tuple[str, int] | None = None
    night_emergency: str = "last_noon_before_start"
    span: str = "refuse"


@dataclass(frozen=True, kw_only=True)
class ReplanPolicy:
    """How far a day under way may be changed.

    Attributes
    ----------
    lead_breaks, lead_shifts
        Minutes from now before which no break, and no shift, is moved.
    most_move, most_longer
        Minutes by which a start may move at most, and by which a shift may be longer.
    changes_each, people
        Changes a person at most, and people changed at most.
    deviation, intervals
        Calls are off their forecast where they differ by that share in so many
        intervals running.
    levers
        What may be done, in order of preference.

    Source: bank rule book R06.
    """

    lead_breaks: int = 30
    lead_shifts: int = 120
    most_move: int = 120
    most_longer: int = 60
    changes_each: int = 2
    people: int = 10
    deviation: float = 0.15
    intervals: int = 2
    levers: tuple[str, ...] = LEVERS


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All parameters of the desk.

    Attributes
    ----------
    ledger
        Where the ledger is: an address of a database, or "" for ``desk.sqlite`` in
        the case folder.
    site
        Whose records are meant, where several centres share a database.
    """

    ledger: str = ""
    site: str = ""
    swap: SwapPolicy = field(default_factory=SwapPolicy)
    holiday: HolidayPolicy = field(default_factory=HolidayPolicy)
    leave: LeavePolicy = field(default_factory=LeavePolicy)
    replan: ReplanPolicy = field(default_factory=ReplanPolicy)
