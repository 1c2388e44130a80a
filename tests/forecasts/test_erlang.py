"""Erlang B, C and A against published figures, and against themselves."""

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.erlang import (
    erlang_b,
    erlang_c,
    heads_needed,
    performance,
    required_heads,
    service_levels,
)

DATA = os.environ.get("ROSTERWRIGHT_DATA")
FIGURES = {
    "p_wait": "p_wait",
    "service_level": "service_level",
    "asa_s": "asa_seconds",
    "occupancy": "occupancy",
    "p_abandon": "p_abandon",
    "queue_length": "queue_length",
    "sl_answered_only": "sl_answered_only",
    "sl_excl_short_abandons": "sl_excl_short_abandons",
}


def reference() -> list:
    if not DATA:
        reason = "ROSTERWRIGHT_DATA is not set"
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason=reason))]
    with Path(DATA, "erlang_reference.csv").open(encoding="utf-8") as file:
        return [pytest.param(row, id=row["id"]) for row in csv.DictReader(file)]


def terms(row: dict[str, str]) -> dict[str, float | None]:
    return {
        "aht_seconds": float(row["aht_s"]),
        "threshold_seconds": float(row["threshold_s"]),
        "patience_seconds": float(row["patience_s"]) if row["patience_s"] else None,
    }


@pytest.mark.law
@pytest.mark.parametrize("row", reference())
def test_every_reference_row(row):
    """The published and the 50-digit figures of erlang_reference.csv, to 1e-6."""
    load, heads = float(row["offered_erlangs"]), int(row["agents"])
    if row["model"] == "erlang_b":
        blocked = erlang_b(load, heads)
        assert blocked == pytest.approx(float(row["p_block"]), rel=1e-6)
        return
    met = performance(load, heads, **terms(row))
    for column, name in FIGURES.items():
        if row[column]:
            assert getattr(met, name) == pytest.approx(float(row[column]), rel=1e-6)
    if row["target_sl"]:
        limit = float(row["max_occupancy"]) if row["max_occupancy"] else None
        target = float(row["target_sl"])
        needed = required_heads(load, target=target, max_occupancy=limit, **terms(row))
        assert needed == heads


@pytest.mark.law
@pytest.mark.parametrize(
    ("heads", "p_wait"), [(11, 0.6821), (12, 0.4494), (13, 0.2853), (14, 0.1741)]
)
def test_ten_erlang(heads, p_wait):
    """The Erlang C table for 10 Erlang: Cooper, Introduction to Queueing Theory."""
    assert round(erlang_c(10.0, heads), 4) == p_wait


@pytest.mark.law
def test_blocking_far_below_the_smallest_share():
    """100 Erlang on 300 lines block 1.2e-58 of calls (50-digit recursion)."""
    assert erlang_b(100.0, 300) == pytest.approx(1.215482655e-58, rel=1e-9)


@pytest.mark.parametrize("heads", [0, 5, 10])
def test_no_more_heads_than_load(heads):
    """The queue grows for ever: nobody in time, an endless wait."""
    met = performance(10.0, heads, aht_seconds=180, threshold_seconds=20)
    assert (met.p_wait, met.service_level) == (1.0, 0.0)
    assert math.isinf(met.asa_seconds)
    assert math.isinf(met.queue_length)


@pytest.mark.parametrize("patience", [None, 60.0])
def test_no_calls(patience):
    """No call needs no head, and all none of them are answered."""
    terms = {
        "aht_seconds": 180.0,
        "threshold_seconds": 20.0,
        "patience_seconds": patience,
    }
    assert required_heads(0.0, target=0.9, **terms) == 0
    assert performance(0.0, 0, **terms).service_level == 1.0


def test_five_thousand_erlang():
    """The square root of the load is nearly all the slack a large group needs."""
    terms = {"aht_seconds": 240.0, "threshold_seconds": 10.0, "target": 0.8}
    assert required_heads(5000.0, **terms) == 5027


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_impossible_loads(value):
    """A load is a number from 0."""
    with pytest.raises(ValueError, match="Expected 0 <= load < inf"):
        erlang_b(value, 3)


