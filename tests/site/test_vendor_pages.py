"""Above each call of RevKeen stands the page of its API reference, and it is the page of that call."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = re.compile(r"^# https://docs\.revkeen\.com/docs/api-reference/(\w+)$")
DOCUMENT = json.loads((ROOT / "emulator" / "revkeen" / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), re.sub(r"\{\w+\}", "{}", path))
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "operationId" in operation
}
SOURCES = {path: path.read_text() for path in (ROOT / "orders" / "apis" / "revkeen").glob("*.py")}
CALLS = [
    pytest.param(source.split("\n")[node.lineno - 2], node, id=node.name)
    for source in SOURCES.values()
    for node in ast.parse(source).body
    if isinstance(node, ast.FunctionDef) and re.match(r"(Read|Change)\[", ast.unparse(node.returns or ast.Constant("")))
]


def called(function: ast.FunctionDef) -> tuple[str, str]:
    """Method and path, with `{}` for each id."""
    whole = ast.unparse(function)
    method = re.search(r"Change\('(\w+)', ", whole)
    joined, plain = re.search(r"\bpath\(([^)]*)\)", whole), re.search(r"'(/[\w-]+)'", whole)
    path = "/" + re.sub(r"\b\w+_id\b", "{}", joined[1]).replace(", ", "/") if joined else plain and plain[1]
    return method[1] if method else "GET", str(path).replace("'", "")


def test_there_are_calls() -> None:
    assert len(CALLS) > 20


@pytest.mark.parametrize(("above", "function"), CALLS)
def test_above_a_call_stands_its_page(above: str, function: ast.FunctionDef) -> None:
    page = PAGE.match(above)
    assert page, f"{function.name}: {above}"
    assert OPERATIONS[page[1]] == called(function)
