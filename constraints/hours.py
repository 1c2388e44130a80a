"""Hours: an average to keep, contract hours to reach, overtime, a weekly maximum."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.cycle import (
    Cycle,
    check_cycle,
    cycles,
    leave_credit,
    leave_days_a_week,
    leave_minutes,
    leave_weeks,
    weeks,
)
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Memory, Rule, Text, Where

HOUR = 60


def _paid(draft: Draft, agent: int, columns: range) -> list[tuple[int, Literal]]:
    """Return the paid minutes of a person on some columns, leave credited."""
    case = draft.case
    terms: list[tuple[int, Literal]] = []
    for column in columns:
        terms.extend(draft.paid(agent, column - case.past))
    minutes, most = int(leave_minutes(case)[agent]), leave_days_a_week(case)
    for week, leave in leave_weeks(case, agent):
        if leave[0] > columns[-1] or leave[-1] < columns[0]:
            continue
        worked = [(1, draft.working(agent, column - case.past)) for column in week]
        for number, column in enumerate(leave):
            if column in columns:
                full = draft.reaches(worked, most - number)
                terms.append((minutes, draft.no(full)))
    return terms


def _leave_of_weeks(case: Case, cycle: str) -> NDArray[np.int64]:
    """Return the leave of the week of each column, a bit a column of the week.

    Which days of the week are leave matters only where a cycle can end within one.
    """
    leave = np.zeros(case.on_leave.shape, np.int64)
    for week in weeks(case):
        away = case.on_leave[:, week]
        bits = 1 << np.arange(len(week))
        mask = (1 << away.sum(axis=1)) - 1 if cycle == "week" else away @ bits
        leave[:, week] = mask[:, None]
    return leave


class _Minutes:
    """Paid minutes of a person, leave credited, as a rule about cycles remembers them.

    Leave is credited when its week is over; a cycle that ends within such a week is
    charged then, too.

    Parameters
    ----------
    charge
        Amount at the end of a cycle, by the minutes in it.
    """

    State = tuple[int, int, int]  # paid in the cycle before, in this one; days worked

    def __init__(
        self, case: Case, agent: int, cycle: str, charge: Callable[[int, Cycle], int]
    ) -> None:
        self.paid, self.charge = case.paid, charge
        self.most = leave_days_a_week(case)
        self.leave_minutes = case.agents[agent].week_minutes // self.most
        self.cycle_of = {
            column: each
            for each in cycles(case, cycle)
            for column in each.columns(case)
        }
        self.week_of = {column: week for week in weeks(case) for column in week}

    def sees(self, column: int) -> Sequence[int]:
        """Return the minutes of each shift: it sees nothing else of them."""
        return list(self.paid[column].tolist())

    def step(
        self, state: State, column: int, shift: int, leave: int
    ) -> tuple[State, int]:
        """Add a day; ``leave`` has the bits of its week's leave."""
        if leave:
            return self._step_beside_leave(state, column, shift, leave)
        paid, cycle = state[1], self.cycle_of.get(column)
        if cycle is None:
            return (0, 0, 0), 0
        if shift != OFF:
            paid += int(self.paid[column, shift])
        if self.cycle_of.get(column + 1) is cycle:
            return (0, paid, 0), 0
        return (0, 0, 0), self.charge(paid, cycle)

    def _step_beside_leave(
        self, state: State, column: int, shift: int, leave: int
    ) -> tuple[State, int]:
        due, paid, worked = state
        cycle_of, week = self.cycle_of, self.week_of[column]
        cycle, first = cycle_of.get(column), cycle_of.get(week[0])
        if cycle is not first and cycle_of.get(column - 1) is first:
            due, paid = paid, 0
        if shift != OFF:
            paid += int(self.paid[column, shift]) if cycle is not None else 0
            worked += 1
        if column < week[-1]:
            return (due, paid, worked), 0
        amount = 0
        away = [c for n, c in enumerate(week) if leave >> n & 1]
        credited = away[: max(0, self.most - worked)]
        if cycle is not first and first is not None:
            due += self._credit(credited, first)
            amount = self.charge(due, first)
        paid += self._credit(credited, cycle)
        if cycle is not None and cycle_of.get(column + 1) is not cycle:
            amount += self.charge(paid, cycle)
            paid = 0
        return (0, paid if cycle is not None else 0, 0), amount

    def _credit(self, leave: Iterable[int], cycle: Cycle | None) -> int:
        return self.leave_minutes * sum(self.cycle_of.get(c) is cycle for c in leave)


