"""The invoice of a draft: chosen by its number, and never one that would bring another order's payments along."""

import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Draft, Operation
from tests.support.drafts import TEST_KEY, address, create, created, fill, opened, save
from tests.support.emulation import Emulator
from tests.support.pages import markup

pytestmark = pytest.mark.database


@pytest.fixture
def customer(emulator: Emulator) -> Any:
    return emulator.cases(mode="test")["customers"]["wallet_0"]


@pytest.fixture
def invoice(customer: Any, emulator: Emulator) -> Any:
    """An open one that no order has."""
    rows = emulator.get(f"/customers/{customer['id']}/invoices", TEST_KEY)["data"]
    return next(row for row in rows if row["invoice_number"] == "INV-OPEN-1")


@pytest.fixture
def draft(support: Client, customer: Any) -> Draft:
    support.post("/northwind/test/drafts/new/")
    draft = fill(support, Draft.objects.get(), ("Tea", "1", "3.00"))
    save(support, draft, f"customer:{customer['id']}")
    draft.refresh_from_db()
    return draft


def paid(emulator: Emulator, customer: Any, amount: int = 6000) -> dict[str, Any]:
    """An order of the customer of which so much is paid, so that it has an invoice with a payment."""
    order = emulator.make_order(TEST_KEY, customer_id=customer["id"])
    body = {"amount": amount, "payment_method_id": customer["1111"]}
    return emulator.send(f"/orders/{order['id']}/pay", body, TEST_KEY)


def test_a_draft_offers_its_customers_open_invoices_by_number(
    support: Client, draft: Draft, customer: Any, invoice: Any, emulator: Emulator
) -> None:
    order = paid(emulator, customer, 1000)
    page = markup(support.get(address(draft)))
    assert f'<option value="{invoice["id"]}">INV-OPEN-1 · 250.00 USD · open</option>' in page
    assert order["invoice_id"] not in page
    assert "are closed or belong to other orders." in page


def test_a_guests_draft_offers_none_and_says_why(support: Client, draft: Draft, invoice: Any) -> None:
    save(support, draft, "guest")
    page = markup(support.get(address(draft)))
    assert "Choose a customer first" in page
    assert invoice["id"] not in page


def test_a_chosen_invoice_is_saved_reviewed_by_its_number_and_sent(
    support: Client, draft: Draft, invoice: Any, emulator: Emulator
) -> None:
    assert save(support, draft, invoice_id=invoice["id"]).status_code == 303
    assert "<bdi>INV-OPEN-1</bdi>" in markup(support.get(address(draft, "create/")))
    assert create(support, draft).status_code == 303
    assert emulator.orders("limit=1", TEST_KEY)[0]["invoice_id"] == invoice["id"]


@pytest.mark.parametrize("amount", [6000, 1000])
def test_an_invoice_that_belongs_to_an_order_is_refused_with_its_number_and_the_way_there(
    amount: int, support: Client, draft: Draft, customer: Any, emulator: Emulator
) -> None:
    order = paid(emulator, customer, amount)
    answer = save(support, draft, invoice_id=order["invoice_id"], notes="kept all the same")
    assert answer.status_code == 422
    assert f"Invoice INV-{order['public_id']} belongs to {order['public_id']}." in markup(answer)
    assert f'<a href="/northwind/test/orders/{order["id"]}/">Open {order["public_id"]}</a>' in markup(answer)
    draft.refresh_from_db()
    assert (draft.invoice_id, draft.notes) == (None, "kept all the same")


@pytest.mark.parametrize("order_known", [True, False])
def test_an_invoice_with_payments_is_refused_whoever_has_it(
    order_known: bool, support: Client, draft: Draft, invoice: Any, customer: Any, emulator: Emulator
) -> None:
    order = emulator.make_order(TEST_KEY, customer_id=customer["id"], invoice_id=invoice["id"])
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 100, "payment_method_id": customer["1111"]}, TEST_KEY)
    if not order_known:
        emulator.patch("orders", order["id"], customer_id=None)
    answer = save(support, draft, invoice_id=invoice["id"])
    words = f"belongs to {order['public_id']}." if order_known else "already has payments"
    assert f"Invoice INV-OPEN-1 {words}" in markup(answer)
    draft.refresh_from_db()
    assert draft.invoice_id is None


def test_other_invoices_are_refused_in_words(support: Client, draft: Draft, emulator: Emulator) -> None:
    other = emulator.cases(mode="test")["customers"]["wallet_1"]["id"]
    theirs = emulator.get(f"/customers/{other}/invoices", TEST_KEY)["data"][0]
    for invoice_id, words in (
        (theirs["id"], "belongs to another customer."),
        (str(uuid.uuid4()), "RevKeen has no such invoice."),
    ):
        answer = save(support, draft, invoice_id=invoice_id)
        assert answer.status_code == 422
        assert words in markup(answer)


def test_an_invoice_in_another_currency_is_neither_offered_nor_linked(
    support: Client, draft: Draft, invoice: Any, emulator: Emulator
) -> None:
    emulator.patch("invoices", invoice["id"], currency="eur")
    assert invoice["id"] not in markup(support.get(address(draft)))
    answer = save(support, draft, invoice_id=invoice["id"])
    assert "Invoice INV-OPEN-1 is in EUR, the draft in USD." in markup(answer)


@pytest.mark.parametrize("status", ["paid", "void", "uncollectible"])
def test_a_closed_invoice_is_refused(
    status: str, support: Client, draft: Draft, invoice: Any, emulator: Emulator
) -> None:
    emulator.patch("invoices", invoice["id"], status=status)
    assert f"Invoice INV-OPEN-1 is {status}." in markup(save(support, draft, invoice_id=invoice["id"]))


def test_an_invoice_that_cannot_be_looked_at_is_not_linked(
    support: Client, draft: Draft, invoice: Any, emulator: Emulator
) -> None:
    form = opened(support, draft)
    emulator.fault("error", "/transactions$", status=403, times=3)
    answer = save(support, draft, form=form, invoice_id=invoice["id"])
    assert "The invoice could not be read." in markup(answer)
    draft.refresh_from_db()
    assert draft.invoice_id is None


def test_an_invoice_that_was_paid_since_it_was_chosen_is_not_sent(
    support: Client, draft: Draft, invoice: Any, customer: Any, emulator: Emulator
) -> None:
    save(support, draft, invoice_id=invoice["id"])
    page = support.get(address(draft, "create/")).content.decode()
    order = emulator.make_order(TEST_KEY, customer_id=customer["id"], invoice_id=invoice["id"])
    before = len(created(emulator))
    form_token = page.partition('name="form_token" value="')[2].partition('"')[0]
    answer = support.post(address(draft, "create/"), {"form_token": form_token})
    assert answer.status_code == 422
    assert f"Invoice INV-OPEN-1 belongs to {order['public_id']}." in markup(answer)
    assert len(created(emulator)) == before
    assert not Operation.objects.exists()
    assert "INV-OPEN-1 · 250.00 USD · open, cannot be linked" in markup(support.get(address(draft)))
