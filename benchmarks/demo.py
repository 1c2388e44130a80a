"""The benchmark of the demo: the sample case under both rule books."""

import tempfile
from pathlib import Path

from benchmarks.registry import Benchmark, Row, Task
from benchmarks.run import run_folder
from benchmarks.tables import mean_gap, table
from scheduler.demo import write_demo_case

CASES = {"demo bank": "bank", "demo six-on-one-off": "six-on-one-off"}
"""Pack by case; the smoke run has the first, with fewer people for a week."""
SMOKE = "demo of a week"


def run(task: Task) -> Row:
    """Solve the demo under the pack of a case."""
    size = {"people": 24, "days": 7} if task.case == SMOKE else {}
    with tempfile.TemporaryDirectory() as folder:
        write_demo_case(Path(folder), pack=CASES.get(task.case, "bank"), **size)
        return run_folder(Path(folder), task)


BENCHMARK = Benchmark(
    name="demo",
    about="the sample of 60 people and 28 days, under both rule books",
    cases=lambda data: tuple(CASES),
    run=run,
    table=table,
    short=2,
    smoke=(SMOKE, 0.3),
    headline=mean_gap,
)
