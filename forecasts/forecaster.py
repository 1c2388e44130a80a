"""Forecast calls: day level x weekday factor x intraday profile, robust to outliers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasts.calendar import Calendar
from forecasts.clock import Clock
from forecasts.history import ONE_QUEUE, History

Floats = NDArray[np.float64]

FEWEST_DAYS = 7
POOLED_UNDER_DAYS = 21
"""Histories shorter than this share one intraday profile between weekdays."""

LONGEST_DAYS = 26 * 7
"""Days of history that weekday factors and profiles look back on."""

FEW_CALLS, MANY_CALLS = 20.0, 500.0
"""Mean calls per interval between which profiles go from a long average to a short."""

USUAL_CV = 0.10
"""Rate CV assumed where the history is too short to measure one."""

CLIP_SD, ODD_SD = 2.5, 5.0
"""Robust standard deviations a day moves the level by at most; passes for odd."""

SD_PER_MAD = 1.4826
BINOMIAL_UNDER = 50.0
QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)


@dataclass(frozen=True)
class Past:
    """The calls of one queue, as a forecasting method sees them.

    Attributes
    ----------
    first_day
        Local date of the first day.
    calls
        Calls offered, NaN where missing; shape ``(days, slots)``.
    """

    first_day: date
    calls: Floats

    @property
    def weekdays(self) -> NDArray[np.int64]:
        """Weekday of each day, Monday being 0; shape ``(days,)``."""
        return (self.first_day.weekday() + np.arange(len(self.calls))) % 7


Method = Callable[[Past, Sequence[date]], Floats]
"""Takes the past and the dates wanted; returns mean calls, ``(dates, slots)``."""


def profile_forecast(past: Past, ahead: Sequence[date]) -> Floats:
    """Forecast day level x weekday factor x intraday profile.

    Parameters
    ----------
    past
        History of one queue, at least a week long.
    ahead
        Dates wanted.

    Returns
    -------
    numpy.ndarray
        Mean calls; shape ``(dates, slots)``. Exactly 0 at times of day, and on
        weekdays, that never had a call or were always missing.

    Notes
    -----
    Partly missing days are filled up by the profile before they count, so a gap
    does not depress the level. The level is smoothed exponentially, with steps
    clipped at 2.5 robust standard deviations and single odd days passed over, so
    that one odd day moves the forecast by less than 3 %. Shares of the day are
    clipped at 3. Under three weeks one profile serves all weekdays; their factors
    and closed times remain their own.
    """
    calls, weekdays = past.calls[-LONGEST_DAYS:], past.weekdays[-LONGEST_DAYS:]
    shares = _profiles(calls, weekdays, _rough_profiles(calls, weekdays))
    totals = _day_totals(calls, shares[weekdays])
    factors, level = _level(totals, weekdays)
    week = level * factors[:, None] * shares
    return week[[day.weekday() for day in ahead]]


def seasonal_naive(past: Past, ahead: Sequence[date]) -> Floats:
    """Repeat the last known calls of the same weekday and time of day."""
    return _recent_mean(past, ahead, 1)


def mean_of_four(past: Past, ahead: Sequence[date]) -> Floats:
    """Average the last four known calls of the same weekday and time of day."""
    return _recent_mean(past, ahead, 4)


def _recent_mean(past: Past, ahead: Sequence[date], number: int) -> Floats:
    week = np.zeros((7, past.calls.shape[1]))
    for weekday in range(7):
        same = past.calls[past.weekdays == weekday][::-1]
        known = ~np.isnan(same)
        recent = known & (np.cumsum(known, axis=0) <= number)
        total = np.where(recent, same, 0.0).sum(axis=0)
        week[weekday] = total / np.maximum(recent.sum(axis=0), 1)
    return week[[day.weekday() for day in ahead]]


METHODS: Mapping[str, Method] = {
    "profile": profile_forecast,
    "mean-4": mean_of_four,
    "seasonal-naive": seasonal_naive,
}
"""Forecasting methods by name; ``auto`` means ``profile``."""


# -- the profile method, step by step -----------------------------------------------


def _rough_profiles(calls: Floats, weekdays: NDArray[np.int64]) -> Floats:
    """Return the median share of the day of each slot; ``(7, slots)``, sums 1 or 0."""
    rough = np.zeros((7, calls.shape[1]))
    for weekday in range(7):
        rough[weekday] = _column_median(calls[weekdays == weekday])
        if not rough[weekday].any():  # hardly ever a call: the median is 0
            rough[weekday] = _column_mean(calls[weekdays == weekday])
    return _normalised(rough)


def _profiles(calls: Floats, weekdays: NDArray[np.int64], rough: Floats) -> Floats:
    """Return the share of the day of each slot; shape ``(7, slots)``, sums 1 or 0."""
    totals = _day_totals(calls, rough[weekdays])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(totals[:, None] > 0, calls / totals[:, None], np.nan)
    few = _fewness(calls)
    pooled = len(calls) < POOLED_UNDER_DAYS
    result = np.zeros_like(rough)
    for weekday in range(7):
        own = weekdays == weekday
        same = np.ones_like(own) if pooled else own
        result[weekday] = _share(shares[same], totals[same], few=few)
        result[weekday] *= (np.nan_to_num(calls[own]) > 0).any(axis=0)
    return _normalised(result)


def _fewness(calls: Floats) -> float:
    """Return 0 where intervals hold many calls, 1 where few, in between otherwise."""
    busy = _column_mean(calls)
    if not busy.any():
        return 1.0
    few, many = np.log(FEW_CALLS), np.log(MANY_CALLS)
    return float(np.clip((many - np.log(busy[busy > 0].mean())) / (many - few), 0, 1))


def _share(shares: Floats, totals: Floats, *, few: float) -> Floats:
    """Return the weighted mean share of each slot, outliers clipped.

    A day that is beyond the clip for a quarter of its calls is left out whole.
    """
    keep, fade = round(12 + 14 * few), 0.88 + 0.09 * few
    known = np.flatnonzero(~np.isnan(shares).all(axis=1))[-keep:]
    if not known.size:
        return np.zeros(shares.shape[1])
    shares, usual = shares[known], float(np.median(totals[known]))
    middle = _column_median(shares)
    spread = SD_PER_MAD * _column_median(np.abs(shares - middle))
    chance = np.sqrt(np.maximum(_column_mean(shares), 0.0) / max(usual, 1.0))
    reach = 3.0 * np.maximum(spread, chance)
    odd = ((np.abs(shares - middle) > reach) * middle).sum(axis=1) > 0.25 * middle.sum()
    clipped = np.clip(shares, np.maximum(middle - reach, 0.0), middle + reach)
    weight = (fade ** np.arange(len(known))[::-1])[:, None] * ~np.isnan(shares)
    weight[odd] *= 1e-6  # still better than nothing where no other day knows a slot
    total = (weight * np.nan_to_num(clipped)).sum(axis=0)
    return np.asarray(total / np.maximum(weight.sum(axis=0), 1e-12))


def _day_totals(calls: Floats, profile: Floats) -> Floats:
    """Return calls of each whole day, NaN where under a quarter of it is known."""
    known = np.where(np.isnan(calls), 0.0, profile).sum(axis=1)
    counted = np.where(profile > 0, np.nan_to_num(calls), 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0.25, counted / known, np.nan)


def _level(totals: Floats, weekdays: NDArray[np.int64]) -> tuple[Floats, float]:
    """Return weekday factors, shape ``(7,)``, and the level they multiply."""
    factors = _weekday_means(totals, weekdays)
    if not factors.any():
        return factors, 0.0
    factors /= factors[factors > 0].mean()
    for _ in range(5):
        plain = _plain(totals, factors[weekdays])
        trend = _running_median(plain, 15)
        factors = _weekday_means(totals / trend, weekdays)
        factors /= factors[factors > 0].mean()
    plain = _plain(totals, factors[weekdays])
    return factors, _smoothed(plain[~np.isnan(plain)], float(np.nanmean(totals)))


def _robust_mean(values: Floats) -> float:
    """Return the mean of the values within three robust sd of their median.

    A few values can agree by chance, so the sd is taken as 3 % at least.
    """
    middle = float(np.median(values))
    if middle <= 0.0:
        return float(values.mean())
    off = np.abs(values - middle)
    spread = max(SD_PER_MAD * float(np.median(off)), 0.03 * middle)
    return float(values[off <= 3.0 * spread].mean())


def _weekday_means(totals: Floats, weekdays: NDArray[np.int64]) -> Floats:
    """Return the robust mean of each weekday, 0 where none is known."""
    means = np.zeros(7)
    for weekday in range(7):
        known = totals[(weekdays == weekday) & ~np.isnan(totals)]
        means[weekday] = _robust_mean(known) if known.size else 0.0
    return means


def _plain(totals: Floats, factors: Floats) -> Floats:
    """Return day totals with the weekday taken out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(factors > 0, totals / factors, np.nan)


