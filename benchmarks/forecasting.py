"""The benchmark of forecasts: real histories, rolling origins, ours beside others.

Every Monday (or weekday on which the window begins) the four weeks ahead are forecast
from what lay before, by each of our models through the public `forecast`, and by other
packages where ``make bench-env`` has installed them. Those live in an environment of
their own and exchange CSV; see `benchmarks.others`.
"""

import csv
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import forecasts as fc
from benchmarks.keep import HERE, OTHER_PYTHON, input_of, where
from benchmarks.real import calls_folder
from benchmarks.registry import Benchmark, Row, Task
from forecasts.cleaning import clean
from forecasts.columns import day_columns
from forecasts.models import METHODS
from forecasts.spread import count_quantile

Floats = NDArray[np.float64]

LEADS = (1, 2, 4)
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
OURS = ("auto", *METHODS)
OTHERS = ("lightgbm", "prophet", "prophet-flat", "mstl-arima", "seasonal-es")
SECONDS = "seconds"
"""The case, and the series, of rows of times."""


class Window(NamedTuple):
    """Weeks forecast of one history, and what is asked of the error at each lead."""

    series: str
    window: str
    file: str
    minutes: int
    first_day: date
    weeks: int
    asked: tuple[float, ...] = ()

    @property
    def case(self) -> str:
        """Name as a case."""
        return f"{self.series}, {self.window}"


BANK, DESK = "na_bank_2003_5min.csv", "ed_arrivals_2013_2018_hourly.csv"
WINDOWS = (
    Window("bank", "target", BANK, 15, date(2003, 9, 1), 8, (0.062, 0.065, 0.068)),
    Window("bank", "8 weeks before", BANK, 15, date(2003, 7, 7), 8),
    Window("arrivals", "last 8 weeks", DESK, 60, date(2018, 2, 4), 8, (0.323,) * 3),
    Window("arrivals", "26 weeks before", DESK, 60, date(2017, 8, 6), 26, (0.323,) * 3),
)
SMOKE = Window("drawn", "one week", "", 60, date(2018, 10, 1), 1)
CALENDAR = fc.Calendar.build("US", range(2002, 2020))


@dataclass(frozen=True)
class Made:
    """Forecasts of all weeks of a window at one lead; arrays of intervals.

    ``quantiles`` has a row for each of `QUANTILES`, or none.
    """

    seen: Floats
    mean: Floats
    quantiles: Floats | None


def run(task: Task) -> list[Row]:
    """Return the rows of a method on a window, one a lead; or those of times."""
    if task.case == SECONDS:
        return list(second_rows(task.seed))
    window = {window.case: window for window in (*WINDOWS, SMOKE)}[task.case]
    if task.method not in OURS and not OTHER_PYTHON.exists():
        return [{"status": "missing", "why": f"no {OTHER_PYTHON}: make bench-env"}]
    try:
        history = real_history(window)
    except FileNotFoundError as error:
        return [{"status": "missing", "why": str(error)}]
    run = our_rows if task.method in OURS else _other
    read = {"input": input_of(calls_folder() / window.file)} if window.file else {}
    return [row | read | where(1) for row in run(window, history, task.method)]


def real_history(window: Window) -> fc.History:
    """Return a public history on the grid of its window; a drawn one for the smoke."""
    if not window.file:
        start = window.first_day - timedelta(weeks=40)
        calendar, minutes = CALENDAR, window.minutes
        return fc.synthetic_bank(
            start, 301, 1, interval_minutes=minutes, calendar=calendar
        )
    text = (calls_folder() / window.file).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "calls.csv")
        path.write_text(text.replace(",calls", ",offered", 1), encoding="utf-8")
        return fc.read_calls(path).resampled(window.minutes)


def _origins(window: Window) -> list[date]:
    """Return the first day of each forecast; the first are for the longest lead."""
    weeks = range(1 - max(LEADS), window.weeks)
    return [window.first_day + timedelta(weeks=week) for week in weeks]


