"""Batches: orders that are picked together, in the order in which they are packed, and who printed which paper."""

from django.db import models
from django.db.models.functions import Now

from orders.models.handling import OfOrder
from orders.models.merchants import MODE_CHOICES, Merchant


class Batch(models.Model):
    """Orders that somebody took together. `number` counts from 1 at a merchant and mode."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)  # every index begins so
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    number = models.PositiveIntegerField()
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "number"], name="a_batch_number_once")]

    def __str__(self) -> str:
        return f"Batch {self.number}"

    @property
    def code(self) -> str:
        """On its papers, for a scanner."""
        return f"BATCH-{self.number}"


class BatchOrder(OfOrder):
    """An order of a batch, at its place: the slip of place 3 is the third one. It may be in several batches."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="orders")
    place = models.PositiveSmallIntegerField()
    order_number = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "order_id"], name="an_order_once_a_batch")]
        indexes = [models.Index(fields=["merchant", "mode", "order_id", "-batch"], name="batches_by_order")]
        ordering = ["place"]

    def __str__(self) -> str:
        return f"{self.place} of {self.batch}"


class BatchPrint(models.Model):
    """That somebody printed a paper of a batch. Rows are only added."""

    class Paper(models.TextChoices):
        PICK_LIST = "pick_list", "Pick list"
        SLIPS = "slips", "Packing slips"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="prints")
    paper = models.CharField(max_length=9, choices=Paper.choices)
    orders = models.PositiveSmallIntegerField()  # that it was asked for
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_paper_display()} of {self.batch}"
