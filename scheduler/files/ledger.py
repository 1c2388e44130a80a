"""The ledger of a batch: which work is done, by the hash of what it was done with."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from constraints.rule import Text

SCHEMA = """
CREATE TABLE IF NOT EXISTS work (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    attempts INTEGER NOT NULL,
    began TEXT NOT NULL,
    version TEXT NOT NULL,
    folder TEXT,
    seconds REAL,
    again INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    figures TEXT
)
"""
BUSY = 30.0  # seconds to wait for another process that reads the file


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A piece of work: one case under one scenario from one seed, known by its hash.

    Attributes
    ----------
    key
        SHA-256 over all that decides what comes out.
    state
        ``running`` (also where its run was killed), ``done`` or ``failed``.
    attempts
        How often it was begun.
    began
        When it was begun last, in UTC.
    version
        Of rosterwright.
    folder
        Where its result lies in the output folder; None where there is none.
    seconds
        Elapsed time; None while it runs.
    again
        Whether a failure is worth another try: it was lost, not refused.
    reason
        Why it failed, in both languages.
    figures
        What is known of the roster, by name.
    """

    key: str
    state: str
    attempts: int
    began: str
    version: str
    folder: str | None = None
    seconds: float | None = None
    again: bool = False
    reason: Text | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether it is over for good: done, or failed for what was handed in."""
        return self.state == "done" or (self.state == "failed" and not self.again)


class Ledger:
    """Entries in a SQLite file; each change is on the disk when its call returns.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from tempfile import mkdtemp
    >>> with opened(Path(mkdtemp(), "ledger.sqlite")) as ledger:
    ...     begun = ledger.begin("a1", "2026-03-02T08:00:00+00:00", "1.0")
    ...     ledger.end(replace(begun, state="done", figures={"cost": 12}))
    ...     ledger.entries()["a1"].figures
    {'cost': 12}
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA synchronous = FULL")
        with connection:
            connection.execute(SCHEMA)

    def entries(self) -> dict[str, Entry]:
        """Return all that is known, by key."""
        return {entry.key: entry for entry in _select(self._connection, "")}

    def entry(self, key: str) -> Entry | None:
        """Return what is known of one piece of work."""
        return next(_select(self._connection, "WHERE key = ?", key), None)

    def begin(self, key: str, now: str, version: str) -> Entry:
        """Note that work begins, once more where it was begun before."""
        before = self.entry(key)
        attempts = 1 + (before.attempts if before else 0)
        entry = Entry(
            key=key, state="running", attempts=attempts, began=now, version=version
        )
        self.end(entry)
        return entry

    def end(self, entry: Entry) -> None:
        """Put an entry in the place of what was known of its work."""
        row = _row(entry)
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        with self._connection:
            self._connection.execute(
                f"INSERT OR REPLACE INTO work ({names}) VALUES ({marks})",
                tuple(row.values()),
            )


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    """Open a ledger, made where there is none.

    Raises
    ------
    OSError
        Where the file is none of ours, damaged, or cannot be written.
    """
    try:
        with closing(sqlite3.connect(path, timeout=BUSY)) as connection:
            yield Ledger(connection)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def known(path: Path) -> dict[str, Entry]:
    """Return what a ledger has, without touching it; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        place = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(place, timeout=BUSY, uri=True)) as connection:
            return {entry.key: entry for entry in _select(connection, "")}
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: sqlite3.Error) -> OSError:
    return OSError(None, f"The ledger cannot be used: {error}", str(path))


def _select(
    connection: sqlite3.Connection, where: str, *values: str
) -> Iterator[Entry]:
    names = tuple(Entry.__dataclass_fields__)
    query = f"SELECT {', '.join(names)} FROM work {where}"
    for row in connection.execute(query, values):
        yield _entry(dict(zip(names, row, strict=True)))


def _row(entry: Entry) -> dict[str, Any]:
    row = asdict(entry)
    reason = entry.reason
    row["reason"] = None if reason is None else json.dumps([reason.en, reason.zh])
    row["figures"] = json.dumps(entry.figures)
    row["again"] = int(entry.again)
    return row


def _entry(row: dict[str, Any]) -> Entry:
    reason = None if row["reason"] is None else Text(*json.loads(row["reason"]))
    figures = json.loads(row["figures"])
    return Entry(
        **row | {"reason": reason, "figures": figures, "again": row["again"] == 1}
    )
