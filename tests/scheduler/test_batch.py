"""Batch: each job is solved once, whatever is killed, and bad ones stop no other."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from constraints.rule import Text
from scheduler import batch as batches
from scheduler.batch import (
    LEDGER,
    TICKET,
    Batch,
    VersionsError,
    batch_status,
    run_batch,
)
from scheduler.cli import run
from scheduler.engine.child import Child
from scheduler.engine.solver import Budget
from scheduler.files.batch_plan import read_batch
from scheduler.files.ledger import opened
from scheduler.files.place import _held, hold
from scheduler.files.scenario import AS_IT_IS
from scheduler.files.template import write_template
from scheduler.job import Answer, Job, _Watched, digest, run_job
from scheduler.report.compared import plot_batch
from tests import FULL

COUNT = 60 if FULL else 4  # cases of the batch that is killed
TIMED = {"seconds"}  # of result.json, all else is the same again


def write_cases(root: Path, count: int) -> Path:
    """Write some small cases, each with its own volume of calls, and their plan."""
    for number in range(count):
        folder = root / "centres" / f"c{number:02}"
        write_template(folder)
        settings = folder / "case.toml"
        text = settings.read_text(encoding="utf-8")
        text = text.replace("\ndays = 28\n", "\ndays = 7\n")
        text = text.replace("volume = 1.0", f"volume = {1 + number / 100}")
        settings.write_text(text, encoding="utf-8")
        with (folder / "agents.csv").open("a", encoding="utf-8") as file:
            file.write("A10,Dan Li,B,40,,,2024-01-01,\n")
    plan = root / "plan.toml"
    plan.write_text(
        'cases = ["centres/*"]\n'
        "seconds = 0.05\ndeterministic = true\nreports = false\n",
        encoding="utf-8",
    )
    return plan


def results(out: Path) -> dict[str, object]:
    """Return what each job left, but for elapsed seconds."""
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*/*")):
        name = str(path.relative_to(out))
        if path.is_dir() or path.name in (TICKET, "solve.jsonl"):
            continue
        if path.name == "result.json":
            record = json.loads(path.read_bytes())
            found[name] = {k: v for k, v in record.items() if k not in TIMED}
        else:
            found[name] = path.read_bytes()
    return found


def attempts(out: Path) -> dict[str, tuple[str, int]]:
    """Return state and number of attempts of each job, by key."""
    with opened(out / LEDGER) as ledger:
        entries = ledger.entries().values()
        return {entry.key: (entry.state, entry.attempts) for entry in entries}


def started(plan: Path, out: Path, *more: str) -> "subprocess.Popen[bytes]":
    """Start ``roster batch`` as a process of its own."""
    words = [sys.executable, "-m", "scheduler", "batch", str(plan), "--out", str(out)]
    return subprocess.Popen(
        [*words, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def done(out: Path) -> int:
    """Return how many jobs the ledger has as done."""
    try:
        return sum(state == "done" for state, _ in attempts(out).values())
    except OSError:
        return 0


def wait_until(out: Path, count: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until so many jobs are done."""
    began = time.monotonic()
    while done(out) < count and process.poll() is None:
        assert time.monotonic() - began < 900
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_batch_goes_on_where_it_stood(tmp_path, capsys):
    """As without a kill, nothing finished solved again; then three cases break."""
    plan, out, other = write_cases(tmp_path, COUNT), tmp_path / "a", tmp_path / "b"
    assert run(["batch", str(plan), "--out", str(other), "--quiet"]) == 0
    with started(plan, out) as process:
        wait_until(out, COUNT // 2, process)
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    before = attempts(out)
    finished = [key for key, (state, _) in before.items() if state == "done"]
    assert COUNT // 2 <= len(finished) < COUNT
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("roster.csv")}

    assert run(["batch", str(plan), "--out", str(out), "--quiet"]) == 0
    after = attempts(out)
    assert len(after) == COUNT
    assert all(after[key] == before[key] == ("done", 1) for key in finished)
    assert {state for state, _ in after.values()} == {"done"}
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    assert results(out) == results(other)
    assert len([name for name in results(out) if "roster.csv" in name]) == COUNT
    assert not [path.name for path in out.rglob(".*")]  # nothing half-written

    broken = [tmp_path / "centres" / f"c{n:02}" for n in range(3)]
    (broken[0] / "shifts.csv").write_text("nonsense\n", encoding="utf-8")
    (broken[1] / "case.toml").unlink()
    (broken[2] / "agents.csv").write_bytes(b"\x00\xff\x00")
    assert run(["batch", str(plan), "--out", str(out), "--json", "--quiet"]) == 8
    found = json.loads(capsys.readouterr().out)
    assert found["states"]["done"] == COUNT - 3
    failed = {job["case"]: job["reason"] for job in found["jobs"] if job["reason"]}
    assert list(failed) == ["c00", "c01", "c02"]
    names = ("shifts.csv:1", "case.toml", "agents.csv")
    assert all(name in failed[case] for case, name in zip(failed, names, strict=True))
    assert {key: after[key] for key in after} == {
        key: value for key, value in attempts(out).items() if key in after
    }


