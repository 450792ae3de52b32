"""The merchant's items: bins, barcodes and pictures, for the station and the pick list."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import csv_cells
from orders.access import merchant_page
from orders.apis.errors import ApiError
from orders.forms.items.items import ItemForm, initial_of
from orders.forms.items.table import HEADINGS, MOST_ROWS, TableForm
from orders.models import Item
from orders.requests import MerchantRequest
from orders.services.items import from_products, items
from orders.services.items.items import Saved, Taken
from orders.services.revkeen import session
from orders.views.addresses import address
from orders.views.pages import render_page, search_text, sent

ROWS = 100  # of a page


@require_safe
@merchant_page
def item_list(request: MerchantRequest) -> HttpResponse:
    text = search_text(request, request.GET.get("q", ""))
    page = Paginator(items.found_by(request.merchant, text), ROWS).get_page(request.GET.get("page"))
    context = {
        "text": text,
        "page": page,
        "newer": address(request, page=page.previous_page_number()) if page.has_previous() else "",
        "older": address(request, page=page.next_page_number()) if page.has_next() else "",
    }
    return render_page(request, "orders/items/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def item_add(request: MerchantRequest) -> HttpResponse:
    form = ItemForm(sent(request))
    if request.method == "POST" and form.is_valid():
        if items.of_skus(request.merchant, [form.row.sku]):
            form.add_error("sku", "This SKU is in the table already.")
        elif _saved(form, lambda: items.save(request.merchant, [form.row], items.COLUMNS, request.user)):
            return _back(request, f"{form.row.sku} added.")
    return _form_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def item_edit(request: MerchantRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(items.all_of(request.merchant), pk=pk)
    form = ItemForm(sent(request), initial=initial_of(item))
    if (
        request.method == "POST"
        and form.is_valid()
        and _saved(form, lambda: items.change(item, form.row, request.user))
    ):
        return _back(request, f"{form.row.sku} saved.")
    return _form_page(request, form, item)


@merchant_page
@require_POST
def item_remove(request: MerchantRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(items.all_of(request.merchant), pk=pk)
    item.delete()
    return _back(request, f"{item.sku} removed.")


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def item_paste(request: MerchantRequest) -> HttpResponse:
    form = TableForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            saved = items.save(request.merchant, form.table.rows, form.table.columns, request.user)
            return _back(request, _words(saved))
        except Taken as error:
            form.add_error(None, f"{error.sku}: barcode {error}")
    context = {"form": form, "most_rows": MOST_ROWS}
    return render_page(request, "orders/items/paste.html", context, status=422 if form.errors else 200)


@merchant_page
@require_POST
def items_fill(request: MerchantRequest) -> HttpResponse:
    """Take over what RevKeen's products say and the table does not."""
    try:
        with session.session(request.merchant, request.mode) as api:
            found = from_products.products(api)
        return _back(request, _words(from_products.fill(request.merchant, found, request.user)))
    except ApiError as error:
        messages.error(request, f"{error.title} {error} Nothing was saved.")
    except Taken as error:
        messages.error(request, f"Nothing was saved. {error.sku}: barcode {error}")
    return redirect("item_list", request.merchant.slug, request.mode)


@require_safe
@merchant_page
def items_file(request: MerchantRequest) -> HttpResponse:
    """The table as CSV, which can be changed in a spreadsheet and pasted again; the template where it is empty."""
    rows = [items.as_row(item) for item in items.found_by(request.merchant, "")]
    cells = [[row.sku, row.name, row.bin, " ".join(row.barcodes), row.picture] for row in rows]
    lines = csv_cells.lines([list(HEADINGS.values()), *cells])
    response = HttpResponse(csv_cells.BYTE_ORDER_MARK + "".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.merchant.slug}-items.csv"'
    return response


def _saved(form: ItemForm, save: Any) -> bool:
    try:
        save()
    except Taken as error:
        form.add_error("sku" if error.barcode == form.row.sku else "barcodes", str(error))
        return False
    return True


def _words(saved: Saved) -> str:
    parts = [f"{saved.added} added"] if saved.added else []
    parts += [f"{saved.changed} changed"] if saved.changed else []
    return f"{' and '.join(parts)}." if parts else "Nothing to change: the table says all of it already."


def _back(request: MerchantRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("item_list", request.merchant.slug, request.mode)


def _form_page(request: MerchantRequest, form: ItemForm, item: Item | None = None) -> HttpResponse:
    context = {"form": form, "item": item}
    return render_page(request, "orders/items/form.html", context, status=422 if form.errors else 200)
