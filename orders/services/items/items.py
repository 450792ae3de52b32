"""The small table of a merchant's items: SKU → bin, barcodes and picture.

A SKU is what `item_codes.code_of` says of a line. What nobody has written down is simply not known: every page works
without it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from orders import item_keys
from orders.models import Item, ItemBarcode, Merchant, User

MOST_ORIGINS = 10
PLAIN_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]+)?", re.I)
COLUMNS = ("sku", "name", "bin", "barcodes", "picture")


@dataclass(frozen=True)
class ItemRow:
    """What shall be kept of an item. A column that `columns` of `save` does not name stays as it is."""

    sku: str
    name: str = ""
    bin: str = ""
    barcodes: tuple[str, ...] = ()
    picture: str = ""


@dataclass(frozen=True)
class Saved:
    added: int = 0
    changed: int = 0


class Taken(Exception):
    """A barcode is on another item already, or is its SKU."""

    def __init__(self, sku: str, barcode: str, other: str) -> None:
        super().__init__(f"{barcode} is already on {other}.")
        self.sku, self.barcode, self.other = sku, barcode, other


def of_skus(merchant: Merchant, skus: Iterable[str]) -> dict[str, Item]:
    """SKU → its item, with its barcodes; those that are not in the table are missing."""
    wanted = {sku: item_keys.key(sku) for sku in skus if sku}
    found = {item.key: item for item in all_of(merchant).filter(key__in=set(wanted.values()))} if wanted else {}
    return {sku: found[key] for sku, key in wanted.items() if key in found}


def bins(merchant: Merchant, skus: Iterable[str]) -> dict[str, str]:
    """SKU → where it lies, of those of which that is known."""
    return {sku: item.bin for sku, item in of_skus(merchant, skus).items() if item.bin}


def of_scan(merchant: Merchant, text: str) -> Item | None:
    """The item that has this barcode, or this SKU."""
    key = item_keys.key(text)
    if not key:
        return None
    on_it = ItemBarcode.objects.filter(merchant=merchant, key=key).select_related("item").first()
    return on_it.item if on_it else Item.objects.filter(merchant=merchant, key=key).first()


def all_of(merchant: Merchant) -> QuerySet[Item]:
    return Item.objects.filter(merchant=merchant).select_related("changed_by").prefetch_related("barcodes")


def picture_origins(merchant: Merchant) -> list[str]:
    """`https://pictures.example`, of each place that the items' pictures come from; a page allows no others."""
    addresses = Item.objects.filter(merchant=merchant).exclude(picture="").values_list("picture", flat=True)
    hosts = {urlsplit(address).netloc for address in addresses}
    return [f"https://{host}" for host in sorted(hosts) if PLAIN_HOST.fullmatch(host)][:MOST_ORIGINS]


def found_by(merchant: Merchant, text: str) -> QuerySet[Item]:
    """Whose SKU, name or bin has this in it, or whose barcode this is; all for no text. By SKU."""
    every = all_of(merchant).order_by("key")
    if not text:
        return every
    barcode = Q(pk__in=ItemBarcode.objects.filter(merchant=merchant, key=item_keys.key(text)).values("item"))
    named = Q(sku__icontains=text) | Q(name__icontains=text) | Q(bin__icontains=text)
    return every.filter(named | barcode)


def save(merchant: Merchant, rows: Sequence[ItemRow], columns: Iterable[str], by: User) -> Saved:
    """All of the rows, each SKU once, or none of them: raise `Taken`. What the table says already is no change."""
    with transaction.atomic():
        _one_at_a_time(merchant)
        kept = of_skus(merchant, [row.sku for row in rows])
        changes = [change for row in rows if (change := _change(merchant, kept.get(row.sku), row, set(columns)))]
        added = sum(item.pk is None for item, _ in changes)
        _write(merchant, changes, by)
    return Saved(added, len(changes) - added)


def change(item: Item, row: ItemRow, by: User) -> None:
    """All of an item, its SKU too. Raise `Taken`."""
    with transaction.atomic():
        _one_at_a_time(item.merchant)
        others = Item.objects.filter(merchant=item.merchant_id).exclude(pk=item.pk)
        if other := others.filter(key=item_keys.key(row.sku)).first():
            raise Taken(row.sku, row.sku, other.sku)
        if row.sku != item.sku:
            item.sku, item.changed_by = row.sku, by
            item.save()
        save(item.merchant, [row], COLUMNS, by)


def as_row(item: Item) -> ItemRow:
    barcodes = tuple(barcode.text for barcode in item.barcodes.all()) if item.pk else ()
    return ItemRow(item.sku, item.name, item.bin, barcodes, item.picture)


def _one_at_a_time(merchant: Merchant) -> None:
    """So that no barcode becomes two items'."""
    Merchant.objects.select_for_update().get(pk=merchant.pk)


def _change(merchant: Merchant, item: Item | None, row: ItemRow, columns: set[str]) -> tuple[Item, ItemRow] | None:
    """The item as it shall be, with what is to be kept of it; None where that is so already."""
    item = item or Item(merchant=merchant, sku=row.sku, key=item_keys.key(row.sku))
    before = as_row(item)
    now = replace(before, **{name: getattr(row, name) for name in columns - {"sku"}})
    item.name, item.bin, item.picture = now.name, now.bin, now.picture
    return (item, now) if item.pk is None or now != before else None


def _write(merchant: Merchant, changes: Sequence[tuple[Item, ItemRow]], by: User) -> None:
    items = [item for item, _ in changes]
    for item in items:
        item.changed_by, item.changed_at = by, timezone.now()
    Item.objects.bulk_create([item for item in items if item.pk is None])
    Item.objects.bulk_update(
        [item for item in items if item.pk], ["name", "bin", "picture", "changed_by", "changed_at"], batch_size=500
    )
    ItemBarcode.objects.filter(item__in=items).delete()
    _write_barcodes(merchant, changes)
    _refuse_skus_of_others(merchant)


def _write_barcodes(merchant: Merchant, changes: Sequence[tuple[Item, ItemRow]]) -> None:
    holders = dict(ItemBarcode.objects.filter(merchant=merchant).values_list("key", "item__sku"))
    written = []
    for item, row in changes:
        for key, text in {item_keys.key(text): text for text in row.barcodes}.items():
            if key in holders:
                raise Taken(item.sku, text, holders[key])
            holders[key] = item.sku
            written.append(ItemBarcode(item=item, merchant=merchant, text=text, key=key))
    ItemBarcode.objects.bulk_create(written)


def _refuse_skus_of_others(merchant: Merchant) -> None:
    """What a scanner reads names one item alone: a barcode is no other item's SKU."""
    skus = dict(Item.objects.filter(merchant=merchant).values_list("key", "sku"))
    for barcode in ItemBarcode.objects.filter(merchant=merchant).select_related("item"):
        if barcode.key in skus and barcode.item.key != barcode.key:
            raise Taken(barcode.item.sku, barcode.text, skus[barcode.key])
