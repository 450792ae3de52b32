from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.forms.approvals.limits import LimitsForm
from orders.models import EventLog
from orders.requests import MerchantRequest
from orders.services.approvals import settings
from orders.views.merchants.recent_changes import recent_changes
from orders.views.pages import render_page, sent


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def limit_settings(request: MerchantRequest) -> HttpResponse:
    form = LimitsForm(sent(request), merchant=request.merchant)
    if request.method == "POST" and form.is_valid():
        settings.save(request.merchant, form.limits, form.cleaned_data["approval_days"], by=request.user)
        messages.success(request, "Saved.")
        return redirect("limit_settings", request.merchant.slug, request.mode)
    context = {"form": form, "changes": recent_changes(request.merchant, EventLog.Kind.LIMITS_CHANGED)}
    return render_page(request, "orders/approvals/limits.html", context, status=422 if form.errors else 200)
