"""Month after month: with carry.json every rolling rule holds across the seam."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from constraints.rule import audit
from scheduler.engine.solve import solve
from scheduler.files.carry import FILE, carry_text
from scheduler.files.read import read_case
from scheduler.files.rosters import read_roster
from scheduler.files.write import write_roster

FIRST, DAYS, PEOPLE = date(2026, 3, 2), 28, 20
SHIFTS = (
    "shift,class,start,end",
    "D,day,07:00,15:30",
    "E,day,09:00,17:30",
    "L,evening,14:30,23:00",
    "N,night,22:30,07:00",
)


def write(folder: Path, first: date, days: int) -> Path:
    """Write a case of some people who answer round the clock."""
    folder.mkdir()
    lines = {
        "case.toml": (
            "schema = 1",
            'name = "seam"',
            'time_zone = "Asia/Shanghai"',
            "[horizon]",
            f"first_day = {first}",
            f"days = {days}",
            "[service]",
            "floor = 1",
            '[rules."coverage.role"]',
            "enabled = false",
        ),
        "agents.csv": ("agent,name", *(f"A{n},A{n}" for n in range(1, PEOPLE + 1))),
        "shifts.csv": SHIFTS,
        "requirement.csv": (
            "timestamp,required",
            *(
                f"{first + timedelta(day)}T{hour:02}:{minute},{2 + (9 <= hour < 19)}"
                for day in range(days)
                for hour in range(24)
                for minute in ("00", "30")
            ),
        ),
    }
    for name, rows in lines.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def solved(folder: Path, first: date, carry: str | None) -> str:
    """Solve a month into its folder; return what it carries on."""
    write(folder, first, DAYS)
    if carry is not None:
        (folder / FILE).write_text(carry, encoding="utf-8")
    found = solve(read_case(folder).case, effort=0.1, seed=1, workers=1)
    assert found.usable
    (folder / "out").mkdir()
    write_roster(found.roster, folder / "out")
    return carry_text(found.roster)


def together(folder: Path, months: list[Path]) -> Counter:
    """Audit successive months as one roster; return hard violations by rule."""
    write(folder, FIRST, DAYS * len(months))
    for name in ("roster.csv", "duties.csv"):
        texts = [(month / "out" / name).read_text(encoding="utf-8") for month in months]
        bodies = (text.split("\n", 1)[1] for text in texts)
        head = texts[0].split("\n", 1)[0]
        (folder / name).write_text(head + "\n" + "".join(bodies), encoding="utf-8")
    roster = read_roster(folder / "roster.csv", read_case(folder).case)
    return Counter(violation.rule for violation in audit(roster).hard)


@pytest.mark.slow
def test_three_months_are_one_legal_roster_with_carry_over_and_not_without(tmp_path):
    """Twelve weeks hold no violation; solved each for itself, they do."""
    with_carry, without = [], []
    carry = None
    for number in range(3):
        first = FIRST + timedelta(DAYS * number)
        with_carry.append(tmp_path / f"with-{number}")
        carry = solved(with_carry[-1], first, carry)
        without.append(tmp_path / f"without-{number}")
        solved(without[-1], first, None)
    assert together(tmp_path / "with", with_carry) == Counter()
    broken = together(tmp_path / "without", without)
    assert broken
    assert set(broken) <= {
        "rest.daily",
        "rest.weekly",
        "sequence.run",
        "sequence.class",
        "nights.run",
        "shift.one",
        "coverage.floor",
    }
