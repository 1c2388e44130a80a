"""The evaluator of centres says of any roster what the audit says, rule by rule."""

import csv
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from benchmarks.centre import write_centre
from benchmarks.centre_evaluator import CHECKS, evaluate, main
from constraints import audit
from constraints.pack import read_pack
from scheduler import read_case, solve
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_outputs

PACKS = ("bank", "six-on-one-off")


@pytest.fixture(scope="module", params=PACKS)
def solved(request, tmp_path_factory):
    """A centre of 20 people for two weeks, its case folder, and files of a roster."""
    folder = tmp_path_factory.mktemp(request.param)
    write_centre(folder / "case", people=20, days=14, seed=3, pack=request.param)
    plan = read_case(folder / "case")
    write_outputs(plan, solve(plan.case, effort=0.3, workers=1), folder / "out")
    return plan.case, folder


def said_by_audit(case, out):
    """Amounts by hard rule, and costs by soft one."""
    hard, costs = Counter(), Counter()
    for violation in audit(read_roster(out / "roster.csv", case)).violations:
        hard[violation.rule] += violation.amount * (violation.severity == "hard")
        costs[violation.rule] += violation.cost
    return dict(+hard), dict(+costs)


def said_by_evaluator(folder, out):
    """The same."""
    found = evaluate(folder / "case", out)
    return found.hard, {id: cost for id, cost in found.costs.items() if cost}


def rows_of(path):
    """Rows of a file, and its columns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader), reader.fieldnames


def damaged(folder, case, chance, share):
    """Write the files of a roster to another folder, with some of their rows wrong."""
    out = folder / "damaged"
    out.mkdir(exist_ok=True)
    spoil = {"roster.csv": spoiled_shift, "duties.csv": spoiled_duty}
    for name, change in spoil.items():
        rows, columns = rows_of(folder / "out" / name)
        kept = []
        for row in rows:
            kept += change(case, row, chance) if chance.random() < share else [row]
        if name == "roster.csv":
            kept += [shift_row(case, chance) for _ in range(int(40 * share))]
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(kept)
    return out


def shift_row(case, chance):
    """Return a row of any shift on any day of anybody."""
    agent, day = chance.choice(case.agents), chance.randrange(case.days)
    on, shift = case.clock.date(day), chance.choice(case.shifts)
    return {"agent": agent.id, "date": on.isoformat(), "shift": shift.code}


def spoiled_shift(case, row, chance):
    """Leave a shift out, make it another, or another day's, or overtime."""
    how = chance.randrange(4)
    if how == 0:
        return []
    if how == 1:
        return [row | {"shift": chance.choice(case.shifts).code}]
    if how == 2:
        return [row | {"overtime_minutes": chance.choice((20, 60, 61))}]
    return [shift_row(case, chance) | {"agent": row["agent"]}]


def spoiled_duty(case, row, chance):
    """Leave a duty out, move or stretch it, or give it another kind or queue."""
    how, by = chance.randrange(4), timedelta(minutes=chance.choice((-45, 30, 90, 200)))
    start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
    if how == 0:
        return []
    if how == 1:
        start, end = start + by, end + by
    elif how == 2:
        end = max(end + by, start + timedelta(minutes=5))
    elif row["kind"] == "phone":
        row = row | {"queue": chance.choice(("", *case.requirement.queues))}
    else:
        row = row | {"kind": chance.choice(("rest", "meeting", "meal"))}
    return [row | {"start": start.isoformat(), "end": end.isoformat()}]


def test_every_rule_is_there():
    """A rule that is added to the packs needs a check here as well."""
    packs = [read_pack(name).rules for name in PACKS]
    assert set(CHECKS) == {rule for rules in packs for rule in rules}


def test_of_a_solved_roster(solved):
    """Cost and bound are compared with this cost, so it is worth a second opinion."""
    case, folder = solved
    assert said_by_evaluator(folder, folder / "out") == said_by_audit(
        case, folder / "out"
    )


@pytest.mark.parametrize("seed", range(4))
def test_of_damaged_rosters(solved, seed):
    """From a few wrong rows to hardly a right one."""
    case, folder = solved
    chance = random.Random(seed)
    out = damaged(folder, case, chance, share=(0.02, 0.1, 0.3, 0.7)[seed])
    assert said_by_evaluator(folder, out) == said_by_audit(case, out)


def test_the_command_tells_what_it_was_given(solved, tmp_path, capsys, monkeypatch):
    """0 and 3 are for rosters, 2 for what is none."""
    case, folder = solved

    def judge(out):
        monkeypatch.setattr("sys.argv", ["", str(folder / "case"), str(out)])
        return main()

    hard, _ = said_by_audit(case, folder / "out")
    assert judge(folder / "out") == (3 if hard else 0)
    assert judge(damaged(folder, case, random.Random(3), share=0.7)) == 3
    assert judge(tmp_path) == 2
    told = f"{tmp_path / 'roster.csv'}: No such file or directory; expected a file.\n"
    assert capsys.readouterr().err == told
    text = (folder / "out" / "roster.csv").read_text("utf-8")
    (tmp_path / "duties.csv").write_text("agent,date,start,end,kind\n", "utf-8")
    lines = text.splitlines()
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    for wrong, told in (
        ({"agent": "nobody"}, "expected a person, a day and a shift"),
        ({"date": "1999-01-01"}, "expected a person, a day and a shift"),
        ({"date": "tomorrow"}, "expected a person, a day and a shift"),
        ({"shift": "X"}, "expected a person, a day and a shift"),
        ({"date": "1,2"}, "expected a cell a column"),
    ):
        line = ",".join((row | wrong).values())
        (tmp_path / "roster.csv").write_text(f"{lines[0]}\n{line}\n", "utf-8")
        assert judge(tmp_path) == 2
        said = capsys.readouterr().err
        assert f"{tmp_path / 'roster.csv'}, line 2: " in said
        assert told in said
