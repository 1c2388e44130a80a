"""Read a table as a planner exports it: any encoding in use, every cell kept as text.

Nothing is guessed from a cell's looks: ``00123``, ``NA`` and ``1e5`` stay what they
are until a column's reader says what it expects.
"""

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from forecasts.problems import InputError, Problem

LARGEST_FILE = 400_000_000
"""Bytes a table may have; above that it is refused rather than filling the memory."""

DELIMITERS = (",", ";", "\t", "\uff0c")
MARKS = (
    (b"\xef\xbb\xbf", "UTF-8 with byte order mark", "utf-8"),
    (b"\xff\xfe", "UTF-16 LE", "utf-16-le"),
    (b"\xfe\xff", "UTF-16 BE", "utf-16-be"),
)
OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or zip archive", "Save the sheet as CSV UTF-8."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Excel file", "Save it as CSV UTF-8."),
    (b"%PDF", "a PDF document", "Export the table as CSV UTF-8."),
)
PAGES = (b"<html", b"<!doctype", b"<table", b"<?xml")
HEADER_SOUGHT = 10
MIXED = 0.2

T = TypeVar("T")


class Row(NamedTuple):
    """One line of a table.

    Attributes
    ----------
    line
        Physical line it begins on, the header being line 1.
    cells
        Text of each known column, trimmed; columns the file lacks are absent.
    """

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table of text with the lines it came from.

    Attributes
    ----------
    file
        Name to give in messages.
    encoding
        How the bytes were read; empty for a workbook sheet.
    columns
        Known columns present, in file order.
    rows
        Lines that are not wholly empty.
    warnings
        What was ignored, one sentence each.
    """

    file: str
    encoding: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"<Table {self.file}: {len(self.rows):,} rows of {len(self.columns)}>"


class Problems:
    """Collects what is wrong in all files before anything is refused.

    Examples
    --------
    >>> problems = Problems()
    >>> problems.add(file="pins.csv", line=3, column="shift", found="X",
    ...              expected="a code of shifts.csv", remedy="Correct the code.")
    >>> len(problems)
    1
    >>> problems.raise_if_any()
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: pins.csv:3: column "shift": found "X", expected
    a code of shifts.csv. Correct the code.
    """

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(
        self,
        *,
        file: str,
        found: str,
        expected: str,
        remedy: str,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        """Record one problem."""
        self._found.append(
            Problem(
                file=file,
                line=line,
                column=column,
                found=found,
                expected=expected,
                remedy=remedy,
            )
        )

    def include(self, error: InputError) -> None:
        """Record all problems of an error."""
        self._found.extend(error.problems)

    def attempt(self, read: Callable[[], T]) -> T | None:
        """Return what ``read()`` returns, or record its problems and return None."""
        try:
            return read()
        except InputError as error:
            self.include(error)
            return None

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def raise_if_any(self) -> None:
        """Raise one `InputError` with all problems, each file's in line order."""
        if self._found:
            files = {problem.file: None for problem in self._found}
            order = {file: place for place, file in enumerate(files)}
            raise InputError(
                sorted(self._found, key=lambda p: (order[p.file], p.line or 0))
            )


def read_table(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str] = (),
    *,
    file: str | None = None,
    needs_rows: bool = True,
) -> Table:
    r"""Read a CSV file.

    Parameters
    ----------
    path
        The file. Separated by comma, semicolon, tab or full-width comma, whichever
        the header uses. UTF-8 or UTF-16 where a byte order mark says so, else
        UTF-8, else GB18030.
    required, optional
        Columns that must and may be there, spelt exactly.
    file
        Name to give in messages; the file's name where left out.
    needs_rows
        Whether a header alone is a problem.

    Raises
    ------
    InputError
        With every problem of the file's structure.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "leave.csv")
    >>> _ = path.write_text("agent;first\n00123;2026-03-02\n", encoding="utf-8")
    >>> read_table(path, ["agent", "first"], ["status"]).rows
    (Row(line=2, cells={'agent': '00123', 'first': '2026-03-02'}),)
    >>> folder.cleanup()
    """
    name = file or path.name
    text, encoding = decode(read_bytes(path, name), name)
    delimiter = _delimiter(text, (*required, *optional))
    lines = _lines(text, delimiter, name)
    header = next((line for line in lines if any(map(str.strip, line[1]))), None)
    if header is None:
        raise _one(
            file=name,
            found="blank lines only",
            expected="a header and at least one line",
            remedy="Export the table again.",
        )
    return table_from_rows(
        name,
        header[1],
        lines,
        required,
        optional,
        encoding=encoding,
        header_line=header[0],
        needs_rows=needs_rows,
    )


