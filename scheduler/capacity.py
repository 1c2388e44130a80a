"""Shift mix: which shifts to run and how many heads to start on each, before any names.

The first of two questions of capacity; ``scheduler.hiring`` answers the other.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from constraints.case import OPEN, Case
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.cycle import Cycle, cycles, weeks
from constraints.hours import HoursAverage, HoursOvertime, HoursWeeklyMax
from constraints.rest import WeeklyRest
from constraints.roster import Roster
from constraints.rule import Rule
from constraints.sequence import SequenceRun
from scheduler.cbc import Found, Programme, Terms
from scheduler.engine.aggregate import (
    kinds_of,
    most_minutes,
    without_pins,
)
from scheduler.engine.starts import Start, start_of

WEEK = 7
SMALL = 400  # counts of heads up to which starts and heads are chosen in one programme
NEAR = 0.01  # share of the cost by which a week of a longer horizon may miss its best
NODES, FEW = 2_000, 100  # of the search tree, for heads of some days and for a bound
DIGITS = 0.01  # more than is lost of bounds where CBC prints three digits

At = tuple[int, int, int]  # kind of people, day, shift
Grid = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ShiftMix:
    """Heads to start on each shift, with what that leaves short and over.

    Attributes
    ----------
    case
        What it is about.
    limit
        Most shifts that may be run; None = any number.
    status
        ``optimal`` (cost meets bound), ``feasible``, ``infeasible`` (no mix has the
        floor), or ``unknown``.
    heads
        People who start a shift on a day; shape ``(days, shifts)``.
    bound
        No mix costs less; nor does any roster under the limit, where leave,
        eligibility and breaks are hard rules.
    cost
        What coverage costs with it; None where there is no mix.
    on_phone
        Heads on the phone by set of skills, breaks taken; ``(sets, intervals)``.
    """

    case: Case
    limit: int | None
    status: str
    bound: int
    cost: int | None = None
    heads: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    on_phone: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((0, 0), np.int64)
    )

    def __repr__(self) -> str:
        """Say it in one line."""
        if self.cost is None:
            return f"<ShiftMix {self.status}>"
        return (
            f"<ShiftMix {self.status}: {len(self.shifts)} shifts, "
            f"cost {self.cost} >= {self.bound}>"
        )

    @property
    def usable(self) -> bool:
        """Whether there is a mix."""
        return self.cost is not None

    @property
    def gap(self) -> float:
        """Share of the cost that is not proved to be needed."""
        return (self.cost - self.bound) / self.cost if self.cost else 0.0

    @property
    def shifts(self) -> tuple[int, ...]:
        """Indices of the shifts that anybody starts, by their time of day."""
        used = np.flatnonzero(self.heads.any(axis=0)).tolist()
        times = self.case.shifts
        return tuple(sorted(used, key=lambda s: (times[s].start, times[s].end, s)))

    @cached_property
    def short(self) -> NDArray[np.int64]:
        """Heads short of the need in counted intervals; shape ``(intervals,)``."""
        case = self.case
        short = case.skill_sets.short(case.requirement.heads, self.on_phone)
        return np.where(case.counted, short, 0)

    @cached_property
    def over(self) -> NDArray[np.int64]:
        """Heads beyond the need in counted intervals; shape ``(intervals,)``."""
        case = self.case
        there = self.on_phone[case.skill_sets.able].sum(axis=0)
        over = there - case.requirement.heads.sum(axis=0) + self.short
        return np.where(case.counted, over, 0)

    @property
    def paid_hours(self) -> float:
        """Paid hours of all heads."""
        return float((self.heads * self.case.paid[self.case.past :]).sum() / 60)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each shift that is started on a day.

        Returns
        -------
        pandas.DataFrame
            ``date``, ``shift``, ``class``, ``start`` and ``end`` (wall clock, beyond
            24:00 on the next day), ``heads``, ``paid_hours`` (of all of them).
        """
        case = self.case
        rows = [
            {
                "date": case.clock.date(day).isoformat(),
                "shift": case.shifts[shift].code,
                "class": case.shifts[shift].shift_class,
                "start": wall(case.shifts[shift].start),
                "end": wall(case.shifts[shift].end),
                "heads": int(self.heads[day, shift]),
                "paid_hours": round(
                    float(
                        self.heads[day, shift] * case.paid[case.past + day, shift] / 60
                    ),
                    2,
                ),
            }
            for day in range(case.days if self.usable else 0)
            for shift in self.shifts
            if self.heads[day, shift]
        ]
        columns = ["date", "shift", "class", "start", "end", "heads", "paid_hours"]
        return pd.DataFrame(rows, columns=columns)


