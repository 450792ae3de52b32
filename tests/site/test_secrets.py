"""API keys at rest: bound to their row, unreadable without the keys of the environment."""

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import LazySettings
from django.urls import reverse

from orders import secrets
from orders.models import Connection, Merchant
from tests.conftest import add_key, make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.processes import PASSWORD, READY, Site

pytestmark = pytest.mark.database

CANARY = "rk_live_CANARY" + "7f3a9c5e1b2d"


def move_ciphertext(source: Connection, target: Connection) -> None:
    """As somebody would who can write to the database and wants to use another merchant's key."""
    Connection.objects.filter(pk=target.pk).update(sealed_secret=source.sealed_secret)
    target.refresh_from_db()


@pytest.mark.parametrize("other", ["merchant", "mode", "row"])
def test_a_ciphertext_moved_to_another_row_does_not_open(other: str, northwind: Merchant, kestrel: Merchant) -> None:
    source = Connection.objects.get(merchant=northwind, mode="live")
    target = {
        "merchant": lambda: Connection.objects.get(merchant=kestrel, mode="live"),
        "mode": lambda: Connection.objects.get(merchant=northwind, mode="test"),
        "row": lambda: add_key(northwind, "live", "rk_live_northwind_demo2"),
    }[other]()
    move_ciphertext(source, target)
    with pytest.raises(secrets.Unreadable):
        _ = target.secret


def test_with_a_moved_ciphertext_nothing_is_sent(northwind: Merchant, kestrel: Merchant, emulator: Emulator) -> None:
    target = Connection.objects.get(merchant=kestrel, mode="live")
    move_ciphertext(Connection.objects.get(merchant=northwind, mode="live"), target)
    client = sign_in(make_person("admin@kestrel.example", kestrel, "admin"))
    emulator.forget_calls()
    page = client.get(reverse("connection_list", args=["kestrel", "live"]))
    assert b"Cannot be decrypted" in page.content
    client.get(reverse("order_list", args=["kestrel", "live"]))
    client.post(reverse("connection_try", args=["kestrel", "live", target.pk]))
    assert emulator.calls() == []


def test_without_its_field_key_a_secret_does_not_open(northwind: Merchant, settings: LazySettings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(secrets.Unreadable):
        _ = Connection.objects.filter(merchant=northwind)[0].secret


ADD_KEY = f"""
import json, sys
from orders.models import Connection, Merchant
connection = Connection(merchant=Merchant.objects.get(), mode="live", provider="revkeen", name="Canary", active=True)
connection.secret = sys.argv[1]
connection.save()
{READY}
print(json.dumps("saved"))
"""


def test_a_stolen_backup_holds_no_key(site: Site, tmp_path: Path) -> None:
    site.add_admins("mara@x.example")
    site.run(ADD_KEY, CANARY)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # the database too, where that is SQLite
    dumped = site.manage("dumpdata")
    stolen = files + dumped.encode()
    assert b"Canary" in stolen  # the row is in there
    for hidden in (CANARY, CANARY[:12], CANARY[8:], PASSWORD, site.environment["FIELD_ENCRYPTION_KEYS"]):
        assert hidden.encode() not in stolen
    (sealed,) = (row["fields"]["sealed_secret"] for row in json.loads(dumped) if row["model"] == "orders.connection")
    with pytest.raises(InvalidToken):
        Fernet(Fernet.generate_key()).decrypt(sealed)
