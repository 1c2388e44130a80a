"""Run benchmarks by name: ``python -m benchmarks demo real``."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.keep import (
    README,
    RESULTS,
    Key,
    commit,
    is_of,
    key_of,
    key_of_task,
    read_rows,
    stamped,
    write_rows,
)
from benchmarks.pictures import draw_releases
from benchmarks.registry import NAMES, Benchmark, Row, Task, benchmark
from benchmarks.releases import add_release, release_table
from benchmarks.run import place_table

DOCS = README.parent.parent / "docs"
FIGURES = ("status", "why", "cost", "bound", "gap", "hard", "wape", "level")
"""What a line of progress says of a row, where it has it."""
LISTED = 20
"""Most cases of a benchmark that a list names."""


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
        cases = self.cases or tuple(of.cases(self.data))
        cases = cases[: of.short] if self.short else cases
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 says that a roster of ours is missing or wrong."""
    parser = _parser()
    said = vars(parser.parse_args(arguments))
    names, listed, release = (said.pop(name) for name in ("names", "list", "release"))
    lists = {name: tuple(said.pop(name)) for name in ("cases", "methods", "seeds")}
    asked = Asked(**lists, **said)
    names = names or list(NAMES if asked.short else ())
    if listed:
        _list(asked)
    elif release:
        add_release(release, asked.results)
        rows = read_rows(asked.results / "releases.csv")
        if asked.results == RESULTS:
            _place("releases", rows, release_table)
            draw_releases(rows, DOCS / "releases.png")
    elif not names or not set(names) <= set(NAMES):
        parser.error(f"Expected names of {', '.join(NAMES)}, got {_words(names)!r}.")
    else:
        for name in names:
            _check(parser, benchmark(name), asked)
        well = [run(benchmark(name), asked) for name in names]
        return int(not all(well))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME")
    add("--list", action="store_true", help="show names, cases and budgets")
    add("--cases", nargs="+", default=(), metavar="CASE", help="these alone")
    add("--methods", nargs="+", default=(), metavar="METHOD", help="these alone")
    add("--seeds", nargs="+", type=int, default=(), metavar="SEED", help="these alone")
    add("--seconds", type=float, help="budget of each run")
    add("--deterministic", action="store_true", help="seconds count work, not time")
    add("--fresh", action="store_true", help="run what has a row as well")
    add("--short", action="store_true", help="first cases and seed; all names if none")
    add(
        "--data", type=Path, default=data_folder(), help="folder of published instances"
    )
    add("--results", type=Path, default=RESULTS, help="folder where rows are kept")
    add("--release", metavar="VERSION", help="keep the headlines of the rows there are")
    return parser


def data_folder() -> Path | None:
    """Return the folder of published instances, where the environment names one."""
    named = os.environ.get("ROSTERWRIGHT_DATA")
    return Path(named, "benchmarks") if named else None


def _check(parser: argparse.ArgumentParser, of: Benchmark, asked: Asked) -> None:
    """End with a message where a benchmark has no such case or method."""
    cases = (*of.cases(asked.data), of.smoke[0])
    if asked.cases and not any(cases):
        parser.error(f"{of.name} has no instances in {asked.data}; see --data.")
    for what, known, named in (
        ("case", cases, asked.cases),
        ("method", of.methods, asked.methods),
    ):
        for name in named:
            if name not in known:
                parser.error(
                    f"{of.name} has no {what} {name!r}; it has {', '.join(known)}."
                )


def _list(asked: Asked) -> None:
    for name in NAMES:
        of = benchmark(name)
        print(f"{name}: {of.about}")
        cases = of.cases(asked.data)
        for case in cases[:LISTED]:
            seconds = of.budget(case)
            print(f"    {case}, {f'{seconds:g} s a run' if seconds else 'no budget'}")
        if len(cases) > LISTED:
            print(f"    and {len(cases) - LISTED} more, to {cases[-1]}")
        print(f"    methods {', '.join(of.methods)}; seeds {_words(of.seeds)}")


def _words(values: Sequence[object]) -> str:
    return " ".join(map(str, values))


