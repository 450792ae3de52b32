"""New rows, written down without the ORM's compiler: for one INSERT it takes ten times as long as the database does.

kept_inserts.insert(shipment)
kept_inserts.insert(*items)

As `save(force_insert=True)` does, its signals included. Only what stands in the rows differs from one statement to the
next, so the rest is kept.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault
from django.db.models.signals import post_save, pre_save
from django.db.models.sql import InsertQuery

AT_ONCE = 100  # a statement has only so many parameters
Sql = tuple[str, Sequence[Any]]  # what stands for a value, and its parameters


def insert(*rows: Model, unless_there: bool = False) -> None:
    """All of one model, within the caller's transaction where they are several.

    `unless_there`: a row that would be there twice is left out, and none learns what the database gave it, nor anybody
    that it was written.
    """
    for begin in range(0, len(rows), AT_ONCE):
        _table(type(rows[0]), connection.vendor).insert(rows[begin : begin + AT_ONCE], unless_there=unless_there)


class _Table:
    def __init__(self, model: type[Model]) -> None:
        meta, quoted = model._meta, connection.ops.quote_name
        self._fields: list[Field[Any, Any]] = [one for one in meta.local_concrete_fields if one is not meta.auto_field]
        self._given: list[Field[Any, Any]] = list(meta.db_returning_fields)  # by the database: keys and defaults
        self._compiler = InsertQuery(model).get_compiler(connection=connection)
        columns = [one.get_col(meta.db_table) for one in self._given]
        self._converters = self._compiler.get_converters(columns)
        self._defaults: dict[Field[Any, Any], Sql] = {}
        into = ", ".join(quoted(str(field.column)) for field in self._fields)
        self._begin = f"INSERT INTO {quoted(meta.db_table)} ({into}) VALUES "  # noqa: S608  (names of the models)
        given = ", ".join(quoted(str(field.column)) for field in self._given)
        self._end = f" RETURNING {given}" if given else ""

    def insert(self, rows: Sequence[Model], *, unless_there: bool) -> None:
        for row in rows:
            row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]
            pre_save.send(type(row), instance=row, raw=False, using=connection.alias, update_fields=None)
        written = [[self._value(field, field.pre_save(row, add=True)) for field in self._fields] for row in rows]
        values = ", ".join(f"({', '.join(sql for sql, _ in row)})" for row in written)
        parameters = [one for row in written for _, given in row for one in given]
        end = " ON CONFLICT DO NOTHING" if unless_there else self._end
        with transaction.mark_for_rollback_on_error(), connection.cursor() as cursor:
            cursor.execute(f"{self._begin}{values}{end}", parameters)
            given = cursor.fetchall() if self._end and not unless_there else ()
        self._note_given(rows, given)
        if not unless_there:
            self._tell_of(rows)

    def _value(self, field: "Field[Any, Any]", value: Any) -> Sql:
        if isinstance(value, DatabaseDefault):
            if field not in self._defaults:
                self._defaults[field] = self._expression(field, value)
            return self._defaults[field]
        if hasattr(value, "resolve_expression"):
            return self._expression(field, value)
        return "%s", (field.get_db_prep_save(value, connection),)

    def _expression(self, field: "Field[Any, Any]", value: Any) -> Sql:
        sql, parameters = self._compiler.field_as_sql(field, None, self._compiler.prepare_value(field, value))
        return str(sql), parameters

    def _tell_of(self, rows: Sequence[Model]) -> None:
        for row in rows:
            about = {"created": True, "raw": False, "update_fields": None}
            post_save.send(type(row), instance=row, using=connection.alias, **about)

    def _note_given(self, rows: Sequence[Model], given: Sequence[Sequence[Any]]) -> None:
        for row, values in zip(rows, self._compiler.apply_converters(given, self._converters), strict=False):
            for field, value in zip(self._given, values, strict=True):
                setattr(row, field.attname, value)
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias


@cache
def _table(model: type[Model], vendor: str) -> _Table:
    """`vendor`: of the database whose SQL it is."""
    return _Table(model)
