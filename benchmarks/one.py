"""Solve one case in a session of its own, whose memory is added up as it runs.

``python -m benchmarks.one CASE --method engine --seconds 60 --seed 1`` prints a row.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from benchmarks.one_model import solve_one_model
from benchmarks.run import run_case

METHODS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "engine": run_case,
    "one model": solve_one_model,
}
GRACE = 300.0
"""Seconds beyond its budget, for writing and reading too, until a run is ended."""
SAMPLE = 0.2
"""Seconds between two looks at its memory."""


def run_apart(
    method: str,
    name: str,
    folder: Path,
    *,
    seconds: float,
    seed: int,
    effort: float | None = None,
) -> dict[str, Any]:
    """Run a method on a case folder and return its row, with the memory it took.

    Parameters
    ----------
    method, name
        One of ``METHODS``; what the row is called.
    folder, seconds, seed
        The case, the budget and the seed.
    effort
        Work to spend, in units of about a second; None = ``seconds`` alone is the
        limit. With it the roster is the same however busy the machine is.
    """
    words = [sys.executable, "-m", "benchmarks.one", str(folder), "--name", name]
    words += ["--method", method, "--seconds", str(seconds), "--seed", str(seed)]
    words += [] if effort is None else ["--effort", str(effort)]
    until = monotonic() + seconds + max(GRACE, seconds / 2)
    most = 0
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            while child.poll() is None and monotonic() < until:
                most = max(most, _held(child.pid))
                sleep(SAMPLE)
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
        assert child.stdout is not None
        said = child.stdout.read()
    row = {"case": name, "method": method, "seed": seed, "seconds": seconds}
    if said.strip():
        row |= json.loads(said.splitlines()[-1])
    else:
        row["status"] = "killed" if child.returncode else "nothing"
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the row of one run as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks.one", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--method", choices=METHODS, default="engine")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--effort", type=float)
    asked = parser.parse_args(arguments)
    limits = {"seconds": asked.seconds, "seed": asked.seed, "effort": asked.effort}
    row = METHODS[asked.method](asked.name, asked.folder, **limits)
    print(json.dumps(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
