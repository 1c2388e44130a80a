"""Alone: one person's days placed again, at what each start is worth to coverage.

With everybody else standing, coverage adds up over the starts of one person, so that
the small model of the rules about one person and a cost per start is exact for it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from constraints.breaks import MealBreak
from constraints.case import CLASSES, OFF, OPEN, Case
from constraints.coverage import CoverageFloor, CoverageNeed, CoverageRole
from constraints.roster import Duties, Roster
from scheduler.engine.model import BROKEN, RosterModel
from scheduler.engine.solver import QUICK, Budget, run
from scheduler.engine.starts import Start, Way, start_of

EFFORT = 1.0


class Starts:
    """All starts of a case, and what each would be worth beside a roster."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.starts = {
            (day, shift): start_of(case, day, shift)
            for day in range(case.days)
            for shift in range(len(case.shifts))
        }
        self.class_of = [CLASSES.index(shift.shift_class) for shift in case.shifts]
        role = case.rule("coverage.role")
        self.least = role.due(case) if isinstance(role, CoverageRole) else 0
        held = role.role if isinstance(role, CoverageRole) else ""
        self.holds = np.array([held in agent.roles for agent in case.agents])

    def again(
        self, roster: Roster, agent: int, days: range, budget: Budget, seed: int
    ) -> Roster | None:
        """Return the roster with some days of a person placed at their best.

        Breaks of all others stand. None where no legal way was found.
        """
        case = self.case
        cells = np.zeros(roster.table.shape, bool)
        cells[agent, days.start : days.stop] = True
        cells &= case.pins == OPEN
        rest = _without(roster, cells)
        worth = _Worth(rest)
        costs = np.zeros((case.days, len(case.shifts)), np.int64)
        for day in days:
            for shift in map(int, np.flatnonzero(case.free_to_work[agent, day])):
                costs[day, shift] = worth.best(self.starts[day, shift])[0]
        costs -= self._lead(rest, agent, days)
        rules = [rule for rule in case.rules if not rule.joint]
        model = RosterModel(rest, rules, cells, cell_costs=costs)
        outcome = run(
            model.cp,
            budget,
            seconds=3,
            effort=EFFORT,
            seed=seed,
            workers=1,
            parameters=QUICK | {"linearization_level": 1},
        )
        if not outcome.found:
            return None
        found = model.read(outcome.value)
        rows = (rest.duties or Duties.of(())).rows()
        for day in days:
            chosen = int(found.table[agent, day])
            if chosen != OFF and cells[agent, day]:
                way = worth.best(self.starts[day, chosen])[1]
                rows.extend((agent, day, *taken) for taken in way)
        return found.with_duties(Duties.of(rows))

    def _lead(self, rest: Roster, agent: int, days: Sequence[int]) -> NDArray[np.int64]:
        """What a leader is worth where a staffed class has too few; per start."""
        worth = np.zeros((self.case.days, len(self.case.shifts)), np.int64)
        if not self.least or not self.holds[agent]:
            return worth
        for day in days:
            classes = [
                self.class_of[shift] for shift in rest.table[:, day] if shift >= 0
            ]
            led = [
                self.class_of[shift]
                for shift in rest.table[self.holds, day]
                if shift >= 0
            ]
            for shift, own in enumerate(self.class_of):
                if own in classes and led.count(own) < self.least:
                    worth[day, shift] = BROKEN
        return worth


class _Worth:
    """What one more head, and one more break, costs in each interval of a roster."""

    def __init__(self, rest: Roster) -> None:
        case, phone = rest.case, rest.on_phone
        need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
        value = np.zeros(case.clock.intervals, np.int64)
        if isinstance(need, CoverageNeed):
            scale = need.penalty or 1
            lacks = phone < case.requirement.heads[0]
            value = np.where(lacks, -need.short * scale, need.over * scale)
        if isinstance(floor, CoverageFloor):
            value = value - BROKEN * (phone < floor.floor(case))
        value = np.where(case.counted, value, 0)
        self._heads = np.concatenate([[0], np.cumsum(value)])
        meal = case.rule("breaks.meal")
        full = np.zeros(case.clock.intervals, bool)
        if isinstance(meal, MealBreak):
            people = rest.scheduled + 1
            most = np.maximum(1, np.floor(meal.most_away * people + 1e-9))
            full = rest.on_break + 1 > most
        self._full = np.concatenate([[0], np.cumsum(full * BROKEN)])

    def best(self, start: Start) -> tuple[int, Way]:
        """Return the cost of a start broken in its cheapest way, and the way."""
        heads, full = self._heads, self._full
        whole = int(heads[start.present.stop] - heads[start.present.start])
        costs = [
            sum(
                int(full[gone.stop] - full[gone.start])
                - int(heads[gone.stop] - heads[gone.start])
                for gone in away
            )
            for _, away in start.ways
        ]
        best = min(range(len(costs)), key=costs.__getitem__)
        return whole + costs[best], start.ways[best][0]


def _without(roster: Roster, cells: NDArray[np.bool_]) -> Roster:
    """Return the roster with some cells off and without their breaks."""
    duties = roster.duties or Duties.of(())
    return Roster(
        roster.case,
        np.where(cells, OFF, roster.table).astype(np.int16),
        duties.pick(~cells[duties.agent, duties.day]),
        overtime=np.where(cells, 0, roster.overtime),
    )
