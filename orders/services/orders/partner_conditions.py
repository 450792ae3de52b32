"""What is open about the partner updates of an order: conditions of services/orders/conditions.py."""

from orders.models import PartnerUpdate, Shipment
from orders.services.orders.facts import SHIPMENTS, Facts
from orders.services.orders.plain_state import Condition


def failed(facts: Facts) -> Condition | None:
    found = [one for one in facts.partner_updates if one.state == PartnerUpdate.State.FAILED]
    if not found:
        return None
    count = "A partner update" if len(found) == 1 else f"{len(found)} partner updates"
    said = f"{_names(found)}. Open the shipment to send it again."
    return Condition(f"{count} failed.", said, "bad", "", SHIPMENTS)


def blocked(facts: Facts) -> Condition | None:
    """Nothing failed: RevKeen did not take the parcel, so that the partners hear of it only on somebody's word."""
    held = [one for one in facts.partner_updates if one.state == PartnerUpdate.State.BLOCKED]
    if not held:
        return None
    count = "A partner update is" if len(held) == 1 else f"{len(held)} partner updates are"
    said = f"{_names(held)}. If the parcel shipped, release them; otherwise stop them."
    return Condition(f"{count} blocked.", said, "wait", "", SHIPMENTS)


def missed(facts: Facts) -> Condition | None:
    """The partner was off when the parcel left and is on again: nothing is sent until somebody says so."""
    off = [
        one
        for one in facts.partner_updates
        if one.state == PartnerUpdate.State.OFF and one.destination in facts.partners_on
    ]
    found = [one for one in off if one.shipment.state in Shipment.COUNTED]
    if not found:
        return None
    count = "A partner update was" if len(found) == 1 else f"{len(found)} partner updates were"
    said = f"{_names(found)}: off when it shipped, now on again. Send it now."
    return Condition(f"{count} not sent.", said, "wait", "", SHIPMENTS)


def in_doubt(facts: Facts) -> Condition | None:
    doubtful = [one for one in facts.partner_updates if one.state == PartnerUpdate.State.IN_DOUBT]
    if not doubtful:
        return None
    said = f"{_names(doubtful)}. We keep checking the partner."
    return Condition("A partner update is in doubt.", said, "wait", "", SHIPMENTS)


def _names(partner_updates: list[PartnerUpdate]) -> str:
    """The first three of them, and how many more there are."""
    names = ", ".join(f"{one.shipment} to {one.get_destination_display()}" for one in partner_updates[:3])
    return names + (f" and {len(partner_updates) - 3} more" if len(partner_updates) > 3 else "")
