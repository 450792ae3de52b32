"""What a page costs at most, whatever the APIs send: rows, calls, seconds and memory."""

import json
import socket
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from orders.apis.revkeen import reads
from orders.apis.revkeen.reads import Read
from orders.models import CustomerCopy, Merchant
from orders.services.revkeen import customer_names, session
from tests.orders.test_outages import peak_memory
from tests.support.emulation import Emulator

FIVE_MB = 5 * 1024 * 1024 - 100
HOW = ["northwind", "live"]


def listed(rows: bytes) -> str:
    return (b'{"object":"list","data":[' + rows + b'],"has_more":false}').decode()


# Rows


@pytest.mark.parametrize("row", [1, {}, [], "", 12345], ids=str)
def test_five_megabytes_of_rows_that_are_none_cost_little(row: Any, admin: Client, emulator: Emulator) -> None:
    admin.get(reverse("order_list", args=HOW))
    rows = FIVE_MB // (len(json.dumps(row)) + 1)
    emulator.fault("many_rows", path="/orders$", row=row, rows=rows, times=2)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before, started = peak_memory(), time.monotonic()
    page = admin.get(reverse("order_list", args=HOW))
    assert time.monotonic() - started < 5  # most of it is the emulator's
    assert peak_memory() - before < 100 * 1024
    assert "RevKeen’s answer could not be read" in page.content.decode()


def test_of_more_rows_than_were_asked_for_only_those_are_shown(admin: Client, emulator: Emulator) -> None:
    longest = max(len(json.dumps(order, ensure_ascii=False)) for order in emulator.orders("limit=1"))
    emulator.fault("many_rows", path="/orders$", rows=FIVE_MB // longest)
    page = admin.get(reverse("order_list", args=HOW))
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count('id="order-0000') == 50
    assert "starting_after=" in text  # there is more
    assert len(page.sent) < 300_000


LISTS = {
    "orders": (reads.orders(limit=7), 7),
    "customers": (reads.customers(limit=7), 7),
    "payment methods": (reads.payment_methods(uuid.uuid4()), 1000),
    "products": (reads.products(), 100),
    "prices": (reads.prices("EUR"), 100),
    "transactions": (reads.transactions(uuid.uuid4()), 100),
    "refunds": (reads.refunds(uuid.uuid4()), 100),
    "events": (reads.order_events(uuid.uuid4()), 100),
    "all events": (reads.events_since(0, ("order.paid",)), 100),
}


@pytest.mark.parametrize(("read", "asked"), LISTS.values(), ids=LISTS.keys())
def test_no_list_has_more_rows_than_were_asked_for(read: Read[Any], asked: int) -> None:
    found = read.decode(listed(b",".join([b"{}"] * (asked + 1))).encode())
    assert len(found.rows) + len(found.unreadable) == asked
    assert found.has_more
    assert not read.decode(listed(b",".join([b"{}"] * asked)).encode()).has_more


# Calls


def test_an_invoice_of_very_many_payments_costs_few_calls(admin: Client, emulator: Emulator) -> None:
    paid = (order for order in emulator.orders() if order["invoice_id"] and order["amount_paid"])
    order = next(one for one in paid if not one["amount_refunded"])  # its newest transaction is a sale
    emulator.fault("many_rows", path="/transactions$", rows=2000, times=9)
    emulator.forget_calls()
    page = admin.get(reverse("order_refund", args=[*HOW, order["id"]]))
    assert page.status_code == 200
    assert len(emulator.calls()) < 120
    assert "more payments for this order than can be shown here" in page.content.decode()


def test_a_page_makes_no_more_calls_than_it_may(northwind: Merchant, emulator: Emulator) -> None:
    emulator.forget_calls()
    with session.session(northwind, "live") as api:
        for _ in range(3):
            readings = api.get_together(*(reads.customer(uuid.uuid4()) for _ in range(100)))
    assert len(emulator.calls()) == session.MOST_CALLS
    assert "more calls to RevKeen than a page may make" in str(readings[-1].error)


# Seconds


def test_all_rounds_of_a_page_share_one_deadline(
    northwind: Merchant, emulator: Emulator, settings: LazySettings
) -> None:
    settings.REVKEEN_READ_SECONDS = 0.6
    emulator.settings(latency="250")
    with session.session(northwind, "live") as api:
        readings = [api.get(reads.products()) for _ in range(6)]
    assert readings[0].error is None
    assert all(reading.error is not None for reading in readings[3:])


def test_reads_that_wait_for_a_thread_end_by_the_same_deadline(
    northwind: Merchant, emulator: Emulator, settings: LazySettings
) -> None:
    settings.REVKEEN_READ_SECONDS = 0.5
    emulator.settings(latency="300")
    started = time.monotonic()
    with session.session(northwind, "live") as api:
        api.get_together(*(reads.customer(uuid.uuid4()) for _ in range(200)))
    assert time.monotonic() - started < 1.2


@pytest.fixture
def silent_cache(settings: LazySettings) -> Any:
    """A Redis that takes up connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        from revkeen_admin.settings import cache_at

        address = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        settings.CACHES = {**settings.CACHES, "copies": cache_at(address)}
        yield


def test_a_cache_that_is_silent_costs_a_page_little(silent_cache: None, admin: Client, emulator: Emulator) -> None:
    order = emulator.orders()[0]["id"]
    for _ in range(2):
        started = time.monotonic()
        assert admin.get(reverse("order_detail", args=[*HOW, order])).status_code == 200
        assert time.monotonic() - started < 2
    started = time.monotonic()
    admin.get(reverse("order_detail", args=[*HOW, order]))
    assert time.monotonic() - started < 0.5  # it is let alone for a while


# Names


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "respond", "text": '{"data": {"id": 7}}'},
        {"kind": "respond", "text": "null"},
        {"kind": "deep_json"},
        {"kind": "empty"},
    ],
    ids=["another shape", "null", "deep", "empty"],
)
def test_customers_that_cannot_be_read_do_not_keep_the_others_from_their_turn(
    fault: dict[str, Any], northwind: Merchant, emulator: Emulator
) -> None:
    rows = emulator.get("/customers?limit=12")["data"]
    known = CustomerCopy.objects.create(
        merchant=northwind, mode="live", customer_id=uuid.uuid4(), name="Known", seen_at="2026-01-01T00:00:00Z"
    )
    customer_names.known(northwind, "live", [uuid.UUID(row["id"]) for row in rows])
    wanted = [str(one) for one in CustomerCopy.objects.filter(seen_at=None).values_list("customer_id", flat=True)]
    for row in sorted(wanted)[:5]:
        emulator.fault(**fault, path=f"/customers/{row}$", times=1000)
    emulator.forget_calls()
    for _ in range(6):
        with session.session(northwind, "live", for_index=True) as api:
            customer_names.fill(api, customer_names.next_wanted(northwind, "live"))
    asked = [call["path"].rsplit("/", 1)[1] for call in emulator.calls()]
    assert max(asked.count(row) for row in asked) <= 2
    assert CustomerCopy.objects.filter(seen_at=None).count() == 5
    assert known.customer_id not in asked
