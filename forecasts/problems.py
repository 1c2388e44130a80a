"""What is wrong with an input: one line per problem, never a traceback."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 200
CELL = 40


@dataclass(frozen=True, order=True, kw_only=True)
class Problem:
    """One thing wrong in one place of one file.

    Attributes
    ----------
    file
        File as the user gave it; a workbook sheet reads ``case.xlsx!agents``.
    line
        Physical line, the header being line 1; None where the whole file is meant.
    column
        Header of the column, or key of a TOML table; None where no column is meant.
    found
        What stands there; shortened to 40 characters, control characters escaped.
    expected
        What was expected instead.
    remedy
        What to do about it, as a sentence.

    Examples
    --------
    >>> print(Problem(file="calls.csv", line=7, column="offered", found="-5",
    ...               expected="a whole number of calls, 0 or more",
    ...               remedy="Remove or repair the line."))
    calls.csv:7: column "offered": found "-5", expected a whole number of calls,
    0 or more. Remove or repair the line.
    """

    file: str
    line: int | None = None
    column: str | None = None
    found: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        """Say it in one line."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        column = "" if self.column is None else f' column "{_shorten(self.column)}":'
        return (
            f'{place}:{column} found "{_shorten(self.found)}", '
            f"expected {self.expected}. {self.remedy}"
        )


class InputError(ValueError):
    """The input cannot be used; ``problems`` says where and why, in file order.

    Examples
    --------
    >>> raise InputError([Problem(file="calls.csv", found="no line at all",
    ...     expected="a header and one line per interval",
    ...     remedy="Export the file again.")])
    Traceback (most recent call last):
    ...
    forecasts.problems.InputError: calls.csv: found "no line at all", expected a
    header and one line per interval. Export the file again.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"and {len(self.problems) - SHOWN:,} more")
        super().__init__("\n".join(lines))


def _shorten(text: str) -> str:
    """Return ``text`` on one line, printable, at most ``CELL`` characters."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return shown if len(shown) <= CELL else shown[: CELL - 1] + "…"
