"""What Digital River still has open is what the form that fulfills proposes of an order that was fulfilled in part."""

from collections.abc import Iterable

from orders import secrets
from orders.apis.digital_river.client import Client
from orders.apis.errors import ApiError
from orders.models import Connection, PartnerUpdate
from orders.services.fulfillment.fulfillable import Fulfillable
from orders.services.partners import digital_river_open, directory
from orders.services.partners.digital_river_open import There


def proposed(found: Fulfillable, connection: Connection) -> dict[str, int] | None:
    """Line id → units that are left here and open there, for the form that fulfills; None where it is not told.

    Only where every open line has its id there. Raise nothing: without an answer nothing is proposed.
    """
    items = found.ids.digital_river_items
    if not found.ids.digital_river or not all(items[str(line.id)] for line in found.open_lines):
        return None
    try:
        there = _of_order(connection, found.ids.digital_river)
    except (ApiError, secrets.Unreadable):
        return None
    units = {
        str(line.id): min(found.left(line), there.units_open(items[str(line.id)], line.quantity))
        for line in found.open_lines
    }
    return {line_id: count for line_id, count in units.items() if count}


def connection_of(connected: Iterable[Connection]) -> Connection | None:
    """Digital River's among a merchant's active connections."""
    return next((one for one in connected if one.provider == PartnerUpdate.Destination.DIGITAL_RIVER), None)


def _of_order(connection: Connection, order_id: str) -> There:
    client = directory.client_of(connection)
    assert isinstance(client, Client)  # noqa: S101  (`connection_of` chose it)
    return digital_river_open.read(client.all_of_order(order_id), client.fulfillment)
