"""Reading customers, as far as orders need them."""

import uuid
from dataclasses import dataclass

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Listing, Order, PaymentMethod
from orders.services.orders import customer_copies
from orders.services.revkeen import customer_names
from orders.services.revkeen.session import Reading, Session

PAGE_SIZE = 50
ORDERS_SHOWN = 20


@dataclass(frozen=True)
class CustomerFile:
    customer: Reading[Customer]
    payment_methods: Reading[Listing[PaymentMethod]]
    orders: Reading[Listing[Order]]


def search(api: Session, text: str, offset: int = 0, limit: int = PAGE_SIZE) -> Reading[Listing[Customer]]:
    """Customers that RevKeen finds for `text`; which fields it looks into is its secret. Keeps their names."""
    found = api.get(reads.customers(search=text, offset=offset, limit=limit))
    if found.value is not None and not found.stale:
        customer_names.remember(api.merchant, api.mode, found.value.rows)
    if customer_copies.standing_in(found):
        return customer_copies.search(api.merchant, api.mode, text, offset, limit, found)
    return found


def customer_file(api: Session, customer_id: uuid.UUID) -> CustomerFile:
    """Three calls in one round, or copies while there is no answer. Raise the customer's `ApiError`."""
    customer, methods, orders = api.get_together(
        reads.customer(customer_id),
        reads.payment_methods(customer_id),
        reads.orders(customer_id=customer_id, limit=ORDERS_SHOWN),
    )
    place = (api.merchant, api.mode, customer_id)
    if customer_copies.standing_in(customer):
        customer = customer_copies.customer(*place, customer)
    if customer_copies.standing_in(orders):
        orders = customer_copies.orders(*place, ORDERS_SHOWN, orders)
    found = customer.require()
    if not customer.stale:
        customer_names.remember(api.merchant, api.mode, [found])
    return CustomerFile(customer, methods, orders)
