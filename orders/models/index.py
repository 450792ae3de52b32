"""How the index is kept fresh: what is to be read, how far each pass over RevKeen's lists has come, and as of when."""

from django.db import models
from django.db.models.functions import Now

from orders.models.merchants import MODE_CHOICES, Merchant


class IndexState(models.Model):
    """The index of one merchant and mode: how far the events feed was read, and what differed from RevKeen.

    All moments but the watermark are the database's.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    watermark = models.DateTimeField(null=True)  # where the feed is read on from, by RevKeen's clock; null: not begun
    feed_due_at = models.DateTimeField(db_default=Now())
    feed_refused = models.BooleanField(default=False)  # the key may not read events
    as_of = models.DateTimeField(null=True)  # of what events tell, every change until then is in the copies
    next_as_of = models.DateTimeField(null=True)  # will be, once what was marked until `marked_at` has been read
    marked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)  # until then a worker is at it, and no other
    wait_until = models.DateTimeField(null=True)  # RevKeen asked us to wait (429), or did not answer
    next_call_at = models.DateTimeField(db_default=Now())  # calls of the background take turns by it
    calls = models.PositiveIntegerField(default=0)  # of the background, since `calls_from`: an hour at most
    calls_from = models.DateTimeField(db_default=Now())
    compared = models.PositiveBigIntegerField(default=0)  # orders held against their copies
    differed = models.PositiveBigIntegerField(default=0)  # of these, those whose copies were outdated
    differed_at = models.DateTimeField(null=True)
    sampled = models.PositiveBigIntegerField(default=0)  # copies drawn by lot and held against what they are copies of
    sampled_outdated = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode"], name="one_index_per_mode")]

    def __str__(self) -> str:
        return f"Index of {self.merchant_id}, {self.mode}"


class Mark(models.Model):
    """That something may have changed at RevKeen, which goes once a read that began after it was kept."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    first_wanted_at = models.DateTimeField(db_default=Now())  # no read since then was kept
    wanted_at = models.DateTimeField(db_default=Now())  # raised by each further mark
    due_at = models.DateTimeField(db_default=Now())  # later where a read has failed

    class Meta:
        abstract = True


class ToRead(Mark):
    """An order that may have changed at RevKeen."""

    order_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "order_id"], name="one_mark_per_order")]
        indexes = [models.Index(fields=["merchant", "mode", "due_at"], name="marks_due")]

    def __str__(self) -> str:
        return f"Order {self.order_id}, to be read"


class InvoiceToRead(Mark):
    """An invoice of which money may have moved: its transactions and their refunds are read."""

    invoice_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "invoice_id"], name="one_mark_per_invoice")]
        indexes = [models.Index(fields=["merchant", "mode", "due_at"], name="invoice_marks_due")]

    def __str__(self) -> str:
        return f"Invoice {self.invoice_id}, to be read"


class Sweep(models.Model):
    """A pass over one of RevKeen's lists, newest first, which begins anew when it is due.

    The position is stored with what was read up to it. `as_of` tells of the last complete pass, not of this one.
    """

    class Kind(models.TextChoices):
        DRAFT = "draft", "Drafts"
        PENDING = "pending", "Pending"
        PARTIALLY_PAID = "partially_paid", "Part paid"
        PAID = "paid", "Paid"
        WEEK = "week", "The last 7 days"
        QUARTER = "quarter", "The last 90 days"
        ALL = "all", "All orders"
        CUSTOMERS = "customers", "Customers"  # whose names lists show
        PAYMENTS = "payments", "New payments"  # the first pass reads all of them
        PAY_PENDING = "pay_pending", "Pending payments"
        REFUNDS = "refunds", "New refunds"  # likewise
        REFUND_PENDING = "refund_pending", "Pending refunds"
        REFUND_WORK = "refund_work", "Refunds being processed"
        PAY_ALL = "pay_all", "All payments"
        REFUND_ALL = "refund_all", "All refunds"
        SAMPLE = "sample", "A sample of 30 copies"  # how well the others keep them

    OF_STATUS = (Kind.DRAFT, Kind.PENDING, Kind.PARTIALLY_PAID, Kind.PAID)
    OF_MONEY = (
        *(Kind.PAYMENTS, Kind.PAY_PENDING, Kind.REFUNDS, Kind.REFUND_PENDING, Kind.REFUND_WORK),
        *(Kind.PAY_ALL, Kind.REFUND_ALL),
    )

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    due_at = models.DateTimeField(db_default=Now())
    began_at = models.DateTimeField(null=True)  # of the pass that is under way; null: none is
    created_lte = models.BigIntegerField(null=True)  # where it is: Unix seconds, inclusive
    after = models.UUIDField(null=True)  # and the last row read, where more are of one second than a page holds
    rows = models.PositiveBigIntegerField(default=0)  # read in this pass
    expected = models.PositiveBigIntegerField(null=True)  # of which RevKeen has so many, where it counts
    changed = models.PositiveBigIntegerField(default=0)  # found outdated in this pass
    quiet = models.PositiveSmallIntegerField(default=0)  # complete passes in a row that found nothing changed
    page_size = models.PositiveSmallIntegerField(default=100)  # another one where the pass before missed some
    as_of = models.DateTimeField(null=True)  # when the last complete pass began of which everything was read
    next_as_of = models.DateTimeField(null=True)  # will be, once what was marked until `marked_at` has been read
    marked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "kind"], name="one_sweep_per_kind")]
        indexes = [models.Index(fields=["due_at"], name="sweeps_due")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ProductCopy(models.Model):
    """What a product is called, so that its code finds the orders with it."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    product_id = models.UUIDField()
    name = models.TextField(blank=True)
    code = models.TextField(blank=True)  # folded

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "mode", "product_id"], name="one_copy_per_product")]
        indexes = [models.Index(fields=["merchant", "mode", "code"], name="product_copies_by_code")]

    def __str__(self) -> str:
        return self.name
