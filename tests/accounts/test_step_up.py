"""Whoever changes keys, members and settings, or moves a large sum, shows once more who they are."""

import html
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from orders.models import Connection, EventLog, Invitation, Merchant, Operation, User
from orders.permissions import PAGES, Right
from tests.conftest import make_person, remember_proof, sign_in
from tests.merchants.test_role_escalation import address, everything
from tests.orders import test_payments as payments
from tests.orders import test_refunds as refunds
from tests.support.addresses import POST_ONLY
from tests.support.emulation import Emulator
from tests.support.signing_in import PASSWORD, add_app, code, signed_in

pytestmark = pytest.mark.usefixtures("emulator")


CONFIRM = "Confirm it’s you"
ONLY_SHOW = ("connection_list", "connection_webhooks", "index_page", "member_list")
INVITE = reverse("invitation_send", args=["northwind", "live"])
INVITATION = {"email": "new@northwind.example", "roles": ["support", "finance"]}


def went_cold(user: User) -> Client:
    """Somebody who gave their password eleven minutes ago."""
    client = sign_in(user)
    remember_proof(client, user, method="password", seconds_ago=11 * 60)
    return client


def carried(answer: Any) -> str:
    """What was typed, as the page that asks holds it."""
    assert answer.status_code == 403
    found = re.search(r'name="step_up" value="([^"]+)"', answer.content.decode())
    assert found
    return html.unescape(found[1])


def invited() -> list[list[str]]:
    return list(Invitation.objects.values_list("roles", flat=True))


# --- Where it is asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(name for name, right in PAGES.items() if right is Right.MANAGE))
def test_what_only_admins_may_change_asks_for_a_fresh_proof(
    name: str, mara: User, emulator: Emulator, northwind: Merchant
) -> None:
    make_person("viewer@northwind.example", northwind, "viewer")
    order: dict[str, Any] = {"id": None, "customer_id": None}
    client, before = went_cold(mara), everything(emulator)
    answer = client.post(address(name, order), {"name": "x", "key": "rk_live_x", "roles": "admin"})
    only_shown = answer.status_code == 405
    assert only_shown is (name in ONLY_SHOW)
    assert only_shown or CONFIRM in answer.content.decode()
    assert everything(emulator) == before
    if name not in POST_ONLY:
        assert client.get(address(name, order)).status_code in (200, 404)  # looking asks for nothing


@pytest.mark.parametrize(("seconds", "asks"), [(9 * 60, False), (11 * 60, True)])
def test_a_proof_lasts_ten_minutes(seconds: int, asks: bool, mara: User) -> None:
    client = sign_in(mara)
    remember_proof(client, mara, method="password", seconds_ago=seconds)
    assert (client.post(INVITE, INVITATION).status_code == 403) is asks


def test_a_session_that_showed_nothing_is_asked(mara: User) -> None:
    client = sign_in(mara)
    remember_proof(client, mara)
    assert client.post(INVITE, INVITATION).status_code == 403


def test_the_proof_of_another_person_in_the_browser_does_not_count(mara: User, northwind: Merchant) -> None:
    client = sign_in(mara)
    remember_proof(client, make_person("owen@northwind.example", northwind, "admin"), method="password")
    assert client.post(INVITE, INVITATION).status_code == 403


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("https://testserver/northwind/live/settings/members/", "/northwind/live/settings/members/"),
        (f"https://testserver{INVITE}", INVITE),
        ("https://evil.example/x", "/"),
        ("https://[", "/"),
        ("", "/"),
    ],
)
def test_whoever_cancels_goes_back_to_a_page_that_can_be_looked_at(before: str, back: str, mara: User) -> None:
    answer = went_cold(mara).post(INVITE, INVITATION, headers={"Referer": before})
    assert f'<a href="{back}">Cancel</a>' in answer.content.decode()


@pytest.mark.parametrize("name", sorted(name for name, right in PAGES.items() if right is Right.MANAGE))
def test_whoever_cancels_sees_the_form_again_that_sends_to_its_own_page(
    name: str, mara: User, emulator: Emulator, northwind: Merchant
) -> None:
    make_person("viewer@northwind.example", northwind, "viewer")
    page = address(name, {"id": None, "customer_id": None})
    answer = went_cold(mara).post(page, {"name": "x"}, headers={"Referer": f"https://testserver{page}"})
    back = "/" if name in POST_ONLY else page
    assert answer.status_code == 405 or f'<a href="{back}">Cancel</a>' in answer.content.decode()


def test_whoever_cancels_after_a_wrong_proof_goes_back_to_the_same_page(mara: User) -> None:
    client, page = went_cold(mara), "/northwind/live/settings/members/"
    asked = client.post(INVITE, INVITATION, headers={"Referer": f"https://testserver{page}"})
    wrong = {"step_up": carried(asked), "password": "wrong"}
    answer = client.post(INVITE, wrong, headers={"Referer": f"https://testserver{INVITE}"})
    assert f'<a href="{page}">Cancel</a>' in answer.content.decode()


# --- What was typed --------------------------------------------------------------------------------------------------


