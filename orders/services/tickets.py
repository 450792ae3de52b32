"""What a form carries so that sending it twice does a thing once: the operation it will be, signed for its place.

A ticket is good for one person, merchant, mode, kind and order. Its id becomes the operation's id and idempotency key.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core import signing

from orders.models import Merchant, User

SALT = "orders.ticket"


class BadTicket(Exception):
    """The ticket is not one of ours, or was made for another person, merchant, mode, kind or order."""


@dataclass(frozen=True)
class Ticket:
    operation_id: uuid.UUID
    merchant: Merchant
    mode: str
    kind: str
    order_id: uuid.UUID | None
    seen: dict[str, Any]  # what the form showed; nobody can change it on the way


def issue(
    user: User, merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None, seen: dict[str, Any]
) -> str:
    content = {"id": str(uuid.uuid4()), "for": _place(user, merchant, mode, kind, order_id), "seen": seen}
    return signing.dumps(content, salt=SALT, compress=True)


def read(text: str, user: User, merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None) -> Ticket:
    """Raise `BadTicket`."""
    try:
        content = signing.loads(text, salt=SALT)
    except signing.BadSignature as error:
        raise BadTicket("is not a ticket of ours") from error
    if content["for"] != _place(user, merchant, mode, kind, order_id):
        raise BadTicket("was made for another form")
    return Ticket(uuid.UUID(content["id"]), merchant, mode, kind, order_id, content["seen"])


def _place(user: User, merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None) -> list[Any]:
    return [user.pk, merchant.pk, mode, kind, str(order_id or "")]
