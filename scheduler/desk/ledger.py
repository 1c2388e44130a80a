"""The desk's ledger: records, and a trail of what was done to them, chained by hash."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

SCHEMA = 1
BUSY = 30.0  # seconds to wait for another process that writes
SERIALIZED: dict[str, Any] = {
    "sort_keys": True,
    "ensure_ascii": False,
    "separators": (",", ":"),
}

TABLES = sql.MetaData()
HEAD = sql.Table(
    "head",
    TABLES,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("schema", sql.Integer, nullable=False),
    sql.Column("mark", sql.String(16), nullable=False),
    sql.Column("entry", sql.Integer, nullable=False),
    sql.Column("hash", sql.String(64), nullable=False),
)
RECORD = sql.Table(
    "record",
    TABLES,
    sql.Column("kind", sql.String(16), primary_key=True),
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("site", sql.String(64), nullable=False, index=True),
    sql.Column("day", sql.String(10), nullable=False, index=True),
    sql.Column("salt", sql.String(32), nullable=False),
    sql.Column("body", sql.Text, nullable=False),
)
TRAIL = sql.Table(
    "trail",
    TABLES,
    sql.Column("entry", sql.Integer, primary_key=True),
    sql.Column("at", sql.String(40), nullable=False),
    sql.Column("by", sql.String(32), nullable=False),
    sql.Column("action", sql.String(32), nullable=False),
    sql.Column("kind", sql.String(16), nullable=False),
    sql.Column("number", sql.Integer, nullable=False),
    sql.Column("digest", sql.String(64), nullable=False),
    sql.Column("previous", sql.String(64), nullable=False),
    sql.Column("hash", sql.String(64), nullable=False),
)
PERSON = "person"


@dataclass(frozen=True)
class Entry:
    """One line of the trail.

    Attributes
    ----------
    entry
        Its number, from 1 on.
    at, by
        Local time, and the token of who did it; see `Ledger.name`.
    action, kind, number
        What was done to which record.
    digest
        SHA-256 over the record as it was left, and a salt kept beside it alone.
    previous, hash
        Hash of the entry before, and of this one.
    """

    entry: int
    at: str
    by: str
    action: str
    kind: str
    number: int
    digest: str
    previous: str
    hash: str

    def hashed(self) -> str:
        """Return what its hash must be."""
        fields = [self.entry, self.at, self.by, self.action, self.kind, self.number]
        return _digest(json.dumps([*fields, self.digest, self.previous], **SERIALIZED))


@dataclass(frozen=True)
class Fault:
    """What ``verify`` found: the entry or record that is not as it was written."""

    place: str
    found: str


class Ledger:
    """Records of the desk in a database; what is read within a block is of one moment.

    Use it by `opened`. Writers wait for each other from their first line on, so that
    what one reads before it writes stays true.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> address = address_of(Path(mkdtemp(), "desk.sqlite"))
    >>> with opened(address, writing=True) as ledger:
    ...     ledger.put("note", 1, {"text": "hello"}, "write", "Li", "2026-03-02T08:00")
    >>> with opened(address) as ledger:
    ...     ledger.get("note", 1), [entry.action for entry in ledger.trail()]
    ({'text': 'hello'}, ['name', 'write'])
    """

    def __init__(self, connection: Connection, site: str = "") -> None:
        self._connection, self.site = connection, site

    # -- records ----------------------------------------------------------------------
    def get(self, kind: str, number: int) -> dict[str, Any] | None:
        """Return a record, or None where there is none of that number."""
        found = self._connection.execute(
            sql.select(RECORD.c.body).where(*_place(kind, number), self._mine)
        ).scalar()
        return None if found is None else _body(found, kind, number)

    @property
    def _mine(self) -> Any:
        """Records of this site; people are those of all."""
        return sql.or_(RECORD.c.site == self.site, RECORD.c.kind == PERSON)

    def day(self, kind: str, number: int) -> str:
        """Return the date that a record is found by."""
        query = sql.select(RECORD.c.day).where(*_place(kind, number), self._mine)
        return str(self._connection.execute(query).scalar() or "")

    def all(
        self, kind: str, first: str = "", last: str = "9"
    ) -> dict[int, dict[str, Any]]:
        """Return records of a kind by number, of days from ``first`` to ``last``."""
        rows = self._connection.execute(
            sql.select(RECORD.c.number, RECORD.c.body)
            .where(RECORD.c.kind == kind, RECORD.c.day.between(first, last))
            .where(self._mine)
            .order_by(RECORD.c.number)
        )
        return {number: _body(body, kind, number) for number, body in rows}

    def last(
        self, kind: str, day: str, *, before: bool = False
    ) -> tuple[int, dict[str, Any]] | None:
        """Return number and record of the last of a kind and day, if any.

        Parameters
        ----------
        before
            The last of the last day before it instead.
        """
        of = RECORD.c.day < day if before else RECORD.c.day == day
        row = self._connection.execute(
            sql.select(RECORD.c.number, RECORD.c.body)
            .where(RECORD.c.kind == kind, of, self._mine)
            .order_by(RECORD.c.day.desc(), RECORD.c.number.desc())
            .limit(1)
        ).first()
        return None if row is None else (row[0], _body(row[1], kind, row[0]))

    def next(self, kind: str) -> int:
        """Return the next free number of a kind."""
        most = sql.select(sql.func.max(RECORD.c.number)).where(RECORD.c.kind == kind)
        return 1 + (self._connection.execute(most).scalar() or 0)

    def put(
        self,
        kind: str,
        number: int,
        body: Mapping[str, Any],
        action: str,
        by: str,
        at: str,
        *,
        day: str = "",
    ) -> None:
        """Write a record and say so in the trail.

        Parameters
        ----------
        action
            What is done, in a word.
        by
            Who does it; the trail holds a token in place of the name.
        at
            Local time.
        day
            Date that ``all`` finds it by.
        """
        salt, text = token_hex(16), json.dumps(body, **SERIALIZED)
        row = {"site": self.site, "day": day, "salt": salt, "body": text}
        place = {"kind": kind, "number": number}
        known = self.get(kind, number) is not None
        statement = (
            sql.update(RECORD).where(*_place(kind, number)).values(**row)
            if known
            else sql.insert(RECORD).values(**place, **row)
        )
        self._connection.execute(statement)
        token = "" if kind == PERSON else self._token(by, at)
        self._append(
            at, token, action, kind, number, _digest(salt + self.site + day + text)
        )

    def _append(
        self, at: str, by: str, action: str, kind: str, number: int, digest: str
    ) -> None:
        last, before = self.head()
        bare = Entry(last + 1, at, by, action, kind, number, digest, before, "")
        row = vars(bare) | {"hash": bare.hashed()}
        self._connection.execute(sql.insert(TRAIL).values(**row))
        self._connection.execute(
            sql.update(HEAD).values(entry=bare.entry, hash=row["hash"])
        )

    # -- names, which can be forgotten ------------------------------------------------
    def _token(self, name: str, at: str) -> str:
        """Return the token of a name, made where there is none."""
        for body in self.all(PERSON).values():
            if body["name"] == name:
                return str(body["token"])
        token, number = token_hex(8), self.next(PERSON)
        self.put(PERSON, number, {"token": token, "name": name}, "name", "", at)
        return token

    def names(self) -> dict[str, str]:
        """Return names by token."""
        return {body["token"]: body["name"] for body in self.all(PERSON).values()}

    # -- the trail --------------------------------------------------------------------
    def head(self) -> tuple[int, str]:
        """Return number and hash of the last entry."""
        row = self._connection.execute(sql.select(HEAD.c.entry, HEAD.c.hash)).one()
        return int(row[0]), str(row[1])

    @property
    def mark(self) -> str:
        """What tells this ledger from any other."""
        return str(self._connection.execute(sql.select(HEAD.c.mark)).scalar_one())

    def trail(self) -> Iterator[Entry]:
        """Yield all entries in order."""
        rows = self._connection.execute(sql.select(TRAIL).order_by(TRAIL.c.entry))
        return (Entry(*row) for row in rows)

    def verify(self) -> list[Fault]:
        """Return what was changed, added or removed by other hands, first things first.

        Each entry must follow from the one before, and each record be as the last
        entry about it left it.
        """
        try:
            return list(self._faults())
        except SQLAlchemyError as error:
            return [Fault("ledger", _words(error))]

    def _faults(self) -> Iterator[Fault]:
        left: dict[tuple[str, int], str] = {}
        head = self._connection.execute(
            sql.select(HEAD.c.entry, HEAD.c.hash, HEAD.c.mark)
        ).first()
        number, before = 0, "" if head is None else _digest(head[2])
        for entry in self.trail():
            number += 1
            place = f"entry {entry.entry}"
            if entry.entry != number:
                yield Fault(place, f"entry {number} is missing")
                number = entry.entry
            if entry.previous != before:
                yield Fault(place, "it does not follow from the one before")
            if entry.hash != entry.hashed():
                yield Fault(place, "it was changed")
            before = entry.hash
            left[entry.kind, entry.number] = entry.digest
        if head is None:
            yield Fault("head", "it is missing")
        elif (head[0], head[1]) != (number, before):
            yield Fault("head", "entries after the last one are missing")
        yield from self._changed(left)

    def _changed(self, left: dict[tuple[str, int], str]) -> Iterator[Fault]:
        for kind, number, *rest in self._connection.execute(sql.select(RECORD)):
            site, day, salt, body = map(str, rest)
            digest = left.pop((kind, number), None)
            if digest is None:
                yield Fault(f"{kind} {number}", "no entry speaks of it")
            elif digest != _digest(salt + site + day + body):
                yield Fault(f"{kind} {number}", "it was changed")
        for kind, number in left:
            yield Fault(f"{kind} {number}", "it is missing")


def _place(kind: str, number: int) -> tuple[Any, Any]:
    return RECORD.c.kind == kind, RECORD.c.number == number


def _body(text: str, kind: str, number: int) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(text)
        return dict(body)
    except (TypeError, ValueError):
        raise damaged(kind, number) from None


def damaged(kind: str, number: int) -> OSError:
    """Return the error of a record that cannot be read."""
    words = f"{kind} {number} of the ledger cannot be read; run roster ledger verify"
    return OSError(None, words)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# -- opening --------------------------------------------------------------------------


def address_of(path: Path) -> str:
    """Return the address of a ledger in a file."""
    return f"sqlite:///{path}"


@contextmanager
def opened(address: str, *, writing: bool = False, site: str = "") -> Iterator[Ledger]:
    """Open a ledger; what is written is kept at the end, and made where there is none.

    Nothing of a block that raises is kept. Reading a file that is not there finds an
    empty ledger, and makes none.

    Parameters
    ----------
    address
        As SQLAlchemy has it: ``sqlite:///desk.sqlite``,
        ``postgresql+psycopg://host/name``.
    writing
        Whether anything is to be written; others who write wait meanwhile.
    site
        Whose records are meant, where several share a database.

    Raises
    ------
    OSError
        Where the database cannot be used, or is none of ours.
    """
    try:
        engine = _engine(address if writing or there(address) else "sqlite://")
    except (SQLAlchemyError, ImportError) as error:
        raise _unusable(address, error) from error
    try:
        _prepare(engine, address, writing=writing)
        with _begun(engine, writing) as connection:
            yield Ledger(connection, site)
    except SQLAlchemyError as error:
        raise _unusable(address, error) from error
    finally:
        engine.dispose()


def there(address: str) -> bool:
    """Return whether a ledger in a file is there; one on a server always is."""
    url = sql.engine.make_url(address)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _engine(address: str) -> Engine:
    if not address.startswith("sqlite"):
        return sql.create_engine(address)
    engine = sql.create_engine(address, connect_args={"timeout": BUSY})

    @sql.event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say when a transaction begins
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone

    @sql.event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def _begun(engine: Engine, writing: bool) -> Iterator[Connection]:
    """Begin a transaction; a writer holds the head, so that others wait."""
    options: dict[str, Any] = {"writing": writing}
    if not writing and engine.dialect.name != "sqlite":
        options["isolation_level"] = "REPEATABLE READ"
    connected = engine.connect().execution_options(**options)
    with connected as connection, connection.begin():
        if writing:
            connection.execute(sql.update(HEAD).values(entry=HEAD.c.entry))
        yield connection


def _prepare(engine: Engine, address: str, *, writing: bool) -> None:
    """Make the tables where there are none; refuse what is not ours to use."""
    if sql.inspect(engine).has_table(HEAD.name):
        with engine.connect() as connection:
            schema = connection.execute(sql.select(HEAD.c.schema)).scalar()
        if schema not in (None, SCHEMA):
            words = f"It is of schema {schema}; this program writes {SCHEMA}"
            raise OSError(None, words, _shown(address))
        return
    in_file = engine.dialect.name == "sqlite" and engine.url.database is not None
    if in_file and (sql.inspect(engine).get_table_names() or not writing):
        raise OSError(None, "It holds no ledger", _shown(address))
    connected = engine.connect().execution_options(writing=True)
    with connected as connection, connection.begin():
        if engine.dialect.name == "postgresql":  # one at a time
            connection.execute(sql.text("SELECT pg_advisory_xact_lock(20260302)"))
        TABLES.create_all(connection)
        if connection.execute(sql.select(HEAD.c.id)).first() is None:
            mark = token_hex(8)
            row = {"id": 1, "schema": SCHEMA, "mark": mark}
            row |= {"entry": 0, "hash": _digest(mark)}
            connection.execute(sql.insert(HEAD).values(**row))
    if in_file:  # it names people
        Path(str(engine.url.database)).chmod(0o600)


def _unusable(address: str, error: Exception) -> OSError:
    words = f"The ledger cannot be used: {_words(error)}"
    return OSError(None, words, _shown(address))


def _words(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def _shown(address: str) -> str:
    """Return an address without its password."""
    try:
        url = sql.engine.make_url(address)
    except SQLAlchemyError:
        return address
    return url.render_as_string(hide_password=True)
