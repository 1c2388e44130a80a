"""Backtests: what each model would have said, and the pick among them."""

from datetime import date, timedelta

import numpy as np
import pytest

from forecasts.backtest import backtest
from forecasts.calendar import Calendar
from forecasts.clock import Clock
from forecasts.forecaster import forecast
from forecasts.history import History
from forecasts.models import METHODS
from forecasts.models.profile import Profile
from forecasts.models.recent import Recent, WeightedMean
from forecasts.models.svd import Curves
from forecasts.past import Past
from forecasts.synthetic import synthetic_bank

FIRST = date(2026, 1, 5)


def bank(days=112, seed=1):
    return Past(FIRST, synthetic_bank(FIRST, days, seed).calls[0])


def test_a_forecast_is_scored_on_what_lay_ahead_of_it():
    """By hand: last week's calls against this week's, one and two weeks ahead."""
    past = bank()
    tried = backtest(past, {"seasonal-naive": Recent(1)}, [1, 2])
    seen = past.calls[-56:]
    for lead in (1, 2):
        said = past.calls[-56 - 7 * lead : -7 * lead]
        score = tried.scores["seasonal-naive", lead]
        assert score.wape == pytest.approx(np.abs(said - seen).sum() / seen.sum())
        assert score.bias == pytest.approx((said - seen).sum() / seen.sum())
    assert tried.leads == (1, 2)
    assert tried.expected.shape == (2, 56, 48)


def test_no_model_sees_what_it_is_to_forecast():
    """What comes after an origin does not change what was said there."""
    past = bank()
    changed = Past(FIRST, past.calls.copy())
    changed.calls[-7:] *= 5
    for name, model in METHODS.items():
        said, same = (
            backtest(one, {name: model}, [1]).expected[0] for one in (past, changed)
        )
        assert np.array_equal(said, same)


@pytest.mark.parametrize("seed", range(4))
def test_the_pick_is_the_best_of_its_table(seed):
    """So never worse there than the mean of four weeks."""
    tried = backtest(bank(seed=seed), METHODS, [1, 4])
    errors = {name: tried.mean_wape(name) for name in METHODS}
    assert tried.best == tried.ranked()[0]
    assert errors[tried.best] <= errors["mean-4"]
    fair = abs(tried.mean_bias("mean-4")) + 0.05
    for name in METHODS:
        assert errors[tried.best] <= errors[name] or abs(tried.mean_bias(name)) > fair
    rows = list(tried.rows())
    assert len(rows) == 2 * len(METHODS)
    assert rows[0]["method"] == tried.best
    assert [row["picked"] for row in rows] == [1, 1] + [0] * (len(rows) - 2)


def test_each_queue_has_its_own_pick():
    """A queue that repeats itself, and one with a level that drifts."""
    rng = np.random.default_rng(5)
    steady = rng.poisson(100, (112, 24)).astype(float)
    week = rng.uniform(50, 150, (7, 24))
    drifting = np.vstack([week * 1.15**number for number in range(16)])
    history = History(("a", "b"), 60, FIRST, np.stack([steady, drifting]))
    found = forecast(history, Clock(FIRST + timedelta(days=112), 7, 60))
    assert found.method[0] != found.method[1] == "seasonal-naive"
    frame = found.backtest_frame()
    picked = frame[frame["picked"] == 1].groupby("queue")["method"].first()
    assert tuple(picked) == found.method


def test_on_weeks_it_has_not_seen_the_pick_beats_the_mean_of_four():
    """Over the four weeks after eight banks: what planners use today errs more."""
    errors = {"auto": 0.0, "mean-4": 0.0}
    for seed in range(8):
        past = synthetic_bank(FIRST, 140, seed)
        start = FIRST + timedelta(days=112)
        seen = past.calls[0, 112:].ravel()
        for method in errors:
            ahead = forecast(past.until(start), Clock(start, 28, 30), method=method)
            errors[method] += np.abs(ahead.calls[0] - seen).sum() / seen.sum()
    assert errors["auto"] < 0.97 * errors["mean-4"]


@pytest.mark.parametrize("calls", [0.1, 0.4, 1.5])
def test_few_calls_are_forecast_at_their_mean(calls):
    """To forecast none errs least where few come, and would leave nobody for them."""
    rng = np.random.default_rng(4)
    drawn = rng.poisson(calls, (3, 84, 48)).astype(float)
    history = History(("a", "b", "c"), 30, FIRST, drawn)
    found = forecast(history, Clock(FIRST + timedelta(days=84), 28, 30))
    assert found.calls.sum() == pytest.approx(3 * 28 * 48 * calls, rel=0.1)


def test_a_queue_younger_than_the_others_is_forecast_from_its_own_days():
    """As if it had been alone; days before it began are no days without calls."""
    rng = np.random.default_rng(6)
    drawn = rng.poisson(60.0, (2, 84, 24)).astype(float)
    calendar = Calendar.build("CN", range(2025, 2028))
    clock = Clock(FIRST + timedelta(days=84), 14, 60)
    for days in (9, 25, 40):
        young = drawn.copy()
        young[1, :-days] = np.nan
        both = forecast(History(("a", "b"), 60, FIRST, young), clock, calendar)
        start = FIRST + timedelta(days=84 - days)
        alone = History(("b",), 60, start, young[1:, -days:])
        own = forecast(alone, clock, calendar)
        assert both.calls[1] == pytest.approx(own.calls[0])
        assert (both.calls[1] > 0).all()


