"""The command line: exit codes, and what is printed where."""

import csv
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from types import ModuleType

import pytest
from rich.cells import cell_len

from constraints.pack import RULES
from constraints.roster import Roster
from constraints.rule import Text, audit
from scheduler.cli import run
from scheduler.engine.breaks import place_breaks
from scheduler.files.template import write_template
from scheduler.result import Result, Step


@pytest.fixture
def folder(tmp_path):
    """The commented case of ``roster init``."""
    write_template(tmp_path / "case")
    return tmp_path / "case"


@pytest.fixture
def engine(monkeypatch):
    """A stand-in for the engine: everybody stays at home, in no time."""
    module = ModuleType("scheduler.engine.solve")
    module.calls = []
    module.status = "feasible"

    def solve(case, *, seconds, seed, workers, effort, on_step, stop):
        module.calls.append((seconds, seed, workers, effort))
        on_step(Step(seconds=0.1, cost=12, bound=3, source="construct"))
        if module.status == "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.wait(5)
        if module.status in ("infeasible", "unknown"):
            why = Text("Only two leaders.", "只有两名组长。")
            return Result(
                status=module.status, conflicts=(why,), stop_reason="precheck"
            )
        if module.status == "broken":
            raise RuntimeError("a bug")
        roster = place_breaks(Roster.empty(case))
        soft = [rule for rule in case.rules if rule.penalty is not None]
        found = audit(roster, soft)
        return Result(status=module.status, roster=roster, audit=found, bound=3)

    module.solve = solve
    monkeypatch.setitem(sys.modules, "scheduler.engine.solve", module)
    return module


def test_solve_writes_and_sums_up(folder, engine, capsys):
    """Exit 0; a summary of 80 columns on stdout, progress on stderr."""
    assert run(["solve", str(folder), "--seconds", "5", "--seed", "9"]) == 0
    out, err = capsys.readouterr()
    assert engine.calls == [(5.0, 9, 0, None)]
    assert (folder / "out" / "roster.csv").is_file()
    assert "Status: feasible" in out
    assert "coverage.need" in out
    assert max(map(cell_len, out.splitlines()[:-1])) <= 80
    assert err == "  0.1 s  cost 12  bound 3  gap 75.0%  construct\n"


def test_deterministic_counts_work_not_time(folder, engine):
    """The elapsed time only guards against hanging."""
    assert run(["solve", str(folder), "--seconds", "5", "--deterministic"]) == 0
    ((seconds, _, _, effort),) = engine.calls
    assert effort == 5
    assert seconds > 5 * effort


