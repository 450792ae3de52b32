"""Parcels to three systems while the workers are killed and all three APIs fail: each heard of each parcel once."""

import json
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from chaos import books, faults
from chaos.books import Books, Row
from chaos.browser import Browser
from chaos.dashboard import Dashboard
from chaos.shop import PLACES, Place, Shop
from tests.support.emulation import Emulator

PARCELS = 3  # of an order, a line in each
KILL_EVERY = (0.2, 2.0)  # seconds: a worker takes more than one to start
RECONCILE_SECONDS = 300.0
PERSON = "both@example.com"
# So that a run ends while somebody watches: what is minutes in production.
QUICK = {
    "PARTNER_UPDATE_LEASE": "12",
    "DIGITAL_RIVER_DOUBT_SECONDS": "6",
    "PARTNER_UPDATE_FIRST_WAIT": "1",
    "PARTNER_UPDATE_LONGEST_WAIT": "8",
}

CONNECT = """
import json
from orders.models import Connection
print("ready"); input()
Connection.objects.exclude(provider="revkeen").update(active=True)
print(json.dumps(Connection.objects.filter(active=True).count()))
"""

# A press that came to nothing is pressed again, as a person does.
SHIP = """
import json, sys, uuid
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from orders.apis.errors import ApiError
from orders.models import Merchant, Operation, User
from orders.services.fulfillment import fulfillable, fulfill
from orders.services.revkeen import session
from orders.services.fulfillment.shipments import Parcel, ParcelItem
from orders.services.changes.form_tokens import FormToken

def press(slug, mode, order_id, number):
    merchant, user = Merchant.objects.get(slug=slug), User.objects.get(email="both@example.com")
    with session.session(merchant, mode) as api:
        shown = fulfillable.snapshot_of(fulfillable.fulfillable(api, uuid.UUID(order_id)))
        form_token = FormToken(uuid.uuid4(), merchant, mode, "fulfill", uuid.UUID(order_id), shown)
        tracking = ((number, "https://www.ups.com/track?tracknum=" + number),)
        lines = shown.lines.items()
        parcels = [Parcel((ParcelItem(id, line.left),), carrier="ups", tracking=tracking) for id, line in lines]
        return fulfill.fulfill(api, user, form_token, parcels)

def ship(wanted):
    for _ in range(40):
        try:
            operation = press(*wanted)
        except ApiError:
            continue
        finally:
            connections.close_all()
        if operation.state != Operation.State.NOT_SENT:
            return 1
    return 0

orders = json.load(open(sys.argv[1]))
print("ready"); input()
with ThreadPoolExecutor(4) as pool:
    print(json.dumps(sum(pool.map(ship, orders))))
"""

PARTNER_UPDATES = """
import json
from orders.models import PartnerUpdate
print("ready"); input()
names = ("id", "state", "destination", "attempts", "code", "message", "order_id", "mode", "merchant__slug",
         "shipment_id", "shipment__reference", "shipment__state", "partner_order_id")
sent_off = PartnerUpdate.objects.exclude(shipment__state="refused")  # those were pressed again
rows = list(sent_off.order_by("id").values(*names))
for row in rows:
    items = PartnerUpdate.objects.get(pk=row["id"]).shipment.items
    row["units"] = {item.digital_river_item_id: item.quantity for item in items.all()}
print(json.dumps(rows, default=str))
"""


@dataclass
class Run:
    partner_updates: list[Row]
    operations: int
    books: Books
    killed: int
    repeated: int  # partner updates that took more than one call
    failed_calls: int
    seconds: float


