"""The rows of a dry run with what was typed, to be put right."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.forms.jobs import correcting as typing
from orders.models import Job
from orders.requests import MerchantRequest
from orders.services.jobs import correcting
from orders.services.jobs.asking import MovedOn
from orders.views.addresses import address
from orders.views.jobs.beginning import to_job
from orders.views.jobs.jobs import own_job_of
from orders.views.pages import render_page

ROWS = 50  # of a page, with a field for each cell
SHOWN = ("bad", "ready")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def job_correct(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    """What a table or a row for each order said; all of it is checked anew."""
    job = own_job_of(request, job_id)
    if job.kind != Job.Kind.FULFILL:
        raise Http404
    if request.method != "POST":
        return _page(request, job)
    typed = typing.typed_in(request.POST)
    try:
        count = correcting.correct(job, typed)
    except MovedOn as error:
        return _page(request, job, typed, str(error))
    messages.success(request, f"{count:,} row{'' if count == 1 else 's'} corrected, and all checked anew.")
    return to_job(request, job)


def _page(
    request: MerchantRequest, job: Job, typed: dict[int, dict[str, str]] | None = None, moved_on: str = ""
) -> HttpResponse:
    show = request.GET.get("show", SHOWN[0])
    rows = job.rows.filter(place__in=typed) if typed else job.rows.filter(state=show if show in SHOWN else SHOWN[0])
    page = Paginator(rows.order_by("place"), ROWS).get_page(request.GET.get("page"))
    context = {
        "job": job,
        "rows": typing.to_correct(list(page), typed or {}),
        "total": page.paginator.count,
        "moved_on": moved_on,
        "newer": address(request, page=page.previous_page_number()) if page.has_previous() else "",
        "older": address(request, page=page.next_page_number()) if page.has_next() else "",
    }
    return render_page(request, "orders/jobs/correct.html", context, status=409 if moved_on else 200)
