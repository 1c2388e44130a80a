"""Hiring plan: how many to hire of which contract, month by month.

The second of two questions of capacity; ``scheduler.capacity`` answers the other.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scheduler.cbc import Found, Programme

Months = tuple[float, ...]
NEAR = 1e-6  # share of the cost by which a plan may miss the best


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One kind of contract.

    Attributes
    ----------
    name
        Each once.
    hours
        Paid hours a month of one head, at work or on leave.
    cost, hiring_cost
        Of one head a month, and once of hiring one.
    heads
        Heads there are at the start, all of them trained.
    least_share, most_share
        Share of all heads that this contract has at the least, and at the most.
    """

    name: str
    hours: float
    cost: float
    hiring_cost: float = 0.0
    heads: float = 0.0
    least_share: float = 0.0
    most_share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class HiringNeeds:
    """What a hiring plan is made from; a tuple has one value a month, or one for all.

    Attributes
    ----------
    workload
        Hours asked for in each month; their number is that of the months.
    contracts
        Kinds of contracts.
    first_month
        Any day of it.
    attrition
        Share of heads that leave at the end of a month, those in training, too.
    leave
        Share of hours on leave, or away otherwise, that the workload does not hold.
    training_months
        Months after which someone hired is on the floor.
    ramp
        Share of a trained head's work in the first months on the floor.
    overtime_share, overtime_price
        Most overtime of a month, as a share of the hours at work in it; cost an hour.
    shortage_price
        Cost of an hour of work that nobody does.

    Raises
    ------
    ValueError
        Where values are out of bounds, or do not fit each other.
    """

    workload: Months
    contracts: tuple[Contract, ...]
    first_month: date = date(2026, 1, 1)
    attrition: Months = (0.0,)
    leave: Months = (0.0,)
    training_months: int = 0
    ramp: Months = ()
    overtime_share: float = 0.0
    overtime_price: float = 0.0
    shortage_price: float

    def __post_init__(self) -> None:
        names = [contract.name for contract in self.contracts]
        if not self.workload or not names or len({*names}) < len(names):
            raise ValueError(
                "Expected a workload of at least one month, and contracts of different "
                f"names, got {len(self.workload)} months and {', '.join(names) or '-'}."
            )
        for name in ("attrition", "leave"):
            values = getattr(self, name)
            if len(values) not in (1, self.months):
                raise ValueError(
                    f"Expected {name} of 1 or {self.months} months, got {len(values)}."
                )
            _within(name, values, 1.0)
        for name in ("ramp", "workload"):
            most = 1.0 if name == "ramp" else float("inf")
            _within(name, getattr(self, name), most)

    @property
    def months(self) -> int:
        """Number of months."""
        return len(self.workload)

    def month(self, number: int) -> str:
        """Return a month as a planner writes it, such as 2026-04."""
        months = self.first_month.year * 12 + self.first_month.month - 1 + number
        return f"{months // 12}-{months % 12 + 1:02}"

    def leaving(self, month: int) -> float:
        """Return the share of heads that leave at the end of a month."""
        return self.attrition[month if len(self.attrition) > 1 else 0]

    def at_work(self, month: int) -> float:
        """Return the share of hours that are not on leave."""
        return 1.0 - self.leave[month if len(self.leave) > 1 else 0]

    def stay(self, since: int, month: int) -> float:
        """Return the share of those there in one month who are so in a later one."""
        return prod(1.0 - self.leaving(each) for each in range(since, month))

    def skill(self, age: int) -> float:
        """Return what a head hired some months ago does of a trained one's work."""
        on_floor = age - self.training_months
        if on_floor < 0:
            return 0.0
        return self.ramp[on_floor] if on_floor < len(self.ramp) else 1.0


def _within(name: str, values: Months, most: float) -> None:
    bad = [value for value in values if not 0 <= value <= most]
    if bad:
        upto = f"from 0 to {most:g}" if most < float("inf") else "of at least 0"
        raise ValueError(f"Expected {name} {upto}, got {bad[0]:g}.")


