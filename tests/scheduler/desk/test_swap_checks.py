"""The eighteen checks of a swap: what decides, with amounts at their edges."""

import pytest

from scheduler.desk.swaps import ORDER, check_swap
from tests.scheduler.desk.table import Row, alone, at, expect, following, params

PAIR = ("A1:02", "A2:07")  # Monday 2 March for Saturday 7 March: fits in every way
SECOND = ("A1:10", "A2:14")  # a week later
LONG = {  # weeks of six days let pass
    "hours.average": {"tolerance_minutes": 900},
    "hours.weekly_max": {"minutes": 3600},
    "fairness.weekends": {"most_difference": 9},
}
MIXED = (  # days, and evenings a week later
    "DDDDD-------D",
    "-DDDDD-------",
    "-------DD----",
    "-------------",
    "-------LLLL--",
)

IDENTITY = {
    "a day for a day of a colleague": Row(PAIR, "pass"),
    "the other way round": Row(("A2:07", "A1:02"), "pass"),
    "nobody of that id": Row(("A1:02", "A9:07"), "fail", "identity"),
    "no shift on that day": Row(("A1:07", "A2:07"), "fail", "identity"),
    "a day off of the other": Row(("A1:02", "A2:03"), "fail", "identity"),
    "a date before the period": Row(("A1:2026-03-01", "A2:07"), "fail", "identity"),
    "a date after the period": Row(("A1:02", "A2:2026-03-18"), "fail", "identity"),
    "with oneself": Row(("A1:02", "A1:03"), "fail", "identity"),
    "the shift begins this minute": Row(
        PAIR,
        "fail",
        "identity",
        now="2026-03-02T08:00",
        request={"submitted": at("2026-02-26T10:00")},
    ),
    "the shift begins in a minute": Row(
        PAIR,
        "pass",
        now="2026-03-02T07:59",
        request={"submitted": at("2026-02-26T10:00")},
    ),
    "nothing is published": Row(PAIR, "fail", "identity", desk={"version": 0}),
    "a ring of three": Row(("A1:02", "A2:07", "A3:08"), "fail", "R07"),
    "one person twice in a ring": Row(
        ("A1:02", "A2:07", "A1:03", "A3:08"), "fail", "identity R07"
    ),
}

NOTICE = {
    # Saturday 28 February is worked in place of a holiday: an office day.
    "Monday, by Saturday 18:00": Row(PAIR, "pass", now="2026-02-28T18:00"),
    "Monday, a second later": Row(PAIR, "fail", "R10", now="2026-02-28T18:00:01"),
    "Monday, on Sunday": Row(PAIR, "fail", "R10", now="2026-03-01T09:00"),
    "Monday 9th, by Friday 18:00": Row(
        ("A1:09", "A2:14"), "pass", now="2026-03-06T18:00"
    ),
    "Monday 9th, on Saturday": Row(
        ("A1:09", "A2:14"), "fail", "R10", now="2026-03-07T08:00"
    ),
    "the earlier of the two counts": Row(
        ("A2:14", "A1:09"), "fail", "R10", now="2026-03-07T08:00"
    ),
    "Wednesday, by Tuesday 18:00": Row(
        ("A1:04", "A3:07"), "pass", now="2026-03-03T18:00"
    ),
    "Wednesday, on Tuesday evening": Row(
        ("A1:04", "A3:07"), "fail", "R10", now="2026-03-03T18:30"
    ),
    "Sunday, by Friday 18:00": Row(
        ("A2:08", "A1:09"), "pass", now="2026-03-06T17:59", rules=LONG
    ),
    "Sunday, on Saturday": Row(
        ("A2:08", "A1:09"), "fail", "R10", now="2026-03-07T10:00", rules=LONG
    ),
    "a whole office day between": Row(
        ("A1:04", "A3:07"), "fail", "R10", now="2026-03-03T10:00", swap={"strict": True}
    ),
    "a whole office day between, kept": Row(
        ("A1:04", "A3:07"), "pass", now="2026-03-02T10:00", swap={"strict": True}
    ),
    "two office days": Row(
        ("A1:04", "A3:07"),
        "fail",
        "R10",
        now="2026-03-03T10:00",
        swap={"notice_workdays": 2},
    ),
    "a cutoff at noon": Row(
        PAIR, "fail", "R10", now="2026-02-28T12:01", swap={"cutoff": 720}
    ),
    "after the Spring Festival": Row(
        ("A1:2026-02-24", "A2:2026-03-01"),
        "pass",
        now="2026-02-14T18:00",
        first="2026-02-24",
        rows=("DDDD--DDDDD---", "-DDDDD-DDDDD--"),
    ),
    "after the Spring Festival, a day late": Row(
        ("A1:2026-02-24", "A2:2026-03-01"),
        "fail",
        "R10",
        now="2026-02-15T09:00",
        first="2026-02-24",
        rows=("DDDD--DDDDD---", "-DDDDD-DDDDD--"),
    ),
    "in another zone": Row(
        PAIR, "pass", request={"submitted": at("2026-02-28T18:00").astimezone()}
    ),
}

