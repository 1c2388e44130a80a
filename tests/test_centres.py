"""Drawn centres: the same for the same seed, with the traits said, solved and kept."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.centre import HOLIDAY, write_centre
from benchmarks.centres import centre_table
from benchmarks.keep import read_rows, write_rows
from benchmarks.one import run_apart
from benchmarks.registry import Task
from constraints import audit
from scheduler import read_case, solve
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_outputs


def drawn(folder, **traits):
    """Write a centre and read it."""
    write_centre(folder, **traits)
    return read_case(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A centre of 24 people for a week."""
    return drawn(tmp_path_factory.mktemp("small"), people=24, days=7)


def test_same_seed_same_files(tmp_path):
    """Byte by byte; another seed, another centre."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_centre(tmp_path / name, people=24, days=7, seed=seed)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())

    def content(name):
        return [(tmp_path / name / file).read_bytes() for file in files]

    assert content("a") == content("b")
    assert content("a") != content("c")


def test_traits_of_a_real_centre(tmp_path):
    """Contracts, day people, leave, wishes, pins, past, and a need about as offered."""
    case = drawn(tmp_path, people=200).case
    minutes = np.array([agent.week_minutes for agent in case.agents])
    for hours, share in ((40, 0.8), (30, 0.1), (20, 0.1)):
        assert (minutes == hours * 60).mean() == share
    days_only = [agent.classes == {"day"} for agent in case.agents]
    assert 0.25 <= np.mean(days_only) < 0.3
    assert case.on_leave[:, case.past :].mean() == pytest.approx(0.08, abs=0.01)
    wishes = np.bincount([wish.agent for wish in case.requests], minlength=200)
    assert set(wishes) == {2, 3}
    assert 12 <= len(case.shifts) <= 20
    assert case.past == 14
    assert any(agent.protected for agent in case.agents)
    assert len(case.requirement.queues) == 3
    assert str(HOLIDAY) in (tmp_path / "calendar.csv").read_text()


def test_queues_come_back_from_files(small, tmp_path):
    """Who answers what is written, read, and audited to the same cost."""
    result = solve(small.case, effort=0.3, workers=1)
    assert not result.audit.hard
    write_outputs(small, result, tmp_path / "out")
    with (tmp_path / "out" / "duties.csv").open(encoding="utf-8", newline="") as file:
        named = {row["queue"] for row in csv.DictReader(file)}
    assert named == {"", *small.case.requirement.queues}
    back = read_roster(tmp_path / "out" / "roster.csv", small.case)
    after = small.case.clock.days_of_intervals > 0  # the first night began before
    assert (back.serving == result.roster.serving)[:, after].all()
    assert audit(back).cost == result.audit.cost
    dropped = replace(back, serving=None)
    assert audit(dropped).cost == result.audit.cost


@pytest.mark.slow
@pytest.mark.parametrize("method", ["engine", "one model"])
def test_a_run_apart_gives_a_row(tmp_path, method):
    """As the table of the benchmark wants it, by either method."""
    write_centre(tmp_path / "case", people=24, days=7)
    task = Task("centre-24", method, 1, 3.0, deterministic=True)
    row = run_apart(tmp_path / "case", tmp_path / "out", task)
    write_rows(tmp_path / "rows.csv", [row])
    rows = read_rows(tmp_path / "rows.csv")
    assert rows[0]["status"] in ("feasible", "optimal", "unknown")
    assert float(rows[0]["memory_mib"]) > 10
    if method == "engine":
        assert float(rows[0]["hard"]) == 0
        assert "| centre-24 | 3 | 1 | 0 |" in centre_table(rows)


def test_the_table_says_what_is_asked_and_where_the_peer_found_nothing():
    """Worst beside asked; a peer without a roster, or with a broken one, is none."""
    run = {"case": "centre-50", "people": "50", "seconds": "60", "hard": "0"}
    ours = [
        run | {"method": "engine", "seed": str(seed), "cost": "100", "gap": gap}
        for seed, gap in ((1, "0.0104"), (2, "0.0203"), (3, "0.0011"))
    ]
    peers = [
        run | {"method": "one model", "seed": "1", "cost": "460"},
        run | {"method": "one model", "seed": "2", "cost": "90", "hard": "1"},
        run | {"method": "one model", "seed": "3", "cost": ""},
    ]
    line = centre_table(ours + peers).splitlines()[-1]
    assert "| 3 | 0 | 1.04% | 2.03% (2.00%) |" in line
    assert line.endswith("| 4.6 (2 of 3 without a roster) |")
    assert centre_table(ours + peers[1:]).endswith("| (2 of 2 without a roster) |\n")


def test_queues_that_nobody_answers_are_noted(tmp_path):
    """And people who know none of the queues, and skills that nothing asks for."""
    assert not drawn(tmp_path, people=24, days=7).notes
    agents, need = tmp_path / "agents.csv", tmp_path / "requirement.csv"
    lines = agents.read_text("utf-8").splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([*cells[:3], "juggling", *cells[4:]])
    agents.write_text("\n".join(lines), "utf-8")
    said = [note.en for note in read_case(tmp_path).notes]
    assert said == [
        "People with the skill of no queue, who answer nothing: 1.",
        "Skills that are no queue and that no shift asks for: juggling.",
    ]
    need.write_text(need.read_text("utf-8").replace(",cards,", ",visa,"), "utf-8")
    notes = read_case(tmp_path).notes
    assert "name visa: all of its need stays short" in notes[0].en
    assert all(note.zh != note.en for note in notes)
