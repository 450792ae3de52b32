"""What becomes of a refund after RevKeen took it: the money may move days later, or not at all."""

from django.db import models
from django.db.models.functions import Now

from orders.models.operations import Operation


class RefundStatus(models.Model):
    """The status of a refund that was made from here, read again until it is final
    (services/changes/refund_tracking.py).
    """

    operation = models.OneToOneField(Operation, models.PROTECT, primary_key=True, related_name="refund_status")
    refund_id = models.UUIDField(unique=True)  # a refund at RevKeen is that of one operation
    status = models.CharField(max_length=40)  # in RevKeen's words
    failure_reason = models.CharField(max_length=200, blank=True)
    checked_at = models.DateTimeField(db_default=Now())
    checks = models.PositiveSmallIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True)  # null: it is final
    lease_until = models.DateTimeField(db_default=Now())  # somebody is at it until then

    class Meta:
        indexes = [
            models.Index(
                fields=["next_check_at"], condition=models.Q(next_check_at__isnull=False), name="refunds_on_their_way"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation.summary}: {self.status}"

    @property
    def merchant_id(self) -> int:
        return self.operation.merchant_id

    @property
    def final(self) -> bool:
        return self.next_check_at is None
