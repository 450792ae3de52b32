"""Which order money was for: a transaction names an invoice, which one order has, or none, or several.

Of several orders it is the one that RevKeen names for a refund of the payment, or the only one that was paid at all;
else nobody knows, and none is guessed.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import BigIntegerField, CharField, QuerySet, UUIDField

from orders.kept_queries import Given, Several, kept
from orders.models import Merchant, OrderCopy, RefundCopy, TransactionCopy

OF_PAYMENT = ("invoice_id", "customer_id", "method", "card_brand", "card_last_four")  # what a refund has of its payment
DECIDED = ("order_id",)


def of_invoices(merchant: Merchant, mode: str, invoice_ids: Collection[uuid.UUID]) -> None:
    """Say anew of all money of these invoices which order it was for."""
    here: dict[str, Any] = {"merchant": merchant, "mode": mode}
    money = _of_invoices(merchant.pk, mode, invoice_ids)
    if not money:
        return
    refunds = RefundCopy.objects.filter(payment_id__in={_payment_of(row) for row in money}, **here)
    of_payment = {row.payment_id: row for row in refunds.order_by("id")}
    orders = _orders(here, invoice_ids)
    changed = []
    for row in money:
        refund = of_payment.get(_payment_of(row))
        owner = _owner(orders[row.invoice_id], refund.told_order_id if refund else None)
        if row.order_id != owner:
            row.order_id = owner
            changed.append(row)
    TransactionCopy.objects.bulk_update(changed, ["order_id"])
    _like_payments(list(refunds), {row.transaction_id: row for row in money})


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _of_invoices(merchant_id: Given, mode: Given, invoice_ids: Given) -> "QuerySet[TransactionCopy]":
    rows = TransactionCopy.objects.filter(invoice_id__in=invoice_ids, merchant=merchant_id, mode=mode)
    return rows.order_by("id")


def of_refunds(merchant: Merchant, mode: str, refunds: Sequence[RefundCopy]) -> None:
    """Give these the invoice, the card and the order of their payments, which may learn from them whose they are."""
    ids = {row.payment_id for row in refunds if row.payment_id}
    found = TransactionCopy.objects.filter(merchant=merchant, mode=mode, transaction_id__in=ids)
    payments = {row.transaction_id: row for row in found}
    _like_payments(refunds, payments)
    told = [(payments[row.payment_id], row.told_order_id) for row in refunds if row.payment_id in payments]
    invoices = {payment.invoice_id for payment, order_id in told if order_id not in (None, payment.order_id)}
    of_invoices(merchant, mode, {invoice_id for invoice_id in invoices if invoice_id})


def _payment_of(row: TransactionCopy) -> uuid.UUID:
    return row.parent_id or row.transaction_id


def _orders(here: dict[str, Any], invoice_ids: Collection[uuid.UUID]) -> dict[uuid.UUID | None, list[OrderCopy]]:
    found: dict[uuid.UUID | None, list[OrderCopy]] = defaultdict(list)
    for copy in OrderCopy.objects.filter(invoice_id__in=invoice_ids, **here).only(
        "order_id", "invoice_id", "amount_paid"
    ):
        found[copy.invoice_id].append(copy)
    return found


def _owner(orders: Sequence[OrderCopy], told: uuid.UUID | None) -> uuid.UUID | None:
    candidates = orders if len(orders) == 1 else [copy for copy in orders if copy.amount_paid]
    if told or len(candidates) != 1:
        return told
    return candidates[0].order_id


def _like_payments(refunds: Sequence[RefundCopy], payments: Mapping[uuid.UUID, TransactionCopy]) -> None:
    changed = []
    for row in refunds:
        payment = payments.get(row.payment_id) if row.payment_id else None
        fields = {name: getattr(payment, name) for name in OF_PAYMENT} if payment else {}
        fields["order_id"] = row.told_order_id or (payment.order_id if payment else None)
        if any(getattr(row, name) != value for name, value in fields.items()):
            changed.append(row)
            for name, value in fields.items():
                setattr(row, name, value)
    RefundCopy.objects.bulk_update(changed, [*OF_PAYMENT, "order_id"])
