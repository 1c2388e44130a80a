"""Reasons: why a person works what they do, and why an interval is short."""

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from constraints.case import OFF, Case
from constraints.roster import Roster
from constraints.rule import Audit, Violation
from scheduler.engine.alternative import (
    best_within,
    moved,
    one_more,
    other_than,
    single,
)
from scheduler.engine.improve import Standing
from scheduler.engine.solver import Budget
from scheduler.files.tables import DAY_OFF
from scheduler.summary import coverage_frame

AROUND = 3  # days before and after a cell on which its person may work otherwise
Move = tuple[int, int, int, int]  # person, day, shift as it is and as it would be


@dataclass(frozen=True)
class Change:
    """A roster beside the one that stands, both audited.

    Attributes
    ----------
    before, after
        The two rosters with their audits.
    """

    before: Standing
    after: Standing

    @property
    def cost(self) -> int:
        """What it costs more; below zero where it costs less."""
        return self.after.audit.cost - self.before.audit.cost

    @property
    def cost_by_rule(self) -> dict[str, int]:
        """What each rule costs more or less, where that is not nothing."""
        return _difference(self.before.audit, self.after.audit)

    @property
    def broken(self) -> tuple[Violation, ...]:
        """Hard rules broken that were not, or by more."""
        stood = {(v.rule, v.where): v.amount for v in self.before.audit.hard}
        return tuple(
            v
            for v in self.after.audit.hard
            if v.amount > stood.get((v.rule, v.where), 0)
        )

    @property
    def moves(self) -> tuple[Move, ...]:
        """Cells with another shift, by day and person; not those with moved breaks."""
        was, becomes = self.before.roster.table, self.after.roster.table
        days, agents = np.nonzero((was != becomes).T)
        return tuple(
            (int(agent), int(day), int(was[agent, day]), int(becomes[agent, day]))
            for agent, day in zip(agents, days, strict=True)
        )

    @property
    def breaks_moved(self) -> int:
        """How many cells keep their shift and have breaks at other times."""
        return int(moved(self.before.roster, self.after.roster).sum()) - len(self.moves)


def _difference(before: Audit, after: Audit) -> dict[str, int]:
    one, other = before.cost_by_rule(), after.cost_by_rule()
    costs = {rule: other.get(rule, 0) - one.get(rule, 0) for rule in {**other, **one}}
    ranked = sorted(costs.items(), key=lambda item: (-abs(item[1]), item[0]))
    return {rule: cost for rule, cost in ranked if cost}


@dataclass(frozen=True)
class CellReason:
    """Why a person has a shift, or a day off, on a day.

    Attributes
    ----------
    agent, day
        The cell.
    standing
        The roster with its audit.
    choices
        Anything else the cell could hold while nobody else changes, best first, each
        with the breaks that suit it best; shift index or ``OFF`` of each.
    best
        The next best roster in which the cell holds something else, while everyone on
        the day, and the person on days around it, may change; None where there is none.
    proved
        Whether no better one of those exists.
    """

    agent: int
    day: int
    standing: Standing
    choices: tuple[tuple[int, Change], ...]
    best: Change | None
    proved: bool

    @property
    def shift(self) -> int:
        """What the cell holds: index of a shift, or ``OFF``."""
        return int(self.standing.roster.table[self.agent, self.day])

    @property
    def binding(self) -> dict[str, list[tuple[int, Change]]]:
        """The hard rules that forbid other choices, those that forbid most first."""
        found: dict[str, list[tuple[int, Change]]] = {}
        for shift, change in self.choices:
            for rule in dict.fromkeys(v.rule for v in change.broken):
                found.setdefault(rule, []).append((shift, change))
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def to_frame(self) -> pd.DataFrame:
        """Return a row a choice: ``shift``, ``cost`` more, ``breaks``, ``because``."""
        case = self.standing.roster.case
        return _frame(case, "shift", [(code(case, s), c) for s, c in self.choices])


