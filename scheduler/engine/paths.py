"""Paths: a person's days as a way through states, made from the rules' memories.

What the rules about one person remember is put together into states, day by day; a
legal row of shifts is a way through them. At any price of each start, the cheapest row
is found exactly, by dynamic programming.

States are made week by week and shared: people alike in contract, shifts and limits go
through the same ones, but for the weeks in which leave changes what a day counts.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, OPEN, Case
from constraints.hours import HoursAverage, HoursUnder
from constraints.rule import Memory, Rule, Tally
from scheduler.engine.totals import Limits, Totals

OnRow = Callable[[int, NDArray[np.int16], float], None]
"""Told of a person, a row of shifts, and what the rules charge for it."""

Key = tuple[tuple[int, ...], tuple[int, ...]]
"""Blocks, as long as somebody holds them, and totals that are kept beside them."""

NEVER = float("inf")
FAR = 1 << 62  # what a whole number can hold, about
TRIES = 11  # times that prices of shifts with a limit rise
MULTIPLIED = 0.5  # how much at first, and twice as much each time
NOT_SINGLE = 2  # starts that add more than one are not of a single shift
KEPT = 200_000  # numbers in a person's tables up to which totals are kept exactly
MOST_KEPT = 4_000_000  # up to which they are where nothing else helps
BROKEN = 10_000.0  # cost of a unit of a hard rule for people who have no legal row


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
    adds
        What each adds to the totals; shape ``(arcs, totals)``.
    first
        Where the arcs of each source begin, and where the last ends.
    """

    shift: NDArray[np.intp]
    target: NDArray[np.intp]
    cost: NDArray[np.float64]
    adds: NDArray[np.int64]
    first: NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """The days of one week, in one of its variants.

    Attributes
    ----------
    entry
        State of the first day by the state in which the week is entered; -1 where
        nothing legal is left.
    days
        Arcs of each day; those of the last one lead to states at the week's end.
    """

    entry: NDArray[np.intp]
    days: tuple[Arcs, ...]


class _Part:
    """The memory of one rule as tables: where a shift leads from a state, its cost.

    Of a tally, what it adds stands for the cost.

    Attributes
    ----------
    leads, costs
        By day and context; shape ``(states, shifts + 1)``, the last column being a day
        off.
    """

    def __init__(
        self,
        case: Case,
        price: Callable[[int], float],
        memory: Memory,
        starts: Sequence[Hashable],
        contexts: NDArray[np.int64],
    ) -> None:
        self.leads: list[dict[int, NDArray[np.intp]]] = []
        self.costs: list[dict[int, NDArray[np.float64]]] = []
        choices = len(case.shifts) + 1
        number = {state: n for n, state in enumerate(dict.fromkeys(starts))}
        # States, by the context they came from.
        reached: dict[int | None, set[int]] = {None: set(number.values())}
        for column in range(case.past, case.span):
            after: dict[Hashable, int] = {}
            leads, costs, states = {}, {}, list(number)
            apart, look = _told_apart(memory, column, choices - 1)
            now = contexts[:, column]
            ahead: dict[int | None, set[int]] = {}
            for context in np.unique(now).tolist():
                before = contexts[now == context, column - 1]
                came = set(before.tolist()) if column > case.past else {None}
                there = sorted(set().union(*(reached[each] for each in came)))
                steps = [
                    memory.step(states[n], column, shift, context)
                    for n in there
                    for shift in apart
                ]
                found = [after.setdefault(then, len(after)) for then, _ in steps]
                charged = [price(amount) for _, amount in steps]
                lead = np.full((len(states), choices), -1, np.intp)
                cost = np.full((len(states), choices), NEVER)
                lead[there] = np.reshape(found, (-1, len(apart)))[:, look]
                cost[there] = np.reshape(charged, (-1, len(apart)))[:, look]
                leads[context], costs[context] = lead, cost
                ahead[context] = set(lead[lead >= 0].tolist())
            self.leads.append(leads)
            self.costs.append(costs)
            number, reached = after, ahead
        merged = self._merge(len(number))
        self.start = {
            state: int(merged[n]) for n, state in enumerate(dict.fromkeys(starts))
        }

    def _merge(self, last: int) -> NDArray[np.intp]:
        """Merge states that no future tells apart; return what day 0's became.

        States without a future become -1.
        """
        same = np.zeros(last, np.intp)
        for leads, costs in zip(self.leads[::-1], self.costs[::-1], strict=True):
            for context, cost in costs.items():
                lead = same[leads[context]]
                cost[lead < 0] = NEVER
                lead[np.isinf(cost)] = -1
                leads[context] = lead
            seen, same = _alike(np.hstack([*leads.values(), *costs.values()]))
            for context in costs:
                leads[context] = leads[context][seen]
                costs[context] = costs[context][seen]
            best = np.min([cost.min(axis=1) for cost in costs.values()], axis=0)
            same[np.isinf(best)[same]] = -1
        return same


