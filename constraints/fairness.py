"""Fairness: even shares of nights, weekends and hours, history included."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Rule, Text, Where

FULL_TIME = 2400


def present(case: Case) -> NDArray[np.int64]:
    """Return the known, employed, leave-free days of people; ``(agents,)``."""
    here = case.employed & ~case.on_leave
    here[:, : case.past] &= case.known[:, None]
    return np.asarray(here.sum(axis=1))


def sharers(case: Case, shifts: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
    """Return who may work some shifts on at least half of the horizon."""
    may = case.may[:, :, shifts].any(axis=2) & ~case.on_leave[:, case.past :]
    return np.flatnonzero(2 * may.sum(axis=1) >= case.days)


def _highest_less_lowest(
    case: Case, counts: NDArray[np.int64], people: NDArray[np.intp]
) -> int:
    """Return the spread of shares: counts pro rata to days, rounded half up."""
    if not people.size:
        return 0
    days = np.maximum(1, present(case)[people])
    shares = (2 * counts[people] * case.span + days) // (2 * days)
    return int(shares.max() - shares.min())


@dataclass(frozen=True)
class Shares:
    """What makes up people's shares, as a sum over their shifts.

    Attributes
    ----------
    people
        Who shares.
    weight
        What a shift adds; shape ``(span, shifts)``.
    factor
        What one of it counts in a person's share; shape ``(agents,)``.
    """

    people: NDArray[np.intp]
    weight: NDArray[np.float64]
    factor: NDArray[np.float64]


def _last(case: Case) -> Where:
    return Where(day=case.days - 1)


@dataclass(frozen=True, kw_only=True)
class FairnessNights(Rule):
    """Night shifts are shared evenly.

    Attributes
    ----------
    most_difference
        Nights between the highest and the lowest share that are not charged.
    """

    id = "fairness.nights"
    unit = "nights"
    joint = True
    meaning = Text(
        en="Shares of nights differ by at most {rule.most_difference}.",
        zh="夜班份额相差不超过 {rule.most_difference}。",
    )
    text = Text(
        en="Shares of nights differ by {amount} more than {rule.most_difference}.",
        zh="夜班份额差距比 {rule.most_difference} 多 {amount}。",
    )
    source = "Bank rule book R39"

    penalty: int | None = 5
    most_difference: int = 1

    def shares(self, case: Case) -> Shares:
        """Return what a night counts for whom."""
        nights = case.of_class("night")
        weight = np.zeros(case.paid.shape)
        weight[:, nights] = 1
        factor = case.span / np.maximum(1, present(case))
        return Shares(sharers(case, nights), weight, factor)

    def encode(self, draft: Draft) -> None:
        """Spread of each person's nights."""
        case, nights = draft.case, draft.case.of_class("night")
        days, shares = present(case), []
        for agent in sharers(case, nights):
            terms = [
                (1, draft.any_shift(int(agent), day, nights))
                for day in range(-case.past, case.days)
            ]
            shares.append((terms, case.span, max(1, int(days[agent]))))
        draft.spread(shares, self.most_difference, _last(case))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count nights of all people."""
        case = roster.case
        people = sharers(case, case.of_class("night"))
        counts = roster.works_class("night").sum(axis=1)
        beyond = _highest_less_lowest(case, counts, people) - self.most_difference
        if beyond > 0:
            yield Finding(where=_last(case), amount=beyond)


@dataclass(frozen=True, kw_only=True)
class FairnessWeekends(Rule):
    """Worked weekends are shared evenly; a weekend counts once.

    Attributes
    ----------
    most_difference
        Weekends between the highest and the lowest share that are not charged.
    """

    id = "fairness.weekends"
    unit = "weekends"
    joint = True
    meaning = Text(
        en="Shares of worked weekends differ by at most {rule.most_difference}.",
        zh="周末班份额相差不超过 {rule.most_difference}。",
    )
    text = Text(
        en="Shares of worked weekends differ by {amount} more than "
        "{rule.most_difference}.",
        zh="周末班份额差距比 {rule.most_difference} 多 {amount}。",
    )
    source = "Bank rule book R37, R39"

    penalty: int | None = 5
    most_difference: int = 1

    def shares(self, case: Case) -> Shares:
        """Return what a shift at a weekend counts for whom: half of it, about."""
        weight = np.zeros(case.paid.shape)
        for weekend in _weekends(case):
            weight[weekend] = 1 / len(weekend)
        factor = case.span / np.maximum(1, present(case))
        return Shares(sharers(case, range(len(case.shifts))), weight, factor)

    def encode(self, draft: Draft) -> None:
        """Spread of each person's weekends with a shift."""
        case, days, shares = draft.case, present(draft.case), []
        weekends = _weekends(case)
        for agent in sharers(case, range(len(case.shifts))):
            terms = [
                (
                    1,
                    draft.any_of(
                        [
                            draft.working(int(agent), column - case.past)
                            for column in weekend
                        ]
                    ),
                )
                for weekend in weekends
            ]
            shares.append((terms, case.span, max(1, int(days[agent]))))
        draft.spread(shares, self.most_difference, _last(case))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count weekends of all people."""
        case = roster.case
        counts = np.zeros(len(case.agents), np.int64)
        for weekend in _weekends(case):
            counts += roster.working[:, weekend].any(axis=1)
        people = sharers(case, range(len(case.shifts)))
        beyond = _highest_less_lowest(case, counts, people) - self.most_difference
        if beyond > 0:
            yield Finding(where=_last(case), amount=beyond)


def _weekends(case: Case) -> list[list[int]]:
    """Return the columns of each Saturday and Sunday, together."""
    weekends: dict[int, list[int]] = {}
    for column in range(case.span):
        weekday = case.clock.weekday(column - case.past)
        if weekday >= 5:
            saturday = case.clock.date(column - case.past).toordinal() - (weekday - 5)
            weekends.setdefault(saturday, []).append(column)
    return list(weekends.values())


@dataclass(frozen=True, kw_only=True)
class FairnessHours(Rule):
    """Paid hours are shared evenly, pro rata to contract and days present.

    Attributes
    ----------
    most_difference_minutes
        Minutes, at a 40-hour contract, between the highest and the lowest share that
        are not charged.
    """

    id = "fairness.hours"
    unit = "min"
    joint = True
    per = 60
    meaning = Text(
        en="Shares of paid hours differ by at most {rule.most_difference_minutes} min.",
        zh="计薪工时份额相差不超过 {rule.most_difference_minutes} 分钟。",
    )
    text = Text(
        en="Shares of paid hours differ by {amount} min more than "
        "{rule.most_difference_minutes}.",
        zh="计薪工时份额差距比 {rule.most_difference_minutes} 分钟多 {amount} 分钟。",
    )
    source = "Bank rule book R39"

    penalty: int | None = 1
    most_difference_minutes: int = 480

    def _ratio(self, case: Case, agent: int, days: int) -> tuple[int, int]:
        """Return numerator and denominator of a person's share."""
        top = case.span * FULL_TIME
        bottom = max(1, days) * case.agents[agent].week_minutes
        common = gcd(top, bottom)
        return top // common, bottom // common

    def _people(self, case: Case) -> list[int]:
        people = sharers(case, range(len(case.shifts)))
        return [int(a) for a in people if case.agents[a].week_minutes > 0]

    def shares(self, case: Case) -> Shares:
        """Return what a paid minute counts for whom."""
        week = np.array([agent.week_minutes for agent in case.agents])
        bottom = np.maximum(1, present(case)) * np.maximum(1, week)
        people = np.array(self._people(case), np.intp)
        return Shares(people, case.paid.astype(float), case.span * FULL_TIME / bottom)

    def encode(self, draft: Draft) -> None:
        """Spread of each person's paid minutes."""
        case, days, shares = draft.case, present(draft.case), []
        for agent in self._people(case):
            terms: list[tuple[int, Literal]] = []
            for day in range(-case.past, case.days):
                terms.extend(draft.paid(agent, day))
            shares.append((terms, *self._ratio(case, agent, int(days[agent]))))
        draft.spread(shares, self.most_difference_minutes, _last(case))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sum the paid minutes of all people."""
        case, days = roster.case, present(roster.case)
        minutes = roster.paid.sum(axis=1)
        shares = []
        for agent in self._people(case):
            top, bottom = self._ratio(case, agent, int(days[agent]))
            shares.append((2 * top * int(minutes[agent]) + bottom) // (2 * bottom))
        if shares:
            beyond = max(shares) - min(shares) - self.most_difference_minutes
            if beyond > 0:
                yield Finding(where=_last(case), amount=beyond)
