"""The peer of textbooks: one integer programme in PuLP, solved by CBC.

A variable says that a person starts a shift on a day. It has the hard rules about one
person, hours missing, wishes, and coverage with several queues. It cannot place breaks:
a shift counts in each interval as the share of its breaks that leave it on the phone.
It leaves out fairness, stable starts and rest after nights, which cost and forbid
nothing. So its bound is not one of ours.
"""

import signal
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pulp

import scheduler as sc
from benchmarks.keep import input_of
from benchmarks.registry import Row, Task
from benchmarks.rosters import write_roster
from constraints.breaks import MealBreak
from constraints.case import OFF
from constraints.coverage import CoverageFloor, CoverageNeed
from scheduler.engine.solver import cores

HOUR, DAY, WEEK = 60, 1440, 7
REST, LONGEST_RUN, MOST_NIGHTS, TOLERANCE, UNDER = 11 * HOUR, 6, 4, 120, 3

Terms = dict[pulp.LpVariable, float]


GRACE = 10.0
"""Seconds after its budget at which CBC is left, which may not look at the clock."""


class OutOfTimeError(Exception):
    """The budget is over before there is an answer."""


def solve_with_pulp(folder: Path, out: Path, task: Task) -> Row:
    """Solve a case folder as one integer programme, and write its roster if any."""
    case, began = sc.read_case(folder).case, monotonic()
    until = began + task.limits["seconds"]
    row: Row = {
        "people": len(case.agents),
        "days": case.days,
        "version": f"pulp {pulp.__version__} with CBC",
        "input": input_of(folder),
        "status": "unknown",
    }
    try:
        programme = _Programme(case, until)
        row["built"] = round(monotonic() - began, 1)
        if programme.solved(task):
            row["status"] = "feasible"
            write_roster(sc.Roster(case, programme.table()), out)
    except OutOfTimeError:
        stated = "CBC came to an end" if "built" in row else "the programme was stated"
        row["why"] = f"time was over before {stated}"
    return row | {"elapsed": round(monotonic() - began, 1)}


def _ring(*_: object) -> None:
    raise OutOfTimeError


