from __future__ import annotations

import functools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from emulator.accounts import ACCOUNTS
from emulator.contract import is_uuid
from emulator.digital_river.orders import as_of
from emulator.revkeen.kinds import KINDS as REVKEEN_KINDS
from emulator.revkeen.seed.people import HARD_NAMES
from emulator.revkeen.seed.plans import SHARING, SHOWCASE, TO_REVIEW
from emulator.revkeen.seed.retell import ensure_told
from emulator.seeding import KINDS, Seeding, fill
from emulator.store import MEMORY, Store
from tests.emulator.driver import Json

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
UNPAID = {"lines_do_not_add_up", "payments_do_not_match"}  # whose transactions come to something else
BROKEN = {
    *("lines_do_not_add_up", "due_does_not_add_up"),
    *("lines_alone_do_not_add_up", "total_does_not_add_up", "refunded_more_than_paid"),
}


def seeded_anew(orders: int, seed: int = 1) -> Store:
    store = Store(MEMORY, KINDS)
    fill(store, Seeding(orders, seed, NOW_MS))
    return store


seeded = functools.cache(seeded_anew)


def everything(store: Store, kind: str, account: int | None = None) -> list[Json]:
    where = "" if account is None else f"WHERE account = {account}"
    return [json.loads(row[0]) for row in store.db.execute(f"SELECT doc FROM {kind} {where} ORDER BY created, id")]


@pytest.fixture(scope="module")
def store() -> Store:
    """As many orders as the demo has."""
    return seeded(800)


def test_the_same_seed_gives_the_same_data_and_another_gives_other() -> None:
    one, same, other = seeded_anew(60), seeded_anew(60), seeded_anew(60, seed=2)
    for kind in one.kinds:
        assert everything(one, kind) == everything(same, kind)
    assert everything(one, "orders") != everything(other, "orders")


def test_every_account_has_all_of_its_own_orders(store: Store) -> None:
    for account in ACCOUNTS:
        orders = everything(store, "orders", account.id)
        assert len(orders) == 800
        assert len({order["public_id"] for order in orders}) == 800
        numbers = [int(order["public_id"].removeprefix(f"{account.letters}-")) for order in orders]
        assert numbers == sorted(numbers)


def test_ids_are_unique_uuids(store: Store) -> None:
    for kind in REVKEEN_KINDS:
        ids = [row[0] for row in store.db.execute(f"SELECT id FROM {kind.name}")]
        assert len(ids) == len(set(ids))
        assert all(map(is_uuid, ids))


