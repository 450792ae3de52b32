"""How customers are called, kept here so that a list of orders needs no call for names."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from orders.apis.errors import NotUnderstood
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer
from orders.models import Connection, CustomerName, Merchant
from orders.services.revkeen.session import Reading, Session

ASKED_AGAIN_AFTER = timedelta(minutes=10)
ASKED_AT_ONCE = 5
FIRST_PAGES = 20


def known(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names we have. Those we lack are noted, for the worker to ask for.

    Rows are written in one order, here and in `remember`: pages that write the same ones wait instead of deadlocking.
    """
    wanted = set(customer_ids)
    rows = CustomerName.objects.filter(merchant=merchant, mode=mode, customer_id__in=wanted)
    names = {
        customer_id: name or email for customer_id, name, email in rows.values_list("customer_id", "name", "email")
    }
    new = wanted - names.keys()
    if new:
        unseen = [CustomerName(merchant=merchant, mode=mode, customer_id=customer_id) for customer_id in sorted(new)]
        CustomerName.objects.bulk_create(unseen, ignore_conflicts=True)
    return {customer_id: name for customer_id, name in names.items() if name}


def remember(merchant: Merchant, mode: str, customers: Iterable[Customer]) -> None:
    """Keep the names that an answer brought along; nothing is written where nothing is new."""
    found = {customer.id: (_kept(customer.shown_name, 300), _kept(customer.email, 320)) for customer in customers}
    of_place = CustomerName.objects.filter(merchant=merchant, mode=mode)
    had = of_place.filter(customer_id__in=found).exclude(seen_at=None).values_list("customer_id", "name", "email")
    known_already = {customer_id: (name, email) for customer_id, name, email in had}
    rows = [
        CustomerName(
            merchant=merchant, mode=mode, customer_id=customer_id, name=name, email=email, seen_at=timezone.now()
        )
        for customer_id, (name, email) in sorted(found.items())
        if known_already.get(customer_id) != (name, email)
    ]
    if rows:
        CustomerName.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["merchant", "mode", "customer_id"],
            update_fields=["name", "email", "seen_at"],
        )


def places_with_wanted() -> list[tuple[Merchant, str]]:
    """The merchants and modes whose lists lack names."""
    pairs = set(_wanted().values_list("merchant", "mode"))
    merchants = Merchant.objects.in_bulk([merchant_id for merchant_id, _ in pairs])
    return [(merchants[merchant_id], mode) for merchant_id, mode in sorted(pairs)]


def wanted() -> bool:
    """Whether a list lacks a name."""
    return _wanted().exists()


def places_without_any() -> list[tuple[Merchant, str]]:
    """The merchants and modes that have a key and not one name yet."""
    here = {"merchant": OuterRef("merchant"), "mode": OuterRef("mode")}
    named = CustomerName.objects.filter(seen_at__isnull=False, **here)
    active = Connection.objects.filter(~Exists(named), active=True, provider=Connection.Provider.REVKEEN)
    return [(key.merchant, key.mode) for key in active.select_related("merchant")]


def fill(api: Session) -> int:
    """Ask RevKeen for wanted names and say how many were asked for; for the worker.

    The first time whole pages of customers are read, because a call for each name would use up the rate limit.
    """
    of_place = CustomerName.objects.filter(merchant=api.merchant, mode=api.mode)
    if not of_place.exclude(seen_at=None).exists():
        _read_pages(api)
    names = list(_wanted().filter(merchant=api.merchant, mode=api.mode).order_by("asked_at", "pk")[:ASKED_AT_ONCE])
    readings = api.get_together(*(reads.customer(name.customer_id) for name in names))
    remember(api.merchant, api.mode, [reading.value for reading in readings if reading.value and not reading.stale])
    answered = [name.pk for name, reading in zip(names, readings, strict=True) if _was_answered(reading)]
    of_place.filter(pk__in=answered).update(asked_at=timezone.now())
    return len(names)


def _was_answered(reading: Reading[Customer]) -> bool:
    """Whether it is no use to ask again at once: one that cannot be read would keep all others from their turn."""
    return reading.answered or isinstance(reading.error, NotUnderstood)


def _kept(text: str, length: int) -> str:
    """What fits into the table; PostgreSQL keeps no NUL."""
    return text.replace("\x00", "")[:length]


def _wanted() -> QuerySet[CustomerName]:
    lately = timezone.now() - ASKED_AGAIN_AFTER
    return CustomerName.objects.filter(Q(asked_at=None) | Q(asked_at__lt=lately), seen_at=None)


def _read_pages(api: Session) -> None:
    for page in range(FIRST_PAGES):
        listing = api.get(reads.customers(offset=page * reads.LARGEST_PAGE, limit=reads.LARGEST_PAGE)).value
        if listing is None:
            return
        remember(api.merchant, api.mode, listing.rows)
        if len(listing.rows) + len(listing.unreadable) < reads.LARGEST_PAGE:
            return