@pytest.mark.slow
def test_ctrl_c_drops_what_runs_and_keeps_what_is_done(tmp_path):
    """Exit 130 within seconds; the next run solves the rest."""
    plan, out = write_cases(tmp_path, 3), tmp_path / "out"
    with started(plan, out, "--jobs", "1") as process:
        wait_until(out, 1, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert done(out) == 1
    states = batch_status(plan, out).states
    assert states == {"done": 1, "failed": 0, "running": 0, "waiting": 2}
    assert run_batch(plan, out).states["done"] == 3
    assert sorted(count for _, count in attempts(out).values()) == [1, 1, 2]


# -- bookkeeping, with jobs that solve nothing ----------------------------------------


ROSTER = {"roster.csv": b"agent,date\n", "calendars/A1.ics": b"-"}


def answered(**changes: object) -> Answer:
    """Return an answer as of a job that went well."""
    kpi = {"short_hours": 1234.5, "over_hours": 1.0, "service_level": 0.912}
    record = {"status": "optimal", "objective": 7, "bound": 7, "gap": 0.0, "kpi": kpi}
    return replace(Answer(files=ROSTER, record=record, seconds=1.0), **changes)


@pytest.fixture
def solved(monkeypatch) -> list[Job]:
    """Answer every job at once; the list tells which were asked for."""
    asked: list[Job] = []

    def answer(job: Job, stop: object = None) -> Answer:
        asked.append(job)
        return answered()

    monkeypatch.setattr("scheduler.pools.run_job", answer)
    return asked


def plan_of(root: Path, cases: dict[str, str], more: str = "") -> Path:
    """Write cases that hold one line each, and their plan."""
    for name, line in cases.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "case.toml").write_text(line, encoding="utf-8")
    listed = ", ".join(f'"{name}"' for name in cases)
    plan = root / "plan.toml"
    plan.write_text(f"cases = [{listed}]\n{more}", encoding="utf-8")
    return plan


BUSY = '[[scenario]]\nname = "+10 %"\nvolume = 1.1\n'


def test_every_case_scenario_and_seed(tmp_path, solved):
    """Each has a folder of its own, and a row of the table."""
    plan = plan_of(tmp_path, {"a": "1", "b": "2"}, f"seeds = [1, 2]\n{BUSY}")
    found = run_batch(plan)
    assert repr(found) == "<Batch of 8: 8 done>"
    assert found.out == tmp_path / "plan-out"
    frame = found.to_frame()
    assert list(frame["folder"][:4]) == [
        "a/as-it-is/1",
        "a/as-it-is/2",
        "a/10/1",
        "a/10/2",
    ]
    assert (found.out / "b/10/2/calendars/A1.ics").read_bytes() == b"-"
    assert list(frame["cost"]) == [7] * 8
    assert (found.out / "batch.csv").read_text("utf-8").count("\n") == 9
    assert len(solved) == 8


def test_the_same_work_is_done_once(tmp_path, solved):
    """Cases of the same bytes, and edits of the same meaning, share a result."""
    twice = BUSY + BUSY.replace("+10 %", "ten more")
    found = run_batch(plan_of(tmp_path, {"a": "1", "b": "1"}, twice))
    assert len(solved) == 2
    assert {row.entry.folder for row in found.rows} == {"a/as-it-is/1", "a/10/1"}
    run_batch(tmp_path / "plan.toml")
    assert len(solved) == 2
    (tmp_path / "a" / "case.toml").write_text("changed", encoding="utf-8")
    found = run_batch(tmp_path / "plan.toml")  # b keeps what both had
    assert len(solved) == 4
    assert holds(found) == {"a/as-it-is/1", "a/10/1", "a/as-it-is-2/1", "a/10-2/1"}


def holds(found: Batch) -> set[str]:
    """Return all folders of a batch, each of which has the result of its row."""
    for row in found.rows:
        ticket = json.loads((found.out / row.entry.folder / TICKET).read_bytes())
        assert ticket["key"] == row.key
    return {row.entry.folder for row in found.rows}


