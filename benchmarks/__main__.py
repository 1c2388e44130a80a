"""Run benchmarks by name: ``python -m benchmarks demo real``."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import real
from benchmarks.centres import SIZES, centre_table, run_centres
from benchmarks.forecasting import OTHERS, OURS, forecast_table, run_forecasts
from benchmarks.one import METHODS
from benchmarks.run import README, RESULTS, place_table, run_case, table, write_results
from benchmarks.staffing import run_staffing, staffing_table
from scheduler.demo import write_demo_case

PACKS = ("bank", "six-on-one-off")


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes
    ----------
    write
        Writes its cases below a folder and returns theirs by name.
    seconds
        Budget of a run, unless another is given.
    """

    write: Callable[[Path], Mapping[str, Path]]
    seconds: float


def _write_demo(folder: Path) -> Mapping[str, Path]:
    """Write the demo of 60 people and 28 days, one of each rule book."""
    for pack in PACKS:
        write_demo_case(folder / pack, pack=pack)
    return {f"demo {pack}": folder / pack for pack in PACKS}


BENCHMARKS = {
    "demo": Benchmark(_write_demo, 60.0),
    "real": Benchmark(real.write_all, 60.0),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 says that a roster is missing or wrong."""
    asked = _parsed(arguments)
    clean = True
    for name in asked.names:
        path = RESULTS / f"{name}.csv"
        if name == "centre":
            rows = run_centres(path, asked.people, asked.methods, fresh=asked.fresh)
            shown = centre_table(rows)
            ours = [row for row in rows if row["method"] == "engine"]
        elif name == "staffing":
            rows, ours = run_staffing(), []
            write_results(path, rows)
            shown = staffing_table(rows)
        elif name == "forecast":
            rows, ours = run_forecasts(path, asked.models, fresh=asked.fresh), []
            shown = forecast_table(rows)
        else:
            rows = ours = _runs(BENCHMARKS[name], asked)
            write_results(path, rows)
            shown = table(rows)
        page = README.read_text(encoding="utf-8")
        README.write_text(place_table(page, name, rows, shown), encoding="utf-8")
        print(f"{name}\n{shown}")
        clean = clean and all(
            str(row.get("hard")) == "0"
            and str(row.get("cost")) == str(row.get("cost_of_files"))
            for row in ours
        )
    return 0 if clean else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    names = (*BENCHMARKS, "centre", "forecast", "staffing")
    parser.add_argument("names", nargs="+", choices=names, metavar="NAME")
    parser.add_argument(
        "--people",
        type=int,
        nargs="+",
        default=[size.people for size in SIZES],
        help="sizes of centre",
    )
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument(
        "--models", nargs="+", choices=(*OURS, *OTHERS), default=[], help="forecast"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="run what has a result as well"
    )
    parser.add_argument("--seconds", type=float, help="budget of each run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    return parser.parse_args(arguments)


def _runs(benchmark: Benchmark, asked: argparse.Namespace) -> list[dict[str, Any]]:
    seconds = benchmark.seconds if asked.seconds is None else asked.seconds
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, case in benchmark.write(Path(folder)).items():
            for seed in asked.seeds:
                row = run_case(name, case, seconds=seconds, seed=seed)
                print(", ".join(f"{key} {value}" for key, value in row.items()))
                rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main())
