"""What the desk's commands do: open the ledger, call, print, return the exit code."""

import getpass
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from rich.cells import cell_len

from constraints.case import OFF
from constraints.roster import Roster
from constraints.rule import Text
from constraints.rule import audit as audit_roster
from forecasts.problems import InputError, Problem
from scheduler.cli.commands import BROKEN, DONE, Options, roster_of
from scheduler.cli.show import say, wrapped
from scheduler.desk import office
from scheduler.desk.counts import counts
from scheduler.desk.desk import Desk
from scheduler.desk.find import StandIn, find_stand_ins, find_swaps
from scheduler.desk.ledger import Ledger, address_of, opened
from scheduler.desk.privacy import forget, known_of
from scheduler.desk.requests import (
    DeskRequest,
    LeaveRequest,
    Leg,
    SwapRequest,
    record_of,
)
from scheduler.desk.sheet import Cell, Place, Sheet
from scheduler.desk.swap_rules import charged
from scheduler.desk.verdict import Verdict
from scheduler.files.place import hold, replace_file
from scheduler.files.read import Plan
from scheduler.files.tables import DAY_OFF, LEAVE_KINDS
from scheduler.files.write import json_text, write_outputs
from scheduler.result import Result

LEDGER, PUBLISHED = "desk.sqlite", "published"
REPLAN, PROPOSAL = "replan", "proposal.json"
SHOWN = 20  # shifts that differ, before it says how many more
FORM = "AGENT:DATE, such as A12:2026-03-09"
VERDICT_WORDS = {
    "pass": Text("pass", "通过"),
    "warn": Text("warn", "提醒"),
    "needs_approval": Text("approve", "需批准"),
    "fail": Text("fail", "不通过"),
    "not_applicable": Text("-", "-"),
}
STATE_WORDS = {
    "draft": Text("draft", "待同意"),
    "consented": Text("consented", "已同意"),
    "validated": Text("validated", "已校验"),
    "approved": Text("approved", "已批准"),
    "refused": Text("refused", "已拒绝"),
    "expired": Text("expired", "已过期"),
    "applied": Text("applied", "已生效"),
}


@dataclass(frozen=True)
class Told:
    """What the command line says: options, who does it, and the time."""

    options: Options
    by: str | None = None
    now: str | None = None

    @property
    def who(self) -> str:
        """Who does it."""
        return self.by or getpass.getuser()

    def at(self, plan: Plan) -> datetime:
        """Return the local time, in the zone of the site."""
        zone = plan.case.clock.zone
        if self.now is None:
            return datetime.now(zone).replace(microsecond=0)
        try:
            found = datetime.fromisoformat(self.now)
        except ValueError:
            words = f"Expected --now such as 2026-03-05T10:00, got {self.now}."
            raise typer.BadParameter(words) from None
        return found.replace(tzinfo=zone) if found.tzinfo is None else found


@dataclass(frozen=True)
class SwapWords:
    """A swap as the command line names it."""

    give: str | None
    take: Sequence[str]

    def request(self, plan: Plan, now: datetime) -> SwapRequest:
        """Return the swap; BadParameter where it is none."""
        if self.give is None or not self.take:
            raise typer.BadParameter(f"Expected --give and --take, each {FORM}.")
        ends = [_place(text) for text in (self.give, *self.take)]
        takers = [*(id for id, _ in ends[1:]), ends[0][0]]
        legs = tuple(
            Leg(giver, taker, on)
            for (giver, on), taker in zip(ends, takers, strict=True)
        )
        return SwapRequest(by=ends[0][0], submitted=now, legs=legs)


@dataclass(frozen=True)
class LeaveWords:
    """Leave as the command line names it."""

    agent: str | None
    first: str | None
    last: str | None
    kind: str | None
    replace: Sequence[str]

    def request(self, plan: Plan, now: datetime) -> LeaveRequest:
        """Return the leave; BadParameter where it is none."""
        if self.agent is None or self.first is None or self.kind is None:
            words = "Expected --agent, --first and --kind, and --last for several days."
            raise typer.BadParameter(words)
        if self.kind not in LEAVE_KINDS:
            words = f"Expected --kind of {', '.join(LEAVE_KINDS)}; got {self.kind}."
            raise typer.BadParameter(words)
        begins = date_of(self.first)
        return LeaveRequest(
            by=self.agent,
            submitted=now,
            agent=self.agent,
            begins=begins,
            last=begins if self.last is None else date_of(self.last),
            leave=self.kind,
            replacements=_stand_ins(self.agent, self.replace),
        )