def test_a_row_is_done_only_where_its_result_lies(tmp_path, solved):
    """Undone edits, other names before, and folders deleted are solved again."""
    plan = plan_of(tmp_path, {"a": "1"})
    for line, asked in (("1", 1), ("2", 2), ("1", 3), ("1", 3)):
        (tmp_path / "a" / "case.toml").write_text(line, encoding="utf-8")
        assert holds(run_batch(plan)) == {"a/as-it-is/1"}
        assert len(solved) == asked
    shutil.rmtree(tmp_path / "plan-out" / "a")
    assert batch_status(plan).states["waiting"] == 1
    assert holds(run_batch(plan)) == {"a/as-it-is/1"}
    assert len(solved) == 4
    more = [
        f'[[scenario]]\nname = "{name}"\nvolume = {n}\n'
        for n, name in ((2, "10 %"), (3, "+10 %"))
    ]
    plan_of(tmp_path, {"a": "1"}, more[0])
    assert holds(run_batch(plan)) == {"a/as-it-is/1", "a/10/1"}
    plan_of(tmp_path, {"a": "1"}, more[1] + more[0])
    assert holds(run_batch(plan)) == {"a/as-it-is/1", "a/10/1", "a/10-2/1"}
    assert len(solved) == 6


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("seconds = 20", 1),
        ("deterministic = true", 1),
        ("seeds = [2]", 1),
        ("reports = false", 1),
        ("workers = 2", 1),
        ("as_it_is = true", 0),
        ("seeds = [1, 1]", 0),
    ],
)
def test_what_makes_work_another(tmp_path, solved, line, asked):
    """All that decides what comes out is in the key, and nothing else."""
    run_batch(plan_of(tmp_path, {"a": "1"}))
    run_batch(plan_of(tmp_path, {"a": "1"}, line))
    assert len(solved) == 1 + asked


def test_a_result_put_in_place_and_not_noted_is_taken_over(tmp_path, solved):
    """A kill between the two leaves a whole result, which is not solved again."""
    plan = plan_of(tmp_path, {"a": "1"})
    out = run_batch(plan).out
    with sqlite3.connect(out / LEDGER) as ledger:
        ledger.execute("UPDATE work SET state = 'running', figures = '{}'")
    ledger.close()
    found = run_batch(plan)
    assert (found.rows[0].state, found.rows[0].entry.figures["cost"]) == ("done", 7)
    assert len(solved) == 1
    (out / "a/as-it-is/1" / TICKET).unlink()
    with sqlite3.connect(out / LEDGER) as ledger:
        ledger.execute("UPDATE work SET state = 'running'")
    ledger.close()
    assert run_batch(plan).rows[0].entry.attempts == 2
    assert len(solved) == 2


def test_what_was_lost_is_tried_again_and_what_was_refused_is_not(
    tmp_path, monkeypatch
):
    """The next run begins a lost job once more; bad input waits for another."""
    told = iter(
        [
            answered(reason=Text("bad", "坏")),
            answered(reason=Text("x", "x"), again=True),
            answered(),
        ]
    )
    monkeypatch.setattr("scheduler.pools.run_job", lambda job, stop=None: next(told))
    plan = plan_of(tmp_path, {"a": "1", "b": "2"})
    assert [row.state for row in run_batch(plan, jobs=1).rows] == ["failed", "failed"]
    found = run_batch(plan, jobs=1)
    assert [row.state for row in found.rows] == ["failed", "done"]
    assert [row.entry.attempts for row in found.rows] == [1, 2]
    assert list(found.to_frame("zh")["reason"].fillna("-")) == ["坏", "-"]


def test_results_of_another_version_are_not_mixed_unasked(
    tmp_path, solved, monkeypatch, capsys
):
    """It says how many there are, and what to do; exit 2."""
    plan = plan_of(tmp_path, {"a": "1"})
    run_batch(plan)
    monkeypatch.setattr(batches, "version", lambda name: "9.9")
    with pytest.raises(VersionsError, match="1 jobs there are of rosterwright"):
        run_batch(plan)
    assert run(["batch", str(plan)]) == 2
    assert "--force" in capsys.readouterr().err
    assert run_batch(plan, force=True).states["done"] == 1
    assert len(solved) == 1


