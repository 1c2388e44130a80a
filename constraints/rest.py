"""Rest: hours between shifts, and a day off in every seven."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Memory, Rule, Text, Where
from forecasts.clock import DAY

FAR = 1 << 40


@dataclass(frozen=True, kw_only=True)
class DailyRest(Rule):
    """Each person rests at least ``hours`` between two shifts.

    Attributes
    ----------
    hours
        Elapsed hours from the end of a shift to the start of the next.
    """

    id = "rest.daily"
    unit = "min"
    meaning = Text(
        en="At least {rule.hours:g} hours between two shifts.",
        zh="两班之间至少休息 {rule.hours:g} 小时。",
    )
    text = Text(
        en="{agent} rests {rest_h:g} h before {date}; {due_h:g} h are due.",
        zh="{agent} 在 {date} 上班前仅休息 {rest_h:g} 小时,应至少 {due_h:g} 小时。",
    )
    source = "Directive 2003/88/EC Art. 3; no Chinese figure (RULES CN-18)"

    hours: float = 11.0

    @staticmethod
    def missing(case: Case, column: int, back: int, due: int) -> NDArray[np.int64]:
        """Return minutes of rest missing between the shifts of two days.

        ``[i, j]``: before shift ``j`` of a column, after shift ``i`` so many days back.
        """
        rest = case.start[column][None, :] - case.end[column - back][:, None]
        return np.asarray(np.maximum(0, due - rest))

    def encode(self, draft: Draft) -> None:
        """Charge each pair of shifts a day or two apart by the minutes missing."""
        case, shifts = draft.case, range(len(draft.case.shifts))
        due = np.round(case.each(self, "hours") * 60).astype(np.int64)
        for agent in draft.agents:
            for day in draft.days:
                where = Where(agent=agent, day=day)
                later = [draft.works(agent, day, shift) for shift in shifts]
                for back in (1, 2):
                    if case.past + day < back:
                        continue
                    missing = self.missing(case, case.past + day, back, int(due[agent]))
                    if not missing.any():
                        continue
                    earlier = [draft.works(agent, day - back, s) for s in shifts]
                    if back == 2:  # a shift between them takes the place of this gap
                        free = draft.off(agent, day - 1)
                        earlier = [draft.forced([[one, free]]) for one in earlier]
                    draft.clash(earlier, later, missing, where)

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember when the last shift ended."""
        due = round(float(case.each(self, "hours")[agent]) * 60)

        def step(ends: int, column: int, shift: int, _: int) -> tuple[int, int]:
            if shift == OFF:
                soonest = int(case.start[column + 1 :].min(initial=FAR))
                return (ends if ends + due > soonest else -FAR), 0
            missing = max(0, ends + due - int(case.start[column, shift]))
            return int(case.end[column, shift]), missing * (column >= case.past)

        return Memory(-FAR, step)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the hours due to each person."""
        return list(case.each(self, "hours"))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sort a person's shifts by start and measure the gaps."""
        past, stints = roster.case.past, roster.stints
        due = np.round(roster.case.each(self, "hours") * 60).astype(np.int64)
        gap = stints.start[1:] - stints.end[:-1]
        missing = due[stints.agent[1:]] - gap
        same = stints.agent[1:] == stints.agent[:-1]
        same &= stints.column[1:] != stints.column[:-1]
        for before in np.flatnonzero(same & (missing > 0)):
            agent, day = (
                int(stints.agent[before]),
                int(stints.column[before + 1]) - past,
            )
            if day >= 0:
                yield Finding(
                    where=Where(agent=agent, day=day),
                    amount=int(missing[before]),
                    facts={"rest_h": gap[before] / 60, "due_h": due[agent] / 60},
                )


