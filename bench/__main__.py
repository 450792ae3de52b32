"""`make bench`: how fast, as ratios within one run on this machine, with the API at a fixed 50 ms.

BENCH_SECONDS and BENCH_PAIRS make the runs longer; BENCH_SWEEPS=1 measures how soon untold changes are found,
BENCH_MILLION adds a million orders in PostgreSQL. Fails when a bound is broken.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import timeit
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.attacks import attacks
from bench.freshness import freshness
from bench.idle import idle
from bench.index import index
from bench.load import get, people
from bench.partner_updates import partner_updates
from bench.posts import posts
from scripts.stack import Stack, free_port

API_MS = 50
SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))


@dataclass
class Figure:
    what: str
    reached: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def good(self) -> bool:
        return self.reached >= self.bound if self.at_least else self.reached <= self.bound

    def __str__(self) -> str:
        sign, holds = "≥" if self.at_least else "≤", "yes" if self.good else "**no**"
        return f"| {self.what} | {self.reached:.2f} {self.unit} | {sign} {self.bound:g} {self.unit} | {holds} |"


def main() -> int:
    os.environ["PAGES_PER_MINUTE"] = "1000000"  # nobody opens pages as fast as this
    print(f"ten million additions take {additions():.2f} s on this machine now")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        stack = Stack(Path(folder) / "stack", free_port(), free_port(), undo_seconds=0)
        stack.make()
        try:
            stack.start()
            with minimal_page(stack) as minimal:
                figures = list(measure(stack, minimal))
        finally:
            stack.stop()
        figures += [Figure(*figure) for figure in idle(Path(folder))]
        figures += [Figure(what, *rest[:2], "×", rest[2]) for what, *rest in partner_updates(Path(folder))]
        figures += [Figure(*figure) for figure in index(Path(folder))]
        figures += [Figure(*figure) for figure in freshness(Path(folder))]
    print("\n| What | Reached | Bound | Holds |\n| --- | --- | --- | --- |")
    print("\n".join(str(figure) for figure in figures))
    return 0 if all(figure.good for figure in figures) else 1


def additions() -> float:
    """Seconds, by which figures of another day can be compared: the speed of a shared machine halves within an hour."""
    return timeit.timeit("number += 1", "number = 0", number=10_000_000)


def measure(stack: Stack, minimal: str) -> Iterator[Figure]:
    northwind = {"Cookie": sign_in(stack, "admin@northwind.example")}
    orders = f"{stack.address}/northwind/live/orders/".replace("localhost", "127.0.0.1")
    order = orders + newest_order(stack) + "/"
    yield from first_visit(orders, northwind)
    latency(stack, API_MS)
    people(4, orders, 2, northwind)
    people(4, minimal, 1)
    yield from one_person(stack, orders, order, northwind)
    for what, over in posts(stack, sign_in(stack, "admin@northwind.example")):
        yield Figure(what, over, 35, "ms")
    yield from many_people(orders, minimal, northwind)
    yield from beside_a_slow_merchant(stack, orders, northwind)
    for what, ratio, bound in attacks(stack, orders, northwind, SECONDS):
        yield Figure(what, ratio, bound, "×")


def one_person(stack: Stack, orders: str, order: str, headers: dict[str, str]) -> Iterator[Figure]:
    """What the API takes is measured with the same call, made from here."""
    call = f"{stack.emulator_address}/revkeen/v2/orders?limit=50"
    api = people(1, call, SECONDS, {"x-api-key": "rk_live_northwind_demo"}).p50 * 1000
    over = people(1, orders, SECONDS, headers).p50 * 1000 - api
    print(f"the API's call {api:.1f} ms")
    yield Figure("Orders page, one person, p50 over the API", over, 15, "ms")
    reached = people(1, order, SECONDS, headers).p50 * 1000
    yield Figure("Order page, one person, p50 over 1.35 × its slowest round", reached - 1.35 * API_MS, 20, "ms")


def many_people(orders: str, minimal: str, headers: dict[str, str]) -> Iterator[Figure]:
    pairs = [(people(32, orders, SECONDS, headers), people(32, minimal, SECONDS)) for _ in range(PAIRS)]
    ratios = [ours.per_second / peer.per_second for ours, peer in pairs]
    yield Figure(
        "Orders page, 32 people, pages per second over the minimal page’s", statistics.median(ratios), 0.75, "×", True
    )
    yield Figure("… errors and refusals", sum(ours.errors + ours.refused for ours, _ in pairs), 0, "")
    print(
        "ratios",
        [f"{ratio:.2f}" for ratio in ratios],
        [f"{ours.per_second:.0f}/s of {peer.per_second:.0f}/s" for ours, peer in pairs],
    )


def beside_a_slow_merchant(stack: Stack, orders: str, headers: dict[str, str]) -> Iterator[Figure]:
    """A hundred people at a merchant whose API takes 5 s, and one person at another."""
    quiet = people(1, orders, SECONDS, headers)
    latency(stack, API_MS, slow_key="rk_live_kestrel_demo", slow_ms=5000)
    kestrel = {"Cookie": sign_in(stack, "both@example.com")}
    crowd = subprocess.Popen(
        [sys.executable, "-m", "bench.crowd", orders.replace("northwind", "kestrel"), "100", str(SECONDS * 2 + 6)],
        env=os.environ | {"CROWD_COOKIE": kestrel["Cookie"]},
    )
    people(1, orders, 5, headers)
    beside = people(1, orders, SECONDS * 2, headers)
    crowd.wait()
    latency(stack, API_MS)
    quiet_ms, beside_ms, worst_ms = (1000 * seconds for seconds in (quiet.p50, beside.p50, beside.p99))
    print(f"quiet p50 {quiet_ms:.0f} ms, beside the slow merchant {beside_ms:.0f} ms, p99 {worst_ms:.0f} ms")
    yield Figure("p50 beside a slow merchant’s 100 people over the quiet p50", beside.p50 / quiet.p50, 1.5, "×")
    yield Figure("… errors and refusals", beside.errors + beside.refused, 0, "")


def first_visit(orders: str, headers: dict[str, str]) -> Iterator[Figure]:
    """What a browser with an empty cache fetches: the page and all that it names."""
    packed = headers | {"Accept-Encoding": "br, gzip"}
    _, _, body = get(orders, packed | {"Accept-Encoding": "identity"})
    named = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', body.decode()))
    host = orders.split("/northwind")[0]
    sizes = {url: len(get(host + url, packed)[2]) for url in named}
    sizes["page"] = len(get(orders, packed)[2])
    yield Figure("First visit, compressed", sum(sizes.values()) / 1024, 75, "KB")
    yield Figure("First visit, requests", len(sizes), 8, "")
    swap = get(orders, packed | {"HX-Request": "true", "HX-Target": "order-table"})[2]
    yield Figure("An htmx swap of the orders, compressed", len(swap) / 1024, 8, "KB")


@contextmanager
def minimal_page(stack: Stack) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "bench.minimal", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    options = ["--worker-class", "gthread", "--threads", "32", "--no-control-socket", "--log-level", "warning"]
    server = subprocess.Popen([*command, *options], env=stack.environment)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def sign_in(stack: Stack, email: str) -> str:
    """The cookies of a signed-in person, made as the sign-in page makes them."""
    script = (
        "from importlib import import_module; from django.conf import settings; from django.contrib.auth import *;"
        "from orders.models import User;"
        f"user = User.objects.get(email={email!r});"
        "session = import_module(settings.SESSION_ENGINE).SessionStore();"
        "session[SESSION_KEY] = str(user.pk); session[HASH_SESSION_KEY] = user.get_session_auth_hash();"
        "session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]; session.save();"
        "print('session=' + session.session_key)"
    )
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    return subprocess.run(command, env=stack.environment, capture_output=True, check=True, text=True).stdout.strip()


def newest_order(stack: Stack) -> str:
    """The id of a paid order, which has everything around it that a page can show."""
    url = f"{stack.emulator_address}/revkeen/v2/orders?status=paid&limit=100"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"x-api-key": "rk_live_northwind_demo"})) as answer:
        rows = json.load(answer)["data"]
    return str(next(row["id"] for row in rows if row["customer_id"] and row["invoice_id"]))


def latency(stack: Stack, ms: int, *, slow_key: str = "", slow_ms: int = 0) -> None:
    body = {"latency": str(ms), "latency_of": {slow_key: str(slow_ms)} if slow_key else {}}
    url = f"{stack.emulator_address}/_emulator/settings"
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PATCH"
    )
    urllib.request.urlopen(request).close()


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            if get(url)[0] == 200:
                return
        except OSError:
            pass
        subprocess.run(["sleep", "0.1"], check=True)
    raise SystemExit(f"{url} does not answer")


if __name__ == "__main__":
    sys.exit(main())
