"""Explain: why no roster keeps all rules, in a planner's words, and priced ways out."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from constraints.case import OPEN, Case, Leave
from constraints.coverage import CoverageFloor
from constraints.rule import Rule, Text
from forecasts.problems import InputError
from scheduler.engine.conflict import (
    Conflict,
    find_conflict,
    proved_again,
    restated,
)
from scheduler.engine.precheck import precheck
from scheduler.engine.solve import solve
from scheduler.engine.solver import Budget
from scheduler.files.read import Plan, read_case
from scheduler.files.scenario import Scenario
from scheduler.result import Result
from scheduler.summary import kpi
from scheduler.whatif import FACTS

MOVABLE = ("annual", "personal", "training", "compensatory")
"""Kinds of leave that may be asked to move; others are a right on their days."""
SHOWN = 6  # people named, before it says how many more
SEARCH = 0.3  # share of the time to find the conflict in
TRIES = 3  # rungs of one ladder that are solved at the most
MOST = 64  # people hired, or leaves moved, at the most


# -- what comes out -------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """A way out: what to do, the case with it, and how that was solved."""

    text: Text
    scenario: Scenario
    plan: Plan
    result: Result


@dataclass(frozen=True)
class Explanation:
    """Why a case has no roster, and what could be done.

    Attributes
    ----------
    plan
        The case.
    facts
        What arithmetic alone says.
    conflict
        A few parts of rules that no roster can all keep; None where none was proved.
    proved_twice
        Whether another solver, or another way to solve, proves it, too.
    ways
        Ways out that were solved, cheapest first; those that hire come last, as
        nobody's wage is in the cost.
    result
        Where there is no conflict to be found, how the case itself was solved.
    """

    plan: Plan
    facts: tuple[Text, ...]
    conflict: Conflict | None
    proved_twice: bool
    ways: tuple[Way, ...]
    result: Result | None

    def __repr__(self) -> str:
        """Say it in one line."""
        if self.conflict is None:
            return f"<Explanation: no conflict proved, {self.result!r}>"
        rules = ", ".join(rule.id for rule in self.conflict.rules)
        return f"<Explanation: {rules}; {len(self.ways)} ways out>"

    @property
    def told(self) -> tuple[Text, ...]:
        """Each rule of the conflict: what it says, on which days, and whom it meets."""
        conflict = self.conflict
        if conflict is None:
            return ()
        return tuple(_told(conflict, rule) for rule in conflict.rules)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a way out, cheapest first.

        Returns
        -------
        pandas.DataFrame
            ``way`` (in the language of the case), ``edits``, ``cost``, ``gap``,
            ``short_hours`` (head hours), ``service_level``, ``paid_hours``.
        """
        rows = [_row(way, self.plan.case.language) for way in self.ways]
        columns = ["way", "edits", "cost", "gap", "short_hours"]
        return pd.DataFrame(rows, columns=[*columns, "service_level", "paid_hours"])


def _row(way: Way, lang: str) -> dict[str, Any]:
    result = way.result
    assert result.roster is not None
    assert result.audit is not None
    figures = kpi(result.roster, result.audit)
    return {
        "way": way.text.zh if lang == "zh" else way.text.en,
        "edits": "; ".join(way.scenario.told()),
        "cost": result.cost,
        "gap": result.gap,
        **{key: figures[key] for key in ("short_hours", "service_level", "paid_hours")},
    }


# -- explaining -----------------------------------------------------------------------


