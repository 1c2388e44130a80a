"""Real call histories, from the file to an audited roster of the two weeks after it."""

import numpy as np
import pytest

import scheduler as sc
from benchmarks.real import CASES

pytestmark = pytest.mark.slow

EFFORT = {"anonymous-bank": 4.0, "na-bank": 4.0}
"""Deterministic time of a solve, so that a busy machine finds the same roster."""


@pytest.fixture(scope="module", params=CASES)
def plan(request, outside, tmp_path_factory):
    """A case made from a history, read."""
    folder = tmp_path_factory.mktemp(request.param)
    CASES[request.param](folder, outside / "calls")
    return sc.read_case(folder)


@pytest.fixture(scope="module")
def result(plan):
    """Its solve."""
    effort = EFFORT[plan.case.name]
    return sc.solve(plan.case, seconds=600, effort=effort, workers=1)


def test_the_forecast_covers_the_horizon(plan):
    """Two weeks, a value in each interval, calls and heads where the centre is open."""
    case = plan.case
    calls, handling = case.forecast.calls[0], case.forecast.aht_seconds[0]
    assert case.days == 14
    assert (len(case.agents), case.clock.weekday(0)) == (
        {"anonymous-bank": 40, "na-bank": 280}[case.name],
        0,
    )
    assert calls.shape == handling.shape == (14 * 48,)
    assert np.isfinite(calls).all()
    assert (handling > 0).all()
    is_open = case.requirement.is_open.reshape(14, 48)
    assert (calls.reshape(14, 48).sum(axis=1) > 0).tolist() == is_open.any(1).tolist()
    assert (case.requirement.heads[0] > 0).tolist() == is_open.ravel().tolist()


def test_contract_hours_suffice_for_what_is_needed(plan):
    """The heads required are between seven and nine tenths of the contract hours."""
    contract = sum(agent.hours_per_week for agent in plan.case.agents) * 2
    needed = plan.case.requirement.heads.sum() / 2
    assert 0.7 * contract < needed < 0.9 * contract


def test_no_hard_rule_is_broken(result):
    """Audited anew, not taken from the solve."""
    assert sc.audit(result.roster).hard == ()


def test_the_cost_is_what_the_audit_charges_and_not_below_the_bound(result):
    """The solver does not grade its own work."""
    assert result.cost == sc.audit(result.roster).cost
    assert 0 < result.bound <= result.cost


def test_callers_get_nearly_what_was_promised(plan, result):
    """By the roster, the share of calls answered in time is near its target."""
    level = sc.kpi(result.roster, result.audit)["service_level"]
    assert level > plan.case.service.target - 0.05
