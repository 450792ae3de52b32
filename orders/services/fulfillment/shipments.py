"""What has left of an order and what is still here, in units; and what becomes of shipments as RevKeen answers.

Everything here is about our own rows: no call is made. A shipment is written before any system hears of it, in one
transaction with the operation that tells RevKeen (services/fulfillment/fulfill.py) and with what its partners have to
hear.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models.functions import Now
from django.dispatch import receiver

from orders import carriers, kept_inserts, shipped_units
from orders.apis.errors import NotSent
from orders.models import Fulfillment, Operation, PartnerUpdate, Shipment, ShipmentItem, TrackingNumber
from orders.services.changes import plans
from orders.services.changes.outcomes import operation_ended
from orders.services.fulfillment import not_told
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.index import deriving
from orders.services.partners import directory, partner_orders

State = Shipment.State


class AlreadyShipped(NotSent):
    """More units than are left: some were recorded as shipped since the form was opened."""

    title = "Some units have already shipped."
    page_status = 422


class CameBack(AlreadyShipped):
    """Units that counted as shipped do so no more: they were undone, or RevKeen refused."""

    title = "Some units did not ship after all."


@dataclass(frozen=True)
class ParcelItem:
    """Units of a line. Costs are minor units of the parcel's `cost_currency`, for all these units."""

    line_id: str
    quantity: int
    distributor_cost: int | None = None
    shipping_cost: int | None = None
    subfulfiller_id: str = ""
    shipment_item_id: str = ""


@dataclass(frozen=True)
class Parcel:
    """What a form asks to be sent off, or with `reason` to be given up. `tracking` holds (number, address)."""

    items: tuple[ParcelItem, ...]
    carrier: str = ""
    tracking: tuple[tuple[str, str], ...] = ()
    notify: bool = False
    reason: str = ""  # of units that will never be shipped
    partner_id: str = ""
    cost_currency: str = ""
    shipment_id: str = ""
    metadata: dict[str, str | int | bool] = field(default_factory=dict)
    status: str = "FULFILLED"
    shipped_at: datetime | None = None
    status_at: datetime | None = None

    @property
    def kind(self) -> Shipment.Kind:
        return Shipment.Kind.CANCELLATION if self.reason else Shipment.Kind.PARCEL


def write(
    fulfillment: Fulfillment,
    parcels: list[Parcel],
    steps: list[int | None],
    shown: FulfillmentSnapshot,
    before: list[Shipment],
    operation: Operation | None = None,
) -> list[Shipment]:
    """Write shipments and their partner updates, within the caller's transaction, which holds the order.

    `steps`: for each parcel the step of the plan that tells RevKeen of it, None where nothing is due to it. `before`:
    every shipment of the order (`shipped_units.units_of_order`), read in this transaction. `operation`: the first step.
    Raise `AlreadyShipped`, or `BelongsElsewhere`.
    """
    _refuse_too_many(parcels, before, shown)
    _supersede(fulfillment, parcels, before)
    partners = directory.with_keys(fulfillment.merchant, fulfillment.mode)
    written, first = [], len(shipped_units.counted(before)) + 1
    for number, (parcel, step) in enumerate(zip(parcels, steps, strict=True), start=first):
        shipment = _write_one(fulfillment, number, parcel, step, operation if step == 0 else None, shown)
        _write_partner_updates(shipment, partners, shown)
        written.append(shipment)
    deriving.of_shipments(fulfillment.merchant, fulfillment.mode, fulfillment.order_id)
    return written


def refuse_other_than_shown(parcels: list[Parcel], before: list[Shipment], shown: FulfillmentSnapshot) -> None:
    """What is left has to be what the form showed, for that decides which lines RevKeen is told of.

    `before`: as `write` has it. Raise `AlreadyShipped`.
    """
    taken = shipped_units.taken(shipped_units.counted(before))
    for line_id in {item.line_id for parcel in parcels for item in parcel.items}:
        line = shown.lines[line_id]
        left, what = max(0, line.ordered - taken[uuid.UUID(line_id)]), line.description
        if left > line.left:
            raise CameBack(f"More units of “{what}” are left than the form showed. Check what is left.")
        if left < line.left:
            raise AlreadyShipped(f"{_which(line_id, before)}of “{what}”. Check what is left, then send again.")


