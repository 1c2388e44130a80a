"""A day under way: what is frozen, what is short, what people could do otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, OPEN, Case
from constraints.hours import HoursOvertime
from constraints.roster import PHONE, Duties, Roster, tiles
from scheduler.desk.checks import SESSIONS
from scheduler.desk.desk import Desk
from scheduler.desk.effects import judged, without
from scheduler.desk.sheet import SICK, Sheet
from scheduler.engine.breaks import BREAKS
from scheduler.engine.starts import Way, start_of

MOST_WAYS = 12
"""Ways to break a shift that are looked at for each person."""
Part = tuple[str, int, int]  # kind, start and end of what is off the phone
Otherwise = tuple[str, int, list[Part], int, int]
"""Lever, shift, what is off the phone, overtime and number of changes."""


@dataclass(frozen=True)
class Change:
    """What a person could do otherwise today.

    Attributes
    ----------
    agent
        Index of the person.
    lever
        ``breaks``, ``duties``, ``moves``, ``overtime`` or ``call_in``.
    shift
        What they would work.
    away
        Kind, start and end of what keeps them from the phone, on the clock's axis.
    overtime
        Minutes booked beyond what is booked now.
    count
        How many changes that is: a shift is one, each break or duty one.
    gain, there, rests
        People more or fewer in each interval of the window: on the phone, in a shift,
        and on a break.
    """

    agent: int
    lever: str
    shift: int
    away: tuple[tuple[str, int, int], ...]
    overtime: int
    count: int
    gain: NDArray[np.int64] = field(repr=False, compare=False)
    there: NDArray[np.int64] = field(repr=False, compare=False)
    rests: NDArray[np.int64] = field(repr=False, compare=False)


class Today:
    """A day under way: what is frozen, what is short, and what could be changed."""

    def __init__(
        self,
        desk: Desk,
        absent: Sequence[int],
        expected: Case,
        on: date | None = None,
    ) -> None:
        self.desk, self.policy = desk, desk.policy.replan
        clock = desk.case.clock
        self.now = clock.minute_at(desk.now)
        today = desk.now.astimezone(clock.zone).date()
        day = desk.day(on or today)
        if day is None or (on is not None and on < today):
            begins, ends = max(today, clock.first_day), clock.date(clock.days - 1)
            found = on or today
            raise ValueError(f"Expected a day from {begins} to {ends}, got {found}.")
        self.day, self.absent = day, set(absent)
        self.leave: list[tuple[str, date, date, str]] = []
        self.hit = self._hit(expected)
        self.case = self.hit.case
        until = self.case.end[self.column].max(initial=self.now)
        since = max(self.now, int(self.case.midnight[self.column]))
        first = -(-since // clock.interval_minutes)
        last_one = min(clock.intervals, -(-int(until) // clock.interval_minutes))
        self.window = slice(min(first, last_one), last_one)

    @property
    def column(self) -> int:
        """Column of the span that today is."""
        return self.desk.case.past + self.day

    @cached_property
    def why(self) -> tuple[str, ...]:
        """What is wrong, if anything."""
        found = ["absent"] if self.absent else []
        if self._off_forecast():
            found.append("calls")
        return tuple(found)

    def _off_forecast(self) -> bool:
        """Whether heads needed differ enough, for long enough, from those expected."""
        usual = self.desk.case.requirement.heads[:, self.window].astype(float)
        differ = np.abs(self.case.requirement.heads[:, self.window] - usual)
        off = (differ > self.policy.deviation * np.maximum(usual, 1)).any(axis=0)
        run, longest = 0, 0
        for one in off:
            run = run + 1 if one else 0
            longest = max(longest, run)
        return longest >= self.policy.intervals

    def _hit(self, expected: Case) -> Roster:
        """Return the roster without those absent: leave today, or away from now on."""
        roster = replace(self.desk.roster, case=expected)
        on = expected.clock.date(self.day)
        pins = expected.pins.copy()
        away = (roster.duties or Duties.of(())).by_shift()
        gone: list[tuple[int, int, str, int, int]] = []
        for agent in sorted(self.absent):
            for day in range(max(0, self.day - 1), self.day + 1):
                shift = int(roster.table[agent, day])
                if shift == OFF or self._ends(day, shift) <= self.now:
                    continue
                if self._starts(day, shift) > self.now:
                    roster = without(roster, agent, [day])
                    pins[agent, day] = OPEN
                    self.leave.append((expected.agents[agent].id, on, on, SICK))
                    continue
                rest = tiles(
                    self.now, self._ends(day, shift), away.get((agent, day), ())
                )
                gone += [
                    (agent, day, SICK, s, e) for s, e, kind in rest if kind == PHONE
                ]
        case = Sheet({}, tuple(self.leave)).case(replace(expected, pins=pins))
        left = (roster.duties or Duties.of(())).beside(Duties.of(gone))
        return replace(roster, case=case, duties=left)

    def _starts(self, day: int, shift: int) -> int:
        return int(self.desk.case.start[self.desk.case.past + day, shift])

    def _ends(self, day: int, shift: int) -> int:
        return int(self.desk.case.end[self.desk.case.past + day, shift])

    # -- heads ------------------------------------------------------------------------
    def short(self, roster: Roster) -> float:
        """Return head-hours short from now on, by the need of the roster's case."""
        return float(self._lack(roster).sum()) * roster.case.clock.interval_minutes / 60

    def _lack(self, roster: Roster) -> NDArray[np.int64]:
        case = roster.case
        skills, need = case.skill_sets, case.requirement.heads[:, self.window]
        lack = skills.short(need, roster.phone_by_set[:, self.window])
        return np.asarray(np.where(case.counted[self.window], lack, 0))

    def _presence(self, shift: int, away: Sequence[Part]) -> NDArray[np.int64]:
        """Return whether a shift of today is on the phone; ``(window,)``."""
        clock, on = self.case.clock, np.zeros(self.case.clock.intervals, np.int64)
        if shift != OFF:
            on[
                clock.span(self._starts(self.day, shift), self._ends(self.day, shift))
            ] = 1
            for _, start, end in away:
                on[clock.touched(start, end)] = 0
        return on[self.window]

    def _resting(self, shift: int, away: Sequence[Part]) -> NDArray[np.int64]:
        """Return whether somebody in a shift of today is on a break; ``(window,)``."""
        breaks = [part for part in away if part[0] in BREAKS]
        return self._presence(shift, ()) - self._presence(shift, breaks)

    # -- what could be changed --------------------------------------------------------
    def changes(self) -> Iterator[Change]:
        """Yield what people could do otherwise that adds heads where some are short."""
        lack = self._lack(self.hit) > 0
        away = (self.hit.duties or Duties.of(())).by_shift()
        levers = self.policy.levers
        shifts = self._legal_shifts()
        for agent in range(len(self.case.agents)):
            if agent in self.absent:
                continue
            made = self.desk.changed.get(self.case.agents[agent].id, 0)
            left = self.policy.changes_each - made
            now = int(self.hit.table[agent, self.day])
            held = [(k, s, e) for s, e, k in away.get((agent, self.day), ())]
            found = list(self._same_shift(agent, now, held)) if now != OFF else []
            for shift, overtime in shifts.get(agent, ()):
                found += self._other_shift(agent, now, shift, overtime, held)
            base = self._presence(now, held)
            useful = []
            for lever, shift, parts, overtime, count in found:
                if lever not in levers or count > left:
                    continue
                gain = self._presence(shift, parts) - base
                if (gain[lack] > 0).any():
                    there = self._presence(shift, ()) - self._presence(now, ())
                    rests = self._resting(shift, parts) - self._resting(now, held)
                    heads = (gain, there, rests)
                    useful.append(
                        Change(
                            agent, lever, shift, tuple(parts), overtime, count, *heads
                        )
                    )
            yield from self._best(useful, lack)

    def _best(self, found: list[Change], lack: NDArray[np.bool_]) -> Iterator[Change]:
        """Yield the most useful ways of each shift."""
        by_shift: dict[tuple[str, int], list[Change]] = {}
        for one in found:
            by_shift.setdefault((one.lever, one.shift), []).append(one)
        for ways in by_shift.values():
            ways.sort(key=lambda one: -int(one.gain[lack].sum()))
            yield from ways[:MOST_WAYS]

    def _same_shift(
        self, agent: int, shift: int, held: list[Part]
    ) -> Iterator[Otherwise]:
        """Yield the shift with breaks elsewhere, or without what is off the phone."""
        fixed = [part for part in held if part[0] not in BREAKS]
        breaks = [part for part in held if part[0] in BREAKS]
        for way in self._ways(shift, breaks, fixed):
            moved = len(set(way) - set(breaks))
            if moved:
                yield "breaks", shift, [*way, *fixed], 0, moved
        for part in fixed:
            if part[0] in SESSIONS and part[1] >= self.now + self.policy.lead_breaks:
                kept = [*breaks, *(other for other in fixed if other is not part)]
                yield "duties", shift, kept, 0, 1

    def _ways(
        self, shift: int, held: Sequence[Part], duties: Sequence[Part]
    ) -> list[Way]:
        """Return ways to break a shift that leave what comes too soon as it is.

        Breaks do not lie in other duties, and these lie in the shift, or there is none.
        """
        first, last = self._starts(self.day, shift), self._ends(self.day, shift)
        if any(start < first or end > last for _, start, end in duties):
            return []
        soon = self.now + self.policy.lead_breaks
        fixed = {part for part in held if part[1] < soon}
        return [
            way
            for way, _ in start_of(self.case, self.day, shift).ways
            if {part for part in way if part[1] < soon} == fixed
            and not any(
                b < end and start < e for _, b, e in way for _, start, end in duties
            )
        ]

    def _other_shift(
        self,
        agent: int,
        now: int,
        shift: int,
        overtime: int,
        held: list[Part],
    ) -> Iterator[Otherwise]:
        """Yield another shift, broken in each way; off-phone duties stay where held."""
        fixed = [part for part in held if part[0] not in BREAKS]
        breaks = [part for part in held if part[0] in BREAKS]
        lever = "overtime" if overtime else "call_in" if now == OFF else "moves"
        for way in self._ways(shift, breaks if now != OFF else (), fixed):
            yield lever, shift, [*way, *fixed], overtime, 1

    def _legal_shifts(self) -> dict[int, list[tuple[int, int]]]:
        """Return shifts of today that people may take instead, and overtime of each."""
        rows = [
            (agent, shift)
            for agent in range(len(self.case.agents))
            if agent not in self.absent
            for shift in range(len(self.case.shifts))
            if self._may_become(agent, shift)
        ]
        if not rows:
            return {}
        people = [agent for agent, _ in rows]
        table = self.hit.table[people]
        table[:, self.day] = [shift for _, shift in rows]
        booked = self._booked(rows)
        plain = judged(self.hit, people, table).legal
        extra = np.zeros_like(plain)
        if (booked > 0).any():
            extra = judged(self.hit, people, table, self._more(people, booked)).legal
        found: dict[int, list[tuple[int, int]]] = {}
        for place, (agent, shift) in enumerate(rows):
            if plain[place]:
                found.setdefault(agent, []).append((shift, 0))
            elif extra[place] and booked[place] > 0:
                found.setdefault(agent, []).append((shift, int(booked[place])))
        return found

    def _may_become(self, agent: int, shift: int) -> bool:
        """Whether a person's day may become a shift, its times alone looked at."""
        now = int(self.hit.table[agent, self.day])
        if shift == now or not self.case.free_to_work[agent, self.day, shift]:
            return False
        lead = self.now + self.policy.lead_shifts
        starts, ends = self._starts(self.day, shift), self._ends(self.day, shift)
        if now == OFF:
            return starts >= lead
        was, until = self._starts(self.day, now), self._ends(self.day, now)
        if ends - starts > until - was + self.policy.most_longer:
            return False
        if starts == was:
            return ends != until and min(ends, until) >= lead
        return min(starts, was) >= lead and abs(starts - was) <= self.policy.most_move

    def _booked(self, rows: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
        """Return the overtime that a longer or further shift would be, if allowed."""
        rule = self.case.rule("hours.overtime")
        if not isinstance(rule, HoursOvertime) or not rule.allowed:
            return np.zeros(len(rows), np.int64)
        paid = self.case.paid[self.column]
        more = []
        for agent, shift in rows:
            now = int(self.hit.table[agent, self.day])
            beyond = int(paid[shift]) - (0 if now == OFF else int(paid[now]))
            span = self.case.agents[agent].protected
            on = self.case.clock.date(self.day)
            guarded = span is not None and span[0] <= on <= span[1]
            more.append(0 if guarded else max(0, min(beyond, rule.day_minutes)))
        return np.array(more, np.int64)

    def _more(
        self, people: Sequence[int], booked: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        overtime = self.hit.overtime[list(people)].copy()
        overtime[:, self.day] += booked
        return overtime

    # -- the day with changes ---------------------------------------------------------
    def with_changes(self, changes: Sequence[Change]) -> Roster:
        """Return the roster with changes made."""
        table, overtime = self.hit.table.copy(), self.hit.overtime.copy()
        people = [one.agent for one in changes]
        duties = self.hit.duties or Duties.of(())
        theirs = np.isin(duties.agent, people) & (duties.day == self.day)
        rows = []
        for one in changes:
            table[one.agent, self.day] = one.shift
            overtime[one.agent, self.day] += one.overtime
            rows += [(one.agent, self.day, *part) for part in one.away]
        new = duties.pick(~theirs).beside(Duties.of(rows))
        return Roster(self.case, table, new, self.hit.extra, overtime)
