"""Cleaning: outages, doubled days, spikes and gaps found, listed, and left out.

Nothing is changed in calls.csv. What is found is listed with its reason and its effect;
a line of cleaning.csv in the case undoes it (``keep``), or leaves out (``drop``) or
multiplies (``scale``) what was not found.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasts.backtest import FEWEST_DAYS
from forecasts.calendar import Calendar
from forecasts.columns import MONTH, day_columns
from forecasts.daily import ODD_SD
from forecasts.history import History
from forecasts.models.profile import fitted, shapes
from forecasts.past import Past
from forecasts.robust import spread_of
from forecasts.table import Cells, Problems, Row

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

ACTIONS = ("drop", "keep", "scale")

OUTAGE_SHARE, OUTAGE_CALLS = 0.25, 30.0
"""An outage has at most this share of its usual calls, and had at least so many."""

SPIKE_RATIO, SPIKE_SD, SPIKE_CALLS = 2.0, 7.0, 8.0
"""A spike has at least so many times its usual calls, and is so many sd and calls
beyond."""

DOUBLED = (1.6, 2.5)
HIGH, LOW = 1.5, 0.6
"""Times its usual calls beyond which a day is odd, if it is beyond chance as well."""

USUALLY = 0.5
"""Share of a weekday's days on which a time of day is known, for a gap to be one."""

REASONS = {
    "gap": ("no line for intervals that usually have one", "平时有数据的时段没有记录"),
    "outage": ("hardly any call got through", "几乎没有来电接入"),
    "doubled": ("twice the usual calls all day", "全天来电约为平时的两倍"),
    "spike": ("far more calls than usual for a while", "短时间内来电远多于平时"),
    "high": ("far more calls than usual all day", "全天来电远多于平时"),
    "low": ("far fewer calls than usual all day", "全天来电远少于平时"),
    "planner": ("as cleaning.csv says", "按 cleaning.csv 的要求"),
}


@dataclass(frozen=True)
class Repair:
    """What the planner says of a stretch of the history.

    Attributes
    ----------
    first, last
        Start of its first and of its last interval; local times.
    action
        ``drop`` leaves it out, ``keep`` takes it as it is, ``scale`` multiplies it.
    queue
        The queue meant; None means all.
    factor
        For ``scale``: what calls are multiplied by.
    kind
        Why, where the line was copied from a list of what was found.
    """

    first: datetime
    last: datetime
    action: str
    queue: str | None = None
    factor: float = 1.0
    kind: str = "planner"


@dataclass(frozen=True)
class Oddity:
    """A stretch of the history that is not as usual.

    Attributes
    ----------
    queue
        The queue.
    first, last
        Start of its first and of its last interval; local times.
    kind
        ``gap``, ``outage``, ``doubled``, ``spike``, ``high``, ``low``, or ``planner``
        for what the planner alone asked for.
    calls, usual
        Calls that came, and those a usual stretch of the kind has.
    action
        What was done: ``drop``, ``keep`` or ``scale``.
    """

    queue: str
    first: datetime
    last: datetime
    kind: str
    calls: float
    usual: float
    action: str = "drop"

    def reason(self, language: str = "en") -> str:
        """Say why it is odd, in English or Chinese."""
        return REASONS[self.kind][language == "zh"]


@dataclass(frozen=True)
class Cleaned:
    """A history ready to forecast from, and what was found in it.

    Attributes
    ----------
    history
        The history, NaN where something was left out.
    oddities
        What was found, by queue and time.
    """

    history: History
    oddities: tuple[Oddity, ...] = ()

    def to_frame(self, language: str = "en") -> pd.DataFrame:
        """Return one row per oddity, as in cleaning.csv."""
        return pd.DataFrame(
            {
                "first": [f"{one.first:%Y-%m-%d %H:%M}" for one in self.oddities],
                "last": [f"{one.last:%Y-%m-%d %H:%M}" for one in self.oddities],
                "action": [one.action for one in self.oddities],
                "queue": [one.queue for one in self.oddities],
                "kind": [one.kind for one in self.oddities],
                "calls": [round(one.calls, 1) for one in self.oddities],
                "usual": [round(one.usual, 1) for one in self.oddities],
                "effect": [round(one.calls - one.usual, 1) for one in self.oddities],
                "reason": [one.reason(language) for one in self.oddities],
            }
        )


