"""The worker's passes over Digital River's list: all of it, whatever comes between, and no call where none is due."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.management.commands.worker import AtHand, Command
from orders.models import Connection, Finding, Merchant, PartnerShipment, PartnerSweep, User
from orders.services.index import clock, findings
from orders.services.partners import outbox, partner_sweeps
from orders.services.sync import settling
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.indexed import index_everything
from tests.support.pages import prose
from tests.support.shipping import DIGITAL_RIVER, connect, open_orders, parcel, ship
from tests.support.theirs import kept, read_theirs, ship_there, sold, unaccounted

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LIST = "/digital-river/fulfillments$"


class Killed(BaseException):
    """`kill -9`, as far as it can be had within a process."""


@pytest.fixture
def river(northwind: Merchant, emulator: Emulator) -> Connection:
    return connect(northwind, DIGITAL_RIVER)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner_sweeps, "LARGEST_PAGE", 3)


def asked(emulator: Emulator) -> list[dict[str, Any]]:
    """The questions for the list, as Digital River heard them."""
    return [call for call in emulator.calls() if call["provider"] == DIGITAL_RIVER and call["method"] == "GET"]


def read_one() -> PartnerSweep:
    """The next page, as if its time had come; the pass as it is then."""
    PartnerSweep.objects.update(due_at=Now(), lease_until=None)
    sweep = partner_sweeps.claim()
    assert sweep is not None
    partner_sweeps.read(sweep)
    return PartnerSweep.objects.get(pk=sweep.pk)


def test_a_pass_reads_every_page_newest_first_and_ends(
    river: Connection, northwind: Merchant, emulator: Emulator, small_pages: None
) -> None:
    pages = read_theirs()
    sweep = PartnerSweep.objects.get()
    assert pages == len(asked(emulator)) > 3
    assert (sweep.rows, sweep.after, sweep.began_at, sweep.unreadable) == (len(kept(northwind)), "", None, 0)
    made = list(PartnerShipment.objects.order_by("pk").values_list("made_at", flat=True))
    assert made == sorted(made, reverse=True)
    assert sweep.as_of is not None
    assert sweep.as_of <= clock.now()


def test_the_next_pass_is_due_ten_minutes_later_and_reads_what_was_made_since_and_an_hour_more(
    river: Connection, emulator: Emulator
) -> None:
    read_theirs()
    sweep = PartnerSweep.objects.get()
    assert partner_sweeps.claim() is None
    waits = partner_sweeps.due()
    assert not waits.now
    assert 590 < waits.seconds <= 600
    emulator.forget_calls()
    read_theirs()
    [call] = asked(emulator)
    assert sweep.as_of is not None
    since = f"{sweep.as_of - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert since in call["query"].replace("%3A", ":")


def test_what_was_made_long_before_the_connection_is_not_read(river: Connection, northwind: Merchant) -> None:
    read_theirs()
    oldest = PartnerShipment.objects.earliest("made_at")
    assert oldest.before_us
    assert river.created_at - timedelta(days=90) <= oldest.made_at


@pytest.mark.parametrize("point", ["ours", "of_partner_orders", "_finish"])
def test_a_worker_that_is_killed_has_kept_whole_pages_and_another_goes_on(
    point: str, river: Connection, northwind: Merchant, emulator: Emulator, small_pages: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """In the transaction of a page: before anything is written, in the middle of it, and at the end of the pass."""
    owners = {"ours": partner_sweeps.partner_shipments, "of_partner_orders": findings, "_finish": partner_sweeps}
    read_theirs(pages=2)
    before = (kept(northwind), PartnerSweep.objects.get().after)
    with monkeypatch.context() as patched:
        patched.setattr(owners[point], point, _kill)
        with pytest.raises(Killed):
            read_theirs()
    if point != "_finish":
        assert (kept(northwind), PartnerSweep.objects.get().after) == before
    assert partner_sweeps.claim() is None, "it is leased"
    read_theirs()
    whole = kept(northwind)
    PartnerShipment.objects.all().delete()
    PartnerSweep.objects.all().delete()
    read_theirs()
    assert kept(northwind) == whole


def _kill(*args: Any) -> None:
    raise Killed


def test_one_who_was_too_slow_writes_nothing(river: Connection, northwind: Merchant, emulator: Emulator) -> None:
    slow = partner_sweeps.claim()
    assert slow is not None
    read_theirs()
    sweep, rows = PartnerSweep.objects.get(), kept(northwind)
    emulator.patch("digital_river_fulfillments", next(iter(rows)), trackingCompany="Another")
    partner_sweeps.read(slow)
    assert PartnerSweep.objects.filter(pk=sweep.pk, as_of=sweep.as_of, due_at=sweep.due_at).exists()
    assert not PartnerShipment.objects.filter(carrier="Another").exists()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("error", {"status": 500}),
        ("bad_gateway", {}),
        ("html", {}),
        ("empty", {}),
        ("disconnect", {}),
        ("truncated", {}),
        ("respond", {"status": 200, "body": {"data": []}}),
        ("respond", {"status": 200, "body": []}),
        ("alter", {"set": {"hasMore": "yes"}}),
        ("respond", {"status": 200, "body": {"data": [], "hasMore": True}}),
    ],
)
def test_an_answer_that_is_none_deletes_nothing_and_is_told(
    kind: str, fields: dict[str, Any], river: Connection, northwind: Merchant, emulator: Emulator, admin: Client
) -> None:
    order = sold(emulator, "dro_1", 2)
    index_everything(northwind)
    ship_there(emulator, order, 1)
    read_theirs()
    before, as_of = (kept(northwind), unaccounted(northwind).keys()), PartnerSweep.objects.get().as_of
    emulator.fault(kind, LIST, method="GET", times=20, **fields)
    sweep = read_one()
    assert (kept(northwind), unaccounted(northwind).keys()) == before
    assert (sweep.as_of, sweep.failures) == (as_of, 1)
    assert "Digital River" in sweep.message
    assert sweep.message in prose(admin.get("/northwind/live/settings/index/").content.decode())
    river.refresh_from_db()
    assert river.last_failure_at is not None
    assert not partner_sweeps.due().now, "it waits before it asks again"
    emulator.clear_faults()
    forget_gates()
    sweep = read_one()
    assert (sweep.failures, sweep.message) == (0, "")
    assert sweep.as_of != as_of


def test_after_an_outage_it_goes_on_where_it_was_and_after_a_refusal_with_the_newest(
    river: Connection, emulator: Emulator, small_pages: None
) -> None:
    after = read_one().after
    assert after
    emulator.fault("disconnect", LIST, method="GET", times=2)
    assert read_one().after == after
    emulator.clear_faults()
    forget_gates()
    PartnerSweep.objects.update(after="ful_of_nobody")
    sweep = read_one()
    assert (sweep.after, sweep.began_at, sweep.failures) == ("", None, 2)
    assert read_one().failures == 0


def test_when_asked_to_wait_it_waits(river: Connection, emulator: Emulator) -> None:
    emulator.fault("rate_limited", LIST, method="GET", times=5, retry_after="600")
    read_one()
    assert 580 < partner_sweeps.due().seconds <= 600


def test_failures_in_a_row_are_asked_about_ever_more_rarely(river: Connection, emulator: Emulator) -> None:
    emulator.fault("error", LIST, method="GET", times=100, status=500)
    waits = []
    for _ in range(8):
        forget_gates()
        read_one()
        waits.append(round(partner_sweeps.due().seconds))
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_what_cannot_be_read_and_what_is_of_the_other_mode_loses_no_other_and_is_counted(
    river: Connection, northwind: Merchant, emulator: Emulator, admin: Client
) -> None:
    index_everything(northwind)
    emulator.fault("alter", LIST, method="GET", set={"data.0.items": 7, "data.2.liveMode": False})
    sweep = read_one()
    assert (sweep.unreadable, sweep.rows) == (2, len(kept(northwind)) + 2)
    page = prose(admin.get("/northwind/live/settings/index/").content.decode())
    assert "Unreadable 2 of these; nobody could compare them" in page


def test_each_merchant_and_mode_has_its_own(
    river: Connection, northwind: Merchant, kestrel: Merchant, emulator: Emulator
) -> None:
    connect(kestrel, DIGITAL_RIVER, "sk_kestrel_demo")
    connect(northwind, DIGITAL_RIVER, "sk_test_northwind_demo", mode="test")
    for merchant in (northwind, kestrel):
        index_everything(merchant)
    read_theirs()
    places = [(northwind, "live"), (northwind, "test"), (kestrel, "live")]
    found = [kept(*place) for place in places]
    assert all(found)
    assert sum(map(len, found)) == len(set().union(*found)) == PartnerShipment.objects.count()
    for merchant in (northwind, kestrel):
        cases = emulator.cases(merchant.slug)["orders"]
        names = ("shipped_at_digital_river_alone", "canceled_at_digital_river_alone")
        assert unaccounted(merchant).keys() == {cases[name] for name in names}
    assert not Finding.objects.filter(mode="test").exists(), "its orders have no copies here"


def test_without_a_connection_that_is_on_it_costs_one_question_and_no_call(
    northwind: Merchant, emulator: Emulator
) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert partner_sweeps.claim() is None
    assert len(queries) == 1
    assert (partner_sweeps.due().now, PartnerSweep.objects.count(), asked(emulator)) == (False, 0, [])
    river = connect(northwind, DIGITAL_RIVER)
    assert partner_sweeps.due().now
    Connection.objects.filter(pk=river.pk).update(active=False)
    assert not partner_sweeps.due().now


def test_partner_updates_go_first(river: Connection, northwind: Merchant, mara: User, emulator: Emulator) -> None:
    for order in open_orders(emulator)[:3]:
        ship(northwind, mara, order, parcel(order))
    worker = Command()
    worker.of_partners = AtHand(outbox.PER_SCOPE)
    while worker.send_updates():
        pass
    calls = [call["method"] for call in emulator.calls() if call["provider"] == DIGITAL_RIVER]
    assert calls == ["POST", "POST", "POST", "GET"]


def test_it_can_be_had_at_once(river: Connection, northwind: Merchant) -> None:
    read_theirs()
    settling.compare_now(northwind, "live")
    assert partner_sweeps.due().now


def test_a_key_that_cannot_be_read_is_told(river: Connection, settings: LazySettings) -> None:
    Connection.objects.update(sealed_secret="no longer readable")
    assert read_one().failures == 1


def test_two_workers_never_read_the_same_list(river: Connection) -> None:
    assert partner_sweeps.claim() is not None
    assert partner_sweeps.claim() is None
    assert partner_sweeps.due().seconds < 60, "another takes over what was left behind"


def test_a_partner_with_all_that_it_may_have_at_hand_is_left_alone(river: Connection, northwind: Merchant) -> None:
    assert partner_sweeps.claim([(northwind.pk, DIGITAL_RIVER)]) is None
    assert partner_sweeps.claim([(northwind.pk, "order_protection")]) is not None
