"""Offered load: how much work is in progress in each interval when rates move.

A call is work for as long as it lasts, so after a fall in rate the load is still
that of the calls before, and after a rise it takes a handling time to build up.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LOADS = ("mol", "mol-max", "lag", "rate")
"""Ways to tell the load of an interval; see `offered_load`."""


def offered_load(
    calls: ArrayLike,
    aht_seconds: ArrayLike,
    interval_minutes: float,
    *,
    method: str = "mol",
    start: ArrayLike | None = None,
) -> Floats:
    """Return the offered load of each interval, in Erlang.

    Parameters
    ----------
    calls
        Mean calls of each interval; shape ``(..., intervals)``, in order of time.
    aht_seconds
        Mean handling time, above 0 s; same shape, or one that fits.
    interval_minutes
        Length of an interval.
    method
        ``mol``: mean over the interval of the calls that would be in progress if
        nobody ever had to wait. ``mol-max``: their maximum within the interval.
        ``lag``: the rate one handling time earlier. ``rate``: the interval's own
        rate.
    start
        Load in Erlang when the first interval begins, shape ``(...)``; None: as if
        the rate of the first interval had always been.

    Returns
    -------
    numpy.ndarray
        Same shape as ``calls``.

    Raises
    ------
    ValueError
        For an unknown method, calls below 0 or a handling time that is not above 0.

    Notes
    -----
    With rate ``r`` and handling time ``h`` constant within an interval, the calls in
    progress go towards ``r h`` as ``m(t) = r h + (m(0) - r h) exp(-t / h)``. So the
    mean is a closed form, the maximum lies at one of the two ends, and no grid is
    needed. Where ``h`` changes, calls in progress end at the pace of the interval
    they have got into.

    Source: L. Green, P. Kolesar and W. Whitt, "Coping with time-varying demand when
    setting staffing requirements for a service system", *Production and Operations
    Management* 16, 2007 (modified offered load).

    Examples
    --------
    Half of the last calls before closing are still in progress a while later:

    >>> offered_load([60, 60, 0, 0], 600, 15).round(1)
    array([40. , 40. , 20.7,  4.6])
    >>> offered_load([60, 60, 0, 0], 600, 15, method="rate").round(1)
    array([40., 40.,  0.,  0.])
    """
    offered = np.asarray(calls, dtype=float)
    aht = np.broadcast_to(np.asarray(aht_seconds, dtype=float), offered.shape)
    if method not in LOADS:
        raise ValueError(f"Expected one of {', '.join(LOADS)}, got {method}.")
    if not (offered >= 0.0).all():
        raise ValueError(f"Expected 0 <= calls, got {offered.min()}.")
    if not (aht > 0.0).all():
        raise ValueError(f"Expected 0 < aht_seconds, got {aht.min()}.")
    handlings = aht / (interval_minutes * 60)  # in intervals
    rate = offered * handlings
    if method == "rate" or not rate.size:
        return rate
    first = rate[..., 0] if start is None else np.asarray(start, dtype=float)
    if method == "lag":
        return _lagged(offered, handlings, first / handlings[..., 0])
    ends = _in_progress(rate, handlings, first)
    if method == "mol-max":
        return np.maximum(ends[..., :-1], ends[..., 1:])
    return rate - (ends[..., :-1] - rate) * handlings * np.expm1(-1.0 / handlings)


def _in_progress(rate: Floats, handlings: Floats, first: Floats) -> Floats:
    """Return calls in progress where intervals meet; ``(..., intervals + 1)``."""
    level = np.ascontiguousarray(np.moveaxis(rate, -1, 0))
    lasting = np.exp(-1.0 / np.moveaxis(handlings, -1, 0))
    ends = np.empty((len(level) + 1, *level.shape[1:]))
    ends[0] = first
    for i in range(len(level)):
        ends[i + 1] = level[i] + (ends[i] - level[i]) * lasting[i]
    return np.moveaxis(ends, 0, -1)


def _lagged(offered: Floats, handlings: Floats, before: Floats) -> Floats:
    """Return the load at the rate of one handling time earlier.

    ``before`` is the rate before the first interval, in calls per interval.
    """
    load = np.empty(offered.shape)
    edges = np.arange(offered.shape[-1] + 1)
    calls_before = np.broadcast_to(before, offered.shape[:-1])
    for row in np.ndindex(offered.shape[:-1]):
        so_far = np.concatenate([[0.0], np.cumsum(offered[row])])
        begins, ends = edges[:-1] - handlings[row], edges[1:] - handlings[row]
        came = np.interp(ends, edges, so_far) - np.interp(begins, edges, so_far)
        came += (np.minimum(ends, 0.0) - np.minimum(begins, 0.0)) * calls_before[row]
        load[row] = came * handlings[row]
    return load
