"""How customers are called, kept here so that a list of orders needs no call for names."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from orders.apis.revkeen.objects import Customer
from orders.models import CustomerName, Merchant

ASKED_AGAIN_AFTER = timedelta(minutes=10)


def known(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names we have. Those we lack are noted, for the worker to ask for."""
    wanted = set(customer_ids)
    rows = CustomerName.objects.filter(merchant=merchant, mode=mode, customer_id__in=wanted)
    names = {row.customer_id: row.name or row.email for row in rows}
    new = wanted - names.keys()
    if new:
        unseen = [CustomerName(merchant=merchant, mode=mode, customer_id=customer_id) for customer_id in new]
        CustomerName.objects.bulk_create(unseen, ignore_conflicts=True)
    return {customer_id: name for customer_id, name in names.items() if name}


def remember(merchant: Merchant, mode: str, customers: Iterable[Customer]) -> None:
    """Keep the names that an answer brought along."""
    now = timezone.now()
    rows = [
        CustomerName(
            merchant=merchant,
            mode=mode,
            customer_id=customer.id,
            name=customer.shown_name[:300],
            email=customer.email[:320],
            seen_at=now,
        )
        for customer in customers
    ]
    CustomerName.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["merchant", "mode", "customer_id"],
        update_fields=["name", "email", "seen_at"],
    )


def wanted(merchant: Merchant, mode: str, limit: int) -> list[CustomerName]:
    """Names that lists lack and that were not asked for lately, the longest wanted first."""
    lately = timezone.now() - ASKED_AGAIN_AFTER
    rows = CustomerName.objects.filter(merchant=merchant, mode=mode, seen_at=None)
    return list(rows.filter(Q(asked_at=None) | Q(asked_at__lt=lately)).order_by("pk")[:limit])


def note_asked(names: Iterable[CustomerName]) -> None:
    CustomerName.objects.filter(pk__in=[name.pk for name in names]).update(asked_at=timezone.now())
