"""What wakes a worker: something new, or that the time has come; and that it says that it is alive while it looks."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.support.at_work import COMMAND, MAKE, PATIENT, READY_IN, all_sent, seen, states, until, worker
from tests.support.at_work import house as house
from tests.support.emulation import Emulator
from tests.support.processes import ROOT, Site

pytestmark = pytest.mark.database


def test_what_is_new_is_begun_without_waiting_for_the_next_look(house: Site, running_emulator: Emulator) -> None:
    with worker(house, "-c", PATIENT) as process:
        assert until(partial(seen, house), bool) == [f"{process.pid}"]
        house.run(MAKE, running_emulator.address, "2", "digital_river")
        assert all_sent(until(partial(states, house), all_sent))


@pytest.mark.parametrize(("state", "column"), [("waiting", "next_try_at"), ("sending", "lease_until")])
def test_what_falls_due_later_is_begun_then(state: str, column: str, house: Site, running_emulator: Emulator) -> None:
    """Such as what may still be undone, what is tried again, and what another worker left behind."""
    house.run(MAKE, running_emulator.address, "1", "digital_river")
    house.run(POSTPONE, state, column, "6")  # a worker takes two to start
    with worker(house, "-c", PATIENT):
        assert all_sent(until(partial(states, house), all_sent))


def test_a_worker_whose_connections_are_lost_hears_again(house: Site, running_emulator: Emulator) -> None:
    if house.environment["DATABASE_URL"].startswith("sqlite"):
        return
    with worker(house, "-c", PATIENT):
        assert until(partial(seen, house), bool)
        assert house.run(END_CONNECTIONS), "the worker had some"
        house.run(MAKE, running_emulator.address, "1", "digital_river")
        assert all_sent(until(partial(states, house), all_sent))


def test_a_worker_that_cannot_look_does_not_say_that_it_is_alive(site: Site, tmp_path: Path) -> None:
    site.environment["COUNTER_FILE"] = f"{tmp_path}/nowhere/counter"
    log = tmp_path / "log"
    with (
        log.open("wb") as file,
        subprocess.Popen([sys.executable, *COMMAND], cwd=ROOT, env=site.environment, stderr=file) as process,
    ):
        deadline = time.monotonic() + 40
        while log.read_text().count("checking for work failed") < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
    assert "checking for work failed" in log.read_text()
    assert seen(site) == []


POSTPONE = (
    READY_IN
    + """
from datetime import timedelta
from django.db.models.functions import Now
from orders.models import PartnerUpdate
exec(READY)
state, column, seconds = sys.argv[1:]
print(PartnerUpdate.objects.update(**{"state": state, column: Now() + timedelta(seconds=int(seconds))}))
"""
)
END_CONNECTIONS = (
    READY_IN
    + """
from django.db import connection
exec(READY)
with connection.cursor() as cursor:
    cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                   " WHERE datname = current_database() AND pid <> pg_backend_pid()")
    print(cursor.fetchone()[0])
"""
)
