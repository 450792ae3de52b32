"""What a draft gives away: what it is below the catalog's prices, or below the order that it replaces."""

from orders.apis.errors import ApiError
from orders.apis.revkeen.objects import Order
from orders.models import Draft
from orders.services.drafts import offers
from orders.services.drafts.drafts import Line, totals
from orders.services.drafts.offers import Offer
from orders.services.revkeen.session import Session


def of_draft(api: Session, draft: Draft, order: Order | None) -> int | None:
    """Minor units of the draft's currency, the larger of the two; None where not every price could be looked up.

    `order` is the one that the draft replaces. A line that is not of the catalog has no other price than its own.
    """
    product_ids = sorted({str(line["product_id"]) for line in draft.lines if line["product_id"]})
    try:
        found = offers.by_product(api, draft.currency, product_ids)
    except ApiError:
        return None
    if not found.keys() >= set(product_ids):
        return None
    below_catalog = sum(_below(line, found.get(str(line["product_id"]), [])) for line in draft.lines)
    below_before = order.total - totals(draft).subtotal.minor if order is not None else 0
    return max(below_catalog, below_before, 0)


def _below(line: Line, offered: list[Offer]) -> int:
    """Of the prices of a product the one that the line is called by counts, else the lowest."""
    named = [offer for offer in offered if offer.description == line["description"]] or offered
    price = line["unit_price"] or 0
    before = min((offer.price.minor for offer in named), default=price)
    return int(max(before - price, 0) * line["quantity"])
