"""What the command line says to people, in 80 columns and two languages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from constraints.case import Case
from constraints.coverage import CoverageNeed
from constraints.requests import Requests
from constraints.rule import Audit, Rule, Text, Violation
from forecasts.backtest import Backtest
from forecasts.cleaning import Cleaned
from forecasts.forecaster import Forecast
from forecasts.history import ONE_QUEUE
from forecasts.intraday import DayUnderWay
from forecasts.requirement import Requirement
from scheduler.checking import Figures, Stretch
from scheduler.files.read import Plan
from scheduler.report.cover import Starts, asked_of
from scheduler.report.labels import check_note, days_reach
from scheduler.report.words import capital, unit_word, weekday
from scheduler.report.words import say as word
from scheduler.result import Result
from scheduler.summary import kpi

WIDTH = 80
TABLES = 3
"""Queues whose methods are listed on the terminal."""
SHOWN = 10
"""Odd stretches listed on the terminal; cleaning.csv has all of them."""
MOST_HARD, MOST_SOFT = 10, 3
"""Rows shown of each rule."""
WORST = 3
"""Days and intervals shown of a check."""


STATUS = {
    "optimal": Text("optimal, proved", "最优(已证明)"),
    "feasible": Text("feasible", "可行"),
    "heuristic": Text("heuristic", "启发式"),
    "infeasible": Text("the rules conflict", "规则冲突"),
    "unknown": Text("nothing usable found in time", "限时内未找到可用方案"),
    "interrupted": Text("interrupted, best roster kept", "已中断,保留当前最优"),
}
WORDS = {
    "status": Text("Status", "状态"),
    "cost": Text("cost", "成本"),
    "bound": Text("bound", "下界"),
    "gap": Text("gap", "差距"),
    "short": Text("Head-hours short", "缺口人时"),
    "over": Text("over", "富余人时"),
    "people_short": Text("People short", "缺口人次"),
    "people_over": Text("over", "富余人次"),
    "level": Text("Service level", "服务水平"),
    "occupancy": Text("occupancy", "占用率"),
    "wishes": Text("Wishes met", "满足意愿"),
    "leave": Text("Leave granted", "批准休假"),
    "files": Text("Files", "文件"),
    "of": Text("of", "/"),
    "in": Text("after", "用时"),
    "none": Text("Nothing to report: every rule is kept.", "未发现违规。"),
    "hard": Text("hard", "硬性"),
    "soft": Text("soft", "软性"),
    "more": Text("more; see --json", "条未列出,见 --json"),
    "rules": Text("rules over", "条规则,检查"),
    "cells": Text("cells checked", "个单元格"),
    "note": Text("Note", "提示"),
    "audit": Text("Audit", "审核"),
}


def say(text: Text, language: str) -> str:
    """Return a sentence in one language."""
    return text.zh if language == "zh" else text.en


class _Words:
    """Words of one language, by name."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __getitem__(self, name: str) -> str:
        return say(WORDS[name], self.language)


def wrapped(words: str, indent: int = 0, width: int = WIDTH) -> Iterator[str]:
    """Yield lines of at most ``width`` columns; Chinese characters take two.

    Examples
    --------
    >>> list(wrapped("one two three", indent=2, width=10))
    ['one two', '  three']
    """
    line, room = "", width
    for piece in _pieces(words):
        if line.strip() and cell_len(line + piece.rstrip()) > room:
            yield line.rstrip()
            line = " " * indent + piece.lstrip()
        else:
            line += piece
    if line.strip():
        yield line.rstrip()


def _pieces(words: str) -> Iterator[str]:
    """Yield what may stand at the start of a line: words and wide characters."""
    piece = ""
    for character in words:
        if cell_len(character) > 1:
            if piece:
                yield piece
                piece = ""
            yield character
            continue
        piece += character
        if character == " ":
            yield piece
            piece = ""
    if piece:
        yield piece


def padded(words: str, columns: int) -> str:
    """Return words filled up with spaces, or cut, to a number of columns.

    Examples
    --------
    >>> padded("状态", 6), padded("rest.daily", 4)
    ('状态  ', 'rest')
    """
    while cell_len(words) > columns:
        words = words[:-1]
    return words + " " * (columns - cell_len(words))


def right(words: str, columns: int) -> str:
    """Return words at the right of a number of columns.

    Examples
    --------
    >>> right("成本", 6)
    '  成本'
    """
    return " " * (columns - cell_len(words)) + words


# -- solve -------------------------------------------------------------------------


