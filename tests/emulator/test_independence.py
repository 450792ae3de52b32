from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.support.emulation import ROOT

MODULES = sorted((ROOT / "emulator").rglob("*.py"))
PROVIDERS = ("revkeen", "digital_river", "order_protection")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_emulator_imports_only_itself_h11_and_the_standard_library(module: Path) -> None:
    """Two readers of one document catch each other's mistakes; sharing code would make them one."""
    roots = {name.partition(".")[0] for name in imported(ast.parse(module.read_text()))}
    assert roots <= {"emulator", "h11"} | sys.stdlib_module_names


def test_what_all_apis_share_knows_none_of_them() -> None:
    wiring = {"__main__.py", "seeding.py", "selling.py"}
    for module in (ROOT / "emulator").glob("*.py"):
        if module.name not in wiring:
            assert not providers_in(module), module


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_api_knows_another(provider: str) -> None:
    for module in (ROOT / "emulator" / provider).rglob("*.py"):
        assert providers_in(module) <= {provider}, module


def providers_in(module: Path) -> set[str]:
    names = imported(ast.parse(module.read_text()))
    return {provider for provider in PROVIDERS if any(f"emulator.{provider}" in name for name in names)}


def imported(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names
