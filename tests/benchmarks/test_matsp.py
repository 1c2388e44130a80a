"""Multi-activity shifts: the cheapest week against all weeks, and the search."""

from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest

from benchmarks.matsp import BENCHMARK
from benchmarks.matsp_evaluator import (
    BEGIN,
    DAY,
    GRID,
    Block,
    Cell,
    Instance,
    Limits,
    Shift,
    evaluate,
)
from benchmarks.matsp_search import Case, search
from benchmarks.matsp_week import Weeks, split
from benchmarks.registry import Task
from scheduler.engine.solver import Budget


def instance_of(days, activities, staff, heads=(0, 9)):
    """Return an instance with the same heads in all cells."""
    minutes = range(BEGIN, BEGIN + days * DAY, GRID)
    cells = product(minutes, range(1, activities + 1))
    cover = {Cell(*cell): Limits(*heads) for cell in cells}
    names = map(str, range(len(staff)))
    limits = (Limits(*one) for one in staff)
    return Instance(days, activities, dict(zip(names, limits, strict=True)), cover)


def as_shifts(week):
    """Return a week of one activity as shifts of person 0."""
    return [
        Shift(
            "0", BEGIN + GRID * place.intervals.start, (Block(1, GRID * place.length),)
        )
        for place in week
    ]


def cost_of(week, prices):
    """Return what a week of one activity costs."""
    return sum(int(prices[place.intervals].sum()) for place in week)


@cache
def all_shifts():
    """Return start, end, day and length of each legal shift of two days; minutes."""
    loose = instance_of(2, 1, [(0, 9000)])
    shifts = [
        Shift("0", start, (Block(1, length),))
        for start in range(BEGIN, loose.end, GRID)
        for length in range(360, 615, GRID)
        if start + length <= loose.end
    ]
    legal = (one for one in shifts if not evaluate(loose, [one]).broken)
    return np.array([(s.start, s.end, s.start // DAY, s.minutes) for s in legal]).T


def all_costs(prices):
    """Return minutes worked and cost of every legal week of two days.

    In two days, rest leaves room for two shifts.
    """
    starts, ends, days, lengths = all_shifts()
    sums = np.concatenate([[0], prices[:, 0].cumsum()])
    costs = sums[(ends - BEGIN) // GRID] - sums[(starts - BEGIN) // GRID]
    fitting = (starts[None] - ends[:, None] >= 14 * 60) & (days[None] > days[:, None])
    minutes = (lengths[None] + lengths[:, None])[fitting]
    total = (costs[None] + costs[:, None])[fitting]
    pairs = np.stack([minutes, total], axis=1)
    return np.vstack([[(0, 0)], np.stack([lengths, costs], axis=1), pairs])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limits", [(0, 1200), (375, 700), (720, 720), (930, 1200)])
def test_no_week_of_two_days_is_cheaper(seed, limits):
    """Of all there are, at drawn prices; and the one found is legal."""
    prices = np.random.default_rng(seed).integers(-20, 21, (192, 1))
    instance = instance_of(2, 1, [limits])
    least, most = -(-limits[0] // GRID), limits[1] // GRID
    week = Weeks(2).cheapest(prices, least, most)
    weeks = all_costs(prices)
    within = weeks[(weeks[:, 0] >= limits[0]) & (weeks[:, 0] <= limits[1])]
    assert cost_of(week, prices) == within[:, 1].min()
    assert evaluate(instance, as_shifts(week)).broken == []


def test_nobody_starts_on_six_days_running():
    """Where every hour pays, and the hours would allow it."""
    prices = np.full((7 * 96, 1), -1)
    week = Weeks(7).cheapest(prices, 0, 6 * 40)
    assert sum(place.length for place in week) == 6 * 40
    assert evaluate(instance_of(7, 1, [(0, 3600)]), as_shifts(week)).broken == []
    assert any(place.day - before.day > 1 for before, place in pairwise(week))


def test_no_week_where_hours_cannot_be_reached():
    """Four hours are no shift; eleven are more than one and less than two."""
    for price in (-1, 0, 1):
        assert Weeks(2).cheapest(np.full((192, 1), price), 16, 16) is None
        assert Weeks(2).cheapest(np.full((192, 1), price), 41, 47) is None


@pytest.mark.parametrize("seed", range(10))
def test_the_split_of_a_shift_is_the_cheapest(seed):
    """Of all splits into blocks of an hour or more, by trying them."""
    prices = np.random.default_rng(seed).integers(-5, 6, (14, 3))

    def tried(at):
        if at == len(prices):
            return 0
        ends = range(at + 4, len(prices) + 1)
        costs = [prices[at:end].sum(axis=0).min() + tried(end) for end in ends]
        return min(costs, default=10**6)

    at, cost = 0, 0
    for activity, length in split(prices):
        cost += prices[at : at + length, activity].sum()
        assert length >= 4
        at += length
    assert at == len(prices)
    assert cost == tried(0)


def test_weeks_are_priced_as_they_are_split():
    """With several activities, the sum of the splits is what no week undercuts."""
    draw = np.random.default_rng(1)
    prices = draw.integers(-9, 10, (192, 3))
    weeks = Weeks(2)
    costs = weeks.shift_costs(prices, np.concatenate(weeks.firsts))
    for row, first in enumerate(np.concatenate(weeks.firsts)[::9]):
        length = int(draw.integers(24, 41))
        if first + length > len(prices):
            continue
        cost, at = 0, int(first)
        for activity, lasting in split(prices[first : first + length]):
            cost += prices[at : at + lasting, activity].sum()
            at += lasting
        assert costs[row * 9, length - 24] == cost


def test_the_search_keeps_all_rules_and_repeats():
    """On a small instance, by effort: the same table twice, as cheap as is possible."""
    instance = instance_of(2, 2, [(720, 1200)] * 8, heads=(1, 1))
    case = Case(instance)
    tables = [search(case, Budget(1e6, 0.3), seed=1) for _ in range(2)]
    assert (tables[0] == tables[1]).all()
    verdict = evaluate(instance, case.roster(tables[0]))
    assert {one.rule for one in verdict.broken} <= {9}
    heads = np.stack([(tables[0] == kind).sum(axis=0) for kind in (1, 2)], axis=1)
    price = case.price(heads)
    assert price.cost == verdict.objective >= case.bound()
    assert price.missing == sum(one.amount for one in verdict.broken)


def test_bound_is_work_beyond_need_spread_evenly():
    """Eight of 12 h are 384 intervals; 2 x 96 are wanted, so each cell has one more."""
    assert Case(instance_of(1, 2, [(720, 1200)] * 8, heads=(1, 1))).bound() == 192
    assert Case(instance_of(1, 2, [(720, 1200)] * 4, heads=(1, 1))).bound() == 0
    one_more = [*[(720, 1200)] * 8, (15, 600)]
    assert Case(instance_of(1, 2, one_more, heads=(1, 1))).bound() == 191 + 4


def test_a_published_instance_has_a_legal_roster(outside):
    """With little work, and the same one again."""
    data = outside / "benchmarks"
    if "1_7_10_1" not in BENCHMARK.cases(data):
        pytest.skip(f"{data / 'matsp'} is not there")
    task = Task("1_7_10_1", "annealing", 1, 0.2, data, deterministic=True)
    rows = [BENCHMARK.run(task) for _ in range(2)]
    assert rows[0]["hard"] == 0
    assert rows[0]["cost"] >= rows[0]["bound"] == 383
    assert rows[0]["cost"] == rows[1]["cost"]
