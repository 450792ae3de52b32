"""The form that fulfills, out of a request: as it was sent, or as it is opened."""

import uuid
from functools import partial

from django.http import QueryDict

from orders.forms.fulfillment.again import again
from orders.forms.fulfillment.fulfill import FulfillmentForm, fresh
from orders.models import Shipment
from orders.requests import MerchantRequest
from orders.services.fulfillment import presets, tracking_numbers
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.fulfillment.last_attempt import last_tried
from orders.services.partners import directory
from orders.views.pages import typed_before


def filled_form(
    request: MerchantRequest,
    order_id: uuid.UUID,
    snapshot: FulfillmentSnapshot,
    *,
    ticked: dict[str, int] | None = None,
) -> FulfillmentForm:
    """What was sent; or with `ticked`, as it is opened, as it was before a sign-in, or sent off and came to nothing."""
    before = typed_before(request)
    if before is not None:
        before["do"] = "look"
    data = before or (request.POST if ticked is None else as_opened(request, order_id, snapshot, ticked))
    form = form_with(request, order_id, snapshot, data)
    if ticked is not None:
        form.keep_errors_of_units()
        form.focus_first()
    return form


def form_with(
    request: MerchantRequest, order_id: uuid.UUID, snapshot: FulfillmentSnapshot, data: QueryDict
) -> FulfillmentForm:
    """The form with these fields, whoever typed or scanned them."""
    return FulfillmentForm(
        data,
        snapshot=snapshot,
        destinations={one for one, on in directory.with_keys(request.merchant, request.mode).items() if on},
        defaults=directory.settings_of(request.merchant, request.mode),
        zone=request.merchant.zone,
        taken=partial(tracking_numbers.taken, request.merchant, request.mode, order_id),
    )


def as_opened(
    request: MerchantRequest, order_id: uuid.UUID, snapshot: FulfillmentSnapshot, ticked: dict[str, int]
) -> QueryDict:
    """What the form begins with: the last attempt, where it came to nothing, or what the person chose last."""
    before = [] if "new" in request.GET else last_tried(request.merchant, request.mode, order_id, Shipment.Kind.PARCEL)
    filled = again(before, snapshot, request.merchant.zone) if before else None
    return filled or fresh(snapshot, ticked=ticked, preset=presets.preset_of(request.membership))
