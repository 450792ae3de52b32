"""A disk that is full when the journal's row is to be written, and one that fills while RevKeen works. On SQLite.

RLIMIT_FSIZE stands in for the disk: the server may write no byte more to any file.
"""

import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos import books
from chaos.books import Books
from chaos.browser import Browser, Page
from chaos.changes import CHANGES
from chaos.dashboard import Dashboard
from chaos.shop import PLACES, Open, Shop
from tests.support.actions import Action
from tests.support.emulation import Emulator

PERSON = "both@example.com"
WORK_SECONDS = 0.8  # that RevKeen takes; the disk fills in the middle of it
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@dataclass
class Filled:
    change: str
    first: int  # status of the page when the row cannot be written
    calls: int  # changing calls that went out all the same
    second: int  # status of the page when the outcome cannot be written
    effects: int  # of that one, once it is reconciled

    @property
    def good(self) -> bool:
        return self.first == 503 and self.calls == 0 and self.effects == 1


def measure(folder: Path) -> tuple[list[Filled], Books]:
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, workers=1, seconds=5.0) as board:
        browser = Browser(board.address).sign_in(PERSON)
        shop = Shop(emulator, PLACES[0])
        firsts = [_first(emulator, board, shop, browser, change) for change in CHANGES]
        seconds = [_second(emulator, board, shop, browser, change) for change in CHANGES]
        journal = board.reconciled(60)
        ledger = emulator.ledger()
        filled = [
            Filled(change.name, first.status, calls, page.status, _effects(change, page, form, journal, ledger))
            for change, (first, calls), (page, form) in zip(CHANGES, firsts, seconds, strict=True)
        ]
        return filled, books.compare(journal, ledger)


def _first(emulator: Emulator, board: Dashboard, shop: Shop, browser: Browser, change: Action) -> tuple[Page, int]:
    form = _ready(shop, browser, change)
    emulator.forget_calls()
    with _full(board):
        page = browser.post(form.path, form.sent)
    return page, sum(1 for call in emulator.calls() if call["idempotency_key"])


def _second(emulator: Emulator, board: Dashboard, shop: Shop, browser: Browser, change: Action) -> tuple[Page, Open]:
    form = _ready(shop, browser, change)
    method, path = change.call
    emulator.fault("delay", path, method=method, seconds=WORK_SECONDS)
    pages: list[Page] = []
    press = threading.Thread(target=lambda: pages.append(browser.post(form.path, form.sent)))
    press.start()
    time.sleep(WORK_SECONDS / 2)
    with _full(board):
        press.join()
    return pages[0], form


def _effects(change: Action, page: Page, form: Open, journal: list[books.Row], ledger: list[books.Row]) -> int:
    """How often it happened: by the keys of what was begun with this form's order or draft."""
    subject = form.path.split("/")[4]
    keys = {row["id"] for row in journal if subject in (row["order_id"], row["draft_id"])}
    return len(change.effects(ledger, keys))


def _ready(shop: Shop, browser: Browser, change: Action) -> Open:
    form = change.open(shop, browser.patient, change.prepare(shop, browser.patient))
    assert form is not None, change
    return form


@contextmanager
def _full(board: Dashboard) -> Iterator[None]:
    (worker,) = board.workers()
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, UNLIMITED)
