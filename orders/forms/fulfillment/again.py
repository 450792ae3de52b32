"""The form as it was when it was sent off, over what is left now: nothing that was typed is typed twice."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.http import QueryDict

from orders import carriers
from orders.forms.fulfillment.typed_numbers import carrier_fields
from orders.models import Shipment, ShipmentItem
from orders.money import decimal_places
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot


def again(tried: list[Shipment], shown: FulfillmentSnapshot, zone: ZoneInfo) -> QueryDict | None:
    """What the form that these parcels came of has; None where nothing of them is left to send."""
    data = QueryDict(mutable=True)
    data["again"] = "yes"
    left = {line_id: line.left for line_id, line in shown.lines.items()}
    ticked = False
    for key, shipment in enumerate(tried, 1):
        ticked |= _fill_in(data, str(key), shipment, left, zone)
    return data if ticked else None


def _fill_in(data: QueryDict, key: str, shipment: Shipment, left: dict[str, int], zone: ZoneInfo) -> bool:
    """Whether anything of it is ticked. `left` becomes what the parcels so far leave."""
    items = {str(item.line_item_id): item for item in shipment.items.all()}
    data.appendlist("parcel", key)
    units = {line: min(items[line].quantity if line in items else rest, rest) for line, rest in left.items()}
    ticked = [line for line in left if line in items and units[line] > 0]
    data.setlist(f"p{key}-lines", ticked)
    for line, count in units.items():
        data[f"p{key}-units-{line}"] = str(count) if count > 0 else ""
    for line in ticked:
        left[line] -= units[line]
        _of_line(data, key, line, items[line], shipment.cost_currency)
    _of_parcel(data, key, shipment, zone)
    return bool(ticked)


def _of_parcel(data: QueryDict, key: str, shipment: Shipment, zone: ZoneInfo) -> None:
    told = shipment.step is not None  # else nobody was asked about an e-mail
    fields = {
        "notify": ("yes" if shipment.notified else "no") if told else "",
        "partner_id": shipment.partner_id,
        "cost_currency": shipment.cost_currency,
        "shipment_id": shipment.digital_river_shipment_id,
        "status": shipment.status,
        "shipped_at": _moment(shipment.shipped_at, zone),
        "status_at": _moment(shipment.status_at, zone),
    }
    for place, row in enumerate(shipment.tracking.all()):
        own_page = row.address == carriers.tracking_address(shipment.carrier, row.number)
        fields |= {f"number-{place}": row.number, f"address-{place}": "" if own_page else row.address}
        fields[f"sure-{place}"] = f"{shipment.carrier}|{row.normalized}"[:200]  # they were, or it had not been sent
    for place, (name, value) in enumerate(shipment.metadata.items()):
        fields |= {f"name-{place}": name, f"value-{place}": str(value)}
    for name, value in fields.items():
        data[f"p{key}-{name}"] = value
    for name, value in carrier_fields(key, shipment.carrier).items():
        data[name] = value


def _of_line(data: QueryDict, key: str, line: str, item: ShipmentItem, currency: str) -> None:
    data[f"p{key}-distributor-{line}"] = _amount(item.distributor_cost, currency)
    data[f"p{key}-shipping-{line}"] = _amount(item.shipping_cost, currency)
    data[f"p{key}-subfulfiller-{line}"] = item.subfulfiller_id
    data[f"p{key}-item-{line}"] = item.digital_river_shipment_item_id


def _amount(minor: int | None, currency: str) -> str:
    places = decimal_places(currency)
    return "" if minor is None or places is None else str(Decimal(minor).scaleb(-places))


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""
