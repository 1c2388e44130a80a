"""Read the plan of a batch: which cases, under which scenarios, from which seeds."""

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from forecasts.table import Problems
from scheduler.files.faults import include_faults, refuse
from scheduler.files.scenario import AS_IT_IS, Scenario, scenarios_of
from scheduler.files.toml import Settings, read_settings

MOST = 100_000  # jobs of one batch
PATTERN = "*?["


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """What a batch is to solve: every case under every scenario from every seed.

    Attributes
    ----------
    path
        The file.
    cases
        Folder or workbook of each case, by a name of its own.
    scenarios
        The case as it is among them, where that is asked for.
    seeds
        Random seeds.
    seconds
        For each solve; None leaves it to the case.
    deterministic
        Whether seconds count work, so that a job gives the same roster every time.
    workers
        Processes of each solve.
    reports
        Whether workbook, page and calendars are written too.
    """

    path: Path
    cases: dict[str, Path]
    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    seconds: float | None
    deterministic: bool
    workers: int
    reports: bool

    @property
    def out(self) -> Path:
        """Where results go unless said otherwise: beside the file, under its name."""
        return self.path.parent / f"{self.path.stem}-out"


def read_batch(path: Path | str) -> BatchPlan:
    """Read the plan of a batch.

    Parameters
    ----------
    path
        A TOML file. ``cases`` is a list of folders and workbooks, from where the file
        is, with ``*`` for many: of what that finds, only cases count. Then keys as in
        `BatchPlan`, and scenarios as `read_scenarios` has them.

    Raises
    ------
    InputError
        One problem for each key that is wrong, with its line. A case that is missing or
        broken is none: it will fail alone.
    """
    path = Path(path)
    settings = read_settings(path)
    problems, told = Problems(), None
    keys = {k: v for k, v in settings.values.items() if k != "scenario"}
    try:
        told = _Batch.model_validate(keys, strict=True)
    except ValidationError as error:
        include_faults(problems, error, _Batch, settings)
    known = [*_Batch.model_fields, *keys]  # a strange key has been told of
    scenarios = problems.attempt(lambda: scenarios_of(settings, known)) or ()
    cases = {} if told is None else _cases(told, path.parent, settings, problems)
    problems.raise_if_any()
    assert told is not None
    if told.as_it_is or not scenarios:
        scenarios = (AS_IT_IS, *scenarios)
    _check(len(cases) * len(told.seeds), scenarios, settings)
    return BatchPlan(
        path=path,
        cases=cases,
        scenarios=scenarios,
        seeds=tuple(dict.fromkeys(told.seeds)),
        seconds=told.seconds,
        deterministic=told.deterministic,
        workers=told.workers,
        reports=told.reports,
    )


def _listed(value: object) -> object:
    """Read one text or number as a list of one."""
    return value if isinstance(value, list) else [value]


class _Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cases: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        Field(min_length=1),
        BeforeValidator(_listed),
    ] = Field(description='a list of case folders, such as ["centres/*"]')
    seeds: Annotated[
        list[Annotated[int, Field(ge=0, le=2**31 - 1)]],
        Field(min_length=1),
        BeforeValidator(_listed),
    ] = Field(default=[1], description="a list of whole numbers, 0 or more")
    seconds: Annotated[float, Field(gt=0, le=604_800)] | None = Field(
        default=None, description="seconds above 0, up to 604800"
    )
    deterministic: bool = Field(default=False, description="true or false")
    workers: int = Field(
        default=1, ge=1, le=64, description="a whole number from 1 to 64"
    )
    reports: bool = Field(default=True, description="true or false")
    as_it_is: bool = Field(default=True, description="true or false")


# -- cases by name --------------------------------------------------------------------


def _cases(
    told: _Batch, base: Path, settings: Settings, problems: Problems
) -> dict[str, Path]:
    """Return the cases, each once, by names as short as can be."""
    found: list[Path] = []
    for number, pattern in enumerate(told.cases):
        try:
            there = list(_matching(base, pattern))
        except ValueError:  # no pattern at all, such as "a**"
            there = []
        if not there:
            refuse(
                problems,
                settings,
                ("cases",),
                pattern,
                "a pattern that some case matches",
                f"Correct entry {number + 1} of cases.",
            )
        found += there
    return _named(list(dict.fromkeys(found)))


def _matching(base: Path, pattern: str) -> Iterator[Path]:
    """Yield what a pattern finds, as far as it is a case; a plain path as it is."""
    plain = not any(character in pattern for character in PATTERN)
    if plain or (base / pattern).exists():
        yield Path(os.path.normpath(base / pattern))
        return
    parts = Path(pattern).parts
    fixed = next(n for n, part in enumerate(parts) if set(part) & set(PATTERN))
    start = base.joinpath(*parts[:fixed])
    for path in sorted(start.glob(str(Path(*parts[fixed:])))):
        if _is_case(path) or _is_book(path):
            yield Path(os.path.normpath(path))


def _is_case(folder: Path) -> bool:
    names = ("case.toml", "case.xlsx", "agents.csv", "shifts.csv")
    return any((folder / name).is_file() for name in names)


def _is_book(path: Path) -> bool:
    """Whether a file is a workbook that may hold a case: it has a sheet of that name.

    One that cannot be read may be, too, and will say so when it is solved.
    """
    if path.suffix.lower() != ".xlsx" or path.name.startswith("~$"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return b'name="case"' in archive.read("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError, OSError):
        return path.is_file()


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Return paths by as many of their last parts as tell them apart.

    Examples
    --------
    >>> list(_named([Path("/a/north/march"), Path("/a/south/march"), Path("/a/x")]))
    ['north/march', 'south/march', 'a/x']
    >>> list(_named([Path("/a/north/case.xlsx"), Path("/a/south/plan.xlsx")]))
    ['north', 'plan']
    >>> list(_named([Path("/a/east"), Path("/a/east.xlsx")]))
    ['east', 'east.xlsx']
    """
    kept = [path.absolute() for path in paths]
    kept = [path.parent if path.name == "case.xlsx" else path for path in kept]
    bare = [path.with_suffix("") if path.suffix == ".xlsx" else path for path in kept]
    parts = [path.parts for path in (kept if len(set(bare)) < len(bare) else bare)]
    for length in range(1, max(map(len, parts), default=0) + 1):
        names = ["/".join(part[-length:]).lstrip("/") for part in parts]
        if len({name.casefold() for name in names}) == len(names):
            return dict(zip(names, paths, strict=True))
    return {str(path): path for path in paths}


def _check(count: int, scenarios: Sequence[Scenario], settings: Settings) -> None:
    """Refuse what cannot be told apart, or is more than anybody means."""
    problems = Problems()
    names = [scenario.name for scenario in scenarios]
    for number, name in enumerate(names):
        if name in names[:number]:
            refuse(
                problems,
                settings,
                ("scenario",),
                name,
                "a name of its own for each scenario",
                "Rename it: the case without edits has that name.",
            )
    if count * len(scenarios) > MOST:
        refuse(
            problems,
            settings,
            ("cases",),
            f"{count * len(scenarios):,} jobs",
            f"at most {MOST:,}",
            "Split the plan.",
        )
    problems.raise_if_any()
