"""All money that moved, the newest first: orders are found by a payment, a refund and the end of a card."""

from datetime import timedelta

from django.db import transaction

from orders.apis.revkeen import reads
from orders.models import IndexState, Sweep
from orders.services.index import clock, learning
from orders.services.revkeen.session import Session
from orders.services.sync import turns

EVERY = timedelta(minutes=5)
BACK = timedelta(hours=1)  # over what was read before: clocks differ, and what moved may be told of later


def read_page(api: Session, state: IndexState, sweep: Sweep) -> None:
    """Learn from the next page, and keep where the pass is then. Raise `ApiError`, `Lost`."""
    if sweep.began_at is None:
        sweep.began_at, sweep.after, sweep.rows = clock.now(), None, 0
    since = int((sweep.as_of - BACK).timestamp()) if sweep.as_of else None
    listing = api.get(reads.transactions_since(since, sweep.after)).require()
    with transaction.atomic():
        turns.require(state)
        learning.learn(sweep.merchant, sweep.mode, listing.rows)
        sweep.rows += len(listing.rows)
        if listing.has_more and listing.rows:
            sweep.after = listing.rows[-1].id
        else:
            sweep.due_at, sweep.as_of = clock.now() + EVERY, sweep.began_at
            sweep.began_at = sweep.after = None
        sweep.save()
