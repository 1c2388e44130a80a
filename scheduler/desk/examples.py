"""Small desks for examples and tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from constraints import read_rules
from constraints.examples import tiny_case
from constraints.roster import Roster
from forecasts.calendar import Calendar
from scheduler.desk.desk import Desk
from scheduler.desk.requests import LeaveRequest, Leg, SwapRequest
from scheduler.engine.breaks import place_breaks

THURSDAY = "2026-02-26T10:00+08:00"


def small_desk(
    rows: Sequence[str], *, now: str = THURSDAY, first: str = "2026-03-02", **rest: Any
) -> Desk:
    """Return a desk with a published roster of a few people, under the bank's rules.

    Parameters
    ----------
    rows
        A string of shifts a person, ``D``, ``L``, ``N`` or ``-`` for each day.
    now
        Local time.
    first
        First day; China's holidays are known.
    rest
        Other parts of the desk.

    Examples
    --------
    >>> small_desk(["DD-", "NN-"]).roster.codes()
    ['DD-', 'NN-']
    """
    case = tiny_case(len(rows), len(rows[0]), rules=read_rules("bank"))
    begins = date.fromisoformat(first)
    clock = replace(case.clock, first_day=begins)
    case = replace(
        case,
        clock=clock,
        requirement=replace(case.requirement, clock=clock),
        calendar=Calendar.build("CN", range(begins.year - 1, begins.year + 2)),
        has_yesterday=True,
    )
    roster = place_breaks(Roster.from_codes(case, rows))
    parts: dict[str, Any] = {"version": 1, "now": datetime.fromisoformat(now)} | rest
    return Desk(roster=roster, **parts)


def swap_of(desk: Desk, *legs: str, **rest: Any) -> SwapRequest:
    """Return a swap of shifts such as ``A1:2026-03-02``, each going to the next named.

    The last one goes to the first.

    Examples
    --------
    >>> desk = small_desk(["DD-", "NN-"])
    >>> swap_of(desk, "A1:2026-03-02", "A2:2026-03-03").people
    ('A1', 'A2')
    """
    ends = [leg.partition(":")[::2] for leg in legs]
    takers = [*(id for id, _ in ends[1:]), ends[0][0]]
    given = tuple(
        Leg(id, taker, date.fromisoformat(on))
        for (id, on), taker in zip(ends, takers, strict=True)
    )
    parts: dict[str, Any] = {
        "by": ends[0][0],
        "submitted": desk.now,
        "version": desk.version,
    } | rest
    return SwapRequest(legs=given, **parts)


def leave_of(
    desk: Desk, place: str, kind: str, days: int = 1, **rest: Any
) -> LeaveRequest:
    """Return leave of somebody from a date such as ``A1:2026-03-05`` on.

    Examples
    --------
    >>> desk = small_desk(["DD-", "NN-"])
    >>> print(leave_of(desk, "A1:2026-03-02", "annual", days=2).last)
    2026-03-03
    """
    agent, _, on = place.partition(":")
    begins = date.fromisoformat(on)
    parts: dict[str, Any] = {
        "by": agent,
        "submitted": desk.now,
        "version": desk.version,
    } | rest
    last = begins + timedelta(days=days - 1)
    return LeaveRequest(agent=agent, begins=begins, last=last, leave=kind, **parts)
