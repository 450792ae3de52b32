"""Payments, refunds and receivables: each filter finds what it says, totals are of all rows, and reasons are shown."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import CustomerCopy, Merchant, TransactionCopy
from orders.services.finance import money_list
from orders.services.finance.money_filters import FILTERS
from orders.services.index import money_copies, order_filters, writing
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import Place
from tests.support.emulation import Emulator
from tests.support.finance import PAYMENTS, RECEIVABLES, REFUNDS, everything, minor, table, together
from tests.support.indexed import index_everything
from tests.support.moments import noon
from tests.support.pages import markup, prose, text
from tests.support.samples import a_refund, a_transaction, an_order

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, tzinfo=UTC)
ORDER, CUSTOMER, INVOICE = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()

# A filter's text, and the same question of a plain row.
ASKED: dict[str, list[tuple[str, Callable[[TransactionCopy], bool]]]] = {
    "moved": [("2026-11-02..2026-11-03", lambda row: 2 <= (row.moved_at + timedelta(hours=1)).day <= 3)],
    "amount": [
        (">10", lambda row: row.amount > {"JPY": 10, "KWD": 10_000}.get(row.currency, 1_000)),
        ("5..10", lambda row: 5 <= row.amount / {"JPY": 1, "KWD": 1000}.get(row.currency, 100) <= 10),
    ],
    "currency": [("eur", lambda row: row.currency == "EUR")],
    "method": [("card", lambda row: row.method == "card")],
    "brand": [("visa", lambda row: row.card_brand == "visa")],
    "card": [("4242", lambda row: row.card_last_four == "4242")],
    "order": [("NW-77", lambda row: row.order_id == ORDER), (str(ORDER), lambda row: row.order_id == ORDER)],
    "customer": [
        ("ruiz", lambda row: row.customer_id == CUSTOMER),
        (str(CUSTOMER), lambda row: row.customer_id == CUSTOMER),
    ],
}


@pytest.fixture
def some_money(northwind: Merchant) -> Place:
    """Rows that differ in all that they can be asked for."""
    writing.apply(northwind, "live", [an_order(id=str(ORDER), public_id="NW-77", invoice_id=str(INVOICE))], AT)
    CustomerCopy.objects.create(
        merchant=northwind, mode="live", customer_id=CUSTOMER, name="Ana Ruiz", text="ana ruiz", seen_at=AT
    )
    rows = [
        a_transaction(
            created_at=(datetime(2026, 11, 1, 22, 30, tzinfo=UTC) + timedelta(hours=7 * number)).isoformat(),
            amount=(5, 500, 1000, 1001, 10_000, 10_001)[number % 6],
            currency=("usd", "EUR", "jpy", "kwd")[number % 4],
            payment_method_type=("card", "us_bank_account")[number % 2],
            card_brand=("visa", "amex", None)[number % 3],
            card_last_four=("4242", None)[number % 2],
            invoice_id=str(INVOICE) if number % 5 == 0 else None,
            customer_id=str(CUSTOMER) if number % 4 == 0 else None,
        )
        for number in range(24)
    ]
    money_copies.keep(northwind, "live", rows, AT)
    return Place(northwind, "live", AT)


@pytest.mark.database
def test_each_filter_finds_what_a_plain_look_finds(some_money: Place) -> None:
    assert ASKED.keys() == FILTERS.keys()
    rows = list(TransactionCopy.objects.all())
    received = money_list.PAYMENTS["received"]
    for name, questions in ASKED.items():
        for typed, plain in questions:
            for negated in (False, True):
                asked = order_filters.asked(some_money, Condition(name, typed, negated), FILTERS)
                assert asked.q is not None, asked.broken
                found = set(money_list.of(some_money, received, asked.q).values_list("pk", flat=True))
                expected = {row.pk for row in rows if plain(row) != negated}
                missing = {row.pk for row in rows if getattr(row, _column(name)) is None}  # unknown is neither
                assert found - missing == expected - missing, (name, typed, negated)
                assert negated or found == expected, (name, typed)
                assert 0 < len(expected) < len(rows)


def _column(name: str) -> str:
    return {"order": "order_id", "customer": "customer_id"}.get(name, "id")


def test_totals_are_of_the_whole_list_and_pages_have_each_row_once(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    sales = [row for row in everything(emulator, "transactions") if row["type"] == "sale"]
    received = [row for row in sales if row["status"] in ("succeeded", "voided")]
    for sort in ("", "sort=moved", "sort=amount", "sort=-amount"):
        seen, url = 0, f"{PAYMENTS}?{sort}".rstrip("?")
        while url:
            page = finance.get(url, follow=True).content.decode()
            seen += len(table(page, "Payments"))
            following = [part for part in page.split("<a ") if 'id="older"' in part.split(">")[0]]
            url = following[0].split('href="')[1].split('"')[0].replace("&amp;", "&") if following else ""
        assert seen == len(received), sort
    told = together(finance, PAYMENTS, "What this list comes to", 2)
    expected: dict[str, dict[str, int]] = {}
    for row in received:
        expected.setdefault(row["currency"].upper(), {"sum": 0})["sum"] += row["amount"]
    assert told == expected


def test_declined_payments_are_told_with_their_reasons(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    failed = [row for row in everything(emulator, "transactions") if row["status"] == "failed"]
    page = text(finance.get(f"{PAYMENTS}?state=failed").content.decode())
    for row in failed:
        assert row["gateway_response_text"] in page
    assert failed


def test_refunds_on_their_way_are_told_with_their_age_and_order(finance: Client, northwind: Merchant) -> None:
    long_ago = (timezone.now() - timedelta(days=3, hours=2)).isoformat()
    refunds = [
        a_refund(status="pending", created_at=long_ago, order_id=str(ORDER), amount_minor=1234, reason="duplicate"),
        a_refund(status="held", created_at=long_ago),  # what is unknown is on its way as far as anybody knows
        a_refund(status="failed", failure_reason="The card network refused the refund."),
    ]
    money_copies.keep(northwind, "live", refunds, timezone.now())
    page = finance.get(f"{REFUNDS}?state=open").content.decode()
    assert len(table(page, "Refunds")) == 2
    assert "waits for 3 d" in text(page)
    assert "12.34 USD" in prose(page)
    assert "Duplicate" in text(page)
    assert f"/orders/{ORDER}/" in page
    assert "The card network refused" in text(finance.get(f"{REFUNDS}?state=failed").content.decode())


def test_what_makes_no_sense_is_struck_out_and_the_list_is_there(finance: Client, some_money: Place) -> None:
    page = finance.get(f"{PAYMENTS}?color=red&amount=x&state=lost&sort=size&starting_after=5&q=tent", follow=True)
    assert markup(page).count("<s>") == 6
    assert len(table(page.content.decode(), "Payments")) == 24


def test_the_line_of_filters_and_the_menus_ask_the_same(finance: Client, some_money: Place) -> None:
    by_line = finance.get(f"{PAYMENTS}?line=currency:EUR -method:card amount:>1")
    by_menu = finance.get(f"{PAYMENTS}?currency=EUR&method=card&method.is=not&amount_from=1&amount_to=&moved_from=")
    assert by_line.url == f"{PAYMENTS}?currency=EUR&-method=card&amount=%3E1"
    assert by_menu.url == f"{PAYMENTS}?currency=EUR&-method=card&amount=1.."


@pytest.fixture
def owed(northwind: Merchant) -> None:
    """Orders of every age, with one day between an end and a beginning, and those that owe nothing."""
    now = timezone.now()
    due = [
        an_order(
            created_at=noon(northwind, days).isoformat(),
            amount_due=1000 + days,
            currency="jpy" if days == 8 else "usd",
            customer_id=str(CUSTOMER),
            **({"expires_at": (now - timedelta(days=1)).isoformat()} if days == 5 else {}),
        )
        for days in (0, 5, 7, 8, 30, 31, 60, 61, 400)
    ]
    none = [an_order(status=status) for status in ("draft", "canceled", "refunded")]
    writing.apply(northwind, "live", [*due, *none], now)


def test_receivables_are_told_by_age_with_the_expired_apart(finance: Client, owed: None) -> None:
    page = finance.get(RECEIVABLES).content.decode()
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in table(page, "What is due by currency")}
    assert rows == {
        "JPY": ["", "1,008", "", "", "", "1,008"],
        "USD": ["20.07", "10.30", "20.91", "24.61", "10.05", "75.89"],
    }
    placed = [minor(text(row[2])) for row in table(page, "What is due, the oldest first")]
    assert placed == [1400, 1061, 1060, 1031, 1030, 1008, 1007, 1005, 1000]
    over_60 = together(finance, f"{RECEIVABLES}?age=over_60&currency=USD", "What is due by currency", 6)
    assert over_60 == {"USD": {"sum": 2461}}


def test_receivables_are_told_by_customer_and_lead_to_their_orders(finance: Client, owed: None) -> None:
    page = finance.get(f"{RECEIVABLES}?state=customers").content.decode()
    rows = [[prose(cell) for cell in row] for row in table(page, "What is due, the oldest first")]
    assert [(row[1], row[2]) for row in rows] == [("8", "85.94 USD"), ("1", "1,008 JPY")]
    assert f"customer={CUSTOMER}&amp;currency=JPY" in page
    one = together(finance, f"{RECEIVABLES}?customer={CUSTOMER}&currency=JPY", "What is due by currency", 6)
    assert one == {"JPY": {"sum": 1008}}


def test_empty_lists_say_so(finance: Client, northwind: Merchant) -> None:
    assert "No payments in Northwind Trading, live" in prose(finance.get(PAYMENTS).content.decode())
    assert "No refunds match these filters" in prose(finance.get(f"{REFUNDS}?currency=EUR").content.decode())
    assert "No receivables in Northwind Trading" in prose(finance.get(RECEIVABLES).content.decode())


def test_money_of_another_merchant_and_mode_is_on_no_page(
    finance: Client, northwind: Merchant, some_money: Any
) -> None:
    money_copies.keep(northwind, "test", [a_transaction(amount=77_700)], AT)
    assert "777.00" not in text(finance.get(PAYMENTS).content.decode())
    assert len(table(finance.get("/northwind/test/finance/payments/").content.decode(), "Payments")) == 1
