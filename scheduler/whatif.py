"""What-if: scenarios of one case solved beside each other, and what each rule costs."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from constraints.case import OFF, OPEN, Case
from constraints.leave import grant
from constraints.roster import Roster
from constraints.rule import Rule, audit
from forecasts.table import Problems
from scheduler.engine.breaks import place_breaks
from scheduler.engine.solve import solve
from scheduler.files.read import Plan, read_case
from scheduler.files.scenario import AS_IT_IS, Scenario
from scheduler.result import Result
from scheduler.summary import kpi

FACTS = ("shift.one", "leave.day", "eligibility")
"""Rules that say what is so, not what is wanted: there is no case without them."""
NEAR = 1.05  # of the cost as it is, up to which a roster is worth going on from
FIRST = 0.25  # share of the time for the case itself, where rules are priced


# -- scenarios ------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """One scenario: the edits, the case with them, and how it was solved."""

    scenario: Scenario
    plan: Plan
    result: Result


@dataclass(frozen=True)
class Comparison:
    """Scenarios of one case, solved; the case as it is comes first."""

    outcomes: tuple[Outcome, ...]

    def __repr__(self) -> str:
        """Say it in one line."""
        solved = sum(outcome.result.usable for outcome in self.outcomes)
        return f"<Comparison: {solved} of {len(self.outcomes)} scenarios with a roster>"

    def sure(self, outcome: Outcome) -> bool:
        """Whether a scenario's best cost is proved to differ from that as it is."""
        first, result = self.outcomes[0].result, outcome.result
        if not first.usable or not result.usable:
            return False
        assert first.cost is not None
        assert result.cost is not None
        return result.cost < first.bound or first.cost < result.bound

    def to_frame(self) -> pd.DataFrame:
        """Return one row a scenario: figures, then the cost of each rule.

        Returns
        -------
        pandas.DataFrame
            ``scenario``, ``edits``, ``status``, ``cost``, ``bound``, ``gap``, ``sure``
            (whether the best cost is proved to differ from that as it is), ``people``,
            ``short_hours`` and ``over_hours`` (head hours), ``service_level``,
            ``paid_hours``, ``overtime_hours``, ``nights`` (shifts), ``requests_met``,
            ``requests``, then ``cost <rule>`` of each rule that any roster pays.
        """
        rows = [self._row(outcome) for outcome in self.outcomes]
        frame = pd.DataFrame(rows)
        costs = frame.columns[frame.columns.str.startswith("cost ")]
        dearest = frame[costs].max().sort_values(ascending=False).index
        order = [*frame.columns.difference(costs, sort=False), *dearest]
        solved = frame["cost"].notna()
        frame.loc[solved, costs] = frame.loc[solved, costs].fillna(0)
        return frame[order]

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        result, plan = outcome.result, outcome.plan
        row: dict[str, Any] = {
            "scenario": outcome.scenario.name,
            "edits": "; ".join(outcome.scenario.told()),
            "status": result.status,
            "cost": None,
            "bound": result.bound,
            "gap": None,
            "sure": self.sure(outcome),
            "people": staffed(plan.case),
        }
        if not result.usable:
            return row
        assert result.roster is not None
        assert result.audit is not None
        figures = kpi(result.roster, result.audit)
        keys = ("short_hours", "over_hours", "service_level", "paid_hours")
        return {
            **row,
            "cost": result.cost,
            "gap": None if result.gap is None else round(result.gap, 4),
            **{key: figures[key] for key in keys},
            "overtime_hours": float(result.roster.overtime.sum() / 60),
            "nights": sum(one["nights"] for one in figures["agents"].values()),
            "requests_met": figures["requests_met"],
            "requests": figures["requests"],
            **{f"cost {rule}": cost for rule, cost in figures["cost_by_rule"].items()},
        }


def staffed(case: Case) -> int:
    """Return how many people are employed on any day of the horizon."""
    return int(case.employed[:, case.past :].any(axis=1).sum())


OnDone = Callable[[Outcome], None]


def compare(
    path: Path | str,
    scenarios: Iterable[Scenario],
    *,
    seconds: float | None = None,
    effort: float | None = None,
    seed: int | None = None,
    workers: int | None = None,
    stop: threading.Event | None = None,
    on_done: OnDone | None = None,
) -> Comparison:
    """Solve a case as it is and under scenarios, and put them side by side.

    A scenario begins with the best roster that any before it left, where that costs
    little more there than at home, so that the time goes where they differ; from the
    ground otherwise. In the end none is dearer than that of another in its place.

    Parameters
    ----------
    path
        Folder or workbook of the case.
    scenarios
        Edits; each name once.
    seconds, seed, workers
        For each solve; what the case, or the scenario, says where left out.
    effort
        Work for each solve, as of `solve`.
    stop
        Set it to end early; what is done by then comes back.
    on_done
        Called with each outcome.

    Raises
    ------
    InputError
        With the problems of the case and of all scenarios, before any is solved.
    """
    problems, plans = Problems(), [(AS_IT_IS, read_case(path))]
    for scenario in scenarios:
        plan = problems.attempt(partial(read_case, path, scenario))
        plans += [(scenario, plan)] if plan is not None else []
    problems.raise_if_any()
    outcomes: list[Outcome] = []
    for scenario, plan in plans:
        if stop is not None and stop.is_set():
            break
        start = best_of(plan.case, _rosters(outcomes))
        if start is not None and audit(start).cost > NEAR * _home(outcomes):
            start = None
        settings = plan.settings
        result = solve(
            plan.case,
            seconds=settings.seconds if seconds is None else seconds,
            seed=settings.seed if seed is None else seed,
            workers=settings.workers if workers is None else workers,
            effort=effort,
            stop=stop,
            start=start,
        )
        outcomes.append(Outcome(scenario, plan, result))
        if on_done is not None:
            on_done(outcomes[-1])
    return Comparison(tuple(_shared(outcome, outcomes) for outcome in outcomes))


