"""What benchmarks of published instances share: files, budgets and rows."""

import hashlib
import re
from pathlib import Path

from benchmarks.keep import where
from benchmarks.registry import Row, Task
from scheduler.engine.solver import Budget


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
    """Return the budget of a task.

    Where seconds count work, elapsed time only guards against hanging.
    """
    if task.deterministic:
        return Budget(10 * task.seconds + 60, task.seconds)
    return Budget(task.seconds)


def row_of(task: Task, path: Path, *, workers: int = 1, **figures: object) -> Row:
    """Return the row of a task on an instance file."""
    row: Row = {
        "case": task.case,
        "method": task.method,
        "seed": task.seed,
        "seconds": task.seconds,
    }
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return row | figures | {"input": digest} | where(workers)
