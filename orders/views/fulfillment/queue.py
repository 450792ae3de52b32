"""The rows that the address of To fulfill asks for, its tabs, and how its columns sort."""

from dataclasses import dataclass

from orders.forms.fulfillment.queue import TABS, QueueFilter
from orders.requests import MerchantRequest
from orders.services.fulfillment.to_fulfill import Left
from orders.views.addresses import address


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool
    count: str


@dataclass(frozen=True)
class Heading:
    label: str
    classes: str
    url: str  # sorts by the column, or the other way round; "" where it cannot be sorted
    sorted: str  # "ascending", "descending" or ""


# Label and what it sorts by.
COLUMNS = (("Lines left", "lines"), ("Units left", "units"), ("Paid", ""), ("Waiting", "waiting"))


def queue_of(request: MerchantRequest, rows: list[Left]) -> QueueFilter:
    """What the address asks for of everything that waits."""
    return QueueFilter(request.GET, rows, request.user)


def tabs(request: MerchantRequest, form: QueueFilter) -> list[Tab]:
    """Filters stay in the other tabs; the page begins anew."""
    return [
        Tab(TABS[tab], address(request, tab=tab.value or None, page=None), tab is form.tab, f"{len(rows):,}")
        for tab, rows in form.tabs.items()
    ]


def headings(request: MerchantRequest, form: QueueFilter) -> list[Heading]:
    return [_heading(request, form, label, name) for label, name in COLUMNS]


def _heading(request: MerchantRequest, form: QueueFilter, label: str, name: str) -> Heading:
    """The most comes first, and with the next press the least."""
    if not name:
        return Heading(label, "", "", "")
    descending = form.sort.startswith("-")
    is_sorted = form.sort.removeprefix("-") == name
    following = f"-{name}" if not is_sorted or not descending else name
    words = ("descending" if descending else "ascending") if is_sorted else ""
    return Heading(label, "num", address(request, sort=following, page=None), words)
