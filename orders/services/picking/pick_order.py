"""In which order a batch is walked and packed: along the bins, so that who picks never turns back.

An order stands where its first item lies; orders of one and the same item stand together. Where no bin is known the
SKU orders them, and where the index does not know an order's lines it keeps the place of the list.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from orders.models import Merchant, OrderLineCopy
from orders.services.items import items

Key = tuple[bool, tuple[tuple[int, str], ...], str]
DIGITS = re.compile(r"(\d+)")


def bin_key(bin_name: str, code: str) -> Key:
    """Bins as one reads them, A-2 before A-10; what lies nowhere that is known comes last, by its code."""
    parts = [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in DIGITS.split(bin_name) if part]
    return not bin_name, tuple(parts), code.casefold() or "\U0010ffff"


def walked(merchant: Merchant, mode: str, order_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """These orders in the order in which they are packed."""
    codes = _codes(merchant, mode, order_ids)
    bins = items.bins(merchant, {code for of_order in codes.values() for code in of_order})
    return sorted(order_ids, key=lambda order_id: _keys(codes.get(order_id, []), bins))


def _keys(codes: Sequence[str], bins: Mapping[str, str]) -> list[Key]:
    return sorted(bin_key(bins.get(code, ""), code) for code in codes) or [bin_key("", "")]


def _codes(merchant: Merchant, mode: str, order_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """Order id → the codes of its lines, as the index has them."""
    rows = OrderLineCopy.objects.filter(order__merchant=merchant, order__mode=mode, order__order_id__in=order_ids)
    found = defaultdict(list)
    for order_id, code, description in rows.values_list("order__order_id", "code", "description"):
        found[order_id].append(code or description)
    return found
