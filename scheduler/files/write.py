"""Write everything a planner gets back, whole or not at all."""

import csv
import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import PHONE, Roster, tiles
from constraints.rule import Audit, Text, Violation
from forecasts.clock import Clock
from scheduler.checking import Check, Figures
from scheduler.files.carry import Left, carry_text
from scheduler.files.place import hold, replace_file, replace_folder
from scheduler.files.read import Plan
from scheduler.files.tables import ON_LEAVE
from scheduler.report.words import say
from scheduler.result import Result
from scheduler.summary import coverage_frame, kpi

OURS = (
    "roster.csv",
    "duties.csv",
    "forecast.csv",
    "backtest.csv",
    "cleaning.csv",
    "requirement.csv",
    "coverage.csv",
    "audit.json",
    "result.json",
    "roster.xlsx",
    "report.html",
    "calendars",
    "carry.json",
    "solve.jsonl",
    "failed",
)
"""Names in an output folder that are replaced; all else is carried over."""

CHECKED = ("check.csv", "check_days.csv", "check.json")
"""What a check of a roster writes; a new roster goes without the old one's."""

ROSTER = (
    "agent",
    "date",
    "shift",
    "class",
    "start",
    "end",
    "paid_minutes",
    "overtime_minutes",
)
DUTIES = ("agent", "date", "kind", "start", "end")
VERSIONED = ("rosterwright", "numpy", "pandas", "ortools", "pulp", "holidays")


def write_outputs(
    plan: Plan, result: Result, out: Path, desk: Left | None = None
) -> None:
    """Write every file of a result; an earlier result is replaced only by all of it.

    Parameters
    ----------
    plan
        What was solved.
    result
        With a roster and its audit.
    out
        The folder; files in it that are not ours stay.
    desk
        What the desk adds to carry.json.

    Raises
    ------
    InUseError
        Another run is writing there.
    OSError
        Something cannot be written; the folder is as it was.
    """
    if result.roster is None or result.audit is None:
        raise ValueError("Expected a result with a roster and its audit, got none.")
    names = (*OURS, *CHECKED)
    replace_folder(
        out, lambda folder: build_outputs(plan, result, folder, desk=desk), names
    )


def build_outputs(
    plan: Plan,
    result: Result,
    folder: Path,
    *,
    reports: bool = True,
    desk: Left | None = None,
) -> None:
    """Write every file of a result into an empty folder; reports only if wanted."""
    roster, found = result.roster, result.audit
    assert roster is not None
    assert found is not None
    write_roster(roster, folder)
    for name, frame in demand_frames(plan):
        write_frame(folder / name, frame)
    write_frame(folder / "requirement.csv", plan.case.requirement.to_frame())
    write_frame(folder / "coverage.csv", coverage_frame(roster))
    sums = {name: sha256(folder / name) for name in ("roster.csv", "duties.csv")}
    write_json(folder / "audit.json", audit_record(roster, found, sums))
    write_json(folder / "result.json", result_record(plan, result))
    (folder / "carry.json").write_text(carry_text(roster, desk), encoding="utf-8")
    steps = "".join(f"{json.dumps(vars(step))}\n" for step in result.trace)
    (folder / "solve.jsonl").write_text(steps, encoding="utf-8")
    if reports:
        write_reports(plan, result, folder)


def write_roster(roster: Roster, folder: Path) -> None:
    """Write roster.csv and duties.csv, by which a roster can be read back."""
    write_rows(folder / "roster.csv", ROSTER, roster_rows(roster))
    several = len(roster.case.requirement.queues) > 1
    duties = duty_rows(roster.serve() if roster.serving is None else roster)
    write_rows(folder / "duties.csv", DUTIES + ("queue",) * several, duties)


