"""Paths: a person's days as a way through states, made from the rules' memories.

What the rules about one person remember is put together into states, day by day; a
legal row of shifts is a way through them. At any price of each start, the cheapest row
is found exactly, by dynamic programming.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, OPEN, Case
from constraints.hours import HoursAverage, HoursUnder
from constraints.rule import Memory, Rule

NEVER = float("inf")
FAR = 1 << 62  # what a whole number can hold, about
BROKEN = 10_000.0  # cost of a unit of a hard rule for people who have no legal row
Kind = tuple[tuple[str, Hashable], ...]


@dataclass(frozen=True)
class Arcs:
    """Ways from the states of one day to those of the next, sorted by source.

    Attributes
    ----------
    shift
        Shift index; the number of shifts stands for a day off.
    target
        State of the next day, numbered within it.
    cost
        What the rules charge.
    first
        Where the arcs of each source begin, and where the last ends.
    """

    shift: NDArray[np.intp]
    target: NDArray[np.intp]
    cost: NDArray[np.float64]
    first: NDArray[np.intp]


class _Part:
    """The memory of one rule as tables: where a shift leads from a state, its cost.

    Attributes
    ----------
    leads, costs
        By day; shape ``(states, shifts + 1)``, the last column being a day off.
    """

    def __init__(
        self,
        case: Case,
        rule: Rule,
        memory: Memory,
        starts: Iterable[Hashable],
        broken: float,
    ) -> None:
        self.leads: list[NDArray[np.intp]] = []
        self.costs: list[NDArray[np.float64]] = []
        choices = len(case.shifts) + 1
        states = list(dict.fromkeys(starts))
        number = {state: n for n, state in enumerate(states)}
        for column in range(case.past, case.span):
            after: dict[Hashable, int] = {}
            leads = np.zeros((len(states), choices), np.intp)
            costs = np.zeros((len(states), choices))
            for n, state in enumerate(states):
                for shift in range(OFF, choices - 1):
                    then, amount = memory.step(state, column, shift)
                    leads[n, shift] = after.setdefault(then, len(after))
                    costs[n, shift] = _price(rule, amount, broken)
            self.leads.append(leads)
            self.costs.append(costs)
            states = list(after)
        merged = self._merge(len(states))
        self.start = {state: int(merged[n]) for state, n in number.items()}

    def _merge(self, last: int) -> NDArray[np.intp]:
        """Merge states that no future tells apart; return what day 0's became.

        States without a future become -1.
        """
        same = np.zeros(last, np.intp)
        for day in reversed(range(len(self.leads))):
            leads, costs = same[self.leads[day]], self.costs[day]
            costs[leads < 0] = NEVER
            leads[np.isinf(costs)] = -1
            rows, same = np.unique(
                np.hstack([leads, costs]), axis=0, return_inverse=True
            )
            same = same.reshape(-1).astype(np.intp)
            self.leads[day] = rows[:, : leads.shape[1]].astype(np.intp)
            self.costs[day] = rows[:, leads.shape[1] :]
            dead = np.isinf(self.costs[day].min(axis=1))
            same[dead[same]] = -1
        return same


def _price(rule: Rule, amount: int, broken: float) -> float:
    """Return what an amount costs, where a unit of a hard rule costs ``broken``."""
    if not amount:
        return 0.0
    if rule.penalty is None:
        return broken * amount
    return rule.penalty * -(-amount // rule.per)


class Group:
    """People whose rules remember alike, and all legal ways through their days.

    Attributes
    ----------
    start
        State of each person on day 0, by number of the person; -1 where nothing legal
        is left to them.
    arcs
        By day.
    """

    def __init__(
        self, case: Case, starts: dict[int, tuple[int, ...]], parts: Sequence[_Part]
    ) -> None:
        people = list(starts)
        open_to = np.ones((case.days, len(case.shifts) + 1), bool)
        open_to[:, :-1] = case.free_to_work[people].any(axis=0)
        found = np.array([starts[agent] for agent in people], np.intp)
        found = found.reshape(len(people), len(parts))
        states, place = np.unique(found, axis=0, return_inverse=True)
        lost = (states < 0).any(axis=1)
        sizes, found_arcs = [len(states)], []
        for day in range(case.days):
            cost = np.where(open_to[day], 0.0, NEVER)[None, :].repeat(len(states), 0)
            cost[(states < 0).any(axis=1)] = NEVER
            for n, part in enumerate(parts):
                cost += part.costs[day][states[:, n]]
            source, shift = np.nonzero(np.isfinite(cost))
            code = np.zeros(len(source), np.int64)
            leads = np.zeros((len(source), len(parts)), np.intp)
            for n, part in enumerate(parts):
                leads[:, n] = part.leads[day][states[source, n], shift]
                size = int(leads[:, n].max(initial=0)) + 1
                if int(code.max(initial=0) + 1) * size > FAR:
                    code = np.unique(code, return_inverse=True)[1].reshape(-1)
                code = code * size + leads[:, n]
            _, seen, target = np.unique(code, return_index=True, return_inverse=True)
            found_arcs.append((source, shift, target.reshape(-1), cost[source, shift]))
            states = leads[seen]
            sizes.append(len(states))
        number = self._merge(sizes, found_arcs, len(case.shifts) + 1)
        number[lost] = -1
        self.start = dict(zip(people, number[place.reshape(-1)].tolist(), strict=True))
        self.size = sum(len(arcs.shift) for arcs in self.arcs)

    def _merge(
        self, sizes: list[int], found: Sequence[tuple[NDArray[Any], ...]], choices: int
    ) -> NDArray[np.intp]:
        """Merge states that no future tells apart, and drop those without one.

        Returns the new numbers of day 0's states, -1 for those dropped.
        """
        self.arcs: list[Arcs] = []
        number = np.arange(sizes[-1])
        for size, (source, shift, target, cost) in zip(
            sizes[-2::-1], reversed(found), strict=True
        ):
            leads = np.full((size, choices), -1.0)
            costs = np.zeros((size, choices))
            leads[source, shift] = number[target]
            costs[source, shift] = np.where(number[target] < 0, 0, cost)
            rows, same = np.unique(
                np.hstack([leads, costs]), axis=0, return_inverse=True
            )
            alive = rows[:, :choices].max(axis=1) >= 0
            rows = rows[alive]
            source, shift = np.nonzero(rows[:, :choices] >= 0)
            self.arcs.insert(
                0,
                Arcs(
                    shift,
                    rows[source, shift].astype(np.intp),
                    rows[source, choices + shift],
                    np.searchsorted(source, np.arange(len(rows) + 1)),
                ),
            )
            renumbered = np.where(alive, np.cumsum(alive) - 1, -1)
            number = renumbered[same.reshape(-1)]
        return number


class Paths:
    """Everybody's legal rows, and the cheapest at any prices.

    Who has no legal row at all, for their history or their pins, is given those that
    break least. Hours are kept week by week, whatever their cycle, as the minutes of a
    month would make too many states.

    Attributes
    ----------
    cells
        What rules about single cells charge, ``NEVER`` where a cell is fixed
        otherwise; shape ``(agents, days, shifts + 1)``, a day off coming last.

    Examples
    --------
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(days=7, rules=read_rules("bank"))
    >>> row, cost = Paths(case).cheapest(0, np.full((7, 3), -9.0))
    >>> row.tolist(), cost  # five days in seven, and an hour of the contract missing
    ([0, 0, 0, 0, 0, -1, -1], 3.0)
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.rules = [weekly(rule) for rule in case.rules if not rule.joint]
        self.cells = np.zeros((len(case.agents), case.days, len(case.shifts) + 1))
        self.groups: dict[int, Group] = {}
        everybody = range(len(case.agents))
        self._group(everybody, NEVER)
        nothing = np.zeros((case.days, len(case.shifts)))
        lost = [a for a in everybody if self.cheapest(a, nothing) is None]
        self._group(lost, BROKEN)

    # -- states ---------------------------------------------------------------------
    def _group(self, people: Iterable[int], broken: float) -> None:
        """Put together the states of some people."""
        case, people = self.case, list(people)
        self.cells[people] = 0
        self.cells[people, :, :-1] += np.where(case.free_to_work[people], 0, NEVER)
        self.cells[people, :, -1] += np.where(case.pins[people] >= 0, NEVER, 0)
        shared: dict[tuple[str, Hashable], list[Hashable]] = {}
        memory_of: dict[tuple[str, Hashable], tuple[Rule, Memory]] = {}
        before: dict[int, dict[tuple[str, Hashable], Hashable]] = {}
        for agent in people:
            before[agent] = {}
            for rule in self.rules:
                memory = rule.memory(case, agent)
                if memory.start is None:
                    self._charge_cells(rule, memory, agent, broken)
                    continue
                at = (rule.id, memory.key)
                memory_of.setdefault(at, (rule, memory))
                before[agent][at] = _state(case, agent, memory)
                shared.setdefault(at, []).append(before[agent][at])
        parts = {
            at: _Part(case, *memory_of[at], states, broken)
            for at, states in shared.items()
        }
        alike: dict[Hashable, dict[int, tuple[int, ...]]] = {}
        for agent, known in before.items():
            kind = (tuple(known), case.suits[agent].tobytes())
            start = tuple(parts[at].start[state] for at, state in known.items())
            alike.setdefault(kind, {})[agent] = start
        for starts in alike.values():
            used = [parts[at] for at in before[next(iter(starts))]]
            group = Group(case, starts, used)
            self.groups.update(dict.fromkeys(starts, group))

    def _charge_cells(
        self, rule: Rule, memory: Memory, agent: int, broken: float
    ) -> None:
        case = self.case
        for day in range(case.days):
            for shift in range(OFF, len(case.shifts)):
                _, amount = memory.step(None, case.past + day, shift)
                self.cells[agent, day, shift] += _price(rule, amount, broken)

    # -- rows -----------------------------------------------------------------------
    def cheapest(
        self,
        agent: int,
        prices: NDArray[np.float64],
        keep: NDArray[np.int16] | None = None,
    ) -> tuple[NDArray[np.int16], float] | None:
        """Return a person's cheapest row, and what the rules charge for it.

        None where there is none.

        Parameters
        ----------
        prices
            Cost of each start; shape ``(days, shifts)``.
        keep
            Shift or ``OFF`` where a cell must stay, ``OPEN`` elsewhere; ``(days,)``.
        """
        cells = self.cells[agent].copy()
        if keep is not None:
            days = np.flatnonzero(keep != OPEN)
            kept = cells[days, keep[days]]
            cells[days] = NEVER
            cells[days, keep[days]] = kept
        group, off = self.groups[agent], len(self.case.shifts)
        state = group.start[agent]
        if state < 0:
            return None
        ways = _ways(group, cells, prices)
        row, cost = np.full(self.case.days, OFF, np.int16), 0.0
        for day, arcs in enumerate(group.arcs):
            among = ways[day][arcs.first[state] : arcs.first[state + 1]]
            best = int(arcs.first[state] + among.argmin())
            if ways[day][best] == NEVER:
                return None
            shift = int(arcs.shift[best])
            row[day] = OFF if shift == off else shift
            cost += float(arcs.cost[best] + cells[day, shift])
            state = int(arcs.target[best])
        return row, cost

    def within(
        self, agent: int, row: NDArray[np.int16], days: range
    ) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
        """Return all ways to work some days running between the others of a row.

        Parameters
        ----------
        row
            What stands on the other days; shape ``(days,)``.
        days
            The days to work otherwise.

        Returns
        -------
        tuple
            Shifts, of shape ``(ways, len(days))``, and what the rules charge for the
            whole row with each, of shape ``(ways,)``.
        """
        group, cells = self.groups[agent], self.cells[agent]
        states = np.array([group.start[agent]], np.intp)
        costs, ways = np.zeros(1), np.zeros((1, 0), np.int16)
        for day, arcs in enumerate(group.arcs):
            sizes = arcs.first[states + 1] - arcs.first[states]
            among = np.repeat(np.arange(len(states)), sizes)
            ahead = np.cumsum(sizes) - sizes
            taken = np.arange(len(among)) + (arcs.first[states] - ahead)[among]
            shift = arcs.shift[taken]
            if day not in days:
                fits = shift == row[day] % cells.shape[1]
                among, taken, shift = among[fits], taken[fits], shift[fits]
            costs = costs[among] + arcs.cost[taken] + cells[day, shift]
            legal = costs < NEVER
            among, taken, costs = among[legal], taken[legal], costs[legal]
            ways, states = ways[among], arcs.target[taken]
            if day in days:
                chosen = arcs.shift[taken].astype(np.int16)
                chosen[chosen == cells.shape[1] - 1] = OFF
                ways = np.hstack([ways, chosen[:, None]])
        return ways, costs


def weekly(rule: Rule) -> Rule:
    """Return the rule as paths keep it: hours week by week, all others as they are."""
    if isinstance(rule, HoursAverage | HoursUnder) and rule.cycle != "week":
        return replace(rule, cycle="week")
    return rule


def _state(case: Case, agent: int, memory: Memory) -> Hashable:
    """Return what a memory holds when a person's history is over."""
    state = memory.start
    for column, shift in enumerate(case.history[agent].tolist()):
        state, _ = memory.step(state, column, shift)
    return state


def _ways(
    group: Group, cells: NDArray[np.float64], prices: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the least cost from the source of each arc to the end, through it."""
    priced = cells.copy()
    priced[:, :-1] += prices
    ways: list[NDArray[np.float64]] = []
    value = np.zeros(int(group.arcs[-1].target.max(initial=0)) + 1)
    for day in reversed(range(len(group.arcs))):
        arcs = group.arcs[day]
        way = value[arcs.target]
        way += priced[day][arcs.shift]
        way += arcs.cost
        ways.append(way)
        value = np.minimum.reduceat(way, arcs.first[:-1])
    ways.reverse()
    return ways