def _told_apart(
    memory: Memory, column: int, shifts: int
) -> tuple[list[int], NDArray[np.intp]]:
    """Return ``OFF`` and one of each kind of shift that a memory tells apart.

    And which of these each choice is, a day off coming last; shape ``(shifts + 1,)``.
    """
    seen = range(shifts) if memory.sees is None else memory.sees(column)
    number: dict[Hashable, int] = {}
    look = [number.setdefault(each, len(number) + 1) for each in seen]
    apart = [look.index(kind) for kind in number.values()]
    return [OFF, *apart], np.array([*look, 0], np.intp)


def _alike(rows: NDArray[np.generic]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first of each kind of row, and the kind of each."""
    number: dict[bytes, int] = {}
    first: list[int] = []
    kind = np.zeros(len(rows), np.intp)
    for n, row in enumerate(np.ascontiguousarray(rows)):
        key = row.tobytes()
        if key not in number:
            number[key] = len(first)
            first.append(n)
        kind[n] = number[key]
    return np.array(first, np.intp), kind


def _price(rule: Rule, amount: int, broken: float) -> float:
    """Return what an amount costs, where a unit of a hard rule costs ``broken``."""
    if not amount:
        return 0.0
    if rule.penalty is None:
        return broken * amount
    return rule.penalty * -(-amount // rule.per)


Found = tuple[
    NDArray[np.intp],
    NDArray[np.intp],
    NDArray[np.intp],
    NDArray[np.float64],
    NDArray[np.int64],
]
"""Source, shift, target, cost and adds of the arcs of a day, as first found."""


class Kind:
    """People whose rules remember alike, and all legal ways through their days.

    Parameters
    ----------
    parts
        Tables of their rules.
    starts
        State of each person in each part.
    variants
        Context of each part on each day, by week and name of the variant; shape
        ``(parts, days of the week)``.
    weeks
        The days of each week.
    open_to
        What anybody of them may work; shape ``(days, shifts + 1)``.
    rules
        How many parts are rules; those after them are tallies.

    Attributes
    ----------
    start
        State of each person on day 0, by number of the person; -1 where nothing legal
        is left to them.
    blocks
        By week and name of the variant.
    """

    def __init__(
        self,
        parts: Sequence[_Part],
        starts: dict[int, tuple[int, ...]],
        variants: Sequence[dict[bytes, NDArray[np.int64]]],
        weeks: Sequence[range],
        open_to: NDArray[np.bool_],
        rules: int,
    ) -> None:
        self.parts, self.open_to, self.rules = parts, open_to, rules
        given = np.array(list(starts.values()), np.intp)
        given = given.reshape(len(starts), len(parts))
        cut, place = np.unique(given, axis=0, return_inverse=True)
        found: list[dict[bytes, list[Found]]] = []
        cuts = [cut]
        for week, named in zip(weeks, variants, strict=True):
            ends, ways = {}, {}
            for name, contexts in named.items():
                ways[name], ends[name] = self._expand(cut, week, contexts)
            cut, at = np.unique(
                np.vstack(list(ends.values())), axis=0, return_inverse=True
            )
            after = 0
            for name, end in ends.items():
                at_end = at.reshape(-1)[after : after + len(end)]
                after += len(end)
                source, shift, target, cost, adds = ways[name][-1]
                ways[name][-1] = (source, shift, at_end[target], cost, adds)
            found.append(ways)
            cuts.append(cut)
        number = np.arange(len(cut))
        self.blocks: list[dict[bytes, Block]] = []
        for before, ways in zip(cuts[-2::-1], reversed(found), strict=True):
            merged = {
                name: self._merge(len(before), arcs, number)
                for name, arcs in ways.items()
            }
            entries = np.stack([entry for entry, _ in merged.values()], axis=1)
            seen, number = _alike(entries)
            alive = entries[seen].max(axis=1) >= 0
            self.blocks.insert(
                0,
                {
                    name: Block(entry[seen][alive], days)
                    for name, (entry, days) in merged.items()
                },
            )
            number = np.where(alive, np.cumsum(alive) - 1, -1)[number]
        number[(cuts[0] < 0).any(axis=1)] = -1
        self.start = dict(zip(starts, number[place.reshape(-1)].tolist(), strict=True))

    def _expand(
        self, states: NDArray[np.intp], week: range, contexts: NDArray[np.int64]
    ) -> tuple[list[Found], NDArray[np.intp]]:
        """Return the arcs of each day of a week, and the states they end in."""
        found: list[Found] = []
        for place, day in enumerate(week):
            cost = np.where(self.open_to[day], 0.0, NEVER)[None, :]
            cost = cost.repeat(len(states), 0)
            cost[(states < 0).any(axis=1)] = NEVER
            added = np.zeros((*cost.shape, len(self.parts) - self.rules))
            for n, part in enumerate(self.parts):
                charged = part.costs[day][int(contexts[n, place])][states[:, n]]
                if n < self.rules:
                    cost += charged
                else:
                    added[:, :, n - self.rules] = charged
                    cost[np.isinf(charged)] = NEVER
            source, shift = np.nonzero(np.isfinite(cost))
            code = np.zeros(len(source), np.int64)
            leads = np.zeros((len(source), len(self.parts)), np.intp)
            for n, part in enumerate(self.parts):
                lead = part.leads[day][int(contexts[n, place])]
                leads[:, n] = lead[states[source, n], shift]
                size = int(leads[:, n].max(initial=0)) + 1
                if int(code.max(initial=0) + 1) * size > FAR:
                    code = np.unique(code, return_inverse=True)[1].reshape(-1)
                code = code * size + leads[:, n]
            _, seen, target = np.unique(code, return_index=True, return_inverse=True)
            adds = added[source, shift].astype(np.int64)
            found.append((source, shift, target.reshape(-1), cost[source, shift], adds))
            states = leads[seen]
        return found, states

    def _merge(
        self, size: int, found: Sequence[Found], number: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], tuple[Arcs, ...]]:
        """Merge states that no future tells apart, and drop those without one.

        Returns the new numbers of the first day's states, -1 for those dropped, and
        the arcs of each day.
        """
        choices = self.open_to.shape[1]
        days: list[Arcs] = []
        for place in reversed(range(len(found))):
            source, shift, target, cost, adds = found[place]
            states = int(found[place - 1][2].max(initial=-1)) + 1 if place else size
            leads = np.full((states, choices), -1.0)
            costs = np.zeros((states, choices))
            leads[source, shift] = number[target]
            costs[source, shift] = np.where(number[target] < 0, 0, cost)
            kinds = adds.shape[1]
            added = np.zeros((states, choices, kinds), np.int64)
            added[source, shift] = np.where(number[target] < 0, 0, adds.T).T
            seen, same = _alike(
                np.hstack([leads, costs, added.reshape(states, choices * kinds)])
            )
            seen_alive = leads[seen].max(axis=1, initial=-1) >= 0
            seen = seen[seen_alive]
            source, shift = np.nonzero(leads[seen] >= 0)
            days.insert(
                0,
                Arcs(
                    shift,
                    leads[seen][source, shift].astype(np.intp),
                    costs[seen][source, shift],
                    added[seen][source, shift],
                    np.searchsorted(source, np.arange(len(seen) + 1)),
                ),
            )
            number = np.where(seen_alive, np.cumsum(seen_alive) - 1, -1)[same]
        return number, tuple(days)


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
    size
        Arcs of each person's states; shape ``(agents,)``.
    single_adds, single_most
        What starts add to the totals of single shifts that have a limit, of shape
        ``(totals, days, shifts)``, and the limits, of shape ``(agents, totals)``.
    lost
        People who have no legal row.
    work
        Numbers looked at by ``together`` so far.

    Examples
    --------
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(days=7, rules=read_rules("bank"))
    >>> row, cost, _ = Paths(case).cheapest(0, np.full((7, 3), -9.0))
    >>> row.tolist(), cost  # five days in seven, and an hour of the contract missing
    ([0, 0, 0, 0, 0, -1, -1], 3.0)
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        people, shifts = len(case.agents), range(len(case.shifts))
        rules = [weekly(rule) for rule in case.rules if not rule.joint]
        self._charges: list[tuple[Rule, NDArray[np.int64]]] = []
        self._rules: list[Rule] = []
        tallies: list[Tally] = []
        priced: list[tuple[float, int]] = []
        for rule in rules:
            charges = rule.charges(case)
            if charges is not None:
                self._charges.append((rule, charges))
            elif rule.tallies(case):
                hard = rule.penalty is None
                one = (NEVER, 1) if hard else (float(rule.penalty or 0), rule.per)
                tallies += rule.tallies(case)
                priced += [one] * (len(tallies) - len(priced))
            else:
                self._rules.append(rule)
        self._tallies = tallies
        self.least, self.most = (
            np.array([getattr(tally, end) for tally in tallies], np.int64)
            .reshape(len(tallies), people)
            .T
            for end in ("least", "most")
        )
        self._price = np.array([price for price, _ in priced], float)
        self._per = np.array([per for _, per in priced], np.int64)
        # Totals are kept beside the states, but for those of single shifts: these are
        # kept where a row went beyond them, or priced where that makes too many.
        adds = [
            [
                [tally.step(None, case.past + day, shift)[1] for shift in shifts]
                for day in range(case.days)
            ]
            if tally.start is None and not tally.least.any() and price == NEVER
            else [[NOT_SINGLE]]
            for tally, (price, _) in zip(tallies, priced, strict=True)
        ]
        self._single = [n for n, each in enumerate(adds) if np.max(each) <= 1]
        self._axes = [
            tuple(n for n in range(len(tallies)) if n not in self._single)
        ] * people
        self.single_adds = np.array(
            [adds[number] for number in self._single], np.int64
        ).reshape(len(self._single), case.days, len(case.shifts))
        self.single_most = self.most[:, self._single]
        self._multipliers = np.zeros(self.single_most.shape)
        self.work = 0
        self._totals: dict[Key, Totals] = {}
        self._sizes: dict[tuple[Key, bytes], tuple[Sequence[Block], int]] = {}
        self._alike = [rule.alike(case) for rule in self._rules]
        self._contexts = [rule.contexts(case) for rule in self._rules]
        self._memory: dict[tuple[int, Hashable], Memory] = {}
        days_of: dict[int, list[int]] = {}
        for day in range(case.days):
            days_of.setdefault(case.clock.week(day), []).append(day)
        self._weeks = [range(days[0], days[-1] + 1) for days in days_of.values()]
        self.cells = np.zeros((people, case.days, len(case.shifts) + 1))
        self.size = np.zeros(people, np.int64)
        self._start = np.zeros(people, np.intp)
        self._blocks: list[list[Block]] = [[] for _ in range(people)]
        self.lost: set[int] = set()
        self._put(range(people), NEVER)

    # -- states ---------------------------------------------------------------------
    def _put(self, people: Iterable[int], broken: float) -> None:
        """Put together the states of some people."""
        case, people = self.case, list(people)
        self._charge(people, broken)
        before = {agent: self._states(agent) for agent in people}
        shared: dict[tuple[int, Hashable], list[int]] = {}
        kinds: dict[Hashable, list[int]] = {}
        for agent in people:
            at = [(n, alike[agent]) for n, alike in enumerate(self._alike)]
            for key in at:
                shared.setdefault(key, []).append(agent)
            kinds.setdefault((*at, case.suits[agent].tobytes()), []).append(agent)
        parts = {
            (n, key): _Part(
                case,
                partial(_price, self._rules[n], broken=broken),
                self._memory[n, key],
                [before[agent][n] for agent in alike],
                self._contexts[n][alike],
            )
            for (n, key), alike in shared.items()
        }
        totals = [_tallied(case, tally) for tally in self._tallies]
        for members in kinds.values():
            used = [parts[n, alike[members[0]]] for n, alike in enumerate(self._alike)]
            self._put_kind(members, [*used, *totals], before)

    def _put_kind(
        self,
        members: list[int],
        parts: list[_Part],
        before: dict[int, list[Hashable]],
    ) -> None:
        case = self.case
        open_to = np.ones((case.days, len(case.shifts) + 1), bool)
        open_to[:, :-1] = case.free_to_work[members].any(axis=0)
        contexts = np.zeros((len(members), len(parts), case.days), np.int64)
        for n, each in enumerate(self._contexts):
            contexts[:, n] = each[members, case.past :]
        variants: list[dict[bytes, NDArray[np.int64]]] = []
        names: list[list[bytes]] = []
        for week in self._weeks:
            own = contexts[:, :, week.start : week.stop]
            names.append([each.tobytes() for each in own])
            variants.append(dict(zip(names[-1], own, strict=True)))
        begun = [tally.start for tally in self._tallies]
        starts = {
            agent: tuple(
                part.start[state]
                for part, state in zip(parts, [*before[agent], *begun], strict=True)
            )
            for agent in members
        }
        kind = Kind(parts, starts, variants, self._weeks, open_to, len(self._rules))
        for place, agent in enumerate(members):
            self._start[agent] = kind.start[agent]
            self._blocks[agent] = [
                blocks[name[place]]
                for blocks, name in zip(kind.blocks, names, strict=True)
            ]
            self.size[agent] = sum(
                len(arcs.shift) for block in self._blocks[agent] for arcs in block.days
            )

    def _states(self, agent: int) -> list[Hashable]:
        """Return what each rule remembers of a person when history is over."""
        history, states = self.case.history[agent].tolist(), []
        for n, rule in enumerate(self._rules):
            key = (n, self._alike[n][agent])
            if key not in self._memory:
                self._memory[key] = rule.memory(self.case, agent)
            memory = self._memory[key]
            state = memory.start
            for column, shift in enumerate(history):
                context = int(self._contexts[n][agent, column])
                state, _ = memory.step(state, column, shift, context)
            states.append(state)
        return states

    def _charge(self, people: list[int], broken: float) -> None:
        """Charge what rules about single cells do."""
        case = self.case
        cells = np.zeros((len(people), *self.cells.shape[1:]))
        cells[:, :, :-1][~case.free_to_work[people]] = NEVER
        cells[:, :, -1][case.pins[people] >= 0] = NEVER
        for rule, charges in self._charges:
            agent, day, shift = np.nonzero(charges[people])
            amounts = charges[people][agent, day, shift]
            price = broken if rule.penalty is None else rule.penalty
            per = 1 if rule.penalty is None else rule.per
            cells[agent, day, shift] += price * -(-amounts // per)
        for number, adds in enumerate(self.single_adds if broken == NEVER else ()):
            beyond = adds > self.single_most[people, number, None, None]
            cells[:, :, :-1][beyond] = NEVER
        self.cells[people] = cells

    @cached_property
    def dearest(self) -> float:
        """Cost that what the rules charge for one person's row is never above."""
        cells = np.where(self.cells < NEVER, self.cells, 0).max(axis=2)
        ways = [
            [arcs.cost.max(initial=0) for block in blocks for arcs in block.days]
            for blocks in self._blocks
        ]
        ends = 0.0
        for number in np.flatnonzero(self._price < NEVER).tolist():
            most = max(
                sum(
                    arcs.adds[:, number].max(initial=0)
                    for block in blocks
                    for arcs in block.days
                )
                for blocks in self._blocks
            )
            limits = self._limits(range(len(self._blocks)), (number,))
            ends += float(limits.charge(0, np.array([0, most])).max(initial=0))
        return float((cells + np.array(ways)).sum(axis=1).max(initial=0)) + ends

    # -- rows -----------------------------------------------------------------------
    def cheapest(
        self,
        agent: int,
        prices: NDArray[np.float64],
        keep: NDArray[np.int16] | None = None,
    ) -> "Best | None":
        """Return a person's cheapest row; None where there is none.

        Parameters
        ----------
        prices
            Cost of each start; shape ``(days, shifts)``.
        keep
            Shift or ``OFF`` where a cell must stay, ``OPEN`` elsewhere; ``(days,)``.
        """
        found = self._cheapest(agent, prices, keep)
        if found is None and keep is None and agent not in self.lost:
            self.lost.add(agent)
            self._put([agent], BROKEN)
            found = self._cheapest(agent, prices, keep)
        return found

    def _cheapest(
        self,
        agent: int,
        prices: NDArray[np.float64],
        keep: NDArray[np.int16] | None,
    ) -> "Best | None":
        cells = self.cells[agent].copy()
        if keep is not None:
            days = np.flatnonzero(keep != OPEN)
            kept = cells[days, keep[days]]
            cells[days] = NEVER
            cells[days, keep[days]] = kept
        if self._tallies:
            found = self.together([agent], prices[None], cells[None])
            cost, least = float(found.costs[0]), float(found.least[0])
            return Best(found.rows[0], cost, least) if cost < NEVER else None
        blocks, off = self._blocks[agent], len(self.case.shifts)
        state = int(self._start[agent])
        if state < 0:
            return None
        priced = cells.copy()
        priced[:, :-1] += prices
        ways = _ways(blocks, priced)
        row, cost, day = np.full(self.case.days, OFF, np.int16), 0.0, 0
        for block in blocks:
            state = int(block.entry[state])
            if state < 0:
                return None
            for arcs in block.days:
                first = arcs.first[state]
                among = ways[day][first : arcs.first[state + 1]]
                best = int(first + among.argmin())
                if ways[day][best] == NEVER:
                    return None
                shift = int(arcs.shift[best])
                row[day] = OFF if shift == off else shift
                cost += float(arcs.cost[best] + cells[day, shift])
                state = int(arcs.target[best])
                day += 1
        days = np.flatnonzero(row != OFF)
        return Best(row, cost, cost + float(prices[days, row[days]].sum()))

    def together(
        self,
        agents: Sequence[int] | NDArray[np.intp],
        prices: NDArray[np.float64],
        cells: NDArray[np.float64] | None = None,
        *,
        strict: bool = True,
    ) -> "Cheapest":
        """Return the cheapest rows of some people, found together.

        Parameters
        ----------
        agents
            The people.
        prices
            Cost of each start; shape ``(people, days, shifts)``.
        cells
            In place of ``self.cells`` of these people.
        strict
            Whether rows keep the limits of single shifts where these make too many
            states: then such shifts are made dearer until they do, and rows are legal,
            if not always the cheapest.
        """
        people = np.array(agents, np.intp)
        cells = (self.cells[people] if cells is None else cells).copy()
        cells[:, :, :-1] += prices
        rows = np.full((len(people), self.case.days), OFF, np.int16)
        least = np.full(len(people), -NEVER)
        costs = np.full(len(people), NEVER)
        left = np.arange(len(people))
        for attempt in range(TRIES):
            dear = self._multipliers[people[left]] * strict
            now = cells[left]
            now[:, :, :-1] += np.tensordot(dear, self.single_adds, 1)
            chosen, values = self._along(people[left], now)
            counts, limit = self.single_counts(chosen), self.single_most[people[left]]
            least[left] = np.maximum(least[left], values - (dear * limit).sum(axis=1))
            beyond = self._beyond(people[left], counts)
            found = np.isfinite(values)
            again = found & (beyond > 0).any(axis=1)
            own = values - (dear * counts).sum(axis=1)
            for place in np.flatnonzero(again).tolist():
                agent = int(people[left[place]])
                all_kept = self._keep(agent, beyond[place], attempt == TRIES - 2)
                dear[place] = self._multipliers[agent] * strict
                if all_kept:
                    continue
                over = self._beyond(people[left[[place]]], counts[[place]])[0]
                dear[place] += np.maximum(0, over) * MULTIPLIED * 2**attempt
                again[place] = strict
            better = found & ~again & (own < costs[left])
            costs[left[better]] = own[better]
            rows[left[better]] = chosen[better]
            if strict:
                dear[found & (beyond < 0).all(axis=1)] //= 2
                self._multipliers[people[left]] = dear
            left = left[again]
            if not len(left):
                break
        days = np.arange(self.case.days)
        priced = np.concatenate([prices, np.zeros((*prices.shape[:2], 1))], axis=2)
        done = np.isfinite(costs)
        worked = priced[np.arange(len(people))[:, None], days, rows].sum(axis=1)
        costs[done] = np.rint(costs[done] - worked[done])
        return Cheapest(rows, costs, least)

    def _beyond(
        self, people: NDArray[np.intp], counts: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return how far single shifts are beyond their limits, where not kept."""
        beyond = counts - self.single_most[people]
        for place, agent in enumerate(people.tolist()):
            kept = [n in self._axes[agent] for n in self._single]
            beyond[place, kept] = -1
        return np.asarray(beyond)

    def _keep(self, agent: int, beyond: NDArray[np.int64], last: bool) -> bool:
        """Keep totals that were exceeded beside the states, if that is small enough."""
        most = MOST_KEPT if last else KEPT
        for number in np.flatnonzero(beyond > 0).tolist():
            axes = tuple(sorted({*self._axes[agent], self._single[number]}))
            if self._tables(agent, axes) > most:
                return False
            self._axes[agent] = axes
            self._multipliers[agent, number] = 0
        return True

    def _tables(self, agent: int, axes: tuple[int, ...]) -> int:
        """Return how many numbers a person's tables hold with some totals.

        Those of totals that are not kept are not held either.
        """
        limits = self._limits([agent], axes)
        own = limits.least.tobytes() + limits.most.tobytes()
        key = (tuple(map(id, self._blocks[agent])), axes), own
        if key not in self._sizes:
            through = self._made(agent, axes)
            self._sizes[key] = through.blocks, through.tables(limits)
        return self._sizes[key][1]

    def _limits(
        self, people: Sequence[int] | NDArray[np.intp], axes: Sequence[int]
    ) -> Limits:
        """Return the limits of some totals of people who all have a row, or none."""
        number = list(axes)
        price = self._price[number]
        if self.lost.issuperset(people):
            price = np.where(price == NEVER, BROKEN, price)
        least, most = self.least[people][:, number], self.most[people][:, number]
        return Limits(least, most, price, self._per[number])

    def _through(self, agent: int, axes: tuple[int, ...]) -> Totals:
        """Return the ways of a person's days with some totals beside them."""
        key = (tuple(map(id, self._blocks[agent])), axes)
        if key not in self._totals:
            self._totals[key] = self._made(agent, axes)
        return self._totals[key]

    def _made(self, agent: int, axes: tuple[int, ...]) -> Totals:
        return Totals(self._blocks[agent], self.cells.shape[2], axes)

    def _along(
        self, people: NDArray[np.intp], cells: NDArray[np.float64]
    ) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
        """Return the cheapest rows at the costs of some cells, and what they cost."""
        rows = np.full(cells.shape[:2], OFF, np.int16)
        values = np.full(len(people), NEVER)
        alike: dict[tuple[Totals, bool], list[int]] = {}
        for place, agent in enumerate(people.tolist()):
            if self._start[agent] < 0:
                continue
            through = self._through(agent, self._axes[agent])
            alike.setdefault((through, agent in self.lost), []).append(place)
        for (through, _), places in alike.items():
            who = people[places]
            limits = self._limits(who, through.axes)
            chosen, values[places] = through.cheapest(
                self._start[who], cells[places], limits
            )
            chosen[chosen == cells.shape[2] - 1] = OFF
            rows[places] = chosen
            self.work += len(who) * through.work(limits[:1])
        return rows, values

    def single_counts(self, rows: NDArray[np.int16]) -> NDArray[np.int64]:
        """Return how often rows work each single shift that has a limit."""
        adds = np.pad(self.single_adds, ((0, 0), (0, 0), (0, 1)))
        found = adds[:, np.arange(rows.shape[1]), rows].sum(axis=2).T
        return np.asarray(found, np.int64)

    def worked(self, agent: int) -> NDArray[np.int64]:
        """Return the fewest and the most days a person can work up to each day.

        No legal row is outside; shape ``(days, 2)``.
        """
        days = self.case.days
        anything = np.stack([np.zeros(days), np.arange(1, days + 1)], axis=1)
        if self._start[agent] < 0:
            return anything.astype(int)
        legal = self.cells[agent] < NEVER
        counts = np.full((2, int(self._start[agent]) + 1), NEVER)  # fewest, less most
        counts[:, -1] = 0
        reached: list[NDArray[np.float64]] = []
        for block in self._blocks[agent]:
            counts = _least(counts, block.entry, len(block.days[0].first) - 1)
            for arcs in block.days:
                before = np.repeat(counts, np.diff(arcs.first), axis=1)
                work = arcs.shift < legal.shape[1] - 1
                before += np.stack([work, -1 * work])
                before[:, ~legal[len(reached), arcs.shift]] = NEVER
                size = int(arcs.target.max(initial=-1)) + 1
                counts = _least(before, arcs.target, size)
                reached.append(counts.min(axis=1, initial=NEVER) * (1, -1))
        found = np.stack(reached)
        return (found if np.isfinite(found).all() else anything).astype(int)

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
        cells = self.cells[agent]
        states = np.array([self._start[agent]], np.intp)
        costs, ways = np.zeros(1), np.zeros((1, 0), np.int16)
        totals = np.zeros((1, len(self._tallies)), np.int64)
        day = 0
        for block in self._blocks[agent]:
            states = np.where(states < 0, -1, block.entry[states])
            alive = states >= 0
            states, costs, ways = states[alive], costs[alive], ways[alive]
            totals = totals[alive]
            for arcs in block.days:
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
                totals = totals[among] + arcs.adds[taken]
                if day in days:
                    chosen = arcs.shift[taken].astype(np.int16)
                    chosen[chosen == cells.shape[1] - 1] = OFF
                    ways = np.hstack([ways, chosen[:, None]])
                day += 1
        limits = self._limits([agent], range(len(self._tallies)))
        for number, total in enumerate(totals.T):
            costs = costs + limits.charge(number, total)[0]
        legal = costs < NEVER
        return ways[legal], costs[legal]


class Best(NamedTuple):
    """The cheapest row of one person.

    Attributes
    ----------
    row
        Shift or ``OFF``; shape ``(days,)``.
    cost
        What the rules charge.
    least
        No legal row costs less, prices included: less than this one where limits of
        single shifts were met by making these dearer.
    """

    row: NDArray[np.int16]
    cost: float
    least: float


@dataclass(frozen=True)
class Cheapest:
    """The cheapest rows of some people.

    Attributes
    ----------
    rows
        Shift or ``OFF``; shape ``(people, days)``.
    costs
        What the rules charge; ``NEVER`` where no legal row was found. ``(people,)``.
    least
        No legal row costs less, prices included; shape ``(people,)``.
    """

    rows: NDArray[np.int16]
    costs: NDArray[np.float64]
    least: NDArray[np.float64]


def _tallied(case: Case, tally: Tally) -> _Part:
    """Return a tally as a part: what it adds stands for the cost."""

    def step(state: Any, column: int, shift: int, _: int) -> tuple[Hashable, int]:
        return tally.step(state, column, shift)

    memory = Memory(tally.start, step, tally.sees)
    contexts = np.zeros((1, case.span), np.int64)
    return _Part(case, float, memory, [tally.start], contexts)


def _least(
    values: NDArray[np.float64], places: NDArray[np.intp], size: int
) -> NDArray[np.float64]:
    """Return the least of the values that come to each place; none come to -1."""
    found = np.full((len(values), size), NEVER)
    there = np.flatnonzero(places[: values.shape[1]] >= 0)
    for row, value in zip(found, values[:, there], strict=True):
        np.minimum.at(row, places[there], value)
    return found


def weekly(rule: Rule) -> Rule:
    """Return the rule as paths keep it: hours week by week, all others as they are."""
    if isinstance(rule, HoursAverage | HoursUnder) and rule.cycle != "week":
        return replace(rule, cycle="week")
    return rule


def _ways(
    blocks: Sequence[Block], priced: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the least cost from the source of each arc to the end, through it."""
    ways: list[NDArray[np.float64]] = []
    value = np.zeros(int(blocks[-1].days[-1].target.max(initial=0)) + 1)
    day = len(priced)
    for block in reversed(blocks):
        for arcs in reversed(block.days):
            day -= 1
            way = value[arcs.target]
            way += priced[day][arcs.shift]
            way += arcs.cost
            ways.append(way)
            value = np.minimum.reduceat(way, arcs.first[:-1])
        value = np.append(value, NEVER)[block.entry]
    ways.reverse()
    return ways
