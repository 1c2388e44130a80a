"""Counts: how many people of each kind start each shift each day, and a proved bound.

People alike in contract and in the shifts that suit them are one kind. What a rule asks
of each person is summed over a kind, so every roster gives counts that meet the model,
and its optimum is a lower bound on the cost of every roster. Rules without a form here
are left out, which can only lower the bound. What the soft rules left out charge a
person on the days that suit them best, whatever the coverage, comes on top.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from constraints.case import OFF, OPEN, Case
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.cycle import Cycle, cycles, leave_days_a_week, leave_minutes
from constraints.hours import HoursAverage, HoursOvertime, HoursUnder, HoursWeeklyMax
from constraints.rest import DailyRest, WeeklyRest
from constraints.roster import Roster
from constraints.rule import Rule
from constraints.sequence import NightsRun, SequenceRun
from scheduler.engine.linear import impossible
from scheduler.engine.paths import Paths, weekly
from scheduler.engine.solver import QUICK, Budget, run
from scheduler.engine.starts import start_of

HOUR = 60
NO_CAP = 1 << 40
BOUND = QUICK | {"optimize_with_lb_tree_search": True, "linearization_level": 1}


@dataclass(frozen=True)
class Counts:
    """What the counts model says.

    Attributes
    ----------
    bound
        No roster of the case costs less.
    infeasible
        Whether no roster can meet the hard rules counted here; said only where two
        solvers that share no code, CP-SAT and HiGHS, agree.
    """

    bound: int
    infeasible: bool


def kinds_of(case: Case) -> NDArray[np.int64]:
    """Return the kind of each person, numbered from 0; shape ``(agents,)``."""
    seen: dict[tuple[object, ...], int] = {}
    return np.array(
        [
            seen.setdefault(
                (agent.week_minutes, case.suits[a].tobytes(), case.skill_sets.of[a]),
                len(seen),
            )
            for a, agent in enumerate(case.agents)
        ],
        np.int64,
    )


def fixed_cells(case: Case) -> bool:
    """Whether leave, eligibility and breaks are hard, as the engine takes them to be.

    It never works anybody on leave, nor breaks a shift otherwise than the rule says;
    where these are soft, cheaper rosters may exist, and nothing is proved.
    """
    rules = [case.rule(id) for id in ("leave.day", "eligibility", "breaks.meal")]
    return all(rule is None or rule.penalty is None for rule in rules)


def provable(case: Case) -> bool:
    """Whether rows of paths bound every roster: cells are fixed, no overtime booked."""
    overtime = case.rule("hours.overtime")
    booked = isinstance(overtime, HoursOvertime) and overtime.allowed
    return fixed_cells(case) and not booked


def count_people(
    case: Case, budget: Budget, *, seconds: float, effort: float, seed: int
) -> Counts:
    """Bound the cost of every roster by the counts model.

    Parameters
    ----------
    case
        The case.
    budget, seconds, effort
        What may be spent; the best bound so far stands.
    seed
        Random seed.
    """
    if not fixed_cells(case):
        return Counts(0, False)
    cp = CountsModel(case).cp
    outcome = run(
        cp,
        budget,
        seconds=seconds,
        effort=effort,
        seed=seed,
        workers=1,
        parameters=BOUND,
    )
    if outcome.infeasible:
        return Counts(0, impossible(cp, min(seconds, budget.left)))
    return Counts(max(0, outcome.bound or 0), False)


def least_alone(case: Case, rules: Iterable[Rule]) -> int:
    """Return what some soft rules charge people at the very least, each by themselves.

    Hard rules about one person hold; 0 where overtime may be booked, which paths do
    not know.
    """
    overtime = case.rule("hours.overtime")
    if isinstance(overtime, HoursOvertime) and overtime.allowed:
        return 0
    hard = [rule for rule in case.rules if rule.penalty is None]
    book = [rule for rule in (*hard, *rules) if weekly(rule) is rule]
    paths = Paths(case.with_rules(book))
    free = np.zeros((case.days, len(case.shifts)))
    rows = [paths.cheapest(agent, free) for agent in range(len(case.agents))]
    return sum(
        ceil(found.least - 1e-6)
        for agent, found in enumerate(rows)
        if found is not None and agent not in paths.lost
    )


class CountsModel:
    """The counts model of a case.

    Parameters
    ----------
    chained
        Whether to make heads on the phone from those of the interval before: a linear
        programme then has an eighth of the entries and is solved in a quarter of the
        time, while CP-SAT proves less (1,755 instead of 1,867 for the demo).
    paths
        Where given, they say how many days each person can work up to any day, which
        under a strict pattern is most of what there is to say.
    """

    def __init__(
        self, case: Case, *, chained: bool = False, paths: Paths | None = None
    ) -> None:
        self.case = case
        self.cp = cp_model.CpModel()
        self.kinds = kinds_of(case)
        self.number = int(self.kinds.max(initial=-1)) + 1
        self.people = [np.flatnonzero(self.kinds == k) for k in range(self.number)]
        self._cost: list[tuple[Any, int]] = []
        self.fixed_cost = 0
        self.rows: dict[tuple[int, int], int] = {}  # of need, by group and interval
        self._make_heads()
        self._make_cover()
        if chained:
            self._chain()
        self._missing: list[tuple[Any, int]] = []
        for rule in case.rules:
            self._state(rule)
        if paths is not None:
            self._work_up(paths)
        self._add_alone()
        if self._cost:
            variables, prices = zip(*self._cost, strict=True)
            self.cp.minimize(
                cp_model.LinearExpr.weighted_sum(list(variables), list(prices))
                + self.fixed_cost
            )

    # -- variables ------------------------------------------------------------------
    def _make_heads(self) -> None:
        case = self.case
        free = case.free_to_work
        pinned = case.pins != OPEN
        self.heads: dict[tuple[int, int, int], Any] = {}
        self.working: dict[tuple[int, int], Any] = {}
        for kind, people in enumerate(self.people):
            could = free[people].sum(axis=0)
            must = (free & pinned[:, :, None])[people].sum(axis=0)
            present = free[people].any(axis=2).sum(axis=0)
            for day in range(case.days):
                today = []
                for shift in np.flatnonzero(could[day]):
                    at = (kind, day, int(shift))
                    low, high = int(must[day, shift]), int(could[day, shift])
                    self.heads[at] = self.cp.new_int_var(low, high, "")
                    today.append(self.heads[at])
                working = self.cp.new_int_var(0, int(present[day]), "")
                self.cp.add(cp_model.LinearExpr.sum(today) == working)
                self.working[kind, day] = working

    def _make_cover(self) -> None:
        case, skills = self.case, self.case.skill_sets
        by_column: dict[tuple[int, int, int], list[Any]] = defaultdict(list)
        for (kind, day, shift), heads in self.heads.items():
            own = int(skills.of[self.people[kind][0]])
            by_column[day, shift, own].append(heads)
        self.phone: dict[tuple[int, int], list[tuple[Any, int]]] = defaultdict(list)
        for (day, shift, own), parts in by_column.items():
            total = cp_model.LinearExpr.sum(parts)
            most = int(case.free_to_work[skills.of == own, day, shift].sum())
            start = start_of(case, day, shift)
            counts = [self.cp.new_int_var(0, most, "") for _ in start.ways]
            self.cp.add(cp_model.LinearExpr.sum(counts) == total)
            for on_phone, count in zip(start.on_phone(), counts, strict=True):
                for interval in on_phone:
                    self.phone[own, interval].append((count, 1))
        self.base = Roster.empty(without_pins(case)).phone_by_set

    def _chain(self) -> None:
        for own in range(len(self.base)):
            before: dict[int, tuple[Any, int]] = {}
            last: list[tuple[Any, int]] = []
            for interval in range(self.case.clock.intervals):
                now = {term[0].index: term for term in self.phone[own, interval]}
                heads = self.cp.new_int_var(0, NO_CAP, "")
                come = [term for at, term in now.items() if at not in before]
                gone = [(v, -1) for at, (v, _) in before.items() if at not in now]
                self.cp.add(_weighted([*last, *come, *gone, (heads, -1)]) == 0)
                self.phone[own, interval] = last = [(heads, 1)]
                before = now

    # -- rules ----------------------------------------------------------------------
    def _state(self, rule: Rule) -> None:
        """State what a rule asks of groups; nothing where it has no such form."""
        if isinstance(rule, CoverageNeed):
            self._need(rule)
        elif isinstance(rule, HoursUnder) and rule.penalty is not None:
            self._under(rule)
        elif rule.penalty is None:
            self._enforce(rule)

    def _enforce(self, rule: Rule) -> None:
        if isinstance(rule, CoverageFloor):
            self._floor(rule)
        elif isinstance(rule, HoursAverage):
            self._average(rule)
        elif isinstance(rule, HoursWeeklyMax):
            self._weekly(rule)
        elif isinstance(rule, SequenceRun):
            self._window("most_days", rule, None)
        elif isinstance(rule, NightsRun):
            self._window("most_nights", rule, self.case.of_class("night"))
        elif isinstance(rule, WeeklyRest) and rule.mode == "rolling":
            length = rule.window_days
            self._cap_windows(length, length - rule.days, None)
        elif isinstance(rule, DailyRest):
            self._rest(rule)

    def _on_phone(
        self, interval: int, sets: NDArray[np.bool_]
    ) -> tuple[int, list[tuple[Any, int]]]:
        """Return the heads on the phone with some sets of skills: fixed, and open."""
        base = int(self.base[sets, interval].sum())
        which = np.flatnonzero(sets).tolist()
        return base, [term for own in which for term in self.phone[own, interval]]

    def _need(self, rule: CoverageNeed) -> None:
        """Price heads there beyond those needed, and those short besides."""
        skills, over = self.case.skill_sets, rule.over_price
        missing = (rule.short_prices(self.case) + over).tolist()
        for interval in map(int, np.flatnonzero(self.case.counted)):
            need = self.case.requirement.heads[:, interval]
            short = self.cp.new_int_var(0, int(need.sum()), "")
            for number, (group, helps) in enumerate(zip(*skills.tight, strict=True)):
                base, terms = self._on_phone(interval, helps)
                due = int(need[group].sum()) - base
                if due > 0:
                    row = self.cp.add(_weighted([*terms, (short, 1)]) >= due)
                    self.rows[number, interval] = row.index
            self._cost.append((short, missing[interval]))
            base, terms = self._on_phone(interval, skills.able)
            self._cost += [(heads, over) for heads, _ in terms]
            self.fixed_cost += over * (base - int(need.sum()))

    def _floor(self, rule: CoverageFloor) -> None:
        floor = rule.floor(self.case)
        for interval in map(int, np.flatnonzero(self.case.counted)):
            base, terms = self._on_phone(interval, self.case.skill_sets.able)
            if floor > base:
                self.cp.add(_weighted(terms) >= floor - base)

    def _average(self, rule: HoursAverage) -> None:
        overtime = self.case.rule("hours.overtime")
        if isinstance(overtime, HoursOvertime) and overtime.allowed:
            return
        for cycle in cycles(self.case, rule.cycle):
            cap = rule.cap(self.case, cycle)
            weekly = rule.cycle == "week"
            self._cap_minutes(cycle, cap, credited=weekly)

    def _weekly(self, rule: HoursWeeklyMax) -> None:
        most = self.case.each(rule, "minutes").astype(int)
        for week in cycles(self.case, "week"):
            self._cap_minutes(week, most, credited=False)

    def _cap_minutes(
        self, cycle: Cycle, cap: NDArray[np.int64], *, credited: bool
    ) -> None:
        """Sum the paid minutes of a kind against the most its people can reach."""
        for kind, people in enumerate(self.people):
            most = sum(
                most_minutes(self.case, int(agent), cycle, int(cap[agent]), credited)
                for agent in people
            )
            self.cp.add(_weighted(self._minutes(kind, cycle)) <= most)

    def _minutes(self, kind: int, cycle: Cycle) -> list[tuple[Any, int]]:
        case = self.case
        days = {column - case.past for column in cycle.columns(case)}
        return [
            (heads, int(case.paid[day + case.past, shift]))
            for (k, day, shift), heads in self.heads.items()
            if k == kind and day in days
        ]

    def _under(self, rule: HoursUnder) -> None:
        """Bound what missing hours cost a kind by the minutes it works.

        Each person can reach some sums of shifts only; below their hulls, laid end to
        end by slope, no kind can come.
        """
        price = rule.penalty or 0
        for cycle in cycles(self.case, rule.cycle):
            target = rule.target(self.case, cycle)
            for kind, people in enumerate(self.people):
                hulls = [
                    _hull(_reached(self.case, int(agent), cycle, int(target[agent])))
                    for agent in people
                ]
                minutes = sum(hull[0][0] for hull in hulls)
                hours = sum(hull[0][1] for hull in hulls)
                edges = sorted(
                    ((after[1] - now[1]) / (after[0] - now[0]), now, after)
                    for hull in hulls
                    for now, after in pairwise(hull)
                )
                least = sum(min(hour for _, hour in hull) for hull in hulls)
                most = sum(max(hour for _, hour in hull) for hull in hulls)
                if not most:
                    continue
                missing = self.cp.new_int_var(least, most, "")
                self._missing.append((missing, price))
                worked = self._minutes(kind, cycle)
                slope = None
                for steep, now, after in edges:
                    run, fall = after[0] - now[0], now[1] - after[1]
                    if steep != slope:
                        slope = steep
                        terms = [(v, fall * weight) for v, weight in worked]
                        below = run * hours + fall * minutes
                        self.cp.add(_weighted([*terms, (missing, run)]) >= below)
                    minutes, hours = minutes + run, hours - fall

    def _add_alone(self) -> None:
        """Add what people cost beside coverage: with missing hours, and without."""
        soft = [r for r in self.case.rules if not r.joint and r.penalty is not None]
        others = [rule for rule in soft if not isinstance(rule, HoursUnder)]
        least = least_alone(self.case, soft)
        alone = self.cp.new_int_var(least, NO_CAP, "")
        beside = least_alone(self.case, others)
        self.cp.add(_weighted([*self._missing, (alone, -1)]) <= -beside)
        self._cost.append((alone, 1))

    def _work_up(self, paths: Paths) -> None:
        """Keep a kind to the days its people can work up to each day."""
        worked = np.stack([paths.worked(agent) for agent in range(len(self.kinds))])
        for kind, people in enumerate(self.people):
            days: list[tuple[Any, int]] = []
            for day, (least, most) in enumerate(worked[people].sum(axis=0).tolist()):
                days.append((self.working[kind, day], 1))
                self.cp.add_linear_constraint(_weighted(days), least, most)

    def _window(
        self, parameter: str, rule: Rule, shifts: NDArray[np.intp] | None
    ) -> None:
        most = int(self.case.each(rule, parameter).max(initial=0))
        self._cap_windows(most + 1, most, shifts)

    def _cap_windows(
        self, length: int, most: int, shifts: NDArray[np.intp] | None
    ) -> None:
        """At most so many days of any window, per person."""
        for kind, people in enumerate(self.people):
            for first in range(self.case.days - length + 1):
                terms = []
                for day in range(first, first + length):
                    terms.extend(self._starts(kind, day, shifts))
                self.cp.add(_weighted(terms) <= most * people.size)

    def _starts(
        self, kind: int, day: int, shifts: NDArray[np.intp] | None
    ) -> list[tuple[Any, int]]:
        if shifts is None:
            return [(self.working[kind, day], 1)]
        asked = [(kind, day, int(shift)) for shift in shifts]
        return [(self.heads[at], 1) for at in asked if at in self.heads]

    def _rest(self, rule: DailyRest) -> None:
        """Nobody both ends late and starts early the day after."""
        due = round(float(self.case.each(rule, "hours").min(initial=24)) * HOUR)
        for day in range(1, self.case.days):
            bad = rule.missing(self.case, day + self.case.past, 1, due) > 0
            for row in np.unique(bad, axis=0):
                if row.any():
                    late = np.flatnonzero((bad >= row).all(axis=1))
                    early = np.flatnonzero(row)
                    for kind, people in enumerate(self.people):
                        terms = self._starts(kind, day - 1, late)
                        terms += self._starts(kind, day, early)
                        self.cp.add(_weighted(terms) <= people.size)


def _weighted(terms: list[tuple[Any, int]]) -> Any:
    return cp_model.LinearExpr.weighted_sum(
        [variable for variable, _ in terms], [weight for _, weight in terms]
    )


def without_pins(case: Case) -> Case:
    """Return the case with nothing pinned."""
    return replace(case, pins=np.zeros((0, 0), np.int16))


def most_minutes(case: Case, agent: int, cycle: Cycle, cap: int, credited: bool) -> int:
    """Return the most minutes a person can be paid in the horizon's part of a cycle."""
    columns = cycle.columns(case)
    days = [column - case.past for column in columns if column >= case.past]
    free = case.free_to_work[agent, days]
    before = [column for column in columns if column < case.past]
    worked = [int(case.history[agent, column]) for column in before]
    room = cap - sum(
        int(case.paid[column, shift])
        for column, shift in zip(before, worked, strict=True)
        if shift >= 0
    )
    lengths = tuple(
        sorted(
            {
                int(case.paid[day + case.past, shift])
                for day in days
                for shift in np.flatnonzero(case.free_to_work[agent, day])
            }
        )
    )
    most_days = int(free.any(axis=1).sum())
    leave = int(case.on_leave[agent, columns.start : columns.stop].sum())
    if not credited or not leave:
        return _fill(max(0, room), lengths, most_days)
    minutes = int(leave_minutes(case)[agent])
    past_days = sum(shift >= 0 for shift in worked)
    best = 0
    for work in range(most_days + 1):
        counted = min(leave, max(0, leave_days_a_week(case) - work - past_days))
        best = max(best, _fill(max(0, room - minutes * counted), lengths, work))
    return best


