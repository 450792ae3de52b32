"""What the emulator remembers, in one SQLite database: objects as ready JSON beside the columns lists filter by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from emulator.messages import Json, dump

MEMORY = ":memory:"
Value = str | int | None
Where = Sequence[tuple[str, Value]]  # ("status = ?", "paid"), all of which must hold

# Bookkeeping that no remote API shows.
_OWN_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE api_keys (key TEXT PRIMARY KEY, provider TEXT, account INTEGER, scopes TEXT, revoked INTEGER);
CREATE TABLE used_tokens (account INTEGER, token TEXT, PRIMARY KEY (account, token));
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT, account INTEGER, order_id TEXT, entry TEXT NOT NULL);
CREATE TABLE idempotency (
    api_key TEXT, method TEXT, path TEXT, key TEXT, fingerprint TEXT, created INTEGER,
    status INTEGER, headers TEXT, body BLOB, PRIMARY KEY (api_key, method, path, key));
"""


@dataclass(frozen=True)
class Kind:
    """A kind of object. `columns` are kept beside it to filter by, `indexes` are for the common filters."""

    name: str
    columns: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def row_columns(self) -> tuple[str, ...]:
        # The document comes last, or SQLite would walk over it to reach a column behind it.
        return ("id", "account", "created", *self.columns, "hidden", "doc")


class Row(NamedTuple):
    """One object on its way in. `created` is Unix time in ms; `hidden` is what the API never tells."""

    id: str
    account: int
    created: int
    doc: Json
    hidden: Json | None = None
    columns: dict[str, Value] = {}


class Page(NamedTuple):
    rows: list[bytes]
    has_more: bool


class OtherState(Exception):
    """The state file is not one that this emulator can use."""


