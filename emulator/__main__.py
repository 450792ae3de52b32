"""`python -m emulator --port 8001 --state FILE`: see README.md."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable

from emulator.app import Api, App, World
from emulator.control import Control
from emulator.digital_river.api import DigitalRiver
from emulator.digital_river.control import ROUTES as DIGITAL_RIVER_CONTROL
from emulator.digital_river.kinds import SWITCHES as DIGITAL_RIVER_SWITCHES
from emulator.latency import Latency
from emulator.limits import OWN, read_rates
from emulator.order_protection.api import OrderProtection
from emulator.order_protection.kinds import SWITCHES as ORDER_PROTECTION_SWITCHES
from emulator.revkeen.api import RevKeen
from emulator.revkeen.control import ROUTES as REVKEEN_CONTROL
from emulator.revkeen.kinds import SWITCHES as REVKEEN_SWITCHES
from emulator.seeding import KINDS, Seeding, Snapshot, fill
from emulator.selling import ROUTES as SELLING
from emulator.server import listen
from emulator.settings import Settings
from emulator.state_file import open_state
from emulator.store import MEMORY, OtherState, Store

SWITCHES = {**REVKEEN_SWITCHES, **DIGITAL_RIVER_SWITCHES, **ORDER_PROTECTION_SWITCHES}


def main() -> None:
    options = _options()
    seeding = Seeding(options.orders, options.seed, time.time_ns() // 1_000_000)
    settings = Settings(SWITCHES, latency=options.latency, limits=options.limits)
    try:
        with open_state(options.state, KINDS, lambda new: fill(new, seeding)) as store:
            asyncio.run(_serve(make_app(store, settings, untouched=options.state == MEMORY), options.port))
    except (OtherState, OSError, sqlite3.DatabaseError) as error:
        raise SystemExit(f"emulator: {error}") from None
    except KeyboardInterrupt:  # while it was filling a new state
        raise SystemExit(130) from None


def make_app(store: Store, settings: Settings, *, untouched: bool) -> App:
    world = World(store, settings)
    revkeen = RevKeen(world)
    apis: list[Api] = [revkeen, DigitalRiver(world), OrderProtection(world)]
    control = Control({**REVKEEN_CONTROL, **DIGITAL_RIVER_CONTROL, **SELLING})
    return App(world, apis, control, Snapshot(store, untouched=untouched), revkeen.sender.run)


async def _serve(app: App, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        server = await listen(app.exchange, port)
    except OSError as error:
        raise SystemExit(f"emulator: cannot listen on port {port}: {error.strerror}") from None
    background = loop.create_task(app.background())
    print(f"Emulator ready at http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stopped.wait()
    server.close()
    background.cancel()
    await app.break_off()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("emulator", description="RevKeen and its partners, stood in for on loopback.")
    parser.add_argument("--port", type=_between(0, 65_535), default=8001, help="0 takes a free one")
    parser.add_argument(
        "--state", default=MEMORY, metavar="FILE", help="SQLite file, made and filled if it is not there"
    )
    parser.add_argument("--orders", type=_between(1, 1_000_000), default=800, help="for each merchant and mode")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--latency", type=_checked(Latency.read), default="0", metavar="MS", help="50 or p50=80,p99=900"
    )
    parser.add_argument(
        "--limits", type=_checked(read_rates), default=OWN, help="own, off or live=1000/2000,test=100/200"
    )
    return parser.parse_args()


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text} is not between {lowest} and {highest}")
        return int(text)

    return number


def _checked(read: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        read(text)
        return text

    return check


if __name__ == "__main__":
    main()
