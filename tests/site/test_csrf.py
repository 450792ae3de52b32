"""No form of ours can be sent from elsewhere, and nothing changes by being looked at. Generated from the URLs."""

import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from orders.models import (
    Connection,
    Draft,
    EventLog,
    Export,
    ExportSchedule,
    Invitation,
    Membership,
    Merchant,
    Operation,
    User,
)
from orders.permissions import PAGES
from tests.conftest import SecureClient, make_person
from tests.support.addresses import PERSONAL, POST_ONLY, PUBLIC, merchant_patterns
from tests.support.emulation import Emulator

SIGNED = {"webhook_receive"}  # proven by a signature, which no browser adds: tests/webhooks/test_receive.py


@pytest.fixture
def client(northwind: Merchant, emulator: Emulator) -> Client:
    client = SecureClient(enforce_csrf_checks=True)
    user = make_person("mara@northwind.example", northwind, "admin")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def address(name: str) -> str:
    """Of a page and, where it is about something, of something that is there."""
    if name in PERSONAL | PUBLIC:
        needs = {
            "mfa_remove_webauthn": [1],
            "mfa_edit_webauthn": [1],
            "account_reset_password_from_key": ["1", "set-password"],
        }
        return reverse(name, args=needs.get(name, []))
    pattern: URLPattern = merchant_patterns()[name]
    given = {key: _something(key) for key in pattern.pattern.converters if key not in ("merchant", "mode")}
    return reverse(name, kwargs={"merchant": "northwind", "mode": "live", **given})


def _something(key: str) -> object:
    known = {
        "pk": lambda: Membership.objects.get().pk,
        "connection_id": lambda: Connection.objects.get(mode="live").pk,
        "direction": lambda: "older",
        "number": lambda: 1,
        "month": lambda: "2026-10",
    }
    return known[key]() if key in known else uuid.uuid4()


def everything() -> list[object]:
    """All rows, but for what is noted of a key's use when orders are read."""
    keys = Connection.objects.order_by("pk").values("pk", "name", "active", "sealed_secret")
    models = (Draft, Export, ExportSchedule, Invitation, Membership, Merchant, Operation, User)
    return [list(keys), *(list(model.objects.order_by("pk").values()) for model in models)]


FOREIGN = {"Origin": "https://evil.example", "Referer": "https://evil.example/", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("name", sorted((set(PAGES) | PERSONAL | PUBLIC) - SIGNED))
def test_a_form_from_elsewhere_changes_nothing(name: str, client: Client, emulator: Emulator) -> None:
    before = everything()
    emulator.forget_calls()
    form = {"name": "Evil", "key": "rk_live_northwind_demo2", "roles": "admin", "email": "evil@evil.example"}
    for headers in ({}, FOREIGN, {"Origin": "null"}):
        status = client.post(address(name), form, headers=headers).status_code
        assert status in (403, 405)
    client.cookies["__Host-csrf"] = "a" * 32  # planted; the token in the form is another one's
    status = client.post(address(name), {**form, "csrfmiddlewaretoken": "b" * 32}, headers=FOREIGN).status_code
    assert status in (403, 405)
    assert everything() == before
    assert emulator.calls() == []


@pytest.mark.parametrize("name", sorted(set(PAGES) | PERSONAL))
def test_looking_changes_nothing(name: str, client: Client) -> None:
    before, events = everything(), EventLog.objects.count()
    for ask in (client.get, client.head):
        status = ask(address(name), {"name": "Evil", "roles": "viewer", "theme": "dark"}).status_code
        assert (status == 405) == (name in POST_ONLY)
    assert everything() == before
    assert EventLog.objects.count() == events
