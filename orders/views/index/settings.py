from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from orders.access import merchant_page
from orders.requests import MerchantRequest
from orders.services.sync import settling
from orders.services.sync.overview import overview
from orders.views.pages import render_page


@require_safe
@merchant_page
def index_page(request: MerchantRequest) -> HttpResponse:
    found = overview(request.merchant, request.mode)
    return render_page(request, "orders/index/page.html", {"index": found})


@merchant_page
@require_POST
def index_rebuild(request: MerchantRequest) -> HttpResponse:
    settling.rebuild(request.merchant, request.mode, by=request.user)
    messages.success(request, "All orders, payments and refunds are being read again. Lists and search work meanwhile.")
    return redirect("index_page", request.merchant.slug, request.mode)


@merchant_page
@require_POST
def index_compare(request: MerchantRequest) -> HttpResponse:
    settling.compare_now(request.merchant, request.mode)
    messages.success(request, "All orders are being compared with RevKeen.")
    return redirect("index_page", request.merchant.slug, request.mode)
