"""The benchmark of drawn centres: runs that go on where they stopped; their table."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.centre import write_centre
from benchmarks.one import METHODS, run_apart
from benchmarks.run import write_results

SEEDS = (1, 2, 3)


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
SIX = (200, 1000)
"""Sizes that are rostered under strict six on, one off as well."""


class Run(NamedTuple):
    """One run: a case, a method, a seed and a budget."""

    people: int
    pack: str
    method: str
    seed: int
    seconds: float

    @property
    def case(self) -> str:
        """Name of the case."""
        six = " six-on-one-off" if self.pack != "bank" else ""
        return f"centre-{self.people}{six}"


def runs(people: Iterable[int], methods: Sequence[str]) -> Iterator[Run]:
    """Yield the runs of some sizes."""
    for size in SIZES:
        if size.people not in people:
            continue
        for method in methods:
            for seed in SEEDS:
                yield Run(size.people, "bank", method, seed, size.seconds)
        if size.people in SIX and "engine" in methods:
            for seed in SEEDS:
                yield Run(size.people, "six-on-one-off", "engine", seed, size.seconds)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of earlier runs; none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_centres(
    path: Path, people: Iterable[int], methods: Sequence[str], *, fresh: bool
) -> list[dict[str, Any]]:
    """Run what has no row yet, each row being kept at once; return all rows.

    Parameters
    ----------
    path
        The results; a run that has a row there is passed over.
    people, methods
        Sizes and methods to run.
    fresh
        Whether to run what has a row as well.
    """
    rows = read_rows(path)
    for run in runs(people, methods):
        mine = [row for row in rows if _is(row, run)]
        if mine and not fresh:
            continue
        with tempfile.TemporaryDirectory() as folder:
            write_centre(Path(folder), run.people, seed=run.seed, pack=run.pack)
            row = run_apart(
                run.method,
                run.case,
                Path(folder),
                seconds=run.seconds,
                seed=run.seed,
            )
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        rows = [row for row in rows if not _is(row, run)]
        rows.append({key: str(value) for key, value in row.items()})
        rows.sort(key=_place)
        write_results(path, rows)
    return rows


def _place(row: Mapping[str, Any]) -> int:
    """Return where a row stands among all runs, however they were asked for."""
    every = list(runs([size.people for size in SIZES], list(METHODS)))
    return next((at for at, run in enumerate(every) if _is(row, run)), len(every))


def _is(row: Mapping[str, Any], run: Run) -> bool:
    said = (row["case"], row["method"], str(row["seed"]), float(row["seconds"]))
    return said == (run.case, run.method, str(run.seed), run.seconds)


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
    lines = [HEADS, ("---",) * len(HEADS)]
    for case in dict.fromkeys(row["case"] for row in rows):
        mine = [row for row in rows if row["case"] == case]
        ours = [row for row in mine if row["method"] == "engine"]
        peers = [row for row in mine if row["method"] == "one model"]
        if ours:
            lines.append(tuple(_line(case, ours, peers)))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


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

    size = next(
        (size for size in SIZES if case.split()[0] == f"centre-{size.people}"), None
    )
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
        found[row["seed"]] / float(row["cost"]) for row in ours if row["seed"] in found
    ]
    said = f"{median(ratios):.1f}" if ratios else ""
    none = len(peers) - len(found)
    return f"{said} ({none} of {len(peers)} without a roster)".strip() if none else said
