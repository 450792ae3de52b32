"""Files of lists that a worker makes: asked for once, or every day, week or month, and kept for their owner alone."""

import uuid

from django.db import models
from django.db.models.functions import Now

from orders.models.merchants import MODE_CHOICES, Merchant


class ExportFormat(models.TextChoices):
    COMMA = "comma", "CSV with commas"
    SEMICOLON = "semicolon", "CSV with semicolons and decimal commas"
    TAB = "tab", "CSV with tabs"
    XLSX = "xlsx", "XLSX, for Excel and other spreadsheets"


class Asked(models.Model):
    """Which list, as whose, and how the file shall be."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    owner = models.ForeignKey("orders.User", models.CASCADE, related_name="+")
    list = models.CharField(max_length=30)  # its name among those that can be exported
    title = models.CharField(max_length=80)  # what it is called on pages and in mails
    words = models.TextField(blank=True)  # the filter in words, as it was asked for
    query = models.TextField(blank=True)  # of the list's address; read anew when the file is made
    file_format = models.CharField(max_length=10, choices=ExportFormat.choices)
    mark = models.BooleanField()  # CSV begins with a byte order mark
    lines = models.BooleanField()  # a row for each line item
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True


class ExportSchedule(Asked):
    """An export that is made again and again, in the morning of the merchant's time zone."""

    class Every(models.TextChoices):
        DAY = "day", "Every day"
        WEEK = "week", "Every Monday"
        MONTH = "month", "On the first of every month"

    every = models.CharField(max_length=5, choices=Every.choices)
    view = models.ForeignKey("orders.SavedView", models.SET_NULL, null=True, related_name="+")  # whose filters count
    next_at = models.DateTimeField()
    stopped = models.CharField(max_length=200, blank=True)  # why no more are made; "" while they are

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=models.Q(stopped=""), name="schedules_due")]


class Export(Asked):
    """One file. While it waits, whoever holds its lease makes it; nobody gets any of it before all of it is kept."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    schedule = models.ForeignKey(ExportSchedule, models.SET_NULL, null=True, related_name="exports")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField(default=0)  # whose chunks are the file
    rows = models.PositiveBigIntegerField(default=0)  # that are in it, so far
    expected = models.PositiveBigIntegerField(null=True)  # rows that there will be
    size = models.PositiveBigIntegerField(default=0)  # bytes
    message = models.CharField(max_length=300, blank=True)  # what keeps it, or why it failed
    ready_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)  # from when on it is not kept any more
    to_tell = models.BooleanField(default=False)  # a mail has to go out

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="exports_due"),
            models.Index(fields=["owner", "merchant", "mode", "-created_at"], name="exports_by_owner"),
            models.Index(fields=["ends_at"], condition=models.Q(ends_at__isnull=False), name="exports_to_forget"),
            models.Index(fields=["id"], condition=models.Q(to_tell=True), name="exports_to_tell"),
        ]


class ExportChunk(models.Model):
    """A piece of a file: the database is what all servers share."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="chunks")
    attempt = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()  # from 0
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "attempt", "number"], name="one_chunk_of_a_number")]
