"""What pydantic finds wrong with a TOML file, told key by key with its line."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from forecasts.table import Problems, nearest
from scheduler.files.toml import Key, Settings, dotted


def include_faults(
    problems: Problems, error: ValidationError, model: type[BaseModel], file: Settings
) -> None:
    """Add a problem for each fault, in the order of the file.

    Parameters
    ----------
    problems
        Where they go.
    error
        What validating the file against the model raised.
    model
        Its fields' descriptions say what is expected of each key.
    file
        The settings that were read.

    Examples
    --------
    >>> from pydantic import ConfigDict, Field
    >>> from scheduler.files.toml import parse_settings
    >>> class Told(BaseModel):
    ...     model_config = ConfigDict(extra="forbid")
    ...     seconds: float = Field(gt=0, description="seconds above 0")
    >>> file = parse_settings("second = 5", "plan.toml")
    >>> problems = Problems()
    >>> try:
    ...     Told.model_validate(file.values)
    ... except ValidationError as error:
    ...     include_faults(problems, error, Told, file)
    >>> problems.raise_if_any()
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: plan.toml: column "seconds": found "no such key",
    expected seconds above 0. Add seconds; it has no default.
    plan.toml:1: column "second": found "second", expected a key of plan.toml. Did you
    mean "seconds"?
    """
    faults = [_explained(fault, model, file.file) for fault in error.errors()]
    for fault in sorted(faults, key=lambda each: file.line(each[0]) or 0):
        refuse(problems, file, *fault)


def refuse(
    problems: Problems,
    file: Settings,
    key: Key,
    found: object,
    expected: str,
    remedy: str,
) -> None:
    """Record a problem of one key; tables of a list are told from 1."""
    if not isinstance(file.values.get(key[0] if key else ""), list):
        key = tuple(part for part in key if not part.isdigit())  # one value for all
    told = tuple(str(int(part) + 1) if part.isdigit() else part for part in key)
    problems.add(
        file=file.file,
        line=file.line(key),
        column=dotted(told) if told else None,
        found=str(found),
        expected=expected,
        remedy=remedy,
    )


def _explained(
    fault: Any, model: type[BaseModel], file: str
) -> tuple[Key, object, str, str]:
    """Return key, found, expected and remedy of a fault."""
    key = tuple(map(str, fault["loc"]))
    table, place, name = _place(model, file, key)
    if fault["type"] == "extra_forbidden":
        near = nearest(key[-1], table.model_fields)
        known = f"Known are {', '.join(table.model_fields)}."
        hint = f'Did you mean "{near}"?' if near else known
        return key, key[-1], f"a key of {place}", hint
    wanted = table.model_fields[name].description or "another value"
    if fault["type"] == "missing":
        return key, "no such key", wanted, f"Add {name}; it has no default."
    found = fault["input"]
    shown = type(found).__name__ if isinstance(found, dict | list) else found
    named = {"dict": "a table", "list": "a list"}
    return key, named.get(str(shown), shown), wanted, "Correct it."


def _place(
    model: type[BaseModel], file: str, key: Key
) -> tuple[type[BaseModel], str, str]:
    """Return the table a key belongs to, what to call it, and the key's name there."""
    table, place, name = model, file, key[0]
    for number, part in enumerate(key):
        name = part if part in table.model_fields else name
        field = table.model_fields.get(part)
        below = _below(field.annotation) if field else None
        if below is None or all(more.isdigit() for more in key[number + 1 :]):
            continue
        several = get_origin(field.annotation if field else None) is list
        table, place = below, f"[[{part}]]" if several else f"[{part}]"
    return table, place, name


def _below(annotation: Any) -> type[BaseModel] | None:
    """Return the model within an annotation such as ``list[Contract]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = (_below(part) for part in get_args(annotation))
    return next((part for part in parts if part is not None), None)
