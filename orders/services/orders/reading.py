"""Reading orders: the list, one order with everything around it, and its neighbors."""

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orders.apis.errors import InDoubt, Missing, NotSent
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Event, Invoice, Listing, Order, Product, Refund, Transaction
from orders.apis.revkeen.reads import Read
from orders.models import Merchant
from orders.services.index import copies, freshness
from orders.services.orders import refunds
from orders.services.revkeen import customer_names
from orders.services.revkeen.session import Reading, Session

PAGE_SIZE = 50
LINKS_REMEMBERED = 20_000
REFUNDS_LOOKED_AT = 5  # of those that were on their way when an event last told of them, the newest

Links = tuple[uuid.UUID | None, uuid.UUID | None]  # an order's customer and invoice
NO_LINKS: Links = (None, None)

# The links of the orders that this process saw last, by merchant, mode and order.
_links: OrderedDict[tuple[int, str, uuid.UUID], Links] = OrderedDict()


@dataclass(frozen=True)
class OrderFile:
    """An order and what is around it. A part that could not be read is a `Reading` with an error."""

    order: Reading[Order]
    events: Reading[Listing[Event]]
    products: Reading[Listing[Product]]
    customer: Reading[Customer] | None = None
    invoice: Reading[Invoice] | None = None
    transactions: Reading[Listing[Transaction]] | None = None
    refunds: list[Refund] = field(default_factory=list)  # as they are now; no event need tell that one was canceled

    @property
    def product_names(self) -> dict[uuid.UUID, Product]:
        listing = self.products.value
        return {product.id: product for product in listing.rows} if listing else {}


def list_orders(api: Session, asked: dict[str, Any]) -> Reading[Listing[Order]]:
    listing = api.get(reads.orders(limit=PAGE_SIZE, **asked))
    _remember_links(api, listing.value.rows if listing.value else [])
    return listing


def order(api: Session, order_id: uuid.UUID) -> Reading[Order]:
    """Live, or the last copy, or the one of the index while RevKeen does not answer."""
    return _or_from_index(api, order_id, api.get(reads.order(order_id)))


def order_file(api: Session, order_id: uuid.UUID) -> OrderFile:
    """Six calls, in one round when this process has seen the order before, else in two. Raise the order's `ApiError`.

    What an order is linked to is guessed from when it was last seen. The order's own answer decides, and what was
    guessed wrong is asked for again: an order that was given another customer meanwhile costs a seventh call. Refunds
    that its events leave on their way are read in the second round.
    """
    guessed = _around(_links.get((api.merchant.pk, api.mode, order_id), NO_LINKS))
    about: dict[str, Read[Any]] = {
        "order": reads.order(order_id),
        "events": reads.order_events(order_id),
        "products": reads.products(),
    }
    first = _read(api, about | guessed)
    first["order"] = _or_from_index(api, order_id, first["order"])
    order: Order = first["order"].require()
    _remember_links(api, [order])
    around = _around((order.customer_id, order.invoice_id))
    wanted = {name: read for name, read in around.items() if not _same(read, guessed.get(name))}
    open_refunds = _open_refunds(first["events"])
    second = _read(api, wanted | open_refunds)
    answers = {name: second.get(name) or first[name] for name in (*about, *around)}
    customer = answers.get("customer")
    if customer is not None and customer.value is not None and not customer.stale:
        customer_names.remember(api.merchant, api.mode, [customer.value])
    looked = [second[name] for name in open_refunds]
    return OrderFile(**answers, refunds=[one.value for one in looked if one.value is not None and not one.stale])


def find(api: Session, some_id: uuid.UUID) -> Order | Customer | None:
    """What a pasted id belongs to: an order, else a customer. Raise `ApiError` when neither could be asked."""
    order, customer = api.get_together(reads.order(some_id), reads.customer(some_id))
    found = order.value or customer.value
    if found is None and not isinstance(order.error, Missing):
        order.require()
    return found


def customer_labels(
    merchant: Merchant, mode: str, orders: Sequence[Order], filtered_by: uuid.UUID | None
) -> dict[uuid.UUID, str]:
    """The names of the customers of these orders, and of the one the list is filtered by."""
    customer_ids = {filtered_by, *(order.customer_id for order in orders)}
    return customer_names.known(merchant, mode, [customer_id for customer_id in customer_ids if customer_id])


def _or_from_index(api: Session, order_id: uuid.UUID, answer: Reading[Order]) -> Reading[Order]:
    """An order that nobody has opened for a day has no other copy. A refusal is an answer, and stays one."""
    if answer.value is not None or not isinstance(answer.error, NotSent | InDoubt):
        return answer
    copy = copies.find(api.merchant, api.mode, order_id)
    if copy is None:
        return answer
    as_of = freshness.as_of(api.merchant, api.mode) or copy.read_started
    return Reading(as_of, copies.order_of(copy), answer.error)


def _around(links: Links) -> dict[str, Read[Any]]:
    customer_id, invoice_id = links
    around: dict[str, Read[Any]] = {}
    if customer_id:
        around["customer"] = reads.customer(customer_id)
    if invoice_id:
        around["invoice"] = reads.invoice(invoice_id)
        around["transactions"] = reads.transactions(invoice_id)
    return around


def _open_refunds(events: Reading[Listing[Event]]) -> dict[str, Read[Any]]:
    """By the id of each; the newest of them."""
    told = refunds.known_refunds(events.value.rows if events.value else [], [])
    on_their_way = [refund.id for refund in told if not refund.final]
    return {str(refund_id): reads.refund(refund_id) for refund_id in on_their_way[-REFUNDS_LOOKED_AT:]}


def _read(api: Session, wanted: dict[str, Read[Any]]) -> dict[str, Reading[Any]]:
    return dict(zip(wanted, api.get_together(*wanted.values()), strict=True))


def _same(read: Read[Any], other: Read[Any] | None) -> bool:
    return other is not None and read.call == other.call


def _remember_links(api: Session, orders: Sequence[Order]) -> None:
    for order in orders:
        _links[(api.merchant.pk, api.mode, order.id)] = (order.customer_id, order.invoice_id)
    while len(_links) > LINKS_REMEMBERED:
        _links.popitem(last=False)
