"""The desk's commands, as a planner types them."""

import json
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from shutil import copyfile, copytree, rmtree

import numpy as np
import pytest
from rich.cells import cell_len

from scheduler.cli import run
from scheduler.demo import write_demo_case
from scheduler.desk.desk import Desk
from scheduler.desk.find import find_swaps
from scheduler.engine.solve import solve
from scheduler.files.carry import FILE
from scheduler.files.read import read_case
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_roster

NOW = "2026-03-25T10:00"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def solved(tmp_path_factory) -> Path:
    """Return a case of twenty-four people and a week, with its draft."""
    folder = tmp_path_factory.mktemp("solved") / "case"
    write_demo_case(folder, people=24, days=7)
    roster = solve(read_case(folder).case, effort=0.05, workers=1).roster
    (folder / "out").mkdir()
    write_roster(roster, folder / "out")
    return folder


@pytest.fixture
def case(solved, tmp_path) -> Path:
    """Return a copy of it."""
    return Path(copytree(solved, tmp_path / "case"))


@pytest.fixture
def published(case, capsys) -> Path:
    """Return it with the draft published."""
    assert desk("publish", case, "--by", "Li", "--quiet") == 0
    capsys.readouterr()
    return case


def desk(*words: object, now: str = NOW) -> int:
    """Run a command of the desk at some time."""
    timed = not {"diff", "verify", "trail", "files", "export", "list"} & set(words[:2])
    return run([*map(str, words), *(("--now", now) if timed else ())])


@pytest.fixture
def legs(published):
    """Return the legs of a swap that all checks let pass, as the command has them."""
    plan = read_case(published)
    roster = read_roster(published / "out" / "roster.csv", plan.case)
    now = datetime.fromisoformat(f"{NOW}+08:00")
    held = Desk(roster=roster, now=now, version=1)
    for agent, day in np.argwhere(roster.table[:, 1:5] >= 0).tolist():
        on = plan.case.clock.date(day + 1)
        found = find_swaps(held, plan.case.agents[agent].id, on)
        fine = [one.swap for one in found if one.verdict.verdict != "fail"]
        if fine:
            give, take = fine[0].legs
            return f"{give.giver}:{give.day}", f"{take.giver}:{take.day}"
    raise AssertionError("no swap is let pass")


def roster_of(folder: Path) -> dict[tuple[str, str], str]:
    """Return the shifts of a published roster."""
    rows = (
        (folder / "published" / "roster.csv").read_text(encoding="utf-8").splitlines()
    )
    cells = [row.split(",") for row in rows[1:]]
    return {(row[0], row[1]): row[2] for row in cells}


def test_a_swap_from_request_to_published(published, legs, capsys):
    """Checked, asked for, agreed to, approved, applied: both shifts change hands."""
    give, take = legs
    giver, taker = give.partition(":")[0], take.partition(":")[0]
    both = ("--give", give, "--take", take)
    before = roster_of(published)
    assert desk("swap", "check", published, *both, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] in ("pass", "warn", "needs_approval")
    assert len(found["checks"]) == 18
    assert set(found["checks"][0]) == {"id", "verdict", "numbers", "text"}
    assert set(found["checks"][0]["text"]) == {"en", "zh"}
    assert desk("swap", "request", published, *both) == 0
    assert desk("swap", "approve", published, 1) == 6  # nobody has agreed
    assert desk("swap", "refuse", published, 1, "--reason", "no answer") == 0
    assert desk("swap", "request", published, *both) == 0
    assert desk("swap", "agree", published, 2, "--by", giver) == 6
    assert desk("swap", "agree", published, 2, "--by", taker) == 0
    assert desk("swap", "apply", published, 2) == 6  # not approved
    assert desk("swap", "approve", published, 2, "--by", "Wu") == 0
    assert desk("swap", "apply", published, 2, "--by", "Wu") == 0
    after = roster_of(published)
    given, taken = give.split(":")[1], take.split(":")[1]
    assert after[taker, given] == before[giver, given]
    assert after[giver, taken] == before[taker, taken]
    changed = {
        place for place in before | after if before.get(place) != after.get(place)
    }
    assert changed <= {(id, on) for id in (giver, taker) for on in (given, taken)}
    assert desk("swap", "apply", published, 2) == 6  # once is enough
    assert desk("ledger", "verify", published) == 0


def test_what_was_swapped_counts_in_the_next_period(published, legs, capsys):
    """carry.json names who has swapped, by month, and which ledger says so."""
    give, take = legs
    desk("swap", "request", published, "--give", give, "--take", take)
    desk("swap", "agree", published, 1, "--by", take.split(":")[0])
    desk("swap", "approve", published, 1)
    desk("swap", "apply", published, 1)
    carry = json.loads((published / "published" / FILE).read_text(encoding="utf-8"))
    month = min(give.split(":")[1], take.split(":")[1])[:7]
    assert carry["desk"]["swaps"][give.split(":")[0]] == {month: 1}
    assert carry["desk"]["mark"]
    assert [take.split(":")[0], give.split(":")[1]] in carry["desk"]["swapped"]