def clean(
    history: History,
    calendar: Calendar | None = None,
    repairs: Sequence[Repair] = (),
) -> Cleaned:
    """Find what is odd in a history, and leave it out unless the planner keeps it.

    Parameters
    ----------
    history
        Calls as they were read; it is not changed.
    calendar
        Its special days are not odd for being special.
    repairs
        What the planner says; it counts for more than what is found.

    Notes
    -----
    Calls are held against level x weekday x calendar x profile, all of them robust, so
    that what is odd does not hide itself. Odd days in a row are listed but kept: they
    may be a new level. Histories under three weeks are searched for gaps alone.

    Examples
    --------
    >>> from datetime import date
    >>> calls = np.full((1, 56, 24), 50.0)
    >>> calls[0, 40, 9:15] = 0.0
    >>> found = clean(History(("calls",), 60, date(2026, 1, 5), calls)).oddities[0]
    >>> found.kind, str(found.first), str(found.last), found.calls - found.usual
    ('outage', '2026-02-14 09:00:00', '2026-02-14 14:00:00', -300.0)
    """
    calendar = calendar or Calendar()
    calls = history.calls.copy()
    oddities: list[Oddity] = []
    for place, queue in enumerate(history.queues):
        search = _Search(history, place, calendar)
        search.repair([one for one in repairs if one.queue in (None, queue)])
        search.find()
        calls[place] = search.calls
        oddities += search.oddities()
    return Cleaned(replace(history, calls=calls), tuple(oddities))


