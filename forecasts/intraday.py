"""Intraday: the rest of a day forecast again, from the calls that have come so far."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from forecasts.backtest import Backtest
from forecasts.clock import DAY
from forecasts.forecaster import Forecast
from forecasts.history import History

Floats = NDArray[np.float64]

USUAL_BELIEF = 0.4
"""Part of a morning's deviation that lasts, believed where the past has no mornings."""

BELIEF_DAYS = 10.0
"""Past days that count as much as that belief."""

FEWEST_CALLS = 20.0
"""Calls expected so far, under which a day says nothing of itself yet."""


@dataclass(frozen=True)
class Shrinkage:
    """How much of a deviation so far lasts for the rest of the day.

    Attributes
    ----------
    beta
        By number of intervals gone; shape ``(slots + 1,)``. 0 ignores the day so far,
        1 expects the rest to be as far off.
    """

    beta: Floats

    def __repr__(self) -> str:
        """Say it in one line."""
        noon = self.beta[len(self.beta) // 2]
        return f"<Shrinkage: {noon:.0%} of the deviation at noon lasts>"


def fit_shrinkage(tried: Backtest) -> Shrinkage:
    """Fit how much of a deviation lasts, to past forecasts at the shortest lead tried.

    Parameters
    ----------
    tried
        What the model of a queue said of the last weeks, and what came.

    Notes
    -----
    At each time of day, the logarithm of what the rest of a day brought over its
    forecast is regressed on that of the day so far, by least squares through the
    origin; ten days' worth of the usual 0.4 are added, and the result is held between
    0 and 1. To correct by the whole deviation, as is common, over-reacts: part of it
    is chance and part is over.

    Source: H. Shen and J. Z. Huang, "Interday forecasting and intraday updating of
    call center arrivals", *Manufacturing & Service Operations Management* 10, 2008.

    Examples
    --------
    Days as busy in the afternoon as in the morning keep nearly all of it:

    >>> level = np.random.default_rng(1).uniform(0.7, 1.3, (56, 1))
    >>> said = np.full((1, 56, 24), 100.0)
    >>> tried = Backtest(8, date(2026, 1, 5), {}, "profile", said[0] * level, said)
    >>> fit_shrinkage(tried).beta[12].round(1)
    np.float64(0.9)
    """
    slots = tried.seen.shape[1]
    if not len(tried.expected):
        return Shrinkage(np.full(slots + 1, USUAL_BELIEF))
    said = tried.expected[0]
    known = ~np.isnan(tried.seen) & ~np.isnan(said)
    seen, said = np.where(known, tried.seen, 0.0), np.where(known, said, 0.0)
    beta = np.zeros(slots + 1)
    for gone in range(slots + 1):
        so_far, rest = slice(0, gone), slice(gone, None)
        morning = _log_ratio(seen[:, so_far], said[:, so_far])
        later = _log_ratio(seen[:, rest], said[:, rest])
        both = ~np.isnan(morning) & ~np.isnan(later)
        before, after = morning[both], later[both]
        usual = float(np.var(before)) if both.any() else 0.0
        weight = BELIEF_DAYS * max(usual, 1e-4)
        fitted = (before @ after + weight * USUAL_BELIEF) / (before @ before + weight)
        beta[gone] = np.clip(fitted, 0.0, 1.0)
    return Shrinkage(beta)


def _log_ratio(seen: Floats, said: Floats) -> Floats:
    """Return the logarithm of calls over forecast by day, NaN where too few."""
    came, expected = seen.sum(axis=1), said.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log(np.maximum(came, 0.5) / expected)
    return np.where(expected >= FEWEST_CALLS, ratio, np.nan)


@dataclass(frozen=True)
class DayUnderWay:
    """A day of the horizon, forecast again from its calls so far.

    Attributes
    ----------
    forecast
        As before, but for what is left of the day.
    on
        The date.
    minute
        Time of day until which calls are known, in minutes after midnight.
    came, expected
        Calls until then, and those forecast; shape ``(queues,)``.
    beta
        Part of the deviation that is expected to last; shape ``(queues,)``.
    left_before, left
        Calls forecast for the rest of the day, before and now; ``(queues,)``.
    """

    forecast: Forecast
    on: date
    minute: int
    came: Floats
    expected: Floats
    beta: Floats
    left_before: Floats
    left: Floats

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"<{self.on} {self.minute // 60:02}:{self.minute % 60:02}: "
            f"{self.came.sum():,.0f} calls came, {self.expected.sum():,.0f} expected; "
            f"{self.left.sum():,.0f} to come instead of {self.left_before.sum():,.0f}>"
        )


