"""A published roster as the ledger keeps it: by people's ids and dates."""

import json
from base64 import b85decode, b85encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zlib import compress, decompress

import numpy as np

from constraints.case import OFF, OPEN, Case, Leave
from constraints.roster import Duties, Roster

Place = tuple[str, str]  # id of a person, and date
Granted = tuple[str, date, date, str]  # id, first and last day, and kind of leave
SICK = "sick"
"""Kind of leave, and of the rest of a shift, of who is absent unplanned."""
FORGOTTEN = "purged-"
"""How the pseudonyms of people begin who were forgotten."""


@dataclass(frozen=True)
class Cell:
    """What a person does on a date.

    Attributes
    ----------
    shift
        Code of the shift.
    overtime
        Minutes booked.
    away
        Kind, start and end of what keeps them from the phone; minutes after the
        midnight with which the date begins.
    """

    shift: str
    overtime: int = 0
    away: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Sheet:
    """Shifts, breaks and leave of a period.

    Attributes
    ----------
    cells
        By person and date; days off have none.
    leave
        Id, first and last day, and kind of leave granted after publication.
    """

    cells: Mapping[Place, Cell]
    leave: tuple[Granted, ...] = ()

    @classmethod
    def of(cls, roster: Roster, leave: tuple[Granted, ...] = ()) -> "Sheet":
        """Return the sheet of a roster."""
        case, clock = roster.case, roster.case.clock
        away = (roster.duties or Duties.of(())).by_shift()
        cells = {}
        for agent, day in np.argwhere(roster.table != OFF).tolist():
            begins = int(case.midnight[case.past + day])
            stretches = tuple(
                (kind, start - begins, end - begins)
                for start, end, kind in away.get((agent, day), ())
            )
            place = (case.agents[agent].id, clock.date(day).isoformat())
            code = case.shifts[roster.table[agent, day]].code
            cells[place] = Cell(code, int(roster.overtime[agent, day]), stretches)
        return cls(cells, leave)

    def case(self, case: Case) -> Case:
        """Return a case with the leave granted since; it goes before pins.

        Days on which somebody is on leave already are not granted twice.
        """
        index = {agent.id: number for number, agent in enumerate(case.agents)}
        pins, granted = case.pins.copy(), list(case.leave)
        for id, first, last, kind in self.leave:
            if id not in index or _known(granted, index[id], first, last):
                continue
            granted.append(Leave(agent=index[id], first=first, last=last, kind=kind))
            days = slice(
                max(0, case.clock.day(first)), max(0, case.clock.day(last) + 1)
            )
            pins[index[id], days] = np.where(pins[index[id], days] == OFF, OFF, OPEN)
        if len(granted) == len(case.leave):
            return case
        return replace(case, leave=tuple(granted), pins=pins)

    def with_cells(self, other: "Sheet", places: Iterable[Place]) -> "Sheet":
        """Return it with some cells as another sheet has them."""
        cells = dict(self.cells)
        for place in places:
            cells.pop(place, None)
            if place in other.cells:
                cells[place] = other.cells[place]
        return replace(self, cells=cells)

    def keeping(self, other: "Sheet", case: Case) -> "Sheet":
        """Return it with another's cells of people whom a case does not know."""
        known = {agent.id for agent in case.agents}
        return self.with_cells(other, [p for p in other.cells if p[0] not in known])

    def roster(self, case: Case) -> Roster:
        """Return the roster that it is in a case; of those who are not in it, nothing.

        Parameters
        ----------
        case
            The case as its files have it, without the leave granted since.
        """
        case = self.case(case)
        shape = (len(case.agents), case.days)
        table, overtime = np.full(shape, OFF, np.int16), np.zeros(shape, np.int64)
        agents = {agent.id: number for number, agent in enumerate(case.agents)}
        codes = {shift.code: number for number, shift in enumerate(case.shifts)}
        duties: list[tuple[int, int, str, int, int]] = []
        for (id, on), cell in self.cells.items():
            day = case.clock.day(date.fromisoformat(on))
            if id not in agents or cell.shift not in codes or not 0 <= day < case.days:
                continue
            agent, begins = agents[id], int(case.midnight[case.past + day])
            table[agent, day] = codes[cell.shift]
            overtime[agent, day] = cell.overtime
            for kind, start, end in cell.away:
                duties.append((agent, day, kind, begins + start, begins + end))
        return Roster(case, table, Duties.of(duties), overtime=overtime)

    def changes(self, other: "Sheet") -> dict[Place, tuple[Cell | None, Cell | None]]:
        """Return the cells that differ, by date and person: here, and there."""
        places = {
            place
            for place in (*self.cells, *other.cells)
            if self.cells.get(place) != other.cells.get(place)
        }
        ordered = sorted(places, key=lambda place: (place[1], place[0]))
        return {p: (self.cells.get(p), other.cells.get(p)) for p in ordered}

    # -- as the ledger has it ---------------------------------------------------------
    def packed(self) -> dict[str, Any]:
        """Return it as JSON has it, cells compressed."""
        people: dict[str, dict[str, Any]] = {}
        for (id, on), cell in sorted(self.cells.items()):
            people.setdefault(id, {})[on] = [cell.shift, cell.overtime, cell.away]
        text = json.dumps(people, ensure_ascii=False, separators=(",", ":"))
        leave = [
            [id, str(first), str(last), kind] for id, first, last, kind in self.leave
        ]
        return {"cells": b85encode(compress(text.encode())).decode(), "leave": leave}

    @classmethod
    def unpacked(cls, record: Mapping[str, Any]) -> "Sheet":
        """Return the sheet that was packed.

        Examples
        --------
        >>> sheet = Sheet({("A1", "2026-03-02"): Cell("D", 0, (("meal", 720, 750),))})
        >>> Sheet.unpacked(sheet.packed()) == sheet
        True
        """
        people = json.loads(decompress(b85decode(record["cells"])))
        cells = {
            (id, on): Cell(shift, overtime, tuple(tuple(each) for each in away))
            for id, days in people.items()
            for on, (shift, overtime, away) in days.items()
        }
        leave = tuple(
            (id, date.fromisoformat(first), date.fromisoformat(last), kind)
            for id, first, last, kind in record["leave"]
        )
        return cls(cells, leave)


def _known(lines: Iterable[Leave], agent: int, first: date, last: date) -> bool:
    """Whether somebody is on leave already on all of some days."""
    return any(
        line.agent == agent
        and line.granted
        and line.first <= first <= last <= line.last
        for line in lines
    )
