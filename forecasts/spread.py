"""How far calls stray from their forecast: a negative binomial, fitted to past errors.

Calls are Poisson around a rate, and the rate is itself uncertain: gamma distributed
around the forecast with a coefficient of variation (CV) measured on past forecasts at
the same lead. Part of that uncertainty is shared by all intervals of a day.

Source: J. W. Taylor, "Density forecasting of intraday call center arrivals using models
based on exponential smoothing", *Management Science* 58, 2012.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecasts.robust import SD_PER_MAD

Floats = NDArray[np.float64]

USUAL_CV, USUAL_DAY_CV = 0.10, 0.06
"""CV of the rate, and the part a day shares, where the history is too short for one."""

WITHIN = (0.6827, 0.80, 0.95)
"""Shares of calls that should meet an interval within the reach of the distribution."""

BINOMIAL_UNDER = 50.0
MOST_COUNTED = 5000


def rate_cv(seen: Floats, expected: Floats) -> float:
    """Return the CV of the rate around its forecast.

    Parameters
    ----------
    seen, expected
        Calls that came, NaN where unknown, and those forecast; of one shape.

    Notes
    -----
    For each share of `WITHIN` a CV is found with which that share of the calls met an
    interval no further off than the normal law of the same variance says; a few odd
    days cannot upset it. The mean of the three holds the middle and the tails alike.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> mean = np.full((56, 96), 200.0)
    >>> rate = mean * rng.gamma(0.1**-2, 0.1**2, mean.shape)
    >>> round(rate_cv(rng.poisson(rate).astype(float), mean), 2)
    0.1
    """
    known = ~np.isnan(seen) & (expected > 0)
    if not known.any():
        return USUAL_CV
    off, mean = np.abs(seen - expected)[known], expected[known]
    order = mean / mean.sum()
    return float(np.mean([_cv_within(off, mean, order, share) for share in WITHIN]))


def _cv_within(off: Floats, mean: Floats, weight: Floats, share: float) -> float:
    """Return the CV with which a share of the calls is within the normal law's reach.

    An error is within reach as soon as the CV is at least its own; so the CV wanted is
    a weighted quantile of these.
    """
    reach = NormalDist().inv_cdf(0.5 + share / 2)
    own = np.sqrt(np.maximum((off / reach) ** 2 - mean, 0.0)) / mean
    rank = np.argsort(own, kind="stable")
    place = int(np.searchsorted(np.cumsum(weight[rank]), share))
    return float(min(own[rank[min(place, len(own) - 1)]], 1.0))


def day_cv(seen: Floats, expected: Floats) -> float:
    """Return the CV of a whole day's rate around its forecast.

    Parameters
    ----------
    seen, expected
        Calls that came, NaN where unknown, and those forecast; ``(days, slots)``.
    """
    known = ~np.isnan(seen)
    mean = np.where(known, expected, 0.0).sum(axis=1)
    total = np.where(known, seen, 0.0).sum(axis=1)
    days = mean > 0
    if days.sum() < 5:
        return USUAL_DAY_CV
    ratio = total[days] / mean[days]
    chance = float(np.mean(1.0 / mean[days]))
    around = SD_PER_MAD * float(np.median(np.abs(ratio - 1.0)))
    return float(np.sqrt(max(around**2 - chance, 0.0)))


def gamma_quantile(mean: Floats, variance: Floats, share: float) -> Floats:
    """Return gamma quantiles by the cube-root normal (Wilson and Hilferty, 1931)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ninth = np.where(mean > 0, variance / (9.0 * mean * mean), 0.0)
    root = 1.0 - ninth + NormalDist().inv_cdf(share) * np.sqrt(ninth)
    return np.asarray(np.where(variance > 0, mean * np.maximum(root, 0.0) ** 3, mean))


