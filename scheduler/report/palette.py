"""Colours: one family per shift class, told apart by lightness as well as by hue."""

import re
from dataclasses import dataclass

from constraints.case import Case, Shift

INK = "#1c2733"
MUTED = "#5d6b7a"
LINE = "#d9e0e7"
SHORT = "#c9372c"
OVER = "#dbe7f3"
MET = "#a9c3dd"
OVER_STRONG = "#3f78b5"
LEAVE = "#e3e6ea"
LEAVE_LINE = "#aeb6c0"
AWAY = "#c9ced6"
FREE = "#f7f8fa"
WEEKENDS = "#e08a1e"
WEEKEND = "#eef1f5"
HOLIDAY = "#fbe3df"

FAMILIES = {
    "day": ("#fdf0c8", "#f3cb6b"),
    "evening": ("#d9ede8", "#7fc0b2"),
    "night": ("#5d6da3", "#27315f"),
}
"""Earliest and latest start of each class; the starts between lie between."""

HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
DARK_UNDER = 0.45


@dataclass(frozen=True)
class Fill:
    """Background and ink of a cell, both ``#rrggbb``."""

    background: str
    ink: str


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def between(first: str, last: str, share: float) -> str:
    """Return the colour a share of the way from one to another.

    Examples
    --------
    >>> between("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(rgb(first), rgb(last), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share + 1e-9):02x}" for a, b in pairs)


def ink_on(background: str) -> str:
    """Return dark or white ink, whichever reads on a background.

    Examples
    --------
    >>> ink_on("#27315f"), ink_on("#fdf0c8")
    ('#ffffff', '#1c2733')
    """
    red, green, blue = (part / 255 for part in rgb(background))
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return "#ffffff" if light < DARK_UNDER else INK


def shift_fills(case: Case) -> list[Fill]:
    """Return the colours of each shift; a ``colour`` of shifts.csv comes first.

    Only ``#rgb`` and ``#rrggbb`` are taken; anything else falls back to the class.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> [fill.background for fill in shift_fills(tiny_case())]
    ['#fdf0c8', '#d9ede8', '#5d6da3']
    """
    return [_fill(case, shift) for shift in case.shifts]


def class_colours(case: Case, shift_class: str) -> list[str]:
    """Return the backgrounds that shifts of a class are drawn in, by their start.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> class_colours(tiny_case(), "night")
    ['#5d6da3']
    """
    fills = zip(case.shifts, shift_fills(case), strict=True)
    drawn = [
        (shift.start, fill.background)
        for shift, fill in fills
        if shift.shift_class == shift_class
    ]
    return list(dict.fromkeys(background for _, background in sorted(drawn)))


def class_fill(shift_class: str) -> Fill:
    """Return the colours that stand for a whole class where no shift is meant."""
    first, last = FAMILIES[shift_class]
    middle = between(first, last, 0.5)
    return Fill(middle, ink_on(middle))


def _fill(case: Case, shift: Shift) -> Fill:
    background = _given(shift) or between(
        *FAMILIES[shift.shift_class], _rank(case, shift)
    )
    return Fill(background, ink_on(background))


def _given(shift: Shift) -> str:
    colour = shift.colour.strip()
    if not HEX.fullmatch(colour):
        return ""
    if len(colour) == len("#rgb"):
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    return colour.lower()


def _rank(case: Case, shift: Shift) -> float:
    """Return where a shift's start lies among those of its class; 0 to 1."""
    starts = sorted(
        {other.start for other in case.shifts if other.shift_class == shift.shift_class}
    )
    return starts.index(shift.start) / max(1, len(starts) - 1)
