"""Opening an order at the station: read from RevKeen, and what a scanner may read on its items."""

import uuid
from dataclasses import dataclass

from orders import item_codes, item_keys
from orders.apis.revkeen.objects import LineItem
from orders.models import Batch, Item, Merchant, OrderCopy, Packing, Term
from orders.services.fulfillment import known_numbers, to_fulfill
from orders.services.fulfillment.fulfillable import Fulfillable, FulfillmentSnapshot
from orders.services.index import folding
from orders.services.items import items
from orders.services.revkeen.session import Session
from orders.services.station import bench

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


@dataclass(frozen=True)
class Following:
    """The next order for this person, or None; `left`: how many wait, for whomever."""

    order_id: uuid.UUID | None
    left: int


def next_in_line(api: Session, packing: Packing, batch: Batch | None) -> Following:
    """The first of a batch, in the order in which it is packed, or else of To fulfill; what this person has put back
    comes after all others. Raise `ApiError`.
    """
    rows, _ = to_fulfill.left(api, to_fulfill.search(api).require())
    places = {one.order_id: one.place for one in batch.orders.all()} if batch else {}
    waiting = [row for row in rows if row.units_left and (batch is None or row.order.id in places)]
    free = [row.order.id for row in to_fulfill.free_for(api.merchant, api.mode, packing.user, waiting)]
    put_back = bench.put_back_lately(packing)
    first = min(free, key=lambda one: (put_back.get(str(one), 0), places.get(one, 0)), default=None)
    return Following(first, len(waiting))


def places(merchant: Merchant, shown: FulfillmentSnapshot) -> dict[str, Item]:
    """Line → its item, where the table has one: bin and picture."""
    found = items.of_skus(merchant, [line.code for line in shown.lines.values()])
    return {line_id: found[line.code] for line_id, line in shown.lines.items() if line.code in found}


def _said(line: LineItem) -> list[str]:
    return item_codes.barcodes_in(line.metadata)
