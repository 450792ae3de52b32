"""Two people at the station, others with the form and a job, and another client, at one order at the same moment."""

import json
import os
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulation import Emulator
from tests.support.processes import Site

pytestmark = pytest.mark.database

UNITS = 3
NAMES = ("api", "dora", "ana", "cleo", "ben")  # who is first, in turn
RACES = int(os.environ.get("STATION_RACES", "200"))
MAKE = """
import json, sys
from tests.conftest import make_merchant, make_person
from tests.support.indexed import index_everything
print("ready", flush=True); sys.stdin.readline()
merchant = make_merchant("Northwind", "northwind", "Europe/Berlin")
for name in ("ana", "ben", "cleo", "dora"):
    make_person(f"{name}@x.example", merchant, "operations")
index_everything(merchant)
print(json.dumps("made"))
"""
# In each round all begin together: whoever is there says so by a file.
ACT = """
import json, sys, time, urllib.error, uuid
from pathlib import Path
from orders.models import Packing, User
from tests.conftest import sign_in
from tests.support import many
from tests.support.emulation import RunningEmulator
from tests.support.fulfilling import opened, press
name, folder, address = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
orders = json.loads((folder / "orders.json").read_text())
PLACE = "/northwind/live/station/"

def scan(client, text, do="scan"):
    last = Packing.objects.filter(user__email=f"{name}@x.example").first()
    seen = last.heard[-1]["id"] if last and last.heard else ""
    client.post(PLACE, {"scan": text, "do": do, "id": str(uuid.uuid4()), "seen": seen})

def at_the_station(client, order):
    scan(client, order["id"])
    if not Packing.objects.filter(user__email=f"{name}@x.example", order_id=order["id"]).exists():
        scan(client, "", f"takeover:{order['id']}")
    for _ in range(order["units"]):
        scan(client, "TENT-1")
    for _ in range(3):
        scan(client, "", "go")
    scan(client, "", "back")

def with_the_form(client, order):
    sent = opened(client, order)
    press(client, order, {**sent, "p1-notify": "no", "fulfilling": f"1:{order['units']}:1:1"})

def by_a_job(client, order):
    job = many.paste(client, f"{order['public_id']},UPS,{many.ups(order['nth'])}")
    many.apply(client, job)
    many.run()

def by_the_api(client, order):
    if order["first"] == "dora":
        return  # one of ours it is
    lines = [line["id"] for line in order["line_items"]]
    try:
        RunningEmulator(address).send(f"/orders/{order['id']}/fulfill", {"line_item_ids": lines})
    except urllib.error.HTTPError:
        pass

doing = {"ana": at_the_station, "ben": at_the_station, "cleo": with_the_form, "dora": by_a_job, "api": by_the_api}[name]
client = sign_in(User.objects.get(email=f"{name}@x.example")) if name != "api" else None
print("ready", flush=True); sys.stdin.readline()
for nth, order in enumerate(orders):
    (folder / f"{nth}-{name}").touch()
    while len(list(folder.glob(f"{nth}-*"))) < 5:
        time.sleep(0.002)
    try:
        time.sleep(0 if name == order["first"] else order["wait"])  # else the fastest always won
        doing(client, order)
    except Exception as error:
        print(repr(error), file=sys.stderr)
print(json.dumps("done"))
"""


@pytest.mark.parametrize("rounds", [4, pytest.param(RACES, marks=pytest.mark.full)])
def test_units_shipped_never_exceed_units_ordered(site: Site, emulator: Emulator, tmp_path: Path, rounds: int) -> None:
    site.environment["REVKEEN_LIVE_URL"] = emulator.api
    orders = [
        {**paid_order(emulator), "nth": nth, "first": NAMES[nth % 5], "wait": nth // 5 % 4 * 0.5}
        for nth in range(rounds)
    ]
    site.run(MAKE)
    folder = tmp_path / "rounds"
    folder.mkdir()
    (folder / "orders.json").write_text(json.dumps(orders))
    given = [(name, str(folder), emulator.address) for name in NAMES]
    site.run_together(ACT, given, timeout=60 + 10 * rounds)
    assert [row for row in site.rows(SHIPPED) if row[1] > row[2]] == []
    told = [row for row in emulator.ledger() if row["effect"] == "fulfillment"]
    each = Counter(row["order_id"] for row in told)
    assert set(each.values()) == {1}
    # By one of the five; who it was is left to chance.
    assert each.keys() >= {order["id"] for order in orders}
    without_others = {order["id"] for order in orders if order["first"] == "dora"}
    assert all(row["idempotency_key"] for row in told if row["order_id"] in without_others)


# Of each line, and of other orders too: Enter, with nothing at hand, opens the next one of the queue.
SHIPPED = """
SELECT item.line_item_id, CAST(SUM(item.quantity) AS INTEGER), MAX(item.ordered) FROM orders_shipmentitem AS item
JOIN orders_shipment AS shipment ON shipment.id = item.shipment_id
WHERE shipment.state NOT IN ('refused', 'undone') GROUP BY item.line_item_id
"""


def paid_order(emulator: Emulator) -> dict[str, Any]:
    line = {"description": "Tent", "unit_price": 1000, "quantity": UNITS, "metadata": {"sku": "TENT-1"}}
    made = emulator.make_order(line_items=[line])
    token = {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    return {**emulator.send(f"/orders/{made['id']}/pay", token), "units": UNITS}
