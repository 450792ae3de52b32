"""Guessing passwords: limited over all processes, answered before the hash, and telling nothing."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from orders import mails
from orders.models import EventLog, Merchant, User
from tests.conftest import SecureClient, make_person
from tests.support.processes import PASSWORD as RIGHT
from tests.support.processes import READY, Site, served
from tests.support.signing_in import PASSWORD, sign_in


class CountingHasher(MD5PasswordHasher):
    """Fast, and counts how often a password was hashed: guesses that are refused early cost nothing."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings: LazySettings) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = ["tests.accounts.test_guessing.CountingHasher"]
    return CountingHasher


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(mara: User, hashes: type[CountingHasher]) -> None:
    mara.set_password(PASSWORD)
    mara.save()
    answers, costs = [], []
    for email in (mara.email, "nobody@northwind.example"):
        before = hashes.hashed
        answers.append(_comparable(sign_in(SecureClient(), email, "wrong"), email))
        costs.append(hashes.hashed - before)
    assert answers[0] == answers[1]
    assert costs == [1, 1]


def test_a_failed_sign_in_is_kept_with_the_address_and_without_the_password(mara: User) -> None:
    sign_in(SecureClient(), mara.email, "my secret slip")
    event = EventLog.objects.get()
    assert (event.kind, event.user, event.who) == ("sign_in_failed", None, mara.email)
    assert "secret" not in event.text + event.who


def test_ten_wrong_guesses_close_an_account_before_the_password_is_hashed(
    mara: User, hashes: type[CountingHasher]
) -> None:
    for number in range(10):
        sign_in(SecureClient(), mara.email, f"guess {number}")
    before = hashes.hashed
    answer = sign_in(SecureClient(), mara.email.upper(), PASSWORD)
    assert answer.status_code == 200
    assert b"Too many failed login attempts" in answer.content
    assert hashes.hashed == before


def test_a_forged_origin_does_not_open_a_closed_account(mara: User) -> None:
    for number in range(10):
        SecureClient().post(
            reverse("account_login"),
            {"login": mara.email, "password": "wrong"},
            headers={"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"},
        )
    assert b"Too many failed" in sign_in(SecureClient(), mara.email).content


