"""Says what a roster of the shift scheduling instances 1..24 costs and breaks.

It reads instance and roster itself and shares no rule and no reader with the engine, so
that it can judge what the engine finds. Rules and objective are those of Curtois and
Qu, *Computational results on new staff scheduling benchmark instances*, 2014.

``python -m benchmarks.curtois_evaluator INSTANCE.txt SOLUTION.csv`` ends with 0 where
no hard rule is broken, with 3 where one is, and with 2 where a file cannot be read.
"""

import csv
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from benchmarks.lines import FileError, Line, text_of

HEADER = ["employee", "day", "shift"]


# -- what is given ------------------------------------------------------------------


class Shift(NamedTuple):
    """A shift type: its length, and the types that may not be worked the day after."""

    minutes: int
    not_next: frozenset[str]


class Employee(NamedTuple):
    """What one employee may work in the whole horizon.

    Attributes
    ----------
    most_of
        Most shifts of each type.
    most_minutes, least_minutes
        Limits of all minutes worked.
    longest_run, shortest_run, shortest_rest
        Limits in days of runs of worked days and of days off.
    most_weekends
        Weekends with work on Saturday or Sunday.
    days_off
        Days without any shift; day 0 is a Monday.
    """

    most_of: Mapping[str, int]
    most_minutes: int
    least_minutes: int
    longest_run: int
    shortest_run: int
    shortest_rest: int
    most_weekends: int
    days_off: frozenset[int] = frozenset()


class Duty(NamedTuple):
    """One employee on one shift on one day."""

    employee: str
    day: int
    shift: str


class Request(NamedTuple):
    """A wish to work, or not to work, a shift on a day."""

    duty: Duty
    weight: int


class Cover(NamedTuple):
    """How many are wanted on a shift, and the price of each one under and over."""

    day: int
    shift: str
    required: int
    under: int
    over: int


@dataclass(frozen=True)
class Instance:
    """One instance, as its file says it; employees and shifts in the file's order."""

    days: int
    shifts: Mapping[str, Shift]
    staff: Mapping[str, Employee]
    on_requests: Sequence[Request]
    off_requests: Sequence[Request]
    cover: Sequence[Cover]


# -- what is found ------------------------------------------------------------------


class Break(NamedTuple):
    """A hard rule broken by somebody, on a day or in the horizon as a whole (None)."""

    rule: int
    employee: str
    day: int | None
    amount: int
    words: str

    def __str__(self) -> str:
        day = "whole horizon" if self.day is None else f"day {self.day}"
        return f"rule {self.rule}, employee {self.employee}, {day}: {self.words}"


@dataclass(frozen=True)
class Verdict:
    """What a roster costs, part by part, and the hard rules it breaks."""

    on_requests: int
    off_requests: int
    under: int
    over: int
    broken: Sequence[Break]

    @property
    def objective(self) -> int:
        """Sum of the four parts."""
        return self.on_requests + self.off_requests + self.under + self.over

    def __str__(self) -> str:
        lines = [
            f"objective {self.objective}",
            f"on requests {self.on_requests}",
            f"off requests {self.off_requests}",
            f"under {self.under}",
            f"over {self.over}",
            f"hard rules broken {len(self.broken)}",
            *map(str, self.broken),
        ]
        return "\n".join(lines)


def evaluate(instance: Instance, roster: Collection[Duty]) -> Verdict:
    """Return what a roster costs and which hard rules it breaks.

    Parameters
    ----------
    instance
        What the roster is for.
    roster
        Duties in any order; days off are left out. Employees, days and shifts are
        those of the instance.
    """
    worked = set(roster)
    heads = Counter((duty.day, duty.shift) for duty in roster)
    missing = [(c, c.required - heads[c.day, c.shift]) for c in instance.cover]
    duties: dict[str, list[Duty]] = {employee: [] for employee in instance.staff}
    for duty in roster:
        duties[duty.employee].append(duty)
    return Verdict(
        sum(r.weight for r in instance.on_requests if r.duty not in worked),
        sum(r.weight for r in instance.off_requests if r.duty in worked),
        sum(c.under * max(0, short) for c, short in missing),
        sum(c.over * max(0, -short) for c, short in missing),
        [
            found
            for employee, theirs in duties.items()
            for found in _breaks_of(instance, employee, theirs)
        ],
    )


