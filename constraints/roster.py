"""The roster: who works which shift on which day, and where breaks lie in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case

PHONE = "phone"
"""Kind of the time on the phone: what other duties leave of a shift."""


@dataclass(frozen=True)
class Duties:
    """Stretches of shifts away from the phone; equal-length arrays.

    Attributes
    ----------
    agent, day
        Person, and the day of the horizon on which the shift starts.
    kind
        ``meal``, ``rest``, ``handover``, ``meeting``, ...; never ``phone``, which is
        what remains of the shift.
    start, end
        Minutes on the clock's axis.
    """

    agent: NDArray[np.int64]
    day: NDArray[np.int64]
    kind: NDArray[np.str_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, str, int, int]]) -> "Duties":
        """Return duties from rows of person, day, kind, start and end."""
        rows = sorted(rows, key=lambda row: (row[0], row[1], row[3]))
        columns = list(zip(*rows, strict=True)) or [()] * 5
        whole = [np.array(columns[k], np.int64) for k in (0, 1, 3, 4)]
        kind = np.array(columns[2], np.str_)
        return cls(whole[0], whole[1], kind, whole[2], whole[3])

    def beside(self, other: "Duties") -> "Duties":
        """Return these stretches and others together."""
        columns = [
            np.concatenate([mine, theirs])
            for mine, theirs in (
                (self.agent, other.agent),
                (self.day, other.day),
                (self.kind, other.kind),
                (self.start, other.start),
                (self.end, other.end),
            )
        ]
        order = np.lexsort((columns[3], columns[1], columns[0]))
        return Duties(*(column[order] for column in columns))

    def __len__(self) -> int:
        """Return the number of stretches."""
        return len(self.agent)

    def rows(self) -> list[tuple[int, int, str, int, int]]:
        """Return the stretches as rows of person, day, kind, start and end."""
        return [
            (int(a), int(d), str(k), int(s), int(e))
            for a, d, k, s, e in zip(
                self.agent, self.day, self.kind, self.start, self.end, strict=True
            )
        ]

    def by_shift(self) -> dict[tuple[int, int], list[tuple[int, int, str]]]:
        """Return start, end and kind of stretches by person and day of their shift.

        Examples
        --------
        >>> Duties.of([(0, 3, "meal", 720, 750), (0, 3, "rest", 600, 615)]).by_shift()
        {(0, 3): [(600, 615, 'rest'), (720, 750, 'meal')]}
        """
        found: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
        for agent, day, kind, start, end in self.rows():
            found.setdefault((agent, day), []).append((start, end, kind))
        return found

    def pick(self, mask: NDArray[np.bool_]) -> "Duties":
        """Return some of the stretches."""
        return Duties(
            self.agent[mask],
            self.day[mask],
            self.kind[mask],
            self.start[mask],
            self.end[mask],
        )


@dataclass(frozen=True)
class Stints:
    """Worked shifts in long form, sorted by person and start; equal-length arrays.

    Attributes
    ----------
    agent, column, shift
        Person; column of the span (``case.past + day``); shift index.
    start, end
        Minutes on the clock's axis.
    """

    agent: NDArray[np.int64]
    column: NDArray[np.int64]
    shift: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True)
class Roster:
    """Assigned shifts and breaks of one case.

    Attributes
    ----------
    case
        What the roster is about.
    table
        Index into ``case.shifts``, or ``OFF``; shape ``(agents, days)``.
    duties
        Stretches away from the phone; None = not placed yet.
    extra
        Further shifts of a person on a date: ``(agent, day, shift)``. A legal roster
        has none; a file with two rows for a date is read and reported.
    overtime
        Minutes booked as overtime; shape ``(agents, days)``.
    serving
        Queue that a person answers in an interval, -1 where none is named; shape
        ``(agents, intervals)``, or None where nobody's is. Who has none named answers
        where it helps most.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> roster = Roster.from_codes(tiny_case(), ["DD-", "NN-"])
    >>> roster.codes()
    ['DD-', 'NN-']
    """

    case: Case
    table: NDArray[np.int16]
    duties: Duties | None = None
    extra: tuple[tuple[int, int, int], ...] = ()
    overtime: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((0, 0), np.int64)
    )
    serving: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        shape = (len(self.case.agents), self.case.days)
        if self.table.shape != shape:
            raise ValueError(
                f"Expected a table of {shape} people and days, got {self.table.shape}."
            )
        if self.overtime.shape != shape:
            object.__setattr__(self, "overtime", np.zeros(shape, np.int64))

    @classmethod
    def empty(cls, case: Case) -> "Roster":
        """Return the roster in which nobody works, but for what is pinned."""
        table = np.where(case.pins >= 0, case.pins, OFF)
        return cls(case, table.astype(np.int16), Duties.of(()))

    @classmethod
    def from_codes(cls, case: Case, rows: Iterable[str | Iterable[str]]) -> "Roster":
        """Return a roster from shift codes, a row a person; ``-`` is a day off."""
        index = {shift.code: number for number, shift in enumerate(case.shifts)}
        table = [[index.get(code, OFF) for code in row] for row in rows]
        return cls(case, np.array(table, np.int16).reshape(len(case.agents), case.days))

    def codes(self) -> list[str]:
        """Return one string of shift codes a person, ``-`` being a day off."""
        names = [shift.code for shift in self.case.shifts] + ["-"]
        return ["".join(names[cell] for cell in row) for row in self.table]

    def of_people(
        self, agents: Sequence[int], table: NDArray[np.int16] | None = None
    ) -> "Roster":
        """Return the rows of some people without duties, or other rows of theirs.

        Parameters
        ----------
        agents
            Who; somebody may be named several times.
        table
            A row for each of them; the roster's own where left out.

        Examples
        --------
        >>> from constraints.examples import tiny_case
        >>> roster = Roster.from_codes(tiny_case(), ["DD-", "NN-"])
        >>> roster.of_people([1, 1]).codes()
        ['NN-', 'NN-']
        """
        agents = list(agents)
        extra = tuple(
            (place, day, shift)
            for agent, day, shift in self.extra
            for place, one in enumerate(agents)
            if one == agent
        )
        return Roster(
            self.case.of_people(agents),
            self.table[agents] if table is None else table,
            extra=extra if table is None else (),
            overtime=self.overtime[agents],
        )

    def with_duties(self, duties: Duties) -> "Roster":
        """Return the same shifts with breaks placed."""
        return replace(self, duties=duties)

    # -- views for rules ------------------------------------------------------------
    @cached_property
    def full(self) -> NDArray[np.int16]:
        """History and roster side by side; shape ``(agents, span)``."""
        return np.hstack([self.case.history, self.table]).astype(np.int16)

    @cached_property
    def layers(self) -> tuple[NDArray[np.int16], ...]:
        """``full``, and below it further shifts of a date, each of the same shape."""
        layers = [self.full]
        for agent, day, shift in self.extra:
            at = (agent, day + self.case.past)
            if all(layer[at] != OFF for layer in layers[1:]):
                layers.append(np.full_like(self.full, OFF))
            next(layer for layer in layers[1:] if layer[at] == OFF)[at] = shift
        return tuple(layers)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """People who start each shift on each day; shape ``(days, shifts)``."""
        people = np.zeros((self.case.days, len(self.case.shifts)), np.int64)
        for layer in self.layers:
            shifts = layer[:, self.case.past :]
            agent, day = np.nonzero(shifts != OFF)
            np.add.at(people, (day, shifts[agent, day]), 1)
        return people

    @cached_property
    def working(self) -> NDArray[np.bool_]:
        """Whether a person starts a shift on a day; shape ``(agents, span)``."""
        works = self.full != OFF
        for agent, day, _ in self.extra:
            works[agent, day + self.case.past] = True
        return np.asarray(works)

    def works_class(self, *classes: str) -> NDArray[np.bool_]:
        """Whether a person starts a shift of some classes; ``(agents, span)``."""
        works = np.isin(self.full, self.case.of_class(*classes))
        for agent, day, shift in self.extra:
            if self.case.shifts[shift].shift_class in classes:
                works[agent, day + self.case.past] = True
        return np.asarray(works)

    @cached_property
    def stints(self) -> Stints:
        """All worked shifts, history included, sorted by person and start."""
        agent, column = np.nonzero(self.full != OFF)
        shift = self.full[agent, column].astype(np.int64)
        if self.extra:
            more = np.array(self.extra, np.int64)
            agent = np.concatenate([agent, more[:, 0]])
            column = np.concatenate([column, more[:, 1] + self.case.past])
            shift = np.concatenate([shift, more[:, 2]])
        start, end = self.case.start[column, shift], self.case.end[column, shift]
        order = np.lexsort((end, start, agent))
        return Stints(*(part[order] for part in (agent, column, shift, start, end)))

    @cached_property
    def occupied(self) -> NDArray[np.bool_]:
        """Whether a day holds a minute of any shift; shape ``(agents, span)``."""
        busy = np.zeros(self.working.shape, bool)
        stints = self.stints
        busy[stints.agent, stints.column] = True
        late = self.case.overhang[stints.column, stints.shift]
        late &= stints.column + 1 < self.case.span
        busy[stints.agent[late], stints.column[late] + 1] = True
        return busy

    @cached_property
    def paid(self) -> NDArray[np.int64]:
        """Paid minutes by date of start; shape ``(agents, span)``."""
        minutes = np.zeros(self.working.shape, np.int64)
        stints = self.stints
        at = (stints.agent, stints.column)
        np.add.at(minutes, at, self.case.paid[stints.column, stints.shift])
        return minutes

    # -- heads ----------------------------------------------------------------------
    @cached_property
    def scheduled(self) -> NDArray[np.int64]:
        """People in a shift for the whole of each interval; shape ``(intervals,)``."""
        return np.asarray(self._scheduled.sum(axis=0))

    @property
    def could_answer(self) -> NDArray[np.int64]:
        """People of ``scheduled`` who can answer a queue; ``(queues, intervals)``."""
        sets = self.case.skill_sets.sets
        return np.asarray(sets.T.astype(np.int64) @ self._scheduled)

    @cached_property
    def on_break(self) -> NDArray[np.int64]:
        """People of ``scheduled`` on a meal or rest break; shape ``(intervals,)``."""
        return np.asarray(self._away(self.breaks).sum(axis=0))

    @property
    def on_phone(self) -> NDArray[np.int64]:
        """Heads on the phone in each interval, all queues; shape ``(intervals,)``."""
        able = self.case.skill_sets.able
        return np.asarray(self.phone_by_set[able].sum(axis=0))

    @cached_property
    def phone_by_set(self) -> NDArray[np.int64]:
        """People of ``scheduled`` not away, by set of skills; ``(sets, intervals)``."""
        if self.duties is None:
            return self._scheduled
        return self._scheduled - self._away(self.duties.pick(self._worked(self.duties)))

    @cached_property
    def on_queue(self) -> NDArray[np.int64]:
        """Heads on the phone in each queue; shape ``(queues, intervals)``."""
        need, skills = self.case.requirement.heads, self.case.skill_sets
        if len(need) == 1:
            return self.on_phone[None]
        if self.serving is None:
            return np.asarray(skills.split(need, self.phone_by_set).sum(axis=0))
        named = np.where(self.answering, self.serving, -1)
        agent, interval = np.nonzero(named >= 0)
        queue = named[agent, interval]
        free = self.phone_by_set.copy()
        np.subtract.at(free, (skills.of[agent], interval), 1)
        able = skills.sets[skills.of[agent], queue]
        heads = np.zeros(need.shape, np.int64)
        np.add.at(heads, (queue[able], interval[able]), 1)
        return np.asarray(heads + skills.split(need - heads, free).sum(axis=0))

    @cached_property
    def unable(self) -> NDArray[np.bool_]:
        """Shifts in which a person answers a queue they cannot; ``(agents, days)``."""
        found = np.zeros(self.table.shape, bool)
        if self.serving is None:
            return found
        case, skills = self.case, self.case.skill_sets
        agent, interval = np.nonzero((self.serving >= 0) & self.answering)
        able = skills.sets[skills.of[agent], self.serving[agent, interval]]
        minute = interval[~able] * case.clock.interval_minutes
        for who, at in zip(agent[~able], minute, strict=True):
            for day in np.flatnonzero(self.table[who] != OFF):
                place = (day + case.past, self.table[who, day])
                found[who, day] |= case.start[place] <= at < case.end[place]
        return found

    def serve(self) -> "Roster":
        """Return the roster with a queue named for everybody on the phone.

        People stay in their queue from interval to interval where the split lets them.
        """
        case, skills = self.case, self.case.skill_sets
        if len(case.requirement.queues) == 1:
            return self
        split = skills.split(case.requirement.heads, self.phone_by_set)
        serving = np.full((len(case.agents), case.clock.intervals), -1, np.int8)
        answering = self.answering
        for number in range(len(skills.sets)):
            members = np.flatnonzero(skills.of == number)
            before = np.full(len(members), -1, np.int8)
            for interval in range(case.clock.intervals):
                there = answering[members, interval]
                before[there] = _stay(before[there], split[number, :, interval])
                serving[members[there], interval] = before[there]
                before[~there] = -1
        return replace(self, serving=serving)

    @cached_property
    def answering(self) -> NDArray[np.bool_]:
        """Whether a person is on the phone; shape ``(agents, intervals)``."""
        people, intervals = len(self.case.agents), self.case.clock.intervals
        stints, everyone = self.stints, np.arange(people)
        there = self._count(stints.agent, stints.start, stints.end, everyone) > 0
        if self.duties is not None:
            gone = self._gone(self.duties.pick(self._worked(self.duties)))
            there[gone // intervals // self.case.days, gone % intervals] = False
        return there

    @cached_property
    def _scheduled(self) -> NDArray[np.int64]:
        """Count who is there for the whole of each interval; ``(sets, intervals)``."""
        stints = self.stints
        return self._count(
            stints.agent, stints.start, stints.end, self.case.skill_sets.of
        )

    def _count(
        self,
        agent: NDArray[np.int64],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        row: NDArray[np.intp],
    ) -> NDArray[np.int64]:
        """Count who is there for the whole of each interval, in rows of people."""
        size, intervals = self.case.clock.interval_minutes, self.case.clock.intervals
        first = np.clip(-(-start // size), 0, intervals)
        last = np.maximum(first, np.clip(end // size, 0, intervals))
        width, rows = intervals + 1, int(row.max(initial=0)) + 1
        change = np.bincount(row[agent] * width + first, minlength=rows * width)
        change -= np.bincount(row[agent] * width + last, minlength=rows * width)
        return np.cumsum(change.reshape(rows, width), axis=1)[:, :-1]

    @cached_property
    def breaks(self) -> Duties:
        """Meal and rest breaks that lie on a worked date."""
        if self.duties is None:
            return Duties.of(())
        is_break = np.isin(self.duties.kind, ("meal", "rest"))
        return self.duties.pick(is_break & self._worked(self.duties))

    def _worked(self, duties: Duties) -> NDArray[np.bool_]:
        return np.asarray(self.table[duties.agent, duties.day] != OFF)

    def _away(self, duties: Duties) -> NDArray[np.int64]:
        """Count people present yet away in some minute; ``(sets, intervals)``."""
        intervals, skills = self.case.clock.intervals, self.case.skill_sets
        gone = self._gone(duties)
        agent, at = gone // intervals // self.case.days, gone % intervals
        sets = len(skills.sets)
        found = np.bincount(skills.of[agent] * intervals + at, None, sets * intervals)
        return found.reshape(sets, intervals)

    def _gone(self, duties: Duties) -> NDArray[np.int64]:
        """Number each person, day and interval of a shift away, once each."""
        case, size = self.case, self.case.clock.interval_minutes
        column = duties.day + case.past
        shift = self.table[duties.agent, duties.day]
        first = np.maximum(duties.start // size, -(-case.start[column, shift] // size))
        last = np.minimum(-(-duties.end // size), case.end[column, shift] // size)
        first, last = np.maximum(first, 0), np.minimum(last, case.clock.intervals)
        length = np.maximum(last - first, 0)
        which = np.repeat(np.arange(len(duties)), length)
        step = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
        seat = duties.agent[which] * case.days + duties.day[which]
        return np.unique(seat * case.clock.intervals + first[which] + step)


def _stay(before: NDArray[np.int8], heads: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return who answers which queue now, as few as possible moving."""
    queues = np.arange(len(heads))
    now = np.full(len(before), -1, np.int8)
    for queue in queues:
        now[np.flatnonzero(before == queue)[: heads[queue]]] = queue
    left = heads - np.bincount(now[now >= 0], minlength=len(heads))
    free = np.flatnonzero(now < 0)  # who is in two shifts at a time counts twice
    found = np.repeat(queues, left)[: len(free)]
    now[free[: len(found)]] = found
    return now


def tiles(
    start: int, end: int, away: Iterable[tuple[int, int, str]]
) -> Iterator[tuple[int, int, str]]:
    """Yield the stretches of a shift in order, the phone filling what is left.

    Parameters
    ----------
    start, end
        Minutes of the shift.
    away
        Start, end and kind of what keeps its person from the phone.

    Examples
    --------
    >>> list(tiles(480, 960, [(720, 750, "meal")]))
    [(480, 720, 'phone'), (720, 750, 'meal'), (750, 960, 'phone')]
    """
    since = start
    for begin, finish, kind in sorted(away):
        begin, finish = max(begin, since), min(finish, end)
        if begin >= finish:
            continue
        if begin > since:
            yield since, begin, PHONE
        yield begin, finish, kind
        since = finish
    if since < end:
        yield since, end, PHONE
