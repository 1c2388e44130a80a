"""Axes: bare ones, their title and legend, in a language that can be drawn."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from scheduler.report import palette
from scheduler.report.fonts import language, letter
from scheduler.report.words import say


def canvas(ax: Axes | None, lang: str, inches: tuple[float, float]) -> tuple[Axes, str]:
    """Return axes without a frame, and the language they can be labelled in."""
    if ax is None:
        ax = plt.subplots(figsize=inches, layout="constrained")[1]
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(palette.LINE)
    ax.tick_params(
        which="both", color=palette.LINE, labelcolor=palette.MUTED, labelsize=8
    )
    ax.xaxis.label.set_color(palette.MUTED)
    ax.yaxis.label.set_color(palette.MUTED)
    if language(lang) != lang:
        ax.annotate(
            say("no_chinese_font", "en"),
            (1, 0),
            (0, -30),
            fontsize=7,
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            color=palette.MUTED,
        )
    return ax, language(lang)


def titled(ax: Axes, title: str, lang: str) -> Axes:
    """Give axes a title, and all their words letters that can be drawn."""
    ax.set_title(title, loc="left", fontsize=12, color=palette.INK, pad=12)
    return letter(ax)


def legend(ax: Axes, columns: int = 4) -> None:
    """Put a legend above the axes, at the right."""
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        fontsize=8,
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.4,
        columnspacing=1.4,
    )
