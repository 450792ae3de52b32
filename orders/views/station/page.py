"""What the station shows: what was said last, what lies there, and what this person can still undo."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from orders import carriers
from orders.forms.station import packing_form
from orders.headers import content_security_policy, permissions_policy
from orders.models import Item, Packing
from orders.requests import MerchantRequest
from orders.services.changes.form_tokens import OutdatedFormToken
from orders.services.fulfillment import leaving
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot, LineSnapshot
from orders.services.items import items
from orders.services.picking import batches
from orders.services.station import opening as finding
from orders.services.station import work as working
from orders.services.station.work import Work
from orders.views.pages import render_page
from orders.views.station import opening, sending

PART = "orders/station/_bench.html"
SHOWN_SCANS = 6
RECENT = 20  # scans, of which the page learns that they were heard


@dataclass(frozen=True)
class LineRow:
    """`by_hand`: it may be counted without a scan."""

    id: str
    line: LineSnapshot
    item: Item | None
    counted: int
    by_hand: bool

    @property
    def is_done(self) -> bool:
        return self.counted >= self.line.left


@dataclass(frozen=True)
class ParcelRow:
    """`guesses`: whose number it may be, while no carrier is set."""

    key: str
    units: int
    number: str
    carrier: str
    guesses: list[Any]


def page(request: MerchantRequest, packing: Packing) -> HttpResponse:
    context = {
        "packing": packing,
        "said": packing.heard[-1] if packing.heard else None,
        "heard_ids": " ".join(heard["id"] for heard in packing.heard[-RECENT:]),
        "scans": list(reversed([heard for heard in packing.heard if heard["text"]]))[:SHOWN_SCANS],
        "leaving": leaving.leaving(request.merchant, request.mode, request.user),
        "form_id": str(uuid.uuid4()),
        "place": batches.place_of(packing.batch, packing.order_id) if packing.batch else None,
        **_at_hand(request, packing),
    }
    response = render_page(request, "orders/station/page.html", context, parts={"bench": PART})
    # Pictures come from where the merchant's items have them; a camera reads barcodes here and nowhere else.
    response["Content-Security-Policy"] = content_security_policy(items.picture_origins(request.merchant))
    response["Permissions-Policy"] = permissions_policy(camera="self")
    return response


def _at_hand(request: MerchantRequest, packing: Packing) -> dict[str, Any]:
    if packing.order_id is None:
        return {}
    try:
        shown = opening.shown_of(request, packing)
    except OutdatedFormToken:  # the next scan opens the order anew
        return {"outdated": True}
    work = working.of(packing)
    form = sending.form_for(request, packing.order_id, work, shown)
    total = sum(line.left for line in shown.lines.values())
    return {
        "work": work,
        "shown": shown,
        "rows": _rows(request, work, shown),
        "parcels": _parcels(work, form),
        "named": form.named,
        "email": form.told_first.notify_typed if shown.recipient else "no",
        "tells": bool(form.told_first.completes),
        "counted": work.units.total(),
        "total": total,
        "left": total - work.units.total(),
        "missing": packing_form.missing(work, shown),
        "may_be_label": work.doubted,
    }


def _rows(request: MerchantRequest, work: Work, shown: FulfillmentSnapshot) -> list[LineRow]:
    places, units = finding.places(request.merchant, shown), work.units
    return [
        LineRow(
            line_id,
            line,
            places.get(line_id),
            units[line_id],
            not work.must or not work.keys.get(line_id),
        )
        for line_id, line in shown.lines.items()
    ]


def _parcels(work: Work, form: Any) -> list[ParcelRow]:
    by_key = {parcel.key: parcel for parcel in form.parcels}
    rows = []
    for key in work.parcels:
        parcel, number = by_key.get(key), (work.numbers(key) or [""])[0]
        set_to = carriers.name_of(parcel.carrier_typed) if parcel and number else ""
        guesses = parcel.guesses if parcel and number else []
        rows.append(ParcelRow(key, sum(work.counted.get(key, {}).values()), number, set_to, guesses))
    return rows
