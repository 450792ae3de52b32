"""Settings › Index: how the copies stand, and what an admin may have done about them."""

import pytest
from django.conf import LazySettings
from django.test import Client

from orders.models import Connection, EventLog, Merchant, OrderCopy, Sweep
from orders.services.index import freshness
from orders.services.sync import turns, work
from tests.support.emulation import Emulator
from tests.support.indexing import run
from tests.support.pages import text

pytestmark = pytest.mark.django_db
ADDRESS = "/northwind/live/settings/index/"


@pytest.fixture(autouse=True)
def fast(northwind: Merchant, emulator: Emulator, settings: LazySettings) -> None:
    settings.REVKEEN_CALLS_A_MINUTE = {"live": 10_000_000, "test": 10_000_000}
    Connection.objects.exclude(merchant=northwind, mode="live").delete()


def page(client: Client) -> str:
    return text(client.get(ADDRESS).content.decode())


def test_it_says_how_far_the_import_has_come_and_then_as_of_when_it_is(
    admin: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No orders have been read yet." in page(admin)
    turns.begin_new()
    Sweep.objects.filter(kind="all").update(page_size=10)
    monkeypatch.setattr(work, "MOST_STEPS", 2)
    state = turns.claim()
    assert state is not None
    work.work(state, lambda seconds: None)
    assert "All orders are being read, the newest first. 10 of" in page(admin)
    monkeypatch.setattr(work, "MOST_STEPS", 100)
    run()
    assert "being read" not in page(admin)
    assert f"Orders {OrderCopy.objects.count()}" in page(admin)
    assert "To be read None" in page(admin)


def test_rebuilding_reads_and_writes_all_orders_again_and_stands_in_the_log(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    run()
    OrderCopy.objects.update(status="mangled", read_started="2026-01-01T00:00Z")
    admin.post(f"{ADDRESS}rebuild/")
    assert freshness.as_of(northwind, "live") is None
    run()
    assert not OrderCopy.objects.filter(status="mangled").exists()
    assert sum(sweep.changed for sweep in Sweep.objects.all()) == 0, "written again is not outdated"
    assert freshness.as_of(northwind, "live") is not None
    assert EventLog.objects.filter(kind=EventLog.Kind.INDEX_REBUILT).count() == 1


def test_comparing_begins_every_pass_at_once(admin: Client, northwind: Merchant) -> None:
    run()
    before = {sweep.kind: sweep.as_of for sweep in Sweep.objects.all()}
    admin.post(f"{ADDRESS}compare/")
    run()
    for sweep in Sweep.objects.all():
        assert sweep.as_of is not None
        assert sweep.as_of > (before[sweep.kind] or sweep.as_of.min.replace(tzinfo=sweep.as_of.tzinfo))
    assert "Part paid" in page(admin)
