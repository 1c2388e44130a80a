"""Breaks: placed against the requirement, day by day, never breaking the floor."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.roster import Duties, Roster
from forecasts.clock import DAY
from scheduler.engine.model import BROKEN
from scheduler.engine.starts import Way, start_of

ROUNDS = 4
BREAKS = ("meal", "rest")


def place_breaks(roster: Roster) -> Roster:
    """Return the roster with breaks placed anew, each where it costs least.

    Shifts are broken one after the other, those with the fewest choices first, and
    then moved as long as that helps. The cost of a head away is what
    ``coverage.need`` charges, and much more below the floor or beyond the share of
    people who may be away.

    Examples
    --------
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(days=1, rules=read_rules("bank"))
    >>> broken = place_breaks(Roster.from_codes(case, ["D", "D"]))
    >>> [(kind, start // 60) for _, _, kind, start, _ in broken.duties.rows()]
    [('meal', 14), ('meal', 9)]
    """
    return _Breaks(replace(roster, duties=Duties.of(()))).place()


def place_again(roster: Roster, days: Iterable[int]) -> Roster:
    """Return the roster with the breaks of some days placed anew, all else as it is.

    Parameters
    ----------
    days
        Days on which the shifts start.

    Examples
    --------
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(days=2, rules=read_rules("bank"))
    >>> both = place_again(Roster.from_codes(case, ["DD", "DD"]), [1])
    >>> [(agent, day) for agent, day, *_ in both.duties.rows()]
    [(0, 1), (1, 1)]
    """
    again = set(days)
    near = {day + step for day in again for step in (-1, 0, 1)}
    far = [day for day in range(roster.case.days) if day not in near]
    table = roster.table.copy()
    table[:, far] = OFF  # heads of other days do not matter
    placed = place_breaks(Roster(roster.case, table)).duties
    assert placed is not None
    kept = [
        row
        for row in (roster.duties or Duties.of(())).rows()
        if row[1] not in again or row[2] not in BREAKS
    ]
    fresh = [row for row in placed.rows() if row[1] in again]
    return roster.with_duties(Duties.of([*kept, *fresh]))


def spread_tail(roster: Roster) -> Roster:
    """Return the roster with breaks beyond the horizon taken in turns.

    The last night's breaks lie in the next period, which knows the people of that
    night and not its own yet: as few as can be are away at a time. Nothing within the
    horizon changes.

    Examples
    --------
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(people=3, days=1, rules=read_rules("bank"))
    >>> roster = spread_tail(place_breaks(Roster.from_codes(case, ["N", "N", "N"])))
    >>> len({start for _, _, _, start, _ in roster.duties.rows()})
    3
    """
    case, last = roster.case, roster.case.days - 1
    if roster.duties is None:
        return roster
    ends, away = int(case.midnight[-1]), np.zeros(2 * DAY, np.int64)
    tonight = (roster.duties.day == last) & np.isin(roster.duties.kind, BREAKS)
    rows = roster.duties.pick(~tonight).rows()
    chosen: dict[int, Way] = {}
    open_ended: dict[int, list[Way]] = {}
    held = roster.duties.pick(tonight).by_shift()
    for (agent, _), parts in held.items():
        mine = tuple((kind, start, end) for start, end, kind in parts)
        chosen[agent] = mine
        fixed = {part for part in mine if part[1] < ends}
        ways = [
            way
            for way, _ in start_of(case, last, int(roster.table[agent, last])).ways
            if {part for part in way if part[1] < ends} == fixed
        ]
        if set(mine) in map(set, ways) and len(fixed) < len(mine):
            open_ended[agent] = ways
        else:  # within the horizon, or broken by other hands: it stays
            _count(away, mine, ends)
    for agent, ways in open_ended.items():
        crowds = [max(_there(away, way, ends), default=0) for way in ways]
        chosen[agent] = ways[int(np.argmin(crowds))]
        _count(away, chosen[agent], ends)
    rows += [(agent, last, *part) for agent, way in chosen.items() for part in way]
    return roster.with_duties(Duties.of(rows))


def _count(away: NDArray[np.int64], way: Way, ends: int) -> None:
    """Count somebody as away beyond the horizon."""
    for _, start, end in way:
        away[max(0, start - ends) : max(0, end - ends)] += 1


def _there(away: NDArray[np.int64], way: Way, ends: int) -> list[int]:
    """Return how many are away at most in each break beyond the horizon."""
    beyond = (part for part in way if part[1] >= ends)
    return [int(away[s - ends : e - ends].max()) for _, s, e in beyond]


class _Breaks:
    """Counts of people in a shift and away, kept up as breaks are placed."""

    def __init__(self, roster: Roster) -> None:
        case = roster.case
        self.roster = roster
        self.people, self.phone = roster.scheduled, roster.phone_by_set.copy()
        self.away = np.zeros_like(self.people)
        self.skills = case.skill_sets
        need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
        self.short, self.over = np.zeros(case.clock.intervals, np.int64), 0
        if isinstance(need, CoverageNeed):
            self.short, self.over = need.short_prices(case), need.over_price
        self.floor = floor.floor(case) if isinstance(floor, CoverageFloor) else 0
        share = getattr(case.rule("breaks.meal"), "most_away", 1.0)
        self.most = np.maximum(1, np.floor(share * self.people + 1e-9))
        self.need = case.requirement.heads
        self.counted = case.counted
        self.ways: dict[tuple[int, int], list[tuple[Way, NDArray[np.intp]]]] = {}

    def place(self) -> Roster:
        """Place all breaks, then move them while that helps."""
        case, table = self.roster.case, self.roster.table
        seats = [
            (int(agent), int(day), int(table[agent, day]))
            for day in range(case.days)
            for agent in np.flatnonzero(table[:, day] != OFF)
        ]
        seats.sort(key=lambda seat: (seat[1], len(self._ways(*seat[1:])), seat[2]))
        chosen = {seat: self._take(seat) for seat in seats}
        for _ in range(ROUNDS):
            moved = False
            for seat in seats:
                before = chosen[seat]
                self._go(seat, before, -1)
                chosen[seat] = self._take(seat, prefer=before)
                moved |= chosen[seat] != before
            if not moved:
                break
        placed = Duties.of(
            (agent, day, *taken)
            for (agent, day, shift), number in chosen.items()
            for taken in self._ways(day, shift)[number][0]
        )
        return spread_tail(self.roster.with_duties(placed))

    def _ways(self, day: int, shift: int) -> list[tuple[Way, NDArray[np.intp]]]:
        """Return ways to break a shift, and the intervals each takes from the phone."""
        if (day, shift) not in self.ways:
            start = start_of(self.roster.case, day, shift)
            self.ways[day, shift] = [
                (way, np.array(start.away(number), np.intp))
                for number, (way, _) in enumerate(start.ways)
            ]
        return self.ways[day, shift]

    def _take(self, seat: tuple[int, int, int], prefer: int = 0) -> int:
        """Take the cheapest way to break a shift."""
        ways, skills = self._ways(*seat[1:]), int(self.skills.of[seat[0]])
        costs = [self._cost(gone, skills) for _, gone in ways]
        best = min(range(len(ways)), key=lambda n: (costs[n], n != prefer, n))
        self._go(seat, best, 1)
        return best

    def _go(self, seat: tuple[int, int, int], number: int, heads: int) -> None:
        """Count a person as away in one of the ways to break a shift, or back."""
        gone = self._ways(*seat[1:])[number][1]
        self.away[gone] += heads
        self.phone[self.skills.of[seat[0]], gone] -= heads

    def _cost(self, gone: NDArray[np.intp], skills: int) -> int:
        """Return what one head less on the phone costs in some intervals."""
        phone, need = self.phone[:, gone], self.need[:, gone]
        able = self.skills.able
        cost = np.zeros(len(gone), np.int64)
        if able[skills]:
            before = self.skills.short(need, phone)
            phone[skills] -= 1
            lost = self.skills.short(need, phone) > before
            cost = np.where(lost, self.short[gone], -self.over)
        cost = cost + BROKEN * (phone[able].sum(axis=0) < self.floor)
        cost = np.where(self.counted[gone], cost, 0)
        cost = cost + BROKEN * (self.away[gone] + 1 > self.most[gone])
        return int(cost.sum())
