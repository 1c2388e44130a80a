"""Alone: one person's days placed again, at what each start is worth to coverage.

With everybody else standing, coverage adds up over the starts of one person, so that
the cheapest path at a cost per start is exact for it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from constraints.breaks import MealBreak
from constraints.case import CLASSES, OFF, OPEN, Case
from constraints.coverage import (
    CoverageFloor,
    CoverageNeed,
    CoverageRole,
    CoverageShift,
)
from constraints.roster import Duties, Roster
from scheduler.engine.model import BROKEN
from scheduler.engine.paths import Paths
from scheduler.engine.starts import Starts


class Alone:
    """What each start would be worth beside a roster, and the best days at that."""

    def __init__(self, case: Case, paths: Paths, starts: Starts) -> None:
        self.case, self.paths, self.starts = case, paths, starts
        self.class_of = [CLASSES.index(shift.shift_class) for shift in case.shifts]
        role = case.rule("coverage.role")
        self.least = role.due(case) if isinstance(role, CoverageRole) else 0
        held = role.role if isinstance(role, CoverageRole) else ""
        self.holds = np.array([held in agent.roles for agent in case.agents])

    def again(
        self,
        roster: Roster,
        agent: int,
        days: range,
        noise: NDArray[np.float64] | None = None,
    ) -> Roster | None:
        """Return the roster with some days of a person placed at their best.

        Breaks of all others stand. None where no legal way was found.

        Parameters
        ----------
        noise
            Added to the cost of each start; shape ``(days, shifts)``.
        """
        cells = np.zeros(roster.table.shape, bool)
        cells[agent, days.start : days.stop] = True
        rest = _without(roster, cells)
        costs, way = self.starts.weigh(*_worth(rest, agent))
        costs -= self._lead(rest, agent, days)
        costs += self._asked(rest)
        if noise is not None:
            costs += noise
        keep = np.where(cells[agent], OPEN, roster.table[agent])
        found = self.paths.cheapest(agent, costs, keep)
        if found is None:
            return None
        table = rest.table.copy()
        table[agent] = found[0]
        own = []
        for day in days:
            shift = int(table[agent, day])
            if shift != OFF:
                taken = self.starts.starts[day, shift].ways[way[day, shift]][0]
                own += [(agent, day, *each) for each in taken]
        duties = (rest.duties or Duties.of(())).beside(Duties.of(own))
        return Roster(self.case, table, duties, overtime=rest.overtime)

    def _asked(self, rest: Roster) -> NDArray[np.float64]:
        """What one more on a shift costs where shifts ask for people; per start."""
        need, cover = self.case.rule("coverage.shift"), self.case.cover
        if not isinstance(need, CoverageShift):
            return np.zeros(cover.shape)
        short, over = need.prices
        return np.where(cover < 0, 0.0, np.where(rest.starts < cover, -short, over))

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


def _worth(rest: Roster, agent: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a person on the phone, and on a break, costs in each interval."""
    case, skills = rest.case, rest.case.skill_sets
    need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
    head = np.zeros(case.clock.intervals)
    if skills.able[skills.of[agent]]:
        if isinstance(need, CoverageNeed):
            heads = rest.phone_by_set.copy()
            short = skills.short(case.requirement.heads, heads)
            heads[skills.of[agent]] += 1
            helps = short > skills.short(case.requirement.heads, heads)
            head = np.where(helps, -need.short_prices(case), need.over_price)
            head = head.astype(float)
        if isinstance(floor, CoverageFloor):
            head -= BROKEN * (rest.on_phone < floor.floor(case))
        head[~case.counted] = 0
    gone = np.zeros(case.clock.intervals)
    meal = case.rule("breaks.meal")
    if isinstance(meal, MealBreak):
        most = np.maximum(1, np.floor(meal.most_away * (rest.scheduled + 1) + 1e-9))
        gone = (rest.on_break + 1 > most) * float(BROKEN)
    return head, gone


def _without(roster: Roster, cells: NDArray[np.bool_]) -> Roster:
    """Return the roster with some cells off and without their breaks."""
    duties = roster.duties or Duties.of(())
    return Roster(
        roster.case,
        np.where(cells, OFF, roster.table).astype(np.int16),
        duties.pick(~cells[duties.agent, duties.day]),
        overtime=np.where(cells, 0, roster.overtime),
    )
