"""carry.json: all that the next period's case needs from this one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from constraints.case import OFF, Case
from constraints.cycle import cycles, leave_credit
from constraints.hours import HoursAverage
from constraints.roster import Roster
from forecasts.clock import Clock
from forecasts.problems import InputError, Problem
from forecasts.table import Problems, Row, Table
from scheduler.desk.sheet import Granted
from scheduler.files.tables import MOST_PAST, ON_LEAVE, Names, Past, read_history
from scheduler.summary import worked_weekends

FILE = "carry.json"
COLUMNS = ("agent", "date", "shift", "class")


@dataclass(frozen=True)
class Left:
    """What the desk leaves to the next period.

    Attributes
    ----------
    mark
        What tells its ledger from any other.
    swaps
        Swaps charged, by person and month such as ``2026-03``.
    leave
        Id, first and last day, and kind of leave that goes on after the period.
    swapped
        Person and date of shifts got by swaps in the last weeks.
    """

    mark: str = ""
    swaps: Mapping[tuple[str, str], int] = field(default_factory=dict)
    leave: tuple[Granted, ...] = ()
    swapped: frozenset[tuple[str, date]] = frozenset()

    def record(self) -> dict[str, Any]:
        """Return it as carry.json has it."""
        swaps: dict[str, dict[str, int]] = {}
        for (id, month), count in sorted(self.swaps.items()):
            swaps.setdefault(id, {})[month] = count
        return {
            "mark": self.mark,
            "swaps": swaps,
            "leave": [[id, str(a), str(b), kind] for id, a, b, kind in self.leave],
            "swapped": sorted([id, str(on)] for id, on in self.swapped),
        }

    @classmethod
    def of_record(cls, record: Any) -> "Left":
        """Return what carry.json has.

        Examples
        --------
        >>> left = Left("7f", {("A1", "2026-03"): 1})
        >>> Left.of_record(left.record()) == left
        True
        """
        day = date.fromisoformat
        return cls(
            _text(record["mark"]),
            {
                (_text(id), _text(month)): int(count)
                for id, months in record["swaps"].items()
                for month, count in months.items()
            },
            tuple(
                (_text(id), day(first), day(last), _text(kind))
                for id, first, last, kind in record["leave"]
            ),
            frozenset((_text(id), day(on)) for id, on in record["swapped"]),
        )


def carry_of(roster: Roster, desk: Left | None = None) -> dict[str, Any]:
    """Return what the next period needs to know of this one.

    Parameters
    ----------
    roster
        The roster of the period.
    desk
        What the desk adds of a published one, as of `Left`.

    Returns
    -------
    dict
        ``agents``, by id: ``run`` (days worked to the end), ``nights``, ``weekends``
        and ``minutes`` (paid, of the horizon), ``annual_days`` taken, ``cycle`` (first
        day of the open cycle and minutes in it); ``history``: one row of person, date,
        shift and class for each shift and leave day, 92 days back at most.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> carry = carry_of(Roster.from_codes(tiny_case(), ["-DD", "N--"]))
    >>> carry["agents"]["A1"]["run"], carry["history"][0]
    (2, ['A1', '2026-03-03', 'D', 'day'])
    """
    case = roster.case
    return {
        "schema": 1,
        "name": case.name,
        "time_zone": case.clock.time_zone,
        "first_day": case.clock.first_day.isoformat(),
        "last_day": case.clock.date(case.days - 1).isoformat(),
        "agents": _agents(roster),
        **({} if desk is None else {"desk": desk.record()}),
        "history": list(_rows(roster)),
    }


def _agents(roster: Roster) -> dict[str, Any]:
    case, past = roster.case, roster.case.past
    free = ~roster.working[:, ::-1]
    run = np.where(free.any(axis=1), free.argmax(axis=1), case.span)
    nights = roster.works_class("night")[:, past:].sum(axis=1)
    weekends = worked_weekends(roster)
    minutes = roster.paid + leave_credit(roster)
    open_cycle = _open_cycle(case)
    annual = _annual_days(case)
    return {
        agent.id: {
            "run": int(run[number]),
            "nights": int(nights[number]),
            "weekends": int(weekends[number]),
            "minutes": int(roster.paid[number, past:].sum()),
            "annual_days": annual.get(number, 0),
            "cycle": {
                "first_day": case.clock.date(open_cycle.start - past).isoformat(),
                "minutes": int(minutes[number, open_cycle.start :].sum()),
            },
        }
        for number, agent in enumerate(case.agents)
        if case.employed[number].any()
    }


def _open_cycle(case: Case) -> range:
    """Return the columns of the last cycle over which hours are averaged."""
    rule = case.rule("hours.average")
    name = rule.cycle if isinstance(rule, HoursAverage) else "week"
    return list(cycles(case, name))[-1].columns(case)


def _annual_days(case: Case) -> dict[int, int]:
    taken: dict[int, int] = {}
    for (agent, _), kind in case.leave_kinds.items():
        if kind == "annual":
            taken[agent] = taken.get(agent, 0) + 1
    return taken


def _rows(roster: Roster) -> Iterator[list[str]]:
    case = roster.case
    for agent in range(len(case.agents)):
        for column in range(max(0, case.span - MOST_PAST), case.span):
            shift = int(roster.full[agent, column])
            day = column - case.past
            on = case.clock.date(day).isoformat()
            if shift != OFF:
                one = case.shifts[shift]
                yield [case.agents[agent].id, on, one.code, one.shift_class]
            elif case.on_leave[agent, column]:
                kind = case.leave_kinds.get((agent, day), "annual")
                yield [case.agents[agent].id, on, "", f"{ON_LEAVE}{kind}"]


def carry_text(roster: Roster, desk: Left | None = None) -> str:
    """Return carry.json, a row of history to a line."""
    carry = carry_of(roster, desk)
    rows = carry.pop("history")
    head = json.dumps(carry, ensure_ascii=False, indent=1)[:-2]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{head},\n "history": [\n{lines}\n]\n}}\n'


# -- reading --------------------------------------------------------------------------


def carried_past(
    carry: Any, names: Names, clock: Clock | None, problems: Problems
) -> Past:
    """Return the past that a former period's carry.json holds.

    People who have left since are left out; everyone named in it is known.

    Raises
    ------
    InputError
        Where it is no carry.json, or of a period that is not past.
    """
    rows = _checked(carry)
    if clock is not None:
        last = date.fromisoformat(carry["last_day"])
        if last >= clock.first_day:
            raise _refused(
                f"a period up to {last}",
                f"one that ends before the first day, {clock.first_day}",
                "Take carry.json from the period before.",
            )
    kept = tuple(row for row in rows if row.cells["agent"] in names.agents)
    table = Table(f"{FILE}!history", "", COLUMNS, kept)
    past = read_history(table, names, clock, problems)
    for id in carry["agents"]:
        if id in names.agents:
            past.known[names.agents[id]] = True
    if clock is None:
        return past
    return past._replace(has_yesterday=clock.day(last) == -1)


def _checked(carry: Any) -> list[Row]:
    try:
        if carry["schema"] != 1:
            raise ValueError
        date.fromisoformat(carry["last_day"])
        dict(carry["agents"])
        carried_desk(carry)
        return [
            Row(number, dict(zip(COLUMNS, map(_text, cells), strict=True)))
            for number, cells in enumerate(carry["history"], start=1)
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _refused(
            "another form",
            "the carry.json of a former period",
            "Copy it again from that period's out folder, or remove it.",
        ) from None


def carried_desk(carry: Any) -> Left:
    """Return what the desk of a former period left; nothing where it was none."""
    return Left.of_record(carry["desk"]) if "desk" in carry else Left()


def _text(cell: object) -> str:
    if not isinstance(cell, str):
        raise TypeError
    return cell


def _refused(found: str, expected: str, remedy: str) -> InputError:
    return InputError(
        [Problem(file=FILE, found=found, expected=expected, remedy=remedy)]
    )
