"""The outbox: what each partner has to hear of each shipment, until it has heard it (services/partners/outbox.py)."""

from django.db import models
from django.db.models.functions import Now

from orders.models.connections import Connection
from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.shipments import Shipment


class PartnerUpdate(models.Model):
    """A shipment on its way to one partner. RevKeen's part of a shipment is its operation and has no row here.

    A partner update brings the partner to the shipment's present version: it is made once there, and updated
    afterwards.
    """

    class Destination(models.TextChoices):
        DIGITAL_RIVER = Connection.Provider.DIGITAL_RIVER.value, "Digital River"
        ORDER_PROTECTION = Connection.Provider.ORDER_PROTECTION.value, "OrderProtection"

    class State(models.TextChoices):
        FOR_REVKEEN = "for_revkeen", "Waiting for RevKeen"  # it goes when RevKeen has accepted
        WAITING = "waiting", "Waiting"  # it goes at `next_try_at`
        SENDING = "sending", "Sending"  # a worker is at it until `lease_until`; then it counts as unknown
        SENT = "sent", "Sent"
        IN_DOUBT = "in_doubt", "In doubt"  # it may have arrived; the partner is read at `next_try_at`
        FAILED = "failed", "Failed"  # a person has to do something
        BLOCKED = "blocked", "Held back"  # RevKeen refused: a person releases or stops it
        STOPPED = "stopped", "Stopped"  # a person gave it up, with a reason
        UNDONE = "undone", "Undone"
        OFF = "off", "Not connected"  # recorded while the partner was switched off: a person sends it later

    # Codes of failures that end once the ids are right by which the partner knows the order and its lines.
    WRONG_IDS = ("no_order_id", "no_item_id", "other_order", "not_found", "order_unknown")
    OPEN = (State.FOR_REVKEEN, State.WAITING, State.SENDING, State.IN_DOUBT)  # a machine goes on with it
    NEEDS_SOMEONE = (State.FAILED, State.BLOCKED)
    ENDED = (State.SENT, State.STOPPED, State.UNDONE)

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="partner_updates")
    destination = models.CharField(max_length=20, choices=Destination.choices)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    partner_order_id = models.CharField(max_length=200, blank=True)  # what the partner calls the order; "" not known
    created_at = models.DateTimeField(db_default=Now())

    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    sent_version = models.PositiveSmallIntegerField(default=0)  # of the shipment; 0: never sent
    remote_id = models.CharField(max_length=200, blank=True)  # Digital River's `ful_…`; OrderProtection gives none
    sent_at = models.DateTimeField(null=True)  # of the version that is there
    tracking_refused = models.BooleanField(default=False)  # OrderProtection took the status of an update and no more

    # How it is being sent. `attempts` counts calls that change something there, just before each one.
    attempts = models.PositiveSmallIntegerField(default=0)
    connection_id = models.UUIDField(null=True)  # the key of the last call
    last_sent_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveSmallIntegerField(default=0)  # in a row, of calls and of looks: the backoff follows them
    doubtful = models.BooleanField(default=False)  # a call may have arrived: the partner is read before the next one
    answered = models.BooleanField(default=False)  # the doubtful call got an answer, so it is not under way any more
    # Lines of the order, by RevKeen's ids: for which Digital River refused the parcel, because they are closed there,
    # and which a person left out for that, so that the others could go.
    closed_there = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    # A person asked to send it again, and takes a late duplicate on them; or the partner said no, which is read after.
    by_hand = models.BooleanField(default=False)

    # What the last call or look came to.
    status = models.PositiveSmallIntegerField(null=True)  # HTTP
    code = models.CharField(max_length=100, blank=True)
    message = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    stopped_by = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=200, blank=True)  # of the person who stopped it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "destination"], name="one_partner_update_per_destination"),
            # Digital River asks for no two writes on one order at a time, and an order's parcels go in their order.
            models.UniqueConstraint(
                fields=["merchant", "mode", "destination", "order_id"],
                condition=models.Q(state="sending"),
                name="one_call_per_order_and_partner",
            ),
            models.UniqueConstraint(
                fields=["merchant", "mode", "destination", "remote_id"],
                condition=~models.Q(remote_id=""),
                name="one_partner_update_per_remote_id",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state__in=["waiting", "in_doubt", "sending"]),
                name="partner_updates_due",
            ),
            models.Index(
                fields=["merchant", "mode", "destination", "order_id"],
                condition=models.Q(state__in=["for_revkeen", "waiting", "sending", "in_doubt"]),
                name="partner_updates_open_by_order",
            ),
            models.Index(
                fields=["merchant", "mode", "-id"],
                condition=models.Q(state__in=["failed", "blocked"]),
                name="partner_updates_to_review",
            ),
            models.Index(fields=["merchant", "mode", "destination", "state", "-id"], name="partner_updates_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.shipment} to {self.get_destination_display()}"

    @property
    def open(self) -> bool:
        return self.state in self.OPEN

    @property
    def needs_someone(self) -> bool:
        return self.state in self.NEEDS_SOMEONE

    @property
    def needs_ids(self) -> bool:
        return self.state == self.State.FAILED and self.code in self.WRONG_IDS

    @property
    def can_be_retried(self) -> bool:
        """At once, without a question; for the other states it is asked first, or not at all."""
        if self.state == self.State.STOPPED:
            return self.shipment.state != Shipment.State.REFUSED
        return self.state == self.State.FAILED or self.retrying

    @property
    def can_be_stopped(self) -> bool:
        return self.state in (self.State.IN_DOUBT, *self.NEEDS_SOMEONE) or self.retrying

    @property
    def retrying(self) -> bool:
        return self.state == self.State.WAITING and self.failures > 0

    @property
    def up_to_date(self) -> bool:
        return self.state == self.State.SENT and self.sent_version == self.shipment.version


class PartnerUpdateAttempt(models.Model):
    """One call to a partner about a partner update, and what was answered. Kept, never changed."""

    class What(models.TextChoices):
        CREATE = "create", "Create"
        UPDATE = "update", "Update"
        STATUS = "status", "Set status"
        LOOK = "look", "Look"

    partner_update = models.ForeignKey(PartnerUpdate, models.PROTECT, related_name="history")
    at = models.DateTimeField(db_default=Now())
    what = models.CharField(max_length=6, choices=What.choices)
    version = models.PositiveSmallIntegerField()  # of the shipment
    body = models.JSONField(null=True)  # as sent; null: nothing but a read
    status = models.PositiveSmallIntegerField(null=True)  # HTTP; null: no answer
    code = models.CharField(max_length=100, blank=True)
    message = models.CharField(max_length=500, blank=True)  # what came of it, in words
    answer = models.CharField(max_length=2000, blank=True)  # its beginning
    request_id = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_what_display()} at {self.at:%Y-%m-%d %H:%M:%S}"


class WorkerSeen(models.Model):
    """That a worker is alive: each writes here every few seconds."""

    name = models.CharField(max_length=100, primary_key=True)  # host and process
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
