"""Published rosters: versions in the ledger, what they hold, and how one follows.

Each function works within one transaction of a ledger that its caller opened for
writing, so that what it reads stays true until it is done, and all of it is kept or
nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Audit, Text, audit
from forecasts.problems import InputError, Problem
from scheduler.desk.ledger import Ledger
from scheduler.desk.policy import ReplanPolicy
from scheduler.desk.requests import (
    KINDS,
    DeskRequest,
    LeaveRequest,
    SwapRequest,
    record_of,
    request_of,
)
from scheduler.desk.sheet import FORGOTTEN, SICK, Cell, Granted, Place, Sheet

VERSION = "version"
LOOK_BACK, LOOK_AHEAD = timedelta(days=366), timedelta(days=400)
PAST = 28
"""Days of the period before that count as history."""
GRACE = 15
"""Minutes that may pass between a proposal and its publication."""
Named = tuple[str, int]  # kind and number of a request


class RefusedError(Exception):
    """The desk says no: why, in both languages, and the shifts that differ."""

    def __init__(self, text: Text, changes: Mapping[Place, Any] | None = None) -> None:
        super().__init__(text.en)
        self.text, self.changes = text, changes or {}


class ConflictError(RefusedError):
    """Somebody else published in between."""


@dataclass(frozen=True)
class Version:
    """A published roster.

    Attributes
    ----------
    number
        Counted over all periods of a ledger.
    sheet
        What it says.
    why, of
        ``publish``, ``rollback``, ``swap``, ``leave`` or ``replan``; and the number of
        the request or version that it comes from.
    base
        The version before; 0 = none.
    at, by
        When, and by whom.
    input_hash
        SHA-256 of the case it was made from.
    applied
        Kind and number of the requests that are in it.
    """

    number: int
    sheet: Sheet
    why: str
    of: int
    base: int
    at: str
    by: str
    input_hash: str
    applied: tuple[Named, ...] = ()


# -- what stands ----------------------------------------------------------------------


def version_of(ledger: Ledger, number: int) -> Version | None:
    """Return a version, or None where there is none of that number."""
    record = ledger.get(VERSION, number)
    return None if record is None else _version(number, record)


def latest(ledger: Ledger, first_day: date) -> Version | None:
    """Return the version that stands of the period that begins on a day, if any."""
    found = ledger.last(VERSION, str(first_day))
    return None if found is None else _version(*found)


def _version(number: int, record: Mapping[str, Any]) -> Version:
    told = {key: record[key] for key in ("why", "of", "base", "at", "by", "input_hash")}
    applied = tuple((kind, int(of)) for kind, of in record["applied"])
    return Version(number, Sheet.unpacked(record), applied=applied, **told)


def standing(ledger: Ledger, case: Case) -> Version | None:
    """Return the version that stands of a case's period, held against its files.

    Raises
    ------
    InputError
        It names people or shifts that the files have no more.
    """
    found = latest(ledger, case.clock.first_day)
    if found is not None:
        _check_names(found, case)
    return found


def _check_names(version: Version, case: Case) -> None:
    agents = {agent.id for agent in case.agents}
    codes = {shift.code for shift in case.shifts}
    gone = Counter(
        id
        for id, _ in version.sheet.cells
        if id not in agents and not id.startswith(FORGOTTEN)
    )
    given_up = Counter(
        cell.shift for cell in version.sheet.cells.values() if cell.shift not in codes
    )
    problems = [
        Problem(
            file=file,
            found=f"no {what} {name}",
            expected=f"everybody and every shift of version {version.number}, where "
            f"{name} stands in {count} cells",
            remedy=remedy,
        )
        for file, what, counted, remedy in (
            ("agents.csv", "agent", gone, "Keep the line; write the last day in left."),
            ("shifts.csv", "shift", given_up, "Keep the line; write offered = no."),
        )
        for name, count in sorted(counted.items())
    ]
    if problems:
        raise InputError(problems)


def requests_of(ledger: Ledger, case: Case) -> tuple[DeskRequest, ...]:
    """Return the requests that may matter to a case, by kind and number."""
    first = case.clock.first_day - LOOK_BACK
    last = case.clock.date(case.days) + LOOK_AHEAD
    return tuple(
        request_of(kind, record)
        for kind in KINDS
        for record in ledger.all(kind, str(first), str(last)).values()
    )


def informed(
    ledger: Ledger, case: Case, requests: Sequence[DeskRequest] | None = None
) -> Case:
    """Return a case with what the ledger knows beside its files.

    Leave that the desk has granted in any period, and as history the last days of the
    period before, where that is published.

    Parameters
    ----------
    requests
        Those that may matter to the case, where they are read already.
    """
    known = requests_of(ledger, case) if requests is None else requests
    lines = [
        (one.agent, one.begins, one.last, one.leave)
        for one in known
        if isinstance(one, LeaveRequest) and one.state == "applied"
    ]
    case = Sheet({}, tuple(lines)).case(case)
    before = ledger.last(VERSION, str(case.clock.first_day), before=True)
    yesterday = str(case.clock.date(-1))
    if before is None or before[1]["period"][1] != yesterday:
        return case
    return _with_history(case, Sheet.unpacked(before[1]))


def _with_history(case: Case, sheet: Sheet) -> Case:
    """Return a case whose last days before the horizon are as a sheet has them."""
    agents = {agent.id: number for number, agent in enumerate(case.agents)}
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    columns = max(PAST, case.past)
    history = np.full((len(agents), columns), OFF, np.int16)
    history[:, columns - case.past :] = case.history
    known, leave = case.known.copy(), np.zeros(history.shape, bool)
    leave[:, columns - case.past :] = case.past_leave
    there = {id for id, _ in sheet.cells}
    for id in there & agents.keys():
        history[agents[id], columns - PAST :] = OFF
        known[agents[id]] = True
    for (id, on), cell in sheet.cells.items():
        column = columns + case.clock.day(date.fromisoformat(on))
        if id in agents and cell.shift in codes and columns - PAST <= column < columns:
            history[agents[id], column] = codes[cell.shift]
    return replace(
        case, history=history, known=known, past_leave=leave, has_yesterday=True
    )


# -- publishing -----------------------------------------------------------------------


def publish(
    ledger: Ledger,
    roster: Roster,
    by: str,
    now: datetime,
    *,
    over: int = 0,
    input_hash: str = "",
) -> Version:
    """Publish a roster; what has begun, and leave that the desk granted, stay.

    Parameters
    ----------
    roster
        Of the case as its files have it.
    over
        The version that is to be replaced, as whoever publishes knows it; 0 = none.

    Raises
    ------
    ConflictError
        Another version stands by now.
    RefusedError
        A hard rule is broken, or another period is published for some of the days.
    """
    case = informed(ledger, roster.case)
    stands = standing(ledger, case)
    _check_period(ledger, case)
    sheet = Sheet.of(roster)
    if stands is not None:
        fresh = set(stands.sheet.changes(sheet))
        begun = {p for p in fresh if _begun(case, p, now, stands.sheet, sheet)}
        sheet = sheet.with_cells(stands.sheet, begun)
        sheet = replace(sheet, leave=stands.sheet.leave).keeping(stands.sheet, case)
    if (0 if stands is None else stands.number) != over:
        raise _conflict(stands, sheet, over)
    _check_audit(audit(sheet.roster(case)))
    told = {"why": "publish", "of": 0, "base": over, "by": by, "input_hash": input_hash}
    applied = () if stands is None else _kept(ledger, stands, sheet, by, now)
    return put_version(ledger, case, sheet, now, applied=applied, **told)


def _kept(
    ledger: Ledger, stands: Version, sheet: Sheet, by: str, now: datetime
) -> tuple[Named, ...]:
    """Return the requests that a new roster still has in it; the others are over."""
    kept, changed = [], set(stands.sheet.changes(sheet))
    for kind, number in stands.applied:
        request = find(ledger, kind, number)
        if not isinstance(request, SwapRequest) or not _undone(request, changed, sheet):
            kept.append((kind, number))
            continue
        words = ("Another roster was published over it.", "已被新发布的排班取代。")
        over = request.moved("refused", now, by, reasons=(words,))
        save(ledger, over, "replaced", by, now)
    return tuple(kept)


def _undone(swap: SwapRequest, changed: set[Place], sheet: Sheet) -> bool:
    """Whether a shift that changed hands by a swap is taken from who took it."""
    for leg in swap.legs:
        place = (leg.taker, str(leg.day))
        cell = sheet.cells.get(place)
        if place in changed and (cell is None or cell.shift != leg.shift):
            return True
    return False


def _conflict(stands: Version | None, sheet: Sheet, over: int) -> ConflictError:
    if stands is None:
        words = Text(
            f"There is no version {over}; nothing is published yet.",
            f"没有版本 {over},尚未发布。",
        )
        return ConflictError(words, {})
    changes = stands.sheet.changes(sheet)
    words = Text(
        f"Version {stands.number} stands, published {stands.at[:16]} by {stands.by}; "
        f"yours differs in {len(changes)} shifts. Look at the difference, then publish "
        f"with --over {stands.number}.",
        f"当前为版本 {stands.number},由 {stands.by} 于 {stands.at[:16]} 发布;"
        f"您的排班有 {len(changes)} 个班次不同。核对差异后请用 "
        f"--over {stands.number} 发布。",
    )
    return ConflictError(words, changes)


def _check_period(ledger: Ledger, case: Case) -> None:
    """Refuse a period that overlaps another one that is published."""
    first, last = case.clock.first_day, case.clock.date(case.days - 1)
    for begins, ends in {
        tuple(record["period"])
        for record in ledger.all(VERSION, str(first - LOOK_BACK), str(last)).values()
    }:
        if begins != str(first) and ends >= str(first):
            raise RefusedError(
                Text(
                    f"{begins} to {ends} is published; this case begins on {first}.",
                    f"{begins} 至 {ends} 已发布,与本期 {first} 起重叠。",
                )
            )


def _check_audit(found: Audit) -> None:
    if found.hard:
        one = found.hard[0].text
        count = len(found.hard)
        raise RefusedError(
            Text(
                f"{count} hard rules are broken, first: {one.en}",
                f"共违反 {count} 处硬性规则,首条:{one.zh}",
            )
        )


def put_version(
    ledger: Ledger,
    case: Case,
    sheet: Sheet,
    now: datetime,
    *,
    applied: Iterable[Named],
    **told: Any,
) -> Version:
    """Write a version: why, of what, after which base, by whom."""
    number, first = ledger.next(VERSION), str(case.clock.first_day)
    period = [first, str(case.clock.date(case.days - 1))]
    at, named = now.isoformat(), tuple(dict.fromkeys(applied))
    rest = {"period": period, "at": at, "applied": [list(one) for one in named]}
    record = sheet.packed() | told | rest
    ledger.put(VERSION, number, record, told["why"], told["by"], at, day=first)
    return Version(number, sheet, at=at, applied=named, **told)


def _minute(case: Case, place: Place, cell: Cell | None) -> int | None:
    """Return the minute at which a cell's shift starts, if it has one."""
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    column = case.past + case.clock.day(date.fromisoformat(place[1]))
    if cell is None or cell.shift not in codes or not 0 <= column < case.span:
        return None
    return int(case.start[column, codes[cell.shift]])


