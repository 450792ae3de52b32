"""Digital River's own list, read live, and what in it differs from what we have of the same shipments."""

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from orders.apis.digital_river.client import Client
from orders.apis.digital_river.objects import Fulfillment
from orders.apis.errors import ApiError, NotConnected, NotSent, named
from orders.apis.gate import Gate, gate_of
from orders.models import Connection, Merchant, PartnerUpdate, Shipment
from orders.secrets import Unreadable
from orders.services.partners import directory
from orders.services.revkeen import session as session_module

DIGITAL_RIVER = PartnerUpdate.Destination.DIGITAL_RIVER
REFERENCE = "shipmentRef"  # the key of the metadata that says which shipment of ours it is


@dataclass(frozen=True)
class Difference:
    what: str
    there: str
    here: str


@dataclass(frozen=True)
class Compared:
    """A fulfillment there, and our shipment if it is one of ours."""

    fulfillment: Fulfillment
    shipment: Shipment | None = None
    differences: list[Difference] = field(default_factory=list)
    on_its_way: bool = False  # we know of the differences, and are about to tell it


@contextmanager
def session(merchant: Merchant, mode: str) -> Iterator[Client]:
    """The way to Digital River for one page, in one of the connection's places. Raise `ApiError`."""
    with named(DIGITAL_RIVER.label):
        connection = _connection(merchant, mode)
        with gate_of(connection.pk, partial(Gate, DIGITAL_RIVER.label)).page():
            try:
                yield _client(connection)
            except ApiError as error:
                session_module.note_use(connection, False, [error])
                raise
            session_module.note_use(connection, True, [])


def compare(merchant: Merchant, mode: str, fulfillments: list[Fulfillment]) -> list[Compared]:
    """Each with our shipment: four queries, however many there are."""
    references = [reference for one in fulfillments if (reference := reference_of(one))]
    found = Shipment.objects.filter(merchant=merchant, mode=mode, reference__in=references)
    ours = {shipment.reference: shipment for shipment in found.prefetch_related("items", "tracking", "partner_updates")}
    return [_compared(one, ours.get(reference_of(one) or uuid.UUID(int=0))) for one in fulfillments]


def reference_of(fulfillment: Fulfillment) -> uuid.UUID | None:
    """What its metadata says; anybody with a key may have written anything there."""
    said = fulfillment.metadata.get(REFERENCE)
    try:
        return uuid.UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _connection(merchant: Merchant, mode: str) -> Connection:
    found = Connection.objects.filter(merchant=merchant, mode=mode, provider=DIGITAL_RIVER, active=True).first()
    if found is None:
        raise NotConnected("There is no active Digital River key for this merchant and mode.")
    return found


def _client(connection: Connection) -> Client:
    try:
        return cast(Client, directory.client_of(connection))
    except Unreadable as error:
        raise NotSent(str(error)) from error


def _compared(fulfillment: Fulfillment, shipment: Shipment | None) -> Compared:
    if shipment is None:
        return Compared(fulfillment)
    partner_update = next((one for one in shipment.partner_updates.all() if one.destination == DIGITAL_RIVER), None)
    on_its_way = partner_update is not None and partner_update.open
    return Compared(fulfillment, shipment, _differences(fulfillment, shipment, partner_update), on_its_way)


def _differences(there: Fulfillment, shipment: Shipment, partner_update: PartnerUpdate | None) -> list[Difference]:
    facts = [
        ("Order", there.order_id, partner_update.partner_order_id if partner_update else ""),
        ("Carrier", there.tracking_company or "", shipment.carrier_name),
        ("Tracking number", there.tracking_number or "", shipment.tracking_number),
        ("Tracking address", there.tracking_url or "", shipment.tracking_address),
    ]
    if partner_update is not None and partner_update.remote_id:
        facts.insert(
            0, ("Fulfillment id", there.id, partner_update.remote_id)
        )  # a second one would be units sent twice
    return [Difference(*fact) for fact in facts if fact[1] != fact[2]] + _other_units(there, shipment, partner_update)


def _other_units(there: Fulfillment, shipment: Shipment, partner_update: PartnerUpdate | None) -> list[Difference]:
    theirs, ours, names = Counter[str](), Counter[str](), dict[str, str]()
    for one in there.items:
        theirs[one.item_id] += one.quantity
        theirs[_given_up(one.item_id)] += one.cancel_quantity
    left_out = partner_update.left_out if partner_update else []
    for item in shipment.items.all():
        if str(item.line_item_id) in left_out:
            continue
        is_gone = shipment.kind == Shipment.Kind.CANCELLATION
        ours[_given_up(item.digital_river_item_id) if is_gone else item.digital_river_item_id] += item.quantity
        names[item.digital_river_item_id] = item.description
    return [
        Difference(_which(line, names), f"{theirs[line]} units", f"{ours[line]} units")
        for line in [*theirs, *(ours.keys() - theirs.keys())]
        if theirs[line] != ours[line]
    ]


GIVEN_UP = "given up of "


def _given_up(item_id: str) -> str:
    return GIVEN_UP + item_id


def _which(line: str, names: dict[str, str]) -> str:
    item_id = line.removeprefix(GIVEN_UP)
    return f"{'Canceled units of' if line.startswith(GIVEN_UP) else 'Units of'} {names.get(item_id) or item_id}"
