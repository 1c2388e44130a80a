"""Multi-activity shifts: published rosters, and each rule broken alone."""

import random
import re

import pytest

from benchmarks.lines import FileError
from benchmarks.matsp_evaluator import (
    Block,
    Shift,
    evaluate,
    main,
    read_instance,
    read_roster,
    write_roster,
)

DAY, HOUR = 1440, 60
PUBLISHED = (
    ("1_7_10_1", "test_solution_1a", 383),
    ("10_7_20_3", "test_solution_10a", 193),
)


def clock(minute):
    """Return hours and minutes of a minute."""
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def text_of_instance(*, least=0, most=9, minutes=(0, 9000), days=7):
    """Return an instance of one employee and two activities, the same heads always."""
    lines = ["SECTION_HORIZON", "# days", str(days), "SECTION_TASKS", "2"]
    lines += ["SECTION_STAFF", f"Ann,{minutes[0]},{minutes[1]}", "SECTION_COVER"]
    for minute in range(6 * HOUR, 6 * HOUR + days * DAY, 15):
        time = f"{clock(minute)}-{clock(minute + 15)}"
        for task in (1, 2):
            lines.append(f"{minute // DAY + 1},{time},{task},{least},{most}")
    return "\n".join(lines)


def written(folder, **heads):
    """Write an instance and return its path."""
    path = folder / "small.txt"
    path.write_text(text_of_instance(**heads))
    return path


def shift(words):
    """Return a shift from words like ``0 06:00 1x480 2x60``."""
    day, time, *blocks = words.split()
    hours, minutes = map(int, time.split(":"))
    said = (Block(*map(int, block.split("x"))) for block in blocks)
    return Shift("Ann", int(day) * DAY + hours * HOUR + minutes, tuple(said))


@pytest.mark.parametrize(("case", "solution", "objective"), PUBLISHED)
def test_published_objective_to_the_unit(outside, tmp_path, case, solution, objective):
    """With no rule broken, read from its own file and from one of ours."""
    path = outside / f"benchmarks/matsp/{case}.txt"
    fixture = outside / f"benchmarks/fixtures/matsp/{solution}.solution"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    instance = read_instance(path)
    roster = read_roster(fixture, instance)
    verdict = evaluate(instance, roster)
    assert (verdict.objective, verdict.broken) == (objective, [])
    copy = tmp_path / "copy.xml"
    write_roster(copy, roster)
    assert sorted(read_roster(copy, instance)) == sorted(roster)
    assert main([str(path), str(copy)]) == 0


@pytest.mark.parametrize(
    ("rule", "legal", "illegal", "amounts"),
    [
        (1, ["0 06:00 1x480"], ["0 06:05 1x480"], [1]),
        (1, ["0 06:00 1x60 2x420"], ["0 06:00 1x65 2x415"], [2]),
        (1, ["7 00:00 1x360"], ["6 22:00 1x600"], [120]),  # to 06:00; to 08:00
        (1, ["0 06:00 1x360"], ["0 00:00 1x420"], [360]),
        (
            2,
            ["1 00:00 1x360", "2 20:00 1x360"],
            ["1 00:00 1x360", "1 20:00 1x360"],
            [1],
        ),
        (
            3,
            [f"{day} 08:00 1x360" for day in (0, 1, 2, 3, 4, 6)],
            [f"{day} 08:00 1x360" for day in range(7)],
            [2],
        ),
        (4, ["0 06:00 1x360"], ["0 06:00 1x345"], [15]),
        (4, ["0 06:00 1x600"], ["0 06:00 1x300 2x315"], [15]),
        (5, ["0 10:00 1x360"], ["0 10:15 1x360"], [1]),
        (5, ["0 23:45 1x360"], ["1 00:15 1x360"], [1]),
        (5, ["0 18:00 1x360"], ["0 19:45 1x360"], [1]),
        (5, ["0 14:00 1x360"], ["0 13:45 1x360"], [1]),
        (6, ["0 06:00 1x360 2x60"], ["0 06:00 1x360 2x45"], [15]),
        (6, ["0 06:00 1x45 1x15 2x360"], ["0 06:00 1x15 2x360 1x30"], [45, 30]),
        (
            7,
            ["0 14:00 1x600", "1 14:00 1x360"],
            ["0 18:00 1x600", "1 16:00 1x360"],
            [120],
        ),
    ],
)
def test_each_rule_alone(tmp_path, rule, legal, illegal, amounts):
    """Legal shifts break nothing; the illegal ones break that rule alone."""
    instance = read_instance(written(tmp_path))
    assert evaluate(instance, [*map(shift, legal)]).broken == []
    broken = evaluate(instance, [*map(shift, illegal)]).broken
    assert {one.rule for one in broken} == {rule}
    assert [one.amount for one in broken] == amounts
    assert all(one.employee == "Ann" for one in broken)