queues = st.fixed_dictionaries(
    {
        "load": st.floats(0.05, 80.0),
        "aht_seconds": st.floats(30.0, 900.0),
        "threshold_seconds": st.floats(0.0, 60.0),
        "patience_seconds": st.none() | st.floats(5.0, 3000.0),
    }
)


@given(queue=queues, heads=st.integers(1, 100))
@settings(max_examples=60, deadline=None)
def test_another_head_never_makes_it_worse(queue, heads):
    """Service level rises and the wait falls with every head."""
    fewer, more = (performance(heads=heads + extra, **queue) for extra in (0, 1))
    assert 0.0 <= fewer.service_level <= more.service_level + 1e-12 <= 1.0 + 1e-9
    assert more.asa_seconds <= fewer.asa_seconds * (1 + 1e-9)
    assert 0.0 <= fewer.occupancy <= 1.0 + 1e-9


@given(queue=queues, target=st.floats(0.3, 0.98))
@settings(max_examples=60, deadline=None)
def test_required_heads_are_just_enough(queue, target):
    """They meet the target and one fewer does not."""
    heads = required_heads(target=target, **queue)
    assert performance(heads=heads, **queue).service_level >= target - 1e-9
    if heads:
        fewer = performance(heads=heads - 1, **queue)
        assert fewer.service_level < target + 1e-9


@given(queue=queues, heads=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_many_intervals_as_one(queue, heads):
    """The table form gives what the single form gives."""
    met = performance(heads=heads, **queue)
    load, aht = queue.pop("load"), queue.pop("aht_seconds")
    several = service_levels([load, 0.0, load], [heads, 0, heads], [aht] * 3, **queue)
    assert several == pytest.approx(
        [met.service_level, 1.0, met.service_level], abs=1e-9
    )


def test_endless_patience_is_erlang_c():
    """Erlang A tends to Erlang C."""
    terms = {"aht_seconds": 240.0, "threshold_seconds": 20.0}
    patient = performance(20.0, 24, **terms, patience_seconds=1e9)
    waiting = performance(20.0, 24, **terms)
    assert patient.service_level == pytest.approx(waiting.service_level, abs=1e-5)


def test_erlang_a_by_brute_force():
    """The chain solved state by state gives the same shares."""
    load, heads, haste = 7.0, 8, 180.0 / 90.0
    states = np.ones(400)
    for state in range(1, 400):
        rate = min(state, heads) + haste * max(state - heads, 0)
        states[state] = states[state - 1] * load / rate
    states /= states.sum()
    queue = states[heads:] @ np.arange(400 - heads)
    met = performance(
        load, heads, aht_seconds=180.0, threshold_seconds=0.0, patience_seconds=90.0
    )
    assert met.p_wait == pytest.approx(states[heads:].sum())
    assert met.queue_length == pytest.approx(queue)
    assert met.service_level == pytest.approx(1 - met.p_wait)


def test_occupancy_limit_rounds_up_once():
    """9 Erlang at 90 % are 10 heads, not 11 for a rounding error."""
    heads = heads_needed(
        [9.0, 9.01],
        [180.0, 180.0],
        threshold_seconds=3600,
        target=0.5,
        max_occupancy=0.9,
    )
    assert heads.tolist() == [10, 11]


@pytest.mark.parametrize("load", [1e-310, 1e-300, 1e-15])
def test_what_is_left_of_a_load_overnight_is_none(load):
    """Nobody waits, nobody is needed, and nothing overflows."""
    for patience in (None, 120.0):
        options = {"threshold_seconds": 20, "patience_seconds": patience}
        assert service_levels([load], [3], [180.0], **options).tolist() == [1.0]
        assert heads_needed([load], [180.0], target=0.8, **options).tolist() == [0]
