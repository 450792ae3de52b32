"""Rows of which a column has one of many values, which go to the database as one parameter.

Django takes longer to write thousands of parameters than a database takes to look them up.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Field, Q
from django.db.models.lookups import In


@dataclass(frozen=True)
class Many:
    """No list, for Django would look into it value by value."""

    values: tuple[Any, ...]


def among(column: str, values: Iterable[Any]) -> Q:
    """`values`: whole numbers or UUIDs, as many as one likes. `column` as in a filter, with those of related rows."""
    return Q(**{f"{column}__among": Many(tuple(values))})


@Field.register_lookup
class Among(In):
    lookup_name = "among"

    def get_prep_lookup(self) -> Any:
        return self.rhs

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, list(self.rhs.values)]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        kept = json.dumps([getattr(value, "hex", value) for value in self.rhs.values])
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, kept]  # noqa: S608  (a column of ours)
