"""The page: one self-contained HTML file, without scripts and without a network."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from constraints.case import OFF, Case, Leave
from constraints.roster import Roster
from constraints.rule import Audit, Violation
from forecasts.backtest import Backtest
from scheduler.checking import Figures, Stretch
from scheduler.files.read import Plan
from scheduler.report import drawing, palette
from scheduler.report.cover import SHORT, Cover, Starts, asked_of, foot
from scheduler.report.labels import (
    called,
    check_note,
    day_kind,
    days_reach,
    found_on,
    in_order,
    times,
)
from scheduler.report.words import (
    capital,
    refusal,
    say,
    say_if_known,
    short_date,
    spoken,
    unit_word,
    weekday,
)
from scheduler.result import Result
from scheduler.summary import kpi, worked_weekends

PEOPLE_SHOWN = 300
ROWS_SHOWN = 300
SMALL = 9.5
DEEP = 3  # level of heat beyond which ink is white
SECTIONS = (
    "cover",
    "heatmap",
    "starts",
    "check",
    "grid",
    "cost",
    "search",
    "fairness",
    "leave",
    "forecast",
    "audit",
    "certificate",
)
MARKS = {"hard": "xh", "soft": "xs"}
STOPS = {"time": "stop_time"}
NONE = "–"


def write_page(
    path: Path, plan: Plan, result: Result, check: Figures | None = None
) -> None:
    """Write the result as one HTML page in the case's language.

    Parameters
    ----------
    path
        File to write.
    plan
        The case as it was handed in.
    result
        What the solve gave back; a result without a roster says why.
    check
        What became of the result's roster when it was played.

    Notes
    -----
    Everything a planner typed goes through the template's escaping; the only markup
    made outside it is drawn from numbers and our own words. The page allows no
    script and no style but its own, named by hash.
    """
    path.write_text(page_text(plan, result, check), encoding="utf-8", newline="\n")


def page_text(plan: Plan, result: Result, check: Figures | None = None) -> str:
    """Return the page as text."""
    return _template().render(_facts(plan, result, check))


def _template() -> jinja2.Template:
    setting = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return setting.from_string(_shipped("page.html"))


def _shipped(name: str) -> str:
    return files("scheduler.report").joinpath(name).read_text(encoding="utf-8")


def _facts(plan: Plan, result: Result, check: Figures | None) -> dict[str, Any]:
    """Return all that the template shows."""
    case, lang = plan.case, plan.case.language
    style = _style(case)
    facts: dict[str, Any] = {
        "say": partial(_headed, lang=lang),
        "html_lang": "zh-CN" if lang == "zh" else "en",
        "style": Markup(style),  # our own rules and checked colours only
        "style_hash": base64.b64encode(
            hashlib.sha256(style.encode()).digest()
        ).decode(),
        "title": case.name,
        "subtitle": _subtitle(case),
        "sections": _sections(plan, result, check),
        "cards": list(_cards(plan, result, check)),
        "has_roster": result.roster is not None,
        "conflicts": [spoken(text, lang) for text in result.conflicts],
        "certificate": _certificate(result, lang),
        "provenance": _provenance(plan, result),
        "assumed": list(_assumed(plan, result)),
    }
    if result.roster is not None and result.audit is not None:
        facts |= _pictures(plan, result.roster)
        facts |= _grid(result.roster, result.audit)
        facts |= {"starts": _starts(result.roster)}
        facts |= {"costs": _costs(case, result.audit), "leave": _leave_rows(case)}
        facts |= {"search_drawing": drawing.search(result, lang)}
        facts |= _audit_rows(case, result.audit)
        facts |= {"check": None if check is None else _checked(case, check)}
    return facts


def _headed(key: str, lang: str) -> str:
    return capital(say(key, lang))


def _sections(plan: Plan, result: Result, check: Figures | None) -> list[str]:
    if result.roster is None:
        return ["certificate"]
    absent = {"forecast"} if plan.forecast is None else set()
    absent |= set() if result.trace else {"search"}
    absent |= set() if check else {"check"}
    by_interval, by_shift = asked_of(plan.case)
    absent |= set() if by_interval else {"cover", "heatmap"}
    absent |= set() if by_shift else {"starts"}
    return [key for key in SECTIONS if key not in absent]


def _subtitle(case: Case) -> str:
    clock = case.clock
    return say(
        "subtitle",
        case.language,
        first=clock.date(0),
        last=clock.date(clock.days - 1),
        days=clock.days,
        people=f"{len(case.agents):,}",
        zone=clock.time_zone,
    )


def _style(case: Case) -> str:
    """Return the page's style with a rule for each shift and each level of heat."""
    rules = [_shipped("page.css")]
    for number, fill in enumerate(palette.shift_fills(case)):
        rules.append(
            f".s{number}.s{number}{{background-color:{fill.background};"
            f"color:{fill.ink}}}"
        )
    for level in range(-drawing.LEVELS, drawing.LEVELS + 1):
        colour = palette.SHORT if level < 0 else palette.OVER_STRONG
        shade = palette.between("#ffffff", colour, abs(level) / drawing.LEVELS)
        name = drawing.heat_name(level)
        rules.append(f".{name}.{name}{{fill:{shade};background:{shade}}}")
    return "\n".join(rules)


