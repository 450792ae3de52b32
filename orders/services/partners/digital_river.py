"""A shipment to Digital River, which captures money on every create and knows no idempotency key.

So our reference of the shipment goes into the metadata, and after a call in doubt nothing is sent for ten minutes. Then
the order's whole list is read: what is there was sent, and what is not goes out again only when the first call cannot
take effect any more. That is so when it got an answer, or when Digital River would refuse a late duplicate because the
order has not so many units left. Everything else is a person's to decide.
"""

from collections import Counter
from typing import Any, cast

from django.conf import settings

from orders.apis.digital_river.client import PROVIDER, Client, encoded_body
from orders.apis.digital_river.objects import Fulfillment
from orders.apis.errors import KeyRefused, Missing, NotSent, Refused, ScopeMissing
from orders.models import Connection, PartnerUpdate, PartnerUpdateAttempt, Shipment
from orders.services.partners import digital_river_open, directory
from orders.services.partners import digital_river_refusals as refusals
from orders.services.partners.attempt import Again, NeedsPerson, Outcome, Sending, Sent, outcome_of

What = PartnerUpdateAttempt.What
Units = dict[str, tuple[int, int]]  # Digital River's id of a line → units shipped, units given up

REFERENCE = "shipmentRef"  # in the metadata: our reference of the shipment
NUMBERS = "trackingNumbers"  # in the metadata: all of them, because a fulfillment has one
LONGEST_VALUE = 500  # of metadata
MOST_KEYS = 20


def client_for(connection: Connection) -> Client:
    """Raise `secrets.Unreadable`."""
    return cast(Client, directory.client_of(connection))


def bring(sending: Sending[Client]) -> Outcome:
    """Create the fulfillment, or update what is there. Raise `ApiError` or `Lost`."""
    lacking = _lacking(sending)
    if lacking is not None:
        return lacking
    if sending.partner_update.sent_version:
        return _update(sending)
    sending.pause = settings.DIGITAL_RIVER_DOUBT_SECONDS
    reconciled = _reconciled(sending) if sending.to_look_first else None
    return reconciled or _create(sending)


def create_body(partner_update: PartnerUpdate) -> dict[str, Any]:
    """As Digital River takes it, but for costs, which the client writes as decimals of the currency."""
    shipment = partner_update.shipment
    given = {
        "shipmentId": shipment.digital_river_shipment_id,
        "currency": shipment.cost_currency,
        "partnerId": shipment.partner_id,
    }
    return {
        "orderId": partner_update.partner_order_id,
        "items": [_item(item, shipment.kind) for item in _items(partner_update)],
        **_tracking(shipment),
        **{name: value for name, value in given.items() if value},
        "metadata": metadata(shipment),
    }


def update_body(shipment: Shipment) -> dict[str, Any]:
    """All metadata: whether it is merged or replaced is not documented. What is absent stays."""
    return {**_tracking(shipment), "metadata": metadata(shipment)}


def metadata(shipment: Shipment) -> dict[str, Any]:
    """The person's own, our reference, and the tracking numbers where they do not fit into the one place.

    They are told once the shipment was corrected as well: a number that was there before is put right with them. They
    are left out where the person's own leave no place for them.
    """
    numbers = [row.number for row in shipment.tracking.all()]
    to_tell = len(numbers) > 1 or (numbers and shipment.version > 1)
    several = {NUMBERS: _joined(numbers)} if to_tell and len(shipment.metadata) <= MOST_KEYS - 2 else {}
    return {**several, **shipment.metadata, REFERENCE: str(shipment.reference)}


def _reconciled(sending: Sending[Client]) -> Outcome | None:
    """What became of the calls in doubt; None when the fulfillment is to be created."""
    wait = sending.still_too_early
    if wait:
        partner_update = sending.partner_update
        return Again(
            partner_update.code or "no_answer", partner_update.message or "No answer came.", wait, counted=False
        )
    listed = _list(sending)
    ours = _ours(sending, listed)
    if ours:
        return _found(sending, ours)
    return None if sending.doubt.by_hand else _may_arrive_late(sending, listed)


