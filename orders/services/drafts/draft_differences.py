"""What two people, or two tabs of one, have typed differently into a draft, in words."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orders.models import Draft
from orders.money import Money

Line = dict[str, Any]

# What a person calls the fields that two people may have changed.
FIELDS = {
    "currency": "Currency",
    "billing_type": "Billing",
    "customer_label": "Customer",
    "notes": "Notes",
    "metadata": "Metadata",
    "expires_at": "Expires",
    "invoice_id": "Invoice",
    "subscription_id": "Subscription",
}


def differences(mine: dict[str, Any], current: Draft) -> list[tuple[str, str, str]]:
    """(field, theirs, mine) where what was typed here is not what stands; lines are compared one by one.

    Times are those of the merchant, to the minute, as they are typed: what reads the same is no difference.
    """
    zone = current.merchant.zone
    shown = [
        (words, _shown(getattr(current, name), zone), _shown(mine[name], zone))
        for name, words in FIELDS.items()
        if name in mine and mine[name] != getattr(current, name)
    ]
    found = [row for row in shown if row[1] != row[2]]
    if "lines" in mine and mine["lines"] != current.lines:
        found += _line_differences(mine["lines"], current)
    return found


def _line_differences(mine: list[Line], current: Draft) -> list[tuple[str, str, str]]:
    theirs = {line["id"]: line for line in current.lines}
    ours = {line["id"]: line for line in mine}
    names = [*theirs, *(line_id for line_id in ours if line_id not in theirs)]
    found = []
    for line_id in names:
        before, after = theirs.get(line_id), ours.get(line_id)
        if before != after:
            label = (before or after or {})["description"] or "A line without description"
            found.append((label[:80], _line_shown(before, current.currency), _line_shown(after, current.currency)))
    if not found:
        found.append(("Order of the lines", "as they have it", "as you have it"))
    return found


def _line_shown(line: Line | None, currency: str) -> str:
    if line is None:
        return "no such line"
    price = "no price" if line["unit_price"] is None else str(Money(line["unit_price"], currency))
    facts = "".join(f", {name}: {value}" for name, value in line["metadata"].items())
    return f"{line['quantity']} × {line['description'] or '?'} at {price}{facts}"


def _shown(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return f"{local.day} {local:%b %Y, %H:%M}"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {text}" for name, text in value.items()) or "none"
    return "none" if value in (None, "") else str(value)
