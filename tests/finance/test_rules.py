"""The rules of the review: each fires on exactly the orders made for it, by exactly the difference."""

import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.apis.listings import Unreadable
from orders.apis.revkeen import objects, reads
from orders.apis.revkeen.objects import Order
from orders.models import Finding, Merchant, Operation, OrderCopy, PartnerUpdate, User
from orders.services.changes import outcomes
from orders.services.finance import review
from orders.services.finance.review import Wanted
from orders.services.index import clock, findings, money_copies, writing
from orders.services.index.order_filters import Place
from orders.services.revkeen import session
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.samples import a_transaction, an_order
from tests.support.shipping import connect, parcel, ship
from tests.support.theirs import read_theirs

pytestmark = pytest.mark.django_db

# Each case → the rules that it breaks. Whatever else the emulator has breaks none, but for orders that are late.
PLANTED = {
    "shipped_at_digital_river_alone": {"unaccounted"},
    "canceled_at_digital_river_alone": {"unaccounted"},
    "lines_do_not_add_up": {"lines", "three_way"},
    "due_does_not_add_up": {"due"},
    "lines_alone_do_not_add_up": {"lines"},
    "total_does_not_add_up": {"total"},
    "refunded_more_than_paid": {"over_refunded"},
    "canceled_with_money": {"canceled_paid"},
    "fulfilled_and_not_paid": {"fulfilled_unpaid"},
    "half_replaced": {"half_replaced"},
    "shares_its_invoice": {"shared_invoice"},
    "on_the_same_invoice": {"shared_invoice"},
    "payments_do_not_match": {"three_way"},
}
PAID = {"status": "paid", "amount_paid": 2090, "amount_due": 0, "fulfillment_status": "unfulfilled"}


def place(merchant: Merchant) -> Place:
    return Place(merchant, "live", timezone.now())


def broken(merchant: Merchant) -> dict[str, set[str]]:
    """Order id → the rules that it breaks, as the queue counts them by now."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in review.all_rows(Wanted(place(merchant))):
        found[str(row.order.order_id)].add(row.rule)
    return dict(found)


def of(order: Order) -> dict[str, Finding]:
    """Rule → finding."""
    return {row.rule: row for row in Finding.objects.filter(order__order_id=order.id)}


def read(merchant: Merchant, *orders: Any) -> None:
    writing.apply(merchant, "live", orders, clock.now())


def made(merchant: Merchant, emulator: Emulator, **fields: Any) -> dict[str, Any]:
    """An order of RevKeen's, read here: one line over 60.00 unless `line_items` says else."""
    order: dict[str, Any] = emulator.make_order(**fields)
    again(merchant, order)
    return order


def again(merchant: Merchant, order: dict[str, Any]) -> None:
    with session.session(merchant, "live") as api:
        read(merchant, api.get(reads.order(uuid.UUID(order["id"]))).require())


def one(merchant: Merchant, line: dict[str, Any] | None = None, **fields: Any) -> tuple[dict[str, int], list[str]]:
    """Rule → minor units at stake of an order with these fields, and all that is said of it.

    RevKeen names no invoice of it: what follows from that alone is left out.
    """
    order = an_order(line, **fields)
    read(merchant, order)
    found = {rule: row for rule, row in of(order).items() if rule != "unmatched"}
    return {rule: row.amount for rule, row in found.items()}, [words for row in found.values() for words in row.words]


@pytest.mark.database
def test_each_rule_fires_on_exactly_the_orders_that_were_made_for_it(northwind: Merchant, emulator: Emulator) -> None:
    index_everything(northwind)
    connect(northwind, "digital_river")
    read_theirs()
    cases = emulator.cases()["orders"]
    late = {id for id, rules in broken(northwind).items() if "late" in rules}
    copies = OrderCopy.objects.filter(status="paid", fulfillment_status__in=("unfulfilled", "partial"))
    before = timezone.now() - timedelta(days=northwind.review_after_days)
    paid = copies.filter(paid_at__lt=before, amount_paid__gt=0)
    assert late == {str(id) for id in paid.values_list("order_id", flat=True)}
    found = {id: rules - {"late"} for id, rules in broken(northwind).items() if rules != {"late"}}
    assert found == {cases[case]: rules for case, rules in PLANTED.items()}