def table_from_rows(
    file: str,
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[str]]],
    required: Sequence[str],
    optional: Sequence[str] = (),
    *,
    encoding: str = "",
    header_line: int = 1,
    needs_rows: bool = True,
) -> Table:
    """Check lines of text against the columns wanted.

    Parameters
    ----------
    file
        Name to give in messages, such as ``case.xlsx!agents``.
    header
        Names of the columns.
    rows
        Line number and cells of each line below the header.
    required, optional, needs_rows
        As for `read_table`.
    encoding
        To report on the table.
    header_line
        Line the header stands on.

    Examples
    --------
    >>> table_from_rows("case.xlsx!pins", ["agent", "extra"], [(2, ["A1", "x"])],
    ...                 ["agent"]).warnings
    ('case.xlsx!pins:1: column "extra" is not known and is ignored.',)
    """
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    rows = iter(rows)
    ahead = list(islice(rows, HEADER_SOUGHT))
    _check_header(file, header_line, names, required, (*required, *optional), ahead)
    problems = Problems()
    kept = tuple(_kept(file, names, (*required, *optional), (ahead, rows), problems))
    if needs_rows and not kept and not problems:
        problems.add(
            file=file,
            line=header_line,
            found="a header and nothing below it",
            expected="at least one line",
            remedy="Fill the table in, or export it again.",
        )
    problems.raise_if_any()
    known = {*required, *optional}
    return Table(
        file=file,
        encoding=encoding,
        columns=tuple(name for name in names if name in known),
        rows=kept,
        warnings=tuple(
            f'{file}:{header_line}: column "{name}" is not known and is ignored.'
            + _did_you_mean(name, known - set(names))
            for name in names
            if name not in known
        ),
    )


def _kept(
    file: str,
    names: Sequence[str],
    known: Sequence[str],
    parts: Iterable[Iterable[tuple[int, Sequence[str]]]],
    problems: Problems,
) -> Iterator[Row]:
    width = len(names)
    ignored = set(names) - set(known)
    try:
        for line, raw in (numbered for part in parts for numbered in part):
            cells = list(map(str.strip, raw))
            if not any(cells):
                continue
            if len(cells) < width or any(cells[width:]):
                problems.add(
                    file=file,
                    line=line,
                    found=f"{len(cells)} cells",
                    expected=f"{width} cells, as the header has",
                    remedy="Put a cell that holds the separator in double quotes.",
                )
                continue
            row = Row(line, dict(zip(names, cells, strict=False)))
            for name in ignored:
                del row.cells[name]
            yield row
    except InputError as error:
        problems.include(error)


def _check_header(
    file: str,
    line: int,
    names: Sequence[str],
    required: Sequence[str],
    known: Sequence[str],
    ahead: Sequence[tuple[int, Sequence[str]]],
) -> None:
    problems = Problems()
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(
            file=file,
            line=line,
            column=name,
            found=f"{names.count(name)} such columns" if name else "no name",
            expected="every column to be named once",
            remedy="Rename or remove the column.",
        )
    missing = [name for name in required if name not in names]
    lower = next((n for n, cells in ahead if _is_header(cells, required)), None)
    for name in missing:
        spare = {other: None for other in names if other not in known}
        near = _nearest(name, spare)
        remedy = f'Add the column, or rename the one meant to "{name}".'
        if near:
            remedy = f'Did you mean "{near}"? Rename it to "{name}".'
        if lower is not None:
            remedy = f"Line {lower} looks like the header: remove the lines above it."
        problems.add(
            file=file,
            line=line,
            column=name,
            found=near or f"no such column among {', '.join(names)}",
            expected=f'a column "{name}"',
            remedy=remedy,
        )
    problems.raise_if_any()


def _is_header(cells: Sequence[str], required: Sequence[str]) -> bool:
    return bool(required) and set(required) <= {cell.strip() for cell in cells}


def _nearest(word: str, among: Iterable[str]) -> str | None:
    """Return the entry of ``among`` most like ``word``, upper or lower case."""
    folded = {entry.casefold(): entry for entry in among}
    near = difflib.get_close_matches(word.casefold(), folded, 1, 0.6)
    return folded[near[0]] if near else None


