"""Lines of instance files, and the one-line error that says where one is wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


class FileError(ValueError):
    """A file that does not say what it should: file, line, found, expected."""


@dataclass(frozen=True)
class Line:
    """A row of a file, with its place."""

    path: Path
    number: int
    cells: Sequence[str]

    def fail(self, found: str, expected: str) -> NoReturn:
        """Say what is wrong with this line."""
        raise FileError(
            f"{self.path}, line {self.number}: found {found}; expected {expected}."
        )

    def has(self, *names: str) -> None:
        """Make sure that there is one cell a name."""
        if len(self.cells) != len(names):
            self.fail(repr(",".join(self.cells)), f"{len(names)} cells, {names}")

    def count(self, text: str, name: str) -> int:
        """Read a whole number, not negative."""
        if text == "-0":  # so instance 15 has it
            return 0
        if not (text.isascii() and text.isdigit()):
            self.fail(repr(text), f"a whole number as {name}")
        return int(text)

    def known(self, text: str, names: Collection[str], kind: str) -> str:
        """Read a name that was said before."""
        if text not in names:
            self.fail(repr(text), f"the name of one {kind} of this instance")
        return text

    def new(self, text: str, names: Collection[str], kind: str) -> str:
        """Read a name that was not said before."""
        if not text or text in names:
            self.fail(repr(text), f"a new name of one {kind}")
        return text

    def day(self, text: str, days: int) -> int:
        """Read a day of the horizon."""
        day = self.count(text, "day")
        if day >= days:
            self.fail(f"day {day}", f"a day from 0 to {days - 1}")
        return day


def text_of(path: Path) -> str:
    """Return what a text file says."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path}: found other bytes; expected UTF-8 text.") from None
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}; expected a file.") from None
