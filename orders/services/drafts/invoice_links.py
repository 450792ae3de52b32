"""Which invoices an order that is written here may be linked to: an order that shares one would share its payments."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from orders import own_payments
from orders.apis.errors import Missing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Invoice, Order
from orders.models import Draft
from orders.money import Money
from orders.services.revkeen.session import Session


@dataclass(frozen=True)
class Objection:
    """Why an invoice cannot be linked; `order` is the one that it belongs to, where that is known."""

    text: str
    order: Order | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Looked:
    """An invoice by its number ("" where it could not be read), and why it cannot be linked, or None."""

    number: str
    objection: Objection | None


@dataclass(frozen=True)
class Offered:
    """What a draft may choose from: (id, words) of each invoice, and how many of its customer's are left out."""

    choices: list[tuple[str, str]]
    left_out: int = 0
    problem: str = ""  # why the choice may not be whole


def offered(api: Session, draft: Draft) -> Offered:
    """The draft's customer's open invoices in its currency that no order has, and the one that is chosen. One round."""
    if draft.customer_id is None:
        return Offered(_chosen(draft, []), problem="Choose a customer first: only their invoices can be linked.")
    invoices, orders = api.get_together(
        reads.customer_invoices(draft.customer_id),
        reads.orders(customer_id=draft.customer_id, limit=reads.LARGEST_PAGE),
    )
    if invoices.value is None or orders.value is None:
        return Offered(_chosen(draft, []), problem=f"The invoices could not be read. {invoices.error or orders.error}")
    known = orders.value.rows
    free = [
        row for row in invoices.value.rows if _objection(row, draft, _order_with(row.id, known), paid=False) is None
    ]
    more = "There are more invoices than could be read here." if invoices.value.has_more else ""
    choices = [(str(row.id), _words(row)) for row in free]
    if str(draft.invoice_id) not in dict(choices):
        choices += _chosen(draft, list(invoices.value.rows))
    return Offered(choices, len(invoices.value.rows) - len(free), more)


def look(api: Session, invoice_id: uuid.UUID, draft: Draft) -> Looked:
    """Looked at anew, whatever was offered; what cannot be read is not linked. One round."""
    customer_id = draft.customer_id
    wanted = [reads.orders(customer_id=customer_id, limit=reads.LARGEST_PAGE)] if customer_id else []
    invoice, transactions, *orders = api.get_together(
        reads.invoice(invoice_id), reads.transactions(invoice_id), *wanted
    )
    if isinstance(invoice.error, Missing):
        return Looked("", Objection("RevKeen has no such invoice."))
    failed = next((reading.error for reading in (invoice, transactions, *orders) if reading.error is not None), None)
    if failed is not None:
        return Looked("", Objection(f"The invoice could not be read. {failed.title} {failed}"))
    found, money = invoice.require(), transactions.require()
    order = _order_with(invoice_id, orders[0].require().rows) if orders else None
    paid = any(own_payments.came_in(row) for row in money.rows) or money.has_more or bool(money.unreadable)
    return Looked(found.number, _objection(found, draft, order, paid=paid))


def _objection(invoice: Invoice, draft: Draft, order: Order | None, *, paid: bool) -> Objection | None:
    if order is not None:
        return Objection(f"Invoice {invoice.number} belongs to {order.public_id}.", order)
    if invoice.customer_uuid != draft.customer_id:
        return Objection(f"Invoice {invoice.number} belongs to another customer.")
    if paid:
        return Objection(f"Invoice {invoice.number} already has payments, so they belong to another order.")
    if invoice.currency.upper() != draft.currency:
        return Objection(f"Invoice {invoice.number} is in {invoice.currency.upper()}, the draft in {draft.currency}.")
    if invoice.closed:
        return Objection(f"Invoice {invoice.number} is {invoice.status}.")
    return None


def _order_with(invoice_id: uuid.UUID, orders: Iterable[Order]) -> Order | None:
    return next((order for order in orders if order.invoice_id == invoice_id), None)


def _chosen(draft: Draft, others: list[Invoice]) -> list[tuple[str, str]]:
    """What the draft is linked to though it is not offered: it stays a choice, and is refused before it is created."""
    if draft.invoice_id is None:
        return []
    known = next((_words(row) for row in others if row.id == draft.invoice_id), f"{str(draft.invoice_id)[:8]}…")
    return [(str(draft.invoice_id), f"{known}, cannot be linked")]


def _words(invoice: Invoice) -> str:
    """`INV-1042 · 120.00 EUR · open`."""
    return f"{invoice.number} · {Money(invoice.total_minor, invoice.currency.upper())} · {invoice.status}"
