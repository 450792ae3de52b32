from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from orders.models import Connection, Merchant, OrderCopy
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.indexing import run

LIST = reverse("customer_list", args=["northwind", "live"])


@pytest.fixture
def customer(emulator: Emulator) -> dict[str, Any]:
    rows: list[dict[str, Any]] = emulator.get("/customers?limit=20")["data"]
    return next(row for row in rows if row.get("name") and row["name"].isascii() and "<" not in row["name"])


def test_a_customer_shows_contact_payment_methods_and_orders(
    admin: Client, emulator: Emulator, customer: dict[str, Any]
) -> None:
    emulator.forget_calls()
    page = admin.get(reverse("customer_detail", args=["northwind", "live", customer["id"]])).content.decode()
    assert len(emulator.calls()) == 3
    assert customer["email"] in page
    for method in emulator.get(f"/customers/{customer['id']}/payment-methods")["data"]:
        if method["card"]:
            assert f"••{method['card']['last4']}" in page
    for order in emulator.orders(f"customer_id={customer['id']}&limit=20"):
        assert order["public_id"] in page


def test_a_customer_without_a_name_goes_by_the_address_once(
    admin: Client, emulator: Emulator, customer: dict[str, Any]
) -> None:
    emulator.patch("customers", customer["id"], name=None, company_name=None)
    page = admin.get(reverse("customer_detail", args=["northwind", "live", customer["id"]])).content.decode()
    contact = page.partition('id="h-contact"')[2].partition("</section>")[0]
    assert contact.count(f">{customer['email']}<") == 1


def test_an_expired_card_is_called_expired(admin: Client, emulator: Emulator) -> None:
    for customer in emulator.get("/customers?limit=100")["data"]:
        methods = emulator.get(f"/customers/{customer['id']}/payment-methods")["data"]
        if any(method["card"] and method["card"]["exp_year"] < 2026 for method in methods):
            page = admin.get(reverse("customer_detail", args=["northwind", "live", customer["id"]]))
            assert "Expired" in page.content.decode()
            return
    pytest.fail("the demo has no expired card")


def test_customers_are_found_by_name_and_by_e_mail(admin: Client, customer: dict[str, Any]) -> None:
    for text in (customer["name"].split()[0], customer["email"]):
        assert customer["email"] in admin.get(LIST, {"q": text}).content.decode()


def test_nobody_found_is_said(admin: Client) -> None:
    assert "No customers found for" in admin.get(LIST, {"q": "qqqqqqqqqq"}).content.decode()


def test_typing_ahead_gets_a_short_list_that_filters_the_orders(admin: Client, customer: dict[str, Any]) -> None:
    headers = {"HX-Request": "true", "HX-Target": "customer-options"}
    page = admin.get(LIST, {"q": customer["email"]}, headers=headers).content.decode()
    assert f"?customer={customer['id']}" in page
    assert "<html" not in page


def test_pages_of_customers_follow_each_other(admin: Client, emulator: Emulator) -> None:
    total = emulator.get("/customers?limit=1")["pagination"]["total"]
    assert total > 50
    assert f"1 to 50 of {total}" in admin.get(LIST).content.decode()
    assert f"51 to {min(100, total)} of {total}" in admin.get(LIST, {"offset": 50}).content.decode()


@pytest.mark.parametrize("query", [{"q": "x" * 201}, {"offset": "-1"}, {"offset": "a"}, {"offset": "9" * 30}])
def test_a_search_that_makes_no_sense_asks_nothing(query: dict[str, str], admin: Client, emulator: Emulator) -> None:
    emulator.forget_calls()
    assert admin.get(LIST, query).status_code == 400
    assert emulator.calls() == []


def test_camel_case_customers_are_read_as_well(admin: Client, emulator: Emulator, customer: dict[str, Any]) -> None:
    camel = {
        "id": customer["id"],
        "merchantId": customer["id"],
        "email": "camel@example.com",
        "companyName": "Camel Case Ltd",
        "addressLine1": "1 Dune Road",
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
    }
    emulator.fault("respond", path=f"/customers/{customer['id']}$", body={"data": camel})
    page = admin.get(reverse("customer_detail", args=["northwind", "live", customer["id"]])).content.decode()
    assert "Camel Case Ltd" in page
    assert "1 Dune Road" in page


# The box above each page


def test_a_pasted_order_id_opens_the_order(admin: Client, emulator: Emulator) -> None:
    order = emulator.orders("limit=1")[0]
    for pasted in (order["id"], f"  {order['id'].upper()} ", f'"{order["id"]}",'):
        answer = admin.get(reverse("search", args=["northwind", "live"]), {"q": pasted})
        assert answer["Location"] == reverse("order_detail", args=["northwind", "live", order["id"]])


def test_a_pasted_customer_id_opens_the_customer(admin: Client, customer: dict[str, Any]) -> None:
    answer = admin.get(reverse("search", args=["northwind", "live"]), {"q": customer["id"]})
    assert answer["Location"] == reverse("customer_detail", args=["northwind", "live", customer["id"]])


def test_other_words_look_for_customers(admin: Client) -> None:
    answer = admin.get(reverse("search", args=["northwind", "live"]), {"q": "Ana & Co"})
    assert answer["Location"] == f"{LIST}?q=Ana+%26+Co"


def test_an_id_that_is_nowhere_is_said(admin: Client) -> None:
    answer = admin.get(reverse("search", args=["northwind", "live"]), {"q": "00000000-0000-4000-8000-000000000000"})
    assert answer.status_code == 404
    assert "No order or customer has the id" in answer.content.decode()


def test_while_revkeen_is_down_customers_are_shown_as_the_index_has_them(
    admin: Client, emulator: Emulator, customer: dict[str, Any], northwind: Merchant, settings: LazySettings
) -> None:
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    emulator.fault("error", "/customers", times=1000, status=500)
    emulator.fault("error", "/orders", times=1000, status=500)
    address = reverse("customer_detail", args=["northwind", "live", customer["id"]])
    assert admin.get(LIST, {"q": customer["name"]}).status_code == 503, "nothing was copied yet"
    emulator.clear_faults()
    forget_gates()
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    run()
    emulator.fault("error", "/", times=1000, status=500)
    for page in (admin.get(LIST), admin.get(LIST, {"q": customer["email"].upper()}), admin.get(address)):
        shown = page.content.decode()
        assert (page.status_code, "You see the copy as of" in shown) == (200, True)
        assert customer["email"] in shown
    for order in OrderCopy.objects.filter(customer_id=customer["id"]).order_by("-id")[:20]:
        assert order.public_id in shown
    assert "No customers found" in admin.get(LIST, {"q": "nobody of this name"}).content.decode()
