"""The journal: every change that was asked of RevKeen, from before it is sent until it is known what became of it."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now

from orders import secrets
from orders.models.merchants import MODE_CHOICES, Merchant


class Operation(models.Model):
    """One call that changes something. The row is there before the call, and its id is the idempotency key.

    Triggers on both engines (migration `journal_triggers`) refuse deletes, changes to what was asked, and changes to an
    operation that has ended.
    """

    class Kind(models.TextChoices):
        CREATE = "create", "Create order"
        UPDATE = "update", "Change order"
        PAY = "pay", "Take payment"
        CANCEL = "cancel", "Cancel order"
        FULFILL = "fulfill", "Fulfill"
        REFUND = "refund", "Refund"

    class State(models.TextChoices):
        STARTED = "started", "Started"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        NOT_SENT = "not_sent", "Not sent"
        IN_DOUBT = "in_doubt", "In doubt"
        NEEDS_REVIEW = "needs_review", "Needs review"

    OPEN = (State.STARTED, State.IN_DOUBT, State.NEEDS_REVIEW)
    MONEY = (Kind.PAY, Kind.REFUND)

    # What was asked. The order is the one the operation is about; for a create it is the one that is replaced, if any.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    connection_id = models.UUIDField()  # the key it was sent with: RevKeen knows an idempotency key per API key
    shown_key = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    order_id = models.UUIDField(null=True)
    order_number = models.CharField(max_length=100, blank=True)
    draft_id = models.UUIDField(null=True)
    body = models.JSONField()  # as sent, without a payment token
    seen = models.JSONField()  # what the form showed of the order
    summary = models.CharField(
        max_length=300
    )  # the button that was pressed, in the past tense: "120.00 EUR from Visa …"
    fingerprint = models.CharField(max_length=64)  # of the body, token included
    plan_id = models.UUIDField(db_index=True)  # the first operation of a plan; its own id for a lone one
    step = models.PositiveSmallIntegerField(default=0)
    later = models.JSONField(default=dict)  # the steps of the plan that follow (services/changes/plans.py, `Later`)
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    asked_in = models.CharField(max_length=40, blank=True)  # our request id
    created_at = models.DateTimeField(db_default=Now())

    # What became of it.
    state = models.CharField(max_length=12, choices=State.choices, default=State.STARTED)
    status = models.PositiveSmallIntegerField(null=True)  # HTTP
    code = models.CharField(max_length=100, blank=True)
    message = models.CharField(max_length=500, blank=True)
    param = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=200, blank=True)  # RevKeen's
    result = models.JSONField(default=dict)  # what was read back
    created_order_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("orders.User", models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)  # of the person who decided
    # Who may decide beside whoever asked, as it was when it began; nobody where the merchant had nobody else.
    deciders = models.ManyToManyField("orders.User", related_name="+")

    # How it is being reconciled.
    attempts = models.PositiveSmallIntegerField(default=1)
    last_sent_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(db_default=Now())  # somebody is at it until then
    next_try_at = models.DateTimeField(db_default=Now())
    looks = models.PositiveSmallIntegerField(default=0)
    unreachable = models.BooleanField(default=False)  # the last look got no answer
    equal_errors = models.PositiveSmallIntegerField(default=0)  # a stored 5xx, repeated
    quarantined = models.BooleanField(default=False)  # open when a backup was restored: never sent again

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state__in=["started", "in_doubt", "needs_review"]),
                name="operations_open",
            ),
            models.Index(fields=["merchant", "mode", "-created_at"], name="operations_by_merchant"),
            models.Index(fields=["merchant", "mode", "state", "-created_at"], name="operations_by_state"),
            models.Index(fields=["order_id"], name="operations_by_order"),
            models.Index(fields=["merchant", "mode", "order_number"], name="operations_by_order_number"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["draft_id"],
                condition=models.Q(kind="create", state__in=["started", "in_doubt", "needs_review", "done"]),
                name="one_create_per_draft",
            ),
            # What RevKeen made belongs to one operation: the answer to another is no answer to this one.
            models.UniqueConstraint(
                fields=["created_order_id"],
                condition=models.Q(created_order_id__isnull=False),
                name="one_operation_per_created_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.summary}"

    @property
    def open(self) -> bool:
        return self.state in self.OPEN

    @property
    def about_order_id(self) -> uuid.UUID | None:
        """The order to look at: the created one once there is one."""
        return self.created_order_id or self.order_id

    @property
    def whole_body(self) -> dict[str, Any]:
        """What is sent. Raise `secrets.Unreadable`, or `OperationToken.DoesNotExist` when the token is wiped."""
        if "payment_token" not in self.body:
            return self.body
        return self.body | {"payment_token": self.token.secret}


class OperationToken(models.Model):
    """A one-time payment token, kept encrypted until its operation is reconciled."""

    operation = models.OneToOneField(Operation, models.PROTECT, primary_key=True, related_name="token")
    sealed_secret = models.TextField()

    def __str__(self) -> str:
        return "payment token"

    @property
    def secret(self) -> str:
        """Raise `secrets.Unreadable`."""
        return secrets.unseal(self.sealed_secret, self._owner)

    @secret.setter
    def secret(self, value: str) -> None:
        self.sealed_secret = secrets.seal(value, self._owner)

    @property
    def _owner(self) -> str:
        return f"operation:{self.operation_id}"


class OrderLock(models.Model):
    """An order that an open operation or plan holds: the database lets nobody else begin one."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    plan_id = models.UUIDField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "order_id"], name="one_open_operation_per_order")
        ]


class JournalCounter(models.Model):
    """One row, counted up with every operation, to notice that an old backup was restored
    (services/changes/quarantine.py).
    """

    installation = models.UUIDField(default=uuid.uuid4)
    count = models.PositiveBigIntegerField(default=0)
