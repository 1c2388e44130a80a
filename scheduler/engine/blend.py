"""Blend: everybody's row as a blend of rows, sharpened until it is one.

A person's blend says in which share of it they are on the phone in each interval.
Person by person, the cheapest row at the cost that one more head would add to what the
others have in mind is mixed in. At first that follows the expected heads alone and
nears the best fractional roster. Then the spread of what others may still do counts,
which rewards making up one's mind, and blends sharpen by themselves, the cost of a
head becoming the true one at last.
"""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from constraints.breaks import MealBreak
from constraints.case import CLASSES, OFF, Case
from constraints.coverage import CoverageFloor, CoverageNeed, CoverageRole
from constraints.roster import Roster
from scheduler.engine.even import evens
from scheduler.engine.paths import OnRow, Paths
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts

SETTLING = 0.15  # share of the sweeps that look for the best fractional roster
SWEEPS = 200  # sweeps over all people at most
LAST = 5  # sweeps at the true cost at most, until nobody moves
PACE = (0.03, 0.15)  # share of a row mixed in while sharpening, first and last
LEAST_PACE = 0.02  # of settling
NOISE = (0.3, 0.1, 0.02)  # variance of heads taken for granted: first, settled, last
EXACT = 1e-9  # variance that makes the cost of a head the true one
MUST = 200.0  # cost of a head below the floor, or away beyond what is allowed
UNLED = 30.0  # cost of a day's class of shifts without a leader, at first
EFFORT = 2.5e-8  # effort of one arc of a path: a unit is about a second
FAR, FINE = 4, 64  # the normal distribution as a table: how far, steps a deviation
_CHANCE = np.array(
    [0.5 * (1 + erf(n / FINE / sqrt(2))) for n in range(-FAR * FINE, FAR * FINE + 1)]
)
_CHANCE[0], _CHANCE[-1] = 0.0, 1.0


@dataclass(frozen=True)
class Stage:
    """How a sweep goes.

    Attributes
    ----------
    pace
        Share of the new row that is mixed in.
    noise
        Variance of heads in every interval, taken for granted.
    resolve
        How far the spread of the others counts, and one's own share does not.
    """

    pace: float
    noise: float
    resolve: float


