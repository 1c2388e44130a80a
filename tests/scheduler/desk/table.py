"""Requests held against a small published roster, in a line a planner can read.

Five people work day shifts of 7.5 paid hours from Monday 2 March 2026 on, five days a
week. A4 is alone at night in the second week, A5 in the evenings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from constraints.case import Shift
from constraints.roster import Duties, Roster
from scheduler.desk.desk import Desk
from scheduler.desk.examples import leave_of, small_desk, swap_of
from scheduler.desk.leave import LeaveLooked
from scheduler.desk.policy import HolidayPolicy, LeavePolicy, Policy, SwapPolicy
from scheduler.desk.requests import LeaveRequest, SwapRequest
from scheduler.desk.sheet import Cell, Sheet
from scheduler.desk.verdict import Verdict
from scheduler.engine.breaks import place_breaks

ROWS = (
    "DDDDD--DDDDD--DD",  # A1: Monday to Friday
    "--DDDDD--DDDDD--",  # A2: Wednesday to Sunday
    "DD--DDDDD--DDDDD",  # A3: Friday to Tuesday
    "DDDDD--NNNN---DD",  # A4: nights in the second week
    "LLLLL--LLLLL--LL",  # A5: evenings
)
MARCH = "2026-03-{:02}"


@dataclass(frozen=True)
class Row:
    """One request, what is unusual around it, and what must be said of it.

    Attributes
    ----------
    legs
        Shifts such as ``A1:02`` (2 March), each going to the next; or a whole date.
    verdict, deciding
        Of all checks, and the checks that make it so.
    now, first, rows
        Local time, first day and roster.
    agents, shifts
        What is unusual about people, by id, and about shifts, by code.
    swap, holiday, leave
        What the rule book says otherwise.
    before
        Legs and state of other swaps.
    asked
        Place, kind, days and state of leave asked for by others, or by them.
    request
        Other parts of the request.
    desk
        Other parts of the desk.
    rules
        Parameters of rules that are otherwise, by id.
    duties
        Further duties: person, day, kind, start and end hour.
    bare
        Person and day of shifts without breaks.
    need, queues
        Heads needed in each hour of each queue.
    history
        Days before, a row a person.
    given
        Place, kind and days of leave granted since publication.
    """

    legs: tuple[str, ...]
    verdict: str
    deciding: str = ""
    now: str = "2026-02-26T10:00"
    first: str = "2026-03-02"
    rows: Sequence[str] = ROWS
    agents: dict[str, dict[str, Any]] = field(default_factory=dict)
    shifts: dict[str, dict[str, Any]] = field(default_factory=dict)
    swap: dict[str, Any] = field(default_factory=dict)
    holiday: dict[str, Any] = field(default_factory=dict)
    leave: dict[str, Any] = field(default_factory=dict)
    before: Sequence[tuple[tuple[str, ...], str]] = ()
    asked: Sequence[tuple[str, str, int, str]] = ()
    request: dict[str, Any] = field(default_factory=dict)
    desk: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    duties: Sequence[tuple[int, int, str, float, float]] = ()
    bare: Sequence[tuple[int, int]] = ()
    need: int = 0
    queues: Sequence[str] = ("calls",)
    history: Sequence[str] = ()
    given: Sequence[tuple[str, str, int]] = ()

    def held(self) -> Desk:
        """Return the desk."""
        desk = small_desk(self.rows, now=f"{self.now}+08:00", first=self.first)
        roster = desk.roster
        case = roster.case
        agents = tuple(
            replace(agent, **self.agents.get(agent.id, {})) for agent in case.agents
        )
        shifts = tuple(_shift(shift, self.shifts) for shift in case.shifts)
        rules = tuple(
            replace(rule, **self.rules.get(rule.id, {})) for rule in case.rules
        )
        intervals = case.clock.intervals
        requirement = replace(
            case.requirement,
            queues=tuple(self.queues),
            heads=_flat(self.need, len(self.queues), intervals),
        )
        case = replace(
            case, agents=agents, shifts=shifts, rules=rules, requirement=requirement
        )
        if self.history:
            case = _with_history(case, self.history)
        sheet = Sheet.of(roster)
        roster = Sheet(sheet.cells, tuple(self._leave())).roster(case)
        if self.shifts:
            roster = place_breaks(roster)
        if self.bare and roster.duties is not None:
            kept = [row for row in roster.duties.rows() if row[:2] not in self.bare]
            roster = replace(roster, duties=Duties.of(kept))
        if self.duties:
            roster = replace(roster, duties=_beside(roster, self.duties))
        policy = Policy(
            swap=replace(SwapPolicy(), **self.swap),
            holiday=replace(HolidayPolicy(), **self.holiday),
            leave=replace(LeavePolicy(), **self.leave),
        )
        desk = replace(desk, roster=roster, policy=policy)
        requests = (
            *(
                replace(self._swap(desk, legs), number=100 + n, state=state)
                for n, (legs, state) in enumerate(self.before)
            ),
            *(
                _counted(
                    desk,
                    replace(
                        leave_of(desk, _full(place), kind, days),
                        number=200 + n,
                        state=state,
                    ),
                )
                for n, (place, kind, days, state) in enumerate(self.asked)
            ),
        )
        return replace(desk, requests=requests, **self.desk)

    def _leave(self):
        for place, kind, days in self.given:
            asked = leave_of(
                small_desk(self.rows, first=self.first), _full(place), kind, days
            )
            yield asked.agent, asked.begins, asked.last, kind

    def _swap(self, desk: Desk, legs: Sequence[str]) -> SwapRequest:
        """Each shift goes to the person named next."""
        return swap_of(desk, *(_full(leg) for leg in legs))

    def swapped(self, desk: Desk) -> SwapRequest:
        """Return the swap asked for."""
        return replace(self._swap(desk, self.legs), **self.request)

    def left(self, desk: Desk) -> LeaveRequest:
        """Return the leave asked for: place, kind and days."""
        place, kind, days = (*self.legs, "1")[:3]
        return replace(leave_of(desk, _full(place), kind, int(days)), **self.request)


def _counted(desk: Desk, leave: LeaveRequest) -> LeaveRequest:
    return replace(leave, counted=LeaveLooked(desk, leave).counted)


def at(text: str) -> datetime:
    """Return a local time."""
    return datetime.fromisoformat(f"{text}+08:00")


def following(*rows: str, first: str = "2026-03-18") -> Sheet:
    """Return the next period's roster."""
    begins = date.fromisoformat(first).toordinal()
    return Sheet(
        {
            (f"A{number}", str(date.fromordinal(begins + day))): Cell(code)
            for number, row in enumerate(rows, start=1)
            for day, code in enumerate(row)
            if code != "-"
        }
    )