def _begun(case: Case, place: Place, now: datetime, *sheets: Sheet) -> bool:
    """Whether what any of some sheets has in a cell has begun."""
    starts = (_minute(case, place, sheet.cells.get(place)) for sheet in sheets)
    return any(s is not None and s <= case.clock.minute_at(now) for s in starts)


# -- back, and through the day --------------------------------------------------------


def rollback(
    ledger: Ledger, case: Case, to: int, by: str, now: datetime, *, over: int
) -> Version:
    """Publish an earlier version once more; what has begun stays as it is.

    So does every swap and leave of which a part has begun, as a whole. Requests that
    are in the earlier version are applied again, those that are not go back to
    approved.

    Raises
    ------
    ConflictError
        Another version than ``over`` stands.
    RefusedError
        There is no such version of the period, or it breaks a hard rule by now.
    """
    case = informed(ledger, case)
    old, stands = version_of(ledger, to), standing(ledger, case)
    record = ledger.get(VERSION, to)
    first = str(case.clock.first_day)
    if old is None or record is None or stands is None or record["period"][0] != first:
        raise RefusedError(
            Text(f"There is no version {to} of this period.", f"本期没有版本 {to}。")
        )
    _check_names(old, case)
    if stands.number != over:
        raise _conflict(stands, old.sheet, over)
    since = [
        find(ledger, *named) for named in stands.applied if named not in old.applied
    ]
    held = {
        place
        for place in old.sheet.changes(stands.sheet)
        if _begun(case, place, now, old.sheet, stands.sheet)
    }
    kept = _whole(since, held)
    sheet = old.sheet.with_cells(stands.sheet, held | set(_places(kept)))
    lines = [
        one
        for one in stands.sheet.leave
        if any(isinstance(r, LeaveRequest) and _line(r) == one for r in kept)
    ]
    sheet = replace(sheet, leave=tuple(dict.fromkeys((*old.sheet.leave, *lines))))
    stay = tuple((request.kind, request.number) for request in kept)
    applied = (*old.applied, *stay)
    undone = [r for r in since if (r.kind, r.number) not in stay]
    for request in undone:
        save(ledger, request.moved("approved", now, by), "undo", by, now)
    for named in set(old.applied) - set(stands.applied):
        request = find(ledger, *named).moved("applied", now, by)
        save(ledger, request, "redo", by, now)
    bare = without_leave(case, map(_line, filter(_is_leave, undone)))
    _check_audit(audit(sheet.roster(bare)))
    told = {"why": "rollback", "of": to, "base": over, "by": by}
    return put_version(
        ledger, case, sheet, now, applied=applied, input_hash=old.input_hash, **told
    )


