"""Plays the finished roster over sampled days: what service level callers will get.

What is assumed: call rates are sampled from the forecast, all intervals of a day
sharing a factor; numbers of calls are Poisson at these rates, handling times
exponential around the mean of their interval, as Erlang takes them, and patience
exponential around ``service.patience_seconds``; without that nobody gives up, but who
still waits when the centre closes. Each shift is missed as a whole with the
probability ``service.shrinkage``, and nobody knows beforehand. Who is on the phone
answers any queue they can, whatever duties.csv names. Calls begin where coverage
counts; an hour at the first rate, not counted, fills the phones before.

Calls and absences of run ``r`` of a seed are the same whatever the roster, so that two
rosters are compared on the same callers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from constraints.case import Case
from constraints.roster import PHONE, Roster, tiles
from forecasts.clock import DAY
from forecasts.erlang import DEFINITIONS
from forecasts.simulate import Calls, Outlook, Presence, draw_calls, play
from scheduler.summary import expectation

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

RUNS = 50
WARM_UP = 60
"""Minutes played before the first interval."""
BAND = (0.1, 0.9)
WORST = 5
ALL_QUEUES = "*"
CALLERS, ABSENCES = 1, 2
"""Streams of chance of one run, beside the one its rates are drawn from."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """What becomes of the calls of a day, an hour of the day, a horizon.

    Attributes
    ----------
    name
        Date, hour of the day or start of an interval; empty for the horizon.
    queue
        Queue, ``*`` being all of them together.
    calls
        Mean number of calls.
    service_level
        Share answered within the threshold, of all calls offered.
    p10, p90
        Between which the share lies in eight of ten cases.
    p_target
        Probability that it reaches the target.
    erlang
        The share that the Erlang formula expects, weighted by calls.
    """

    name: str
    queue: str
    calls: float
    service_level: float
    p10: float
    p90: float
    p_target: float
    erlang: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of a check, as check.json, page and terminal have them.

    Attributes
    ----------
    runs, seed
        How often the roster was played, and where chance began.
    threshold_seconds, target, patience_seconds, shrinkage
        What was promised and assumed.
    horizon
        All days together.
    days_meeting
        Share of days that reach the target.
    abandoned
        Share of calls that gave up or were never answered.
    occupancy
        Share of their time on the phone that people spend on calls.
    definitions
        Service level of the horizon by each definition of `DEFINITIONS`.
    queues
        The horizon of each queue; none where there is only one.
    days, hours
        Each day that has calls, and each hour of the day, over all days.
    worst
        Intervals of the lowest service level, among those with a call or more.
    """

    runs: int
    seed: int
    threshold_seconds: float
    target: float
    patience_seconds: float | None
    shrinkage: float
    horizon: Stretch
    days_meeting: float
    abandoned: float
    occupancy: float
    definitions: dict[str, float]
    queues: tuple[Stretch, ...]
    days: tuple[Stretch, ...]
    hours: tuple[Stretch, ...]
    worst: tuple[Stretch, ...]


