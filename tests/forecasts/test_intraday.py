"""Intraday: the rest of a day follows its morning, but not all the way."""

from datetime import date, timedelta

import numpy as np
import pytest

from forecasts.backtest import Backtest
from forecasts.clock import Clock
from forecasts.forecaster import Forecast, forecast
from forecasts.history import History
from forecasts.intraday import fit_shrinkage, reforecast
from forecasts.synthetic import synthetic_bank

FIRST = date(2026, 1, 5)
DAYS = 84


def mornings(lasting, days=56, slots=24, calls=5000.0):
    """Return a backtest whose afternoons share so much of a morning's deviation."""
    rng = np.random.default_rng(2)
    morning = rng.normal(0.0, 0.1, (days, 1))
    later = lasting * morning + rng.normal(0.0, 0.02, (days, 1))
    half = np.ones((1, slots // 2))
    seen = calls * np.exp(np.hstack([morning * half, later * half]))
    return Backtest(
        8, date(2026, 1, 5), {}, "profile", seen, np.full((1, days, slots), calls)
    )


@pytest.mark.parametrize("lasting", [0.0, 0.5, 1.0])
def test_the_part_that_lasts_is_found(lasting):
    """At noon, with a little of the usual belief left in."""
    beta = fit_shrinkage(mornings(lasting)).beta[12]
    assert beta == pytest.approx((56 * lasting + 10 * 0.4) / 66, abs=0.08)


def so_far(ahead, factor, hours):
    """Return today's calls until an hour, so many times their forecast."""
    calls = np.full((1, 1, ahead.clock.intervals // ahead.clock.days), np.nan)
    gone = hours * 60 // ahead.clock.interval_minutes
    calls[0, 0, :gone] = factor * ahead.calls[0, :gone]
    minutes = ahead.clock.interval_minutes
    return History(("calls",), minutes, ahead.clock.first_day, calls)


@pytest.fixture(scope="module")
def bank():
    """Return a synthetic bank, and the forecast of the week after it."""
    past = synthetic_bank(FIRST, DAYS + 7, seed=4)
    start = FIRST + timedelta(days=DAYS)
    return past, forecast(past.until(start), Clock(start, 7, 30), method="profile")


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_only_what_is_left_of_the_day_moves(bank, factor):
    """Towards the morning, but less than all the way."""
    _, ahead = bank
    today = reforecast(ahead, so_far(ahead, factor, 12))
    ratio = today.forecast.calls[0] / ahead.calls[0]
    assert ratio[:24] == pytest.approx(1.0)
    assert ratio[48:] == pytest.approx(1.0)
    assert ratio[24:48] == pytest.approx(factor ** today.beta[0])
    assert min(1.0, factor) < ratio[30] < max(1.0, factor)


def test_what_is_left_is_less_uncertain(bank):
    """Part of the day's factor is known by now."""
    _, ahead = bank
    again = reforecast(ahead, so_far(ahead, 1.2, 14)).forecast
    assert (again.cv[0, 28:48] < ahead.cv[0, 28:48]).all()
    assert (again.cv[0, 48:] == ahead.cv[0, 48:]).all()


def test_it_errs_less_than_both_no_correction_and_a_full_one():
    """Over the days of twelve banks, at noon."""
    errors = np.zeros(3)
    for seed in range(12):
        past = synthetic_bank(FIRST, DAYS + 7, seed)
        start = FIRST + timedelta(days=DAYS)
        ahead = forecast(past.until(start), Clock(start, 7, 30), method="profile")
        for day in range(7):
            seen = past.calls[:, DAYS + day]
            known = seen.copy()
            known[:, 24:] = np.nan
            on = start + timedelta(days=day)
            today = reforecast(ahead, History(("calls",), 30, on, known[:, None]))
            rest = slice(48 * day + 24, 48 * day + 48)
            full = ahead.calls[0, rest] * today.came / today.expected
            said = (ahead.calls[0, rest], today.forecast.calls[0, rest], full)
            errors += [abs(one.sum() - seen[0, 24:].sum()) for one in said]
    assert errors[1] < min(errors[0], errors[2])


def test_a_handful_of_calls_says_nothing_of_a_day():
    """At half past midnight nothing changes."""
    ahead = Forecast.steady(Clock(FIRST, 1, 30), 5.0, 180.0)
    today = reforecast(ahead, so_far(ahead, 3.0, 1))
    assert today.left == pytest.approx(today.left_before)
    assert today.beta == pytest.approx(0.0)


def test_a_day_beyond_the_horizon_is_refused(bank):
    """So are other queues; both say what is wanted."""
    past, ahead = bank
    with pytest.raises(ValueError, match=r"a day from 2026-03-30 to .* got 2026-03-29"):
        reforecast(ahead, past.until(date(2026, 3, 30)))
    other = History(("loans",), 30, FIRST, np.ones((1, 1, 48)))
    with pytest.raises(ValueError, match="Expected the queues calls, got loans"):
        reforecast(ahead, other)


def test_queues_may_come_in_any_order_or_not_at_all():
    """A telephone system lists those that had calls."""
    clock = Clock(FIRST, 1, 60)
    shape = (3, 24)
    ahead = Forecast(
        clock, ("a", "b", "c"), np.full(shape, 50.0), np.ones(shape), ("x",) * 3
    )
    so_far = np.full((2, 1, 24), np.nan)
    so_far[..., :12] = np.array([100.0, 25.0])[:, None, None]
    today = reforecast(ahead, History(("b", "a"), 60, FIRST, so_far))
    assert today.came == pytest.approx([300, 1200, 0])
    assert today.left[0] < 600 < today.left[1]
    assert today.left[2] == pytest.approx(600)


def test_finer_counts_are_added_up(bank):
    """A telephone system reports every five minutes."""
    _, ahead = bank
    today = so_far(ahead, 1.2, 12)
    finer = reforecast(ahead, today.resampled(5))
    assert finer.left == pytest.approx(reforecast(ahead, today).left)
