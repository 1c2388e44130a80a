"""Conflict: a few rules on a few days that no roster can all keep, and its proof."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from constraints.case import Case
from constraints.roster import Roster
from constraints.rule import Rule, Where
from scheduler.engine.linear import Stated, impossible
from scheduler.engine.model import RosterModel
from scheduler.engine.precheck import scarce_cycles
from scheduler.engine.solver import Budget, run

Place = tuple[str, int]  # id of a rule, and day
Part = tuple[str, int, int | None]  # the same of one person; None = of all people

UNPRESOLVED = {"cp_model_presolve": False}
"""Models that guards leave mostly empty: 0.4 to 0.8 s instead of 6 for 60 people."""
HOURS = ("coverage.floor", "hours.average", "eligibility", "leave.day")
"""Rules by which the hours of a cycle may be too few."""
AGAIN = 10.0  # seconds for another solver
LONGEST = 20.0  # work for one question whether some parts can all be kept


@dataclass(frozen=True)
class Conflict:
    """Parts of hard rules that no roster can all keep.

    Attributes
    ----------
    case
        The case.
    parts
        Rule, day and person of each; without a person where all are meant.
    minimal
        Whether there is a roster as soon as any part is left out.
    """

    case: Case
    parts: tuple[Part, ...]
    minimal: bool

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the order of the rule book."""
        ids = {id for id, _, _ in self.parts}
        return tuple(rule for rule in self.case.rules if rule.id in ids)

    def days(self, rule: Rule) -> list[int]:
        """Return the days on which a rule takes part."""
        return sorted({day for id, day, _ in self.parts if id == rule.id})

    def people(self, rule: Rule) -> list[int]:
        """Return the people of whom a rule takes part; none where all are meant."""
        found = {agent for id, _, agent in self.parts if id == rule.id}
        return sorted(agent for agent in found if agent is not None)


class Guarded(RosterModel):
    """A model of hard rules each part of which can be asked for or left alone.

    Leave, pins and what people may work are rules like others: every cell is open to
    every shift, so that these can be part of a conflict too.

    Parameters
    ----------
    case
        The case.
    rules
        Hard rules to state.
    agents
        People whose days are open; all where left out.
    meant
        Rules and days to look at; all where left out.
    days
        Days that are open, where others do not matter; all where left out.
    """

    def __init__(
        self,
        case: Case,
        rules: Sequence[Rule],
        agents: Iterable[int] | None = None,
        meant: Set[Place] | None = None,
        days: range | None = None,
    ) -> None:
        self._meant = meant
        self._amounts: dict[Place, list[Any]] = defaultdict(list)
        self.sure = True  # until a question stays open
        cells = np.zeros((len(case.agents), case.days), bool)
        people = range(len(cells)) if agents is None else list(agents)
        cells[np.ix_(people, range(case.days) if days is None else days)] = True
        allowed = np.ones((*cells.shape, len(case.shifts)), bool)
        super().__init__(Roster.empty(case), rules, cells, allowed=allowed)
        self.guards = {place: self._guard(place) for place in self._amounts}

    @property
    def _enforced(self) -> bool:
        return False

    def _pay(self, amount: Any, where: Where, price: int | None) -> None:
        day = where.day
        if where.interval is not None:
            day = int(self.case.clock.days_of_intervals[where.interval])
        place = (self._rule.id, day or 0)
        if self._meant is None or place in self._meant:
            self._amounts[place].append(amount)

    def _guard(self, place: Place) -> Any:
        """Return a literal that is true only where all amounts of a place are 0."""
        guard = self.cp.new_bool_var("")
        for amount in self._amounts[place]:
            if not isinstance(amount, int):
                self.cp.add(amount <= 0).only_enforce_if(guard)
            elif amount > 0:
                self.cp.add_bool_or([~guard])
        return guard

    @property
    def hopeless(self) -> list[Place]:
        """Parts that are broken already by what is fixed, whatever is rostered."""
        return [
            part
            for part, amounts in self._amounts.items()
            if any(isinstance(amount, int) and amount > 0 for amount in amounts)
        ]

    def refuted(self, parts: Iterable[Place], budget: Budget, seed: int) -> bool:
        """Whether it is proved that no roster keeps all of some parts."""
        self._ask(parts)
        outcome = run(
            self.cp,
            budget,
            seconds=budget.left,
            effort=LONGEST,
            seed=seed,
            workers=2,
            parameters=UNPRESOLVED,
        )
        self.sure &= outcome.infeasible or outcome.found
        return outcome.infeasible

    def refuted_again(self, budget: Budget, seed: int) -> bool:
        """Whether HiGHS proves the same of all parts; or else CP-SAT in its usual ways.

        HiGHS lets fractions through. The first proof was by CP-SAT without presolve,
        of some parts of more.
        """
        if self.refuted_by_sums(budget):
            return True
        return run(
            self.cp, budget, seconds=budget.left, effort=LONGEST, seed=seed, workers=2
        ).infeasible

    def refuted_by_sums(self, budget: Budget) -> bool:
        """Whether HiGHS proves that not even fractions of people keep all parts."""
        self._ask(self.guards)
        seconds = min(AGAIN, budget.left)
        return bool(self.hopeless) or impossible(self.cp, seconds, whole=False)

    def _ask(self, parts: Iterable[Place]) -> None:
        asked = set(parts)
        for part, guard in self.guards.items():
            domain = self.cp.proto.variables[guard.index].domain
            domain.clear()
            domain.extend([1, 1] if part in asked else [0, 0])


