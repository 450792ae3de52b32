"""A canary key goes in through the form, everything goes wrong, and it is looked for everywhere."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from django.conf import LazySettings
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from orders.models import Connection, EventLog
from tests.conftest import captured_log
from tests.support.emulation import Emulator

CANARY = "rk_live_CANARYq7Zx81mPw0aVb3Tn5Kd_9f2c"
SHOWN = "rk_live_…9f2c"

FAULTS = [
    {"kind": "error", "status": 500},
    {"kind": "error", "status": 401, "code": "unauthenticated", "message": f"The key {CANARY} is not valid."},
    {"kind": "error", "status": 403},
    {"kind": "bad_gateway"},
    {"kind": "disconnect"},
    {"kind": "html"},
    {"kind": "truncated"},
    {"kind": "rate_limited", "retry_after": "0"},
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with captured_log(logging.DEBUG) as written:
        yield written


def test_the_canary_is_found_nowhere(admin: Client, emulator: Emulator, log: io.StringIO) -> None:
    emulator.add_key(CANARY, "northwind", "live")
    pages = list(everything_that_can_be_seen(admin, emulator))
    assert any(SHOWN in page for page in pages)
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    seen = [*pages, log.getvalue(), dump.getvalue(), *(str(message.message()) for message in mail.outbox)]
    seen += [f"{event.text} {event.who}" for event in EventLog.objects.all()]
    for text in seen:
        assert CANARY not in text
        assert CANARY[:12] not in text


def everything_that_can_be_seen(admin: Client, emulator: Emulator) -> Iterator[str]:
    where = ["northwind", "live"]
    listing = reverse("connection_list", args=where)
    for path in (reverse("connection_add", args=where), reverse("connection_add", args=["northwind", "test"])):
        answer = admin.post(path, {"name": "Canary", "key": CANARY}, follow=True)
        yield answer.content.decode()
    canary = Connection.objects.get(name="Canary")
    yield admin.post(reverse("connection_activate", args=[*where, canary.pk]), follow=True).content.decode()
    order = emulator.orders("limit=1")[0]["id"]
    for fault in FAULTS:
        emulator.fault(**fault, times=100)
        for page in ("order_list", "customer_list"):
            yield admin.get(reverse(page, args=where)).content.decode()
        yield admin.get(reverse("order_detail", args=[*where, order])).content.decode()
        yield admin.post(reverse("connection_try", args=[*where, canary.pk]), follow=True).content.decode()
        yield admin.get(listing).content.decode()
        emulator.clear_faults()


def test_who_was_searched_for_is_in_no_log(admin: Client, emulator: Emulator, log: io.StringIO) -> None:
    logging.getLogger().setLevel(logging.INFO)  # as in production; `log` puts it back
    emulator.forget_calls()
    admin.get(reverse("customer_list", args=["northwind", "live"]), {"q": "ana.canary@example.com"})
    assert "ana.canary" in str(emulator.calls())
    assert "ana.canary" not in log.getvalue()


def test_the_database_file_alone_opens_no_key(admin: Client, emulator: Emulator, settings: LazySettings) -> None:
    emulator.add_key(CANARY, "northwind", "live")
    admin.post(reverse("connection_add", args=["northwind", "live"]), {"name": "Canary", "key": CANARY})
    columns = [str(value) for row in Connection.objects.values_list() for value in row]
    assert not [column for column in columns if CANARY in column or CANARY[8:20] in column]


def test_a_line_of_the_log_stays_one_line(log: io.StringIO) -> None:
    structlog.get_logger("orders.tests").warning("typed", name="first\nsecond\r\x1b[31mred %s")
    lines = log.getvalue().splitlines()
    assert len(lines) == 1
    assert "\\n" in lines[0]
    assert "\x1b" not in lines[0]


def test_only_the_transport_and_its_sockets_speak_http() -> None:
    speaks = re.compile(
        r"^\s*(import|from) (h11|httpx|httpcore|requests|aiohttp|urllib3|urllib\.request|http\.client)\b", re.M
    )
    folders = (Path("orders"), Path("revkeen_admin"))
    modules = [path for folder in folders for path in folder.rglob("*.py") if speaks.search(path.read_text())]
    assert sorted(modules) == [Path("orders/apis/streams.py"), Path("orders/apis/transport.py")]


def test_the_api_is_asked_through_no_proxy_and_follows_no_redirect(
    admin: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert admin.get(reverse("order_list", args=["northwind", "live"])).status_code == 200
    emulator.forget_calls()
    emulator.fault("respond", status=302, headers={"Location": f"{emulator.api}/products"}, times=2)
    admin.get(reverse("order_list", args=["northwind", "live"]))
    assert not [call for call in emulator.calls() if call["path"].endswith("/products")]
