"""An order's whole life, each step by whoever does it, held against the emulator's ledger to the minor unit."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator

pytestmark = pytest.mark.browser

TEST_KEY = "rk_sandbox_northwind_demo"
DRAFTS = "/northwind/test/drafts/"
YEN = [
    ("Tent", "2", "42,000"),
    ("Rope", "3", "9,800"),
    ("Stove", "1", "12,500"),
    ("Map", "10", "150"),
    ("Gas", "4", "800"),
]
DINARS = [("Saffron", "3", "1.250"), ("Tea", "2", "0.005")]


def write_draft(page: Page, currency: str, lines: list[tuple[str, str, str]], email: str) -> None:
    page.get_by_role("button", name="New order").click()
    expect(page).to_have_url(re.compile(r"/drafts/[0-9a-f-]{36}/"))
    page.get_by_label("Currency").fill(currency)
    page.keyboard.press("Tab")
    expect(page.get_by_text(f"Prices in {currency}")).to_be_visible()  # one typed before would be in the other
    for number, (description, quantity, price) in enumerate(lines, 1):
        if number > 1:
            page.get_by_role("button", name="Add an ad-hoc line").click()
        page.get_by_label(f"Description of line {number}", exact=True).fill(description)
        page.get_by_label(f"Quantity of line {number}", exact=True).fill(quantity)
        page.get_by_label(f"Unit price of line {number}, in").fill(price)
    page.get_by_label("Find a customer by name or e-mail").fill(email)
    page.get_by_role("button", name="Find customers").click()
    page.get_by_role("button", name=re.compile(re.escape(email))).click()
    expect(page.get_by_role("button", name="Make it a guest order")).to_be_visible()


def create(page: Page, button: str) -> None:
    page.get_by_role("button", name="Review and create").click()
    page.get_by_role("button", name=button).click()
    expect(page.locator(".notice.good")).to_contain_text("Done")


def pay(page: Page, order: str, amount: str, card: str) -> None:
    page.goto(page.url.split("/northwind")[0] + f"/northwind/test/orders/{order}/pay/")
    page.get_by_label(re.compile(r"^\s*Amount in")).fill(amount)
    page.get_by_label(re.compile(f"••{card}")).check()
    page.get_by_role("button", name=f"Charge {amount} JPY to Visa ••{card}").click()


class Books:
    """What the emulator really did in this test."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.before = len(emulator.ledger())

    def rows(self, effect: str, order: str = "") -> list[dict[str, Any]]:
        rows = self.emulator.ledger()[self.before :]
        return [row for row in rows if row["effect"] == effect and order in ("", row["order_id"])]

    def amounts(self, effect: str, order: str) -> list[int]:
        return [row["amount"] for row in self.rows(effect, order)]

    def order(self, order: str) -> dict[str, Any]:
        found: dict[str, Any] = self.emulator.get(f"/orders/{order}", TEST_KEY)
        return found