def explain(
    path: Path | str,
    *,
    seconds: float = 120.0,
    effort: float | None = None,
    seed: int = 1,
    workers: int = 0,
    stop: threading.Event | None = None,
    on_conflict: Callable[[Explanation], None] | None = None,
    on_way: Callable[[Way], None] | None = None,
) -> Explanation:
    r"""Say why a case has no roster, and solve it under each way out.

    Parameters
    ----------
    path
        Folder or workbook of the case.
    seconds
        For all together; the conflict has the first third at the most.
    effort
        Work for all ways out together, as of `solve`; the conflict is found by
        questions each of which has a limit of its own.
    seed, workers
        As of `solve`.
    stop
        Set it to end early; what is known by then comes back.
    on_conflict
        Called when the conflict is known, before any way out is.
    on_way
        Called with each way that was solved, also one that does not suffice.

    Raises
    ------
    InputError
        With the problems of the case.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from scheduler.demo import write_demo_case
    >>> folder = Path(mkdtemp())
    >>> write_demo_case(folder, people=24, days=7)
    >>> with (folder / "leave.csv").open("a") as file:
    ...     for line in ("A013,2026-04-02,2026-04-02", "A014,2026-04-02,2026-04-02"):
    ...         _ = file.write(f"{line},annual,approved\n")
    >>> found = explain(folder, effort=2.0)
    >>> found.conflict.parts
    (('leave.limit', 3, None),)
    >>> found.ways[0].result.usable
    True
    """
    plan = read_case(path)
    budget = Budget(seconds, effort, stop or threading.Event())
    search = Budget(seconds * SEARCH, None, budget.stop)
    facts = precheck(plan.case).conflicts
    conflict = find_conflict(plan.case, search, seed)
    if conflict is None:
        result = _solved(plan, budget, 1, seed, workers)
        return Explanation(plan, facts, None, False, (), result)
    again = proved_again(conflict, Budget(seconds, effort, budget.stop), seed + 1)
    explained = Explanation(plan, facts, conflict, again, (), None)
    if on_conflict is not None:
        on_conflict(explained)
    ladders = [ladder for ladder in _ladders(plan, conflict) if ladder]
    ways: list[Way] = []
    for number, ladder in enumerate(ladders):
        rung = _least(ladder, path, conflict, budget)
        for _ in range(TRIES):
            if budget.over or rung is None or rung >= len(ladder):
                break
            text, scenario = _scenario(ladder[rung])
            there = read_case(path, scenario)
            result = _solved(there, budget, 2 * (len(ladders) - number), seed, workers)
            way = Way(text, scenario, there, result)
            if on_way is not None:
                on_way(way)
            if result.usable:
                ways.append(way)
                break
            rung = 2 * rung + 1  # other rules bind beside those of the conflict
    ways.sort(key=lambda way: ("hire" in way.scenario.edits, way.result.cost or 0))
    return replace(explained, ways=tuple(ways))


def _solved(plan: Plan, budget: Budget, shares: int, seed: int, workers: int) -> Result:
    """Solve within one of so many equal shares of what is left."""
    effort = None
    if budget.effort is not None:
        effort = max(0.5, (budget.effort - budget.spent) / shares)
        budget.spend(effort)
    return solve(
        plan.case,
        seconds=max(1.0, budget.left / shares),
        effort=effort,
        seed=seed,
        workers=workers,
        stop=budget.stop,
    )


# -- ways out -------------------------------------------------------------------------

Edit = tuple[Text, Mapping[str, Any]]


def _scenario(edit: Edit) -> tuple[Text, Scenario]:
    text, edits = edit
    return text, Scenario(text.en, edits)


def _least(
    ladder: Sequence[Edit], path: Path | str, conflict: Conflict, budget: Budget
) -> int | None:
    """Return the first rung that lets a conflict go, by doubling and halving."""
    high, low = -1, 0
    while high < len(ladder) - 1 and not budget.over:
        low, high = high + 1, min(2 * high + 2, len(ladder) - 1)
        if _lets_go(ladder[high], path, conflict, budget):
            break
    else:
        return None
    while low < high and not budget.over:
        middle = (low + high) // 2
        if _lets_go(ladder[middle], path, conflict, budget):
            high = middle
        else:
            low = middle + 1
    return high


