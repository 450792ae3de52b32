import gc
import io
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.db import connection
from django.template import Template
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.test.utils import instrumented_test_render
from django.utils.http import urlencode
from xdist.scheduler import LoadFileScheduling

from orders import mails
from orders.models import Connection, Membership, Merchant, User
from orders.services.partners import order_protection
from tests import settings as test_settings
from tests.support import databases, guard, variants
from tests.support.emulation import Emulator
from tests.support.flat import flat
from tests.support.fresh import forget_process
from tests.support.matrix import pytest_itemcollected, pytest_runtest_logreport, pytest_terminal_summary
from tests.support.processes import Site, site_environment

__all__ = ["pytest_itemcollected", "pytest_runtest_logreport", "pytest_terminal_summary"]

BROWSER = "tests/browser/"
FORM = "application/x-www-form-urlencoded"
PLAIN_RENDER = Template._render
BEFORE_THE_HOUR = 5  # seconds
LONG = ("browser", "faults", "running", "site")
ROLES = ("admin", "support", "finance", "operations", "viewer")

guard.begin()
databases.begin()


class BrowserOnce(LoadFileScheduling):
    """A file's tests run in one process, and those of all files with a browser: it and its servers start once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return BROWSER if file.startswith(BROWSER) else file


def pytest_configure(config: pytest.Config) -> None:
    variants.begin(short="not full" in config.option.markexpr)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return BrowserOnce(config, log) if config.option.dist == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Thousands of tests live as long as the run: let nobody look again and again whether they are garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that several processes end at about the same time.

    A browser on a busy machine misses a beat now and then, and so do several real processes and clocks: a test of them
    that fails is run again, and the summary counts it as a rerun.
    """
    _check_marks(items)
    items.sort(key=lambda item: item.path.parent.name not in LONG)
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=2))
        elif item.path.parent.name == "running":
            item.add_marker(pytest.mark.flaky(reruns=1))


def _check_marks(items: list[pytest.Item]) -> None:
    """PostgreSQL's part of `make test` would leave out what is not found by a look at its file."""
    for path in {item.path for item in items if item.get_closest_marker("database")}:
        if not databases.asks_for_postgres(path):
            raise pytest.UsageError(f"{path}: tests/support/databases.py does not find its mark `database`.")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """No test begins with a mail of the one before on its way, nor in the last seconds of an hour.

    The outbox is emptied after this, and days end with an hour: what a test makes today, it looks at today.
    """
    mails.wait()
    left = 3600 - time.time() % 3600
    if left < BEFORE_THE_HOUR:
        time.sleep(left)


@contextmanager
def captured_log(level: int) -> Iterator[io.StringIO]:
    """Everything that is logged from `level` on, by whomever, formatted as in production."""
    written, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(written), root.level
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)
    root.setLevel(level)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


class SecureClient(Client):
    """Asks over HTTPS and sends a form without a file in one part, as every browser does; reads pages as one sees them.

    `sent` has the bytes.
    """

    def post(self, path: str, data: Any = None, content_type: str = MULTIPART_CONTENT, **more: Any) -> Any:
        if content_type == MULTIPART_CONTENT and not any(hasattr(value, "read") for value in (data or {}).values()):
            return super().post(path, urlencode(data or {}, doseq=True), FORM, **more)
        return super().post(path, data, content_type, **more)

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        response = super().generic(*args, **{**kwargs, "secure": True})
        response.sent = b"" if response.streaming else response.content
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = flat(response.content.decode()).encode()
        return response


@pytest.fixture(scope="session")
def django_db_keepdb(tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings: None) -> Iterator[bool]:
    """The tests' database is there when Django asks for it: a copy of the one that is migrated once in a run."""
    server, folder = os.environ.get("TEST_DATABASE_URL", ""), tmp_path_factory.mktemp("database")
    database = databases.copied(folder, server, site_environment(folder))
    name = database.name if server else str(folder / "site.sqlite3")
    connection.settings_dict["TEST"]["NAME"] = name
    yield True
    connection.close()
    database.drop()


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator("--orders", "90") as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator, settings: LazySettings) -> Emulator:
    """The emulator as freshly seeded, and the application pointed to it."""
    running_emulator.reset()
    settings.REVKEEN_URLS = {"live": running_emulator.api, "test": running_emulator.api}
    settings.DIGITAL_RIVER_URL = running_emulator.digital_river
    settings.ORDER_PROTECTION_URL = running_emulator.order_protection
    return running_emulator


