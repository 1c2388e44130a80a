"""Calendars: one file per person that any calendar program can read."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from icalendar import Calendar, Event

from constraints.case import OFF, Case
from constraints.roster import Roster
from scheduler.report.words import capital, say, say_if_known

PRODUCT = "-//rosterwright//roster//EN"
LONGEST_NAME = 120
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def write_calendars(folder: Path, case: Case, roster: Roster) -> None:
    """Write one ``.ics`` file per person: shifts with their breaks, and leave.

    Parameters
    ----------
    folder
        Folder to write to; made where it is missing.
    case
        The case; its language is used.
    roster
        The roster.

    Notes
    -----
    Times are instants (UTC), so every program shows them in its own zone and a night
    with a clock change is as long as it is. An event keeps its UID when the shift of
    that day changes, so importing a new version replaces it. Two runs give the same
    bytes: the stamp of an event is the beginning of the horizon.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = file_names([agent.id for agent in case.agents])
    breaks = _breaks(roster)
    for agent, name in enumerate(names):
        calendar = _calendar(case, agent)
        for event in (*_shifts(roster, agent, breaks), *_leave(case, agent)):
            calendar.add_component(event)
        (folder / name).write_bytes(calendar.to_ical())


def file_names(ids: Sequence[str]) -> list[str]:
    """Return a file name for each id that no file system minds, all different.

    Letters of any script stay. What had to be changed, and ids that differ in case
    only, get a part of their hash.

    Examples
    --------
    >>> file_names(["A1", "李娜", "../x", "a2", "A2"])
    ['A1.ics', '李娜.ics', 'x-d6b96a97.ics', 'a2-2c3a4249.ics', 'A2-c8361f9b.ics']
    """
    safe = [_safe(id) for id in ids]
    alike = Counter(name.casefold() for name in safe)
    names: list[str] = []
    taken: set[str] = set()
    for id, name in zip(ids, safe, strict=True):
        stem = name if name == id and alike[name.casefold()] == 1 else ""
        for length in (8, 16, 64):
            stem = stem or f"{name}-{sha256(id.encode()).hexdigest()[:length]}"
            if stem.casefold() not in taken:
                break
            stem = ""
        taken.add(stem.casefold())
        names.append(f"{stem}.ics")
    return names


def _safe(id: str) -> str:
    text = unicodedata.normalize("NFC", id)
    text = re.sub(r"[^\w.+@-]+", "_", text).strip("._-+@ ")
    while len(text.encode()) > LONGEST_NAME:
        text = text[:-1]
    return f"_{text}" if not text or RESERVED.fullmatch(text) else text


def one_line(text: str) -> str:
    r"""Return a text without line breaks and other control signs.

    Examples
    --------
    >>> one_line("Li Na\r\nEND:VEVENT")
    'Li Na  END:VEVENT'
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _calendar(case: Case, agent: int) -> Calendar:
    person = case.agents[agent]
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", one_line(f"{person.name or person.id} · {case.name}"))
    calendar.add("x-wr-timezone", case.clock.time_zone)
    return calendar


def _shifts(
    roster: Roster, agent: int, breaks: dict[tuple[int, int], list[str]]
) -> Iterator[Event]:
    """Yield an event for each shift of a person."""
    case = roster.case
    worked = [(day, int(shift)) for day, shift in enumerate(roster.table[agent])]
    worked += [(day, shift) for person, day, shift in roster.extra if person == agent]
    seen: Counter[int] = Counter()
    for day, shift in (pair for pair in worked if pair[1] != OFF):
        column, chosen = case.past + day, case.shifts[shift]
        on = case.clock.date(day)
        event = _event(case, agent, f"{on}-{seen[day]}" if seen[day] else f"{on}")
        seen[day] += 1
        label = f" {chosen.label}" if chosen.label not in ("", chosen.code) else ""
        event.add("summary", one_line(chosen.code + label))
        event.add("dtstart", _instant(case, int(case.start[column, shift])))
        event.add("dtend", _instant(case, int(case.end[column, shift])))
        hours = f"{case.paid[column, shift] / 60:g} h"
        lines = [*breaks.get((agent, day), ()), f"{say('paid', case.language)} {hours}"]
        event.add("description", "\n".join(lines))
        yield event


def _leave(case: Case, agent: int) -> Iterator[Event]:
    """Yield an all-day event for each run of leave days of one kind."""
    for first, last, kind in _leave_runs(case, agent):
        event = _event(case, agent, f"leave-{first}")
        word = capital(say_if_known(kind, case.language))
        event.add("summary", one_line(f"{say('leave', case.language)}: {word}"))
        event.add("dtstart", first)
        event.add("dtend", last + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        yield event


def _leave_runs(case: Case, agent: int) -> Iterator[tuple[date, date, str]]:
    first = 0
    kinds = [case.leave_kinds.get((agent, day)) for day in range(case.days)]
    for day in range(1, case.days + 1):
        if day == case.days or kinds[day] != kinds[first]:
            kind = kinds[first]
            if kind is not None:
                yield case.clock.date(first), case.clock.date(day - 1), kind
            first = day


def _event(case: Case, agent: int, what: str) -> Event:
    """Return an event with a UID that depends on case, person and date alone."""
    key = "\n".join([case.name, case.agents[agent].id, what])
    event = Event()
    event.add("uid", f"{sha256(key.encode()).hexdigest()[:32]}@rosterwright")
    event.add("dtstamp", _instant(case, 0))
    return event


def _instant(case: Case, minute: int) -> datetime:
    return case.clock.local(minute).astimezone(UTC)


def _breaks(roster: Roster) -> dict[tuple[int, int], list[str]]:
    """Return what lies in each shift beside the phone, a line each, in order."""
    case = roster.case

    def line(start: int, end: int, kind: str) -> str:
        begin, finish = (f"{case.clock.local(at):%H:%M}" for at in (start, end))
        return f"{capital(say_if_known(kind, case.language))} {begin}–{finish}"

    away = roster.duties.by_shift() if roster.duties else {}
    return {
        shift: [line(*one) for one in stretches] for shift, stretches in away.items()
    }
