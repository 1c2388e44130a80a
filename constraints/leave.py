"""Leave: at most one person on annual leave at a time, and what is granted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from constraints.case import Agent, Case, Leave
from constraints.coverage import CoverageFloor
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Rule, Text, Where

SCOPES = ("centre", "team")
CALENDAR_YEAR = 365
ROOM = 1.3
"""Places for annual leave by the days due: for the seasons everybody wants."""


@dataclass(frozen=True, kw_only=True)
class LeaveLimit(Rule):
    """At most ``most`` people are on annual leave at a time.

    Attributes
    ----------
    most
        People at a time.
    scope
        ``centre``: of all people; ``team``: of each team.
    kind
        Kind of leave that counts.
    """

    id = "leave.limit"
    unit = "people"
    joint = True
    meaning = Text(
        en="At most {rule.most} on {rule.kind} leave at a time ({rule.scope}).",
        zh="同一时间({rule.scope})最多 {rule.most} 人休年假({rule.kind})。",
    )
    text = Text(
        en="{date}: {amount} beyond the limit of {rule.most} on {rule.kind} leave; "
        "see leave.csv, {lines_en}.",
        zh="{date}:{rule.kind} 休假超出上限 {rule.most} 人共 {amount} 人;"
        "见 leave.csv 第 {lines_zh} 行。",
    )
    source = "Bank rule book R22"

    most: int = 1
    scope: str = "centre"
    kind: str = "annual"

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise ValueError(f'Expected scope "centre" or "team", got "{self.scope}".')

    def group(self, case: Case, leave: Leave) -> str:
        """Return the group within which a leave counts."""
        return case.agents[leave.agent].team if self.scope == "team" else ""

    def _beyond(self, case: Case) -> Iterator[tuple[int, str, list[Leave]]]:
        """Yield day, group and the leaves beyond the limit, in file order."""
        for day in range(case.days):
            on = case.clock.date(day)
            groups: dict[str, list[Leave]] = {}
            for leave in case.leave:
                away = leave.first <= on <= leave.last
                if away and leave.granted and leave.kind == self.kind:
                    groups.setdefault(self.group(case, leave), []).append(leave)
            for group, away_now in groups.items():
                if len(away_now) > self.most:
                    yield day, group, away_now[self.most :]

    def encode(self, draft: Draft) -> None:
        """Charge what is fixed before any shift is chosen."""
        for day, group, beyond in self._beyond(draft.case):
            where = Where(day=day, detail=group, agent=beyond[0].agent)
            draft.charge(1, where, amount=len(beyond))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count people by date."""
        for day, group, beyond in self._beyond(roster.case):
            lines = ", ".join(str(leave.line) for leave in beyond)
            yield Finding(
                where=Where(day=day, detail=group, agent=beyond[0].agent),
                amount=len(beyond),
                facts={"lines_en": f"line {lines}", "lines_zh": lines},
            )


def grant(case: Case) -> Case:
    """Decide requested leave, in file order and whole, before the solve.

    A request is refused where it breaks ``leave.limit``, meets a pinned shift, or
    leaves fewer people than the floor needs in some interval. Coverage above the floor
    is no reason to refuse.
    """
    decided = [replace(lv, granted=not lv.requested, reason="") for lv in case.leave]
    for number, leave in enumerate(decided):
        if leave.requested:
            standing = replace(case, leave=tuple(decided))
            reason = _refusal(standing, leave)
            decided[number] = replace(leave, granted=not reason, reason=reason)
    return replace(case, leave=tuple(decided))


def _refusal(case: Case, leave: Leave) -> str:
    """Return why a requested leave cannot be granted; empty where it can."""
    first = max(0, case.clock.day(leave.first))
    last = min(case.days - 1, case.clock.day(leave.last))
    pinned = np.flatnonzero(case.pins[leave.agent, first : last + 1] >= 0)
    if first <= last and pinned.size:
        return f"a shift is pinned on {case.clock.date(first + int(pinned[0]))}"
    rule = case.rule("leave.limit")
    if isinstance(rule, LeaveLimit) and leave.kind == rule.kind:
        on = _first_full_day(case, rule, leave)
        if on is not None:
            return f"leave.limit: {rule.most} already on leave on {on}"
    return _short_of_floor(case, leave, first, last)


def _first_full_day(case: Case, rule: LeaveLimit, leave: Leave) -> date | None:
    on = leave.first
    while on <= leave.last:
        others = sum(
            other.granted
            and other.kind == rule.kind
            and other.first <= on <= other.last
            and rule.group(case, other) == rule.group(case, leave)
            for other in case.leave
        )
        if others >= rule.most:
            return on
        on += timedelta(days=1)
    return None


