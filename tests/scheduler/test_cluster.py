"""A batch on a real Dask cluster: what a lost worker had is done by another."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from scheduler.cli import run
from tests import FULL
from tests.scheduler.test_batch import attempts, results, wait_until, write_cases

pytest.importorskip("distributed", reason="the extra cluster is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FULL, reason="minutes; make test-full"),
]

COUNT = 12


@contextmanager
def dask(folder: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a part of a cluster, in a folder of its own."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    if words[0] != "scheduler":
        command = [sys.executable, "-m", "distributed.cli.dask_worker"]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [*command, *words[1:]], cwd=folder, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


@contextmanager
def cluster(
    root: Path, workers: int
) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Give the address of a scheduler, and its workers, a process each."""
    with ExitStack() as stack:
        told = root / "scheduler.json"
        words = ("--port", "0", "--scheduler-file", str(told), "--no-dashboard")
        stack.enter_context(
            dask(root / "scheduler", "scheduler", "--host", "127.0.0.1", *words)
        )
        began = time.monotonic()
        while not told.exists():
            assert time.monotonic() - began < 60
            time.sleep(0.1)
        words = ("--scheduler-file", str(told), "--no-nanny", "--nthreads", "1")
        found = [
            stack.enter_context(dask(root / f"worker{n}", "worker", *words))
            for n in range(workers)
        ]
        yield json.loads(told.read_bytes())["address"], found


def children(process: "subprocess.Popen[bytes]") -> int:
    """Return how many processes another has started."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    return sum(len(each.read_text().split()) for each in threads)


def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path):
    """Two workers, one killed while it solves: all as on this machine, each once."""
    plan = write_cases(tmp_path, COUNT)
    here, there = tmp_path / "here", tmp_path / "there"
    assert run(["batch", str(plan), "--out", str(here), "--quiet"]) == 0
    with cluster(tmp_path / "cluster", 2) as (address, workers):
        words = [sys.executable, "-m", "scheduler", "batch", str(plan), "--quiet"]
        with subprocess.Popen([*words, "--out", str(there), "--on", address]) as batch:
            wait_until(there, COUNT // 3, batch)
            while not children(workers[0]):
                time.sleep(0.01)
            workers[0].send_signal(signal.SIGKILL)
            assert batch.wait(600) == 0
        assert workers[1].poll() is None
    assert results(there) == results(here)
    assert set(attempts(there).values()) == {("done", 1)}
    assert set(attempts(there)) == set(attempts(here))


def test_a_cluster_of_its_own(tmp_path):
    """--on local-cluster starts one, and ends it."""
    plan, here, there = write_cases(tmp_path, 3), tmp_path / "here", tmp_path / "there"
    assert run(["batch", str(plan), "--out", str(here), "--quiet"]) == 0
    words = [sys.executable, "-m", "scheduler", "batch", str(plan), "--quiet"]
    done = subprocess.run(
        [*words, "--out", str(there), "--on", "local-cluster"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert results(there) == results(here)


def test_no_scheduler_answers(tmp_path, capsys):
    """Exit 7, with the address."""
    plan = write_cases(tmp_path, 1)
    assert run(["batch", str(plan), "--on", "tcp://127.0.0.1:9"]) == 7
    assert "tcp://127.0.0.1:9" in capsys.readouterr().err
