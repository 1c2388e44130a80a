"""The shift scheduling instances 1..24 as cases: the program's own rules and engine."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import scheduler as sc
from benchmarks.curtois_evaluator import (
    Duty,
    Instance,
    Verdict,
    evaluate,
    read_instance,
    read_roster,
)
from benchmarks.lines import text_of
from benchmarks.pictures import draw_traces
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.run import gaps_of, solve, trace_of
from benchmarks.sets import cases_in, file_of, keep_best, row_of
from benchmarks.tables import table as columns_of
from constraints import OFF, Agent, Case, Roster, Shift, read_rules
from constraints.case import OPEN, Limit, Request
from forecasts.clock import Clock
from forecasts.requirement import Requirement

FOLDER = "curtois"
MONDAY = date(2026, 3, 2)  # the instances have no dates, but begin on a Monday


def case_of(name: str, instance: Instance) -> Case:
    """Return an instance as a case.

    Shifts all begin at midnight, as the instances say nothing of times. Limits of one
    person are those of limits.csv, days off are pinned.

    Parameters
    ----------
    name
        What the case is called.
    instance
        As `read_instance` gives it; times in minutes, days from 0.

    Raises
    ------
    ValueError
        Where heads short, or beyond what is asked, have several prices.
    """
    codes = list(instance.shifts)
    people = list(instance.staff)
    clock = Clock(MONDAY, instance.days, 60)
    required = Requirement(
        clock,
        ("calls",),
        np.zeros((1, clock.intervals), np.int64),
        np.zeros(clock.intervals, bool),
    )
    pins = np.full((len(people), instance.days), OPEN, np.int16)
    limits, wishes = [], []
    for number, employee in enumerate(instance.staff.values()):
        pins[number, sorted(employee.days_off)] = OFF
        own = {
            ("hours.range", "least_minutes"): employee.least_minutes,
            ("hours.range", "most_minutes"): employee.most_minutes,
            ("sequence.run", "most_days"): employee.longest_run,
            ("sequence.min_run", "least_days"): employee.shortest_run,
            ("sequence.min_rest_run", "least_days"): employee.shortest_rest,
            ("weekends.most", "most"): employee.most_weekends,
        }
        own |= {("shifts.most", code): most for code, most in employee.most_of.items()}
        limits += [
            Limit(agent=number, rule=rule, parameter=parameter, value=value)
            for (rule, parameter), value in own.items()
        ]
    for kind, asked in (
        ("shift", instance.on_requests),
        ("not-shift", instance.off_requests),
    ):
        wishes += [
            Request(
                agent=people.index(wish.duty.employee),
                day=wish.duty.day,
                kind=kind,
                value=wish.duty.shift,
                weight=wish.weight,
            )
            for wish in asked
        ]
    prices = {(row.under, row.over) for row in instance.cover}
    if len(prices) > 1:
        raise ValueError(f"Expected one price of cover, got {sorted(prices)}.")
    short, over = prices.pop()
    cover = np.full((instance.days, len(codes)), -1, np.int64)
    for row in instance.cover:
        cover[row.day, codes.index(row.shift)] = row.required
    pairs = [
        f"{code}>{after}"
        for code, shift in instance.shifts.items()
        for after in sorted(shift.not_next)
    ]
    rules = read_rules(
        "none",
        {
            "coverage.shift": {"short": short, "over": over},
            "requests": {},
            "hours.range": {},
            "sequence.run": {},
            "sequence.min_run": {},
            "sequence.min_rest_run": {},
            "sequence.forbidden": {"pairs": ", ".join(pairs)},
            "shifts.most": {},
            "weekends.most": {},
        },
    )
    return Case(
        name=name,
        clock=clock,
        agents=tuple(Agent(id=employee) for employee in people),
        shifts=tuple(
            Shift(
                code=code,
                shift_class="day",
                start=0,
                end=shift.minutes,
                paid_minutes=shift.minutes,
            )
            for code, shift in instance.shifts.items()
        ),
        requirement=required,
        rules=rules,
        requests=tuple(wishes),
        limits=tuple(limits),
        pins=pins,
        cover=cover,
    )


def duties_of(roster: Roster) -> list[Duty]:
    """Return a roster in the terms of the instances."""
    case = roster.case
    return [
        Duty(case.agents[agent].id, day, case.shifts[roster.table[agent, day]].code)
        for agent, day in np.argwhere(roster.table != OFF).tolist()
    ]


def cases(data: Path | None) -> list[str]:
    """Return the names of the instances."""
    return [path.stem for path in cases_in(data, FOLDER, "Instance*.txt")]


def run(task: Task) -> Row:
    """Solve an instance; the evaluator judges the roster as its file has it."""
    path, published = file_of(task, FOLDER), known_of(task)
    known = published.get("best_known", "")
    instance = read_instance(path)
    case = case_of(task.case, instance)

    def judge(file: Path) -> Verdict:
        return evaluate(instance, read_roster(file, instance))

    result = solve(case, task)
    row: Row = {
        "people": len(case.agents),
        "days": case.days,
        "shifts": len(case.shifts),
        "status": result.status,
        "bound": result.bound,
        "elapsed": round(result.seconds, 1),
        "best_known": known,
        "lower_bound": published.get("lower_bound", ""),
    }
    if result.roster is not None:
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / f"{task.case}.csv"
            write_roster(written, result.roster)
            verdict = judge(written)
            keep_best(task, written, FOLDER, judge)
        found = sc.audit(result.roster)
        gaps = gaps_of(result)
        row |= {
            "cost": found.cost,
            "cost_of_evaluator": verdict.objective,
            "hard": len(found.hard),
            "hard_of_evaluator": len(verdict.broken),
            "gap": round((found.cost - result.bound) / max(1, found.cost), 4),
            "over_best": _over(found.cost, known),
            "bound_under_best": _over(known, result.bound),
            "trace": trace_of(gaps),
        }
    return row_of(task, path, workers=result.workers, **row)


def _over(cost: object, least: object) -> object:
    """Return by which share of the second the first is above it, where both are."""
    if not isinstance(cost, int) or not isinstance(least, int) or not least:
        return ""
    return round(cost / least - 1, 5)


def known_of(task: Task) -> dict[str, int]:
    """Return best known value and bound of an instance, as best_known.csv has them.

    ``best_known`` and ``lower_bound`` by name; none where the file does not say.

    Raises
    ------
    FileError
        Where there is no such file among the published instances.
    """
    assert task.data is not None
    said = text_of(task.data / "best_known.csv")
    for line in csv.DictReader(said.splitlines()):
        if (line["set"], line["instance"]) == (FOLDER, task.case):
            return {
                name: int(line[name])
                for name in ("best_known", "lower_bound")
                if line[name]
            }
    return {}


def write_roster(path: Path, roster: Roster) -> None:
    """Write a roster as the evaluator reads it: employee, day, shift."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Duty._fields)
        writer.writerows(duties_of(roster))


SHOWN = (
    *("case", "people", "days", "shifts", "seconds", "status", "bound"),
    *("cost", "best_known", "over_best", "bound_under_best", "hard_of_evaluator"),
)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as Markdown."""
    return columns_of(rows, SHOWN)


def _headline(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return medians, as a year of 100 people has no bound yet."""
    return {
        told: median(known)
        for told, name in (("gap", "gap"), ("gap over best known", "over_best"))
        if (known := [float(row[name]) for row in rows if row.get(name)])
    }


BENCHMARK = Benchmark(
    name="curtois",
    about="shift scheduling instances 1..24, under general rules, by our engine",
    cases=cases,
    run=run,
    table=table,
    seconds=600.0,
    budgets={f"Instance{number}": 3600.0 for number in range(19, 25)},
    longer=3600.0,
    short=1,
    headline=_headline,
    picture=draw_traces,
)
