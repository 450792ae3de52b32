"""What a scan or a key does at the station."""

import uuid
from collections.abc import Callable
from functools import partial

from orders import carriers
from orders.forms.station import packing_form
from orders.models import Packing
from orders.requests import MerchantRequest
from orders.services.fulfillment import known_numbers, numbered
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.fulfillment.numbered import Elsewhere
from orders.services.items import items
from orders.services.picking import batches
from orders.services.revkeen import session
from orders.services.station import opening as finding
from orders.services.station import scans
from orders.services.station import work as working
from orders.services.station.scans import AtHand, Kind, Look, Scan
from orders.services.station.work import BAD, PLAIN, WAIT, Said, Work
from orders.views.fulfillment.fulfill_form import form_with
from orders.views.station import opening, sending
from orders.views.station.opening import Answer

NOT_KNOWN = "is no item of this order and no label of a carrier that is known here."
EITHER = "may be an item or a label. Is it the label? Then press F10."
FIRST = "Scan an order first."


def with_nothing(request: MerchantRequest, packing: Packing, do: str, text: str) -> Answer:
    """While no order is here."""
    what, _, of = do.partition(":")
    if what == "undo" and _is_id(of):
        return sending.undo_one(request, packing, None, of)
    if what == "takeover" and _is_id(of):
        return opening.take_over(request, packing, uuid.UUID(of))
    if what == "open" and _is_id(of):
        return opening.open_order(request, packing, uuid.UUID(of))
    if what == "leave":
        return opening.leave_batch()
    if what == "sound":
        return _sound(packing, None)
    if what not in ("scan", "go"):
        return Said(PLAIN, FIRST), None, {}
    if not text:
        return opening.next_order(request, packing, packing.batch)
    scan = scans.what_is(text, None, _look(request))
    if scan.batch is not None:
        return opening.next_order(request, packing, scan.batch)
    if scan.order_id is not None:
        return opening.open_order(request, packing, scan.order_id)
    if scan.kind is Kind.OTHER_ITEM:
        return Said(BAD, f"{scan.name or scan.code} is an item. {FIRST}"), None, {}
    return Said(BAD, f"{scan.text} is no order that is known here.{_asked(scan)}"), None, {}


def with_order(request: MerchantRequest, packing: Packing, work: Work, do: str, text: str, reason: str) -> Answer:
    """While an order is here. What it does not know changes nothing."""
    shown = opening.shown_of(request, packing)
    what, _, of = do.partition(":")
    if what == "scan":
        return _scan(request, packing, work, shown, text)
    if what == "undo" and _is_id(of):
        return sending.undo_one(request, packing, work, of)
    if what in ("takeover", "open") and _is_id(of):
        open_it = opening.take_over if what == "takeover" else opening.open_order
        return _other_order(packing, work, partial(open_it, request, packing, uuid.UUID(of)))
    if what == "back":
        return opening.put_back(packing, work)
    if what == "missing":
        return opening.cannot_find(packing, work, shown)
    if what == "sound":
        return _sound(packing, work)
    return _changed(request, packing, work, shown, what, of, reason), work, {}


def _changed(
    request: MerchantRequest,
    packing: Packing,
    work: Work,
    shown: FulfillmentSnapshot,
    what: str,
    of: str,
    reason: str,
) -> Said:
    make = _make(request, packing, shown)
    doings: dict[str, Callable[[], Said]] = {
        "part": lambda: _part(work),
        "parcel": lambda: packing_form.next_parcel(work, shown, make),
        "email": lambda: packing_form.toggle_email(work, shown),
        "label": lambda: _sure(work, shown, make),
        "reason": lambda: _reason(work, reason),
    }
    if what in doings:
        return doings[what]()
    if what == "unlabel" and of in work.parcels:
        return packing_form.remove_label(work, of)
    key, _, code = of.partition(":")
    if what == "carrier" and key in work.parcels and carriers.find(code):
        return packing_form.choose_carrier(work, key, code)
    return _by_hand(work, shown, what, of)


