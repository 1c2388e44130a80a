"""How page, workbook and terminal name a day, a shift, a person, a row, a check."""

from collections.abc import Iterable

from constraints.case import Agent, Case, Shift
from constraints.rule import Violation
from forecasts.clock import DAY
from scheduler.checking import Figures
from scheduler.report.words import say

SATURDAY = 5
COVER_RULE = "coverage.need"


def day_kind(case: Case, day: int) -> str:
    """Return how a day's column is tinted: ``ho`` (holiday), ``we`` or nothing.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> [day_kind(tiny_case(days=7), day) for day in (0, 5)]
    ['', 'we']
    """
    kind = case.calendar.kind(case.clock.date(day))
    if kind in ("statutory", "rest"):
        return "ho"
    rests = case.clock.weekday(day) >= SATURDAY and kind != "workday"
    return "we" if rests else ""


def times(shift: Shift) -> str:
    """Return when a shift begins and ends by the wall clock.

    Examples
    --------
    >>> times(Shift(code="N", shift_class="night", start=1320, end=1800))
    '22:00–06:00'
    """
    begin, end = (
        f"{wall % DAY // 60:02}:{wall % 60:02}" for wall in (shift.start, shift.end)
    )
    return f"{begin}–{end}"


def called(agent: Agent) -> str:
    """Return id and name of a person, the id alone where there is no other name.

    Examples
    --------
    >>> called(Agent(id="A1", name="Li Na")), called(Agent(id="A1", name="A1"))
    ('A1 Li Na', 'A1')
    """
    return agent.id if agent.name in ("", agent.id) else f"{agent.id} {agent.name}"


def days_reach(check: Figures, lang: str) -> str:
    """Return on how many days a roster that was played reaches the target."""
    return say(
        "days_reach",
        lang,
        target=f"{check.target:.0%}",
        seconds=f"{check.threshold_seconds:g}",
        share=f"{check.days_meeting:.0%}",
    )


def check_note(check: Figures, lang: str) -> str:
    """Return how a roster was played, and what became of callers and people."""
    patience = (
        say("patient", lang)
        if check.patience_seconds is None
        else say("patience", lang, seconds=f"{check.patience_seconds:g}")
    )
    played = say(
        "check_note",
        lang,
        runs=f"{check.runs:,}",
        shrinkage=f"{check.shrinkage:.0%}",
        patience=patience,
        abandoned=f"{check.abandoned:.1%}",
        occupancy=f"{check.occupancy:.0%}",
    )
    if not check.queues:
        return played
    return f"{played}{'' if lang == 'zh' else ' '}{say('queues_note', lang)}"


def found_on(case: Case, found: Violation) -> str:
    """Return the date of an audit row, with the time where an interval is meant."""
    if found.where.interval is not None:
        return case.clock.stamp(found.where.interval)[:16].replace("T", " ")
    if found.where.day is not None:
        return case.clock.date(found.where.day).isoformat()
    return ""


def in_order(found: Iterable[Violation]) -> list[Violation]:
    """Return audit rows, hard ones first, then by cost, cover by interval last."""
    return sorted(
        found,
        key=lambda row: (row.severity != "hard", row.rule == COVER_RULE, -row.cost),
    )