def test_solve_speaks_chinese(folder, engine, capsys):
    """In the language asked for, within 80 columns, progress left out."""
    assert run(["solve", str(folder), "--lang", "zh", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["solve", str(folder), "--lang", "zh"]) == 0
    assert "状态" in capsys.readouterr().out


def test_solve_prints_json(folder, engine, capsys):
    """The result.json on stdout and nothing else."""
    assert run(["solve", str(folder), "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == "feasible"
    assert err == ""


@pytest.mark.parametrize(
    ("status", "code"), [("infeasible", 4), ("unknown", 5), ("broken", 1)]
)
def test_without_a_roster_the_earlier_result_stays(
    folder, engine, capsys, status, code
):
    """Conflicts give 4, nothing found 5, a bug 1 and one line."""
    assert run(["solve", str(folder)]) == 0
    before = (folder / "out" / "roster.csv").read_bytes()
    capsys.readouterr()
    engine.status = status
    assert run(["solve", str(folder)]) == code
    err = capsys.readouterr().err
    assert (folder / "out" / "roster.csv").read_bytes() == before
    assert (folder / "out" / "failed" / "result.json").is_file() == (code != 1)
    wanted = "--debug" if code == 1 else "Only two leaders."
    assert wanted in err
    assert "Traceback" not in err


def test_an_interrupted_solve_writes_the_best_roster(folder, engine):
    """Ctrl-C sets the event that the engine watches; exit 130 with everything."""
    before = signal.getsignal(signal.SIGINT)
    engine.status = "interrupted"
    assert run(["solve", str(folder), "--quiet"]) == 130
    record = json.loads((folder / "out" / "result.json").read_text("utf-8"))
    assert record["status"] == "interrupted"
    assert signal.getsignal(signal.SIGINT) == before


def test_out_goes_elsewhere(folder, engine, tmp_path):
    """The case folder is left as it was."""
    names = sorted(path.name for path in folder.iterdir())
    assert (
        run(["solve", str(folder), "--out", str(tmp_path / "new" / "o"), "--quiet"])
        == 0
    )
    assert (tmp_path / "new" / "o" / "result.json").is_file()
    assert sorted(path.name for path in folder.iterdir()) == names


def test_out_that_cannot_be_written_gives_7(folder, engine, capsys):
    """A file, or the case itself, is no place for results."""
    assert run(["solve", str(folder), "--out", str(folder / "pins.csv")]) == 7
    assert run(["solve", str(folder), "--out", str(folder)]) == 7
    assert capsys.readouterr().err.count("\n") == 2
    assert engine.calls == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["solve"],
        ["solve", "x", "--seconds", "0"],
        ["solve", "x", "--seconds", "nan"],
        ["solve", "x", "--workers", "-3"],
        ["solve", "x", "--lang", "fr"],
        ["nosuch"],
        ["demo", "--pack", "none"],
    ],
)
def test_wrong_usage_gives_2(arguments, capsys):
    """And says what is wrong on stderr."""
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error" in err


def test_a_case_that_is_not_there_gives_3(tmp_path, capsys):
    """One line."""
    assert run(["solve", str(tmp_path / "none")]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_audit_of_a_broken_roster_gives_6(folder, capsys):
    """Work on leave is found, in words of either language, and as JSON."""
    path = folder / "mine.csv"
    path.write_text("agent,date,shift\nA2,2026-03-11,E1\n")
    assert run(["audit", str(folder), str(path)]) == 6
    out = capsys.readouterr().out
    assert "A2 works on 2026-03-11, a day of leave." in out
    assert max(map(cell_len, out.splitlines())) <= 80
    assert run(["audit", str(folder), str(path), "--lang", "zh"]) == 6
    out = capsys.readouterr().out
    assert "A2 在休假日 2026-03-11 被排班。" in out
    assert max(map(cell_len, out.splitlines())) <= 80
    assert run(["audit", str(folder), str(path), "--json"]) == 6
    record = json.loads(capsys.readouterr().out)
    (found,) = [v for v in record["violations"] if v["rule"] == "leave.day"]
    assert (found["agent"], found["date"], found["amount"]) == ("A2", "2026-03-11", 1)
    assert "breaks.meal" not in {v["rule"] for v in record["violations"]}


def test_audit_of_a_clean_roster_gives_0(folder, capsys):
    """Where no rule is broken, it says so."""
    toml = folder / "case.toml"
    toml.write_text(toml.read_text("utf-8").replace('pack = "bank"', 'pack = "none"'))
    (folder / "mine.csv").write_text("agent,date,shift\nA2,2026-03-11,E1\n")
    assert run(["audit", str(folder), str(folder / "mine.csv")]) == 0
    assert "every rule is kept" in capsys.readouterr().out


def test_audit_without_a_roster_gives_3(folder, capsys):
    """It looks for out/roster.csv, and says how to make one."""
    assert run(["audit", str(folder)]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"{folder / 'out' / 'roster.csv'}: found ")
    assert f"roster solve {folder}" in said


def test_report_writes_page_and_workbook_again(folder, engine, capsys):
    """From the roster in out/, even after it was edited."""
    assert run(["report", str(folder)]) == 3
    assert run(["solve", str(folder), "--quiet"]) == 0
    for name in ("report.html", "roster.xlsx"):
        (folder / "out" / name).unlink()
    assert run(["report", str(folder)]) == 0
    assert (folder / "out" / "report.html").stat().st_size > 1000
    assert (folder / "out" / "roster.xlsx").stat().st_size > 1000


@pytest.mark.parametrize("command", ["forecast", "staff"])
def test_forecast_and_staff_tell_what_a_planner_should_know(folder, capsys, command):
    """A year whose moved days China has not announced."""
    (folder / "pins.csv").unlink(missing_ok=True)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    case = re.sub(r"first_day = \S+", "first_day = 2090-03-06", text)
    (folder / "case.toml").write_text(case, encoding="utf-8")
    assert run([command, str(folder), "--lang", "en"]) == 0
    assert "which days of 2090 are moved" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("command", "name"), [("forecast", "calls"), ("staff", "required")]
)
def test_forecast_and_staff_write_their_files(folder, capsys, command, name):
    """And leave the rest of out/ alone."""
    (folder / "out").mkdir()
    (folder / "out" / "note.txt").write_text("mine")
    assert run([command, str(folder)]) == 0
    words = {"forecast": " calls expected (", "staff": " head-hours needed, "}
    assert words[command] in capsys.readouterr().out
    files = {
        "forecast": ["forecast.csv", "backtest.csv", "cleaning.csv"],
        "staff": ["requirement.csv"],
    }[command]
    assert name in (folder / "out" / files[0]).read_text("utf-8").split("\n")[0]
    found = {path.name for path in (folder / "out").iterdir()}
    assert found == {"note.txt", *files}
    assert run([command, str(folder), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 28 * 48


def calls_of(folder, on, until, times=1.0):
    """Write so many times the calls forecast for a day, until an hour of it."""
    run(["forecast", str(folder), "--quiet"])
    with (folder / "out" / "forecast.csv").open(encoding="utf-8-sig") as file:
        rows = [
            row for row in csv.DictReader(file) if row["timestamp"] < f"{on}T{until}"
        ]
    lines = [
        f"{row['timestamp'][:16]},{round(times * float(row['calls']))}" for row in rows
    ]
    path = folder.parent / "today.csv"
    path.write_text("\n".join(["timestamp,offered", *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("until", ["00:15", "13:00", "24:00"])
def test_the_rest_of_today(folder, capsys, lang, until):
    """From one line on to the whole day; a case whose history is too short to try."""
    on = "2026-03-02"
    today = calls_of(folder, on, until, times=1.5)
    capsys.readouterr()
    words = ["forecast", str(folder), "--today", str(today), "--lang", lang]
    assert run(words) == 0
    out, _ = capsys.readouterr()
    assert on in out
    assert max(map(cell_len, out.splitlines()[:-1])) <= 80
    with (folder / "out" / "intraday.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 48
    assert {row["timestamp"][:10] for row in rows} == {on}
    with (folder / "out" / "forecast.csv").open(encoding="utf-8-sig") as file:
        before = list(csv.DictReader(file))[:48]
    raised = [
        row["timestamp"][11:16]
        for row, old in zip(rows, before, strict=True)
        if float(row["calls"]) > float(old["calls"])
    ]
    assert (min(raised, default=""), bool(raised)) == (
        ("13:00", True) if until == "13:00" else ("", False)
    )


def test_today_is_a_day_of_the_horizon(folder, capsys):
    """One line says what was found and expected; nothing is written."""
    today = calls_of(folder, "2026-03-02", "13:00")
    text = today.read_text("utf-8").replace("2026-03-02", "2025-03-02")
    today.write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert run(["forecast", str(folder), "--today", str(today)]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "a day from 2026-03-02 to 2026-03-29" in line.replace("of a day", "a day")
    assert not (folder / "out" / "intraday.csv").exists()


def test_init_is_accepted_as_it_stands(tmp_path, engine, capsys):
    """And never written over a case."""
    assert run(["init", str(tmp_path / "new"), "--lang", "zh"]) == 0
    assert run(["solve", str(tmp_path / "new"), "--quiet"]) == 0
    assert run(["init", str(tmp_path / "new")]) == 2


def test_demo_writes_a_case_and_solves_it(tmp_path, engine, monkeypatch, capsys):
    """A case that is not the demo's is not written over."""
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "--people", "24", "--quiet"]) == 0
    assert run(["demo", "--people", "24", "--quiet", "--pack", "six-on-one-off"]) == 0
    assert (tmp_path / "demo" / "out" / "report.html").is_file()
    write_template(tmp_path / "mine")
    assert run(["demo", "--out", "mine/out"]) == 2


@pytest.mark.parametrize("form", [[], ["--json"], ["--markdown"], ["--lang", "zh"]])
def test_rules_lists_every_rule(form, capsys):
    """With parameters, sentence and source from the classes."""
    assert run(["rules", *form]) == 0
    out = capsys.readouterr().out
    for rule in RULES:
        assert rule.id in out
    if form == ["--json"]:
        assert len(json.loads(out)["rules"]) == len(RULES)


def test_help_is_quick():
    """Under 0.3 s of CPU: nothing heavy is imported for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "scheduler", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert "solve" in done.stdout
    assert spent < 0.3


def test_solve_works_off_the_main_thread(folder, engine):
    """Signals are left alone there, as a notebook or a server needs."""
    codes = []
    thread = threading.Thread(
        target=lambda: codes.append(run(["solve", str(folder), "--quiet"]))
    )
    thread.start()
    thread.join()
    assert codes == [0]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("10 per head short", "1 per 60 min begun", "5 per night", "by weight")),
        ("zh", ("每缺 1 人计 10", "每 60 分钟计 1", "每 1 夜计 5", "按权重")),
    ],
)
def test_rules_say_what_a_break_of_them_costs(capsys, language, said):
    """By the unit that is priced as one, in the language asked for."""
    assert run(["rules", "--lang", language]) == 0
    out = capsys.readouterr().out
    assert [words for words in said if words not in out] == []
