"""Copies of transactions and refunds: which state wins, whose the money was, and that no change is missed."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.apis.listings import Unreadable
from orders.models import Connection, InvoiceToRead, Merchant, RefundCopy, Sweep, TransactionCopy
from orders.services.index import clock, freshness, marks, money_copies, writing
from orders.services.sync import feed, payments
from tests.support.emulation import Emulator
from tests.support.indexing import make_due, money_differing, run
from tests.support.pages import order_path
from tests.support.samples import a_refund, a_transaction, an_order

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SALE, INVOICE = uuid.uuid4(), uuid.uuid4()
AT = datetime(2026, 11, 1, 10, tzinfo=UTC)


def keep(merchant: Merchant, *rows: object, at: int = 1) -> None:
    """Rows that were read beginning so many seconds after the sale."""
    money_copies.keep(merchant, "live", rows, AT + timedelta(seconds=at))


def sale(seconds: int = 0, **fields: Any) -> Any:
    updated_at = (AT + timedelta(seconds=seconds)).isoformat()
    return a_transaction(id=str(SALE), invoice_id=str(INVOICE), updated_at=updated_at, **fields)


def kept() -> TransactionCopy:
    return TransactionCopy.objects.get(transaction_id=SALE)


def test_the_newer_state_of_a_payment_wins_and_at_a_tie_the_later_read(northwind: Merchant) -> None:
    keep(northwind, sale(5, status="succeeded"), at=10)
    keep(northwind, sale(4, status="pending"), at=20)
    assert kept().status == "succeeded"
    keep(northwind, sale(6, status="voided"), at=7)
    assert kept().status == "voided"
    keep(northwind, sale(6, status="voided"), at=40)
    keep(northwind, sale(6, status="succeeded"), at=30)
    assert kept().status == "voided"


def test_of_two_states_of_a_refund_the_one_wins_whose_read_began_later(northwind: Merchant) -> None:
    keep(northwind, a_refund(id=str(SALE), status="succeeded"), at=20)
    keep(northwind, a_refund(id=str(SALE), status="pending"), at=10)
    assert RefundCopy.objects.get().status == "succeeded"


def test_what_a_transaction_did_to_the_money_is_told_and_what_is_unknown_is_told_apart(northwind: Merchant) -> None:
    flows = {
        ("sale", "succeeded"): "in",
        ("sale", "voided"): "in",
        ("refund", "succeeded"): "out",
        ("void", "succeeded"): "out",
        ("sale", "failed"): "failed",
        ("sale", "pending"): "pending",
        ("refund", "voided"): "other",
        ("dispute", "succeeded"): "other",
        ("reversal", "reversed"): "other",
    }
    keep(northwind, *(a_transaction(type=type, status=status) for type, status in flows))
    told = {(row.type, row.status): row.flow for row in TransactionCopy.objects.all()}
    assert told == flows


def test_a_row_that_cannot_be_read_is_kept_and_loses_nothing_that_was_read(northwind: Merchant) -> None:
    keep(northwind, sale(amount=700))
    broken = [Unreadable(str(id), "Expected `int`", "succeeded", raw="{}") for id in (SALE, uuid.uuid4())]
    money_copies.keep_transactions(northwind, "live", broken, AT + timedelta(seconds=9))
    assert (kept().amount, kept().unreadable) == (700, "Expected `int`")
    assert TransactionCopy.objects.filter(flow="other").exclude(unreadable="").count() == 2  # neither is counted
    keep(northwind, sale(amount=800), at=20)
    assert (kept().amount, kept().unreadable, kept().flow) == (800, "", "in")


def test_money_is_of_the_order_that_has_its_invoice_whichever_is_read_first(northwind: Merchant) -> None:
    refund = a_refund(payment_id=str(SALE))
    keep(northwind, refund, sale(card_last_four="1111"))
    assert kept().order_id is None
    order = an_order(invoice_id=str(INVOICE), amount_paid=2090)
    writing.apply(northwind, "live", [order], AT)
    assert kept().order_id == order.id
    given_back = RefundCopy.objects.get()
    assert (given_back.order_id, given_back.invoice_id, given_back.card_last_four) == (order.id, INVOICE, "1111")


def test_of_several_orders_of_an_invoice_none_is_guessed(northwind: Merchant) -> None:
    orders = [an_order(invoice_id=str(INVOICE), amount_paid=2090) for _ in range(2)]
    writing.apply(northwind, "live", orders, AT)
    keep(northwind, sale())
    assert kept().order_id is None
    keep(northwind, a_refund(payment_id=str(SALE), order_id=str(orders[1].id)), at=2)
    assert kept().order_id == orders[1].id


def test_of_several_orders_it_is_the_only_one_that_was_paid(northwind: Merchant) -> None:
    orders = [an_order(invoice_id=str(INVOICE), amount_paid=paid) for paid in (0, 2090)]
    writing.apply(northwind, "live", orders, AT)
    keep(northwind, sale())
    assert kept().order_id == orders[1].id


# Kept fresh.

STEPS = st.sampled_from(["pay", "decline", "refund", "hold", "settle", "pend", "succeed", "void", "feed", "passes"])


@pytest.fixture
def fast(northwind: Merchant, emulator: Emulator, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    monkeypatch.setattr(payments, "BACK", timedelta())  # what is pending is not new any more after one pass
    feed.forget_seen()


class Till:
    """Money moves at RevKeen, with events and without them."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.wallet = emulator.cases()["customers"]["wallet_0"]

    def pay(self, amount: int = 1000, card: str = "1111") -> dict[str, Any]:
        order = self.emulator.make_order(customer_id=self.wallet["id"])
        body = {"amount": amount, "payment_method_id": self.wallet[card]}
        return dict(self.emulator.send(f"/orders/{order['id']}/pay", body))

    def decline(self) -> None:
        with pytest.raises(OSError, match="400"):
            self.pay(card="0002")

    def refund(self, status: str = "succeeded") -> None:
        self.emulator.settings(refund_status=status)
        self.emulator.send("/refunds", {"payment_id": self._sale()["id"], "amount_minor": 10})

    def hold(self) -> None:
        self.refund("pending")

    def settle(self) -> None:
        """A refund that was on its way arrives, and nobody is told."""
        for refund in self.emulator.get("/refunds?status=pending")["data"]:
            self.emulator.patch("refunds", refund["id"], status="succeeded", processed_at=refund["created_at"])

    def pend(self) -> None:
        self.emulator.patch("transactions", self._sale()["id"], status="pending")

    def succeed(self) -> None:
        for sale in self.emulator.get("/transactions?status=pending")["data"]:
            self.emulator.patch("transactions", sale["id"], status="succeeded", updated_at="2030-01-01T00:00:00Z")

    def void(self) -> None:
        self.emulator.settings(refund_status="succeeded")
        self.emulator.send("/refunds", {"payment_id": self._sale()["id"]})

    def _sale(self) -> dict[str, Any]:
        order = self.pay()
        return dict(self.emulator.get(f"/transactions?invoice_id={order['invoice_id']}")["data"][0])


