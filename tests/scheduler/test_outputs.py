"""Results out: everything, whole or not at all, and read back as it was written."""

import csv
import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import numpy as np
import openpyxl
import pytest

from constraints.case import OFF
from constraints.roster import Roster
from constraints.rule import Text, audit
from forecasts.problems import InputError
from scheduler.engine.breaks import place_breaks
from scheduler.files import place
from scheduler.files.place import InUseError, hold, replace_folder
from scheduler.files.read import read_case
from scheduler.files.rosters import read_roster
from scheduler.files.template import write_template
from scheduler.files.write import OURS, write_failure, write_outputs
from scheduler.result import Result, Step
from scheduler.summary import COVERAGE, coverage_frame, kpi


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The commented case of ``roster init``, an odd name in it."""
    folder = tmp_path_factory.mktemp("plan") / "case"
    write_template(folder)
    path = folder / "agents.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Bob Wu", "=1+2"), encoding="utf-8")
    (folder / "history.csv").write_text("agent,date,shift\nA1,2026-03-01,L1\n")
    return read_case(folder)


def rostered(plan, seed=1):
    """Return a roster that keeps to leave, with breaks."""
    case = plan.case
    rng = np.random.default_rng(seed)
    table = np.full((len(case.agents), case.days), OFF, np.int16)
    for agent, day in np.ndindex(*table.shape):
        may = np.flatnonzero(case.free_to_work[agent, day])
        if may.size and rng.random() < 0.6:
            table[agent, day] = rng.choice(may)
    return place_breaks(Roster(case, table))


@pytest.fixture(scope="module")
def result(plan):
    """A result without a solver."""
    roster = rostered(plan)
    return Result(
        status="feasible",
        roster=roster,
        audit=audit(roster),
        bound=7,
        seconds=1.5,
        stop_reason="time",
        trace=(Step(seconds=0.5, cost=9, bound=7, source="construct"),),
        warnings=(Text("Beware.", "当心。"),),
    )


@pytest.fixture(scope="module")
def written(plan, result, tmp_path_factory):
    """Everything, written once."""
    out = tmp_path_factory.mktemp("written") / "out"
    write_outputs(plan, result, out)
    return out


def rows_of(path):
    """Return the rows of a CSV file as dictionaries."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- what is written ---------------------------------------------------------------


def test_every_file_is_there(plan, written):
    """All that FORMATS names, and nothing hidden."""
    assert {path.name for path in written.iterdir()} == set(OURS) - {"failed"}
    assert len(list((written / "calendars").glob("*.ics"))) == len(plan.case.agents)
    assert [path.name for path in written.parent.iterdir()] == ["out"]


def test_duties_tile_each_shift(written):
    """No gap and no overlap, phone included."""
    ends = {
        (row["agent"], row["date"]): (row["start"], row["end"])
        for row in rows_of(written / "roster.csv")
        if row["shift"]
    }
    seats = {}
    for row in rows_of(written / "duties.csv"):
        seats.setdefault((row["agent"], row["date"]), []).append(row)
    assert seats.keys() == ends.keys()
    for seat, duties in seats.items():
        assert (duties[0]["start"], duties[-1]["end"]) == ends[seat]
        assert all(a["end"] == b["start"] for a, b in pairwise(duties))


def test_every_leave_day_has_a_row(plan, written):
    """Shift empty, class leave:<kind>."""
    leave = [r for r in rows_of(written / "roster.csv") if not r["shift"]]
    assert [(r["agent"], r["date"], r["class"]) for r in leave] == [
        ("A2", "2026-03-10", "leave:annual"),
        ("A2", "2026-03-11", "leave:annual"),
        ("A2", "2026-03-12", "leave:annual"),
        ("A6", "2026-03-18", "leave:personal"),
    ]


