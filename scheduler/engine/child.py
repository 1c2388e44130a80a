"""Child: a task in a process of its own, which may die without taking the run along.

The process is started anew, never forked, and gets plain data, no models. What it
yields comes back as it is made. When it dies of a signal, as solvers sometimes do, it
is started once more.
"""

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from scheduler.engine.solver import Budget

Task = Callable[..., Iterable[Any]]
RETRIES = 1


class ChildError(RuntimeError):
    """A task failed in its process; the text is its traceback."""


class Child:
    """Runs a task apart and hands on what it yields.

    Parameters
    ----------
    task, arguments
        A function of a module, and what to call it with: all must pickle.
    budget
        Once it is stopped, the process is killed.

    Examples
    --------
    >>> list(Child(range, (3,), Budget(60.0)))
    [0, 1, 2]
    """

    def __init__(self, task: Task, arguments: tuple[Any, ...], budget: Budget) -> None:
        self.job, self.budget = pickle.dumps((task, arguments)), budget
        self.deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Any]:
        """Yield what the task yields; a process that dies is started once more.

        Raises
        ------
        ChildError
            Where the task failed; not where its process died twice.
        """
        while self.deaths <= RETRIES and not self.budget.over:
            process = self._start()
            if process is None:
                return
            try:
                yield from self._read(process)
            except BaseException:
                process.kill()
                process.wait()
                raise
            if process.wait() >= 0:
                return
            self.deaths += 1

    def _start(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if not self._killed:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "scheduler.engine.child"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            return None if self._killed else self._process

    def _read(self, process: "subprocess.Popen[bytes]") -> Iterator[Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        with (
            process.stdout,
            suppress(EOFError, BrokenPipeError, pickle.UnpicklingError),
        ):
            with process.stdin:
                process.stdin.write(self.job)
            while True:
                kind, said = pickle.load(process.stdout)
                if kind == "fault":
                    raise ChildError(said)
                yield said

    def kill(self) -> None:
        """End the process at once, and start it no more."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()


def main() -> int:
    """Run the task that standard input holds; write what it yields."""
    import signal
    import traceback

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    try:
        task, arguments = pickle.load(sys.stdin.buffer)
        for said in task(*arguments):
            pickle.dump(("said", said), out)
            out.flush()
    except Exception:
        pickle.dump(("fault", traceback.format_exc()), out)
        out.flush()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
