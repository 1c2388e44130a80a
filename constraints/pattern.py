"""The strict cycle: six days on, one day off, the rest weekday moving now and then."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Memory, Rule, Text, Where
from constraints.sequence import run_lengths

WINDOW = 28
AWAY, LEAVE_NEXT = 1, 2  # what a day can be beside free and worked
ROTATIONS = ("backward", "none")


@dataclass(frozen=True, kw_only=True)
class SixOnOneOff(Rule):
    """Everybody works ``on`` days and rests ``off``, again and again.

    Out of pattern are a day of work beyond ``on`` running, a day of rest beyond
    ``off + 1`` running, and each exception beyond those allowed in 28 days. An
    exception is a run ended early (it moves the rest weekday backward) or one day of
    rest more than ``off`` (it moves it forward). Runs cut by the start of the history
    or the end of the horizon are no exceptions; a run that touches leave uses none, as
    a leave day may stand for a day on or off.

    Attributes
    ----------
    on, off
        Days of work and of rest in a cycle.
    rotation
        ``backward``: exceptions rotate the rest weekday; ``none``: no exception at all.
    exceptions
        Exceptions per person in any 28 days.
    """

    id = "pattern.six_on_one_off"
    unit = "days"
    meaning = Text(
        en="{rule.on} days on, {rule.off} off, with at most {rule.exceptions} "
        "exceptions in 28 days to rotate the rest weekday.",
        zh="做 {rule.on} 休 {rule.off},28 天内最多 {rule.exceptions} 次例外"
        "以轮换休息日。",
    )
    text = Text(
        en="{agent} is out of the {rule.on}-on-{rule.off}-off pattern on {date}.",
        zh="{agent} 在 {date} 不符合做 {rule.on} 休 {rule.off}。",
    )
    source = "Bank rule book; E-commerce rule book R37 (RULES C5)"

    on: int = 6
    off: int = 1
    rotation: str = "backward"
    exceptions: int = 2

    def __post_init__(self) -> None:
        if self.rotation not in ROTATIONS:
            raise ValueError(
                f"Expected rotation to be one of {', '.join(ROTATIONS)}, "
                f'got "{self.rotation}".'
            )

    def reach(self) -> int:
        """Return the days in which exceptions count, and a run before."""
        return WINDOW + self.on

    @property
    def _allowed(self) -> int:
        return 0 if self.rotation == "none" else self.exceptions

    def first_column(self, case: Case, agent: int) -> int:
        """Return the first column of the span that is known of a person."""
        joined = int(np.argmax(case.employed[agent]))
        return max(joined, 0 if case.known[agent] else case.past)

    # -- encode ---------------------------------------------------------------------
    def encode(self, draft: Draft) -> None:
        """Name each way of being out of pattern on a day, as sets of literals."""
        case = draft.case
        for agent in draft.agents:
            first = self.first_column(case, agent)
            events: dict[int, Literal] = {}
            for column in range(first, case.span):
                events[column] = draft.forced(self._events(draft, agent, column, first))
                day = column - case.past
                if day not in draft.days:
                    continue
                sets = self._breaches(draft, agent, column, first)
                recent = [
                    (1, events[c])
                    for c in range(max(first, column - WINDOW + 1), column)
                ]
                spent = draft.reaches(recent, self._allowed)
                sets.append([events[column], spent])
                draft.charge(draft.forced(sets), Where(agent=agent, day=day))

    def _rests(self, draft: Draft, agent: int, column: int) -> Literal:
        case = draft.case
        if case.on_leave[agent, column] or not case.employed[agent, column]:
            return 0
        return draft.off(agent, column - case.past)

    def _events(
        self, draft: Draft, agent: int, column: int, first: int
    ) -> list[list[Literal]]:
        case = draft.case
        rests = self._rests(draft, agent, column)
        sets = []
        for length in range(1, self.on):
            start = column - length
            if start - 1 < first:
                break
            run = [draft.working(agent, c - case.past) for c in range(start, column)]
            sets.append([rests, *run, self._rests(draft, agent, start - 1)])
        start = column - self.off
        ends_in_leave = column + 1 < case.span and case.on_leave[agent, column + 1]
        if start - 1 >= first and not ends_in_leave:
            free = [self._rests(draft, agent, c) for c in range(start, column)]
            worked = draft.working(agent, start - 1 - case.past)
            sets.append([rests, *free, worked])
        return sets

    def _breaches(
        self, draft: Draft, agent: int, column: int, first: int
    ) -> list[list[Literal]]:
        past, sets = draft.case.past, []
        if column - self.on >= first:
            run = range(column - self.on, column + 1)
            sets.append([draft.working(agent, c - past) for c in run])
        if column - self.off - 1 >= first:
            free = range(column - self.off - 1, column + 1)
            sets.append([self._rests(draft, agent, c) for c in free])
        return sets

    # -- memory ---------------------------------------------------------------------
    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the run, what came before it, and when exceptions expire."""
        first, allowed = self.first_column(case, agent), self._allowed

        def step(
            state: tuple[Any, ...], column: int, shift: int, context: int
        ) -> tuple[Any, int]:
            run, rested, rest, worked, expiries = state
            expiries = tuple(expiry for expiry in expiries if expiry > column)
            away, leave_next = context & AWAY, context & LEAVE_NEXT
            if column < first or (shift == OFF and away):
                return (0, False, 0, False, expiries), 0
            if shift != OFF:
                rested = rested if run else rest > 0
                run = min(run, self.on) + 1
                charged = run > self.on and column >= case.past
                return (run, rested, 0, False, expiries), int(charged)
            worked = worked if rest else run > 0
            rest = min(rest, self.off + 1) + 1
            event = (0 < run < self.on and rested) or (
                rest == self.off + 1 and worked and not leave_next
            )
            charged = rest > self.off + 1 or (event and len(expiries) >= allowed)
            if event and allowed:
                expiries = (*expiries, min(column + WINDOW, case.span))[-allowed:]
            state = (0, False, rest, worked, expiries)
            return state, int(charged and column >= case.past)

        return Memory((0, False, 0, False, ()), step)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the first known column of each person."""
        return [self.first_column(case, agent) for agent in range(len(case.agents))]

    def contexts(self, case: Case) -> NDArray[np.int64]:
        """Return whether a person is away, and on leave the day after."""
        away = AWAY * (case.on_leave | ~case.employed)
        away[:, :-1] += LEAVE_NEXT * case.on_leave[:, 1:]
        return np.asarray(away, np.int64)

    # -- check ----------------------------------------------------------------------
    def check(self, roster: Roster) -> Iterator[Finding]:
        """Measure runs of work and of rest along the days of all people at once."""
        case = roster.case
        known = self._known(case)
        works = roster.working & known
        rests = ~roster.working & ~case.on_leave & case.employed & known
        run, rest = run_lengths(works), run_lengths(rests)
        out = (run > self.on) | (rest > self.off + 1)
        events = self._exceptions(case, run, rest, rests)
        spent: NDArray[np.int64] = np.cumsum(events, axis=1) - events
        spent[:, WINDOW:] -= np.cumsum(events, axis=1)[:, :-WINDOW]
        out |= events & (spent >= self._allowed)
        for agent, day in zip(*np.nonzero(out[:, case.past :]), strict=True):
            yield Finding(where=Where(agent=int(agent), day=int(day)), amount=1)

    def _known(self, case: Case) -> NDArray[np.bool_]:
        first = [self.first_column(case, a) for a in range(len(case.agents))]
        return np.arange(case.span) >= np.array(first)[:, None]

    def _exceptions(
        self,
        case: Case,
        run: NDArray[np.int64],
        rest: NDArray[np.int64],
        rests: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Return on which days an exception is used; shape ``(agents, span)``."""
        events = np.zeros(run.shape, bool)
        for agent, column in zip(*np.nonzero(rests), strict=True):
            length = int(run[agent, column - 1]) if column else 0
            before = int(column) - length - 1
            if 0 < length < self.on and before >= 0 and rests[agent, before]:
                events[agent, column] = True
            before = int(column) - self.off - 1
            leave_next = column + 1 < case.span and case.on_leave[agent, column + 1]
            if (
                rest[agent, column] == self.off + 1
                and before >= 0
                and run[agent, before] > 0
                and not leave_next
            ):
                events[agent, column] = True
        return events
