"""Taking what RevKeen posts: proven, once, and as a hint which orders to read. No row is ever made of a payload."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from orders.apis.revkeen import webhooks
from orders.apis.revkeen.webhooks import Payload
from orders.models import WebhookReceived, WebhookReceiver, WebhookSecret
from orders.services.index import clock, concerned
from orders.services.webhooks import signatures
from orders.services.webhooks.signatures import Wrong

log = structlog.get_logger("orders.webhooks")

LARGEST_BODY = 256 * 1024  # bytes
FORMER_SECRET = timedelta(hours=35)  # RevKeen's last retry of what it signed before comes within these
NOTED_EVERY = timedelta(seconds=10)  # so that a burst does not wait for one row
KEPT = timedelta(days=40)  # far longer than RevKeen comes again with the same
ACCOUNT = "X-Revkeen-Account"

Refusal = WebhookReceiver.Refusal


class NotSetUp(Exception):
    """No such connection, or one that takes no webhooks."""


def receive(connection_id: uuid.UUID, headers: Mapping[str, str], body: bytes | None) -> None:
    """Mark the orders that a delivery names to be read. `body` is None where it was too large to be read.

    How old it is tells the database's clock: that of a host may be wrong.

    Raise `NotSetUp`, or `Wrong`, which is counted and changes nothing else.
    """
    receiver, now = _receiver(connection_id), clock.now()
    try:
        if body is None:
            raise Wrong(Refusal.TOO_LARGE)
        secret = signatures.signed_by(headers, body, believed(connection_id), now)
        payload = _payload(body)
        _check_place(receiver, payload, headers.get(ACCOUNT, ""))
    except Wrong as wrong:
        _count(receiver, wrong.reason)
        raise
    with transaction.atomic():
        _take(receiver, payload)
        _note(receiver, secret, headers.get(ACCOUNT, ""), now)


def believed(connection_id: uuid.UUID) -> "QuerySet[WebhookSecret, WebhookSecret]":
    """The secrets whose signatures count now, the newest first."""
    secrets = WebhookSecret.objects.filter(connection_id=connection_id)
    return secrets.filter(Q(retired_at=None) | Q(retired_at__gt=Now() - FORMER_SECRET)).order_by("-created_at")


def _receiver(connection_id: uuid.UUID) -> WebhookReceiver:
    """Raise `NotSetUp`."""
    found = WebhookReceiver.objects.select_related("connection__merchant").filter(pk=connection_id).first()
    if found is None:
        raise NotSetUp
    return found


def _payload(body: bytes) -> Payload:
    """Raise `Wrong`."""
    try:
        return webhooks.read_payload(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Wrong(Refusal.NO_EVENT) from error


def _check_place(receiver: WebhookReceiver, payload: Payload, account: str) -> None:
    """Raise `Wrong` for an event of the other mode or of another account, as far as either is told."""
    if payload.livemode not in (None, receiver.connection.mode == "live"):
        raise Wrong(Refusal.OTHER_MODE)
    if account and receiver.account and account != receiver.account:
        raise Wrong(Refusal.OTHER_ACCOUNT)


def _count(receiver: WebhookReceiver, reason: WebhookReceiver.Refusal) -> None:
    log.warning("webhook refused", connection=str(receiver.pk), reason=reason.value)
    counted = {"refusals": F("refusals") + 1, "last_refusal": reason, "last_refused_at": Now()}
    WebhookReceiver.objects.filter(pk=receiver.pk).update(**counted)


def _take(receiver: WebhookReceiver, payload: Payload) -> None:
    """Once: what comes again was marked in the transaction that put it into the inbox."""
    connection = receiver.connection
    _, is_new = WebhookReceived.objects.get_or_create(connection=connection, event_id=payload.id)
    if is_new:
        concerned.mark(connection.merchant, connection.mode, [webhooks.subject(payload)])


def _note(receiver: WebhookReceiver, secret: WebhookSecret, account: str, now: datetime) -> None:
    """That all is well, and with a new secret, that the former one can go. The inbox forgets what is old."""
    noted = receiver.last_good_at
    if noted is None or noted < max(now - NOTED_EVERY, receiver.last_refused_at or noted):
        changes = {"last_good_at": Now()} | ({} if receiver.account else {"account": account[:64]})
        WebhookReceiver.objects.filter(pk=receiver.pk).update(**changes)
        WebhookReceived.objects.filter(received_at__lt=Now() - KEPT).delete()
    if secret.first_good_at is None:
        WebhookSecret.objects.filter(pk=secret.pk).update(first_good_at=Now())
        WebhookReceiver.objects.filter(pk=receiver.pk, next_check_at__isnull=False).update(next_check_at=Now())
