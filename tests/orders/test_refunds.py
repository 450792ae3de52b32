"""Giving money back by the form: what the button named, once, never above what is left; followed until it is final."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from orders.management.commands.worker import OF_ONE_MERCHANT, AtHand, Command
from orders.models import Membership, Merchant, Operation, OrderLock, RefundStatus
from orders.services.changes import reconcile, refund_tracking
from orders.services.changes.leases import claim
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in
from tests.support.refunding import (
    address,
    asked_for,
    form_token,
    paid_order,
    refund,
    refund_elsewhere,
    refunds,
    sales,
    text,
)

State = Operation.State
HOSTILE = '"><script>window.pwned=1</script>'


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    """60.00 USD, paid at once by a customer's card that ends in 1111."""
    return paid_order(emulator, 6000)


@pytest.fixture
def in_two(emulator: Emulator) -> dict[str, Any]:
    """60.00 USD, paid in two parts of 40.00 and 20.00."""
    return paid_order(emulator, 4000, 2000)


def reconcile_due() -> Operation:
    """As the worker does when it is due."""
    Operation.objects.filter(state__in=Operation.OPEN).update(
        next_try_at=Now(), lease_until=Now() - timedelta(seconds=1)
    )
    claimed = claim()
    assert claimed is not None
    return reconcile.reconcile(claimed)


def check() -> RefundStatus:
    """As the worker does when a refund is due to be read."""
    RefundStatus.objects.filter(next_check_at__isnull=False).update(next_check_at=Now())
    claimed = refund_tracking.claim()
    assert claimed is not None
    return refund_tracking.check(claimed)


# What is sent


