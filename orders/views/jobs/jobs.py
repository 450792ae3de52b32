"""All jobs, and each of them: its dry run, how far it is, and what came of it."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders import carriers, csv_cells
from orders.access import MissingRight, merchant_page, refuse
from orders.models import EventLog, Job, JobRow
from orders.requests import MerchantRequest
from orders.services import audit
from orders.services.jobs import asking, marks, results
from orders.services.jobs.asking import MovedOn
from orders.services.jobs.kinds import KINDS, asked_words, kind_of, may_have
from orders.services.jobs.results import BAD, RESULTS
from orders.states import State, job_row_state, job_state
from orders.views.addresses import address
from orders.views.jobs.beginning import CSV, to_job
from orders.views.pages import render_page

PARTS = {"job": "orders/jobs/_job.html"}
ROWS, JOBS = 100, 50  # of a page
SHOWN = {
    "": "All rows",
    "ready": "Ready",
    "bad": "Not sent, says the check",
    "done": "Done",
    "not_sent": "Not sent",
    "in_doubt": "In doubt",
}


@dataclass(frozen=True)
class Row:
    row: JobRow
    state: State
    carrier: str
    tracking: str
    item: str  # the SKU or the line that it is about, with the units that are given
    doubted: bool


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int


@require_safe
@merchant_page
def job_list(request: MerchantRequest) -> HttpResponse:
    """Those of the kinds that the person may have, the newest first."""
    page = Paginator(_jobs(request), JOBS).get_page(request.GET.get("page"))
    counts = results.counts_of(page)
    context = {
        "jobs": [(job, job_state(job), counts[job.pk]) for job in page],
        "newer": address(request, page=page.previous_page_number()) if page.has_previous() else "",
        "older": address(request, page=page.next_page_number()) if page.has_next() else "",
    }
    return render_page(request, "orders/jobs/list.html", context)


@require_safe
@merchant_page
def job_detail(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    return _page(request, job_of(request, job_id))


@require_safe
@merchant_page
def job_file(request: MerchantRequest, job_id: uuid.UUID, which: str) -> StreamingHttpResponse:
    job = job_of(request, job_id)
    words = f"{'Rows kept out of' if which == BAD else 'Results of'} the job {job}, as CSV"
    audit.record(EventLog.Kind.EXPORTED, words, user=request.user, merchant=request.merchant, mode=request.mode)
    content = (csv_cells.BYTE_ORDER_MARK, *csv_cells.lines(results.table(job, which)))
    name = f"{request.merchant.slug}-{request.mode}-job-{which}-{timezone.now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=CSV, headers=headers)


@merchant_page
@require_POST
def job_confirm(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    """The doubts about the ticked rows were looked at, and they are right."""
    job = own_job_of(request, job_id)
    ids = {int(text) for text in request.POST.getlist("row") if text.isascii() and text.isdigit() and len(text) < 19}
    try:
        count = asking.confirm(job, ids)
        messages.success(request, f"{count:,} row{'' if count == 1 else 's'} confirmed. Nothing was sent.")
    except MovedOn as error:
        messages.warning(request, str(error))
    return to_job(request, job)


@merchant_page
@require_POST
def job_apply(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    """What the button named, and nothing else."""
    job = own_job_of(request, job_id)
    count, _, version = request.POST.get("applying", "").partition(":")
    try:
        if not count.isdecimal() or not version.isdecimal():
            raise MovedOn("The button named no rows.")
        asking.apply(job, int(count[:9]), int(version[:9]), request.user)
    except MovedOn as error:
        messages.warning(request, f"Nothing was sent. {error}")
    return to_job(request, job)


@merchant_page
@require_POST
def job_undo(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    job = job_of(request, job_id)
    try:
        asking.undo(job, request.user)
        messages.success(request, "Undone. No system was notified.")
    except MovedOn as error:
        messages.warning(request, str(error))
    return to_job(request, job)


@merchant_page
@require_POST
def job_stop(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    job = job_of(request, job_id)
    try:
        asking.stop(job, request.user)
        messages.success(request, "Stopped. Rows on their way are finished; the others were not sent.")
    except MovedOn as error:
        messages.warning(request, str(error))
    return to_job(request, job)


@merchant_page
@require_POST
def job_retry(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    """What was not sent, checked anew."""
    job = job_of(request, job_id)
    try:
        return to_job(request, asking.retry(job, request.membership))
    except MovedOn as error:
        messages.warning(request, str(error))
    return to_job(request, job)


@merchant_page
@require_POST
def job_discard(request: MerchantRequest, job_id: uuid.UUID) -> HttpResponse:
    """Forget a dry run of which nothing was sent."""
    job = own_job_of(request, job_id)
    if not asking.discard(job):
        messages.warning(request, "It was applied already.")
        return to_job(request, job)
    messages.success(request, "Discarded. Nothing was sent.")
    return redirect("job_list", request.merchant.slug, request.mode)


def job_of(request: MerchantRequest, job_id: uuid.UUID) -> Job:
    """Raise Http404 for one of another merchant or mode, and `MissingRight` for a kind that the person may not have."""
    here = Job.objects.filter(merchant=request.merchant, mode=request.mode, pk=job_id)
    job = here.select_related("user", "ended_by", "merchant", "retry_of").first()
    if job is None:
        raise Http404
    if not may_have(request.membership, job.kind):
        right = kind_of(job).right
        refuse(request, f"may not {right.value}")
        raise MissingRight(right)
    return job


def own_job_of(request: MerchantRequest, job_id: uuid.UUID) -> Job:
    """What is not applied yet is its maker's alone: the journal has their name. Raise `Http404`."""
    job = job_of(request, job_id)
    if job.user_id != request.user.pk:
        refuse(request, "the job is another’s")
        raise Http404
    return job


