"""Pictures of a roster, a forecast and a search; each returns the axes it drew on."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from constraints.case import CLASSES, OFF
from constraints.roster import Roster
from forecasts.backtest import Backtest
from forecasts.clock import DAY
from forecasts.forecaster import Forecast
from forecasts.history import History
from scheduler.checking import Check
from scheduler.report import palette
from scheduler.report.axes import canvas, legend, titled
from scheduler.report.calls import BACK, calls_within, recent_calls
from scheduler.report.cover import Cover, weeks
from scheduler.report.fonts import drawable, letter
from scheduler.report.labels import called
from scheduler.report.words import capital, say, short_date, weekday
from scheduler.result import Result
from scheduler.summary import worked_weekends

PEOPLE_NAMED = 80
PEOPLE_CODED = 40
DAYS_CODED = 35
DAYS_NAMED = 10
SATURDAY = 5
HEAT = LinearSegmentedColormap.from_list(
    "short-over", [palette.SHORT, "#f3b7ae", "#ffffff", "#b9d0e8", palette.OVER_STRONG]
)


def plot_cover(
    roster: Roster,
    days: Iterable[int] | None = None,
    *,
    ax: Axes | None = None,
    lang: str = "en",
) -> Axes:
    """Draw heads required as a line over heads on the phone as steps.

    Parameters
    ----------
    roster
        The roster.
    days
        Days of the horizon, without gaps; all of them where left out.
    ax
        Axes to draw on; new ones where left out.
    lang
        ``en`` or ``zh``.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> ax = plot_cover(Roster.from_codes(tiny_case(), ["DD-", "NN-"]))
    >>> ax.get_ylabel(), ax.get_title(loc="left")
    ('Heads', 'Required and on the phone')
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (11, 3.4))
    cover = Cover.of(roster)
    shown = sorted(range(roster.case.days) if days is None else days)
    shown_days = range(shown[0], shown[-1] + 1)
    at = cover.of_days(shown_days)
    edges = np.append(cover.clock.starts[at], cover.clock.midnights[shown_days.stop])
    need, there, short = (part[at] for part in (cover.need, cover.there, cover.short))

    def steps(top: NDArray[np.int64], bottom: ArrayLike, colour: str, key: str) -> None:
        ax.stairs(
            top,
            edges,
            baseline=bottom,
            fill=True,
            color=colour,
            lw=0,
            label=capital(say(key, lang)),
        )

    steps(there, 0, palette.MET, "on_phone")
    if cover.over[at].any():
        steps(there, np.minimum(need, there), palette.OVER, "over")
    if short.any():
        steps(there + short, there, palette.SHORT, "short")
    ax.stairs(
        need,
        edges,
        baseline=None,
        color=palette.INK,
        lw=1.2,
        label=capital(say("required", lang)),
    )
    _grey_where_not_counted(ax, cover, at, lang)
    _time_axis(ax, roster, shown_days, lang)
    ax.set_ylim(0, max(1, int(need.max()), int(there.max())) * 1.08)
    ax.set_ylabel(capital(say("heads", lang)))
    legend(ax, columns=5)
    return titled(ax, say("cover_title", lang), lang)


def plot_heatmap(roster: Roster, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw heads short (red) and over (blue) by time of day and date.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> ax = plot_heatmap(Roster.from_codes(tiny_case(), ["DD-", "NN-"]))
    >>> ax.get_title(loc="left")
    'Short and over by time of day'
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (9, 4.6))
    cover, clock = Cover.of(roster), roster.case.clock
    table = cover.by_time_of_day()
    reach = max(1.0, float(np.nanmax(np.abs(table)))) if cover.counted.any() else 1.0
    picture = ax.imshow(
        table,
        cmap=HEAT,
        norm=TwoSlopeNorm(0.0, -reach, reach),
        aspect="auto",
        interpolation="none",
        extent=(0, clock.days, 24, 0),
    )
    ax.set_facecolor(palette.LEAVE)
    ax.set_yticks(range(0, 25, 4), [f"{hour:02}:00" for hour in range(0, 25, 4)])
    _day_columns(ax, roster, lang, offset=0.5)
    ax.set_ylabel(capital(say("time_of_day", lang)))
    bar = ax.figure.colorbar(picture, ax=ax, pad=0.015, fraction=0.03, aspect=30)
    bar.outline.set_visible(False)
    bar.locator = MaxNLocator(integer=True)
    bar.set_label(f"{say('short', lang)} (−) · {say('over', lang)} (+)")
    letter(bar.ax)
    return titled(ax, say("heatmap_title", lang), lang)


