"""Fulfilling an order: which lines leave now and how, what is kept of it here, and which order comes next."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orders import carriers, states
from orders.apis.errors import NotSent, Refused
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, LineItem, Listing, Order
from orders.models import Merchant, Operation, OrderLock, Shipment, ShipmentItem
from orders.services.journal import Asked
from orders.services.revkeen import Reading, Session
from orders.services.snapshots import snapshot
from orders.services.tickets import Ticket

FIELDS = {
    "line_item_ids": "lines",
    "carrier": "carrier",
    "tracking_number": "tracking_number",
    "notify_customer": "notify",
}
DESCRIPTION = 100  # characters of a line's description that are kept with its shipment
PAGES = 10  # of a hundred orders each: how far we look for the next one to fulfil


class AlreadyShipped(NotSent):
    """A line was recorded as shipped since the form was opened."""

    title = "A line has left already."
    page_status = 422


@dataclass(frozen=True)
class Fulfillable:
    """What the form shows: the order, who would get an e-mail, and what has left from here."""

    order: Reading[Order]
    customer: Reading[Customer] | None  # None: a guest
    shipments: list[Shipment]

    @property
    def shipped(self) -> dict[uuid.UUID, Shipment]:
        return by_line(self.shipments)

    @property
    def open_lines(self) -> list[LineItem]:
        return [line for line in self.order.require().lines if line.id not in self.shipped]

    @property
    def says_which(self) -> bool:
        """RevKeen tells that some lines are fulfilled, never which; we know of what left from here alone."""
        return self.order.require().fulfillment_status != "partial" or bool(self.shipments)

    @property
    def recipient(self) -> str:
        """Whom RevKeen would e-mail; "" for a guest."""
        if self.customer is None:
            return ""
        return self.customer.value.email if self.customer.value else "the customer"


def fulfillable(api: Session, order_id: uuid.UUID) -> Fulfillable:
    """Two rounds. Raise the order's `ApiError`."""
    order = api.get(reads.order(order_id))
    customer_id = order.require().customer_id
    customer = api.get(reads.customer(customer_id)) if customer_id else None
    return Fulfillable(order, customer, of_order(api.merchant, api.mode, order_id))


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[Shipment]:
    """What left or may have left, the first one first; not what RevKeen refused or never got."""
    found = Shipment.objects.filter(merchant=merchant, mode=mode, order_id=order_id)
    left = found.filter(operation__state__in=(*Operation.OPEN, Operation.State.DONE)).order_by("pk")
    return list(left.select_related("operation__user").prefetch_related("items"))


def by_line(shipments: list[Shipment]) -> dict[uuid.UUID, Shipment]:
    """Line item id → the shipment it is in."""
    return {item.line_item_id: shipment for shipment in shipments for item in shipment.items.all()}


def seen(found: Fulfillable) -> dict[str, Any]:
    """What the ticket keeps: the order as shown, its open lines by id, and whom an e-mail would go to."""
    order = found.order.require()
    lines = {str(line.id): [line.quantity, _short(line.description)] for line in found.open_lines}
    return {**snapshot(order), "number": order.public_id, "lines": lines, "recipient": found.recipient}


def asked(ticket: Ticket, lines: list[str], carrier: str, tracking_number: str, *, notify: bool) -> Asked:
    """`lines` are ids; which of them leave and whether the customer is told is never left to RevKeen's defaults."""
    body: dict[str, Any] = {"line_item_ids": lines, "notify_customer": notify}
    if carrier:
        body["carrier"] = carrier
    if tracking_number:
        body["tracking_number"] = tracking_number
    return Asked(ticket, body, _summary(ticket, body), ticket.seen["number"], record=record)


