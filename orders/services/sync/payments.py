"""Passes over RevKeen's transactions and refunds: what is new, what is still open, and now and then all of it.

A transaction is made when money moves, so the new ones are the ones that matter. What is pending changes without being
new: whatever a pass over pending ones does not see any more is read by its invoice.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from orders.apis.errors import ScopeMissing
from orders.apis.listings import Listing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Refund, Transaction
from orders.models import IndexState, MoneyCopy, RefundCopy, Sweep, TransactionCopy
from orders.services.index import clock, learning, marks, money_copies, statistics
from orders.services.revkeen.session import Session
from orders.services.sync import settling, turns

Kind = Sweep.Kind
SOON, WEEKLY = timedelta(minutes=5), timedelta(days=7)
ASKED_AGAIN = timedelta(hours=1)  # of a key that may not read them
BACK = timedelta(hours=1)  # over what was read before: clocks differ, and what moved may be told of later
MOST_MARKED = 1000  # invoices of one pass


@dataclass(frozen=True)
class Pass:
    """What one goes over, and how often. `new`: only what was made since the last one, less `BACK`."""

    model: type[MoneyCopy]
    every: timedelta = SOON
    new: bool = False
    status: str = ""


PASSES = {
    Kind.PAYMENTS: Pass(TransactionCopy, new=True),
    Kind.PAY_PENDING: Pass(TransactionCopy, status="pending"),
    Kind.PAY_ALL: Pass(TransactionCopy, WEEKLY),
    Kind.REFUNDS: Pass(RefundCopy, new=True),
    Kind.REFUND_PENDING: Pass(RefundCopy, status="pending"),
    Kind.REFUND_WORK: Pass(RefundCopy, status="processing"),
    Kind.REFUND_ALL: Pass(RefundCopy, WEEKLY),
}


def read_page(api: Session, state: IndexState, sweep: Sweep) -> None:
    """Keep the next page, and where the pass is then. Raise `ApiError`, `Lost`."""
    read_started, of = clock.now(), PASSES[Kind(sweep.kind)]
    if sweep.began_at is None:
        sweep.began_at, sweep.after, sweep.rows, sweep.changed = read_started, None, 0, 0
    try:
        listing = _page(api, of, sweep)
    except ScopeMissing:
        _put_off(state, sweep)
        return
    with transaction.atomic():
        turns.require(state)
        keep = money_copies.keep_transactions if of.model is TransactionCopy else money_copies.keep_refunds
        sweep.changed += keep(sweep.merchant, sweep.mode, listing, read_started)
        learning.learn(sweep.merchant, sweep.mode, listing.rows)
        sweep.rows += len(listing.rows) + len(listing.unreadable)
        ended = not (listing.has_more and listing.rows)
        if ended:
            _finish(of, sweep)
        else:
            sweep.after = listing.rows[-1].id
        sweep.save()
    if ended and of.new and sweep.as_of is None:  # all of them were imported
        statistics.gather()
    settling.settle(sweep.merchant, sweep.mode)


def _page(api: Session, of: Pass, sweep: Sweep) -> Listing[Transaction] | Listing[Refund]:
    since = sweep.as_of - BACK if of.new and sweep.as_of else None
    if of.model is TransactionCopy:
        seconds = int(since.timestamp()) if since else None
        return api.get(reads.transactions_since(seconds, sweep.after, of.status)).require()
    return api.get(reads.refunds_since(since, sweep.rows, of.status)).require()


def _put_off(state: IndexState, sweep: Sweep) -> None:
    """A key that may not read these keeps nothing else from being read; nobody says as of when they are right."""
    with transaction.atomic():
        turns.require(state)
        sweep.due_at, sweep.began_at, sweep.as_of, sweep.next_as_of = clock.now() + ASKED_AGAIN, None, None, None
        sweep.save()


def _finish(of: Pass, sweep: Sweep) -> None:
    """What has a copy and was not on the list has another status now, and is read by its invoice."""
    if not of.new:
        marks.mark_invoices(sweep.merchant, sweep.mode, _unseen(of, sweep))
    now = clock.now()
    sweep.next_as_of, sweep.marked_at = sweep.began_at, now
    sweep.due_at, sweep.began_at, sweep.after = now + of.every, None, None


def _unseen(of: Pass, sweep: Sweep) -> set[uuid.UUID]:
    copies: QuerySet[MoneyCopy] = of.model._default_manager.filter(merchant=sweep.merchant, mode=sweep.mode)
    copies = copies.filter(read_started__lt=sweep.began_at).exclude(invoice_id=None)
    if of.status:
        copies = copies.filter(status=of.status)
    found = copies.values_list("invoice_id", flat=True).distinct()[:MOST_MARKED]
    return {invoice_id for invoice_id in found if invoice_id}