def test_coverage_adds_up(plan, result, written):
    """Columns as promised; short and over as the audit charges them."""
    rows = rows_of(written / "coverage.csv")
    assert tuple(rows[0]) == COVERAGE
    assert len(rows) == plan.case.clock.intervals
    charged = [v for v in result.audit.violations if v.rule == "coverage.need"]
    short = sum(int(row["short"]) for row in rows)
    over = sum(int(row["over"]) for row in rows)
    assert short + over == sum(v.amount for v in charged)
    closed = [row for row in rows if "T03:" in row["timestamp"]]
    assert {row["short"] + row["over"] for row in closed} == {"00"}
    level = [row["service_level"] for row in rows if row["service_level"]]
    assert all(0 <= float(share) <= 1 for share in level)


def test_the_certificate_names_the_files(result, written):
    """Anyone can check that the audit is of this roster."""
    record = json.loads((written / "audit.json").read_text("utf-8"))
    for name, digest in record["certificate"]["sha256"].items():
        assert digest == sha256((written / name).read_bytes()).hexdigest()
    assert len(record["violations"]) == len(result.audit.violations)
    assert "A2" in record["certificate"]["assume_rested"]
    assert "A1" not in record["certificate"]["assume_rested"]
    assert {"en", "zh"} == record["violations"][0]["text"].keys()


def test_result_says_how_it_went(plan, result, written):
    """Status, cost, bound, gap, figures, and what became of requested leave."""
    record = json.loads((written / "result.json").read_text("utf-8"))
    assert record["status"] == "feasible"
    assert record["objective"] == result.audit.cost
    assert record["gap"] == pytest.approx((result.cost - 7) / result.cost, abs=1e-6)
    assert record["input_hash"] == plan.input_hash
    assert record["kpi"] == kpi(result.roster, result.audit)
    assert [leave["granted"] for leave in record["leave"]] == [True]
    paid = sum(figures["paid_hours"] for figures in record["kpi"]["agents"].values())
    assert paid == pytest.approx(record["kpi"]["paid_hours"])


def test_numbers_of_the_summary_by_hand(plan):
    """An empty roster is short of everything and pays nobody."""
    roster = Roster.empty(plan.case)
    figures = kpi(roster, audit(roster))
    needed = plan.case.requirement.heads[0][plan.case.counted].sum() / 2
    assert figures["short_hours"] == figures["required_hours"] == needed
    assert (figures["paid_hours"], figures["over_hours"]) == (0, 0)
    assert figures["service_level"] == 0
    assert coverage_frame(roster)["on_phone"].sum() == 0


# -- and read back -----------------------------------------------------------------


def alike(one, other):
    """Assert that two rosters are the same."""
    assert np.array_equal(one.table, other.table)
    assert one.extra == other.extra
    assert np.array_equal(one.overtime, other.overtime)
    assert one.duties.rows() == other.duties.rows()


@pytest.mark.parametrize("name", ["roster.csv", "roster.xlsx"])
def test_a_roster_comes_back_as_it_was(plan, result, written, name):
    """And so does its audit."""
    read = read_roster(written / name, plan.case)
    alike(read, result.roster)
    assert audit(read) == result.audit


def test_a_grid_edited_in_a_spreadsheet_is_read(plan, result, written, tmp_path):
    """With the long form deleted the grid counts; with both they must agree."""
    book = openpyxl.load_workbook(written / "roster.xlsx")
    grid = book["grid"]
    header = [cell.value for cell in grid[1]]
    assert header[:2] == ["agent", "name"]
    agent, day = np.argwhere(result.roster.table != OFF)[0]
    grid.cell(row=2 + agent, column=3 + day).value = "-"
    book.save(tmp_path / "both.xlsx")
    with pytest.raises(InputError, match="1 cells unlike sheet long"):
        read_roster(tmp_path / "both.xlsx", plan.case)
    del book["long"]
    book.save(tmp_path / "grid.xlsx")
    read = read_roster(tmp_path / "grid.xlsx", plan.case)
    expected = result.roster.table.copy()
    expected[agent, day] = OFF
    assert np.array_equal(read.table, expected)
    assert read.duties is None


