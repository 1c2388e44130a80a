"""What ``roster whatif`` does: scenarios, the cost of rules, more or fewer people."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd
import typer
from rich.cells import cell_len

from constraints.rule import Rule, Text
from scheduler.cli import show
from scheduler.cli.commands import (
    CODES,
    DONE,
    INTERRUPTED,
    LONGEST,
    SLOWEST,
    Options,
    stopping,
)
from scheduler.cli.show import STATUS, padded, right, say, wrapped
from scheduler.files.place import check_folder, hold, replace_file
from scheduler.files.read import Plan
from scheduler.files.scenario import Scenario, read_scenarios
from scheduler.files.write import json_text, records, write_frame, write_picture
from scheduler.report.words import say as word
from scheduler.result import Result
from scheduler.whatif import Outcome, RuleCosts, compare, rule_costs, staffings

Columns = Sequence[tuple[int, Text]]
RULES_SECONDS = 240.0  # for the cost of all rules together, where none are named
RANGE = re.compile(r"([+-]?\d{1,4})(?:\.\.([+-]?\d{1,4})(?:/(\d{1,4}))?)?")

NAME = 25  # columns of a name; a longer one has a line of its own
COLUMNS = (
    (8, Text("cost", "成本")),
    (6, Text("gap", "差距")),
    (7, Text("short", "缺口")),
    (7, Text("over", "富余")),
    (6, Text("level", "水平")),
    (6, Text("paid", "工时")),
    (7, Text("wishes", "意愿")),
)
RULE_COLUMNS = (
    (8, Text("charged", "已计费")),
    (8, Text("saved", "节省")),
    (9, Text("at least", "至少")),
    (9, Text("at most", "至多")),
    (6, Text("gap", "差距")),
)
ABOUT = Text(
    "short, over: head hours. level: service level. paid: hours. With ~, the best cost "
    "is not proved to differ from that as it is: it lies within the gaps.",
    "缺口、富余:人时。水平:服务水平。工时:计薪小时。带 ~ 者与现状之差在差距误差之内,"
    "未获证明。",
)
RULES_ABOUT = Text(
    "saved: cost as it is less cost without the rule; what the rule costs lies between "
    "at least and at most. With ~ it is not proved to cost anything.",
    "节省:现状成本减去取消该规则后的成本;真实代价介于至少与至多之间。"
    "带 ~ 者未证明有任何代价。",
)


@dataclass(frozen=True)
class Answer:
    """What was found: the name of its files, its table, its lines and its picture."""

    name: str
    frame: pd.DataFrame
    lines: tuple[str, ...]
    draw: Callable[[], Any]


def whatif(
    path: Path,
    scenarios: Path | None,
    rules: bool,
    people: str | None,
    like: str | None,
    options: Options,
) -> int:
    """Answer each question asked; write its table and its picture."""
    if scenarios is None and not rules and people is None:
        raise typer.BadParameter(
            "Name a file of scenarios, or ask for --rules or --people -4..8/2."
        )
    changes = range(0) if people is None else changes_of(people)
    asked = () if scenarios is None else read_scenarios(scenarios)
    plan = options.plan(path)
    questions = {"whatif": asked, "frontier": _staffings(plan, changes, like)}
    out, code = options.folder(plan), DONE
    check_folder(out)
    with hold(out), stopping() as stop:
        answers = [
            _compared(name, plan, edits, options, stop)
            for name, edits in questions.items()
            if edits and not stop.is_set()
        ]
        if rules and not stop.is_set():
            costs = _rule_costs(plan, options, stop)
            answers += _priced(plan, costs)
            code = DONE if costs.whole.usable else CODES[costs.whole.status]
        for answer in answers:
            _write(out, answer)
            options.say(answer.lines)
            options.say(str(out / f"{answer.name}{kind}") for kind in (".csv", ".png"))
    if options.as_json:
        found = {one.name: records(one.frame) for one in answers}
        sys.stdout.write(json_text(found))
    return INTERRUPTED if stop.is_set() else code


def changes_of(words: str) -> range:
    """Return the changes of the number of people that are asked for.

    Examples
    --------
    >>> list(changes_of("-4..8/4")), list(changes_of("3"))
    ([-4, 0, 4, 8], [3])
    """
    found = RANGE.fullmatch(words)
    first, last, step = found.groups() if found else ("", "", "")
    if not found or int(step or 1) < 1 or int(last or first) < int(first):
        raise typer.BadParameter(f"Expected people such as -4..8/2, got {words}.")
    return range(int(first), int(last or first) + 1, int(step or 1))


def _staffings(plan: Plan, changes: Iterable[int], like: str | None) -> list[Scenario]:
    try:
        return staffings(plan.case, changes, like)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _budget(options: Options, usual: float | None) -> dict[str, Any]:
    """Return what to spend, as the functions that solve have it."""
    seconds = usual if options.seconds is None else options.seconds
    if not options.deterministic:
        return {"seconds": seconds}
    effort = 60.0 if seconds is None else seconds
    return {"seconds": LONGEST + SLOWEST * effort, "effort": effort}


# -- scenarios ------------------------------------------------------------------------


def _compared(
    name: str, plan: Plan, scenarios: Iterable[Scenario], options: Options, stop: Event
) -> Answer:
    from scheduler.report.compared import plot_comparison, plot_frontier

    lang = plan.case.language
    found = compare(
        plan.path,
        scenarios,
        seed=options.seed,
        workers=options.workers,
        stop=stop,
        on_done=lambda one: _tell(options, one.scenario.name, one.result),
        **_budget(options, None),
    )
    frame = found.to_frame()
    draw = plot_comparison if name == "whatif" else plot_frontier
    lines = [_head(COLUMNS, lang), *_rows(frame, found.outcomes, lang)]
    lines += wrapped(say(ABOUT, lang))
    return Answer(name, frame, tuple(lines), partial(draw, found, lang=lang))


def _rows(frame: pd.DataFrame, outcomes: Iterable[Outcome], lang: str) -> Iterator[str]:
    rows: Iterable[Any] = frame.itertuples()
    for row, outcome in zip(rows, outcomes, strict=True):
        result = outcome.result
        name = row.scenario if row.Index else word("as_it_is", lang)
        if not result.usable:
            yield f"{name}: {say(STATUS[result.status], lang)}"
            for text in result.conflicts[:3]:
                yield from wrapped(f"    {say(text, lang)}", 4)
            continue
        figures = (
            f"{row.cost:,.0f}",
            f"{row.gap:.1%}",
            f"{row.short_hours:,.1f}",
            f"{row.over_hours:,.1f}",
            "-" if pd.isna(row.service_level) else f"{row.service_level:.1%}",
            f"{row.paid_hours:,.0f}",
            f"{row.requests_met:.0f}/{row.requests:.0f}",
        )
        yield from _line(name, row.sure or not row.Index, figures, COLUMNS)


# -- rules ----------------------------------------------------------------------------


def _rule_costs(plan: Plan, options: Options, stop: Event) -> RuleCosts:
    def report(rule: Rule, result: Result) -> None:
        _tell(options, rule.id, result)

    return rule_costs(
        plan.case,
        seed=plan.settings.seed if options.seed is None else options.seed,
        workers=options.workers or plan.settings.workers,
        stop=stop,
        on_done=report,
        **_budget(options, RULES_SECONDS),
    )


def _priced(plan: Plan, found: RuleCosts) -> list[Answer]:
    """Return the answer, or tell why there is none."""
    from scheduler.report.compared import plot_rule_costs

    if not found.whole.usable:
        told = show.failure(plan, found.whole)
        sys.stderr.writelines(f"{line}\n" for line in told)
        return []
    lang = plan.case.language
    frame = found.to_frame()
    lines = [_head(RULE_COLUMNS, lang)]
    rows: Iterable[Any] = frame.itertuples()
    for row in rows:
        whole = (row.charged, row.saved, row.least, row.most)
        figures = (*(f"{value:,}" for value in whole), f"{row.gap:.1%}")
        lines += _line(row.rule, row.sure, figures, RULE_COLUMNS)
    lines += wrapped(say(RULES_ABOUT, lang))
    draw = partial(plot_rule_costs, found, lang=lang)
    return [Answer("rule-costs", frame, tuple(lines), draw)]


# -- lines of a table -----------------------------------------------------------------


def _head(columns: Columns, lang: str) -> str:
    titles = [right(say(title, lang), width) for width, title in columns]
    return f"{' ' * (NAME + 1)}{' '.join(titles)}"


def _line(
    name: str, sure: bool, figures: Iterable[str], columns: Columns
) -> Iterator[str]:
    """Yield name and figures; with a mark where these are within the gaps."""
    if cell_len(name) > NAME:
        yield from wrapped(name, 4)
        name = ""
    cells = [
        right(figure, width)
        for figure, (width, _) in zip(figures, columns, strict=True)
    ]
    yield f"{padded(name, NAME)}{' ' if sure else '~'}{' '.join(cells)}"


# -- telling and writing --------------------------------------------------------------


def _tell(options: Options, name: str, result: Result) -> None:
    """Say on stderr that one solve is over."""
    if not options.quiet:
        sys.stderr.write(f"{padded(name, 28)} {result!r}\n")
        sys.stderr.flush()


def _write(out: Path, answer: Answer) -> None:
    replace_file(out / f"{answer.name}.csv", partial(write_frame, frame=answer.frame))
    write_picture(out / f"{answer.name}.png", answer.draw())
