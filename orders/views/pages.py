"""A page, or the part of it that htmx will replace."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string

from orders.requests import Request


def render_page(
    request: Request, page: str, context: dict[str, Any], *, parts: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """Render `page`, or the template that `parts` names for the element htmx will replace.

    The view names the parts, so a client cannot ask for another template. A part that says what went wrong is a good
    answer to htmx, which would otherwise put it elsewhere.
    """
    part = (parts or {}).get(request.htmx.target or "") if request.htmx else None
    response = render(request, part or page, context, status=200 if part else status)
    if response.status_code == 503:
        response["Retry-After"] = "5"
    if part:
        response.write(render_to_string("partials/messages.html", {"oob": True}, request))
    return response


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form starts with: the form that was sent, be it empty, or nothing yet."""
    return request.POST if request.method == "POST" else None


LONGEST_SEARCH = 200  # characters


def search_text(request: Request, typed: str) -> str:
    """What is looked for; where that is less than was typed, it is said."""
    text = " ".join(typed.split())
    if len(text) > LONGEST_SEARCH:
        messages.warning(request, f"Only the first {LONGEST_SEARCH} of the {len(text)} characters were looked for.")
    return text[:LONGEST_SEARCH]


def typed_before(request: Request) -> QueryDict | None:
    """What was typed into this page's form before a sign-in; None for a page that is just opened.

    For forms that grow as one types. The others are filled in by `middleware.unsent_forms`.
    """
    kept = getattr(request, "unsent", None)
    return kept.data.copy() if kept is not None and kept.path == request.path else None