def wall(minute: int) -> str:
    """Return minutes after midnight as a planner writes them.

    Examples
    --------
    >>> wall(450), wall(1680)
    ('07:30', '28:00')
    """
    return f"{minute // 60:02}:{minute % 60:02}"


def shift_mix(case: Case, starts: int | None = None) -> ShiftMix:
    r"""Return the cheapest heads on shifts, with at most some different shifts run.

    Parameters
    ----------
    case
        Its ``coverage.need`` says what heads short and over cost, its
        ``coverage.floor`` what must be there.
    starts
        Most shifts of the catalogue that may be started, the same on all days; None =
        any number. Shifts that begin at one time and end at two are two.

    Raises
    ------
    ValueError
        Where nothing asks for heads on the phone, or ``starts`` is below 1.

    Notes
    -----
    The integer programme is set covering as of G. B. Dantzig, "A comment on Edie's
    'Traffic delays at toll booths'", Operations Research 2 (1954), with heads short
    and over at a price, people by kind, and breaks.

    *Sets.* Days ``d``; shifts ``s`` offered; intervals ``t`` that coverage counts;
    kinds ``k`` of people (same contract, shifts and skills), each with a set of
    skills ``g(k)``; ways ``w`` to break shift ``s`` on day ``d``; groups ``q`` of
    queues.

    *Variables*, whole and not negative:

    - ``x[k,d,s]``: people of kind ``k`` who start ``s`` on ``d``;
    - ``y[g,d,s,w]``: those of them with skills ``g`` who break it in way ``w``;
    - ``z[s]``: 1 where shift ``s`` is run at all, where ``starts`` limits them;
    - ``short[t]``; ``lack[t]`` below the floor, where that is priced, not hard.

    *Numbers.* ``on[w,t]`` is 1 where way ``w`` is on the phone throughout ``t``;
    ``base[g,t]`` heads of shifts begun before the horizon; ``phone[g,t] = base[g,t] +
    sum(on[w,t] y[g,d,s,w])``; ``need[q,t]`` heads that a group of queues needs,
    ``need[t]`` those of all of them; ``p[t]`` and ``o`` the prices of a head short and
    over.

    *Minimise* ``sum over t of p[t] short[t] + o over[t] + f lack[t]`` where
    ``over[t] = phone[t] - need[t] + short[t]``.

    *Subject to*

    1. ``short[t] + sum(phone[g,t], g answers any of q) >= need[q,t]`` for each group
       ``q`` (one queue: ``short[t] + phone[t] >= need[t]``; more: Hall's theorem, see
       ``constraints.queues``);
    2. ``lack[t] + phone[t] >= floor``, where ``lack[t] = 0`` unless the rule is soft;
    3. ``sum(y[g,d,s,w], w) = sum(x[k,d,s], k with skills g)``: each has one way;
    4. ``pinned[k,d,s] <= x[k,d,s] <= free[k,d,s]``, people of the kind who are pinned
       to it, and who may work it and are not on leave;
    5. ``sum(x[k,d,s], s) <= there[k,d]``: one shift a day, of those who are there;
    6. ``sum(x[k,d,s], d in week, s) <= days[k,week]`` in whole weeks, as hard
       ``sequence.run`` and ``rest.weekly`` leave of each person's days;
    7. ``sum(paid[d,s] x[k,d,s], d in cycle, s) <= minutes[k,cycle]``, the most that
       the contracts, or the weekly maximum, leave the people of the kind: hard
       ``hours.average`` with overtime as far as it may be booked, and
       ``hours.weekly_max``, history and leave counted;
    8. ``x[k,d,s] <= free[k,d,s] z[s]`` and ``sum(z[s]) <= starts``.

    *What it is.* Every roster that keeps the hard rules and starts no more shifts
    gives a mix that meets 1 to 8 and costs what coverage charges the roster, so the
    bound of the mix is one of the roster's cost: a relaxation, which sees no rest
    between two shifts, no runs across weeks, no wishes, no names. It is exactly the
    roster's problem where nothing links a person's days: with ``coverage.need``,
    ``coverage.floor`` and, if at all, ``breaks.meal`` with ``most_away = 1``, as long
    as of two people of a kind, on any day, one may work all that the other may.
    Hours may be among the rules, too, where all shifts have the same paid minutes and
    nobody is away or pinned: people then take shifts in turn. The tests hold the mix
    against the optimum proved by the engine on cases of both sorts.

    *How it is solved.* Up to a week and 400 counts of heads it is one programme, solved
    to the end (or to 20,000 nodes of the tree, and then ``bound`` says how far it
    came). Larger ones are solved half a week after the other, with the rest of the week
    and the day after in view, to one per cent or 2,000 nodes each; the bound adds up
    what each week costs at the least, whoever works the night before. Where starts are
    limited, which shifts to run is chosen before, with heads that need not be whole,
    and that cost is the bound. No clock is asked, so a mix is the same on each machine.

    Examples
    --------
    Two people are needed from 14:00, when day and evening shift overlap, to 24:00, and
    three are there. Two take the evening shift, one the night shift from 22:00, so that
    two hours lack a head, at 10 each:

    >>> from constraints.coverage import CoverageNeed
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(people=3, days=1, need=2, rules=(CoverageNeed(),))
    >>> int(case.counted.sum())
    10
    >>> mix = shift_mix(case)
    >>> mix, mix.heads.tolist()
    (<ShiftMix optimal: 2 shifts, cost 20 >= 20>, [[0, 2, 1]])
    """
    if starts is not None and starts < 1:
        raise ValueError(f"Expected at least 1 start, got {starts}.")
    if not isinstance(case.rule("coverage.need"), CoverageNeed):
        raise ValueError(
            "Expected a case with coverage.need, got one in which nothing asks for "
            "heads on the phone. Add the rule, and calls or a requirement."
        )
    offered = tuple(s for s, shift in enumerate(case.shifts) if shift.offered)
    limit = None if starts is None or starts >= len(offered) else starts
    return _Mixing(case, starts, limit, offered).mix()


