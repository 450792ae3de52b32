"""Pages, lists with a name and what can be done, found by what somebody types into the search field."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from orders.context_processors import SECTIONS
from orders.forms.orders.order_views import VIEWS
from orders.models import OrderCopy
from orders.permissions import PAGES
from orders.requests import MerchantRequest
from orders.services.index import copies
from orders.services.orders import next_steps, saved_views

SHORTEST = 2  # letters: fewer begin too many words
MAKES = ("draft_new", "draft_copy", "draft_revise")  # pages that make a draft and lead to it, so they are posted to

# Pages that are no section of the navigation.
OTHERS = [
    ("New order", "plus", "draft_new"),
    ("Views of orders", "receipt", "saved_view_list"),
    ("Columns of orders", "receipt", "order_columns"),
    ("Payments", "coin", "finance_payments"),
    ("Refunds", "coin", "finance_refunds"),
    ("Receivables", "coin", "finance_receivables"),
    ("Review of amounts", "coin", "review_queue"),
    ("Months", "coin", "month_list"),
    ("Accounting files", "download", "accounting_list"),
    ("Batches", "packages", "batch_list"),
    ("Manifest", "truck-delivery", "shipment_manifest"),
    ("Items", "square", "item_list"),
    ("Limits", "settings", "limit_settings"),
    ("Connections", "settings", "connection_list"),
    ("Add a connection", "plus", "connection_add"),
    ("Members", "settings", "member_list"),
    ("Partners", "settings", "partner_settings"),
    ("Index", "settings", "index_page"),
]


@dataclass(frozen=True)
class Destination:
    label: str
    icon: str
    url: str
    makes: bool = False  # it is posted to, and makes a draft
    of: str = ""  # the number of the order that something is done with


def named(request: MerchantRequest, text: str, order_id: str = "") -> list[Destination]:
    """Those in whose name `text` begins a word: what can be done with the order of the page, then pages, then views."""
    wanted = " " + " ".join(text.casefold().split())
    if len(wanted) <= SHORTEST:
        return []
    return [place for place in _all(request, order_id) if wanted in f" {place.label.casefold()}"]


def called(request: MerchantRequest, text: str) -> Destination | None:
    """The page whose whole name `text` is; where it is posted to, the one that has the button."""
    whole = " ".join(text.casefold().split())
    found = next((place for place in named(request, text) if place.label.casefold() == whole), None)
    if found is not None and found.makes:
        return Destination(found.label, found.icon, reverse("draft_list", args=[request.merchant.slug, request.mode]))
    return found


def _all(request: MerchantRequest, order_id: str) -> Iterator[Destination]:
    where = [request.merchant.slug, request.mode]
    yield from _steps(request, order_id)
    for label, icon, name in [*((label, icon, name) for label, icon, name, _ in SECTIONS), *OTHERS]:
        if request.membership.may(PAGES[name]):
            yield Destination(label, icon, reverse(name, args=where), name in MAKES)
    for name, query in VIEWS:
        yield Destination(name, "receipt", f"{reverse('order_list', args=where)}?{query}")
    for view in saved_views.seen_by(request.membership, request.mode):
        yield Destination(view.name, "receipt", reverse("saved_view", args=[*where, view.pk]))


def _steps(request: MerchantRequest, order_id: str) -> Iterator[Destination]:
    """What can be done with the order as the index has it; each form looks at RevKeen before it sends anything."""
    here = OrderCopy.objects.filter(merchant=request.merchant, mode=request.mode, gone_at=None, unreadable="")
    copy = here.filter(order_id=order_id).prefetch_related("lines").first() if _is_id(order_id) else None
    if copy is None:
        return
    order = copies.order_of(copy)
    for page in next_steps.STEPS:
        step = next_steps.step(order, page)
        if step.possible and request.membership.may(PAGES[page]):
            url = reverse(page, args=[request.merchant.slug, request.mode, order.id])
            yield Destination(step.name, step.icon, url, page in MAKES, order.public_id)


def _is_id(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False
