"""What an event names, in RevKeen's feed and in a webhook alike: ids alone, for nothing else in it is believed."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Subject:
    """Ids that are of another form are left out: the documents show such in webhooks."""

    orders: frozenset[uuid.UUID] = frozenset()
    invoices: frozenset[uuid.UUID] = frozenset()
    payments: frozenset[uuid.UUID] = frozenset()


def subject_of(event_type: str, told: object) -> Subject:
    """What an event of this type names whose `data.object` is `told`."""
    if not isinstance(told, Mapping):
        return Subject()
    return Subject(
        orders=_ids([_own_id("order", event_type, told), told.get("order_id")]),
        invoices=_ids([_own_id("invoice", event_type, told), told.get("invoice_id")]),
        payments=_ids([_own_id("payment", event_type, told), told.get("payment_id")]),
    )


def _own_id(kind: str, event_type: str, told: Mapping[str, Any]) -> object:
    """Its id, where it is of this kind."""
    is_one = told.get("object") == kind or event_type.startswith(f"{kind}.")
    return told.get("id") if is_one else None


def _ids(values: Iterable[object]) -> frozenset[uuid.UUID]:
    return frozenset(_read(values))


def _read(values: Iterable[object]) -> Iterator[uuid.UUID]:
    for value in values:
        try:
            if isinstance(value, str):
                yield uuid.UUID(value)
        except ValueError:
            continue
