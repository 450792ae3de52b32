"""The views that stand in the navigation, each with how many orders its list has."""

import hashlib
import time
from dataclasses import dataclass

from django.core.cache import caches
from django.http import QueryDict
from django.utils import timezone

from orders.forms.orders.order_address import VIEW, canonical
from orders.forms.orders.order_filter import OrderFilter
from orders.forms.orders.order_views import VIEWS
from orders.paths import path_of
from orders.requests import MerchantRequest
from orders.services.index import counting, freshness
from orders.services.orders import saved_views

KEPT_SECONDS = 10
KEPT_TIMES = 500  # as long as counting took, so that what is slow to count costs little in the end


@dataclass(frozen=True)
class CountedView:
    name: str
    url: str
    count: str  # `204`, or "" where it is not quick to count, and until all orders were imported
    current: bool


def counted(request: MerchantRequest) -> list[CountedView]:
    """Those that are there from the beginning and some that somebody saved, with counts of some seconds ago."""
    saved = saved_views.in_navigation(request.membership, request.mode)
    path = path_of("order_list", request.merchant.slug, request.mode)
    places = [
        *((name, f"{path}?{query}", query, query) for name, query in VIEWS),
        *((name, f"{path}views/{pk}/", query, str(pk)) for pk, name, query in saved),
    ]
    counts = _counts(request, {query for _, _, query, _ in places})
    shown = _shown(request)
    return [CountedView(name, url, counts[query], key == shown) for name, url, query, key in places]


def _shown(request: MerchantRequest) -> str:
    """The view or the query that the list on this page is."""
    if not request.resolver_match or request.resolver_match.url_name != "order_list":
        return ""
    return request.GET.get(VIEW) or request.GET.urlencode()


def _counts(request: MerchantRequest, queries: set[str]) -> dict[str, str]:
    """Kept as one: every page asks, and nearly always for the same."""
    asked = repr((request.merchant.pk, request.mode, sorted(queries))).encode()
    key = f"view-counts:{hashlib.blake2b(asked, digest_size=16).hexdigest()}"
    kept: dict[str, str] | None = caches["process"].get(key)
    if kept is not None:
        return kept
    began = time.monotonic()
    counts = _counted_now(request, sorted(queries))
    caches["process"].set(key, counts, max(KEPT_SECONDS, KEPT_TIMES * (time.monotonic() - began)))
    return counts


def _counted_now(request: MerchantRequest, queries: list[str]) -> dict[str, str]:
    counts = dict.fromkeys(queries, "")
    if freshness.as_of(request.merchant, request.mode) is None:
        return counts
    now = timezone.now()
    forms = {query: OrderFilter(canonical(QueryDict(query)), request.merchant, request.mode, now) for query in queries}
    quick = {query: form for query, form in forms.items() if {one.name for one in form.conditions} <= counting.QUICK}
    if quick:
        place = next(iter(quick.values())).place
        found = counting.count_each(place, [form.wanted.question for form in quick.values()])
        counts |= dict(zip(quick, found, strict=True))
    return counts
