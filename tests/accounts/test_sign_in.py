"""Signing in: passwords, second factors, sessions, guessing limits, resets, and what the log keeps of it."""

import re
from http.cookies import SimpleCookie

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory, TestCase
from django.urls import NoReverseMatch, reverse

from orders import mails
from orders.access import SIGN_IN_AT
from orders.models import EventLog, Merchant, User
from orders.services.accounts import notices
from orders.services.merchants import members
from revkeen_admin.hosts import normal, public_url
from tests.conftest import SecureClient
from tests.conftest import sign_in as conftest_sign_in
from tests.support.signing_in import NEW_PASSWORD, PASSWORD, add_app, code, is_in, sign_in, signed_in


def kinds() -> list[str]:
    return list(EventLog.objects.order_by("pk").values_list("kind", flat=True))


# --- Password and session ------------------------------------------------------------------------------------------


def test_a_person_with_one_merchant_lands_on_its_orders(mara: User) -> None:
    client = SecureClient()
    answer = sign_in(client, "Mara@Northwind.example")
    assert answer["Location"] == "/"
    assert client.get("/")["Location"] == "/northwind/live/orders/"
    event = EventLog.objects.get(kind="signed_in")
    assert (event.user, event.text) == (mara, "password, from 127.0.0.1")


def test_the_session_id_changes_when_signing_in(mara: User) -> None:
    client = SecureClient()
    tokens: list[str] = []
    members.invite(mara.memberships.get().merchant, "x@x.example", ["viewer"], mara, lambda t: tokens.append(t) or t)
    client.get(reverse("invitation_accept"), {"token": tokens[0]})  # a session from before
    planted = client.session.session_key
    sign_in(client, mara.email)
    assert client.session.session_key != planted
    thief = SecureClient()
    thief.cookies["__Host-session"] = str(planted)
    assert not is_in(thief)


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(mara: User) -> None:
    client = signed_in(mara.email)
    stolen = SecureClient()
    stolen.cookies = SimpleCookie(client.cookies.output(header=""))
    assert is_in(stolen)
    client.post(reverse("account_logout"))
    assert not is_in(stolen)
    assert kinds()[-1] == "signed_out"


def test_a_new_password_ends_all_other_sessions_and_renews_this_one(mara: User) -> None:
    here, elsewhere = signed_in(mara.email), signed_in(mara.email)
    before = here.session.session_key
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert here.post(reverse("account_change_password"), form)["Location"] == reverse("account")
    assert is_in(here)
    assert here.session.session_key != before
    assert not is_in(elsewhere)
    assert kinds()[-1] == "password_changed"


def test_the_cookies_are_locked_down(mara: User) -> None:
    cookies = signed_in(mara.email).cookies
    session, csrf = cookies["__Host-session"], SecureClient().get(reverse("account_login")).cookies["__Host-csrf"]
    for cookie in (session, csrf):
        flags = {name: cookie[name] for name in ("secure", "httponly", "samesite", "path", "domain")}
        assert flags == {"secure": True, "httponly": True, "samesite": "Lax", "path": "/", "domain": ""}


def test_nobody_signs_up(db: None) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    for path in ("/account/signup/", "/account/email/", "/accounts/signup/", "/admin/"):
        assert SecureClient().post(path, {"email": "x@x.example", "password1": PASSWORD}).status_code == 404
    assert not User.objects.exists()


# --- Where signing in may lead -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "next_page",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "///evil.example",
        "http:///evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/\r\nLocation: https://evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://testserver@evil.example/",
        "https://testserver.evil.example/",
        "\x00//evil.example",
        " //evil.example",
    ],
)
def test_signing_in_and_out_never_leads_off_the_site(next_page: str, mara: User) -> None:
    client = SecureClient()
    client.get(reverse("account_login"), {"next": next_page})
    for answer in (
        sign_in(client, mara.email, next=next_page),
        client.post(reverse("account_logout"), {"next": next_page}),
    ):
        assert answer.status_code == 302
        assert re.fullmatch(r"/[^/\\\r\n][^\\\r\n]*|/", answer["Location"]), answer["Location"]


