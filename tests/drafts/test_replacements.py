"""Exchanging an order's line items: what is lost of its amounts is named and ticked, and nothing else goes along."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Draft, Merchant, Operation
from tests.conftest import make_person, sign_in
from tests.support.drafts import TEST_KEY, address, created, form_token_of, now, replacement
from tests.support.emulation import Emulator
from tests.support.pages import main

pytestmark = pytest.mark.database

TICK = "discount:13069:USD tax:14812:USD"


@pytest.fixture
def support(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("support@northwind.example", northwind, "support", "finance"))


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    """Over 871.30, less a discount of 130.69, and a tax of 148.12: 888.73 USD."""
    customer = emulator.cases(mode="test")["customers"]["wallet_0"]["id"]
    line = {"description": "Ridgeline 2 tent", "unit_price": 87130, "quantity": 1}
    order = emulator.make_order(TEST_KEY, line_items=[line], customer_id=customer)
    amounts = {"discount": 13069, "tax": 14812, "total": 88873}
    lines = [{**order["line_items"][0], **amounts}]
    emulator.patch("orders", order["id"], **amounts, amount_due=88873, line_items=lines)
    return now(emulator, order)


def revise(client: Client, order: dict[str, Any]) -> Draft:
    client.post(reverse("draft_revise", args=["northwind", "test", order["id"]]))
    return Draft.objects.get(replaces_id=order["id"])


def review(client: Client, draft: Draft) -> str:
    return " ".join(client.get(address(draft, "create/")).content.decode().split())


def text(client: Client, order: dict[str, Any], page: str = "") -> str:
    return " ".join(main(client.get(f"/northwind/test/orders/{order['id']}/{page}").content.decode()).split())


def replace(client: Client, draft: Draft, **ticked: str) -> Any:
    return client.post(address(draft, "create/"), {**form_token_of(review(client, draft)), **ticked})


def decline(emulator: Emulator, order: dict[str, Any]) -> None:
    """Leaves an invoice, and no payment."""
    wallet = emulator.cases(mode="test")["customers"]["wallet_0"]
    with pytest.raises(Exception, match="400"):
        emulator.send(f"/orders/{order['id']}/pay", {"payment_method_id": wallet["0002"]}, TEST_KEY)


def test_the_review_compares_both_orders_part_by_part(support: Client, order: dict[str, Any]) -> None:
    page = review(support, revise(support, order))
    for part, before, after in (
        ("Subtotal", "871.30", "871.30"),
        ("Discount", "−130.69", "0.00"),
        ("Tax", "148.12", "0.00"),
        ("Total", "888.73", "871.30"),
    ):
        row = page.partition(f'scope="row">{part}</th>')[2].partition("</tr>")[0]
        assert (before in row, after in row) == (True, True), (part, row)
    assert "Yes, the discount of 130.69 USD is lost and the tax of 148.12 USD is lost" in page
    assert "RevKeen does not accept discount or tax with an order." in page


@pytest.mark.parametrize("ticked", [{}, {"losses": ""}, {"losses": "on"}, {"losses": "discount:13069:USD"}])
def test_without_the_tick_for_what_is_lost_nothing_is_sent(
    ticked: dict[str, str], support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    before = len(created(emulator))
    answer = replace(support, revise(support, order), **ticked)
    assert answer.status_code == 422
    assert "Confirm that what is listed below is lost." in answer.content.decode()
    assert len(created(emulator)) == before
    assert not Operation.objects.exists()


def test_with_the_tick_the_order_is_replaced_and_both_lead_to_each_other(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    assert replace(support, revise(support, order), losses=TICK).status_code == 303
    new = replacement(emulator)
    assert now(emulator, order)["status"] == "canceled"
    link = '<dt>{}</dt><dd><a href="/northwind/test/orders/{}/"><bdi>{}</bdi></a></dd>'
    assert link.format("Replaces", order["id"], order["public_id"]) in text(support, new)
    assert link.format("Replaced by", new["id"], new["public_id"]) in text(support, order)


def test_an_order_that_loses_nothing_asks_for_no_tick(support: Client, emulator: Emulator) -> None:
    draft = revise(support, emulator.make_order(TEST_KEY))
    assert 'name="losses"' not in review(support, draft)
    assert replace(support, draft).status_code == 303


def test_a_tick_for_other_amounts_than_those_of_now_is_none(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    draft = revise(support, order)
    sent = form_token_of(review(support, draft))
    emulator.patch("orders", order["id"], discount=20000)
    answer = support.post(address(draft, "create/"), {**sent, "losses": TICK})
    assert answer.status_code == 422
    assert not Operation.objects.exists()


def test_the_invoice_of_an_order_does_not_go_to_its_replacement(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    decline(emulator, order)
    assert now(emulator, order)["invoice_id"]
    draft = revise(support, order)
    assert (draft.invoice_id, draft.left_out) == (None, ["its invoice"])
    assert "Not copied:" in review(support, draft)
    assert "Partner ids" not in review(support, draft), "none was left out"
    replace(support, draft, losses=TICK)
    new = replacement(emulator)
    assert new["invoice_id"] is None
    method = emulator.cases(mode="test")["customers"]["wallet_0"]["1111"]
    emulator.send(f"/orders/{new['id']}/pay", {"payment_method_id": method}, TEST_KEY)
    for either in (order, new):
        assert "Does not add up" not in text(support, either)
    assert "87,130" not in text(support, order)


def test_the_editor_shows_what_the_replaced_order_has_part_by_part(support: Client, order: dict[str, Any]) -> None:
    page = " ".join(support.get(address(revise(support, order))).content.decode().split())
    for part, amount in (("Discount", "−130.69"), ("Tax", "148.12")):
        assert f"<dt>{part}</dt><dd>{amount}</dd>" in page


def test_a_copy_says_what_it_lacks_of_the_amounts(support: Client, order: dict[str, Any]) -> None:
    support.post(reverse("draft_copy", args=["northwind", "test", order["id"]]))
    assert Draft.objects.get().left_out == ["its discount of 130.69 USD", "its tax of 148.12 USD"]


@pytest.mark.parametrize("value", [17, None, "x", "'\"><script>", {"id": 1}, ""])
def test_a_link_in_metadata_that_is_none_leads_nowhere(value: Any, support: Client, emulator: Emulator) -> None:
    order = emulator.make_order(TEST_KEY)
    emulator.patch("orders", order["id"], metadata={"replaces": value})
    assert "<dt>Replaces</dt>" not in text(support, order)
