"""The lists of what was sent off: ours with its filters, and Digital River's own, read live."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.apis.digital_river.objects import Fulfillment, OrderDetails
from orders.apis.errors import ApiError, Missing
from orders.apis.listings import Listing, Unreadable
from orders.apis.order_protection.objects import STATUSES
from orders.forms.fulfillment.shipment_filters import LONGEST_ID, STATES, DigitalRiverFilter, ShipmentFilter
from orders.models import Shipment, ShipmentItem
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services.fulfillment import packing_slips, undo
from orders.services.fulfillment import shipment_list as ours
from orders.services.partners import digital_river_list as digital_river
from orders.services.partners.digital_river_list import Compared
from orders.services.revkeen.session import Reading
from orders.views.addresses import address
from orders.views.fulfillment import destinations
from orders.views.fulfillment.destinations import Destination
from orders.views.pages import render_page

PAGING: dict[str, None] = {"after": None, "before": None}
CURSORS: dict[str, None] = {"starting_after": None, "ending_before": None}
LIST = "orders/fulfillment/shipment_list/list.html"
THEIR_LIST = "orders/fulfillment/shipment_list/digital_river.html"
LIST_PAGE = "shipment_list"


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Row:
    shipment: Shipment
    lines: int
    units: int
    destinations: list[Destination]

    @property
    def done(self) -> bool:
        """Nobody has anything left to do with it."""
        return not any(row.changing or row.state.tone in ("wait", "bad") for row in self.destinations)

    @property
    def shows_state(self) -> bool:
        """Only of what did not simply leave."""
        gone = self.shipment.state in (Shipment.State.REFUSED, Shipment.State.UNDONE)
        return gone or self.shipment.kind == Shipment.Kind.CANCELLATION

    @property
    def first_item(self) -> str:
        return next((_item(item) for item in self.shipment.items.all()), "")

    @property
    def contents(self) -> str:
        return ", ".join(_item(item) for item in self.shipment.items.all()[:12])


@dataclass(frozen=True)
class TheirRow:
    """A fulfillment of Digital River's; `path` is where its page is, "" where its id cannot stand in an address."""

    compared: Compared
    path: str
    units: int
    given_up: int


@dataclass(frozen=True)
class Transition:
    state: str
    at: datetime | None
    said: str  # as it was said, where that is no time


@require_safe
@merchant_page
def shipment_list(request: MerchantRequest) -> HttpResponse:
    form = ShipmentFilter(request.GET, zone=request.merchant.zone)
    context: dict[str, Any] = {"form": form, "tabs": _tabs(request)}
    if not form.is_valid():
        return render_page(request, LIST, context, status=400)
    after, before = form.cleaned_data["after"], form.cleaned_data["before"]
    page = ours.page(form.wanted(request.merchant, request.mode), after, before)
    if before and not page.has_newer:  # the first page whole, not the few rows that were left
        return redirect(address(request, **PAGING))
    return render_page(request, LIST, context | _table(request, form, page))


@require_safe
@merchant_page
def digital_river_list(request: MerchantRequest) -> HttpResponse:
    """What Digital River has, whoever told it, read live."""
    form = DigitalRiverFilter(request.GET, zone=request.merchant.zone)
    context: dict[str, Any] = {"form": form, "tabs": _tabs(request)}
    if not form.is_valid():
        return render_page(request, THEIR_LIST, context, status=400)
    reading = _their_list(request, form)
    if _went_past_the_newest(form, reading):
        return redirect(address(request, **CURSORS))
    context |= _their_table(request, form, reading)
    return render_page(request, THEIR_LIST, context, status=reading.page_status)


@require_safe
@merchant_page
def digital_river_detail(request: MerchantRequest, fulfillment_id: str) -> HttpResponse:
    """One of them with its order. The id is Digital River's own and may hold anything."""
    if not _can_stand_in_an_address(fulfillment_id):
        raise Http404
    try:
        with digital_river.session(request.merchant, request.mode) as api:
            found = api.fulfillment(fulfillment_id)
    except Missing as error:
        raise Http404 from error
    compared = digital_river.compare(request.merchant, request.mode, [found])[0]
    order = found.order_details
    context = {
        "compared": compared,
        "fulfillment": found,
        "reading": Reading(timezone.now(), found),
        "order": order,
        "amounts": _amounts(order) if order else [],
        "transitions": _transitions(order) if order else [],
    }
    return render_page(request, "orders/fulfillment/shipment_list/digital_river_detail.html", context)


def _tabs(request: MerchantRequest) -> list[Tab]:
    """Ours by state, and Digital River's own list."""
    theirs = request.resolver_match.url_name == "digital_river_list"
    current = request.GET.get("state", "")
    where = [request.merchant.slug, request.mode]
    by_state = [
        Tab(label, _ours(request, state, theirs), not theirs and state == current)
        for state, label in [("", "All"), *STATES.items()]
    ]
    return [*by_state, Tab("At Digital River", reverse("digital_river_list", args=where), theirs)]