def _may_arrive_late(sending: Sending[Client], listed: list[Fulfillment]) -> NeedsPerson | None:
    """None when nothing of a call in doubt can take effect any more."""
    if sending.partner_update.connection_id not in (None, sending.connection.pk):
        return NeedsPerson("other_key", "The call in doubt was made with another key, which this one may not see.")
    if sending.doubt.answered or _duplicate_is_refused(sending.partner_update, listed):
        return None
    return NeedsPerson(
        "may_arrive_late",
        "Digital River does not show it, but it may still arrive: if sent again, these units could be captured twice.",
    )


def _duplicate_is_refused(partner_update: PartnerUpdate, listed: list[Fulfillment]) -> bool:
    """Whether the order has so few units left that after ours a second one of the same is too much, on every line."""
    gone = digital_river_open.gone(listed)
    return all(item.ordered - gone[item.digital_river_item_id] < 2 * item.quantity for item in _items(partner_update))


def _found(sending: Sending[Client], ours: list[Fulfillment]) -> Outcome:
    """It is there. Where it was corrected since, or was made before a correction, an update follows."""
    if len(ours) > 1:
        ids = ", ".join(one.id for one in ours)
        return NeedsPerson("doubled", f"Digital River has this shipment {len(ours)} times: {ids}.")
    shipment, there = sending.shipment, ours[0]
    if units_of(there) != _units(sending.partner_update):
        return NeedsPerson("contradicted", f"Digital River has {there.id} for this shipment, with other units.")
    version = shipment.version
    if version > 1 and not _says_the_same(shipment, there):
        version -= 1
    return Sent(version, there.id, "Digital River had it already.")


def _create(sending: Sending[Client]) -> Outcome:
    shipment, body = sending.shipment, create_body(sending.partner_update)
    cannot = _cannot_be_written(body)
    if cannot is not None:
        return cannot
    try:
        made = sending.call(What.CREATE, body, lambda: sending.client.create_fulfillment(body))
    except (KeyRefused, ScopeMissing):
        raise
    except Refused as error:
        return _refused(sending, error)
    if units_of(made) != _units(sending.partner_update):
        return NeedsPerson("contradicted", f"Digital River made {made.id} of it, with other units.")
    return Sent(shipment.version, made.id)


def _refused(sending: Sending[Client], error: Refused) -> Outcome:
    """It may be refused because it is there: by a call before this one, by somebody else, or by this very one."""
    listed = [] if isinstance(error, Missing) else _list(sending)
    ours = _ours(sending, listed)
    if ours:
        return _found(sending, ours)
    already = error.code in refusals.HAS_IT_ALREADY[Shipment.Kind(sending.shipment.kind)]
    if already and _all_units_are_there(sending.partner_update, listed):
        return Sent(sending.shipment.version, message="Digital River has it already.")
    part = _open_part(sending, listed) if error.code in refusals.OF_A_LINE else None
    if part is not None:
        return part
    said = outcome_of(error)
    assert isinstance(said, NeedsPerson)  # noqa: S101  (a key that is refused does not come here)
    return NeedsPerson(said.code, f"{refusals.IN_WORDS.get(error.code, '')} {said.message}".strip())


def _open_part(sending: Sending[Client], listed: list[Fulfillment]) -> NeedsPerson | None:
    """What Digital River would take of a parcel that it refused for some of its lines; None where that is not told."""
    there = digital_river_open.read(listed, lambda one: sending.look(lambda: sending.client.fulfillment(one)))
    items = _items(sending.partner_update)
    closed = [item for item in items if not there.takes(item.digital_river_item_id, item.quantity, item.ordered)]
    if not closed or len(closed) == len(items):
        return None
    count, whole = len(items) - len(closed), len(items)
    words = (
        f"{count} of {whole} lines {'is' if count == 1 else 'are'} open there: send {'it' if count == 1 else 'those'}."
    )
    others = "The other is" if len(closed) == 1 else f"The other {len(closed)} are"
    words = f"{words} {others} closed there already, and not by this parcel."
    return NeedsPerson("part_open", words, tuple(str(item.line_item_id) for item in closed))


def _all_units_are_there(partner_update: PartnerUpdate, listed: list[Fulfillment]) -> bool:
    """Whether all that was ordered of our lines has been shipped there, or given up, as ours is."""
    kind = 0 if partner_update.shipment.kind == Shipment.Kind.PARCEL else 1
    there = Counter[str]()
    for fulfillment in listed:
        for item_id, units in units_of(fulfillment).items():
            there[item_id] += units[kind]
    return all(there[item.digital_river_item_id] >= item.ordered for item in _items(partner_update))


