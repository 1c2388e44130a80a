"""Batch: many cases under many scenarios from many seeds, each solved once."""

import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from constraints.rule import Text
from forecasts.problems import InputError
from scheduler.files.batch_plan import BatchPlan, read_batch
from scheduler.files.ledger import Entry, Ledger, known, opened
from scheduler.files.place import (
    check_folder,
    held,
    hold,
    replace_file,
    replace_folder,
)
from scheduler.files.scenario import Scenario
from scheduler.files.source import contents
from scheduler.files.write import write_frame, write_json
from scheduler.job import LOST, Answer, Job, digest, key_of
from scheduler.pools import Pool, pool

LEDGER, TABLE, TICKET = "ledger.sqlite", "batch.csv", "job.json"
PAUSE = 0.2  # seconds between two looks at what is over
CHANGED = Text(
    "Its files changed while the batch ran; run it again.",
    "批处理期间其文件已被修改;请重新运行。",
)
WHOLE = ("cost", "bound", "requests_met", "requests")
FIGURES = (
    "short_hours",
    "over_hours",
    "service_level",
    "paid_hours",
    "requests_met",
    "requests",
)


class VersionsError(RuntimeError):
    """Results of another version lie there, and must not be mixed unasked."""


@dataclass(frozen=True)
class Row:
    """One line of a batch: what is to be solved, and what is known of it.

    Attributes
    ----------
    case, path
        Name and place of the case.
    scenario, seed
        Edits and random seed.
    key
        What its entry in the ledger is called.
    entry
        That entry; None while it waits.
    """

    case: str
    path: Path
    scenario: Scenario
    seed: int
    key: str
    entry: Entry | None = None

    @property
    def state(self) -> str:
        """``waiting``, ``running``, ``done`` or ``failed``."""
        return "waiting" if self.entry is None else self.entry.state

    @property
    def name(self) -> str:
        """Case, scenario and seed in one line."""
        return f"{self.case}, {self.scenario.name}, seed {self.seed}"


@dataclass(frozen=True)
class Batch:
    """A batch as it stands.

    Attributes
    ----------
    out
        Where results lie.
    rows
        In the order of the plan.
    """

    out: Path
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        """Say it in one line."""
        states = self.states
        told = (f"{states[name]} {name}" for name in states if states[name])
        return f"<Batch of {len(self.rows):,}: {', '.join(told)}>"

    @property
    def states(self) -> dict[str, int]:
        """How many rows are in each state."""
        found = Counter(row.state for row in self.rows)
        return {name: found[name] for name in ("done", "failed", "running", "waiting")}

    @property
    def failed(self) -> tuple[Row, ...]:
        """Rows that failed."""
        return tuple(row for row in self.rows if row.state == "failed")

    def to_frame(self, lang: str = "en") -> pd.DataFrame:
        """Return one row a job.

        Returns
        -------
        pandas.DataFrame
            ``case``, ``scenario``, ``seed``, ``state``, ``status``, ``cost``,
            ``bound``, ``gap``, ``short_hours`` and ``over_hours`` (head hours),
            ``service_level``, ``paid_hours``, ``requests_met``, ``requests``,
            ``seconds``, ``attempts``, ``folder`` (within ``out``), ``reason``, ``key``.
        """
        frame = pd.DataFrame([_figures(row, lang) for row in self.rows])
        return frame.astype(dict.fromkeys(WHOLE, "Int64"))


def _figures(row: Row, lang: str) -> dict[str, Any]:
    entry = row.entry
    known = entry.figures if entry else {}
    reason = entry.reason if entry else None
    said = None if reason is None else reason.zh if lang == "zh" else reason.en
    return {
        "case": row.case,
        "scenario": row.scenario.name,
        "seed": row.seed,
        "state": row.state,
        **{name: known.get(name) for name in ("status", "cost", "bound", "gap")},
        **{name: known.get(name) for name in FIGURES},
        "seconds": None if entry is None else entry.seconds,
        "attempts": 0 if entry is None else entry.attempts,
        "folder": None if entry is None else entry.folder,
        "reason": said,
        "key": row.key,
    }


OnChange = Callable[[Batch, Row | None], None]