def test_a_case_that_changes_under_way_is_not_mixed(tmp_path, solved):
    """It fails with a reason, and is solved by the next run."""
    plan = plan_of(tmp_path, {"a": "1", "b": "2"})

    def meddle(batch: Batch, row: object) -> None:
        (tmp_path / "b" / "case.toml").write_text("3", encoding="utf-8")

    found = run_batch(plan, jobs=1, on_change=meddle)
    assert [row.state for row in found.rows] == ["done", "failed"]
    assert "changed" in found.failed[0].entry.reason.en
    assert run_batch(plan).states["done"] == 2


def test_missing_cases_fail_alone_and_fail_fast_stops(tmp_path, solved, capsys):
    """A folder that is not there is told as such; with --fail-fast none follows."""
    plan = plan_of(tmp_path, {"a": "1"})
    plan.write_text('cases = ["gone", "a"]\n', encoding="utf-8")
    assert run(["batch", str(plan), "--fail-fast", "--jobs", "1"]) == 8
    assert not solved
    (tmp_path / "gone").mkdir()  # is tried again, and is no failure of this run
    assert run(["batch", str(plan), "--fail-fast", "--jobs", "1"]) == 0
    assert len(solved) == 2
    (tmp_path / "gone").rmdir()
    assert run(["batch", str(plan), "--fail-fast", "--jobs", "1"]) == 8
    assert len(solved) == 2
    assert "no such folder" in " ".join(capsys.readouterr().out.split())
    found = batch_status(plan)
    assert [row.state for row in found.rows] == ["failed", "done"]


def test_folders_are_apart_on_any_file_system(tmp_path, solved):
    """Names that differ in case or in signs alone have folders of their own."""
    names = ("10 %", "10%", "busy", "BUSY", "../x", "话量")
    more = "".join(
        f'[[scenario]]\nname = "{n}"\nvolume = {i + 2}\n' for i, n in enumerate(names)
    )
    found = run_batch(plan_of(tmp_path, {"a": "1"}, f"as_it_is = false\n{more}"))
    folders = [row.entry.folder for row in found.rows]
    assert folders == [
        "a/10/1",
        "a/10-2/1",
        "a/busy/1",
        "a/BUSY-2/1",
        "a/x/1",
        "a/话量/1",
    ]
    assert all((found.out / folder / "roster.csv").is_file() for folder in folders)


def test_two_batches_at_once(tmp_path, solved, capsys):
    """The second ends with 7 and says who is at work."""
    plan = plan_of(tmp_path, {"a": "1"})
    out = tmp_path / "plan-out"
    with hold(out):
        _held.discard(out)
        assert run(["batch", str(plan)]) == 7
    assert "has been writing here" in capsys.readouterr().err


# -- a process of its own -------------------------------------------------------------


def dies() -> None:
    """Die as by a fault of the solver."""
    os.kill(os.getpid(), signal.SIGSEGV)


def hangs(seconds: float):
    """Say how long it may take, and take longer."""
    yield seconds
    time.sleep(600)


def fails():
    """Raise."""
    yield 1 / 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "arguments", "told"),
    [
        (dies, (), "died of signal 11"),
        (hangs, (0.5,), "did not come back within 0 s"),
        (fails, (), "ZeroDivisionError"),
    ],
)
def test_a_process_that_dies_hangs_or_fails(task, arguments, told):
    """An answer comes all the same, and another try may end otherwise."""
    answer = _Watched(Child(task, arguments, Budget(60.0)), None).answer()
    assert told in answer.reason.en
    assert answer.again


@pytest.mark.slow
def test_a_job_nobody_wants_any_more_ends(tmp_path):
    """Asked to stop, its process is gone at once."""
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    answer = _Watched(Child(hangs, (600.0,), Budget(60.0)), stop).answer()
    assert answer.again
    assert time.monotonic() - began < 20


def test_a_worker_of_another_version_refuses():
    """Results of two versions must not be mixed on a cluster either."""
    answer = run_job(Job(files={}, scenario=AS_IT_IS, seed=1, version="0.0"))
    assert re.search(r"of rosterwright 0\.0, the worker has \d", answer.reason.en)


def test_a_future_cancelled_is_a_job_lost():
    """As where the scheduler of a cluster is gone."""
    future: Future = Future()
    future.cancel()
    assert batches._answer(future).again


def test_a_digest_knows_names_and_where_files_end():
    """No two cases have the same by moving bytes from file to file."""
    one = {"a": b"12", "b": b""}
    others = ({"a": b"1", "b": b"2"}, {"a": b"12"}, {"b": b"12", "a": b""})
    assert all(digest(one) != digest(other) for other in others)


