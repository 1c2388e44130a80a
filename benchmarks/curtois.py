"""The shift scheduling instances 1..24 as cases: the program's own rules and engine."""

from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.curtois_evaluator import Duty, Instance, read_instance
from constraints import OFF, Agent, Case, Roster, Shift, read_rules
from constraints.case import OPEN, Limit, Request
from constraints.roster import Duties
from forecasts.clock import Clock
from forecasts.requirement import Requirement

MONDAY = date(2026, 3, 2)  # the instances have no dates, but begin on a Monday


def case_of(name: str, instance: Instance) -> Case:
    """Return an instance as a case.

    Shifts all begin at midnight, as the instances say nothing of times. Limits of one
    person are those of limits.csv, days off are pinned.
    """
    codes = list(instance.shifts)
    people = list(instance.staff)
    clock = Clock(MONDAY, instance.days, 60)
    required = Requirement(
        clock,
        ("calls",),
        np.zeros((1, clock.intervals), np.int64),
        np.zeros(clock.intervals, bool),
    )
    pins = np.full((len(people), instance.days), OPEN, np.int16)
    limits, wishes = [], []
    for number, employee in enumerate(instance.staff.values()):
        pins[number, sorted(employee.days_off)] = OFF
        own = {
            ("hours.range", "least_minutes"): employee.least_minutes,
            ("hours.range", "most_minutes"): employee.most_minutes,
            ("sequence.run", "most_days"): employee.longest_run,
            ("sequence.min_run", "least_days"): employee.shortest_run,
            ("sequence.min_rest_run", "least_days"): employee.shortest_rest,
            ("weekends.most", "most"): employee.most_weekends,
        }
        own |= {("shifts.most", code): most for code, most in employee.most_of.items()}
        limits += [
            Limit(agent=number, rule=rule, parameter=parameter, value=value)
            for (rule, parameter), value in own.items()
        ]
    for kind, asked in (
        ("shift", instance.on_requests),
        ("not-shift", instance.off_requests),
    ):
        wishes += [
            Request(
                agent=people.index(wish.duty.employee),
                day=wish.duty.day,
                kind=kind,
                value=wish.duty.shift,
                weight=wish.weight,
            )
            for wish in asked
        ]
    prices = {(row.under, row.over) for row in instance.cover}
    if len(prices) > 1:
        raise ValueError(f"Expected one price of cover, got {sorted(prices)}.")
    short, over = prices.pop()
    cover = np.full((instance.days, len(codes)), -1, np.int64)
    for row in instance.cover:
        cover[row.day, codes.index(row.shift)] = row.required
    pairs = [
        f"{code}>{after}"
        for code, shift in instance.shifts.items()
        for after in sorted(shift.not_next)
    ]
    rules = read_rules(
        "none",
        {
            "coverage.shift": {"short": short, "over": over},
            "requests": {},
            "hours.range": {},
            "sequence.run": {},
            "sequence.min_run": {},
            "sequence.min_rest_run": {},
            "sequence.forbidden": {"pairs": ", ".join(pairs)},
            "shifts.most": {},
            "weekends.most": {},
        },
    )
    return Case(
        name=name,
        clock=clock,
        agents=tuple(Agent(id=employee) for employee in people),
        shifts=tuple(
            Shift(
                code=code,
                shift_class="day",
                start=0,
                end=shift.minutes,
                paid_minutes=shift.minutes,
            )
            for code, shift in instance.shifts.items()
        ),
        requirement=required,
        rules=rules,
        requests=tuple(wishes),
        limits=tuple(limits),
        pins=pins,
        cover=cover,
    )


def duties_of(roster: Roster) -> list[Duty]:
    """Return a roster in the terms of the instances."""
    case = roster.case
    return [
        Duty(case.agents[agent].id, day, case.shifts[roster.table[agent, day]].code)
        for agent, day in np.argwhere(roster.table != OFF).tolist()
    ]


def read_case(path: Path) -> Case:
    """Return the case of an instance file."""
    return case_of(path.stem, read_instance(path))


def roster_of(case: Case, duties: list[Duty]) -> Roster:
    """Return the roster that some duties make."""
    people = {agent.id: number for number, agent in enumerate(case.agents)}
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    table = np.full((len(people), case.days), OFF, np.int16)
    for duty in duties:
        table[people[duty.employee], duty.day] = codes[duty.shift]
    return Roster(case, table, Duties.of(()))
