"""Totals: what the whole horizon of one person may add up to."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Literal, Memory, Rule, Tally, Text, Where

FAR = 1_000_000  # more minutes than any horizon has


@dataclass(frozen=True, kw_only=True)
class _Total(Rule):
    """A rule that is wholly told by its tallies; its memory follows from them."""

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember every total, and charge them on the last day."""
        tallies = self.tallies(case)

        def step(
            state: tuple[tuple[Any, int], ...], column: int, shift: int, _: int
        ) -> tuple[tuple[tuple[Any, int], ...], int]:
            after, charged = [], 0
            for tally, (inner, total) in zip(tallies, state, strict=True):
                if column >= case.past:
                    inner, added = tally.step(inner, column, shift)
                    total += added
                after.append((inner, total))
                if column == case.span - 1:
                    charged += tally.amount(agent, total)
            return tuple(after), charged

        return Memory(tuple((tally.start, 0) for tally in tallies), step)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the limits of each person."""
        limits = [(tally.least, tally.most) for tally in self.tallies(case)]
        return [
            tuple((int(least[agent]), int(most[agent])) for least, most in limits)
            for agent in range(len(case.agents))
        ]


@dataclass(frozen=True, kw_only=True)
class HoursRange(_Total):
    """Paid minutes of the horizon lie within a range.

    Leave is not credited: who is away has limits of their own, by limits.csv.

    Attributes
    ----------
    least_minutes, most_minutes
        Paid minutes of all shifts of the horizon.
    """

    id = "hours.range"
    unit = "min"
    meaning = Text(
        en="From {rule.least_minutes} to {rule.most_minutes} paid minutes in all.",
        zh="总工时在 {rule.least_minutes} 至 {rule.most_minutes} 分钟之间。",
    )
    text = Text(
        en="{agent} works {paid} min in all, {amount} outside {least} to {most}.",
        zh="{agent} 总工时 {paid} 分钟,超出 {least} 至 {most} 的范围 {amount} 分钟。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, hard rules 4 and 5"

    least_minutes: int = 0
    most_minutes: int = FAR

    def tallies(self, case: Case) -> Sequence[Tally]:
        """Add up paid minutes."""
        paid = case.paid

        def step(state: None, column: int, shift: int) -> tuple[None, int]:
            return state, 0 if shift == OFF else int(paid[column, shift])

        least, most = (
            case.each(self, name).astype(np.int64)
            for name in ("least_minutes", "most_minutes")
        )
        return [Tally(None, step, least, most, lambda column: paid[column].tolist())]

    def encode(self, draft: Draft) -> None:
        """Sum paid minutes against both ends."""
        case = draft.case
        if not draft.touches(range(case.past, case.span)):
            return
        (tally,) = self.tallies(case)
        for agent in draft.agents:
            terms = [
                term for day in range(case.days) for term in draft.paid(agent, day)
            ]
            where = Where(agent=agent, day=case.days - 1)
            draft.at_most(terms, int(tally.most[agent]), where)
            draft.at_least(terms, int(tally.least[agent]), where)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Sum the minutes of all people."""
        case = roster.case
        least = case.each(self, "least_minutes").astype(np.int64)
        most = case.each(self, "most_minutes").astype(np.int64)
        total = roster.paid[:, case.past :].sum(axis=1)
        beyond = np.maximum(0, least - total) + np.maximum(0, total - most)
        for agent in np.flatnonzero(beyond).tolist():
            yield Finding(
                where=Where(agent=agent, day=case.days - 1),
                amount=int(beyond[agent]),
                facts={
                    "paid": int(total[agent]),
                    "least": int(least[agent]),
                    "most": int(most[agent]),
                },
            )


