from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant


class CustomerCopy(models.Model):
    """A customer as RevKeen last told of them, so that a list never asks row by row and a search finds their orders.

    A row without `seen_at` is wanted: an order names the customer, and the worker will ask for them.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="customer_copies")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    customer_id = models.UUIDField()
    name = models.CharField(max_length=300, blank=True)  # or the company's, or the e-mail
    email = models.CharField(max_length=320, blank=True)
    phone = models.TextField(blank=True)
    fields = models.JSONField(default=dict)  # all that RevKeen sent of them
    text = models.TextField(blank=True)  # folded, in which parts of words are found
    seen_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "customer_id"], name="one_copy_per_customer")
        ]
        indexes = [models.Index(fields=["asked_at"], condition=models.Q(seen_at=None), name="customer_names_wanted")]

    def __str__(self) -> str:
        return self.name or self.email
