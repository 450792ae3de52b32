"""Which test shows that which kind of change survives which fault: marked on the tests, printed at the end of a run,
written into docs/reliability.md by `python -m tests.support.matrix`.
"""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.actions import ACTIONS, Action
from tests.support.partners import PARTNERS, Partner
from tests.support.variants import Values, in_short, named, together

BY_LETTER: dict[str, Action | Partner] = {each.letter: each for each in (*ACTIONS, *PARTNERS)}
ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- matrix: made by `python -m tests.support.matrix` -->\n", "<!-- end of matrix -->\n"
CHANGES = "".join(action.letter for action in ACTIONS)
ALL = CHANGES + "".join(partner.letter for partner in PARTNERS)


class Fault(NamedTuple):
    words: str
    letters: str = ALL  # the kinds of change that have to survive it
    chaos: str = ""  # the part of `make chaos` that has what takes too long for a test


FAULTS = {
    1: Fault("Double click, Enter twice"),
    2: Fault("Same form in two tabs, Back and sent again, reload after sending"),
    3: Fault("Two people, two forms, one order", "UPNFR"),
    4: Fault("Order changed since the form was drawn", "PNFR"),
    5: Fault("Browser closes mid-request"),
    6: Fault("`kill -9` before the call"),
    7: Fault("`kill -9` between call and outcome"),
    8: Fault("`kill -9` after the outcome, before the page"),
    9: Fault("`kill -9` of the worker that reconciles"),
    10: Fault("SIGTERM with requests in flight"),
    11: Fault("No connection: refused, DNS, TLS, time-out"),
    12: Fault("Time-out after the work", "CPFR"),
    13: Fault("Reset before the answer, or in the middle of it"),
    14: Fault("Truncated JSON, wrong Content-Length, broken chunk"),
    15: Fault("Slow drip"),
    16: Fault("Stale keep-alive connection"),
    17: Fault("429, with every kind of `Retry-After`"),
    18: Fault("500 before anything happened"),
    19: Fault("500 after the work, stored and replayed", "CPFR"),
    20: Fault("502, 503, 504 with HTML"),
    21: Fault("200 with HTML, 204, empty, wrong Content-Type"),
    22: Fault("200 with the wrong shape"),
    23: Fault("200, but nothing happened", "PNFR"),
    24: Fault("409 `idempotency_in_progress`", CHANGES),
    25: Fault("409 `idempotency_conflict`", CHANGES),
    26: Fault("400, 409: wrong state", "PNFR"),
    27: Fault("400, 422, then the corrected form", CHANGES),
    28: Fault("401: key revoked"),
    29: Fault("Key replaced while the outcome is unknown"),
    30: Fault("403: scope missing"),
    31: Fault("Gzip bomb, 100 MB, JSON 100,000 deep, header of 1 MB", ALL, "heavy-answers"),
    32: Fault("Clock jumps ± 2 h, skew ± 1 h"),
    33: Fault("Unknown for more than 24 h", "CPFR"),
    34: Fault("Database locked for 3 s"),
    35: Fault("Disk full at the first write, at the second", ALL, "full-disk"),
    36: Fault("Database down, cache down"),
    37: Fault("All threads busy with one slow merchant", ALL, "slow-merchant"),
    38: Fault("Retry storm"),
    39: Fault("Partner down for a day", "DO"),
    40: Fault("Partner took it, and the answer never came", "DO"),
    41: Fault("Partner refuses one", "DO"),
    42: Fault("RevKeen done, partner never told", "F"),
    43: Fault("Old backup restored"),
    46: Fault("Half of “create replacement, cancel old”", "CN"),
}

Matrix = dict[tuple[int, str], dict[str, int]]  # (fault, letter): test → in how many variants


def survives(number: int, letters: str = "", **variants: Values) -> Callable[[Any], Any]:
    """Run the test for each kind of change that the fault is about, or for these alone, and stand in the matrix.

    Each kind meets each combination of the `variants` in the full run. In the short one each kind and each combination
    is there.
    """
    chosen = [BY_LETTER[letter] for letter in letters or FAULTS[number].letters if letter in CHANGES]

    def decorate(test: Any) -> Any:
        return pytest.mark.fault(number)(_with_each("action", chosen, number, variants)(test))

    return decorate


def for_each_partner(*numbers: int, **variants: Values) -> Callable[[Any], Any]:
    """Run the test for each partner, and stand in the matrix under each of these faults; `variants` as above."""

    def decorate(test: Any) -> Any:
        for number in numbers:
            test = pytest.mark.fault(number)(test)
        return _with_each("partner", PARTNERS, numbers[0], variants)(test)

    return decorate


def _with_each(name: str, kinds: Sequence[Any], number: int, variants: Mapping[str, Values]) -> Any:
    """The test with each of the kinds; one of them, by the number of the fault another, also on PostgreSQL.

    Kinds differ in what is said to whom, and write the same rows.
    """
    combinations = list(product(*map(named, variants.values())))
    short = in_short(len(kinds), len(combinations), shift=number)
    params = [
        together(
            (str(kind), kind),
            *combination,
            full=(at, place) not in short,
            marks=[pytest.mark.database] if at == number % len(kinds) else [],
        )
        for at, kind in enumerate(kinds)
        for place, combination in enumerate(combinations)
    ]
    return pytest.mark.parametrize((name, *variants), params)


