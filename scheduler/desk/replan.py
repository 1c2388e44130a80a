"""Re-planning of a day under way: few changes that win back most of what is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from constraints.breaks import MealBreak
from constraints.case import Case
from constraints.coverage import CoverageFloor, CoverageNeed
from constraints.roster import Roster
from constraints.rule import Violation, audit
from scheduler.desk.desk import Desk
from scheduler.desk.effects import amounts, anew
from scheduler.desk.today import Change, Today
from scheduler.engine.solver import QUICK, Budget, run
from scheduler.summary import service_level

PRICES = {"breaks": 1, "duties": 2, "moves": 3, "overtime": 4, "call_in": 5}
"""What a change costs, by lever; a head missing for an interval costs 10 as a rule."""
BROKEN = 1000
ROUNDS = 6
"""Times a plan that breaks a rule about several people is made again without it."""
SECONDS, EFFORT = 15.0, 10.0


@dataclass(frozen=True)
class Proposal:
    """What a re-plan proposes.

    Attributes
    ----------
    before, hit, after
        The roster as published; as it is with people absent and calls as they come;
        and as proposed.
    changes
        The changes, by person.
    short
        Head-hours short from now on: as published under the calls then expected, as
        it is, and as proposed.
    broken
        Hard rules that the proposal breaks and that were kept before anybody was
        absent.
    proved
        Whether no better one exists among the changes that were looked at.
    why
        What is wrong: ``absent``, ``calls``, or nothing.
    leave
        Id, first and last day, and kind of leave of those who do not come at all.
    level
        Service level from now on, as of ``short``; None where calls are not known.
    window
        The intervals from now on.
    """

    before: Roster
    hit: Roster
    after: Roster
    changes: tuple[Change, ...]
    short: tuple[float, float, float]
    broken: tuple[Violation, ...] = ()
    proved: bool = True
    why: tuple[str, ...] = ()
    leave: tuple[tuple[str, date, date, str], ...] = ()
    level: tuple[float | None, float | None, float | None] = (None, None, None)
    window: slice = field(default_factory=lambda: slice(0, 0))

    @property
    def recovered(self) -> float:
        """Head-hours won back."""
        return self.short[1] - self.short[2]


def replan(
    desk: Desk,
    *,
    absent: Sequence[str] = (),
    expected: Case | None = None,
    on: date | None = None,
    seconds: float = SECONDS,
    effort: float = EFFORT,
    seed: int = 1,
    workers: int = 1,
) -> Proposal:
    """Propose few changes for the rest of the day.

    What has begun stays: shifts before their end of notice, breaks before theirs.
    Where nobody is absent and calls are as expected, nothing is proposed.

    Parameters
    ----------
    desk
        What is published, at a moment of the day.
    absent
        Ids of people who are not there from now on.
    expected
        The case with the calls and heads of the day as they come; the desk's own where
        left out.
    on
        The day to plan again, today or later; today where left out.
    seconds, effort, seed, workers
        As of `solve`.

    Raises
    ------
    ValueError
        The time lies outside the horizon, or there is nobody of an id.

    Examples
    --------
    >>> from scheduler.desk.examples import small_desk
    >>> desk = small_desk(["DD-", "-L-", "-D-"], now="2026-03-03T07:00+08:00")
    >>> replan(desk).changes
    ()
    """
    people = [_agent(desk, id) for id in absent]
    today = Today(desk, people, expected or desk.case, on)
    if not today.why:
        return _told(today, [], proved=True)
    return _proposal(today, Budget(seconds, effort), seed, workers)


def _agent(desk: Desk, id: str) -> int:
    if id not in desk.agents:
        raise ValueError(f"Expected somebody of agents.csv, got {id}.")
    return desk.agents[id]


def _proposal(today: Today, budget: Budget, seed: int, workers: int) -> Proposal:
    """Choose changes, and choose again where their roster breaks a rule."""
    changes = list(today.changes())
    stood = amounts(audit(today.hit).hard)
    model = _Model(today, changes)
    for _ in range(ROUNDS):
        outcome = run(
            model.cp,
            budget,
            seconds=budget.left,
            effort=EFFORT,
            seed=seed,
            workers=workers,
            parameters=QUICK,
        )
        if not outcome.found:
            break
        chosen = [n for n, one in enumerate(model.takes) if outcome.value(one)]
        found = [changes[n] for n in chosen]
        if not any(anew(stood, audit(today.with_changes(found)).hard)):
            return _told(today, found, proved=outcome.proved)
        model.cp.add_bool_or([~model.takes[n] for n in chosen])
    return _told(today, [], proved=False)


def _told(today: Today, changes: Sequence[Change], *, proved: bool) -> Proposal:
    """Return the proposal of some changes."""
    standing = today.desk.roster
    rosters = (standing, today.hit, today.with_changes(changes))
    was = amounts(audit(standing).hard)
    before, now, then = map(today.short, rosters)
    levels = [service_level(roster, today.window) for roster in rosters]
    return Proposal(
        *rosters,
        tuple(sorted(changes, key=lambda one: one.agent)),
        (before, now, then),
        tuple(anew(was, audit(rosters[-1]).hard)),
        proved,
        today.why,
        tuple(today.leave),
        (levels[0], levels[1], levels[2]),
        today.window,
    )


class _Model:
    """Which changes to make: one a person at most, few people, little short."""

    def __init__(self, today: Today, changes: Sequence[Change]) -> None:
        self.today, self.changes, self.cp = today, changes, cp_model.CpModel()
        self.takes = [self.cp.new_bool_var("") for _ in changes]
        self.cost: list[Any] = [
            PRICES[one.lever] * one.count * take
            for one, take in zip(changes, self.takes, strict=True)
        ]
        by_agent: dict[int, list[Any]] = {}
        for one, take in zip(changes, self.takes, strict=True):
            by_agent.setdefault(one.agent, []).append(take)
        for takes in by_agent.values():
            self.cp.add_at_most_one(takes)
        known = today.desk.changed
        ids = [today.case.agents[one.agent].id for one in changes]
        new = [t for id, t in zip(ids, self.takes, strict=True) if id not in known]
        self.cp.add(sum(new) <= max(0, today.policy.people - len(known)))
        for place in range(today.window.stop - today.window.start):
            self._interval(place)
        self.cp.minimize(sum(self.cost))

    def _interval(self, place: int) -> None:
        """Charge heads short, heads over, and what breaks the floor, in an interval."""
        today, case = self.today, self.today.case
        at = today.window.start + place
        if not case.counted[at]:
            return
        skills, phone = case.skill_sets, today.hit.phone_by_set[:, at]
        moved: list[list[Any]] = [[] for _ in skills.sets]
        for one, take in zip(self.changes, self.takes, strict=True):
            if one.gain[place]:
                moved[skills.of[one.agent]].append(int(one.gain[place]) * take)
        need = case.requirement.heads[:, at]
        rule = case.rule("coverage.need")
        short_price, over_price = 10, 1
        if isinstance(rule, CoverageNeed):
            short_price = int(rule.short_prices(case)[at])
            over_price = rule.over_price
        lack = self.cp.new_int_var(0, int(need.sum()), "")
        for group, helps in zip(*skills.tight, strict=True):
            able = np.flatnonzero(helps)
            terms = [term for number in able for term in moved[number]]
            self.cp.add(lack + sum(terms) >= int(need[group].sum() - phone[able].sum()))
        able = np.flatnonzero(skills.able)
        heads = [term for number in able for term in moved[number]]
        self.cost += [
            (short_price + over_price) * lack,
            *(over_price * h for h in heads),
        ]
        floor = case.rule("coverage.floor")
        if isinstance(floor, CoverageFloor):
            least = floor.floor(case) - int(phone[able].sum())
            below = self.cp.new_int_var(0, max(0, floor.floor(case)), "")
            self.cp.add(below + sum(heads) >= least)
            self.cost.append(BROKEN * below)
        self._breaks(place)

    def _breaks(self, place: int) -> None:
        """Charge whom too many are away with in an interval, by ``breaks.meal``."""
        hit, rule = self.today.hit, self.today.case.rule("breaks.meal")
        if not isinstance(rule, MealBreak):
            return
        at = self.today.window.start + place
        away: list[Any] = [int(hit.on_break[at])]
        people: list[Any] = [int(hit.scheduled[at])]
        for one, take in zip(self.changes, self.takes, strict=True):
            if one.rests[place]:
                away.append(int(one.rests[place]) * take)
            if one.there[place]:
                people.append(int(one.there[place]) * take)
        if len(away) == len(people) == 1 and away[0] <= 1:
            return
        beyond = self.cp.new_int_var(0, len(self.today.case.agents), "")
        single = self.cp.new_bool_var("")
        share = round(1000 * rule.most_away)
        self.cp.add(sum(away) - beyond <= 1).only_enforce_if(single)
        self.cp.add(
            1000 * sum(away) - 1000 * beyond <= share * sum(people)
        ).only_enforce_if(~single)
        self.cost.append(BROKEN * beyond)