def demand_frames(plan: Plan) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of what is expected, and of how that was found."""
    if plan.forecast is not None:
        yield "forecast.csv", plan.forecast.to_frame()
        yield "backtest.csv", plan.forecast.backtest_frame()
    if plan.cleaned is not None:
        yield "cleaning.csv", plan.cleaned.to_frame(plan.case.language)


def write_reports(plan: Plan, result: Result, folder: Path) -> None:
    """Write what people read: workbook, page and calendars."""
    from scheduler.report.calendars import write_calendars
    from scheduler.report.page import write_page
    from scheduler.report.workbook import write_workbook

    assert result.roster is not None
    write_workbook(folder / "roster.xlsx", plan, result)
    write_page(folder / "report.html", plan, result)
    write_calendars(folder / "calendars", plan.case, result.roster)


def write_check(
    plan: Plan,
    check: Check,
    sums: Mapping[str, str],
    out: Path,
    result: Result | None = None,
) -> None:
    """Write what became of a roster when it was played, all files or none.

    Parameters
    ----------
    plan
        The case.
    check
        The roster played.
    sums
        SHA-256 by file name, of the files that hold it; see `roster_sums`.
    out
        The folder; a result in it stays as it is.
    result
        The result there, whose page is written again: with the check, where that is
        of its roster. None leaves the page alone.
    """
    record = check_record(plan, check.figures, sums)
    own = sums == roster_sums(out / "roster.csv")

    def build(folder: Path) -> None:
        write_frame(folder / "check.csv", check.to_frame())
        write_frame(folder / "check_days.csv", check.days_frame())
        write_json(folder / "check.json", record)
        if result is not None:
            from scheduler.report.page import write_page

            shown = check.figures if own else None
            write_page(folder / "report.html", plan, result, shown)

    names = CHECKED if result is None else (*CHECKED, "report.html")
    replace_folder(out, build, names)


def write_failure(plan: Plan, result: Result, out: Path) -> None:
    """Write why there is no roster to ``out/failed/result.json``; leave all else."""
    record = result_record(plan, result)
    with hold(out):
        replace_file(
            out / "failed" / "result.json", lambda path: write_json(path, record)
        )


# -- rows -----------------------------------------------------------------------------


def roster_rows(roster: Roster) -> Iterator[tuple[object, ...]]:
    """Yield the rows of roster.csv, by person and date.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> for row in roster_rows(Roster.from_codes(tiny_case(), ["D--", "--N"])):
    ...     print(*row[:5], row[6])
    A1 2026-03-02 D day 2026-03-02T08:00:00+08:00 480
    A2 2026-03-04 N night 2026-03-04T22:00:00+08:00 480
    """
    case = roster.case
    more: dict[tuple[int, int], list[int]] = {}
    for agent, day, shift in roster.extra:
        more.setdefault((agent, day), []).append(shift)
    busy = (roster.table != OFF) | case.on_leave[:, case.past :]
    for agent, day in np.argwhere(busy).tolist():
        cell = int(roster.table[agent, day])
        shifts = [] if cell == OFF else [cell, *more.get((agent, day), ())]
        for place, shift in enumerate(shifts):
            booked = 0 if place else int(roster.overtime[agent, day])
            yield (*_shift_row(case, agent, day, shift), booked or "")
        kind = case.leave_kinds.get((agent, day))
        if kind is not None:
            on = case.clock.date(day).isoformat()
            yield (case.agents[agent].id, on, "", f"{ON_LEAVE}{kind}", "", "", 0, "")


def _shift_row(case: Case, agent: int, day: int, shift: int) -> tuple[object, ...]:
    column, one = case.past + day, case.shifts[shift]
    return (
        case.agents[agent].id,
        case.clock.date(day).isoformat(),
        one.code,
        one.shift_class,
        stamp(case, int(case.start[column, shift])),
        stamp(case, int(case.end[column, shift])),
        int(case.paid[column, shift]),
    )


def duty_rows(roster: Roster) -> Iterator[tuple[object, ...]]:
    """Yield the rows of duties.csv: the duties of a shift tile it.

    Time on the phone is what other duties leave of a shift; where there are several
    queues, it is told which is answered.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.roster import Duties
    >>> roster = Roster.from_codes(tiny_case(people=1), ["D--"])
    >>> meal = Duties.of([(0, 0, "meal", 720, 750)])
    >>> for row in duty_rows(roster.with_duties(meal)):
    ...     print(row[2], row[3][11:16], row[4][11:16])
    phone 08:00 12:00
    meal 12:00 12:30
    phone 12:30 16:00
    """
    case = roster.case
    away = roster.duties.by_shift() if roster.duties else {}
    for agent, day in np.argwhere(roster.table != OFF).tolist():
        id, on = case.agents[agent].id, case.clock.date(day).isoformat()
        column, shift = case.past + day, int(roster.table[agent, day])
        ends = int(case.start[column, shift]), int(case.end[column, shift])
        for start, end, kind in tiles(*ends, away.get((agent, day), ())):
            if roster.serving is None:
                yield id, on, kind, stamp(case, start), stamp(case, end)
                continue
            served = [(start, end, "")]
            if kind == PHONE:
                served = _served(case, roster.serving[agent], start, end)
            for begin, finish, queue in served:
                yield id, on, kind, stamp(case, begin), stamp(case, finish), queue


def _served(
    case: Case, serving: NDArray[np.int8], start: int, end: int
) -> list[tuple[int, int, str]]:
    """Return the stretches of some time on the phone, each with its queue.

    Minutes that fill no interval go with those before them, or else after.
    """
    queues, clock = case.requirement.queues, case.clock
    size, whole = clock.interval_minutes, clock.span(start, end)
    stretches: list[tuple[int, int, str]] = []
    for interval in range(whole.start, whole.stop):
        queue = queues[serving[interval]] if serving[interval] >= 0 else ""
        begin = interval * size if stretches else start
        if stretches and stretches[-1][2] == queue:
            begin = stretches.pop()[0]
        stretches.append((begin, (interval + 1) * size, queue))
    if not stretches:
        return [(start, end, "")]
    begin, _, queue = stretches.pop()
    return [*stretches, (begin, end, queue)]


def stamp(case: Case, minute: int) -> str:
    """Return a minute as ISO local time with offset."""
    return _stamp(case.clock, minute)


@lru_cache(maxsize=1 << 17)
def _stamp(clock: Clock, minute: int) -> str:
    return clock.local(minute).isoformat()


# -- records --------------------------------------------------------------------------


def audit_record(
    roster: Roster, found: Audit, sums: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return audit.json.

    Parameters
    ----------
    roster, found
        The roster, and what the audit found in it.
    sums
        SHA-256 by file name, of the files that hold the roster.
    """
    case = roster.case
    rested = [
        agent.id
        for agent, known in zip(case.agents, case.known.tolist(), strict=True)
        if not known
    ]
    assumed = [case.clock.stamp(int(i)) for i in np.flatnonzero(case.assumed)]
    return {
        "violations": [violation_record(case, v) for v in found.violations],
        "certificate": {
            "rules": list(found.rules),
            "cells": found.cells,
            "hard": len(found.hard),
            "soft": len(found.violations) - len(found.hard),
            "cost": found.cost,
            "sha256": dict(sums or {}),
            "assume_rested": rested,
            "assumed_intervals": assumed,
        },
    }


