"""Whatever a person adds to a form, it gives them no right that they lack. Generated from the URL resolver."""

import html
import re
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from orders.models import Connection, CustomerCopy, EventLog, Membership, Merchant, Unchained, User
from orders.permissions import PAGES
from tests.conftest import ROLES, make_merchant, make_person, sign_in
from tests.support.addresses import MAY, PERSONAL, merchant_patterns
from tests.support.emulation import Emulator

# What somebody sends who hopes that a form or a view takes more than it shows.
FORGED = {
    "role": "admin",
    "roles": "admin",
    "is_staff": "1",
    "is_superuser": "1",
    "is_active": "1",
    "user": "1",
    "user_id": "1",
    "by": "1",
    "merchant": "kestrel",
    "mode": "live",
    "right": "manage",
    "mfa_required": "",
    "permissions": "*",
    "email": "evil@evil.example",
    "name": "Evil",
    "key": "rk_live_northwind_demo2",
    "confirmed": "on",
    "_method": "GET",
}
OVERRIDES = {"X-HTTP-Method-Override": "GET", "X-Original-URL": "/", "X-Rewrite-URL": "/", "X-User": "1"}
NOTED_BY_READING = (Connection, CustomerCopy, EventLog, Unchained)


@pytest.fixture
def people(northwind: Merchant, emulator: Emulator) -> dict[str, Client]:
    return {role: sign_in(make_person(f"{role}@northwind.example", northwind, role)) for role in ROLES}


@pytest.fixture
def order(emulator: Emulator) -> dict[str, Any]:
    """One that most can be done with: something is due, and its customer has cards."""
    wallet = emulator.cases()["customers"]["wallet_0"]
    return emulator.make_order(customer_id=wallet["id"], currency="usd")


def address(name: str, order: dict[str, Any], merchant: str = "northwind", member: str = "viewer") -> str:
    """Of a page about something that is there, where such a thing is there from the beginning."""
    known = {
        "order_id": lambda: order["id"],
        "customer_id": lambda: order["customer_id"],
        "pk": lambda: Membership.objects.get(merchant__slug=merchant, user__email__startswith=member).pk,
        "connection_id": lambda: Connection.objects.get(merchant__slug=merchant, mode="live").pk,
        "direction": lambda: "older",
        "month": lambda: "2026-10",
        "number": lambda: 1,
    }
    wanted = [key for key in merchant_patterns()[name].pattern.converters if key not in ("merchant", "mode")]
    nobodys = "00000000-0000-4000-8000-000000000000"
    given = {key: known[key]() if key in known else nobodys for key in wanted}
    return reverse(name, kwargs={"merchant": merchant, "mode": "live", **given})


def fields_of(client: Client, path: str) -> dict[str, str]:
    """What a browser would send of all forms of a page, form tokens and other hidden fields included."""
    answer = client.get(path)
    page = "" if answer.streaming else answer.content.decode()
    found = {}
    for tag in re.findall(r"<(?:input|button)[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in attributes:
            found[attributes["name"]] = html.unescape(attributes.get("value", "on"))
    return found


def everything(emulator: Emulator) -> list[object]:
    """All that is kept here, but for what is noted when something is read, and all that was done at RevKeen."""
    models = [model for model in apps.get_app_config("orders").get_models() if model not in NOTED_BY_READING]
    keys = Connection.objects.order_by("pk").values("pk", "name", "active", "sealed_secret")
    with connection.cursor() as cursor:
        return [emulator.ledger(), list(keys), *(_rows(cursor, model) for model in models)]


def _rows(cursor: CursorWrapper, model: type[Model]) -> list[Any]:
    """As they stand in the table: nobody needs an object of each."""
    name = connection.ops.quote_name
    assert model._meta.pk is not None
    cursor.execute(f"SELECT * FROM {name(model._meta.db_table)} ORDER BY {name(model._meta.pk.column)}")
    return cursor.fetchall()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_form_of_an_admin_does_nothing_in_the_hands_of_others(
    name: str, people: dict[str, Client], order: dict[str, Any], emulator: Emulator
) -> None:
    path = address(name, order)
    form = FORGED | fields_of(people["admin"], path)
    before = everything(emulator)
    for role in set(ROLES) - MAY[PAGES[name]]:
        emulator.forget_calls()
        for headers in ({}, OVERRIDES, {"HX-Request": "true"}):
            assert people[role].post(path, form, headers=headers).status_code in (403, 405)
        assert emulator.calls() == []
    assert everything(emulator) == before


CHANGES = {"order_pay": False, "order_cancel": False, "order_edit": False, "order_refund": True, "order_fulfill": True}


@pytest.mark.parametrize(("name", "paid"), CHANGES.items())
def test_a_form_token_is_good_for_the_person_who_opened_the_form(
    name: str, paid: bool, people: dict[str, Client], order: dict[str, Any], emulator: Emulator
) -> None:
    if paid:
        emulator.send(f"/orders/{order['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})
    path = address(name, order)
    form = fields_of(people["admin"], path)
    assert form["form_token"]
    before = everything(emulator)
    for role in MAY[PAGES[name]] - {"admin"}:
        emulator.forget_calls()
        assert people[role].post(path, form).status_code == 404
        assert emulator.calls() == []
    assert everything(emulator) == before
    assert EventLog.objects.filter(kind="refused", text__contains="was made for another form").exists()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_form_makes_anybody_more_than_they_are(
    name: str, people: dict[str, Client], order: dict[str, Any], emulator: Emulator
) -> None:
    """Whoever may send a form sends more with it than it asks for."""
    path, before = address(name, order), _rights()
    for role in MAY[PAGES[name]] - {"admin"}:
        form = FORGED | fields_of(people[role], path)
        people[role].post(path, form, headers=OVERRIDES)
    assert _rights() == before


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_no_page_about_oneself_makes_anybody_more_than_they_are(name: str, people: dict[str, Client]) -> None:
    path = reverse(name, args=[1] if name in ("mfa_remove_webauthn", "mfa_edit_webauthn") else [])
    before = _rights()
    for role in ("viewer", "support"):
        people[role].post(path, FORGED, headers=OVERRIDES)
    assert _rights() == before


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_form_sent_to_another_merchant_is_not_there(
    name: str, people: dict[str, Client], order: dict[str, Any], emulator: Emulator
) -> None:
    kestrel = make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    make_person("viewer@kestrel.example", kestrel, "admin")
    form = FORGED | fields_of(people["admin"], address(name, order))
    path, before = address(name, order, "kestrel"), everything(emulator)
    emulator.forget_calls()
    assert people["admin"].post(path, form).status_code in (404, 405)
    assert people["admin"].get(path).status_code in (404, 405)
    assert emulator.calls() == []
    assert everything(emulator) == before


def _rights() -> list[object]:
    members = Membership.objects.order_by("pk").values_list("user__email", "merchant__slug", "roles")
    return [list(members), list(User.objects.order_by("pk").values_list("email", "is_active"))]