def reforecast(forecast: Forecast, today: History) -> DayUnderWay:
    """Forecast the rest of a day of the horizon again, from its calls so far.

    Parameters
    ----------
    forecast
        Made before the day.
    today
        Calls of the day so far; its last day is meant, and what comes after its last
        known interval is what is left. On the forecast's interval, or a finer one;
        queues in any order, those without a call yet may be missing.

    Returns
    -------
    DayUnderWay
        Its forecast is multiplied, queue by queue, by
        ``exp(beta log(calls so far / forecast so far))``, and less uncertain, as part
        of the day's factor is known by now.

    Raises
    ------
    ValueError
        When the day is not of the horizon, or a queue not of the forecast.

    Examples
    --------
    >>> from forecasts.clock import Clock
    >>> ahead = Forecast.steady(Clock(date(2026, 3, 2), 1, 60), 100.0, 180.0)
    >>> so_far = np.full((1, 1, 24), np.nan)
    >>> so_far[..., :10] = 120.0
    >>> reforecast(ahead, History(("calls",), 60, date(2026, 3, 2), so_far))
    <2026-03-02 10:00: 1,200 calls came, 1,000 expected; 1,506 to come instead of 1,400>
    """
    clock, queues = forecast.clock, len(forecast.queues)
    day = _day(forecast, today)
    known = today.resampled(clock.interval_minutes).calls[:, -1]
    seen = np.full((queues, known.shape[1]), np.nan)
    seen[[forecast.queues.index(queue) for queue in today.queues]] = known
    now = int(np.flatnonzero((~np.isnan(seen)).any(axis=0)).max(initial=-1)) + 1
    slots = clock.walls // clock.interval_minutes
    same = clock.days_of_intervals == day
    over = same & (slots < now) & ~np.isnan(seen[:, slots])
    left = same & (slots >= now)
    came = np.where(over, np.nan_to_num(seen[:, slots]), 0.0).sum(axis=1)
    expected = np.where(over, forecast.calls, 0.0).sum(axis=1)
    told = expected >= FEWEST_CALLS
    beta = np.array([_shrinkage(forecast, queue).beta[now] for queue in range(queues)])
    beta = np.where(told, beta, 0.0)
    factor = (np.maximum(came, 0.5) / np.maximum(expected, 0.5)) ** beta
    known = np.where(left, (beta[:, None] * forecast.day_cv) ** 2, 0.0)
    calls = np.where(left, forecast.calls * factor[:, None], forecast.calls)
    return DayUnderWay(
        replace(
            forecast,
            calls=calls,
            cv=np.sqrt(np.maximum(forecast.cv**2 - known, 0.0)),
            day_cv=np.sqrt(forecast.day_cv**2 - known),
        ),
        today.last_day,
        now * clock.interval_minutes,
        came,
        expected,
        beta,
        np.where(left, forecast.calls, 0.0).sum(axis=1),
        np.where(left, calls, 0.0).sum(axis=1),
    )


def _day(forecast: Forecast, today: History) -> int:
    """Return the day of the horizon that is under way."""
    clock = forecast.clock
    if strange := [queue for queue in today.queues if queue not in forecast.queues]:
        raise ValueError(
            f"Expected the queues {', '.join(forecast.queues)}, "
            f"got {', '.join(strange)}."
        )
    day = clock.day(today.last_day)
    if not 0 <= day < clock.days:
        raise ValueError(
            f"Expected calls of a day from {clock.date(0)} to "
            f"{clock.date(clock.days - 1)}, got {today.last_day}."
        )
    return day


def _shrinkage(forecast: Forecast, queue: int) -> Shrinkage:
    if forecast.backtests:
        return fit_shrinkage(forecast.backtests[queue])
    slots = DAY // forecast.clock.interval_minutes
    return Shrinkage(np.full(slots + 1, USUAL_BELIEF))