def _did_you_mean(word: str, among: Iterable[str]) -> str:
    near = _nearest(word, sorted(among))
    return f' Did you mean "{near}"?' if near else ""


def _one(**fields: str | int | None) -> InputError:
    problems = Problems()
    problems.add(**fields)  # type: ignore[arg-type]
    return InputError(list(problems))


# -- from bytes to lines ------------------------------------------------------------


def read_bytes(path: Path, file: str) -> bytes:
    """Return the bytes of a file that can be a table.

    Raises
    ------
    InputError
        The file is not there, is empty, is too large or is no text table.
    """
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= LARGEST_FILE else b""
    except FileNotFoundError:
        raise _one(
            file=file,
            found="no such file",
            expected="a table",
            remedy="Put the file into the folder.",
        ) from None
    if size > LARGEST_FILE:
        raise _one(
            file=file,
            found=f"{size / 1e6:,.0f} MB",
            expected=f"at most {LARGEST_FILE / 1e6:,.0f} MB",
            remedy="Split the file, or leave out the oldest lines.",
        )
    if not raw:
        raise _one(
            file=file,
            found="an empty file",
            expected="a header and at least one line",
            remedy="Export the table again.",
        )
    kind = _other_kind(raw)
    if kind is not None:
        raise _one(file=file, found=kind[0], expected="a CSV table", remedy=kind[1])
    return raw


def _other_kind(raw: bytes) -> tuple[str, str] | None:
    for start, kind, remedy in OTHER_KINDS:
        if raw.startswith(start):
            return kind, remedy
    if raw[:200].lstrip().lower().startswith(PAGES):
        return "a web page", "Save the table as CSV UTF-8."
    return None


def decode(raw: bytes, file: str) -> tuple[str, str]:
    r"""Return the text of a table and the encoding it was in.

    A byte order mark is believed. Without one UTF-8 is tried before GB18030, since
    most UTF-8 text is valid, and meaningless, GB18030 too.

    Raises
    ------
    InputError
        Naming the line and the byte that does not fit.

    Examples
    --------
    >>> decode("agent,name\nA1,张伟\n".encode("gbk"), "agents.csv")
    ('agent,name\nA1,张伟\n', 'GB18030')
    """
    for mark, name, codec in MARKS:
        if raw.startswith(mark):
            text = _decoded(raw, codec, file, f"{name.split()[0]}, as its mark says")
            return _without_nul(text[1:], file), name
    try:
        return _without_nul(raw.decode("utf-8"), file), "UTF-8"
    except UnicodeDecodeError as error:
        if _mostly_utf8(raw):
            raise _bad_bytes(raw, "utf-8", error, file, "UTF-8 throughout") from None
    text = _decoded(raw, "gb18030", file, "UTF-8 or GB18030")
    return _without_nul(text, file), "GB18030"


