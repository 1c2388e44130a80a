"""Pictures of rows: gaps within a run and by release, and costs of peers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from benchmarks.run import read_trace
from benchmarks.tables import OURS, median_cost

DOTS_PER_INCH = 110
PROVED = 5e-5  # half of the least gap that a trace tells: where none is drawn
LINES = ("-", "--", ":")


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
        dashes = LINES[number % len(LINES)]  # neighbours differ in more than colour
        axes.step(seconds, gaps, dashes, where="post", color=colour, label=case)
        axes.plot(seconds[-1], gaps[-1], "o", color=colour, markersize=4)
    axes.set_xscale("log")
    _gap_axis(axes)
    if axes.get_ylim()[0] < PROVED:
        axes.set_yticks([PROVED, *axes.get_yticks()])
        axes.axhline(PROVED, color="0.7", linewidth=0.8, zorder=0)
    axes.set_xlabel("seconds, on a logarithmic scale; it begins with a legal roster")
    axes.set_title("Gap between cost and proved bound within a run", loc="left")
    _save(axes, path, fontsize="small", labelspacing=0.25)


def draw_releases(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the gaps of each release, a line a benchmark."""
    releases = list(dict.fromkeys(row["release"] for row in rows))
    figures = dict.fromkeys((row["benchmark"], row["figure"]) for row in rows)
    _, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    axes.set_prop_cycle(color=plt.get_cmap("tab20").colors)  # type: ignore[attr-defined]
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


def draw_peers(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the cost of each peer's roster over that of ours, on a logarithmic scale."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    _, axes = plt.subplots(figsize=(9, 3.8), layout="constrained")
    width = 0.8 / len(methods)
    for place, method in enumerate(methods):
        for number, case in enumerate(cases):
            at = number + (place - (len(methods) - 1) / 2) * width
            mine = [r for r in rows if (r["case"], r["method"]) == (case, method)]
            if mine:
                _draw_bar(axes, at, width * 0.92, f"C{place}", mine, rows)
    patches = [Patch(color=f"C{n}", label=name) for n, name in enumerate(methods)]
    patches.append(Patch(**BROKEN, facecolor="lightgrey", label="breaks hard rules"))
    axes.set_yscale("log")
    axes.set_ylim(0.9, axes.get_ylim()[1] * 1.6)
    axes.axhline(1, color="grey", linewidth=0.8)
    sizes = [f"{int(case.removeprefix('centre-')):,} people" for case in cases]
    axes.set_xticks(range(len(cases)), sizes)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("cost / cost of ours")
    axes.set_title("The same centres and time, judged by the same rules", loc="left")
    _save(axes, path, handles=patches)


BROKEN = {"hatch": "////", "edgecolor": "white"}
"""How a bar looks whose roster breaks hard rules."""


def _draw_bar(
    axes: Axes,
    at: float,
    width: float,
    colour: str,
    mine: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Draw one method on one case, or say that it found nothing."""
    cost = median_cost(rows, mine[0]["case"], mine[0]["method"])
    ours = median_cost(rows, mine[0]["case"], OURS)
    if cost is None or not ours:
        axes.text(at, 1.05, "no roster", rotation=90, ha="center", va="bottom")
        return
    look = BROKEN if any(row.get("broken") for row in mine) else {}
    bars = axes.bar(at, cost / ours, width, color=colour, **look)
    axes.bar_label(bars, [f"{cost / ours:.3g}"], padding=2, fontsize=9)


def _gap_axis(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_percent)
    ticks = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    low = axes.get_ylim()[0]
    axes.set_yticks([tick for tick in ticks if tick >= low / 3])
    axes.set_yticks([], minor=True)
    axes.set_ylabel("gap, share of the cost")
    axes.grid(axis="y", color="0.9")


def _percent(gap: float, _: object = None) -> str:
    return "0, proved" if gap == PROVED else f"{100 * gap:g} %"


def _save(axes: Axes, path: Path, **legend: Any) -> None:
    beside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5), "frameon": False}
    axes.legend(**beside, **legend)
    axes.figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    plt.close(axes.figure)
