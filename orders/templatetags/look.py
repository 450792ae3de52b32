"""The smallest pieces of the look: icons, states, flags and codes. The same markup everywhere, made in one place."""

from functools import cache, lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from qrcode.main import QRCode  # type: ignore[import-untyped]

from orders import barcodes
from orders.states import State, fulfillment_state, partner_update_state, payment_state, shipment_state

register = template.Library()
for state_of in (payment_state, fulfillment_state, shipment_state, partner_update_state):
    register.filter(state_of)

SPRITE = "vendor/tabler-icons/3.51/icons.svg"


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon of the sprite. It says nothing to a screen reader, so it never stands without a word."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static(SPRITE), name)


@register.simple_tag
@lru_cache(maxsize=256)  # a list draws the same few states again and again
def state(fact: State | None) -> SafeString | str:
    if fact is None:
        return ""
    tone = f" {fact.tone}" if fact.tone else ""
    return format_html('<span class="state{}">{}{}</span>', tone, icon(fact.icon), fact.word)


@register.simple_tag
def flag(problem: str, tone: str = "bad", name: str = "alert-triangle") -> SafeString:
    """The only filled badge: something is wrong ("bad"), or somebody has to act ("wait")."""
    return format_html('<span class="flag {}">{}{}</span>', tone, icon(name), problem)


@register.simple_tag
def qr(text: str, label: str) -> SafeString:
    """A QR code as one path: the drawings that qrcode makes itself have inline styles, which our headers refuse."""
    code = QRCode(border=0)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path fill="currentColor" d="{}"/></svg>',
        label,
        len(rows),
        len(rows),
        path,
    )


@register.simple_tag
def code128(text: str) -> SafeString | str:
    """A barcode, as wide as a scanner likes it on paper; nothing for a text that it cannot hold."""
    bars = barcodes.code128(text)
    if bars is None:
        return ""
    return format_html(
        '<svg class="bars" role="img" aria-label="Code 128: {}" width="{}" height="14mm" viewBox="0 0 {} 1"'
        ' preserveAspectRatio="none"><path d="{}"/></svg>',
        text,
        bars.millimetres,
        bars.width,
        bars.path,
    )
