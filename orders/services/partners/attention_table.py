"""The partner updates that need someone, as a table for other programs."""

from functools import partial

from orders import states
from orders.models import Merchant, PartnerUpdate
from orders.services.partners import attention
from orders.tables import Column, Kind, Table, Value

COLUMNS = [
    *map(Column, ("Order", "Order id", "Shipment", "Partner", "State")),
    Column("Status", Kind.NUMBER),
    *map(Column, ("Code", "Message", "Request id")),
    Column("Calls", Kind.NUMBER),
    Column("Since", Kind.MOMENT),
]


def table(merchant: Merchant, mode: str, destination: str, filter_words: str) -> Table:
    """Of one destination, or of all with ""."""
    rows = attention.all_rows(merchant, mode, destination)
    count = partial(attention.count, merchant, mode, destination)
    return Table("Partner updates", COLUMNS, map(_row, rows), count, filter=filter_words)


def _row(one: PartnerUpdate) -> list[Value]:
    return [
        *(one.shipment.order_number, str(one.order_id), str(one.shipment.number)),
        *(one.get_destination_display(), states.partner_update_state(one).word),
        *(one.status, one.code, one.message, one.request_id, one.attempts),
        one.since,  # type: ignore[attr-defined]  # annotated by attention
    ]
