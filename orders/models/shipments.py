"""What left the house, and how. RevKeen is told once and returns none of it, so it is kept here."""

from django.db import models
from django.db.models.functions import Now

from orders import carriers
from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.operations import Operation


class Shipment(models.Model):
    """One parcel with one carrier, written in the transaction that begins its operation and not changed afterwards.

    Whether it left follows from the operation: done, it did; refused or not sent, it never did.
    """

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="shipments")
    number = models.PositiveSmallIntegerField()  # 1, 2, … of those of its order that left
    carrier = models.CharField(max_length=50, blank=True)  # as RevKeen was told: a code of ours, or any text
    tracking_number = models.CharField(max_length=100, blank=True)
    notified = models.BooleanField()  # whether RevKeen was asked to e-mail the customer
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["merchant", "mode", "order_id"], name="shipments_by_order")]

    def __str__(self) -> str:
        return f"Shipment {self.number}"

    @property
    def carrier_name(self) -> str:
        return carriers.name_of(self.carrier)

    @property
    def tracking_address(self) -> str:
        """Where it can be followed, always https; "" where that is not known."""
        return carriers.tracking_address(self.carrier, self.tracking_number)


class ShipmentItem(models.Model):
    """A line of the order, or as many units of it, in a shipment."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="items")
    line_item_id = models.UUIDField()
    quantity = models.PositiveBigIntegerField()
    description = models.CharField(max_length=100)  # its beginning, as it was then

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipment", "line_item_id"], name="a_line_once_per_shipment")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"
