import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import amounts, own_payments, shipped_units, states
from orders.access import merchant_page
from orders.apis.decoding import too_deep
from orders.apis.errors import Missing, NotUnderstood, Refused
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import LineItem, Order
from orders.forms.orders.order_address import carried, left_from
from orders.models import Operation, PartnerUpdate, Shipment
from orders.money import Money
from orders.own_payments import Split
from orders.requests import MerchantRequest
from orders.services import audit
from orders.services.approvals import requests
from orders.services.changes import operations, review_checks
from orders.services.drafts import replacements
from orders.services.finance import sign_offs
from orders.services.fulfillment import at_hand, fulfillable
from orders.services.handling import handled
from orders.services.handling.handled import Handled
from orders.services.index.order_filters import Place
from orders.services.orders import cancellations, next_steps, refunds, timeline
from orders.services.orders import reading as reading_module
from orders.services.orders.conditions import conditions
from orders.services.orders.facts import Facts
from orders.services.orders.reading import OrderFile
from orders.services.partners import directory
from orders.services.revkeen import session
from orders.states import State
from orders.views.fulfillment import destinations
from orders.views.order_head import holder, read_or_404, sums
from orders.views.orders.peek import PEEK, peek
from orders.views.pages import render_page
from orders.views.payment_rows import payment_rows

LONGEST_TEXT = 100_000  # characters of what cannot be indented
POST_PAGES = ("draft_revise", "draft_copy")  # they make something here and lead to it


