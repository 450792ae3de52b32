"""Which columns a list of orders has beside the number, and in what order: `customer total placed`."""

from dataclasses import dataclass

from django.http import QueryDict

COLUMNS_OF_LIST = "columns"  # in an address, where a list has columns of its own


@dataclass(frozen=True)
class Column:
    label: str
    sort: str  # how it is sorted at the first click; "" where it cannot be
    classes: str = ""


NUMBER = Column("Order", "number")
COLUMNS = {
    "customer": Column("Customer", "customer"),
    "items": Column("Items", ""),
    "payment": Column("Payment", "payment"),
    "fulfillment": Column("Fulfillment", "fulfillment"),
    "total": Column("Total", "-total", "num"),
    "due": Column("Due", "-due", "num"),
    "placed": Column("Placed", "-placed", "placed"),
    "updated": Column("Updated", "-updated", "updated"),
    "age": Column("Age", "", "num age"),
}
DEFAULT = ("customer", "payment", "fulfillment", "total", "due", "placed", "age")


OF_CUSTOMER = ("items", *DEFAULT[1:])  # on the page of one customer


def read(text: str) -> tuple[str, ...]:
    """The columns of an address or of a person, each once; those that are none are left out."""
    return tuple(dict.fromkeys(name for name in text.split() if name in COLUMNS))


def write(columns: tuple[str, ...]) -> str:
    return " ".join(columns)


def shown(address: QueryDict, of_person: str) -> tuple[str, ...]:
    """Those of the list, else those that the person chose, else those that everybody has."""
    return read(address.get(COLUMNS_OF_LIST, "")) or read(of_person) or DEFAULT


def with_others(columns: tuple[str, ...]) -> tuple[str, ...]:
    """All columns there are, these first."""
    return (*columns, *(name for name in COLUMNS if name not in columns))


def moved(columns: tuple[str, ...], name: str, step: int) -> tuple[str, ...]:
    """The same with one of them further ahead (-1) or further back (1), where there is room."""
    if name not in columns:
        return columns
    others = [one for one in columns if one != name]
    others.insert(max(columns.index(name) + step, 0), name)
    return tuple(others)
