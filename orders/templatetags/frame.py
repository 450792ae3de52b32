"""The parts of the frame that are the same from page to page: each is drawn once for what it depends on."""

from collections.abc import Iterable
from functools import cache, lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from orders.context_processors import NavigationItem, Place

register = template.Library()

DRAWN = 512  # that a process keeps, of some 4 KB


@register.simple_tag
def side(navigation: Iterable[NavigationItem]) -> SafeString:
    """Where one can go from here, with counts."""
    return _drawn_side(tuple(navigation))


@register.simple_tag
def switch(places: Iterable[Place]) -> SafeString:
    """The other merchants and modes of this person."""
    return _drawn_switch(tuple(places))


@register.simple_tag
@cache
def shortcuts() -> SafeString:
    """The dialog that lists the keys."""
    return render_to_string("partials/shortcuts_dialog.html")


@lru_cache(maxsize=DRAWN)
def _drawn_side(navigation: tuple[NavigationItem, ...]) -> SafeString:
    return render_to_string("partials/side.html", {"navigation": navigation})


@lru_cache(maxsize=DRAWN)
def _drawn_switch(places: tuple[Place, ...]) -> SafeString:
    return render_to_string("partials/switch.html", {"switcher": places})
