"""The evaluator of instances 1..24: published rosters, planted breaks."""

import random
import re
from collections import Counter
from xml.etree import ElementTree

import pytest

from benchmarks.curtois_evaluator import (
    Duty,
    FileError,
    evaluate,
    main,
    read_instance,
    read_roster,
)

PUBLISHED = (
    "Instance1.Solution.607",
    "Instance5.Solution.1144",
    "Instance8.Solution.1308",
    "Instance13.Solution.1486",
)

SMALL = """\
SECTION_HORIZON
14
SECTION_SHIFTS
# late before early is what may not be
E,480,
L,600,E
SECTION_STAFF
Ann,E=14|L={late},{most},{least},{longest},{shortest},{rest},{weekends}
SECTION_DAYS_OFF
{off}
SECTION_SHIFT_ON_REQUESTS
Ann,0,E,2
SECTION_SHIFT_OFF_REQUESTS
Ann,1,E,3
SECTION_COVER
0,E,2,100,1
1,E,0,100,7
"""
LOOSE = {
    "late": 14,
    "most": 9000,
    "least": 0,
    "longest": 14,
    "shortest": 1,
    "rest": 1,
    "weekends": 2,
    "off": "",
}


@pytest.fixture(scope="session")
def published(outside):
    """Folder of the published instances."""
    folder = outside / "benchmarks"
    if not (folder / "curtois").is_dir():
        pytest.skip(f"{folder / 'curtois'} is not there")
    return folder


def written(folder, **limits):
    """Write an instance of one employee, loose but for some limits."""
    path = folder / "small.txt"
    path.write_text(SMALL.format(**LOOSE | limits))
    return path


def duties(row, employee="Ann"):
    """Return the duties of a row of letters; a digit 2 is both shifts."""
    return [
        Duty(employee, day, shift)
        for day, letter in enumerate(row)
        for shift in {"-": "", "2": "EL"}.get(letter, letter)
    ]


def from_xml(path):
    """Read a published roster in its own format."""
    return [
        Duty(one.get("ID"), int(at.findtext("Day")), at.findtext("Shift"))
        for one in ElementTree.parse(path).getroot().iter("Employee")
        for at in one.iter("Assign")
    ]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_objective_to_the_unit(published, name):
    """In both formats, with no rule broken; and the command agrees."""
    case, _, objective = name.split(".")
    path, fixture = (
        published / f"curtois/{case}.txt",
        published / f"fixtures/curtois/{name}",
    )
    instance = read_instance(path)
    csv, xml = fixture.with_suffix(f".{objective}.csv"), f"{fixture}.roster"
    rosters = [read_roster(csv, instance), from_xml(xml)]
    assert sorted(rosters[0]) == sorted(rosters[1])
    for roster in rosters:
        verdict = evaluate(instance, roster)
        assert (verdict.objective, verdict.broken) == (int(objective), [])
    assert main([str(path), str(csv)]) == 0


@pytest.mark.parametrize(
    ("rule", "limits", "legal", "illegal", "found"),
    [
        (1, {}, "EEL-----------", "E2L-----------", [(1, 1)]),
        (2, {}, "L-E-----------", "LE------------", [(1, 1)]),
        (3, {"late": 2}, "LL-E----------", "LL-L-L--------", [(None, 2)]),
        (4, {"most": 1000}, "E-E-----------", "E-L-----------", [(None, 80)]),
        (5, {"least": 1000}, "E-L-----------", "E-E-----------", [(None, 40)]),
        (6, {"longest": 3}, "EEE-EEE-------", "EEE-EEEEE-----", [(4, 2)]),
        (7, {"shortest": 3}, "EE--EEE-----EE", "EE--E-----E---", [(4, 2), (10, 2)]),
        (8, {"rest": 3}, "-EE---EEEEEE--", "-E-E--EEEEEEE-", [(2, 2), (4, 1)]),
        (9, {"weekends": 1}, "-----EE-------", "-----E-------E", [(None, 1)]),
        (10, {"off": "Ann,3,5"}, "E-E-E---------", "E-EEEE--------", [(3, 1), (5, 1)]),
    ],
)
def test_each_rule_alone(tmp_path, rule, limits, legal, illegal, found):
    """A legal row breaks nothing; the illegal one breaks that rule alone."""
    instance = read_instance(written(tmp_path, **limits))
    assert evaluate(instance, duties(legal)).broken == []
    broken = evaluate(instance, duties(illegal)).broken
    assert {one.rule for one in broken} == {rule}
    assert [(one.day, one.amount) for one in broken] == found
    assert all(one.employee == "Ann" for one in broken)


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("--------------", (2, 0, 200, 0)),
        ("L-------------", (2, 0, 200, 0)),  # another shift grants nothing
        ("E-------------", (0, 0, 100, 0)),
        ("EE------------", (0, 3, 100, 7)),
    ],
)
def test_parts_of_the_objective(tmp_path, row, parts):
    """Requests by their weight, cover by each head missing or too many."""
    verdict = evaluate(read_instance(written(tmp_path)), duties(row))
    found = (verdict.on_requests, verdict.off_requests, verdict.under, verdict.over)
    assert found == parts
    assert verdict.objective == sum(parts)