def count_quantile(mean: Floats, cv: Floats, share: float) -> Floats:
    """Return numbers of calls not exceeded with a probability.

    Parameters
    ----------
    mean, cv
        Calls expected, and the CV of their rate; of one shape.
    share
        The probability, between 0 and 1.

    Returns
    -------
    numpy.ndarray
        Of the same shape: exact for small means, but for their fractions, else those
        of a gamma law of equal moments.

    Examples
    --------
    >>> count_quantile(np.array([2.0, 400.0]), np.array([0.0, 0.1]), 0.9).round(1)
    array([  4. , 458.3])
    """
    pairs, back = np.unique(
        np.stack([mean.ravel(), cv.ravel()]), axis=1, return_inverse=True
    )
    values, cvs = pairs
    small = values < BINOMIAL_UNDER
    found = np.zeros(len(values))
    found[small] = _counted(values[small], cvs[small], share)
    variance = values + (cvs * values) ** 2
    found[~small] = gamma_quantile(values, variance, share)[~small]
    return np.asarray(found[np.ravel(back)].reshape(mean.shape))


def _counted(mean: Floats, cv: Floats, share: float) -> Floats:
    """Return quantiles of few calls, between counts where the share lies between.

    A count is taken to be spread evenly over half a call to either side: were the
    smallest count that reaches the share taken, an interval of 80 % would hold 86 %
    of the hours with six calls.
    """
    odds = cv * cv * mean  # variance of the rate over its mean
    with np.errstate(invalid="ignore", divide="ignore"):
        none = np.where(odds > 0, -np.log1p(odds) / np.maximum(cv * cv, 1e-300), -mean)
    chance = np.exp(none)
    below, result = np.zeros(len(mean)), np.zeros(len(mean))
    count = 0
    while (short := below + chance < share).any() and count < MOST_COUNTED:
        below = np.where(short, below + chance, below)
        step = (mean + odds * count) / ((1.0 + odds) * (count + 1))
        chance = np.where(short, chance * step, chance)
        result[short] += 1
        count += 1
    between = np.maximum(result - 0.5 + (share - below) / chance, 0.0)
    return np.where(mean > 0, between, 0.0)


def scenarios(
    mean: Floats,
    cv: Floats,
    shared_cv: Floats,
    days: NDArray[np.int64],
    number: int,
    seed: int,
) -> Floats:
    """Return sampled call rates that share a factor within a day.

    Parameters
    ----------
    mean
        Calls expected; shape ``(queues, intervals)``.
    cv
        CV of the rate; same shape.
    shared_cv
        CV of the factor that all intervals of a day share; ``(queues, intervals)``,
        constant within a day. Queues share it as well: they have the same callers.
    days
        Day of each interval; shape ``(intervals,)``.
    number
        Samples wanted.
    seed
        Sample ``r`` of a seed is the same however many are drawn.

    Returns
    -------
    numpy.ndarray
        Shape ``(number, queues, intervals)``. Rates, not calls: those are Poisson
        around them.

    Examples
    --------
    >>> mean, days = np.full((1, 48), 100.0), np.zeros(48, dtype=int)
    >>> drawn = scenarios(mean, mean * 0 + 0.1, mean * 0 + 0.06, days, 2000, seed=1)
    >>> drawn.std(axis=0).mean().round(0), drawn.mean(axis=2).std().round(0)
    (np.float64(10.0), np.float64(6.0))
    """
    shared = np.minimum(shared_cv, cv)
    own = np.sqrt(np.maximum((1.0 + cv**2) / (1.0 + shared**2) - 1.0, 0.0))
    drawn = np.empty((number, *mean.shape))
    for sample in range(number):
        rng = np.random.default_rng([seed, sample])
        normal = rng.standard_normal(int(days.max(initial=0)) + 1)[days]
        log_sd = np.sqrt(np.log1p(shared**2))
        factor = np.exp(log_sd * normal - log_sd**2 / 2.0)
        drawn[sample] = mean * factor * _gamma_noise(rng, own)
    return drawn


def _gamma_noise(rng: np.random.Generator, cv: Floats) -> Floats:
    """Return gamma factors of mean 1."""
    shape = 1.0 / np.maximum(cv, 1e-6) ** 2
    return np.where(cv > 1e-6, rng.gamma(shape) / shape, 1.0)
