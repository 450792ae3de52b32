"""Whether a key is good: of this mode, taken by its provider, and allowed what we need it for. One of RevKeen has to be
of the same account as the merchant's other keys. Each doubt is a `KeyNotAccepted` that says the reason."""

import re
import uuid
from typing import Any

from orders.apis.digital_river.client import Client as DigitalRiver
from orders.apis.digital_river.client import Filters
from orders.apis.digital_river.objects import Fulfillment
from orders.apis.errors import ApiError, KeyRefused, Missing, Refused, ScopeMissing
from orders.apis.listings import Listing
from orders.apis.order_protection.client import Client as OrderProtection
from orders.apis.revkeen import reads
from orders.apis.revkeen.client import Client, Got
from orders.apis.revkeen.objects import Order
from orders.apis.revkeen.reads import Read
from orders.models import Connection, CustomerCopy, Merchant
from orders.models.connections import PREFIXES, prefix_of
from orders.services.revkeen import session

OTHER_ACCOUNT = "This key belongs to another RevKeen account: it cannot read what the active key has read."
SHORTEST = 8  # characters after the prefix: of less, the last four would give too much away
PUBLIC = "pk_"  # how Digital River's keys for browsers begin

Provider = Connection.Provider
# What stands after the prefix. A browser fills in passwords wherever it can: what looks like one is sent to nobody.
SHAPES = {
    Provider.REVKEEN: re.compile(r"[A-Za-z0-9_-]{8,}"),
    Provider.DIGITAL_RIVER: re.compile(r"[A-Za-z0-9_-]{8,}"),
    Provider.ORDER_PROTECTION: re.compile(r"(?=[^A-Za-z]{0,200}+[A-Za-z])[A-Za-z0-9._~+/=-]{16,}"),
}
KINDS = {
    (Provider.REVKEEN, "live"): "a live key",
    (Provider.REVKEEN, "test"): "a sandbox key",
    (Provider.DIGITAL_RIVER, "live"): "a live key",
    (Provider.DIGITAL_RIVER, "test"): "a test key",
}


Lacking = dict[str, ApiError]  # scopes, and the refusal that told each


class KeyNotAccepted(Exception):
    """`str()` is the reason, for the person who offered the key; `error` is what RevKeen's client said, if it did."""

    def __init__(self, reason: str, error: ApiError | None = None) -> None:
        super().__init__(reason)
        self.error = error


def shown(provider: str, key: str) -> str:
    """The prefix and last four of something typed as a key; nothing of it when it does not look like one.

    Of something typed as OrderProtection's nothing at all: a password looks like it too.
    """
    prefix, name = prefix_of(provider, key), Provider(provider).label
    if not PREFIXES[provider]:
        return "something that was typed as a token"
    if not prefix or len(key) < len(prefix) + SHORTEST:
        return f"something that is not a {name} key"
    return f"{prefix}…{key[-4:]}"


def check_mode(provider: str, key: str, mode: str) -> None:
    """Raise `KeyNotAccepted` for what is no key of the provider, or one of the other mode; nothing is sent."""
    prefixes, name = PREFIXES[provider], Provider(provider).label
    prefix = prefix_of(provider, key)
    if provider == Provider.DIGITAL_RIVER and key.startswith(PUBLIC):
        raise KeyNotAccepted(f"This is a public key for browsers. {name}’s secret keys start with sk_.")
    if prefixes and not prefix:
        raise KeyNotAccepted(f"A {name} key starts with {' or '.join(prefixes)}.")
    if not SHAPES[Provider(provider)].fullmatch(key.removeprefix(prefix)):
        raise KeyNotAccepted(f"This does not look like a key from {name}. Copy it again; nothing was sent there.")
    if prefixes and prefixes[prefix] != mode:
        kind = KINDS[Provider(provider), prefixes[prefix]]
        raise KeyNotAccepted(f"That was {kind}, {shown(provider, key)}. This page is {mode}.")


def try_revkeen(client: Client) -> Order | None:
    """Make each kind of read that the pages make, in two rounds; return the newest order. Raise `KeyNotAccepted`."""
    lacking: Lacking = {}
    first = _read(client, lacking, reads.orders(limit=20), reads.customers(limit=1), reads.products())
    orders, customers = [_rows(got) for got in first[:2]]
    order = next(iter(orders), None)
    invoices = [order.invoice_id for order in orders if order.invoice_id]
    customer = next(iter(customers), None)
    nothing = uuid.uuid4()  # asked about where there is nothing yet: the answer still tells whether asking is allowed
    invoice_id = invoices[0] if invoices else nothing
    _read(
        client,
        lacking,
        reads.order_events(order.id if order else nothing),
        reads.invoice(invoice_id),
        reads.transactions(invoice_id),
        reads.payment_methods(customer.id if customer else nothing),
    )
    _require_scopes(lacking)
    return order


