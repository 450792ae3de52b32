"""The worker's part: looking how RevKeen sees the endpoint, and ending the replacement of a secret."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.apis.errors import ApiError, Missing
from orders.apis.revkeen import webhooks
from orders.apis.revkeen.client import Client
from orders.apis.revkeen.webhooks import Endpoint
from orders.models import WebhookReceiver, WebhookSecret
from orders.services.changes.leases import lease
from orders.services.due import Asked, asked_often
from orders.services.webhooks import registration

log = structlog.get_logger("orders.webhooks")

MOST_COUNTED = 2**53  # what is told to be more is as many
LONGEST_OVERLAP = timedelta(minutes=10)  # of two secrets, where the new one is not heard of

Trouble = WebhookReceiver.Trouble


def claim(busy: Collection[int] = ()) -> WebhookReceiver | None:
    """Take the one that is longest due, but for those of merchants that have enough at hand already."""
    if not _due(busy).exists():  # a look that takes no lock
        return None
    with transaction.atomic():
        claimed: WebhookReceiver | None = (
            _due(busy).select_for_update(skip_locked=True, of=("self",)).order_by("next_check_at").first()
        )
        if claimed is not None:
            WebhookReceiver.objects.filter(pk=claimed.pk).update(lease_until=lease())
    return claimed


@asked_often
def due() -> Asked:
    """Whether one can be claimed, and when the next can be."""
    to_come = WebhookReceiver.objects.filter(next_check_at__isnull=False)
    return Asked(_due(()), (to_come, "next_check_at"), (to_come, "lease_until"))


def check(receiver: WebhookReceiver) -> None:
    """Look at an endpoint that the caller has claimed. What cannot be read now is read five minutes later."""
    facts: dict[str, Any] = {}
    try:
        client = registration.client_of(receiver.connection)
        *former, current = registration.current_secrets(receiver.connection)
        facts = _looked(client, receiver, current) | {"checked_at": Now()}
        if _proven(current):
            _end(client, former)
    except (ApiError, ValueError) as error:  # ValueError: it was switched off since
        log.warning("webhook endpoint not checked", connection=str(receiver.pk), error=type(error).__name__)
    later = {"next_check_at": Now() + registration.CHECKED_EVERY, "lease_until": Now()}
    WebhookReceiver.objects.filter(pk=receiver.pk).update(**facts, **later)


def _looked(client: Client, receiver: WebhookReceiver, secret: WebhookSecret) -> dict[str, Any]:
    """What RevKeen says of the endpoint, as columns. Raise `ApiError` where it does not say."""
    assert secret.endpoint_id is not None  # noqa: S101 (only registered ones are checked)
    got = client.get(webhooks.endpoint(secret.endpoint_id))
    if isinstance(got.error, Missing):
        return {"trouble": Trouble.GONE}
    endpoint = got.require()
    failed = {"failed_of": endpoint.id, "failed_deliveries": min(max(0, endpoint.failed_deliveries), MOST_COUNTED)}
    return {"trouble": _trouble(endpoint, receiver), **failed}


def _trouble(endpoint: Endpoint, receiver: WebhookReceiver) -> str:
    if endpoint.url != registration.address_of(receiver.connection):
        return Trouble.ELSEWHERE
    if endpoint.status != "enabled":
        return Trouble.DISABLED
    if endpoint.circuit_breaker_state != "closed":
        return Trouble.PAUSED
    rises = receiver.failed_of == endpoint.id and endpoint.failed_deliveries > receiver.failed_deliveries
    return Trouble.FAILING if rises else ""


def _proven(secret: WebhookSecret) -> bool:
    """Whether what it replaces can go."""
    if secret.first_good_at is not None:
        return True
    return WebhookSecret.objects.filter(pk=secret.pk, created_at__lte=Now() - LONGEST_OVERLAP).exists()


def _end(client: Client, former: list[WebhookSecret]) -> None:
    """Raise `ApiError`; what was not ended is at the next check."""
    for secret in former:
        registration.delete(client, secret)
        registration.retire([secret])


def _due(busy: Collection[int]) -> "QuerySet[WebhookReceiver, Any]":
    due = WebhookReceiver.objects.filter(next_check_at__lte=Now(), lease_until__lte=Now())
    return due.exclude(connection__merchant_id__in=busy).select_related("connection__merchant")
