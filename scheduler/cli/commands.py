"""What each command does: read, call, print, return the exit code."""

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from types import FrameType

import typer

from constraints.roster import Roster
from constraints.rule import Text
from constraints.rule import audit as audit_roster
from forecasts.forecaster import Forecast
from forecasts.history import read_calls
from forecasts.intraday import DayUnderWay, reforecast
from forecasts.problems import InputError, Problem
from scheduler.checking import RUNS
from scheduler.checking import check as check_roster
from scheduler.cli import show
from scheduler.cli.progress import playing, progress
from scheduler.files.place import check_folder, hold, replace_file
from scheduler.files.read import Plan, read_case
from scheduler.files.rosters import read_roster
from scheduler.files.write import (
    CHECKED,
    audit_record,
    check_record,
    demand_frames,
    json_text,
    result_record,
    roster_sums,
    write_check,
    write_failure,
    write_frame,
    write_outputs,
)
from scheduler.result import Result

LONGEST, SLOWEST = 60.0, 10.0
"""Seconds a deterministic run may take: so many, and so many for one of its own."""
TWICE = 0.3
"""Seconds within which two signals are one, sent to a process and to its group."""
DONE, CONFLICT, NOTHING, BROKEN, INTERRUPTED = 0, 4, 5, 6, 130
CODES = {"infeasible": CONFLICT, "unknown": NOTHING, "interrupted": INTERRUPTED}


@dataclass(frozen=True)
class Options:
    """What the command line says beyond the case; None leaves it to the case."""

    out: Path | None = None
    seconds: float | None = None
    seed: int | None = None
    workers: int | None = None
    quiet: bool = False
    as_json: bool = False
    language: str | None = None
    deterministic: bool = False

    def plan(self, path: Path) -> Plan:
        """Read a case, with what its ledger knows, in the language asked for."""
        plan = read_case(path)
        if plan.settings.desk.ledger or plan.desk_file.is_file():
            from scheduler.cli.opened import informed

            plan = informed(plan)
        if self.language is None:
            return plan
        return replace(
            plan,
            case=replace(plan.case, language=self.language),
            settings=replace(plan.settings, language=self.language),
        )

    def folder(self, plan: Plan) -> Path:
        """Return where results go."""
        return plan.out if self.out is None else self.out

    def say(self, lines: Iterable[str]) -> None:
        """Print lines, unless nothing or JSON is wanted."""
        if not self.quiet and not self.as_json:
            sys.stdout.writelines(f"{line}\n" for line in lines)


# -- a case of one's own, or of ours -----------------------------------------------


def init(folder: Path, language: str, options: Options) -> int:
    """Write a commented case."""
    from scheduler.files.template import write_template

    if any((folder / name).exists() for name in ("case.toml", "case.xlsx")):
        raise typer.BadParameter(f"There is a case in {folder} already.")
    write_template(folder, language)
    words = Text(
        "Written: {folder}. Next: roster solve {folder}",
        "已写入:{folder}。下一步:roster solve {folder}",
    )
    options.say([show.say(words.format(folder=folder), language)])
    return DONE


def demo(pack: str, people: int, options: Options) -> int:
    """Write a sample case beside its results, and solve it."""
    from scheduler.demo import is_demo_case, write_demo_case

    out = options.out or Path("demo/out")
    folder = out.parent if out.name == "out" else out.parent / f"{out.name}-case"
    if not is_demo_case(folder):
        raise typer.BadParameter(
            f"{folder} holds a case that is not the demo; name another --out."
        )
    write_demo_case(folder, pack=pack, people=people)
    return solve(folder, replace(options, out=out))


# -- demand ------------------------------------------------------------------------


