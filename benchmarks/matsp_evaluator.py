"""Says what a roster of multi-activity shifts costs and which rules it breaks.

Shifts start and last as one likes, within rules, and are split into blocks of
activities. The set is that of R. Qu and T. Curtois, *Solving the multi-activity shift
scheduling problem using variable neighbourhood search*, 2020. The search in
`benchmarks.matsp_search` reads instances by this module and shares no rule with it.

All times are minutes since midnight before the first day; the horizon begins at 06:00.

``python -m benchmarks.matsp_evaluator INSTANCE.txt SOLUTION.xml`` ends with 0 where no
hard rule is broken, with 3 where one is, and with 2 where a file cannot be read.
"""

import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from defusedxml import ElementTree

from benchmarks.lines import FileError, Line, text_of

HOUR, DAY = 60, 1440
GRID = 15
BEGIN = 6 * HOUR
"""Minutes of an interval, and the minute at which the horizon begins."""

SHORTEST, LONGEST = 6 * HOUR, 10 * HOUR
SHORTEST_BLOCK = HOUR
LEAST_REST = 14 * HOUR
MOST_DAYS_RUNNING = 5
STARTS = ((0, 0), (6 * HOUR, 10 * HOUR), (14 * HOUR, 18 * HOUR), (20 * HOUR, DAY - 1))
"""Minutes of the day between which a shift may start, ends included."""


class Limits(NamedTuple):
    """Least and most: minutes of an employee, or heads in an interval."""

    least: int
    most: int


class Cell(NamedTuple):
    """An interval, by the minute at which it begins, and an activity."""

    minute: int
    activity: int


@dataclass(frozen=True)
class Instance:
    """One instance, as its file says it.

    Attributes
    ----------
    days, activities
        How many there are; activities count from 1.
    staff
        Minutes in the horizon by employee.
    cover
        Heads by cell, each cell of the horizon once.
    """

    days: int
    activities: int
    staff: Mapping[str, Limits]
    cover: Mapping[Cell, Limits]

    @property
    def end(self) -> int:
        """Minute at which the horizon ends."""
        return BEGIN + self.days * DAY


class Block(NamedTuple):
    """Some minutes on one activity."""

    activity: int
    minutes: int


