"""Every read of RevKeen that we make: where it goes, what it needs, and how its answer is taken apart.

A function here describes a call; `client.Client` makes it. Each kind of list has its own way of paging, which the
API reference explains; here it is `Listing` whatever it was there.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from orders.apis.calls import path
from orders.apis.decoding import tolerant
from orders.apis.errors import InDoubt
from orders.apis.listings import MOST_ROWS, Listing, RowReader, page_of
from orders.apis.revkeen import objects

T = TypeVar("T")
Params = dict[str, str | int]

LARGEST_PAGE = 100

_order = objects.reader(objects.Order)
_transaction = objects.reader(objects.Transaction)
_event = objects.reader(objects.Event)
_product = objects.reader(objects.Product)
_price = objects.reader(objects.Price)
_payment_method = objects.reader(objects.PaymentMethod)
_refund = objects.reader(objects.Refund)
_invoice = objects.reader(objects.Invoice)


@dataclass(frozen=True)
class Read(Generic[T]):
    path: str
    decode: Callable[[bytes], T]
    scope: str  # what the key must be allowed to do
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def call(self) -> str:
        """The same for two reads that ask the same."""
        return f"{self.path}?{sorted(self.params.items())}"


# https://docs.revkeen.com/docs/api-reference/orders_get
def order(order_id: uuid.UUID) -> Read[objects.Order]:
    return Read(path("orders", order_id), exactly(order_id), "orders:read")


def exactly(order_id: uuid.UUID) -> Callable[[bytes], objects.Order]:
    """How to read an order that must be this one."""
    return _this(_order, "order", order_id)


def same(said: object, asked: object) -> bool:
    """Whether RevKeen means the same by it: ids and currencies come in either case."""
    return said == asked or (None not in (said, asked) and str(said).casefold() == str(asked).casefold())


# https://docs.revkeen.com/docs/api-reference/orders_list
def orders(
    *,
    customer_id: uuid.UUID | None = None,
    status: str = "",
    billing_type: str = "",
    created_gte: int | None = None,
    created_lte: int | None = None,
    starting_after: uuid.UUID | None = None,
    ending_before: uuid.UUID | None = None,
    limit: int = 50,
) -> Read[Listing[objects.Order]]:
    """Newest first. `created_gte` and `created_lte` are Unix seconds, both inclusive; `limit` is at most 100."""
    params = _given(
        customer_id=customer_id,
        status=status,
        billing_type=billing_type,
        created_gte=created_gte,
        created_lte=created_lte,
        starting_after=starting_after,
        ending_before=ending_before,
        limit=limit,
    )
    asked = {"customer_id": customer_id, "status": status, "billing_type": billing_type}
    return Read("/orders", _of(listing(_order, limit), "orders", asked), "orders:read", params)


# https://docs.revkeen.com/docs/api-reference/customers_get
def customer(customer_id: uuid.UUID) -> Read[objects.Customer]:
    decode = _this(wrapped(objects.read_customer), "customer", customer_id)
    return Read(path("customers", customer_id), decode, "customers:read")


# https://docs.revkeen.com/docs/api-reference/customers_list
def customers(*, search: str = "", offset: int = 0, limit: int = 50) -> Read[Listing[objects.Customer]]:
    params = _given(search=search, offset=offset, limit=limit)
    return Read("/customers", listing(objects.read_customer, limit), "customers:read", params)


# https://docs.revkeen.com/docs/api-reference/customers_payment_methods_list
def payment_methods(customer_id: uuid.UUID) -> Read[Listing[objects.PaymentMethod]]:
    address = path("customers", customer_id, "payment-methods")
    decode = _of(listing(_payment_method), "payment methods", {"customer_id": customer_id})
    return Read(address, decode, "payment_methods:read")


# https://docs.revkeen.com/docs/api-reference/products_list
def products(search: str = "", page: int = 1) -> Read[Listing[objects.Product]]:
    """A hundred products: the first are enough to name the lines of most merchants' orders."""
    return Read(
        "/products",
        listing(_product, LARGEST_PAGE),
        "products:read",
        _given(page=page, limit=LARGEST_PAGE, search=search),
    )


