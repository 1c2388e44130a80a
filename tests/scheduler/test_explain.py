"""Explain: six planted conflicts are named, proved again by others, and resolved."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import pulp
import pytest

from scheduler.cli import run
from scheduler.demo import write_demo_case
from scheduler.engine.conflict import (
    Conflict,
    Guarded,
    find_conflict,
    proved_again,
    restated,
)
from scheduler.engine.linear import FREE, _rows
from scheduler.engine.solve import solve
from scheduler.engine.solver import Budget
from scheduler.explanation import explain
from scheduler.files.read import read_case
from tests import FULL


def dates(first: str, count: int = 1) -> set[str]:
    """Return so many days as text."""
    begin = date.fromisoformat(first)
    return {str(begin + timedelta(n)) for n in range(count)}


def add(folder: Path, name: str, *lines: str) -> None:
    """Put lines at the end of a file."""
    with (folder / name).open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def set_in(folder: Path, name: str, pattern: str, text: str) -> None:
    """Put other words in all places of a file; there must be some."""
    file = folder / name
    words, count = re.subn(
        pattern, text, file.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert count
    file.write_text(words, encoding="utf-8")


# -- six conflicts, planted in a month of sixty people --------------------------------


def heads(folder: Path) -> None:
    """Twenty-four people join a week late; 36 x 40 h are less than 9 x 168 h."""
    (folder / "history.csv").unlink()
    set_in(folder, "case.toml", r"^floor = 2", "floor = 9")
    late = iter(range(24))
    file = folder / "agents.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("joined")
    role = lines[0].split(",").index("roles")
    for number, line in enumerate(lines[1:], start=1):
        cells = line.split(",")
        if not cells[role] and next(late, None) is not None:
            cells[column] = "2026-04-06"
            lines[number] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def leaves(folder: Path) -> None:
    """Everybody but one is away on one day."""
    case = read_case(folder).case
    on = date(2026, 4, 8)
    away = {one.agent for one in case.leave if one.first <= on <= one.last}
    there = [a.id for number, a in enumerate(case.agents) if number not in away]
    add(folder, "leave.csv", *(f"{id},{on},{on},personal,approved" for id in there[1:]))


def pattern(folder: Path) -> None:
    """Six days of seven and a half hours or more a week are more than forty."""
    rules = (
        '[rules."pattern.six_on_one_off"]\n\n[rules."nights.run"]\nmost_nights = 6\n'
    )
    set_in(folder, "case.toml", r"^\[solve\]", f"{rules}\n[solve]")


def protected(folder: Path) -> None:
    """Everybody who may work nights is protected on one night."""
    case = read_case(folder).case
    night = {a.id for a in case.agents if not a.classes or "night" in a.classes}
    file = folder / "agents.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    first, last = names.index("protected_from"), names.index("protected_to")
    for number, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] in night:
            cells[first] = cells[last] = "2026-04-10"
            lines[number] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def pins(folder: Path) -> None:
    """A late night and an early day after it are both fixed."""
    add(folder, "pins.csv", "A001,2026-04-08,N1", "A001,2026-04-09,A1")


def two(folder: Path) -> None:
    """Two people have annual leave on one day, on which one may."""
    add(
        folder,
        "leave.csv",
        *(f"{id},2026-04-24,2026-04-24,annual,approved" for id in ("A020", "A021")),
    )


@dataclass(frozen=True)
class Planted:
    """A conflict, and what must be named: rules with their days."""

    plant: Callable[[Path], None]
    named: dict[str, set[str]]


WEEK = dates("2026-03-30", 7)
PLANTED = {
    "heads": Planted(
        heads,
        {
            "coverage.floor": WEEK,
            "eligibility": WEEK,
            "hours.average": dates("2026-04-05"),
        },
    ),
    "leaves": Planted(
        leaves,
        {"coverage.floor": dates("2026-04-09"), "leave.day": dates("2026-04-08")},
    ),
    "pattern": Planted(
        pattern,
        {
            "hours.average": dates("2026-04-12"),
            "pattern.six_on_one_off": dates("2026-04-09", 4),
        },
    ),
    "protected": Planted(
        protected,
        {"coverage.floor": dates("2026-04-11"), "eligibility": dates("2026-04-10")},
    ),
    "pins": Planted(
        pins,
        {"eligibility": dates("2026-04-08", 2), "rest.daily": dates("2026-04-09")},
    ),
    "two": Planted(two, {"leave.limit": dates("2026-04-24")}),
}
SOME = ("heads", "pattern", "pins", "two")  # the quicker ones


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """Return a case of sixty people and four weeks, which has a roster."""
    folder = tmp_path_factory.mktemp("month")
    write_demo_case(folder)
    return folder


@pytest.fixture
def planted(month, tmp_path, request):
    """Return a copy of it with a conflict in it, and what was planted."""
    one = PLANTED[request.param]
    folder = tmp_path / "case"
    copytree(month, folder)
    one.plant(folder)
    return folder, one


def named(conflict: Conflict) -> dict[str, set[str]]:
    """Return the rules of a conflict with their days."""
    clock = conflict.case.clock
    return {
        rule.id: {str(clock.date(day)) for day in conflict.days(rule)}
        for rule in conflict.rules
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD:DeprecationWarning")
@pytest.mark.parametrize("planted", PLANTED if FULL else SOME, indirect=True)
def test_what_was_planted_is_named_and_proved_by_another_solver(planted):
    """No rule more and none less, nor a day; CBC, too, finds no roster."""
    folder, one = planted
    case = read_case(folder).case
    conflict = find_conflict(case, Budget(600.0))
    assert conflict is not None
    assert named(conflict) == one.named
    assert proved_again(conflict, Budget(600.0))
    assert not cbc_finds_a_roster(conflict)


def cbc_finds_a_roster(conflict: Conflict) -> bool:
    """Whether CBC leaves open that the parts of a conflict can all be kept."""
    model = restated(conflict, conflict.case)
    if model.hopeless:  # there is nothing to solve: the files alone break the rule
        return False
    model._ask(model.guards)
    return all(_cbc_solves(model, kind) for kind in ("Continuous", "Integer"))


def _cbc_solves(model: Guarded, kind: str) -> bool:
    """Whether CBC does not prove a model infeasible, in fractions or whole numbers."""
    problem = pulp.LpProblem("conflict", pulp.LpMinimize)
    domains = [list(one.domain) for one in model.cp.proto.variables]
    cells = [
        problem.add_variable(f"x{n}", one[0], one[-1], cat=kind)
        for n, one in enumerate(domains)
    ]
    problem += 0
    for one in model.cp.proto.constraints:
        for low, terms, high in _rows(one, domains):
            total = pulp.lpSum(w * cells[at] for at, w in terms)
            if low > -FREE:
                problem += total >= low
            if high < FREE:
                problem += total <= high
    status = problem.solve(pulp.PULP_CBC_CMD(msg=False))
    return bool(pulp.LpStatus[status] != "Infeasible")


@pytest.mark.skipif(not FULL, reason="minutes each; make test-full")
@pytest.mark.parametrize("planted", PLANTED, indirect=True)
def test_the_first_way_out_applied_solves(planted):
    """Its edits, laid over the files once more, give a roster without a broken rule."""
    folder, _ = planted
    found = explain(folder, seconds=3000.0, effort=24.0)
    assert found.conflict is not None
    assert found.ways
    first = found.ways[0]
    again = solve(read_case(folder, first.scenario).case, effort=8.0, seed=7)
    assert again.usable
    assert not again.audit.hard


# -- smaller ones ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Return a small case with one conflict: two annual leaves on one day."""
    folder = tmp_path_factory.mktemp("week")
    write_demo_case(folder, people=24, days=7)
    lines = [f"{id},2026-04-02,2026-04-02,annual,approved" for id in ("A013", "A014")]
    add(folder, "leave.csv", *lines)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_names_the_rule_and_ranks_the_ways(week, tmp_path, capsys, lang):
    """Exit code 4; the rule and its day; ways out from the cheapest on."""
    arguments = ["explain", str(week), "--deterministic", "--seconds", "2"]
    code = run([*arguments, "--lang", lang, "--out", str(tmp_path)])
    told = capsys.readouterr().out
    assert code == 4
    assert "leave.limit" in told
    assert "2026-04-02" in told
    assert "A013" in told
    assert (tmp_path / "explain.csv").is_file()
    assert max(map(len, told.splitlines())) <= max(80, len(str(tmp_path)) + 20)


@pytest.mark.slow
def test_json_holds_the_parts_and_the_ways(week, tmp_path, capsys):
    """The same for programs."""
    arguments = ["explain", str(week), "--deterministic", "--seconds", "2", "--json"]
    assert run([*arguments, "--out", str(tmp_path)]) == 4
    found = json.loads(capsys.readouterr().out)
    part = {"rule": "leave.limit", "date": "2026-04-02", "agent": None}
    assert found["conflict"] == [part]
    assert found["proved_twice"]
    costs = [way["cost"] for way in found["ways"] if "hire" not in way["edits"]]
    assert costs == sorted(costs)


@pytest.mark.slow
def test_a_case_without_a_conflict_says_so(tmp_path, capsys):
    """Exit code 0, and no table of ways out."""
    folder = tmp_path / "case"
    write_demo_case(folder, people=24, days=7)
    arguments = ["explain", str(folder), "--deterministic", "--seconds", "2"]
    assert run([*arguments, "--lang", "en"]) == 0
    assert "There is no conflict" in capsys.readouterr().out
    assert not (folder / "out" / "explain.csv").exists()
