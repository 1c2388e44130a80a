"""The peer that everybody builds first: one CP-SAT model of person x day x shift.

It is OR-Tools' shift scheduling example grown up: given the same rules by the same
encodings, the same breaks, time and threads; nothing but the decomposition is missing.
"""

from pathlib import Path
from time import monotonic

import numpy as np

import scheduler as sc
from benchmarks.keep import input_of, where
from benchmarks.registry import Row, Task
from benchmarks.rosters import write_roster
from scheduler.engine.model import RosterModel
from scheduler.engine.solver import Budget, cores, run


def solve_one_model(folder: Path, out: Path, task: Task) -> Row:
    """Solve a case folder as one model and return its row; no cost where it found none.

    Parameters
    ----------
    folder, out
        Where the case lies, and where the roster is put.
    task
        What the row is called, budget (the making of the model included) and seed.
    """
    case, limits = sc.read_case(folder).case, task.limits
    began, budget = monotonic(), Budget(limits["seconds"], limits["effort"])
    everything = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(sc.Roster.empty(case), case.rules, everything)
    built = monotonic() - began
    workers = 1 if task.deterministic else cores()
    outcome = run(
        model.cp,
        budget,
        seconds=limits["seconds"],
        effort=1e9,
        seed=task.seed,
        workers=workers,
    )
    row: Row = {
        "case": task.case,
        "people": len(case.agents),
        "days": case.days,
        "seed": task.seed,
        "seconds": task.seconds,
        "built": round(built, 1),
        "elapsed": round(monotonic() - began, 1),
        "status": "feasible" if outcome.found else "unknown",
        "bound": outcome.bound,
        "input": input_of(folder),
    }
    row |= where(workers)
    if outcome.found:
        roster = model.read(outcome.value)
        found = sc.audit(roster)
        row |= {"cost": found.cost, "hard": len(found.hard)}
        write_roster(roster, out)
    return row
