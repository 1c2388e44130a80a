"""What the commands of swaps and leave do: from the words typed to what is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import typer

from constraints.case import OFF
from constraints.rule import Text
from scheduler.cli.commands import BROKEN, DONE
from scheduler.cli.desk import left_of, written
from scheduler.cli.opened import (
    FORM,
    OpenDesk,
    Told,
    date_of,
    opened_desk,
    place_of,
)
from scheduler.cli.show import say, wrapped
from scheduler.desk import office
from scheduler.desk.find import StandIn, find_stand_ins, find_swaps
from scheduler.desk.requests import (
    DeskRequest,
    LeaveRequest,
    Leg,
    SwapRequest,
    record_of,
)
from scheduler.desk.verdict import Verdict
from scheduler.desk.versions import find as find_request
from scheduler.files.read import Plan
from scheduler.files.tables import LEAVE_KINDS

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
class SwapWords:
    """A swap as the command line names it."""

    give: str | None
    take: Sequence[str]

    def request(self, plan: Plan, now: datetime) -> SwapRequest:
        """Return the swap; BadParameter where it is none."""
        if self.give is None or not self.take:
            raise typer.BadParameter(f"Expected --give and --take, each {FORM}.")
        ends = [place_of(text) for text in (self.give, *self.take)]
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
    return tuple(Leg(agent, id, on) for id, on in map(place_of, places))


Words = SwapWords | LeaveWords


def check(path: Path, words: Words, id: int | None, told: Told) -> int:
    """Hold a request against all checks."""
    with opened_desk(path, told) as at:
        if id is not None:
            kind = "swap" if isinstance(words, SwapWords) else "leave"
            request = find_request(at.ledger, kind, id)
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
    return DONE  # a question is answered, whatever the verdict


def _told(request: DeskRequest, verdict: Verdict, lang: str) -> Iterator[str]:
    """Yield a request with a line or two a check, and the verdict."""
    yield from wrapped(_line(request, lang), indent=4)
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
    with opened_desk(path, told, writing=True) as at:
        found = office.consent(at.ledger, at.desk, number, told.who)
    _state(at, found)
    return DONE


def approve(path: Path, kind: str, number: int, reason: str, told: Told) -> int:
    """Approve a request, or refuse it."""
    with opened_desk(path, told, writing=True) as at:
        found, verdict = office.approve(
            at.ledger, at.desk, kind, number, told.who, reason
        )
    at.say(_told(found, verdict, at.lang))
    _state(at, found, verdict)
    return DONE if found.state == "approved" else BROKEN


def _state(at: OpenDesk, request: DeskRequest, verdict: Verdict | None = None) -> None:
    word = say(STATE_WORDS[request.state], at.lang)
    at.say([f"{request.name}: {word}"])
    checks = {} if verdict is None else verdict.record()
    at.json({"number": request.number, "state": request.state} | checks)


def refuse(path: Path, kind: str, number: int, reason: str, told: Told) -> int:
    """Refuse a request."""
    with opened_desk(path, told, writing=True) as at:
        found = office.refuse(at.ledger, at.desk, kind, number, told.who, reason)
    _state(at, found)
    return DONE


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
    with opened_desk(path, told, writing=True) as at:
        if replace:
            office.stand_in(at.ledger, at.desk, number, replace_legs(replace), told.who)
        found, version, verdict = office.apply(
            at.ledger, at.desk, kind, number, told.who, go_short=go_short
        )
        fresh = OpenDesk(at.plan, told, at.ledger, path)
        desk, carry = fresh.desk, left_of(fresh)
    if version is None:
        at.say(_told(found, verdict, at.lang))
        _state(at, found, verdict)
        return BROKEN
    at.say([f"{found.name}: {say(STATE_WORDS[found.state], at.lang)}"])
    return written(at.plan, told, desk.roster, version, carry)


def replace_legs(places: Iterable[str]) -> list[tuple[str, date]]:
    """Return who stands in on which date."""
    return [place_of(text) for text in places]


def listed(path: Path, kind: str, told: Told) -> int:
    """List requests."""
    with opened_desk(path, told) as at:
        rows = [find_request(at.ledger, kind, number) for number in at.ledger.all(kind)]
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
    id, on = place_of(give)
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