class Blend:
    """Blends of all people.

    Parameters
    ----------
    paths, starts
        Rows and starts of the case.
    seed
        Of the order in which people come.
    """

    def __init__(self, case: Case, paths: Paths, starts: Starts, seed: int) -> None:
        self.case, self.paths, self.starts = case, paths, starts
        self.on_row: OnRow | None = None
        self.random = np.random.default_rng(seed)
        nothing = np.full((len(case.agents), case.days), OFF, np.int16)
        base = Roster(case, nothing)  # pinned cells are decided by paths
        need, floor = case.rule("coverage.need"), case.rule("coverage.floor")
        self.short, self.over = np.zeros(case.clock.intervals, np.int64), 0
        if isinstance(need, CoverageNeed):
            self.short, self.over = need.short_prices(case), need.over_price
        skills = case.skill_sets
        groups, helps = skills.tight
        self.helps = helps[:, skills.of].T  # groups of queues each person helps
        self.floor = (
            float(floor.floor(case)) if isinstance(floor, CoverageFloor) else -1e3
        )
        meal = case.rule("breaks.meal")
        self.most_away = meal.most_away if isinstance(meal, MealBreak) else 1.0
        role = case.rule("coverage.role")
        self.least = role.due(case) if isinstance(role, CoverageRole) else 0
        held = role.role if isinstance(role, CoverageRole) else ""
        self.leads = np.array([held in agent.roles for agent in case.agents])
        self.class_of = np.array([CLASSES.index(s.shift_class) for s in case.shifts])

        self.base = base
        self.groups = groups
        self._begin(np.zeros(case.clock.intervals))

    def _begin(self, phone: NDArray[np.float64]) -> None:
        """Have everybody on the phone with some chances, and nothing decided."""
        case, base, people = self.case, self.base, len(self.case.agents)
        self.table = np.full((people, case.days), OFF, np.int16)
        self.way = np.zeros((people, case.days), np.intp)
        self.phone = np.tile(phone, (people, 1))
        self.away = np.zeros_like(self.phone)
        self.led = np.zeros((people, case.days, len(CLASSES)))
        self.evens = evens(case)
        self.heads = base.on_phone + self.phone.sum(axis=0)
        self.gone = base.on_break + self.away.sum(axis=0)
        helps = self.helps.T.astype(float)
        able = case.skill_sets.tight[1].astype(float)
        self.lack: NDArray[np.float64] = (
            self.groups.astype(float) @ case.requirement.heads
            - able @ base.phone_by_set
            - helps @ self.phone
        )
        self.spread = helps @ (self.phone * (1 - self.phone))
        self.leaders = self.led.sum(axis=0)

    def first(self, budget: Budget) -> Roster:
        """Place people one after the other, each where it costs least; return it."""
        self._begin(np.zeros(self.case.clock.intervals))
        self._sweep(Stage(1.0, EXACT, 1.0), budget, whole=True)
        return self._roster()

    def run(self, budget: Budget, until: float) -> Roster | None:
        """Sweep until everybody has made up their mind; return the roster.

        None where a budget of effort is over before.

        Parameters
        ----------
        until
            When to be done, in the budget's ticks.
        """
        self._hope()
        began, sweep = budget.ticks, 0
        done = 0.0
        while done < 1 and not (budget.over and sweep):
            self._sweep(_stage(done, sweep), budget, whole=not sweep)
            sweep += 1
            spent = (budget.ticks - began) / max(1e-9, until - began)
            done = max(spent, sweep / SWEEPS)
        for _ in range(LAST):
            before = self.table.copy()
            self._sweep(Stage(1.0, EXACT, 1.0), budget)
            if budget.over or (before == self.table).all():
                break
        return None if budget.effort is not None and budget.over else self._roster()

    def settle(self, sweeps: int, budget: Budget, on_row: OnRow) -> None:
        """Near the best fractional roster, and tell of each row on the way."""
        self._hope()
        self.on_row = on_row
        for sweep in range(sweeps):
            self._sweep(_stage(SETTLING * sweep / sweeps, sweep), budget)

    def _hope(self) -> None:
        """Begin with everybody on the phone with the chance that meets the need."""
        lack = self.case.requirement.heads.sum(axis=0) - self.base.on_phone
        self._begin(np.clip(lack / max(1, len(self.case.agents)), 0.0, 0.9))

    def _roster(self) -> Roster:
        duties = self.starts.duties(self.table, self.way)
        return Roster(self.case, self.table.copy(), duties)

    def _sweep(self, stage: Stage, budget: Budget, whole: bool = False) -> None:
        """Let everybody mix once, but for a budget that is over; ``whole``: all."""
        for agent in self.random.permutation(len(self.case.agents)):
            if budget.over and not whole:
                return
            self._mix(int(agent), stage)
            budget.spend(EFFORT * self.paths.size[agent])

    def _mix(self, agent: int, stage: Stage) -> None:
        """Mix the cheapest row beside all others into a person's blend."""
        phone, away, led = self.phone[agent], self.away[agent], self.led[agent]
        own = phone * stage.resolve
        lack, spread = self._lack(agent)
        spread -= phone * (1 - phone)
        deviation = np.sqrt(stage.noise + stage.resolve * np.maximum(0, spread))
        head = self._head(lack + own, self.heads - own, deviation)
        gone = self._gone(
            self.heads + self.gone - own - away * stage.resolve,
            self.gone - away * stage.resolve,
            deviation,
        )
        gone *= MUST**stage.resolve
        costs, way = self.starts.weigh(head, gone)
        if self.leads[agent]:
            unled = self.least - self.leaders + led * stage.resolve
            price = UNLED + (MUST - UNLED) * stage.resolve
            costs -= price * np.clip(unled, 0, 1)[:, self.class_of]
        for even in self.evens:
            costs += even.price(agent)
        found = self.paths.cheapest(agent, costs)
        if found is None:
            return
        row = found.row
        if self.on_row is not None:
            self.on_row(agent, row, found.cost)
        chosen = way[np.arange(len(row)), row]
        there, on_break = self.starts.presence(row, chosen)
        self.table[agent], self.way[agent] = row, chosen
        self._move(agent, there - on_break, on_break, stage.pace)

    def _move(
        self,
        agent: int,
        phone: NDArray[np.int64],
        away: NDArray[np.int64],
        pace: float,
    ) -> None:
        was = self.phone[agent]
        now = was + pace * (phone - was)
        self.heads += now - was
        helps = self.helps[agent]
        self.lack[helps] -= now - was
        self.spread[helps] += now * (1 - now) - was * (1 - was)
        self.phone[agent] = now
        change = pace * (away - self.away[agent])
        self.gone += change
        self.away[agent] += change
        for even in self.evens:
            even.move(agent, self.table[agent], pace)
        if self.leads[agent]:
            led = np.zeros_like(self.led[agent])
            days = np.flatnonzero(self.table[agent] != OFF)
            led[days, self.class_of[self.table[agent, days]]] = 1
            change = pace * (led - self.led[agent])
            self.leaders += change
            self.led[agent] += change

    def _lack(self, agent: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the heads that are lacking and that a person can help with.

        They can where the group of queues that is short of most is one they help, by
        so many heads; and how far its heads spread.
        """
        helps = self.helps[agent]
        if helps.all():
            if len(helps) == 1:
                return self.lack[0], self.spread[0].copy()
            beside = np.zeros(self.lack.shape[1])
        else:
            beside = np.maximum(0.0, self.lack[~helps].max(axis=0))
        lack = self.lack[helps]
        if not len(lack):
            return np.full_like(beside, -np.inf), np.zeros_like(beside)
        most, at = lack.argmax(axis=0), np.arange(lack.shape[1])
        return lack[most, at] - beside, self.spread[helps][most, at]

    def _head(
        self,
        lack: NDArray[np.float64],
        others: NDArray[np.float64],
        deviation: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return what one more head on the phone is expected to cost, by interval."""
        short = _below((lack - 0.5) / deviation)
        cost = self.over - (self.short + self.over) * short
        cost -= MUST * _below((self.floor - 0.5 - others) / deviation)
        cost[~self.case.counted] = 0
        return np.asarray(cost)

    def _gone(
        self,
        there: NDArray[np.float64],
        gone: NDArray[np.float64],
        deviation: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the chance that one more head on a break is too many, by interval."""
        most = np.maximum(1, np.floor(self.most_away * (there + 1) + 1e-9))
        return _below((gone + 0.5 - most) / deviation)


def _stage(done: float, sweep: int) -> Stage:
    """Return how to sweep when a share of all is done."""
    first, settled, last = NOISE
    if done < SETTLING:
        noise = first * (settled / first) ** (done / SETTLING)
        return Stage(max(2 / (sweep + 2), LEAST_PACE), noise, 0.0)
    done = (done - SETTLING) / (1 - SETTLING)
    pace = PACE[0] * (PACE[1] / PACE[0]) ** done
    return Stage(pace, settled * (last / settled) ** done, done)


def _below(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance that a normal deviate is below, to about a hundredth."""
    place = np.clip(distance, -FAR, FAR) * FINE + (FAR * FINE + 0.5)
    return _CHANCE[place.astype(np.intp)]
