"""docs/glossary.md names one word for one thing, and the pages use those words and no others."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()


def rows(table: str) -> list[list[str]]:
    found = re.findall(r"^\| (?!Term|---)(.*)\|$", table, re.M)
    return [[cell.strip() for cell in row.split("|")] for row in found]


ON_PAGES, IN_CODE = map(rows, GLOSSARY.split("In the code and these documents alone:"))
TERMS = [term for row in ON_PAGES for term in row[0].split(", ")]
REPLACED = [word for row in (*ON_PAGES, *IN_CODE) for word in filter(None, row[2].split(", "))]
# As the vendors have it: a carrier's status is a delivery, and htmx settles.
VENDORS = re.compile(r"out for delivery|delivery attempted|delivery date|attributesToSettle", re.I)


def texts_of_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        text = re.sub(
            r"\{#.*?#\}|\{% (?!state|flag|button|hint)[^%]*%\}|\{\{.*?\}\}", " ", path.read_text(), flags=re.S
        )
        yield re.sub(r"<[a-z/!][^>]*>", " ", text)
        yield from re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', text)


def texts_of_python() -> Iterator[str]:
    """Texts with a space or a capital: others are names."""
    for path in (ROOT / "orders").rglob("*.py"):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text())
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            if is_text and re.search(r"\s|^[A-Z][a-z]", node.value):
                yield node.value


@cache
def shown() -> str:
    return VENDORS.sub(" ", "\n".join([*texts_of_templates(), *texts_of_python()]))


@pytest.mark.parametrize("term", TERMS)
def test_each_term_is_a_word_that_is_shown(term: str) -> None:
    assert re.search(rf"\b{term}", shown(), re.I)


@pytest.mark.parametrize("term", [row[0] for row in IN_CODE])
def test_each_term_of_the_code_is_a_name_in_it(term: str) -> None:
    name = re.compile(rf"\b{term.title().replace(' ', '')}\b|{term.replace(' ', '_')}")
    assert any(name.search(path.read_text()) for path in (ROOT / "orders").rglob("*.py"))


@pytest.mark.parametrize("word", REPLACED)
def test_no_word_that_was_replaced_is_shown(word: str) -> None:
    assert not [line.strip() for line in shown().split("\n") if re.search(rf"\b{word}\b", line, re.I)]


BRITISH = r"\b(fulfils?\b|fulfilment|cancell(ed|ing)|colour|favour|behaviour|catalogue|licence|authoris)"


def test_what_is_shown_is_american_english() -> None:
    assert not [line.strip() for line in shown().split("\n") if re.search(BRITISH, line, re.I)]
