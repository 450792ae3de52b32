"""Questions that are asked again and again, put into SQL once: the ORM takes several times as long to write one down as
the database takes to answer it. Only the SQL is kept; what it finds is asked for anew each time.

@kept(BigIntegerField(), Several(UUIDField()))
def _of_orders(merchant_id: Given, order_ids: Given) -> QuerySet[Hold]:
    return Hold.objects.filter(merchant=merchant_id, order_id__in=order_ids)

holds = _of_orders(7, [order_id])

Changes of rows likewise, where it is said of which rows, and what becomes of them:

@kept_update(CharField(), UUIDField())
def _note(note: Given, order_id: Given) -> Update:
    return Update(Hold.objects.filter(order_id=order_id), note=note)

how_many = _note("Bad address", order_id)
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Generic, TypeVar, Union, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Expression, Field, QuerySet
from django.db.models import query as django_query
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row")

FEW = 4  # values given together: of more, where their number is never twice the same, SQL is not worth keeping


class Given(Expression):
    """Stands in a question for what is given each time that it is asked."""

    def __init__(self, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def resolve_expression(self, *args: Any, **kwargs: Any) -> "Given":
        return self  # a copy of it would not be found among the parameters

    def copy(self) -> "Given":
        return self  # nor one that a question within the question has

    def prepared(self, value: object) -> Any:
        return self.output_field.get_db_prep_value(value, connection)

    __eq__ = object.__eq__  # two of the same kind are two
    __hash__ = object.__hash__


@dataclass(frozen=True)
class Several:
    """Among the fields: a collection of values is given, whose rows are asked for with `__in`.

    `most` values, up to which the SQL is kept, one for each number of them.
    """

    field: "Field[Any, Any]"
    most: int = FEW


@dataclass(frozen=True)
class _Put:
    """Into SQL: `given` stand for the values in their order, and among the parameters. `reading`: None of a change."""

    sql: str
    parameters: Sequence[Any]
    given: Sequence[Given]
    reading: "_Reading | None" = None

    def execute(self, cursor: Any, together: Sequence[Collection[Any]]) -> None:
        values = [one for some in together for one in some]
        by_given = {given: given.prepared(value) for given, value in zip(self.given, values, strict=True)}
        cursor.execute(self.sql, [by_given[one] if isinstance(one, Given) else one for one in self.parameters])


class _Statement:
    """What it is made of must not change: no moment and no setting may be in it, but as what is given."""

    def __init__(self, fields: "Sequence[Field[Any, Any] | Several]", ask: "Callable[..., Any]") -> None:
        self._of = [(of.field, True) if isinstance(of, Several) else (of, False) for of in fields]
        self._most = [of.most if isinstance(of, Several) else 1 for of in fields]
        self._ask = ask
        self._by_lengths: dict[tuple[int, ...], _Put | None] = {}
        update_wrapper(cast(Any, self), ask)

    def _together(self, values: Sequence[Any]) -> list[Collection[Any]]:
        return [some if several else [some] for (_, several), some in zip(self._of, values, strict=True)]

    def _in_sql(self, together: Sequence[Collection[Any]]) -> _Put | None:
        """For as many values as these; None where no row can be meant."""
        lengths = tuple(map(len, together))
        if lengths not in self._by_lengths:
            self._by_lengths[lengths] = self._of_lengths(lengths)
        return self._by_lengths[lengths]

    def _of_lengths(self, lengths: Sequence[int]) -> _Put | None:
        given = [[Given(field) for _ in range(length)] for (field, _), length in zip(self._of, lengths, strict=True)]
        asked = [some if several else some[0] for (_, several), some in zip(self._of, given, strict=True)]
        try:
            return self._put(self._ask(*asked), [one for some in given for one in some])
        except EmptyResultSet:
            return None

    def _put(self, asked: Any, given: Sequence[Given]) -> _Put:
        raise NotImplementedError


class Kept(_Statement, Generic[Row]):
    """A question whose answer is a list of all its rows, models or a `values_list`."""

    def __call__(self, *values: Any) -> list[Row]:
        together = self._together(values)
        if any(len(some) > most for some, most in zip(together, self._most, strict=True)):
            return list(self._ask(*values))
        found = self._in_sql(together)
        if found is None or found.reading is None:
            return []
        with connection.cursor() as cursor:
            found.execute(cursor, together)
            return found.reading.rows(cursor.fetchall())

    def _put(self, asked: Any, given: Sequence[Given]) -> _Put:
        compiler = asked.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        of_models = asked._iterable_class is django_query.ModelIterable
        return _Put(sql, parameters, given, _Reading(compiler, of_models=of_models))


class Update:
    """These rows of one table, and the values that they get by column."""

    def __init__(self, rows: "QuerySet[Any, Any]", **values: Any) -> None:
        self.rows, self.values = rows, values


class KeptUpdate(_Statement):
    """A change of all rows that are meant; how many those were."""

    def __call__(self, *values: Any) -> int:
        together = self._together(values)
        put = self._in_sql(together)
        if put is None:
            return 0
        with connection.cursor() as cursor:
            put.execute(cursor, together)
            return int(cursor.rowcount)

    def _put(self, asked: Update, given: Sequence[Given]) -> _Put:
        query: Any = asked.rows.query.chain(UpdateQuery)
        query.add_update_values(asked.values)
        query.clear_select_clause()
        sql, parameters = query.get_compiler(connection=connection).as_sql()
        return _Put(sql, parameters, given)


Fields = Union["Field[Any, Any]", Several]


def kept(*fields: Fields) -> "Callable[[Callable[..., QuerySet[Any, Row]]], Kept[Row]]":
    """Keep a question of so many parameters, of these fields."""
    return lambda ask: Kept(fields, ask)


def kept_update(*fields: Fields) -> Callable[[Callable[..., Update]], KeptUpdate]:
    """The same of a change."""
    return lambda ask: KeptUpdate(fields, ask)


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