def _seen(window: Window, history: fc.History, week: int) -> Floats:
    """Return a week's calls of the window by interval, NaN where unknown."""
    start = (window.first_day - history.first_day).days + 7 * week
    week_calls = np.full((7, history.slots), np.nan)
    known = history.calls[0, start : start + 7]
    week_calls[: len(known)] = known
    return week_calls.ravel()


# -- ours -----------------------------------------------------------------------------


def our_rows(
    window: Window, history: fc.History, method: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one of our models, one a lead."""
    origins, began = _origins(window), process_time()
    made = [_forecast(history, origin, method) for origin in origins]
    seconds = (process_time() - began) / len(origins)
    picked = sorted({one.method[0] for one in made})
    length = 7 * history.slots

    def weekly(lead: int) -> Made:
        seen, mean, cv = [], [], []
        for week in range(window.weeks):
            one = made[week - lead + max(LEADS)]
            part = slice(length * (lead - 1), length * lead)
            seen.append(_seen(window, history, week))
            mean.append(one.calls[0, part])
            cv.append(one.cv[0, part])
        seen_, mean_, cv_ = map(np.concatenate, (seen, mean, cv))
        quantiles = np.stack([count_quantile(mean_, cv_, q) for q in QUANTILES])
        return Made(seen_, mean_, quantiles)

    for lead in LEADS:
        row = _row(window, history, method, lead, weekly(lead))
        yield row | {"cpu_s": round(seconds, 3), "picked": " ".join(picked)}


def _forecast(history: fc.History, origin: date, method: str) -> fc.Forecast:
    past = clean(history.until(origin), CALENDAR).history
    clock = fc.Clock(origin, 7 * max(LEADS), history.interval_minutes)
    return fc.forecast(past, clock, CALENDAR, method=method)


# -- others ---------------------------------------------------------------------------


def _other(
    window: Window, history: fc.History, method: str
) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder)
        write_task(task, window, history)
        words = [str(OTHER_PYTHON), str(HERE / "others.py"), str(task), method]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
        if run.returncode:
            said = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
            why = said[-1][:200]
            lacking = "No module named" in why
            yield {"status": "missing" if lacking else "failed", "why": why}
            return
        said = json.loads((task / f"{method}.json").read_text(encoding="utf-8"))
        with (task / f"{method}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    by_place = {(row["origin"], row["timestamp"][:16]): row for row in rows}
    for lead in LEADS:
        made = _made(window, history, by_place, lead)
        row = _row(window, history, method, lead, made)
        seconds = round(said["cpu_seconds_per_origin"], 3)
        yield row | {"cpu_s": seconds, "picked": said["version"]}


def write_task(folder: Path, window: Window, history: fc.History) -> None:
    """Write what other packages are given: calls, what is known of days, origins."""
    origins = [str(origin) for origin in _origins(window)]
    task = {"interval_minutes": window.minutes, "origins": origins, "weeks": max(LEADS)}
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    with (folder / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timestamp", "calls"])
        for day, slot in np.argwhere(~np.isnan(history.calls[0])).tolist():
            stamp = _stamp(history, day, slot)
            writer.writerow([stamp, f"{history.calls[0, day, slot]:.0f}"])
    days = history.days + 7 * max(LEADS)
    seen = ~np.isnan(history.calls[0])
    is_open = [
        bool(
            seen[
                (history.first_day.weekday() + np.arange(history.days)) % 7 == day
            ].any()
        )
        for day in range(7)
    ]
    columns = day_columns(CALENDAR, history.first_day, days, is_open)
    names = [re.sub(r"\W+", "_", name) for name in columns.names]
    with (folder / "days.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "open", "kind", "name", *names])
        for day in range(days):
            on = history.first_day + timedelta(days=day)
            known = day < history.days
            opened = seen[day].any() if known else is_open[on.weekday()]
            figures = columns.table[day].astype(int).tolist()
            kind, name = CALENDAR.kind(on) or "", CALENDAR.name(on)
            writer.writerow([on, int(opened), kind, name, *figures])


def _stamp(history: fc.History, day: int, slot: int) -> str:
    minute = slot * history.interval_minutes
    on = history.first_day + timedelta(days=day)
    return f"{on} {minute // 60:02}:{minute % 60:02}"


def _made(
    window: Window,
    history: fc.History,
    rows: Mapping[tuple[str, str], Mapping[str, str]],
    lead: int,
) -> Made:
    """Gather the rows of one lead; intervals without one count as no calls."""
    first = next(iter(rows.values()))
    names = [f"q{q}" for q in QUANTILES]
    has_quantiles = all(name in first for name in names)
    seen, found = [], []
    for week in range(window.weeks):
        seen.append(_seen(window, history, week))
        monday = window.first_day + timedelta(weeks=week)
        origin = str(monday - timedelta(weeks=lead - 1))
        day = (monday - history.first_day).days
        for place in range(7 * history.slots):
            stamp = _stamp(history, day + place // history.slots, place % history.slots)
            row = rows.get((origin, stamp))
            keys = ["calls", *(names if has_quantiles else [])]
            found.append([float(row[key]) if row else 0.0 for key in keys])
    figures = np.array(found).T
    quantiles = figures[1:] if has_quantiles else None
    return Made(np.concatenate(seen), figures[0], quantiles)


# -- figures --------------------------------------------------------------------------


def _row(
    window: Window, history: fc.History, method: str, lead: int, made: Made
) -> dict[str, Any]:
    known = ~np.isnan(made.seen)
    seen, off = made.seen[known], (made.mean - made.seen)[known]
    row: dict[str, Any] = {
        "series": window.series,
        "window": window.window,
        "method": method,
        "weeks_ahead": lead,
        "asked": window.asked[LEADS.index(lead)] if window.asked else "",
        "wape": round(np.abs(off).sum() / seen.sum(), 5),
        "mase": round(np.abs(off).mean() / _naive_error(window, history), 4),
        "bias": round(off.sum() / seen.sum(), 5),
    }
    if made.quantiles is None:
        return row
    levels = dict(zip(QUANTILES, made.quantiles[:, known], strict=True))
    losses = [
        np.maximum(q * (seen - level), (q - 1) * (seen - level)).mean()
        for q, level in levels.items()
    ]
    for name, low, high in (("cover80", 0.1, 0.9), ("cover95", 0.025, 0.975)):
        inside = (levels[low] <= seen) & (seen <= levels[high])
        row[name] = round(float(inside.mean()), 4)
    return row | {"pinball": round(float(np.mean(losses)), 4)}


def _naive_error(window: Window, history: fc.History) -> float:
    """Return the error of repeating the week before, in the past of a window."""
    past = history.until(window.first_day).calls[0]
    off = np.abs(past[7:] - past[:-7])
    return float(off[~np.isnan(off)].mean())


# -- seconds --------------------------------------------------------------------------


def second_rows(seed: int) -> Iterator[dict[str, Any]]:
    """Yield how long forecasts take: one queue, and fifty of them."""
    start, days = date(2024, 1, 1), 731
    calendar = fc.Calendar.build("CN", range(2023, 2028))
    one = fc.synthetic_bank(
        start, days, seed, interval_minutes=15, calls_per_day=20_000, calendar=calendar
    )
    ahead = fc.Clock(start + timedelta(days=days), 42, 15)
    for method in ("profile", "auto"):
        seconds = []
        for _ in range(5):
            began = perf_counter()
            fc.forecast(one, ahead, calendar, method=method)
            seconds.append(perf_counter() - began)
        what = f"one queue, two years of 15 min, six weeks ahead, {method}"
        yield _took(what, seconds, 0.5)
    rng = np.random.default_rng(seed)
    calls = rng.poisson(one.calls * rng.uniform(0.05, 1.0, (50, 1, 1))).astype(float)
    names = tuple(f"queue {number}" for number in range(50))
    fifty = fc.History(names, 15, start, calls)
    began = perf_counter()
    fc.forecast(fifty, fc.Clock(ahead.first_day, 7, 15), calendar)
    what = "fifty of them, the best of seven models each over 8 origins, a week ahead"
    yield _took(what, [perf_counter() - began], 60.0)


def _took(what: str, seconds: Sequence[float], asked: float) -> dict[str, Any]:
    return {
        "series": SECONDS,
        "what": what,
        "runs": len(seconds),
        "least_s": round(min(seconds), 3),
        "median_s": round(median(seconds), 3),
        "asked": asked,
    }


# -- what is shown --------------------------------------------------------------------


def forecast_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table a window, a line a method, the best first; and one of times."""
    groups: dict[tuple[str, str], dict[str, dict[int, Mapping[str, Any]]]] = {}
    times = ["| what | runs | seconds: least | median | asked |", "|" + " --- |" * 5]
    for row in rows:
        if row.get("status") in ("missing", "failed"):
            continue
        if row["series"] == SECONDS:
            cells = ("what", "runs", "least_s", "median_s", "asked")
            times.append(_line(str(row[name]) for name in cells))
            continue
        methods = groups.setdefault((row["series"], row["window"]), {})
        methods.setdefault(row["method"], {})[int(row["weeks_ahead"])] = row
    tables = [_window_table(key, methods) for key, methods in groups.items()]
    return "\n".join([*tables, *times]) + "\n"


def _window_table(
    key: tuple[str, str], methods: Mapping[str, Mapping[int, Mapping[str, Any]]]
) -> str:
    first = next(iter(methods.values()))
    asked = [str(first[lead].get("asked", "")) for lead in LEADS]
    bars = " / ".join(f"{float(each):.1%}" for each in asked if each)
    heads = [
        "method",
        f"WAPE 1 / 2 / 4 weeks ahead{f' (asked {bars})' if bars else ''}",
        "MASE",
        "bias",
        "80 % covers",
        "95 % covers",
        "pinball 1 week",
        "CPU s an origin",
        "picked, or version",
    ]
    lines = [f"**{key[0]}, {key[1]}**", "", _line(heads), _line(["---"] * len(heads))]

    def error(name: str) -> float:
        return sum(float(methods[name][lead]["wape"]) for lead in LEADS)

    for name in sorted(methods, key=error):
        leads = [methods[name][lead] for lead in LEADS]
        lines.append(
            _line(
                [
                    f"**{name}**" if name in OURS else name,
                    _over(leads, "wape", "{:.2%}"),
                    _over(leads, "mase", "{:.3f}"),
                    _over(leads, "bias", "{:+.1%}"),
                    _over(leads, "cover80", "{:.1%}"),
                    _over(leads, "cover95", "{:.1%}"),
                    _over(leads[:1], "pinball", "{:.2f}"),
                    _over(leads[:1], "cpu_s", "{:.3f}"),
                    str(leads[0]["picked"]) if name in ("auto", *OTHERS) else "",
                ]
            )
        )
    return "\n".join(lines) + "\n"


def _over(leads: Sequence[Mapping[str, Any]], name: str, form: str) -> str:
    values = [str(row.get(name, "")) for row in leads]
    return " / ".join(form.format(float(value)) for value in values if value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _errors(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the errors of ``auto`` a week ahead on the weeks that are judged."""
    return {
        f"error, {row['series']}": float(row["wape"])
        for row in rows
        if row["method"] == "auto"
        and row["case"] in (WINDOWS[0].case, WINDOWS[2].case)
        and str(row.get("weeks_ahead")) == "1"
    }


BENCHMARK = Benchmark(
    name="forecast",
    about="real call histories from rolling origins, other packages beside",
    cases=lambda data: (*(window.case for window in WINDOWS), SECONDS),
    methods=(*OURS, *OTHERS),
    seconds=0,
    run=run,
    table=forecast_table,
    fits=lambda case, method: case != SECONDS or method == OURS[0],
    smoke=(SMOKE.case, 0),
    headline=_errors,
)
