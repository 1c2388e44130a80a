"""Whatever happens to a run, its best roster comes back audited, its files whole."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from benchmarks.centre import write_centre
from scheduler.files.write import OURS
from tests import FULL

pytestmark = pytest.mark.slow

FROM_CALLS = {"forecast.csv", "backtest.csv", "cleaning.csv"}
"""What is written where a case has calls."""

STUB = """
    from ortools.sat.python import cp_model
    import scheduler.engine.solver as solver

    class Liar(cp_model.CpSolver):
        def solve(self, model, callback=None):
            super().solve(cp_model.CpModel())
            return cp_model.INFEASIBLE

    solver.cp_model.CpSolver = Liar
"""
NOBODY = """
    from constraints.roster import Roster
    import scheduler.engine.solve as engine

    engine.first_roster = lambda case, budget, seed: Roster.empty(case)
    engine.search_apart = lambda case, until, seed: iter(())
"""
HANG = """
    import sys, time
    import scheduler.engine.solve as engine

    def hang(case, budget, seed):
        print("hanging", file=sys.stderr, flush=True)
        time.sleep(600)

    engine.first_roster = hang
"""
COMMAND = """
    from scheduler.cli import run
    raise SystemExit(run({words!r}))
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A drawn centre of 24 people for a week."""
    folder = tmp_path_factory.mktemp("trust") / "case"
    write_centre(folder, people=24, days=7)
    return folder


@pytest.fixture
def start(case):
    """How to start ``roster solve`` as a process of its own, after some other lines."""
    begun = []

    def started(out, *words, before="", seconds="60", hash_seed="0"):
        words = ["solve", str(case), "--out", str(out), "--seconds", seconds, *words]
        script = textwrap.dedent(before) + textwrap.dedent(COMMAND.format(words=words))
        run = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
        )
        begun.append(run)
        return run

    yield started
    for run in begun:
        run.kill()
        run.stderr.close()
        run.wait()


def result(out):
    """Return what result.json says."""
    return json.loads((out / "result.json").read_text(encoding="utf-8"))


def whole(out):
    """Whether every file is there, and the audit found nothing hard."""
    audit = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    named = {path.name for path in out.iterdir()}
    return (
        named >= set(OURS) - {"failed", *FROM_CALLS}
        and not audit["certificate"]["hard"]
    )


def children(pid):
    """Return the processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