def _breaks_of(
    instance: Instance, employee: str, duties: Sequence[Duty]
) -> Iterator[Break]:
    """Give the rules that one employee's duties break."""
    person = instance.staff[employee]
    days: list[list[str]] = [[] for _ in range(instance.days)]
    for duty in duties:
        days[duty.day].append(duty.shift)
    found = (
        *_of_days(instance, person, days),
        *_of_totals(instance, person, days),
        *_of_runs(person, [bool(shifts) for shifts in days]),
    )
    for rule, day, amount, words in found:
        yield Break(rule, employee, day, amount, words)


Found = tuple[int, int | None, int, str]
"""Rule, day, amount, words."""


def _of_days(
    instance: Instance, person: Employee, days: Sequence[Sequence[str]]
) -> Iterator[Found]:
    """Give what is wrong with single days and neighbouring ones: rules 1, 2, 10."""
    for day, shifts in enumerate(days):
        if len(shifts) > 1:
            yield 1, day, len(shifts) - 1, f"{len(shifts)} shifts on one day"
        for before in days[day - 1] if day else ():
            for after in instance.shifts[before].not_next.intersection(shifts):
                yield 2, day, 1, f"{after} may not follow {before}"
        if shifts and day in person.days_off:
            yield 10, day, len(shifts), "a shift on a day off"


def _of_totals(
    instance: Instance, person: Employee, days: Sequence[Sequence[str]]
) -> Iterator[Found]:
    """Give what is wrong over the horizon: rules 3, 4, 5, 9."""
    counts = Counter(shift for shifts in days for shift in shifts)
    for shift, count in counts.items():
        if (above := count - person.most_of[shift]) > 0:
            yield 3, None, above, f"{count} of {shift}, most {person.most_of[shift]}"
    minutes = sum(instance.shifts[shift].minutes * n for shift, n in counts.items())
    if (above := minutes - person.most_minutes) > 0:
        yield 4, None, above, f"{minutes} minutes, most {person.most_minutes}"
    if (below := person.least_minutes - minutes) > 0:
        yield 5, None, below, f"{minutes} minutes, least {person.least_minutes}"
    weekends = sum(any(days[start : start + 2]) for start in range(5, len(days), 7))
    if (above := weekends - person.most_weekends) > 0:
        yield 9, None, above, f"{weekends} weekends, most {person.most_weekends}"


def _of_runs(person: Employee, at_work: Sequence[bool]) -> Iterator[Found]:
    """Give what is wrong with runs, each on its first day: rules 6, 7, 8.

    A run that touches the first or the last day is never too short.
    """
    start = 0
    for working, run in groupby(at_work):
        length = len(list(run))
        end = start + length
        inside = start > 0 and end < len(at_work)
        if working and length > person.longest_run:
            above = length - person.longest_run
            yield 6, start, above, f"{length} days worked, most {person.longest_run}"
        shortest = person.shortest_run if working else person.shortest_rest
        if inside and length < shortest:
            rule, what = (7, "worked") if working else (8, "off")
            words = f"{length} days {what}, least {shortest}"
            yield rule, start, shortest - length, words
        start = end


# -- files --------------------------------------------------------------------------


SECTIONS = (
    "SECTION_HORIZON",
    "SECTION_SHIFTS",
    "SECTION_STAFF",
    "SECTION_DAYS_OFF",
    "SECTION_SHIFT_ON_REQUESTS",
    "SECTION_SHIFT_OFF_REQUESTS",
    "SECTION_COVER",
)


def read_instance(path: Path) -> Instance:
    """Read an instance from its text file.

    Raises
    ------
    FileError
        Where the file does not say what it should.
    """
    horizon, kinds, people, off, on_wishes, off_wishes, cover = _sections(path)
    if len(horizon) != 1:
        raise FileError(f"{path}: found {len(horizon)} horizons; expected 1.")
    horizon[0].has("days")
    days = horizon[0].count(horizon[0].cells[0], "days")
    shifts = _shifts(kinds)
    staff = _staff(people, shifts)
    for line in off:
        name, *free = line.cells
        one = staff[line.known(name, staff, "employee")]
        named = one.days_off.union(line.day(text, days) for text in free)
        staff[name] = one._replace(days_off=named)
    return Instance(
        days,
        shifts,
        staff,
        [_request(line, days, shifts, staff) for line in on_wishes],
        [_request(line, days, shifts, staff) for line in off_wishes],
        [_cover(line, days, shifts) for line in cover],
    )


