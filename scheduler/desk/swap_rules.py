"""The rule book of swaps, check by check."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from constraints.case import OFF, Agent, Shift
from constraints.rule import Text, Violation
from scheduler.desk.checks import SESSIONS, TURNS, Found, broken, nothing
from scheduler.desk.desk import Desk
from scheduler.desk.effects import Move
from scheduler.desk.notice import blocked_days, swap_deadline
from scheduler.desk.requests import SwapRequest
from scheduler.desk.verdict import APPROVAL, FAIL, PASS, WARN

if TYPE_CHECKING:  # a swap is looked at by its rules
    from scheduler.desk.swaps import Looked

CROSSED = {"allow": PASS, "approve": APPROVAL, "forbid": FAIL}
MINUTE = "%Y-%m-%d %H:%M"
MOST_IN_A_RING = 4
KEPT_ROLES = frozenset({"mentor", "qa"})
"""Roles that a shift should not lose unseen; leaders have a check of their own."""


def _identity(looked: "Looked") -> Found:
    numbers = {"version": looked.desk.version}
    for fault in (*_legs(looked), *_shifts(looked)):
        return FAIL, fault, numbers
    if not looked.desk.version:
        words = Text(
            "Nothing is published yet; run roster publish first.",
            "尚未发布排班,请先运行 roster publish。",
        )
        return FAIL, words, numbers
    words = Text(
        "All shifts exist, are published and lie ahead.",
        "所涉班次均已发布,且尚未开始。",
    )
    return PASS, words, numbers


def _legs(looked: "Looked") -> Iterator[Text]:
    """Yield what is wrong with who gives to whom."""
    legs = looked.swap.legs
    givers, takers = [leg.giver for leg in legs], [leg.taker for leg in legs]
    for id in (*givers, *takers):
        if id not in looked.desk.agents:
            yield Text(f"There is nobody called {id}.", f"没有人员 {id}。")
    one_each = len(set(givers)) == len(givers) and set(givers) == set(takers)
    if not one_each or any(leg.giver == leg.taker for leg in legs):
        yield Text(
            "Everybody must give one shift and take one of somebody else.",
            "每人必须给出一个班次,并接收他人的一个班次。",
        )
    elif not 2 <= len(legs) <= MOST_IN_A_RING:
        yield Text(
            f"{len(legs)} people; a swap is between 2 to {MOST_IN_A_RING}.",
            f"共 {len(legs)} 人,换班须为 2 至 {MOST_IN_A_RING} 人。",
        )


def _shifts(looked: "Looked") -> Iterator[Text]:
    """Yield what is wrong with the shifts: none there, another one, or begun."""
    desk = looked.desk
    for leg in looked.swap.legs:
        id, on, found = leg.giver, leg.day, desk.shift(leg.giver, leg.day)
        code = "" if found == OFF else desk.case.shifts[found].code
        if not code:
            yield Text(f"{id} has no shift on {on}.", f"{id} 在 {on} 没有班次。")
        elif leg.shift not in ("", code):
            yield Text(
                f"{id} had {leg.shift} on {on} when this was asked; it is {code} now.",
                f"提交时 {id} 在 {on} 的班次为 {leg.shift},现为 {code}。",
            )
        elif desk.starts(on, found) <= desk.now:
            yield Text(
                f"The shift of {id} on {on} has begun.", f"{id} 在 {on} 的班次已开始。"
            )


# -- notice and quota -----------------------------------------------------------------


def _notice(looked: "Looked") -> Found:
    case, swap = looked.desk.case, looked.swap
    last = swap_deadline(looked.desk.policy.swap, case.calendar, swap.first)
    due = last.replace(tzinfo=case.clock.zone)
    asked = swap.submitted.astimezone(case.clock.zone)
    numbers = {"submitted": asked.isoformat(), "deadline": due.isoformat()}
    words = Text(
        f"Submitted {asked:{MINUTE}}; due by {due:{MINUTE}}.",
        f"提交于 {asked:{MINUTE}},截止 {due:{MINUTE}}。",
    )
    return (FAIL if asked > due else PASS), words, numbers


def charged(desk: Desk, swap: SwapRequest) -> Counter[tuple[str, str]]:
    """Return what a swap is charged: times by person and month.

    A draft is charged to nobody who has not agreed to it.
    """
    policy, zone = desk.policy.swap, desk.case.clock.zone
    people = swap.people if policy.charge == "both" else swap.people[:1]
    if swap.number and swap.state == "draft":
        people = tuple(id for id in people if id not in swap.missing)
    if policy.month_of == "each_shift":
        months = sorted({leg.day.isoformat()[:7] for leg in swap.legs})
    elif policy.month_of == "request":
        months = [swap.submitted.astimezone(zone).date().isoformat()[:7]]
    else:
        months = [swap.first.isoformat()[:7]]
    return Counter((id, month) for id in people for month in months)


def _quota(looked: "Looked") -> Found:
    desk, most = looked.desk, looked.desk.policy.swap.per_month
    before = Counter(dict(desk.charged))
    for other in looked.others:
        before += charged(desk, other)
    mine = charged(desk, replace(looked.swap, number=0))
    told = {f"{id} {month}": before[id, month] for id, month in mine}
    words = Text(
        f"Swaps before: {_listed(told)}; {most} a month are allowed.",
        f"此前换班次数:{_listed(told)};每月最多 {most} 次。",
    )
    full = any(before[place] + mine[place] > most for place in mine)
    return (FAIL if full else PASS), words, {"per_month": most, "charged": told}


def _listed(told: dict[str, int]) -> str:
    return ", ".join(f"{place}: {count}" for place, count in told.items())


# -- swaps of swaps -------------------------------------------------------------------


def _chain(looked: "Looked") -> Found:
    """Shifts swapped must lie apart, and none may be swapped twice."""
    policy = looked.desk.policy.swap
    swapped = {place for other in looked.others for place in other.taken}
    swapped |= looked.desk.swapped
    over = [other for other in looked.others if not other.pending]
    done = {place for other in over for place in other.taken}
    for leg in looked.swap.legs:
        if (leg.giver, leg.day) in done and not policy.reswap:
            words = Text(
                f"{leg.giver} gets the shift of {leg.day} by a swap; it is not swapped "
                "again.",
                f"{leg.giver} 在 {leg.day} 的班次由换班而来,不能再次换班。",
            )
            return FAIL, words, {"again": f"{leg.giver} {leg.day}"}
    for other in looked.others:
        if other.pending and other.places & looked.swap.places:
            id, on = min(other.places & looked.swap.places)
            words = Text(
                f"{id} on {on} is part of {other.name}, which is pending.",
                f"{id} 在 {on} 涉及待处理的换班 {other.name}。",
            )
            return FAIL, words, {"pending": other.name}
    return _near(looked, swapped)


def _near(looked: "Looked", swapped: set[tuple[str, date]]) -> Found:
    gap, last = looked.desk.policy.swap.gap_shifts, ""
    for move in looked.moves:
        id, on = looked.id(move.taker), looked.on(move.day)
        worked = _worked(looked, move.taker)
        place = worked.index(on)
        around = worked[max(0, place - gap) : place] + worked[place + 1 :][:gap]
        near = next((day for day in around if (id, day) in swapped), None)
        if near is not None:
            words = Text(
                f"{id} has a swapped shift on {near}, with less than {gap} between "
                f"it and that of {on}.",
                f"{id} 在 {near} 已有换班班次,与 {on} 相隔不足 {gap} 个班次。",
            )
            return FAIL, words, {"near": f"{id} {near}", "gap_shifts": gap}
        if gap and looked.desk.following is None and on == worked[-1]:
            last = last or f"{id} {on}"
    if last:
        words = Text(
            f"The last shift published: {last}. What follows may be a swapped one.",
            f"{last} 为已发布的最后一个班次,其后可能为换班班次。",
        )
        return WARN, words, {"last": last}
    return PASS, Text("No swapped shift is near.", "附近没有其他换班班次。"), {}


def _worked(looked: "Looked", agent: int) -> list[date]:
    """Return the dates a person works after the swap, those of both seams included."""
    case, id = looked.desk.case, looked.id(agent)
    columns = np.flatnonzero(looked.after.full[agent] != OFF)
    dates = [case.clock.date(int(column) - case.past) for column in columns]
    following = looked.desk.following
    cells = () if following is None else following.cells
    return dates + sorted(date.fromisoformat(on) for who, on in cells if who == id)


# -- days on which nothing is swapped -------------------------------------------------


def _holiday(looked: "Looked") -> Found:
    case, policy = looked.desk.case, looked.desk.policy.holiday
    blocked = {
        on
        for move in looked.moves
        for on in blocked_days(policy, case, move.day, move.shift)
    }
    if not blocked:
        words = Text("No public holiday is touched.", "不涉及节假日。")
        return PASS, words, {}
    on = min(blocked)
    name = f" ({case.calendar.name(on)})" if case.calendar.name(on) else ""
    words = Text(
        f"{on}{name} is a public holiday; nothing is swapped then.",
        f"{on}{name} 为节假日,不能换班。",
    )
    return FAIL, words, {"days": [str(on) for on in sorted(blocked)]}


def _leave(looked: "Looked") -> Found:
    """Refuse shifts of days for which leave is pending, and work on leave."""
    found = looked.effects.of("leave")
    for leave in looked.desk.leaves:
        for id, on in sorted(looked.swap.places):
            if leave.pending and leave.agent == id and leave.begins <= on <= leave.last:
                words = Text(
                    f"{id} has asked for {leave.leave} leave on {on} ({leave.name}).",
                    f"{id} 已申请 {on} 休假({leave.leave},{leave.name})。",
                )
                return FAIL, words, {"leave": leave.name}
    return broken(found, Text("No leave on these days.", "这些日期没有休假。"))


# -- likeness -------------------------------------------------------------------------


def _classes(looked: "Looked") -> Found:
    """Compare the classes of the shifts given and taken by each person."""
    shifts, policy = looked.desk.case.shifts, looked.desk.policy.swap
    gives = {move.giver: shifts[move.shift].shift_class for move in looked.moves}
    takes = {move.taker: shifts[move.shift].shift_class for move in looked.moves}
    pairs = [(gives[who], takes[who]) for who in gives]
    verdicts = [CROSSED[policy.crossing(*pair)] for pair in pairs]
    worst = max(verdicts, key=(PASS, APPROVAL, FAIL).index)
    one, other = pairs[verdicts.index(worst)]
    ends = {
        PASS: Text("", ""),
        APPROVAL: Text(" needs a manager's approval", ",须经主管批准"),
        FAIL: Text(" is not allowed", ",不允许"),
    }[worst]
    words = Text(f"{one} for {other}{ends.en}.", f"{one} 换 {other}{ends.zh}。")
    return worst, words, {"classes": [list(pair) for pair in pairs]}


def _likeness(looked: "Looked") -> Found:
    """Job, skills, level and team; whether the taker may work the shift at all."""
    case, policy = looked.desk.case, looked.desk.policy.swap
    for move in looked.moves:
        giver, taker = case.agents[move.giver], case.agents[move.taker]
        unlike = _unlike(giver, taker, case.shifts[move.shift], policy.level_gap)
        if unlike is not None:
            return FAIL, unlike, {"giver": giver.id, "taker": taker.id}
    found = list(_eligibility(looked, protected=False))
    for move in looked.moves if not found else ():
        giver, taker = case.agents[move.giver], case.agents[move.taker]
        lost = sorted((giver.roles - taker.roles) & KEPT_ROLES)
        if lost:
            names = ", ".join(lost)
            words = Text(
                f"{giver.id} is {names}, and {taker.id} is not.",
                f"{giver.id} 担任 {names},{taker.id} 未担任。",
            )
            return APPROVAL, words, {"roles": lost}
    crossing = CROSSED[policy.cross_team]
    for move in looked.moves if crossing != PASS and not found else ():
        giver, taker = case.agents[move.giver], case.agents[move.taker]
        if giver.team != taker.team:
            teams = [giver.team or "-", taker.team or "-"]
            words = Text(
                f"{giver.id} and {taker.id} are of unlike teams: {', '.join(teams)}.",
                f"{giver.id} 与 {taker.id} 不在同一班组:{'、'.join(teams)}。",
            )
            return crossing, words, {"teams": teams}
    return broken(found, Text("Job, skills and level fit.", "岗位、技能与级别相符。"))


def _unlike(giver: Agent, taker: Agent, shift: Shift, most: int) -> Text | None:
    """Return why somebody may not take a shift of somebody else, if so."""
    lacking = ", ".join(sorted(shift.skills - taker.skills))
    if lacking:
        return Text(
            f"{taker.id} lacks {lacking}, which {shift.code} asks for.",
            f"{taker.id} 不具备班次 {shift.code} 所需的技能 {lacking}。",
        )
    if taker.classes and shift.shift_class not in taker.classes:
        return Text(
            f"{taker.id} does not work {shift.shift_class} shifts.",
            f"{taker.id} 不能上 {shift.shift_class} 班。",
        )
    if giver.job_type != taker.job_type:
        jobs = [giver.job_type or "-", taker.job_type or "-"]
        return Text(
            f"{giver.id} and {taker.id} have unlike jobs: {', '.join(jobs)}.",
            f"{giver.id} 与 {taker.id} 岗位不同:{'、'.join(jobs)}。",
        )
    gap = 0
    if giver.level is not None and taker.level is not None:
        gap = abs(giver.level - taker.level)
    if gap > most:
        return Text(
            f"{giver.id} and {taker.id} are {gap} levels apart; {most} at most.",
            f"{giver.id} 与 {taker.id} 级别相差 {gap},最多 {most}。",
        )
    return None


def _is_protected(looked: "Looked", move: Move) -> bool:
    span = looked.desk.case.agents[move.taker].protected
    return span is not None and span[0] <= looked.on(move.day) <= span[1]


def _eligibility(looked: "Looked", *, protected: bool) -> Iterator[Violation]:
    """Yield what breaks ``eligibility``, of protected people or of others."""
    people = looked.effects.people
    guarded = {(m.taker, m.day) for m in looked.moves if _is_protected(looked, m)}
    for violation in looked.effects.of("eligibility"):
        agent, day = violation.where.agent, violation.where.day
        place = (None if agent is None else people[agent], day)
        if (place in guarded) == protected:
            yield violation


def _protected(looked: "Looked") -> Found:
    """Nobody who is protected takes night work or overtime."""
    guarded = [move for move in looked.moves if _is_protected(looked, move)]
    if not guarded:
        return nothing("Nobody here is protected.", "无受保护人员。")
    for move in guarded:
        id = looked.id(move.taker)
        if looked.desk.roster.overtime[move.giver, move.day]:
            words = Text(
                f"{id} is protected from overtime, and the shift of "
                f"{looked.on(move.day)} has some.",
                f"{id} 受保护,不得加班;{looked.on(move.day)} 的班次含加班。",
            )
            return FAIL, words, {"agent": id}
    found = list(_eligibility(looked, protected=True))
    return broken(found, Text("No night work, no overtime.", "不涉及夜班与加班。"))


# -- duties and consent ---------------------------------------------------------------


def _kinds(looked: "Looked") -> set[str]:
    duties = looked.desk.roster.duties
    return set() if duties is None else set(duties.kind.tolist())


def _sessions(looked: "Looked") -> Found:
    if not _kinds(looked) & set(SESSIONS):
        return nothing("No meetings or training are planned.", "未安排会议或培训。")
    for agent, day, kind in looked.duties(SESSIONS):
        words = Text(
            f"{looked.id(agent)}'s {kind} on {looked.on(day)} has to be planned anew.",
            f"{looked.id(agent)} 在 {looked.on(day)} 的 {kind} 须另行安排。",
        )
        return APPROVAL, words, {"session": kind, "agent": looked.id(agent)}
    return PASS, Text("No meeting or training is moved.", "不影响会议与培训。"), {}


def _turns(looked: "Looked") -> Found:
    if not _kinds(looked) & set(TURNS):
        return nothing("No turn of duty is assigned.", "未安排值日。")
    found = {(agent, day): kind for agent, day, kind in looked.duties(TURNS)}
    for move in looked.moves:
        kind = found.get((move.giver, move.day))
        if kind and _is_protected(looked, move):
            id = looked.id(move.taker)
            words = Text(
                f"{id} is protected and does no {kind}.", f"{id} 受保护,不参加 {kind}。"
            )
            return FAIL, words, {"agent": id}
    words = Text("Duties go with their shifts.", "值日随班次转移。")
    return PASS, words, {"duties": len(found)}


def _consent(looked: "Looked") -> Found:
    swap = looked.swap
    if not swap.number:
        return nothing("Not handed in; others have to agree.", "尚未提交,须对方同意。")
    if swap.missing:
        names = ", ".join(swap.missing)
        words = Text(f"Not agreed yet: {names}.", f"尚未同意:{names}。")
        return FAIL, words, {"missing": list(swap.missing)}
    agreed = {id: at.isoformat() for id, at in swap.consents.items()}
    return PASS, Text("All have agreed.", "各方均已同意。"), {"agreed": agreed}


OF_SWAPS: dict[str, Callable[["Looked"], Found]] = {
    "identity": _identity,
    "R10": _notice,
    "R11": _quota,
    "R13": _chain,
    "R16": _holiday,
    "R15": _leave,
    "R12": _classes,
    "R14": _likeness,
    "protected": _protected,
    "R33": _sessions,
    "R38": _turns,
    "consent": _consent,
}
"""The checks that only swaps have, by id."""
OF_ANYBODY = ("identity", "consent")
"""Those that can be made although nobody or no shift is found."""
