"""What orders and money add to a month, and what changes of it once the month is closed."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BigIntegerField, CharField, QuerySet

from orders.kept_queries import Given, kept
from orders.models import AfterClosing, ClosedMovement, Merchant, MonthClosing, Movement, OrderCopy, TransactionCopy

Kind = Movement.Kind
NOT_ORDERED = ("draft", "canceled")  # statuses of what nobody has ordered, or nobody any more
Key = tuple[int, str, uuid.UUID]  # closing, kind, row


@dataclass(frozen=True)
class Moved:
    """What a row adds at which moment: minor units, 0 where it adds nothing."""

    kind: str
    row_id: uuid.UUID
    order_id: uuid.UUID | None
    currency: str
    amount: int
    at: datetime


def of_order(copy: OrderCopy) -> Moved:
    counts = copy.status not in NOT_ORDERED and copy.gone_at is None and not copy.unreadable
    amount = copy.total if counts else 0
    return Moved(Kind.ORDERED, copy.order_id, copy.order_id, copy.currency, amount, copy.created_at)


def of_transaction(copy: TransactionCopy) -> list[Moved]:
    flows = {Kind.COLLECTED: TransactionCopy.Flow.IN, Kind.REFUNDED: TransactionCopy.Flow.OUT}
    return [
        Moved(
            kind,
            copy.transaction_id,
            copy.order_id,
            copy.currency,
            copy.amount if copy.flow == flow else 0,
            copy.moved_at,
        )
        for kind, flow in flows.items()
    ]


def note(merchant: Merchant, mode: str, moved: Sequence[Moved]) -> None:
    """Write down what these change in months that were signed, within the transaction that writes the rows."""
    if not moved:
        return
    closings = _standing(merchant.pk, mode)
    if not closings:
        return
    known = _known(closings, [one.row_id for one in moved])
    changes = []
    for closing in closings:
        for one in moved:
            amount = one.amount if closing.start <= one.at < closing.end else 0
            before = known.get((closing.pk, one.kind, one.row_id), 0)
            if amount != before:
                changes.append(_change(closing, one, before, amount))
    AfterClosing.objects.bulk_create(changes)


@kept(BigIntegerField(), CharField())
def _standing(merchant_id: Given, mode: Given) -> "QuerySet[MonthClosing]":
    return MonthClosing.objects.filter(merchant=merchant_id, mode=mode, declined_at=None).only("start", "end")


def _known(closings: Iterable[MonthClosing], row_ids: Iterable[uuid.UUID]) -> dict[Key, int]:
    """What each of the rows was last known to add to each of the months."""
    here = {"closing__in": closings, "row_id__in": set(row_ids)}
    signed = ClosedMovement.objects.filter(**here).values_list("closing_id", "kind", "row_id", "amount")
    later = AfterClosing.objects.filter(**here).order_by("pk").values_list("closing_id", "kind", "row_id", "now")
    return {(closing, kind, row): amount for found in (signed, later) for closing, kind, row, amount in found}


def _change(closing: MonthClosing, one: Moved, before: int, now: int) -> AfterClosing:
    return AfterClosing(
        closing=closing,
        kind=one.kind,
        row_id=one.row_id,
        order_id=one.order_id,
        currency=one.currency,
        before=before,
        now=now,
    )
