"""What a change of a roster breaks, and what becomes of coverage and hours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.cycle import cycles, leave_credit
from constraints.hours import HoursAverage
from constraints.roster import Duties, Roster
from constraints.rule import Finding, Rule, Violation, Where, audit
from forecasts.requirement import Requirement
from scheduler.desk.sheet import Sheet
from scheduler.summary import service_level

AHEAD = 14
"""Days of the next period that are looked at."""
Amounts = Mapping[tuple[str, Where], int]


@dataclass(frozen=True)
class Move:
    """A shift that goes from one person to another, by index."""

    giver: int
    taker: int
    day: int
    shift: int


def handed_over(roster: Roster, moves: Sequence[Move]) -> Roster:
    """Return a roster with shifts in other hands: their breaks and overtime go along.

    A shift that comes to somebody who has one that day stands beside it, for the audit
    to find.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> roster = Roster.from_codes(tiny_case(), ["DN-", "-NN"])
    >>> handed_over(roster, [Move(0, 1, 0, 0), Move(1, 0, 2, 2)]).codes()
    ['-NN', 'DN-']
    """
    table, overtime = roster.table.copy(), roster.overtime.copy()
    extra = list(roster.extra)
    for move in moves:
        table[move.giver, move.day], overtime[move.giver, move.day] = OFF, 0
    for move in moves:
        if table[move.taker, move.day] == OFF:
            table[move.taker, move.day] = move.shift
        else:
            extra.append((move.taker, move.day, move.shift))
        overtime[move.taker, move.day] += roster.overtime[move.giver, move.day]
    return Roster(roster.case, table, _along(roster, moves), tuple(extra), overtime)


def _along(roster: Roster, moves: Sequence[Move]) -> Duties:
    """Return the duties, with those of shifts that change hands."""
    duties = roster.duties or Duties.of(())
    agents = duties.agent.copy()
    for move in moves:
        theirs = (duties.agent == move.giver) & (duties.day == move.day)
        agents[theirs] = move.taker
    return replace(duties, agent=agents).beside(Duties.of(()))


def without(roster: Roster, agent: int, days: Iterable[int]) -> Roster:
    """Return a roster in which a person has some days off, their breaks gone."""
    gone, away = sorted(days), roster.duties or Duties.of(())
    table, overtime = roster.table.copy(), roster.overtime.copy()
    table[agent, gone], overtime[agent, gone] = OFF, 0
    kept = ~((away.agent == agent) & np.isin(away.day, gone))
    extra = tuple(e for e in roster.extra if e[0] != agent or e[1] not in gone)
    return Roster(roster.case, table, away.pick(kept), extra, overtime)


@dataclass(frozen=True)
class Standing:
    """A published roster, with what it breaks already.

    Attributes
    ----------
    roster
        The roster.
    following
        The next period's, where it is published.
    """

    roster: Roster
    following: Sheet | None = None

    @cached_property
    def together(self) -> Amounts:
        """What it breaks of hard rules about several people."""
        return amounts(audit(self.roster, hard(self.roster.case, joint=True)).hard)

    @cached_property
    def soft(self) -> Amounts:
        """What it is charged for shares that are not even, by rule and place."""
        rules = [rule for rule in self.roster.case.rules if _is_fairness(rule)]
        return amounts(audit(self.roster, rules).violations)


@dataclass(frozen=True)
class Effects:
    """A change: the roster as it stands, as it would be, and who is concerned.

    Attributes
    ----------
    standing
        What stands.
    after
        The roster as it would be.
    people
        Those whose days change.
    """

    standing: Standing
    after: Roster
    people: Sequence[int]

    @property
    def before(self) -> Roster:
        """The roster that stands."""
        return self.standing.roster

    @cached_property
    def broken(self) -> tuple[Violation, ...]:
        """Hard rules broken that were not, or by more; across the seam, too."""
        found = list(self._broken_alone(self.before, self.after))
        if self.standing.following is not None:
            both = (
                extended(roster, self.standing.following)
                for roster in (self.before, self.after)
            )
            found += self._broken_alone(*both)
        together = audit(self.after, hard(self.after.case, joint=True)).hard
        found += anew(self.standing.together, together)
        return tuple({(v.rule, v.text.en): v for v in found}.values())

    def _broken_alone(self, before: Roster, after: Roster) -> Iterator[Violation]:
        rules = hard(after.case, joint=False)
        one, other = (
            audit(roster.of_people(self.people), rules).hard
            for roster in (before, after)
        )
        return anew(amounts(one), other)

    def of(self, *rules: str) -> list[Violation]:
        """Return what is newly broken of some rules, by id or by its first part."""
        return [
            violation
            for violation in self.broken
            if violation.rule in rules or violation.rule.split(".")[0] in rules
        ]

    @cached_property
    def unfair(self) -> tuple[Violation, ...]:
        """Shares that would be less even than they are."""
        rules = [rule for rule in self.after.case.rules if _is_fairness(rule)]
        return tuple(anew(self.standing.soft, audit(self.after, rules).violations))

    @cached_property
    def short_hours(self) -> tuple[float, float]:
        """Head-hours short before and after, all queues."""
        size = self.before.case.clock.interval_minutes / 60
        before, after = (_short(roster).sum() for roster in (self.before, self.after))
        return float(before * size), float(after * size)

    @cached_property
    def levels(self) -> tuple[float, float] | None:
        """Service level of the days concerned before and after, by calls.

        None where calls are not known, or heads do not change.
        """
        of = self.before.case.clock.days_of_intervals
        heads = self.before.phone_by_set != self.after.phone_by_set
        at = np.isin(of, of[heads.any(axis=0)])
        before, after = (service_level(r, at) for r in (self.before, self.after))
        return None if before is None or after is None else (before, after)

    @cached_property
    def shorter(self) -> NDArray[np.intp]:
        """Intervals with more heads short than before."""
        more = _short(self.after) > _short(self.before)
        return np.flatnonzero(more.any(axis=0))

    @cached_property
    def breaks_moved(self) -> set[int]:
        """Others whose breaks are at other times."""
        both = [roster.duties or Duties.of(()) for roster in (self.before, self.after)]
        one, other = (d.pick(~np.isin(d.agent, self.people)) for d in both)
        if len(one) == len(other) and (one.start == other.start).all():
            return set()
        return {agent for agent, *_ in set(one.rows()) ^ set(other.rows())}

    def minutes(self) -> Iterator[tuple[int, str, str, int, int, int]]:
        """Yield person, first and last day of a cycle, minutes before, after, and cap.

        Of each cycle in which somebody's minutes change.
        """
        one, other = (
            roster.of_people(self.people) for roster in (self.before, self.after)
        )
        both = [roster.paid + leave_credit(roster) for roster in (one, other)]
        rule = one.case.rule("hours.average")
        average = rule if isinstance(rule, HoursAverage) else HoursAverage()
        for cycle in cycles(one.case, average.cycle):
            columns = cycle.columns(one.case)
            caps = average.cap(one.case, cycle)
            sums = [m[:, columns.start : columns.stop].sum(axis=1) for m in both]
            for place in np.flatnonzero(sums[0] != sums[1]).tolist():
                yield (
                    self.people[place],
                    str(cycle.first),
                    str(cycle.last),
                    int(sums[0][place]),
                    int(sums[1][place]),
                    int(caps[place]),
                )


def hard(case: Case, *, joint: bool) -> list[Rule]:
    """Return the hard rules of a case about single people, or about several."""
    return [r for r in case.rules if r.penalty is None and r.joint == joint]


def _is_fairness(rule: Rule) -> bool:
    return rule.id.startswith("fairness.")


def amounts(violations: Iterable[Violation]) -> Amounts:
    """Return what is broken by how much, by rule and place."""
    return {(v.rule, v.where): v.amount for v in violations}


def anew(stood: Amounts, violations: Iterable[Violation]) -> Iterator[Violation]:
    """Yield what is broken that was not, or by more."""
    return (v for v in violations if v.amount > stood.get((v.rule, v.where), 0))


def _short(roster: Roster) -> NDArray[np.int64]:
    """Return heads short; shape ``(queues, intervals)``."""
    case = roster.case
    short = np.maximum(0, case.requirement.heads - roster.on_queue)
    return np.asarray(np.where(case.counted, short, 0))


def extended(roster: Roster, following: Sheet) -> Roster:
    """Return a roster with the first days of the next period, which nobody answers.

    For rules about single people: what several must do together is not asked there.
    """
    case = roster.case
    clock = replace(case.clock, days=case.days + AHEAD)
    heads = np.zeros((len(case.requirement.queues), clock.intervals), np.int64)
    requirement = Requirement(
        clock, case.requirement.queues, heads, np.zeros(clock.intervals, bool)
    )
    longer = replace(
        case,
        clock=clock,
        requirement=requirement,
        pins=np.zeros((0, 0), np.int16),
        cover=np.zeros((0, 0), np.int64),
    )
    found = replace(following, leave=()).roster(longer)
    table = found.table.copy()
    table[:, : case.days] = roster.table
    overtime = found.overtime.copy()
    overtime[:, : case.days] = roster.overtime
    return Roster(longer, table, overtime=overtime)


# -- many rows at once ----------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Other rows of people, judged by the rules about single people.

    Attributes
    ----------
    legal
        Whether a row breaks no hard rule that its person's own does not, or not by
        more; shape ``(rows,)``.
    cost
        What a row costs more by soft rules than its person's own; ``(rows,)``.
    """

    legal: NDArray[np.bool_]
    cost: NDArray[np.int64]


