from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from orders.management.demo_day import at_work
from orders.models import Connection, Membership, Merchant, User
from orders.services.merchants import connections

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
        parser.add_argument(
            "--at-work", action="store_true", help="with bins, holds, tags, batches and jobs, as on any day"
        )

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