def plot_grid(roster: Roster, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw people by days, each cell in the colour of its shift.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> ax = plot_grid(Roster.from_codes(tiny_case(), ["DD-", "NN-"]))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['A1', 'A2']
    >>> plt.close(ax.figure)
    """
    case = roster.case
    people = len(case.agents)
    height = float(np.clip(1.2 + 0.19 * people, 2.2, 14))
    ax, lang = canvas(ax, lang, (max(6.0, 2 + 0.36 * case.days), height))
    ax.imshow(_cells(roster), aspect="auto", interpolation="none")
    ax.set_xticks(np.arange(case.days + 1) - 0.5, minor=True)
    if people <= PEOPLE_NAMED:
        ax.set_yticks(np.arange(people + 1) - 0.5, minor=True)
        ax.set_yticks(
            range(people),
            [drawable(called(agent)[:24]) for agent in case.agents],
            fontsize=7,
        )
    ax.grid(which="minor", color="white", lw=0.8)
    ax.tick_params(which="minor", length=0)
    if people <= PEOPLE_CODED and case.days <= DAYS_CODED:
        _write_codes(ax, roster)
    _day_columns(ax, roster, lang)
    _class_legend(ax, roster, lang)
    return titled(ax, say("grid_title", lang), lang)


def plot_fairness(roster: Roster, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw nights (columns) and worked weekends (dots) of each person, most first.

    Examples
    --------
    >>> from constraints.examples import tiny_case
    >>> ax = plot_fairness(Roster.from_codes(tiny_case(), ["DD-", "NN-"]))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['A2', 'A1']
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (11, 3.2))
    case = roster.case
    nights = roster.works_class("night")[:, case.past :].sum(axis=1)
    weekends = worked_weekends(roster)
    order = np.lexsort((np.arange(len(nights)), -weekends, -nights))
    place = np.arange(len(order))
    ax.bar(
        place,
        nights[order],
        width=0.8,
        color=palette.class_fill("night").background,
        label=capital(say("nights", lang)),
    )
    ax.plot(
        place,
        weekends[order],
        "o",
        ms=4,
        color=palette.WEEKENDS,
        clip_on=False,
        mec="white",
        mew=0.5,
        label=capital(say("weekends", lang)),
    )
    ax.set_xlim(-0.7, len(order) - 0.3)
    ax.set_ylim(
        0, max(1, int(nights.max(initial=0)), int(weekends.max(initial=0))) + 0.6
    )
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.grid(visible=True, color=palette.LINE, lw=0.6)
    ax.set_axisbelow(True)
    if len(order) <= PEOPLE_NAMED:
        names = [drawable(case.agents[person].id) for person in order]
        ax.set_xticks(place, names, rotation=90, fontsize=7)
    ax.set_ylabel(say("per_horizon", lang, days=case.days))
    ax.set_xlabel(capital(say("agents", lang)))
    legend(ax)
    return titled(ax, say("fairness_title", lang), lang)


def plot_forecast(
    history: History,
    forecast: Forecast,
    *,
    actual: History | None = None,
    ax: Axes | None = None,
    lang: str = "en",
) -> Axes:
    """Draw the last two weeks of calls and the forecast with its p10 to p90 band.

    Parameters
    ----------
    history
        Calls of the past.
    forecast
        Calls to expect. Those of all queues are added; so are their quantiles, which
        makes the band of several queues a little wide.
    actual
        Calls that came in the horizon, where they are known by now.
    ax
        Axes to draw on; new ones where left out.
    lang
        ``en`` or ``zh``.

    Examples
    --------
    >>> from forecasts.clock import Clock
    >>> past = History(("calls",), 60, date(2026, 2, 2), np.full((1, 28, 24), 12.0))
    >>> ahead = Forecast.steady(Clock(date(2026, 3, 2), 7, 60), 12.0, 180.0)
    >>> ax = plot_forecast(past, ahead)
    >>> ax.get_ylabel()
    'Calls per 60 min'
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (11, 3.4))
    clock = forecast.clock
    days, calls = recent_calls(history, forecast)
    ahead = clock.days_of_intervals + clock.walls / DAY
    low, high = (forecast.quantile(p).sum(axis=0) for p in (0.1, 0.9))
    ax.plot(days, calls, color=palette.INK, lw=0.8, label=capital(say("came_in", lang)))
    ax.fill_between(
        ahead, low, high, color=palette.MET, alpha=0.7, lw=0, label=say("band", lang)
    )
    ax.plot(
        ahead,
        forecast.calls.sum(axis=0),
        color=palette.OVER_STRONG,
        lw=1.0,
        label=capital(say("mean_forecast", lang)),
    )
    if actual is not None:
        ahead_days, came = calls_within(actual, forecast)
        ax.plot(ahead_days, came, color=palette.INK, lw=0.7, alpha=0.8, zorder=1.5)
    ax.axvline(0, color=palette.MUTED, lw=0.8, ls=":")
    ax.set_xlim(days[0] if days.size else 0, clock.days)
    ax.set_ylim(bottom=0)
    mondays = [
        day
        for day in range(-BACK, clock.days + 1)
        if clock.weekday(day) == 0 and day >= ax.get_xlim()[0]
    ]
    _dates_at(ax, mondays, [clock.date(day) for day in mondays], lang)
    minutes = clock.interval_minutes
    ax.set_ylabel(capital(say("calls_per_interval", lang, minutes=minutes)))
    legend(ax)
    return titled(ax, say("forecast_title", lang), lang)


