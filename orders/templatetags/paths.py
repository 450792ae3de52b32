"""`{% url %}` of every template, which finds each path once: a page has some thirty."""

from typing import Any

from django import template
from django.template import defaulttags
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape

from orders.paths import path_of

register = template.Library()


class KeptUrlNode(defaulttags.URLNode):
    """What is no plain path of ours (named parts, none found) is left to Django."""

    def render(self, context: Any) -> str:
        if self.kwargs:
            return str(super().render(context))
        try:
            path = path_of(self.view_name.resolve(context), *(part.resolve(context) for part in self.args))
        except (NoReverseMatch, TypeError):  # TypeError: a part that cannot be looked up among what is kept
            return str(super().render(context))
        if self.asvar:
            context[self.asvar] = path
            return ""
        return str(conditional_escape(path)) if context.autoescape else path


@register.tag
def url(parser: Any, token: Any) -> KeptUrlNode:
    node = defaulttags.url(parser, token)
    return KeptUrlNode(node.view_name, node.args, node.kwargs, node.asvar)