@dataclass(frozen=True)
class IntervalReason:
    """Why an interval has the heads it has, and who could come.

    Attributes
    ----------
    interval, queue
        Where.
    standing
        The roster with its audit.
    required, scheduled, on_phone
        Heads: needed, in a shift, and on the phone; of the queue.
    choices
        Each person who could answer and is not on the phone then, with what they would
        do at the least harm while nobody else changes; best first.
    best
        The best roster with one more head there, while everyone on the days whose
        shifts cover it may change; None where there is none.
    proved
        Whether no better one of those exists.
    """

    interval: int
    queue: int
    standing: Standing
    required: int
    scheduled: int
    on_phone: int
    choices: tuple[tuple[int, Change], ...]
    best: Change | None
    proved: bool

    @property
    def days(self) -> list[int]:
        """Days on which a shift can start that covers the interval."""
        return list(_covering(self.standing.roster.case, self.interval))

    @property
    def people(self) -> dict[str, int]:
        """How many who could answer are where: they add up to all of them."""
        roster, case = self.standing.roster, self.standing.roster.case
        skills = case.skill_sets
        able = skills.sets[skills.of, self.queue]
        day = int(case.clock.days_of_intervals[self.interval])
        days = self.days or [day]
        on_phone = able & roster.answering[:, self.interval]
        there = able & self._there & ~on_phone
        rest = able & ~on_phone & ~there
        leave = rest & case.on_leave[:, case.past + day]
        works = rest & ~leave & (roster.table[:, days] != OFF).any(axis=1)
        groups = {"phone": on_phone, "break": there, "other": works, "leave": leave}
        counts = {name: int(group.sum()) for name, group in groups.items()}
        return {**counts, "off": int(able.sum()) - sum(counts.values())}

    @property
    def _there(self) -> NDArray[np.bool_]:
        """Whether a person's shift covers the interval; shape ``(agents,)``."""
        roster = self.standing.roster
        covering = _covering(roster.case, self.interval).items()
        shifts = np.array([shifts[roster.table[:, day]] for day, shifts in covering])
        works = np.array([roster.table[:, day] != OFF for day, _ in covering])
        return np.asarray((shifts & works).any(axis=0))

    def to_frame(self) -> pd.DataFrame:
        """Return a row a person: ``agent``, ``cost`` more, ``breaks``, ``because``."""
        case = self.standing.roster.case
        rows = [(case.agents[agent].id, change) for agent, change in self.choices]
        return _frame(case, "agent", rows)


def explain_cell(
    roster: Roster,
    agent: str,
    on: date | str,
    *,
    seconds: float = 60.0,
    effort: float | None = None,
    seed: int = 1,
    workers: int = 1,
) -> CellReason:
    """Say why a person has a shift, or a day off, and what would be next best.

    Parameters
    ----------
    roster
        Any roster with its breaks.
    agent
        Id of the person.
    on
        The date.
    seconds, effort
        For the next best roster, as of `solve`.
    seed, workers
        As of `solve`.

    Raises
    ------
    ValueError
        The case has no such person or day.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> from constraints.rest import DailyRest
    >>> case = tiny_case().with_rules([DailyRest()])
    >>> roster = Roster.from_codes(case, ["N--", "-D-"])
    >>> found = explain_cell(roster, "A1", "2026-03-03")
    >>> [(row.shift, row.cost, row.breaks) for row in found.to_frame().itertuples()]
    [('N', 0, ''), ('D', 0, 'rest.daily'), ('L', 0, 'rest.daily')]
    """
    case = roster.case
    who, day = person_of(case, agent), day_of(case, on)
    standing = Standing.of(replace(roster, serving=None))
    now = int(roster.table[who, day])
    found = []
    for shift in (OFF, *range(len(case.shifts))):
        if shift == now or not (shift == OFF or case.shifts[shift].offered):
            continue
        allowed = np.arange(len(case.shifts)) == shift
        after = single(standing, who, day, allowed)
        if after is not None:
            found.append((shift, Change(standing, after)))
    cells = np.zeros(roster.table.shape, bool)
    cells[:, day] = True
    cells[who, max(0, day - AROUND) : day + AROUND + 1] = True
    best, proved = best_within(
        standing,
        cells,
        other_than(who, day, now),
        Budget(seconds, effort),
        seed,
        workers,
    )
    change = None if best is None else Change(standing, best)
    return CellReason(who, day, standing, _ranked(found), change, proved)


def explain_interval(
    roster: Roster,
    when: datetime | str,
    *,
    queue: str | None = None,
    seconds: float = 60.0,
    effort: float | None = None,
    seed: int = 1,
    workers: int = 1,
) -> IntervalReason:
    """Say why an interval has the heads it has, who could come and at what cost.

    Parameters
    ----------
    roster
        Any roster with its breaks.
    when
        Local time, such as ``2026-04-02 09:30``.
    queue
        Which queue; the one most short then where left out.
    seconds, effort
        For the best roster with one more head, as of `solve`.
    seed, workers
        As of `solve`.

    Raises
    ------
    ValueError
        The case has no such time or queue.
    """
    case = roster.case
    interval = interval_of(case, when)
    standing = Standing.of(replace(roster, serving=None))
    frame = coverage_frame(standing.roster)
    rows = frame.iloc[interval * len(case.requirement.queues) :].head(
        len(case.requirement.queues)
    )
    number = (
        int(np.argmax(rows["short"].to_numpy()))
        if queue is None
        else queue_of(case, queue)
    )
    row = rows.iloc[number]
    wish = one_more(standing.roster, interval, number)
    covering = _covering(case, interval)
    found = []
    for agent in _free(standing.roster, interval, number):
        changes = [
            Change(standing, after)
            for day, shifts in covering.items()
            if (
                after := single(
                    standing, agent, day, shifts & case.may[agent, day], wish
                )
            )
        ]
        if changes:
            found.append((agent, min(changes, key=_rank)))
    cells = np.zeros(roster.table.shape, bool)
    cells[:, list(covering)] = True
    best, proved = best_within(
        standing, cells, wish, Budget(seconds, effort), seed, workers
    )
    change = None if best is None else Change(standing, best)
    return IntervalReason(
        interval,
        number,
        standing,
        int(row["required"]),
        int(row["scheduled"]),
        int(row["on_phone"]),
        _ranked(found),
        change,
        proved,
    )