def test_a_refund_leads_to_its_operation_which_says_that_it_is_done(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    answer = refund(finance, order, {payment: "25.00"}, reason="product_unacceptable", details="Torn\r\nat the seam")
    assert answer.status_code == 303
    assert "Refunded: <bdi>25.00 USD to Visa ••1111</bdi>" in finance.get(answer["Location"]).content.decode()
    assert refunds(emulator, order) == [2500]
    operation = Operation.objects.get()
    details = f"Torn\nat the seam [operation {operation.pk}]"
    asked = {"payment_id": payment, "amount_minor": 2500, "reason": "product_unacceptable", "reason_details": details}
    assert operation.body == asked
    sent = emulator.get(f"/refunds?payment_id={payment}")["data"][0]
    assert (sent["reason"], sent["reason_details"]) == ("product_unacceptable", details)


def test_a_part_and_then_the_rest_close_the_order(finance: Client, order: dict[str, Any], emulator: Emulator) -> None:
    (payment,) = sales(emulator, order)
    refund(finance, order, {payment: "25.00"})
    page = finance.get(address(order)).content.decode()
    assert "Part refunded" in page
    assert ">35.00</td>" in page
    refund(finance, order, {payment: "35.00"})
    assert refunds(emulator, order) == [2500, 3500]
    assert emulator.get(f"/orders/{order['id']}")["status"] == "refunded"
    assert "everything paid was refunded" in text(finance, address(order))


@pytest.mark.parametrize(("currency", "minor", "typed"), [("jpy", 7000, "7,000"), ("kwd", 12345, "12.345")])
def test_a_currency_keeps_its_own_decimals(
    currency: str, minor: int, typed: str, finance: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, minor, currency=currency)
    (payment,) = sales(emulator, order)
    assert refund(finance, order, {payment: typed}, typed=typed).status_code == 303
    assert refunds(emulator, order) == [minor]


def test_all_that_is_left_fills_every_amount_and_sends_nothing(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    refund_elsewhere(emulator, first, 1500)
    page = finance.get(address(in_two) + "?fill=all").content.decode()
    assert "Refund 45.00 USD to <bdi>2 payments</bdi>" in page
    assert f'value="{first}:2500 {second}:2000"' in page
    headers = {"HX-Request": "true", "HX-Target": "refund"}
    sent = {"form_token": form_token_in(page), "reason": "duplicate", "details": "typed before"}
    part = finance.post(address(in_two), sent, headers=headers).content.decode()
    assert "Refund 45.00 USD to <bdi>2 payments</bdi>" in part
    assert re.search(r'value="duplicate"[^>]* checked', part)
    assert "typed before" in part
    assert "<html" not in part
    assert not Operation.objects.exists()


def test_the_button_follows_what_is_typed_and_sends_nothing(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    sent = {"form_token": form_token(finance, order), f"amount_{payment}": "12.5"}
    headers = {"HX-Request": "true", "HX-Target": "check"}
    part = finance.post(address(order), sent, headers=headers).content.decode()
    assert "Refund 12.50 USD to <bdi>Visa ••1111</bdi>" in part
    assert not Operation.objects.exists()


def test_what_the_button_did_not_name_is_not_sent(finance: Client, order: dict[str, Any], emulator: Emulator) -> None:
    (payment,) = sales(emulator, order)
    answer = refund(finance, order, {payment: "20.00"}, refunding=f"{payment}:6000")
    assert answer.status_code == 422
    assert "Refund 20.00 USD to" in answer.content.decode()
    assert not Operation.objects.exists()


@pytest.mark.database
def test_the_same_form_sent_again_refunds_once(finance: Client, order: dict[str, Any], emulator: Emulator) -> None:
    (payment,) = sales(emulator, order)
    same = form_token(finance, order)
    answers = [refund(finance, order, {payment: "25.00"}, form_token=same) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert refunds(emulator, order) == [2500]


def test_the_same_form_with_something_else_in_it_sends_nothing_more(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    same = form_token(finance, in_two)
    refund(finance, in_two, {first: "10.00"}, form_token=same)
    answer = refund(finance, in_two, {first: "10.00", second: "5.00"}, form_token=same)
    assert answer.status_code == 303
    assert "nothing else was sent" in finance.get(answer["Location"]).content.decode()
    assert refunds(emulator, in_two) == [1000]


# What is refused here


@pytest.mark.parametrize(
    "amount", ["0", "-5", "60.01", "12.505", "1e3", "１２", "", "abc", "10 USD", "1,2", "999999999999999999", "NaN"]
)
def test_an_amount_that_cannot_go_back_is_refused_by_its_field_and_stays_typed(
    amount: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    answer = refund(finance, order, {payment: amount}, details="Torn")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_amount_{payment}_error"' in page
    assert f'value="{amount}"' in page or not amount
    assert "Torn</textarea>" in page
    assert not Operation.objects.exists()


def test_one_wrong_amount_of_two_names_no_sum(finance: Client, in_two: dict[str, Any], emulator: Emulator) -> None:
    first, second = sales(emulator, in_two)
    answer = refund(finance, in_two, {first: "10.00", second: "20.01"})
    page = answer.content.decode()
    assert "This is more than the 20.00 USD that is left of this payment." in page
    assert 'name="refunding" value=""' in page
    assert not Operation.objects.exists()


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"reason": "boredom"}, {"details": "x" * 501}])
def test_a_reason_of_revkeens_is_chosen_and_the_details_have_a_bound(
    wrong: dict[str, str], finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    assert refund(finance, order, {payment: "25.00"}, **wrong).status_code == 422
    assert not Operation.objects.exists()


def test_no_reason_is_preset(finance: Client, order: dict[str, Any]) -> None:
    page = finance.get(address(order)).content.decode()
    assert page.count('name="reason"') == 7
    assert " checked" not in page


def test_live_asks_once_more_and_a_large_sum_is_typed(
    northwind: Merchant, finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    both = {first: "40.00", second: "20.00"}
    assert refund(finance, in_two, both, confirmed="").status_code == 422
    Merchant.objects.filter(pk=northwind.pk).update(sums_to_type={"USD": 50, "EUR": 50})
    assert refund(finance, in_two, both).status_code == 422
    assert refund(finance, in_two, both, typed="40.00").status_code == 422
    assert not Operation.objects.exists()
    assert refund(finance, in_two, both, typed="60.00").status_code == 303
    assert refunds(emulator, in_two) == [4000, 2000]


def test_the_form_of_one_place_does_nothing_in_another(
    northwind: Merchant, kestrel: Merchant, order: dict[str, Any], emulator: Emulator
) -> None:
    person = make_person("both@example.com", northwind, "finance")
    Membership.objects.create(user=person, merchant=kestrel, roles=["finance"])
    client = sign_in(person)
    (payment,) = sales(emulator, order)
    sent = {"form_token": form_token(client, order), f"amount_{payment}": "1.00", "refunding": f"{payment}:100"}
    emulator.forget_calls()
    elsewhere = (f"/kestrel/live/orders/{order['id']}/refund/", address(order, "test"), address({"id": uuid.uuid4()}))
    assert [client.post(path, sent).status_code for path in elsewhere] == [404, 404, 404]
    other = sign_in(make_person("colleague@northwind.example", northwind, "finance"))
    assert other.post(address(order), sent).status_code == 404
    assert emulator.calls() == []


# What RevKeen refuses, and what changed meanwhile


def test_a_refusal_stands_by_its_payment_and_the_corrected_form_refunds(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    _, second = sales(emulator, in_two)
    error = {"type": "invalid_request_error", "code": "invalid_request", "message": HOSTILE, "param": "amount_minor"}
    emulator.fault("respond", "/refunds$", method="POST", status=400, body={"error": error})
    answer = refund(finance, in_two, {second: "20.00"}, details="Torn")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Not refunded: RevKeen refused this amount." in page
    assert f'id="id_amount_{second}_error"' in page
    assert HOSTILE not in page
    assert "Torn</textarea>" in page
    assert refund(finance, in_two, {second: "19.00"}, form_token=form_token_in(page)).status_code == 303
    assert refunds(emulator, in_two) == [1900]


def test_a_refund_that_fails_at_once_moved_no_money_and_says_so(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="failed")
    answer = refund(finance, order, {payment: "25.00"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "the money did not move" in page
    assert "The refund failed: the card network refused the refund." in page
    operation = Operation.objects.get()
    assert (operation.state, operation.result["refund"]["status"]) == (State.REFUSED, "failed")
    assert not RefundStatus.objects.exists()


@pytest.mark.parametrize("status", ["succeeded", "pending"])
def test_a_refund_made_elsewhere_meanwhile_stops_ours_be_it_on_its_way_or_done(
    status: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    old = form_token(finance, order)
    emulator.settings(refund_status=status)
    refund_elsewhere(emulator, payment, 1000)
    answer = refund(finance, order, {payment: "55.00"}, form_token=old)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in page
    assert "60.00 USD</s> → <strong>50.00 USD" in page
    assert "This is more than the 50.00 USD that is left" in page
    assert 'value="55.00"' in page
    assert refunds(emulator, order) == [1000]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "alter", "set": {"meta.has_more": True}}, "<strong>not known"),
        ({"kind": "alter", "set": {"data": [{"id": "none"}]}}, "<strong>not known"),
        ({"kind": "error", "times": 2}, "Nothing was sent."),
    ],
)
def test_refunds_that_cannot_be_read_before_are_not_added_to(
    fault: dict[str, Any], words: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    old = form_token(finance, order)
    emulator.fault(path="/refunds$", method="GET", **fault)
    answer = refund(finance, order, {payment: "55.00"}, form_token=old)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert asked_for(emulator) == 0


@pytest.mark.database
def test_whoever_comes_second_is_told_who_and_keeps_what_was_typed(
    northwind: Merchant, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "finance"))
    theirs = form_token(colleague, order)
    emulator.fault("disconnect", "/refunds$", method="POST", after_work=True)
    refund(finance, order, {payment: "20.00"})
    answer = refund(colleague, order, {payment: "33.00"}, form_token=theirs)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<bdi>Finance</bdi> is changing this order (started" in page
    assert 'value="33.00"' in page
    assert 'name="form_token"' not in page
    assert refunds(emulator, order) == [2000]


# When the answer does not come


@pytest.mark.database
@pytest.mark.parametrize("status", ["succeeded", "pending", "processing"])
def test_a_lost_answer_is_reconciled_by_the_event_and_never_doubled(
    status: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status=status)
    emulator.fault("disconnect", "/refunds$", method="POST", after_work=True)
    answer = refund(finance, order, {payment: "25.00"})
    assert "In doubt: " in finance.get(answer["Location"]).content.decode()
    assert 'name="form_token"' not in finance.get(address(order)).content.decode()
    assert reconcile_due().state == State.DONE
    assert refunds(emulator, order) == [2500]
    assert asked_for(emulator) == 1
    assert RefundStatus.objects.get().status == status


@pytest.mark.database
def test_a_refund_on_its_way_without_its_event_is_found_by_its_mark_and_not_sent_again(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    """It shows on no field of the order: only the refunds of the payment tell that something happened."""
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    emulator.fault("disconnect", "/refunds$", method="POST", after_work=True)
    refund(finance, order, {payment: "25.00"})
    nothing = {"object": "list", "data": [], "has_more": False, "url": "/v2/events"}
    emulator.fault("respond", "/events$", times=6, status=200, body=nothing)
    assert reconcile_due().state == State.DONE
    assert asked_for(emulator) == 1
    assert refunds(emulator, order) == [2500]


@pytest.mark.database
def test_a_call_that_did_nothing_is_sent_again_under_its_key(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.fault("disconnect", "/refunds$", method="POST")
    refund(finance, order, {payment: "25.00"})
    assert reconcile_due().state == State.DONE
    assert refunds(emulator, order) == [2500]
    assert asked_for(emulator) == 2


def test_a_call_that_did_nothing_is_not_sent_again_once_less_is_left(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    emulator.fault("disconnect", "/refunds$", method="POST")
    refund(finance, order, {payment: "25.00"})
    refund_elsewhere(emulator, payment, 1000)
    calls = asked_for(emulator)
    assert [reconcile_due().state for _ in range(5)][-1] == State.NEEDS_REVIEW
    assert asked_for(emulator) == calls
    assert refunds(emulator, order) == [1000]


def test_an_answer_about_another_payment_is_believed_only_if_the_payment_shows_it(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    other = paid_order(emulator, 2500)
    (others,) = sales(emulator, other)
    foreign = refund_elsewhere(emulator, others, 2500)
    emulator.fault(
        "respond", "/refunds$", method="POST", status=201, body={"data": foreign}
    )  # nothing was done, and a refund of another payment is shown
    answer = refund(finance, order, {payment: "25.00"})
    assert Operation.objects.get().state == State.IN_DOUBT
    assert "another refund than the one it was to make" in text(finance, answer["Location"])


# Several payments: one plan


@pytest.mark.database
def test_two_payments_go_back_one_after_another_under_one_lock(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    answer = refund(finance, in_two, {first: "30.00", second: "15.00"})
    assert answer.status_code == 303
    steps = list(Operation.objects.order_by("step"))
    assert [(step.state, step.body["amount_minor"]) for step in steps] == [(State.DONE, 3000), (State.DONE, 1500)]
    assert len({step.plan_id for step in steps}) == 1
    assert refunds(emulator, in_two) == [3000, 1500]
    assert not OrderLock.objects.exists()
    assert "Refunded: 30.00 USD to Visa ••1111 . Refunded: 15.00 USD to Visa ••1111 ." in text(
        finance, answer["Location"]
    )


def test_a_step_that_is_refused_stops_the_plan_and_the_page_says_which_part_happened(
    finance: Client, emulator: Emulator
) -> None:
    order = paid_order(emulator, 3000, 2000, 1000)
    emulator.fault("delay", "/refunds$", method="POST", seconds=0)  # the first is let through
    emulator.fault("error", "/refunds$", method="POST", status=400, code="invalid_request", message="Not this one.")
    answer = refund(finance, order, dict.fromkeys(sales(emulator, order), "10.00"))
    page = text(finance, answer["Location"])
    assert "Only part of this happened" in page
    assert "Not this one." in page
    assert "10.00 USD to Visa ••1111 Not started" in page
    assert refunds(emulator, order) == [1000]
    assert asked_for(emulator) == 2
    assert not OrderLock.objects.exists()


def test_a_first_step_that_is_refused_is_the_end_of_the_plan(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("error", "/refunds$", method="POST", status=400, code="invalid_request", message="Not this one.")
    answer = refund(finance, in_two, dict.fromkeys(sales(emulator, in_two), "10.00"))
    assert answer.status_code == 422
    assert "Not this one." in answer.content.decode()
    assert asked_for(emulator) == 1
    assert refunds(emulator, in_two) == []


@pytest.mark.database
def test_a_plan_whose_answer_was_lost_in_the_middle_is_finished_by_the_reconciler(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    emulator.settings(refund_status="pending")
    emulator.fault("disconnect", "/refunds$", method="POST", after_work=True)
    refund(finance, in_two, {first: "30.00", second: "15.00"})
    assert reconcile_due().state == State.DONE
    assert [step.state for step in Operation.objects.order_by("step")] == [State.DONE, State.DONE]
    assert refunds(emulator, in_two) == [3000, 1500]


@pytest.mark.database
def test_a_later_step_sends_nothing_above_what_is_left_then(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    emulator.settings(refund_status="pending")
    emulator.fault("disconnect", "/refunds$", method="POST", after_work=True)
    answer = refund(finance, in_two, {first: "30.00", second: "15.00"})
    refund_elsewhere(emulator, second, 1000)
    assert reconcile_due().state == State.NOT_SENT
    assert refunds(emulator, in_two) == [3000, 1000]
    assert "Only part of this happened" in text(finance, answer["Location"])


# Until it is final


@pytest.mark.database
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("succeeded", "Refunded: 25.00 USD to Visa ••1111"),
        (
            "failed",
            "The refund failed: 25.00 USD to Visa ••1111 . The card network refused the refund. The money did not",
        ),
        ("canceled", "The refund was canceled: 25.00 USD to Visa ••1111 . The money did not move."),
    ],
)
def test_a_refund_on_its_way_is_followed_until_it_is_final(
    status: str, words: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    answer = refund(finance, order, {payment: "25.00"})
    assert "Refund on its way: 25.00 USD to Visa ••1111" in text(finance, answer["Location"])
    assert "On its way" in text(finance, f"/northwind/live/orders/{order['id']}/")
    emulator._control("POST", f"refunds/{RefundStatus.objects.get().refund_id}", {"status": "processing"})
    assert (check().status, check().final) == ("processing", False)
    emulator._control("POST", f"refunds/{RefundStatus.objects.get().refund_id}", {"status": status})
    assert (check().status, RefundStatus.objects.get().final) == (status, True)
    assert words in text(finance, answer["Location"])
    assert "On its way" not in text(finance, f"/northwind/live/orders/{order['id']}/")
    assert refund_tracking.claim() is None


@pytest.mark.database
def test_reads_of_a_refund_grow_rarer(finance: Client, order: dict[str, Any], emulator: Emulator) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund(finance, order, {payment: "25.00"})
    assert refund_tracking.claim() is None, "not before ten seconds"
    waits = []
    for _ in range(4):
        check()
        found = RefundStatus.objects.annotate(now=Now()).get()
        assert found.next_check_at is not None
        waits.append(round((found.next_check_at - found.now).total_seconds()))
    assert waits == [60, 600, 3600, 3600]


@pytest.mark.parametrize("fault", ["error", "html", "disconnect", "other"])
def test_a_refund_that_cannot_be_read_is_read_later(
    fault: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund(finance, order, {payment: "25.00"})
    if fault == "other":
        emulator.fault("alter", "/refunds/", set={"data.id": str(uuid.uuid4()), "data.status": "succeeded"}, times=9)
    else:
        emulator.fault(fault, "/refunds/", times=9)
    assert (check().status, RefundStatus.objects.get().final) == ("pending", False)
    emulator.clear_faults()
    emulator._control("POST", f"refunds/{RefundStatus.objects.get().refund_id}", {"status": "succeeded"})
    assert check().final


@pytest.mark.database
def test_the_worker_follows_refunds_when_no_operation_waits(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund(finance, order, {payment: "25.00"})
    emulator._control("POST", f"refunds/{RefundStatus.objects.get().refund_id}", {"status": "canceled"})
    worker = Command()
    worker.of_merchants = AtHand[int](OF_ONE_MERCHANT)
    assert not worker.reconcile(), "nothing is due yet"
    RefundStatus.objects.update(next_check_at=Now())
    assert worker.reconcile()
    assert RefundStatus.objects.get().status == "canceled"
    assert set(worker.of_merchants.counts.values()) == {0}


@pytest.mark.database
def test_a_claimed_refund_is_left_to_whoever_claimed_it(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund(finance, order, {payment: "25.00"})
    RefundStatus.objects.update(next_check_at=Now())
    claimed = refund_tracking.claim()
    assert claimed is not None
    assert refund_tracking.claim() is None
    RefundStatus.objects.update(lease_until=Now())
    assert refund_tracking.claim(busy=[claimed.operation.merchant_id]) is None
    assert refund_tracking.claim() == claimed


# The page


@pytest.mark.database
def test_what_is_on_its_way_is_not_left(finance: Client, emulator: Emulator) -> None:
    order = emulator.get(f"/orders/{emulator.cases()['orders']['refund_pending']}")
    page = text(finance, address(order))
    (back,) = (row for row in emulator.get("/refunds?limit=100")["data"] if row["order_id"] == order["id"])
    digits = {"jpy": 0, "kwd": 3}.get(order["currency"], 2)
    assert f"{back['amount_minor'] / 10**digits:,.{digits}f} on its way" in page
    assert f"{(order['amount_paid'] - back['amount_minor']) / 10**digits:,.{digits}f}" in page


def test_a_whole_payment_on_its_day_may_become_a_void(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    assert "may void the charge" in text(finance, address(order) + "?fill=all")
    refund(finance, order, {payment: "60.00"})
    page = text(finance, f"/northwind/live/orders/{order['id']}/")
    assert "Void of Visa ••1111" in page
    assert "Does not add up" not in page
    older = emulator.get(f"/orders/{emulator.cases()['orders']['three_payments']}")
    assert "may void the charge" not in text(finance, address(older) + "?fill=all")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("pending", "nothing was paid."),
        ("refunded", "everything paid was refunded."),
        ("pending_declined", "nothing was paid."),
        ("draft_guest", "nothing was paid."),
    ],
)
def test_an_order_without_anything_to_give_back_says_why(
    case: str, words: str, finance: Client, emulator: Emulator
) -> None:
    page = text(finance, address({"id": emulator.cases()["orders"][case]}))
    assert f"Nothing can be refunded now: {words}" in page


def test_all_of_it_on_its_way_leaves_no_form(finance: Client, order: dict[str, Any], emulator: Emulator) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund_elsewhere(emulator, payment, 6000)
    page = finance.get(address(order)).content.decode()
    assert "everything paid was refunded, or the refund is on its way." in page
    assert 'name="form_token"' not in page


@pytest.mark.parametrize("path", ["/transactions$", "/refunds$"])
def test_payments_that_cannot_be_read_are_said_to_be_not_known(
    path: str, finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("error", path, times=9)
    answer = finance.get(address(order))
    assert answer.status_code == 200
    assert "could not be read" in answer.content.decode()
    assert 'name="form_token"' not in answer.content.decode()


def test_a_payment_in_another_currency_than_its_order_is_shown_and_not_refunded_from_here(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.patch("transactions", payment, currency="jpy")
    page = finance.get(address(order)).content.decode()
    assert 'name="form_token"' not in page
    assert "6,000 JPY" in page
    assert "Nothing can be refunded now: it was paid in another currency than USD." in text(finance, address(order))


def test_of_two_payments_the_one_in_another_currency_has_no_field(
    finance: Client, in_two: dict[str, Any], emulator: Emulator
) -> None:
    first, second = sales(emulator, in_two)
    emulator.patch("transactions", second, currency="jpy")
    page = finance.get(address(in_two)).content.decode()
    assert f"amount_{first}" in page
    assert f"amount_{second}" not in page
    assert refund(finance, in_two, {first: "10.00", second: "10.00"}).status_code == 422
    assert refunds(emulator, in_two) == []


def test_hostile_texts_are_only_text(finance: Client, order: dict[str, Any], emulator: Emulator) -> None:
    (payment,) = sales(emulator, order)
    emulator.patch("transactions", payment, card_last_four=HOSTILE, card_brand=HOSTILE)
    assert HOSTILE not in finance.get(address(order) + "?fill=all").content.decode()
    answer = refund(finance, order, {payment: "10.00"}, details=HOSTILE)
    assert HOSTILE not in finance.get(answer["Location"]).content.decode()
    assert HOSTILE not in refund(finance, order, {payment: HOSTILE}, details=HOSTILE).content.decode()


# The card on the order page


def test_the_order_page_counts_refunds_on_their_way_as_gone(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund_elsewhere(emulator, payment, 1000)
    page = text(finance, f"/northwind/live/orders/{order['id']}/")
    assert "Refund to Visa ••1111 On its way" in page
    assert "50.00" in page


@pytest.mark.parametrize(
    ("case", "words"),
    [("refund_failed", "Failed"), ("refund_processing", "On its way"), ("refund_pending", "On its way")],
)
def test_the_order_page_shows_a_refund_that_is_no_transaction(
    case: str, words: str, finance: Client, emulator: Emulator
) -> None:
    page = text(finance, f"/northwind/live/orders/{emulator.cases()['orders'][case]}/")
    assert re.search(rf"Refund to [^.]{{1,40}}[^A-Z]* {words}", page)


def test_the_order_page_keeps_its_refund_when_the_events_are_not_there(
    finance: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    (payment,) = sales(emulator, order)
    emulator.settings(refund_status="pending")
    refund(finance, order, {payment: "10.00"})
    emulator.fault("error", "/events$", times=9)
    assert "Refund to Visa ••1111 On its way" in text(finance, f"/northwind/live/orders/{order['id']}/")
