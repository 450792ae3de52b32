"""Having RevKeen post to us: by its API where the key may, or with a secret that a person copies from there.

A secret goes in and is never shown. It is replaced without a gap: a second endpoint is made, and the first is deleted
after the second has delivered, or ten minutes later (checks.py).
"""

import uuid
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from orders import links
from orders.apis.errors import ApiError, Missing, NotSent
from orders.apis.gate import gate_of
from orders.apis.revkeen import webhooks
from orders.apis.revkeen.client import Client
from orders.apis.revkeen.webhooks import Endpoint
from orders.models import Connection, EventLog, Merchant, User, WebhookReceiver, WebhookSecret
from orders.secrets import Unreadable
from orders.services import audit
from orders.services.revkeen import session

CHECKED_EVERY = timedelta(minutes=5)

Kind = EventLog.Kind


class UnderWay(Exception):
    """The secret is being replaced; the next replacement has to wait for the end of this one."""


def connection_of(merchant: Merchant, mode: str, connection_id: uuid.UUID) -> Connection | None:
    """A key of RevKeen's that the merchant has in this mode."""
    found = Connection.objects.filter(merchant=merchant, mode=mode, provider=Connection.Provider.REVKEEN)
    return found.select_related("merchant").filter(pk=connection_id).first()


def address_of(connection: Connection) -> str:
    """Where RevKeen is to post to."""
    return links.public(reverse("webhook_receive", args=[connection.pk]))


def current_secrets(connection: Connection) -> list[WebhookSecret]:
    """Those that RevKeen signs with, the newest last: two while one is being replaced."""
    return list(WebhookSecret.objects.filter(connection=connection, retired_at=None).order_by("created_at"))


def register(connection: Connection, by: User) -> None:
    """Have one endpoint at RevKeen post to us, which need not be new. Raise `ApiError`."""
    client = client_of(connection)
    found = _ours(client, connection)
    if found:  # nobody is told its secret again
        client.change(webhooks.enable_endpoint(found[0].id), uuid.uuid4())
        endpoint = client.change(webhooks.replace_secret(found[0].id), uuid.uuid4())
    else:
        endpoint = _create(client, connection)
    for other in found[1:]:
        client.change(webhooks.delete_endpoint(other.id), uuid.uuid4())
    with transaction.atomic():
        retire(current_secrets(connection))
        _save(connection, endpoint.secret, endpoint.id)
        _record(Kind.WEBHOOKS_ON, connection, by)


def replace(connection: Connection, by: User) -> None:
    """Make a second endpoint with a secret of its own. Raise `UnderWay` or `ApiError`."""
    former = current_secrets(connection)
    if len(former) != 1:
        raise UnderWay
    client = client_of(connection)
    known = {secret.endpoint_id for secret in former}
    for lost in _ours(client, connection):  # one whose answer never came has a secret that we do not know
        if lost.id not in known:
            client.change(webhooks.delete_endpoint(lost.id), uuid.uuid4())
    endpoint = _create(client, connection)
    with transaction.atomic():
        _save(connection, endpoint.secret, endpoint.id)
        _record(Kind.WEBHOOK_SECRET, connection, by)


def save_secret(connection: Connection, secret: str, by: User) -> None:
    """One that a person has copied from RevKeen, in place of whatever was there."""
    with transaction.atomic():
        retire(current_secrets(connection))
        is_new = _save(connection, secret, None)
        _record(Kind.WEBHOOKS_ON if is_new else Kind.WEBHOOK_SECRET, connection, by)


def switch_off(connection: Connection, by: User) -> bool:
    """Believe no delivery any more. False: RevKeen still posts, because it could not be told to stop."""
    registered = [secret for secret in current_secrets(connection) if secret.endpoint_id is not None]
    try:
        client = client_of(connection)
        for secret in registered:
            delete(client, secret)
        deleted = True
    except ApiError:  # a key that was revoked, say: that must not keep anybody from ending this
        deleted = False
    with transaction.atomic():
        WebhookSecret.objects.filter(connection=connection).delete()
        WebhookReceiver.objects.filter(connection=connection).delete()
        _record(Kind.WEBHOOKS_OFF, connection, by)
    return deleted


def client_of(connection: Connection) -> Client:
    """Of this key, which need not be the active one. Raise `NotSent`."""
    try:
        return session.client_for(connection.mode, connection.secret, gate_of(connection.pk))
    except Unreadable as error:
        raise NotSent(str(error)) from error


def delete(client: Client, secret: WebhookSecret) -> None:
    """Delete its endpoint at RevKeen, which may have happened there. Raise `ApiError`."""
    if secret.endpoint_id is not None:
        with suppress(Missing):
            client.change(webhooks.delete_endpoint(secret.endpoint_id), uuid.uuid4())


def retire(secrets: list[WebhookSecret]) -> None:
    """RevKeen signs with these no more; what it has signed is believed for a while."""
    WebhookSecret.objects.filter(pk__in=[secret.pk for secret in secrets], retired_at=None).update(retired_at=Now())


def _ours(client: Client, connection: Connection) -> list[Endpoint]:
    """The endpoints at RevKeen that post to us for this connection."""
    address = address_of(connection)
    return [endpoint for endpoint in client.get(webhooks.endpoints()).require().rows if endpoint.url == address]


def _create(client: Client, connection: Connection) -> Endpoint:
    return client.change(webhooks.create_endpoint(address_of(connection)), uuid.uuid4())


def _save(connection: Connection, secret: str, endpoint_id: uuid.UUID | None) -> bool:
    """Begin anew with this secret; whether webhooks were off before."""
    row = WebhookSecret(connection=connection, endpoint_id=endpoint_id)
    row.secret = secret
    row.save()
    anew = {
        "refusals": 0,
        "last_refusal": "",
        "last_refused_at": None,
        "trouble": "",
        "checked_at": None,
        "next_check_at": None if endpoint_id is None else Now() + CHECKED_EVERY,
    }
    _, is_new = WebhookReceiver.objects.get_or_create(connection=connection)
    WebhookReceiver.objects.filter(connection=connection).update(**anew)
    return is_new


def _record(kind: EventLog.Kind, connection: Connection, by: User) -> None:
    text = f"{connection.shown_key}, “{connection.name}”"
    audit.record(kind, text, user=by, merchant=connection.merchant, mode=connection.mode)
