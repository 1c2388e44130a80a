"""Run benchmarks by name: ``python -m benchmarks demo real``."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from math import inf
from pathlib import Path

from benchmarks.keep import RESULTS, read_rows
from benchmarks.pictures import draw_releases
from benchmarks.protocol import DOCS, Asked, no_instances, place, run
from benchmarks.registry import NAMES, Benchmark, benchmark
from benchmarks.releases import add_release, release_table

LISTED = 20
"""Most cases of a benchmark that a list names."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 says that a roster of ours is missing or wrong.

    2, that the words make no sense, or that there are no instances of what is named.
    """
    parser = _parser()
    said = vars(parser.parse_args(arguments))
    names, listed, release = (said.pop(name) for name in ("names", "list", "release"))
    lists = {name: tuple(said.pop(name)) for name in ("cases", "methods", "seeds")}
    asked = Asked(**lists, **said)
    if listed:
        _list(asked)
    elif release and names:
        parser.error(f"Expected a release alone, got {_words(names)!r} besides.")
    elif release and not any(asked.results.glob("*.csv")):
        parser.error(f"There are no rows in {asked.results} to keep.")
    elif release:
        add_release(release, asked.results, asked.data)
        rows = read_rows(asked.results / "releases.csv")
        if asked.results == RESULTS:
            place("releases", rows, release_table)
            draw_releases(rows, DOCS / "releases.png")
    elif not set(names) <= set(NAMES) or not (names or asked.short):
        parser.error(f"Expected names of {', '.join(NAMES)}, got {_words(names)!r}.")
    else:
        for name in names:
            _check(parser, benchmark(name), asked)
        well = [run(benchmark(name), asked) for name in names or NAMES]
        return int(not all(well))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME")
    add("--list", action="store_true", help="show names, cases and budgets")
    add("--cases", nargs="+", default=(), metavar="CASE", help="these alone")
    add("--methods", nargs="+", default=(), metavar="METHOD", help="these alone")
    add(
        "--seeds", nargs="+", type=_seed, default=(), metavar="SEED", help="these alone"
    )
    add("--seconds", type=_seconds, help="budget of each run")
    add("--deterministic", action="store_true", help="seconds count work, not time")
    add("--fresh", action="store_true", help="run what has a row as well")
    add("--short", action="store_true", help="first cases and seed; all names if none")
    add(
        "--data", type=Path, default=data_folder(), help="folder of published instances"
    )
    add("--results", type=_folder, default=RESULTS, help="folder where rows are kept")
    add("--release", metavar="VERSION", help="keep the headlines of the rows there are")
    return parser


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")


def _seed(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, got the file {text!r}")
    return path


def data_folder() -> Path | None:
    """Return the folder of published instances, where the environment names one."""
    named = os.environ.get("ROSTERWRIGHT_DATA")
    return Path(named, "benchmarks") if named else None


def _check(parser: argparse.ArgumentParser, of: Benchmark, asked: Asked) -> None:
    """End with a message where a benchmark has no such case or method, or none."""
    cases = [case for case in (*of.cases(asked.data), of.smoke[0]) if case]
    if not cases:
        parser.error(f"{of.name} has {no_instances(asked.data)}.")
    for what, known, named in (
        ("case", cases, asked.cases),
        ("method", of.methods, asked.methods),
    ):
        for name in named:
            if name not in known:
                parser.error(
                    f"{of.name} has no {what} {name!r}; it has {', '.join(known)}."
                )
    if not any(asked.tasks(of)):
        parser.error(f"{of.name} runs none of these methods on these cases.")


def _list(asked: Asked) -> None:
    for name in NAMES:
        of = benchmark(name)
        print(f"{name}: {of.about}")
        cases = of.cases(asked.data)
        for case in cases[:LISTED]:
            seconds = of.budget(case)
            print(f"    {case}, {f'{seconds:g} s a run' if seconds else 'no budget'}")
        if len(cases) > LISTED:
            print(f"    and {len(cases) - LISTED} more, to {cases[-1]}")
        print(f"    methods {', '.join(of.methods)}; seeds {_words(of.seeds)}")


def _words(values: Sequence[object]) -> str:
    return " ".join(map(str, values))


if __name__ == "__main__":
    # Ended from outside, a run takes its processes along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Broken off; what has a row is kept.", file=sys.stderr)
        sys.exit(130)
