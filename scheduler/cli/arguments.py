"""Arguments and options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Language(StrEnum):
    """Languages of reports and summaries."""

    zh = "zh"
    en = "en"


class PackName(StrEnum):
    """Rule books of the demo."""

    bank = "bank"
    six = "six-on-one-off"


def _above_zero(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds <= 604_800:
        raise typer.BadParameter("Expected seconds above 0, up to 604800.")
    return seconds


CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="Folder or workbook.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where results go.  [CASE/out]")
]
Seconds = Annotated[
    float | None,
    typer.Option(metavar="S", help="Time to solve.", callback=_above_zero),
]
Seed = Annotated[int | None, typer.Option(min=0, max=2**31 - 1, metavar="N")]
Workers = Annotated[
    int | None, typer.Option(min=0, max=256, metavar="N", help="0 = automatic.")
]
Deterministic = Annotated[
    bool,
    typer.Option(
        "--deterministic", help="The same roster every time: S counts work, not time."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print problems only.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Lang = Annotated[Language | None, typer.Option(help="Language.  [that of the case]")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error arose.")]


def of(language: Language | None) -> str | None:
    """Return the word of a language; None where the case decides."""
    return None if language is None else language.value
