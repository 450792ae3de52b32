"""Pages of the menu and lists with a name, found by what somebody types into the search field."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from orders.context_processors import SECTIONS
from orders.forms.orders.order_views import VIEWS
from orders.permissions import PAGES
from orders.requests import MerchantRequest
from orders.services.orders import saved_views

SHORTEST = 2  # letters: fewer begin too many words


@dataclass(frozen=True)
class Destination:
    label: str
    icon: str
    url: str


def named(request: MerchantRequest, text: str) -> list[Destination]:
    """Those in whose name `text` begins a word, pages first."""
    wanted = " " + " ".join(text.casefold().split())
    if len(wanted) <= SHORTEST:
        return []
    return [place for place in _all(request) if wanted in f" {place.label.casefold()}"]


def called(request: MerchantRequest, text: str) -> Destination | None:
    """The one whose whole name `text` is."""
    whole = " ".join(text.casefold().split())
    return next((place for place in named(request, text) if place.label.casefold() == whole), None)


def _all(request: MerchantRequest) -> Iterator[Destination]:
    where = [request.merchant.slug, request.mode]
    for label, icon, name, _ in SECTIONS:
        if request.membership.may(PAGES[name]):
            yield Destination(label, icon, reverse(name, args=where))
    for name, query in VIEWS:
        yield Destination(name, "receipt", f"{reverse('order_list', args=where)}?{query}")
    for view in saved_views.seen_by(request.membership, request.mode):
        yield Destination(view.name, "receipt", reverse("saved_view", args=[*where, view.pk]))
