import pytest
from django.conf import LazySettings
from django.test import Client

from orders.models import Connection, Merchant
from tests.conftest import SecureClient
from tests.support.webhooks import live_key, take_webhooks


@pytest.fixture
def connection(northwind: Merchant) -> Connection:
    """Northwind's live key; by hand, it takes what is signed with `SECRET`."""
    connection = live_key(northwind)
    take_webhooks(connection)
    return connection


@pytest.fixture
def revkeen() -> Client:
    """Whoever posts: without a session, and without a form's token."""
    return SecureClient(enforce_csrf_checks=True)


@pytest.fixture
def at_home(settings: LazySettings) -> None:
    """Let the address of this site be one that the emulator posts to, where nobody listens."""
    settings.PUBLIC_URL = "http://127.0.0.1:9"
