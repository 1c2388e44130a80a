"""Rosters written as rows of letters, a letter a day, for rule tables."""

from dataclasses import replace
from datetime import date

import numpy as np

from constraints import OFF, Case, Duties, Roster, Shift, audit
from constraints.examples import LETTERS, tiny_case
from forecasts.clock import Clock
from forecasts.requirement import Requirement

MONDAY = date(2026, 3, 2)
MORE = (
    Shift(code="S", shift_class="day", start=8 * 60, end=14 * 60),  # short, 6 h
    Shift(code="V", shift_class="day", start=4 * 60, end=12 * 60),  # very early
    Shift(code="M", shift_class="day", start=8 * 60, end=16 * 60 + 30),  # with a meal
)


def roster(*rows, past=(), rules=(), first=MONDAY, zone="Asia/Shanghai", **parts):
    """Return a roster of D 08-16, L 14-22, N 22-06 and the shifts above.

    ``past`` holds a row of history a person; ``agents`` what differs in each person;
    other parts replace those of the case.
    """
    days, people = len(rows[0]), len(rows)
    case = tiny_case(people, days, rules=tuple(rules))
    clock = Clock(first, days, 60, zone)
    agents = parts.pop("agents", [{}] * people)
    shifts = (*LETTERS.values(), *MORE)
    heads = np.zeros((1, clock.intervals), np.int64)
    required = Requirement(clock, ("calls",), heads, np.ones(clock.intervals, bool))
    case = replace(
        case,
        clock=clock,
        shifts=shifts,
        requirement=required,
        agents=tuple(
            replace(agent, **change)
            for agent, change in zip(case.agents, agents, strict=True)
        ),
        **parts,
    )
    return Roster.from_codes(with_past(case, past), rows)


def with_past(case: Case, past) -> Case:
    """Return a case with a row of history a person."""
    if not past:
        return case
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    history = np.array([[codes.get(c, OFF) for c in row] for row in past], np.int16)
    known = np.ones(len(past), bool)
    return replace(case, history=history, known=known, has_yesterday=True)


def found(roster, *rules):
    """Return day and amount of each row of an audit, by day."""
    return sorted((v.where.day, v.amount) for v in audit(roster, rules).violations)


def days(roster, *rules):
    """Return the days on which an audit finds something."""
    return [day for day, _ in found(roster, *rules)]


def meals(roster, *starts):
    """Return the roster with meals of 30 min: person, day and start in minutes."""
    clock = roster.case.clock
    return roster.with_duties(
        Duties.of(
            (
                agent,
                day,
                "meal",
                clock.minute(day, start),
                clock.minute(day, start + 30),
            )
            for agent, day, start in starts
        )
    )
