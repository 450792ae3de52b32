"""What a line is called on the shelf."""

import uuid
from collections.abc import Iterable

from orders.apis.revkeen.objects import Json, LineItem, Listing, Product
from orders.item_keys import LONGEST
from orders.storable import storable

SKU = "sku"  # the name in a line's metadata
BARCODES = ("barcode", "gtin", "ean", "upc")  # the names of barcodes in the metadata of a line or a product
BIN = "bin"


def code_of(line: LineItem | None, product: Product | None) -> str:
    """The SKU in the line's metadata, or else the product's code; "" where neither is known."""
    sku = line.metadata.get(SKU) if line else None
    own = str(sku).strip() if isinstance(sku, str | int) and not isinstance(sku, bool) else ""
    return storable(own or (product.product_id.strip() if product else ""))


def need_products(lines: Iterable[LineItem]) -> bool:
    """Whether some line has a product and no SKU of its own."""
    return any(line.product_id and not code_of(line, None) for line in lines)


def by_id(listing: Listing[Product] | None) -> dict[uuid.UUID, Product]:
    return {product.id: product for product in listing.rows} if listing else {}


def barcodes_in(metadata: Json) -> list[str]:
    """Those that the metadata of a line or a product name."""
    said = [metadata.get(name) for name in BARCODES]
    texts = [str(value).strip() for value in said if isinstance(value, str | int) and not isinstance(value, bool)]
    return [text for text in dict.fromkeys(map(storable, texts)) if 0 < len(text) <= LONGEST]
