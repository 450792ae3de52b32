import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.access import merchant_page
from orders.apis.errors import ApiError
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Order
from orders.forms.drafts.drafts import CURRENCIES, DraftForm
from orders.models import Draft, Operation
from orders.permissions import Right
from orders.requests import MerchantRequest
from orders.services.accounts import unsent
from orders.services.drafts import draft_differences, drafts
from orders.services.drafts.drafts import Closed, Conflict
from orders.services.revkeen import session
from orders.services.revkeen.session import Reading
from orders.storable import storable
from orders.views.changes.form_page import to_operation
from orders.views.drafts import invoices, products
from orders.views.order_head import sums
from orders.views.pages import render_page, search_text, typed_before

PAGE_SIZE = 50
PARTS = {"draft-state": "orders/drafts/_saved.html", "metadata-rows": "orders/orders/order_edits/_metadata.html"}


@require_safe
@merchant_page
def draft_list(request: MerchantRequest) -> HttpResponse:
    pages = Paginator(drafts.of_merchant(request.merchant, request.mode), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    rows = [(draft, drafts.totals(draft)) for draft in page]
    newer = f"?page={page.previous_page_number()}" if page.has_previous() else ""
    older = f"?page={page.next_page_number()}" if page.has_next() else ""
    context = {"rows": rows, "count": pages.count, "newer": newer, "older": older}
    return render_page(request, "orders/drafts/list.html", context)


@merchant_page
@require_POST
def draft_new(request: MerchantRequest) -> HttpResponse:
    """An empty draft, or one for the customer whose orders somebody looks at."""
    for_whom = None
    if chosen := request.POST.get("customer"):
        with session.session(request.merchant, request.mode) as api:
            for_whom = drafts.customer(api, _uuid(chosen))
    return to_draft(request, drafts.start(request.merchant, request.mode, request.user, for_whom))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def draft_detail(request: MerchantRequest, draft_id: uuid.UUID) -> HttpResponse:
    """The editor. Each button saves what is valid first, then does its own."""
    draft = _draft(request, draft_id)
    closed = _closed(request, draft)
    if closed is not None:
        return closed
    if request.method != "POST":
        before = typed_before(request)
        form = DraftForm(before, draft=draft, zone=request.merchant.zone)
        problems = drafts.problems(draft) if REVIEW in request.GET and before is None else []
        form.say(problems)
        return _page(request, draft, form, unsaved=before is not None, incomplete=bool(problems))
    return _saved(request, draft)


@require_safe
@merchant_page
def draft_presence(request: MerchantRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Who else has the draft open; asking says that one has it open oneself."""
    draft = _draft(request, draft_id)
    context = {"draft": draft, "others": drafts.visit(draft, request.user)}
    return render_page(request, "orders/drafts/_presence.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def draft_discard(request: MerchantRequest, draft_id: uuid.UUID) -> HttpResponse:
    draft = _draft(request, draft_id)
    closed = _closed(request, draft)
    if closed is not None:
        return closed
    if request.method == "POST":
        drafts.discard(draft)
        messages.success(request, f"{draft} was discarded.")
        return redirect("draft_list", request.merchant.slug, request.mode)
    return render_page(request, "orders/drafts/discard.html", {"draft": draft, "totals": drafts.totals(draft)})


def _saved(request: MerchantRequest, draft: Draft) -> HttpResponse:
    """Save what is valid, then show, find, or go on, as the button says."""
    data, extra, error = request.POST.copy(), {}, ""
    do, _, what = (_entered(data) if data.get("do") == "enter" else data.get("do", "save")).partition(":")
    try:
        extra = _before_saving(request, draft, data, do, what)
    except ApiError as failure:
        error = f"{failure.title} {failure}"
    form = DraftForm(data, draft=draft, zone=request.merchant.zone)
    form.is_valid()
    invoices.refuse_what_cannot_be_linked(request, draft, form)
    changes = form.changes | extra.pop("changes", {})
    try:
        if do == "currency" and not form.errors:
            changes |= products.in_currency(request, draft, changes["lines"], what)
    except ApiError as failure:
        error = f"{failure.title} {failure}"
    page, next_page = _pages(request, data)
    try:
        saved = drafts.save(draft, changes, version=_version(data), page=page, next_page=next_page, by=request.user)
    except Conflict as conflict:
        saved = conflict.current
        if differences := draft_differences.differences(changes, saved):
            return _conflict(request, saved, differences)
    except Closed:
        return to_draft(request, draft)
    if form.errors or error or extra or request.htmx or "add" in data:
        form.draft = saved
        extra |= products.read_anew(request, saved, data) if request.htmx else {}
        return _page(request, saved, form, refused=bool(form.errors), page=next_page, error=error, **extra)
    return _review(request, saved) if do == "review" else _to_where_it_was(request, saved, do)


def _to_where_it_was(request: MerchantRequest, draft: Draft, do: str) -> HttpResponse:
    return to_draft(request, draft, f"#{'lines' if do in LINE_BUTTONS else 'main'}")


def _pages(request: MerchantRequest, data: QueryDict) -> tuple[str, str]:
    """Which page the form was on, and which it will be on: a new one, unless this one stays where it is."""
    page = storable(data.get("page", "")[:40])
    return page, page if request.htmx else uuid.uuid4().hex


NOT_TYPED = {unsent.MARK, "csrfmiddlewaretoken", "version", "do", "page", "add"}
REVIEW = "review"  # in the query: what is missing is said
LINE_BUTTONS = ("add_line", "add_offer", "remove", "save", "currency")


def _before_saving(request: MerchantRequest, draft: Draft, data: QueryDict, do: str, what: str) -> dict[str, Any]:
    """Let a button change what was typed, or bring what it looks for. Raise `ApiError`.

    What it brings goes to the page; under `changes` is what it changes beside the form.
    """
    if do == "add_line":
        products.append(data, drafts.new_line())
        if len(data.getlist("line")) > drafts.MOST_LINES:
            messages.warning(request, f"No line was added: a draft can have up to {drafts.MOST_LINES}.")
    elif do == "remove":
        data.setlist("line", [line_id for line_id in data.getlist("line") if line_id != what])
    elif do == "guest":
        return {"changes": {"customer_id": None, "customer_label": ""}}
    elif do in ("find_customers", "customer"):
        with session.session(request.merchant, request.mode) as api:
            if do == "find_customers":
                return {"customers": drafts.find_customers(api, search_text(request, data.get("q", "")))}
            found = drafts.customer(api, _uuid(what))
            return {"changes": drafts.for_customer(found)}
    elif do in ("find_offers", "add_offer"):
        return products.found(request, draft, data, what if do == "add_offer" else "")
    elif do == "currency":
        data["currency"] = draft.currency  # it is changed with the lines, once all else is valid
    return {}


def _entered(data: QueryDict) -> str:
    """What Enter does in a field without a script: it finds where something to find was typed, and saves."""
    return "find_offers" if data.get("product_q", "").strip() else "find_customers" if data.get("q") else "save"


def _review(request: MerchantRequest, draft: Draft) -> HttpResponse:
    """On to what will be created, once nothing is missing; else to where what is stands by its field.

    That is got, so that a reload sends nothing again over what was saved meanwhile.
    """
    if drafts.problems(draft):
        return to_draft(request, draft, f"?{REVIEW}=yes#main")
    return redirect("draft_create", request.merchant.slug, request.mode, draft.pk)


def _conflict(request: MerchantRequest, current: Draft, differences: list[tuple[str, str, str]]) -> HttpResponse:
    """Nothing was written: theirs beside yours, and everything typed is still there."""
    typed = [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_TYPED]
    own = current.updated_by_id == request.user.pk
    context = {"draft": current, "typed": typed, "differences": differences, "own": own}
    parts = dict.fromkeys(PARTS, "orders/drafts/_conflict.html")
    response = render_page(request, "orders/drafts/conflict.html", context, parts=parts, status=409)
    response["HX-Retarget"] = "#draft-state"
    return response


def _page(
    request: MerchantRequest, draft: Draft, form: DraftForm, *, refused: bool = False, page: str = "", **found: Any
) -> HttpResponse:
    replaced = None
    if not request.htmx:
        replaced = _replaced(request, draft)
        invoices.offer(request, draft, form)
    context = {
        "draft": draft,
        "form": form,
        "rows": form.line_rows,
        "totals": drafts.totals(draft),
        "others": drafts.visit(draft, request.user),
        "replaced": replaced,
        "replaced_sums": sums(replaced.value) if replaced and replaced.value else None,
        "page": page or uuid.uuid4().hex,
        "currencies": CURRENCIES,
        "q": form.data.get("q", ""),
        "product_q": form.data.get("product_q", ""),
        "refused": refused,
        **found,
    }
    return render_page(request, "orders/drafts/page.html", context, parts=PARTS, status=422 if refused else 200)


def _replaced(request: MerchantRequest, draft: Draft) -> Reading[Order] | None:
    """The order that the draft is to replace, as it is now, for comparison: writing goes on without it."""
    if draft.replaces_id is None:
        return None
    with session.session(request.merchant, request.mode) as api:
        return api.get(reads.order(draft.replaces_id))


def _draft(request: MerchantRequest, draft_id: uuid.UUID) -> Draft:
    draft = drafts.find(request.merchant, request.mode, draft_id)
    if draft is None:
        raise Http404
    return draft


def _closed(request: MerchantRequest, draft: Draft) -> HttpResponse | None:
    """Where a draft leads that is not edited any more."""
    operation = drafts.operation_of(draft)
    if operation is not None:
        return to_created(request, operation)
    if draft.discarded_at is not None:
        messages.warning(request, f"{draft} was discarded.")
        return redirect("draft_list", request.merchant.slug, request.mode)
    return None


def to_created(request: MerchantRequest, operation: Operation) -> HttpResponse:
    """To what became of a draft: its operation, for whoever may see it, else the order."""
    own = operation.user_id == request.user.pk
    if own or request.membership.may(Right.JOURNAL_OF_ALL):
        return to_operation(request, operation)
    if operation.created_order_id is not None:
        return redirect("order_detail", request.merchant.slug, request.mode, operation.created_order_id)
    messages.warning(request, f"{operation.user} is creating the order of this draft.")
    return redirect("draft_list", request.merchant.slug, request.mode)


def to_draft(request: MerchantRequest, draft: Draft, place: str = "") -> HttpResponse:
    response = redirect(reverse("draft_detail", args=[request.merchant.slug, request.mode, draft.pk]) + place)
    response.status_code = 303
    return response


def _version(data: QueryDict) -> int:
    text = data.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error
