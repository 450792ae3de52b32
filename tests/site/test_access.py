"""Every address × every kind of person × own and other merchant, generated from the URL resolver.

What is expected is written down here once more, from the table of rights, so that a slip in `permissions` shows.
"""

import uuid

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from orders.models import MODES, EventLog, Merchant
from orders.permissions import PAGES, ROLES
from tests.conftest import ROLES as ROLE_NAMES
from tests.conftest import SecureClient, make_merchant, make_person, sign_in
from tests.support.addresses import MAY, PERSONAL, PUBLIC, merchant_patterns, patterns
from tests.support.emulation import Emulator

FULL = pytest.mark.full
SOME_ID = uuid.UUID("00000000-0000-4000-8000-000000000000")


def address(name: str, merchant: str, mode: str) -> str:
    converters = merchant_patterns()[name].pattern.converters
    values = {"direction": "older", "month": "2026-10", **{key: SOME_ID for key in converters if key.endswith("_id")}}
    given = {key: values.get(key, 1) for key in converters}
    return reverse(name, kwargs={"merchant": merchant, "mode": mode, **given})


def ask(client: Client, name: str, merchant: str = "northwind", mode: str = "live") -> int:
    """The status of a GET, or of a POST where the page takes nothing else."""
    status = client.get(address(name, merchant, mode)).status_code
    return client.post(address(name, merchant, mode)).status_code if status == 405 else status


def test_every_address_stands_in_a_table_of_rights() -> None:
    everything = {str(entry.name) for _, entry in patterns(get_resolver())}
    assert everything == set(merchant_patterns()) | PUBLIC | PERSONAL
    assert set(merchant_patterns()) == set(PAGES)


def test_every_page_of_a_merchant_stands_behind_the_door() -> None:
    assert {name: entry.callback.access for name, entry in merchant_patterns().items()} == dict.fromkeys(
        PAGES, "merchant"
    )


def test_the_rights_are_those_of_the_table() -> None:
    assert {right: {role.value for role in roles} for right, roles in ROLES.items()} == MAY


@pytest.mark.parametrize("both", [pytest.param(False, id="a mode"), pytest.param(True, id="both", marks=FULL)])
@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.parametrize(
    "roles", [pytest.param(ROLE_NAMES[:1], marks=pytest.mark.database), ROLE_NAMES[1:]], ids=["admin", "others"]
)
def test_a_role_gets_to_its_pages_and_to_no_others(
    roles: tuple[str, ...], name: str, both: bool, northwind: Merchant, emulator: Emulator
) -> None:
    """In the short run each role at each page in one mode, in the other one at the page after it."""
    first = sorted(PAGES).index(name)
    for number, role in enumerate(roles, start=first):
        person = make_person(f"{role}@northwind.example", northwind, role)
        client = sign_in(person)
        for mode in MODES if both else [MODES[number % 2]]:
            emulator.forget_calls()
            status = ask(client, name, mode=mode)
            if role in MAY[PAGES[name]]:
                assert status != 403, (role, mode)
            else:
                assert status == 403, (role, mode)
                assert emulator.calls() == [], (role, mode)
                assert EventLog.objects.filter(kind="refused", merchant=northwind, user=person).exists(), (role, mode)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_of_another_merchant_is_not_there(name: str, northwind: Merchant, emulator: Emulator) -> None:
    make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    client = sign_in(make_person("admin@northwind.example", northwind, "admin"))
    for merchant in ("kestrel", "no-such-merchant"):
        emulator.forget_calls()
        assert ask(client, name, merchant) == 404
        assert emulator.calls() == []
    assert EventLog.objects.filter(kind="refused").count() >= 2


@pytest.mark.parametrize("name", sorted(PAGES))
def test_without_signing_in_every_page_leads_to_the_sign_in(name: str, northwind: Merchant) -> None:
    for merchant in ("northwind", "no-such-merchant"):
        answer = SecureClient().get(address(name, merchant, "live"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/?next=")


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_personal_pages_lead_to_the_sign_in_too(name: str, db: None) -> None:
    needs_key = name in ("mfa_remove_webauthn", "mfa_edit_webauthn")
    answer = SecureClient().get(reverse(name, args=[1] if needs_key else []))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_an_order_of_one_merchant_is_not_there_below_another(admin: Client, emulator: Emulator) -> None:
    foreign = emulator.orders(key="rk_live_kestrel_demo")[0]
    other_mode = emulator.orders(key="rk_sandbox_northwind_demo")[0]
    for order in (foreign, other_mode):
        assert admin.get(reverse("order_detail", args=["northwind", "live", order["id"]])).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "orders/..%2f..%2fadmin/",
        "orders/a?b=1",
        "orders/%2e%2e%2f/",
        f"orders/{'9' * 10_000}/",
        "orders/١٢٣/",
        "orders/1/",
    ],
)
def test_an_id_that_is_none_never_reaches_the_api(path: str, admin: Client, emulator: Emulator) -> None:
    emulator.forget_calls()
    assert admin.get(f"/northwind/live/{path}").status_code in (404, 301)
    assert emulator.calls() == []
