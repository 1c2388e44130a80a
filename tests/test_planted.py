"""A clean roster with one planted break of each rule: the audit finds just that.

Two clean rosters, one for each pack, cost nothing at all: the requirement asks for the
very heads they have. Each plant changes a few cells, and the table says what the audit
must find: rule, person, date, amount. Every plant is tried twice, in memory and as an
edit of roster.csv, duties.csv and leave.csv by hand.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pytest

from constraints import OFF, RULES, Duties, Roster, audit
from scheduler.files.read import read_case
from scheduler.files.rosters import read_roster
from scheduler.files.write import (
    DUTIES,
    ROSTER,
    duty_rows,
    roster_rows,
    write_frame,
    write_rows,
)

FIRST = date(2026, 3, 2)  # a Monday


@dataclass(frozen=True)
class Base:
    """A clean roster and the tables of its case."""

    toml: str
    shifts: str
    agents: str
    leave: str
    requests: str
    pins: str
    limits: str
    grid: str
    meals: dict[str, str]
    cover: str = ""

    @property
    def rows(self):
        """Codes by person."""
        return dict(line.split() for line in self.grid.split("\n") if line.strip())


BANK = Base(
    toml="""
schema = 1
name = "planted"
time_zone = "Asia/Shanghai"
[horizon]
first_day = 2026-03-02
days = 14
[service]
floor = 1
[rules]
pack = "bank"
""",
    shifts="""shift,class,start,end
D,day,08:00,16:30
K,day,13:30,22:00
N,night,21:30,08:00
H,evening,12:00,22:30
P,day,08:00,14:00
Q,day,09:00,15:00
R,day,11:00,17:00
E,evening,14:00,20:00
M,night,22:00,04:00
L,day,10:00,22:00
U,evening,20:00,04:30
V,day,04:00,12:30
""",
    # X and Z join on the second Tuesday: too late to count in any fair share.
    agents="""agent,name,hours_per_week,classes,roles,joined
a1,,40,day;evening,leader,
a2,,40,day;evening,leader,
a3,,40,day;evening,leader,
a4,,40,day;evening,leader,
a5,,40,day;evening,leader,
b1,,40,day,leader,
b2,,40,day,leader,
b3,,40,day,leader,
n1,,40,evening;night,leader,
n2,,40,evening;night,leader,
n3,,40,evening;night,leader,
n4,,40,evening;night,leader,
n5,,40,evening;night,leader,
X,,30,,,2026-03-10
Z,,30,,,2026-03-10
""",
    leave="""agent,first,last,kind
a4,2026-03-05,2026-03-06,annual
Z,2026-03-14,2026-03-14,annual
""",
    requests="""agent,date,kind,value,weight
Z,2026-03-11,shift,P,7
""",
    pins="""agent,date,shift
a2,2026-03-04,D
""",
    limits="""agent,rule,parameter,value
Z,hours.weekly_max,minutes,1500
""",
    # M T W T F S S M T W T F S S
    grid="""
a1 --DDDDD--DDDDD
a2 DDDD--DDDD--DD
a3 DD--DDDDD--DDD
a4 D----DDD--DDDD
a5 DDDDD---DDDDD-
b1 --KKKKK--KKKKK
b2 KK--KKKKK--KKK
b3 KKKK--KKKKK--K
n1 H-NNN--N--NNN-
n2 NN---NNNN---NN
n3 ---NNNN---NNNN
n4 --NNNN--NNNN--
n5 NNN---NNNN---N
X  --------PPPP--
Z  --------PPPP--
""",
    # The first person of a team eats first, the next half an hour later.
    meals={
        "D": "10:30",
        "K": "15:30",
        "N": "25:30",
        "H": "17:00",
        "L": "15:30",
        "U": "23:30",
        "V": "08:30",
    },
)

SIX = Base(
    toml=BANK.toml.replace("days = 14", "days = 28")
    .replace("floor = 1", 'floor = 1\nhours = "08:00-15:00"')
    .replace('"bank"', '"six-on-one-off"'),
    shifts="shift,class,start,end\nB,day,08:00,15:10\n",
    agents="agent,name\np1,\np2,\np3,\n",
    leave="agent,first,last,kind\n",
    requests="agent,date,kind,value,weight\n",
    pins="agent,date,shift\n",
    limits="agent,rule,parameter,value\n",
    grid="""
