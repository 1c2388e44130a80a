"""The calendar of days: public holidays of a country, and what the planner adds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import holidays
import numpy as np
from numpy.typing import NDArray

from forecasts.hours import parse_spans
from forecasts.table import Cells, Problems, Row, read_table

KINDS = ("statutory", "rest", "workday", "event")
AWAY = ("statutory", "rest")
LONGEST_BLOCK = 31
ONE_DAY = timedelta(days=1)


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
        Calls of the day as a multiple of an ordinary one; None leaves it to what
        such days brought before.
    hours
        Service hours of the day, ``""`` = closed; None leaves the usual hours.
    """

    date: date
    kind: str
    name: str = ""
    factor: float | None = None
    hours: str | None = None


@dataclass(frozen=True)
class Calendar:
    """Special days by date; every other day is ordinary.

    Attributes
    ----------
    days
        The special days.
    unannounced
        Years asked for of which the country has not yet said which days are moved
        (China: usually in November of the year before), or which no table covers.

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
    unannounced: tuple[int, ...] = ()

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
        if not country:
            return cls({day.date: day for day in days})
        found, unannounced = _country(country, sorted(set(years)))
        return cls(
            {day.date: day for day in found} | {day.date: day for day in days},
            unannounced,
        )

    def weekday(self, on: date) -> int:
        """Return the weekday a date is like, Monday being 0.

        A Saturday worked in place of a holiday is like a Friday, a Sunday like a
        Monday.
        """
        usual = on.weekday()
        return {5: 4, 6: 0}.get(usual, usual) if self.kind(on) == "workday" else usual

    def weekdays(self, first_day: date, days: int) -> NDArray[np.int64]:
        """Return the weekday that each of some days running is like; ``(days,)``."""
        found = (first_day.weekday() + np.arange(days)) % 7
        for day, on in self.between(first_day, days):
            found[day] = self.weekday(on.date)
        return found

    def away(self, dates: Sequence[date]) -> NDArray[np.bool_]:
        """Say of each date whether it is a public holiday or a day off in lieu."""
        return np.array([self.kind(on) in AWAY for on in dates], bool)

    def is_office_day(self, on: date) -> bool:
        """Whether offices work on a date: on weekdays but holidays, and in their place.

        Examples
        --------
        >>> china = Calendar.build("CN", [2026])
        >>> saturday, monday = date(2026, 2, 14), date(2026, 2, 16)
        >>> china.is_office_day(saturday), china.is_office_day(monday)
        (True, False)
        """
        kind = self.kind(on)
        return kind == "workday" or (on.weekday() < 5 and kind not in AWAY)

    def in_block(self, on: date) -> bool:
        """Whether a date lies among days off running that hold a public holiday.

        Weekends beside a holiday are part of its block, as they are when it is
        published.

        Examples
        --------
        >>> china = Calendar.build("CN", [2026])
        >>> sunday, friday = date(2026, 2, 22), date(2026, 4, 3)
        >>> china.in_block(sunday), china.in_block(friday)
        (True, False)
        """
        if self.is_office_day(on):
            return False
        return any(
            self.kind(day) in AWAY
            for step in (ONE_DAY, -ONE_DAY)
            for day in self._off_from(on, step)
        )

    def _off_from(self, on: date, step: timedelta) -> Iterator[date]:
        """Yield days off running, from a date in one direction."""
        for _ in range(LONGEST_BLOCK):
            if self.is_office_day(on):
                return
            yield on
            on += step

    def between(self, first_day: date, days: int) -> Iterator[tuple[int, CalendarDay]]:
        """Yield the special ones of some days running, with their places."""
        for special in self.days.values():
            place = (special.date - first_day).days
            if 0 <= place < days:
                yield place, special

    def kind(self, on: date) -> str | None:
        """Return the kind of a special day, None for an ordinary one."""
        day = self.days.get(on)
        return day.kind if day else None

    def factor(self, on: date) -> float:
        """Return the call multiplier typed for a date, 1 where none is."""
        day = self.days.get(on)
        return 1.0 if day is None or day.factor is None else day.factor

    def name(self, on: date) -> str:
        """Return the name of a special day, or nothing."""
        day = self.days.get(on)
        return day.name if day else ""

    def hours(self, on: date) -> str | None:
        """Return the service hours typed for a date, None for the usual ones."""
        day = self.days.get(on)
        return day.hours if day else None


def _country(
    code: str, years: Sequence[int]
) -> tuple[list[CalendarDay], tuple[int, ...]]:
    """Return the special days of a country, and the years not wholly known."""
    try:
        blank = holidays.country_holidays(code)
    except NotImplementedError:
        raise ValueError(
            f"Expected the two-letter code of a country, such as CN, got {code!r}."
        ) from None
    # In the country's own words, whatever the language of this machine.
    listed = holidays.country_holidays(
        code, years=years, language=blank.default_language
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
    found += [CalendarDay(on, "workday") for on in worked if on.year in years]
    return found, tuple(year for year in years if not _announced(listed, year))


def _announced(listed: holidays.HolidayBase, year: int) -> bool:
    """Say whether a year is covered, days moved by decree included.

    A country moves days by decree where it did so in the last year of decrees.
    """
    if not listed.start_year <= year <= listed.end_year:
        return False
    last = max(getattr(listed, "special_public_holidays", {}), default=year)
    if year <= last:
        return True
    decreed = holidays.country_holidays(listed.country, years=last)
    return not any(on.year == last for on in decreed.weekend_workdays)


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
    factor = None
    if cells.given(row, "factor"):
        factor = cells.number(row, "factor", least=0.0, most=100.0)
    hours = row.cells.get("hours")
    try:
        parse_spans(hours or "")
    except ValueError as error:
        expected = str(error).removeprefix("Expected ").partition(", got")[0]
        cells.refuse(row, "hours", expected, "Write hours as 08:30-17:30.")
    if on is None or kind is None:
        return None
    return CalendarDay(on, kind, name or "", factor, hours)
