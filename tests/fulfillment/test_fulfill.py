"""Fulfilling through the form: what the button named leaves once and is kept here; nobody is told by accident."""

import re
import uuid
from typing import Any

import pytest
from django.db.models.sql import Query
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from orders import carriers
from orders.models import Membership, Merchant, Operation, Shipment, ShipmentItem
from orders.services.changes import reconcile
from orders.services.fulfillment import shipments
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.fulfilling import (
    address,
    effects,
    form_token,
    fulfill,
    ids,
    in_parcel,
    look,
    opened,
    paid_order,
    sent_lines,
    ticked,
)
from tests.support.journal import reconcile_due
from tests.support.pages import form_token_in

State = Operation.State
HOSTILE = '"><script>window.pwned=1</script>'


@pytest.fixture
def order(emulator: Emulator, customer: dict[str, Any]) -> dict[str, Any]:
    """Three lines, paid, nothing shipped."""
    return paid_order(emulator, 3, customer_id=customer["id"])


def shipped_lines(order: dict[str, Any]) -> list[list[str]]:
    """What is kept here, shipment by shipment."""
    found = Shipment.objects.filter(order_id=order["id"]).order_by("pk")
    return [[str(item.line_item_id) for item in shipment.items.order_by("pk")] for shipment in found]


# What is sent, and what is kept