@receiver(operation_ended)
def revkeen_ended(sender: type[Operation], operation: Operation, **kwargs: Any) -> None:
    """What RevKeen's answer means for the shipments of an operation, in the transaction that ends it."""
    if operation.kind != Operation.Kind.FULFILL:
        return
    of_fulfillment = not_told.of_plan(operation.plan_id)
    # Who sends one of them again just now is done, or waits for us.
    some_hear = bool(not_told.hearing(operation.plan_id))
    if operation.state == Operation.State.DONE:
        _told_after_all(operation)
        if some_hear:
            not_told.tell_partners(operation.plan_id, operation.step)
        not_told.have_left(operation.plan_id, operation.step)
        following = plans.begun_after(operation)
        if following is not None:
            of_fulfillment.filter(step=following.step).update(operation=following)
        return
    not_taken = of_fulfillment.filter(step__gte=operation.step)
    not_sent = (PartnerUpdate.State.FOR_REVKEEN, PartnerUpdate.State.FAILED)  # failed: a backup was restored
    waiting = PartnerUpdate.objects.filter(shipment__in=not_taken, state__in=not_sent)
    waiting.update(state=PartnerUpdate.State.BLOCKED, code="revkeen", message=operation.message[:500])
    not_taken.update(state=State.REFUSED)
    if operation.order_id is not None:
        deriving.of_shipments(operation.merchant, operation.mode, operation.order_id)


def _told_after_all(operation: Operation) -> None:
    """A parcel that was released after a refusal: RevKeen has it now, so whom it was kept from hears of it as well.

    They are read first, because a backup may have been restored since they were told.
    """
    known = [pk for (pk,) in not_told.told_after_all(operation.pk)]
    if not known:
        return
    blocked = PartnerUpdate.objects.filter(shipment__in=known, state=PartnerUpdate.State.BLOCKED)
    blocked.update(state=PartnerUpdate.State.WAITING, by_hand=True, next_try_at=Now(), code="", message="")
    Shipment.objects.filter(pk__in=known).update(unreported_since=None)
    if operation.order_id is not None:
        deriving.of_shipments(operation.merchant, operation.mode, operation.order_id)


def _refuse_too_many(parcels: list[Parcel], before: list[Shipment], shown: FulfillmentSnapshot) -> None:
    """Nobody else can ship meanwhile: the caller's transaction holds the order."""
    taken = shipped_units.taken(shipped_units.counted(before))
    for parcel in parcels:
        for item in parcel.items:
            taken[uuid.UUID(item.line_id)] += item.quantity
            line = shown.lines[item.line_id]
            if taken[uuid.UUID(item.line_id)] > line.ordered:
                raise AlreadyShipped(
                    f"{_which(item.line_id, before)}of “{line.description}”. Check what is left, then send again."
                )


def _which(line_id: str, before: list[Shipment]) -> str:
    counted = shipped_units.counted(before)
    numbers = [shipment.number for shipment in counted if uuid.UUID(line_id) in shipped_units.taken([shipment])]
    if not numbers:
        return "There are not enough units "
    return f"Shipment{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))} of this order took units "


def _supersede(fulfillment: Fulfillment, parcels: list[Parcel], before: list[Shipment]) -> None:
    """What RevKeen refused and is sent anew now needs nobody any more."""
    lines = {uuid.UUID(item.line_id) for parcel in parcels for item in parcel.items}
    refused = [one for one in before if one.state == State.REFUSED and lines & shipped_units.taken([one]).keys()]
    if not refused:
        return
    blocked = PartnerUpdate.objects.filter(shipment__in=refused, state=PartnerUpdate.State.BLOCKED)
    blocked.update(
        state=PartnerUpdate.State.STOPPED, stopped_by=fulfillment.who, reason="The order was fulfilled again."
    )


