"""Many webhooks at once, posted by the emulator to a server that works: each taken once, and nobody waits for them."""

import time
import urllib.request
from typing import Any

import pytest

from tests.support.emulation import Emulator
from tests.support.processes import READY, Site, served

pytestmark = pytest.mark.database

CHANGES = 40
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


def test_a_burst_of_shuffled_and_doubled_webhooks_is_all_taken_while_the_server_works(
    site: Site, emulator: Emulator
) -> None:
    site.environment |= {"REVKEEN_LIVE_URL": emulator.api, "REVKEEN_TEST_URL": emulator.api}
    with served(site) as port:
        site.environment["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        site.run(REGISTER)
        emulator.settings(webhook_doubled=True, webhook_order="random")
        made = sorted(emulator.make_order()["id"] for _ in range(CHANGES))
        slowest = 0.0
        while "pending" in {delivery["status"] for delivery in deliveries(emulator)}:
            began = time.monotonic()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=10).close()
            slowest = max(slowest, time.monotonic() - began)
        statuses = [delivery["last_status_code"] for delivery in deliveries(emulator)]
    assert statuses == [204] * (2 * CHANGES)
    assert site.run(TAKEN) == [made, CHANGES, 0]
    assert slowest < 5


def deliveries(emulator: Emulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.get("/webhook-deliveries?limit=100")["data"]
    return found
