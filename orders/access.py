"""Who gets to a page. Every view stands under one of these, and `permissions.PAGES` says which right it needs."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from orders import budgets, step_up
from orders.addresses import with_unsent, without_unsent
from orders.kept_queries import Given, kept
from orders.models import Membership, Merchant
from orders.permissions import PAGES, Right
from orders.requests import MerchantRequest, Request
from orders.services import audit
from orders.services.accounts import unsent
from orders.step_up import StepUpNeeded

View = Callable[..., HttpResponseBase]

SAFE = ("GET", "HEAD", "OPTIONS")
SIGN_IN_AT = "X-Sign-In-At"  # a header of 401: where one signs in, or shows the second factor
SET_UP_HERE = "second_factors_set_up_here"  # in the session in which they were


class MissingRight(PermissionDenied):
    def __init__(self, right: Right) -> None:
        super().__init__(f"You may not {right.value}")
        self.right = right


class Instead(Exception):
    """Raised by a view that has an answer already: what is left of it is not done."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def signed_in(view: View) -> View:
    """Let in whoever has signed in; the page is about themselves or about all their merchants."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(cast(Request, request))
        return view(request, *args, **kwargs)

    page.access = "signed in"  # type: ignore[attr-defined]
    return page


def merchant_page(view: View) -> View:
    """Let in members of the merchant in the address who have the right that `permissions.PAGES` asks for.

    Another merchant's page is a 404, as if it were not there; a missing right is a 403. Both are recorded.
    """

    @wraps(view)
    def page(request: MerchantRequest, merchant: str, mode: str, **kwargs: Any) -> HttpResponseBase:
        right = PAGES[request.resolver_match.url_name or ""]
        request.memberships = _memberships(request.user.pk)
        request.membership = _membership(request, merchant)
        request.merchant, request.mode = request.membership.merchant, mode
        if not budgets.may_open_page(request.user, request.merchant):
            return _too_many_pages(request)
        if request.merchant.mfa_required and not _showed_second_factor(request):
            return _to_second_factor(request)
        if not request.membership.may(right):
            _record_refusal(request, request.merchant, f"may not {right.value}")
            raise MissingRight(right)
        return _proven(request, right) or _shown(request, view, **kwargs)

    guarded = signed_in(page)
    guarded.access = "merchant"  # type: ignore[attr-defined]
    return guarded


def _too_many_pages(request: MerchantRequest) -> HttpResponse:
    page = "partials/error.html" if request.htmx else "429_pages.html"
    response = render(request, page, {"status": 429}, status=429)
    response["Retry-After"] = "60"
    return response


def _proven(request: MerchantRequest, right: Right) -> HttpResponseBase | None:
    """The page that asks who it is, where what only admins may change is changed, or where it was answered wrongly."""
    if request.method in SAFE:
        return None
    if asked := step_up.answered(request):
        return asked
    return step_up.ask(request) if right is Right.MANAGE and not step_up.fresh(request) else None


def _shown(request: MerchantRequest, view: View, **kwargs: Any) -> HttpResponseBase:
    try:
        return view(request, **kwargs)
    except StepUpNeeded:
        return step_up.ask(request)
    except Instead as answered:
        return answered.response


@kept(BigIntegerField())
def _memberships(user_id: Given) -> "QuerySet[Membership]":
    return Membership.objects.filter(user_id=user_id).select_related("merchant")


def _membership(request: MerchantRequest, slug: str) -> Membership:
    found = next((membership for membership in request.memberships if membership.merchant.slug == slug), None)
    if found is None:
        _record_refusal(request, Merchant.objects.filter(slug=slug).first(), "is not a member")
        raise Http404
    return found


def refuse(request: MerchantRequest, reason: str) -> None:
    """Put an attempt on record that a view refuses for a reason of its own."""
    _record_refusal(request, request.merchant, reason)


def _record_refusal(request: Request, merchant: Merchant | None, reason: str) -> None:
    text = f"{request.method} {request.path}: {reason}"
    audit.record_refusal(text, reason, user=request.user, merchant=merchant)


def _to_sign_in(request: Request) -> HttpResponse:
    if request.htmx:
        return _in_place(reverse("account_login"))
    return redirect_to_login(_way_back(request))


def _in_place(address: str) -> HttpResponse:
    """For a part of a page, which no sign-in can stand in for: kept.js opens the address over the page."""
    return HttpResponse(status=401, headers={SIGN_IN_AT: address})


def _way_back(request: Request) -> str:
    """Where to go after signing in. What a form held is kept, and shown again on the page it stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    return kept_at(request) or without_unsent(_own_page(request, request.headers.get("Referer", "")) or "/")


def kept_at(request: Request, *, outdated: bool = False) -> str:
    """Keep what was typed, for its person: the page that shows it again. "" where it is not known whose it is.

    `outdated`: no sign-in is in the way, but the form was opened before an update, and gets a new form token.
    """
    secret = getattr(request, "sensitive_post_parameters", ())
    typed, page = step_up.typed_before(request, unsent.marked(request.POST.get(unsent.MARK, "")))
    form = unsent.keep(request.path, typed, secret, outdated=outdated)
    page = page or _own_page(request, request.headers.get("Referer", "")) or request.path
    return with_unsent(page, form.pk) if form is not None else ""


def _own_page(request: Request, address: str) -> str:
    """The page of ours at an address that a header names; "" for any other, because headers can be forged."""
    try:
        page = urlsplit(address)
    except ValueError:
        return ""
    if page.netloc != request.get_host():
        return ""
    return f"{page.path}?{page.query}" if page.query else page.path or "/"


def _showed_second_factor(request: Request) -> bool:
    """Whether this session showed one that the person still has: a session may be older than the factor, and a factor
    that was removed protects nobody any more."""
    records = get_authentication_records(request, request.user)
    shown = [record.get("id") for record in records if record["method"] == "mfa"]
    set_up = request.session.get(SET_UP_HERE, [])
    return Authenticator.objects.filter(user=request.user, pk__in=[*shown, *set_up]).exists()


def _to_second_factor(request: MerchantRequest) -> HttpResponse:
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if not kinds:
        messages.warning(request, f"{request.merchant} requires a second factor. Set one up here first.")
        address = reverse("mfa_index")
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    confirm = reverse("mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn")
    return _in_place(confirm) if request.htmx else redirect(f"{confirm}?{urlencode({'next': _way_back(request)})}")
