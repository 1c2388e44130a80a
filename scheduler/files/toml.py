"""Read case.toml, and remember on which line each key stands."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forecasts.problems import InputError, Problem
from forecasts.table import decode, read_bytes

LARGEST_SETTINGS = 1_000_000
KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|$)""")
TABLE = re.compile(r"\s*(\[?)\[([^\[\]]+)\]")

Key = tuple[str, ...]


class Settings:
    r"""A table of settings with the place each key was written.

    The tables of an array have their number for a key, from ``"0"``.

    Attributes
    ----------
    file
        Name to give in messages.
    values
        The settings, tables within tables.
    typed
        Whether values have the type they were written in; cells of a workbook and
        the like are text as often as not.

    Examples
    --------
    >>> settings = parse_settings('[horizon]\ndays = 28\n', "case.toml")
    >>> settings.values["horizon"]["days"], settings.line(("horizon", "days"))
    (28, 2)
    """

    def __init__(
        self, file: str, values: dict[str, Any], lines: dict[Key, int], *, typed: bool
    ) -> None:
        self.file, self.values, self.typed = file, values, typed
        self._lines = lines

    def line(self, key: Key) -> int | None:
        """Return the line of a key, or of the nearest table around it."""
        while key:
            if key in self._lines:
                return self._lines[key]
            key = key[:-1]
        return None

    def under(self, edits: Mapping[str, Any], name: str) -> "Settings":
        r"""Return the settings with some laid over them, called by a name.

        Examples
        --------
        >>> settings = parse_settings('[horizon]\ndays = 28\n', "case.toml")
        >>> settings.under({"horizon": {"days": 7}}, "a week").values
        {'horizon': {'days': 7}}
        """
        file = f'{self.file} under "{name}"'
        return Settings(file, merged(self.values, edits), self._lines, typed=self.typed)


def merged(values: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables within tables with others laid over them."""
    both = dict(values)
    for name, value in edits.items():
        below = both.get(name)
        if isinstance(value, Mapping):
            both[name] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            both[name] = value
    return both


def read_settings(path: Path) -> Settings:
    """Read case.toml.

    Raises
    ------
    InputError
        Where the file is missing, too large, not text or not TOML.
    """
    raw = read_bytes(path, path.name)
    if len(raw) > LARGEST_SETTINGS:
        raise InputError(
            [
                Problem(
                    file=path.name,
                    found=f"{len(raw) / 1e6:,.0f} MB",
                    expected="settings of less than 1 MB",
                    remedy="Keep tables in their own CSV files.",
                )
            ]
        )
    return parse_settings(decode(raw, path.name)[0], path.name)


def parse_settings(text: str, file: str) -> Settings:
    """Return the settings a text holds.

    Raises
    ------
    InputError
        With the line that is not TOML.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason, _, place = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", place)
        number = int(line[1]) if line else text.count("\n") + 1
        rows = text.split("\n")
        found = rows[number - 1].strip() if number <= len(rows) else ""
        raise InputError(
            [
                Problem(
                    file=file,
                    line=number,
                    found=found or "the end of the file",
                    expected=f"TOML: {reason[:1].lower()}{reason[1:].rstrip('.')}",
                    remedy="Write key = value; put text in double quotes.",
                )
            ]
        ) from None
    return Settings(file, values, _lines_of(text), typed=True)


def _lines_of(text: str) -> dict[Key, int]:
    """Return the line of every table and key."""
    lines: dict[Key, int] = {}
    table: Key = ()
    arrays: Counter[Key] = Counter()
    for number, line in enumerate(text.split("\n"), start=1):
        if header := TABLE.match(line):
            table = key_parts(header[2])
            arrays[table] += bool(header[1])
            for length in range(len(table), 0, -1):
                if arrays[table[:length]]:
                    place = str(arrays[table[:length]] - 1)
                    table = (*table[:length], place, *table[length:])
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], number)
            continue
        key = key_parts(line) if "=" in line else ()
        if key:
            lines.setdefault(table + key, number)
    return lines


def key_parts(text: str) -> Key:
    """Return the parts of a dotted key; what follows ``=`` is left aside.

    Examples
    --------
    >>> key_parts('rules."sequence.run".most_days = 6')
    ('rules', 'sequence.run', 'most_days')
    """
    parts: list[str] = []
    place = 0
    while found := KEY.match(text, place):
        parts.append(next(part for part in found.groups()[:3] if part is not None))
        place = found.end()
        if found[4] != ".":
            return tuple(parts)
    return ()


def dotted(key: Key) -> str:
    """Return a key as it is written, parts with a dot in quotes.

    Examples
    --------
    >>> dotted(("rules", "sequence.run", "most_days"))
    'rules."sequence.run".most_days'
    """
    return ".".join(f'"{part}"' if "." in part else part for part in key)
