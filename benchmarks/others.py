"""Forecasts of other packages for the same series and origins, exchanged as CSV.

``.bench-venv/bin/python benchmarks/others.py TASK_FOLDER METHOD`` runs in an
environment of its own (``make bench-env``): some of these packages hold pandas below 3.

It reads ``calls.csv`` (``timestamp``, ``calls``; what is not there is closed or
missing), ``days.csv`` (``date``, ``open``, ``kind``, ``name`` and any numeric columns,
known in advance) and ``task.json`` (``interval_minutes``, ``origins``, ``weeks``), and
writes ``METHOD.csv`` (``origin``, ``timestamp``, ``calls``, and quantiles such as
``q0.025`` where the method has its own) and ``METHOD.json`` (CPU seconds per origin
without imports and files; version; note). History is what lies before an origin; to be
forecast are the open days from it on, at the times of day their weekday had in the last
26 weeks.

One thread. No setting was chosen on weeks that are judged: what is not a package's
default was chosen on the bank's weeks before 7 July 2003.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is imported
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

WEEK = 7
SHORTEST, FEWEST = 9, 4
"""Weeks of history to forecast at all; before a week that trees learn from."""
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)


@dataclass(frozen=True)
class Task:
    """What is known at one origin, in whole weeks counted back from it.

    Attributes
    ----------
    past
        Calls, shape ``(weeks, 7, slots)``; NaN where closed or missing.
    days
        Rows of ``days.csv`` from the first day of ``past`` to the last to forecast.
    minutes
        Minute of the day at which each slot begins.
    weeks
        To forecast.
    """

    past: np.ndarray
    days: pd.DataFrame
    minutes: np.ndarray
    weeks: int

    @property
    def used(self) -> np.ndarray:
        """Cells of a week to be forecast, shape ``(7, slots)``."""
        return ~np.isnan(self.past[-26:]).all(axis=0)

    @property
    def known_days(self) -> pd.DataFrame:
        """The numeric columns of the calendar that differ between days."""
        found = self.days.drop(columns=["date", "open"]).select_dtypes("number")
        return found.loc[:, found.max() > found.min()].add_prefix("day_")

    def last(self, weeks: int) -> "Task":
        """Return the task with no more than some weeks of history."""
        cut = max(0, len(self.past) - weeks)
        days = self.days.iloc[WEEK * cut :].reset_index(drop=True)
        return Task(self.past[cut:], days, self.minutes, self.weeks)


Forecast = Mapping[str, np.ndarray]
"""``calls``, and quantiles by column; each of shape ``(weeks, 7, slots)``."""
Method = Callable[[Task], Forecast]


# -- LightGBM -----------------------------------------------------------------------


def lightgbm() -> tuple[Method, str]:
    """Gradient boosting, direct: one Poisson model per week of lead.

    Trees cannot follow a level, so they are boosted (``init_score``) from a trailing
    average of the same weekday and slot, times what history lies above it as a whole;
    the latter is not carried on. Features: weekday, slot, day of the month, the numeric
    columns of the calendar, and trailing statistics of the weekday and slot, for each
    past week as they stood at an origin that many weeks before.
    """
    import lightgbm as package

    settings = {
        "objective": "poisson",
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 40,
        "num_threads": 1,
        "verbosity": -1,
    }

    def forecast(task: Task) -> Forecast:
        trailing = _trailing(task.past)
        calls = np.full((task.weeks, *task.used.shape), np.nan)
        for lead in range(1, task.weeks + 1):
            known = task.past[FEWEST + lead - 1 :].ravel()
            start, table = _features(task, trailing, lead)
            usable = np.flatnonzero(np.isfinite(known * start[: known.size]))
            above = known[usable].sum() / start[usable].sum()
            rows = package.Dataset(
                table.iloc[usable],
                known[usable],
                init_score=np.log(start[usable] * above),
            )
            model = package.train(settings, rows, num_boost_round=150)
            factor = np.exp(model.predict(table.iloc[known.size :], raw_score=True))
            calls[lead - 1] = (start[known.size :] * factor).reshape(calls.shape[1:])
        return {"calls": calls}

    return forecast, "Poisson, a model per week of lead, from an average; days.csv used"


def _trailing(past: np.ndarray) -> dict[str, np.ndarray]:
    """Return statistics of each weekday and slot as they stand after each week.

    Where a short span holds nothing, that of the next longer one stands in.
    """
    found: dict[str, np.ndarray] = {}
    longer = np.full(past.shape, np.nan)
    for name, statistic, span in (
        ("mean26", np.nanmean, 26),
        ("median12", np.nanmedian, 12),
        ("median6", np.nanmedian, 6),
        ("mean4", np.nanmean, 4),
        ("last", np.nanmean, 1),
    ):
        stands = np.array(
            [
                statistic(past[max(0, end - span) : end], axis=0)
                for end in range(1, len(past) + 1)
            ]
        )
        longer = found[name] = np.where(np.isnan(stands), longer, stands)
    return found


def _features(
    task: Task, trailing: Mapping[str, np.ndarray], lead: int
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return what to boost from, and features, for each cell of some weeks.

    The weeks are those of the history that can be learnt from, then that of the lead.
    Boosted from is the average that missed least over the history at this lead.
    """
    weeks, slots = len(task.past), len(task.minutes)
    targets = np.r_[FEWEST + lead - 1 : weeks, weeks + lead - 1]
    stands = targets - lead  # the last week known when they are forecast
    missed = {
        name: np.nanmean(np.abs(task.past[targets[:-1]] - trailing[name][stands[:-1]]))
        for name in ("median6", "median12", "mean26")
    }
    start = np.maximum(trailing[min(missed, key=missed.__getitem__)][stands], 0.1)
    days = (WEEK * targets[:, None] + np.arange(WEEK)).ravel()
    month = task.days["date"].dt
    by_day = task.known_days.assign(
        weekday=np.arange(len(task.days)) % WEEK,
        day_of_month=month.day,
        days_left=month.days_in_month - month.day,
    ).iloc[days]
    table = by_day.loc[by_day.index.repeat(slots)].reset_index(drop=True)
    ratios = {name: (trailing[name][stands] / start).ravel() for name in trailing}
    table = table.assign(
        slot=np.tile(np.arange(slots), len(days)), size=start.ravel(), **ratios
    )
    return start.ravel(), table


