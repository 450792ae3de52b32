"""Settings of a merchant for its partners, and what they call an order."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import LineItem, Order
from orders.forms.partners.settings import Example, OrderIdsForm, PartnerSettingsForm
from orders.models import Connection, EventLog, OrderIds, PartnerSettings
from orders.requests import MerchantRequest
from orders.services.partners import directory
from orders.services.partners.directory import PartnerIds
from orders.services.partners.partner_orders import BelongsElsewhere
from orders.services.revkeen import session
from orders.views.changes.form_page import Problem
from orders.views.merchants.recent_changes import recent_changes
from orders.views.order_head import order_head, read_order
from orders.views.pages import render_page, sent

LOOKED_AT = 20  # of the newest orders, for an example
PARTNERS = (Connection.Provider.DIGITAL_RIVER, Connection.Provider.ORDER_PROTECTION)


@dataclass(frozen=True)
class LineRow:
    line: LineItem
    field: Any
    said: str  # by the line's metadata


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def partner_settings(request: MerchantRequest) -> HttpResponse:
    kept = directory.settings_of(request.merchant, request.mode)
    form = PartnerSettingsForm(sent(request), instance=kept)
    if request.method == "POST" and form.is_valid():
        directory.save_settings(form.instance, form.changed_data, by=request.user)
        messages.success(request, "Saved. Applies to shipments recorded from now on.")
        return redirect("partner_settings", request.merchant.slug, request.mode)
    form.show_examples(_examples(request, directory.settings_of(request.merchant, request.mode)))
    context = {
        "form": form,
        "off": _not_connected(request),
        "changes": recent_changes(request.merchant, EventLog.Kind.MERCHANT_CHANGED, mode=request.mode),
    }
    return render_page(request, "orders/partners/settings/settings.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def order_ids(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    reading, order = read_order(request, order_id)
    typed = directory.by_hand(request.merchant, request.mode, order_id)
    said = directory.said_by(directory.settings_of(request.merchant, request.mode), order)
    form = OrderIdsForm(sent(request), typed=typed, said=said, lines=order.lines)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            return _save(request, order, typed, form)
        except BelongsElsewhere as error:
            problem = Problem("Nothing was saved.", str(error), other=error.holder)
            form.add_error(error.holder.destination, f"{error.holder.order_number} already has this id.")
    context = {
        **order_head(request, reading),
        "problem": problem,
        "form": form,
        "rows": [LineRow(line, field, said.digital_river_items[str(line.id)]) for line, field in form.rows],
        "kept": directory.settings_of(request.merchant, request.mode),
        "off": _not_connected(request),
    }
    return render_page(
        request, "orders/partners/settings/order_ids.html", context, status=422 if form.errors else reading.page_status
    )


def _save(request: MerchantRequest, order: Order, typed: OrderIds, form: OrderIdsForm) -> HttpResponse:
    typed.digital_river = form.cleaned_data["digital_river"]
    typed.order_protection = form.cleaned_data["order_protection"]
    typed.digital_river_items = form.items
    again = directory.save_ids(typed, order, by=request.user)
    messages.success(request, f"Saved for {order.public_id}.{_and_sent(again)}")
    return redirect("order_detail", request.merchant.slug, request.mode, order.id)


def _and_sent(count: int) -> str:
    if not count:
        return ""
    what = "update that was waiting for it is" if count == 1 else "updates that were waiting for it are"
    return f" {count} {what} sent now."


def _not_connected(request: MerchantRequest) -> list[str]:
    """The partners that get nothing: what is set for them waits until they are switched on."""
    on = {connection.provider for connection in directory.connected(request.merchant, request.mode)}
    return [provider.label for provider in PARTNERS if provider not in on]


def _examples(request: MerchantRequest, kept: PartnerSettings) -> dict[str, Example]:
    """By field, what it gives on the newest order that has it; without an example where RevKeen cannot be read."""
    with session.session(request.merchant, request.mode) as api:
        listing = api.get(reads.orders(limit=LOOKED_AT)).value
    said = [(order, directory.said_by(kept, order)) for order in (listing.rows if listing else [])]
    return {
        "digital_river_order_key": _first(said, lambda ids: ids.digital_river),
        "digital_river_item_key": _first(said, lambda ids: next(filter(None, ids.digital_river_items.values()), "")),
        "order_protection_order_key": _first(said, lambda ids: ids.order_protection),
    }


def _first(said: list[tuple[Order, PartnerIds]], value_of: Callable[[PartnerIds], str]) -> Example:
    for order, ids in said:
        if value := value_of(ids):
            return Example(order.public_id, value, len(said))
    return Example(looked=len(said))
