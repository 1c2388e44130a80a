"""Cycles over which hours are averaged, contract minutes in them, and leave credit."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.roster import Roster

NORMS = ("calendar", "office")
_WEEKS = re.compile(r"(\d+) weeks")


@dataclass(frozen=True)
class Cycle:
    """One stretch of days over which hours are summed.

    Attributes
    ----------
    first, last
        Its dates, both included.
    weeks
        Its length in weeks where it is made of weeks, else None.
    """

    first: date
    last: date
    weeks: int | None = None

    @property
    def days(self) -> int:
        """Calendar days in the cycle."""
        return (self.last - self.first).days + 1

    def columns(self, case: Case) -> range:
        """Return the columns of the span that lie in the cycle."""
        first = case.clock.day(self.first) + case.past
        return range(max(0, first), min(case.span, first + self.days))

    def last_day(self, case: Case) -> int:
        """Return the day charged: the cycle's last within the horizon."""
        return min(case.days - 1, case.clock.day(self.last))

    def contract(self, case: Case, norm: str = "calendar") -> NDArray[np.int64]:
        """Return contract minutes per person; shape ``(agents,)``."""
        week = np.array([agent.week_minutes for agent in case.agents], np.int64)
        if self.weeks is not None:
            return week * self.weeks
        if norm == "calendar":
            return week * self.days // 7
        dates = (self.first + timedelta(days=n) for n in range(self.days))
        return week * sum(case.calendar.is_office_day(on) for on in dates) // 5


def check_cycle(name: str, norm: str = "calendar") -> None:
    """Raise ValueError where a cycle or a norm has no such name."""
    if name not in ("week", "month", "horizon") and not _WEEKS.fullmatch(name):
        raise ValueError(
            'Expected cycle "week", "2 weeks", "4 weeks", "month" or "horizon", '
            f'got "{name}".'
        )
    if norm not in NORMS:
        raise ValueError(f'Expected norm "calendar" or "office", got "{norm}".')


def cycles(case: Case, name: str) -> Iterator[Cycle]:
    """Yield the cycles that share a day with the horizon, in order."""
    clock = case.clock
    if name == "horizon":
        yield Cycle(clock.first_day, clock.date(clock.days - 1))
        return
    on = clock.first_day
    while clock.day(on) < clock.days:
        cycle = _month(on) if name == "month" else _weeks(case, on, name)
        yield cycle
        on = cycle.last + timedelta(days=1)


def _month(on: date) -> Cycle:
    return Cycle(on.replace(day=1), on.replace(day=monthrange(on.year, on.month)[1]))


def _weeks(case: Case, on: date, name: str) -> Cycle:
    found = _WEEKS.fullmatch(name)
    weeks = int(found[1]) if found else 1
    day = case.clock.day(on)
    place = case.clock.week(day) % weeks
    into = next(
        n for n in range(7) if case.clock.week(day - n - 1) != case.clock.week(day)
    )
    first = on - timedelta(days=into + 7 * place)
    return Cycle(first, first + timedelta(days=7 * weeks - 1), weeks)


# -- leave credit -------------------------------------------------------------------


def leave_days_a_week(case: Case) -> int:
    """Return on how many days a week leave counts: 5, or the days on of the pattern."""
    return 5 if case.rule("pattern.six_on_one_off") is None else 6


def leave_minutes(case: Case) -> NDArray[np.int64]:
    """Return the minutes a credited leave day counts; shape ``(agents,)``."""
    share = leave_days_a_week(case)
    return np.array([agent.week_minutes // share for agent in case.agents], np.int64)


def weeks(case: Case) -> list[list[int]]:
    """Return the columns of each week of the span."""
    found: dict[int, list[int]] = {}
    for column in range(case.span):
        found.setdefault(case.clock.week(column - case.past), []).append(column)
    return list(found.values())


def leave_weeks(case: Case, agent: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the columns of each week that holds leave, and of the leave in it."""
    for columns in weeks(case):
        leave = [column for column in columns if case.on_leave[agent, column]]
        if leave:
            yield columns, leave


def leave_credit(roster: Roster) -> NDArray[np.int64]:
    """Return credited leave minutes by date; shape ``(agents, span)``.

    In each week the first leave days are credited, as many as five days less the days
    worked in it.
    """
    case = roster.case
    week = np.array([case.clock.week(c - case.past) for c in range(case.span)])
    credit = np.zeros(case.on_leave.shape, np.int64)
    if not case.on_leave.any():
        return credit
    minutes, most = leave_minutes(case), leave_days_a_week(case)
    for number in np.unique(week):
        columns = np.flatnonzero(week == number)
        leave = case.on_leave[:, columns]
        left = most - roster.working[:, columns].sum(axis=1)
        credited = leave & (np.cumsum(leave, axis=1) <= left[:, None])
        credit[:, columns] = credited * minutes[:, None]
    return credit
