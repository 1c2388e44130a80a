"""Single cells: one shift at a time, none on leave, only those a person may work."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, OPEN, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Memory, Rule, Text, Where


@dataclass(frozen=True, kw_only=True)
class ShiftOne(Rule):
    """Nobody is in two shifts at a time."""

    id = "shift.one"
    unit = "shifts"
    meaning = Text(en="One shift at a time.", zh="同一时间只上一个班。")
    text = Text(
        en="{agent} starts a shift on {date} while in another or beside another.",
        zh="{agent} 在 {date} 的班次与另一班次重叠或同日重复。",
    )
    source = "Bank rule book R07"

    def encode(self, draft: Draft) -> None:
        """Forbid each pair of overlapping shifts on neighbouring days."""
        case = draft.case
        shifts = range(len(case.shifts))
        for day in draft.days:
            column = case.past + day
            if not column:
                continue
            amounts = case.end[column - 1][:, None] > case.start[column][None, :]
            if amounts.any():
                for agent in draft.agents:
                    draft.clash(
                        [draft.works(agent, day - 1, shift) for shift in shifts],
                        [draft.works(agent, day, shift) for shift in shifts],
                        amounts.astype(np.int64),
                        Where(agent=agent, day=day),
                    )

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the shift of the day before."""

        def step(before: int, column: int, shift: int, _: int) -> tuple[int, int]:
            if OFF in (before, shift) or column <= case.past - 1:
                return shift, 0
            ends = int(case.end[column - 1, before])
            return shift, int(ends > case.start[column, shift])

        return Memory(OFF, step)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sort a person's shifts by start and look for one begun too early."""
        past, stints = roster.case.past, roster.stints
        same = stints.agent[1:] == stints.agent[:-1]
        again = same & (
            (stints.start[1:] < stints.end[:-1])
            | (stints.column[1:] == stints.column[:-1])
        )
        for later in np.flatnonzero(again) + 1:
            day = int(stints.column[later]) - past
            if day >= 0:
                where = Where(agent=int(stints.agent[later]), day=day)
                yield Finding(where=where, amount=1)


@dataclass(frozen=True, kw_only=True)
class LeaveDay(Rule):
    """Nobody starts a shift on a day of leave."""

    id = "leave.day"
    unit = "shifts"
    meaning = Text(en="No work on leave.", zh="休假期间不排班。")
    text = Text(
        en="{agent} works on {date}, a day of leave.",
        zh="{agent} 在休假日 {date} 被排班。",
    )
    source = "Bank rule book C3"

    def encode(self, draft: Draft) -> None:
        """Forbid work on each day of leave."""
        past, on_leave = draft.case.past, draft.case.on_leave
        for agent in draft.agents:
            for day in draft.days:
                if on_leave[agent, past + day]:
                    where = Where(agent=agent, day=day)
                    draft.forbid([draft.working(agent, day)], where)

    def charges(self, case: Case) -> NDArray[np.int64]:
        """Charge each shift on leave."""
        charged = np.zeros(
            (len(case.agents), case.days, len(case.shifts) + 1), np.int64
        )
        charged[:, :, :-1] = case.on_leave[:, case.past :, None]
        return charged

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Look where work and leave fall together."""
        past = roster.case.past
        both = (roster.working & roster.case.on_leave)[:, past:]
        for agent, day in zip(*np.nonzero(both), strict=True):
            yield Finding(where=Where(agent=int(agent), day=int(day)), amount=1)


@dataclass(frozen=True, kw_only=True)
class Eligibility(Rule):
    """People work only shifts they may work, and what is pinned stands.

    Classes, skills, protection from night work, dates of joining and leaving, pins.
    """

    id = "eligibility"
    unit = "shifts"
    meaning = Text(
        en="Classes, skills, protected people, joined and left dates, and pins.",
        zh="班次类别、技能、受保护员工、入离职日期及固定排班。",
    )
    text = Text(
        en="{agent} on {date}: {reason_en}.",
        zh="{agent} 在 {date}:{reason_zh}。",
    )
    source = "Bank rule book R14; Special Rules on Women Employees Art. 6 and 9"

    def encode(self, draft: Draft) -> None:
        """Forbid what may not be; a pinned cell must be as pinned."""
        case = draft.case
        for agent in draft.agents:
            for day in draft.days:
                where, pin = Where(agent=agent, day=day), int(case.pins[agent, day])
                if pin == OFF:
                    draft.forbid([draft.working(agent, day)], where)
                elif pin != OPEN:
                    draft.at_least([(1, draft.works(agent, day, pin))], 1, where)
                else:
                    banned = np.flatnonzero(~case.may[agent, day])
                    if banned.size:
                        draft.forbid([draft.any_shift(agent, day, banned)], where)

    def charges(self, case: Case) -> NDArray[np.int64]:
        """Charge what a person may not work, and what is pinned otherwise."""
        shifts = len(case.shifts)
        charged = np.zeros((len(case.agents), case.days, shifts + 1), np.int64)
        charged[:, :, :-1] = ~case.may
        agents, days = np.nonzero(case.pins != OPEN)
        charged[agents, days] = 1
        charged[agents, days, case.pins[agents, days] % (shifts + 1)] = 0
        return charged

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Look each cell up in what is allowed and what is pinned."""
        case, table = roster.case, roster.table
        pinned = case.pins != OPEN
        wrong = np.where(pinned, table != case.pins, False)
        works = (table != OFF) & ~pinned
        agents, days = np.nonzero(works)
        allowed = case.may[agents, days, table[agents, days]]
        wrong[agents[~allowed], days[~allowed]] = True
        wrong |= roster.unable
        for agent, day in zip(*np.nonzero(wrong), strict=True):
            yield Finding(
                where=Where(agent=int(agent), day=int(day)),
                amount=1,
                facts=self._reason(roster, int(agent), int(day)),
            )

    def _reason(self, roster: Roster, agent: int, day: int) -> dict[str, str]:
        case, shift = roster.case, int(roster.table[agent, day])
        if case.pins[agent, day] != OPEN:
            en, zh = "the roster differs from the pinned cell", "与固定排班不符"
        elif roster.unable[agent, day]:
            en, zh = "answers a queue without its skill", "接听不具备技能的队列"
        elif not case.employed[agent, case.past + day]:
            en, zh = "not employed on that day", "当日不在职"
        elif not case.suits[agent, shift]:
            code = case.shifts[shift].code
            en = f"class or skills do not fit shift {code}"
            zh = f"类别或技能不符合班次 {code}"
        else:
            en, zh = "protected from night work", "受保护期间不得上夜班"
        return {"reason_en": en, "reason_zh": zh}