def _sections(path: Path) -> Iterable[list[Line]]:
    """Return the rows of each section, in the order of ``SECTIONS``."""
    rows: dict[str, list[Line]] = {}
    section = ""
    for number, text in enumerate(text_of(path).splitlines(), 1):
        line = Line(path, number, [cell.strip() for cell in text.split(",")])
        if text.startswith("SECTION_"):
            section = text.strip()
            if section not in SECTIONS or section in rows:
                line.fail(section, f"a new section of {', '.join(SECTIONS)}")
            rows[section] = []
        elif text.strip() and not text.startswith("#"):
            if not section:
                line.fail(repr(text), "a section first")
            rows[section].append(line)
    for name in SECTIONS:
        if name not in rows:
            raise FileError(f"{path}: found no {name}; expected one.")
    return [rows[name] for name in SECTIONS]


def _shifts(lines: Sequence[Line]) -> dict[str, Shift]:
    """Read the shift types, which may name types of later lines."""
    shifts: dict[str, Shift] = {}
    for line in lines:
        line.has("shift", "minutes", "not next")
        name, minutes, not_next = line.cells
        after = frozenset(filter(None, not_next.split("|")))
        line.new(name, shifts, "shift")
        shifts[name] = Shift(line.count(minutes, "minutes"), after)
    for line in lines:
        for other in shifts[line.cells[0]].not_next:
            line.known(other, shifts, "shift")
    return shifts


def _staff(lines: Sequence[Line], shifts: Mapping[str, Shift]) -> dict[str, Employee]:
    """Read the employees, without their days off."""
    names = (
        "most minutes",
        "least minutes",
        "longest run",
        "shortest run",
        "shortest rest",
        "weekends",
    )
    staff: dict[str, Employee] = {}
    for line in lines:
        line.has("employee", "most of each shift", *names)
        name, limits, *cells = line.cells
        most_of = {}
        for limit in limits.split("|"):
            shift, _, most = limit.partition("=")
            line.known(shift, shifts, "shift")
            most_of[shift] = line.count(most, f"limit of {shift}")
        if missing := shifts.keys() - most_of.keys():
            line.fail(f"no limit of {min(missing)}", "a limit of every shift")
        numbers = [line.count(*cell) for cell in zip(cells, names, strict=True)]
        line.new(name, staff, "employee")
        staff[name] = Employee(most_of, *numbers)  # days off follow in their section
    return staff


def _request(
    line: Line, days: int, shifts: Collection[str], staff: Collection[str]
) -> Request:
    line.has("employee", "day", "shift", "weight")
    weight = line.count(line.cells[3], "weight")
    return Request(_duty(line, days, shifts, staff), weight)


def _duty(
    line: Line, days: int, shifts: Collection[str], staff: Collection[str]
) -> Duty:
    employee, day, shift = line.cells[:3]
    return Duty(
        line.known(employee, staff, "employee"),
        line.day(day, days),
        line.known(shift, shifts, "shift"),
    )


def _cover(line: Line, days: int, shifts: Collection[str]) -> Cover:
    names = ("required", "weight under", "weight over")
    line.has("day", "shift", *names)
    day, shift, *cells = line.cells
    numbers = [line.count(*cell) for cell in zip(cells, names, strict=True)]
    return Cover(line.day(day, days), line.known(shift, shifts, "shift"), *numbers)


def read_roster(path: Path, instance: Instance) -> list[Duty]:
    """Read a roster from a CSV file with the columns employee, day and shift.

    Raises
    ------
    FileError
        Where somebody, a day or a shift is unknown, or a day has two shifts.
    """
    roster: dict[tuple[str, int], Duty] = {}
    rows = csv.reader(text_of(path).splitlines())
    if (header := next(rows, [])) != HEADER:
        Line(path, 1, header).fail(repr(",".join(header)), ",".join(HEADER))
    for cells in rows:
        line = Line(path, rows.line_num, cells)
        if not cells:
            continue
        line.has(*HEADER)
        duty = _duty(line, instance.days, instance.shifts, instance.staff)
        place = (duty.employee, duty.day)
        if place in roster:
            found = f"{duty.shift} and {roster[place].shift} of {place[0]}"
            line.fail(f"{found} on day {place[1]}", "at most one shift a day")
        roster[place] = duty
    return list(roster.values())


def main(arguments: Sequence[str]) -> int:
    """Judge a roster; 0 says that it keeps the hard rules."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        instance = read_instance(Path(arguments[0]))
        verdict = evaluate(instance, read_roster(Path(arguments[1]), instance))
    except FileError as error:
        print(error, file=sys.stderr)
        return 2
    print(verdict)
    return 3 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
