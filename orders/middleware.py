"""What holds for every answer: a request id, strict headers, no copies of private pages, calm error pages."""

import time
from collections.abc import Callable
from typing import cast

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from orders import sessions
from orders.addresses import UNSENT, with_unsent, without_unsent
from orders.apis import timing
from orders.apis.decoding import too_deep
from orders.apis.errors import ApiError
from orders.headers import HEADERS
from orders.refill import Left, refill
from orders.request_ids import begin_request
from orders.requests import Request
from orders.services.accounts import unsent
from orders.views.errors import method_not_allowed
from revkeen_admin.hosts import normal

GetResponse = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("orders.requests")

NOT_KEPT = (
    "What was entered here before is not shown: it belongs to another person, or is more than an hour old. "
    "None of it was sent."
)


def request_id(get_response: GetResponse) -> GetResponse:
    """Give the request an id, and write the one log line that says how it ended: no query, no body, no name."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        structlog.contextvars.clear_contextvars()
        cast(Request, request).request_id = begin_request()
        structlog.contextvars.bind_contextvars(request_id=cast(Request, request).request_id)
        response = get_response(request)
        response["X-Request-ID"] = cast(Request, request).request_id
        log.info(
            "request",
            method=request.method,
            path=request.path[:200],
            status=response.status_code,
            ms=round((time.monotonic() - started) * 1000, 1),
        )
        return response

    return middleware


def one_host(get_response: GetResponse) -> GetResponse:
    """A name has many spellings, and what is kept by it (limits, passkeys, ways back) must have one."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "HTTP_HOST" in request.META:
            request.META["HTTP_HOST"] = normal(request.META["HTTP_HOST"])
        return get_response(request)

    return middleware


def strict_headers(get_response: GetResponse) -> GetResponse:
    """Outside of everything that may answer: a request that is refused before it reaches a view is answered too."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for header, value in HEADERS.items():
            response.headers.setdefault(header, value)
        if settings.SECURE_HSTS_SECONDS:
            response.headers.setdefault("Strict-Transport-Security", _strict_transport())
        return response

    return middleware


def _strict_transport() -> str:
    return f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"


def bounded_bodies(get_response: GetResponse) -> GetResponse:
    """Refuse unread what is larger than any form of ours: Django bounds fields, but writes files to the disk."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE.")
        return get_response(request)

    return middleware


def shallow_passkeys(get_response: GetResponse) -> GetResponse:
    """Refuse what a passkey says when it is nested without end, before allauth takes it apart for whoever sends it.

    A view that takes no forms reads its body itself, whatever that is said to be.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_view(request: HttpRequest, view: object, *given: object) -> None:
        takes_forms = request.method == "POST" and not getattr(view, "csrf_exempt", False)
        if takes_forms and too_deep(request.POST.get("credential", "").encode(errors="replace")):
            raise BadRequest("The credential is nested too deeply.")

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def private_pages(get_response: GetResponse) -> GetResponse:
    """No cache keeps a page: what one person may see, another may not, and Back after signing out shows nothing."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["Cache-Control"] = "no-store, private"
        patch_vary_headers(response, ["Cookie", "HX-Request", "HX-Target"])
        return response

    return middleware


def idle_sessions(get_response: GetResponse) -> GetResponse:
    """Let a session last while somebody works in it; what a page asks for by itself is none (app.js says so)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.session.accessed and "X-By-Itself" not in request.headers:
            sessions.touch(request.session)
        return response

    return middleware


def server_timing(get_response: GetResponse) -> GetResponse:
    """Tell staff, in their browser's network panel, how long the APIs took and how long we took."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        with timing.measured() as calls:
            response = get_response(request)
        if hasattr(request, "user") and request.user.is_authenticated:
            total = time.monotonic() - started
            api = timing.covered(calls)
            response["Server-Timing"] = (
                f'api;dur={api * 1000:.1f};desc="{len(calls)} calls", app;dur={(total - api) * 1000:.1f}'
            )
        return response

    return middleware


def unsent_forms(get_response: GetResponse) -> GetResponse:
    """A page that is asked for with what was kept for its form across a sign-in has it filled in, and says so.

    In the order of the middleware it stands inside of what reads the session. The page is got, so nothing is sent.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        wanted = request.GET.get(UNSENT, "") if request.method == "GET" else ""
        if not wanted or not request.user.is_authenticated:
            return get_response(request)
        kept = unsent.find(wanted, request.user)
        if kept is None:
            messages.warning(request, NOT_KEPT)
            return redirect(without_unsent(request.get_full_path()))
        cast(Request, request).unsent = kept
        response = get_response(request)
        if isinstance(response, HttpResponseRedirectBase) and response.url.startswith("/"):
            response["Location"] = with_unsent(response.url, kept.id)
        elif isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html"):
            page = refill(response.text, request.path, kept.path, kept.data, lambda left: _unsent_notice(kept, left))
            response.content = page
        return response

    return middleware


def _unsent_notice(kept: unsent.Unsent, left: Left) -> str:
    context = {
        "left_out": [_words(name) for name in kept.left_out],
        "left": [(_words(name), value) for name, value in left],
        "outdated": kept.outdated,
    }
    return render_to_string("partials/unsent.html", context)


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def words_for_405(get_response: GetResponse) -> GetResponse:
    """Django's answer to GET where only POST is taken is an empty page."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return method_not_allowed(request, response["Allow"])
        return response

    return middleware


def api_errors(get_response: GetResponse) -> GetResponse:
    """A page that has nothing to show without the API says so calmly, and when to ask again."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, ApiError):
            return None
        page = "partials/error.html" if cast(Request, request).htmx else "orders/unavailable.html"
        status = exception.page_status
        context = {"error": exception, "status": status, "typed": _typed(request)}
        response = render(request, page, context, status=status)
        response["Retry-After"] = "5"
        return response

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What a person typed into a form with a form token, for the page that stands in its place; nothing that is
    secret.
    """
    if "form_token" not in request.POST:
        return []
    secret = getattr(request, "sensitive_post_parameters", ())
    if secret == "__ALL__":  # noqa: S105  (Django's word for every field)
        return []
    left_out = {"csrfmiddlewaretoken", "form_token", unsent.MARK, *secret}
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    return [(name.replace("_", " "), value) for name, value in typed if value and name not in left_out]
