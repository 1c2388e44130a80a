"""Centres of any size drawn from a seed, with the traits of real ones.

Mixed contracts, skills with unequal demand, people for days only, leave by team,
wishes, pins, a past that leaves people in the middle of a run, and a need with two
peaks a day that is a little too high in some hours and a little too low in others.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scheduler.demo import SIX, SIX_RUN

FIRST_DAY = date(2026, 3, 30)
HOLIDAY = date(2026, 4, 6)
PAST = 14
TEAM = 12
INTERVAL = 30
LOAD = 0.97
"""Share of what people can give on the phone that is needed."""

SHIFTS = (
    ("D1", "day", "06:00", "14:30"),
    ("D2", "day", "07:00", "15:30"),
    ("D3", "day", "08:00", "16:30"),
    ("D4", "day", "09:00", "17:30"),
    ("D5", "day", "10:00", "18:30"),
    ("C1", "day", "08:00", "14:00"),
    ("C2", "day", "10:00", "16:00"),
    ("B1", "day", "09:00", "13:00"),
    ("B2", "day", "13:00", "17:00"),
    ("P1", "evening", "12:00", "20:30"),
    ("P2", "evening", "13:30", "22:00"),
    ("P3", "evening", "15:30", "24:00"),
    ("C3", "evening", "15:00", "21:00"),
    ("B3", "evening", "17:00", "21:00"),
    ("N1", "night", "21:00", "05:30"),
    ("N2", "night", "22:00", "06:30"),
    ("N3", "night", "23:00", "07:30"),
)
"""Code, class, start and end; of 8 h paid (D, P, N), 6 h (C) and 4 h (B)."""

USUAL = {
    40: {"day": ("D2", "D3", "D4"), "evening": ("P1", "P2"), "night": ("N2", "N3")},
    30: {"day": ("C1", "C2"), "evening": ("C3",), "night": ("C3",)},
    20: {"day": ("B1", "B2"), "evening": ("B3",), "night": ("B3",)},
}
"""Shifts of the past, by contract hours."""

DEMAND = {
    "accounts": (1.0,),
    "cards": (0.65, 0.35),
    "loans": (0.55, 0.30, 0.15),
    "abroad": (0.50, 0.25, 0.15, 0.10),
}
"""The queue a centre adds as it grows, and what share of the calls each then has."""

LATER = {"accounts": 0.0, "cards": 1.0, "loans": -1.0, "abroad": 3.0}
"""Hours by which a queue's day runs behind."""

WEEKDAYS = (1.10, 1.04, 1.00, 0.98, 1.02, 0.78, 0.66)
ANNUAL, OTHER = 0.05, 0.03
"""Shares of all days on annual and on other leave."""


@dataclass(frozen=True)
class Person:
    """One person.

    Attributes
    ----------
    number
        Place in the list.
    hours
        Contract hours a week.
    skills
        Queues served.
    day_only, protected
        Whether only day shifts suit; whether night work is forbidden as well.
    phase
        Where in a run of days the past ends.
    """

    number: int
    hours: int
    skills: tuple[str, ...]
    day_only: bool
    protected: bool
    phase: int

    @property
    def id(self) -> str:
        """Id in agents.csv."""
        return f"A{self.number + 1:04}"

    @property
    def team(self) -> int:
        """Number of the team."""
        return self.number // TEAM


def queues_of(people: int) -> tuple[str, ...]:
    """Return the queues of a centre: two up to 100 people, then three, then four."""
    return tuple(DEMAND)[: 2 if people <= 100 else 3 if people <= 1000 else 4]