def _decoded(raw: bytes, codec: str, file: str, expected: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise _bad_bytes(raw, codec, error, file, expected) from None


def _bad_bytes(
    raw: bytes, codec: str, error: UnicodeDecodeError, file: str, expected: str
) -> InputError:
    before = raw[: error.start].decode(codec, "replace")
    shown = raw[error.start : error.start + 4].hex(" ").upper()
    return _one(
        file=file,
        line=_line_at(before, len(before)),
        found=f"bytes {shown} at byte {error.start}",
        expected=expected,
        remedy="Save the file again as CSV UTF-8.",
    )


def _mostly_utf8(raw: bytes) -> bool:
    """Say whether enough lines read as Chinese UTF-8 to rule GB18030 out."""
    foreign = [line for line in raw.splitlines() if not line.isascii()]
    good = sum(1 for line in foreign if _is_wide_utf8(line))
    return good > 0 and good >= MIXED * len(foreign)


def _is_wide_utf8(line: bytes) -> bool:
    try:
        return max(line.decode("utf-8")) >= "\u0800"
    except UnicodeDecodeError:
        return False


def _without_nul(text: str, file: str) -> str:
    place = text.find("\0")
    if place < 0:
        return text
    many = text.count("\0") > len(text) // 4
    raise _one(
        file=file,
        line=_line_at(text, place),
        found="a NUL byte",
        expected="text",
        remedy="It looks like UTF-16 without its mark: save it as CSV UTF-8."
        if many
        else "The file is damaged: export it again.",
    )


def _line_at(text: str, place: int) -> int:
    before = text[:place].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1


def _delimiter(text: str, known: Sequence[str]) -> str:
    """Return the separator that makes the most known columns of the header."""
    start = text.lstrip("\r\n \u00a0")
    first = start[: 1 + max(0, len(start.partition("\n")[0].partition("\r")[0]))]

    def fit(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"').strip() for cell in first.split(delimiter)]
        return len(set(cells) & set(known)), len(cells)

    return max(DELIMITERS, key=fit)


def _lines(text: str, delimiter: str, file: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the physical line each record begins on, and its cells."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=delimiter != "\t",
        strict=True,
    )
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _one(
            file=file,
            line=line,
            found=str(error),
            expected="cells of less than 131,072 characters, quotes closed",
            remedy="Close or double the quotes, or shorten the cell.",
        ) from None


# -- from text to values ------------------------------------------------------------

WIDE = {0xFF10 + digit: 0x30 + digit for digit in range(10)} | {
    0xFF0D: 0x2D,
    0xFF0E: 0x2E,
    0xFF1A: 0x3A,
    0xFF1B: 0x3B,
}
WHOLE = re.compile(r"-?[0-9]{1,15}")
NUMBER = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})")
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::00)?")
STAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?"
    r"(?:([+-])([0-9]{2}):?([0-9]{2}))?"
)
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
DATE_FORM = "a date such as 2026-03-02"
STAMP_FORM = "a local time such as 2026-03-02 08:30"
TIME_FORM = "a time such as 08:30"
TEXT_FORM = "text without control characters"