def test_with_the_password_what_was_typed_goes_on(mara: User) -> None:
    client = went_cold(mara)
    typed = carried(client.post(INVITE, INVITATION))
    assert invited() == []
    assert client.post(INVITE, {"step_up": typed, "password": PASSWORD}).status_code == 302
    assert invited() == [["support", "finance"]]
    again = {"email": "other@northwind.example", "roles": ["viewer"]}
    assert client.post(INVITE, again).status_code == 302  # and for the next ten minutes


def test_a_wrong_password_changes_nothing_and_loses_nothing(mara: User) -> None:
    client = went_cold(mara)
    typed = carried(client.post(INVITE, INVITATION))
    answer = client.post(INVITE, {"step_up": typed, "password": "wrong"})
    assert "Nothing was changed." in answer.content.decode()
    assert EventLog.objects.filter(kind="sign_in_failed", who=mara.email).exists()
    client.post(INVITE, {"step_up": carried(answer), "password": PASSWORD})
    assert invited() == [["support", "finance"]]


def test_a_key_that_was_typed_goes_on_without_standing_in_the_page(mara: User, emulator: Emulator) -> None:
    emulator.add_key("rk_live_northwind_second_one", "northwind", "live")
    client, path = went_cold(mara), reverse("connection_add", args=["northwind", "live"])
    asked = client.post(path, {"name": "Second", "key": "rk_live_northwind_second_one"})
    assert "second_one" not in asked.content.decode()
    client.post(path, {"step_up": carried(asked), "password": PASSWORD})
    assert Connection.objects.filter(name="Second").exists()


@pytest.mark.parametrize("forged", ["x", "", "another page's", "another person's"])
def test_what_was_typed_elsewhere_is_not_taken(forged: str, mara: User, northwind: Merchant) -> None:
    client, other = went_cold(mara), went_cold(make_person("owen@northwind.example", northwind, "admin"))
    sealed = {
        "another page's": lambda: carried(client.post(reverse("merchant_settings", args=["northwind", "live"]), {})),
        "another person's": lambda: carried(other.post(INVITE, INVITATION)),
    }.get(forged, lambda: forged)()
    answer = client.post(INVITE, {"step_up": sealed, "password": PASSWORD, **INVITATION})
    assert answer.status_code == 400
    assert invited() == []


# --- Second factors --------------------------------------------------------------------------------------------------


def test_whoever_has_a_second_factor_shows_it_and_not_the_password(mara: User) -> None:
    client = signed_in(mara.email)
    secret = add_app(client)  # which says nothing of who uses the session now
    asked = client.post(INVITE, INVITATION)
    assert 'name="password"' not in asked.content.decode()
    typed = carried(asked)
    for wrong in ({"password": PASSWORD}, {"code": "000000"}, {"credential": "{}"}, {"credential": "x"}, {}):
        assert client.post(INVITE, {"step_up": typed, **wrong}).status_code == 403
    assert invited() == []
    codes = Authenticator.objects.get(user=mara, type="recovery_codes").wrap().get_unused_codes()
    assert client.post(INVITE, {"step_up": typed, "code": codes[0]}).status_code == 302
    assert len(invited()) == 1
    assert secret


def test_the_password_does_not_take_away_a_second_factor(mara: User) -> None:
    client = signed_in(mara.email)
    add_app(client)
    remember_proof(client, mara, method="password", seconds_ago=60)
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer["Location"] == reverse("mfa_reauthenticate")
    asked = client.post(reverse("mfa_deactivate_totp"))
    assert asked.status_code == 302
    assert Authenticator.objects.filter(user=mara, type="totp").exists()


def test_signing_in_with_the_second_factor_is_a_proof(mara: User) -> None:
    secret = add_app(signed_in(mara.email))
    client = Client()
    client.post(reverse("account_login"), {"login": mara.email, "password": PASSWORD}, secure=True)
    client.post(reverse("mfa_authenticate"), {"code": code(secret)}, secure=True)
    assert client.post(INVITE, INVITATION, secure=True).status_code == 302


# --- Money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("above", "asks"), [(50, True), (5000, False)])
def test_a_large_sum_asks_and_is_charged_once_with_what_was_typed(
    above: int, asks: bool, mara: User, northwind: Merchant, emulator: Emulator
) -> None:
    Merchant.objects.filter(pk=northwind.pk).update(sums_to_type={"USD": above})
    wallet = emulator.cases()["customers"]["wallet_0"]
    order = emulator.make_order(customer_id=wallet["id"], currency="usd")
    client = went_cold(mara)
    answer = payments.pay(client, order, wallet["1111"], typed="60.00")
    assert (answer.status_code == 403) is asks
    assert payments.charges(emulator, order) == ([] if asks else [6000])
    if asks:
        assert not Operation.objects.exists()
        sent = {"step_up": carried(answer), "password": PASSWORD}
        assert [client.post(payments.address(order), sent).status_code for _ in range(2)] == [303, 303]
    assert payments.charges(emulator, order) == [6000]


def test_a_large_refund_asks(mara: User, northwind: Merchant, emulator: Emulator) -> None:
    Merchant.objects.filter(pk=northwind.pk).update(sums_to_type={"USD": 50})
    order = refunds.paid_order(emulator, 6000)
    (sale,) = refunds.sales(emulator, order)
    client = went_cold(mara)
    answer = refunds.refund(client, order, {sale: "60.00"}, typed="60.00")
    assert CONFIRM in answer.content.decode()
    assert not Operation.objects.exists()
