"""The benchmark of staffing: methods of load, uncertain days, and seconds.

Days have 10,000 calls in 24 hours. The *smooth* one has two peaks, at 10:30 and 15:30,
over a night of a tenth of the first. The *sharp* one opens at 08:00 and closes at 20:00
within one interval, to a tenth of its rate at night. Patience is exponential with mean
180 s, and a call is in time when it is answered within 10 s, of all offered.

Curves of heads are simulated as two kinds of centre. In the first, as in a roster, who
leaves completes the call they are on and the others stay: `forecasts.simulate`. In the
second, whoever ends a call first leaves, so that calls in progress take up the heads of
the next interval: what modified offered load was made for, and a harder day.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from statistics import NormalDist, median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.keep import where
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.tables import markdown
from forecasts.erlang import heads_needed
from forecasts.load import LOADS, offered_load
from forecasts.simulate import (
    NOBODY,
    Calls,
    Outlook,
    Played,
    draw_calls,
    outlook,
    presences_of,
    replicate,
)

CALLS, PATIENCE, THRESHOLD, TARGET = 10_000, 180.0, 10.0, 0.8
WARM_UP = 4 * 3600
"""Seconds of the night before that are played but not counted."""

METHODS = ("rate", "lag", "mol", "mol-max")
DAYS = (
    ("smooth", 240.0, 30),
    ("smooth", 600.0, 30),
    ("sharp", 240.0, 30),
    ("sharp", 240.0, 15),
    ("sharp", 600.0, 15),
)
"""Profile, handling time in seconds and interval in minutes."""

RULES = (
    ("Erlang A at the mean", PATIENCE, 0.5),
    ("Erlang A at q75 of 10 %", PATIENCE, 0.75),
    ("Erlang A at q90 of 10 %", PATIENCE, 0.9),
    ("Erlang C at the mean", None, 0.5),
)
SPREADS = (0.0, 0.06, 0.10)


def calls_of_day(profile: str, minutes: int) -> np.ndarray:
    """Return mean calls of each interval of a day; shape ``(intervals,)``."""
    hours = (np.arange(0, 1440, minutes) + minutes / 2) / 60
    if profile == "sharp":
        rates = np.where((hours > 8) & (hours < 20), 1.0, 0.1)
    else:
        peaks = ((1.0, 10.5, 2.2), (0.8, 15.5, 2.5))
        rates = 0.1 + sum(
            height * np.exp(-(((hours - at) / width) ** 2) / 2)
            for height, at, width in peaks
        )
    return CALLS * rates / rates.sum()


class Day:
    """One curve of heads, and calls to try it with, the night before included."""

    def __init__(
        self,
        calls: np.ndarray,
        aht: float,
        minutes: int,
        heads: np.ndarray,
        seed: int,
    ) -> None:
        self.seconds, self.aht, self.seed = minutes * 60, aht, seed
        early = WARM_UP // self.seconds
        self.days = np.zeros(len(calls))
        self.calls = np.concatenate([calls[-early:], calls])
        self.heads = np.concatenate([heads[-early:], heads])
        self.start = -float(WARM_UP)
        self.hours = float(heads.sum() * minutes / 60)

    def draw(self, rng: np.random.Generator, spread: float = 0.0) -> Calls:
        """Draw the calls of a day that is busier than forecast by a random factor."""
        return draw_calls(
            rng,
            self.calls * rng.lognormal(*_lognormal(spread)),
            self.aht,
            self.seconds,
            patience_seconds=PATIENCE,
            start=self.start,
        )

    def roster(self, replications: int, spread: float = 0.0) -> Outlook:
        """Return the outlook where all complete the calls they are on."""
        presences = presences_of(self.heads, self.seconds, start=self.start)
        return self._outlook(
            replicate(
                lambda rng: self.draw(rng, spread),
                presences,
                replications=replications,
                seed=self.seed,
            )
        )

    def pool(self, replications: int) -> Outlook:
        """Return the outlook where whoever ends a call first leaves."""
        return self._outlook(
            self._pooled(self.draw(np.random.default_rng([self.seed, replication])))
            for replication in range(replications)
        )

    def _outlook(self, plays: Iterator[Played]) -> Outlook:
        return outlook(
            plays, self.days, self.seconds, threshold_seconds=THRESHOLD, target=TARGET
        )

    def _pooled(self, calls: Calls) -> Played:
        """Play calls on as many phones as the curve says, whoever sits there."""
        ends, changes, rings = range(3)
        gone = (calls.arrival + calls.patience).tolist()
        events = [(at, rings, call) for call, at in enumerate(calls.arrival.tolist())]
        events += [
            (self.start + self.seconds * place, changes, int(heads))
            for place, heads in enumerate([*self.heads, 0])
        ]
        heapify(events)
        wait, agent = calls.patience.copy(), np.full(len(calls), NOBODY)
        waiting: deque[int] = deque()
        heads = busy = 0
        while events:
            now, what, number = heappop(events)
            if what == ends:
                busy -= 1
            elif what == changes:
                heads = number
            else:
                waiting.append(number)
            while waiting and busy < heads:
                call = waiting.popleft()
                if gone[call] > now:
                    wait[call], agent[call] = now - calls.arrival[call], 0
                    heappush(events, (now + calls.handling[call], ends, call))
                    busy += 1
        return Played(calls, wait, agent)


def _lognormal(spread: float) -> tuple[float, float]:
    """Return the parameters of a lognormal factor of mean 1 and a given CV."""
    variance = np.log1p(spread**2)
    return -variance / 2, float(np.sqrt(variance))


def _heads(load: np.ndarray, aht: float, patience: float | None) -> np.ndarray:
    return heads_needed(
        load,
        np.full(len(load), aht),
        threshold_seconds=THRESHOLD,
        target=TARGET,
        patience_seconds=patience,
    )


# -- the three parts ----------------------------------------------------------------


def load_rows(
    seed: int, replications: int = 40, days: Sequence[tuple[str, float, int]] = DAYS
) -> Iterator[Row]:
    """Yield a row for each day and method of load; heads by Erlang C."""
    assert set(METHODS) == set(LOADS)
    for profile, aht, minutes in days:
        calls = calls_of_day(profile, minutes)
        for method in METHODS:
            load = offered_load(calls, aht, minutes, method=method)
            day = Day(calls, aht, minutes, _heads(load, aht, None), seed)
            row = {
                "day": f"{profile}, {aht:.0f} s, {minutes} min",
                "load": method,
                "agent_hours": day.hours,
            }
            for kind, seen in (
                ("roster", day.roster(replications)),
                ("pool", day.pool(replications)),
            ):
                levels = seen.interval_level
                row[f"{kind}_level"] = round(seen.level, 4)
                row[f"{kind}_worst"] = round(float(levels.min()), 4)
                row[f"{kind}_under"] = round(float((levels < TARGET).mean()), 4)
            yield row


def risk_rows(seed: int, replications: int = 1000) -> Iterator[Row]:
    """Yield a row for each way to size and each spread of the day; load by MOL."""
    profile, aht, minutes = DAYS[0]
    calls = calls_of_day(profile, minutes)
    mean, spread = _lognormal(SPREADS[-1])
    for rule, patience, quantile in RULES:
        busier = np.exp(mean + spread * NormalDist().inv_cdf(quantile))
        load = offered_load(calls, aht, minutes) * (1 if quantile == 0.5 else busier)
        day = Day(calls, aht, minutes, _heads(load, aht, patience), seed)
        for true_spread in SPREADS:
            seen = day.roster(replications, true_spread)
            yield {
                "rule": rule,
                "agent_hours": day.hours,
                "day_cv": true_spread,
                "level": round(seen.level, 4),
                "days_under": round(1.0 - float(seen.p_meets[0]), 4),
            }


def speed_rows(seed: int) -> Iterator[Row]:
    """Yield a row for each thing whose seconds are asked for."""
    calls = calls_of_day("smooth", 30)
    heads = _heads(offered_load(calls, 240.0, 30), 240.0, None)
    day = Day(calls, 240.0, 30, heads, seed)
    began = process_time()
    day.roster(200)
    yield _speed("200 days of 10,000 calls, drawn and played", [process_time() - began])
    month = np.tile(calls_of_day("smooth", 30), 28) * np.linspace(0.9, 1.0, 1344)
    month *= 300.0 / month.max()
    large = np.array([5000.0])
    for name, load in (("1,344 intervals up to 300", month), ("5,000", large)):
        for model, patience in (("C", None), ("A", PATIENCE)):
            heads, seconds = _timed(partial(_heads, load, 240.0, patience))
            row = _speed(f"heads for {name} Erlang by Erlang {model}", seconds)
            yield row | {"most_heads": int(heads.max())}


def _timed(run: Callable[[], np.ndarray]) -> tuple[np.ndarray, list[float]]:
    seconds = []
    for _ in range(5):
        began = perf_counter()
        found = run()
        seconds.append(perf_counter() - began)
    return found, seconds


def _speed(what: str, seconds: Sequence[float]) -> Row:
    return {
        "what": what,
        "runs": len(seconds),
        "least_s": round(min(seconds), 4),
        "median_s": round(median(seconds), 4),
    }


PARTS: Mapping[str, Callable[[int], Iterator[Row]]] = {
    "load": load_rows,
    "risk": risk_rows,
    "speed": speed_rows,
    "smoke": partial(load_rows, replications=1, days=DAYS[:1]),
}
"""The rows of each case, given a seed."""


def run(task: Task) -> list[Row]:
    """Return the rows of one part."""
    return [row | where(1) for row in PARTS[task.case](task.seed)]


# -- what is shown ------------------------------------------------------------------

COLUMNS = {
    "load": {
        "day": "",
        "load": "",
        "agent_hours": ",.0f",
        "roster_level": ".3f",
        "roster_worst": ".3f",
        "roster_under": ".0%",
        "pool_level": ".3f",
        "pool_worst": ".3f",
        "pool_under": ".0%",
    },
    "risk": {
        "rule": "",
        "agent_hours": ",.0f",
        "day_cv": ".0%",
        "level": ".3f",
        "days_under": ".0%",
    },
    "speed": {
        "what": "",
        "runs": "",
        "least_s": ".3f",
        "median_s": ".3f",
        "most_heads": ",.0f",
    },
}
"""The columns of each table and how their figures are written."""


def staffing_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as three Markdown tables."""
    return "\n".join(
        markdown(
            [name.replace("_", " ") for name in columns],
            (
                [_shown(row.get(name, ""), form) for name, form in columns.items()]
                for row in rows
                if next(iter(columns)) in row
            ),
        )
        for columns in COLUMNS.values()
    )


def _shown(value: object, form: str) -> str:
    return format(float(str(value)), form) if form and value != "" else str(value)


def _levels(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the share of days under target where they stray by 10 %, by rule."""
    return {
        f"days under, {row['rule']}": float(row["days_under"])
        for row in rows
        if row["case"] == "risk"
        and float(row["day_cv"]) == SPREADS[-1]
        and row["rule"] == RULES[0][0]
    }


BENCHMARK = Benchmark(
    name="staffing",
    about="what methods of load and uncertain days cost, and seconds",
    cases=lambda data: tuple(COLUMNS),
    methods=("erlang",),
    seconds=0,
    run=run,
    table=staffing_table,
    short=3,
    smoke=("smoke", 0),
    headline=_levels,
)
