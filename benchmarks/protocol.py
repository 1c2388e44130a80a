"""Which runs are asked for; runs them, keeps their rows and publishes those."""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.keep import (
    README,
    RESULTS,
    Key,
    commit,
    key_of,
    key_of_task,
    read_rows,
    stamped,
    write_rows,
)
from benchmarks.lines import FileError
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.tables import place_table

DOCS = README.parent.parent / "docs"
FIGURES = ("status", "why", "cost", "bound", "gap", "hard", "wape", "level")
FIGURES += ("roster_level", "median_s")
"""What a line of progress says of a row, where it has it."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; empty or None where it says nothing.

    Attributes
    ----------
    cases, methods, seeds, seconds
        What to run, in place of the whole protocol and its budgets.
    data, results
        Folders of the published instances, and of the rows kept.
    fresh, deterministic, short
        Run what has a row as well; count work; the short protocol alone.
    """

    cases: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    seconds: float | None = None
    data: Path | None = None
    results: Path = RESULTS
    fresh: bool = False
    deterministic: bool = False
    short: bool = False

    def tasks(self, of: Benchmark) -> Iterator[Task]:
        """Yield the runs of a benchmark, case by case."""
        every = tuple(of.cases(self.data))
        cases = self.cases or (every[: of.short] if self.short else every)
        seeds = self.seeds or (of.seeds[:1] if self.short else of.seeds)
        for case in cases:
            seconds = of.budget(case)
            if self.short:
                seconds = min(seconds, of.brief)
            if self.seconds is not None and of.seconds:
                seconds = self.seconds
            for method in self.methods or of.methods:
                if of.fits(case, method):
                    for seed in seeds:
                        yield Task(
                            case,
                            method,
                            seed,
                            seconds,
                            self.data,
                            self.deterministic,
                            self.results,
                        )


def run(of: Benchmark, asked: Asked) -> bool:
    """Run what has no row yet, each row being kept at once; return whether all is well.

    The tables and pictures of the project are made anew where its own rows changed.
    """
    path = asked.results / f"{of.name}.csv"
    tasks, began, well = list(asked.tasks(of)), monotonic(), True
    if not tasks:
        print(f"{of.name}: {no_instances(asked.data)}")
        return True
    try:
        for number, task in enumerate(tasks, 1):
            key = key_of_task(task)
            mine = [row for row in read_rows(path) if key_of(row) == key]
            told = f"[{number}/{len(tasks)}, {_clock(monotonic() - began)}] {of.name}:"
            print(f"{told} {_said(key)}", flush=True)
            kept = any(map(is_there, mine))
            if asked.fresh or not kept:
                made = _run_one(of, task)
                if made and (not kept or any(map(has_ended, made))):
                    # read anew: another command may have added rows meanwhile
                    others = [row for row in read_rows(path) if key_of(row) != key]
                    write_rows(path, sorted(others + made, key=_order(of, asked)))
                mine, when = made, ""
            else:
                when = " (kept from before)"
            for row in mine:
                print(f"    {_figures(row)}{when}", flush=True)
            ours = task.method == of.methods[0]
            well = well and bool(mine) and (not ours or all(map(is_sound, mine)))
    finally:  # of what was broken off, too
        if asked.results == RESULTS:
            publish(of, asked.data)
    keys = set(map(key_of_task, tasks))
    print(of.table([row for row in read_rows(path) if key_of(row) in keys]))
    return well


def _run_one(of: Benchmark, task: Task) -> list[Row]:
    """Return the rows of a task as their file has them; none where it failed.

    A commit that was another one when the run began has a + like files that differ.
    """
    before = commit()
    try:
        found = of.run(task)
    except Exception as error:  # the others are still to be run
        if isinstance(error, FileError):
            print(error, file=sys.stderr)
        else:
            traceback.print_exc()
        return []
    several = [found] if isinstance(found, dict) else found
    changed = {} if commit() == before else {"commit": before.rstrip("+") + "+"}
    return [
        {
            name: str(cell)
            for name, cell in stamped(task, row | changed).items()
            if cell not in (None, "")
        }
        for row in several
    ]


def is_there(row: Mapping[str, Any]) -> bool:
    """Return whether a row tells of a run, and not of why there was none."""
    return row.get("status") not in ("missing", "failed")


