from allauth.account.views import logout as allauth_logout
from allauth.account.views import reauthenticate
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as passkeys
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from orders.access import signed_in
from orders.accounts import LAST_FACTOR, merchants_asking_for_second_factor
from orders.forms.accounts.account import Shortcuts, Theme
from orders.requests import Request
from orders.services.accounts import signed_in as places
from orders.services.accounts import unsent
from orders.services.merchants import profile
from orders.views.pages import render_page

A_YEAR = 365 * 24 * 60 * 60


@require_safe
@signed_in
def account(request: Request) -> HttpResponse:
    factors = Authenticator.objects.filter(user=request.user)
    context = {
        "memberships": profile.memberships_of(request.user),
        "app": factors.filter(type=Authenticator.Type.TOTP).exists(),
        "passkeys": factors.filter(type=Authenticator.Type.WEBAUTHN).count(),
        "recovery_codes": factors.filter(type=Authenticator.Type.RECOVERY_CODES).exists(),
        "asking": merchants_asking_for_second_factor(request.user),
        "places": places.places_of(request.user, request.session),
        "shortcuts_form": Shortcuts(initial={"uses_shortcuts": request.user.uses_shortcuts}),
        "theme_form": Theme(initial={"theme": request.COOKIES.get("theme", "system")}),
    }
    return render_page(request, "orders/accounts/page.html", context)


@require_safe
def session_state(request: Request) -> JsonResponse:
    """Who is signed in here now, and a token that is good now: asked by an open page before it sends a form."""
    person = unsent.person(request.user) if request.user.is_authenticated else ""
    return JsonResponse({"person": person, "token": get_token(request)})


@signed_in
@require_POST
def theme(request: Request) -> HttpResponse:
    form = Theme(request.POST)
    response = redirect("account")
    if form.is_valid():
        response.set_cookie(
            "theme",
            form.cleaned_data["theme"],
            max_age=A_YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@signed_in
@require_POST
def shortcuts(request: Request) -> HttpResponse:
    form = Shortcuts(request.POST)
    if form.is_valid():
        request.user.uses_shortcuts = form.cleaned_data["uses_shortcuts"]
        request.user.save(update_fields=["uses_shortcuts"])
        messages.success(request, f"Keyboard shortcuts are {'on' if request.user.uses_shortcuts else 'off'}.")
    return redirect("account")


@signed_in
@require_POST
def session_end(request: Request) -> HttpResponse:
    if places.end(request.user, request.POST.get("session", "")):
        messages.success(request, "That browser was signed out.")
    return redirect("account")


@signed_in
@require_POST
def sessions_end(request: Request) -> HttpResponse:
    """Everywhere, here too."""
    places.end_everywhere(request.user)
    logout(request)
    return _signed_out(redirect("account_login"))


def sign_out(request: HttpRequest) -> HttpResponse:
    """allauth's page, which leaves nothing of what was shown in the browser."""
    response = allauth_logout(request)
    return _signed_out(response) if request.method == "POST" else response


def _signed_out(response: HttpResponse) -> HttpResponse:
    """The browser forgets what it kept of our pages, and the next page tells its other tabs (app.js)."""
    response["Clear-Site-Data"] = '"cache", "storage"'
    if response.get("Location") == reverse("account_login"):
        response["Location"] += "?signed-out=yes"
    return response


@signed_in
def confirm_by_password(request: Request) -> HttpResponse:
    """allauth's page. Where there is a second factor the password alone must not be enough to take it away."""
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    if not kinds - {Authenticator.Type.RECOVERY_CODES}:
        return reauthenticate(request)
    confirm = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
    return redirect(f"{reverse(confirm)}?{request.GET.urlencode()}" if request.GET else reverse(confirm))


@ratelimit.decorator(app="orders", action="challenges", config={"challenges": "20/m/ip"}, limit_get=True)
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """allauth's page, whose challenges are limited too: each is a session in the database, for whoever asks."""
    return passkeys.login_webauthn(request)


@signed_in
def passkey_remove(request: Request, pk: int) -> HttpResponse:
    """allauth's page, but for the last second factor of somebody who has to have one."""
    passkey = get_object_or_404(Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN)
    if not get_adapter().can_delete_authenticator(passkey):
        messages.error(request, LAST_FACTOR)
        return redirect("mfa_list_webauthn")
    return passkeys.remove_webauthn(request, pk=pk)
