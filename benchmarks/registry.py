"""The registry: what a benchmark is, so that one command runs and shows them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]
"""One run's figures by column."""

MODULES = {
    "demo": "benchmarks.demo",
    "real": "benchmarks.real",
    "centre": "benchmarks.centres",
    "instances": "benchmarks.instances",
    "peers": "benchmarks.peers",
    "curtois": "benchmarks.curtois",
    "matsp": "benchmarks.matsp",
    "rws": "benchmarks.rws",
    "forecast": "benchmarks.forecasting",
    "staffing": "benchmarks.staffing",
    "desk": "benchmarks.desk",
}
"""Where the ``BENCHMARK`` of each name is; it is imported when it is asked for."""

NAMES = tuple(name for name, module in MODULES.items() if find_spec(module))


class Task(NamedTuple):
    """One run of a benchmark.

    Attributes
    ----------
    case, method, seed, seconds
        What is solved, how, from which seed and within which budget.
    data
        Folder of the published instances; None where there is none.
    deterministic
        Whether seconds count work instead of time, so that a run repeats.
    results
        Folder where the best rosters are kept; None = they are not.

    Examples
    --------
    >>> Task("demo bank", "engine", 1, 2.0, deterministic=True).limits
    {'seconds': 80.0, 'seed': 1, 'effort': 2.0}
    """

    case: str
    method: str
    seed: int
    seconds: float
    data: Path | None = None
    deterministic: bool = False
    results: Path | None = None

    @property
    def limits(self) -> dict[str, Any]:
        """Seconds, seed and effort, as ``solve`` takes them.

        Where seconds count work, elapsed time only guards against hanging.
        """
        if self.deterministic:
            elapsed = 10 * self.seconds + 60
            return {"seconds": elapsed, "seed": self.seed, "effort": self.seconds}
        return {"seconds": self.seconds, "seed": self.seed, "effort": None}


def _no_figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {}


def _any_pair(case: str, method: str) -> bool:
    return True


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Attributes
    ----------
    name, about
        Name on the command line, and what it measures in one line.
    cases
        Names of its cases, given the folder of published instances; those of a short
        run come first.
    methods
        What is run on each case; the first is ours.
    seconds
        Budget of a run unless another is given; 0 = there is none, all of it is run.
    run
        Runs a task and returns its row, or rows. A method or a set that is missing
        here is a row whose ``status`` says ``missing`` and whose ``why`` says what.
    table
        The rows as Markdown.
    short, brief
        How many cases belong to the short protocol, and the most seconds of a run.
    budgets
        Seconds of the cases whose budget is another.
    longer
        A longer budget, whose rows the page has besides where there are any.
    seeds
        Seeds of the protocol; a short run has the first.
    fits
        Whether a method is run on a case.
    smoke
        A case for tests, in no protocol, and the work to spend on it; the first case
        where there is none.
    headline
        What a release is remembered by: figures by name, those of a distance to the
        bound beginning with ``gap``.
    picture
        Draws the rows for README.md into a file; None where there is nothing to draw.
    """

    name: str
    about: str
    cases: Callable[[Path | None], Sequence[str]]
    run: Callable[[Task], Row | Sequence[Row]]
    table: Callable[[Sequence[Mapping[str, Any]]], str]
    methods: tuple[str, ...] = ("engine",)
    seconds: float = 60.0
    short: int = 1
    brief: float = 120.0
    budgets: Mapping[str, float] = field(default_factory=dict)
    longer: float = 0.0
    seeds: tuple[int, ...] = (1,)
    fits: Callable[[str, str], bool] = _any_pair
    smoke: tuple[str, float] = ("", 0.3)
    headline: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, float]] = _no_figures
    picture: Callable[[Sequence[Mapping[str, Any]], Path], None] | None = None

    def budget(self, case: str) -> float:
        """Return the seconds that the protocol gives a case."""
        return self.budgets.get(case, self.seconds)


def benchmark(name: str) -> Benchmark:
    """Return the benchmark of a name.

    Examples
    --------
    >>> benchmark("demo").cases(None)
    ('demo bank', 'demo six-on-one-off')
    """
    found = import_module(MODULES[name]).BENCHMARK
    assert isinstance(found, Benchmark)
    return found