def _jobs(request: MerchantRequest) -> Any:
    kinds = [kind for kind in KINDS if may_have(request.membership, kind)]
    found = Job.objects.filter(merchant=request.merchant, mode=request.mode, kind__in=kinds)
    return found.select_related("user").order_by("-created_at")


def _page(request: MerchantRequest, job: Job) -> HttpResponse:
    counts = results.counts(job)
    show = request.GET.get("show", "")
    rows = job.rows.filter(state=show) if show in SHOWN and show else job.rows.all()
    page = Paginator(rows.order_by("place"), ROWS).get_page(request.GET.get("page"))
    total = sum(counts.values())
    going = job.state == Job.State.RUNNING
    context = {
        "job": job,
        "state": job_state(job),
        "kind": kind_of(job),
        "asked": asked_words(job),
        "own": job.user_id == request.user.pk,
        "counts": counts,
        "e_mailed": results.e_mailed(job) if job.state == Job.State.CHECKED else 0,
        "total": total,
        "sent": total - counts["bad"],
        "over": counts["done"] + counts["not_sent"] + counts["in_doubt"],
        "held_for": _held_for(job),
        "going": going or counts["in_doubt"] > 0 or counts["sending"] > 0,
        "reasons": [(marks.LABELS[code], count) for code, count in marks.counted(results.kept_out(job)).items()],
        "tabs": _tabs(request, counts, total, show),
        "rows": [_row(row) for row in page],
        "newer": address(request, page=page.previous_page_number()) if page.has_previous() else "",
        "older": address(request, page=page.next_page_number()) if page.has_next() else "",
        "retried": job.retries.exclude(state=Job.State.UNDONE).first(),
        "results": RESULTS,
        "bad": BAD,
    }
    return render_page(request, "orders/jobs/detail.html", context, parts=PARTS)


def _held_for(job: Job) -> int:
    """Seconds in which all of it can be undone."""
    if job.state != Job.State.RUNNING or job.starts_at is None:
        return 0
    return max(0, round((job.starts_at - timezone.now()).total_seconds()))


def _tabs(request: MerchantRequest, counts: dict[str, int], total: int, show: str) -> list[Tab]:
    of_each = {"": total, **counts}
    return [
        Tab(label, address(request, show=name or None, page=None), name == show, of_each[name])
        for name, label in SHOWN.items()
        if of_each[name] or name == show
    ]


def _row(row: JobRow) -> Row:
    asked, typed = row.asked, row.typed
    item = typed.get("sku") or typed.get("line", "")
    return Row(
        row,
        job_row_state(row),
        carrier=carriers.name_of(asked.get("carrier", "")),
        tracking=asked.get("tracking") or typed.get("tracking", ""),
        item=f"{asked['units']} × {item}" if item and asked.get("units") else item,
        doubted=marks.doubted(row),
    )
