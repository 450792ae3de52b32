"""The index over many orders: searches of every kind drawn from the data, the list by every filter and sort, counts;
and finance over the same.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from bench.asking import BEGIN, PERSON
from bench.filling import FILL
from bench.finance import finance
from bench.multiply import TIMES, multiply
from bench.partner_updates import site
from tests.support.emulation import Emulator
from tests.support.processes import Site, postgres_server

ORDERS = 100_000  # of each merchant and mode at the emulator; those of one are read
SEARCH = (
    PERSON
    + """
rng = random.Random(7)
keys = list(OrderCopy.objects.filter(merchant=merchant, mode="live").values_list("pk", flat=True))
def drawn(kind):
    order = OrderCopy.objects.get(pk=rng.choice(keys))
    customer = CustomerCopy.objects.filter(customer_id=order.customer_id).first()
    line = order.lines.first()
    texts = {
        "id": str(order.order_id), "number": order.public_id, "digits": order.public_id.rpartition("-")[2],
        "amount": f"{order.total / 100:.2f} {order.currency}", "bare amount": f"{order.total / 100:.2f}",
        "e-mail": customer.email if customer else "", "name": customer.name if customer else "",
        "part of a name": customer.name[1:5] if customer else "", "phone": customer.phone[-6:] if customer else "",
        "line": line.description if line else "", "part of a line": line.description[2:9] if line else "",
        "note": order.notes[:30], "product": str(line.product_id or "") if line else "",
        "metadata": str(next(iter(order.metadata.values()), "")), "two letters": customer.name[:2] if customer else "",
        "nothing": uuid.uuid4().hex[:12],
    }
    return kind, texts[kind]
OF_ALL = ("id", "number", "digits", "amount", "bare amount", "e-mail", "name", "part of a name", "phone", "line",
          "part of a line", "note", "product", "metadata", "two letters", "nothing")
TERMS = {"tracking": 8, "SKU": 10, "payment": 12, "card": 13, "invoice number": 16}
few = Term.objects.filter(merchant=merchant, kind__in=TERMS.values()).order_by("kind")
learned = {name: few.filter(kind=kind).values_list("value", flat=True)[:5000] for name, kind in TERMS.items()}
learned = {name: list(values) for name, values in learned.items()}
KINDS = [*OF_ALL, *(name for name, values in learned.items() if values)]
def asked(kind):
    return rng.choice(learned[kind]) if kind in learned else drawn(kind)[1]
for kind in KINDS:
    seconds("search/", q=asked(kind))
busy.clear()
by_kind = {}
for number in range(1000):
    kind = KINDS[number % len(KINDS)]
    if text := asked(kind):
        by_kind.setdefault(kind, []).append(seconds("search/", q=text))
for kind, taken in by_kind.items():
    middle, p95, worst = (round(one * 1000) for one in (statistics.median(taken), *told(taken)))
    print(f"  {kind}: {len(taken)} times, p50 {middle} ms, p95 {p95}, worst {worst}", file=sys.stderr)
print("  processor time:", in_ms(busy["search/"]), file=sys.stderr)
print(json.dumps(told([one for taken in by_kind.values() for one in taken])))
"""
)

LIST = (
    PERSON
    + """
from orders.services.index.order_filters import FILTERS
from orders.services.index.order_list import SORTS
from tests.orders.test_indexed_lists import SAMPLES
from django.core.cache import caches
from django.test import RequestFactory
from orders.context_processors import frame
from orders.models import Membership
line = OrderLineCopy.objects.order_by("-order").first()
asked = {**SAMPLES, "product": line.description.split()[0], "customer": str(line.order.customer_id)}
sorts = [sign + name for name in SORTS for sign in ("", "-")]
for name in FILTERS:
    seconds("orders/", **{name: asked[name], "sort": "total"})
busy.clear()
slowest, taken = [], []
for name in FILTERS:
    for sort in sorts:
        one = seconds("orders/", **{name: asked[name], "sort": sort})
        taken.append(one)
        slowest.append((busy["orders/"][-1], name, sort))