@pytest.mark.database
def test_one_press_asks_the_database_few_questions(
    operations: Client,
    order: dict[str, Any],
    emulator: Emulator,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """Of an order that was looked at before, after another press."""
    fulfill(operations, paid_order(emulator), carrier="ups")
    operations.get(f"/northwind/live/orders/{order['id']}/")
    opened = form_token(operations, order)
    with django_assert_max_num_queries(62):  # two of them locks of PostgreSQL, two of what partners have
        fulfill(operations, order, form_token=opened, carrier="ups", tracking_number="1Z 999 AA1")
    assert Operation.objects.get(order_id=order["id"]).state == State.DONE


def test_one_press_has_few_statements_written_down_by_the_orm(
    operations: Client, order: dict[str, Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes ten times as long as carrying them out: what each press asks is kept (orders/kept_queries.py)."""
    fulfill(operations, paid_order(emulator), carrier="ups", tracking_number="1Z 999 AA2")
    opened, written = form_token(operations, order), []
    get_compiler = Query.get_compiler
    monkeypatch.setattr(
        Query, "get_compiler", lambda *args, **named: (written.append(1), get_compiler(*args, **named))[1]
    )
    fulfill(operations, order, form_token=opened, carrier="ups", tracking_number="1Z 999 AA1")
    assert Operation.objects.get(order_id=order["id"]).state == State.DONE
    assert len(written) <= 12


@pytest.mark.database
def test_two_lines_and_then_the_rest_fulfill_the_order(
    operations: Client, order: dict[str, Any], customer: dict[str, Any], emulator: Emulator
) -> None:
    first = fulfill(operations, order, 0, 2, carrier="ups", tracking_number="1Z 999 AA1", notify="yes")
    assert first.status_code == 303
    page = operations.get(first["Location"]).content.decode()
    assert f"Done: <bdi>2 lines, UPS 1Z 999 AA1, e-mail to {customer['email']}</bdi>" in page
    assert emulator.get(f"/orders/{order['id']}")["fulfillment_status"] == "partial"
    second = fulfill(operations, order, 1)
    assert "1 line, no e-mail" in operations.get(second["Location"]).content.decode()
    assert emulator.get(f"/orders/{order['id']}")["status"] == "fulfilled"
    assert effects(emulator, order) == [
        {"line_item_ids": ids(order, 0, 2), "notified": True, "carrier": "ups", "tracking_number": "1Z 999 AA1"},
        {"line_item_ids": ids(order, 1), "notified": False, "carrier": None, "tracking_number": None},
    ]
    assert shipped_lines(order) == [ids(order, 0, 2), ids(order, 1)]
    assert [shipment.number for shipment in Shipment.objects.order_by("pk")] == [1, 2]


def test_lines_and_e_mail_are_always_named_to_revkeen_and_the_rest_only_when_typed(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order)
    assert Operation.objects.get().body == {"line_item_ids": ids(order, 0, 1, 2), "notify_customer": False}


def test_a_shipment_is_shown_on_the_order_with_a_link_to_follow_it(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order, 0, carrier="ups", tracking_number="1Z 999 AA1", notify="yes")
    page = operations.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert '<a class="mono" href="https://www.ups.com/track?tracknum=1Z999AA1" rel="noreferrer">1Z 999 AA1</a>' in page
    assert "2 × <bdi>Tent 0</bdi>" in page
    assert "by <bdi>Operations</bdi>" in page
    assert "RevKeen was asked to e-mail the customer" in page
    assert len(re.findall("in <a [^>]*>shipment 1</a>", page)) == 1


def test_a_carrier_that_is_not_in_the_list_is_sent_as_typed_and_gets_no_link(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order, carrier="other", carrier_name="  Bike  courier ", tracking_number="7")
    assert effects(emulator, order)[0]["carrier"] == "Bike courier"
    page = operations.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert "<bdi>Bike courier</bdi>" in page
    assert '<bdi class="mono">7</bdi>' in page


@pytest.mark.parametrize("carrier", carriers.CARRIERS, ids=lambda carrier: carrier.code)
def test_a_tracking_address_is_https_and_no_number_leads_elsewhere(carrier: carriers.Carrier) -> None:
    found = carriers.tracking_address(carrier.name.upper(), " ../?a=1&b=2#x@evil.example/ 5 ")
    start, end = carrier.page.split("{}")
    assert found.startswith("https://")
    assert found == start + "..%2F%3Fa%3D1%26b%3D2%23x%40evil.example%2F5" + end
    assert len(carrier.code) <= 50
    assert carriers.tracking_address(carrier.code, "") == ""


# What is refused before anything is sent


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"notify": None}, "notify"),
        ({"notify": "maybe"}, "notify"),
        ({"lines": ["00000000-0000-4000-8000-000000000000"]}, "lines"),
        ({"carrier": "other"}, "carrier_name"),
        ({"carrier": "other", "carrier_name": "c" * 51}, "carrier_name"),
        ({"carrier": "other", "carrier_name": "UPS\u202e"}, "carrier_name"),
        ({"carrier": "pigeon"}, "carrier"),
        ({"tracking_number": "1" * 101}, "number-0"),
        ({"tracking_number": "Nº ü"}, "number-0"),
        ({"tracking_number": "1Z\x00"}, "number-0"),
    ],
)
def test_what_cannot_be_is_said_by_its_field_and_nothing_is_sent(
    typed: dict[str, Any], field: str, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = fulfill(operations, order, 0, **{"tracking_number": "KEPT-1", **typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count(f'id="id_p1-{field}_error"') == 1
    assert f'href="#id_p1-{field}"' in page
    assert field == "number-0" or 'value="KEPT-1"' in page
    assert effects(emulator, order) == []
    assert not Operation.objects.exists()
    assert not Shipment.objects.exists()


def test_no_line_ticked_is_said_and_the_corrected_form_is_sent(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = fulfill(operations, order, lines=[""], fulfilling="0:0:1:0", tracking_number="KEPT-1")
    assert answer.status_code == 422
    same = form_token_in(answer.content.decode())
    assert fulfill(operations, order, 1, form_token=same).status_code == 303
    assert sent_lines(emulator, order) == [ids(order, 1)]


def test_a_refused_form_comes_back_as_it_was_sent(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = fulfill(
        operations, order, 1, carrier="other", carrier_name="Bike courier", tracking_number="T-1", notify=None
    ).content.decode()
    assert ticked(page) == ids(order, 1)
    assert '<option value="other" selected>' in page
    assert 'value="Bike courier"' in page
    assert 'value="T-1"' in page
    assert 'name="fulfilling" value="1:2:1:1"' in page


def test_the_e_mail_is_nobodys_default(operations: Client, order: dict[str, Any], emulator: Emulator) -> None:
    page = operations.get(address(order)).content.decode()
    radios = re.findall(r"<input[^>]*type=\"radio\"[^>]*>", page)
    assert len(radios) == 2
    assert not any("checked" in radio for radio in radios)
    assert len(ticked(page)) == 3


def test_a_guest_gets_no_e_mail(operations: Client, emulator: Emulator) -> None:
    order = paid_order(emulator)
    page = operations.get(address(order)).content.decode()
    assert "no e-mail address for a guest" in page
    assert re.search(r'value="yes"[^>]* disabled', page)
    assert re.search(r'value="no"[^>]* checked', page)
    assert fulfill(operations, order, notify="yes").status_code == 422
    assert fulfill(operations, order, notify="no").status_code == 303
    assert [row["notified"] for row in effects(emulator, order)] == [False]


def test_what_the_button_did_not_name_is_not_sent(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = fulfill(operations, order, 0, fulfilling="3:6:1:3")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "What you selected has changed." in page
    assert "Fulfill 1 line, no e-mail" in page
    assert effects(emulator, order) == []


def test_the_button_follows_the_ticks_without_anything_being_sent(
    operations: Client, order: dict[str, Any], customer: dict[str, Any], emulator: Emulator
) -> None:
    sent = opened(operations, order) | in_parcel("1", lines=ids(order, 0, 1))
    emulator.forget_calls()
    part = look(operations, order, sent)
    assert f"Fulfill 2 lines and e-mail <bdi>{customer['email']}</bdi>" in part
    assert 'name="fulfilling" value="2:4:1:2"' in part
    assert "2 of 3 remaining lines" in part
    assert emulator.calls() == []
    assert not Operation.objects.exists()


def test_a_customer_who_cannot_be_read_can_still_be_told(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("error", "/customers/", status=404, times=5)
    page = operations.get(address(order)).content.decode()
    assert "Fulfill 3 lines and e-mail <bdi>the customer</bdi>" in page
    assert fulfill(operations, order, notify="yes").status_code == 303
    assert [row["notified"] for row in effects(emulator, order)] == [True]


# What may not be shipped twice


def test_lines_that_have_left_are_locked_and_say_in_which_shipment(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order, 1)
    page = operations.get(address(order)).content.decode()
    locked, still_open = ids(order, 1)[0], ids(order, 0, 2)
    gone = re.search(rf'<li class="done" id="line-{locked}">(.*?)</li>', page, re.DOTALL)
    assert gone
    assert "Shipment 1, <time" in gone[1]
    assert "Tent 1" in gone[1]
    assert f'value="{locked}"' not in page
    assert ticked(page) == still_open
    ticked_all_the_same = fulfill(operations, order, 0, 1)
    assert ticked_all_the_same.status_code == 422
    assert "One of these lines has already shipped" in ticked_all_the_same.content.decode()
    assert sent_lines(emulator, order) == [ids(order, 1)]


@pytest.mark.database
def test_the_same_form_sent_again_ships_once_and_shows_the_first_result(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    same = form_token(operations, order)
    first, second = (fulfill(operations, order, 0, form_token=same) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert sent_lines(emulator, order) == shipped_lines(order) == [ids(order, 0)]


@pytest.mark.database
def test_the_same_form_with_other_lines_sends_nothing_more(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    same = form_token(operations, order)
    fulfill(operations, order, 0, form_token=same)
    second = fulfill(operations, order, 0, 1, form_token=same)
    assert second.status_code == 303
    assert "nothing else was sent" in operations.get(second["Location"]).content.decode()
    assert sent_lines(emulator, order) == shipped_lines(order) == [ids(order, 0)]


@pytest.mark.database
def test_a_line_of_a_form_in_another_tab_does_not_leave_twice(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    other_tab = form_token(operations, order)
    fulfill(operations, order, 0)
    answer = fulfill(operations, order, 0, 1, form_token=other_tab, tracking_number="T-1")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent. Some units have already shipped." in page
    assert ticked(page) == ids(order, 1)
    assert 'value="T-1"' in page
    assert fulfill(operations, order, 1, form_token=form_token_in(page)).status_code == 303
    assert sent_lines(emulator, order) == shipped_lines(order) == [ids(order, 0), ids(order, 1)]
    assert Operation.objects.count() == 2


def test_an_order_that_changed_since_the_form_was_opened_is_not_sent(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    old = form_token(operations, order)
    emulator.send(f"/orders/{order['id']}/fulfill", {"line_item_ids": ids(order, 0), "notify_customer": False})
    answer = fulfill(operations, order, 1, form_token=old)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in page
    assert "unfulfilled</s> → <strong>partial" in page
    assert sent_lines(emulator, order) == [ids(order, 0)]
    assert ">Shipments</h2>" not in page, "what never left is not shown as a shipment"


def test_fulfilled_elsewhere_in_part_is_said_and_nothing_is_preset(operations: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, 2)
    emulator.send(f"/orders/{order['id']}/fulfill", {"line_item_ids": ids(order, 0), "notify_customer": False})
    page = operations.get(address(order)).content.decode()
    assert "RevKeen reports some lines as fulfilled, but not which ones" in page
    assert not ticked(page)
    refused = fulfill(operations, order, 0)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Not fulfilled: RevKeen refused." in page
    assert "Nothing is left to fulfill among these lines." in page
    assert page.count('id="id_p1-lines_error"') == 1
    assert fulfill(operations, order, 1, form_token=form_token_in(page)).status_code == 303
    assert sent_lines(emulator, order) == [ids(order, 0), ids(order, 1)]
    assert [operation.state for operation in Operation.objects.order_by("created_at")] == [State.REFUSED, State.DONE]


@pytest.mark.database
def test_whoever_comes_second_is_told_who_and_when_and_keeps_what_was_typed(
    northwind: Merchant, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "operations"))
    theirs = form_token(colleague, order)
    emulator.fault("disconnect", "/fulfill$", after_work=True)
    fulfill(operations, order, 0)
    answer = fulfill(colleague, order, 1, form_token=theirs, tracking_number="T-2")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<bdi>Operations</bdi> is changing this order (started" in page
    assert 'value="T-2"' in page
    assert 'name="form_token"' not in page
    assert sent_lines(emulator, order) == shipped_lines(order) == [ids(order, 0)]


@pytest.mark.database
def test_an_order_whose_lines_are_all_recorded_says_so_instead_of_a_form(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order)
    emulator.patch("orders", order["id"], status="paid", fulfillment_status="partial")
    page = operations.get(address(order)).content.decode()
    assert "every line is recorded here as shipped" in page
    assert 'name="form_token"' not in page


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "partially_paid"}, "it is not paid in full."),
        ({"fulfillment_status": None}, "nothing in it needs shipping."),
        ({"fulfillment_status": "fulfilled"}, "everything is fulfilled."),
        ({"line_items": []}, "RevKeen returned no line items."),
    ],
)
def test_where_it_cannot_be_fulfilled_the_page_says_why(
    fields: dict[str, Any], reason: str, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.patch("orders", order["id"], **fields)
    page = operations.get(address(order)).content.decode()
    assert f"<strong>This order cannot be fulfilled now:</strong> {reason}" in page
    assert 'name="form_token"' not in page


def test_the_form_of_one_place_does_nothing_in_another(
    northwind: Merchant, kestrel: Merchant, order: dict[str, Any], emulator: Emulator
) -> None:
    person = make_person("both@example.com", northwind, "operations")
    Membership.objects.create(user=person, merchant=kestrel, roles=["operations"])
    client = sign_in(person)
    line = ids(order, 0)[0]
    parcel = in_parcel("1", **{"lines": [line], f"units-{line}": "2", "notify": "no"})
    sent = {"form_token": form_token(client, order), "parcel": "1", "fulfilling": "1:2:1:1", **parcel}
    emulator.forget_calls()
    elsewhere = (f"/kestrel/live/orders/{order['id']}/fulfill/", address(order, "test"), address({"id": uuid.uuid4()}))
    for place in elsewhere:
        assert client.post(place, sent).status_code == 404
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "operations"))
    assert colleague.post(address(order), sent).status_code == 404
    assert emulator.calls() == []
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("param", "field"),
    [("line_item_ids.0", "lines"), ("carrier", "carrier"), ("tracking_number", "number-0"), (None, "")],
)
def test_what_revkeen_refuses_stands_by_its_field_and_stays_typed(
    param: str | None, field: str, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    refusal = {"type": "invalid_request_error", "code": "invalid_request", "message": "It is so.", "param": param}
    emulator.fault("respond", "/fulfill$", status=400, body={"error": refusal})
    page = fulfill(operations, order, 0, tracking_number="T-1", carrier="ups").content.decode()
    assert "<strong>Not fulfilled: RevKeen refused.</strong> It is so." in page
    assert set(re.findall(r'id="id_p1-([\w-]+)_error"', page)) == ({field} if field else set())
    assert 'value="T-1"' in page
    assert '<option value="ups" selected>' in page
    assert fulfill(operations, order, 0, form_token=form_token_in(page)).status_code == 303
    assert sent_lines(emulator, order) == [ids(order, 0)]


# What nobody knows yet


@pytest.mark.database
@pytest.mark.parametrize("after_work", [True, False], ids=["answer lost", "call lost"])
@pytest.mark.parametrize("before", [0, 1], ids=["first part", "part after part"])
def test_a_lost_answer_is_unknown_then_reconciled_once(
    before: int, after_work: bool, operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    for place in range(before):
        fulfill(operations, order, place)
    emulator.fault("disconnect", "/fulfill$", after_work=after_work)
    answer = fulfill(operations, order, before)
    assert answer.status_code == 303
    assert "In doubt: " in operations.get(answer["Location"]).content.decode()
    form = operations.get(address(order)).content.decode()
    assert "In doubt: " in form
    assert 'name="form_token"' not in form
    of_order = operations.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert "Not known yet</span>" in of_order
    assert reconcile_due(Operation.objects.latest("created_at")).state == State.DONE
    expected = [ids(order, place) for place in range(before + 1)]
    assert sent_lines(emulator, order) == shipped_lines(order) == expected
    keys = {call["idempotency_key"] for call in emulator.calls() if call["path"].endswith("/fulfill")}
    assert len(keys) == before + 1


def test_a_yes_that_the_order_does_not_show_stays_open(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order, 0)
    now = emulator.get(f"/orders/{order['id']}")
    emulator.fault("respond", "/fulfill$", status=200, body=now)
    fulfill(operations, order, 1)
    latest = Operation.objects.latest("created_at")
    assert (latest.state, latest.code) == (State.IN_DOUBT, "contradicted")
    assert reconcile_due(latest).state == State.DONE
    assert sent_lines(emulator, order) == [ids(order, 0), ids(order, 1)]


def test_a_yes_to_every_line_that_leaves_the_order_in_part_stays_open(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("alter", rf"/orders/{order['id']}$", method="GET", times=3, set={"fulfillment_status": "partial"})
    fulfill(operations, order)
    operation = Operation.objects.get()
    assert (operation.state, operation.code) == (State.IN_DOUBT, "contradicted")
    assert "the order is partly fulfilled" in operation.message


def test_a_lost_call_is_not_repeated_on_an_order_that_changed_meanwhile(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order, 0)
    emulator.fault("disconnect", "/fulfill$")
    fulfill(operations, order, 1)
    emulator.send(f"/orders/{order['id']}/fulfill", {"line_item_ids": ids(order, 1), "notify_customer": False})
    operation = Operation.objects.latest("created_at")
    for _ in range(reconcile.EVENT_MAY_LAG + 1):
        operation = reconcile_due(operation)
    assert operation.state == State.NEEDS_REVIEW
    assert sent_lines(emulator, order) == [ids(order, 0), ids(order, 1)]
    assert 'name="form_token"' not in operations.get(address(order)).content.decode()


def test_no_connection_means_that_nothing_left(operations: Client, order: dict[str, Any], emulator: Emulator) -> None:
    emulator.fault("rate_limited", "/fulfill$", retry_after="60")
    answer = fulfill(operations, order, 0)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent" in page
    assert "Not shipped" in operations.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    operation = Operation.objects.get()
    assert operation.state == State.NOT_SENT
    assert "Not shipped" in operations.get(f"/northwind/live/journal/{operation.pk}/").content.decode()


@pytest.mark.database
def test_an_operation_and_its_shipment_are_begun_together_or_not_at_all(
    operations: Client, order: dict[str, Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = form_token(operations, order)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(shipments, "_item", broken)
    with pytest.raises(RuntimeError):
        fulfill(operations, order, 0, form_token=form)
    assert not Operation.objects.exists()
    assert not Shipment.objects.exists()
    assert effects(emulator, order) == []


# What others write


def test_hostile_text_is_text(operations: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, description=HOSTILE)
    fulfill(operations, order, carrier="other", carrier_name=HOSTILE, tracking_number=HOSTILE)
    assert effects(emulator, order)[0]["tracking_number"] == HOSTILE
    operation = Operation.objects.get()
    for page in (f"/northwind/live/orders/{order['id']}/", f"/northwind/live/journal/{operation.pk}/", address(order)):
        assert "<script>window" not in operations.get(page).content.decode()


def test_a_hostile_number_stays_within_its_carriers_page(
    operations: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    fulfill(operations, order, carrier="ups", tracking_number='javascript:alert(1)"//')
    page = operations.get(f"/northwind/live/orders/{order['id']}/").content.decode()
    assert 'href="https://www.ups.com/track?tracknum=javascript%3Aalert%281%29%22%2F%2F"' in page


@pytest.mark.database
def test_sixty_lines_of_the_longest_descriptions_can_be_sent(operations: Client, emulator: Emulator) -> None:
    order = paid_order(emulator, 60, description="x" * 490)
    assert fulfill(operations, order).status_code == 303
    assert sent_lines(emulator, order) == [ids(order, *range(60))]
    assert {len(item.description) for item in ShipmentItem.objects.all()} == {100}


# The next one


def follow(client: Client, order: dict[str, Any]) -> Any:
    return client.get(f"/northwind/live/orders/{order['id']}/next-to-fulfill/")


@pytest.fixture
def waiting(emulator: Emulator) -> list[dict[str, Any]]:
    """Three orders that wait, the oldest first; of all others none does."""
    for order in emulator.orders("status=paid&limit=100"):
        emulator.patch("orders", order["id"], fulfillment_status=None)
    return [paid_order(emulator) for _ in range(3)]


@pytest.mark.database
def test_done_leads_on_to_the_next_one_that_waits(
    operations: Client, waiting: list[dict[str, Any]], emulator: Emulator
) -> None:
    first, second, third = waiting
    done = fulfill(operations, first)
    assert f"/orders/{first['id']}/next-to-fulfill/" in operations.get(done["Location"]).content.decode()
    assert follow(operations, first)["Location"] == address(second)
    fulfill(operations, second)
    assert follow(operations, second)["Location"] == address(third)
    fulfill(operations, third)
    answer = operations.get(f"/northwind/live/orders/{third['id']}/next-to-fulfill/", follow=True)
    assert "Nothing else to fulfill." in answer.content.decode()


def test_what_was_skipped_comes_again_after_the_newest(
    operations: Client, waiting: list[dict[str, Any]], emulator: Emulator
) -> None:
    first, second, third = waiting
    assert [follow(operations, order)["Location"] for order in waiting] == [
        address(second),
        address(third),
        address(first),
    ]


@pytest.mark.database
def test_an_order_that_is_held_is_passed_over(
    operations: Client, waiting: list[dict[str, Any]], emulator: Emulator
) -> None:
    first, second, third = waiting
    emulator.fault("disconnect", "/fulfill$")
    fulfill(operations, second)
    assert follow(operations, first)["Location"] == address(third)


def test_the_search_goes_through_several_pages_and_says_where_it_stopped(
    operations: Client, waiting: list[dict[str, Any]], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = waiting
    monkeypatch.setattr("orders.apis.revkeen.reads.LARGEST_PAGE", 1)
    monkeypatch.setattr("orders.services.fulfillment.to_fulfill.PAGES", 2)
    monkeypatch.setattr("orders.services.fulfillment.to_fulfill.KEPT_SECONDS", 0)
    emulator.patch("orders", second["id"], fulfillment_status=None)
    assert follow(operations, first)["Location"] == address(third)
    emulator.patch("orders", second["id"], fulfillment_status="unfulfilled")
    answer = operations.get(f"/northwind/live/orders/{third['id']}/next-to-fulfill/", follow=True)
    assert answer.redirect_chain == [(address(second), 302)]
    words = "Searched only the newest 2 paid orders; there are older ones."
    assert words in answer.content.decode()
    for order in (second, third):
        emulator.patch("orders", order["id"], fulfillment_status=None)
    answer = operations.get(f"/northwind/live/orders/{third['id']}/next-to-fulfill/", follow=True)
    words = "Nothing to fulfill in the newest 2 paid orders; there are older ones."
    assert words in answer.content.decode()
