"""Moments of the years 1 and 9999, which some zones do not have: no page breaks on one, wherever an API sends it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Connection, Draft, Merchant
from orders.moments import in_zone
from tests.support.emulation import Emulator

MOMENTS = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
)
ORDER = ("created_at", "updated_at", "paid_at", "expires_at", "canceled_at", "fulfilled_at")
PAGES = ("order_detail", "order_refund", "order_pay", "order_fulfill", "order_cancel", "order_edit", "order_json")

pytestmark = [
    pytest.mark.parametrize("moment", MOMENTS),
    pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Denver"]),
]


@pytest.fixture
def browser(admin: Client, emulator: Emulator, moment: str, zone: str) -> Client:
    """All times of everything that RevKeen sends are this one."""
    Merchant.objects.update(time_zone=zone)
    for path, prefix, fields in (
        (r"/orders/[0-9a-f-]{36}$", "", ORDER),
        ("/orders$", "data.0.", ORDER),
        ("/transactions$", "data.0.", ("created_at", "updated_at")),
        ("/refunds$", "data.0.", ("created_at",)),
        ("/customers/[^/]+$", "data.", ("created_at", "updated_at")),
        ("/customers$", "data.0.", ("created_at", "updated_at")),
    ):
        emulator.fault("alter", path=path, times=500, set={prefix + name: moment for name in fields})
    return admin


def payments(emulator: Emulator, order: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.get(f"/transactions?invoice_id={order['invoice_id']}")["data"]
    return found


def test_no_page_of_an_order_breaks(browser: Client, emulator: Emulator) -> None:
    with_refund = next(order for order in emulator.orders() if order["amount_refunded"] and order["customer_id"])
    for name in PAGES:
        page = browser.get(reverse(name, args=["northwind", "live", with_refund["id"]]))
        assert page.status_code in (200, 302), name
    for name in ("order_list", "customer_list", "to_fulfill"):
        assert browser.get(reverse(name, args=["northwind", "live"])).status_code == 200, name


def test_a_payment_is_shown_with_the_time_that_was_sent(browser: Client, emulator: Emulator, moment: str) -> None:
    emulator.clear_faults()
    paid = (order for order in emulator.orders() if order["amount_paid"] and not order["amount_refunded"])
    order = next(one for one in paid if [row["type"] for row in payments(emulator, one)] == ["sale"])
    emulator.fault("alter", path="/transactions$", times=50, set={"data.0.created_at": moment})
    text = browser.get(reverse("order_detail", args=["northwind", "live", order["id"]])).content.decode()
    assert f'datetime="{moment[:4]}' in text
    form = browser.get(reverse("order_refund", args=["northwind", "live", order["id"]]))
    assert form.status_code == 200
    assert "Refund" in form.content.decode()


def test_a_draft_takes_no_expiry_that_no_form_would_take(browser: Client, emulator: Emulator) -> None:
    pending = next(order for order in emulator.orders() if order["status"] == "pending")
    for name in ("draft_copy", "draft_revise"):
        answer = browser.post(reverse(name, args=["northwind", "live", pending["id"]]), follow=True)
        assert answer.status_code == 200, name
    assert not Draft.objects.exclude(expires_at=None).exists()


def test_in_a_zone_it_stays_what_it_was_where_the_zone_has_no_such_time(moment: str, zone: str) -> None:
    sent = datetime.fromisoformat(moment)
    assert in_zone(sent, ZoneInfo(zone)).year in (1, 9999)
    assert in_zone(sent, ZoneInfo(zone)).date() is not None


def test_what_digital_river_sends_breaks_nothing(browser: Client, emulator: Emulator, moment: str) -> None:
    connection = Connection(merchant=Merchant.objects.get(), mode="live", provider="digital_river", active=True)
    connection.secret = "sk_northwind_demo"
    connection.save()
    for prefix in ("data.0.", ""):
        emulator.fault(
            "alter", r"/fulfillments$" if prefix else "/fulfillments/", times=50, set={f"{prefix}createdTime": moment}
        )
    page = browser.get(reverse("digital_river_list", args=["northwind", "live"]))
    assert page.status_code == 200
