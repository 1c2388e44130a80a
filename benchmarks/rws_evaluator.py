"""Says which rules a plan of a rotating workforce instance breaks.

Everybody works through the same weeks, each starting one week later, so a plan is one
cycle of days: the last is followed by the first. Rules are those of N. Musliu, J.
Gärtner and W. Slany, *Efficient generation of rotating workforce schedules*, 2002. The
search in `benchmarks.rws` reads instances by this module and shares no rule with it.

``python -m benchmarks.rws_evaluator INSTANCE.txt PLAN.csv`` ends with 0 where no rule
is broken, with 3 where one is, and with 2 where a file cannot be read.
"""

import csv
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from benchmarks.lines import FileError, Line, text_of

OFF = "-"
WEEK = 7
HEADER = ["week", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class Limits(NamedTuple):
    """Least and most days of a block."""

    least: int
    most: int


@dataclass(frozen=True)
class Instance:
    """One instance, as its file says it.

    Attributes
    ----------
    weeks
        Weeks of the cycle, one for each employee.
    need
        Employees on each shift by weekday from Monday; shape ``(7,)`` each.
    blocks
        Days of a block of each shift.
    off, work
        Days of a block of days off and of worked days, of any shifts.
    pairs
        Shifts that may not follow each other on neighbouring days.
    triples
        Shifts that may not lie on both sides of a single day off.
    """

    weeks: int
    need: Mapping[str, Sequence[int]]
    blocks: Mapping[str, Limits]
    off: Limits
    work: Limits
    pairs: frozenset[tuple[str, str]]
    triples: frozenset[tuple[str, str]]


class Break(NamedTuple):
    """A rule broken, at a day of the cycle (rule 1: on a weekday)."""

    rule: int
    day: int
    amount: int
    words: str

    def __str__(self) -> str:
        place = HEADER[1 + self.day % WEEK]
        if self.rule > 1:
            place = f"week {1 + self.day // WEEK}, {place}"
        return f"rule {self.rule}, {place}: {self.words}"


def evaluate(instance: Instance, plan: Sequence[str]) -> list[Break]:
    """Return the rules a plan breaks.

    Parameters
    ----------
    instance
        What the plan is for.
    plan
        Shift of each day of the cycle, from the Monday of the first week, or ``OFF``;
        shape ``(7 * weeks,)``.

    Notes
    -----
    1: need of each weekday, met exactly. 2: blocks of the same shift. 3: blocks of
    worked days. 4: blocks of days off. 5: forbidden pairs. 6: forbidden triples. A
    block without end is longer than any limit.
    """
    if len(plan) != WEEK * instance.weeks:
        raise ValueError(f"Expected {WEEK * instance.weeks} days, got {len(plan)}.")
    working = ["on" if shift != OFF else OFF for shift in plan]
    return [
        *_needs(instance, plan),
        *_blocks(2, plan, instance.blocks),
        *_blocks(3, working, {"on": instance.work}),
        *_blocks(4, working, {OFF: instance.off}),
        *_followers(instance, plan),
    ]


def _needs(instance: Instance, plan: Sequence[str]) -> Iterator[Break]:
    """Give the weekdays on which a shift has too many or too few."""
    for weekday in range(WEEK):
        heads = Counter(plan[weekday::WEEK])
        for shift, need in instance.need.items():
            if amount := abs(heads[shift] - need[weekday]):
                words = f"{heads[shift]} on {shift}, needed {need[weekday]}"
                yield Break(1, weekday, amount, words)


def _blocks(
    rule: int, days: Sequence[str], limits: Mapping[str, Limits]
) -> Iterator[Break]:
    """Give the blocks of some kinds that are too short or too long."""
    for start, kind, length in _cycle(days):
        if kind not in limits:
            continue
        least, most = limits[kind]
        if length == len(days):
            yield Break(rule, start, length, f"{kind} without end, most {most}")
        elif amount := max(least - length, length - most, 0):
            words = f"{length} days of {kind}, {least} to {most} allowed"
            yield Break(rule, start, amount, words)


def _cycle(days: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """Give first day, kind and length of each block of a cycle."""
    first = next((day for day in range(len(days)) if days[day] != days[day - 1]), 0)
    start = first
    for kind, block in groupby([*days[first:], *days[:first]]):
        length = len(list(block))
        yield start % len(days), kind, length
        start += length


def _followers(instance: Instance, plan: Sequence[str]) -> Iterator[Break]:
    """Give the forbidden pairs and triples, on their last day."""
    for day, shift in enumerate(plan):
        before, earlier = plan[day - 1], plan[day - 2]
        if (before, shift) in instance.pairs:
            yield Break(5, day, 1, f"{shift} may not follow {before}")
        if before == OFF and (earlier, shift) in instance.triples:
            yield Break(6, day, 1, f"{shift} may not follow {earlier} and a day off")


# -- files --------------------------------------------------------------------------


def read_instance(path: Path) -> Instance:
    """Read an instance from its text file.

    Raises
    ------
    FileError
        Where the file does not say what it should.
    """
    rows = _rows(path)
    (days,) = _numbers(next(rows), "days")
    if days != WEEK:
        raise FileError(f"{path}: found {days} days; expected a week of 7.")
    (weeks,) = _numbers(next(rows), "employees")
    (kinds,) = _numbers(next(rows), "shifts")
    needs = [_numbers(next(rows), *HEADER[1:]) for _ in range(kinds)]
    blocks: dict[str, Limits] = {}
    for _ in range(kinds):
        line = next(rows)
        line.has("shift", "start", "minutes", "least", "most")
        name, *cells = line.cells
        numbers = [line.count(cell, "start, minutes or days") for cell in cells]
        blocks[line.new(name, {*blocks, OFF}, "shift")] = Limits(*numbers[2:])
    off = Limits(*_numbers(next(rows), "least days off", "most days off"))
    work = Limits(*_numbers(next(rows), "least days of work", "most days of work"))
    pairs, triples = _numbers(next(rows), "pairs", "triples")
    return Instance(
        weeks,
        dict(zip(blocks, needs, strict=True)),
        blocks,
        off,
        work,
        frozenset(_shifts(next(rows), blocks) for _ in range(pairs)),
        frozenset(_shifts(next(rows), blocks, OFF) for _ in range(triples)),
    )


def _rows(path: Path) -> Iterator[Line]:
    """Give the rows that are neither empty nor remarks, then an error."""
    for number, text in enumerate(text_of(path).splitlines(), 1):
        if cells := text.partition("#")[0].split():
            yield Line(path, number, cells)
    raise FileError(f"{path}: found the end of the file; expected more rows.")


def _numbers(line: Line, *names: str) -> list[int]:
    line.has(*names)
    return [line.count(*cell) for cell in zip(line.cells, names, strict=True)]


def _shifts(line: Line, names: Collection[str], *between: str) -> tuple[str, str]:
    """Read two shifts, with nothing or a day off between them."""
    line.has("shift", *between, "shift")
    if tuple(line.cells[1:-1]) != between:
        line.fail(repr(line.cells[1]), repr(OFF))
    first, last = line.cells[0], line.cells[-1]
    return line.known(first, names, "shift"), line.known(last, names, "shift")


def read_plan(path: Path, instance: Instance) -> list[str]:
    """Read a plan from a CSV file: a row for each week, a shift or ``-`` a day.

    Raises
    ------
    FileError
        Where a shift is unknown, or weeks are missing or too many.
    """
    rows = csv.reader(text_of(path).splitlines())
    if (header := next(rows, [])) != HEADER:
        Line(path, 1, header).fail(repr(",".join(header)), ",".join(HEADER))
    plan: list[str] = []
    for cells in rows:
        line = Line(path, rows.line_num, cells)
        line.has(*HEADER)
        if cells[0] != (week := str(1 + len(plan) // WEEK)):
            line.fail(f"week {cells[0]}", f"week {week}")
        plan += [line.known(cell, {*instance.need, OFF}, "shift") for cell in cells[1:]]
    if len(plan) != WEEK * instance.weeks:
        found = f"found {len(plan) // WEEK} weeks"
        raise FileError(f"{path}: {found}; expected {instance.weeks}.")
    return plan


def write_plan(path: Path, plan: Sequence[str]) -> None:
    """Write a plan as `read_plan` reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for week in range(len(plan) // WEEK):
            writer.writerow([week + 1, *plan[WEEK * week : WEEK * (week + 1)]])


def main(arguments: Sequence[str]) -> int:
    """Judge a plan; 0 says that it keeps the rules."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        instance = read_instance(Path(arguments[0]))
        broken = evaluate(instance, read_plan(Path(arguments[1]), instance))
    except FileError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"rules broken {len(broken)}", *broken, sep="\n")
    return 3 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
