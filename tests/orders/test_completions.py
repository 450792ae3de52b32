"""An order over nothing is completed without a charge, once, and by a call that charges no other order."""

import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Merchant, Operation
from orders.services.changes.form_tokens import FormToken
from orders.services.orders import completions
from orders.services.orders.payments import PaymentSnapshot
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in, source, text
from tests.support.shown import order_facts

pytestmark = pytest.mark.database

Order = dict[str, Any]
FREE = [{"description": "Sample", "unit_price": 0, "quantity": 2}]


def address(order: Order, page: str = "pay/", mode: str = "live") -> str:
    return f"/northwind/{mode}/orders/{order['id']}/{page}"


def form_token(client: Client, order: Order) -> str:
    return form_token_in(source(client, address(order)))


def complete(client: Client, order: Order, **more: str) -> Any:
    return client.post(address(order), {"form_token": more.pop("form_token", "") or form_token(client, order), **more})


def free_orders(emulator: Emulator) -> dict[str, Order]:
    discounted = emulator.make_order()
    for line in discounted["line_items"]:
        line.update(discount=line["subtotal"], total=0)
    zero = {"discount": discounted["subtotal"], "total": 0, "amount_due": 0, "line_items": discounted["line_items"]}
    emulator.patch("orders", discounted["id"], **zero)
    pending = emulator.make_order(line_items=FREE)
    emulator.patch("orders", pending["id"], status="pending")
    return {"a line at 0": emulator.make_order(line_items=FREE), "100 % discount": discounted, "pending": pending}


@pytest.mark.parametrize("kind", ["a line at 0", "100 % discount", "pending"])
def test_an_order_over_nothing_is_completed_without_a_charge_and_can_be_fulfilled(
    kind: str, support: Client, emulator: Emulator
) -> None:
    order = free_orders(emulator)[kind]
    page = text(support.get(address(order, "")).content.decode())
    assert "Nothing to pay: the total is 0.00 USD." in page
    assert "Complete without a charge" in page
    assert "Finished" not in page
    form = text(support.get(address(order)).content.decode())
    assert "there is nothing to charge and no payment method to choose" in form
    answer = complete(support, order, confirmed="on")
    assert answer.status_code == 303
    done = text(support.get(answer["Location"]).content.decode())
    assert "Done: 0.00 USD, completed without a charge" in done
    assert emulator.get(f"/orders/{order['id']}")["status"] == "paid"
    operation = Operation.objects.get()
    assert (operation.kind, operation.body, operation.state) == ("pay", {}, "done")
    assert "Nothing to pay. Nothing is shipped yet." in text(support.get(address(order, "")).content.decode())
    assert not any(row.get("amount") for row in emulator.ledger() if row["effect"] == "payment")


def test_live_asks_for_a_tick_and_the_same_form_completes_once(support: Client, emulator: Emulator) -> None:
    order = emulator.make_order(line_items=FREE)
    same = form_token(support, order)
    refused = complete(support, order, form_token=same)
    assert refused.status_code == 422
    assert "Confirm that this completes a real order." in text(refused.content.decode())
    assert not Operation.objects.exists()
    first = complete(support, order, form_token=same, confirmed="on")
    assert complete(support, order, form_token=same, confirmed="on")["Location"] == first["Location"]
    assert Operation.objects.count() == 1


def test_an_order_that_comes_to_something_by_now_is_not_charged(support: Client, emulator: Emulator) -> None:
    wallet = emulator.cases()["customers"]["wallet_0"]["id"]
    order = emulator.make_order(line_items=FREE, customer_id=wallet)
    old = form_token(support, order)
    emulator.patch("orders", order["id"], total=500, amount_due=500, subtotal=500)
    answer = complete(support, order, form_token=old, confirmed="on")
    page = text(answer.content.decode())
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in page
    assert "Take payment for" in page
    assert not [row for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "payment"]
    assert Operation.objects.get().state == Operation.State.NOT_SENT


@pytest.mark.parametrize("name", ["total", "amount_paid", "amount_due"])
def test_nothing_is_sent_without_an_amount_for_an_order_over_something(northwind: Merchant, name: str) -> None:
    shown = PaymentSnapshot(**order_facts(**{name: 1}))
    of_order = FormToken(uuid.uuid4(), northwind, "live", Operation.Kind.PAY, uuid.uuid4(), shown)
    with pytest.raises(completions.NotFree):
        completions.change_request(of_order)


def test_an_answer_that_never_came_is_in_doubt_and_reconciled_by_the_event(support: Client, emulator: Emulator) -> None:
    order = emulator.make_order(line_items=FREE)
    emulator.fault("disconnect", "/pay$", after_work=True)
    answer = complete(support, order, confirmed="on")
    assert "In doubt: " in text(support.get(answer["Location"]).content.decode())
    assert 'name="form_token"' not in support.get(address(order)).content.decode()


def test_an_answer_that_the_order_does_not_bear_out_is_not_done(support: Client, emulator: Emulator) -> None:
    order = emulator.make_order(line_items=FREE)
    emulator.fault("respond", "/pay$", status=200, body=emulator.get(f"/orders/{order['id']}") | {"status": "paid"})
    complete(support, order, confirmed="on")
    operation = Operation.objects.get()
    assert operation.state == Operation.State.IN_DOUBT
    assert "not paid" in operation.message
