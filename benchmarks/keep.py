"""What is kept of runs: their rows, where they were made, and from what."""

import csv
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.registry import Row, Task
from scheduler.engine.solver import cores

HERE = Path(__file__).parent
RESULTS, README = HERE / "results", HERE / "README.md"
OTHER_PYTHON = HERE.parent / ".bench-venv" / "bin" / "python"
"""The interpreter with other packages; ``make bench-env`` sets it up."""

OF_THE_MACHINE = frozenset(
    (
        *("elapsed", "built", "legal_after", "cpu_s", "least_s", "median_s"),
        "worst_s",
        *("read_s", "audit_s", "write_s", "calendars_s"),
        *("gap_at_quarter", "gap_at_half", "trace", "memory_mib"),
    )
)
"""Columns of time and memory: all others repeat where a run is deterministic."""


class Key(NamedTuple):
    """What tells one run from another."""

    case: str
    method: str
    seed: int
    seconds: float
    deterministic: bool


def key_of(row: Mapping[str, Any]) -> Key:
    """Return the key of a row.

    Examples
    --------
    >>> key_of({"case": "demo bank", "seed": "1", "seconds": "60.0"})
    Key(case='demo bank', method='engine', seed=1, seconds=60.0, deterministic=False)
    """
    return Key(
        row["case"],
        row.get("method") or "engine",
        int(row.get("seed") or 1),
        float(row.get("seconds") or 0),
        str(row.get("deterministic")) == "True",
    )


def key_of_task(task: Task) -> Key:
    """Return the key that the rows of a task have."""
    return Key(task.case, task.method, task.seed, task.seconds, task.deterministic)


def stamped(task: Task, row: Row) -> Row:
    """Return a row that says which run it is of, and where that was made."""
    key = key_of_task(task)._asdict()
    if not task.deterministic:
        del key["deterministic"]
    return key | row | key | {k: v for k, v in where().items() if k not in row}


def read_rows(path: Path) -> list[Row]:
    """Return the rows of earlier runs; none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: cell for name, cell in row.items() if cell != ""}
            for row in csv.DictReader(file)
        ]


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of a benchmark, whole or not at all."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.new")
    with beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    beside.replace(path)


def hash_of(files: Iterable[Path]) -> str:
    """Return the SHA-256 of some files, as ``sha256sum * | sha256sum`` prints it.

    Names are in the order of their bytes (``LC_ALL=C``); folders are passed over.
    """
    lines = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(files, key=lambda path: path.name)
        if path.is_file()
    )
    return hashlib.sha256(lines.encode()).hexdigest()


def input_of(path: Path) -> str:
    """Return what a row says of its folder or file: the beginning of the hash of it."""
    if path.is_dir():
        return hash_of(path.iterdir())[:16]
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def where(workers: int | None = None) -> dict[str, Any]:
    """Return what a row says of versions, machine and commit.

    ``cores`` are those that a run may use, eight at most.
    """
    said = {
        "rosterwright": version("rosterwright"),
        "ortools": version("ortools"),
        "python": platform.python_version(),
        "machine": processor(),
        "cores": cores(),
        "workers": workers,
        "commit": commit(),
    }
    return {name: value for name, value in said.items() if value is not None}


def processor() -> str:
    """Return the name of the processor; its kind where the system tells no name."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            what, _, name = line.partition(":")
            if what.strip() == "model name":
                return " ".join(name.split())
    return platform.machine()


def commit() -> str:
    """Return the commit of the checkout, with a + where files differ from it."""
    with suppress(OSError, subprocess.CalledProcessError):
        found = _git("rev-parse", "--short", "HEAD")
        code = (".", ":!benchmarks/results", ":!*.md", ":!docs/*.png")
        dirty = _git("-C", "..", "status", "--porcelain", "--", *code)
        return f"{found}+" if dirty else found
    return "unknown"


def _git(*words: str) -> str:
    command = ("git", "-C", str(HERE), *words)
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.strip()
