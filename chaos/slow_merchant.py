"""A hundred people at a merchant whose API takes 5 s, and one who takes payments at another."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from chaos.browser import Browser
from chaos.dashboard import Dashboard
from chaos.shop import Place, Shop
from tests.support.actions import BY_LETTER
from tests.support.emulation import Emulator

API_MS, SLOW_MS = 50, 5000
CROWD = 100
SECONDS = 12.0
BOUND = 1.5  # times the quiet p50
PERSON = "both@example.com"
QUIET, SLOW = Place("northwind", "live"), Place("kestrel", "live")
PAY = BY_LETTER["P"]


@dataclass
class Beside:
    quiet: float  # p50 of opening the form and charging, in seconds
    beside: float
    charges: int
    refused: int  # pages of the one that were not got, or charges that were not sent

    @property
    def good(self) -> bool:
        return self.refused == 0 and self.charges > 0 and self.beside <= BOUND * self.quiet


def measure(folder: Path) -> Beside:
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, threads=32, seconds=None) as board:
        browser = Browser(board.address).sign_in(PERSON)
        quiet_shop, slow_shop = Shop(emulator, QUIET), Shop(emulator, SLOW)
        emulator.settings(latency=str(API_MS))
        quiet, refused_before = _charge_again_and_again(quiet_shop, browser)
        emulator.settings(latency=str(API_MS), latency_of={SLOW.key: str(SLOW_MS)})
        crowd = _crowd(board, browser, PAY.path(SLOW, slow_shop.order()["id"]))
        time.sleep(5)
        beside, refused = _charge_again_and_again(quiet_shop, browser)
        crowd.terminate()
        crowd.wait()
        times = (statistics.median(quiet), statistics.median(beside))
        return Beside(*times, len(quiet) + len(beside), refused_before + refused)


def _charge_again_and_again(shop: Shop, browser: Browser) -> tuple[list[float], int]:
    times, refused = [], 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        order = shop.order()["id"]
        started = time.monotonic()
        form = PAY.open(shop, browser, order)
        page = browser.post(form.path, form.sent) if form else None
        times.append(time.monotonic() - started)
        refused += page is None or page.status != 303
    return times, refused


def _crowd(board: Dashboard, browser: Browser, path: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "bench.crowd", board.address + path, str(CROWD), str(SECONDS + 30)]
    return subprocess.Popen(command, env=os.environ | {"CROWD_COOKIE": browser.cookies}, stdout=subprocess.DEVNULL)
