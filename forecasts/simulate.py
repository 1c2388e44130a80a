"""Plays a finished roster against drawn calls, one event after the other.

It knows no rosters: only who is on the phone from when until when and which queues
they answer, and calls with their handling times and patience. Times are seconds on
one axis; second 0 begins the first interval that counts.

What is assumed: of all idle agents who can answer a call, the one idle longest takes
it; of all waiting calls an agent can answer, they take the oldest. Patience runs
while a call waits. Who reaches the end of a presence completes the call they are on
and then goes, or stays where their next presence has begun by then. Calls still
waiting when the last agent has gone are never answered.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import inf
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOBODY = -1
CALL_ENDS = -1
ONE_QUEUE = frozenset({0})


# -- what is played -----------------------------------------------------------------


@dataclass(frozen=True)
class Presence:
    """Somebody on the phone without a pause.

    Attributes
    ----------
    start, end
        Seconds; calls are taken from ``start`` until before ``end``.
    agent
        Number of the person, at least 0; their presences must not overlap.
    queues
        Numbers of the queues they answer meanwhile.
    """

    start: float
    end: float
    agent: int
    queues: frozenset[int] = ONE_QUEUE

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"Expected start < end, got {self.start}, {self.end}.")


def presences_of(
    heads: ArrayLike,
    interval_seconds: float,
    *,
    start: float = 0.0,
    queues: frozenset[int] = ONE_QUEUE,
    first_agent: int = 0,
) -> list[Presence]:
    """Return nameless agents whose number follows a staffing curve.

    Parameters
    ----------
    heads
        Heads on the phone, not negative; shape ``(intervals,)``.
    interval_seconds, start
        Length of an interval, and the second at which the first one begins.
    queues
        What all of them answer.
    first_agent
        Number of the first one; the others follow.

    Notes
    -----
    Agent ``k`` is there whenever more than ``k`` heads are, so that neighbouring
    intervals with the same heads make one presence.

    Examples
    --------
    >>> [(one.agent, one.start, one.end) for one in presences_of([1, 1, 2], 900)]
    [(0, 0.0, 2700.0), (1, 1800.0, 2700.0)]
    """
    curve = np.concatenate([[0], np.asarray(heads, dtype=np.int64), [0]])
    if curve.min() < 0:
        raise ValueError(f"Expected 0 <= heads, got {curve.min()}.")
    found = []
    for layer in range(curve.max()):
        edges = start + interval_seconds * np.flatnonzero(np.diff(curve > layer))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            found.append(Presence(begin, end, first_agent + layer, queues))
    return found


@dataclass(frozen=True)
class Calls:
    """Calls in the order they come in; arrays of shape ``(calls,)``.

    Attributes
    ----------
    arrival
        Second at which each call comes in, ascending; below 0 it warms up the
        phones and does not count.
    queue
        Number of its queue, from 0.
    handling
        Seconds it takes once answered.
    patience
        Seconds it waits before giving up; infinite where it never does.
    """

    arrival: Floats
    queue: Whole
    handling: Floats
    patience: Floats

    def __post_init__(self) -> None:
        if (np.diff(self.arrival) < 0).any():
            raise ValueError("Expected calls in order of arrival. Sort them.")

    def __len__(self) -> int:
        """Return the number of calls."""
        return len(self.arrival)


def draw_calls(
    rng: np.random.Generator,
    calls: ArrayLike,
    aht_seconds: ArrayLike,
    interval_seconds: float,
    *,
    patience_seconds: float | None = None,
    handling_cv: float = 1.0,
    start: float = 0.0,
) -> Calls:
    """Draw calls at given rates.

    Parameters
    ----------
    rng
        Where chance comes from.
    calls
        Mean calls per interval; shape ``(queues, intervals)``, or ``(intervals,)``
        for one queue.
    aht_seconds
        Mean handling time; same shape, or one that fits.
    interval_seconds, start
        Length of an interval, and the second at which the first one begins; a
        negative one draws calls to warm up with.
    patience_seconds
        Mean of the exponential patience; None: nobody gives up.
    handling_cv
        Coefficient of variation of handling times: exponential where 1, lognormal
        otherwise.

    Notes
    -----
    Numbers of calls are Poisson at the rate given. That a day as a whole may be
    busier than forecast is left to the caller, who can draw the rates first.

    Examples
    --------
    >>> drawn = draw_calls(np.random.default_rng(0), [90.0] * 4, 240.0, 900)
    >>> len(drawn), drawn.arrival[:2].round(1)
    (344, array([ 2.5, 13.2]))
    """
    rates = np.atleast_2d(np.asarray(calls, dtype=float))
    counts = rng.poisson(rates).ravel()
    cell = np.repeat(np.arange(rates.size), counts)
    queue, interval = np.divmod(cell, max(1, rates.shape[1]))
    arrival = start + interval_seconds * (interval + rng.random(len(cell)))
    aht = np.broadcast_to(np.asarray(aht_seconds, dtype=float), rates.shape)
    handling = aht.ravel()[cell]
    if handling_cv == 1.0:
        handling = handling * rng.exponential(size=len(cell))
    else:
        variance = np.log1p(handling_cv**2)
        spread = rng.normal(-variance / 2, np.sqrt(variance), len(cell))
        handling = handling * np.exp(spread)
    if patience_seconds is None:
        patience = np.full(len(cell), inf)
    else:
        patience = rng.exponential(patience_seconds, len(cell))
    order = np.argsort(arrival, kind="stable")
    return Calls(arrival[order], queue[order], handling[order], patience[order])


# -- playing it ---------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """What became of each call.

    Attributes
    ----------
    calls
        The calls.
    wait
        Seconds until it was answered, or until it gave up; shape ``(calls,)``.
    agent
        Who answered it, or ``NOBODY``; same shape.
    """

    calls: Calls
    wait: Floats
    agent: Whole

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"<Played {len(self.calls):,} calls: {self.answered.sum():,} answered>"

    @property
    def answered(self) -> Mask:
        """Whether somebody answered it; shape ``(calls,)``."""
        return np.asarray(self.agent != NOBODY)

    def judged(
        self, threshold_seconds: float, definition: str = "offered"
    ) -> tuple[Mask, Mask]:
        """Return which calls are good, and which count; shape ``(calls,)`` each.

        Parameters
        ----------
        threshold_seconds
            Wait within which a call counts as in time.
        definition
            ``offered``: answered in time, of all calls. ``answered``: of those
            answered. ``no-short-abandons``: of all but those that gave up in time.
            ``any-end``: answered or gave up in time, of all calls.

        Examples
        --------
        >>> calls = Calls(np.array([0.0, 1.0, 2.0]), np.zeros(3, dtype=np.int64),
        ...               np.full(3, 60.0), np.array([90.0, 5.0, 90.0]))
        >>> played = play(calls, presences_of([1], 900))
        >>> played.wait
        array([ 0.,  5., 58.])
        >>> from forecasts.erlang import DEFINITIONS
        >>> for definition in DEFINITIONS:
        ...     good, counted = played.judged(10.0, definition)
        ...     print(f"{definition}: {good.sum()} of {counted.sum()}")
        offered: 1 of 3
        answered: 1 of 2
        no-short-abandons: 1 of 2
        any-end: 2 of 3
        """
        answered, soon = self.answered, self.wait <= threshold_seconds
        everyone = np.ones_like(soon)
        in_time = answered & soon
        return {
            "offered": (in_time, everyone),
            "answered": (in_time, answered),
            "no-short-abandons": (in_time, answered | ~soon),
            "any-end": (soon, everyone),
        }[definition]


def play(calls: Calls, presences: Iterable[Presence]) -> Played:
    """Play all calls on the phones of some agents.

    Parameters
    ----------
    calls
        In order of arrival.
    presences
        In any order. Those of one agent that meet, with the same queues, are one.

    Raises
    ------
    ValueError
        Where presences of one agent overlap.

    Examples
    --------
    >>> calls = draw_calls(np.random.default_rng(0), [90.0] * 4, 240.0, 900)
    >>> play(calls, presences_of([28] * 4, 900))
    <Played 344 calls: 344 answered>
    """
    phones = _Phones(calls, _joined(presences))
    for call, now in enumerate(calls.arrival.tolist()):
        phones.advance(now)
        phones.ring(now, call)
    phones.advance(inf)
    agent = np.array(phones.agent, dtype=np.int64)
    wait = np.where(agent == NOBODY, calls.patience, np.array(phones.wait))
    return Played(calls, wait, agent)


def _joined(presences: Iterable[Presence]) -> list[Presence]:
    """Return presences by agent, those that meet and are alike joined."""
    found: list[Presence] = []
    for one in sorted(presences, key=attrgetter("agent", "start")):
        if not found or found[-1].agent != one.agent:
            found.append(one)
        elif one.start < found[-1].end:
            raise ValueError(
                f"Expected presences of an agent apart, got {found[-1]} and {one}."
            )
        elif one.start == found[-1].end and one.queues == found[-1].queues:
            found[-1] = Presence(found[-1].start, one.end, one.agent, one.queues)
        else:
            found.append(one)
    return found


class _Post(NamedTuple):
    """Where somebody sits during one presence.

    Agents who answer the same queues form one line of idle agents, the one idle
    longest first; ``waiting`` are the lines of the calls they answer.
    """

    end: float
    idle: deque[tuple[float, int]]
    waiting: tuple[deque[int], ...]


class _Phones:
    """Who is idle, who waits and what happens next, at one moment.

    Nobody is looked for when a presence ends or a caller gives up: both are found
    out at the head of their line.
    """

    def __init__(self, calls: Calls, presences: list[Presence]) -> None:
        self.queue = calls.queue.tolist()
        self.arrival = calls.arrival.tolist()
        self.handling = calls.handling.tolist()
        self.gone = (calls.arrival + calls.patience).tolist()
        self.wait = [0.0] * len(calls)
        self.agent = [NOBODY] * len(calls)
        idle: dict[frozenset[int], deque[tuple[float, int]]]
        idle = {one.queues: deque() for one in presences}
        every = {*self.queue, *(queue for queues in idle for queue in queues)}
        self.waiting: dict[int, deque[int]] = {queue: deque() for queue in every}
        self.able = {
            queue: [line for queues, line in idle.items() if queue in queues]
            for queue in every
        }
        self.posts = [
            _Post(
                one.end,
                idle[one.queues],
                tuple(self.waiting[queue] for queue in one.queues),
            )
            for one in presences
        ]
        self.post: dict[int, _Post] = {}  # of each agent, the last begun
        self.since: dict[int, float] = {}  # when each agent was last idle
        self.busy: set[int] = set()
        # What happens when, to which agent: a post begins, or a call ends.
        self.events = [
            (one.start, one.agent, number) for number, one in enumerate(presences)
        ]
        heapify(self.events)

    def advance(self, until: float) -> None:
        """Let calls end and posts begin up to a second."""
        events = self.events
        while events and events[0][0] <= until:
            now, agent, begins = heappop(events)
            if begins == CALL_ENDS:
                self.busy.remove(agent)
            else:
                self.post[agent] = self.posts[begins]
            if agent not in self.busy:
                self.free(now, agent)

    def free(self, now: float, agent: int) -> None:
        """Give an agent the oldest call, or have them wait for one, if still there."""
        post = self.post[agent]
        if post.end <= now:
            return
        oldest = None
        for line in post.waiting:
            while line and self.gone[line[0]] <= now:
                line.popleft()
            if line and (oldest is None or line[0] < oldest[0]):
                oldest = line
        if oldest is None:
            self.since[agent] = now
            post.idle.append((now, agent))
        else:
            self.answer(now, oldest.popleft(), agent)

    def ring(self, now: float, call: int) -> None:
        """Give a call to the agent idle longest, or have it wait for one."""
        longest = None
        for line in self.able[self.queue[call]]:
            while line and self.has_gone(now, *line[0]):
                line.popleft()
            if line and (longest is None or line[0] < longest[0]):
                longest = line
        if longest is None:
            self.waiting[self.queue[call]].append(call)
        else:
            self.answer(now, call, longest.popleft()[1])

    def has_gone(self, now: float, since: float, agent: int) -> bool:
        """Return whether an agent is no longer idle as of then."""
        return self.since[agent] != since or self.post[agent].end <= now

    def answer(self, now: float, call: int, agent: int) -> None:
        """Connect a call."""
        self.wait[call] = now - self.arrival[call]
        self.agent[call] = agent
        self.busy.add(agent)
        heappush(self.events, (now + self.handling[call], agent, CALL_ENDS))


# -- playing it often ---------------------------------------------------------------


def replicate(
    draw: Callable[[np.random.Generator], Calls],
    presences: Iterable[Presence],
    *,
    replications: int = 100,
    seed: int = 0,
) -> Iterator[Played]:
    """Play the same presences against calls drawn again and again.

    Parameters
    ----------
    draw
        Draws the calls of one replication, and should ask nothing but its generator:
        replication ``r`` is given the one of ``(seed, r)`` whatever the presences,
        so that two rosters are compared on the same callers.
    presences
        As for `play`.
    replications, seed
        How many, and where chance begins.

    Examples
    --------
    >>> def draw(rng):
    ...     return draw_calls(rng, [90.0] * 4, 240.0, 900, patience_seconds=180.0)
    >>> for played in replicate(draw, presences_of([26] * 4, 900), replications=2):
    ...     print(played)
    <Played 344 calls: 338 answered>
    <Played 369 calls: 355 answered>
    """
    joined = _joined(presences)
    for replication in range(replications):
        yield play(draw(np.random.default_rng([seed, replication])), joined)


@dataclass(frozen=True)
class Outlook:
    """What service level to expect of a roster, and how far a day may be off it.

    A level is 1 where no call came.

    Attributes
    ----------
    good, counted
        Calls in time, and all that count, by the interval in which they came in;
        shape ``(replications, intervals)``.
    day
        Day of each interval, from 0; shape ``(intervals,)``.
    target
        Share that a day should reach.
    """

    good: Whole
    counted: Whole
    day: Whole
    target: float

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"<Outlook {len(self.good)} replications: {self.level:.1%} in time, "
            f"{self.target:g} met on {self.p_meets.mean():.0%} of days>"
        )

    @property
    def level(self) -> float:
        """Share of all calls of all replications."""
        return float(_share(self.good.sum(), self.counted.sum()))

    @property
    def interval_level(self) -> Floats:
        """Share of the calls of each interval in all replications; ``(intervals,)``."""
        return _share(self.good.sum(axis=0), self.counted.sum(axis=0))

    @property
    def day_levels(self) -> Floats:
        """Level of each day of each replication; shape ``(replications, days)``."""
        days = self.day[:, None] == np.arange(self.day.max(initial=-1) + 1)
        return _share(self.good @ days, self.counted @ days)

    @property
    def p_meets(self) -> Floats:
        """Probability that a day meets the target; shape ``(days,)``."""
        return np.asarray((self.day_levels >= self.target).mean(axis=0))

    def interval_band(self, share: float = 0.8) -> Floats:
        """Return between which levels an interval lies as often as ``share`` says.

        Shape ``(2, intervals)``: low and high.
        """
        return _band(_share(self.good, self.counted), share)

    def day_band(self, share: float = 0.8) -> Floats:
        """Return between which levels a day lies so often; ``(2, days)``."""
        return _band(self.day_levels, share)


def _share(good: ArrayLike, counted: ArrayLike) -> Floats:
    return np.where(counted, np.divide(good, np.maximum(counted, 1)), 1.0)


def _band(levels: Floats, share: float) -> Floats:
    return np.quantile(levels, [(1.0 - share) / 2, (1.0 + share) / 2], axis=0)


def outlook(
    plays: Iterable[Played],
    days: ArrayLike,
    interval_seconds: float,
    *,
    threshold_seconds: float,
    target: float,
    definition: str = "offered",
    queue: int | None = None,
) -> Outlook:
    """Return the service level of many replications.

    Parameters
    ----------
    plays
        The replications, at least one.
    days
        Day of each interval, from 0; shape ``(intervals,)``. Calls before the first
        interval and after the last are not counted.
    interval_seconds
        Length of an interval.
    threshold_seconds, definition
        What is a good call; see `Played.judged`.
    target
        Share of good calls that a day should reach.
    queue
        The one queue to count; None: all of them.

    Examples
    --------
    >>> def draw(rng):
    ...     return draw_calls(rng, [90.0] * 12, 240.0, 900, patience_seconds=180.0)
    >>> plays = replicate(draw, presences_of([26] * 12, 900), replications=20)
    >>> outlook(plays, np.zeros(12), 900, threshold_seconds=10, target=0.8)
    <Outlook 20 replications: 74.1% in time, 0.8 met on 20% of days>
    """
    day = np.asarray(days, dtype=np.int64)
    both: list[list[Whole]] = []
    for played in plays:
        interval = np.floor(played.calls.arrival / interval_seconds).astype(np.int64)
        asked = (interval >= 0) & (interval < len(day))
        if queue is not None:
            asked &= played.calls.queue == queue
        both.append(
            [
                np.bincount(interval[asked & chosen], minlength=len(day))
                for chosen in played.judged(threshold_seconds, definition)
            ]
        )
    good, counted = np.array(both).swapaxes(0, 1)
    return Outlook(good, counted, day, target)