def _short_of_floor(case: Case, leave: Leave, first: int, last: int) -> str:
    floor = case.rule("coverage.floor")
    if not isinstance(floor, CoverageFloor) or first > last:
        return ""
    gone = replace(
        case,
        leave=tuple(
            replace(lv, granted=True) if lv is leave else lv for lv in case.leave
        ),
    )
    could = available(gone, range(max(0, first - 1), min(case.days, last + 2)))
    before = available(case, range(max(0, first - 1), min(case.days, last + 2)))
    few = case.counted & (could < floor.floor(case)) & (could < before)
    if not few.any():
        return ""
    return f"the floor could not be kept at {case.clock.stamp(int(np.argmax(few)))}"


def available(case: Case, days: range) -> NDArray[np.int64]:
    """Return how many people could be present, by interval; ``(intervals,)``.

    Only shifts of the days given and of the day before are looked at.
    """
    could = np.zeros((len(case.agents), case.clock.intervals + 1), np.int64)
    size, intervals = case.clock.interval_minutes, case.clock.intervals
    for day in days:
        column = case.past + day
        for shift in range(len(case.shifts)):
            people = case.free_to_work[:, day, shift]
            start, end = case.start[column, shift], case.end[column, shift]
            first = min(intervals, -(-start // size))
            could[people, first] += 1
            could[people, max(first, min(intervals, end // size))] -= 1
    present = np.cumsum(could[:, :-1], axis=1) > 0
    return np.asarray(present.sum(axis=0) + _already_there(case))


def _already_there(case: Case) -> NDArray[np.int64]:
    """Return who is still in a shift begun before the horizon; ``(intervals,)``."""
    return Roster.empty(replace(case, pins=np.zeros((0, 0), np.int16))).scheduled


def annual_capacity(case: Case) -> Text | None:
    """Return a warning where annual leave cannot be taken one at a time within a year.

    Compares the days people are still entitled to with the days of the year on which
    leave is taken, public holidays and their blocks left out. The limit it proposes has
    room for a third more, as not everybody can wait for a place.
    """
    rule = case.rule("leave.limit")
    if not isinstance(rule, LeaveLimit):
        return None
    days: dict[str, float] = {}
    for agent in case.agents:
        group = agent.team if rule.scope == "team" else ""
        days[group] = days.get(group, 0) + _entitlement(case, agent)
    open_days = _open_days(case)
    capacity = open_days * rule.most
    worst = max(days, key=lambda group: days[group], default="")
    if not days or days[worst] <= capacity:
        return None
    needed = -(-days[worst] * ROOM // open_days)
    place = f" in {worst}" if worst else ""
    return Text(
        f"{days[worst]:g} days of annual leave are due{place}, and {rule.most} at a "
        f"time leaves room for {capacity} a year. "
        f"Set leave.limit to {needed:g} or its scope to team.",
        f"{worst}应休年假 {days[worst]:g} 天,同一时间最多 {rule.most} 人时"
        f"一年仅可安排 {capacity} 天。"
        f"请将 leave.limit 设为 {needed:g},或将范围设为 team。",
    )


def _open_days(case: Case) -> int:
    """Return the days of the year on which annual leave may be taken."""
    first = date(case.clock.first_day.year, 1, 1)
    dates = (first + timedelta(days=n) for n in range(CALENDAR_YEAR))
    return sum(not case.calendar.in_block(on) for on in dates)


def _entitlement(case: Case, agent: Agent) -> float:
    """Return annual leave days: what is left, or what years of service give."""
    if agent.annual_left is not None:
        return agent.annual_left
    if agent.career_from is None:
        return 0.0
    return float(entitlement(agent.career_from, case.clock.first_day))


def entitlement(career: date, on: date, joined: date | None = None) -> int:
    """Return the days of annual leave that somebody is due on a date.

    5, 10 and 15 days after 1, 10 and 20 whole years of work for whomever; in the year
    of joining its share by calendar days left, fractions dropped.

    Parameters
    ----------
    career
        First day of work for any employer.
    on
        The date.
    joined
        First day of work here.

    Examples
    --------
    >>> entitlement(date(2016, 3, 10), date(2026, 3, 9))
    5
    >>> entitlement(date(2016, 3, 10), date(2026, 3, 10))
    10
    >>> entitlement(date(2000, 1, 1), date(2026, 9, 1), joined=date(2026, 7, 1))
    7

    Source: Paid Annual Leave Regulation Art. 3; Implementing Measures Art. 5.
    """
    years = on.year - career.year - ((on.month, on.day) < (career.month, career.day))
    due = sum(5 for least in (1, 10, 20) if years >= least)
    if joined is None or joined.year != on.year:
        return due
    left = (date(on.year, 12, 31) - joined).days + 1
    return due * left // CALENDAR_YEAR
