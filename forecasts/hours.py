"""Service hours: when calls are answered, by weekday and by date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from forecasts.clock import DAY, WEEKDAYS, Clock
from forecasts.table import WIDE, nearest, parse_clock_time

Spans = tuple[tuple[int, int], ...]


class HoursByDate(Protocol):
    """Anything that knows the service hours typed for a date, such as a calendar."""

    def hours(self, on: date) -> str | None:
        """Return spans, ``""`` for closed, None for the usual hours."""
        ...


def parse_spans(text: str) -> Spans:
    """Return the spans of a day in minutes after its midnight.

    Parameters
    ----------
    text
        Spans joined by ``;``. A span that ends at or before its start crosses
        midnight and belongs to the day it starts on. Empty text means closed.

    Raises
    ------
    ValueError
        Saying which span cannot be read.

    Examples
    --------
    >>> parse_spans("08:30-12:00; 20:00-01:00")
    ((510, 720), (1200, 1500))
    >>> parse_spans("")
    ()
    """
    spans = (span.strip() for span in text.translate(WIDE).split(";"))
    return tuple(_span(span) for span in spans if span)


def _span(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    try:
        if not dash:
            raise ValueError
        start = parse_clock_time(first)
        end = parse_clock_time(last, midnight=True)
    except ValueError:
        raise ValueError(
            f"Expected service hours such as 08:30-17:30, got {text!r}."
        ) from None
    if start == end:
        raise ValueError(
            "Expected service hours that end after they start "
            f"(round the clock is 00:00-24:00), got {text!r}."
        )
    return start, end if end > start else end + DAY


@dataclass(frozen=True)
class ServiceHours:
    """Service hours of each weekday.

    Attributes
    ----------
    spans
        Seven tuples, Monday first, of ``(start, end)`` in minutes after midnight;
        an end above 1440 lies on the day after.
    unnamed
        Weekdays a table by weekday did not name; they count as closed.

    Examples
    --------
    >>> week = ServiceHours.parse({"mon": "09:00-17:00", "sat": "20:00-02:00"})
    >>> clock = Clock(date(2026, 3, 2), 7, 60)
    >>> week.open_intervals(clock).nonzero()[0]
    array([  9,  10,  11,  12,  13,  14,  15,  16, 140, 141, 142, 143, 144, 145])
    """

    spans: tuple[Spans, ...] = (((0, DAY),),) * 7
    unnamed: tuple[str, ...] = ()

    @classmethod
    def parse(cls, hours: str | Mapping[str, str]) -> "ServiceHours":
        """Read ``[service] hours``: one text for every day, or a table by weekday.

        Raises
        ------
        ValueError
            Naming the weekday or the span that cannot be read.
        """
        if isinstance(hours, str):
            return cls((parse_spans(hours),) * 7)
        for day in hours:
            if day not in WEEKDAYS:
                near = nearest(day, WEEKDAYS)
                hint = f" Did you mean {near}?" if near else ""
                raise ValueError(
                    f"Expected weekdays {', '.join(WEEKDAYS)}, got {day!r}.{hint}"
                )
        return cls(
            tuple(parse_spans(hours.get(day, "")) for day in WEEKDAYS),
            tuple(day for day in WEEKDAYS if day not in hours),
        )

    def on(self, day: date, calendar: HoursByDate | None = None) -> Spans:
        """Return the spans that start on a date."""
        typed = calendar.hours(day) if calendar else None
        return self.spans[day.weekday()] if typed is None else parse_spans(typed)

    def open_intervals(
        self, clock: Clock, calendar: HoursByDate | None = None
    ) -> NDArray[np.bool_]:
        """Say of each interval whether it lies wholly in the service hours.

        Parameters
        ----------
        clock
            The horizon.
        calendar
            Hours typed for single dates.

        Returns
        -------
        numpy.ndarray
            Shape ``(intervals,)``.
        """
        length = int(clock.midnights[-1])
        minutes = np.zeros(length, dtype=bool)
        for day in range(-1, clock.days):
            for start, end in self.on(clock.date(day), calendar):
                first = max(0, clock.minute(day, start))
                minutes[first : max(first, clock.minute(day, end))] = True
        whole = len(clock.starts) * clock.interval_minutes
        padded = np.zeros(whole, dtype=bool)
        padded[:length] = minutes
        return np.asarray(padded.reshape(-1, clock.interval_minutes).all(axis=1))