def outcome(plan: Plan, result: Result, out: Path) -> Iterator[str]:
    """Yield the summary of a solve."""
    case = plan.case
    words = _Words(case.language)
    status = say(
        STATUS.get(result.status, Text(result.status, result.status)), case.language
    )
    yield f"{words['status']}: {status}, {words['in']} {result.seconds:.1f} s"
    if result.usable and result.audit is not None:
        yield from _figures(result, result.audit, words)
    yield from notes((*plan.notes, *result.warnings), words)
    written = out if result.usable else out / "failed" / "result.json"
    yield from wrapped(f"{words['files']}: {written}", 2)


def _figures(result: Result, found: Audit, words: _Words) -> Iterator[str]:
    assert result.roster is not None
    figures = kpi(result.roster, found)
    gap = "" if result.gap is None else f", {words['gap']} {result.gap:.1%}"
    label = words["cost"].capitalize()
    yield f"{label}: {found.cost:,}, {words['bound']} {result.bound:,}{gap}"
    for rule, cost in found.cost_by_rule().items():
        if cost:
            yield f"  {padded(rule, 24)}{cost:>10,}"
    by_interval, by_shift = asked_of(result.roster.case)
    if by_interval:
        yield (
            f"{words['short']}: {figures['short_hours']:,.1f}, "
            f"{words['over']} {figures['over_hours']:,.1f}"
        )
    if by_shift:
        people = Starts.of(result.roster).people()
        yield (
            f"{words['people_short']}: {people['people_short'].sum():,}, "
            f"{words['people_over']} {people['people_over'].sum():,}"
        )
    if figures["service_level"] is not None:
        seconds = result.roster.case.service.threshold_seconds
        answered = Text(
            f"answered within {seconds:g} s, of all calls",
            f"{seconds:g} 秒内接起,占全部来电",
        )
        yield (
            f"{words['level']}: {figures['service_level']:.1%} "
            f"({say(answered, words.language)}), "
            f"{words['occupancy']} {figures['occupancy']:.1%}"
        )
    if figures["requests"]:
        yield (
            f"{words['wishes']}: {figures['requests_met']} {words['of']} "
            f"{figures['requests']}"
        )
    yield from _leave(result.roster.case, words)
    yield f"{words['audit']}: {_counts(found, words)}"


def _counts(found: Audit, words: _Words) -> str:
    """Return how many hard and soft rows an audit has."""
    hard = len(found.hard)
    soft = len(found.violations) - hard
    counts = Text(f"{hard:,} hard, {soft:,} soft", f"硬性 {hard:,},软性 {soft:,}")
    return say(counts, words.language)


def _leave(case: Case, words: _Words) -> Iterator[str]:
    asked = [leave for leave in case.leave if leave.requested]
    if not asked:
        return
    granted = sum(leave.granted for leave in asked)
    yield f"{words['leave']}: {granted} {words['of']} {len(asked)}"
    for leave in asked:
        if not leave.granted:
            place = f"leave.csv:{leave.line} {case.agents[leave.agent].id}"
            yield from wrapped(f"  {place}: {leave.reason}", 4)


def notes(texts: Iterable[Text], words: _Words) -> Iterator[str]:
    """Yield notes, wrapped."""
    for text in texts:
        yield from wrapped(f"{words['note']}: {say(text, words.language)}", 2)


def failure(plan: Plan, result: Result) -> Iterator[str]:
    """Yield why there is no roster."""
    language = plan.case.language
    yield say(STATUS.get(result.status, STATUS["unknown"]), language)
    for conflict in result.conflicts:
        yield from wrapped(f"- {say(conflict, language)}", 2)


# -- audit -------------------------------------------------------------------------


def violations(case: Case, found: Audit) -> Iterator[str]:
    """Yield an audit as a table: hard rules first, then soft ones, dearest first.

    Of each rule only a few rows are shown, so that none hides behind another.
    """
    words = _Words(case.language)
    costs = found.cost_by_rule()
    hard = {violation.rule for violation in found.hard}
    for rule in sorted(costs, key=lambda id: (id not in hard, -costs[id])):
        rows = [violation for violation in found.violations if violation.rule == rule]
        rows.sort(key=lambda violation: -violation.cost)
        most = MOST_HARD if rule in hard else MOST_SOFT
        for row in rows[:most]:
            yield from _violation(row, words)
        if len(rows) > most:
            yield f"     ... {len(rows) - most:,} {words['more']}"
    if not found.violations:
        yield words["none"]
    yield from _by_rule(found, words)
    yield (
        f"{len(found.rules)} {words['rules']} {found.cells:,} {words['cells']}: "
        f"{_counts(found, words)}, {words['cost']} {found.cost:,}"
    )


