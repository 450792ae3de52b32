import uuid
from typing import Any

from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant


class Draft(models.Model):
    """An order being written here, or the replacement of one that RevKeen already has.

    `lines` are dicts of `id` (ours), `product_id`, `description`, `quantity`, `unit_price` (minor units; None while it
    is not known) and `metadata`, in their order. What became of a draft is in the journal: its operation `create`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    currency = models.CharField(max_length=3, default="USD")
    billing_type = models.CharField(max_length=10, default="one_time")
    customer_id = models.UUIDField(null=True)
    customer_label = models.CharField(max_length=300, blank=True)
    notes = models.CharField(max_length=1000, blank=True)
    metadata = models.JSONField(default=dict)
    expires_at = models.DateTimeField(null=True)
    invoice_id = models.UUIDField(null=True)
    subscription_id = models.UUIDField(null=True)
    lines = models.JSONField(default=list)
    replaces_id = models.UUIDField(null=True)
    replaces_number = models.CharField(max_length=100, blank=True)
    copied_from = models.CharField(max_length=100, blank=True)
    left_out = models.JSONField(default=list)  # in words: what of the order it was begun from must not be copied
    version = models.PositiveIntegerField(default=1)
    saved_from = models.CharField(
        max_length=40, blank=True
    )  # the page that saved last, so that it is not in its own way
    created_by = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    updated_by = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["merchant", "mode", "-updated_at"], name="drafts_by_merchant")]

    def __str__(self) -> str:
        return f"Draft for {self.customer_label or 'a guest'}"

    @property
    def line_ids(self) -> list[str]:
        return [line["id"] for line in self.lines]

    @property
    def ids_left_out(self) -> bool:
        """Whether names of ids were left out, and not only what is said as `its invoice`."""
        return any(not words.startswith("its ") for words in self.left_out)

    def line(self, line_id: str) -> dict[str, Any] | None:
        return next((line for line in self.lines if line["id"] == line_id), None)


class DraftVisit(models.Model):
    """Somebody has the draft open."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="visits")
    user = models.ForeignKey("orders.User", models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draft", "user"], name="one_visit_per_person")]
