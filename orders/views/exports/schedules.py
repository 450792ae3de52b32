"""Files of a list that are made every day, week or month."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from orders.access import merchant_page
from orders.forms.exports import lists
from orders.forms.exports.asked import ScheduleForm
from orders.forms.exports.lists import LISTS, List
from orders.forms.orders.order_address import VIEW
from orders.models import SavedView
from orders.requests import MerchantRequest
from orders.services.exports import asking
from orders.services.orders import saved_views
from orders.tables import NotReady, NotValid
from orders.views.exports.exports import list_of, record, remember, wanted
from orders.views.pages import render_page, sent


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def export_schedule_add(request: MerchantRequest) -> HttpResponse:
    name = request.GET.get("list", "")
    if name not in LISTS:
        raise Http404
    one = list_of(request, name)
    user = request.user
    how = {"file_format": user.export_format, "mark": user.export_mark, "every": "day"}
    initial = {"list": name, "query": request.GET.get("query", "")[: lists.LONGEST], **how}
    form = ScheduleForm(sent(request), initial=initial)
    if not one.has_lines:
        del form.fields["lines"]
    if request.method == "POST" and form.is_valid() and _save(request, form, one):
        return redirect("export_list", request.merchant.slug, request.mode)
    query = lists.without_page(QueryDict(form["query"].value() or ""))
    context = {"form": form, "one": one, "view": _view(request, name, query), "query": query.urlencode()}
    return render_page(request, "orders/exports/schedule.html", context, status=422 if form.errors else 200)


@merchant_page
@require_POST
def export_schedule_remove(request: MerchantRequest, schedule_id: uuid.UUID) -> HttpResponse:
    """The files that were made stay as long as they are kept."""
    deleted, _ = asking.schedules_of(request.membership, request.mode).filter(pk=schedule_id).delete()
    if not deleted:
        raise Http404
    messages.success(request, "No more files will be made.")
    return redirect("export_list", request.merchant.slug, request.mode)


def _save(request: MerchantRequest, form: ScheduleForm, one: List) -> bool:
    """False where the form says what is wrong."""
    asked = form.cleaned_data
    try:
        table = one.table(wanted(request, form))
        view = _view(request, asked["list"], form.asked)
        same = {name: asked[name] for name in ("list", "file_format", "mark")}
        asking.ask_every(
            request.membership,
            request.mode,
            asked["every"],
            title=view.name if view else table.title,
            words=table.filter,
            query=form.asked.urlencode(),
            view=view,
            lines=asked.get("lines", False),
            **same,
        )
    except (NotReady, NotValid, asking.TooMany) as reason:
        form.add_error(None, str(reason))
        return False
    remember(request, asked)
    every = form.fields["every"].choices  # type: ignore[attr-defined]
    words = dict(every)[asked["every"]]
    often = words[0].lower() + words[1:]
    record(request, one, asked["file_format"], table.filter, f", {often}")
    messages.success(request, f"A file will be made {often}. You get a mail each time.")
    return True


def _view(request: MerchantRequest, name: str, query: QueryDict) -> SavedView | None:
    """The saved view that the list began as, whose filters then count as they are at the time."""
    try:
        view_id = uuid.UUID(query.get(VIEW) or "")
    except ValueError:
        return None
    return saved_views.find(request.membership, request.mode, view_id) if name == "orders" else None
