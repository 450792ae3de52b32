"""What a merchant has set for its fulfillment partners, and what they call an order where its metadata does not say."""

from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant


class PartnerSettings(models.Model):
    """Where the partners' ids of orders and lines come from, and the merchant's defaults for Digital River."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="partner_settings")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    # Keys of the order's metadata; with "" for OrderProtection it knows the order by RevKeen's id.
    digital_river_order_key = models.CharField(max_length=40, default="dr_order_id")
    order_protection_order_key = models.CharField(max_length=40, blank=True, default="op_order_id")
    # Key of a line's metadata.
    digital_river_item_key = models.CharField(max_length=40, default="dr_item_id")
    partner_id = models.CharField(max_length=100, blank=True)
    subfulfiller_id = models.CharField(max_length=100, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode"], name="one_row_of_partner_settings")]

    def __str__(self) -> str:
        return f"Partners of {self.merchant}, {self.mode}"


class OrderIds(models.Model):
    """What the partners call an order and its lines, filled in by hand; it counts before what the metadata say."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    digital_river = models.CharField(max_length=200, blank=True)
    order_protection = models.CharField(max_length=200, blank=True)
    digital_river_items = models.JSONField(default=dict)  # line item id → Digital River's id of the line

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "order_id"], name="ids_of_an_order_once")]

    def __str__(self) -> str:
        return f"Ids of {self.order_id}"


class PartnerOrder(models.Model):
    """Which order of ours a partner's order id stands for: one, and no other (services/partners/partner_orders.py)."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    destination = models.CharField(max_length=20)  # as of Partner update
    partner_order_id = models.CharField(max_length=200)
    order_id = models.UUIDField()
    order_number = models.CharField(max_length=100, blank=True)
    by_metadata = models.BooleanField(default=False)  # the order's own metadata said so when it was copied

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "destination", "partner_order_id"], name="one_order_per_partner_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_order_id} is {self.order_number}"
