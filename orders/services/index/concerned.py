"""Which orders and invoices an event concerns, in RevKeen's feed and in a webhook alike: they are marked to be read."""

import uuid
from collections.abc import Iterable

from orders.apis.revkeen.subjects import Subject
from orders.models import Merchant, OrderCopy, Term, TransactionCopy
from orders.services.index import marks

MOST_OF_ONE = 100  # orders of one invoice


def mark(merchant: Merchant, mode: str, subjects: Iterable[Subject]) -> None:
    """Have the worker read the orders that are concerned, and the money of the invoices."""
    told = list(subjects)
    marks.mark(merchant, mode, orders_of(merchant, mode, told))
    marks.mark_invoices(merchant, mode, _invoices_of(merchant, mode, told))


def orders_of(merchant: Merchant, mode: str, told: Iterable[Subject]) -> set[uuid.UUID]:
    """Those that are named, else those of the invoice or payment: payments and refunds mostly name no order."""
    named = {order_id for subject in told for order_id in subject.orders}
    others = [subject for subject in told if not subject.orders]
    invoices = {invoice_id for subject in others for invoice_id in subject.invoices}
    payments = {payment_id for subject in others for payment_id in subject.payments}
    return named | _of_invoices(merchant, mode, invoices) | _of_payments(merchant, mode, payments)


def _of_invoices(merchant: Merchant, mode: str, invoices: set[uuid.UUID]) -> set[uuid.UUID]:
    if not invoices:
        return set()
    copies = OrderCopy.objects.filter(merchant=merchant, mode=mode, invoice_id__in=invoices)
    return set(copies.values_list("order_id", flat=True)[: MOST_OF_ONE * len(invoices)])


def _of_payments(merchant: Merchant, mode: str, payments: set[uuid.UUID]) -> set[uuid.UUID]:
    if not payments:
        return set()
    terms = Term.objects.filter(merchant=merchant, mode=mode, kind=Term.Kind.PAYMENT, value__in=map(str, payments))
    return set(terms.values_list("order__order_id", flat=True)[: MOST_OF_ONE * len(payments)])


def _invoices_of(merchant: Merchant, mode: str, told: Iterable[Subject]) -> set[uuid.UUID]:
    """Those that are named, and those of the payments that events of refunds name."""
    named = {invoice_id for subject in told for invoice_id in subject.invoices}
    payments = {payment_id for subject in told for payment_id in subject.payments}
    copies = TransactionCopy.objects.filter(merchant=merchant, mode=mode, transaction_id__in=payments)
    return named | {invoice_id for invoice_id in copies.values_list("invoice_id", flat=True) if invoice_id}
