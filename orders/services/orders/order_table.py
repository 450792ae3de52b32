"""A list of orders as a table, out of the index: a row for each order, or one for each of its line items.

Which orders are in it, and in which order, is read in one query: it is the list of one moment, with each order once,
whatever changes meanwhile. Each order is then as it is when its row is read, some hundred at a time; how many were read
again from RevKeen in between is said below the rows.
"""

import uuid
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.models import CustomerCopy, OrderCopy, OrderLineCopy
from orders.money import Money
from orders.services.index import clock
from orders.services.orders import order_lists
from orders.services.orders.order_lists import Wanted
from orders.tables import Column, Kind, NotReady, Table, Value

READ_AT_ONCE = 500
MOST = 1_000_000  # orders of one file
IMPORTING = "RevKeen’s orders are still being imported. A file made now would lack some of them."


@dataclass(frozen=True)
class Names:
    """Customer → name and e-mail address, of the orders that are read together."""

    of: dict[uuid.UUID, tuple[str, str]]

    def name(self, copy: OrderCopy) -> str:
        name, email = self._both(copy)
        return name or email

    def email(self, copy: OrderCopy) -> str:
        return self._both(copy)[1]

    def _both(self, copy: OrderCopy) -> tuple[str, str]:
        return self.of.get(copy.customer_id, ("", "")) if copy.customer_id else ("", "")


Read = Callable[[OrderCopy, Names], Value]

AMOUNTS = {
    "Subtotal": "subtotal",
    "Discount": "discount",
    "Tax": "tax",
    "Total": "total",
    "Paid": "amount_paid",
    "Refunded": "amount_refunded",
    "Due": "still_due",
}


def _amount(heading: str) -> tuple[Column, Read]:
    return Column(heading, Kind.MONEY), lambda copy, names: _money(getattr(copy, AMOUNTS[heading]), copy)


# What each column of the page is in a file. The number comes first, and its heading before the sums, so it is a text.
NUMBER: list[tuple[Column, Read]] = [
    (Column("Order"), lambda copy, names: copy.public_id),
    (Column("Order id"), lambda copy, names: str(copy.order_id)),
]
PLACED: tuple[Column, Read] = (Column("Placed", Kind.MOMENT), lambda copy, names: copy.created_at)
OF_PAGE: dict[str, list[tuple[Column, Read]]] = {
    "customer": [
        (Column("Customer"), lambda copy, names: names.name(copy)),
        (Column("Customer e-mail"), lambda copy, names: names.email(copy)),
        (Column("Customer id"), lambda copy, names: str(copy.customer_id or "")),
    ],
    "items": [(Column("Items"), lambda copy, names: copy.summary)],
    "payment": [(Column("Payment"), lambda copy, names: copy.payment_state)],
    "fulfillment": [(Column("Fulfillment"), lambda copy, names: copy.fulfillment_state)],
    "total": [_amount("Total")],
    "due": [_amount("Due")],
    "placed": [PLACED],
    "updated": [(Column("Updated", Kind.MOMENT), lambda copy, names: copy.updated_at)],
    "age": [PLACED],  # which stays true
}
OF_A_LINE = [
    *(Column("Description"), Column("SKU"), Column("Product id"), Column("Quantity", Kind.NUMBER)),
    Column("Unit price", Kind.MONEY, summed=False),
]
AMOUNTS_OF_A_LINE = {"Line subtotal": "subtotal", "Line discount": "discount", "Line tax": "tax", "Line total": "total"}
REMARKS = Column("Remarks")
SHOWN = ("name", "email")


def table(wanted: Wanted, filter_words: str, columns: Sequence[str], *, lines: bool) -> Table:
    """With these columns of the page, in their order, and all amounts, so that they can be checked against each other;
    with a row for each line item, those of the line items instead. Raise `NotReady` until all orders were imported.
    """
    as_of = wanted.place.as_of
    if as_of is None:
        raise NotReady(IMPORTING)
    taken = clock.now()
    keys, cut = order_lists.all_keys(wanted, MOST)
    about = _about(columns, with_amounts=not lines)
    listed = _Listed(keys, about, taken, as_of, cut)
    names = [column for column, _ in about]
    return Table(
        "Order line items" if lines else "Orders",
        [*names, *(_of_lines() if lines else ()), REMARKS],
        listed.line_rows() if lines else listed.order_rows(),
        listed.count_lines if lines else lambda most: min(len(keys), most),
        filter=filter_words,
        as_of=as_of,
        notes=listed.notes,
    )


