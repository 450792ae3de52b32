"""RevKeen keys: tried before they are saved, never shown again, switched while work goes on."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import Connection, CustomerCopy, EventLog, Merchant, User
from tests.conftest import add_key, sign_in
from tests.support.connections import address, last_event
from tests.support.connections import bare as bare
from tests.support.connections import client as client
from tests.support.connections import mara as mara
from tests.support.emulation import Emulator
from tests.support.pages import markup
from tests.support.processes import READY, Site

LIVE, SECOND, TEST = "rk_live_northwind_demo", "rk_live_northwind_demo2", "rk_sandbox_northwind_demo"


def add(client: Client, key: str, mode: str = "live", name: str = "Autumn 2026") -> Any:
    return client.post(address("connection_add", mode), {"name": name, "key": key})


def do(client: Client, what: str, connection: Connection, **form: str) -> Any:
    return client.post(address(f"connection_{what}", connection.mode, connection.pk), form, follow=True)


# --- Adding ----------------------------------------------------------------------------------------------------------


def test_the_first_key_is_tried_with_every_kind_of_read_and_becomes_active(client: Client, emulator: Emulator) -> None:
    answer = add(client, f"  {LIVE}\n")
    assert answer["Location"] == address("connection_list")
    connection = Connection.objects.get()
    assert (connection.active, connection.mode, connection.name) == (True, "live", "Autumn 2026")
    assert connection.secret == LIVE
    assert last_event() == ("key_added", "rk_live_…demo, “Autumn 2026”")
    kinds = {call["path"].split("/")[3].partition("?")[0] for call in emulator.calls()}
    assert kinds == {"orders", "customers", "products", "events", "invoices", "transactions"}
    assert any(call["path"].endswith("/payment-methods") for call in emulator.calls())
    assert {call["method"] for call in emulator.calls()} == {"GET"}


def test_only_prefix_and_last_four_are_ever_shown(client: Client) -> None:
    add(client, LIVE)
    page = markup(client.get(address("connection_list")))
    assert "rk_live_…demo" in page
    assert LIVE not in page
    assert LIVE not in str(list(EventLog.objects.values()))
    assert LIVE not in str(list(Connection.objects.values()))


@pytest.mark.parametrize(
    ("mode", "key", "reason"),
    [
        ("live", TEST, "That was a sandbox key, rk_sandbox_…demo. This page is live. Nothing was saved."),
        ("test", LIVE, "That was a live key, rk_live_…demo. This page is test. Nothing was saved."),
        ("live", "sk_live_something", "A RevKeen key starts with rk_live_ or rk_sandbox_. Nothing was saved."),
    ],
)
def test_a_key_of_the_wrong_kind_is_refused_without_a_call(
    mode: str, key: str, reason: str, client: Client, emulator: Emulator
) -> None:
    emulator.forget_calls()
    answer = add(client, key, mode)
    assert answer.status_code == 422
    assert reason in markup(answer)
    assert emulator.calls() == []
    assert not Connection.objects.exists()
    assert last_event()[0] == "key_refused"


@pytest.mark.parametrize(
    ("mode", "key"), [("test", "rk_sandbox_revoked_demo"), ("live", "rk_live_nobody_has_this_one")]
)
def test_a_key_that_revkeen_does_not_take_is_refused(mode: str, key: str, client: Client) -> None:
    answer = add(client, key, mode)
    assert answer.status_code == 422
    assert "RevKeen refused this key (401)" in markup(answer)
    assert not Connection.objects.exists()


def test_all_missing_scopes_are_named_at_once(client: Client, emulator: Emulator) -> None:
    emulator.add_key("rk_live_narrow_0001", "northwind", "live", ("orders:read", "payments:read"))
    answer = add(client, "rk_live_narrow_0001")
    assert answer.status_code == 422
    lacking = "customers:read, products:read, events:read, invoices:read, payment_methods:read"
    assert f"This key lacks {lacking}. Allow it in RevKeen, then try again." in markup(answer)
    assert not Connection.objects.exists()


PASSWORDS = [
    "northwind-demo",
    "a good password",
    "Zt7!vQ2#pL9x",
    "hunter2hunter2",
    "mara@northwind.example",
    "1234567890123456",
]


@pytest.mark.parametrize("typed", PASSWORDS)
@pytest.mark.parametrize("provider", ["revkeen", "digital_river", "order_protection"])
def test_what_looks_like_a_password_is_sent_to_nobody(
    provider: str, typed: str, client: Client, emulator: Emulator
) -> None:
    emulator.forget_calls()
    for key in (typed, f"sk_{typed[:7]}", f"rk_live_{typed[:7]}"):
        answer = client.post(address("connection_add", "live"), {"provider": provider, "name": "Key", "key": key})
        assert answer.status_code == 422
    assert emulator.calls() == []
    assert not Connection.objects.filter(name="Key").exists()


@pytest.mark.parametrize("provider", ["revkeen", "digital_river", "order_protection"])
def test_ones_own_password_is_sent_to_nobody_though_it_looks_like_a_key(
    provider: str, client: Client, emulator: Emulator
) -> None:
    start = {"revkeen": "rk_live_", "digital_river": "sk_", "order_protection": "op_"}[provider]
    password = f"{start}0123456789abcdefgh"
    mara = User.objects.get(email__startswith="mara")
    mara.set_password(password)
    mara.save()
    client = sign_in(mara)
    emulator.forget_calls()
    answer = client.post(address("connection_add", "live"), {"provider": provider, "name": "Key", "key": password})
    assert "This is your password here" in markup(answer)
    assert emulator.calls() == []


def test_a_browser_fills_no_saved_password_into_a_field_for_a_key(client: Client) -> None:
    page = client.get(address("connection_list", "live")).content.decode()
    fields = re.findall(r'<input[^>]*type="password"[^>]*>', page)
    assert len(fields) == 3
    assert all('autocomplete="new-password"' in field for field in fields)


def test_a_key_that_may_only_read_is_enough(client: Client) -> None:
    assert add(client, "rk_sandbox_readonly_demo", "test").status_code == 302


@pytest.mark.parametrize("fault", ["disconnect", "bad_gateway", "truncated"])
def test_while_revkeen_is_unreachable_nothing_is_saved(fault: str, client: Client, emulator: Emulator) -> None:
    emulator.fault(fault, times=50)
    answer = add(client, LIVE)
    assert answer.status_code == 422
    assert "The key could not be tried" in markup(answer)
    assert not Connection.objects.exists()
    emulator.clear_faults()
    assert add(client, LIVE).status_code == 302


@pytest.mark.database
def test_a_reason_with_a_nul_is_kept_without_it(client: Client, emulator: Emulator) -> None:
    emulator.fault("error", status=400, code="bad", message="No\x00pe", times=9)
    answer = add(client, LIVE)
    assert answer.status_code == 422
    assert "Nope" in last_event()[1]


def test_what_was_typed_stays_but_for_the_key(client: Client) -> None:
    page = markup(add(client, TEST, name="My typed name"))
    assert 'value="My typed name"' in page
    assert TEST not in page


def test_something_that_is_no_key_is_not_repeated_anywhere(client: Client) -> None:
    for typed in ("hunter2-for-my-mail", "rk_live_short", "hunter2 with spaces", "rk_live_" + "é" * 20):
        answer = add(client, typed)
        assert answer.status_code == 422
        assert typed not in markup(answer)
        assert typed[-4:] not in last_event()[1]
    assert last_event()[1].startswith("something that is not a RevKeen key: ")


@pytest.mark.database
def test_a_key_already_here_is_refused(client: Client) -> None:
    add(client, LIVE)
    answer = add(client, LIVE, name="Again")
    assert answer.status_code == 422
    assert "This key is already saved, as “Autumn 2026”." in markup(answer)
    assert Connection.objects.count() == 1


def test_a_key_of_another_merchant_here_is_refused_without_a_name(client: Client, kestrel: Merchant) -> None:
    answer = add(client, "rk_live_kestrel_demo")
    assert answer.status_code == 422
    assert "Another merchant already uses this key." in markup(answer)
    assert "Kestrel" not in markup(answer)


# --- A second key ---------------------------------------------------------------------------------------------------


def test_a_second_key_of_the_same_account_waits_on_standby(client: Client) -> None:
    add(client, LIVE)
    assert add(client, SECOND, name="Rotation").status_code == 302
    assert list(Connection.objects.order_by("created_at").values_list("active", flat=True)) == [True, False]
    assert "Standby" in markup(client.get(address("connection_list")))


def test_a_key_of_another_account_is_refused(client: Client) -> None:
    add(client, LIVE)
    answer = add(client, "rk_live_kestrel_demo")
    assert answer.status_code == 422
    assert "belongs to another RevKeen account" in markup(answer)
    assert Connection.objects.count() == 1


def test_accounts_without_orders_cannot_be_told_apart_and_need_not_be(client: Client, emulator: Emulator) -> None:
    add(client, LIVE)
    empty = {"object": "list", "data": [], "has_more": False}
    emulator.fault("respond", r"/orders$", times=50, key=LIVE, body=empty)
    assert "belongs to another" in markup(add(client, "rk_live_kestrel_demo"))
    emulator.fault("respond", r"/orders$", times=50, key=SECOND, body=empty)
    assert add(client, SECOND).status_code == 302


def test_when_the_active_key_is_refused_a_known_customer_tells_the_account(
    client: Client, bare: Merchant, emulator: Emulator
) -> None:
    add(client, LIVE)
    customer = next(order["customer_id"] for order in emulator.orders() if order["customer_id"])
    CustomerCopy.objects.create(merchant=bare, mode="live", customer_id=customer, name="Known", seen_at=timezone.now())
    emulator.revoke(LIVE)
    assert "belongs to another" in markup(add(client, "rk_live_kestrel_demo"))
    assert add(client, SECOND).status_code == 302


def test_a_merchant_whose_key_was_revoked_is_not_locked_out(client: Client, emulator: Emulator) -> None:
    add(client, LIVE)
    emulator.revoke(LIVE)
    assert add(client, SECOND).status_code == 302
    do(client, "activate", Connection.objects.get(active=False))
    assert Connection.objects.get(active=True).secret == SECOND


# --- Switching, trying, renaming, removing --------------------------------------------------------------------------


@pytest.mark.database
def test_making_a_key_active_keeps_the_former_on_standby(client: Client, bare: Merchant) -> None:
    former, newer = add_key(bare, "live", LIVE, active=True), add_key(bare, "live", SECOND)
    assert "rk_live_…emo2 is active now" in markup(do(client, "activate", newer))
    former.refresh_from_db()
    newer.refresh_from_db()
    assert (former.active, newer.active) == (False, True)
    assert last_event() == ("key_activated", "rk_live_…emo2, “Demo”")


def test_a_revoked_key_is_not_made_active(client: Client, bare: Merchant, emulator: Emulator) -> None:
    add_key(bare, "live", LIVE, active=True)
    newer = add_key(bare, "live", SECOND)
    emulator.revoke(SECOND)
    page = markup(do(client, "activate", newer))
    assert "was not made active. RevKeen refused this key" in page
    assert "Revoked" in page
    assert Connection.objects.get(active=True).secret == LIVE


def test_trying_a_key_shows_how_it_fares(client: Client, bare: Merchant, emulator: Emulator) -> None:
    connection = add_key(bare, "live", LIVE, active=True)
    assert "rk_live_…demo works" in markup(do(client, "try", connection))
    connection.refresh_from_db()
    assert connection.last_used_at
    assert connection.last_used_at > timezone.now() - timedelta(minutes=1)
    emulator.revoke(LIVE)
    page = markup(do(client, "try", connection))
    assert "was tried just now. RevKeen refused this key" in page
    assert "Active, refused" in page
    connection.refresh_from_db()
    assert connection.refused_at is not None


def test_an_outage_is_shown_as_failing_and_not_as_revoked(client: Client, bare: Merchant, emulator: Emulator) -> None:
    connection = add_key(bare, "live", LIVE, active=True)
    emulator.fault("disconnect", times=50)
    page = markup(do(client, "try", connection))
    assert "Active, failing" in page
    connection.refresh_from_db()
    assert connection.refused_at is None


def test_a_key_can_be_renamed(client: Client, bare: Merchant) -> None:
    connection = add_key(bare, "live", LIVE, active=True)
    assert client.get(address("connection_rename", "live", connection.pk)).status_code == 200
    do(client, "rename", connection, name="Two\nlines  become one")
    connection.refresh_from_db()
    assert connection.name == "Two lines become one"
    assert last_event() == ("key_renamed", "rk_live_…demo, “Two lines become one”")
    assert client.post(address("connection_rename", "live", connection.pk), {"name": " "}).status_code == 422


@pytest.mark.database
def test_the_active_key_goes_last(client: Client, bare: Merchant) -> None:
    active, standby = add_key(bare, "live", LIVE, active=True), add_key(bare, "live", SECOND)
    assert client.post(address("connection_remove", "live", active.pk)).status_code == 409
    do(client, "remove", standby)
    assert list(Connection.objects.all()) == [active]
    assert "only live key" in markup(client.get(address("connection_remove", "live", active.pk)))
    do(client, "remove", active)
    assert not Connection.objects.exists()
    assert last_event() == ("key_removed", "rk_live_…demo, “Demo”")


@pytest.mark.database
def test_with_the_last_key_go_the_names_known_through_it(client: Client, bare: Merchant) -> None:
    for mode in ("live", "test"):
        CustomerCopy.objects.create(merchant=bare, mode=mode, customer_id="00000000-0000-4000-8000-000000000001")
    do(client, "remove", add_key(bare, "live", LIVE, active=True))
    assert [name.mode for name in CustomerCopy.objects.all()] == ["test"]
    assert add(client, "rk_live_kestrel_demo").status_code == 302


def test_keys_of_the_other_mode_and_of_others_are_not_there(client: Client, bare: Merchant, kestrel: Merchant) -> None:
    foreign = [add_key(bare, "test", TEST, active=True), Connection.objects.get(merchant=kestrel, mode="live")]
    for connection in foreign:
        for what in ("activate", "try", "rename", "remove"):
            assert client.post(address(f"connection_{what}", "live", connection.pk), {"name": "x"}).status_code == 404
    assert "rk_sandbox_" not in markup(client.get(address("connection_list")))


# --- Two at once ----------------------------------------------------------------------------------------------------

ADD = f"""
import json, os, sys
from django.conf import settings
from orders.models import Merchant, User
from orders.services.merchants import connections
from orders.services.merchants.key_check import KeyNotAccepted
settings.REVKEEN_URLS = {{"live": sys.argv[1], "test": sys.argv[1]}}
merchant, by = Merchant.objects.get(), User.objects.get()
{READY}
try:
    connections.add(merchant, "live", "Name", sys.argv[2], by)
    print(json.dumps("saved"))
except KeyNotAccepted as error:
    print(json.dumps(str(error)))
"""


@pytest.mark.database
@pytest.mark.parametrize("other", [LIVE, SECOND])
def test_two_people_adding_the_first_key_at_once_leave_one_active(other: str, site: Site, emulator: Emulator) -> None:
    emulator.fault("delay", "/products", seconds=0.3, times=4)
    site.add_admins("mara@x.example")
    said = site.run_together(ADD, [(emulator.api, LIVE), (emulator.api, other)])
    assert said.count("saved") == 1
    assert {"This key is already saved, as “Name”.", "Another key was added in the meantime. Try again."} & set(said)
    assert site.rows("SELECT active FROM orders_connection") == [(True,)]


def test_a_key_that_only_reads_is_taken_with_a_word_on_what_it_cannot_do(client: Client, emulator: Emulator) -> None:
    key = "rk_live_reading_0001"
    areas = "orders customers payment_methods products prices payments invoices refunds events"
    emulator.add_key(key, "northwind", "live", tuple(f"{area}:read" for area in areas.split()))
    add(client, key)
    page = markup(client.get(address("connection_list")))
    assert "without orders:write it cannot create, change, charge, cancel or fulfill an order" in page
    assert "without refunds:write it cannot refund" in page
