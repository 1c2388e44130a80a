"""The forecast of a horizon: the best model of each queue, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasts.backtest import COLUMNS as BACKTEST
from forecasts.backtest import LONGEST_LEAD, WEEK, Backtest, backtest
from forecasts.calendar import Calendar
from forecasts.clock import Clock
from forecasts.handling import handling_times
from forecasts.history import ONE_QUEUE, History
from forecasts.models import METHODS
from forecasts.past import Model, Past
from forecasts.spread import count_quantile, gamma_quantile, scenarios

Floats = NDArray[np.float64]

FEWEST_DAYS = 7
LONGEST_SILENCE = 14
"""Days before the history's end without a line, from which a queue is told of."""
QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)


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
    method
        Method of each queue.
    cv
        Coefficient of variation of the true rate around the mean, by how far ahead an
        interval lies; same shape, 0 where left out.
    day_cv
        The part of it that all intervals of a day share; same shape.
    backtests
        How the methods did on the last weeks; one a queue, or none.
    warnings
        What a planner should know, one sentence each.
    """

    clock: Clock
    queues: tuple[str, ...]
    calls: Floats
    aht_seconds: Floats
    method: tuple[str, ...]
    cv: Floats = field(default_factory=lambda: np.empty(0))
    day_cv: Floats = field(default_factory=lambda: np.empty(0))
    backtests: tuple[Backtest, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("cv", "day_cv"):
            if not getattr(self, name).size:
                object.__setattr__(self, name, np.zeros(self.calls.shape))

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
            ("steady",),
        )

    def quantile(self, p: float) -> Floats:
        """Return the number of calls not exceeded with probability ``p``.

        Calls are Poisson around a rate that is itself uncertain, gamma distributed
        around the mean: a negative binomial.

        Examples
        --------
        >>> from datetime import date
        >>> quiet = Forecast.steady(Clock(date(2026, 3, 2), 1, 60), 2.0, 180.0)
        >>> quiet.quantile(0.9)[0, :3].round(1)
        array([4., 4., 4.])
        """
        _check_share(p)
        return count_quantile(self.calls, self.cv, p)

    def times(self, factor: float) -> "Forecast":
        """Return the forecast with all calls times a factor, as sure as before."""
        return replace(self, calls=self.calls * factor)

    def rate_quantile(self, p: float) -> Floats:
        """Return the call rate (per interval) not exceeded with probability ``p``."""
        _check_share(p)
        return gamma_quantile(self.calls, (self.cv * self.calls) ** 2, p)

    def scenarios(self, number: int, seed: int) -> Floats:
        """Return sampled call rates; shape ``(number, queues, intervals)``.

        Intervals of a day share a factor, as good and bad days do; see
        `forecasts.spread.scenarios`.
        """
        days = self.clock.days_of_intervals
        return scenarios(self.calls, self.cv, self.day_cv, days, number, seed)

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

    def backtest_frame(self) -> pd.DataFrame:
        """Return one row per queue, method and lead, as in backtest.csv.

        The column ``picked`` marks the method that made the forecast.
        """
        rows = [
            {"queue": queue, **row}
            for queue, tried in zip(self.queues, self.backtests, strict=False)
            for row in tried.rows()
        ]
        return pd.DataFrame(rows, columns=["queue", *BACKTEST])


def forecast(
    history: History,
    clock: Clock,
    calendar: Calendar | None = None,
    *,
    default_aht_seconds: float = 180.0,
    method: str = "auto",
    is_open: NDArray[np.bool_] | None = None,
) -> Forecast:
    """Forecast calls and handling times for a horizon.

    Parameters
    ----------
    history
        What came in, at least a week of it.
    clock
        The horizon; the history is resampled to its interval.
    calendar
        Holidays, make-up days and events; what they did to calls is learnt, unless
        their factor is typed.
    default_aht_seconds
        Handling time where the history has none.
    method
        A name in `METHODS`, or ``auto``: for each queue the one that did best on the
        last eight weeks, at the leads of the horizon.
    is_open
        Intervals of the service hours, shape ``(intervals,)``; calls are exactly 0 in
        the others. None: wherever the past had any.

    Raises
    ------
    ValueError
        When the method is not known or the history shorter than a week.

    Examples
    --------
    >>> from datetime import date
    >>> past = History(("calls",), 60, date(2026, 2, 2), np.full((1, 28, 24), 12.0))
    >>> forecast(past, Clock(date(2026, 3, 2), 7, 60))
    <Forecast 2026-03-02, 7 days: 2,016 calls in 1 queue>
    """
    if method not in ("auto", *METHODS):
        raise ValueError(f"Expected method auto, {', '.join(METHODS)}, got {method!r}.")
    models = METHODS if method == "auto" else {method: METHODS[method]}
    history = _trimmed(history.resampled(clock.interval_minutes))
    calendar = calendar or Calendar()
    leads = _leads(history, clock)
    made = [
        _queue(history, queue, clock, calendar, models, leads, default_aht_seconds)
        for queue in range(len(history.queues))
    ]
    return Forecast(
        clock,
        history.queues,
        np.stack([one.calls for one in made]) * (True if is_open is None else is_open),
        np.stack([one.aht_seconds for one in made]),
        tuple(one.tried.best for one in made),
        np.stack([one.cv for one in made]),
        np.stack([one.day_cv for one in made]),
        tuple(one.tried for one in made),
        tuple(_cautions(history, clock)),
    )


class _Made(NamedTuple):
    """The forecast of one queue; amounts by interval."""

    calls: Floats
    aht_seconds: Floats
    cv: Floats
    day_cv: Floats
    tried: Backtest


def _leads(history: History, clock: Clock) -> NDArray[np.int64]:
    """Return how many weeks ahead each day of the horizon lies, 1 to the longest."""
    after = (clock.first_day - history.last_day).days - 1 + np.arange(clock.days)
    return np.clip(after // WEEK + 1, 1, LONGEST_LEAD)


def _queue(
    history: History,
    queue: int,
    clock: Clock,
    calendar: Calendar,
    models: Mapping[str, Model],
    leads: NDArray[np.int64],
    default_aht_seconds: float,
) -> _Made:
    """Forecast one queue by the best model of its own."""
    began = int((~np.isnan(history.calls[queue])).any(axis=1).argmax())
    whole = Past.ordinary(history.first_day, history.calls[queue], calendar)
    past = whole.since(began)  # a queue may be younger than the others
    tried = backtest(past, models, np.unique(leads).tolist())
    dates, days = list(clock.dates()), clock.days_of_intervals
    slot = clock.walls // clock.interval_minutes
    typed = np.array([calendar.factor(on) for on in dates])
    calls = models[tried.best](past, dates) * typed[:, None]
    aht = history.aht_seconds[queue, began:]
    times = handling_times(past, aht, default_aht_seconds)
    by_lead = {lead: tried.cv(lead) for lead in np.unique(leads).tolist()}
    cv, day_cv = np.array([by_lead[lead] for lead in leads.tolist()])[days].T
    weekdays = past.weekdays_of(dates)
    return _Made(calls[days, slot], times[weekdays[days], slot], cv, day_cv, tried)


def _trimmed(history: History) -> History:
    """Return the history from the first to the last day with a known interval."""
    known = np.asarray((~np.isnan(history.calls)).any(axis=2))
    for queue, own in zip(history.queues, known, strict=True):
        span = int(np.ptp(np.flatnonzero(own))) + 1 if own.any() else 0
        if span < FEWEST_DAYS:
            named = f" in queue {queue}" if len(history.queues) > 1 else ""
            got = f"{span} day{'s' * (span != 1)}{named}"
            raise ValueError(
                f"Expected a call history of {FEWEST_DAYS} days or more at "
                f"{history.interval_minutes} minutes, got {got}. Add "
                "earlier days, or give the heads needed in requirement.csv."
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


def _cautions(history: History, clock: Clock) -> list[str]:
    """Return what is strange about the history or when it ends, one sentence each."""
    known = np.asarray((~np.isnan(history.calls)).any(axis=2))
    silent = known[:, -LONGEST_SILENCE:].sum(axis=1) == 0
    gone = [
        f"The last calls of queue {queue} are of "
        f"{history.first_day + timedelta(days=int(np.flatnonzero(own)[-1]))}; it is "
        "forecast from them."
        for queue, own, over in zip(history.queues, known, silent, strict=True)
        if over
    ]
    return gone + _distance(history, clock)


def _distance(history: History, clock: Clock) -> list[str]:
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


def _check_share(p: float) -> None:
    if not 0.0 < p < 1.0:
        raise ValueError(f"Expected 0 < p < 1, got {p}.")