def _ours(request: MerchantRequest, state: str, theirs: bool) -> str:
    """The filter stays from one state to the next; Digital River's own filter is another one."""
    if not theirs:
        return address(request, LIST_PAGE, state=state or None, **PAGING)
    path = reverse(LIST_PAGE, args=[request.merchant.slug, request.mode])
    return f"{path}?state={state}" if state else path


def _table(request: MerchantRequest, form: ShipmentFilter, page: ours.Page) -> dict[str, Any]:
    rows = page.rows
    newer = address(request, after=None, before=rows[0].pk) if page.has_newer and rows else ""
    older = address(request, before=None, after=rows[-1].pk) if page.has_older and rows else ""
    return {
        "rows": _rows(request, rows),
        "newer": newer,
        "older": older,
        "conditions": [(words, address(request, **{name: None}, **PAGING)) for name, words in form.conditions],
        "statuses": STATUSES,
        "ticks_of": address(request, **PAGING),
        "most_ticks": packing_slips.MOST,
    }


def _rows(request: MerchantRequest, found: list[Shipment]) -> list[Row]:
    """Where nothing is due to RevKeen with a shipment, what it heard of it is in others of the order."""
    parts = {shipment.order_id for shipment in found if shipment.step is None}
    told = ours.telling_revkeen(request.merchant, request.mode, parts)
    return [_row(request, shipment, told) for shipment in found]


def _row(request: MerchantRequest, shipment: Shipment, told: list[Shipment]) -> Row:
    items = shipment.items.all()
    of_order = [one for one in told if one.order_id == shipment.order_id]
    held = undo.may_be_undone(shipment.fulfillment, timezone.now())
    until = shipment.fulfillment.undo_until if held else None
    undone = shipment.state == Shipment.State.UNDONE
    rows = [] if undone else destinations.destinations(request.merchant, shipment, of_order, until)
    return Row(shipment, len(items), sum(item.quantity for item in items), rows)


def _item(item: ShipmentItem) -> str:
    return f"{item.quantity} × {item.description}"


def _their_list(request: MerchantRequest, form: DigitalRiverFilter) -> Reading[Listing[Fulfillment]]:
    try:
        with digital_river.session(request.merchant, request.mode) as api:
            listing = api.fulfillments(form.filters)
    except ApiError as error:
        return Reading(timezone.now(), error=error)
    return Reading(timezone.now(), listing)


def _went_past_the_newest(form: DigitalRiverFilter, reading: Reading[Listing[Fulfillment]]) -> bool:
    return bool(form.cleaned_data["ending_before"] and reading.value and not reading.value.has_more)


def _their_table(
    request: MerchantRequest, form: DigitalRiverFilter, reading: Reading[Listing[Fulfillment]]
) -> dict[str, Any]:
    listing = reading.value or Listing([])
    rows = list(listing.rows)
    compared = {one.fulfillment.id: one for one in digital_river.compare(request.merchant, request.mode, rows)}
    backwards = bool(form.cleaned_data["ending_before"])
    has_newer = bool(form.cleaned_data["starting_after"]) or (backwards and listing.has_more)
    has_older = backwards or listing.has_more
    return {
        "reading": reading,
        "rows": [row if isinstance(row, Unreadable) else _their_row(request, compared[row.id]) for row in listing],
        "newer": address(request, starting_after=None, ending_before=rows[0].id) if has_newer and rows else "",
        "older": address(request, ending_before=None, starting_after=rows[-1].id) if has_older and rows else "",
        "conditions": [(words, address(request, **{name: None}, **CURSORS)) for name, words in form.conditions],
    }


def _their_row(request: MerchantRequest, compared: Compared) -> TheirRow:
    found = compared.fulfillment
    return TheirRow(
        compared,
        _path(request, found.id),
        sum(item.quantity for item in found.items),
        sum(item.cancel_quantity for item in found.items),
    )


def _path(request: MerchantRequest, fulfillment_id: str) -> str:
    if not _can_stand_in_an_address(fulfillment_id):
        return ""
    return reverse("digital_river_detail", args=[request.merchant.slug, request.mode, fulfillment_id])


def _can_stand_in_an_address(fulfillment_id: str) -> bool:
    """Browsers and servers in between take `.`, `..` and empty parts out of an address, and it leads elsewhere."""
    parts = fulfillment_id.replace("\\", "/").split("/")
    return len(fulfillment_id) <= LONGEST_ID and fulfillment_id.isprintable() and not {"", ".", ".."} & set(parts)


def _amounts(order: OrderDetails) -> list[tuple[str, Money]]:
    named = [
        ("Total", order.total),
        ("Captured", order.captured),
        ("Canceled", order.canceled),
        ("Refunded", order.refunded),
        ("Can be refunded", order.refundable),
    ]
    return [(name, money) for name, money in named if money is not None]


def _transitions(order: OrderDetails) -> list[Transition]:
    """In the order of their times; what is no time stands last, as it was said."""
    made = [_transition(state, said) for state, said in (order.state_transitions or {}).items() if said]
    return sorted(made, key=lambda one: (one.at is None, one.at.timestamp() if one.at else 0))


def _transition(state: str, said: str) -> Transition:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return Transition(state, None, said)
    return Transition(state, at if at.tzinfo else None, said)
