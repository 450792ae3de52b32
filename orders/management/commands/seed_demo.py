from django.core.management.base import BaseCommand
from django.db import transaction

from orders.models import Membership, Merchant, User
from orders.services import connections

PASSWORD = "northwind-demo"  # noqa: S105  (printed by `make demo`; the demo listens on this machine only)

MERCHANTS = {
    "northwind": ("Northwind Trading", "Europe/Berlin"),
    "kestrel": ("Kestrel Outdoor", "America/Denver"),
}
KEYS = {"live": "rk_live_{}_demo", "test": "rk_sandbox_{}_demo"}

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

    def handle(self, *args: object, **options: object) -> None:
        merchants = {
            slug: Merchant.objects.create(slug=slug, name=name, time_zone=zone)
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
