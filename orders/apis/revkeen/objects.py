"""What RevKeen sends, as far as we use it. Unknown members are ignored, unknown enum values kept as text.

Amounts are strict: no float, no text, no NaN passes as one. The source of the fields is RevKeen's API reference.
"""

import uuid
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from orders.apis.decoding import reader as reader
from orders.apis.decoding import refuse_depth, without_nulls
from orders.apis.listings import Listing as Listing
from orders.apis.listings import Unreadable as Unreadable
from orders.apis.revkeen.events import Event as Event
from orders.apis.revkeen.events import EventData as EventData
from orders.apis.revkeen.events import EventRequest as EventRequest
from orders.countries import country_name
from orders.money import LARGEST_MINOR, Money

Minor = Annotated[int, Meta(ge=-LARGEST_MINOR, le=LARGEST_MINOR)]
Time = Annotated[datetime, Meta(tz=True)]
Json = dict[str, Any]


class LineItem(Struct, frozen=True):
    id: uuid.UUID
    description: str
    quantity: Minor  # bounded as amounts are
    unit_price: Minor
    subtotal: Minor
    total: Minor
    product_id: uuid.UUID | None = None
    discount: Minor = 0
    tax: Minor = 0
    metadata: Json = {}
    position: int = 0


class Order(Struct, frozen=True):
    id: uuid.UUID
    public_id: str
    status: str
    billing_type: str
    currency: str
    subtotal: Minor
    discount: Minor
    tax: Minor
    total: Minor
    amount_paid: Minor
    amount_refunded: Minor
    amount_due: Minor
    created_at: Time
    updated_at: Time
    customer_id: uuid.UUID | None = None
    fulfillment_status: str | None = None
    line_items: tuple[LineItem, ...] | None = None  # None: RevKeen did not send them
    metadata: Json = {}
    notes: str | None = None
    invoice_id: uuid.UUID | None = None
    subscription_id: uuid.UUID | None = None
    paid_at: Time | None = None
    canceled_at: Time | None = None
    fulfilled_at: Time | None = None
    expires_at: Time | None = None
    livemode: bool | None = None  # documented for events alone; believed wherever it is said

    @property
    def currency_code(self) -> str:
        """RevKeen sends either case; we show and compare upper case."""
        return self.currency.upper()

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency_code)

    @property
    def lines(self) -> list[LineItem]:
        """The line items in their position."""
        return sorted(self.line_items or (), key=lambda line: line.position)

    @property
    def summary(self) -> str:
        """`Ridgeline 2 tent and 3 more`."""
        first, *others = [line.description for line in self.lines] or ["No line items"]
        return f"{first} and {len(others)} more" if others else first

    @property
    def net_received(self) -> int:
        """Paid less refunded, in minor units."""
        return self.amount_paid - self.amount_refunded


class Customer(Struct, frozen=True):
    """RevKeen has sent both `company_name` and `companyName`; `from_json` makes the first of the second."""

    id: uuid.UUID
    email: str
    created_at: Time | None = None
    updated_at: Time | None = None
    name: str | None = None
    phone: str | None = None
    company_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    merchant_ref_id: str | None = None
    metadata: Json = {}
    custom_fields: Json = {}

    @property
    def shown_name(self) -> str:
        """A name of nothing but spaces is none."""
        return (self.name or "").strip() or (self.company_name or "").strip() or self.email

    @property
    def address(self) -> list[str]:
        place = " ".join(part for part in (self.postal_code, self.city, self.state) if part)
        country = country_name(self.country or "")
        return [line for line in (self.address_line1, self.address_line2, place, country) if line]


class Card(Struct, frozen=True):
    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None


class BankAccount(Struct, frozen=True):
    bank_name: str | None = None
    last4: str | None = None


