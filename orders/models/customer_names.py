from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant


class CustomerName(models.Model):
    """How a customer was last called, so that a list of orders never asks for names row by row.

    A row without `seen_at` is wanted: a list showed the customer, and the worker will ask for the name.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="customer_names")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    customer_id = models.UUIDField()
    name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=320, blank=True)
    seen_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "customer_id"], name="one_name_per_customer")
        ]
        indexes = [models.Index(fields=["asked_at"], condition=models.Q(seen_at=None), name="customer_names_wanted")]