@pytest.mark.usefixtures("fast")
@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=4, max_size=10))
def test_the_copies_are_what_revkeen_has_whatever_happened(emulator: Emulator, steps: list[str]) -> None:
    run()
    till = Till(emulator)
    for step in steps:
        if step == "feed":
            make_due()
            run()
        elif step == "passes":
            make_due(*Sweep.OF_MONEY)
            run()
        else:
            getattr(till, step)()
    changed = clock.now()
    for _ in range(2):  # of what was new and has changed since only the next pass can tell
        make_due(*(kind for kind in Sweep.OF_MONEY if not kind.endswith("_all")))
        run()
    assert money_differing(emulator) == []
    as_of = freshness.money_as_of(Merchant.objects.get(slug="northwind"), "live")
    assert as_of is not None
    assert as_of > changed
    assert not InvoiceToRead.objects.exists()


@pytest.mark.usefixtures("fast")
def test_money_that_an_event_tells_of_is_there_without_any_pass(emulator: Emulator) -> None:
    run()
    till = Till(emulator)
    till.pay()
    till.refund()
    till.hold()
    emulator.settings(refund_status="succeeded")
    make_due()
    run()
    assert money_differing(emulator) == []


@pytest.mark.usefixtures("fast")
def test_what_is_not_pending_any_more_is_found_although_no_event_tells_of_it(emulator: Emulator) -> None:
    till = Till(emulator)
    till.pend()
    till.hold()
    run()
    till.succeed()
    till.settle()
    make_due("pay_pending", "refund_pending", feed=False)
    run()
    assert money_differing(emulator) == []


@pytest.mark.usefixtures("fast")
def test_money_is_as_of_nothing_while_an_invoice_is_still_to_be_read(northwind: Merchant, emulator: Emulator) -> None:
    run()
    before = freshness.money_as_of(northwind, "live")
    marks.mark_invoices(northwind, "live", [uuid.UUID(emulator.orders("status=paid&limit=1")[0]["invoice_id"])])
    InvoiceToRead.objects.update(due_at=clock.now() + timedelta(hours=1))
    make_due(*Sweep.OF_MONEY)
    run()
    assert freshness.money_as_of(northwind, "live") == before
    InvoiceToRead.objects.update(due_at=clock.now() - timedelta(seconds=1))  # SQLite counts milliseconds
    run()
    after = freshness.money_as_of(northwind, "live")
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.usefixtures("fast")
def test_a_key_that_may_not_read_refunds_keeps_nothing_else_from_being_read(
    northwind: Merchant, emulator: Emulator
) -> None:
    emulator.fault("respond", "/refunds", times=50, status=403, body={"error": {"message": "No scope."}})
    run()
    assert TransactionCopy.objects.exists()
    assert freshness.money_as_of(northwind, "live") is None


def test_what_a_person_reads_of_money_is_kept_at_once(admin: Client, emulator: Emulator) -> None:
    order = emulator.orders("status=refunded&limit=1")[0]
    admin.get(order_path("", order))
    told = {row["id"] for row in emulator.get(f"/transactions?invoice_id={order['invoice_id']}")["data"]}
    found = TransactionCopy.objects.filter(order_id=order["id"]).values_list("transaction_id", flat=True)
    assert told <= set(map(str, found))
