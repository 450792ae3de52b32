"""Canceling an order through the form: once, for a reason that a person chose, and never where money was received."""

import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client

from orders.models import Merchant, Operation
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.journal import reconcile_due
from tests.support.pages import form_token_in, order_path, source

address = partial(order_path, "cancel/")


State = Operation.State


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    return emulator.make_order(currency="usd")


def cancel(client: Client, order: dict[str, Any], reason: str = "customer", text: str = "", **more: str) -> Any:
    sent = {
        "form_token": more.pop("form_token", None) or form_token_in(source(client, address(order))),
        "reason": reason,
    }
    return client.post(address(order), {**sent, "text": text})


def reasons(emulator: Emulator, order: dict[str, Any]) -> list[str]:
    """What RevKeen was told, for each time the order was canceled."""
    return [row["reason"] for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == "cancel"]


def test_the_button_names_the_order_and_what_is_no_longer_due(support: Client, order: dict[str, Any]) -> None:
    page = source(support, address(order))
    assert f"Cancel {order['public_id']} for good, 60.00 USD no longer due" in page
    assert not re.search(r'name="reason"[^>]*checked', page)


def test_a_canceled_order_says_why_who_and_when(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    answer = cancel(support, order, "stock", "Back in May.\nThe customer knows.")
    assert answer.status_code == 303
    assert "Done: <bdi>60.00 USD no longer due, out of stock</bdi>" in source(support, answer["Location"])
    assert reasons(emulator, order) == ["Out of stock: Back in May.\nThe customer knows."]
    page = source(support, f"/northwind/live/orders/{order['id']}/")
    assert "<bdi>Out of stock: Back in May.\nThe customer knows.</bdi>" in page
    assert "<dt>By</dt><dd><bdi>Support</bdi></dd>" in page


def test_an_order_that_was_canceled_elsewhere_shows_no_reason_of_ours(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.send(f"/orders/{order['id']}/cancel", {"reason": "not told"})
    assert 'id="h-canceled"' not in source(support, f"/northwind/live/orders/{order['id']}/")


@pytest.mark.parametrize(
    ("reason", "text", "field"),
    [
        ("", "", "reason"),
        ("boredom", "", "reason"),
        ("other", "", "text"),
        ("other", " \r\n ", "text"),
        ("customer", "a\x00b", "text"),
        ("customer", "x" * 478, "text"),
    ],
)
def test_what_cannot_be_a_reason_is_refused_by_its_field_and_stays_typed(
    reason: str, text: str, field: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = cancel(support, order, reason, text)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert f'href="#id_{field}"' in page
    assert text in page
    assert not Operation.objects.exists()
    assert cancel(support, order, form_token=form_token_in(page)).status_code == 303


def test_a_reason_may_be_as_long_as_revkeen_keeps_it(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    assert cancel(support, order, "customer", "a\r\n" + "x" * 475).status_code == 303
    assert [len(reason) for reason in reasons(emulator, order)] == [500]


def test_the_page_and_the_refusal_count_to_one_number_whatever_is_chosen(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    assert 'data-longest="477"' in source(support, address(order))
    for reason in ("other", "price", "customer"):
        assert (
            "This has 478 characters; RevKeen keeps 477." in cancel(support, order, reason, "x" * 478).content.decode()
        )
    assert cancel(support, order, "other", "x" * 477).status_code == 303


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\u202egnp.exe", "{{ request.user }}", '"><img src=x>'])
def test_a_hostile_text_is_sent_and_shown_as_typed(
    text: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = cancel(support, order, "fraud", text)
    assert reasons(emulator, order) == [f"Fraud suspected: {text}"]
    for path in (answer["Location"], f"/northwind/live/orders/{order['id']}/"):
        assert "<script>alert" not in source(support, path)
        assert "<img src" not in source(support, path)


@pytest.mark.database
def test_the_same_form_sent_again_cancels_once_and_shows_the_first_result(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    same = form_token_in(source(support, address(order)))
    first, second = (cancel(support, order, form_token=same) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert len(reasons(emulator, order)) == 1


def test_the_same_form_with_another_reason_sends_nothing_more(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    same = form_token_in(source(support, address(order)))
    cancel(support, order, "duplicate", form_token=same)
    second = cancel(support, order, "fraud", form_token=same)
    assert "nothing else was sent" in source(support, second["Location"])
    assert reasons(emulator, order) == ["Duplicate"]


@pytest.mark.database
def test_the_second_of_two_tabs_is_told_that_the_order_is_canceled(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    one, other = (form_token_in(source(support, address(order))) for _ in range(2))
    cancel(support, order, form_token=one)
    answer = cancel(support, order, form_token=other)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in page
    assert "cannot be canceled now:</strong> it is canceled." in page
    assert len(reasons(emulator, order)) == 1


def test_an_order_that_was_paid_in_part_meanwhile_is_not_canceled(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    old = form_token_in(source(support, address(order)))
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 1000, "payment_token": f"tok_approve_{uuid.uuid4()}"})
    answer = cancel(support, order, form_token=old)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "60.00 USD</s> → <strong>50.00 USD" in page
    assert "Refund the 10.00 USD that was received." in page
    assert reasons(emulator, order) == []


@pytest.mark.parametrize(
    ("status", "amounts", "why"),
    [
        ("canceled", {}, "it is canceled."),
        ("refunded", {"amount_paid": 6000, "amount_refunded": 6000, "amount_due": 0}, "it is refunded."),
        ("paid", {"amount_paid": 6000, "amount_due": 0}, "money was received; refund it first."),
        ("paid", {"total": 0, "amount_due": 0}, "it is paid."),
        ("fulfilled", {"total": 0, "amount_due": 0}, "it is fulfilled."),
    ],
)
def test_where_it_cannot_be_done_the_page_says_why_and_has_no_form(
    status: str, amounts: dict[str, int], why: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.patch("orders", order["id"], status=status, **amounts)
    page = source(support, address(order))
    assert f"cannot be canceled now:</strong> {why}" in page
    assert 'name="form_token"' not in page


def test_a_refusal_of_revkeen_keeps_what_was_typed_and_the_corrected_form_cancels(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    refusal = {"type": "invalid_request_error", "code": "validation_error", "message": "Too rude.", "param": "reason"}
    emulator.fault("respond", "/cancel$", status=400, body={"error": refusal})
    answer = cancel(support, order, "price", "typed words")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Not canceled: RevKeen refused." in page
    assert 'id="id_text_error"' in page
    assert "typed words" in page
    assert re.search(r'value="price"[^>]*checked', page)
    assert cancel(support, order, "price", "kinder words", form_token=form_token_in(page)).status_code == 303
    assert reasons(emulator, order) == ["Pricing error: kinder words"]
    assert [row.state for row in Operation.objects.order_by("created_at")] == [State.REFUSED, State.DONE]


@pytest.mark.database
def test_a_lost_answer_is_unknown_until_the_event_tells_and_offers_no_other_cancellation(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/cancel$", after_work=True)
    answer = cancel(support, order)
    assert "In doubt: " in source(support, answer["Location"])
    page = source(support, address(order))
    assert "In doubt: " in page
    assert 'name="form_token"' not in page
    assert reconcile_due(Operation.objects.get()).state == State.DONE
    assert "Done: <bdi>" in source(support, answer["Location"])
    assert len(reasons(emulator, order)) == 1


def test_without_revkeen_nothing_is_canceled_and_what_was_typed_stays(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = source(support, address(order))
    emulator.fault("disconnect", times=20)
    answer = cancel(support, order, "price", "typed words", form_token=form_token_in(page))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent." in page
    assert "typed words" in page
    assert reasons(emulator, order) == []


def test_the_form_of_one_order_does_nothing_to_another(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    text = form_token_in(source(support, address(order)))
    other = emulator.make_order()
    emulator.forget_calls()
    assert cancel(support, other, form_token=text).status_code == 404
    assert support.post(address(order, "test"), {"form_token": text, "reason": "customer"}).status_code == 404
    assert emulator.calls() == []
    assert not Operation.objects.exists()


@pytest.mark.database
def test_the_second_person_keeps_what_they_typed_while_another_change_holds_the_order(
    northwind: Merchant, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    page = source(colleague, address(order))
    emulator.fault("disconnect", "/cancel$", after_work=True)
    cancel(support, order)
    answer = cancel(colleague, order, "price", "typed words", form_token=form_token_in(page))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "this order is locked" in page
    assert "<bdi>Support</bdi> is changing this order (started" in page
    assert "typed words" in page
    assert 'name="form_token"' not in page
    assert len(reasons(emulator, order)) == 1


def test_whoever_may_refund_is_led_there_first_and_others_are_told_that_they_may_not(
    admin: Client, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.send(f"/orders/{order['id']}/pay", {"amount": 1000, "payment_token": f"tok_approve_{uuid.uuid4()}"})
    refund = f"/northwind/live/orders/{order['id']}/refund/"
    assert f'href="{refund}"' in source(admin, address(order))
    page = source(support, address(order))
    assert f'href="{refund}"' not in page
    assert "You may not refund payments: ask someone who may." in page
