"""People and workers at one order at the same moment, as real processes: undo against the worker, part against part."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from chaos.browser import Browser, Page, form_with, forms
from chaos.dashboard import Dashboard
from chaos.shop import Place, Shop
from tests.support.emulation import Emulator

pytestmark = pytest.mark.database

PLACE = Place("northwind", "live")
UNDO_SECONDS = 2
TIMES = 20
ENDS_SECONDS = 30.0
UNITS = 5
ROPES = [{"description": "Rope", "unit_price": 1000, "quantity": UNITS}]


class House:
    def __init__(self, emulator: Emulator, board: Dashboard) -> None:
        self.emulator, self.board = emulator, board
        self.shop = Shop(emulator, PLACE)
        self.browser = self.person()

    def person(self) -> Browser:
        """Each has messages of their own."""
        return Browser(self.board.address).sign_in("operations@northwind.example")

    def order(self, **body: Any) -> dict[str, Any]:
        paid: dict[str, Any] = self.shop.paid_order(line_items=ROPES, **body)
        return paid

    def form(self, order: dict[str, Any], units: int, browser: Browser | None = None) -> list[tuple[str, str]]:
        """The form with so many units of its only line, ready to be pressed."""
        form = form_with((browser or self.browser).get(self.path(order)).text, "form_token")
        assert form is not None
        line = order["line_items"][0]["id"]
        told = int(units == UNITS)
        typed = {f"p1-units-{line}": str(units), "p1-notify": "no", "do": "", "fulfilling": f"1:{units}:1:{told}"}
        return form.filled(**typed)

    def path(self, order: dict[str, Any]) -> str:
        return PLACE.path(f"orders/{order['id']}/fulfill/")

    def press(self, order: dict[str, Any], sent: list[tuple[str, str]]) -> Page:
        return self.browser.post(self.path(order), sent)

    def undo(self, order: dict[str, Any], browser: Browser, at: float = 0.0) -> str:
        """What the order's page says after it was pressed, at this moment of the monotonic clock."""
        place = PLACE.path(f"orders/{order['id']}/")
        form = next(form for form in forms(browser.get(place).text) if form.action.endswith("/undo/"))
        time.sleep(max(0.0, at - time.monotonic()))
        assert browser.post(form.action, form.filled()).status == 303
        return browser.get(place).text

    def told(self, order: dict[str, Any]) -> int:
        """How often RevKeen fulfilled something of it."""
        effects = (row for row in self.emulator.ledger() if row["effect"] == "fulfillment")
        return sum(row["order_id"] == order["id"] for row in effects)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("undo")
    server = os.environ.get("TEST_DATABASE_URL", "")
    options: dict[str, Any] = {"server": server, "undo_seconds": UNDO_SECONDS, "seconds": 3.0}
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, **options) as board:
        yield House(emulator, board)


def test_undo_against_the_worker_is_no_call_or_too_late_and_never_both(house: House) -> None:
    orders = [house.order() for _ in range(TIMES)]
    people = [house.person() for _ in range(5)]

    def race(nth: int) -> tuple[bool, bool]:
        """Press undo a little before, at, or after the moment when the hold ends: (undone, too late)."""
        browser = people.pop()
        sent = house.form(orders[nth], UNITS, browser)
        began = time.monotonic()
        assert browser.post(house.path(orders[nth]), sent).status == 303
        page = house.undo(orders[nth], browser, began + UNDO_SECONDS + (nth - TIMES / 2) * 0.03)
        people.append(browser)
        return "Undone. No system was notified." in page, "Too late: it was already sent." in page

    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(race, range(TIMES)))
    assert all(undone != late for undone, late in said), said
    until = time.monotonic() + ENDS_SECONDS
    while time.monotonic() < until and sum(map(house.told, orders)) < sum(late for _, late in said):
        time.sleep(0.2)
    time.sleep(1)
    assert [house.told(order) for order in orders] == [int(late) for _, late in said]
    assert any(undone for undone, _ in said), "the times are set so that some are early enough"
    assert any(late for _, late in said), "and some are not"


def test_undone_no_system_has_heard_of_it(house: House) -> None:
    order = house.order()
    sent = house.form(order, 5)
    house.emulator.forget_calls()
    assert house.press(order, sent).status == 303
    assert "Undone. No system was notified." in house.undo(order, house.browser)
    time.sleep(UNDO_SECONDS + 2)
    changes = [call for call in house.emulator.calls() if call["method"] != "GET"]
    assert [call for call in changes if order["id"] in json.dumps(call)] == []
    assert house.told(order) == 0


def test_two_who_ship_parts_at_once_never_ship_more_than_was_ordered(house: House) -> None:
    for _ in range(5):
        order = house.order(notes=str(uuid.uuid4()))
        sendings = [house.form(order, 3) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            pages = list(pool.map(partial(house.press, order), sendings))
        assert sorted(page.status for page in pages) == [303, 422, 422, 422], [page.text[-500:] for page in pages]
        left = form_with(house.browser.get(house.path(order)).text, "form_token")
        assert left is not None
        line = order["line_items"][0]["id"]
        assert dict(left.fields)[f"p1-units-{line}"] == "2"
