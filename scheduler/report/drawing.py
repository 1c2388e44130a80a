"""Line drawings for the page: small vector pictures whose letters are the reader's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from forecasts.clock import DAY, Clock
from forecasts.forecaster import Forecast
from forecasts.history import History
from scheduler.checking import Figures
from scheduler.report.calls import recent_calls
from scheduler.report.cover import Cover, weeks
from scheduler.report.words import say, short_date, weekday
from scheduler.result import Result

WIDE = 1120.0
LEFT = 46.0
ROW = 84.0
LEVELS = 5
DAYS_NUMBERED = 35
SATURDAY = 5
Numbers = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """A rectangle of a drawing, and the numbers at its edges.

    Attributes
    ----------
    left, top, width, height
        In pixels of the drawing.
    first, last
        Numbers at the left and the right edge.
    most, least
        Numbers at the upper and the lower edge.

    Examples
    --------
    >>> frame = Frame(10, 0, 100, 50, 0, 24, 10)
    >>> frame.x(12), frame.y(5)
    (60.0, 25.0)
    """

    left: float
    top: float
    width: float
    height: float
    first: float
    last: float
    most: float
    least: float = 0.0

    def x(self, at: float) -> float:
        """Return how far right a number of the horizontal axis lies."""
        share = (at - self.first) / (self.last - self.first)
        return round(self.left + self.width * share, 1)

    def y(self, value: float) -> float:
        """Return how far down a value lies."""
        share = (value - self.least) / (self.most - self.least)
        return round(self.top + self.height * (1 - share), 1)

    def steps(self, edges: Numbers, values: Numbers) -> str:
        """Return the path of a step line; ``edges`` has one more than ``values``."""
        change = np.flatnonzero(np.diff(values)) + 1
        path = [f"M{self.x(edges[0]):g} {self.y(values[0]):g}"]
        for place in change:
            path.append(f"H{self.x(edges[place]):g}V{self.y(values[place]):g}")
        return "".join([*path, f"H{self.x(edges[-1]):g}"])

    def filled(self, edges: Numbers, values: Numbers) -> str:
        """Return the path of the area under a step line."""
        base = f"V{self.y(0):g}H{self.x(edges[0]):g}Z"
        return self.steps(edges, values) + base

    def line(self, at: Numbers, values: Numbers) -> str:
        """Return the path through points; it breaks where a value is missing."""
        path, pen = [], "M"
        for place, value in zip(at, values, strict=True):
            if np.isnan(value):
                pen = "M"
                continue
            path.append(f"{pen}{self.x(place):g} {self.y(value):g}")
            pen = "L"
        return "".join(path)


def cover_day(cover: Cover, day: int, lang: str) -> Markup:
    """Return one day's heads required and on the phone, large."""
    clock, height = cover.clock, 250.0
    frame = Frame(
        LEFT,
        8,
        WIDE - LEFT - 4,
        height,
        clock.midnights[day],
        clock.midnights[day + 1],
        _round_up(cover.highest),
    )
    hours = [
        (frame.x(clock.minute(day, 60 * hour)), f"{hour:02}:00")
        for hour in range(0, 25, 2)
    ]
    marks = "".join(
        _label(x, height + 26, text, "end" if x > WIDE - 20 else "middle")
        for x, text in hours
    )
    grid = "".join(
        f'<path class="rule" d="M{x:g} 8V{height + 8:g}"/>' for x, _ in hours
    )
    parts = [grid, _scale(frame, 4), _cover(frame, cover, range(day, day + 1)), marks]
    return _drawing(height + 34, parts, say("cover_title", lang))


def cover_weeks(cover: Cover, lang: str) -> Markup:
    """Return the whole horizon, a week a row, weekdays below one another."""
    parts, top = [], 20.0
    rows = list(weeks(cover.clock))
    spare = (rows[0].stop - 7) if len(rows) > 1 else 0
    one = (WIDE - LEFT - 4) / (7 if len(rows) > 1 else len(rows[0]))
    for number, days in enumerate(rows):
        column = max(0, days.start - spare) if number == 0 else 0
        parts.append(_week(cover, days, column * one, one, top, lang))
        top += ROW + 28
    return _drawing(top - 8, parts, say("cover_title", lang))