# https://docs.revkeen.com/docs/api-reference/products_get
def product(product_id: uuid.UUID) -> Read[objects.Product]:
    return Read(path("products", product_id), _this(wrapped(_product), "product", product_id), "products:read")


# https://docs.revkeen.com/docs/api-reference/prices_list
def prices(currency: str, product_id: uuid.UUID | None = None) -> Read[Listing[objects.Price]]:
    """The first hundred active prices in a currency, of one product or of all."""
    params = _given(active="true", currency=currency.lower(), product_id=product_id, limit=LARGEST_PAGE)
    decode = _of(listing(_price, LARGEST_PAGE), "prices", {"currency": currency, "product_id": product_id})
    return Read("/prices", decode, "prices:read", params)


# https://docs.revkeen.com/docs/api-reference/invoices_get
def invoice(invoice_id: uuid.UUID) -> Read[objects.Invoice]:
    return Read(path("invoices", invoice_id), _this(wrapped(_invoice), "invoice", invoice_id), "invoices:read")


# https://docs.revkeen.com/docs/api-reference/customers_invoices_list
def customer_invoices(customer_id: uuid.UUID) -> Read[Listing[objects.Invoice]]:
    """The newest hundred invoices of a customer."""
    address = path("customers", customer_id, "invoices")
    decode = _each(listing(_invoice), "invoices", lambda row: row.customer_uuid in (None, customer_id))
    return Read(address, decode, "invoices:read", _given(limit=LARGEST_PAGE))


# https://docs.revkeen.com/docs/api-reference/transactions_list
def transactions(invoice_id: uuid.UUID) -> Read[Listing[objects.Transaction]]:
    """All money that moved through an invoice: sales, refunds, voids, and attempts that failed."""
    params = _given(invoice_id=invoice_id, limit=LARGEST_PAGE)
    decode = _of(listing(_transaction, LARGEST_PAGE), "transactions", {"invoice_id": invoice_id})
    return Read("/transactions", decode, "payments:read", params)


# https://docs.revkeen.com/docs/api-reference/transactions_list
def transactions_since(
    created_gte: int | None = None,
    starting_after: uuid.UUID | None = None,
    status: str = "",
    created_lte: int | None = None,
) -> Read[Listing[objects.Transaction]]:
    """A hundred of all money that moved since `created_gte` (Unix seconds, both inclusive), the newest first."""
    span = {"created_gte": created_gte, "created_lte": created_lte}
    params = _given(**span, starting_after=starting_after, status=status, limit=LARGEST_PAGE)
    decode = _of(listing(_transaction, LARGEST_PAGE), "transactions", {"status": status})
    return Read("/transactions", decode, "payments:read", params)


# https://docs.revkeen.com/docs/api-reference/refunds_list
def refunds(payment_id: uuid.UUID) -> Read[Listing[objects.Refund]]:
    """The newest hundred refunds of a payment, in every status."""
    params = _given(payment_id=payment_id, limit=LARGEST_PAGE)
    decode = _of(listing(_refund, LARGEST_PAGE), "refunds", {"payment_id": payment_id})
    return Read("/refunds", decode, "refunds:read", params)


# https://docs.revkeen.com/docs/api-reference/refunds_list
def refunds_since(
    created_after: datetime | None = None, offset: int = 0, status: str = ""
) -> Read[Listing[objects.Refund]]:
    """A hundred of all refunds since `created_after`, the newest first; `offset` of them are left out."""
    after = created_after.isoformat() if created_after else None
    params = _given(created_after=after, offset=offset, status=status, limit=LARGEST_PAGE)
    decode = _of(listing(_refund, LARGEST_PAGE), "refunds", {"status": status})
    return Read("/refunds", decode, "refunds:read", params)


# https://docs.revkeen.com/docs/api-reference/refunds_get
def refund(refund_id: uuid.UUID) -> Read[objects.Refund]:
    return Read(path("refunds", refund_id), _this(wrapped(_refund), "refund", refund_id), "refunds:read")


