"""The station: one field that takes every scan, and what lies there. The server says what a scan is, and what it does.

A scan comes with an id, so that one that is sent twice counts once; without a script it is a plain form.
"""

import uuid
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from orders.access import merchant_page
from orders.apis.errors import ApiError
from orders.models import Packing
from orders.requests import MerchantRequest
from orders.services.changes.form_tokens import OutdatedFormToken
from orders.services.station import bench
from orders.services.station import work as working
from orders.services.station.bench import Overtaken, TakenByOther
from orders.services.station.work import BAD, PLAIN, Said, Work
from orders.views.station import acts, opening, sending
from orders.views.station.opening import Answer
from orders.views.station.page import page

TRIES = 5  # where another tab changes the place at the same time
NOT_SEEN = "Not sent: what was scanned last was refused. Look at it, then press Enter again."
GONE = "The order that was shown is not here any more. Press Enter again to open the next."


@dataclass(frozen=True)
class Action:
    """`seen`: the id of the last scan whose answer the page showed; `order`: the order that it showed."""

    id: str
    do: str
    text: str
    seen: str
    order: str
    reason: str

    @property
    def is_enter(self) -> bool:
        return self.do == "go" or (self.do == "scan" and not self.text)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def station(request: MerchantRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request, bench.of(request.merchant, request.mode, request.user))
    packing = _act(request, _action(request))
    if request.htmx:
        return page(request, packing)
    response = redirect("station", request.merchant.slug, request.mode)
    response.status_code = 303
    return response


def _action(request: MerchantRequest) -> Action:
    sent = request.POST
    text = sent.get("scan", "").replace("\x00", "")[:200].strip()
    return Action(
        id=sent.get("id", "")[:40] or str(uuid.uuid4()),
        do=sent.get("do", "scan"),
        text=text,
        seen=sent.get("seen", ""),
        order=sent.get("order", ""),
        reason=" ".join(sent.get("reason", "").split())[:300],
    )


def _act(request: MerchantRequest, action: Action) -> Packing:
    """Do it, once, over the place as it is; anew where another tab was faster. What was not heard is sent again."""
    for _ in range(TRIES):
        packing = bench.of(request.merchant, request.mode, request.user)
        if bench.said_before(packing, action.id):
            return packing
        try:
            said, work, changes = _answer(request, packing, action)
            bench.put(packing, action.id, action.text, said, work, **changes)
            return packing
        except Overtaken:
            continue
        except TakenByOther as error:  # between looking and taking
            action = Action(action.id, "say", str(error), "", "", "")
    return packing


def _answer(request: MerchantRequest, packing: Packing, action: Action) -> Answer:
    if action.do == "say":
        return Said(BAD, action.text), None, {}
    if (said := _not_meant(packing, action)) is not None:
        return said, None, {}
    if packing.order_id is None:
        return acts.with_nothing(request, packing, action.do, action.text)
    try:
        opening.shown_of(request, packing)
    except OutdatedFormToken:
        said, work, changes = opening.open_order(request, packing, packing.order_id)
        return Said(said.tone, f"{said.words} Scan it anew: there was an update.", said.order_id), work, changes
    work = working.of(packing)
    if action.is_enter:
        return _enter(request, packing, work)
    if action.do != "back":
        work.asked = []
    return acts.with_order(request, packing, work, action.do, action.text, action.reason)


def _not_meant(packing: Packing, action: Action) -> Said | None:
    """Why it is not done: it was meant for what the page shows, and that is not what is here."""
    if action.do.startswith("undo:"):
        return None
    if packing.order_id is None and (words := bench.told(packing, action.seen)):
        return Said(BAD, words)
    return _unread(packing, action) or _another_order(packing, action)


def _unread(packing: Packing, action: Action) -> Said | None:
    """Enter and Esc answer what was read: who presses twice is told the same again, and a refusal comes first."""
    last = packing.heard[-1] if packing.heard and (action.is_enter or action.do == "back") else None
    if last is None or action.seen == last["id"] or last["tone"] == PLAIN:
        return None
    if not last["text"]:
        return Said(last["tone"], last["words"], last["order_id"], last["offers"])
    return Said(BAD, NOT_SEEN) if last["tone"] == BAD and action.is_enter else None


def _another_order(packing: Packing, action: Action) -> Said | None:
    """The page shows an order that is not at hand any more."""
    if packing.order_id is None:
        return Said(BAD, GONE) if action.is_enter and action.order else None
    if action.order in ("", str(packing.order_id)):
        return None
    return Said(BAD, f"Another tab has opened {packing.order_number}, which is shown now. Nothing was done.")


def _enter(request: MerchantRequest, packing: Packing, work: Work) -> Answer:
    try:
        return sending.send(request, packing, work)
    except ApiError as error:
        return Said(BAD, f"{error.title} {error} Press Enter again in a moment."), work, {}
