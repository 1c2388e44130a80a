"""Blend: everybody gets a legal row, the same for the same seed."""

import numpy as np
import pytest

from constraints import audit, read_rules
from constraints.case import OFF
from constraints.examples import tiny_case
from scheduler.engine.blend import Blend
from scheduler.engine.even import evens
from scheduler.engine.paths import Paths
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts


def blended(case, seed=1, effort=1.0):
    budget = Budget(60.0, effort)
    return Blend(case, Paths(case), Starts(case), seed).run(budget, effort / 2)


def test_legal_and_repeatable():
    """Of nine people for a week, all rules of the bank heeded."""
    case = tiny_case(people=9, days=7, rules=read_rules("bank"))
    roster = blended(case)
    assert not audit(roster).hard
    again = blended(case)
    assert (again.table == roster.table).all()
    assert again.duties.rows() == roster.duties.rows()


def test_meets_what_can_be_met():
    """Six people under rules that let them: short only where no shift reaches."""
    rules = [r for r in read_rules("bank") if r.id in ("coverage.need", "shift.one")]
    case = tiny_case(people=6, days=3, need=1, rules=tuple(rules))
    roster = blended(case)
    short = np.maximum(0, case.requirement.heads[0] - roster.on_phone)
    hour = case.clock.starts // 60 % 24
    reached = ~np.isin(hour, (6, 7))
    assert short[case.counted & reached].sum() == 0


@pytest.mark.parametrize("rule", ["fairness.nights", "fairness.hours"])
def test_shares_as_the_rule_counts_them(rule):
    """A person's share is what the rule makes of their row."""
    case = tiny_case(people=3, days=4, rules=read_rules("bank"))
    table = np.full((3, 4), OFF, np.int16)
    table[0, :2], table[1, 0] = 2, 0
    place = ["fairness.nights", "fairness.weekends", "fairness.hours"].index(rule)
    even = evens(case)[place].of(table)
    assert even.share[0] == (2 if rule == "fairness.nights" else 2 * even.share[1])
    assert even.price(0).max() > 0 > even.price(2).min()
