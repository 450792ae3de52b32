"""What an order is found by: its terms, and the text in which parts of words are found."""

from collections.abc import Iterable, Iterator

from orders import carriers
from orders.models import CustomerCopy, OrderCopy, OrderLineCopy, Term
from orders.money import decimal_places
from orders.services.index import folding, metadata

Kind = Term.Kind
Terms = set[tuple[int, str]]

LEARNED = (Kind.INVOICE_NUMBER, Kind.PAYMENT, Kind.CARD)  # from what else was read, not from the order itself
END_OF_TRACKING = 8  # characters, as people read a number out
MOST_TERMS = 1000  # of an order, and of its parcels


def of_order(copy: OrderCopy, lines: Iterable[OrderLineCopy], customer: CustomerCopy | None) -> Terms:
    """Those that follow from what RevKeen tells of the order itself and of its customer."""
    return _bounded((*_of_order(copy, lines), *_of_customer(copy, customer)))


def of_parcels(numbers: Iterable[str]) -> Terms:
    """Those of our shipments. `numbers` are their normalized tracking numbers."""
    return _bounded((Kind.TRACKING, value) for number in numbers for value in tracking(number))


def amount(minor: int, currency: str) -> str:
    """`120.50 eur`: in major units, or in minor ones where the currency's decimals are not known."""
    places = decimal_places(currency)
    digits = f"{abs(minor):0{(places or 0) + 1}d}"
    number = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"{'-' if minor < 0 else ''}{number} {currency.casefold()}"


def tracking(number: str) -> list[str]:
    """A tracking number as it is kept and looked for: whole, and its end."""
    whole = carriers.normalized(number).casefold()
    return [whole, whole[-END_OF_TRACKING:]] if len(whole) > END_OF_TRACKING else [whole]


def of_hold(note: str) -> Terms:
    """Those of what staff said of a hold. The other words of it are found as parts of the text."""
    return _bounded((Kind.PAIR, pair) for pair in folding.pairs(note))


def text_of(copy: OrderCopy, lines: Iterable[OrderLineCopy], customer: CustomerCopy | None, hold_note: str = "") -> str:
    """Folded, a line for each thing, so that no part is found across two of them."""
    said = [copy.public_id, *_texts_of(customer), copy.notes, hold_note, *folding.values(copy.metadata)]
    for line in lines:
        said += [line.description, *folding.values(line.metadata)]
    return _together(said)


def text_of_customer(customer: CustomerCopy) -> str:
    return _together([*_texts_of(customer), *folding.values(customer.fields)])


def _bounded(said: Iterable[tuple[Kind, str]]) -> Terms:
    found = dict.fromkeys((kind, value) for kind, text in said if (value := folding.term(text)))
    return {(kind.value, value) for (kind, value), _ in zip(found, range(MOST_TERMS), strict=False)}


def _together(said: Iterable[str]) -> str:
    spelled = dict.fromkeys(spelling for text in said for spelling in folding.spellings(text))
    return "\n".join(spelled)[: folding.LONGEST_TEXT]


def _texts_of(customer: CustomerCopy | None) -> list[str]:
    if customer is None:
        return []
    return [customer.name, customer.email, folding.digits(customer.phone)]


def _of_order(copy: OrderCopy, lines: Iterable[OrderLineCopy]) -> Iterator[tuple[Kind, str]]:
    yield Kind.ORDER, str(copy.order_id)
    yield Kind.NUMBER, copy.public_id
    yield Kind.NUMBER, folding.digits(copy.public_id)
    yield Kind.INVOICE, str(copy.invoice_id or "")
    for minor in {copy.total, copy.amount_paid, copy.amount_refunded} - {0}:
        yield Kind.AMOUNT, amount(minor, copy.currency)
    yield from ((Kind.METADATA_PAIR, pair) for pair in metadata.terms(copy.metadata))
    values = folding.values(copy.metadata)
    for line in lines:
        yield Kind.PRODUCT, str(line.product_id or "")
        yield Kind.CODE, line.code
        yield from ((Kind.PAIR, pair) for pair in folding.pairs(line.description))
        values += folding.values(line.metadata)
    yield from ((Kind.METADATA, value) for value in values)
    yield from ((Kind.PAIR, pair) for text in (copy.notes, *values) for pair in folding.pairs(text))


def _of_customer(copy: OrderCopy, customer: CustomerCopy | None) -> Iterator[tuple[Kind, str]]:
    yield Kind.CUSTOMER, str(copy.customer_id or "")
    if customer is not None:
        yield Kind.EMAIL, customer.email
        yield Kind.PHONE, folding.digits(customer.phone)
        yield from ((Kind.NAME, word) for word in folding.words(customer.name))
        yield from ((Kind.PAIR, pair) for pair in folding.pairs(customer.name))
