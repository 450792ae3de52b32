"""Notes and metadata: everyday ones, and one set that is out to break the page."""

from __future__ import annotations

import random

from emulator.messages import Json

_NOTES = (
    "Leave with the neighbor at number 7.",
    "Customer called: please ship everything in one parcel.",
    "Gift. No prices on the slip.",
    "Delivery only on weekdays, loading dock closes at 15:00.",
    "Second order this week, combine if possible.",
    "VAT number checked.\nInvoice goes to accounts@ as usual.",
    "Asked for a quotation first; prices agreed by phone.",
)
_CHANNELS = ("web", "web", "web", "phone", "marketplace", "fair")
_CAMPAIGNS = ("spring-sale", "newsletter-41", "harvest-weeks", "first-order")

HOSTILE_NOTE = (
    '<script>alert(\'note\')</script> <b hx-get="/logout" hx-trigger="load">x</b>'
    ' <div hx-on:click="alert(1)" data-hx-get="/">'
    " javascript:alert(1) {{ request.user }} %0d%0aSet-Cookie: a=b \u202e txet desrever \u202c </textarea></title>"
)
HOSTILE_METADATA: Json = {
    "<img src=x onerror=alert('key')>": "<img src=x onerror=alert('value')>",
    "=1+1": "=cmd|' /C calc'!A0",
    "__proto__": {"admin": True},
    "nested": {"list": [1, 2.5, None, True, {"deep": "<svg onload=alert(1)>"}]},
    "long": "x" * 900,
    "tracking_url": "javascript:alert('tracking')",
}
HOSTILE_DESCRIPTIONS = (
    "<script>alert('line')</script>",
    '=HYPERLINK("http://evil.example")',
    "A description of five hundred characters. " * 11 + "That is it, with an end of its own.",
    '‮drawkcab‬ "><iframe src=javascript:alert(1)>',
)


def note(rng: random.Random) -> str | None:
    return rng.choice(_NOTES) if rng.random() < 0.18 else None


def metadata(rng: random.Random) -> Json:
    """Channel always, campaign sometimes."""
    made: Json = {"channel": rng.choice(_CHANNELS)}
    if rng.random() < 0.3:
        made["campaign"] = rng.choice(_CAMPAIGNS)
    return made
