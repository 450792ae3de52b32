"""What RevKeen posts is proven, taken once, and only says which orders to read."""

import hashlib
import hmac
import json
import logging
import time
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Connection, Merchant, OrderCopy, ToRead, WebhookReceived, WebhookReceiver, WebhookSecret
from orders.services.index import clock, marks, writing
from orders.services.webhooks import receive
from tests.conftest import captured_log
from tests.support.samples import an_order
from tests.support.webhooks import ORDER, SECRET, an_event, live_key, marked, post, signature, take_webhooks


def refusal(connection: Connection) -> str:
    """The reason of the last one, once something was refused."""
    receiver = WebhookReceiver.objects.get(connection=connection)
    assert (receiver.last_refused_at is None) == (receiver.refusals == 0)
    return receiver.last_refusal


# --- What is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["X-Revkeen-Signature", "x-rk-signature", "Revkeen-Signature"])
def test_a_signed_event_has_its_order_read_whichever_header_it_is_signed_in(
    header: str, revkeen: Client, connection: Connection
) -> None:
    body = an_event()
    answer = post(revkeen, connection, body, "", **{header: signature(body, SECRET)})
    assert (answer.status_code, answer.content) == (204, b"")
    assert marked() == {ORDER}
    receiver = WebhookReceiver.objects.get()
    assert receiver.last_good_at is not None
    assert receiver.refusals == 0


def test_nothing_that_a_payload_says_becomes_a_row(revkeen: Client, connection: Connection) -> None:
    writing.apply(connection.merchant, "live", [an_order(id=str(ORDER), status="pending")], clock.now())
    for order_id in (ORDER, uuid.uuid4()):
        post(revkeen, connection, an_event(order_id))
    assert OrderCopy.objects.get().status == "pending"


@pytest.mark.database
def test_an_event_is_taken_once_however_often_it_comes(revkeen: Client, connection: Connection) -> None:
    body = an_event()
    post(revkeen, connection, body)
    marks.served(connection.merchant, "live", marked(), clock.now() + timedelta(seconds=1))
    assert post(revkeen, connection, body).status_code == 204
    assert marked() == set()
    assert WebhookReceived.objects.count() == 1


@pytest.mark.database
def test_what_could_not_be_marked_is_not_in_the_inbox_and_may_come_again(
    revkeen: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("The database is not there.")

    with monkeypatch.context() as without_marks:
        without_marks.setattr(marks, "mark", fail)
        with pytest.raises(OperationalError):
            post(revkeen, connection, an_event(id="evt_1"))
    assert not WebhookReceived.objects.exists()
    post(revkeen, connection, an_event(id="evt_1"))
    assert marked() == {ORDER}


@pytest.mark.parametrize(
    "body",
    [
        an_event(type="weather.changed"),
        an_event("ord_abc123"),
        an_event(data={}),
        an_event(data={"object": "order"}),
        an_event(data={"object": {"id": None, "order_id": 7, "invoice_id": "inv_1"}}),
        an_event(triggered=True, livemode=None),
    ],
)
def test_what_names_no_order_that_we_know_is_taken_too_because_refusals_end_the_posting(
    body: bytes, revkeen: Client, connection: Connection
) -> None:
    assert post(revkeen, connection, body).status_code == 204
    assert marked() <= {ORDER}


def test_a_refund_names_its_order_and_a_payment_only_its_invoice(revkeen: Client, connection: Connection) -> None:
    refund = {"object": {"object": "refund", "id": str(uuid.uuid4()), "order_id": str(ORDER)}}
    post(revkeen, connection, an_event(type="refund.succeeded", data=refund))
    assert marked() == {ORDER}
    ToRead.objects.all().delete()
    invoice, now = uuid.uuid4(), timezone.now()
    place = {"merchant": connection.merchant, "mode": "live", "order_id": ORDER, "invoice_id": invoice}
    OrderCopy.objects.create(id=1, **place, created_at=now, updated_at=now, read_started=now)
    payment = {"object": {"object": "transaction", "id": str(uuid.uuid4()), "invoice_id": str(invoice)}}
    post(revkeen, connection, an_event(type="payment.succeeded", data=payment))
    assert marked() == {ORDER}


@pytest.mark.parametrize("said", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_whatever_the_body_is_said_to_be_it_is_taken_for_its_bytes(
    said: str, revkeen: Client, connection: Connection
) -> None:
    assert post(revkeen, connection, an_event(), content_type=said).status_code == 204


def test_one_of_several_signatures_is_enough(revkeen: Client, connection: Connection) -> None:
    body = an_event()
    assert post(revkeen, connection, body, signature(body, "rk_wh_of_somebody_else", SECRET)).status_code == 204


@pytest.mark.parametrize(("hours", "status"), [(34, 204), (36, 400)])
def test_a_former_secret_is_believed_for_as_long_as_revkeen_retries(
    hours: int, status: int, revkeen: Client, connection: Connection
) -> None:
    WebhookSecret.objects.update(retired_at=timezone.now() - timedelta(hours=hours))
    take_webhooks(connection, "rk_wh_the_new_one")
    assert post(revkeen, connection, an_event()).status_code == status


@pytest.mark.database
def test_the_inbox_forgets_after_forty_days(revkeen: Client, connection: Connection) -> None:
    for name, days in (("evt_old", 41), ("evt_recent", 39)):
        at = timezone.now() - timedelta(days=days)
        WebhookReceived.objects.create(connection=connection, event_id=name, received_at=at)
    post(revkeen, connection, an_event(id="evt_new"))
    assert set(WebhookReceived.objects.values_list("event_id", flat=True)) == {"evt_recent", "evt_new"}


# --- What is refused -------------------------------------------------------------------------------------------------


def assert_refused(revkeen: Client, connection: Connection, body: bytes, signed: str | None, reason: str) -> None:
    """With its reason counted, and nothing changed."""
    answer = post(revkeen, connection, body, signed)
    assert answer.status_code == 400
    assert refusal(connection) == reason
    assert WebhookReceiver.objects.get(connection=connection).refusals == 1
    assert not WebhookReceived.objects.exists()
    assert marked() == set()


@pytest.mark.parametrize(
    ("signed", "reason"),
    [
        ("", "unsigned"),
        ("sha256=" + hmac.new(SECRET.encode(), an_event(), hashlib.sha256).hexdigest(), "other_form"),
        ("t=1,t=2,v1=aa", "other_form"),
        ("t=,v1=aa", "other_form"),
        ("t=-1,v1=aa", "other_form"),
        ("t=9999999999999999999999,v1=aa", "other_form"),
        ("t=²,v1=aa".encode().decode("latin-1"), "other_form"),
        (f"t={int(time.time())}", "other_form"),
        (f"t={int(time.time())},v1=", "other_secret"),
        (f"t={int(time.time())},v1=ä".encode().decode("latin-1"), "other_secret"),
    ],
    ids=range(10),  # what is signed and when differs between the processes of a run
)
def test_without_a_signature_of_the_documented_form_nothing_happens(
    signed: str, reason: str, revkeen: Client, connection: Connection
) -> None:
    assert_refused(revkeen, connection, an_event(), signed, reason)


def test_a_signature_over_other_bytes_or_with_another_secret_is_refused(
    revkeen: Client, connection: Connection
) -> None:
    body = an_event()
    same_json = json.dumps(json.loads(body), separators=(",", ":")).encode()
    assert_refused(revkeen, connection, same_json, signature(body, SECRET), "other_secret")


def test_the_secret_of_another_merchant_opens_nothing_here(
    revkeen: Client, connection: Connection, kestrel: Merchant
) -> None:
    take_webhooks(live_key(kestrel), "rk_wh_of_kestrel_outdoor")
    body = an_event()
    assert_refused(revkeen, connection, body, signature(body, "rk_wh_of_kestrel_outdoor"), "other_secret")


@pytest.mark.parametrize("ahead", [-310, 310])
def test_what_was_signed_more_than_five_minutes_away_is_refused(
    ahead: int, revkeen: Client, connection: Connection
) -> None:
    body = an_event()
    assert_refused(revkeen, connection, body, signature(body, SECRET, seconds=time.time() + ahead), "other_time")


@pytest.mark.parametrize("ahead", [-290, 290])
def test_within_five_minutes_it_is_taken(ahead: int, revkeen: Client, connection: Connection) -> None:
    body = an_event()
    signed = signature(body, SECRET, seconds=time.time() + ahead)
    assert post(revkeen, connection, body, signed).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"id": 1, "type": "order.paid"}',
        b'{"id": "", "type": "order.paid"}',
        b'{"type": "order.paid"}',
        b'{"id": "evt_1", "type": "order.paid", "data": []}',
        b'{"id": "\xff", "type": "order.paid"}',
        b'{"id": "evt_1", "type": "order.paid", "data": {"object": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'{"id": "' + b"x" * 300 + b'", "type": "order.paid"}',
    ],
)
def test_a_body_that_is_no_event_is_refused_though_it_is_signed(
    body: bytes, revkeen: Client, connection: Connection
) -> None:
    assert_refused(revkeen, connection, body, None, "no_event")