@dataclass(frozen=True, kw_only=True)
class WeeklyRest(Rule):
    """Every window of days holds a day of rest.

    A day of rest is a date on which no shift starts and from some moment of which
    24 hours are free (``24h``), or which holds no minute of any shift (``calendar``).
    Days after the horizon count as free.

    Attributes
    ----------
    window_days
        Length of a window.
    days
        Days of rest due in it.
    mode
        ``rolling``: every window that ends in the horizon; ``calendar``: weeks.
    day
        ``24h`` or ``calendar``: what a day of rest is.
    """

    id = "rest.weekly"
    unit = "windows"
    meaning = Text(
        en="{rule.days} day off in every {rule.window_days} days.",
        zh="每 {rule.window_days} 天至少休息 {rule.days} 天。",
    )
    text = Text(
        en="{agent} has no day of rest in the {rule.window_days} days up to {date}.",
        zh="{agent} 截至 {date} 的 {rule.window_days} 天内没有足够的休息日。",
    )
    source = "Labour Law Art. 38 (calendar week); bank rule book R07 (rolling)"

    window_days: int = 7
    days: int = 1
    mode: str = "rolling"
    day: str = "24h"

    def __post_init__(self) -> None:
        if self.mode not in ("rolling", "calendar"):
            raise ValueError(
                f'Expected mode "rolling" or "calendar", got "{self.mode}".'
            )
        if self.day not in ("24h", "calendar"):
            raise ValueError(f'Expected day "24h" or "calendar", got "{self.day}".')

    def reach(self) -> int:
        """Return the days of a window, and the one after a day of rest."""
        return self._length() + 1

    def _ends(self, case: Case) -> list[int]:
        """Days of the horizon on which a window ends."""
        days = range(case.days)
        if self.mode == "rolling":
            return [day for day in days if case.past + day + 1 >= self.window_days]
        week = case.clock.week
        return [day for day in days if week(day) != week(day + 1)]

    def _length(self) -> int:
        return 7 if self.mode == "calendar" else self.window_days

    def encode(self, draft: Draft) -> None:
        """Count witnesses: dates that nothing keeps from being a day of rest."""
        case = draft.case
        ends = [day for day in self._ends(case) if day in draft.days]
        for agent in draft.agents:
            rests: dict[int, Literal] = {}
            for end in ends:
                window = range(end - self._length() + 1, end + 1)
                terms = []
                for day in window:
                    if day < -case.past:
                        terms.append((1, 1))
                        continue
                    if day not in rests:
                        rests[day] = self._rest(draft, agent, day)
                    terms.append((1, rests[day]))
                if self.days > 1:  # a window is charged once, however much it lacks
                    terms = [(1, draft.reaches(terms, self.days))]
                draft.at_least(terms, 1, Where(agent, end))

    def _rest(self, draft: Draft, agent: int, day: int) -> Literal:
        case, column = draft.case, draft.case.past + day
        blockers = [[draft.working(agent, day)]]
        for shift in case.late[column - 1] if column else ():
            late = draft.works(agent, day - 1, int(shift))
            if self.day == "calendar":
                blockers.append([late])
            elif column + 1 < case.span:
                free = case.start[column + 1] - case.end[column - 1, shift]
                soon = np.flatnonzero(free < DAY)
                if soon.size:
                    blockers.append([late, draft.any_shift(agent, day + 1, soon)])
        return draft.witness(blockers)

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the days of rest in a window, and the shifts of two days."""
        length, last = self._length(), case.span - 1
        ends = {case.past + day for day in self._ends(case)}
        # Of a shift that ends by midnight it is enough to know that it was worked.
        any_early = case.overhang.argmin(axis=1).tolist() if case.shifts else []

        def short(rests: tuple[int, ...], column: int) -> int:
            counted = sum(rest > column - length for rest in rests)
            unknown = max(0, length - 1 - column)  # days before the span count as free
            return int(column in ends and counted + unknown < self.days)

        def step(
            state: tuple[tuple[int, ...], int, int], column: int, shift: int, _: int
        ) -> tuple[tuple[tuple[int, ...], int, int], int]:
            rests, earlier, before = state
            amount = 0
            if column:
                if self._is_rest(case, column - 1, earlier, before, shift):
                    rests = (*rests, column - 1)[-self.days :]
                amount = short(rests, column - 1)
            if column == last:
                if self._is_rest(case, column, before, shift, OFF):
                    rests = (*rests, column)[-self.days :]
                amount += short(rests, column)
            kept = tuple(rest for rest in rests if rest > column - length)
            late = shift == OFF and before != OFF and case.overhang[column - 1, before]
            if shift != OFF and not case.overhang[column, shift]:
                shift = any_early[column]
            return (kept, before if late else OFF, shift), amount

        return Memory(((), OFF, OFF), step)

    def _is_rest(
        self, case: Case, column: int, before: int, shift: int, after: int
    ) -> bool:
        """Return whether a day is one of rest, by the shifts of three days."""
        if shift != OFF:
            return False
        if before == OFF or not case.overhang[column - 1, before]:
            return True
        if self.day == "calendar":
            return False
        ends = case.end[column - 1, before]
        return after == OFF or bool(case.start[column + 1, after] - ends >= DAY)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Slide a window over the days of rest."""
        case, length = roster.case, self._length()
        rest = self._rests(roster)
        before = np.ones((len(case.agents), length), bool)
        total = np.cumsum(np.hstack([before, rest]), axis=1)
        for day in self._ends(case):
            last = case.past + day + length
            few = total[:, last] - total[:, last - length] < self.days
            for agent in np.flatnonzero(few):
                yield Finding(where=Where(agent=int(agent), day=day), amount=1)

    def _rests(self, roster: Roster) -> NDArray[np.bool_]:
        """Return which days are days of rest; shape ``(agents, span)``."""
        if self.day == "calendar":
            return ~roster.occupied
        case, stints = roster.case, roster.stints
        shape = roster.working.shape
        begins = np.full((shape[0], shape[1] + 1), FAR)
        np.minimum.at(begins, (stints.agent, stints.column), stints.start)
        ends = np.full((shape[0], shape[1] + 1), -FAR)
        np.maximum.at(ends, (stints.agent, stints.column + 1), stints.end)
        busy_until = np.where(ends[:, :-1] > case.midnight[:-1], ends[:, :-1], -FAR)
        return ~roster.working & (begins[:, 1:] - busy_until >= DAY)