# -- Prophet ------------------------------------------------------------------------


def prophet(growth: str) -> tuple[Method, str]:
    """Prophet, multiplicative: a weekly term, and a daily one for each weekday.

    Days with a name are its holidays, numeric columns of the calendar regressors. The
    quantiles are those of its own predictive samples.
    """
    logging.getLogger("prophet.plot").disabled = True  # plotly is not there
    logging.getLogger("cmdstanpy").disabled = True
    from prophet import Prophet

    def forecast(task: Task) -> Forecast:
        task = task.last(106)  # a little over two years, its bound for a yearly term
        named = task.days.dropna(subset=["name"])
        holidays = pd.DataFrame({"ds": named["date"], "holiday": named["name"]})
        model = Prophet(
            growth=growth,
            seasonality_mode="multiplicative",
            daily_seasonality=False,
            weekly_seasonality=True,
            holidays=holidays if len(holidays) else None,
        )
        rows, size = _prophet_rows(task), task.past.size
        for name in rows.columns[rows.columns.str.startswith("on")]:
            model.add_seasonality(f"daily_{name}", 1, 6, condition_name=name)
        for name in task.known_days:
            if rows[name].iloc[:size].any():  # else there is nothing to learn from
                model.add_regressor(name)
        model.fit(rows.iloc[:size].dropna(subset=["y"]), seed=1)
        np.random.seed(1)  # noqa: NPY002 - it draws its samples from this generator
        samples = model.predictive_samples(rows.iloc[size:])["yhat"]
        samples = samples.reshape(task.weeks, *task.used.shape, -1)
        quantiles = np.quantile(samples, QUANTILES, axis=-1)
        named_quantiles = (f"q{at}" for at in QUANTILES)
        return {
            "calls": samples.mean(axis=-1),
            **dict(zip(named_quantiles, quantiles, strict=True)),
        }

    return forecast, f"{growth} growth, days.csv used, last 106 weeks"


def _prophet_rows(task: Task) -> pd.DataFrame:
    """Return a row per cell of history and horizon, as Prophet names its columns."""
    slots = len(task.minutes)
    cells = task.days.index.repeat(slots)
    begins = pd.to_timedelta(np.tile(task.minutes, len(task.days)), unit="min")
    rows = task.known_days.loc[cells].reset_index(drop=True)
    rows["ds"] = task.days["date"].loc[cells].reset_index(drop=True) + begins
    rows["y"] = pd.Series(task.past.ravel())  # NaN from the origin on
    for weekday in np.flatnonzero(task.used.any(axis=1)):
        rows[f"on{weekday}"] = cells.to_numpy() % WEEK == weekday
    return rows


# -- statsforecast ------------------------------------------------------------------


def mstl_arima() -> tuple[Method, str]:
    """Decomposition by a weekly season, AutoARIMA for the rest; its own intervals.

    Without differences (``d=0``), or weeks ahead lie at the level of the last hours.
    """
    from statsforecast.models import MSTL, AutoARIMA

    def forecast(task: Task) -> Forecast:
        series, used = _regular(task.last(26)), task.used
        model = MSTL(int(used.sum()), trend_forecaster=AutoARIMA(d=0))
        levels = [round(100 - 200 * tail) for tail in QUANTILES if tail < 0.5]
        found = model.forecast(series, task.weeks * used.sum(), level=levels)
        columns = {"calls": found["mean"]}
        for at in QUANTILES:
            bound = f"{'lo' if at < 0.5 else 'hi'}-{round(abs(100 - 200 * at))}"
            columns[f"q{at}"] = found["mean"] if at == 0.5 else found[bound]
        return {name: _cells(task, values) for name, values in columns.items()}

    return forecast, "weekly season, d = 0, days.csv not used, last 26 weeks"


