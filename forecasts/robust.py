"""Robust statistics of tables with unknown cells: medians, means, spreads."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SD_PER_MAD = 1.4826
"""Standard deviations of a normal law per median absolute deviation."""


def column_median(values: Floats) -> Floats:
    """Return the median of the known values of each column, 0 where none.

    Examples
    --------
    >>> column_median(np.array([[1.0, np.nan], [3.0, np.nan], [9.0, np.nan]]))
    array([3., 0.])
    """
    known = (~np.isnan(values)).sum(axis=0)
    if not len(values):
        return np.zeros(values.shape[1])
    ordered = np.sort(values, axis=0)  # NaN last
    columns = np.arange(values.shape[1])
    low = ordered[np.maximum(known - 1, 0) // 2, columns]
    high = ordered[np.minimum(known // 2, len(values) - 1), columns]
    return np.where(known > 0, (low + high) / 2.0, 0.0)


def column_mean(values: Floats) -> Floats:
    """Return the mean of the known values of each column, 0 where none."""
    known = (~np.isnan(values)).sum(axis=0)
    return np.asarray(np.nansum(values, axis=0) / np.maximum(known, 1))


def running_median(values: Floats, width: int) -> Floats:
    """Return the median of the known values around each, NaN where there are none.

    Parameters
    ----------
    values
        Shape ``(n,)``.
    width
        Values looked at, an odd number.

    Examples
    --------
    >>> running_median(np.array([1.0, 50.0, 3.0, np.nan, np.nan, np.nan]), 3)
    array([25.5,  3. , 26.5,  3. ,  nan,  nan])
    """
    half = width // 2
    padded = np.concatenate([np.full(half, np.nan), values, np.full(half, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    found = column_median(windows.T)
    return np.where(np.isnan(windows).all(axis=1), np.nan, found)


def spread_of(values: Floats) -> float:
    """Return the robust standard deviation of known values, 0 where there are none."""
    if not values.size:
        return 0.0
    return SD_PER_MAD * float(np.median(np.abs(values - np.median(values))))


def trimmed_mean(values: Floats, least_spread: float) -> float:
    """Return the mean of the values within three robust sd of their median.

    Parameters
    ----------
    values
        At least one.
    least_spread
        Taken where the values agree more closely, as a few can do by chance.

    Examples
    --------
    >>> trimmed_mean(np.array([10.0, 11.0, 12.0, 90.0]), 1.0)
    11.0
    """
    off = np.abs(values - np.median(values))
    spread = max(spread_of(values), least_spread)
    return float(values[off <= 3.0 * spread].mean())


def normalised(shares: Floats) -> Floats:
    """Return rows that sum to 1, or to 0 where they were 0."""
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(
        np.where(total > 0, shares / np.where(total > 0, total, 1.0), 0.0)
    )