p1 BBBBBB-BBBBBB-BBBBBB-BBBBBB-
p2 -BBBBBB-BBBBBB-BBBBBB-BBBBBB
p3 BB-BBBBBB-BBBBBB-BBBBBB-BBBB
""",
    meals={"B": "10:30"},
)

GENERAL = Base(
    toml=BANK.toml.replace(
        'pack = "bank"',
        """pack = "none"
[rules."coverage.shift"]
[rules."hours.range"]
least_minutes = 2520
most_minutes = 2880
[rules."sequence.min_run"]
least_days = 2
[rules."sequence.min_rest_run"]
least_days = 2
[rules."sequence.forbidden"]
pairs = "N>D"
[rules."shifts.most"]
most = "N=2"
[rules."weekends.most"]
most = 1""",
    ),
    shifts="shift,class,start,end\nD,day,08:00,14:00\nN,night,22:00,04:00\n",
    agents="agent,name\ng1,\ng2,\n",
    leave="agent,first,last,kind\n",
    requests="agent,date,kind,value,weight\n",
    pins="agent,date,shift\n",
    limits="agent,rule,parameter,value\ng2,shifts.most,N,0\n",
    # M T W T F S S M T W T F S S
    grid="""
g1 DDDD---DDNN---
g2 --DDDD--DDDD--
""",
    meals={},
    cover="date,shift,required\n2026-03-04,D,2\n",
)


@dataclass(frozen=True)
class Plant:
    """What is changed, and what the audit must find.

    Attributes
    ----------
    rule
        The rule that is broken.
    cells
        ``"person month-day code"``, separated by commas; ``-`` is a day off, ``P+R``
        two shifts on one date, ``P~90`` a shift with 90 minutes of overtime.
    finds
        ``"rule person date amount"``, a line each; the person is ``.`` where a rule is
        about no single one.
    duties
        Duties off the phone of a changed shift: ``"person month-day kind start-end"``.
    leave
        A line added to leave.csv.
    """

    rule: str
    cells: str
    finds: str
    duties: str = ""
    leave: str = ""
    base: Base = field(default=BANK, repr=False)


PLANTS = (
    # One head in a meeting that nobody planned.
    Plant(
        "coverage.need",
        "",
        "coverage.need . 2026-03-03T14:30 1",
        duties="a2 03-03 meal 11:00-11:30, a2 03-03 meeting 14:30-15:00",
    ),
    # Both people of a night meet at five in the morning.
    Plant(
        "coverage.floor",
        "",
        "coverage.floor . 2026-03-03T05:00 1",
        duties="n2 03-02 meal 26:00-26:30, n2 03-02 meeting 29:00-29:30,"
        "n5 03-02 meal 27:30-28:00, n5 03-02 meeting 29:00-29:30",
    ),
    # X, who leads nobody, is alone in the evening.
    Plant("coverage.role", "X 03-13 -, X 03-15 E", "coverage.role . 2026-03-15 1"),
    # 08:00 to 14:00, and 11:00 to 17:00 on top.
    Plant("shift.one", "X 03-10 P+R", "shift.one X 2026-03-10 1"),
    Plant("leave.day", "a4 03-05 D", "leave.day a4 2026-03-05 1"),
    # The day before X joins; a2 in another shift than the pinned one; a class not b1's.
    Plant("eligibility", "X 03-09 P", "eligibility X 2026-03-09 1"),
    Plant("eligibility", "a2 03-04 P", "eligibility a2 2026-03-04 1"),
    Plant("eligibility", "b1 03-04 E", "eligibility b1 2026-03-04 1"),
    # Six times six hours are 36 h; the contract says 30.
    Plant("hours.average", "X 03-14 P, X 03-15 P", "hours.average X 2026-03-15 360"),
    # 18 h where 6/7 of 30 h, less 2 h, are due: 5 h 42 missing, 6 hours begun.
    Plant("hours.under", "X 03-13 -", "hours.under X 2026-03-15 6"),
    Plant("hours.overtime", "X 03-10 P~90", "hours.overtime X 2026-03-10 2"),
    # Z's own maximum is 25 h; a fifth shift makes 30.
    Plant("hours.weekly_max", "Z 03-15 P", "hours.weekly_max Z 2026-03-15 300"),
    # Wednesday to Tuesday: the seventh day running also lacks the day of rest.
    Plant(
        "sequence.run",
        "a1 03-09 D, a1 03-10 D, a1 03-11 -, a1 03-14 -",
        "sequence.run a1 2026-03-10 1\nrest.weekly a1 2026-03-10 1",
    ),
    # A night the day after a day shift; its start jumps from 08:00 to 22:00, too.
    Plant(
        "sequence.class",
        "X 03-11 M, X 03-12 -, X 03-13 -, X 03-14 P, X 03-15 P",
        "sequence.class X 2026-03-11 1\nstarts.stable X 2026-03-11 720",
    ),
    # The third short run within 28 days, where two may rotate the day of rest.
    Plant(
        "pattern.six_on_one_off",
        "p1 03-14 -, p1 03-15 B, p1 03-20 -, p1 03-22 B, p1 03-26 -, p1 03-29 B",
        "pattern.six_on_one_off p1 2026-03-26 1",
        base=SIX,
    ),
    # Until 22:00, and at 08:00 again: 10 h of 11.
    Plant("rest.daily", "X 03-10 L", "rest.daily X 2026-03-11 60"),
    # Monday's rest lasts from 04:30 to Tuesday 04:00, half an hour short of a day.
    Plant(
        "rest.weekly",
        "a1 03-02 D, a1 03-03 D, a1 03-04 -, a1 03-05 -, a1 03-06 U, a1 03-07 U,"
        "a1 03-08 U, a1 03-10 V, a1 03-11 V, a1 03-12 V, a1 03-13 -, a1 03-14 V,"
        "a1 03-15 V",
        "rest.weekly a1 2026-03-12 1",
    ),
    # Five nights running, Thursday to Monday.
    Plant("nights.run", "n3 03-09 N, n3 03-12 -", "nights.run n3 2026-03-09 1"),
    # The last night ends on Sunday morning; Monday was due free.
    Plant("nights.rest", "n4 03-09 N, n4 03-13 -", "nights.rest n4 2026-03-09 1"),
    # No meal; a meal that leaves 10:00 to 16:30 on end; a2 and a3 away at once.
    Plant("breaks.meal", "a2 03-03 D", "breaks.meal a2 2026-03-03 30", duties="none"),
    Plant(
        "breaks.meal",
        "",
        "breaks.meal a2 2026-03-03 30",
        duties="a2 03-03 meal 09:30-10:00",
    ),
    Plant(
        "breaks.meal",
        "",
        "breaks.meal . 2026-03-03T11:30 1",
        duties="a2 03-03 meal 11:30-12:00",
    ),
    Plant(
        "leave.limit",
        "",
        "leave.limit X 2026-03-14 1",
        leave="X,2026-03-14,2026-03-14,annual",
    ),
    Plant("requests", "Z 03-11 Q", "requests Z 2026-03-11 1"),
    # 08:00 on Thursday, 11:00 on Friday: an hour more than two.
    Plant("starts.stable", "X 03-13 R", "starts.stable X 2026-03-13 60"),
    # Six nights where others have eight.
    Plant("fairness.nights", "n1 03-09 H", "fairness.nights . 2026-03-15 1"),
    # No weekend where others have two.
    Plant(
        "fairness.weekends",
        "a5 03-09 D, a5 03-14 -",
        "fairness.weekends . 2026-03-15 1",
    ),
    # a4: 60 h in the 12 days without leave are 70 h in 14, where others have 80.
    Plant(
        "fairness.hours",
        "a4 03-07 P, a4 03-14 P",
        "fairness.hours . 2026-03-15 120",
    ),
    Plant(
        "coverage.shift", "g2 03-04 -", "coverage.shift . 2026-03-04 1", base=GENERAL
    ),
    # Nine shifts of six hours, where eight are the most.
    Plant("hours.range", "g1 03-06 D", "hours.range g1 2026-03-15 360", base=GENERAL),
    Plant(
        "sequence.min_run",
        "g1 03-06 D, g1 03-07 D, g1 03-09 -, g1 03-10 -, g1 03-11 -",
        "sequence.min_run g1 2026-03-13 1",
        base=GENERAL,
    ),
    # Sunday is the only day off between two runs.
    Plant(
        "sequence.min_rest_run",
        "g2 03-09 D, g2 03-13 -",
        "sequence.min_rest_run g2 2026-03-09 1",
        base=GENERAL,
    ),
    Plant(
        "sequence.forbidden",
        "g1 03-12 D",
        "sequence.forbidden g1 2026-03-12 1",
        base=GENERAL,
    ),
    Plant("shifts.most", "g1 03-10 N", "shifts.most g1 2026-03-15 1", base=GENERAL),
    # A person with a limit of their own: no night at all.
    Plant("shifts.most", "g2 03-13 N", "shifts.most g2 2026-03-15 1", base=GENERAL),
    Plant(
        "weekends.most",
        "g2 03-10 -, g2 03-14 D",
        "weekends.most g2 2026-03-15 1",
        base=GENERAL,
    ),
)
each_plant = pytest.mark.parametrize(
    "plant", PLANTS, ids=[f"{plant.rule}-{n}" for n, plant in enumerate(PLANTS)]
)


# -- changes, as data ---------------------------------------------------------------


def listed(text):
    """Return the entries of a list, each as its words."""
    return [entry.split() for entry in text.split(",") if entry.strip()]


def day_of(text):
    """Return the day of the horizon of ``03-10``."""
    return (date.fromisoformat(f"2026-{text}") - FIRST).days


def minutes(text):
    """Return the minutes of ``15:30``."""
    hours, _, rest = text.partition(":")
    return 60 * int(hours) + int(rest)


def usual_meal(base, agent, code):
    """Return kind, start and end of the meal of a shift; nothing for a short one."""
    if code not in base.meals:
        return []
    turn = int(agent[1:]) - 1 if agent[1:] else 0
    start = minutes(base.meals[code]) + 30 * turn * (code in "DKNB")
    return [("meal", start, start + 30)]


def changes_of(plant):
    """Return codes and overtime, and duties, by person and day."""
    cells, duties = {}, {}
    for agent, on, code in listed(plant.cells):
        codes, _, booked = code.partition("~")
        place = (agent, day_of(on))
        cells[place] = (codes.split("+"), int(booked or 0))
        duties[place] = usual_meal(plant.base, agent, codes)
        if plant.duties == "none":
            duties[place] = []
    if plant.duties != "none":
        said = {}
        for agent, on, kind, span in listed(plant.duties):
            start, end = (minutes(part) for part in span.split("-"))
            said.setdefault((agent, day_of(on)), []).append((kind, start, end))
        duties |= said
    return cells, duties


# -- the clean rosters --------------------------------------------------------------


def write_base(base, folder, leave=""):
    """Write the tables of a case."""
    folder.mkdir()
    (folder / "case.toml").write_text(base.toml, encoding="utf-8")
    for name in ("shifts", "agents", "leave", "requests", "pins", "limits", "cover"):
        if text := getattr(base, name):
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def clean_roster(base, folder):
    """Return the roster of a base; its requirement asks for the very heads it has."""
    write_base(base, folder)
    days = len(next(iter(base.rows.values())))
    slots = [
        (FIRST + timedelta(days=day), half) for day in range(days) for half in range(48)
    ]
    nobody = [
        (f"{on} {half // 2:02}:{half % 2 * 30:02}", "calls", 0) for on, half in slots
    ]
    required = folder / "requirement.csv"
    write_rows(required, ("timestamp", "queue", "required"), nobody)
    roster = rostered(read_case(folder).case, base)
    needed = roster.case.requirement
    heads = np.where(needed.is_open, roster.on_phone, 0)[None, :]
    write_frame(required, replace(needed, heads=heads).to_frame())
    return rostered(read_case(folder).case, base)


def rostered(case, base):
    """Return a base's grid as a roster, everybody's meal in place."""
    rows = [
        (number, day, kind, case.clock.minute(day, start), case.clock.minute(day, end))
        for number, agent in enumerate(case.agents)
        for day, code in enumerate(base.rows[agent.id])
        for kind, start, end in usual_meal(base, agent.id, code)
    ]
    codes = [base.rows[agent.id] for agent in case.agents]
    return Roster.from_codes(case, codes).with_duties(Duties.of(rows))


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Return folder and roster of each base."""
    made = {}
    for name, base in (("bank", BANK), ("six", SIX), ("general", GENERAL)):
        folder = tmp_path_factory.mktemp("planted") / name
        made[id(base)] = folder, clean_roster(base, folder)
    return lambda base: made[id(base)]


