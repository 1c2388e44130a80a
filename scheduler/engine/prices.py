"""Prices: bounds on the cost of every roster, each sharper and slower than the last.

Prices of heads come from the counts model without whole numbers; what people earn of
them gives the first bound. Where a strict pattern makes counting too coarse, columns
find better prices; where people are few, whole heads by day and whole counts say more.
"""

from collections.abc import Iterator
from time import monotonic

import numpy as np

from constraints.case import Case
from constraints.coverage import CoverageNeed
from constraints.hours import HoursOvertime
from scheduler.engine.aggregate import Counts, CountsModel, count_people, fixed_cells
from scheduler.engine.columns import column_bounds
from scheduler.engine.days import WholeDays
from scheduler.engine.linear import duals
from scheduler.engine.pricing import GRAIN, PricedBound, Pricing
from scheduler.engine.solver import Budget

PRICING = 0.4  # share of the budget for the first prices
COUNTING = 0.3  # share of the budget for whole people
FEW = 100  # people; with more, whole heads add nothing to prices


def bounds(case: Case, budget: Budget, seed: int) -> Iterator[PricedBound | Counts]:
    """Yield the bound from prices, the same with whole heads, that of whole people."""
    priced = False
    for bound in price_people(case, budget, budget.seconds * PRICING, seed):
        priced = True
        yield bound
    if not priced or len(case.agents) <= FEW:
        effort = 1e9 if budget.effort is None else budget.effort * COUNTING
        seconds = budget.seconds * COUNTING
        yield count_people(case, budget, seconds=seconds, effort=effort, seed=seed)


def bounds_apart(case: Case, until: float, seed: int) -> Iterator[PricedBound | Counts]:
    """Yield the bounds found until a moment of the clock, in a process of its own."""
    return bounds(case, Budget(until - monotonic()), seed)


def price_people(
    case: Case, budget: Budget, seconds: float, seed: int
) -> Iterator[PricedBound]:
    """Yield lower bounds on the cost of every roster; none where nothing is known.

    Parameters
    ----------
    case
        Where overtime may be booked nothing is proved, as paths book none.
    budget, seconds
        What may be spent, and how much of it on the prices.
    seed
        Random seed.
    """
    overtime = case.rule("hours.overtime")
    booked = isinstance(overtime, HoursOvertime) and overtime.allowed
    known = fixed_cells(case) and not booked
    if not known or not isinstance(case.rule("coverage.need"), CoverageNeed):
        return
    pricing = Pricing(case)
    model = CountsModel(case, chained=True, paths=pricing.paths)
    found = duals(model.cp, list(model.rows.values()), min(seconds, budget.left))
    if found is None:
        return
    prices = np.zeros(pricing.lack.shape)
    for (group, interval), price in zip(model.rows, found, strict=True):
        prices[group, interval] = price
    prices = pricing.settle(prices)
    people = pricing.people(prices, budget)
    if people is None:
        return
    cost, alone = people
    yield PricedBound.of(cost + pricing.coverage(prices), alone)
    timed = budget.effort is None  # HiGHS spends time, not effort
    if timed and case.rule("pattern.six_on_one_off") is not None:
        yield from column_bounds(pricing, budget, seed)
    if len(case.agents) > FEW:
        return
    days = WholeDays(case, pricing.starts, pricing.worth(prices), GRAIN)
    least = days.least(budget, seed)
    if least is not None:
        yield PricedBound.of(cost + least, alone)
