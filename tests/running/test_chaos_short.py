"""A short run of both kill harnesses: processes killed, APIs that fail, every click doubled; nothing twice or lost."""

import os
from pathlib import Path

from chaos import accounting, jobs, partners, trials


def test_thirty_trials_of_the_kill_harness_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    run = trials.run(
        tmp_path, 30, server=os.environ.get("TEST_DATABASE_URL", ""), seconds=0.5, faults_while_reconciling=False
    )
    assert run.books.violations == []
    assert run.books.states["done"] >= 20
    assert run.killed["server"] >= 15
    assert run.failed_calls >= 5


def test_workers_killed_over_parcels_to_three_systems_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    run = partners.run(tmp_path, 24, 6, server=os.environ.get("TEST_DATABASE_URL", ""))
    assert run.books.violations == []
    assert len(run.partner_updates) == 48
    assert run.books.states["sent"] >= 40
    assert (run.killed, run.failed_calls >= 5) == (6, True)


def test_whoever_makes_a_file_for_accounting_is_killed_and_each_payment_is_in_exactly_one(tmp_path: Path) -> None:
    run = accounting.run(tmp_path, 20, server=os.environ.get("TEST_DATABASE_URL", ""))
    assert (run.missing, run.twice, run.broken) == (0, 0, [])
    assert run.killed == 20
    assert run.by_kills > 3


def test_workers_killed_over_a_job_send_each_good_row_once_and_no_bad_one(tmp_path: Path) -> None:
    """Fifteen times as fast as RevKeen allows, so that nobody waits for its rate."""
    run = jobs.run(tmp_path, 36, 9, 4, server=os.environ.get("TEST_DATABASE_URL", ""), share=15.0)
    assert run.violations == []
    assert run.states == {"done": 27, "bad": 9}
    assert run.killed == 4
