"""What ``roster explain`` does: a conflict in plain words, and priced ways out."""

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from constraints.rule import Text
from scheduler.cli import show
from scheduler.cli.commands import (
    CODES,
    CONFLICT,
    DONE,
    INTERRUPTED,
    LONGEST,
    SLOWEST,
    Options,
    stopping,
)
from scheduler.cli.show import say, wrapped
from scheduler.explanation import Explanation, Way, explain
from scheduler.files.place import check_folder, hold, replace_file
from scheduler.files.write import json_text, records, write_frame

SECONDS = 120.0  # for the conflict and all ways out, where none are named
CLASH = Text(
    "No roster can keep all of these rules on these days ({proof}):",
    "以下规则在所列日期无法同时满足({proof}):",
)
TWICE = Text("proved twice, by different means", "已用不同方法两次证明")
ONCE = Text("proved once", "已证明一次")
NEEDED = Text(
    "As soon as any of them gives way, the others can be kept.",
    "其中任何一条放宽,其余即可满足。",
)
WAYS = Text("Ways out, each solved, cheapest first:", "出路(均已求解,成本由低到高):")
NO_WAYS = Text(
    "No way out was solved in time: allow more with --seconds.",
    "限时内未求得出路:请用 --seconds 增加时间。",
)
COST = Text(
    "cost {cost:,.0f} (gap {gap:.1%}), {short:,.1f} head hours short, service level "
    "{level}, {paid:,.0f} h paid",
    "成本 {cost:,.0f}(差距 {gap:.1%}),缺口 {short:,.1f} 人时,服务水平 {level},"
    "计薪 {paid:,.0f} 小时",
)
FINE = Text(
    "There is no conflict: a roster keeps every hard rule.",
    "没有冲突:存在满足全部硬规则的排班。",
)
OPEN = Text(
    "Neither a roster nor a conflict was proved in time: allow more with --seconds.",
    "限时内既未求得排班也未证明冲突:请用 --seconds 增加时间。",
)


def why(path: Path, options: Options) -> int:
    """Say why a case has no roster, and what could be done; write the ways out."""
    plan = options.plan(path)
    lang = plan.case.language
    out = options.folder(plan)
    check_folder(out)
    seconds = SECONDS if options.seconds is None else options.seconds
    spent: dict[str, Any] = {"seconds": seconds}
    if options.deterministic:
        spent = {"seconds": LONGEST + SLOWEST * seconds, "effort": seconds}
    with hold(out), stopping() as stop:
        found = explain(
            path,
            seed=plan.settings.seed if options.seed is None else options.seed,
            workers=options.workers or plan.settings.workers,
            stop=stop,
            on_conflict=lambda one: options.say(_conflict(one, lang)),
            on_way=partial(_tell, options, lang),
            **spent,
        )
        frame = found.to_frame()
        frame["way"] = [say(way.text, lang) for way in found.ways]
        if found.conflict is None:
            options.say(_none(found, lang))
        else:
            options.say(_ways(frame, lang))
            file = out / "explain.csv"
            replace_file(file, partial(write_frame, frame=frame))
            options.say([str(file)])
    if options.as_json:
        sys.stdout.write(json_text(_record(found, frame, lang)))
    if stop.is_set():
        return INTERRUPTED
    return CONFLICT if found.conflict is not None else _code(found)


def _code(found: Explanation) -> int:
    assert found.result is not None
    return DONE if found.result.usable else CODES[found.result.status]


def _conflict(found: Explanation, lang: str) -> Iterator[str]:
    """Yield what arithmetic says, then the conflict rule by rule."""
    conflict = found.conflict
    assert conflict is not None
    for fact in found.facts:
        yield from wrapped(say(fact, lang))
    proof = say(TWICE if found.proved_twice else ONCE, lang)
    yield from wrapped(say(CLASH.format(proof=proof), lang))
    for text in found.told:
        yield from wrapped(f"- {say(text, lang)}", 2)
    if conflict.minimal and len(conflict.parts) > 1:
        yield from wrapped(say(NEEDED, lang))


def _tell(options: Options, lang: str, way: Way) -> None:
    """Say on stderr that one way out was tried."""
    if not options.quiet:
        sys.stderr.write(f"{say(way.text, lang)} {way.result!r}\n")
        sys.stderr.flush()


def _ways(frame: pd.DataFrame, lang: str) -> Iterator[str]:
    yield from wrapped(say(WAYS if len(frame) else NO_WAYS, lang))
    rows: Iterable[Any] = frame.itertuples()
    for row in rows:
        yield from wrapped(f"{row.Index + 1}. {row.way}", 3)
        level = "-" if pd.isna(row.service_level) else f"{row.service_level:.1%}"
        cost = COST.format(
            cost=row.cost,
            gap=row.gap,
            short=row.short_hours,
            level=level,
            paid=row.paid_hours,
        )
        yield from wrapped(f"   {say(cost, lang)}", 3)


def _none(found: Explanation, lang: str) -> Iterator[str]:
    """Yield that no conflict was found, and whether there is a roster."""
    assert found.result is not None
    for fact in found.facts:
        yield from wrapped(say(fact, lang))
    if found.result.usable:
        yield from wrapped(say(FINE, lang))
    elif found.result.status == "infeasible":
        yield from show.failure(found.plan, found.result)
    else:
        yield from wrapped(say(OPEN, lang))


def _record(found: Explanation, frame: pd.DataFrame, lang: str) -> dict[str, Any]:
    """Return what was found as JSON has it."""
    conflict = found.conflict
    case = found.plan.case
    parts = () if conflict is None else conflict.parts
    return {
        "conflict": [
            {
                "rule": rule,
                "date": case.clock.date(day).isoformat(),
                "agent": None if agent is None else case.agents[agent].id,
            }
            for rule, day, agent in parts
        ],
        "told": [say(text, lang) for text in (*found.facts, *found.told)],
        "proved_twice": found.proved_twice,
        "minimal": conflict is not None and conflict.minimal,
        "ways": records(frame),
    }
