"""The README's map says which topic may use which, and the code keeps to it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
LAYERS = ("models", "apis", "services", "forms", "views")  # each may use those before it
MODULES = [path for path in sorted((ROOT / "orders").rglob("*.py")) if "migrations" not in path.parts]


def allowed(layer: str) -> dict[str, set[str]]:
    """Topic → the topics that it may use, out of the README's block for the layer."""
    block = re.search(rf"^{layer}/\n((?:  .+\n)+)", README, re.M)
    assert block, f"The map says nothing of {layer}/"
    rows = (line.split("→") for line in block[1].strip().splitlines())
    return {topic.strip(): set(others.replace("–", "").replace(",", " ").split()) for topic, others in rows}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def topic_of(module: str, layer: str) -> str:
    """The folder of the layer that the module is in; "" for one that belongs to no topic."""
    parts = module.split(".")
    is_topic = parts[:2] == ["orders", layer] and len(parts) > 2 and (ROOT / "orders" / layer / parts[2]).is_dir()
    return parts[2] if is_topic else ""


@pytest.mark.parametrize("layer", ["services", "forms", "views"])
def test_a_topic_uses_the_topics_that_the_map_names(layer: str) -> None:
    used: dict[str, set[str]] = {}
    for path in MODULES:
        if topic := topic_of(module_of(path), layer):
            others = {topic_of(name, layer) for name in imports(path)} - {"", topic}
            used.setdefault(topic, set()).update(others)
    assert used == allowed(layer)


@pytest.mark.parametrize("layer", ["services", "forms", "views"])
def test_the_map_has_no_circle(layer: str) -> None:
    left = allowed(layer)
    while ready := {topic for topic, others in left.items() if not others & left.keys()}:
        left = {topic: others for topic, others in left.items() if topic not in ready}
    assert not left


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_uses_none_above_it(layer: str) -> None:
    above = tuple(f"orders.{other}." for other in LAYERS[LAYERS.index(layer) + 1 :])
    wrong = {
        f"{module_of(path)} → {name}"
        for path in MODULES
        if module_of(path).startswith(f"orders.{layer}")
        for name in imports(path)
        if f"{name}.".startswith(above)
    }
    assert not wrong


def test_no_view_holds_a_form() -> None:
    for path in (ROOT / "orders" / "views").rglob("*.py"):
        bases = [
            ast.unparse(base)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ClassDef)
            for base in node.bases
        ]
        assert not [base for base in bases if base.endswith("Form")], path


def test_no_module_has_more_than_300_lines() -> None:
    folders = ("orders", "revkeen_admin", "emulator", "scripts")
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 300 and path.name != "0001_initial.py"
    }
    assert not long


def test_no_function_has_more_than_30_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for folder in ("orders", "revkeen_admin", "emulator", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno >= 30
    ]
    assert not long
