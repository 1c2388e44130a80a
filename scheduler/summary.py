"""What a roster amounts to: coverage by interval, and a planner's figures."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from constraints.requests import Requests
from constraints.roster import Roster
from constraints.rule import Audit
from forecasts.requirement import expected_service_level

HOUR = 60
SATURDAY = 5
COVERAGE = (
    "timestamp",
    "queue",
    "forecast_calls",
    "aht_seconds",
    "required",
    "scheduled",
    "on_phone",
    "short",
    "over",
    "service_level",
    "assumed",
)
"""Columns of coverage.csv."""


def coverage_frame(roster: Roster) -> pd.DataFrame:
    """Return one row per interval and queue: what is needed, and who is there.

    Parameters
    ----------
    roster
        Any roster; where no breaks are placed, everyone in a shift is on the phone.

    Returns
    -------
    pandas.DataFrame
        The columns of coverage.csv, one row per interval and queue; ``scheduled``
        counts a person in every queue they could answer. Closed and assumed
        intervals are neither short nor over; closed ones have no service level.
        ``forecast_calls``, ``aht_seconds`` and ``service_level`` are missing where
        the case brought its own requirement.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> roster = Roster.from_codes(tiny_case(), ["D--", "L--"])
    >>> frame = coverage_frame(roster)
    >>> frame.loc[13:16, ["timestamp", "required", "scheduled", "short", "over"]]
                        timestamp  required  scheduled  short  over
    13  2026-03-02T13:00:00+08:00         1          1      0     0
    14  2026-03-02T14:00:00+08:00         1          2      0     1
    15  2026-03-02T15:00:00+08:00         1          2      0     1
    16  2026-03-02T16:00:00+08:00         1          1      0     0
    """
    case, clock = roster.case, roster.case.clock
    gap, queues = _gap(roster), case.requirement.queues
    calls, aht, level = expectation(roster)
    stamps = [clock.stamp(number) for number in range(clock.intervals)]
    return pd.DataFrame(
        {
            "timestamp": np.repeat(np.array(stamps, dtype=object), len(queues)),
            "queue": np.tile(np.array(queues, dtype=object), clock.intervals),
            "forecast_calls": calls.T.ravel().round(4),
            "aht_seconds": aht.T.ravel().round(2),
            "required": case.requirement.heads.T.ravel(),
            "scheduled": roster.could_answer.T.ravel(),
            "on_phone": roster.on_queue.T.ravel(),
            "short": np.maximum(-gap, 0).T.ravel(),
            "over": np.maximum(gap, 0).T.ravel(),
            "service_level": level.T.ravel().round(4),
            "assumed": np.repeat(case.assumed.astype(np.int64), len(queues)),
        },
        columns=list(COVERAGE),
    )


def kpi(roster: Roster, audit: Audit) -> dict[str, Any]:
    """Return the figures of result.json.

    Parameters
    ----------
    roster
        The roster.
    audit
        What the audit found in it.

    Returns
    -------
    dict
        ``service_level`` (share of calls) and ``occupancy`` (share of time), None
        without a forecast; ``short_hours``, ``over_hours``, ``required_hours`` (head
        hours); ``paid_hours``; ``requests`` and ``requests_met`` (counts);
        ``hard_violations``; ``cost_by_rule``; ``agents``, by id: ``paid_hours``,
        ``nights``, ``weekends`` (one counts once) and ``leave_days``. Only the
        horizon counts, and of coverage only open intervals that are not assumed.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.rule import audit
    >>> roster = Roster.from_codes(tiny_case(), ["DD-", "NN-"])
    >>> figures = kpi(roster, audit(roster))
    >>> figures["paid_hours"], figures["short_hours"]
    (32.0, 32.0)
    >>> figures["agents"]["A2"]
    {'paid_hours': 16.0, 'nights': 2, 'weekends': 0, 'leave_days': 0}
    """
    case = roster.case
    hours = case.clock.interval_minutes / HOUR
    gap = _gap(roster)
    wishes = len(case.requests)
    unmet = sum(1 for _ in Requests().check(roster))
    return {
        **_service(roster),
        "short_hours": float(np.maximum(-gap, 0).sum() * hours),
        "over_hours": float(np.maximum(gap, 0).sum() * hours),
        "required_hours": float(case.requirement.heads[:, case.counted].sum() * hours),
        "paid_hours": round(float(roster.paid[:, case.past :].sum()) / HOUR, 2),
        "requests": wishes,
        "requests_met": wishes - unmet,
        "hard_violations": len(audit.hard),
        "cost_by_rule": audit.cost_by_rule(),
        "agents": _agents(roster),
    }


def _gap(roster: Roster) -> NDArray[np.int64]:
    """Return heads beyond (below zero: short of) the requirement.

    Shape ``(queues, intervals)``.
    """
    gap = roster.on_queue - roster.case.requirement.heads
    return np.where(roster.case.counted, gap, 0)


def expectation(
    roster: Roster,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return calls, handling time and service level as Erlang expects them.

    Each of shape ``(queues, intervals)``; NaN where unknown, and the level where
    closed.
    """
    case = roster.case
    if case.forecast is None:
        unknown = np.full(case.requirement.heads.shape, np.nan)
        return unknown, unknown, unknown
    calls, aht = case.forecast.calls, case.forecast.aht_seconds
    is_open = case.requirement.is_open
    level = expected_service_level(
        roster.on_queue,
        np.where(is_open, calls, 0.0),
        aht,
        case.clock.interval_minutes,
        case.service,
    )
    return calls, aht, np.where(is_open, level, np.nan)