class _Search:
    """Looks through one queue; ``calls`` is what is left of it."""

    def __init__(self, history: History, place: int, calendar: Calendar) -> None:
        self.history, self.queue = history, history.queues[place]
        self.calendar = calendar
        self.calls = history.calls[place].copy()
        self.held = np.zeros(self.calls.shape, bool)
        self.usual = np.zeros(self.calls.shape)
        self.found: list[tuple[Places, str, float, str]] = []

    def repair(self, repairs: Iterable[Repair]) -> None:
        """Do what the planner says, and keep hands off it."""
        for one in repairs:
            cells = self._cells(one)
            if not cells.any():
                continue
            self.held |= cells
            self._note(np.flatnonzero(cells), one.kind, one.action)
            if one.action == "scale":
                self.calls[cells] *= one.factor

    def _cells(self, repair: Repair) -> Mask:
        size = self.history.interval_minutes
        start = datetime.combine(self.history.first_day, time.min)
        first = (repair.first - start) // timedelta(minutes=size)
        last = (repair.last - start) // timedelta(minutes=size)
        cells = np.zeros(self.calls.size, bool)
        cells[max(first, 0) : max(last + 1, 0)] = True
        return cells.reshape(self.calls.shape)

    def find(self) -> None:
        """Find gaps, then odd days, then odd stretches of other days."""
        past = self._past()
        days = np.flatnonzero((~np.isnan(past.calls)).any(axis=1))
        if not days.size:
            return
        self._gaps(past)
        if int(np.ptp(days)) + 1 < FEWEST_DAYS:
            return
        self.usual = _usual(past)
        self._stretches(past, self._days(past))
        self.usual = _usual(self._past())  # what was odd has no part in it

    def oddities(self) -> list[Oddity]:
        """Return what was found, in the order of time."""
        return [
            Oddity(
                self.queue,
                self._time(int(places[0])),
                self._time(int(places[-1])),
                kind,
                seen,
                float(self.usual.ravel()[places].sum()),
                action,
            )
            for places, kind, seen, action in sorted(
                self.found, key=lambda one: int(one[0][0])
            )
        ]

    def _past(self) -> Past:
        return Past.ordinary(self.history.first_day, self.calls, self.calendar)

    # -- what is odd ----------------------------------------------------------------
    def _gaps(self, past: Past) -> None:
        """List the intervals without a line that usually have one."""
        known = ~np.isnan(past.calls)
        usually = np.zeros(known.shape, bool)
        busy = np.zeros(known.shape, bool)
        for weekday in range(7):
            same = past.weekdays == weekday
            if same.any():
                usually[same] = known[same].mean(axis=0) >= USUALLY
                busy[same] = (np.nan_to_num(past.calls[same]) > 0).any(axis=0)
        cells = usually & busy & ~known & ~self.held
        for day, _ in past.calendar.between(past.first_day, past.days):
            if not known[day].any():
                cells[day] = False  # closed on a special day
        seen = np.flatnonzero(known)
        for run in _runs(cells, within_days=False):
            if seen[0] < run[0] and run[-1] < seen[-1]:  # not the ends of the file
                self._note(run, "gap")

    def _days(self, past: Past) -> Mask:
        """List days far from usual; return which they are."""
        known = ~np.isnan(past.calls)
        usual = np.where(known, self.usual, 0.0).sum(axis=1)
        total = np.nansum(past.calls, axis=1)
        whole = (usual > 0.5 * self.usual.sum(axis=1)) & (usual > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            log = np.where(whole & (total > 0), np.log(total / usual), 0.0)
        spread = max(spread_of(log[whole]), 0.03)
        with np.errstate(invalid="ignore", divide="ignore"):
            chance = np.where(usual > 0, 1.0 / np.sqrt(usual), np.inf)
        far = np.abs(log) > ODD_SD * np.maximum(spread, chance)
        odd = far & whole & ((log > np.log(HIGH)) | (log < np.log(LOW)))
        odd &= ~self.held.any(axis=1) & ~_special(past)
        ratio = np.exp(log)
        for day in np.flatnonzero(odd):  # where part of a day is odd, a stretch says it
            odd[day] = self._steady(past, int(day), float(ratio[day]))
        beside = np.convolve(odd, [1, 0, 1], "same") > 0
        for day in np.flatnonzero(odd):
            kind = "high" if ratio[day] > 1.0 else "low"
            if DOUBLED[0] <= ratio[day] <= DOUBLED[1]:
                kind = "doubled"
            places = np.flatnonzero(known[day]) + day * past.slots
            self._note(places, kind, "keep" if beside[day] else "drop")
        return np.asarray(odd)

    def _steady(self, past: Past, day: int, ratio: float) -> bool:
        """Say whether all of a day is as far from usual as its total."""
        usual = self.usual[day] * ratio
        known = ~np.isnan(past.calls[day]) & (usual > 0)
        off = np.abs(past.calls[day] - usual)[known]
        return bool(off.sum() < 0.3 * usual[known].sum() + 2 * np.sqrt(usual).sum())

    def _stretches(self, past: Past, odd: Mask) -> None:
        """List outages and spikes of days that are not odd as a whole."""
        usual, calls = self.usual, past.calls
        closed = past.calendar.away(past.dates) & (np.nansum(calls, axis=1) == 0)
        free = ~np.isnan(calls) & ~self.held & (usual > 0)
        free &= ~(odd | closed)[:, None]
        off = (calls - usual)[free] / usual[free]
        cv = max(spread_of(off), 0.05)
        low = free & (calls <= OUTAGE_SHARE * usual)
        for run in _runs(low, within_days=True):
            seen, expected = calls.ravel()[run].sum(), usual.ravel()[run].sum()
            if expected >= OUTAGE_CALLS and (len(run) > 1 or not seen):
                self._note(run, "outage")
        sd = np.sqrt(usual + (cv * usual) ** 2)
        high = free & (calls >= SPIKE_RATIO * usual)
        high &= calls - usual > SPIKE_SD * sd + SPIKE_CALLS
        for run in _runs(high, within_days=True):
            self._note(run, "spike")

    # -- the list -------------------------------------------------------------------
    def _note(self, places: Places, kind: str, action: str = "drop") -> None:
        calls = self.calls.ravel()
        self.found.append((places, kind, float(np.nansum(calls[places])), action))
        if action == "drop":
            calls[places] = np.nan

    def _time(self, place: int) -> datetime:
        minutes = place * self.history.interval_minutes
        start = datetime.combine(self.history.first_day, time.min)
        return start + timedelta(minutes=minutes)


def _usual(past: Past) -> Floats:
    """Return the calls to expect of each interval of the past."""
    days, shares = fitted(past)
    week = np.exp(days.weekdays)[past.weekdays]
    totals = days.levels * week * days.calendar_factors(past.dates)
    return np.asarray(totals[:, None] * shapes(past, shares, past.dates))


def _special(past: Past) -> Mask:
    """Return the days that the calendar makes unlike others, neighbours included."""
    is_open = [bool((past.weekdays == weekday).any()) for weekday in range(7)]
    columns = day_columns(past.calendar, past.first_day, past.days, is_open)
    return np.asarray(columns.table[:, columns.beliefs > MONTH].any(axis=1))


def _runs(cells: Mask, *, within_days: bool) -> Iterator[Places]:
    """Yield the places of each run of True, in the order of time."""
    flat = cells.ravel()
    places = np.flatnonzero(flat)
    if not places.size:
        return
    cut = np.diff(places) > 1
    if within_days:
        cut |= np.diff(places // cells.shape[1]) > 0
    yield from np.split(places, np.flatnonzero(cut) + 1)


# -- cleaning.csv -------------------------------------------------------------------


def repairs_from_rows(
    rows: Iterable[Row], file: str, history: History
) -> tuple[Repair, ...]:
    """Check the rows of cleaning.csv, or of the sheet ``cleaning``.

    Parameters
    ----------
    rows
        With ``first``, ``last``, ``action`` and if wanted ``queue``, ``factor``, and
        ``kind`` as it was listed.
    file
        Name to give in messages.
    history
        What they are about.

    Raises
    ------
    InputError
        With every problem of the rows.

    Examples
    --------
    >>> from datetime import date
    >>> february = History(("calls",), 60, date(2026, 2, 1), np.ones((1, 28, 24)))
    >>> repairs_from_rows([Row(2, {"first": "2026-02-14 09:00", "action": "keep",
    ...     "last": "2026-02-14 14:00"})], "cleaning.csv", february)[0].action
    'keep'
    """
    problems = Problems()
    cells = Cells(file, problems)
    read = [(row, _repair(cells, row, history)) for row in rows]
    found = [(row, one) for row, one in read if one is not None]
    for place, (row, one) in enumerate(found):
        _check_place(cells, row, one, history)
        for earlier, other in found[:place]:
            if _overlap(one, other):
                cells.refuse(
                    row,
                    "first",
                    f"a stretch that no other line is about (line {earlier.line})",
                    "Remove one of the two lines.",
                )
                break
    problems.raise_if_any()
    return tuple(one for _, one in found)


def _overlap(one: Repair, other: Repair) -> bool:
    same = one.queue == other.queue or None in (one.queue, other.queue)
    return same and one.first <= other.last and other.first <= one.last


def _check_place(cells: Cells, row: Row, one: Repair, history: History) -> None:
    if one.last.date() < history.first_day or history.last_day < one.first.date():
        cells.refuse(
            row,
            "first",
            f"a time within the call history ({history.first_day} to "
            f"{history.last_day})",
            "Correct the dates, or remove the line.",
        )


def _repair(cells: Cells, row: Row, history: History) -> Repair | None:
    queues = history.queues
    first, last = cells.stamp(row, "first"), cells.stamp(row, "last")
    action = cells.word(row, "action", ACTIONS)
    queue = cells.text(row, "queue", default="") or None
    if queue is not None and queue not in queues:
        cells.refuse(
            row,
            "queue",
            f"a queue of the call history ({', '.join(queues)})",
            "Name one of them, or leave the cell empty for all.",
        )
    factor: float | None = 1.0
    if action == "scale":
        factor = cells.number(row, "factor", above=0.0, most=100.0)
    elif cells.given(row, "factor"):
        cells.refuse(
            row, "factor", "no factor but for scale", "Write scale, or no factor."
        )
    if first is None or last is None or action is None or factor is None:
        return None
    first, last = (at.replace(tzinfo=None) for at in (first, last))
    if last < first:
        cells.refuse(
            row, "last", f"a time not before {first:%Y-%m-%d %H:%M}", "Swap the two."
        )
        return None
    kind = row.cells.get("kind") or "planner"
    known = kind if kind in REASONS else "planner"
    return Repair(first, last, action, queue, factor, known)