def _stand_ins(agent: str, places: Iterable[str]) -> tuple[Leg, ...]:
    return tuple(Leg(agent, id, on) for id, on in map(_place, places))


def _place(text: str) -> tuple[str, date]:
    id, _, on = text.rpartition(":")
    if not id:
        raise typer.BadParameter(f"Expected {FORM}; got {text}.")
    return id, date_of(on)


def date_of(text: str) -> date:
    """Return a date; BadParameter where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        words = f"Expected a date such as 2026-03-09, got {text}."
        raise typer.BadParameter(words) from None


# -- the desk of a case ---------------------------------------------------------------


@dataclass(frozen=True)
class OpenDesk:
    """A case with its ledger open."""

    plan: Plan
    told: Told
    ledger: Ledger
    path: Path

    @property
    def lang(self) -> str:
        """Language to speak."""
        return self.plan.case.language

    @cached_property
    def now(self) -> datetime:
        """Local time."""
        return self.told.at(self.plan)

    @cached_property
    def desk(self) -> Desk:
        """The desk as it stands; a draft where nothing is published."""
        case = self.plan.case
        file = self.plan.out / "roster.csv"
        published = office.latest(self.ledger, case.clock.first_day)
        draft = None
        if published is None and file.is_file():
            draft = roster_of(file, self.plan, self.path)
        return office.desk_of(
            self.ledger,
            case,
            self.plan.settings.desk,
            self.now,
            draft=draft,
            charged=_carried(self.plan, self.ledger),
        )

    def say(self, lines: Iterable[str]) -> None:
        """Print lines, unless nothing or JSON is wanted."""
        self.told.options.say(lines)

    def words(self, en: str, zh: str) -> None:
        """Print a sentence in the language of the case."""
        self.say(wrapped(say(Text(en, zh), self.lang)))

    def json(self, record: Mapping[str, Any]) -> None:
        """Print a record where JSON is wanted."""
        if self.told.options.as_json:
            sys.stdout.write(json_text(record))


def _carried(plan: Plan, ledger: Ledger) -> dict[tuple[str, str], int]:
    """Return the swaps of carry.json, where these are another ledger's."""
    if plan.desk.get("mark") == ledger.mark:
        return {}
    return {
        (id, month): int(count)
        for id, months in plan.desk.get("swaps", {}).items()
        for month, count in months.items()
    }


def address(plan: Plan) -> str:
    """Return where the ledger of a case is."""
    return plan.settings.desk.ledger or address_of(folder_of(plan).resolve() / LEDGER)


@contextmanager
def opened_desk(path: Path, told: Told, *, writing: bool = False) -> Iterator[OpenDesk]:
    """Open the ledger of a case."""
    plan = told.options.plan(path)
    with opened(address(plan), writing=writing) as ledger:
        yield OpenDesk(plan, told, ledger, path)


def _refused(error: office.RefusedError, at: "OpenDesk | None", told: Told) -> int:
    """Say why the desk refuses, and return the exit code for it."""
    lang = told.options.language or (at.lang if at is not None else "en")
    sys.stderr.writelines(f"{line}\n" for line in wrapped(say(error.text, lang)))
    return BROKEN


@contextmanager
def _answering(told: Told) -> Iterator[list[int]]:
    """Give a place for the exit code; what the desk refuses is said, and is 6."""
    code = [DONE]
    try:
        yield code
    except office.RefusedError as error:
        code[0] = _refused(error, None, told)


# -- published rosters ----------------------------------------------------------------


