"""What a person may not do alone: the change as it was asked for, until somebody else approves or declines it."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from orders import secrets
from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.operations import Operation
from orders.money import Money


class ApprovalRequest(models.Model):
    """A change that stands and is not sent. Once approved it is the operation of the same id, and there can be but one.

    Triggers on both engines (migration `approvals`) refuse deletes, changes to what was asked, and changes to a request
    that has ended.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    # What was asked, as its operation will be made of it.
    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    kind = models.CharField(max_length=10, choices=Operation.Kind.choices)
    order_id = models.UUIDField(null=True)
    order_number = models.CharField(max_length=100, blank=True)
    draft_id = models.UUIDField(null=True)
    body = models.JSONField()  # without a payment token
    seen = models.JSONField()  # what the form showed of the order
    steps = models.JSONField(default=list)  # that follow on the operation
    summary = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64)
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    minor = models.BigIntegerField()  # what it moves, in minor units of the currency
    currency = models.CharField(max_length=3)
    limit_met = models.CharField(max_length=300)  # in words: why it was not done at once
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    # What became of it.
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey("orders.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], condition=models.Q(state="waiting"), name="approvals_waiting"),
            models.Index(fields=["merchant", "mode", "-created_at"], name="approvals_by_merchant"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "order_id", "kind"],
                condition=models.Q(state="waiting", order_id__isnull=False),
                name="one_waiting_approval_of_a_kind_per_order",
            ),
            models.UniqueConstraint(
                fields=["draft_id"],
                condition=models.Q(state="waiting", draft_id__isnull=False),
                name="one_waiting_approval_per_draft",
            ),
            # Whatever the code does: nobody approves or declines what they asked for themselves.
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "declined"])
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("user"))),
                name="decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.summary}"

    @property
    def money(self) -> Money:
        return Money(self.minor, self.currency)

    @property
    def waiting(self) -> bool:
        """Whether it can still be decided. One whose time is over cannot, before anybody has written that down."""
        return self.state == self.State.WAITING and timezone.now() < self.expires_at


class ApprovalToken(models.Model):
    """A one-time payment token, kept encrypted until its request has ended: then it is the operation's, or wiped."""

    approval = models.OneToOneField(ApprovalRequest, models.PROTECT, primary_key=True, related_name="token")
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
        return f"approval:{self.approval_id}"
