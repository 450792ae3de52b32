"""Who is about to do what cannot be taken back shows once more who they are: with a second factor, or with the password
where they have none. A session that was left open or stolen can look at orders, and change neither keys, members and
settings nor move large sums.

What was typed goes along, sealed, through the page that asks, so that nothing of it is lost and nothing was done yet.
"""

import inspect
import json
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.forms import ReauthenticateForm as CodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm as PasskeyForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from orders import secrets

LASTS = 10 * 60  # seconds
CARRIED = "step_up"  # the field with what was typed
PAGE = "step_up_page"  # beside what was typed: the page it was typed on
Kind = Authenticator.Type


class StepUpNeeded(Exception):
    """Raised by a view once it knows that what is asked of it needs a proof; nothing was done yet."""


def require(request: HttpRequest) -> None:
    """Raise `StepUpNeeded` unless the person has just shown who they are."""
    if not fresh(request):
        raise StepUpNeeded


def fresh(request: HttpRequest) -> bool:
    """Whether this session showed a second factor that the person still has, or the password where there is none."""
    factors = _factors(request.user)
    records = get_authentication_records(request, request.user)
    recent = [record for record in records if time.time() - record["at"] < LASTS]
    if factors.keys() - {Kind.RECOVERY_CODES}:
        known = {pk for pks in factors.values() for pk in pks}
        return any(record["method"] == "mfa" and record.get("id") in known for record in recent)
    return any(record["method"] == "password" for record in recent)


def ask(request: HttpRequest, form: Any = None) -> HttpResponse:
    """The page that asks for the proof; `form` is the one that did not give it."""
    factors = _factors(request.user)
    kinds = factors.keys() - {Kind.RECOVERY_CODES}
    user: Any = request.user
    context = {
        "form": form,
        "back": _way_back(request),
        "carried": request.POST.get(CARRIED) or _seal(request),
        "code": CodeForm(user=user) if Kind.TOTP in kinds or (kinds and Kind.RECOVERY_CODES in factors) else None,
        "passkey": PasskeyForm(user=user) if Kind.WEBAUTHN in kinds else None,
        "password": None if kinds else PasswordForm(user=user),
    }
    if Kind.WEBAUTHN in kinds:
        context["js_data"] = {"request_options": begin_authentication(user)}
    return render(request, "account/step_up.html", context, status=403)


def answered(request: HttpRequest) -> HttpResponse | None:
    """Look at the proof that came from that page, and put what was typed back into the request.

    The page once more where the proof is wrong; None where it is right, or where none was asked for.
    """
    if CARRIED not in request.POST:
        return None
    form = _form(request)
    if not form.is_valid():
        return ask(request, form)
    if isinstance(form, PasswordForm):
        reauthenticate_by_password(request)
    else:
        form.save()
    request.POST, _ = _unseal(request, request.user.pk)  # type: ignore[assignment]
    return None


def typed_before(request: HttpRequest, person: int | None) -> tuple[QueryDict, str]:
    """What a person typed before they were asked, and the page it stood on; what was posted where none was asked for.

    For a session that ended at the page that asks: the person is the one who had the form open.
    """
    if CARRIED not in request.POST:
        return request.POST, ""
    try:
        return _unseal(request, person)
    except SuspiciousOperation:
        return request.POST, ""


def _way_back(request: HttpRequest) -> str:
    """The page of ours with the form, where the browser says it and it can be looked at; home where not."""
    page = typed_before(request, request.user.pk)[1] if CARRIED in request.POST else _page_before(request)
    found = request.resolver_match
    if not page or (page == request.path and found is not None and _only_takes_forms(found.func)):
        return reverse("chooser")
    return page


def _only_takes_forms(view: Any) -> bool:
    """Whether `require_POST` stands around it, which leaves no mark but what it closes over."""
    while view is not None:
        if "request_method_list" in view.__code__.co_freevars:
            return "GET" not in inspect.getclosurevars(view).nonlocals["request_method_list"]
        view = getattr(view, "__wrapped__", None)
    return False


def _page_before(request: HttpRequest) -> str:
    """The page of ours that the browser says it was on; "" where it says none or another's."""
    try:
        before = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    return before.path if before.netloc == request.get_host() else ""


def _factors(user: Any) -> dict[str, list[int]]:
    """The ids of the person's second factors by kind."""
    factors: dict[str, list[int]] = {}
    for kind, pk in Authenticator.objects.filter(user=user).values_list("type", "pk"):
        factors.setdefault(kind, []).append(pk)
    return factors


def _form(request: HttpRequest) -> Any:
    """The password is no proof for somebody who has a second factor, whatever the form says."""
    user: Any = request.user
    if not _factors(user).keys() - {Kind.RECOVERY_CODES}:
        return PasswordForm(request.POST, user=user)
    return (PasskeyForm if "credential" in request.POST else CodeForm)(request.POST, user=user)


def _purpose(request: HttpRequest, person: int | None) -> str:
    """What was typed goes back to the person who typed it, and to the page they typed it on."""
    return f"step-up:{person}:{request.path}"


def _seal(request: HttpRequest) -> str:
    typed = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    typed[PAGE] = [_page_before(request)]
    return secrets.seal(json.dumps(typed), _purpose(request, request.user.pk))


def _unseal(request: HttpRequest, person: int | None) -> tuple[QueryDict, str]:
    """What was typed, and the page it was typed on."""
    try:
        typed = json.loads(secrets.unseal(request.POST[CARRIED], _purpose(request, person)))
    except secrets.Unreadable as error:
        raise SuspiciousOperation("What was typed before the proof was made for another form.") from error
    page = "".join(typed.pop(PAGE, []))
    found = QueryDict(mutable=True)
    for name, values in typed.items():
        found.setlist(name, values)
    return found, page
