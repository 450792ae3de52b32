"""What every answer carries, and what no answer gives away."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from orders.models import Merchant
from tests.conftest import SecureClient
from tests.support.emulation import Emulator

PAGES = [
    "/northwind/live/orders/",
    "/northwind/live/orders/00000000-0000-4000-8000-000000000000/",
    "/northwind/live/customers/",
    "/northwind/live/settings/",
    "/account/",
    "/no/such/page/",
    "/northwind/live/orders/?status=nonsense",
]


def assert_strict(answer: HttpResponse) -> None:
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert {value for name, value in policy.items() if name.endswith(("-src", "-action"))} <= {"'none'", "'self'"}
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "max-age=63072000" in answer["Strict-Transport-Security"]
    assert "publickey-credentials-get=(self)" in answer["Permissions-Policy"]
    assert answer["X-Request-ID"].startswith("req_")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_strict_about_where_things_come_from(path: str, admin: Client) -> None:
    assert_strict(admin.get(path))


def refusals() -> Iterator[tuple[int, HttpResponse]]:
    """Answers from before any view, with the status that each should have."""
    client = SecureClient(raise_request_exception=False, enforce_csrf_checks=True)
    yield 400, client.get("/account/login/", headers={"Host": "evil.example"})
    yield 400, client.post("/account/login/", {"file": SimpleUploadedFile("x", b"x" * 1_100_000)})
    yield 403, client.post("/account/login/", {"login": "x"})
    yield 404, client.get("/static/none.css")
    yield 302, client.get("/northwind/live/orders/")
    yield 301, client.get("/account/login")


def test_every_answer_is_strict_also_one_from_before_any_view(northwind: Merchant) -> None:
    for status, answer in refusals():
        assert answer.status_code == status
        assert_strict(answer)
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", [*PAGES, "/account/login/"])
def test_no_cache_keeps_a_page(path: str, admin: Client) -> None:
    answer = admin.get(path)
    assert answer["Cache-Control"] == "no-store, private"
    assert {"Cookie", "HX-Request"} <= {header.strip() for header in answer["Vary"].split(",")}


@pytest.mark.parametrize(
    "path", ["/northwind/live/orders/x.css", "/northwind/live/orders/;x.js", "/northwind/live/orders/%2e%2e/x.png"]
)
def test_a_page_does_not_answer_under_the_name_of_a_file(path: str, admin: Client) -> None:
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Original-Host", "Forwarded"])
def test_a_forwarded_host_changes_nothing(header: str, admin: Client) -> None:
    answer = admin.get("/northwind/live/orders/", headers={header: "evil.example"})
    assert "evil.example" not in answer.content.decode()


def test_cookies_are_locked_down(northwind: Merchant) -> None:
    answer = SecureClient().get("/account/login/")
    cookie = answer.cookies["__Host-csrf"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
    assert cookie["path"] == "/"


def test_plain_http_leads_to_https(db: None) -> None:
    answer = Client().get("/account/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/account/login/")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/.git/config",
        "/.env",
        "/orders/",
        "/northwind/live/?debug=1",
        "/__debug__/",
    ],
)
def test_there_is_no_back_door(path: str, admin: Client) -> None:
    answer = admin.get(path)
    assert answer.status_code == 404
    assert_says_nothing_of_the_inside(answer.content.decode())


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "POST"])
def test_a_page_for_reading_takes_nothing_else(method: str, admin: Client) -> None:
    assert admin.generic(method, "/northwind/live/orders/").status_code in (405, 403)


def test_a_wrong_host_is_a_short_refusal(db: None) -> None:
    answer = SecureClient(raise_request_exception=False).get("/account/login/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert_says_nothing_of_the_inside(answer.content.decode())


def test_a_body_larger_than_any_form_is_refused_unread(db: None) -> None:
    """Files too, which Django would write to the disk for whoever sends them."""
    large = SimpleUploadedFile("x", b"x" * 1_100_000)
    refused = SecureClient(enforce_csrf_checks=True).post("/account/login/", {"file": large})
    assert refused.status_code == 400
    assert refused["X-Request-ID"] in refused.content.decode()
    assert refused["Content-Security-Policy"]
    assert not refused.wsgi_request.environ["wsgi.input"].read_started


def test_a_crash_shows_a_calm_page_with_the_request_id(
    admin: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.views.orders.order_list.kept_rows", lambda *args: 1 / 0)
    admin.raise_request_exception = False
    answer = admin.get(reverse("order_list", args=["northwind", "live"]))
    assert answer.status_code == 500
    assert_says_nothing_of_the_inside(answer.content.decode())
    assert answer["X-Request-ID"].startswith("req_")


def test_health_needs_nothing_and_readiness_needs_database_and_cache(db: None, settings: LazySettings) -> None:
    client = SecureClient()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "cache": "ok", "worker": "never seen"}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert client.get("/readyz").status_code == 503


def test_the_deployment_check_has_nothing_to_say(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")  # of the tests alone
    call_command("check", deploy=True, fail_level="WARNING")


def assert_says_nothing_of_the_inside(text: str) -> None:
    for word in (
        "Traceback",
        "Django",
        "django",
        "Python",
        "gunicorn",
        "urlpatterns",
        "settings",
        "/usr/",
        "site-packages",
    ):
        assert word not in text.replace("/static/django_htmx/", "").replace("/settings/", "").replace("#settings", "")
