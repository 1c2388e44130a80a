"""The one place that owns CpSolver: limits, stopping, and values where they are."""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from ortools.sat.python import cp_model

QUICK: dict[
    str, Any
] = {  # for many small models: measured 2-10 times quicker than the defaults
    "linearization_level": 2,
    "max_presolve_iterations": 1,
    "symmetry_level": 0,
    "cp_model_probing_level": 0,
}
NO_LIMIT = 1 << 60
SPARED = 0.8  # share of the memory there is that may be used
LEAST = 0.005  # effort charged for any run, so that trivial ones come to an end
FOUND = (cp_model.OPTIMAL, cp_model.FEASIBLE)


@dataclass
class Budget:
    """What is left to spend: elapsed seconds, effort, and whether to go on at all.

    Attributes
    ----------
    seconds
        Elapsed seconds allowed since the budget was made.
    effort
        Deterministic time allowed in all, in the solver's units; None = no limit. With
        a limit and one worker a run does not depend on the machine's load.
    stop
        Set it to end the run soon.
    """

    seconds: float = 60.0
    effort: float | None = None
    stop: threading.Event | None = None

    def __post_init__(self) -> None:
        self.began = monotonic()
        self.spent = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the budget was made."""
        return monotonic() - self.began

    def spend(self, effort: float) -> None:
        """Take effort off what is left."""
        self.spent += effort

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.seconds - self.elapsed

    @property
    def ticks(self) -> float:
        """What is spent, by the clock that counts: effort where it is limited."""
        return self.elapsed if self.effort is None else self.spent

    @property
    def whole(self) -> float:
        """What may be spent in all, by the same clock."""
        return self.seconds if self.effort is None else self.effort

    @property
    def stopped(self) -> bool:
        """Whether somebody asked to stop."""
        return self.stop is not None and self.stop.is_set()

    @property
    def over(self) -> bool:
        """Whether there is nothing left to spend."""
        spent = self.effort is not None and self.spent >= self.effort
        return self.stopped or spent or self.left <= 0

    @property
    def reason(self) -> str:
        """Why the budget is over."""
        if self.stopped:
            return "interrupted"
        if self.effort is not None and self.spent >= self.effort:
            return "effort"
        return "time" if self.left <= 0 else "failed"


@dataclass(frozen=True)
class Outcome:
    """What a solver run gave.

    Attributes
    ----------
    found, proved, infeasible
        Whether there is a solution; whether it is proved best; whether there can be
        none.
    bound
        No solution is below it; None where nothing is known.
    """

    found: bool
    proved: bool
    infeasible: bool
    bound: int | None
    _value: Callable[[Any], int]

    def value(self, variable: Any) -> int:
        """Return a variable's value; only where a solution was found."""
        if not self.found:
            raise RuntimeError("Expected a solution, got none: values mean nothing.")
        return self._value(variable)


def cores() -> int:
    """Return the processors this process may use, by affinity and container quota."""
    count = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else (os.cpu_count() or 1)
    )
    with suppress(OSError, ValueError):
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        count = min(count, max(1, int(allowed) // int(period)))
    return max(1, min(8, count))


def memory() -> int:
    """Return the bytes of memory this process and its helpers may use, less some."""
    limits = [NO_LIMIT]
    with suppress(AttributeError, OSError, ValueError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return int(SPARED * min(limits))


def run(
    model: cp_model.CpModel,
    budget: Budget,
    *,
    seconds: float,
    effort: float,
    seed: int,
    workers: int,
    on_found: cp_model.CpSolverSolutionCallback | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Outcome:
    """Solve a model within its share of a budget.

    Parameters
    ----------
    model
        The model.
    budget
        The whole budget; what is spent here is taken off it.
    seconds, effort
        Most elapsed seconds and most deterministic time of this run.
    seed, workers
        Random seed; solver threads.
    on_found
        Called with each solution on the way.
    parameters
        Further solver parameters.

    Raises
    ------
    RuntimeError
        Where the model itself is invalid, which is a fault of ours.
    """
    if budget.over:
        return Outcome(False, False, False, None, int)
    solver = cp_model.CpSolver()
    given = solver.parameters
    if budget.effort is None:
        given.max_time_in_seconds = max(0.05, min(seconds, budget.left))
    else:  # the clock on the wall must not decide anything
        given.max_time_in_seconds = max(0.05, budget.left)
        effort = min(effort, budget.effort - budget.spent)
    given.max_deterministic_time = effort
    given.random_seed = seed
    given.num_workers = workers
    given.catch_sigint_signal = False
    for name, value in (parameters or {}).items():
        setattr(given, name, value)
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(budget, solver, ended), daemon=True)
    watch.start()
    try:
        status = solver.solve(model, on_found)
    finally:
        ended.set()
        watch.join()
    budget.spend(max(LEAST, solver.response_proto.deterministic_time))
    if status == cp_model.MODEL_INVALID:
        raise RuntimeError(
            f"Invalid model: {model.validate()} {solver.solution_info()}"
        )
    found = status in FOUND
    bound = None
    if found or status == cp_model.UNKNOWN:
        below = solver.best_objective_bound
        bound = int(-(-(below - 1e-6) // 1)) if abs(below) < 1e15 else None
    return Outcome(
        found,
        status == cp_model.OPTIMAL and not budget.stopped,
        status == cp_model.INFEASIBLE,
        bound,
        solver.value,
    )


def fill_hint(model: cp_model.CpModel, budget: Budget) -> None:
    """Say of every variable what follows from those hinted at, if that is feasible.

    The solver loses a feasible hint that leaves variables out: of 13 windows of 30
    people and three days it found nothing in 4, and something worse than the hint in 5.
    """
    outcome = run(
        model,
        budget,
        seconds=1.0,
        effort=0.1,
        seed=0,
        workers=1,
        parameters={"fix_variables_to_their_hinted_value": True},
    )
    if outcome.proved:
        every = range(len(model.proto.variables))
        values = [outcome.value(model.get_int_var_from_proto_index(n)) for n in every]
        model.proto.clear_solution_hint()
        model.proto.solution_hint.vars.extend(every)
        model.proto.solution_hint.values.extend(values)


def _watch(budget: Budget, solver: cp_model.CpSolver, ended: threading.Event) -> None:
    """Pass a request to stop on to the solver."""
    while not ended.wait(0.05):
        if budget.stopped:
            solver.stop_search()
