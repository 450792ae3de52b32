"""What a scan is: an item, an order, the label of a parcel, or nothing that is known here. One field takes all of them.

A label goes to the customer and the partners, so what might as well be an item is never taken for one.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from orders import carriers, item_keys
from orders.apis.errors import ApiError
from orders.carriers import Certainty
from orders.models import Batch
from orders.services.fulfillment.numbered import Elsewhere

SHORTEST_LABEL = 6  # characters


class Kind(StrEnum):
    NOTHING = "nothing"
    ITEM = "item"  # of the order at hand
    OTHER_ITEM = "other_item"
    SAME_ORDER = "same_order"
    ORDER = "order"
    LABEL = "label"
    BATCH = "batch"  # its pick list
    UNCLEAR = "unclear"  # an item or a label: a person says which
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Scan:
    """`code` is what the item is counted by, `name` what another item is called."""

    kind: Kind
    text: str
    order_id: uuid.UUID | None = None
    code: str = ""
    name: str = ""
    batch: Batch | None = None
    not_asked: ApiError | None = None  # why RevKeen did not say whether it is an order


@dataclass(frozen=True)
class AtHand:
    """The order at hand: what a scanner reads on its items, and how far its units are counted."""

    order_id: uuid.UUID
    keys: Collection[str]
    all_counted: bool
    counts: bool  # some are counted, or all of them have to be


@dataclass(frozen=True)
class Look:
    """Where a scan is looked up. `item`: its SKU and name. `order`: by number or id, in what is kept here.

    `batch`: by the code on its papers. `elsewhere`: by the tracking number of a parcel, or at RevKeen.
    """

    item: Callable[[str], tuple[str, str] | None]
    batch: Callable[[str], Batch | None]
    order: Callable[[str], uuid.UUID | None]
    elsewhere: Callable[[str], Elsewhere]


def what_is(text: str, at_hand: AtHand | None, look: Look) -> Scan:
    """The items of the order at hand come first, what RevKeen has to be asked for last."""
    text = carriers.cleaned(text)
    if not text:
        return Scan(Kind.NOTHING, text)
    if at_hand and item_keys.key(text) in at_hand.keys:
        return Scan(Kind.ITEM, text, code=text)
    if (item := look.item(text)) is not None:
        return _item(text, item, at_hand)
    if (batch := look.batch(text)) is not None:
        return Scan(Kind.BATCH, text, batch=batch)
    if (order_id := look.order(text)) is not None:
        return _order(text, order_id, at_hand)
    if at_hand and (kind := _label(text, at_hand)):
        return Scan(kind, text)
    found = look.elsewhere(text)
    if found.order_id is not None:
        return _order(text, found.order_id, at_hand)
    return Scan(Kind.UNKNOWN, text, not_asked=found.error)


def _item(text: str, item: tuple[str, str], at_hand: AtHand | None) -> Scan:
    sku, name = item
    if at_hand and item_keys.key(sku) in at_hand.keys:
        return Scan(Kind.ITEM, text, code=sku)
    return Scan(Kind.OTHER_ITEM, text, code=sku, name=name)


def _order(text: str, order_id: uuid.UUID, at_hand: AtHand | None) -> Scan:
    same = at_hand is not None and at_hand.order_id == order_id
    return Scan(Kind.SAME_ORDER if same else Kind.ORDER, text, order_id=order_id)


def _label(text: str, at_hand: AtHand) -> Kind | None:
    """Letters with a check digit are a label's alone; where that is wrong, the form says so. Of others, mostly digits,
    nobody knows while items are being counted.
    """
    plain = carriers.plain(text)
    number, guesses = carriers.normalized(plain), carriers.detect(plain)
    if not guesses or guesses[0].certainty > Certainty.WRONG or len(number) < SHORTEST_LABEL:
        return None
    held_more = number != carriers.normalized(text)  # it was taken out of a carrier's own bar code
    if held_more or guesses[0].certainty in (Certainty.LETTERS, Certainty.WRONG):
        return Kind.LABEL
    is_sure = at_hand.all_counted or not (at_hand.counts or _is_gtin(plain))
    return Kind.LABEL if is_sure else Kind.UNCLEAR


def _is_gtin(text: str) -> bool:
    """Eight, twelve, thirteen or fourteen digits with the check digit of an EAN or UPC."""
    digits = [int(digit) for digit in carriers.normalized(text)]
    if len(digits) not in item_keys.GTIN_LENGTHS:
        return False
    weights = [3 if place % 2 else 1 for place in range(len(digits))]
    return sum(digit * weight for digit, weight in zip(reversed(digits), weights, strict=True)) % 10 == 0
