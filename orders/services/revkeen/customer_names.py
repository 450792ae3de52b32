"""Customers as RevKeen last told of them, kept here so that a list of orders needs no call for names."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from orders.apis.errors import NotUnderstood
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer
from orders.models import Connection, CustomerCopy, Merchant
from orders.services.index import deriving, terms
from orders.services.revkeen.session import Reading, Session
from orders.storable import storable

ASKED_AGAIN_AFTER = timedelta(minutes=10)
ASKED_AT_ONCE = 5
FIRST_PAGES = 20


def known(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names we have. Those we lack are noted, for the worker to ask for.

    Rows are written in one order, here and in `remember`: pages that write the same ones wait instead of deadlocking.
    """
    wanted = set(customer_ids)
    rows = CustomerCopy.objects.filter(merchant=merchant, mode=mode, customer_id__in=wanted)
    names = {
        customer_id: name or email for customer_id, name, email in rows.values_list("customer_id", "name", "email")
    }
    new = wanted - names.keys()
    if new:
        unseen = [CustomerCopy(merchant=merchant, mode=mode, customer_id=customer_id) for customer_id in sorted(new)]
        CustomerCopy.objects.bulk_create(unseen, ignore_conflicts=True)
    return {customer_id: name for customer_id, name in names.items() if name}


def remember(merchant: Merchant, mode: str, customers: Iterable[Customer]) -> None:
    """Keep the customers that an answer brought along, for search too; nothing is written where nothing is new."""
    found = {customer.id: _copy(merchant, mode, customer) for customer in customers}
    of_scope = CustomerCopy.objects.filter(merchant=merchant, mode=mode)
    had = of_scope.filter(customer_id__in=found).exclude(seen_at=None)
    known_already = {row.customer_id: (row.name, row.email, row.fields) for row in had}
    rows = [row for row in found.values() if known_already.get(row.customer_id) != (row.name, row.email, row.fields)]
    if not rows:
        return
    CustomerCopy.objects.bulk_create(
        sorted(rows, key=lambda row: row.customer_id),
        update_conflicts=True,
        unique_fields=["merchant", "mode", "customer_id"],
        update_fields=["name", "email", "phone", "fields", "text", "seen_at"],
    )
    deriving.of_customers(merchant, mode, [row.customer_id for row in rows])


def scopes_with_wanted() -> list[tuple[Merchant, str]]:
    """The merchants and modes whose lists lack names."""
    pairs = set(_wanted().values_list("merchant", "mode"))
    merchants = Merchant.objects.in_bulk([merchant_id for merchant_id, _ in pairs])
    return [(merchants[merchant_id], mode) for merchant_id, mode in sorted(pairs)]


def wanted() -> bool:
    """Whether a list lacks a name."""
    return _wanted().exists()


def scopes_without_any() -> list[tuple[Merchant, str]]:
    """The merchants and modes that have a key and not one name yet."""
    here = {"merchant": OuterRef("merchant"), "mode": OuterRef("mode")}
    named = CustomerCopy.objects.filter(seen_at__isnull=False, **here)
    active = Connection.objects.filter(~Exists(named), active=True, provider=Connection.Provider.REVKEEN)
    return [(key.merchant, key.mode) for key in active.select_related("merchant")]


def fill(api: Session) -> int:
    """Ask RevKeen for wanted names and say how many were asked for; for the worker.

    The first time whole pages of customers are read, because a call for each name would use up the rate limit.
    """
    of_scope = CustomerCopy.objects.filter(merchant=api.merchant, mode=api.mode)
    if not of_scope.exclude(seen_at=None).exists():
        _read_pages(api)
    names = list(_wanted().filter(merchant=api.merchant, mode=api.mode).order_by("asked_at", "pk")[:ASKED_AT_ONCE])
    readings = api.get_together(*(reads.customer(name.customer_id) for name in names))
    remember(api.merchant, api.mode, [reading.value for reading in readings if reading.value and not reading.stale])
    answered = [name.pk for name, reading in zip(names, readings, strict=True) if _was_answered(reading)]
    of_scope.filter(pk__in=answered).update(asked_at=timezone.now())
    return len(names)


def _was_answered(reading: Reading[Customer]) -> bool:
    """Whether it is no use to ask again at once: one that cannot be read would keep all others from their turn."""
    return reading.answered or isinstance(reading.error, NotUnderstood)


def _copy(merchant: Merchant, mode: str, customer: Customer) -> CustomerCopy:
    row = CustomerCopy(merchant=merchant, mode=mode, customer_id=customer.id, seen_at=timezone.now())
    row.name, row.email = storable(customer.shown_name)[:300], storable(customer.email)[:320]
    row.phone, row.fields = storable(customer.phone or ""), storable(msgspec.to_builtins(customer))
    row.text = terms.text_of_customer(row)
    return row


def _wanted() -> QuerySet[CustomerCopy]:
    lately = timezone.now() - ASKED_AGAIN_AFTER
    return CustomerCopy.objects.filter(Q(asked_at=None) | Q(asked_at__lt=lately), seen_at=None)


def _read_pages(api: Session) -> None:
    for page in range(FIRST_PAGES):
        listing = api.get(reads.customers(offset=page * reads.LARGEST_PAGE, limit=reads.LARGEST_PAGE)).value
        if listing is None:
            return
        remember(api.merchant, api.mode, listing.rows)
        if len(listing.rows) + len(listing.unreadable) < reads.LARGEST_PAGE:
            return