def _is_leave(request: DeskRequest) -> bool:
    return isinstance(request, LeaveRequest)


def _line(request: DeskRequest) -> Granted:
    assert isinstance(request, LeaveRequest)
    return request.agent, request.begins, request.last, request.leave


def without_leave(case: Case, lines: Iterable[Granted]) -> Case:
    """Return a case without some lines of leave that the desk had granted."""
    gone = set(lines)
    ids = [agent.id for agent in case.agents]
    kept = tuple(
        line
        for line in case.leave
        if line.line or (ids[line.agent], line.first, line.last, line.kind) not in gone
    )
    return replace(case, leave=kept)


def _whole(requests: list[DeskRequest], held: set[Place]) -> list[DeskRequest]:
    """Return the requests of which a part is held, and those that hang on them."""
    kept: list[DeskRequest] = []
    while True:
        places = held | set(_places(kept))
        more = [
            request
            for request in requests
            if request not in kept and places & set(_places([request]))
        ]
        if not more:
            return kept
        kept += more


def _places(requests: Iterable[DeskRequest]) -> Iterator[Place]:
    """Yield the cells of requests: both ends of swaps, all days of leave."""
    for request in requests:
        yield from ((id, str(on)) for id, on in request.places)
        if isinstance(request, LeaveRequest):
            count = (request.last - request.begins).days + 1
            days = (request.begins + timedelta(days=n) for n in range(count))
            yield from ((request.agent, str(on)) for on in days)
            yield from ((leg.taker, str(leg.day)) for leg in request.replacements)


