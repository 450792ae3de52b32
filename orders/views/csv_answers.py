"""Rows that are taken along as a file, for a spreadsheet or another program."""

from collections.abc import Iterable
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from orders import csv_cells
from orders.models import EventLog
from orders.requests import MerchantRequest
from orders.services import audit
from orders.views.addresses import address

SEPARATOR = "separator"  # of the query: “semicolon”, or nothing for a comma


def csv_links(request: MerchantRequest, page: str, **changes: None) -> dict[str, str]:
    """The addresses of `page` with this page's query, by the name under which the template has them."""
    return {
        "csv": address(request, page, **{SEPARATOR: None}, **changes),
        "csv_with_semicolons": address(request, page, **{SEPARATOR: "semicolon"}, **changes),
    }


def csv_answer(
    request: MerchantRequest, rows: Iterable[Iterable[Any]], subject: str, conditions: Iterable[tuple[str, str]]
) -> StreamingHttpResponse:
    """The rows as a file named after merchant, mode, `subject` and day; that somebody took them along is recorded."""
    words = ", ".join(text for _, text in conditions) or "everything"
    audit.record(
        EventLog.Kind.EXPORTED,
        f"{subject} as CSV: {words}",
        user=request.user,
        merchant=request.merchant,
        mode=request.mode,
    )
    separator = csv_cells.SEMICOLON if request.GET.get(SEPARATOR) == "semicolon" else csv_cells.COMMA
    today = timezone.now().astimezone(request.merchant.zone).date()
    name = f"{request.merchant.slug}-{request.mode}-{subject.removeprefix('the ')}-{today}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_file(rows, separator), content_type="text/csv; charset=utf-8", headers=headers)


def _file(rows: Iterable[Iterable[Any]], separator: str) -> Iterable[str]:
    yield csv_cells.BYTE_ORDER_MARK
    yield from csv_cells.lines(rows, separator)
