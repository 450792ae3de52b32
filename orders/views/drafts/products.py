"""Finding products for a draft, adding them at their price, and what becomes of prices in another currency."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import QueryDict

from orders.apis.errors import ApiError
from orders.forms.drafts.drafts import has_prices, known_currency
from orders.models import Draft
from orders.requests import MerchantRequest
from orders.services.drafts import drafts
from orders.services.drafts import offers as offers_module
from orders.services.drafts.drafts import FOUND, Line
from orders.services.drafts.offers import Offer, Repriced
from orders.services.revkeen import session
from orders.views.pages import search_text


def found(request: MerchantRequest, draft: Draft, data: QueryDict, chosen: str) -> dict[str, Any]:
    """Put the `chosen` offer among the lines; without one, or where it was found in another currency than the lines
    are in now, bring what there is in this one. Raise `ApiError`.
    """
    currency = currency_of(draft, data)
    if not chosen:
        return _listed(request, currency, data)
    key, _, rest = chosen.partition(":")
    product_id, _, found_in = rest.partition(":")
    if found_in and not found_in == currency == draft.currency:
        messages.warning(request, f"Nothing was added: those prices were in {found_in}. These are in {currency}.")
        return _listed(request, currency, data)
    offer = next((offer for offer in _offers_of(request, currency, product_id) if offer.key == key), None)
    if offer is None:
        messages.warning(request, f"Nothing was added: the product is no longer sold at that price in {currency}.")
        return {}
    _add(data, offer)
    return {}


def read_anew(request: MerchantRequest, saved: Draft, data: QueryDict) -> dict[str, Any]:
    """What was found in another currency than the draft has now, in this one; nothing where the list is right.

    Where it cannot be read, the list stays: nothing of it is added, because it says in which currency it was found.
    """
    found_in = known_currency(data.get("found_in", ""))
    if not found_in or found_in == saved.currency:
        return {}
    try:
        return _listed(request, saved.currency, data)
    except ApiError:
        return {}


def in_currency(request: MerchantRequest, draft: Draft, lines: list[Line], typed: str) -> dict[str, Any]:
    """The fields of the draft once it is in another currency; none where it is to stay. Raise `ApiError`."""
    currency = known_currency(typed)
    if not currency or currency == draft.currency:
        return {}
    with session.session(request.merchant, request.mode) as api:
        repriced = offers_module.in_another_currency(api, lines, currency)
    messages.success(request, _describe(repriced, draft.currency, currency))
    return {"currency": currency, "lines": repriced.lines}


def currency_of(draft: Draft, data: QueryDict) -> str:
    """What the lines are in once this is saved: what is typed, unless a price would be read in another unit by it."""
    return draft.currency if has_prices(draft, data) else known_currency(data.get("currency", "")) or draft.currency


def append(data: QueryDict, line: Line) -> None:
    """Put a line behind those that are typed."""
    data.appendlist("line", line["id"])
    data[f"position-{line['id']}"] = str(len(data.getlist("line")))
    data[f"description-{line['id']}"] = line["description"]
    data[f"quantity-{line['id']}"] = str(line["quantity"])
    if line["product_id"]:
        data[f"product-{line['id']}"] = line["product_id"]


def _add(data: QueryDict, offer: Offer) -> None:
    line = drafts.new_line(product_id=str(offer.product.id), description=offer.description)
    append(data, line)
    data[f"price-{line['id']}"] = offer.price.number
    data["prices_in"] = offer.price.currency


def _listed(request: MerchantRequest, currency: str, data: QueryDict) -> dict[str, Any]:
    with session.session(request.merchant, request.mode) as api:
        offers = offers_module.find_offers(api, currency, search_text(request, data.get("product_q", "")))
    return {"offers": offers[:FOUND], "more_offers": max(0, len(offers) - FOUND), "found_in": currency}


def _offers_of(request: MerchantRequest, currency: str, product_id: str) -> list[Offer]:
    try:
        wanted = uuid.UUID(product_id)
    except ValueError:
        return []
    with session.session(request.merchant, request.mode) as api:
        return offers_module.offers_of(api, currency, wanted)


def _describe(repriced: Repriced, before: str, now: str) -> str:
    """`In EUR now. 2 lines have the catalog’s prices, 1 line has none yet.`"""
    parts = (
        (repriced.from_catalog, "the catalog price"),
        (repriced.unpriced, "no price yet"),
        (repriced.not_looked_up, "no price yet because the catalog was too long to look up"),
    )
    said = [f"{count} line{'s have' if count > 1 else ' has'} {what}" for count, what in parts if count]
    return f"In {now} now, and no price in {before} was kept. {', '.join(said)}."