class PaymentMethod(Struct, frozen=True):
    id: uuid.UUID
    type: str
    status: str
    customer_id: uuid.UUID | None = None
    is_default: bool = False
    card: Card | None = None
    us_bank_account: BankAccount | None = None

    @property
    def label(self) -> str:
        """`Visa ••1111`, or the bank and the end of the account."""
        if self.card:
            return f"{brand_name(self.card.brand)} ••{self.card.last4 or '????'}"
        if self.us_bank_account:
            return f"{self.us_bank_account.bank_name or 'Bank account'} ••{self.us_bank_account.last4 or '????'}"
        return self.type.replace("_", " ").capitalize()

    def expired(self, now: datetime) -> bool:
        """A card is good to the end of the month it names."""
        if self.card is None or self.card.exp_month is None or self.card.exp_year is None:
            return self.status == "expired"
        return self.status == "expired" or (self.card.exp_year, self.card.exp_month) < (now.year, now.month)


class Product(Struct, frozen=True):
    id: uuid.UUID
    name: str
    product_id: str = ""  # the merchant's own code
    kind: str = ""
    amount_minor: Minor | None = None
    currency: str | None = None
    is_active: bool = True
    is_archived: bool = False
    image_url: str | None = None
    metadata: Json = {}

    @property
    def can_be_sold(self) -> bool:
        return self.is_active and not self.is_archived


class Price(Struct, frozen=True):
    id: uuid.UUID
    product_id: uuid.UUID
    currency: str
    active: bool = True
    unit_amount: Minor | None = None
    type: str = ""
    nickname: str | None = None
    interval: str | None = None

    @property
    def label(self) -> str:
        """`Yearly plan, each year`."""
        every = f"each {self.interval}" if self.interval else ""
        return ", ".join(part for part in (self.nickname, every) if part)


class Transaction(Struct, frozen=True):
    id: uuid.UUID
    type: str
    status: str
    currency: str
    amount: Minor
    created_at: Time
    invoice_id: uuid.UUID | None = None
    amount_refunded: Minor = 0
    parent_transaction_id: uuid.UUID | None = None
    gateway_response_text: str | None = None
    card_brand: str | None = None
    card_last_four: str | None = None
    payment_method_type: str | None = None
    customer_id: uuid.UUID | None = None
    updated_at: Time | None = None

    @property
    def method(self) -> str:
        if self.card_last_four:
            return f"{brand_name(self.card_brand)} ••{self.card_last_four}"
        return (self.payment_method_type or "payment").replace("_", " ").capitalize()


class Refund(Struct, frozen=True):
    id: uuid.UUID
    payment_id: uuid.UUID
    amount_minor: Minor
    status: str
    currency: str = ""
    reason: str | None = None
    reason_details: str | None = None
    failure_reason: str | None = None
    created_at: Time | None = None
    processed_at: Time | None = None
    order_id: uuid.UUID | None = None
    public_id: str | None = None

    @property
    def final(self) -> bool:
        return self.status in ("succeeded", "failed", "canceled")

    @property
    def spent(self) -> bool:
        """Whether it is gone from what can be refunded: money on its way is, and so is a status unknown to us."""
        return self.status not in ("failed", "canceled")


class Invoice(Struct, frozen=True):
    id: uuid.UUID
    total_minor: Minor
    currency: str
    status: str
    invoice_number: str | None = None
    customer_uuid: uuid.UUID | None = None
    due_date: str | None = None

    @property
    def number(self) -> str:
        """What people call it; the beginning of its id where it has no number."""
        return self.invoice_number or f"{str(self.id)[:8]}…"

    @property
    def closed(self) -> bool:
        return self.status in ("paid", "void", "uncollectible")


def brand_name(brand: str | None) -> str:
    known = {"amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay", None: "Card", "unknown": "Card"}
    return known.get(brand) or str(brand).capitalize()


def read_customer(body: msgspec.Raw | bytes) -> Customer:
    """Read a customer in either casing. Raise `msgspec.ValidationError`."""
    refuse_depth(body)
    plain = msgspec.json.decode(body, type=dict[str, Any])
    known = without_nulls({_snake(name): value for name, value in plain.items()}, Customer)
    return msgspec.convert(known, Customer, strict=True)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
