"""Fulfilling an order: which units leave now and how, who hears of it, and which order comes next.

RevKeen takes whole lines, so it is told of a line by the parcel that its last units leave in. Each parcel that
completes a line is one operation; several are a plan. A parcel that completes none is written down here alone.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from orders import carriers, states
from orders.apis.errors import NotSent, Refused
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, LineItem, Listing, Order, Product
from orders.apis.revkeen.reads import Read
from orders.models import Delivery, Dispatch, Operation, OrderLock, Shipment, User
from orders.services import codes, journal, outcomes, partners, quarantine, shipments, snapshots, units_given_up
from orders.services.journal import Asked, NoJournal, OrderBusy
from orders.services.partners import PartnerIds
from orders.services.plans import Step
from orders.services.revkeen import Reading, Session
from orders.services.shipments import Parcel
from orders.services.snapshots import snapshot
from orders.services.tickets import Ticket
from orders.storable import storable

FIELDS = {
    "line_item_ids": "lines",
    "carrier": "carrier",
    "tracking_number": "number-0",
    "notify_customer": "notify",
}
DESCRIPTION = 100  # characters of a line's description that are kept with its shipment
NOT_GONE_YET = (Delivery.State.FOR_REVKEEN, Delivery.State.WAITING)
PAGES = 10  # of a hundred orders each: how far we look for the next one to fulfil


class OrderChanged(NotSent):
    """The order is not as the form showed it: `changed` says what, before, now."""

    title = "The order changed since this form was opened."
    page_status = 422

    def __init__(self, found: list[snapshots.Difference]) -> None:
        super().__init__("")
        self.changed = [[difference.what, difference.before, difference.now] for difference in found]


class SentBefore(Exception):
    """The form was sent before with something else in it: `first` is what stands."""

    def __init__(self, first: Dispatch) -> None:
        super().__init__("This form was sent before with something else in it.")
        self.first = first


class TooLate(Exception):
    """The hold has passed, or somebody has undone it already."""


class OthersFollow(TooLate):
    """Another change holds the order. It may tell RevKeen of a line whose other units these are."""


@dataclass(frozen=True)
class Fulfillable:
    """What the form shows: the order, who would get an e-mail, what has left from here, and the partners' ids."""

    order: Reading[Order]
    customer: Reading[Customer] | None  # None: a guest
    shipments: list[Shipment]
    ids: PartnerIds
    products: Mapping[uuid.UUID, Product] = field(default_factory=dict)  # where some line has no SKU of its own

    def code(self, line: LineItem) -> str:
        return codes.code_of(line, self.products.get(line.product_id) if line.product_id else None)

    @property
    def taken(self) -> Counter[uuid.UUID]:
        return shipments.taken(self.shipments)

    def left(self, line: LineItem) -> int:
        """Units that are neither shipped nor given up."""
        return max(0, line.quantity - self.taken[line.id])

    @property
    def open_lines(self) -> list[LineItem]:
        return [line for line in self.order.require().lines if self.left(line)]

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
    customer, products = _around(api, order.require())
    ids = partners.ids_of(api.merchant, api.mode, order.require())
    return Fulfillable(order, customer, shipments.of_order(api.merchant, api.mode, order_id), ids, products)


def _around(api: Session, order: Order) -> tuple[Reading[Customer] | None, dict[uuid.UUID, Product]]:
    """The customer (None: a guest), and the products where a line needs one for its code, in one round."""
    wanted: dict[str, Read[Any]] = {"customer": reads.customer(order.customer_id)} if order.customer_id else {}
    if codes.need_products(order.lines):
        wanted["products"] = reads.products()
    found = dict(zip(wanted, api.get_together(*wanted.values()), strict=True)) if wanted else {}
    products = found.get("products")
    return found.get("customer"), codes.by_id(products.value if products else None)


def by_line(found: list[Shipment]) -> dict[uuid.UUID, list[Shipment]]:
    """Line item id → the shipments that units of it are in."""
    lines: dict[uuid.UUID, list[Shipment]] = {}
    for shipment in found:
        for item in shipment.items.all():
            lines.setdefault(item.line_item_id, []).append(shipment)
    return lines


def seen(found: Fulfillable) -> dict[str, Any]:
    """What the ticket keeps: the order as shown, its open lines by id, the partners' ids, whom an e-mail would go to.

    Of a line: `ordered` and `left` units, `shipped` whether some have left, what it is, its code, what the
    partners call it.
    """
    order, gone = found.order.require(), shipments.shipped(found.shipments)
    lines = {
        str(line.id): {
            "ordered": line.quantity,
            "left": found.left(line),
            "shipped": gone[line.id] > 0,
            "description": _short(line.description),
            "code": _short(found.code(line)),
            "product": str(line.product_id) if line.product_id else None,
            "digital_river": found.ids.digital_river_items[str(line.id)],
            "order_protection": found.ids.order_protection_items[str(line.id)],
        }
        for line in found.open_lines
    }
    partner_ids = {destination: found.ids.order_id(destination) for destination in Delivery.Destination.values}
    return {
        **snapshot(order),
        "number": order.public_id,
        "lines": lines,
        "partners": partner_ids,
        "recipient": found.recipient,
    }