def service_level(
    roster: Roster, at: slice | NDArray[np.bool_] = slice(None)
) -> float | None:
    """Return the share answered in time in some intervals, weighted by calls.

    Parameters
    ----------
    at
        The intervals; all where left out.

    Returns
    -------
    float
        None where calls are not known, or there are none.
    """
    calls, _, level = (part[:, at] for part in expectation(roster))
    known = ~np.isnan(level) & (calls > 0)
    if not known.any():
        return None
    return float((calls * level)[known].sum() / calls[known].sum())


def _service(roster: Roster) -> dict[str, float | None]:
    """Return service level by calls and occupancy of those on the phone."""
    case, counted = roster.case, roster.case.counted
    calls, aht, level = (part[:, counted] for part in expectation(roster))
    if case.forecast is None or not calls.sum():
        return {"service_level": None, "occupancy": None}
    load = calls * aht / (case.clock.interval_minutes * 60)
    present = np.floor(
        roster.on_queue[:, counted] * (1 - case.service.shrinkage) + 1e-9
    )
    busy = np.minimum(load, present).sum() / max(1.0, present.sum())
    in_time = (calls * level).sum() / calls.sum()
    return {
        "service_level": round(float(in_time), 4),
        "occupancy": round(float(busy), 4),
    }


def _agents(roster: Roster) -> dict[str, dict[str, float | int]]:
    case, past = roster.case, roster.case.past
    paid = roster.paid[:, past:].sum(axis=1) / HOUR
    nights = roster.works_class("night")[:, past:].sum(axis=1)
    weekends = worked_weekends(roster)
    leave = case.on_leave[:, past:].sum(axis=1)
    return {
        agent.id: {
            "paid_hours": round(float(paid[number]), 2),
            "nights": int(nights[number]),
            "weekends": int(weekends[number]),
            "leave_days": int(leave[number]),
        }
        for number, agent in enumerate(case.agents)
    }


def worked_weekends(roster: Roster) -> NDArray[np.int64]:
    """Return the weekends of the horizon on which each person works; ``(agents,)``.

    A weekend counts once if a shift starts on its Saturday or Sunday.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(people=2, days=14)
    >>> rows = ["DDDDDDD-------", "-----D------D-"]
    >>> worked_weekends(Roster.from_codes(case, rows))
    array([1, 2])
    """
    case = roster.case
    working = roster.working[:, case.past :]
    weekends: dict[int, list[int]] = {}
    for day in range(case.days):
        if case.clock.weekday(day) >= SATURDAY:
            monday = day - case.clock.weekday(day)
            weekends.setdefault(monday, []).append(day)
    counts = np.zeros(len(case.agents), np.int64)
    for days in weekends.values():
        counts += working[:, days].any(axis=1)
    return counts
