"""Say how a solve is getting on: one live line, or plain lines in a log."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from scheduler.result import Step


class Report(Protocol):
    """Told of every improvement."""

    def __call__(self, step: Step) -> None:
        """Show a step."""


def line(seconds: float, cost: int | None, bound: int | None) -> str:
    """Return elapsed time, cost, bound and gap in one line.

    Examples
    --------
    >>> line(12.34, 4120, 4000)
    ' 12.3 s  cost 4,120  bound 4,000  gap 2.9%'
    >>> line(0.5, None, 4000)
    '  0.5 s  cost -  bound 4,000'
    """
    parts = [f"{seconds:5.1f} s"]
    parts.append(f"cost {'-' if cost is None else format(cost, ',')}")
    if bound is not None:
        parts.append(f"bound {bound:,}")
    if cost is not None and bound is not None:
        parts.append(f"gap {(cost - bound) / max(1, cost):.1%}")
    return "  ".join(parts)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """Give what shows the steps of a solve on stderr.

    Parameters
    ----------
    quiet
        Show nothing.
    """
    if quiet:
        yield lambda step: None
    elif sys.stderr.isatty():
        with _live() as report:
            yield report
    else:
        yield _plain


_plain_lock = threading.Lock()


def _plain(step: Step) -> None:
    with _plain_lock:
        words = line(step.seconds, step.cost, step.bound)
        sys.stderr.write(f"{words}  {step.source}\n")
        sys.stderr.flush()


class _Line:
    """What the live line shows at the moment."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.cost: int | None = None
        self.bound: int | None = None

    def __rich__(self) -> str:
        return line(time.monotonic() - self.began, self.cost, self.bound)


@contextmanager
def _live() -> Iterator[Report]:
    from rich.console import Console
    from rich.live import Live

    shown = _Line()

    def report(step: Step) -> None:
        shown.cost = step.cost if step.cost is not None else shown.cost
        shown.bound = step.bound if step.bound is not None else shown.bound

    console = Console(stderr=True, highlight=False)
    with Live(shown, console=console, refresh_per_second=4, transient=True):
        yield report


@contextmanager
def playing(runs: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Give what shows on a terminal how many runs are played.

    Parameters
    ----------
    runs
        All of them.
    quiet
        Show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda run: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("", total=runs)
        yield lambda run: bar.update(task, completed=run)
