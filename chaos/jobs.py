"""A file of a thousand parcels, a tenth of it bad, while workers are killed: each good row once in three systems."""

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.browser import Browser, form_with, forms
from chaos.dashboard import Dashboard
from chaos.partners import CONNECT, PERSON, QUICK
from chaos.shop import PLACES, Shop, ups
from tests.support.emulation import Emulator

PLACE = PLACES[0]  # northwind, live
KILL_EVERY = (0.4, 2.5)  # seconds: a worker takes more than one to start
LONGEST = 1_500.0  # seconds that a job may take
CALLS = 3  # of an order
SECONDS = 3.0  # that a call may take: two workers wait for their turn at OrderProtection for two
SYSTEMS = ("revkeen", "digital_river", "order_protection")
HEAD = "Order,Carrier,Tracking number,SKU,Units"

INDEX = """
import json
from orders.models import Merchant
from tests.support.indexed import index_everything
print("ready"); input()
index_everything(Merchant.objects.get(slug="northwind"))
print(json.dumps(1))
"""
ROWS = """
import json
from orders.models import Job, JobRow
print("ready"); input()
job = Job.objects.latest("created_at")
rows = [[row.place, [code for code, _ in row.marks], row.state] for row in job.rows.all()]
ended = (job.ended_at - job.starts_at).total_seconds() if job.ended_at else None
print(json.dumps({"rows": rows, "seconds": ended, "state": job.state}))
"""


@dataclass(frozen=True)
class Line:
    """A row of the file: what the check is to say of it, and the order that it names, if there is one."""

    text: str
    mark: str = ""  # "" for a good one
    order: dict[str, Any] = field(default_factory=dict)
    number: str = ""


@dataclass
class Run:
    rows: int
    bad: int
    killed: int
    seconds: float
    own_seconds: float  # what the rate alone would take
    marked_wrongly: list[str]
    doubled: list[str]
    lost: list[str]
    sent_though_bad: list[str]
    states: Counter[str]

    @property
    def violations(self) -> list[str]:
        return [*self.marked_wrongly, *self.doubled, *self.lost, *self.sent_though_bad]


def run(folder: Path, rows: int, bad: int, kills: int, *, server: str = "", seed: int = 1, share: float = 0.7) -> Run:
    """`server` is a PostgreSQL server's address, "" means SQLite; `share` of what RevKeen takes is the job's."""
    environment = QUICK | {"JOBS_SHARE": str(share)}
    rng = random.Random(seed)
    with (
        Emulator("--orders", "60") as emulator,
        Dashboard(folder, emulator, server=server, seconds=SECONDS, environment=environment) as board,
    ):
        assert board.site.run(CONNECT) == 3 * len(PLACES)
        lines = list(_lines(emulator, Shop(emulator, PLACE), rows - bad, bad))
        rng.shuffle(lines)
        assert board.site.run(INDEX, timeout=300) == 1
        browser = Browser(board.address).sign_in(PERSON)
        path = _check(browser, lines)
        checked = board.site.run(ROWS)["rows"]
        before = len(emulator.ledger())
        _apply(browser, path)
        with _killing(board, rng, kills):
            ended = _until_over(board)
        _until_partners_know(board)
        ledger = emulator.ledger()[before:]
        return _compare(lines, checked, ended, ledger, rows, bad, board.killed["reconciler"], share)


def _lines(emulator: Emulator, shop: Shop, good: int, bad: int) -> Iterator[Line]:
    for place in range(good):
        order = _sold(emulator, shop, place)
        yield Line(f"{order['public_id']},UPS,{ups(place)},,", "", order, ups(place))
    for place in range(bad):
        yield _bad_line(emulator, shop, place)


def _sold(emulator: Emulator, shop: Shop, place: int) -> dict[str, Any]:
    """A paid order that both partners know."""
    items = [
        {"description": f"Thing {line}", "unit_price": 700, "quantity": 2, "metadata": _item(place, line)}
        for line in range(2)
    ]
    order: dict[str, Any] = shop.paid_order(line_items=items, metadata={"dr_order_id": f"dro_job_{place}"})
    emulator.tell_partners(order["id"])
    return order


def _item(place: int, line: int) -> dict[str, str]:
    return {"dr_item_id": f"dri_job_{place}_{line}", "sku": f"SKU-{line}"}


