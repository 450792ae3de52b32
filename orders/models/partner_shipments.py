"""What a partner has that none of our shipments accounts for, and how far its list was read."""

from collections import Counter

from django.db import models
from django.db.models.functions import Now

from orders.models.connections import Connection
from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.partner_updates import PartnerUpdate

Unit = tuple[str, bool]  # of a line, by the partner's id of it: shipped, or given up


class PartnerShipment(models.Model):
    """A shipment, or units given up, as a partner told of it. One that comes to be accounted for stays, and is none of
    ours all the same: whether it is accounted for is asked anew (services/index/partner_shipments.py).
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    destination = models.CharField(max_length=20, choices=PartnerUpdate.Destination.choices)
    remote_id = models.CharField(max_length=200)
    partner_order_id = models.CharField(max_length=200)
    order_id = models.UUIDField(null=True)  # of ours, by what it is called there; null: of none that has a copy here
    reference = models.UUIDField(null=True)  # the shipment of ours that its metadata says it is, true or not
    made_at = models.DateTimeField()  # by the partner's clock
    before_us = models.BooleanField()  # made before the merchant had connected the partner here
    items = models.JSONField(default=list)  # [the partner's id of a line, units shipped, units given up]
    carrier = models.CharField(max_length=200, blank=True)
    tracking_number = models.CharField(max_length=200, blank=True)
    first_seen_at = models.DateTimeField(db_default=Now())
    read_started = models.DateTimeField()  # last seen: the database's clock before that request went out

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "destination", "remote_id"], name="one_copy_per_partner_shipment"
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "mode", "order_id", "-made_at"], name="partner_shipments_by_order"),
            models.Index(fields=["merchant", "mode", "partner_order_id"], name="partner_shipments_by_name"),
            models.Index(fields=["merchant", "mode", "tracking_number"], name="partner_shipments_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.remote_id} at {self.get_destination_display()}"

    @property
    def units(self) -> Counter[Unit]:
        found = Counter[Unit]()
        for item_id, shipped, given_up in self.items:
            found[item_id, True] += shipped
            found[item_id, False] += given_up
        return +found


class PartnerSweep(models.Model):
    """A pass over a partner's list, newest first, which begins anew when it is due.

    The position is stored with what was read up to it. `as_of` tells of the last complete pass, not of this one.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    destination = models.CharField(max_length=20, choices=PartnerUpdate.Destination.choices)
    connected_at = models.DateTimeField()  # since when the merchant has had a key to the partner here
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)  # until then a worker is at it, and no other
    began_at = models.DateTimeField(null=True)  # the database's clock; null: the next one has not begun
    made_since = models.DateTimeField(null=True)  # what this pass reads: what was made from then on
    after = models.CharField(max_length=200, blank=True)  # the last one that was read
    rows = models.PositiveBigIntegerField(default=0)  # in this pass
    unreadable = models.PositiveBigIntegerField(default=0)  # of these
    as_of = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    message = models.CharField(max_length=500, blank=True)  # of the last failure; "" once a page was read

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "destination"], name="one_sweep_per_partner")
        ]

    def __str__(self) -> str:
        return f"List of {Connection.Provider(self.destination).label}"
