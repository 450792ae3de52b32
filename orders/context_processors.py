"""What the frame around every page needs: where one is, where one can go, and the theme."""

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from orders.models import MODES
from orders.permissions import PAGES
from orders.requests import MerchantRequest

THEMES = ("light", "dark")

# Label, icon, the page it opens, and the beginning of the names of the pages that belong to it.
SECTIONS = [
    ("Orders", "receipt", "order_list", ("order_", "search")),
    ("Customers", "user", "customer_list", ("customer_",)),
    ("Settings", "settings", "merchant_settings", ("merchant_", "connection_", "member_", "invitation_")),
]


@dataclass(frozen=True)
class NavigationItem:
    label: str
    icon: str
    url: str
    current: bool
    count: int | None = None


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
    if context["merchant"] is not None:
        context |= _merchant_frame(cast(MerchantRequest, request))
    return context


def _merchant_frame(request: MerchantRequest) -> dict[str, Any]:
    return {
        "mode": request.mode,
        "membership": request.membership,
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
        "switcher": SimpleLazyObject(lambda: places(request)),  # a part has no frame and pays for none
    }


def _navigation(request: MerchantRequest) -> list[NavigationItem]:
    match = request.resolver_match
    page = (match.url_name if match else "") or ""
    where = [request.merchant.slug, request.mode]
    return [
        NavigationItem(label, icon, reverse(name, args=where), page.startswith(pages))
        for label, icon, name, pages in SECTIONS
        if request.membership.may(PAGES[name])
    ]


def places(request: MerchantRequest) -> list[Place]:
    """Every merchant of this person in both modes, for the switcher."""
    here = (request.merchant.pk, request.mode)
    memberships = sorted(request.memberships, key=lambda membership: membership.merchant.name)
    return [
        Place(
            label=f"{membership.merchant}, {mode}",
            mode=mode,
            url=reverse("order_list", args=[membership.merchant.slug, mode]),
            current=(membership.merchant_id, mode) == here,
        )
        for membership in memberships
        for mode in MODES
    ]
