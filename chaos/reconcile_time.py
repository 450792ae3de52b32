"""How long people wait to know after an outage: from the API's recovery until each operation in doubt is reconciled."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos import books
from chaos.books import Books
from chaos.browser import Browser
from chaos.changes import ON_ORDERS
from chaos.dashboard import Dashboard
from chaos.shop import PLACES, Open, Shop
from tests.support.emulation import Emulator

UNKNOWNS = 100
OUTAGE_SECONDS = 90.0
GIVE_UP_SECONDS = 180.0
BOUND = 60.0  # seconds, for the 99th percentile
PERSON = "both@example.com"

OUTAGES: dict[str, dict[str, Any]] = {
    "silence": {"kind": "hang"},
    "connections that break": {"kind": "disconnect", "how": "reset"},
}


@dataclass
class Waits:
    """Seconds from the recovery, sorted; `books` are compared once all is reconciled or the time is over."""

    seconds: list[float]
    books: Books

    def percentile(self, share: float) -> float:
        return self.seconds[math.ceil(share * len(self.seconds)) - 1]

    @property
    def good(self) -> bool:
        return len(self.seconds) == UNKNOWNS and self.percentile(0.99) < BOUND and not self.books.violations


def measure(folder: Path, outage: dict[str, Any], server: str = "") -> Waits:
    """With the deadlines of production; the work was done for half of the clicks, and not for the other half."""
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, server=server, seconds=None) as board:
        _click_and_lose_the_answers(emulator, board)
        emulator.clear_faults()
        emulator.fault(**outage, path="", times=None, probability=1.0)
        time.sleep(OUTAGE_SECONDS)
        recovered = datetime.now(UTC)
        emulator.clear_faults()
        journal = board.reconciled(GIVE_UP_SECONDS)
        reconciled = [row["ended_at"] for row in journal if row["ended_at"]]
        waits = sorted((_moment(text) - recovered).total_seconds() for text in reconciled)
        return Waits([seconds for seconds in waits if seconds > 0], books.compare(journal, emulator.ledger()))


def _click_and_lose_the_answers(emulator: Emulator, board: Dashboard) -> None:
    browser = Browser(board.address).sign_in(PERSON)
    forms = [_ready(emulator, browser, number) for number in range(UNKNOWNS)]
    emulator.fault(
        "disconnect", "/events", method="GET", times=None, probability=1.0
    )  # no look may end before the outage
    for method in ("POST", "PATCH"):
        emulator.fault("disconnect", "", method=method, after_work=True, times=None, probability=0.5, seed=1)
        emulator.fault("disconnect", "", method=method, times=None, probability=1.0)
    with ThreadPoolExecutor(4) as pool:
        for page in pool.map(lambda form: browser.post(form.path, form.sent), forms):
            assert page.status == 303, page


def _ready(emulator: Emulator, browser: Browser, number: int) -> Open:
    action, shop = ON_ORDERS[number % len(ON_ORDERS)], Shop(emulator, PLACES[number % len(PLACES)])
    form = action.open(shop, browser, action.prepare(shop, browser))
    assert form is not None
    return form


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