def plot_backtest(
    forecast: Forecast, queue: int = 0, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw how far off each method was on the last weeks, the best at the top.

    Parameters
    ----------
    forecast
        With its backtests.
    queue
        Number of the queue.
    ax, lang
        As for `plot_forecast`.

    Raises
    ------
    ValueError
        Where the history was too short to try any.

    Examples
    --------
    >>> from forecasts.clock import Clock
    >>> from forecasts.forecaster import forecast
    >>> past = History(("calls",), 60, date(2026, 2, 2), np.full((1, 56, 24), 12.0))
    >>> ax = plot_backtest(forecast(past, Clock(date(2026, 3, 30), 14, 60)))
    >>> len(ax.patches)
    7
    >>> plt.close(ax.figure)
    """
    tried = _tried(forecast, queue)
    ax, lang = canvas(ax, lang, (7, 2.8))
    names = tried.ranked()
    errors = [100 * tried.mean_wape(name) for name in names]
    colours = [
        palette.OVER_STRONG if name == tried.best else palette.MET for name in names
    ]
    bars = ax.barh(names, errors, color=colours)
    labels = [f"{each:.1f} %" for each in errors]
    ax.bar_label(bars, labels, padding=3, fontsize=8, color=palette.MUTED)
    ax.invert_yaxis()
    ax.set_xlabel(capital(say("error_of_weeks", lang, weeks=tried.weeks)))
    return titled(ax, capital(say("methods_tried", lang)), lang)


def plot_weekday_errors(
    forecast: Forecast, queue: int = 0, *, ax: Axes | None = None, lang: str = "en"
) -> Axes:
    """Draw the error of the method picked by weekday, a bar for each lead.

    Parameters
    ----------
    forecast, queue, ax, lang
        As for `plot_backtest`, which raises the same.

    Examples
    --------
    >>> from forecasts.clock import Clock
    >>> from forecasts.forecaster import forecast
    >>> past = History(("calls",), 60, date(2026, 2, 2), np.full((1, 56, 24), 12.0))
    >>> ax = plot_weekday_errors(forecast(past, Clock(date(2026, 3, 30), 14, 60)))
    >>> len(ax.patches)
    14
    >>> plt.close(ax.figure)
    """
    tried = _tried(forecast, queue)
    ax, lang = canvas(ax, lang, (7, 2.8))
    errors, leads = 100 * tried.weekday_errors(), tried.leads
    shades = plt.get_cmap("Blues")(np.linspace(0.35, 0.85, len(leads)))
    width = 0.8 / len(leads)
    for place, lead in enumerate(leads):
        at = np.arange(7) + (place - (len(leads) - 1) / 2) * width
        words = say("weeks_ahead", lang, weeks=lead)
        ax.bar(at, errors[:, place], width, color=shades[place], label=words)
    monday = date(2026, 1, 5)
    ax.set_xticks(
        range(7), [weekday(monday + timedelta(days=n), lang) for n in range(7)]
    )
    ax.set_ylabel("%")
    ax.legend(frameon=False, fontsize=8, ncols=len(leads), loc="upper left")
    ax.set_ylim(0, 1.25 * max(np.nanmax(errors, initial=0.0), 1e-9))
    return titled(ax, capital(say("error_by_weekday", lang)), lang)


def _tried(forecast: Forecast, queue: int) -> Backtest:
    """Return how methods did on the last weeks of a queue, where any was tried."""
    if not (forecast.backtests and forecast.backtests[queue].leads):
        raise ValueError(
            "Expected a forecast whose methods were tried on past weeks, got one "
            "without. Four weeks of history with calls in the last are the least."
        )
    return forecast.backtests[queue]


def plot_check(check: Check, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw simulated service level by hour of day, its band, and Erlang's.

    Parameters
    ----------
    check
        A roster that was played.
    ax
        Axes to draw on; new ones where left out.
    lang
        ``en`` or ``zh``.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from constraints.examples import tiny_case
    >>> from scheduler.checking import check
    >>> case = tiny_case(people=6, days=3)
    >>> case = replace(case, forecast=Forecast.steady(case.clock, 10.0, 180.0))
    >>> played = check(Roster.from_codes(case, 2 * ["DDD", "LLL", "NNN"]), runs=5)
    >>> ax = plot_check(played)
    >>> ax.get_ylabel(), ax.get_title(loc="left")
    ('Answered within 10 s, of all calls offered', 'Service level, simulated')
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (9, 3.6))
    figures = check.figures
    by_hour = np.full((4, 24), np.nan)
    for row in figures.hours:
        shares = (row.service_level, row.p10, row.p90, row.erlang)
        by_hour[:, int(row.name[:2])] = shares
    level, low, high, erlang = by_hour
    edges = np.arange(25)
    seconds = f"{figures.threshold_seconds:g}"
    ax.stairs(
        high,
        edges,
        baseline=low,
        fill=True,
        color=palette.MET,
        alpha=0.7,
        lw=0,
        label=capital(say("eight_days", lang)),
    )
    for line, colour, width, key in (
        (erlang, palette.INK, 1.0, "erlang"),
        (level, palette.OVER_STRONG, 1.8, "simulated"),
    ):
        ax.stairs(
            line,
            edges,
            baseline=None,
            color=colour,
            lw=width,
            label=capital(say(key, lang)),
        )
    ax.axhline(
        figures.target,
        color=palette.MUTED,
        lw=0.8,
        ls="--",
        label=f"{capital(say('target', lang))} {figures.target:.0%}",
    )
    ax.set_xlim(0, 24)
    lowest = np.nanmin([low, erlang], initial=figures.target)
    ax.set_ylim(0.5 if lowest >= 0.5 else 0.0, 1.01)
    ax.set_xticks(range(0, 25, 4), [f"{hour:02}:00" for hour in range(0, 25, 4)])
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.set_xlabel(capital(say("time_of_day", lang)))
    ax.set_ylabel(capital(say("offered", lang, seconds=seconds)))
    legend(ax)
    return titled(ax, say("check_title", lang), lang)


def plot_trace(result: Result, *, ax: Axes | None = None, lang: str = "en") -> Axes:
    """Draw cost and proved bound over the seconds of a search.

    Examples
    --------
    >>> from scheduler.result import Step
    >>> steps = (Step(seconds=1, cost=90, bound=40, source="construct"),
    ...          Step(seconds=3, cost=60, bound=55, source="improve"))
    >>> ax = plot_trace(Result(status="feasible", seconds=5.0, trace=steps))
    >>> [line.get_label() for line in ax.get_lines()]
    ['Cost', 'Proved bound']
    >>> plt.close(ax.figure)
    """
    ax, lang = canvas(ax, lang, (8, 3.2))
    for key, colour in (("cost", palette.OVER_STRONG), ("bound", palette.INK)):
        known = [
            (step.seconds, getattr(step, key))
            for step in result.trace
            if getattr(step, key) is not None
        ]
        if known:
            known.append((max(result.seconds, known[-1][0]), known[-1][1]))
        ax.step(
            [seconds for seconds, _ in known],
            [value for _, value in known],
            where="post",
            color=colour,
            lw=1.5,
            label=capital(say(key, lang)),
        )
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.yaxis.grid(visible=True, color=palette.LINE, lw=0.6)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel(capital(say("seconds", lang)))
    ax.set_ylabel(capital(say("cost", lang)))
    legend(ax)
    return titled(ax, say("trace_title", lang), lang)


# -- axes ---------------------------------------------------------------------------


def _dates_at(
    ax: Axes, places: Sequence[float], dates: Sequence[date], lang: str
) -> None:
    ax.set_xticks(
        places, [f"{weekday(on, lang)} {short_date(on, lang)}" for on in dates]
    )


def _time_axis(ax: Axes, roster: Roster, days: range, lang: str) -> None:
    """Label hours under a few days, days under a week or so, weeks under more."""
    clock = roster.case.clock
    ax.set_xlim(clock.midnights[days.start], clock.midnights[days.stop])
    if len(days) <= 2:
        marks = [(day, hour) for day in days for hour in range(0, 24, 3)]
        labels = [
            f"{hour:02}:00"
            if hour
            else f"{weekday(clock.date(day), lang)} {short_date(clock.date(day), lang)}"
            for day, hour in marks
        ]
        ax.set_xticks([clock.minute(day, 60 * hour) for day, hour in marks], labels)
        return
    named = (
        days
        if len(days) <= DAYS_NAMED
        else [week.start for week in weeks(clock) if week.start in days]
    )
    wall = DAY // 2 if named is days else 0
    _dates_at(
        ax,
        [clock.minute(day, wall) for day in named],
        [clock.date(day) for day in named],
        lang,
    )
    if wall:
        ax.tick_params(axis="x", which="major", length=0)
    ax.set_xticks(clock.midnights[days.start : days.stop + 1], minor=True)
    ax.set_xlim(clock.midnights[days.start], clock.midnights[days.stop])


def _grey_where_not_counted(
    ax: Axes, cover: Cover, at: NDArray[np.intp], lang: str
) -> None:
    unknown = at[~cover.counted[at] & (cover.need[at] > 0)]
    if unknown.size:
        size = cover.clock.interval_minutes
        ax.axvspan(
            cover.clock.starts[unknown[0]],
            cover.clock.starts[unknown[-1]] + size,
            color=palette.LEAVE,
            lw=0,
            label=say("not_counted", lang),
        )


def _day_columns(ax: Axes, roster: Roster, lang: str, *, offset: float = 0.0) -> None:
    """Label the days of a picture whose columns are days."""
    clock = roster.case.clock
    step = max(1, -(-clock.days // 31))
    days = range(0, clock.days, step)
    labels = [
        f"{weekday(clock.date(day), lang)[-1 if lang == 'zh' else 0]}\n"
        f"{clock.date(day).day}"
        for day in days
    ]
    ax.set_xticks([day + offset for day in days], labels)
    for day, label in zip(days, ax.get_xticklabels(), strict=True):
        if clock.weekday(day) >= SATURDAY:
            label.set_color(palette.SHORT)
    first, last = clock.date(0), clock.date(clock.days - 1)
    ax.set_xlabel(f"{first} – {last}")


def _cells(roster: Roster) -> NDArray[np.uint8]:
    """Return the colour of each cell; shape ``(agents, days, 3)``."""
    case = roster.case
    fills = [fill.background for fill in palette.shift_fills(case)]
    colours = [palette.rgb(colour) for colour in [*fills, palette.FREE]]
    table = np.array(colours, np.uint8)[roster.table]
    away = case.on_leave[:, case.past :] & (roster.table == OFF)
    table[away] = palette.rgb(palette.AWAY)
    return table


def _write_codes(ax: Axes, roster: Roster) -> None:
    fills = palette.shift_fills(roster.case)
    for agent, day in np.argwhere(roster.table != OFF).tolist():
        shift = int(roster.table[agent, day])
        code = roster.case.shifts[shift].code
        ax.text(
            day,
            agent,
            drawable(code[:5]),
            ha="center",
            va="center_baseline",
            fontsize=6,
            color=fills[shift].ink,
        )


def _class_legend(ax: Axes, roster: Roster, lang: str) -> None:
    """Draw each class as a strip of the colours of its shifts, by start."""
    case = roster.case
    strips = {
        name: palette.class_colours(case, name)
        for name in CLASSES
        if case.of_class(name).size
    } | {"leave": [palette.AWAY]}
    handles = [
        tuple(Patch(color=colour, lw=0) for colour in strip)
        for strip in strips.values()
    ]
    labels = [capital(say(name, lang)) for name in strips]
    ax.legend(
        handles=handles,
        labels=labels,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.0)},
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=4,
        fontsize=8,
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.2,
    )
