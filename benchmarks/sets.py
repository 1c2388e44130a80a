"""What benchmarks of published instances share: files, budgets and rows."""

import re
from collections.abc import Callable, Sized
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from benchmarks.keep import input_of, where
from benchmarks.lines import FileError
from benchmarks.registry import Row, Task
from scheduler.engine.solver import Budget


class Judged(Protocol):
    """What an evaluator says of a roster."""

    @property
    def objective(self) -> int:
        """What it costs."""

    @property
    def broken(self) -> Sized:
        """The hard rules it breaks."""


def cases_in(data: Path | None, folder: str, pattern: str) -> list[Path]:
    """Return the instance files of a set, by the numbers in their names."""
    if data is None:
        return []
    files = (data / folder).glob(pattern)
    return sorted(files, key=lambda path: [*map(int, re.findall(r"\d+", path.stem))])


def file_of(task: Task, folder: str) -> Path:
    """Return the instance file of a task."""
    assert task.data is not None
    return task.data / folder / f"{task.case}.txt"


def budget_of(task: Task) -> Budget:
    """Return the budget of a task, made when it begins."""
    return Budget(task.limits["seconds"], task.limits["effort"])


def keep_best(
    task: Task, written: Path, folder: str, judge: Callable[[Path], Judged]
) -> None:
    """Keep a roster among the results of a task where none that is kept is as cheap.

    Parameters
    ----------
    task
        Nothing is kept where it has no folder of results, or counts work.
    written, folder
        The file of the roster, and the folder of its set.
    judge
        The evaluator of a file; one that breaks a rule, or cannot be read, is none.
    """
    found = judge(written)
    if task.results is None or task.deterministic or found.broken:
        return
    kept = task.results / folder / f"{task.case}{written.suffix}"
    with suppress(FileError):
        stands = judge(kept)
        if stands.objective <= found.objective and not stands.broken:
            return
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_suffix(".new")
    beside.write_bytes(written.read_bytes())
    beside.replace(kept)


def row_of(task: Task, path: Path, *, workers: int = 1, **figures: object) -> Row:
    """Return the row of a task on an instance file.

    Parameters
    ----------
    task, path
        What was run, and the file whose hash the row has.
    workers
        Solver threads.
    figures
        What came out, by column.
    """
    row: Row = {
        "case": task.case,
        "method": task.method,
        "seed": task.seed,
        "seconds": task.seconds,
    }
    return row | figures | {"input": input_of(path)} | where(workers)
