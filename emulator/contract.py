"""An OpenAPI document as the rule for what may be asked: routes, parameters and bodies are read from it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from emulator.messages import Json

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_INTEGER = re.compile(r"-?[0-9]{1,4000}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Stopped(Exception):
    """A call that does not get as far as an API's own work. Each API says so in words of its own."""


class Problem(NamedTuple):
    """`rule` is the keyword of the document that is broken, or `twice` for a parameter given again."""

    rule: str
    text: str


Problems = dict[str, list[Problem]]  # by the dotted path of the member or parameter


class Invalid(Stopped):
    """What was asked breaks the contract."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(problems)
        self.problems = problems


class NoRoute(Stopped):
    """No operation has this path."""


class NoMethod(Stopped):
    """The path exists, with these methods only."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(allowed)
        self.allowed = allowed


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    segments: tuple[str, ...]  # "{id}" stands for any
    scope: str
    path_schemas: dict[str, Json]
    query: dict[str, Json]  # name: parameter
    body: Json | None
    body_required: bool
    responses: dict[int, str]  # status: name of the shared response, "" for one of its own


class Contract:
    def __init__(self, path: Path) -> None:
        self.text = path.read_bytes()
        self._document: Json = json.loads(self.text)
        self._by_length: dict[int, list[Operation]] = {}
        for template, item in self._document["paths"].items():
            for method, operation in item.items():
                read = self._read(template, method, operation)
                self._by_length.setdefault(len(read.segments), []).append(read)

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation for a path below the base URL. Raises NoRoute, NoMethod."""
        segments = [unquote(segment) for segment in path.removeprefix("/").split("/")]
        fitting = [op for op in self._by_length.get(len(segments), []) if _fits(op.segments, segments)]
        if not fitting:
            raise NoRoute
        for operation in fitting:
            if operation.method == method:
                return operation, _named(operation.segments, segments)
        raise NoMethod(sorted(operation.method for operation in fitting))

    def read_path(self, operation: Operation, values: dict[str, str]) -> None:
        """Raises Invalid."""
        _raise({name: self._problems(schema, values[name]) for name, schema in operation.path_schemas.items()})

    def read_query(self, operation: Operation, pairs: list[tuple[str, str]]) -> Json:
        """Parameters as values of their type, defaults filled in. Raises Invalid."""
        values = {
            name: parameter["schema"]["default"]
            for name, parameter in operation.query.items()
            if parameter["schema"].get("default") is not None
        }
        problems: Problems = {}
        for name, texts in _by_name(pairs).items():
            schema = operation.query.get(name, {}).get("schema", {})
            is_list = _types(schema) == ["array"]
            value = texts if is_list else _from_text(schema, texts[0])
            if name not in operation.query:
                problems[name] = [Problem("additionalProperties", "is not a parameter of this call")]
            elif len(texts) > 1 and not is_list:
                problems[name] = [Problem("twice", "is given more than once")]
            else:
                problems[name] = self._problems(schema, value)
            if value is not None:
                values[name] = value
        _raise(problems)
        return values

    def read_body(self, operation: Operation, body: Any) -> Json:
        """Raises Invalid."""
        assert operation.body is not None  # noqa: S101 (only called for operations with a body)
        problems: Problems = {}
        self._check(operation.body, body, "", problems)
        _raise(problems)
        return body

    # helpers

    def _read(self, template: str, method: str, operation: Json) -> Operation:
        parameters = [self._resolve(parameter) for parameter in operation.get("parameters", [])]
        body = operation.get("requestBody")
        return Operation(
            id=operation["operationId"],
            method=method.upper(),
            segments=tuple(template.strip("/").split("/")),
            scope=operation["x-required-scope"],
            path_schemas={p["name"]: p["schema"] for p in parameters if p["in"] == "path"},
            query={p["name"]: p for p in parameters if p["in"] == "query"},
            body=body["content"]["application/json"]["schema"] if body else None,
            body_required=bool(body and body.get("required")),
            responses={int(s): r.get("$ref", "").rpartition("/")[2] for s, r in operation["responses"].items()},
        )

    def _resolve(self, schema: Json) -> Json:
        while reference := schema.get("$ref"):
            schema = self._document
            for step in reference.removeprefix("#/").split("/"):
                schema = schema[step]
        return schema

    def _problems(self, schema: Json, value: Any) -> list[Problem]:
        problems: Problems = {}
        self._check(schema, value, "value", problems)
        return problems.get("value", [])

    def _check(self, schema: Json, value: Any, path: str, problems: Problems) -> None:
        """The part of JSON Schema that the documents use for requests; `anyOf` is left to the API."""
        schema = self._resolve(schema)
        wrong = _wrong_type(schema, value) or _wrong_value(schema, value)
        if wrong:
            problems.setdefault(path, []).append(wrong)
        elif isinstance(value, dict):
            self._check_members(schema, value, path, problems)
        elif isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                self._check(schema["items"], item, _below(path, str(index)), problems)

    def _check_members(self, schema: Json, value: Json, path: str, problems: Problems) -> None:
        for name in schema.get("required", ()):
            if name not in value:
                problems.setdefault(_below(path, name), []).append(Problem("required", "is required"))
        longest = schema.get("propertyNames", {}).get("maxLength")
        others = schema.get("additionalProperties", True)
        for name, member in value.items():
            below = _below(path, name)
            if longest is not None and len(name) > longest:
                text = f"must have a name of at most {longest} characters"
                problems.setdefault(below, []).append(Problem("propertyNames", text))
            if name in schema.get("properties", ()):
                self._check(schema["properties"][name], member, below, problems)
            elif others is False:
                problems.setdefault(below, []).append(Problem("additionalProperties", "is not a known field"))
            elif isinstance(others, dict):
                self._check(others, member, below, problems)


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _by_name(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    return texts


def _raise(problems: Problems) -> None:
    if found := {name: texts for name, texts in problems.items() if texts}:
        raise Invalid(found)


def _fits(template: tuple[str, ...], segments: list[str]) -> bool:
    return all(a == b or (a.startswith("{") and b) for a, b in zip(template, segments, strict=True))


def _named(template: tuple[str, ...], segments: list[str]) -> dict[str, str]:
    return {a[1:-1]: b for a, b in zip(template, segments, strict=True) if a.startswith("{")}


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _types(schema: Json) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def _from_text(schema: Json, text: str) -> Any:
    """A query value in its type where it has that form, else the text, which the check then refuses."""
    types = _types(schema)
    if "null" in types and text in ("", "null"):
        return None
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return float(text)
    return text


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "object": (dict,), "array": (list,), "null": (type(None),),
}  # fmt: skip


def _wrong_type(schema: Json, value: Any) -> Problem | None:
    types = _types(schema)
    if not types or any(type(value) in _PYTHON_TYPES[name] for name in types):
        return None
    return Problem("type", f"must be of type {' or '.join(types)}")


def _wrong_value(schema: Json, value: Any) -> Problem | None:
    if value is None:
        return None
    if "enum" in schema and value not in schema["enum"]:
        return Problem("enum", f"must be one of {', '.join(str(item) for item in schema['enum'])}")
    if isinstance(value, str):
        return _wrong_length(schema, len(value), "characters", "Length") or _wrong_format(schema, value)
    if isinstance(value, list):
        return _wrong_length(schema, len(value), "items", "Items")
    if isinstance(value, dict):
        return _wrong_length(schema, len(value), "members", "Properties")
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return Problem("type", "must be a number")
    if isinstance(value, (int, float)):
        if value < schema.get("minimum", value):
            return Problem("minimum", f"must be at least {schema['minimum']}")
        if value > schema.get("maximum", value):
            return Problem("maximum", f"must be at most {schema['maximum']}")
    return None


def _wrong_length(schema: Json, length: int, what: str, suffix: str) -> Problem | None:
    if length < schema.get(f"min{suffix}", 0):
        return Problem(f"min{suffix}", f"must have at least {schema[f'min{suffix}']} {what}")
    if length > schema.get(f"max{suffix}", length):
        return Problem(f"max{suffix}", f"must have at most {schema[f'max{suffix}']} {what}")
    return None


def _wrong_format(schema: Json, text: str) -> Problem | None:
    if schema.get("format") == "uuid" and not is_uuid(text):
        return Problem("format", "must be a UUID")
    if schema.get("format") == "date-time" and not _is_date_time(text):
        return Problem("format", "must be a date and time as in 2026-08-20T10:11:12Z")
    if "pattern" in schema and not re.search(schema["pattern"], text):
        return Problem("pattern", f"must match {schema['pattern']}")
    return None


def _is_date_time(text: str) -> bool:
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True