class Shift(NamedTuple):
    """One shift of one employee."""

    employee: str
    start: int
    blocks: tuple[Block, ...]

    @property
    def minutes(self) -> int:
        """Its length."""
        return sum(block.minutes for block in self.blocks)

    @property
    def end(self) -> int:
        """The minute at which it is over."""
        return self.start + self.minutes

    def cells(self) -> Iterator[Cell]:
        """Give the cells it covers in full."""
        start = self.start
        for activity, minutes in self.blocks:
            end = start + minutes
            for minute in range(-(-start // GRID) * GRID, end - GRID + 1, GRID):
                yield Cell(minute, activity)
            start = end


class Break(NamedTuple):
    """A hard rule broken, by somebody (else empty), at a minute (None = all over)."""

    rule: int
    employee: str
    minute: int | None
    amount: int
    words: str

    def __str__(self) -> str:
        who = f", employee {self.employee}" if self.employee else ""
        when = "" if self.minute is None else f", {_clock(self.minute)}"
        return f"rule {self.rule}{who}{when}: {self.words}"


def _clock(minute: int) -> str:
    """Return a minute as calendar day, counted from 1, and time."""
    return f"day {1 + minute // DAY} {minute % DAY // 60:02}:{minute % 60:02}"


@dataclass(frozen=True)
class Verdict:
    """What a roster costs, and the hard rules it breaks."""

    objective: int
    broken: Sequence[Break]

    def __str__(self) -> str:
        head = f"objective {self.objective}\nhard rules broken {len(self.broken)}"
        return "\n".join([head, *map(str, self.broken)])


def evaluate(instance: Instance, roster: Collection[Shift]) -> Verdict:
    """Return what a roster costs and which hard rules it breaks.

    Parameters
    ----------
    instance
        What the roster is for.
    roster
        Shifts in any order, of employees and activities of the instance.

    Notes
    -----
    1: the grid and the horizon. 2: one start a calendar day. 3: days running. 4: length
    of a shift. 5: times to start. 6: length of a block. 7: rest. 8: minutes in all.
    9: least heads. The cost is the square of heads beyond the most, summed over cells.
    """
    heads = Counter(cell for shift in roster for cell in shift.cells())
    over = (heads[cell] - most for cell, (_, most) in instance.cover.items())
    shifts: dict[str, list[Shift]] = {employee: [] for employee in instance.staff}
    for shift in sorted(roster, key=lambda shift: shift.start):
        shifts[shift.employee].append(shift)
    broken = [
        Break(rule, employee, minute, amount, words)
        for employee, theirs in shifts.items()
        for rule, minute, amount, words in (
            *(found for shift in theirs for found in _of_shift(instance, shift)),
            *_of_days([shift.start // DAY for shift in theirs]),
            *_of_rest(theirs),
            *_of_minutes(instance.staff[employee], theirs),
        )
    ]
    for cell, (least, _) in instance.cover.items():
        if (short := least - heads[cell]) > 0:
            words = f"{heads[cell]} on activity {cell.activity}, least {least}"
            broken.append(Break(9, "", cell.minute, short, words))
    return Verdict(sum(max(0, heads) ** 2 for heads in over), broken)


Found = tuple[int, int | None, int, str]
"""Rule, minute, amount, words."""


def _of_shift(instance: Instance, shift: Shift) -> Iterator[Found]:
    """Give what is wrong with a single shift: rules 1, 4, 5, 6."""
    at, minutes = shift.start, shift.minutes
    times = [at, *(block.minutes for block in shift.blocks)]
    if off := sum(time % GRID > 0 for time in times):
        yield 1, at, off, f"{off} times off the grid of {GRID} minutes"
    if outside := max(0, BEGIN - at) + max(0, shift.end - instance.end):
        yield 1, at, outside, f"{outside} minutes outside the horizon"
    if amount := max(SHORTEST - minutes, minutes - LONGEST, 0):
        yield 4, at, amount, f"{minutes} minutes, {SHORTEST} to {LONGEST} allowed"
    if not any(first <= at % DAY <= last for first, last in STARTS):
        yield 5, at, 1, "no time to start a shift"
    for activity, blocks in groupby(shift.blocks, key=lambda block: block.activity):
        length = sum(block.minutes for block in blocks)
        if (missing := SHORTEST_BLOCK - length) > 0:
            words = f"{length} minutes of activity {activity}, least {SHORTEST_BLOCK}"
            yield 6, at, missing, words


def _of_days(starts: Sequence[int]) -> Iterator[Found]:
    """Give what is wrong with the calendar days of starts: rules 2 and 3."""
    for day, count in Counter(starts).items():
        if count > 1:
            yield 2, day * DAY, count - 1, f"{count} starts on one day"
    run = 0
    for day in range(max(starts, default=0) + 2):
        if day in starts:
            run += 1
            continue
        if (above := run - MOST_DAYS_RUNNING) > 0:
            words = f"{run} days running, most {MOST_DAYS_RUNNING}"
            yield 3, (day - run) * DAY, above, words
        run = 0


def _of_rest(shifts: Sequence[Shift]) -> Iterator[Found]:
    """Give the shifts that begin too soon after the one before: rule 7."""
    for before, shift in pairwise(shifts):
        rest = shift.start - before.end
        if (missing := LEAST_REST - rest) > 0:
            yield 7, shift.start, missing, f"{rest} minutes of rest, least {LEAST_REST}"


def _of_minutes(limits: Limits, shifts: Sequence[Shift]) -> Iterator[Found]:
    """Give what is wrong with the minutes in all: rule 8."""
    minutes = sum(shift.minutes for shift in shifts)
    if amount := max(limits.least - minutes, minutes - limits.most, 0):
        words = f"{minutes} minutes in all, {limits.least} to {limits.most} allowed"
        yield 8, None, amount, words


# -- files --------------------------------------------------------------------------

SECTIONS = ("SECTION_HORIZON", "SECTION_TASKS", "SECTION_STAFF", "SECTION_COVER")
TIME = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


def read_instance(path: Path) -> Instance:
    """Read an instance from its text file.

    Raises
    ------
    FileError
        Where the file does not say what it should.
    """
    rows: dict[str, list[Line]] = {name: [] for name in SECTIONS}
    section = ""
    for number, text in enumerate(text_of(path).splitlines(), 1):
        line = Line(path, number, [cell.strip() for cell in text.split(",")])
        if text.startswith("SECTION_"):
            section = line.known(text.strip(), SECTIONS, "section")
        elif text.strip() and not text.startswith("#"):
            if not section:
                line.fail(repr(text), "a section first")
            rows[section].append(line)
    horizon, tasks, people, cover = rows.values()
    days = _only_number(path, horizon, "days")
    activities = _only_number(path, tasks, "tasks")
    staff: dict[str, Limits] = {}
    for line in people:
        line.has("employee", "least minutes", "most minutes")
        limits = Limits(*(line.count(cell, "minutes") for cell in line.cells[1:]))
        staff[line.new(line.cells[0], staff, "employee")] = limits
    instance = Instance(days, activities, staff, _cover(cover, days, activities))
    cells = days * DAY // GRID * activities
    if len(instance.cover) != cells:
        found = f"cover of {len(instance.cover)} cells"
        raise FileError(f"{path}: found {found}; expected {cells}.")
    return instance


def _only_number(path: Path, lines: Sequence[Line], name: str) -> int:
    """Read the one number of a section."""
    if len(lines) != 1:
        raise FileError(f"{path}: found {len(lines)} rows of {name}; expected 1.")
    lines[0].has(name)
    return lines[0].count(lines[0].cells[0], name)


def _cover(lines: Sequence[Line], days: int, activities: int) -> dict[Cell, Limits]:
    """Read heads by cell."""
    cover: dict[Cell, Limits] = {}
    for line in lines:
        line.has("day", "time", "task", "least", "most")
        day, time, task, *heads = line.cells
        if not (found := TIME.fullmatch(time)):
            line.fail(repr(time), "a time like 06:00-06:15")
        hour, minute, end_hour, end_minute = map(int, found.groups())
        start = (line.count(day, "day") - 1) * DAY + hour * HOUR + minute
        if start % GRID or (end_hour * HOUR + end_minute) % DAY != (start + GRID) % DAY:
            line.fail(time, f"an interval of {GRID} minutes")
        cell = Cell(start, line.count(task, "task"))
        inside = BEGIN <= start < BEGIN + days * DAY and 0 < cell.activity <= activities
        if not inside or cell in cover:
            line.fail(",".join(line.cells[:3]), "a new cell of the horizon")
        cover[cell] = Limits(*(line.count(one, "heads") for one in heads))
    return cover


def read_roster(path: Path, instance: Instance) -> list[Shift]:
    """Read a roster from a published solution or from `write_roster`.

    Raises
    ------
    FileError
        Where somebody or an activity is unknown, or a number is none.
    """
    try:
        root = ElementTree.fromstring(text_of(path))
    except ElementTree.ParseError as error:
        raise FileError(f"{path}: {error}; expected XML.") from None
    return [
        _shift(path, employee.get("ID", ""), shift, instance)
        for employee in root.iter("Employee")
        for shift in employee.iter("Shift")
    ]


def _shift(path: Path, employee: str, said: Any, instance: Instance) -> Shift:
    """Read one shift."""
    day, time = said.findtext("Day", ""), said.findtext("Start", "")
    tasks = [
        (t.findtext("ID", ""), t.findtext("Length", "")) for t in said.iter("Task")
    ]
    place = f"{path}, shift of employee {employee!r} on day {day!r} at {time!r}"
    if employee not in instance.staff:
        raise FileError(f"{place}: found no such employee; expected one.")
    clock = re.fullmatch(r"(\d\d):(\d\d):00", time)
    numbers = [day, *(text for task in tasks for text in task)]
    if not (clock and tasks and all(text.isdecimal() for text in numbers)):
        raise FileError(f"{place}: expected day, start and tasks, in numbers.")
    blocks = tuple(Block(int(task), int(minutes)) for task, minutes in tasks)
    for activity, _ in blocks:
        if not 0 < activity <= instance.activities:
            found = f"found task {activity}"
            raise FileError(f"{place}: {found}; expected 1 to {instance.activities}.")
    start = int(day) * DAY + int(clock[1]) * HOUR + int(clock[2])
    return Shift(employee, start, blocks)


def write_roster(path: Path, roster: Collection[Shift]) -> None:
    """Write a roster in the format of the published solutions."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<Solution>"]
    for employee, shifts in groupby(sorted(roster), key=lambda shift: shift.employee):
        lines.append(f'  <Employee ID="{employee}">')
        for shift in shifts:
            day, minute = divmod(shift.start, DAY)
            lines += [
                "    <Shift>",
                f"      <Day>{day}</Day>",
                f"      <Start>{minute // 60:02}:{minute % 60:02}:00</Start>",
            ]
            lines += [
                f'      <Task WorkLength="{minutes}"><ID>{activity}</ID>'
                f"<Length>{minutes}</Length></Task>"
                for activity, minutes in shift.blocks
            ]
            lines.append("    </Shift>")
        lines.append("  </Employee>")
    path.write_text("\n".join([*lines, "</Solution>", ""]), encoding="utf-8")


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
