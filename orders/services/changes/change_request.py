"""What a form asks to be changed at RevKeen, and why it may not even begin (services/changes/journal.py carries it
out).
"""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet, UUIDField

from orders import kept_queries
from orders.apis.errors import NotSent
from orders.kept_queries import Given
from orders.models import ApprovalRequest, Operation, User
from orders.money import Money
from orders.services.changes import limits
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.plans import Step
from orders.services.changes.snapshots import kept


@dataclass(frozen=True)
class ChangeRequest:
    """What a form asks for. Amounts in `body` are minor units; a payment token goes into `token`, never into `body`.

    `summary` says it in words for the journal: `120.00 EUR from Visa ••1111`. A `draft_id` is created once, ever.
    `details` is asked for as well, though not of RevKeen. With `undo_seconds` the worker sends it when they are over.
    """

    form_token: FormToken[object]
    body: dict[str, Any]
    summary: str
    order_number: str = ""
    token: str = ""
    draft_id: uuid.UUID | None = None
    then: list[Step] = field(default_factory=list)
    details: Any = None
    undo_seconds: int = 0

    @property
    def fingerprint(self) -> str:
        whole = json.dumps([self.body, self.token, kept(self.then), self.details], sort_keys=True, default=str)
        return hashlib.sha256(whole.encode()).hexdigest()

    @property
    def money(self) -> Money | None:
        """All that it moves; None where it moves nothing, or nobody knows how much that is."""
        return limits.whole(self.form_token.kind, self.body, kept(self.form_token.snapshot), self.then)

    def allow(self, user: User) -> None:
        """Look whether the person may do it alone, in the transaction that writes the row and before it.

        What somebody else approved looks at that instead. Raise a `limits.NotAlone`.
        """
        form_token = self.form_token
        limits.require(user, form_token.merchant, form_token.mode, form_token.kind, self.money)
        may_be_asked_for = form_token.kind in limits.NOUNS
        if may_be_asked_for and _asked_for(form_token.operation_id):
            raise limits.AskedFor

    def record(self, operation: Operation) -> None:
        """Write what else belongs to the operation, in the transaction of its row: an error undoes both.

        A topic that has such rows overrides it. What it writes at the end of one hangs on `outcomes.operation_ended`.
        """


@kept_queries.kept(UUIDField())
def _asked_for(operation_id: Given) -> "QuerySet[ApprovalRequest, Any]":
    return ApprovalRequest.objects.filter(pk=operation_id).values_list("pk")


class OrderBusy(Exception):
    """Another operation holds the order (or has created the draft): nothing was sent."""

    def __init__(self, holder: Operation) -> None:
        super().__init__("Another operation on this order has not ended yet.")
        self.holder = holder


class OtherBody(Exception):
    """The form was sent before with something else in it: nothing more was sent, `first` is what stands."""

    def __init__(self, first: Operation) -> None:
        super().__init__("This form was sent before with something else in it.")
        self.first = first


class NoJournal(NotSent):
    """The row could not be written; without a row there is no call."""

    title = "The journal cannot be written."
