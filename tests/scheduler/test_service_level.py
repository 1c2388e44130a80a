"""Heads short priced by service level: who is too few goes where most calls wait."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints import audit
from constraints.breaks import MealBreak
from constraints.case import OFF
from constraints.cells import ShiftOne
from constraints.coverage import CoverageNeed
from constraints.examples import tiny_case
from constraints.roster import Roster
from forecasts.forecaster import Forecast
from forecasts.requirement import Marginal
from scheduler.engine.alone import Alone, _worth
from scheduler.engine.blend import Blend
from scheduler.engine.breaks import place_breaks
from scheduler.engine.paths import Paths
from scheduler.engine.search import first_roster
from scheduler.engine.solve import solve
from scheduler.engine.solver import Budget
from scheduler.engine.starts import Starts
from tests.drawn import draw_case, draw_roster, draw_ways
from tests.test_queues import with_queues

PRICED = CoverageNeed(price="service-level")


def dear(hours, *rules, **size):
    """Return a case in some of whose hours a head short loses ten times the calls."""
    case = tiny_case(rules=(PRICED, *rules), **size)
    last_head = np.full((1, case.clock.intervals), 0.02)
    last_head[0, hours] = 0.2
    marginal = Marginal(last_head=last_head, next_head=np.zeros_like(last_head))
    return replace(
        case,
        requirement=replace(case.requirement, marginal=marginal),
        forecast=Forecast.steady(case.clock, 50.0, 180.0),
        has_yesterday=True,
    )


@pytest.mark.parametrize(
    ("shift", "hours"), [(0, slice(8, 12)), (1, slice(18, 22)), (2, slice(22, 24))]
)
def test_one_person_goes_where_most_calls_would_wait(shift, hours):
    """In the first roster, in a blend, placed alone, and in what is proved."""
    case = dear(hours, people=1, days=1)
    paths, starts = Paths(case), Starts(case)
    first = first_roster(case, Budget(60), 1)
    blended = Blend(case, paths, starts, 1).run(Budget(60, 1.0), 0.5)
    alone = Alone(case, paths, starts).again(Roster.empty(case), 0, range(1))
    result = solve(case, effort=1.0, workers=1)
    for roster in (first, blended, alone, result.roster):
        assert roster.table.tolist() == [[shift]]
    assert result.status == "optimal"
    assert result.bound == audit(first).cost


@pytest.mark.parametrize("hour", range(9, 15))
def test_no_break_lies_where_most_calls_would_wait(hour):
    """Whichever hour that is."""
    case = dear(hour, MealBreak(), people=1, days=1)
    roster = place_breaks(Roster.from_codes(case, ["D"]))
    assert not audit(roster, [MealBreak()]).violations
    assert roster.on_phone[hour]


@given(seed=st.integers(0, 2**32))
def test_one_more_start_is_worth_what_the_audit_says(seed):
    """Beside any roster, priced either way, with several queues, too."""
    random = Random(seed)
    rule = CoverageNeed(penalty=2, price=random.choice(("heads", "service-level")))
    case = draw_case(random, rule)
    if random.random() < 0.5:
        case = with_queues(case, random)
    case = case.with_rules([rule])
    roster, _ = draw_roster(random, case, draw_ways(random, case))
    table = roster.table.copy()
    table[0] = OFF
    rest = Roster(case, table)
    if audit(rest, [ShiftOne()]).violations:
        return  # who is in two shifts at a time counts twice
    before, costs = audit(rest).cost, Starts(case).weigh(*_worth(rest, 0))[0]
    for day, shift in np.ndindex(costs.shape):
        with_one = table.copy()
        with_one[0, day] = shift
        one = Roster(case, with_one)
        if not audit(one, [ShiftOne()]).violations:
            assert audit(one).cost - before == costs[day, shift]
