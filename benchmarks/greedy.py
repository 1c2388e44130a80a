"""The peer without a solver: what a planner with a spreadsheet does.

Day by day, person by person, those first who lack most hours; each gets the shift that
helps coverage most among those that break no rule about one person, now or with days
off until the week is over. Each day gets its share of the week's hours, as it has of
the week's need. Nothing is moved afterwards; what one person cannot know (floor,
fairness) is as it comes out.
"""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np

import scheduler as sc
from benchmarks.keep import input_of
from benchmarks.registry import Row, Task
from benchmarks.rosters import write_roster
from constraints.case import OFF
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.rule import Rule

FLOOR = 100
"""What a head below the floor is worth, where one short is worth ten."""


def solve_greedily(folder: Path, out: Path, task: Task) -> Row:
    """Fill a roster by hand, write it, and return what is known of it."""
    case, began = sc.read_case(folder).case, monotonic()
    roster = _Planner(case).roster()
    write_roster(roster, out)
    return {
        "people": len(case.agents),
        "days": case.days,
        "status": "heuristic",
        "elapsed": round(monotonic() - began, 1),
        "version": "ours",
        "input": input_of(folder),
    }


class _Person:
    """What the rules about one person remember of the days filled so far."""

    def __init__(self, case: sc.Case, agent: int, rules: list[Rule]) -> None:
        self.case, self.agent = case, agent
        self.memories = [rule.memory(case, agent) for rule in rules]
        self.hard = [rule.penalty is None for rule in rules]
        self.rules = rules
        self.contexts: list[np.ndarray] = []
        self.states = [memory.start for memory in self.memories]

    def after(self, states: list, column: int, shift: int) -> tuple[list, int, int]:
        """Return states after a day, and what it breaks and costs."""
        found, broken, cost = [], 0, 0
        for place, memory in enumerate(self.memories):
            context = int(self.contexts[place][self.agent, column])
            state, amount = memory.step(states[place], column, shift, context)
            found.append(state)
            if amount and self.hard[place]:
                broken += amount
            elif amount:
                rule = self.rules[place]
                cost += (rule.penalty or 0) * -(-amount // rule.per)
        return found, broken, cost

    def breaks(self, states: list, columns: range) -> int:
        """Return what days off, but for what is pinned, break in some columns."""
        broken = 0
        for column in columns:
            pin = int(self.case.pins[self.agent, column - self.case.past])
            states, amount, _ = self.after(states, column, max(pin, OFF))
            broken += amount
        return broken


class _Planner:
    """A grid being filled from its first day to its last."""

    def __init__(self, case: sc.Case) -> None:
        self.case = case
        own = [r for r in case.rules if not r.joint and r.charges(case) is None]
        contexts = [rule.contexts(case) for rule in own]
        self.people = [_Person(case, agent, own) for agent in range(len(case.agents))]
        for person in self.people:
            person.contexts = contexts
            for column in range(case.past):
                shift = int(case.history[person.agent, column])
                person.states, _, _ = person.after(person.states, column, shift)
        wishes = case.rule("requests")
        self.wishes = wishes.charges(case) if wishes else None
        self.table = np.full((len(case.agents), case.days), OFF, np.int16)
        self.lack = case.requirement.heads - sc.Roster(case, self.table).on_queue
        week = [agent.week_minutes for agent in case.agents]
        self.minutes = np.array(week, np.int64)
        need = case.rule("coverage.need")
        assert isinstance(need, CoverageNeed)
        self.short, self.over = need.short, need.over_price
        floor = case.rule("coverage.floor")
        assert isinstance(floor, CoverageFloor)
        # One head more than the floor, as breaks are still to come.
        self.bare = np.where(case.counted, floor.floor(case) + 1, 0)
        self.bare -= sc.Roster(case, self.table).on_phone

    def roster(self) -> sc.Roster:
        """Fill all days and return the roster, its breaks not placed yet."""
        for week in self._weeks():
            due = self._due(week)
            shares = self._shares(week, due.sum())
            for day in week:
                self._fill(day, week, due, shares[day])
        return sc.Roster(self.case, self.table)

    def _weeks(self) -> Iterator[range]:
        """Yield the days of each week of the horizon."""
        clock, first = self.case.clock, 0
        for day in range(1, self.case.days + 1):
            if day == self.case.days or clock.week(day) != clock.week(first):
                yield range(first, day)
                first = day

    def _due(self, week: range) -> np.ndarray:
        """Return the minutes due to each person in a week, leave taken off."""
        case = self.case
        leave = case.on_leave[:, case.past + week.start : case.past + week.stop]
        worked = np.minimum(5, leave.sum(axis=1))
        return np.asarray(self.minutes * len(week) // 7 - self.minutes * worked // 5)

    def _shares(self, week: range, due: int) -> dict[int, float]:
        """Return the minutes that each day gets of a week's."""
        of_day = self.case.clock.days_of_intervals
        heads = self.case.requirement.heads.sum(axis=0)
        need = {day: float(heads[of_day == day].sum()) for day in week}
        return {day: due * need[day] / max(1.0, sum(need.values())) for day in week}

    def _fill(self, day: int, week: range, due: np.ndarray, share: float) -> None:
        """Fill one day, those first who can least do without it."""
        case = self.case
        free = case.free_to_work[:, day : week.stop].any(axis=2).sum(axis=1)
        urgent = due / np.maximum(1, free)
        given = 0
        for agent in np.argsort(-urgent, kind="stable").tolist():
            person = self.people[agent]
            pinned = case.pins[agent, day] >= 0
            must = 5 * urgent[agent] >= self.minutes[agent]
            wanted = pinned or (due[agent] > 0 and (must or given < share))
            shift, states = self._choose(person, day, week, wanted)
            person.states, self.table[agent, day] = states, shift
            if shift != OFF:
                paid = int(case.paid[case.past + day, shift])
                due[agent] -= paid
                given += paid
                self._answer(agent, day, shift)

    def _choose(
        self, person: _Person, day: int, week: range, wanted: bool
    ) -> tuple[int, list]:
        """Return the best shift that breaks nothing, or a day off, and what follows."""
        case, column = self.case, self.case.past + day
        shifts = np.flatnonzero(case.free_to_work[person.agent, day]) if wanted else []
        values = self._values(person.agent, day, shifts)
        ahead = range(column + 1, min(case.span, case.past + week.stop + 1))
        for place in np.argsort(-values, kind="stable"):
            shift = int(shifts[place])
            states, broken, _ = person.after(person.states, column, shift)
            pinned = case.pins[person.agent, day] == shift
            if pinned or not (broken or person.breaks(states, ahead)):
                return shift, states
        states, _, _ = person.after(person.states, column, OFF)
        return OFF, states

    def _values(self, agent: int, day: int, shifts: np.ndarray) -> np.ndarray:
        """Return what each shift helps, less what it costs, per interval."""
        case, person = self.case, self.people[agent]
        queues = case.skill_sets.sets[case.skill_sets.of[agent]]
        lack = self.lack[queues].max(axis=0, initial=0)
        worth = np.where(lack > 0, self.short, -self.over)
        worth = np.where(self.bare > 0, FLOOR, worth) * queues.any()
        worth = np.concatenate([[0], np.cumsum(worth)])
        values = np.zeros(len(shifts))
        for place, shift in enumerate(shifts):
            span, column = self._span(day, int(shift)), case.past + day
            _, _, cost = person.after(person.states, column, int(shift))
            if self.wishes is not None:
                cost += self.wishes[agent, day, shift]
            gain = worth[span.stop] - worth[span.start]
            values[place] = (gain - cost) / max(1, span.stop - span.start)
        return values

    def _span(self, day: int, shift: int) -> slice:
        place = (self.case.past + day, shift)
        return self.case.clock.span(
            int(self.case.start[place]), int(self.case.end[place])
        )

    def _answer(self, agent: int, day: int, shift: int) -> None:
        """Let a person answer the queue that lacks most, interval by interval."""
        span = self._span(day, shift)
        queues = np.flatnonzero(
            self.case.skill_sets.sets[self.case.skill_sets.of[agent]]
        )
        if queues.size:
            busiest = queues[self.lack[queues, span].argmax(axis=0)]
            self.lack[busiest, np.arange(span.start, span.stop)] -= 1
            self.bare[span] -= 1
