"""Starts: what a start is worth is what its intervals on the phone are."""

import numpy as np
import pytest

from constraints.breaks import MealBreak
from constraints.examples import tiny_case
from scheduler.engine.starts import Starts


@pytest.mark.parametrize("rest", [0, 15])
def test_breaks_that_touch_one_interval_take_it_once(rest):
    """With an hour's intervals a meal and a rest may lie in the same one."""
    rule = MealBreak(rest_minutes=rest, step_minutes=15)
    case = tiny_case(days=2, rules=(rule,))
    starts = Starts(case)
    head = np.random.default_rng(1).integers(-9, 9, case.clock.intervals)
    costs, _ = starts.weigh(head.astype(float), np.zeros(case.clock.intervals))
    for at, start in starts.starts.items():
        assert costs[at] == min(head[way].sum() for way in start.on_phone())