@dataclass(frozen=True)
class Check:
    """What became of the calls when a roster was played again and again.

    Attributes
    ----------
    roster
        The roster.
    seed
        Where chance began.
    good, counted
        Calls in time, and all that count, by definition of the service level and by
        the interval in which they came in; shape ``(runs, queues, intervals)`` each.
    busy, present
        Seconds on calls, and on the phone while coverage counts; shape ``(runs,)``.
    """

    roster: Roster
    seed: int
    good: dict[str, Whole]
    counted: dict[str, Whole]
    busy: Floats
    present: Floats

    def __repr__(self) -> str:
        """Say it in one line."""
        figures, service = self.figures, self.roster.case.service
        return (
            f"<Check {figures.runs} runs: {figures.horizon.service_level:.1%} within "
            f"{service.threshold_seconds:g} s (Erlang {figures.horizon.erlang:.1%}), "
            f"{service.target:g} met on {figures.days_meeting:.0%} of days>"
        )

    @property
    def queues(self) -> tuple[str, ...]:
        """Names of the queues; ``*``, where there are several, is all of them."""
        names = self.roster.case.requirement.queues
        return names if len(names) == 1 else (*names, ALL_QUEUES)

    def outlook(
        self, queue: str = ALL_QUEUES, definition: str = DEFINITIONS[0]
    ) -> Outlook:
        """Return the service level by interval and day, by any definition."""
        of, case = self._of(queue), self.roster.case
        return Outlook(
            self.good[definition][:, of].sum(axis=1),
            self.counted[definition][:, of].sum(axis=1),
            case.clock.days_of_intervals,
            case.service.target,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per interval and queue, as in check.csv.

        ``calls`` and ``abandoned`` are means of all runs. ``service_level``, with the
        band from ``p10`` to ``p90`` and what Erlang said, is the share answered in
        time of all calls offered; other definitions stand beside it by name. Shares
        are missing where coverage does not count.
        """
        clock, queues = self.roster.case.clock, self.queues
        seen = [self.outlook(queue) for queue in queues]
        bands = np.array([one.interval_band() for one in seen])
        calls = np.array([one.counted.mean(axis=0) for one in seen])
        answered = np.array(
            [self.outlook(queue, "answered").counted.mean(axis=0) for queue in queues]
        )
        shares = {
            "service_level": np.array([one.interval_level for one in seen]),
            "p10": bands[:, 0],
            "p90": bands[:, 1],
            "erlang": np.array([self._erlang(queue) for queue in queues]),
        } | {
            definition.replace("-", "_"): np.array(
                [self.outlook(queue, definition).interval_level for queue in queues]
            )
            for definition in DEFINITIONS[1:]
        }
        stamps = [clock.stamp(number) for number in range(clock.intervals)]
        known = np.where(self.roster.case.counted, 1.0, np.nan)
        return pd.DataFrame(
            {
                "timestamp": np.repeat(np.array(stamps, dtype=object), len(queues)),
                "queue": np.tile(np.array(queues, dtype=object), len(stamps)),
                "calls": calls.T.ravel().round(2),
                "abandoned": (calls - answered).T.ravel().round(2),
                **{
                    name: (share * known).T.ravel().round(4)
                    for name, share in shares.items()
                },
            }
        )

    def days_frame(self) -> pd.DataFrame:
        """Return one row per day that has calls, and queue, as in check_days.csv."""
        rows = [vars(row) for queue in self.queues for row in self._days(queue)]
        columns = list(Stretch.__dataclass_fields__)
        frame = pd.DataFrame(rows, columns=columns).rename(columns={"name": "date"})
        return frame.sort_values("date", kind="stable", ignore_index=True)

    @cached_property
    def figures(self) -> Figures:
        """What page and terminal show."""
        service = self.roster.case.service
        everything, own = self.queues[-1], self.queues[:-1]
        days = tuple(self._days(everything))
        meeting = float(np.mean([day.p_target for day in days])) if days else 1.0
        offered = self.counted["offered"].sum()
        return Figures(
            runs=len(self.busy),
            seed=self.seed,
            threshold_seconds=service.threshold_seconds,
            target=service.target,
            patience_seconds=service.patience_seconds,
            shrinkage=service.shrinkage,
            horizon=self._horizon(everything),
            days_meeting=round(meeting, 4),
            abandoned=_share(offered - self.counted["answered"].sum(), offered),
            occupancy=_share(self.busy.sum(), self.present.sum()),
            definitions={
                definition: round(self.outlook(definition=definition).level, 4)
                for definition in DEFINITIONS
            },
            queues=tuple(self._horizon(queue) for queue in own),
            days=days,
            hours=tuple(self._hours()),
            worst=tuple(self._worst()),
        )

    # -- stretches ------------------------------------------------------------------
    def _stretch(
        self, name: str, queue: str, at: Whole, of: Whole | None = None
    ) -> Stretch:
        """Return what becomes of the calls of some intervals.

        Parameters
        ----------
        name, queue
            What it is called, and which calls count.
        at
            The intervals.
        of
            Which case each of them belongs to, where a run has several: the hour of
            the day that comes once a day.
        """
        whole = self.outlook(queue)
        day = np.zeros(len(at), np.int64) if of is None else of
        seen = Outlook(whole.good[:, at], whole.counted[:, at], day, whole.target)
        low, high = np.quantile(seen.day_levels, BAND)
        weight = self._expected[0][self._of(queue)][:, at].sum(axis=0)
        erlang = (weight * self._erlang(queue)[at]).sum()
        return Stretch(
            name=name,
            queue=queue,
            calls=round(float(seen.counted.sum() / seen.day_levels.size), 2),
            service_level=round(seen.level, 4),
            p10=round(float(low), 4),
            p90=round(float(high), 4),
            p_target=round(float(seen.p_meets.mean()), 4),
            erlang=_share(erlang, weight.sum()),
        )

    def _horizon(self, queue: str) -> Stretch:
        everything = np.arange(self.roster.case.clock.intervals)
        return self._stretch("", queue, everything)

    def _days(self, queue: str) -> Iterator[Stretch]:
        clock = self.roster.case.clock
        day = clock.days_of_intervals[self._busy]
        for number in np.unique(day).tolist():
            on = clock.date(number).isoformat()
            yield self._stretch(on, queue, self._busy[day == number])

    def _hours(self) -> Iterator[Stretch]:
        clock, at = self.roster.case.clock, self._busy
        hour = clock.walls[at] * 24 // DAY
        for number in np.unique(hour).tolist():
            own = at[hour == number]
            of = np.unique(clock.days_of_intervals[own], return_inverse=True)[1]
            yield self._stretch(f"{number:02}:00", self.queues[-1], own, of)

    def _worst(self) -> list[Stretch]:
        """Return the intervals, of each queue, of the lowest service level."""
        calls, clock = self._expected[0], self.roster.case.clock
        names = self.roster.case.requirement.queues
        level = np.array([self.outlook(queue).interval_level for queue in names])
        level[(calls < 1.0) | ~self.roster.case.counted] = np.inf
        lowest = np.argsort(level, axis=None, kind="stable")[:WORST].tolist()
        return [
            self._stretch(clock.stamp(interval), names[queue], np.array([interval]))
            for queue, interval in (divmod(cell, clock.intervals) for cell in lowest)
            if np.isfinite(level[queue, interval])
        ]

    @cached_property
    def _expected(self) -> tuple[Floats, Floats]:
        """Calls and service level as Erlang has them; ``(queues, intervals)`` each."""
        calls, _, level = expectation(self.roster)
        counted = self.roster.case.counted
        return np.where(counted, calls, 0.0), np.where(counted, level, 1.0)

    @cached_property
    def _busy(self) -> Whole:
        """Intervals in which calls are expected."""
        return np.flatnonzero(self._expected[0].any(axis=0))

    def _of(self, queue: str) -> Sequence[int] | slice:
        names = self.roster.case.requirement.queues
        return slice(None) if queue == ALL_QUEUES else [names.index(queue)]

    def _erlang(self, queue: str) -> Floats:
        """Return what Erlang expects of each interval; shape ``(intervals,)``."""
        calls, level = (part[self._of(queue)] for part in self._expected)
        total = calls.sum(axis=0)
        return np.where(total, (calls * level).sum(axis=0) / np.maximum(total, 1e-9), 1)


def _share(part: float, whole: float) -> float:
    return round(float(part / whole), 4) if whole else 0.0


# -- playing --------------------------------------------------------------------------


def check(
    roster: Roster,
    *,
    runs: int = RUNS,
    seed: int = 1,
    on_run: Callable[[int], None] | None = None,
) -> Check:
    """Play a roster against sampled calls and absences.

    Parameters
    ----------
    roster
        Any roster of a case with a forecast; without breaks placed, everyone in a
        shift is on the phone.
    runs
        How often the whole horizon is played.
    seed
        Where chance begins.
    on_run
        Told how many runs are done.

    Raises
    ------
    ValueError
        Where the case brought its own requirement, so that no calls are forecast.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from constraints.examples import tiny_case
    >>> from forecasts.forecaster import Forecast
    >>> case = tiny_case(people=6, days=3)
    >>> case = replace(case, forecast=Forecast.steady(case.clock, 10.0, 180.0))
    >>> check(Roster.from_codes(case, 2 * ["DDD", "LLL", "NNN"]), runs=5)
    <Check 5 runs: 72.3% within 10 s (Erlang 52.7%), 0.9 met on 7% of days>
    """
    case = roster.case
    if case.forecast is None:
        raise ValueError("Expected a case with a forecast, got its own requirement.")
    if runs < 1:
        raise ValueError(f"Expected runs >= 1, got {runs}.")
    size = 60 * case.clock.interval_minutes
    rates = case.forecast.scenarios(runs, seed) * case.counted
    seats = [(day, _warmed(one)) for day, one in presences(roster)]
    seconds = np.array([_counted_seconds(case, one) for _, one in seats])
    place = np.array([(one.agent, day + 1) for day, one in seats], dtype=np.int64)
    place = place.reshape(-1, 2)
    good, counted = (
        {name: np.zeros(rates.shape, np.int64) for name in DEFINITIONS}
        for _ in range(2)
    )
    busy, present = np.zeros(runs), np.zeros(runs)
    for run in range(runs):
        calls = _callers(case, rates[run], np.random.default_rng([seed, run, CALLERS]))
        there = ~_absences(case, seed, run)[place[:, 0], place[:, 1]]
        present[run] = seconds[there].sum()
        played = play(calls, [seats[number][1] for number in np.flatnonzero(there)])
        asked = calls.arrival >= 0
        cell = calls.queue * case.clock.intervals + (calls.arrival // size).astype(int)
        busy[run] = calls.handling[asked & played.answered].sum()
        for name in DEFINITIONS:
            judged = played.judged(case.service.threshold_seconds, name)
            for part, chosen in zip((good, counted), judged, strict=True):
                numbers = np.bincount(cell[asked & chosen], None, rates[run].size)
                part[name][run] = numbers.reshape(rates[run].shape)
        if on_run is not None:
            on_run(run + 1)
    return Check(roster, seed, good, counted, busy, present)


def presences(roster: Roster) -> list[tuple[int, Presence]]:
    """Return who is on the phone when, each with the day their shift starts on.

    These are what other duties leave of each shift, from the beginning of the horizon
    on; of two shifts at a time, in a roster that is not legal, the first counts.
    Shifts begun before have no breaks.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.roster import Duties
    >>> roster = Roster.from_codes(tiny_case(people=1), ["D--"])
    >>> meal = Duties.of([(0, 0, "meal", 720, 750)])
    >>> for day, one in presences(roster.with_duties(meal)):
    ...     print(day, one.start / 3600, one.end / 3600)
    0 8.0 12.0
    0 12.5 16.0
    """
    case, stints = roster.case, roster.stints
    skills = [frozenset(np.flatnonzero(known)) for known in case.skill_sets.sets]
    away = roster.duties.by_shift() if roster.duties else {}
    until = [0] * len(case.agents)
    found = []
    columns = (stints.agent, stints.column - case.past, stints.start, stints.end)
    for agent, day, start, end in np.stack(columns, axis=1).tolist():
        queues = skills[case.skill_sets.of[agent]]
        start = max(start, until[agent])
        until[agent] = max(end, until[agent])
        if queues:
            found += [
                (day, Presence(60.0 * begin, 60.0 * finish, agent, queues))
                for begin, finish, kind in tiles(start, end, away.get((agent, day), ()))
                if kind == PHONE
            ]
    return found


def _warmed(one: Presence) -> Presence:
    """Return a presence that begins with the horizon as one that began before."""
    return one if one.start else replace(one, start=-60.0 * WARM_UP)


def _counted_seconds(case: Case, one: Presence) -> float:
    """Return how many seconds of a presence lie where coverage counts."""
    size = 60 * case.clock.interval_minutes
    edges = size * np.arange(case.clock.intervals + 1)
    so_far = np.concatenate([[0], np.cumsum(case.counted) * size])
    begin, end = np.interp([one.start, one.end], edges, so_far)
    return float(end - begin)


def _absences(case: Case, seed: int, run: int) -> NDArray[np.bool_]:
    """Return who misses their shift of which day; shape ``(agents, 1 + days)``.

    The first column is the day before the horizon.
    """
    rng = np.random.default_rng([seed, run, ABSENCES])
    drawn = rng.random((len(case.agents), 1 + case.days))
    return np.asarray(drawn < case.service.shrinkage)


def _callers(case: Case, rates: Floats, rng: np.random.Generator) -> Calls:
    """Draw the calls of one run, those of the hour before included."""
    assert case.forecast is not None
    minutes = case.clock.interval_minutes
    early = WARM_UP // minutes
    size = 60.0 * minutes
    wanted, aht = (
        np.concatenate([np.repeat(part[:, :1], early, axis=1), part], axis=1)
        for part in (rates, case.forecast.aht_seconds)
    )
    calls = draw_calls(
        rng,
        wanted,
        aht,
        size,
        patience_seconds=case.service.patience_seconds,
        start=-early * size,
    )
    shut = np.flatnonzero(~case.counted)
    interval = np.maximum(calls.arrival // size, 0).astype(int)
    closing = np.append(shut * size, np.inf)[np.searchsorted(shut, interval)]
    return replace(calls, patience=np.minimum(calls.patience, closing - calls.arrival))