@dataclass(frozen=True, kw_only=True)
class HiringPlan:
    """Whom to hire when, and what that comes to.

    Attributes
    ----------
    needs
        What it was made from.
    status
        ``optimal``, ``feasible`` (not proved to be the best), ``infeasible`` (no
        hires keep the shares of contracts) or ``unknown``.
    bound
        No plan costs less.
    hires
        People hired at the start of each month; shape ``(contracts, months)``.
    """

    needs: HiringNeeds
    status: str
    bound: float = 0.0
    hires: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    def __repr__(self) -> str:
        """Say it in one line."""
        if not self.usable:
            return f"<HiringPlan {self.status}>"
        return (
            f"<HiringPlan {self.status}: {self.hires.sum()} hires in "
            f"{self.needs.months} months, cost {self.cost:,.0f}>"
        )

    @property
    def usable(self) -> bool:
        """Whether there is a plan."""
        return self.status in ("optimal", "feasible")

    @cached_property
    def heads(self) -> NDArray[np.float64]:
        """Heads expected, in training, too; shape ``(contracts, months)``."""
        return self._summed(lambda _: 1.0)

    @cached_property
    def trained(self) -> NDArray[np.float64]:
        """Heads that do the work of trained ones; shape ``(contracts, months)``."""
        return self._summed(self.needs.skill)

    def _summed(self, weight: Any) -> NDArray[np.float64]:
        needs = self.needs
        total = np.zeros((len(needs.contracts), needs.months))
        for month in range(needs.months):
            for number, contract in enumerate(needs.contracts):
                total[number, month] = contract.heads * needs.stay(0, month) + sum(
                    self.hires[number, since]
                    * needs.stay(since, month)
                    * weight(month - since)
                    for since in range(month + 1)
                )
        return total

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """Hours at work without overtime; shape ``(months,)``."""
        needs = self.needs
        each = np.array([contract.hours for contract in needs.contracts])
        at_work = np.array([needs.at_work(month) for month in range(needs.months)])
        return np.asarray(each @ self.trained * at_work)

    @cached_property
    def overtime(self) -> NDArray[np.float64]:
        """Overtime hours; shape ``(months,)``."""
        needs = self.needs
        if needs.overtime_price > needs.shortage_price:
            return np.zeros(needs.months)
        return np.minimum(self._lacking, needs.overtime_share * self.hours)

    @cached_property
    def shortage(self) -> NDArray[np.float64]:
        """Hours of work that nobody does; shape ``(months,)``."""
        return np.asarray(self._lacking - self.overtime)

    @property
    def _lacking(self) -> NDArray[np.float64]:
        return np.maximum(0.0, np.array(self.needs.workload) - self.hours)

    @cached_property
    def costs(self) -> NDArray[np.float64]:
        """Cost of each month; shape ``(months,)``."""
        needs = self.needs
        wages = np.array([contract.cost for contract in needs.contracts])
        hiring = np.array([contract.hiring_cost for contract in needs.contracts])
        return np.asarray(
            wages @ self.heads
            + hiring @ self.hires
            + needs.overtime_price * self.overtime
            + needs.shortage_price * self.shortage
        )

    @property
    def cost(self) -> float:
        """Cost of all months."""
        return float(self.costs.sum()) if self.usable else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row a month.

        Returns
        -------
        pandas.DataFrame
            ``month``, ``workload_hours``, ``hours`` (at work, without overtime),
            ``overtime_hours``, ``shortage_hours``, ``heads``, ``trained`` (heads that
            do a trained one's work), ``hires``, ``cost``; then ``hires`` and ``heads``
            of each contract.
        """
        needs = self.needs
        if not self.usable:
            return pd.DataFrame()
        columns: dict[str, Any] = {
            "month": [needs.month(number) for number in range(needs.months)],
            "workload_hours": np.round(needs.workload, 2),
            "hours": self.hours.round(2),
            "overtime_hours": self.overtime.round(2),
            "shortage_hours": self.shortage.round(2),
            "heads": self.heads.sum(axis=0).round(2),
            "trained": self.trained.sum(axis=0).round(2),
            "hires": self.hires.sum(axis=0),
            "cost": self.costs.round(2),
        }
        for number, contract in enumerate(needs.contracts):
            columns[f"hires {contract.name}"] = self.hires[number]
            columns[f"heads {contract.name}"] = self.heads[number].round(2)
        return pd.DataFrame(columns)


def hiring_plan(needs: HiringNeeds) -> HiringPlan:
    r"""Return the cheapest hires, month by month and contract by contract.

    Parameters
    ----------
    needs
        Workload, people and prices.

    Notes
    -----
    *Sets.* Months ``t = 0, 1, ...``; contracts ``c``.

    *Variables.* ``hire[c,t]``, whole: people hired at the start of ``t``; ``over[t]``
    and ``short[t]``: hours of overtime, and of work that nobody does.

    *Numbers.* ``stay[u,t] = product of (1 - attrition[v]), u <= v < t``: the share of
    those there in month ``u`` who are so in ``t``, as people leave at the end of a
    month; ``skill[a]``: what someone does who was hired ``a`` months ago, 0 for
    ``training_months``, then ``ramp``, then 1.

    Heads are expected ones, so they need not be whole, although hires are: of ten
    people under an attrition of 0.05 there are 9.5 a month later.

    - ``heads[c,t] = heads[c] stay[0,t] + sum(hire[c,u] stay[u,t], u <= t)``
    - ``work[t] = (1 - leave[t]) sum over c of hours[c] (heads[c] stay[0,t] +
      sum(hire[c,u] stay[u,t] skill[t-u], u <= t))``

    *Minimise* ``sum over t of (sum over c of cost[c] heads[c,t] + hiring_cost[c]
    hire[c,t]) + overtime_price over[t] + shortage_price short[t]``.

    *Subject to*

    1. ``work[t] + over[t] + short[t] >= workload[t]``;
    2. ``over[t] <= overtime_share work[t]``;
    3. ``least_share[c] n[t] <= heads[c,t] <= most_share[c] n[t]`` where ``n[t]`` is
       ``sum(heads[c,t], c)``.

    People are paid from the month in which they are hired, in training, too, and
    nobody is dismissed. Nothing counts after the last month, so nobody is hired who
    would be trained only then: make the plan again each month, with a month more.

    Solved by CBC to a millionth of the cost; no clock is asked. Manpower planning by
    linear programming goes back to A. Charnes, W. W. Cooper and R. J. Niehaus,
    *Studies in Manpower Planning*, 1972; training and attrition in a call centre by
    whole hires to N. Gans and Y.-P. Zhou, "Managing learning and turnover in employee
    staffing", Operations Research 50 (2002).

    Examples
    --------
    Ten people of 100 hours a month; one of ten leaves each month, so there are 10, 9
    and 8.1 of them. One is hired at once, trained for a month and does half the work in
    the next:

    >>> needs = HiringNeeds(
    ...     workload=(1000, 990, 1000),
    ...     contracts=(
    ...         Contract(name="full", hours=100, cost=1000, hiring_cost=500, heads=10),
    ...     ),
    ...     attrition=(0.1,),
    ...     training_months=1,
    ...     ramp=(0.5,),
    ...     overtime_share=0.1,
    ...     overtime_price=20,
    ...     shortage_price=40,
    ... )
    >>> plan = hiring_plan(needs)
    >>> plan, plan.hires.tolist()
    (<HiringPlan optimal: 1 hires in 3 months, cost 33,788>, [[1, 0, 0]])
    >>> plan.to_frame()[["hours", "overtime_hours", "shortage_hours", "cost"]]
        hours  overtime_hours  shortage_hours     cost
    0  1000.0             0.0             0.0  11500.0
    1   945.0            45.0             0.0  10800.0
    2   891.0            89.1            19.9  11488.0
    """
    model = _Model(needs)
    found = model.programme.solve(gap=NEAR)
    if not found.usable:
        return HiringPlan(needs=needs, status=found.status)
    return HiringPlan(
        needs=needs,
        status=found.status,
        bound=(found.bound or 0.0) + model.fixed,
        hires=model.hires(found),
    )


class _Model:
    """The programme; what those already there cost is fixed."""

    def __init__(self, needs: HiringNeeds) -> None:
        self.needs, self.programme, self.fixed = needs, Programme(), 0.0
        self.hire: list[list[Any]] = []
        for contract in needs.contracts:
            self.hire.append(
                [self._hire(contract, month) for month in range(needs.months)]
            )
            there = [needs.stay(0, month) for month in range(needs.months)]
            self.fixed += contract.cost * contract.heads * sum(there)
        for month in range(needs.months):
            self._work(month)
            self._shares(month)

    def _hire(self, contract: Contract, month: int) -> Any:
        """Return hires of a month, priced with all they will be paid."""
        months = range(month, self.needs.months)
        paid = sum(self.needs.stay(month, each) for each in months)
        price = contract.hiring_cost + contract.cost * paid
        return self.programme.new(price=price)

    def _work(self, month: int) -> None:
        """Work, overtime and shortage meet the workload (1 and 2)."""
        needs, programme = self.needs, self.programme
        there, work = 0.0, []
        for contract, hires in zip(needs.contracts, self.hire, strict=True):
            hours = contract.hours * needs.at_work(month)
            there += hours * contract.heads * needs.stay(0, month)
            for since in range(month + 1):
                share = needs.stay(since, month) * needs.skill(month - since)
                work.append((hires[since], hours * share))
        over = programme.new(whole=False, price=needs.overtime_price)
        short = programme.new(whole=False, price=needs.shortage_price)
        asked = needs.workload[month] - there
        programme.at_least([*work, (over, 1.0), (short, 1.0)], asked)
        part = needs.overtime_share
        least = [(hire, -part * hours) for hire, hours in work]
        programme.at_most([(over, 1.0), *least], part * there)

    def _shares(self, month: int) -> None:
        """Keep each contract within its share of heads (3)."""
        needs = self.needs
        stay = needs.stay(0, month)
        everybody = sum(contract.heads for contract in needs.contracts) * stay
        for number, contract in enumerate(needs.contracts):
            for share, sign in ((contract.least_share, 1), (contract.most_share, -1)):
                if share == (0.0 if sign > 0 else 1.0):
                    continue
                terms = [
                    (
                        hires[since],
                        sign * needs.stay(since, month) * ((other == number) - share),
                    )
                    for other, hires in enumerate(self.hire)
                    for since in range(month + 1)
                ]
                there = contract.heads * stay - share * everybody
                self.programme.at_least(terms, -sign * there)

    def hires(self, found: Found) -> NDArray[np.int64]:
        """Return the hires; shape ``(contracts, months)``."""
        values = [[found.value(one) for one in months] for months in self.hire]
        return np.asarray(np.rint(np.array(values)), np.int64)