def test_an_event_of_the_other_mode_is_refused(revkeen: Client, connection: Connection) -> None:
    assert_refused(revkeen, connection, an_event(livemode=False), None, "other_mode")


def test_an_event_of_another_account_than_the_first_is_refused(revkeen: Client, connection: Connection) -> None:
    assert post(revkeen, connection, an_event(), **{"X-Revkeen-Account": "acct_1"}).status_code == 204
    assert post(revkeen, connection, an_event(), **{"X-Revkeen-Account": "acct_2"}).status_code == 400
    assert refusal(connection) == "other_account"
    assert post(revkeen, connection, an_event()).status_code == 204  # not everything says its account


def test_a_body_of_more_than_256_kib_is_not_read(
    revkeen: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = an_event(padding="x" * (receive.LARGEST_BODY - 400))
    assert len(fits) <= receive.LARGEST_BODY
    assert post(revkeen, connection, fits).status_code == 204
    large = an_event(padding="x" * receive.LARGEST_BODY)
    assert post(revkeen, connection, large).status_code == 400
    assert refusal(connection) == "too_large"


def test_ten_megabytes_reach_no_view(revkeen: Client, connection: Connection) -> None:
    assert post(revkeen, connection, an_event(padding="x" * 10_000_000)).status_code in (400, 413)
    assert not WebhookReceived.objects.exists()


def test_where_no_webhooks_are_taken_there_is_nothing(revkeen: Client, northwind: Merchant) -> None:
    connection = live_key(northwind)
    assert post(revkeen, connection, an_event()).status_code == 404
    assert revkeen.post(reverse("webhook_receive", args=[uuid.uuid4()])).status_code == 404
    assert revkeen.get(reverse("webhook_receive", args=[connection.pk])).status_code == 405
    assert not WebhookReceiver.objects.exists()


def test_no_session_is_opened_and_no_secret_is_logged(revkeen: Client, connection: Connection) -> None:
    with captured_log(logging.DEBUG) as log:
        answer = post(revkeen, connection, an_event())
        post(revkeen, connection, an_event(), "t=1,v1=aa")
    assert not answer.cookies
    assert "webhook refused" in log.getvalue()
    assert SECRET not in log.getvalue()
    assert str(ORDER) not in log.getvalue()
