"""What orders are found by that no order says: invoice numbers, payments, cards, refunds, and the codes of products."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from orders.apis.revkeen.objects import Invoice, Product, Refund, Transaction
from orders.models import Merchant, OrderCopy, ProductCopy, Term
from orders.services.index import folding
from orders.storable import storable

Kind = Term.Kind
Learned = tuple[uuid.UUID, Term.Kind, str]  # of which invoice


def learn(merchant: Merchant, mode: str, told: Sequence[Invoice | Transaction | Refund | Product]) -> None:
    """Keep what these say of the orders that have copies here."""
    products = [one for one in told if isinstance(one, Product)]
    if products:
        _keep_products(merchant, mode, products)
    learned = [fact for one in told if isinstance(one, Invoice | Transaction) for fact in _facts(one)]
    orders = _by_invoice(merchant, mode, {invoice_id for invoice_id, _, _ in learned})
    found = {(order, kind, value) for invoice_id, kind, value in learned for order in orders.get(invoice_id, ())}
    _keep_terms(merchant, mode, found)
    refunds = [one for one in told if isinstance(one, Refund)]
    if refunds:
        _keep_refunds(merchant, mode, refunds)


def _facts(one: Invoice | Transaction) -> Iterable[Learned]:
    if isinstance(one, Invoice):
        if one.invoice_number:
            yield one.id, Kind.INVOICE_NUMBER, one.invoice_number
    elif one.invoice_id is not None:
        yield one.invoice_id, Kind.PAYMENT, str(one.id)
        if one.card_last_four:
            yield one.invoice_id, Kind.CARD, one.card_last_four


def _by_invoice(merchant: Merchant, mode: str, invoice_ids: set[uuid.UUID]) -> dict[uuid.UUID, list[int]]:
    """The keys of the copies that name each invoice; several orders may name the same."""
    found: dict[uuid.UUID, list[int]] = {}
    if invoice_ids:
        copies = OrderCopy.objects.filter(merchant=merchant, mode=mode, invoice_id__in=invoice_ids)
        for copy in copies.only("id", "invoice_id"):
            found.setdefault(copy.invoice_id or uuid.UUID(int=0), []).append(copy.id)
    return found


def _keep_terms(merchant: Merchant, mode: str, found: set[tuple[int, Term.Kind, str]]) -> None:
    kept = {(order, kind, folding.term(value)) for order, kind, value in found}
    rows = [
        Term(merchant=merchant, mode=mode, order_id=order, kind=kind, value=value)
        for order, kind, value in sorted(kept)
        if value
    ]
    Term.objects.bulk_create(rows, ignore_conflicts=True)


def _keep_refunds(merchant: Merchant, mode: str, refunds: Sequence[Refund]) -> None:
    """A refund names its payment, which its order is found by."""
    payments = {str(refund.payment_id) for refund in refunds}
    paid = Term.objects.filter(merchant=merchant, mode=mode, kind=Kind.PAYMENT, value__in=payments)
    orders = defaultdict(set)
    for term in paid:
        orders[term.value].add(term.order_id)
    found = {(order, Kind.PAYMENT, str(one.id)) for one in refunds for order in orders[str(one.payment_id)]}
    _keep_terms(merchant, mode, found)


def _keep_products(merchant: Merchant, mode: str, products: Iterable[Product]) -> None:
    rows = [
        ProductCopy(
            merchant=merchant,
            mode=mode,
            product_id=product.id,
            name=storable(product.name),
            code=folding.term(product.product_id),
        )
        for product in sorted(products, key=lambda product: product.id)
    ]
    ProductCopy.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["merchant", "mode", "product_id"],
        update_fields=["name", "code"],
    )
