"""The benchmark of the desk: swaps found among many people, and days planned again.

People and shifts are drawn by the seed from the demo with so many people. Each question
is asked of a desk that knows nothing yet, as a command asks it.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.keep import where
from benchmarks.registry import Benchmark, Row, Task
from benchmarks.tables import markdown
from constraints.case import OFF
from constraints.roster import Roster
from constraints.rule import audit
from scheduler.demo import write_demo_case
from scheduler.desk.desk import Desk
from scheduler.desk.find import find_swaps
from scheduler.desk.replan import replan
from scheduler.desk.swaps import check_swap
from scheduler.desk.today import Today
from scheduler.engine.model import RosterModel
from scheduler.engine.solve import solve
from scheduler.engine.solver import QUICK, Budget, run
from scheduler.files.read import read_case

ASKED, DAYS_AGAIN = 20, 9
"""Questions of each case: shifts to be swapped, and days with three people absent."""
FEW = 4
"""Questions of the smoke run."""
ABSENT = 3
CASES = {
    "swaps of 1000": (1000, 28, 2),
    "rings of 1000": (1000, 28, 3),
    "replan of 200": (200, 7, 0),
}
"""People, days, and the fewest people of a swap; 0 = a day planned again."""
SMOKE = {"swaps of 40": (40, 7, 3)}


@cache
def published(people: int, days: int) -> Roster:
    """Return a roster of the demo with so many people."""
    with tempfile.TemporaryDirectory() as folder:
        write_demo_case(Path(folder), people=people, days=days)
        case = read_case(folder).case
    effort = 2.0 if people == 200 else 0.01  # good where a day is planned again
    found = solve(case, effort=effort, workers=1)
    assert found.roster is not None
    return found.roster


def run_task(task: Task) -> Row:
    """Ask all questions of a case."""
    people, days, least = (CASES | SMOKE)[task.case]
    roster = published(people, days)
    asked = _swaps if least else _days_again
    row = {"people": people, "days": days, **asked(roster, task.seed, least)}
    return row | where(1)


def _swaps(roster: Roster, seed: int, least: int) -> Row:
    case, random = roster.case, np.random.default_rng(seed)
    now = case.clock.local(0) - timedelta(days=4)
    seconds, proposals, refused, none = [], 0, 0, 0
    inner = np.argwhere(roster.table[:, 1:-1] != OFF)
    asked = ASKED if len(case.agents) >= 200 else FEW
    for agent, day in random.choice(inner, asked, replace=False).tolist():
        began = perf_counter()
        desk = Desk(roster=roster, now=now, version=1)
        on = case.clock.date(day + 1)
        found = find_swaps(desk, case.agents[agent].id, on, least=least)
        seconds.append(perf_counter() - began)
        proposals += len(found)
        none += not found
        verdicts = [check_swap(desk, one.swap).verdict for one in found]
        refused += verdicts.count("fail")
    return _timed(seconds) | {
        "proposals": proposals,
        "refused": refused,
        "without": none,
    }


def _days_again(roster: Roster, seed: int, _: int) -> Row:
    random = np.random.default_rng(seed)
    seconds, shares, people, broken = [], [], 0, 0
    for number in range(DAYS_AGAIN):
        desk, ids = absent_at(roster, 1 + number % 5, random)
        began = perf_counter()
        found = replan(desk, absent=ids)
        seconds.append(perf_counter() - began)
        lost = found.short[1] - found.short[0]
        most = min(lost, whole_day(desk, ids))
        shares.append(1.0 if most <= 0 else min(lost, found.recovered) / most)
        people = max(people, len(found.changes))
        broken += len(found.broken)
    return _timed(seconds) | {
        "recovered": round(median(shares), 3),
        "recovered_worst": round(min(shares), 3),
        "changed_most": people,
        "refused": broken,
    }


def absent_at(
    roster: Roster, day: int, random: np.random.Generator
) -> tuple[Desk, list[str]]:
    """Return the desk at 07:30 of a day, and three who would begin by ten."""
    case = roster.case
    start = np.array([shift.start for shift in case.shifts])
    row = roster.table[:, day]
    soon = np.flatnonzero((row != OFF) & (start[row] > 450) & (start[row] <= 600))
    chosen = random.choice(soon, ABSENT, replace=False)
    on = datetime.combine(case.clock.date(day), datetime.min.time())
    now = on.replace(hour=7, minute=30, tzinfo=case.clock.zone)
    desk = Desk(roster=roster, now=now, version=1)
    return desk, [case.agents[number].id for number in chosen.tolist()]


def whole_day(desk: Desk, absent: Sequence[str]) -> float:
    """Return the head-hours that the engine wins back with the whole day free.

    Everybody whose shift begins after the notice of shifts, and who is off, may work
    any shift of the day; there is no budget of changes.
    """
    today = Today(desk, [desk.agents[id] for id in absent], desk.case)
    case, hit = today.case, today.hit
    lead = today.now + desk.policy.replan.lead_shifts
    starts = case.start[today.column]
    row = hit.table[:, today.day]
    free = (row == OFF) | (starts[row] >= lead)
    free[sorted(today.absent)] = False
    cells = np.zeros(hit.table.shape, bool)
    cells[:, today.day] = free
    allowed = case.free_to_work & (starts >= lead)[None, None]
    broken = frozenset(violation.rule for violation in audit(hit).hard)
    model = RosterModel(hit, case.rules, cells, guarded=broken, allowed=allowed)
    model.hint()
    outcome = run(
        model.cp,
        Budget(120.0, 40.0),
        seconds=120,
        effort=40,
        seed=1,
        workers=1,
        parameters=QUICK,
    )
    after = model.read(outcome.value) if outcome.found else hit
    return today.short(hit) - today.short(after)


def _timed(seconds: Sequence[float]) -> Row:
    return {
        "asked": len(seconds),
        "median_s": round(median(seconds), 2),
        "worst_s": round(max(seconds), 2),
    }


HEADS = {
    "case": "",
    "asked": "",
    "median_s": ".2f",
    "worst_s": ".2f",
    "proposals": "",
    "refused": "",
    "without": "",
    "changed_most": "",
    "recovered": ".0%",
    "recovered_worst": ".0%",
}


def desk_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    heads = [name.replace("_", " ") for name in HEADS]
    return markdown(heads, (list(_line(row)) for row in rows))


def _line(row: Mapping[str, Any]) -> Iterator[str]:
    for name, form in HEADS.items():
        value = row.get(name, "")
        known = form and value not in ("", None)
        yield format(float(value), form) if known else str(value)


def _headline(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    found = {row["case"]: row for row in rows}
    again = found.get("replan of 200")
    return {} if again is None else {"recovered": float(again["recovered"])}


BENCHMARK = Benchmark(
    name="desk",
    about="swaps found among 1,000 people, and days planned again for 200",
    cases=lambda data: tuple(CASES),
    methods=("desk",),
    seconds=0,
    run=run_task,
    table=desk_table,
    short=3,
    smoke=("swaps of 40", 0),
    headline=_headline,
)