def _lets_go(edit: Edit, path: Path | str, conflict: Conflict, budget: Budget) -> bool:
    """Whether a conflict is refuted no more under an edit."""
    try:
        there = read_case(path, _scenario(edit)[1])
    except InputError:  # such as a rule that stands in a file twice: no way out, then
        return False
    model = restated(conflict, there.case)
    left = Budget(budget.left, None, budget.stop)
    alone = all(agent is not None for _, _, agent in conflict.parts)
    # Of many people sums tell enough, as each way out is solved in the end.
    return not (model.refuted_by_sums(left) or (alone and model.refuted_again(left, 1)))


def _ladders(plan: Plan, conflict: Conflict) -> Iterator[list[Edit]]:
    """Yield changes of one kind each, from little to much."""
    case, rules = plan.case, {rule.id: rule for rule in conflict.rules}
    if "leave.day" in rules:
        yield _move_leave(case, _leaves(case, conflict.days(rules["leave.day"])))
    if "leave.limit" in rules:
        days = conflict.days(rules["leave.limit"])
        rule: Any = rules["leave.limit"]
        kind = [one for one in _leaves(case, days) if one.kind == rule.kind]
        yield _move_leave(case, kind[::-1])
        yield _raised(rule, "most", rule.most, range(1, MOST), 1)
    if "eligibility" in rules:
        yield from _unpin(case, conflict, rules["eligibility"])
    for rule in rules.values():
        yield from _relaxed(case, rule)
    if "coverage.floor" in rules:
        yield _hire(case, conflict)


def _leaves(case: Case, days: Iterable[int]) -> list[Leave]:
    """Return the leaves of some days that may be asked to move, easiest first."""
    dates = [case.clock.date(day) for day in days]
    found = [
        leave
        for leave in case.leave
        if leave.kind in MOVABLE
        and any(leave.first <= on <= leave.last for on in dates)
    ]
    return sorted(found, key=lambda leave: (not leave.requested, leave.kind))


def _move_leave(case: Case, leaves: Sequence[Leave]) -> list[Edit]:
    ladder: list[Edit] = []
    for count in range(1, len(leaves) + 1):
        lines = [
            {"agent": case.agents[one.agent].id, "first": one.first.isoformat()}
            for one in leaves[:count]
        ]
        who = _some([line["agent"] for line in lines])
        text = Text(
            f"Move the {leaves[0].kind} leave of {who.en} to other days.",
            f"将 {who.zh} 的休假({leaves[0].kind})改到其他日期。",
        )
        ladder.append((text, {"without": {"leave": lines}}))
    return ladder


def _unpin(case: Case, conflict: Conflict, rule: Rule) -> Iterator[list[Edit]]:
    """Yield for each pin of the conflict that it is let go."""
    people = conflict.people(rule) or range(len(case.agents))
    for agent in people:
        for day in conflict.days(rule):
            if case.pins[agent, day] != OPEN:
                line = {
                    "agent": case.agents[agent].id,
                    "date": case.clock.date(day).isoformat(),
                }
                text = Text(
                    "Let go of the pin of {agent} on {date}.",
                    "取消 {agent} 在 {date} 的固定排班。",
                )
                yield [(text.format(**line), {"without": {"pins": [line]}})]


def _relaxed(case: Case, rule: Rule) -> Iterator[list[Edit]]:
    """Yield how one rule may give way: by its figure, or altogether."""
    known: Any = rule
    if isinstance(rule, CoverageFloor):
        floor = rule.floor(case)
        yield _raised(rule, "heads", floor, range(1, floor + 1), -1)
    elif rule.id == "hours.average":
        hours = range(60, 8 * 60 + 1, 60)
        yield _raised(rule, "tolerance_minutes", known.tolerance_minutes, hours, 1)
        yield [_set(rule, "cycle", "month")] if known.cycle == "week" else []
        text = Text(
            "Allow overtime, where the law does (hours.overtime).",
            "在法律允许处安排加班(hours.overtime)。",
        )
        yield [(text, {"rules": {"hours.overtime": {"allowed": True}}})]
    elif rule.id == "rest.daily":
        yield _raised(rule, "hours", known.hours, range(1, int(known.hours) + 1), -1)
    elif rule.id not in (*FACTS, "leave.limit"):
        text = Text(
            f"Leave out {rule.id} where that is lawful.",
            f"在合法的前提下停用 {rule.id}。",
        )
        yield [(text, {"rules": {rule.id: {"enabled": False}}})]


