"""Precheck: arithmetic in plain words, before any search."""

from dataclasses import dataclass

import numpy as np

from constraints.breaks import MealBreak
from constraints.case import OPEN, Case
from constraints.coverage import CoverageFloor
from constraints.cycle import cycles
from constraints.hours import HoursAverage, HoursOvertime
from constraints.leave import annual_capacity, available
from constraints.pattern import SixOnOneOff
from constraints.roster import Roster
from constraints.rule import Text, audit
from scheduler.engine.aggregate import fixed_cells

HOUR = 60


@dataclass(frozen=True)
class Checked:
    """What arithmetic says: conflicts that no roster can avoid, and warnings."""

    conflicts: tuple[Text, ...]
    warnings: tuple[Text, ...]


def precheck(case: Case) -> Checked:
    """Return what can be said of a case without searching.

    Examples
    --------
    Four people cannot man a floor of two round the clock at 40 hours a week:

    >>> from dataclasses import replace
    >>> from constraints import read_rules
    >>> from constraints.examples import tiny_case
    >>> from forecasts.requirement import Service
    >>> case = tiny_case(people=4, days=7, rules=read_rules("bank"))
    >>> print(precheck(replace(case, service=Service(floor=2))).conflicts[0].en)
    The floor of 2 needs 308 head-hours on the phone, and contracts allow 160: at
    least 8 people at 40 h a week are needed. Lower the floor, shorten the service
    hours or hire.
    """
    conflicts = [
        text
        for check in (_floor_hours, _floor_people, _pattern_hours, _leave, _pins)
        for text in check(case)
    ]
    capacity = annual_capacity(case)
    warnings = (*((capacity,) if capacity else ()), *_unknown(case))
    return Checked(tuple(conflicts), warnings)


def _floor(case: Case) -> int:
    rule = case.rule("coverage.floor")
    hard = isinstance(rule, CoverageFloor) and rule.penalty is None
    return rule.floor(case) if hard and isinstance(rule, CoverageFloor) else 0


def _capped(case: Case) -> bool:
    rule, extra = case.rule("hours.average"), case.rule("hours.overtime")
    booked = isinstance(extra, HoursOvertime) and extra.allowed
    return isinstance(rule, HoursAverage) and rule.penalty is None and not booked


