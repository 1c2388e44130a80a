"""Solve cases, audit what comes back, and keep a row of figures for each run."""

import csv
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import scheduler as sc
from scheduler.files.read import Plan
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_outputs
from scheduler.report.calendars import write_calendars

HERE = Path(__file__).parent
RESULTS, README = HERE / "results", HERE / "README.md"
SHOWN = (
    "case",
    "people",
    "days",
    "seed",
    "seconds",
    "status",
    "cost",
    "bound",
    "gap",
    "hard",
    "short_hours",
    "over_hours",
    "service_level",
    "legal_after",
)
"""Columns of the tables; the files have more."""


def run_case(
    name: str, folder: Path, *, seconds: float, seed: int, effort: float | None = None
) -> dict[str, Any]:
    """Solve a case folder and return its row.

    Parameters
    ----------
    name, folder
        What the row is called, and where the case lies.
    seconds, seed, effort
        Budget and seed of the solve.
    """
    began = monotonic()
    plan = sc.read_case(folder)
    read = monotonic() - began
    result = sc.solve(plan.case, seconds=seconds, seed=seed, effort=effort)
    row: dict[str, Any] = {
        "case": name,
        "people": len(plan.case.agents),
        "days": plan.case.days,
        "seed": seed,
        "seconds": seconds,
        "elapsed": round(result.seconds, 1),
        "status": result.status,
        "stop": result.stop_reason,
        "read_s": round(read, 2),
    }
    if result.usable:
        row |= _figures(result, seconds) | _from_files(plan, result)
    return row | where(result.workers)


def _from_files(plan: Plan, result: sc.Result) -> dict[str, Any]:
    """Return the cost of the roster in the files written, and how long those took."""
    assert result.roster is not None
    with tempfile.TemporaryDirectory() as folder:
        out, began = Path(folder) / "out", monotonic()
        write_outputs(plan, result, out)
        written = monotonic()
        write_calendars(Path(folder) / "calendars", plan.case, result.roster)
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


def _figures(result: sc.Result, seconds: float) -> dict[str, Any]:
    """Return what the audit, made anew, says of the roster."""
    assert result.roster is not None
    found = sc.audit(result.roster)
    figures = sc.kpi(result.roster, found)
    legal = [step.seconds for step in result.trace if step.cost is not None]
    gap = (found.cost - result.bound) / max(1, found.cost)
    return {
        "coverage_cost": found.cost_by_rule().get("coverage.need", 0),
        "coverage_in_bound": result.coverage_in_bound,
        "gap_at_quarter": _gap_at(result, seconds / 4),
        "gap_at_half": _gap_at(result, seconds / 2),
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
    }


def _gap_at(result: sc.Result, seconds: float) -> float | str:
    """Return the gap as it stood after some time; empty where nothing was legal."""
    steps = [step for step in result.trace if step.seconds <= seconds]
    costs = [step.cost for step in steps if step.cost is not None]
    bound = max((step.bound or 0 for step in steps), default=0)
    return round((costs[-1] - bound) / max(1, costs[-1]), 4) if costs else ""


def where(workers: int) -> dict[str, Any]:
    """Return what a row says of versions, machine and commit."""
    return {
        "rosterwright": version("rosterwright"),
        "ortools": version("ortools"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "workers": workers,
        "commit": _commit(),
    }


def _commit() -> str:
    """Return the commit of the checkout, with a + where files differ from it."""
    with suppress(OSError, subprocess.CalledProcessError):
        commit = _git("rev-parse", "--short", "HEAD")
        code = (".", ":!benchmarks/results", ":!*.md")
        dirty = _git("-C", "..", "status", "--porcelain", "--", *code)
        return f"{commit}+" if dirty else commit
    return "unknown"


def _git(*words: str) -> str:
    command = ("git", "-C", str(HERE), *words)
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.strip()


# -- what is kept and shown ---------------------------------------------------------


def write_results(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of one benchmark's last run."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as a Markdown table.

    Examples
    --------
    >>> print(table([{"case": "demo", "cost": 4120, "gap": 0.031}]).splitlines()[2])
    | demo |  |  |  |  |  | 4,120 |  | 3.1% |  |  |  |  |  |
    """
    lines = [SHOWN, ("---",) * len(SHOWN)]
    lines += [tuple(_shown(name, row.get(name, "")) for name in SHOWN) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("_", " ")


def _shown(name: str, value: object) -> str:
    if isinstance(value, float) and name in ("gap", "service_level"):
        return f"{value:.1%}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value or "")


def place_table(
    text: str, name: str, rows: Sequence[Mapping[str, Any]], shown: str = ""
) -> str:
    """Return the text of a page with one benchmark's table and its origin replaced.

    Parameters
    ----------
    text
        Holds the marks ``<!-- name -->`` and ``<!-- end of name -->``.
    name, rows
        The benchmark and its runs.
    shown
        Its table, where it is not the usual one.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    if not found or end not in rest:
        return text
    one = next((row for row in rows if row.get("commit")), {})
    if not one:
        return text
    commits = dict.fromkeys(row["commit"] for row in rows if row.get("commit"))
    origin = (
        f"Commit {', '.join(commits)}, ortools {one['ortools']}, "
        f"Python {one['python']}, {one['cores']} cores ({one['machine']}).\n"
    )
    after = rest.partition(end)[2]
    return f"{before}{begin}{shown or table(rows)}\n{origin}{end}{after}"
