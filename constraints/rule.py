"""The rule pattern: what a rule is, how it speaks to a solver, what an audit finds."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.roster import Roster

Literal = Any  # true or false: a solver's variable, or 0 and 1 where it is fixed
Terms = Sequence[tuple[int, Literal]]  # a weighted sum of literals


@dataclass(frozen=True)
class Text:
    """One sentence in English and in Chinese, with places for facts."""

    en: str
    zh: str

    def format(self, **facts: object) -> "Text":
        """Return the sentence with its facts filled in."""
        return Text(self.en.format(**facts), self.zh.format(**facts))


@dataclass(frozen=True, order=True)
class Where:
    """The place a charge belongs to; indices, None where a part is not meant."""

    agent: int | None = None
    day: int | None = None
    interval: int | None = None
    queue: int | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What ``check`` measured in one place.

    Attributes
    ----------
    where
        The place.
    amount
        How much, in the rule's unit; above zero.
    price
        Cost of a unit where it differs from the rule's penalty.
    facts
        Numbers for the sentence.
    """

    where: Where
    amount: int
    price: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One row of an audit.

    Attributes
    ----------
    rule, severity, unit
        Rule id; ``hard`` or ``soft``; unit of the amount.
    where
        Person, day, interval, queue.
    amount, cost
        How much, and what it costs in the objective (0 where hard).
    text
        The sentence.
    """

    rule: str
    severity: str
    where: Where
    amount: int
    unit: str
    cost: int
    text: Text


class Draft(Protocol):
    """The verbs in which a rule states its wishes to a solver.

    Literals are opaque: a rule combines them by these verbs only. A charge is a wish;
    whether it is forbidden, priced or guarded is the draft's business. Literals of
    fixed cells are the integers 0 and 1, so history needs no branch of its own.

    Attributes
    ----------
    case
        The case.
    agents
        People with an open cell; rules about one person look at these only.
    days
        Days of the horizon on which a rule about one person may charge.
    """

    case: Case
    agents: Sequence[int]
    days: Sequence[int]

    @property
    def intervals(self) -> Sequence[int]:
        """Intervals that open cells can change."""

    def works(self, agent: int, day: int, shift: int) -> Literal:
        """Return whether a person starts a shift on a day."""

    def any_shift(self, agent: int, day: int, shifts: Iterable[int]) -> Literal:
        """Return whether a person starts one of some shifts on a day."""

    def working(self, agent: int, day: int) -> Literal:
        """Return whether a person starts any shift on a day."""

    def off(self, agent: int, day: int) -> Literal:
        """Return whether a person starts no shift on a day."""

    def paid(self, agent: int, day: int) -> Terms:
        """Return the paid minutes of a person on a day."""

    def touches(self, columns: range) -> bool:
        """Return whether open cells can change anything on some columns."""

    def no(self, literal: Literal) -> Literal:
        """Return the opposite of a literal."""

    def on_phone(self, interval: int) -> Terms:
        """Return the heads on the phone in an interval."""

    def answer(self, interval: int, short: int, over: int) -> None:
        """Charge heads short and over of all queues, split as well as can be.

        Parameters
        ----------
        short, over
            Price of a head short there, and of a head over, in any queue.
        """

    def scheduled(self, interval: int) -> Terms:
        """Return the heads in a shift in an interval."""

    def on_break(self, interval: int) -> Terms:
        """Return the heads on a break in an interval."""

    def breaks_taken(self) -> Iterator[tuple[Where, Literal, int, int, Any]]:
        """Yield place, literal, start, end and breaks of each way to break a shift."""

    def overtime(self, agent: int, day: int) -> Terms:
        """Return the overtime minutes booked on a day."""

    def any_of(self, literals: Sequence[Literal]) -> Literal:
        """Return whether one of some literals is true."""

    def forced(self, causes: Sequence[Sequence[Literal]]) -> Literal:
        """Return a literal that is true whenever one of the sets is wholly true.

        Use it where truth costs: nothing else holds it down.
        """

    def witness(self, blockers: Sequence[Sequence[Literal]]) -> Literal:
        """Return a literal that may be true only while no set is wholly true.

        Use it where truth helps: nothing else pushes it up.
        """

    def reaches(self, terms: Terms, least: int) -> Literal:
        """Return a literal that is true exactly when a sum reaches a number."""

    def charge(self, literal: Literal, where: Where, *, amount: int = 1) -> None:
        """Charge an amount where a literal is true."""

    def forbid(self, literals: Sequence[Literal], where: Where) -> None:
        """Charge 1 where all literals are true."""

    def clash(
        self,
        first: Sequence[Literal],
        second: Sequence[Literal],
        amounts: NDArray[np.int64],
        where: Where,
    ) -> None:
        """Charge ``amounts[i, j]`` where ``first[i]`` and ``second[j]`` are true.

        At most one literal of each side can be true at a time.
        """

    def at_most(
        self,
        terms: Terms,
        most: int,
        where: Where,
        *,
        price: int | None = None,
        step: int = 1,
    ) -> None:
        """Charge what a sum has beyond a number, in steps begun."""

    def at_least(
        self,
        terms: Terms,
        least: int,
        where: Where,
        *,
        price: int | None = None,
        step: int = 1,
    ) -> None:
        """Charge what a sum lacks of a number, in steps begun."""

    def share_at_most(
        self, part: Terms, whole: Terms, share: float, where: Where
    ) -> None:
        """Charge what ``part`` has beyond ``max(1, floor(share * whole))``."""

    def spread(
        self, shares: Sequence[tuple[Terms, int, int]], most: int, where: Where
    ) -> None:
        """Charge what highest less lowest share has beyond a number.

        A share is a sum times a numerator by a denominator, rounded half up.
        """


@dataclass(frozen=True)
class Memory:
    """What a rule keeps in mind of a person's days to charge for the next one.

    Attributes
    ----------
    start
        State before the first column of the span.
    step
        Returns, from a state, a column, the shift started (or ``OFF``) and the context
        of the column, the state after it and the amount charged; 0 for days before the
        horizon. What has to be charged at the end of the span is charged on its last
        column.
    sees
        Returns what it sees of each shift in a column: shifts seen alike lead from
        each state to the same one at the same charge. None: it tells all apart.
    """

    start: Hashable
    step: Callable[[Any, int, int, int], tuple[Hashable, int]]
    sees: Callable[[int], Sequence[Hashable]] | None = None


@dataclass(frozen=True)
class Tally:
    """What a rule adds up along a person's days, and what it may come to.

    Attributes
    ----------
    start
        State before the first day of the horizon.
    step
        Returns, from a state, a column and the shift started (or ``OFF``), the state
        after it and what is added; never less than nothing.
    least, most
        Limits of the total of each person; shape ``(agents,)``.
    sees
        What it sees of each shift in a column, as of a memory.
    """

    start: Hashable
    step: Callable[[Any, int, int], tuple[Hashable, int]]
    least: NDArray[np.int64]
    most: NDArray[np.int64]
    sees: Callable[[int], Sequence[Hashable]]

    def amount(self, agent: int, total: int) -> int:
        """Return how far a person's total lies outside its limits."""
        least, most = int(self.least[agent]), int(self.most[agent])
        return max(0, least - total) + max(0, total - most)


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """One rule: parameters, encoding, check, sentence and source in one place.

    Attributes
    ----------
    penalty
        Cost of ``per`` units of amount, or None where the rule is hard.

    Class attributes
    ----------------
    id, unit, text, meaning, source
        Name; unit of the amount; sentence of a violation; what the rule says; where
        it comes from.
    per
        Units of amount that are priced as one, begun ones counting whole.
    soft_only
        Whether the rule has no hard form.
    joint
        Whether it looks at several people at once.
    """

    id: ClassVar[str]
    unit: ClassVar[str]
    text: ClassVar[Text]
    meaning: ClassVar[Text]
    source: ClassVar[str]
    per: ClassVar[int] = 1
    soft_only: ClassVar[bool] = False
    joint: ClassVar[bool] = False

    penalty: int | None = None

    @abstractmethod
    def encode(self, draft: Draft) -> None:
        """State the rule to a solver."""

    @abstractmethod
    def check(self, roster: Roster) -> Iterator[Finding]:
        """Measure a finished roster, by other arithmetic than ``encode``."""

    # The third form of a rule about one person, for path search: what its memory
    # charges along a row, or its charges by cell, add up to what ``check`` finds.

    def memory(self, case: Case, agent: int) -> Memory:
        """Return the rule as it goes along one person's days, overtime apart."""
        raise NotImplementedError(f"{self.id} has no memory.")

    def tallies(self, case: Case) -> Sequence[Tally]:
        """Return what the rule adds up over the horizon, where that is all it does.

        Paths go along totals instead of remembering them.
        """
        return ()

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return what the memory of each person depends on; equals share theirs."""
        return [()] * len(case.agents)

    def contexts(self, case: Case) -> NDArray[np.int64]:
        """Return what ``step`` has to know of a person's columns; ``(agents, span)``.

        Leave, say, where it changes what a day counts.
        """
        return np.zeros((len(case.agents), case.span), np.int64)

    def charges(self, case: Case) -> NDArray[np.int64] | None:
        """Return what each cell is charged by itself, where nothing is remembered.

        Shape ``(agents, days, shifts + 1)``, a day off coming last; None for rules
        with a memory.
        """
        return None

    def reach(self) -> int:
        """Return how many days after a shift the rule may still charge for it."""
        return 2

    @classmethod
    def parameters(cls) -> dict[str, object]:
        """Return parameter names and defaults, ``penalty`` left out."""
        return {f.name: f.default for f in fields(cls) if f.name != "penalty"}

    def cost(self, finding: Finding) -> int:
        """Return what a finding costs in the objective; 0 for a hard rule."""
        if self.penalty is None:
            return 0
        price = self.penalty if finding.price is None else finding.price
        return price * -(-finding.amount // self.per)


@dataclass(frozen=True)
class Audit:
    """What an audit found, and what it looked at."""

    violations: tuple[Violation, ...]
    rules: tuple[str, ...]
    cells: int

    @property
    def hard(self) -> tuple[Violation, ...]:
        """The hard violations."""
        return tuple(v for v in self.violations if v.severity == "hard")

    @property
    def cost(self) -> int:
        """The objective: cost of all soft violations."""
        return sum(v.cost for v in self.violations)

    def cost_by_rule(self) -> dict[str, int]:
        """Return cost by rule id, dearest first."""
        costs: dict[str, int] = {}
        for violation in self.violations:
            costs[violation.rule] = costs.get(violation.rule, 0) + violation.cost
        return dict(sorted(costs.items(), key=lambda item: -item[1]))

    def __repr__(self) -> str:
        """Say the outcome in one line."""
        soft = len(self.violations) - len(self.hard)
        return f"<Audit: {len(self.hard)} hard, {soft} soft, cost {self.cost}>"


def audit(roster: Roster, rules: Sequence[Rule] | None = None) -> Audit:
    """Hold a roster against the rules, without any solver.

    Parameters
    ----------
    roster
        Any roster: ours, handmade or edited.
    rules
        The rule book; the case's own where left out.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.rest import DailyRest
    >>> case = tiny_case()
    >>> found = audit(Roster.from_codes(case, ["ND-", "DD-"]), [DailyRest()])
    >>> [(v.rule, v.amount, v.unit) for v in found.violations]
    [('rest.daily', 540, 'min')]
    >>> print(found.violations[0].text.en)
    A1 rests 2 h before 2026-03-03; 11 h are due.
    """
    book = roster.case.rules if rules is None else rules
    found = tuple(
        _violation(roster.case, rule, finding)
        for rule in book
        for finding in rule.check(roster)
    )
    return Audit(found, tuple(rule.id for rule in book), int(roster.table.size))


def _violation(case: Case, rule: Rule, finding: Finding) -> Violation:
    where = finding.where
    facts: dict[str, object] = {
        "agent": "" if where.agent is None else case.agents[where.agent].id,
        "date": "" if where.day is None else case.clock.date(where.day).isoformat(),
        "time": "" if where.interval is None else _time(case, where.interval),
        "detail": where.detail,
        "amount": finding.amount,
        "rule": rule,
    }
    return Violation(
        rule=rule.id,
        severity="hard" if rule.penalty is None else "soft",
        where=where,
        amount=finding.amount,
        unit=rule.unit,
        cost=rule.cost(finding),
        text=rule.text.format(**(facts | dict(finding.facts))),
    )


def _time(case: Case, interval: int) -> str:
    return case.clock.local(int(case.clock.starts[interval])).strftime("%Y-%m-%d %H:%M")