def _by_hand(work: Work, shown: FulfillmentSnapshot, what: str, line_id: str) -> Said:
    """Count a line without a scan: where nothing on it can be scanned, or nobody has to."""
    if line_id not in shown.lines:
        return Said(PLAIN, "Nothing was changed.")
    if what == "less":
        return working.uncount(work, shown, line_id)
    if work.must and work.keys.get(line_id):
        return Said(BAD, "Scan the items of this line: every unit has to be scanned.")
    if what == "all":
        return working.count_all(work, shown, line_id)
    return working.count(work, shown, [line_id]) if what == "more" else Said(PLAIN, "Nothing was changed.")


def _scan(request: MerchantRequest, packing: Packing, work: Work, shown: FulfillmentSnapshot, text: str) -> Answer:
    assert packing.order_id is not None  # noqa: S101  (the caller has looked)
    keys = {key for read in work.keys.values() for key in read}
    is_all = working.uncounted(work, shown) <= 0
    at_hand = AtHand(packing.order_id, keys, is_all, work.must or work.units.total() > 0)
    scan = scans.what_is(text, at_hand, _look(request))
    work.doubted = ""
    if scan.kind is Kind.ORDER and scan.order_id is not None:
        return _other_order(packing, work, partial(opening.open_order, request, packing, scan.order_id))
    if scan.batch is not None:
        return _other_order(packing, work, partial(opening.next_order, request, packing, scan.batch))
    return _of_kind(request, packing, work, shown, scan), work, {}


def _of_kind(request: MerchantRequest, packing: Packing, work: Work, shown: FulfillmentSnapshot, scan: Scan) -> Said:
    if scan.kind is Kind.ITEM:
        return working.count(work, shown, working.lines_with(work, shown, scan.code))
    if scan.kind is Kind.OTHER_ITEM:
        return Said(BAD, f"Wrong item: {scan.name or scan.code} is not left to ship in {packing.order_number}.")
    if scan.kind is Kind.SAME_ORDER:
        return Said(PLAIN, f"{packing.order_number} is open already.")
    if scan.kind is Kind.LABEL:
        return packing_form.take_label(work, shown, _make(request, packing, shown), scan.text)
    work.doubted = scan.text
    return Said(BAD, f"{scan.text} {EITHER if scan.kind is Kind.UNCLEAR else NOT_KNOWN}")


def _other_order(packing: Packing, work: Work, open_it: Callable[[], Answer]) -> Answer:
    """In place of this one, if nothing was done for it yet."""
    if work.units or work.all_numbers:
        words = f"{packing.order_number} is not finished. Fulfill it (Enter), or put it back (Esc), then scan the next."
        return Said(BAD, words), work, {}
    said, other, changes = open_it()
    return said, other or work, changes


def _asked(scan: Scan) -> str:
    """What RevKeen said when it was asked for an order that is not known here."""
    if scan.not_asked is not None:
        return f" {scan.not_asked.title} Scan it again in a moment."
    return " RevKeen has none of this number among its newest." if known_numbers.may_be_an_order(scan.text) else ""


def _part(work: Work) -> Said:
    work.part = not work.part
    return Said(PLAIN, "Only what is counted ships." if work.part else "Everything that is left ships.")


def _sure(work: Work, shown: FulfillmentSnapshot, make: packing_form.Make) -> Said:
    if not work.doubted:
        return Said(PLAIN, "Scan the label first.")
    text, work.doubted = work.doubted, ""
    return packing_form.take_label(work, shown, make, text, sure=True)


def _reason(work: Work, reason: str) -> Said:
    work.reason = reason
    return Said(WAIT, f"Units leave without a scan: {reason}") if reason else Said(PLAIN, "Units are to be scanned.")


def _sound(packing: Packing, work: Work | None) -> Answer:
    on = not packing.sound
    return Said(PLAIN, f"Sound {'on' if on else 'off'}."), work, {"sound": on}


def _make(request: MerchantRequest, packing: Packing, shown: FulfillmentSnapshot) -> packing_form.Make:
    assert packing.order_id is not None  # noqa: S101
    return partial(form_with, request, packing.order_id, shown)


def _look(request: MerchantRequest) -> Look:
    merchant, mode = request.merchant, request.mode

    def item(text: str) -> tuple[str, str] | None:
        found = items.of_scan(merchant, text)
        return (found.sku, found.name) if found else None

    def elsewhere(text: str) -> Elsewhere:
        with session.session(merchant, mode) as api:
            return numbered.outside_the_index(api, text)

    return Look(item, partial(batches.of_code, merchant, mode), partial(finding.order_known, merchant, mode), elsewhere)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
