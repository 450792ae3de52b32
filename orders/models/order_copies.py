"""The index: copies of RevKeen's orders, in which is found what RevKeen's own lists cannot find.

RevKeen stays the truth about an order. Rows are written by services/index/writing.py alone, and none is ever deleted
for having gone at RevKeen.
"""

from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant

COUNTED = ("status", "gone_at")  # at the end of an index: what is found by it is counted without reading the rows


class OrderCopy(models.Model):
    """An order as RevKeen last told of it. Amounts are in minor units of `currency`, which is in upper case.

    `id` rises with the time at which the order was created (services/index/keys.py), so that newest first is the
    order of the key, backwards. Texts have no bound and statuses no choices: no row is lost for a column.
    """

    id = models.BigIntegerField(primary_key=True)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)  # every index begins so
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    order_id = models.UUIDField()

    public_id = models.TextField(blank=True)
    status = models.TextField(blank=True)
    billing_type = models.TextField(blank=True)
    currency = models.TextField(blank=True)
    subtotal = models.BigIntegerField(default=0)
    discount = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    amount_paid = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    amount_due = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    customer_id = models.UUIDField(null=True)
    fulfillment_status = models.TextField(blank=True)  # "" where RevKeen has none
    metadata = models.JSONField(default=dict)
    notes = models.TextField(blank=True)
    invoice_id = models.UUIDField(null=True)
    subscription_id = models.UUIDField(null=True)
    paid_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    fulfilled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    livemode = models.BooleanField(null=True)
    has_lines = models.BooleanField(default=True)  # false: RevKeen did not send the line items

    read_started = models.DateTimeField()  # the database's clock before the request for this state went out
    digest = models.CharField(max_length=32, blank=True)  # of all that was sent: the same one, the same state
    gone_at = models.DateTimeField(null=True)  # since when RevKeen answers 404
    unreadable = models.TextField(blank=True)  # why what was sent could not be read; then nothing else is dependable

    # What follows from the above and from our own shipments.
    payment_state = models.TextField(blank=True)  # the word that pages show (states.payment_state)
    fulfillment_state = models.TextField(blank=True)  # likewise (states.fulfillment_state)
    units_left = models.BigIntegerField(default=0)  # neither shipped from here nor given up
    customer_name = models.TextField(blank=True)  # folded and without accents, to sort by; "" where there is none
    still_due = models.BigIntegerField(default=0)  # minor units; 0 of an order that nobody pays any more
    amounts_rule = models.TextField(blank=True)  # the first rule that the amounts break (orders/amounts.py); "": none
    summary = models.TextField(blank=True)  # `Ridgeline 2 tent and 3 more`
    text = models.TextField(blank=True)  # folded, in which parts of words are found
    text_is_cut = models.BooleanField(default=False)  # there was more of it, or of its terms, than is kept

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "order_id"], name="one_copy_per_order"),
        ]
        indexes = [
            models.Index(fields=["merchant", "mode", "-id"], name="copies_newest"),
            models.Index(fields=["merchant", "mode", "order_id", "id", *COUNTED], name="copies_by_order"),
            models.Index(fields=["merchant", "mode", "status", "-id"], name="copies_by_status"),
            models.Index(fields=["merchant", "mode", "public_id", "-id"], name="copies_by_number"),
            models.Index(fields=["merchant", "mode", "currency", "total", "-id", *COUNTED], name="copies_by_total"),
            models.Index(fields=["merchant", "mode", "currency", "still_due", "-id"], name="copies_by_due"),
            models.Index(fields=["merchant", "mode", "currency", "still_due", "id"], name="copies_by_due_down"),
            models.Index(fields=["merchant", "mode", "customer_name", "-id"], name="copies_by_name"),
            models.Index(fields=["merchant", "mode", *COUNTED, "-id"], name="copies_counted"),
            models.Index(fields=["merchant", "mode", "updated_at", "-id"], name="copies_by_update"),
            models.Index(fields=["merchant", "mode", "customer_id", "-id"], name="copies_by_customer"),
            models.Index(
                fields=["merchant", "mode", "payment_state", "-id", *COUNTED, "created_at"], name="copies_by_payment"
            ),
            models.Index(
                fields=["merchant", "mode", "fulfillment_state", "-id", *COUNTED], name="copies_by_fulfillment"
            ),
            models.Index(fields=["merchant", "mode", "paid_at", "-id"], name="copies_by_payment_time"),
            models.Index(fields=["merchant", "mode", "invoice_id"], name="copies_by_invoice"),
            # Sums of finance read no row: these hold all that is added up, and by what it is divided.
            models.Index(
                fields=[
                    *("merchant", "mode", "created_at", "currency", "status", "unreadable"),
                    *("total", "discount", "tax", "still_due"),
                ],
                condition=models.Q(gone_at=None),
                name="copies_ordered",
            ),
            models.Index(
                fields=[
                    *("merchant", "mode", "still_due", "currency", "status", "unreadable"),
                    *("created_at", "expires_at", "customer_id"),
                ],
                condition=models.Q(gone_at=None),
                name="copies_due",
            ),
            models.Index(fields=["merchant", "mode", "billing_type", "-id", *COUNTED], name="copies_by_billing"),
            models.Index(
                fields=["merchant", "mode", "status", "payment_state", "-id"], name="copies_by_status_payment"
            ),
            # The views in the navigation are counted again and again: without looking at a single row.
            models.Index(
                fields=["merchant", "mode", "status", "fulfillment_state", "-id", "gone_at", "created_at"],
                name="copies_by_status_shipping",
            ),
            models.Index(
                fields=["merchant", "mode", "status", "gone_at", "updated_at"], name="copies_by_status_update"
            ),
            models.Index(
                fields=["merchant", "mode", "status", "fulfillment_status", "gone_at", "units_left", "has_lines"],
                name="copies_to_fulfill",
            ),
            models.Index(
                fields=["merchant", "mode", "expires_at", "status", "gone_at"],
                condition=models.Q(expires_at__isnull=False),
                name="copies_expiring",
            ),
            models.Index(
                fields=["merchant", "mode", "gone_at", "-id", "status"],
                condition=~models.Q(notes=""),
                name="copies_with_notes",
            ),
            models.Index(
                fields=["merchant", "mode", "-id"],
                condition=models.Q(text_is_cut=True),
                name="copies_with_cut_text",
            ),
            models.Index(
                fields=["merchant", "mode", "gone_at", "-id", "status"],
                condition=~models.Q(amounts_rule=""),
                name="copies_not_adding_up",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id or str(self.order_id)


class OrderLineCopy(models.Model):
    """A line item of an order's copy. Amounts are in minor units of the order's currency."""

    order = models.ForeignKey(OrderCopy, models.CASCADE, related_name="lines")
    line_id = models.UUIDField()
    position = models.BigIntegerField()  # of the order's lines, from 0
    description = models.TextField(blank=True)
    quantity = models.BigIntegerField()
    unit_price = models.BigIntegerField()
    subtotal = models.BigIntegerField()
    discount = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    product_id = models.UUIDField(null=True)
    code = models.TextField(blank=True)  # the SKU in its metadata
    metadata = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["product_id", "-order"], name="line_copies_by_product")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"


class Term(models.Model):
    """One whole thing by which an order is found: an id, a number, an e-mail address, an amount.

    `value` is folded and bounded (services/index/folding.py), and compared byte by byte.
    """

    class Kind(models.IntegerChoices):
        ORDER = 1, "Order"  # its id
        NUMBER = 2, "Order number"  # with prefix, and the digits without
        CUSTOMER = 3, "Customer"  # its id
        EMAIL = 4, "E-mail"
        NAME = 5, "Name"  # each word
        PAIR = 6, "Name or text"  # two neighbors of a script without spaces
        PHONE = 7, "Phone"  # digits alone
        TRACKING = 8, "Tracking number"  # normalized, and its last eight characters
        PRODUCT = 9, "Product"  # its id
        CODE = 10, "SKU"
        INVOICE = 11, "Invoice"  # its id
        PAYMENT = 12, "Payment"  # id of a payment or refund that was read
        CARD = 13, "Card"  # last four of one that paid
        AMOUNT = 14, "Amount"  # total, paid, refunded: `120.50 eur`
        METADATA = 15, "Metadata"  # each value
        INVOICE_NUMBER = 16, "Invoice number"  # of one that was read
        METADATA_PAIR = 17, "Metadata"  # of the order itself: `channel=web`

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    value = models.TextField()
    order = models.ForeignKey(OrderCopy, models.CASCADE, related_name="terms", db_index=False)  # the constraint has one

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "kind", "value"], name="a_term_once_per_order")]
        indexes = [models.Index(fields=["merchant", "mode", "value", "-order", "kind"], name="terms_by_value")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"
