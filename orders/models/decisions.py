"""Whether RevKeen bears out what a person decided: a decision is final, and still somebody's word."""

from django.db import models
from django.db.models.functions import Now

from orders.models.operations import Operation


class DecisionCheck(models.Model):
    """The looks at RevKeen after a decision about money (services/changes/review_checks.py)."""

    CONTRADICTED = models.Q(contradicted_at__isnull=False, closed_at__isnull=True)  # and nobody has said why

    operation = models.OneToOneField(Operation, models.PROTECT, primary_key=True, related_name="decision_check")
    shown = models.JSONField()  # what the page showed to whoever decided (services/changes/review.py, `seen`)
    looks = models.PositiveSmallIntegerField(default=0)  # that RevKeen answered
    next_look_at = models.DateTimeField(null=True)  # null: nothing more is to be learned
    lease_until = models.DateTimeField(db_default=Now())  # somebody is at it until then
    contradicted_at = models.DateTimeField(null=True)
    seen = models.CharField(max_length=300, blank=True)  # what contradicts it
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("orders.User", models.PROTECT, null=True, related_name="+")
    closed_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_look_at"], condition=models.Q(next_look_at__isnull=False), name="decisions_to_look_at"
            ),
            models.Index(
                fields=["contradicted_at"],
                condition=models.Q(contradicted_at__isnull=False, closed_at__isnull=True),
                name="decisions_contradicted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation.summary}: {self.seen or 'not contradicted'}"

    @property
    def merchant_id(self) -> int:
        return self.operation.merchant_id

    @property
    def contradicted(self) -> bool:
        return self.contradicted_at is not None and self.closed_at is None
