"""Where tables come from: the CSV files of a folder, or the sheets of a workbook."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol
from warnings import catch_warnings, simplefilter

import openpyxl
from openpyxl.utils import get_column_letter

from forecasts.problems import InputError, Problem
from forecasts.table import Table, read_bytes, read_table, table_from_rows
from scheduler.files.toml import Settings, key_parts, read_settings

TABLES = (
    "agents",
    "shifts",
    "calls",
    "requirement",
    "leave",
    "requests",
    "history",
    "pins",
    "calendar",
    "cleaning",
    "limits",
    "cover",
)
LARGEST_WORKBOOK = 200_000_000
"""Bytes a workbook may unpack to; above that it is refused."""

Columns = Sequence[str]


class Source(Protocol):
    """Gives the settings and the tables of a case."""

    def settings(self) -> Settings:
        """Return the settings; raise InputError where they cannot be read."""

    def has(self, name: str) -> bool:
        """Return whether there is a table of a name."""

    def place(self, name: str) -> str:
        """Return what messages call a table."""

    def table(
        self, name: str, required: Columns, optional: Columns, *, needs_rows: bool
    ) -> Table:
        """Return a table; raise InputError where it cannot be read."""

    def carried(self) -> Any:
        """Return what a former period left in carry.json, or None."""

    def input_hash(self) -> str:
        """Return the SHA-256 over the bytes of all input files, sorted by name."""


def open_source(path: Path) -> Source:
    """Return where a case comes from.

    Raises
    ------
    InputError
        Where there is neither a folder nor a workbook.
    """
    book = _book(path)
    return Folder(path) if book is None else Workbook(book)


def contents(path: Path) -> dict[str, bytes]:
    """Return the bytes of all files that a case is read from, by name.

    Written to an empty folder, they are the same case.

    Raises
    ------
    InputError
        Where there is neither a folder nor a workbook.
    """
    book = _book(path)
    if book is not None:
        return {"case.xlsx": book.read_bytes()}
    return {file.name: file.read_bytes() for file in Folder(path).files()}


def _book(path: Path) -> Path | None:
    """Return the workbook a case is in; None where it is a folder of files."""
    if path.suffix.lower() == ".xlsx" and path.is_file():
        return path
    if path.is_dir():
        book = path / "case.xlsx"
        return book if book.is_file() and not (path / "case.toml").is_file() else None
    raise _refused(
        str(path),
        "no such folder" if not path.exists() else "a single file",
        "a case folder, or a workbook such as case.xlsx",
        'Make one with "roster init".',
    )


# -- a folder -----------------------------------------------------------------------


@dataclass(frozen=True)
class Folder:
    """CSV files and a case.toml."""

    path: Path

    def settings(self) -> Settings:
        """Return the settings in case.toml."""
        return read_settings(self.path / "case.toml")

    def has(self, name: str) -> bool:
        """Return whether there is a file of a name."""
        return (self.path / f"{name}.csv").is_file()

    def place(self, name: str) -> str:
        """Return the name of a file."""
        return "case.toml" if name == "case" else f"{name}.csv"

    def table(
        self, name: str, required: Columns, optional: Columns, *, needs_rows: bool
    ) -> Table:
        """Return the table in a file."""
        path = self.path / f"{name}.csv"
        return read_table(path, required, optional, needs_rows=needs_rows)

    def carried(self) -> Any:
        """Return what carry.json holds, or None where there is none."""
        path = self.path / "carry.json"
        if not path.is_file():
            return None
        try:
            return json.loads(read_bytes(path, path.name))
        except (ValueError, RecursionError) as error:
            raise _refused(
                path.name,
                str(error),
                "the carry.json of a former period",
                "Copy it again from that period's out folder, or remove it.",
            ) from None

    def input_hash(self) -> str:
        """Return the SHA-256 over all files read."""
        digest = hashlib.sha256()
        for file in self.files():
            digest.update(file.read_bytes())
        return digest.hexdigest()

    def files(self) -> list[Path]:
        """Return the files there are, sorted by name."""
        names = sorted(["case.toml", "carry.json", *(f"{name}.csv" for name in TABLES)])
        return [self.path / name for name in names if (self.path / name).is_file()]


# -- a workbook -----------------------------------------------------------------------

Line = tuple[int, list[str]]


class Workbook:
    """Sheets named as the CSV files, and a sheet ``case`` of keys and values."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check_size()
        self.sheets = self._load()

    def _check_size(self) -> None:
        try:
            with zipfile.ZipFile(self.path) as archive:
                size = sum(member.file_size for member in archive.infolist())
        except (zipfile.BadZipFile, ValueError) as error:
            raise _refused(
                self.path.name,
                str(error),
                "an Excel workbook (.xlsx) without a password",
                "Save it again as .xlsx.",
            ) from None
        if size > LARGEST_WORKBOOK:
            raise _refused(
                self.path.name,
                f"{size / 1e6:,.0f} MB unpacked",
                f"at most {LARGEST_WORKBOOK / 1e6:,.0f} MB",
                "Hand in calls as calls.csv in a case folder.",
            )

    def _load(self) -> dict[str, list[tuple[int, list[Any]]]]:
        """Return the cells of every sheet of a known name."""
        try:
            with catch_warnings():
                simplefilter("ignore")  # styles and extensions that are not read
                return {name: list(self._rows(name)) for name in self._names()}
        except InputError:
            raise
        except Exception as error:  # a damaged part raises whatever its parser raises
            raise _refused(
                self.path.name,
                f"{type(error).__name__}: {error}",
                "an Excel workbook (.xlsx) that can be read",
                "Open it in Excel and save it again.",
            ) from None

    def _file(self) -> BytesIO:
        """Return the bytes, so that no file stays open whatever a parser does."""
        return BytesIO(self.path.read_bytes())

    def _names(self) -> list[str]:
        book = openpyxl.load_workbook(self._file(), read_only=True)
        names = list(book.sheetnames)
        book.close()
        return names

    def _rows(self, sheet: str) -> Iterator[tuple[int, list[Any]]]:
        """Yield line and cells; a formula without a value is a problem."""
        shown = openpyxl.load_workbook(self._file(), read_only=True, data_only=True)
        typed = openpyxl.load_workbook(self._file(), read_only=True)
        try:
            pairs = zip(shown[sheet].rows, typed[sheet].rows, strict=True)
            for line, (values, formulas) in enumerate(pairs, start=1):
                for value, formula in zip(values, formulas, strict=True):
                    if formula.data_type == "f" and value.value is None:
                        raise self._without_value(sheet, line, formula)
                yield line, [cell.value for cell in values]
        finally:
            shown.close()
            typed.close()

    def _without_value(self, sheet: str, line: int, cell: Any) -> InputError:
        return InputError(
            [
                Problem(
                    file=f"{self.path.name}!{sheet}",
                    line=line,
                    column=get_column_letter(cell.column),
                    found=str(cell.value),
                    expected="a value; formulas are not computed here",
                    remedy="Open the workbook in Excel and save it, or paste values.",
                )
            ]
        )

    def settings(self) -> Settings:
        """Return the keys and values of the sheet ``case``."""
        place = self.place("case")
        if "case" not in self.sheets:
            raise _refused(
                self.path.name,
                f"sheets {', '.join(self.sheets)}",
                'a sheet "case" with a key and a value in each row',
                "Add it; keys read horizon.first_day.",
            )
        values: dict[str, Any] = {}
        lines: dict[tuple[str, ...], int] = {}
        for line, cells in self.sheets["case"]:
            key = key_parts(str(cells[0] or "")) if cells else ()
            value = cells[1] if len(cells) > 1 else None
            if not key or value is None or (str(cells[0]), value) == ("key", "value"):
                continue
            lines[key] = line
            table = values
            for part in key[:-1]:
                table = table.setdefault(part, {})
                if not isinstance(table, dict):
                    raise _refused(place, ".".join(key), "one use of a key", "Rename.")
            table[key[-1]] = value
        return Settings(place, values, lines, typed=False)

    def has(self, name: str) -> bool:
        """Return whether there is a sheet of a name."""
        return name in self.sheets

    def place(self, name: str) -> str:
        """Return workbook and sheet."""
        return f"{self.path.name}!{name}"

    def table(
        self, name: str, required: Columns, optional: Columns, *, needs_rows: bool
    ) -> Table:
        """Return the table in a sheet."""
        if name not in self.sheets:
            raise _refused(
                self.path.name, "no such sheet", f'a sheet "{name}"', "Add it."
            )
        return table_of_cells(
            self.place(name), self.sheets[name], required, optional, needs_rows
        )

    def carried(self) -> Any:
        """Return None: a workbook has no carry.json."""
        return None

    def input_hash(self) -> str:
        """Return the SHA-256 of the workbook."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def table_of_cells(
    place: str,
    cells: Sequence[tuple[int, list[Any]]],
    required: Columns,
    optional: Columns,
    needs_rows: bool,
) -> Table:
    """Return a table of text from the cells of a sheet.

    Raises
    ------
    InputError
        Where the sheet is empty or a column is missing.
    """
    filled = [row for row in cells if any(value is not None for value in row[1])]
    if not filled:
        raise _refused(
            place, "an empty sheet", "a header and at least one line", "Fill it in."
        )
    header = [text_of(value, "") for value in filled[0][1]]
    lines = (
        (
            line,
            [
                text_of(value, header[place] if place < len(header) else "")
                for place, value in enumerate(row)
            ],
        )
        for line, row in filled[1:]
    )
    return table_from_rows(
        place,
        header,
        lines,
        required,
        optional,
        header_line=filled[0][0],
        needs_rows=needs_rows,
    )


def text_of(value: Any, column: str) -> str:
    """Return the text of a cell as a CSV file would hold it.

    Parameters
    ----------
    value
        As the workbook has it.
    column
        Header; a ``timestamp`` keeps its time even at midnight.

    Examples
    --------
    >>> monday = datetime(2026, 3, 2)
    >>> text_of(monday, "date"), text_of(monday, "timestamp")
    ('2026-03-02', '2026-03-02 00:00')
    >>> text_of(40.0, "hours_per_week"), text_of(time(8, 30), "start")
    ('40', '08:30')
    """
    if isinstance(value, datetime):
        return _moment(value, column)
    if isinstance(value, time):
        return _nearest_minute(datetime.combine(date.min, value)).strftime("%H:%M")
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _moment(value: datetime, column: str) -> str:
    value = _nearest_minute(value)
    if value.time() == time.min and column != "timestamp":
        return value.date().isoformat()
    return value.strftime("%Y-%m-%d %H:%M")


def _nearest_minute(value: datetime) -> datetime:
    """Undo the rounding of days written as fractions; whole seconds stay."""
    nearest = (value + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return nearest if abs(nearest - value) < timedelta(seconds=1) else value


def _refused(file: str, found: str, expected: str, remedy: str) -> InputError:
    return InputError(
        [Problem(file=file, found=found, expected=expected, remedy=remedy)]
    )
