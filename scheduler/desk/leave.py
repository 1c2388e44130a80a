"""Leave asked for after publication: what it changes, and its checks in order."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from constraints.case import OFF
from constraints.roster import Roster
from constraints.rule import Text
from scheduler.desk import checks, leave_rules
from scheduler.desk.desk import Desk
from scheduler.desk.effects import Effects, Move, handed_over, without
from scheduler.desk.leave_rules import NEVER_REFUSED
from scheduler.desk.notice import ONE_DAY, last_noon
from scheduler.desk.requests import LeaveRequest
from scheduler.desk.sheet import Sheet
from scheduler.desk.verdict import FAIL, NOT_APPLICABLE, WARN, Check, Verdict
from scheduler.engine.breaks import place_again

ORDER = (
    "identity",
    "balance",
    "R20",
    "R21",
    "R23",
    "R16",
    "R22",
    "R15",
    "R01",
    "R31",
    "R03",
    "R07",
    "R05",
    "R33",
)
"""The checks in the order of the rule book."""


@dataclass(frozen=True)
class LeaveLooked:
    """Leave held against the desk.

    Attributes
    ----------
    desk, leave
        The desk, and what is asked.
    """

    desk: Desk
    leave: LeaveRequest

    @property
    def agent(self) -> int:
        """Index of the person; KeyError where there is none of that id."""
        return self.desk.agents[self.leave.agent]

    @cached_property
    def days(self) -> range:
        """Days of the horizon on which they would be away."""
        case = self.desk.case
        first = max(0, case.clock.day(self.leave.begins))
        return range(first, min(case.days, case.clock.day(self.leave.last) + 1))

    @cached_property
    def given_up(self) -> list[tuple[int, int]]:
        """Day and shift of what they would have worked."""
        row = self.desk.roster.table[self.agent]
        return [(day, int(row[day])) for day in self.days if row[day] != OFF]

    @cached_property
    def counted(self) -> int:
        """Days that count: with a shift, or an office day beyond the horizon."""
        case = self.desk.case
        beyond = (on for on in self.dates if self.desk.day(on) is None)
        return len(self.given_up) + sum(map(case.calendar.is_office_day, beyond))

    @cached_property
    def dates(self) -> list[date]:
        """All dates of the leave."""
        count = (self.leave.last - self.leave.begins).days + 1
        return [self.leave.begins + n * ONE_DAY for n in range(count)]

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The shifts that others take over, by index."""
        desk, shifts = self.desk, dict(self.given_up)
        return tuple(
            Move(self.agent, desk.agents[leg.taker], day, shifts[day])
            for leg in self.leave.replacements
            if (day := desk.day(leg.day)) in shifts and leg.taker in desk.agents
        )

    @cached_property
    def after(self) -> Roster:
        """The roster with the person away and shifts taken over."""
        handed = handed_over(self.desk.roster, self.moves)
        case = Sheet({}, (self.line,)).case(self.desk.case)
        roster = replace(without(handed, self.agent, self.days), case=case)
        if not Effects(self.desk.standing, roster, self.people).of("breaks"):
            return roster
        today = self.desk.now.astimezone(case.clock.zone).date()
        later = [day for day, _ in self.given_up if case.clock.date(day) > today]
        return place_again(roster, later)  # fewer people, fewer away at a time

    @property
    def line(self) -> tuple[str, date, date, str]:
        """Id, first and last day, and kind, as a sheet has it."""
        leave = self.leave
        return leave.agent, leave.begins, leave.last, leave.leave

    @cached_property
    def effects(self) -> Effects:
        """What that breaks and changes."""
        return Effects(self.desk.standing, self.after, self.people)

    @property
    def people(self) -> list[int]:
        """Index of those whose days change."""
        return sorted({self.agent, *(move.taker for move in self.moves)})

    @property
    def asked(self) -> datetime:
        """Local time at which it was asked for."""
        return self.leave.submitted.astimezone(self.desk.case.clock.zone)

    @cached_property
    def emergency(self) -> tuple[datetime, datetime] | None:
        """Start of the first night shift given up, and the last noon before it."""
        desk = self.desk
        for day, shift in self.given_up:
            if desk.case.shifts[shift].shift_class == "night":
                starts = desk.starts(desk.case.clock.date(day), shift)
                return starts, last_noon(starts)
        return None

    @property
    def only_nights(self) -> bool:
        """Whether all that is given up is night shifts."""
        night = set(self.desk.case.of_class("night").tolist())
        return bool(self.given_up) and {s for _, s in self.given_up} <= night


def check_leave(desk: Desk, leave: LeaveRequest) -> Verdict:
    """Return all checks of leave, in the order of the rule book.

    Sick, maternity and bereavement leave is never refused: what others fail only
    warns, so that the planner sees what is to be done.

    Examples
    --------
    >>> from scheduler.desk.examples import leave_of, small_desk
    >>> desk = small_desk(["DD-DD--", "-DDD-D-"])
    >>> found = check_leave(desk, leave_of(desk, "A1:2026-03-05", "personal"))
    >>> found.verdict, found.deciding
    ('warn', ('R01',))
    """
    looked = LeaveLooked(desk, leave)
    known = leave.agent in desk.agents and leave.begins <= leave.last
    found = [_check(looked, id, known=known) for id in ORDER]
    if leave.leave in NEVER_REFUSED and known:
        found = [_softened(check) for check in found]
    return Verdict(tuple(found))


def _check(looked: LeaveLooked, id: str, *, known: bool) -> Check:
    if not known and id != "identity":
        words = Text("Not looked at: see identity.", "未检查:见身份检查。")
        return Check(id, NOT_APPLICABLE, words)
    if id in leave_rules.OF_LEAVE:
        return Check(id, *leave_rules.OF_LEAVE[id](looked))
    return Check(id, *checks.OF_THE_ROSTER[id](looked.effects))


def _softened(check: Check) -> Check:
    bare = check.verdict == FAIL and check.id != "identity"
    return replace(check, verdict=WARN) if bare else check
