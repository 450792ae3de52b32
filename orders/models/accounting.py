"""The accounting feed: what each of its files holds, as it was then, and when the next is made. Rows of files are only
ever added.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models.exports import ExportSchedule
from orders.models.merchants import MODE_CHOICES, Merchant


class AccountingFile(models.Model):
    """One file of the feed of a merchant and mode; they are numbered from 1, without a gap."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField(db_default=Now())
    made_by = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    rows = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "number"], name="one_accounting_file_of_a_number")
        ]


class AccountingRow(models.Model):
    """A transaction or a refund in the one file that it is in: the database refuses a second one."""

    class Kind(models.TextChoices):
        TRANSACTION = "transaction", "Transaction"
        REFUND = "refund", "Refund"

    file = models.ForeignKey(AccountingFile, models.CASCADE, related_name="+")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    kind = models.CharField(max_length=11, choices=Kind.choices)
    source_id = models.UUIDField()  # RevKeen's id of it
    moved_at = models.DateTimeField()
    amount = models.BigIntegerField()  # minor units of `currency`
    currency = models.TextField(blank=True)
    facts = models.JSONField()  # the other cells, by heading

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "kind", "source_id"], name="money_once_in_the_accounting_feed"
            )
        ]
        indexes = [models.Index(fields=["file", "id"], name="accounting_rows_of_a_file")]


class AccountingSchedule(models.Model):
    """That files of a merchant and mode are made by themselves, in the name of whoever wanted it."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    owner = models.ForeignKey("orders.User", models.CASCADE, related_name="+")
    every = models.CharField(max_length=5, choices=ExportSchedule.Every.choices)
    next_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode"], name="one_accounting_schedule")]
        indexes = [models.Index(fields=["next_at"], name="accounting_schedules_due")]
