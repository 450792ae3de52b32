"""What is open about the partner updates of an order: conditions of services/conditions.py."""

from orders.models import Delivery, Shipment
from orders.services.facts import SHIPMENTS, Facts
from orders.services.plain_state import Condition


def failed(facts: Facts) -> Condition | None:
    found = [one for one in facts.deliveries if one.state == Delivery.State.FAILED]
    if not found:
        return None
    count = "A partner update" if len(found) == 1 else f"{len(found)} partner updates"
    said = f"{_names(found)}. Open the shipment to send it again."
    return Condition(f"{count} failed.", said, "bad", "", SHIPMENTS)


def held_back(facts: Facts) -> Condition | None:
    """Nothing failed: RevKeen did not take the parcel, so that the partners hear of it only on somebody's word."""
    held = [one for one in facts.deliveries if one.state == Delivery.State.HELD_BACK]
    if not held:
        return None
    count = "A partner update is" if len(held) == 1 else f"{len(held)} partner updates are"
    said = f"{_names(held)}. If the parcel shipped, release them; otherwise stop them."
    return Condition(f"{count} blocked.", said, "wait", "", SHIPMENTS)


def missed(facts: Facts) -> Condition | None:
    """The partner was off when the parcel left and is on again: nothing is sent until somebody says so."""
    off = [one for one in facts.deliveries if one.state == Delivery.State.OFF and one.destination in facts.partners_on]
    found = [one for one in off if one.shipment.state in Shipment.COUNTED]
    if not found:
        return None
    count = "A partner update was" if len(found) == 1 else f"{len(found)} partner updates were"
    said = f"{_names(found)}: off when it shipped, now on again. Send it now."
    return Condition(f"{count} not sent.", said, "wait", "", SHIPMENTS)


def in_doubt(facts: Facts) -> Condition | None:
    doubtful = [one for one in facts.deliveries if one.state == Delivery.State.UNKNOWN]
    if not doubtful:
        return None
    said = f"{_names(doubtful)}. We keep checking the partner."
    return Condition("A partner update is in doubt.", said, "wait", "", SHIPMENTS)


def _names(deliveries: list[Delivery]) -> str:
    """The first three of them, and how many more there are."""
    names = ", ".join(f"{one.shipment} to {one.get_destination_display()}" for one in deliveries[:3])
    return names + (f" and {len(deliveries) - 3} more" if len(deliveries) > 3 else "")
