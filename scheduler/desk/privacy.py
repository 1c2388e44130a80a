"""What the ledger knows of a person: all of it given, or forgotten."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from scheduler.desk.ledger import PERSON, Ledger
from scheduler.desk.office import VERSION
from scheduler.desk.requests import KINDS
from scheduler.desk.sheet import Sheet

FORGOTTEN = "purged-"


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
    used = {name for name in ledger.names().values() if name.startswith(FORGOTTEN)}
    pseudonym = f"{FORGOTTEN}{len(used) + 1}"
    count = 0
    for kind, number, day, body in list(_all(ledger)):
        fresh = _forgotten(kind, body, id, pseudonym)
        if fresh != body:
            count += 1
            ledger.put(
                kind,
                number,
                fresh,
                "purge",
                by,
                now.isoformat(timespec="seconds"),
                day=day,
            )
    return pseudonym, count


def _all(ledger: Ledger) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
    for kind in (PERSON, VERSION, *KINDS):
        for number, body in ledger.all(kind).items():
            yield kind, number, ledger.day(kind, number), body


def _forgotten(
    kind: str, body: Mapping[str, Any], id: str, pseudonym: str
) -> dict[str, Any]:
    """Return a record with a pseudonym in a person's place."""
    if kind != VERSION:
        return dict(_replaced(body, id, pseudonym))
    sheet = Sheet.unpacked(body)
    cells = {
        (pseudonym if who == id else who, on): cell
        for (who, on), cell in sheet.cells.items()
    }
    leave = tuple((pseudonym if w == id else w, *rest) for w, *rest in sheet.leave)
    rest = {key: value for key, value in body.items() if key not in ("cells", "leave")}
    return Sheet(cells, leave).packed() | dict(_replaced(rest, id, pseudonym))  # type: ignore[arg-type]


def _replaced(value: Any, id: str, pseudonym: str) -> Any:
    """Return a value of JSON with an id replaced, in free text, too."""
    if isinstance(value, Mapping):
        return {
            _replaced(key, id, pseudonym): _replaced(part, id, pseudonym)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_replaced(part, id, pseudonym) for part in value]
    if isinstance(value, str):
        return _word(id).sub(lambda _: pseudonym, value)
    return value


def _names(value: Any, id: str) -> bool:
    return bool(_replaced(value, id, "") != value)


def _word(id: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_.-]){re.escape(id)}(?![A-Za-z0-9_-])")
