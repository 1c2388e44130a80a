"""What ``roster capacity`` does: the shift mix, and the hiring plan if one is due."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from rich.cells import cell_len

from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.rule import Text
from forecasts.problems import InputError, Problem
from scheduler.capacity import ShiftMix, shift_mix
from scheduler.cli.commands import CODES, DONE, Options
from scheduler.cli.show import files, padded, say, wrapped
from scheduler.files.hiring import read_needs
from scheduler.files.place import check_folder, hold, replace_file
from scheduler.files.read import Plan
from scheduler.files.write import json_text, write_frame, write_picture
from scheduler.hiring import HiringPlan, hiring_plan
from scheduler.report.labels import times

FILE = "capacity.toml"
Columns = tuple[tuple[int, Text], ...]

MIX = Text(
    "Shift mix: {shifts} shifts, cost of coverage {cost:,} (no less than {bound:,} is "
    "possible, gap {gap:.1%}).",
    "班次组合:{shifts} 个班次,覆盖成本 {cost:,}(可证下限 {bound:,},差距 {gap:.1%})。",
)
MIX_HOURS = Text(
    "Paid {paid:,.0f} h; short {short:,.1f} and over {over:,.1f} head hours.",
    "计薪 {paid:,.0f} 小时;缺口 {short:,.1f}、富余 {over:,.1f} 人时。",
)
MIX_ABOUT = Text(
    "Counted are people, their contract hours, breaks, need and floor, but no names: "
    "rest, runs and wishes can only make a roster dearer than that bound.",
    "只计人数、合同工时、休息、需求与最低人数,不排到人:"
    "休息间隔、连班与意愿只会使班表比下限更贵。",
)
BEGUN = Text(
    "Choosing shifts and heads; a month of a large centre takes a minute or two.",
    "正在选择班次与人数;大型中心一个月约需一两分钟。",
)
MIX_COLUMNS: Columns = (
    (10, Text("heads", "人数")),
    (10, Text("a day", "日均")),
    (10, Text("most", "最多")),
    (12, Text("paid hours", "计薪小时")),
)
NO_MIX = {
    "infeasible": Text(
        "No mix of shifts has the floor of {floor} heads{limit}. Lower the floor, "
        "unpin shifts, or have more people or shifts to choose from.",
        "没有班次组合能达到最低 {floor} 人{limit}。"
        "请降低最低人数、取消固定班次,或增加人员或可选班次。",
    ),
    "unknown": Text(
        "No mix of shifts was found{limit}. Plan fewer days, or allow more starts.",
        "未找到班次组合{limit}。请缩短排班期,或允许更多班次。",
    ),
}
LIMIT = Text(" with at most {starts} shifts", "(最多 {starts} 个班次)")

HIRING = Text(
    "Hiring plan: {hires} hires in {months} months, cost {cost:,.0f} ({status}).",
    "招聘计划:{months} 个月招聘 {hires} 人,成本 {cost:,.0f}({status})。",
)
PROVED = {
    "optimal": Text("proved the least", "已证最低"),
    "feasible": Text("no less than {bound:,.0f} is possible", "可证下限 {bound:,.0f}"),
}
HIRING_COLUMNS: Columns = (
    (9, Text("workload", "工作量")),
    (9, Text("at work", "在岗")),
    (9, Text("overtime", "加班")),
    (9, Text("short", "缺口")),
    (8, Text("heads", "人数")),
    (6, Text("hires", "招聘")),
    (12, Text("cost", "成本")),
)
HIRING_ABOUT = Text(
    "Hours a month; heads are those expected after attrition, in training, too. "
    "Nobody is hired who would be trained only after the last month.",
    "单位为小时/月;人数为离职后的期望值,含培训中人员。末月之后才能上岗的人不会招聘。",
)
NO_HIRING = {
    "infeasible": Text(
        "No hires keep least_share and most_share of the contracts in every month. "
        "Widen them in {file}.",
        "没有招聘方案能在每个月满足各合同的 least_share 与 most_share。"
        "请在 {file} 中放宽。",
    ),
    "unknown": Text(
        "No hiring plan was found. Plan fewer months or contracts in {file}.",
        "未找到招聘计划。请在 {file} 中减少月份或合同种类。",
    ),
}
NO_FILE = Text(
    "For a hiring plan write {file}: workload, attrition, training and contracts, as "
    "in the README under Capacity.",
    "如需招聘计划,请编写 {file}:工作量、离职率、培训与合同,"
    "见 README 的 Capacity 一节。",
)


def capacity(
    path: Path, starts: int | None, file: Path | None, options: Options
) -> int:
    """Make the shift mix, and the hiring plan; write their tables and pictures."""
    plan = options.plan(path)
    _check_need(plan)
    usual = plan.out.parent / FILE
    named = file or (usual if usual.exists() else None)
    needs = None if named is None else read_needs(named, plan)
    out = options.folder(plan)
    check_folder(out)
    with hold(out):
        if not options.quiet:
            sys.stderr.writelines(f"{line}\n" for line in wrapped(_words(BEGUN, plan)))
            sys.stderr.flush()
        mix = shift_mix(plan.case, starts)
        code = _told_mix(plan, mix, starts, out, options)
        record: dict[str, Any] = {"mix": _mix_record(mix)}
        if needs is not None and named is not None:
            hiring = hiring_plan(needs)
            code = max(code, _told_hiring(plan, hiring, named, out, options))
            record["hiring"] = _hiring_record(hiring)
    if named is None:
        options.say(wrapped(_words(NO_FILE, plan, file=usual)))
    if options.as_json:
        sys.stdout.write(json_text(record))
    return code


def _check_need(plan: Plan) -> None:
    """Refuse a case in which nothing asks for heads on the phone."""
    asked = isinstance(plan.case.rule("coverage.need"), CoverageNeed)
    if asked and plan.case.counted.any():
        return
    raise InputError(
        [
            Problem(
                file=plan.path.name,
                found="no need of heads on the phone" if asked else "no coverage.need",
                expected="calls or a requirement, and the rule coverage.need",
                remedy="Add calls.csv or requirement.csv, and the rule.",
            )
        ]
    )


def _words(text: Text, plan: Plan, **facts: object) -> str:
    return say(text.format(**facts), plan.case.language)


def _fail(lines: Iterable[str]) -> None:
    sys.stderr.writelines(f"{line}\n" for line in lines)


# -- the mix --------------------------------------------------------------------------


def _told_mix(
    plan: Plan, mix: ShiftMix, starts: int | None, out: Path, options: Options
) -> int:
    """Tell a mix and write it, or say why there is none; return the exit code."""
    if not mix.usable:
        floor = plan.case.rule("coverage.floor")
        heads = floor.floor(plan.case) if isinstance(floor, CoverageFloor) else 0
        limit = "" if starts is None else _words(LIMIT, plan, starts=starts)
        words = _words(NO_MIX[mix.status], plan, floor=heads, limit=limit)
        _fail(wrapped(words))
        return CODES[mix.status]
    from scheduler.report.capacity import plot_mix

    lang = plan.case.language
    draw = partial(plot_mix, mix, lang=lang)
    _write(out, "capacity-mix", mix.to_frame(), draw)
    options.say(_mix_lines(plan, mix))
    options.say(files(out, ("capacity-mix.csv", "capacity-mix.png"), lang))
    return DONE


def _mix_lines(plan: Plan, mix: ShiftMix) -> Iterator[str]:
    case, interval = plan.case, plan.case.clock.interval_minutes / 60
    yield from wrapped(
        _words(
            MIX,
            plan,
            shifts=len(mix.shifts),
            cost=mix.cost,
            bound=mix.bound,
            gap=mix.gap,
        ),
        2,
    )
    short, over = mix.short.sum() * interval, mix.over.sum() * interval
    told = _words(MIX_HOURS, plan, paid=mix.paid_hours, short=short, over=over)
    yield from wrapped(told, 2)
    yield _row("", _heads(MIX_COLUMNS, plan), MIX_COLUMNS, 24)
    for shift in mix.shifts:
        heads = mix.heads[:, shift]
        paid = float((heads * case.paid[case.past :, shift]).sum()) / 60
        cells = (
            f"{heads.sum():,}",
            f"{heads.mean():.1f}",
            f"{heads.max()}",
            f"{paid:,.0f}",
        )
        told = f"{padded(case.shifts[shift].code, 10)} {times(case.shifts[shift])}"
        yield _row(told, cells, MIX_COLUMNS, 24)
    yield from wrapped(say(MIX_ABOUT, case.language))


# -- the hiring plan ------------------------------------------------------------------


def _told_hiring(
    plan: Plan, hiring: HiringPlan, file: Path, out: Path, options: Options
) -> int:
    """Tell a hiring plan and write it, or say why there is none."""
    if not hiring.usable:
        _fail(wrapped(_words(NO_HIRING[hiring.status], plan, file=file.name)))
        return CODES[hiring.status]
    from scheduler.report.capacity import plot_hiring

    lang = plan.case.language
    _write(out, "hiring", hiring.to_frame(), partial(plot_hiring, hiring, lang=lang))
    options.say(("", *_hiring_lines(plan, hiring)))
    options.say(files(out, ("hiring.csv", "hiring.png"), lang))
    return DONE


def _hiring_lines(plan: Plan, hiring: HiringPlan) -> Iterator[str]:
    needs = hiring.needs
    proved = _words(PROVED[hiring.status], plan, bound=hiring.bound)
    yield from wrapped(
        _words(
            HIRING,
            plan,
            hires=int(hiring.hires.sum()),
            months=needs.months,
            cost=hiring.cost,
            status=proved,
        ),
        2,
    )
    yield _row("", _heads(HIRING_COLUMNS, plan), HIRING_COLUMNS, 8)
    heads, hires = hiring.heads.sum(axis=0), hiring.hires.sum(axis=0)
    for month in range(needs.months):
        cells = (
            f"{needs.workload[month]:,.0f}",
            f"{hiring.hours[month]:,.0f}",
            f"{hiring.overtime[month]:,.0f}",
            f"{hiring.shortage[month]:,.0f}",
            f"{heads[month]:,.1f}",
            f"{hires[month]:,}" if hires[month] else "-",
            f"{hiring.costs[month]:,.0f}",
        )
        yield _row(needs.month(month), cells, HIRING_COLUMNS, 8)
    for number, contract in enumerate(needs.contracts):
        when = [
            f"{needs.month(month)} +{count}"
            for month, count in enumerate(hiring.hires[number].tolist())
            if count
        ]
        yield from wrapped(f"{contract.name}: {', '.join(when) or '-'}", 2)
    yield from wrapped(say(HIRING_ABOUT, plan.case.language))


# -- lines of a table, and files ------------------------------------------------------


def _heads(columns: Columns, plan: Plan) -> Iterator[str]:
    return (say(title, plan.case.language) for _, title in columns)


def _row(name: str, cells: Iterable[str], columns: Columns, room: int) -> str:
    """Return a name and, at the right of their columns, cells."""
    right = "".join(
        " " * max(1, width - cell_len(cell)) + cell
        for cell, (width, _) in zip(cells, columns, strict=True)
    )
    return padded(name, room) + right


def _write(out: Path, name: str, frame: pd.DataFrame, draw: Callable[[], Any]) -> None:
    replace_file(out / f"{name}.csv", partial(write_frame, frame=frame))
    write_picture(out / f"{name}.png", draw())


def _mix_record(mix: ShiftMix) -> dict[str, Any]:
    return {
        "status": mix.status,
        "cost": mix.cost,
        "bound": mix.bound,
        "shifts": [mix.case.shifts[shift].code for shift in mix.shifts],
        "rows": mix.to_frame().to_dict("records"),
    }


def _hiring_record(hiring: HiringPlan) -> dict[str, Any]:
    return {
        "status": hiring.status,
        "cost": round(hiring.cost, 2) if hiring.usable else None,
        "bound": round(hiring.bound, 2),
        "rows": hiring.to_frame().to_dict("records"),
    }