# -- figures ------------------------------------------------------------------------


def _cards(
    plan: Plan, result: Result, check: Figures | None
) -> Iterator[dict[str, str]]:
    """Yield the figures at the top of the page."""
    lang = plan.case.language
    stop = say_if_known(STOPS.get(result.stop_reason, result.stop_reason), lang)
    yield _card(
        "status",
        say(result.status, lang),
        lang,
        more=say("stopped_by", lang, reason=stop, seconds=f"{result.seconds:.0f}"),
    )
    if result.roster is None or result.audit is None:
        return
    hard = len(result.audit.hard)
    yield _card(
        "hard_broken",
        f"{hard:,}" if hard else say("none", lang),
        lang,
        mood="bad" if hard else "good",
    )
    yield _card(
        "cost",
        f"{result.cost or 0:,}",
        lang,
        more=say("cost_above_bound", lang, gap=f"{result.gap or 0:.1%}"),
    )
    yield _card("bound", f"{result.bound:,}", lang, more=say("no_cheaper", lang))
    yield from _service_cards(result.roster, result.audit, check)


def _service_cards(
    roster: Roster, audit: Audit, check: Figures | None
) -> Iterator[dict[str, str]]:
    case, lang = roster.case, roster.case.language
    service, figures = case.service, kpi(roster, audit)
    level, occupancy = figures["service_level"], figures["occupancy"]
    if level is not None:
        met = "good" if level >= service.target - 0.0005 else ""
        yield _card(
            "service_level",
            f"{level:.1%}",
            lang,
            mood=met,
            more=say(
                "expected",
                lang,
                target=f"{service.target:.0%}",
                seconds=f"{service.threshold_seconds:g}",
            ),
        )
    if check is not None:
        yield _check_card(check, lang)
    if occupancy is not None:
        yield _card("occupancy", f"{occupancy:.1%}", lang)
    by_interval, by_shift = asked_of(case)
    if by_interval:
        required = f"{figures['required_hours']:,.0f}"
        yield _card(
            "short_hours",
            f"{figures['short_hours']:,.1f}",
            lang,
            more=say("of_required", lang, hours=required),
        )
        yield _card("over_hours", f"{figures['over_hours']:,.1f}", lang)
    if by_shift:
        people = {
            key: int(row.sum()) for key, row in Starts.of(roster).people().items()
        }
        asked = say("of_asked", lang, number=f"{people['people_asked']:,}")
        yield _card("people_short", f"{people['people_short']:,}", lang, more=asked)
        yield _card("people_over", f"{people['people_over']:,}", lang)
    weekly = figures["paid_hours"] / max(1, len(case.agents)) / case.days * 7
    yield _card(
        "paid_hours",
        f"{figures['paid_hours']:,.0f}",
        lang,
        more=say("per_week", lang, hours=f"{weekly:.1f}"),
    )
    if figures["requests"]:
        yield _card(
            "requests_met",
            f"{figures['requests_met']:,}",
            lang,
            more=say("of_number", lang, number=f"{figures['requests']:,}"),
        )