TWICE = ((("A1:11", "A3:15"), "applied"), (("A1:13", "A3:14"), "approved"))
QUOTA = {
    "the second of a month": Row(
        PAIR, "pass", before=[(("A1:11", "A3:15"), "applied")]
    ),
    "the third of a month": Row(PAIR, "fail", "R11", before=TWICE),
    "the third of the other": Row(
        PAIR,
        "fail",
        "R11",
        before=[(("A2:12", "A3:15"), "applied"), (("A2:14", "A3:09"), "applied")],
    ),
    "three a month": Row(PAIR, "pass", before=TWICE, swap={"per_month": 3}),
    "pending ones count": Row(
        PAIR,
        "fail",
        "R11",
        before=[(("A1:11", "A3:15"), "draft"), (("A1:13", "A3:14"), "consented")],
    ),
    "refused ones do not": Row(
        PAIR,
        "pass",
        before=[(("A1:11", "A3:15"), "refused"), (("A1:13", "A3:14"), "refused")],
    ),
    "expired ones do not": Row(
        PAIR,
        "pass",
        before=[(("A1:11", "A3:15"), "expired"), (("A1:13", "A3:14"), "applied")],
    ),
    "charged to who asks, not to who is asked": Row(
        PAIR,
        "pass",
        before=[(("A3:15", "A2:12"), "applied"), (("A3:09", "A2:14"), "applied")],
        swap={"charge": "initiator"},
    ),
    "charged to who asks": Row(
        PAIR, "fail", "R11", before=TWICE, swap={"charge": "initiator"}
    ),
    "of another month": Row(
        PAIR,
        "pass",
        desk={"charged": {("A1", "2026-02"): 2}},
    ),
    "carried from another ledger": Row(
        PAIR, "fail", "R11", desk={"charged": {("A1", "2026-03"): 2}}
    ),
    "one carried, one here": Row(
        PAIR,
        "fail",
        "R11",
        before=[(("A1:11", "A3:15"), "applied")],
        desk={"charged": {("A1", "2026-03"): 1}},
    ),
    # 31 March for 3 April: the month of the earlier shift is March.
    "month of the earlier shift": Row(
        ("A1:2026-03-31", "A2:2026-04-03"),
        "fail",
        "R11",
        first="2026-03-30",
        now="2026-03-26T10:00",
        rows=("DDDD---DDDDD--", "--DDDDD--DDDDD"),
        desk={"charged": {("A1", "2026-03"): 2}},
    ),
    "not that of the later": Row(
        ("A1:2026-03-31", "A2:2026-04-03"),
        "pass",
        first="2026-03-30",
        now="2026-03-26T10:00",
        rows=("DDDD---DDDDD--", "--DDDDD--DDDDD"),
        desk={"charged": {("A1", "2026-04"): 2}},
    ),
    "in the month of each": Row(
        ("A1:2026-03-31", "A2:2026-04-03"),
        "fail",
        "R11",
        first="2026-03-30",
        now="2026-03-26T10:00",
        rows=("DDDD---DDDDD--", "--DDDDD--DDDDD"),
        desk={"charged": {("A1", "2026-04"): 2}},
        swap={"month_of": "each_shift"},
    ),
    "in the month it is asked": Row(
        PAIR,
        "fail",
        "R11",
        desk={"charged": {("A2", "2026-02"): 2}},
        swap={"month_of": "request"},
    ),
}