def _home(outcomes: Sequence[Outcome]) -> int:
    """Return the cost of the case as it is; 0 where it has no roster."""
    return outcomes[0].result.cost or 0


def _rosters(outcomes: Iterable[Outcome]) -> Iterator[Roster]:
    for outcome in outcomes:
        if outcome.result.usable and outcome.result.roster is not None:
            yield outcome.result.roster


def _shared(outcome: Outcome, others: Sequence[Outcome]) -> Outcome:
    """Return an outcome with the roster of another, where that is cheaper."""
    rosters = _rosters(other for other in others if other is not outcome)
    found = best_of(outcome.plan.case, rosters)
    return replace(outcome, result=with_roster(outcome.result, found))


def with_roster(result: Result, roster: Roster | None) -> Result:
    """Return a result with another roster of its case, where that is cheaper."""
    if roster is None:
        return result
    found = audit(roster)
    if found.hard or (result.usable and (result.cost or 0) <= found.cost):
        return result
    status = "optimal" if found.cost == result.bound else "feasible"
    return replace(result, roster=roster.serve(), audit=found, status=status)


# -- more people, or fewer ------------------------------------------------------------


def staffings(
    case: Case, changes: Iterable[int], like: str | None = None
) -> list[Scenario]:
    """Return a scenario for each change of the number of people, but for none.

    Parameters
    ----------
    case
        The case.
    changes
        People hired, or, below zero, gone: the last ones of the same contract.
    like
        Id of the person whom those hired are like and those gone have the contract of;
        the first of the commonest contract where left out.

    Raises
    ------
    ValueError
        Where there is no such person, or fewer alike than are to go.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> for scenario in staffings(tiny_case(people=4), (-1, 0, 2)):
    ...     print(scenario)
    <Scenario -1: without agents agent A4>
    <Scenario +2: hire like A1, count 2>
    """
    kinds: dict[str, tuple[object, ...]] = {
        agent.id: (agent.hours_per_week, agent.skills, agent.classes, agent.roles)
        for agent in case.agents
    }
    if like is None:
        common = Counter(kinds.values()).most_common(1)[0][0]
        like = next(id for id, kind in kinds.items() if kind == common)
    if like not in kinds:
        raise ValueError(f"Expected an agent of the case, got {like}.")
    alike = [id for id, kind in kinds.items() if kind == kinds[like]]
    scenarios = []
    for change in changes:
        if -change > len(alike):
            raise ValueError(
                f"Expected at least {-len(alike)}, as {len(alike)} people are like "
                f"{like}, got {change}."
            )
        gone = [{"agent": id} for id in alike[len(alike) + min(0, change) :]]
        edits = (
            {"hire": [{"like": like, "count": change}]}
            if change > 0
            else {"without": {"agents": gone}}
        )
        scenarios += [Scenario(f"{change:+}", edits)] if change else []
    return scenarios


# -- a roster in another case ---------------------------------------------------------


def best_of(case: Case, rosters: Iterable[Roster]) -> Roster | None:
    """Return the best of some rosters of other cases, in this one; None without any."""
    moved = [move(roster, case) for roster in rosters]
    found = [(audit(roster), number) for number, roster in enumerate(moved)]
    ranked = sorted((len(one.hard), one.cost, number) for one, number in found)
    return moved[ranked[0][2]] if ranked else None


