"""The commands for whoever runs it: the first admin, and new field keys."""

import uuid
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from orders import secrets
from orders.models import Connection, EventLog, Membership, Merchant, Operation, OperationToken, User
from tests.conftest import SecureClient, make_person
from tests.site.test_secrets import move_ciphertext

pytestmark = pytest.mark.database

PASSWORD = "a good password"


def create_admin(**options: Any) -> str:
    said = StringIO()
    call_command("create_admin", ask=False, stdout=said, **options)
    return said.getvalue()


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)


# --- create_admin ----------------------------------------------------------------------------------------------------


def test_the_first_admin_comes_with_the_first_merchant(db: None, password: None) -> None:
    said = create_admin(email="Mara@X.example", name="Mara", merchant="Northwind Trading", time_zone="Europe/Berlin")
    assert "/northwind-trading/live/settings/connections/" in said
    member = Membership.objects.get()
    assert (member.user.email, member.roles) == ("mara@x.example", ["admin"])
    assert (member.merchant.name, member.merchant.time_zone) == ("Northwind Trading", "Europe/Berlin")
    assert EventLog.objects.get().kind == "member_joined"
    client = SecureClient()
    client.post("/account/login/", {"login": "mara@x.example", "password": PASSWORD})
    assert client.get("/northwind-trading/live/settings/connections/").status_code == 200


def test_somebody_who_lost_the_role_gets_it_back_and_keeps_the_password(db: None) -> None:
    merchant = Merchant.objects.create(name="Northwind Trading", slug="northwind")
    mara = make_person("mara@x.example", merchant, "viewer")
    create_admin(email="mara@x.example", slug="northwind")
    mara.refresh_from_db()
    assert mara.check_password(PASSWORD)
    assert Membership.objects.get().roles == ["admin", "viewer"]
    assert Merchant.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"email": "mara@x.example", "merchant": "X"}, "Name of the admin"),
        ({"name": "Mara", "merchant": "X"}, "E-mail of the admin"),
        ({"name": "Mara", "email": "mara@x.example"}, "Name of the merchant"),
        ({"name": "Mara", "email": "mara", "merchant": "X"}, "valid email"),
        ({"name": "Mara", "email": "mara@x.example", "merchant": "X", "time_zone": "Mars"}, "not a time zone"),
        ({"name": "Mara", "email": "mara@x.example", "merchant": "X", "slug": "X Y"}, "lower-case"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_made(
    options: dict[str, str], reason: str, db: None, password: None
) -> None:
    with pytest.raises(CommandError, match=reason):
        create_admin(**options)
    assert not User.objects.exists()
    assert not Merchant.objects.exists()


@pytest.mark.parametrize(("given", "reason"), [("", "ADMIN_PASSWORD"), ("short", "too short")])
def test_a_weak_password_is_refused(given: str, reason: str, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", given)
    with pytest.raises(CommandError, match=reason):
        create_admin(email="mara@x.example", name="Mara", merchant="X")
    assert not User.objects.exists()


# --- rotate_field_keys -----------------------------------------------------------------------------------------------


def rotate() -> tuple[str, str]:
    said, complained = StringIO(), StringIO()
    try:
        call_command("rotate_field_keys", stdout=said, stderr=complained)
    except CommandError as error:
        complained.write(str(error))
    return said.getvalue(), complained.getvalue()


@pytest.fixture
def app(northwind: Merchant) -> Authenticator:
    user = make_person("mara@x.example", northwind, "admin")
    data = {"secret": get_adapter().encrypt("JBSWY3DPEHPK3PXP")}
    return Authenticator.objects.create(user=user, type="totp", data=data)


def test_after_rotating_the_new_key_is_enough(northwind: Merchant, app: Authenticator, settings: LazySettings) -> None:
    former, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, former]
    said, complained = rotate()
    assert said.startswith("3 secrets")
    assert complained == ""
    settings.FIELD_ENCRYPTION_KEYS = [new]
    keys = {connection.secret for connection in Connection.objects.all()}
    assert keys == {"rk_live_northwind_demo", "rk_sandbox_northwind_demo"}
    app.refresh_from_db()
    assert get_adapter().decrypt(app.data["secret"]) == "JBSWY3DPEHPK3PXP"


def test_the_token_of_an_open_payment_is_rotated_too(northwind: Merchant, settings: LazySettings) -> None:
    user = make_person("mara@northwind.example", northwind, "support")
    key = Connection.objects.get(merchant=northwind, mode="live")
    asked: dict[str, Any] = {"kind": "pay", "body": {}, "seen": {}, "plan_id": uuid.uuid4(), "who": user.email}
    operation = Operation.objects.create(merchant=northwind, mode="live", connection_id=key.pk, user=user, **asked)
    token = OperationToken(operation=operation)
    token.secret = "tok_something"
    token.save()
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    rotate()
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert OperationToken.objects.get().secret == "tok_something"


def test_what_cannot_be_opened_is_reported_and_stops_nothing(
    northwind: Merchant, kestrel: Merchant, settings: LazySettings
) -> None:
    broken = Connection.objects.get(merchant=northwind, mode="live")
    move_ciphertext(Connection.objects.get(merchant=kestrel, mode="live"), broken)
    before = broken.sealed_secret
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    said, complained = rotate()
    assert said.startswith("3 secrets")
    assert f"Connection {broken.pk} (rk_live_…demo): This secret belongs to another connection." in complained
    assert "1 could not be rotated" in complained
    broken.refresh_from_db()
    assert broken.sealed_secret == before


def test_a_new_secret_key_gets_new_fingerprints(northwind: Merchant, settings: LazySettings) -> None:
    before = set(Connection.objects.values_list("fingerprint", flat=True))
    settings.SECRET_KEY = "another-secret-key-" + "y" * 40
    rotate()
    after = set(Connection.objects.values_list("fingerprint", flat=True))
    assert not before & after
    assert secrets.fingerprint("rk_live_northwind_demo") in after


def test_all_batches_are_rotated(northwind: Merchant, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.management.commands.rotate_field_keys.BATCH", 2)
    for number in range(5):
        connection = Connection(merchant=northwind, mode="live", provider="revkeen", name=str(number))
        connection.secret = f"rk_live_number_{number}"
        connection.save()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    assert rotate()[0].startswith("7 secrets")
