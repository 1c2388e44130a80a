"""The case: who there is, which shifts, what is asked, and what is already fixed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from constraints.queues import SkillSets
from forecasts.calendar import Calendar
from forecasts.clock import DAY, Clock
from forecasts.forecaster import Forecast
from forecasts.requirement import Requirement, Service

if TYPE_CHECKING:  # a rule looks at a case, and a case holds its rules
    from constraints.rule import Rule

OFF = -1
OPEN = -2
CLASSES = ("day", "evening", "night")
NIGHT = (22 * 60, 30 * 60)
OF_SHIFTS = ("start", "end", "midnight", "paid", "overhang", "late", "night_work")
"""What a case knows of its shifts, whoever its people are."""


@dataclass(frozen=True, kw_only=True)
class Agent:
    """One person.

    Attributes
    ----------
    id, name, team
        As in agents.csv; the id is unique and stays text.
    skills, roles
        Queues this person may serve; roles such as ``leader``.
    hours_per_week
        Contract hours.
    classes
        Shift classes this person may work; empty = all.
    level, job_type
        Grade, and kind of job; swaps are between people alike in both.
    joined, left
        First and last day employed; None = open.
    protected
        Spans of dates without night work and overtime, both ends included.
    """

    id: str
    name: str = ""
    team: str = ""
    skills: frozenset[str] = frozenset()
    hours_per_week: float = 40.0
    classes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    level: int | None = None
    job_type: str = ""
    joined: date | None = None
    left: date | None = None
    protected: tuple[date, date] | None = None
    career_from: date | None = None
    annual_left: float | None = None

    @property
    def week_minutes(self) -> int:
        """Contract minutes a week."""
        return round(self.hours_per_week * 60)


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One line of the shift catalogue.

    Attributes
    ----------
    code
        Unique code.
    shift_class
        ``day``, ``evening`` or ``night``.
    start, end
        Minutes after local midnight of the day it starts; ``end`` is above ``start``
        and above 1440 where the shift ends on the next day.
    paid_minutes
        Paid minutes; None = the span less unpaid breaks.
    skills
        All that a person must hold to work it.
    offered
        Whether it may be worked; history may hold shifts that are given up.
    """

    code: str
    shift_class: str
    start: int
    end: int
    paid_minutes: int | None = None
    skills: frozenset[str] = frozenset()
    label: str = ""
    colour: str = ""
    offered: bool = True