def _rank(change: Change) -> tuple[int, int]:
    return len({violation.rule for violation in change.broken}), change.cost


def _ranked(found: list[tuple[int, Change]]) -> tuple[tuple[int, Change], ...]:
    return tuple(sorted(found, key=lambda item: _rank(item[1])))


def _frame(case: Case, name: str, rows: list[tuple[str, Change]]) -> pd.DataFrame:
    lang = case.language
    return pd.DataFrame(
        [
            {
                name: word,
                "cost": change.cost,
                "breaks": ", ".join(dict.fromkeys(v.rule for v in change.broken)),
                "because": because(change, lang),
            }
            for word, change in rows
        ],
        columns=[name, "cost", "breaks", "because"],
    )


def because(change: Change, lang: str) -> str:
    """Return the first hard rule a change breaks as a sentence, or its cost by rule."""
    if change.broken:
        text = change.broken[0].text
        return text.zh if lang == "zh" else text.en
    return ", ".join(f"{rule} {cost:+,d}" for rule, cost in change.cost_by_rule.items())


def code(case: Case, shift: int) -> str:
    """Return the code of a shift; of a day off that of roster.csv."""
    return DAY_OFF if shift == OFF else case.shifts[shift].code


# -- places by name -------------------------------------------------------------------


def person_of(case: Case, agent: str) -> int:
    """Return the index of a person; ValueError where there is none."""
    ids = [one.id for one in case.agents]
    if agent not in ids:
        raise ValueError(f"Expected somebody of agents.csv, got {agent}.")
    return ids.index(agent)


def day_of(case: Case, on: date | str) -> int:
    """Return the index of a date of the horizon; ValueError where it is not in it."""
    first, last = case.clock.date(0), case.clock.date(case.days - 1)
    try:
        asked = date.fromisoformat(on) if isinstance(on, str) else on
        asked = asked.date() if isinstance(asked, datetime) else asked
    except ValueError:
        asked = None
    if asked is None or not first <= asked <= last:
        raise ValueError(f"Expected a date from {first} to {last}, got {on}.") from None
    return case.clock.day(asked)


def interval_of(case: Case, when: datetime | str) -> int:
    """Return the index of the interval of a local time; ValueError where none is."""
    try:
        asked = datetime.fromisoformat(when) if isinstance(when, str) else when
        if isinstance(when, str) and ":" not in when:
            raise ValueError("no time of day")
    except ValueError:
        form = "2026-04-02 09:30"
        raise ValueError(f"Expected a time such as {form}, got {when}.") from None
    day = day_of(case, asked.date())
    minute = case.clock.minute(day, asked.hour * 60 + asked.minute)
    return minute // case.clock.interval_minutes


def queue_of(case: Case, queue: str) -> int:
    """Return the index of a queue; ValueError where there is none."""
    queues = list(case.requirement.queues)
    if queue not in queues:
        raise ValueError(f"Expected a queue of {', '.join(queues)}, got {queue}.")
    return queues.index(queue)


def _covering(case: Case, interval: int) -> dict[int, NDArray[np.bool_]]:
    """Return the shifts that are there in all of an interval, by day they start on."""
    minute = int(case.clock.starts[interval])
    ends = minute + case.clock.interval_minutes
    there = (case.start <= minute) & (case.end >= ends)
    there &= np.array([shift.offered for shift in case.shifts])
    days = (day for day in range(case.days) if there[day + case.past].any())
    return {day: there[day + case.past] for day in days}


def _free(roster: Roster, interval: int, queue: int) -> list[int]:
    """Return who could answer a queue and is not on the phone in an interval."""
    skills = roster.case.skill_sets
    able = skills.sets[skills.of, queue]
    return [int(n) for n in np.flatnonzero(able & ~roster.answering[:, interval])]
