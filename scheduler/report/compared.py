"""Pictures of scenarios beside each other; each returns the axes it drew on."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from scheduler.batch import Batch
from scheduler.desk.replan import Proposal
from scheduler.files.scenario import AS_IT_IS
from scheduler.report import palette
from scheduler.report.axes import canvas, titled
from scheduler.report.fonts import drawable
from scheduler.report.words import capital, say
from scheduler.whatif import Comparison, RuleCosts

SHOWN = 6
"""Rules with a colour of their own; what others cost is drawn together."""
GREY = "#b7bec7"
WORST = 40
"""Cases drawn of a batch: those with the most head hours short."""


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
    names = [drawable(name) for name in frame["scenario"][1:]]
    ax.set_yticks(places, [say("as_it_is", lang), *names])
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


def plot_replan(
    proposal: Proposal, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw heads of the rest of a day: required, as published, as it is, as proposed.

    Examples
    --------
    >>> from scheduler.desk.examples import small_desk
    >>> from scheduler.desk.replan import replan
    >>> desk = small_desk(["DD-", "-L-"], now="2026-03-03T07:00+08:00")
    >>> ax = plot_replan(replan(desk, absent=["A1"]))
    >>> ax.get_title(loc="left")
    'The rest of 2026-03-03: head hours short 16, proposed 16'
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (9, 3.6))
    clock, at = proposal.after.case.clock, proposal.window
    edges = np.arange(at.start, at.stop + 1) * clock.interval_minutes
    need = proposal.after.case.requirement.heads[:, at].sum(axis=0)
    ax.stairs(
        proposal.after.on_phone[at],
        edges,
        fill=True,
        color=palette.MET,
        lw=0,
        label=capital(say("proposed", lang)),
    )
    lines = (
        (need, palette.INK, "-", "required"),
        (proposal.before.on_phone[at], palette.OVER_STRONG, ":", "published"),
        (proposal.hit.on_phone[at], palette.SHORT, "--", "as_it_is"),
    )
    for heads, colour, style, key in lines:
        label = capital(say(key, lang))
        ax.stairs(
            heads, edges, baseline=None, color=colour, ls=style, lw=1.4, label=label
        )
    ticks = edges[:: max(1, len(edges) // 12)]
    ax.set_xticks(ticks, [clock.local(int(m)).strftime("%H:%M") for m in ticks])
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylabel(capital(say("heads", lang)))
    ax.figure.legend(loc="outside lower left", ncols=4, fontsize=8, frameon=False)
    _, before, after = proposal.short
    on = clock.local(int(edges[0])).date()
    words = say("replan_title", lang).format(date=on, before=before, after=after)
    return titled(ax, words, lang)


def plot_batch(batch: Batch, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw the head hours short of each case, a mark for each scenario and seed.

    Cases with the most come first; those of which a job failed are marked.
    """
    frame = batch.to_frame()
    worst = frame.groupby("case")["short_hours"].max().fillna(-1.0)
    cases = list(worst.sort_values(ascending=False, kind="stable").index[:WORST])
    ax, lang = canvas(ax, lang, (8, 1.8 + 0.22 * len(cases)))
    frame = frame[frame["case"].isin(cases)]
    places = {case: place for place, case in enumerate(cases)}
    colours = plt.get_cmap("tab10").colors  # type: ignore[attr-defined]
    for number, scenario in enumerate(frame["scenario"].unique()):
        mine = frame[(frame["scenario"] == scenario) & (frame["state"] == "done")]
        as_it_is = scenario == AS_IT_IS.name
        ax.plot(
            mine["short_hours"].to_numpy(float),
            mine["case"].map(places).to_numpy(float),
            "o",
            color=colours[number % len(colours)],
            alpha=0.8,
            label=say("as_it_is", lang) if as_it_is else drawable(scenario),
        )
    for case in frame.loc[frame["state"] == "failed", "case"].unique():
        ax.annotate(
            say("job_failed", lang),
            (1, places[case]),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            color=palette.SHORT,
            fontsize=8,
        )
    ax.set_yticks(range(len(cases)), [drawable(case) for case in cases])
    ax.set_ylim(len(cases) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.yaxis.grid(visible=True, color=palette.LINE, lw=0.6)
    ax.set_xlabel(capital(say("short_hours_axis", lang)))
    handles, labels = ax.get_legend_handles_labels()
    ax.figure.legend(
        handles, labels, loc="outside lower left", ncols=4, fontsize=8, frameon=False
    )
    return titled(ax, say("batch_title", lang), lang)
