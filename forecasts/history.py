"""The call history: what came in, on a grid of local days and times of day."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forecasts.clock import DAY, GRIDS
from forecasts.table import Cells, Problems, Row, Table, read_table

LONGEST_CALL = 4 * 3600
"""Longest mean handling time believed, in seconds."""

LONGEST_YEARS = 20
ONE_QUEUE = "calls"
CALLS = "a whole number of calls, 0 or more"


@dataclass(frozen=True)
class History:
    """Calls offered in the past, missing where unknown.

    Attributes
    ----------
    queues
        Names; ``("calls",)`` where the file has no column ``queue``.
    interval_minutes
        Length of an interval: 5, 10, 15, 20, 30 or 60 minutes.
    first_day
        Local date of the first day.
    calls
        Calls offered, NaN where missing; shape ``(queues, days, slots)``, a slot
        being a time of day.
    aht_seconds
        Mean handling time, NaN where unknown; same shape.
    warnings
        What a planner should know about the file, one sentence each.

    Examples
    --------
    >>> History(("calls",), 60, date(2026, 3, 2), np.ones((1, 7, 24)))
    <History 2026-03-02 .. 2026-03-08, 60 min: 168 calls in 1 queue>
    """

    queues: tuple[str, ...]
    interval_minutes: int
    first_day: date
    calls: NDArray[np.float64]
    aht_seconds: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.interval_minutes not in GRIDS:
            raise ValueError(
                f"Expected an interval of {', '.join(map(str, GRIDS))} minutes, "
                f"got {self.interval_minutes}."
            )
        if not self.aht_seconds.size:
            object.__setattr__(self, "aht_seconds", np.full(self.calls.shape, np.nan))
        slots = DAY // self.interval_minutes
        shape = (len(self.queues), self.days, slots)
        if self.calls.shape != shape or self.aht_seconds.shape != shape:
            raise ValueError(
                f"Expected calls and handling times of shape {shape}, "
                f"got {self.calls.shape} and {self.aht_seconds.shape}."
            )

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"<History {self.first_day} .. {self.last_day}, "
            f"{self.interval_minutes} min: {np.nansum(self.calls):,.0f} calls in "
            f"{len(self.queues)} queue{'s' * (len(self.queues) != 1)}>"
        )

    @property
    def days(self) -> int:
        """Number of days, the missing ones included."""
        return int(self.calls.shape[1])

    @property
    def slots(self) -> int:
        """Number of intervals in a day."""
        return int(self.calls.shape[2])

    @property
    def last_day(self) -> date:
        """Local date of the last day."""
        return self.first_day + timedelta(days=self.days - 1)

    def until(self, day: date) -> "History":
        """Return the history before a date."""
        end = max(0, (day - self.first_day).days)
        return replace(
            self, calls=self.calls[:, :end], aht_seconds=self.aht_seconds[:, :end]
        )

    def resampled(self, minutes: int) -> "History":
        """Return the same calls on another grid.

        Onto a coarser grid calls add up and handling times are weighted by them; a
        coarse interval is missing when any part of it is. Onto a finer grid calls
        are split evenly.

        Parameters
        ----------
        minutes
            Length of an interval: 5, 10, 15, 20, 30 or 60.

        Examples
        --------
        >>> hourly = History(("calls",), 60, date(2026, 3, 2), np.full((1, 1, 24), 6.0))
        >>> hourly.resampled(20).calls[0, 0, :3]
        array([2., 2., 2.])
        """
        return _coarser(_finer(self, math.gcd(minutes, self.interval_minutes)), minutes)


def _finer(history: History, minutes: int) -> History:
    parts = history.interval_minutes // minutes
    if parts == 1:
        return history
    return replace(
        history,
        interval_minutes=minutes,
        calls=np.repeat(history.calls, parts, axis=2) / parts,
        aht_seconds=np.repeat(history.aht_seconds, parts, axis=2),
    )


def _coarser(history: History, minutes: int) -> History:
    parts = minutes // history.interval_minutes
    if parts == 1:
        return history
    shape = (*history.calls.shape[:2], history.slots // parts, parts)
    calls = history.calls.reshape(shape)
    aht = history.aht_seconds.reshape(shape)
    timed = np.where(np.isnan(aht), 0.0, np.nan_to_num(calls))
    weight = timed.sum(axis=-1)
    seconds = (timed * np.nan_to_num(aht)).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight > 0, seconds / weight, np.nan)
    return replace(
        history, interval_minutes=minutes, calls=calls.sum(axis=-1), aht_seconds=mean
    )


# -- reading calls.csv --------------------------------------------------------------


class _Count(NamedTuple):
    """One line of calls.csv; ``minute`` is its local time, counted from the year 1."""

    line: int
    queue: str
    at: datetime
    minute: int
    calls: float
    aht_seconds: float


def read_calls(
    path: Path, *, file: str | None = None, interval_minutes: int = 0
) -> History:
    """Read calls.csv.

    Parameters
    ----------
    path
        The file; columns ``timestamp`` and ``offered``, and if wanted ``queue``,
        ``aht_seconds``, ``abandoned``, ``event``.
    file
        Name to give in messages; the file's name where left out.
    interval_minutes
        Taken where the file has a single time, which says nothing of its interval.

    Raises
    ------
    InputError
        With every problem of the file: negative calls, times off the grid,
        duplicates, handling times out of range, and faults of its structure.

    Notes
    -----
    Times are local. Where they carry an offset the time as written is used, and the
    two hours of an autumn night that share one time of day are averaged.
    """
    table = read_table(
        path,
        ["timestamp", "offered"],
        ["queue", "aht_seconds", "abandoned", "event"],
        file=file,
    )
    return history_from_table(table, interval_minutes)


def history_from_table(table: Table, interval_minutes: int = 0) -> History:
    """Check the rows of calls.csv, or of the sheet ``calls``; see `read_calls`.

    Raises
    ------
    InputError
        With every problem of the rows.

    Examples
    --------
    >>> rows = tuple(Row(2 + hour, {"timestamp": f"2026-03-02 {hour:02}:00",
    ...                             "offered": "7"}) for hour in range(9, 17))
    >>> history_from_table(Table("calls.csv", "UTF-8", ("timestamp", "offered"), rows))
    <History 2026-03-02 .. 2026-03-02, 60 min: 56 calls in 1 queue>
    """
    problems = Problems()
    counts = _counts(table, problems)
    _check_offsets(table.file, counts, problems)
    single = interval_minutes and len({count.minute for count in counts}) == 1
    minutes = interval_minutes if single else _interval(table.file, counts, problems)
    _check_grid(table.file, counts, minutes, problems)
    _check_once(table.file, counts, problems)
    _check_years(table.file, counts, problems)
    problems.raise_if_any()
    notes = [*table.warnings]
    if table.encoding not in ("", "UTF-8", "UTF-8 with byte order mark"):
        notes.append(f"{table.file} was read as {table.encoding}.")
    return _gridded(counts, minutes, notes, table.file)


def _counts(table: Table, problems: Problems) -> list[_Count]:
    cells = Cells(table, problems)
    several = "queue" in table.columns
    found = (_count(cells, row, several) for row in table.rows)
    return [count for count in found if count is not None]


def _count(cells: Cells, row: Row, several: bool) -> _Count | None:
    at = cells.stamp(row, "timestamp")
    calls = cells.whole(row, "offered", least=0, remedy="Remove or repair the line.")
    queue = cells.text(row, "queue") if several else ONE_QUEUE
    if cells.given(row, "abandoned"):
        cells.whole(row, "abandoned", least=0)
    aht = _aht(cells, row, calls)
    if at is None or calls is None or queue is None or aht is None:
        return None
    return _Count(row.line, queue, at, _minute(at), calls, aht)


def _aht(cells: Cells, row: Row, calls: int | None) -> float | None:
    """Return seconds, NaN where unknown, None after recording a problem."""
    if calls == 0 and row.cells.get("aht_seconds") in ("0", "0.0"):
        return math.nan  # nobody called: a report's way to say unknown
    return cells.number(
        row,
        "aht_seconds",
        above=0,
        most=LONGEST_CALL,
        default=math.nan,
        remedy="Give the mean handling time in seconds, or leave the cell empty.",
    )


def _check_offsets(file: str, counts: Sequence[_Count], problems: Problems) -> None:
    for count in counts:
        if (count.at.tzinfo is None) != (counts[0].at.tzinfo is None):
            problems.add(
                file=file,
                line=count.line,
                column="timestamp",
                found=str(count.at),
                expected=f"times written as on line {counts[0].line}, "
                "all with an offset or all without",
                remedy="Export local times in one form.",
            )
            return


def _interval(file: str, counts: Sequence[_Count], problems: Problems) -> int:
    """Return the interval of the file, or 0 after recording a problem."""
    if not counts:
        return 0
    minutes = np.unique([count.minute for count in counts])
    steps = Counter(np.diff(minutes).tolist())
    for step in sorted(steps, key=lambda s: (-steps[s], s)):
        if step in GRIDS:
            return int(step)
        if steps[step] > 1 and step < DAY // 2:
            break
    else:
        for grid in reversed(GRIDS):
            if len(minutes) > 1 and (minutes % grid == 0).mean() > 0.5:
                return grid
    step = max(steps, key=lambda s: steps[s], default=0)
    problems.add(
        file=file,
        line=counts[min(1, len(counts) - 1)].line,
        column="timestamp",
        found=f"{step} min between lines" if step else "a single time",
        expected=f"intervals of {', '.join(map(str, GRIDS[:-1]))} or {GRIDS[-1]} min",
        remedy="Export the history at one of these intervals.",
    )
    return 0


def _minute(at: datetime) -> int:
    return at.toordinal() * DAY + at.hour * 60 + at.minute


def _check_grid(
    file: str, counts: Sequence[_Count], minutes: int, problems: Problems
) -> None:
    for count in counts if minutes else ():
        if count.at.minute % minutes or count.at.second:
            problems.add(
                file=file,
                line=count.line,
                column="timestamp",
                found=str(count.at),
                expected=f"a time on the {minutes}-minute grid of the file",
                remedy="Move the calls to the interval they belong to.",
            )


def _check_once(file: str, counts: Sequence[_Count], problems: Problems) -> None:
    seen: dict[tuple[str, int, timedelta | None], int] = {}
    for count in counts:
        key = (count.queue, count.minute, count.at.utcoffset())
        if (line := seen.setdefault(key, count.line)) != count.line:
            problems.add(
                file=file,
                line=count.line,
                column="timestamp",
                found=str(count.at),
                expected=f"each interval once (also on line {line})",
                remedy="Remove one of the two lines, or add their calls up.",
            )


def _check_years(file: str, counts: Sequence[_Count], problems: Problems) -> None:
    if not counts:
        return
    first, last = min(counts, key=_time), max(counts, key=_time)
    if last.minute - first.minute > LONGEST_YEARS * 366 * DAY:
        problems.add(
            file=file,
            line=last.line,
            column="timestamp",
            found=str(last.at),
            expected=f"at most {LONGEST_YEARS} years of history "
            f"(it begins with {first.at:%Y-%m-%d} on line {first.line})",
            remedy="Correct the year, or leave out the oldest lines.",
        )


def _time(count: _Count) -> int:
    return count.minute


def _gridded(
    counts: Sequence[_Count], minutes: int, notes: list[str], file: str
) -> History:
    queues = tuple(dict.fromkeys(count.queue for count in counts))
    rank = {queue: place for place, queue in enumerate(queues)}
    at = np.array([count.minute for count in counts])
    queue = np.array([rank[count.queue] for count in counts])
    first = int(at.min()) // DAY
    shape = (len(queues), int(at.max()) // DAY - first + 1, DAY // minutes)
    place = (queue, at // DAY - first, at % DAY // minutes)
    offered = np.array([count.calls for count in counts])
    aht = np.array([count.aht_seconds for count in counts])
    if any((np.diff(at[queue == q]) < 0).any() for q in range(len(queues))):
        notes.append(f"The lines of {file} are not in time order; they were sorted.")
    return History(
        queues,
        minutes,
        date.fromordinal(first),
        _averaged(shape, place, offered),
        _averaged(shape, place, aht),
        tuple(notes),
    )


def _averaged(
    shape: tuple[int, int, int],
    place: tuple[NDArray[np.int64], ...],
    amounts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of the amounts that fall into each place, NaN where none."""
    known = ~np.isnan(amounts)
    where = tuple(axis[known] for axis in place)
    total, number = np.zeros(shape), np.zeros(shape)
    np.add.at(total, where, amounts[known])
    np.add.at(number, where, 1.0)
    with np.errstate(invalid="ignore"):
        return np.where(number > 0, total / number, np.nan)