def record(operation: Operation) -> None:
    """Write down the parcel that the operation tells RevKeen of. Raise `AlreadyShipped`."""
    body, order_id = operation.body, operation.order_id
    assert order_id is not None  # noqa: S101  (only an order that is there can be fulfilled)
    before = of_order(operation.merchant, operation.mode, order_id)
    _refuse_shipped(body["line_item_ids"], before)
    shipment = Shipment.objects.create(
        merchant=operation.merchant,
        mode=operation.mode,
        order_id=order_id,
        operation=operation,
        number=len(before) + 1,
        carrier=body.get("carrier", ""),
        tracking_number=body.get("tracking_number", ""),
        notified=body["notify_customer"],
    )
    ShipmentItem.objects.bulk_create(
        ShipmentItem(shipment=shipment, line_item_id=line_id, quantity=quantity, description=description)
        for line_id in body["line_item_ids"]
        for quantity, description in [operation.seen["lines"][line_id]]
    )


@dataclass(frozen=True)
class Search:
    """The next order to fulfil, or None. `looked_at` paid orders were read; `whole`: there are no older ones."""

    order: Order | None
    looked_at: int
    whole: bool


def next_to_fulfil(api: Session, after: uuid.UUID) -> Search:
    """The oldest that is newer than `after`, else the oldest of all. Raise `ApiError`.

    RevKeen lists newest first and has no filter for fulfilment: we page, up to a bound.
    """
    locks = OrderLock.objects.filter(merchant=api.merchant, mode=api.mode)
    passed_over = {after, *locks.values_list("order_id", flat=True)}
    looked_at = 0
    for page in _newer_than(api, after):
        looked_at += len(page.rows)
        waiting = _waiting(page, passed_over)
        if waiting:
            return Search(waiting[-1], looked_at, True)
    return _oldest(api, passed_over)


def _oldest(api: Session, passed_over: set[uuid.UUID]) -> Search:
    looked_at, found, whole = 0, None, True
    for page in _from_the_newest(api):
        looked_at, whole = looked_at + len(page.rows), not page.has_more
        found = next(reversed(_waiting(page, passed_over)), found)
    return Search(found, looked_at, whole)


def _waiting(page: Listing[Order], passed_over: set[uuid.UUID]) -> list[Order]:
    return [order for order in page.rows if states.ready_to_ship(order) and order.id not in passed_over]


def _from_the_newest(api: Session) -> Iterator[Listing[Order]]:
    last = None
    for _ in range(PAGES):
        page = api.get(reads.orders(status="paid", starting_after=last, limit=reads.LARGEST_PAGE)).require()
        yield page
        if not page.has_more or not page.rows:
            return
        last = page.rows[-1].id


def _newer_than(api: Session, order_id: uuid.UUID) -> Iterator[Listing[Order]]:
    """Towards the newest; each page has its newest first all the same."""
    for _ in range(PAGES):
        reading = api.get(reads.orders(status="paid", ending_before=order_id, limit=reads.LARGEST_PAGE))
        if isinstance(
            reading.error, Refused
        ):  # it may be no place to go on from, now that it is not paid but fulfilled
            return
        page = reading.require()
        yield page
        if not page.has_more or not page.rows:
            return
        order_id = page.rows[0].id


def _refuse_shipped(line_ids: list[str], before: list[Shipment]) -> None:
    """Nobody else can ship meanwhile: the caller's operation holds the order."""
    shipped = by_line(before)
    again = [shipment for line_id in line_ids if (shipment := shipped.get(uuid.UUID(line_id)))]
    if again:
        raise AlreadyShipped(f"It is in {str(again[0]).lower()} of this order. Look at what is left, then send again.")


def _summary(ticket: Ticket, body: dict[str, Any]) -> str:
    """`2 lines, UPS 1Z999, e-mail to ana@example.com`."""
    lines = len(body["line_item_ids"])
    parcel = f"{carriers.name_of(body.get('carrier', ''))} {body.get('tracking_number', '')}".strip()
    mail = f"e-mail to {ticket.seen['recipient']}" if body["notify_customer"] else "no e-mail"
    return ", ".join(part for part in (f"{lines} line{'s' if lines > 1 else ''}", parcel, mail) if part)


def _short(description: str) -> str:
    return description if len(description) <= DESCRIPTION else description[: DESCRIPTION - 1] + "…"