def _about(columns: Sequence[str], *, with_amounts: bool) -> list[tuple[Column, Read]]:
    """Each column once."""
    of_page = [one for name in columns for one in OF_PAGE[name]]
    if not with_amounts:  # repeated on each line, they would be added up several times
        of_page = [one for one in of_page if one[0].kind != Kind.MONEY]
    amounts = [_amount(heading) for heading in AMOUNTS] if with_amounts else []
    return list({one[0].heading: one for one in [*NUMBER, *of_page, *amounts]}.values())


def _of_lines() -> list[Column]:
    return [*OF_A_LINE, *(Column(heading, Kind.MONEY) for heading in AMOUNTS_OF_A_LINE)]


class _Listed:
    """The orders of the list by their keys, `taken` at a moment of the database's clock."""

    def __init__(
        self, keys: "array[int]", about: list[tuple[Column, Read]], taken: datetime, as_of: datetime, cut: bool
    ) -> None:
        self._keys, self._about, self._taken, self._as_of, self._cut = keys, about, taken, as_of, cut
        self._read_again = self._moved = 0

    def order_rows(self) -> Iterator[Sequence[Value]]:
        for copy, names in self._copies(with_lines=False):
            yield [*(read(copy, names) for _, read in self._about), _remarks(copy)]

    def line_rows(self) -> Iterator[Sequence[Value]]:
        """An order without line items has a row too."""
        for copy, names in self._copies(with_lines=True):
            about = [read(copy, names) for _, read in self._about]
            for line in copy.lines.all() or [None]:
                yield [*about, *_line(line, copy), _remarks(copy, without_lines=line is None)]

    def count_lines(self, most: int) -> int:
        """An order counts for one at least."""
        found = 0
        for part in self._parts():
            found += max(len(part), OrderLineCopy.objects.filter(order__in=part).count())
            if found >= most:
                return most
        return found

    def notes(self) -> list[str]:
        found = [f"The list is that of {self._taken:%Y-%m-%d %H:%M:%S} UTC."]
        if self._read_again:
            found.append(f"Of its orders, {self._read_again:,} were read again since, and stand as they are now.")
        if self._moved:
            found.append(f"It lacks {self._moved:,} orders that could not be read then. Export again to have them.")
        if self._cut:
            found.append(f"Of the orders with this text, the newest {order_lists.MOST_FOUND:,} were looked through.")
        if len(self._keys) == MOST:
            found.append(f"It may have more orders than the {MOST:,} here. Narrow the filter.")
        return found

    def _parts(self) -> Iterator[list[int]]:
        for start in range(0, len(self._keys), READ_AT_ONCE):
            yield list(self._keys[start : start + READ_AT_ONCE])

    def _copies(self, *, with_lines: bool) -> Iterator[tuple[OrderCopy, Names]]:
        found = OrderCopy.objects.defer("text", "metadata", "notes")
        for part in self._parts():
            here = found.prefetch_related("lines") if with_lines else found
            by_key = here.in_bulk(part)
            names = _names(by_key.values())
            for key in part:
                if (copy := by_key.get(key)) is None:  # it could not be read before, can be now, and has another key
                    self._moved += 1
                    continue
                self._read_again += copy.read_started > self._taken and copy.updated_at > self._as_of
                yield copy, names


def _names(copies: Collection[OrderCopy]) -> Names:
    ids = {copy.customer_id for copy in copies if copy.customer_id}
    one = next(iter(copies), None)
    if one is None or not ids:
        return Names({})
    found = CustomerCopy.objects.filter(merchant=one.merchant_id, mode=one.mode, customer_id__in=ids)
    return Names({customer_id: (name, email) for customer_id, name, email in found.values_list("customer_id", *SHOWN)})


def _money(minor: int, copy: OrderCopy) -> Money | None:
    return None if copy.unreadable else Money(minor, copy.currency)


def _line(line: OrderLineCopy | None, copy: OrderCopy) -> list[Value]:
    if line is None:
        return [None] * (len(OF_A_LINE) + len(AMOUNTS_OF_A_LINE))
    about: list[Value] = [line.description, line.code, str(line.product_id or ""), line.quantity]
    amounts = [getattr(line, field) for field in AMOUNTS_OF_A_LINE.values()]
    return [*about, *(_money(minor, copy) for minor in (line.unit_price, *amounts))]


def _remarks(copy: OrderCopy, *, without_lines: bool = False) -> str:
    said = {
        f"It could not be read: {copy.unreadable}": bool(copy.unreadable),
        "Not at RevKeen any more": copy.gone_at is not None,
        "Does not add up": bool(copy.amounts_rule),
        "Without line items": without_lines,
    }
    return ". ".join(words for words, applies in said.items() if applies)
