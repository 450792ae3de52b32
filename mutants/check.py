"""Whether the catalog fits the code, without running anything: `python -m scripts.mutants --check`."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from mutants.catalog import Mutant
from mutants.edits import Misfit, edited


def troubles(mutants: Sequence[Mutant], root: Path) -> list[str]:
    """What is wrong, in words that begin with the mutant's name; empty when every one of them fits."""
    times = Counter(mutant.name for mutant in mutants)
    double = [f"{name}: {number} mutants have this name." for name, number in times.items() if number > 1]
    return double + [f"{mutant.name}: {trouble}" for mutant in mutants for trouble in _troubles(mutant, root)]


def _troubles(mutant: Mutant, root: Path) -> Iterator[str]:
    yield from _of_edits(mutant, root)
    if not mutant.tests:
        yield "It names no test."
    for test in mutant.tests:
        if not _is_there(test, root):
            yield f"There is no test {test}."


def _of_edits(mutant: Mutant, root: Path) -> Iterator[str]:
    try:
        files = edited(mutant, root)
    except Misfit as misfit:
        yield str(misfit)
        return
    for path, text in files.items():
        if path.suffix == ".py" and not _is_python(text):  # any test notices that
            yield f"With it {path.relative_to(root)} is no Python any more."
    if any(edit.old == edit.new for edit in mutant.edits):
        yield "It changes nothing: `new` is `old`."


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _is_there(test: str, root: Path) -> bool:
    file, *names = test.partition("[")[0].split("::")
    return (root / file).is_file() and "::".join(names) in _tests_in(root / file)


@lru_cache
def _tests_in(path: Path) -> frozenset[str]:
    """Their names, after those of their classes: `test_one`, `TestThose::test_one`."""
    return frozenset(_names(ast.parse(path.read_bytes()).body))


def _names(nodes: Iterable[ast.stmt], before: str = "") -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{before}{node.name}::")
        elif isinstance(node, ast.FunctionDef):
            yield f"{before}{node.name}"
