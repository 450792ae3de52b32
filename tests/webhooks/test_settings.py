"""Setting webhooks up: by RevKeen's API or by hand, with secrets that nobody is shown, and replaced without a gap."""

import io
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Connection, Merchant, WebhookReceiver, WebhookSecret
from orders.services.webhooks import checks
from tests.conftest import captured_log
from tests.support.connections import last_event
from tests.support.emulation import Emulator
from tests.support.webhooks import SECRET, an_event, live_key, post, signature, take_webhooks

pytestmark = pytest.mark.usefixtures("at_home")

KEY = "rk_live_northwind_demo"
PASTED = "whsec_CANARYpasted0123456789"


@pytest.fixture
def key(northwind: Merchant, emulator: Emulator) -> Connection:
    """Without webhooks."""
    return live_key(northwind)


def page(admin: Client, key: Connection, what: str = "") -> str:
    name = f"connection_webhooks_{what}" if what else "connection_webhooks"
    return reverse(name, args=["northwind", "live", key.pk])


def do(admin: Client, key: Connection, what: str, **form: str) -> str:
    return str(admin.post(page(admin, key, what), form, follow=True).content.decode())


def endpoints(emulator: Emulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.get("/webhook-endpoints")["data"]
    return found


def hook(key: Connection) -> str:
    return "http://127.0.0.1:9" + reverse("webhook_receive", args=[key.pk])


def secrets_of(key: Connection) -> list[str]:
    return [row.secret for row in WebhookSecret.objects.filter(connection=key).order_by("created_at")]


def test_registered_from_here_revkeen_has_an_endpoint_with_named_types(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    with captured_log(logging.DEBUG) as log:
        shown = do(admin, key, "register")
    (endpoint,) = endpoints(emulator)
    assert endpoint["url"] == hook(key)
    assert "order.canceled" in endpoint["enabled_events"]
    assert "*" not in "".join(endpoint["enabled_events"])
    assert "Waiting for the first one" in shown
    assert last_event() == ("webhooks_on", "rk_live_…demo, “Demo”")
    (secret,) = secrets_of(key)
    assert secret.startswith("rk_wh_")
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    assert secret[6:] not in shown + log.getvalue() + dump.getvalue()


def test_an_endpoint_with_the_same_address_is_used_again_with_a_new_secret(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    lost = emulator.send("/webhook-endpoints", {"url": hook(key), "enabled_events": ["invoice.*"]})["data"]
    emulator.send(f"/webhook-endpoints/{lost['id']}", {"enabled": False}, method="PATCH")
    do(admin, key, "register")
    (endpoint,) = endpoints(emulator)
    assert (endpoint["id"], endpoint["status"]) == (lost["id"], "enabled")
    assert "order.paid" in endpoint["enabled_events"]
    assert secrets_of(key) != [lost["secret"]]


def test_a_key_that_may_not_leads_to_setting_them_up_by_hand(
    admin: Client, revkeen: Client, key: Connection, emulator: Emulator
) -> None:
    emulator._control("POST", "keys/scopes", {"key": KEY, "scopes": ["orders:*"]})
    assert "set them up by hand" in do(admin, key, "register")
    assert not WebhookReceiver.objects.exists()
    shown = do(admin, key, "secret", secret=PASTED)
    assert hook(key) in shown
    assert PASTED not in shown
    assert secrets_of(key) == [PASTED]
    body = an_event()
    assert post(revkeen, key, body, signature(body, PASTED)).status_code == 204


def test_a_refused_secret_does_not_come_back(admin: Client, key: Connection) -> None:
    answer = admin.post(page(admin, key, "secret"), {"secret": "CANARY with a space"})
    assert answer.status_code == 422
    assert "CANARY" not in answer.content.decode()
    assert not WebhookReceiver.objects.exists()


def test_a_secret_that_was_pasted_in_its_place_leaves_the_former_one_for_what_is_under_way(
    admin: Client, revkeen: Client, connection: Connection
) -> None:
    do(admin, connection, "secret", secret=PASTED)
    for secret in (SECRET, PASTED):
        body = an_event()
        assert post(revkeen, connection, body, signature(body, secret)).status_code == 204
    assert last_event()[0] == "webhook_secret"


def test_over_what_was_registered_nobody_pastes_a_secret(admin: Client, key: Connection, emulator: Emulator) -> None:
    do(admin, key, "register")
    before = secrets_of(key)
    assert "registered from here" in do(admin, key, "secret", secret=PASTED)
    assert secrets_of(key) == before


def test_a_secret_that_was_replaced_in_revkeen_shows_and_registering_again_mends_it(
    admin: Client, revkeen: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    elsewhere = emulator.send(f"/webhook-endpoints/{endpoints(emulator)[0]['id']}/rotate-secret", {})["data"]["secret"]
    body = an_event()
    assert post(revkeen, key, body, signature(body, elsewhere)).status_code == 400
    assert "Register again" in admin.get(page(admin, key)).content.decode()
    do(admin, key, "register")
    assert post(revkeen, key, body, signature(body, secrets_of(key)[-1])).status_code == 204


@pytest.mark.database
def test_a_secret_is_replaced_by_a_second_endpoint_and_the_first_goes_after_it_has_delivered(
    admin: Client, revkeen: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    assert "is being replaced" in do(admin, key, "replace")
    first, second = secrets_of(key)
    assert len(endpoints(emulator)) == 2
    assert "being replaced" in do(admin, key, "replace")
    assert len(endpoints(emulator)) == 2
    for secret in (first, second):  # nothing is refused meanwhile
        body = an_event()
        assert post(revkeen, key, body, signature(body, secret)).status_code == 204
    claimed = checks.claim()
    assert claimed is not None
    checks.check(claimed)
    assert len(endpoints(emulator)) == 1
    assert [row.retired_at is None for row in WebhookSecret.objects.order_by("created_at")] == [False, True]


def test_a_second_endpoint_that_stays_silent_is_believed_after_ten_minutes(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    do(admin, key, "replace")
    checks.check(WebhookReceiver.objects.get())
    assert len(endpoints(emulator)) == 2
    newest = WebhookSecret.objects.latest("created_at")
    WebhookSecret.objects.filter(pk=newest.pk).update(created_at=timezone.now() - checks.LONGEST_OVERLAP)
    WebhookSecret.objects.exclude(pk=newest.pk).update(created_at=timezone.now() - 2 * checks.LONGEST_OVERLAP)
    checks.check(WebhookReceiver.objects.get())
    assert [endpoint["id"] for endpoint in endpoints(emulator)] == [str(newest.endpoint_id)]


def test_an_endpoint_whose_answer_was_lost_goes_with_the_next_replacement(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    emulator.fault("disconnect", "/webhook-endpoints$", method="POST", after_work=True)
    assert "Not replaced" in do(admin, key, "replace")
    assert len(endpoints(emulator)) == 2
    do(admin, key, "replace")
    known = {str(row.endpoint_id) for row in WebhookSecret.objects.all()}
    assert {endpoint["id"] for endpoint in endpoints(emulator)} == known


def test_switched_off_nothing_is_believed_and_revkeen_posts_no_more(
    admin: Client, revkeen: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    assert "RevKeen posts nothing here" in do(admin, key, "switch_off")
    assert endpoints(emulator) == []
    assert not WebhookSecret.objects.exists()
    assert post(revkeen, key, an_event()).status_code == 404
    assert last_event()[0] == "webhooks_off"


def test_with_a_key_that_was_revoked_they_can_be_switched_off_too(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    emulator.revoke(KEY)
    assert "delete the endpoint there too" in do(admin, key, "switch_off")
    assert not WebhookReceiver.objects.exists()


def test_the_page_says_what_was_refused_last_and_why(admin: Client, revkeen: Client, connection: Connection) -> None:
    post(revkeen, connection, an_event(), "t=1,v1=aa")
    shown = admin.get(page(admin, connection)).content.decode()
    assert "Last one refused" in shown
    assert "The signature was made with another secret." in shown
    listing = admin.get(reverse("connection_list", args=["northwind", "live"])).content.decode()
    assert "Webhooks</a>: last one refused" in listing
    post(revkeen, connection, an_event())
    assert "Last one refused" not in admin.get(page(admin, connection)).content.decode()


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ({"circuit_breaker_state": "open"}, "RevKeen has paused webhooks"),
        ({"circuit_breaker_state": "half_open"}, "RevKeen has paused webhooks"),
        ({"status": "disabled"}, "is disabled in RevKeen"),
        ({"url": "http://127.0.0.1:9/elsewhere/"}, "leads to another address"),
        ({"failed_deliveries": 3}, "Webhooks have failed since"),
    ],
)
def test_what_keeps_revkeen_from_delivering_stands_on_the_pages_of_settings(
    planted: dict[str, object], words: str, admin: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    checks.check(WebhookReceiver.objects.get())
    emulator.patch("webhook_endpoints", endpoints(emulator)[0]["id"], **planted)
    checks.check(WebhookReceiver.objects.get())
    listing = reverse("connection_list", args=["northwind", "live"])
    for shown in (admin.get(page(admin, key)), admin.get(listing)):
        assert words in shown.content.decode()
    emulator.patch(
        "webhook_endpoints",
        endpoints(emulator)[0]["id"],
        circuit_breaker_state="closed",
        status="enabled",
        url=hook(key),
    )
    checks.check(WebhookReceiver.objects.get())
    assert words not in admin.get(listing).content.decode()


def test_an_endpoint_that_is_gone_is_told_and_can_be_registered_again(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    do(admin, key, "register")
    WebhookSecret.objects.update(endpoint_id="00000000-0000-4000-8000-000000000001")
    checks.check(WebhookReceiver.objects.get())
    assert "was deleted in RevKeen" in admin.get(page(admin, key)).content.decode()
    do(admin, key, "register")
    checks.check(WebhookReceiver.objects.get())
    assert WebhookReceiver.objects.get().trouble == ""


@pytest.mark.database
def test_the_endpoint_is_looked_at_every_five_minutes_and_not_when_it_was_set_up_by_hand(
    admin: Client, key: Connection, emulator: Emulator
) -> None:
    take_webhooks(key)
    assert checks.claim() is None
    do(admin, key, "register")
    assert checks.claim() is None
    assert 290 < checks.due().seconds <= 300
    WebhookReceiver.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    claimed = checks.claim()
    assert claimed is not None
    assert checks.claim() is None
    emulator.fault("error", "/webhook-endpoints", status=500, times=10)
    checks.check(claimed)
    assert checks.claim() is None
    assert WebhookReceiver.objects.get().checked_at is None


def test_removing_the_key_says_that_its_webhooks_end(admin: Client, connection: Connection) -> None:
    removal = admin.get(reverse("connection_remove", args=["northwind", "live", connection.pk])).content.decode()
    assert "Its webhooks end with it" in removal


def test_secrets_are_sealed_anew_with_the_first_key(connection: Connection) -> None:
    before = WebhookSecret.objects.get().sealed_secret
    call_command("rotate_field_keys")
    row = WebhookSecret.objects.get()
    assert (row.sealed_secret != before, row.secret) == (True, SECRET)
