"""Twelve drawn centres with fixed names and hashes, their bounds and best rosters.

``python -m benchmarks.instances FOLDER [NAME ..]`` writes the case folders, and says
whether their files are the published ones (exit code 1 where they are not).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.centre import write_centre
from benchmarks.centre_evaluator import evaluate
from benchmarks.keep import HERE, RESULTS, hash_of, read_rows, write_rows
from benchmarks.one import run_apart
from benchmarks.pictures import draw_traces
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.tables import markdown, mean_gap

LIST = HERE / "centres.csv"
"""Name, people, pack, seed and hash of each."""
BEST = RESULTS / "best.csv"
"""Bound and best known cost of each, and the commits that found them."""
SECONDS = {20: 60.0, 30: 60.0, 50: 60.0, 100: 60.0, 200: 120.0, 500: 180.0}
SECONDS |= {1000: 240.0, 2000: 360.0, 5000: 600.0}
"""Budget by people."""


class Instance(NamedTuple):
    """One instance: what it is drawn from, and the hash of its files."""

    name: str
    people: int
    pack: str
    seed: int
    sha256: str

    def write(self, folder: Path) -> str:
        """Write the case folder and return the hash of its files."""
        write_centre(folder, self.people, seed=self.seed, pack=self.pack)
        return hash_of(folder.iterdir())


def instances() -> dict[str, Instance]:
    """Return the instances by name.

    Examples
    --------
    >>> instances()["centre-0200-six"][:4]
    ('centre-0200-six', 200, 'six-on-one-off', 1)
    """
    found = (
        Instance(
            row["name"],
            int(row["people"]),
            row["pack"],
            int(row["seed"]),
            row["sha256"],
        )
        for row in read_rows(LIST)
    )
    return {one.name: one for one in found}


def run(task: Task) -> Row:
    """Run a method on an instance, in processes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        case, out = Path(folder, "case"), Path(folder, "out")
        one = instances()[task.case]
        found = one.write(case)
        if found != one.sha256:
            raise ValueError(f"{one.name} has the hash {found}, not {one.sha256}.")
        row = run_apart(case, out, task)
        keep_best(case, out, row, task.results)
    return row


# -- bounds and best rosters --------------------------------------------------------


def keep_best(case: Path, out: Path, row: Row, results: Path | None) -> None:
    """Say in a row what the evaluator makes of a roster; keep a bound or cost if best.

    Where a bound is above a cost, of this run or known before, which cannot be, both
    are told as the row's ``lower_bound`` and ``best_known``, and nothing is kept.

    Parameters
    ----------
    case, out
        The case, which may be one of the instances, and a roster of it.
    row
        Of any run; ``cost_of_evaluator`` and ``hard_of_evaluator`` are added to it.
    results
        Folder of best.csv, where a legal roster counts whose cost is that of the
        evaluator; None = nothing is kept.
    """
    if not row.get("cost"):
        return
    said = evaluate(case, out)
    row["cost_of_evaluator"] = said.cost
    row["hard_of_evaluator"] = len(said.hard)
    hash = hash_of(case.iterdir())
    name = next((one.name for one in instances().values() if one.sha256 == hash), None)
    if not results or name is None or said.hard or said.cost != row["cost"]:
        return
    best, by = results / BEST.name, row["commit"]
    rows = {known["name"]: known for known in read_rows(best)}
    mine = rows.setdefault(name, {"name": name})
    bound = max(int(each.get("bound") or 0) for each in (row, mine))
    least = min(said.cost, int(mine.get("best", said.cost)))
    if bound > least:
        row |= {"lower_bound": bound, "best_known": least}
        return
    if int(row.get("bound") or 0) > int(mine.get("bound", -1)):
        mine |= {"bound": row["bound"], "bound_by": by}
    if said.cost < int(mine.get("best", said.cost + 1)):
        mine |= {"best": said.cost, "best_by": by}
    write_rows(best, [rows[name] for name in instances() if name in rows])


# -- what is shown ------------------------------------------------------------------

HEADS = (
    "instance",
    "people",
    "pack",
    "seed",
    "bound",
    "best known",
    "gap",
    "by: bound, roster",
    "seconds",
    "cost of the last run",
    "above the best",
)


def instance_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what is known of each instance, and the last run of ours beside it."""
    return markdown(HEADS, _lines(rows))


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    best = {row["name"]: row for row in read_rows(BEST)}
    last = {row["case"]: row for row in rows if row["method"] == "engine"}
    for one in instances().values():
        known, mine = best.get(one.name, {}), last.get(one.name, {})
        line = [one.name, f"{one.people:,}", one.pack, str(one.seed)]
        if known.get("bound") and known.get("best"):
            bound, cost = int(known["bound"]), int(known["best"])
            gap = (cost - bound) / max(1, cost)
            line += [f"{bound:,}", f"{cost:,}", f"{gap:.2%}"]
            line += [f"{known['bound_by']}, {known['best_by']}"]
        else:
            line += [""] * 4
        if mine.get("cost"):
            above = float(mine["cost"]) / max(1.0, float(known.get("best", 0))) - 1
            line += [f"{float(mine['seconds']):.0f}", f"{float(mine['cost']):,.0f}"]
            line += [f"{above:.1%}"]
        else:
            line += [""] * 3
        yield line


def main(arguments: Sequence[str] | None = None) -> int:
    """Write instances and hold their files against the hashes published."""
    parser = argparse.ArgumentParser("python -m benchmarks.instances")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all if none")
    asked = parser.parse_args(arguments)
    strange = [name for name in asked.names if name not in instances()]
    if strange:
        parser.error(f"Expected names of {', '.join(instances())}, got {strange[0]!r}.")
    wrong = 0
    for name, one in instances().items():
        if not asked.names or name in asked.names:
            found = one.write(asked.folder / name)
            wrong += found != one.sha256
            print(
                f"{found}  {name}  {'as published' if found == one.sha256 else 'NOT'}"
            )
    return int(wrong > 0)


BENCHMARK = Benchmark(
    name="instances",
    about="twelve centres of 20 to 5,000 people, fixed by name and hash",
    cases=lambda data: tuple(instances()),
    run=run,
    table=instance_table,
    budgets={one.name: SECONDS[one.people] for one in instances().values()},
    smoke=("centre-0020", 0.3),
    headline=mean_gap,
    picture=draw_traces,
)

if __name__ == "__main__":
    sys.exit(main())