def _floor_hours(case: Case) -> list[Text]:
    """The floor asks for more hours than all contracts together allow."""
    if not _capped(case):
        return []
    hours = int(case.counted.sum()) * case.clock.interval_minutes / HOUR
    need = hours * _floor(case)
    weeks = -(-case.days // 7)
    rule = case.rule("hours.average")
    assert isinstance(rule, HoursAverage)
    # The caps of all cycles that the horizon touches: never less than can be worked.
    caps = [rule.cap(case, cycle).sum() for cycle in cycles(case, rule.cycle)]
    can = float(sum(caps)) / HOUR
    if need <= can * _phone_share(case):
        return []
    people = -(-need // (40 * weeks))
    floor = _floor(case)
    return [
        Text(
            f"The floor of {floor} needs {need:g} head-hours on the phone, and "
            f"contracts allow {can:g}: at least {people:g} people at 40 h a week are "
            "needed. Lower the floor, shorten the service hours or hire.",
            f"最低 {floor} 人需要在线 {need:g} 人时,合同工时合计仅 {can:g} 人时:"
            f"按每周 40 小时至少需要 {people:g} 人。"
            "请降低最低人数、缩短服务时间或增员。",
        )
    ]


def scarce_cycles(case: Case) -> list[range]:
    """Return the days of each cycle whose floor asks for more than can be worked.

    Counted roughly: a shift may reach into the next cycle. Who is away or not yet here
    counts for the days that are left, at the longest shift.
    """
    rule = case.rule("hours.average")
    if not _floor(case) or not _capped(case):
        return []
    assert isinstance(rule, HoursAverage)
    scarce = []
    for cycle in cycles(case, rule.cycle):
        days = range(case.days)[
            max(0, cycle.columns(case).start - case.past) : cycle.last_day(case) + 1
        ]
        there = case.free_to_work[:, days].any(axis=2).sum(axis=1)
        can = np.minimum(rule.cap(case, cycle), there * int(case.paid.max())).sum()
        asked = case.counted & np.isin(case.clock.days_of_intervals, days)
        need = int(asked.sum()) * case.clock.interval_minutes * _floor(case)
        if need > can * _phone_share(case):
            scarce.append(days)
    return scarce


def _phone_share(case: Case) -> float:
    """Most minutes on the phone for each paid minute, over the shift catalogue."""
    span = case.end - case.start
    away = np.zeros_like(span)
    meal = case.rule("breaks.meal")
    if isinstance(meal, MealBreak):
        away = np.where(span > meal.after_minutes, meal.meal_minutes, 0)
    return float(((span - away) / np.maximum(1, case.paid)).max(initial=1.0))


def _floor_people(case: Case) -> list[Text]:
    """Some interval can have fewer people than the floor, whatever is rostered."""
    floor = _floor(case)
    if not floor or not fixed_cells(case):
        return []
    few = case.counted & (available(case, range(case.days)) < floor)
    if not few.any():
        return []
    stamp = case.clock.stamp(int(np.argmax(few)))
    early = not case.clock.days_of_intervals[few].any()  # the night before is fixed
    return [
        Text(
            f"At {stamp} fewer than {floor} people can be present, whatever is "
            f"rostered ({int(few.sum())} such intervals). Add a shift that covers it, "
            "people who may work it, or lower the floor"
            + early * "; or, if somebody worked the night before, put it in history.csv"
            + ".",
            f"{stamp} 无论如何排班,在岗人数都少于 {floor} 人"
            f"(共 {int(few.sum())} 个时段)。请增加覆盖该时段的班次或人员,"
            f"或降低最低人数{early * ';若前一天有人上夜班,请补入 history.csv'}。",
        )
    ]


def _pattern_hours(case: Case) -> list[Text]:
    """Six on, one off with the shifts there are breaks the weekly hours."""
    pattern, average = case.rule("pattern.six_on_one_off"), case.rule("hours.average")
    if not isinstance(pattern, SixOnOneOff) or not _capped(case):
        return []
    if not isinstance(average, HoursAverage) or pattern.penalty is not None:
        return []
    # Exceptions shorten a week, and longer cycles even weeks out: not a conflict then.
    enough = case.days >= 7 * (pattern.exceptions + 2)
    if average.cycle != "week" or not enough:
        return []
    full = max((agent.hours_per_week for agent in case.agents), default=0)
    shortest = int(case.paid[case.past :].min(initial=10**6))
    week = shortest * pattern.on * 7 / (pattern.on + pattern.off)
    cap = full * HOUR + average.tolerance_minutes
    if week <= cap + 1e-9:
        return []
    most = cap * (pattern.on + pattern.off) / 7 / pattern.on
    hours, allowed = week / HOUR, cap / HOUR
    return [
        Text(
            f"Six on, one off with shifts of {_hm(shortest)} is {hours:g} h a week; "
            f"hours.average allows {allowed:g}. Ways out: shifts of at most "
            f"{_hm(most)} (6 h 40 for 40 h); six days as a maximum only (turn "
            "pattern.six_on_one_off off and keep sequence.run); or a longer cycle or "
            "tolerance for hours.average where an authority has approved it.",
            f"做六休一、每班 {_hm(shortest)},每周为 {hours:g} 小时,"
            f"而 hours.average 仅允许 {allowed:g} 小时。出路:班次不超过 {_hm(most)}"
            "(40 小时对应 6 小时 40 分);仅以六天为上限(关闭 pattern.six_on_one_off,"
            "保留 sequence.run);或经批准后放宽 hours.average 的周期或容差。",
        )
    ]


def _hm(minutes: float) -> str:
    return f"{int(minutes) // 60} h {int(minutes) % 60:02d}"


def _leave(case: Case) -> list[Text]:
    """Approved leave already breaks its limit."""
    rule = case.rule("leave.limit")
    if rule is None or rule.penalty is not None:
        return []
    return [
        violation.text for violation in audit(Roster.empty(case), [rule]).violations
    ]


def _pins(case: Case) -> list[Text]:
    """What is pinned already breaks a rule about one person."""
    if not (case.pins != OPEN).any():
        return []
    rules = [
        rule
        for rule in case.rules
        if rule.penalty is None
        and rule.id in ("shift.one", "leave.day", "rest.daily", "eligibility")
    ]
    found = audit(Roster.empty(case), rules).violations
    pinned = [
        v
        for v in found
        if v.where.agent is not None
        and v.where.day is not None
        and case.pins[v.where.agent, v.where.day] >= 0
    ]
    return [
        Text(
            f"A pinned shift breaks {v.rule}: {v.text.en}",
            f"固定排班违反 {v.rule}:{v.text.zh}",
        )
        for v in pinned
    ]


def _unknown(case: Case) -> tuple[Text, ...]:
    """Say what is taken for granted."""
    texts = []
    unknown = int((~case.known).sum())
    if unknown:
        texts.append(
            Text(
                f"{unknown} people have no history and count as rested.",
                f"{unknown} 人没有历史排班,按已休息处理。",
            )
        )
    if not isinstance(case.rule("breaks.meal"), MealBreak):
        texts.append(
            Text(
                "No breaks are placed: breaks.meal is off.",
                "未安排用餐休息:breaks.meal 已关闭。",
            )
        )
    return tuple(texts)