def write_centre(
    folder: Path, people: int, days: int = 28, seed: int = 1, pack: str = "bank"
) -> None:
    """Write the case folder of a centre.

    Parameters
    ----------
    folder
        Made where it is missing; its files are replaced.
    people, days, seed
        Size, and what it is drawn from: the same three give the same files.
    pack
        ``bank``, or ``six-on-one-off`` (everyone on 40 h, shifts of 6 h 40).

    Examples
    --------
    >>> import tempfile
    >>> from scheduler import read_case
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_centre(Path(folder), people=24, days=7)
    ...     plan = read_case(Path(folder))
    >>> plan
    <Plan centre-24: 24 people, 7 days from 2026-03-30>
    >>> plan.case.requirement.queues
    ('accounts', 'cards')
    """
    random = np.random.default_rng([seed, people, days])
    folder.mkdir(parents=True, exist_ok=True)
    shifts = SIX if pack == "six-on-one-off" else SHIFTS
    staff = list(_staff(people, pack, random))
    leave = sorted(_leave(staff, days, random))
    away = {
        (who, first + day)
        for who, first, last, _ in leave
        for day in range(last - first + 1)
    }
    (folder / "case.toml").write_text(_case(people, days, pack), encoding="utf-8")
    _write(
        folder / "agents.csv",
        "agent,name,team,skills,hours_per_week,classes,protected_from,protected_to",
        map(_agent, staff),
    )
    _write(folder / "shifts.csv", "shift,class,start,end", shifts)
    _write(folder / "history.csv", "agent,date,shift", _history(staff, pack))
    _write(
        folder / "leave.csv",
        "agent,first,last,kind",
        (
            (staff[who].id, _on(first), _on(last), kind)
            for who, first, last, kind in leave
        ),
    )
    _write(
        folder / "requests.csv",
        "agent,date,kind,value,weight",
        _wishes(staff, shifts, days, away, random),
    )
    _write(
        folder / "pins.csv",
        "agent,date,shift",
        _pins(staff, shifts, days, away, random),
    )
    _write(
        folder / "calendar.csv", "date,kind,name", [(HOLIDAY, "statutory", "Qingming")]
    )
    _write(
        folder / "requirement.csv",
        "timestamp,queue,required",
        _need(staff, days, len(away), pack, random),
    )


def _case(people: int, days: int, pack: str) -> str:
    return f"""\
schema = 1
name = "centre-{people}"
time_zone = "Asia/Shanghai"

[horizon]
first_day = {FIRST_DAY}
days = {days}
interval_minutes = {INTERVAL}

[service]
floor = {max(1, people // 50)}

[rules]
pack = "{pack}"

[rules."leave.limit"]
scope = "team"
"""


