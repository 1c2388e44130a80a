"""Pictures: each returns its axes, labelled, in either language, without a warning."""

from dataclasses import replace
from datetime import date, timedelta

import matplotlib as mpl
import numpy as np
import pytest

from constraints.case import Agent
from constraints.examples import tiny_case
from constraints.roster import Roster
from forecasts.clock import Clock
from forecasts.forecaster import Forecast
from forecasts.forecaster import forecast as forecast_of
from forecasts.history import History
from scheduler.checking import check
from scheduler.report import fonts
from scheduler.result import Result, Step

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scheduler.report.plots import (
    plot_backtest,
    plot_check,
    plot_cover,
    plot_fairness,
    plot_forecast,
    plot_grid,
    plot_heatmap,
    plot_trace,
    plot_weekday_errors,
)


def roster(days=7, names=("Ann", "李娜")):
    """Return a roster of two people."""
    case = tiny_case(people=len(names), days=days)
    agents = tuple(Agent(id=name, name=name) for name in names)
    rows = [("DLN-DD-" * 9)[place : place + days] for place in range(len(names))]
    return Roster.from_codes(replace(case, agents=agents), rows)


def calls():
    """Return a history and a forecast of two queues; one day is missing."""
    past = np.full((2, 21, 48), 5.0)
    past[:, 12] = np.nan
    clock = Clock(date(2026, 3, 2), 7, 60)
    ahead = Forecast(
        clock,
        ("a", "b"),
        np.full((2, 168), 10.0),
        np.full((2, 168), 180.0),
        ("profile", "profile"),
        np.full((2, 168), 0.1),
    )
    return History(("a", "b"), 30, date(2026, 2, 9), past), ahead


def played():
    """Return a roster of two people that was played on a few calls."""
    given = roster()
    forecast = Forecast.steady(given.case.clock, 4.0, 180.0)
    return check(replace(given, case=replace(given.case, forecast=forecast)), runs=3)


def tried(days=56):
    """Return a forecast whose methods were tried on some weeks."""
    first = date(2026, 1, 5)
    past = History(("calls",), 60, first, np.full((1, days, 24), 12.0))
    return forecast_of(past, Clock(first + timedelta(days=days), 14, 60))


def search():
    """Return a result with a trace."""
    steps = (
        Step(seconds=1, cost=90, bound=None, source="construct"),
        Step(seconds=3, cost=60, bound=55, source="improve"),
    )
    return Result(status="feasible", seconds=5.0, trace=steps)


PICTURES = {
    "cover": lambda **more: plot_cover(roster(), **more),
    "cover of a day": lambda **more: plot_cover(roster(), [3], **more),
    "cover of a month": lambda **more: plot_cover(roster(28), **more),
    "heatmap": lambda **more: plot_heatmap(roster(), **more),
    "grid": lambda **more: plot_grid(roster(), **more),
    "fairness": lambda **more: plot_fairness(roster(), **more),
    "forecast": lambda **more: plot_forecast(*calls(), **more),
    "backtest": lambda **more: plot_backtest(tried(), **more),
    "weekday errors": lambda **more: plot_weekday_errors(tried(), **more),
    "check": lambda **more: plot_check(played(), **more),
    "trace": lambda **more: plot_trace(search(), **more),
}


@pytest.fixture(autouse=True)
def _close_pictures():
    plt.close("all")
    yield
    plt.close("all")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_drawn_and_labelled(name, lang):
    """It returns axes with a title and a labelled axis, and draws without a warning."""
    ax = PICTURES[name](lang=lang)
    assert isinstance(ax, Axes)
    assert ax.get_title(loc="left")
    assert ax.get_xlabel() or ax.get_ylabel()
    ax.figure.canvas.draw()


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_drawn_on_the_axes_given(name):
    """No new figure is made where axes are given, and none is shown."""
    _, given = plt.subplots()
    assert PICTURES[name](ax=given) is given
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("draw", [plot_backtest, plot_weekday_errors])
def test_methods_that_could_not_be_tried_have_no_picture(draw):
    """A history too short, and a forecast that none was tried for."""
    for untried in (
        tried(days=14),
        Forecast.steady(Clock(date(2026, 3, 2), 1), 4, 180),
    ):
        with pytest.raises(ValueError, match="Four weeks of history"):
            draw(untried)
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", ["grid", "fairness"])
def test_names_without_a_glyph_or_with_math_are_drawn(name):
    """Names that no font holds, or that look like math, break no picture."""
    names = ("$\\frac{$", "$x$ $y$", "\U0010ffff\u0000\n", "\U00013000")
    draw = {"grid": plot_grid, "fairness": plot_fairness}[name]
    draw(roster(names=names)).figure.canvas.draw()


def test_labels_are_english_where_no_chinese_font_is(monkeypatch):
    """A machine without a Chinese font gets English labels and a note."""
    monkeypatch.setattr(fonts, "chinese_family", lambda: None)
    ax = plot_grid(roster(), lang="zh")
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") == "Who works when"
    notes = [text.get_text() for text in ax.texts]
    assert "no Chinese font is installed: labels in English" in notes


def test_short_is_red_and_over_is_told():
    """Cover names what it shows; a full day without a shift is short."""
    ax = plot_cover(roster(), range(2, 5))
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["On the phone", "Over", "Short", "Required"]


def test_heatmap_leaves_unknown_intervals_empty():
    """Intervals that do not count have no colour."""
    table = plot_heatmap(roster()).images[0].get_array()
    assert np.ma.getmaskarray(np.ma.masked_invalid(table))[:8, 0].all()


def test_the_legend_shows_the_colours_that_are_drawn():
    """Those of shifts.csv; a class with several colours shows them all, by start."""
    given = roster()
    shifts = given.case.shifts
    red = replace(shifts[0], colour="#ff0000")
    other = replace(shifts[0], code="D2", start=shifts[0].start + 60, colour="#00ff00")
    case = replace(given.case, shifts=(other, red, *shifts[1:]))
    legend = plot_grid(Roster.from_codes(case, ["D------", "-------"])).get_legend()
    patches = legend.findobj(mpl.patches.Rectangle)
    drawn = [mpl.colors.to_hex(patch.get_facecolor()) for patch in patches]
    assert drawn[:3] == ["#ff0000", "#00ff00", "#d9ede8"]  # day by start, then evening
    assert legend.get_texts()[0].get_text() == "Day"
