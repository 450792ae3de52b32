"""The accounting feed: what is new since the last file, and every earlier file again."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.access import merchant_page
from orders.forms.exports.asked import AccountingScheduleForm
from orders.models import EventLog, ExportFormat
from orders.requests import MerchantRequest
from orders.services import audit
from orders.services.exports import accounting, accounting_schedule, files
from orders.tables import AT_ONCE
from orders.views.exports.exports import file_answer
from orders.views.pages import render_page

SHOWN = 100  # files, the newest


@require_safe
@merchant_page
def accounting_list(request: MerchantRequest) -> HttpResponse:
    schedule = accounting_schedule.of(request.membership, request.mode)
    context = {
        "files": accounting.files_of(request.merchant, request.mode)[:SHOWN],
        "new": accounting.new_rows(request.merchant, request.mode, AT_ONCE + 1),
        "most": AT_ONCE,
        "schedule": schedule,
        "form": AccountingScheduleForm(initial={"every": schedule.every if schedule else ""}),
    }
    return render_page(request, "orders/exports/accounting.html", context)


@merchant_page
@require_POST
def accounting_make(request: MerchantRequest) -> HttpResponse:
    """What two people ask for at once are two files, and nothing is in both."""
    made = accounting.make(request.merchant, request.mode, request.user)
    if made is None:
        messages.info(request, "No payment and no refund is new since the last file.")
    else:
        _record(request, f"accounting file {made.number} made, {made.rows} rows")
        messages.success(request, f"File {made.number} was made. Download it below, now or later.")
    return redirect("accounting_list", request.merchant.slug, request.mode)


@merchant_page
@require_POST
def accounting_schedule_set(request: MerchantRequest) -> HttpResponse:
    form = AccountingScheduleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed: choose how often from the list.")
    else:
        accounting_schedule.set_every(request.membership, request.mode, form.cleaned_data["every"])
        words = dict(form.fields["every"].choices)[form.cleaned_data["every"]].lower()  # type: ignore[attr-defined]
        _record(request, f"accounting files are made {words}")
        messages.success(request, f"Files are made {words}.")
    return redirect("accounting_list", request.merchant.slug, request.mode)


@require_safe
@merchant_page
def accounting_file(request: MerchantRequest, number: int) -> HttpResponseBase:
    """In the format in which this person had their last export."""
    made = accounting.files_of(request.merchant, request.mode).filter(number=number).first()
    if made is None:
        raise Http404
    file_format, mark = request.user.export_format, request.user.export_mark
    kind = "XLSX" if file_format == ExportFormat.XLSX else "CSV"
    _record(request, f"accounting file {number} as {kind}")
    content = files.content(accounting.table(made), request.merchant.zone, file_format, mark=mark)
    return file_answer(request, content, f"accounting-{number:05}", file_format, timezone.now())


def _record(request: MerchantRequest, text: str) -> None:
    kind = EventLog.Kind.EXPORTED
    audit.record(kind, text, user=request.user, merchant=request.merchant, mode=request.mode)
