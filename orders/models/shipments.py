"""What left the house, and how. RevKeen is told once and returns none of it, so it is kept here."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.text import Truncator

from orders import carriers
from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.operations import Operation


class Fulfillment(models.Model):
    """What one press of the button sends off: one parcel or several, or the units that will never be sent.

    Its id is that of the form's token, and of the plan of the operations that tell RevKeen of it, if it is told.
    """

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    order_number = models.CharField(max_length=100, blank=True)
    fingerprint = models.CharField(
        max_length=64
    )  # of what was asked: the same form token with something else is refused
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    created_at = models.DateTimeField(db_default=Now())
    undo_until = models.DateTimeField(db_default=Now())  # until then it may be undone, and nobody is told
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("orders.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["merchant", "mode", "undo_until"], name="fulfillments_by_hold")]

    def __str__(self) -> str:
        return f"Fulfillment of {self.order_number}"


class Shipment(models.Model):
    """One parcel with one carrier, or units that were given up, written before any system hears of it."""

    class Kind(models.TextChoices):
        PARCEL = "parcel", "Parcel"
        CANCELLATION = "cancellation", "Never shipped"

    class State(models.TextChoices):
        PENDING = "pending", "RevKeen not told yet"  # its operation is open, or a step before it is
        LEFT = "left", "Left"  # RevKeen took it, nothing is due to RevKeen, or a person says so
        REFUSED = "refused", "Not taken by RevKeen"  # refused or never sent: it counts as not left
        UNDONE = "undone", "Undone"

    COUNTED = (State.PENDING, State.LEFT)  # whose units are taken from what is left of the order

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    order_number = models.CharField(max_length=100, blank=True)
    # What the partners know it by: `metadata.shipmentRef` at Digital River, `sourceFulfillmentId` at OrderProtection.
    reference = models.UUIDField(unique=True, default=uuid.uuid4)
    fulfillment = models.ForeignKey(Fulfillment, models.PROTECT, related_name="shipments")
    step = models.PositiveSmallIntegerField(null=True)  # of the plan that tells RevKeen; null: nothing is due to it
    operation = models.ForeignKey(Operation, models.PROTECT, null=True, related_name="shipments")  # once it has begun
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.PARCEL)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    number = models.PositiveSmallIntegerField()  # 1, 2, … of those of its order
    carrier = models.CharField(max_length=50, blank=True)  # as RevKeen was told: a code of ours, or any text
    notified = models.BooleanField()  # whether RevKeen was asked to e-mail the customer
    reason = models.CharField(max_length=200, blank=True)  # why units were given up
    created_at = models.DateTimeField(db_default=Now())
    # It left though RevKeen did not take it, and RevKeen has yet to hear of it (services/fulfillment/unreported.py);
    # null once it has.
    unreported_since = models.DateTimeField(null=True)
    # How often it was corrected, from 1. A partner update is up to date when it has sent this version.
    version = models.PositiveSmallIntegerField(default=1)

    # What only Digital River takes. Costs of its items are in minor units of `cost_currency`.
    partner_id = models.CharField(max_length=100, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)
    digital_river_shipment_id = models.CharField(max_length=100, blank=True)
    metadata = models.JSONField(default=dict)

    # What only OrderProtection takes.
    status = models.CharField(max_length=20, default="FULFILLED")  # one of its 18
    shipped_at = models.DateTimeField(null=True)  # null: OrderProtection fills in its own time
    status_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "mode", "order_id"], name="shipments_by_order"),
            models.Index(fields=["merchant", "mode", "-id"], name="shipments_by_merchant"),
            models.Index(fields=["merchant", "mode", "carrier", "-id"], name="shipments_by_carrier"),
            models.Index(fields=["merchant", "mode", "-created_at"], name="shipments_by_time"),
            models.Index(
                fields=["merchant", "mode", "kind", "state", "carrier", "order_id"], name="shipments_of_orders"
            ),
            models.Index(fields=["merchant", "mode", "state", "-id"], name="shipments_by_state"),
            models.Index(fields=["merchant", "mode", "order_number", "-id"], name="shipments_by_order_number"),
            models.Index(
                fields=["merchant", "mode", "id"],
                condition=models.Q(unreported_since__isnull=False),
                name="shipments_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"Shipment {self.number}"

    @property
    def with_order(self) -> str:
        """`Shipment 2 of ORD-1234`, short enough for a label."""
        return f"{self} of {Truncator(self.order_number or 'an order').chars(24)}"

    @property
    def carrier_name(self) -> str:
        return carriers.name_of(self.carrier)

    @property
    def units(self) -> int:
        """Reads the prefetched rows."""
        return sum(item.quantity for item in self.items.all())

    @property
    def first_tracking(self) -> "TrackingNumber | None":
        """The one that goes to systems which take a single number. Reads the prefetched rows."""
        return next(iter(self.tracking.all()), None)

    @property
    def tracking_number(self) -> str:
        first = self.first_tracking
        return first.number if first else ""

    @property
    def tracking_address(self) -> str:
        """Where it can be followed, always https; "" where that is not known."""
        first = self.first_tracking
        return first.address if first else ""


class TrackingNumber(models.Model):
    """A tracking number of a parcel; it may have several, and the first is the one that RevKeen is told."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="tracking")
    position = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=100)  # as typed, trimmed
    normalized = models.CharField(max_length=100, db_index=True)  # upper case, letters and digits: what is searched
    address = models.CharField(max_length=500, blank=True)  # https, or nothing

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["shipment", "position"], name="a_tracking_number_per_position")]

    def __str__(self) -> str:
        return self.number


class ShipmentItem(models.Model):
    """Units of a line of the order in a shipment."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="items")
    line_item_id = models.UUIDField()
    quantity = models.PositiveBigIntegerField()  # units in this parcel, or given up
    ordered = models.PositiveBigIntegerField()  # units of the line, as the order was then
    description = models.CharField(max_length=100)  # its beginning, as it was then
    product_id = models.UUIDField(null=True, db_index=True)

    # What the partners call the line, as settings and metadata said then.
    digital_river_item_id = models.CharField(max_length=200, blank=True)
    order_protection_item_id = models.CharField(max_length=200, blank=True)

    # What only Digital River takes; costs in minor units of the shipment's `cost_currency`, for the whole line.
    distributor_cost = models.BigIntegerField(null=True)
    shipping_cost = models.BigIntegerField(null=True)
    subfulfiller_id = models.CharField(max_length=100, blank=True)
    digital_river_shipment_item_id = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line_item_id"], name="a_line_once_per_shipment"),
            models.CheckConstraint(condition=models.Q(quantity__gte=1), name="a_shipped_unit_at_least"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"


class SlipPrint(models.Model):
    """That a packing slip was printed, by whom and when."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="prints")
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.shipment} printed by {self.who}"
