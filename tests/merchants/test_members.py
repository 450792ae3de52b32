"""Members, their roles, and the invitations that bring them in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import EventLog, Invitation, Membership, Merchant, User
from orders.services.merchants import members
from tests.conftest import SecureClient, make_person, sign_in
from tests.support.pages import markup
from tests.support.processes import READY, Site

PASSWORD = "a good password"


@pytest.fixture
def northwind(db: None) -> Merchant:
    return Merchant.objects.create(name="Northwind Trading", slug="northwind", time_zone="Europe/Berlin")


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


def address(page: str, *more: Any) -> str:
    return reverse(page, args=["northwind", "live", *more])


def invite(client: Client, email: str = "New@Northwind.example", *roles: str) -> Any:
    return client.post(address("invitation_send"), {"email": email, "roles": roles or ["support"]})


def last_link() -> str:
    found = re.search(r"https://testserver(/invitation/\?token=\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def visitor(link: str) -> Client:
    """Somebody who has opened the link in their mail."""
    client = SecureClient()
    client.get(link)
    return client


def join(client: Client, **changes: str) -> Any:
    form = {"name": "New Person", "password": PASSWORD, "repeated": PASSWORD, **changes}
    return client.post("/invitation/", form)


def last_event() -> tuple[str, str, str]:
    event = EventLog.objects.latest("pk")
    return event.kind, event.text, event.who


# --- Roles and removal -----------------------------------------------------------------------------------------------


def test_roles_are_changed_and_hold_at_once(client: Client, northwind: Merchant) -> None:
    owen = make_person("owen@northwind.example", northwind, "viewer")
    his = sign_in(owen)
    assert his.get(address("member_list")).status_code == 403
    membership = Membership.objects.get(user=owen)
    answer = client.post(address("member_edit", membership.pk), {"roles": ["finance", "admin"]})
    assert answer["Location"] == address("member_list")
    assert his.get(address("member_list")).status_code == 200
    assert last_event() == ("member_changed", "owen@northwind.example: Admin, Finance", "mara@northwind.example")


@pytest.mark.parametrize("roles", [[], ["superuser"], ["admin", "root"]])
def test_only_roles_of_the_list_are_taken(roles: list[str], client: Client, northwind: Merchant) -> None:
    membership = Membership.objects.get(user=make_person("owen@northwind.example", northwind, "viewer"))
    answer = client.post(address("member_edit", membership.pk), {"roles": roles})
    assert answer.status_code == 422
    membership.refresh_from_db()
    assert membership.roles == ["viewer"]


@pytest.mark.database
def test_a_removed_member_is_out_with_the_next_request(client: Client, northwind: Merchant) -> None:
    owen = make_person("owen@northwind.example", northwind, "admin")
    his = sign_in(owen)
    assert his.get(address("member_list")).status_code == 200
    page = address("member_remove", Membership.objects.get(user=owen).pk)
    assert "immediately" in markup(client.get(page))
    client.post(page)
    assert his.get(address("member_list")).status_code == 404
    assert "You do not belong to a merchant" in markup(his.get("/"))
    assert client.post(page).status_code == 404


@pytest.mark.database
def test_the_last_admin_can_neither_go_nor_step_down(client: Client, mara: User, northwind: Merchant) -> None:
    make_person("owen@northwind.example", northwind, "support", "finance")
    mine = Membership.objects.get(user=mara)
    answer = client.post(address("member_edit", mine.pk), {"roles": ["viewer"]})
    assert answer.status_code == 422
    assert "This is the last admin" in markup(answer)
    assert "This is the last admin" in markup(client.get(address("member_remove", mine.pk)))
    assert client.post(address("member_remove", mine.pk)).status_code == 409
    mine.refresh_from_db()
    assert mine.roles == ["admin"]


@pytest.mark.database
def test_an_admin_whose_account_is_off_does_not_count(client: Client, mara: User, northwind: Merchant) -> None:
    other = make_person("owen@northwind.example", northwind, "admin")
    other.is_active = False
    other.save()
    assert client.post(address("member_remove", Membership.objects.get(user=mara).pk)).status_code == 409


def test_an_admin_may_step_down_when_there_is_another(client: Client, mara: User, northwind: Merchant) -> None:
    make_person("owen@northwind.example", northwind, "admin")
    answer = client.post(address("member_edit", Membership.objects.get(user=mara).pk), {"roles": ["viewer"]})
    assert answer["Location"] == "/"
    assert client.get(address("member_list")).status_code == 403


def test_a_member_of_another_merchant_is_not_there(client: Client) -> None:
    kestrel = Merchant.objects.create(name="Kestrel Outdoor", slug="kestrel")
    foreign = Membership.objects.get(user=make_person("x@kestrel.example", kestrel, "viewer"))
    for page in ("member_edit", "member_remove"):
        assert client.post(address(page, foreign.pk), {"roles": ["admin"]}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.roles == ["viewer"]


STEP_DOWN = f"""
import json, sys
from orders.models import Membership
from orders.services.merchants import members
mine = Membership.objects.select_related("user", "merchant").get(user__email=sys.argv[1])
{READY}
try:
    members.remove(mine, mine.user) if sys.argv[2] == "remove" else members.change_roles(mine, ["viewer"], mine.user)
    print(json.dumps("done"))
