"""Recent weeks: the same weekday and time of day, repeated or averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecasts.past import Floats, Past
from forecasts.robust import column_median

LONGEST = 52
"""Weeks that a weighted mean looks back on."""


@dataclass(frozen=True)
class Recent:
    """The mean or median of the last known weeks of each weekday and time of day.

    Attributes
    ----------
    weeks
        Known weeks to look at, 1 repeats the last one (seasonal naive).
    by
        ``mean`` or ``median``.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.repeat([1.0, 2.0, 6.0], 7)[:, None])
    >>> ahead = [date(2026, 3, 23)]
    >>> float(Recent(1)(past, ahead)[0, 0]), float(Recent(3)(past, ahead)[0, 0])
    (6.0, 3.0)
    >>> float(Recent(3, "median")(past, ahead)[0, 0])
    2.0
    """

    weeks: int = 4
    by: str = "mean"

    def __post_init__(self) -> None:
        if self.weeks < 1:
            raise ValueError(f"Expected 1 <= weeks, got {self.weeks}.")
        if self.by not in ("mean", "median"):
            raise ValueError(f'Expected by = "mean" or "median", got {self.by!r}.')

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates; shape ``(dates, slots)``."""
        week = np.zeros((7, past.slots))
        for weekday in range(7):
            latest = past.calls[past.weekdays == weekday][::-1]
            known = ~np.isnan(latest)
            recent = known & (np.cumsum(known, axis=0) <= self.weeks)
            if self.by == "median":
                week[weekday] = column_median(np.where(recent, latest, np.nan))
            else:
                total = np.where(recent, latest, 0.0).sum(axis=0)
                week[weekday] = total / np.maximum(recent.sum(axis=0), 1)
        return week[past.weekdays_of(ahead)]


@dataclass(frozen=True)
class WeightedMean:
    """The exponentially weighted mean of each weekday and time of day.

    Attributes
    ----------
    weight
        Of the last week, above 0 and below 1; each week before counts
        ``1 - weight`` of the one after.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.repeat([0.0, 9.0], 7)[:, None])
    >>> round(float(WeightedMean(0.5)(past, [date(2026, 3, 16)])[0, 0]), 6)
    6.0
    """

    weight: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 < self.weight < 1.0:
            raise ValueError(f"Expected 0 < weight < 1, got {self.weight}.")

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates; shape ``(dates, slots)``."""
        week = np.zeros((7, past.slots))
        for weekday in range(7):
            latest = past.calls[past.weekdays == weekday][::-1][:LONGEST]
            fade = (1.0 - self.weight) ** np.arange(len(latest))
            weights = np.where(np.isnan(latest), 0.0, fade[:, None])
            total = (weights * np.nan_to_num(latest)).sum(axis=0)
            week[weekday] = total / np.maximum(weights.sum(axis=0), 1e-12)
        return week[past.weekdays_of(ahead)]
