"""Which orders a page of a job is about: ticked ones, all of a list, or those that its form has carried along."""

import uuid
from dataclasses import dataclass

from django.http import QueryDict
from django.utils import timezone

from orders.forms.fulfillment.queue import QueueFilter
from orders.forms.jobs.fulfilling import TypedRow, typed_in
from orders.forms.orders.order_address import TICK, canonical, left_from
from orders.forms.orders.order_filter import OrderFilter
from orders.models import OrderCopy
from orders.requests import MerchantRequest
from orders.services.fulfillment import to_fulfill
from orders.services.jobs.asking import MOST_ORDERS
from orders.services.orders import order_lists
from orders.services.revkeen import customer_names, session

TICKED = ("order", TICK, "id")  # as the form of a job, the list of orders and *To fulfill* name them
ALL, LIST = "all", "list"
TO_FULFILL = "to-fulfill"


@dataclass(frozen=True)
class Chosen:
    """`source`: where they come from, in words. `cut`: there are more than go at once."""

    order_ids: list[uuid.UUID]
    source: str
    cut: bool = False


def chosen(request: MerchantRequest) -> Chosen:
    """A form that was sent has its orders with it: what the list has by then makes no difference."""
    given = request.POST if request.method == "POST" else request.GET
    ids = list(dict.fromkeys(one for name in TICKED for text in given.getlist(name) if (one := _uuid(text))))
    if request.method == "POST" or ids or ALL not in request.GET:
        source = given.get("source", "")[:200] or f"{len(ids):,} selected order{'' if len(ids) == 1 else 's'}"
        return Chosen(ids[:MOST_ORDERS], source, len(ids) > MOST_ORDERS)
    return _all_to_fulfill(request) if request.GET[ALL] == TO_FULFILL else _all_of_list(request)


def rows(request: MerchantRequest, found: Chosen) -> list[TypedRow]:
    """With what the index knows of them, in their order."""
    data: QueryDict | None = request.POST if request.method == "POST" else None
    copies = OrderCopy.objects.filter(merchant=request.merchant, mode=request.mode, order_id__in=found.order_ids)
    known = {copy.order_id: copy for copy in copies.defer("text", "metadata")}
    customers = {copy.customer_id for copy in known.values() if copy.customer_id}
    names = customer_names.known(request.merchant, request.mode, customers)
    return [_row(one, known.get(one), names, data) for one in found.order_ids]


def _row(order_id: uuid.UUID, copy: OrderCopy | None, names: dict[uuid.UUID, str], data: QueryDict | None) -> TypedRow:
    typed = typed_in(data, order_id)
    if copy is None:  # the dry run says that nobody knows it here
        return TypedRow(order_id, str(order_id), "", "", typed)
    customer = names.get(copy.customer_id, "") if copy.customer_id else ""
    return TypedRow(order_id, copy.public_id, customer, copy.summary, typed)


def _all_of_list(request: MerchantRequest) -> Chosen:
    address = left_from(request.GET.get(LIST, ""))
    form = OrderFilter(canonical(address), request.merchant, request.mode, timezone.now())
    if any(one.q is None for one in form.asked):
        return Chosen([], "A condition of the list is not understood, so nothing was selected.")
    keys, cut = order_lists.all_keys(form.wanted, MOST_ORDERS + 1)
    copies = OrderCopy.objects.filter(pk__in=list(keys)).values_list("pk", "order_id")
    ids = dict(copies)
    found = [ids[key] for key in keys if key in ids]
    words = form.line or "every order"
    return Chosen(found[:MOST_ORDERS], f"List of orders: {words}"[:200], cut or len(found) > MOST_ORDERS)


def _all_to_fulfill(request: MerchantRequest) -> Chosen:
    """All rows of the tab, with its filters, in its order."""
    with session.session(request.merchant, request.mode) as api:
        search = to_fulfill.search(api).value
        left, _ = to_fulfill.left(api, search) if search else ([], 0)
    found = [row.order.id for row in QueueFilter(request.GET, left, request.user).found if row.units_left]
    return Chosen(found[:MOST_ORDERS], "To fulfill", len(found) > MOST_ORDERS)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
