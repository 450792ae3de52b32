"""Real workers beside a test, and scripts that run in a site's own process."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.support.emulation import Emulator
from tests.support.processes import ROOT, Site

T = TypeVar("T")

COMMAND = ("manage.py", "worker")
# Looks of itself once an hour only: what it begins before, it was woken for.
PATIENT = """
import django; django.setup()
from django.core.management import call_command
from orders.services import heartbeat
heartbeat.EVERY_SECONDS = 3600
call_command("worker")
"""


@contextmanager
def worker(site: Site, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, *(command or COMMAND)], cwd=ROOT, env=site.environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def until(read: Callable[[], T], reached: Callable[[T], bool], seconds: float = 40) -> T:
    """What is read once it has come so far, or when the time is over."""
    deadline = time.monotonic() + seconds
    while not reached(found := read()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def seen(site: Site) -> list[str]:
    """The process ids of the workers that have said that they are alive."""
    return [name.rpartition(":")[2] for (name,) in site.rows("SELECT name FROM orders_workerseen")]


def states(site: Site) -> list[str]:
    """Of all partner updates, in the order in which they were written."""
    return [state for (state,) in site.rows("SELECT state FROM orders_partnerupdate ORDER BY id")]


def all_sent(found: list[str]) -> bool:
    return set(found) == {"sent"}


def with_partners(site: Site, emulator: Emulator) -> Site:
    """Whose workers reach the emulator as freshly seeded."""
    emulator.reset()
    addresses = {"DIGITAL_RIVER_URL": emulator.digital_river, "ORDER_PROTECTION_URL": emulator.order_protection}
    site.environment |= addresses
    return site


READY_IN = "import json, sys\nfrom tests.support.processes import READY\n"
MAKE = (
    READY_IN
    + """
from orders.models import Membership, Merchant, User
from tests.support import shipping
from tests.support.emulation import RunningEmulator
exec(READY)
emulator = RunningEmulator(sys.argv[1])
merchant = Merchant.objects.create(slug="northwind", name="Northwind")
user = User.objects.create(email="operations@northwind.example", name="Operations")
Membership.objects.create(user=user, merchant=merchant, roles=["operations"])
for provider in shipping.KEYS if sys.argv[3] == "both" else [sys.argv[3]]:
    shipping.connect(merchant, provider)
found = []
for order in shipping.open_orders(emulator)[: int(sys.argv[2])]:
    parcels = [shipping.parcel(order, 1)] * min(2, order["line_items"][0]["quantity"])
    found += shipping.ship(merchant, user, order, *parcels)
print(json.dumps({
    "shipments": len(found),
    "references": [str(shipment.reference) for shipment in found],
    "units": sum(item.quantity for shipment in found for item in shipment.items.all()),
}))
"""
)


@pytest.fixture
def house(site: Site, running_emulator: Emulator) -> Site:
    return with_partners(site, running_emulator)
