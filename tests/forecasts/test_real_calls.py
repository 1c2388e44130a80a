"""Forecasts of real call histories, made week by week as a planner would."""

import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecasts.clock import Clock
from forecasts.forecaster import forecast
from forecasts.history import read_calls

DATA = os.environ.get("ROSTERWRIGHT_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="ROSTERWRIGHT_DATA is not set")


def real(folder, name):
    """Return a public history under the column name of calls.csv."""
    text = Path(DATA or "", "calls", name).read_text(encoding="utf-8")
    path = folder / "calls.csv"
    path.write_text(text.replace(",calls", ",offered", 1), encoding="utf-8")
    return read_calls(path)


def week_by_week(history, first, weeks, method):
    """Return WAPE in per cent, each week forecast from all before it."""
    missed = total = 0.0
    for week in range(weeks):
        monday = first + timedelta(days=7 * week)
        clock = Clock(monday, 7, history.interval_minutes)
        found = forecast(history.until(monday), clock, method=method).calls[0]
        day = (monday - history.first_day).days
        actual = history.calls[0, day : day + 7].ravel()
        known = ~np.isnan(actual)
        missed += np.abs(found[: len(actual)] - actual)[known].sum()
        total += actual[known].sum()
    return 100 * missed / total


def test_eight_weeks_of_a_large_bank(tmp_path):
    """1 September to 24 October 2003 at 30 min, the surge after Labor Day included."""
    bank = real(tmp_path, "na_bank_2003_5min.csv").resampled(30)
    assert np.isnan(bank.calls[0, :, 42]).all()  # the 5-minute stub at 21:00 is gone
    own, mean = (
        week_by_week(bank, date(2003, 9, 1), 8, method)
        for method in ("profile", "mean-4")
    )
    assert own < 7.1
    assert mean == pytest.approx(7.58, abs=0.01)


def test_eight_weeks_of_a_small_desk(tmp_path):
    """Emergency arrivals, 6.6 an hour: chance alone is 30 %."""
    desk = real(tmp_path, "ed_arrivals_2013_2018_hourly.csv")
    own, mean = (
        week_by_week(desk, date(2018, 2, 4), 8, method)
        for method in ("profile", "mean-4")
    )
    assert own < 32.5
    assert own < 0.93 * mean


def test_a_round_the_clock_bank_is_read_and_forecast(tmp_path):
    """Anonymous Bank, February 1999: four weeks with handling times."""
    bank = real(tmp_path, "anonymous_bank_feb1999_30min.csv")
    found = forecast(bank, Clock(date(1999, 3, 1), 14, 30, "Asia/Jerusalem"))
    assert found.calls.sum() == pytest.approx(bank.calls[0, 14:].sum(), rel=0.05)
    assert 120 < found.aht_seconds.min() < found.aht_seconds.max() < 240