for one, name, sort in sorted(slowest, reverse=True)[:8]:
    print(f"  {one * 1000:.0f} ms of processor time: {name}={asked[name]} by {sort}", file=sys.stderr)
print("  processor time:", in_ms(busy["orders/"]), file=sys.stderr)
anywhere = RequestFactory().get("/")
anywhere.merchant, anywhere.mode, anywhere.resolver_match = merchant, "live", None
anywhere.membership = Membership.objects.get(merchant=merchant, user=person)
counted = []
for _ in range(20):
    caches["process"].clear()
    started = time.perf_counter()
    len(frame(anywhere)["navigation"])
    counted.append(time.perf_counter() - started)
print(json.dumps([*told(taken), *told(counted)]))
"""
)

EXPORT = (
    BEGIN
    + """
from django.http import QueryDict
from django.utils import timezone
from orders.forms.exports.lists import LISTS, Wanted
from orders.models import Membership
from orders.services.exports import files
def peak():
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1024
member = Membership.objects.get(merchant=merchant, user__email="both@example.com")
started = time.perf_counter()
table = LISTS["orders"].table(Wanted(merchant, "live", member, QueryDict("sort=-total"), timezone.now()))
table.count(20_001)
pieces = files.content(table, merchant.zone, "comma")
next(pieces)
first, before = time.perf_counter() - started, peak()
size = sum(map(len, pieces))
print(json.dumps([first, peak() - before, size / 2**20, time.perf_counter() - started]))
"""
)

Figures = Iterator[tuple[str, float, float, str, bool]]


def index(folder: Path) -> Figures:
    """(what, figure, bound, unit, whether at least so much). With BENCH_MILLION a million orders in PostgreSQL too."""
    with Emulator("--orders", str(ORDERS)) as emulator:
        servers = {"SQLite": "", **({"PostgreSQL": postgres_server()} if postgres_server() else {})}
        for engine, server in servers.items():
            yield from _of_engine(folder, emulator, engine, server)


def _of_engine(folder: Path, emulator: Emulator, engine: str, server: str) -> Figures:
    with site(folder, emulator, server) as ours:
        count, page, mib = ours.run(FILL, timeout=3600)
        print(f"{engine}: {count:,} orders in {mib:.0f} MiB, a page of 100 written in {page * 1000:.0f} ms")
        yield from _of(ours, f"{count:,} orders, {engine}", 1)
        yield from _exported(ours, f"{count:,} orders by total, {engine}")
        if server and os.environ.get("BENCH_MILLION"):
            multiply(ours.environment["DATABASE_URL"])
            yield from _of(ours, f"{count * TIMES:,} orders, {engine}", 3)


def _of(ours: Site, over: str, times: int) -> Figures:
    """`times`: so many times the bounds of a hundred thousand orders are allowed."""
    print(over)
    yield from _found(ours, over, times)
    yield from finance(ours, over, times)


def _exported(ours: Site, over: str) -> Figures:
    first, memory, mib, seconds = ours.run(EXPORT, timeout=600)
    print(f"all orders as CSV, {mib:.0f} MiB in {seconds:.0f} s")
    yield f"Export of {over}, until its first byte", first * 1000, 1000, "ms", False
    yield "… memory from its first byte to its last", memory, 20, "MiB", False


def _found(ours: Site, over: str, times: int) -> Figures:
    p95, worst = ours.run(SEARCH, timeout=600)
    yield f"Search over {over}, p95 of 1,000", p95 * 1000, 30 * times, "ms", False
    yield "… worst", worst * 1000, 150 * times, "ms", False
    p95, worst, counted, _ = ours.run(LIST, timeout=600)
    print(f"the slowest list took {worst * 1000:.0f} ms")
    yield f"Orders list over {over}, each filter with each sort, p95", p95 * 1000, 60 * times, "ms", False
    yield "… all counts of the navigation, p95", counted * 1000, 20 * times, "ms", False