class _Mixing:
    """The way to a mix: which shifts, then heads, a stretch of days at a time."""

    def __init__(
        self, case: Case, asked: int | None, limit: int | None, offered: tuple[int, ...]
    ) -> None:
        self.case, self.asked, self.limit, self.offered = case, asked, limit, offered
        self.people = _People(case)
        self.stretches = _stretches(case)
        self.bound, self.chosen = 0.0, False
        self.planned = self.people.nothing

    def mix(self) -> ShiftMix:
        """Return the mix."""
        self.exact = self._size() <= SMALL and len(self.stretches) == 1
        if not self.exact:
            status = self._choose()
            if status != "chosen":
                return self._none(status)
        return self._at_once() if len(self.stretches) == 1 else self._by_weeks()

    def _size(self) -> int:
        return int(self.people.most.any(axis=0).sum()) * self.people.number

    def _none(self, status: str) -> ShiftMix:
        bound = ceil(self.bound - DIGITS)
        return ShiftMix(case=self.case, limit=self.asked, status=status, bound=bound)

    def _choose(self) -> str:
        """Choose shifts to run, and plan minutes, with heads that need not be whole."""
        every = range(self.case.days)
        model = _Model(self, every, every, whole=frozenset(), limit=self.limit)
        found = model.programme.solve(gap=NEAR, nodes=NODES)
        if not found.usable:
            return "infeasible" if found.status == "infeasible" else "unknown"
        self.bound = found.bound or 0.0
        self.offered, self.planned = model.run(found), model.minutes(found)
        self.limit, self.chosen = None, self.limit is not None
        return "chosen"

    def _at_once(self) -> ShiftMix:
        every = range(self.case.days)
        model = _Model(self, every, every, whole=frozenset(every), limit=self.limit)
        found = (
            model.programme.solve()
            if self.exact
            else model.programme.solve(gap=NEAR, nodes=NODES)
        )
        if not found.usable:
            self.bound = max(self.bound, found.bound or 0.0)
            return self._none(found.status)
        bound = self.bound  # of any choice of starts; what follows, of the one made
        if self.exact or not self.chosen:
            bound = max(bound, found.bound or 0.0)
        return self._told(model.heads(found, every), model.phone_of(found), bound)

    def _by_weeks(self) -> ShiftMix:
        case, people = self.case, self.people
        heads = np.zeros((case.days, len(case.shifts)), np.int64)
        phone, used, least = people.base, self.planned.copy(), 0.0
        for week in self.stretches:
            least += self._least(week)
            for days in _parts(week):
                ahead = range(days.start, min(case.days, week.stop + 1))
                model = _Model(
                    self, ahead, ahead, whole=frozenset(days), base=phone, used=used
                )
                found = model.programme.solve(gap=NEAR, nodes=NODES)
                if not found.usable:
                    return self._none("unknown")
                now = slice(days.start, days.stop)
                heads[now] = model.heads(found, days)
                used[:, now] = model.minutes(found)[:, now]
                phone = model.phone_of(found, days)
        bound = max(self.bound, least)
        return self._told(heads, phone, bound)

    def _least(self, days: range) -> float:
        """Return what a week costs at the least, whoever works the night before."""
        if self.chosen:
            return 0.0
        before = range(max(0, days.start - 1), days.stop)
        model = _Model(self, before, days, whole=frozenset(before))
        found = model.programme.solve(gap=NEAR, nodes=FEW)
        return found.bound or 0.0

    def _told(
        self, heads: NDArray[np.int64], phone: NDArray[np.int64], bound: float
    ) -> ShiftMix:
        """Return the mix with its cost, counted again from its heads."""
        case, people = self.case, self.people
        told = ShiftMix(
            case=case,
            limit=self.asked,
            status="feasible",
            bound=0,
            cost=0,
            heads=heads,
            on_phone=phone,
        )
        there = phone[case.skill_sets.able].sum(axis=0)
        lack = np.where(case.counted, np.maximum(0, people.floor - there), 0)
        cost = int(
            (people.short_price * told.short).sum()
            + people.over_price * told.over.sum()
            + people.lack_price * lack.sum()
        )
        assert bound <= cost + 0.5, f"bound {bound} above cost {cost}"
        lowest = min(cost, ceil(bound - DIGITS))
        return ShiftMix(
            case=case,
            limit=self.asked,
            status="optimal" if lowest == cost else "feasible",
            bound=lowest,
            cost=cost,
            heads=heads,
            on_phone=phone,
        )


