"""Drafts that begin as an order which RevKeen has: a copy of it, or what is to replace it.

Content is taken along, identity is not: what partners know the order and its lines by, its invoice, and what it
replaces belong to that order alone. The names of what was left out are kept with the draft, for whoever creates it.
"""

from typing import Any

from orders.apis.revkeen import marks
from orders.apis.revkeen.objects import LineItem, Order
from orders.models import Draft, Merchant, User
from orders.moments import near
from orders.money import decimal_places
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.drafts.drafts import LONGEST_DESCRIPTION, MOST_LINES, Line, new_line, of_merchant
from orders.services.drafts.replacements import LOST
from orders.services.partners import directory, partner_orders
from orders.storable import storable


def why_not_copied(order: Order) -> str:
    """Why no draft can be made of the order; "" when one can. A draft that drops a line would be another order."""
    if len(order.lines) > MOST_LINES:
        return f"it has {len(order.lines)} lines, and a draft can have up to {MOST_LINES}."
    if decimal_places(order.currency_code) is None:
        return f"the decimals of {order.currency_code} are not known."
    return ""


def copy_of(order: Order, customer: str, merchant: Merchant, mode: str, by: User) -> Draft:
    """A new draft with everything of the order that can be sent again; the order keeps its ids at the partners."""
    said = directory.said_by(directory.settings_of(merchant, mode), order)
    partner_orders.keep_of_original(merchant, mode, said.by_destination, order.id, order.public_id)
    return Draft.objects.create(
        merchant=merchant, mode=mode, copied_from=order.public_id[:100], created_by=by, updated_by=by,
        **_of_a_copy(order, _taken_from(order, customer, directory.names_of_ids(merchant, mode))),
    )  # fmt: skip


def replacement_of(order: Order, customer: str, merchant: Merchant, mode: str, by: User) -> Draft:
    """The draft that is to replace the order; the one that somebody has begun already, if there is one."""
    begun = of_merchant(merchant, mode).filter(replaces_id=order.id).first()
    if begun is not None:
        return begun
    expires_at = order.expires_at if order.expires_at and near(order.expires_at) else None
    fields = _taken_from(order, customer, directory.names_of_ids(merchant, mode)) | {"expires_at": expires_at}
    fields |= {"subscription_id": order.subscription_id}
    if order.invoice_id is not None:
        fields["left_out"] = [*fields["left_out"], "its invoice"]
    return Draft.objects.create(
        merchant=merchant, mode=mode, replaces_id=order.id, replaces_number=order.public_id[:100], created_by=by,
        updated_by=by, **fields,
    )  # fmt: skip


def _taken_from(order: Order, customer: str, identity: set[str]) -> dict[str, Any]:
    """The fields of a draft; `identity` are names in metadata that stay behind, of the order and of its lines."""
    identity = identity | {REPLACES, REPLACED_BY, marks.NAME}
    taken: dict[str, Any] = {
        "currency": order.currency_code,
        "billing_type": order.billing_type,
        "customer_id": order.customer_id,
        "customer_label": customer[:300],
        "notes": (order.notes or "")[:1000],
        "metadata": _without(order.metadata, identity),
        "lines": [_line_of(line, identity) for line in order.lines],
        "left_out": _left_out(order, identity),
    }
    return storable(taken)


def _of_a_copy(order: Order, taken: dict[str, Any]) -> dict[str, Any]:
    """RevKeen takes no discount and no tax with an order; the review of a replacement compares them part by part."""
    lost = [f"its {name} of {order.money(minor)}" for name in LOST if (minor := getattr(order, name))]
    return taken | {"left_out": [*taken["left_out"], *lost]}


def _line_of(line: LineItem, identity: set[str]) -> Line:
    return new_line(
        product_id=str(line.product_id) if line.product_id else None,
        description=line.description[:LONGEST_DESCRIPTION],
        quantity=line.quantity,
        unit_price=line.unit_price,
        metadata=_without(line.metadata, identity),
    )


def _without(metadata: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name not in names}


def _left_out(order: Order, names: set[str]) -> list[str]:
    """`dr_order_id`, `dr_item_id of 3 lines`."""
    found = sorted(names & order.metadata.keys())
    for name in sorted(names):
        lines = sum(name in line.metadata for line in order.lines)
        if lines:
            found.append(f"{name} of {lines} line{'s' if lines > 1 else ''}")
    return found