def test_a_queue_that_fell_silent_is_told():
    """And one without calls in the last weeks has nothing to compare methods on."""
    calls = np.full((2, 84, 24), 5.0)
    calls[1, -30:] = np.nan
    history = History(("a", "b"), 60, FIRST, calls)
    found = forecast(history, Clock(FIRST + timedelta(days=84), 7, 60))
    assert found.warnings == (
        "The last calls of queue b are of 2026-02-27; it is forecast from them.",
    )
    calls[1, -70:] = 0.0
    found = forecast(history, Clock(FIRST + timedelta(days=84), 7, 60))
    assert found.backtests[1].weeks == 0


def test_a_lead_that_was_not_tried_takes_the_nearest():
    """One week ahead, where only three weeks were tried."""
    tried = backtest(bank(), {"mean-4": Recent(4)}, [3])
    assert tried.cv(1) == tried.cv(3) == tried.cv(6)


@pytest.mark.parametrize(("days", "weeks"), [(20, 0), (28, 1), (56, 5), (365, 8)])
def test_short_histories_try_fewer_weeks(days, weeks):
    """Three weeks are needed before the first; without any the default is taken."""
    tried = backtest(bank(days), METHODS, [1, 6])
    assert tried.weeks == weeks
    assert tried.best == (tried.ranked()[0] if weeks else "profile")
    assert 0 < tried.cv(6)[0] < 0.5


@pytest.mark.parametrize("lead", [1, 2, 4])
def test_intervals_hold_what_they_say_at_each_lead(lead):
    """Over eight banks: 80 % between p10 and p90, 95 % in the wider interval."""
    inside = []
    for seed in range(8):
        past = synthetic_bank(FIRST, 140, seed)
        start = FIRST + timedelta(days=140 - 7 * lead)
        clock = Clock(start, 7 * lead, 30)
        ahead = forecast(past.until(start), clock, method="profile")
        seen = past.calls[0, -7:].ravel()
        bands = [(0.1, 0.9), (0.025, 0.975)]
        inside.append(
            [
                np.mean(
                    (ahead.quantile(low)[0, -336:] <= seen)
                    & (seen <= ahead.quantile(high)[0, -336:])
                )
                for low, high in bands
            ]
        )
    narrow, wide = np.mean(inside, axis=0)
    assert 0.75 < narrow < 0.86
    assert 0.91 < wide < 0.985


def test_sampled_days_share_a_factor():
    """Good and bad days: totals stray far more than independent intervals would."""
    past = synthetic_bank(FIRST, 112, 3)
    ahead = forecast(past, Clock(FIRST + timedelta(days=112), 7, 30), method="profile")
    drawn = ahead.scenarios(400, seed=1)[:, 0].reshape(400, 7, 48)
    totals = drawn.sum(axis=2)
    spread = (totals.std(axis=0) / totals.mean(axis=0)).mean()
    assert spread == pytest.approx(ahead.day_cv.mean(), rel=0.15)
    assert spread > 2 * ahead.cv.mean() / np.sqrt(48)
    assert drawn.mean(axis=0) == pytest.approx(ahead.calls.reshape(7, 48), rel=0.05)
    again = ahead.scenarios(5, seed=1)[:, 0].reshape(5, 7, 48)
    assert np.array_equal(again, drawn[:5])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Recent(0),
        lambda: Recent(4, "mode"),
        lambda: WeightedMean(1.0),
        lambda: Curves(0),
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong):
    """The message says what is expected."""
    with pytest.raises(ValueError, match=r"^Expected .* got "):
        wrong()


def test_two_years_of_history_use_what_they_know_of_holidays():
    """A holiday that halved calls last year is expected to halve them again."""
    days = 740
    calls = np.full((days, 24), 100.0)
    calendar = Calendar.build("US", range(2024, 2029))
    for place, _ in calendar.between(FIRST, days):
        calls[place] /= 2
    past = Past(FIRST, calls, calendar)
    ahead = [FIRST + timedelta(days=days + number) for number in range(40)]
    found = Profile()(past, ahead).sum(axis=1) / 2400
    away = calendar.away(ahead)
    assert found[away] == pytest.approx(0.5, abs=0.05)
    assert found[~away] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(("gap", "leads"), [(0, (1, 2)), (3, (1, 2, 3)), (21, (4, 5))])
def test_leads_count_from_the_end_of_the_history(gap, leads):
    """A fortnight that begins right after it, three days later, in three weeks."""
    history = synthetic_bank(FIRST, 112, 1)
    ahead = Clock(FIRST + timedelta(days=112 + gap), 14, 30)
    assert forecast(history, ahead).backtests[0].leads == leads


def test_curves_do_not_lose_quiet_intervals_to_their_square_roots():
    """The mean of a root, squared, is below the mean: chance is put back."""
    rates = np.repeat([1.0, 30.0, 8.0], 8)
    drawn = np.random.default_rng(1).poisson(rates, (364, 24)).astype(float)
    found = Curves()(
        Past(FIRST, drawn), [FIRST + timedelta(days=364 + n) for n in (0, 2)]
    )
    assert found[:, :8].mean() == pytest.approx(1.0, rel=0.15)
