"""All customers, a hundred at a time: orders are found by their names, and lists show them."""

from datetime import timedelta

from django.db import transaction

from orders.apis.errors import KeyRefused, Refused
from orders.apis.revkeen import reads
from orders.models import IndexState, Sweep
from orders.services.index import clock
from orders.services.revkeen import customer_names
from orders.services.revkeen.session import Session
from orders.services.sync import turns

EVERY = timedelta(days=7)
ASKED_AGAIN = timedelta(hours=1)  # of a key that may not read them


def read_page(api: Session, state: IndexState, sweep: Sweep) -> None:
    """Keep the next page, and where the pass is then. Raise `ApiError`, `Lost`."""
    if sweep.began_at is None:
        sweep.began_at, sweep.rows = clock.now(), 0
    got = api.get(reads.customers(offset=sweep.rows, limit=reads.LARGEST_PAGE))
    if isinstance(got.error, Refused) and not isinstance(got.error, KeyRefused):
        Sweep.objects.filter(pk=sweep.pk).update(due_at=clock.now() + ASKED_AGAIN)
        return
    listing = got.require()
    customer_names.remember(sweep.merchant, sweep.mode, listing.rows)  # not in one transaction: others write too
    with transaction.atomic():
        turns.require(state)
        read = len(listing.rows) + len(listing.unreadable)
        sweep.rows += read
        if read < reads.LARGEST_PAGE:
            sweep.due_at, sweep.as_of, sweep.began_at = clock.now() + EVERY, sweep.began_at, None
        sweep.save()
