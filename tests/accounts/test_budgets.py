"""What one person, or one merchant, may ask for in a short time; and how few rows who is refused leaves for ever."""

import uuid
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse

from orders.models import EventLog, Invitation, Merchant, Session
from tests.conftest import SecureClient, make_person, sign_in
from tests.support.emulation import Emulator


def invite(client: Client, number: int, merchant: str = "northwind") -> Any:
    form = {"email": f"new{number}@x.example", "roles": ["viewer"]}
    return client.post(reverse("invitation_send", args=[merchant, "live"]), form)


def test_one_person_sends_ten_invitations_a_minute(admin: Client, northwind: Merchant) -> None:
    answers = [invite(admin, number) for number in range(15)]
    assert [answer.status_code for answer in answers] == [302] * 10 + [422] * 5
    assert b"Wait a minute, then continue." in answers[-1].content
    assert b"new14@x.example" in answers[-1].content  # what was typed stays
    assert (Invitation.objects.count(), len(mail.outbox)) == (10, 10)


def test_one_merchant_sends_twenty_whoever_sends_them(admin: Client, northwind: Merchant, kestrel: Merchant) -> None:
    others = [sign_in(make_person(f"admin{number}@northwind.example", northwind, "admin")) for number in range(2)]
    sent = [invite(client, number * 10 + n) for number, client in enumerate([admin, *others]) for n in range(9)]
    assert [answer.status_code for answer in sent].count(302) == 20
    elsewhere = sign_in(make_person("admin@kestrel.example", kestrel, "admin"))
    assert invite(elsewhere, 99, "kestrel").status_code == 302


def test_keys_are_tried_ten_times_a_minute(admin: Client, northwind: Merchant, emulator: Emulator) -> None:
    path = reverse("connection_add", args=["northwind", "live"])
    for number in range(10):
        admin.post(path, {"name": "Key", "key": f"rk_live_guess_number_{number}"})
    emulator.forget_calls()
    answer = admin.post(path, {"name": "Key", "key": "rk_live_guess_number_x"})
    assert b"Wait a minute, then continue." in answer.content
    assert emulator.calls() == []


def test_pages_have_a_limit_for_a_person_and_for_a_merchant(
    admin: Client, viewer: Client, northwind: Merchant, kestrel: Merchant, settings: LazySettings, emulator: Emulator
) -> None:
    settings.PAGES_PER_MINUTE = 3
    page = reverse("member_list", args=["northwind", "live"])
    assert [admin.get(page).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = admin.get(page)
    assert refused["Retry-After"] == "60"
    assert "Too many requests" in refused.content.decode()
    assert "too many pages" in admin.get(page, headers={"HX-Request": "true"}).content.decode()
    people = [sign_in(make_person(f"admin{number}@northwind.example", northwind, "admin")) for number in range(5)]
    assert [person.get(page).status_code for person in people for _ in range(3)].count(200) < 15
    elsewhere = sign_in(make_person("admin@kestrel.example", kestrel, "admin"))
    assert elsewhere.get(reverse("member_list", args=["kestrel", "live"])).status_code == 200


@pytest.mark.parametrize(
    "path", ["/northwind/live/settings/members/", "/kestrel/live/orders/{}/", "/nobody/live/orders/"]
)
def test_whoever_is_refused_again_and_again_leaves_few_rows(path: str, viewer: Client, kestrel: Merchant) -> None:
    for _ in range(120):
        assert viewer.get(path.format(uuid.uuid4())).status_code in (403, 404)
    rows = list(EventLog.objects.filter(kind="refused").order_by("pk").values_list("text", flat=True))
    assert len(rows) == 11
    assert rows[-1].endswith("(100 times in a row)")


def test_another_reason_is_told_as_before(viewer: Client, kestrel: Merchant) -> None:
    for _ in range(20):
        viewer.get("/northwind/live/settings/members/")
    viewer.get("/kestrel/live/orders/")
    assert EventLog.objects.filter(kind="refused").latest("pk").text == "GET /kestrel/live/orders/: is not a member"


def test_challenges_for_passkeys_are_limited_for_whoever_asks(db: None) -> None:
    path = reverse("mfa_login_webauthn")
    answers = [SecureClient().get(path, headers={"Accept": "application/json"}) for _ in range(30)]
    assert [answer.status_code for answer in answers].count(200) == 20
    assert answers[-1].status_code == 429
    assert Session.objects.count() == 20
