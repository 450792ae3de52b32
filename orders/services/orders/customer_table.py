"""Customers as a table, read from RevKeen a hundred at a time: they are not copied here as orders are."""

from collections.abc import Iterator

from orders.apis.listings import Unreadable
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Listing
from orders.models import Merchant
from orders.services.orders import customers
from orders.services.revkeen import session
from orders.tables import Column, Kind, Table, Value

AT_ONCE = 500  # each hundred is a call
MOST = 100_000
COLUMNS = [
    *map(Column, ("Customer", "E-mail", "Company", "Phone", "Country", "Customer id")),
    Column("Created", Kind.MOMENT),
    Column("Remarks"),
]


def table(merchant: Merchant, mode: str, text: str, filter_words: str) -> Table:
    """Those that RevKeen finds for `text`. Raise `ApiError`, and so do the rows."""
    first = _page(merchant, mode, text, 0)
    return Table(
        "Customers",
        COLUMNS,
        _rows(merchant, mode, text, first),
        lambda most: min(most, _count(first)),
        filter=filter_words,
        at_once=AT_ONCE,
    )


def _count(first: Listing[Customer]) -> int:
    """More than are made at once where RevKeen does not count and there are more."""
    shown = len(first.rows) + len(first.unreadable)
    if first.total is not None:
        return first.total
    return AT_ONCE + 1 if shown == reads.LARGEST_PAGE else shown


def _rows(merchant: Merchant, mode: str, text: str, page: Listing[Customer]) -> Iterator[list[Value]]:
    """A new customer shifts the pages by one: nobody stands in the file twice for it."""
    offset, before = 0, set[str]()
    while rows := list(page):
        yield from (_row(row) for row in rows if str(row.id) not in before)
        offset, before = offset + len(rows), {str(row.id) for row in rows}
        if len(rows) < reads.LARGEST_PAGE or offset >= MOST:
            return
        page = _page(merchant, mode, text, offset)


def _page(merchant: Merchant, mode: str, text: str, offset: int) -> Listing[Customer]:
    with session.session(merchant, mode, for_index=True) as api:
        return customers.search(api, text, offset, reads.LARGEST_PAGE).require()


def _row(customer: Customer | Unreadable) -> list[Value]:
    if isinstance(customer, Unreadable):
        return [customer.number, "", "", "", "", customer.id, None, f"It could not be read: {customer.reason}"]
    shown = [customer.shown_name, customer.email, customer.company_name, customer.phone, customer.country]
    return [*shown, str(customer.id), customer.created_at, ""]
