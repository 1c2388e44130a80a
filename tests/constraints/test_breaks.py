"""Meals in long shifts, stretches not too long, and never too many people away."""

from dataclasses import replace

import numpy as np
import pytest

from constraints import Duties
from constraints.breaks import MealBreak
from tests.rows import found, meals, roster

NOON = 12 * 60


@pytest.mark.parametrize(
    ("code", "meal", "amount"),
    [
        ("M", NOON, []),
        ("M", None, [(0, 30)]),  # 30 min missing
        ("M", 9 * 60 + 15, [(0, 30)]),  # 75 min after the start: too early to count
        ("M", 9 * 60 + 30, [(0, 30)]),  # counts, but leaves 6 h 30 on end
        ("M", 15 * 60 + 15, [(0, 30)]),  # ends 45 min before the end: too late
        ("M", 10 * 60, []),  # six hours remain, which is the longest stretch
        ("S", None, []),  # six hours are not more than six
    ],
)
def test_a_meal_in_a_shift_of_more_than_six_hours(code, meal, amount):
    """Minutes missing, or else minutes beyond the longest stretch."""
    starts = [] if meal is None else [(0, 0, meal)]
    assert found(meals(roster(code), *starts), MealBreak()) == amount


def test_a_second_break_is_a_setting():
    """The bank's second, paid break; a meal does not stand in for it."""
    rule = MealBreak(rest_minutes=30)
    one = meals(roster("M"), (0, 0, NOON))
    assert found(one, rule) == [(0, 30)]
    rest = (0, 0, "rest", 14 * 60, 14 * 60 + 30)
    assert found(one.with_duties(Duties.of([*one.duties.rows(), rest])), rule) == []


@pytest.mark.parametrize(
    ("people", "away", "beyond"),
    [
        (2, 1, []),  # one may always be away
        (2, 2, [1]),
        (5, 2, [1]),  # 34 % of five are one
        (6, 2, []),
        (6, 4, [2]),
    ],
)
def test_at_most_a_third_away_at_a_time(people, away, beyond):
    """People beyond, by interval."""
    one = meals(roster(*["M"] * people), *[(n, 0, NOON) for n in range(away)])
    rows = found(one, MealBreak(meal_minutes=0, longest_stretch_minutes=600))
    assert [amount for _, amount in rows] == beyond


@pytest.mark.parametrize(("paid", "minutes"), [(False, 480), (True, 510)])
def test_an_unpaid_meal_is_not_paid(paid, minutes):
    """Paid minutes are the span less the unpaid meal."""
    one = roster("M", rules=(MealBreak(paid=paid),))
    assert one.paid.tolist() == [[minutes]]


def test_ways_are_without_fault_where_a_shift_allows_it():
    """A planner is offered no meal that the audit would refuse."""
    case, rule = roster("M").case, MealBreak()
    ways = rule.ways(case, 480, 990)
    assert [way[0][1] for way in ways] == list(range(600, 841, 30))
    assert all(rule.fault(480, 990, way) == 0 for way in ways)
    assert rule.ways(case, 480, 840) == [()]


def test_breaks_beside_a_shift_count_for_nothing():
    """A duty on a day off is nobody's break."""
    one = meals(roster("M-"), (0, 0, NOON), (0, 1, NOON))
    assert found(one, MealBreak()) == []
    empty = replace(one, table=np.full_like(one.table, -1))
    assert found(empty, MealBreak()) == []