# https://docs.revkeen.com/docs/api-reference/events_list
def events_since(created_gte: int, types: tuple[str, ...]) -> Read[Listing[objects.Event]]:
    """The newest hundred events of these types since `created_gte` (Unix seconds), over all orders."""
    params = _given(types=",".join(types), created_gte=created_gte, limit=LARGEST_PAGE)
    decode = _each(listing(_event, LARGEST_PAGE), "events", lambda event: event.type in types)
    return Read("/events", decode, "events:read", params)


# https://docs.revkeen.com/docs/api-reference/events_list
def events(created_gte: int | None = None, starting_after: str = "") -> Read[Listing[objects.Event]]:
    """The newest hundred events of every type since `created_gte` (Unix seconds), or those before one of them."""
    params = _given(created_gte=created_gte, starting_after=starting_after, limit=LARGEST_PAGE)
    return Read("/events", listing(_event, LARGEST_PAGE), "events:read", params)


# https://docs.revkeen.com/docs/api-reference/events_list
def order_events(order_id: uuid.UUID) -> Read[Listing[objects.Event]]:
    """The newest hundred events of an order. Those of its payments may not name it."""
    params = _given(order_id=order_id, limit=LARGEST_PAGE)
    decode = _each(
        listing(_event, LARGEST_PAGE), "events", lambda event: not event.order_id or same(event.order_id, order_id)
    )
    return Read("/events", decode, "events:read", params)


class _Envelope(msgspec.Struct):
    """What the different kinds of list have in common, and where each says whether there is more."""

    data: list[msgspec.Raw]
    has_more: bool = False
    total_count: int | None = None
    pagination: dict[str, Any] = {}
    meta: dict[str, Any] = {}


class _Wrapper(msgspec.Struct):
    data: msgspec.Raw


_envelope = tolerant(_Envelope)
_wrapper = tolerant(_Wrapper)


def listing(read_row: RowReader[T], asked: int = MOST_ROWS) -> Callable[[bytes], Listing[T]]:
    """How to read a page of a list, of which `asked` rows were asked for."""

    def decode(body: bytes) -> Listing[T]:
        envelope = _envelope(body)
        total = envelope.total_count
        if total is None:
            total = envelope.pagination.get("total", envelope.meta.get("total"))
        has_more = envelope.has_more or bool(envelope.meta.get("has_more"))
        known = total if type(total) is int and total >= 0 else None
        return page_of(envelope.data, read_row, asked, has_more=has_more, total=known)

    return decode


def _this(decode: Callable[[bytes], T], what: str, wanted: uuid.UUID) -> Callable[[bytes], T]:
    """How to read something that must have this id."""

    def decode_this(body: bytes) -> T:
        found = decode(body)
        if getattr(found, "id", None) != wanted:
            raise InDoubt(f"RevKeen answered with another {what} than the one asked for.")
        return found

    return decode_this


def _of(decode: Callable[[bytes], Listing[T]], what: str, asked: Mapping[str, object]) -> Callable[[bytes], Listing[T]]:
    """How to read a list whose rows all have what was asked for, as far as something was."""
    wanted = {name: value for name, value in asked.items() if value not in (None, "")}
    return _each(decode, what, lambda row: all(same(getattr(row, name), value) for name, value in wanted.items()))


def _each(
    decode: Callable[[bytes], Listing[T]], what: str, fits: Callable[[Any], bool]
) -> Callable[[bytes], Listing[T]]:
    """How to read a list of nothing else: with one foreign row all of it is the answer to another question."""

    def decode_each(body: bytes) -> Listing[T]:
        listing = decode(body)
        if not all(map(fits, listing.rows)):
            raise InDoubt(f"RevKeen answered with other {what} than those asked for.")
        return listing

    return decode_each


def wrapped(read: RowReader[T]) -> Callable[[bytes], T]:
    return lambda body: read(_wrapper(body).data)


def _given(**params: object) -> Params:
    return {
        name: value if isinstance(value, int) else str(value)
        for name, value in params.items()
        if value not in (None, "")
    }
