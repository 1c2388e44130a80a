"""Day totals: level x weekday x what the calendar does to a day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from forecasts.columns import MONTH, Columns, day_columns
from forecasts.past import Past
from forecasts.robust import running_median, spread_of, trimmed_mean

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
Mask = NDArray[np.bool_]

YEAR = 364
"""Days in a year of whole weeks."""

LONGEST_DAYS = 5 * YEAR
"""Days of history from which the calendar's effects are learnt."""

WEEKDAY_DAYS = YEAR // 2
"""Days of history from which weekday factors are taken."""

ROUNDS = 6
WINDOW = 15
FAINT = 0.5
"""Calls a day without any is taken for, as its logarithm is needed."""

CLIP_SD, ODD_SD = 2.5, 5.0
"""Robust standard deviations a day moves the level by at most; passes for odd."""

LEAST_SPREAD = 0.03
"""Days that agree more closely than 3 % do so by chance."""


@dataclass(frozen=True)
class DayModel:
    """Day totals, taken apart.

    Attributes
    ----------
    past
        What it was fitted to.
    weekdays
        Logarithm of each weekday's factor, minus infinity where no call ever came.
    effects
        Logarithm of each column's factor; shape ``(columns,)``.
    names
        What each column stands for.
    level
        Calls of an ordinary day now.
    levels
        The same for each day of the past; shape ``(days,)``.
    spread
        Robust standard deviation of a day around it, in logarithms.
    """

    past: Past
    weekdays: Floats
    effects: Floats
    names: tuple[str, ...]
    level: float
    levels: Floats
    spread: float

    def calendar_factors(self, dates: Sequence[date]) -> Floats:
        """Return what such dates made of an ordinary day; shape ``(dates,)``.

        Typed factors are not in it: the past is without them.
        """
        places = self.past.places(dates)
        first = min(0, int(places.min(initial=0)))
        days = int(places.max(initial=0)) + 1 - first
        columns = day_columns(
            self.past.calendar,
            self.past.first_day + timedelta(days=first),
            days,
            np.isfinite(self.weekdays).tolist(),
        )
        known = {name: place for place, name in enumerate(columns.names)}
        total = np.zeros(days)
        for name, effect in zip(self.names, self.effects, strict=True):
            if name in known:
                total += effect * columns.table[:, known[name]]
        return np.asarray(np.exp(total[places - first]))

    def totals(self, dates: Sequence[date]) -> Floats:
        """Return the calls to expect of each date; shape ``(dates,)``."""
        week = np.exp(self.weekdays)[self.past.weekdays_of(dates)]
        return np.asarray(self.level * week * self.calendar_factors(dates))


def fit_days(past: Past, totals: Floats) -> DayModel:
    """Take day totals apart into level, weekday and calendar.

    Parameters
    ----------
    past
        Whose days they are.
    totals
        Calls of each day, NaN where unknown; shape ``(days,)``.

    Notes
    -----
    In turn, each part is fitted to what the others leave of the logarithm of the
    totals (backfitting): the level as a running median, weekday factors as trimmed
    means, the calendar's effects by ridge regression. The penalty of an effect is the
    variance of a day over that believed of the effect, which is what Bayes' theorem
    makes of a normal belief around no effect; so nothing is tuned to any data. At the
    end the level is smoothed exponentially, with clipped steps.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.full((28, 24), 5.0))
    >>> fit_days(past, np.full(28, 120.0)).totals([date(2026, 4, 1)]).round(6)
    array([120.])
    """
    cut = max(0, past.days - LONGEST_DAYS)
    recent, known = past.since(cut), totals[cut:]
    log = np.log(np.maximum(known, FAINT))
    seen = ~np.isnan(log)
    is_open = np.array(
        [bool((known[seen & (recent.weekdays == day)] > 0).any()) for day in range(7)]
    )
    columns = day_columns(
        recent.calendar, recent.first_day, recent.days, is_open.tolist()
    )
    used = np.flatnonzero(columns.table[seen].any(axis=0))
    columns = replace(
        columns,
        names=tuple(columns.names[place] for place in used),
        table=columns.table[:, used],
        beliefs=columns.beliefs[used],
    )
    seen &= is_open[recent.weekdays]
    if not seen.any():
        return DayModel(
            past, np.full(7, -np.inf), np.zeros(0), (), 0.0, np.zeros(past.days), 0.0
        )
    return _backfitted(past, recent, np.where(seen, log, np.nan), columns, is_open)


