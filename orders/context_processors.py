"""What the frame around every page needs: where one is, where one can go, and the theme."""

from dataclasses import dataclass, replace
from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from orders.models import MODES
from orders.paths import path_of
from orders.permissions import PAGES
from orders.requests import MerchantRequest
from orders.services import heartbeat
from orders.services.accounts import unsent
from orders.services.approvals import counting
from orders.services.changes import journal_list
from orders.services.finance import review
from orders.services.fulfillment import waiting_orders
from orders.services.partners import outbox
from orders.views.orders import view_counts
from orders.views.orders.view_counts import CountedView

THEMES = ("light", "dark")

# Label, icon, the page it opens, and the beginning of the names of the pages that belong to it.
SECTIONS = [
    ("Orders", "receipt", "order_list", ("order_", "saved_view", "search")),
    ("To fulfill", "packages", "to_fulfill", ("to_fulfill", "batch_", "open_slips")),
    ("Station", "barcode", "station", ("station", "item")),
    ("Jobs", "copy", "job_list", ("job_",)),
    ("Shipments", "truck-delivery", "shipment_list", ("shipment_", "digital_river_", "packing_")),
    ("Partner updates", "send", "partner_update_list", ("partner_update_", "partner_updates_")),
    ("Customers", "user", "customer_list", ("customer_",)),
    ("Drafts", "file-pencil", "draft_list", ("draft_",)),
    ("Approvals", "check", "approval_list", ("approval_",)),
    ("Finance", "coin", "finance_overview", ("finance_", "review_", "month_")),
    ("Journal", "book-2", "journal", ("journal", "operation_")),
    ("Exports", "download", "export_list", ("export_", "accounting_")),
    (
        "Settings",
        "settings",
        "merchant_settings",
        ("merchant_", "connection_", "partner_settings", "limit_", "member_", "invitation_", "index_"),
    ),
]


@dataclass(frozen=True)
class NavigationItem:
    label: str
    icon: str
    url: str
    current: bool
    count: int = 0
    counted: str = ""  # what the count is of
    most: int = 0  # above it nobody has counted on; 0: all were counted
    views: tuple[CountedView, ...] = ()  # lists of its own that stand below it

    @property
    def number(self) -> str:
        return f"{self.most}+" if 0 < self.most < self.count else str(self.count)


@dataclass(frozen=True)
class Place:
    """One merchant in one mode, as the switcher offers it."""

    label: str
    mode: str
    url: str
    current: bool


def frame(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    context: dict[str, Any] = {
        "theme": theme if theme in THEMES else "",
        "request_id": getattr(request, "request_id", ""),
        "merchant": getattr(request, "merchant", None),
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        context["person"] = unsent.person(user)
    if context["merchant"] is not None:
        context |= _merchant_frame(cast(MerchantRequest, request))
    return context


def _merchant_frame(request: MerchantRequest) -> dict[str, Any]:
    return {
        "mode": request.mode,
        "membership": request.membership,
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
        "switcher": SimpleLazyObject(lambda: places(request)),  # a part has no frame and pays for none
        "worker_missing": heartbeat.missing,
    }


def _navigation(request: MerchantRequest) -> list[NavigationItem]:
    match = request.resolver_match
    page = (match.url_name if match else "") or ""
    return [
        _with_count(
            request,
            NavigationItem(label, icon, path_of(name, request.merchant.slug, request.mode), page.startswith(pages)),
            name,
        )
        for label, icon, name, pages in SECTIONS
        if request.membership.may(PAGES[name])
    ]


def _with_count(request: MerchantRequest, item: NavigationItem, name: str) -> NavigationItem:
    """While operations wait for a person the way to the journal counts them, and leads to them; so do partner
    updates, requests for approval, findings of the review, and orders to fulfill. Below the orders stand their views.
    """
    if name == "order_list":
        views = view_counts.counted(request)
        return replace(item, views=tuple(views), current=item.current and not any(view.current for view in views))
    if name == "to_fulfill":
        return replace(item, count=waiting_orders.count(request.merchant, request.mode), counted="orders")
    if name == "partner_update_list":
        count = outbox.lately_needing_someone(request.merchant, request.mode)
        return replace(item, count=count, counted="need review")
    if name == "finance_overview":
        count = review.lately_open(request.merchant, request.mode)
        return replace(item, count=count, counted="open in review", most=review.MANY)
    if name == "approval_list":
        count = counting.lately_waiting_for(request.membership, request.mode)
        return replace(item, count=count, counted="wait for you")
    waiting = journal_list.lately_needing_someone(request.membership, request.mode) if name == "journal" else 0
    if not waiting:
        return item
    return replace(item, url=f"{item.url}?state=needs_review", count=waiting, counted="need review")


def places(request: MerchantRequest) -> list[Place]:
    """Every merchant of this person in both modes, for the switcher."""
    here = (request.merchant.pk, request.mode)
    memberships = sorted(request.memberships, key=lambda membership: membership.merchant.name)
    return [
        Place(
            label=f"{membership.merchant}, {mode}",
            mode=mode,
            url=path_of("order_list", membership.merchant.slug, mode),
            current=(membership.merchant_id, mode) == here,
        )
        for membership in memberships
        for mode in MODES
    ]