class _People:
    """Who there is of each kind, and what coverage asks of them.

    Attributes
    ----------
    least, most
        People pinned to a shift, and who may work it; ``(kinds, days, shifts)``.
    there
        People who may work at all; shape ``(kinds, days)``.
    skills
        Set of skills of each kind; shape ``(kinds,)``.
    caps
        Days, minutes, and by kind the most of them: days a shift counts 1 or its paid
        minutes.
    base
        Heads of shifts begun before the horizon; shape ``(sets, intervals)``.
    """

    def __init__(self, case: Case) -> None:
        kinds, free = kinds_of(case), case.free_to_work
        self.number = int(kinds.max(initial=-1)) + 1
        members = [np.flatnonzero(kinds == kind) for kind in range(self.number)]
        pinned = free & (case.pins != OPEN)[:, :, None]
        shape = (self.number, case.days, len(case.shifts))
        self.most = np.array([free[m].sum(axis=0) for m in members]).reshape(shape)
        self.least = np.array([pinned[m].sum(axis=0) for m in members]).reshape(shape)
        present = [free[m].any(axis=2).sum(axis=0) for m in members]
        self.there = np.array(present).reshape(shape[:2])
        self.skills = [int(case.skill_sets.of[m[0]]) for m in members]
        self.nothing = np.zeros(shape[:2])
        self.caps = [*_day_caps(case, members), *_minute_caps(case, members)]
        self.base = Roster.empty(without_pins(case)).phone_by_set
        need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
        assert isinstance(need, CoverageNeed)
        self.short_price, self.over_price = need.short_prices(case), need.over_price
        self.floor = floor.floor(case) if isinstance(floor, CoverageFloor) else 0
        self.floor_hard = floor is not None and floor.penalty is None
        self.lack_price = 0 if floor is None else floor.penalty or 0
        self.starts: dict[tuple[int, int], Start] = {}

    def start(self, case: Case, day: int, shift: int) -> Start:
        """Return a start, worked out once."""
        if (day, shift) not in self.starts:
            self.starts[day, shift] = start_of(case, day, shift)
        return self.starts[day, shift]