def _violation(row: Violation, words: _Words) -> Iterator[str]:
    head = (
        f"{padded(words[row.severity], 5)}{padded(row.rule, 23)}"
        f"{row.amount:>7,} {padded(_unit(row.unit, row.amount, words), 8)}"
    )
    cost = f"{row.cost:>7,}" if row.severity == "soft" else ""
    yield (head + cost).rstrip()
    yield from wrapped(f"     {say(row.text, words.language)}", 5)


def _unit(unit: str, amount: int, words: _Words) -> str:
    """Return the word for so many of a unit.

    Examples
    --------
    >>> _unit("nights", 1, _Words("en")), _unit("nights", 1, _Words("zh"))
    ('night', '夜')
    """
    if words.language == "en" and amount == 1:
        return "person" if unit == "people" else unit.removesuffix("s")
    return unit_word(unit, words.language)


def _by_rule(found: Audit, words: _Words) -> Iterator[str]:
    """Yield rows and cost of each rule, hard ones first."""
    rows = Counter(violation.rule for violation in found.violations)
    hard = {violation.rule for violation in found.hard}
    costs = found.cost_by_rule()
    for rule in sorted(rows, key=lambda id: (id not in hard, -costs[id])):
        worth = words["hard"] if rule in hard else f"{words['cost']} {costs[rule]:,}"
        yield f"  {padded(rule, 24)}{rows[rule]:>7,} x  {worth}"


# -- check -------------------------------------------------------------------------


def checked(check: Figures, lang: str) -> Iterator[str]:
    """Yield what callers get of a roster that was played, and what Erlang said."""
    seconds, target = f"{check.threshold_seconds:g}", f"{check.target:.0%}"
    yield from wrapped(
        f"{word('check_title', lang)}: {word('offered', lang, seconds=seconds)}", 2
    )
    head = ("simulated", "eight_runs", "erlang")
    columns = [word(key, lang) for key in head]
    yield _columns("", *columns, word("reaches", lang, target=target))
    whole = word("all_queues" if check.queues else "whole_horizon", lang)
    yield _stretch(capital(whole), check.horizon)
    yield from (_stretch(row.queue, row) for row in check.queues)
    yield days_reach(check, lang)
    yield word("unsure_days", lang, target=target)
    for row in sorted(check.days, key=lambda row: row.p_target)[:WORST]:
        on = date.fromisoformat(row.name)
        yield _stretch(f"  {weekday(on, lang)} {row.name[5:]}", row)
    yield word("worst_intervals", lang)
    for row in check.worst[:WORST]:
        at = f"  {row.name[5:16].replace('T', ' ')}"
        yield _stretch(f"{at} {row.queue}" if check.queues else at, row)
    if check.abandoned:
        yield word("other_levels", lang)
        for name, share in list(check.definitions.items())[1:]:
            yield from wrapped(f"  {word(name, lang, seconds=seconds)}: {share:.1%}", 4)
    yield from wrapped(check_note(check, lang), 2)


def files(out: Path, names: Iterable[str], lang: str) -> Iterator[str]:
    """Yield the files written to a folder."""
    yield from wrapped(f"{_Words(lang)['files']}: {out}: {', '.join(names)}", 2)


def _stretch(name: str, row: Stretch) -> str:
    """Return a row of the table."""
    return _columns(
        name,
        f"{row.service_level:.1%}",
        f"{row.p10:.1%} - {row.p90:.1%}",
        f"{row.erlang:.1%}",
        f"{row.p_target:.0%}",
    )


def _columns(name: str, *cells: str) -> str:
    """Return words at the left and cells at the right of columns of the screen."""
    widths = (11, 21, 12, 13)
    right = "".join(
        " " * (width - cell_len(cell)) + cell
        for width, cell in zip(widths, cells, strict=True)
    )
    return padded(name, WIDTH - sum(widths)) + right


# -- forecast and staffing ---------------------------------------------------------


def expected(forecast: Forecast, case: Case) -> Iterator[str]:
    """Yield the summary of a forecast, two lines a queue."""
    for number, queue in enumerate(forecast.queues):
        calls = forecast.calls[number]
        busiest = int(calls.argmax())
        at = case.clock.stamp(busiest)[:16].replace("T", " ")
        total, peak, method = calls.sum(), calls[busiest], forecast.method[number]
        words = Text(
            f"{total:,.0f} calls expected (method {method})\n"
            f"Busiest interval: {at}, {peak:,.1f} calls",
            f"预计来电 {total:,.0f} 通(方法 {method})\n最忙时段:{at},{peak:,.1f} 通",
        )
        yield from _of_queue(queue, words, case)


