"""Where a job begins: a file, or the orders of a list. Each of these ends in a dry run, and nothing is sent by them."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from orders import csv_cells
from orders.access import merchant_page
from orders.forms.fulfillment.shipments import StatusForm
from orders.forms.jobs.edits import EditManyForm
from orders.forms.jobs.fulfilling import DefaultsForm, TableForm, given_of
from orders.forms.orders.cancellations import CancellationForm
from orders.models import Job
from orders.requests import MerchantRequest
from orders.services.fulfillment import presets
from orders.services.jobs import asking
from orders.services.jobs.asking import MOST_ORDERS, Given
from orders.services.jobs.table_reading import COLUMNS
from orders.views.jobs.chosen import Chosen, chosen, rows
from orders.views.pages import render_page, sent

MOST_TYPED = 200  # rows of the form; for more there is the template
CSV = "text/csv; charset=utf-8"
Kind = Job.Kind


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_import(request: MerchantRequest) -> HttpResponse:
    """Fulfill what a file or a pasted table says."""
    form = TableForm(
        sent(request), request.FILES or None, time_zone=request.merchant.time_zone, initial=_preset(request)
    )
    if request.method == "POST" and form.is_valid():
        return _begin(request, Kind.FULFILL, form.source, form.given, form.defaults)
    context = {"form": form, "columns": COLUMNS.values(), "most": MOST_ORDERS}
    return render_page(request, "orders/jobs/import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_fulfill(request: MerchantRequest) -> HttpResponse:
    """Fulfill the orders of a list, one row each."""
    found = chosen(request)
    form = DefaultsForm(sent(request), time_zone=request.merchant.time_zone, initial=_preset(request))
    typed = rows(request, found) if len(found.order_ids) <= MOST_TYPED else []
    if request.method == "POST" and typed and form.is_valid():
        return _begin(request, Kind.FULFILL, found.source, given_of(typed), form.defaults)
    context = {"form": form, "found": found, "rows": typed, "most": MOST_TYPED, "most_orders": MOST_ORDERS}
    return render_page(request, "orders/jobs/fulfill.html", context, status=422 if form.errors else 200)


@require_safe
@merchant_page
def job_template(request: MerchantRequest) -> StreamingHttpResponse:
    """A table to fill in: empty, or with the orders of a list."""
    head = list(COLUMNS.values())
    of_list = [[row.number, *[""] * (len(head) - 1)] for row in rows(request, chosen(request))]
    content = (csv_cells.BYTE_ORDER_MARK, *csv_cells.lines([head, *of_list]))
    headers = {"Content-Disposition": 'attachment; filename="parcels.csv"'}
    return StreamingHttpResponse(content, content_type=CSV, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_cancel(request: MerchantRequest) -> HttpResponse:
    return _with_form(request, Kind.CANCEL, CancellationForm(sent(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_edit(request: MerchantRequest) -> HttpResponse:
    return _with_form(request, Kind.EDIT, EditManyForm(sent(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_status(request: MerchantRequest) -> HttpResponse:
    return _with_form(request, Kind.STATUS, StatusForm(sent(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_send_again(request: MerchantRequest) -> HttpResponse:
    return _with_form(request, Kind.SEND_AGAIN, None)


def _with_form(request: MerchantRequest, kind: Job.Kind, form: Any) -> HttpResponse:
    """A job whose rows are all asked the same. `form`: None where nothing has to be said."""
    found = chosen(request)
    if request.method == "POST" and found.order_ids and (form is None or form.is_valid()):
        return _begin(request, kind, found.source, _given(request, found), form.cleaned_data if form else {})
    context = {"form": form, "found": found, "kind": kind, "most_orders": MOST_ORDERS}
    status = 422 if form is not None and form.errors else 200
    return render_page(request, "orders/jobs/ask.html", context, status=status)


def _given(request: MerchantRequest, found: Chosen) -> list[Given]:
    return [Given(place, {}, one, str(one)) for place, one in enumerate(found.order_ids, start=1)]


def _begin(
    request: MerchantRequest, kind: Job.Kind, source: str, given: list[Given], asked: dict[str, Any]
) -> HttpResponse:
    """Write the rows, check them, and lead to what the check says."""
    job = asking.begin(request.membership, request.mode, kind, source, given, asked=asked)
    asking.check(job)
    return to_job(request, job)


def to_job(request: MerchantRequest, job: Job) -> HttpResponse:
    response = redirect("job_detail", request.merchant.slug, request.mode, job.pk)
    response.status_code = 303
    return response


def _preset(request: MerchantRequest) -> dict[str, str]:
    """As the form that fulfills begins: what the person chose last."""
    preset = presets.preset_of(request.membership)
    return {"carrier": preset.carrier, "notify": preset.email}
