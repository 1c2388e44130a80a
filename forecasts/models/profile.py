"""The default model: day level x weekday x calendar x profile of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from forecasts.daily import YEAR, DayModel, fit_days
from forecasts.past import Floats, Past
from forecasts.robust import SD_PER_MAD, column_mean, column_median, normalised

Days = NDArray[np.int64]

POOLED_UNDER_DAYS = 21
"""Histories shorter than this share one profile between weekdays."""

FEW_CALLS, MANY_CALLS = 20.0, 500.0
"""Mean calls per interval between which profiles go from a long average to a short."""

HOLIDAYS = 7
"""Row of the profile of holidays, after those of the weekdays."""

FEWEST_HOLIDAYS = 3
"""Holidays known from which they have a profile of their own."""

LEAST_KNOWN = 0.25
"""Share of a day's calls that must be known for the day to count."""


@dataclass(frozen=True)
class Profile:
    """Day level x weekday factor x calendar x profile of the day, robust throughout.

    Notes
    -----
    Partly missing days are filled up by the profile before they count, so a gap does
    not depress the level. The profile of a weekday is the weighted mean share of the
    day over its last 12 weeks where intervals hold many calls and up to 52 where they
    hold few, each share clipped at three robust standard deviations. Holidays have a
    profile of their own once three are known. Under three weeks one profile serves
    all weekdays; their factors and closed times remain their own. Times of day at
    which a weekday never had a call stay exactly 0.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.tile([0.0, 4.0, 8.0], (28, 1)))
    >>> Profile()(past, [date(2026, 3, 30)]).round(6)
    array([[0., 4., 8.]])
    """

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates; shape ``(dates, slots)``."""
        days, shares = fitted(past)
        return np.asarray(days.totals(ahead)[:, None] * shapes(past, shares, ahead))


@lru_cache(maxsize=4)
def fitted(past: Past) -> tuple[DayModel, Floats]:
    """Return the model of day totals, and shares of the day; ``(8, slots)``.

    The first seven rows are the weekdays', the last one that of holidays. Several
    models begin so, and find it made.
    """
    recent = past.since(-YEAR)
    shares = _profiles(recent)
    days = fit_days(past, day_totals(past, shares))
    return days, shares


def shapes(past: Past, shares: Floats, dates: Sequence[date]) -> Floats:
    """Return the share of the day of each interval of dates; ``(dates, slots)``.

    Holidays take their own profile where there is one, within the hours of their
    weekday.
    """
    weekday = shares[past.weekdays_of(dates)]
    away = past.calendar.away(dates)
    if not away.any() or not shares[HOLIDAYS].any():
        return weekday
    holiday = normalised(np.where(weekday > 0, shares[HOLIDAYS], 0.0))
    use = away & holiday.any(axis=1)
    return np.where(use[:, None], holiday, weekday)


def day_totals(past: Past, shares: Floats) -> Floats:
    """Return the calls of each whole day, NaN where hardly anything of it is known.

    Parameters
    ----------
    past
        Whose days.
    shares
        Of the day, by weekday; shape ``(7 or more, slots)``.
    """
    profile = shares[past.weekdays]
    known = np.where(np.isnan(past.calls), 0.0, profile).sum(axis=1)
    counted = np.where(profile > 0, np.nan_to_num(past.calls), 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > LEAST_KNOWN, counted / known, np.nan)


def rough_profiles(past: Past) -> Floats:
    """Return the median share of the day of each slot; ``(7, slots)``, sums 1 or 0."""
    rough = np.zeros((7, past.slots))
    for weekday in range(7):
        same = past.calls[past.weekdays == weekday]
        rough[weekday] = column_median(same)
        if not rough[weekday].any():  # hardly ever a call: the median is 0
            rough[weekday] = column_mean(same)
    return normalised(rough)


def _profiles(past: Past) -> Floats:
    """Return the share of the day of each slot; shape ``(8, slots)``."""
    calls, weekdays = past.calls, past.weekdays
    away = past.calendar.away(past.dates)
    totals = day_totals(past, rough_profiles(past))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(totals[:, None] > 0, calls / totals[:, None], np.nan)
    few = fewness(calls)
    pooled = past.days < POOLED_UNDER_DAYS
    result = np.zeros((8, past.slots))
    for weekday in range(7):
        own = weekdays == weekday
        same = np.ones_like(own) if pooled else own
        if (same & ~away & ~np.isnan(totals)).any():
            same = same & ~away
        result[weekday] = _share(shares[same], totals[same], few=few)
        result[weekday] *= (np.nan_to_num(calls[own]) > 0).any(axis=0)
    if (away & (totals > 0)).sum() >= FEWEST_HOLIDAYS:
        result[HOLIDAYS] = _share(shares[away], totals[away], few=1.0)
    return normalised(result)


def fewness(calls: Floats) -> float:
    """Return 0 where intervals hold many calls, 1 where few, in between otherwise."""
    busy = column_mean(calls)
    if not busy.any():
        return 1.0
    few, many = np.log(FEW_CALLS), np.log(MANY_CALLS)
    return float(np.clip((many - np.log(busy[busy > 0].mean())) / (many - few), 0, 1))


def _share(shares: Floats, totals: Floats, *, few: float) -> Floats:
    """Return the weighted mean share of each slot, outliers clipped.

    A day that is beyond the clip for a quarter of its calls is left out whole.
    """
    keep, fade = round(12 + 40 * few), 0.88 + 0.11 * few
    known = np.flatnonzero(~np.isnan(shares).all(axis=1))[-keep:]
    if not known.size:
        return np.zeros(shares.shape[1])
    shares, usual = shares[known], float(np.median(totals[known]))
    middle = column_median(shares)
    spread = SD_PER_MAD * column_median(np.abs(shares - middle))
    chance = np.sqrt(np.maximum(column_mean(shares), 0.0) / max(usual, 1.0))
    reach = 3.0 * np.maximum(spread, chance)
    odd = ((np.abs(shares - middle) > reach) * middle).sum(axis=1) > 0.25 * middle.sum()
    clipped = np.clip(shares, np.maximum(middle - reach, 0.0), middle + reach)
    weight = (fade ** np.arange(len(known))[::-1])[:, None] * ~np.isnan(shares)
    weight[odd] *= 1e-6  # still better than nothing where no other day knows a slot
    total = (weight * np.nan_to_num(clipped)).sum(axis=0)
    return np.asarray(total / np.maximum(weight.sum(axis=0), 1e-12))
