"""What the ledger knows of a person: all of it given, or forgotten."""

import re
from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any

from scheduler.desk.ledger import PERSON, Ledger
from scheduler.desk.requests import KINDS
from scheduler.desk.sheet import FORGOTTEN, Sheet
from scheduler.desk.versions import VERSION


def known_of(ledger: Ledger, id: str) -> dict[str, Any]:
    """Return all that the ledger knows of a person.

    Returns
    -------
    dict
        ``requests`` that name them; ``rosters``, their shifts and leave of every
        version; ``trail``, what they did.
    """
    names = {token for token, name in ledger.names().items() if name == id}
    requests = [
        {"kind": kind, "number": number, **body}
        for kind in KINDS
        for number, body in ledger.all(kind).items()
        if _names(body, id)
    ]
    rosters = [
        {"version": number, "period": body["period"], **theirs}
        for number, body in ledger.all(VERSION).items()
        if any((theirs := _row(Sheet.unpacked(body), id)).values())
    ]
    trail = [
        {"entry": e.entry, "at": e.at, "action": e.action, "of": [e.kind, e.number]}
        for e in ledger.trail()
        if e.by in names
    ]
    return {"agent": id, "requests": requests, "rosters": rosters, "trail": trail}


def _row(sheet: Sheet, id: str) -> dict[str, Any]:
    shifts = {on: cell.shift for (who, on), cell in sheet.cells.items() if who == id}
    leave = [[str(f), str(la), kind] for who, f, la, kind in sheet.leave if who == id]
    return {"shifts": shifts, "leave": leave}


def forget(ledger: Ledger, id: str, by: str, now: datetime) -> tuple[str, int]:
    """Put a pseudonym in a person's place everywhere in the ledger.

    Rosters keep their totals, the trail its chain: it has tokens for names, and each
    record's hash a salt that is replaced with it.

    Returns
    -------
    tuple
        The pseudonym, and how many records were changed.
    """
    pseudonym, count = f"{FORGOTTEN}{token_hex(4)}", 0
    at = now.isoformat(timespec="seconds")
    for kind in (PERSON, VERSION, *KINDS):
        for number, body in ledger.all(kind).items():
            fresh = _forgotten(kind, body, id, pseudonym)
            if fresh != body:
                count += 1
                day = ledger.day(kind, number)
                ledger.put(kind, number, fresh, "purge", by, at, day=day)
    return pseudonym, count


def _forgotten(
    kind: str, body: Mapping[str, Any], id: str, pseudonym: str
) -> dict[str, Any]:
    """Return a record with a pseudonym in a person's place."""

    def named(who: Any) -> Any:
        return pseudonym if who == id else who

    if kind == PERSON:
        return {**body, "name": named(body["name"])}
    if kind == VERSION:
        sheet = Sheet.unpacked(body)
        cells = {(named(who), on): cell for (who, on), cell in sheet.cells.items()}
        leave = tuple((named(who), *rest) for who, *rest in sheet.leave)
        found = Sheet(cells, leave).packed()
        return {**body, **found, "by": named(body["by"])}
    return dict(_in_request(body, id, pseudonym))


def _in_request(value: Any, id: str, pseudonym: str, key: str = "") -> Any:
    """Return a part of a request with an id replaced where people are named."""
    if isinstance(value, Mapping):
        return {
            pseudonym if key == "consents" and name == id else name: _in_request(
                part, id, pseudonym, name
            )
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_in_request(part, id, pseudonym, key) for part in value]
    if isinstance(value, str) and key in PEOPLE:
        return pseudonym if value == id else value
    if isinstance(value, str) and key in FREE_TEXT:
        return _word(id).sub(lambda _: pseudonym, value)
    return value


PEOPLE, FREE_TEXT = ("by", "giver", "taker", "agent"), ("reasons", "reason")
"""Where a request names people, and where it has words."""


def _names(body: Any, id: str) -> bool:
    return bool(_in_request(body, id, "") != body)


def _word(id: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_.-]){re.escape(id)}(?![A-Za-z0-9_-])")