def told(plan: Plan) -> Iterator[str]:
    """Yield what a planner should know about the input."""
    yield from notes(plan.notes, _Words(plan.case.language))


def tried(forecast: Forecast, case: Case) -> Iterator[str]:
    """Yield how far off the methods were on the last weeks.

    A table a queue, or a line a queue where there are many.
    """
    many = len(forecast.queues) > TABLES
    for queue, found in zip(forecast.queues, forecast.backtests, strict=True):
        if not found.leads:
            words = Text(
                "Nothing to try methods on: no four weeks known, or no calls lately.",
                "无法比较各方法:历史不足四周,或近期没有来电。",
            )
        elif many:
            error = f"{found.mean_wape(found.best):.1%}"
            words = Text(
                f"{found.best}, {error} off on the last {found.weeks} weeks; "
                "backtest.csv has all methods",
                f"{found.best},最近 {found.weeks} 周误差 {error};"
                "其他方法见 backtest.csv",
            )
        else:
            words = Text(*("\n".join(_tried(found, lang)) for lang in ("en", "zh")))
        yield from _of_queue(queue, words, case)


def _tried(found: Backtest, lang: str) -> Iterator[str]:
    english = lang == "en"
    yield (
        f"Error on the last {found.weeks} weeks (sum of errors / calls), by weeks ahead"
        if english and found.weeks > 1
        else "Error on the last week (sum of errors / calls), by weeks ahead"
        if english
        else f"最近 {found.weeks} 周的误差(误差合计 / 来电量),按提前周数"
    )
    leads = "".join(f"{lead:>7}" for lead in found.leads)
    yield (
        padded("  method" if english else "  方法", 18)
        + leads
        + ("    bias" if english else "    偏差")
    )
    for name in found.ranked():
        scores = [found.scores[name, lead] for lead in found.leads]
        errors = "".join(f"{score.wape:>7.1%}" for score in scores)
        bias = f"{found.mean_bias(name):>+8.1%}"
        mark = ("  picked" if english else "  选用") if name == found.best else ""
        yield f"  {name:<16}{errors}{bias}{mark}"


def rest_of_day(today: DayUnderWay, case: Case) -> Iterator[str]:
    """Yield how the day under way differs from its forecast, two lines a queue."""
    at = f"{today.minute // 60:02}:{today.minute % 60:02}"
    for number, queue in enumerate(today.forecast.queues):
        came, expected = today.came[number], today.expected[number]
        off = f" ({came / expected - 1:+.1%})" if expected >= 1 else ""
        left, before = today.left[number], today.left_before[number]
        lasts = f"{today.beta[number]:.0%}"
        rest = Text(
            f"Rest of the day: {left:,.0f} calls, not {before:,.0f}; "
            f"{lasts} of the difference lasts",
            f"当天剩余时段:{left:,.0f} 通,原预计 {before:,.0f} 通;"
            f"预计偏差的 {lasts} 会延续",
        )
        if not before:
            rest = Text("Nothing is left of the day.", "当天已无剩余时段。")
        elif not today.beta[number]:
            rest = Text(
                f"Rest of the day: {left:,.0f} calls as before; too few came to tell",
                f"当天剩余时段:仍为 {left:,.0f} 通;目前来电过少,无法判断",
            )
        words = Text(
            f"{today.on}: {came:,.0f} calls until {at}, {expected:,.0f} expected{off}"
            f"\n{rest.en}",
            f"{today.on}:截至 {at} 来电 {came:,.0f} 通,预计 {expected:,.0f} 通{off}"
            f"\n{rest.zh}",
        )
        yield from _of_queue(queue, words, case)


def cleaned(found: Cleaned, case: Case) -> Iterator[str]:
    """Yield what was odd in the history, a line each, and how to undo it."""
    number = len(found.oddities)
    if not number:
        return
    several = len({one.queue for one in found.oddities}) > 1
    for one in found.oddities[:SHOWN]:
        until = f"{one.last:%m-%d %H:%M}"
        named = f"{one.queue}: " if several else ""
        line = (
            f"{one.first:%Y-%m-%d %H:%M} .. {until} {padded(one.action, 5)}"
            f"{one.calls - one.usual:>+9,.0f}  {named}{one.reason(case.language)}"
        )
        yield from wrapped(f"  {line}", 4)
    if number > SHOWN:
        yield f"  + {number - SHOWN}"
    yield from wrapped(word("oddities_note", case.language))