# -- a plant in memory --------------------------------------------------------------


def planted(roster, plant, case):
    """Return the roster with a plant, under a case that may differ in leave."""
    cells, duties = changes_of(plant)
    people = {agent.id: number for number, agent in enumerate(case.agents)}
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    codes["-"] = OFF
    table, overtime = roster.table.copy(), roster.overtime.copy()
    extra = []
    for (agent, day), (shifts, booked) in cells.items():
        table[people[agent], day] = codes[shifts[0]]
        overtime[people[agent], day] = booked
        extra += [(people[agent], day, codes[code]) for code in shifts[1:]]
    touched = {(people[agent], day) for agent, day in duties}
    rows = [row for row in roster.duties.rows() if row[:2] not in touched]
    for (agent, day), stretches in duties.items():
        for kind, *ends in stretches:
            at = (case.clock.minute(day, wall) for wall in ends)
            rows.append((people[agent], day, kind, *at))
    return Roster(case, table, Duties.of(rows), tuple(extra), overtime)


def with_leave(folder, plant, tmp_path):
    """Return the case of a folder with a line added to its leave.csv."""
    copy = tmp_path / "case"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    text = (copy / "leave.csv").read_text(encoding="utf-8")
    line = f"{plant.leave}\n" if plant.leave else ""
    (copy / "leave.csv").write_text(text + line, encoding="utf-8")
    return read_case(copy).case


