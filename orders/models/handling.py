"""What staff say of an order so that it is packed at the right time, by the right person. RevKeen keeps none of it.

What was said before stands in the event log; here is only what holds now.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models.merchants import MODE_CHOICES, Merchant


class OfOrder(models.Model):
    """By the id that RevKeen knows the order by."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)  # every index begins so
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()

    class Meta:
        abstract = True


class Hold(OfOrder):
    """An order that is not to be shipped now. From the day `until` on, in the merchant's zone, it holds no more."""

    class Reason(models.TextChoices):
        STOCK = "stock", "Out of stock"
        NOT_FOUND = "not_found", "Item not found"
        ADDRESS = "address", "Address to be checked"
        FRAUD = "fraud", "High risk of fraud"
        CUSTOMER = "customer", "Customer asked to wait"
        OTHER = "other", "Other"

    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True)
    until = models.DateField(null=True)  # null: until somebody releases it
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "order_id"], name="one_hold_per_order")]

    def __str__(self) -> str:
        return f"On hold: {self.words}"

    @property
    def words(self) -> str:
        """`Out of stock until 3 Dec 2026: ask the supplier`."""
        until = f" until {self.until.day} {self.until:%b %Y}" if self.until else ""
        note = f": {self.note}" if self.note else ""
        return f"{self.get_reason_display()}{until}{note}"


class Handling(OfOrder):
    """Whose an order is, and how soon it is wanted. An order without a row is nobody's, and normal."""

    class Priority(models.IntegerChoices):
        HIGH = 1, "High"
        NORMAL = 0, "Normal"
        LOW = -1, "Low"

    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    assigned_to = models.ForeignKey("orders.User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "order_id"], name="one_handling_per_order")]

    def __str__(self) -> str:
        return f"{self.get_priority_display()}, {self.assigned_to or 'nobody'}"


class OrderTag(OfOrder):
    """A word of staff's own on an order. `key` is the word as it is compared: `Gift` and `gift` are one."""

    name = models.CharField(max_length=30)
    key = models.CharField(max_length=30)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "order_id", "key"], name="a_tag_once")]
        indexes = [models.Index(fields=["merchant", "mode", "key", "order_id"], name="order_tags_by_name")]
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