def publish(path: Path, file: Path | None, over: int, told: Told) -> int:
    """Publish a roster."""
    plan = told.options.plan(path)
    source = file or plan.out / "roster.csv"
    roster = roster_of(source, plan, path)
    lang = plan.case.language
    try:
        with opened(address(plan), writing=True) as ledger:
            at = OpenDesk(plan, told, ledger, path)
            version = office.publish(
                ledger,
                roster,
                told.who,
                at.now,
                over=over,
                input_hash=plan.input_hash,
            )
            desk, carry = replace(at.desk, version=version.number), _left(at)
    except office.RefusedError as error:
        sys.stderr.writelines(f"{line}\n" for line in wrapped(say(error.text, lang)))
        changes = getattr(error, "changes", {})
        sys.stderr.writelines(f"{line}\n" for line in _changes(changes, lang))
        return BROKEN
    return _written(plan, told, desk.roster, version, carry)


def _left(at: OpenDesk) -> dict[str, Any]:
    """Return what the next period needs of the desk."""
    swaps: dict[str, dict[str, int]] = {}
    for swap in at.desk.swaps:
        for (id, month), count in charged(at.desk, swap).items():
            months = swaps.setdefault(id, {})
            months[month] = months.get(month, 0) + count
    return {"mark": at.ledger.mark, "swaps": swaps}


def _written(
    plan: Plan,
    told: Told,
    roster: Roster,
    version: office.Version,
    carry: Mapping[str, Any],
) -> int:
    """Write the published files, and say so."""
    out = told.options.out or folder_of(plan) / PUBLISHED
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


def _changes(
    changes: Mapping[Place, tuple[Cell | None, Cell | None]], lang: str
) -> Iterator[str]:
    """Yield a line for each shift that differs, up to a number."""
    for (id, on), (was, becomes) in list(changes.items())[:SHOWN]:
        yield f"  {on}  {id:<10} {_cell(was, becomes)}"
    if len(changes) > SHOWN:
        more = len(changes) - SHOWN
        yield say(Text(f"  and {more} more", f"  另有 {more} 处"), lang)


def _cell(was: Cell | None, becomes: Cell | None) -> str:
    codes = [_code(was), _code(becomes)]
    return (
        f"{codes[0]} -> {codes[1]}" if codes[0] != codes[1] else f"{codes[0]} (breaks)"
    )


def _code(cell: Cell | None) -> str:
    return DAY_OFF if cell is None else cell.shift


def diff(path: Path, one: int, other: int, told: Told) -> int:
    """Say in which shifts two rosters differ."""
    with _answering(told) as code, opened_desk(path, told) as at:
        before = _sheet(at, one) if one else _standing(at)
        if other:
            after = _sheet(at, other)
        else:
            after = Sheet.of(roster_of(at.plan.out / "roster.csv", at.plan, path))
        changes = before.changes(after)
        at.words(f"{len(changes)} shifts differ.", f"共有 {len(changes)} 个班次不同。")
        at.say(_changes(changes, at.lang))
        rows = [
            {"agent": id, "date": on, "from": _code(was), "to": _code(becomes)}
            for (id, on), (was, becomes) in changes.items()
        ]
        at.json({"changes": rows})
    return code[0]


def _sheet(at: OpenDesk, number: int) -> Sheet:
    version = office.version_of(at.ledger, number)
    if version is None:
        words = Text(f"There is no version {number}.", f"没有版本 {number}。")
        raise office.RefusedError(words)
    return version.sheet


def _standing(at: OpenDesk) -> Sheet:
    stands = office.latest(at.ledger, at.plan.case.clock.first_day)
    if stands is None:
        words = Text("Nothing is published yet.", "尚未发布。")
        raise office.RefusedError(words)
    return stands.sheet


def rollback(path: Path, to: int, over: int, told: Told) -> int:
    """Publish an earlier version once more."""
    with _answering(told) as code:
        with opened_desk(path, told, writing=True) as at:
            version = office.rollback(
                at.ledger, at.plan.case, to, told.who, at.now, over=over
            )
            desk, carry = at.desk, _left(at)
        return _written(at.plan, told, desk.roster, version, carry)
    return code[0]


