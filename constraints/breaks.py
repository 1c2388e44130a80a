"""Breaks: a meal in every long shift, and never too many people away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Rule, Text, Where

Break = tuple[str, int, int]  # kind, start, end in minutes on the clock's axis


@dataclass(frozen=True, kw_only=True)
class MealBreak(Rule):
    """A long shift holds a meal break, and no stretch of it is too long.

    Attributes
    ----------
    after_minutes
        A shift whose span is longer than this needs breaks.
    meal_minutes, rest_minutes
        Length of the meal break, and of a second, paid rest break (0 = none).
    paid
        Whether the meal break is paid.
    step_minutes
        Grid on which breaks start; None = 15, and 30 where the interval is 30 or more.
    earliest_minutes, latest_before_end_minutes
        A break starts no earlier after the start of the shift, and ends no later
        before its end.
    longest_stretch_minutes
        Longest stretch of a shift without a break.
    most_away
        Share of the people in a shift who may be on a break in an interval; one may
        always be.
    """

    id = "breaks.meal"
    unit = "min"
    joint = True
    meaning = Text(
        en="A {rule.meal_minutes} min meal break in shifts of more than "
        "{rule.after_minutes} min; no stretch over "
        "{rule.longest_stretch_minutes} min.",
        zh="超过 {rule.after_minutes} 分钟的班次安排 {rule.meal_minutes} 分钟用餐;"
        "连续工作不超过 {rule.longest_stretch_minutes} 分钟。",
    )
    text = Text(en="{sentence_en}", zh="{sentence_zh}")
    source = "Bank rule book R05; Directive 2003/88/EC Art. 4"

    after_minutes: int = 360
    meal_minutes: int = 30
    rest_minutes: int = 0
    paid: bool = False
    step_minutes: int | None = None
    earliest_minutes: int = 90
    latest_before_end_minutes: int = 60
    longest_stretch_minutes: int = 360
    most_away: float = 0.34

    def unpaid_minutes(self, span: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the unpaid minutes of shifts of some spans; shape as given."""
        due = (span > self.after_minutes) & (not self.paid)
        return np.asarray(np.where(due, self.meal_minutes, 0))

    # -- where breaks can lie -------------------------------------------------------
    def ways(self, case: Case, start: int, end: int) -> list[tuple[Break, ...]]:
        """Return the ways to break a shift that starts and ends at some minutes.

        The best there are: without fault where the shift allows it, else with the
        least. A short shift has one way, without any break.
        """
        if end - start <= self.after_minutes:
            return [()]
        step = self.step_minutes
        if step is None:
            step = 30 if case.clock.interval_minutes >= 30 else 15
        kinds = [("meal", self.meal_minutes), ("rest", self.rest_minutes)]
        places = [
            self._places(kind, minutes, start, end, step)
            for kind, minutes in kinds
            if minutes
        ]
        ways = [way for way in product(*places) if _apart(way, step)]
        faults = [self.fault(start, end, way) for way in ways]
        least = min(faults, default=0)
        best = [way for way, fault in zip(ways, faults, strict=True) if fault == least]
        return best or [()]

    def _places(
        self, kind: str, minutes: int, start: int, end: int, step: int
    ) -> list[Break]:
        earliest = start + self.earliest_minutes
        latest = end - self.latest_before_end_minutes - minutes
        first = -(-earliest // step) * step
        begins = list(range(first, latest + 1, step)) or [(start + end - minutes) // 2]
        return [(kind, begin, begin + minutes) for begin in begins]

    def fault(self, start: int, end: int, breaks: Sequence[Break]) -> int:
        """Return the minutes missing, or else beyond the longest stretch.

        A break that does not lie wholly in the window of its shift counts for nothing.
        """
        if end - start <= self.after_minutes:
            return 0
        earliest = start + self.earliest_minutes
        latest = end - self.latest_before_end_minutes
        valid = sorted(
            (b, e, kind) for kind, b, e in breaks if earliest <= b and e <= latest
        )
        taken = {"meal": 0, "rest": 0}
        stretch, since = 0, start
        for begin, finish, kind in valid:
            taken[kind] += finish - begin
            stretch, since = max(stretch, begin - since), finish
        missing = max(0, self.meal_minutes - taken["meal"])
        missing += max(0, self.rest_minutes - taken["rest"])
        beyond = max(stretch, end - since) - self.longest_stretch_minutes
        return missing or max(0, beyond)

    # -- encode ---------------------------------------------------------------------
    def encode(self, draft: Draft) -> None:
        """Charge the fault of the way each shift is broken, and people away."""
        for where, literal, start, end, breaks in draft.breaks_taken():
            fault = self.fault(start, end, breaks)
            if fault:
                draft.charge(literal, where, amount=fault)
        for interval in draft.intervals:
            draft.share_at_most(
                draft.on_break(interval),
                draft.scheduled(interval),
                self.most_away,
                Where(interval=interval),
            )

    # -- check ----------------------------------------------------------------------
    def check(self, roster: Roster) -> Iterator[Finding]:
        """Measure the breaks of all shifts at once, then who is away."""
        yield from self._check_shifts(roster)
        people, away = roster.scheduled, roster.on_break
        most = np.maximum(1, np.floor(self.most_away * people + 1e-9)).astype(int)
        for interval in np.flatnonzero(away > most):
            count, limit = int(away[interval]), int(most[interval])
            stamp = roster.case.clock.stamp(int(interval))
            yield Finding(
                where=Where(interval=int(interval)),
                amount=count - limit,
                facts={
                    "sentence_en": f"{stamp}: {count} people on a break; "
                    f"{limit} may be at a time.",
                    "sentence_zh": f"{stamp}:{count} 人同时休息,最多 {limit} 人。",
                },
            )

    def _check_shifts(self, roster: Roster) -> Iterator[Finding]:
        case = roster.case
        agent, day = np.nonzero(roster.table >= 0)
        shift = roster.table[agent, day]
        start, end = (at[day + case.past, shift] for at in (case.start, case.end))
        long = end - start > self.after_minutes
        agent, day, start, end = (part[long] for part in (agent, day, start, end))
        missing, beyond = self._faults(roster, agent, day, start, end)
        for seat in np.flatnonzero((missing > 0) | (beyond > 0)):
            person, on = case.agents[agent[seat]].id, case.clock.date(int(day[seat]))
            lacks = int(missing[seat])
            over = int(beyond[seat])
            yield Finding(
                where=Where(agent=int(agent[seat]), day=int(day[seat])),
                amount=lacks or over,
                facts={
                    "sentence_en": f"{person} lacks {lacks} min of break on {on}."
                    if lacks
                    else f"{person} works {over} min too long on end on {on}.",
                    "sentence_zh": f"{person} 在 {on} 缺少 {lacks} 分钟休息。"
                    if lacks
                    else f"{person} 在 {on} 连续工作超出 {over} 分钟。",
                },
            )

    def _faults(
        self,
        roster: Roster,
        agent: NDArray[np.int64],
        day: NDArray[np.int64],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return minutes missing, and minutes beyond the stretch; one per shift."""
        seat_of = np.full(roster.table.shape, -1)
        seat_of[agent, day] = np.arange(len(agent))
        breaks = roster.breaks
        breaks = breaks.pick(seat_of[breaks.agent, breaks.day] >= 0)
        seat = seat_of[breaks.agent, breaks.day]
        valid = breaks.start >= start[seat] + self.earliest_minutes
        valid &= breaks.end <= end[seat] - self.latest_before_end_minutes
        breaks, seat = breaks.pick(valid), seat[valid]
        length = breaks.end - breaks.start
        meal, rest = np.zeros((2, len(agent)), np.int64)
        np.add.at(meal, seat, length * (breaks.kind == "meal"))
        np.add.at(rest, seat, length * (breaks.kind == "rest"))
        missing = np.maximum(0, self.meal_minutes - meal)
        missing += np.maximum(0, self.rest_minutes - rest)
        # Stretches lie between neighbours of: start, breaks in order, end.
        seats = np.concatenate([np.arange(len(agent)), seat, np.arange(len(agent))])
        begins = np.concatenate([start, breaks.start, end])
        ends = np.concatenate([start, breaks.end, end])
        order = np.lexsort((begins, seats))
        seats, begins, ends = seats[order], begins[order], ends[order]
        gap = np.where(seats[1:] == seats[:-1], begins[1:] - ends[:-1], 0)
        stretch = np.zeros(len(agent), np.int64)
        np.maximum.at(stretch, seats[1:], gap)
        beyond = np.maximum(0, stretch - self.longest_stretch_minutes)
        return missing, beyond


def _apart(way: Sequence[Break], step: int) -> bool:
    """Whether breaks neither overlap nor touch."""
    ordered = sorted(way, key=lambda taken: taken[1])
    return all(later[1] - earlier[2] >= step for earlier, later in pairwise(ordered))
