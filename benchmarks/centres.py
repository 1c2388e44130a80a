"""The benchmark of drawn centres: gap, first legal roster and memory by size."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.centre import write_centre
from benchmarks.instances import keep_best
from benchmarks.one import run_apart
from benchmarks.pictures import draw_traces
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.tables import markdown


class Size(NamedTuple):
    """People, seconds, and what is asked of the gap, first legal roster and memory."""

    people: int
    seconds: float
    gap: float
    legal: float
    gib: float


SIZES = (
    Size(50, 60.0, 0.02, 1.0, 1.0),
    Size(200, 120.0, 0.02, 2.0, 2.0),
    Size(1000, 240.0, 0.02, 6.0, 4.0),
    Size(5000, 600.0, 0.03, 40.0, 8.0),
)
SIX = " six-on-one-off"
CASES = {
    f"centre-{size.people}{pack}": size
    for size in SIZES
    for pack in (("", SIX) if size.people in (200, 1000) else ("",))
}
"""Size by case; the seed of a run says which centre is drawn."""
SMOKE = "centre-24"


def run(task: Task) -> Row:
    """Draw a centre and run a method on it, in processes of its own."""
    number, _, pack = task.case.removeprefix("centre-").partition(" ")
    days = 7 if task.case == SMOKE else 28
    with tempfile.TemporaryDirectory() as folder:
        case, out = Path(folder, "case"), Path(folder, "out")
        write_centre(case, int(number), days, task.seed, pack or "bank")
        row = run_apart(case, out, task)
        keep_best(case, out, row, task.results)
    return row


HEADS = (
    "case",
    "seconds",
    "runs",
    "hard",
    "gap: median",
    "worst (asked)",
    "after 1/4",
    "after 1/2",
    "legal after: median",
    "worst (asked)",
    "MiB: worst (asked)",
    "cost: median",
    "of it coverage",
    "its bound",
    "of it coverage",
    "read, audit, write s",
    "one model's cost / ours",
)


def centre_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a Markdown table, a line a case."""
    lines = []
    for case in dict.fromkeys(row["case"] for row in rows):
        mine = [row for row in rows if row["case"] == case]
        ours = [row for row in mine if row["method"] == "engine"]
        peers = [row for row in mine if row["method"] == "one model"]
        if ours:
            lines.append(_line(case, ours, peers))
    return markdown(HEADS, lines)


def _line(
    case: str, ours: Sequence[Mapping[str, Any]], peers: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    def known(name: str) -> list[float]:
        return [float(row[name]) for row in ours if row.get(name) not in (None, "")]

    def middle(name: str, form: str) -> str:
        return format(median(known(name)), form) if known(name) else ""

    def worst(name: str, none: float, form: str, asked: float | None) -> str:
        said = format(max(float(row.get(name) or none) for row in ours), form)
        return said if asked is None else f"{said} ({asked:{form}})"

    size = CASES.get(case)
    ranked = sorted(
        (row for row in ours if row.get("cost")), key=lambda row: float(row["cost"])
    )
    middling = ranked[len(ranked) // 2] if ranked else {}
    yield case
    yield f"{float(ours[0]['seconds']):.0f}"
    yield str(len(ours))
    none = len(ours) - len(known("hard"))
    yield f"{sum(known('hard')):.0f}" + (f", {none} found none" if none else "")
    yield middle("gap", ".2%")
    yield worst("gap", 1, ".2%", size and size.gap)
    yield middle("gap_at_quarter", ".1%")
    yield middle("gap_at_half", ".1%")
    yield middle("legal_after", ".1f")
    yield worst("legal_after", inf, ".1f", size and size.legal)
    yield worst("memory_mib", 0, ",.0f", size and size.gib * 1024)
    for name in ("cost", "coverage_cost", "bound", "coverage_in_bound"):
        yield f"{float(middling[name]):,.0f}" if middling.get(name) else ""
    yield ", ".join(middle(name, ".1f") for name in ("read_s", "audit_s", "write_s"))
    yield _ratio(ours, peers)


def _ratio(
    ours: Sequence[Mapping[str, Any]], peers: Sequence[Mapping[str, Any]]
) -> str:
    """Return the median ratio of costs by seed; where a peer found nothing, how often.

    A roster with hard violations is none.
    """
    found = {
        row["seed"]: float(row["cost"])
        for row in peers
        if row.get("cost") and float(row.get("hard") or 0) == 0
    }
    ratios = [
        found[row["seed"]] / float(row["cost"])
        for row in ours
        if row["seed"] in found and row.get("cost")
    ]
    said = f"{median(ratios):.1f}" if ratios else ""
    none = len(peers) - len(found)
    return f"{said} ({none} of {len(peers)} without a roster)".strip() if none else said


def _gaps(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the median gap of each case."""
    gaps: dict[str, list[float]] = {}
    for row in rows:
        if row["method"] == "engine" and row.get("gap"):
            gaps.setdefault(row["case"], []).append(float(row["gap"]))
    return {
        f"gap {case.removeprefix('centre-')}": median(each)
        for case, each in gaps.items()
    }


BENCHMARK = Benchmark(
    name="centre",
    about="drawn centres of 50 to 5,000 people, three seeds each; hours in all",
    cases=lambda data: tuple(CASES),
    run=run,
    table=centre_table,
    methods=("engine", "one model"),
    budgets={case: size.seconds for case, size in CASES.items()},
    seeds=(1, 2, 3),
    fits=lambda case, method: method == "engine" or SIX not in case,
    smoke=(SMOKE, 3.0),
    headline=_gaps,
    picture=draw_traces,
)