def folder_of(plan: Plan) -> Path:
    """Return the folder that a case lies in."""
    return plan.path if plan.path.is_dir() else plan.path.parent


def apply_replan(path: Path, told: Told) -> int:
    """Publish what was proposed last."""
    with _answering(told) as code:
        with opened_desk(path, told, writing=True) as at:
            file = (told.options.out or folder_of(at.plan) / REPLAN) / PROPOSAL
            record = _proposed(file)
            version = office.publish_replan(
                at.ledger,
                at.plan.case,
                Sheet.unpacked(record),
                told.who,
                at.now,
                over=record["base"],
            )
            desk, carry = at.desk, _left(at)
        told = replace(told, options=replace(told.options, out=None))
        return _written(at.plan, told, desk.roster, version, carry)
    return code[0]


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


# -- requests -------------------------------------------------------------------------

Words = SwapWords | LeaveWords


def check(path: Path, words: Words, id: int | None, told: Told) -> int:
    """Hold a request against all checks."""
    with _answering(told) as code, opened_desk(path, told) as at:
        if id is not None:
            kind = "swap" if isinstance(words, SwapWords) else "leave"
            request = office.find(at.ledger, kind, id)
        else:
            request = words.request(at.plan, at.now)
        verdict = office.check(at.desk, request)
        at.say(_told(request, verdict, at.lang))
        record = verdict.record()
        if isinstance(request, LeaveRequest) and request.agent in at.desk.agents:
            stand_ins = find_stand_ins(at.desk, request)
            at.say(_candidates(stand_ins, at.lang))
            record["stand_ins"] = {
                str(on): [
                    {"agent": one.leg.taker, "cost": one.cost, "nights": one.nights}
                    | {"room_minutes": one.room, "levels": one.levels}
                    for one in ranked
                ]
                for on, ranked in stand_ins.items()
            }
        at.json(record)
    return code[0]  # a question is answered, whatever the verdict


def _told(request: DeskRequest, verdict: Verdict, lang: str) -> Iterator[str]:
    """Yield a request with a line or two a check, and the verdict."""
    yield _line(request, lang)
    for one in verdict.checks:
        word = say(VERDICT_WORDS[one.verdict], lang)
        room = 9 - sum(ord(character) > 0x2E80 for character in word)
        start = f"  {word:<{room}} {one.id:<10} "
        yield from wrapped(start + say(one.text, lang), indent=23)
    end = Text("Verdict: {}", "结论:{}")
    word = say(VERDICT_WORDS[verdict.verdict], lang)
    ids = ", ".join(verdict.deciding) if verdict.verdict != "pass" else ""
    yield say(end, lang).format(word) + (f" ({ids})" if ids else "")


def _line(request: DeskRequest, lang: str) -> str:
    name = f"{request.name} " if request.number else ""
    if isinstance(request, SwapRequest):
        legs = ", ".join(
            f"{leg.giver} {leg.day}{leg.shift and ' ' + leg.shift} -> {leg.taker}"
            for leg in request.legs
        )
        return f"{name}{legs}"
    assert isinstance(request, LeaveRequest)
    until = "" if request.last == request.begins else f" - {request.last}"
    return f"{name}{request.agent} {request.leave} {request.begins}{until}"


def _candidates(found: Mapping[date, Sequence[StandIn]], lang: str) -> Iterator[str]:
    """Yield who could stand in on each day."""
    for on, ranked in found.items():
        names = ", ".join(
            f"{one.leg.taker} ({one.cost:+d}, {one.room / 60:g} h)" for one in ranked
        )
        nobody = say(Text("nobody can stand in", "无人可以顶班"), lang)
        start = say(Text("could stand in", "可顶班"), lang)
        line = f"{on}: {start}: {names}" if names else f"{on}: {nobody}"
        yield from wrapped(line, indent=12)


def request(path: Path, words: Words, told: Told) -> int:
    """Hand in a request."""
    with opened_desk(path, told, writing=True) as at:
        asked = words.request(at.plan, at.now)
        found = office.submit(at.ledger, at.desk, asked)
        verdict = office.check(at.desk, found)
    at.say(_told(found, verdict, at.lang))
    at.json({"number": found.number, "state": found.state} | verdict.record())
    return DONE


