"""Parts of words: which rows have texts in which all of some parts occur, the newest first, by trigrams."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from orders.models import Merchant
from orders.services.index.questions import SHORTEST

OF_DOMAIN = 3  # characters
RARE = 5_000  # rows that are sorted; of more the newest are come by at once

NEWEST_SQLITE = """SELECT kept.id FROM {table}_text found CROSS JOIN {table} kept ON kept.id = found.rowid
    WHERE found.text MATCH %s{long} AND kept.merchant_id = %s AND kept.mode = %s{only}
    ORDER BY found.rowid DESC LIMIT %s"""
SOME_POSTGRESQL = "SELECT id FROM {table} kept WHERE {parts} AND merchant_id = %s AND mode = %s{only} LIMIT %s"
NEWEST_POSTGRESQL = SOME_POSTGRESQL.replace(" LIMIT", " ORDER BY id DESC LIMIT")


def keys(
    model: type[Model], merchant: Merchant, mode: str, parts: Sequence[str], limit: int, only: str = ""
) -> list[int]:
    """At most `limit` keys of rows of a model with a column `text`. `only` is a condition of ours on `kept`.

    Of parts of fewer than three characters none is looked for; where no other is left, nothing is found.
    """
    long = [part for part in parts if len(part) >= SHORTEST]
    if not long:
        return []
    find = _of_postgresql if connection.vendor == "postgresql" else _of_sqlite
    return find(model._meta.db_table, (merchant.pk, mode), long, limit, f" AND {only}" if only else "")


def _of_sqlite(table: str, place: tuple[int, str], parts: Sequence[str], limit: int, only: str) -> list[int]:
    long = [part for part in parts if part != _short(part)]
    statement = NEWEST_SQLITE.format(table=table, long=" AND instr(kept.text, %s)" * len(long), only=only)
    return _keys(statement, [quoted(parts), *long, *place, limit])


def _of_postgresql(table: str, place: tuple[int, str], parts: Sequence[str], limit: int, only: str) -> list[int]:
    """In two steps, each bounded: asked for the newest at once, the planner walks all rows for an old rare word."""
    likes = [f"%{_literal(_short(part))}%" for part in parts]
    long = [part for part in parts if part != _short(part)]
    condition = " AND ".join(["text LIKE %s"] * len(parts) + ["strpos(text, %s) > 0"] * len(long))
    some = SOME_POSTGRESQL.format(table=table, parts=condition, only=only)
    found = _keys(some, [*likes, *long, *place, RARE + 1])
    if len(found) <= RARE:
        return sorted(found, reverse=True)[:limit]
    return _keys(NEWEST_POSTGRESQL.format(table=table, parts=condition, only=only), [*likes, *long, *place, limit])


def quoted(parts: Sequence[str]) -> str:
    """What SQLite's trigrams are asked for."""
    return " ".join('"{}"'.format(_short(part).replace('"', '""')) for part in parts)


def _short(part: str) -> str:
    """What trigrams are asked for: of a domain its beginning, because nearly every text has the rest of it."""
    name, at, domain = part.partition("@")
    return name + at + domain[:OF_DOMAIN]


def _literal(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _keys(statement: str, values: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]
