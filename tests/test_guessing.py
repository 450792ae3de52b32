"""Guessing passwords: limited over all processes, answered before the hash, and telling nothing."""

import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.urls import reverse

from orders.models import EventLog, Merchant, User
from tests.conftest import SecureClient, make_person
from tests.processes import PASSWORD as RIGHT
from tests.processes import READY, Site, served
from tests.test_sign_in import PASSWORD, sign_in


class CountingHasher(MD5PasswordHasher):
    """Fast, and counts how often a password was hashed: guesses that are refused early cost nothing."""

    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings: LazySettings) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = ["tests.test_guessing.CountingHasher"]
    return CountingHasher


@pytest.fixture
def mara(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "admin")


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
    site.add_admin("mara@x.example")
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
    site.add_admin("mara@x.example")
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
from orders.services import copies
for cache in settings.CACHES.values():
    cache["OPTIONS"]["MAX_ENTRIES"] = 10
{READY}
def guess():
    answer = Client().post("/account/login/", {{"login": "mara@x.example", "password": "wrong"}})
    return "Too many failed" in answer.content.decode()
before = [guess() for _ in range(11)][-1]
for _ in range(50):
    copies.keep(uuid.uuid4(), reads.order(uuid.uuid4()), b"{{}}")
print(json.dumps([before, guess()]))
"""


def test_however_much_is_kept_the_limits_stay(site: Site) -> None:
    site.add_admin("mara@x.example")
    assert site.run(FLOOD) == [True, True]


def _comparable(answer: Any, email: str) -> tuple[int, str]:
    """The answer without what differs between any two of them."""
    text = re.sub(r'csrfmiddlewaretoken" value="\w+|req_\w+', "", answer.content.decode())
    return answer.status_code, text.replace(email, "")
