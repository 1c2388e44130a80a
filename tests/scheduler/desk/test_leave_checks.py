"""The checks of leave: notice, balance, limits and nights, at their edges."""

import pytest

from scheduler.desk.leave import ORDER, check_leave
from scheduler.desk.requests import Leg
from tests.scheduler.desk.table import MARCH, Row, alone, at, expect, params

ONE = ("A1:09", "personal")  # Monday 9 March
FEBRUARY = "2026-02-08T10:00"  # more than a month before
ANNUAL = ("A1:09", "annual", "2")


def stands_in(id: str, giver: str, day: int) -> dict:
    """Return the part of a request that names who takes over a shift."""
    on = at(f"{MARCH.format(day)}T00:00").date()
    return {"replacements": (Leg(giver, id, on),)}


IDENTITY = {
    "a day": Row(ONE, "pass"),
    "a day without a shift": Row(("A1:07", "personal"), "pass"),
    "nobody of that id": Row(("A9:09", "personal"), "fail", "identity"),
    "ends before it begins": Row(
        ONE, "fail", "identity", request={"last": at("2026-03-08T00:00").date()}
    ),
    "nothing is published": Row(ONE, "fail", "identity", desk={"version": 0}),
    "on leave already": Row(ONE, "fail", "identity", given=[("A1:08", "training", 2)]),
    "the shift has begun": Row(
        ("A1:02", "personal"),
        "fail",
        "identity",
        now="2026-03-02T08:00",
        request={"submitted": at("2026-02-20T10:00")},
    ),
    "who is to stand in is nobody": Row(
        ONE, "fail", "identity", request=stands_in("A9", "A1", 9)
    ),
}

NOTICE = {
    "three days ahead": Row(ONE, "pass", now="2026-03-06T23:59"),
    "two days ahead": Row(ONE, "fail", "R20", now="2026-03-07T00:00"),
    "two days ahead, where two are due": Row(
        ONE, "pass", now="2026-03-07T00:00", leave={"notice_days": 2}
    ),
    "time off in lieu, two days ahead": Row(
        ("A1:09", "lieu"), "fail", "R20", now="2026-03-07T09:00"
    ),
    "sick, this morning": Row(("A1:09", "sick"), "pass", now="2026-03-09T07:00"),
    "bereavement, tomorrow": Row(
        ("A1:09", "bereavement"), "pass", now="2026-03-08T09:00"
    ),
}

LONG = {
    # A month from 31 January is 28 February; from 9 February, 9 March.
    "annual, a month ahead": Row(ANNUAL, "pass", now="2026-02-09T10:00"),
    "annual, a day short of a month": Row(
        ANNUAL, "fail", "R21", now="2026-02-10T00:00"
    ),
    "annual, asked on 31 January": Row(
        ("A1:2026-02-28", "annual"),
        "pass",
        now="2026-01-31T10:00",
        first="2026-02-24",
        rows=("DDDD--DDDDD---", "--------------"),
    ),
    "annual, asked on 31 January for 27 February": Row(
        ("A1:2026-02-27", "annual"),
        "fail",
        "R21",
        now="2026-01-31T10:00",
        first="2026-02-24",
        rows=("DDDD--DDDDD---", "--------------"),
    ),
    "annual, in a leap year": Row(
        ("A1:2028-02-28", "annual"),
        "fail",
        "R21",
        now="2028-01-30T10:00",
        first="2028-02-28",
        rows=("DDDD--DDDDD---", "--------------"),
    ),
    "annual, on the 29th of a leap year": Row(
        ("A1:2028-02-29", "annual"),
        "pass",
        now="2028-01-31T10:00",
        first="2028-02-28",
        rows=("DDDD--DDDDD---", "--------------"),
    ),
    "annual, thirty days": Row(
        ANNUAL, "pass", now="2026-02-07T10:00", leave={"long_types": {"annual": "30d"}}
    ),
    "annual, thirty days, one short": Row(
        ANNUAL,
        "fail",
        "R21",
        now="2026-02-08T10:00",
        leave={"long_types": {"annual": "30d"}},
    ),
    "marriage, a week ahead": Row(
        ("A1:09", "marriage"), "fail", "R21", now="2026-03-02T06:00"
    ),
    "maternity, a week ahead": Row(
        ("A1:09", "maternity"), "warn", "R21", now="2026-03-02T06:00"
    ),
}