@pytest.fixture(autouse=True)
def fresh_process() -> None:
    """Forget what a process remembers between requests."""
    for cache in caches.all(initialized_only=True):
        cache.clear()
    forget_process()
    Path(test_settings.COUNTER_FILE).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """OrderProtection's calls go out at once, but where the pace is what is tested (tests/partners)."""
    monkeypatch.setattr(order_protection, "APART", timedelta(0))


@pytest.fixture(scope="session", autouse=True)
def unrecorded(django_test_environment: None) -> None:
    """Hardly a test asks for a page's contexts, so Django need not copy one for each template that is drawn."""
    Template._render = PLAIN_RENDER


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that does ask: answers have their `context`."""
    monkeypatch.setattr(Template, "_render", instrumented_test_render)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """For processes beside this one, with a database of their own."""
    site = Site(tmp_path)
    yield site
    site.drop()


@pytest.fixture
def northwind(db: None) -> Merchant:
    return make_merchant("Northwind Trading", "northwind", "Europe/Berlin")


@pytest.fixture
def kestrel(db: None) -> Merchant:
    return make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")


@pytest.fixture
def admin(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("admin@northwind.example", northwind, "admin"))


@pytest.fixture
def viewer(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("viewer@northwind.example", northwind, "viewer"))


@pytest.fixture
def support(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("support@northwind.example", northwind, "support"))


@pytest.fixture
def colleague(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("colleague@northwind.example", northwind, "support"))


@pytest.fixture
def finance(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("finance@northwind.example", northwind, "finance"))


@pytest.fixture
def operations(northwind: Merchant, emulator: Emulator) -> Client:
    return sign_in(make_person("operations@northwind.example", northwind, "operations"))


@pytest.fixture
def mara(northwind: Merchant) -> User:
    """An admin."""
    return make_person("mara@northwind.example", northwind, "admin")


@pytest.fixture
def jonas(northwind: Merchant, emulator: Emulator) -> User:
    """Who fulfills."""
    return make_person("jonas@northwind.example", northwind, "operations")


@pytest.fixture
def customer(emulator: Emulator) -> dict[str, Any]:
    """One with a card for every outcome."""
    customer_id = emulator.cases()["customers"]["wallet_0"]["id"]
    found: dict[str, Any] = emulator.get(f"/customers/{customer_id}")["data"]
    return found


def make_merchant(name: str, slug: str, time_zone: str) -> Merchant:
    """A merchant with the keys that the emulator knows, in both modes."""
    merchant = Merchant.objects.create(name=name, slug=slug, time_zone=time_zone, undo_seconds=0)
    for mode, prefix in (("live", "rk_live"), ("test", "rk_sandbox")):
        add_key(merchant, mode, f"{prefix}_{slug}_demo", active=True)
    return merchant


def add_key(merchant: Merchant, mode: str, key: str, *, active: bool = False) -> Connection:
    connection = Connection(merchant=merchant, mode=mode, provider="revkeen", name="Demo", active=active)
    connection.secret = key
    connection.save()
    return connection


def make_person(email: str, merchant: Merchant | None = None, *roles: str) -> User:
    user = User.objects.create_user(email, "a good password", name=email.split("@")[0].capitalize())
    if merchant:
        Membership.objects.create(user=user, merchant=merchant, roles=list(roles))
    return user


def sign_in(user: User) -> Client:
    """As somebody who has just given their password."""
    client = SecureClient()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    remember_proof(client, user, method="password")
    return client


def remember_proof(client: Client, user: User, *, seconds_ago: float = 0, **record: Any) -> None:
    """Let the session have shown nothing but this, so long ago; with nothing said, that it showed nothing."""
    session = client.session
    session["account_authentication_methods"] = [record | {"at": time.time() - seconds_ago}] if record else []
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