def run(folder: Path, shipments: int, kills: int, *, server: str = "", seed: int = 1) -> Run:
    """`server` is a PostgreSQL server's address, "" means SQLite."""
    rng = random.Random(seed)
    with Emulator("--orders", "60") as emulator, Dashboard(folder, emulator, server=server, environment=QUICK) as board:
        assert board.site.run(CONNECT) == 3 * len(PLACES)
        shipped = folder / "orders.json"
        shipped.write_text(json.dumps([_sold(emulator, number) for number in range(shipments // PARCELS)]))
        faults.begin(emulator, seed)
        faults.begin_at_partners(emulator, seed)
        started = time.monotonic()
        killer = threading.Thread(target=_kill, args=(board, rng, kills))
        killer.start()
        pressed = board.site.run(SHIP, str(shipped), timeout=600)
        killer.join()
        assert pressed == shipments // PARCELS
        board.reconciled(RECONCILE_SECONDS)
        partner_updates = _delivered(board)
        emulator.clear_faults()
        found = _compare(board, emulator, partner_updates)
        calls = emulator.calls()
        return Run(
            partner_updates,
            shipments,
            found,
            board.killed["reconciler"],
            sum(row["attempts"] > 1 for row in partner_updates),
            sum(1 for call in calls if call["fault"]),
            time.monotonic() - started,
        )


def _sold(emulator: Emulator, number: int) -> list[str]:
    """A paid order that both partners know: merchant, mode, id, and the tracking number to use."""
    place = PLACES[number % len(PLACES)]
    lines = [
        {"description": f"Parcel {line}", "unit_price": 700, "quantity": line + 1, "metadata": _item(number, line)}
        for line in range(PARCELS)
    ]
    order = Shop(emulator, place).paid_order(line_items=lines, metadata={"dr_order_id": f"dro_{number}"})
    emulator.tell_partners(order["id"])
    return [place.merchant, place.mode, order["id"], f"T{number:06d}"]


def _item(number: int, line: int) -> dict[str, str]:
    return {"dr_item_id": f"dri_{number}_{line}"}


def _kill(board: Dashboard, rng: random.Random, kills: int) -> None:
    for _ in range(kills):
        time.sleep(rng.uniform(*KILL_EVERY))
        board.kill_reconciler(rng)


def _delivered(board: Dashboard) -> list[Row]:
    """The outbox once nothing is open that a machine goes on with, or when the time for that is over."""
    until = time.monotonic() + RECONCILE_SECONDS
    while time.monotonic() < until and board.site.rows(ANY_OPEN):
        time.sleep(0.2)
    rows: list[Row] = board.site.run(PARTNER_UPDATES)
    return rows


OPEN = ("for_revkeen", "waiting", "sending", "in_doubt")
ANY_OPEN = f"""
SELECT 1 FROM orders_partnerupdate AS part JOIN orders_shipment AS whole ON whole.id = part.shipment_id
WHERE part.state IN {OPEN} AND whole.state <> 'refused' LIMIT 1
"""


def _compare(board: Dashboard, emulator: Emulator, partner_updates: list[Row]) -> Books:
    ledger = emulator.ledger()
    found = books.compare(books.read_journal(board.site), [row for row in ledger if row["provider"] == "revkeen"])
    told = [row for row in ledger if row["provider"] != "revkeen" and row["effect"] == "fulfillment"]
    by_reference: dict[tuple[str, str], list[Row]] = {}
    for row in told:
        by_reference.setdefault((row["provider"], _reference(row)), []).append(row)
    for partner_update in partner_updates:
        key = (partner_update["destination"], partner_update["shipment__reference"])
        _compare_one(found, partner_update, by_reference.pop(key, []))
    found.lost += [f"{provider} has {reference}, which is no shipment" for provider, reference in by_reference]
    _compare_captures(found, partner_updates, ledger)
    _compare_order(found, partner_updates, told)
    found.hidden += _missing_from_the_page(board, partner_updates)
    found.states = Counter(row["state"] for row in partner_updates)
    return found


def _reference(row: Row) -> str:
    if row["provider"] == "digital_river":
        return str(row["metadata"].get("shipmentRef"))
    return str(row["fulfillment_id"])


def _compare_one(found: Books, partner_update: Row, entries: list[Row]) -> None:
    name = "{destination} {id} ({state} {code} {message})".format(**partner_update)
    if len(entries) > 1:
        found.doubled.append(f"{name}: {len(entries)} fulfillments")
    if partner_update["state"] == "sent" and not entries:
        found.lost.append(f"{name}: the ledger has nothing")
    if partner_update["state"] in ("stopped", "undone", "blocked") and entries:
        found.wrong.append(f"{name}: the ledger has {entries[0]}")
    if partner_update["state"] in OPEN:
        found.stuck.append(f"{name}: {partner_update['attempts']} attempts")


def _compare_captures(found: Books, partner_updates: list[Row], ledger: list[Row]) -> None:
    """Units captured at Digital River are the units of the parcels that were sent there, of every line."""
    captured: Counter[str] = Counter()
    for row in ledger:
        if row["effect"] == "capture":
            captured[row["item_id"]] += row["quantity"]
    shipped: Counter[str] = Counter()
    for row in partner_updates:
        if row["destination"] == "digital_river" and row["state"] == "sent":
            shipped.update(row["units"])
    uncertain = {
        item
        for row in partner_updates
        if row["destination"] == "digital_river" and row["state"] != "sent"
        for item in row["units"]
    }
    for item in (captured.keys() | shipped.keys()) - uncertain:
        if captured[item] != shipped[item]:
            found.wrong.append(f"{item}: {shipped[item]} units shipped, {captured[item]} captured")


def _compare_order(found: Books, partner_updates: list[Row], told: list[Row]) -> None:
    """An order's parcels came in their order, but for those a person has to look at."""
    place = {row["shipment__reference"]: row["id"] for row in partner_updates if row["state"] == "sent"}
    came: dict[tuple[str, str], list[int]] = {}
    for row in told:
        if _reference(row) in place:
            came.setdefault((row["provider"], row["order_id"]), []).append(place[_reference(row)])
    found.wrong += [f"{key}: parcels came as {ids}" for key, ids in came.items() if ids != sorted(ids)]


def _missing_from_the_page(board: Dashboard, partner_updates: list[Row]) -> list[str]:
    """Partner updates that need somebody and that the page of those does not show."""
    browser = Browser(board.address).sign_in(PERSON)
    shown = "".join(_page(browser, place) for place in PLACES)
    waiting = [row for row in partner_updates if row["state"] in ("failed", "blocked")]
    return [
        f"{row['destination']} of shipment {row['shipment_id']} is not on the page"
        for row in waiting
        if f"/shipments/{row['shipment_id']}/" not in shown
    ]


def _page(browser: Browser, place: Place) -> str:
    path, text = place.path("partner-updates/"), ""
    while path:
        page = browser.patient.get(path).text
        text += page
        older: Any = re.search(r'href="([^"]+)" rel="next"', page)
        path = place.path("partner-updates/") + unescape(older[1]) if older else ""
    return text