def forecast(path: Path, today: Path | None, options: Options) -> int:
    """Write forecast.csv, backtest.csv and cleaning.csv; or the rest of today."""
    plan = options.plan(path)
    expected = expected_of(plan, "to forecast")
    if today is not None:
        return _intraday(plan, expected, today, options)
    out, frames = options.folder(plan), dict(demand_frames(plan))
    with hold(out):
        for name, frame in frames.items():
            replace_file(out / name, partial(write_frame, frame=frame))
    options.say(show.expected(expected, plan.case))
    options.say(show.tried(expected, plan.case))
    options.say(show.told(plan))
    if plan.cleaned is not None:
        options.say(show.cleaned(plan.cleaned, plan.case))
    options.say(str(out / name) for name in frames)
    if options.as_json:
        sys.stdout.write(
            frames["forecast.csv"].to_json(orient="records", force_ascii=False) + "\n"
        )
    return DONE


def expected_of(plan: Plan, purpose: str) -> Forecast:
    """Return the forecast of a case, which must have one for some purpose."""
    if plan.forecast is None:
        raise InputError(
            [
                Problem(
                    file="requirement.csv",
                    found="a requirement that stands in for the forecast",
                    expected="calls.csv alone",
                    remedy=f"Take requirement.csv out of the case {purpose}.",
                )
            ]
        )
    return plan.forecast


def _intraday(plan: Plan, expected: Forecast, file: Path, options: Options) -> int:
    """Write intraday.csv: the day that is under way, forecast again."""
    again = under_way(plan, expected, file)
    frame = again.forecast.to_frame()
    frame = frame[frame["timestamp"].str.startswith(str(again.on))]
    target = options.folder(plan) / "intraday.csv"
    with hold(target.parent):
        replace_file(target, partial(write_frame, frame=frame))
    options.say([*show.rest_of_day(again, plan.case), str(target)])
    if options.as_json:
        sys.stdout.write(frame.to_json(orient="records", force_ascii=False) + "\n")
    return DONE


def under_way(plan: Plan, expected: Forecast, file: Path) -> DayUnderWay:
    """Return a day of the horizon forecast again from its calls so far, in a file."""
    minutes = plan.case.clock.interval_minutes
    today = read_calls(file, interval_minutes=minutes)
    try:
        return reforecast(expected, today)
    except ValueError as error:
        words, _, found = str(error).rpartition(", got ")
        raise InputError(
            [
                Problem(
                    file=str(file),
                    found=found.rstrip("."),
                    expected=words.removeprefix("Expected "),
                    remedy="Give one day of the horizon, with the case's queues.",
                )
            ]
        ) from None


def staff(path: Path, options: Options) -> int:
    """Write requirement.csv."""
    plan = options.plan(path)
    target = options.folder(plan) / "requirement.csv"
    frame = plan.case.requirement.to_frame()
    with hold(target.parent):
        replace_file(target, lambda file: write_frame(file, frame))
    options.say([*show.needed(plan.case.requirement, plan.case), *show.promised(plan)])
    options.say([*show.told(plan), str(target)])
    if options.as_json:
        sys.stdout.write(frame.to_json(orient="records", force_ascii=False) + "\n")
    return DONE


# -- solve -------------------------------------------------------------------------


def solve(path: Path, options: Options) -> int:
    """Solve a case and write everything."""
    plan = options.plan(path)
    out = options.folder(plan)
    check_folder(out)
    with hold(out), stopping() as stop:
        result = _solved(plan, options, stop)
        if result.usable:
            write_outputs(plan, result, out)
        else:
            write_failure(plan, result, out)
            sys.stderr.writelines(f"{line}\n" for line in show.failure(plan, result))
    options.say(show.outcome(plan, result, out))
    if options.as_json:
        sys.stdout.write(json_text(result_record(plan, result)))
    return CODES.get(result.status, DONE)


