"""The outbox and the list of shipments: partner updates drained per minute, the worker's memory, a page over many
rows.
"""

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.emulation import Emulator
from tests.support.processes import ROOT, Site, postgres_server

API_MS = 50
DIGITAL_RIVER, ORDER_PROTECTION = "digital_river", "order_protection"
STORES = [(merchant, mode) for merchant in ("northwind", "kestrel") for mode in ("live", "test")]
DRAINED = 480  # orders of a drain, each a parcel for two partners
PARCELS = 50  # of an order, where memory is watched
WATCHED = 10_000  # partner updates over which the worker's memory has to stay
ROWS = 100_000
GIVE_UP_SECONDS = 900

BEGIN = """
import json, sys, uuid
from orders.models import Connection, PartnerUpdate, Fulfillment, Merchant, Shipment, ShipmentItem, TrackingNumber, User
print("ready"); input()
user = User.objects.get(email="both@example.com")
merchants = {merchant.slug: merchant for merchant in Merchant.objects.all()}
def ship(slug, mode, order_id, number, line_id, item_id, ordered):
    place = {"merchant": merchants[slug], "mode": mode, "order_id": order_id}
    fulfillment = Fulfillment(id=uuid.uuid4(), user=user, who=user.email, fingerprint="-", order_number="B", **place)
    about = {"number": 1 + number % 30000, "state": "left", "notified": False, "carrier": "ups", "order_number": "B"}
    shipment = Shipment(fulfillment=fulfillment, **about, **place)
    item = ShipmentItem(shipment=shipment, line_item_id=line_id, quantity=1, ordered=ordered, description="Tea",
                        digital_river_item_id=item_id, order_protection_item_id=line_id)
    tracking = TrackingNumber(shipment=shipment, position=0, number=f"T {number}", normalized=f"T{number}")
    return fulfillment, shipment, item, tracking
def keep(rows):
    for model, made in zip((Fulfillment, Shipment, ShipmentItem, TrackingNumber), zip(*rows)):
        model.objects.bulk_create(made, batch_size=500)
"""

SHIP = (
    BEGIN
    + """
Connection.objects.exclude(provider="revkeen").update(active=True)
orders, parcels, destinations = json.load(open(sys.argv[1]))
for slug, mode, order_id, line_id, number in orders:
    rows = [ship(slug, mode, order_id, parcel + 1, line_id, f"dri_{number}", parcels) for parcel in range(parcels)]
    keep(rows)
    PartnerUpdate.objects.bulk_create(
        PartnerUpdate(shipment=shipment, destination=destination, merchant=merchants[slug], mode=mode,
                      order_id=order_id,
                      partner_order_id=f"dro_{number}" if destination == "digital_river" else order_id)
        for _, shipment, _, _ in rows for destination in destinations
    )
print(json.dumps(PartnerUpdate.objects.count()))
"""
)

COUNT = """
import json
from django.db.models import Count
from orders.models import PartnerUpdate
print("ready"); input()
print(json.dumps(dict(PartnerUpdate.objects.values_list("state").annotate(Count("id")))))
"""

FILL = (
    BEGIN
    + """
rows = int(sys.argv[1])
for start in range(0, rows, 5000):
    numbers = range(start, min(rows, start + 5000))
    made = [ship("northwind", "live", uuid.uuid4(), number, uuid.uuid4(), f"i{number}", 1) for number in numbers]
    keep(made)
    PartnerUpdate.objects.bulk_create(
        PartnerUpdate(shipment=shipment, destination=destination, merchant=merchants["northwind"], mode="live",
                      order_id=shipment.order_id, state="sent", sent_version=1)
        for _, shipment, _, _ in made for destination in ("digital_river", "order_protection")
    )
from django.db import connection
connection.cursor().execute("ANALYZE")  # what the server does by itself soon after so many rows
print(json.dumps(Shipment.objects.count()))
"""
)

PAGE = """
import json, statistics, sys, time
from django.test import Client
from orders.models import User
print("ready"); input()
client = Client(HTTP_HOST="localhost")
person = User.objects.get(email="both@example.com")
client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
taken = []
for _ in range(12):
    began = time.perf_counter()
    answer = client.get("/northwind/live/shipments/" + sys.argv[1])
    taken.append(time.perf_counter() - began)
    assert answer.status_code == 200, answer.content[:2000]
print(json.dumps(statistics.median(taken[2:])))
"""

# What is asked of the list: as it opens, by a number, and by what failed, which is nothing here.
QUESTIONS = {"as it opens": "", "by a tracking number": "?tracking=t-77", "by a state": "?state=left"}


def partner_updates(folder: Path) -> Iterator[tuple[str, float, float, bool]]:
    """(what, figure, bound, whether at least so much)."""
    with Emulator("--orders", "60") as emulator:
        one, two = (drained(folder, emulator, workers, [DIGITAL_RIVER]) for workers in (1, 2))
        print(f"drained per minute: to Digital River {one:.0f} by one worker, {two:.0f} by two")
        yield "Partner updates to Digital River drained by two workers over those by one", two / one, 0.9, True
        one, two = (drained(folder, emulator, workers, [DIGITAL_RIVER, ORDER_PROTECTION]) for workers in (1, 2))
        print(f"to both partners {one:.0f} by one worker, {two:.0f} by two")
        first, last = memory(folder, emulator)
        print(f"worker after {WATCHED // 10:,} partner updates {first:.1f} MiB, after {WATCHED:,} {last:.1f} MiB")
        yield f"Worker’s memory after {WATCHED:,} partner updates over that after a tenth", last / first, 1.1, False
        yield from _of_the_list("SQLite", pages(folder, emulator, ""))
        if postgres_server():
            yield from _of_the_list("PostgreSQL", pages(folder, emulator, postgres_server()))
        else:
            print("PostgreSQL: not measured, there is no server")