# -- runs ---------------------------------------------------------------------------


def run(of: Benchmark, asked: Asked) -> bool:
    """Run what has no row yet, each row being kept at once; return whether all is well.

    The tables and pictures of the project are made anew where its own rows changed.
    """
    path = asked.results / f"{of.name}.csv"
    rows, tasks = read_rows(path), list(asked.tasks(of))
    began, well = monotonic(), True
    if not tasks:
        print(f"{of.name}: no instances in {asked.data}; see --data")
        return True
    try:
        for number, task in enumerate(tasks, 1):
            key = key_of_task(task)
            mine = [row for row in rows if key_of(row) == key]
            told = f"[{number}/{len(tasks)}, {_clock(monotonic() - began)}] {of.name}:"
            print(f"{told} {_said(key)}", flush=True)
            if asked.fresh or not any(map(is_there, mine)):
                made = _run_one(of, task)
                well = well and bool(made)
                if any(map(is_there, made)) or not mine:
                    mine = made
                    rows = [row for row in rows if key_of(row) != key] + mine
                    rows.sort(key=_order(of, asked))
                    write_rows(path, rows)
            print("".join(f"    {_figures(row)}\n" for row in mine), end="", flush=True)
            ours = task.method == of.methods[0]
            well = well and (not ours or all(map(is_sound, mine)))
    finally:  # of what was broken off, too
        if asked.results == RESULTS:
            _publish(of)
    print(of.table(_protocol(of, asked, rows)))
    return well


def _run_one(of: Benchmark, task: Task) -> list[Row]:
    """Return the rows of a task as their file has them; none where it failed.

    A commit that was another one when the run began has a + like files that differ.
    """
    before = commit()
    try:
        found = of.run(task)
    except Exception:  # the others are still to be run
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
    """Return whether a row tells of a run, and not that something is missing here."""
    return row.get("status") != "missing"


def is_sound(row: Mapping[str, Any]) -> bool:
    """Return whether a row is of a legal roster, whose files cost the same.

    What makes no rosters is sound, and so is what is missing on this machine.

    Examples
    --------
    >>> is_sound({"status": "feasible", "hard": "0", "cost": "9", "cost_of_files": "8"})
    False
    """
    if not is_there(row):
        return True
    wrong = row.get("status") in ("killed", "nothing", "unknown", "infeasible")
    legal = str(row.get("hard", 0)) == "0"
    costs = {str(row[name]) for name in COSTS if row.get(name) not in (None, "")}
    return not wrong and legal and len(costs) <= 1


COSTS = ("cost", "cost_of_files", "cost_of_evaluator")
"""What the audit, the files written and the evaluator say must be the same."""


def _order(of: Benchmark, asked: Asked) -> Any:
    """Return what sorts rows as the protocol has them, however they were asked for."""
    cases, methods = list(of.cases(asked.data)), list(of.methods)

    def place(row: Mapping[str, Any]) -> tuple[object, ...]:
        key = key_of(row)
        case = cases.index(key.case) if key.case in cases else len(cases)
        method = methods.index(key.method) if key.method in methods else len(methods)
        return case, method, key.deterministic, key.seconds, key.seed

    return place


def _protocol(of: Benchmark, asked: Asked, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that the table shows: those of the budgets asked for."""
    budgets = {task.case: task.seconds for task in asked.tasks(of)}
    return [
        row
        for row in rows
        if is_of(
            budgets.get(row["case"], of.budget(row["case"])),
            row,
            deterministic=asked.deterministic,
        )
    ]


def _publish(of: Benchmark) -> None:
    """Replace a benchmark's table, origin and picture by those of its protocol."""
    rows = [
        row
        for row in read_rows(RESULTS / f"{of.name}.csv")
        if is_of(of.budget(row["case"]), row) or (of.longer and is_of(of.longer, row))
    ]
    if rows:
        _place(of.name, rows, of.table)
        if of.picture:
            of.picture(rows, DOCS / f"{of.name}.png")


def _place(name: str, rows: Sequence[Row], table: Any) -> None:
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


if __name__ == "__main__":
    # Ended from outside, a run takes its processes along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
