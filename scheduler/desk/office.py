"""The office: publishes rosters, and takes requests from draft to applied.

Each function works within one transaction of a ledger that its caller opened for
writing, so that what it reads stays true until it is done, and all of it is kept or
nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Audit, Text, audit
from forecasts.problems import InputError, Problem
from scheduler.desk.desk import Desk
from scheduler.desk.leave import LeaveLooked, check_leave
from scheduler.desk.leave_rules import NEVER_REFUSED
from scheduler.desk.ledger import Ledger
from scheduler.desk.policy import Policy
from scheduler.desk.requests import (
    KINDS,
    DeskRequest,
    LeaveRequest,
    Leg,
    SwapRequest,
    record_of,
    request_of,
)
from scheduler.desk.sheet import Place, Sheet
from scheduler.desk.swaps import Looked, check_swap
from scheduler.desk.verdict import Verdict

VERSION = "version"
LOOK_BACK = timedelta(days=366)
LOOK_AHEAD = timedelta(days=62)


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
    """

    number: int
    sheet: Sheet
    why: str
    of: int
    base: int
    at: str
    by: str
    input_hash: str


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
    return Version(number, Sheet.unpacked(record), **told)


def requests_of(ledger: Ledger, case: Case) -> tuple[DeskRequest, ...]:
    """Return the requests that may matter to a case, by kind and number."""
    first = case.clock.first_day - LOOK_BACK
    last = case.clock.date(case.days) + LOOK_AHEAD
    return tuple(
        request_of(kind, record)
        for kind in KINDS
        for record in ledger.all(kind, str(first), str(last)).values()
    )


def desk_of(
    ledger: Ledger,
    case: Case,
    policy: Policy,
    now: datetime,
    *,
    draft: Roster | None = None,
    charged: Mapping[tuple[str, str], int] | None = None,
) -> Desk:
    """Return the desk as it stands in a ledger.

    Parameters
    ----------
    ledger
        The ledger.
    case
        The case as its files have it.
    policy
        Its rule book.
    now
        Local time, with its offset.
    draft
        The roster to look at where none is published.
    charged
        Swaps that carry.json tells of.

    Raises
    ------
    InputError
        Nothing is published, and there is no draft.
    """
    stands = latest(ledger, case.clock.first_day)
    after = latest(ledger, case.clock.date(case.days))
    if stands is None and draft is None:
        raise InputError(
            [
                Problem(
                    file="out/roster.csv",
                    found="no such file, and nothing published",
                    expected="a roster of this period",
                    remedy="Run roster solve, then roster publish.",
                )
            ]
        )
    roster = draft if stands is None else stands.sheet.roster(case)
    assert roster is not None
    return Desk(
        roster=roster,
        now=now,
        policy=policy,
        version=0 if stands is None else stands.number,
        requests=requests_of(ledger, case),
        following=None if after is None else after.sheet,
        changed=_changed_today(ledger, case, now, stands),
        charged=charged or {},
    )


