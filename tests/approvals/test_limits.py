"""Above a limit nothing is sent without another's approval: in one go and in a day, by role, kind and currency."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from orders.models import Draft, EventLog, Membership, Merchant, Operation, User
from orders.money import Money
from orders.services.approvals import ending
from orders.services.changes import limits
from tests.conftest import make_person
from tests.support.approving import limit, only, pay
from tests.support.drafts import address as draft_address
from tests.support.drafts import fill
from tests.support.emulation import Emulator
from tests.support.journal import change_request, payable, payments, submit
from tests.support.pages import form_token_in, order_path, source
from tests.support.refunding import paid_order, refund, refunds, sales

State = Operation.State


@pytest.fixture
def wallet(emulator: Emulator) -> dict[str, str]:
    return emulator.cases()["customers"]["wallet_0"]


@pytest.fixture
def order(emulator: Emulator, wallet: dict[str, str]) -> dict[str, Any]:
    """Of 60.00 USD."""
    return emulator.make_order(customer_id=wallet["id"], currency="usd")


def test_above_the_limit_the_button_asks_for_approval_and_a_forged_one_sends_nothing(
    support: Client,
    admin: Client,
    northwind: Merchant,
    order: dict[str, Any],
    wallet: dict[str, str],
    emulator: Emulator,
) -> None:
    limit(northwind, "support", "pay", once=50)
    page = source(support, order_path("pay/", order))
    assert "60.00 USD is above the limit of 50.00 USD for one payment." in page
    answer = pay(support, order, wallet["1111"], "60.00")
    assert "Nothing was sent: you need approval" in answer.content.decode()
    assert "<bdi>Admin</bdi> can approve it" in answer.content.decode()
    assert payments(emulator, order) == []
    assert not Operation.objects.exists()
    assert pay(support, order, wallet["1111"], "50.00").status_code == 303
    assert payments(emulator, order) == [5000]


def test_nobody_is_charged_by_a_button_that_asks(
    support: Client, order: dict[str, Any], wallet: dict[str, str], emulator: Emulator
) -> None:
    answer = pay(support, order, wallet["1111"], "60.00", ask="yes")
    assert "this no longer needs approval" in answer.content.decode()
    assert payments(emulator, order) == []


@pytest.mark.database
@pytest.mark.parametrize(
    ("state", "counts"),
    [
        *((state, True) for state in (State.STARTED, State.DONE, State.IN_DOUBT, State.NEEDS_REVIEW)),
        *((state, False) for state in (State.REFUSED, State.NOT_SENT)),
    ],
)
def test_the_day_counts_what_is_done_in_doubt_or_begun(
    state: str, counts: bool, northwind: Merchant, emulator: Emulator
) -> None:
    limit(northwind, "support", "pay", day=1)
    user, order = make_person("mara@northwind.example", northwind, "support"), payable(emulator)
    first = submit(northwind, user, change_request(northwind, user, order, 60, undo_seconds=60))
    Operation.objects.filter(pk=first.pk).update(state=state)
    other = emulator.make_order(customer_id=order["customer_id"], currency=order["currency"])
    assert order["currency"] == "usd"
    second = change_request(northwind, user, other, 60, undo_seconds=60)
    if counts:
        with pytest.raises(limits.AboveLimit, match=r"0\.60 USD earlier today"):
            submit(northwind, user, second)
    else:
        assert submit(northwind, user, second).state == State.STARTED


def test_the_day_is_the_merchants_and_everybodys_own(
    northwind: Merchant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(northwind, "support", "pay", day=1)
    mara, ben = (make_person(f"{name}@northwind.example", northwind, "support") for name in ("mara", "ben"))
    order = payable(emulator)
    submit(northwind, mara, change_request(northwind, mara, order, 100, undo_seconds=60))
    spent = Money(100, "USD")
    assert today(mara) == spent
    assert (today(mara), today(mara, "EUR"), today(ben)) == (spent, Money(0, "EUR"), Money(0, "USD"))
    # Two zones on one moment: midnight was just before the operation in one of them, and just after it in the other.
    began = Operation.objects.get().created_at
    two_hours_on = Now() + timedelta(hours=2)
    monkeypatch.setattr(limits, "Now", lambda: two_hours_on)
    for hour in (23, 0):
        northwind.time_zone = next(
            name
            for name in (f"Etc/GMT{hours:+}" for hours in range(-14, 13))
            if began.astimezone(ZoneInfo(name)).hour == hour
        )
        northwind.save()
        assert (today(mara) == spent) is (hour == 0)


def today(user: User, currency: str = "USD") -> Money:
    membership = Membership.objects.select_related("merchant").get(user=user)
    return limits.today(membership, "live", "pay", currency)


def test_who_has_several_roles_has_the_largest_limit_and_the_roles_that_do_not_allow_it_give_none(
    northwind: Merchant,
) -> None:
    limit(northwind, "support", "pay", once=50)
    limit(northwind, "admin", "pay", once=500)
    limit(northwind, "support", "cancel", once=0)

    def once(kind: str, currency: str, *roles: str) -> Money | None:
        return limits.of_member(Membership(merchant=northwind, roles=list(roles)), kind, currency).once

    assert once("pay", "USD", "support") == Money(5000, "USD")
    assert once("pay", "USD", "support", "admin") == Money(50000, "USD")
    assert once("pay", "USD", "support", "finance", "viewer") == Money(5000, "USD")
    assert once("pay", "EUR", "support") is None
    assert once("cancel", "USD", "support") == Money(0, "USD")
    assert once("cancel", "USD", "support", "admin") is None
    assert once("pay", "USD", "viewer") == Money(0, "USD")


def test_a_refund_over_several_payments_counts_as_one_sum(
    finance: Client, admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    limit(northwind, "finance", "refund", once=50)
    order = paid_order(emulator, 3000, 3000)
    first, second = sales(emulator, order)
    answer = refund(finance, order, {first: "30.00", second: "30.00"})
    assert "60.00 USD is above the limit of 50.00 USD for one refund" in answer.content.decode()
    assert refunds(emulator, order) == []
    assert refund(finance, order, {first: "30.00", second: "20.00"}).status_code == 303
    assert refunds(emulator, order) == [3000, 2000]


def test_a_day_of_refunds_counts_the_steps_that_are_still_to_come(
    finance: Client, northwind: Merchant, emulator: Emulator
) -> None:
    limit(northwind, "finance", "refund", day=60)
    order = paid_order(emulator, 3000, 3000)
    first, second = sales(emulator, order)
    emulator.fault("disconnect", "/refunds$", method="POST")
    refund(finance, order, {first: "30.00", second: "30.00"})
    assert Operation.objects.count() == 1
    other = paid_order(emulator, 1000)
    answer = refund(finance, other, {sales(emulator, other)[0]: "10.00"})
    assert "with 60.00 USD earlier today, is above the limit of 60.00 USD in refunds a day" in answer.content.decode()
    assert refunds(emulator, other) == []


def test_canceling_is_limited_by_what_is_no_longer_due(
    support: Client, admin: Client, northwind: Merchant, order: dict[str, Any], emulator: Emulator
) -> None:
    limit(northwind, "support", "cancel", once=50)
    address = order_path("cancel/", order)
    page = source(support, address)
    assert f"Ask for approval: cancel {order['public_id']}, 60.00 USD no longer due" in page
    sent = {"form_token": form_token_in(page), "reason": "customer", "text": ""}
    assert "you need approval" in support.post(address, sent).content.decode()
    assert emulator.get(f"/orders/{order['id']}")["status"] != "canceled"


def test_a_draft_below_the_catalog_is_a_discount(
    support: Client, admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    limit(northwind, "support", "create", once=5)
    support.post("/northwind/live/drafts/new/")
    draft = fill(support, Draft.objects.get(), ("A line of our own", "1", "1.00"))
    product, price = priced_product(emulator)
    line = {**draft.lines[0], "id": "0a1b2c3d", "product_id": product["id"], "description": product["name"]}
    Draft.objects.update(lines=[{**line, "unit_price": price - 300, "quantity": 2}])
    address = draft_address(draft, "create/")
    page = source(support, address)
    assert "6.00 USD is above the limit of 5.00 USD for one discount." in page
    sent = {"form_token": form_token_in(page), "confirmed": "on"}
    assert "you need approval" in support.post(address, sent).content.decode()
    assert not Operation.objects.exists()
    support.post(address, {**sent, "form_token": form_token_in(source(support, address)), "ask": "yes"})
    assert only().money == Money(600, "USD")
    assert ending.cannot_be_sent(only()) == ""
    Draft.objects.update(version=F("version") + 1)
    assert ending.cannot_be_sent(only()) == ending.DRAFT_CHANGED
    Draft.objects.update(lines=[{**line, "unit_price": price - 200, "quantity": 2}])
    assert "above the limit" not in source(support, address)


def priced_product(emulator: Emulator) -> tuple[dict[str, Any], int]:
    """One with a single price in USD, and that price."""
    prices = [row for row in emulator.get("/prices?currency=usd&limit=100")["data"] if row["active"]]
    products = {row["id"]: row for row in emulator.get("/products?limit=100")["data"] if row["is_active"]}
    for price in prices:
        alone = [row for row in prices if row["product_id"] == price["product_id"]] == [price]
        if alone and price["product_id"] in products and (price["unit_amount"] or 0) > 1000:
            return products[price["product_id"]], price["unit_amount"]
    raise AssertionError("no product with one price")


def test_without_the_catalog_a_discount_is_not_known_and_nothing_is_created(
    support: Client, northwind: Merchant, emulator: Emulator
) -> None:
    support.post("/northwind/live/drafts/new/")
    draft = fill(support, Draft.objects.get(), ("A line of our own", "1", "1.00"))
    address = draft_address(draft, "create/")
    before = {"form_token": form_token_in(source(support, address)), "confirmed": "on"}
    limit(northwind, "support", "create", once=5)
    assert "could not be told from the catalog" in support.post(address, before).content.decode()
    assert not Operation.objects.exists()


def test_limits_are_set_by_an_admin_and_each_change_is_in_the_journal(
    admin: Client, support: Client, northwind: Merchant
) -> None:
    address = "/northwind/live/settings/limits/"
    assert support.get(address).status_code == 403
    answer = admin.post(address, {"pay_support_once": "USD 500\neur 400", "approval_days": "5"})
    assert answer.status_code == 302
    northwind.refresh_from_db()
    assert northwind.limits == {"support": {"pay": {"once": {"USD": 500, "EUR": 400}}}}
    assert northwind.approval_days == 5
    told = EventLog.objects.filter(kind="limits_changed").order_by("pk").values_list("text", flat=True)
    assert list(told) == [
        "days for approval: 5, before 3",
        "support, one payment: EUR 400, USD 500, before none",
    ]
    refused = admin.post(address, {"pay_support_once": "much", "approval_days": "0"})
    assert refused.status_code == 422
    admin.post(address, {"approval_days": "5"})
    northwind.refresh_from_db()
    assert northwind.limits == {}