def _check_card(check: Figures, lang: str) -> dict[str, str]:
    level = check.horizon.service_level
    return _card(
        "check_title",
        f"{level:.1%}",
        lang,
        mood="good" if level >= check.target - 0.0005 else "",
        more=days_reach(check, lang),
    )


def _card(
    key: str, value: str, lang: str, *, more: str = "", mood: str = ""
) -> dict[str, str]:
    return {"what": _headed(key, lang), "value": value, "more": more, "mood": mood}


def _pictures(plan: Plan, roster: Roster) -> dict[str, Any]:
    case, lang = plan.case, plan.case.language
    cover = Cover.of(roster)
    busiest = case.clock.date(cover.busiest_day)
    figures = roster.works_class("night")[:, case.past :].sum(axis=1)
    levels = range(-drawing.LEVELS, drawing.LEVELS + 1)
    return {
        "busiest_day": _day_name(busiest, lang),
        "day_drawing": drawing.cover_day(cover, cover.busiest_day, lang),
        "weeks_drawing": drawing.cover_weeks(cover, lang),
        "queues": list(_queues(roster)),
        "heat_drawing": drawing.heatmap(cover, lang),
        "heat_names": [drawing.heat_name(level) for level in levels],
        "reach": max(
            1, int(cover.short.max(initial=0)), int(cover.over.max(initial=0))
        ),
        "fairness": [
            _shares("nights", figures.tolist(), lang),
            _shares("weekends", worked_weekends(roster).tolist(), lang),
        ],
        "forecast_drawing": None
        if plan.forecast is None
        else drawing.calls_ahead(plan.history, plan.forecast, lang),
        "method": ""
        if plan.forecast is None
        else ", ".join(sorted(set(plan.forecast.method))),
        "methods": list(_methods(plan)),
        "oddities": list(_oddities(plan)),
        "several_queues": len(roster.case.requirement.queues) > 1,
    }


def _queues(roster: Roster) -> Iterator[dict[str, Any]]:
    """Yield a row for each queue; none where there is only one."""
    case = roster.case
    queues, skills = case.requirement.queues, case.skill_sets
    for number, queue in enumerate(queues if len(queues) > 1 else ()):
        hours = Cover.of(roster, number).hours()
        yield {
            "queue": queue,
            "people": f"{skills.sets[skills.of, number].sum():,}",
            "hours": {key: f"{by_day.sum():,.1f}" for key, by_day in hours.items()},
        }


