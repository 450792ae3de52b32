"""Customers as RevKeen last told of them, kept here so that a list of orders needs no call for names."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

import msgspec
from django.db import transaction
from django.db.models import BigIntegerField, CharField, F, Q, QuerySet, UUIDField
from django.db.models.functions import Now

from orders.apis.errors import NotUnderstood, RateLimited
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer
from orders.kept_queries import Given, Several, kept
from orders.models import CustomerCopy, Merchant
from orders.services.index import deriving, terms
from orders.services.revkeen.session import Reading, Session
from orders.storable import storable

ASKED_AGAIN_AFTER = timedelta(minutes=10)
ASKED_AT_ONCE = 5
WRITTEN_AT_ONCE = 10  # customers with all their orders, in one transaction
AFTER_FAILURE = timedelta(seconds=30)
KEPT_QUESTIONS = 100  # for the names of one customer, of two, …: as many as a page has rows

Named = tuple[uuid.UUID, str, str]  # a customer, the name and the e-mail


def known(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names we have. Those we lack are noted, for the worker to ask for.

    Rows are written in one order, here and in `remember`: pages that write the same ones wait instead of deadlocking.
    """
    wanted = set(customer_ids)
    names = _kept(merchant, mode, wanted)
    new = wanted - names.keys()
    if new:
        unseen = [CustomerCopy(merchant=merchant, mode=mode, customer_id=customer_id) for customer_id in sorted(new)]
        CustomerCopy.objects.bulk_create(unseen, ignore_conflicts=True)
    return {customer_id: name for customer_id, name in names.items() if name}


def of_files(merchant: Merchant, mode: str, customer_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names we have, for rows of a file; nobody waits there for those we lack, so none is noted."""
    names = _kept(merchant, mode, {one for one in customer_ids if one})
    return {customer_id: name for customer_id, name in names.items() if name}


def remember(merchant: Merchant, mode: str, customers: Iterable[Customer]) -> None:
    """Keep the customers that an answer brought along, for search too; nothing is written where nothing is new."""
    found = {customer.id: _copy(merchant, mode, customer) for customer in customers}
    of_scope = CustomerCopy.objects.filter(merchant=merchant, mode=mode)
    had = of_scope.filter(customer_id__in=found).exclude(seen_at=None)
    known_already = {row.customer_id: (row.name, row.email, row.fields) for row in had}
    rows = [row for row in found.values() if known_already.get(row.customer_id) != (row.name, row.email, row.fields)]
    rows.sort(key=lambda row: row.customer_id)
    for begin in range(0, len(rows), WRITTEN_AT_ONCE):
        _write(merchant, mode, rows[begin : begin + WRITTEN_AT_ONCE])


def _kept(merchant: Merchant, mode: str, customer_ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Those we know of, "" where the name is not known yet."""
    rows = _named(merchant.pk, mode, customer_ids)
    return {customer_id: name or email for customer_id, name, email in rows}


@kept(BigIntegerField(), CharField(), Several(UUIDField(), KEPT_QUESTIONS))
def _named(merchant_id: Given, mode: Given, customer_ids: Given) -> "QuerySet[CustomerCopy, Named]":
    rows = CustomerCopy.objects.filter(merchant=merchant_id, mode=mode, customer_id__in=customer_ids)
    return rows.values_list("customer_id", "name", "email")


@transaction.atomic
def _write(merchant: Merchant, mode: str, rows: list[CustomerCopy]) -> None:
    """With their orders' terms: customers that are kept are not written again, and so would these never be."""
    CustomerCopy.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["merchant", "mode", "customer_id"],
        update_fields=["name", "email", "phone", "fields", "text", "seen_at"],
    )
    deriving.of_customers(merchant, mode, [row.customer_id for row in rows])


def wanted() -> "QuerySet[CustomerCopy]":
    """Those whose names a page or an order lacks and who may be asked for now."""
    return CustomerCopy.objects.filter(Q(asked_at=None) | Q(asked_at__lt=Now() - ASKED_AGAIN_AFTER), seen_at=None)


def next_wanted(merchant: Merchant, mode: str) -> list[CustomerCopy]:
    """The next few, those never asked for first."""
    return _next_wanted(merchant.pk, mode)


@kept(BigIntegerField(), CharField())
def _next_wanted(merchant_id: Given, mode: Given) -> "QuerySet[CustomerCopy]":
    found = wanted().filter(merchant=merchant_id, mode=mode)
    return found.order_by(F("asked_at").asc(nulls_first=True), "pk")[:ASKED_AT_ONCE]


def fill(api: Session, names: list[CustomerCopy]) -> None:
    """Ask RevKeen for these, for the worker. Who is not told of is asked for again later. Raise `RateLimited`."""
    readings = api.get_together(*(reads.customer(name.customer_id) for name in names))
    remember(api.merchant, api.mode, [reading.value for reading in readings if reading.value and not reading.stale])
    for name, reading in zip(names, readings, strict=True):
        wait = ASKED_AGAIN_AFTER if _was_answered(reading) else AFTER_FAILURE
        CustomerCopy.objects.filter(pk=name.pk).update(asked_at=Now() - ASKED_AGAIN_AFTER + wait)
    for reading in readings:
        if isinstance(reading.error, RateLimited):
            raise reading.error


def _was_answered(reading: Reading[Customer]) -> bool:
    """Whether it is no use to ask again at once: one that cannot be read would keep all others from their turn."""
    return reading.answered or isinstance(reading.error, NotUnderstood)


def _copy(merchant: Merchant, mode: str, customer: Customer) -> CustomerCopy:
    row = CustomerCopy(merchant=merchant, mode=mode, customer_id=customer.id, seen_at=Now())
    row.name, row.email = storable(customer.shown_name)[:300], storable(customer.email)[:320]
    row.phone, row.fields = storable(customer.phone or ""), storable(msgspec.to_builtins(customer))
    row.text = terms.text_of_customer(row)
    return row