def needed(requirement: Requirement, case: Case) -> Iterator[str]:
    """Yield the summary of a requirement, a line a queue."""
    for number, queue in enumerate(requirement.queues):
        heads = requirement.heads[number]
        hours = heads.sum() * case.clock.interval_minutes / 60
        most = int(heads.max(initial=0))
        words = Text(
            f"{hours:,.0f} head-hours needed, at most {most:,} heads at a time",
            f"需求 {hours:,.0f} 人时,同时最多 {most:,} 人",
        )
        yield from _of_queue(queue, words, case)


def promised(plan: Plan) -> Iterator[str]:
    """Yield what heads are computed for, in a line; nothing where they were given."""
    service, settings = plan.case.service, plan.settings
    if plan.forecast is None:
        return
    patience, share = service.patience_seconds, settings.quantile
    english = "the mean forecast" if share == 0.5 else f"the {share:.0%} quantile"
    chinese = "预测均值" if share == 0.5 else f"{share:.0%} 分位数"
    yield from wrapped(
        say(
            Text(
                f"For {service.target:.0%} answered within "
                f"{service.threshold_seconds:g} s, of all calls offered: "
                f"Erlang {'C' if patience is None else 'A'} at {english}, "
                f"load {service.load}",
                f"目标:{service.threshold_seconds:g} 秒内接起全部来电的 "
                f"{service.target:.0%};Erlang {'C' if patience is None else 'A'},"
                f"按{chinese},负荷 {service.load}",
            ),
            plan.case.language,
        )
    )


def _of_queue(queue: str, words: Text, case: Case) -> Iterator[str]:
    """Yield lines, below the name of the queue where a case has named ones."""
    if queue == ONE_QUEUE:
        yield from say(words, case.language).splitlines()
        return
    yield f"{queue}:"
    yield from (f"  {line}" for line in say(words, case.language).splitlines())


# -- rules -------------------------------------------------------------------------


def rule_records(book: Sequence[type[Rule]], language: str) -> list[dict[str, Any]]:
    """Return id, kind, parameters, sentence and source of rules."""
    return [_rule_record(rule, language) for rule in book]


def _rule_record(rule: type[Rule], language: str) -> dict[str, Any]:
    usual = rule()
    return {
        "id": rule.id,
        "kind": "hard" if usual.penalty is None else "soft",
        "penalty": usual.penalty,
        "per": rule.per,
        "unit": rule.unit,
        "price": _price(usual, language),
        "parameters": rule.parameters(),
        "meaning": say(rule.meaning.format(rule=usual), language),
        "source": rule.source,
    }


def rule_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield rules as text."""
    for record in records:
        yield f"{record['id']}  ({record['price']})"
        yield from wrapped(f"    {record['meaning']}", 4)
        given = ", ".join(_parameter(*item) for item in record["parameters"].items())
        if given:
            yield from wrapped(f"    {given}", 4)
        yield from wrapped(f"    {record['source']}", 4)


def rule_table(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield rules as a Markdown table."""
    yield "| rule | kind | what it says | parameters (default) | source |"
    yield "|---|---|---|---|---|"
    for record in records:
        given = ", ".join(
            f"`{_parameter(*item)}`" for item in record["parameters"].items()
        )
        cells = (
            f"`{record['id']}`",
            record["price"],
            record["meaning"],
            given or "-",
            record["source"],
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _price(rule: Rule, language: str) -> str:
    """Return whether a rule is hard, and what it costs where it is not."""
    if rule.penalty is None:
        return say(WORDS["hard"], language)
    if isinstance(rule, CoverageNeed):
        words = Text(
            f"soft, {rule.short} per head short, {rule.over} per head over",
            f"软性,每缺 1 人计 {rule.short},每多 1 人计 {rule.over}",
        )
    elif isinstance(rule, Requests):
        words = Text("soft, by weight", "软性,按权重")
    elif rule.per > 1:
        words = Text(
            f"soft, {rule.penalty} per {rule.per} {rule.unit} begun",
            f"软性,每 {rule.per} {unit_word(rule.unit, 'zh')}计 {rule.penalty},"
            "不足亦计",
        )
    else:
        words = Text(
            f"soft, {rule.penalty} per {_unit(rule.unit, 1, _Words('en'))}",
            f"软性,每 1 {unit_word(rule.unit, 'zh')}计 {rule.penalty}",
        )
    return say(words, language)


def _parameter(name: str, value: object) -> str:
    if value is None:
        return name
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    return f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
