"""The order that a number belongs to where the index has none of it: it may have been placed a moment ago.

RevKeen finds no order by its number, but it lists the newest first, and what the index lacks is new.
"""

import uuid
from dataclasses import dataclass

from orders import carriers
from orders.apis.errors import ApiError
from orders.apis.revkeen import reads
from orders.services.fulfillment import known_numbers, to_fulfill
from orders.services.index import freshness
from orders.services.revkeen.session import Session


@dataclass(frozen=True)
class Elsewhere:
    """`error`: why RevKeen, which was asked last, did not say."""

    order_id: uuid.UUID | None
    error: ApiError | None = None


def outside_the_index(api: Session, text: str) -> Elsewhere:
    """By its number or that of a parcel in our own rows; or by its number among RevKeen's newest, in one call.

    While the index is not complete, also among those that wait to be shipped.
    """
    known = known_numbers.order_of(api.merchant, api.mode, text)
    if known is not None or not known_numbers.may_be_an_order(text):
        return Elsewhere(known)
    number = carriers.cleaned(text).upper()
    newest = api.get(reads.orders(limit=reads.LARGEST_PAGE))
    numbers = {order.public_id.upper(): order.id for order in newest.value.rows} if newest.value else {}
    if number not in numbers and freshness.as_of(api.merchant, api.mode) is None:
        waiting = to_fulfill.search(api).value
        numbers |= {order.number.upper(): order.id for order in [*waiting.waiting, *waiting.unclear]} if waiting else {}
    found = numbers.get(number)
    return Elsewhere(found, None if found else newest.error)
