"""Canceling and editing an order as people do: by keyboard, without a script, twice at once, with hostile text."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import problems
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator
from tests.support.variants import only_full

pytestmark = pytest.mark.browser

HOSTILE = "</textarea><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"


@pytest.fixture
def order(emulator: RunningEmulator) -> dict[str, Any]:
    """Its metadata has a value of every kind."""
    customer = emulator.get("/customers?limit=1")["data"][0]
    made = emulator.make_order(customer_id=customer["id"], currency="usd", notes="As it was.")
    emulator.patch("orders", made["id"], metadata={"channel": "web", "nested": {"list": [1, 2.5]}, "replaces": "x"})
    return made


def address(order: dict[str, Any], what: str = "") -> str:
    return f"/northwind/live/orders/{order['id']}/{what}"


def effects(emulator: RunningEmulator, order: dict[str, Any], effect: str) -> list[Any]:
    return [row for row in emulator.ledger() if row["order_id"] == order["id"] and row["effect"] == effect]


def now(emulator: RunningEmulator, order: dict[str, Any]) -> Any:
    return emulator.get(f"/orders/{order['id']}")


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {selector} by keyboard")


def test_canceling_by_keyboard_alone_from_the_order(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order), "support")
    tab_to(page, "main summary")
    page.keyboard.press("Enter")
    tab_to(page, "a[href$='/cancel/']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/cancel/$"))
    tab_to(page, "[name=reason]")
    page.keyboard.press("Space")
    tab_to(page, "[name=text]")
    page.keyboard.type("Changed her mind.")
    tab_to(page, ".btn-primary")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done: 60.00 USD no longer due, requested by customer.")).to_be_visible()
    reasons = [row["reason"] for row in effects(emulator, order, "cancel")]
    assert reasons == ["Requested by customer: Changed her mind."]
    page.get_by_role("link", name=f"Back to {order['public_id']}").click()
    expect(page.locator("section:has(#h-canceled)")).to_contain_text("Changed her mind.")


@pytest.mark.full
@pytest.mark.parametrize("script", [True, False])
def test_a_double_click_cancels_once(
    script: bool, open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    emulator.fault("delay", "/cancel$", seconds=0.4)
    page = open_page(address(order, "cancel/"), "support", java_script_enabled=script)
    page.get_by_label("Duplicate").check()
    page.get_by_role("button", name=f"Cancel {order['public_id']} for good").dblclick()
    expect(page.get_by_text("Done: 60.00 USD no longer due, duplicate.")).to_be_visible()
    assert len(effects(emulator, order, "cancel")) == 1


def test_going_back_edits_what_is_there_now_and_not_what_was(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order, "edit/"), "support", java_script_enabled=False)
    page.get_by_label("Notes on the order").fill("First.")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Done: notes.")).to_be_visible()
    page.go_back()
    page.get_by_label("Value of channel").fill("phone")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Done: metadata (channel).")).to_be_visible()
    assert now(emulator, order)["notes"] == "First."
    assert [row["fields"] for row in effects(emulator, order, "order_updated")] == [["notes"], ["metadata"]]


@pytest.mark.parametrize("script", [True, False])
def test_all_three_are_edited_with_and_without_a_script(
    script: bool, open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    other = emulator.get("/customers?limit=2")["data"][1]
    page = open_page(address(order), "support", java_script_enabled=script)
    page.get_by_role("link", name="Edit metadata").click()
    page.wait_for_url(re.compile("/edit/#metadata$"))
    page.get_by_label("Notes on the order").fill("Line one.\nLine two.")
    page.get_by_label("Name of new row 1").fill("gift")
    page.get_by_label("Value of new row 1").fill("yes")
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Name of new row 2").fill("weight")
    page.get_by_label("Type of new row 2").select_option("JSON")
    page.get_by_label("Value of new row 2").fill("2.5")
    page.get_by_label("Find another by name or e-mail").fill(other["email"])
    page.get_by_role("button", name="Search customers").click()
    page.get_by_role("radio", name=other["email"]).check()
    page.get_by_label("Remove channel").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Done: customer")).to_be_visible()
    found = now(emulator, order)
    assert (found["customer_id"], found["notes"]) == (other["id"], "Line one.\nLine two.")
    assert found["metadata"] == {"nested": {"list": [1, 2.5]}, "replaces": "x", "gift": "yes", "weight": 2.5}
    assert len(effects(emulator, order, "order_updated")) == 1


@pytest.mark.parametrize("script", [True, False])
def test_enter_in_the_search_finds_and_in_any_other_field_saves(
    script: bool, open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order, "edit/"), "support", java_script_enabled=script)
    page.get_by_label("Notes on the order").fill("Typed.")
    page.get_by_label("Find another by name or e-mail").fill("a")
    page.keyboard.press("Enter")
    expect(page.get_by_text("listed above").first).to_be_visible()
    expect(page.get_by_label("Notes on the order")).to_have_value("Typed.")
    assert effects(emulator, order, "order_updated") == []
    page.get_by_label("Name of new row 1").fill("gift")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done: notes, metadata (gift).")).to_be_visible()
    assert now(emulator, order)["notes"] == "Typed."


def test_editing_by_keyboard_alone(open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]) -> None:
    page = open_page(address(order, "edit/"), "support")
    tab_to(page, "[name=notes]")
    page.keyboard.press("Control+A")
    page.keyboard.type("By keyboard.")
    tab_to(page, "[name=remove-0]")
    page.keyboard.press("Space")
    tab_to(page, "[name=save]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done: notes, metadata (channel).")).to_be_visible()
    assert now(emulator, order)["notes"] == "By keyboard."
    assert "channel" not in now(emulator, order)["metadata"]


def test_a_search_keeps_the_focus_and_says_what_it_found(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order, "edit/"), "support")
    page.get_by_label("Find another by name or e-mail").fill("a")
    page.keyboard.press("Enter")
    expect(page.locator("#announcement")).to_contain_text("found for “a”")
    expect(page.get_by_label("Find another by name or e-mail")).to_be_focused()


def test_hostile_text_is_kept_and_runs_nowhere(
    open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order, "edit/"), "support")
    page.get_by_label("Notes on the order").fill(HOSTILE)
    page.get_by_label("Name of new row 1").fill(HOSTILE)
    page.get_by_label("Value of new row 1").fill(HOSTILE)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Done: notes, metadata")).to_be_visible()
    assert page.evaluate("window.pwned") is None
    for where in ("", "edit/", "cancel/"):
        page.goto(page.url.split("/northwind")[0] + address(order, where))
        assert page.evaluate("window.pwned") is None
    assert now(emulator, order)["notes"] == HOSTILE
    assert now(emulator, order)["metadata"][HOSTILE] == HOSTILE


@pytest.mark.parametrize("width", [390, only_full(1440)])
def test_the_faces_of_both_forms_fit_and_please_axe(
    width: int, open_page: OpenPage, emulator: RunningEmulator, order: dict[str, Any]
) -> None:
    page = open_page(address(order, "edit/"), "support", viewport={"width": width, "height": 800})
    found = {"fresh": problems(page)}
    page.get_by_label("Value of nested").fill("{")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("This is not JSON")).to_be_visible()
    found["invalid"] = problems(page)
    page.get_by_label("Value of nested").fill("{}")
    emulator.send(f"/orders/{order['id']}", {"notes": "Theirs. " * 100}, method="PATCH")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Changed by someone else in the meantime").first).to_be_visible()
    found["changed"] = problems(page)
    emulator.fault("disconnect", "/orders/", method="PATCH", after_work=True)
    emulator.fault("error", "/events$", times=100)  # so that nothing turns the page while it is looked at
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("In doubt: ")).to_be_visible()
    page.goto(page.url.split("/northwind")[0] + address(order, "cancel/"))
    expect(page.locator(".notice.wait")).to_be_visible()
    found["held"] = problems(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    emulator.clear_faults()
    expect(page.locator(".notice.wait")).to_have_count(0, timeout=60_000)
    assert ({name: faults for name, faults in found.items() if faults}, max(0, wide)) == ({}, 0)
