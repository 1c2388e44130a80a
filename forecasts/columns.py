"""What the calendar says of days, in columns of 0 and 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from forecasts.calendar import Calendar, CalendarDay

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NEAR = 6
"""Days within which the eve of a holiday, and the days after it, lie."""

HOLIDAY, NAMED, MAKE_UP, MONTH = 0.3, 0.15, 0.1, 0.06
"""How far, in logarithms, we believe before looking that a column moves a day: a
holiday and its neighbours by a third, one holiday against another by a seventh, a day
worked in place of a holiday by a tenth, a day of the month by a sixteenth."""

KINDS = ("statutory", "rest", "workday")
NEIGHBOURS = ("eve", "after", "second after")
MONTH_DAYS: Mapping[str, tuple[int, int]] = {
    "days 1-2": (1, 2),
    "days 3-5": (3, 5),
    "days 14-16": (14, 16),
    "days 17-19": (17, 19),
    "last two days": (-1, 0),
}
"""First and last day of the month of each group; 0 is the month's last day."""

BELIEFS = (
    *(HOLIDAY, HOLIDAY, MAKE_UP),
    *(HOLIDAY,) * len(NEIGHBOURS),
    *(MONTH,) * len(MONTH_DAYS),
)


@dataclass(frozen=True)
class Columns:
    """What the calendar says of some days running, in columns of 0 and 1.

    Attributes
    ----------
    names
        What each column stands for.
    table
        Shape ``(days, columns)``.
    beliefs
        Standard deviation believed of each column's effect; ``(columns,)``.
    """

    names: tuple[str, ...]
    table: Floats
    beliefs: Floats


def day_columns(
    calendar: Calendar, first_day: date, days: int, is_open: Sequence[bool]
) -> Columns:
    """Return the columns of some days running.

    Parameters
    ----------
    calendar
        Holidays, make-up days and events. A day whose factor is typed has no column
        but that of its place in the month: its past is divided by the factor.
    first_day, days
        The days.
    is_open
        Whether calls come on a weekday, Monday first. The eve of a holiday and the
        days after it are the nearest such days that are no holidays themselves.

    Notes
    -----
    A weekend between two days off belongs to them. Holidays and events of one name
    share a column, so that an effect seen once is expected again.

    Examples
    --------
    Dragon Boat Festival 2026 falls on a Friday; a centre closed at weekends meets its
    callers again on Monday:

    >>> calendar = Calendar.build("CN", [2026])
    >>> columns = day_columns(calendar, date(2026, 6, 15), 10, [True] * 5 + [False] * 2)
    >>> [columns.names[place] for place in columns.table[7].nonzero()[0]]
    ['after']
    """
    start, length = first_day - timedelta(days=NEAR + 1), days + 2 * (NEAR + 1)
    kinds, events = _special(calendar, start, length)
    weekdays = calendar.weekdays(start, length)
    away = kinds["statutory"] | kinds["rest"]
    near = _neighbours(away, np.asarray(is_open, bool)[weekdays] & ~away)
    groups = [*kinds.values(), *near, *_month_days(start, length), *events.values()]
    table = np.stack(groups, axis=1)[NEAR + 1 : NEAR + 1 + days].astype(float)
    for place, special in calendar.between(first_day, days):
        if special.factor is not None:
            table[place, : len(KINDS) + len(NEIGHBOURS)] = 0.0
            table[place, len(BELIEFS) :] = 0.0
    return Columns(
        (*KINDS, *NEIGHBOURS, *MONTH_DAYS, *events),
        table,
        np.array([*BELIEFS, *(_belief(name) for name in events)]),
    )


def _special(
    calendar: Calendar, start: date, length: int
) -> tuple[dict[str, Mask], dict[str, Mask]]:
    """Return the days of each kind, and of each name; weekends within a break rest."""
    kinds = {kind: np.zeros(length, bool) for kind in KINDS}
    names: dict[str, Mask] = {}
    for place, special in calendar.between(start, length):
        if special.kind in kinds:
            kinds[special.kind][place] = True
        if (name := _column(special)) is not None:
            names.setdefault(name, np.zeros(length, bool))[place] = True
    weekend = calendar.weekdays(start, length) >= 5
    away = kinds["statutory"] | kinds["rest"]
    for saturday in np.flatnonzero(weekend[:-1] & weekend[1:]):
        before, after = max(int(saturday) - 1, 0), min(int(saturday) + 2, length - 1)
        if away[before] and away[after]:
            kinds["rest"][saturday : saturday + 2] |= ~away[saturday : saturday + 2]
    return kinds, names


def _column(special: CalendarDay) -> str | None:
    """Return the name under which days are alike: without what stands in brackets."""
    name = special.name.replace("（", "(").partition("(")[0].strip()
    if special.kind == "event":
        return f"event: {name or 'event'}"
    return f"holiday: {name}" if special.kind == "statutory" and name else None


def _belief(name: str) -> float:
    return HOLIDAY if name.startswith("event") else NAMED


def _neighbours(away: Mask, usual: Mask) -> tuple[Mask, Mask, Mask]:
    """Return the usual days just before days away, just after, and the next."""
    near = np.zeros((3, len(away)), dtype=bool)
    places, off = np.flatnonzero(usual), np.flatnonzero(away)
    if places.size:
        ahead = np.searchsorted(places, off)
        for row, step in enumerate((-1, 0, 1)):
            rank = ahead + step
            found = places[np.clip(rank, 0, len(places) - 1)]
            close = (rank >= 0) & (rank < len(places))
            close &= np.abs(found - off) <= NEAR + max(step, 0)
            near[row, found[close]] = True
    return near[0], near[1], near[2]


def _month_days(start: date, length: int) -> list[Mask]:
    days = np.datetime64(start) + np.arange(length)
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(int) + 1
    to_end = ((months + 1).astype("datetime64[D]") - days).astype(int)  # 1: the last
    return [
        (of_month >= first) & (of_month <= last) if first > 0 else to_end <= 1 - first
        for first, last in MONTH_DAYS.values()
    ]