def cells(item: pytest.Item) -> Iterable[tuple[int, str]]:
    """The cells of the matrix that a test stands for: its marks, and its action or the letters of the mark."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    action = params.get("action") or params.get("partner")
    for mark in item.iter_markers("fault"):
        number, *letters = mark.args
        for letter in letters[0] if letters else action.letter:
            yield number, letter


def matrix_of(items: Iterable[pytest.Item]) -> Matrix:
    found: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for item in items:
        for cell in cells(item):
            found[cell][f"{item.path.relative_to(ROOT)}::{item.name.partition('[')[0]}"] += 1
    return {cell: dict(tests) for cell, tests in found.items()}


def holes(matrix: Matrix) -> list[tuple[int, str]]:
    """The cells that the list of faults names and no test and no part of `make chaos` covers."""
    wanted = [(number, letter) for number, fault in FAULTS.items() for letter in fault.letters if not fault.chaos]
    return [cell for cell in wanted if cell not in matrix]


# While pytest runs: what stands in the matrix, and how it went. The reports say it: several processes may run tests.

CELL = "cell of the matrix"

_ran: set[tuple[int, str]] = set()
_failed: set[tuple[int, str]] = set()


def pytest_itemcollected(item: pytest.Item) -> None:
    item.user_properties += [(CELL, cell) for cell in cells(item)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    found = {(number, letter) for name, (number, letter) in report.user_properties if name == CELL}
    _ran.update(found)
    if report.failed or report.skipped:
        _failed.update(found)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if _ran and not config.option.collectonly:
        terminalreporter.section("faults survived")
        for line in summary(_ran, _failed):
            terminalreporter.write_line(line)


def summary(ran: set[tuple[int, str]], failed: set[tuple[int, str]], columns: int = 8) -> list[str]:
    """One block: each fault with the letters that passed; a failed or skipped one as `!`, one not run as `·`."""
    legend = ", ".join(f"{each.letter} {each.name}" for each in BY_LETTER.values())
    shown = [f"{number:>2} {_letters(number, fault, ran, failed):<{len(ALL)}}" for number, fault in FAULTS.items()]
    rows = [shown[place : place + columns] for place in range(0, len(shown), columns)]
    return [f"{legend}; * in `make chaos`, ! failed, · not run", *("  ".join(row) for row in rows)]


def _letters(number: int, fault: Fault, ran: set[tuple[int, str]], failed: set[tuple[int, str]]) -> str:
    def shown(letter: str) -> str:
        cell = (number, letter)
        return "!" if cell in failed else letter if cell in ran else "*" if fault.chaos else "·"

    return "".join(shown(letter) for letter in fault.letters)


# The document.


def table(matrix: Matrix) -> str:
    """In Markdown; a cell says in how many variants it is tested."""
    lines = [
        f"| # | Fault | {' | '.join(ALL)} | Tests |",
        f"| --- | --- | {' | '.join('---' for _ in ALL)} | --- |",
    ]
    for number, fault in FAULTS.items():
        row = " | ".join(_cell(matrix, number, letter) for letter in ALL)
        lines.append(f"| {number} | {fault.words} | {row} | {_tests(matrix, number, fault)} |")
    return "\n".join(lines) + "\n"


def _cell(matrix: Matrix, number: int, letter: str) -> str:
    tests = matrix.get((number, letter))
    if tests:
        return str(sum(tests.values()))
    if letter not in FAULTS[number].letters:
        return ""
    return "chaos" if FAULTS[number].chaos else "**hole**"


def _tests(matrix: Matrix, number: int, fault: Fault) -> str:
    names = {name for letter in ALL for name in matrix.get((number, letter), ())}
    shown = [f"`{name.removeprefix('tests/')}`" for name in sorted(names)]
    return "<br>".join([*shown, *([f"`make chaos`, part {fault.chaos}"] if fault.chaos else [])])


def with_table(document: str, matrix: Matrix) -> str:
    before, _, rest = document.partition(BEGIN)
    return before + BEGIN + table(matrix) + END + rest.partition(END)[2]


def collect() -> list[pytest.Item]:
    """All tests that are marked, collected in this process."""

    class Collected:
        items: list[pytest.Item]

        def pytest_collection_finish(self, session: pytest.Session) -> None:
            self.items = session.items

    marked = [str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if _is_marked(path)]
    plugin = Collected()
    if pytest.main(["--collect-only", "-qqq", *marked], plugins=[plugin]) != pytest.ExitCode.OK:
        raise SystemExit("The tests could not be collected.")
    return plugin.items


def _is_marked(path: Path) -> bool:
    text = path.read_text()
    return "@survives(" in text or "@for_each_partner(" in text or "mark.fault(" in text


def main() -> None:
    """Write the document anew; with `--check` say instead whether it is as it should be."""
    items = collect()
    document = DOCUMENT.read_text()
    wanted = with_table(document, matrix_of(items))
    if "--check" not in sys.argv:
        DOCUMENT.write_text(wanted)
    short = matrix_of(item for item in items if not item.get_closest_marker("full"))
    missing = ", ".join(f"{number}{letter}" for number, letter in holes(short))
    if missing:
        raise SystemExit(f"No test in `make test` for {missing}.")
    if "--check" in sys.argv and document != wanted:
        raise SystemExit("docs/reliability.md is out of date: run `python -m tests.support.matrix`.")


def check() -> subprocess.CompletedProcess[str]:
    """In a process of its own: a test run cannot collect within itself."""
    command = [sys.executable, "-m", "tests.support.matrix", "--check"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
