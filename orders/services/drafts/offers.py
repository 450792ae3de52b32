"""What of the catalog can become a line of a draft, and what its prices are in another currency."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from orders.apis.errors import Missing
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Price, Product
from orders.money import Money
from orders.services.drafts.drafts import FOUND, LONGEST_DESCRIPTION, Line
from orders.services.revkeen.session import Session

AT_ONCE = 20  # products whose prices are asked for one by one, where the catalog is longer than one call brings


@dataclass(frozen=True)
class Offer:
    """Something of the catalog that can become a line."""

    key: str  # the id of the price, or of the product where it has none
    product: Product
    label: str
    price: Money
    recurring: bool

    @property
    def description(self) -> str:
        name = f"{self.product.name}, {self.label}" if self.label else self.product.name
        return name[:LONGEST_DESCRIPTION]


@dataclass(frozen=True)
class Repriced:
    """Lines in another currency: how many have the catalog's price there, how many have none, and how many were not
    looked up.
    """

    lines: list[Line]
    from_catalog: int
    unpriced: int
    not_looked_up: int


def find_offers(api: Session, currency: str, text: str) -> list[Offer]:
    """Active products whose name or code has `text`, at their active prices in `currency`. Raise `ApiError`.

    Where there are more prices than one call brings, those of the first products found are asked for one by one.
    """
    listing, prices = api.get_together(reads.products(search=text), reads.prices(currency))
    products = [product for product in listing.require().rows if product.can_be_sold]
    found = prices.require()
    if not found.has_more:
        return _of_products(products, found.rows, currency)
    products = products[:FOUND]
    own = api.get_together(*(reads.prices(currency, product.id) for product in products))
    return _of_products(products, [row for reading in own for row in reading.require().rows], currency)


def offers_of(api: Session, currency: str, product_id: uuid.UUID) -> list[Offer]:
    """What one product costs in `currency`; nothing where it is sold no more. Raise `ApiError`."""
    product, prices = api.get_together(reads.product(product_id), reads.prices(currency, product_id))
    if isinstance(product.error, Missing) or not product.require().can_be_sold:
        return []
    return _of_products([product.require()], prices.require().rows, currency)


def in_another_currency(api: Session, lines: Iterable[Line], currency: str) -> Repriced:
    """The lines at the catalog's prices in `currency`, and without one where it has none, or several that may be
    meant: no digit is kept. Raise `ApiError`.
    """
    old = list(lines)
    offers = by_product(api, currency, sorted({_priced_product(line) for line in old} - {""}))
    new = [{**line, "unit_price": _price_of(line, offers.get(line["product_id"], []))} for line in old]
    priced = sum(line["unit_price"] is not None for line in new)
    not_looked_up = sum(bool(_priced_product(line)) and line["product_id"] not in offers for line in old)
    return Repriced(new, priced, len(new) - priced - not_looked_up, not_looked_up)


def _priced_product(line: Line) -> str:
    """The product whose price the line has, "" where it has none."""
    return (line["product_id"] or "") if line["unit_price"] is not None else ""


def by_product(api: Session, currency: str, product_ids: list[str]) -> dict[str, list[Offer]]:
    """From the whole catalog where two calls bring it; else of the first products, each asked for by itself. Raise
    `ApiError`.
    """
    if not product_ids:
        return {}
    listing, prices = api.get_together(reads.products(), reads.prices(currency))
    products, found_prices = listing.require(), prices.require()
    if products.has_more or found_prices.has_more:
        return {text: offers_of(api, currency, uuid.UUID(text)) for text in product_ids[:AT_ONCE]}
    sold = [product for product in products.rows if product.can_be_sold]
    found: dict[str, list[Offer]] = {text: [] for text in product_ids}
    for offer in _of_products(sold, found_prices.rows, currency):
        found.setdefault(str(offer.product.id), []).append(offer)
    return found


def _price_of(line: Line, offers: list[Offer]) -> int | None:
    """Minor units. Of several prices of a product the one that the line is called by."""
    if line["unit_price"] is None:
        return None
    named = [offer for offer in offers if offer.description == line["description"]]
    chosen = offers if len(offers) == 1 else named
    return chosen[0].price.minor if len(chosen) == 1 else None


def _of_products(products: Iterable[Product], prices: Iterable[Price], currency: str) -> list[Offer]:
    by_product: dict[uuid.UUID, list[Price]] = {}
    for price in prices:
        if price.active and price.unit_amount is not None and price.currency.upper() == currency:
            by_product.setdefault(price.product_id, []).append(price)
    return [offer for product in products for offer in _offers(product, by_product.get(product.id, []), currency)]


def _offers(product: Product, prices: Iterable[Price], currency: str) -> list[Offer]:
    found = [
        Offer(str(price.id), product, price.label, Money(price.unit_amount or 0, currency), price.type == "recurring")
        for price in prices
    ]
    if not found and product.amount_minor is not None and (product.currency or "").upper() == currency:
        money = Money(product.amount_minor, currency)
        found = [Offer(str(product.id), product, "", money, product.kind == "subscription")]
    return found
