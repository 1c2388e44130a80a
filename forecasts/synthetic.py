"""A seeded bank that never was: call histories whose truth is known."""

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forecasts.calendar import Calendar
from forecasts.clock import DAY, Clock
from forecasts.columns import day_columns
from forecasts.history import ONE_QUEUE, History
from forecasts.hours import ServiceHours

WEEKDAY_FACTORS = (1.18, 1.08, 1.04, 1.02, 1.06, 0.90, 0.72)
PEAKS = ((620.0, 85.0, 1.0), (920.0, 110.0, 0.85), (1180.0, 90.0, 0.35))
"""Middle and width in minutes, and height, of morning, afternoon and evening."""

NIGHT = 0.03
DAY_SD = 0.06
DAY_MEMORY = 0.65
SLOT_CV = 0.05
CALL_CV = 1.2
SHORTEST_AHT, LONGEST_AHT = 139.0 / 177.0, 202.0 / 177.0
PLANTS = ("outage", "doubled", "missing")
CALENDAR_FACTORS: Mapping[str, float] = {
    "statutory": 0.55,
    "rest": 0.75,
    "workday": 1.05,
    "eve": 1.12,
    "after": 1.35,
    "second after": 1.15,
    "days 1-2": 1.04,
    "days 14-16": 1.06,
    "last two days": 1.08,
}
"""What the calendar makes of an ordinary day, where there is one."""


def bank_truth(
    first_day: date,
    days: int,
    *,
    interval_minutes: int = 30,
    calls_per_day: float = 4000.0,
    calendar: Calendar | None = None,
    hours: ServiceHours | None = None,
) -> NDArray[np.float64]:
    """Return the calls to expect of the synthetic bank, before any chance.

    Parameters
    ----------
    first_day
        Local date of the first day.
    days
        Number of days.
    interval_minutes
        Length of an interval.
    calls_per_day
        Mean over a week open round the clock, without the calendar.
    calendar
        Holidays and make-up days, and the place in the month, that move calls by
        `CALENDAR_FACTORS`; None for none.
    hours
        Service hours; nobody calls outside them.

    Returns
    -------
    numpy.ndarray
        Shape ``(days, slots)``.

    Examples
    --------
    >>> bank_truth(date(2026, 3, 2), 7).sum().round(6)
    np.float64(28000.0)
    """
    minute = np.arange(0, DAY, interval_minutes) + interval_minutes / 2
    shape = np.full(len(minute), NIGHT)
    for middle, width, height in PEAKS:
        shape += height * np.exp(-0.5 * ((minute - middle) / width) ** 2)
    factors = np.array(WEEKDAY_FACTORS) / np.mean(WEEKDAY_FACTORS)
    known, hours = calendar or Calendar(), hours or ServiceHours()
    totals = calls_per_day * factors[known.weekdays(first_day, days)]
    if calendar is not None:
        totals = totals * _calendar_factors(calendar, first_day, days, hours)
    is_open = hours.open_intervals(Clock(first_day, days, interval_minutes), known)
    rate = totals[:, None] * (shape / shape.sum())
    return np.where(is_open.reshape(rate.shape), rate, 0.0)


def _calendar_factors(
    calendar: Calendar, first_day: date, days: int, hours: ServiceHours
) -> NDArray[np.float64]:
    is_open = [bool(spans) for spans in hours.spans]
    columns = day_columns(calendar, first_day, days, is_open)
    logs = [np.log(CALENDAR_FACTORS.get(name, 1.0)) for name in columns.names]
    typed = [calendar.factor(first_day + timedelta(days=day)) for day in range(days)]
    return np.asarray(np.exp(columns.table @ np.array(logs)) * np.array(typed))