def _week(
    cover: Cover, days: range, shift: float, one: float, top: float, lang: str
) -> str:
    clock = cover.clock
    frame = Frame(
        LEFT + shift,
        top,
        one * len(days),
        ROW,
        clock.midnights[days.start],
        clock.midnights[days.stop],
        _round_up(cover.highest),
    )
    parts = [_scale(frame, 2)]
    for day in days:
        x, on = frame.x(clock.midnights[day]), clock.date(day)
        name = f"{weekday(on, lang)} {short_date(on, lang)}"
        kind = "weekend" if on.weekday() >= SATURDAY else "day"
        parts.append(f'<path class="rule" d="M{x:g} {top - 14:g}v{ROW + 14:g}"/>')
        parts.append(_label(x + 4, top - 5, name, "start", kind))
    return "".join([*parts, _cover(frame, cover, days)])


def _cover(frame: Frame, cover: Cover, days: range) -> str:
    """Return areas short, over and met, and the line of what is required."""
    at = cover.of_days(days)
    edges = np.append(cover.clock.starts[at], cover.clock.midnights[days.stop])
    need, there, short = (part[at] for part in (cover.need, cover.there, cover.short))
    areas = (("over", there), ("met", np.minimum(need, there)))
    filled = "".join(
        f'<path class="{name}" d="{frame.filled(edges, values)}"/>'
        for name, values in areas
    )
    missing = "".join(
        f"M{frame.x(edges[n]):g} {frame.y(there[n] + short[n]):g}"
        f"H{frame.x(edges[n + 1]):g}V{frame.y(there[n]):g}H{frame.x(edges[n]):g}Z"
        for n in np.flatnonzero(short)
    )
    line = frame.steps(edges, need)
    return f'{filled}<path class="short" d="{missing}"/><path class="need" d="{line}"/>'


def heatmap(cover: Cover, lang: str) -> Markup:
    """Return short and over by time of day and date."""
    table = cover.by_time_of_day()
    slots, days = table.shape
    height = 340.0
    frame = Frame(LEFT, 10, WIDE - LEFT - 4, height, 0, days, slots)
    level = heat_levels(table)
    parts = [_background(frame, "closed")]
    for step in range(-LEVELS, LEVELS + 1):
        where = np.argwhere(level == step)
        if where.size:
            parts.append(
                f'<path class="{heat_name(step)}" d="{_squares(frame, where)}"/>'
            )
    parts += [
        _label(LEFT - 6, frame.y(slots * (1 - hour / 24)) + 4, f"{hour:02}:00", "end")
        for hour in range(0, 25, 4)
    ]
    parts.append(_day_labels(cover.clock, frame, lang))
    return _drawing(height + 48, parts, say("heatmap_title", lang), crisp=True)