@dataclass(frozen=True, kw_only=True)
class WeekendsMost(_Total):
    """Nobody works at more than ``most`` weekends; one day of a weekend counts it."""

    id = "weekends.most"
    unit = "weekends"
    meaning = Text(
        en="At most {rule.most} weekends with a shift.",
        zh="最多 {rule.most} 个周末有班。",
    )
    text = Text(
        en="{agent} works at {worked} weekends; {most} are allowed.",
        zh="{agent} 有 {worked} 个周末上班,最多 {most} 个。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, hard rule 9"

    most: int = 2

    def tallies(self, case: Case) -> Sequence[Tally]:
        """Count a weekend on its first day with a shift."""

        def step(counted: bool, column: int, shift: int) -> tuple[bool, int]:
            weekday = case.clock.weekday(column - case.past)
            works = shift != OFF
            if weekday < 5:
                return False, 0
            return weekday == 5 and works, int(works and not counted)

        most = case.each(self, "most").astype(np.int64)
        seen = [True] * len(case.shifts)
        return [Tally(False, step, np.zeros_like(most), most, lambda column: seen)]

    def encode(self, draft: Draft) -> None:
        """Sum the weekends with any shift."""
        case = draft.case
        if not draft.touches(range(case.past, case.span)):
            return
        most, weekends = case.each(self, "most").astype(int), _weekends(case)
        for agent in draft.agents:
            worked: list[tuple[int, Literal]] = [
                (1, draft.any_of([draft.working(agent, day) for day in weekend]))
                for weekend in weekends
            ]
            where = Where(agent=agent, day=case.days - 1)
            draft.at_most(worked, most[agent], where)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count the weekends of all people."""
        case = roster.case
        works, most = roster.working[:, case.past :], case.each(self, "most")
        worked = np.zeros(len(case.agents), np.int64)
        for weekend in _weekends(case):
            worked += works[:, weekend].any(axis=1)
        for agent in np.flatnonzero(worked > most).tolist():
            yield Finding(
                where=Where(agent=agent, day=case.days - 1),
                amount=int(worked[agent] - most[agent]),
                facts={"worked": int(worked[agent]), "most": int(most[agent])},
            )


@dataclass(frozen=True, kw_only=True)
class ShiftsMost(_Total):
    """Nobody works a shift more often than its own limit.

    Attributes
    ----------
    most
        Limits by shift code, such as ``"N=4, E=10"``; a shift that is not named has
        none. In limits.csv the parameter is the shift code.
    """

    id = "shifts.most"
    unit = "shifts"
    meaning = Text(
        en="At most so many of a shift: {rule.most}.",
        zh="各班次的最多次数:{rule.most}。",
    )
    text = Text(
        en="{agent} works {detail} {worked} times; {most} are allowed.",
        zh="{agent} 上 {detail} 班 {worked} 次,最多 {most} 次。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, hard rule 3"

    most: str = ""

    def __post_init__(self) -> None:
        for part in filter(None, map(str.strip, self.most.split(","))):
            code, _, number = (word.strip() for word in part.partition("="))
            if not code or not number.isdigit():
                raise ValueError(f'Expected limits such as "N=4, E=10", got "{part}".')

    @property
    def named(self) -> Mapping[str, int]:
        """Limits by shift code."""
        parts = (part.partition("=") for part in self.most.split(",") if part.strip())
        return {code.strip(): int(number) for code, _, number in parts}

    def limits(self, case: Case) -> NDArray[np.int64]:
        """Return how often each person may work a shift; ``(agents, shifts)``."""
        codes = {shift.code: number for number, shift in enumerate(case.shifts)}
        limits = np.full((len(case.agents), len(codes)), case.days, np.int64)
        for code, most in self.named.items():
            if code in codes:
                limits[:, codes[code]] = most
        for limit in case.limits:
            if limit.rule == self.id and limit.parameter in codes:
                limits[limit.agent, codes[limit.parameter]] = int(limit.value)
        return limits

    def tallies(self, case: Case) -> Sequence[Tally]:
        """Count each shift that somebody's limit is about."""
        limits = self.limits(case)
        return [
            _counting(case, shift, limits[:, shift])
            for shift in np.flatnonzero((limits < case.days).any(axis=0)).tolist()
        ]

    def encode(self, draft: Draft) -> None:
        """Sum each shift over the horizon."""
        case, limits = draft.case, self.limits(draft.case)
        if not draft.touches(range(case.past, case.span)):
            return
        for agent in draft.agents:
            for shift in np.flatnonzero(limits[agent] < case.days).tolist():
                terms = [
                    (1, draft.works(agent, day, shift)) for day in range(case.days)
                ]
                code = case.shifts[shift].code
                where = Where(agent=agent, day=case.days - 1, detail=code)
                draft.at_most(terms, int(limits[agent, shift]), where)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Count the shifts of all people."""
        case, limits = roster.case, self.limits(roster.case)
        for shift, known in enumerate(case.shifts):
            worked = sum(
                (layer[:, case.past :] == shift).sum(axis=1) for layer in roster.layers
            )
            for agent in np.flatnonzero(worked > limits[:, shift]).tolist():
                most = int(limits[agent, shift])
                yield Finding(
                    where=Where(agent=agent, day=case.days - 1, detail=known.code),
                    amount=int(worked[agent]) - most,
                    facts={"worked": int(worked[agent]), "most": most},
                )


def _counting(case: Case, counted: int, most: NDArray[np.int64]) -> Tally:
    """Return the tally of one shift."""

    def step(state: None, column: int, shift: int) -> tuple[None, int]:
        return state, int(shift == counted)

    seen = [shift == counted for shift in range(len(case.shifts))]
    return Tally(None, step, np.zeros_like(most), most, lambda column: seen)


def _weekends(case: Case) -> list[list[int]]:
    """Return the days of each weekend that lie within the horizon."""
    weekends: list[list[int]] = []
    for day in range(case.days):
        weekday = case.clock.weekday(day)
        if weekday == 5 or (weekday == 6 and not day):
            weekends.append([day])
        elif weekday == 6:
            weekends[-1].append(day)
    return weekends
