"""From a forecast to heads on the phone in every interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from forecasts.clock import Clock
from forecasts.erlang import EDGE, heads_needed, service_levels
from forecasts.forecaster import Forecast
from forecasts.history import ONE_QUEUE
from forecasts.load import LOADS, offered_load
from forecasts.table import Cells, Problems, Row, Table, read_table


@dataclass(frozen=True)
class Service:
    """What the centre promises, and what it knows of its calls.

    Attributes
    ----------
    threshold_seconds
        Wait within which a call counts as answered in time.
    target
        Share of offered calls answered within the threshold.
    aht_seconds
        Mean handling time where the history has none.
    patience_seconds
        Mean time callers wait before giving up (Erlang A); None: they never do.
    max_occupancy
        Largest share of their time agents spend on calls.
    shrinkage
        Share of planned heads absent unplanned.
    floor
        Fewest heads in any interval of the service hours.
    load
        How to tell the load of an interval when rates move: ``mol``, ``mol-max``,
        ``lag`` or ``rate``; see `offered_load`.

    Examples
    --------
    >>> Service(target=1.0)
    Traceback (most recent call last):
    ...
    ValueError: Expected 0 < target < 1, got 1.0.
    """

    threshold_seconds: float = 10.0
    target: float = 0.90
    aht_seconds: float = 180.0
    patience_seconds: float | None = None
    max_occupancy: float = 0.90
    shrinkage: float = 0.10
    floor: int = 2
    load: str = "mol"

    def __post_init__(self) -> None:
        patient = self.patience_seconds is None or 0 < self.patience_seconds < np.inf
        checks = (
            ("0 <= threshold_seconds < inf", 0 <= self.threshold_seconds < np.inf),
            ("0 < target < 1", 0 < self.target < 1),
            ("0 < aht_seconds <= 14400", 0 < self.aht_seconds <= 14400),
            ("0 < patience_seconds < inf", patient),
            ("0 < max_occupancy <= 1", 0 < self.max_occupancy <= 1),
            ("0 <= shrinkage < 1", 0 <= self.shrinkage < 1),
            ("0 <= floor", self.floor >= 0),
            (f"load in {', '.join(LOADS)}", self.load in LOADS),
        )
        for condition, met in checks:
            if not met:
                name = next(word for word in condition.split() if word in vars(self))
                raise ValueError(f"Expected {condition}, got {getattr(self, name)}.")


@dataclass(frozen=True)
class Marginal:
    """What single heads add to the service level of an interval.

    Shares of the calls offered that are answered in time; shape
    ``(queues, intervals)`` each.

    Attributes
    ----------
    last_head
        Added by the last head required: lost where one is missing.
    next_head
        One head more than required would add.
    """

    last_head: NDArray[np.float64]
    next_head: NDArray[np.float64]


@dataclass(frozen=True)
class Requirement:
    """Heads that must be on the phone according to plan.

    Attributes
    ----------
    clock
        The horizon.
    queues
        Names.
    heads
        Heads planned on the phone; shape ``(queues, intervals)``.
    is_open
        Whether an interval lies in the service hours; shape ``(intervals,)``.
    warnings
        What a planner should know, one sentence each.
    marginal
        What single heads add to the service level; None where the heads were given.
    """

    clock: Clock
    queues: tuple[str, ...]
    heads: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    warnings: tuple[str, ...] = ()
    marginal: Marginal | None = None

    def __repr__(self) -> str:
        """Say it in one line."""
        hours = self.heads.sum() * self.clock.interval_minutes / 60
        return (
            f"<Requirement {self.clock.first_day}, {self.clock.days} days: "
            f"{hours:,.0f} h, at most {self.heads.sum(axis=0).max(initial=0)} heads>"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per interval and queue, as in requirement.csv."""
        stamps = [self.clock.stamp(i) for i in range(self.clock.intervals)]
        frame = pd.DataFrame(
            {
                "timestamp": np.repeat(stamps, len(self.queues)),
                "queue": np.tile(np.array(self.queues, dtype=object), len(stamps)),
                "required": self.heads.T.ravel(),
            }
        )
        if self.marginal is not None:
            frame["sl_last_head"] = self.marginal.last_head.T.ravel().round(4)
            frame["sl_next_head"] = self.marginal.next_head.T.ravel().round(4)
        return frame


