"""What the list and the order page do when RevKeen does not answer as it should. Real faults over real sockets."""

import base64
import html
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.apis import gate, transport
from orders.models import Connection, Merchant
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.indexed import index_everything

Page = Callable[[], HttpResponse]

OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

ODD_WAITS = (
    str(10**12),
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Fri, 31 Dec 2100 23:59:59 +9959",
)
BAD_UTF8 = base64.b64encode(f"{OK}Content-Length: 5\r\n\r\n".encode() + b'{"\xff"}').decode()

NO_ANSWER: dict[str, dict[str, Any]] = {
    "hang": {"kind": "hang"},
    "reset before the answer": {"kind": "disconnect", "how": "reset"},
    "closed before the answer": {"kind": "disconnect", "how": "close"},
    "reset in the middle of the body": {"kind": "cut", "how": "reset"},
    "closed in the middle of the body": {"kind": "cut", "how": "close"},
    "truncated JSON": {"kind": "truncated"},
    "wrong Content-Length": {"kind": "raw", "text": f"{OK}Content-Length: 99\r\n\r\n{{}}"},
    "broken chunk": {"kind": "raw", "text": f"{OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}"},
    "garbage": {"kind": "raw", "text": "not HTTP at all\r\n\r\n"},
    "slow drip of the body": {"kind": "drip", "seconds": 0.2, "bytes": 16},
    "slow drip of the headers": {"kind": "drip", "seconds": 0.2, "bytes": 4, "headers": True},
    "500": {"kind": "error", "status": 500},
    "502 with HTML": {"kind": "bad_gateway"},
    "503 with HTML": {"kind": "bad_gateway", "status": 503},
    "504 with HTML": {"kind": "bad_gateway", "status": 504},
    "200 with HTML": {"kind": "html"},
    "204": {"kind": "empty", "status": 204},
    "200 and empty": {"kind": "empty"},
    "JSON under another Content-Type": {"kind": "respond", "content_type": "text/plain"},
    "a redirect": {"kind": "respond", "status": 302, "headers": {"Location": "http://169.254.169.254/"}},
    "null": {"kind": "respond", "text": "null"},
    "a list": {"kind": "respond", "text": "[]"},
    "NaN": {"kind": "respond", "text": '{"object":"list","data":NaN,"has_more":false}'},
    "bad UTF-8": {"kind": "raw", "base64": BAD_UTF8},
    "gzip bomb": {"kind": "gzip_bomb"},
    "100 MB": {"kind": "huge_body"},
    "JSON 100,000 deep": {"kind": "deep_json"},
    "header of 1 MB": {"kind": "huge_header"},
}  # fmt: skip
# An outage as a person sees it: no word of what the upstream sent as HTML, no traceback.
UNWANTED = ("Bad Gateway", "alert(1)", "Traceback", "msgspec", "httpx")


@pytest.fixture(autouse=True)
def short_deadlines(settings: LazySettings) -> None:
    settings.REVKEEN_READ_SECONDS = 0.6


@pytest.fixture
def order_id(emulator: Emulator) -> str:
    paid = next(order for order in emulator.orders() if order["invoice_id"] and order["customer_id"])
    return str(paid["id"])


@pytest.fixture(params=["list", "order"])
def page(request: pytest.FixtureRequest, admin: Client, order_id: str) -> Page:
    """The page under test, asked for by an admin."""
    addresses = {
        "list": reverse("order_list", args=["northwind", "live"]),
        "order": reverse("order_detail", args=["northwind", "live", order_id]),
    }
    return lambda: admin.get(addresses[request.param])  # type: ignore[return-value]


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that never takes up a connection: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for caller in waiting:
            caller.close()


def text(response: HttpResponse) -> str:
    return response.content.decode()


def assert_calm(response: HttpResponse) -> None:
    assert not [word for word in UNWANTED if word in text(response)]


