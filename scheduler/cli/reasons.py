"""What ``roster explain`` does with a place: why it is so, and what is next best."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer
from rich.cells import cell_len

from constraints.case import OFF, Case
from constraints.rule import Text
from scheduler.cli.commands import DONE, LONGEST, SLOWEST, Options, roster_of
from scheduler.cli.show import say, wrapped
from scheduler.files.place import check_folder, hold, replace_file, replace_folder
from scheduler.files.write import json_text, write_frame, write_roster
from scheduler.reasons import (
    AROUND,
    CellReason,
    Change,
    IntervalReason,
    because,
    code,
    explain_cell,
    explain_interval,
)

SECONDS = 60.0  # for the next best roster, where none are named
SHOWN = 10  # people who could come, before it says how many more
ROSTER = ("roster.csv", "duties.csv")
ALTERNATIVE = "alternative"

OFF_DAY = Text("day off", "休息")
ALONE = Text(
    "What else {agent} could do while nobody else changes, and what it costs more:",
    "其他人不变时 {agent} 的其他选择及增加的成本:",
)
BINDS = Text(
    "Rules that bind, and what they forbid:", "起约束作用的规则及其禁止的选择:"
)
NOTHING_ELSE = Text(
    "Nothing else is possible there: no roster near this one has another choice.",
    "此处别无选择:附近没有其他可行的排班。",
)
NOT_FOUND = Text(
    "No other roster was found in time: allow more with --seconds.",
    "限时内未找到其他排班:请用 --seconds 增加时间。",
)
NEXT = Text(
    "Next best, where all may change on {date} and {agent} from {first} to {last}"
    " ({proof}): {cost}",
    "次优方案({date} 全员可调,{agent} 自 {first} 至 {last} 可调;{proof}):{cost}",
)
MORE = Text(
    "One more head, where all may change on {dates} ({proof}): {cost}",
    "增加一人({dates} 全员可调;{proof}):{cost}",
)
PROVED = Text("proved", "已证最优")
UNPROVED = Text("best found", "已找到的最优")
COST = Text("cost {cost:+,d}", "成本 {cost:+,d}")
BETTER = Text(
    "So this roster is not the best; a longer solve would find better ones.",
    "可见当前排班并非最优;延长求解时间可得到更好的排班。",
)
BREAKS = Text(
    "Shifts whose breaks alone move: {count}.", "仅调整休息时间的班次数:{count}。"
)
COVER = Text(
    "{time}, {queue}: {required} needed, {on_phone} on the phone, {state}.",
    "{time},{queue}:需要 {required} 人,在线 {on_phone} 人,{state}。",
)
SHORT = Text("{count} short", "缺 {count} 人")
OVER = Text("{count} over", "多 {count} 人")
EVEN = Text("as many as needed", "正好")
WHERE = Text(
    "Of {all} who could answer: {phone} on the phone, {break} on a break, {other} in "
    "another shift, {off} off, {leave} on leave.",
    "可接听者共 {all} 人:在线 {phone},休息中 {break},其他班次 {other},"
    "轮休 {off},请假 {leave}。",
)
COULD = Text(
    "Who could come while nobody else changes, and what it costs more:",
    "其他人不变时可到岗者及增加的成本:",
)
NOBODY = Text("Nobody could come.", "无人可到岗。")
AGAINST = Text("against {rules}: {text}", "违反 {rules}:{text}")
REST = Text("{count} more are in reasons.csv.", "另有 {count} 人见 reasons.csv。")
SAME = Text("same shift, another break", "班次不变,调整休息")


@dataclass(frozen=True)
class Place:
    """What is asked about: a person on a day, or an interval."""

    agent: str | None
    date: str | None
    interval: str | None
    queue: str | None

    @property
    def anywhere(self) -> bool:
        """Whether a place is named; raises where it is named by half."""
        if (self.agent is None) != (self.date is None):
            raise typer.BadParameter("Expected --agent and --date together.")
        if self.interval is not None and self.agent is not None:
            raise typer.BadParameter("Expected --agent and --date, or --interval.")
        if self.queue is not None and self.interval is None:
            raise typer.BadParameter("Expected --interval beside --queue.")
        return self.agent is not None or self.interval is not None


def why_there(path: Path, file: Path | None, place: Place, options: Options) -> int:
    """Say why a place of a roster is as it is; write the next best roster."""
    plan = options.plan(path)
    lang = plan.case.language
    out = options.folder(plan)
    check_folder(out)
    roster = roster_of(file or out / "roster.csv", plan, path)
    seconds = SECONDS if options.seconds is None else options.seconds
    spent: dict[str, Any] = {"seconds": seconds}
    if options.deterministic:
        spent = {"seconds": LONGEST + SLOWEST * seconds, "effort": seconds}
    spent["seed"] = plan.settings.seed if options.seed is None else options.seed
    spent["workers"] = options.workers or plan.settings.workers
    found: CellReason | IntervalReason
    try:
        if place.interval is None:
            found = explain_cell(roster, place.agent or "", place.date or "", **spent)
            lines = _cell(found, lang)
        else:
            found = explain_interval(roster, place.interval, queue=place.queue, **spent)
            lines = _interval(found, lang)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    options.say(lines)
    with hold(out):
        replace_file(out / "reasons.csv", partial(write_frame, frame=found.to_frame()))
        folder = out / ALTERNATIVE
        if found.best is None:  # that of the question before would mislead
            for name in ROSTER:
                (folder / name).unlink(missing_ok=True)
        else:
            after = found.best.after.roster
            replace_folder(folder, partial(write_roster, after), ROSTER)
            options.say([str(folder / "roster.csv")])
    if options.as_json:
        sys.stdout.write(json_text(_record(found)))
    return DONE


# -- a person on a day ----------------------------------------------------------------


def _cell(found: CellReason, lang: str) -> Iterator[str]:
    case = found.standing.roster.case
    agent, on = case.agents[found.agent].id, case.clock.date(found.day)
    yield f"{agent} {on}: {_shift(case, found.shift, lang)}"
    legal = [(shift, change) for shift, change in found.choices if not change.broken]
    if legal:
        yield from wrapped(say(ALONE.format(agent=agent), lang))
    for shift, change in legal:
        yield from _line(_short(case, shift, lang), change, lang, 8)
    if found.binding:
        yield say(BINDS, lang)
    for rule, choices in found.binding.items():
        names = ", ".join(_short(case, shift, lang) for shift, _ in choices)
        text = next(v.text for v in choices[0][1].broken if v.rule == rule)
        yield from wrapped(f"- {rule} ({names}): {say(text, lang)}", 2)
    days = range(case.days)[max(0, found.day - AROUND) : found.day + AROUND + 1]
    head = NEXT.format(
        agent=agent,
        date=on,
        first=case.clock.date(days[0]),
        last=case.clock.date(days[-1]),
        proof="{proof}",
        cost="{cost}",
    )
    yield from _best(found, head, lang)


def _shift(case: Case, shift: int, lang: str) -> str:
    """Return a shift with its times, or a day off."""
    if shift == OFF:
        return say(OFF_DAY, lang)
    begin, end = case.shifts[shift].start, case.shifts[shift].end
    times = "–".join(f"{at // 60 % 24:02d}:{at % 60:02d}" for at in (begin, end))
    return f"{case.shifts[shift].code} {times}"


def _short(case: Case, shift: int, lang: str) -> str:
    return say(OFF_DAY, lang) if shift == OFF else case.shifts[shift].code


def _line(words: str, change: Change, lang: str, width: int) -> Iterator[str]:
    """Yield a choice, what it costs more, and by which rules or against which."""
    reason = because(change, lang)
    if change.broken:
        rules = ", ".join(dict.fromkeys(v.rule for v in change.broken))
        reason = say(AGAINST.format(rules=rules, text=reason), lang)
    words += " " * (width - cell_len(words))
    yield from wrapped(f"  {words} {change.cost:>+6,d}  {reason}", width + 11)


def _best(found: CellReason | IntervalReason, head: Text, lang: str) -> Iterator[str]:
    """Yield the next best roster: what it costs, and who would move."""
    change = found.best
    if change is None:
        yield from wrapped(say(NOTHING_ELSE if found.proved else NOT_FOUND, lang))
        return
    cost = say(COST.format(cost=change.cost), lang)
    if change.cost_by_rule:
        cost += f" ({because(change, lang)})"
    proof = say(PROVED if found.proved else UNPROVED, lang)
    yield from wrapped(say(head.format(proof=proof, cost=cost), lang))
    case = change.before.roster.case
    for agent, day, was, becomes in change.moves:
        names = f"{_short(case, was, lang)} → {_short(case, becomes, lang)}"
        yield f"  {case.clock.date(day)}  {case.agents[agent].id}  {names}"
    if change.breaks_moved:
        yield f"  {say(BREAKS.format(count=change.breaks_moved), lang)}"
    if change.cost < 0:
        yield from wrapped(say(BETTER, lang))


# -- an interval ----------------------------------------------------------------------


def _interval(found: IntervalReason, lang: str) -> Iterator[str]:
    case = found.standing.roster.case
    begins = case.clock.local(int(case.clock.starts[found.interval]))
    lack = found.required - found.on_phone
    state = (SHORT if lack > 0 else OVER if lack < 0 else EVEN).format(count=abs(lack))
    cover = COVER.format(
        time=f"{begins:%Y-%m-%d %H:%M}",
        queue=case.requirement.queues[found.queue],
        required=found.required,
        on_phone=found.on_phone,
        state="{state}",
    )
    yield from wrapped(say(cover, lang).format(state=say(state, lang)))
    people = found.people
    yield from wrapped(say(WHERE.format(all=sum(people.values()), **people), lang))
    yield from wrapped(say(COULD if found.choices else NOBODY, lang))
    for agent, change in found.choices[:SHOWN]:
        moves = [
            f"{_short(case, was, lang)} → {_short(case, becomes, lang)}"
            for _, _, was, becomes in change.moves
        ]
        words = f"{case.agents[agent].id}  {', '.join(moves) or say(SAME, lang)}"
        yield from _line(words, change, lang, 20)
    if len(found.choices) > SHOWN:
        yield say(REST.format(count=len(found.choices) - SHOWN), lang)
    days = ", ".join(str(case.clock.date(day)) for day in found.days)
    yield from _best(
        found, MORE.format(dates=days, proof="{proof}", cost="{cost}"), lang
    )


# -- as JSON --------------------------------------------------------------------------


def _record(found: CellReason | IntervalReason) -> dict[str, Any]:
    case = found.standing.roster.case
    place: dict[str, Any]
    if isinstance(found, CellReason):
        place = {
            "agent": case.agents[found.agent].id,
            "date": case.clock.date(found.day).isoformat(),
            "shift": code(case, found.shift),
        }
    else:
        place = {
            "interval": case.clock.stamp(found.interval),
            "queue": case.requirement.queues[found.queue],
            "required": found.required,
            "scheduled": found.scheduled,
            "on_phone": found.on_phone,
            "people": found.people,
        }
    best = found.best
    return {
        **place,
        "cost": found.standing.audit.cost,
        "choices": found.to_frame().to_dict("records"),
        "best": None if best is None else _change(case, best),
        "proved": found.proved,
    }


def _change(case: Case, change: Change) -> dict[str, Any]:
    return {
        "cost": change.after.audit.cost,
        "more": change.cost,
        "by_rule": change.cost_by_rule,
        "moves": [
            {
                "agent": case.agents[agent].id,
                "date": case.clock.date(day).isoformat(),
                "was": code(case, was),
                "becomes": code(case, becomes),
            }
            for agent, day, was, becomes in change.moves
        ],
        "breaks_moved": change.breaks_moved,
    }