def completed_by(parcels: list[Parcel], seen: dict[str, Any]) -> list[list[str]]:
    """For each parcel the lines whose last units leave with it, in the order's own order: RevKeen is told of those.

    A line of which everything is given up has not been shipped, so RevKeen is never told of it.
    """
    left = {line_id: line["left"] for line_id, line in seen["lines"].items()}
    some_left = {line_id for line_id, line in seen["lines"].items() if line["shipped"]}
    completed = []
    for parcel in parcels:
        for item in parcel.items:
            left[item.line_id] -= item.quantity
        if parcel.kind == Shipment.Kind.PARCEL:
            some_left |= {item.line_id for item in parcel.items}
        ids = {item.line_id for item in parcel.items}
        completed.append([line for line in left if line in ids and left[line] <= 0 and line in some_left])
    return completed


def fulfill(api: Session, user: User, ticket: Ticket, parcels: list[Parcel]) -> Operation | Dispatch:
    """Send the parcels off. The operation that tells RevKeen, or the dispatch where nothing is due to it.

    Raise what `journal.submit` raises, `AlreadyShipped`, `OrderChanged`, or `SentBefore`.
    """
    completed = completed_by(parcels, ticket.seen)
    here_alone = Dispatch.objects.filter(pk=ticket.operation_id).exclude(pk__in=Operation.objects.values("pk"))
    if any(completed) and not here_alone.exists():
        return journal.submit(api, user, asked(ticket, parcels, completed))
    return _write_down(api, user, ticket, parcels)


def asked(ticket: Ticket, parcels: list[Parcel], completed: list[list[str]]) -> Asked:
    """Which lines leave and whether the customer is told is never left to RevKeen's defaults."""
    told = [(parcel, lines) for parcel, lines in zip(parcels, completed, strict=True) if lines]
    steps: list[Step] = [_step(ticket, parcel, lines) for parcel, lines in told]

    def record(operation: Operation) -> None:
        dispatch = _dispatch(operation.user, ticket, operation.fingerprint, operation)
        shipments.refuse_other_than_shown(dispatch, parcels, ticket.seen)
        units_given_up.note(shipments.write(dispatch, parcels, _steps(completed), ticket.seen))

    first, *rest = steps
    return Asked(
        ticket,
        first["body"],
        summary(ticket, parcels),
        ticket.seen["number"],
        then=rest,
        record=record,
        details=[asdict(parcel) for parcel in parcels],
        hold=ticket.merchant.hold_seconds,
    )


def held(operation: Operation) -> bool:
    """Nobody was told of it yet."""
    return operation.merchant.hold_seconds > 0 and operation.state == Operation.State.STARTED and not operation.attempts


def undo(dispatch: Dispatch, by: User) -> None:
    """Take back what nobody was told of yet. Raise `TooLate`: then everything stays as it is."""
    try:
        _undo(dispatch, by)
    except IntegrityError as error:
        raise OthersFollow from error


def _undo(dispatch: Dispatch, by: User) -> None:
    with transaction.atomic():
        # Whoever wants to send the operation waits for this row; whoever has it at hand has put off its lease.
        operation = Operation.objects.select_for_update().filter(pk=dispatch.pk).first()
        at_hand = operation is not None and operation.lease_until > dispatch.hold_until
        held = Dispatch.objects.filter(pk=dispatch.pk, undone_at=None, hold_until__gt=Now())
        if at_hand or not held.update(undone_at=Now(), undone_by=by):
            raise TooLate
        if operation is None:  # else the order is held already
            OrderLock.objects.create(
                merchant_id=dispatch.merchant_id, mode=dispatch.mode, order_id=dispatch.order_id, plan_id=dispatch.pk
            ).delete()
        _undo_shipments(dispatch)
        units_given_up.note_undone(dispatch, by)
        if operation is not None and not outcomes.undone(operation):
            raise TooLate


def _undo_shipments(dispatch: Dispatch) -> None:
    written = Shipment.objects.filter(dispatch=dispatch)
    deliveries = Delivery.objects.filter(shipment__in=written)
    untouched = deliveries.filter(state__in=(*NOT_GONE_YET, Delivery.State.OFF), attempts=0)
    if untouched.update(state=Delivery.State.UNDONE) != deliveries.count():
        raise TooLate
    written.update(state=Shipment.State.UNDONE)


def _step(ticket: Ticket, parcel: Parcel, lines: list[str]) -> Step:
    """A step of a plan (services/plans.py), which the first operation is made of too."""
    body: dict[str, Any] = {"line_item_ids": lines, "notify_customer": parcel.notify}
    if parcel.carrier:
        body["carrier"] = parcel.carrier
    if parcel.tracking:
        body["tracking_number"] = parcel.tracking[0][0]
    return {
        "kind": Operation.Kind.FULFILL,
        "order_id": str(ticket.order_id),
        "order_number": ticket.seen["number"],
        "body": body,
        "summary": summary(ticket, [parcel]),
        "seen": {name: value for name, value in ticket.seen.items() if name not in ("lines", "partners")},
    }


