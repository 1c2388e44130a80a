"""The benchmark of peers: the same centres, time and rules, ours and others."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import scheduler as sc
from benchmarks.centre import write_centre
from benchmarks.centre_evaluator import evaluate
from benchmarks.centres import SIZES
from benchmarks.instances import keep_best
from benchmarks.one import METHODS, run_apart
from benchmarks.pictures import draw_peers
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.tables import OURS, markdown, median_cost

CASES = {f"centre-{size.people}": size for size in SIZES if size.people <= 1000}
SMOKE = "centre-24"


def run(task: Task) -> Row:
    """Draw a centre, run a method on it, and score what it has written."""
    people, days = (
        int(task.case.removeprefix("centre-")),
        7 if task.case == SMOKE else 28,
    )
    with tempfile.TemporaryDirectory() as folder:
        case, out = Path(folder, "case"), Path(folder, "out")
        write_centre(case, people, days, task.seed)
        row = run_apart(case, out, task)
        if (out / "roster.csv").exists():
            row |= score(case, out)
            keep_best(case, out, row, task.results if task.method == OURS else None)
    return row


def score(case: Path, out: Path) -> Row:
    """Return what the evaluator and the audit say of a roster, which must agree.

    Raises
    ------
    ValueError
        Where they do not.
    """
    said = evaluate(case, out)
    found = sc.audit(sc.read_roster(out / "roster.csv", sc.read_case(case).case))
    hard: dict[str, int] = {}
    for violation in found.hard:
        hard[violation.rule] = hard.get(violation.rule, 0) + violation.amount
    if (said.cost, dict(said.hard)) != (found.cost, hard):
        raise ValueError(f"Evaluator: {said}; audit: {found.cost_by_rule()}, {hard}.")
    broken = " ".join(f"{rule}:{amount}" for rule, amount in hard.items())
    figures = {"cost": found.cost, "hard": len(found.hard), "broken": broken}
    return figures | {"cost_of_evaluator": said.cost}


# -- what is shown ------------------------------------------------------------------

HEADS = (
    "case",
    "method",
    "seconds",
    "status",
    "elapsed s",
    "MiB",
    "cost",
    "over ours",
    "bound",
    "hard violations: rows (amount by rule)",
)


def peer_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a line a case and method: medians, and violations of the first seed."""
    return markdown(HEADS, _lines(rows))


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    for case in dict.fromkeys(row["case"] for row in rows):
        ours = median_cost(rows, case, OURS)
        for method in dict.fromkeys(row["method"] for row in rows):
            mine = [r for r in rows if (r["case"], r["method"]) == (case, method)]
            if mine:
                yield _line(mine, ours)


def _line(mine: Sequence[Mapping[str, Any]], ours: float | None) -> list[str]:
    def middle(name: str, form: str) -> str:
        known = [float(row[name]) for row in mine if row.get(name)]
        return format(median(known), form) if known else ""

    one, cost = mine[0], middle("cost", ".6f")
    reasons = dict.fromkeys(row["why"] for row in mine if row.get("why"))
    status = ", ".join(dict.fromkeys(row.get("status", "") for row in mine))
    return [
        one["case"],
        one["method"],
        f"{float(one['seconds']):.0f}",
        status + "".join(f" ({why})" for why in reasons),
        middle("elapsed", ",.0f"),
        middle("memory_mib", ",.0f"),
        middle("cost", ",.0f") or "no roster",
        f"{float(cost) / ours:.2f}" if cost and ours else "",
        middle("bound", ",.0f"),
        _broken(one),
    ]


def _broken(row: Mapping[str, Any]) -> str:
    if not row.get("cost"):
        return ""
    if not row.get("broken"):
        return "none"
    parts = (part.split(":") for part in row["broken"].split())
    amounts = ", ".join(f"{rule} {int(amount):,}" for rule, amount in parts)
    return f"{int(row['hard']):,} ({amounts})"


def _ratios(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the best legal peer's cost over ours, by size."""
    found = {}
    for case, size in CASES.items():
        ours = median_cost(rows, case, OURS)
        legal = [
            float(row["cost"])
            for row in rows
            if row["case"] == case
            and row["method"] != OURS
            and row.get("cost")
            and not row.get("broken")
        ]
        if ours and legal:
            found[f"best legal peer / ours, {size.people}"] = round(
                min(legal) / ours, 4
            )
    return found


BENCHMARK = Benchmark(
    name="peers",
    about="ours beside other ways to make the same rosters",
    cases=lambda data: tuple(CASES),
    run=run,
    table=peer_table,
    methods=tuple(METHODS),
    budgets={case: size.seconds for case, size in CASES.items()},
    smoke=(SMOKE, 0.5),
    headline=_ratios,
    picture=draw_peers,
)
