"""The registry: what a benchmark is, so that one command runs and shows them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]
"""One run's figures by column; columns told apart by ``Benchmark.key`` come first."""


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
    """

    case: str
    method: str
    seed: int
    seconds: float
    data: Path | None = None
    deterministic: bool = False


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
        Budget of a run unless another is given.
    run
        Runs a task and returns its row. A method or a set that is missing here is a
        row whose ``status`` says ``missing`` and whose ``why`` says what.
    table
        The rows as Markdown.
    short
        How many cases belong to the short protocol.
    """

    name: str
    about: str
    cases: Callable[[Path | None], Sequence[str]]
    run: Callable[[Task], Row]
    table: Callable[[Sequence[Mapping[str, Any]]], str]
    methods: tuple[str, ...] = ("engine",)
    seconds: float = 60.0
    short: int = 1
