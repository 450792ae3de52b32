"""The box above each page: what a customer says on the telephone finds the order, and a single hit opens."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import IndexState, Membership, Merchant, OrderCopy
from orders.services.orders import saved_views
from tests.support.emulation import Emulator
from tests.support.fulfilling import fulfill, paid_order
from tests.support.indexed import index_everything
from tests.support.moments import noon
from tests.support.pages import text

SEARCH = reverse("search", args=["northwind", "live"])
UPS = "1Z999AA10123456784"
TYPING = {"HX-Request": "true", "HX-Target": "search-options"}


@pytest.fixture
def imported(northwind: Merchant, emulator: Emulator) -> None:
    index_everything(northwind)


def ask(client: Client, typed: str) -> HttpResponse:
    answer: HttpResponse = client.get(SEARCH, {"q": typed})
    return answer


def found(answer: HttpResponse) -> list[str]:
    """The ids of the orders on the page, or of the one that was opened."""
    if answer.status_code == 302:
        return re.findall(r"/orders/([0-9a-f-]{36})/", answer["Location"])
    return re.findall(r'href="/northwind/live/orders/([0-9a-f-]{36})/"', answer.content.decode())


@pytest.mark.usefixtures("imported")
def test_each_spelling_of_an_orders_number_opens_it(admin: Client, emulator: Emulator) -> None:
    order = emulator.orders("limit=1")[0]
    for typed in (order["public_id"], order["public_id"].lower(), f"#{order['public_id'].split('-')[1]}", order["id"]):
        answer = ask(admin, typed)
        assert (answer.status_code, found(answer)) == (302, [order["id"]]), typed


@pytest.mark.usefixtures("imported")
def test_a_sentence_about_an_order_finds_it(admin: Client, emulator: Emulator) -> None:
    """What it is, is said before it; and several things are said at once that are kept in different places."""
    order = next(
        one for one in emulator.orders() if one["customer_id"] and one["amount_paid"] and one["currency"] == "eur"
    )
    name = emulator.get(f"/customers/{order['customer_id']}")["data"]["name"].split()[-1]
    number, amount = order["public_id"].split("-")[1], f"{order['total'] / 100:.2f}"
    for typed in (f"Order {order['public_id']}", f"order no. {number}, please", f"ORDER #{number}", f"nw{number}"):
        answer = ask(admin, typed)
        assert (answer.status_code, found(answer)) == (302, [order["id"]]), typed
    for typed in (f"{name} {amount}", f"{name}, {amount} euros", f"customer {name} order {number}"):
        assert order["id"] in found(ask(admin, typed)), typed
    assert order["id"] not in found(ask(admin, f"{name} 987654.32"))


@pytest.mark.usefixtures("imported", "recorded")
def test_what_is_not_one_order_alone_is_a_page_with_exact_hits_first(admin: Client, emulator: Emulator) -> None:
    order = next(order for order in emulator.orders() if order["customer_id"])
    customer = emulator.get(f"/customers/{order['customer_id']}")["data"]
    answer = ask(admin, customer["email"])
    assert order["id"] in found(answer)
    assert "E-mail, exact" in text(answer.content.decode())
    assert f'href="/northwind/live/customers/{customer["id"]}/"' in answer.content.decode()
    hits = [hit.exact for hit in answer.context["found"].orders]
    assert hits == sorted(hits, reverse=True)


def test_a_tracking_number_is_found_whole_with_spaces_and_by_its_end(
    admin: Client, operations: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = paid_order(emulator, 1)
    assert fulfill(operations, order, carrier="ups", tracking_number=UPS).status_code == 303
    index_everything(northwind)
    for typed in (UPS, "1Z 999 AA1 01 2345 6784", UPS.lower(), UPS[-8:]):
        assert found(ask(admin, typed)) == [order["id"]], typed
    typing = admin.get(SEARCH, {"q": UPS[:10]}, headers=TYPING).content.decode()
    assert UPS in typing


@pytest.mark.usefixtures("imported")
def test_while_somebody_types_a_few_are_offered_and_revkeen_is_not_asked(admin: Client, emulator: Emulator) -> None:
    emulator.forget_calls()
    answer = admin.get(SEARCH, {"q": "NW-10"}, headers=TYPING)
    offered = re.findall(r'role="option"', answer.content.decode())
    assert len(offered) == 6
    assert "<html" not in answer.content.decode()
    assert "Nothing in the index" in text(admin.get(SEARCH, {"q": "no such thing"}, headers=TYPING).content.decode())
    assert emulator.calls() == []


@pytest.mark.usefixtures("imported")
def test_search_goes_on_while_revkeen_is_down(admin: Client, emulator: Emulator) -> None:
    order = emulator.orders("limit=1")[0]
    emulator.fault("bad_gateway", times=1000)
    assert found(ask(admin, order["public_id"])) == [order["id"]]


def test_what_the_index_lacks_is_said_and_revkeen_is_asked(admin: Client, emulator: Emulator) -> None:
    order = emulator.orders("limit=1")[0]
    assert found(ask(admin, order["id"])) == [order["id"]]
    answer = ask(admin, "Maren Oldfield")
    assert urlsplit(answer["Location"]).path == reverse("customer_list", args=["northwind", "live"])
    assert "Nothing was found in the index (not complete yet)" in text(admin.get(answer["Location"]).content.decode())


@pytest.mark.usefixtures("imported")
def test_as_of_when_the_index_lacks_it_is_said_with_the_day_where_that_is_not_today(
    admin: Client, northwind: Merchant
) -> None:
    yesterday = noon(northwind, 1)
    IndexState.objects.update(as_of=yesterday)
    answer = ask(admin, "Nobody Known")
    said = f"in the index (as of Yesterday 12:00:00 {yesterday:%Z})"
    assert said in text(admin.get(answer["Location"]).content.decode())


@pytest.mark.usefixtures("imported")
def test_an_order_of_another_mode_is_not_found(admin: Client, northwind: Merchant) -> None:
    copy = OrderCopy.objects.filter(mode="live").first()
    assert copy is not None
    other = reverse("search", args=["northwind", "test"])
    assert "/customers/" in admin.get(other, {"q": copy.public_id})["Location"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.sampled_from(['"', "*", "'", "\x00", "🏔️", "a" * 10_000, '" OR *', "%_\\", "NEAR(", "-", "a:b"]))
def test_whatever_is_typed_is_no_error(admin: Client, imported: Any, typed: str) -> None:
    assert admin.get(SEARCH, {"q": typed}, headers=TYPING).status_code == 200
    list_page = reverse("order_list", args=["northwind", "live"])
    assert admin.get(list_page, {"q": typed, "sort": "total"}, follow=True).status_code in (200, 400)
    assert admin.get(list_page, {"line": typed}, follow=True).status_code in (200, 400)


@pytest.mark.usefixtures("imported")
def test_pages_and_views_are_found_by_their_names_as_far_as_one_may_open_them(admin: Client, support: Client) -> None:
    def offered(client: Client, typed: str) -> str:
        return client.get(SEARCH, {"q": typed}, headers=TYPING).content.decode()

    assert f'href="{reverse("merchant_settings", args=["northwind", "live"])}"' in offered(admin, "sett")
    assert "Does not add up" in offered(admin, "add up")
    assert "found-page" not in offered(admin, "s")
    assert "found-page" not in offered(support, "sett")
    drafts = reverse("draft_list", args=["northwind", "live"])
    assert ask(admin, "Drafts")["Location"] == drafts
    assert ask(admin, "New order")["Location"] == drafts  # where its button is: to look is not to make one


@pytest.mark.usefixtures("imported")
def test_what_can_be_done_with_the_order_of_the_page_is_found_as_far_as_one_may(
    admin: Client, viewer: Client, emulator: Emulator
) -> None:
    def offered(client: Client, typed: str, order: str) -> str:
        return client.get(SEARCH, {"q": typed, "order": order}, headers=TYPING).content.decode()

    due, paid = (emulator.orders(f"status={status}&limit=1")[0]["id"] for status in ("pending", "paid"))
    pay, refund = (reverse(page, args=["northwind", "live", due]) for page in ("order_pay", "order_refund"))
    emulator.forget_calls()
    assert f'href="{pay}"' in offered(admin, "take pay", due)
    assert refund not in offered(admin, "refund", due)
    assert refund.replace(due, paid) in offered(admin, "refund", paid)
    assert "found-page" not in offered(viewer, "take pay", due)
    assert "found-page" not in offered(admin, "take pay", "x")
    copy = reverse("draft_copy", args=["northwind", "live", due])
    assert re.search(rf'formaction="{copy}"\s*formmethod="post"', offered(admin, "copy", due))
    assert emulator.calls() == []
    assert f'"order": "{due}"' in admin.get(pay).content.decode()


def test_the_whole_name_of_a_page_or_a_view_goes_before_orders_in_whose_text_it_stands(
    support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    membership = Membership.objects.get(user__email="support@northwind.example", merchant=northwind)
    view = saved_views.save(membership, "live", "Ribbon and bow", "status=paid", shared=False)
    leads_to = {
        "New order": reverse("draft_list", args=["northwind", "live"]),  # where its button is
        "Drafts": reverse("draft_list", args=["northwind", "live"]),
        "Expired drafts": reverse("order_list", args=["northwind", "live"]),
        view.name: reverse("saved_view", args=["northwind", "live", view.pk]),
    }
    orders = {name: _order_of(emulator, f"“{name}” card") for name in leads_to}
    index_everything(northwind)
    for name, address in leads_to.items():
        assert orders[name] in found(ask(support, f"{name} card"))
        answer = ask(support, name.upper())
        assert answer.status_code == 302, name
        assert urlsplit(answer["Location"]).path == address
        typing = support.get(SEARCH, {"q": name}, headers=TYPING).content.decode()
        assert typing.index(f"<bdi>{name}</bdi>") < typing.index(orders[name])


def test_just_what_somebody_is_called_goes_before_a_page_of_this_name(
    support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    customer = emulator.cases()["customers"]["wallet_0"]["id"]
    emulator.patch("customers", customer, name="Drafts")
    index_everything(northwind)
    answer = ask(support, "Drafts")
    assert answer.get("Location") != reverse("draft_list", args=["northwind", "live"])


def _order_of(emulator: Emulator, described: str) -> str:
    lines = [{"description": described, "unit_price": 500, "quantity": 1}]
    return str(emulator.make_order(line_items=lines)["id"])
