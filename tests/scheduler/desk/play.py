"""Plays a desk: somebody keeps asking, agreeing, approving, applying, publishing.

``python -m tests.scheduler.desk.play ADDRESS SEED SECONDS`` does so in a process of its
own, until it is killed or the time is over.
"""

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from time import monotonic

import numpy as np

from constraints.case import OFF, Case
from scheduler.desk import office, versions
from scheduler.desk.desk import Desk
from scheduler.desk.examples import leave_of, small_desk, swap_of
from scheduler.desk.find import find_swaps
from scheduler.desk.ledger import Ledger, opened
from scheduler.desk.policy import LeavePolicy, Policy, SwapPolicy
from scheduler.engine.breaks import place_breaks

ROWS = (
    "DDDDD--DDDDD--",
    "--DDDDD--DDDDD",
    "DD--DDDDD--DDD",
    "DDDDD---NNNN--",
    "LLLLL--LLLLL--",
    "--LLLLL--LLLLL",
    "LL--LLLLL--LLL",
    "NNNN---DDDDD--",
    "---NNNN---NNNN",
)
KINDS = ("personal", "annual", "sick", "lieu", "marriage", "training")
EASY = Policy(
    swap=SwapPolicy(notice_workdays=0, per_month=30, gap_shifts=0, reswap=True),
    leave=LeavePolicy(notice_days=0, long_types={}),
)
"""A rule book that lets much pass, so that much is applied."""
STRICT = Policy(swap=SwapPolicy(notice_workdays=0, gap_shifts=0, per_month=8))
BY, LEAST = "planner", 40


@cache
def desk() -> Desk:
    """Return the desk that is played: nine people, two weeks, one head by day."""
    found = small_desk(ROWS)
    case, floor = found.case, {"coverage.floor": {"heads": 1}}
    walls = case.clock.walls
    by_day = replace(case.requirement, is_open=(walls >= 9 * 60) & (walls < 15 * 60))
    case = replace(case, requirement=by_day).with_rules(
        [replace(rule, **floor.get(rule.id, {})) for rule in case.rules]
    )
    roster = place_breaks(replace(found.roster, case=case))
    return replace(found, roster=roster)


def start(ledger: Ledger, policy: Policy) -> None:
    """Publish the first version."""
    versions.publish(ledger, desk().roster, BY, desk().now)


def now(random: Random) -> datetime:
    """Return some time of the two weeks or the days before."""
    return desk().now + timedelta(minutes=random.randrange(60 * 24 * 16))


def stands(ledger: Ledger, policy: Policy, at: datetime) -> Desk:
    """Return the desk as it stands."""
    return office.desk_of(ledger, case(), policy, at)


def case() -> Case:
    """Return the case as its files have it."""
    return desk().roster.case


def asked(at: Desk, random: Random):
    """Return a swap or leave of somebody, sensible or not."""
    people = [agent.id for agent in at.case.agents]
    if random.random() < 0.3:
        days = random.choice((1, 1, 2, 4))
        on = at.case.clock.date(random.randrange(at.case.days))
        return leave_of(at, f"{random.choice(people)}:{on}", random.choice(KINDS), days)
    if random.random() < 0.5:
        agent, day = random.choice(np.argwhere(at.roster.table != OFF).tolist())
        found = find_swaps(at, people[agent], at.case.clock.date(day), most=3)
        if found:
            return random.choice(found).swap
    places = []
    for id in random.sample(people, random.choice((2, 2, 2, 3))):
        row = at.roster.table[at.agents[id]]
        days = [day for day in range(at.case.days) if row[day] != OFF]
        places.append(f"{id}:{at.case.clock.date(random.choice(days or [0]))}")
    return swap_of(at, *places)


def ask(ledger: Ledger, policy: Policy, random: Random, at: datetime) -> bool:
    """Hand in something and take it as far as it gets; say whether it was applied."""
    held = stands(ledger, policy, at)
    request = office.submit(ledger, held, asked(held, random))
    for id in getattr(request, "people", ())[1:]:
        office.consent(ledger, held, request.number, id)
    held = stands(ledger, policy, at)
    kind, number = request.kind, request.number
    request, _ = office.approve(ledger, held, kind, number, BY)
    if request.state != "approved":
        return False
    held = stands(ledger, policy, at)
    try:
        request, _, _ = office.apply(ledger, held, kind, number, BY)
    except versions.RefusedError:  # leave that nobody stands in for
        return False
    return request.state == "applied"


def main(address: str, seed: str, seconds: str) -> None:
    """Ask and publish, each step a transaction of its own, until the time is over.

    However slow the machine is, some steps are made.
    """
    random, ends, step = Random(int(seed)), monotonic() + float(seconds), 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while monotonic() < ends or step < LEAST:
        step += 1
        if random.random() < 0.2:
            with opened(address) as ledger:
                version = versions.latest(ledger, case().clock.first_day)
            roster = version.sheet.roster(case())
            with opened(address, writing=True) as ledger:
                try:
                    versions.publish(
                        ledger, roster, BY, desk().now, over=version.number
                    )
                except versions.ConflictError:
                    continue
        else:
            with opened(address, writing=True) as ledger:
                ask(ledger, STRICT, random, desk().now)


if __name__ == "__main__":
    main(*sys.argv[1:])
