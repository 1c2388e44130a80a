"""Pictures of capacity: heads to start on each shift, and hires over the months."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scheduler.capacity import ShiftMix
from scheduler.hiring import HiringPlan
from scheduler.report import palette
from scheduler.report.axes import canvas, titled
from scheduler.report.fonts import drawable
from scheduler.report.labels import times
from scheduler.report.words import capital, say, short_date, weekday

NUMBERED = 35
"""Days up to which heads are written into their cells."""


def plot_mix(mix: ShiftMix, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw shifts by days: the more heads start, the darker.

    Examples
    --------
    >>> from constraints.coverage import CoverageNeed
    >>> from constraints.examples import tiny_case
    >>> from scheduler.capacity import shift_mix
    >>> mix = shift_mix(tiny_case(people=3, days=1, need=2, rules=(CoverageNeed(),)))
    >>> import matplotlib.pyplot as plt
    >>> ax = plot_mix(mix)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['L  14:00–22:00', 'N  22:00–06:00']
    >>> plt.close(ax.figure)
    """
    case, shifts = mix.case, mix.shifts
    size = (max(6.0, 2.4 + 0.3 * min(case.days, 60)), 1.4 + 0.27 * max(2, len(shifts)))
    ax, lang = canvas(ax, lang, size)
    heads = mix.heads[:, list(shifts)].T
    most = max(1, int(heads.max(initial=1)))
    colours = np.array(
        [
            [
                palette.rgb(
                    palette.between(palette.FREE, palette.OVER_STRONG, n / most)
                )
                for n in row
            ]
            for row in heads
        ]
    )
    ax.imshow(colours, aspect="auto", interpolation="none")
    names = [f"{case.shifts[s].code}  {times(case.shifts[s])}" for s in shifts]
    ax.set_yticks(range(len(shifts)), [drawable(name) for name in names])
    ax.set_yticks(np.arange(len(shifts) + 1) - 0.5, minor=True)
    ax.set_xticks(np.arange(case.days + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", lw=1)
    ax.tick_params(which="minor", length=0)
    if case.days <= NUMBERED:
        for row, day in np.argwhere(heads).tolist():
            ink = "white" if heads[row, day] > 0.6 * most else palette.INK
            ax.text(
                day,
                row,
                str(heads[row, day]),
                ha="center",
                va="center",
                fontsize=7,
                color=ink,
            )
    _day_names(ax, mix, lang)
    return titled(ax, say("mix_title", lang), lang)


def _day_names(ax: Axes, mix: ShiftMix, lang: str) -> None:
    clock = mix.case.clock
    dates = [clock.date(day) for day in range(mix.case.days)]
    if len(dates) <= 10:
        labels = [f"{weekday(on, lang)}\n{short_date(on, lang)}" for on in dates]
        ax.set_xticks(range(len(dates)), labels)
        return
    starts = [
        d for d in range(len(dates)) if d == 0 or clock.week(d) > clock.week(d - 1)
    ]
    step = -(-len(starts) // 10)
    days = starts[::step]
    ax.set_xticks(days, [short_date(dates[day], lang) for day in days])


def plot_hiring(plan: HiringPlan, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw the hours of each month against the workload, with the hires above.

    Examples
    --------
    >>> from scheduler.hiring import Contract, HiringNeeds, hiring_plan
    >>> import matplotlib.pyplot as plt
    >>> full = Contract(name="full", hours=160, cost=9000)
    >>> needs = HiringNeeds(workload=(320,), contracts=(full,), shortage_price=300)
    >>> ax = plot_hiring(hiring_plan(needs))
    >>> [text.get_text() for text in ax.texts]
    ['+2']
    >>> plt.close(ax.figure)
    """
    needs = plan.needs
    ax, lang = canvas(ax, lang, (max(6.0, 1.6 + 0.62 * min(needs.months, 12)), 3.6))
    places = np.arange(needs.months)
    below = np.zeros(needs.months)
    parts = (
        (plan.hours, "at_work", palette.MET),
        (plan.overtime, "overtime_hours", palette.WEEKENDS),
        (plan.shortage, "lacking_hours", palette.SHORT),
    )
    for hours, key, colour in parts:
        if hours.any():
            label = say(key, lang)
            ax.bar(places, hours, 0.7, bottom=below, color=colour, label=label)
        below = below + hours
    asked = np.array(needs.workload, float)
    ax.step(
        np.arange(needs.months + 1) - 0.5,
        np.append(asked, asked[-1]),
        where="post",
        color=palette.INK,
        lw=1.4,
        label=say("workload", lang),
    )
    top = np.maximum(below, asked)
    for month, hires in enumerate(plan.hires.sum(axis=0).tolist()):
        if hires:
            ax.annotate(
                f"+{hires}",
                (month, top[month]),
                (0, 4),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=palette.OVER_STRONG,
            )
    ax.set_ylim(0, 1.15 * float(top.max(initial=1)))
    names = [needs.month(month) for month in range(needs.months)]
    shown = places[:: -(-needs.months // 12)]
    ax.set_xticks(shown, [names[month] for month in shown])
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_ylabel(capital(say("month_hours", lang)))
    handles, labels = ax.get_legend_handles_labels()
    ax.figure.legend(
        handles, labels, loc="outside lower left", ncols=4, fontsize=8, frameon=False
    )
    return titled(ax, say("hiring_title", lang), lang)