@pytest.mark.parametrize(
    ("minutes", "amounts"),
    [((480, 480), []), ((495, 600), [15]), ((0, 450), [30])],
)
def test_minutes_in_all(tmp_path, minutes, amounts):
    """Rule 8, on both sides."""
    instance = read_instance(written(tmp_path, minutes=minutes))
    broken = evaluate(instance, [shift("0 06:00 1x480")]).broken
    assert [(one.rule, one.amount) for one in broken] == [(8, a) for a in amounts]


def test_heads(tmp_path):
    """Rule 9 where too few; the square of those beyond the most, else."""
    instance = read_instance(written(tmp_path, least=1, most=1, days=1))
    verdict = evaluate(instance, [shift("0 06:00 1x480 2x60")])
    short = 2 * 96 - (480 + 60) // 15
    assert {one.rule for one in verdict.broken} == {9}
    assert len(verdict.broken) == short
    thrice = [shift("0 06:00 1x480 2x60")] * 3
    assert evaluate(instance, thrice).objective == 2**2 * 540 // 15
    assert str(verdict).splitlines()[2].startswith("rule 9, day 1 06:00: 0 on activity")


def test_damage_is_found(outside):
    """A published roster with a shift moved, cut or gone breaks a rule each time."""
    case, solution, _ = PUBLISHED[1]
    path = outside / f"benchmarks/matsp/{case}.txt"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    instance = read_instance(path)
    roster = read_roster(
        outside / f"benchmarks/fixtures/matsp/{solution}.solution", instance
    )
    draw = random.Random(1)
    for _ in range(30):
        damaged = list(roster)
        place = draw.randrange(len(damaged))
        one = damaged[place]
        damaged[place : place + 1] = draw.choice(
            [
                [],
                [one._replace(start=one.start + 7)],
                [one._replace(start=one.start - one.start % DAY + 11 * HOUR)],
                [one._replace(blocks=(*one.blocks, Block(1, 300)))],
                [one, one._replace(start=one.start + 15)],
            ]
        )
        assert evaluate(instance, damaged).broken


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("\n7\n", "\nx\n"), ", line 3: found 'x'; expected a whole number as days"),
        (("Ann,0,9000", "Ann,0"), ", line 7: found 'Ann,0'; expected 3 cells"),
        (("06:15-06:30", "06:15-06:45"), ", line 11: found 06:15-06:45; expected an"),
        (("06:15-06:30", "soon"), ", line 11: found 'soon'; expected a time like"),
        (
            ("06:00-06:15,2", "06:00-06:15,3"),
            ", line 10: found 1,06:00-06:15,3; expect",
        ),
        (
            ("06:00-06:15,2", "06:00-06:15,1"),
            ", line 10: found 1,06:00-06:15,1; expect",
        ),
        (("1,06:00-06:15,2,0,9\n", ""), ": found cover of 1343 cells; expected 1344"),
        (("SECTION_TASKS", "SECTION_X"), ", line 4: found 'SECTION_X'; expected the"),
    ],
)
def test_a_bad_instance_is_said(tmp_path, change, said):
    """With its line, what was found, and what was expected."""
    path = written(tmp_path)
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(FileError, match=re.escape(f"{path}{said}")):
        read_instance(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Ann", "Bob"), "shift of employee 'Bob' on day '0' at '06:00:00': found no"),
        (("<ID>1", "<ID>3"), "day '0' at '06:00:00': found task 3; expected 1 to 2."),
        (("<Day>0", "<Day>one"), "expected day, start and tasks, in numbers."),
        (("06:00:00", "6"), "expected day, start and tasks, in numbers."),
        (("</Solution>", ""), "expected XML."),
    ],
)
def test_a_bad_roster_is_said(tmp_path, capsys, change, said):
    """In one line, and the command ends with 2."""
    path, roster = written(tmp_path), tmp_path / "roster.xml"
    write_roster(roster, [shift("0 06:00 1x480")])
    roster.write_text(roster.read_text().replace(*change, 1))
    assert main([str(path), str(roster)]) == 2
    assert said in capsys.readouterr().err
