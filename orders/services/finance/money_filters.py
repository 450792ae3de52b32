"""What the lists of payments and refunds can be asked for, one row a filter, in the manner of the list of orders."""

import uuid

from django.db.models import Q

from orders.models import CustomerCopy, OrderCopy, Term
from orders.services.index import finding, folding, order_filters
from orders.services.index.order_filters import Filter, Place

METHODS = {
    "card": "Card",
    "bank_account": "Bank account",
    "us_bank_account": "US bank account",
    "bacs_direct_debit": "Bacs Direct Debit",
}
BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "unknown": "Unknown",
}
MOST_CUSTOMERS = 500  # with what was typed in their name


def _order(place: Place, text: str) -> Q:
    """By the order's number, with its prefix or without, or by its id."""
    try:
        return Q(order_id=uuid.UUID(text))
    except ValueError:
        number = folding.term(text).lstrip("# ")
        terms = Term.objects.filter(merchant=place.merchant, mode=place.mode, kind=Term.Kind.NUMBER, value=number)
        return Q(order_id__in=OrderCopy.objects.filter(pk__in=terms.values("order")).values("order_id"))


def _customer(place: Place, text: str) -> Q:
    """By the customer's id, or by parts of the name, the e-mail or the phone."""
    try:
        return Q(customer_id=uuid.UUID(text))
    except ValueError:
        keys = finding.find_customer_ids(place.merchant, place.mode, text, MOST_CUSTOMERS)
        return Q(customer_id__in=CustomerCopy.objects.filter(pk__in=keys).values("customer_id"))


def _card(place: Place, text: str) -> Q:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise ValueError("Enter the last four digits of a card.")
    return Q(card_last_four=text)


FILTERS = {
    "moved": Filter("Day of the money", order_filters.days("moved_at"), once=True),
    "amount": Filter("Amount", order_filters.amount("amount"), span="text"),
    "currency": Filter("Currency", order_filters.currency, hint="EUR", once=True),
    "method": Filter("Method", order_filters.equal("method"), METHODS),
    "brand": Filter("Card brand", order_filters.equal("card_brand"), BRANDS),
    "card": Filter("Card ends in", _card, hint="4242"),
    "order": Filter("Order", _order, hint="Number or id"),
    "customer": Filter("Customer", _customer, hint="Name, e-mail or id"),
}
