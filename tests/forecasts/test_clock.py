"""The clock: local days of 23, 24 and 25 hours on one axis of minutes."""

from datetime import date

import numpy as np
import pytest

from forecasts.clock import Clock

LONDON = "Europe/London"


@pytest.mark.parametrize(
    ("first", "zone", "intervals"),
    [
        (date(2026, 3, 2), "Asia/Shanghai", 48),
        (date(2026, 3, 29), LONDON, 46),
        (date(2026, 10, 25), LONDON, 50),
        (date(2026, 4, 5), "Australia/Lord_Howe", 49),  # half an hour of summer time
        (date(1986, 5, 4), "Asia/Shanghai", 46),  # China had summer time once
    ],
)
def test_days_are_as_long_as_they_are(first, zone, intervals):
    """In half hours."""
    assert Clock(first, 1, 30, zone).intervals == intervals


@pytest.mark.parametrize(
    ("first", "hours"),
    [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 6, 1), 8)],
)
def test_a_night_shift_lasts_what_the_clock_makes_of_it(first, hours):
    """From 22:00 to 06:00 of the day after."""
    clock = Clock(first, 2, 30, LONDON)
    night = clock.minute(0, 22 * 60), clock.minute(0, 30 * 60)
    assert night[1] - night[0] == hours * 60
    assert clock.minute(1, 6 * 60) == night[1]


def test_walls_and_stamps_agree():
    """On both days the clocks change, for every interval."""
    for first in (date(2026, 3, 28), date(2026, 10, 24)):
        clock = Clock(first, 3, 30, LONDON)
        for interval in range(clock.intervals):
            wall = int(clock.walls[interval])
            day = clock.date(int(clock.days_of_intervals[interval]))
            shown = f"{day}T{wall // 60:02}:{wall % 60:02}:00"
            assert clock.stamp(interval).startswith(shown)


def test_days_before_the_horizon_count_down():
    """History is on the same axis."""
    clock = Clock(date(2026, 3, 2), 7)
    assert clock.day(date(2026, 2, 28)) == -2
    assert clock.minute(-1, 22 * 60) == -120


def test_weeks_begin_where_the_planner_says():
    """Sunday is the last day of one week or the first of another."""
    for start, same in (("mon", False), ("sun", True)):
        clock = Clock(date(2026, 3, 1), 2, week_start=start)  # a Sunday
        assert (clock.week(0) == clock.week(1)) is same


def test_span_and_touched():
    """A shift off the grid covers fewer intervals than it touches."""
    clock = Clock(date(2026, 3, 2), 1, 30)
    assert np.arange(48)[clock.span(490, 600)].tolist() == [17, 18, 19]
    assert np.arange(48)[clock.touched(490, 600)].tolist() == [16, 17, 18, 19]
    assert np.arange(48)[clock.span(-90, 20)].tolist() == []