def has_ended(row: Mapping[str, Any]) -> bool:
    """Return whether a row tells of a run that came to its end."""
    return is_there(row) and row.get("status") != "killed"


def no_instances(data: Path | None) -> str:
    """Say that there are none, and what to do."""
    named = f"in {data}" if data else "as ROSTERWRIGHT_DATA is not set"
    return f"no instances {named}; see --data"


def is_sound(row: Mapping[str, Any]) -> bool:
    """Return whether a row is of a legal roster, said to be by all who judged it.

    They must agree on its cost, and no bound that is known of the case may be above it,
    or above what is best known. What makes no rosters is sound, and so is what is
    missing here.

    Examples
    --------
    >>> is_sound({"status": "feasible", "hard": "0", "cost": "9", "cost_of_files": "8"})
    False
    >>> is_sound({"status": "feasible", "hard": "0", "cost": "9", "bound": "10"})
    False
    """
    if row.get("status") == "missing":
        return True

    def said(*names: str) -> set[float]:
        return {float(row[name]) for name in names if row.get(name) not in (None, "")}

    costs = said(*COSTS)
    legal = not any(said("hard", "hard_of_evaluator"))
    least = min(costs | said("best_known"), default=inf)
    bounded = max(said("bound", "lower_bound"), default=0) <= least
    return row.get("status") not in FAILED and legal and len(costs) <= 1 and bounded


COSTS = ("cost", "cost_of_files", "cost_of_evaluator")
"""What the audit, the files written and the evaluator say must be the same."""
FAILED = ("killed", "failed", "unknown", "infeasible")
"""What a roster of ours may not be."""


def _order(of: Benchmark, asked: Asked) -> Any:
    """Return what sorts rows as the protocol has them, however they were asked for."""
    cases, methods = list(of.cases(asked.data)), list(of.methods)

    def rank(row: Mapping[str, Any]) -> tuple[object, ...]:
        key = key_of(row)
        case = cases.index(key.case) if key.case in cases else len(cases)
        method = methods.index(key.method) if key.method in methods else len(methods)
        return case, method, key.deterministic, key.seconds, key.seed

    return rank


def in_protocol(
    of: Benchmark, row: Mapping[str, Any], data: Path | None, *, longer: bool = False
) -> bool:
    """Return whether a row is of a run that its benchmark is remembered by.

    Parameters
    ----------
    of, row
        The benchmark, and one of its rows.
    data
        Folder of the published instances; without it, any case counts that is no
        drawn one.
    longer
        Whether runs of the benchmark's longer budget are as well.

    Examples
    --------
    >>> from benchmarks.registry import benchmark
    >>> row = {"case": "demo bank", "seed": "1", "seconds": "60.0"}
    >>> of = benchmark("demo")
    >>> in_protocol(of, row, None), in_protocol(of, row | {"seed": "2"}, None)
    (True, False)
    """
    key, cases = key_of(row), of.cases(data)
    budgets = [of.budget(key.case), *([of.longer] if longer and of.longer else ())]
    case = key.case in cases or not cases
    named = key.method in of.methods and key.seed in of.seeds
    return case and named and key.seconds in budgets and not key.deterministic


def publish(of: Benchmark, data: Path | None) -> None:
    """Replace a benchmark's table, origin and picture by those of its protocol."""
    rows = [
        row
        for row in read_rows(RESULTS / f"{of.name}.csv")
        if in_protocol(of, row, data, longer=True)
    ]
    if rows:
        place(of.name, rows, of.table)
        if of.picture:
            of.picture(rows, DOCS / f"{of.name}.png")


def place(
    name: str,
    rows: Sequence[Row],
    table: Callable[[Sequence[Mapping[str, Any]]], str],
) -> None:
    """Put the table of rows on the page, between the marks of a name."""
    page = README.read_text(encoding="utf-8")
    README.write_text(place_table(page, name, rows, table(rows)), encoding="utf-8")


def _said(key: Key) -> str:
    said = f"{key.case}, {key.method}, seed {key.seed}"
    said += f", {key.seconds:g} s" if key.seconds else ""
    return said + " of work" * (key.deterministic and key.seconds > 0)


def _figures(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {row[name]}" for name in FIGURES if row.get(name))


def _clock(seconds: float) -> str:
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}"
