"""What the commands of published rosters do: publish, diff, roll back, re-plan."""

import json
import sys
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from constraints.roster import Roster
from constraints.rule import Text
from constraints.rule import audit as audit_roster
from forecasts.problems import InputError, Problem
from scheduler.cli.commands import DONE, roster_of
from scheduler.cli.opened import (
    OpenDesk,
    Told,
    changed,
    code_of,
    opened_desk,
)
from scheduler.cli.show import say, wrapped
from scheduler.desk import versions
from scheduler.desk.sheet import Sheet
from scheduler.desk.swap_rules import charged
from scheduler.desk.versions import PAST
from scheduler.files.carry import Left
from scheduler.files.place import hold
from scheduler.files.read import Plan
from scheduler.files.write import json_text, write_outputs
from scheduler.result import Result

PUBLISHED, REPLAN, PROPOSAL = "published", "replan", "proposal.json"
SHOWN = 20  # shifts that differ, before it says how many more


def publish(path: Path, file: Path | None, over: int, told: Told) -> int:
    """Publish a roster."""
    with opened_desk(path, told, writing=True) as at:
        roster = roster_of(file or at.plan.out / "roster.csv", at.plan, path)
        version = versions.publish(
            at.ledger,
            roster,
            told.who,
            at.now,
            over=over,
            input_hash=at.plan.input_hash,
        )
        desk, carry = at.desk, left_of(at)
    return written(at.plan, told, desk.roster, version, carry)


def left_of(at: OpenDesk) -> Left:
    """Return what the next period needs of the desk."""
    desk, clock = at.desk, at.desk.case.clock
    last = clock.date(clock.days - 1)
    charges = (charged(desk, swap) for swap in desk.swaps)
    granted = (line for line in desk.case.leave if not line.line)
    return Left(
        at.ledger.mark,
        sum(charges, Counter(dict(desk.charged))),
        tuple(
            (desk.case.agents[line.agent].id, line.first, line.last, line.kind)
            for line in granted
            if line.last > last
        ),
        frozenset(
            (id, on)
            for swap in desk.swaps
            for id, on in swap.taken
            if swap.state == "applied" and (last - on).days < PAST
        ),
    )


def written(
    plan: Plan,
    told: Told,
    roster: Roster,
    version: versions.Version,
    carry: Left,
) -> int:
    """Write the published files, and say so."""
    out = told.options.out or plan.beside(PUBLISHED)
    found = audit_roster(roster)
    words = Text(
        f"Version {version.number}, {version.why}, {version.at[:16]}, {version.by}.",
        f"版本 {version.number},{version.why},{version.at[:16]},{version.by}。",
    )
    result = Result(
        status="feasible",
        roster=roster,
        audit=found,
        stop_reason=version.why,
        warnings=(words,),
    )
    shown = replace(plan, case=roster.case)
    with hold(out):
        write_outputs(shown, result, out, carry)
    lang = plan.case.language
    told.options.say(wrapped(say(words, lang)))
    told.options.say([str(out)])
    if told.options.as_json:
        record = {"version": version.number, "base": version.base, "by": version.by}
        sys.stdout.write(json_text(record | {"at": version.at, "out": str(out)}))
    return DONE


def diff(path: Path, one: int, other: int, told: Told) -> int:
    """Say in which shifts two rosters differ."""
    with opened_desk(path, told) as at:
        before = _sheet(at, one) if one else _standing(at)
        if other:
            after = _sheet(at, other)
        else:
            after = Sheet.of(roster_of(at.plan.out / "roster.csv", at.plan, path))
        changes = before.changes(after)
        at.words(f"{len(changes)} shifts differ.", f"共有 {len(changes)} 个班次不同。")
        at.say(changed(changes, at.lang))
        rows = [
            {"agent": id, "date": on, "from": code_of(was), "to": code_of(becomes)}
            for (id, on), (was, becomes) in changes.items()
        ]
        at.json({"changes": rows})
    return DONE


def _sheet(at: OpenDesk, number: int) -> Sheet:
    version = versions.version_of(at.ledger, number)
    if version is None:
        words = Text(f"There is no version {number}.", f"没有版本 {number}。")
        raise versions.RefusedError(words)
    return version.sheet


def _standing(at: OpenDesk) -> Sheet:
    stands = versions.latest(at.ledger, at.plan.case.clock.first_day)
    if stands is None:
        words = Text("Nothing is published yet.", "尚未发布。")
        raise versions.RefusedError(words)
    return stands.sheet


def rollback(path: Path, to: int, over: int, told: Told) -> int:
    """Publish an earlier version once more."""
    with opened_desk(path, told, writing=True) as at:
        version = versions.rollback(
            at.ledger, at.plan.case, to, told.who, at.now, over=over
        )
        desk, carry = at.desk, left_of(at)
    return written(at.plan, told, desk.roster, version, carry)


def apply_replan(path: Path, told: Told) -> int:
    """Publish what was proposed last."""
    with opened_desk(path, told, writing=True) as at:
        file = (told.options.out or at.plan.beside(REPLAN)) / PROPOSAL
        record = _proposed(file)
        version = versions.publish_replan(
            at.ledger,
            at.plan.case,
            Sheet.unpacked(record),
            told.who,
            at.now,
            over=record["base"],
            policy=at.plan.settings.desk.replan,
        )
        desk, carry = at.desk, left_of(at)
    told = replace(told, options=replace(told.options, out=None))
    return written(at.plan, told, desk.roster, version, carry)


def _proposed(file: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        Sheet.unpacked(record)
        int(record["base"])
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        raise InputError(
            [
                Problem(
                    file=str(file),
                    found="no proposal",
                    expected="what roster replan wrote",
                    remedy="Run roster replan first.",
                )
            ]
        ) from None
    return record


def files(path: Path, told: Told) -> int:
    """Write the published files of what stands once more."""
    with opened_desk(path, told) as at:
        version = versions.latest(at.ledger, at.plan.case.clock.first_day)
        if version is None:
            words = Text("Nothing is published yet.", "尚未发布。")
            raise versions.RefusedError(words)
        desk, carry = at.desk, left_of(at)
    return written(at.plan, told, desk.roster, version, carry)