def agree(path: Path, number: int, told: Told) -> int:
    """Note that somebody agrees to a swap."""
    with _answering(told) as code:
        with opened_desk(path, told, writing=True) as at:
            found = office.consent(at.ledger, at.desk, number, told.who)
        _state(at, found)
    return code[0]


def approve(path: Path, kind: str, number: int, told: Told) -> int:
    """Approve a request, or refuse it."""
    with _answering(told) as code:
        with opened_desk(path, told, writing=True) as at:
            found, verdict = office.approve(at.ledger, at.desk, kind, number, told.who)
        at.say(_told(found, verdict, at.lang))
        _state(at, found, verdict)
        code[0] = DONE if found.state == "approved" else BROKEN
    return code[0]


def _state(at: OpenDesk, request: DeskRequest, verdict: Verdict | None = None) -> None:
    word = say(STATE_WORDS[request.state], at.lang)
    at.say([f"{request.name}: {word}"])
    checks = {} if verdict is None else verdict.record()
    at.json({"number": request.number, "state": request.state} | checks)


def refuse(path: Path, kind: str, number: int, reason: str, told: Told) -> int:
    """Refuse a request."""
    with _answering(told) as code:
        with opened_desk(path, told, writing=True) as at:
            found = office.refuse(at.ledger, at.desk, kind, number, told.who, reason)
        _state(at, found)
    return code[0]


def apply(
    path: Path,
    kind: str,
    number: int,
    told: Told,
    *,
    replace: Sequence[str] = (),
    go_short: bool = False,
) -> int:
    """Apply an approved request, and write the published files again."""
    with _answering(told) as code:
        with opened_desk(path, told, writing=True) as at:
            if replace:
                office.stand_in(
                    at.ledger, at.desk, number, replace_legs(replace), told.who
                )
            found, version, verdict = office.apply(
                at.ledger, at.desk, kind, number, told.who, go_short=go_short
            )
            fresh = OpenDesk(at.plan, told, at.ledger, path)
            desk, carry = fresh.desk, _left(fresh)
        if version is None:
            at.say(_told(found, verdict, at.lang))
            _state(at, found, verdict)
            return BROKEN
        at.say([f"{found.name}: {say(STATE_WORDS[found.state], at.lang)}"])
        return _written(at.plan, told, desk.roster, version, carry)
    return code[0]


def replace_legs(places: Iterable[str]) -> list[tuple[str, date]]:
    """Return who stands in on which date."""
    return [_place(text) for text in places]


def listed(path: Path, kind: str, told: Told) -> int:
    """List requests."""
    with opened_desk(path, told) as at:
        rows = [office.find(at.ledger, kind, number) for number in at.ledger.all(kind)]
        for one in rows:
            word = say(STATE_WORDS[one.state], at.lang)
            at.say(wrapped(f"{_line(one, at.lang)}: {word}", indent=4))
            for en, zh in one.reasons:
                at.say(wrapped(f"    {say(Text(en, zh), at.lang)}", indent=4))
        at.json({"requests": [record_of(one) for one in rows]})
    return DONE


def find(path: Path, give: str | None, most: int, least: int, told: Told) -> int:
    """Find swaps for a shift."""
    if give is None:
        raise typer.BadParameter(f"Expected --give {FORM}.")
    id, on = _place(give)
    with opened_desk(path, told) as at:
        if at.desk.agents.get(id) is None or at.desk.shift(id, on) == OFF:
            words = f"Expected --give of somebody who works that day, got {give}."
            raise typer.BadParameter(words)
        found = find_swaps(at.desk, id, on, most=most, least=least)
        for number, one in enumerate(found, start=1):
            word = say(VERDICT_WORDS[one.verdict.verdict], at.lang)
            line = f"{number:>2}. {word} {one.cost:+d}  {_line(one.swap, at.lang)}"
            at.say(wrapped(line, indent=4))
        if not found:
            at.words(
                "Nobody can take it: no pair, and no ring of three or four people.",
                "无人可换:两人、三人或四人换班均不可行。",
            )
        at.json(
            {
                "proposals": [
                    {
                        "legs": [
                            {"giver": leg.giver, "taker": leg.taker}
                            | {"date": str(leg.day), "shift": leg.shift}
                            for leg in one.swap.legs
                        ],
                        "cost": one.cost,
                    }
                    | one.verdict.record()
                    for one in found
                ]
            }
        )
    return DONE


