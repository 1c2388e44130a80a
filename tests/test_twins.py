"""The twin test: what a rule tells the solver is what it finds in an audit."""

from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints import RULES, audit
from constraints.rule import Rule
from tests.drawn import draw_case, draw_roster, draw_rule, draw_ways, solved


@pytest.mark.parametrize("kind", RULES, ids=lambda rule: rule.id)
@given(seed=st.integers(0, 2**32))
def test_solver_charges_what_the_audit_finds(kind, seed):
    """Place by place, in the same unit and price, on any roster, legal or not."""
    random = Random(seed)
    rule = draw_rule(kind, random)
    case = draw_case(random, rule)
    ways = draw_ways(random, case)
    roster, chosen = draw_roster(random, case, ways)
    model, solver = solved(case, rule, roster, ways, chosen)
    charged: Counter = Counter()
    for charge in model.ledger:
        amount = solver.value(charge.amount)
        charged[charge.where, "amount"] += amount
        charged[charge.where, "cost"] += amount * charge.price
    found: Counter = Counter()
    for violation in audit(roster, [rule]).violations:
        found[violation.where, "amount"] += -(-violation.amount // rule.per)
        found[violation.where, "cost"] += violation.cost
    assert +charged == found, (rule, roster.codes())


@pytest.mark.parametrize(
    "kind", [rule for rule in RULES if not rule.joint], ids=lambda rule: rule.id
)
@given(seed=st.integers(0, 2**32))
def test_memory_charges_what_the_audit_finds(kind, seed):
    """Along the days of each person, on any roster, legal or not."""
    random = Random(seed)
    rule = draw_rule(kind, random)
    case = draw_case(random, rule)
    roster, _ = draw_roster(random, case, draw_ways(random, case))
    roster = replace(roster, overtime=np.zeros_like(roster.overtime))
    found: Counter = Counter()
    for violation in audit(roster, [rule]).violations:
        found[violation.where.agent] += violation.cost
    cells, contexts = rule.charges(case), rule.contexts(case)
    key = rule.alike(case)
    for agent in range(len(case.agents)):
        if cells is not None:
            days = range(case.days)
            amount = cells[agent, days, roster.table[agent]].sum()
            assert rule.penalty * amount == found[agent], (rule, roster.codes())
            continue
        memory = rule.memory(case, key.index(key[agent]))  # of the first one alike
        charged, state = 0, memory.start
        for column, shift in enumerate(roster.full[agent].tolist()):
            state, amount = memory.step(state, column, shift, contexts[agent, column])
            charged += rule.penalty * -(-amount // rule.per)
        assert charged == found[agent], (rule, roster.codes())


def test_every_rule_is_in_the_book():
    """RULES holds each concrete rule once, so the twin test misses none."""

    def leaves(kind):
        below = kind.__subclasses__()
        return [kind] if not below else [leaf for k in below for leaf in leaves(k)]

    assert sorted(rule.id for rule in RULES) == sorted(rule.id for rule in leaves(Rule))
