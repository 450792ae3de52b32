"""What was typed into the search box may be many things at once: which terms it would be as each of them."""

import re
from collections.abc import Iterator, Sequence

from orders import iso4217
from orders.models import Term
from orders.money import decimal_places
from orders.services.index import folding, terms

Kind = Term.Kind
Wanted = tuple[str, Sequence[int] | None]  # a value, and the kinds of which it would be one; None: any

SHORTEST = 3  # characters of a part that trigrams can find
LONGEST = 200  # characters of what is typed that are looked at
MOST_PARTS = 8
SIGNS = {
    **{"€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "dollar": "USD", "dollars": "USD"},
    **{"£": "GBP", "pound": "GBP", "pounds": "GBP", "¥": "JPY", "yen": "JPY"},
}
# What people say a thing is before they say it; an order that has such a word in its texts is found by it first.
NAMES_OF_THINGS = frozenset(
    "order orders invoice payment refund tracking parcel shipment product item sku customer client name phone tel "
    "mobile telephone e-mail email mail card visa mastercard amex ending amount total number no nr id ref reference "
    "from for by in with and please".split()
)
BY_BEGINNING = (
    *(Kind.ORDER, Kind.NUMBER, Kind.EMAIL, Kind.NAME, Kind.TRACKING, Kind.CODE, Kind.INVOICE, Kind.INVOICE_NUMBER),
    Kind.PAYMENT,
)

_PHONE = re.compile(r"\+?[\d\s()./-]{5,}")
_CARD = re.compile(
    r"(?:(?:card|visa|mastercard|amex|american express|discover|jcb|diners club|diners|unionpay) ?)?"
    r"(?:ending (?:in |with )?)?[•*]* ?(?P<last>\d{4})"
)  # as pages write it, and as a customer says it
_AMOUNT = re.compile(r"(?P<before>[^\d\s.,-]{0,7}) ?(?P<number>\d[\d.,' ]*)(?P<after>[^\d\s.,-]{0,7})")
_NUMBER = re.compile(r"(?P<prefix>[a-z]{1,20})(?P<digits>\d{1,20})")
_AROUND = ".,;:!?#()\"'“”"  # marks around a word that are none of it


def exact(text: str) -> Iterator[Wanted]:
    """The terms that the whole of `text` may be."""
    plain = folding.term(text)
    yield plain, None
    yield folding.without_accents(plain), None
    if plain.startswith("#"):
        yield plain.lstrip("# "), (Kind.NUMBER,)
    if number := _NUMBER.fullmatch(plain):
        yield f"{number['prefix']}-{number['digits']}", (Kind.NUMBER,)
    if any(letter.isdigit() for letter in plain):
        yield terms.tracking(text)[0], (Kind.TRACKING,)
    if _PHONE.fullmatch(text.strip()):
        yield folding.digits(text), (Kind.PHONE, Kind.CARD)
    if card := _CARD.fullmatch(plain):
        yield card["last"], (Kind.CARD,)
    if len(plain) == 2:
        yield plain, (Kind.PAIR,)
    yield from ((value, (Kind.AMOUNT,)) for value in amounts(text) if not value.endswith(" "))


def beginnings(text: str) -> Iterator[Wanted]:
    """The beginnings of terms that `text` may be."""
    yield from ((value, (Kind.AMOUNT,)) for value in amounts(text) if value.endswith(" "))
    for begin in dict.fromkeys([folding.term(text).lstrip("# "), terms.tracking(text)[0]]):
        if len(begin) >= SHORTEST and " " not in begin:
            yield begin, BY_BEGINNING


def parts(text: str) -> list[str]:
    """The parts of words to look for. A phone number is one, without the zeros that abroad leaves out."""
    if _PHONE.fullmatch(text.strip()):
        return [folding.digits(text).lstrip("0")]
    plain = folding.folded(text)
    words = [word for word in map(_bare, plain.split()) if len(word) >= SHORTEST]
    return words[:MOST_PARTS] or [plain]


def things(text: str) -> str:
    """`10640` of `Order no. 10640, please`; all of it where nothing else is said."""
    said = [word for word in text.split() if _bare(folding.folded(word)) not in {"", *NAMES_OF_THINGS}]
    return " ".join(said).strip(_AROUND) if said else text


def words(text: str) -> list[str]:
    """Each word of what was said, which may be things of several kinds: `gross`, `1111`, `120.50`."""
    said = map(_bare, folding.folded(text).split())
    return [word for word in dict.fromkeys(said) if word and SIGNS.get(word, word.upper()) not in iso4217.PLACES][
        :MOST_PARTS
    ]


def _bare(word: str) -> str:
    return word.strip(_AROUND)


def amounts(text: str) -> list[str]:
    """Amounts as terms, with the currency; or as beginnings of terms, with a space at the end."""
    found = _AMOUNT.fullmatch(folding.folded(text))
    if found is None:
        return []
    said = (found["before"] or found["after"]).strip()
    currency = SIGNS.get(said, said.upper())
    if currency and currency not in iso4217.PLACES:
        return []
    places = [decimal_places(currency) or 0] if currency else [0, 2, 3]
    minors = {(place, minor) for place in places if (minor := _minor(found["number"], place)) is not None}
    return [_written(minor, place, currency) for place, minor in sorted(minors)]


def _written(minor: int, places: int, currency: str) -> str:
    digits = f"{minor:0{places + 1}d}"
    number = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"{number} {currency.casefold()}"


def _minor(number: str, places: int) -> int | None:
    """Minor units; None where it is not clear or has more decimals than the currency.

    The last dot or comma divides off the decimals unless three digits follow it.
    """
    whole, mark, rest = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}|\d{3}))?", re.sub(r"[\s']", "", number)).groups("")  # type: ignore[union-attr]
    if len(rest) == 3 and (places != 3 or mark in whole):
        whole, rest = whole + rest, ""
    digits = re.sub(r"[.,]", "", whole)
    if not digits or len(rest) > places or len(digits) > 15:
        return None
    return int(digits + rest.ljust(places, "0"))
