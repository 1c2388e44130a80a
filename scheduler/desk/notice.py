"""Notice: until when something may be asked for, and which days it may touch."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from constraints.case import Case
from forecasts.calendar import AWAY, Calendar
from scheduler.desk.policy import HolidayPolicy, SwapPolicy

ONE_DAY = timedelta(days=1)
NOON = 12


def swap_deadline(policy: SwapPolicy, calendar: Calendar, first: date) -> datetime:
    """Return the last local time at which a swap may be submitted.

    Parameters
    ----------
    first
        Date of its earliest shift.

    Examples
    --------
    In China's Spring Festival of 2026 offices close on 15 February, and work on
    Saturday the 14th in its place:

    >>> china = Calendar.build("CN", [2026])
    >>> print(swap_deadline(SwapPolicy(), china, date(2026, 2, 24)))
    2026-02-14 18:00:00
    >>> print(swap_deadline(SwapPolicy(), china, date(2026, 3, 9)))  # a Monday
    2026-03-06 18:00:00
    """
    on = first
    for _ in range(policy.notice_workdays + policy.strict):
        on -= ONE_DAY
        while not calendar.is_office_day(on):
            on -= ONE_DAY
    return datetime.combine(on, time.min) + timedelta(minutes=policy.cutoff)


def add_months(on: date, months: int) -> date:
    """Return the same day of a later month, or its last day where it has none.

    Examples
    --------
    >>> print(add_months(date(2026, 1, 31), 1), add_months(date(2028, 1, 31), 1))
    2026-02-28 2028-02-29
    """
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(on.day, last))


def earliest_leave(notice: str, asked: date) -> date:
    """Return the first day of leave that a notice such as ``1m`` or ``30d`` lets be.

    Examples
    --------
    >>> print(earliest_leave("1m", date(2026, 1, 30)))
    2026-02-28
    >>> print(earliest_leave("30d", date(2026, 1, 31)))
    2026-03-02
    """
    length, unit = int(notice[:-1]), notice[-1]
    return add_months(asked, length) if unit == "m" else asked + length * ONE_DAY


def last_noon(start: datetime) -> datetime:
    """Return the last noon before a shift starts.

    Examples
    --------
    >>> print(last_noon(datetime(2026, 3, 3, 22)), last_noon(datetime(2026, 3, 3, 0)))
    2026-03-03 12:00:00 2026-03-02 12:00:00
    """
    noon = start.replace(hour=NOON, minute=0, second=0, microsecond=0)
    return noon if noon < start else noon - ONE_DAY


def is_blocked(policy: HolidayPolicy, calendar: Calendar, on: date) -> bool:
    """Whether nothing may be swapped, and no leave begun, on a date."""
    if policy.scope == "statutory":
        return calendar.kind(on) in AWAY[:1]
    return calendar.in_block(on)


def blocked_days(
    policy: HolidayPolicy, case: Case, day: int, shift: int
) -> Iterator[date]:
    """Yield the blocked dates that a shift of a day touches."""
    last = day
    if policy.touch == "any_minute" and case.overhang[day + case.past, shift]:
        last += 1
    for one in range(day, last + 1):
        if is_blocked(policy, case.calendar, case.clock.date(one)):
            yield case.clock.date(one)
