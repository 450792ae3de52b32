"""Pages for when something is not there, not allowed or broken; a short form of each for htmx."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from orders.access import MissingRight, kept_at
from orders.requests import Request
from orders.services.accounts import unsent

STALE_FORM = "X-Stale-Form"  # a header of 403: kept.js gets a fresh token and offers to try once more


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    right = exception.right if isinstance(exception, MissingRight) else None
    return _page(request, 403, right=right)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the frame, because what broke may be what the frame needs."""
    page = "partials/error.html" if getattr(request, "htmx", False) else "500.html"
    text = render_to_string(page, {"status": 500, "request_id": getattr(request, "request_id", "")})
    return HttpResponse(text, status=500)


def csrf_failure(request: Request, reason: str = "") -> HttpResponse:
    """A form that is older than the sign-in. What its person typed is shown again to them, and to nobody else."""
    person = unsent.marked(request.POST.get(unsent.MARK, ""))
    if getattr(request, "htmx", False):
        response = _page(request, 403, stale=True)
        response[STALE_FORM] = "yes"
        return response
    own = person is not None and request.user.pk in (person, None)
    page = kept_at(request) if own else ""
    return redirect(page) if page else _page(request, 403, template="403_csrf", of_another=person is not None)


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    response = _page(request, 405)
    response["Allow"] = allowed
    return response


def _page(request: HttpRequest, status: int, template: str = "", **context: Any) -> HttpResponse:
    htmx = getattr(request, "htmx", False)
    page = "partials/error.html" if htmx else f"{template or status}.html"
    return render(request, page, {"status": status, **context}, status=status)