class _Programme:
    """The programme; what is fixed by history counts as a number."""

    def __init__(self, case: sc.Case, until: float) -> None:
        self.case, self.until = case, until
        self.lp = pulp.LpProblem("roster", pulp.LpMinimize)
        self.cost: dict[pulp.LpVariable, float] = defaultdict(float)
        self.x: dict[tuple[int, int, int], pulp.LpVariable] = {}
        self.count = 0
        for agent in range(len(case.agents)):
            self._watch()
            for day in range(case.days):
                for shift in np.flatnonzero(case.free_to_work[agent, day]).tolist():
                    self.x[agent, day, shift] = self._new(integer=True)
        self._coverage()
        for agent in range(len(case.agents)):
            self._watch()
            self._hours(agent)
            self._sequences(agent)
            self._classes(agent)
        self._wishes()
        self.lp += pulp.LpAffineExpression(self.cost)

    # -- how it is stated -----------------------------------------------------------
    def _new(self, most: float | None = 1, *, integer: bool = False) -> pulp.LpVariable:
        self.count += 1
        kind = pulp.LpInteger if integer else pulp.LpContinuous
        return pulp.LpVariable(f"v{self.count}", 0, most, kind)

    def _watch(self) -> None:
        if monotonic() > self.until:
            raise OutOfTimeError

    def _starts(self, agent: int, day: int, shifts: np.ndarray) -> tuple[Terms, int]:
        """Return who starts some shifts on a day: variables, and known ones."""
        if day < 0:
            past = (
                self.case.history[agent, day + self.case.past]
                if self.case.past
                else OFF
            )
            return {}, int(past in shifts)
        found = ((agent, day, int(shift)) for shift in shifts)
        return {self.x[place]: 1 for place in found if place in self.x}, 0

    def _at_most(self, parts: list[tuple[Terms, int]], most: float) -> None:
        """State that sums together stay within a number."""
        terms = [item for variables, _ in parts for item in variables.items()]
        if terms:
            known = sum(number for _, number in parts)
            # What history has broken already cannot be mended.
            self.lp += pulp.LpAffineExpression(terms) <= max(0, most - known)

    # -- rules ----------------------------------------------------------------------
    def _coverage(self) -> None:
        """Price heads short and over, groups of queues by Hall; keep the floor."""
        case, need = self.case, self.case.rule("coverage.need")
        floor = case.rule("coverage.floor")
        assert isinstance(need, CoverageNeed)
        assert isinstance(floor, CoverageFloor)
        heads = self._heads()
        known = sc.Roster.empty(case).phone_by_set - self._pinned_heads()
        groups, helps = case.skill_sets.tight
        for interval in np.flatnonzero(case.counted).tolist():
            short = self._new(None)
            self.cost[short] += need.short + need.over_price
            for group, able in zip(groups, helps, strict=True):
                members = np.flatnonzero(able).tolist()
                terms = [item for number in members for item in heads[number, interval]]
                asked = int(case.requirement.heads[group, interval].sum())
                asked -= int(known[able, interval].sum())
                self.lp += pulp.LpAffineExpression([*terms, (short, 1)]) >= asked
            members = np.flatnonzero(case.skill_sets.able).tolist()
            every = [item for number in members for item in heads[number, interval]]
            for variable, share in every:
                self.cost[variable] += need.over_price * share
            there = int(known[members, interval].sum())
            if every:
                self.lp += pulp.LpAffineExpression(every) >= floor.floor(case) - there

    def _heads(self) -> dict[tuple[int, int], list[tuple[pulp.LpVariable, float]]]:
        """Return who is on the phone by set of skills and interval.

        Starts are counted first, by set, day and shift, and intervals have the counts.
        """
        starts: dict[tuple[int, int, int], list[pulp.LpVariable]] = defaultdict(list)
        for (agent, day, shift), variable in self.x.items():
            starts[int(self.case.skill_sets.of[agent]), day, shift].append(variable)
        heads = defaultdict(list)
        for (number, day, shift), variables in starts.items():
            count = self._new(None)
            terms = [(count, -1), *((variable, 1) for variable in variables)]
            self.lp += pulp.LpAffineExpression(terms) == 0
            for interval, share in self._shares(day, shift):
                heads[number, interval].append((count, share))
        return heads

    def _pinned_heads(self) -> np.ndarray:
        """Return what pinned shifts add to heads; they have variables as others do."""
        case, empty = self.case, sc.Roster.empty(self.case)
        nobody = sc.Roster(case, np.full_like(empty.table, OFF))
        return np.asarray(empty.phone_by_set - nobody.phone_by_set)

    def _shares(self, day: int, shift: int) -> Iterator[tuple[int, float]]:
        """Yield the intervals of a shift, and how much of each is on the phone."""
        case, place = self.case, (self.case.past + day, shift)
        start, end = int(case.start[place]), int(case.end[place])
        rule, away = case.rule("breaks.meal"), {}
        ways = rule.ways(case, start, end) if isinstance(rule, MealBreak) else [()]
        for way in ways:
            for _, begin, finish in way:
                span = case.clock.touched(begin, finish)
                for interval in range(span.start, span.stop):
                    away[interval] = away.get(interval, 0) + 1 / len(ways)
        span = case.clock.span(start, end)
        for interval in range(span.start, span.stop):
            yield interval, 1 - away.get(interval, 0)

    def _hours(self, agent: int) -> None:
        """State one shift a day, contract hours a week, and what hours missing cost."""
        case, every = self.case, np.arange(len(self.case.shifts))
        contract = case.agents[agent].week_minutes
        for first in range(0, case.days, WEEK):  # horizons begin with a week here
            days = range(first, min(case.days, first + WEEK))
            leave = int(case.on_leave[agent, case.past + first :][: len(days)].sum())
            credited = min(5, leave)
            left = contract - credited * (contract // 5)
            works = [self._starts(agent, day, every) for day in days]
            for day, work in zip(days, works, strict=True):
                self._at_most([work], 1)
                if case.pins[agent, day] >= 0:
                    self.lp += pulp.LpAffineExpression(work[0]) == 1
            if credited:
                self._at_most(works, 5 - credited)
            paid = [
                (self.x[agent, day, shift], int(case.paid[case.past + day, shift]))
                for day in days
                for shift in every.tolist()
                if (agent, day, shift) in self.x
            ]
            if paid:
                self.lp += pulp.LpAffineExpression(paid) <= left
                lacks = self._new(None)
                self.cost[lacks] += UNDER
                due = left * len(days) / WEEK - TOLERANCE
                self.lp += pulp.LpAffineExpression([*paid, (lacks, HOUR)]) >= due

    def _sequences(self, agent: int) -> None:
        """State runs of days and of nights, and rest between two shifts."""
        case, every = self.case, np.arange(len(self.case.shifts))
        nights = case.of_class("night")
        starts = np.array([shift.start for shift in case.shifts])
        ends = np.array([shift.end for shift in case.shifts])
        for day in range(case.days):
            for shifts, most in ((every, LONGEST_RUN), (nights, MOST_NIGHTS)):
                run = range(day - most, day + 1)
                self._at_most([self._starts(agent, d, shifts) for d in run], most)
            for soonest in np.unique(starts):
                late = np.flatnonzero(ends > soonest + DAY - REST)
                early = np.flatnonzero(starts <= soonest)
                if late.size:
                    before = self._starts(agent, day - 1, late)
                    self._at_most([before, self._starts(agent, day, early)], 1)

    def _classes(self, agent: int) -> None:
        """State that no run of dates has days and nights, nor a day soon after one."""
        case = self.case
        of = {name: case.of_class(name) for name in ("day", "evening", "night")}
        seen: dict[str, tuple[Terms, int]] = {"day": ({}, 0), "night": ({}, 0)}
        for day in range(-case.past, case.days):
            now = {name: self._starts(agent, day, of[name]) for name in of}
            for name, other in (("day", "night"), ("night", "day")):
                self._at_most([now[name], seen[other]], 1)
            for night in of["night"].tolist():
                ends = case.shifts[night].end - 2 * DAY
                soon = [d for d in of["day"] if case.shifts[d].start - ends < DAY]
                before = self._starts(agent, day - 2, np.array([night]))
                self._at_most([before, self._starts(agent, day, np.array(soon))], 1)
            seen = {
                name: self._carried(seen[name], now[name], now["evening"])
                for name in seen
            }

    def _carried(
        self,
        seen: tuple[Terms, int],
        now: tuple[Terms, int],
        evening: tuple[Terms, int],
    ) -> tuple[Terms, int]:
        """Return whether a run has seen a class by the end of a day."""
        if not any((seen[0], now[0], evening[0])):
            return {}, int(now[1] or (seen[1] and evening[1]))
        state = self._new()
        self.lp += pulp.LpAffineExpression([(state, 1)]) >= (
            pulp.LpAffineExpression(now[0]) + now[1]
        )
        self.lp += pulp.LpAffineExpression([(state, 1)]) >= (
            pulp.LpAffineExpression([*seen[0].items(), *evening[0].items()])
            + (seen[1] + evening[1] - 1)
        )
        return {state: 1}, 0

    def _wishes(self) -> None:
        """Price wishes not met."""
        rule = self.case.rule("requests")
        if rule is None:
            return
        charged = rule.charges(self.case)
        for (agent, day, shift), variable in self.x.items():
            above_off = int(charged[agent, day, shift] - charged[agent, day, OFF])
            if above_off:
                self.cost[variable] += above_off

    # -- what comes out -------------------------------------------------------------
    def solved(self, task: Task) -> bool:
        """Return whether CBC has found a roster within what is left of the budget.

        It cannot count work: a run that repeats ends with the first one found.
        """
        self._watch()
        left = self.until - monotonic()
        limits = {"timeLimit": left, "threads": cores()}
        if task.deterministic:
            limits = {"options": ["maxSolutions 1"], "threads": 1}
        else:
            signal.signal(signal.SIGALRM, _ring)
            signal.setitimer(signal.ITIMER_REAL, left + GRACE)
        with tempfile.TemporaryDirectory() as scratch:
            solver = pulp.PULP_CBC_CMD(msg=False, **limits)
            solver.tmpDir = scratch
            self.lp.solve(solver)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return self.lp.sol_status in (
            pulp.LpSolutionOptimal,
            pulp.LpSolutionIntegerFeasible,
        )

    def table(self) -> np.ndarray:
        """Return the shifts chosen; shape ``(agents, days)``."""
        table = np.full((len(self.case.agents), self.case.days), OFF, np.int16)
        for (agent, day, shift), variable in self.x.items():
            if (variable.value() or 0) > 0.5:
                table[agent, day] = shift
        return table
