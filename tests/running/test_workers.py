"""Workers: that one is alive and where it is said; several at once, told to stop, and killed."""

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.core.cache import caches
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from orders.models import WorkerSeen
from orders.services import heartbeat
from tests.conftest import SecureClient
from tests.support.at_work import COMMAND, MAKE, READY_IN, all_sent, seen, states, until, worker
from tests.support.at_work import house as house
from tests.support.emulation import Emulator
from tests.support.matrix import for_each_partner
from tests.support.partners import Partner
from tests.support.processes import ROOT, Site
from tests.support.shipping import DIGITAL_RIVER, ORDER_PROTECTION, captured, effects

pytestmark = pytest.mark.database

ORDERS = reverse("order_list", args=["northwind", "live"])


def said() -> str:
    answer = SecureClient().get("/readyz")
    assert answer.status_code == 200
    return str(answer.json()["worker"])


def last_beat(seconds: float) -> None:
    WorkerSeen.objects.update(seen_at=Now() - timedelta(seconds=seconds))


def test_a_worker_that_was_seen_within_a_minute_is_there(db: None) -> None:
    heartbeat.beat("one")
    last_beat(50)
    assert said() == "ok"


def test_readiness_says_since_when_none_was_seen_and_stays_ready(db: None) -> None:
    assert said() == "never seen"
    heartbeat.beat("one")
    last_beat(61)
    assert said().startswith(f"not seen since {WorkerSeen.objects.get().seen_at:%Y-%m-%dT%H:%M:%S}")


def test_one_of_two_is_enough(db: None) -> None:
    heartbeat.beat("one")
    last_beat(3600)
    heartbeat.beat("two")
    assert said() == "ok"


def test_what_was_not_seen_for_a_day_is_forgotten(db: None) -> None:
    heartbeat.beat("one")
    last_beat(25 * 3600)
    heartbeat.beat("two")
    assert list(WorkerSeen.objects.values_list("name", flat=True)) == ["two"]


def test_pages_say_that_nothing_is_delivered(admin: Client, emulator: Emulator) -> None:
    assert "No worker has been seen yet" in admin.get(ORDERS).content.decode()
    heartbeat.beat("one")
    last_beat(61)
    caches["process"].clear()
    page = admin.get(ORDERS).content.decode()
    assert "No worker has been seen since" in page
    assert "No partner update is sent and no unclear change is reconciled until one runs" in page


def test_pages_say_nothing_while_one_is_alive_and_ask_seldom(admin: Client, emulator: Emulator) -> None:
    heartbeat.beat("one")
    assert "No worker" not in admin.get(ORDERS).content.decode()
    last_beat(3600)
    assert "No worker" not in admin.get(ORDERS).content.decode()


# Real ones


def test_a_running_worker_says_that_it_is_alive_and_ends_when_it_is_told(site: Site) -> None:
    with worker(site) as process:
        assert until(partial(seen, site), bool) == [f"{process.pid}"]


def test_two_workers_deliver_everything_once_one_call_per_order_and_five_a_second(
    house: Site, running_emulator: Emulator
) -> None:
    made = house.run(MAKE, running_emulator.address, "12", "both")
    with worker(house), worker(house):
        found = until(partial(states, house), all_sent)
    assert Counter(found) == {"sent": 2 * made["shipments"]}
    sent = Counter(row["fulfillment_id"] for row in effects(running_emulator, ORDER_PROTECTION, "fulfillment"))
    assert (len(sent), set(sent.values())) == (made["shipments"], {1})
    created = effects(running_emulator, DIGITAL_RIVER, "fulfillment")
    assert Counter(row["metadata"]["shipmentRef"] for row in created) == Counter(made["references"])
    assert sum(captured(running_emulator).values()) == made["units"]
    calls = [call for call in running_emulator.calls() if call["provider"] == ORDER_PROTECTION]
    starts = sorted(call["started_ms"] for call in calls)
    assert starts[-1] - starts[0] >= 200 * (len(starts) - 1), starts
    assert house.run(OVERLAPPING, json.dumps(running_emulator.calls())) == []


def test_a_slow_partner_does_not_keep_the_other_waiting(house: Site, running_emulator: Emulator) -> None:
    """Twelve parcels, and Digital River takes longer over each than OrderProtection over all."""
    running_emulator.settings(latency_of={"digital_river": "5000"})
    made = house.run(MAKE, running_emulator.address, "12", "both")
    with worker(house):
        found = until(partial(states, house), lambda found: found.count("sent") >= made["shipments"])
        told = {row["fulfillment_id"] for row in effects(running_emulator, ORDER_PROTECTION, "fulfillment")}
        running_emulator.settings(latency_of={})
    assert len(told) == made["shipments"], found


@for_each_partner(10)
def test_told_to_stop_a_worker_finishes_the_call_at_hand(
    partner: Partner, house: Site, running_emulator: Emulator
) -> None:
    house.run(MAKE, running_emulator.address, "1", partner.provider)
    running_emulator.fault("delay", partner.create, method="POST", seconds=2, after_work=True)
    with worker(house):
        assert until(partial(states, house), lambda found: "sending" in found) == ["sending"]
    assert states(house) == ["sent"]


def test_a_killed_worker_leaves_nothing_lost_and_nothing_doubled(house: Site, running_emulator: Emulator) -> None:
    """The call was made, and nobody was left to hear the answer."""
    house.environment |= {
        "PARTNER_UPDATE_LEASE": "4",
        "DIGITAL_RIVER_DOUBT_SECONDS": "5",
        "REVKEEN_CHANGE_SECONDS": "2",
    }
    house.run(MAKE, running_emulator.address, "1", "digital_river")
    running_emulator.fault("delay", "/fulfillments$", method="POST", seconds=5, after_work=True)
    process = subprocess.Popen([sys.executable, *COMMAND], cwd=ROOT, env=house.environment)
    try:
        while not effects(running_emulator, DIGITAL_RIVER, "fulfillment"):
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    assert states(house) == ["sending"]
    with worker(house):
        assert until(partial(states, house), lambda found: found == ["sent"]) == ["sent"]
    assert len(effects(running_emulator, DIGITAL_RIVER, "fulfillment")) == 1


OVERLAPPING = (
    READY_IN
    + """
from itertools import groupby, pairwise
from orders.models import PartnerUpdateAttempt
exec(READY)
times = {call["request_id"]: (call["started_ms"], call["ended_ms"]) for call in json.loads(sys.argv[1])}
about = ("partner_update__destination", "partner_update__order_id", "partner_update_id", "request_id")
rows = PartnerUpdateAttempt.objects.values_list(*about)
bad = []
for place, of_order in groupby(sorted((str(a), str(b), c, d) for a, b, c, d in rows), lambda row: row[:2]):
    spans = [times[request_id] for *_, request_id in of_order if request_id in times]
    bad += [place for earlier, later in pairwise(spans) if earlier[1] > later[0]]
print(json.dumps(bad))
"""
)
