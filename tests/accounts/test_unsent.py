"""A form that meets the sign-in: kept for its person, shown again filled in, and nothing of it sent."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chaos.browser import Form, forms
from orders.models import Connection, Draft, Membership, Merchant, Operation, UnsentForm, User
from orders.services.accounts import unsent
from tests.conftest import SecureClient, make_person
from tests.support.emulation import Emulator

pytestmark = pytest.mark.usefixtures("emulator")


HOST = "https://testserver"


def browser(user: User) -> Client:
    client = SecureClient(enforce_csrf_checks=True)
    sign_in(client, user)
    return client


def sign_in(client: Client, user: User) -> None:
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")


def pages(emulator: Emulator) -> dict[str, str]:
    """Name → a page with a form that one types into."""
    cases = emulator.cases()["orders"]
    orders = "/northwind/live/orders/"
    return {
        "canceling": f"{orders}{cases['pending']}/cancel/",
        "editing": f"{orders}{cases['pending']}/edit/",
        "paying": f"{orders}{cases['pending']}/pay/",
        "refunding": f"{orders}{cases['two_part_payments']}/refund/",
        "fulfilling": f"{orders}{cases['paid']}/fulfill/",
        "giving units up": f"{orders}{cases['paid']}/cancel-units/",
        "ids of partners": f"{orders}{cases['paid']}/partner-ids/",
        "merchant": "/northwind/live/settings/",
        "connections": "/northwind/live/settings/connections/",
        "partners": "/northwind/live/settings/partners/",
        "members": "/northwind/live/settings/members/",
        "a member": f"/northwind/live/settings/members/{Membership.objects.get().pk}/",
        "renaming a key": f"/northwind/live/settings/connections/{Connection.objects.get(mode='live').pk}/rename/",
        "a draft": "",
    }


def address_of(name: str, client: Client, emulator: Emulator, mara: User, northwind: Merchant) -> str:
    if name != "a draft":
        return pages(emulator)[name]
    fields = {"merchant": northwind, "mode": "live", "created_by": mara, "updated_by": mara}
    draft = Draft.objects.create(**fields, lines=[{**LINE, "id": "0badcafe"}])
    return f"/northwind/live/drafts/{draft.pk}/"


LINE = {"product_id": None, "description": "", "quantity": 1, "unit_price": None, "metadata": {}}
INVITING = "/northwind/live/settings/members/"
TYPED = "typed before <the> sign-in & kept"
NAMES = [
    *("canceling", "editing", "paying", "refunding", "fulfilling", "giving units up", "ids of partners", "merchant"),
    *("connections", "partners", "members", "a member", "renaming a key", "a draft"),
]


def typed_into(page: str, address: str) -> tuple[Form, dict[str, Any]]:
    """The first form of the page that takes text, with the same text in each of its fields, ticked and chosen."""
    text = r'<(?:textarea|input(?![^>]*type="(?:hidden|checkbox|radio|password|search)"))[^>]*name="([^"]+)"'
    boxes = r'<input(?=[^>]*type="checkbox")[^>]*name="([^"]+)"[^>]*?(?:value="([^"]*)")?[^>]*>'
    parts = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)
    found = [form for form in forms(page) if any(name == "csrfmiddlewaretoken" for name, _ in form.fields)]
    for form, part in zip(found, parts, strict=True):
        if "/account/" in form.action:
            continue
        fields = dict.fromkeys(re.findall(text, part), TYPED)
        fields |= {name: value or "on" for name, value in re.findall(boxes, part)}
        if fields:
            return form, {**_lists(form), **fields}
    raise AssertionError(f"no form in {address}")


def _lists(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in form.fields:
        found.setdefault(name, []).append(value)
    return found


def shown(page: str, name: str) -> list[str]:
    return [value for form in forms(page) for field, value in form.fields if field == name]


def post(client: Client, page: str, form: Form, sent: dict[str, Any]) -> Any:
    return client.post(form.action or page, sent, headers={"Referer": HOST + page})


def everything() -> list[Any]:
    """Of what can be changed here."""
    models = (Draft, Membership, Merchant, Operation, User)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    return [row | {"last_login": None} for table in rows for row in table]


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_met_the_sign_in_is_shown_again_filled_in_and_nothing_was_sent(
    name: str, mara: User, northwind: Merchant, emulator: Emulator
) -> None:
    client = browser(mara)
    page = address_of(name, client, emulator, mara, northwind)
    form, sent = typed_into(client.get(page).content.decode(), page)
    before = everything()
    del client.cookies["__Host-session"]
    answer = post(client, page, form, sent)
    assert answer["Location"].startswith("/account/login/?next=")
    sign_in(client, mara)
    found = client.get(unsent_address(answer))
    text = found.content.decode()
    assert found.status_code == 200
    assert "Nothing was sent." in text
    for field, value in sent.items():
        if value == TYPED:
            assert TYPED in shown(text, field), field
    assert everything() == before
    assert [row for row in emulator.ledger() if row["effect"] != "seeded"] == []


def unsent_address(answer: Any) -> str:
    return parse_qs(urlsplit(answer["Location"]).query)["next"][0]


@pytest.fixture
def page(emulator: Emulator) -> str:
    return f"/northwind/live/orders/{emulator.cases()['orders']['pending']}/edit/"


def signed_out_with(client: Client, page: str, **typed: str) -> str:
    """What was typed into the form is posted once the session is gone; the address that shows it again."""
    form = next(form for form in forms(client.get(page).content.decode()) if not form.action)
    del client.cookies["__Host-session"]
    return unsent_address(post(client, page, form, {**_lists(form), **typed}))


def test_another_person_who_signs_in_sees_nothing_of_it(mara: User, northwind: Merchant, page: str) -> None:
    client = browser(mara)
    address = signed_out_with(client, page, notes=TYPED)
    sign_in(client, make_person("other@northwind.example", northwind, "admin"))
    answer = client.get(address, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "typed before" not in answer.content.decode()
    assert "belongs to another person" in answer.content.decode()


def test_the_sign_in_page_says_that_nothing_was_sent_and_what_becomes_of_it(mara: User, page: str) -> None:
    client = browser(mara)
    address = signed_out_with(client, page, notes=TYPED)
    asked = client.get(reverse("account_login"), {"next": address}).content.decode()
    assert "Nothing was sent. What you entered is kept for an hour" in asked
    assert "typed before" not in asked
    assert "What you entered" not in client.get(reverse("account_login"), {"next": page}).content.decode()


@pytest.mark.database
def test_it_is_kept_for_an_hour_sealed(mara: User, page: str) -> None:
    client = browser(mara)
    address = signed_out_with(client, page, notes=TYPED)
    assert "typed" not in UnsentForm.objects.get().sealed
    sign_in(client, mara)
    UnsentForm.objects.update(kept_at=timezone.now() - unsent.KEPT_FOR - timedelta(seconds=1))
    assert "more than an hour old" in client.get(address, follow=True).content.decode()
    signed_out_with(client, page, notes=TYPED)
    assert UnsentForm.objects.count() == 1


@pytest.mark.database
def test_what_is_sealed_for_one_row_does_not_open_in_another(mara: User, northwind: Merchant, page: str) -> None:
    other = make_person("other@northwind.example", northwind, "admin")
    signed_out_with(browser(mara), page, notes=TYPED)
    stolen = UnsentForm.objects.create(user=other, sealed=UnsentForm.objects.get().sealed)
    assert unsent.find(str(stolen.pk), other) is None


def test_a_form_that_is_older_than_the_sign_in_is_shown_again_at_once(mara: User, page: str) -> None:
    client = browser(mara)
    form = next(form for form in forms(client.get(page).content.decode()) if not form.action)
    again = browser(mara)  # signed in in another tab: the token is another one
    again.get(page)
    answer = post(again, page, form, {**_lists(form), "notes": TYPED, "save": "yes"})
    assert answer.status_code == 302
    text = again.get(answer["Location"]).content.decode()
    assert "Nothing was sent." in text
    assert shown(text, "notes") == [TYPED]
    assert not Operation.objects.exists()


def test_a_form_of_the_person_before_is_not_shown_to_the_next(mara: User, northwind: Merchant, page: str) -> None:
    form = next(form for form in forms(browser(mara).get(page).content.decode()) if not form.action)
    other = browser(make_person("other@northwind.example", northwind, "admin"))
    other.get(page)
    answer = post(other, page, form, {**_lists(form), "notes": TYPED})
    assert answer.status_code == 403
    assert "Someone else opened this form" in answer.content.decode()
    assert "typed before" not in answer.content.decode()
    assert not UnsentForm.objects.exists()


@pytest.mark.parametrize("forged", ["", "{pk}", "{pk}:1tbM4X:forged", "x" * 5000])
def test_nobody_can_leave_a_form_here_for_somebody_else(forged: str, mara: User, page: str) -> None:
    sent = {"notes": TYPED, unsent.MARK: forged.replace("{pk}", str(mara.pk))}
    answer = SecureClient().post(page, sent, headers={"Referer": HOST + page})
    assert answer["Location"] == f"/account/login/?next={page}"
    assert not UnsentForm.objects.exists()


def test_secrets_are_not_kept_and_it_is_said_which(mara: User, emulator: Emulator) -> None:
    page = pages(emulator)["paying"]
    client = browser(mara)
    address = signed_out_with(client, page, token="tok_very_secret", amount="1.23")
    assert "tok_very_secret" not in str(unsent.find(address.partition("unsent=")[2], mara))
    sign_in(client, mara)
    text = client.get(address).content.decode()
    assert "Enter these again: token." in text
    assert shown(text, "amount") == ["1.23"]
    assert "tok_very_secret" not in text


@pytest.mark.database
def test_the_operation_of_the_form_comes_along_so_that_it_is_not_done_twice(mara: User, emulator: Emulator) -> None:
    page = pages(emulator)["paying"]
    client = browser(mara)
    form = next(form for form in forms(client.get(page).content.decode()) if not form.action)
    form_token = dict(form.fields)["form_token"]
    del client.cookies["__Host-session"]
    address = unsent_address(post(client, page, form, {**_lists(form), "amount": "1.23"}))
    sign_in(client, mara)
    assert shown(client.get(address).content.decode(), "form_token") == [form_token]


def test_what_has_no_place_on_the_page_any_more_is_listed(mara: User, emulator: Emulator, page: str) -> None:
    client = browser(mara)
    address = signed_out_with(client, page, notes=TYPED)
    sign_in(client, mara)
    emulator.patch("orders", page.split("/")[4], status="canceled")
    text = client.get(address).content.decode()
    assert "These entries no longer have a field on this page:" in text
    assert "typed before &lt;the&gt; sign-in &amp; kept" in text


def test_parcels_and_rows_that_were_added_are_there_again(mara: User, emulator: Emulator) -> None:
    page = pages(emulator)["fulfilling"]
    client = browser(mara)
    form = next(form for form in forms(client.get(page).content.decode()) if not form.action)
    sent = {**_lists(form), "parcel": ["1", "2"], "p2-number-0": "1Z999AA10123456784", "p2-number-1": "second"}
    del client.cookies["__Host-session"]
    address = unsent_address(post(client, page, form, sent))
    sign_in(client, mara)
    text = client.get(address).content.decode()
    assert shown(text, "p2-number-0") == ["1Z999AA10123456784"]
    assert shown(text, "p2-number-1") == ["second"]
    assert not Operation.objects.exists()


def test_a_second_factor_that_is_asked_for_keeps_the_form_too(mara: User, northwind: Merchant, page: str) -> None:
    Authenticator.objects.create(user=mara, type="totp", data={})
    client = browser(mara)
    form = next(form for form in forms(client.get(page).content.decode()) if not form.action)
    Merchant.objects.update(mfa_required=True)
    answer = post(client, page, form, {**_lists(form), "notes": TYPED})
    assert answer["Location"].startswith(reverse("mfa_reauthenticate"))
    assert unsent.find(unsent_address(answer).partition("unsent=")[2], mara).data["notes"] == TYPED


@pytest.mark.parametrize("where", ["its own address", "an address for buttons"])
def test_what_was_typed_before_a_proof_was_asked_for_is_kept_too(
    where: str, mara: User, northwind: Merchant, emulator: Emulator
) -> None:
    """The session ended at the page that asks for the proof, which holds what was typed on the page before."""
    pages_of = {"its own address": "/northwind/live/settings/", "an address for buttons": INVITING}
    page, field = pages_of[where], {"its own address": "name", "an address for buttons": "email"}[where]
    client = browser(mara)
    form = next(form for form in forms(client.get(page).content.decode()) if field in dict(form.fields))
    asked = post(client, page, form, {**_lists(form), field: TYPED})
    proof = next(form for form in forms(asked.content.decode()) if "step_up" in dict(form.fields))
    before = everything()
    del client.cookies["__Host-session"]
    address = form.action or page
    answer = client.post(address, {**_lists(proof), "password": "x"}, headers={"Referer": HOST + address})
    sign_in(client, mara)
    found = client.get(unsent_address(answer))
    assert found.status_code == 200
    assert "Nothing was sent." in found.content.decode()
    assert shown(found.content.decode(), field) == [TYPED]
    assert everything() == before


def test_the_proof_of_another_page_brings_nothing_along(mara: User, northwind: Merchant, emulator: Emulator) -> None:
    client = browser(mara)
    asked = post(client, INVITING, *invitation(client))
    proof = next(form for form in forms(asked.content.decode()) if "step_up" in dict(form.fields))
    del client.cookies["__Host-session"]
    answer = client.post("/northwind/live/settings/", _lists(proof), headers={"Referer": HOST + INVITING})
    sign_in(client, mara)
    assert TYPED not in client.get(unsent_address(answer)).content.decode()


def invitation(client: Client) -> tuple[Form, dict[str, Any]]:
    found = next(form for form in forms(client.get(INVITING).content.decode()) if "email" in dict(form.fields))
    return found, {**_lists(found), "email": TYPED}


def test_the_session_is_asked_for_without_saying_who_it_is(mara: User) -> None:
    client = browser(mara)
    known = client.get(reverse("session_state")).json()
    assert known["person"] == unsent.person(mara)
    assert mara.email not in str(known)
    assert SecureClient().get(reverse("session_state")).json()["person"] == ""
