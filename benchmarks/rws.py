"""The benchmark of rotating workforce scheduling: the 20 classic instances.

It has a model of its own (`benchmarks.rws_model`), as the engine plans people with
names, not weeks of a cycle. Each plan is written as CSV, read back, and judged by
`benchmarks.rws_evaluator`.

``python -m benchmarks.rws INSTANCE.txt PLAN.csv`` writes the plan of one instance.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.lines import FileError
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.rws_evaluator import evaluate, read_instance, read_plan, write_plan
from benchmarks.rws_model import search
from benchmarks.sets import budget_of, cases_in, file_of, row_of
from benchmarks.tables import how_many
from benchmarks.tables import table as columns_of
from scheduler.engine.solver import Budget

FOLDER = "rws"
WORKERS = 8
"""Solver threads, on two cores as well: their searches differ, and one is lucky."""

SECONDS = 600.0
"""Budget of the command that writes one plan."""

DECIDED = {"infeasible": "proved infeasible"}
"""What is an answer here, and would be a failure of those who look for rosters."""

SHOWN = ("case", "employees", "shifts", "status", "elapsed", "rounds", "hard")


def cases(data: Path | None) -> list[str]:
    """Return the names of the instances."""
    return [path.stem for path in cases_in(data, FOLDER, "Example*.txt")]


def run(task: Task) -> Row:
    """Decide an instance; ``hard`` counts the rules that its plan breaks."""
    path = file_of(task, FOLDER)
    instance = read_instance(path)
    budget, workers = budget_of(task), 1 if task.deterministic else WORKERS
    answer = search(instance, budget, seed=task.seed, workers=workers)
    figures: Row = {
        "employees": instance.weeks,
        "shifts": len(instance.need),
        "status": DECIDED.get(answer.status, answer.status),
        "rounds": answer.rounds,
        "elapsed": round(budget.elapsed, 2),
    }
    if answer.plan is not None:
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / "plan.csv"
            write_plan(written, answer.plan)
            broken = evaluate(instance, read_plan(written, instance))
        figures["hard"] = len(broken)
    return row_of(task, path, workers=workers, **figures)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as Markdown."""
    return columns_of(rows, SHOWN)


BENCHMARK = Benchmark(
    name="rws",
    about="a cyclic plan for a rotating workforce, or the proof that there is none",
    cases=cases,
    run=run,
    table=table,
    methods=("circulation",),
    short=20,
    brief=5.0,
    headline=lambda rows: how_many(rows, "decided", ("feasible", "infeasible")),
)


def main(arguments: Sequence[str]) -> int:
    """Write the plan of one instance; 3 says that there is none, 4 that none is known.

    2 is for words or a file that make no sense.
    """
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    if not target.parent.is_dir():
        print(f"{target}: found no such folder; expected one.", file=sys.stderr)
        return 2
    try:
        instance = read_instance(source)
    except FileError as error:
        print(error, file=sys.stderr)
        return 2
    answer = search(instance, Budget(SECONDS), seed=1, workers=WORKERS)
    print(DECIDED.get(answer.status, answer.status))
    if answer.plan is None:
        return 3 if answer.status in DECIDED else 4
    write_plan(target, answer.plan)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
