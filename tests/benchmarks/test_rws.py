"""Rotating workforce: planted breaks, all plans of tiny instances, published ones."""

import random
import re
from itertools import permutations, product
from pathlib import Path

import pytest

from benchmarks.lines import FileError
from benchmarks.registry import Task
from benchmarks.rws import BENCHMARK, main
from benchmarks.rws_evaluator import (
    OFF,
    Instance,
    Limits,
    evaluate,
    read_instance,
    read_plan,
    write_plan,
)
from benchmarks.rws_evaluator import main as judge
from benchmarks.rws_model import search
from scheduler.engine.solver import Budget

SMALL = """\
#days, employees, shifts
7
3
2
1 1 1 1 1 1 1
1 1 1 1 1 1 1   # of late
D 360 480 1 7
L 840 480 1 7
1 7
1 14
2 1
L D
D L
L - L
"""


def loose(*, weeks=2, **limits):
    """Return an instance that asks for nothing but what is given."""
    free = Limits(1, 14)
    asked = {
        "need": {"D": [0] * 7, "L": [0] * 7},
        "blocks": {"D": free, "L": free},
        "off": free,
        "work": free,
        "pairs": frozenset(),
        "triples": frozenset(),
    }
    return Instance(weeks, **asked | limits)


def needing(plan):
    """Return the need that a plan meets."""
    return {shift: [plan[d::7].count(shift) for d in range(7)] for shift in "DL"}


@pytest.mark.parametrize(
    ("rule", "limits", "legal", "illegal", "found"),
    [
        (
            2,
            {"blocks": {"D": Limits(2, 3), "L": Limits(1, 9)}},
            "D--DD-LDDD--LD",  # the block goes on after the last day
            "D--DDDD-D----L",
            [(3, 1), (8, 1), (0, 1)],
        ),
        (
            3,
            {"work": Limits(2, 4)},
            "D--DLDD--DL--D",
            "DDLDL--D--DD--",
            [(0, 1), (7, 1)],
        ),
        (
            4,
            {"off": Limits(2, 3)},
            "---DD--D--DDLL",
            "-D-L----DDD---",
            [(2, 1), (4, 1), (11, 1)],
        ),
        (
            5,
            {"pairs": frozenset({("L", "D")})},
            "DDLL-DL-D-----",
            "DLD----------L",
            [(2, 1), (0, 1)],
        ),
        (
            6,
            {"triples": frozenset({("L", "D")})},
            "L--D-L-LD-----",
            "-DL-D--------L",
            [(4, 1), (1, 1)],
        ),
    ],
)
def test_each_rule_alone(rule, limits, legal, illegal, found):
    """A legal plan breaks nothing; the illegal one breaks that rule alone."""
    assert evaluate(loose(need=needing(legal), **limits), legal) == []
    broken = evaluate(loose(need=needing(illegal), **limits), illegal)
    assert {one.rule for one in broken} == {rule}
    assert sorted((one.day, one.amount) for one in broken) == sorted(found)


def test_need_is_met_exactly():
    """Too many is as wrong as too few; the place is a weekday."""
    instance = loose(need={"D": [1] * 7, "L": [0] * 7})
    assert evaluate(instance, "DDDDDDD-------") == []
    broken = evaluate(instance, "D-DDDDDD-L----")
    found = [(one.rule, one.day, one.amount) for one in broken]
    assert found == [(1, 0, 1), (1, 1, 1), (1, 2, 1)]


@pytest.mark.parametrize(("plan", "rule"), [("D" * 14, 3), (OFF * 14, 4)])
def test_blocks_without_end_are_too_long(plan, rule):
    """Whatever their limit."""
    broken = evaluate(loose(need=needing(plan)), plan)
    assert rule in {one.rule for one in broken}


def tiny(draw):
    """Return a drawn instance of two weeks with two shifts, or of three with one."""
    weeks, shifts = draw.choice([(2, "DL"), (3, "D")])
    cells = [draw.choices([*shifts, *OFF * 2], k=weeks) for _ in range(7)]

    def limits(most):
        least = draw.randint(1, 3)
        return Limits(least, draw.randint(least, most))

    couples = list(product(shifts, repeat=2))
    return Instance(
        weeks,
        {shift: [day.count(shift) for day in cells] for shift in shifts},
        {shift: limits(5) for shift in shifts},
        limits(6),
        limits(7),
        frozenset(draw.sample(couples, draw.randint(0, 1))),
        frozenset(draw.sample(couples, draw.randint(0, len(couples) - 1))),
    )


def all_plans(instance):
    """Give every plan that meets the need."""
    columns = []
    for weekday in range(7):
        column = [s for s, need in instance.need.items() for _ in range(need[weekday])]
        column += [OFF] * (instance.weeks - len(column))
        columns.append(sorted(set(permutations(column))))
    for days in product(*columns):
        yield [days[day][week] for week in range(instance.weeks) for day in range(7)]


