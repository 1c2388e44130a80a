"""What case.toml says: every key, its default, and what it must be."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from constraints.pack import BY_ID, read_rules
from constraints.rule import Rule
from forecasts.clock import GRIDS, WEEKDAYS, Clock
from forecasts.hours import ServiceHours
from forecasts.load import LOADS
from forecasts.models import METHODS
from forecasts.requirement import Service
from forecasts.table import Problems, nearest, parse_day
from scheduler.desk.policy import Policy
from scheduler.files.desk import DeskModel
from scheduler.files.toml import Key, Settings, dotted, key_parts

FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)
LONGEST_HORIZON = 366


@dataclass(frozen=True, kw_only=True)
class CaseSettings:
    """The settings of a case, checked.

    Attributes
    ----------
    name, language
        Name of the case; ``zh`` or ``en``.
    clock
        Horizon, interval, time zone and start of the week.
    method, country, quantile, volume
        How to forecast; a country's two letters or nothing; quantile of the load; a
        factor on all calls expected.
    service, hours
        What is promised, and when calls are answered.
    rules
        The rule book in force.
    seconds, seed, workers
        How long to solve (seconds), from which seed, with how many workers (0 = what
        this machine allows).
    desk
        The rule book of swaps, leave and re-planning.
    """

    name: str
    language: str
    clock: Clock
    method: str
    country: str
    quantile: float
    volume: float
    service: Service
    hours: ServiceHours
    pack: str
    rules: tuple[Rule, ...]
    seconds: float
    seed: int
    workers: int
    desk: Policy = field(default_factory=Policy)


# -- every key, its bounds and its default --------------------------------------------


def _as_date(value: object) -> object:
    """Read a date that was written as text or carries an empty time."""
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date()
    try:
        return parse_day(value) if isinstance(value, str) else value
    except ValueError:
        return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class _Horizon(_Table):
    first_day: Annotated[date, BeforeValidator(_as_date)] = Field(
        ge=FIRST, le=LAST, description="a date such as 2026-03-02, from 1970 to 2199"
    )
    days: int = Field(
        default=28,
        ge=1,
        le=LONGEST_HORIZON,
        description=f"a whole number from 1 to {LONGEST_HORIZON}",
    )
    interval_minutes: int = Field(
        default=30,
        description=f"one of {', '.join(map(str, GRIDS[:-1]))} or {GRIDS[-1]}",
    )
    week_start: str = Field(default="mon", description=f"one of {', '.join(WEEKDAYS)}")


class _Forecast(_Table):
    method: str = Field(
        default="auto", description=f"auto or one of {', '.join(METHODS)}"
    )
    country: str = Field(
        default="CN", description="the two letters of a country, or nothing"
    )
    quantile: float = Field(
        default=0.5, gt=0, lt=1, description="a number above 0 and below 1, such as 0.5"
    )
    volume: float = Field(
        default=1.0, ge=0.01, le=100, description="a factor from 0.01 to 100"
    )


class _Service(_Table):
    threshold_seconds: float = Field(
        default=10, ge=0, le=86400, description="seconds from 0 to 86400"
    )
    target: float = Field(
        default=0.90,
        gt=0,
        lt=1,
        description="a share above 0 and below 1, such as 0.90",
    )
    aht_seconds: float = Field(
        default=180, gt=0, le=14400, description="seconds above 0, up to 14400"
    )
    patience_seconds: float | None = Field(
        default=None, gt=0, le=86400, description="seconds above 0, up to 86400"
    )
    max_occupancy: float = Field(
        default=0.90, gt=0, le=1, description="a share above 0, up to 1"
    )
    load: str = Field(default="mol", description=f"one of {', '.join(LOADS)}")
    shrinkage: float = Field(
        default=0.10,
        ge=0,
        lt=1,
        description="a share from 0 up to below 1, such as 0.10",
    )
    floor: int = Field(
        default=2, ge=0, le=10_000, description="a whole number of heads, 0 or more"
    )
    hours: str | dict[str, str] = Field(
        default="00:00-24:00",
        description='spans such as "08:30-17:30", or a table by weekday',
    )


class _Solve(_Table):
    seconds: float = Field(
        default=60, gt=0, le=604_800, description="seconds above 0, up to 604800"
    )
    seed: int = Field(
        default=1, ge=0, lt=2**31, description="a whole number from 0 to 2147483647"
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=256,
        description="a whole number from 0 to 256 (0 = automatic)",
    )


class _Case(_Table):
    schema_: Literal[1] = Field(alias="schema", description="schema = 1")
    name: str = Field(min_length=1, max_length=200, description="a name in quotes")
    time_zone: str = Field(description='a time zone such as "Asia/Shanghai"')
    language: Literal["zh", "en"] = Field(default="en", description='"zh" or "en"')
    horizon: _Horizon = Field(description="a table [horizon]")
    forecast: _Forecast = Field(default_factory=_Forecast, description="a table")
    service: _Service = Field(default_factory=_Service, description="a table")
    solve: _Solve = Field(default_factory=_Solve, description="a table")
    rules: dict[str, Any] = Field(default_factory=dict, description="a table [rules]")
    desk: DeskModel = Field(default_factory=DeskModel, description="a table [desk]")


# -- checking -------------------------------------------------------------------------


def check_settings(settings: Settings) -> CaseSettings:
    """Return the settings of a case.

    Raises
    ------
    InputError
        One problem for each key that is missing, unknown or out of range.

    Examples
    --------
    >>> from scheduler.files.toml import parse_settings
    >>> text = '''schema = 1
    ... name = "small"
    ... time_zone = "Asia/Shanghai"
    ... [horizon]
    ... first_day = 2026-03-02
    ... [service]
    ... target = 1.0
    ... '''
    >>> check_settings(parse_settings(text, "case.toml"))
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: case.toml:7: column "service.target": found "1.0",
    expected a share above 0 and below 1, such as 0.90. The default is 0.9.
    """
    checks = _Checks(settings)
    case = checks.shape()
    if case is not None:
        checks.known_names(case)
    rules = checks.rules()
    hours = checks.hours(case)
    checks.problems.raise_if_any()
    assert case is not None
    horizon, solve, service = case.horizon, case.solve, case.service
    return CaseSettings(
        name=case.name,
        language=case.language,
        clock=Clock(
            horizon.first_day,
            horizon.days,
            horizon.interval_minutes,
            case.time_zone,
            horizon.week_start,
        ),
        method=case.forecast.method,
        country=case.forecast.country,
        quantile=case.forecast.quantile,
        volume=case.forecast.volume,
        service=Service(**service.model_dump(exclude={"hours"})),
        hours=hours,
        pack=str(case.rules.get("pack", "bank")),
        rules=rules,
        seconds=solve.seconds,
        seed=solve.seed,
        workers=solve.workers,
        desk=case.desk.policy(),
    )


class _Checks:
    """Looks at one case.toml from several sides and collects what is wrong."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.problems = Problems()

    def refuse(self, key: Key, found: object, expected: str, remedy: str) -> None:
        """Record a problem of one key."""
        self.problems.add(
            file=self.settings.file,
            line=self.settings.line(key),
            column=dotted(key),
            found=str(found),
            expected=expected,
            remedy=remedy,
        )

    def shape(self) -> _Case | None:
        """Check types and ranges."""
        try:
            return _Case.model_validate(
                self.settings.values, strict=self.settings.typed
            )
        except ValidationError as error:
            seen: set[Key] = set()
            for fault in error.errors():
                key = _place(fault["loc"])
                if key not in seen:
                    self.refuse(key, *_explained(fault, key))
                seen.add(key)
            return None

    def known_names(self, case: _Case) -> None:
        """Check words that must be one of a list."""
        zones = available_timezones()
        for key, word, words in (
            (("time_zone",), case.time_zone, zones),
            (("horizon", "week_start"), case.horizon.week_start, WEEKDAYS),
            (("forecast", "method"), case.forecast.method, ("auto", *METHODS)),
            (("service", "load"), case.service.load, LOADS),
        ):
            if word not in words:
                near = nearest(word, sorted(words))
                hint = f'Did you mean "{near}"?' if near else "Use one of these."
                self.refuse(key, word, _field(key).description or "", hint)
        if case.horizon.interval_minutes not in GRIDS:
            key = ("horizon", "interval_minutes")
            wanted = _field(key).description or ""
            self.refuse(key, case.horizon.interval_minutes, wanted, "Usual is 30.")

    def rules(self) -> tuple[Rule, ...]:
        """Return the rule book, or nothing after recording problems."""
        given = self.settings.values.get("rules", {})
        if not isinstance(given, dict):
            return ()
        tables = {}
        for name, value in given.items():
            if name == "pack":
                continue
            if isinstance(value, dict) and not _nested(name, value):
                tables[name] = value if self.settings.typed else _values(value)
            else:
                self._misplaced_rule(name, value)
        read = self.problems.attempt(
            lambda: read_rules(
                str(given.get("pack", "bank")),
                tables,
                file=self.settings.file,
                locate=lambda path: self.settings.line(key_parts(path)),
            )
        )
        return read or ()

    def _misplaced_rule(self, name: str, value: object) -> None:
        ids = [id for id in BY_ID if id.startswith(name)]
        near = (ids or [nearest(name, BY_ID) or "sequence.run"])[0]
        self.refuse(
            ("rules", name),
            value if not isinstance(value, dict) else name,
            "pack, or a table named by a rule's id in quotes",
            f'Write [rules."{near}"] above its parameters.',
        )

    def hours(self, case: _Case | None) -> ServiceHours:
        """Return the service hours, or the usual ones after recording a problem."""
        hours = "00:00-24:00" if case is None else case.service.hours
        try:
            return ServiceHours.parse(hours)
        except ValueError as error:
            expected, _, found = str(error).removeprefix("Expected ").partition(", got")
            self.refuse(
                _hours_key(hours),
                found.strip(" .").split("'")[1] if "'" in found else found,
                expected,
                'Write spans as "08:30-17:30", joined by ";".',
            )
            return ServiceHours()