CHAIN = {
    "a swapped shift next to it": Row(
        PAIR, "fail", "R13", before=[(("A3:06", "A1:15"), "applied")]
    ),
    "a swapped shift next to it, of the other": Row(
        PAIR, "fail", "R13", before=[(("A3:04", "A2:15"), "applied")]
    ),
    "with one shift between": Row(
        SECOND, "pass", before=[(("A3:12", "A1:07"), "applied")]
    ),
    "one between where two are due": Row(
        SECOND,
        "fail",
        "R13",
        before=[(("A3:12", "A1:07"), "applied")],
        swap={"gap_shifts": 2},
    ),
    "next to it where none are due": Row(
        PAIR,
        "pass",
        before=[(("A3:06", "A1:15"), "applied")],
        swap={"gap_shifts": 0},
    ),
    "a swapped shift once more": Row(
        PAIR, "fail", "R13", before=[(("A3:02", "A1:15"), "applied")]
    ),
    "once more where that is allowed": Row(
        PAIR,
        "pass",
        before=[(("A3:02", "A1:15"), "applied")],
        swap={"reswap": True},
    ),
    "what was given away is free to come back": Row(
        PAIR, "pass", before=[(("A1:07", "A3:13"), "applied")], swap={"gap_shifts": 0}
    ),
    "part of a pending swap": Row(
        PAIR, "fail", "R13", before=[(("A1:02", "A3:15"), "draft")]
    ),
    "its other end is part of a pending swap": Row(
        PAIR, "fail", "R13", before=[(("A3:15", "A2:07"), "consented")]
    ),
    "part of a swap that was refused": Row(
        PAIR, "pass", before=[(("A1:02", "A3:15"), "refused")]
    ),
    "it would be the last one published": Row(
        ("A1:17", "A2:14"), "warn", "R13", rules=LONG
    ),
    "the last one, and the next period is known": Row(
        ("A1:17", "A2:14"),
        "pass",
        rules=LONG,
        desk={"following": following("--DDD", "--DDD")},
    ),
    "a swapped shift across the seam": Row(
        ("A1:17", "A2:14"),
        "fail",
        "R13",
        rules=LONG,
        desk={"following": following("--DDD", "--DDD")},
        before=[(("A3:2026-03-20", "A2:09"), "applied")],
    ),
}

APRIL = {"first": "2026-03-30", "now": "2026-03-26T10:00"}
HOLIDAY = {
    # Qingming: Saturday 4 to Monday 6 April.
    "the day before the block": Row(
        ("A1:2026-04-03", "A2:2026-04-09"),
        "pass",
        rows=("DDDDD---DD----D", "-DDD----DDDD---"),
        **APRIL,
    ),
    "a Saturday in the block": Row(
        ("A1:2026-04-04", "A2:2026-04-09"),
        "fail",
        "R16",
        rows=("D-DDDD--DD----D", "-DDD----DDDD---"),
        **APRIL,
    ),
    "the Saturday, statutory days only": Row(
        ("A1:2026-04-04", "A2:2026-04-09"),
        "pass",
        rows=("D-DDDD--DD----D", "-DDD----DDDD---"),
        holiday={"scope": "statutory"},
        **APRIL,
    ),
    "the statutory day itself": Row(
        ("A1:2026-04-05", "A2:2026-04-09"),
        "fail",
        "R16",
        rows=("D-DDD-D-DD----D", "-DDD----DDDD---"),
        holiday={"scope": "statutory"},
        **APRIL,
    ),
    "what is taken lies in the block": Row(
        ("A2:2026-04-09", "A1:2026-04-06"),
        "fail",
        "R16",
        rows=("D-DDD--DD-----D", "-DDD------DDD--"),
        **APRIL,
    ),
    "a night into the block": Row(
        ("A1:2026-04-03", "A2:2026-04-08"),
        "fail",
        "R16",
        rows=("D---N------NN--", "---------N---N-"),
        **APRIL,
    ),
    "a night into the block, by its start": Row(
        ("A1:2026-04-03", "A2:2026-04-08"),
        "pass",
        rows=("D---N------NN--", "---------N---N-"),
        holiday={"touch": "start_date"},
        **APRIL,
    ),
    "a Saturday worked in its place": Row(
        ("A1:2026-05-09", "A2:2026-05-12"),
        "pass",
        rows=("---DDD--DD----", "DD----D-DD-D--"),
        first="2026-05-06",
        now="2026-04-28T10:00",
    ),
}

LEAVE = {
    "the day taken is asked for leave": Row(
        PAIR, "fail", "R15", asked=[("A1:07", "personal", 1, "draft")]
    ),
    "the day given is asked for leave": Row(
        PAIR, "fail", "R15", asked=[("A2:06", "annual", 2, "approved")]
    ),
    "leave of another day": Row(
        PAIR, "pass", asked=[("A1:09", "personal", 1, "draft")]
    ),
    "leave refused": Row(PAIR, "pass", asked=[("A1:07", "personal", 1, "refused")]),
    "leave of somebody else": Row(
        PAIR, "pass", asked=[("A3:07", "personal", 1, "draft")]
    ),
    "the taker is on leave": Row(PAIR, "fail", "R15", given=[("A1:07", "sick", 1)]),
}