@dataclass(frozen=True, kw_only=True)
class Leave:
    """One line of leave.csv; ``granted`` is decided before the solve."""

    agent: int
    first: date
    last: date
    kind: str
    requested: bool = False
    granted: bool = True
    reason: str = ""
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Request:
    """One wish: ``kind`` (``off``, ``work``, ``shift``, ...), its value and weight."""

    agent: int
    day: int
    kind: str
    value: str = ""
    weight: int = 1
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One person's own value of a rule's parameter."""

    agent: int
    rule: str
    parameter: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that a roster is made from and held against.

    Attributes
    ----------
    clock
        Horizon, intervals and time zone.
    agents, shifts
        People and shift catalogue, in file order; both are meant by index elsewhere.
    requirement
        Heads needed on the phone per queue and interval.
    rules
        The rule book in force.
    leave, requests, limits
        As in the files; requested leave carries the decision.
    history
        Shift index or ``OFF`` on the days before the horizon; shape
        ``(agents, past)``, the last column being the day before ``first_day``.
    known
        Whether a person has any history; shape ``(agents,)``.
    past_leave
        Leave days within the history; shape ``(agents, past)``.
    pins
        Shift index, ``OFF``, or ``OPEN`` where nothing is pinned; ``(agents, days)``.
    cover
        People asked for by shift, -1 where nothing is; shape ``(days, shifts)``.
    """

    name: str
    clock: Clock
    agents: tuple[Agent, ...]
    shifts: tuple[Shift, ...]
    requirement: Requirement
    rules: tuple["Rule", ...] = ()
    leave: tuple[Leave, ...] = ()
    requests: tuple[Request, ...] = ()
    limits: tuple[Limit, ...] = ()
    history: NDArray[np.int16] = field(
        default_factory=lambda: np.zeros((0, 0), np.int16)
    )
    known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    past_leave: NDArray[np.bool_] = field(
        default_factory=lambda: np.zeros((0, 0), bool)
    )
    pins: NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 0), np.int16))
    cover: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    has_yesterday: bool = False
    service: Service = field(default_factory=Service)
    forecast: Forecast | None = None
    calendar: Calendar = field(default_factory=Calendar)
    language: str = "en"

    def __post_init__(self) -> None:
        people = len(self.agents)
        if self.history.shape[0] != people:
            object.__setattr__(self, "history", np.full((people, 0), OFF, np.int16))
            object.__setattr__(self, "known", np.zeros(people, bool))
        if self.past_leave.shape != self.history.shape:
            object.__setattr__(self, "past_leave", np.zeros(self.history.shape, bool))
        if self.pins.shape != (people, self.days):
            pins = np.full((people, self.days), OPEN, np.int16)
            object.__setattr__(self, "pins", pins)
        if self.cover.shape != (self.days, len(self.shifts)):
            cover = np.full((self.days, len(self.shifts)), -1, np.int64)
            object.__setattr__(self, "cover", cover)

    # -- size -----------------------------------------------------------------------
    @property
    def days(self) -> int:
        """Days of the horizon."""
        return self.clock.days

    @property
    def past(self) -> int:
        """Days of history before the horizon."""
        return int(self.history.shape[1])

    @property
    def span(self) -> int:
        """Days of history and horizon together; a column is ``past + day``."""
        return self.past + self.days

    def of_people(self, agents: Sequence[int]) -> "Case":
        """Return the case of some people only, who may be named several times."""
        places: dict[int, list[int]] = {}
        for place, agent in enumerate(agents):
            places.setdefault(agent, []).append(place)

        def theirs(lines: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(
                replace(line, agent=place)
                for line in lines
                for place in places.get(line.agent, ())
            )

        found = replace(
            self,
            agents=tuple(self.agents[agent] for agent in agents),
            leave=theirs(self.leave),
            requests=theirs(self.requests),
            limits=theirs(self.limits),
            history=self.history[agents],
            known=self.known[agents],
            past_leave=self.past_leave[agents],
            pins=self.pins[agents],
        )
        for name in OF_SHIFTS:  # not to be reckoned again
            vars(found)[name] = getattr(self, name)
        return found

    # -- rules ----------------------------------------------------------------------
    def rule(self, id: str) -> "Rule | None":
        """Return the rule of an id, or None where the rule book has none."""
        return next((rule for rule in self.rules if rule.id == id), None)

    def with_rules(self, rules: Sequence["Rule"]) -> "Case":
        """Return the case under another rule book."""
        return replace(self, rules=tuple(rules))

    def each(self, rule: "Rule", parameter: str) -> NDArray[Any]:
        """Return a rule's parameter per person, limits.csv heeded; ``(agents,)``."""
        values = np.array([getattr(rule, parameter)] * len(self.agents))
        for limit in self.limits:
            if (limit.rule, limit.parameter) == (rule.id, parameter):
                values = values.astype(float)
                values[limit.agent] = limit.value
        return values

    # -- shifts on the axis of elapsed minutes --------------------------------------
    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Minute at which a shift begins; shape ``(span, shifts)``."""
        return self._on_axis([shift.start for shift in self.shifts])

    @cached_property
    def end(self) -> NDArray[np.int64]:
        """Minute at which a shift ends; shape ``(span, shifts)``."""
        return self._on_axis([shift.end for shift in self.shifts])

    def _on_axis(self, walls: Sequence[int]) -> NDArray[np.int64]:
        days = range(-self.past, self.days)
        minutes = [[self.clock.minute(day, wall) for wall in walls] for day in days]
        return np.array(minutes, np.int64).reshape(self.span, len(walls))

    @cached_property
    def midnight(self) -> NDArray[np.int64]:
        """Minute at which each day of the span begins, and the last ends."""
        days = range(-self.past, self.days + 1)
        return np.array([self.clock.minute(day, 0) for day in days], np.int64)

    @cached_property
    def paid(self) -> NDArray[np.int64]:
        """Paid minutes of a shift on a day; shape ``(span, shifts)``."""
        breaks = self.rule("breaks.meal")
        span = self.end - self.start
        unpaid = breaks.unpaid_minutes(span) if breaks is not None else 0  # type: ignore[attr-defined]
        given = np.array([shift.paid_minutes or 0 for shift in self.shifts], np.int64)
        stated = np.array([shift.paid_minutes is not None for shift in self.shifts])
        return np.asarray(np.where(stated, given, span - unpaid), np.int64)

    @cached_property
    def overhang(self) -> NDArray[np.bool_]:
        """Whether a shift has a minute on the day after; shape ``(span, shifts)``."""
        return np.asarray(self.end > self.midnight[1:, None])

    @cached_property
    def _by_class(self) -> dict[tuple[str, ...], NDArray[np.intp]]:
        return {}

    def of_class(self, *classes: str) -> NDArray[np.intp]:
        """Return the indices of the shifts of some classes."""
        if classes not in self._by_class:
            asked = [shift.shift_class in classes for shift in self.shifts]
            self._by_class[classes] = np.flatnonzero(asked)
        return self._by_class[classes]

    @cached_property
    def late(self) -> list[NDArray[np.intp]]:
        """Shifts that have a minute on the day after, by column of the span."""
        return [np.flatnonzero(row) for row in self.overhang]

    # -- who may work when ----------------------------------------------------------
    @cached_property
    def employed(self) -> NDArray[np.bool_]:
        """Whether a person is employed on a day; shape ``(agents, span)``."""
        first = [self._column(agent.joined, 0) for agent in self.agents]
        last = [self._column(agent.left, self.span) for agent in self.agents]
        columns = np.arange(self.span)
        return (columns >= np.array(first)[:, None]) & (
            columns <= np.array(last)[:, None]
        )

    def _column(self, on: date | None, default: int) -> int:
        return default if on is None else self.clock.day(on) + self.past

    @cached_property
    def on_leave(self) -> NDArray[np.bool_]:
        """Whether a person is on granted leave; shape ``(agents, span)``."""
        away = np.zeros((len(self.agents), self.span), bool)
        away[:, : self.past] = self.past_leave
        for leave in self.leave:
            if leave.granted:
                first = max(0, self._column(leave.first, 0))
                away[leave.agent, first : max(0, self._column(leave.last, 0) + 1)] = (
                    True
                )
        return away

    @cached_property
    def leave_kinds(self) -> dict[tuple[int, int], str]:
        """Kind of granted leave by person and day of the horizon."""
        return {
            (leave.agent, day): leave.kind
            for leave in self.leave
            if leave.granted
            for day in range(
                max(0, self.clock.day(leave.first)),
                min(self.days, self.clock.day(leave.last) + 1),
            )
        }

    @cached_property
    def suits(self) -> NDArray[np.bool_]:
        """Whether a shift is offered and suits a person; shape ``(agents, shifts)``."""
        return np.array(
            [
                [
                    shift.offered
                    and (not agent.classes or shift.shift_class in agent.classes)
                    and shift.skills <= agent.skills
                    for shift in self.shifts
                ]
                for agent in self.agents
            ]
        ).reshape(len(self.agents), len(self.shifts))

    @cached_property
    def skill_sets(self) -> SkillSets:
        """Which queues people can answer; a single queue is everyone's."""
        queues = self.requirement.queues
        return SkillSets(
            np.array(
                [
                    [len(queues) == 1 or queue in agent.skills for queue in queues]
                    for agent in self.agents
                ],
                bool,
            ).reshape(len(self.agents), len(queues))
        )

    @cached_property
    def night_work(self) -> NDArray[np.bool_]:
        """Whether a shift has a minute between 22:00 and 06:00; ``(shifts,)``."""
        return np.array(
            [
                any(
                    shift.start < NIGHT[1] + turn and shift.end > NIGHT[0] + turn
                    for turn in (-DAY, 0, DAY)
                )
                for shift in self.shifts
            ]
        )

    @cached_property
    def may(self) -> NDArray[np.bool_]:
        """Whether a person may work a shift on a day; ``(agents, days, shifts)``.

        Classes, skills, protection, joined and left; not leave and not pins.
        """
        allowed = self.suits[:, None, :] & self.employed[:, self.past :, None]
        for number, agent in enumerate(self.agents):
            if agent.protected is not None:
                first, last = (self.clock.day(on) for on in agent.protected)
                days = slice(max(0, first), max(0, last + 1))
                allowed[number, days] &= ~self.night_work
        return np.asarray(allowed)

    @cached_property
    def free_to_work(self) -> NDArray[np.bool_]:
        """What the fixed cells leave open: ``may`` less leave and pins."""
        allowed = self.may & ~self.on_leave[:, self.past :, None]
        pinned = self.pins != OPEN
        chosen = self.pins[:, :, None] == np.arange(len(self.shifts))
        return np.asarray(np.where(pinned[:, :, None], chosen, allowed))

    @cached_property
    def assumed(self) -> NDArray[np.bool_]:
        """Intervals outside coverage for want of history; shape ``(intervals,)``.

        Where nobody's day before the horizon is known, the first day counts from the
        first interval at which two of its shifts could be present.
        """
        first = np.zeros(self.clock.intervals, bool)
        if self.has_yesterday or not self.shifts:
            return first
        present = np.zeros(self.clock.intervals, int)
        for start, end in zip(self.start[self.past], self.end[self.past], strict=True):
            present[self.clock.span(int(start), int(end))] += 1
        today = self.clock.days_of_intervals == 0
        could = np.flatnonzero(today & (present >= 2))
        first[: could[0] if could.size else int(today.sum())] = True
        return first

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """Intervals that coverage counts: open and not assumed; ``(intervals,)``."""
        return np.asarray(self.requirement.is_open & ~self.assumed)
