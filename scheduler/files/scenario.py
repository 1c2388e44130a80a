"""Scenario: named edits of a case, told as a planner would make them in its files."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from forecasts.problems import InputError
from forecasts.table import Problems, nearest
from scheduler.files.tables import COLUMNS
from scheduler.files.toml import Key, Settings, dotted, read_settings

KEYS: dict[str, Key] = {
    "agents": ("agent",),
    "shifts": ("shift",),
    "leave": ("agent", "first"),
    "requests": ("agent", "date", "kind"),
    "history": ("agent", "date"),
    "pins": ("agent", "date"),
    "calendar": ("date",),
    "limits": ("agent", "rule", "parameter"),
    "cover": ("date", "shift"),
}
"""Tables that can be edited, and the columns by which a line is known again."""
SETTINGS = ("forecast", "service", "rules", "solve")
"""Tables of case.toml that can be edited; the horizon is that of the case."""


@dataclass(frozen=True)
class Scenario:
    """Named edits of a case; what it does not name stays as it is.

    Attributes
    ----------
    name
        What to call it.
    edits
        As in a file of scenarios: ``volume``, a factor on the calls expected;
        ``absent``, people away sick (``agent``, ``first``, ``last``), whose pins of
        those days give way; ``hire``, people like those there are (``like``, an id,
        ``count``, and columns of agents.csv in which they differ); tables of case.toml
        such as ``rules``; lines of a table such as ``pins``, which change those of the
        same key or are added; ``without``, by table, lines left out, which are those
        that hold all cells given. With a person go all lines about that person; a
        shift left out is offered no more.

    Raises
    ------
    InputError
        One problem for each edit that can be none, whatever the case.

    Examples
    --------
    >>> Scenario("Short rest", {"rules": {"rest.daily": {"hours": 10}}})
    <Scenario Short rest: rules."rest.daily".hours = 10>
    >>> Scenario("Busy", {"volume": 1.1, "hire": [{"like": "A3", "count": 2}]})
    <Scenario Busy: volume = 1.1; hire like A3, count 2>
    >>> Scenario("Typo", {"volum": 1.1})
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: scenario "Typo": column "volum": found "volum",
    expected a part of a scenario. Did you mean "volume"?
    """

    name: str
    edits: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = f'scenario "{self.name}"'
        _check(self.edits, (), Settings(place, {}, {}, typed=True)).raise_if_any()

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"<Scenario {self.name}: {'; '.join(self.told()) or 'as it is'}>"

    def told(self) -> Iterator[str]:
        """Yield what it changes, one edit after the other."""
        for key, value in _flat(self.edits):
            if isinstance(value, list | tuple) and all(
                isinstance(line, Mapping) for line in value
            ):
                yield from (f"{' '.join(key)} {_line_told(line)}" for line in value)
            else:
                yield f"{dotted(key)} = {value}"

    @property
    def settings(self) -> dict[str, Any]:
        """What changes in case.toml, tables within tables."""
        return {name: dict(self.edits.get(name, {})) for name in SETTINGS}

    @property
    def digest(self) -> str:
        """SHA-256 over the edits, whatever they are called."""
        text = json.dumps(self.edits, sort_keys=True, default=str)
        return sha256(text.encode()).hexdigest()


def _line_told(line: Mapping[str, Any]) -> str:
    return ", ".join(f"{column} {value}" for column, value in line.items())


def _flat(values: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield key and value of all edits, however deep."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


# -- a file of scenarios --------------------------------------------------------------


def read_scenarios(path: Path | str) -> tuple[Scenario, ...]:
    """Return the scenarios of a file: tables ``[[scenario]]`` with a name and edits.

    Raises
    ------
    InputError
        One problem for each edit that can be none, with its line.
    """
    return scenarios_of(read_settings(Path(path)))


def scenarios_of(
    settings: Settings, beside: Collection[str] = ()
) -> tuple[Scenario, ...]:
    """Return the scenarios of a file that has been read; raises as above.

    Parameters
    ----------
    settings
        What was read.
    beside
        Keys that stand there for others to read; with them there may be no scenario.

    Examples
    --------
    >>> from scheduler.files.toml import parse_settings
    >>> text = '''[[scenario]]
    ... name = "Busy"
    ... volume = 1.1
    ... [scenario.rules."rest.daily"]
    ... hours = 10
    ... '''
    >>> scenarios_of(parse_settings(text, "scenarios.toml"))
    (<Scenario Busy: volume = 1.1; rules."rest.daily".hours = 10>,)
    """
    given = settings.values.get("scenario", [] if beside else None)
    strange = next((k for k in settings.values if k not in ("scenario", *beside)), None)
    problems = Problems()
    tables = isinstance(given, list) and all(isinstance(one, dict) for one in given)
    if not tables or strange is not None:
        problems.add(
            file=settings.file,
            line=settings.line((strange or "scenario",)),
            found=strange or "no scenario",
            expected="tables [[scenario]], and nothing else",
            remedy='Write [[scenario]] and, below it, name = "..." and the edits.',
        )
        problems.raise_if_any()
    assert isinstance(given, list)
    names: list[str] = []
    for number, table in enumerate(given):
        above = ("scenario", str(number))
        name = table.get("name")
        if not isinstance(name, str) or not name.strip() or name in names:
            problems.add(
                file=settings.file,
                line=settings.line((*above, "name")),
                column="name",
                found=str(name or "no name"),
                expected="a name of its own for each scenario",
                remedy='Write name = "...", each name once.',
            )
        names.append(str(name))
        for problem in _check(_without_name(table), above, settings):
            problems.include(InputError([problem]))
    problems.raise_if_any()
    return tuple(Scenario(table["name"], _without_name(table)) for table in given)


def _without_name(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key != "name"}


# -- what an edit can be --------------------------------------------------------------


STRICT = ConfigDict(extra="forbid")
FACTOR: Any = Field(
    default=1.0, ge=0.01, le=100, strict=True, description="a factor from 0.01 to 100"
)
COUNT: Any = Field(
    default=1, ge=1, le=5000, description="a whole number from 1 to 5000"
)
DAY: Any = Field(description="a date such as 2026-03-02")


def _model(name: str, columns: dict[str, Any]) -> type[BaseModel]:
    return cast(type[BaseModel], create_model(name, __config__=STRICT, **columns))


def _line(table: str, due: Iterable[str] = (), **typed: Any) -> type[BaseModel]:
    """Return the model of a table's line: what is due must be there, all else may."""
    known = [column for columns in COLUMNS.get(table, ()) for column in columns]
    columns = dict.fromkeys(known, (Any, None)) | dict.fromkeys(due, (Any, ...))
    return _model(table, columns | typed)