def _solved(plan: Plan, options: Options, stop: threading.Event) -> Result:
    from scheduler.engine.solve import solve as search

    settings = plan.settings
    seconds = settings.seconds if options.seconds is None else options.seconds
    effort = seconds if options.deterministic else None
    with progress(quiet=options.quiet) as on_step:
        return search(
            plan.case,
            seconds=seconds if effort is None else LONGEST + SLOWEST * effort,
            seed=settings.seed if options.seed is None else options.seed,
            workers=settings.workers if options.workers is None else options.workers,
            effort=effort,
            on_step=on_step,
            stop=stop,
        )


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C sets; the second ends at once."""
    stop = threading.Event()
    first = 0.0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if not stop.is_set():
            first = monotonic()
            stop.set()
        elif monotonic() - first > TWICE:
            os._exit(INTERRUPTED)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, on_signal) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


# -- audit, check and report -------------------------------------------------------


def audit(path: Path, roster_path: Path | None, options: Options) -> int:
    """Audit a roster; hard rules broken give exit 6."""
    plan = options.plan(path)
    file = roster_path or options.folder(plan) / "roster.csv"
    roster = roster_of(file, plan, path)
    found = audit_roster(roster)
    options.say(show.violations(plan.case, found))
    if options.as_json:
        record = audit_record(roster, found, roster_sums(file))
        sys.stdout.write(json_text(record))
    return BROKEN if found.hard else DONE


def roster_of(file: Path, plan: Plan, path: Path) -> Roster:
    """Read a roster; breaks are placed where it has none."""
    if not file.exists():
        remedy = f"Name a roster, or make one with roster solve {path}."
        raise InputError(
            [
                Problem(
                    file=str(file),
                    found="no such file",
                    expected="a roster",
                    remedy=remedy,
                )
            ]
        )
    roster = read_roster(file, plan.case)
    if roster.duties is not None:
        return roster
    from scheduler.engine.breaks import place_breaks

    return place_breaks(roster)


def check(
    path: Path, roster_path: Path | None, runs: int | None, options: Options
) -> int:
    """Play a roster against sampled days; write what becomes of the calls."""
    plan = options.plan(path)
    expected_of(plan, "to play a roster against calls")
    out = options.folder(plan)
    file = roster_path or out / "roster.csv"
    check_folder(out)
    roster, sums = roster_of(file, plan, path), roster_sums(file)
    result = _result_with_page(out, plan, path)
    seed = plan.settings.seed if options.seed is None else options.seed
    runs = runs or RUNS
    with hold(out), playing(runs, quiet=options.quiet) as on_run:
        found = check_roster(roster, runs=runs, seed=seed, on_run=on_run)
        write_check(plan, found, sums, out, result)
    written = CHECKED if result is None else (*CHECKED, "report.html")
    options.say([*show.checked(found.figures, plan.case.language), *show.told(plan)])
    options.say(show.files(out, written, plan.case.language))
    if options.as_json:
        sys.stdout.write(json_text(check_record(plan, found.figures, sums)))
    return DONE


def _result_with_page(out: Path, plan: Plan, path: Path) -> Result | None:
    """Return the result in a folder, where it has a page."""
    from scheduler.files.again import read_result

    needed = ("report.html", "result.json", "roster.csv")
    if not all((out / name).is_file() for name in needed):
        return None
    return read_result(out, roster_of(out / "roster.csv", plan, path), plan.notes)


def report(path: Path, options: Options) -> int:
    """Write the page and the workbook again."""
    from scheduler.files.again import read_check, read_result
    from scheduler.report.page import write_page
    from scheduler.report.workbook import write_workbook

    plan = options.plan(path)
    out = options.folder(plan)
    roster = roster_of(out / "roster.csv", plan, path)
    result = read_result(out, roster, plan.notes)
    with hold(out):
        shown = read_check(out)
        replace_file(
            out / "report.html", lambda file: write_page(file, plan, result, shown)
        )
        replace_file(
            out / "roster.xlsx", lambda file: write_workbook(file, plan, result)
        )
    options.say([str(out / "report.html"), str(out / "roster.xlsx")])
    return DONE


# -- rules -------------------------------------------------------------------------


def rules(language: str, form: str) -> int:
    """List the rules."""
    from constraints.pack import RULES

    records = show.rule_records(RULES, language)
    if form == "json":
        sys.stdout.write(json_text({"rules": records}))
        return DONE
    lines = show.rule_table(records) if form == "markdown" else show.rule_lines(records)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return DONE
