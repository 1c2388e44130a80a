"""Even shares of nights, weekends and hours, pro rata and history included."""

from datetime import date

import pytest

from constraints.case import Leave
from constraints.fairness import FairnessHours, FairnessNights, FairnessWeekends
from tests.rows import found, roster


@pytest.mark.parametrize(
    ("rows", "beyond"),
    [
        (("NN-----", "N------"), []),  # a difference of one is let pass
        (("NNN----", "N------"), [(6, 1)]),
        (("NNNN---", "-------", "NN-----"), [(6, 3)]),  # highest less lowest
    ],
)
def test_nights_are_shared(rows, beyond):
    """One row on the last day, about nobody in particular."""
    assert found(roster(*rows), FairnessNights()) == beyond


def test_past_nights_count():
    """Who had the nights before has fewer due now."""
    rows = ("-------", "NN-----")
    assert found(roster(*rows), FairnessNights()) == [(6, 1)]
    assert found(roster(*rows, past=["NN", "--"]), FairnessNights()) == []


def test_who_may_not_work_nights_has_no_share_of_them():
    """Fairness looks only at those who may work such shifts."""
    only_days = [{}, {"classes": frozenset({"day"})}]
    assert found(roster("NNN----", "DDD----", agents=only_days), FairnessNights()) == []


def test_shares_are_pro_rata_to_the_days_present():
    """Two nights in four days present are a share of four in seven, rounded half up."""
    away = Leave(agent=1, first=date(2026, 3, 6), last=date(2026, 3, 8), kind="sick")
    rows = ("NNNN---", "NN-----")
    assert found(roster(*rows), FairnessNights()) == [(6, 1)]
    assert found(roster(*rows, leave=(away,)), FairnessNights()) == []


@pytest.mark.parametrize(
    ("rows", "beyond"),
    [
        (("-----DD-------", "------------D-"), []),
        (
            ("-----DD-----DD", "--------------"),
            [(13, 1)],
        ),  # two weekends, not four days
    ],
)
def test_a_weekend_counts_once(rows, beyond):
    """Saturday and Sunday together are one."""
    assert found(roster(*rows), FairnessWeekends()) == beyond


def test_hours_are_shared_by_contract():
    """Half the hours at half the contract are fair; eight hours are let pass."""
    half = [{}, {"hours_per_week": 20.0}]
    assert found(roster("DDDD---", "DD-----", agents=half), FairnessHours()) == []
    assert found(roster("DDDD---", "DD-----"), FairnessHours()) == [(6, 480)]
    assert found(roster("DDDD---", "DDD----"), FairnessHours()) == []
