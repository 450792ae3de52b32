"""Copies of the money that moved, or was to move: RevKeen's transactions, and the refunds that were asked for.

Transactions are the truth about money: what was collected and what went back is summed from them. A refund says what
was asked for and why; it may be on its way for days, and its own transaction comes when the money goes. Rows are
written by services/index/money_copies.py alone, and none is ever deleted.
"""

from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant


class MoneyCopy(models.Model):
    """What both have in common. Amounts are in minor units of `currency`, which is in upper case.

    Texts have no bound and statuses no choices: no row is lost for a column.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    status = models.TextField(blank=True)
    amount = models.BigIntegerField(default=0)  # never negative where it is sound: the kind says which way it went
    currency = models.TextField(blank=True)
    created_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # the moment whose day counts: when the money moved, or was to
    method = models.TextField(blank=True)  # `card`, `us_bank_account`; "" where RevKeen names none
    card_brand = models.TextField(blank=True)
    card_last_four = models.TextField(blank=True)
    failure_reason = models.TextField(blank=True)  # why it did not move, in the words of the gateway
    invoice_id = models.UUIDField(null=True)
    customer_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)  # null where no order has the invoice, or several have and none is told

    read_started = models.DateTimeField()  # the database's clock before the request for this state went out
    digest = models.CharField(max_length=32, blank=True)  # of all that was sent: the same one, the same state
    unreadable = models.TextField(blank=True)  # why what was sent could not be read; then nothing else is dependable

    class Meta:
        abstract = True


class TransactionCopy(MoneyCopy):
    """A transaction of an invoice as RevKeen last told of it. RevKeen publishes no fee of one."""

    class Flow(models.TextChoices):
        """What it did to the merchant's money (own_payments.py says which transaction does what)."""

        IN = "in", "Received"  # a payment, also one that was voided later: its void goes out
        OUT = "out", "Given back"  # a refund or a void
        FAILED = "failed", "Failed"
        PENDING = "pending", "Pending"
        OTHER = "other", "Other"  # disputes, adjustments, and whatever we do not know

    transaction_id = models.UUIDField()
    type = models.TextField(blank=True)
    flow = models.CharField(max_length=7, choices=Flow.choices)
    parent_id = models.UUIDField(null=True)  # of a refund or a void: the payment
    amount_refunded = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(null=True)  # null where RevKeen did not say

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "transaction_id"], name="one_copy_per_transaction"),
        ]
        indexes = [
            # Sums read no row: the index holds all that they add up.
            models.Index(
                fields=["merchant", "mode", "flow", "moved_at", "currency", "amount"], name="transactions_summed"
            ),
            models.Index(fields=["merchant", "mode", "moved_at", "id"], name="transactions_newest"),
            models.Index(fields=["merchant", "mode", "invoice_id"], name="transactions_by_invoice"),
            models.Index(fields=["merchant", "mode", "order_id"], name="transactions_by_order"),
            models.Index(fields=["merchant", "mode", "customer_id", "moved_at"], name="transactions_by_customer"),
            models.Index(fields=["merchant", "mode", "status"], name="transactions_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.transaction_id}"


class RefundCopy(MoneyCopy):
    """A refund as RevKeen last told of it. Method, card, invoice and customer are those of its payment."""

    refund_id = models.UUIDField()
    public_id = models.TextField(blank=True)
    payment_id = models.UUIDField(null=True)  # the transaction that it gives back
    reason = models.TextField(blank=True)
    reason_details = models.TextField(blank=True)
    processed_at = models.DateTimeField(null=True)
    told_order_id = models.UUIDField(null=True)  # that RevKeen itself names

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "refund_id"], name="one_copy_per_refund"),
        ]
        indexes = [
            models.Index(fields=["merchant", "mode", "moved_at", "id"], name="refunds_newest"),
            models.Index(fields=["merchant", "mode", "status", "moved_at"], name="refunds_by_status"),
            models.Index(fields=["merchant", "mode", "payment_id"], name="refunds_by_payment"),
            models.Index(fields=["merchant", "mode", "order_id"], name="refunds_by_order"),
        ]

    def __str__(self) -> str:
        return self.public_id or str(self.refund_id)
