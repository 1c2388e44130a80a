"""Solve one case in a session of its own, whose memory is added up as it runs.

``python -m benchmarks.one CASE OUT --method engine --seconds 60 --seed 1`` prints a row
and leaves roster.csv and duties.csv in OUT.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep

from benchmarks.registry import Row, Task

Method = Callable[[Path, Path, Task], Row]
"""Solves a case folder, leaves a roster in another folder, and returns a row."""

METHODS = {
    "engine": "benchmarks.run:run_case",
    "one model": "benchmarks.one_model:solve_one_model",
    "pulp": "benchmarks.with_pulp:solve_with_pulp",
    "pyworkforce": "benchmarks.with_pyworkforce:solve_with_pyworkforce",
    "greedy": "benchmarks.greedy:solve_greedily",
}
GRACE = 300.0
"""Seconds beyond its budget, for writing and reading too, until a run is ended."""
SAMPLE = 0.2
"""Seconds between two looks at its memory."""
SHARE = 0.9
"""Share of the machine's memory that is a peer's address space."""


def run_apart(folder: Path, out: Path, task: Task) -> Row:
    """Run a task on a case folder and return its row, with the memory it took.

    Parameters
    ----------
    folder, out
        The case, and where the roster is put.
    task
        One of ``METHODS``, what the row is called, budget and seed.
    """
    words = [sys.executable, "-m", "benchmarks.one", str(folder), str(out)]
    words += ["--case", task.case, "--method", task.method, "--seed", str(task.seed)]
    words += ["--seconds", str(task.seconds)]
    words += ["--deterministic"] * task.deterministic
    seconds = task.limits["seconds"]
    until, most = monotonic() + seconds + max(GRACE, seconds / 2), 0
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            while child.poll() is None and monotonic() < until:
                most = max(most, _held(child.pid))
                sleep(SAMPLE)
        finally:
            with suppress(ProcessLookupError):  # and what it has left behind
                os.killpg(child.pid, signal.SIGKILL)
        assert child.stdout is not None
        said = child.stdout.read()
    row: Row = {"case": task.case, "method": task.method}
    row |= {"seed": task.seed, "seconds": task.seconds}
    if said.strip():
        row |= json.loads(said.splitlines()[-1])
    elif child.returncode > 0:
        row |= {"status": "failed", "why": f"exit code {child.returncode}"}
    else:
        late = "its time was over" if monotonic() >= until else ""
        row |= {"status": "killed", "why": late or f"signal {-child.returncode}"}
    return row | {"memory_mib": round(most / 2**20)}


def _held(session: int) -> int:
    """Return the bytes that all processes of a session hold now."""
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            if int(fields[3]) == session:
                pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE")


def method(name: str) -> Method:
    """Return what runs a method."""
    module, _, function = METHODS[name].partition(":")
    found: Method = getattr(import_module(module), function)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the row of one run as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.one", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--case", default="case")
    parser.add_argument("--method", choices=METHODS, default="engine")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deterministic", action="store_true")
    asked = parser.parse_args(arguments)
    task = Task(asked.case, asked.method, asked.seed, asked.seconds)
    task = task._replace(deterministic=asked.deterministic)
    if asked.method != "engine":  # which watches over its memory itself
        most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (int(SHARE * most),) * 2)
    with tempfile.TemporaryDirectory() as folder:
        out = asked.out or Path(folder, "out")
        try:
            row = method(asked.method)(asked.folder, out, task)
        except MemoryError:
            row = {"status": "killed", "why": "no memory was left"}
        print(json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