def test_signing_in_leads_back_to_the_page_that_asked_for_it(mara: User) -> None:
    client = SecureClient()
    asked = client.get("/northwind/test/settings/members/")["Location"]
    assert asked == "/account/login/?next=/northwind/test/settings/members/"
    answer = sign_in(client, mara.email, next="/northwind/test/settings/members/")
    assert answer["Location"] == "/northwind/test/settings/members/"


def test_whoever_was_signed_out_meanwhile_comes_back_to_the_form(mara: User) -> None:
    form = "https://testserver/northwind/live/settings/connections/"
    sent_to = reverse("connection_add", args=["northwind", "live"])
    answer = SecureClient().post(sent_to, {"key": "x"}, headers={"Referer": form})
    assert answer["Location"] == "/account/login/?next=/northwind/live/settings/connections/"
    for elsewhere in ("https://evil.example/x", "https://["):
        answer = SecureClient().post(sent_to, {"key": "x"}, headers={"Referer": elsewhere})
        assert answer["Location"] == "/account/login/?next=/"


def test_a_part_of_a_page_is_told_where_to_sign_in_and_the_page_stays(northwind: Merchant) -> None:
    answer = SecureClient().get("/northwind/live/orders/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer[SIGN_IN_AT], answer.content) == (401, "/account/login/", b"")
    assert "HX-Redirect" not in answer


# --- Forgotten passwords -------------------------------------------------------------------------------------------


def test_a_reset_answers_alike_for_known_and_unknown_addresses(mara: User) -> None:
    answers = []
    for email in (mara.email, "nobody@northwind.example"):
        answers.append(SecureClient().post(reverse("account_reset_password"), {"email": email}))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    to_mara, to_nobody = mail.outbox
    assert to_mara.to == [mara.email]
    assert "/account/password/reset/key/" in str(to_mara.body)
    assert to_nobody.to == ["nobody@northwind.example"]
    assert "http" not in str(to_nobody.body)


def test_links_in_mails_lead_to_the_public_address_whatever_the_host(mara: User, settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_URL = "https://admin.northwind.example"
    forged = {"Host": "evil.example", "Origin": "https://evil.example"}
    SecureClient().post(reverse("account_reset_password"), {"email": mara.email}, headers=forged)
    invite = {"email": "new@northwind.example", "roles": ["support"]}
    conftest_sign_in(mara).post(reverse("invitation_send", args=["northwind", "live"]), invite, headers=forged)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    signed_in(mara.email).post(reverse("account_change_password"), form, headers=forged)
    mails.wait()
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        links = re.findall(r"https?://[^/\s]+", str(message.body))
        assert set(links) == {"https://admin.northwind.example"}, message.body


@pytest.mark.parametrize(
    ("said", "hosts", "url"),
    [
        ("https://a.example/", ["b.example"], "https://a.example"),
        ("", ["b.example", "c.example"], "https://b.example"),
    ],
)
def test_the_public_address_is_what_was_said_or_the_first_name(said: str, hosts: list[str], url: str) -> None:
    assert public_url(said, hosts, plain_http=False) == url


@pytest.mark.parametrize("hosts", [[], ["*"], [".example.com"]])
def test_without_a_whole_name_the_public_address_has_to_be_said(hosts: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="Set PUBLIC_URL"):
        public_url("", hosts, plain_http=False)


@pytest.mark.parametrize(
    ("host", "name"),
    [("LOCALHOST.:8000", "localhost:8000"), ("a.Example", "a.example"), ("[::1]:80", "[::1]:80"), ("", "")],
)
def test_a_host_has_one_spelling(host: str, name: str) -> None:
    assert normal(host) == name


def test_what_concerns_a_password_is_in_the_log_and_mailed_to_its_owner(mara: User) -> None:
    SecureClient().post(reverse("account_reset_password"), {"email": mara.email})
    SecureClient().post(reverse("account_reset_password"), {"email": "nobody@northwind.example"})
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    signed_in(mara.email).post(reverse("account_change_password"), form)
    rows = EventLog.objects.exclude(kind="signed_in").order_by("pk").values_list("kind", "who", "text")
    assert list(rows) == [
        ("password_reset_asked", mara.email, "from 127.0.0.1"),
        ("password_reset_asked", "nobody@northwind.example", "from 127.0.0.1"),
        ("password_changed", mara.email, ""),
    ]
    mails.wait()
    changed = mail.outbox[-1]
    assert (changed.to, changed.subject) == ([mara.email], "RevKeen Admin: Your password was changed")
    assert "UTC, from 127.0.0.1." in str(changed.body)


def test_the_key_of_a_reset_link_is_in_no_log(mara: User, caplog: pytest.LogCaptureFixture) -> None:
    SecureClient().post(reverse("account_reset_password"), {"email": mara.email})
    link = re.search(r"/account/password/reset/key/\w+-(\S+)/", str(mail.outbox[0].body))
    assert link
    SecureClient().get(link.group())
    assert "/account/password/reset/key/" in caplog.text
    assert link.group(1) not in caplog.text


def test_a_reset_link_works_once_and_ends_all_sessions(mara: User) -> None:
    elsewhere = signed_in(mara.email)
    SecureClient().post(reverse("account_reset_password"), {"email": mara.email})
    link = re.search(r"/account/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link
    client = SecureClient()
    page = client.get(link.group())["Location"]
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post(page, form).status_code == 302
    assert not is_in(elsewhere)
    assert not is_in(client)
    assert kinds()[-1] == "password_changed"
    signed_in(mara.email, NEW_PASSWORD)
    assert SecureClient().get(link.group()).status_code == 200  # says that it is used up, and leads nowhere
    assert SecureClient().post(link.group(), form).status_code == 200
    signed_in(mara.email, NEW_PASSWORD)


# --- Second factors ------------------------------------------------------------------------------------------------


@pytest.fixture
def secured(mara: User) -> tuple[Client, str]:
    client = signed_in(mara.email)
    return client, add_app(client)


def test_with_an_app_the_password_alone_is_not_enough(mara: User, secured: tuple[Client, str]) -> None:
    client = SecureClient()
    assert sign_in(client, mara.email)["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code(secured[1])})
    assert is_in(client)
    said = dict(EventLog.objects.order_by("pk").values_list("kind", "text"))
    assert said["sign_in_failed"] == "wrong second factor, from 127.0.0.1"
    assert said["signed_in"] == "password, totp, from 127.0.0.1"


def test_the_code_that_switched_an_app_on_does_not_sign_in(mara: User) -> None:
    client = signed_in(mara.email)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    seen = code(client.session["mfa.totp.secret"])
    client.post(reverse("mfa_activate_totp"), {"code": seen})
    watcher = SecureClient()
    sign_in(watcher, mara.email)
    watcher.post(reverse("mfa_authenticate"), {"code": seen})
    assert not is_in(watcher)


def test_second_factors_are_sealed_in_the_database(mara: User, secured: tuple[Client, str]) -> None:
    stored = {factor.type: factor.data for factor in Authenticator.objects.filter(user=mara)}
    assert secured[1] not in str(stored)
    assert stored["totp"]["secret"].startswith("gAAAA")
    assert stored["recovery_codes"]["seed"].startswith("gAAAA")
    said = EventLog.objects.filter(kind="mfa_changed").values_list("text", flat=True)
    assert set(said) == {"added recovery codes", "added an authenticator app"}


def test_a_changed_factor_is_mailed_to_its_owner(mara: User, secured: tuple[Client, str]) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        secured[0].post(reverse("mfa_deactivate_totp"))
    mails.wait()
    assert [(message.to[0], message.subject) for message in mail.outbox] == [
        (mara.email, "RevKeen Admin: An authenticator app was added"),
        (mara.email, "RevKeen Admin: Your authenticator app was removed"),
    ]


def test_a_password_is_changed_though_no_mail_can_be_sent(mara: User, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert signed_in(mara.email).post(reverse("account_change_password"), form).status_code == 302
    mails.wait()
    signed_in(mara.email, NEW_PASSWORD)


def test_a_recovery_code_works_once(mara: User, secured: tuple[Client, str]) -> None:
    codes = Authenticator.objects.get(user=mara, type="recovery_codes").wrap().get_unused_codes()
    for expected in (True, False):
        client = SecureClient()
        sign_in(client, mara.email)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_in(client) is expected


def test_a_merchant_can_ask_for_a_second_factor(mara: User, northwind: Merchant) -> None:
    northwind.mfa_required = True
    northwind.save()
    client = signed_in(mara.email)
    page = reverse("member_list", args=["northwind", "live"])
    assert client.get(page)["Location"] == reverse("mfa_index")
    assert client.get(page, headers={"HX-Request": "true"})["HX-Redirect"] == reverse("mfa_index")
    add_app(client)
    assert client.get(page).status_code == 200


def test_a_factor_that_was_removed_opens_no_merchant_that_asks_for_one(mara: User, northwind: Merchant) -> None:
    set_up = signed_in(mara.email)
    page = reverse("member_list", args=["northwind", "live"])
    for _ in range(2):
        secret = add_app(set_up)
        shown = signed_in(mara.email)
        shown.post(reverse("mfa_authenticate"), {"code": code(secret)})
        assert is_in(shown)
        codes = Authenticator.objects.get(user=mara, type="recovery_codes").wrap().get_unused_codes()
        with TestCase.captureOnCommitCallbacks(execute=True):
            shown.post(reverse("mfa_reauthenticate"), {"code": codes[0]})
            assert shown.post(reverse("mfa_deactivate_totp")).status_code == 302
        northwind.mfa_required = True
        northwind.save()
        assert not is_in(set_up)  # removing a factor ends the other sessions
        assert shown.get(page)["Location"] == reverse("mfa_index")
        set_up = signed_in(mara.email)
        Merchant.objects.update(mfa_required=False)


@pytest.mark.parametrize(
    "mail_about",
    [
        "account/email/password_changed",
        "account/email/password_set",
        "account/email/password_reset",
        "mfa/email/totp_activated",
        "mfa/email/totp_deactivated",
        "mfa/email/webauthn_added",
        "mfa/email/webauthn_removed",
        "mfa/email/recovery_codes_generated",
    ],
)
def test_each_mail_about_signing_in_says_what_to_do(mail_about: str, mara: User, rf: RequestFactory) -> None:
    notices.sign_in_changed(rf.get("/"), mara, mail_about)
    mails.wait()
    assert "Was it not you?" in mail.outbox[0].body
    assert "https://testserver/account/password/reset/" in mail.outbox[0].body


def test_a_session_older_than_the_factor_has_to_show_it_once(mara: User, northwind: Merchant) -> None:
    """As one would be that came past the sign-in page."""
    add_app(signed_in(mara.email))
    older = SecureClient()
    older.force_login(mara, backend="allauth.account.auth_backends.AuthenticationBackend")
    codes = Authenticator.objects.get(user=mara, type="recovery_codes").wrap().get_unused_codes()
    northwind.mfa_required = True
    northwind.save()
    page = reverse("member_list", args=["northwind", "live"])
    confirm = f"{reverse('mfa_reauthenticate')}?next={page.replace('/', '%2F')}"
    assert older.get(page)["Location"] == confirm
    assert older.get(page, headers={"HX-Request": "true"})[SIGN_IN_AT] == reverse("mfa_reauthenticate")
    older.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert older.get(page).status_code == 302  # the password again is not a second factor
    answer = older.post(reverse("mfa_reauthenticate"), {"code": codes[0], "next": page})
    assert answer["Location"] == page
    assert older.get(page).status_code == 200


def test_the_last_factor_stays_while_a_merchant_asks_for_one(
    mara: User, northwind: Merchant, secured: tuple[Client, str]
) -> None:
    client, _ = secured
    northwind.mfa_required = True
    northwind.save()
    assert b"One of your merchants requires a second factor" in client.post(reverse("mfa_deactivate_totp")).content
    assert Authenticator.objects.filter(user=mara, type="totp").exists()
    key = Authenticator(user=mara, type="webauthn", data={"name": "Key", "credential": {}})
    (passkey,) = Authenticator.objects.bulk_create([key])  # no signals: the session stays
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert client.post(reverse("mfa_remove_webauthn", args=[passkey.pk]))["Location"] == reverse("mfa_list_webauthn")
    assert Authenticator.objects.filter(pk=passkey.pk).exists()