def _write_one(
    fulfillment: Fulfillment,
    number: int,
    parcel: Parcel,
    step: int | None,
    operation: Operation | None,
    shown: FulfillmentSnapshot,
) -> Shipment:
    shipment = _shipment(fulfillment, parcel)
    shipment.number, shipment.step, shipment.operation = number, step, operation
    shipment.state = State.LEFT if step is None else State.PENDING
    kept_inserts.insert(shipment)
    _add_tracking(shipment, parcel.tracking)
    kept_inserts.insert(*(_item(shipment, item, shown) for item in parcel.items))
    return shipment


def _shipment(fulfillment: Fulfillment, parcel: Parcel) -> Shipment:
    """What the form says of it; when RevKeen is told, and by which operation, is not its own to say."""
    return Shipment(
        fulfillment=fulfillment,
        merchant=fulfillment.merchant,
        mode=fulfillment.mode,
        order_id=fulfillment.order_id,
        order_number=fulfillment.order_number,
        kind=parcel.kind,
        carrier=parcel.carrier,
        notified=parcel.notify,
        reason=parcel.reason,
        partner_id=parcel.partner_id,
        cost_currency=parcel.cost_currency,
        digital_river_shipment_id=parcel.shipment_id,
        metadata=parcel.metadata,
        status=parcel.status,
        shipped_at=parcel.shipped_at,
        status_at=parcel.status_at,
    )


def write_tracking(shipment: Shipment, tracking: Iterable[tuple[str, str]]) -> None:
    """(number, address) in their order; those that stood there go."""
    TrackingNumber.objects.filter(shipment=shipment).delete()
    _add_tracking(shipment, tracking)


def _add_tracking(shipment: Shipment, tracking: Iterable[tuple[str, str]]) -> None:
    rows = (
        TrackingNumber(
            shipment=shipment,
            position=position,
            number=number,
            normalized=carriers.normalized(number)[:100],
            address=address,
        )
        for position, (number, address) in enumerate(tracking)
    )
    kept_inserts.insert(*rows)


def _item(shipment: Shipment, item: ParcelItem, shown: FulfillmentSnapshot) -> ShipmentItem:
    line = shown.lines[item.line_id]
    return ShipmentItem(
        shipment=shipment,
        line_item_id=item.line_id,
        quantity=item.quantity,
        ordered=line.ordered,
        description=line.description,
        product_id=line.product,
        digital_river_item_id=line.digital_river,
        order_protection_item_id=line.order_protection,
        distributor_cost=item.distributor_cost,
        shipping_cost=item.shipping_cost,
        subfulfiller_id=item.subfulfiller_id,
        digital_river_shipment_item_id=item.shipment_item_id,
    )


def hears_of(shipment: Shipment, destination: str) -> bool:
    """Of units given up only Digital River can be told."""
    return shipment.kind == Shipment.Kind.PARCEL or destination == PartnerUpdate.Destination.DIGITAL_RIVER


def _write_partner_updates(shipment: Shipment, partners: Mapping[str, bool], shown: FulfillmentSnapshot) -> None:
    """One for each partner that has a key here; while it is switched off the partner update waits for a person."""
    hearing = {provider: on for provider, on in partners.items() if hears_of(shipment, provider)}
    for provider in (provider for provider, on in hearing.items() if on):
        named = (shipment.merchant, shipment.mode, provider, shown.partners[provider])
        partner_orders.claim(*named, shipment.order_id, shipment.order_number)
    goes = PartnerUpdate.State.WAITING if shipment.step is None else PartnerUpdate.State.FOR_REVKEEN
    rows = (
        PartnerUpdate(
            shipment=shipment,
            destination=provider,
            merchant=shipment.merchant,
            mode=shipment.mode,
            order_id=shipment.order_id,
            partner_order_id=shown.partners[provider],
            state=goes if on else PartnerUpdate.State.OFF,
            next_try_at=shipment.fulfillment.undo_until,
        )
        for provider, on in hearing.items()
    )
    kept_inserts.insert(*rows)