def staff(
    forecast: Forecast,
    service: Service,
    is_open: NDArray[np.bool_],
    *,
    quantile: float = 0.5,
) -> Requirement:
    """Return the heads each interval needs for the calls in progress in it.

    Parameters
    ----------
    forecast
        Calls and handling times.
    service
        What is promised, and how to tell the load.
    is_open
        Intervals of the service hours; shape ``(intervals,)``. The others need 0:
        calls in progress at closing are completed by those who took them.
    quantile
        Of the load to staff to, between 0 and 1; 0.5 is the mean forecast.

    Returns
    -------
    Requirement
        Erlang heads divided by ``1 - shrinkage`` and rounded up once. Where the sum
        over queues is below the floor, the queue with the largest load is raised.

    Notes
    -----
    The quantile is that of the call *rate*. Chance in the number of calls that a
    given rate brings is what the Erlang formula already provides for.

    Examples
    --------
    >>> from datetime import date
    >>> clock = Clock(date(2026, 3, 2), 1, 60)
    >>> quiet = Forecast.steady(clock, calls=1.0, aht_seconds=60.0)
    >>> staff(quiet, Service(), np.ones(24, dtype=bool))
    <Requirement 2026-03-02, 1 days: 48 h, at most 2 heads>
    """
    calls = forecast.calls if quantile == 0.5 else forecast.rate_quantile(quantile)
    in_progress = offered_load(
        np.where(is_open, calls, 0.0),
        forecast.aht_seconds,
        forecast.clock.interval_minutes,
        method=service.load,
    )
    load = np.where(is_open, in_progress, 0.0)
    planned = planned_heads(load, forecast.aht_seconds, service)
    heads = _floored(planned, load, service, is_open)
    return Requirement(
        forecast.clock,
        forecast.queues,
        heads,
        is_open,
        marginal=marginal_levels(heads, load, forecast.aht_seconds, service),
    )


def planned_heads(
    load: ArrayLike, aht_seconds: ArrayLike, service: Service
) -> NDArray[np.int64]:
    """Return heads to plan for a load, shrinkage included, the floor left aside.

    Parameters
    ----------
    load, aht_seconds
        Erlang and seconds; any one shape.
    service
        What is promised.

    Examples
    --------
    >>> int(planned_heads(10.0, 180.0, Service(threshold_seconds=20, target=0.8,
    ...                                        shrinkage=0.3)))
    20
    """
    loads, aht = np.broadcast_arrays(
        np.asarray(load, dtype=float), np.asarray(aht_seconds, dtype=float)
    )
    heads = heads_needed(
        loads.ravel(),
        aht.ravel(),
        threshold_seconds=service.threshold_seconds,
        target=service.target,
        patience_seconds=service.patience_seconds,
        max_occupancy=service.max_occupancy,
    )
    planned = np.ceil(heads / (1.0 - service.shrinkage) - EDGE).astype(np.int64)
    return np.asarray(planned.reshape(loads.shape))


def _floored(
    planned: NDArray[np.int64],
    load: NDArray[np.float64],
    service: Service,
    is_open: NDArray[np.bool_],
) -> NDArray[np.int64]:
    missing = np.maximum(service.floor - planned.sum(axis=0), 0) * is_open
    largest = load.argmax(axis=0)
    raised = np.where(is_open, planned, 0)
    raised[largest, np.arange(len(is_open))] += missing
    return raised


