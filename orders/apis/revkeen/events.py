"""RevKeen's events: that something happened, to what, and by which call."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

Json = dict[str, Any]


class EventData(Struct, frozen=True):
    object: Json = {}
    previous_attributes: Json | None = None


class EventRequest(Struct, frozen=True):
    id: str | None = None
    idempotency_key: str | None = None


class Event(Struct, frozen=True):
    id: str
    type: str
    created: Annotated[int, Meta(ge=0, le=10**11)]  # Unix time, seconds
    data: EventData = EventData()
    request: EventRequest | None = None
    livemode: bool | None = None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.created, UTC)

    @property
    def order_id(self) -> str:
        """The order it names; "" where it names none, as events of payments may not."""
        return self._named("id" if self.type.startswith("order.") else "order_id")

    @property
    def invoice_id(self) -> str:
        """The invoice that it names; "" where it names none."""
        return self._named("id" if self.type.startswith("invoice.") else "invoice_id")

    @property
    def payment_id(self) -> str:
        """The payment that an event of a refund names; "" for none."""
        return self._named("payment_id")

    def _named(self, member: str) -> str:
        named = self.data.object.get(member)
        return named if isinstance(named, str) else ""