def _steps(completed: list[list[str]]) -> list[int | None]:
    """The step of the plan that each parcel is told by."""
    steps: list[int | None] = []
    for lines in completed:
        steps.append(sum(step is not None for step in steps) if lines else None)
    return steps


def _dispatch(user: User, ticket: Ticket, fingerprint: str, operation: Operation | None = None) -> Dispatch:
    """An operation and its dispatch are held until the same moment, so that none goes out that may yet be undone."""
    assert ticket.order_id is not None  # noqa: S101  (only an order that is there can be fulfilled)
    dispatch = Dispatch.objects.create(
        pk=ticket.operation_id,
        merchant=ticket.merchant,
        mode=ticket.mode,
        order_id=ticket.order_id,
        order_number=storable(ticket.seen["number"])[:100],
        fingerprint=fingerprint,
        user=user,
        who=user.email,
        hold_until=shipments.held_until(ticket.merchant) if operation is None else _held_until(operation),
    )
    dispatch.refresh_from_db(fields=["hold_until", "created_at"])
    return dispatch


def _held_until(operation: Operation) -> datetime:
    operation.refresh_from_db(fields=["next_try_at"])
    return operation.next_try_at


def _write_down(api: Session, user: User, ticket: Ticket, parcels: list[Parcel]) -> Dispatch:
    """Look at the order, then write the parcels, while nobody else can begin anything on the order."""
    assert ticket.order_id is not None  # noqa: S101  (only an order that is there can be fulfilled)
    fingerprint = asked_fingerprint(ticket, parcels)
    first = Dispatch.objects.filter(pk=ticket.operation_id).first()
    if first is not None:
        return _the_same(first, fingerprint)
    order = api.get(reads.order(ticket.order_id)).require()
    found = snapshots.differences(ticket.seen, order, ticket.merchant)
    if found:
        raise OrderChanged(found)
    try:
        quarantine.check()
        with transaction.atomic():
            lock = OrderLock.objects.create(
                merchant=ticket.merchant, mode=ticket.mode, order_id=ticket.order_id, plan_id=ticket.operation_id
            )
            dispatch = _dispatch(user, ticket, fingerprint)
            shipments.refuse_other_than_shown(dispatch, parcels, ticket.seen)
            units_given_up.note(shipments.write(dispatch, parcels, [None] * len(parcels), ticket.seen))
            lock.delete()
            quarantine.count_up()
        quarantine.note_count()
    except IntegrityError as error:
        return _begun_by_another(ticket, fingerprint, error)
    except (DatabaseError, OSError) as error:
        raise NoJournal("Nothing was sent. Try again in a moment.") from error
    return dispatch


def asked_fingerprint(ticket: Ticket, parcels: list[Parcel]) -> str:
    return Asked(ticket, {}, "", details=[asdict(parcel) for parcel in parcels]).fingerprint


def _begun_by_another(ticket: Ticket, fingerprint: str, error: IntegrityError) -> Dispatch:
    """This very form, sent twice at once, or another change that holds the order."""
    first = Dispatch.objects.filter(pk=ticket.operation_id).first()
    if first is not None:
        return _the_same(first, fingerprint)
    assert ticket.order_id is not None  # noqa: S101
    holder = journal.holder_of(ticket.merchant.pk, ticket.mode, ticket.order_id)
    if holder is not None:
        raise OrderBusy(holder)
    raise NoJournal("Nothing was sent. Try again in a moment.") from error


def _the_same(first: Dispatch, fingerprint: str) -> Dispatch:
    if first.fingerprint != fingerprint:
        raise SentBefore(first)
    return first


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


def summary(ticket: Ticket, parcels: list[Parcel]) -> str:
    """`2 lines, UPS 1Z999, e-mail to ana@example.com`; of several parcels each."""
    return "; ".join(_words(ticket, parcel) for parcel in parcels)


def _words(ticket: Ticket, parcel: Parcel) -> str:
    lines, units = len(parcel.items), sum(item.quantity for item in parcel.items)
    count = f"{lines} line{'s' if lines > 1 else ''}"
    if any(item.quantity < ticket.seen["lines"][item.line_id]["ordered"] for item in parcel.items):
        count = f"{units} unit{'s' if units > 1 else ''} of {count}"
    if parcel.reason:
        return f"{count} never shipped: {parcel.reason}"
    tracking = parcel.tracking[0][0] if parcel.tracking else ""
    sent = f"{carriers.name_of(parcel.carrier)} {tracking}".strip()
    mail = f"e-mail to {ticket.seen['recipient']}" if parcel.notify else "no e-mail"
    return ", ".join(part for part in (count, sent, mail) if part)


def _short(description: str) -> str:
    return description if len(description) <= DESCRIPTION else description[: DESCRIPTION - 1] + "…"
