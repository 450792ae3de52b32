"""Every list that can be exported, by its name: what may be asked of it, and the table that it becomes.

A list is exported once it has a line here and `{% export_menu "its name" %}` on its page.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.forms import BaseForm
from django.http import QueryDict
from django.utils import timezone

from orders.forms.changes.journal import JournalFilter
from orders.forms.finance.money_filter import FinanceFilter, PaymentFilter, ReceivableFilter, RefundFilter
from orders.forms.finance.period import PeriodForm
from orders.forms.finance.review import ReviewFilter
from orders.forms.fulfillment.manifest import ManifestForm
from orders.forms.fulfillment.shipment_filters import ShipmentFilter
from orders.forms.orders import order_columns
from orders.forms.orders.customers import CustomerSearch
from orders.forms.orders.order_address import canonical
from orders.forms.orders.order_filter import OrderFilter
from orders.forms.partners.updates import UpdateFilter
from orders.models import Export, Membership, Merchant
from orders.permissions import PAGES, Right
from orders.services.changes import journal_list, journal_table
from orders.services.exports.making import NotAllowed
from orders.services.finance import (
    money_table,
    month_table,
    months,
    overview_table,
    receivables_table,
    review_table,
)
from orders.services.fulfillment import manifest, shipment_table
from orders.services.fulfillment.manifest import Day
from orders.services.index.order_filters import Place
from orders.services.orders import customer_table, order_table
from orders.services.partners import attention_table
from orders.tables import NotValid, Table

PAGING = ("after", "before", "starting_after", "ending_before", "offset", "tick", "sums")
LONGEST = 4_000  # characters of a query


@dataclass(frozen=True)
class Wanted:
    """`query` is that of the list's address; `membership` says what the person may see now."""

    merchant: Merchant
    mode: str
    membership: Membership
    query: QueryDict
    now: datetime
    lines: bool = False  # a row for each line item


@dataclass(frozen=True)
class List:
    """`table` raises `NotValid`, `NotReady` or `ApiError`."""

    subject: str  # as the journal says it
    page: str  # where it is shown
    right: Right  # to export it
    table: Callable[[Wanted], Table]
    has_lines: bool = False


def may_export(membership: Membership, name: str) -> bool:
    """Whether they may have this list as a file, and see it."""
    one = LISTS.get(name)
    return one is not None and membership.may(one.right) and membership.may(PAGES[one.page])


def table_of(export: Export) -> Table:
    """For the worker: the table of a file that somebody asked for, as what they may see now.

    Raise `NotAllowed` where they may not export it any more, and what the list raises.
    """
    members = Membership.objects.filter(user=export.owner_id, merchant=export.merchant_id, user__is_active=True)
    membership = members.select_related("merchant", "user").first()
    if membership is None or not may_export(membership, export.list):
        raise NotAllowed(f"{export.owner} may no longer export {LISTS[export.list].subject} here.")
    query = without_page(QueryDict(export.query))
    wanted = Wanted(export.merchant, export.mode, membership, query, timezone.now(), lines=export.lines)
    return LISTS[export.list].table(wanted)


def without_page(query: QueryDict) -> QueryDict:
    """The same list from its beginning."""
    kept = query.copy()
    for name in PAGING:
        kept.pop(name, None)
    return kept


def _orders(wanted: Wanted) -> Table:
    form = OrderFilter(canonical(wanted.query), wanted.merchant, wanted.mode, wanted.now)
    columns = order_columns.shown(wanted.query, wanted.membership.user.order_columns)
    return order_table.table(form.wanted, _chips(form), columns, lines=wanted.lines)


def _customers(wanted: Wanted) -> Table:
    form = _valid(CustomerSearch(wanted.query))
    text = form.cleaned_data["q"].strip()
    return customer_table.table(wanted.merchant, wanted.mode, text, f"“{text}”" if text else "")


def _shipments(wanted: Wanted) -> Table:
    form = ShipmentFilter(wanted.query, zone=wanted.merchant.zone)
    _valid(form)
    return shipment_table.table(form.wanted(wanted.merchant, wanted.mode), _words(form.conditions))


def _manifest(wanted: Wanted) -> Table:
    form = ManifestForm(wanted.query, today=wanted.now.astimezone(wanted.merchant.zone).date())
    _valid(form)
    return manifest.table(Day(wanted.merchant, wanted.mode, form.chosen))