def _running_median(values: Floats, width: int) -> Floats:
    half = width // 2
    padded = np.concatenate([np.full(half, np.nan), values, np.full(half, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    middle = _column_median(windows.T)
    usual = float(np.nanmedian(values)) or float(np.nanmean(values)) or 1.0
    return np.where(middle > 0, middle, usual)


def _smoothed(plain: Floats, calls_per_day: float) -> float:
    """Return the level after the last day.

    A single day beyond ``ODD_SD`` is passed over; a second one running, the same
    way, counts. The weight of a day is 0.15 where days differ by more than chance,
    and falls towards 0.05 where they hardly do.
    """
    level = float(np.median(plain[:21]))
    if level <= 0.0:
        return float(plain.mean())
    steps = np.diff(plain) / max(float(np.median(plain)), level)
    spread = (
        SD_PER_MAD * float(np.median(np.abs(steps))) / np.sqrt(2) if steps.size else 0
    )
    chance = 1.0 / max(calls_per_day, 1.0)
    spread = max(float(spread), float(np.sqrt(chance)), 0.01)
    weight = 0.05 + 0.10 * max(0.0, 1.0 - chance / spread**2)
    odd_before = 0.0
    for value in plain:
        step = (float(value) / level - 1.0) / spread
        odd = float(np.sign(step)) if abs(step) > ODD_SD else 0.0
        if odd == odd_before or not odd:
            level *= 1.0 + weight * spread * min(max(step, -CLIP_SD), CLIP_SD)
        odd_before = odd
    return level


def _column_median(values: Floats) -> Floats:
    """Return the median of the known values of each column, 0 where none."""
    known = (~np.isnan(values)).sum(axis=0)
    if not len(values):
        return np.zeros(values.shape[1])
    ordered = np.sort(values, axis=0)  # NaN last
    columns = np.arange(values.shape[1])
    low = ordered[np.maximum(known - 1, 0) // 2, columns]
    high = ordered[np.minimum(known // 2, len(values) - 1), columns]
    return np.where(known > 0, (low + high) / 2.0, 0.0)


def _column_mean(values: Floats) -> Floats:
    """Return the mean of the known values of each column, 0 where none."""
    known = (~np.isnan(values)).sum(axis=0)
    return np.asarray(np.nansum(values, axis=0) / np.maximum(known, 1))


def _normalised(shares: Floats) -> Floats:
    total = shares.sum(axis=1, keepdims=True)
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), 0.0)


# -- the forecast -------------------------------------------------------------------


@dataclass(frozen=True)
class Forecast:
    """Calls to expect in every interval of a horizon.

    Attributes
    ----------
    clock
        The horizon.
    queues
        Names.
    calls
        Mean calls; shape ``(queues, intervals)``.
    aht_seconds
        Mean handling time; same shape.
    dispersion
        Coefficient of variation of the true rate around the mean; ``(queues,)``.
    method
        Method of each queue.
    warnings
        What a planner should know, one sentence each.
    """

    clock: Clock
    queues: tuple[str, ...]
    calls: Floats
    aht_seconds: Floats
    dispersion: Floats
    method: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"<Forecast {self.clock.first_day}, {self.clock.days} days: "
            f"{self.calls.sum():,.0f} calls in {len(self.queues)} "
            f"queue{'s' * (len(self.queues) != 1)}>"
        )

    @classmethod
    def steady(cls, clock: Clock, calls: float, aht_seconds: float) -> "Forecast":
        """Return the same calls for every interval, for examples and tests."""
        shape = (1, clock.intervals)
        return cls(
            clock,
            (ONE_QUEUE,),
            np.full(shape, calls),
            np.full(shape, aht_seconds),
            np.zeros(1),
            ("steady",),
        )

    def quantile(self, p: float) -> Floats:
        """Return the number of calls not exceeded with probability ``p``.

        Calls are Poisson around a rate that is itself uncertain, gamma distributed
        around the mean: a negative binomial.

        Examples
        --------
        >>> quiet = Forecast.steady(Clock(date(2026, 3, 2), 1, 60), 2.0, 180.0)
        >>> quiet.quantile(0.9)[0, :3]
        array([4., 4., 4.])
        """
        _check_share(p)
        return np.stack(
            [
                _negative_binomial(mean, float(cv), p)
                for mean, cv in zip(self.calls, self.dispersion, strict=True)
            ]
        )

    def rate_quantile(self, p: float) -> Floats:
        """Return the call rate (per interval) not exceeded with probability ``p``."""
        _check_share(p)
        share = [[_gamma(1.0, float(cv) ** 2, p)] for cv in self.dispersion]
        return np.asarray(self.calls * np.array(share))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per interval and queue, as in forecast.csv."""
        number = len(self.queues)
        stamps = [self.clock.stamp(i) for i in range(self.clock.intervals)]
        levels = {f"p{round(p * 100)}": self.quantile(p).T.ravel() for p in QUANTILES}
        return pd.DataFrame(
            {
                "timestamp": np.repeat(stamps, number),
                "queue": np.tile(np.array(self.queues, dtype=object), len(stamps)),
                "calls": self.calls.T.ravel().round(4),
                **{name: calls.round(1) for name, calls in levels.items()},
                "aht_seconds": self.aht_seconds.T.ravel().round(2),
                "method": np.tile(np.array(self.method, dtype=object), len(stamps)),
            }
        )


def forecast(
    history: History,
    clock: Clock,
    calendar: Calendar | None = None,
    *,
    default_aht_seconds: float = 180.0,
    method: str = "auto",
) -> Forecast:
    """Forecast calls and handling times for a horizon.

    Parameters
    ----------
    history
        What came in, at least a week of it.
    clock
        The horizon; the history is resampled to its interval.
    calendar
        Call multipliers of single dates, taken out of the past and put into the
        future.
    default_aht_seconds
        Handling time where the history has none.
    method
        A name in `METHODS`, or ``auto``, which in this release is ``profile``.

    Raises
    ------
    ValueError
        When the method is not known or the history shorter than a week.

    Examples
    --------
    >>> past = History(("calls",), 60, date(2026, 2, 2), np.full((1, 28, 24), 12.0))
    >>> forecast(past, Clock(date(2026, 3, 2), 7, 60))
    <Forecast 2026-03-02, 7 days: 2,016 calls in 1 queue>
    """
    name = "profile" if method == "auto" else method
    if name not in METHODS:
        raise ValueError(f"Expected method auto, {', '.join(METHODS)}, got {method!r}.")
    past = _trimmed(history.resampled(clock.interval_minutes))
    dates = list(clock.dates())
    slot = clock.walls // clock.interval_minutes
    factors = np.array([calendar.factor(on) if calendar else 1.0 for on in dates])
    calls = np.zeros((len(past.queues), clock.intervals))
    aht = np.full_like(calls, default_aht_seconds)
    dispersion = np.zeros(len(past.queues))
    for queue in range(len(past.queues)):
        known = Past(past.first_day, _without_factors(past, queue, calendar))
        days = METHODS[name](known, dates) * factors[:, None]
        calls[queue] = days[clock.days_of_intervals, slot]
        aht[queue] = _aht(past, queue, default_aht_seconds)[slot]
        dispersion[queue] = _rate_cv(known, METHODS[name])
    return Forecast(
        clock,
        past.queues,
        calls,
        aht,
        dispersion,
        (name,) * len(past.queues),
        tuple(_cautions(past, clock)),
    )


def _trimmed(history: History) -> History:
    """Return the history from the first to the last day with a known interval."""
    known = np.asarray((~np.isnan(history.calls)).any(axis=2))
    for queue, own in zip(history.queues, known, strict=True):
        span = int(np.ptp(np.flatnonzero(own))) + 1 if own.any() else 0
        if span < FEWEST_DAYS:
            named = f" in queue {queue}" if len(history.queues) > 1 else ""
            raise ValueError(
                f"Expected a call history of {FEWEST_DAYS} days or more at "
                f"{history.interval_minutes} minutes, got {span}{named}. Add earlier "
                "days, or give the heads needed in requirement.csv."
            )
    seen = np.flatnonzero(known.any(axis=0))
    days = slice(int(seen[0]), int(seen[-1]) + 1)
    return History(
        history.queues,
        history.interval_minutes,
        history.first_day + timedelta(days=days.start),
        history.calls[:, days],
        history.aht_seconds[:, days],
        history.warnings,
    )


def _without_factors(history: History, queue: int, calendar: Calendar | None) -> Floats:
    """Return a queue's calls as they would have been on ordinary days."""
    calls: Floats = history.calls[queue]
    if calendar is None:
        return calls
    factors = np.array(
        [
            calendar.factor(history.first_day + timedelta(days=day))
            for day in range(history.days)
        ]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(factors[:, None] > 0, calls / factors[:, None], np.nan)


def _cautions(history: History, clock: Clock) -> list[str]:
    ahead = (clock.first_day - history.last_day).days
    if history.first_day > clock.date(clock.days - 1):
        return [
            f"The call history begins on {history.first_day}, after the horizon; "
            "check the years."
        ]
    if ahead <= 0:
        return [
            f"The call history ends on {history.last_day}, not before the horizon "
            f"begins on {clock.first_day}; all of it is used."
        ]
    if ahead > 366:
        return [
            f"The call history ends on {history.last_day}, more than a year before "
            f"the horizon begins on {clock.first_day}."
        ]
    return []


def _aht(history: History, queue: int, default: float) -> Floats:
    """Return handling times by time of day, weighted by calls; shape ``(slots,)``.

    A time of day with few calls leans on the queue's mean.
    """
    aht = history.aht_seconds[queue][-84:]
    calls = np.where(np.isnan(aht), 0.0, np.nan_to_num(history.calls[queue][-84:]))
    seconds = (calls * np.nan_to_num(aht)).sum(axis=0)
    if calls.sum() == 0:
        return np.full(history.slots, default)
    mean = seconds.sum() / calls.sum()
    thin = 50.0
    return np.asarray((seconds + thin * mean) / (calls.sum(axis=0) + thin))


# -- uncertainty --------------------------------------------------------------------


def _rate_cv(past: Past, method: Method) -> float:
    """Return the CV of the rate around its forecast, from the last eight weeks.

    Each of these weeks is forecast from what lay before it. The CV is such that
    two thirds of the calls met an interval within one standard deviation, which a
    few odd days cannot upset.
    """
    actual, mean = [], []
    for weeks in range(8, 0, -1):
        end = len(past.calls) - 7 * weeks
        if end < POOLED_UNDER_DAYS:
            continue
        dates = [past.first_day + timedelta(days=end + day) for day in range(7)]
        mean.append(method(Past(past.first_day, past.calls[:end]), dates))
        actual.append(past.calls[end : end + 7])
    if not mean:
        return USUAL_CV
    expected, seen = np.concatenate(mean), np.concatenate(actual)
    known = (~np.isnan(seen)) & (expected > 0)
    return _fitted_cv(seen[known], expected[known]) if known.any() else USUAL_CV


def _fitted_cv(seen: Floats, expected: Floats) -> float:
    error, total = np.abs(seen - expected), float(expected.sum())
    low, high = 0.0, 1.0
    for _ in range(20):
        cv = (low + high) / 2
        within = error <= np.sqrt(expected + (cv * expected) ** 2)
        if float(expected[within].sum()) < 0.6827 * total:
            low = cv
        else:
            high = cv
    return high


def _check_share(p: float) -> None:
    if not 0.0 < p < 1.0:
        raise ValueError(f"Expected 0 < p < 1, got {p}.")


def _gamma(mean: float, variance: float, p: float) -> float:
    """Return a gamma quantile by the cube-root normal (Wilson and Hilferty, 1931)."""
    if variance <= 0.0:
        return mean
    ninth = variance / (9.0 * mean * mean)
    root = 1.0 - ninth + NormalDist().inv_cdf(p) * np.sqrt(ninth)
    return float(mean * max(root, 0.0) ** 3)


def _negative_binomial(mean: Floats, cv: float, p: float) -> Floats:
    """Return quantiles: exact for small means, else by a gamma of equal moments."""
    values, back = np.unique(mean, return_inverse=True)
    small = values < BINOMIAL_UNDER
    quantiles = np.zeros(len(values))
    quantiles[small] = _counted_quantile(values[small], cv, p)
    quantiles[~small] = [
        _gamma(m, m + (cv * m) ** 2, p) for m in values[~small].tolist()
    ]
    return quantiles[back]


def _counted_quantile(mean: Floats, cv: float, p: float) -> Floats:
    """Return the smallest count whose cumulated probability reaches ``p``."""
    odds = cv * cv * mean  # variance of the rate over its mean
    with np.errstate(invalid="ignore", divide="ignore"):
        none = np.where(odds > 0, -np.log1p(odds) / max(cv * cv, 1e-300), -mean)
    chance = np.exp(none)
    reached = chance.copy()
    result = np.zeros(len(mean))
    count = 0
    while (short := reached < p).any() and count < 5000:
        result[short] += 1
        chance = chance * (mean + odds * count) / ((1.0 + odds) * (count + 1))
        reached = reached + chance
        count += 1
    return result