def _full(place: str) -> str:
    id, _, on = place.partition(":")
    return f"{id}:{on if '-' in on else MARCH.format(int(on))}"


def _shift(shift: Shift, told: dict[str, dict[str, Any]]) -> Shift:
    return replace(shift, **told.get(shift.code, {}))


def _flat(need: int, queues: int, intervals: int):
    return np.full((queues, intervals), need, np.int64)


def _beside(roster: Roster, duties) -> Duties:
    midnight = roster.case.midnight
    return (roster.duties or Duties.of(())).beside(
        Duties.of(
            (agent, day, kind, *(int(midnight[day] + 60 * hour) for hour in hours))
            for agent, day, kind, *hours in duties
        )
    )


def _with_history(case, rows):
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    history = np.array(
        [[codes.get(code, -1) for code in row] for row in rows], np.int16
    )
    known = np.ones(len(rows), bool)
    return replace(
        case, history=history, known=known, past_leave=np.zeros((0, 0), bool)
    )


def expect(row: Row, found: Verdict, order: Sequence[str]) -> None:
    """Assert that all checks are reported, and that those named make the verdict."""
    assert [check.id for check in found.checks] == list(order)
    told = {check.id: check.text.en for check in found.checks}
    deciding = "" if found.verdict == "pass" else " ".join(found.deciding)
    assert (found.verdict, deciding) == (row.verdict, row.deciding), told


def alone(groups: Mapping[str, Mapping[str, Row]]) -> set[str]:
    """Return the checks that decide a line of a table by themselves."""
    return {row.deciding for rows in groups.values() for row in rows.values()}


def params(groups: Mapping[str, Mapping[str, Row]]) -> list[Any]:
    """Return the lines of a table as parameters of a test."""
    return [
        pytest.param(row, id=f"{group}: {name}")
        for group, rows in groups.items()
        for name, row in rows.items()
    ]
