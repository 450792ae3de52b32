"""Requests that are made to be heavy: what they cost is bounded, and nobody else notices. Timed ones: `make bench`."""

import ast
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Merchant
from orders.permissions import PAGES
from tests.conftest import SecureClient
from tests.merchants.test_role_escalation import address
from tests.support.emulation import Emulator
from tests.support.processes import Site, served
from tests.support.shipping import connect

HUGE = "x" * 10_000
FILTERS = (
    *("q", "status", "customer", "billing_type", "created_from", "created_to", "starting_after", "ending_before"),
    *("order", "person", "kind", "state", "after", "before", "offset", "tick", "sort", "order_by", "limit", "page"),
)
QUERIES = {
    "10 KB each": "&".join(f"{name}={HUGE}" for name in FILTERS[:6]),
    "800 filters": "&".join(f"{name}={name}" for name in FILTERS * 40),
    "1,000 unknown ones": "&".join(f"filter{number}={number}" for number in range(1_000)),
    "sort by anything": "sort=total&order_by=-secret&ordering=password&limit=1000000&page_size=1000000&expand=all",
    "900 ticks": "&".join(f"tick=00000000-0000-4000-8000-{number:012}" for number in range(900)),
}
STRESS = ["0", "a", " ", "-", ",", ".", "0,", ",000", "-a", "a.", "::", "/", "\\", '"', "é", "0.", "1e", "\n", "A0_"]
SECONDS = 0.25  # far more than any of it takes, far less than what grows with the square


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    return next(order for order in emulator.orders() if order["customer_id"])


def readable_pages() -> list[str]:
    return sorted(name for name in PAGES if name not in ("connection_try", "connection_activate"))