@pytest.mark.parametrize("spell", [str, lambda e: e.upper(), lambda e: f" {e}", lambda e: e.replace("k", "\u212a")])
def test_neither_the_host_nor_the_spelling_gives_fresh_guesses(
    spell: Callable[[str], str], northwind: Merchant, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    kira = make_person("kira@northwind.example", northwind, "admin")
    hosts = ["testserver:1", "TESTSERVER.", "testserver.", "TestServer:443", "other.example"] * 2
    for number, host in enumerate(hosts):
        guess = {"login": kira.email, "password": f"guess {number}"}
        SecureClient().post(reverse("account_login"), guess, headers={"Host": host})
    answer = sign_in(SecureClient(), spell(kira.email), PASSWORD)
    assert b"Too many failed login attempts" in answer.content


# --- A browser that is known -----------------------------------------------------------------------------------------


def close_the_account(email: str) -> None:
    for number in range(10):
        sign_in(SecureClient(), email, f"guess {number}")
    assert b"Too many failed" in sign_in(SecureClient(), email).content


def known(email: str) -> Client:
    """A browser in which this person has signed in and out."""
    client = SecureClient()
    assert sign_in(client, email).status_code == 302
    client.post(reverse("account_logout"))
    return client


def test_strangers_do_not_lock_a_person_out_of_their_own_browser(mara: User) -> None:
    own = known(mara.email)
    close_the_account(mara.email)
    assert sign_in(own, mara.email).status_code == 302


def test_a_known_browser_gets_no_more_guesses_than_a_stranger(mara: User) -> None:
    own = known(mara.email)
    for number in range(10):
        assert b"Too many failed" not in sign_in(own, mara.email, f"guess {number}").content
    assert b"Too many failed" in sign_in(own, mara.email).content
    assert sign_in(SecureClient(), mara.email).status_code == 302  # nor does it lock out the others


@pytest.mark.parametrize("forged", ["", "x", "eyJhIjoxfQ:1:abc"])
def test_a_browser_is_not_known_by_its_own_word_nor_for_another_person(forged: str, mara: User) -> None:
    stranger = known(make_person("stranger@kestrel.example").email)
    if forged:
        stranger.cookies["__Host-known"] = forged
    close_the_account(mara.email)
    assert b"Too many failed" in sign_in(stranger, mara.email).content


def test_several_people_are_known_in_one_browser(mara: User) -> None:
    shared, owen = known(mara.email), make_person("owen@northwind.example")
    sign_in(shared, owen.email)
    shared.post(reverse("account_logout"))
    for person in (mara, owen):
        close_the_account(person.email)
        assert sign_in(shared, person.email).status_code == 302
        shared.post(reverse("account_logout"))
        cache.clear()


# --- Whom it concerns is told ----------------------------------------------------------------------------------------


def test_the_owner_of_a_closed_account_is_told_once_by_mail_and_the_log(mara: User) -> None:
    close_the_account(mara.email)
    sign_in(SecureClient(), mara.email)
    mails.wait()
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([mara.email], "RevKeen Admin: Sign-ins to your account are refused")
    assert "from 127.0.0.1" in message.body
    rows = EventLog.objects.filter(text="refused after too many wrong guesses, from 127.0.0.1")
    assert [row.who for row in rows] == [mara.email]


def test_nobody_is_told_of_an_account_that_is_not_there_or_not_closed(mara: User) -> None:
    close_the_account("nobody@northwind.example")
    for number in range(25):  # more than one place may guess, though not at this account
        sign_in(SecureClient(), f"person{number}@x.example", "wrong")
    assert b"Too many failed" in sign_in(SecureClient(), mara.email).content
    mails.wait()
    assert mail.outbox == []
    assert not EventLog.objects.filter(who=mara.email, text__startswith="refused").exists()


def test_guesses_at_many_accounts_from_one_place_are_stopped_too(db: None) -> None:
    answers = [sign_in(SecureClient(), f"person{number}@x.example", "wrong") for number in range(35)]
    refused = [answer for answer in answers if b"Too many failed" in answer.content]
    assert len(refused) == 5


GUESS = f"""
import json
from django.test import Client, TestCase
{READY}
answers = [
    Client().post("/account/login/", {{"login": "mara@x.example", "password": "wrong"}}).content.decode()
    for _ in range(8)
]
print(json.dumps(sum("Too many failed" not in answer for answer in answers)))
"""


def test_the_limit_holds_over_processes(site: Site) -> None:
    site.add_admins("mara@x.example")
    assert sum(site.run_together(GUESS, [(), (), ()])) == 10


def test_a_forged_origin_does_not_make_another_visitor(db: None) -> None:
    answers = [
        SecureClient().post(
            reverse("account_login"),
            {"login": f"person{number}@x.example", "password": "wrong"},
            headers=dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded"), f"203.0.113.{number}"),
        )
        for number in range(35)
    ]
    assert len([answer for answer in answers if b"Too many failed" in answer.content]) == 5


def test_two_servers_count_guesses_together(site: Site) -> None:
    """A hundred guesses at once, each from another place by its own word: ten are tried, and then not even the right
    password opens the door."""
    site.add_admins("mara@x.example")
    with served(site) as port, ThreadPoolExecutor(20) as guessers:
        tried = list(guessers.map(lambda number: guess(port, f"guess {number}", f"203.0.113.{number}"), range(100)))
        assert 1 <= tried.count(True) <= 10
        assert not guess(port, RIGHT, "203.0.113.200")


def guess(port: int, password: str, origin: str) -> bool:
    """Whether the password was tried, as far as the page tells."""
    url = f"http://127.0.0.1:{port}/account/login/"
    with urllib.request.urlopen(url) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
        cookie = page.headers["Set-Cookie"].partition(";")[0]
    assert token
    form = {"login": "mara@x.example", "password": password, "csrfmiddlewaretoken": token[1]}
    headers = {"Cookie": cookie, "X-Forwarded-For": origin, "Origin": f"http://127.0.0.1:{port}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, urlencode(form).encode(), headers)) as answer:
            return "Too many failed" not in answer.read().decode()
    except urllib.error.HTTPError as refusal:
        if refusal.code != 429:  # too many of all kinds from this place
            raise
        return False


FLOOD = f"""
import json, uuid
from django.conf import settings
from django.test import Client
from orders.apis.revkeen import reads
from orders.services.revkeen import last_known
for name in ("default", "copies"):
    settings.CACHES[name]["OPTIONS"]["MAX_ENTRIES"] = 10
{READY}
def guess():
    answer = Client().post("/account/login/", {{"login": "mara@x.example", "password": "wrong"}})
    return "Too many failed" in answer.content.decode()
before = [guess() for _ in range(11)][-1]
for _ in range(50):
    last_known.keep(uuid.uuid4(), reads.order(uuid.uuid4()), b"{{}}")
print(json.dumps([before, guess()]))
"""


def test_however_much_is_kept_the_limits_stay(site: Site) -> None:
    site.add_admins("mara@x.example")
    assert site.run(FLOOD) == [True, True]


def _comparable(answer: Any, email: str) -> tuple[int, str]:
    """The answer without what differs between any two of them."""
    text = re.sub(r'csrfmiddlewaretoken" value="\w+|req_\w+', "", answer.content.decode())
    return answer.status_code, text.replace(email, "")
