"""A sample case of a bank's contact centre, the same for the same seed."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from forecasts.calendar import Calendar, CalendarDay
from forecasts.cleaning import clean
from forecasts.clock import Clock
from forecasts.forecaster import forecast
from forecasts.history import History
from forecasts.requirement import Service, staff
from forecasts.synthetic import synthetic_bank, write_calls
from scheduler.files.template import capacity_text, case_text

FIRST_DAY = date(2026, 3, 30)
TIME_ZONE = "Asia/Shanghai"
MARK = "# The demo of roster; written again by each roster demo.\n"
PAST = 14
WEEKS_OF_CALLS = 26
LOAD = 0.90
"""Share of what people can give on the phone that the calls ask for."""

SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
GIVEN = ("伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明")
ENGLISH = (
    "Alice Tan",
    "Brian Ng",
    "Carol Ho",
    "David Lim",
    "Emma Koh",
    "Frank Lau",
    "Grace Yip",
    "Henry Mok",
    "Ivy Chow",
    "Jason Tse",
)
TEAM = 12

LONG = (
    ("A1", "day", "07:00", "15:30"),
    ("A2", "day", "08:00", "16:30"),
    ("A3", "day", "09:00", "17:30"),
    ("A4", "day", "10:30", "19:00"),
    ("P1", "evening", "12:30", "21:00"),
    ("P2", "evening", "14:00", "22:30"),
    ("P3", "evening", "15:30", "24:00"),
    ("N1", "night", "20:00", "04:30"),
    ("N2", "night", "22:00", "06:30"),
    ("N3", "night", "23:30", "08:00"),
)
"""Shifts of 8 h paid: code, class, start, end; an unpaid meal of 30 min lies within."""

SHORT = (
    ("B1", "day", "06:00", "13:10"),
    ("B2", "day", "08:30", "15:40"),
    ("B3", "day", "11:00", "18:10"),
    ("Q1", "evening", "13:30", "20:40"),
    ("Q2", "evening", "17:00", "00:10"),
    ("M1", "night", "23:00", "06:10"),
)
"""Shifts of 6 h 40 paid."""

SIX = (
    ("B1", "day", "06:00", "13:10"),
    ("B2", "day", "07:30", "14:40"),
    ("B3", "day", "08:30", "15:40"),
    ("B4", "day", "09:30", "16:40"),
    ("B5", "day", "11:00", "18:10"),
    ("Q1", "evening", "13:00", "20:10"),
    ("Q2", "evening", "14:30", "21:40"),
    ("Q3", "evening", "16:00", "23:10"),
    ("Q4", "evening", "17:30", "00:40"),
    ("M1", "night", "20:00", "03:10"),
    ("M2", "night", "22:30", "05:40"),
    ("M3", "night", "23:30", "06:40"),
)
"""The catalogue of six on, one off: 6 h 40 each, six of them make 40 h."""

COLOURS = {"day": "#7DB7E8", "evening": "#F2B866", "night": "#7A6FB0"}
RUN = {"day": ("A1", "A2", "A3", "A4"), "evening": ("P1", "P2"), "night": ("N2", "N3")}
SHORT_RUN = {"day": ("B2", "B1"), "evening": ("Q1",), "night": ("M1",)}
SIX_RUN = {
    "day": ("B1", "B3", "B5"),
    "evening": ("Q1", "Q3"),
    "night": ("M1", "M2", "M3"),
}
ROTATION = ("night", "evening", "day", "day")
"""Class of one run of days after another."""


@dataclass(frozen=True)
class Person:
    """One person of the demo.

    Attributes
    ----------
    number, hours
        Place in the list; contract hours a week.
    classes
        Classes this person may work; all three where none is named.
    leader
        Whether this person leads.
    on, off
        Days of a run, and days free after it, in the past.
    """

    number: int
    hours: int = 40
    classes: tuple[str, ...] = ()
    leader: bool = False
    on: int = 5
    off: int = 2

    @property
    def id(self) -> str:
        """Id in agents.csv."""
        return f"A{self.number + 1:03}"

    @property
    def name(self) -> str:
        """A Chinese or an English name."""
        if self.number % 6 == 5:
            return ENGLISH[self.number // 6 % len(ENGLISH)]
        number = self.number
        return SURNAMES[number * 7 % len(SURNAMES)] + GIVEN[number * 5 % len(GIVEN)]

    def place(self, day: int) -> tuple[int, int]:
        """Return number of the run and place in it of a day; free from ``on`` on."""
        round_trip = self.on + self.off
        phase = day + PAST + self.number * 3 % round_trip
        return phase // round_trip, phase % round_trip

    def works(self, day: int) -> bool:
        """Whether the past pattern, carried on, has a shift on a day."""
        run, place = self.place(day)
        nights = self.kind(run) == "night" and self.on < 6
        return place < (min(self.on, 4) if nights else self.on)

    def kind(self, run: int) -> str:
        """Return the class of a run."""
        kind = ROTATION[(self.number + run) % len(ROTATION)]
        return kind if not self.classes or kind in self.classes else "day"


def write_demo_case(
    folder: Path,
    pack: str = "bank",
    people: int = 60,
    days: int = 28,
    seed: int = 1,
) -> None:
    """Write a case that has a bit of everything.

    Mixed contracts, leaders, people for days only, one protected person, leave,
    wishes, pins, history, a public holiday, calls that ask for 90 % of what people can
    give, and what a hiring plan is made from.

    Parameters
    ----------
    folder
        Made where it is missing; its files are replaced.
    pack
        ``bank``, or ``six-on-one-off`` (all on 40 h, shifts of 6 h 40).
    people, days
        Size.
    seed
        Of calls and wishes.

    Examples
    --------
    >>> import tempfile
    >>> from scheduler.files.read import read_case
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_demo_case(Path(folder), people=24, days=7)
    ...     plan = read_case(folder)
    >>> plan
    <Plan demo-bank: 24 people, 7 days from 2026-03-30>
    >>> [leave.granted for leave in plan.case.leave if leave.requested]
    [False, True]
    """
    folder.mkdir(parents=True, exist_ok=True)
    team = staff_of(people, pack)
    leave = list(_leave(team, days))
    text = case_text(
        name=f"demo-{pack}",
        first_day=FIRST_DAY,
        days=days,
        language="zh",
        pack=pack,
        seconds=60,
    )
    (folder / "case.toml").write_text(MARK + text, encoding="utf-8")
    _write(folder / "agents.csv", AGENT_COLUMNS, map(_agent_row, team))
    _write(
        folder / "shifts.csv",
        ("shift", "class", "start", "end", "colour"),
        ((*shift, COLOURS[shift[1]]) for shift in catalogue(pack)),
    )
    _write(folder / "history.csv", ("agent", "date", "shift"), _history(team, pack))
    _write(folder / "leave.csv", ("agent", "first", "last", "kind", "status"), leave)
    _write(
        folder / "requests.csv",
        ("agent", "date", "kind", "value", "weight"),
        _wishes(team, pack, days, seed),
    )
    _write(
        folder / "pins.csv", ("agent", "date", "shift"), _pins(team, pack, days, leave)
    )
    _write(
        folder / "calendar.csv",
        ("date", "kind", "name", "factor"),
        ((day.date, day.kind, day.name, day.factor) for day in CALENDAR),
    )
    heads = Counter(person.hours for person in team)
    text = capacity_text(FIRST_DAY, heads)
    (folder / "capacity.toml").write_text(text, encoding="utf-8")
    write_calls(_calls(team, pack, days, leave, seed), folder / "calls.csv")


def is_demo_case(folder: Path) -> bool:
    """Whether a folder is free for the demo: no case, or a former demo."""
    if (folder / "case.xlsx").exists():
        return False
    path = folder / "case.toml"
    return not path.exists() or path.read_bytes().startswith(MARK.encode())


def catalogue(pack: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return code, class, start and end of the shifts."""
    return SIX if pack == "six-on-one-off" else LONG + SHORT


