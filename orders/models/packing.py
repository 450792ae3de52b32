"""What a person has at hand at the station: the order they pack, and what was scanned for it so far."""

from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.picking import Batch


class Packing(models.Model):
    """A person's place at the station, and the order that lies there, if one does.

    No order lies in two places: the database refuses it. `version` is counted up with each change, so that of two tabs
    of the person none overwrites what the other has scanned.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    user = models.ForeignKey("orders.User", models.CASCADE, related_name="+")
    order_id = models.UUIDField(null=True)
    order_number = models.CharField(max_length=100, blank=True)
    batch = models.ForeignKey(Batch, models.SET_NULL, null=True, related_name="+")  # whose next order follows
    taken_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # when something was last done with it
    form_token = models.TextField(blank=True)  # of the fulfillment that it will be
    work = models.JSONField(default=dict)  # services/station/work.py
    put_back = models.JSONField(default=dict)  # order → when, in seconds since 1970: for a while others come first
    heard = models.JSONField(default=list)  # the last scans, with what was said to each
    sound = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "user"], name="one_place_per_person"),
            models.UniqueConstraint(
                fields=["merchant", "mode", "order_id"],
                condition=models.Q(order_id__isnull=False),
                name="one_packer_per_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.order_number or 'nothing'}"
