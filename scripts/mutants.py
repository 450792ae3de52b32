"""`make mutants`: take out one defense at a time, and show that a test notices.

`mutants/` says of each what it takes out and which tests have to fail once it is gone (mutants/README.md). Without a
mutant all of them have to pass. MUTANTS="name name" tries only these. TEST_POSTGRES_URL names the server for those that
need PostgreSQL; without it they are not tried. With --check nothing is run: all of them have to fit the code.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

from mutants import MUTANTS
from mutants.catalog import Mutant
from mutants.check import troubles
from mutants.edits import Misfit, apply, path_of
from scripts.stack import ROOT

AT_ONCE = 2
SECONDS = 180  # for the tests of one mutant
POSTGRESQL = os.environ.get("TEST_POSTGRES_URL", "")


@dataclass(frozen=True)
class Run:
    """A run of tests: which failed, and whether it came to its end as runs do that find nothing but failures."""

    failed: list[str]
    whole: bool
    output: str


def main() -> int:
    return _check() if sys.argv[1:] == ["--check"] else _try_all()


def _check() -> int:
    found = troubles(MUTANTS, ROOT)
    print("\n".join(found) or f"{len(MUTANTS)} mutants fit the code.")
    return int(bool(found))


def _try_all() -> int:
    mutants = _wanted(os.environ.get("MUTANTS", "").split())
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        original = Path(folder) / "original"
        _copy_tree(original)
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(Path(shutil.copytree(original, Path(folder) / f"copy-{number}")))
        return int(not _all_green(mutants, copies) or not _all_red(mutants, original, copies))


def _wanted(names: list[str]) -> list[Mutant]:
    unknown = set(names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        raise SystemExit(f"There is no mutant {', '.join(sorted(unknown))}.")
    wanted = [mutant for mutant in MUTANTS if mutant.name in names or not names]
    left_out = [mutant.name for mutant in wanted if mutant.on_postgresql and not POSTGRESQL]
    if left_out:
        print(f"Not tried, for TEST_POSTGRES_URL is not set: {', '.join(left_out)}")
    return [mutant for mutant in wanted if mutant.name not in left_out]


def _copy_tree(to: Path) -> None:
    """The files that git knows, as they are now."""
    known = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, known.split("\0")):
        if (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def _all_green(mutants: list[Mutant], copies: "SimpleQueue[Path]") -> bool:
    tests = sorted({(test, mutant.on_postgresql) for mutant in mutants for test in mutant.tests})
    parts = [[test for test in tests if not test[1]][number::AT_ONCE] for number in range(AT_ONCE)]
    parts.append([test for test in tests if test[1]])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda part: _run_in_a_copy(part, copies), filter(None, parts)))
    for run in runs:
        if run.failed or not run.whole:
            print(f"Without a mutant the tests are not green:\n{run.output}")
    print(f"{len(tests)} tests without a mutant")
    return all(run.whole and not run.failed for run in runs)


def _run_in_a_copy(tests: list[tuple[str, bool]], copies: "SimpleQueue[Path]") -> Run:
    """`tests` are of one database: each with whether that is PostgreSQL."""
    with _borrowed(copies) as copy:
        return _run([test for test, _ in tests], copy, SECONDS * 10, tests[0][1])


def _all_red(mutants: list[Mutant], original: Path, copies: "SimpleQueue[Path]") -> bool:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = pool.map(lambda mutant: _try(mutant, original, copies), mutants)
        survived = [name for name, is_red in outcomes if not is_red]
    print(f"\n{len(mutants) - len(survived)} of {len(mutants)} mutants turn their tests red.")
    if survived:
        print(f"Not so: {', '.join(survived)}")
    return not survived


def _try(mutant: Mutant, original: Path, copies: "SimpleQueue[Path]") -> tuple[str, bool]:
    started = time.monotonic()
    with _borrowed(copies) as copy:
        trouble = _apply(mutant, copy) or _what_is_not_red(mutant, copy)
        _restore(mutant, original, copy)
    seconds = time.monotonic() - started
    print(f"{'**no**' if trouble else 'red   '} {mutant.name:<32} {seconds:4.0f} s  {mutant.defense}", flush=True)
    if trouble:
        print(trouble, flush=True)
    return mutant.name, not trouble


def _apply(mutant: Mutant, copy: Path) -> str:
    """Why it cannot be applied; "" when it was."""
    if not mutant.tests:
        return "It names no test."
    try:
        apply(mutant, copy)
    except Misfit as misfit:
        return str(misfit)
    return ""


def _restore(mutant: Mutant, original: Path, copy: Path) -> None:
    for edit in mutant.edits:
        changed = path_of(edit.target, copy).relative_to(copy)
        if (original / changed).is_file():
            shutil.copy2(original / changed, copy / changed)


def _what_is_not_red(mutant: Mutant, copy: Path) -> str:
    run = _run(list(mutant.tests), copy, SECONDS, mutant.on_postgresql)
    green = [test for test in mutant.tests if not any(_is(test, failed) for failed in run.failed)]
    if run.whole and not green:
        return ""
    return f"Not red: {', '.join(green) or 'the run broke off'}\n{run.output}"


def _is(test: str, failed: str) -> bool:
    """Whether what failed is that test, with any of its parameters."""
    return failed == test or failed.startswith(f"{test}[")


def _run(tests: list[str], copy: Path, seconds: int, on_postgresql: bool) -> Run:
    # Two versions of a file may be written within one second: nothing compiled may be kept of either.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | (_database_of(copy) if on_postgresql else {})
    command = [sys.executable, "-m", "pytest", "-rf", "--tb=line", *tests]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=seconds, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return Run([], False, f"The tests did not end within {seconds} s.")
    failed = re.findall(r"^FAILED (.+?)(?: - .*)?$", done.stdout, re.M)
    return Run(failed, done.returncode in (0, 1), (done.stdout + done.stderr)[-3000:])


def _database_of(copy: Path) -> dict[str, str]:
    """Each copy has its own on the server: two run at once."""
    name = f"mutants_{os.getpid()}_{copy.name.replace('-', '_')}"
    return {"TEST_DATABASE_URL": urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()}


@contextmanager
def _borrowed(copies: "SimpleQueue[Path]") -> Iterator[Path]:
    copy = copies.get()
    try:
        yield copy
    finally:
        copies.put(copy)


if __name__ == "__main__":
    sys.exit(main())
