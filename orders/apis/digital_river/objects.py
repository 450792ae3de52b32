"""What Digital River sends, as far as we use it. Unknown members are ignored, unknown states kept as text.

It writes amounts as decimals of major units; here they are `Money`. What was never set is absent there and None here.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from orders.apis.decoding import reader
from orders.money import LARGEST_MINOR, Money, decimal_places

Units = Annotated[int, Meta(ge=0, le=LARGEST_MINOR)]
Time = Annotated[datetime, Meta(tz=True)]


class Item(Struct, frozen=True, rename="camel"):
    """A line of a fulfillment: so many units of it shipped, so many given up."""

    item_id: str
    quantity: Units = 0
    cancel_quantity: Units = 0
    sku_id: str | None = None
    shipment_item_id: str | None = None
    tracking_company: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    subfulfiller_id: str | None = None
    distributor_cost_said: Decimal | None = field(name="distributorCost", default=None)
    shipping_cost_said: Decimal | None = field(name="shippingCost", default=None)
    currency: str | None = None  # the fulfillment's, put here when it is read

    @property
    def distributor_cost(self) -> Money | None:
        return money(self.distributor_cost_said, self.currency)

    @property
    def shipping_cost(self) -> Money | None:
        return money(self.shipping_cost_said, self.currency)


class OrderItem(Struct, frozen=True, rename="camel"):
    id: str = ""
    sku_id: str | None = None
    quantity: Units = 0
    state: str = ""


class OrderDetails(Struct, frozen=True, rename="camel"):
    """The order of a fulfillment, as it is now. Its charges are not told, only what they come to."""

    id: str = ""
    state: str = ""
    currency: str | None = None
    upstream_id: str | None = None
    created_time: Time | None = None
    live_mode: bool | None = None
    items: tuple[OrderItem, ...] = ()
    state_transitions: dict[str, str | None] | None = None
    total_said: Decimal | None = field(name="totalAmount", default=None)
    captured_said: Decimal | None = field(name="capturedAmount", default=None)
    cancelled_said: Decimal | None = field(name="cancelledAmount", default=None)
    refunded_said: Decimal | None = field(name="refundedAmount", default=None)
    refundable_said: Decimal | None = field(name="availableToRefundAmount", default=None)

    @property
    def total(self) -> Money | None:
        return money(self.total_said, self.currency)

    @property
    def captured(self) -> Money | None:
        return money(self.captured_said, self.currency)

    @property
    def canceled(self) -> Money | None:
        return money(self.cancelled_said, self.currency)

    @property
    def refunded(self) -> Money | None:
        return money(self.refunded_said, self.currency)

    @property
    def refundable(self) -> Money | None:
        return money(self.refundable_said, self.currency)


class Fulfillment(Struct, frozen=True, rename="camel"):
    id: str
    order_id: str
    created_time: Time
    live_mode: bool
    items: tuple[Item, ...]
    currency: str | None = None  # that of the costs, which may differ from the order's
    metadata: dict[str, Any] = {}
    shipment_id: str | None = None
    tracking_company: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    order_details: OrderDetails | None = None  # only where one fulfillment was asked for
    charge_operation_ids: tuple[str, ...] = ()


_decode = reader(Fulfillment)


def read_fulfillment(body: msgspec.Raw | bytes) -> Fulfillment:
    """Read a fulfillment, with its currency on each line. Raise `msgspec.ValidationError`."""
    found = _decode(body)
    items = tuple(msgspec.structs.replace(item, currency=found.currency) for item in found.items)
    return msgspec.structs.replace(found, items=items)


def money(said: Decimal | None, currency: str | None) -> Money | None:
    """An amount as it was said; None where it is none, or not a whole number of the currency's minor units."""
    if said is None or currency is None:
        return None
    try:
        return Money(minor_units(said, currency), currency)
    except ValueError:
        return None


def minor_units(amount: Decimal, currency: str) -> int:
    """`Decimal("12.5")`, `"EUR"` is 1250; raise ValueError for what is not exactly so many minor units."""
    minor = Money.from_major(str(amount), currency).minor
    if abs(minor) > LARGEST_MINOR:
        raise ValueError("This is no amount of an order.")
    return minor


def major_units(minor: int, currency: str) -> Decimal:
    """1250, `"EUR"` is `Decimal("12.50")`; raise ValueError for what is no amount in a currency we know."""
    places = decimal_places(currency)
    if type(minor) is not int or abs(minor) > LARGEST_MINOR:
        raise ValueError("An amount is a whole number of minor units.")
    if places is None:
        raise ValueError(f"The decimals of {currency} are not known.")
    return Decimal(minor).scaleb(-places)