except members.LastAdmin:
    print(json.dumps("last"))
"""


@pytest.mark.database
@pytest.mark.parametrize("ways", [("remove", "remove"), ("change", "remove"), ("change", "change")])
def test_two_admins_going_at_once_leave_one(ways: tuple[str, str], site: Site) -> None:
    site.add_admins("a@x.example", "b@x.example")
    said = site.run_together(STEP_DOWN, [("a@x.example", ways[0]), ("b@x.example", ways[1])])
    assert sorted(said) == ["done", "last"]
    assert site.rows("SELECT COUNT(*) FROM orders_membership WHERE CAST(roles AS TEXT) = '[\"admin\"]'") == [(1,)]


# --- Inviting --------------------------------------------------------------------------------------------------------


def test_an_invitation_goes_out_as_plain_text_and_holds_no_secret_here(client: Client) -> None:
    assert invite(client)["Location"] == address("member_list")
    message = mail.outbox[0]
    assert message.to == ["new@northwind.example"]
    assert message.subject == "Join Northwind Trading in RevKeen Admin"
    assert message.content_subtype == "plain"
    token = last_link().partition("=")[2]
    assert token not in str(list(Invitation.objects.values())) + str(list(EventLog.objects.values()))
    assert token not in markup(client.get(address("member_list")))
    assert last_event() == ("invited", "new@northwind.example: Support", "mara@northwind.example")


def test_the_token_of_an_invitation_is_in_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    invite(client)
    join(visitor(last_link()))
    assert "/invitation/" in caplog.text
    assert last_link().partition("=")[2] not in caplog.text


@pytest.mark.database
def test_somebody_new_chooses_a_name_and_a_password_and_is_in(client: Client, northwind: Merchant) -> None:
    invite(client, "New@Northwind.example", "support", "finance")
    assert SecureClient().get(last_link())["Location"] == "/invitation/"
    guest = visitor(last_link())
    assert "new@northwind.example" in markup(guest.get("/invitation/"))
    before = guest.session.session_key
    assert join(guest)["Location"] == "/northwind/live/orders/"
    assert guest.session.session_key != before
    member = Membership.objects.get(user__email="new@northwind.example")
    assert (member.user.name, member.roles) == ("New Person", ["support", "finance"])
    assert guest.get(reverse("account")).status_code == 200
    assert "Invitations" not in markup(client.get(address("member_list"))).replace("Send invitation", "")
    assert "member_joined" in EventLog.objects.values_list("kind", flat=True)


def test_somebody_with_an_account_signs_in_first(client: Client, northwind: Merchant) -> None:
    owen = make_person("owen@elsewhere.example")
    invite(client, "owen@elsewhere.example", "operations")
    guest = visitor(last_link())
    assert "has an account here" in markup(guest.get("/invitation/"))
    join(guest)
    assert not Membership.objects.filter(user=owen).exists()
    form = {"login": owen.email, "password": PASSWORD, "next": "/invitation/"}
    assert guest.post(reverse("account_login"), form)["Location"] == "/invitation/"
    assert "Join Northwind Trading" in markup(guest.get("/invitation/"))
    assert guest.post("/invitation/")["Location"] == "/northwind/live/orders/"
    assert Membership.objects.get(user=owen).roles == ["operations"]


def test_an_invitation_is_for_nobody_else(client: Client, mara: User) -> None:
    invite(client)
    client.get(last_link())
    assert "This invitation is for new@northwind.example" in markup(client.get("/invitation/"))
    assert client.post("/invitation/").status_code == 403
    assert Membership.objects.count() == 1


@pytest.mark.database
def test_a_link_works_once(client: Client) -> None:
    invite(client)
    link = last_link()
    join(visitor(link))
    again = visitor(link)
    assert again.get("/invitation/").status_code == 410
    assert join(again, name="Somebody Else").status_code == 410
    assert User.objects.filter(email="new@northwind.example").count() == 1


@pytest.mark.database
@pytest.mark.parametrize("ending", ["expired", "withdrawn", "replaced", "invented"])
def test_a_link_that_is_over_leads_nowhere(ending: str, client: Client) -> None:
    invite(client)
    link = last_link()
    invitation = Invitation.objects.get()
    if ending == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif ending == "withdrawn":
        client.post(address("invitation_withdraw", invitation.pk))
    elif ending == "replaced":
        invite(client)
    else:
        link = link[:-3] + "abc"
    guest = SecureClient()
    assert guest.get(link).status_code == 410
    assert guest.get("/invitation/").status_code == 410
    assert join(guest).status_code == 410
    assert User.objects.count() == 1
    assert "__Host-session" not in guest.cookies


LOSING = ["removed", "demoted", "left", "stepped down", "switched off", "removed by a command"]


def lose_the_right(how: str, membership: Membership, by: Client, self: Client) -> None:
    who = by if how in ("removed", "demoted") else self
    if how in ("removed", "left"):
        assert who.post(address("member_remove", membership.pk)).status_code == 302
    elif how in ("demoted", "stepped down"):
        assert who.post(address("member_edit", membership.pk), {"roles": ["viewer"]}).status_code == 302
    elif how == "switched off":
        User.objects.filter(pk=membership.user_id).update(is_active=False)
    else:
        membership.delete()  # past our own service, so nothing was withdrawn


@pytest.mark.database
@pytest.mark.parametrize("how", LOSING)
def test_an_invitation_ends_with_the_right_of_whoever_sent_it(how: str, client: Client, northwind: Merchant) -> None:
    owen = make_person("owen@northwind.example", northwind, "admin")
    his = sign_in(owen)
    invite(his, "owen2@elsewhere.example", "admin")
    link = last_link()
    opened = visitor(link)  # the token is in a session already
    lose_the_right(how, Membership.objects.get(user=owen), client, his)
    assert SecureClient().get(link).status_code == 410
    assert join(opened).status_code == 410
    assert not User.objects.filter(email="owen2@elsewhere.example").exists()
    assert "owen2@elsewhere.example" not in markup(client.get(address("member_list"))).partition("Changes")[0]


def test_an_invitation_withdrawn_with_its_sender_is_in_the_log(client: Client, northwind: Merchant) -> None:
    owen = make_person("owen@northwind.example", northwind, "admin")
    invite(sign_in(owen), "owen2@elsewhere.example", "admin")
    client.post(address("member_remove", Membership.objects.get(user=owen).pk))
    withdrawn = EventLog.objects.get(kind="invitation_withdrawn")
    assert withdrawn.text == "owen2@elsewhere.example: sent by owen@northwind.example, who may no longer invite people"
    assert withdrawn.who == "mara@northwind.example"


def test_invitations_of_those_who_may_still_invite_stay_good(client: Client, northwind: Merchant) -> None:
    owen = make_person("owen@northwind.example", northwind, "admin")
    invite(client, "new@northwind.example", "viewer")
    kept = last_link()
    client.post(address("member_edit", Membership.objects.get(user=owen).pk), {"roles": ["admin", "support"]})
    client.post(address("member_remove", Membership.objects.get(user=owen).pk))
    assert join(visitor(kept)).status_code == 302


def test_an_invitation_to_somebody_who_is_removed_ends_too(client: Client, mara: User, northwind: Merchant) -> None:
    """They were made a member past it, by a command, so it was still open."""
    invite(client, "owen@northwind.example", "admin")
    link = last_link()
    owen = make_person("owen@northwind.example", northwind, "viewer")
    client.post(address("member_remove", Membership.objects.get(user=owen).pk))
    assert sign_in(owen).get(link).status_code == 410


@pytest.mark.database
def test_whoever_loses_the_right_while_the_mail_goes_out_has_invited_nobody(mara: User, northwind: Merchant) -> None:
    owen = make_person("owen@northwind.example", northwind, "admin")

    def meanwhile(token: str) -> str:
        Membership.objects.filter(user=owen).delete()
        return f"https://testserver/invitation/?token={token}"

    with pytest.raises(members.NoLongerMember):
        members.invite(northwind, "owen2@elsewhere.example", ["admin"], owen, meanwhile)
    assert not Invitation.objects.exists()
    assert SecureClient().get(last_link()).status_code == 410


@pytest.mark.database
def test_inviting_again_sends_a_new_link_with_the_new_roles(client: Client) -> None:
    invite(client)
    invite(client, "new@NORTHWIND.example", "viewer")
    assert Invitation.objects.count() == 1
    assert len(mail.outbox) == 2
    join(visitor(last_link()))
    assert Membership.objects.get(user__email="new@northwind.example").roles == ["viewer"]


def test_a_member_is_not_invited_again(client: Client, mara: User) -> None:
    answer = invite(client, mara.email.upper())
    assert answer.status_code == 422
    assert "is already a member" in markup(answer)
    assert mail.outbox == []


def test_without_a_mail_server_nobody_is_invited(client: Client, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    answer = invite(client)
    assert answer.status_code == 422
    assert "no one was invited" in markup(answer)
    assert 'value="new@northwind.example"' in markup(answer).lower()
    assert not Invitation.objects.exists()
    assert not EventLog.objects.filter(kind="invited").exists()


def test_a_link_sent_before_stays_good_when_the_next_mail_cannot_be_sent(
    client: Client, settings: LazySettings
) -> None:
    invite(client)
    link = last_link()
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    assert invite(client, "new@northwind.example", "admin").status_code == 422
    join(visitor(link))
    assert Membership.objects.get(user__email="new@northwind.example").roles == ["support"]


def test_names_cannot_add_lines_to_the_mail(client: Client, northwind: Merchant) -> None:
    form = {"name": "Northwind\r\nBcc: everybody@x.example", "time_zone": "UTC", "sums_to_type": ""}
    form |= {"undo_seconds": "0", "review_after_days": "7", "cutoff": "16:00"}
    assert client.post(reverse("merchant_settings", args=["northwind", "live"]), form).status_code == 302
    invite(client)
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == ["new@northwind.example"]
    assert invite(client, "a@x.example\nBcc: b@x.example").status_code == 422


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"password": "elevenchars", "repeated": "elevenchars"}, "too short"),
        ({"password": "1234567890123", "repeated": "1234567890123"}, "too common"),
        ({"repeated": "another password"}, "The passwords do not match"),
        ({"password": "new@northwind.example", "repeated": "new@northwind.example"}, "too similar"),
        ({"name": " "}, "required"),
    ],
)
def test_a_weak_or_mistyped_password_makes_no_account(changes: dict[str, str], reason: str, client: Client) -> None:
    invite(client)
    guest = visitor(last_link())
    answer = join(guest, **changes)
    assert answer.status_code == 422
    assert reason in markup(answer)
    assert PASSWORD not in markup(answer)
    assert not User.objects.filter(email="new@northwind.example").exists()


ACCEPT = f"""
import json, sys
from django.test import Client
client = Client()
client.get("/invitation/?token=" + sys.argv[1])
{READY}
form = {{"name": sys.argv[2], "password": "a good password", "repeated": "a good password"}}
print(json.dumps(client.post("/invitation/", form).status_code))
"""

INVITE = f"""
import json
from orders.models import Merchant, User
from orders.services.merchants import members
{READY}
tokens = []
members.invite(Merchant.objects.get(), "new@x.example", ["viewer"], User.objects.get(), lambda t: tokens.append(t) or t)
print(json.dumps(tokens[0]))
"""


@pytest.mark.database
def test_a_link_used_twice_at_once_makes_one_account(site: Site) -> None:
    site.add_admins("mara@x.example")
    token = site.run(INVITE)
    said = site.run_together(ACCEPT, [(token, "One"), (token, "Two")])
    assert sorted(said) in ([302, 302], [302, 410])  # the other is told, or led to the page that tells
    assert site.rows("SELECT email FROM orders_user ORDER BY email") == [("mara@x.example",), ("new@x.example",)]
