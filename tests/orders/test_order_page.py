import re
import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.models import CustomerCopy, Merchant
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.pages import main


def address(order_id: str, mode: str = "live") -> str:
    return reverse("order_detail", args=["northwind", mode, order_id])


def find(emulator: Emulator, **wanted: Any) -> dict[str, Any]:
    """The newest order with these values; a value of `...` means any but null."""
    return next(
        order
        for order in emulator.orders()
        if all(order.get(name) if value is ... else order.get(name) == value for name, value in wanted.items())
    )


def text(response: HttpResponse) -> str:
    return response.content.decode()


def rounds(calls: list[dict[str, Any]]) -> int:
    """How many groups of calls ran one after the other: a call opens a new one when all before it had ended."""
    count, ended = 0, -1.0
    for call in sorted(calls, key=lambda call: call["started_ms"]):
        if call["started_ms"] >= ended:
            count += 1
        ended = max(ended, call["ended_ms"])
    return count


def test_an_order_takes_at_most_six_calls_in_two_rounds(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=..., invoice_id=...)
    emulator.settings(latency=40)  # calls that run side by side overlap for certain
    emulator.forget_calls()
    assert admin.get(address(order["id"])).status_code == 200
    assert len(emulator.calls()) <= 6
    assert rounds(emulator.calls()) <= 2


def test_an_order_seen_before_takes_one_round(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=..., invoice_id=...)
    admin.get(reverse("order_list", args=["northwind", "live"]))
    emulator.settings(latency=40)
    emulator.forget_calls()
    page = text(admin.get(address(order["id"])))
    assert (len(emulator.calls()), rounds(emulator.calls())) == (6, 1)
    assert emulator.get(f"/customers/{order['customer_id']}")["data"]["email"] in page


def test_a_customer_that_was_changed_meanwhile_is_the_new_one(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=..., invoice_id=...)
    admin.get(address(order["id"]))
    former = emulator.get(f"/customers/{order['customer_id']}")["data"]
    other = next(row for row in emulator.get("/customers?limit=20")["data"] if row["id"] != former["id"])
    emulator.patch("orders", order["id"], customer_id=other["id"])
    page = text(admin.get(address(order["id"])))
    assert other["email"] in page
    assert former["email"] not in page


def test_an_invoice_that_came_meanwhile_is_shown(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=..., invoice_id=...)
    emulator.patch("orders", order["id"], invoice_id=None)
    assert "No payments" in text(admin.get(address(order["id"])))
    emulator.patch("orders", order["id"], invoice_id=order["invoice_id"])
    assert "No payments" not in text(admin.get(address(order["id"])))


def test_neither_calls_nor_queries_grow_with_the_lines(
    admin: Client, emulator: Emulator, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    by_lines = sorted(emulator.orders(), key=lambda order: len(order["line_items"]))
    for order in (by_lines[0], by_lines[-1]):
        admin.get(address(order["id"]))  # the index has it from then on
        emulator.forget_calls()
        with django_assert_max_num_queries(17):
            assert admin.get(address(order["id"])).status_code == 200
        assert len(emulator.calls()) <= 6
    assert len(by_lines[-1]["line_items"]) == 60


def test_every_field_has_its_place(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=..., invoice_id=...)
    emulator.patch(
        "orders", order["id"], notes="Leave it at the door", metadata={"campaign": "autumn", "nested": {"a": 1}}
    )
    page = text(admin.get(address(order["id"])))
    for value in (
        order["public_id"],
        order["id"],
        order["currency"].upper(),
        "Leave it at the door",
        "campaign",
        "autumn",
    ):
        assert value in page
    for word in (
        "Created",
        "Updated",
        "Paid",
        "Canceled",
        "Fulfilled",
        "Expires",
        "Subtotal",
        "Total",
        "Net received",
        "Due",
    ):
        assert word in page
    customer = emulator.get(f"/customers/{order['customer_id']}")["data"]
    assert customer["email"] in page


def test_lines_stand_in_their_position(admin: Client, emulator: Emulator) -> None:
    order = next(order for order in emulator.orders() if 2 < len(order["line_items"]) < 60)
    lines = [{**line, "description": f"Line number {line['position']:03}"} for line in order["line_items"]]
    emulator.patch("orders", order["id"], line_items=lines[::-1])
    page = text(admin.get(address(order["id"])))
    places = [page.index(line["description"]) for line in sorted(lines, key=lambda line: line["position"])]
    assert places == sorted(places)


def test_payments_show_brand_and_last_four(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, status="paid", invoice_id=...)
    sale = next(
        row for row in emulator.get(f"/transactions?invoice_id={order['invoice_id']}")["data"] if row["card_last_four"]
    )
    assert f"••{sale['card_last_four']}" in text(admin.get(address(order["id"])))


def test_amounts_that_agree_add_up(admin: Client, emulator: Emulator) -> None:
    for order in emulator.orders():
        page = main(text(admin.get(address(order["id"]))))
        assert ("Adds up" in page) != ("Does not add up" in page)
    assert page.count("Does not add up") <= 2


def test_an_amount_that_is_off_names_the_rule_and_the_difference(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, currency="usd", status="paid")
    emulator.patch("orders", order["id"], amount_due=order["amount_due"] + 1)
    page = text(admin.get(address(order["id"])))
    assert "Total − paid" in page
    assert "a difference of 0.01" in page


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("draft", "A draft in RevKeen."),
        ("partially_paid", "is still due."),
        ("canceled", "Canceled."),
        ("refunded", "Refunded in full."),
    ],
)
def test_the_next_step_follows_from_the_state(status: str, sentence: str, admin: Client, emulator: Emulator) -> None:
    assert sentence in text(admin.get(address(find(emulator, status=status)["id"])))


