"""The smallest pieces of the look: icons, states and flags. Everywhere the same markup, made in one place."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.states import State

register = template.Library()

SPRITE = "vendor/tabler-icons/3.51/icons.svg"

# The problems that get a filled badge, worst first. Everything else is a state.
FLAGS = {
    "Does not add up": ("alert-triangle", "bad"),
    "Delivery failed": ("alert-triangle", "bad"),
    "Unreadable": ("alert-triangle", "bad"),
    "Outcome unknown": ("help-circle", "wait"),
    "Held": ("player-pause", "wait"),
    "Needs approval": ("user", "wait"),
}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of the sprite. It says nothing to a screen reader, so it never stands without a word."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static(SPRITE), name)


@register.simple_tag
def state(fact: State | None) -> SafeString | str:
    if fact is None:
        return ""
    tone = f" {fact.tone}" if fact.tone else ""
    return format_html('<span class="state{}">{}{}</span>', tone, icon(fact.icon), fact.word)


@register.simple_tag
def flag(problem: str) -> SafeString:
    """One of `FLAGS`; a problem that is not among them fails the page's test, not its reader."""
    name, tone = FLAGS.get(problem, ("alert-triangle", "bad"))
    return format_html('<span class="flag {}">{}{}</span>', tone, icon(name), problem)
