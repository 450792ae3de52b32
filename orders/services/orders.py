"""Reading orders: the list, one order with everything around it, and its neighbours."""

import uuid
from dataclasses import dataclass
from typing import Any

from orders.apis.errors import Missing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Event, Invoice, Listing, Order, Product, Transaction
from orders.apis.revkeen.reads import Read
from orders.models import Merchant
from orders.services import customer_names
from orders.services.revkeen import Reading, Session

PAGE_SIZE = 50


@dataclass(frozen=True)
class OrderFile:
    """An order and what is around it. A part that could not be read is a `Reading` with an error."""

    order: Reading[Order]
    events: Reading[Listing[Event]]
    products: Reading[Listing[Product]]
    customer: Reading[Customer] | None = None
    invoice: Reading[Invoice] | None = None
    transactions: Reading[Listing[Transaction]] | None = None

    @property
    def product_names(self) -> dict[uuid.UUID, Product]:
        listing = self.products.value
        return {product.id: product for product in listing.rows} if listing else {}


def list_orders(api: Session, asked: dict[str, Any]) -> Reading[Listing[Order]]:
    return api.get(reads.orders(limit=PAGE_SIZE, **asked))


def order_file(api: Session, order_id: uuid.UUID) -> OrderFile:
    """Six calls in two rounds: what the address tells, then what the order tells. Raise the order's `ApiError`."""
    order, events, products = api.get_together(reads.order(order_id), reads.order_events(order_id), reads.products())
    around = _around(order.require())
    answers = dict(zip(around, api.get_together(*around.values()), strict=True)) if around else {}
    customer = answers.get("customer")
    if customer is not None and customer.value is not None and not customer.stale:
        customer_names.remember(api.merchant, api.mode, [customer.value])
    return OrderFile(order, events, products, **answers)


def neighbour(api: Session, order_id: uuid.UUID, direction: str) -> Order | None:
    """The next older or newer order in the list of all. Raise `ApiError`."""
    older = direction == "older"
    around = reads.orders(
        limit=1, starting_after=order_id if older else None, ending_before=None if older else order_id
    )
    rows = api.get(around).require().rows
    return rows[0] if rows else None


def find(api: Session, some_id: uuid.UUID) -> Order | Customer | None:
    """What a pasted id belongs to: an order, else a customer. Raise `ApiError` when neither could be asked."""
    order, customer = api.get_together(reads.order(some_id), reads.customer(some_id))
    found = order.value or customer.value
    if found is None and not isinstance(order.error, Missing):
        order.require()
    return found


def customer_labels(
    merchant: Merchant, mode: str, orders: list[Order], filtered_by: uuid.UUID | None
) -> dict[uuid.UUID, str]:
    """The names of the customers of these orders, and of the one the list is filtered by."""
    customer_ids = {filtered_by, *(order.customer_id for order in orders)}
    return customer_names.known(merchant, mode, [customer_id for customer_id in customer_ids if customer_id])


def _around(order: Order) -> dict[str, Read[Any]]:
    around: dict[str, Read[Any]] = {}
    if order.customer_id:
        around["customer"] = reads.customer(order.customer_id)
    if order.invoice_id:
        around["invoice"] = reads.invoice(order.invoice_id)
        around["transactions"] = reads.transactions(order.invoice_id)
    return around