def test_the_difference_is_said_and_counted_to_the_minor_unit(northwind: Merchant) -> None:
    assert one(northwind) == ({}, [])
    assert one(northwind, {"subtotal": 1900, "total": 1990}) == (
        {"lines": 100 + 100},
        [
            "Line 1, price × quantity: we calculate 20.00, RevKeen has 19.00, a difference of 1.00.",
            "Subtotal of the lines: we calculate 19.00, RevKeen has 20.00, a difference of 1.00.",
        ],
    )
    assert one(northwind, total=2000, amount_due=2000)[0] == {"total": 90}
    assert one(northwind, amount_due=1)[0] == {"due": 2089}
    refunded = one(northwind, status="refunded", amount_paid=2090, amount_due=0, amount_refunded=2100)
    assert refunded[0] == {"over_refunded": 10}


def test_money_on_a_canceled_order_is_what_was_not_given_back(northwind: Merchant) -> None:
    canceled = {"status": "canceled", "amount_paid": 2090, "amount_due": 0}
    assert one(northwind, **canceled, amount_refunded=90) == (
        {"canceled_paid": 2000},
        ["It is canceled, and 20.00 USD of what was paid is not refunded."],
    )
    assert one(northwind, **canceled, amount_refunded=2090) == ({}, [])


def test_what_left_and_is_not_paid_is_found_whoever_says_that_it_left(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    unpaid = {"status": "partially_paid", "amount_paid": 1000, "amount_due": 1090}
    assert one(northwind, **unpaid, fulfillment_status="fulfilled")[0] == {"fulfilled_unpaid": 1090}
    assert one(northwind, **unpaid, fulfillment_status="unfulfilled")[0] == {}
    order = made(northwind, emulator)
    ship(northwind, mara, order, parcel(order))
    found = Finding.objects.get(order__order_id=order["id"])
    assert (found.rule, found.amount, found.words) == (
        "fulfilled_unpaid",
        6000,
        ["1 unit left from here, and 60.00 USD of 60.00 USD is not paid."],
    )


def test_what_is_paid_and_has_not_left_waits_for_the_days_of_the_merchant(northwind: Merchant) -> None:
    order = an_order(**PAID, paid_at=(timezone.now() - timedelta(days=3)).isoformat())
    read(northwind, order)
    assert broken(northwind) == {}
    northwind.review_after_days = 2
    assert broken(northwind) == {str(order.id): {"late"}}
    assert of(order)["late"].words == ["20.90 USD was received, and 2 units have not left."]


def test_orders_on_one_invoice_find_each_other_whichever_is_read_first(northwind: Merchant) -> None:
    invoice, other = str(uuid.uuid4()), str(uuid.uuid4())
    first, second = an_order(invoice_id=invoice, public_id="NW-1"), an_order(invoice_id=invoice, public_id="NW-2")
    read(northwind, first)
    assert of(first) == {}
    read(northwind, second)
    assert of(first)["shared_invoice"].words == ["Its invoice is also that of NW-2."]
    assert of(second)["shared_invoice"].words == ["Its invoice is also that of NW-1."]
    read(northwind, an_order(id=str(second.id), invoice_id=other, updated_at="2026-11-02T10:00:00Z"))
    assert (of(first), of(second)) == ({}, {})


def test_a_replacement_needs_both_halves_and_one_that_is_canceled(northwind: Merchant) -> None:
    old, new = str(uuid.uuid4()), str(uuid.uuid4())

    def state(seconds: int, order_id: str, **fields: Any) -> Order:
        return an_order(id=order_id, updated_at=f"2026-11-01T11:00:{seconds:02}Z", public_id=order_id[:8], **fields)

    def missing() -> dict[str, list[str]]:
        return {str(row.order.order_id): row.words for row in Finding.objects.select_related("order")}

    read(northwind, state(1, new, metadata={"replaces": old}))
    assert missing() == {new: [f"It replaces an order that RevKeen does not have: {old}."]}
    read(northwind, state(1, old))
    assert missing() == {new: [f"It replaces {old[:8]}, which does not say so, and neither is canceled."]}
    read(northwind, state(2, old, metadata={"replaced_by": new}))
    assert missing() == {old: [f"It is replaced by {new[:8]}, and neither is canceled."]}
    read(northwind, state(3, old, metadata={"replaced_by": new}, status="canceled"))
    assert missing() == {}


@pytest.mark.database
def test_an_order_is_held_against_the_payments_and_refunds_of_its_invoice(northwind: Merchant) -> None:
    """In whichever order the three are read."""
    invoice = uuid.uuid4()
    refunded = {**PAID, "amount_refunded": 500, "invoice_id": str(invoice), "fulfillment_status": None}
    order, payment = an_order(**refunded), a_transaction(invoice_id=str(invoice))
    back = a_transaction(type="refund", amount=500, invoice_id=str(invoice), parent_transaction_id=str(payment.id))
    refund = {"id": str(uuid.uuid4()), "payment_id": str(payment.id), "amount_minor": 500, "currency": "USD"}

    def missing() -> list[str]:
        found = of(order)
        return found["three_way"].words if "three_way" in found else []

    read(northwind, order)
    nothing = ["Payments together: we calculate 0.00, RevKeen has 20.90, a difference of 20.90."]
    nothing.append("Refunds together: we calculate 0.00, RevKeen has 5.00, a difference of 5.00.")
    assert missing() == nothing
    assert broken(northwind) == {}, "payments are not imported yet"
    money_copies.keep_transactions(northwind, "live", [payment], clock.now())
    assert missing() == nothing[1:]
    money_copies.keep_transactions(northwind, "live", [back], clock.now())
    assert missing() == ["Refunds that succeeded: we calculate 5.00, RevKeen has 0.00, a difference of 5.00."]
    read_refund = objects.reader(objects.Refund)
    for status, left in (("pending", 1), ("succeeded", 0)):
        row = read_refund(msgspec.json.encode({**refund, "status": status}))
        money_copies.keep_refunds(northwind, "live", [row], clock.now())
        assert len(missing()) == left
    assert of(order) == {}


def test_payments_that_nobody_can_tell_apart_are_not_known(northwind: Merchant) -> None:
    invoice = str(uuid.uuid4())
    orders = [an_order(**PAID, invoice_id=invoice) for _ in range(2)]
    read(northwind, *orders)
    money_copies.keep_transactions(northwind, "live", [a_transaction(invoice_id=invoice)], clock.now())
    assert of(orders[0])["unmatched"].words == ["Nobody knows which of the payments on its invoice are its own."]
    assert "three_way" not in of(orders[0])
    without = an_order(**PAID)
    read(northwind, without)
    assert of(without)["unmatched"].amount == 2090


@pytest.mark.database
def test_a_change_in_doubt_is_found_until_it_has_ended(northwind: Merchant, mara: User) -> None:
    order = an_order()
    read(northwind, order)
    operation = Operation.objects.create(
        merchant=northwind, mode="live", connection_id=uuid.uuid4(), shown_key="rk_…",
        kind="pay", order_id=order.id, body={"amount": 1500}, seen={}, summary="15.00 USD from Visa", fingerprint="",
        plan_id=uuid.uuid4(), user=mara, who=mara.email,
    )  # fmt: skip
    operation = outcomes.doubtful(operation, "No answer came.", "no_answer")
    assert {rule: (row.amount, row.words) for rule, row in of(order).items()} == {
        "in_doubt": (1500, ["Take payment: 15.00 USD from Visa."])
    }
    outcomes.needs_review(operation, "no_answer", "Nobody knows.")
    assert "in_doubt" in of(order)
    outcomes.decided(operation, Operation.State.REFUSED, by=mara, reason="It is not at the bank.")
    assert of(order) == {}


def test_canceled_units_that_were_paid_for_are_found_until_they_are_given_back(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = made(northwind, emulator, line_items=[{"description": "Tent", "unit_price": 3000, "quantity": 3}])
    emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4()}"})
    ship(northwind, mara, order, parcel(order, 1, reason="Broken", carrier="", tracking=()))
    again(northwind, order)
    found = Finding.objects.get(order__order_id=order["id"], rule="given_up")
    said = "1 unit will never be shipped: 30.00 USD was paid for them, and 0.00 USD is refunded or on its way."
    assert (found.amount, found.words) == (3000, [said])
    OrderCopy.objects.update(amount_refunded=3000)
    findings.again(northwind, "live", [found.order.order_id])
    assert not Finding.objects.filter(rule="given_up").exists()


def test_what_digital_river_captured_is_held_against_what_is_paid(
    northwind: Merchant, mara: User, emulator: Emulator
) -> None:
    order = made(northwind, emulator)
    connect(northwind, "digital_river")
    [shipment] = ship(northwind, mara, order, parcel(order))
    assert not Finding.objects.filter(rule="captured").exists()
    PartnerUpdate.objects.filter(shipment=shipment).update(sent_version=1)
    findings.again(northwind, "live", [shipment.order_id])
    found = Finding.objects.get(rule="captured")
    assert (found.amount, found.words) == (
        6000,
        ["Digital River has captured about 60.00 USD, and 0.00 USD is paid here."],
    )


def test_what_nobody_could_check_is_listed_and_never_taken_for_sound(northwind: Merchant) -> None:
    order = an_order()
    read(northwind, order)
    assert one(northwind, line_items=None)[0] == {"no_lines": 2090}
    strange = {"status": "on_hold", "fulfillment_status": "lost"}
    assert one(northwind, **strange)[1] == [
        "RevKeen calls it “on_hold”, which we do not know.",
        "RevKeen calls its fulfillment “lost”, which we do not know.",
    ]
    read(northwind, Unreadable(str(order.id), "Expected `int`", "paid", "NW-7"))
    assert of(order)["unreadable"].words == ["It cannot be read: Expected `int`"]
    paid = an_order(**PAID)
    read(northwind, paid)
    writing.gone(northwind, "live", paid.id, clock.now())
    assert of(paid)["gone"].words == ["RevKeen does not have it any more; 20.90 USD was paid for it."]


@pytest.mark.full
def test_none_fires_on_five_thousand_sound_orders(northwind: Merchant, settings: Any) -> None:
    with Emulator("--orders", "5100") as many:
        settings.REVKEEN_URLS = {"live": many.api, "test": many.api}
        settings.DIGITAL_RIVER_URL = many.digital_river
        connect(northwind, "digital_river")
        index_everything(northwind)
        read_theirs()
        planted = {many.cases()["orders"][case] for case in PLANTED}
        found = {id for id, rules in broken(northwind).items() if rules != {"late"}}
        assert found == planted
        assert OrderCopy.objects.count() - len(found) >= 5000


AMOUNT = st.integers(0, 3)
ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(
                ["draft", "pending", "partially_paid", "paid", "fulfilled", "refunded", "canceled"]
            ),
            "fulfillment_status": st.sampled_from([None, "unfulfilled", "partial", "fulfilled", "returned"]),
            "currency": st.sampled_from(["usd", "jpy", "kwd"]),
            **dict.fromkeys(("subtotal", "discount", "tax", "total"), AMOUNT),
            **dict.fromkeys(("amount_paid", "amount_refunded", "amount_due"), AMOUNT),
        }
    ),
    min_size=1,
    max_size=12,
)


