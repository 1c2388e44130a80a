"""Offered load against a fine integration, and where it must agree with itself."""

from time import process_time

import numpy as np
import pytest

from forecasts.load import LOADS, offered_load

CALLS = np.array([[40.0, 60.0, 5.0, 0.0, 0.0, 90.0], [0.0, 0.0, 30.0, 30.0, 1.0, 0.0]])
AHT = np.array([[240.0, 300.0, 300.0, 240.0, 600.0, 600.0], [900.0] * 6])


def integrated(calls, aht, interval_seconds, start):
    """Return mean and maximum of m in each interval, m' = rate - m / aht, by Heun."""
    step, means, most, now = 0.05, [], [], start
    for rate, handling in zip(calls / interval_seconds, aht, strict=True):
        path = [now]
        for _ in range(round(interval_seconds / step)):
            slope = rate - now / handling
            ahead = now + step * slope
            now += step * (slope + rate - ahead / handling) / 2
            path.append(now)
        means.append((sum(path) - (path[0] + path[-1]) / 2) / (len(path) - 1))
        most.append(max(path))
    return np.array(means), np.array(most)


@pytest.mark.parametrize("start", [None, 12.0])
def test_against_a_fine_integration(start):
    """Mean and maximum of the calls in progress, handling times changing."""
    begin = CALLS[0, 0] * AHT[0, 0] / 900 if start is None else start
    mean, most = integrated(CALLS[0], AHT[0], 900, begin)
    mol, largest = (
        offered_load(CALLS[0], AHT[0], 15, method=method, start=start)
        for method in ("mol", "mol-max")
    )
    assert mol == pytest.approx(mean, rel=1e-6)
    assert largest == pytest.approx(most, rel=1e-6)


@pytest.mark.parametrize("method", LOADS)
def test_a_steady_rate_has_one_load(method):
    """All methods give rate x handling time where nothing moves."""
    assert offered_load([30.0] * 9, 300.0, 30, method=method) == pytest.approx(
        [5.0] * 9
    )


@pytest.mark.parametrize("method", ["mol", "lag"])
def test_no_work_is_lost(method):
    """From empty to empty, load x time is calls x handling time."""
    calls = np.array([0.0, 50.0, 80.0, 3.0] + [0.0] * 40)
    load = offered_load(calls, 400.0, 15, method=method)
    assert load.sum() * 900 == pytest.approx(calls.sum() * 400)


def test_lag_looks_back_by_a_handling_time():
    """At 300 s of 900 s, a third of the interval still has the rate before."""
    load = offered_load([30.0, 60.0, 0.0], 300.0, 15, method="lag")
    assert load * 3 == pytest.approx([30.0, 50.0, 20.0])
    load = offered_load([30.0, 60.0], 300.0, 15, method="lag", start=0.0)
    assert load * 3 == pytest.approx([20.0, 50.0])


def test_lag_may_be_longer_than_an_interval():
    """At 900 s of 300 s, the rate of three intervals ago."""
    load = offered_load([1.0, 2.0, 3.0, 4.0, 5.0], 900.0, 5, method="lag")
    assert load / 3 == pytest.approx([1.0, 1.0, 1.0, 1.0, 2.0])


@pytest.mark.parametrize("method", LOADS)
def test_queues_are_apart(method):
    """Many queues at once give what each gives alone."""
    together = offered_load(CALLS, AHT, 15, method=method)
    alone = [
        offered_load(calls, aht, 15, method=method)
        for calls, aht in zip(CALLS, AHT, strict=True)
    ]
    assert together == pytest.approx(np.array(alone))


@pytest.mark.parametrize("method", LOADS)
@pytest.mark.parametrize("shape", [(5,), (3, 5), (0,), (2, 0)])
def test_no_calls_are_no_load(method, shape):
    """Exactly 0, of the shape given, however short the calls would be."""
    load = offered_load(np.zeros(shape), 1e-3, 30, method=method)
    assert load.shape == shape
    assert (load == 0).all()


def test_the_maximum_is_never_below_the_mean():
    """And the mean never below 0."""
    mean, most = (offered_load(CALLS, AHT, 15, method=m) for m in ("mol", "mol-max"))
    assert (most >= mean).all()
    assert (mean >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1.0], 180.0, 30, "mean"), "Expected one of mol, mol-max, lag, rate, got"),
        (([-1.0], 180.0, 30, "mol"), "Expected 0 <= calls, got -1.0."),
        (([np.nan], 180.0, 30, "mol"), "Expected 0 <= calls, got nan."),
        (([1.0], 0.0, 30, "mol"), "Expected 0 < aht_seconds, got 0.0."),
    ],
)
def test_out_of_range(arguments, said):
    """The condition and the value."""
    with pytest.raises(ValueError, match=said):
        offered_load(*arguments[:3], method=arguments[3])


@pytest.mark.parametrize("method", LOADS)
def test_months_of_many_queues_at_once(method):
    """3,000 intervals of 50 queues take well under a second of computing."""
    calls = np.random.default_rng(0).uniform(0.0, 100.0, (50, 3000))
    began = process_time()
    assert np.isfinite(offered_load(calls, 300.0, 15, method=method)).all()
    assert process_time() - began < 0.5
