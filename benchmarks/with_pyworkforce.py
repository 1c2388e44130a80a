"""The peer from the package index: pyworkforce, in an environment of its own."""

import json
import subprocess
import tempfile
from pathlib import Path
from time import monotonic

import numpy as np

import scheduler as sc
from benchmarks.keep import HERE, OTHER_PYTHON, input_of
from benchmarks.registry import Row, Task
from benchmarks.rosters import write_roster
from constraints.case import OFF
from scheduler.engine.solver import cores

DAY = 1440


def solve_with_pyworkforce(folder: Path, out: Path, task: Task) -> Row:
    """Let pyworkforce choose shifts, write the roster, and say how it went.

    `benchmarks.others_roster` says what it is told, and what it cannot be told.
    """
    if task.deterministic:
        return {"status": "missing", "why": "pyworkforce has no limit of work"}
    if not OTHER_PYTHON.exists():
        return {"status": "missing", "why": f"no {OTHER_PYTHON}: make bench-env"}
    case, began = sc.read_case(folder).case, monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "task.json")
        path.write_text(json.dumps(_task(case, task.seconds)), encoding="utf-8")
        words = [str(OTHER_PYTHON), str(HERE / "others_roster.py"), str(path)]
        run = subprocess.run(words, capture_output=True, text=True, check=False)
    row: Row = {"people": len(case.agents), "days": case.days}
    if "No module named 'pyworkforce" in run.stderr:
        return row | {"status": "missing", "why": "pyworkforce: make bench-env"}
    if run.returncode:
        return row | {"status": "failed", "why": run.stderr.splitlines()[-1][:200]}
    said = json.loads(run.stdout.splitlines()[-1])
    agents = {agent.id: number for number, agent in enumerate(case.agents)}
    shifts = {shift.code: number for number, shift in enumerate(case.shifts)}
    table = np.full((len(agents), case.days), OFF, np.int16)
    for agent, day, shift in said["rows"]:
        table[agents[agent], day] = shifts[shift]
    write_roster(sc.Roster(case, table), out)
    row |= {"status": "heuristic", "elapsed": round(monotonic() - began, 1)}
    return row | {"version": said["version"], "input": input_of(folder)}


def _task(case: sc.Case, seconds: float) -> dict[str, object]:
    """Return what can be said to it: queues together, nights within their own day."""
    size = case.clock.interval_minutes
    heads = case.requirement.heads.sum(axis=0).reshape(case.days, DAY // size)
    shifts = []
    for number, shift in enumerate(case.shifts):
        cover = [0] * (DAY // size)
        for interval in range(-(-shift.start // size), shift.end // size):
            cover[interval % len(cover)] = 1
        hours = int(case.paid[case.past, number]) / 60
        one = {"code": shift.code, "class": shift.shift_class, "cover": cover}
        shifts.append(one | {"hours": hours})
    nights = case.of_class("night")
    people = [
        {
            "id": agent.id,
            "hours": agent.week_minutes // 60,
            "classes": sorted(
                {
                    case.shifts[shift].shift_class
                    for shift in np.flatnonzero(case.suits[number])
                    if agent.protected is None or shift not in nights
                }
            ),
            "away": np.flatnonzero(~case.free_to_work[number].any(axis=1)).tolist(),
        }
        for number, agent in enumerate(case.agents)
    ]
    return {
        "people": people,
        "shifts": shifts,
        "need": heads.tolist(),
        "seconds": seconds,
        "workers": cores(),
    }