def _of_the_list(engine: str, found: dict[str, tuple[float, float]]) -> Iterator[tuple[str, float, float, bool]]:
    for question, (few, many) in found.items():
        print(f"{engine}, {question}: {few * 1000:.1f} ms over 100 shipments, {many * 1000:.1f} ms over {ROWS:,}")
        yield f"Fulfillments {question}, {engine}, {ROWS:,} shipments over 100", many / few, 2.0, False


def drained(folder: Path, emulator: Emulator, workers: int, destinations: list[str]) -> float:
    """Partner updates per minute, of four stores, each call taking 50 ms. OrderProtection takes four a second and
    store.
    """
    with site(folder, emulator) as ours:
        ship(folder, ours, emulator, DRAINED, 1, destinations)
        emulator.settings(latency=str(API_MS))
        taken = _work(ours, workers, lambda states, seconds: None)
        emulator.settings(latency="0")
        return len(destinations) * DRAINED / taken * 60


def memory(folder: Path, emulator: Emulator) -> tuple[float, float]:
    """MiB that the worker holds after a tenth of the partner updates, and after all of them."""
    held: dict[int, float] = {}

    def note(states: dict[str, int], mib: float) -> None:
        sent = states.get("sent", 0)
        if sent >= WATCHED // 10:
            held.setdefault(0, mib)
        held[1] = mib

    with site(folder, emulator) as ours:
        ship(folder, ours, emulator, WATCHED // PARCELS, PARCELS, [DIGITAL_RIVER])
        _work(ours, 1, note)
    return held[0], held[1]


def pages(folder: Path, emulator: Emulator, server: str) -> dict[str, tuple[float, float]]:
    """Seconds of the server for each question, with a hundred shipments and with all rows."""
    with site(folder, emulator, server) as ours:
        found = []
        for rows in (100, ROWS - 100):
            ours.run(FILL, str(rows), timeout=600)
            found.append([ours.run(PAGE, query) for query in QUESTIONS.values()])
        return dict(zip(QUESTIONS, zip(*found, strict=True), strict=True))


@contextmanager
def site(folder: Path, emulator: Emulator, server: str = "") -> Iterator[Site]:
    own = Path(tempfile.mkdtemp(dir=folder))
    address = emulator.address
    ours = Site(
        own,
        server,
        SECRET_KEY="only-for-bench-" + "x" * 40,
        FIELD_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        ALLOWED_HOSTS="localhost",
        REVKEEN_LIVE_URL=f"{address}/revkeen/v2",
        REVKEEN_TEST_URL=f"{address}/revkeen/v2",
        DIGITAL_RIVER_URL=f"{address}/digital-river",
        ORDER_PROTECTION_URL=f"{address}/order-protection",
        LOG_LEVEL="ERROR",
    )
    ours.manage("seed_demo")
    try:
        yield ours
    finally:
        ours.drop()


def ship(folder: Path, ours: Site, emulator: Emulator, orders: int, parcels: int, destinations: list[str]) -> None:
    """Write down parcels of orders that both partners know, one unit in each."""
    orders_sold = [[*STORES[number % len(STORES)], *sold(emulator, number, parcels)] for number in range(orders)]
    file = folder / f"{uuid.uuid4()}.json"
    file.write_text(json.dumps([orders_sold, parcels, destinations]))
    ours.run(SHIP, str(file), timeout=600)


def sold(emulator: Emulator, number: int, units: int) -> list[Any]:
    """Its id, its line's id, and what makes its ids at Digital River."""
    merchant, mode = STORES[number % len(STORES)]
    key = f"rk_{'live' if mode == 'live' else 'sandbox'}_{merchant}_demo"
    name = f"{number}_{uuid.uuid4().hex[:8]}"
    line = {"description": "Tea", "unit_price": 500, "quantity": units, "metadata": {"dr_item_id": f"dri_{name}"}}
    order = emulator.make_order(key, line_items=[line], metadata={"dr_order_id": f"dro_{name}"})
    emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_approve_{name}"}, key)
    emulator.tell_partners(order["id"])
    return [order["id"], order["line_items"][0]["id"], name]


def _work(ours: Site, workers: int, note: Any) -> float:
    """Seconds until the workers have sent everything. `note(states, mib)` is told now and then of the first one."""
    command = [sys.executable, "manage.py", "worker"]
    running = [subprocess.Popen(command, cwd=ROOT, env=ours.environment) for _ in range(workers)]
    began = time.monotonic()
    try:
        while True:
            states = ours.run(COUNT)
            note(states, _mib(running[0].pid))
            if set(states) == {"sent"}:
                return time.monotonic() - began
            if time.monotonic() - began > GIVE_UP_SECONDS or {"failed", "blocked"} & set(states):
                raise SystemExit(f"The partner updates came to {states}")
            time.sleep(1)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _mib(pid: int) -> float:
    pages_held = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages_held * 4096 / 2**20
