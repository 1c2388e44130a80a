"""Runs that are too short, and shifts that may not follow each other."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Draft, Finding, Memory, Rule, Text, Where


@dataclass(frozen=True, kw_only=True)
class SequenceForbidden(Rule):
    """Some shifts may not start on the day after some others.

    Attributes
    ----------
    pairs
        Shift codes of two neighbouring days, such as ``"N>D, N>L"``.
    """

    id = "sequence.forbidden"
    unit = "changes"
    meaning = Text(
        en="Shifts that may not follow on the next day: {rule.pairs}.",
        zh="次日不得衔接的班次:{rule.pairs}。",
    )
    text = Text(
        en="{agent} works {after} on {date}, the day after {before}.",
        zh="{agent} 在 {date} 上 {after} 班,前一天为 {before} 班。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, hard rule 2"

    pairs: str = ""

    def __post_init__(self) -> None:
        for pair in filter(None, map(str.strip, self.pairs.split(","))):
            if len(pair.split(">")) != 2 or not all(map(str.strip, pair.split(">"))):
                raise ValueError(f'Expected pairs such as "N>D, N>L", got "{pair}".')

    @cached_property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The pairs of shift codes: the day before, and the day."""
        pairs = (pair.split(">") for pair in self.pairs.split(",") if pair.strip())
        return tuple((before.strip(), after.strip()) for before, after in pairs)

    def table(self, case: Case) -> NDArray[np.int64]:
        """Return 1 where a shift may not follow another; ``(before, after)``."""
        number = {shift.code: n for n, shift in enumerate(case.shifts)}
        table = np.zeros((len(number), len(number)), np.int64)
        for before, after in self.named:
            if before in number and after in number:
                table[number[before], number[after]] = 1
        return table

    def encode(self, draft: Draft) -> None:
        """Let the shifts of two days clash."""
        table = self.table(draft.case)
        first = np.flatnonzero(table.any(axis=1)).tolist()
        second = np.flatnonzero(table.any(axis=0)).tolist()
        table = table[np.ix_(first, second)]
        for agent in draft.agents if len(table) else ():
            for day in draft.days:
                if day <= -draft.case.past:
                    continue
                before = [draft.works(agent, day - 1, shift) for shift in first]
                after = [draft.works(agent, day, shift) for shift in second]
                draft.clash(before, after, table, Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember the shift of the day before."""
        table = self.table(case)

        def step(before: int, column: int, shift: int, _: int) -> tuple[int, int]:
            if OFF in (before, shift) or column < case.past:
                return shift, 0
            return shift, int(table[before, shift])

        follows = np.hstack([table, table.T])
        seen = [row.tobytes() for row in follows]
        merged = [seen.index(each) for each in seen]

        def merging(before: int, column: int, shift: int, _: int) -> tuple[int, int]:
            after, charged = step(before, column, shift, 0)
            return (OFF if after == OFF else merged[after]), charged

        return Memory(OFF, merging, lambda column: seen)

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Look each pair of neighbouring days up."""
        case = roster.case
        table = np.pad(self.table(case), (0, 1))  # a day off comes last: OFF is -1
        for first, second in product(roster.layers, repeat=2):
            broken = table[first[:, :-1], second[:, 1:]]
            broken[:, : max(0, case.past - 1)] = 0
            for agent, column in np.argwhere(broken).tolist():
                before, after = first[agent, column], second[agent, column + 1]
                yield Finding(
                    where=Where(agent=agent, day=column + 1 - case.past),
                    amount=1,
                    facts={
                        "before": case.shifts[before].code,
                        "after": case.shifts[after].code,
                    },
                )


@dataclass(frozen=True, kw_only=True)
class _ShortRun(Rule):
    """Days of one sort, work or rest, come at least so many in a row.

    A run that touches the first day that is known of a person, or the last of the
    horizon, may be as short as it likes: it may have begun before, or go on. Days of
    leave are days off here.
    """

    unit = "runs"
    working = True  # whether runs of work are meant, or of days off

    least_days: int = 1

    def reach(self) -> int:
        """Return the days of a run that is too short, and the one that ends it."""
        return self.least_days + 1

    def encode(self, draft: Draft) -> None:
        """Forbid a day that ends a run which is too short."""
        least = draft.case.each(self, "least_days").astype(int)
        first = _first_known(draft.case) - draft.case.past
        within, outside = draft.working, draft.off
        if not self.working:
            within, outside = outside, within
        for agent in draft.agents:
            for day in draft.days:
                for length in range(1, least[agent]):
                    before = day - length - 1
                    if before < first[agent]:
                        break
                    run = [within(agent, d) for d in range(before + 1, day)]
                    ends = [outside(agent, before), outside(agent, day)]
                    draft.forbid([*ends, *run], Where(agent=agent, day=day))

    def memory(self, case: Case, agent: int) -> Memory:
        """Remember how long the run is; one that may have begun before is enough."""
        least = int(case.each(self, "least_days")[agent])
        first = int(_first_known(case)[agent])

        def step(run: int, column: int, shift: int, _: int) -> tuple[int, int]:
            if column < first:
                return least, 0
            if (shift != OFF) == self.working:
                return min(run + 1, least), 0
            return 0, int(0 < run < least and column >= case.past)

        seen = [True] * len(case.shifts)
        return Memory(least, step, lambda column: seen)

    def alike(self, case: Case) -> Sequence[Hashable]:
        """Return the shortest run of each person, and from when they are known."""
        least = case.each(self, "least_days")
        return list(zip(least, _first_known(case), strict=True))

    def check(self, roster: Roster) -> Iterator[Finding]:
        """Find where runs begin and end, and subtract."""
        case = roster.case
        least = case.each(self, "least_days")
        meant = roster.working if self.working else ~roster.working
        for agent, first in enumerate(_first_known(case).tolist()):
            steps = np.diff(meant[agent, first:].astype(np.int8))
            begins, ends = np.flatnonzero(steps > 0) + 1, np.flatnonzero(steps < 0) + 1
            ends = ends[ends > begins[0]] if len(begins) else ends[:0]
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=False):
                day = first + end - case.past
                if end - begin < least[agent] and day >= 0:
                    yield Finding(
                        where=Where(agent=agent, day=day),
                        amount=1,
                        facts={"run": end - begin, "least": int(least[agent])},
                    )


@dataclass(frozen=True, kw_only=True)
class SequenceMinRun(_ShortRun):
    """Nobody works fewer than ``least_days`` days running."""

    id = "sequence.min_run"
    meaning = Text(
        en="At least {rule.least_days} days of work running.",
        zh="至少连续工作 {rule.least_days} 天。",
    )
    text = Text(
        en="{agent} is off on {date} after {run} days of work; {least} are the least.",
        zh="{agent} 连续工作 {run} 天后于 {date} 休息,至少应连续 {least} 天。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, hard rule 7"


@dataclass(frozen=True, kw_only=True)
class SequenceMinRestRun(_ShortRun):
    """Nobody has fewer than ``least_days`` days off running."""

    id = "sequence.min_rest_run"
    working = False
    meaning = Text(
        en="At least {rule.least_days} days off running.",
        zh="至少连续休息 {rule.least_days} 天。",
    )
    text = Text(
        en="{agent} works on {date} after {run} days off; {least} are the least.",
        zh="{agent} 连续休息 {run} 天后于 {date} 上班,至少应连续休息 {least} 天。",
    )
    source = "Curtois and Qu 2014, shift scheduling instances, hard rule 8"


def _first_known(case: Case) -> NDArray[np.int64]:
    """Return the first column at which each person's days are known; ``(agents,)``."""
    return np.where(case.known, 0, case.past)
