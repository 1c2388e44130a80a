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
