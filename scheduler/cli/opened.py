"""A case with its desk open: who does it, when, in which ledger, and what it says."""

import getpass
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from constraints.rule import Text
from scheduler.cli.commands import BROKEN, Options, roster_of
from scheduler.cli.show import say, wrapped
from scheduler.desk import office, versions
from scheduler.desk.desk import Desk
from scheduler.desk.ledger import Ledger, address_of, opened
from scheduler.desk.sheet import Cell, Place
from scheduler.files.carry import Left
from scheduler.files.read import Plan
from scheduler.files.settings import FIRST, LAST
from scheduler.files.tables import DAY_OFF
from scheduler.files.write import json_text

SHOWN = 20  # shifts that differ, before it says how many more
Changed = tuple[Cell | None, Cell | None]
FORM = "AGENT:DATE, such as A12:2026-03-09"


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
        if not FIRST.year <= found.year < LAST.year:
            words = f"Expected --now from {FIRST.year} to {LAST.year}, got {self.now}."
            raise typer.BadParameter(words)
        return found.replace(tzinfo=zone) if found.tzinfo is None else found


def place_of(text: str) -> tuple[str, date]:
    """Return person and date; BadParameter where it is none."""
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
        case, left = self.plan.case, self.plan.desk
        file = self.plan.out / "roster.csv"
        published = versions.latest(self.ledger, case.clock.first_day)
        draft = None
        if published is None and file.is_file():
            draft = roster_of(file, self.plan, self.path)
        return office.desk_of(
            self.ledger,
            case,
            self.plan.settings.desk,
            self.now,
            draft=draft,
            left=Left() if left.mark == self.ledger.mark else left,
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


def address(plan: Plan) -> str:
    """Return where the ledger of a case is; a file is meant from its folder on."""
    given, start = plan.settings.desk.ledger, "sqlite:///"
    if not given:
        return address_of(plan.desk_file.resolve())
    if not given.startswith(start):
        return given
    return start + str(plan.folder.resolve() / given[len(start) :])


def informed(plan: Plan) -> Plan:
    """Return a plan with the leave and the history that its ledger knows."""
    with opened(address(plan), site=plan.settings.desk.site) as ledger:
        return replace(plan, case=versions.informed(ledger, plan.case))


@contextmanager
def opened_desk(path: Path, told: Told, *, writing: bool = False) -> Iterator[OpenDesk]:
    """Open the ledger of a case; what the desk refuses is said, with exit code 6."""
    plan = told.options.plan(path)
    try:
        site = plan.settings.desk.site
        with opened(address(plan), writing=writing, site=site) as ledger:
            yield OpenDesk(plan, told, ledger, path)
    except versions.RefusedError as error:
        lang = plan.case.language
        lines = [*wrapped(say(error.text, lang)), *changed(error.changes, lang)]
        sys.stderr.writelines(f"{line}\n" for line in lines)
        if told.options.as_json:
            both = {"en": error.text.en, "zh": error.text.zh}
            sys.stdout.write(json_text({"refused": both}))
        raise typer.Exit(BROKEN) from None


def changed(changes: Mapping[Place, Changed], lang: str) -> Iterator[str]:
    """Yield a line for each shift that differs, up to a number."""
    for (id, on), (was, becomes) in list(changes.items())[:SHOWN]:
        one, other = code_of(was), code_of(becomes)
        words = f"{one} -> {other}" if one != other else f"{one} (breaks)"
        yield f"  {on}  {id:<10} {words}"
    if len(changes) > SHOWN:
        more = len(changes) - SHOWN
        yield say(Text(f"  and {more} more", f"  另有 {more} 处"), lang)


def code_of(cell: Cell | None) -> str:
    """Return the code of a cell's shift."""
    return DAY_OFF if cell is None else cell.shift