# -- the ledger -----------------------------------------------------------------------


def verify(path: Path, told: Told) -> int:
    """Say whether the ledger is as it was written."""
    with opened_desk(path, told) as at:
        faults = at.ledger.verify()
        last, hashed = at.ledger.head()
        if faults:
            at.say(f"{fault.place}: {fault.found}" for fault in faults[:SHOWN])
        else:
            at.words(
                f"{last} entries follow from each other; the last is {hashed[:16]}.",
                f"{last} 条记录前后相符,末条为 {hashed[:16]}。",
            )
        found = [{"place": fault.place, "found": fault.found} for fault in faults]
        at.json({"entries": last, "hash": hashed, "faults": found})
        return BROKEN if faults else DONE


def files(path: Path, told: Told) -> int:
    """Write the published files of what stands once more."""
    with _answering(told) as code:
        with opened_desk(path, told) as at:
            version = office.latest(at.ledger, at.plan.case.clock.first_day)
            if version is None:
                words = Text("Nothing is published yet.", "尚未发布。")
                raise office.RefusedError(words)
            desk, carry = at.desk, _left(at)
        return _written(at.plan, told, desk.roster, version, carry)
    return code[0]


def trail(path: Path, told: Told) -> int:
    """List what was done."""
    with opened_desk(path, told) as at:
        names = at.ledger.names()
        entries = list(at.ledger.trail())
        at.say(
            f"{e.entry:>5}  {e.at[:16]}  {e.action:<9} {e.kind} {e.number}  "
            f"{names.get(e.by, '')}"
            for e in entries
        )
        at.json({"trail": [vars(e) | {"by": names.get(e.by, "")} for e in entries]})
    return DONE


COUNTS = {
    "agent": Text("agent", "人员"),
    "month": Text("month", "月份"),
    "swaps": Text("swaps", "换班"),
    "due": Text("due", "应休"),
    "taken": Text("taken", "已休"),
    "nights": Text("nights", "夜班"),
    "weekends": Text("weekends", "周末"),
    "holidays": Text("holidays", "节假日"),
    "refused": Text("refused", "被拒"),
}


def counted(path: Path, told: Told) -> int:
    """Say what is counted of each person."""
    with opened_desk(path, told) as at:
        records = json.loads(counts(at.desk).to_json(orient="records"))
        heads = [say(word, at.lang) for word in COUNTS.values()]
        rows = [["-" if r[n] is None else f"{r[n]}" for n in COUNTS] for r in records]
        at.say(_columns([heads, *rows]))
        at.json({"counts": records})
    return DONE


def _columns(rows: list[list[str]]) -> Iterator[str]:
    """Yield rows with their cells below each other; wide characters take two."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell + " " * (w - cell_len(cell)) for cell, w in cells).rstrip()


def export(path: Path, agent: str, out: Path | None, told: Told) -> int:
    """Give all that the ledger knows of a person."""
    with opened_desk(path, told) as at:
        text = json_text(known_of(at.ledger, agent))
    if out is None:
        sys.stdout.write(text)
    else:
        replace_file(out, lambda file: _write(file, text))
    return DONE


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def purge(path: Path, agent: str, told: Told) -> int:
    """Forget a person."""
    with opened_desk(path, told, writing=True) as at:
        pseudonym, count = forget(at.ledger, agent, told.who, at.now)
    at.words(
        f"{agent} is {pseudonym} in {count} records of the ledger now. The case's own "
        "files and written results are yours to clear.",
        f"账本中 {count} 条记录里的 {agent} 已改为 {pseudonym}。"
        "案例文件与已输出的结果请自行清理。",
    )
    at.json({"pseudonym": pseudonym, "records": count})
    return DONE
