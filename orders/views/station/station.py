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
    if packing.order_id is None:
        return _with_nothing(request, packing, action)
    try:
        opening.shown_of(request, packing)
    except OutdatedFormToken:
        said, work, changes = opening.open_order(request, packing, packing.order_id)
        return Said(said.tone, f"{said.words} Scan it anew: there was an update.", said.order_id), work, changes
    work = working.of(packing)
    if action.is_enter:
        return _enter(request, packing, work, action)
    if action.do != "back":
        work.asked = []
    return acts.with_order(request, packing, work, action.do, action.text, action.reason)


def _with_nothing(request: MerchantRequest, packing: Packing, action: Action) -> Answer:
    """What was meant for an order that the page still shows is not done with another one."""
    words = "" if action.do.startswith("undo:") else bench.told(packing, action.seen)
    if not words and action.is_enter:
        words = NOT_SEEN if _refused_unseen(packing, action) else GONE if action.order else ""
    if words:
        return Said(BAD, words), None, {}
    return acts.with_nothing(request, packing, action.do, action.text)


def _refused_unseen(packing: Packing, action: Action) -> bool:
    last = packing.heard[-1] if packing.heard else {}
    return last.get("tone") == BAD and action.seen != last["id"]


def _enter(request: MerchantRequest, packing: Packing, work: Work, action: Action) -> Answer:
    """Not for an order that the page did not show, and not over a refusal that nobody has seen yet."""
    if _refused_unseen(packing, action):
        return Said(PLAIN, NOT_SEEN), work, {}
    if action.order and action.order != str(packing.order_id):
        return Said(BAD, f"Another tab has opened {packing.order_number}. Press Enter again to fulfill that."), work, {}
    try:
        return sending.send(request, packing, work)
    except ApiError as error:
        return Said(BAD, f"{error.title} {error} Press Enter again in a moment."), work, {}