def _hours_key(hours: str | dict[str, str]) -> Key:
    """Return the key of the service hours that cannot be read."""
    if isinstance(hours, dict):
        for day, spans in hours.items():
            try:
                ServiceHours.parse({day: spans})
            except ValueError:
                return ("service", "hours", day)
    return ("service", "hours")


def _nested(name: str, value: dict[str, Any]) -> bool:
    """Whether a table holds tables: ``[rules.sequence.run]`` without quotes."""
    return name not in BY_ID and any(isinstance(part, dict) for part in value.values())


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """Return parameters of a workbook with numbers that were typed as text read."""
    return {name: _value(value) for name, value in given.items()}


def _value(value: object) -> object:
    words: dict[object, object] = {"true": True, "false": False}
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


# -- saying what is wrong -------------------------------------------------------------


def _place(location: tuple[int | str, ...]) -> Key:
    """Return the key of a fault; a union's branches and list places are left out."""
    key: list[str] = []
    table: type[BaseModel] | None = _Case
    for part in location:
        if table is None:
            if isinstance(part, str) and key[-1] == "hours" and part in WEEKDAYS:
                key.append(part)
            continue
        key.append(str(part))
        table = _within(table, str(part))
    return tuple(key)


def _within(table: type[BaseModel], name: str) -> type[BaseModel] | None:
    field = _fields(table).get(name)
    kind = field.annotation if field is not None else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _fields(table: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in table.model_fields.items()}


