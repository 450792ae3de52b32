"""Opening an order at the station, closing it again, and taking it over from somebody else."""

import uuid
from typing import Any

from django.db.models.functions import Now
from django.urls import reverse

from orders.apis.errors import ApiError, Missing
from orders.forms.station import packing_form
from orders.models import Batch, Operation, Packing, Shipment
from orders.requests import MerchantRequest
from orders.services.changes import journal
from orders.services.fulfillment import fulfillable
from orders.services.fulfillment.fulfillable import Fulfillable, FulfillmentSnapshot
from orders.services.fulfillment.last_attempt import last_tried
from orders.services.handling import holds
from orders.services.revkeen import session
from orders.services.station import bench, opening
from orders.services.station.bench import TakenByOther
from orders.services.station.work import BAD, GOOD, PLAIN, WAIT, Said, Work
from orders.views.changes import form_page
from orders.views.fulfillment.fulfill import blocked_reason
from orders.views.fulfillment.fulfill_form import as_opened

BACK = "back"  # what a second Esc confirms
Answer = tuple[Said, Work | None, dict[str, Any]]  # what is said, the work as it is now, and what else is changed


def open_order(request: MerchantRequest, packing: Packing, order_id: uuid.UUID) -> Answer:
    """Read it, and take it. What cannot be packed is not taken, and it is said why."""
    try:
        with session.session(request.merchant, request.mode) as api:
            found = fulfillable.fulfillable(api, order_id)
    except Missing:
        return Said(BAD, "RevKeen has no such order."), None, {}
    except ApiError as error:
        return Said(BAD, f"Not opened. {error.title} {error} Scan it again in a moment."), None, {}
    return not_packed(request, found) or _taken(request, packing, order_id, found)


def not_packed(request: MerchantRequest, found: Fulfillable) -> Answer | None:
    """What speaks against packing an order now."""
    order = found.order.require()
    if found.order.error is not None:
        return Said(BAD, f"{order.public_id} could not be read anew. {found.order.error.title}"), None, {}
    if reason := blocked_reason(found):
        return Said(BAD, f"{order.public_id}: {reason}", str(order.id)), None, {}
    if hold := holds.of_order(request.merchant, request.mode, order.id):
        return (
            Said(BAD, f"{order.public_id} is on hold: {hold.words}. Release the hold first.", str(order.id)),
            None,
            {},
        )
    if holder := journal.holder_of(request.merchant.pk, request.mode, order.id):
        return Said(BAD, f"{order.public_id} is locked: {holder.user} is changing it.", str(order.id)), None, {}
    return None


def begun(request: MerchantRequest, packing: Packing, found: Fulfillable, kept: Work) -> dict[str, Any]:
    """The changes of the place that holds the order, with a form token over what the order is now."""
    shown, order = fulfillable.snapshot_of(found), found.order.require()
    return {
        "order_id": order.id,
        "order_number": order.public_id[:100],
        "taken_at": packing.taken_at if packing.order_id == order.id else Now(),
        "form_token": form_page.new_form_token(request, Operation.Kind.FULFILL, order.id, shown),
    }


def put_back(packing: Packing, work: Work) -> Answer:
    """Somebody else may pack it. What was counted is forgotten, so it is asked once more."""
    if (work.units or work.all_numbers) and BACK not in work.asked:
        work.asked = [BACK]
        return Said(WAIT, "What was scanned for it is forgotten then. Press Esc again to put it back."), work, {}
    return (
        Said(PLAIN, f"{packing.order_number} is back in To fulfill. Nothing was sent."),
        None,
        bench.put_back(packing),
    )


def cannot_find(packing: Packing, work: Work, shown: FulfillmentSnapshot) -> Answer:
    """Aside with it, on hold, until somebody releases it."""
    missing = bench.hold(packing, work, shown)
    words = f"{packing.order_number} is on hold: item not found.{f' Missing: {missing}.' if missing else ''}"
    return Said(PLAIN, words, str(packing.order_id)), None, bench.NOTHING


def take_over(request: MerchantRequest, packing: Packing, order_id: uuid.UUID) -> Answer:
    bench.take_over(packing, order_id)
    return open_order(request, packing, order_id)


def next_order(request: MerchantRequest, packing: Packing, batch: Batch | None) -> Answer:
    """The next of the batch, from which it then goes on; without one the first in To fulfill."""
    try:
        with session.session(request.merchant, request.mode) as api:
            following = opening.next_in_line(api, packing, batch)
    except ApiError as error:
        return Said(BAD, f"Not opened. {error.title} {error}"), None, {}
    if following.order_id is None:
        return Said(PLAIN, _nothing(following.left, batch)), None, {"batch": None}
    said, work, changes = open_order(request, packing, following.order_id)
    return said, work, changes | {"batch": batch}


def leave_batch() -> Answer:
    return Said(PLAIN, "The next order is the first in To fulfill."), None, {"batch": None}


def shown_of(request: MerchantRequest, packing: Packing) -> FulfillmentSnapshot:
    """What the order was when it was opened. Raise `OutdatedFormToken` of one that an update has come between."""
    kind, order_id = Operation.Kind.FULFILL, packing.order_id
    return form_page.read_form_token(request, packing.form_token, kind, order_id, FulfillmentSnapshot).snapshot


def order_address(request: MerchantRequest, order_id: str) -> str:
    return reverse("order_detail", args=[request.merchant.slug, request.mode, order_id]) if order_id else ""


def _nothing(left: int, batch: Batch | None) -> str:
    whose = f" in {str(batch).lower()}" if batch else ""
    if not left:
        return f"Nothing else to fulfill{whose}."
    return f"Nothing else for you{whose}: {left} left, on hold, locked, assigned to others or in their hands."


def _taken(request: MerchantRequest, packing: Packing, order_id: uuid.UUID, found: Fulfillable) -> Answer:
    try:
        bench.free(packing, order_id)
    except TakenByOther as error:
        return Said(BAD, str(error), str(order_id), offers=True), None, {}
    work = _work(request, order_id, found)
    number = found.order.require().public_id
    return (
        Said(GOOD, f"{number} opened."),
        work,
        begun(request, packing, found, work),
    )


def _work(request: MerchantRequest, order_id: uuid.UUID, found: Fulfillable) -> Work:
    shown = fulfillable.snapshot_of(found)
    data = as_opened(request, order_id, shown, {line_id: line.left for line_id, line in shown.lines.items()})
    must = request.merchant.scan_to_verify or not found.says_which
    parcels = data.getlist("parcel")
    if not shown.recipient:
        data.update({f"p{key}-notify": "no" for key in parcels})  # a guest cannot be asked
    return Work(
        fields=packing_form.fields_of(data),
        parcels=parcels,
        counted={} if must else _counted_before(request, order_id, parcels),
        keys=opening.keys_of(request.merchant, found),
        notes=found.order.require().notes or "",
        must=must,
        unclear=not found.says_which,
    )


def _counted_before(request: MerchantRequest, order_id: uuid.UUID, parcels: list[str]) -> dict[str, dict[str, int]]:
    """Of the last attempt, which was undone or refused: the parcels stand there packed."""
    tried = last_tried(request.merchant, request.mode, order_id, Shipment.Kind.PARCEL)
    packed = [{str(item.line_item_id): item.quantity for item in shipment.items.all()} for shipment in tried]
    return dict(zip(parcels, packed, strict=False)) if len(tried) == len(parcels) else {}