def test_leave_granted_for_the_next_period_is_known_there(published, tmp_path, capsys):
    """By carry.json alone: the next month has a ledger of its own."""
    words = ("--agent", "A003", "--first", "2026-04-07", "--last", "2026-04-08")
    assert desk("leave", "request", published, *words, "--kind", "personal") == 0
    assert desk("leave", "approve", published, 1) == 0
    assert desk("leave", "apply", published, 1) == 0
    later = Path(copytree(published, tmp_path / "next"))
    for name in ("desk.sqlite", "history.csv", "leave.csv", "pins.csv", "requests.csv"):
        (later / name).unlink(missing_ok=True)
    for name in ("out", "published"):
        rmtree(later / name)
    settings = (later / "case.toml").read_text(encoding="utf-8")
    moved = settings.replace("first_day = 2026-03-30", "first_day = 2026-04-06")
    assert moved != settings
    (later / "case.toml").write_text(moved, encoding="utf-8")
    copyfile(published / "published" / FILE, later / FILE)
    case = read_case(later).case
    number = [agent.id for agent in case.agents].index("A003")
    assert np.flatnonzero(case.on_leave[number, case.past :]).tolist() == [1, 2]


def test_leave_from_request_to_published(published, capsys):
    """The shift is gone, the day is leave; the stand-ins are ranked."""
    plan = read_case(published)
    table = read_roster(published / "out" / "roster.csv", plan.case).table
    for number in range(24):
        agent = plan.case.agents[number].id
        for day in np.flatnonzero(table[number] >= 0).tolist():
            on = str(plan.case.clock.date(day))
            words = ("--agent", agent, "--first", on, "--kind", "personal")
            assert desk("leave", "check", published, *words, "--json") == 0
            found = json.loads(capsys.readouterr().out)
            if found["verdict"] == "fail":
                continue
            assert list(found["stand_ins"]) == [on]
            assert desk("leave", "request", published, *words) == 0
            assert desk("leave", "approve", published, 1) == 0
            assert desk("leave", "apply", published, 1) == 0
            assert roster_of(published)[agent, on] == ""  # a row of leave
            assert desk("leave", "list", published) == 0
            assert f"L1 {agent} personal {on}: " in capsys.readouterr().out
            return
    raise AssertionError("no leave is let pass")


def test_a_second_publisher_needs_to_know_the_first(case, capsys):
    """Refused with what differs; with the number of what stands it goes through."""
    assert desk("publish", case, "--by", "Li") == 0
    assert desk("publish", case, "--by", "Wu") == 6
    assert "--over 1" in capsys.readouterr().err
    assert desk("publish", case, "--by", "Wu", "--over", 1) == 0
    assert desk("publish", case, "--by", "Li", "--over", 1) == 6
    assert desk("rollback", case, 1, "--over", 2) == 0
    assert desk("diff", case, "--from", 1, "--to", 3, "--json") == 0
    capsys.readouterr()
    assert desk("diff", case, "--from", 1, "--to", 9, "--lang", "en") == 6
    assert "no version 9" in capsys.readouterr().err


def test_people_absent_give_a_proposal_that_is_applied(published, capsys):
    """It is written, told, and published by the next command; then too late."""
    plan = read_case(published)
    roster = read_roster(published / "out" / "roster.csv", plan.case)
    day = 2
    on = plan.case.clock.date(day)
    working = np.flatnonzero(roster.table[:, day] >= 0)
    ids = ",".join(plan.case.agents[n].id for n in working[:2])
    morning = f"{on}T05:00"
    assert desk("replan", published, "--absent", ids, "--json", now=morning) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["why"] == ["absent"]
    assert {*found["short_hours"]} == {"published", "as_it_is", "proposed"}
    assert (published / "replan" / "roster.csv").is_file()
    assert (published / "replan" / "replan.png").stat().st_size > 5000
    assert desk("replan", published, "--apply", now=morning) == 0
    assert desk("replan", published, "--apply", now=morning) == 6  # another stands
    assert desk("replan", published, now=morning) == 0
    assert desk("ledger", "trail", published) == 0
    assert "replan" in capsys.readouterr().out