def test_from_the_draft_to_the_refund(open_page: OpenPage, emulator: RunningEmulator) -> None:
    wallet = emulator.cases(mode="test")["customers"]["wallet_0"]
    email = emulator.get(f"/customers/{wallet['id']}", TEST_KEY)["data"]["email"]
    books = Books(emulator)

    support = open_page(DRAFTS, "support")
    write_draft(support, "JPY", YEN, email)
    expect(support.locator("#draft-state")).to_contain_text("130,600")
    support.get_by_label("Quantity of line 4", exact=True).fill("12")
    support.keyboard.press("Tab")
    expect(support.locator("#draft-state")).to_contain_text("130,900")
    create(support, "Create an order of 5 lines for 130,900 JPY")
    yen = books.rows("order_created")[-1]["order_id"]
    assert (books.order(yen)["total"], len(books.order(yen)["line_items"])) == (130900, 5)

    support.goto(support.url.split("/northwind")[0] + DRAFTS)
    write_draft(support, "KWD", DINARS, email)
    create(support, "Create an order of 2 lines for 3.760 KWD")
    dinars = books.rows("order_created")[-1]["order_id"]
    assert books.order(dinars)["total"] == 3760

    support.goto(support.url.split("/northwind")[0] + f"/northwind/test/orders/{yen}/")
    support.get_by_text("Actions", exact=True).click()
    support.get_by_role("button", name="Edit line items").click()
    support.get_by_role("button", name="Remove line 5").click()
    expect(support.get_by_role("button", name="Remove line 5")).to_have_count(0)
    support.get_by_label("Unit price of line 3, in").fill("12,000")
    support.keyboard.press("Tab")
    expect(support.locator("#draft-state")).to_contain_text("127,200")
    support.get_by_role("button", name="Review and create").click()
    total = support.get_by_role("table", name=re.compile("and of its replacement$")).get_by_role("row", name="Total")
    expect(total.last).to_contain_text(re.compile("130,900.*127,200", re.S))
    support.get_by_role("button", name=re.compile("^Replace NW-.* with 4 lines for 127,200 JPY")).click()
    expect(support.get_by_text("Steps", exact=True)).to_be_visible()
    expect(support.locator(".notice.good")).to_contain_text("Done")
    replaced, yen = yen, books.rows("order_created")[-1]["order_id"]
    assert (books.order(replaced)["status"], books.order(yen)["total"]) == ("canceled", 127200)

    pay(support, yen, "27,200", "0002")
    expect(support.get_by_role("alert")).to_contain_text("Not charged: the bank declined it.")
    assert books.amounts("payment", yen) == []
    pay(support, yen, "27,200", "1111")
    expect(support.get_by_text("Done: 27,200 JPY from Visa ••1111.")).to_be_visible()
    pay(support, yen, "100,000", "1111")
    expect(support.get_by_text("Done: 100,000 JPY from Visa ••1111.")).to_be_visible()
    assert books.amounts("payment", yen) == [27200, 100000]
    assert (books.order(yen)["status"], books.order(yen)["amount_due"]) == ("paid", 0)

    operations = open_page(f"/northwind/test/orders/{yen}/fulfill/", "operations")
    for name in ("Stove", "Map"):
        operations.get_by_role("checkbox", name=name).uncheck()
    operations.get_by_label("No e-mail").check()
    operations.get_by_role("button", name="Fulfill 2 lines, no e-mail").click()
    expect(operations.locator(".notice.good")).to_contain_text("Done")
    assert [len(row["line_item_ids"]) for row in books.rows("fulfillment", yen)] == [2]
    operations.goto(operations.url.split("/northwind")[0] + f"/northwind/test/orders/{yen}/fulfill/")
    operations.get_by_label(f"E-mail {email}").check()
    operations.get_by_role("button", name=f"Fulfill 2 lines and e-mail {email}").click()
    expect(operations.locator(".notice.good")).to_contain_text("Done")
    assert [row["notified"] for row in books.rows("fulfillment", yen)] == [False, True]
    assert books.order(yen)["status"] == "fulfilled"

    finance = open_page(f"/northwind/test/orders/{yen}/refund/", "finance")
    finance.get_by_label(re.compile(r"^\s*Refund to Visa")).last.fill("7,200")
    finance.get_by_label("Requested by customer").check()
    finance.get_by_role("button", name=re.compile("Refund 7,200 JPY to Visa ••1111")).click()
    expect(finance.locator(".notice.good")).to_contain_text("7,200 JPY")
    assert books.amounts("refund", yen) == [7200]
    assert books.order(yen)["amount_refunded"] == 7200

    support.goto(support.url.split("/northwind")[0] + f"/northwind/test/orders/{dinars}/cancel/")
    support.get_by_label("Requested by customer").check()
    support.get_by_role("button", name=re.compile("^Cancel NW-")).click()
    expect(support.locator(".notice.good")).to_contain_text("Done")
    assert len(books.rows("cancel", dinars)) == 1
    assert books.order(dinars)["status"] == "canceled"

    auditor = open_page("/northwind/test/journal/", "finance")
    expect(auditor.locator("tbody tr").first).to_be_visible()
    assert len(books.rows("order_created")) == 3
