"""What OrderProtection sends, as far as we use it, and the statuses it knows."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from orders.apis.decoding import reader

# Sent exactly so. The labels are for staff, in the order in which a parcel usually goes through them.
STATUSES = (
    ("UNFULFILLED", "Not shipped"),
    ("CONFIRMED", "Confirmed by the warehouse"),
    ("SCHEDULED", "Scheduled"),
    ("ON_HOLD", "On hold"),
    ("LABEL_PURCHASED", "Label bought"),
    ("LABEL_PRINTED", "Label printed"),
    ("AWAITING_SHIPMENT", "Waiting for the carrier"),
    ("CARRIER_PICKED_UP", "Picked up by the carrier"),
    ("PARTIALLY_FULFILLED", "Partly shipped"),
    ("FULFILLED", "Shipped"),
    ("IN_TRANSIT", "In transit"),
    ("DELAYED", "Delayed"),
    ("OUT_FOR_DELIVERY", "Out for delivery"),
    ("ATTEMPTED_DELIVERY", "Delivery attempted"),
    ("READY_FOR_PICKUP", "Ready for collection"),
    ("PICKED_UP", "Collected"),
    ("DELIVERED", "Delivered"),
    ("FAILURE", "Lost, returned or failed"),
)
NO_LONGER_SENT = (("NOT_DELIVERED", "Not delivered"),)  # it may still come back; a failure
LABELS = dict(STATUSES + NO_LONGER_SENT)


class Item(Struct, frozen=True, rename="camel"):
    source_item_id: str = ""
    quantity: int = 0


class Fulfillment(Struct, frozen=True, rename="camel"):
    """A shipment as it is known there, under our id."""

    source_fulfillment_id: str
    fulfillment_status: str = ""  # as it was said, in any case
    source_item_ids: tuple[Item, ...] = ()
    tracking_company: str | None = None
    tracking_number: tuple[str, ...] | str | None = None
    tracking_url: tuple[str, ...] | str | None = None
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def status(self) -> str:
        """One of `LABELS`, or "" for one that we do not know."""
        folded = folded_status(self.fulfillment_status)
        return folded if folded in LABELS else ""

    @property
    def status_label(self) -> str:
        """In words for staff; one that we do not know as it was said."""
        return LABELS.get(self.status) or self.fulfillment_status

    @property
    def tracking_numbers(self) -> tuple[str, ...]:
        return _as_tuple(self.tracking_number)

    @property
    def tracking_urls(self) -> tuple[str, ...]:
        return _as_tuple(self.tracking_url)

    @property
    def created(self) -> datetime | None:
        return _time(self.created_at)

    @property
    def updated(self) -> datetime | None:
        return _time(self.updated_at)


def folded_status(said: str) -> str:
    """`In transit`, `in-transit` and `IN_TRANSIT` are one."""
    return said.strip().upper().replace(" ", "_").replace("-", "_")


read_fulfillment = reader(Fulfillment)


def _as_tuple(said: Any) -> tuple[str, ...]:
    return said if isinstance(said, tuple) else (said,) if said else ()


def _time(said: str | None) -> datetime | None:
    """An instant; in UTC where it names no zone, None where it is none."""
    try:
        moment = datetime.fromisoformat(said or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
