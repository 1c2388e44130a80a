"""The office: takes what people ask from draft to applied.

Each function works within one transaction of a ledger that its caller opened for
writing, so that what it reads stays true until it is done, and all of it is kept or
nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Audit, Text, audit
from forecasts.problems import InputError, Problem
from scheduler.desk.desk import Desk
from scheduler.desk.effects import amounts, anew
from scheduler.desk.leave import LeaveLooked, check_leave
from scheduler.desk.leave_rules import NEVER_REFUSED
from scheduler.desk.ledger import Ledger
from scheduler.desk.policy import Policy
from scheduler.desk.requests import DeskRequest, LeaveRequest, Leg, SwapRequest
from scheduler.desk.sheet import Granted, Sheet
from scheduler.desk.swaps import Looked, check_swap
from scheduler.desk.verdict import FAIL, Verdict
from scheduler.desk.versions import (
    RefusedError,
    Version,
    changed_today,
    find,
    informed,
    latest,
    put_version,
    requests_of,
    save,
    standing,
)
from scheduler.files.carry import Left


def desk_of(
    ledger: Ledger,
    case: Case,
    policy: Policy,
    now: datetime,
    *,
    draft: Roster | None = None,
    left: Left | None = None,
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
    left
        What another ledger left in carry.json.

    Raises
    ------
    InputError
        Nothing is published, and there is no draft; or what is published names people
        or shifts that the files have no more.
    """
    requests, left = requests_of(ledger, case), left or Left()
    case = informed(ledger, case, requests)
    stands = standing(ledger, case)
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
        requests=requests,
        following=None if after is None else after.sheet,
        changed=changed_today(ledger, case, now, stands),
        charged=left.swaps,
        swapped=left.swapped,
    )


def check(desk: Desk, request: DeskRequest) -> Verdict:
    """Return all checks of a request."""
    if isinstance(request, SwapRequest):
        return check_swap(desk, request)
    assert isinstance(request, LeaveRequest)
    return check_leave(desk, request)


# -- handed in ------------------------------------------------------------------------


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
    save(ledger, draft, "submit", request.by, desk.now)
    return draft


def expire(ledger: Ledger, desk: Desk) -> list[DeskRequest]:
    """Note which pending requests came too late, as their shifts have begun."""
    late = [r for r in desk.requests if r.pending and desk.begun(r)]
    over = [request.moved("expired", desk.now, request.by) for request in late]
    for request in over:
        save(ledger, request, "expire", request.by, desk.now)
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
    if agreed.state == "draft" and not agreed.missing:
        agreed = agreed.moved("consented", desk.now, by)  # type: ignore[assignment]
    save(ledger, agreed, "consent", by, desk.now)
    return agreed


def _pending(request: DeskRequest) -> DeskRequest:
    if not request.pending:
        raise RefusedError(
            Text(
                f"{request.name} is {request.state}.",
                f"{request.name} 状态为 {request.state}。",
            )
        )
    return request


# -- decided --------------------------------------------------------------------------


def approve(
    ledger: Ledger, desk: Desk, kind: str, number: int, by: str, reason: str = ""
) -> tuple[DeskRequest, Verdict]:
    """Check a request once more, and approve it; or refuse it, and keep the reasons.

    Returns
    -------
    tuple
        The request, ``approved``, ``refused`` or ``expired``, and its checks.

    Raises
    ------
    RefusedError
        There is no such request, it is over, somebody has not agreed yet, or whoever
        approves takes part in it.
    """
    request = _pending(find(ledger, kind, number))
    if isinstance(request, SwapRequest):
        _check_sides(request, by)
    verdict = check(desk, request)
    if verdict.verdict == FAIL:
        return _turned_down(ledger, desk, request, verdict, by), verdict
    if request.state != "approved":
        request = request.moved("validated", desk.now, by)
        request = request.moved("approved", desk.now, by, reason)
        save(ledger, request, "approve", by, desk.now)
    return request, verdict


def _check_sides(swap: SwapRequest, by: str) -> None:
    """Refuse what the others have not agreed to, and approval by one of them."""
    if swap.missing:
        names = ", ".join(swap.missing)
        raise RefusedError(
            Text(f"Not agreed yet: {names}.", f"尚未同意:{names}。"),
        )
    if by in swap.people:
        raise RefusedError(
            Text(
                f"{by} takes part in {swap.name}; somebody else is to approve it.",
                f"{by} 参与了 {swap.name},须由他人批准。",
            )
        )


def _turned_down(
    ledger: Ledger, desk: Desk, request: DeskRequest, verdict: Verdict, by: str
) -> DeskRequest:
    state = "expired" if desk.begun(request) else "refused"
    reasons = tuple((check.text.en, check.text.zh) for check in verdict.failed)
    over = request.moved(state, desk.now, by, reasons=reasons)
    save(ledger, over, state, by, desk.now)
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
    save(ledger, over, "refuse", by, desk.now)
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
    save(ledger, named, "stand-in", by, desk.now)
    return named


# -- applied --------------------------------------------------------------------------


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
        Whether leave that is never refused may break what it breaks.

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
    if verdict.verdict == FAIL:
        return _turned_down(ledger, desk, request, verdict, by), None, verdict
    after, granted = _applied(desk, request)
    _check_applied(audit(after), desk, request, go_short)
    stands = standing(ledger, desk.case)
    assert stands is not None
    leave = tuple(dict.fromkeys((*stands.sheet.leave, *granted)))
    sheet = Sheet.of(after, leave).keeping(stands.sheet, desk.case)
    told = {"why": kind, "of": number, "base": stands.number, "by": by}
    version = put_version(
        ledger,
        desk.case,
        sheet,
        desk.now,
        applied=(*stands.applied, (kind, number)),
        input_hash=stands.input_hash,
        **told,
    )
    done = request.moved("applied", desk.now, by)
    save(ledger, done, "apply", by, desk.now)
    return done, version, verdict


def _check_applied(
    found: Audit, desk: Desk, request: DeskRequest, go_short: bool
) -> None:
    """Refuse what breaks a hard rule that was kept."""
    new = list(anew(amounts(audit(desk.roster).hard), found.hard))
    never = isinstance(request, LeaveRequest) and request.leave in NEVER_REFUSED
    if not new or (never and go_short):
        return
    one = new[0].text
    advice = Text("", "")
    if never:
        advice = Text(
            " Name who stands in with --replace AGENT:DATE, or --go-short.",
            "请用 --replace 人员:日期 指定顶班人员,或使用 --go-short。",
        )
    raise RefusedError(Text(f"{one.en}{advice.en}", f"{one.zh}{advice.zh}"))


def _applied(desk: Desk, request: DeskRequest) -> tuple[Roster, tuple[Granted, ...]]:
    """Return the roster with a request in it, and the leave it grants."""
    if isinstance(request, SwapRequest):
        return Looked(desk, request).after, ()
    assert isinstance(request, LeaveRequest)
    looked = LeaveLooked(desk, request)
    return looked.after, (looked.line,)
