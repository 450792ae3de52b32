"""The manifest of a day: what was shipped, what still waits, and how fast it goes."""

from datetime import date, timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.access import merchant_page
from orders.forms.fulfillment.manifest import EARLIEST, ManifestForm
from orders.requests import MerchantRequest
from orders.services.fulfillment import at_hand, manifest, to_fulfill
from orders.services.fulfillment.manifest import Day
from orders.services.handling import holds
from orders.services.revkeen import session
from orders.views.addresses import address
from orders.views.pages import render_page


@require_safe
@merchant_page
def shipment_manifest(request: MerchantRequest) -> HttpResponse:
    today = holds.today(request.merchant)
    form = ManifestForm(request.GET, today=today)
    day = Day(request.merchant, request.mode, form.chosen)
    with session.session(request.merchant, request.mode) as api:
        reading = to_fulfill.search(api)
        left, _ = to_fulfill.left(api, reading.value) if reading.value else ([], 0)
    parcels = list(manifest.parcels(day)[: manifest.AT_ONCE])
    mine, team = manifest.paces(day, request.user)
    context = {
        "form": form,
        "day": day,
        "sums": manifest.by_carrier(day),
        "whole": manifest.in_all(day),
        "parcels": [(shipment, shipment.created_at.astimezone(request.merchant.zone)) for shipment in parcels],
        "reading": reading,
        "unconfirmed": at_hand.unconfirmed(request.merchant, request.mode) if day.date == today else [],
        "late": manifest.waits(left, min(day.cutoff, timezone.now())) if reading.value else None,
        "old": manifest.waits(left, timezone.now() - timedelta(days=request.merchant.review_after_days)),
        **{"mine": mine, "team": team, "print": "print" in request.GET},
        "before": _day(request, day.date - timedelta(days=1)) if day.date > EARLIEST else "",
        "after": _day(request, day.date + timedelta(days=1)) if day.date < today else "",
        "print_address": address(request, print="1"),
    }
    return render_page(
        request, "orders/fulfillment/manifest/page.html", context, status=200 if form.is_valid() else 400
    )


def _day(request: MerchantRequest, day: date) -> str:
    return address(request, day=day.isoformat(), print=None)