@pytest.mark.parametrize("fault", NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_a_page_seen_before_shows_its_last_copy(fault: dict[str, Any], page: Page, emulator: Emulator) -> None:
    before = page()
    emulator.fault(**fault, path=r"/orders(/[0-9a-f-]{36})?$", times=100)
    started = time.monotonic()
    response = page()
    assert time.monotonic() - started < 1.5
    assert response.status_code == 200
    assert "copy as of" in text(response)
    assert_calm(response)
    assert text(response).count("NW-") == text(before).count("NW-")


@pytest.mark.parametrize("fault", NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_a_page_never_seen_says_what_happened_and_what_to_do(
    fault: dict[str, Any], page: Page, emulator: Emulator
) -> None:
    emulator.fault(**fault, path=r"/orders(/[0-9a-f-]{36})?$", times=100)
    response = page()
    assert response.status_code == 503
    assert any(said in text(response) for said in ("RevKeen does not answer", "RevKeen’s answer could not be read"))
    assert "Try again" in text(response)
    assert_calm(response)


def test_an_order_that_does_not_say_it_is_json_is_not_shown(admin: Client, order_id: str, emulator: Emulator) -> None:
    path = f"/orders/{order_id}"
    emulator.fault("respond", f"{path}$", body=emulator.get(path), content_type="text/plain", times=100)
    response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
    assert response.status_code == 503


@pytest.mark.parametrize(
    "name", ["reset before the answer", "reset in the middle of the body", "500", "502 with HTML", "garbage"]
)
def test_a_brief_outage_is_not_noticed(name: str, page: Page, emulator: Emulator) -> None:
    emulator.fault(**NO_ANSWER[name], path=r"/orders(/[0-9a-f-]{36})?$", times=1)
    response = page()
    assert response.status_code == 200
    assert "does not answer" not in text(response)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid", "https://{host}"])
def test_without_a_connection_nothing_was_sent_and_the_page_says_so(
    url: str, page: Page, emulator: Emulator, settings: LazySettings
) -> None:
    emulator.forget_calls()
    host = emulator.address.removeprefix("http://")
    settings.REVKEEN_URLS = {"live": url.format(host=host), "test": url.format(host=host)}
    response = page()
    assert response.status_code == 503
    assert "No connection to RevKeen" in text(response)
    assert emulator.calls() == []


def test_a_connection_that_is_never_taken_up_is_given_up(page: Page, black_hole: int, settings: LazySettings) -> None:
    settings.REVKEEN_URLS = {"live": f"http://127.0.0.1:{black_hole}", "test": ""}
    started = time.monotonic()
    response = page()
    assert time.monotonic() - started < 2.5
    assert response.status_code == 503
    assert "No connection to RevKeen" in text(response)


def test_a_connection_that_the_server_closed_while_idle_is_replaced(page: Page, emulator: Emulator) -> None:
    page()
    emulator.fault("disconnect", times=1)  # what a stale keep-alive connection looks like from here
    assert page().status_code == 200


@pytest.mark.parametrize("page", [pytest.param("list", marks=pytest.mark.full), "order"], indirect=True)
def test_the_real_deadline_holds_against_a_drip(page: Page, emulator: Emulator, settings: LazySettings) -> None:
    settings.REVKEEN_READ_SECONDS = transport.READ_SECONDS
    emulator.fault("drip", path="/orders", times=100, seconds=0.5, bytes=1)
    started = time.monotonic()
    assert page().status_code == 503
    assert 5.5 < time.monotonic() - started < 6.5


def test_one_part_that_fails_leaves_the_rest_of_the_order(admin: Client, emulator: Emulator, order_id: str) -> None:
    for part in ("customers", "events", "invoices", "transactions", "products"):
        emulator.fault("bad_gateway", path=f"/{part}", times=2)
        response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
        assert response.status_code == 200, part
        assert "Line items" in text(response)
        emulator.clear_faults()


def test_an_order_that_nobody_opened_is_shown_from_the_index(
    admin: Client, emulator: Emulator, order_id: str, northwind: Merchant
) -> None:
    index_everything(northwind)
    order = emulator.get(f"/orders/{order_id}")
    emulator.fault("bad_gateway", times=100)
    response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
    assert response.status_code == 200
    assert order["public_id"] in text(response)
    assert "You see the copy as of" in text(response)
    assert [line["description"] in html.unescape(text(response)) for line in order["line_items"]].count(False) == 0
    assert_calm(response)


# Too many calls


@pytest.mark.parametrize("page", [pytest.param("list", marks=pytest.mark.full), "order"], indirect=True)
def test_a_short_wait_that_revkeen_asks_for_is_waited(page: Page, emulator: Emulator, settings: LazySettings) -> None:
    settings.REVKEEN_READ_SECONDS = transport.READ_SECONDS
    emulator.forget_calls()
    emulator.fault("rate_limited", path=r"/orders(/[0-9a-f-]{36})?$", retry_after="1")
    assert page().status_code == 200
    tried = [call for call in emulator.calls() if call["path"].split("/v2")[1].startswith("/orders")]
    assert [call["status"] for call in tried] == [429, 200]
    assert tried[1]["started_ms"] - tried[0]["ended_ms"] >= 990


@pytest.mark.parametrize(
    "retry_after", ["86400", "Fri, 31 Dec 2100 23:59:59 GMT", None, "-5", "soon", "nan", "1e400", *ODD_WAITS]
)
def test_nothing_is_asked_before_revkeen_allows_it(retry_after: str | None, page: Page, emulator: Emulator) -> None:
    emulator.fault("rate_limited", path=r"/orders(/[0-9a-f-]{36})?$", retry_after=retry_after)
    response = page()
    assert response.status_code == 503
    assert "RevKeen asks us to wait" in text(response)
    emulator.forget_calls()
    page()
    forget_gates()  # as another process would be
    page()
    assert emulator.calls() == []


@pytest.mark.parametrize("retry_after", ["86400", str(10**12), "inf", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_answer_locks_a_merchant_out_for_longer_than_a_quarter_of_an_hour(
    retry_after: str, page: Page, emulator: Emulator
) -> None:
    emulator.fault("rate_limited", path=r"/orders(/[0-9a-f-]{36})?$", retry_after=retry_after)
    page()
    until = Connection.objects.get(merchant__slug="northwind", mode="live").wait_until
    assert until is not None
    assert until - timezone.now() <= timedelta(minutes=15)


def test_a_copy_says_why_it_is_one(page: Page, emulator: Emulator) -> None:
    page()
    emulator.fault("rate_limited", path=r"/orders(/[0-9a-f-]{36})?$", retry_after="60", times=10)
    shown = text(page())
    assert "copy as of" in shown
    assert "RevKeen asks us to wait.</strong>" in shown
    assert "RevKeen does not answer" not in shown


# Wrong shapes


@pytest.mark.parametrize("wrong", [12.5, "12", True, None, 10**30, -(10**30), [], {}])
def test_one_order_that_is_malformed_becomes_one_flagged_row(wrong: Any, admin: Client, emulator: Emulator) -> None:
    ids = [order["id"] for order in emulator.orders("limit=50")]
    emulator.fault("alter", path="/orders$", set={"data.3.total": wrong})
    response = admin.get(reverse("order_list", args=["northwind", "live"]))
    assert response.status_code == 200
    assert text(response).count("Unreadable") == 1
    assert [order_id for order_id in ids if f"order-{order_id}" not in text(response)] == [ids[3]]


@pytest.mark.parametrize("wrong", [12.5, "12", None, 10**30])
def test_an_order_page_never_shows_an_amount_that_is_none(
    wrong: Any, admin: Client, order_id: str, emulator: Emulator
) -> None:
    emulator.fault("alter", path=f"/orders/{order_id}$", set={"amount_due": wrong}, times=5)
    response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
    assert response.status_code == 503
    assert "something we cannot read" in text(response)


def test_a_quantity_that_no_database_holds_is_none_of_an_order(
    admin: Client, order_id: str, emulator: Emulator
) -> None:
    emulator.fault("alter", path=f"/orders/{order_id}$", set={"line_items.0.quantity": 10**30}, times=5)
    response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
    assert response.status_code == 503
    assert "something we cannot read" in text(response)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"]
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Denver"])
def test_a_moment_at_the_end_of_time_is_shown_as_it_was_sent(
    zone: str, moment: str, page: Page, northwind: Merchant, emulator: Emulator
) -> None:
    Merchant.objects.update(time_zone=zone)
    for path, prefix in (("/orders$", "data.0."), ("/orders/[^/]+$", "")):
        fields = ("created_at", "updated_at", "paid_at", "expires_at")
        emulator.fault("alter", path=path, set={prefix + field: moment for field in fields})
    response = page()
    assert response.status_code == 200
    assert text(response).count(f'datetime="{moment[:10]}')


def test_an_answer_about_another_order_is_not_shown(admin: Client, order_id: str, emulator: Emulator) -> None:
    other = next(order for order in emulator.orders() if order["id"] != order_id)
    emulator.fault("alter", path=f"/orders/{order_id}$", set={"id": other["id"]}, times=5)
    response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
    assert response.status_code == 503
    assert "another order than the one asked for" in text(response)


def test_unknown_values_are_shown_as_they_are(page: Page, order_id: str, emulator: Emulator) -> None:
    newest = emulator.orders("limit=1")[0]["id"]
    for order in {order_id, newest}:
        emulator.patch("orders", order, status="on_hold", fulfillment_status="teleported", currency="qqq")
    response = page()
    assert response.status_code == 200
    for value in ("on_hold", "teleported", "QQQ", "minor units"):
        assert value in text(response)


def test_an_order_without_its_line_items_says_so(admin: Client, order_id: str, emulator: Emulator) -> None:
    emulator.fault("alter", path=f"/orders/{order_id}$", set={"line_items": None})
    response = admin.get(reverse("order_detail", args=["northwind", "live", order_id]))
    assert response.status_code == 200
    assert "without its line items" in text(response)


# Keys


def test_a_key_revoked_in_mid_flow_is_said_and_noted(page: Page, emulator: Emulator) -> None:
    page()
    emulator.revoke("rk_live_northwind_demo")
    response = page()
    assert response.status_code == 503
    assert "RevKeen refused this merchant’s key" in text(response)
    assert "copy as of" not in text(response)
    assert Connection.objects.get(merchant__slug="northwind", mode="live").refused_at is not None


def test_a_missing_scope_is_named(page: Page, emulator: Emulator) -> None:
    emulator.fault("error", path=r"/orders(/[0-9a-f-]{36})?$", status=403, code="permission_denied", message="No.")
    response = page()
    assert response.status_code == 503
    assert "orders:read" in text(response)


def test_without_a_key_the_page_says_who_can_add_one(page: Page) -> None:
    Connection.objects.all().delete()
    response = page()
    assert response.status_code == 503
    assert "RevKeen is not connected" in text(response)
    assert "Connections" in text(response)


# Storms and bombs


def test_an_outage_is_not_answered_with_a_storm_of_calls(page: Page, emulator: Emulator) -> None:
    emulator.forget_calls()
    emulator.fault("disconnect", times=10_000)
    for _ in range(60):
        page()
    own = [call for call in emulator.calls() if call["path"].split("/v2")[1].startswith("/orders")]
    assert len(own) <= 66


def test_after_an_outage_the_next_page_is_fresh_again(
    page: Page, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "OPEN_SECONDS", 0.2)
    emulator.fault("disconnect", times=10_000)
    for _ in range(10):
        assert page().status_code == 503
    emulator.clear_faults()
    time.sleep(0.3)
    page()  # the call that tries
    assert "does not answer" not in text(page())


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to tell the peak of memory")
@pytest.mark.parametrize("name", ["gzip bomb", "100 MB", "JSON 100,000 deep", "header of 1 MB"])
def test_a_bomb_costs_little_memory(name: str, page: Page, emulator: Emulator) -> None:
    page()
    emulator.fault(**NO_ANSWER[name], path="/orders", times=2)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = peak_memory()
    page()
    assert peak_memory() - before <= 16 * 1024


def peak_memory() -> int:
    """In KiB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