def judged(
    roster: Roster,
    people: Sequence[int],
    table: NDArray[np.int16],
    overtime: NDArray[np.int64] | None = None,
) -> Rows:
    """Judge rows that people could have in place of their own, all at once.

    Parameters
    ----------
    roster
        The roster that stands.
    people
        Whose row each is; somebody may have several.
    table
        The rows; shape ``(rows, days)``.
    overtime
        Minutes booked in them; the people's own where left out.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.rest import DailyRest
    >>> roster = Roster.from_codes(tiny_case(rules=(DailyRest(),)), ["D--", "N--"])
    >>> rows = np.array([[2, -1, -1], [2, 0, -1]], np.int16)  # N-- and ND-
    >>> judged(roster, [0, 0], rows).legal.tolist()
    [True, False]
    """
    own, place = np.unique(np.asarray(people, np.int64), return_inverse=True)
    stood = roster.of_people(own.tolist())
    others = roster.of_people(list(people), np.asarray(table, np.int16))
    if overtime is not None:
        others = replace(others, overtime=overtime)
    legal, cost = np.ones(len(table), bool), np.zeros(len(table), np.int64)
    for rule in roster.case.rules:
        if rule.joint:
            continue
        found, before = list(rule.check(others)), list(rule.check(stood))
        if rule.penalty is None:
            known = {one.where: one.amount for one in before}
            for one in found:
                row = one.where.agent or 0
                where = replace(one.where, agent=int(place[row]))
                legal[row] &= one.amount <= known.get(where, 0)
        else:
            cost += _spent(rule, found, len(table))
            cost -= _spent(rule, before, len(own))[place]
    return Rows(legal, cost)


def _spent(rule: Rule, found: Sequence[Finding], people: int) -> NDArray[np.int64]:
    """Return what a rule charges each person; shape ``(people,)``."""
    cost = np.zeros(people, np.int64)
    for one in found:
        cost[one.where.agent or 0] += rule.cost(one)
    return cost
