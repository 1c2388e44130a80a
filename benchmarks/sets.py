"""What benchmarks of published instances share: files, budgets, rows and tables."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.keep import where
from benchmarks.registry import Row, Task
from scheduler.engine.solver import Budget


def cases_in(data: Path | None, folder: str, pattern: str) -> list[Path]:
    """Return the instance files of a set, by the numbers in their names."""
    if data is None:
        return []
    files = (data / folder).glob(pattern)
    return sorted(files, key=lambda path: [*map(int, re.findall(r"\d+", path.stem))])


def file_of(task: Task, folder: str) -> Path | None:
    """Return the instance file of a task; None where it is not there."""
    path = None if task.data is None else task.data / folder / f"{task.case}.txt"
    return path if path is not None and path.is_file() else None


def budget_of(task: Task) -> Budget:
    """Return the budget of a task.

    Where seconds count work, elapsed time only guards against hanging.
    """
    if task.deterministic:
        return Budget(10 * task.seconds + 60, task.seconds)
    return Budget(task.seconds)


def row_of(
    task: Task, path: Path | None, *, workers: int = 1, **figures: object
) -> Row:
    """Return the row of a task; without a file it says that the instance is missing."""
    row: Row = {
        "case": task.case,
        "method": task.method,
        "seed": task.seed,
        "seconds": task.seconds,
    }
    if path is None:
        why = f"no file of {task.case} in {task.data}; see --data"
        return row | {"status": "missing", "why": why} | where(workers)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return row | figures | {"input": digest} | where(workers)


def markdown(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return some columns of rows as a Markdown table.

    Examples
    --------
    >>> print(markdown([{"case": "one", "elapsed": 0.25}], ["case", "elapsed"]))
    | case | elapsed |
    | --- | --- |
    | one | 0.2 |
    <BLANKLINE>
    """
    lines = [[name.replace("_", " ") for name in columns], ["---"] * len(columns)]
    lines += [[_shown(row.get(name, "")) for name in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