class Store:
    def __init__(self, path: str, kinds: Iterable[Kind]) -> None:
        """Open what is there, or an empty database with the tables of these kinds. Raises OtherState."""
        self._path = path
        self.kinds = {kind.name: kind for kind in kinds}
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        is_new = self._is_new()
        # A killed emulator loses nothing; a power cut may, and that is fine for data that is made up.
        self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")
        if is_new:
            self._create_tables()
        self._counts: dict[tuple[object, ...], int] = {}

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            self._counts.clear()
            raise
        self.db.execute("COMMIT")

    # one object

    def text(self, kind: str, account: int, id: str) -> bytes | None:
        sql = f"SELECT doc FROM {self._table(kind)} WHERE id = ? AND account = ?"  # noqa: S608
        row = self.db.execute(sql, (id, account)).fetchone()
        return row[0] if row else None

    def get(self, kind: str, account: int, id: str) -> Json | None:
        text = self.text(kind, account, id)
        return None if text is None else json.loads(text)

    def hidden(self, kind: str, id: str) -> Json:
        row = self.db.execute(f"SELECT hidden FROM {self._table(kind)} WHERE id = ?", (id,)).fetchone()  # noqa: S608
        return json.loads(row[0]) if row and row[0] else {}

    def account_of(self, kind: str, id: str) -> int | None:
        row = self.db.execute(f"SELECT account FROM {self._table(kind)} WHERE id = ?", (id,)).fetchone()  # noqa: S608
        return row[0] if row else None

    def add(self, kind: str, rows: Iterable[Row]) -> None:
        of = self.kinds[kind]
        self.add_raw(kind, [cells_of(of, row) for row in rows])

    def add_raw(self, kind: str, rows: Iterable[Sequence[object]]) -> None:
        """Rows as they stand in the table, in the order of `row_columns`."""
        of = self.kinds[kind]
        marks = ",".join("?" * len(of.row_columns))
        self.db.executemany(f"INSERT INTO {of.name} ({','.join(of.row_columns)}) VALUES ({marks})", rows)  # noqa: S608
        self._counts.clear()

    def save(self, kind: str, id: str, doc: Json, hidden: Json | None = None) -> None:
        """Overwrite an object, and those of its columns that the document still has a plain value for."""
        of = self.kinds[kind]
        cells: dict[str, Value | bytes] = {name: doc[name] for name in of.columns if _is_plain(doc, name)}
        cells["doc"] = dump(doc)
        if hidden is not None:
            cells["hidden"] = json.dumps(hidden)
        sets = ",".join(f"{name} = ?" for name in cells)
        self.db.execute(f"UPDATE {of.name} SET {sets} WHERE id = ?", (*cells.values(), id))  # noqa: S608
        self._counts.clear()

    def remove(self, kind: str, id: str) -> None:
        self.db.execute(f"DELETE FROM {self._table(kind)} WHERE id = ?", (id,))  # noqa: S608
        self._counts.clear()

    # many objects, newest first

    def page(
        self,
        kind: str,
        account: int,
        where: Where,
        limit: int,
        *,
        after: str | None = None,
        before: str | None = None,
        skip_ties: bool = False,
    ) -> Page:
        """The rows older than `after`, or the rows just newer than `before`. Raises LookupError for an unknown one.

        With `skip_ties` a cursor knows the time alone, as in some APIs: rows of its own moment are on no other page.
        """
        conditions, values = _join(account, where)
        order = "DESC"
        if cursor := after or before:
            position = self._position(kind, account, cursor)
            conditions += f" AND (created, id) {'<' if after else '>'} (?, ?)"
            values += position
            if skip_ties:
                conditions, values = conditions + " AND created <> ?", (*values, position[0])
            order = "DESC" if after else "ASC"
        sql = f"SELECT doc FROM {self._table(kind)} WHERE {conditions} ORDER BY created {order}, id {order} LIMIT ?"  # noqa: S608
        rows = [row[0] for row in self.db.execute(sql, (*values, limit + 1))]
        has_more = len(rows) > limit
        rows = rows[:limit]
        return Page(rows if order == "DESC" else rows[::-1], has_more)

    def slice(self, kind: str, account: int, where: Where, limit: int, offset: int) -> list[bytes]:
        conditions, values = _join(account, where)
        sql = f"SELECT doc FROM {self._table(kind)} WHERE {conditions} ORDER BY created DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608
        offset = min(offset, 2**62)  # SQLite takes no larger number
        return [row[0] for row in self.db.execute(sql, (*values, limit, offset))]

    def count(self, kind: str, account: int, where: Where) -> int:
        cached = (kind, account, *where)
        if cached not in self._counts:
            if len(self._counts) > 10_000:
                self._counts.clear()
            conditions, values = _join(account, where)
            sql = f"SELECT count(*) FROM {self._table(kind)} WHERE {conditions}"  # noqa: S608
            self._counts[cached] = self.db.execute(sql, values).fetchone()[0]
        return self._counts[cached]

    # notes to itself

    def note(self, name: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def noted(self, name: str) -> Any:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    # the whole of it

    def dump(self) -> bytes:
        return self.db.serialize()

    def load(self, snapshot: bytes) -> None:
        """Replace everything by a snapshot that `dump` made."""
        self._counts.clear()
        if self._path == MEMORY:
            self.db.deserialize(snapshot)
            return
        source = sqlite3.connect(MEMORY)
        source.deserialize(snapshot)
        source.backup(self.db)
        source.close()

    def make_indexes(self) -> None:
        """Done after the seeding: filling a table that has indexes takes three times as long."""
        self.db.execute("PRAGMA temp_store = MEMORY")
        for kind in self.kinds.values():
            self.db.execute(f"CREATE UNIQUE INDEX {kind.name}_by_id ON {kind.name} (id)")
            for column in ("", *kind.indexes):
                columns = f"account, {column}, created, id" if column else "account, created, id"
                self.db.execute(f"CREATE INDEX {kind.name}_by_{column or 'time'} ON {kind.name} ({columns})")
        self.db.execute("PRAGMA analysis_limit = 400")
        self.db.execute("ANALYZE")

    # helpers

    def _is_new(self) -> bool:
        """Raises OtherState, before anything is written."""
        tables = {row[0] for row in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not {"meta", "api_keys", "ledger"} <= tables:
            raise OtherState(f"{self._path} was not made by the emulator")
        if tables and self.noted("tables") != self._tables():
            raise OtherState(f"{self._path} was made by another version of the emulator; move it away and start again")
        return not tables

    def _create_tables(self) -> None:
        self.db.executescript(_OWN_TABLES)
        for kind in self.kinds.values():
            columns = "".join(f"{name} TEXT, " for name in kind.columns)
            self.db.execute(
                f"CREATE TABLE {kind.name} (id TEXT NOT NULL, account INTEGER NOT NULL, created INTEGER NOT NULL, "
                f"{columns}hidden TEXT, doc BLOB NOT NULL)"
            )
        self.note("tables", self._tables())

    def _tables(self) -> dict[str, list[str]]:
        """What a state file is compared by."""
        return {"": _OWN_TABLES.split(), **{kind.name: [*kind.row_columns] for kind in self.kinds.values()}}

    def _table(self, kind: str) -> str:
        return self.kinds[kind].name  # a KeyError here keeps anything else out of the SQL

    def _position(self, kind: str, account: int, cursor: str) -> tuple[int, str]:
        sql = f"SELECT created, id FROM {self._table(kind)} WHERE id = ? AND account = ?"  # noqa: S608
        row = self.db.execute(sql, (cursor, account)).fetchone()
        if row is None:
            raise LookupError(cursor)
        return row


def cells_of(kind: Kind, row: Row) -> list[Any]:
    """A row as it stands in the table; the document comes last."""
    filters = [row.columns[name] if name in row.columns else row.doc.get(name) for name in kind.columns]
    hidden = None if row.hidden is None else json.dumps(row.hidden)
    return [row.id, row.account, row.created, *filters, hidden, dump(row.doc)]


def _join(account: int, where: Where) -> tuple[str, tuple[Value, ...]]:
    conditions = " AND ".join(["account = ?", *(condition for condition, _ in where)])
    return conditions, (account, *(value for _, value in where))


def _is_plain(doc: Json, name: str) -> bool:
    return name in doc and (doc[name] is None or type(doc[name]) in (str, int))
