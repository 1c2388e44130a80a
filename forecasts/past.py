"""The past of one queue as models see it, and what a model is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from forecasts.calendar import Calendar

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Past:
    """The calls of one queue, day by day, and the calendar they came under.

    Attributes
    ----------
    first_day
        Local date of the first day.
    calls
        Calls offered, NaN where missing; shape ``(days, slots)``.
    calendar
        Special days of the past and of what lies ahead.

    Examples
    --------
    >>> past = Past(date(2026, 3, 2), np.ones((9, 24)))
    >>> past.weekdays
    array([0, 1, 2, 3, 4, 5, 6, 0, 1])
    >>> past.until(7).days
    7
    """

    first_day: date
    calls: Floats
    calendar: Calendar = field(default_factory=Calendar)

    @classmethod
    def ordinary(cls, first_day: date, calls: Floats, calendar: Calendar) -> "Past":
        """Return the past as it would have been without the factors typed for days.

        A day whose factor is 0 counts as missing.
        """
        factors = np.ones((len(calls), 1))
        for place, special in calendar.between(first_day, len(calls)):
            factors[place] = calendar.factor(special.date)
        with np.errstate(invalid="ignore", divide="ignore"):
            plain = np.where(factors > 0, calls / factors, np.nan)
        return cls(first_day, plain, calendar)

    @property
    def days(self) -> int:
        """Number of days."""
        return len(self.calls)

    @property
    def slots(self) -> int:
        """Number of intervals in a day."""
        return int(self.calls.shape[1])

    @property
    def dates(self) -> list[date]:
        """The days."""
        return [self.first_day + timedelta(days=day) for day in range(self.days)]

    @cached_property
    def weekdays(self) -> NDArray[np.int64]:
        """Weekday that each day is like, Monday being 0; shape ``(days,)``."""
        return self.calendar.weekdays(self.first_day, self.days)

    def weekdays_of(self, dates: Sequence[date]) -> NDArray[np.int64]:
        """Return the weekday that each date is like."""
        return np.array([self.calendar.weekday(on) for on in dates], dtype=np.int64)

    def places(self, dates: Sequence[date]) -> NDArray[np.int64]:
        """Return days counted from the first one, for dates of any time."""
        return np.array([(on - self.first_day).days for on in dates], dtype=np.int64)

    def until(self, day: int) -> "Past":
        """Return what was known before a day."""
        return Past(self.first_day, self.calls[:day], self.calendar)

    def since(self, day: int) -> "Past":
        """Return the days from one on; negative numbers count from the end."""
        start = max(0, self.days + day if day < 0 else day)
        return Past(
            self.first_day + timedelta(days=start), self.calls[start:], self.calendar
        )


class Model(Protocol):
    """Anything that forecasts the calls of dates from a past.

    A model is a frozen dataclass of its parameters; calling it fits and forecasts.
    """

    def __call__(self, past: Past, ahead: Sequence[date]) -> Floats:
        """Return the mean calls of dates, shape ``(dates, slots)``, none negative."""
        ...
