"""Pictures of scenarios beside each other; each returns the axes it drew on."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from scheduler.report import palette
from scheduler.report.axes import canvas, titled
from scheduler.report.words import capital, say
from scheduler.whatif import Comparison, RuleCosts

SHOWN = 6
"""Rules with a colour of their own; what others cost is drawn together."""
GREY = "#b7bec7"


def plot_comparison(
    comparison: Comparison, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw the cost of each scenario by rule, and its proved bound as a mark."""
    frame = comparison.to_frame()
    ax, lang = canvas(ax, lang, (8, 1.6 + 0.4 * len(frame)))
    rules = [name for name in frame.columns if name.startswith("cost ")]
    colours = plt.get_cmap("tab10").colors  # type: ignore[attr-defined]
    left = np.zeros(len(frame))
    places = np.arange(len(frame))
    for number, name in enumerate(rules[:SHOWN]):
        width = frame[name].fillna(0).to_numpy(float)
        label, colour = name.removeprefix("cost "), colours[number]
        ax.barh(places, width, 0.6, left=left, color=colour, label=label)
        left += width
    if rules[SHOWN:]:
        width = frame[rules[SHOWN:]].fillna(0).to_numpy(float).sum(axis=1)
        label = say("others", lang)
        ax.barh(places, width, 0.6, left=left, color=GREY, label=label)
        left += width
    solved = frame["cost"].notna().to_numpy()
    proved = solved & (frame["bound"] > 0).to_numpy()
    ax.plot(
        frame["bound"][proved].to_numpy(float),
        places[proved],
        "|",
        color=palette.INK,
        markersize=18,
        label=say("bound", lang),
    )
    for place in places[~solved]:
        ax.annotate(
            say("no_roster", lang),
            (0, place),
            (4, 0),
            va="center",
            textcoords="offset points",
            color=palette.SHORT,
            fontsize=8,
        )
    ax.set_yticks(places, [say("as_it_is", lang), *frame["scenario"][1:]])
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel(capital(say("cost", lang)))
    handles, labels = ax.get_legend_handles_labels()
    ax.figure.legend(
        handles, labels, loc="outside lower left", ncols=4, fontsize=8, frameon=False
    )
    return titled(ax, say("compared_title", lang), lang)


def plot_rule_costs(
    costs: RuleCosts, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw what is saved without each rule, and between what that is proved to lie."""
    frame = costs.to_frame()
    ax, lang = canvas(ax, lang, (8, 1.2 + 0.28 * len(frame)))
    places = np.arange(len(frame))
    saved = frame["saved"].to_numpy(float)
    fills = [palette.OVER_STRONG if sure else GREY for sure in frame["sure"]]
    ax.barh(places, saved, 0.6, color=fills)
    least, most = frame["least"].to_numpy(float), frame["most"].to_numpy(float)
    ax.hlines(places, least, most, color=palette.INK, lw=1)
    ax.set_yticks(places, list(frame["rule"]))
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel(capital(say("saved_axis", lang)))
    return titled(ax, say("rule_costs_title", lang), lang)


def plot_frontier(
    comparison: Comparison, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw the service level that each number of people reaches, and the target."""
    frame = comparison.to_frame().dropna(subset=["cost", "service_level"])
    frame = frame.sort_values("people")
    ax, lang = canvas(ax, lang, (6, 3.4))
    level = 100 * frame["service_level"].to_numpy(float)
    ax.plot(frame["people"].to_numpy(float), level, "o-", color=palette.OVER_STRONG)
    plan = comparison.outcomes[0].plan
    if plan is not None:
        target = 100 * plan.case.service.target
        ax.axhline(target, color=palette.SHORT, lw=1, ls="--")
        ax.annotate(
            say("target", lang),
            (1, target),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            color=palette.SHORT,
            fontsize=8,
        )
    ax.set_xticks(frame["people"].to_numpy(float))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    ax.yaxis.grid(visible=True, color=palette.LINE, lw=0.6)
    ax.set_xlabel(capital(say("agents", lang)))
    ax.set_ylabel(capital(say("service_level", lang)))
    return titled(ax, say("frontier_title", lang), lang)