def _methods(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield how far off each method was on the last weeks, a table a queue."""
    if plan.forecast is None:
        return
    lang, queues = plan.case.language, plan.forecast.queues
    for queue, tried in zip(queues, plan.forecast.backtests, strict=False):
        if not tried.leads:
            continue
        title = capital(say("tried_on_weeks", lang, weeks=tried.weeks))
        yield {
            "title": f"{queue}: {title}" if len(queues) > 1 else title,
            "leads": [say("weeks_ahead", lang, weeks=lead) for lead in tried.leads],
            "rows": [_method(tried, name) for name in tried.ranked()],
        }


def _method(tried: Backtest, name: str) -> dict[str, Any]:
    scores = [tried.scores[name, lead] for lead in tried.leads]
    return {
        "method": name,
        "picked": name == tried.best,
        "errors": [f"{score.wape:.1%}" for score in scores],
        "bias": f"{tried.mean_bias(name):+.1%}",
    }


def _oddities(plan: Plan) -> Iterator[dict[str, str]]:
    """Yield what was odd in the history, a row each."""
    lang = plan.case.language
    for one in plan.cleaned.oddities if plan.cleaned else ():
        yield {
            "first": f"{one.first:%Y-%m-%d %H:%M}",
            "last": f"{one.last:%Y-%m-%d %H:%M}",
            "queue": one.queue,
            "action": say(f"was_{one.action}", lang),
            "effect": f"{one.calls - one.usual:+,.0f}",
            "reason": one.reason(lang),
        }


def _day_name(on: date, lang: str) -> str:
    return f"{weekday(on, lang)} {short_date(on, lang)}"


def _shares(kind: str, counts: Sequence[int], lang: str) -> dict[str, Any]:
    span = say(
        "from_to", lang, least=min(counts, default=0), most=max(counts, default=0)
    )
    drawn = drawing.histogram(counts, kind, lang)
    return {"title": _headed(kind, lang), "range": span, "drawing": drawn}


# -- the grid -----------------------------------------------------------------------


def _grid(roster: Roster, audit: Audit) -> dict[str, Any]:
    """Return head, rows and foot of the grid."""
    case, lang = roster.case, roster.case.language
    shown = min(PEOPLE_SHOWN, len(case.agents))
    more = shown < len(case.agents)
    return {
        "days": [_day_head(case, day) for day in range(case.days)],
        "shifts": [_shift_note(case, number) for number in range(len(case.shifts))],
        "people": list(_people(roster, audit, shown)),
        "foot": _foot(roster),
        "more_people": say(
            "more_people", lang, shown=shown, people=f"{len(case.agents):,}"
        )
        if more
        else "",
    }


def _day_head(case: Case, day: int) -> dict[str, str]:
    on, lang = case.clock.date(day), case.language
    month = short_date(on, lang)
    month = month[: month.index("月") + 1] if lang == "zh" else month.split()[1]
    name = weekday(on, lang)
    return {
        "kind": day_kind(case, day),
        "title": " ".join([on.isoformat(), name, case.calendar.name(on)]).strip(),
        "month": month if day == 0 or on.day == 1 else "",
        "weekday": name[-1] if lang == "zh" else name[:2],
        "number": str(on.day),
    }


def _shift_note(case: Case, number: int) -> dict[str, str]:
    shift = case.shifts[number]
    label = f" {shift.label}" if shift.label not in ("", shift.code) else ""
    return {"colour": f"s{number}", "code": shift.code, "times": times(shift) + label}


def _people(roster: Roster, audit: Audit, shown: int) -> Iterator[dict[str, Any]]:
    case = roster.case
    figures, marks = kpi(roster, audit)["agents"], _marks(audit)
    second = Counter((agent, day) for agent, day, _ in roster.extra)
    for number, agent in enumerate(case.agents[:shown]):
        sums = figures[agent.id]
        yield {
            "id": agent.id,
            "name": "" if agent.name == agent.id else agent.name,
            "cells": [
                _cell(
                    roster,
                    number,
                    day,
                    marks.get((number, day), ""),
                    "+" * second[number, day],
                )
                for day in range(case.days)
            ],
            "hours": f"{sums['paid_hours']:,.1f}",
            "nights": sums["nights"],
            "weekends": sums["weekends"],
        }


def _cell(roster: Roster, agent: int, day: int, mark: str, more: str) -> dict[str, str]:
    case, shift = roster.case, int(roster.table[agent, day])
    kind, text, title = "", "", ""
    if shift != OFF:
        chosen = case.shifts[shift]
        kind, text, title = f"s{shift}", chosen.code + more, times(chosen)
    elif (away := case.leave_kinds.get((agent, day))) is not None:
        title = say_if_known(away, case.language)
        kind, text = "lv", title[:1] if case.language == "zh" else "L"
    return {"kind": f"{kind} {mark}".strip(), "text": text, "title": title}


def _marks(audit: Audit) -> dict[tuple[int, int], str]:
    """Return the mark of each person and day with findings, the hard ones first."""
    marks: dict[tuple[int, int], str] = {}
    for found in sorted(audit.violations, key=lambda found: found.severity == "hard"):
        if found.where.agent is not None and found.where.day is not None:
            marks[found.where.agent, found.where.day] = MARKS[found.severity]
    return marks


def _foot(roster: Roster) -> list[dict[str, Any]]:
    return [
        {
            "kind": "short" if key in SHORT else "",
            "label": _headed(key, roster.case.language),
            "numbers": [_hours(number) for number in numbers.tolist()],
            "total": f"{numbers.sum():,.0f}",
        }
        for key, numbers in foot(roster).items()
    ]


def _hours(hours: float) -> str:
    """Return hours short enough for a day's column; nothing for none."""
    if not hours:
        return ""
    return f"{hours:.2g}" if hours < SMALL else f"{hours:,.0f}"


def _starts(roster: Roster) -> list[dict[str, Any]]:
    """Return a row for each shift that asks for people: who starts, of how many."""
    case, starts = roster.case, Starts.of(roster)
    levels = drawing.heat_levels(starts.gap.astype(np.float64)).astype(int)
    return [
        {
            **_shift_note(case, shift),
            "cells": [
                _start(starts, day, shift, int(levels[day, shift]))
                for day in range(case.days)
            ],
        }
        for shift in np.flatnonzero((starts.asked >= 0).any(axis=0)).tolist()
    ]


def _start(starts: Starts, day: int, shift: int, level: int) -> dict[str, str]:
    asked, there = int(starts.asked[day, shift]), int(starts.there[day, shift])
    if asked < 0:
        return {"kind": "", "there": str(there or ""), "asked": ""}
    deep = " deep" if level < -DEEP or level > DEEP else ""
    kind = drawing.heat_name(level) + deep
    return {"kind": kind, "there": str(there), "asked": str(asked)}


# -- the check ----------------------------------------------------------------------


def _checked(case: Case, check: Figures) -> dict[str, Any]:
    """Return figures and drawings of the roster as it was played."""
    lang = case.language
    target, seconds = f"{check.target:.0%}", f"{check.threshold_seconds:g}"
    rows = [_stretch_row(row.queue, row) for row in check.queues]
    name = say("all_queues" if rows else "whole_horizon", lang)
    return {
        "definition": capital(say("offered", lang, seconds=seconds)),
        "note": check_note(check, lang),
        "reaches": capital(say("reaches", lang, target=target)),
        "target": target,
        "rows": [_stretch_row(capital(name), check.horizon), *rows],
        "hours": drawing.check_hours(check, lang),
        "unlikely": any(day.p_target < 0.5 for day in check.days),
        "days_title": say("days_title", lang, target=target),
        "days": drawing.check_days(check, case.clock, lang),
    }


def _stretch_row(name: str, row: Stretch) -> dict[str, str]:
    return {
        "name": name,
        "level": f"{row.service_level:.1%}",
        "band": f"{row.p10:.1%} – {row.p90:.1%}",
        "erlang": f"{row.erlang:.1%}",
        "reaches": f"{row.p_target:.0%}",
    }


# -- tables -------------------------------------------------------------------------


def _costs(case: Case, audit: Audit) -> list[dict[str, Any]]:
    """Return one row per rule that was broken, hard ones first, then the dearest."""
    rows = Counter(found.rule for found in audit.violations)
    hard = {found.rule for found in audit.hard}
    most = max(audit.cost_by_rule().values(), default=0)
    return [
        {
            "rule": rule,
            "meaning": _meaning(case, rule),
            "rows": f"{rows[rule]:,}",
            "cost": say("hard", case.language)
            if rule in hard and not cost
            else f"{cost:,}",
            "hard": rule in hard,
            "share": f"{100 * cost / max(1, most):.1f}",
        }
        for rule, cost in sorted(
            audit.cost_by_rule().items(),
            key=lambda item: (item[0] not in hard, -item[1]),
        )
    ]


def _meaning(case: Case, id: str) -> str:
    rule = case.rule(id)
    if rule is None:
        return ""
    return spoken(rule.meaning.format(rule=rule), case.language)


def _leave_rows(case: Case) -> list[dict[str, str]]:
    within = [
        leave
        for leave in case.leave
        if case.clock.day(leave.last) >= 0 and case.clock.day(leave.first) < case.days
    ]
    return [_leave_row(case, leave) for leave in within]


def _leave_row(case: Case, leave: Leave) -> dict[str, str]:
    lang = case.language
    decision = (
        "approved"
        if not leave.requested
        else ("granted" if leave.granted else "refused")
    )
    mood = {"approved": "", "granted": "good", "refused": "bad"}[decision]
    return {
        "who": called(case.agents[leave.agent]),
        "kind": say_if_known(leave.kind, lang),
        "first": leave.first.isoformat(),
        "last": leave.last.isoformat(),
        "decision": say(decision, lang),
        "mood": mood,
        "reason": refusal(leave.reason, lang),
    }


def _audit_rows(case: Case, audit: Audit) -> dict[str, Any]:
    """Return the audit table, cut after some hundred rows, and what is left out."""
    ordered = in_order(audit.violations)
    left = len(ordered) - ROWS_SHOWN
    more = say("more_rows", case.language, number=f"{left:,}") if left > 0 else ""
    rows = [_audit_row(case, found) for found in ordered[:ROWS_SHOWN]]
    return {"audit": rows, "more_rows": more}


def _audit_row(case: Case, found: Violation) -> dict[str, str]:
    lang, where = case.language, found.where
    return {
        "severity": say(found.severity, lang),
        "mood": "bad" if found.severity == "hard" else "",
        "rule": found.rule,
        "agent": "" if where.agent is None else case.agents[where.agent].id,
        "date": found_on(case, found),
        "amount": f"{found.amount:,} {unit_word(found.unit, lang)}",
        "cost": f"{found.cost:,}" if found.cost else NONE,
        "sentence": spoken(found.text, lang),
    }


# -- what it rests on ---------------------------------------------------------------


def _certificate(result: Result, lang: str) -> str:
    audit = result.audit
    if audit is None:
        return ""
    return say(
        "certificate",
        lang,
        rules=len(audit.rules),
        cells=f"{audit.cells:,}",
        hard=f"{len(audit.hard):,}",
        soft=f"{len(audit.violations) - len(audit.hard):,}",
        cost=f"{audit.cost:,}",
        bound=f"{result.bound:,}",
    )


def _provenance(plan: Plan, result: Result) -> str:
    lang = plan.case.language
    parts = [
        f"{say('seed', lang)} {result.seed}",
        f"{say('workers', lang)} {result.workers}",
    ]
    parts += [f"{name} {version}" for name, version in sorted(result.versions.items())]
    if plan.input_hash:
        parts.append(f"{say('input_hash', lang)} SHA-256 {plan.input_hash}")
    return capital(" · ".join(parts))


def _assumed(plan: Plan, result: Result) -> Iterator[str]:
    """Yield what a planner should know of the input, each sentence once."""
    case, lang = plan.case, plan.case.language
    lines = [spoken(line, lang) for line in (*plan.notes, *result.warnings)]
    unknown = int((~np.asarray(case.known)).sum())
    if unknown and not case.past:  # else a note says so
        people = f"{len(case.agents):,}"
        lines.append(say("without_history", lang, number=f"{unknown:,}", people=people))
    hidden = int(case.assumed.sum())
    if hidden and not case.past:
        lines.append(say("assumed_intervals", lang, number=hidden))
    if plan.forecast is None:
        lines.append(say("given_requirement", lang))
    yield from dict.fromkeys(lines or [say("nothing_assumed", lang)])