def move(roster: Roster, case: Case) -> Roster:
    """Return a roster as it would be in a case much like its own.

    People and shifts are known again by their ids. What may not be worked there is
    off, pins are kept, and who is new has nothing yet. Breaks stay where no shift
    changes, and are placed anew otherwise.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> three, two = tiny_case(people=3, days=3), tiny_case(people=2, days=3)
    >>> move(Roster.from_codes(two, ["DD-", "-NN"]), three).codes()
    ['DD-', '-NN', '---']
    """
    before = roster.case
    table = np.full((len(case.agents), case.days), OFF, np.int16)
    overtime = np.zeros(table.shape, np.int64)
    rows = {agent.id: number for number, agent in enumerate(before.agents)}
    codes = {shift.code: number for number, shift in enumerate(case.shifts)}
    shifts = np.array([codes.get(s.code, OFF) for s in before.shifts] + [OFF], np.int16)
    people = [
        (number, rows[agent.id])
        for number, agent in enumerate(case.agents)
        if agent.id in rows
    ]
    for now, then in people:
        table[now] = shifts[roster.table[then]]
        overtime[now] = roster.overtime[then]
    asked = table.copy()
    allowed = np.concatenate(
        [case.free_to_work, np.ones((*table.shape, 1), bool)], axis=2
    )
    table[~np.take_along_axis(allowed, table[..., None], 2)[..., 0]] = OFF
    table = np.where(case.pins != OPEN, case.pins, table).astype(np.int16)
    overtime[table == OFF] = 0
    moved = Roster(case, table, overtime=overtime)
    same = before.shifts == case.shifts[: len(before.shifts)] and (table == asked).all()
    if not same or roster.duties is None:
        return place_breaks(moved)
    now_of = {then: now for now, then in people}
    if len(now_of) < len(before.agents):
        return place_breaks(moved)
    number = np.array([now_of[then] for then in range(len(before.agents))], np.intp)
    return moved.with_duties(replace(roster.duties, agent=number[roster.duties.agent]))


# -- what each rule costs -------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RuleCost:
    """What the best roster would cost less without one rule.

    Attributes
    ----------
    rule
        The rule left out.
    charged
        What it charges the roster as it is.
    saved
        Cost as it is less cost without it: the estimate.
    least, most
        What it costs lies between these, by both proofs.
    gap
        Of the result without it.
    """

    rule: Rule
    charged: int
    saved: int
    least: int
    most: int
    gap: float

    @property
    def sure(self) -> bool:
        """Whether it is proved to cost anything: not within the noise of the gaps."""
        return self.least > 0


@dataclass(frozen=True)
class RuleCosts:
    """What each rule costs, dearest first, beside the case as it is.

    Attributes
    ----------
    whole
        The case under all its rules.
    costs
        One a rule.
    """

    whole: Result
    costs: tuple[RuleCost, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a rule: what is known of its cost, and whether it is hard."""
        return pd.DataFrame(
            [
                {
                    "rule": one.rule.id,
                    "hard": one.rule.penalty is None,
                    "charged": one.charged,
                    "saved": one.saved,
                    "least": one.least,
                    "most": one.most,
                    "gap": round(one.gap, 4),
                    "sure": one.sure,
                }
                for one in self.costs
            ]
        )


def rule_costs(
    case: Case,
    *,
    seconds: float = 240.0,
    effort: float | None = None,
    seed: int = 1,
    workers: int = 0,
    stop: threading.Event | None = None,
    on_done: Callable[[Rule, Result], None] | None = None,
) -> RuleCosts:
    """Leave out each rule in turn, and rank the rules by what that saves.

    Parameters
    ----------
    case
        Its rules are looked at, but those that say what is so (`FACTS`).
    seconds, effort
        For all solves together; the case as it is has a quarter of it.
    seed, workers
        As of `solve`.
    stop
        Set it to end early; the rules that are done come back.
    on_done
        Called with each rule and the result without it.

    Returns
    -------
    RuleCosts
        Without any cost where the case has no legal roster to begin with.
    """
    rules = [rule for rule in case.rules if rule.id not in FACTS]

    def run(one: Case, share: float, start: Roster | None) -> Result:
        return solve(
            one,
            seconds=seconds * share,
            effort=None if effort is None else effort * share,
            seed=seed,
            workers=workers,
            stop=stop,
            start=start,
        )

    whole = run(case, FIRST, None)
    if not whole.usable:
        return RuleCosts(whole, ())
    without: list[tuple[Rule, Result]] = []
    for rule in rules:
        if stop is not None and stop.is_set():
            break
        less = grant(case.with_rules([one for one in case.rules if one is not rule]))
        start = best_of(less, [whole.roster] if whole.roster is not None else ())
        result = run(less, (1 - FIRST) / len(rules), start)
        without.append((rule, result))
        if on_done is not None:
            on_done(rule, result)
    # A roster found without a rule may keep it all the same.
    rosters = [result.roster for _, result in without if result.roster is not None]
    whole = with_roster(whole, best_of(case, rosters))
    costs = [_cost_of(rule, whole, result) for rule, result in without]
    return RuleCosts(whole, tuple(sorted(costs, key=lambda one: -one.saved)))


def _cost_of(rule: Rule, whole: Result, without: Result) -> RuleCost:
    """Return what a rule costs, from the results with and without it."""
    assert whole.audit is not None
    assert whole.cost is not None
    assert whole.roster is not None
    if without.roster is not None:  # what stands with the rule stands without it
        stands = move(whole.roster, without.roster.case)
        without = with_roster(without, stands)
    cost = without.cost if without.usable and without.cost is not None else whole.cost
    bound = min(without.bound, cost)
    saved = whole.cost - cost  # below zero where more leave is granted, or paid for
    return RuleCost(
        rule=rule,
        charged=whole.audit.cost_by_rule().get(rule.id, 0),
        saved=saved,
        least=min(saved, max(0, whole.bound - cost)),
        most=whole.cost - bound,
        gap=(cost - bound) / max(1, cost),
    )