NIGHTS = ("D---D----D----", "---D---N--N---")
CLASS = {
    "a day for an evening": Row(("A1:06", "A5:09"), "pass", rows=MIXED),
    "days for evenings need approval, too": Row(
        ("A1:06", "A5:09"),
        "needs_approval",
        "R12",
        rows=MIXED,
        swap={"classes": {"day-evening": "approve"}},
    ),
    "a day for a night": Row(("A1:02", "A2:09"), "needs_approval", "R12", rows=NIGHTS),
    "a day for a night, forbidden": Row(
        ("A1:02", "A2:09"), "fail", "R12", rows=NIGHTS, swap={"cross_class": "forbid"}
    ),
    "a day for a night, allowed": Row(
        ("A1:02", "A2:09"), "pass", rows=NIGHTS, swap={"cross_class": "allow"}
    ),
    "an evening for a night": Row(
        ("A1:02", "A2:09"),
        "needs_approval",
        "R12",
        rows=("L---L----L----", "---L---N--N---"),
    ),
    "a night for a night": Row(
        ("A1:02", "A2:09"), "pass", rows=("N---N------N--", "---N---N--N---")
    ),
}

LIKE = {
    "a skill that the shift asks for": Row(
        PAIR,
        "fail",
        "R14",
        shifts={"D": {"skills": frozenset({"loans"})}},
        agents={f"A{n}": {"skills": frozenset({"loans"})} for n in (1, 3, 4)},
    ),
    "the skill is held": Row(
        PAIR,
        "pass",
        shifts={"D": {"skills": frozenset({"loans"})}},
        agents={f"A{n}": {"skills": frozenset({"loans"})} for n in (1, 2, 3, 4)},
    ),
    "another job": Row(PAIR, "fail", "R14", agents={"A2": {"job_type": "complaints"}}),
    "the same job": Row(
        PAIR, "pass", agents={f"A{n}": {"job_type": "calls"} for n in (1, 2)}
    ),
    "one level apart": Row(
        PAIR, "pass", agents={"A1": {"level": 3}, "A2": {"level": 2}}
    ),
    "two levels apart": Row(
        PAIR, "fail", "R14", agents={"A1": {"level": 3}, "A2": {"level": 1}}
    ),
    "two levels apart, allowed": Row(
        PAIR,
        "pass",
        agents={"A1": {"level": 3}, "A2": {"level": 1}},
        swap={"level_gap": 2},
    ),
    "a level unknown": Row(PAIR, "pass", agents={"A1": {"level": 3}}),
    "another team": Row(PAIR, "needs_approval", "R14", agents={"A2": {"team": "B"}}),
    "another team, forbidden": Row(
        PAIR, "fail", "R14", agents={"A2": {"team": "B"}}, swap={"cross_team": "forbid"}
    ),
    "another team, allowed": Row(
        PAIR, "pass", agents={"A2": {"team": "B"}}, swap={"cross_team": "allow"}
    ),
    "not a class they work": Row(
        ("A1:06", "A5:09"),
        "fail",
        "R14",
        rows=MIXED,
        agents={"A1": {"classes": frozenset({"day"})}},
    ),
    "gone by then": Row(
        PAIR, "fail", "R14", agents={"A1": {"left": at("2026-03-06T00:00").date()}}
    ),
}

GUARDED = (at("2026-03-01T00:00").date(), at("2026-03-31T00:00").date())
DAY_FOR_NIGHT = {"rows": NIGHTS, "swap": {"cross_class": "allow"}}
PROTECTED = {
    "night work for somebody protected": Row(
        ("A1:02", "A2:09"),
        "fail",
        "protected",
        agents={"A1": {"protected": GUARDED}},
        **DAY_FOR_NIGHT,
    ),
    "the protection is over": Row(
        ("A1:02", "A2:09"),
        "pass",
        agents={"A1": {"protected": (GUARDED[0], at("2026-03-08T00:00").date())}},
        **DAY_FOR_NIGHT,
    ),
    "the protection begins that day": Row(
        ("A1:02", "A2:09"),
        "fail",
        "protected",
        agents={"A1": {"protected": (at("2026-03-09T00:00").date(), GUARDED[1])}},
        **DAY_FOR_NIGHT,
    ),
    "a day shift": Row(PAIR, "pass", agents={"A1": {"protected": GUARDED}}),
    "an evening that ends at 22:00": Row(
        ("A1:06", "A5:09"),
        "pass",
        rows=MIXED,
        agents={"A1": {"protected": GUARDED}},
    ),
    "an evening that ends at 22:30": Row(
        ("A1:06", "A5:09"),
        "fail",
        "protected",
        rows=MIXED,
        agents={"A1": {"protected": GUARDED}},
        shifts={"L": {"start": 14 * 60 + 30, "end": 22 * 60 + 30}},
    ),
}