def test_orders_go_back_eighteen_months_and_get_denser_towards_now(store: Store) -> None:
    for account in ACCOUNTS:
        ages = [NOW - datetime.fromisoformat(order["created_at"]) for order in everything(store, "orders", account.id)]
        assert timedelta(minutes=1) < min(ages) < timedelta(minutes=10)
        assert timedelta(days=500) < max(ages) <= timedelta(days=548)
        months = [sum(age // timedelta(days=90) == quarter for age in ages) for quarter in range(6)]
        assert months[0] > 2 * months[1] > 2 * months[3]


def test_nothing_is_dated_in_the_future_or_before_its_order(store: Store) -> None:
    now = NOW.isoformat().replace("+00:00", ".000Z")
    for order in everything(store, "orders"):
        for name in ("updated_at", "paid_at", "canceled_at", "fulfilled_at"):
            assert order["created_at"] <= (order[name] or order["created_at"]) <= now


def test_amounts_add_up_but_for_those_that_are_meant_not_to(store: Store) -> None:
    for account in ACCOUNTS:
        wrong = {order["id"] for order in everything(store, "orders", account.id) if not adds_up(order)}
        cases = store.noted(f"cases_{account.id}")["orders"]
        assert wrong == {cases[case] for case in BROKEN}


def test_what_was_paid_and_refunded_is_in_the_transactions(store: Store) -> None:
    paid: Counter[str] = Counter()
    back: Counter[str] = Counter()
    for transaction in everything(store, "transactions"):
        if transaction["status"] == "succeeded":
            (paid if transaction["type"] == "sale" else back)[transaction["invoice_id"]] += transaction["amount"]
    cases = [store.noted(f"cases_{account.id}")["orders"] for account in ACCOUNTS]
    broken = {of_account[case] for of_account in cases for case in (*UNPAID, SHARING[1])}
    for order in everything(store, "orders"):
        if order["id"] not in broken:
            assert (order["amount_paid"], order["amount_refunded"]) == (
                paid[order["invoice_id"]], back[order["invoice_id"]],
            )  # fmt: skip


@pytest.mark.parametrize("orders", [60, 800])
def test_every_status_comes_with_every_fulfillment_status_that_can_be(orders: int) -> None:
    combinations = {
        *(("draft", f) for f in (None, "unfulfilled")),
        *(("pending", f) for f in (None, "unfulfilled")),
        *(("partially_paid", f) for f in (None, "unfulfilled")),
        *(("paid", f) for f in (None, "unfulfilled", "partial")),
        *(("fulfilled", f) for f in ("fulfilled", "returned")),
        *(("refunded", f) for f in (None, "unfulfilled", "partial", "fulfilled", "returned")),
        *(("canceled", f) for f in (None, "unfulfilled")),
    }
    with_orders = seeded(orders)
    for account in ACCOUNTS:
        found = {(o["status"], o["fulfillment_status"]) for o in everything(with_orders, "orders", account.id)}
        assert found == combinations


@pytest.mark.parametrize("orders", [60, 800])
def test_the_showcase_is_complete(orders: int) -> None:
    store = seeded(orders)
    for account in ACCOUNTS:
        cases = store.noted(f"cases_{account.id}")["orders"]
        assert set(cases) == {plan.case for plan in (*SHOWCASE, *TO_REVIEW)}
        shown = {case: store.get("orders", account.id, id) for case, id in cases.items()}
        assert len(shown["sixty_lines"]["line_items"]) == 60
        assert len(shown["one_line"]["line_items"]) == 1
        assert (shown["ten_million"]["total"], shown["ten_million"]["currency"]) == (10_000_000_00, "eur")
        assert shown["free"]["total"] == 0
        assert shown["paid_guest"]["customer_id"] is None
        assert shown["recurring"]["subscription_id"]
        assert shown["draft_expired"]["expires_at"] < NOW.isoformat()
        assert {shown[code]["currency"] for code in ("jpy", "kwd", "gbp")} == {"jpy", "kwd", "gbp"}


def test_all_five_currencies_and_all_refund_statuses_are_there(store: Store) -> None:
    for account in ACCOUNTS:
        orders, refunds = everything(store, "orders", account.id), everything(store, "refunds", account.id)
        assert {order["currency"] for order in orders} == {"usd", "eur", "gbp", "jpy", "kwd"}
        statuses = {refund["status"] for refund in refunds}
        assert statuses == {"pending", "processing", "succeeded", "failed", "canceled"}


def test_the_cards_worth_trying_belong_to_the_first_customers(store: Store) -> None:
    for account in ACCOUNTS:
        customers = everything(store, "customers", account.id)[::-1][:10]
        methods = everything(store, "payment_methods", account.id)
        first = {customer["id"] for customer in customers}
        last_fours = {(m["card"] or {}).get("last4") for m in methods if m["customer_id"] in first}
        assert {"1111", "0002", "9995", "0069", "0408", "0502"} <= last_fours
        assert {m["type"] for m in methods} == {"card", "us_bank_account", "bank_account"}
        assert {m["status"] for m in methods} == {"active", "inactive", "expired"}


def test_difficult_names_belong_to_customers_with_orders(store: Store) -> None:
    for account in ACCOUNTS:
        buyers = {order["customer_id"] for order in everything(store, "orders", account.id)}
        names = {c.get("name") for c in everything(store, "customers", account.id) if c["id"] in buyers}
        assert names >= {name for _, name in HARD_NAMES}
    assert len(dict(HARD_NAMES)["two_hundred"]) == 200


def test_many_orders_are_copies_that_are_as_sound_as_the_others() -> None:
    store = seeded(1500)
    for account in ACCOUNTS:
        orders = everything(store, "orders", account.id)
        assert len({order["id"] for order in orders}) == 1500
        assert len({order["public_id"] for order in orders}) == 1500
        assert sum(not adds_up(order) for order in orders) == len(BROKEN)
    lines = [line["id"] for order in everything(store, "orders") for line in order["line_items"]]
    assert len(lines) == len(set(lines))
    invoices = {invoice["id"]: invoice for invoice in everything(store, "invoices")}
    sharing = {store.noted(f"cases_{account.id}")["orders"][SHARING[1]] for account in ACCOUNTS}
    for order in everything(store, "orders"):
        if order["invoice_id"] and order["id"] not in sharing:
            assert invoices[order["invoice_id"]]["invoice_number"] == "INV-" + order["public_id"]
            assert invoices[order["invoice_id"]]["customer_uuid"] == order["customer_id"]


def adds_up(order: Json) -> bool:
    lines = order["line_items"]
    return (
        all(order[name] == sum(line[name] for line in lines) for name in ("subtotal", "discount", "tax", "total"))
        and all(line["subtotal"] == line["unit_price"] * line["quantity"] for line in lines)
        and order["total"] == order["subtotal"] - order["discount"] + order["tax"]
        and order["amount_due"] == order["total"] - order["amount_paid"]
        and 0 <= order["amount_refunded"] <= order["amount_paid"]
    )


def test_the_events_of_every_order_tell_its_life(store: Store) -> None:
    account = ACCOUNTS[0]
    told: dict[str, list[Json]] = {}
    for order_id, doc in store.db.execute("SELECT order_id, doc FROM events WHERE account = 1 ORDER BY created, id"):
        told.setdefault(order_id, []).append(json.loads(doc))
    cases = {case: [event["type"] for event in told[id]] for case, id in store.noted("cases_1")["orders"].items()}
    assert cases["pending_declined"] == ["order.created", "payment.failed"]
    assert cases["part_refunded"][3:] == ["refund.created", "refund.succeeded", "order.updated"]
    assert cases["canceled"] == ["order.created", "order.canceled"]
    for order in everything(store, "orders", account.id):
        events = told[order["id"]]
        last = [event["data"]["object"] for event in events if event["type"].startswith("order.")][-1]
        assert events[0]["type"] == "order.created"
        assert order["status"] in (last["status"], "pending")
        assert {event["request"]["idempotency_key"] for event in events} == {None}


def test_the_events_of_a_copied_order_are_written_down_when_asked_for() -> None:
    store = seeded(1500)
    order = everything(store, "orders", 1)[0]
    told = "SELECT count(*) FROM events WHERE order_id = ?"
    assert store.db.execute(told, (order["id"],)).fetchone() == (0,)
    for _ in range(2):
        ensure_told(store, ACCOUNTS[0], order["id"])
    events = [e for e in everything(store, "events", 1) if e["id"].startswith(order["id"][:8])]
    assert (events[0]["type"], events[0]["created"]) == (
        "order.created",
        int(datetime.fromisoformat(order["created_at"]).timestamp()),
    )
    assert len({event["type"] for event in events}) == len(events)


# what the partners have


@pytest.mark.parametrize("orders", [60, 800])
def test_most_paid_orders_exist_at_both_partners_and_one_of_the_showcase_at_none(orders: int) -> None:
    store = seeded(orders)
    for account in ACCOUNTS:
        paid = [order for order in everything(store, "orders", account.id) if order["paid_at"]]
        at_river = {order["upstreamId"] for order in everything(store, "digital_river_orders", account.id)}
        at_protection = {order["sourceOrderId"] for order in everything(store, "order_protection_orders", account.id)}
        both = [order for order in paid if order["id"] in at_river and protection_id(order) in at_protection]
        assert 0.8 * len(paid) < len(both) < len(paid)
        unknown = store.noted(f"cases_{account.id}")["orders"]["paid_unknown_to_partners"]
        assert unknown not in at_river | at_protection


def test_an_order_names_itself_and_its_lines_as_the_partners_know_them(store: Store) -> None:
    for account in ACCOUNTS:
        river = {order["id"]: order for order in everything(store, "digital_river_orders", account.id)}
        protection = {o["sourceOrderId"]: o for o in everything(store, "order_protection_orders", account.id)}
        for order in everything(store, "orders", account.id):
            if "dr_order_id" not in order["metadata"]:
                continue
            there = river[order["metadata"]["dr_order_id"]]
            lines = [(line["metadata"]["dr_item_id"], line["quantity"]) for line in order["line_items"]]
            assert [(item["id"], item["quantity"]) for item in there["items"]] == lines
            assert there["currency"] == order["currency"].upper()
            items = protection[protection_id(order)]["orderItems"]
            assert [item["sourceItemId"] for item in items] == [line["id"] for line in order["line_items"]]


def test_orders_are_as_far_along_at_digital_river_as_they_are_here(store: Store) -> None:
    expected = {
        "paid": "accepted",
        "paid_partial": "accepted",
        "fulfilled": "complete",
        "refunded": "cancelled",
        "refunded_fulfilled": "returned",
    }
    for account in ACCOUNTS:
        ids = store.noted(f"cases_{account.id}")["digital_river"]
        assert {case: state_at_digital_river(store, account.id, ids[case]) for case in expected} == expected


def test_what_digital_river_captured_and_released_is_what_its_orders_come_to(store: Store) -> None:
    for id, doc in store.db.execute("SELECT id, doc FROM digital_river_orders").fetchall():
        order = as_of(json.loads(doc), store.hidden("digital_river_orders", id), NOW_MS)
        if order["state"] in ("complete", "returned", "cancelled"):
            assert round(order["capturedAmount"] + order["cancelledAmount"], 3) == order["totalAmount"]


def protection_id(order: Json) -> str:
    return order["metadata"].get("op_order_id", order["id"])


def state_at_digital_river(store: Store, account: int, id: str) -> str:
    order = store.get("digital_river_orders", account, id)
    assert order is not None
    return as_of(order, store.hidden("digital_river_orders", id), NOW_MS)["state"]
