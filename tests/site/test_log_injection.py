"""Whoever may put text into the log cannot put a line there: not by a name, an address, or what the API says."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from django.test import Client
from django.urls import reverse

from orders.models import Merchant, User
from revkeen_admin import logs
from tests.conftest import SecureClient
from tests.support.emulation import Emulator

FORGED = '{"event": "request", "status": 200, "user": "admin"}'
HOSTILE = [
    f"first\n{FORGED}",
    f"first\r\n{FORGED}",
    f"first\r{FORGED}",
    f"first\u2028{FORGED}",
    f"first\x85{FORGED}",
    f"first\x0b{FORGED}",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "\x9b31mred",
    "%s %d %(name)s {0} {event}",
    "back\x08\x08\x08\x08space",
    "right-to-left \u202eevil",
]
# What ends a line for some reader, or moves a terminal's cursor.
NEVER = ["\r", "\x0b", "\x0c", "\x1b", "\x9b", "\x85", "\u2028", "\u2029", "\x07", "\x08"]

Written = Callable[[], list[str]]


@pytest.fixture(params=["json", "console"])
def log(request: pytest.FixtureRequest) -> Iterator[Written]:
    """The lines that were written so far, in either format, from every logger and level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**logs._formatter(request.param)))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: stream.getvalue().split("\n")[:-1]
    root.removeHandler(handler)
    root.setLevel(level)


def assert_lines_are_whole(lines: list[str], log_format: str = "") -> None:
    assert lines
    for line in lines:
        assert not [sign for sign in NEVER if sign in line], line
        assert not line.lstrip().startswith(FORGED), line


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_within_its_line(text: str, log: Written) -> None:
    structlog.get_logger("orders.tests").warning("typed", name=text, text=[text], **{"key": {text: text}})
    lines = log()
    assert len(lines) == 1
    assert_lines_are_whole(lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_of_a_library_stays_within_its_line(text: str, log: Written) -> None:
    logging.getLogger("some.library").warning("cannot read %s", text)
    logging.getLogger("some.library").warning(text)
    lines = log()
    assert len(lines) == 2
    assert_lines_are_whole(lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_error_stays_within_its_line(text: str, log: Written) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
        structlog.get_logger("orders.tests").exception("it failed")
    for line in log():
        assert not line.lstrip().startswith(FORGED)
        assert "\x1b" not in line


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_visitor_sends_makes_a_line(text: str, log: Written, northwind: Merchant) -> None:
    client = SecureClient()
    client.get(f"/no/such/{text}/", headers={"User-Agent": text.encode().decode("latin-1"), "X-Request-ID": text})
    client.get("/account/login/", {"next": text, text: text})
    client.post("/account/login/", {"login": f"{text}@x.example", "password": text})
    assert_lines_are_whole(log())


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_somebody_types_makes_a_line(
    text: str, log: Written, admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    User.objects.update(name=text.replace("\x00", ""))
    form = {
        "name": text,
        "time_zone": "UTC",
        "sums_to_type": "",
        "undo_seconds": "0",
        "review_after_days": "7",
        "cutoff": "16:00",
    }
    admin.post(reverse("merchant_settings", args=["northwind", "live"]), form)
    admin.get(reverse("search", args=["northwind", "live"]), {"q": text})
    admin.get(reverse("order_list", args=["northwind", "live"]), {"status": text})
    assert_lines_are_whole(log())


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_the_api_says_makes_a_line(
    text: str, log: Written, admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = emulator.orders("limit=1")[0]
    page = reverse("order_detail", args=["northwind", "live", order["id"]])
    body = {"error": dict.fromkeys(("code", "message", "param", "request_id", "type"), text)}
    for status in (400, 403, 409, 500):
        emulator.fault("respond", path="/orders", status=status, body=body, times=2)
        admin.get(page)
        emulator.clear_faults()
    emulator.fault("respond", path="/orders", text=json.dumps({"id": text, "status": text}), times=2)
    admin.get(page)
    assert_lines_are_whole(log())
