"""Stitch: give a week's patterns to people, so that weeks join well."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from constraints.case import CLASSES, OFF, Case
from constraints.coverage import CoverageRole
from constraints.roster import Roster
from forecasts.requirement import Requirement
from scheduler.engine.columns import Pattern, Week, judge
from scheduler.engine.solver import QUICK, Budget, run

BROKEN = 1000  # cost of a unit of a hard rule about one person
UNLED = 300  # cost of a day's class of shifts without a leader
NIGHT = 2  # cost of a night for each night a person has had, to share them
EFFORT = 4.0


def stitch(
    roster: Roster,
    week: Week,
    chosen: list[dict[Pattern, int]],
    budget: Budget,
    *,
    seed: int,
) -> Roster:
    """Return the roster with a week's patterns given to people.

    People of a kind can follow any of its patterns as far as the week itself goes; who
    does is decided by what each has worked before, by wishes, by who leads, and by who
    has had few nights.

    Parameters
    ----------
    roster
        What is rostered before the week.
    week, chosen
        The week, and how many people of each kind follow each pattern.
    """
    case = roster.case
    model = cp_model.CpModel()
    seats: list[tuple[int, Pattern, Any, int]] = []
    for kind, patterns in enumerate(chosen):
        people = np.flatnonzero(week.kinds == kind)
        if patterns:
            seats += _seats(model, roster, week, people, patterns)
    objective = [(cost, seat) for _, _, seat, cost in seats]
    objective += _leaders(model, case, week, seats)
    model.minimize(
        cp_model.LinearExpr.weighted_sum(
            [one for _, one in objective], [cost for cost, _ in objective]
        )
    )
    outcome = run(
        model,
        budget,
        seconds=4,
        effort=EFFORT,
        seed=seed,
        workers=1,
        parameters=QUICK,
    )
    if not outcome.found:
        return roster
    table = roster.table.copy()
    for agent, pattern, seat, cost in seats:
        if outcome.value(seat) and cost < BROKEN:
            table[agent, week.first : week.first + len(pattern)] = pattern
    return replace(roster, table=table)


def _seats(
    model: cp_model.CpModel,
    roster: Roster,
    week: Week,
    people: NDArray[np.intp],
    patterns: dict[Pattern, int],
) -> list[tuple[int, Pattern, Any, int]]:
    """Add a choice for each person and pattern of a kind, with its cost."""
    pairs = [(int(agent), pattern) for agent in people for pattern in patterns]
    costs = _costs(roster, week, pairs)
    seats = [
        (agent, pattern, model.new_bool_var(""), cost)
        for (agent, pattern), cost in zip(pairs, costs, strict=True)
    ]
    for agent in people:
        model.add_exactly_one([seat for a, _, seat, _ in seats if a == agent])
    placed = sum(patterns.values())
    for pattern, count in patterns.items():
        taken = [seat for _, p, seat, _ in seats if p == pattern]
        if placed == len(people):
            model.add(cp_model.LinearExpr.sum(taken) == count)
    return seats


def _costs(roster: Roster, week: Week, pairs: list[tuple[int, Pattern]]) -> list[int]:
    """Return what each pair of person and pattern costs, the days before included."""
    case, days = roster.case, week.first + week.case.days
    before = _until(case, days)
    people = np.array([agent for agent, _ in pairs])
    rows = roster.table[people, :days].copy()
    rows[:, week.first :] = np.array([pattern for _, pattern in pairs])
    found = judge(before, people, rows)
    is_night = np.isin(rows, case.of_class("night"))
    had = is_night[:, : week.first].sum(axis=1)
    had += np.isin(case.history[people], case.of_class("night")).sum(axis=1)
    nights = NIGHT * had * is_night[:, week.first :].sum(axis=1)
    base = found[:, 0] * BROKEN + found[:, 1] + nights
    return [int(min(cost, 50 * BROKEN)) for cost in base]


def _until(case: Case, days: int) -> Case:
    """Return the case of the first days of the horizon."""
    clock = replace(case.clock, days=days)
    rows = slice(0, clock.intervals)
    return replace(
        case,
        clock=clock,
        requirement=Requirement(
            clock=clock,
            queues=case.requirement.queues,
            heads=case.requirement.heads[:, rows],
            is_open=case.requirement.is_open[rows],
        ),
        requests=tuple(wish for wish in case.requests if wish.day < days),
        pins=case.pins[:, :days],
        forecast=None,
    )


def _leaders(
    model: cp_model.CpModel,
    case: Case,
    week: Week,
    seats: list[tuple[int, Pattern, Any, int]],
) -> list[tuple[int, Any]]:
    """Add the cost of a day's class of shifts without its leaders."""
    rule = case.rule("coverage.role")
    least = rule.due(case) if isinstance(rule, CoverageRole) else 0
    if not isinstance(rule, CoverageRole) or not least:
        return []
    class_of = [CLASSES.index(shift.shift_class) for shift in case.shifts]
    holders: dict[tuple[int, int], list[Any]] = {}
    staffed = set()
    for agent, pattern, seat, _ in seats:
        for day, shift in enumerate(pattern):
            if shift != OFF:
                at = (day, class_of[shift])
                staffed.add(at)
                if rule.role in case.agents[agent].roles:
                    holders.setdefault(at, []).append(seat)
    missing = []
    for at in sorted(staffed):
        unled = model.new_int_var(0, least, "")
        led = cp_model.LinearExpr.sum(holders.get(at, []))
        model.add(led + unled >= least)
        missing.append((UNLED, unled))
    return missing