# --- Filters and searches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "every", [pytest.param(False, id="two of them"), pytest.param(True, id="all", marks=pytest.mark.full)]
)
@pytest.mark.parametrize("name", readable_pages())
def test_a_heavy_query_costs_no_more_than_a_light_one(
    name: str, every: bool, admin: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    """In the short run a page gets two kinds of them, and the next page the next two."""
    if name.startswith("digital_river"):
        connect(Merchant.objects.get(), "digital_river")
    path = address(name, order, member="admin")
    light = work(admin, f"{path}?q=NW-0" if name == "search" else path, emulator)  # one that looks everywhere too
    first = 2 * readable_pages().index(name)
    kinds = QUERIES if every else [list(QUERIES)[(first + number) % len(QUERIES)] for number in range(2)]
    for what, query in ((kind, QUERIES[kind]) for kind in kinds):
        heavy = work(admin, f"{path}?{query}", emulator)
        assert heavy["status"] in (200, 302, 303, 400, 404, 405, 422), what
        assert heavy["calls"] <= max(light["calls"], 2), what
        assert heavy["queries"] <= light["queries"] + 4, what
        assert heavy["longest"] <= 300, what


def work(client: Client, path: str, emulator: Emulator) -> dict[str, int]:
    """What a request made us do, and the longest value that we passed on."""
    emulator.forget_calls()
    with CaptureQueriesContext(connection) as queries:
        status = client.get(path).status_code
    calls = emulator.calls()
    longest = max((len(str(value)) for call in calls for value in _values(call["query"])), default=0)
    return {"status": status, "calls": len(calls), "queries": len(queries), "longest": longest}


def _values(query: Any) -> list[Any]:
    return list(query.values()) if isinstance(query, dict) else str(query).split("&")


@pytest.mark.parametrize("name", ["order_list", "customer_list", "journal", "search"])
def test_more_filters_than_any_form_has_are_a_bad_request(name: str, admin: Client, emulator: Emulator) -> None:
    emulator.forget_calls()
    query = "&".join(f"x{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    assert admin.get(f"{reverse(name, args=['northwind', 'live'])}?{query}").status_code == 400
    assert emulator.calls() == []


def expressions() -> list[tuple[str, str]]:
    """Every regular expression in the code that takes what people and APIs send."""
    return sorted({(path.name, text) for path in Path("orders").rglob("*.py") for text in _expressions(path)})


def _expressions(path: Path) -> Iterator[str]:
    takes_one = {"compile", "match", "fullmatch", "search", "sub", "findall", "split", "RegexValidator", "re_path"}
    text = path.read_text()
    if not re.search(r"\bre\b|RegexValidator|re_path", text):
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        of_re = not isinstance(node.func, ast.Attribute) or getattr(node.func.value, "id", "") == "re"
        if called in takes_one and of_re and isinstance(node.args[0].value, str):
            yield node.args[0].value


def test_there_are_expressions_to_try() -> None:
    assert len(expressions()) >= 5


@pytest.mark.parametrize(("file", "text"), expressions())
def test_no_expression_takes_long_for_any_text(file: str, text: str) -> None:
    expression = re.compile(text)
    for length in (24, 400, 10_000):  # one that explodes is noticed at the first, one that squares at the last
        for piece in STRESS:
            for attack in ((piece * length)[:length] + "!", "!" + (piece * length)[:length], piece * length + "\x00"):
                assert _seconds(expression, attack) < SECONDS, (file, text, piece, length)


def _seconds(expression: re.Pattern[str], text: str) -> float:
    started = time.process_time()
    expression.match(text)
    expression.search(text)
    return time.process_time() - started


# --- Bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["account_login", "account_reset_password"])
def test_a_hundred_thousand_fields_are_refused(name: str, db: None) -> None:
    body = "&".join(f"a{number}=1" for number in range(100_000))
    kind = "application/x-www-form-urlencoded"
    answer = SecureClient().post(reverse(name), body, content_type=kind)
    assert answer.status_code == 400
    assert answer["X-Request-ID"] in answer.content.decode()


def test_a_form_of_many_files_is_refused(admin: Client) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n1\r\n'
    body = part * 2_000 + "--x--\r\n"
    path = reverse("merchant_settings", args=["northwind", "live"])
    assert admin.post(path, body, content_type="multipart/form-data; boundary=x").status_code == 400


# --- Over real sockets ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    site = Site(tmp_path_factory.mktemp("site"))
    with served(site) as port:
        yield port
    site.drop()


def opened(port: int, text: str) -> socket.socket:
    visitor = socket.create_connection(("127.0.0.1", port), timeout=10)
    visitor.sendall(text.encode())
    return visitor


def answer_to(visitor: socket.socket) -> str:
    """The first line of what comes back."""
    return visitor.makefile("rb").readline().decode().strip()


def head(port: int, path: str = "/account/login/", **headers: str) -> str:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    method = "POST" if headers else "GET"
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}"


def test_a_huge_upload_is_refused_before_it_has_arrived(server: int) -> None:
    form = {"Content_Type": "multipart/form-data; boundary=x", "Content_Length": str(10**9)}
    with opened(server, head(server, **form) + "\r\n--x\r\n") as visitor:
        assert answer_to(visitor).startswith("HTTP/1.1 400")


def test_an_upload_without_an_end_is_not_read(server: int) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded", "Transfer_Encoding": "chunked"}
    with opened(server, head(server, **form) + "\r\n5\r\na=123\r\n") as visitor:
        assert answer_to(visitor).startswith("HTTP/1.1 403")  # for want of a token, without waiting for the rest


@pytest.mark.parametrize(
    "much",
    ["X-Much: " + "x" * 100_000 + "\r\n", "".join(f"X-{number}: 1\r\n" for number in range(1_000))],
    ids=["a header of 100 KB", "1,000 headers"],
)
def test_headers_without_end_are_refused(much: str, server: int) -> None:
    with opened(server, head(server) + much + "\r\n") as visitor:
        assert answer_to(visitor).startswith("HTTP/1.1 4")


def test_an_address_without_end_is_refused(server: int) -> None:
    with opened(server, head(server, "/account/login/?next=" + "x" * 100_000)) as visitor:
        assert answer_to(visitor).startswith("HTTP/1.1 4")


@pytest.mark.parametrize("sent", ["", "GET / HT", "head", "body"])
def test_slow_visitors_take_nobody_elses_turn(sent: str, server: int) -> None:
    """As many as leave threads even where one worker gets them all; more are kept off by the proxy in front."""
    form = {"Content_Type": "application/x-www-form-urlencoded", "Content_Length": "1000"}
    text = {"head": head(server), "body": head(server, **form) + "\r\na=1"}.get(sent, sent)
    slow = [opened(server, text) for _ in range(24)]
    try:
        with ThreadPoolExecutor(8) as others:
            pages = list(others.map(lambda _: page(server), range(24)))
        assert [status for status, _ in pages] == ["HTTP/1.1 200 OK"] * 24
        assert max(seconds for _, seconds in pages) < 5
    finally:
        for visitor in slow:
            visitor.close()


def page(port: int) -> tuple[str, float]:
    started = time.monotonic()
    with opened(port, head(port) + "Connection: close\r\n\r\n") as visitor:
        return answer_to(visitor), time.monotonic() - started