@dataclass(frozen=True)
class _Cap:
    """Most days or minutes of each kind on some days."""

    days: range
    most: tuple[int, ...]
    in_minutes: bool


Members = list[NDArray[np.intp]]


def _day_caps(case: Case, members: Members) -> Iterator[_Cap]:
    """Yield the days that people can work in each whole week of the horizon."""
    most = min((_week_days(rule) for rule in case.rules), default=WEEK)
    for columns in weeks(case):
        days = [column - case.past for column in columns]
        if days[0] < 0 or len(days) < WEEK or most >= WEEK:
            continue
        able = case.free_to_work[:, days].any(axis=2).sum(axis=1)
        able = np.minimum(able, most)
        totals = tuple(int(able[one].sum()) for one in members)
        yield _Cap(range(days[0], days[-1] + 1), totals, in_minutes=False)


def _week_days(rule: Rule) -> int:
    """Return the most days of a week that a rule lets a person work."""
    if rule.penalty is not None:
        return WEEK
    if isinstance(rule, SequenceRun):
        return WEEK - WEEK // (rule.most_days + 1)
    if isinstance(rule, WeeklyRest) and rule.mode == "rolling":
        return WEEK - rule.days if rule.window_days <= WEEK else WEEK
    return WEEK


def _minute_caps(case: Case, members: Members) -> Iterator[_Cap]:
    """Yield the minutes that people can be paid in each cycle."""
    average, weekly = case.rule("hours.average"), case.rule("hours.weekly_max")
    if isinstance(average, HoursAverage) and average.penalty is None:
        for cycle in cycles(case, average.cycle):
            booked = _booked(case, cycle)
            most = average.cap(case, cycle) + booked
            credited = average.cycle == "week" and not booked
            yield _minutes(case, members, cycle, most, credited)
    if isinstance(weekly, HoursWeeklyMax) and weekly.penalty is None:
        minutes = case.each(weekly, "minutes").astype(np.int64)
        for cycle in cycles(case, "week"):
            yield _minutes(case, members, cycle, minutes, False)


def _booked(case: Case, cycle: Cycle) -> int:
    """Return the most overtime minutes of a person in a cycle."""
    rule = case.rule("hours.overtime")
    if not isinstance(rule, HoursOvertime) or not rule.allowed:
        return 0
    return rule.day_minutes * len(cycle.columns(case))


def _minutes(
    case: Case,
    members: Members,
    cycle: Cycle,
    most: NDArray[np.int64],
    credited: bool,
) -> _Cap:
    columns = cycle.columns(case)
    days = range(max(0, columns.start - case.past), columns.stop - case.past)
    totals = tuple(
        sum(most_minutes(case, int(a), cycle, int(most[a]), credited) for a in one)
        for one in members
    )
    return _Cap(days, totals, in_minutes=True)


def _stretches(case: Case) -> list[range]:
    """Return the days week by week, or all where they are no more than a week."""
    if case.days <= WEEK:
        return [range(case.days)]
    parts = ([c - case.past for c in week if c >= case.past] for week in weeks(case))
    return [range(days[0], days[-1] + 1) for days in parts if days]


def _parts(week: range) -> list[range]:
    """Return a week in two parts, one after the other."""
    middle = week.start + (len(week) + 1) // 2
    parts = range(week.start, middle), range(middle, week.stop)
    return [part for part in parts if part]


