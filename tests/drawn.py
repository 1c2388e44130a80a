"""Cases and rosters drawn widely: any shift times, any history, illegal ones too."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import numpy as np
from ortools.sat.python import cp_model

from constraints.case import (
    CLASSES,
    OFF,
    OPEN,
    Agent,
    Case,
    Leave,
    Limit,
    Request,
    Shift,
)
from constraints.hours import HoursOvertime, overtime_open
from constraints.pack import RULES
from constraints.roster import Duties, Roster
from constraints.rule import Rule
from forecasts.clock import Clock
from forecasts.forecaster import Forecast
from forecasts.requirement import Marginal, Requirement, Service
from scheduler.engine.model import RosterModel

PLACES = (
    (date(2026, 3, 2), "Asia/Shanghai"),
    (date(2026, 2, 25), "Asia/Shanghai"),
    (date(2026, 3, 26), "Europe/London"),
    (date(2026, 10, 22), "Europe/London"),
)
WISHES = ("off", "work", "shift", "not-shift", "class", "not-class")
DRAWN: dict[str, dict[str, tuple[object, ...]]] = {
    "coverage.need": {"price": ("heads", "service-level"), "over": (1, 2)},
    "coverage.floor": {"heads": (0, 1, 2)},
    "coverage.role": {"least": (None, 1, 2)},
    "hours.average": {
        "cycle": ("week", "2 weeks", "month", "horizon"),
        "tolerance_minutes": (0, 60),
        "norm": ("calendar", "office"),
    },
    "hours.under": {
        "cycle": ("week", "2 weeks", "month"),
        "tolerance_minutes": (0, 120),
    },
    "hours.overtime": {"allowed": (True,), "day_minutes": (60, 90)},
    "hours.weekly_max": {"minutes": (900, 1800, 2880)},
    "sequence.run": {"most_days": (1, 2, 3, 6)},
    "sequence.class": {"reading": ("run", "gap24", "horizon")},
    "pattern.six_on_one_off": {
        "on": (2, 3, 6),
        "off": (1, 2),
        "rotation": ("backward", "none"),
        "exceptions": (0, 1, 2),
    },
    "rest.daily": {"hours": (8.0, 11.0, 16.0)},
    "rest.weekly": {
        "window_days": (2, 3, 7),
        "days": (1, 2),
        "mode": ("rolling", "calendar"),
        "day": ("24h", "calendar"),
    },
    "hours.range": {
        "least_minutes": (0, 960, 2400),
        "most_minutes": (480, 2000, 10**6),
    },
    "sequence.min_run": {"least_days": (1, 2, 3, 4)},
    "sequence.min_rest_run": {"least_days": (1, 2, 3, 4)},
    "sequence.forbidden": {"pairs": ("", "S0>S1", "S0>S0, S1>S0,S2>S1", "S1>S1,S9>S0")},
    "shifts.most": {"most": ("", "S0=1", "S0=0,S1=2", "S2=1, S9=3")},
    "weekends.most": {"most": (0, 1, 2)},
    "nights.run": {"most_nights": (1, 2, 4)},
    "nights.rest": {"days": (0, 1, 2)},
    "breaks.meal": {
        "rest_minutes": (0, 15),
        "longest_stretch_minutes": (120, 360),
        "most_away": (0.34, 0.6),
    },
    "leave.limit": {"scope": ("centre", "team"), "most": (1, 2)},
    "starts.stable": {"minutes": (0, 120)},
    "fairness.nights": {"most_difference": (0, 1)},
    "fairness.weekends": {"most_difference": (0, 1)},
    "fairness.hours": {"most_difference_minutes": (0, 480)},
}
NUMERIC = {
    "sequence.run": "most_days",
    "rest.daily": "hours",
    "nights.run": "most_nights",
    "hours.weekly_max": "minutes",
    "hours.range": "most_minutes",
    "sequence.min_run": "least_days",
    "sequence.min_rest_run": "least_days",
    "shifts.most": "S1",
    "weekends.most": "most",
}


def draw_rule(kind: type[Rule], random: Random) -> Rule:
    """Return a rule with parameters drawn, soft at 1 a unit."""
    choices = DRAWN.get(kind.id, {})
    return kind(penalty=1, **{name: random.choice(c) for name, c in choices.items()})


def draw_case(random: Random, rule: Rule) -> Case:
    """Return a small case in which the rule has something to bite on."""
    first_day, zone = random.choice(PLACES)
    first_day += timedelta(days=random.randrange(5))
    days = random.randint(1, 9)
    clock = Clock(
        first_day,
        days,
        random.choice((30, 60)),
        zone,
        random.choice(("mon", "sun", "wed")),
    )
    people, past = random.randint(1, 4), random.choice((0, 1, 3, 8, 30))
    shifts = tuple(_shift(random, n) for n in range(random.randint(1, 4)))
    others: tuple[Rule, ...] = (rule,)
    if random.random() < 0.5:
        others += tuple(
            draw_rule(k, random)
            for k in RULES
            if k.id in ("hours.overtime", "breaks.meal", "pattern.six_on_one_off")
            and k.id != rule.id
        )
    history = np.array(
        [[_cell(random, len(shifts)) for _ in range(past)] for _ in range(people)],
        np.int16,
    ).reshape(people, past)
    known = np.array([past > 0 and random.random() < 0.8 for _ in range(people)])
    history[~known] = OFF
    case = Case(
        name="drawn",
        clock=clock,
        agents=tuple(_agent(random, n, clock) for n in range(people)),
        shifts=shifts,
        requirement=Requirement(
            clock=clock,
            queues=("calls",),
            heads=np.array([[random.randrange(4) for _ in range(clock.intervals)]]),
            is_open=np.array([random.random() < 0.9 for _ in range(clock.intervals)]),
        ),
        rules=others,
        leave=tuple(
            _leave(random, clock, people, n) for n in range(random.randrange(4))
        ),
        requests=tuple(
            _wish(random, days, people, shifts) for _ in range(random.randrange(4))
        ),
        limits=tuple(
            Limit(agent=0, rule=rule.id, parameter=NUMERIC[rule.id], value=2)
            for _ in range(random.randrange(2))
            if rule.id in NUMERIC
        ),
        history=history,
        known=known,
        past_leave=np.array(
            [[random.random() < 0.1 for _ in range(past)] for _ in range(people)], bool
        ).reshape(people, past),
        pins=np.array(
            [
                [random.choice((OPEN, OPEN, OPEN, OFF, 0)) for _ in range(days)]
                for _ in range(people)
            ],
            np.int16,
        ),
        cover=np.array(
            [[random.randrange(-1, 3) for _ in shifts] for _ in range(days)]
        ),
        has_yesterday=random.random() < 0.5,
        service=Service(floor=1),
    )
    return with_calls(case, random)


def with_calls(case: Case, random: Random) -> Case:
    """Return the case with calls, and heads that are worth more or less to them."""
    shape = case.requirement.heads.shape
    rng = np.random.default_rng(random.randrange(2**32))
    forecast = Forecast(
        case.clock,
        case.requirement.queues,
        calls=rng.choice((0.0, 1.0, 30.0, 200.0), shape),
        aht_seconds=np.full(shape, 180.0),
        method=("drawn",) * shape[0],
    )
    marginal = Marginal(
        last_head=rng.choice((0.0, 0.05, 0.2, 0.5), shape),
        next_head=np.zeros(shape),
    )
    requirement = replace(case.requirement, marginal=marginal)
    return replace(case, requirement=requirement, forecast=forecast)


def draw_roster(random: Random, case: Case, ways: dict) -> tuple[Roster, dict]:
    """Return any roster of a case, legal or not, and the way each cell is broken."""
    table = np.array(
        [
            [_cell(random, len(case.shifts)) for _ in range(case.days)]
            for _ in case.agents
        ],
        np.int16,
    )
    chosen, rows = {}, []
    for agent, day in zip(*np.nonzero(table != OFF), strict=True):
        at = (int(day), int(table[agent, day]))
        number = random.randrange(len(ways[at]))
        chosen[(*at, int(agent))] = number
        rows.extend((int(agent), int(day), *taken) for taken in ways[at][number])
    roster = Roster(case, table, Duties.of(rows))
    return replace(roster, overtime=_overtime(random, roster)), chosen


def draw_ways(random: Random, case: Case) -> dict:
    """Return ways to break each shift, most of them faulty."""
    ways: dict = {}
    for day in range(case.days):
        for shift in range(len(case.shifts)):
            column = case.past + day
            start, end = int(case.start[column, shift]), int(case.end[column, shift])
            ways[day, shift] = [
                tuple(_breaks(random, start, end)) for _ in range(random.randint(1, 3))
            ]
    return ways


def solved(
    case: Case, rule: Rule, roster: Roster, ways: dict, chosen: dict
) -> tuple[RosterModel, cp_model.CpSolver]:
    """Return the model of one rule with everything fixed to a roster, solved."""
    model = RosterModel(
        Roster.empty(case),
        [rule],
        np.ones(roster.table.shape, bool),
        allowed=np.ones((*roster.table.shape, len(case.shifts)), bool),
        ways=ways,
        personal_breaks=True,
    )
    model.fix(roster)
    for owner, counts in model.way_counts.items():
        for number, (_, count) in enumerate(counts):
            model.cp.add(count == int(chosen.get(owner) == number))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model.cp) == cp_model.OPTIMAL, model.cp.validate()
    return model, solver


def _breaks(random: Random, start: int, end: int) -> list[tuple[str, int, int]]:
    found, at = [], start
    for _ in range(random.randrange(3)):
        begin = random.randrange(at, max(at + 1, end - 15), 15)
        length = random.choice((15, 30, 45))
        if begin + length > end:
            break
        found.append((random.choice(("meal", "rest")), begin, begin + length))
        at = begin + length + 15
    return found


def _overtime(random: Random, roster: Roster) -> np.ndarray:
    case, rule = roster.case, roster.case.rule("hours.overtime")
    booked = np.zeros(roster.table.shape, np.int64)
    if isinstance(rule, HoursOvertime) and rule.allowed:
        may = (roster.table != OFF) & overtime_open(case)
        drawn = [
            [random.choice((0, 0, 30, rule.day_minutes)) for _ in range(case.days)]
            for _ in case.agents
        ]
        booked = np.array(drawn, np.int64).reshape(booked.shape) * may
    return booked


def _cell(random: Random, shifts: int) -> int:
    return random.choice((OFF, *range(shifts), *range(shifts)))


def _shift(random: Random, number: int) -> Shift:
    start = random.randrange(0, 1440, 15)
    return Shift(
        code=f"S{number}",
        shift_class=random.choice(CLASSES),
        start=start,
        end=start + random.choice((180, 360, 400, 480, 510, 600, 840, 1200)),
        paid_minutes=random.choice((None, None, 400, 480)),
        skills=frozenset(random.choice(((), (), ("vip",)))),
    )


def _agent(random: Random, number: int, clock: Clock) -> Agent:
    def some_date() -> date | None:
        return random.choice(
            (None, None, clock.date(random.randrange(-4, clock.days + 3)))
        )

    start = clock.date(random.randrange(-3, clock.days))
    return Agent(
        id=f"A{number}",
        team=random.choice(("x", "y")),
        skills=frozenset(random.choice(((), ("vip",)))),
        hours_per_week=random.choice((40, 30, 20, 8)),
        classes=frozenset(random.choice(((), (), ("day",), ("day", "night")))),
        roles=frozenset(random.choice(((), ("leader",)))),
        joined=some_date() if random.random() < 0.3 else None,
        left=some_date() if random.random() < 0.3 else None,
        protected=(start, start + timedelta(days=3)) if random.random() < 0.3 else None,
    )


def _leave(random: Random, clock: Clock, people: int, line: int) -> Leave:
    first = clock.date(random.randrange(-3, clock.days))
    return Leave(
        agent=random.randrange(people),
        first=first,
        last=first + timedelta(days=random.randrange(4)),
        kind=random.choice(("annual", "annual", "sick")),
        line=line + 2,
    )


def _wish(random: Random, days: int, people: int, shifts: tuple[Shift, ...]) -> Request:
    kind = random.choice(WISHES)
    value = random.choice(shifts).code if "shift" in kind else random.choice(CLASSES)
    return Request(
        agent=random.randrange(people),
        day=random.randrange(days),
        kind=kind,
        value="" if kind in ("off", "work") else value,
        weight=random.randint(1, 9),
    )
