from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from orders.access import merchant_page, signed_in
from orders.forms.merchants.profile import MerchantSettings, time_zones
from orders.models import EventLog
from orders.requests import MerchantRequest, Request
from orders.services.merchants import profile
from orders.sums_to_type import PRESETS
from orders.views.merchants.recent_changes import recent_changes
from orders.views.pages import render_page, sent


@require_safe
@signed_in
def chooser(request: Request) -> HttpResponse:
    """Where everybody lands: the one merchant's orders, or the choice of several."""
    memberships = profile.memberships_of(request.user)
    if len(memberships) == 1:
        merchant = memberships[0].merchant
        return redirect("order_list", merchant.slug, profile.opening_mode(merchant))
    return render_page(request, "orders/merchants/profile/chooser.html", {"memberships": memberships})


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def merchant_settings(request: MerchantRequest) -> HttpResponse:
    form = MerchantSettings(sent(request), instance=request.merchant, user=request.user)
    if request.method == "POST" and form.is_valid():
        profile.save_settings(form.instance, form.changed_data, by=request.user)
        messages.success(request, "Saved.")
        return redirect("merchant_settings", request.merchant.slug, request.mode)
    # A refused form has put what was typed into the merchant; the frame shows what is saved.
    request.merchant.refresh_from_db()
    context = {
        "form": form,
        "time_zones": time_zones(),
        "presets": [(currency, f"{whole:,}") for currency, whole in PRESETS.items()],
        "changes": recent_changes(request.merchant, EventLog.Kind.MERCHANT_CHANGED),
    }
    return render_page(request, "orders/merchants/profile/settings.html", context, status=422 if form.errors else 200)
