"""Construct: a first roster, person by person, towards counts and open coverage."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from constraints.case import CLASSES, OPEN, Case
from constraints.coverage import CoverageFloor, CoverageNeed, CoverageRole
from constraints.roster import Roster
from constraints.rule import Rule
from scheduler.engine.aggregate import Counts
from scheduler.engine.model import BROKEN, RosterModel, Way, ways_of
from scheduler.engine.solver import Budget, run

COUNTED = 60  # what a start that the counts ask for is worth, in cost of coverage
EFFORT = 0.5  # deterministic time for one person


def construct(case: Case, counts: Counts, budget: Budget, *, seed: int) -> Roster:
    """Return a roster that keeps every rule about one person.

    People are placed one after the other, those with the fewest choices first. Each
    gets the month that is best for the rules about one person and for the coverage
    still open, drawn towards the starts that the counts ask for.

    Parameters
    ----------
    case, counts
        The case, and the counts of its people by kind.
    budget
        Ends it early; people not placed stay off.
    seed
        Random seed of the solver.
    """
    rules = [rule for rule in case.rules if not rule.joint]
    roster = Roster.empty(case)
    pull = _Pull(case, counts)
    for agent in _order(case, counts):
        if budget.over:
            break
        open_cells = np.zeros(roster.table.shape, bool)
        open_cells[agent] = case.pins[agent] == OPEN
        roster = _place(roster, rules, open_cells, pull.costs(agent), budget, seed)
        pull.take(agent, roster.table[agent])
    return roster


def _order(case: Case, counts: Counts) -> list[int]:
    """People with few choices first, people of one kind together."""
    choices = case.free_to_work.sum(axis=(1, 2))
    kind_choices = np.array([
        choices[counts.kinds == kind].min() for kind in counts.kinds
    ]) if len(choices) else choices
    return list(np.lexsort((choices, counts.kinds, kind_choices)))


def _place(
    roster: Roster,
    rules: Sequence[Rule],
    open_cells: NDArray[np.bool_],
    costs: NDArray[np.int64],
    budget: Budget,
    seed: int,
) -> Roster:
    """Return the roster with one more person placed; hard rules give way last."""
    hard = frozenset(rule.id for rule in rules if rule.penalty is None)
    for guarded in (frozenset[str](), hard):
        model = RosterModel(
            roster, rules, open_cells, guarded=guarded, cell_costs=costs
        )
        outcome = run(
            model.cp, budget, seconds=5, effort=EFFORT, seed=seed, workers=1,
            linearization_level=2,
        )
        if outcome.found:
            return model.read(outcome.value)
    return roster


class _Pull:
    """What draws a person to the starts of shifts: open coverage, counts, leaders."""

    def __init__(self, case: Case, counts: Counts) -> None:
        self.case = case
        self.kinds = counts.kinds
        self.left = None if counts.heads is None else counts.heads.copy()
        self.phone = Roster.empty(case).on_phone.astype(np.int64)
        self.ways = {
            (day, shift): [self._touched(day, shift, way) for way in
                           ways_of(case, day, shift)]
            for day in range(case.days)
            for shift in range(len(case.shifts))
        }
        role = case.rule("coverage.role")
        self.least = role.due(case) if isinstance(role, CoverageRole) else 0
        self.role = role.role if isinstance(role, CoverageRole) else ""
        self.led = np.zeros((case.days, len(CLASSES)), np.int64)
        self.class_of = np.array([CLASSES.index(s.shift_class) for s in case.shifts])

    def _touched(self, day: int, shift: int, way: Way) -> NDArray[np.int64]:
        """Intervals on the phone in a shift broken in some way."""
        clock, column = self.case.clock, day + self.case.past
        start = int(self.case.start[column, shift])
        end = int(self.case.end[column, shift])
        there = np.zeros(clock.intervals, bool)
        there[clock.span(start, end)] = True
        for _, begin, finish in way:
            there[clock.touched(begin, finish)] = False
        return np.flatnonzero(there)

    def _value(self) -> NDArray[np.int64]:
        """Cost of one more head on the phone in each interval; below zero is gain."""
        case = self.case
        value = np.zeros(case.clock.intervals, np.int64)
        need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
        if isinstance(need, CoverageNeed):
            short = self.phone < case.requirement.heads[0]
            value = np.where(short, -need.short, need.over).astype(np.int64)
        if isinstance(floor, CoverageFloor):
            value[self.phone < floor.floor(case)] -= BROKEN // 100
        value[~case.counted] = 0
        return value

    def costs(self, agent: int) -> NDArray[np.int64]:
        """Return the cost of each start for a person; shape ``(days, shifts)``."""
        value = self._value()
        costs = np.zeros((self.case.days, len(self.case.shifts)), np.int64)
        for at, ways in self.ways.items():
            costs[at] = min(int(value[on_phone].sum()) for on_phone in ways)
        if self.left is not None:
            wanted = self.left[self.kinds[agent]] > 0
            costs = np.where(wanted, costs // 10 - COUNTED, costs // 10)
        if self.least and self.role in self.case.agents[agent].roles:
            unled = self.led < self.least
            costs = costs - BROKEN // 100 * unled[:, self.class_of]
        return costs

    def take(self, agent: int, row: NDArray[np.int16]) -> None:
        """Take a placed person's starts off what is open."""
        value = self._value()
        leads = self.least and self.role in self.case.agents[agent].roles
        for day in np.flatnonzero(row >= 0):
            at = (int(day), int(row[day]))
            best = min(self.ways[at], key=lambda on_phone: int(value[on_phone].sum()))
            self.phone[best] += 1
            if self.left is not None:
                self.left[(self.kinds[agent], *at)] -= 1
            if leads:
                self.led[at[0], self.class_of[at[1]]] += 1
