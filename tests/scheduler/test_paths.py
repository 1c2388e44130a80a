"""Paths: the cheapest row by states is the cheapest of all rows there are."""

from dataclasses import replace
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints import OFF, RULES, Roster, audit, read_rules
from constraints.case import OPEN
from constraints.examples import tiny_case
from scheduler.engine.paths import BROKEN, Paths, weekly
from tests.drawn import draw_case, draw_rule


def book(random):
    """Return some rules about one person, hard or soft, hours week by week."""
    rules = []
    for kind in RULES:
        if not kind.joint and random.random() < 0.6:
            soft = kind.soft_only or random.random() < 0.5
            penalty = random.randint(1, 5) if soft else None
            rules.append(weekly(replace(draw_rule(kind, random), penalty=penalty)))
    return tuple(rules)


def draw(seed):
    """Return a case of a few days, and prices of starts."""
    random = Random(seed)
    while True:
        case = draw_case(random, draw_rule(RULES[0], random))
        if case.days <= 5 and len(case.shifts) <= 3:
            break
    case = case.with_rules(book(random))
    prices = np.array(
        [[random.randint(-9, 9) for _ in case.shifts] for _ in range(case.days)], float
    )
    return case, prices


def rows_of(case, agent):
    """Return each row that the fixed cells leave open, its hard amounts and cost."""
    cells = [
        [s for s in range(len(case.shifts)) if case.free_to_work[agent, day, s]]
        + [OFF] * int(case.pins[agent, day] < 0)
        for day in range(case.days)
    ]
    for row in product(*cells):
        table = np.full((len(case.agents), case.days), OFF, np.int16)
        table[agent] = row
        found = [
            v for v in audit(Roster(case, table)).violations if v.where.agent == agent
        ]
        hard = sum(v.amount for v in found if v.severity == "hard")
        yield np.array(row), hard, sum(v.cost for v in found)


@given(seed=st.integers(0, 2**32))
def test_no_row_is_cheaper(seed):
    """Nor is the row given another than it says; who has none breaks least."""
    case, prices = draw(seed)
    paths = Paths(case)
    for agent in range(len(case.agents)):
        rows = list(rows_of(case, agent))
        legal = any(not hard for _, hard, _ in rows)
        weigh = [
            cost
            + sum(prices[day, s] for day, s in enumerate(row) if s != OFF)
            + (BROKEN * hard if not legal else 0)
            for row, hard, cost in rows
            if not (legal and hard)
        ]
        found = paths.cheapest(agent, prices)
        if not rows:
            assert found is None
            continue
        row, cost, least = found
        days = np.flatnonzero(row != OFF)
        assert cost + prices[days, row[days]].sum() == min(weigh) == least
        same = [(h, c) for r, h, c in rows if (r == row).all()]
        assert same == [(same[0][0], cost - BROKEN * same[0][0])]


@given(seed=st.integers(0, 2**32))
def test_what_no_row_is_cheaper_than_holds_where_limits_are_priced(seed):
    """A row may then be dearer than the cheapest, but is legal."""
    case, prices = draw(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scheduler.engine.paths.KEPT", 0)
        patch.setattr("scheduler.engine.paths.MOST_KEPT", 0)
        paths = Paths(case)
        for agent in range(len(case.agents)):
            rows = [(r.tolist(), c) for r, hard, c in rows_of(case, agent) if not hard]
            for _ in range(2):  # multipliers stay
                found = paths.cheapest(agent, prices)
                if found is None or agent in paths.lost:
                    continue
                worth = [
                    cost + sum(prices[day, s] for day, s in enumerate(row) if s != OFF)
                    for row, cost in rows
                ]
                assert found.least <= min(worth)
                assert (found.row.tolist(), found.cost) in rows


@given(seed=st.integers(0, 2**32))
def test_no_row_works_more_or_less_by_any_day(seed):
    """Nor need the fewest and the most be further out at the end."""
    case, _ = draw(seed)
    paths = Paths(case)
    for agent in range(len(case.agents)):
        rows = [row for row, hard, _ in rows_of(case, agent) if not hard]
        least, most = paths.worked(agent).T
        if rows:
            days = np.cumsum(np.array(rows) != OFF, axis=1)
            assert (least <= days.min(axis=0)).all()
            assert (most >= days.max(axis=0)).all()
            hard = [rule for rule in case.rules if rule.penalty is None]
            if not any(not rule.joint and rule.tallies(case) for rule in hard):
                assert least[-1] == days[:, -1].min()
                assert most[-1] == days[:, -1].max()


@given(seed=st.integers(0, 2**32))
def test_all_ways_within_some_days(seed):
    """Each way between standing days is listed once, with its cost."""
    case, prices = draw(seed)
    random, paths = Random(seed), Paths(case)
    agent = random.randrange(len(case.agents))
    found = paths.cheapest(agent, prices)
    rows = list(rows_of(case, agent))
    if found is None or all(hard for _, hard, _ in rows):
        return
    first = random.randrange(case.days)
    span = range(first, random.randint(first + 1, case.days))
    outside = [day for day in range(case.days) if day not in span]
    expected = {
        tuple(row[first : span.stop]): cost
        for row, hard, cost in rows
        if not hard and (row[outside] == found.row[outside]).all()
    }
    ways, costs = paths.within(agent, found.row, span)
    listed = zip(map(tuple, ways.tolist()), costs.tolist(), strict=True)
    assert dict(listed) == expected
    assert len(ways) == len(expected)
    keep = found.row.copy()
    keep[first : span.stop] = OPEN
    kept = paths.cheapest(agent, prices, keep)
    worth = np.hstack([prices, np.zeros((case.days, 1))])
    days = np.arange(first, span.stop)
    around = worth[outside, found.row[outside]].sum()
    priced = [c + worth[days, row].sum() + around for row, c in expected.items()]
    assert kept.least == pytest.approx(min(priced))


def test_days_kept():
    """Cells to keep stay, and the rest is the best around them."""
    case = tiny_case(days=7, rules=read_rules("bank"))
    keep = np.array([OPEN, 2, OPEN, OPEN, OFF, OPEN, OPEN], np.int16)
    row, *_ = Paths(case).cheapest(0, np.full((7, 3), -9.0), keep)
    assert (row[1], row[4]) == (2, OFF)
    assert (row != OFF).sum() == 5
    impossible = np.full(7, 0, np.int16)  # seven days running
    assert Paths(case).cheapest(0, np.zeros((7, 3)), impossible) is None
