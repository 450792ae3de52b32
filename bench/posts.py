"""What our own work adds to the calls that a change needs: the POST of a form, beside the same calls made from here."""

import http.client
import itertools
import json
import re
import statistics
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from orders.carriers import check_digits
from scripts.stack import Stack

POSTS = 30
KEY = "rk_sandbox_northwind_demo"
NUMBERS = (  # a different one for each parcel: one that another order has is doubted, and the form asks again
    f"1Z{checked}"
    for begin in itertools.count(605272000)
    for check in "0123456789"
    if check_digits.ups(checked := f"12345E{begin}{check}")
)
LINES = [{"description": "Ridgeline 2 tent", "unit_price": 6000, "quantity": 1}]


class Person:
    """One kept connection to the dashboard, as a browser has."""

    def __init__(self, stack: Stack, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", urlsplit(stack.address).port, timeout=60)
        self._headers = {"Cookie": cookie, "Host": urlsplit(stack.address).netloc, "Origin": stack.address}

    def open(self, path: str) -> dict[str, str]:
        """The hidden fields of the page's form; its csrf cookie is kept."""
        status, headers, page = self._ask("GET", path)
        if status != 200:
            raise SystemExit(f"{path} answered {status}")
        token = re.search(r"csrf=([^;]+)", headers.get("set-cookie", ""))
        if token:
            self._headers["Cookie"] += f"; csrf={token[1]}"
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.decode()))

    def post(self, path: str, fields: list[tuple[str, str]]) -> float:
        """Seconds from sending the form to the answer that it is done."""
        started = time.monotonic()
        status, _, page = self._ask("POST", path, urlencode(fields))
        taken = time.monotonic() - started
        if status != 303:
            raise SystemExit(f"{path} answered {status}: {_text(page)[:2000]}")
        return taken

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], bytes]:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self._connection.request(method, path, body or None, self._headers | form)
        answer = self._connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def _text(page: bytes) -> str:
    """What a person reads on the page, without its frame."""
    return re.sub(r"(<[^>]*>|\s)+", " ", page.decode().partition("<main")[2])


class Api:
    """The same calls without us."""

    def __init__(self, stack: Stack) -> None:
        parts = urlsplit(stack.emulator_address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"x-api-key": KEY, "Content-Type": "application/json"}
        self._connection.request(method, f"/revkeen/v2{path}", json.dumps(body) if body else None, headers)
        return json.load(self._connection.getresponse())

    def timed(self, method: str, path: str, body: Any = None) -> float:
        started = time.monotonic()
        self.call(method, path, body)
        return time.monotonic() - started

    def order(self) -> str:
        return str(self.call("POST", "/orders", {"currency": "usd", "line_items": LINES})["id"])


def posts(stack: Stack, cookie: str) -> Iterator[tuple[str, float]]:
    """(what, p50 in milliseconds over the three calls it needs: look, change, look after), one person."""
    person, api = Person(stack, cookie), Api(stack)
    yield "Pay, the POST, one person, p50 over its three calls", _over(_pay(person, api) for _ in range(POSTS))
    yield "Fulfill, the POST, one person, p50 over its three calls", _over(_fulfill(person, api) for _ in range(POSTS))


def _over(pairs: Iterator[tuple[float, float]]) -> float:
    ours, calls = zip(*pairs, strict=True)
    return (statistics.median(ours) - statistics.median(calls)) * 1000


def _pay(person: Person, api: Api) -> tuple[float, float]:
    order, other = api.order(), api.order()
    path = f"/northwind/test/orders/{order}/pay/"
    fields = person.open(path) | {"amount": "60.00", "method": "token", "charging": "6000 token"}
    ours = person.post(path, [*fields.items(), ("token", f"tok_approve_{order}")])
    return ours, _calls(api, other, "pay", {"amount": 6000, "payment_token": f"tok_approve_{other}"})


def _fulfill(person: Person, api: Api) -> tuple[float, float]:
    order, other = _paid(api), _paid(api)
    path = f"/northwind/test/orders/{order['id']}/fulfill/"
    line = order["line_items"][0]
    parcel = {"lines": line["id"], f"units-{line['id']}": "1", "carrier": "ups", "notify": "no"}
    parcel |= {"number-0": next(NUMBERS)}
    typed = {"parcel": "1", "fulfilling": "1:1:1:1", **{f"p1-{name}": value for name, value in parcel.items()}}
    ours = person.post(path, [*(person.open(path) | typed).items()])
    return ours, _calls(api, other["id"], "fulfill", {"notify_customer": False})


def _paid(api: Api) -> dict[str, Any]:
    order = api.order()
    paid: dict[str, Any] = api.call("POST", f"/orders/{order}/pay", {"payment_token": f"tok_approve_{order}"})
    return paid


def _calls(api: Api, order: str, change: str, body: dict[str, Any]) -> float:
    looks = sum(api.timed("GET", f"/orders/{order}") for _ in range(2))
    return looks + api.timed("POST", f"/orders/{order}/{change}", body)
