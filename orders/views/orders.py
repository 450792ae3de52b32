import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from orders import states
from orders.access import merchant_page
from orders.apis.errors import Missing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import LineItem, Listing, Order, Transaction
from orders.forms.orders import OrderFilter
from orders.money import Money
from orders.requests import MerchantRequest
from orders.services import amounts, next_steps, orders, revkeen, timeline
from orders.services.orders import OrderFile
from orders.services.revkeen import Reading
from orders.states import STATUSES, State
from orders.views.pages import render_page
from orders.views.tables import OrderRow, order_rows, sums_by_currency

LIST_PARTS = {"order-table": "orders/orders/_table.html", "customer-orders": "orders/orders/_customer_orders.html"}


@require_safe
@merchant_page
def order_list(request: MerchantRequest) -> HttpResponse:
    form = OrderFilter(request.GET, zone=request.merchant.zone)
    if not form.is_valid():
        return render_page(request, "orders/orders/list.html", {"form": form, "tabs": _tabs(request)}, status=400)
    with revkeen.session(request.merchant, request.mode) as api:
        listing = orders.list_orders(api, form.asked)
    if _went_past_the_newest(form, listing):
        return redirect(_address(request, starting_after=None, ending_before=None))
    context = {"form": form, "listing": listing, "tabs": _tabs(request), **_table(request, form, listing)}
    return render_page(request, "orders/orders/list.html", context, parts=LIST_PARTS, status=listing.page_status)


@require_safe
@merchant_page
def order_detail(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    try:
        with revkeen.session(request.merchant, request.mode) as api:
            file = orders.order_file(api, order_id)
    except Missing as error:
        raise Http404 from error
    return render_page(request, "orders/orders/detail.html", _detail(request, file), status=file.order.page_status)


@require_safe
@merchant_page
def order_neighbour(request: MerchantRequest, order_id: uuid.UUID, direction: str) -> HttpResponse:
    """Go on to the next newer or older order; asked for when wanted, because it costs a call."""
    with revkeen.session(request.merchant, request.mode) as api:
        found = orders.neighbour(api, order_id, direction)
    if found is None:
        return redirect("order_list", request.merchant.slug, request.mode)
    return redirect("order_detail", request.merchant.slug, request.mode, found.id)


@require_safe
@merchant_page
def order_json(request: MerchantRequest, order_id: uuid.UUID) -> HttpResponse:
    """The order as RevKeen sent it, for those who look into amounts."""
    try:
        with revkeen.session(request.merchant, request.mode) as api:
            reading = api.get(reads.order(order_id))
            order = reading.require()
    except Missing as error:
        raise Http404 from error
    context = {"order": order, "reading": reading, "text": _indented(reading.body)}
    return render_page(request, "orders/orders/json.html", context)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class LineRow:
    line: LineItem
    product: str  # the product's code or name; "" for an ad-hoc line
    unit_price: Money
    discount: Money
    tax: Money
    total: Money


@dataclass(frozen=True)
class PaymentRow:
    transaction: Transaction
    state: State
    amount: Money
    refundable: Money | None


def _tabs(request: MerchantRequest) -> list[Tab]:
    current = request.GET.get("status", "")
    paging = {"starting_after": None, "ending_before": None, "tick": None}
    return [
        Tab(label, _address(request, status=status or None, **paging), status == current)
        for status, label in [("", "All"), *STATUSES.items()]
    ]


def _table(request: MerchantRequest, form: OrderFilter, listing: Reading[Listing[Order]]) -> dict[str, Any]:
    found = listing.value or Listing([])
    names = orders.customer_labels(request.merchant, request.mode, found.rows, form.customer_id)
    rows = order_rows(found, names, set(request.GET.getlist("tick")))
    ticked = [row.order for row in rows if isinstance(row, OrderRow) and row.ticked]
    return {
        "rows": rows,
        "total": found.total,
        "newer": _newer(request, form, found),
        "older": _older(request, form, found),
        "ticked": ticked,
        "sums": sums_by_currency(ticked),
        "customer_name": names.get(form.customer_id) if form.customer_id else None,
        "conditions": [(words, _address(request, **{name: None})) for name, words in form.conditions],
    }


def _newer(request: MerchantRequest, form: OrderFilter, found: Listing[Order]) -> str:
    """The address of the page before, or "" on the newest one."""
    paged = form.cleaned_data["starting_after"] or (form.cleaned_data["ending_before"] and found.has_more)
    if not paged or not found.rows:
        return ""
    return _address(request, starting_after=None, ending_before=found.rows[0].id, tick=None)


def _older(request: MerchantRequest, form: OrderFilter, found: Listing[Order]) -> str:
    if not found.rows or not (found.has_more or form.cleaned_data["ending_before"]):
        return ""
    return _address(request, ending_before=None, starting_after=found.rows[-1].id, tick=None)


def _went_past_the_newest(form: OrderFilter, listing: Reading[Listing[Order]]) -> bool:
    """Going back to newer orders ends on the newest page, whole, not on the few rows that were left."""
    return bool(form.cleaned_data["ending_before"] and listing.value and not listing.value.has_more)


def _address(request: MerchantRequest, **changes: object) -> str:
    """This page's address with some parameters changed, or taken out where the change is None."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    for name in [name for name, values in query.lists() if values == [""]]:
        del query[name]
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _detail(request: MerchantRequest, file: OrderFile) -> dict[str, Any]:
    order = file.order.require()
    transactions = file.transactions.value.rows if file.transactions and file.transactions.value else None
    return {
        "file": file,
        "order": order,
        "payment": states.payment_state(order),
        "fulfillment": states.fulfillment_state(order),
        "mismatches": amounts.mismatches(order, transactions),
        "next_steps": next_steps.next_steps(order),
        "lines": [_line_row(order, line, file) for line in order.lines],
        "sums": _sums(order),
        "payments": [_payment_row(transaction) for transaction in transactions or []],
        "days": timeline.days(file.events.value.rows, request.merchant.zone) if file.events.value else [],
    }


def _line_row(order: Order, line: LineItem, file: OrderFile) -> LineRow:
    product = file.product_names.get(line.product_id) if line.product_id else None
    return LineRow(
        line=line,
        product=product.product_id or product.name if product else str(line.product_id or "")[:8],
        unit_price=order.money(line.unit_price),
        discount=order.money(-line.discount),
        tax=order.money(line.tax),
        total=order.money(line.total),
    )


def _payment_row(transaction: Transaction) -> PaymentRow:
    currency = transaction.currency.upper()
    gives_back = transaction.type in ("refund", "void")
    refundable = transaction.amount - transaction.amount_refunded
    return PaymentRow(
        transaction=transaction,
        state=states.transaction_state(transaction),
        amount=Money(-transaction.amount if gives_back else transaction.amount, currency),
        refundable=Money(refundable, currency)
        if transaction.type == "sale" and transaction.status == "succeeded"
        else None,
    )


def _sums(order: Order) -> dict[str, Money]:
    return {
        "subtotal": order.money(order.subtotal),
        "discount": order.money(-order.discount),
        "tax": order.money(order.tax),
        "total": order.money(order.total),
        "paid": order.money(order.amount_paid),
        "refunded": order.money(-order.amount_refunded),
        "net": order.money(order.net_received),
        "due": order.money(order.amount_due),
    }


def _indented(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
