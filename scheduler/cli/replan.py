"""What ``roster replan`` does: propose, print, write the proposal."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import typer

from constraints.case import OFF, Case
from constraints.roster import Duties, Roster
from constraints.rule import Text
from forecasts.requirement import staff
from scheduler.cli.commands import DONE, expected_of, under_way
from scheduler.cli.desk import PROPOSAL, REPLAN
from scheduler.cli.opened import Told, date_of, opened_desk
from scheduler.cli.show import say, wrapped
from scheduler.desk import versions
from scheduler.desk.desk import Desk
from scheduler.desk.replan import Proposal
from scheduler.desk.replan import replan as propose
from scheduler.desk.sheet import Sheet
from scheduler.desk.today import Change
from scheduler.files.place import hold, replace_folder
from scheduler.files.read import Plan
from scheduler.files.tables import DAY_OFF
from scheduler.files.write import write_json, write_picture, write_roster

PICTURE = "replan.png"
OURS = (PROPOSAL, "roster.csv", "duties.csv", PICTURE)
LEVERS = {
    "breaks": Text("breaks", "调整休息"),
    "duties": Text("off-phone duty dropped", "取消线下任务"),
    "moves": Text("other shift", "调整班次"),
    "overtime": Text("overtime", "加班"),
    "call_in": Text("called in", "临时到岗"),
}


@dataclass(frozen=True)
class Wrong:
    """What is wrong with the day, and how much may be changed."""

    actuals: Path | None
    absent: str | None
    date: str | None
    people: int | None
    each: int | None

    def ids(self) -> list[str]:
        """Return who is absent."""
        return [id.strip() for id in (self.absent or "").split(",") if id.strip()]

    def desk(self, desk: Desk) -> Desk:
        """Return the desk with the budget of changes that was asked for."""
        limits = desk.policy.replan
        if self.people is not None:
            limits = replace(limits, people=self.people)
        if self.each is not None:
            limits = replace(limits, changes_each=self.each)
        return replace(desk, policy=replace(desk.policy, replan=limits))

    def case(self, plan: Plan, case: Case) -> Case:
        """Return a case with calls and heads as they come."""
        if self.actuals is None:
            return case
        again = under_way(plan, expected_of(plan, "to re-plan by calls"), self.actuals)
        is_open = plan.settings.hours.open_intervals(case.clock, case.calendar)
        needed = staff(
            again.forecast, case.service, is_open, quantile=plan.settings.quantile
        )
        return replace(case, forecast=again.forecast, requirement=needed)


def replan(path: Path, wrong: Wrong, told: Told) -> int:
    """Propose few changes for the rest of the day, and write the proposal."""
    with opened_desk(path, told) as at:
        stands = versions.latest(at.ledger, at.plan.case.clock.first_day)
        if stands is None:
            words = "Expected a published roster; run roster publish first."
            raise typer.BadParameter(words)
        desk = wrong.desk(at.desk)
        expected = wrong.case(at.plan, desk.case)
        try:
            found = propose(
                desk,
                absent=wrong.ids(),
                expected=expected,
                on=None if wrong.date is None else date_of(wrong.date),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        out = told.options.out or at.plan.beside(REPLAN)
        leave = tuple(dict.fromkeys((*stands.sheet.leave, *found.leave)))
        sheet = Sheet.of(found.after, leave).keeping(stands.sheet, desk.case)
        with hold(out):
            replace_folder(
                out,
                partial(_write, found=found, sheet=sheet, desk=desk, lang=at.lang),
                OURS,
            )
        at.say(_told(found, at.lang))
        at.say([str(out)])
        at.json(_record(found, desk))
    return DONE


def _write(
    folder: Path, *, found: Proposal, sheet: Sheet, desk: Desk, lang: str
) -> None:
    write_roster(found.after, folder)
    if found.why:
        from scheduler.report.compared import plot_replan

        write_picture(folder / PICTURE, plot_replan(found, lang=lang))
    write_json(folder / PROPOSAL, _record(found, desk) | sheet.packed())


def _record(found: Proposal, desk: Desk) -> dict[str, object]:
    """Return a proposal as JSON has it."""
    case = found.after.case
    return {
        "base": desk.version,
        "now": desk.now.isoformat(),
        "why": list(found.why),
        "short_hours": dict(zip(MOMENTS, found.short, strict=True)),
        "service_level": dict(zip(MOMENTS, found.level, strict=True)),
        "recovered_hours": found.recovered,
        "proved": found.proved,
        "changes": [
            {
                "agent": case.agents[one.agent].id,
                "lever": one.lever,
                "shift": case.shifts[one.shift].code,
                "changes": one.count,
                "overtime_minutes": one.overtime,
            }
            for one in found.changes
        ],
        "broken": [{"rule": v.rule, "text": v.text.en} for v in found.broken],
    }


MOMENTS = ("published", "as_it_is", "proposed")


def _told(found: Proposal, lang: str) -> Iterator[str]:
    """Yield the proposal in words."""
    if not found.why:
        yield say(Text("Nothing is wrong; no changes.", "一切正常,无须调整。"), lang)
        return
    words = Text(
        "Head-hours short from now: {:g} as published, {:g} as it is, {:g} proposed.",
        "此后缺口人时:发布时 {:g},目前 {:g},调整后 {:g}。",
    )
    yield from wrapped(say(words, lang).format(*found.short))
    if None not in found.level:
        words = Text(
            "Service level: {:.1%} as published, {:.1%} as it is, {:.1%} proposed.",
            "服务水平:发布时 {:.1%},目前 {:.1%},调整后 {:.1%}。",
        )
        yield from wrapped(say(words, lang).format(*found.level))
    for one in found.changes:
        yield from _line(found, one, lang)
    if not found.changes:
        yield say(Text("No change helps.", "没有可行的调整。"), lang)
    for violation in found.broken:
        words = Text("Still broken: {}", "仍违反:{}")
        yield from wrapped(say(words, lang).format(say(violation.text, lang)), indent=2)


def _line(found: Proposal, one: Change, lang: str) -> Iterator[str]:
    case = found.after.case
    id, lever = case.agents[one.agent].id, say(LEVERS[one.lever], lang)
    was = int(found.hit.table[one.agent, _day(found, one)])
    before, after = (
        DAY_OFF if shift == OFF else case.shifts[shift].code
        for shift in (was, one.shift)
    )
    shifts = before if before == after else f"{before} -> {after}"
    breaks = ", ".join(_breaks(found.after, one, _day(found, one)))
    extra = f" +{one.overtime} min" if one.overtime else ""
    yield from wrapped(f"  {id:<10} {lever}: {shifts}{extra}  {breaks}", indent=13)


def _day(found: Proposal, one: Change) -> int:
    """Return the day on which a person's shift or breaks change."""
    changed = found.hit.table[one.agent] != found.after.table[one.agent]
    if changed.any():
        return int(changed.argmax())
    before, after = (
        {
            row[1:]
            for row in (roster.duties or Duties.of(())).rows()
            if row[0] == one.agent
        }
        for roster in (found.hit, found.after)
    )
    return min(row[0] for row in before ^ after)


def _breaks(roster: Roster, one: Change, day: int) -> Iterator[str]:
    clock = roster.case.clock
    for kind, start, end in sorted(one.away, key=lambda part: part[1]):
        times = (clock.local(minute).strftime("%H:%M") for minute in (start, end))
        yield f"{kind} {'-'.join(times)}"
