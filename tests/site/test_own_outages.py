"""Our own database or cache is down: health says so, nothing is asked of RevKeen, nobody gets in, nothing is lost."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from tests.conftest import SecureClient
from tests.support.emulation import Emulator
from tests.support.processes import READY, Site

ORDERS = reverse("order_list", args=["northwind", "live"])
ORDER = reverse("order_detail", args=["northwind", "live", "00000000-0000-4000-8000-000000000000"])


@pytest.fixture
def no_database(admin: Client) -> Iterator[None]:
    """Every statement fails, as when the server has gone."""

    def fail(*args: object) -> None:
        raise OperationalError("the database has gone")

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def no_cache(settings: LazySettings, db: None) -> None:
    """Caches that are not there: a Redis that nobody runs."""
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = caches.settings | {"default": gone, "copies": gone}  # what a process keeps is with itself


@pytest.mark.parametrize("page", [ORDERS, ORDER])
def test_without_the_database_nothing_is_asked_and_health_is_red(
    page: str, admin: Client, no_database: None, emulator: Emulator
) -> None:
    emulator.forget_calls()
    admin.raise_request_exception = False
    broken = admin.get(page)
    assert broken.status_code == 500
    assert broken["X-Request-ID"] in broken.content.decode()
    assert emulator.calls() == []
    ready = SecureClient().get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "OperationalError")
    assert SecureClient().get("/healthz").status_code == 200


def test_without_the_cache_orders_are_still_shown(admin: Client, no_cache: None, emulator: Emulator) -> None:
    newest = emulator.orders("limit=1")[0]
    for page in (ORDERS, reverse("order_detail", args=["northwind", "live", newest["id"]])):
        response = admin.get(page)
        assert response.status_code == 200
        assert newest["public_id"] in response.content.decode()
    assert SecureClient().get("/readyz").status_code == 503


def test_without_the_cache_nobody_can_guess_passwords(no_cache: None) -> None:
    client = SecureClient(raise_request_exception=False)
    answer = client.post("/account/login/", {"login": "admin@northwind.example", "password": "a good password"})
    assert answer.status_code == 500
    assert not answer.wsgi_request.user.is_authenticated


PAGES = f"""
import json
from threading import Barrier, Thread
from django.db import close_old_connections
from orders.models import User
{READY}
waiting, passed = Barrier(32, timeout=10), []
def page():
    User.objects.count()
    waiting.wait()  # for RevKeen
    User.objects.count()
    close_old_connections()
    passed.append(True)
threads = [Thread(target=page) for _ in range(32)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(len(passed)))
"""


@pytest.mark.database
def test_no_page_waits_for_the_database_because_others_wait_for_revkeen(site: Site) -> None:
    assert site.run(PAGES) == 32


AFTER_THE_END = f"""
import json, time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import close_old_connections, connection
from orders.models import User
{READY}
together = Barrier(32, timeout=20)
def page(wait=True):
    started = time.monotonic()
    User.objects.count()
    took = time.monotonic() - started
    if wait: together.wait()  # all have a connection of their own
    close_old_connections()
    connection.close()
    return took
def end_all():
    if connection.vendor != "postgresql": return
    import psycopg
    place = connection.get_connection_params()
    place = {{name: place[name] for name in ("dbname", "user", "password", "host", "port") if place.get(name)}}
    with psycopg.connect(**place, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                      " WHERE datname = current_database() AND pid <> pg_backend_pid()")
    time.sleep(0.2)
with ThreadPoolExecutor(32) as pages:
    list(pages.map(lambda _: page(), range(32)))
    end_all()
    first = page(wait=False)
    together.reset()
    list(pages.map(lambda _: page(), range(32)))
    end_all()
    all_at_once = list(pages.map(lambda _: page(), range(32)))
print(json.dumps([first, *all_at_once]))
"""


@pytest.mark.database
def test_after_the_database_ended_all_connections_the_next_pages_take_less_than_two_seconds(site: Site) -> None:
    took = site.run(AFTER_THE_END)
    assert len(took) == 33
    assert max(took) < 2
