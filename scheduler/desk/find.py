"""Who could take a shift: pairs that swap, rings of three or four, and stand-ins."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Agent
from constraints.roster import Roster
from scheduler.desk.desk import Desk
from scheduler.desk.effects import Effects, judged
from scheduler.desk.leave import LeaveLooked
from scheduler.desk.notice import blocked_days, swap_deadline
from scheduler.desk.requests import LeaveRequest, Leg, SwapRequest
from scheduler.desk.swap_rules import CROSSED, charged
from scheduler.desk.swaps import check_swap
from scheduler.desk.verdict import FAIL, VERDICTS, Verdict

MOST_ROWS = 6_000
"""Rows of people judged at each step of a ring."""
MOST_CHECKED, MOST_FAILED = 30, 80
"""Proposals held against all checks, the best first; and where none of them passes."""
MOST_TOKENS = 60
LONGEST_RING = 4
Token = tuple[int, int]  # day and shift


@dataclass(frozen=True)
class Proposal:
    """A swap that all checks let pass, perhaps on condition.

    Attributes
    ----------
    swap
        Who gives what to whom.
    verdict
        Its checks.
    cost
        What it costs more by soft rules about those who take part.
    """

    swap: SwapRequest
    verdict: Verdict
    cost: int


@dataclass(frozen=True)
class _Step:
    """Somebody who takes one shift and gives another; ``cost`` of all so far."""

    agent: int
    gives: Token
    cost: int
    before: "_Step | None" = None

    def chain(self) -> "list[_Step]":
        """Return the steps from the first on."""
        return [*(self.before.chain() if self.before else ()), self]


class _Search:
    """Looks for rings that begin with one shift of a person."""

    def __init__(self, desk: Desk, agent: int, day: int) -> None:
        self.desk, self.agent, self.day = desk, agent, day
        self.roster, self.case = desk.roster, desk.case
        self.shift = int(self.roster.table[agent, day])

    @cached_property
    def open(self) -> NDArray[np.bool_]:
        """Whether a cell holds a shift that may be swapped; ``(agents, days)``."""
        desk, case = self.desk, self.case
        found = self.roster.table != OFF
        now = case.clock.minute_at(desk.now)
        policy, asked = desk.policy.swap, desk.now.astimezone(case.clock.zone)
        for day in range(case.days):
            due = swap_deadline(policy, case.calendar, case.clock.date(day))
            if asked > due.replace(tzinfo=case.clock.zone):
                found[:, day] = False
            for shift in range(len(case.shifts)):
                begun = case.start[case.past + day, shift] <= now
                if begun or any(blocked_days(desk.policy.holiday, case, day, shift)):
                    found[:, day] &= self.roster.table[:, day] != shift
        for swap in desk.swaps:
            for id, on in swap.places if swap.pending else swap.taken:
                place = (desk.agents.get(id), desk.day(on))
                if None not in place:
                    found[place] = False
        return np.asarray(found & ~self.asked_leave)

    @cached_property
    def asked_leave(self) -> NDArray[np.bool_]:
        """Whether somebody has asked for leave of a day; ``(agents, days)``."""
        desk, case = self.desk, self.case
        found = np.zeros((len(case.agents), case.days), bool)
        for leave in desk.leaves:
            agent = desk.agents.get(leave.agent)
            if leave.pending and agent is not None:
                first, last = map(case.clock.day, (leave.begins, leave.last))
                found[agent, max(0, first) : max(0, last + 1)] = True
        return found

    @cached_property
    def like(self) -> NDArray[np.bool_]:
        """Who is like the person enough to swap with at all; ``(agents,)``."""
        policy, mine = self.desk.policy.swap, self.case.agents[self.agent]

        def fits(number: int) -> bool:
            one = self.case.agents[number]
            near = None in (one.level, mine.level) or (
                abs((one.level or 0) - (mine.level or 0)) <= policy.level_gap
            )
            team = one.team == mine.team or CROSSED[policy.cross_team] != FAIL
            return one.job_type == mine.job_type and near and team

        people = range(len(self.case.agents))
        found = np.array([number != self.agent and fits(number) for number in people])
        for id in self._spent():
            found[self.desk.agents[id]] = False
        return found

    def _spent(self) -> Iterator[str]:
        """Yield whose swaps of the month are used up."""
        desk = self.desk
        spent = dict(desk.charged)
        for swap in desk.swaps:
            for place, count in charged(desk, swap).items():
                spent[place] = spent.get(place, 0) + count
        month = self.on(self.day).isoformat()[:7]
        for (id, when), count in spent.items():
            full = when == month and count >= desk.policy.swap.per_month
            if full and id in desk.agents:
                yield id

    def on(self, day: int) -> date:
        """Return the date of a day."""
        return self.case.clock.date(day)

    # -- what the person themself could take ------------------------------------------
    @cached_property
    def wanted(self) -> dict[Token, int]:
        """What the person could take in return, and what that costs."""
        tokens = {
            (int(day), int(self.roster.table[agent, day]))
            for agent, day in np.argwhere(self.open & self.like[:, None])
        } - {(self.day, self.shift)}
        free = [t for t in tokens if self._could(self.agent, t, self.day)]
        return dict(self._judged([(self.agent, self.day, t) for t in sorted(free)]))

    def _could(self, agent: int, token: Token, given: int) -> bool:
        """Whether somebody is free on a day, and may work a shift, giving another."""
        day, shift = token
        free = self.roster.table[agent, day] == OFF or day == given
        free = free and not self.asked_leave[agent, day]
        return bool(free and self.case.free_to_work[agent, day, shift])

    def _judged(
        self, rows: list[tuple[int, int, Token]]
    ) -> Iterator[tuple[Token, int]]:
        """Yield what can be taken, of rows of person, day given and token taken."""
        for (_, _, token), cost in self._costs(rows):
            yield token, cost

    def _costs(
        self, rows: list[tuple[int, int, Token]]
    ) -> list[tuple[tuple[int, int, Token], int]]:
        """Return the rows that are legal, with what each costs."""
        if not rows:
            return []
        people = [agent for agent, _, _ in rows]
        table = self.roster.table[people]
        for place, (_, given, (day, shift)) in enumerate(rows):
            table[place, given] = OFF
            table[place, day] = shift
        found = judged(self.roster, people, table)
        return [
            (row, int(cost))
            for row, legal, cost in zip(rows, found.legal, found.cost, strict=True)
            if legal
        ]

    # -- rings ------------------------------------------------------------------------
    def rings(self) -> Iterator[list[list[_Step]]]:
        """Yield rings of two, then of three, then of four people, cheapest first."""
        start: Token = (self.day, self.shift)
        ends: dict[Token, list[_Step | None]] = {start: [None]}
        for length in range(2, LONGEST_RING + 1):
            if length == 2:
                closing = self._steps(ends, closing=True)
                yield self._ranked(closing)
            steps = self._steps(ends, closing=False)
            if length > 2:
                yield self._ranked([s for s in steps if s.gives in self.wanted])
            ends = self._frontier(steps)

    def _ranked(self, steps: list[_Step]) -> list[list[_Step]]:
        closed = sorted(steps, key=lambda s: s.cost + self.wanted[s.gives])
        return [step.chain() for step in closed]

    def _frontier(self, steps: list[_Step]) -> dict[Token, list[_Step | None]]:
        """Return the cheapest ways to each token, for the next person to take."""
        ends: dict[Token, list[_Step | None]] = {}
        for step in sorted(steps, key=lambda step: step.cost):
            there = ends.setdefault(step.gives, [])
            if len(there) < 2:
                there.append(step)
        return dict(list(ends.items())[:MOST_TOKENS])

    def _steps(
        self, ends: dict[Token, list[_Step | None]], *, closing: bool
    ) -> list[_Step]:
        """Return legal steps on from what is given: who takes it and gives what."""
        rows: list[tuple[int, int, Token]] = []
        share = max(1, MOST_ROWS // max(1, len(ends)))
        for token in ends:
            rows += self._rows(token, closing=closing)[: None if closing else share]
        steps = []
        for (agent, given, token), cost in self._costs(rows):
            gives = (given, int(self.roster.table[agent, given]))
            for before in ends[token]:
                taken = [] if before is None else [s.agent for s in before.chain()]
                spent = 0 if before is None else before.cost
                if agent not in taken:
                    steps.append(_Step(agent, gives, spent + cost, before))
        return steps

    def _rows(self, token: Token, *, closing: bool) -> list[tuple[int, int, Token]]:
        """Return who could take a token giving which day; those that close come first.

        Otherwise in an order that depends on the ids alone, spread over people.
        """
        day, _ = token
        able = np.flatnonzero(self.like & self.case.free_to_work[:, day, token[1]])
        rows = []
        for agent in able.tolist():
            for given in np.flatnonzero(self.open[agent]).tolist():
                gives = (given, int(self.roster.table[agent, given]))
                if gives == token or not self._could(agent, token, given):
                    continue
                if gives in self.wanted or not closing:
                    rows.append((agent, given, token))
        far = len(self.case.agents)
        return sorted(
            rows,
            key=lambda row: (
                (row[1], int(self.roster.table[row[0], row[1]])) not in self.wanted,
                (row[0] * 7919 + row[1] * 104_729) % (far + 1),
                row,
            ),
        )

    def swap(self, ring: list[_Step]) -> SwapRequest:
        """Return the swap of a ring."""
        agents = [self.agent, *(step.agent for step in ring)]
        gives = [(self.day, self.shift), *(step.gives for step in ring)]
        ids = [self.case.agents[agent].id for agent in agents]
        legs = tuple(
            Leg(giver, taker, self.on(day), self.case.shifts[shift].code)
            for giver, taker, (day, shift) in zip(
                ids, [*ids[1:], ids[0]], gives, strict=True
            )
        )
        return SwapRequest(
            by=ids[0], submitted=self.desk.now, version=self.desk.version, legs=legs
        )


def find_swaps(
    desk: Desk, agent: str, on: date, *, most: int = 10, least: int = 2
) -> list[Proposal]:
    """Return swaps by which somebody gets rid of a shift, best first, all checked.

    Pairs first; where none is let pass, rings of three people, then of four.

    Parameters
    ----------
    agent, on
        Whose shift of which date.
    most
        Proposals at the most.
    least
        People who take part at the least: 3 passes over pairs.

    Raises
    ------
    ValueError
        There is no such person, or no shift of theirs.

    Examples
    --------
    >>> from scheduler.desk.examples import small_desk
    >>> desk = small_desk(["DD-DD--", "-DDD-D-"])
    >>> found = find_swaps(desk, "A1", date(2026, 3, 2))
    >>> [(leg.giver, str(leg.day)) for leg in found[0].swap.legs]
    [('A1', '2026-03-02'), ('A2', '2026-03-04')]
    """
    number, day = desk.agents.get(agent), desk.day(on)
    if number is None:
        raise ValueError(f"Expected somebody of agents.csv, got {agent}.")
    if day is None or desk.roster.table[number, day] == OFF:
        raise ValueError(f"Expected a day on which {agent} works, got {on}.")
    search = _Search(desk, number, day)
    for rings in search.rings():
        long = [ring for ring in rings if len(ring) + 1 >= least]
        found = _passing(search, long)
        if found:
            found.sort(key=lambda one: (_worst(one.verdict), one.cost))
            return found[:most]
    return []


def _passing(search: _Search, rings: list[list[_Step]]) -> list[Proposal]:
    """Return the rings that all checks let pass, of the best ones."""
    found: list[Proposal] = []
    for count, ring in enumerate(rings[:MOST_FAILED]):
        if count >= MOST_CHECKED and found:
            break
        swap = search.swap(ring)
        verdict = check_swap(search.desk, swap)
        if verdict.verdict != FAIL:
            cost = ring[-1].cost + search.wanted[ring[-1].gives]
            found.append(Proposal(swap, verdict, cost))
    return found


def _worst(verdict: Verdict) -> int:
    return VERDICTS.index(verdict.verdict)


# -- who stands in --------------------------------------------------------------------


@dataclass(frozen=True)
class StandIn:
    """Somebody who could take over a shift of a person on leave.

    Attributes
    ----------
    leg
        The shift, and who takes it.
    levels
        Difference in level.
    cost
        What it costs more by soft rules about them.
    room
        Minutes left in the tightest cycle of hours that it counts in.
    nights
        Nights they have in the roster without it.
    """

    leg: Leg
    levels: int
    cost: int
    room: int
    nights: int


def find_stand_ins(
    desk: Desk, leave: LeaveRequest, *, most: int = 5
) -> dict[date, list[StandIn]]:
    """Return who could take over each shift of somebody on leave, best first.

    They have the skills, are free that day, and keep every rule about themselves.
    Those near in level come first, then those whom it suits best, then those with most
    hours to spare, then those with the fewest nights.

    Examples
    --------
    >>> from scheduler.desk.examples import leave_of, small_desk
    >>> desk = small_desk(["DD-DD--", "-DDD-D-"])
    >>> found = find_stand_ins(desk, leave_of(desk, "A1:2026-03-02", "sick"))
    >>> [(str(on), [one.leg.taker for one in ranked]) for on, ranked in found.items()]
    [('2026-03-02', ['A2'])]
    """
    looked = LeaveLooked(desk, leave)
    case, roster = desk.case, desk.roster
    nights = roster.works_class("night")[:, case.past :].sum(axis=1)
    found = {}
    for day, shift in looked.given_up:
        free = case.free_to_work[:, day, shift] & (roster.table[:, day] == OFF)
        free[looked.agent] = False
        people = np.flatnonzero(free)
        table = roster.table[people]
        table[:, day] = shift
        rows = judged(roster, people.tolist(), table)
        after = roster.table.copy()
        after[people, day] = shift
        legal = people[rows.legal].tolist()
        room = _room(desk, Roster(case, after, overtime=roster.overtime), legal)
        ranked = [
            StandIn(
                Leg(leave.agent, case.agents[who].id, case.clock.date(day)),
                _apart(case.agents[looked.agent], case.agents[who]),
                int(cost),
                room[who],
                int(nights[who]),
            )
            for who, cost in zip(legal, rows.cost[rows.legal], strict=True)
        ]
        ranked.sort(key=lambda one: (one.levels, one.cost, -one.room, one.nights))
        found[case.clock.date(day)] = ranked[:most]
    return found


def _apart(one: Agent, other: Agent) -> int:
    if one.level is None or other.level is None:
        return 0
    return abs(one.level - other.level)


def _room(desk: Desk, after: Roster, people: list[int]) -> dict[int, int]:
    """Return the minutes that people would have left where their hours change."""
    effects = Effects(desk.standing, after, people)
    found = dict.fromkeys(people, 0)
    left: dict[int, int] = {}
    for who, _, _, _, minutes, cap in effects.minutes():
        left[who] = min(left.get(who, cap - minutes), cap - minutes)
    return found | left
