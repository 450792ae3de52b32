"""A person's own page: who they are, how they sign in, and the theme."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from orders.models import Merchant, User
from tests.conftest import make_person, sign_in


@pytest.fixture
def mara(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "admin", "finance")


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


def page(client: Client) -> str:
    return " ".join(client.get(reverse("account")).content.decode().split())


def test_the_page_says_who_one_is_and_leads_to_all_ways_of_signing_in(client: Client) -> None:
    shown = page(client)
    assert "mara@northwind.example" in shown
    assert "Admin, Finance" in shown
    for name in ("account_change_password", "mfa_activate_totp", "mfa_add_webauthn"):
        assert f'href="{reverse(name)}"' in shown


def test_with_second_factors_the_page_leads_to_managing_them(client: Client, mara: User) -> None:
    kinds = ("totp", "webauthn", "recovery_codes")
    Authenticator.objects.bulk_create([Authenticator(user=mara, type=kind, data={}) for kind in kinds])  # no signals
    shown = page(client)
    for name in ("mfa_deactivate_totp", "mfa_list_webauthn", "mfa_view_recovery_codes"):
        assert f'href="{reverse(name)}"' in shown


def test_a_merchant_that_asks_for_a_second_factor_is_named(client: Client, northwind: Merchant) -> None:
    northwind.mfa_required = True
    northwind.save()
    assert "Northwind Trading</bdi> asks for a second factor" in page(client)


@pytest.mark.parametrize(("theme", "drawn"), [("light", 'data-bs-theme="light"'), ("dark", 'data-bs-theme="dark"')])
def test_a_theme_holds_for_every_page(theme: str, drawn: str, client: Client) -> None:
    answer = client.post(reverse("theme"), {"theme": theme})
    assert answer["Location"] == reverse("account")
    cookie = answer.cookies["theme"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert drawn in page(client)
    client.post(reverse("theme"), {"theme": "system"})
    assert "data-bs-theme" not in page(client)


def test_an_invented_theme_changes_nothing(client: Client) -> None:
    answer = client.post(reverse("theme"), {"theme": '"><script>'})
    assert answer.status_code == 302
    assert "theme" not in answer.cookies
    client.cookies["theme"] = '"><script>alert(1)</script>'
    assert "<script>alert" not in page(client)


def test_keys_are_switched_off_for_one_person_and_on_again(client: Client, mara: User, northwind: Merchant) -> None:
    other = sign_in(make_person("ben@northwind.example", northwind, "viewer"))
    client.post(reverse("shortcuts"), {})
    assert "Keyboard shortcuts are off." in (off := page(client))
    assert "aria-keyshortcuts" not in off
    assert '<dialog id="shortcuts"' not in off
    assert 'aria-keyshortcuts="?"' in page(other)
    client.post(reverse("shortcuts"), {"uses_shortcuts": "on"})
    assert 'aria-keyshortcuts="?"' in page(client)
