"""docs/partners.md names every operation and every field of the partners' documents, and no other."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "partners.md").read_text()
DOCUMENTS = {
    "Digital River": "emulator/digital_river/openapi.json",
    "OrderProtection": "emulator/order_protection/openapi.json",
}
# Where an answer of Digital River holds fulfillments, their fields have a table of their own.
FULFILLMENT_IN = {
    "GET /fulfillments": "data[].",
    "GET /fulfillments/{id}": "",
    "POST /fulfillments": "",
    "POST /fulfillments/{id}": "",
}

Tables = dict[tuple[str, str], set[str]]


def listed() -> Tables:
    """(heading, Sent or Received) → the fields of its table."""
    tables: Tables = defaultdict(set)
    heading = direction = ""
    for line in TEXT.splitlines():
        if line.startswith("### "):
            heading = line[4:]
        elif found := re.match(r"\| (Sent|Received) \|", line):
            direction = found[1]
        elif line.startswith("| `"):
            tables[heading, direction] |= set(re.findall(r"`([^`]+)`", line.split(" | ")[0]))
    return tables


def operations(provider: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    document = json.loads((ROOT / DOCUMENTS[provider]).read_text())
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation, document


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        target = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def fields(document: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    schema = resolved(document, schema)
    for kind in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(kind, []):
            yield from fields(document, part, prefix)
    if "array" in schema.get("type", ""):
        yield from fields(document, schema["items"], f"{prefix}[]")
    for name, part in schema.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        yield path
        yield from fields(document, part, path)


def sent(operation: dict[str, Any], document: dict[str, Any]) -> set[str]:
    names = {resolved(document, parameter)["name"] for parameter in operation.get("parameters", [])}
    body = resolved(document, operation.get("requestBody", {})).get("content", {})
    return names | {field for content in body.values() for field in fields(document, content["schema"])}


def received(operation: dict[str, Any], document: dict[str, Any], *, refusals: bool) -> set[str]:
    names: set[str] = set()
    for status, answer in operation["responses"].items():
        if status.startswith("2") == refusals:
            continue
        answer = resolved(document, answer)
        names |= set(answer.get("headers", {}))
        for content in answer.get("content", {}).values():
            names |= set(fields(document, content["schema"]))
    return names


ALL = [(provider, *found) for provider in DOCUMENTS for found in operations(provider)]


@pytest.mark.parametrize(("provider", "name", "operation", "document"), ALL, ids=[f"{p} {n}" for p, n, *_ in ALL])
def test_every_field_of_an_operation_is_listed_and_no_other(
    provider: str, name: str, operation: dict[str, Any], document: dict[str, Any]
) -> None:
    tables = listed()
    assert tables[name, "Sent"] == sent(operation, document)
    expected = tables[name, "Received"]
    if name in FULFILLMENT_IN and provider == "Digital River":
        expected = expected | {FULFILLMENT_IN[name] + field for field in tables["The fulfillment", "Received"]}
    assert expected == received(operation, document, refusals=False)


@pytest.mark.parametrize("provider", DOCUMENTS)
def test_every_field_of_a_refusal_is_listed(provider: str) -> None:
    in_document = set().union(*(received(each, document, refusals=True) for _, each, document in operations(provider)))
    assert listed()[f"Refusals of {provider}", "Received"] == in_document


def test_no_operation_is_listed_that_is_not_there() -> None:
    headings = {heading for heading, _ in listed() if re.match(r"(GET|POST|PUT|PATCH|DELETE) ", heading)}
    assert headings == {name for _, name, *_ in ALL}


def test_every_field_says_where_it_is_used_or_why_not() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert rows
    assert all(len(line.split(" | ")[1].strip(" |")) >= len("there") for line in rows)
