"""Edited: the source of a case with the edits of a scenario laid over it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from itertools import count, islice
from typing import Any

from forecasts.problems import InputError, Problem
from forecasts.table import Row, Table, nearest, parse_day
from scheduler.files.scenario import KEYS, Scenario
from scheduler.files.source import Columns, Source, text_of
from scheduler.files.toml import Settings, merged

Cells = dict[str, str]
ONE_DAY = timedelta(days=1)


class Edited:
    """A source whose settings and tables are as a scenario has them.

    Parameters
    ----------
    source
        The case as it was handed in.
    scenario
        What to change in it.
    """

    def __init__(self, source: Source, scenario: Scenario) -> None:
        self.source, self.scenario = source, scenario

    # -- what a source gives ----------------------------------------------------------
    def settings(self) -> Settings:
        """Return the settings of the case under those of the scenario."""
        settings, edits = self.source.settings(), self.scenario.settings
        if "volume" in self.scenario.edits:
            both = merged(settings.values, edits)["forecast"]
            factor, whole = self.scenario.edits["volume"], both.get("volume", 1.0)
            if isinstance(whole, str) and not settings.typed:  # a cell of a workbook
                with suppress(ValueError):
                    whole = float(whole)
            if type(whole) in (int, float):  # all else is told when it is read
                whole = round(whole * factor, 9)
            edits["forecast"]["volume"] = whole
        return settings.under(edits, self.scenario.name)

    def has(self, name: str) -> bool:
        """Return whether there is a table of a name, or will be one."""
        new = self._lines(name) or (name == "leave" and self._lines("absent"))
        return bool(new) or self.source.has(name)

    def place(self, name: str) -> str:
        """Return what messages call a table."""
        return self.source.place(name)

    def table(
        self, name: str, required: Columns, optional: Columns, *, needs_rows: bool
    ) -> Table:
        """Return a table with the lines of the scenario."""
        if self.has(name) and not self.source.has(name):
            table = Table(self.place(name), "", tuple(required), ())
        else:
            table = self.source.table(name, required, optional, needs_rows=needs_rows)
        rows = tuple(self._rows(name, table.rows)) if name in KEYS else table.rows
        if rows == table.rows:
            return table
        columns = (*table.columns, *(column for row in rows for column in row.cells))
        return replace(
            table,
            file=f'{table.file} under "{self.scenario.name}"',
            columns=tuple(dict.fromkeys(columns)),
            rows=rows,
        )

    def carried(self) -> Any:
        """Return what a former period left."""
        return self.source.carried()

    def input_hash(self) -> str:
        """Return the SHA-256 over input and edits."""
        both = self.source.input_hash() + self.scenario.digest
        return sha256(both.encode()).hexdigest()

    def _lines(self, *key: str) -> list[Cells]:
        """Return lines of the scenario, as a CSV file would hold them."""
        edits: Any = self.scenario.edits
        for part in key:
            edits = edits.get(part, {})
        return [_text(line) for line in edits or ()]

    # -- lines ------------------------------------------------------------------------
    def _rows(self, name: str, rows: Sequence[Row]) -> Iterator[Row]:
        """Yield the lines of a table as the scenario has them."""
        kept = list(self._kept(name, rows))
        lines = self._lines(name)
        for row in kept:
            for cells in lines:
                if _key(name, cells) == _key(name, row.cells):
                    row = Row(row.line, row.cells | cells)
            yield row
        known = {_key(name, row.cells) for row in kept}
        fresh = [cells for cells in lines if _key(name, cells) not in known]
        if name == "agents":
            fresh += self._hired([*(row.cells for row in kept), *fresh])
        if name == "leave":
            fresh += self._sick(kept)
        last = max((row.line for row in rows), default=1)
        for line, cells in enumerate(fresh, start=last + 1):
            yield Row(line, cells)

    def _kept(self, name: str, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the lines that stay."""
        without = self._lines("without", name)
        gone = {line.get("agent") for line in self._lines("without", "agents")}
        for row in rows:
            if row.cells.get("agent") in gone or self._gives_way(name, row):
                continue
            if not any(cells.items() <= row.cells.items() for cells in without):
                yield row
            elif name == "shifts":  # history may still name it
                yield Row(row.line, row.cells | {"offered": "no"})

    def _gives_way(self, name: str, row: Row) -> bool:
        """Whether a line is a pin of somebody who is away then."""
        on = _day(row.cells.get("date")) if name == "pins" else None
        return on is not None and any(
            cells["agent"] == row.cells.get("agent") and on in _days(cells)
            for cells in self._lines("absent")
        )

    def _hired(self, there: Iterable[Cells]) -> Iterator[Cells]:
        """Yield the people who are hired, beside those who are there."""
        people = {cells.get("agent", ""): cells for cells in there}
        for line in self._lines("hire"):
            like, number = line.pop("like"), int(line.pop("count", "1"))
            if like not in people:
                raise self._nobody(like, people)
            ids = (f"{like}+{number}" for number in count(1))
            for id in islice((id for id in ids if id not in people), number):
                people[id] = people[like] | {"name": id, "joined": ""} | line
                people[id]["agent"] = id
                yield people[id]

    def _nobody(self, id: str, people: Iterable[str]) -> InputError:
        near = nearest(id, list(people))
        return InputError(
            [
                Problem(
                    file=f'scenario "{self.scenario.name}"',
                    column="hire.like",
                    found=id,
                    expected=f"an agent of {self.place('agents')}",
                    remedy=f'Did you mean "{near}"?' if near else "Correct the id.",
                )
            ]
        )

    def _sick(self, leave: Sequence[Row]) -> Iterator[Cells]:
        """Yield a line of leave for each stretch of days somebody is absent."""
        for line in self._lines("absent"):
            away = {
                on
                for row in leave
                if row.cells.get("agent") == line["agent"]
                for on in _days(row.cells)
            }
            for first, last in _stretches(on for on in _days(line) if on not in away):
                days = {"first": str(first), "last": str(last)}
                yield {"agent": line["agent"], "kind": "sick", **days}


def _text(line: Mapping[str, Any]) -> Cells:
    """Return the cells of a line as a CSV file would hold them."""
    return {
        column: ";".join(map(str, value))
        if isinstance(value, list | tuple)
        else text_of(value, column)
        for column, value in line.items()
    }


def _key(name: str, cells: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return what a line of a table is known by."""
    return tuple(cells.get(column) for column in KEYS[name])


def _days(cells: Mapping[str, str]) -> list[date]:
    """Return the days from ``first`` to ``last``; none where these are no dates."""
    try:
        first, last = parse_day(cells["first"]), parse_day(cells["last"])
    except (KeyError, ValueError):
        return []  # whoever reads the line will say so
    return [first + number * ONE_DAY for number in range((last - first).days + 1)]


def _day(text: str | None) -> date | None:
    try:
        return parse_day(text or "")
    except ValueError:
        return None


def _stretches(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Yield first and last day of each stretch of days running."""
    found: list[list[date]] = []
    for on in days:
        if found and on - found[-1][-1] == ONE_DAY:
            found[-1].append(on)
        else:
            found.append([on])
    return ((run[0], run[-1]) for run in found)
