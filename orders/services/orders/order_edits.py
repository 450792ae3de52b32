"""Changing what RevKeen lets be changed of an order: customer, notes and metadata, the latter always as a whole."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct, field

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Listing, Order
from orders.models import Merchant
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.snapshots import OrderSnapshot, facts_of
from orders.services.revkeen import customer_names
from orders.services.revkeen.session import Reading, Session

LONGEST_NOTES = 1000  # RevKeen's bound
LINKS = ("replaces", "replaced_by")  # written when the lines of an order are replaced, and not by hand
GUEST = "Guest"
OFFERED = 8  # customers found
FIELDS = {"customer_id": "customer", "notes": "notes"}


class Fields(Struct, frozen=True):
    """What can be changed of an order, exactly as it was read."""

    customer_id: str | None
    notes: str | None
    metadata: dict[str, Any]


class EditSnapshot(OrderSnapshot, frozen=True, kw_only=True):
    """The order as shown, its customer's name, and the text of JSON with what can be changed of it.

    As text no database changes a digit of it, and PostgreSQL takes every character.
    """

    customer: str
    fields_json: str = field(name="fields")

    @property
    def fields(self) -> Fields:
        return msgspec.convert(json.loads(self.fields_json), Fields)


@dataclass(frozen=True)
class Editable:
    """What the form shows: the order, its customer, and the customers found for what was searched."""

    order: Reading[Order]
    customer: Customer | None
    found: Reading[Listing[Customer]] | None


def editable(api: Session, order_id: uuid.UUID, search: str = "") -> Editable:
    """Two rounds. Raise the order's `ApiError`."""
    wanted: list[Any] = [reads.order(order_id)]
    if search:
        wanted.append(reads.customers(search=search, limit=OFFERED))
    order, *found = api.get_together(*wanted)
    customer_id = order.require().customer_id
    customer = api.get(reads.customer(customer_id)).value if customer_id else None
    read_now = [customer] if customer else []
    if found and found[0].value is not None and not found[0].stale:
        read_now += found[0].value.rows
    customer_names.remember(api.merchant, api.mode, read_now)
    return Editable(order, customer, found[0] if found else None)


def search(api: Session, text: str) -> Reading[Listing[Customer]]:
    found = api.get(reads.customers(search=text, limit=OFFERED))
    if found.value is not None and not found.stale:
        customer_names.remember(api.merchant, api.mode, found.value.rows)
    return found


def snapshot_of(found: Editable) -> EditSnapshot:
    return snapshot_for(found.order.require(), found.customer)


def snapshot_for(order: Order, customer: Customer | None = None) -> EditSnapshot:
    """The same of an order whose customer need not be known."""
    customer_id = str(order.customer_id) if order.customer_id else None
    fields = {"customer_id": customer_id, "notes": order.notes, "metadata": order.metadata}
    name = customer.shown_name if customer else customer_id[:8] if customer_id else GUEST
    return EditSnapshot(**facts_of(order), customer=name.replace("\x00", ""), fields_json=json.dumps(fields))


def name_of(merchant: Merchant, mode: str, customer_id: str) -> str:
    """As last seen here; the beginning of the id of somebody who never was, or of what is no id."""
    try:
        wanted = uuid.UUID(customer_id)
    except ValueError:
        return customer_id[:8]
    return customer_names.known(merchant, mode, [wanted]).get(wanted, customer_id[:8])


def change_request(form_token: FormToken[EditSnapshot], changes: dict[str, Any], names: list[str]) -> ChangeRequest:
    """`changes` has the members that are to be another, and no others; `names` says them in words."""
    return ChangeRequest(form_token, changes, ", ".join(names).replace("\x00", ""), form_token.snapshot.number)