def _on(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


# -- people -------------------------------------------------------------------------

AGENT_COLUMNS = (
    "agent",
    "name",
    "team",
    "hours_per_week",
    "classes",
    "roles",
    "joined",
    "protected_from",
    "protected_to",
    "annual_left",
)
PROTECTED = 18


def staff_of(people: int, pack: str) -> tuple[Person, ...]:
    """Return the people; of the bank's a fifth are part-time."""
    return tuple(_person(number, pack) for number in range(people))


def _person(number: int, pack: str) -> Person:
    leader = number % 15 in (0, 4, 8, 12)
    person = Person(number, leader=leader)
    if number % 4 == 1 and not leader:
        classes = ("day",) if number % 8 == 1 else ("day", "evening")
        person = replace(person, classes=classes)
    if pack == "six-on-one-off":
        return replace(person, on=6, off=1)
    if number % 10 == 7 and not leader:
        return replace(person, hours=30, on=4, off=3)
    if number % 10 == 3 and not leader:
        return replace(person, hours=20, on=3, off=4)
    return person


def _agent_row(person: Person) -> tuple[object, ...]:
    protected = person.number == PROTECTED
    return (
        person.id,
        person.name,
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[person.number // TEAM % 26],
        person.hours,
        ";".join(person.classes),
        "leader" if person.leader else "",
        date(2018 + person.number % 7, 1 + person.number % 12, 1),
        _on(7) if protected else "",
        "",
        5,
    )


# -- what was, and what is fixed ----------------------------------------------------


def _history(team: Iterable[Person], pack: str) -> Iterator[tuple[object, ...]]:
    """Yield two weeks of runs that keep every rule and end anywhere."""
    for person in team:
        for day in range(-PAST, 0):
            if person.works(day):
                yield person.id, _on(day), _usual(person, day, pack)


def _usual(person: Person, day: int, pack: str) -> str:
    """Return the shift of a person's run."""
    run, place = person.place(day)
    kind = person.kind(run)
    if pack == "six-on-one-off":
        codes = SIX_RUN[kind]
    elif person.hours == 20 or (person.hours == 30 and place % 2):
        codes = SHORT_RUN[kind]
    else:
        codes = RUN[kind]
    return codes[person.number % len(codes)]


def _leave(team: Sequence[Person], days: int) -> Iterator[tuple[object, ...]]:
    """Yield leave: annual never two at once, but for a request that is refused."""
    size = len(team)
    lines = (
        (2, 1, 5, "annual", ""),
        (14, 8, 11, "annual", "approved"),
        (33, 14, 18, "annual", ""),
        (47, 21, 23, "annual", ""),
        (6, 2, 3, "sick", ""),
        (22, 9, 9, "personal", ""),
        (29, 16, 18, "marriage", ""),
        (40, 22, 23, "training", ""),
        (51, 0, 27, "maternity", ""),
        (10, 3, 4, "annual", "requested"),
        (26, 6, 6, "personal", "requested"),
    )
    for number, first, last, kind, status in lines:
        if number < max(size, 27) and first < days and (number < size or status):
            person = team[number % size]
            yield person.id, _on(first), _on(min(last, days - 1)), kind, status


def _wishes(
    team: Iterable[Person], pack: str, days: int, seed: int
) -> Iterator[tuple[object, ...]]:
    """Yield two or three wishes a person."""
    rng = np.random.default_rng([seed, 20])
    day_shifts = [code for code, kind, _, _ in catalogue(pack) if kind == "day"]
    forms = (("off", ""), ("off", ""), ("not-class", "night"), ("class", "day"))
    for person in team:
        count = int(rng.integers(2, 4))
        for day in sorted(rng.choice(days, min(count, days), replace=False)):
            choice = int(rng.integers(0, 6))
            kind, value = forms[choice] if choice < 4 else ("off", "")
            if choice == 4:
                kind, value = "shift", str(rng.choice(day_shifts))
            yield person.id, _on(int(day)), kind, value, int(rng.integers(1, 11))


def _pins(
    team: Sequence[Person], pack: str, days: int, leave: Iterable[tuple[object, ...]]
) -> Iterator[tuple[object, ...]]:
    """Yield fixed cells that fit each person's pattern."""
    away = {row[0] for row in leave}
    free = [person for person in team if person.id not in away]
    for number, person in enumerate(free[3::9][:5]):
        works = number % 2 == 0
        soon = range(2 + number, days)
        fitting = [day for day in soon if person.works(day) == works]
        if fitting:
            code = catalogue(pack)[2][0] if works else "-"
            if not works or person.kind(person.place(fitting[0])[0]) == "day":
                yield person.id, _on(fitting[0]), code


# -- calls --------------------------------------------------------------------------

OUTAGE = date(2026, 3, 11)
CALENDAR = (
    CalendarDay(date(2026, 4, 5), "statutory", "清明节", 0.8),
    CalendarDay(date(2026, 4, 6), "rest", "清明节调休", 0.9),
)


def _calls(
    team: Iterable[Person],
    pack: str,
    days: int,
    leave: Iterable[tuple[object, ...]],
    seed: int,
) -> History:
    """Return half a year of calls that keep people busy, but no more than that.

    One morning and noon hardly a call got through.
    """
    wanted = LOAD * phone_hours(team, pack, days, leave)
    clock = Clock(FIRST_DAY, days, 30, TIME_ZONE)
    past = FIRST_DAY - timedelta(weeks=WEEKS_OF_CALLS)
    a_day, history = 60.0 * wanted / days / 8, None
    for _ in range(6):
        history = synthetic_bank(
            past,
            7 * WEEKS_OF_CALLS,
            seed,
            calls_per_day=a_day,
            calendar=_calendar(),
            plants={OUTAGE: "outage"},
        )
        needed = _needed_hours(history, clock)
        if abs(needed / wanted - 1) < 0.005:
            break
        a_day *= (wanted / needed) ** 1.25
    assert history is not None
    return history


def _calendar() -> Calendar:
    return Calendar.build("CN", [2025, 2026, 2027], CALENDAR)


def _needed_hours(history: History, clock: Clock) -> float:
    cleaned = clean(history, _calendar()).history
    expected = forecast(cleaned, clock, _calendar(), method="profile")
    everywhere = np.ones(clock.intervals, bool)
    heads = staff(expected, Service(), everywhere).heads
    return float(heads.sum()) * clock.interval_minutes / 60


def phone_hours(
    team: Iterable[Person], pack: str, days: int, leave: Iterable[tuple[object, ...]]
) -> float:
    """Return the hours that people can be on the phone within their contracts.

    A leave day credits a fifth of the week (a sixth under six on, one off); a shift of
    6 h 40 fills 13 half-hours.
    """
    by_id = {person.id: person for person in team}
    week = {id: _week_on_phone(person, pack) for id, person in by_id.items()}
    a_week = 6 if pack == "six-on-one-off" else 5
    hours = sum(week.values()) * days / 7
    for agent, first, last, _, status in leave:
        assert isinstance(first, date)
        assert isinstance(last, date)
        length = (last - first).days + 1
        if status != "requested":
            credited = min(length, length * a_week / 7 + 1)
            hours -= credited * week[str(agent)] / a_week
    return hours


def _week_on_phone(person: Person, pack: str) -> float:
    if pack == "six-on-one-off":
        return 6 * 6.5
    return {40: 40.0, 30: 2 * 8 + 2 * 6.5, 20: 3 * 6.5}[person.hours]