def _all(lines: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return a field by table: any number of its lines."""
    listed: Any = list
    return {table: (listed[line], []) for table, line in lines.items()}


CHANGED = {table: _line(table, due) for table, due in KEYS.items()} | {
    "absent": _line("absent", ["agent"], first=(date, DAY), last=(date, DAY)),
    "hire": _line("agents", ["like"], count=(int, COUNT)),
}
WITHOUT = {table: _line(table) for table in KEYS}
"""What a line can hold, by table: of lines changed or added, and of those left out."""
_WITHOUT = _model("without", _all(WITHOUT))
_EDITS = _model(
    "edits",
    {"volume": (float, FACTOR), "without": (_WITHOUT, None)}
    | _all(CHANGED)
    | dict.fromkeys(SETTINGS, (dict[str, Any], {})),
)


def _check(edits: Mapping[str, Any], above: Key, settings: Settings) -> Problems:
    """Return a problem for each edit that can be none."""
    problems = Problems()
    try:
        _EDITS.model_validate(edits)
    except ValidationError as error:
        for fault in error.errors():
            key = tuple(map(str, fault["loc"]))
            found, expected, remedy = _explained(fault, key)
            problems.add(
                file=settings.file,
                line=settings.line((*above, *key)),
                column=dotted(key),
                found=str(found),
                expected=expected,
                remedy=remedy,
            )
    return problems


def _explained(fault: Any, key: Key) -> tuple[object, str, str]:
    """Return found, expected and remedy of a fault."""
    if fault["type"] == "extra_forbidden":
        *_, table, _, name = ("", "", *key)
        lines = (WITHOUT if key[0] == "without" else CHANGED).get(table)
        known = list((lines or (_WITHOUT if key[1:] else _EDITS)).model_fields)
        where = f"a column of {table}" if lines else "a part of a scenario"
        near = nearest(name, known)
        hint = f'Did you mean "{near}"?' if near else f"Known are {', '.join(known)}."
        return name, where, hint
    if fault["type"] == "missing":
        return "no such column", f"{key[-1]} in each line", f"Add {key[-1]}."
    described = {"volume": FACTOR, "count": COUNT, "first": DAY, "last": DAY}
    if key[-1] in described:
        return fault["input"], described[key[-1]].description, "Correct it."
    what = "a table" if key[-1] in SETTINGS else "a list of lines in braces"
    return type(fault["input"]).__name__, what, 'Write [{agent = "A3"}], say.'


AS_IT_IS = Scenario("as it is")
"""A case without any edit."""