def running(pid):
    """Whether a process runs, and is not merely waiting to be counted."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def until_it_says(run, word):
    """Read what a run says until a word comes."""
    for line in run.stderr:
        if word in line:
            return
    raise AssertionError(f'Expected "{word}", got the end of what was said.')


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", ["construct", "blend"])
def test_a_signal_ends_the_run_with_its_best_roster(start, tmp_path, number, after):
    """At any stage; all files are written, exit 130."""
    run = start(tmp_path / "out")
    until_it_says(run, after)
    run.send_signal(number)
    assert run.wait(50) == 130
    assert result(tmp_path / "out")["status"] == "interrupted"
    assert whole(tmp_path / "out")


def test_a_signal_to_process_and_group_is_one(start, tmp_path):
    """As ``timeout`` sends it."""
    run = start(tmp_path / "out")
    until_it_says(run, "construct")
    run.send_signal(signal.SIGINT)
    time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    assert run.wait(50) == 130
    assert whole(tmp_path / "out")


def test_a_second_signal_ends_at_once(start, tmp_path):
    """Nothing is written then, where the first alone would have said why."""
    run = start(tmp_path / "out", before=HANG)
    until_it_says(run, "hanging")
    run.send_signal(signal.SIGINT)
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    assert run.wait(50) == 130
    assert not (tmp_path / "out").exists()


def test_helpers_end_with_the_run(start, tmp_path):
    """However that ended."""
    run = start(tmp_path / "out")
    until_it_says(run, "construct")
    while not (helpers := children(run.pid)):
        time.sleep(0.05)
    run.kill()
    run.wait()
    for _ in range(200):
        if not any(running(pid) for pid in helpers):
            return
        time.sleep(0.1)
    raise AssertionError("Expected helpers to end with the run; some live on.")


def test_killed_helpers_are_started_again(start, tmp_path):
    """And the run goes on as if nothing had been, but says so."""
    run = start(tmp_path / "out", seconds="600")
    until_it_says(run, "construct")
    while not (helpers := children(run.pid)):
        time.sleep(0.05)
    for pid in helpers:
        os.kill(pid, signal.SIGKILL)
    until_it_says(run, "blend")
    run.send_signal(signal.SIGINT)
    assert run.wait(50) == 130
    said = result(tmp_path / "out")
    assert sum("started again" in line["en"] for line in said["warnings"]) == len(
        helpers
    )
    assert whole(tmp_path / "out")


def test_a_failing_callback_costs_no_roster(case):
    """The run goes on without it, and says so."""
    script = f"""
        from scheduler import read_case, solve

        def fail(step):
            raise ValueError("out of luck")

        plan = read_case({str(case)!r})
        found = solve(plan.case, seconds=600, effort=3, on_step=fail)
        assert found.status in ("feasible", "optimal"), found
        assert not found.audit.hard
        assert sum("out of luck" in text.en for text in found.warnings) == 1
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_a_false_infeasible_is_not_believed(start, tmp_path):
    """A legal roster stands whatever the solver says of it."""
    run = start(tmp_path / "out", "--deterministic", before=STUB, seconds="1")
    assert run.wait(200) == 0
    assert result(tmp_path / "out")["status"] in ("heuristic", "feasible")
    assert whole(tmp_path / "out")


def test_a_false_infeasible_is_not_confirmed(case):
    """HiGHS, which shares no code with the liar, does not agree."""
    script = f"""
        from scheduler import read_case
        from scheduler.engine.aggregate import CountsModel, count_people
        from scheduler.engine.solver import Budget, run

        case = read_case({str(case)!r}).case
        limits = dict(seconds=20, effort=5, seed=1)
        assert run(CountsModel(case).cp, Budget(60), workers=1, **limits).infeasible
        assert not count_people(case, Budget(60), **limits).infeasible
    """
    script = textwrap.dedent(STUB) + textwrap.dedent(script)
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("before", [NOBODY, HANG], ids=["nothing legal", "a hang"])
def test_time_that_runs_out_without_a_roster_is_unknown(start, tmp_path, before):
    """Exit 5, long before a hang is over."""
    run = start(tmp_path / "out", before=before, seconds="0.5")
    assert run.wait(100) == 5
    said = result(tmp_path / "out" / "failed")
    assert (said["status"], said["stop_reason"]) == ("unknown", "time")


def test_memory_is_watched(case):
    """Helpers that hold too much are ended; what was found stands."""
    script = f"""
        from scheduler import read_case, solve

        plan = read_case({str(case)!r})
        found = solve(plan.case, seconds=30, limit=1 << 20)
        assert found.status == "heuristic", found
        assert not found.audit.hard
        assert any("MiB" in text.en for text in found.warnings)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_deterministic_rosters_are_the_same_byte_by_byte(start, tmp_path):
    """In other processes with other hash seeds; more work is never worse."""
    costs, budgets = [], ("0.5", "2", "8")
    for seconds in budgets if FULL else budgets[:2]:
        outs = []
        for seed in ("1", "2"):
            out = tmp_path / f"{seconds}-{seed}"
            run = start(
                out,
                "--deterministic",
                seconds=seconds,
                hash_seed=seed,
            )
            assert run.wait(300) == 0
            outs.append(out)
        for name in ("roster.csv", "duties.csv"):
            assert len({(out / name).read_bytes() for out in outs}) == 1
        costs.append(result(outs[0])["objective"])
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]