def publish_replan(
    ledger: Ledger,
    case: Case,
    sheet: Sheet,
    by: str,
    now: datetime,
    *,
    over: int,
    policy: ReplanPolicy,
) -> Version:
    """Publish a re-plan; what has begun, or comes too soon, must be as it stands.

    Hard rules about several people that its absences break stay broken; the plan
    says so.

    Raises
    ------
    ConflictError
        Another version than ``over`` stands.
    RefusedError
        It changes nothing, or what may not be changed by now, or breaks a hard rule
        about single people.
    """
    case = informed(ledger, case)
    stands = standing(ledger, case)
    if stands is None or stands.number != over:
        raise _conflict(stands, sheet, over)
    changes = stands.sheet.changes(sheet)
    if not changes and sheet.leave == stands.sheet.leave:
        raise RefusedError(Text("It changes nothing.", "该计划没有任何调整。"))
    minute = case.clock.minute_at(now)
    for place, (was, becomes) in changes.items():
        if _too_late(case, place, was, becomes, minute, policy):
            raise RefusedError(
                Text(
                    f"It is too late for what {place[0]} is to do on {place[1]}; plan "
                    "again.",
                    f"{place[0]} 在 {place[1]} 的调整已来不及,请重新计划。",
                )
            )
    rules = [rule for rule in case.rules if not rule.joint]
    _check_audit(audit(sheet.roster(case), rules))
    told = {"why": "replan", "of": 0, "base": over, "by": by}
    return put_version(
        ledger,
        case,
        sheet,
        now,
        applied=stands.applied,
        input_hash=stands.input_hash,
        **told,
    )