def _partner_updates(wanted: Wanted) -> Table:
    form = UpdateFilter(wanted.query)
    destination = _valid(form).cleaned_data["destination"]
    words = dict(form.fields["destination"].choices)[destination] if destination else ""  # type: ignore[attr-defined]
    return attention_table.table(wanted.merchant, wanted.mode, destination, words)


def _journal(wanted: Wanted) -> Table:
    """Whoever may not see what others did has their own."""
    sees_all = wanted.membership.may(Right.JOURNAL_OF_ALL)
    people = journal_list.people(wanted.merchant) if sees_all else []
    form = JournalFilter(wanted.query, zone=wanted.merchant.zone, people=people)
    _valid(form)
    only_of = None if sees_all else wanted.membership.user_id
    return journal_table.table(form.wanted(wanted.merchant, wanted.mode, only_of), _words(form.conditions))


def _payments(wanted: Wanted) -> Table:
    return _money(PaymentFilter, wanted, "Payments")


def _refunds(wanted: Wanted) -> Table:
    return _money(RefundFilter, wanted, "Refunds")


def _money(kind: type[PaymentFilter], wanted: Wanted, title: str) -> Table:
    form = kind(kind.canonical(wanted.query), wanted.merchant, wanted.mode, wanted.now)
    words = ", ".join(filter(None, [form.source.label, _chips(form)]))
    return money_table.table(form.place, form.source, form.question, form.sort, title, words)


def _receivables(wanted: Wanted) -> Table:
    query = ReceivableFilter.canonical(wanted.query)
    form = ReceivableFilter(query, wanted.merchant, wanted.mode, wanted.now)
    kind = receivables_table.by_customer if form.state == "customers" else receivables_table.by_order
    return kind(form.place, form.question, _chips(form))


def _review(wanted: Wanted) -> Table:
    form = ReviewFilter(wanted.query)
    _valid(form)
    place = Place(wanted.merchant, wanted.mode, wanted.now)
    return review_table.table(form.wanted(place, wanted.membership.user), form.words)


def _overview(wanted: Wanted) -> Table:
    form = PeriodForm(wanted.query, wanted.merchant, wanted.now)
    if form.problem:
        raise NotValid(form.problem)
    place = Place(wanted.merchant, wanted.mode, wanted.now)
    return overview_table.table(place, form.period, form.step, place.payments_as_of)


def _month(wanted: Wanted) -> Table:
    place = Place(wanted.merchant, wanted.mode, wanted.now)
    try:
        month = months.month_of(place, date.fromisoformat(f"{wanted.query.get('month', '')}-01"))
    except ValueError as error:
        raise NotValid("Choose a month.") from error
    closing = months.standing(place, month)
    if closing is None:
        raise NotValid(f"{month} is not closed.")
    return month_table.table(place, closing)


def _chips(form: OrderFilter | FinanceFilter) -> str:
    """The conditions in words, those too that do not count."""
    words = [f"{chip.words} (does not count: {chip.broken})" if chip.broken else chip.words for chip in form.chips]
    return ", ".join(words)


def _valid(form: BaseForm) -> BaseForm:
    if not form.is_valid():
        raise NotValid("These filters are not valid.")
    return form


def _words(conditions: Iterable[tuple[str, str]]) -> str:
    return ", ".join(text for _, text in conditions)


LISTS = {
    "orders": List("orders", "order_list", Right.EXPORT_ALL, _orders, has_lines=True),
    "customers": List("customers", "customer_list", Right.EXPORT_ALL, _customers),
    "shipments": List("shipments", "shipment_list", Right.EXPORT, _shipments),
    "manifest": List("the manifest", "shipment_manifest", Right.EXPORT, _manifest),
    "partner-updates": List("partner updates", "partner_update_list", Right.EXPORT, _partner_updates),
    "payments": List("payments", "finance_payments", Right.EXPORT_ALL, _payments),
    "refunds": List("refunds", "finance_refunds", Right.EXPORT_ALL, _refunds),
    "receivables": List("receivables", "finance_receivables", Right.EXPORT_ALL, _receivables),
    "review": List("the review queue", "review_queue", Right.EXPORT_ALL, _review),
    "overview": List("the overview", "finance_overview", Right.EXPORT_ALL, _overview),
    "month": List("a closed month", "month_list", Right.EXPORT_ALL, _month),
    "journal": List("the journal", "journal", Right.EXPORT, _journal),
}
