"""Fulfilling an order: which units leave now and how, and who hears of it.

RevKeen takes whole lines, so it is told of a line by the parcel that its last units leave in. Each parcel that
completes a line is one operation; several are a plan. A parcel that completes none is written down here alone.
"""

import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import QuerySet, UUIDField

from orders import carriers, kept_inserts, kept_queries, shipped_units
from orders.apis.errors import NotSent
from orders.apis.revkeen import reads
from orders.kept_queries import Given
from orders.models import Fulfillment, Operation, OrderLock, Shipment, User
from orders.services.changes import journal, quarantine, snapshots
from orders.services.changes.change_request import ChangeRequest, NoJournal, OrderBusy
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.plans import Step
from orders.services.changes.snapshots import kept, order_alone
from orders.services.fulfillment import shipments, undo, units_given_up
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.fulfillment.shipments import Parcel
from orders.services.handling import holds
from orders.services.revkeen.session import Session
from orders.storable import storable

FIELDS = {
    "line_item_ids": "lines",
    "carrier": "carrier",
    "tracking_number": "number-0",
    "notify_customer": "notify",
}
FulfillmentFormToken = FormToken[FulfillmentSnapshot]


class OrderChanged(NotSent):
    """The order is not as the form showed it: `changed` says what, before, now."""

    title = "The order changed since this form was opened."
    page_status = 422

    def __init__(self, found: list[snapshots.Difference]) -> None:
        super().__init__("")
        self.changed = [[difference.what, difference.before, difference.now] for difference in found]


class SentBefore(Exception):
    """The form was sent before with something else in it: `first` is what stands."""

    def __init__(self, first: Fulfillment) -> None:
        super().__init__("This form was sent before with something else in it.")
        self.first = first


def completed_by(parcels: list[Parcel], shown: FulfillmentSnapshot) -> list[list[str]]:
    """For each parcel the lines whose last units leave with it, in the order's own order: RevKeen is told of those.

    A line of which everything is given up has not been shipped, so RevKeen is never told of it.
    """
    left = {line_id: line.left for line_id, line in shown.lines.items()}
    some_left = {line_id for line_id, line in shown.lines.items() if line.shipped}
    completed = []
    for parcel in parcels:
        for item in parcel.items:
            left[item.line_id] -= item.quantity
        if parcel.kind == Shipment.Kind.PARCEL:
            some_left |= {item.line_id for item in parcel.items}
        ids = {item.line_id for item in parcel.items}
        completed.append([line for line in left if line in ids and left[line] <= 0 and line in some_left])
    return completed


def fulfill(
    api: Session, user: User, form_token: FulfillmentFormToken, parcels: list[Parcel]
) -> Operation | Fulfillment:
    """Send the parcels off. The operation that tells RevKeen, or the fulfillment where nothing is due to it.

    Raise what `journal.submit` raises, `AlreadyShipped`, `OnHold`, `OrderChanged`, or `SentBefore`.
    """
    completed = completed_by(parcels, form_token.snapshot)
    if any(completed) and not _is_here_alone(form_token.operation_id):
        return journal.submit(api, user, change_request(form_token, parcels, completed))
    return _write_down(api, user, form_token, parcels)


def _is_here_alone(pk: uuid.UUID) -> bool:
    """Whether it was sent off before, and RevKeen is told of none of it."""
    return bool(_sent_off(pk)) and not Operation.objects.filter(pk=pk).exists()


@kept_queries.kept(UUIDField())
def _sent_off(pk: Given) -> "QuerySet[Fulfillment, Any]":
    return Fulfillment.objects.filter(pk=pk).values_list("pk")


@dataclass(frozen=True)
class FulfillmentRequest(ChangeRequest):
    """Writes the shipments down with the row of the operation that tells RevKeen of the first of them."""

    form_token: FulfillmentFormToken
    parcels: list[Parcel] = field(default_factory=list)
    completed: list[list[str]] = field(default_factory=list)

    def record(self, operation: Operation) -> None:
        fulfillment = _fulfillment(operation.user, self.form_token, operation.fingerprint, operation)
        _write(fulfillment, self.parcels, _steps(self.completed), self.form_token.snapshot, operation)