def test_what_cannot_be_done_says_why(admin: Client, emulator: Emulator) -> None:
    page = text(admin.get(address(find(emulator, status="paid")["id"])))
    assert "Not now: nothing is due." in page


def test_the_timeline_tells_the_events_in_the_merchants_days(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, status="paid")
    page = text(admin.get(address(order["id"])))
    created = datetime.fromisoformat(order["created_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert re.search(rf">{created:%H:%M}</time>.{{1,200}}Order created", page, re.DOTALL)
    assert "Europe/Berlin" in page


def test_the_timeline_says_what_a_change_was_about(admin: Client, emulator: Emulator) -> None:
    page = text(admin.get(address(find(emulator, status="paid", fulfillment_status="partial")["id"])))
    assert "Order changed: fulfillment status<" in page
    assert "Paid in full<" in page
    assert "changed: amount due" not in page
    fulfilled = text(admin.get(address(find(emulator, status="fulfilled")["id"])))
    assert ">Fulfilled<" in fulfilled, "an amount here would read as money that moved"


def test_nobody_is_asked_for_what_is_due_on_a_canceled_order(admin: Client, emulator: Emulator) -> None:
    canceled = next(order for order in emulator.orders("status=canceled&limit=50") if order["amount_due"])
    page = text(admin.get(address(canceled["id"])))
    assert "the amount that RevKeen still shows as due does not have to be paid" in page
    assert "Not yet" not in page
    assert "does not have to be paid" not in text(admin.get(address(find(emulator, status="pending")["id"])))


def test_a_long_value_of_metadata_is_folded(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=None)
    emulator.patch("orders", order["id"], metadata={"short": "a" * 240, "long": "b" * 241})
    page = text(admin.get(address(order["id"])))
    assert f"<dd><bdi>{'a' * 240}</bdi></dd>" in page
    assert f"<dd><details><summary><bdi>{'b' * 59}…</bdi></summary><bdi>{'b' * 241}</bdi></details></dd>" in page


def test_neighbors_are_looked_up_when_asked_for(admin: Client, emulator: Emulator) -> None:
    newest, second, third = emulator.orders("limit=3")
    where = ["northwind", "live", second["id"]]
    for direction, found in (("newer", newest), ("older", third)):
        emulator.forget_calls()
        answer = admin.get(reverse("order_neighbor", args=[*where, direction]))
        assert answer["Location"] == address(found["id"])
        assert len(emulator.calls()) == 1
    last = admin.get(reverse("order_neighbor", args=["northwind", "live", newest["id"], "newer"]))
    assert last["Location"] == reverse("order_list", args=["northwind", "live"])


def test_the_customers_other_orders_load_when_asked_for(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=...)
    url = f"{reverse('order_list', args=['northwind', 'live'])}?customer={order['customer_id']}"
    assert url in text(admin.get(address(order["id"])))
    part = admin.get(url, headers={"HX-Request": "true", "HX-Target": "customer-orders"})
    assert order["public_id"] in text(part)
    assert "<html" not in text(part)


def test_opening_an_order_teaches_the_list_the_customers_name(admin: Client, emulator: Emulator) -> None:
    order = find(emulator, customer_id=...)
    admin.get(address(order["id"]))
    assert CustomerCopy.objects.get(customer_id=order["customer_id"]).seen_at is not None


def test_an_order_that_is_not_there_is_a_404(admin: Client) -> None:
    assert admin.get(address(str(uuid.uuid4()))).status_code == 404


def test_raw_json_is_for_those_with_the_right(admin: Client, viewer: Client, emulator: Emulator) -> None:
    order = emulator.orders("limit=1")[0]
    url = reverse("order_json", args=["northwind", "live", order["id"]])
    assert f"&quot;id&quot;: &quot;{order['id']}&quot;" in text(admin.get(url))
    assert viewer.get(url).status_code == 403
    assert url not in text(viewer.get(address(order["id"])))


def test_an_order_without_a_customer_is_a_guests(admin: Client, emulator: Emulator) -> None:
    assert "Guest: not a customer" in text(admin.get(address(find(emulator, customer_id=None)["id"])))


def test_server_timing_tells_what_the_api_took_and_what_we_took(northwind: Merchant, emulator: Emulator) -> None:
    client = sign_in(make_person("ops@northwind.example", northwind, "operations"))
    emulator.settings(latency=100)
    header = client.get(reverse("order_list", args=["northwind", "live"]))["Server-Timing"]
    taken = {part.split(";")[0].strip(): float(part.split("dur=")[1].split(";")[0]) for part in header.split(",")}
    assert 100 <= taken["api"] < 1000
    assert taken["app"] > 0