@require_safe
@merchant_page
def order_detail(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    if request.htmx and request.htmx.target == PEEK:
        return peek(request, order_id)
    file = read_or_404(request, lambda api: reading_module.order_file(api, order_id))
    reviewed = sign_offs.of_order(Place(request.merchant, request.mode, timezone.now()), order_id)
    context = _detail(request, file) | {"reviewed": reviewed}
    return render_page(request, "orders/orders/detail.html", context, status=file.order.page_status)


@require_safe
@merchant_page
def order_json(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """The order as RevKeen sent it, for those who look into amounts; one that we cannot read too."""
    with session.session(request.merchant, request.mode) as api:
        reading = api.get(reads.order(order_id))
    if isinstance(reading.error, Missing):
        raise Http404
    unread = reading.error.body if isinstance(reading.error, NotUnderstood) else b""
    if not unread:
        reading.require()
    context = {"order": reading.value, "order_id": order_id, "reading": reading, "unread": bool(unread)}
    return render_page(request, "orders/orders/json.html", {**context, "text": _indented(unread or reading.body)})


@dataclass(frozen=True)
class LineRow:
    line: LineItem
    product: str  # the product's code or name; "" for an ad-hoc line
    unit_price: Money
    discount: Money
    tax: Money
    total: Money
    shipments: list[Shipment]  # that units of it are in
    state: State | None  # how much of it has left; None where nothing of it left from here


def _detail(request: MerchantRequest, file: OrderFile) -> dict[str, Any]:
    order = file.order.require()
    written = shipped_units.all_of_order(request.merchant, request.mode, order.id)
    done_here = operations.of_order(request.merchant, request.mode, order.id)
    split = _split(file)
    said = handled.of_order(request.merchant, request.mode, order.id)
    facts = _facts(request, file, split, done_here, written, said)
    return {
        **_came_from(request),
        "file": file,
        "order": order,
        "payment": states.payment_state(order),
        "fulfillment": states.fulfillment_state(order),
        "amounts_check": facts.check,
        "reading": file.order,
        "linked": replacements.linked(request.merchant, request.mode, order),
        "holder": facts.holder,
        "handled": said,
        "at_hand": at_hand.of_order(request.merchant, request.mode, order.id),
        "approvals": requests.of_order(request.membership, request.mode, order.id),
        "canceled": cancellations.canceled_here(request.merchant, request.mode, order),
        "next_steps": next_steps.next_steps(order, conditions(facts)),
        "can_edit": next_steps.step(order, "order_edit").possible and not file.order.stale,
        "post_pages": POST_PAGES,
        "lines": _line_rows(file, written),
        "shipments": destinations.cards(request.merchant, written),
        "sums": sums(order),
        "payments": payment_rows(order, facts.transactions, facts.refunds),
        "not_ours": payment_rows(order, split.of_others, []) if split else [],
        "days": _days(request, file, done_here, written),
    }


def _came_from(request: MerchantRequest) -> dict[str, str]:
    """The list that leads on from here, as its address has it, and as links carry it."""
    came_from = left_from(request.GET.get("list", ""))
    return {"came_from": came_from.urlencode(), "carried": carried(came_from)}


def _facts(
    request: MerchantRequest,
    file: OrderFile,
    split: Split | None,
    done_here: list[Operation],
    written: list[Shipment],
    said: Handled,
) -> Facts:
    order = file.order.require()
    told = file.events.value.rows if file.events.value else []
    return Facts(
        order,
        timezone.now(),
        holder=holder(request, order),
        check=amounts.check(order, split),
        shipments=written,
        refunds=refunds.known_refunds(told, done_here, file.refunds),
        transactions=[*split.own, *split.unknown] if split else [],
        contradicted=[found for one in done_here if (found := review_checks.of(one)) and found.contradicted],
        partners_on=_partners_on(request, written),
        hold=said.hold,
        unread=_unread(file),
    )


def _partners_on(request: MerchantRequest, written: list[Shipment]) -> frozenset[str]:
    """Looked for only where something was recorded while a partner was off."""
    if not any(one.state == PartnerUpdate.State.OFF for shipment in written for one in shipment.partner_updates.all()):
        return frozenset()
    return frozenset(one.provider for one in directory.connected(request.merchant, request.mode))


def _unread(file: OrderFile) -> list[str]:
    """What could not be read just now. A key that may not read something never will; its card says so."""
    parts = {"payments": file.transactions, "events": file.events}
    errors = {name: reading.error for name, reading in parts.items() if reading is not None and reading.error}
    return [name for name, error in errors.items() if not (isinstance(error, Refused) and error.status == 403)]


def _split(file: OrderFile) -> Split | None:
    """Its own payments, and what else its invoice has; None where they could not be read."""
    if file.transactions is None or file.transactions.value is None:
        return None
    return own_payments.split(file.order.require(), file.transactions.value, file.events.value)


def _days(
    request: MerchantRequest, file: OrderFile, done_here: list[Operation], written: list[Shipment]
) -> list[timeline.Day]:
    told = file.events.value.rows if file.events.value else []
    notes = audit.of_order(request.merchant, request.mode, file.order.require().id)
    return timeline.days(told, done_here, request.merchant.zone, written, notes)


def _line_rows(file: OrderFile, written: list[Shipment]) -> list[LineRow]:
    order = file.order.require()
    left = fulfillable.by_line([shipment for shipment in written if shipment.state in Shipment.COUNTED])
    return [_line_row(order, line, file, left.get(line.id, [])) for line in order.lines]


def _line_row(order: Order, line: LineItem, file: OrderFile, left_in: list[Shipment]) -> LineRow:
    product = file.product_names.get(line.product_id) if line.product_id else None
    shipped = shipped_units.shipped(left_in)[line.id]
    given_up = shipped_units.taken(left_in)[line.id] - shipped
    pending = next((one for one in left_in if one.state == Shipment.State.PENDING), None)
    left = states.units_state(line.quantity, shipped, given_up)
    return LineRow(
        line=line,
        product=product.product_id or product.name if product else str(line.product_id or "")[:8],
        unit_price=order.money(line.unit_price),
        discount=order.money(-line.discount),
        tax=order.money(line.tax),
        total=order.money(line.total),
        shipments=left_in,
        state=(states.shipment_state(pending) if pending else left) if left_in else None,
    )


def _indented(body: bytes) -> str:
    """JSON for people; what is none, or nested too deeply to be indented, as it is."""
    try:
        return as_sent(body) if too_deep(body) else json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return as_sent(body)


def as_sent(body: bytes) -> str:
    return body[:LONGEST_TEXT].decode(errors="replace")