BALANCE = {
    "two of two days left": Row(
        ANNUAL, "pass", now=FEBRUARY, agents={"A1": {"annual_left": 2.0}}
    ),
    "two of one day left": Row(
        ANNUAL, "fail", "balance", now=FEBRUARY, agents={"A1": {"annual_left": 1.0}}
    ),
    "rest days count nothing": Row(
        ("A1:06", "annual", "3"),
        "pass",
        now="2026-02-06T10:00",
        agents={"A1": {"annual_left": 1.0}},
    ),
    "asked for before": Row(
        ANNUAL,
        "fail",
        "balance",
        now=FEBRUARY,
        agents={"A1": {"annual_left": 2.0}},
        asked=[("A1:12", "annual", 1, "approved")],
    ),
    "asked for before, and refused": Row(
        ANNUAL,
        "pass",
        now=FEBRUARY,
        agents={"A1": {"annual_left": 2.0}},
        asked=[("A1:12", "annual", 1, "refused")],
    ),
    "in leave.csv": Row(
        ANNUAL,
        "fail",
        "balance",
        now=FEBRUARY,
        agents={"A1": {"annual_left": 2.0}},
        given=[("A1:13", "annual", 1)],
    ),
    "ten years the day before": Row(
        ("A1:09", "annual", "5"),
        "pass",
        now=FEBRUARY,
        agents={"A1": {"career_from": at("2016-03-09T00:00").date()}},
        asked=[("A1:16", "annual", 2, "approved")],
    ),
    "ten years the day after": Row(
        ("A1:09", "annual", "5"),
        "fail",
        "balance",
        now=FEBRUARY,
        agents={"A1": {"career_from": at("2016-03-10T00:00").date()}},
        asked=[("A1:16", "annual", 2, "approved")],
    ),
    "nobody knows": Row(("A1:09", "annual", "5"), "pass", now=FEBRUARY),
}

NIGHT = ("A4:11", "personal")  # the night that begins on Wednesday 11 March
NIGHTS = {
    "a night, by the last noon": Row(
        NIGHT, "needs_approval", "R23", now="2026-03-11T12:00"
    ),
    "a night, after the last noon": Row(
        NIGHT, "fail", "R20 R23", now="2026-03-11T12:00:01"
    ),
    "a night, a week ahead": Row(
        NIGHT, "needs_approval", "R23", now="2026-03-04T09:00"
    ),
    "a night from midnight on, by the noon before": Row(
        NIGHT,
        "needs_approval",
        "R23",
        now="2026-03-10T11:59",
        shifts={"N": {"start": 0, "end": 480}},
        rules={"rest.daily": {"hours": 6.0}},
    ),
    "a night from midnight on, after the noon before": Row(
        NIGHT,
        "fail",
        "R20 R23",
        now="2026-03-10T12:01",
        shifts={"N": {"start": 0, "end": 480}},
        rules={"rest.daily": {"hours": 6.0}},
    ),
    "a night, never": Row(
        NIGHT,
        "fail",
        "R23",
        now="2026-03-04T09:00",
        leave={"night_emergency": "never"},
    ),
    "sick from a night, in the evening": Row(
        ("A4:11", "sick"), "pass", now="2026-03-11T21:00"
    ),
    "a day and a night are no emergency": Row(
        ("A4:06", "personal", "4"), "fail", "R20", now="2026-03-05T09:00"
    ),
}

APRIL = {
    "first": "2026-03-30",
    "now": "2026-02-20T10:00",
    "rows": ("DDDDD---DD----", "--------------"),
}
HOLIDAY = {
    "the day before the block": Row(("A1:2026-04-03", "personal"), "pass", **APRIL),
    "into the block": Row(("A1:2026-04-03", "personal", "2"), "fail", "R16", **APRIL),
    "around the block": Row(
        ("A1:2026-04-03", "personal", "6"), "pass", leave={"span": "skip"}, **APRIL
    ),
    "statutory days only, on a Saturday": Row(
        ("A1:2026-04-03", "personal", "2"),
        "pass",
        holiday={"scope": "statutory"},
        **APRIL,
    ),
    "sick on a holiday": Row(("A1:2026-04-05", "sick"), "pass", **APRIL),
}

LIMIT = {
    "somebody is away": Row(
        ANNUAL, "fail", "R22", now=FEBRUARY, given=[("A2:10", "annual", 1)]
    ),
    "somebody is away on other days": Row(
        ANNUAL, "pass", now=FEBRUARY, given=[("A2:11", "annual", 1)]
    ),
    "somebody is sick": Row(ANNUAL, "pass", now=FEBRUARY, given=[("A2:10", "sick", 1)]),
    "two at a time": Row(
        ANNUAL,
        "pass",
        now=FEBRUARY,
        given=[("A2:10", "annual", 1)],
        rules={"leave.limit": {"most": 2}},
    ),
    "of another team": Row(
        ANNUAL,
        "pass",
        now=FEBRUARY,
        given=[("A2:10", "annual", 1)],
        agents={"A2": {"team": "B"}},
        rules={"leave.limit": {"scope": "team"}},
    ),
    "asked for before by another": Row(
        ANNUAL,
        "fail",
        "R22",
        now=FEBRUARY,
        asked=[("A2:10", "annual", 1, "draft")],
        request={"submitted": at("2026-02-08T10:01")},
    ),
    "asked for after by another": Row(
        ANNUAL,
        "pass",
        now=FEBRUARY,
        asked=[("A2:10", "annual", 1, "draft")],
        request={"submitted": at("2026-02-08T09:59")},
    ),
    "the desk's own limit": Row(
        ANNUAL,
        "fail",
        "R22",
        now=FEBRUARY,
        given=[("A2:10", "annual", 1)],
        rules={"leave.limit": {"most": 2}},
        leave={"annual_limit": ("centre", 1)},
    ),
}