@dataclass(frozen=True, kw_only=True)
class HoursAverage(Rule):
    """Paid hours stay within the contract on average over a cycle.

    Attributes
    ----------
    cycle
        ``week``, ``2 weeks``, ``4 weeks``, ``month`` or ``horizon``.
    tolerance_minutes
        Minutes beyond the contract that are let pass in a cycle.
    norm
        Contract of a month: ``calendar`` days / 7 weeks, or ``office`` days / 5.
    """

    id = "hours.average"
    unit = "min"
    meaning = Text(
        en="Contract hours on average over a cycle ({rule.cycle}), leave credited.",
        zh="周期({rule.cycle})内平均工时不超过合同工时,休假计入。",
    )
    text = Text(
        en="{agent} has {paid_h:.1f} h up to {date}; the cycle allows {cap_h:.1f} h.",
        zh="{agent} 截至 {date} 工时 {paid_h:.1f} 小时,周期上限 {cap_h:.1f} 小时。",
    )
    source = "State Council Order 174 Art. 3; Labour Ministry [1997] No. 271"

    cycle: str = "week"
    tolerance_minutes: int = 0
    norm: str = "calendar"

    def __post_init__(self) -> None:
        check_cycle(self.cycle, self.norm)

    def cap(self, case: Case, cycle: Cycle) -> NDArray[np.int64]:
        """Return the most minutes per person in a cycle; shape ``(agents,)``."""
        contract = cycle.contract(case, self.norm)
        return contract + case.each(self, "tolerance_minutes").astype(np.int64)

    def encode(self, draft: Draft) -> None:
        """Sum paid minutes, credit and less overtime against the cap."""
        case = draft.case
        for cycle in cycles(case, self.cycle):
            columns, day = cycle.columns(case), cycle.last_day(case)
            if not draft.touches(columns):
                continue
            cap = self.cap(case, cycle)
            for agent in draft.agents:
                terms = _paid(draft, agent, columns)
                for column in columns:
                    booked = draft.overtime(agent, column - case.past)
                    terms.extend((-weight, literal) for weight, literal in booked)
                draft.at_most(terms, int(cap[agent]), Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the minutes of the cycle; no overtime is booked."""
        caps = {
            cycle: int(self.cap(case, cycle)[agent])
            for cycle in cycles(case, self.cycle)
        }

        def charge(paid: int, cycle: Cycle) -> int:
            return max(0, paid - caps[cycle])

        minutes = _Minutes(case, agent, self.cycle, charge)
        return Memory((0, 0, 0), minutes.step, minutes.sees)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return contract and tolerance of each person."""
        tolerance = case.each(self, "tolerance_minutes")
        weeks = [agent.week_minutes for agent in case.agents]
        return list(zip(weeks, tolerance, strict=True))

    def contexts(self, case: Case) -> NDArray[np.int64]:
        """Return the leave of each week."""
        return _leave_of_weeks(case, self.cycle)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sum columns of the minutes of all people."""
        case = roster.case
        minutes = roster.paid + leave_credit(roster)
        minutes[:, case.past :] -= booked_overtime(roster)
        for cycle in cycles(case, self.cycle):
            columns, day = cycle.columns(case), cycle.last_day(case)
            cap = self.cap(case, cycle)
            total = minutes[:, columns.start : columns.stop].sum(axis=1)
            for agent in np.flatnonzero(total > cap):
                yield Finding(
                    where=Where(agent=int(agent), day=day),
                    amount=int(total[agent] - cap[agent]),
                    facts={"paid_h": total[agent] / HOUR, "cap_h": cap[agent] / HOUR},
                )


@dataclass(frozen=True, kw_only=True)
class HoursUnder(Rule):
    """Contract hours are reached, but for a tolerance.

    Attributes
    ----------
    cycle
        As of ``hours.average``.
    tolerance_minutes
        Minutes missing from the contract that are let pass in a cycle.
    """

    id = "hours.under"
    unit = "h"
    meaning = Text(
        en="Contract hours are reached within {rule.tolerance_minutes} min a cycle.",
        zh="每周期工时缺口不超过 {rule.tolerance_minutes} 分钟。",
    )
    text = Text(
        en="{agent} has {paid_h:.1f} h in the cycle up to {date}; {target_h:.1f} h "
        "are due.",
        zh="{agent} 截至 {date} 的周期工时为 {paid_h:.1f} 小时,"
        "应达 {target_h:.1f} 小时。",
    )
    source = "Bank rule book R03, reading (d)"

    penalty: int | None = 3
    cycle: str = "week"
    tolerance_minutes: int = 120

    def __post_init__(self) -> None:
        check_cycle(self.cycle)

    def target(self, case: Case, cycle: Cycle) -> NDArray[np.int64]:
        """Return the minutes due per person, pro rata to the days that are known."""
        columns = cycle.columns(case)
        known = case.employed[:, columns.start : columns.stop].copy()
        before = max(0, case.past - columns.start)
        known[:, :before] &= case.known[:, None]
        due = cycle.contract(case) * known.sum(axis=1) // cycle.days
        return np.asarray(due - case.each(self, "tolerance_minutes").astype(np.int64))

    def encode(self, draft: Draft) -> None:
        """Sum paid minutes and credit against the target."""
        case = draft.case
        for cycle in cycles(case, self.cycle):
            columns, day = cycle.columns(case), cycle.last_day(case)
            if not draft.touches(columns):
                continue
            target = self.target(case, cycle)
            for agent in draft.agents:
                terms, due = _paid(draft, agent, columns), int(target[agent])
                draft.at_least(terms, due, Where(agent=agent, day=day), step=HOUR)

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the minutes of the cycle."""
        targets = {
            cycle: int(self.target(case, cycle)[agent])
            for cycle in cycles(case, self.cycle)
        }

        def charge(paid: int, cycle: Cycle) -> int:
            return max(0, -(-(targets[cycle] - paid) // HOUR))

        minutes = _Minutes(case, agent, self.cycle, charge)
        return Memory((0, 0, 0), minutes.step, minutes.sees)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return contract and targets of each person."""
        targets = [self.target(case, cycle) for cycle in cycles(case, self.cycle)]
        weeks = [agent.week_minutes for agent in case.agents]
        return list(zip(weeks, *targets, strict=True))

    def contexts(self, case: Case) -> NDArray[np.int64]:
        """Return the leave of each week."""
        return _leave_of_weeks(case, self.cycle)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sum columns of the minutes of all people; hours begun are missing."""
        case = roster.case
        minutes = roster.paid + leave_credit(roster)
        for cycle in cycles(case, self.cycle):
            columns, day = cycle.columns(case), cycle.last_day(case)
            target = self.target(case, cycle)
            total = minutes[:, columns.start : columns.stop].sum(axis=1)
            for agent in np.flatnonzero(total < target):
                yield Finding(
                    where=Where(agent=int(agent), day=day),
                    amount=-(-int(target[agent] - total[agent]) // HOUR),
                    facts={
                        "paid_h": total[agent] / HOUR,
                        "target_h": target[agent] / HOUR,
                    },
                )


@dataclass(frozen=True, kw_only=True)
class HoursWeeklyMax(Rule):
    """Paid minutes of a week stay within a maximum, whatever the average.

    Attributes
    ----------
    minutes
        The maximum.
    """

    id = "hours.weekly_max"
    unit = "min"
    meaning = Text(
        en="At most {rule.minutes} paid minutes a week.",
        zh="每周计薪工时不超过 {rule.minutes} 分钟。",
    )
    text = Text(
        en="{agent} works {paid_h:.1f} h in the week up to {date}; "
        "{most_h:.1f} h are allowed.",
        zh="{agent} 截至 {date} 的一周工时为 {paid_h:.1f} 小时,"
        "上限 {most_h:.1f} 小时。",
    )
    source = "Directive 2003/88/EC Art. 6; RULES C8"

    minutes: int = 2880

    def encode(self, draft: Draft) -> None:
        """Sum paid minutes of each week against the maximum."""
        case, most = draft.case, draft.case.each(self, "minutes").astype(int)
        for week in cycles(case, "week"):
            columns, day = week.columns(case), week.last_day(case)
            if not draft.touches(columns):
                continue
            for agent in draft.agents:
                terms: list[tuple[int, Literal]] = []
                for column in columns:
                    terms.extend(draft.paid(agent, column - case.past))
                draft.at_most(terms, int(most[agent]), Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the minutes of the week."""
        most = int(case.each(self, "minutes")[agent])
        week_of = {c: week for week in cycles(case, "week") for c in week.columns(case)}

        def step(paid: int, column: int, shift: int, _: int) -> tuple[int, int]:
            if column not in week_of:
                return 0, 0
            paid += int(case.paid[column, shift]) if shift != OFF else 0
            if week_of.get(column + 1) is not week_of[column]:
                return 0, max(0, paid - most)
            return paid, 0

        return Memory(0, step, lambda column: case.paid[column].tolist())

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the maximum of each person."""
        return list(case.each(self, "minutes"))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sum columns of the paid minutes of all people."""
        case, most = roster.case, roster.case.each(self, "minutes").astype(int)
        for week in cycles(case, "week"):
            columns, day = week.columns(case), week.last_day(case)
            total = roster.paid[:, columns.start : columns.stop].sum(axis=1)
            for agent in np.flatnonzero(total > most):
                yield Finding(
                    where=Where(agent=int(agent), day=day),
                    amount=int(total[agent] - most[agent]),
                    facts={"paid_h": total[agent] / HOUR, "most_h": most[agent] / HOUR},
                )


@dataclass(frozen=True, kw_only=True)
class HoursOvertime(Rule):
    """Overtime is booked only where it is allowed, and it costs.

    What is booked within the limits raises the cap of ``hours.average``; what is
    booked beyond them, or by a protected person, raises nothing.

    Attributes
    ----------
    allowed
        Whether overtime may be booked at all.
    day_minutes, month_minutes
        Most overtime of a person on a date, and in a calendar month.
    """

    id = "hours.overtime"
    unit = "h"
    soft_only = True
    meaning = Text(
        en="Overtime only where allowed: {rule.day_minutes} min a day, "
        "{rule.month_minutes} min a month.",
        zh="仅在允许时加班:每天 {rule.day_minutes} 分钟,"
        "每月 {rule.month_minutes} 分钟。",
    )
    text = Text(
        en="{agent} has {amount} h of overtime, begun hours counted, on {date}.",
        zh="{agent} 在 {date} 加班 {amount} 小时(不足一小时按一小时计)。",
    )
    source = "Labour Law Art. 41"

    penalty: int | None = 20
    allowed: bool = False
    day_minutes: int = 60
    month_minutes: int = 2160

    def encode(self, draft: Draft) -> None:
        """Charge the hours begun of each day's overtime."""
        for agent in draft.agents:
            for day in draft.days:
                booked = draft.overtime(agent, day)
                if booked:
                    where = Where(agent=agent, day=day)
                    draft.at_most(booked, 0, where, step=HOUR)

    def charges(self, case: Case) -> NDArray[np.int64]:
        """Charge nothing: none is booked."""
        return np.zeros((len(case.agents), case.days, len(case.shifts) + 1), np.int64)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count the hours begun of each day's overtime."""
        for agent, day in zip(*np.nonzero(roster.overtime), strict=True):
            yield Finding(
                where=Where(agent=int(agent), day=int(day)),
                amount=-(-int(roster.overtime[agent, day]) // HOUR),
            )


def booked_overtime(roster: Roster) -> NDArray[np.int64]:
    """Return the overtime minutes that raise a cap; shape ``(agents, days)``."""
    case, rule = roster.case, roster.case.rule("hours.overtime")
    if not isinstance(rule, HoursOvertime) or not rule.allowed:
        return np.zeros_like(roster.overtime)
    booked = np.minimum(roster.overtime, rule.day_minutes)
    booked *= overtime_open(case)
    for month in cycles(case, "month"):
        columns = month.columns(case)
        days = slice(max(0, columns.start - case.past), columns.stop - case.past)
        before = np.cumsum(booked[:, days], axis=1) - booked[:, days]
        left = np.maximum(0, rule.month_minutes - before)
        booked[:, days] = np.minimum(booked[:, days], left)
    return np.asarray(booked)


def overtime_open(case: Case) -> NDArray[np.bool_]:
    """Return where a person may book overtime at all; shape ``(agents, days)``."""
    free = np.ones((len(case.agents), case.days), bool)
    for number, agent in enumerate(case.agents):
        if agent.protected is not None:
            first, last = (case.clock.day(on) for on in agent.protected)
            free[number, max(0, first) : max(0, last + 1)] = False
    return free