class _Model:
    """The programme of some days.

    Parameters
    ----------
    mixing
        What is known so far.
    days, rows
        Days on which shifts start; days of whose intervals coverage is counted.
    whole
        Days with whole heads.
    limit
        Most shifts to run.
    base
        Heads of shifts begun before; those of history where left out.
    used
        Minutes on other days, which their cycles have no more; ``(kinds, days)``.
    """

    def __init__(
        self,
        mixing: _Mixing,
        days: range,
        rows: range,
        *,
        whole: frozenset[int],
        limit: int | None = None,
        base: NDArray[np.int64] | None = None,
        used: Grid | None = None,
    ) -> None:
        self.case, self.people = mixing.case, mixing.people
        self.offered, self.days, self.whole = mixing.offered, days, whole
        self.base = self.people.base if base is None else base
        self.used = self.people.nothing if used is None else used
        self.programme = Programme()
        self.x: dict[At, object] = {}
        self.y: dict[At, list[object]] = {}  # by set of skills, day, shift
        self.z: dict[int, object] = {}
        for day in days:
            self._start(day)
        for cap in self.people.caps:
            self._cap(cap)
        if limit is not None:
            self._choose(limit)
        of_day = self.case.clock.days_of_intervals
        asked = self.case.counted & (of_day >= rows.start) & (of_day < rows.stop)
        self._cover(asked)

    # -- people ---------------------------------------------------------------------
    def _start(self, day: int) -> None:
        """State who starts what on a day, and how they break it (3 to 5)."""
        people, programme, whole = self.people, self.programme, day in self.whole
        by_set: dict[tuple[int, int], list[object]] = defaultdict(list)
        for kind in range(people.number):
            today = []
            for shift in np.flatnonzero(people.most[kind, day]).tolist():
                if not self._runs(kind, day, shift):
                    continue
                least = int(people.least[kind, day, shift])
                most = int(people.most[kind, day, shift])
                heads = programme.new(least, most, whole=whole)
                self.x[kind, day, shift] = heads
                by_set[people.skills[kind], shift].append(heads)
                today.append((heads, 1.0))
            programme.at_most(today, int(people.there[kind, day]))
        for (own, shift), heads_of in by_set.items():
            ways = people.start(self.case, day, shift).ways
            counts = [programme.new(whole=whole) for _ in ways]
            terms = [(one, 1.0) for one in counts]
            programme.equal([*terms, *((one, -1.0) for one in heads_of)], 0)
            self.y[own, day, shift] = counts

    def _runs(self, kind: int, day: int, shift: int) -> bool:
        return shift in self.offered or bool(self.people.least[kind, day, shift])

    def _cap(self, cap: _Cap) -> None:
        """Keep each kind to its days or minutes (6 and 7)."""
        paid, past = self.case.paid, self.case.past
        inside = [day for day in cap.days if day in self.days]
        outside = [day for day in cap.days if day not in self.days]
        if not inside or (outside and not cap.in_minutes):
            return
        for kind, most in enumerate(cap.most):
            terms = [
                (heads, float(paid[past + day, shift]) if cap.in_minutes else 1.0)
                for (k, day, shift), heads in self.x.items()
                if k == kind and day in inside
            ]
            left = most - float(self.used[kind, outside].sum())
            self.programme.at_most(terms, max(0.0, left))

    def _choose(self, limit: int) -> None:
        """Run only some shifts (8)."""
        self.z = {shift: self.programme.new(0, 1) for shift in self.offered}
        self.programme.at_most([(run, 1.0) for run in self.z.values()], limit)
        for at, heads in self.x.items():
            if at[2] in self.z:
                most = -float(self.people.most[at])
                self.programme.at_most([(heads, 1.0), (self.z[at[2]], most)], 0)

    # -- coverage -------------------------------------------------------------------
    def _cover(self, asked: NDArray[np.bool_]) -> None:
        """Price heads short and over, and keep the floor (1 and 2)."""
        skills = self.case.skill_sets
        there = [self._chained(own) for own in range(len(skills.sets))]
        for t in np.flatnonzero(asked).tolist():
            self._need(t, [terms[t] for terms in there])
            self._floor(t, [terms[t] for terms in there])

    def _chained(self, own: int) -> list[Terms]:
        """Return the heads of a set in each interval, from those in the one before.

        Rows then name who comes and who goes only, an eighth of the entries.
        """
        come: list[list[tuple[object, float]]] = [
            [] for _ in range(self.case.clock.intervals + 1)
        ]
        for (who, day, shift), counts in self.y.items():
            if who != own:
                continue
            start = self.people.start(self.case, day, shift)
            for number, count in enumerate(counts):
                for begin, end in _on_phone(start, number):
                    come[begin].append((count, 1.0))
                    come[end].append((count, -1.0))
        there: list[Terms] = []
        last: list[tuple[object, float]] = []
        for changes in come[:-1]:
            if changes:
                heads = self.programme.new(whole=False)
                self.programme.equal([*last, *changes, (heads, -1.0)], 0)
                last = [(heads, 1.0)]
            there.append(last)
        return there

    def _need(self, t: int, there: list[Terms]) -> None:
        case, people = self.case, self.people
        skills, need = case.skill_sets, case.requirement.heads[:, t]
        short = self.programme.new(whole=False, price=float(people.short_price[t]))
        for group, helps in zip(*skills.tight, strict=True):
            due = int(need[group].sum() - self.base[helps, t].sum())
            terms = [one for own in np.flatnonzero(helps) for one in there[own]]
            self.programme.at_least([*terms, (short, 1.0)], due)
        over = self.programme.new(whole=False, price=people.over_price)
        heads = [one for own in np.flatnonzero(skills.able) for one in there[own]]
        due = int(need.sum() - self.base[skills.able, t].sum())
        self.programme.equal([*heads, (short, 1.0), (over, -1.0)], due)

    def _floor(self, t: int, there: list[Terms]) -> None:
        people, able = self.people, self.case.skill_sets.able
        due = people.floor - int(self.base[able, t].sum())
        if due <= 0 or not (people.floor_hard or people.lack_price):
            return
        terms = [one for own in np.flatnonzero(able) for one in there[own]]
        if not people.floor_hard:
            lack = self.programme.new(whole=False, price=people.lack_price)
            terms.append((lack, 1.0))
        self.programme.at_least(terms, due)

    # -- what was found -------------------------------------------------------------
    def run(self, found: Found) -> tuple[int, ...]:
        """Return the shifts chosen; all that are offered where any may be."""
        chosen = [s for s, one in self.z.items() if found.value(one) > 0.5]
        return tuple(chosen) if self.z else self.offered

    def minutes(self, found: Found) -> Grid:
        """Return paid minutes of each kind; shape ``(kinds, days)``."""
        total, past = self.people.nothing.copy(), self.case.past
        for (kind, day, shift), heads in self.x.items():
            total[kind, day] += found.value(heads) * self.case.paid[past + day, shift]
        return total

    def heads(self, found: Found, days: range) -> NDArray[np.int64]:
        """Return heads on some of the days; shape ``(days, shifts)``."""
        total = np.zeros((len(days), len(self.case.shifts)), np.int64)
        for (_, day, shift), heads in self.x.items():
            if day in days:
                total[day - days.start, shift] += round(found.value(heads))
        return total

    def phone_of(self, found: Found, days: range | None = None) -> NDArray[np.int64]:
        """Return heads on the phone with those of some days, ``(sets, intervals)``."""
        phone = self.base.copy()
        for (own, day, shift), counts in self.y.items():
            if days is not None and day not in days:
                continue
            start = self.people.start(self.case, day, shift)
            for number, count in enumerate(counts):
                for begin, end in _on_phone(start, number):
                    phone[own, begin:end] += round(found.value(count))
        return phone


def _on_phone(start: Start, number: int) -> Iterator[tuple[int, int]]:
    """Yield first and last interval, exclusive, of each stretch on the phone."""
    begin = start.present.start
    for gone in start.ways[number][1]:
        if gone.start > begin:
            yield begin, gone.start
        begin = max(begin, gone.stop)
    if start.present.stop > begin:
        yield begin, start.present.stop


def heads_by_shift(mix: ShiftMix) -> Mapping[str, int]:
    """Return the heads started on each shift over all days, by time of day."""
    codes = mix.case.shifts
    return {codes[s].code: int(mix.heads[:, s].sum()) for s in mix.shifts}