def run_batch(
    plan: BatchPlan | Path | str,
    out: Path | str | None = None,
    *,
    on: str | None = None,
    jobs: int = 0,
    fail_fast: bool = False,
    force: bool = False,
    stop: threading.Event | None = None,
    on_change: OnChange | None = None,
) -> Batch:
    """Solve what a plan asks for and the ledger does not have yet.

    Each job has a process of its own. Its result is put in place whole, then noted in
    the ledger; so a batch that is killed goes on where it stood, and nothing that was
    finished is solved again. What failed for its input stays failed until that changes;
    what was lost (killed, late, crashed) is tried again by the next run.

    Parameters
    ----------
    plan
        What to solve, or its file.
    out
        Folder of results; that of the plan where left out.
    on, jobs
        Where, and how many at once; as of `pool`.
    fail_fast
        Stop at the first that fails.
    force
        Keep results of another version beside those to come.
    stop
        Set it to end early; what runs is dropped and done again by the next run.
    on_change
        Called with the batch and the row that began or ended.

    Raises
    ------
    InputError
        Where the plan is wrong.
    VersionsError
        Where results of another version lie there, unless forced.
    MissingExtraError, OSError
        As of `pool`; where another batch is at work there; where nothing can be
        written.
    """
    plan = plan if isinstance(plan, BatchPlan) else read_batch(plan)
    out = plan.out if out is None else Path(out)
    check_folder(out)
    stop = stop or threading.Event()
    with hold(out):
        out.mkdir(parents=True, exist_ok=True)
        with opened(out / LEDGER) as ledger:
            run = _Run(plan, out, ledger, on_change)
            run.adopt()
            if not force:
                run.refuse_versions()
            if run.waiting:
                with pool(on, jobs, plan.workers) as where:
                    run.work(where, stop, fail_fast)
            run.tell(None)
            batch = run.batch
            frame = batch.to_frame()
            replace_file(out / TABLE, partial(write_frame, frame=frame))
    return batch


def batch_status(plan: BatchPlan | Path | str, out: Path | str | None = None) -> Batch:
    """Return how a batch stands, without working on it."""
    plan = plan if isinstance(plan, BatchPlan) else read_batch(plan)
    out = plan.out if out is None else Path(out)
    entries = known(out / LEDGER)
    if not held(out):  # then nobody is at work: what runs was dropped
        entries = {k: entry for k, entry in entries.items() if _stands(entry, out)}
    rows = (replace(row, entry=entries.get(row.key)) for row in _rows(plan))
    return Batch(out, tuple(rows))


# -- what there is to do --------------------------------------------------------------


def _rows(plan: BatchPlan) -> Iterator[Row]:
    """Yield what is to be solved; each case is read once for its hash."""
    for case, path in plan.cases.items():
        sums = _digest(path)
        for scenario in plan.scenarios:
            for seed in plan.seeds:
                key = key_of(_job(plan, scenario, seed, {}, 1), sums)
                yield Row(case, path, scenario, seed, key)


def _digest(path: Path) -> str:
    """Return the digest of a case; of its path where it cannot be had."""
    files, refused = _files(path)
    return digest(files if refused is None else {str(path.absolute()): b""})


def _files(path: Path) -> tuple[dict[str, bytes], Text | None]:
    """Return the files of a case, or why they cannot be had."""
    try:
        return contents(path), None
    except InputError as error:
        words = str(error)
    except OSError as error:
        words = f"{error.filename}: {error.strerror}"
    return {}, Text(words, words)


def _job(
    plan: BatchPlan,
    scenario: Scenario,
    seed: int,
    files: Mapping[str, bytes],
    beside: int,
) -> Job:
    return Job(
        files=files,
        scenario=scenario,
        seed=seed,
        seconds=plan.seconds,
        deterministic=plan.deterministic,
        workers=plan.workers,
        reports=plan.reports,
        beside=beside,
    )


def _stands(entry: Entry, out: Path) -> bool:
    """Whether an entry is worth anything yet: it failed, or its result lies there."""
    if entry.folder is None:
        return entry.state == "failed"
    ticket = _ticket(out / entry.folder)
    return ticket is not None and ticket.key == entry.key


