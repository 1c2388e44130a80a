"""Erlang B, C and A: from load and heads to waits, and from a target to heads.

Erlang B loses calls that find everyone busy, Erlang C lets them wait for ever,
Erlang A lets them wait as long as their patience lasts. All three rest on the
recursion of Erlang B, which neither overflows nor loses digits; sums over the queue
are taken in logarithms. Loads are in Erlang: calls per second times mean handling
time in seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Heads = NDArray[np.int64]

NEGLIGIBLE = 40.0
"""States less likely by ``exp(-40)`` than the likeliest one are left out."""

DEFINITIONS = ("offered", "answered", "no-short-abandons", "any-end")
"""What a service level may be a share of. ``offered``, ours: answered within the
threshold, of all calls. ``answered``: of those answered. ``no-short-abandons``: of all
but those that gave up sooner. ``any-end``: answered or given up, of all calls."""

LEAST_LOAD = 1e-12
"""Erlang below which nobody calls: what is left of a load that fades overnight."""

BLOCK = 2_000_000
EDGE = 1e-9
"""Slack before rounding up, so that 9 Erlang at 90 % occupancy need 10 heads."""


@dataclass(frozen=True)
class Performance:
    """What callers and agents meet in a steady state.

    Attributes
    ----------
    p_wait
        Share of calls that find no agent free.
    service_level
        Share of offered calls answered within the threshold.
    asa_seconds
        Mean wait of all calls, those that give up included; infinite when the queue
        grows without end.
    occupancy
        Share of the agents' time spent on calls.
    p_abandon
        Share of calls that give up waiting.
    queue_length
        Mean number of calls waiting.
    sl_answered_only
        Answered within the threshold, of all calls answered.
    sl_excl_short_abandons
        Answered within the threshold, of all calls but those that gave up sooner.
    sl_any_end
        Answered or given up within the threshold, of all calls offered.
    """

    p_wait: float
    service_level: float
    asa_seconds: float
    occupancy: float
    p_abandon: float
    queue_length: float
    sl_answered_only: float
    sl_excl_short_abandons: float
    sl_any_end: float

    def level(self, definition: str = "offered") -> float:
        """Return the service level by one of `DEFINITIONS`.

        Examples
        --------
        >>> met = performance(100.0, 99, aht_seconds=240, threshold_seconds=10,
        ...                   patience_seconds=60)
        >>> [f"{name} {met.level(name):.3f}" for name in DEFINITIONS]
        ['offered 0.814', 'answered 0.865', 'no-short-abandons 0.850', 'any-end 0.856']
        """
        levels = (
            self.service_level,
            self.sl_answered_only,
            self.sl_excl_short_abandons,
            self.sl_any_end,
        )
        return dict(zip(DEFINITIONS, levels, strict=True))[definition]


def erlang_b(load: float, heads: int) -> float:
    """Return the probability that a call finds every line busy and is lost.

    Parameters
    ----------
    load
        Offered load in Erlang, not negative.
    heads
        Lines, not negative.

    Notes
    -----
    The recursion ``B(n) = load B(n-1) / (n + load B(n-1))`` stays accurate where
    the textbook sum of factorials overflows (above about 170 lines).

    Source: R. B. Cooper, *Introduction to Queueing Theory*, 2nd ed., 1981.

    Examples
    --------
    >>> round(erlang_b(load=10.0, heads=17), 5)
    0.01295
    """
    _check(load, heads)
    blocked = 1.0
    for n in range(1, heads + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(load: float, heads: int) -> float:
    """Return the probability that a call has to wait when nobody gives up.

    Parameters
    ----------
    load
        Offered load in Erlang, not negative.
    heads
        Agents answering calls. With no more heads than load the queue grows without
        end and every call waits.

    Source: R. B. Cooper, *Introduction to Queueing Theory*, 2nd ed., 1981.

    Examples
    --------
    >>> round(erlang_c(load=10.0, heads=14), 4)
    0.1741
    """
    _check(load, heads)
    if load == 0.0:
        return 0.0 if heads else 1.0
    if heads <= load:
        return 1.0
    blocked = erlang_b(load, heads)
    return blocked / (1.0 - load / heads * (1.0 - blocked))


def performance(
    load: float,
    heads: int,
    *,
    aht_seconds: float,
    threshold_seconds: float,
    patience_seconds: float | None = None,
) -> Performance:
    """Return waits, service level and occupancy of one queue.

    Parameters
    ----------
    load
        Offered load in Erlang, not negative.
    heads
        Agents answering calls, not negative.
    aht_seconds
        Mean handling time, above 0 s.
    threshold_seconds
        Wait within which a call counts as answered in time, in seconds.
    patience_seconds
        Mean patience (Erlang A), above 0 s; None where nobody gives up (Erlang C).

    Examples
    --------
    The worked example of most textbooks, 100 calls in half an hour:

    >>> met = performance(10.0, 14, aht_seconds=180, threshold_seconds=20)
    >>> round(met.service_level, 4), round(met.asa_seconds, 2)
    (0.8884, 7.84)
    >>> left = performance(10.0, 14, aht_seconds=180, threshold_seconds=20,
    ...                    patience_seconds=300)
    >>> round(left.service_level, 4), round(left.p_abandon, 4)
    (0.9168, 0.014)
    """
    _check(load, heads, aht_seconds, patience_seconds)
    if load == 0.0:
        return Performance(0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
    if patience_seconds is None:
        return _waiting(load, heads, aht_seconds, threshold_seconds)
    if heads == 0:
        return Performance(
            p_wait=1.0,
            service_level=0.0,
            asa_seconds=patience_seconds,
            occupancy=1.0,
            p_abandon=1.0,
            queue_length=load * patience_seconds / aht_seconds,
            sl_answered_only=0.0,
            sl_excl_short_abandons=0.0,
            sl_any_end=-float(np.expm1(-threshold_seconds / patience_seconds)),
        )
    block = _Impatient(
        np.array([load]),
        np.array([float(heads)]),
        np.array([aht_seconds]),
        patience_seconds,
        threshold_seconds,
    )
    return block.performance(np.array([erlang_b(load, heads)]))


def required_heads(
    load: float,
    *,
    aht_seconds: float,
    threshold_seconds: float,
    target: float,
    patience_seconds: float | None = None,
    max_occupancy: float | None = None,
) -> int:
    """Return the fewest heads that meet a service level and an occupancy.

    Parameters
    ----------
    load
        Offered load in Erlang, not negative.
    aht_seconds, threshold_seconds, patience_seconds
        As for `performance`.
    target
        Share of offered calls to answer within the threshold, between 0 and 1.
    max_occupancy
        Largest offered load per head, above 0 and at most 1; None sets no limit.

    Examples
    --------
    >>> required_heads(10.0, aht_seconds=180, threshold_seconds=20, target=0.8)
    14
    """
    _check(load, 0, aht_seconds, patience_seconds)
    return int(
        heads_needed(
            [load],
            [aht_seconds],
            threshold_seconds=threshold_seconds,
            target=target,
            patience_seconds=patience_seconds,
            max_occupancy=max_occupancy,
        )[0]
    )


def _check(
    load: float,
    heads: int,
    aht_seconds: float = 1.0,
    patience_seconds: float | None = None,
) -> None:
    if not 0.0 <= load < np.inf:
        raise ValueError(f"Expected 0 <= load < inf, got {load}.")
    if heads < 0:
        raise ValueError(f"Expected 0 <= heads, got {heads}.")
    if not 0.0 < aht_seconds < np.inf:
        raise ValueError(f"Expected 0 < aht_seconds < inf, got {aht_seconds}.")
    if patience_seconds is not None and not 0.0 < patience_seconds < np.inf:
        raise ValueError(
            f"Expected 0 < patience_seconds < inf, got {patience_seconds}."
        )


def _waiting(
    load: float, heads: int, aht_seconds: float, threshold_seconds: float
) -> Performance:
    """Return the performance of Erlang C."""
    p_wait = erlang_c(load, heads)
    if heads <= load:
        return Performance(1.0, 0.0, np.inf, 1.0, 0.0, np.inf, 0.0, 0.0, 0.0)
    spare = heads - load
    level = 1.0 - p_wait * float(np.exp(-spare * threshold_seconds / aht_seconds))
    return Performance(
        p_wait=p_wait,
        service_level=level,
        asa_seconds=p_wait * aht_seconds / spare,
        occupancy=load / heads,
        p_abandon=0.0,
        queue_length=p_wait * load / spare,
        sl_answered_only=level,
        sl_excl_short_abandons=level,
        sl_any_end=level,
    )


# -- many intervals at once ---------------------------------------------------------


def heads_needed(
    load: ArrayLike,
    aht_seconds: ArrayLike,
    *,
    threshold_seconds: float,
    target: float,
    patience_seconds: float | None = None,
    max_occupancy: float | None = None,
) -> Heads:
    """Return the fewest heads for each of many intervals.

    Parameters
    ----------
    load, aht_seconds
        Offered load in Erlang and mean handling time in seconds; shape ``(k,)``.
    threshold_seconds, target, patience_seconds, max_occupancy
        As for `required_heads`.

    Returns
    -------
    numpy.ndarray
        Shape ``(k,)``; 0 where the load is 0.

    Examples
    --------
    >>> heads_needed([0.0, 1.0, 10.0, 100.0], [240.0] * 4, threshold_seconds=10,
    ...              target=0.8)
    array([  0,   3,  14, 109])
    """
    loads = np.asarray(load, dtype=float)
    aht = np.asarray(aht_seconds, dtype=float)
    loads = np.where(loads < LEAST_LOAD, 0.0, loads)
    pairs, back = np.unique(np.stack([loads, aht]), axis=1, return_inverse=True)
    loads, aht = pairs
    heads = _heads_c(loads, aht, threshold_seconds, target)
    if patience_seconds is not None:
        heads = _heads_a(loads, aht, threshold_seconds, target, patience_seconds, heads)
    if max_occupancy is not None:
        least = np.ceil(loads / max_occupancy - EDGE).astype(np.int64)
        heads = np.maximum(heads, least)
    return np.asarray(heads[np.ravel(back)])


def service_levels(
    load: ArrayLike,
    heads: ArrayLike,
    aht_seconds: ArrayLike,
    *,
    threshold_seconds: float,
    patience_seconds: float | None = None,
) -> Floats:
    """Return the share of offered calls answered in time, for many intervals.

    Parameters
    ----------
    load, heads, aht_seconds
        Shape ``(k,)`` each.
    threshold_seconds, patience_seconds
        As for `performance`.

    Examples
    --------
    >>> service_levels([0.0, 10.0, 10.0], [0, 10, 14], [180.0] * 3,
    ...                threshold_seconds=20).round(4)
    array([1.    , 0.    , 0.8884])
    """
    loads = np.asarray(load, dtype=float)
    loads = np.where(loads < LEAST_LOAD, 0.0, loads)
    count = np.asarray(heads, dtype=np.int64)
    aht = np.asarray(aht_seconds, dtype=float)
    blocked = _blocked(loads, count)
    if patience_seconds is None:
        level = _level_c(loads, count, aht, blocked, threshold_seconds)
    else:
        level = _level_a(
            loads, count, aht, blocked, threshold_seconds, patience_seconds
        )
    return np.where(loads > 0, level, 1.0)


def _blocked(loads: Floats, heads: Heads) -> Floats:
    """Return Erlang B of each load with its own heads."""
    order = np.argsort(-heads, kind="stable")
    load, last = loads[order], heads[order]
    blocked = np.ones(len(load))
    active = np.searchsorted(-last, -np.arange(1, last.max(initial=0) + 1), "right")
    for n, rows in enumerate(active, start=1):
        held = load[:rows] * blocked[:rows]
        blocked[:rows] = held / (n + held)
    result = np.empty(len(load))
    result[order] = blocked
    return result


def _level_c(
    load: Floats, heads: Heads | int, aht: Floats, blocked: Floats, threshold: float
) -> Floats:
    """Return the service level of Erlang C, 0 where the queue would never end."""
    spare = np.maximum(heads - load, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p_wait = blocked / (1.0 - load / heads * (1.0 - blocked))
        level = 1.0 - p_wait * np.exp(-spare * threshold / aht)
    return np.where(spare > 0, level, 0.0)


def _heads_c(load: Floats, aht: Floats, threshold: float, target: float) -> Heads:
    """Return the fewest heads by Erlang C, extending all recursions together."""
    heads = np.zeros(len(load), dtype=np.int64)
    left = np.flatnonzero(load > 0)
    blocked = np.ones(len(left))
    n = 0
    while left.size:
        n += 1
        held = load[left] * blocked
        blocked = held / (n + held)
        if load[left].min() >= n:
            continue
        met = _level_c(load[left], n, aht[left], blocked, threshold) >= target
        heads[left[met]] = n
        left, blocked = left[~met], blocked[~met]
    return heads


def _heads_a(
    load: Floats,
    aht: Floats,
    threshold: float,
    target: float,
    patience: float,
    most: Heads,
) -> Heads:
    """Return the fewest heads by Erlang A, halving between two bounds.

    No more calls than ``heads / load`` of them can be served, which gives the lower
    bound; Erlang C is the upper one, raised where patience is so short that even
    its heads are too few.
    """

    def met(rows: Heads, heads: Heads) -> NDArray[np.bool_]:
        blocked = _blocked(load[rows], heads)
        level = _level_a(load[rows], heads, aht[rows], blocked, threshold, patience)
        return level >= target

    few = np.maximum(np.ceil(target * load - EDGE).astype(np.int64) - 1, 0)
    enough = np.maximum(most, few + 1)
    rows = np.flatnonzero(load > 0)
    while (rows := rows[~met(rows, enough[rows])]).size:
        few[rows] = enough[rows]
        enough[rows] += 1 + np.sqrt(load[rows]).astype(np.int64)
    rows = np.flatnonzero((load > 0) & (enough - few > 1))
    while rows.size:
        middle = (few[rows] + enough[rows]) // 2
        good = met(rows, middle)
        enough[rows[good]] = middle[good]
        few[rows[~good]] = middle[~good]
        rows = rows[enough[rows] - few[rows] > 1]
    return np.where(load > 0, enough, 0)


def _level_a(
    load: Floats,
    heads: Heads,
    aht: Floats,
    blocked: Floats,
    threshold: float,
    patience: float,
) -> Floats:
    """Return the service level of Erlang A."""
    level = np.zeros(len(load))
    rows = np.flatnonzero((load > 0) & (heads > 0))
    rows = rows[np.argsort(load[rows], kind="stable")]
    start = 0
    while start < rows.size:
        # As many intervals at once as fit a block; loads are sorted, so that the
        # rows of one block need queues of about the same length.
        some = rows[start : start + _fitting(load, heads, aht, patience, rows[start:])]
        block = _Impatient(
            load[some], heads[some].astype(float), aht[some], patience, threshold
        )
        level[some] = block.service_level(blocked[some])
        start += len(some)
    return level


def _fitting(
    load: Floats, heads: Heads, aht: Floats, patience: float, rows: Heads
) -> int:
    ahead = rows[:512]
    lengths = np.maximum.accumulate(
        _queue_states(load[ahead], heads[ahead].astype(float), aht[ahead] / patience)
    )
    sizes = lengths * np.arange(1, len(ahead) + 1)
    return max(1, int(np.searchsorted(sizes, BLOCK)))


def _queue_states(load: Floats, heads: Floats, haste: Floats) -> Heads:
    """Return how many waiting calls need looking at.

    The chance of ``j`` waiting falls like a normal density around
    ``(load - heads) / haste`` with variance ``max(load, heads) / haste``, and at
    least geometrically where heads exceed the load.
    """
    peak = np.maximum(load - heads, 0.0) / haste
    spread = np.sqrt(2 * NEGLIGIBLE * np.maximum(load, heads) / haste)
    bell = peak + spread + 2 * NEGLIGIBLE
    with np.errstate(divide="ignore"):
        slope = np.where(heads > load, np.log(heads / load), 0.0)
        steep = np.where(slope > 0, NEGLIGIBLE / slope, np.inf)
    return np.ceil(np.minimum(bell, steep)).astype(np.int64) + 20


class _Impatient:
    """Erlang A for several intervals; states with ``j`` calls waiting run along axis 1.

    Time is measured in mean handling times; ``haste`` is the rate of giving up.

    Notes
    -----
    A caller who finds ``j`` waiting has ``exp(-haste V)``, V the wait offered,
    distributed as Beta(c, j + 1) with ``c = heads / haste``. So the chance of being
    served within T is an incomplete beta function, which for whole ``j`` is a sum
    of positive terms: no digits are lost and no integral is needed.
    """

    def __init__(
        self,
        load: Floats,
        heads: Floats,
        aht: Floats,
        patience: float,
        threshold: float,
    ) -> None:
        self.load, self.heads, self.aht = load, heads, aht
        self.haste = aht / patience
        self.threshold = threshold / patience  # in mean patiences
        self.patience = patience
        length = int(_queue_states(load, heads, self.haste).max())
        self.j = np.arange(length)
        rate = heads[:, None] + self.haste[:, None] * self.j
        rate[:, 0] = load  # the state with nobody waiting is the reference
        log = np.cumsum(np.log(load[:, None] / rate), axis=1)
        self.peak = log.max(axis=1, keepdims=True)
        self.relative = np.exp(log - self.peak)

    def states(self, blocked: Floats) -> tuple[Floats, Floats]:
        """Return the chance of a head free, and of all busy with j waiting."""
        reference = np.exp(-self.peak[:, 0])
        below = (1.0 / np.maximum(blocked, 1e-300) - 1.0) * reference
        total = below + self.relative.sum(axis=1)
        return below / total, np.asarray(self.relative / total[:, None])

    def late(self, shape: Floats) -> Floats:
        """Return ``I_x(shape, j + 1)``, ``x`` the chance to be patient for T."""
        if self.threshold == 0.0:
            return np.ones((len(shape), len(self.j)))
        step = np.zeros((len(shape), len(self.j)))
        step[:, 1:] = np.log1p((shape[:, None] - 1.0) / self.j[1:])
        terms = np.cumsum(step, axis=1)
        terms += self.j * np.log(-np.expm1(-self.threshold))
        terms -= shape[:, None] * self.threshold
        return np.asarray(np.minimum(np.cumsum(np.exp(terms), axis=1), 1.0))

    def answered_late(self, states: Floats) -> tuple[Floats, Floats]:
        """Return the share served in time after a wait, and that chance by j."""
        c = (self.heads / self.haste)[:, None]
        served = c / (c + self.j + 1.0) * (1.0 - self.late(c[:, 0] + 1.0))
        return np.asarray((states * served).sum(axis=1)), served

    def service_level(self, blocked: Floats) -> Floats:
        """Return the share of offered calls answered within the threshold."""
        free, states = self.states(blocked)
        return free + self.answered_late(states)[0]

    def performance(self, blocked: Floats) -> Performance:
        """Return everything about the first interval."""
        free, states = self.states(blocked)
        p_wait = np.minimum(states.sum(axis=1), 1.0)
        in_time, served = self.answered_late(states)
        queue = (states * self.j).sum(axis=1)
        p_abandon = queue * self.haste / self.load
        gone = self.late(self.heads / self.haste) * np.exp(-self.threshold)
        early = (states * (1.0 - served - gone)).sum(axis=1)
        level = free + in_time
        found = (
            p_wait,
            level,
            queue * self.aht / self.load,
            self.load * (1.0 - p_abandon) / self.heads,
            p_abandon,
            queue,
            level / (1.0 - p_abandon),
            level / (1.0 - early),
            level + early,
        )
        return Performance(*(float(value[0]) for value in found))