def seasonal_es() -> tuple[Method, str]:
    """Exponential smoothing of each cell of the week by itself; without intervals."""
    from statsforecast.models import SeasonalExponentialSmoothing

    def forecast(task: Task) -> Forecast:
        season = int(task.used.sum())
        model = SeasonalExponentialSmoothing(season, alpha=0.2)
        found = model.forecast(_regular(task), task.weeks * season)
        return {"calls": _cells(task, found["mean"])}

    return forecast, "weekly season, alpha 0.2, days.csv not used"


def _regular(task: Task) -> np.ndarray:
    """Return the cells of the weeks as a series without a gap, as these models want it.

    A gap is filled with the median of the six weeks before it, or of all.
    """
    past = task.past[:, task.used].copy()
    for week, calls in enumerate(past):
        for source in (past[max(0, week - 6) : week + 1], past):
            gaps = np.isnan(calls)
            calls[gaps] = np.nanmedian(source, axis=0)[gaps]
    return past.ravel()


def _cells(task: Task, series: np.ndarray) -> np.ndarray:
    """Return a series of the horizon as cells; NaN in those that are not used."""
    found = np.full((task.weeks, *task.used.shape), np.nan)
    found[:, task.used] = np.asarray(series).reshape(task.weeks, -1)
    return found


# -- files --------------------------------------------------------------------------

METHODS: dict[str, tuple[str, Callable[[], tuple[Method, str]]]] = {
    "lightgbm": ("lightgbm", lightgbm),
    "prophet": ("prophet", partial(prophet, "linear")),
    "prophet-flat": ("prophet", partial(prophet, "flat")),
    "mstl-arima": ("statsforecast", mstl_arima),
    "seasonal-es": ("statsforecast", seasonal_es),
}
"""Package, and what imports it and returns forecast and note, by name of the method."""


def read_tasks(folder: Path) -> dict[pd.Timestamp, Task]:
    """Read a task folder; return what is known at each origin."""
    asked = json.loads((folder / "task.json").read_text("utf-8"))
    calls = pd.read_csv(folder / "calls.csv", parse_dates=["timestamp"])
    days = pd.read_csv(folder / "days.csv", parse_dates=["date"])
    first, at = days["date"].iloc[0], calls["timestamp"].dt
    if not (days["date"].diff().iloc[1:] == pd.Timedelta(days=1)).all():
        raise ValueError("Expected days.csv to hold every date once, in order.")
    minutes, slot = np.unique(at.hour * 60 + at.minute, return_inverse=True)
    table = np.full((len(days), len(minutes)), np.nan)
    table[(at.normalize() - first).dt.days, slot] = calls["calls"]
    found = {}
    for origin in map(pd.Timestamp, asked["origins"]):
        until = (origin - first).days
        end = until + WEEK * asked["weeks"]
        if until < SHORTEST * WEEK or end > len(days):
            raise ValueError(
                f"Expected days.csv to hold {SHORTEST} weeks before {origin:%Y-%m-%d} "
                f"and {asked['weeks']} from it on; it begins on {first:%Y-%m-%d} "
                f"and holds {len(days)} days."
            )
        past = table[until % WEEK : until].reshape(-1, WEEK, len(minutes))
        dates = days.iloc[until % WEEK : end].reset_index(drop=True)
        found[origin] = Task(past, dates, minutes, asked["weeks"])
    return found


def to_rows(origin: pd.Timestamp, task: Task, made: Forecast) -> pd.DataFrame:
    """Return the forecast of one origin as rows: open cells, nothing below zero."""
    ahead = task.days.iloc[-WEEK * task.weeks :]
    is_open = ahead["open"].to_numpy(bool).reshape(task.weeks, WEEK, 1)
    times = ahead["date"].to_numpy()[:, None] + task.minutes.astype("timedelta64[m]")
    rows = pd.DataFrame({"origin": origin.date(), "timestamp": times.ravel()})
    for name, values in made.items():
        rows[name] = np.maximum(np.ravel(values), 0).round(3)
    return rows[np.ravel(is_open & task.used)]


def main(folder: Path, method: str) -> None:
    """Forecast from every origin of a task folder, and write what came out."""
    package, prepare = METHODS[method]
    forecast, note = prepare()
    tasks, tables, spent = read_tasks(folder), [], 0.0
    for origin, task in tasks.items():
        began = os.times()
        made = forecast(task)
        spent += sum(os.times()[:4]) - sum(began[:4])  # and of programs it has run
        tables.append(to_rows(origin, task, made))
    pd.concat(tables).to_csv(
        folder / f"{method}.csv", index=False, date_format="%Y-%m-%d %H:%M"
    )
    said = {
        "cpu_seconds_per_origin": round(spent / len(tasks), 3),
        "version": f"{package} {version(package)}",
        "note": note,
    }
    (folder / f"{method}.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in METHODS:
        raise SystemExit(f"Expected a task folder and one of {', '.join(METHODS)}.")
    warnings.simplefilter("ignore")  # means over nothing, and the packages' own
    main(Path(sys.argv[1]), sys.argv[2])