def try_partner(client: DigitalRiver | OrderProtection, mode: str) -> None:
    """Ask for something that changes nothing; compare the mode where the answer tells it. Raise `KeyNotAccepted`."""
    try:
        if isinstance(client, DigitalRiver):
            _check_live_mode(client.fulfillments(Filters(limit=1)), mode)
        else:
            client.fulfillments(str(uuid.uuid4()))  # of an order that it does not know
    except Missing:
        return  # which it says to a good key alone
    except KeyRefused as error:
        reason = f"{error.provider} refused this key (401): it is revoked, or mistyped."
        raise KeyNotAccepted(reason, error) from error
    except ScopeMissing as error:
        reason = f"This key may not read fulfillments (403). Allow it at {error.provider}, then try again."
        raise KeyNotAccepted(reason, error) from error
    except ApiError as error:
        raise KeyNotAccepted(f"The key could not be tried: {error} Try again.", error) from error


def _check_live_mode(found: Listing[Fulfillment], mode: str) -> None:
    """An account without fulfillments tells nothing; there the key's prefix has to do."""
    modes = {"live" if row.live_mode else "test" for row in found.rows}
    if modes - {mode}:
        other = "live" if mode == "test" else "test"
        raise KeyNotAccepted(f"Digital River answers this key with {other} fulfillments. This page is {mode}.")


def check_account(merchant: Merchant, mode: str, client: Client, newest: Order | None) -> None:
    """Check that `client`, whose newest order is `newest`, opens the account of the merchant's active key.

    One merchant never shows the orders of two accounts. Raise `KeyNotAccepted`.
    """
    with session.session(merchant, mode) as api:
        known = api.get(reads.orders(limit=1))
    if isinstance(known.error, Refused):
        _check_known_customer(merchant, mode, client)
    elif known.error is not None:
        raise KeyNotAccepted(f"The active key could not be asked for an order to compare: {known.error}", known.error)
    elif rows := known.require().rows:
        _require_found(client.get(reads.order(rows[0].id)))
    elif newest is not None:
        raise KeyNotAccepted(OTHER_ACCOUNT)


def _check_known_customer(merchant: Merchant, mode: str, client: Client) -> None:
    """The active key is refused and tells nothing, but we may have seen a customer through it.

    Where none was ever seen, nothing of the merchant can be mixed with another account's.
    """
    seen = CustomerCopy.objects.filter(merchant=merchant, mode=mode, seen_at__isnull=False).order_by("-seen_at").first()
    if seen is not None:
        _require_found(client.get(reads.customer(seen.customer_id)))


def _require_found(got: Got[Any]) -> None:
    if isinstance(got.error, Missing):
        raise KeyNotAccepted(OTHER_ACCOUNT)
    if got.error is not None:
        raise KeyNotAccepted(str(got.error), got.error)


def _read(client: Client, lacking: Lacking, *asked: Read[Any]) -> tuple[Got[Any], ...]:
    """That something asked about is not there is no fault of the key; scopes that lack are told all together."""
    gots = client.get_together(*asked)
    errors = [got.error for got in gots if got.error is not None and not isinstance(got.error, Missing)]
    for error in errors:
        if isinstance(error, KeyRefused):
            raise KeyNotAccepted("RevKeen refused this key (401): it is revoked, mistyped, or not of this mode.", error)
    for error in errors:
        if not isinstance(error, ScopeMissing):
            raise KeyNotAccepted(f"The key could not be tried: {error} Try again.", error)
    refused = [(read.scope, got.error) for read, got in zip(asked, gots, strict=True)]
    lacking.update({scope: error for scope, error in refused if isinstance(error, ScopeMissing)})
    return gots


def _rows(got: Got[Any]) -> Any:
    return [] if got.error is not None else got.require().rows


def _require_scopes(lacking: Lacking) -> None:
    if lacking:
        scopes, error = ", ".join(lacking), next(iter(lacking.values()))
        raise KeyNotAccepted(f"This key lacks {scopes}. Allow it in RevKeen, then try again.", error)
