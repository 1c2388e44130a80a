"""Checks that swaps and leave share: what becomes of the rules of the roster."""

from collections.abc import Callable, Sequence
from typing import Any

from constraints.rule import Text, Violation
from scheduler.desk.effects import Effects
from scheduler.desk.verdict import FAIL, NOT_APPLICABLE, PASS, WARN

Found = tuple[str, Text, dict[str, Any]]
"""Verdict, sentence and numbers of a check."""
KEPT_ELSEWHERE = ("leave", "eligibility", "hours", "breaks", "coverage")
SESSIONS = ("meeting", "training", "qa", "mentoring", "shadowing")
"""Duties that a person has an appointment for."""
TURNS = ("cleaning", "handover", "duty")
"""Duties that belong to a shift, whoever works it."""


def broken(found: Sequence[Violation], fine: Text, **numbers: Any) -> Found:
    """Return a failure that says what is broken first, or that all is fine."""
    if not found:
        return PASS, fine, numbers
    rules = sorted({violation.rule for violation in found})
    return FAIL, found[0].text, numbers | {"rules": rules}


def rest(effects: Effects) -> Found:
    """Rest, runs, nights and every other rule that no other check speaks of."""
    found = [v for v in effects.broken if v.rule.split(".")[0] not in KEPT_ELSEWHERE]
    words = Text("Rest and runs are kept by all.", "各人休息与连班均符合规定。")
    return broken(found, words)


def hours(effects: Effects) -> Found:
    """Hours of every cycle that changes, before and after."""
    cycles: list[dict[str, Any]] = [
        {"agent": effects.before.case.agents[who].id, "first": first, "last": last}
        | {"before": before, "after": after, "cap": cap}
        for who, first, last, before, after, cap in effects.minutes()
    ]
    words = Text("Nobody's hours change.", "工时不变。")
    if cycles:
        told = max(cycles, key=lambda c: c["after"] - c["cap"])
        was, now, cap = (told[key] / 60 for key in ("before", "after", "cap"))
        words = Text(
            f"{told['agent']} has {now:g} h of {cap:g} h from {told['first']} on; "
            f"{was:g} h before.",
            f"{told['agent']} 自 {told['first']} 起工时 {now:g} 小时"
            f"(之前 {was:g}),上限 {cap:g} 小时。",
        )
    return broken(effects.of("hours"), words, cycles=cycles)


def breaks(effects: Effects) -> Found:
    """Breaks of the shifts that change, and how many are away at a time."""
    words = Text("Breaks go with their shifts.", "休息随班次转移。")
    moved = len(effects.breaks_moved)
    if moved:
        words = Text(f"Breaks of {moved} others move.", f"另有 {moved} 人的休息调整。")
    return broken(effects.of("breaks"), words, moved=moved)


def coverage(effects: Effects) -> Found:
    """The floor, and head-hours short before and after."""
    before, after = effects.short_hours
    stamp = effects.before.case.clock.stamp
    numbers: dict[str, Any] = {
        "short_hours_before": round(before, 4),
        "short_hours_after": round(after, 4),
        "shorter": [stamp(int(at)) for at in effects.shorter],
    }
    words = Text(
        f"Head-hours short: {before:g} before, {after:g} after.",
        f"缺口人时:之前 {before:g},之后 {after:g}。",
    )
    if effects.levels is not None:
        was, becomes = effects.levels
        numbers |= {"service_level_before": round(was, 4)}
        numbers |= {"service_level_after": round(becomes, 4)}
        words = Text(
            f"{words.en} Service level of these days: {was:.1%} before, "
            f"{becomes:.1%} after.",
            f"{words.zh}当日服务水平:之前 {was:.1%},之后 {becomes:.1%}。",
        )
    found = [v for v in effects.of("coverage", "cover") if v.rule != "coverage.role"]
    verdict, words, numbers = broken(found, words, **numbers)
    return (WARN if verdict == PASS and after > before else verdict), words, numbers


def leader(effects: Effects) -> Found:
    """Whether every shift keeps its leader."""
    case = effects.before.case
    rule = case.rule("coverage.role")
    roles = {role for agent in case.agents for role in agent.roles}
    if rule is None or getattr(rule, "role", "") not in roles:
        return nothing("No leaders are named.", "未指定班组长。")
    words = Text("Every shift keeps its leader.", "各班次仍有班组长。")
    return broken(effects.of("coverage.role"), words)


def fairness(effects: Effects) -> Found:
    """Nights and weekends are counted to whoever works them."""
    case, nights = effects.before.case, {}
    for label, roster in (("before", effects.before), ("after", effects.after)):
        counted = roster.works_class("night")[:, case.past :].sum(axis=1)
        nights[label] = {
            case.agents[who].id: int(counted[who]) for who in effects.people
        }
    words = Text(
        "Nights, weekends and hours stay as even.", "夜班、周末与工时的均衡性不变。"
    )
    verdict, words, numbers = broken(effects.unfair, words, nights=nights)
    return (WARN if verdict == FAIL else verdict), words, numbers


def nothing(en: str, zh: str) -> Found:
    """Return a check that has nothing to look at."""
    return NOT_APPLICABLE, Text(en, zh), {}


OF_THE_ROSTER: dict[str, Callable[[Effects], Found]] = {
    "R07": rest,
    "R03": hours,
    "R05": breaks,
    "R01": coverage,
    "R31": leader,
    "R39": fairness,
}
"""Checks that need nothing but the change itself."""
