"""Sequences: runs of days, day and night, and starts that do not jump."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constraints.case import CLASSES, OFF, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Memory, Rule, Text, Where
from forecasts.clock import DAY

READINGS = ("run", "gap24", "horizon")


def run_lengths(works: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many days running end on each day; shape as given, a row a person.

    Examples
    --------
    >>> run_lengths(np.array([[True, True, False, True]])).tolist()
    [[1, 2, 0, 1]]
    """
    length = np.zeros(works.shape, np.int64)
    running = np.zeros(len(works), np.int64)
    for day in range(works.shape[1]):
        running = (running + 1) * works[:, day]
        length[:, day] = running
    return length


@dataclass(frozen=True, kw_only=True)
class SequenceRun(Rule):
    """Nobody works more than ``most_days`` days running."""

    id = "sequence.run"
    unit = "days"
    meaning = Text(
        en="At most {rule.most_days} days running.",
        zh="最多连续工作 {rule.most_days} 天。",
    )
    text = Text(
        en="{agent} works day {run} running on {date}; {most} are allowed.",
        zh="{agent} 在 {date} 已连续工作 {run} 天,最多 {most} 天。",
    )
    source = "Bank rule book: six on, one off (RULES C5, reading B)"

    most_days: int = 6

    def reach(self) -> int:
        """Return the days of a run."""
        return self.most_days + 1

    def encode(self, draft: Draft) -> None:
        """Forbid each window of one day more than allowed that is all work."""
        most = draft.case.each(self, "most_days").astype(int)
        for agent in draft.agents:
            for day in draft.days:
                first = day - most[agent]
                if first >= -draft.case.past:
                    run = [draft.working(agent, d) for d in range(first, day + 1)]
                    draft.forbid(run, Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember how many days running there were."""
        most = int(case.each(self, "most_days")[agent])
        return _run_memory(case, most, range(len(case.shifts)))

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the longest run of each person."""
        return list(case.each(self, "most_days"))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count along each run."""
        most = roster.case.each(self, "most_days")
        yield from _beyond(roster, roster.working, most)


def _beyond(
    roster: Roster, works: NDArray[np.bool_], most: NDArray[np.int64]
) -> Iterator[Finding]:
    """Yield each day of the horizon on which a run is longer than allowed."""
    runs = run_lengths(works)[:, roster.case.past :]
    for agent, day in zip(*np.nonzero(runs > most[:, None]), strict=True):
        yield Finding(
            where=Where(agent=int(agent), day=int(day)),
            amount=1,
            facts={"run": int(runs[agent, day]), "most": int(most[agent])},
        )


def _run_memory(case: Case, most: int, shifts: Iterable[int]) -> Memory:
    """Return the memory of a run of days with one of some shifts."""
    counted = frozenset(map(int, shifts))

    def step(run: int, column: int, shift: int, _: int) -> tuple[int, int]:
        run = min(run, most) + 1 if shift in counted else 0
        return run, int(run > most and column >= case.past)

    seen = [shift in counted for shift in range(len(case.shifts))]
    return Memory(0, step, lambda column: seen)


@dataclass(frozen=True, kw_only=True)
class NightsRun(Rule):
    """Nobody works more than ``most_nights`` nights running."""

    id = "nights.run"
    unit = "nights"
    meaning = Text(
        en="At most {rule.most_nights} nights running.",
        zh="最多连续 {rule.most_nights} 个夜班。",
    )
    text = Text(
        en="{agent} works night {run} running on {date}; {most} are allowed.",
        zh="{agent} 在 {date} 已连续上 {run} 个夜班,最多 {most} 个。",
    )
    source = "Bank rule book R07"

    most_nights: int = 4

    def reach(self) -> int:
        """Return the nights of a run."""
        return self.most_nights + 1

    def encode(self, draft: Draft) -> None:
        """Forbid each window of one night more than allowed that is all nights."""
        most = draft.case.each(self, "most_nights").astype(int)
        nights = draft.case.of_class("night")
        for agent in draft.agents:
            for day in draft.days:
                first = day - most[agent]
                if first >= -draft.case.past:
                    run = [
                        draft.any_shift(agent, d, nights) for d in range(first, day + 1)
                    ]
                    draft.forbid(run, Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember how many nights running there were."""
        most = int(case.each(self, "most_nights")[agent])
        return _run_memory(case, most, case.of_class("night"))

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the longest run of each person."""
        return list(case.each(self, "most_nights"))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count along each run of nights."""
        most = roster.case.each(self, "most_nights")
        yield from _beyond(roster, roster.works_class("night"), most)


@dataclass(frozen=True, kw_only=True)
class NightsRest(Rule):
    """After a run of nights come days without a minute of any shift.

    The day on which the last night ends does not count.

    Attributes
    ----------
    days
        Calendar days due.
    """

    id = "nights.rest"
    unit = "days"
    meaning = Text(
        en="{rule.days} free calendar days after a run of nights.",
        zh="连续夜班后休息 {rule.days} 个自然日。",
    )
    text = Text(
        en="{agent} works on {date}, a day of rest due after nights.",
        zh="{agent} 在夜班后应休息的 {date} 有班。",
    )
    source = "Bank rule book R07: a rest day after a night run"

    penalty: int | None = 10
    days: int = 1

    def reach(self) -> int:
        """Return the days kept free, the last night's own two included."""
        return self.days + 2

    def _due(self, case: Case, column: int, shift: int, days: int) -> range:
        """Columns due free after the last night of a run."""
        ends = column + int(case.end[column, shift] > case.midnight[column + 1])
        return range(ends + 1, min(ends + 1 + days, case.span))

    def encode(self, draft: Draft) -> None:
        """Charge a busy day that a last night of a run, two days before, reserves."""
        case, nights = draft.case, draft.case.of_class("night")
        days = case.each(self, "days").astype(int)
        for agent in draft.agents:
            causes: dict[int, list[list[Literal]]] = {}
            first = max(0, case.past + draft.days[0] - days[agent] - 2)
            for column in range(first, min(case.span - 1, case.past + draft.days[-1])):
                again = draft.any_shift(agent, column + 1 - case.past, nights)
                for shift in nights:
                    night = draft.works(agent, column - case.past, int(shift))
                    last = draft.forced([[night, draft.no(again)]])
                    for due in self._due(case, column, int(shift), days[agent]):
                        day = due - case.past
                        busy = _busy(draft, agent, day)
                        causes.setdefault(day, []).extend([last, b] for b in busy)
            for day, sets in causes.items():
                if day in draft.days:
                    draft.charge(draft.forced(sets), Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the shift of the day before, and which days are due free."""
        days = int(case.each(self, "days")[agent])
        nights = frozenset(map(int, case.of_class("night")))

        def step(
            state: tuple[int, tuple[int, ...]], column: int, shift: int, _: int
        ) -> tuple[tuple[int, tuple[int, ...]], int]:
            before, due = state
            if before in nights and shift not in nights:
                due = (*due, *self._due(case, column - 1, before, days))
            late = before != OFF and bool(case.overhang[column - 1, before])
            busy = shift != OFF or late
            left = tuple(sorted({later for later in due if later > column}))
            charged = busy and column in due and column >= case.past
            return (shift, left), int(charged)

        return Memory((OFF, ()), step)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the days due to each person."""
        return list(case.each(self, "days"))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Mark the days due after each run of nights, then look who is busy."""
        case = roster.case
        days = case.each(self, "days").astype(int)
        nights = roster.works_class("night")
        last = nights[:, :-1] & ~nights[:, 1:]
        due = np.zeros(nights.shape, bool)
        for agent, column in zip(*np.nonzero(last), strict=True):
            shift = int(roster.full[agent, column])
            due[agent, list(self._due(case, int(column), shift, days[agent]))] = True
        missing = (due & roster.occupied)[:, case.past :]
        for agent, day in zip(*np.nonzero(missing), strict=True):
            yield Finding(where=Where(agent=int(agent), day=int(day)), amount=1)


def _busy(draft: Draft, agent: int, day: int) -> list[Literal]:
    """Return literals one of which is true where a day holds a minute of a shift."""
    case, column = draft.case, draft.case.past + day
    if not column:
        return [draft.working(agent, day)]
    late = draft.any_shift(agent, day - 1, case.late[column - 1])
    return [draft.working(agent, day), late]


@dataclass(frozen=True, kw_only=True)
class SequenceClass(Rule):
    """Nobody goes from night to day or from day to night without rest.

    Attributes
    ----------
    reading
        ``run``: no run of consecutive dates holds both a day and a night shift
        (evening may stand beside either), and ``gap24`` holds as well; ``gap24``: no
        day shift starts within 24 hours after a night; ``horizon``: one class
        throughout.
    """

    id = "sequence.class"
    unit = "changes"
    meaning = Text(
        en="No day-to-night swaps (reading: {rule.reading}).",
        zh="白班与夜班不得直接互换(口径:{rule.reading})。",
    )
    text = Text(
        en="{agent} changes class with the shift on {date} (reading {rule.reading}).",
        zh="{agent} 在 {date} 的班次类别变换不合规(口径 {rule.reading})。",
    )
    source = "Bank rule book R12"

    reading: str = "run"

    def __post_init__(self) -> None:
        if self.reading not in READINGS:
            raise ValueError(
                f"Expected reading to be one of {', '.join(READINGS)}, "
                f'got "{self.reading}".'
            )

    def reach(self) -> int:
        """Return the days of a run, or of any horizon."""
        return 7 if self.reading == "run" else 366 if self.reading == "horizon" else 2

    # -- encode ---------------------------------------------------------------------
    def encode(self, draft: Draft) -> None:
        """Carry along which class a run, or the horizon, has seen last."""
        for agent in draft.agents:
            if self.reading == "horizon":
                causes = self._horizon(draft, agent)
            else:
                causes = self._gaps(draft, agent)
                if self.reading == "run":
                    for day, sets in self._runs(draft, agent).items():
                        causes.setdefault(day, []).extend(sets)
            for day, sets in sorted(causes.items()):
                if day in draft.days:
                    draft.charge(draft.forced(sets), Where(agent=agent, day=day))

    def _horizon(self, draft: Draft, agent: int) -> dict[int, list[list[Literal]]]:
        case = draft.case
        last: dict[str, Literal] = dict.fromkeys(CLASSES, 0)
        causes: dict[int, list[list[Literal]]] = {}
        for day in range(case.days):
            works = {c: draft.any_shift(agent, day, case.of_class(c)) for c in CLASSES}
            causes[day] = [
                [works[now], last[then]]
                for now in CLASSES
                for then in CLASSES
                if now != then
            ]
            off = draft.off(agent, day)
            last = {c: draft.forced([[works[c]], [last[c], off]]) for c in CLASSES}
        return causes

    def _runs(self, draft: Draft, agent: int) -> dict[int, list[list[Literal]]]:
        case = draft.case
        last: dict[str, Literal] = {"day": 0, "night": 0}
        causes: dict[int, list[list[Literal]]] = {}
        for day in range(-case.past, case.days):
            works = {c: draft.any_shift(agent, day, case.of_class(c)) for c in CLASSES}
            causes[day] = [[works["day"], last["night"]], [works["night"], last["day"]]]
            last = {
                c: draft.forced([[works[c]], [last[c], works["evening"]]]) for c in last
            }
        return causes

    def _gaps(self, draft: Draft, agent: int) -> dict[int, list[list[Literal]]]:
        case = draft.case
        causes: dict[int, list[list[Literal]]] = {}
        for day in draft.days:
            for back in (1, 2):
                column = case.past + day
                if column < back:
                    continue
                for group, night in _soon(case, column, back):
                    causes.setdefault(day, []).append(
                        [
                            draft.any_shift(agent, day - back, group),
                            draft.any_shift(agent, day, night),
                        ]
                    )
        return causes

    # -- memory ---------------------------------------------------------------------
    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the last two days' nights, and which class the run has seen."""
        kind_of = {OFF: "", **{s: x.shift_class for s, x in enumerate(case.shifts)}}

        def in_horizon(last: str, column: int, shift: int, _: int) -> tuple[str, int]:
            kind = kind_of[shift]
            if column < case.past or not kind:
                return last, 0
            return kind, int(last not in ("", kind))

        def step(
            state: tuple[str, int, int], column: int, shift: int, _: int
        ) -> tuple[tuple[str, int, int], int]:
            last, *before = state
            kind = kind_of[shift]
            changes = kind == "day" and any(
                earlier != OFF
                and case.start[column, shift] - case.end[column - back, earlier] < DAY
                for back, earlier in enumerate(before, 1)
            )
            if not kind or self.reading != "run":
                last = ""
            elif kind != "evening":
                changes = changes or last not in ("", kind)
                last = kind
            night = shift if kind == "night" else OFF
            return (last, night, before[0]), int(changes and column >= case.past)

        if self.reading == "horizon":
            return Memory("", in_horizon)
        return Memory(("", OFF, OFF), step)

    # -- check ----------------------------------------------------------------------
    def check(self, roster: Roster) -> Iterator[Finding]:
        """Walk the days of all people at once."""
        if self.reading == "horizon":
            changes = self._changes_in_horizon(roster)
        else:
            changes = self._days_after_nights(roster)
            if self.reading == "run":
                changes |= self._changes_in_runs(roster)
        for agent, day in zip(*np.nonzero(changes), strict=True):
            yield Finding(where=Where(agent=int(agent), day=int(day)), amount=1)

    def _changes_in_horizon(self, roster: Roster) -> NDArray[np.bool_]:
        kind = _kinds(roster)[:, roster.case.past :]
        last = np.full(len(kind), -1)
        changes = np.zeros(kind.shape, bool)
        for day in range(kind.shape[1]):
            now = kind[:, day]
            changes[:, day] = (now >= 0) & (last >= 0) & (now != last)
            last = np.where(now >= 0, now, last)
        return changes

    def _changes_in_runs(self, roster: Roster) -> NDArray[np.bool_]:
        kind, evening = _kinds(roster), CLASSES.index("evening")
        last = np.full(len(kind), -1)
        changes = np.zeros(kind.shape, bool)
        for column in range(kind.shape[1]):
            now = kind[:, column]
            turns = (now >= 0) & (now != evening)
            changes[:, column] = turns & (last >= 0) & (now != last)
            last = np.where(now < 0, -1, np.where(turns, now, last))
        return changes[:, roster.case.past :]

    def _days_after_nights(self, roster: Roster) -> NDArray[np.bool_]:
        case, full = roster.case, roster.full
        nights, days = roster.works_class("night"), roster.works_class("day")
        changes = np.zeros(full.shape, bool)
        for back in (1, 2):
            agent, column = np.nonzero(
                days[:, back:] & nights[:, : full.shape[1] - back]
            )
            ends = case.end[column, full[agent, column]]
            starts = case.start[column + back, full[agent, column + back]]
            soon = starts - ends < DAY
            changes[agent[soon], column[soon] + back] = True
        return changes[:, case.past :]


def _kinds(roster: Roster) -> NDArray[np.int64]:
    """Return the class of each cell as an index into CLASSES, -1 being off."""
    kinds = [CLASSES.index(shift.shift_class) for shift in roster.case.shifts] + [-1]
    return np.array(kinds)[roster.full]


def _soon(
    case: Case, column: int, back: int
) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """Yield nights, and the day shifts that start within 24 h after them."""
    nights, days = case.of_class("night"), case.of_class("day")
    groups: dict[tuple[int, ...], list[int]] = {}
    for night in nights:
        gap = case.start[column, days] - case.end[column - back, night]
        soon = tuple(int(day) for day in days[gap < DAY])
        if soon:
            groups.setdefault(soon, []).append(int(night))
    for soon, group in groups.items():
        yield group, soon


@dataclass(frozen=True, kw_only=True)
class StartsStable(Rule):
    """On neighbouring days a person starts at about the same time.

    Attributes
    ----------
    minutes
        Difference of wall-clock starts that is not charged.
    """

    id = "starts.stable"
    unit = "min"
    per = 60
    meaning = Text(
        en="Starts on consecutive worked days differ by at most {rule.minutes} min.",
        zh="相邻工作日的上班时间相差不超过 {rule.minutes} 分钟。",
    )
    text = Text(
        en="{agent} starts {jump} min earlier or later on {date} than the day before.",
        zh="{agent} 在 {date} 的上班时间与前一天相差 {jump} 分钟。",
    )
    source = "Bank rule book R02"

    penalty: int | None = 1
    minutes: int = 120

    def encode(self, draft: Draft) -> None:
        """Charge each pair of shifts on neighbouring days by the minutes beyond."""
        shifts = range(len(draft.case.shifts))
        most = draft.case.each(self, "minutes").astype(int)
        starts = np.array([shift.start for shift in draft.case.shifts])
        jump = np.abs(starts[:, None] - starts[None, :])
        for agent in draft.agents:
            beyond = np.maximum(0, jump - most[agent])
            for day in draft.days:
                if beyond.any() and day > -draft.case.past:
                    draft.clash(
                        [draft.works(agent, day - 1, shift) for shift in shifts],
                        [draft.works(agent, day, shift) for shift in shifts],
                        beyond,
                        Where(agent=agent, day=day),
                    )

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the shift of the day before."""
        most = int(case.each(self, "minutes")[agent])
        starts = [shift.start for shift in case.shifts]

        def step(before: int, column: int, shift: int, _: int) -> tuple[int, int]:
            if OFF in (before, shift) or column < case.past:
                return shift, 0
            return shift, max(0, abs(starts[shift] - starts[before]) - most)

        return Memory(OFF, step)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the minutes allowed to each person."""
        return list(case.each(self, "minutes"))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Subtract the starts of neighbouring days."""
        case = roster.case
        starts = np.array([shift.start for shift in case.shifts] + [0])[roster.full]
        both = (roster.full[:, 1:] != OFF) & (roster.full[:, :-1] != OFF)
        jump = np.abs(np.diff(starts, axis=1)) * both
        most = case.each(self, "minutes").astype(int)
        beyond = np.maximum(0, jump - most[:, None])
        for agent, column in zip(*np.nonzero(beyond), strict=True):
            day = int(column) + 1 - case.past
            if day >= 0:
                yield Finding(
                    where=Where(agent=int(agent), day=day),
                    amount=int(beyond[agent, column]),
                    facts={"jump": int(jump[agent, column])},
                )
