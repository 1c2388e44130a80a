"""Queues: the split of heads is the best there is, and solver and audit agree on it."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from constraints import audit
from constraints.case import OFF
from constraints.cells import ShiftOne
from constraints.coverage import CoverageNeed
from constraints.queues import SkillSets
from constraints.roster import Roster
from scheduler.engine.aggregate import count_people
from scheduler.engine.blend import Blend
from scheduler.engine.paths import Paths
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts
from tests.drawn import (
    draw_case,
    draw_roster,
    draw_rule,
    draw_ways,
    solved,
    with_calls,
)

NAMES = ("accounts", "cards", "loans", "abroad")


def with_queues(case, random):
    """Return the case with two to four queues that people can answer some of."""
    queues = NAMES[: random.randint(2, 4)]
    known = [
        frozenset(queue for queue in queues if random.random() < 0.5)
        for _ in case.agents
    ]
    agents = tuple(
        replace(agent, skills=agent.skills | skills)
        for agent, skills in zip(case.agents, known, strict=True)
    )
    heads = np.array(
        [[random.randrange(3) for _ in range(case.clock.intervals)] for _ in queues]
    )
    requirement = replace(case.requirement, queues=queues, heads=heads)
    case = replace(case, agents=agents, requirement=requirement)
    return with_calls(case, random)


def best_split(sets, need, heads):
    """Return the fewest heads short, by trying every flow in one interval."""
    cp = cp_model.CpModel()
    flow = {
        (s, q): cp.new_int_var(0, int(heads[s]), "")
        for s, q in np.argwhere(sets).tolist()
    }
    short = [cp.new_int_var(0, int(one), "") for one in need]
    for s, there in enumerate(heads):
        cp.add(sum(x for (t, _), x in flow.items() if t == s) <= int(there))
    for q, one in enumerate(need):
        cp.add(sum(x for (_, r), x in flow.items() if r == q) + short[q] >= int(one))
    cp.minimize(sum(short))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(cp) == cp_model.OPTIMAL
    return round(solver.objective_value)


@given(seed=st.integers(0, 2**32))
def test_no_split_leaves_fewer_short(seed):
    """And each person answers one queue, which they can."""
    random = np.random.default_rng(seed)
    queues = int(random.integers(1, 5))
    skills = SkillSets(random.random((int(random.integers(1, 7)), queues)) < 0.5)
    need = random.integers(0, 6, (queues, 5))
    heads = random.integers(0, 6, (len(skills.sets), 5))
    given_ = skills.split(need, heads)
    assert (given_ >= 0).all()
    assert not given_[~skills.sets].any()
    able = skills.able
    assert (given_.sum(axis=1)[able] == heads[able]).all()
    short = np.maximum(0, need - given_.sum(axis=0)).sum(axis=0)
    assert (short == skills.short(need, heads)).all()
    assert short[0] == best_split(skills.sets, need[:, 0], heads[:, 0])


@given(seed=st.integers(0, 2**32))
def test_solver_charges_what_the_audit_finds(seed):
    """Interval by interval, whoever answers what."""
    random = Random(seed)
    rule = draw_rule(CoverageNeed, random)
    case = with_queues(draw_case(random, rule), random)
    ways = draw_ways(random, case)
    roster, chosen = draw_roster(random, case, ways)
    model, solver = solved(case, rule, roster, ways, chosen)
    charged = np.zeros(case.clock.intervals)
    for charge in model.ledger:
        charged[charge.where.interval] += charge.price * solver.value(charge.amount)
    found = np.zeros(case.clock.intervals)
    for violation in audit(roster, [rule]).violations:
        found[violation.where.interval] += violation.cost
    assert (charged == found).all()


@given(seed=st.integers(0, 2**32))
def test_naming_queues_changes_no_cost(seed):
    """Everybody named answers one they can; naming half of them is as good."""
    random = Random(seed)
    rule = draw_rule(CoverageNeed, random)
    case = with_queues(draw_case(random, rule), random).with_rules([rule])
    roster, _ = draw_roster(random, case, draw_ways(random, case))
    if audit(roster, [ShiftOne()]).violations:
        return  # who is in two shifts at a time counts twice, and answers once
    served = roster.serve()
    assert served.serving is not None
    assert not served.unable.any()
    assert audit(served).cost == audit(roster).cost
    half = served.serving.copy()
    half[::2] = -1
    assert audit(replace(roster, serving=half)).cost == audit(roster).cost


def test_a_queue_without_its_skill():
    """Is found in the shift, and counts for no queue."""
    random = Random(1)
    rule = draw_rule(CoverageNeed, random)
    case = with_queues(draw_case(random, rule), random)
    case = replace(
        case,
        agents=tuple(replace(agent, skills=frozenset()) for agent in case.agents),
        history=np.full_like(case.history, OFF),
    )
    table = np.full((len(case.agents), case.days), OFF, np.int16)
    table[0, 0] = 0
    serving = np.zeros((len(case.agents), case.clock.intervals), np.int8)
    roster = Roster(case, table, serving=serving)
    assert np.argwhere(roster.unable).tolist() == [[0, 0]]
    assert not roster.on_queue.any()


@pytest.mark.parametrize(
    "seed", [*range(37), pytest.param(37, marks=pytest.mark.slow), 38, 39]
)
def test_counts_bound_every_roster(seed):
    """With several queues, too: no roster costs less than the bound."""
    random = Random(seed)
    rule = draw_rule(CoverageNeed, random)
    case = with_queues(draw_case(random, rule), random).with_rules([rule])
    counts = count_people(case, Budget(30), seconds=10, effort=5, seed=1)
    blend = Blend(case, Paths(case), Starts(case), seed)
    roster = blend.run(Budget(30, effort=0.02), 0.02)
    assert counts.bound <= audit(roster).cost