class Summed(Guarded):
    """The same asked of linear arithmetic, which suits sums of hours over many."""

    def refuted(self, parts: Iterable[Place], budget: Budget, seed: int) -> bool:
        """Whether no roster keeps all of some parts, even with fractions of people."""
        asked = set(parts)
        values = {g.index: int(part in asked) for part, g in self.guards.items()}
        self.sure = False  # what fractions can do people may not
        return self._stated.impossible(values, budget.left)

    @cached_property
    def _stated(self) -> Stated:
        return Stated(self.cp, whole=False)


def find_conflict(case: Case, budget: Budget, seed: int = 1) -> Conflict | None:
    """Return a few parts of hard rules that cannot all be kept, where that is proved.

    First it looks at what is fixed alone, then at one person at a time, then at all
    together. None says that there is no conflict, or none proved in time.

    Parameters
    ----------
    case
        The case.
    budget
        What may be spent.
    seed
        Random seed of the solver.

    Examples
    --------
    Two people are on annual leave on a day on which one may be:

    >>> from dataclasses import replace
    >>> from datetime import date
    >>> from constraints import read_rules
    >>> from constraints.case import Leave
    >>> from constraints.examples import tiny_case
    >>> case = tiny_case(people=3, days=3, rules=read_rules("bank"))
    >>> on = date(2026, 3, 3)
    >>> leave = [Leave(agent=n, first=on, last=on, kind="annual") for n in (0, 2)]
    >>> find_conflict(replace(case, leave=tuple(leave)), Budget(60.0)).parts
    (('leave.limit', 1, None),)

    Notes
    -----
    QuickXplain (U. Junker, AAAI 2004): halves are added and left out, so that a
    conflict of k among n parts takes some k log(n / k) questions.
    """
    for model, agent in _models(case):
        parts = model.hopeless[:1] or _smallest(model, budget, seed)
        if parts:
            named = sorted((id, day, agent) for id, day in parts)
            return Conflict(case, tuple(named), model.sure and not budget.over)
        if budget.over:
            break
    return None


def restated(conflict: Conflict, case: Case) -> Guarded:
    """Return a model of nothing but the parts of a conflict, in a case like its own."""
    agents = {agent for _, _, agent in conflict.parts}
    ids = {rule.id for rule in conflict.rules}
    return Guarded(
        case,
        [rule for rule in case.rules if rule.id in ids and rule.penalty is None],
        None if None in agents else [one for one in agents if one is not None],
        meant={part[:2] for part in conflict.parts},
    )


def proved_again(conflict: Conflict, budget: Budget, seed: int = 2) -> bool:
    """Whether another solver, or another way to solve, proves a conflict again."""
    return restated(conflict, conflict.case).refuted_again(budget, seed)


def _models(case: Case) -> Iterator[tuple[Guarded, int | None]]:
    """Yield models to look for a conflict in: a person, a cycle of hours, everybody."""
    hard = [rule for rule in case.rules if rule.penalty is None]
    own = [rule for rule in hard if not rule.joint]
    for agent in _unlike(case):
        yield Guarded(case, own, [agent]), agent
    few = [rule for rule in hard if rule.id in HOURS]
    for days in scarce_cycles(case):
        meant = {(rule.id, day) for rule in few for day in days}
        near = range(max(0, days.start - 1), days.stop)  # a night reaches in
        yield Summed(case, few, meant=meant, days=near), None
    yield Guarded(case, hard), None


def _unlike(case: Case) -> list[int]:
    """Return one person of each kind of those whose days are the same to the rules."""
    kinds: dict[tuple[object, ...], int] = {}
    for number, agent in enumerate(case.agents):
        limits = [limit for limit in case.limits if limit.agent == number]
        given = (case.may, case.on_leave, case.pins, case.history)
        days = (table[number].tobytes() for table in given)
        told = [(limit.rule, limit.parameter, limit.value) for limit in limits]
        kinds.setdefault((agent.hours_per_week, *days, *told), number)
    return list(kinds.values())


def _smallest(model: Guarded, budget: Budget, seed: int) -> list[Place]:
    """Return parts that cannot all be kept, none of which can be left out."""

    def search(known: list[Place], new: bool, parts: list[Place]) -> list[Place]:
        if new and model.refuted(known, budget, seed):
            return []
        if len(parts) == 1:
            return parts
        first, second = parts[: len(parts) // 2], parts[len(parts) // 2 :]
        late = search([*known, *first], True, second)
        return late + search([*known, *late], bool(late), first)

    every = sorted(model.guards, key=str)
    return search([], False, every) if model.refuted(every, budget, seed) else []
