"""Single cells, heads on the phone, leaders and wishes."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from constraints import audit
from constraints.case import OPEN, Leave, Request
from constraints.cells import Eligibility, LeaveDay, ShiftOne
from constraints.coverage import CoverageFloor, CoverageNeed, CoverageRole
from constraints.requests import Requests
from forecasts.forecaster import Forecast
from forecasts.requirement import Marginal
from tests.rows import days, found, meals, roster


@pytest.mark.parametrize(
    ("row", "extra", "wrong"),
    [
        ("NV", (), [1]),  # the night ends at 06:00, the next shift starts at 04:00
        ("ND", (), []),
        ("D-", ((0, 0, 1),), [0]),  # two rows of one date
    ],
)
def test_one_shift_at_a_time(row, extra, wrong):
    """Overlaps, and two shifts on one date, are charged on the later."""
    assert days(replace(roster(row), extra=extra), ShiftOne()) == wrong


def test_no_work_on_leave():
    """By the date on which the shift starts."""
    away = Leave(agent=0, first=date(2026, 3, 3), last=date(2026, 3, 4), kind="sick")
    assert days(roster("NDD-D", leave=(away,)), LeaveDay()) == [1, 2]


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"joined": date(2026, 3, 3)}, "not employed on that day"),
        ({"left": date(2026, 3, 1)}, "not employed on that day"),
        ({"classes": frozenset({"day"})}, "class or skills do not fit shift N"),
        (
            {"protected": (date(2026, 3, 2), date(2026, 3, 9))},
            "protected from night work",
        ),
    ],
)
def test_people_work_only_what_they_may(person, reason):
    """The sentence says why not."""
    rows = audit(roster("N", agents=[person]), [Eligibility()]).violations
    assert [row.text.en for row in rows] == [f"A1 on 2026-03-02: {reason}."]


def test_a_pinned_cell_stands():
    """Another shift, or a day off, where one is pinned is wrong."""
    pins = np.array([[0, 0, OPEN]], np.int16)
    assert days(roster("DLD", pins=pins), Eligibility()) == [1]
    assert days(roster("D-D", pins=pins), Eligibility()) == [1]


def test_heads_short_and_over():
    """Ten for a head short, one for a head over, in each interval."""
    one = roster("D", "D", "D")
    need = one.case.requirement.heads.copy()
    need[0, 8:16] = 2  # three are there
    need[0, 16:18] = 1  # nobody is
    case = replace(one.case, requirement=replace(one.case.requirement, heads=need))
    one = replace(one, case=replace(case, has_yesterday=True))
    assert audit(one, [CoverageNeed()]).cost == 8 * 1 + 2 * 10


def priced(heads, calls, last_head, *rows):
    """Return a roster of a day whose first hours need heads for calls.

    All three of shape ``(queues, hours)``.
    """
    one = roster(*rows)
    parts = np.zeros((3, len(heads), one.case.clock.intervals))
    parts[:, :, : len(heads[0])] = heads, calls, last_head
    queues = ("calls", "chat")[: len(heads)]
    marginal = Marginal(last_head=parts[2], next_head=np.zeros_like(parts[2]))
    case = replace(
        one.case,
        requirement=replace(
            one.case.requirement,
            queues=queues,
            heads=parts[0].astype(np.int64),
            marginal=marginal,
        ),
        forecast=Forecast(
            one.case.clock, queues, parts[1], np.full_like(parts[1], 180.0), queues
        ),
        has_yesterday=True,
    )
    return replace(one, case=case)


@pytest.mark.parametrize(
    ("heads", "calls", "last_head", "prices"),
    [
        ([[1, 1]], [[30, 10]], [[0.2, 0.2]], [15, 5]),  # by calls
        ([[1, 1]], [[20, 20]], [[0.3, 0.1]], [15, 5]),  # by what a head is worth
        ([[1, 3]], [[50, 10]], [[0.1, 0.1]], [25, 5]),  # the mean is that of heads
        ([[1, 1]], [[50, 0]], [[0.1, 0.1]], [20, 1]),  # a head is never free
        ([[1, 99]], [[50, 1]], [[0.1, 0.0]], [100, 1]),  # nor beyond all measure
        ([[1, 1]], [[0, 0]], [[0.1, 0.1]], [10, 10]),  # no calls: all the same
        # Of three heads two lose 10 calls each, one none; later one loses 20.
        ([[2, 1], [1, 0]], [[50, 50], [0, 0]], [[0.2, 0.4]] * 2, [7, 20]),
    ],
)
def test_a_head_short_priced_by_service_level(heads, calls, last_head, prices):
    """In the mean over all heads required the price is ``short``."""
    one = priced(heads, calls, last_head, "-")
    rule = CoverageNeed(price="service-level")
    assert rule.short_prices(one.case)[: len(prices)].tolist() == prices
    short = np.array(heads).sum(axis=0)
    assert audit(one, [rule]).cost == short @ prices
    assert audit(one, [CoverageNeed()]).cost == 10 * short.sum()
    assert audit(one, [replace(rule, penalty=3)]).cost == 3 * short @ prices


def test_a_row_tells_its_price_where_prices_differ():
    """Only of heads short: one over costs the same everywhere."""
    one = priced([[2, 1]], [[30, 20]], [[0.2, 0.2]], "-")
    first, _ = audit(one, [CoverageNeed(price="service-level")]).violations
    assert first.text.en.endswith(" 2 short of the 2 required, at 11 a head.")
    assert first.text.zh.endswith("比需求 2 人少 2 人,每人计 11。")
    first, _ = audit(one, [CoverageNeed()]).violations
    assert first.text.en.endswith(" 2 short of the 2 required.")


def test_heads_are_not_priced_by_calls_nobody_knows():
    """A requirement that was given says nothing of calls."""
    with pytest.raises(ValueError, match="one without calls"):
        audit(roster("D"), [CoverageNeed(price="service-level")])
    with pytest.raises(ValueError, match='"heads" or "service-level", got "calls"'):
        CoverageNeed(price="calls")


def test_the_floor_counts_people_on_the_phone():
    """Someone on a break does not hold the floor."""
    one = roster("DLN", past=["N"])
    rule = CoverageFloor(heads=1)
    free = len(found(one, rule))
    assert len(found(meals(one, (0, 0, 12 * 60)), rule)) == free + 1


def test_a_leader_where_a_class_is_staffed():
    """Nobody need lead an empty class; a case without leaders asks for none."""
    leads = [{"roles": frozenset({"leader"})}, {}]
    assert days(roster("DD-", "DLN", agents=leads), CoverageRole()) == [1, 2]
    assert days(roster("DD-", "DLN"), CoverageRole()) == []


@pytest.mark.parametrize(
    ("kind", "value", "unmet"),
    [
        ("off", "", "DL"),
        ("work", "", "-"),
        ("shift", "D", "L-"),  # a wish for a shift is unmet on a day off
        ("not-shift", "D", "D"),
        ("class", "day", "L-"),
        ("not-class", "day", "D"),
    ],
)
def test_wishes(kind, value, unmet):
    """Which of D, L and a day off leave a wish unmet; it costs its weight."""
    wish = Request(agent=0, day=0, kind=kind, value=value, weight=7)
    for code in "DL-":
        one = roster(code, requests=(wish,))
        assert audit(one, [Requests()]).cost == 7 * (code in unmet)