def _ticket(folder: Path) -> Entry | None:
    """Return what a result's folder says of whose it is; None where it says nothing."""
    try:
        return Entry(**json.loads((folder / TICKET).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _folders(rows: Sequence[Row]) -> dict[str, str]:
    """Return a folder for each key, apart on any file system; what lies there stays."""
    folders = {
        row.key: row.entry.folder for row in rows if row.entry and row.entry.folder
    }
    taken = {folder.casefold() for folder in folders.values()}
    for row in rows:
        if row.key in folders:
            continue
        parts = [*row.case.split("/"), row.scenario.name]
        stem = "/".join(map(_plain, parts))
        name, number = f"{stem}/{row.seed}", 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}/{row.seed}", number + 1
        taken.add(name.casefold())
        folders[row.key] = name
    return folders


def _plain(name: str) -> str:
    """Return a name that any file system takes.

    Examples
    --------
    >>> _plain("+10 % calls"), _plain("../x"), _plain("话量 +10%"), _plain("...")
    ('10-calls', 'x', '话量-10', '-')
    """
    return re.sub(r"[^\w]+", "-", name).strip("-")[:60] or "-"


# -- working on it --------------------------------------------------------------------


class _Run:
    """One run: the rows, what of them is still to do, and where it is noted."""

    def __init__(
        self, plan: BatchPlan, out: Path, ledger: Ledger, on_change: OnChange | None
    ) -> None:
        self.plan, self.out, self.ledger = plan, out, ledger
        self.on_change = on_change
        self.version = version("rosterwright")
        self.rows = list(_rows(plan))
        self.failed = 0  # in this run
        self.places: dict[str, list[int]] = {}
        for place, row in enumerate(self.rows):
            self.places.setdefault(row.key, []).append(place)
        for key, entry in ledger.entries().items():
            self._show(key, entry if _stands(entry, out) else None)
        self.folders = _folders(self.rows)

    @property
    def batch(self) -> Batch:
        """The batch as it stands."""
        return Batch(self.out, tuple(self.rows))

    @property
    def waiting(self) -> list[Row]:
        """What is still to do, the same work once."""
        firsts = (self.rows[places[0]] for places in self.places.values())
        return [row for row in firsts if row.entry is None or not row.entry.settled]

    def adopt(self) -> None:
        """Note results that were put in place by a run killed before it noted them."""
        for row in self.waiting:
            entry = _ticket(self.out / self.folders[row.key])
            if entry is not None and entry.key == row.key:
                self._note(entry)

    def refuse_versions(self) -> None:
        """Raise where other versions' results would stand beside ours."""
        entries = (row.entry for row in self.rows)
        settled = [entry for entry in entries if entry is not None and entry.settled]
        others = [entry for entry in settled if entry.version != self.version]
        if others:
            names = ", ".join(sorted({entry.version for entry in others}))
            raise VersionsError(
                f"{len(others):,} jobs there are of rosterwright {names}, this is "
                f"{self.version}: name another --out, or keep them with --force."
            )

    def work(self, where: Pool, stop: threading.Event, fail_fast: bool) -> None:
        """Hand jobs out, and put away what comes back, until all is done."""
        waiting = deque(self.waiting)
        running: dict[Future[Answer], Row] = {}

        def over() -> bool:
            return stop.is_set() or (fail_fast and self.failed > 0)

        while (waiting or running) and not over():
            while waiting and len(running) < where.room() and not over():
                row = waiting.popleft()
                future = self._begin(row, where)
                if future is not None:
                    running[future] = row
            ended, _ = wait(running, timeout=PAUSE, return_when=FIRST_COMPLETED)
            for future in ended:
                self._end(running.pop(future), _answer(future))
        for row in running.values():  # dropped: the next run begins them again
            self._show(row.key, None)

    def _begin(self, row: Row, where: Pool) -> "Future[Answer] | None":
        """Submit a job; one whose files cannot be had fails at once."""
        entry = self.ledger.begin(row.key, _now(), self.version)
        self._show(row.key, entry)
        files, refused = _files(row.path)
        job = _job(self.plan, row.scenario, row.seed, files, where.beside)
        if refused is None and key_of(job) != row.key:
            refused = CHANGED
        if refused is not None:
            self._end(row, Answer(reason=refused, again=True))
            return None
        self.tell(row)
        try:
            return where.submit(job)
        except RuntimeError as error:  # so ends a cluster that is gone
            self._end(row, Answer(reason=LOST.format(error=error), again=True))
            return None

    def _end(self, row: Row, answer: Answer) -> None:
        """Put a result in place, then note it."""
        record = answer.record or {}
        kpi = record.get("kpi") or {}
        begun = self.rows[self.places[row.key][0]].entry
        assert begun is not None
        entry = replace(
            begun,
            state="done" if answer.reason is None else "failed",
            folder=None if answer.reason is not None else self.folders[row.key],
            seconds=round(answer.seconds, 1),
            again=answer.again,
            reason=answer.reason,
            figures={
                "status": record.get("status"),
                "cost": record.get("objective"),
                "bound": record.get("bound"),
                "gap": record.get("gap"),
                **{name: kpi.get(name) for name in FIGURES},
            },
        )
        if answer.reason is None:
            self._put(entry, answer.files)
        self.failed += entry.state == "failed"
        self._note(entry)
        self.tell(row)

    def _put(self, entry: Entry, files: Mapping[str, bytes]) -> None:
        assert entry.folder is not None
        folder = self.out / entry.folder

        def build(fresh: Path) -> None:
            for name, content in files.items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).write_bytes(content)
            write_json(fresh / TICKET, vars(entry))

        old = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        replace_folder(folder, build, old)

    def _note(self, entry: Entry) -> None:
        self.ledger.end(entry)
        self._show(entry.key, entry)

    def _show(self, key: str, entry: Entry | None) -> None:
        for place in self.places.get(key, ()):
            self.rows[place] = replace(self.rows[place], entry=entry)

    def tell(self, row: Row | None) -> None:
        """Say that something changed."""
        if self.on_change is not None:
            self.on_change(self.batch, row and self.rows[self.places[row.key][0]])


def _answer(future: "Future[Answer]") -> Answer:
    """Return what a future holds; of one that failed, that it is lost."""
    try:
        return future.result()
    except (Exception, CancelledError) as error:  # whatever a cluster says of it
        told = " ".join(f"{type(error).__name__}: {error}".split())
        return Answer(reason=LOST.format(error=told), again=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
