"""How the index of a merchant and mode stands, for whoever looks after it."""

from dataclasses import dataclass
from datetime import datetime

from orders.models import (
    IndexState,
    InvoiceToRead,
    Merchant,
    OrderCopy,
    PartnerSweep,
    RefundCopy,
    Sweep,
    ToRead,
    TransactionCopy,
)
from orders.services.index import clock, freshness
from orders.services.index.freshness import Freshness
from orders.services.sync import sampling


@dataclass(frozen=True)
class Overview:
    """`state` is None until a worker has begun. `calls_a_minute` is the mean of the last hour, or since a rest."""

    state: IndexState | None
    freshness: Freshness
    orders: int
    gone: int
    unreadable: int
    transactions: int
    refunds: int
    money_as_of: datetime | None
    to_read: int
    sweeps: list[Sweep]
    partner_sweeps: list[PartnerSweep]
    calls_a_minute: float
    at_most_outdated: float | None  # percent of all copies, as far as the drawn ones tell


def overview(merchant: Merchant, mode: str) -> Overview:
    state = IndexState.objects.filter(merchant=merchant, mode=mode).first()
    copies = OrderCopy.objects.filter(merchant=merchant, mode=mode)
    transactions = TransactionCopy.objects.filter(merchant=merchant, mode=mode)
    refunds = RefundCopy.objects.filter(merchant=merchant, mode=mode)
    order = [kind.value for kind in Sweep.Kind]
    sweeps = Sweep.objects.filter(merchant=merchant, mode=mode)
    return Overview(
        state=state,
        freshness=freshness.freshness(merchant, mode),
        orders=copies.filter(gone_at=None).count(),
        gone=copies.exclude(gone_at=None).count(),
        unreadable=sum(rows.exclude(unreadable="").count() for rows in (copies, transactions, refunds)),
        transactions=transactions.count(),
        refunds=refunds.count(),
        money_as_of=freshness.money_as_of(merchant, mode),
        to_read=sum(model.objects.filter(merchant=merchant, mode=mode).count() for model in (ToRead, InvoiceToRead)),
        sweeps=sorted(sweeps, key=lambda sweep: order.index(sweep.kind)),
        partner_sweeps=list(PartnerSweep.objects.filter(merchant=merchant, mode=mode)),
        calls_a_minute=_calls_a_minute(state),
        at_most_outdated=sampling.at_most_outdated(state) if state else None,
    )


def _calls_a_minute(state: IndexState | None) -> float:
    if state is None:
        return 0.0
    minutes = (clock.now() - state.calls_from).total_seconds() / 60
    return state.calls / max(1.0, minutes)
