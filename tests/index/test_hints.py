"""What tells the worker to look: events of payments, webhooks that do not come, and copies drawn by lot."""

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from orders.models import Connection, IndexState, Merchant, OrderCopy, Sweep, WebhookReceiver
from orders.services.index import clock
from orders.services.sync import feed, sampling
from tests.support.emulation import Emulator
from tests.support.indexing import make_due, run
from tests.support.webhooks import live_key

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(autouse=True)
def imported(northwind: Merchant, emulator: Emulator, settings: LazySettings) -> None:
    """One index, of a key that may call as often as it likes, and all orders in it."""
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    feed.forget_seen()
    run()


def test_the_feed_is_read_more_often_while_webhooks_do_not_come(northwind: Merchant) -> None:
    receiver = WebhookReceiver.objects.create(connection=live_key(northwind))
    waits = []
    for trouble in ("", "failing", "paused"):
        WebhookReceiver.objects.filter(pk=receiver.pk).update(trouble=trouble)
        make_due()
        run()
        waits.append((IndexState.objects.get().feed_due_at - clock.now()).total_seconds())
    assert waits == pytest.approx([30, 10, 10], abs=3)


def test_an_event_of_a_payment_or_refund_has_the_order_read(emulator: Emulator) -> None:
    sale = next(row for row in emulator.get("/transactions?limit=100")["data"] if row["invoice_id"])
    of_invoice = set(OrderCopy.objects.filter(invoice_id=sale["invoice_id"]).values_list("order_id", flat=True))
    assert of_invoice
    for told in ({"invoice_id": sale["invoice_id"]}, {"payment_id": sale["id"]}, {"payment_id": "pay_1a2b"}):
        event = {"id": str(uuid.uuid4()), "type": "refund.created", "created": int(time.time())}
        emulator.fault("alter", "/events", set={"data": [{**event, "data": {"object": told}}], "has_more": False})
        make_due()
        emulator.forget_calls()
        run()
        read = {uuid.UUID(order) for order in (call["path"].split("/")[-1] for call in order_reads(emulator))}
        assert read == (of_invoice if told != {"payment_id": "pay_1a2b"} else set())


def order_reads(emulator: Emulator) -> list[dict[str, Any]]:
    return [call for call in emulator.calls() if "/orders/" in call["path"]]


def test_every_hour_some_copies_are_compared_and_the_outdated_ones_counted(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    make_due("sample", feed=False)
    run()
    state, sweep = IndexState.objects.get(), Sweep.objects.get(kind="sample")
    assert 20 <= state.sampled <= 30
    assert (state.sampled_outdated, sweep.changed) == (0, 0)
    assert sampling.at_most_outdated(state) == 300 / state.sampled
    assert timedelta(minutes=59) < sweep.due_at - clock.now() <= timedelta(hours=1)
    for order in emulator.orders("limit=100"):
        emulator.patch("orders", order["id"], notes="Elsewhere")
    make_due("sample", feed=False)
    run()
    state, before = IndexState.objects.get(), state.sampled
    assert state.sampled_outdated == OrderCopy.objects.filter(notes="Elsewhere").count() > 15
    assert state.sampled > before
    assert sampling.at_most_outdated(state) is None
    assert "notes" in caplog.text