def _on(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


# -- people -------------------------------------------------------------------------


def _staff(people: int, pack: str, random: np.random.Generator) -> Iterator[Person]:
    """Yield people: 80, 10 and 10 % on 40, 30 and 20 h, a quarter for days only."""
    queues = queues_of(people)
    demand = np.array(DEMAND[queues[-1]])
    hours = np.resize([40] * 8 + [30, 20], people)
    if pack == "six-on-one-off":
        hours = np.full(people, 40)
    day_only = np.resize([True, False, False, False], people)
    protected = np.arange(people) % 50 == 7
    random.shuffle(hours)
    random.shuffle(day_only)
    for number in range(people):
        count = min(len(queues), int(random.choice([1, 2, 3], p=[0.5, 0.35, 0.15])))
        skills = random.choice(len(queues), count, replace=False, p=demand)
        yield Person(
            number,
            int(hours[number]),
            tuple(queues[skill] for skill in sorted(skills)),
            bool(day_only[number] or protected[number]),
            bool(protected[number]),
            int(random.integers(7)),
        )


def _agent(person: Person) -> tuple[object, ...]:
    return (
        person.id,
        f"Agent {person.number + 1}",
        f"T{person.team + 1:03}",
        ";".join(person.skills),
        person.hours,
        "day" if person.day_only else "",
        FIRST_DAY if person.protected else "",
        "",
    )


def _history(staff: Iterable[Person], pack: str) -> Iterator[tuple[object, ...]]:
    """Yield two weeks of runs that keep every rule and end anywhere."""
    six = pack == "six-on-one-off"
    kinds = ("day", "evening", "night", "day", "evening", "day")
    for person in staff:
        for day in range(-PAST, 0):
            run, place = divmod(day + PAST + person.phase, 7)
            kind = "day" if person.day_only else kinds[(person.number + run) % 6]
            codes = SIX_RUN[kind] if six else USUAL[person.hours][kind]
            on = 6 if six else 4 if codes[0].startswith("N") else 5
            if place < on:
                yield person.id, _on(day), codes[person.number // 6 % len(codes)]


# -- leave, wishes, pins ------------------------------------------------------------


def _leave(
    staff: Sequence[Person], days: int, random: np.random.Generator
) -> Iterator[tuple[int, int, int, str]]:
    """Yield person, first and last day and kind; annual leave one by one in a team."""
    for team in range(staff[-1].team + 1):
        members = [person.number for person in staff if person.team == team]
        random.shuffle(members)
        due, day = ANNUAL * days * len(members), int(random.integers(4))
        while due >= 1 and members and day < days:
            last = min(day + int(random.integers(5, 8)), days) - 1
            yield members.pop(), day, last, "annual"
            due -= last - day + 1
            day = last + 1 + int(random.integers(3))
        due = OTHER * days * (len(members) + 3)
        for kind in cycle(("sick", "training", "sick", "personal")):
            length = (
                1 if kind in ("training", "personal") else int(random.integers(1, 4))
            )
            due -= length
            if due < 0 or not members:
                break
            first = int(random.integers(max(1, days - length)))
            yield members.pop(), first, min(first + length, days) - 1, kind


def _wishes(
    staff: Iterable[Person],
    shifts: Sequence[Sequence[str]],
    days: int,
    away: set[tuple[int, int]],
    random: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    """Yield two or three wishes a person, mostly for days off."""
    for person in staff:
        free = [day for day in range(days) if (person.number, day) not in away]
        count = min(len(free), int(random.integers(2, 4)))
        for day in sorted(random.choice(free, count, replace=False)):
            kind, value = "off", ""
            draw = random.random()
            if draw < 0.15:
                kind, value = "not-class", "evening" if person.day_only else "night"
            elif draw < 0.30:
                kind, value = "class", "day"
            elif draw < 0.40:
                fitting = [code for code, cls, *_ in shifts if cls == "day"]
                kind, value = "shift", str(random.choice(fitting))
            yield person.id, _on(int(day)), kind, value, int(random.integers(1, 11))


def _pins(
    staff: Iterable[Person],
    shifts: Sequence[Sequence[str]],
    days: int,
    away: set[tuple[int, int]],
    random: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    """Yield a fixed cell for every eighth person: a day off, or a shift of the day."""
    for person in staff:
        if person.number % 8 == 3:
            day = int(random.integers(2, max(3, days)))
            if day < days and (person.number, day) not in away:
                works = person.hours == 40 and random.random() < 0.5
                yield person.id, _on(day), shifts[2][0] if works else "-"


# -- need ---------------------------------------------------------------------------


def _need(
    staff: Sequence[Person],
    days: int,
    leave_days: int,
    pack: str,
    random: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    """Yield heads by interval and queue, together what people can just give."""
    queues = queues_of(len(staff))
    hours = sum(person.hours for person in staff) / 7 * days
    hours *= 1 - leave_days / (len(staff) * days)
    hours *= 6.5 / (6 + 2 / 3) if pack == "six-on-one-off" else 1
    shape = np.stack([_curve(queue, days, random) for queue in queues])
    shape *= np.array(DEMAND[queues[-1]])[:, None] / shape.sum(axis=1, keepdims=True)
    heads = np.rint(shape * LOAD * hours * 60 / INTERVAL).astype(int)
    heads[0] = np.maximum(heads[0], 1)
    first = datetime.combine(FIRST_DAY, time())
    for interval in range(heads.shape[1]):
        at = first + timedelta(minutes=INTERVAL * interval)
        for queue, need in zip(queues, heads[:, interval], strict=True):
            yield at.strftime("%Y-%m-%d %H:%M"), queue, int(need)


def _curve(queue: str, days: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return calls by interval, up to a factor: two peaks a day and a thin night."""
    hour = np.arange(0, 24, INTERVAL / 60) + INTERVAL / 120

    def peak(at: float, width: float) -> NDArray[np.float64]:
        away = (hour - at - LATER[queue] + 12) % 24 - 12
        return np.exp(-((away / width) ** 2) / 2)

    day = 0.10 + peak(10.5, 1.9) + 0.85 * peak(15.5, 2.2) + 0.40 * peak(20.0, 2.0)
    levels = [
        (0.6 if _on(n) == HOLIDAY else WEEKDAYS[_on(n).weekday()])
        * float(random.lognormal(0, 0.04))
        for n in range(days)
    ]
    return np.outer(levels, day).ravel()
