"""Our mark on what we make at RevKeen: the id of the operation that made it, so that it is found without its key.

An order carries it in its metadata, a refund at the end of its reason. It is there as soon as the thing itself is, also
where the idempotency key was lost or changed on the way.
"""

import re
import uuid
from typing import Any

NAME = "revkeen_admin_operation"  # in the metadata of an order
ROOM = 52  # characters that the mark takes of a refund's reason

_IN_TEXT = re.compile(r"\[operation ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]\s*$", re.IGNORECASE)


def on_order(body: dict[str, Any], operation_id: uuid.UUID) -> dict[str, Any]:
    """The body of a create, with the mark."""
    return body | {"metadata": body.get("metadata", {}) | {NAME: str(operation_id)}}


def on_refund(body: dict[str, Any], operation_id: uuid.UUID) -> dict[str, Any]:
    """The body of a refund, with the mark after what a person wrote."""
    return body | {"reason_details": f"{body.get('reason_details', '')} [operation {operation_id}]".strip()}


def of_order(metadata: Any) -> str:
    """The mark that an order has; "" for none."""
    value = metadata.get(NAME) if isinstance(metadata, dict) else None
    return value.strip().lower() if isinstance(value, str) else ""


def of_refund(details: Any) -> str:
    """The mark that a refund has; "" for none."""
    found = _IN_TEXT.search(details) if isinstance(details, str) else None
    return found[1].lower() if found else ""
