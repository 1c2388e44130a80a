"""Read a roster back: ours, handmade, or edited in a spreadsheet."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import PHONE, Duties, Roster
from forecasts.clock import Clock
from forecasts.table import Cells, Problems, Row, Table, read_table
from scheduler.files.source import Workbook, table_of_cells, text_of
from scheduler.files.tables import DAY_OFF, ON_LEAVE, Names

REQUIRED = ("agent", "date", "shift")
OPTIONAL = ("class", "start", "end", "paid_minutes", "overtime_minutes")
DUTIES = ("agent", "date", "kind", "start", "end")
SLASHES = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")


def read_roster(path: Path | str, case: Case) -> Roster:
    """Read a roster of a case.

    Parameters
    ----------
    path
        roster.csv, or a workbook with a sheet ``long`` (rows as in roster.csv) or
        ``grid`` (a row a person, a column a date).
    case
        What the roster is about.

    Returns
    -------
    Roster
        With the duties of the duties.csv beside it where there is one, otherwise
        without any. Rows of leave are passed over: the case says who is on leave.

    Raises
    ------
    InputError
        With every problem of the files.
    """
    path = Path(path)
    reading = _Reading(case)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        sheet = reading.workbook(path)
    else:
        sheet = reading.long(read_table(path, REQUIRED, OPTIONAL, needs_rows=False))
    duties = reading.duties(path.parent / "duties.csv")
    reading.problems.raise_if_any()
    return Roster(
        case,
        sheet.table,
        duties,
        tuple(sheet.extra),
        sheet.overtime,
        reading.serving,
    )


@dataclass
class _Sheet:
    """A grid being filled."""

    table: NDArray[np.int16]
    overtime: NDArray[np.int64]
    extra: list[tuple[int, int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, case: Case) -> "_Sheet":
        shape = (len(case.agents), case.days)
        return cls(np.full(shape, OFF, np.int16), np.zeros(shape, np.int64))

    def put(self, agent: int, day: int, shift: int, overtime: int) -> None:
        if shift == OFF:
            return
        if self.table[agent, day] == OFF:
            self.table[agent, day] = shift
        else:
            self.extra.append((agent, day, shift))
        self.overtime[agent, day] += overtime


class _Reading:
    def __init__(self, case: Case) -> None:
        self.case, self.clock = case, case.clock
        self.problems = Problems()
        self.serving: NDArray[np.int8] | None = None
        self.names = Names(
            {agent.id: number for number, agent in enumerate(case.agents)},
            {shift.code: number for number, shift in enumerate(case.shifts)},
        )

    # -- long form ------------------------------------------------------------------
    def long(self, table: Table) -> _Sheet:
        """Place the rows of a roster.csv."""
        sheet, cells = _Sheet.of(self.case), Cells(table, self.problems)
        for row in table.rows:
            agent, day = self.names.agent(cells, row), self.day(cells, row)
            shift = self.shift(cells, row)
            overtime = cells.whole(
                row, "overtime_minutes", least=0, most=1440, default=0
            )
            if agent is None or day is None or shift is None:
                continue
            sheet.put(agent, day, shift, overtime or 0)
        return sheet

    def day(self, cells: Cells, row: Row) -> int | None:
        """Return the day of the horizon a row is of, or record a problem."""
        on = cells.day(_with_iso_date(row), "date")
        if on is None:
            return None
        day = self.clock.day(on)
        if not 0 <= day < self.clock.days:
            last = self.clock.date(self.clock.days - 1)
            expected = f"a date from {self.clock.first_day} to {last}"
            cells.refuse(row, "date", expected, "Remove the line, or correct it.")
            return None
        return day

    def shift(self, cells: Cells, row: Row) -> int | None:
        """Return the shift of a row; ``OFF`` for leave and days off."""
        text, kind = row.cells["shift"], row.cells.get("class", "")
        if text == DAY_OFF or (not text and kind.startswith(ON_LEAVE)):
            return OFF
        if not text:
            cells.refuse(
                row,
                "shift",
                "a row of shifts.csv",
                "Delete the line, or write - for a day off.",
            )
            return None
        return self.names.shift(cells, row)

    # -- workbooks ------------------------------------------------------------------
    def workbook(self, path: Path) -> _Sheet:
        """Read the sheets ``long`` and ``grid``; they must agree where both are."""
        book = Workbook(path)
        sheets: list[_Sheet] = []
        if book.has("long"):
            place, cells = book.place("long"), book.sheets["long"]
            sheets.append(
                self.long(table_of_cells(place, cells, REQUIRED, OPTIONAL, False))
            )
        if book.has("grid"):
            sheets.append(self.grid(book.place("grid"), book.sheets["grid"]))
        if not sheets:
            self.problems.add(
                file=path.name,
                found=f"sheets {', '.join(book.sheets)}",
                expected='a sheet "long" or "grid"',
                remedy="Name the sheet that holds the roster so.",
            )
            self.problems.raise_if_any()
        if len(sheets) == 2 and not self.problems:
            self.compare(path.name, *sheets)
        return sheets[0]

    def grid(self, place: str, rows: Sequence[tuple[int, list[Any]]]) -> _Sheet:
        """Place the cells of a grid: a row a person, a column a date."""
        sheet = _Sheet.of(self.case)
        header_line, header = rows[0] if rows else (1, [])
        days = {
            column: day
            for column, cell in enumerate(header)
            if (day := self.grid_day(text_of(cell, ""))) is not None
        }
        if text_of(header[0] if header else "", "") != "agent" or not days:
            self.problems.add(
                file=place,
                line=header_line,
                found=text_of(header[0] if header else "", ""),
                expected="a header: agent, name, then one date of the horizon a column",
                remedy="Keep the first row of the workbook as it was written.",
            )
            return sheet
        cells = Cells(place, self.problems)
        for line, values in rows[1:]:
            id = text_of(values[0], "").strip() if values else ""
            if not id:  # the foot: sums by day, and the legend
                continue
            agent = self.names.agent(cells, Row(line, {"agent": id}))
            if agent is not None:
                self.grid_row(sheet, cells, (line, values), agent, days)
        return sheet

    def grid_day(self, text: str) -> int | None:
        """Return the day of a header cell, or None where it is no date of ours."""
        try:
            day = self.clock.day(date.fromisoformat(text))
        except ValueError:
            return None
        return day if 0 <= day < self.clock.days else None

    def grid_row(
        self,
        sheet: _Sheet,
        cells: Cells,
        row: tuple[int, Sequence[Any]],
        agent: int,
        days: Mapping[int, int],
    ) -> None:
        """Place one person's cells."""
        line, values = row
        for column, day in days.items():
            text = text_of(values[column], "").strip() if column < len(values) else ""
            if not text or text == DAY_OFF or text.startswith(ON_LEAVE):
                continue
            on = self.clock.date(day).isoformat()
            shift = self.names.shift(cells, Row(line, {on: text}), on)
            if shift is not None:
                sheet.put(agent, day, shift, 0)

    def compare(self, file: str, long: _Sheet, grid: _Sheet) -> None:
        """Refuse a workbook whose two sheets say different things."""
        differ = np.argwhere(long.table != grid.table)
        if not len(differ):
            return
        agent, day = (int(part) for part in differ[0])
        person, on = self.case.agents[agent].id, self.clock.date(day)
        self.problems.add(
            file=file,
            column="grid",
            found=f"{len(differ)} cells unlike sheet long, first {person} {on}",
            expected="the same roster in both sheets",
            remedy="Delete the sheet that is not meant (or was not edited).",
        )

    # -- duties ---------------------------------------------------------------------
    def duties(self, path: Path) -> Duties | None:
        """Return the duties of a duties.csv but for the phone; None where absent.

        Queues named for the phone are kept in ``serving``.
        """
        if not path.is_file():
            return None
        table = self.problems.attempt(
            lambda: read_table(path, DUTIES, ("queue",), needs_rows=False)
        )
        if table is None:
            return None
        cells = Cells(table, self.problems)
        return Duties.of(self.duty_rows(cells, table.rows))

    def duty_rows(
        self, cells: Cells, rows: Iterable[Row]
    ) -> list[tuple[int, int, str, int, int]]:
        """Return person, day, kind, start and end of each duty off the phone."""
        found = []
        several = len(self.case.requirement.queues) > 1
        for row in rows:
            on_phone = row.cells["kind"] == PHONE
            if on_phone and not (several and row.cells.get("queue")):
                continue
            agent, day = self.names.agent(cells, row), self.day(cells, row)
            kind = cells.text(row, "kind")
            start = minute_of(cells.stamp(row, "start"), self.clock)
            end = minute_of(cells.stamp(row, "end"), self.clock)
            if start is not None and end is not None and end <= start:
                cells.refuse(row, "end", "a time after the start", "Correct the cell.")
            if agent is None or day is None or kind is None:
                continue
            if start is not None and end is not None:
                if on_phone:
                    self.serve(cells, row, agent, slice(start, end))
                else:
                    found.append((agent, day, kind, start, end))
        return found

    def serve(self, cells: Cells, row: Row, agent: int, minutes: slice) -> None:
        """Keep the queue that a person answers for some minutes."""
        queues, clock = self.case.requirement.queues, self.clock
        if row.cells["queue"] not in queues:
            expected = f"one of {', '.join(queues)}"
            cells.refuse(row, "queue", expected, "Name a queue of the calls.")
            return
        if self.serving is None:
            shape = (len(self.case.agents), clock.intervals)
            self.serving = np.full(shape, -1, np.int8)
        span = clock.span(minutes.start, minutes.stop)
        self.serving[agent, span] = queues.index(row.cells["queue"])


def minute_of(at: datetime | None, clock: Clock) -> int | None:
    """Return the minute of a time on the clock's axis.

    Examples
    --------
    >>> clock = Clock(date(2026, 3, 2), 7, 30, "Asia/Shanghai")
    >>> minute_of(datetime(2026, 3, 3, 8, 30), clock)
    1950
    """
    if at is None:
        return None
    if at.tzinfo is not None:
        return clock.minute_at(at)
    return clock.minute(clock.day(at.date()), at.hour * 60 + at.minute)


def _with_iso_date(row: Row) -> Row:
    """Undo what a spreadsheet makes of a date when it saves a CSV file."""
    found = SLASHES.fullmatch(row.cells["date"])
    if not found:
        return row
    on = f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    return row._replace(cells={**row.cells, "date": on})
