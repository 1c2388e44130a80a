"""Rolling-origin backtest: what each model would have said, and which was best."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from forecasts.past import Model, Past
from forecasts.spread import (
    USUAL_CV,
    USUAL_DAY_CV,
    day_cv,
    rate_cv,
)

Floats = NDArray[np.float64]

COLUMNS = ("method", "weeks_ahead", "wape", "mase", "bias", "day_wape", "picked")
"""Columns of backtest.csv, after the queue."""

WEEK = 7
TARGET_WEEKS = 8
FLOOR = "mean-4"
"""The model that planners use today."""

MOST_BIAS = 0.05
"""Bias beyond that of the mean of four weeks, as a share of calls, with which a model
is not picked."""

LONGEST_LEAD = 6
"""Weeks ahead that are tried; what lies beyond is taken to be as uncertain."""

FEWEST_DAYS = 21
"""Days a model must have to be tried on the week after them."""


@dataclass(frozen=True)
class Score:
    """How one model did at one lead.

    Attributes
    ----------
    wape
        Sum of absolute errors over sum of calls.
    mase
        Mean absolute error over that of repeating the week before, in the past.
    bias
        Sum of errors over sum of calls; above 0 where too much was forecast.
    day_wape
        As ``wape``, of whole days.
    """

    wape: float
    mase: float
    bias: float
    day_wape: float


@dataclass(frozen=True)
class Backtest:
    """Forecasts of the last weeks, made as if they still lay ahead.

    Attributes
    ----------
    weeks
        Weeks forecast, the last ones of the past.
    first_day
        The day they begin on.
    scores
        By model and lead in weeks.
    best
        The model picked.
    seen
        Calls that came; shape ``(days, slots)``, NaN where unknown.
    expected
        What the best model said of them; shape ``(leads, days, slots)``, NaN where
        the past was too short.
    """

    weeks: int
    first_day: date
    scores: Mapping[tuple[str, int], Score]
    best: str
    seen: Floats = field(default_factory=lambda: np.zeros((0, 1)))
    expected: Floats = field(default_factory=lambda: np.zeros((0, 0, 1)))

    def __repr__(self) -> str:
        """Say it in one line."""
        if not self.scores:
            return f"<Backtest: nothing to compare on, {self.best} by default>"
        lead = min(lead for _, lead in self.scores)
        wape = self.scores[self.best, lead].wape
        return (
            f"<Backtest over {self.weeks} weeks: {self.best}, {wape:.1%} off "
            f"{lead} week{'s' * (lead > 1)} ahead>"
        )

    @property
    def leads(self) -> tuple[int, ...]:
        """Leads tried, in weeks."""
        return tuple(sorted({lead for _, lead in self.scores}))

    def cv(self, lead: int) -> tuple[float, float]:
        """Return the CV of the rate at a lead, and the part that a day shares."""
        if not self.leads:
            return USUAL_CV, USUAL_DAY_CV
        place = int(np.argmin(np.abs(np.array(self.leads) - lead)))
        seen, expected = self.seen, self.expected[place]
        known = np.where(np.isnan(expected), np.nan, seen)
        expected = np.nan_to_num(expected)
        total = rate_cv(known, expected)
        return total, min(total, day_cv(known, expected))

    def mean_wape(self, name: str) -> float:
        """Return the mean over leads of a model's error."""
        return float(np.mean([self.scores[name, lead].wape for lead in self.leads]))

    def mean_bias(self, name: str) -> float:
        """Return the mean over leads of a model's bias."""
        return float(np.mean([self.scores[name, lead].bias for lead in self.leads]))

    def ranked(self) -> list[str]:
        """Return the names of the models, the best first.

        By their error; but those much more biased than the mean of four weeks come
        last. Where calls are few, to forecast none errs least.
        """
        names = dict.fromkeys(name for name, _ in self.scores)
        usual = abs(self.mean_bias(FLOOR)) if FLOOR in names else np.inf

        def rank(name: str) -> tuple[bool, float]:
            return abs(self.mean_bias(name)) > usual + MOST_BIAS, self.mean_wape(name)

        return sorted(names, key=rank)

    def weekday_errors(self) -> Floats:
        """Return the error of the best model by weekday and lead; ``(7, leads)``.

        Sum of absolute errors over sum of calls, Monday first; NaN where none came.
        """
        off = np.nan_to_num(np.abs(self.expected - self.seen)).sum(axis=2)
        known = ~np.isnan(self.expected + self.seen)
        calls = np.where(known, np.nan_to_num(self.seen), 0.0).sum(axis=2)
        weekdays = (self.first_day.weekday() + np.arange(len(self.seen))) % 7
        same = (weekdays[:, None] == np.arange(7)).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((off @ same / (calls @ same)).T)

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield one record per model and lead, as in backtest.csv, the best first."""
        for name in self.ranked():
            for lead in self.leads:
                score = self.scores[name, lead]
                figures = {key: round(each, 5) for key, each in vars(score).items()}
                picked = int(name == self.best)
                yield {"method": name, "weeks_ahead": lead, **figures, "picked": picked}


def backtest(
    past: Past,
    models: Mapping[str, Model],
    leads: Sequence[int],
    *,
    weeks: int = TARGET_WEEKS,
) -> Backtest:
    """Forecast the last weeks of a past at several leads, and pick the best model.

    Parameters
    ----------
    past
        History of one queue.
    models
        By name; the first is picked where the past is too short to try any, or no
        call came in the weeks to try them on.
    leads
        In weeks, counted from 1: the week after the last day known. Leads longer than
        the past can try count as the longest it can.
    weeks
        Weeks to forecast.

    Returns
    -------
    Backtest
        The model picked has the smallest error, the mean over leads of WAPE, of all
        that are not biased; see `Backtest.ranked`. By its table it is never worse than
        the mean of four weeks.

    Examples
    --------
    >>> from forecasts.models import METHODS
    >>> past = Past(date(2026, 3, 2), np.tile([0.0, 40.0, 80.0], (84, 1)))
    >>> backtest(past, {"mean-4": METHODS["mean-4"]}, [1])
    <Backtest over 8 weeks: mean-4, 0.0% off 1 week ahead>
    """
    possible = (past.days - FEWEST_DAYS) // WEEK
    if possible < 1 or not np.nansum(past.calls[-WEEK * min(weeks, possible) :]):
        return Backtest(0, past.first_day, {}, next(iter(models)), past.calls[:0])
    weeks = min(weeks, possible)
    tried = sorted({min(lead, possible) for lead in leads})
    longest = tried[-1]
    start = past.days - WEEK * weeks
    seen = past.calls[start:]
    made = _made(past, models, longest, weeks)
    scale = _weekly_error(past)
    scores = {
        (name, lead): _score(seen, made[name][lead - 1], scale)
        for name in models
        for lead in tried
    }
    first = past.first_day + timedelta(days=start)
    best = Backtest(weeks, first, scores, "").ranked()[0]
    expected = np.stack([made[best][lead - 1] for lead in tried])
    return Backtest(weeks, first, scores, best, seen, expected)


def _made(
    past: Past, models: Mapping[str, Model], longest: int, weeks: int
) -> dict[str, Floats]:
    """Return each model's forecasts of the last weeks; ``(leads, days, slots)``."""
    start = past.days - WEEK * weeks
    shape = (longest, WEEK * weeks, past.slots)
    made = {name: np.full(shape, np.nan) for name in models}
    for back in range(weeks + longest - 1, 0, -1):
        origin = past.days - WEEK * back
        if origin < FEWEST_DAYS:
            continue
        known = past.until(origin)
        ahead = range(origin, min(origin + WEEK * longest, past.days))
        dates = [past.first_day + timedelta(days=day) for day in ahead]
        for name, model in models.items():
            found = model(known, dates)
            for lead in range(1, longest + 1):
                week = origin + WEEK * (lead - 1)
                if start <= week < past.days:
                    place = slice(week - start, week - start + WEEK)
                    made[name][lead - 1, place] = found[WEEK * (lead - 1) : WEEK * lead]
    return made


def _weekly_error(past: Past) -> float:
    """Return the mean absolute error of repeating the week before."""
    off = np.abs(past.calls[WEEK:] - past.calls[:-WEEK])
    known = ~np.isnan(off)
    return float(off[known].mean()) if known.any() else 0.0


def _score(seen: Floats, said: Floats, scale: float) -> Score:
    known = ~np.isnan(seen) & ~np.isnan(said)
    calls, off = seen[known], (said - seen)[known]
    total = max(float(calls.sum()), 1e-9)
    days = np.where(known, said - seen, 0.0).sum(axis=1)
    return Score(
        wape=float(np.abs(off).sum()) / total,
        mase=float(np.abs(off).mean()) / scale if scale and off.size else np.nan,
        bias=float(off.sum()) / total,
        day_wape=float(np.abs(days).sum()) / total,
    )