def found(roster):
    """Return what an audit finds, but for coverage: rule, person, when and amount."""
    case = roster.case
    rows = []
    for one in audit(roster).violations:
        where = one.where
        agent = "." if where.agent is None else case.agents[where.agent].id
        when = (
            case.clock.stamp(where.interval)[:16]
            if where.day is None
            else str(case.clock.date(where.day))
        )
        rows.append(f"{one.rule} {agent} {when} {one.amount}")
    return Counter(rows)


def heads(roster):
    """Count heads on the phone of each interval, one person at a time."""
    case, size = roster.case, roster.case.clock.interval_minutes
    shifts = [
        (agent, day, int(cell))
        for (agent, day), cell in np.ndenumerate(roster.table)
        if cell != OFF
    ]
    count = Counter()
    for agent, day, shift in shifts + list(roster.extra):
        start, end = (at[day + case.past, shift] for at in (case.start, case.end))
        away = [
            (since, until)
            for person, on, _, since, until in roster.duties.rows()
            if (person, on) == (agent, day)
        ]
        for minute in range(-(-start // size) * size, end - size + 1, size):
            if all(minute + size <= s or minute >= e for s, e in away):
                count[minute // size] += 1
    return count


def moved(before, after):
    """Return the coverage rows due where a plant moves heads, counted by hand."""
    case = before.case
    if case.rule("coverage.need") is None:
        return Counter()
    was, now = heads(before), heads(after)
    return Counter(
        f"coverage.need . {case.clock.stamp(interval)[:16]} "
        f"{abs(now[interval] - was[interval])}"
        for interval in range(case.clock.intervals)
        if now[interval] != was[interval] and case.counted[interval]
    )


# -- what must be true --------------------------------------------------------------


def test_every_rule_has_a_plant():
    """No rule of the book is left out of the table."""
    assert {plant.rule for plant in PLANTS} == {rule.id for rule in RULES}
    assert all(plant.finds.startswith(f"{plant.rule} ") for plant in PLANTS)


@pytest.mark.parametrize("base", [BANK, SIX, GENERAL], ids=["bank", "six", "general"])
def test_the_clean_roster_is_clean(clean, base):
    """Not one row, hard or soft; every rule that is planted there is in force."""
    roster = clean(base)[1]
    assert found(roster) == Counter()
    planted_there = {plant.rule for plant in PLANTS if plant.base is base}
    assert planted_there <= {rule.id for rule in roster.case.rules}


@each_plant
def test_the_audit_finds_the_plant_and_nothing_else(clean, plant, tmp_path):
    """Right rule, person, date and amount; of coverage just the heads that moved."""
    folder, roster = clean(plant.base)
    after = planted(roster, plant, with_leave(folder, plant, tmp_path))
    expected = moved(roster, after) + Counter(
        line for line in plant.finds.split("\n") if "coverage.need" not in line
    )
    assert found(after) == expected
    assert set(plant.finds.split("\n")) <= set(expected)


@each_plant
def test_edited_as_a_csv_file_it_gives_the_same_answer(clean, plant, tmp_path):
    """The grid in memory and the lines of a file say the same."""
    folder, roster = clean(plant.base)
    case = with_leave(folder, plant, tmp_path)
    path = edited(roster, plant, tmp_path)
    by_hand = audit(read_roster(path, case)).violations
    assert by_hand == audit(planted(roster, plant, case)).violations
    assert by_hand


# -- a plant as an edit of files ----------------------------------------------------


def text_of(header, rows):
    """Return the text of a CSV file."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return file.getvalue()


def edited(roster, plant, folder):
    """Write roster.csv and duties.csv, edit their lines, return the first's path."""
    cells, duties = changes_of(plant)
    lines = text_of(ROSTER, roster_rows(roster)).splitlines()
    for (agent, day), (shifts, booked) in cells.items():
        start = f"{agent},{FIRST + timedelta(days=day)},"
        lines = [ln for ln in lines if not (ln.startswith(start) and "leave" not in ln)]
        lines += [f"{start}{code},,,,,{booked or ''}" for code in shifts if code != "-"]
    path = folder / "roster.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = text_of(DUTIES, duty_rows(roster)).splitlines()
    for (agent, day), stretches in duties.items():
        start = f"{agent},{FIRST + timedelta(days=day)},"
        lines = [ln for ln in lines if not ln.startswith(start)]
        lines += [
            f"{start}{kind},{stamp(day, since)},{stamp(day, until)}"
            for kind, since, until in stretches
        ]
    text = "\n".join(lines) + "\n"
    (folder / "duties.csv").write_text(text, encoding="utf-8")
    return path


def stamp(day, wall):
    """Return a local time as a planner types it."""
    on = FIRST + timedelta(days=day + wall // 1440)
    return f"{on}T{wall // 60 % 24:02}:{wall % 60:02}"