def _raised(
    rule: Rule, name: str, value: float, steps: Iterable[int], sign: int
) -> list[Edit]:
    return [_set(rule, name, value + sign * step) for step in steps]


def _set(rule: Rule, name: str, value: object) -> Edit:
    text = Text(
        f"Set {name} of {rule.id} to {value}.", f"将 {rule.id} 的 {name} 设为 {value}。"
    )
    return text, {"rules": {rule.id: {name: value}}}


def _hire(case: Case, conflict: Conflict) -> list[Edit]:
    """Hire people like the one who may work most where the floor is too high."""
    days = sorted({day for _, day, _ in conflict.parts})
    open_cells = case.free_to_work[:, days].sum(axis=(1, 2))
    plain = [not agent.roles for agent in case.agents]
    like = case.agents[int(np.argmax(open_cells * 2 + plain))].id
    ladder: list[Edit] = []
    for count in range(1, MOST + 1):
        people = Text(f"Hire {count} like {like}.", f"增员 {count} 人,条件同 {like}。")
        ladder.append((people, {"hire": [{"like": like, "count": count}]}))
    return ladder


# -- words ----------------------------------------------------------------------------


def _told(conflict: Conflict, rule: Rule) -> Text:
    """Return what a rule of a conflict says, on which days, and whom it meets."""
    case = conflict.case
    meaning = rule.meaning.format(rule=rule)
    days = _days(case, conflict.days(rule))
    who = _concerned(conflict, rule)
    return Text(
        f"{rule.id}: {meaning.en} {days}{who.en}",
        f"{rule.id}:{meaning.zh} {days}{who.zh}",
    )


def _days(case: Case, days: Sequence[int]) -> str:
    """Return days as ranges of dates.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> _days(tiny_case(people=1, days=7), [0, 1, 2, 5])
    '2026-03-02..2026-03-04, 2026-03-07'
    """
    breaks = [at + 1 for at, (a, b) in enumerate(pairwise(days)) if b - a > 1]
    ends = list(pairwise([0, *breaks, len(days)]))
    runs = [(days[first], days[last - 1]) for first, last in ends]
    return ", ".join(
        "..".join(str(case.clock.date(day)) for day in dict.fromkeys(run))
        for run in runs
    )


def _concerned(conflict: Conflict, rule: Rule) -> Text:
    """Return the people a rule meets there, where they are not all."""
    case, days = conflict.case, conflict.days(rule)
    if rule.id == "leave.day":
        people: Iterable[int] = np.flatnonzero(case.on_leave[:, days].any(axis=1))
    elif rule.id == "leave.limit":
        dates = [case.clock.date(day) for day in days]
        kind: Any = rule
        people = {
            one.agent
            for one in case.leave
            if one.kind == kind.kind
            and any(one.first <= on <= one.last for on in dates)
        }
    elif rule.id == "eligibility" and not conflict.people(rule):
        shifts = case.may.sum(axis=2)
        fewer = shifts[:, days] < shifts.max(axis=1, keepdims=True)
        people = np.flatnonzero(fewer.any(axis=1))
    else:
        people = conflict.people(rule)
    names = [case.agents[int(one)].id for one in sorted(people)]
    if not names:
        return Text("", "")
    some = _some(names)
    return Text(f" ({some.en})", f"({some.zh})")


def _some(names: Sequence[object]) -> Text:
    """Return names, the first few where there are many."""
    shown, more = ", ".join(map(str, names[:SHOWN])), len(names) - SHOWN
    if more <= 0:
        return Text(shown, shown.replace(", ", "、"))
    return Text(
        f"{shown} and {more} more", f"{shown.replace(', ', '、')}等 {len(names)} 人"
    )
