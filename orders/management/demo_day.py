"""What operations and support have done by noon, for `make demo`: shelves, holds, tags, batches, and jobs of each kind.

Nothing of it is at RevKeen, but for what the jobs have sent.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from orders.apis.revkeen.objects import Product
from orders.models import BatchPrint, Job, Membership, Merchant, User
from orders.services.fulfillment import to_fulfill
from orders.services.fulfillment.waiting_orders import Waiting
from orders.services.handling import holds, saying
from orders.services.handling.holds import Why
from orders.services.handling.saying import Change, Orders
from orders.services.index import freshness
from orders.services.items import from_products, items
from orders.services.items.items import ItemRow
from orders.services.jobs import asking, sending, work
from orders.services.jobs.asking import Given
from orders.services.picking import batches
from orders.services.revkeen import session
from orders.services.sync import turns
from orders.services.sync import work as sync

MODE = "live"
A_WEEK = timedelta(days=7)
# UPS's by their check digits, of an invented shipper.
PARCELS = ("1Z999AA10000000015", "1Z999AA10000000024", "1Z999AA10000000033", "1Z999AA10000000042", "1Z999AA10000000051")
FEDEX = "986578788855"


def at_work(merchant: Merchant) -> None:
    """On a merchant of the demo that has orders to fulfill."""
    packer = User.objects.get(email="operations@northwind.example")
    support = User.objects.get(email="support@northwind.example")
    with session.session(merchant, MODE) as api:
        rows, _ = to_fulfill.left(api, to_fulfill.search(api).require())
        products = from_products.products(api)
        orders = [row.order for row in rows if row.units_left and not row.part_gone]
    _import(merchant)
    _fill_shelves(merchant, products, packer)
    _say(merchant, orders, packer, support)
    _jobs(merchant, orders[-8:], packer, support)


def _fill_shelves(merchant: Merchant, products: list[Product], by: User) -> None:
    """A bin in one of three aisles and a barcode of the merchant’s own for each product."""
    rows = [
        ItemRow(product.product_id, product.name, f"{'ABC'[nth % 3]}-{nth // 3 % 12 + 1:02}", (f"2{nth:06}",))
        for nth, product in enumerate(products, 1)
    ]
    items.save(merchant, rows, items.COLUMNS, by)


def _say(merchant: Merchant, orders: Sequence[Waiting], packer: User, support: User) -> None:
    held, asked, urgent, gift, *others = [order.id for order in orders[2:-8]]
    holds.hold(merchant, MODE, [held], Why("stock", "More on Monday", holds.today(merchant) + A_WEEK), packer)
    holds.hold(merchant, MODE, [asked], Why("customer", "Moves house, writes again"), support)
    saying.change(Orders(merchant, MODE, (urgent,), support), Change(priority=1, add=("VIP",)))
    saying.change(Orders(merchant, MODE, (gift, *others[:3]), support), Change(add=("gift",)))
    saying.change(Orders(merchant, MODE, tuple(others[:2]), packer), Change(assign=True, to=packer))
    numbers = {order.id: order.number for order in orders}
    for part in (others[:12], others[12:18]):
        batch = batches.create(merchant, MODE, {one: numbers[one] for one in part}, packer)
        batches.record_print(batch, BatchPrint.Paper.PICK_LIST, len(part), packer)


def _import(merchant: Merchant) -> None:
    """All of its orders, as a worker reads them: a check that lacked some could not say that there is no such order."""
    turns.begin_new()
    while freshness.as_of(merchant, MODE) is None and (state := turns.claim()) is not None:
        sync.work(state, time.sleep)


def _jobs(merchant: Merchant, orders: Sequence[Waiting], packer: User, support: User) -> None:
    """One that is done but for an order that was put on hold after its check; a note on others; a check to correct."""
    sent = _check(packer, merchant, "parcels-morning.csv", [_row(*pair) for pair in zip(orders, PARCELS, strict=False)])
    holds.hold(merchant, MODE, [orders[0].id], Why("address", "House number is missing"), support)
    noted = Membership.objects.get(user=support, merchant=merchant)
    asked = {"note": "Customer was told: ships today", "name": "", "value": ""}
    given = [Given(nth, {}, one.id, one.number) for nth, one in enumerate(orders[5:], 1)]
    note = asking.begin(noted, MODE, Job.Kind.EDIT, "3 selected orders", given, asked=asked)
    asking.check(note)
    for job, by in ((sent, packer), (note, support)):
        _carry_out(job, by)
    _check(packer, merchant, "parcels-noon.csv", _rows_to_correct(orders))


def _rows_to_correct(orders: Sequence[Waiting]) -> list[dict[str, str]]:
    shipped, first, second, third = orders[1], *orders[5:8]
    return [
        _row(first, "1Z999AA10000000060"),
        _row(second, FEDEX),
        _row(third, "1.23E+20"),
        _row(shipped, "1Z999AA10000000079"),
        _row(first, "1Z999AA10000000060"),
        {"order": "NW-404", "carrier": "UPS", "tracking": "1Z999AA10000000088"},
        _row(third, PARCELS[0]) | {"sku": "TENT-404", "units": "9"},
    ]


def _row(order: Waiting, number: str) -> dict[str, str]:
    return {"order": order.number, "carrier": "UPS", "tracking": number}


def _check(by: User, merchant: Merchant, source: str, rows: Sequence[dict[str, str]]) -> Job:
    membership = Membership.objects.get(user=by, merchant=merchant)
    given = [Given(place, row) for place, row in enumerate(rows, 2)]  # below the line of headings
    defaults = {"carrier": "", "notify": "no"}
    job = asking.begin(membership, MODE, Job.Kind.FULFILL, source, given, asked=defaults)
    asking.check(job)
    return job


def _carry_out(job: Job, by: User) -> None:
    """As the worker does after the undo window."""
    asking.apply(job, asking.ready(job).count(), job.version, by)
    now: dict[str, Any] = {"starts_at": Now(), "next_call_at": Now()}
    Job.objects.filter(pk=job.pk).update(**now)
    while (claimed := work.claim()) is not None:
        sending.send(claimed)
        Job.objects.filter(pk=job.pk).update(next_call_at=Now())
