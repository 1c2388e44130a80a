"""Calls of the last weeks beside a forecast, on one axis of days."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from forecasts.forecaster import Forecast
from forecasts.history import History

BACK = 14
"""Days of history that are shown."""


def recent_calls(
    history: History | None, forecast: Forecast
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the last two weeks of calls before a forecast, all queues together.

    Returns
    -------
    tuple
        Days since the forecast's first (below zero before it) and calls per interval
        of the forecast, NaN where missing; equal-length arrays.

    Examples
    --------
    >>> from datetime import date
    >>> from forecasts.clock import Clock
    >>> past = History(("calls",), 30, date(2026, 2, 2), np.full((1, 28, 48), 6.0))
    >>> ahead = Forecast.steady(Clock(date(2026, 3, 2), 7, 60), 12.0, 180.0)
    >>> days, calls = recent_calls(past, ahead)
    >>> float(days[0]), float(calls[0]), len(calls)
    (-14.0, 12.0, 336)
    """
    clock = forecast.clock
    if history is None:
        return np.zeros(0), np.zeros(0)
    past = history.until(clock.first_day).resampled(clock.interval_minutes)
    known = np.flatnonzero(~np.isnan(past.calls).all(axis=(0, 2)))
    last = int(known[-1]) + 1 if known.size else 0
    calls = past.calls[:, max(0, last - BACK) : last].sum(axis=0)
    first = (
        past.first_day + timedelta(days=max(0, last - BACK)) - clock.first_day
    ).days
    return first + np.arange(calls.size) / past.slots, calls.ravel()


def calls_within(
    actual: History, forecast: Forecast
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the calls that came within a forecast's horizon, all queues together.

    Returns
    -------
    tuple
        Days since the forecast's first and calls per interval, NaN where unknown.

    Examples
    --------
    >>> from datetime import date
    >>> from forecasts.clock import Clock
    >>> came = History(("calls",), 60, date(2026, 3, 1), np.full((1, 3, 24), 6.0))
    >>> ahead = Forecast.steady(Clock(date(2026, 3, 2), 7, 60), 12.0, 180.0)
    >>> len(calls_within(came, ahead)[0])
    48
    """
    clock = forecast.clock
    seen = actual.resampled(clock.interval_minutes)
    first = (clock.first_day - seen.first_day).days
    calls = seen.calls[:, max(0, first) : max(0, first + clock.days)].sum(axis=0)
    start = max(0, -first)
    return start + np.arange(calls.size) / seen.slots, calls.ravel()
