"""Read a result that was written before."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from constraints.roster import Roster
from constraints.rule import Text, audit
from forecasts.problems import InputError, Problem
from scheduler.checking import Figures
from scheduler.files.write import roster_sums
from scheduler.result import STATUSES, Result, Step


def read_result(out: Path, roster: Roster, notes: Collection[Text] = ()) -> Result:
    """Return the result in an output folder, for a roster read back from it.

    Parameters
    ----------
    out
        The folder.
    roster
        Its roster; audited anew.
    notes
        Notes about the case, which are not the result's own warnings.

    Raises
    ------
    InputError
        Where result.json is missing or damaged.
    """
    try:
        record = json.loads((out / "result.json").read_text(encoding="utf-8"))
        if record["status"] not in STATUSES:
            raise ValueError("no such status")
        return Result(
            status=record["status"],
            roster=roster,
            audit=audit(roster),
            bound=record["bound"],
            seconds=record["seconds"],
            stop_reason=record["stop_reason"],
            seed=record["seed"],
            workers=record["workers"],
            trace=_steps(out / "solve.jsonl"),
            warnings=tuple(
                text for text in map(_text, record["warnings"]) if text not in notes
            ),
            versions=record["versions"],
        )
    except FileNotFoundError:
        raise _refused("no such file") from None
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(f"{type(error).__name__}: {error}") from None


def read_check(out: Path) -> Figures | None:
    """Return what check.json tells of the roster in an output folder.

    None where there is no check, or one of another roster: of other bytes in
    roster.csv or duties.csv.
    """
    try:
        record = json.loads((out / "check.json").read_text(encoding="utf-8"))
        if record["sha256"] != roster_sums(out / "roster.csv"):
            return None
        return TypeAdapter(Figures).validate_python(record["figures"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _steps(path: Path) -> tuple[Step, ...]:
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(Step(**json.loads(line)) for line in lines)


def _text(record: dict[str, Any]) -> Text:
    return Text(record["en"], record["zh"])


def _refused(found: str) -> InputError:
    return InputError(
        [
            Problem(
                file="result.json",
                found=found,
                expected="the result that belongs to roster.csv",
                remedy='Run "roster solve" first.',
            )
        ]
    )
