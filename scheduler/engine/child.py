"""Child: a task in a process of its own, which may die without taking the run along.

The process is started anew, never forked, and gets plain data, no models. A task is a
generator: what it yields comes back as it is made, and what the caller sends goes to
it. When it dies of a signal, as solvers sometimes do, it is started once more.
"""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from pathlib import Path
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
        Once it is over, no process is started any more.

    Attributes
    ----------
    deaths, killed
        How often a process died of a signal; whether ``kill`` ended it.

    Examples
    --------
    >>> list(Child(range, (3,), Budget(60.0)))
    [0, 1, 2]
    """

    def __init__(self, task: Task, arguments: tuple[Any, ...], budget: Budget) -> None:
        self.job, self.budget = pickle.dumps((task, arguments)), budget
        self.task = task
        self.deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.killed = False
        self._lock = threading.Lock()

    def __iter__(self) -> Generator[Any, Any, None]:
        """Yield what the task yields; a process that dies is started once more.

        What is sent goes to the task.

        Raises
        ------
        ChildError
            Where the task failed, or its process died twice.
        """
        code = 0
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
            code = process.wait()
            if code == 0 or self.killed:
                return
            if code > 0:
                raise ChildError(f"The process ended with {code}.")
            self.deaths += 1
        if self.deaths > RETRIES:
            raise ChildError(f"The process died of signal {-code}, and again.")

    def _start(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if not self.killed:
                found_at = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "scheduler.engine.child"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=os.environ | {"PYTHONPATH": found_at},
                )
            return None if self.killed else self._process

    def _read(self, process: "subprocess.Popen[bytes]") -> Generator[Any, Any, None]:
        assert process.stdin is not None
        assert process.stdout is not None
        broken = suppress(EOFError, OSError, pickle.UnpicklingError)
        with broken, process.stdout, process.stdin:
            process.stdin.write(self.job)
            process.stdin.flush()
            while True:
                kind, said = pickle.load(process.stdout)
                if kind == "fault":
                    raise ChildError(said)
                answer = yield said
                pickle.dump(answer, process.stdin)
                process.stdin.flush()

    def kill(self) -> None:
        """End the process at once, and start it no more."""
        with self._lock:
            self.killed = True
            if self._process is not None:
                self._process.kill()

    @property
    def memory(self) -> int:
        """Bytes of memory that the process holds now; 0 where that is not known."""
        process = self._process
        if process is None or process.returncode is not None:
            return 0
        try:
            held = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii")
            return int(held.split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0


def main() -> int:
    """Run the task that standard input holds; write what it yields, read answers."""
    import signal
    import traceback

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    out = sys.stdout.buffer
    sys.stdout = sys.stderr

    def say(kind: str, said: Any) -> None:
        pickle.dump((kind, said), out)
        out.flush()

    try:
        task, arguments = pickle.load(sys.stdin.buffer)
        given, answer = task(*arguments), None
        talk = given if isinstance(given, Generator) else (one for one in given)
        while True:
            say("said", talk.send(answer))
            answer = pickle.load(sys.stdin.buffer)
    except (StopIteration, EOFError, BrokenPipeError):
        return 0
    except Exception:
        say("fault", traceback.format_exc())
        return 1


def _follow(parent: int) -> None:
    """End with the process that started this one, however that ended."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
