"""Forecasts of real call histories, made week by week as a planner would."""

import os
from datetime import date
from pathlib import Path

import pytest

from benchmarks.forecasting import WINDOWS, our_rows, real_history
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


@pytest.mark.slow
@pytest.mark.parametrize("method", ["auto", "profile"])
@pytest.mark.parametrize("window", WINDOWS, ids=lambda w: f"{w.series}, {w.window}")
def test_errors_and_bands_of_real_calls_are_within_what_was_asked(window, method):
    """At one, two and four weeks ahead, each week forecast from all before it."""
    for row in our_rows(window, real_history(window), method):
        if row["asked"]:
            assert row["wape"] <= row["asked"]
            assert 0.76 <= row["cover80"] <= 0.84
        assert 0.76 <= row["cover80"] <= 0.86
        assert 0.92 <= row["cover95"] <= 0.98
        assert row["mase"] < 0.8


def test_the_mean_of_four_weeks_is_what_planners_use_today():
    """Its error on eight weeks of the large bank, by another's arithmetic."""
    window = WINDOWS[0]
    one, two, four = our_rows(window, real_history(window), "mean-4")
    assert [row["wape"] for row in (one, two, four)] == pytest.approx(
        [0.0811, 0.0807, 0.0825], abs=0.0002
    )


def test_a_round_the_clock_bank_is_read_and_forecast(tmp_path):
    """Anonymous Bank, February 1999: four weeks with handling times."""
    bank = real(tmp_path, "anonymous_bank_feb1999_30min.csv")
    found = forecast(bank, Clock(date(1999, 3, 1), 14, 30, "Asia/Jerusalem"))
    assert found.calls.sum() == pytest.approx(bank.calls[0, 14:].sum(), rel=0.05)
    assert 120 < found.aht_seconds.min() < found.aht_seconds.max() < 240