def heat_levels(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how deep each place is coloured, -5 (short) to 5 (over), NaN for none.

    Examples
    --------
    >>> heat_levels(np.array([[-10.0, -1.0, 0.0, 4.0]]))
    array([[-5., -1.,  0.,  2.]])
    """
    reach = np.nanmax(np.abs(table)) if (~np.isnan(table)).any() else 1.0
    return np.asarray(
        np.sign(table) * np.ceil(np.abs(table) / max(1.0, reach) * LEVELS)
    )


def heat_name(level: int) -> str:
    """Return the name of a level's colour.

    Examples
    --------
    >>> heat_name(-3), heat_name(0), heat_name(2)
    ('hs3', 'h0', 'ho2')
    """
    return "h0" if level == 0 else f"h{'s' if level < 0 else 'o'}{abs(level)}"


def _squares(frame: Frame, where: NDArray[np.int64]) -> str:
    """Return the path of some cells; runs along a day are drawn as one."""
    order = where[np.lexsort((where[:, 0], where[:, 1]))]
    breaks = np.flatnonzero((np.diff(order[:, 1]) != 0) | (np.diff(order[:, 0]) != 1))
    starts = np.concatenate([[0], breaks + 1])
    ends = np.concatenate([breaks, [len(order) - 1]])
    path = []
    for start, end in zip(starts, ends, strict=True):
        slot, day = order[start]
        left, right = frame.x(day), frame.x(day + 1)
        top, foot = frame.y(frame.most - slot), frame.y(frame.most - order[end, 0] - 1)
        path.append(f"M{left:g} {top:g}H{right:g}V{foot:g}H{left:g}Z")
    return "".join(path)


def _day_labels(clock: Clock, frame: Frame, lang: str) -> str:
    parts, step = [], max(1, -(-clock.days // 31))
    for day in range(0, clock.days, step):
        on = clock.date(day)
        kind = "weekend" if on.weekday() >= SATURDAY else "day"
        short = weekday(on, lang)[-1] if lang == "zh" else weekday(on, lang)[:2]
        x, foot = (frame.x(day) + frame.x(day + 1)) / 2, frame.top + frame.height
        parts.append(_label(x, foot + 15, short, "middle", kind))
        parts.append(_label(x, foot + 30, str(on.day), "middle", kind))
    return "".join(parts)


def histogram(counts: Sequence[int], kind: str, lang: str) -> Markup:
    """Return how many people (columns) have 0, 1, 2, ... of something."""
    people = np.bincount(np.asarray(counts, int), minlength=1)
    width, height = 540.0, 150.0
    frame = Frame(
        10, 22, width - 20, height, 0, max(6, len(people)), max(1, int(people.max()))
    )
    parts = [f'<path class="axis" d="M10 {height + 22:g}H{width - 10:g}"/>']
    for number, count in enumerate(people.tolist()):
        left, right = frame.x(number + 0.12), frame.x(number + 0.88)
        parts.append(_label((left + right) / 2, height + 39, str(number), "middle"))
        if count:
            top, foot = frame.y(count), frame.y(0)
            path = f"M{left:g} {foot:g}V{top:g}H{right:g}V{foot:g}Z"
            parts.append(f'<path class="{kind}" d="{path}"/>')
            parts.append(
                _label((left + right) / 2, top - 6, str(count), "middle", "day")
            )
    return _drawing(height + 46, parts, say(kind, lang), width=width)


def calls_ahead(history: History | None, forecast: Forecast, lang: str) -> Markup:
    """Return two weeks of calls, and the forecast with its p10 to p90 band."""
    clock, height = forecast.clock, 220.0
    days, calls = recent_calls(history, forecast)
    ahead = clock.days_of_intervals + clock.walls / DAY
    low, high = (forecast.quantile(p).sum(axis=0) for p in (0.1, 0.9))
    most = max(float(high.max(initial=1)), float(np.nanmax(calls, initial=1)))
    first = float(np.floor(days[0])) if days.size else 0.0
    frame = Frame(LEFT, 8, WIDE - LEFT - 4, height, first, clock.days, _round_up(most))
    band = frame.line(ahead, high) + frame.line(ahead[::-1], low[::-1]).replace(
        "M", "L", 1
    )
    parts = [
        _scale(frame, 4),
        f'<path class="band" d="{band}Z"/>',
        f'<path class="mean" d="{frame.line(ahead, forecast.calls.sum(axis=0))}"/>',
        f'<path class="past" d="{frame.line(days, calls)}"/>',
        f'<path class="now" d="M{frame.x(0):g} 8V{height + 8:g}"/>',
    ]
    for day in range(int(first), clock.days):
        if clock.weekday(day) == 0:
            parts.append(_monday(frame, day, clock.date(day), lang))
    return _drawing(height + 34, parts, say("forecast_title", lang))


def _monday(frame: Frame, day: int, on: date, lang: str) -> str:
    x, foot = frame.x(day), frame.top + frame.height
    name = f"{weekday(on, lang)} {short_date(on, lang)}"
    tick = f'<path class="axis" d="M{x:g} {foot:g}v5"/>'
    return tick + _label(x, foot + 18, name, "start")


def search(result: Result, lang: str) -> Markup | None:
    """Return cost and proved bound over the seconds of a search; None without steps.

    Costs far above the last are left out, so that the gap can be seen; an arrow says
    how high they began.
    """
    steps = [step for step in result.trace if step.cost is not None]
    last = max([result.seconds, *(step.seconds for step in result.trace)], default=0)
    if not steps or last <= 0:
        return None
    height = 220.0
    most = float(_round_up(1.4 * max(1, steps[-1].cost or 0)))
    frame = Frame(LEFT, 8, WIDE - LEFT - 4, height, 0, last, most)
    lines = []
    for name, known in (
        ("mean", [(step.seconds, step.cost or 0) for step in steps]),
        ("need", [(step.seconds, step.bound or 0) for step in result.trace]),
    ):
        seen = [(seconds, value) for seconds, value in known if value <= most]
        if not seen:
            continue
        edges = np.array([*(seconds for seconds, _ in seen), last])
        path = frame.steps(edges, np.array([value for _, value in seen]))
        if len(seen) < len(known):  # it comes down from above
            path = f"M{frame.x(edges[0]):g} {frame.top:g}L{path[1:]}"
            lines.append(_label(LEFT + 6, 20, f"↑ {known[0][1]:,}", "start"))
        lines.append(f'<path class="{name}" d="{path}"/>')
    apart = max(1, ceil(last / 12))
    marks = [
        _label(x, height + 26, f"{at} s", "end" if x > WIDE - 20 else "middle")
        for at in range(0, int(last) + 1, apart)
        for x in (frame.x(at),)
    ]
    parts = [_scale(frame, 4), *lines, *marks]
    return _drawing(height + 34, parts, say("search_title", lang))


def check_hours(check: Figures, lang: str) -> Markup:
    """Return simulated service level with its band, and Erlang's, by hour of day."""
    height = 220.0
    hours = np.array([int(hour.name[:2]) for hour in check.hours])
    level, low, high, erlang = (
        100 * np.array([getattr(hour, name) for hour in check.hours])
        for name in ("service_level", "p10", "p90", "erlang")
    )
    target = 100 * check.target
    lowest = min(low.min(initial=target), level.min(initial=target), *erlang, target)
    least = 50 if lowest >= 50 else 0
    frame = Frame(LEFT, 8, WIDE - LEFT - 4, height, 0, 24, 100, least)
    parts = [_scale(frame, 5), _across(frame, target)]
    for run in np.split(np.arange(len(hours)), np.flatnonzero(np.diff(hours) > 1) + 1):
        if not run.size:
            continue
        edges = np.append(hours[run], hours[run[-1]] + 1)
        foot = frame.steps(edges[::-1], low[run][::-1]).replace("M", "L", 1)
        parts += [
            f'<path class="band" d="{frame.steps(edges, high[run])}{foot}Z"/>',
            f'<path class="need" d="{frame.steps(edges, erlang[run])}"/>',
            f'<path class="bold" d="{frame.steps(edges, level[run])}"/>',
        ]
    for hour in range(0, 25, 2):
        anchor = "end" if hour == 24 else "middle"
        parts.append(_label(frame.x(hour), height + 26, f"{hour:02}:00", anchor))
    return _drawing(height + 34, parts, say("check_title", lang))


def check_days(check: Figures, clock: Clock, lang: str) -> Markup:
    """Return how likely each day is to reach the target, as columns."""
    height = 150.0
    frame = Frame(LEFT, 22, WIDE - LEFT - 4, height, 0, clock.days, 100)
    parts = [_scale(frame, 2)]
    for row in check.days:
        day, chance = clock.day(date.fromisoformat(row.name)), 100 * row.p_target
        if not 0 <= day < clock.days:
            continue
        left, right = frame.x(day + 0.12), frame.x(day + 0.88)
        top, foot = frame.y(chance), frame.y(0)
        kind = "met" if chance >= 50 else "short"
        path = f"M{left:g} {foot:g}V{top:g}H{right:g}V{foot:g}Z"
        parts.append(f'<path class="{kind}" d="{path}"/>')
        if clock.days <= DAYS_NUMBERED:
            at = (left + right) / 2
            parts.append(_label(at, top - 6, f"{chance:.0f}", "middle", "day"))
    parts.append(_day_labels(clock, frame, lang))
    title = say("days_title", lang, target=f"{check.target:.0%}")
    return _drawing(height + 60, parts, title)


# -- strokes --------------------------------------------------------------------------


def _drawing(
    height: float,
    parts: Sequence[str],
    title: str,
    *,
    width: float = WIDE,
    crisp: bool = False,
) -> Markup:
    """Return parts as one picture. Every part is made here, from numbers and words."""
    kind = "wide" if width == WIDE else "half"
    edges = ' shape-rendering="crispEdges"' if crisp else ""
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{title}"{edges}>{"".join(parts)}</svg>'
    )