REST = {
    "two shifts on a day": Row(("A1:02", "A2:05"), "fail", "R07"),
    "a day after an evening, 10 h": Row(
        ("A1:09", "A2:07"), "fail", "R07", rows=("----L--D----D-", "-----D----D---")
    ),
    "a day after an evening, 11 h by another rule book": Row(
        ("A1:09", "A2:07"),
        "pass",
        rows=("----L--D----D-", "-----D----D---"),
        rules={"rest.daily": {"hours": 10.0}, **LONG},
    ),
    "seven days running": Row(
        ("A1:10", "A2:08"),
        "fail",
        "R07",
        rows=("DDDDDD--D---D-", "D-----D---D---"),
        rules=LONG,
    ),
    "six days running": Row(
        ("A1:10", "A2:08"),
        "pass",
        rows=("-DDDDD--D---D-", "D-----D---D---"),
        rules=LONG,
    ),
    "seven days with history": Row(
        ("A1:09", "A2:02"),
        "fail",
        "R07",
        rows=("-DD----D----D-", "D------------D"),
        history=("DDDD", "----"),
        rules=LONG,
    ),
    "a day less of history": Row(
        ("A1:09", "A2:02"),
        "pass",
        rows=("-DD----D----D-", "D------------D"),
        history=("-DDD", "----"),
        rules=LONG,
    ),
    "a fifth night": Row(
        ("A1:12", "A2:06"), "fail", "R07", rows=("NNNN------N---N", "----N---------N")
    ),
    "a fourth night": Row(
        ("A1:12", "A2:05"), "pass", rows=("NNN-------N---N", "---N----------N")
    ),
    "a run across the seam": Row(
        ("A1:02", "A2:15"),
        "fail",
        "R07",
        rows=("D-----------D-DD", "--D----------D--"),
        desk={"following": following("DDD--DD", "---DD--")},
    ),
    "the same where less follows": Row(
        ("A1:02", "A2:15"),
        "pass",
        rows=("D-----------D-DD", "--D----------D--"),
        desk={"following": following("DD---DD", "---DD--")},
    ),
}

HOURS = {
    "a sixth day in a week": Row(("A1:10", "A2:07"), "fail", "R03"),
    "within the tolerance": Row(("A1:10", "A2:07"), "pass", rules=LONG),
    "a week that began in history": Row(
        ("A1:12", "A2:06"),
        "fail",
        "R03",
        first="2026-03-05",
        now="2026-02-26T10:00",
        rows=("D------D----D", "-D----D-----D"),
        history=("DDD", "---"),
        agents={"A1": {"hours_per_week": 32.0}, "A2": {"hours_per_week": 32.0}},
    ),
    "the same with a longer contract": Row(
        ("A1:12", "A2:06"),
        "pass",
        first="2026-03-05",
        now="2026-02-26T10:00",
        rows=("D------D----D", "-D----D-----D"),
        history=("DDD", "---"),
    ),
    "part time": Row(
        ("A1:09", "A2:07"),
        "fail",
        "R03",
        rows=("D--D---D-----D", "-----D----D---"),
        agents={"A1": {"hours_per_week": 15.0}},
    ),
}

BREAKS = {
    "breaks go along": Row(PAIR, "pass"),
    "a shift without its meal": Row(PAIR, "fail", "R05", bare=[(0, 0)]),
    "another one without": Row(PAIR, "pass", bare=[(2, 0)]),
}

QUEUES = {
    "queues": ("calls", "loans"),
    "agents": {
        f"A{n}": {"skills": frozenset(held)}
        for n, held in enumerate(
            (("calls", "loans"), ("calls",), ("calls",), ("calls",), ("calls",)),
            start=1,
        )
    },
}
COVERAGE = {
    "the only one who speaks of loans": Row(PAIR, "warn", "R01", need=1, **QUEUES),
    "both do": Row(
        PAIR,
        "pass",
        need=1,
        queues=QUEUES["queues"],
        agents=QUEUES["agents"] | {"A2": {"skills": frozenset(("calls", "loans"))}},
    ),
    "the floor would break": Row(
        ("A1:02", "A2:07"),
        "fail",
        "R01",
        rows=("D------D-D", "-----DD-D-", "----------", "----------", "----------"),
        queues=QUEUES["queues"],
        agents={
            "A1": {"skills": frozenset({"calls"})},
            "A2": {"skills": frozenset({"golf"})},
        },
        rules={"coverage.floor": {"heads": 1}},
    ),
}