def parse_whole(text: str, *, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number; raise ValueError with what was expected.

    Spaces around and full-width digits are fine; ``1_000``, ``1,234``, ``1e3`` and
    ``12.0`` are not whole numbers.

    Examples
    --------
    >>> parse_whole(" 12 ")
    12
    >>> parse_whole("-5", least=0)
    Traceback (most recent call last):
    ...
    ValueError: a whole number, 0 or more
    """
    plain = text.strip() if text.isascii() else text.strip().translate(WIDE)
    if not WHOLE.fullmatch(plain) or not _within(value := int(plain), least, most):
        raise ValueError(f"a whole number{_limits(least, most)}")
    return value


def parse_number(
    text: str,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
) -> float:
    """Return a plain decimal number; raise ValueError with what was expected.

    Examples
    --------
    >>> parse_number("182.5", above=0, most=14400)
    182.5
    >>> parse_number("nan")
    Traceback (most recent call last):
    ...
    ValueError: a number
    """
    plain = text.strip() if text.isascii() else text.strip().translate(WIDE)
    if (
        not NUMBER.fullmatch(plain)
        or not _within(value := float(plain), least, most)
        or (above is not None and value <= above)
    ):
        over = "" if above is None else f" above {above:g}"
        raise ValueError(f"a number{over}{_limits(least, most)}")
    return value


def _within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _limits(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least:.15g} to {most:.15g}"
    if least is not None:
        return f", {least:.15g} or more"
    return f", {most:.15g} or less" if most is not None else ""


def parse_day(text: str) -> date:
    """Return an ISO date; raise ValueError with what was expected.

    Examples
    --------
    >>> parse_day("2026-03-02")
    datetime.date(2026, 3, 2)
    """
    match = DATE.fullmatch(text.strip().translate(WIDE))
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError:
        raise ValueError("a date that exists, such as 2026-03-02") from None
    raise ValueError(DATE_FORM)


@lru_cache(maxsize=1 << 16)
def parse_stamp(text: str) -> datetime:
    """Return a local time, with its offset where one is written.

    Raises ValueError with what was expected.

    Examples
    --------
    >>> parse_stamp("2026-03-02 08:30")
    datetime.datetime(2026, 3, 2, 8, 30)
    >>> parse_stamp("2026-03-02T08:30:00+08:00").utcoffset()
    datetime.timedelta(seconds=28800)
    """
    if len(text) == 16 and text[4] == text[7] == "-" and text[10] in " T":
        with suppress(ValueError):
            return datetime.fromisoformat(text)  # the usual form, read quickly
    match = STAMP.fullmatch(text.strip().translate(WIDE))
    if not match:
        raise ValueError(STAMP_FORM)
    try:
        year, month, day, hour, minute, second = (
            int(part or 0) for part in match.groups()[:6]
        )
        offset = _offset(*match.groups()[6:])
        return datetime(year, month, day, hour, minute, second, tzinfo=offset)
    except ValueError:
        raise ValueError("a time that exists, such as 2026-03-02 08:30") from None


def _offset(sign: str | None, hours: str, minutes: str) -> timezone | None:
    if sign is None:
        return None
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-span if sign == "-" else span)


def parse_clock_time(text: str, *, midnight: bool = False) -> int:
    """Return minutes after midnight; raise ValueError with what was expected.

    Parameters
    ----------
    text
        A time such as ``08:30``.
    midnight
        Whether ``24:00`` is allowed, as the end of a span.

    Examples
    --------
    >>> parse_clock_time("08:30"), parse_clock_time("24:00", midnight=True)
    (510, 1440)
    """
    match = TIME.fullmatch(text.strip().translate(WIDE))
    form = TIME_FORM + (", or 24:00" if midnight else ", at most 23:59")
    if not match or int(match[2]) > 59:
        raise ValueError(form)
    minutes = int(match[1]) * 60 + int(match[2])
    if minutes > 1440 or (minutes == 1440 and not midnight):
        raise ValueError(form)
    return minutes


def parse_text(text: str) -> str:
    """Return text fit for an id or a name; raise ValueError otherwise.

    Control characters and marks that turn the direction of writing are refused.

    Examples
    --------
    >>> parse_text("张伟 😀")
    '张伟 😀'
    """
    for character in text:
        if character in DIRECTIONS or unicodedata.category(character) in (
            "Cc",
            "Zl",
            "Zp",
        ):
            raise ValueError(f"{TEXT_FORM} (U+{ord(character):04X} found)")
    return text


def parse_word(text: str, allowed: Iterable[str]) -> str:
    """Return one of the words allowed; raise ValueError naming them.

    Examples
    --------
    >>> parse_word("anual", ["annual", "sick"])
    Traceback (most recent call last):
    ...
    ValueError: one of annual, sick
    """
    words = list(allowed)
    if text in words:
        return text
    listed = ", ".join(words[:12]) + (", ..." if len(words) > 12 else "")
    raise ValueError(f"one of {listed}" if words else "no word, as there is none")


def split_list(text: str) -> tuple[str, ...]:
    """Return the entries of a list cell, separated by ``;``, each once.

    Examples
    --------
    >>> split_list("cards; loans;cards;")
    ('cards', 'loans')
    """
    entries = (entry.strip() for entry in text.replace("\uff1b", ";").split(";"))
    return tuple(dict.fromkeys(entry for entry in entries if entry))


class Cells:
    """Reads the cells of a table, recording a problem for each that does not fit.

    Every method takes a row and a column. It returns None after recording a
    problem. Where the column is absent or the cell empty it returns ``default`` if
    one was passed (None included), and records a problem otherwise.

    Parameters
    ----------
    table
        The table, or the name of its file.
    problems
        Where to record them.

    Examples
    --------
    >>> problems = Problems()
    >>> cells = Cells("calls.csv", problems)
    >>> row = Row(7, {"offered": "-5", "aht_seconds": ""})
    >>> cells.whole(row, "offered", least=0)
    >>> cells.number(row, "aht_seconds", default=180.0)
    180.0
    >>> print(*problems)
    calls.csv:7: column "offered": found "-5", expected a whole number, 0 or more.
    Correct the cell.
    """

    _REQUIRED = object()

    def __init__(self, table: Table | str, problems: Problems) -> None:
        self.file = table if isinstance(table, str) else table.file
        self.problems = problems

    def given(self, row: Row, column: str) -> bool:
        """Say whether the cell holds anything."""
        return bool(row.cells.get(column))

    def refuse(self, row: Row, column: str, expected: str, remedy: str) -> None:
        """Record a problem of one cell."""
        self.problems.add(
            file=self.file,
            line=row.line,
            column=column,
            found=row.cells.get(column, ""),
            expected=expected,
            remedy=remedy,
        )

    def _read(
        self,
        row: Row,
        column: str,
        parse: Callable[[str], T],
        default: object,
        remedy: str,
    ) -> T | None:
        text = row.cells.get(column, "")
        if not text and default is not self._REQUIRED:
            return default  # type: ignore[return-value]
        try:
            if not text:
                parse(text)
                raise ValueError("something in the cell")
            return parse(text)
        except ValueError as error:
            self.refuse(row, column, str(error), remedy)
            return None

    def whole(
        self,
        row: Row,
        column: str,
        *,
        least: int | None = None,
        most: int | None = None,
        default: int | object | None = _REQUIRED,
        remedy: str = "Correct the cell.",
    ) -> int | None:
        """Return a whole number."""
        return self._read(
            row,
            column,
            lambda text: parse_whole(text, least=least, most=most),
            default,
            remedy,
        )

    def number(
        self,
        row: Row,
        column: str,
        *,
        least: float | None = None,
        most: float | None = None,
        above: float | None = None,
        default: float | object | None = _REQUIRED,
        remedy: str = "Correct the cell.",
    ) -> float | None:
        """Return a decimal number."""
        return self._read(
            row,
            column,
            lambda text: parse_number(text, least=least, most=most, above=above),
            default,
            remedy,
        )

    def day(
        self,
        row: Row,
        column: str,
        *,
        default: date | object | None = _REQUIRED,
        remedy: str = "Write dates as year-month-day.",
    ) -> date | None:
        """Return a date."""
        return self._read(row, column, parse_day, default, remedy)

    def stamp(
        self,
        row: Row,
        column: str,
        *,
        default: datetime | object | None = _REQUIRED,
        remedy: str = "Write local times as year-month-day hours:minutes.",
    ) -> datetime | None:
        """Return a local time, with its offset where one is written."""
        return self._read(row, column, parse_stamp, default, remedy)

    def clock_time(
        self,
        row: Row,
        column: str,
        *,
        midnight: bool = False,
        default: int | object | None = _REQUIRED,
        remedy: str = "Write times of day as hours:minutes.",
    ) -> int | None:
        """Return minutes after midnight; ``midnight`` allows ``24:00``."""
        return self._read(
            row,
            column,
            lambda text: parse_clock_time(text, midnight=midnight),
            default,
            remedy,
        )

    def text(
        self,
        row: Row,
        column: str,
        *,
        default: str | object | None = _REQUIRED,
        remedy: str = "Type the cell again.",
    ) -> str | None:
        """Return an id or a name."""
        return self._read(row, column, parse_text, default, remedy)

    def word(
        self,
        row: Row,
        column: str,
        allowed: Iterable[str],
        *,
        default: str | object | None = _REQUIRED,
        remedy: str = "Use one of these.",
    ) -> str | None:
        """Return one of the words allowed; the remedy names the nearest."""
        words = tuple(allowed)
        near = _nearest(row.cells.get(column, ""), words)
        return self._read(
            row,
            column,
            lambda text: parse_word(text, words),
            default,
            f'Did you mean "{near}"?' if near else remedy,
        )

    def words(
        self,
        row: Row,
        column: str,
        allowed: Iterable[str] | None = None,
        *,
        remedy: str = "Use these, separated by semicolons.",
    ) -> tuple[str, ...] | None:
        """Return the entries of a list cell; empty where the cell is."""
        entries = split_list(row.cells.get(column, ""))
        words = None if allowed is None else tuple(allowed)
        good = True
        for entry in entries:
            try:
                parse_text(entry)
                if words is not None:
                    parse_word(entry, words)
            except ValueError as error:
                near = _nearest(entry, words or ())
                self.problems.add(
                    file=self.file,
                    line=row.line,
                    column=column,
                    found=entry,
                    expected=str(error),
                    remedy=f'Did you mean "{near}"?' if near else remedy,
                )
                good = False
        return entries if good else None

    def unique(self, rows: Iterable[Row], *columns: str) -> None:
        """Record a problem for each row whose cells repeat those of an earlier one."""
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            key = tuple(row.cells.get(column, "") for column in columns)
            if (line := seen.setdefault(key, row.line)) != row.line:
                self.refuse(
                    row,
                    columns[0],
                    f"each {' and '.join(columns)} once (also on line {line})",
                    "Remove one of the two lines.",
                )


def nearest(word: str, among: Iterable[str] | Mapping[str, object]) -> str | None:
    """Return the entry most like a word, or None when none is near.

    Examples
    --------
    >>> nearest("sequence.runs", ["sequence.run", "rest.daily"])
    'sequence.run'
    """
    return _nearest(word, among)
