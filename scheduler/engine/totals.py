"""Totals: the cheapest ways through states whose totals lie within limits.

Hours or weekends of a whole horizon would make far too many states. So a way keeps its
totals beside its state: at each state stands a table of what the rest of the way costs
at the least, by totals so far, and a day is a few sums of whole tables. People who go
through the same states are done together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scheduler.engine.paths import Arcs, Block

NEVER = float("inf")
NONE = -1
FAR = 1 << 40  # more than any total
AT_ONCE = 4_000_000  # numbers in the tables of people who are done together, about


@dataclass(frozen=True)
class Limits:
    """Between what totals of some people should lie, and what it costs if they do not.

    Attributes
    ----------
    least, most
        Limits of each total; shape ``(people, totals)``.
    price, per
        Cost of ``per`` units outside, begun ones counting whole; ``NEVER`` where no
        way may end there. Shape ``(totals,)``.
    """

    least: NDArray[np.int64]
    most: NDArray[np.int64]
    price: NDArray[np.float64]
    per: NDArray[np.int64]

    def __getitem__(self, people: slice) -> "Limits":
        """Return those of some of the people."""
        return Limits(self.least[people], self.most[people], self.price, self.per)

    def charge(self, number: int, reached: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what one total costs where it comes to this; ``(people, reached)``."""
        least, most = self.least[:, [number]], self.most[:, [number]]
        beyond = np.maximum(0, least - reached) + np.maximum(0, reached - most)
        units = -(-beyond // self.per[number])
        cost = np.zeros(units.shape)
        cost[units > 0] = self.price[number] * units[units > 0]
        return cost


@dataclass(frozen=True)
class _Step:
    """Ways of one day that add the same, of shifts that lead alike.

    Attributes
    ----------
    group
        Which shifts, by number of the group.
    adds
        What they add to each total, in units.
    sources, targets, cost
        States before and after, and what the rules charge; equal-length arrays.
    """

    group: int
    adds: tuple[int, ...]
    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    cost: NDArray[np.float64]


@dataclass(frozen=True)
class _Day:
    """One day: its groups of shifts that lead alike, and the ways through it.

    Attributes
    ----------
    states
        How many there are before it.
    members
        The choices of each group.
    leads, costs, adds
        Where each group leads from each state (``NONE``: nowhere), what the rules
        charge, and what it adds; ``(states, groups)``, ``adds`` with one more axis.
    fewest, most
        The least and the most that each group adds; ``(groups, totals)``.
    steps
        The same, put together by what they add.
    """

    states: int
    members: tuple[NDArray[np.intp], ...]
    leads: NDArray[np.intp]
    costs: NDArray[np.float64]
    adds: NDArray[np.int64]
    fewest: NDArray[np.int64]
    most: NDArray[np.int64]
    steps: tuple[_Step, ...]


class Totals:
    """All ways through some blocks, with totals beside the states.

    Parameters
    ----------
    blocks
        The days, week by week.
    choices
        Number of shifts, and one for a day off.
    axes
        Which totals to keep.

    Attributes
    ----------
    blocks, axes, choices
        As they were given.
    entry
        State of day 0 by the state in which the first block is entered.
    unit
        What all that is added is a multiple of, by total.
    size
        Ways of all days.
    """

    def __init__(
        self, blocks: Sequence["Block"], choices: int, axes: tuple[int, ...]
    ) -> None:
        self.blocks, self.axes, self.choices = blocks, axes, choices
        self.entry = blocks[0].entry
        arcs = [each for block in blocks for each in block.days]
        stacked = np.vstack([each.adds[:, axes] for each in arcs])
        self.unit = np.array(
            [max(1, int(np.gcd.reduce(column))) for column in stacked.T], np.int64
        )
        ends = int(arcs[-1].target.max(initial=0)) + 1
        onward = [block.entry for block in blocks[1:]] + [np.arange(ends)]
        self.days: list[_Day] = []
        for block, entry in zip(blocks, onward, strict=True):
            for place, each in enumerate(block.days):
                target = each.target
                if place == len(block.days) - 1:
                    target = entry[target]
                self.days.append(self._day(each, target))
        self.ends = ends
        self.size = sum(len(s.sources) for day in self.days for s in day.steps)
        self._reach()

    def _day(self, arcs: "Arcs", target: NDArray[np.intp]) -> _Day:
        """Put the ways of a day together by what they add."""
        states = len(arcs.first) - 1
        source = np.repeat(np.arange(states), np.diff(arcs.first))
        shape, at = (states, self.choices), (source, arcs.shift)
        leads, costs = np.full(shape, NONE, np.intp), np.full(shape, NEVER)
        adds = np.zeros((*shape, len(self.axes)), np.int64)
        leads[at] = target
        costs[at] = np.where(target >= 0, arcs.cost, NEVER)
        adds[at] = arcs.adds[:, self.axes] // self.unit
        adds[leads < 0] = 0
        alike: dict[bytes, list[int]] = {}
        for choice in range(self.choices):
            if (leads[:, choice] >= 0).any():
                key = b"".join(t[:, choice].tobytes() for t in (leads, costs, adds))
                alike.setdefault(key, []).append(choice)
        first = [members[0] for members in alike.values()]
        leads, costs, adds = leads[:, first], costs[:, first], adds[:, first]
        steps = []
        for group in range(len(first)):
            there = np.flatnonzero(leads[:, group] >= 0)
            kinds, which = np.unique(adds[there, group], axis=0, return_inverse=True)
            for number, kind in enumerate(kinds):
                sources = there[which.reshape(-1) == number]
                steps.append(
                    _Step(
                        group,
                        tuple(kind.tolist()),
                        sources,
                        leads[sources, group],
                        costs[sources, group],
                    )
                )
        members = tuple(np.array(each, np.intp) for each in alike.values())
        nowhere = (leads < 0)[:, :, None]
        fewest = np.where(nowhere, FAR, adds).min(axis=0, initial=FAR)
        most = adds.max(axis=0, initial=0)
        return _Day(states, members, leads, costs, adds, fewest, most, tuple(steps))

    def _reach(self) -> None:
        """Work out the most that each total can be by each day, and after it."""
        totals = range(len(self.unit))
        self.so_far = np.zeros((len(self.days) + 1, len(self.unit)), np.int64)
        self.still = np.zeros_like(self.so_far)
        for total in totals:
            most = np.zeros(self.days[0].states)
            for number, day in enumerate(self.days):
                after = np.full(self._states(number + 1), -NEVER)
                for step in day.steps:
                    np.maximum.at(
                        after, step.targets, most[step.sources] + step.adds[total]
                    )
                most = after
                self.so_far[number + 1, total] = max(0, most.max(initial=0))
            ahead = np.zeros(self.ends)
            for number in reversed(range(len(self.days))):
                day = self.days[number]
                before = np.full(day.states, -NEVER)
                for step in day.steps:
                    np.maximum.at(
                        before, step.sources, ahead[step.targets] + step.adds[total]
                    )
                ahead = before
                self.still[number, total] = max(0, ahead.max(initial=0))

    def _states(self, day: int) -> int:
        return self.days[day].states if day < len(self.days) else self.ends

    def cheapest(
        self, starts: NDArray[np.intp], cells: NDArray[np.float64], limits: Limits
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the cheapest rows of some people, and what they cost in all.

        Parameters
        ----------
        starts
            State of each person before the first block; shape ``(people,)``.
        cells
            Cost of each choice; shape ``(people, days, choices)``.
        limits
            Those of these people.

        Returns
        -------
        tuple
            The choices, of shape ``(people, days)``, and their costs, of shape
            ``(people,)``; ``NEVER`` where there is no way.
        """
        people = len(starts)
        rows = np.zeros((people, len(self.days)), np.intp)
        values = np.full(people, NEVER)
        together = max(1, AT_ONCE // max(1, self.tables(limits)))
        for first in range(0, people, together):
            some = slice(first, first + together)
            rows[some], values[some] = self._some(
                starts[some], cells[some], limits[some]
            )
        return rows, values

    def _window(
        self, limits: Limits, grouped: Sequence[NDArray[np.float64]] = ()
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return least and most totals so far that can matter, by day.

        Fewer do where prices forbid some groups of shifts on some days.
        """
        strict = limits.price == NEVER
        low = np.where(strict, -(-limits.least.min(axis=0) // self.unit), 0)
        high = np.where(strict, limits.most.max(axis=0) // self.unit, FAR)
        fewest, most_yet, most_still = self._bounds(grouped)
        first = np.maximum(fewest, low - most_still)
        left = fewest[-1] - fewest  # at the least
        return first, np.maximum(first, np.minimum(most_yet, high - left))

    def _bounds(
        self, grouped: Sequence[NDArray[np.float64]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return fewest and most so far, and the most to come, of each total by day."""
        fewest = np.zeros_like(self.so_far)
        if not any(np.isinf(price).any() for price in grouped):
            return fewest, self.so_far, self.still
        most = np.zeros_like(self.so_far)
        for number, (day, price) in enumerate(zip(self.days, grouped, strict=True)):
            free = np.isfinite(price).any(axis=0)
            if free.any():
                fewest[number + 1] = day.fewest[free].min(axis=0)
                most[number + 1] = day.most[free].max(axis=0)
        fewest, most = fewest.cumsum(axis=0), most.cumsum(axis=0)
        return (
            fewest,
            np.minimum(self.so_far, most),
            np.minimum(self.still, most[-1] - most),
        )

    def tables(self, limits: Limits) -> int:
        """Return how many numbers the tables of one person hold."""
        first, last = self._window(limits)
        sizes = np.prod(last - first + 1, axis=1)
        return sum(int(n) * self._states(day) for day, n in enumerate(sizes))

    def work(self, limits: Limits) -> int:
        """Return about how many numbers one person's cheapest row looks at."""
        return self.tables(limits) * max(1, self.size // len(self.days) // 8)

    def _some(
        self, starts: NDArray[np.intp], cells: NDArray[np.float64], limits: Limits
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        nobody = np.zeros((len(starts), len(self.days)), np.intp)
        if not all(day.members for day in self.days):
            return nobody, np.full(len(starts), NEVER)
        grouped = [
            np.stack([cells[:, number, each].min(axis=1) for each in day.members], 1)
            for number, day in enumerate(self.days)
        ]
        first, last = self._window(limits, grouped)
        if first[0].any():
            return nobody, np.full(len(starts), NEVER)
        ends = self._ends(limits, first[-1], last[-1])
        values = self._backward(ends, grouped, first, last)
        return self._follow(starts, cells, values, grouped, first)

    def _backward(
        self,
        value: NDArray[np.float64],
        grouped: Sequence[NDArray[np.float64]],
        first: NDArray[np.int64],
        last: NDArray[np.int64],
    ) -> list[NDArray[np.float64]]:
        """Return what the rest costs from each state and total, by day.

        From what each total costs at the end, and the price of each group of shifts.
        """
        people, values = len(value), [value]
        for number in reversed(range(len(self.days))):
            day, price = self.days[number], grouped[number]
            shape = tuple((last[number] - first[number] + 1).tolist())
            now = np.full((people, day.states, *shape), NEVER)
            for step in day.steps:
                here, there = self._moves(step, number, first, last)
                at: Any = (slice(None), step.sources, *here)
                to: Any = (slice(None), step.targets, *there)
                onward = value[to] + self._cost(step, price)
                now[at] = np.minimum(now[at], onward)
            value = now
            values.append(value)
        values.reverse()
        return values

    def _cost(self, step: _Step, price: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a step costs each person, shaped as the tables."""
        cost = price[:, [step.group]] + step.cost
        return cost.reshape(*cost.shape, *(1 for _ in self.unit))

    def _moves(
        self,
        step: _Step,
        number: int,
        first: NDArray[np.int64],
        last: NDArray[np.int64],
    ) -> tuple[list[slice], list[slice]]:
        """Return the totals from which a step goes, and those to which."""
        here, there = [], []
        before, after = last[number] - first[number], last[number + 1]
        after = after - first[number + 1]
        for total, added in enumerate(step.adds):
            shift = int(first[number, total] + added - first[number + 1, total])
            begin = max(0, -shift)
            end = min(int(before[total]), int(after[total]) - shift) + 1
            here.append(slice(begin, max(begin, end)))
            there.append(slice(begin + shift, max(begin, end) + shift))
        return here, there

    def _ends(
        self, limits: Limits, first: NDArray[np.int64], last: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return what each total costs at the end."""
        people, totals = limits.least.shape
        value = np.zeros((people, self.ends, *(last - first + 1).tolist()))
        for total, unit in enumerate(self.unit.tolist()):
            reached = np.arange(first[total], last[total] + 1) * unit
            cost = limits.charge(total, reached)
            shape = [people] + [1] * (totals + 1)
            shape[2 + total] = len(reached)
            value += cost.reshape(shape)
        return value

    def _follow(
        self,
        starts: NDArray[np.intp],
        cells: NDArray[np.float64],
        values: Sequence[NDArray[np.float64]],
        grouped: Sequence[NDArray[np.float64]],
        first: NDArray[np.int64],
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Go along the cheapest way of each person."""
        people = np.arange(len(starts))
        state = np.where(starts >= 0, self.entry[starts], NONE)
        alive = state >= 0
        total = np.zeros((len(starts), len(self.unit)), np.int64)
        rows = np.zeros((len(starts), len(self.days)), np.intp)
        cost = np.where(
            alive,
            values[0][(people, state, *(total - first[0]).T)],
            NEVER,
        )
        alive = np.isfinite(cost)
        state = np.where(alive, state, 0)
        for number, (day, (_, value)) in enumerate(
            zip(self.days, pairwise(values), strict=True)
        ):
            target = day.leads[state]  # (people, groups)
            after = total[:, None, :] + day.adds[state] - first[number + 1]
            inside = (target >= 0) & (after >= 0).all(axis=2)
            inside &= (after < value.shape[2:]).all(axis=2)
            after = np.where(inside[:, :, None], after, 0)
            ways = value[(people[:, None], target, *np.moveaxis(after, 2, 0))]
            ways = ways + day.costs[state] + grouped[number]
            ways[~inside] = NEVER
            best = ways.argmin(axis=1)
            for group in np.unique(best).tolist():
                who = best == group
                members = day.members[group]
                within = cells[who, number][:, members].argmin(axis=1)
                rows[who, number] = members[within]
            total += np.where(alive[:, None], day.adds[state, best], 0)
            state = np.where(alive, target[people, best], 0)
        return rows, cost
