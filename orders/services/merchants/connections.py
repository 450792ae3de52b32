"""Keys of a merchant in one mode, for RevKeen and the partners: tried before they are saved, switched while work goes
on, removed.

A key leaves here only towards its provider; what people are told of it is its prefix and last four characters. The
first key of RevKeen is active at once. A partner hears of shipments only after a person has switched it on.
"""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders import secrets
from orders.apis.gate import Gate
from orders.apis.revkeen.objects import Order
from orders.models import Connection, EventLog, Merchant, User
from orders.services import audit
from orders.services.index import forgetting
from orders.services.merchants import key_check
from orders.services.merchants.key_check import KeyNotAccepted
from orders.services.partners import directory, outbox, partner_sweeps
from orders.services.revkeen import session

Kind = EventLog.Kind
Provider = Connection.Provider
REVKEEN = Provider.REVKEEN
OWN_PASSWORD = "This is your password here, possibly filled in by your browser. It was not sent anywhere."  # noqa: S105


class StillActive(Exception):
    """The key is in use: another one has to be made active first, or the partner be switched off."""


class Gone(Exception):
    """Somebody else has removed the key in the meantime."""


def connections_of(merchant: Merchant, mode: str) -> list[Connection]:
    """Of all providers; the active one first, then the newest."""
    return list(Connection.objects.filter(merchant=merchant, mode=mode).order_by("-active", "-created_at"))


def add(
    merchant: Merchant, mode: str, name: str, key: str, by: User, provider: Connection.Provider = REVKEEN
) -> Connection:
    """Try `key` with real calls, then save it; RevKeen's first of a mode becomes active. Raise `KeyNotAccepted`."""
    try:
        key_check.check_mode(provider, key, mode)
        if by.check_password(key):
            raise KeyNotAccepted(OWN_PASSWORD)
        connection = Connection(merchant=merchant, mode=mode, provider=provider, name=name)
        _require_unused(key, connection)
        connection.active = provider == REVKEEN and not _alike(connection).exists()
        newest = _try(provider, mode, key)
        if provider == REVKEEN and not connection.active:
            key_check.check_account(merchant, mode, session.client_for(mode, key, Gate()), newest)
        return _save(connection, key, by)
    except KeyNotAccepted as error:
        shown, reason = key_check.shown(provider, key), str(error)
        text = reason if shown in reason else f"{shown}: {reason}"
        audit.record(Kind.KEY_REFUSED, _with_provider(text, provider), user=by, merchant=merchant, mode=mode)
        raise


def activate(connection: Connection, by: User) -> None:
    """Use this key from the next call on; the former one stays. Raise `KeyNotAccepted` or `Gone`."""
    try_now(connection)
    with transaction.atomic():
        connection = _lock(connection)
        _alike(connection).filter(active=True).update(active=False)
        Connection.objects.filter(pk=connection.pk).update(active=True)
        _record(Kind.KEY_ACTIVATED, connection, by)
        if connection.provider != REVKEEN:
            outbox.wake(connection.merchant, connection.mode, connection.provider)


def may_switch_off(connection: Connection) -> bool:
    """A partner may be told nothing for a while; without RevKeen there is nothing to see."""
    return connection.active and connection.provider != REVKEEN


def switch_off(connection: Connection, by: User) -> None:
    """Send nothing to the partner from the next call on. What waits for it goes on waiting. Raise `Gone`."""
    with transaction.atomic():
        connection = _lock(connection)
        if may_switch_off(connection):
            Connection.objects.filter(pk=connection.pk).update(active=False)
            _record(Kind.KEY_SWITCHED_OFF, connection, by)


def try_now(connection: Connection) -> None:
    """Call the provider with this key and note how it fared. Raise `KeyNotAccepted`."""
    try:
        _try(connection.provider, connection.mode, connection.secret)
    except secrets.Unreadable as error:
        raise KeyNotAccepted(str(error)) from error
    except KeyNotAccepted as error:
        if error.error is not None:
            session.note_use(connection, answered=False, errors=[error.error])
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
    """RevKeen's last one may go while it is active, because it cannot be switched off."""
    if not connection.active:
        return True
    return connection.provider == REVKEEN and not _alike(connection).exclude(pk=connection.pk).exists()


def remove(connection: Connection, by: User) -> None:
    """Forget the key. With RevKeen's last one go the customers' names, with Digital River's what was read of its list:
    the next may be of another account.

    Raise `StillActive` or `Gone`.
    """
    with transaction.atomic():
        current = _lock(connection)
        if not may_remove(current):
            raise StillActive
        _record(Kind.KEY_REMOVED, current, by)
        current.delete()
        if current.provider == REVKEEN and not _alike(current).exists():
            forgetting.forget(current.merchant, current.mode)
        if current.provider == Provider.DIGITAL_RIVER and not _alike(current).exists():
            partner_sweeps.forget(current.merchant, current.mode)


def readable(connection: Connection) -> bool:
    """Whether the key can still be decrypted here."""
    try:
        return bool(connection.secret)
    except secrets.Unreadable:
        return False


def _try(provider: str, mode: str, key: str) -> Order | None:
    """Real calls with the key; the newest order where they tell it. Raise `KeyNotAccepted`.

    Through a gate of its own: what other calls met with shall not decide.
    """
    gate = Gate(Provider(provider).label)
    if provider == REVKEEN:
        return key_check.try_revkeen(session.client_for(mode, key, gate))
    key_check.try_partner(directory.client_for(provider, key, gate), mode)
    return None


def _alike(connection: Connection) -> QuerySet[Connection]:
    """All of its merchant, mode and provider."""
    return Connection.objects.filter(merchant=connection.merchant, mode=connection.mode, provider=connection.provider)


def _lock(connection: Connection) -> Connection:
    """Let one change of a merchant's keys after the other decide; what only refers to it goes on. Raise `Gone`."""
    Merchant.objects.select_for_update(no_key=True).get(pk=connection.merchant_id)
    current = Connection.objects.select_related("merchant").filter(pk=connection.pk).first()
    if current is None:
        raise Gone
    return current


def _require_unused(key: str, connection: Connection) -> None:
    used = Connection.objects.filter(provider=connection.provider, fingerprint=secrets.fingerprint(key)).first()
    if used is None:
        return
    if used.merchant_id == connection.merchant_id:
        where = "" if used.mode == connection.mode else f" in {used.mode} mode"
        raise KeyNotAccepted(f"This key is already saved{where}, as “{used.name}”.")
    raise KeyNotAccepted("Another merchant already uses this key.")


def _save(connection: Connection, key: str, by: User) -> Connection:
    connection.secret = key
    connection.last_used_at = timezone.now()
    try:
        with transaction.atomic():
            connection.save()
            _record(Kind.KEY_ADDED, connection, by)
    except IntegrityError as error:  # somebody added this key, or the first one, while we tried it
        _require_unused(key, connection)
        raise KeyNotAccepted("Another key was added in the meantime. Try again.") from error
    return connection


def _record(kind: EventLog.Kind, connection: Connection, by: User) -> None:
    text = _with_provider(f"{connection.shown_key}, “{connection.name}”", connection.provider)
    audit.record(kind, text, user=by, merchant=connection.merchant, mode=connection.mode)


def _with_provider(text: str, provider: str) -> str:
    """A key of RevKeen goes without saying."""
    return text if provider == REVKEEN else f"{Provider(provider).label}: {text}"
