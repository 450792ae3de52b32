from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.emulation import ROOT

MODULES = sorted((ROOT / "emulator").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_emulator_imports_only_itself_h11_and_the_standard_library(module: Path) -> None:
    """Two readers of one document catch each other's mistakes; sharing code would make them one."""
    roots = {name.partition(".")[0] for name in imported(ast.parse(module.read_text()))}
    assert roots <= {"emulator", "h11"} | sys.stdlib_module_names


def test_what_all_apis_share_knows_nothing_of_revkeen() -> None:
    wiring = {"__main__.py", "seeding.py"}
    for module in (ROOT / "emulator").glob("*.py"):
        if module.name not in wiring:
            assert not [name for name in imported(ast.parse(module.read_text())) if "revkeen" in name], module


def imported(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names