def _bad_line(emulator: Emulator, shop: Shop, place: int) -> Line:
    """One of each kind in turn, each about an order of its own."""
    kinds = ("unknown", "not_paid", "shipped", "too_many", "no_line", "carrier", "damaged", "invalid", "no_number")
    kind, number = kinds[place % len(kinds)], ups(500_000 + place)
    if kind == "unknown":
        return Line(f"NW-9{place:06d},UPS,{number},,", kind)
    order = shop.order() if kind == "not_paid" else _sold(emulator, shop, 900_000 + place)
    if kind == "shipped":
        emulator.patch("orders", order["id"], fulfillment_status="fulfilled", status="fulfilled")
    texts = {
        "too_many": f"UPS,{number},SKU-0,9",
        "no_line": f"UPS,{number},SKU-9,1",
        "carrier": f"FedEx,{number},,",
        "damaged": "UPS,1.23E+20,,",
        "invalid": f"UPS,{number},SKU-0,two",
        "no_number": ",,,",
    }
    return Line(f"{order['public_id']},{texts.get(kind, f'UPS,{number},,')}", kind, order)


def _check(browser: Browser, lines: list[Line]) -> str:
    """Read the file in; the address of the job."""
    path = PLACE.path("jobs/import/")
    form = form_with(browser.patient.get(path).text, "text")
    assert form is not None
    page = browser.post(path, form.filled(text="\n".join([HEAD, *(line.text for line in lines)]), notify="no"))
    assert page.status == 303, page
    return page.location


def _apply(browser: Browser, path: str) -> None:
    form = next(form for form in forms(browser.patient.get(path).text) if form.action.endswith("/apply/"))
    page = browser.post(form.action, form.fields)
    assert page.status == 303, page


@contextlib.contextmanager
def _killing(board: Dashboard, rng: random.Random, kills: int) -> Iterator[None]:
    def kill() -> None:
        for _ in range(kills):
            time.sleep(rng.uniform(*KILL_EVERY))
            board.kill_reconciler(rng)

    killer = threading.Thread(target=kill)
    killer.start()
    yield
    killer.join()


def _until_over(board: Dashboard) -> dict[str, Any]:
    """The job once it has ended and nothing of it is in doubt any more."""
    until = time.monotonic() + LONGEST
    open_rows = "SELECT 1 FROM orders_jobrow WHERE state IN ('ready', 'sending', 'in_doubt') LIMIT 1"
    while board.site.rows(open_rows) and time.monotonic() < until:
        time.sleep(0.5)
    found: dict[str, Any] = board.site.run(ROWS)
    return found


def _until_partners_know(board: Dashboard) -> None:
    until = time.monotonic() + LONGEST
    waiting = (
        "SELECT 1 FROM orders_partnerupdate WHERE state IN ('waiting', 'sending', 'in_doubt', 'for_revkeen') LIMIT 1"
    )
    while board.site.rows(waiting) and time.monotonic() < until:
        time.sleep(0.5)


def _compare(
    lines: list[Line],
    checked: list[Any],
    ended: dict[str, Any],
    ledger: list[dict[str, Any]],
    rows: int,
    bad: int,
    killed: int,
    share: float,
) -> Run:
    told = Counter((row["provider"], _order_of(row)) for row in ledger if row["effect"] == "fulfillment")
    names = {"digital_river": lambda order: order["metadata"].get("dr_order_id")}
    found = Run(
        rows, bad, killed, ended["seconds"] or LONGEST, (rows - bad) * CALLS * 60 / (1000 * share),
        [], [], [], [], Counter(state for _, _, state in ended["rows"]),
    )  # fmt: skip
    for line, (place, marks, _) in zip(lines, checked, strict=True):
        if marks[:1] != [line.mark][: bool(line.mark)]:
            found.marked_wrongly.append(f"row {place}, {line.text}: {marks}")
        for system in SYSTEMS if line.order else ():
            times = told[system, names.get(system, lambda order: order["id"])(line.order)]
            where = f"row {place} at {system}: {times}"
            if line.mark and times:
                found.sent_though_bad.append(where)
            elif not line.mark and times != 1:
                (found.doubled if times else found.lost).append(where)
    return found


def _order_of(row: dict[str, Any]) -> str:
    return str(row["order_id"])


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as where:
        done = run(Path(where), *map(int, sys.argv[1:4]), server=sys.argv[4] if sys.argv[4:] else "")
        print(json.dumps({**vars(done), "states": dict(done.states)}, indent=1))
