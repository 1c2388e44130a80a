"""The calendar of days: public holidays of a country, and what the planner adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import holidays

from forecasts.hours import parse_spans
from forecasts.table import Cells, Problems, Row, read_table

KINDS = ("statutory", "rest", "workday", "event")


@dataclass(frozen=True)
class CalendarDay:
    """What is special about one date.

    Attributes
    ----------
    date
        The local date.
    kind
        ``statutory`` (public holiday), ``rest`` (a day off in lieu), ``workday`` (a
        weekend day worked in its place) or ``event``.
    name
        Name to show.
    factor
        Calls of the day as a multiple of an ordinary one.
    hours
        Service hours of the day, ``""`` = closed; None leaves the usual hours.
    """

    date: date
    kind: str
    name: str = ""
    factor: float = 1.0
    hours: str | None = None


@dataclass(frozen=True)
class Calendar:
    """Special days by date; every other day is ordinary.

    Examples
    --------
    >>> party = CalendarDay(date(2026, 10, 1), "event", "Anniversary", 1.5)
    >>> calendar = Calendar.build("CN", [2026], [party])
    >>> calendar.kind(date(2026, 10, 1)), calendar.factor(date(2026, 10, 1))
    ('event', 1.5)
    >>> calendar.kind(date(2026, 10, 2)), calendar.kind(date(2026, 10, 12))
    ('statutory', None)
    """

    days: Mapping[date, CalendarDay] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        country: str | None,
        years: Iterable[int],
        days: Iterable[CalendarDay] = (),
    ) -> "Calendar":
        """Return a country's public holidays with the planner's days laid over them.

        Parameters
        ----------
        country
            Two-letter code such as ``CN``; None or ``""`` for no country.
        years
            Years to look up.
        days
            Rows of calendar.csv; each replaces what the country says of its date.

        Raises
        ------
        ValueError
            When the country is not known.
        """
        known = {day.date: day for day in _country(country, years)} if country else {}
        return cls(known | {day.date: day for day in days})

    def kind(self, on: date) -> str | None:
        """Return the kind of a special day, None for an ordinary one."""
        day = self.days.get(on)
        return day.kind if day else None

    def factor(self, on: date) -> float:
        """Return the call multiplier of a date; only typed factors differ from 1."""
        day = self.days.get(on)
        return day.factor if day else 1.0

    def name(self, on: date) -> str:
        """Return the name of a special day, or nothing."""
        day = self.days.get(on)
        return day.name if day else ""

    def hours(self, on: date) -> str | None:
        """Return the service hours typed for a date, None for the usual ones."""
        day = self.days.get(on)
        return day.hours if day else None


def _country(code: str, years: Iterable[int]) -> list[CalendarDay]:
    try:
        blank = holidays.country_holidays(code)
    except NotImplementedError:
        raise ValueError(
            f"Expected the two-letter code of a country, such as CN, got {code!r}."
        ) from None
    # In the country's own words, whatever the language of this machine.
    listed = holidays.country_holidays(
        code, years=sorted(set(years)), language=blank.default_language
    )
    in_lieu = [
        part
        for label in ("substituted_label", "observed_label")
        if (part := max(str(getattr(listed, label, "")).split("%s"), key=len))
    ]
    found = [
        CalendarDay(
            on, "rest" if any(part in name for part in in_lieu) else "statutory", name
        )
        for on, name in sorted(listed.items())
    ]
    worked = sorted(getattr(listed, "weekend_workdays", ()))
    return found + [CalendarDay(on, "workday") for on in worked]


def read_calendar(path: Path, *, file: str | None = None) -> tuple[CalendarDay, ...]:
    """Read calendar.csv.

    Where the column ``hours`` is there, an empty cell means closed.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    table = read_table(
        path,
        ["date", "kind"],
        ["name", "factor", "hours"],
        file=file,
        needs_rows=False,
    )
    return calendar_days(table.rows, table.file)


def calendar_days(rows: Iterable[Row], file: str) -> tuple[CalendarDay, ...]:
    """Check the rows of calendar.csv, or of the sheet ``calendar``.

    Raises
    ------
    InputError
        With every problem of the rows.

    Examples
    --------
    >>> calendar_days([Row(2, {"date": "2026-05-20", "kind": "event",
    ...                        "factor": "1.2"})], "calendar.csv")[0].factor
    1.2
    """
    rows = tuple(rows)
    problems = Problems()
    cells = Cells(file, problems)
    days = [_calendar_day(cells, row) for row in rows]
    cells.unique(rows, "date")
    problems.raise_if_any()
    return tuple(day for day in days if day is not None)


def _calendar_day(cells: Cells, row: Row) -> CalendarDay | None:
    on = cells.day(row, "date")
    kind = cells.word(row, "kind", KINDS)
    name = cells.text(row, "name", default="")
    factor = cells.number(row, "factor", least=0.0, most=100.0, default=1.0)
    hours = row.cells.get("hours")
    try:
        parse_spans(hours or "")
    except ValueError as error:
        expected = str(error).removeprefix("Expected ").partition(", got")[0]
        cells.refuse(row, "hours", expected, "Write hours as 08:30-17:30.")
    if on is None or kind is None or factor is None:
        return None
    return CalendarDay(on, kind, name or "", factor, hours)
