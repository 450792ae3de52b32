"""The money of invoices that are marked is read: their transactions, and what was refunded of each payment."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, CharField, QuerySet
from django.db.models.functions import Now

from orders.apis.errors import ApiError, Missing
from orders.apis.listings import Listing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Transaction
from orders.kept_queries import Given, kept
from orders.models import IndexState, InvoiceToRead
from orders.services.index import clock, learning, marks, money_copies
from orders.services.revkeen.session import Reading, Session
from orders.services.sync import settling, turns

AT_ONCE = 4
MOST_PAYMENTS = 40  # of these invoices together, the newest, whose refunds are read at once; passes find the rest
LATER = timedelta(seconds=30)


def due(state: IndexState) -> list[uuid.UUID]:
    """The next few."""
    return [invoice_id for (invoice_id,) in _due(state.merchant_id, state.mode)]


@kept(BigIntegerField(), CharField())
def _due(merchant_id: Given, mode: Given) -> "QuerySet[InvoiceToRead, tuple[uuid.UUID]]":
    found = InvoiceToRead.objects.filter(merchant=merchant_id, mode=mode, due_at__lte=Now())
    return found.order_by("due_at").values_list("invoice_id")[:AT_ONCE]


def read(api: Session, state: IndexState, invoice_ids: list[uuid.UUID], pause: turns.Pause) -> None:
    """Read the money of these side by side and keep what was answered.

    Raise the `ApiError` of one that was not, `Lost`, `Ending`.
    """
    read_started = clock.now()
    money = dict(zip(invoice_ids, api.get_together(*map(reads.transactions, invoice_ids)), strict=True))
    payments = [(id, row.id) for id, reading in money.items() for row in _payments(reading)][:MOST_PAYMENTS]
    refunds: list[Reading[Any]] = []
    for begin in range(0, len(payments), AT_ONCE):
        few = payments[begin : begin + AT_ONCE]
        turns.wait_for_calls(state, len(few), pause)
        refunds += api.get_together(*(reads.refunds(payment_id) for _, payment_id in few))
    failed = {id for id, reading in money.items() if not _answered(reading)}
    failed |= {id for (id, _), reading in zip(payments, refunds, strict=True) if not _answered(reading)}
    with transaction.atomic():
        turns.require(state)
        for listing in (reading.value for reading in money.values() if reading.value):
            money_copies.keep_transactions(state.merchant, state.mode, listing, read_started)
            learning.learn(state.merchant, state.mode, listing.rows)
        for refunded in (reading.value for reading in refunds if reading.value):
            money_copies.keep_refunds(state.merchant, state.mode, refunded, read_started)
            learning.learn(state.merchant, state.mode, refunded.rows)
        marks.invoices_served(state.merchant, state.mode, money.keys() - failed, read_started)
        left = InvoiceToRead.objects.filter(merchant=state.merchant, mode=state.mode, invoice_id__in=failed)
        left.update(due_at=Now() + LATER)
    settling.settle(state.merchant, state.mode)
    _raise_first(*money.values(), *refunds)


def _payments(reading: Reading[Listing[Transaction]]) -> list[Transaction]:
    return [row for row in reading.value.rows if row.type == "sale"] if reading.value else []


def _answered(reading: Reading[object]) -> bool:
    return reading.error is None or isinstance(reading.error, Missing)


def _raise_first(*readings: Reading[object]) -> None:
    errors: list[ApiError] = [one.error for one in readings if one.error is not None and not _answered(one)]
    if errors:
        raise errors[0]
