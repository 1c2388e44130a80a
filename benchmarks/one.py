"""Solve one case in a process of its own, so that its memory is its own as well.

``python -m benchmarks.one CASE --method engine --seconds 60 --seed 1`` prints a row.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from os import wait4
from pathlib import Path
from typing import Any

from benchmarks.one_model import solve_one_model
from benchmarks.run import run_case

METHODS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "engine": run_case,
    "one model": solve_one_model,
}
GRACE = 60.0
"""Seconds beyond its budget after which a run is ended."""


def run_apart(
    method: str, name: str, folder: Path, *, seconds: float, seed: int
) -> dict[str, Any]:
    """Run a method on a case folder and return its row, with the memory it took.

    Parameters
    ----------
    method, name
        One of ``METHODS``; what the row is called.
    folder, seconds, seed
        The case, the budget and the seed.
    """
    words = [sys.executable, "-m", "benchmarks.one", str(folder), "--name", name]
    words += ["--method", method, "--seconds", str(seconds), "--seed", str(seed)]
    limit = ["timeout", "--signal=KILL", str(seconds + max(GRACE, seconds / 2))]
    with subprocess.Popen(limit + words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, usage = wait4(child.pid, 0)
        child.returncode = status
    row = {"case": name, "method": method, "seed": seed, "seconds": seconds}
    if said.strip():
        row |= json.loads(said.splitlines()[-1])
    else:
        row["status"] = "killed" if status else "nothing"
    return row | {"memory_mib": round(usage.ru_maxrss / 1024)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the row of one run as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.one", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--method", choices=METHODS, default="engine")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    solve = METHODS[asked.method]
    row = solve(asked.name, asked.folder, seconds=asked.seconds, seed=asked.seed)
    print(json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
