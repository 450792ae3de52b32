from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from orders.apis.revkeen.objects import Product
from orders.models import BatchPrint, Connection, Membership, Merchant, User
from orders.services.fulfillment import to_fulfill
from orders.services.handling import holds, saying
from orders.services.handling.holds import Why
from orders.services.handling.saying import Change, Orders
from orders.services.items import from_products, items
from orders.services.items.items import ItemRow
from orders.services.merchants import connections
from orders.services.picking import batches
from orders.services.revkeen import session

PASSWORD = "northwind-demo"  # noqa: S105  (printed by `make demo`; the demo listens on this machine only)

MERCHANTS = {
    "northwind": ("Northwind Trading", "Europe/Berlin"),
    "kestrel": ("Kestrel Outdoor", "America/Denver"),
}
KEYS = {"live": "rk_live_{}_demo", "test": "rk_sandbox_{}_demo"}
PARTNER_KEYS = {
    Connection.Provider.DIGITAL_RIVER: {"live": "sk_{}_demo", "test": "sk_test_{}_demo"},
    Connection.Provider.ORDER_PROTECTION: {"live": "op_{}_live_demo", "test": "op_{}_test_demo"},
}
A_WEEK = timedelta(days=7)
UNDO_SECONDS = 10  # in which what was fulfilled can be undone

# Address, name, and the roles at each merchant.
PEOPLE = [
    ("admin@northwind.example", "Mara Lindqvist", {"northwind": ["admin"]}),
    ("support@northwind.example", "Owen Llewellyn", {"northwind": ["support"]}),
    ("finance@northwind.example", "Priya Nair", {"northwind": ["finance"]}),
    ("operations@northwind.example", "Jonas Weber", {"northwind": ["operations"]}),
    ("viewer@northwind.example", "Sora Tanabe", {"northwind": ["viewer"]}),
    ("both@example.com", "Amina El-Sayed", {"northwind": ["admin", "finance"], "kestrel": ["admin"]}),
]


class Command(BaseCommand):
    help = "Two merchants, their emulator keys and six invented people, for `make demo`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--undo-seconds", type=int, default=UNDO_SECONDS, help="in which what was fulfilled can be undone"
        )
        parser.add_argument("--at-work", action="store_true", help="with bins, holds, tags and a batch, as on any day")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PLAIN_HTTP:
            raise CommandError("This is for the demo (PLAIN_HTTP=1): everybody knows its accounts’ password.")
        partners = _emulated()
        undo_seconds = options["undo_seconds"] if partners else 0
        merchants = {
            slug: Merchant.objects.create(slug=slug, name=name, time_zone=zone, undo_seconds=undo_seconds)
            for slug, (name, zone) in MERCHANTS.items()
        }
        with transaction.atomic():
            for email, name, roles in PEOPLE:
                person = User.objects.create_user(email, PASSWORD, name=name)
                for slug, of_merchant in roles.items():
                    Membership.objects.create(user=person, merchant=merchants[slug], roles=of_merchant)
        by = User.objects.get(email="both@example.com")
        for slug, merchant in merchants.items():
            for mode, key in KEYS.items():
                connections.add(merchant, mode, "Demo", key.format(slug), by)
            if partners:
                _connect_partners(merchant, slug, by)
        if options["at_work"]:
            at_work(merchants["northwind"])


def _emulated() -> bool:
    """Whether the partners are where RevKeen is, which is the emulator: real ones get nothing of the demo."""
    addresses = [*settings.REVKEEN_URLS.values(), settings.DIGITAL_RIVER_URL, settings.ORDER_PROTECTION_URL]
    return len({urlsplit(address).netloc for address in addresses}) == 1


def _connect_partners(merchant: Merchant, slug: str, by: User) -> None:
    for provider, keys in PARTNER_KEYS.items():
        for mode, key in keys.items():
            connections.activate(connections.add(merchant, mode, "Demo", key.format(slug), by, provider), by)


def at_work(merchant: Merchant) -> None:
    """What operations and support have said of some orders that wait: nothing of it is at RevKeen."""
    packer = User.objects.get(email="operations@northwind.example")
    support = User.objects.get(email="support@northwind.example")
    with session.session(merchant, "live") as api:
        rows, _ = to_fulfill.left(api, to_fulfill.search(api).require())
        products = from_products.products(api)
    _fill_shelves(merchant, products, packer)
    orders = [row.order for row in rows if row.units_left]
    held, asked, urgent, gift, *others = [order.id for order in orders[2:]]
    holds.hold(merchant, "live", [held], Why("stock", "More on Monday", holds.today(merchant) + A_WEEK), packer)
    holds.hold(merchant, "live", [asked], Why("customer", "Moves house, writes again"), support)
    saying.change(Orders(merchant, "live", (urgent,), support), Change(priority=1, add=("VIP",)))
    saying.change(Orders(merchant, "live", (gift, *others[:3]), support), Change(add=("gift",)))
    saying.change(Orders(merchant, "live", tuple(others[:2]), packer), Change(assign=True, to=packer))
    numbers = {order.id: order.number for order in orders}
    batch = batches.create(merchant, "live", {one: numbers[one] for one in others[:12]}, packer)
    batches.record_print(batch, BatchPrint.Paper.PICK_LIST, 12, packer)


def _fill_shelves(merchant: Merchant, products: list[Product], by: User) -> None:
    """A bin in one of three aisles and a barcode of the merchant’s own for each product."""
    rows = [
        ItemRow(product.product_id, product.name, f"{'ABC'[nth % 3]}-{nth // 3 % 12 + 1:02}", (f"2{nth:06}",))
        for nth, product in enumerate(products, 1)
    ]
    items.save(merchant, rows, items.COLUMNS, by)
