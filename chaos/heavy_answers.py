"""Answers that are meant to fill the memory: a bomb, 100 MB, lists in lists, a header of 1 MB. For each change."""

from dataclasses import dataclass
from pathlib import Path

from chaos import books
from chaos.books import Books
from chaos.browser import Browser
from chaos.changes import CHANGES
from chaos.dashboard import Dashboard
from chaos.shop import PLACES, Open, Shop
from tests.support.actions import Action
from tests.support.emulation import Emulator

KINDS = ("gzip_bomb", "huge_body", "deep_json", "huge_header")
BOUND = 16.0  # MiB above what the process holds before
PERSON = "both@example.com"


@dataclass
class Growth:
    change: str
    kind: str
    mib: float
    status: int  # of the page that people get


def measure(folder: Path) -> tuple[list[Growth], Books]:
    """One process, so that it is known whose memory it is. The work was not done, and the worker finds that out."""
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, workers=1, seconds=5.0) as board:
        browser = Browser(board.address).sign_in(PERSON)
        shop = Shop(emulator, PLACES[0])
        for change in CHANGES:
            browser.post(*_ready(shop, browser, change))  # once without, so that everything is loaded
        grown = [_one(emulator, board, shop, browser, change, kind) for change in CHANGES for kind in KINDS]
        emulator.clear_faults()
        return grown, books.compare(board.reconciled(60), emulator.ledger())


def _one(emulator: Emulator, board: Dashboard, shop: Shop, browser: Browser, change: Action, kind: str) -> Growth:
    form = _ready(shop, browser, change)
    method, path = change.call
    emulator.fault(kind, path, method=method)
    (worker,) = board.workers()
    before = _forget_peak(worker)
    page = browser.post(*form)
    return Growth(change.name, kind, (_memory(worker, "VmHWM") - before) / 1024, page.status)


def _ready(shop: Shop, browser: Browser, change: Action) -> tuple[str, list[tuple[str, str]]]:
    form: Open | None = change.open(shop, browser.patient, change.prepare(shop, browser.patient))
    assert form is not None, change
    return form.path, form.sent


def _forget_peak(pid: int) -> int:
    """The memory that the process holds now, in KiB; its peak counts from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _memory(pid, "VmRSS")


def _memory(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith(f"{name}:")).split()[1])
