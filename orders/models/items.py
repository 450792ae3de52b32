"""What a merchant's shelf says of what it sells: where a thing lies, and which barcodes are on it."""

from django.db import models

from orders import item_keys
from orders.models.merchants import Merchant


class Item(models.Model):
    """One SKU. The shelf is the same in live and in test mode. `key` is the SKU as it is compared (item_keys.py)."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="items")
    sku = models.CharField(max_length=item_keys.LONGEST)
    key = models.CharField(max_length=item_keys.LONGEST, editable=False)
    name = models.CharField(max_length=200, blank=True)
    bin = models.CharField(max_length=40, blank=True)
    picture = models.CharField(max_length=500, blank=True)  # an address that begins with https://
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey("orders.User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "key"], name="one_item_per_sku")]

    def __str__(self) -> str:
        return self.sku

    def save(self, *args: object, **options: object) -> None:
        self.key = item_keys.key(self.sku)
        super().save(*args, **options)  # type: ignore[arg-type]


class ItemBarcode(models.Model):
    """A barcode that is on an item, and on no other of the merchant's."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="barcodes")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    text = models.CharField(max_length=item_keys.LONGEST)
    key = models.CharField(max_length=item_keys.LONGEST)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "key"], name="one_item_per_barcode")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text
