"""The rules of money, one by one and as plainly as can be: `make mutants` takes each of them out and looks here."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from orders.apis import transport
from orders.models import Connection, EventLog, Membership, Merchant, Operation, OrderLock, User
from orders.services.changes import form_tokens
from orders.services.changes.leases import claim
from tests.conftest import add_key, make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payments, reconcile_due, submit
from tests.support.journal import order as order
from tests.support.journal import support as support
from tests.support.pages import form_token_in, order_path, source

pytestmark = pytest.mark.database

State = Operation.State
NO_EVENTS = {"object": "list", "data": [], "has_more": False}


@pytest.fixture
def lost(northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator) -> Operation:
    """A payment that RevKeen did nothing of, and gave no answer to."""
    return lose(northwind, support, order, emulator)


@pytest.fixture
def aged(db: None) -> Iterator[Callable[[timedelta], None]]:
    """What is begun from now on was begun so long ago."""
    age = [timedelta()]

    def make_old(sender: object, instance: Operation, **kwargs: object) -> None:
        if instance._state.adding and age[0]:
            instance.created_at = timezone.now() - age[0]

    pre_save.connect(make_old, sender=Operation)
    yield lambda wanted: age.__setitem__(0, wanted)
    pre_save.disconnect(make_old, sender=Operation)


def lose(merchant: Merchant, user: User, order: dict[str, Any], emulator: Emulator, **more: Any) -> Operation:
    emulator.fault("disconnect", "/pay$", **more)
    operation = submit(merchant, user, change_request(merchant, user, order, 100))
    assert operation.state == State.IN_DOUBT
    return operation


def pay_calls(emulator: Emulator) -> list[dict[str, Any]]:
    return [call for call in emulator.calls() if call["path"].endswith("/pay")]


def form(client: Client, order: dict[str, Any]) -> dict[str, str]:
    """What a browser sends to charge 1.00 by a token."""
    form_token = form_token_in(source(client, order_path("pay/", order)))
    amount = {"amount": "1.00", "method": "token", "charging": "100 token", "confirmed": "on"}
    return {**amount, "form_token": form_token, "token": f"tok_approve_{uuid.uuid4()}"}


# --- 1. The form carries the operation ------------------------------------------------------------------------------


def forged(text: str) -> list[str]:
    """The same form token with more that can be paid: signed by somebody else, by nobody, or under another name."""
    content = signing.loads(text, salt=form_tokens.SALT)
    content["snapshot"]["amount_due"] = 10**9
    bare = signing.b64_encode(json.dumps(content).encode()).decode()
    return [
        signing.dumps(content, key="somebody else's", salt=form_tokens.SALT),
        signing.dumps(content, salt="another"),
        ":".join([bare, *text.split(":")[1:]]),
        bare,
        "",
        "::",
    ]


def test_a_form_token_that_was_not_signed_here_is_not_there(
    support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    client = sign_in(support)
    sent = form(client, order)
    emulator.forget_calls()
    for form_token in forged(sent["form_token"]):
        answer = client.post(f"/northwind/live/orders/{order['id']}/pay/", sent | {"form_token": form_token})
        assert answer.status_code == 404
    assert emulator.calls() == []
    assert not Operation.objects.exists()
    assert EventLog.objects.filter(kind="refused").count() == len(forged(sent["form_token"]))


def test_the_form_token_of_one_kind_is_good_for_no_other(
    support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    client = sign_in(support)
    sent = form(client, order) | {"reason": "customer_request"}
    emulator.forget_calls()
    for other in ("cancel", "edit"):
        assert client.post(f"/northwind/live/orders/{order['id']}/{other}/", sent).status_code == 404
    assert emulator.calls() == []


@pytest.mark.parametrize(
    "more",
    [
        {"currency": "jpy"},
        {"amount_due": "1"},
        {"amount_minor": "1"},
        {"snapshot": '{"amount_due": 100000}'},
        {"order_id": str(uuid.uuid4())},
        {"mode": "test"},
        {"idempotency_key": str(uuid.uuid4())},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_field_that_the_form_does_not_have_changes_nothing(
    more: dict[str, str], support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    client = sign_in(support)
    sent = form(client, order)
    assert client.post(f"/northwind/live/orders/{order['id']}/pay/", sent | more).status_code == 303
    assert payments(emulator, order) == [100]
    assert [call["idempotency_key"] for call in pay_calls(emulator)] == [str(Operation.objects.get().pk)]


def test_an_operation_is_not_there_below_another_merchant_or_mode(
    northwind: Merchant, kestrel: Merchant, lost: Operation, emulator: Emulator
) -> None:
    person = make_person("both@example.com", kestrel, "admin")
    Membership.objects.create(user=person, merchant=northwind, roles=["admin"])
    client = sign_in(person)
    assert client.get(f"/northwind/live/journal/{lost.pk}/").status_code == 200
    emulator.forget_calls()
    for place in ("kestrel/live", "northwind/test"):
        assert client.get(f"/{place}/journal/{lost.pk}/").status_code == 404
        assert client.post(f"/{place}/journal/{lost.pk}/decide/", {"outcome": "happened"}).status_code == 404
        assert str(lost.pk) not in client.get(f"/{place}/journal/").content.decode()
    assert emulator.calls() == []


def test_the_operation_of_somebody_else_is_not_there_for_who_may_see_only_their_own(
    northwind: Merchant, lost: Operation
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    assert colleague.get(f"/northwind/live/journal/{lost.pk}/").status_code == 404


# --- 2. Row, then call, then outcome --------------------------------------------------------------------------------


def test_when_the_call_goes_out_its_row_is_committed(
    northwind: Merchant, support: User, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    really_send, outside = transport.send, len(connection.savepoint_ids)

    def send(method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "POST":
            found.append((len(connection.savepoint_ids), [row.state for row in Operation.objects.all()]))
        return really_send(method, *args, **kwargs)

    monkeypatch.setattr(transport, "send", send)
    submit(northwind, support, change_request(northwind, support, order, 100))
    assert found == [(outside, [State.STARTED])]


# --- 5. Look after --------------------------------------------------------------------------------------------------


def test_a_yes_that_the_order_does_not_show_is_not_done(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    said = emulator.get(f"/orders/{order['id']}") | {"amount_paid": 100}
    emulator.fault("respond", "/pay$", body=said)
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    assert (operation.state, operation.code) == (State.IN_DOUBT, "contradicted")


# --- 6. Three kinds of end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 500},
        {"kind": "bad_gateway"},
        {"kind": "html"},
        {"kind": "empty", "status": 204},
        {"kind": "respond", "text": "null"},
        {"kind": "truncated"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_whatever_may_have_happened_is_unknown(
    fault: dict[str, Any], northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(**fault, path="/pay$", after_work=True)
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    assert operation.state == State.IN_DOUBT
    assert payments(emulator, order) == [100]


# --- 7. Reconciling an unknown
# -----------------------------------------------------------------------------------------


def test_a_charge_older_than_fifteen_minutes_is_not_sent_again(
    aged: Callable[[timedelta], None], northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    aged(timedelta(minutes=16))
    assert reconcile_due(lose(northwind, support, order, emulator)).state == State.NEEDS_REVIEW
    assert len(pay_calls(emulator)) == 1


def test_a_charge_of_fourteen_minutes_is_sent_again(
    aged: Callable[[timedelta], None], northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    aged(timedelta(minutes=14))
    assert reconcile_due(lose(northwind, support, order, emulator)).state == State.DONE
    assert payments(emulator, order) == [100]


def test_a_key_from_the_future_is_not_sent_again(
    aged: Callable[[timedelta], None], northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    aged(timedelta(hours=-2))
    assert reconcile_due(lose(northwind, support, order, emulator)).state == State.NEEDS_REVIEW
    assert len(pay_calls(emulator)) == 1


def test_with_another_key_it_is_not_sent_again(northwind: Merchant, lost: Operation, emulator: Emulator) -> None:
    Connection.objects.filter(merchant=northwind, mode="live").update(active=False)
    add_key(northwind, "live", "rk_live_northwind_demo2", active=True)
    assert reconcile_due(lost).state == State.NEEDS_REVIEW
    assert len(pay_calls(emulator)) == 1


def test_an_order_that_is_not_as_before_is_not_sent_again(
    lost: Operation, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.send(f"/orders/{order['id']}", {"notes": "changed elsewhere"}, method="PATCH")
    for _ in range(8):
        reconcile_due(lost)
    lost.refresh_from_db()
    assert lost.state == State.NEEDS_REVIEW
    assert len(pay_calls(emulator)) == 1


def test_an_event_of_another_key_says_nothing_of_ours(
    lost: Operation, order: dict[str, Any], emulator: Emulator
) -> None:
    body = {"amount": 100, "payment_token": f"tok_approve_{uuid.uuid4()}"}
    emulator.send(f"/orders/{order['id']}/pay", body)
    assert reconcile_due(lost).state == State.IN_DOUBT
    assert payments(emulator, order) == [100]


def test_what_somebody_is_at_nobody_else_takes(lost: Operation) -> None:
    Operation.objects.filter(pk=lost.pk).update(next_try_at=timezone.now() - timedelta(seconds=9))
    first, second = claim(), claim()
    assert first == lost
    assert second is None


def test_when_it_cannot_be_sent_again_the_first_sending_stays_unknown(lost: Operation, emulator: Emulator) -> None:
    emulator.fault("rate_limited", "/pay$", retry_after="600")
    assert reconcile_due(lost).state == State.IN_DOUBT
    assert len(pay_calls(emulator)) == 2
    assert OrderLock.objects.exists()


# --- 8. A 5xx that replays itself -----------------------------------------------------------------------------------


def test_a_stored_error_is_a_persons_after_two_replays_and_never_means_no(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    """It moved money, and neither order nor events show it yet: a machine cannot know."""
    before = emulator.get(f"/orders/{order['id']}")
    emulator.fault("error", "/pay$", status=500, after_work=True)
    operation = submit(northwind, support, change_request(northwind, support, order, 100))
    emulator.fault("respond", "/events", method="GET", times=1000, body=NO_EVENTS)
    emulator.fault("respond", f"/orders/{order['id']}$", method="GET", times=1000, body=before)
    states = [reconcile_due(operation).state for _ in range(6)]
    assert states == [State.IN_DOUBT] + [State.NEEDS_REVIEW] * 5
    assert len(pay_calls(emulator)) == 3
    assert payments(emulator, order) == [100]


def test_an_order_in_another_currency_than_the_form_showed_is_not_charged(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    what = change_request(northwind, support, order, 100)
    emulator.patch("orders", order["id"], currency="jpy")
    operation = submit(northwind, support, what)
    assert (operation.state, operation.code) == (State.NOT_SENT, "order_changed")
    assert operation.result["changed"] == [["Currency", order["currency"].upper(), "JPY"]]
    assert payments(emulator, order) == []


def test_an_order_of_the_other_mode_is_not_charged(
    northwind: Merchant, support: User, order: dict[str, Any], emulator: Emulator
) -> None:
    what = change_request(northwind, support, order, 100)
    emulator.patch("orders", order["id"], livemode=False)
    assert submit(northwind, support, what).state == State.NOT_SENT
    assert payments(emulator, order) == []