def _update(sending: Sending[Client]) -> Outcome:
    """Nothing is captured by it, so it may be repeated at once."""
    remote_id = sending.partner_update.remote_id
    if not remote_id:
        ours = _ours(sending, _list(sending))
        if len(ours) != 1:
            message = "Digital River has these units, but not under this shipment: its tracking cannot be corrected."
            return NeedsPerson("not_ours", message)
        remote_id = ours[0].id
    version, body = sending.shipment.version, update_body(sending.shipment)
    try:
        sending.call(What.UPDATE, body, lambda: sending.client.update_fulfillment(remote_id, body))
    except Missing:
        return NeedsPerson("fulfillment_unknown", f"Digital River no longer has {remote_id}.")
    return Sent(version, remote_id)


def _lacking(sending: Sending[Client]) -> NeedsPerson | None:
    if not sending.partner_update.partner_order_id:
        message = "The order’s id at Digital River is not known. Enter it under Partner ids."
        return NeedsPerson("no_order_id", message)
    if any(not item.digital_river_item_id for item in _items(sending.partner_update)):
        message = "A line’s id at Digital River is not known, or another line has the same. Enter it under Partner ids."
        return NeedsPerson("no_item_id", message)
    return None


def _cannot_be_written(body: dict[str, Any]) -> NeedsPerson | None:
    try:
        encoded_body(body)
    except NotSent as error:
        error.provider = PROVIDER
        return NeedsPerson("not_writable", str(error))
    return None


def _list(sending: Sending[Client]) -> list[Fulfillment]:
    return sending.look(lambda: sending.client.all_of_order(sending.partner_update.partner_order_id))


def _ours(sending: Sending[Client], listed: list[Fulfillment]) -> list[Fulfillment]:
    reference = str(sending.shipment.reference)
    return [one for one in listed if one.metadata.get(REFERENCE) == reference]


def units_of(fulfillment: Fulfillment) -> Units:
    return {item.item_id: (item.quantity, item.cancel_quantity) for item in fulfillment.items}


def _units(partner_update: PartnerUpdate) -> Units:
    shipped = partner_update.shipment.kind == Shipment.Kind.PARCEL
    return {
        item.digital_river_item_id: (item.quantity, 0) if shipped else (0, item.quantity)
        for item in _items(partner_update)
    }


def _says_the_same(shipment: Shipment, there: Fulfillment) -> bool:
    tracking = {
        "trackingCompany": there.tracking_company,
        "trackingNumber": there.tracking_number,
        "trackingUrl": there.tracking_url,
    }
    wanted = {"trackingCompany": None, "trackingNumber": None, "trackingUrl": None, **_tracking(shipment)}
    return tracking == wanted and metadata(shipment).items() <= there.metadata.items()


def _items(partner_update: PartnerUpdate) -> list[Any]:
    """Those that are sent, in their order: not what a person left out because it is closed there."""
    items = sorted(partner_update.shipment.items.all(), key=lambda item: item.pk)
    return [item for item in items if str(item.line_item_id) not in partner_update.left_out]


def _item(item: Any, kind: str) -> dict[str, Any]:
    units = "quantity" if kind == Shipment.Kind.PARCEL else "cancelQuantity"
    given = {
        "subfulfillerId": item.subfulfiller_id or None,
        "distributorCost": item.distributor_cost,
        "shippingCost": item.shipping_cost,
        "shipmentItemId": item.digital_river_shipment_item_id or None,
    }
    said = {name: value for name, value in given.items() if value is not None}
    return {"itemId": item.digital_river_item_id, units: item.quantity, **said}


def _tracking(shipment: Shipment) -> dict[str, str]:
    given = {
        "trackingCompany": shipment.carrier_name,
        "trackingNumber": shipment.tracking_number,
        "trackingUrl": shipment.tracking_address,
    }
    return {name: value for name, value in given.items() if value}


def _joined(numbers: list[str]) -> str:
    """As many as one value holds, whole."""
    text = ""
    for number in numbers:
        longer = f"{text}, {number}" if text else number
        if len(longer) > LONGEST_VALUE:
            break
        text = longer
    return text
