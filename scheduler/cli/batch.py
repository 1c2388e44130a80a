"""What ``roster batch`` does: works off a plan, and says how it stands."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import typer
from rich.cells import cell_len

from constraints.rule import Text
from scheduler.batch import (
    LEDGER,
    TABLE,
    Batch,
    Row,
    VersionsError,
    batch_status,
    run_batch,
)
from scheduler.cli.commands import DONE, INTERRUPTED, Options, stopping
from scheduler.cli.show import STATUS, padded, right, say, wrapped
from scheduler.files.batch_plan import read_batch
from scheduler.files.scenario import AS_IT_IS
from scheduler.files.write import json_text, records, write_picture
from scheduler.pools import MissingExtraError
from scheduler.report.words import say as word

FAILED = 8
SHOWN = 60  # jobs listed on the terminal; batch.csv has all of them
AT_WORK = 8  # jobs at work listed on the live table
PICTURE = "batch.png"
COLUMNS = (
    (22, Text("case", "案例")),
    (21, Text("scenario", "方案")),
    (4, Text("seed", "种子")),
    (8, Text("cost", "成本")),
    (6, Text("gap", "差距")),
    (7, Text("short", "缺口")),
    (6, Text("level", "水平")),
)
STATES = {
    "done": Text("done", "完成"),
    "failed": Text("failed", "失败"),
    "running": Text("running", "运行中"),
    "waiting": Text("waiting", "等待"),
}
COUNTS = Text(
    "{done} done, {failed} failed, {running} running, {waiting} waiting",
    "完成 {done},失败 {failed},运行中 {running},等待 {waiting}",
)
LEFT = Text("about {minutes:.0f} min left", "约剩 {minutes:.0f} 分钟")
MORE = Text("{count:,} more jobs are in {file}.", "另有 {count:,} 个任务见 {file}。")
ABOUT = Text("short: head hours. level: service level.", "缺口:人时。水平:服务水平。")
FAILURES = Text("Failed:", "失败:")
AGAIN = Text("Run the same command again to go on.", "再次运行同一命令即可继续。")


GO_ON = Text(
    "roster batch without --status goes on.",
    "不带 --status 运行 roster batch 即可继续。",
)


@dataclass(frozen=True)
class Where:
    """How a batch is to be run: on what, how many at once, and how strictly."""

    on: str | None
    jobs: int
    fail_fast: bool
    force: bool
    status: bool


def batch(path: Path, where: Where, options: Options) -> int:
    """Work off a plan, or say how it stands; 8 where jobs failed."""
    from scheduler.report.compared import plot_batch

    plan = read_batch(path)
    out = plan.out if options.out is None else options.out
    lang = options.language or "en"
    if where.status:
        found, interrupted = batch_status(plan, out), False
    else:
        with stopping() as stop, _progress(options, lang) as on_change:
            try:
                found = run_batch(
                    plan,
                    out,
                    on=where.on,
                    jobs=where.jobs,
                    fail_fast=where.fail_fast,
                    force=where.force,
                    stop=stop,
                    on_change=on_change,
                )
            except (VersionsError, MissingExtraError) as error:
                raise typer.BadParameter(str(error)) from None
            interrupted = stop.is_set()
        write_picture(found.out / PICTURE, plot_batch(found, lang=lang))
    options.say(_lines(found, lang, GO_ON if where.status else AGAIN))
    if not where.status:
        options.say(str(out / name) for name in (TABLE, PICTURE, LEDGER))
    if options.as_json:
        sys.stdout.write(json_text(_record(found, lang)))
    if interrupted:
        return INTERRUPTED
    return FAILED if found.failed else DONE


# -- while it runs --------------------------------------------------------------------


@contextmanager
def _progress(
    options: Options, lang: str
) -> Iterator[Callable[[Batch, Row | None], None]]:
    """Give what shows on stderr how a batch is getting on."""
    if options.quiet:
        yield lambda batch, row: None
    elif sys.stderr.isatty():
        with _live(lang) as on_change:
            yield on_change
    else:
        yield partial(_told, lang)


def _told(lang: str, batch: Batch, row: Row | None) -> None:
    """Say on stderr that a job is over."""
    if row is not None and row.state in ("done", "failed"):
        sys.stderr.write(f"{_ended(batch, row, lang)}\n")
        sys.stderr.flush()


def _ended(batch: Batch, row: Row, lang: str) -> str:
    """Return what became of a job in one line."""
    states, entry = batch.states, row.entry
    assert entry is not None
    count = f"{states['done'] + states['failed']}/{len(batch.rows)}"
    cost = entry.figures.get("cost")
    what = say(STATES["failed"], lang)
    if row.state == "done" and cost is not None:
        what = f"{word('cost', lang)} {cost:,} ({entry.figures['gap'] or 0:.1%})"
    name = padded(_name(row, lang), 42)
    return f"{count:>9}  {name}  {what}  {entry.seconds or 0:.0f} s".rstrip()


def _name(row: Row, lang: str) -> str:
    return f"{row.case}, {_scenario(row, lang)}, {row.seed}"


def _scenario(row: Row, lang: str) -> str:
    as_it_is = row.scenario == AS_IT_IS
    return word("as_it_is", lang) if as_it_is else row.scenario.name


class _Table:
    """What the live table shows at the moment."""

    def __init__(self, lang: str) -> None:
        self.lang, self.began = lang, monotonic()
        self.batch: Batch | None = None
        self.ended = 0  # in this run
        self.since: dict[str, float] = {}

    def change(self, batch: Batch, row: Row | None) -> None:
        """Take in how the batch stands now."""
        self.batch = batch
        if row is not None and row.state == "running":
            self.since[row.key] = monotonic()
        elif row is not None:
            self.ended += 1

    def __rich__(self) -> str:
        if self.batch is None:
            return ""
        states, now = self.batch.states, monotonic()
        head = say(COUNTS.format(**states), self.lang)
        head += f"   {(now - self.began) / 60:.1f} min"
        left = states["running"] + states["waiting"]
        if self.ended and left:
            minutes = max(1.0, (now - self.began) / 60 * left / self.ended)
            head += f", {say(LEFT.format(minutes=minutes), self.lang)}"
        lines = [head]
        for row in self.batch.rows:
            if row.state == "running" and len(lines) <= AT_WORK:
                seconds = now - self.since.get(row.key, now)
                lines.append(f"  {padded(_name(row, self.lang), 60)} {seconds:5.0f} s")
        return "\n".join(lines)


@contextmanager
def _live(lang: str) -> Iterator[Callable[[Batch, Row | None], None]]:
    from rich.console import Console
    from rich.live import Live

    table = _Table(lang)
    console = Console(stderr=True, highlight=False, markup=False)
    with Live(
        console=console,
        get_renderable=table.__rich__,
        refresh_per_second=4,
        transient=True,
    ):

        def on_change(batch: Batch, row: Row | None) -> None:
            table.change(batch, row)
            if row is not None and row.state in ("done", "failed"):
                console.print(_ended(batch, row, lang))

        yield on_change


# -- afterwards -----------------------------------------------------------------------


def _lines(found: Batch, lang: str, remedy: Text) -> Iterator[str]:
    """Yield the table, what failed and why, and the counts."""
    if any(row.state != "waiting" for row in found.rows):
        yield " ".join(
            padded(say(title, lang), width)
            if number < 2
            else right(say(title, lang), width)
            for number, (width, title) in enumerate(COLUMNS)
        )
    listed = [row for row in found.rows if row.state != "waiting"]
    for row in listed[:SHOWN]:
        yield _line(row, lang)
    if len(listed) > SHOWN:
        yield say(MORE.format(count=len(listed) - SHOWN, file=TABLE), lang)
    if any(row.state == "done" for row in listed):
        yield from wrapped(say(ABOUT, lang))
    if found.failed:
        yield say(FAILURES, lang)
    for row in found.failed:
        reason = row.entry and row.entry.reason
        words = say(reason, lang).splitlines() if reason else [""]
        more = f" (+{len(words) - 1})" if len(words) > 1 else ""
        yield from wrapped(f"- {_name(row, lang)}: {words[0]}{more}", 2)
    yield say(COUNTS.format(**found.states), lang)
    if found.states["waiting"]:
        yield say(remedy, lang)


def _line(row: Row, lang: str) -> str:
    known = row.entry.figures if row.entry else {}
    names = (row.case, _scenario(row, lang))
    cells = [
        padded(_cut(name, width), width)
        for name, (width, _) in zip(names, COLUMNS[:2], strict=True)
    ]
    cells.append(right(str(row.seed), COLUMNS[2][0]))
    if row.state != "done":
        status = STATUS.get(known.get("status") or "", STATES[row.state])
        return " ".join((*cells, f" {say(status, lang)}"))
    level = known["service_level"]
    figures = (
        f"{known['cost']:,}",
        f"{known['gap'] or 0:.1%}",
        f"{known['short_hours']:,.1f}",
        "-" if level is None else f"{level:.1%}",
    )
    cells += [
        right(figure, width)
        for figure, (width, _) in zip(figures, COLUMNS[3:], strict=True)
    ]
    return " ".join(cells)


def _cut(name: str, width: int) -> str:
    """Return a name, its middle left out where it is too long."""
    if cell_len(name) <= width:
        return name
    head = padded(name, width // 2).rstrip()
    tail = ""
    while cell_len(head) + 1 + cell_len(tail) < width:
        tail = name[len(name) - len(tail) - 1 :]
    while cell_len(head) + 1 + cell_len(tail) > width:
        tail = tail[1:]
    return f"{head}…{tail}"


def _record(found: Batch, lang: str) -> dict[str, Any]:
    return {
        "out": str(found.out),
        "states": found.states,
        "jobs": records(found.to_frame(lang)),
    }
