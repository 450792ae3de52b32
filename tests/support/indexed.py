"""Everything that the emulator has, in the index, as if all passes of the worker were complete."""

import uuid
from datetime import datetime

from orders.apis.revkeen import reads
from orders.models import IndexState, Merchant, Sweep
from orders.services.index import clock, freshness, money_copies, writing
from orders.services.revkeen import customer_names, session
from orders.services.revkeen.session import Session


def index_everything(merchant: Merchant, mode: str = "live") -> datetime:
    """Read all orders, customers, transactions and refunds. Return as of when the index says that it is."""
    with session.session(merchant, mode) as api:
        began, last = clock.now(), None
        while True:
            page = api.get(reads.orders(limit=reads.LARGEST_PAGE, starting_after=last)).require()
            writing.apply(merchant, mode, page, began)
            if not page.has_more:
                break
            last = uuid.UUID(str(page.rows[-1].id))
        _read_money(api, merchant, mode, began)
        customers = api.get(reads.customers(limit=reads.LARGEST_PAGE)).require()
        customer_names.remember(merchant, mode, customers.rows)
    IndexState.objects.update_or_create(merchant=merchant, mode=mode, defaults={"watermark": began})
    for kind in Sweep.Kind:
        Sweep.objects.update_or_create(merchant=merchant, mode=mode, kind=kind, defaults={"as_of": began})
    as_of = freshness.as_of(merchant, mode)
    assert as_of is not None
    return as_of


def _read_money(api: Session, merchant: Merchant, mode: str, began: datetime) -> None:
    last, more = None, True
    while more:
        sales = api.get(reads.transactions_since(None, last)).require()
        money_copies.keep_transactions(merchant, mode, sales, began)
        last, more = sales.rows[-1].id if sales.rows else None, sales.has_more
    offset, more = 0, True
    while more:
        refunds = api.get(reads.refunds_since(None, offset)).require()
        money_copies.keep_refunds(merchant, mode, refunds, began)
        offset, more = offset + len(refunds.rows), refunds.has_more
