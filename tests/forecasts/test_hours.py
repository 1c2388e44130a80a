"""Service hours and the calendar that overrides them."""

from datetime import date

import numpy as np
import pytest

from forecasts.calendar import Calendar, CalendarDay, read_calendar
from forecasts.clock import Clock
from forecasts.hours import ServiceHours
from forecasts.problems import InputError

MONDAY = date(2026, 3, 2)


def hours_open(hours, days=7, minutes=60, calendar=None):
    """Return for each day the hours in which the centre is open."""
    clock = Clock(MONDAY, days, minutes)
    mask = ServiceHours.parse(hours).open_intervals(clock, calendar)
    return [np.flatnonzero(day).tolist() for day in mask.reshape(days, -1)]


@pytest.mark.parametrize(
    ("hours", "monday", "tuesday"),
    [
        ("00:00-24:00", list(range(24)), list(range(24))),
        ("", [], []),
        ("09:00-12:00", [9, 10, 11], [9, 10, 11]),
        ("09:30-12:30", [10, 11], [10, 11]),  # only whole intervals
        ("09:00-10:30;10:30-12:00", [9, 10, 11], [9, 10, 11]),  # spans join
        ("22:00-02:00", [0, 1, 22, 23], [0, 1, 22, 23]),  # Sunday's night first
        ({"mon": "22:00-02:00", "tue": "08:00-09:00"}, [22, 23], [0, 1, 8]),
    ],
)
def test_open_hours(hours, monday, tuesday):
    """A span crosses midnight when it ends before it starts."""
    assert hours_open(hours, 2) == [monday, tuesday]


def test_the_night_before_the_horizon_is_open():
    """Sunday's night hours reach into the first Monday."""
    assert hours_open("22:00-02:00", 1) == [[0, 1, 22, 23]]


def test_weekdays_not_named_are_closed_and_listed():
    """So that a caller can warn of a forgotten weekday."""
    week = ServiceHours.parse({"mon": "09:00-17:00", "sun": ""})
    assert week.unnamed == ("tue", "wed", "thu", "fri", "sat")


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("9-5", "Expected service hours such as 08:30-17:30, got '9-5'."),
        ("09:00-09:00", "end after they start"),
        ("09:00-25:00", "got '09:00-25:00'"),
        ("24:00-02:00", "got '24:00-02:00'"),
        ({"mo": "09:00-17:00"}, "got 'mo'. Did you mean mon?"),
    ],
)
def test_hours_that_cannot_be_read(hours, said):
    """The span is quoted."""
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        ServiceHours.parse(hours)


def test_a_date_can_be_closed_or_have_other_hours():
    """Closing a date leaves the night that began the day before."""
    calendar = Calendar.build(
        None,
        [],
        [
            CalendarDay(date(2026, 3, 3), "rest", hours=""),
            CalendarDay(date(2026, 3, 4), "event", hours="10:00-12:00"),
            CalendarDay(date(2026, 3, 5), "event"),
        ],
    )
    week = hours_open("20:00-01:00", 4, calendar=calendar)
    assert week[1:] == [[0], [10, 11], [20, 21, 22, 23]]


@pytest.mark.parametrize(
    ("first", "intervals", "open_"),
    [(date(2026, 3, 29), 46, 2), (date(2026, 10, 25), 50, 6)],
)
def test_the_nights_the_clocks_change(first, intervals, open_):
    """00:00-02:00 in London lasts one hour in spring and three in autumn."""
    clock = Clock(first, 1, 30, "Europe/London")
    mask = ServiceHours.parse("00:00-02:00").open_intervals(clock)
    assert (len(mask), mask.sum()) == (intervals, open_)


def test_public_holidays_of_a_country():
    """Statutory days, days in lieu and weekend days worked are told apart."""
    calendar = Calendar.build("CN", [2026])
    assert calendar.kind(date(2026, 10, 1)) == "statutory"
    assert calendar.kind(date(2026, 10, 7)) == "rest"
    assert calendar.kind(date(2026, 10, 10)) == "workday"
    assert calendar.kind(date(2026, 10, 12)) is None
    assert calendar.factor(date(2026, 10, 1)) == 1.0
    assert calendar.name(date(2026, 10, 1)) == "国庆节"


def test_an_unknown_country_is_named():
    """No silent calendar without holidays."""
    with pytest.raises(ValueError, match="got 'XX'"):
        Calendar.build("XX", [2026])


def test_calendar_rows_override_the_country(tmp_path):
    """An empty cell under hours means closed; without the column nothing changes."""
    path = tmp_path / "calendar.csv"
    path.write_text(
        "date,kind,name,factor,hours\n"
        "2026-10-01,workday,Open day,1.3,09:00-12:00\n"
        "2026-10-02,rest,,,\n",
        encoding="utf-8",
    )
    calendar = Calendar.build("CN", [2026], read_calendar(path))
    day, closed = date(2026, 10, 1), date(2026, 10, 2)
    assert (calendar.kind(day), calendar.factor(day)) == ("workday", 1.3)
    assert (calendar.hours(day), calendar.hours(closed)) == ("09:00-12:00", "")
    path.write_text("date,kind\n2026-10-02,rest\n", encoding="utf-8")
    assert read_calendar(path)[0].hours is None


def test_bad_calendar_rows(tmp_path):
    """Every cell at fault is named."""
    path = tmp_path / "calendar.csv"
    path.write_text(
        "date,kind,factor,hours\n"
        "2026-10-01,holyday,1,\n"
        "2026-10-32,event,-1,9-5\n"
        "2026-10-01,event,1,\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        read_calendar(path)
    assert [(p.line, p.column) for p in caught.value.problems] == [
        (2, "kind"),
        (3, "date"),
        (3, "factor"),
        (3, "hours"),
        (4, "date"),
    ]
