"""The rule book of leave, check by check."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from constraints.leave import LeaveLimit, entitlement
from constraints.rule import Text
from scheduler.desk.checks import SESSIONS, Found, broken, nothing
from scheduler.desk.desk import Desk
from scheduler.desk.notice import ONE_DAY, blocked_days, earliest_leave, is_blocked
from scheduler.desk.verdict import APPROVAL, FAIL, PASS, WARN

if TYPE_CHECKING:  # leave is looked at by its rules
    from scheduler.desk.leave import LeaveLooked

NEVER_REFUSED = ("sick", "maternity", "bereavement")
"""Kinds that are recorded whatever the rule book says."""
MINUTE = "%Y-%m-%d %H:%M"
WARNS = "_warn"


# -- who, and how much is left --------------------------------------------------------


def _identity(looked: "LeaveLooked") -> Found:
    for fault in _identity_faults(looked):
        return FAIL, fault, {"version": looked.desk.version}
    count = len(looked.given_up)
    words = Text(
        f"{looked.leave.agent} gives up {count} shifts.",
        f"{looked.leave.agent} 让出 {count} 个班次。",
    )
    return PASS, words, {"version": looked.desk.version, "shifts": count}


def _identity_faults(looked: "LeaveLooked") -> Iterator[Text]:
    desk, leave = looked.desk, looked.leave
    if leave.agent not in desk.agents:
        yield Text(f"There is nobody called {leave.agent}.", f"没有 {leave.agent}。")
    elif leave.last < leave.begins:
        yield Text(
            f"It ends on {leave.last}, before it begins.",
            f"结束于 {leave.last},早于开始。",
        )
    else:
        yield from _not_new(looked)
        yield from _begun(looked)
        yield from _cannot_stand_in(looked)


def _not_new(looked: "LeaveLooked") -> Iterator[Text]:
    """Yield that nothing is published, or that they are away already."""
    leave = looked.leave
    if not looked.desk.version:
        yield Text(
            "Nothing is published yet; write it into leave.csv, or run roster publish.",
            "尚未发布排班,请写入 leave.csv,或先运行 roster publish。",
        )
    for line in looked.desk.case.leave:
        theirs = line.agent == looked.agent and line.granted
        if theirs and line.first <= leave.last and leave.begins <= line.last:
            yield Text(
                f"{leave.agent} is on {line.kind} leave from {line.first} to "
                f"{line.last} already.",
                f"{leave.agent} 在 {line.first} 至 {line.last} 已休假({line.kind})。",
            )


def _begun(looked: "LeaveLooked") -> Iterator[Text]:
    desk = looked.desk
    for day, shift in looked.given_up:
        on = desk.case.clock.date(day)
        if desk.starts(on, shift) <= desk.now:
            yield Text(
                f"The shift of {looked.leave.agent} on {on} has begun; leave may begin "
                "after it, and roster replan --absent makes good what is missing.",
                f"{looked.leave.agent} 在 {on} 的班次已开始;休假可自次日起,"
                "缺勤请用 roster replan --absent 处理。",
            )


def _cannot_stand_in(looked: "LeaveLooked") -> Iterator[Text]:
    given_up, taken = dict(looked.given_up), set()
    for leg in looked.leave.replacements:
        day = looked.desk.day(leg.day)
        known = leg.taker in looked.desk.agents and leg.taker != looked.leave.agent
        if not known or day not in given_up or day in taken:
            yield Text(
                f"{leg.taker} cannot stand in on {leg.day}: nobody else of that id, no "
                "shift that day, or somebody stands in already.",
                f"{leg.taker} 无法在 {leg.day} 顶班:无此他人、当日无班次或已有人顶班。",
            )
        taken.add(day)


def _balance(looked: "LeaveLooked") -> Found:
    """Annual leave against what is left; days without work count nothing."""
    leave = looked.leave
    if leave.leave != "annual":
        return nothing("Only annual leave has a balance.", "仅年休假计算余额。")
    due, taken = balance(looked.desk, looked.agent, leave.begins, leave.number)
    if due is None:
        return nothing("No balance of annual leave is known.", "年休假余额未知。")
    numbers = {"due": due, "taken": taken, "asked": looked.counted}
    words = Text(
        f"{looked.counted} days asked; {due:g} due, {taken} of them taken or asked.",
        f"申请 {looked.counted} 天;应休 {due:g} 天,其中已休或已申请 {taken} 天。",
    )
    return (FAIL if taken + looked.counted > due else PASS), words, numbers


def balance(
    desk: Desk, agent: int, on: date, number: int = 0
) -> tuple[float | None, int]:
    """Return the days of annual leave due on a date, and those taken or asked for.

    What is due is ``annual_left`` of agents.csv, as it was on the first day of the
    period, or else what years of service give; None where neither is known. Against
    it counts leave of the date's year, of leave.csv and of the desk, but for the
    request of a number: all of the year, or from the first day on where agents.csv
    says what is left.
    """
    one, first = desk.case.agents[agent], desk.case.clock.first_day
    due, since = one.annual_left, max(first, date(on.year, 1, 1))
    if due is None:
        since = date(on.year, 1, 1)
        if one.career_from is not None:
            due = float(entitlement(one.career_from, on, one.joined))
    until = date(on.year, 12, 31)
    asked = [r for r in desk.leaves if r.agent == one.id and r.leave == "annual"]
    known = {(other.begins, other.last) for other in asked}
    found = 0
    for other in asked:
        if other.number != number and other.last >= since and other.begins <= until:
            whole = since <= other.begins and other.last <= until
            days = _office_days(desk, other.begins, other.last, since, until)
            found += other.counted if whole else days
    for line in desk.case.leave:
        theirs = line.agent == agent and line.kind == "annual" and line.granted
        if theirs and (line.first, line.last) not in known:
            found += _office_days(desk, line.first, line.last, since, until)
    return due, found


def _office_days(desk: Desk, first: date, last: date, since: date, until: date) -> int:
    """Return the office days from one date to another, within limits."""
    first, last = max(first, since), min(last, until)
    dates = (first + n * ONE_DAY for n in range((last - first).days + 1))
    return sum(map(desk.case.calendar.is_office_day, dates))


# -- notice ---------------------------------------------------------------------------


def _notice(looked: "LeaveLooked") -> Found:
    """So many days ahead; but the last noon counts for night shifts."""
    leave, due = looked.leave, looked.desk.policy.leave.notice_days
    if leave.leave in NEVER_REFUSED:
        return nothing("Such leave needs no notice.", "该类休假无需提前。")
    if looked.only_nights and _in_emergency(looked):
        return nothing("Night shifts go by the last noon.", "夜班按当日中午规则处理。")
    days = (leave.begins - looked.asked.date()).days
    words = Text(
        f"Asked for {days} days ahead; {due} are due.",
        f"提前 {days} 天申请,应提前 {due} 天。",
    )
    return (PASS if days >= due else FAIL), words, {"days": days, "due": due}


def _long_notice(looked: "LeaveLooked") -> Found:
    """Kinds that are asked for longer ahead."""
    leave = looked.leave
    notice = looked.desk.policy.leave.long_types.get(leave.leave)
    if notice is None:
        return nothing("No longer notice for this kind.", "该类休假无更长提前期。")
    first = earliest_leave(notice.removesuffix(WARNS), looked.asked.date())
    words = Text(
        f"Asked for on {looked.asked:%Y-%m-%d}; from {first} on it may begin.",
        f"{looked.asked:%Y-%m-%d} 申请,最早自 {first} 开始。",
    )
    late = WARN if notice.endswith(WARNS) else FAIL
    numbers = {"notice": notice, "earliest": str(first)}
    return (PASS if first <= leave.begins else late), words, numbers


def _in_emergency(looked: "LeaveLooked") -> bool:
    """Whether it was asked for by the last noon before a night shift given up."""
    policy = looked.desk.policy.leave.night_emergency
    return (
        policy == "last_noon_before_start"
        and looked.emergency is not None
        and looked.asked <= looked.emergency[1]
    )


def _nights(looked: "LeaveLooked") -> Found:
    """Night shifts are not given up, but for an emergency."""
    if looked.leave.leave in NEVER_REFUSED or looked.emergency is None:
        return nothing("No night shift is given up.", "不涉及夜班。")
    starts, noon = looked.emergency
    numbers = {"start": starts.isoformat(), "noon": noon.isoformat()}
    if not _in_emergency(looked):
        words = Text(
            f"Night shift of {starts:{MINUTE}}: leave was due by {noon:{MINUTE}}.",
            f"{starts:{MINUTE}} 的夜班:应于 {noon:{MINUTE}} 前申请。",
        )
        return FAIL, words, numbers
    words = Text(
        f"Leave from the night shift of {starts:{MINUTE}} needs shift leader and "
        "manager.",
        f"{starts:{MINUTE}} 的夜班请假须经班组长与主管批准。",
    )
    return APPROVAL, words, numbers


# -- days and people ------------------------------------------------------------------


def _holiday(looked: "LeaveLooked") -> Found:
    desk, leave = looked.desk, looked.leave
    if leave.leave in NEVER_REFUSED:
        return nothing("Holidays do not bar such leave.", "该类休假不受节假日限制。")
    policy, calendar = desk.policy.holiday, desk.case.calendar
    rostered = {
        on
        for day, shift in looked.given_up
        for on in blocked_days(policy, desk.case, day, shift)
    }
    blocked = {on for on in looked.dates if is_blocked(policy, calendar, on)}
    found = rostered if desk.policy.leave.span == "skip" else blocked | rostered
    if not found:
        words = Text("No public holiday is touched.", "不涉及节假日。")
        return PASS, words, {}
    on = min(found)
    words = Text(
        f"{on} is a public holiday; no leave begins or is taken then.",
        f"{on} 为节假日,不能休假。",
    )
    return FAIL, words, {"days": [str(on) for on in sorted(found)]}


def _limit(looked: "LeaveLooked") -> Found:
    """At most so many on annual leave at a time; who asked first comes first."""
    leave, scopes = looked.leave, list(_scopes(looked))
    if not scopes:
        return nothing("No limit for this kind of leave.", "该类休假无人数上限。")
    for scope, most in scopes:
        for on in looked.dates:
            others = sorted(_away(looked, on, scope))
            if len(others) >= most:
                names = ", ".join(others)
                words = Text(
                    f"{on}: {names} on {leave.leave} leave already; {most} at a time "
                    f"({scope}).",
                    f"{on}:{names} 已休假({leave.leave}),{scope} 同时最多 {most} 人。",
                )
                return FAIL, words, {"day": str(on), "away": others, "most": most}
    scope, most = scopes[0]
    words = Text(
        f"Nobody else is away beyond {most} at a time ({scope}).",
        f"{scope} 同时休假不超过 {most} 人。",
    )
    return broken(looked.effects.of("leave.limit"), words, most=most)


def _scopes(looked: "LeaveLooked") -> Iterator[tuple[str, int]]:
    """Yield scope and number of each limit on this kind of leave."""
    rule = looked.desk.case.rule("leave.limit")
    if isinstance(rule, LeaveLimit) and rule.kind == looked.leave.leave:
        yield rule.scope, rule.most
    own = looked.desk.policy.leave.annual_limit
    if own is not None and looked.leave.leave == "annual":
        yield own


def _away(looked: "LeaveLooked", on: date, scope: str) -> Iterator[str]:
    """Yield who else is away on a date, or has asked for it before."""
    desk, mine = looked.desk, looked.leave
    team = desk.case.agents[looked.agent].team

    def counts(agent: int) -> bool:
        one = desk.case.agents[agent]
        return agent != looked.agent and (scope == "centre" or one.team == team)

    for line in desk.case.leave:
        alike = line.kind == mine.leave and line.granted and counts(line.agent)
        if alike and line.first <= on <= line.last:
            yield desk.case.agents[line.agent].id
    for other in desk.leaves:
        if not other.pending or other.leave != mine.leave:
            continue
        earlier = (other.submitted, other.number) < (
            mine.submitted,
            mine.number or other.number + 1,
        )
        agent = desk.agents.get(other.agent)
        theirs = earlier and agent is not None and counts(agent)
        if theirs and other.begins <= on <= other.last:
            yield other.agent


def _swapped(looked: "LeaveLooked") -> Found:
    """A swapped shift does not become leave."""
    leave = looked.leave
    if leave.leave in NEVER_REFUSED:
        return nothing("Swaps do not bar such leave.", "该类休假不受换班限制。")
    dates = {looked.desk.case.clock.date(day) for day, _ in looked.given_up}
    for swap in looked.desk.swaps:
        places = swap.places if swap.pending else swap.taken
        for id, on in sorted(places):
            if id == leave.agent and on in dates:
                words = Text(
                    f"The shift of {on} comes from a swap ({swap.name}).",
                    f"{on} 的班次由换班而来({swap.name})。",
                )
                return FAIL, words, {"swap": swap.name, "day": str(on)}
    return PASS, Text("No shift comes from a swap.", "所涉班次均非换班而来。"), {}


def _sessions(looked: "LeaveLooked") -> Found:
    duties = looked.desk.roster.duties
    rows = [] if duties is None else duties.rows()
    if not any(kind in SESSIONS for _, _, kind, *_ in rows):
        return nothing("No meetings or training are planned.", "未安排会议或培训。")
    days = {day for day, _ in looked.given_up}
    for agent, day, kind, *_ in rows:
        if agent == looked.agent and day in days and kind in SESSIONS:
            on = looked.desk.case.clock.date(day)
            words = Text(
                f"The {kind} on {on} has to be planned anew.",
                f"{on} 的 {kind} 须另行安排。",
            )
            return WARN, words, {"session": kind, "day": str(on)}
    return PASS, Text("No meeting or training is missed.", "不影响会议与培训。"), {}


OF_LEAVE: dict[str, Callable[["LeaveLooked"], Found]] = {
    "identity": _identity,
    "balance": _balance,
    "R20": _notice,
    "R21": _long_notice,
    "R23": _nights,
    "R16": _holiday,
    "R22": _limit,
    "R15": _swapped,
    "R33": _sessions,
}
"""The checks that only leave has, by id."""
