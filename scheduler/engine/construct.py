"""Construct: a first roster, week by week from patterns, or person by person."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from constraints.case import CLASSES, OFF, OPEN, Case
from constraints.coverage import CoverageRole
from constraints.roster import Roster
from constraints.rule import Rule
from scheduler.engine.aggregate import kinds_of
from scheduler.engine.alone import Starts
from scheduler.engine.breaks import place_breaks
from scheduler.engine.columns import (
    MUST,
    Pattern,
    fill,
    lack_price,
    phone_intervals,
    weeks,
)
from scheduler.engine.model import RosterModel
from scheduler.engine.solver import QUICK, Budget, run
from scheduler.engine.stitch import stitch

EFFORT = 2.0  # deterministic time for one person


def construct(
    case: Case, budget: Budget, *, share: float, seed: int, workers: int
) -> Roster:
    """Return a first roster that keeps the rules about one person.

    Where the weekly cycle leaves weeks free, each week is put together from patterns
    and given to people; who finds no pattern that fits is placed by themselves. Under
    the strict six-on-one-off cycle weeks hang together, and each person's whole
    horizon is placed at once.

    Parameters
    ----------
    case
        What to roster.
    budget
        Ends it early; people not placed stay off.
    share
        Share of the budget to spend on patterns.
    seed, workers
        Seed and threads of the solver.
    """
    roster = Roster.empty(case)
    if case.rule("pattern.six_on_one_off") is None:
        parts = list(weeks(case))
        known: set[Pattern] = set()
        starts = Starts(case)
        for part in parts:
            stands = place_breaks(roster).on_phone
            chosen = fill(
                case,
                part,
                stands,
                known,
                budget,
                share=share / len(parts),
                seed=seed,
                workers=workers,
            )
            roster = stitch(roster, part, chosen, budget, seed=seed)
            roster = _place_rest(starts, place_breaks(roster), part.days, budget, seed)
        return roster
    return place_people(roster, slice(0, case.days), budget, seed=seed)


def _place_rest(
    starts: Starts, roster: Roster, days: range, budget: Budget, seed: int
) -> Roster:
    """Place who found no pattern, each where coverage now lacks most."""
    case = roster.case
    idle = (roster.table[:, days.start : days.stop] == OFF).all(axis=1)
    idle &= case.free_to_work[:, days.start : days.stop].any(axis=(1, 2))
    for agent in np.flatnonzero(idle):
        roster = starts.again(roster, int(agent), days, budget, seed) or roster
    return roster


def place_people(roster: Roster, days: slice, budget: Budget, *, seed: int) -> Roster:
    """Return the roster with all placed who are off throughout some days.

    People are placed one after the other, those with the fewest choices first, each
    where it is best for the rules about one person and for the coverage still open.
    """
    case = roster.case
    idle = (roster.table[:, days] == OFF).all(axis=1)
    idle &= case.free_to_work[:, days].any(axis=(1, 2))
    if not idle.any():
        return roster
    rules = [rule for rule in case.rules if not rule.joint]
    pull = _Pull(place_breaks(roster))
    for agent in _order(case):
        if idle[agent] and not budget.over:
            cells = np.zeros(roster.table.shape, bool)
            cells[agent, days] = case.pins[agent, days] == OPEN
            roster = _place(roster, rules, cells, pull.costs(agent), budget, seed)
            pull.take(agent, roster.table[agent], days)
    return roster


def _order(case: Case) -> list[int]:
    """People with few choices first, people of one kind together."""
    choices = case.free_to_work.sum(axis=(1, 2))
    kinds = kinds_of(case)
    by_kind = np.array([choices[kinds == kind].min() for kind in kinds])
    return [int(agent) for agent in np.lexsort((choices, kinds, by_kind))]


def _place(
    roster: Roster,
    rules: Sequence[Rule],
    cells: NDArray[np.bool_],
    costs: NDArray[np.int64],
    budget: Budget,
    seed: int,
) -> Roster:
    """Return the roster with one more person placed; hard rules give way last."""
    hard = frozenset(rule.id for rule in rules if rule.penalty is None)
    for guarded in (frozenset[str](), hard):
        model = RosterModel(roster, rules, cells, guarded=guarded, cell_costs=costs)
        outcome = run(
            model.cp,
            budget,
            seconds=5,
            effort=EFFORT,
            seed=seed,
            workers=1,
            parameters=QUICK,
        )
        if outcome.found:
            return model.read(outcome.value)
    return roster


class _Pull:
    """What draws a person to the starts of shifts: open coverage, missing leaders."""

    def __init__(self, roster: Roster) -> None:
        self.case = case = roster.case
        self.phone = roster.on_phone.astype(float)
        self.ways = {
            (day, shift): phone_intervals(case, day, shift)
            for day in range(case.days)
            for shift in range(len(case.shifts))
        }
        role = case.rule("coverage.role")
        self.least = role.due(case) if isinstance(role, CoverageRole) else 0
        self.role = role.role if isinstance(role, CoverageRole) else ""
        self.class_of = np.array([CLASSES.index(s.shift_class) for s in case.shifts])
        self.led = np.zeros((case.days, len(CLASSES)), np.int64)
        for agent in range(len(case.agents)):
            self._lead(agent, roster.table[agent], range(case.days))

    def _lead(self, agent: int, row: NDArray[np.int16], days: Sequence[int]) -> None:
        if self.role in self.case.agents[agent].roles:
            for day in days:
                if row[day] != OFF:
                    self.led[day, self.class_of[row[day]]] += 1

    def costs(self, agent: int) -> NDArray[np.int64]:
        """Return the cost of each start for a person; shape ``(days, shifts)``."""
        value = lack_price(self.case, self.phone)
        costs = np.zeros((self.case.days, len(self.case.shifts)))
        for at, ways in self.ways.items():
            costs[at] = min(value[on_phone].sum() for on_phone in ways)
        if self.least and self.role in self.case.agents[agent].roles:
            costs -= MUST * (self.led < self.least)[:, self.class_of]
        return np.round(costs).astype(np.int64)

    def take(self, agent: int, row: NDArray[np.int16], days: slice) -> None:
        """Take a placed person's starts off what is open."""
        value = lack_price(self.case, self.phone)
        placed = range(*days.indices(len(row)))
        for day in placed:
            if row[day] != OFF:
                ways = self.ways[day, int(row[day])]
                best = min(ways, key=lambda on_phone: value[on_phone].sum())
                self.phone[best] += 1
        self._lead(agent, row, placed)
