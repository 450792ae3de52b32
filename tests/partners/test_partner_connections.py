"""Keys of the partners: tried before they are saved, switched on by a person, and handled as RevKeen's are."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from orders import secrets
from orders.apis.digital_river.client import Client as DigitalRiver
from orders.models import Connection, CustomerCopy, EventLog, Fulfillment, Merchant, PartnerUpdate, Shipment, User
from orders.services.partners import directory
from tests.support.connections import address, last_event
from tests.support.connections import bare as bare
from tests.support.connections import client as client
from tests.support.connections import mara as mara
from tests.support.emulation import Emulator
from tests.support.pages import markup

DIGITAL_RIVER, ORDER_PROTECTION = Connection.Provider.DIGITAL_RIVER, Connection.Provider.ORDER_PROTECTION
KEYS = {
    (DIGITAL_RIVER, "live"): "sk_northwind_demo",
    (DIGITAL_RIVER, "test"): "sk_test_northwind_demo",
    (ORDER_PROTECTION, "live"): "op_northwind_live_demo",
    (ORDER_PROTECTION, "test"): "op_northwind_test_demo",
}
PARTNERS = (DIGITAL_RIVER, ORDER_PROTECTION)


def add(client: Client, provider: str, key: str, mode: str = "live", name: str = "Autumn 2026") -> Any:
    return client.post(address("connection_add", mode), {"provider": provider, "name": name, "key": key})


def added(client: Client, provider: Connection.Provider, mode: str = "live") -> Connection:
    assert add(client, provider, KEYS[provider, mode], mode).status_code == 302
    return Connection.objects.get(provider=provider, mode=mode)


def do(client: Client, what: str, connection: Connection, **form: str) -> Any:
    sent = {"confirmed": "yes", **form} if what == "switch_off" else form
    return client.post(address(f"connection_{what}", connection.mode, connection.pk), sent, follow=True)


def partner_update_in(merchant: Merchant, user: User, provider: str, state: str, mode: str = "live") -> PartnerUpdate:
    """A partner update of a shipment as it is kept, whatever is in it."""
    of_order: dict[str, Any] = {"merchant": merchant, "mode": mode, "order_id": uuid.uuid4()}
    fulfillment = Fulfillment.objects.create(id=uuid.uuid4(), user=user, who=user.email, fingerprint="", **of_order)
    shipment = Shipment.objects.create(fulfillment=fulfillment, number=1, notified=False, **of_order)
    return PartnerUpdate.objects.create(shipment=shipment, destination=provider, state=state, **of_order)


# --- Adding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "mode"), KEYS)
def test_a_key_is_tried_by_reading_alone_and_saved_switched_off(
    provider: Connection.Provider, mode: str, client: Client, emulator: Emulator
) -> None:
    emulator.forget_calls()
    connection = added(client, provider, mode)
    assert not connection.active
    assert connection.secret == KEYS[provider, mode]
    assert [(call["provider"], call["method"]) for call in emulator.calls()] == [(provider.value, "GET")]
    kind, said = last_event()
    assert (kind, said) == ("key_added", f"{provider.label}: {connection.shown_key}, “Autumn 2026”")
    assert "Off" in markup(client.get(address("connection_list", mode)))


def test_only_prefix_and_last_four_are_ever_shown(client: Client) -> None:
    shown = [added(client, provider).shown_key for provider in PARTNERS]
    assert shown == ["sk_…demo", "…demo"]
    page = markup(client.get(address("connection_list")))
    assert all(key in page for key in shown)
    for provider in PARTNERS:
        key = KEYS[provider, "live"]
        assert key not in page
        assert key not in str(list(EventLog.objects.values()))
        assert key not in str(list(Connection.objects.values()))


@pytest.mark.parametrize(
    ("provider", "mode", "key", "reason"),
    [
        (DIGITAL_RIVER, "live", "sk_test_northwind_demo", "That was a test key, sk_test_…demo. This page is live."),
        (DIGITAL_RIVER, "test", "sk_northwind_demo", "That was a live key, sk_…demo. This page is test."),
        (DIGITAL_RIVER, "live", "pk_northwind_demo", "This is a public key for browsers."),
        (DIGITAL_RIVER, "test", "pk_test_northwind_demo", "This is a public key for browsers."),
        (DIGITAL_RIVER, "live", "rk_live_northwind_demo", "A Digital River key starts with sk_test_ or sk_."),
        (DIGITAL_RIVER, "live", "sk_short", "This does not look like a key from Digital River."),
        (ORDER_PROTECTION, "live", "1234567", "This does not look like a key from OrderProtection."),
        (ORDER_PROTECTION, "live", "has two words", "A key has no spaces"),
        (ORDER_PROTECTION, "live", "x" * 201, "at most 200 characters"),
    ],
)
def test_a_key_of_the_wrong_kind_is_refused_without_a_call(
    provider: Connection.Provider, mode: str, key: str, reason: str, client: Client, emulator: Emulator
) -> None:
    emulator.forget_calls()
    answer = add(client, provider, key, mode)
    assert answer.status_code == 422
    assert reason in markup(answer)
    assert key not in markup(answer)
    assert emulator.calls() == []
    assert not Connection.objects.exists()


def test_a_key_whose_fulfillments_are_of_the_other_mode_is_refused(client: Client, emulator: Emulator) -> None:
    """As it is where the prefix does not tell, or lies."""
    emulator.add_partner_key("sk_looks_live_demo", "digital_river", mode="test")
    answer = add(client, DIGITAL_RIVER, "sk_looks_live_demo")
    assert answer.status_code == 422
    assert "Digital River answers this key with test fulfillments. This page is live." in markup(answer)
    assert not Connection.objects.exists()
    assert last_event() == (
        "key_refused",
        "Digital River: sk_…demo: Digital River answers this key with test fulfillments. This page is live.",
    )


def test_an_account_without_fulfillments_is_told_by_the_prefix(client: Client, emulator: Emulator) -> None:
    emulator.fault("respond", r"/fulfillments$", times=1, body={"data": [], "hasMore": False})
    assert not added(client, DIGITAL_RIVER).active


@pytest.mark.parametrize(
    ("provider", "key"), [(DIGITAL_RIVER, "sk_nobody_has_this"), (ORDER_PROTECTION, "nobody-has-this-token")]
)
def test_a_key_that_the_partner_does_not_take_is_refused(
    provider: Connection.Provider, key: str, client: Client
) -> None:
    answer = add(client, provider, key)
    assert answer.status_code == 422
    assert f"{provider.label} refused this key (401)" in markup(answer)
    assert not Connection.objects.exists()
    assert last_event()[0] == "key_refused"
    assert key not in markup(client.get(address("connection_list")))


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_revoked_key_is_refused(provider: Connection.Provider, client: Client, emulator: Emulator) -> None:
    emulator.revoke(KEYS[provider, "live"])
    answer = add(client, provider, KEYS[provider, "live"])
    assert answer.status_code == 422
    assert "it is revoked, or mistyped" in markup(answer)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_key_without_the_right_is_refused(provider: Connection.Provider, client: Client, emulator: Emulator) -> None:
    emulator.fault("error", "fulfillments$", status=403, times=9)
    answer = add(client, provider, KEYS[provider, "live"])
    assert answer.status_code == 422
    assert f"This key may not read fulfillments (403). Allow it at {provider.label}, then try again." in markup(answer)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("provider", PARTNERS)
@pytest.mark.parametrize("fault", ["disconnect", "bad_gateway"])
def test_while_the_partner_is_unreachable_nothing_is_saved(
    fault: str, provider: Connection.Provider, client: Client, emulator: Emulator
) -> None:
    emulator.fault(fault, times=50)
    answer = add(client, provider, KEYS[provider, "live"])
    assert answer.status_code == 422
    assert f"The key could not be tried: {provider.label}" in markup(answer)
    assert not Connection.objects.exists()
    emulator.clear_faults()
    added(client, provider)


@pytest.mark.parametrize("provider", PARTNERS)
def test_an_error_of_its_own_while_trying_saves_nothing(
    provider: Connection.Provider, client: Client, emulator: Emulator
) -> None:
    emulator.fault("error", "fulfillments$", status=500, times=50)
    answer = add(client, provider, KEYS[provider, "live"])
    assert answer.status_code == 422
    assert f"{provider.label} answered with an error of its own (500)." in markup(answer)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("provider", PARTNERS)
def test_what_a_partner_says_is_shown_as_text(
    provider: Connection.Provider, client: Client, emulator: Emulator
) -> None:
    emulator.fault("error", "fulfillments$", status=400, code="bad", message="<script>alert(1)</script>\x00", times=9)
    answer = add(client, provider, KEYS[provider, "live"])
    assert answer.status_code == 422
    assert "<script>alert" not in markup(answer)
    assert "\x00" not in last_event()[1]


def test_what_was_typed_stays_in_its_form_but_for_the_key(client: Client) -> None:
    page = markup(add(client, ORDER_PROTECTION, "1234567", name="My “typed” <name>"))
    assert page.count('value="My “typed” &lt;name&gt;"') == 1
    assert 'id="id_order_protection_name"' in page
    assert 'href="#id_order_protection_key"' in page
    assert "1234567" not in page


def test_something_that_may_be_a_password_is_not_repeated_anywhere(client: Client) -> None:
    for provider in PARTNERS:
        answer = add(client, provider, "hunter2-for-my-mail")
        assert answer.status_code == 422
        assert "mail" not in last_event()[1]
        assert "hunter2" not in markup(answer)


def test_a_provider_that_we_do_not_know_is_not_there(client: Client) -> None:
    assert add(client, "stripe", "sk_northwind_demo").status_code == 404
    assert not Connection.objects.exists()


@pytest.mark.database
@pytest.mark.parametrize("provider", PARTNERS)
def test_a_key_already_here_is_refused(provider: Connection.Provider, client: Client) -> None:
    added(client, provider)
    answer = add(client, provider, KEYS[provider, "live"], name="Again")
    assert answer.status_code == 422
    assert "This key is already saved, as “Autumn 2026”." in markup(answer)


def test_a_token_is_not_kept_for_both_modes(client: Client) -> None:
    """No answer of OrderProtection tells the modes apart, so this is all that can be noticed."""
    added(client, ORDER_PROTECTION)
    answer = add(client, ORDER_PROTECTION, KEYS[ORDER_PROTECTION, "live"], "test")
    assert answer.status_code == 422
    assert "This key is already saved in live mode, as “Autumn 2026”." in markup(answer)


def test_the_page_says_that_a_person_vouches_for_the_mode_of_a_token(client: Client) -> None:
    page = markup(client.get(address("connection_list", "test")))
    assert "by saving it you vouch that it is the test one" in page


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_key_of_another_merchant_here_is_refused_without_a_name(
    provider: Connection.Provider, client: Client, kestrel: Merchant
) -> None:
    connection = Connection(merchant=kestrel, mode="live", provider=provider, name="Theirs")
    connection.secret = KEYS[provider, "live"]
    connection.save()
    answer = add(client, provider, KEYS[provider, "live"])
    assert answer.status_code == 422
    assert "Another merchant already uses this key." in markup(answer)
    assert "Kestrel" not in markup(answer)
    assert "Theirs" not in markup(answer)


# --- Switching on and off ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_person_switches_it_on_and_off_again(provider: Connection.Provider, client: Client, bare: Merchant) -> None:
    connection = added(client, provider)
    assert directory.connected(bare, "live") == []
    assert f"{provider.label} is switched on with {connection.shown_key}" in markup(do(client, "activate", connection))
    assert directory.connected(bare, "live") == [connection]
    assert last_event() == ("key_activated", f"{provider.label}: {connection.shown_key}, “Autumn 2026”")
    assert f"{provider.label} is switched off" in markup(do(client, "switch_off", connection))
    assert directory.connected(bare, "live") == []
    assert last_event() == ("key_switched_off", f"{provider.label}: {connection.shown_key}, “Autumn 2026”")


@pytest.mark.database
def test_at_most_one_key_of_a_provider_is_on(client: Client, emulator: Emulator) -> None:
    former = added(client, DIGITAL_RIVER)
    do(client, "activate", former)
    emulator.add_partner_key("sk_northwind_rotation", "digital_river", mode="live")
    add(client, DIGITAL_RIVER, "sk_northwind_rotation", name="Rotation")
    do(client, "activate", Connection.objects.get(name="Rotation"))
    assert [row.name for row in Connection.objects.filter(active=True)] == ["Rotation"]


def test_revkeen_stays_as_it_is_when_a_partner_is_switched(client: Client) -> None:
    client.post(address("connection_add"), {"name": "Orders", "key": "rk_live_northwind_demo"})
    for provider in PARTNERS:
        do(client, "activate", added(client, provider))
    assert Connection.objects.filter(active=True).count() == 3
    do(client, "switch_off", Connection.objects.get(provider=DIGITAL_RIVER))
    assert set(Connection.objects.filter(active=True).values_list("provider", flat=True)) == {
        "revkeen",
        "order_protection",
    }


def test_revkeen_cannot_be_switched_off(client: Client) -> None:
    client.post(address("connection_add"), {"name": "Orders", "key": "rk_live_northwind_demo"})
    connection = Connection.objects.get()
    assert "was not switched off" in markup(do(client, "switch_off", connection))
    assert Connection.objects.get().active
    assert "Switch off" not in markup(client.get(address("connection_list")))


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_revoked_key_is_not_switched_on(provider: Connection.Provider, client: Client, emulator: Emulator) -> None:
    connection = added(client, provider)
    emulator.revoke(KEYS[provider, "live"])
    page = markup(do(client, "activate", connection))
    assert f"was not made active. {provider.label} refused this key" in page
    assert "Revoked" in page
    assert not Connection.objects.get().active


@pytest.mark.parametrize("provider", PARTNERS)
def test_trying_a_key_shows_how_it_fares(provider: Connection.Provider, client: Client, emulator: Emulator) -> None:
    connection = added(client, provider)
    assert f"{connection.shown_key} works: {provider.label} answered" in markup(do(client, "try", connection))
    do(client, "activate", connection)
    emulator.fault("disconnect", times=50)
    assert "Active, failing" in markup(do(client, "try", connection))
    emulator.clear_faults()
    emulator.revoke(KEYS[provider, "live"])
    assert "Active, refused" in markup(do(client, "try", connection))


@pytest.mark.database
def test_what_waited_for_a_key_goes_out_when_one_is_switched_on(client: Client, bare: Merchant, mara: User) -> None:
    later = timezone.now() + timedelta(minutes=5)
    for provider in PARTNERS:
        waiting = partner_update_in(bare, mara, provider, PartnerUpdate.State.WAITING)
        PartnerUpdate.objects.filter(pk=waiting.pk).update(code="not_connected", next_try_at=later)
    do(client, "activate", added(client, DIGITAL_RIVER))
    assert [row.destination for row in PartnerUpdate.objects.filter(next_try_at__lt=later)] == ["digital_river"]


# --- Renaming, removing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_key_can_be_renamed(provider: Connection.Provider, client: Client) -> None:
    connection = added(client, provider)
    do(client, "rename", connection, name="Two\nlines")
    connection.refresh_from_db()
    assert connection.name == "Two lines"
    assert last_event() == ("key_renamed", f"{provider.label}: {connection.shown_key}, “Two lines”")


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_key_is_removed_only_when_it_is_off(provider: Connection.Provider, client: Client) -> None:
    connection = added(client, provider)
    do(client, "activate", connection)
    answer = client.post(address("connection_remove", "live", connection.pk))
    assert answer.status_code == 409
    assert "Switch it off first; then you can remove it." in markup(answer)
    do(client, "switch_off", connection)
    do(client, "remove", connection)
    assert not Connection.objects.exists()
    assert last_event() == ("key_removed", f"{provider.label}: {connection.shown_key}, “Autumn 2026”")


@pytest.mark.parametrize("provider", PARTNERS)
def test_what_waits_for_a_partner_is_said_before_its_last_key_goes(
    provider: Connection.Provider, client: Client, bare: Merchant, mara: User
) -> None:
    connection = added(client, provider)
    partner_update_in(bare, mara, provider, state=PartnerUpdate.State.WAITING)
    partner_update_in(bare, mara, provider, state=PartnerUpdate.State.SENT)
    partner_update_in(bare, mara, provider, state=PartnerUpdate.State.WAITING, mode="test")
    assert f"1 update waits for {provider.label}" in markup(client.get(address("connection_list")))
    assert f"1 update to {provider.label} is still open" in markup(
        client.get(address("connection_remove", "live", connection.pk))
    )
    do(client, "activate", connection)
    assert "1 update waits until it is on again." in markup(do(client, "switch_off", connection))
    do(client, "remove", connection)
    assert not Connection.objects.exists()


@pytest.mark.database
def test_removing_a_partner_keeps_the_names_of_customers(client: Client, bare: Merchant) -> None:
    connection = added(client, DIGITAL_RIVER)
    CustomerCopy.objects.create(merchant=bare, mode="live", customer_id="00000000-0000-4000-8000-000000000001")
    do(client, "remove", connection)
    assert CustomerCopy.objects.exists()


# --- Secrets and doors -----------------------------------------------------------------------------------------------


@pytest.mark.database
def test_rotating_the_field_keys_covers_the_partners(client: Client, settings: LazySettings) -> None:
    for provider in PARTNERS:
        added(client, provider)
    former, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, former]
    call_command("rotate_field_keys")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    opened = {connection.secret for connection in Connection.objects.all()}
    assert opened == {KEYS[provider, "live"] for provider in PARTNERS}
    assert {connection.prefix for connection in Connection.objects.all()} == {"sk_", ""}


@pytest.mark.database
def test_a_secret_does_not_open_under_another_provider(client: Client) -> None:
    source, target = added(client, DIGITAL_RIVER), added(client, ORDER_PROTECTION)
    Connection.objects.filter(pk=target.pk).update(sealed_secret=source.sealed_secret)
    target.refresh_from_db()
    with pytest.raises(secrets.Unreadable):
        directory.client_of(target)


def test_the_door_to_a_partner_opens_with_the_key_of_the_connection(client: Client, emulator: Emulator) -> None:
    for provider in PARTNERS:
        connection = added(client, provider)
        emulator.forget_calls()
        opened = directory.client_of(connection)
        known = emulator.cases()[provider.value]["three_payments"]
        found = opened.all_of_order(known) if isinstance(opened, DigitalRiver) else opened.fulfillments(known)
        assert isinstance(found, list)
        assert [call["status"] for call in emulator.calls()] == [200]