# -- the plan -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "seeds = 1",
            'column "cases": found "no such key", expected a list of case folders',
        ),
        ('cases = ["a"]\nsecond = 5', 'plan.toml:2: column "second": found "second"'),
        ('cases = ["a"]\nseeds = [1, -1]', 'column "seeds.2": found "-1"'),
        ('cases = ["a"]\nseconds = 0', 'found "0", expected seconds above 0'),
        ('cases = ["a"]\nseconds = "5"', "expected seconds above 0"),
        ('cases = ["a"]\nworkers = 0', "expected a whole number from 1 to 64"),
        ("cases = []", "expected a list of case folders"),
        ('cases = ["x*"]', 'found "x*", expected a pattern that some case matches'),
        ('cases = ["a"]\n[[scenario]]\nvolume = 2', "expected a name of its own"),
        (
            'cases = ["a"]\n[[scenario]]\nname = "s"\nvolum = 2',
            'Did you mean "volume"?',
        ),
        ('cases = ["a"]\n[[scenario]]\nname = "as it is"', "a name of its own"),
        ('cases = ["a"]\nseeds = [1\n', "expected TOML"),
        ('cases = ["a**"]', 'found "a**", expected a pattern that some case matches'),
        ('cases = ["a"]\nscenario = [1]', "expected tables [[scenario]]"),
        ('cases = ["a"]\n[[scenario]]\nname = "s"\nvolume = "2"', "expected a factor"),
    ],
)
def test_mistakes_of_a_plan_have_their_line(tmp_path, capsys, text, told):
    """Exit 3, and nothing is written."""
    plan = plan_of(tmp_path, {"a": "1"})
    plan.write_text(text, encoding="utf-8")
    assert run(["batch", str(plan)]) == 3
    assert told in capsys.readouterr().err
    assert not (tmp_path / "plan-out").exists()


def test_cases_are_found_by_pattern_and_named_shortly(tmp_path):
    """Folders of a case and workbooks count; results and notes beside them do not."""
    for name in ("n/march", "s/march", "s/april"):
        plan_of(tmp_path, {name: "1"})
    (tmp_path / "s" / "plan-out").mkdir()
    (tmp_path / "s" / "east.xlsx").write_bytes(b"-")
    (tmp_path / "s" / "~$east.xlsx").write_bytes(b"-")
    (tmp_path / "s" / "notes.txt").write_text("-", encoding="utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text('cases = ["s/*", "n/march", "./n/march"]\n', encoding="utf-8")
    assert list(read_batch(plan).cases) == ["s/april", "s/east", "s/march", "n/march"]
    with zipfile.ZipFile(tmp_path / "s" / "roster.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", '<sheet name="roster"/>')
    plan.write_text('cases = "s/*"\n', encoding="utf-8")
    assert list(read_batch(plan).cases) == ["april", "east", "march"]


# -- what people see ------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_fits_the_terminal(tmp_path, monkeypatch, capsys, lang):
    """In both languages, long names cut in their middle, failures with a reason."""
    bad = answered(reason=Text("no " * 60, "不" * 60), files={})
    told = iter([answered(), bad])
    monkeypatch.setattr("scheduler.pools.run_job", lambda job, stop=None: next(told))
    names = {f"{'某银行客户服务中心' * 4}-{n}": str(n) for n in range(2)}
    plan = plan_of(tmp_path, names)
    assert run(["batch", str(plan), "--jobs", "1", "--lang", lang]) == 8
    shown = capsys.readouterr()
    lines = [line for line in shown.out.splitlines() if not line.startswith("/")]
    assert all(cell_len(line) <= 80 for line in lines)
    assert any("1,234.5" in line and "91.2%" in line for line in lines)
    assert ("1 done, 1 failed" in shown.out) == (lang == "en")
    assert shown.err.count("\n") == 2
    assert (tmp_path / "plan-out" / "batch.png").stat().st_size > 5_000


def test_the_picture_marks_what_failed(tmp_path, solved):
    """Cases short of most heads come first; a failed job is marked in words."""
    plan = plan_of(tmp_path, {"a": "1", "b": "2"})
    found = run_batch(plan)
    rows = [
        replace(
            row, entry=replace(row.entry, state=state, figures={"short_hours": short})
        )
        for row, state, short in zip(
            found.rows, ("done", "failed"), (2.0, None), strict=True
        )
    ]
    ax = plot_batch(Batch(found.out, tuple(rows)))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in ax.texts] == ["failed"]
    assert ax.lines[0].get_xdata().tolist() == [2.0]