def test_a_roster_edited_by_hand_is_read(plan, written, tmp_path):
    """Other encodings, separators and date forms; two rows for a date are kept."""
    text = (written / "roster.csv").read_text("utf-8")
    plain = read_roster(written / "roster.csv", plan.case)
    edited = text.replace("2026-03-0", "2026/3/").replace(",", ";").encode("utf-16")
    (tmp_path / "mine.csv").write_bytes(edited)
    assert np.array_equal(
        read_roster(tmp_path / "mine.csv", plan.case).table, plain.table
    )
    agent, day = (int(part) for part in np.argwhere(plain.table == 0)[0])
    person, on = plan.case.agents[agent].id, plan.case.clock.date(day)
    (tmp_path / "two.csv").write_text(f"{text}{person},{on},L1,,,,,60\n", "utf-8")
    twice = read_roster(tmp_path / "two.csv", plan.case)
    assert twice.extra == ((agent, day, 2),)
    assert twice.overtime[agent, day] == 60


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("A99,2026-03-04,E1", "agent"),
        ("A1,2026-03-04,E9", "shift"),
        ("A1,2026-03-04,", "shift"),
        ("A1,2026-03-30,E1", "date"),
        ("A1,04/03/2026,E1", "date"),
    ],
)
def test_a_roster_of_another_case_is_refused(plan, tmp_path, line, column):
    """Nothing is guessed."""
    path = tmp_path / "roster.csv"
    path.write_text(f"agent,date,shift\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_roster(path, plan.case)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("roster.csv", 2, column)


def test_the_next_period_starts_from_this_one(plan, result, written, tmp_path):
    """carry.json in a case folder stands in for history.csv."""
    write_template(tmp_path)
    (tmp_path / "carry.json").write_bytes((written / "carry.json").read_bytes())
    toml = (tmp_path / "case.toml").read_text("utf-8")
    with pytest.raises(InputError, match=r"carry\.json: .*a period up to 2026-03-29"):
        read_case(tmp_path)
    later = toml.replace("first_day = 2026-03-02", "first_day = 2026-03-30")
    (tmp_path / "case.toml").write_text(later, "utf-8")
    for name in ("leave", "pins", "requests"):
        (tmp_path / f"{name}.csv").unlink()
    case = read_case(tmp_path).case
    assert np.array_equal(case.history[:, -28:], result.roster.table)
    assert np.array_equal(case.past_leave[:, -28:], plan.case.on_leave[:, -28:])
    assert case.known.all()
    assert case.has_yesterday
    (tmp_path / "carry.json").write_text("[]")
    with pytest.raises(InputError, match=r"carry\.json"):
        read_case(tmp_path)


# -- whole or not at all -----------------------------------------------------------


def test_other_files_in_the_folder_stay(plan, result, tmp_path):
    """Notes a planner keeps beside our files are carried over; ours are replaced."""
    out = tmp_path / "out"
    (out / "mine").mkdir(parents=True)
    (out / "mine" / "note.txt").write_text("call Ann")
    (out / "calendars").mkdir()
    (out / "calendars" / "gone.ics").write_text("old")
    write_outputs(plan, result, out)
    assert (out / "mine" / "note.txt").read_text() == "call Ann"
    assert not (out / "calendars" / "gone.ics").exists()


def test_a_failure_leaves_the_earlier_result(plan, written, tmp_path):
    """Why there is no roster goes into a folder of its own."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "roster.csv").write_text("earlier")
    why = Text("Too few people.", "人手不足。")
    write_failure(plan, Result(status="infeasible", conflicts=(why,)), out)
    record = json.loads((out / "failed" / "result.json").read_text("utf-8"))
    assert (record["status"], record["kpi"]) == ("infeasible", None)
    assert record["conflicts"] == [{"en": "Too few people.", "zh": "人手不足。"}]
    assert (out / "roster.csv").read_text() == "earlier"


def test_a_disk_error_leaves_the_earlier_result(tmp_path):
    """What cannot be finished is not begun, and nothing lies about."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "a").write_text("earlier")

    def build(folder):
        (folder / "a").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        replace_folder(out, build, ["a"])
    assert (out / "a").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_without_a_swap_two_renames_do(tmp_path, monkeypatch):
    """Systems that cannot exchange two folders in one step are served too."""
    monkeypatch.setattr(place, "_swapped", lambda one, other: False)
    for text in ("first", "second"):
        replace_folder(
            tmp_path / "out", lambda new, text=text: (new / "a").write_text(text), "a"
        )
    assert (tmp_path / "out" / "a").read_text() == "second"
    (tmp_path / "out").rename(tmp_path / ".out.old")  # killed between the two
    replace_folder(tmp_path / "out", lambda new: (new / "b").write_text("b"), "b")
    assert (tmp_path / "out" / "a").read_text() == "second"


def test_a_case_folder_is_never_written_over(tmp_path):
    """Results must not take the place of what they were made from."""
    (tmp_path / "case.toml").write_text("schema = 1")
    with pytest.raises(OSError, match="case folder"):
        replace_folder(tmp_path, lambda new: None, [])


WRITER = """
    import os, signal, sys
    from pathlib import Path
    from scheduler.files import place

    def dying(*arguments, **named):
        os.kill(os.getpid(), signal.SIGKILL)

    moment, out = sys.argv[1], Path(sys.argv[2])

    def build(folder):
        for number in range(20):
            (folder / f"{number}").write_text("new")
            if moment == "build" and number == 10:
                dying()

    if moment == "before":
        place._exchange = dying
    elif moment == "sync":
        place._sync = dying
    elif moment == "after":
        place._sync_entry = dying
    elif moment == "lock":
        place._clean = dying
    place.replace_folder(out, build, [str(number) for number in range(20)])
"""


@pytest.mark.parametrize("moment", ["lock", "build", "sync", "before", "after"])
def test_a_killed_writer_leaves_a_whole_folder(tmp_path, moment):
    """Kill -9 at any moment: the old result or the new one, and the next run cleans."""
    out = tmp_path / "out"
    replace_folder(
        out, lambda new: [(new / f"{n}").write_text("old") for n in range(20)], []
    )
    script = textwrap.dedent(WRITER)
    done = subprocess.run([sys.executable, "-c", script, moment, str(out)], check=False)
    assert done.returncode == -signal.SIGKILL
    texts = [path.read_text() for path in sorted(out.iterdir())]
    assert texts == ["new" if moment == "after" else "old"] * 20
    replace_folder(out, lambda new: (new / "x").write_text("x"), ["x"])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


HOLDER = """
    import sys, time
    from pathlib import Path
    from scheduler.files.place import hold

    with hold(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_second_run_is_kept_out_until_the_first_is_gone(tmp_path):
    """It is told who writes and since when; a dead run's lock is no lock."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(InUseError, match=f"Process {first.pid} .* s"), hold(out):
            pass
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    with hold(out), hold(out):
        pass
    assert list(tmp_path.iterdir()) == []


def test_five_thousand_people_are_summed_up_at_once(plan):
    """Coverage and figures of a large centre take about a second."""
    agents = tuple(
        replace(plan.case.agents[number % 9], id=f"B{number}") for number in range(5000)
    )
    case = replace(
        plan.case,
        agents=agents,
        leave=(),
        requests=(),
        limits=(),
        pins=np.zeros((0, 0), np.int16),
        history=np.zeros((0, 0), np.int16),
    )
    table = np.random.default_rng(1).integers(-1, 4, (5000, 28)).astype(np.int16)
    roster = Roster(case, table)
    assert coverage_frame(roster)["scheduled"].max() > 1000
    assert len(kpi(roster, audit(roster, []))["agents"]) == 5000
