"""Thirty trials of the kill harness: servers killed, an API that fails, every click doubled; nothing twice or lost."""

import os
from pathlib import Path

from chaos import trials


def test_thirty_trials_of_the_kill_harness_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    run = trials.run(
        tmp_path, 30, server=os.environ.get("TEST_DATABASE_URL", ""), seconds=0.5, faults_while_settling=False
    )
    assert run.books.violations == []
    assert run.books.states["done"] >= 20
    assert run.killed["server"] >= 15
    assert run.failed_calls >= 5
