"""A job of a batch: one solve in a process of its own, from bytes to bytes."""

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from constraints.rule import Text
from forecasts.problems import InputError
from scheduler.engine.child import Child, ChildError
from scheduler.engine.solve import solve
from scheduler.engine.solver import Budget, memory
from scheduler.files.read import read_case
from scheduler.files.scenario import Scenario
from scheduler.files.write import build_outputs, result_record, versions
from scheduler.result import Result

LONGEST, SLOWEST = 60.0, 10.0
"""Seconds that work counted by effort may take: so many, and so many for one of it."""
READING = 600.0  # seconds to read a case, and to write its result, at the most
LATE = 0.5  # share of its seconds by which a job may be late before it is ended
LOOK = 0.1  # seconds between two looks at the clock

OTHER_VERSION = Text(
    "This job is of rosterwright {theirs}, the worker has {ours}.",
    "该任务由 rosterwright {theirs} 提交,而执行端版本为 {ours}。",
)
LATE_TEXT = Text(
    "It did not come back within {seconds:.0f} s and was ended.",
    "{seconds:.0f} 秒内未返回,已终止。",
)
LOST = Text("Its process was lost: {error}", "其进程已丢失:{error}")
FAULT = Text("Internal error: {error}", "内部错误:{error}")
NOTHING = Text(
    "Nothing usable was found in time; allow more seconds.",
    "限时内未找到可用方案;请增加时间。",
)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One case under one scenario from one seed, with all that it needs.

    Attributes
    ----------
    files
        What the case is read from, by name.
    scenario, seed
        Edits and random seed.
    seconds
        For the solve; None leaves it to the case.
    deterministic
        Whether seconds count work.
    workers
        Processes of the solve.
    reports
        Whether what people read is written too.
    beside
        How many jobs share the machine's memory.
    version
        Of rosterwright, which must be that of whoever solves it.
    """

    files: Mapping[str, bytes]
    scenario: Scenario
    seed: int
    seconds: float | None = None
    deterministic: bool = False
    workers: int = 1
    reports: bool = True
    beside: int = 1
    version: str = field(default_factory=lambda: versions()["rosterwright"])


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a job.

    Attributes
    ----------
    files
        What is to be written, by path within the result's folder; empty where it
        failed.
    record
        What result.json says, where a solve ended.
    reason
        Why it failed; None where it did not.
    again
        Whether another try may end otherwise.
    seconds
        Elapsed time, reading and writing included.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    reason: Text | None = None
    again: bool = False
    seconds: float = 0.0


def digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over names and bytes of some files.

    Examples
    --------
    >>> digest({"a": b"12", "b": b""}) == digest({"a": b"1", "b": b"2"})
    False
    """
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()


def key_of(job: Job, files: str | None = None) -> str:
    """Return the SHA-256 over all that decides what a job gives.

    Parameters
    ----------
    job
        The job; whose files may be left out where their digest is given.
    files
        That digest.
    """
    parts = {
        "files": digest(job.files) if files is None else files,
        "scenario": job.scenario.digest,
        "seed": job.seed,
        "seconds": job.seconds,
        "deterministic": job.deterministic,
        "workers": job.workers,
        "reports": job.reports,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# -- in a process of its own ----------------------------------------------------------


def run_job(job: Job, stop: threading.Event | None = None) -> Answer:
    """Solve a job in a process of its own; whatever happens there, an answer comes.

    Parameters
    ----------
    job
        The job.
    stop
        Set it to end the process at once.

    Examples
    --------
    >>> answer = run_job(Job(files={}, scenario=Scenario("as it is"), seed=1))
    >>> print(answer.reason.en.splitlines()[0])
    case.toml: found "no such file", expected a table. Put the file into the folder.
    """
    began, ours = monotonic(), versions()["rosterwright"]
    if job.version != ours:
        reason = OTHER_VERSION.format(theirs=job.version, ours=ours)
        return Answer(reason=reason, again=True)
    with TemporaryDirectory(prefix="rosterwright-") as folder:
        watched = _Watched(Child(solve_job, (job, folder), Budget(1e9)), stop)
        answer = watched.answer()
    return Answer(**vars(answer) | {"seconds": monotonic() - began})


class _Watched:
    """A job's process, which is ended when it is late or nobody wants it."""

    def __init__(self, child: Child, stop: threading.Event | None) -> None:
        self.child, self.stop = child, stop
        self.began = monotonic()
        self.limit = READING
        self.late = False
        self._ended = threading.Event()

    def answer(self) -> Answer:
        """Run it and return what it says, or what happened to it."""
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        try:
            found = self._last(self.child)
        except ChildError as error:
            last = str(error).strip().splitlines()[-1]
            died = self.child.deaths > 0
            return Answer(
                reason=(LOST if died else FAULT).format(error=last), again=True
            )
        finally:
            self._ended.set()
            watch.join()
        if found is not None:
            return found
        lost = LATE_TEXT.format(seconds=self.limit)
        return Answer(reason=lost if self.late else LOST.format(error="-"), again=True)

    def _last(self, said: Iterable[float | Answer]) -> Answer | None:
        """Return the answer; numbers before it are seconds that it may take."""
        found: Answer | None = None
        for one in said:
            if isinstance(one, Answer):
                found = one
            else:  # so begins each try
                self.began, self.limit = monotonic(), one
        return found

    def _watch(self) -> None:
        while not self._ended.wait(LOOK):
            self.late = monotonic() - self.began > self.limit
            if self.late or (self.stop is not None and self.stop.is_set()):
                self.child.kill()
                return


def solve_job(job: Job, folder: str) -> Iterator[float | Answer]:
    """Yield the seconds a job may take, then its answer.

    Parameters
    ----------
    job
        The job.
    folder
        An empty folder to work in.
    """
    case, out = Path(folder, "case"), Path(folder, "out")
    case.mkdir()
    out.mkdir()
    for name, content in job.files.items():
        (case / name).write_bytes(content)
    try:
        plan = read_case(case, job.scenario)
    except InputError as error:
        yield Answer(reason=Text(str(error), str(error)))
        return
    seconds = plan.settings.seconds if job.seconds is None else job.seconds
    effort = seconds if job.deterministic else None
    seconds = LONGEST + SLOWEST * seconds if job.deterministic else seconds
    yield READING + (1 + LATE) * seconds
    result = solve(
        plan.case,
        seconds=seconds,
        effort=effort,
        seed=job.seed,
        workers=job.workers,
        limit=memory() // job.beside,
    )
    record = result_record(plan, result)
    if not result.usable:
        again = not result.conflicts and not job.deterministic  # with more luck
        yield Answer(record=record, reason=_why(result), again=again)
        return
    build_outputs(plan, result, out, reports=job.reports)
    files = sorted(path for path in out.rglob("*") if path.is_file())
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in files}
    yield Answer(files=found, record=record)


def _why(result: Result) -> Text:
    """Return why there is no roster."""
    if not result.conflicts:
        return NOTHING
    lines = [(text.en, text.zh) for text in result.conflicts]
    return Text(*("\n".join(words) for words in zip(*lines, strict=True)))
