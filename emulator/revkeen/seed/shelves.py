"""Products with their prices, and customers with their wallets."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from emulator.accounts import Account
from emulator.clock import iso
from emulator.messages import Json
from emulator.revkeen import documents
from emulator.revkeen.seed.catalogue import CURRENCIES, ITEMS, Item, price_in
from emulator.revkeen.seed.people import HARD_NAMES, PEOPLE, WALLETS, WALLETS_AFTER, Card
from emulator.revkeen.seed.plans import DAY_MS
from emulator.store import Row, Store

YEARS_AGO_MS = 900 * DAY_MS


@dataclass(frozen=True)
class People:
    """Customer ids: those with everyday names, those with difficult ones, and both by what they are for."""

    usual: list[str]
    hard: list[str]
    cases: dict[str, dict[str, str]]


def fill_open_invoices(store: Store, account: Account, people: People, now_ms: int) -> None:
    """One for each of the first customers, as a subscription or somebody else makes them: no order is linked to it."""
    for place in range(len(WALLETS)):
        case = people.cases[f"wallet_{place}"]
        row = {"customer_id": case["id"], "total": 25_000, "currency": "usd"}
        invoice_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"open invoice of {case['id']}"))
        invoice = documents.invoice(invoice_id, f"INV-OPEN-{place + 1}", row, "open", now_ms, now_ms)
        store.add("invoices", [Row(invoice_id, account.id, now_ms, invoice, None, {})])


def fill_products(store: Store, account: Account, rng: random.Random, now_ms: int) -> tuple[list[Json], dict[str, int]]:
    """The products, and the price of each in US cents by its id."""
    products, prices, us_cents = [], [], {}
    for place, item in enumerate(ITEMS[account.merchant]):
        created = now_ms - YEARS_AGO_MS + place * 3_600_000
        product = _product(account, rng, place, item, created)
        us_cents[product["id"]] = item[1]
        search = f"{product['name']} {product['product_id']} {product['description']}".casefold()
        products.append(Row(product["id"], account.id, created, product, None, {"search": search}))
        for index, price in enumerate(_prices(rng, product, item[1], created)):
            active = "true" if price["active"] else "false"
            prices.append(Row(price["id"], account.id, created + index, price, None, {"active": active}))
    store.add("products", products)
    store.add("prices", prices)
    return [row.doc for row in products], us_cents


def fill_customers(store: Store, account: Account, rng: random.Random, now_ms: int, *, count: int) -> People:
    merchant_id = account.merchant_id
    customers, methods = [], []
    usual: list[str] = []
    hard: list[str] = []
    cases: dict[str, dict[str, str]] = {}
    for place in range(count):
        # The first ten have the wallets worth trying, the difficult names follow.
        case, name = HARD_NAMES[place - 10] if 10 <= place < 10 + len(HARD_NAMES) else ("", _name(place))
        created = now_ms - YEARS_AGO_MS + (count - place) * 60_000
        customer = _customer(rng, merchant_id, place, name, case, created)
        search = " ".join(str(customer.get(name, "")) for name in ("name", "email", "company_name", "merchant_ref_id"))
        customers.append(Row(customer["id"], account.id, created, customer, None, {"search": search.casefold()}))
        wallet = WALLETS[place] if place < len(WALLETS) else WALLETS_AFTER[place % len(WALLETS_AFTER)]
        saved = [_method(rng, customer, card, index == 0, created + 1 + index) for index, card in enumerate(wallet)]
        methods += [Row(method["id"], account.id, created - index, method) for index, method in enumerate(saved)]
        (hard if case else usual).append(customer["id"])
        if case or place < len(WALLETS):
            cards = {card.last_four or "none": method["id"] for card, method in zip(wallet, saved, strict=True)}
            cases[case or f"wallet_{place}"] = {"id": customer["id"], **cards}
    store.add("customers", customers)
    store.add("payment_methods", methods)
    return People(usual, hard, cases)


# helpers


def _product(account: Account, rng: random.Random, place: int, item: Item, created_ms: int) -> Json:
    name, us_cents, handed_over = item
    subscription = "subscription" in name
    return {
        "id": _id(rng),
        "object": "product",
        "product_id": f"{account.letters}-{place + 101}",
        "name": name,
        "description": f"{name}, from the {account.name} range." if place % 3 else None,
        "kind": "subscription" if subscription else "one_time",
        "pricing_model": "recurring" if subscription else "one_time",
        "amount_minor": us_cents,
        "currency": "USD",
        "interval": "month" if subscription else None,
        "interval_count": 1 if subscription else None,
        "trial_days": 0,
        "fulfillment_type": handed_over,
        "track_inventory": handed_over == "physical",
        "stock_quantity": rng.randrange(0, 400) if handed_over == "physical" else None,
        "slug": None,
        "is_active": place % 19 != 18,
        "is_archived": place % 29 == 28,
        "image_url": None,
        "tax_behavior": "exclusive",
        "tax_code": None,
        "metadata": {},
        "created_at": iso(created_ms),
        "updated_at": iso(created_ms),
    }


def _prices(rng: random.Random, product: Json, us_cents: int, created_ms: int) -> list[Json]:
    """One in each currency; every ninth product also has last year's price, which is no longer active."""
    prices = [_price(rng, product, currency, price_in(currency, us_cents), created_ms) for currency in CURRENCIES]
    if int(product["product_id"][-3:]) % 9 == 0:
        prices.append(
            {
                **_price(rng, product, "usd", us_cents * 9 // 10, created_ms),
                "active": False,
                "nickname": "Last year",
            }
        )
    return prices


def _price(rng: random.Random, product: Json, currency: str, amount: int, created_ms: int) -> Json:
    recurring = product["kind"] == "subscription"
    return {
        "id": _id(rng),
        "object": "price",
        "product_id": product["id"],
        "active": product["is_active"],
        "currency": currency,
        "unit_amount": amount,
        "type": "recurring" if recurring else "one_time",
        "pricing_model": "fixed" if amount else "free",
        "interval": "month" if recurring else None,
        "interval_count": 1 if recurring else None,
        "nickname": None,
        "lookup_key": f"{product['product_id'].lower()}-{currency}",
        "version": 1,
        "billing_scheme": "per_unit",
        "metadata": {},
        "created_at": iso(created_ms),
        "updated_at": iso(created_ms),
    }


def _name(place: int) -> str:
    """Thirty people, and then more by mixing first and last names."""
    if place < len(PEOPLE):
        return PEOPLE[place][0]
    first = PEOPLE[place % len(PEOPLE)][0].partition(" ")[0]
    last = PEOPLE[(place * 7 + place // len(PEOPLE)) % len(PEOPLE)][0].partition(" ")[2]
    return f"{first} {last}"


def _customer(rng: random.Random, merchant_id: str, place: int, name: str | None, case: str, created_ms: int) -> Json:
    _, country, city, region, postal_code, street = PEOPLE[place % len(PEOPLE)]
    customer: Json = {
        "id": _id(rng),
        "merchant_id": merchant_id,
        "merchant_ref_id": f"C{place + 1:05}",
        "email": f"{_mailbox(name, case)}{place or ''}@example.com",
        "name": name,
        "phone": f"+1 555 01{place % 100:02}" if place % 3 else None,
        "company_name": f"{(name or 'Unnamed').split()[-1]} & Co."
        if name and name.strip() and place % 4 == 0
        else None,
        "address_line1": street,
        "address_line2": "Second floor" if place % 11 == 5 else None,
        "city": city,
        "state": region,
        "postal_code": postal_code,
        "country": country,
        "metadata": {"segment": ("retail", "trade", "club")[place % 3]} if place % 5 else {},
        "created_at": iso(created_ms),
        "updated_at": iso(created_ms),
    }
    return {member: value for member, value in customer.items() if value is not None}


def _mailbox(name: str | None, case: str) -> str:
    if case:
        return f"difficult.{case}."
    words: Sequence[str] = "".join(c if c.isascii() and c.isalpha() else " " for c in name or "").lower().split()
    return ".".join(words) or "customer"


def _method(rng: random.Random, customer: Json, card: Card, is_default: bool, created_ms: int) -> Json:
    id = _id(rng)
    return {
        "id": id,
        "object": "payment_method",
        "public_id": "pm_" + id.replace("-", "")[:16],
        "type": card.type,
        "status": card.status,
        "customer_id": customer["id"],
        "is_default": is_default,
        "card": _card(card) if card.type == "card" else None,
        "us_bank_account": _bank_account(card) if card.type == "us_bank_account" else None,
        "bacs_direct_debit": None,
        "billing_details": {
            "name": customer.get("name"),
            "email": customer["email"],
            "phone": None,
            "address": None,
        },
        "metadata": {},
        "created_at": iso(created_ms),
        "updated_at": iso(created_ms),
    }


def _card(card: Card) -> Json:
    expired = card.status == "expired"
    if not card.last_four:  # an instrument the gateway says nothing about
        return {"brand": "unknown", "last4": None, "exp_month": None, "exp_year": None, "funding": None}
    return {
        "brand": card.brand,
        "last4": card.last_four,
        "exp_month": 3 if expired else 11,
        "exp_year": 2024 if expired else 2031,
        "funding": "credit",
    }


def _bank_account(card: Card) -> Json:
    return {
        "bank_name": "First Harbour Bank",
        "last4": card.last_four,
        "routing_number_last4": "0021",
        "account_type": card.brand,
    }


def _id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