def test_more_calls_so_far_are_heeded(published, tmp_path, capsys):
    """Twice the calls of the forecast until ten: more heads are needed."""
    plan = read_case(published)
    frame = plan.forecast.to_frame()
    on = str(plan.case.clock.date(2))
    today = frame[frame["timestamp"].str.startswith(on)].head(20)
    lines = ["timestamp,offered"]
    for stamp, calls in zip(today["timestamp"], today["calls"], strict=True):
        lines.append(f"{stamp[:16]},{round(2 * calls)}")
    file = tmp_path / "today.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = ("--actuals", file, "--json")
    assert desk("replan", published, *words, now=f"{on}T10:00") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["why"] == ["calls"]
    levels = found["service_level"]
    assert levels["proposed"] >= levels["as_it_is"]


def test_a_tampered_row_is_found(published, capsys):
    """Exit code 6, and the place."""
    with closing(sqlite3.connect(published / "desk.sqlite")) as other, other:
        other.execute("UPDATE trail SET at = '2020-01-01' WHERE entry = 2")
    assert desk("ledger", "verify", published) == 6
    assert "entry 2" in capsys.readouterr().out


def test_published_files_are_written_again(published):
    """As a kill between the ledger and the files would leave them away."""
    before = (published / "published" / "roster.csv").read_bytes()
    rmtree(published / "published")
    assert desk("ledger", "files", published) == 0
    assert (published / "published" / "roster.csv").read_bytes() == before


def test_what_is_counted_of_each_person(published, legs, capsys):
    """A swap counts for who asks, and for the other once they agree."""
    give, take = legs
    giver, taker = give.split(":")[0], take.split(":")[0]
    month = min(give.split(":")[1], take.split(":")[1])[:7]
    now = NOW if month == NOW[:7] else f"{month}-01T00:00"

    def counted() -> dict[str, dict]:
        capsys.readouterr()
        assert desk("ledger", "counts", published, "--json", now=now) == 0
        rows = json.loads(capsys.readouterr().out)["counts"]
        return {row["agent"]: row for row in rows}

    assert desk("swap", "request", published, "--give", give, "--take", take) == 0
    found = counted()
    assert len(found) == 24
    assert (found[giver]["swaps"], found[taker]["swaps"]) == (1, 0)
    assert desk("swap", "agree", published, 1, "--by", taker) == 0
    assert counted()[taker]["swaps"] == 1
    case = read_case(published).case
    roster = read_roster(published / "out" / "roster.csv", case)
    nights = roster.works_class("night")[:, case.past :].sum(axis=1).tolist()
    assert [row["nights"] for row in found.values()] == nights


def test_a_person_is_exported_and_purged(published, tmp_path, capsys):
    """All of theirs, and then nothing."""
    file = tmp_path / "person.json"
    assert desk("export", published, "--agent", "A001", "--out", file) == 0
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["rosters"][0]["shifts"]
    assert desk("purge", published, "--agent", "A001", "--by", "Li") == 0
    capsys.readouterr()
    assert desk("export", published, "--agent", "A001") == 0
    assert json.loads(capsys.readouterr().out)["rosters"] == []
    assert desk("ledger", "verify", published) == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_printed_fits_eighty_columns(published, legs, lang, capsys):
    """In both languages; wide characters count twice."""
    give, take = legs
    last = str(date(2026, 4, 3))
    more = ("--lang", lang)
    leave = ("--agent", "A003", "--first", "2026-04-01", "--last", last)
    desk("swap", "check", published, "--give", give, "--take", take, *more)
    desk("swap", "find", published, "--give", give, *more)
    desk("leave", "check", published, *leave, "--kind", "annual", *more)
    desk("replan", published, "--absent", "A001,A002", *more, now="2026-04-01T05:00")
    told = capsys.readouterr().out.splitlines()
    assert len(told) > 40
    assert [line for line in told if cell_len(line) > 80 and "/" not in line] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("swap", "check", "--give", "A001"), "AGENT:DATE"),
        (("swap", "check", "--give", "A001:2026-04-01"), "--take"),
        (("swap", "find", "--give", "A001:1 April"), "a date such as"),
        (("leave", "check", "--agent", "A001"), "--first"),
        (
            ("leave", "check", "--agent", "A1", "--first", "2026-04-01", "--kind", "x"),
            "annual, sick",
        ),
        (("replan", "--absent", "B1"), "agents.csv, got B1"),
    ],
)
def test_wrong_words_are_a_usage_error(published, words, said, capsys):
    """Exit code 2, with what was expected."""
    split = 2 if words[0] != "replan" else 1
    code = desk(*words[:split], published, *words[split:], now="2026-04-01T08:00")
    told = " ".join(capsys.readouterr().err.split())
    assert (code, said in told) == (2, True), told


def test_nothing_published_is_said(case, capsys):
    """A swap is held against the draft, and fails for that reason."""
    words = ("--give", "A001:2026-04-01", "--take", "A002:2026-04-02")
    assert desk("swap", "check", case, *words, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["checks"][0]["verdict"] == "fail"
    assert not (case / "desk.sqlite").exists()
    assert desk("replan", case, now="2026-04-01T08:00") == 2
