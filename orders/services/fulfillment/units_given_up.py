"""That units were given up, in the journal: RevKeen is told of none of them, so no operation says it."""

from collections.abc import Iterable

from orders.models import EventLog, Fulfillment, Shipment, User
from orders.services import audit
from orders.storable import storable


def note(written: Iterable[Shipment]) -> None:
    """Of shipments that were just written, in the transaction that wrote them."""
    for shipment in written:
        if shipment.kind == Shipment.Kind.CANCELLATION:
            _record(shipment, shipment.fulfillment.user, f"{_units(shipment)}. {shipment.reason}")


def note_undone(fulfillment: Fulfillment, by: User) -> None:
    """What was given up is to be shipped after all, in the transaction that undoes it."""
    for shipment in Shipment.objects.filter(fulfillment=fulfillment, kind=Shipment.Kind.CANCELLATION):
        _record(shipment, by, f"{_units(shipment)}: undone, nothing is canceled")


def _units(shipment: Shipment) -> str:
    return ", ".join(f"{item.quantity} × {item.description}" for item in shipment.items.order_by("pk")[:5])


def _record(shipment: Shipment, by: User, words: str) -> None:
    audit.record(
        EventLog.Kind.UNITS_GIVEN_UP,
        storable(f"Shipment {shipment.number} of {shipment.order_number}: {words}"),
        user=by,
        merchant=shipment.merchant,
        mode=shipment.mode,
        order_id=shipment.order_id,
    )
