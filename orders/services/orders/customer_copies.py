"""Customers and their orders as the index has them, for as long as RevKeen does not answer."""

import uuid
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Min

from orders.apis.errors import InDoubt, NotSent
from orders.apis.listings import Listing
from orders.apis.revkeen.objects import Customer, Order, read_customer
from orders.models import CustomerCopy, Merchant, OrderCopy, Sweep
from orders.services.index import copies, folding, freshness
from orders.services.revkeen.session import Reading


def standing_in(found: Reading[Any]) -> bool:
    """Whether there was no answer and nothing else is there to show. A refusal is an answer."""
    return found.value is None and isinstance(found.error, NotSent | InDoubt)


def search(
    merchant: Merchant, mode: str, text: str, offset: int, limit: int, found: Reading[Listing[Customer]]
) -> Reading[Listing[Customer]]:
    """Those that have `text` in what was copied of them, by name, in place of what was not `found`."""
    here = CustomerCopy.objects.filter(merchant=merchant, mode=mode).exclude(seen_at=None)
    fit = here.filter(text__contains=folding.folded(text)) if text else here
    rows = [_customer(copy) for copy in fit.order_by("name", "pk")[offset : offset + limit]]
    as_of = _as_of(merchant, mode)
    if as_of is None:
        return found
    return Reading(as_of, Listing(rows, total=fit.count()), found.error)


def customer(merchant: Merchant, mode: str, customer_id: uuid.UUID, found: Reading[Customer]) -> Reading[Customer]:
    here = CustomerCopy.objects.filter(merchant=merchant, mode=mode, customer_id=customer_id).exclude(seen_at=None)
    copy, as_of = here.first(), _as_of(merchant, mode)
    if copy is None or as_of is None:
        return found
    return Reading(as_of, _customer(copy), found.error)


def orders(
    merchant: Merchant, mode: str, customer_id: uuid.UUID, limit: int, found: Reading[Listing[Order]]
) -> Reading[Listing[Order]]:
    """Their newest orders."""
    here = OrderCopy.objects.filter(merchant=merchant, mode=mode, customer_id=customer_id, gone_at=None)
    as_of = freshness.as_of(merchant, mode)
    if as_of is None:
        return found
    keys = list(here.order_by("-id").values_list("pk", flat=True)[: limit + 1])
    return Reading(as_of, copies.listing(keys[:limit], has_more=len(keys) > limit), found.error)


def _as_of(merchant: Merchant, mode: str) -> datetime | None:
    """When all of them were last read, else when the first was, else None."""
    whole = Sweep.objects.filter(merchant=merchant, mode=mode, kind=Sweep.Kind.CUSTOMERS).exclude(as_of=None).first()
    if whole is not None:
        return whole.as_of
    seen = CustomerCopy.objects.filter(merchant=merchant, mode=mode).aggregate(first=Min("seen_at"))["first"]
    return seen if isinstance(seen, datetime) else None


def _customer(copy: CustomerCopy) -> Customer:
    return read_customer(msgspec.json.encode(copy.fields))
