"""How the edits of a mutant are applied: the target is found with `ast`, and in it the one place where `old` stands."""

import ast
import re
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from mutants.catalog import Edit, Mutant


class Misfit(Exception):
    """An edit that cannot be applied, with the reason in words."""


def apply(mutant: Mutant, root: Path) -> None:
    """Raise `Misfit`, and change nothing then."""
    for path, text in edited(mutant, root).items():
        path.write_bytes(text.encode())


def edited(mutant: Mutant, root: Path) -> dict[Path, str]:
    """The files that a mutant changes, as they are with it. Raise `Misfit`."""
    targets: dict[Path, list[Edit]] = {}
    for edit in mutant.edits:
        targets.setdefault(path_of(edit.target, root), []).append(edit)
    for path, edits in targets.items():
        if not path.is_file():
            raise Misfit(f"There is no file for {edits[0].target}.")
    return {path: with_edits(path.read_bytes().decode(), edits) for path, edits in targets.items()}


def path_of(target: str, root: Path) -> Path:
    if (root / target).is_file():
        return root / target
    module = root / target.partition(":")[0].replace(".", "/")
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")


def with_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text of a file with edits made in it, each found in the text as it was. Raise `Misfit`."""
    for begin, end, new in sorted((_cut(text, edit) for edit in edits), reverse=True):  # from its end
        text = text[:begin] + new + text[end:]
    return text


def _cut(text: str, edit: Edit) -> tuple[int, int, str]:
    """From where to where something else comes into the text, and what."""
    begin, end = _span(text, edit.target)
    places = _places(text[begin:end], _plain(edit.old))
    if len(places) != 1:
        raise Misfit(f"`old` stands {len(places)} times in {edit.target}, and not once:\n{edit.old}")
    start, old, indentation = places[0]
    start += begin
    if not edit.new:
        return *_whole_line(text, start, start + len(old)), ""
    return start, start + len(old), _indented(_plain(edit.new), indentation)


def _whole_line(text: str, start: int, end: int) -> tuple[int, int]:
    """A line of which nothing is left goes."""
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    is_all = line_end != -1 and not (text[line_start:start] + text[end:line_end]).strip()
    return (line_start, line_end + 1) if is_all else (start, end)


def _plain(text: str) -> str:
    """Without the indentation that it has in the catalog, where it is of several lines."""
    return textwrap.dedent(text).strip("\n") if "\n" in text else text


def _places(text: str, old: str) -> list[tuple[int, str, str]]:
    """Where `old` stands, how it is written there, and the indentation of the line in which it begins."""
    found = []
    for match in re.finditer(re.escape(old.partition("\n")[0]), text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        indentation = before[: len(before) - len(before.lstrip())]
        written = _indented(old, indentation)
        if old and text.startswith(written, match.start()):
            found.append((match.start(), written, indentation))
    return found


def _indented(text: str, indentation: str) -> str:
    """All lines but the first, which stands where it stands."""
    first, line_end, further = text.partition("\n")
    return first + line_end + textwrap.indent(further, indentation)


def _span(text: str, target: str) -> tuple[int, int]:
    """Where in the text of its file the target begins and ends, in characters."""
    name = target.partition(":")[2]
    if not name:
        return 0, len(text)
    node = _named(text, target, name.split("."))
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    lines = [len(line) + 1 for line in text.split("\n")]
    return sum(lines[: first - 1]), sum(lines[: node.end_lineno]) - 1


def _named(text: str, target: str, names: list[str]) -> ast.stmt:
    body: list[ast.stmt] = _parsed(text).body
    for name in names:
        found = [node for node in body if name in _names(node)]
        if not found:
            raise Misfit(f"There is no {target}.")
        body = getattr(found[-1], "body", [])
    return found[-1]


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement gives to something."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


@lru_cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)