def _changed_today(
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


def check(desk: Desk, request: DeskRequest) -> Verdict:
    """Return all checks of a request."""
    if isinstance(request, SwapRequest):
        return check_swap(desk, request)
    assert isinstance(request, LeaveRequest)
    return check_leave(desk, request)


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
    """Publish a roster; leave that the desk granted stays granted.

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
    case = roster.case
    stands = latest(ledger, case.clock.first_day)
    _check_period(ledger, case)
    sheet = Sheet.of(roster, () if stands is None else stands.sheet.leave)
    if (0 if stands is None else stands.number) != over:
        raise _conflict(stands, sheet, over)
    _check_audit(audit(sheet.roster(case)))
    told = {"why": "publish", "of": 0, "base": over, "by": by, "input_hash": input_hash}
    return _put(ledger, case, sheet, now, **told)


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


def _put(
    ledger: Ledger, case: Case, sheet: Sheet, now: datetime, **told: Any
) -> Version:
    """Write a version."""
    number, first = ledger.next(VERSION), str(case.clock.first_day)
    period = [first, str(case.clock.date(case.days - 1))]
    at = now.isoformat()
    record = sheet.packed() | told | {"period": period, "at": at}
    ledger.put(VERSION, number, record, told["why"], told["by"], at, day=first)
    return Version(number, sheet, at=at, **told)


def rollback(
    ledger: Ledger, case: Case, to: int, by: str, now: datetime, *, over: int
) -> Version:
    """Publish an earlier version once more; shifts that have begun stay as they are.

    Requests that were applied since go back to approved.

    Raises
    ------
    ConflictError
        Another version than ``over`` stands.
    RefusedError
        There is no such version of the period, or it breaks a hard rule by now.
    """
    old, stands = version_of(ledger, to), latest(ledger, case.clock.first_day)
    record = ledger.get(VERSION, to)
    if (
        old is None
        or record is None
        or record["period"][0] != str(case.clock.first_day)
    ):
        raise RefusedError(
            Text(f"There is no version {to} of this period.", f"本期没有版本 {to}。")
        )
    assert stands is not None
    if stands.number != over:
        raise _conflict(stands, old.sheet, over)
    sheet = replace(old.sheet, cells=_kept(case, old.sheet, stands.sheet, now))
    _check_audit(audit(sheet.roster(case)))
    for number in range(to + 1, stands.number + 1):
        _undo(ledger, number, by, now)
    told = {"why": "rollback", "of": to, "base": over, "by": by}
    return _put(ledger, case, sheet, now, input_hash=old.input_hash, **told)


def _kept(case: Case, old: Sheet, stands: Sheet, now: datetime) -> dict[Place, Any]:
    """Return the cells of an old sheet, but those of shifts begun as they stand."""
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    minute = int((now - case.clock.local(0)).total_seconds() // 60)

    def begun(place: Place, cell: Any) -> bool:
        column = case.past + case.clock.day(date.fromisoformat(place[1]))
        known = cell is not None and cell.shift in codes
        return known and bool(case.start[column, codes[cell.shift]] <= minute)

    cells = dict(old.cells)
    for place, (was, is_now) in old.changes(stands).items():
        if begun(place, was) or begun(place, is_now):
            cells.pop(place, None)
            if is_now is not None:
                cells[place] = is_now
    return cells


def _undo(ledger: Ledger, number: int, by: str, now: datetime) -> None:
    """Take the request that made a version back to approved."""
    record = ledger.get(VERSION, number)
    if record is None or record["why"] not in KINDS:
        return
    kind, of = record["why"], record["of"]
    found = ledger.get(kind, of)
    if found is not None and found["state"] == "applied":
        _save(
            ledger, request_of(kind, found).moved("approved", now, by), "undo", by, now
        )


def publish_replan(
    ledger: Ledger, case: Case, sheet: Sheet, by: str, now: datetime, *, over: int
) -> Version:
    """Publish a re-plan; what has begun must be as it stands.

    Hard rules that its absences break stay broken; the plan says so.

    Raises
    ------
    ConflictError
        Another version than ``over`` stands.
    RefusedError
        It changes what has begun by now, or breaks a hard rule about single people.
    """
    stands = latest(ledger, case.clock.first_day)
    if stands is None or stands.number != over:
        raise _conflict(stands, sheet, over)
    place = _too_late(case, stands.sheet, sheet, now)
    if place is not None:
        raise RefusedError(
            Text(
                f"What {place[0]} does on {place[1]} has begun; plan again.",
                f"{place[0]} 在 {place[1]} 的安排已开始,请重新计划。",
            )
        )
    roster = sheet.roster(case)
    rules = [rule for rule in case.rules if not rule.joint]
    _check_audit(audit(roster, rules))
    told = {"why": "replan", "of": 0, "base": over, "by": by}
    return _put(ledger, case, sheet, now, input_hash=stands.input_hash, **told)


def _too_late(case: Case, stands: Sheet, sheet: Sheet, now: datetime) -> Place | None:
    """Return a cell whose past a sheet changes, if any."""
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    for place, (was, becomes) in stands.changes(sheet).items():
        column = case.past + case.clock.day(date.fromisoformat(place[1]))
        minute = int((now - case.clock.local(0)).total_seconds() // 60)
        minute -= int(case.midnight[column])
        starts = [
            int(case.start[column, codes[cell.shift]] - case.midnight[column])
            for cell in (was, becomes)
            if cell is not None and cell.shift in codes
        ]
        if min(starts, default=minute + 1) > minute:
            continue
        if was is None or becomes is None:
            return place
        past = [
            {part for part in cell.away if part[2] <= minute} for cell in (was, becomes)
        ]
        begins = {case.start[column, codes[cell.shift]] for cell in (was, becomes)}
        if past[0] != past[1] or len(begins) > 1:
            return place
    return None


# -- requests -------------------------------------------------------------------------


def submit(ledger: Ledger, desk: Desk, request: DeskRequest) -> DeskRequest:
    """Hand in a request: it gets a number, and the shifts it speaks of are noted."""
    expire(ledger, desk)
    number = ledger.next(request.kind)
    changes: dict[str, Any] = {"number": number, "version": desk.version}
    if isinstance(request, SwapRequest):
        changes["legs"] = tuple(_noted(desk, leg) for leg in request.legs)
    elif isinstance(request, LeaveRequest) and request.agent in desk.agents:
        changes["counted"] = LeaveLooked(desk, request).counted
    draft = replace(request, **changes).moved("draft", desk.now, request.by)
    _save(ledger, draft, "submit", request.by, desk.now)
    return draft


def expire(ledger: Ledger, desk: Desk) -> list[DeskRequest]:
    """Note which pending requests came too late, as their shifts have begun."""
    late = [r for r in desk.requests if r.pending and desk.begun(r)]
    over = [request.moved("expired", desk.now, request.by) for request in late]
    for request in over:
        _save(ledger, request, "expire", request.by, desk.now)
    return over


def _noted(desk: Desk, leg: Leg) -> Leg:
    shift = desk.shift(leg.giver, leg.day)
    code = "" if shift == OFF else desk.case.shifts[shift].code
    return replace(leg, shift=leg.shift or code)


def consent(ledger: Ledger, desk: Desk, number: int, by: str) -> SwapRequest:
    """Note that somebody who takes part in a swap agrees.

    Raises
    ------
    RefusedError
        They do not take part, or the swap is over.
    """
    swap = _pending(find(ledger, "swap", number))
    assert isinstance(swap, SwapRequest)
    if by not in swap.people[1:]:
        names = ", ".join(swap.people[1:])
        raise RefusedError(
            Text(
                f"{by} is not asked in {swap.name}; {names} are.",
                f"{swap.name} 无须 {by} 同意;须同意者:{names}。",
            )
        )
    agreed = replace(swap, consents={**swap.consents, by: desk.now})
    state = agreed.state if agreed.missing else "consented"
    agreed = agreed.moved(state, desk.now, by)  # type: ignore[assignment]
    _save(ledger, agreed, "consent", by, desk.now)
    return agreed


def find(ledger: Ledger, kind: str, number: int) -> DeskRequest:
    """Return a request; RefusedError where there is none."""
    record = ledger.get(kind, number)
    if record is None:
        raise RefusedError(
            Text(f"There is no {kind} {number}.", f"没有编号 {number} 的 {kind} 申请。")
        )
    return request_of(kind, record)


def _pending(request: DeskRequest) -> DeskRequest:
    if not request.pending:
        raise RefusedError(
            Text(
                f"{request.name} is {request.state}.",
                f"{request.name} 状态为 {request.state}。",
            )
        )
    return request


def approve(
    ledger: Ledger, desk: Desk, kind: str, number: int, by: str
) -> tuple[DeskRequest, Verdict]:
    """Check a request once more, and approve it; or refuse it, and keep the reasons.

    Returns
    -------
    tuple
        The request, ``approved``, ``refused`` or ``expired``, and its checks.

    Raises
    ------
    RefusedError
        There is no such request, or it is over.
    """
    request = _pending(find(ledger, kind, number))
    verdict = check(desk, request)
    if verdict.verdict == "fail":
        return _turned_down(ledger, desk, request, verdict, by), verdict
    if request.state != "approved":
        request = request.moved("validated", desk.now, by)
        request = request.moved("approved", desk.now, by)
        _save(ledger, request, "approve", by, desk.now)
    return request, verdict


def _turned_down(
    ledger: Ledger, desk: Desk, request: DeskRequest, verdict: Verdict, by: str
) -> DeskRequest:
    state = "expired" if desk.begun(request) else "refused"
    reasons = tuple((check.text.en, check.text.zh) for check in verdict.failed)
    over = request.moved(state, desk.now, by, reasons=reasons)
    _save(ledger, over, state, by, desk.now)
    return over


def refuse(
    ledger: Ledger, desk: Desk, kind: str, number: int, by: str, reason: str
) -> DeskRequest:
    """Refuse a request for a reason of one's own; it is kept.

    Raises
    ------
    RefusedError
        There is no such request, it is over, or its kind is never refused.
    """
    request = _pending(find(ledger, kind, number))
    if isinstance(request, LeaveRequest) and request.leave in NEVER_REFUSED:
        raise RefusedError(
            Text(
                f"{request.leave} leave is never refused; approve it.",
                f"{request.leave} 类休假不得拒绝,请批准。",
            )
        )
    over = request.moved("refused", desk.now, by, reasons=((reason, reason),))
    _save(ledger, over, "refuse", by, desk.now)
    return over


def stand_in(
    ledger: Ledger,
    desk: Desk,
    number: int,
    places: Sequence[tuple[str, date]],
    by: str,
) -> LeaveRequest:
    """Name who takes over shifts of somebody on leave, in place of whom was named.

    Raises
    ------
    RefusedError
        There is no such leave, or it is over.
    """
    leave = _pending(find(ledger, "leave", number))
    assert isinstance(leave, LeaveRequest)
    legs = tuple(Leg(leave.agent, id, on) for id, on in places)
    named = replace(leave, replacements=legs)
    _save(ledger, named, "stand-in", by, desk.now)
    return named


def apply(
    ledger: Ledger,
    desk: Desk,
    kind: str,
    number: int,
    by: str,
    *,
    go_short: bool = False,
) -> tuple[DeskRequest, Version | None, Verdict]:
    """Check an approved request a last time, and publish the roster with it.

    Both the request and the new version are written, or neither.

    Parameters
    ----------
    go_short
        Whether leave that is never refused may break the floor.

    Returns
    -------
    tuple
        The request, ``applied``, ``refused`` or ``expired``; the new version, None
        where there is none; and the checks.

    Raises
    ------
    RefusedError
        It is not approved; or the roster would break a hard rule by leave that is
        never refused, and nobody stands in.
    """
    request = find(ledger, kind, number)
    if request.state != "approved":
        raise RefusedError(
            Text(
                f"{request.name} is {request.state}, and not approved.",
                f"{request.name} 状态为 {request.state},尚未批准。",
            )
        )
    verdict = check(desk, request)
    if verdict.verdict == "fail":
        return _turned_down(ledger, desk, request, verdict, by), None, verdict
    after, granted = _applied(desk, request)
    found = audit(after)
    _check_applied(found, desk, request, go_short)
    stands = latest(ledger, desk.case.clock.first_day)
    assert stands is not None
    sheet = Sheet.of(after, (*stands.sheet.leave, *granted))
    told = {"why": kind, "of": number, "base": stands.number, "by": by}
    version = _put(
        ledger, desk.case, sheet, desk.now, input_hash=stands.input_hash, **told
    )
    done = request.moved("applied", desk.now, by)
    _save(ledger, done, "apply", by, desk.now)
    return done, version, verdict


def _check_applied(
    found: Audit, desk: Desk, request: DeskRequest, go_short: bool
) -> None:
    """Refuse what breaks a hard rule that was kept."""
    stood = {(v.rule, v.where): v.amount for v in audit(desk.roster).hard}
    new = [v for v in found.hard if v.amount > stood.get((v.rule, v.where), 0)]
    if not new or (go_short and all(v.rule.startswith("coverage.") for v in new)):
        return
    one = new[0].text
    raise RefusedError(
        Text(
            f"{one.en} Name who stands in with --replace AGENT:DATE, or --go-short.",
            f"{one.zh}请用 --replace 人员:日期 指定顶班人员,或使用 --go-short。",
        )
    )


def _applied(
    desk: Desk, request: DeskRequest
) -> tuple[Roster, tuple[tuple[str, date, date, str], ...]]:
    """Return the roster with a request in it, and the leave it grants."""
    if isinstance(request, SwapRequest):
        return Looked(desk, request).after, ()
    assert isinstance(request, LeaveRequest)
    looked = LeaveLooked(desk, request)
    return looked.after, (looked.line,)


def _save(
    ledger: Ledger, request: DeskRequest, action: str, by: str, now: datetime
) -> None:
    """Write a request."""
    day = str(request.first)
    record = record_of(request)
    ledger.put(
        request.kind, request.number, record, action, by, now.isoformat(), day=day
    )
