"""Many webhooks at once, posted by the emulator to a server that works: each taken once, and nobody waits for them."""

import os
import signal
import time
import urllib.request
from collections import Counter
from typing import Any

import pytest

from tests.support.emulation import Emulator
from tests.support.processes import READY, Site, gunicorn_workers, served

pytestmark = pytest.mark.database

BURSTS = (30, 4, 4, 4, 4, 4)  # changes; of a hundred deliveries the emulator tells
REGISTER = f"""
import json
{READY}
from orders.models import Connection, Merchant, User
from orders.services.webhooks import registration
merchant = Merchant.objects.create(name="Northwind Trading", slug="northwind")
connection = Connection(merchant=merchant, mode="live", provider="revkeen", name="Demo", active=True)
connection.secret = "rk_live_northwind_demo"
connection.save()
registration.register(connection, User.objects.create_user("mara@northwind.example"))
print(json.dumps(registration.address_of(connection)))
"""
TAKEN = f"""
import json
{READY}
from orders.models import ToRead, WebhookReceived, WebhookReceiver
marked = sorted(str(order_id) for order_id in ToRead.objects.values_list("order_id", flat=True))
print(json.dumps([marked, WebhookReceived.objects.count(), WebhookReceiver.objects.get().refusals]))
"""


def test_a_burst_of_doubled_and_shuffled_webhooks_is_taken_once_each_though_the_server_is_killed(
    site: Site, emulator: Emulator
) -> None:
    site.environment |= {"REVKEEN_LIVE_URL": emulator.api, "REVKEEN_TEST_URL": emulator.api}
    with served(site) as port:
        site.environment["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        site.run(REGISTER)
        emulator.settings(webhook_doubled=True, webhook_order="random", webhook_retries="quick")
        made: list[str] = []
        for changes in BURSTS:  # until a kill met with a delivery
            before = states(emulator)["succeeded"]
            kill(port)  # all of them wait for the next who answers
            made += [emulator.make_order()["id"] for _ in range(changes)]
            while states(emulator)["succeeded"] == before:
                time.sleep(0.005)
            kill(port)  # who has some of them at hand
            urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=15).close()
            while set(states(emulator)) != {"succeeded"}:
                time.sleep(0.1)
            attempts = sum(delivery["attempts"] for delivery in deliveries(emulator))
            if attempts > 2 * len(made):
                break
    assert site.run(TAKEN) == [sorted(made), len(made), 0]
    assert attempts > 2 * len(made)  # some met with nobody


def kill(port: int) -> None:
    for worker in gunicorn_workers(port):
        os.kill(worker, signal.SIGKILL)


def states(emulator: Emulator) -> Counter[str]:
    return Counter(delivery["status"] for delivery in deliveries(emulator))


def deliveries(emulator: Emulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.get("/webhook-deliveries?limit=100")["data"]
    return found