def change_request(
    form_token: FulfillmentFormToken, parcels: list[Parcel], completed: list[list[str]]
) -> FulfillmentRequest:
    """Which lines leave and whether the customer is told is never left to RevKeen's defaults."""
    told = [(parcel, lines) for parcel, lines in zip(parcels, completed, strict=True) if lines]
    first, *rest = (_step(form_token, parcel, lines) for parcel, lines in told)
    return FulfillmentRequest(
        form_token,
        first.body,
        summary(form_token, parcels),
        form_token.snapshot.number,
        then=rest,
        details=[asdict(parcel) for parcel in parcels],
        undo_seconds=form_token.merchant.undo_seconds,
        parcels=parcels,
        completed=completed,
    )


def _step(form_token: FulfillmentFormToken, parcel: Parcel, lines: list[str]) -> Step:
    """A step of a plan (services/changes/plans.py), which the first operation is made of too."""
    body: dict[str, Any] = {"line_item_ids": lines, "notify_customer": parcel.notify}
    if parcel.carrier:
        body["carrier"] = parcel.carrier
    if parcel.tracking:
        body["tracking_number"] = parcel.tracking[0][0]
    return Step(
        kind=Operation.Kind.FULFILL,
        order_id=str(form_token.order_id),
        order_number=form_token.snapshot.number,
        body=body,
        summary=summary(form_token, [parcel]),
        snapshot=kept(order_alone(form_token.snapshot)),
    )


def _steps(completed: list[list[str]]) -> list[int | None]:
    """The step of the plan that each parcel is told by."""
    steps: list[int | None] = []
    for lines in completed:
        steps.append(sum(step is not None for step in steps) if lines else None)
    return steps


def _fulfillment(
    user: User, form_token: FulfillmentFormToken, fingerprint: str, operation: Operation | None = None
) -> Fulfillment:
    """An operation and its fulfillment are held until the same moment, so that none goes out that may yet be undone."""
    assert form_token.order_id is not None  # noqa: S101  (only an order that is there can be fulfilled)
    moments = {"undo_until": undo.undo_until(form_token.merchant)} if operation is None else _moments(operation)
    fulfillment = Fulfillment(
        pk=form_token.operation_id,
        merchant=form_token.merchant,
        mode=form_token.mode,
        order_id=form_token.order_id,
        order_number=storable(form_token.snapshot.number)[:100],
        fingerprint=fingerprint,
        user=user,
        who=user.email,
        **moments,
    )
    kept_inserts.insert(fulfillment)
    if operation is None:
        fulfillment.refresh_from_db(fields=["undo_until", "created_at"])
    return fulfillment


def _moments(operation: Operation) -> dict[str, datetime]:
    ((created_at, next_try_at),) = _moments_of(operation.pk)
    return {"created_at": created_at, "undo_until": next_try_at}


@kept_queries.kept(UUIDField())
def _moments_of(operation_id: Given) -> "QuerySet[Operation, Any]":
    return Operation.objects.filter(pk=operation_id).values_list("created_at", "next_try_at")


def _write(
    fulfillment: Fulfillment,
    parcels: list[Parcel],
    steps: list[int | None],
    shown: FulfillmentSnapshot,
    operation: Operation | None = None,
) -> None:
    """Write the shipments, if what is left is what the form showed. Raise what `shipments` raises, or `OnHold`."""
    if any(parcel.kind == Shipment.Kind.PARCEL for parcel in parcels):
        holds.refuse(fulfillment.merchant, fulfillment.mode, fulfillment.order_id)
    before = shipped_units.units_of_order(fulfillment.merchant, fulfillment.mode, fulfillment.order_id)
    shipments.refuse_other_than_shown(parcels, before, shown)
    units_given_up.note(shipments.write(fulfillment, parcels, steps, shown, before, operation))