def expected_service_level(
    on_phone: ArrayLike,
    calls: ArrayLike,
    aht_seconds: ArrayLike,
    interval_minutes: int,
    service: Service,
) -> NDArray[np.float64]:
    """Return the share of offered calls to be answered within the threshold.

    Parameters
    ----------
    on_phone
        Heads planned on the phone, before shrinkage; shape ``(..., intervals)``, all
        intervals in order of time.
    calls, aht_seconds
        Calls per interval, 0 where closed, and mean handling time; same shape, or
        one that fits.
    interval_minutes
        Length of an interval.
    service
        Threshold, patience, shrinkage, and how to tell the load.

    Returns
    -------
    numpy.ndarray
        Of the same shape; 1 where no call comes. Calls that give up count as not
        answered.

    Examples
    --------
    >>> usual = Service(threshold_seconds=20, shrinkage=0.3)
    >>> expected_service_level([20, 20, 0], [100, 100, 0], 180.0, 30, usual).round(4)
    array([0.8884, 0.8884, 1.    ])
    """
    heads, offered, aht = np.broadcast_arrays(
        np.asarray(on_phone, dtype=float),
        np.asarray(calls, dtype=float),
        np.asarray(aht_seconds, dtype=float),
    )
    present = np.floor(heads * (1.0 - service.shrinkage) + EDGE).astype(np.int64)
    load = offered_load(offered, aht, interval_minutes, method=service.load)
    levels = service_levels(
        load.ravel(),
        present.ravel(),
        aht.ravel(),
        threshold_seconds=service.threshold_seconds,
        patience_seconds=service.patience_seconds,
    )
    return np.where(offered > 0, levels.reshape(heads.shape), 1.0)


def marginal_levels(
    heads: ArrayLike, load: ArrayLike, aht_seconds: ArrayLike, service: Service
) -> Marginal:
    """Return what the last head planned adds to the service level, and one more.

    Parameters
    ----------
    heads
        Heads planned on the phone, before shrinkage; any shape.
    load, aht_seconds
        Erlang, calls in progress from before included, and seconds; same shape, or
        one that fits.
    service
        Threshold, patience and shrinkage.

    Notes
    -----
    Heads are rounded down after shrinkage, so that some planned heads add nothing.
    The last one that Erlang asks for always adds a whole one; the next one often
    does not.

    Examples
    --------
    >>> usual = Service(threshold_seconds=20, shrinkage=0.3)
    >>> found = marginal_levels([20], [10.0], [180.0], usual)
    >>> found.last_head.round(4), found.next_head.round(4)
    (array([0.0928]), array([0.]))
    """
    planned = np.asarray(heads, dtype=np.int64)
    beside, erlang, aht = np.broadcast_arrays(
        np.stack([np.maximum(planned - 1, 0), planned, planned + 1]),
        np.asarray(load, dtype=float),
        np.asarray(aht_seconds, dtype=float),
    )
    present = np.floor(beside * (1.0 - service.shrinkage) + EDGE).astype(np.int64)
    levels = service_levels(
        erlang.ravel(),
        present.ravel(),
        aht.ravel(),
        threshold_seconds=service.threshold_seconds,
        patience_seconds=service.patience_seconds,
    )
    before, now, after = levels.reshape(beside.shape)
    return Marginal(np.maximum(now - before, 0.0), np.maximum(after - now, 0.0))


# -- a requirement the planner brings -----------------------------------------------


def read_requirement(
    path: Path,
    clock: Clock,
    is_open: NDArray[np.bool_],
    *,
    file: str | None = None,
) -> Requirement:
    """Read requirement.csv, which stands in for forecast and staffing.

    Parameters
    ----------
    path
        The file; columns ``timestamp``, ``required`` and if wanted ``queue``.
    clock
        The horizon; lines outside it are left out, with a warning.
    is_open
        Intervals of the service hours, in which none may be missing.
    file
        Name to give in messages; the file's name where left out.

    Raises
    ------
    InputError
        With every problem of the file.

    Notes
    -----
    Times may carry an offset. On the autumn day a time without one that occurs
    twice stands for both intervals.
    """
    table = read_table(path, ["timestamp", "required"], ["queue"], file=file)
    return requirement_from_table(table, clock, is_open)


