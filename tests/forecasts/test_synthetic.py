"""The synthetic bank: the same seed, the same calls; odd days where planted."""

from datetime import date

import numpy as np
import pytest

from forecasts.history import read_calls
from forecasts.synthetic import bank_truth, synthetic_bank, write_calls

FIRST = date(2026, 1, 5)


def test_a_seed_gives_one_history():
    """And another seed another."""
    one, same, other = (synthetic_bank(FIRST, 14, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.calls, same.calls)
    assert np.array_equal(one.aht_seconds, same.aht_seconds, equal_nan=True)
    assert not np.array_equal(one.calls, other.calls)


def test_calls_and_handling_times_are_as_asked():
    """Over a year they average out."""
    year = synthetic_bank(FIRST, 364, 3, calls_per_day=1000, aht_seconds=200)
    assert year.calls.sum() / 364 == pytest.approx(1000, rel=0.03)
    work = np.nansum(year.calls * year.aht_seconds)
    assert work / year.calls.sum() == pytest.approx(200, rel=0.06)


def test_the_day_has_two_peaks_and_a_thin_night():
    """The busiest half hour is before noon, the quietest at night."""
    day = bank_truth(FIRST, 1)[0]
    assert 9 <= day.argmax() / 2 < 12
    assert day[:8].max() < 0.1 * day.max()
    assert day[30] > day[26]


def test_odd_days_are_where_they_were_planted():
    """An outage, a doubled day and a missing one."""
    days = [date(2026, 1, 6), date(2026, 1, 7), date(2026, 1, 8)]
    plants = dict(zip(days, ["outage", "doubled", "missing"], strict=True))
    plain, odd = (synthetic_bank(FIRST, 7, 1, plants=p).calls[0] for p in ({}, plants))
    assert (odd[1, 18:30] == 0).all()
    assert (odd[2] == 2 * plain[2]).all()
    assert np.isnan(odd[3]).all()
    assert np.array_equal(odd[4:], plain[4:])


def test_an_unknown_plant_is_refused():
    """The words are listed."""
    with pytest.raises(ValueError, match="outage, doubled, missing"):
        synthetic_bank(FIRST, 7, 1, plants={FIRST: "strike"})


def test_what_is_written_reads_back(tmp_path):
    """Calls exactly, handling times to a tenth of a second, gaps as gaps."""
    plants = {date(2026, 1, 8): "missing"}
    bank = synthetic_bank(FIRST, 14, 1, plants=plants)
    write_calls(bank, tmp_path / "calls.csv")
    read = read_calls(tmp_path / "calls.csv")
    assert np.array_equal(read.calls, bank.calls, equal_nan=True)
    known = ~np.isnan(bank.aht_seconds)
    assert np.allclose(read.aht_seconds[known], bank.aht_seconds[known], atol=0.051)