def plainly(instance, roster):
    """Count broken rules again, in rows of letters and patterns on them."""
    amounts = Counter()
    for name, one in instance.staff.items():
        row = {(duty.day, duty.shift) for duty in roster if duty.employee == name}
        line = "".join(
            "-W"[any((day, shift) in row for shift in instance.shifts)]
            for day in range(instance.days)
        )
        minutes = sum(instance.shifts[shift].minutes for _, shift in row)
        amounts[2] += sum(
            (day + 1, after) in row
            for day, shift in row
            for after in instance.shifts[shift].not_next
        )
        for shift, most in one.most_of.items():
            amounts[3] += max(0, sum(kind == shift for _, kind in row) - most)
        amounts[4] += max(0, minutes - one.most_minutes)
        amounts[5] += max(0, one.least_minutes - minutes)
        amounts[6] += len(re.findall(f"W(?=W{{{one.longest_run}}})", line))
        for rule, run, edge, least in (
            (7, "W", "-", one.shortest_run),
            (8, "-", "W", one.shortest_rest),
        ):
            runs = re.findall(f"(?<={edge}){run}+(?={edge})", line)
            amounts[rule] += sum(max(0, least - len(found)) for found in runs)
        weekends = re.findall(".{5}(..?)", line)
        amounts[9] += max(0, sum("W" in two for two in weekends) - one.most_weekends)
        amounts[10] += sum(line[day] == "W" for day in one.days_off)
    return +amounts


@pytest.mark.parametrize("name", PUBLISHED[:3])
def test_damage_is_found_in_full(published, name):
    """On published rosters changed at random, as much as a second count finds."""
    case, _, _ = name.split(".")
    instance = read_instance(published / f"curtois/{case}.txt")
    roster = read_roster(published / f"fixtures/curtois/{name}.csv", instance)
    draw, seen = random.Random(1), Counter()
    for _ in range(60):
        damaged = {(duty.employee, duty.day): duty for duty in roster}
        for _ in range(draw.choice((1, 3, 60))):
            place = (
                draw.choice(list(instance.staff)),
                draw.randrange(instance.days),
            )
            shift = draw.choice([*instance.shifts, ""])
            damaged.pop(place, None)
            if shift:
                damaged[place] = Duty(*place, shift)
        verdict = evaluate(instance, damaged.values())
        amounts = Counter()
        for one in verdict.broken:
            amounts[one.rule] += one.amount
        assert amounts == plainly(instance, damaged.values())
        seen += amounts
    possible = {4, 5, 6, 7, 8, 9, 10} | ({2} if len(instance.shifts) > 1 else set())
    assert seen.keys() >= possible


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("14", "x"), "line 2: found 'x'; expected a whole number as days"),
        (("L,600,E", "L,600,X"), "line 6: found 'X'; expected the name of one shift"),
        (("L,600,E", "E,600,"), "line 6: found 'E'; expected a new name of one shift"),
        (("E=14|", ""), "line 8: found no limit of E; expected a limit of every"),
        (("Ann,0,E,2", "Bob,0,E,2"), "line 12: found 'Bob'; expected the name of one"),
        (("Ann,1,E,3", "Ann,14,E,3"), "line 14: found day 14; expected a day from 0"),
        (("0,E,2,100,1", "0,E,2"), "line 16: found '0,E,2'; expected 5 cells"),
        (("SECTION_HORIZON\n", ""), "line 1: found '14'; expected a section first"),
        (("SECTION_COVER", "SECTION_X"), "line 15: found SECTION_X; expected a new"),
    ],
)
def test_a_bad_instance_is_said(tmp_path, change, said):
    """With its line, what was found, and what was expected."""
    path = written(tmp_path)
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(FileError, match=re.escape(f"{path}, {said}")):
        read_instance(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("employee,day\n", "line 1: found 'employee,day'; expected employee,day,shift"),
        ("employee,day,shift\nBob,1,E\n", "line 2: found 'Bob'; expected the name"),
        ("employee,day,shift\nAnn,1,X\n", "line 2: found 'X'; expected the name"),
        ("employee,day,shift\nAnn,14,E\n", "line 2: found day 14; expected a day"),
        ("employee,day,shift\nAnn,-1,E\n", "line 2: found '-1'; expected a whole"),
        (
            "employee,day,shift\nAnn,1,E\nAnn,1,L\n",
            "line 3: found L and E of Ann on day 1; expected at most one shift a day",
        ),
    ],
)
def test_a_bad_roster_is_said(tmp_path, capsys, text, said):
    """In one line, and the command ends with 2."""
    path = written(tmp_path)
    roster = tmp_path / "roster.csv"
    roster.write_text(text)
    assert main([str(path), str(roster)]) == 2
    assert capsys.readouterr().err.startswith(f"{roster}, {said}")


def test_the_command_tells_broken_rules(tmp_path, capsys):
    """And ends with 3; with 2 where a file is not there."""
    path = written(tmp_path)
    roster = tmp_path / "roster.csv"
    roster.write_text("employee,day,shift\nAnn,0,L\nAnn,1,E\n")
    assert main([str(path), str(roster)]) == 3
    said = capsys.readouterr().out
    assert "objective 212\n" in said
    assert "rule 2, employee Ann, day 1: E may not follow L" in said
    assert main([str(path), str(tmp_path / "none.csv")]) == 2