SWAPPED = {
    "a shift got by a swap": Row(
        ONE, "fail", "R15", before=[(("A2:09", "A1:12"), "applied")]
    ),
    "a shift in a pending swap": Row(
        ONE, "fail", "R15", before=[(("A1:09", "A2:14"), "draft")]
    ),
    "a shift in a refused swap": Row(
        ONE, "pass", before=[(("A1:09", "A2:14"), "refused")]
    ),
    "another shift was swapped": Row(
        ONE, "pass", before=[(("A2:10", "A1:12"), "applied")]
    ),
    "sick on a swapped shift": Row(
        ("A1:09", "sick"), "pass", before=[(("A2:09", "A1:12"), "applied")]
    ),
}

ALONE = ("-------D------D-", "----------------", "----------------")
COVERAGE = {
    "heads are short": Row(ONE, "warn", "R01", need=3),
    "there are enough": Row(ONE, "pass", need=1, rows=("-------D",) * 3),
    "the leader is away": Row(
        ONE,
        "fail",
        "R31",
        agents={"A1": {"roles": frozenset({"leader"})}},
        rules={"coverage.role": {"role": "leader", "least": 1}},
    ),
    "a meeting is missed": Row(ONE, "warn", "R33", duties=[(0, 7, "meeting", 9, 10)]),
    "somebody stands in": Row(
        ONE, "pass", rows=ALONE, request=stands_in("A2", "A1", 9)
    ),
    "who stands in today gets a shift without its meal": Row(
        ONE,
        "fail",
        "R05",
        now="2026-03-09T06:00",
        rows=ALONE,
        bare=[(0, 7)],
        leave={"notice_days": 0},
        request=stands_in("A2", "A1", 9),
    ),
    "who stands in works already": Row(
        ONE, "fail", "R03 R07", request=stands_in("A3", "A1", 9)
    ),
    "who stands in has too little rest": Row(
        ("A1:10", "personal"),
        "fail",
        "R07",
        rows=("--------D------D-", "-------L---------"),
        request=stands_in("A2", "A1", 10),
    ),
    "who stands in has too many hours": Row(
        ("A1:14", "personal"),
        "fail",
        "R03",
        rows=("------------D--D", "-------DDDDD----"),
        request=stands_in("A2", "A1", 14),
    ),
    "sick, and the leader, too": Row(
        ("A1:09", "sick"),
        "warn",
        "R31",
        now="2026-03-09T06:00",
        agents={"A1": {"roles": frozenset({"leader"})}},
        rules={"coverage.role": {"role": "leader", "least": 1}},
    ),
}

CHECKS = {
    "identity": IDENTITY,
    "notice": NOTICE,
    "long notice": LONG,
    "balance": BALANCE,
    "nights": NIGHTS,
    "holiday": HOLIDAY,
    "limit": LIMIT,
    "swapped": SWAPPED,
    "coverage": COVERAGE,
}


@pytest.mark.parametrize("row", params(CHECKS))
def test_the_verdict_and_what_decides_it(row):
    """All checks are reported, and those named make the verdict."""
    desk = row.held()
    expect(row, check_leave(desk, row.left(desk)), ORDER)


def test_each_check_decides_alone_somewhere():
    """No check is covered by another in every line of the table."""
    assert set(ORDER) <= alone(CHECKS)


def test_fewer_people_are_fewer_away_at_a_time():
    """Of six two may be away at once, of five one: breaks of that day move apart."""
    row = Row(ONE, "pass", rows=("-------D",) * 6, duties=TOGETHER, bare=ALL_SIX)
    desk = row.held()
    found = check_leave(desk, row.left(desk))
    assert found.verdict == "pass"
    assert found.check("R05").numbers["moved"] > 0


ALL_SIX = [(agent, 7) for agent in range(6)]
TOGETHER = [
    (agent, 7, "meal", 10 + agent // 2, 10.5 + agent // 2) for agent in range(6)
]
