"""The peer that everybody builds first: one CP-SAT model of person x day x shift.

It is given the same rules by the same encodings, the same breaks, time and threads;
nothing but the decomposition is missing.
"""

from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

import scheduler as sc
from benchmarks.run import where
from scheduler.engine.model import RosterModel
from scheduler.engine.solver import Budget, cores, run


def solve_one_model(
    name: str, folder: Path, *, seconds: float, seed: int, effort: float | None = None
) -> dict[str, Any]:
    """Solve a case folder as one model and return its row; no cost where it found none.

    Parameters
    ----------
    name, folder
        What the row is called, and where the case lies.
    seconds, seed, effort
        Budget, the making of the model included, and seed of the solve.
    """
    case = sc.read_case(folder).case
    began, budget = monotonic(), Budget(seconds, effort)
    everything = np.ones((len(case.agents), case.days), bool)
    model = RosterModel(sc.Roster.empty(case), case.rules, everything)
    built = monotonic() - began
    outcome = run(
        model.cp, budget, seconds=seconds, effort=1e9, seed=seed, workers=cores()
    )
    row: dict[str, Any] = {
        "case": name,
        "people": len(case.agents),
        "days": case.days,
        "seed": seed,
        "seconds": seconds,
        "built": round(built, 1),
        "elapsed": round(monotonic() - began, 1),
        "status": "feasible" if outcome.found else "unknown",
        "bound": outcome.bound,
    }
    row |= where(cores())
    if outcome.found:
        found = sc.audit(model.read(outcome.value))
        row |= {"cost": found.cost, "hard": len(found.hard)}
    return row
