"""A second factor that its owner has lost: an admin takes it away, and everybody whom it concerns is told."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from orders import mails
from orders.models import EventLog, Membership, Merchant, User
from tests.conftest import make_person, remember_proof, sign_in
from tests.support.signing_in import PASSWORD, add_app, is_in, signed_in


@pytest.fixture
def owen(northwind: Merchant) -> User:
    return make_person("owen@northwind.example", northwind, "support")


@pytest.fixture
def his(owen: User) -> Client:
    client = signed_in(owen.email)
    add_app(client)
    mails.wait()
    mail.outbox.clear()
    return client


def page(user: User) -> str:
    pk = Membership.objects.get(user=user, merchant__slug="northwind").pk
    return reverse("member_reset_factor", args=["northwind", "live", pk])


def factors(user: User) -> int:
    return Authenticator.objects.filter(user=user).count()


def test_an_admin_resets_a_lost_factor(mara: User, owen: User, his: Client) -> None:
    hers = sign_in(mara)
    assert page(owen) in hers.get(reverse("member_list", args=["northwind", "live"])).content.decode()
    assert "Verify that the request comes from them" in hers.get(page(owen)).content.decode()
    assert hers.post(page(owen)).status_code == 302
    assert factors(owen) == 0
    assert not is_in(his)
    assert is_in(signed_in(owen.email))
    mails.wait()
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([owen.email], "RevKeen Admin: Your second factor was reset")
    row = EventLog.objects.filter(kind="mfa_changed").latest("pk")
    assert (row.who, row.text) == (mara.email, "second factor of owen@northwind.example reset")


def test_it_asks_the_admin_who_they_are(mara: User, owen: User, his: Client) -> None:
    hers = sign_in(mara)
    remember_proof(hers, mara)
    assert hers.post(page(owen)).status_code == 403
    assert factors(owen) == 2
    assert is_in(his)


def test_where_the_factor_guards_another_merchant_too_its_admin_has_to_agree(
    mara: User, owen: User, his: Client, kestrel: Merchant
) -> None:
    Membership.objects.create(user=owen, merchant=kestrel, roles=["viewer"])
    hers = sign_in(mara)
    assert "which you do not manage" in hers.get(page(owen)).content.decode()
    assert hers.post(page(owen)).status_code == 409
    Membership.objects.create(user=mara, merchant=kestrel, roles=["support"])
    assert hers.post(page(owen)).status_code == 409
    assert factors(owen) == 2
    Membership.objects.filter(user=mara, merchant=kestrel).update(roles=["admin"])
    assert hers.post(page(owen)).status_code == 302
    assert factors(owen) == 0


def test_ones_own_factor_is_not_lost_by_this(mara: User, owen: User) -> None:
    Authenticator.objects.bulk_create([Authenticator(user=mara, type="totp", data={"secret": "x"})])
    hers = sign_in(mara)
    remember_proof(hers, mara, method="mfa", id=Authenticator.objects.get().pk)
    assert hers.post(page(mara)).status_code == 409
    assert hers.post(page(owen)).status_code == 409  # who has none
    assert factors(mara) == 1


def test_a_merchant_that_asks_for_a_factor_asks_for_a_new_one(
    mara: User, owen: User, his: Client, northwind: Merchant
) -> None:
    Merchant.objects.update(mfa_required=True)
    Authenticator.objects.bulk_create([Authenticator(user=mara, type="totp", data={"secret": "x"})])
    hers = sign_in(mara)
    remember_proof(hers, mara, method="mfa", id=Authenticator.objects.get(user=mara).pk)
    assert hers.post(page(owen)).status_code == 302
    orders = reverse("order_list", args=["northwind", "live"])
    assert signed_in(owen.email).get(orders)["Location"] == reverse("mfa_index")


def test_whoever_runs_the_installation_resets_a_factor_by_a_command(owen: User, his: Client) -> None:
    said = StringIO()
    for _ in range(2):
        call_command("reset_second_factor", owen.email.upper(), stdout=said)
    assert "is gone" in said.getvalue()
    assert "has no second factor. Nothing was changed." in said.getvalue()
    assert factors(owen) == 0
    assert not is_in(his)
    assert EventLog.objects.filter(text="second factor reset by manage.py reset_second_factor", user=owen).count() == 1
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("reset_second_factor", "nobody@x.example")


def test_the_password_is_still_asked_for(owen: User, his: Client, mara: User) -> None:
    sign_in(mara).post(page(owen))
    client = Client()
    client.post(reverse("account_login"), {"login": owen.email, "password": f"{PASSWORD}!"}, secure=True)
    assert not is_in(client)