def _reached(
    case: Case, agent: int, cycle: Cycle, target: int
) -> list[tuple[int, int]]:
    """Return minutes a person can work in a cycle's part of the horizon, by sums alone.

    Each with the hours begun that are then missing at the least.
    """
    columns, paid, weekly = cycle.columns(case), case.paid, cycle.weeks == 1
    history = case.history[agent]
    before = [c for c in columns if c < case.past and history[c] != OFF]
    done = sum(int(paid[column, history[column]]) for column in before)
    days = [column - case.past for column in columns if column >= case.past]
    free = case.free_to_work[agent, days]
    lengths = {int(paid[days[d] + case.past, s]) for d, s in np.argwhere(free)}
    leave = int(case.on_leave[agent, columns.start : columns.stop].sum())
    credit, most = int(leave_minutes(case)[agent]), leave_days_a_week(case)
    cap = int(_weekly_cap(case, cycle)[agent]) if weekly else NO_CAP
    least: dict[int, int] = {}
    sums = {0}
    for work in range(int(free.any(axis=1).sum()) + 1):
        weeks = cycle.weeks or cycle.days // 7 + 2
        left = most - work - len(before) if weekly else most * weeks
        credited = credit * min(leave, max(0, left))
        for minutes in sums:
            if minutes + done + credited <= cap:
                lack = max(0, target - minutes - done - credited)
                hours = -(-lack // HOUR)
                least[minutes] = min(least.get(minutes, hours), hours)
        sums = {minutes + length for minutes in sums for length in lengths}
    return sorted(least.items()) or [(0, 0)]


def _weekly_cap(case: Case, week: Cycle) -> NDArray[np.int64]:
    """Return the most minutes a week may have, leave credited; shape ``(agents,)``."""
    average, overtime = case.rule("hours.average"), case.rule("hours.overtime")
    booked = isinstance(overtime, HoursOvertime) and overtime.allowed
    if not isinstance(average, HoursAverage) or average.penalty is not None or booked:
        return np.full(len(case.agents), NO_CAP)
    if average.cycle != "week":
        return np.full(len(case.agents), NO_CAP)
    return average.cap(case, week)


def _hull(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the lower convex hull of points in order of their first part."""
    hull: list[tuple[int, int]] = []
    for x, y in points:
        while len(hull) > 1 and (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0]) >= (
            y - hull[-2][1]
        ) * (hull[-1][0] - hull[-2][0]):
            hull.pop()
        hull.append((x, y))
    return hull


@lru_cache(maxsize=4096)
def _fill(room: int, lengths: tuple[int, ...], days: int) -> int:
    """Return the largest sum of at most so many shift lengths that fits."""
    sums = {0}
    for _ in range(days):
        sums |= {
            done + length
            for done in sums
            for length in lengths
            if done + length <= room
        }
    return max(sums)
