"""Prices: bounds on the cost of every roster, each sharper and slower than the last.

Prices of heads come from the counts model without whole numbers; what people earn of
them gives the first bound. Where a strict pattern makes counting too coarse, columns
find better prices; where people are few, whole heads by day and whole counts say more.
"""

from collections.abc import Iterator
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.coverage import CoverageNeed
from scheduler.engine.aggregate import Counts, CountsModel, count_people, provable
from scheduler.engine.columns import column_prices
from scheduler.engine.days import WholeDays
from scheduler.engine.linear import duals
from scheduler.engine.pricing import PricedBound, Pricing
from scheduler.engine.solver import Budget

PRICING = 0.4  # share of the budget for the first prices
COUNTING = 0.3  # share of the budget for whole people
WHOLE = 100  # people up to whom whole heads add to prices


def bounds(case: Case, budget: Budget, seed: int) -> Iterator[PricedBound | Counts]:
    """Yield the bound from prices, the same with whole heads, that of whole people."""
    priced = False
    for bound in price_people(case, budget, budget.seconds * PRICING, seed):
        priced = True
        yield bound
    if not priced or len(case.agents) <= WHOLE:
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
    if not provable(case) or not isinstance(case.rule("coverage.need"), CoverageNeed):
        return
    pricing = Pricing(case)
    prices = _counted(pricing, min(seconds, budget.left))
    people = None if prices is None else pricing.people(prices, budget)
    if prices is None or people is None:
        return
    best = prices, people
    yield pricing.bound(*best)
    timed = budget.effort is None  # rounds of HiGHS are limited by time alone
    if timed and case.rule("pattern.six_on_one_off") is not None:
        for found in column_prices(pricing, budget, seed):
            yield pricing.bound(*found)
            best = max(best, found, key=lambda each: pricing.bound(*each).total)
    if len(case.agents) <= WHOLE:
        prices, people = best
        least = WholeDays(pricing, prices).least(budget, seed)
        if least is not None:
            yield PricedBound.of(people[0] + least, people[1])


def _counted(pricing: Pricing, seconds: float) -> NDArray[np.float64] | None:
    """Return settled prices from counting people; shape ``(groups, intervals)``."""
    model = CountsModel(pricing.case, chained=True, paths=pricing.paths)
    found = duals(model.cp, list(model.rows.values()), seconds)
    if found is None:
        return None
    prices = np.zeros(pricing.lack.shape)
    for (group, interval), price in zip(model.rows, found, strict=True):
        prices[group, interval] = price
    return pricing.settle(prices)