def _backfitted(
    past: Past, recent: Past, log: Floats, columns: Columns, is_open: Mask
) -> DayModel:
    seen = ~np.isnan(log)
    usual = float(np.exp(np.median(log[seen])))
    ridge = _Ridge(columns, seen)
    weekdays, effects = np.zeros(7), np.zeros(len(columns.names))
    level = np.full(recent.days, float(np.median(log[seen])))
    for _ in range(ROUNDS):
        calendar = columns.table @ effects
        weekdays = _weekdays(log - level - calendar, recent.weekdays, is_open)
        left = log - level - weekdays[recent.weekdays]
        effects = ridge.effects(left[seen], effects)
        plain = log - weekdays[recent.weekdays] - columns.table @ effects
        trend = running_median(plain, WINDOW)
        level = np.where(np.isnan(trend), np.nanmedian(plain), trend)
    spread = spread_of((plain - level)[seen])
    now = _smoothed(plain[seen], usual) + _bias((plain - level)[seen])
    levels = np.full(past.days, level[0])
    levels[past.days - recent.days :] = level
    return DayModel(
        past,
        np.where(is_open, weekdays, -np.inf),
        effects,
        columns.names,
        float(np.exp(now)),
        np.exp(levels),
        spread,
    )


def _weekdays(left: Floats, weekdays: Days, is_open: Mask) -> Floats:
    """Return the logarithm of each weekday's factor; open ones average 0."""
    found = np.zeros(7)
    for weekday in np.flatnonzero(is_open):
        same = left[weekdays == weekday]
        latest = same[-WEEKDAY_DAYS // 7 :]
        known = latest[~np.isnan(latest)]
        if not known.size:
            known = same[~np.isnan(same)][-1:]
        found[weekday] = trimmed_mean(known, LEAST_SPREAD)
    return np.asarray(np.where(is_open, found - found[is_open].mean(), 0.0))


class _Ridge:
    """The calendar's effects by ridge regression, odd days clipped."""

    def __init__(self, columns: Columns, seen: Mask) -> None:
        self.table, self.beliefs = columns.table[seen], columns.beliefs
        # Small, and asked for often: not worth the threads that a product would wake.
        self.gram = np.einsum("di,dj->ij", self.table, self.table)
        # A large effect of a holiday is no oddity.
        self.rare = self.table[:, self.beliefs > MONTH].any(axis=1)

    def effects(self, left: Floats, before: Floats) -> Floats:
        """Return effects on what is left of each day, shape ``(columns,)``."""
        if not self.beliefs.size:
            return before
        usual = self.table @ before
        off = left - usual
        spread = max(spread_of(off), LEAST_SPREAD / 3)
        clipped = usual + np.clip(off, -ODD_SD * spread, ODD_SD * spread)
        penalty = np.diag((spread / self.beliefs) ** 2)
        held = np.where(self.rare, left, clipped)
        return np.asarray(np.linalg.solve(self.gram + penalty, held @ self.table))


def _smoothed(plain: Floats, calls_per_day: float) -> float:
    """Return the logarithm of the level after the last day.

    A single day beyond ``ODD_SD`` is passed over; a second one running, the same
    way, counts. The weight of a day is 0.15 where days differ by more than chance,
    and falls towards 0.05 where they hardly do.
    """
    level = float(np.median(plain[:21]))
    steps = np.diff(plain)
    chance = 1.0 / max(calls_per_day, 1.0)
    spread = max(spread_of(steps) / np.sqrt(2), float(np.sqrt(chance)), 0.01)
    weight = 0.05 + 0.10 * max(0.0, 1.0 - chance / spread**2)
    odd_before = 0.0
    for value in plain.tolist():
        step = (value - level) / spread
        odd = float(np.sign(step)) if abs(step) > ODD_SD else 0.0
        if odd == odd_before or not odd:
            level += weight * spread * min(max(step, -CLIP_SD), CLIP_SD)
        odd_before = odd
    return level


def _bias(left: Floats) -> float:
    """Return how far the mean day lies above the one of mean logarithm."""
    latest = left[-WEEKDAY_DAYS:]
    spread = max(spread_of(latest), LEAST_SPREAD)
    usual = latest[np.abs(latest) <= ODD_SD * spread]
    return float(np.log(np.exp(usual).mean())) if usual.size else 0.0
