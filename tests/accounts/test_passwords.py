"""Passwords that whoever guesses begins with, and those that are good enough."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from orders.models import Membership, Merchant, User
from tests.conftest import make_person

REFUSED = [
    "password1234",
    "Password12345!",
    "P@ssw0rd1234",
    "passwordpassword",
    "password-password",
    "qwertyuiop123",
    "qwertzuiop123",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "iloveyou12345",
    "letmein123456",
    "administrator1",
    "sunshine12345",
    "football-2024",
    "abcdefghijkl",
    "123456789012",
    "987654321098",
    "830174659203",  # only digits
    "2024-11-27-00",
    "aaaaaaaaaaaa",
    "abababababab",
    "abcabcabcabc",
    "kiwikiwikiwi!",
    "revkeenadmin",
    "RevKeen-Admin-2026!",
    "r3vk33n-admin1",
    "northwind2026!",
    "NorthwindTrading1",
    "Trading-Northwind",
    "Kestrel12345",
]
GOOD = [
    "a good password",
    "another good password",
    "northwind-demo",
    "correct horse battery staple",
    "tigers eat northwind apples",
    "monkey sunshine dragon football",
    "Zt7!vQ2#pL9x",
    "my dog ate 7 shoes",
    "kVx-revkeen-8Jd-mQz",
    "крокодил под дождём",
]


@pytest.fixture
def mara(db: None) -> User:
    """A member of two merchants, who is invited to a third."""
    northwind = Merchant.objects.create(name="Northwind Trading", slug="northwind")
    mara = make_person("mara@x.example", northwind, "admin")
    Membership.objects.create(user=mara, merchant=Merchant.objects.create(name="Co", slug="co"), roles=["viewer"])
    Merchant.objects.create(name="Larkspur Books", slug="larkspur")
    mara.invited_to = ("Kestrel Outdoor",)
    return mara


@pytest.mark.parametrize("password", REFUSED)
def test_what_is_guessed_first_is_refused(password: str, mara: User) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, mara)


@pytest.mark.parametrize("password", GOOD)
def test_what_nobody_guesses_first_is_taken(password: str, mara: User) -> None:
    validate_password(password, mara)


def test_the_names_of_other_merchants_are_not_found_out(mara: User) -> None:
    validate_password("LarkspurBooks1", mara)


def test_a_huge_password_costs_no_more_than_a_long_one(db: None) -> None:
    validate_password("".join(chr(97 + number * 7 % 26) + chr(97 + number * 11 % 25) for number in range(5000)))