def plainly(order: dict[str, Any]) -> dict[str, int]:
    """Rule → at stake, as one would say it without the product: no line but of price 1, of which there is one."""
    paid, back, total, status = order["amount_paid"], order["amount_refunded"], order["total"], order["status"]
    lines = sum(abs(order[name] - 1 * (name == "subtotal")) for name in ("subtotal", "discount", "tax"))
    left = order["fulfillment_status"] in ("partial", "fulfilled")
    ships = status == "paid" and order["fulfillment_status"] in ("unfulfilled", "partial")
    found = {
        "lines": lines,
        "total": abs(order["subtotal"] - order["discount"] + order["tax"] - total),
        "due": abs(total - paid - order["amount_due"]),
        "over_refunded": max(0, back - paid),
        "canceled_paid": abs(paid - back) if status == "canceled" else 0,
        "fulfilled_unpaid": max(0, total - paid) if left and status != "refunded" else 0,
        "late": max(0, paid - back) if ships else 0,
    }
    return {rule: amount for rule, amount in found.items() if amount}


@settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=ORDERS)
def test_of_any_orders_the_queue_is_what_a_plain_sum_says(northwind: Merchant, drawn: list[dict[str, Any]]) -> None:
    OrderCopy.objects.all().delete()
    line = {"quantity": 1, "unit_price": 1, "subtotal": 1, "discount": 0, "tax": 0, "total": 1}
    orders = [an_order(line, **fields) for fields in drawn]
    read(northwind, *orders)
    expected: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for fields in drawn:
        for rule, amount in plainly(fields).items():
            expected[rule, fields["currency"].upper()].append(amount)
    counted = review.counts(Wanted(Place(northwind, "live", datetime(2030, 1, 1, tzinfo=UTC))))
    found = {(row.rule, money.currency): money.minor for row in counted for money in row.at_stake}
    assert found == {key: sum(amounts) for key, amounts in expected.items()}
    assert {row.rule: row.orders for row in counted if row.orders} == {
        rule: sum(len(amounts) for (name, _), amounts in expected.items() if name == rule) for rule, _ in expected
    }