def _label(x: float, y: float, text: str, anchor: str, kind: str = "quiet") -> str:
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'
    )


def _background(frame: Frame, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{frame.left:g}" y="{frame.top:g}" '
        f'width="{frame.width:g}" height="{frame.height:g}"/>'
    )


def _across(frame: Frame, value: float) -> str:
    """Return a dashed line at a value."""
    right = frame.left + frame.width
    return f'<path class="now" d="M{frame.left:g} {frame.y(value):g}H{right:g}"/>'


def _scale(frame: Frame, parts: int) -> str:
    """Return horizontal rules with their numbers, written at the left margin."""
    marks = []
    for part in range(parts + 1):
        value = frame.least + (frame.most - frame.least) * part / parts
        y, right = frame.y(value), frame.left + frame.width
        marks.append(f'<path class="rule" d="M{frame.left:g} {y:g}H{right:g}"/>')
        marks.append(_label(LEFT - 6, y + 4, f"{value:,.4g}", "end"))
    return "".join(marks)


def _round_up(value: float) -> float:
    """Return a number not below a value whose quarters are easy to read.

    Examples
    --------
    >>> [_round_up(value) for value in (3, 27, 190, 4100)]
    [4, 40, 200, 6000]
    """
    size = 10 ** int(np.floor(np.log10(max(value, 1))))
    return (
        next(size * step for step in (1, 2, 4, 6, 8, 10) if size * step >= value)
        if size > 1
        else next(step for step in (4, 8, 12) if step >= value)
    )