def test_tiny_instances_are_decided_as_by_trying_all_plans():
    """Feasible where some plan breaks nothing, and then with such a plan."""
    draw, seen = random.Random(3), []
    for _ in range(60):
        instance = tiny(draw)
        answer = search(instance, Budget(1e6, 50.0), seed=1, workers=1)
        exists = any(not evaluate(instance, plan) for plan in all_plans(instance))
        assert answer.status == ("feasible" if exists else "infeasible")
        if answer.plan is not None:
            assert evaluate(instance, answer.plan) == []
        seen.append((answer.status, answer.rounds > 1))
    assert len({status for status, _ in seen}) == 2
    assert ("feasible", True) in seen or ("infeasible", True) in seen


def test_a_shift_that_may_not_follow_itself_stands_alone():
    """A pair of one shift: no two days of it in a row."""
    apart = {"pairs": frozenset({("D", "D")}), "need": {"D": [1] * 7, "L": [0] * 7}}
    answer = search(loose(**apart), Budget(1e6, 50.0), seed=1, workers=1)
    assert answer.status == "feasible"
    assert evaluate(loose(**apart), answer.plan) == []
    none = search(loose(weeks=1, **apart), Budget(1e6, 50.0), seed=1, workers=1)
    assert none.status == "infeasible"


def test_the_command_tells_none_from_not_known(tmp_path, capsys, monkeypatch):
    """3 and 4; 2 is for what makes no sense."""
    source, target = tmp_path / "small.txt", tmp_path / "plan.csv"
    source.write_text(SMALL.replace("\n3\n", "\n2\n"))  # nobody would be off
    assert main([str(source), str(target)]) == 3
    monkeypatch.setattr("benchmarks.rws.SECONDS", 0.0)
    source.write_text(SMALL)
    assert main([str(source), str(target)]) == 4
    assert capsys.readouterr().out == "proved infeasible\nunknown\n"
    assert main([]) == main([str(target), str(target)]) == 2
    assert f"{target}: No such file" in capsys.readouterr().err
    assert not target.exists()


def test_files(tmp_path, capsys):
    """An instance is read, solved, its plan written, and judged from the file."""
    source, target = tmp_path / "small.txt", tmp_path / "plan.csv"
    source.write_text(SMALL)
    instance = read_instance(source)
    assert instance.need == {"D": [1] * 7, "L": [1] * 7}
    assert instance.triples == {("L", "L")}
    assert main([str(source), str(target)]) == 0
    assert judge([str(source), str(target)]) == 0
    plan = read_plan(target, instance)
    write_plan(target, [*plan[1:], plan[0]])  # a day earlier: as good here
    assert judge([str(source), str(target)]) == 0
    write_plan(target, ["D", *plan[1:]] if plan[0] != "D" else ["L", *plan[1:]])
    assert judge([str(source), str(target)]) == 3
    assert "rule 1, Mon: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("\n3\n", "\nx\n"),
            ", line 3: found 'x'; expected a whole number as employees",
        ),
        (("1 1 1 1 1 1 1\n", "1 1\n"), ", line 5: found '1,1'; expected 7 cells"),
        (("L 840", "D 840"), ", line 8: found 'D'; expected a new name of one shift"),
        (("L D", "L X"), ", line 12: found 'X'; expected the name of one shift"),
        (("L - L", "L D L"), ", line 14: found 'D'; expected '-'"),
        (("L - L", ""), ": found the end of the file; expected more rows"),
        (("7\n", "5\n"), ": found 5 days; expected a week of 7"),
    ],
)
def test_a_bad_instance_is_said(tmp_path, change, said):
    """With its line, what was found, and what was expected."""
    path = tmp_path / "small.txt"
    path.write_text(SMALL.replace(*change, 1))
    with pytest.raises(FileError, match=re.escape(f"{path}{said}")):
        read_instance(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,D,D,D,D,D,D,X\n", ", line 2: found 'X'; expected the name of one shift"),
        ("2,D,D,D,D,D,D,D\n", ", line 2: found week 2; expected week 1"),
        ("1,D,D,D,D,D,D,D\n", ": found 1 weeks; expected 3"),
    ],
)
def test_a_bad_plan_is_said(tmp_path, capsys, rows, said):
    """In one line, and the command ends with 2."""
    source, target = tmp_path / "small.txt", tmp_path / "plan.csv"
    source.write_text(SMALL)
    target.write_text(f"week,Mon,Tue,Wed,Thu,Fri,Sat,Sun\n{rows}")
    assert judge([str(source), str(target)]) == 2
    assert capsys.readouterr().err.startswith(f"{target}{said}")


@pytest.mark.parametrize("case", ["Example2", "Example7", "Example15"])
def test_published_instances_are_decided(outside, case):
    """With little work, also the one the README of the data has as undecided."""
    data = outside / "benchmarks"
    if case not in BENCHMARK.cases(data):
        pytest.skip(f"{Path(data, 'rws', case)} is not there")
    row = BENCHMARK.run(Task(case, "circulation", 1, 20.0, data, deterministic=True))
    assert (row["status"], row["hard"]) == ("feasible", 0)
