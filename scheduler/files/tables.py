"""The tables about people: who they are, when they are away, what is fixed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from constraints.case import CLASSES, OFF, OPEN, Agent, Leave, Limit, Request, Shift
from constraints.pack import BY_ID
from constraints.requests import KINDS as REQUEST_KINDS
from forecasts.clock import DAY, Clock
from forecasts.table import Cells, Problems, Row, Table, nearest

LEAVE_KINDS = (
    "annual",
    "sick",
    "personal",
    "marriage",
    "maternity",
    "bereavement",
    "lieu",
    "training",
)
ROLES = ("leader", "mentor", "qa")
DAY_OFF = "-"
ON_LEAVE = "leave:"
MOST_PAST = 92
LONGEST_LEAVE = 3660
MOST_COMPARED = 20_000
PERSONAL = {
    "hours.average": ("tolerance_minutes",),
    "hours.under": ("tolerance_minutes",),
    "hours.weekly_max": ("minutes",),
    "sequence.run": ("most_days",),
    "rest.daily": ("hours",),
    "nights.run": ("most_nights",),
    "nights.rest": ("days",),
    "starts.stable": ("minutes",),
    "hours.range": ("least_minutes", "most_minutes"),
    "sequence.min_run": ("least_days",),
    "sequence.min_rest_run": ("least_days",),
    "weekends.most": ("most",),
    "shifts.most": (),
}
"""Parameters that limits.csv can set for one person, by rule; shift codes for none."""

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}|[A-Za-z]{3,20}")

COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "agents": (
        ("agent", "name"),
        (
            "team",
            "skills",
            "hours_per_week",
            "classes",
            "roles",
            "level",
            "job_type",
            "joined",
            "left",
            "protected_from",
            "protected_to",
            "career_from",
            "annual_left",
        ),
    ),
    "shifts": (
        ("shift", "class", "start", "end"),
        ("paid_minutes", "skills", "label", "colour", "offered"),
    ),
    "leave": (("agent", "first", "last", "kind"), ("status",)),
    "requests": (("agent", "date", "kind", "value", "weight"), ()),
    "history": (
        ("agent", "date", "shift"),
        ("class", "start", "end", "paid_minutes", "overtime_minutes"),
    ),
    "pins": (("agent", "date", "shift"), ()),
    "limits": (("agent", "rule", "parameter", "value"), ()),
    "cover": (("date", "shift", "required"), ()),
    "calls": (("timestamp", "offered"), ("queue", "aht_seconds", "abandoned", "event")),
    "requirement": (("timestamp", "required"), ("queue",)),
    "calendar": (("date", "kind"), ("name", "factor", "hours")),
    "cleaning": (
        ("first", "last", "action"),
        ("queue", "factor", "kind", "calls", "usual", "effect", "reason"),
    ),
}
"""Required and optional columns of every table."""


@dataclass
class Names:
    """Ids that other tables refer to.

    Attributes
    ----------
    agents, shifts
        Index by id, in file order.
    unread
        Tables whose ids are not known, so that no reference to them can be judged.
    """

    agents: dict[str, int] = field(default_factory=dict)
    shifts: dict[str, int] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def agent(self, cells: Cells, row: Row) -> int | None:
        """Return the index of the person a row names, or record a problem."""
        return self._known(cells, row, "agent", "agents", self.agents)

    def shift(self, cells: Cells, row: Row, column: str = "shift") -> int | None:
        """Return the index of the shift a row names, or record a problem."""
        return self._known(cells, row, column, "shifts", self.shifts)

    def _known(
        self, cells: Cells, row: Row, column: str, table: str, known: Mapping[str, int]
    ) -> int | None:
        text = row.cells.get(column, "")
        if text in known:
            return known[text]
        if table not in self.unread:
            near = nearest(text, known) if len(known) < MOST_COMPARED else None
            hint = "Add it there, or correct the cell."
            remedy = f'Did you mean "{near}"?' if near else hint
            cells.refuse(row, column, f"a row of {table}.csv", remedy)
        return None


# -- people and shifts --------------------------------------------------------------


def read_agents(
    table: Table, names: Names, problems: Problems, roles: Iterable[str] = ROLES
) -> tuple[Agent, ...]:
    """Return the people of agents.csv, and note their ids in ``names``."""
    cells = Cells(table, problems)
    cells.unique(table.rows, "agent")
    for row in table.rows:
        names.agents.setdefault(row.cells["agent"], len(names.agents))
    allowed = tuple(dict.fromkeys((*ROLES, *roles)))
    people = [_agent(cells, row, allowed) for row in table.rows]
    return tuple(person for person in people if person is not None)


def _agent(cells: Cells, row: Row, roles: Iterable[str]) -> Agent | None:
    id, name = cells.text(row, "agent"), cells.text(row, "name", default="")
    hours = cells.number(row, "hours_per_week", above=0, most=84, default=40.0)
    team = cells.text(row, "team", default="")
    skills, classes = cells.words(row, "skills"), cells.words(row, "classes", CLASSES)
    held = cells.words(row, "roles", roles)
    if None in (id, name, hours, team, skills, classes, held):
        return None
    return Agent(
        id=id or "",
        name=name or "",
        team=team or "",
        skills=frozenset(skills or ()),
        hours_per_week=hours or 40.0,
        classes=frozenset(classes or ()),
        roles=frozenset(held or ()),
        level=cells.whole(row, "level", least=0, most=1000, default=None),
        job_type=cells.text(row, "job_type", default="") or "",
        joined=cells.day(row, "joined", default=None),
        left=_not_before(cells, row, "left", "joined"),
        protected=_protection(cells, row),
        career_from=cells.day(row, "career_from", default=None),
        annual_left=cells.number(row, "annual_left", least=0, most=366, default=None),
    )


def _not_before(cells: Cells, row: Row, column: str, other: str) -> date | None:
    """Return a date that does not lie before that of another column."""
    on = cells.day(row, column, default=None)
    before = Cells(cells.file, Problems()).day(row, other, default=None)
    if on is not None and before is not None and on < before:
        cells.refuse(
            row, column, f"a date on or after {before}", "Correct one of them."
        )
        return None
    return on


def _protection(cells: Cells, row: Row) -> tuple[date, date] | None:
    if not (cells.given(row, "protected_from") or cells.given(row, "protected_to")):
        return None
    first = cells.day(row, "protected_from", default=None)
    last = _not_before(cells, row, "protected_to", "protected_from")
    return first or date.min, last or date.max


def read_shifts(table: Table, names: Names, problems: Problems) -> tuple[Shift, ...]:
    """Return the catalogue of shifts.csv, and note its codes in ``names``."""
    cells = Cells(table, problems)
    cells.unique(table.rows, "shift")
    for row in table.rows:
        names.shifts.setdefault(row.cells["shift"], len(names.shifts))
    shifts = [_shift(cells, row) for row in table.rows]
    return tuple(shift for shift in shifts if shift is not None)


def _shift(cells: Cells, row: Row) -> Shift | None:
    code = cells.text(row, "shift")
    if code is not None and (code == DAY_OFF or code.startswith(ON_LEAVE)):
        cells.refuse(row, "shift", "a code other than - and leave:", "Rename it.")
    kind = cells.word(row, "class", CLASSES)
    start = cells.clock_time(row, "start")
    end = cells.clock_time(row, "end", midnight=True)
    skills, label = cells.words(row, "skills"), cells.text(row, "label", default="")
    colour = _colour(cells, row)
    if code is None or kind is None or start is None or end is None or skills is None:
        return None
    if start == end % DAY and end != DAY:
        cells.refuse(
            row,
            "end",
            f"an end other than the start, {row.cells['start']}",
            "A shift lasts less than 24 h; correct start or end.",
        )
        return None
    end = end if end > start else end + DAY
    return Shift(
        code=code,
        shift_class=kind,
        start=start,
        end=end,
        paid_minutes=cells.whole(
            row, "paid_minutes", least=1, most=end - start, default=None
        ),
        skills=frozenset(skills),
        label=label or "",
        colour=colour,
        offered=cells.word(row, "offered", ("yes", "no"), default="yes") != "no",
    )


def _colour(cells: Cells, row: Row) -> str:
    text = row.cells.get("colour", "")
    if text and not COLOUR.fullmatch(text):
        cells.refuse(row, "colour", "a colour such as #4C72B0", "Correct the cell.")
        return ""
    return text


# -- days away and wishes -----------------------------------------------------------


def read_leave(table: Table, names: Names, problems: Problems) -> tuple[Leave, ...]:
    """Return the lines of leave.csv."""
    cells = Cells(table, problems)
    read = [_leave(cells, row, names) for row in table.rows]
    leave = tuple(line for line in read if line is not None)
    _check_overlaps(cells, table, leave)
    return leave


def _leave(cells: Cells, row: Row, names: Names) -> Leave | None:
    agent = names.agent(cells, row)
    first, last = cells.day(row, "first"), cells.day(row, "last")
    kind = cells.word(row, "kind", LEAVE_KINDS)
    status = cells.word(row, "status", ("approved", "requested"), default="approved")
    if agent is None or first is None or last is None or kind is None or status is None:
        return None
    if last < first:
        cells.refuse(row, "last", f"a date on or after {first}", "Swap first and last.")
        return None
    if (last - first).days > LONGEST_LEAVE:
        cells.refuse(row, "last", "a leave of ten years at most", "Correct the year.")
        return None
    return Leave(
        agent=agent,
        first=first,
        last=last,
        kind=kind,
        requested=status == "requested",
        line=row.line,
    )


def _check_overlaps(cells: Cells, table: Table, leave: Iterable[Leave]) -> None:
    rows = {row.line: row for row in table.rows}
    latest: dict[int, Leave] = {}
    for one in sorted(leave, key=lambda line: (line.agent, line.first, line.line)):
        before = latest.get(one.agent)
        if before is not None and one.first <= before.last:
            later, earlier = sorted((one, before), key=lambda lv: lv.line)[::-1]
            cells.refuse(
                rows[later.line],
                "first",
                f"no day of the leave on line {earlier.line}",
                "Join the two lines, or correct the dates.",
            )
        if before is None or one.last > before.last:
            latest[one.agent] = one


def read_requests(
    table: Table, names: Names, clock: Clock | None, problems: Problems
) -> tuple[tuple[Request, ...], int]:
    """Return the wishes of requests.csv, and how many lie outside the horizon."""
    cells = Cells(table, problems)
    read = [_request(cells, row, names, clock) for row in table.rows]
    wishes = tuple(wish for wish in read if wish is not None)
    if clock is None:
        return (), 0
    inside = tuple(wish for wish in wishes if 0 <= wish.day < clock.days)
    return inside, len(wishes) - len(inside)


def _request(
    cells: Cells, row: Row, names: Names, clock: Clock | None
) -> Request | None:
    agent, on = names.agent(cells, row), cells.day(row, "date")
    kind = cells.word(row, "kind", REQUEST_KINDS)
    weight = cells.whole(row, "weight", least=1, most=100)
    fits = kind is None or _value_fits(cells, row, kind, names)
    if agent is None or on is None or kind is None or weight is None or not fits:
        return None
    return Request(
        agent=agent,
        day=0 if clock is None else clock.day(on),
        kind=kind,
        value=row.cells["value"],
        weight=weight,
        line=row.line,
    )


def _value_fits(cells: Cells, row: Row, kind: str, names: Names) -> bool:
    if kind.endswith("shift"):
        return names.shift(cells, row, "value") is not None
    if kind.endswith("class"):
        return cells.word(row, "value", CLASSES) is not None
    if cells.given(row, "value"):
        cells.refuse(row, "value", f'nothing for kind "{kind}"', "Empty the cell.")
        return False
    return True


# -- what is fixed ------------------------------------------------------------------


class Past(NamedTuple):
    """What history.csv says of the days before the horizon.

    Attributes
    ----------
    table
        Shift index or ``OFF``; shape ``(agents, past)``.
    known
        Whether a person has any row; shape ``(agents,)``.
    leave
        Leave days; shape ``(agents, past)``.
    has_yesterday
        Whether any row is of the day before the horizon.
    ignored
        Rows of days too long ago.
    """

    table: NDArray[np.int16]
    known: NDArray[np.bool_]
    leave: NDArray[np.bool_]
    has_yesterday: bool
    ignored: int


def no_past(people: int) -> Past:
    """Return the past of people of whom nothing is known."""
    nothing = np.zeros((people, 0), bool)
    known = np.zeros(people, bool)
    return Past(nothing.astype(np.int16), known, nothing, False, 0)


def read_history(
    table: Table, names: Names, clock: Clock | None, problems: Problems
) -> Past:
    """Return what history.csv, or a former roster.csv, says."""
    cells = Cells(table, problems)
    read = [_worked(cells, row, names, clock) for row in table.rows]
    cells.unique(table.rows, "agent", "date")
    rows = [row for row in read if row is not None]
    people = len(names.agents)
    if clock is None:
        return no_past(people)
    recent = [row for row in rows if row[1] >= -MOST_PAST]
    past = max((-day for _, day, _ in recent), default=0)
    worked = np.full((people, past), OFF, np.int16)
    away = np.zeros((people, past), bool)
    known = np.zeros(people, bool)
    for agent, day, shift in recent:
        known[agent] = True
        if shift is None:
            away[agent, past + day] = True
        else:
            worked[agent, past + day] = shift
    yesterday = any(day == -1 for _, day, _ in recent)
    return Past(worked, known, away, yesterday, len(rows) - len(recent))


def _worked(
    cells: Cells, row: Row, names: Names, clock: Clock | None
) -> tuple[int, int, int | None] | None:
    """Return person, day (below zero) and shift, None being leave."""
    agent, on = names.agent(cells, row), cells.day(row, "date")
    shift: int | None = None
    kind = row.cells.get("class", "")
    if cells.given(row, "shift"):
        shift = _history_shift(cells, row, names)
        if shift is None:
            return None
    elif not kind.startswith(ON_LEAVE):
        cells.refuse(row, "shift", "a row of shifts.csv", "Leave days off out.")
        return None
    if agent is None or on is None:
        return None
    day = -1 if clock is None else clock.day(on)
    if day >= 0 and clock is not None:
        cells.refuse(
            row,
            "date",
            f"a date before the first day, {clock.first_day}",
            "Remove the line, or fix the shift in pins.csv.",
        )
        return None
    return agent, day, shift


def _history_shift(cells: Cells, row: Row, names: Names) -> int | None:
    if row.cells["shift"] == DAY_OFF:
        return OFF
    return names.shift(cells, row)


def read_pins(
    table: Table,
    names: Names,
    clock: Clock | None,
    leave: Iterable[Leave],
    leave_file: str,
    problems: Problems,
) -> NDArray[np.int16]:
    """Return the fixed cells of pins.csv; shape ``(agents, days)``."""
    cells = Cells(table, problems)
    days = 0 if clock is None else clock.days
    pins = np.full((len(names.agents), days), OPEN, np.int16)
    cells.unique(table.rows, "agent", "date")
    away: dict[int, list[Leave]] = {}
    for one in leave:
        if not one.requested:
            away.setdefault(one.agent, []).append(one)
    for row in table.rows:
        agent, on = names.agent(cells, row), cells.day(row, "date")
        off = row.cells["shift"] == DAY_OFF
        shift = OFF if off else names.shift(cells, row)
        if agent is None or on is None or shift is None:
            continue
        if shift != OFF:
            _check_no_leave(cells, row, on, away.get(agent, ()), leave_file)
        if clock is not None and _within(cells, row, on, clock):
            pins[agent, clock.day(on)] = shift
    return pins


def read_cover(
    table: Table, names: Names, clock: Clock | None, problems: Problems
) -> NDArray[np.int64]:
    """Return the people that shifts ask for, from cover.csv; ``(days, shifts)``."""
    cells = Cells(table, problems)
    days = 0 if clock is None else clock.days
    cover = np.full((days, len(names.shifts)), -1, np.int64)
    cells.unique(table.rows, "date", "shift")
    for row in table.rows:
        on, shift = cells.day(row, "date"), names.shift(cells, row)
        required = cells.whole(row, "required", least=0, most=100_000)
        if on is None or shift is None or required is None:
            continue
        if clock is not None and _within(cells, row, on, clock):
            cover[clock.day(on), shift] = required
    return cover


def _within(cells: Cells, row: Row, on: date, clock: Clock) -> bool:
    last = clock.date(clock.days - 1)
    if not clock.first_day <= on <= last:
        expected = f"a date from {clock.first_day} to {last}"
        cells.refuse(row, "date", expected, "Remove the line, or correct the date.")
        return False
    return True


def _check_no_leave(
    cells: Cells, row: Row, on: date, away: Iterable[Leave], leave_file: str
) -> None:
    for one in away:
        if one.first <= on <= one.last:
            cells.refuse(
                row,
                "shift",
                f"- on {on}, a day of approved leave ({leave_file}:{one.line})",
                "Remove the pin, or correct the leave.",
            )


def read_limits(table: Table, names: Names, problems: Problems) -> tuple[Limit, ...]:
    """Return one person's own parameters, from limits.csv."""
    cells = Cells(table, problems)
    cells.unique(table.rows, "agent", "rule", "parameter")
    read = [_limit(cells, row, names) for row in table.rows]
    return tuple(limit for limit in read if limit is not None)


def _limit(cells: Cells, row: Row, names: Names) -> Limit | None:
    agent = names.agent(cells, row)
    rule = cells.word(row, "rule", BY_ID)
    if rule is None:
        return None
    if rule not in PERSONAL:
        expected = f"a rule that can differ by person: {', '.join(PERSONAL)}"
        cells.refuse(row, "rule", expected, "Set it for all in case.toml.")
        return None
    known = PERSONAL[rule] or tuple(names.shifts)
    parameter = cells.word(row, "parameter", known)
    if parameter is None:
        return None
    kinds = {f.name: f.type for f in fields(BY_ID[rule])}
    value: float | None
    if kinds.get(parameter, int) is int:
        value = cells.whole(row, "value", least=0, most=1_000_000)
    else:
        value = cells.number(row, "value", least=0, most=100_000)
    if agent is None or value is None:
        return None
    return Limit(agent=agent, rule=rule, parameter=parameter, value=value)


# -- notes --------------------------------------------------------------------------


def outside(leave: Iterable[Leave], clock: Clock) -> int:
    """Return how many lines of leave touch no day of the horizon."""
    last = clock.first_day + timedelta(days=clock.days - 1)
    return sum(one.last < clock.first_day or one.first > last for one in leave)
