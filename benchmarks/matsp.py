"""The benchmark of multi-activity shift scheduling: 75 instances of seven days.

It has a search of its own (`benchmarks.matsp_search`), as its shifts start and last as
one likes, where the engine has a menu of them. Each roster is written in the format of
the published solutions, read back, and judged by `benchmarks.matsp_evaluator`.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.matsp_evaluator import (
    Verdict,
    evaluate,
    read_instance,
    read_roster,
    write_roster,
)
from benchmarks.matsp_search import Case, search
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.sets import budget_of, cases_in, file_of, keep_best, row_of
from benchmarks.tables import how_many
from benchmarks.tables import table as columns_of

FOLDER = "matsp"
PUBLISHED = {"1_7_10_1": 383, "10_7_20_3": 193}
"""Values of the two published solutions; no others were found."""

SHOWN = (
    "case",
    "people",
    "activities",
    "seconds",
    "status",
    "cost",
    "bound",
    "best_known",
    "hard",
)


def cases(data: Path | None) -> list[str]:
    """Return the names of the instances, the smallest first."""
    return [path.stem for path in cases_in(data, FOLDER, "*_7_*.txt")]


def run(task: Task) -> Row:
    """Find a roster; ``hard`` counts the rules it breaks, missing heads among them."""
    path = file_of(task, FOLDER)
    instance = read_instance(path)
    case, budget = Case(instance), budget_of(task)

    def judge(file: Path) -> Verdict:
        return evaluate(instance, read_roster(file, instance))

    table = search(case, budget, task.seed)
    figures: Row = {
        "people": len(instance.staff),
        "activities": instance.activities,
        "bound": case.bound(),
        "best_known": PUBLISHED.get(task.case, ""),
        "elapsed": round(budget.elapsed, 1),
    }
    if table is None:
        return row_of(task, path, status="infeasible", **figures)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "roster.xml"
        write_roster(written, case.roster(table))
        verdict = judge(written)
        keep_best(task, written, FOLDER, judge)
    figures |= {"cost": verdict.objective, "hard": len(verdict.broken)}
    if verdict.broken:
        return row_of(task, path, status="unknown", **figures)
    proved = verdict.objective == case.bound()
    return row_of(task, path, status="optimal" if proved else "feasible", **figures)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as Markdown."""
    return columns_of(rows, SHOWN)


BENCHMARK = Benchmark(
    name="matsp",
    about="shifts of free length, split into activities, in intervals of 15 minutes",
    cases=cases,
    run=run,
    table=table,
    methods=("annealing",),
    seconds=600.0,
    short=10,
    brief=30.0,
    headline=lambda rows: how_many(rows, "proved", ("optimal",)),
)
