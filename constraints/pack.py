"""The rule book: every rule there is, and named packs of parameters."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from constraints.breaks import MealBreak
from constraints.cells import Eligibility, LeaveDay, ShiftOne
from constraints.coverage import (
    CoverageFloor,
    CoverageNeed,
    CoverageRole,
    CoverageShift,
)
from constraints.fairness import FairnessHours, FairnessNights, FairnessWeekends
from constraints.hours import HoursAverage, HoursOvertime, HoursUnder, HoursWeeklyMax
from constraints.leave import LeaveLimit
from constraints.pattern import SixOnOneOff
from constraints.requests import Requests
from constraints.rest import DailyRest, WeeklyRest
from constraints.rule import Rule
from constraints.runs import (
    SequenceForbidden,
    SequenceMinRestRun,
    SequenceMinRun,
)
from constraints.sequence import (
    NightsRest,
    NightsRun,
    SequenceClass,
    SequenceRun,
    StartsStable,
)
from constraints.totals import HoursRange, ShiftsMost, WeekendsMost
from forecasts.problems import InputError, Problem

RULES: tuple[type[Rule], ...] = (
    CoverageNeed,
    CoverageFloor,
    CoverageRole,
    CoverageShift,
    ShiftOne,
    LeaveDay,
    Eligibility,
    HoursAverage,
    HoursUnder,
    HoursOvertime,
    HoursWeeklyMax,
    HoursRange,
    SequenceRun,
    SequenceMinRun,
    SequenceMinRestRun,
    SequenceForbidden,
    SequenceClass,
    SixOnOneOff,
    DailyRest,
    WeeklyRest,
    NightsRun,
    NightsRest,
    ShiftsMost,
    WeekendsMost,
    MealBreak,
    LeaveLimit,
    Requests,
    StartsStable,
    FairnessNights,
    FairnessWeekends,
    FairnessHours,
)
BY_ID = {rule.id: rule for rule in RULES}
PACKS = ("bank", "six-on-one-off", "none")
MOST_PENALTY = 10_000
Locate = Callable[[str], int | None]


@dataclass(frozen=True)
class Pack:
    """A named set of rules with their parameters and the sources they rest on.

    Attributes
    ----------
    name
        Name in case.toml.
    title
        What it stands for, in one line.
    rules
        Parameters by rule id; only these rules are on.
    sources
        Source by rule id, where the pack cites its own.
    """

    name: str
    title: str
    rules: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, str]


def read_pack(name: str) -> Pack:
    """Return a pack shipped with the program.

    Examples
    --------
    >>> read_pack("six-on-one-off").rules["nights.run"]
    {'most_nights': 6}
    """
    if name == "none":
        return Pack(name, "No rule at all", {}, {})
    path = files("constraints").joinpath("packs", f"{name}.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    base = read_pack(table["extends"]) if "extends" in table else read_pack("none")
    rules = {id: dict(parameters) for id, parameters in base.rules.items()}
    sources = dict(base.sources)
    for id, parameters in table["rules"].items():
        if "source" in parameters:
            sources[id] = parameters.pop("source")
        rules.setdefault(id, {}).update(parameters)
    return Pack(name, table["title"], rules, sources)


def read_rules(
    pack: str = "bank",
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    file: str = "case.toml",
    locate: Locate = lambda path: None,
) -> tuple[Rule, ...]:
    """Return the rule book of a pack with a case's own settings merged over it.

    Parameters
    ----------
    pack
        ``bank``, ``six-on-one-off`` or ``none``.
    overrides
        ``[rules."<id>"]`` of case.toml: parameters by rule id. Naming a rule turns it
        on, ``enabled = false`` turns it off, ``penalty`` is a cost or ``"hard"``.
    file, locate
        For messages: the file, and the line of a key such as
        ``rules."sequence.run".most_days``.

    Raises
    ------
    InputError
        One problem for each unknown pack, rule or parameter and each bad value.

    Examples
    --------
    >>> book = read_rules("none", {"sequence.run": {"most_days": 5}})
    >>> book[0].most_days, book[0].penalty
    (5, None)
    """
    report = _Report(file, locate)
    if pack not in PACKS:
        expected = f"one of {', '.join(PACKS)}"
        report.add("rules.pack", pack, expected, _nearest(pack, PACKS))
        report.raise_if_any()
    settings = {id: dict(given) for id, given in read_pack(pack).rules.items()}
    for id, given in (overrides or {}).items():
        if id in BY_ID:
            report.check(BY_ID[id], given)
            settings.setdefault(id, {}).update(given)
        else:
            report.add(f'rules."{id}"', id, "the id of a rule", _nearest(id, BY_ID))
    report.raise_if_any()
    rules = [
        report.build(rule, settings[rule.id])
        for rule in RULES
        if rule.id in settings and settings[rule.id].pop("enabled", True)
    ]
    report.raise_if_any()
    return tuple(rule for rule in rules if rule is not None)


class _Report:
    """Problems of a rule book, collected with the lines of their keys."""

    def __init__(self, file: str, locate: Locate) -> None:
        self.file, self.locate = file, locate
        self.problems: list[Problem] = []

    def add(self, path: str, found: object, expected: str, remedy: str) -> None:
        """Note a problem at a key."""
        self.problems.append(
            Problem(
                file=self.file,
                line=self.locate(path),
                column=path,
                found=str(found),
                expected=expected,
                remedy=remedy,
            )
        )

    def check(self, rule: type[Rule], given: Mapping[str, Any]) -> None:
        """Note each parameter that is not as it must be."""
        for name, value in given.items():
            wrong = _wrong(rule, name, value)
            if wrong:
                self.add(f'rules."{rule.id}".{name}', *wrong)

    def build(self, rule: type[Rule], settings: Mapping[str, Any]) -> Rule | None:
        """Return a rule, or note why its parameters cannot be."""
        try:
            return _build(rule, settings)
        except ValueError as error:
            words = str(error).removeprefix("Expected ").rstrip(".")
            expected, _, found = words.rpartition(", got ")
            self.add(f'rules."{rule.id}"', found.strip('"'), expected, "Correct it.")
            return None

    def raise_if_any(self) -> None:
        """Raise what was noted."""
        if self.problems:
            raise InputError(self.problems)


def _build(rule: type[Rule], settings: Mapping[str, Any]) -> Rule:
    given = dict(settings)
    if given.get("penalty") == "hard":
        given["penalty"] = None
    return rule(**given)


def _wrong(
    rule: type[Rule], name: str, value: object
) -> tuple[object, str, str] | None:
    """Return found, expected and remedy where a parameter is not as it must be."""
    if name == "enabled":
        fine = isinstance(value, bool)
        return None if fine else (value, "true or false", "Write it without quotes.")
    if name == "penalty":
        return _wrong_penalty(rule, value)
    known = rule.parameters()
    if name not in known:
        return name, f"a parameter of {rule.id}", _nearest(name, known)
    kind = next(f.type for f in fields(rule) if f.name == name)
    wanted = _kind_of(str(kind), known[name])
    right = _is_of(value, wanted)
    if not right:
        return value, f"{wanted}", f"The default is {known[name]}."
    return None


def _wrong_penalty(rule: type[Rule], value: object) -> tuple[object, str, str] | None:
    if value == "hard":
        if rule.soft_only:
            return value, "a cost", f"{rule.id} has no hard form."
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and 1 <= int(str(value)) <= MOST_PENALTY:
        return None
    return value, f'a whole number from 1 to {MOST_PENALTY}, or "hard"', "Correct it."


def _kind_of(annotation: str, default: object) -> str:
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, str):
        return "text"
    return (
        "a number of 0 or more"
        if "float" in annotation
        else ("a whole number of 0 or more")
    )


def _is_of(value: object, wanted: str) -> bool:
    if wanted == "true or false" or isinstance(value, bool):
        return isinstance(value, bool) and wanted == "true or false"
    if wanted == "text":
        return isinstance(value, str)
    kinds = (int,) if "whole" in wanted else (int, float)
    return isinstance(value, kinds) and value >= 0 and value < 1e9


def _nearest(name: str, names: Any) -> str:
    close = get_close_matches(str(name), [str(n) for n in names], 1, 0.5)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Known are {', '.join(map(str, names))}."
