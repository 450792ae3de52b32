from typing import Any

from django import template
from django.template.context import RequestContext

from orders.forms.exports import lists
from orders.forms.exports.lists import LISTS
from orders.models import ExportFormat

register = template.Library()


@register.inclusion_tag("orders/exports/_menu.html", takes_context=True)
def export_menu(context: RequestContext, name: str, query: str | None = None) -> dict[str, Any]:
    """The menu *Export* of the list that this page shows, as its address (or `query`) asks for it; nothing for who
    may not.
    """
    request: Any = context["request"]
    return {
        "may": lists.may_export(request.membership, name),
        "name": name,
        "has_lines": LISTS[name].has_lines,
        "query": (query or lists.without_page(request.GET).urlencode())[: lists.LONGEST],
        "formats": ExportFormat.choices,
        "user": request.user,
        "merchant": request.merchant,
        "mode": request.mode,
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def may_have(membership: Any, name: str) -> bool:
    """Whether to offer the file of this list."""
    return lists.may_export(membership, name)
