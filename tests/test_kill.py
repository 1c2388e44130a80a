"""A killed or interrupted solve leaves the results of an earlier one whole."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256

import pytest

from scheduler.cli import run
from scheduler.files.template import write_template
from scheduler.files.write import OURS

pytestmark = pytest.mark.slow

SECONDS = "3"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A case of ten people and seven days, solved once from seed 1."""
    folder = tmp_path_factory.mktemp("kill") / "case"
    write_template(folder)
    settings = folder / "case.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("\ndays = 28\n", "\ndays = 7\n"), encoding="utf-8")
    with (folder / "agents.csv").open("a", encoding="utf-8") as file:
        file.write("A10,Dan Li,B,40,,,2024-01-01,\n")
    done = solving(folder, "1")
    assert done.wait(60) == 0
    return folder


def solving(folder, seed, *more):
    """Start ``roster solve`` as a process of its own."""
    command = (
        *(sys.executable, "-m", "scheduler", "solve", str(folder)),
        *("--seconds", SECONDS, "--seed", seed, *more),
    )
    with (folder.parent / "err.txt").open("wb") as errors:
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)


def contents(out):
    """Return the bytes of every file below a folder."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def is_whole(out, seed):
    """Whether all files of one solve are there, and belong together."""
    sums = json.loads((out / "audit.json").read_bytes())["certificate"]["sha256"]
    return (
        {path.name for path in out.iterdir()} - {"failed"} == set(OURS) - {"failed"}
        and seed_of(out) == seed
        and all(
            sha256((out / name).read_bytes()).hexdigest() == sums[name] for name in sums
        )
    )


def seed_of(out):
    """Return the seed of the result in place."""
    return json.loads((out / "result.json").read_bytes())["seed"]


def begun(folder):
    """Whether the process holds its lock: it has read, and solves."""
    return (folder / ".out.lock").exists()


def writing(file):
    """Return what says whether a file of the new results has been begun."""
    return lambda folder: any(folder.glob(f".out.new-*/{file}"))


MOMENTS = {
    "while it starts": lambda folder: True,
    "while it reads": 0.6,
    "while it begins to solve": begun,
    "while it solves": 2.5,
    "while it writes the first file": writing("*"),
    "while it writes the page": writing("report.html"),
    "while it writes calendars": writing("calendars/*"),
    "once it has put the new in place": lambda folder: seed_of(folder / "out") == 2,
}
"""When to kill: after some seconds, or as soon as something is so."""


def wait_for(moment, process, folder):
    """Wait for a moment, or for the end of the process."""
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < 30:
        elapsed = time.monotonic() - began
        if elapsed >= moment if isinstance(moment, float) else moment(folder):
            return
        time.sleep(0.001)


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_an_earlier_result_survives_a_kill(case, moment):
    """It is there byte for byte, or the new one has taken its place as a whole."""
    out = case / "out"
    before = contents(out)
    with solving(case, "2") as process:
        wait_for(moment, process, case)
        process.kill()
        code = process.wait(30)
    assert code in (0, -signal.SIGKILL)
    assert contents(out) == before or is_whole(out, seed=2)


def test_a_solve_after_kills_works_and_clears_up(case):
    """Locks and half-written folders of killed runs are in nobody's way."""
    with solving(case, "3") as process:
        assert process.wait(60) == 0
    assert is_whole(case / "out", seed=3)
    assert [path.name for path in case.glob(".out*")] == []
    assert run(["audit", str(case), "--quiet"]) == 0


def test_ctrl_c_keeps_the_best_roster_audited(case):
    """Exit 130 well before the time is up; all files are there, no hard rule broken.

    Of four weeks, as one week may be proved optimal before the signal comes.
    """
    settings = case / "case.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("\ndays = 7\n", "\ndays = 28\n"), encoding="utf-8")
    began = time.monotonic()
    with solving(case, "4", "--seconds", "600") as process:
        wait_for(has_roster, process, case)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(120) == 130
    assert time.monotonic() - began < 200
    out = case / "out"
    assert is_whole(out, seed=4)
    assert json.loads((out / "result.json").read_bytes())["status"] == "interrupted"
    found = json.loads((out / "audit.json").read_bytes())
    assert {row["severity"] for row in found["violations"]} <= {"soft"}
    with (out / "roster.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) > 20


def has_roster(folder):
    """Whether the progress of a solve tells a cost."""
    text = (folder.parent / "err.txt").read_text(encoding="utf-8")
    return any("cost -" not in line for line in text.splitlines() if "cost" in line)