def _write_down(api: Session, user: User, form_token: FulfillmentFormToken, parcels: list[Parcel]) -> Fulfillment:
    """Look at the order, then write the parcels, while nobody else can begin anything on the order."""
    assert form_token.order_id is not None  # noqa: S101  (only an order that is there can be fulfilled)
    fingerprint = request_fingerprint(form_token, parcels)
    first = Fulfillment.objects.filter(pk=form_token.operation_id).first()
    if first is not None:
        return _the_same(first, fingerprint)
    order = api.get(reads.order(form_token.order_id)).require()
    found = snapshots.differences(form_token.snapshot, order, form_token.merchant)
    if found:
        raise OrderChanged(found)
    try:
        return _write_alone(user, form_token, parcels, fingerprint)
    except IntegrityError as error:
        return _begun_by_another(form_token, fingerprint, error)
    except (DatabaseError, OSError) as error:
        raise NoJournal("Nothing was sent. Try again in a moment.") from error


def _write_alone(user: User, form_token: FulfillmentFormToken, parcels: list[Parcel], fingerprint: str) -> Fulfillment:
    """In one transaction that holds the order's lock. Raise what the database raises, and `OSError`."""
    assert form_token.order_id is not None  # noqa: S101  (only an order that is there can be fulfilled)
    quarantine.check()
    with transaction.atomic():
        lock = OrderLock.objects.create(
            merchant=form_token.merchant,
            mode=form_token.mode,
            order_id=form_token.order_id,
            plan_id=form_token.operation_id,
        )
        fulfillment = _fulfillment(user, form_token, fingerprint)
        _write(fulfillment, parcels, [None] * len(parcels), form_token.snapshot)
        lock.delete()
        quarantine.count_up()
    quarantine.note_count()
    return fulfillment


def request_fingerprint(form_token: FulfillmentFormToken, parcels: list[Parcel]) -> str:
    return ChangeRequest(form_token, {}, "", details=[asdict(parcel) for parcel in parcels]).fingerprint


def _begun_by_another(form_token: FulfillmentFormToken, fingerprint: str, error: IntegrityError) -> Fulfillment:
    """This very form, sent twice at once, or another change that holds the order."""
    first = Fulfillment.objects.filter(pk=form_token.operation_id).first()
    if first is not None:
        return _the_same(first, fingerprint)
    assert form_token.order_id is not None  # noqa: S101
    holder = journal.holder_of(form_token.merchant.pk, form_token.mode, form_token.order_id)
    if holder is not None:
        raise OrderBusy(holder)
    raise NoJournal("Nothing was sent. Try again in a moment.") from error


def _the_same(first: Fulfillment, fingerprint: str) -> Fulfillment:
    if first.fingerprint != fingerprint:
        raise SentBefore(first)
    return first


def summary(form_token: FulfillmentFormToken, parcels: list[Parcel]) -> str:
    """`2 lines, UPS 1Z999, e-mail to ana@example.com`; of several parcels each."""
    return "; ".join(_words(form_token, parcel) for parcel in parcels)


def _words(form_token: FulfillmentFormToken, parcel: Parcel) -> str:
    lines, units = len(parcel.items), sum(item.quantity for item in parcel.items)
    count = f"{lines} line{'s' if lines > 1 else ''}"
    if any(item.quantity < form_token.snapshot.lines[item.line_id].ordered for item in parcel.items):
        count = f"{units} unit{'s' if units > 1 else ''} of {count}"
    if parcel.reason:
        return f"{count} canceled: {parcel.reason}"
    tracking = parcel.tracking[0][0] if parcel.tracking else ""
    sent = f"{carriers.name_of(parcel.carrier)} {tracking}".strip()
    mail = f"e-mail to {form_token.snapshot.recipient}" if parcel.notify else "no e-mail"
    return ", ".join(part for part in (count, sent, mail) if part)