def requirement_from_table(
    table: Table, clock: Clock, is_open: NDArray[np.bool_]
) -> Requirement:
    """Check the rows of requirement.csv, or of the sheet ``requirement``.

    Raises
    ------
    InputError
        With every problem of the rows.

    Examples
    --------
    >>> from datetime import date
    >>> rows = tuple(Row(2 + hour, {"timestamp": f"2026-03-02 {hour:02}:00",
    ...                             "required": "3"}) for hour in range(24))
    >>> table = Table("requirement.csv", "UTF-8", ("timestamp", "required"), rows)
    >>> requirement_from_table(table, Clock(date(2026, 3, 2), 1, 60),
    ...                        np.ones(24, dtype=bool))
    <Requirement 2026-03-02, 1 days: 72 h, at most 3 heads>
    """
    problems = Problems()
    reading = _Reading(table, clock, problems)
    queues, heads, lines = reading.heads()
    for rank, queue in enumerate(queues):
        _check_complete(table, queue, clock, is_open & (lines[rank] == 0), problems)
    problems.raise_if_any()
    return Requirement(clock, queues, heads, is_open, reading.warnings)


class _Reading:
    """Places the rows of a requirement on the clock."""

    def __init__(self, table: Table, clock: Clock, problems: Problems) -> None:
        self.table, self.clock = table, clock
        self.cells = Cells(table, problems)
        self.outside = 0
        self.walls = _intervals_by_wall(clock)

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self.outside:
            return self.table.warnings
        return (
            *self.table.warnings,
            f"{self.outside:,} lines of {self.table.file} lie outside the horizon "
            "and are left out.",
        )

    def heads(
        self,
    ) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
        """Return queues, heads, and the line each interval was given on (0: none)."""
        rank: dict[str, int] = {}
        found = []
        for row in self.table.rows:
            queue = ONE_QUEUE
            if "queue" in self.table.columns:
                queue = self.cells.text(row, "queue") or ""
            rank.setdefault(queue, len(rank))
            required = self.cells.whole(row, "required", least=0, most=1_000_000)
            if required is not None:
                places = self.places(row)
                found.append((row, rank[queue], required, places))
        heads = np.zeros((len(rank), self.clock.intervals), dtype=np.int64)
        lines = np.zeros_like(heads)
        for row, place, required, intervals in found:
            for interval in intervals:
                if line := lines[place, interval]:
                    self.cells.refuse(
                        row,
                        "timestamp",
                        f"each interval once (also on line {line})",
                        "Remove one of the two lines.",
                    )
                    break
                heads[place, interval], lines[place, interval] = required, row.line
        return tuple(rank), heads, lines

    def places(self, row: Row) -> Sequence[int]:
        """Return the intervals a row stands for."""
        at = self.cells.stamp(row, "timestamp")
        if at is None:
            return ()
        on = at.date() if at.tzinfo is None else at.astimezone(self.clock.zone).date()
        if not 0 <= self.clock.day(on) < self.clock.days:
            self.outside += 1
            return ()
        places = self.walls.get(at, ()) if at.tzinfo is None else self.exact(at)
        if not places:
            self.cells.refuse(
                row,
                "timestamp",
                f"the start of an interval of {self.clock.interval_minutes} min "
                f"in {self.clock.time_zone}",
                "Give one line for each interval of the horizon.",
            )
        return places

    def exact(self, at: datetime) -> Sequence[int]:
        """Return the interval that begins at an instant."""
        elapsed = at - self.clock.local(0)
        step = timedelta(minutes=self.clock.interval_minutes)
        return () if elapsed % step else (elapsed // step,)


def _intervals_by_wall(clock: Clock) -> Mapping[datetime, Sequence[int]]:
    found: dict[datetime, list[int]] = {}
    for interval, start in enumerate(clock.starts):
        wall = clock.local(int(start)).replace(tzinfo=None)
        found.setdefault(wall, []).append(interval)
    return found


def _check_complete(
    table: Table,
    queue: str,
    clock: Clock,
    missing: NDArray[np.bool_],
    problems: Problems,
) -> None:
    for first, last in _runs(missing):
        named = f' of queue "{queue}"' if "queue" in table.columns else ""
        problems.add(
            file=table.file,
            column="timestamp",
            found=f"no line for {clock.local(int(clock.starts[first])):%Y-%m-%d %H:%M}",
            expected=f"every interval of the service hours{named} "
            f"({last - first + 1} missing here)",
            remedy="Add the lines; 0 says that nobody is needed.",
        )


def _runs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield first and last place of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        yield int(first), int(after) - 1
