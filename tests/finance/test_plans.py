"""Each question of finance is answered by an index that holds all that is asked, however many rows there are.

On SQLite: of a hundred rows PostgreSQL takes any index to be as good.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from orders.models import Merchant
from orders.services.finance import money_list, periods, receivables, review, sums
from orders.services.finance.money_list import PAYMENTS
from orders.services.finance.review import State, Wanted
from orders.services.index import clock, money_copies, order_list, writing
from orders.services.index.order_filters import Place
from tests.support.plans import plans
from tests.support.samples import a_transaction, an_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def some_rows(northwind: Merchant) -> None:
    orders = [an_order(public_id=f"NW-{number}", invoice_id=str(uuid.uuid4()), total=2000) for number in range(100)]
    writing.apply(northwind, "live", orders, clock.now())
    payments = [a_transaction(invoice_id=str(order.invoice_id)) for order in orders]
    money_copies.keep_transactions(northwind, "live", payments, clock.now())


def november(place: Place) -> periods.Period:
    return periods.read("2026-11-01..2026-11-30", place.merchant.zone, date(2026, 11, 30))


# What is asked → and the index that each question of it is answered by.
ASKED: dict[str, tuple[Callable[[Place], object], list[str]]] = {
    "sums": (lambda place: sums.of_periods(place, [november(place)]), ["copies_ordered", "transactions_summed"]),
    "due": (sums.due_now, ["copies_due"]),
    "ages": (lambda place: receivables.aged(place, Q()), ["copies_due"]),
    "debtors": (lambda place: receivables.debtors(place, Q()), ["copies_due"]),
    "totals": (lambda place: money_list.totals(place, PAYMENTS["received"], Q()), ["transactions_summed"]),
    "findings": (lambda place: review.counts(Wanted(place)), ["findings_counted"]),
    "open": (lambda place: review.count(Wanted(place), review.MANY), ["findings_counted"]),
    "signed": (lambda place: review.count(Wanted(place, State.SIGNED)), ["findings_counted"]),
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_added_up_is_read_from_an_index(asked: str, northwind: Merchant) -> None:
    ask, indexes = ASKED[asked]
    place = Place(northwind, "live", timezone.now() + timedelta(days=1))
    assert place.payments_as_of is None
    for plan, index in zip(plans(lambda: ask(place)), indexes, strict=True):
        assert index in plan


def test_the_orders_of_an_age_are_looked_for_among_those_of_its_days(
    northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest first, all orders that are older would be looked at before the first of them."""
    monkeypatch.setattr(order_list, "FEW", 10)
    place = Place(northwind, "live", datetime(2026, 12, 10, tzinfo=UTC))
    found = plans(lambda: receivables.orders(place, receivables.of_age(place, "31-60"), None, None))
    assert "copies_newest (merchant_id=? AND mode=? AND id>? AND id<?)" in found[-1]


@pytest.mark.parametrize(("rule", "index"), [("", "findings_newest"), ("total", "findings_by_rule")])
def test_the_first_findings_are_read_from_an_index_in_their_order(rule: str, index: str, northwind: Merchant) -> None:
    place = Place(northwind, "live", timezone.now())
    assert place.payments_as_of is None
    keys, _ = plans(lambda: review.page(Wanted(place, rule=rule)))
    assert index in keys
    assert "TEMP B-TREE" not in keys
