"""Pages for when something is not there, not allowed or broken; a short form of each for htmx."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from orders.access import MissingRight


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


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, 403, template="403_csrf")


def _page(request: HttpRequest, status: int, template: str = "", **context: Any) -> HttpResponse:
    htmx = getattr(request, "htmx", False)
    page = "partials/error.html" if htmx else f"{template or status}.html"
    return render(request, page, {"status": status, **context}, status=status)
