"""Handling times: by weekday and time of day, weighted by calls."""

import numpy as np

from forecasts.past import Floats, Past

RECENT_DAYS = 84
"""Days looked back on."""

CALL_CV, HOUR_CV, WEEKDAY_CV = 1.2, 0.10, 0.05
"""How much calls differ; times of day from the queue's mean; weekdays within them."""

THIN_HOUR, THIN_WEEKDAY = (CALL_CV / HOUR_CV) ** 2, (CALL_CV / WEEKDAY_CV) ** 2
"""Calls at which a mean counts as much as the wider one it leans on: 144 and 576."""


def handling_times(past: Past, aht_seconds: Floats, default: float) -> Floats:
    """Return the mean handling time of each weekday and time of day.

    Parameters
    ----------
    past
        Calls of one queue.
    aht_seconds
        Mean handling time of each interval of the past, NaN where unknown; shape
        ``(days, slots)``.
    default
        Seconds where the past has none at all.

    Returns
    -------
    numpy.ndarray
        Seconds; shape ``(7, slots)``.

    Notes
    -----
    Handling times are weighted by calls, never averaged by interval. The mean of a
    weekday and time of day leans on that of the time of day, and this on the queue's,
    the more so the fewer calls it rests on: ``n`` calls count ``n / (n + k)``, where
    ``k`` is the variance of a call over that of what is to be known. On a real log
    this errs less, a week ahead, than the queue's mean and than times of day alone.

    Examples
    --------
    >>> from datetime import date
    >>> past = Past(date(2026, 3, 2), np.full((28, 2), 1e6))
    >>> times = np.tile([120.0, 240.0], (28, 1))
    >>> handling_times(past, times, 180.0)[0].round()
    array([120., 240.])
    """
    recent = past.since(-RECENT_DAYS)
    times = aht_seconds[past.days - recent.days :]
    calls = np.where(np.isnan(times), 0.0, np.nan_to_num(recent.calls))
    seconds = calls * np.nan_to_num(times)
    if calls.sum() == 0:
        return np.full((7, past.slots), default)
    queue = seconds.sum() / calls.sum()
    by_slot = seconds.sum(axis=0) + THIN_HOUR * queue
    by_slot /= calls.sum(axis=0) + THIN_HOUR
    same = recent.weekdays[None, :] == np.arange(7)[:, None]
    each = np.stack([calls[own].sum(axis=0) for own in same])
    spent = np.stack([seconds[own].sum(axis=0) for own in same])
    return np.asarray((spent + THIN_WEEKDAY * by_slot) / (each + THIN_WEEKDAY))
