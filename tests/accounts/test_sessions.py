"""Sessions: how they are kept, when they end, and where a person is signed in."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from orders.models import EventLog, Session, User
from orders.services.accounts.signed_in import browser_name
from orders.sessions import SIGNED_IN_AT, hashed
from tests.conftest import make_person
from tests.support.signing_in import NEW_PASSWORD, PASSWORD, add_app, is_in, signed_in

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"


def pass_time(client: Client, **passed: float) -> None:
    """As if all that is known of a session were so much older."""
    ago = timedelta(**passed)
    session = client.session
    key = hashed(session.session_key)
    row = Session.objects.get(pk=key)
    session[SIGNED_IN_AT] -= ago.total_seconds()
    session.save()  # which lets it last anew
    Session.objects.filter(pk=key).update(seen_at=row.seen_at - ago, expire_date=row.expire_date - ago)


def key_of(client: Client) -> str:
    return str(client.cookies["__Host-session"].value)


# --- How they are kept, and when they end ----------------------------------------------------------------------------


def test_the_key_of_a_session_is_nowhere_in_the_database(mara: User) -> None:
    client = signed_in(mara.email)
    row = Session.objects.get(user=mara)
    assert row.pk == hashed(key_of(client))
    assert key_of(client) not in str([list(Session.objects.values()), list(EventLog.objects.values())])
    thief = Client()
    thief.cookies["__Host-session"] = row.pk  # what who reads the table has
    assert not is_in(thief)


@pytest.mark.parametrize(("minutes", "stays"), [(29, True), (31, False)])
def test_a_session_ends_after_half_an_hour_without_work(minutes: int, stays: bool, mara: User) -> None:
    client = signed_in(mara.email)
    pass_time(client, minutes=minutes)
    assert is_in(client) is stays


def test_the_idle_limit_is_a_setting(mara: User, settings: LazySettings) -> None:
    settings.SESSION_IDLE_SECONDS = 60
    client = signed_in(mara.email)
    pass_time(client, seconds=61)
    assert not is_in(client)


def test_work_keeps_a_session_but_not_beyond_twelve_hours(mara: User) -> None:
    client = signed_in(mara.email)
    for _ in range(29):  # twelve hours less a bit, 25 minutes at a time
        pass_time(client, minutes=24.5)
        assert is_in(client)
    pass_time(client, minutes=20)
    assert not is_in(client)


def test_what_a_page_asks_for_by_itself_is_no_work(mara: User) -> None:
    client = signed_in(mara.email)
    for _ in range(2):
        pass_time(client, minutes=16)
        client.get(reverse("account"), headers={"X-By-Itself": "yes"})
    assert not is_in(client)


def test_a_session_is_written_once_a_minute_at_most(mara: User) -> None:
    client = signed_in(mara.email)
    before = Session.objects.get(user=mara).seen_at
    client.get(reverse("account"))
    assert Session.objects.get(user=mara).seen_at == before
    pass_time(client, minutes=2)
    client.get(reverse("account"))
    assert timezone.now() - Session.objects.get(user=mara).seen_at < timedelta(seconds=30)


def test_a_new_key_does_not_begin_the_day_anew(mara: User) -> None:
    client = signed_in(mara.email)
    before = client.session[SIGNED_IN_AT]
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.session[SIGNED_IN_AT] == before <= time.time()


# --- New keys, and the end of other sessions -------------------------------------------------------------------------


def change_password(client: Client) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post(reverse("account_change_password"), form).status_code == 302


def remove_app(client: Client) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post(reverse("mfa_deactivate_totp")).status_code == 302


def confirm(client: Client) -> None:
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def new_codes(client: Client) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post(reverse("mfa_generate_recovery_codes")).status_code == 302


@pytest.mark.parametrize("change", [change_password, confirm, add_app, remove_app, new_codes])
def test_what_touches_signing_in_gives_the_session_a_new_key(change: Any, mara: User) -> None:
    client = signed_in(mara.email)
    if change in (remove_app, new_codes):
        add_app(client)
    before = key_of(client)
    change(client)
    assert is_in(client)
    assert key_of(client) != before
    thief = Client()
    thief.cookies["__Host-session"] = before
    assert not is_in(thief)


@pytest.mark.parametrize("change", [change_password, add_app, remove_app])
def test_changing_how_one_signs_in_ends_all_other_sessions(change: Any, mara: User) -> None:
    here = signed_in(mara.email)
    if change is remove_app:
        add_app(here)
    elsewhere = Client()
    elsewhere.force_login(mara, backend="allauth.account.auth_backends.AuthenticationBackend")
    others = signed_in(make_person("owen@northwind.example").email)
    change(here)
    assert is_in(here)
    assert not is_in(elsewhere)
    assert is_in(others)
    assert Session.objects.filter(user=mara).count() == 1


def test_a_factor_changed_past_the_pages_ends_all_sessions(mara: User) -> None:
    client = signed_in(mara.email)
    Authenticator.objects.create(user=mara, type="totp", data={"secret": "x"})
    assert not is_in(client)


def test_a_factor_that_is_used_ends_no_session(mara: User) -> None:
    client = signed_in(mara.email)
    add_app(client)
    Authenticator.objects.get(user=mara, type="totp").record_usage()
    assert is_in(client)


# --- Where one is signed in ------------------------------------------------------------------------------------------


def page(client: Client) -> str:
    return " ".join(client.get(reverse("account")).content.decode().split())


def test_the_account_page_lists_where_one_is_signed_in(mara: User) -> None:
    elsewhere = Client(headers={"User-Agent": CHROME})
    elsewhere.post(reverse("account_login"), {"login": mara.email, "password": PASSWORD}, secure=True)
    here = signed_in(mara.email)
    shown = page(here)
    assert "Chrome on Windows" in shown
    assert "from 127.0.0.1" in shown
    assert shown.count("this one") == 1
    assert key_of(here) not in shown
    assert key_of(elsewhere) not in shown


def test_one_browser_is_signed_out_from_another(mara: User) -> None:
    here, elsewhere = signed_in(mara.email), signed_in(mara.email)
    here.post(reverse("session_end"), {"session": hashed(key_of(elsewhere))})
    assert not is_in(elsewhere)
    assert is_in(here)
    assert EventLog.objects.filter(kind="signed_out", text="another browser", user=mara).exists()


def test_nobody_signs_out_somebody_else(mara: User) -> None:
    mine, theirs = signed_in(mara.email), signed_in(make_person("owen@northwind.example").email)
    mine.post(reverse("session_end"), {"session": hashed(key_of(theirs))})
    mine.post(reverse("session_end"), {"session": key_of(theirs)})
    assert is_in(theirs)
    mine.post(reverse("sessions_end"))
    assert is_in(theirs)


def test_signing_out_leaves_nothing_in_the_browser_and_tells_its_other_tabs(mara: User) -> None:
    client = signed_in(mara.email)
    assert "Clear-Site-Data" not in client.get(reverse("account_logout"))
    answer = client.post(reverse("account_logout"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "data-signed-out" in client.get(answer["Location"]).content.decode()
    assert "data-signed-out" not in client.get(reverse("account_login")).content.decode()


def test_signing_out_everywhere_means_here_too(mara: User) -> None:
    browsers = [signed_in(mara.email) for _ in range(3)]
    answer = browsers[0].post(reverse("sessions_end"))
    assert answer["Location"] == f"{reverse('account_login')}?signed-out=yes"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not any(is_in(browser) for browser in browsers)
    assert EventLog.objects.filter(kind="signed_out", text="everywhere", user=mara).count() == 1


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (CHROME, "Chrome on Windows"),
        ("", "Another browser"),
        ("<script>", "Another browser"),
        ("Edg/1 Mac OS", "Edge on Mac"),
    ],
)
def test_a_browser_is_named_as_people_call_it(said: str, shown: str) -> None:
    assert browser_name(said) == shown
