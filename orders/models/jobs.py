"""Changes of many orders at once: what was asked of each, as its dry run found it, and what became of it."""

import uuid

from django.db import models
from django.db.models.functions import Now

from orders.models.merchants import MODE_CHOICES, Merchant


class Job(models.Model):
    """Its rows are written before the dry run and none is added or taken away afterwards."""

    class Kind(models.TextChoices):
        FULFILL = "fulfill", "Fulfill"
        CANCEL = "cancel", "Cancel orders"
        EDIT = "edit", "Add a note or metadata"
        STATUS = "status", "Set OrderProtection’s status"
        SEND_AGAIN = "send_again", "Send partner updates again"

    class State(models.TextChoices):
        CHECKED = "checked", "Checked"  # the dry run is there to be looked at
        RUNNING = "running", "Running"  # from *Apply* on, its undo window included
        ENDED = "ended", "Ended"
        STOPPED = "stopped", "Stopped"
        UNDONE = "undone", "Undone"

    OVER = (State.ENDED, State.STOPPED, State.UNDONE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    source = models.CharField(max_length=200)  # where its rows come from: a file, or a list
    asked = models.JSONField(default=dict)  # what holds for all rows
    retry_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="retries")
    created_at = models.DateTimeField(db_default=Now())

    state = models.CharField(max_length=8, choices=State.choices)
    version = models.PositiveIntegerField(default=0)  # of the dry run
    as_of = models.DateTimeField(null=True)  # what the dry run knew of the orders
    starts_at = models.DateTimeField(null=True)  # until then all of it can be undone
    next_call_at = models.DateTimeField(db_default=Now())  # when the next row may be begun: RevKeen's rate
    message = models.CharField(max_length=300, blank=True)  # what keeps it, or why it was stopped
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("orders.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["starts_at"], condition=models.Q(state="running"), name="jobs_running"),
            models.Index(fields=["merchant", "mode", "-created_at"], name="jobs_by_merchant"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.source}"

    @property
    def over(self) -> bool:
        return self.state in self.OVER


class JobRow(models.Model):
    """One row of a file, or one order of a list. Rows of one order share their operation, and so its key."""

    class State(models.TextChoices):
        READY = "ready", "Ready"
        BAD = "bad", "Not sent"  # what the dry run says of it keeps it out of the job
        SENDING = "sending", "Sending"
        DONE = "done", "Done"
        NOT_SENT = "not_sent", "Not sent"
        IN_DOUBT = "in_doubt", "Sent, outcome in doubt"

    OPEN = (State.READY, State.SENDING, State.IN_DOUBT)

    job = models.ForeignKey(Job, models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField()  # its line in the file, or its place in the list
    order_id = models.UUIDField(null=True)
    order_number = models.CharField(max_length=100, blank=True)
    typed = models.JSONField(default=dict)  # what stood in the row, by column
    asked = models.JSONField(default=dict)  # what will be sent, fixed by the dry run
    seen = models.JSONField(default=dict)  # the order as the dry run had it
    marks = models.JSONField(default=list)  # of the dry run: (code, words)
    sure = models.BooleanField(default=False)  # somebody looked at its doubts, and it is right
    operation_id = models.UUIDField()  # the idempotency key, the same however often a worker begins anew
    step = models.PositiveSmallIntegerField(default=0)  # of the plan, where an order has several parcels
    state = models.CharField(max_length=8, choices=State.choices)
    message = models.CharField(max_length=500, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["job", "place"], name="one_job_row_of_a_place")]
        indexes = [
            models.Index(fields=["job", "state", "place"], name="job_rows_by_state"),
            models.Index(fields=["operation_id"], name="job_rows_by_operation"),
        ]

    def __str__(self) -> str:
        return f"Row {self.place}"
