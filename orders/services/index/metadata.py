"""Metadata in questions to the copies: whether there is a key, and which text stands under it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import BooleanField, F, Func, Value

from orders.services.index import folding

# Of SQLite's JSON functions this one alone takes keys with quotes in them, and keys of digits for keys.
SQLITE = "EXISTS(SELECT 1 FROM json_each({metadata}) pair WHERE pair.key = {key}{under_it})"
TEXT_SQLITE = (
    " AND CASE pair.type WHEN 'null' THEN '' WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    " ELSE CAST(pair.value AS text) END = {text}"
)
POSTGRESQL = "({metadata} ? {key}::text{under_it})"
TEXT_POSTGRESQL = " AND coalesce({metadata} ->> {key}::text, '') = {text}::text"


class Has(Func):
    """Whether an order's metadata has a key, whatever its characters, and, with `text`, whether just that is under it.

    A number and true or false are the text that JSON writes for them, and null is "".
    """

    output_field = BooleanField()

    def __init__(self, key: str, text: str | None = None) -> None:
        super().__init__(F("metadata"), Value(key), *([] if text is None else [Value(text)]))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        statement, column, key, text = self._written(compiler, SQLITE, TEXT_SQLITE)
        return statement, (*column, *key, *text)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        statement, column, key, text = self._written(compiler, POSTGRESQL, TEXT_POSTGRESQL)
        return statement, (*column, *key, *column, *key, *text) if text else (*column, *key)

    def _written(self, compiler: Any, template: str, under_it: str) -> tuple[str, list[Any], list[Any], list[Any]]:
        """The statement, and the values that the column, the key and the text bring."""
        (column, of_column), (key, of_key), *text = [compiler.compile(one) for one in self.source_expressions]
        of_text = under_it.format(metadata=column, key=key, text=text[0][0]) if text else ""
        statement = template.format(metadata=column, key=key, under_it=of_text)
        return statement, list(of_column), list(of_key), list(text[0][1]) if text else []


def terms(metadata: Mapping[str, Any]) -> Iterator[str]:
    """`channel=web`, of each key with a text, a number, true, false or null under it; of others the key alone."""
    for key, value in sorted(metadata.items()):
        yield begin(key) if isinstance(value, dict | list) else term(key, _text(value))


def term(key: str, text: str) -> str:
    return f"{begin(key)}{folding.folded(text)}"[: folding.LONGEST_TERM]


def begin(key: str) -> str:
    """How the terms of a key begin, whatever is under it."""
    return f"{folding.folded(key)}="[: folding.LONGEST_TERM]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
