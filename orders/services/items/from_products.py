"""Items out of RevKeen's products: those that are not in the table yet, and what their metadata say beyond it."""

from orders import item_codes, item_keys
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Product
from orders.models import Merchant, User
from orders.services.items import items
from orders.services.items.items import ItemRow, Saved
from orders.services.revkeen.session import Session
from orders.storable import storable

MOST_PAGES = 50  # of a hundred products each


def products(api: Session) -> list[Product]:
    """All that have a code. Raise the `ApiError` of a page that is not answered: half of them would look like all."""
    found: list[Product] = []
    for page in range(1, MOST_PAGES + 1):
        rows = api.get(reads.products(page=page)).require().rows
        found += [product for product in rows if product.product_id.strip()]
        if len(rows) < reads.LARGEST_PAGE:
            break
    return found


def fill(merchant: Merchant, found: list[Product], by: User) -> Saved:
    """What somebody wrote down stays; only what is empty is filled in. Raise `items.Taken`."""
    by_key = {item_keys.key(product.product_id): product for product in found}
    kept = items.of_skus(merchant, [product.product_id for product in by_key.values()])
    rows = []
    for product in by_key.values():
        item = kept.get(product.product_id)
        told = _row(product)
        rows.append(_filled(items.as_row(item), told) if item else told)
    return items.save(merchant, rows, items.COLUMNS, by)


def _row(product: Product) -> ItemRow:
    metadata = product.metadata
    place = metadata.get(item_codes.BIN)
    picture = product.image_url or ""
    return ItemRow(
        sku=storable(product.product_id.strip())[: item_keys.LONGEST],
        name=storable(product.name)[:200],
        bin=storable(str(place).strip())[:40] if isinstance(place, str | int) else "",
        barcodes=tuple(item_codes.barcodes_in(metadata)),
        picture=picture if picture.startswith("https://") and len(picture) <= 500 else "",
    )


def _filled(kept: ItemRow, told: ItemRow) -> ItemRow:
    return ItemRow(
        kept.sku,
        kept.name or told.name,
        kept.bin or told.bin,
        kept.barcodes or told.barcodes,
        kept.picture or told.picture,
    )
