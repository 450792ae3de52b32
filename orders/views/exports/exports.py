"""A list as a file: at once where that is quick, and otherwise kept until its owner fetches it."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orders.access import MissingRight, merchant_page, refuse
from orders.forms.exports import lists
from orders.forms.exports.asked import ExportForm
from orders.forms.exports.lists import LISTS, List, Wanted
from orders.models import EventLog, Export, ExportFormat
from orders.requests import MerchantRequest
from orders.services import audit
from orders.services.exports import asking, files, making
from orders.tables import NotReady, NotValid, Table
from orders.views.pages import render_page

PARTS = {"exports": "orders/exports/_exports.html"}
TYPES = {ExportFormat.XLSX.value: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
CSV = "text/csv; charset=utf-8"


@merchant_page
@require_POST
def export_start(request: MerchantRequest) -> HttpResponseBase:
    """The file, or the page that says how far it is."""
    form = ExportForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was exported: the list or the format is not one of those there are.")
        return redirect("export_list", request.merchant.slug, request.mode)
    asked, one = form.cleaned_data, list_of(request, form.cleaned_data["list"])
    try:
        table = one.table(wanted(request, form))
    except (NotReady, NotValid) as reason:
        messages.error(request, f"Nothing was exported. {reason}")
        return redirect(back_to(request, one, form))
    remember(request, asked)
    most = files.at_once(table, asked["file_format"])
    if table.count(most + 1) > most:
        return _made_later(request, form, one, table)
    record(request, one, asked["file_format"], table.filter)
    content = files.content(table, request.merchant.zone, asked["file_format"], mark=asked["mark"])
    return file_answer(request, content, asked["list"], asked["file_format"], timezone.now())


@require_safe
@merchant_page
def export_list(request: MerchantRequest) -> HttpResponse:
    """One's own files and schedules; the first refresh themselves while one is being made."""
    exports = list(asking.exports_of(request.membership, request.mode))
    context = {
        "exports": exports,
        "waiting": any(export.state == Export.State.WAITING for export in exports),
        "schedules": asking.schedules_of(request.membership, request.mode),
    }
    return render_page(request, "orders/exports/list.html", context, parts=PARTS)


@require_safe
@merchant_page
def export_file(request: MerchantRequest, export_id: uuid.UUID) -> HttpResponseBase:
    """Whoever may not see the list any more does not get its file either."""
    export = _own(request, export_id)
    one = list_of(request, export.list)
    if export.state != Export.State.READY or export.ready_at is None:
        raise Http404
    record(request, one, export.file_format, export.words)
    answer = file_answer(request, making.chunks(export), export.list, export.file_format, export.ready_at)
    answer["Content-Length"] = str(export.size)
    return answer


@merchant_page
@require_POST
def export_remove(request: MerchantRequest, export_id: uuid.UUID) -> HttpResponse:
    export = _own(request, export_id)
    stopped = export.state == Export.State.WAITING
    export.delete()
    messages.success(request, f"The file of {export.title} {'will not be made' if stopped else 'was removed'}.")
    return redirect("export_list", request.merchant.slug, request.mode)


def list_of(request: MerchantRequest, name: str) -> List:
    """Raise `MissingRight`, on record, for whoever may not export it."""
    one = LISTS[name]
    if not lists.may_export(request.membership, name):
        refuse(request, f"may not {one.right.value}")
        raise MissingRight(one.right)
    return one


def back_to(request: MerchantRequest, one: List, form: ExportForm) -> str:
    """The list as it was."""
    path = reverse(one.page, args=[request.merchant.slug, request.mode])
    return f"{path}?{form.asked.urlencode()}" if form.asked else path


def record(request: MerchantRequest, one: List, file_format: str, words: str, how: str = "") -> None:
    """That somebody took rows along, or has them made."""
    kind = "XLSX" if file_format == ExportFormat.XLSX else "CSV"
    audit.record(
        EventLog.Kind.EXPORTED,
        f"{one.subject} as {kind}{how}: {words or 'everything'}",
        user=request.user,
        merchant=request.merchant,
        mode=request.mode,
    )


def wanted(request: MerchantRequest, form: ExportForm) -> Wanted:
    lines = form.cleaned_data.get("lines", False)
    return Wanted(request.merchant, request.mode, request.membership, form.asked, timezone.now(), lines=lines)


def remember(request: MerchantRequest, asked: dict[str, Any]) -> None:
    """How their files shall be; XLSX has no mark, so it says nothing of that."""
    user, before = request.user, (request.user.export_format, request.user.export_mark)
    user.export_format = asked["file_format"]
    if asked["file_format"] != ExportFormat.XLSX:
        user.export_mark = asked["mark"]
    if (user.export_format, user.export_mark) != before:
        user.save(update_fields=["export_format", "export_mark"])


def _made_later(request: MerchantRequest, form: ExportForm, one: List, table: Table) -> HttpResponse:
    asked = form.cleaned_data
    same = {name: asked[name] for name in ("list", "file_format", "mark", "lines")}
    query = form.asked.urlencode()
    try:
        asking.ask(request.membership, request.mode, title=table.title, words=table.filter, query=query, **same)
    except asking.TooMany as error:
        messages.error(request, f"Nothing was exported. {error}")
        return redirect(back_to(request, one, form))
    record(request, one, asked["file_format"], table.filter, ", to be fetched later")
    messages.info(request, "This takes a while. You get a mail when the file is ready, and fetch it here.")
    return redirect("export_list", request.merchant.slug, request.mode)


def _own(request: MerchantRequest, export_id: uuid.UUID) -> Export:
    export = asking.exports_of(request.membership, request.mode).filter(pk=export_id).first()
    if export is None:
        raise Http404
    return export


def file_answer(
    request: MerchantRequest, content: Iterator[bytes], name: str, file_format: str, made: datetime
) -> StreamingHttpResponse:
    """The file, named after merchant, mode, list and day."""
    day = made.astimezone(request.merchant.zone).date()
    ending = "xlsx" if file_format == ExportFormat.XLSX else "csv"
    file_name = f"{request.merchant.slug}-{request.mode}-{name}-{day}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamingHttpResponse(content, content_type=TYPES.get(file_format, CSV), headers=headers)
