"""Attacks that take time: what a guess tells by how long it takes, and what others notice while somebody makes load."""

import http.client
import re
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urljoin, urlsplit

from bench.load import get, people
from scripts.stack import Stack

ROLES = ("admin", "support", "finance", "operations", "viewer")
GUESSES = 12  # at addresses with an account, and as many at others: less than what closes the door for a minute
SLOW = 24  # visitors who never finish: they leave threads even where one server process gets them all
LONG = urlencode({"q": "x" * 2000} | {f"filter{number}": number for number in range(100)})


def attacks(stack: Stack, orders: str, headers: dict[str, str], seconds: float) -> Iterator[tuple[str, float, float]]:
    """(what, the ratio that was reached, its bound)."""
    ratio = sign_in_ratio(stack)
    yield "Sign-in refused, p50, an address with an account over one without", ratio, 1.1
    yield "… the other way round", 1 / ratio, 1.1
    quiet = people(1, orders, seconds, headers).p50
    heavy = people(1, led_to(f"{orders}?{LONG}", headers), seconds, headers).p50
    yield "Orders page, p50, an address of 3 KB over the plain one", heavy / quiet, 1.5
    with slow_visitors(stack):
        beside = people(1, orders, seconds, headers).p50
    yield f"p50 beside {SLOW} visitors who never finish over the quiet p50", beside / quiet, 1.5


def led_to(url: str, headers: dict[str, str]) -> str:
    """The address that a list of orders keeps of this one: without what says nothing, cut where it is too long."""
    _, answered, _ = get(url, headers)
    return urljoin(url, {name.lower(): value for name, value in answered.items()}.get("location", ""))


def sign_in_ratio(stack: Stack) -> float:
    """How much longer a sign-in takes to be refused with an account than without: the median over pairs."""
    ratios = []
    for number in range(GUESSES):
        role = ROLES[number % len(ROLES)]
        known, unknown = (guess(stack.port, f"{name}@northwind.example") for name in (role, f"{role}{number}"))
        ratios.append(known / unknown)
    return statistics.median(ratios)


def guess(port: int, email: str) -> float:
    """Seconds until a wrong password is refused."""
    url = f"http://127.0.0.1:{port}/account/login/"
    _, headers, page = get(url)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.decode())
    assert token
    form = {"login": email, "password": "a wrong one", "csrfmiddlewaretoken": token[1]}
    cookie = headers["set-cookie"].partition(";")[0]
    sent = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        started = time.monotonic()
        connection.request("POST", urlsplit(url).path, urlencode(form), sent)
        connection.getresponse().read()
        return time.monotonic() - started
    finally:
        connection.close()


@contextmanager
def slow_visitors(stack: Stack) -> Iterator[None]:
    visitors = [socket.create_connection(("127.0.0.1", stack.port)) for _ in range(SLOW)]
    try:
        for visitor in visitors:
            visitor.sendall(b"GET /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        yield
    finally:
        for visitor in visitors:
            visitor.close()