def synthetic_bank(
    first_day: date,
    days: int,
    seed: int,
    *,
    interval_minutes: int = 30,
    calls_per_day: float = 4000.0,
    aht_seconds: float = 180.0,
    plants: Mapping[date, str] | None = None,
    calendar: Calendar | None = None,
    hours: ServiceHours | None = None,
) -> History:
    """Return the history of a bank that answers round the clock, or in its hours.

    Parameters
    ----------
    first_day, days, interval_minutes, calls_per_day, calendar, hours
        As for `bank_truth`; closed times have no calls known, rather than none.
    seed
        The same seed gives the same history.
    aht_seconds
        Mean handling time; by the hour it runs from 0.79 to 1.14 of it.
    plants
        Odd days by date: ``outage`` (no call gets through from 9 to 15 h),
        ``doubled`` or ``missing``.

    Notes
    -----
    Sizes are those measured on real banks: day level AR(1) with memory 0.65 and sd
    6 %, gamma noise of 5 % per interval, Poisson calls, and lognormal handling
    times of CV 1.2 a call.

    Examples
    --------
    >>> synthetic_bank(date(2026, 1, 5), 56, seed=1).first_day
    datetime.date(2026, 1, 5)
    """
    rng = np.random.default_rng(seed)
    rate = bank_truth(
        first_day,
        days,
        interval_minutes=interval_minutes,
        calls_per_day=calls_per_day,
        calendar=calendar,
        hours=hours,
    )
    closed = rate == 0.0
    rate = rate * _day_levels(rng, days)[:, None]
    rate *= rng.gamma(SLOT_CV**-2, SLOT_CV**2, rate.shape)
    calls = rng.poisson(rate).astype(float)
    aht = _handling_times(rng, calls, aht_seconds, interval_minutes)
    calls[closed] = np.nan
    for on, plant in (plants or {}).items():
        _plant(calls, aht, (on - first_day).days, plant)
    return History((ONE_QUEUE,), interval_minutes, first_day, calls[None], aht[None])


def _day_levels(rng: np.random.Generator, days: int) -> NDArray[np.float64]:
    shocks = rng.normal(0.0, DAY_SD, days)
    log = np.empty(days)
    for day in range(days):
        before = log[day - 1] if day else 0.0
        kept = np.sqrt(1.0 - DAY_MEMORY**2) if day else 1.0
        log[day] = DAY_MEMORY * before + kept * shocks[day]
    return np.asarray(np.exp(log - DAY_SD**2 / 2.0))


def _handling_times(
    rng: np.random.Generator,
    calls: NDArray[np.float64],
    aht_seconds: float,
    interval_minutes: int,
) -> NDArray[np.float64]:
    """Return mean handling times, NaN where nobody called."""
    minute = np.arange(0, DAY, interval_minutes)
    swing = 0.5 - 0.5 * np.cos(2 * np.pi * (minute - 240) / DAY)
    hourly = SHORTEST_AHT + (LONGEST_AHT - SHORTEST_AHT) * swing
    spread = np.log1p(CALL_CV**2 / np.maximum(calls, 1.0))
    noise = np.exp(rng.normal(-spread / 2.0, np.sqrt(spread)))
    seconds = np.clip(aht_seconds * hourly * noise, 5.0, 3600.0)
    return np.where(calls > 0, seconds, np.nan)


def _plant(
    calls: NDArray[np.float64], aht: NDArray[np.float64], day: int, plant: str
) -> None:
    if plant not in PLANTS:
        raise ValueError(f"Expected one of {', '.join(PLANTS)}, got {plant!r}.")
    if plant == "doubled":
        calls[day] *= 2.0
        return
    slots = calls.shape[1]
    times = slice(slots * 9 // 24, slots * 15 // 24)
    if plant == "missing":
        times = slice(None)
    calls[day, times] = np.nan if plant == "missing" else 0.0
    aht[day, times] = np.nan


def write_calls(history: History, path: Path) -> None:
    """Write a history as calls.csv; missing intervals have no line.

    Parameters
    ----------
    history
        Calls and handling times.
    path
        The file, replaced if it is there.

    Examples
    --------
    >>> import tempfile
    >>> from forecasts.history import read_calls
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "calls.csv")
    ...     write_calls(synthetic_bank(date(2026, 3, 2), 14, seed=1), path)
    ...     len(path.read_text(encoding="utf-8").splitlines()), read_calls(path).days
    (673, 14)
    """
    named = history.queues != (ONE_QUEUE,)
    header = ["timestamp", *(["queue"] if named else []), "offered", "aht_seconds"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for day, slot in np.ndindex(history.days, history.slots):
            on = history.first_day + timedelta(days=day)
            minute = slot * history.interval_minutes
            stamp = f"{on} {minute // 60:02}:{minute % 60:02}"
            for queue, name in enumerate(history.queues):
                calls = history.calls[queue, day, slot]
                aht = history.aht_seconds[queue, day, slot]
                if np.isnan(calls):
                    continue
                shown = "" if np.isnan(aht) else f"{aht:.1f}"
                writer.writerow(
                    [stamp, *([name] if named else []), f"{calls:.0f}", shown]
                )