def _field(key: Key) -> Any:
    table: type[BaseModel] | None = _Case
    field = None
    for part in key:
        if table is None:
            break
        field = _fields(table).get(part)
        table = _within(table, part)
    return field


def _explained(fault: Any, key: Key) -> tuple[object, str, str]:
    """Return found, expected and remedy of a fault."""
    if fault["type"] == "extra_forbidden":
        return _unknown(key)
    field = _field(key)
    wanted = field.description or "another value"
    if fault["type"] == "missing":
        return "no such key", wanted, f"Add {key[-1]}; it has no default."
    found = fault["input"]
    remedy = "Correct it."
    if isinstance(field.default, int | float | str) and field.default != "":
        remedy = f"The default is {field.default}."
    if key == ("schema",):
        remedy = "This program reads cases of schema 1 only."
    return ("a table" if isinstance(found, dict) else found), wanted, remedy


def _unknown(key: Key) -> tuple[object, str, str]:
    table: type[BaseModel] = _Case
    for part in key[:-1]:
        table = _within(table, part) or table
    names = list(_fields(table))
    near = nearest(key[-1], names)
    where = f"a key of [{dotted(key[:-1])}]" if key[:-1] else "a key of case.toml"
    known = f"Known are {', '.join(names)}."
    return key[-1], where, f'Did you mean "{near}"?' if near else known
