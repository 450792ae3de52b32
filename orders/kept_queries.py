"""Questions that are asked again and again, put into SQL once: the ORM takes several times as long to write one down as
the database takes to answer it. Only the SQL is kept; what it finds is asked for anew each time.

@kept(BigIntegerField())
def _of_person(user_id: Given) -> QuerySet[Membership]:
    return Membership.objects.filter(user_id=user_id).select_related("merchant")

memberships = _of_person(7)
"""

from collections.abc import Callable, Sequence
from functools import cached_property, update_wrapper
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Expression, Field, QuerySet
from django.db.models import query as django_query

Row = TypeVar("Row")


class Given(Expression):
    """Stands in a question for what is given each time that it is asked."""

    def __init__(self, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def resolve_expression(self, *args: Any, **kwargs: Any) -> "Given":
        return self  # a copy of it would not be found among the parameters

    def prepared(self, value: object) -> Any:
        return self.output_field.get_db_prep_value(value, connection)

    __eq__ = object.__eq__  # two of the same kind are two
    __hash__ = object.__hash__


class Kept(Generic[Row]):
    """A question whose answer is a list of all its rows, models or a `values_list`.

    What it is made of must not change: no moment and no setting may be in it, but as what is given.
    """

    def __init__(self, fields: "Sequence[Field[Any, Any]]", ask: "Callable[..., QuerySet[Any, Row]]") -> None:
        self._given = [Given(field) for field in fields]
        self._ask = ask
        update_wrapper(self, ask)

    def __call__(self, *values: object) -> list[Row]:
        by_given = {given: given.prepared(value) for given, value in zip(self._given, values, strict=True)}
        sql, parameters, reading = self._in_sql
        with connection.cursor() as cursor:
            cursor.execute(sql, [by_given[one] if isinstance(one, Given) else one for one in parameters])
            return reading.rows(cursor.fetchall())

    @cached_property
    def _in_sql(self) -> "tuple[str, Sequence[Any], _Reading]":
        rows: Any = self._ask(*self._given)
        compiler = rows.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        return sql, parameters, _Reading(compiler, of_models=rows._iterable_class is django_query.ModelIterable)


def kept(*fields: "Field[Any, Any]") -> "Callable[[Callable[..., QuerySet[Any, Row]]], Kept[Row]]":
    """Keep a question of so many parameters, of these fields."""
    return lambda ask: Kept(fields, ask)


class _Reading:
    """What Django does with the rows of a compiled question: values in Python's terms, and objects of the models."""

    def __init__(self, compiler: Any, *, of_models: bool) -> None:
        columns = [column for column, *_ in compiler.select]
        self._converters = list(compiler.get_converters(columns).items())
        self._make: Callable[[list[Any]], Any] = self._object if of_models else tuple
        if of_models:
            self._model, places = compiler.klass_info["model"], compiler.klass_info["select_fields"]
            self._own = slice(places[0], places[-1] + 1)
            self._names = [column.target.attname for column in columns[self._own]]
            populators: Any = django_query.get_related_populators
            self._related = populators(compiler.klass_info, compiler.select, connection.alias)
            self._annotations = list((compiler.annotation_col_map or {}).items())

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        return [self._make(self._read(row)) for row in found]

    def _read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, (converters, column) in self._converters:
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        return values

    def _object(self, row: list[Any]) -> Any:
        one = self._model.from_db(connection.alias, self._names, row[self._own])
        for related in self._related:
            related.populate(row, one)
        for name, place in self._annotations:
            setattr(one, name, row[place])
        return one