def _too_late(
    case: Case,
    place: Place,
    was: Cell | None,
    becomes: Cell | None,
    now: int,
    policy: ReplanPolicy,
) -> bool:
    """Whether a change of a cell comes too late: it has begun, or lacks its notice."""
    starts = [_minute(case, place, cell) for cell in (was, becomes)]
    known = [start for start in starts if start is not None]
    if becomes is None:  # absent
        return min(known, default=now + 1) <= now
    if starts[0] != starts[1]:
        return min(known) < now + policy.lead_shifts - GRACE
    assert was is not None
    midnight = int(case.midnight[case.past + case.clock.day(_date(place))])
    moved = [
        midnight + start
        for kind, start, _ in set(was.away) ^ set(becomes.away)
        if kind != SICK
    ]
    return min(moved, default=now + policy.lead_breaks) < (
        now + policy.lead_breaks - GRACE
    )


def _date(place: Place) -> date:
    return date.fromisoformat(place[1])


def changed_today(
    ledger: Ledger, case: Case, now: datetime, stands: Version | None
) -> dict[str, int]:
    """Return how often re-plans of this day have changed each person."""
    today, found = str(now.astimezone(case.clock.zone).date()), Counter[str]()
    while stands is not None and stands.why == "replan" and stands.at[:10] == today:
        before = version_of(ledger, stands.base)
        if before is None:
            break
        for (id, _), (was, is_now) in before.sheet.changes(stands.sheet).items():
            if was is not None and is_now is not None and was.shift == is_now.shift:
                found[id] += len(set(is_now.away) - set(was.away))
            elif is_now is not None:
                found[id] += 1
        stands = before
    return dict(found)


# -- requests as records --------------------------------------------------------------


def find(ledger: Ledger, kind: str, number: int) -> DeskRequest:
    """Return a request; RefusedError where there is none."""
    record = ledger.get(kind, number)
    if record is None:
        what = {"swap": "换班", "leave": "休假"}[kind]
        raise RefusedError(
            Text(f"There is no {kind} {number}.", f"没有编号 {number} 的{what}申请。")
        )
    return request_of(kind, record)


def save(
    ledger: Ledger, request: DeskRequest, action: str, by: str, now: datetime
) -> None:
    """Write a request."""
    day, record = str(request.first), record_of(request)
    ledger.put(
        request.kind, request.number, record, action, by, now.isoformat(), day=day
    )