LEAD = {"coverage.role": {"role": "leader", "least": 1}}
LEADER = {
    "the leader leaves a day": Row(
        PAIR,
        "fail",
        "R31",
        agents={"A1": {"roles": frozenset({"leader"})}},
        rules=LEAD,
    ),
    "a leader for a leader": Row(
        PAIR,
        "pass",
        agents={f"A{n}": {"roles": frozenset({"leader"})} for n in (1, 2)},
        rules=LEAD,
    ),
    "another leader stays": Row(
        PAIR,
        "pass",
        agents={f"A{n}": {"roles": frozenset({"leader"})} for n in (1, 4)},
        rules=LEAD,
    ),
}

DUTIES = {
    "a meeting in the shift": Row(
        PAIR, "needs_approval", "R33", duties=[(0, 0, "meeting", 9, 9.5)]
    ),
    "training in the shift taken": Row(
        PAIR, "needs_approval", "R33", duties=[(1, 5, "training", 9, 10)]
    ),
    "a meeting on another day": Row(PAIR, "pass", duties=[(0, 1, "meeting", 9, 9.5)]),
    "cleaning goes along": Row(PAIR, "pass", duties=[(0, 0, "cleaning", 9, 9.25)]),
    "cleaning by somebody protected": Row(
        PAIR,
        "fail",
        "R38",
        duties=[(0, 0, "cleaning", 9, 9.25)],
        agents={"A2": {"protected": GUARDED}},
    ),
    "cleaning is not theirs": Row(
        PAIR,
        "pass",
        duties=[(2, 0, "cleaning", 9, 9.25)],
        agents={"A2": {"protected": GUARDED}},
    ),
}

AGREED = at("2026-02-26T11:00")
CONSENT = {
    "the other has not agreed": Row(PAIR, "fail", "consent", request={"number": 1}),
    "the other has agreed": Row(
        PAIR, "pass", request={"number": 1, "consents": {"A2": AGREED}}
    ),
    "somebody else has agreed": Row(
        PAIR, "fail", "consent", request={"number": 1, "consents": {"A3": AGREED}}
    ),
    "one of a ring has not": Row(
        ("A1:02", "A2:05", "A3:10"),
        "fail",
        "consent",
        rows=("D----------D-D", "---D---------D", "--------D----D"),
        request={"number": 1, "consents": {"A2": AGREED}},
    ),
    "all of a ring have": Row(
        ("A1:02", "A2:05", "A3:10"),
        "pass",
        rows=("D----------D-D", "---D---------D", "--------D----D"),
        request={"number": 1, "consents": {"A2": AGREED, "A3": AGREED}},
    ),
}

FAIR = {
    "nights less even": Row(
        ("A1:03", "A2:09"),
        "warn",
        "R39",
        rows=("-D-------N---N", "-------N---D-D"),
        swap={"cross_class": "allow"},
    ),
    "nights as even": Row(
        ("A1:03", "A2:09"),
        "pass",
        rows=("-D-------D---N", "-------N---N-D"),
        swap={"cross_class": "allow"},
    ),
}

CHECKS = {
    "identity": IDENTITY,
    "notice": NOTICE,
    "quota": QUOTA,
    "chain": CHAIN,
    "holiday": HOLIDAY,
    "leave": LEAVE,
    "class": CLASS,
    "likeness": LIKE,
    "protected": PROTECTED,
    "rest": REST,
    "hours": HOURS,
    "breaks": BREAKS,
    "coverage": COVERAGE,
    "leader": LEADER,
    "duties": DUTIES,
    "consent": CONSENT,
    "fairness": FAIR,
}


@pytest.mark.parametrize("row", params(CHECKS))
def test_the_verdict_and_what_decides_it(row):
    """All checks are reported, and those named make the verdict."""
    desk = row.held()
    expect(row, check_swap(desk, row.swapped(desk)), ORDER)


def test_each_check_decides_alone_somewhere():
    """No check is covered by another in every line of the table."""
    assert set(ORDER) <= alone(CHECKS)
