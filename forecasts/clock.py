"""The clock: intervals, local days, time zones and midnight of one horizon."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GRIDS = (5, 10, 15, 20, 30, 60)
DAY = 1440
Date = date  # the method of that name hides the type inside the class
MONDAY = date(1970, 1, 5)


@dataclass(frozen=True)
class Clock:
    """Local days cut into intervals, on one axis of elapsed minutes.

    Minute 0 is local midnight of ``first_day``. The axis counts elapsed time, so a
    day of 23 or 25 hours is as long as it is, and the rest between two shifts is a
    plain difference. Days before the horizon have negative indices.

    Attributes
    ----------
    first_day
        First local date of the horizon.
    days
        Number of local days.
    interval_minutes
        Length of an interval: 5, 10, 15, 20, 30 or 60 minutes.
    time_zone
        IANA name, such as ``Asia/Shanghai``.
    week_start
        Weekday on which a week begins: ``mon`` to ``sun``.

    Examples
    --------
    The night that London puts its clocks forward lasts seven hours:

    >>> spring = Clock(date(2026, 3, 28), 2, 30, "Europe/London")
    >>> spring.minute(1, 6 * 60) - spring.minute(0, 22 * 60)
    420
    >>> spring.intervals, spring.stamp(48 + 2)
    (94, '2026-03-29T02:00:00+01:00')
    """

    first_day: date
    days: int
    interval_minutes: int = 30
    time_zone: str = "UTC"
    week_start: str = "mon"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def _midnight(self) -> datetime:
        return self._utc(self.first_day, 0)

    def _utc(self, on: date, wall: int) -> datetime:
        local = datetime.combine(on + timedelta(days=wall // DAY), time.min)
        return (
            (local + timedelta(minutes=wall % DAY))
            .replace(tzinfo=self.zone)
            .astimezone(UTC)
        )

    def date(self, day: int) -> date:
        """Return the date of a day; day 0 is ``first_day``."""
        return self.first_day + timedelta(days=int(day))

    def day(self, on: Date) -> int:
        """Return the index of a date; negative before the horizon."""
        return (on - self.first_day).days

    def weekday(self, day: int) -> int:
        """Return the weekday of a day, Monday being 0."""
        return self.date(day).weekday()

    def week(self, day: int) -> int:
        """Return the number of the week a day lies in, counted from January 1970.

        Weeks begin on ``week_start``; week 0 holds Monday 1970-01-05.
        """
        start = MONDAY + timedelta(days=WEEKDAYS.index(self.week_start))
        return (self.date(day) - start).days // 7

    def minute(self, day: int, wall: int) -> int:
        """Return the minute at which the wall clock shows ``wall`` on a day.

        Parameters
        ----------
        day
            Index of the local day.
        wall
            Minutes after local midnight; 1440 and more lie on the days after.
        """
        return round(
            (self._utc(self.date(day), wall) - self._midnight).total_seconds() / 60
        )

    def minute_at(self, when: datetime) -> int:
        """Return the last minute on the axis that a time with its offset has reached.

        Examples
        --------
        >>> autumn = Clock(date(2026, 10, 24), 3, 30, "Europe/Berlin")
        >>> autumn.minute_at(autumn.local(3000)) - 3000
        0
        """
        return (when.astimezone(UTC) - self._midnight) // timedelta(minutes=1)

    def local(self, minute: int) -> datetime:
        """Return the local time of a minute, with its offset."""
        return (self._midnight + timedelta(minutes=int(minute))).astimezone(self.zone)

    @cached_property
    def midnights(self) -> NDArray[np.int64]:
        """Minute at which each day begins, and the last one ends; ``(days + 1,)``."""
        return np.array([self.minute(day, 0) for day in range(self.days + 1)])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Minute at which each interval begins; shape ``(intervals,)``."""
        return np.arange(0, int(self.midnights[-1]), self.interval_minutes)

    @property
    def intervals(self) -> int:
        """Number of intervals in the horizon."""
        return len(self.starts)

    @cached_property
    def days_of_intervals(self) -> NDArray[np.int64]:
        """Local day of each interval; shape ``(intervals,)``."""
        return np.searchsorted(self.midnights, self.starts, side="right") - 1

    @cached_property
    def walls(self) -> NDArray[np.int64]:
        """Minutes the wall clock shows when each interval begins; ``(intervals,)``."""
        offsets = np.array(
            [self.local(minute).utcoffset() or timedelta() for minute in self.starts]
        ) // timedelta(minutes=1)
        first = (self.local(0).utcoffset() or timedelta()) // timedelta(minutes=1)
        return np.asarray((self.starts + offsets - first) % DAY, dtype=np.int64)

    def stamp(self, interval: int) -> str:
        """Return the start of an interval as ISO local time with offset."""
        return self.local(int(self.starts[interval])).isoformat()

    def span(self, start: int, end: int) -> slice:
        """Return the intervals that lie wholly within the minutes given.

        Examples
        --------
        >>> Clock(date(2026, 3, 2), 1, 30).span(490, 600)
        slice(17, 20, None)
        """
        size = self.interval_minutes
        first = max(0, -(-start // size))
        return slice(first, max(first, min(self.intervals, end // size)))

    def touched(self, start: int, end: int) -> slice:
        """Return the intervals that share a minute with the minutes given.

        Examples
        --------
        >>> Clock(date(2026, 3, 2), 1, 30).touched(490, 600)
        slice(16, 20, None)
        """
        size = self.interval_minutes
        first = max(0, start // size)
        return slice(first, max(first, min(self.intervals, -(-end // size))))

    def dates(self) -> Iterator[Date]:
        """Yield the dates of the horizon in order."""
        return (self.date(day) for day in range(self.days))
