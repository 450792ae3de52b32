"""What does not add up about orders, and what people said to it.

Findings follow from the index and can be made anew; cases and sign-offs are people's, and stay when it is rebuilt.
"""

from django.db import models
from django.db.models.functions import Now

from orders.models.merchants import MODE_CHOICES, Merchant
from orders.models.order_copies import OrderCopy


class OfRule(models.Model):
    """One rule (services/index/rules.py) of one order, by the id that RevKeen knows it by."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()
    rule = models.CharField(max_length=20)

    class Meta:
        abstract = True


class SignOff(OfRule):
    """That somebody looked at a finding and lets it stand, with the amounts that they saw. Append-only."""

    user = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    who = models.CharField(max_length=254)  # as they were called then
    at = models.DateTimeField(db_default=Now())
    note = models.CharField(max_length=1000)
    words = models.JSONField()  # what the finding said then
    seen = models.JSONField()  # the amounts, by name, in minor units
    currency = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["merchant", "mode", "order_id", "rule", "-id"], name="sign_offs_by_order")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.rule} of {self.order_id}, signed off by {self.who}"


class ReviewCase(OfRule):
    """Who is to look at a finding, and from which day on it is wanted in the queue again."""

    assigned_to = models.ForeignKey("orders.User", models.SET_NULL, null=True, related_name="+")
    snoozed_until = models.DateField(null=True)  # in the merchant's zone; from this day on it is open again

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "order_id", "rule"], name="one_case_a_rule")]

    def __str__(self) -> str:
        return f"{self.rule} of {self.order_id}"


class Finding(models.Model):
    """That an order breaks a rule now, kept by the one writer of the index (services/index/findings.py).

    `amount` is what is at stake in minor units of `currency`, never negative.
    """

    order = models.ForeignKey(OrderCopy, models.CASCADE, related_name="findings")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    rule = models.CharField(max_length=20)
    currency = models.TextField(blank=True)
    amount = models.BigIntegerField(default=0)
    words = models.JSONField(default=list)  # the differences, one sentence each
    seen = models.JSONField(default=dict)  # all amounts that it was found by: what a sign-off is of
    since = models.DateTimeField(null=True)  # rules that wait count from here
    # What people said, held beside it so that the queue is counted out of one index.
    sign_off = models.ForeignKey(SignOff, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    signed = models.BooleanField(default=False)  # `sign_off` is of these very amounts
    assigned_to = models.ForeignKey("orders.User", models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    snoozed_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "rule"], name="one_finding_a_rule")]
        indexes = [
            # Counting reads no row: the index holds all that is asked and added up.
            models.Index(
                fields=["merchant", "mode", "signed", "rule", "currency", "snoozed_until", "since", "amount"],
                name="findings_counted",
            ),
            models.Index(fields=["merchant", "mode", "signed", "-order", "rule"], name="findings_newest"),
            models.Index(fields=["merchant", "mode", "rule", "signed", "-order"], name="findings_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} of {self.order_id}"

    @property
    def reopened(self) -> bool:
        """Signed off once, and then one of the amounts changed."""
        return self.sign_off_id is not None and not self.signed