def check_record(
    plan: Plan, figures: Figures, sums: Mapping[str, str]
) -> dict[str, Any]:
    """Return check.json; see `write_check`."""
    seconds = f"{figures.threshold_seconds:g}"
    return {
        "schema": 1,
        "name": plan.case.name,
        "first_day": plan.case.clock.first_day.isoformat(),
        "days": plan.case.days,
        "service_level": {
            lang: say("offered", lang, seconds=seconds) for lang in ("en", "zh")
        },
        "sha256": dict(sums),
        "input_hash": plan.input_hash,
        "versions": versions(),
        "figures": asdict(figures),
    }


def violation_record(case: Case, violation: Violation) -> dict[str, Any]:
    """Return one row of an audit as audit.json has it."""
    where, clock = violation.where, case.clock
    day = where.day
    if day is None and where.interval is not None:
        day = int(clock.days_of_intervals[where.interval])
    return {
        "rule": violation.rule,
        "severity": violation.severity,
        "agent": None if where.agent is None else case.agents[where.agent].id,
        "date": None if day is None else clock.date(day).isoformat(),
        "timestamp": None if where.interval is None else clock.stamp(where.interval),
        "queue": None if where.queue is None else case.requirement.queues[where.queue],
        "detail": where.detail,
        "amount": int(violation.amount),
        "unit": violation.unit,
        "cost": int(violation.cost),
        "text": text_record(violation.text),
    }


def result_record(plan: Plan, result: Result) -> dict[str, Any]:
    """Return result.json."""
    case = plan.case
    figures = None
    if result.roster is not None and result.audit is not None:
        figures = kpi(result.roster, result.audit)
    return {
        "schema": 1,
        "name": case.name,
        "first_day": case.clock.first_day.isoformat(),
        "days": case.days,
        "status": result.status,
        "objective": result.cost,
        "bound": result.bound,
        "gap": None if result.gap is None else round(result.gap, 6),
        "seconds": round(result.seconds, 2),
        "stop_reason": result.stop_reason,
        "seed": result.seed,
        "workers": result.workers,
        "versions": versions() | result.versions,
        "input_hash": plan.input_hash,
        "kpi": figures,
        "leave": leave_records(case),
        "warnings": [text_record(text) for text in (*plan.notes, *result.warnings)],
        "conflicts": [text_record(text) for text in result.conflicts],
    }


def leave_records(case: Case) -> list[dict[str, Any]]:
    """Return what became of each requested leave."""
    return [
        {
            "agent": case.agents[leave.agent].id,
            "first": leave.first.isoformat(),
            "last": leave.last.isoformat(),
            "kind": leave.kind,
            "line": leave.line,
            "granted": leave.granted,
            "decision": "granted" if leave.granted else "refused",
            "reason": leave.reason,
        }
        for leave in case.leave
        if leave.requested
    ]


def text_record(text: Text) -> dict[str, str]:
    """Return a sentence in both languages."""
    return {"en": text.en, "zh": text.zh}


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of what made a result."""
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# -- files ----------------------------------------------------------------------------


def write_rows(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV; unknown figures are empty cells."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_picture(path: Path, ax: Any) -> None:
    """Write what axes are part of as PNG, whole or not at all, and close it."""
    import matplotlib.pyplot as plt

    figure = ax.figure
    try:
        replace_file(path, lambda file: figure.savefig(file, dpi=110, format="png"))
    finally:
        plt.close(figure)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON has them: unknown is null.

    Examples
    --------
    >>> records(pd.DataFrame({"cost": [12, None]}))
    [{'cost': 12.0}, {'cost': None}]
    """
    rows = frame.astype(object).to_dict("records")
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in rows
    ]


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON that people can read too."""
    path.write_text(json_text(record), encoding="utf-8")


def json_text(record: Mapping[str, Any]) -> str:
    """Return a record as JSON; numbers are finite."""
    return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def roster_sums(roster: Path) -> dict[str, str]:
    """Return the SHA-256 of a roster's file and of the duties.csv beside it."""
    files = (roster, roster.parent / "duties.csv")
    return {file.name: sha256(file) for file in files if file.is_file()}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
