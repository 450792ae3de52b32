"""A merchant without keys, and who looks after them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import EventLog, Merchant, User
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator


@pytest.fixture
def bare(db: None) -> Merchant:
    """A merchant without any key."""
    return Merchant.objects.create(name="Northwind Trading", slug="northwind", time_zone="Europe/Berlin")


@pytest.fixture
def mara(bare: Merchant) -> User:
    return make_person("mara@northwind.example", bare, "admin")


@pytest.fixture
def client(mara: User, emulator: Emulator) -> Client:
    return sign_in(mara)


def address(page: str, mode: str = "live", *more: Any) -> str:
    return reverse(page, args=["northwind", mode, *more])


def last_event() -> tuple[str, str]:
    event = EventLog.objects.latest("pk")
    return event.kind, event.text
