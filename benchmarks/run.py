"""Solve a case, audit what comes back, and tell its figures."""

import sys
import tempfile
from pathlib import Path
from time import monotonic

import scheduler as sc
from benchmarks.keep import input_of, where
from benchmarks.registry import Row, Task
from constraints import Case
from scheduler.cli.progress import progress
from scheduler.files.read import Plan
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_outputs
from scheduler.report.calendars import write_calendars

POINTS = 24
"""Most points of a trace."""


def solve(case: Case, task: Task) -> sc.Result:
    """Solve a case within a task's limits; a terminal shows how that is getting on."""
    with progress(quiet=not sys.stderr.isatty()) as on_step:
        return sc.solve(case, **task.limits, on_step=on_step)


def run_case(folder: Path, out: Path, task: Task) -> Row:
    """Solve a case folder, write what comes out, and return its row.

    Parameters
    ----------
    folder, out
        Where the case lies, and where its results are put.
    task
        What the row is called, budget and seed.
    """
    began = monotonic()
    plan = sc.read_case(folder)
    read = monotonic() - began
    result = solve(plan.case, task)
    row: Row = {
        "case": task.case,
        "people": len(plan.case.agents),
        "days": plan.case.days,
        "seed": task.seed,
        "seconds": task.seconds,
        "elapsed": round(result.seconds, 1),
        "status": result.status,
        "stop": result.stop_reason,
        "read_s": round(read, 2),
        "input": input_of(folder),
    }
    if result.usable:
        row |= _figures(result, task.seconds) | _from_files(plan, result, out)
    return row | where(result.workers)


def run_folder(folder: Path, task: Task) -> Row:
    """Solve a case folder as `run_case` does, and keep nothing but the row."""
    with tempfile.TemporaryDirectory() as out:
        return run_case(folder, Path(out) / "out", task)


def _from_files(plan: Plan, result: sc.Result, out: Path) -> Row:
    """Return the cost of the roster in the files written, and how long those took."""
    assert result.roster is not None
    began = monotonic()
    write_outputs(plan, result, out)
    written = monotonic()
    with tempfile.TemporaryDirectory() as folder:
        write_calendars(Path(folder), plan.case, result.roster)
    calendars = monotonic() - written
    roster = read_roster(out / "roster.csv", plan.case)
    read = monotonic()
    cost = sc.audit(roster).cost
    return {
        "cost_of_files": cost,
        "audit_s": round(monotonic() - read, 2),
        "write_s": round(written - began - calendars, 2),
        "calendars_s": round(calendars, 2),
    }


def _figures(result: sc.Result, seconds: float) -> Row:
    """Return what the audit, made anew, says of the roster."""
    assert result.roster is not None
    found = sc.audit(result.roster)
    figures = sc.kpi(result.roster, found)
    legal = [step.seconds for step in result.trace if step.cost is not None]
    gap = (found.cost - result.bound) / max(1, found.cost)
    gaps = gaps_of(result)
    return {
        "coverage_cost": found.cost_by_rule().get("coverage.need", 0),
        "coverage_in_bound": result.coverage_in_bound,
        "gap_at_quarter": _gap_at(gaps, seconds / 4),
        "gap_at_half": _gap_at(gaps, seconds / 2),
        "cost": found.cost,
        "bound": result.bound,
        "gap": round(gap, 4),
        "hard": len(found.hard),
        "short_hours": figures["short_hours"],
        "over_hours": figures["over_hours"],
        "required_hours": figures["required_hours"],
        "paid_hours": figures["paid_hours"],
        "service_level": figures["service_level"],
        "legal_after": round(legal[0], 1) if legal else "",
        "trace": trace_of(gaps),
    }


def gaps_of(result: sc.Result) -> list[tuple[float, float]]:
    """Return the gap after each step of a solve, from the first legal roster on."""
    found, cost, bound = [], None, 0
    for step in result.trace:
        cost = step.cost if step.cost is not None else cost
        bound = max(bound, step.bound or 0)
        if cost is not None:
            found.append((step.seconds, (cost - bound) / max(1, cost)))
    return found


def _gap_at(gaps: list[tuple[float, float]], seconds: float) -> float | str:
    """Return the gap as it stood after some time; empty where nothing was legal."""
    known = [gap for at, gap in gaps if at <= seconds]
    return round(known[-1], 4) if known else ""


def trace_of(gaps: list[tuple[float, float]]) -> str:
    """Return gaps by second in short: the first, the last, and the largest steps.

    Examples
    --------
    >>> trace_of([(0.9, 0.82), (15.0, 0.187), (15.2, 0.187), (60.0, 0.164)])
    '0.9:82.00% 15.0:18.70% 60.0:16.40%'
    """
    steps = list(zip([1.0, *(gap for _, gap in gaps)], gaps, strict=False))
    fall = sorted((before - gap for before, (_, gap) in steps), reverse=True)
    least = max(0.0005, fall[POINTS - 1] if len(fall) > POINTS else 0.0)
    last = len(steps) - 1
    return " ".join(
        f"{at:.1f}:{gap:.2%}"
        for number, (before, (at, gap)) in enumerate(steps)
        if number in (0, last) or before - gap >= least
    )


def read_trace(trace: str) -> list[tuple[float, float]]:
    """Return seconds and gap of each point of a trace.

    Examples
    --------
    >>> read_trace("0.9:82.0% 15.0:0.07%")
    [(0.9, 0.82), (15.0, 0.0007)]
    """
    points = (point.split(":") for point in trace.split())
    return [(float(at), round(float(gap.rstrip("%")) / 100, 5)) for at, gap in points]
