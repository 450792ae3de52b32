"""Months that finance has closed: what they came to then, and what has changed in them since.

All three are kept for ever (triggers on both engines): an index that is made anew finds them as they were.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models.merchants import MODE_CHOICES, Merchant


class MonthClosing(models.Model):
    """A month of the merchant's zone as one person signed it, and a second one where the merchant asks for that.

    `content` is what was signed, as the text of which `digest` is the SHA-256; the event log holds the digest too.
    """

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    month = models.DateField()  # its first day
    start = models.DateTimeField()
    end = models.DateTimeField()  # exclusive
    content = models.TextField()
    digest = models.CharField(max_length=64)
    signed_by = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    signed_who = models.CharField(max_length=254)  # as they were called then
    signed_at = models.DateTimeField(db_default=Now())
    note = models.CharField(max_length=1000, blank=True)
    # What became of it: closed at once, or by a second person, or declined by one.
    closed_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    second = models.ForeignKey("orders.User", models.PROTECT, null=True, related_name="+")
    second_who = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=1000, blank=True)  # of whoever declined

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "month"],
                condition=models.Q(declined_at=None),
                name="one_standing_closing_a_month",
            ),
            # Who signs first is never the second.
            models.CheckConstraint(
                condition=models.Q(second=None) | ~models.Q(second=models.F("signed_by")),
                name="two_people_close_a_month",
            ),
        ]
        ordering = ["-month", "-id"]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"

    @property
    def waiting(self) -> bool:
        """For a second person."""
        return self.closed_at is None and self.declined_at is None


class Movement(models.Model):
    """What an order, a payment or a refund adds to a month. `amount` in minor units of `currency`."""

    class Kind(models.TextChoices):
        ORDERED = "ordered", "Ordered"
        COLLECTED = "collected", "Collected"
        REFUNDED = "refunded", "Refunded"

    closing = models.ForeignKey(MonthClosing, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    row_id = models.UUIDField()  # RevKeen's id of the order or of the transaction
    order_id = models.UUIDField(null=True)  # null where nobody knows whose money it was
    currency = models.TextField()

    class Meta:
        abstract = True


class ClosedMovement(Movement):
    """As it was when the month was signed."""

    amount = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["closing", "kind", "row_id"], name="a_movement_once_a_closing")]
        indexes = [models.Index(fields=["row_id"], name="closed_movements_by_row")]


class AfterClosing(Movement):
    """What changed of it afterwards: 0 before is one that came later, 0 now one that is no more."""

    before = models.BigIntegerField()
    now = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["closing", "-id"], name="after_closing_newest"),
            models.Index(fields=["row_id"], name="after_closing_by_row"),
        ]
