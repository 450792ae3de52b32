"""Opening an order at the station: read from RevKeen, and what a scanner may read on its items."""

import uuid

from orders import item_codes, item_keys
from orders.apis.revkeen.objects import LineItem
from orders.models import Item, Merchant, OrderCopy, Term
from orders.services.fulfillment import at_hand, known_numbers, to_fulfill
from orders.services.fulfillment.fulfillable import Fulfillable, FulfillmentSnapshot
from orders.services.index import folding, freshness
from orders.services.items import items
from orders.services.revkeen.session import Session

NUMBERS = (Term.Kind.ORDER, Term.Kind.NUMBER)


def keys_of(merchant: Merchant, found: Fulfillable) -> dict[str, list[str]]:
    """Line → its SKU, the barcodes in its metadata and those of its item."""
    lines = found.open_lines
    kept = items.of_skus(merchant, [found.code(line) for line in lines])
    keys = {}
    for line in lines:
        item = kept.get(found.code(line))
        read = [found.code(line), *_said(line), *([barcode.text for barcode in item.barcodes.all()] if item else [])]
        keys[str(line.id)] = list(dict.fromkeys(item_keys.key(code) for code in read if code))
    return keys


def order_known(merchant: Merchant, mode: str, text: str) -> uuid.UUID | None:
    """By its id, or its number in the index or in our own rows: nobody is asked."""
    try:
        return uuid.UUID(text)
    except ValueError:
        here = OrderCopy.objects.filter(merchant=merchant, mode=mode, public_id__iexact=text, gone_at=None)
        terms = Term.objects.filter(merchant=merchant, mode=mode, kind__in=NUMBERS, value=folding.term(text))
        found = here.filter(pk__in=terms.values("order")).order_by("-pk")  # the newest, should a number come twice
        of_term = found.values_list("order_id", flat=True).first()
        return of_term or known_numbers.of_number(merchant, mode, text)


def order_elsewhere(api: Session, text: str) -> uuid.UUID | None:
    """By a parcel's tracking number, as on one that came back; or by the number of one that waits at RevKeen."""
    found = known_numbers.of_parcel(api.merchant, api.mode, text)
    if found is not None or freshness.as_of(api.merchant, api.mode) is not None:
        return found
    return to_fulfill.numbered(api, text) if known_numbers.may_be_an_order(text) else None


def next_in_line(api: Session) -> uuid.UUID | None:
    """The first order in To fulfill that nobody has at hand. Raise `ApiError`."""
    rows, _ = to_fulfill.left(api, to_fulfill.search(api).require())
    taken = at_hand.all_ids(api.merchant, api.mode)
    return next((row.order.id for row in rows if row.free and row.units_left and row.order.id not in taken), None)


def places(merchant: Merchant, shown: FulfillmentSnapshot) -> dict[str, Item]:
    """Line → its item, where the table has one: bin and picture."""
    found = items.of_skus(merchant, [line.code for line in shown.lines.values()])
    return {line_id: found[line.code] for line_id, line in shown.lines.items() if line.code in found}


def _said(line: LineItem) -> list[str]:
    return item_codes.barcodes_in(line.metadata)
