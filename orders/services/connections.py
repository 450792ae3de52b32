"""RevKeen keys of a merchant in one mode: tried before they are saved, switched while work goes on, removed.

A key leaves here only towards RevKeen; what people are told of it is its prefix and last four characters.
"""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders import secrets
from orders.apis.gate import Gate
from orders.models import Connection, CustomerName, EventLog, Merchant, User
from orders.services import events, key_trial, revkeen
from orders.services.key_trial import KeyNotAccepted

Kind = EventLog.Kind
REVKEEN = Connection.Provider.REVKEEN


class StillActive(Exception):
    """The key is the active one and others are there: one of them has to be made active first."""


class Gone(Exception):
    """Somebody else has removed the key in the meantime."""


def connections_of(merchant: Merchant, mode: str) -> list[Connection]:
    """The active one first, then the newest."""
    return list(_all(merchant, mode).order_by("-active", "-created_at"))


def add(merchant: Merchant, mode: str, name: str, key: str, by: User) -> Connection:
    """Try `key` with real calls, then save it; the first of a mode becomes active. Raise `KeyNotAccepted`."""
    try:
        key_trial.check_mode(key, mode)
        _require_unused(key, merchant)
        client = revkeen.client_for(mode, key, Gate())
        first = not _all(merchant, mode).exists()
        newest = key_trial.try_key(client)
        if not first:
            key_trial.check_account(merchant, mode, client, newest)
        return _save(Connection(merchant=merchant, mode=mode, provider=REVKEEN, name=name, active=first), key, by)
    except KeyNotAccepted as error:
        shown, reason = key_trial.shown(key), str(error)
        text = reason if shown in reason else f"{shown}: {reason}"
        events.record(Kind.KEY_REFUSED, text, user=by, merchant=merchant, mode=mode)
        raise


def activate(connection: Connection, by: User) -> None:
    """Use this key from the next call on; the former one stays. Raise `KeyNotAccepted` or `Gone`."""
    try_now(connection)
    with transaction.atomic():
        connection = _lock(connection)
        _all(connection.merchant, connection.mode).filter(active=True).update(active=False)
        Connection.objects.filter(pk=connection.pk).update(active=True)
        _record(Kind.KEY_ACTIVATED, connection, by)


def try_now(connection: Connection) -> None:
    """Call RevKeen with this key and note how it fared. Raise `KeyNotAccepted`."""
    try:
        client = revkeen.client_for(connection.mode, connection.secret, Gate())
        key_trial.try_key(client)
    except secrets.Unreadable as error:
        raise KeyNotAccepted(str(error)) from error
    except KeyNotAccepted as error:
        if error.error is not None:
            revkeen.note_use(connection, answered=False, errors=[error.error])
        raise
    Connection.objects.filter(pk=connection.pk).update(last_used_at=timezone.now(), refused_at=None)


def rename(connection: Connection, name: str, by: User) -> None:
    """Raise `Gone`."""
    with transaction.atomic():
        current = _lock(connection)
        current.name = name
        current.save(update_fields=["name"])
        _record(Kind.KEY_RENAMED, current, by)


def may_remove(connection: Connection) -> bool:
    others = _all(connection.merchant, connection.mode).exclude(pk=connection.pk)
    return not (connection.active and others.exists())


def remove(connection: Connection, by: User) -> None:
    """Forget the key. With the last one go the customers' names, because the next may be of another account.

    Raise `StillActive` or `Gone`.
    """
    with transaction.atomic():
        current = _lock(connection)
        if not may_remove(current):
            raise StillActive
        _record(Kind.KEY_REMOVED, current, by)
        current.delete()
        if not _all(current.merchant, current.mode).exists():
            CustomerName.objects.filter(merchant=current.merchant, mode=current.mode).delete()


def readable(connection: Connection) -> bool:
    """Whether the key can still be decrypted here."""
    try:
        return bool(connection.secret)
    except secrets.Unreadable:
        return False


def _all(merchant: Merchant, mode: str) -> QuerySet[Connection]:
    return Connection.objects.filter(merchant=merchant, mode=mode, provider=REVKEEN)


def _lock(connection: Connection) -> Connection:
    """Let one change of a merchant's keys after the other decide. Raise `Gone`."""
    Merchant.objects.select_for_update().get(pk=connection.merchant_id)
    current = Connection.objects.select_related("merchant").filter(pk=connection.pk).first()
    if current is None:
        raise Gone
    return current


def _require_unused(key: str, merchant: Merchant) -> None:
    used = Connection.objects.filter(provider=REVKEEN, fingerprint=secrets.fingerprint(key)).first()
    if used is None:
        return
    if used.merchant_id == merchant.pk:
        raise KeyNotAccepted(f"This key is already here, as “{used.name}”.")
    raise KeyNotAccepted("Another merchant here uses this key.")


def _save(connection: Connection, key: str, by: User) -> Connection:
    connection.secret = key
    connection.last_used_at = timezone.now()
    try:
        with transaction.atomic():
            connection.save()
            _record(Kind.KEY_ADDED, connection, by)
    except IntegrityError as error:  # somebody added this key, or the first one, while we tried it
        _require_unused(key, connection.merchant)
        raise KeyNotAccepted("Another key was added in the meantime. Try again.") from error
    return connection


def _record(kind: EventLog.Kind, connection: Connection, by: User) -> None:
    text = f"{connection.shown_key}, “{connection.name}”"
    events.record(kind, text, user=by, merchant=connection.merchant, mode=connection.mode)
