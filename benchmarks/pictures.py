"""Pictures of gaps: within a run, and from release to release."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.run import read_trace

DOTS_PER_INCH = 110
PROVED = 3e-4  # where a gap of nothing is drawn on a logarithmic scale


def draw_traces(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the gap of each case against the seconds of a run; the last one's trace.

    Nothing is drawn where no row has a trace.
    """
    traces = {row["case"]: row["trace"] for row in rows if row.get("trace")}
    if not traces:
        return
    _, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    colours = plt.get_cmap("viridis")
    for number, (case, trace) in enumerate(traces.items()):
        points = [(at, max(PROVED, gap)) for at, gap in read_trace(trace)]
        colour = colours(number / max(1, len(traces) - 1) * 0.92)
        seconds, gaps = zip(*points, strict=True)
        axes.step(seconds, gaps, where="post", color=colour, label=case)
        axes.plot(seconds[-1], gaps[-1], "o", color=colour, markersize=4)
    axes.set_xscale("log")
    _gap_axis(axes)
    if axes.get_ylim()[0] < PROVED:
        axes.set_yticks([PROVED, *axes.get_yticks()])
        axes.axhline(PROVED, color="0.7", linewidth=0.8, zorder=0)
    axes.set_xlabel("seconds, on a logarithmic scale; it begins with a legal roster")
    axes.set_title("Gap between cost and proved bound within a run", loc="left")
    _save(axes, path)


def draw_releases(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the gaps of each release, a line a benchmark."""
    releases = list(dict.fromkeys(row["release"] for row in rows))
    figures = dict.fromkeys((row["benchmark"], row["figure"]) for row in rows)
    _, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    for name, what in figures:
        if what.startswith("gap"):
            known = {
                row["release"]: float(row["value"])
                for row in rows
                if (row["benchmark"], row["figure"]) == (name, what)
            }
            at = [releases.index(release) for release in known]
            label = name + what.removeprefix("gap")
            axes.plot(at, list(known.values()), "o-", label=label)
    axes.set_xticks(range(len(releases)), releases)
    axes.set_xlim(-0.5, len(releases) - 0.5)
    _gap_axis(axes)
    axes.set_xlabel("release")
    axes.set_title("Gap between cost and proved bound by release", loc="left")
    _save(axes, path)


def _gap_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_percent)
    ticks = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    low = axes.get_ylim()[0]
    axes.set_yticks([tick for tick in ticks if tick >= low / 3])
    axes.set_yticks([], minor=True)
    axes.set_ylabel("gap, share of the cost")
    axes.grid(axis="y", color="0.9")


def _percent(gap: float, _: object = None) -> str:
    return "0, proved" if gap == PROVED else f"{100 * gap:g} %"


def _save(axes: Axes, path: Path) -> None:
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    axes.figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    plt.close(axes.figure)
