"""What a form carries so that sending it twice does a thing once: the operation it will be, signed for its place.

A form token is good for one person, merchant, mode, kind and order. Its id becomes the operation's id and idempotency
key. It carries a snapshot: what the form showed, in the shape that the form's topic has for it.
"""

import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from django.core import signing

from orders.models import Merchant, User
from orders.services.changes.snapshots import kept

SALT = "orders.form_token"
VERSION = (
    1  # of the snapshots in form tokens: counted up when one of them changes its shape, or what a field of it means
)

S = TypeVar("S")
Shown = TypeVar("Shown", covariant=True)


class BadFormToken(Exception):
    """The form token is not one of ours, or was made for another person, merchant, mode, kind or order."""


class OutdatedFormToken(Exception):
    """The form token is ours and of this form, and carries a snapshot in the shape of another release."""

    def __init__(self, operation_id: uuid.UUID) -> None:
        super().__init__("was opened before an update")
        self.operation_id = operation_id


@dataclass(frozen=True)
class FormToken(Generic[Shown]):
    operation_id: uuid.UUID
    merchant: Merchant
    mode: str
    kind: str
    order_id: uuid.UUID | None
    snapshot: Shown  # what the form showed; nobody can change it on the way


def issue(user: User, merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None, snapshot: object) -> str:
    place = _place(user, merchant, mode, kind, order_id)
    content = {"id": str(uuid.uuid4()), "for": place, "version": VERSION, "snapshot": kept(snapshot)}
    return signing.dumps(content, salt=SALT, compress=True)


def read(
    text: str, user: User, merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None, shape: type[S]
) -> FormToken[S]:
    """`shape` is that of the form's snapshot. Raise `BadFormToken` or `OutdatedFormToken`."""
    try:
        content = signing.loads(text, salt=SALT)
    except signing.BadSignature as error:
        raise BadFormToken("is not a form token of ours") from error
    if content["for"] != _place(user, merchant, mode, kind, order_id):
        raise BadFormToken("was made for another form")
    operation_id = uuid.UUID(content["id"])
    if content.get("version") != VERSION:
        raise OutdatedFormToken(operation_id)
    try:
        snapshot = msgspec.convert(content["snapshot"], shape)
    except msgspec.ValidationError as error:  # a release that changed a shape and forgot to count up
        raise OutdatedFormToken(operation_id) from error
    return FormToken(operation_id, merchant, mode, kind, order_id, snapshot)


def _place(user: User, merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None) -> list[Any]:
    return [user.pk, merchant.pk, mode, kind, str(order_id or "")]
