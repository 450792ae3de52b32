"""Fulfillments: ours with every filter, paged and as CSV, and Digital River's own list, read live."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders import carriers
from orders.models import (
    Connection,
    EventLog,
    Fulfillment,
    Merchant,
    Operation,
    PartnerUpdate,
    Shipment,
    ShipmentItem,
    TrackingNumber,
    User,
)
from tests.conftest import make_person, sign_in
from tests.partners.test_digital_river_client import body, client, plant
from tests.support import exports
from tests.support.emulation import Emulator

FULFILLMENTS = "/northwind/live/shipments/"
THEIRS = f"{FULFILLMENTS}digital-river/"
DIGITAL_RIVER, ORDER_PROTECTION = PartnerUpdate.Destination.DIGITAL_RIVER, PartnerUpdate.Destination.ORDER_PROTECTION
HOSTILE = '"><script>window.pwned=1</script>'
Make = Callable[..., Shipment]


@pytest.fixture
def mara(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "operations")


@pytest.fixture
def operations(mara: User, emulator: Emulator) -> Client:
    return sign_in(mara)


@pytest.fixture
def make(northwind: Merchant, mara: User) -> Make:
    """A shipment as if it had been sent off: `items` are (units, description), `partner_updates` a state by
    destination.
    """
    made: list[Shipment] = []

    def make(
        *,
        numbers: tuple[str, ...] = (),
        items: tuple[tuple[int, str], ...] = ((2, "Ridgeline 2 tent"),),
        partner_updates: dict[str, str] | None = None,
        merchant: Merchant = northwind,
        mode: str = "live",
        product_id: uuid.UUID | None = None,
        partner_order_id: str = "",
        **fields: Any,
    ) -> Shipment:
        order = {"order_id": uuid.uuid4(), "order_number": f"NOR-{1000 + len(made)}"}
        of_order: dict[str, Any] = {name: fields.pop(name, value) for name, value in order.items()}
        of_order |= {"merchant": merchant, "mode": mode}
        fulfillment = Fulfillment.objects.create(
            id=uuid.uuid4(), user=mara, who=mara.email, undo_until=timezone.now(), **of_order
        )
        values: dict[str, Any] = {"number": 1, "carrier": "ups", "notified": False, "state": "left"}
        shipment = Shipment.objects.create(fulfillment=fulfillment, **of_order, **values | fields)
        for position, number in enumerate(numbers):
            TrackingNumber.objects.create(
                shipment=shipment, position=position, number=number, normalized=carriers.normalized(number)
            )
        for place, (quantity, description) in enumerate(items):
            ShipmentItem.objects.create(
                shipment=shipment,
                line_item_id=uuid.uuid4(),
                quantity=quantity,
                ordered=quantity,
                description=description,
                product_id=product_id,
                digital_river_item_id=f"line-{place + 1}",
            )
        for destination, state in (partner_updates or {}).items():
            PartnerUpdate.objects.create(
                shipment=shipment,
                destination=destination,
                state=state,
                sent_version=1,
                partner_order_id=partner_order_id,
                **{name: of_order[name] for name in ("merchant", "mode", "order_id")},
            )
        made.append(shipment)
        return shipment

    return make


@pytest.fixture
def digital_river(northwind: Merchant) -> Connection:
    return connect(northwind, "sk_northwind_demo")


def connect(merchant: Merchant, key: str, mode: str = "live") -> Connection:
    connection = Connection(merchant=merchant, mode=mode, provider="digital_river", name="Demo", active=True)
    connection.secret = key
    connection.save()
    return connection


def shown(client: Client, query: str = "") -> list[str]:
    """The order numbers of the rows, in their order."""
    answer = client.get(f"{FULFILLMENTS}?{query}")
    assert answer.status_code == 200, answer.status_code
    return numbers_in(answer.content.decode())


def numbers_in(page: str) -> list[str]:
    return re.findall(r'<th role="rowheader" scope="row"><a[^>]*><bdi>([^<]*)</bdi>', page)


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    return exports.exported(client, "shipments", query)


def operation(mara: User, merchant: Merchant, **fields: Any) -> Operation:
    operation_id = uuid.uuid4()
    values: dict[str, Any] = {
        "pk": operation_id,
        "plan_id": operation_id,
        "merchant": merchant,
        "mode": "live",
        "connection_id": uuid.uuid4(),
        "shown_key": "rk_live_…demo",
        "kind": Operation.Kind.FULFILL,
        "order_id": uuid.uuid4(),
        "order_number": "NOR-1001",
        "body": {"line_item_ids": []},
        "seen": {},
        "summary": "1 line",
        "user": mara,
        "who": mara.email,
        "state": Operation.State.DONE,
    }
    return Operation.objects.create(**values | fields)


# Ours


@pytest.mark.database
def test_a_list_shows_its_merchant_and_mode_newest_first_and_no_other(
    operations: Client, kestrel: Merchant, make: Make
) -> None:
    make(order_number="first")
    make(order_number="other merchant", merchant=kestrel)
    make(order_number="test mode", mode="test")
    make(order_number="second")
    assert shown(operations) == ["second", "first"]
    assert shown(operations, "order=other+merchant") == []


@pytest.mark.database
def test_a_row_says_what_left_how_and_how_far_each_system_has_heard_of_it(
    operations: Client, northwind: Merchant, mara: User, make: Make
) -> None:
    shipment = make(
        numbers=("1Z 999 AA1", "1Z 999 AA2"),
        items=((3, "Ridgeline 2 tent"), (1, "Cook set")),
        partner_updates={DIGITAL_RIVER: "failed", ORDER_PROTECTION: "sent"},
        step=0,
        operation=operation(mara, northwind),
    )
    page = operations.get(FULFILLMENTS).content.decode()
    assert f'href="/northwind/live/orders/{shipment.order_id}/"' in page
    assert f'href="{FULFILLMENTS}{shipment.pk}/"' in page
    assert "UPS" in page
    assert "1Z 999 AA1" in page
    assert "and 1 more" in page
    assert "3 × Ridgeline 2 tent" in page
    assert "2 lines, 4 units" in page
    states = re.findall(r'data-label="([^"]+)">.*?</svg>([^<]+)</span>', page)
    assert states == [("RevKeen", "Sent"), ("Digital River", "Failed"), ("OrderProtection", "Sent")]
    assert "Mara" in page


@pytest.mark.database
def test_what_revkeen_heard_with_another_parcel_of_the_order_is_not_due_any_more(
    operations: Client, northwind: Merchant, mara: User, make: Make
) -> None:
    part = make(order_number="part")
    line = str(part.items.get().line_item_id)
    told = operation(mara, northwind, body={"line_item_ids": [line]})
    make(order_number="rest", order_id=part.order_id, number=2, step=0, operation=told)
    make(order_number="alone")
    page = operations.get(FULFILLMENTS).content.decode()
    states = re.findall(r'data-label="RevKeen">.*?</svg>([^<]+)</span>', page)
    assert states == ["Waiting", "Sent", "Not needed"]


@pytest.mark.database
@pytest.mark.parametrize(
    "typed", ["1Z999AA10123456784", "1z 999 aa1 0123456784", "1Z-999-AA1-0123-456784", "1Z999A", "2222222"]
)
def test_a_tracking_number_is_found_whole_or_by_its_beginning_however_it_is_typed(
    typed: str, operations: Client, make: Make
) -> None:
    make(order_number="wanted", numbers=("1Z 999 AA1 0123 456784", "2222222"))
    make(order_number="other", numbers=("1Z 999 BB1 0123 456784", "333"))
    assert shown(operations, f"tracking={typed.replace(' ', '+')}") == ["wanted"]


@pytest.mark.database
@pytest.mark.parametrize("typed", ["1Z999", "999AA1", "1Z999AA10123456784X", "1Z999AA1_3", "%25999AA1"])
def test_neither_a_short_beginning_nor_a_middle_nor_a_pattern_is_a_tracking_number(
    typed: str, operations: Client, make: Make
) -> None:
    make(numbers=("1Z999AA10123456784",))
    assert shown(operations, f"tracking={typed}") == []


@pytest.mark.database
def test_each_filter_finds_its_shipments_and_all_of_them_must_fit(
    operations: Client, northwind: Merchant, mara: User, make: Make
) -> None:
    product = uuid.uuid4()
    old = timezone.now() - timedelta(days=40)
    told = operation(mara, northwind, state=Operation.State.IN_DOUBT)
    failed = make(order_number="A", partner_updates={DIGITAL_RIVER: "failed"}, numbers=("AAAAAA1",), product_id=product)
    partly = {DIGITAL_RIVER: "sent", ORDER_PROTECTION: "failed"}
    make(order_number="B", carrier="fedex", partner_updates=partly, state="refused")
    make(order_number="C", carrier="Bike courier", items=((1, "Down jacket"), (1, "Ridgeline 3 tent")))
    make(order_number="D", carrier="", created_at=old, state="undone", step=0, operation=told)
    for query, expected in (
        ("carrier=ups", ["A"]),
        ("carrier=other", ["C"]),
        ("carrier=none", ["D"]),
        ("order=b", ["B"]),
        (f"order={failed.order_id}", ["A"]),
        ("state=refused", ["B"]),
        ("state=undone", ["D"]),
        ("destination=digital_river", ["B", "A"]),
        ("destination=digital_river.failed", ["A"]),
        ("destination=digital_river.sent", ["B"]),
        ("destination=order_protection.failed", ["B"]),
        ("destination=revkeen", ["D"]),
        ("destination=revkeen.in_doubt", ["D"]),
        ("destination=revkeen.done", []),
        (f"product={product}", ["A"]),
        ("product=tent+ridgeline", ["D", "C", "B", "A"]),
        ("product=RIDGELINE+3", ["C"]),
        (f"created_from={timezone.now() - timedelta(days=3):%Y-%m-%d}", ["C", "B", "A"]),
        (f"created_to={timezone.now() - timedelta(days=3):%Y-%m-%d}", ["D"]),
        ("destination=digital_river.failed&carrier=ups&tracking=aaaaaa1", ["A"]),
        ("destination=digital_river.failed&carrier=fedex", []),
        ("order=nothing", []),
    ):
        assert shown(operations, query) == expected, query


@pytest.mark.database
def test_days_are_those_of_the_merchants_time_zone(operations: Client, make: Make) -> None:
    make(order_number="before midnight", created_at=datetime(2026, 6, 9, 21, 59, tzinfo=UTC))
    make(order_number="after midnight", created_at=datetime(2026, 6, 9, 22, 1, tzinfo=UTC))
    assert shown(operations, "created_from=2026-06-10&created_to=2026-06-10") == ["after midnight"]


@pytest.mark.parametrize(
    "query",
    [
        "carrier=pigeon",
        "state=lost",
        "destination=digital_river.lost",
        "destination=elsewhere",
        "tracking=---",
        "created_from=2026-02-31",
        "created_from=2026-03-02&created_to=2026-03-01",
        "after=1&before=2",
        "after=x",
        "before=0",
        f"after={2**63}",
        "order=%00",
        f"product={'p' * 101}",
    ],
)
def test_what_cannot_be_looked_for_is_said(query: str, operations: Client) -> None:
    answer = operations.get(f"{FULFILLMENTS}?{query}")
    assert answer.status_code == 400
    assert "These filters are not valid" in answer.content.decode()
    if not query.startswith(("after", "before")):  # a file begins with the first row
        assert exports.start(operations, "shipments", query)["Location"].startswith(f"{FULFILLMENTS}?")


@pytest.mark.database
def test_pages_begin_after_a_shipment_so_that_new_ones_shift_nothing(
    operations: Client, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(120):
        make(order_number=f"{place:03}")
    first = operations.get(FULFILLMENTS).content.decode()
    assert numbers_in(first) == [f"{place:03}" for place in range(119, 69, -1)]
    make(order_number="new")
    second = operations.get(link(first, "older")).content.decode()
    assert numbers_in(second) == [f"{place:03}" for place in range(69, 19, -1)]
    third = operations.get(link(second, "older")).content.decode()
    assert numbers_in(third) == [f"{place:03}" for place in range(19, -1, -1)]
    assert 'id="older"' not in third
    again = operations.get(link(third, "newer")).content.decode()
    assert numbers_in(again) == numbers_in(second)
    newest = operations.get(link(second, "newer"), follow=True)
    assert numbers_in(newest.content.decode()) == numbers_in(first)
    beyond = operations.get(f"{FULFILLMENTS}?before={Shipment.objects.order_by('-pk')[1].pk}", follow=True)
    assert numbers_in(beyond.content.decode())[0] == "new"


def link(page: str, name: str) -> str:
    found = re.search(rf'id="{name}" href="([^"]+)"', page)
    assert found, page
    return FULFILLMENTS + found[1].replace("&amp;", "&").removeprefix(FULFILLMENTS)


@pytest.mark.database
def test_more_rows_cost_no_more_queries(operations: Client, northwind: Merchant, mara: User, make: Make) -> None:
    def queries() -> int:
        operations.get(FULFILLMENTS)  # what a process asks once is asked
        with CaptureQueriesContext(connection) as captured:
            assert operations.get(FULFILLMENTS).status_code == 200
        return len(captured)

    def more() -> None:
        sent = {DIGITAL_RIVER: "sent", ORDER_PROTECTION: "failed"}
        make(numbers=("1", "2"), items=((1, "a"), (2, "b")), partner_updates=sent)
        make(numbers=("3",), partner_updates=sent, step=0, operation=operation(mara, northwind))

    more()
    few = queries()
    for _ in range(20):
        more()
    assert queries() == few


def test_hostile_text_stays_text(operations: Client, make: Make) -> None:
    make(order_number=HOSTILE, carrier=HOSTILE[:50], numbers=(HOSTILE,), items=((1, HOSTILE),), reason=HOSTILE)
    for query in ("", f"?order={HOSTILE}", f"?product={HOSTILE}", "?product=nothing%22%3E%3Cscript%3E"):
        page = operations.get(FULFILLMENTS + query).content.decode()
        assert "<script>window" not in page
        assert '"><script>' not in page


def test_an_empty_list_says_how_things_arrive_and_one_without_a_match_offers_to_take_conditions_away(
    operations: Client, make: Make
) -> None:
    assert "No shipments yet" in operations.get(FULFILLMENTS).content.decode()
    make()
    page = operations.get(f"{FULFILLMENTS}?carrier=fedex&state=refused").content.decode()
    assert "No shipment matches these 2 filters" in page
    assert f'href="{FULFILLMENTS}?carrier=fedex"' in page
    assert f'href="{FULFILLMENTS}?state=refused"' in page


@pytest.mark.database
def test_ticked_shipments_get_a_status_and_lead_back_to_the_list(operations: Client, make: Make) -> None:
    ticked = [make(partner_updates={ORDER_PROTECTION: "sent"}) for _ in range(2)]
    other = make(partner_updates={ORDER_PROTECTION: "sent"})
    page = operations.get(f"{FULFILLMENTS}?carrier=ups").content.decode()
    action = re.search(r'formaction="([^"]+)"', page)
    assert action
    answer = operations.post(action[1], {"id": [one.pk for one in ticked], "status": "DELIVERED"})
    assert (answer.status_code, answer["Location"]) == (303, f"{FULFILLMENTS}?carrier=ups")
    statuses = {one.pk: one.status for one in Shipment.objects.all()}
    assert [statuses[one.pk] for one in (*ticked, other)] == ["DELIVERED", "DELIVERED", "FULFILLED"]


def test_who_may_not_fulfill_sees_the_list_and_has_nothing_to_tick(viewer: Client, make: Make) -> None:
    make(order_number="seen")
    page = viewer.get(FULFILLMENTS).content.decode()
    assert numbers_in(page) == ["seen"]
    assert "checkbox" not in page
    assert "Export all rows" not in page
    assert exports.start(viewer, "shipments").status_code == 403


# As CSV


@pytest.mark.database
def test_the_csv_has_every_line_of_what_the_filter_shows_and_nothing_of_others(
    operations: Client, kestrel: Merchant, make: Make
) -> None:
    make(order_number="other", merchant=kestrel)
    make(order_number="no", carrier="fedex")
    shipment = make(
        order_number="NOR-7",
        numbers=("1Z1", "1Z2"),
        items=((3, "Tent"), (1, "Cook set")),
        partner_updates={DIGITAL_RIVER: "failed", ORDER_PROTECTION: "sent"},
        cost_currency="EUR",
    )
    ShipmentItem.objects.filter(shipment=shipment).update(distributor_cost=1250)
    rows = exported(operations, "carrier=ups")
    assert [(row["Order"], row["Description"], row["Units"]) for row in rows] == [
        ("NOR-7", "Tent", "3"),
        ("NOR-7", "Cook set", "1"),
    ]
    wanted = {
        "Shipment": "1",
        "Carrier": "UPS",
        "Tracking numbers": "1Z1 1Z2",
        "Distributor cost": "12.50",
        "Digital River": "failed",
        "OrderProtection": "sent",
        "OrderProtection status": "FULFILLED",
        "Reference": str(shipment.reference),
        "Merchant": "northwind",
    }
    assert {name: rows[0][name] for name in wanted} == wanted


def test_taking_the_csv_along_is_recorded_with_its_conditions(operations: Client, make: Make, mara: User) -> None:
    make()
    exported(operations, "carrier=ups&order=NOR-1000")
    event = EventLog.objects.get(kind=EventLog.Kind.EXPORTED)
    assert (event.text, event.user, event.mode) == ("shipments as CSV: Order NOR-1000, UPS", mara, "live")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_of_the_csv_runs(text: str, operations: Client, make: Make) -> None:
    make(order_number=text, carrier=text, numbers=(text,), items=((1, text),), reason=text)
    row = exported(operations)[0]
    for name in ("Order", "Carrier", "Tracking numbers", "Description", "Reason"):
        assert row[name].startswith("'"), name


@pytest.mark.database
def test_the_csv_is_read_piece_by_piece(operations: Client, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.services.fulfillment.shipment_list.EXPORTED_AT_ONCE", 2)
    for place in range(5):
        make(order_number=str(place))
    assert [row["Order"] for row in exported(operations)] == ["4", "3", "2", "1", "0"]


# Digital River's own list


@pytest.fixture
def their_order(emulator: Emulator) -> str:
    """Accepted there, in euros: two hundred units of one line and one of another."""
    order_id = str(emulator.cases()["digital_river"]["three_payments"])
    plant(emulator, order_id)
    return order_id


@pytest.fixture
def sent_off(emulator: Emulator, their_order: str, make: Make) -> Shipment:
    """A shipment of ours that Digital River has as we sent it."""
    shipment = make(
        order_number="NOR-OURS",
        numbers=("1Z1",),
        partner_updates={DIGITAL_RIVER: "sent"},
        partner_order_id=their_order,
    )
    tell(emulator, their_order, shipment)
    return shipment


def tell(emulator: Emulator, their_order: str, shipment: Shipment, quantity: int = 2, **members: Any) -> str:
    """Create a fulfillment there as a shipment of ours; its id."""
    known = {"trackingCompany": "UPS", "trackingNumber": "1Z1", "metadata": {"shipmentRef": str(shipment.reference)}}
    sent = body(their_order, {"itemId": "line-1", "quantity": quantity}, **{**known, **members})
    return client(emulator).create_fulfillment(sent).id


def theirs(found: Client, query: str = "") -> str:
    answer = found.get(f"{THEIRS}?{query}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def ids_in(page: str) -> list[str]:
    return re.findall(r'<a class="plain mono ellipsis" href="[^"]*" title="([^"]*)"', page)


def test_their_list_shows_ours_as_ours_and_others_as_not_ours(
    operations: Client, digital_river: Connection, sent_off: Shipment, emulator: Emulator, their_order: str
) -> None:
    client(emulator).create_fulfillment(body(their_order, {"itemId": "line-2", "quantity": 1}))
    page = theirs(operations, f"order_id={their_order}")
    assert len(ids_in(page)) == 2
    assert page.index("Not ours") < page.index("NOR-OURS")
    assert "Matches" in page
    assert f'href="{FULFILLMENTS}{sent_off.pk}/"' in page


def test_what_differs_from_what_we_sent_is_marked_and_named(
    operations: Client, digital_river: Connection, emulator: Emulator, their_order: str, make: Make
) -> None:
    shipment = make(numbers=("1Z1",), partner_updates={DIGITAL_RIVER: "sent"}, partner_order_id=their_order)
    their_id = tell(emulator, their_order, shipment, quantity=3, trackingCompany="FedEx", trackingNumber="77")
    assert "Differs" in theirs(operations, f"ids={their_id}")
    page = operations.get(f"{THEIRS}{their_id}/").content.decode()
    assert "This differs from what we sent." in page
    assert "<bdi>FedEx</bdi> there, <bdi>UPS</bdi> here" in page
    assert "<bdi>77</bdi> there, <bdi>1Z1</bdi> here" in page
    assert "<bdi>3 units</bdi> there, <bdi>2 units</bdi> here" in page
    PartnerUpdate.objects.update(state="waiting")
    assert "Correction pending" in theirs(operations, f"ids={their_id}")


def test_a_second_one_of_the_same_shipment_differs(
    operations: Client, digital_river: Connection, sent_off: Shipment, emulator: Emulator, their_order: str
) -> None:
    first = ids_in(theirs(operations, f"order_id={their_order}"))[0]
    PartnerUpdate.objects.update(remote_id=first)
    second = tell(emulator, their_order, sent_off)
    assert "Matches" in theirs(operations, f"ids={first}")
    assert (
        f"<bdi>{second}</bdi> there, <bdi>{first}</bdi> here" in operations.get(f"{THEIRS}{second}/").content.decode()
    )


def test_units_given_up_are_compared_as_such(
    operations: Client, digital_river: Connection, emulator: Emulator, their_order: str, make: Make
) -> None:
    shipment = make(
        kind="cancellation",
        carrier="",
        reason="Broken",
        partner_updates={DIGITAL_RIVER: "sent"},
        partner_order_id=their_order,
    )
    metadata = {"shipmentRef": str(shipment.reference)}
    item = {"itemId": "line-1", "cancelQuantity": 2}
    client(emulator).create_fulfillment(body(their_order, item, metadata=metadata))
    assert "Matches" in theirs(operations, f"order_id={their_order}")


def test_all_nine_filters_go_out_under_digital_rivers_names(
    operations: Client, digital_river: Connection, emulator: Emulator
) -> None:
    emulator.forget_calls()
    theirs(
        operations,
        "created=2026-11-21T12:00&created_gt=2026-11-01T00:00&created_gte=2026-06-01T00:00:30&created_lt=2027-01-01"
        "&created_lte=2026-12-31T23:59&ids=ful_a,+ful_b&order_id=o+1&sku_id=s&tracking_company=UPS"
        "&tracking_number=1Z+1&limit=25",
    )
    call = [call for call in emulator.calls() if call["provider"] == "digital_river"][-1]
    assert parse_qs(call["query"]) == {
        "createdTime": ["2026-11-21T11:00:00Z"],
        "createdTime[gt]": ["2026-10-31T23:00:00Z"],
        "createdTime[gte]": ["2026-05-31T22:00:30Z"],
        "createdTime[lt]": ["2026-12-31T23:00:00Z"],
        "createdTime[lte]": ["2026-12-31T22:59:00Z"],
        "ids": ["ful_a", "ful_b"],
        "orderId": ["o 1"],
        "skuId": ["s"],
        "trackingCompany": ["UPS"],
        "trackingNumber": ["1Z 1"],
        "limit": ["25"],
    }


def test_their_pages_go_on_with_both_cursors(
    operations: Client, digital_river: Connection, emulator: Emulator, their_order: str
) -> None:
    made = [
        client(emulator).create_fulfillment(body(their_order, {"itemId": "line-1", "quantity": 1})).id
        for _ in range(23)
    ][::-1]
    query = f"order_id={their_order}&limit=10"
    first = theirs(operations, query)
    assert ids_in(first) == made[:10]
    assert 'id="newer"' not in first
    second = operations.get(their_link(first, "older")).content.decode()
    assert ids_in(second) == made[10:20]
    third = operations.get(their_link(second, "older")).content.decode()
    assert ids_in(third) == made[20:]
    assert 'id="older"' not in third
    assert ids_in(operations.get(their_link(third, "newer")).content.decode()) == made[10:20]
    newest = operations.get(their_link(second, "newer"), follow=True)
    assert ids_in(newest.content.decode()) == made[:10]


def their_link(page: str, name: str) -> str:
    found = re.search(rf'id="{name}" href="([^"]+)"', page)
    assert found, page
    return found[1].replace("&amp;", "&")


def test_one_of_theirs_is_shown_with_its_order(
    operations: Client, digital_river: Connection, sent_off: Shipment, their_order: str
) -> None:
    their_id = ids_in(theirs(operations, f"order_id={their_order}"))[0]
    page = operations.get(f"{THEIRS}{their_id}/").content.decode()
    assert f"<h1><bdi>{their_id}</bdi></h1>" in page
    assert f'<dd class="mono"><bdi>{their_order}</bdi></dd>' in page
    assert "<bdi>accepted</bdi></span>" in page
    assert "<dt>Total</dt><dd>2,007.00 EUR</dd>" in page
    assert "<dt><bdi>accepted</bdi></dt><dd>since <time" in page
    assert page.count('<bdi class="mono">line-1</bdi>') == 2
    assert str(sent_off.reference) in page


@pytest.mark.parametrize(
    "query",
    [
        "created=soon",
        "created_gt=0001-01-01T00:00",
        "created_lt=9999-12-31T00:00",
        "limit=0",
        "limit=1000",
        "ids=" + "+".join(f"ful_{place}" for place in range(101)),
        f"order_id={'x' * 201}",
        "sku_id=a%00b",
        "tracking_number=a%E2%80%AEb",
        "starting_after=a&ending_before=b",
    ],
)
def test_what_digital_river_cannot_be_asked_is_said_and_nothing_goes_out(
    query: str, operations: Client, digital_river: Connection, emulator: Emulator
) -> None:
    emulator.forget_calls()
    answer = operations.get(f"{THEIRS}?{query}")
    assert answer.status_code == 400
    assert "These filters are not valid" in answer.content.decode()
    assert emulator.calls() == []


def test_without_a_connection_their_list_says_so(operations: Client, emulator: Emulator) -> None:
    emulator.forget_calls()
    for path in (THEIRS, f"{THEIRS}ful_1/"):
        answer = operations.get(path)
        assert answer.status_code == 503
        assert "Digital River is not connected." in answer.content.decode()
    assert emulator.calls() == []


def test_an_outage_of_digital_river_is_said_and_leaves_our_list_alone(
    operations: Client, digital_river: Connection, emulator: Emulator, make: Make
) -> None:
    make(order_number="kept")
    emulator.fault("error", "/fulfillments", status=503, times=8)
    for path in (THEIRS, f"{THEIRS}ful_1/"):
        answer = operations.get(path)
        assert answer.status_code == 503
        assert "Digital River does not answer." in answer.content.decode()
    assert shown(operations) == ["kept"]


def test_a_cursor_that_digital_river_does_not_know_is_its_refusal(
    operations: Client, digital_river: Connection, emulator: Emulator
) -> None:
    answer = operations.get(f"{THEIRS}?starting_after=nothing")
    assert answer.status_code == 400
    assert "Digital River refused." in answer.content.decode()


@pytest.mark.parametrize("their_id", ["a/../b", "..", ".", "a//b", "a%00b", "x" * 201, "a%5C..%5Cb"])
def test_an_id_that_would_lead_elsewhere_is_not_asked_for(
    their_id: str, operations: Client, digital_river: Connection, emulator: Emulator
) -> None:
    emulator.forget_calls()
    assert operations.get(f"{THEIRS}{their_id}/").status_code in (404, 400)
    assert emulator.calls() == []


def test_an_id_that_they_do_not_have_is_not_there(operations: Client, digital_river: Connection) -> None:
    assert operations.get(f"{THEIRS}ful_nothing/").status_code == 404
    assert operations.get(f"{THEIRS}a%3Fb%23c%2Fd/").status_code == 404


def test_hostile_text_of_digital_rivers_stays_text(
    operations: Client, digital_river: Connection, emulator: Emulator, their_order: str
) -> None:
    tracking = {"trackingCompany": HOSTILE, "trackingNumber": HOSTILE, "trackingUrl": "javascript:alert(1)"}
    metadata = {"shipmentRef": HOSTILE, "note": HOSTILE}
    made = client(emulator).create_fulfillment(body(their_order, **tracking, metadata=metadata))
    for page in (theirs(operations), operations.get(f"{THEIRS}{made.id}/").content.decode()):
        assert "<script>window" not in page
        assert 'href="javascript' not in page


def test_a_shipment_of_another_merchant_is_not_ours(
    operations: Client,
    digital_river: Connection,
    emulator: Emulator,
    their_order: str,
    kestrel: Merchant,
    make: Make,
) -> None:
    foreign = make(order_number="FOREIGN", merchant=kestrel)
    tell(emulator, their_order, foreign)
    page = theirs(operations, f"order_id={their_order}")
    assert "FOREIGN" not in page
    assert "Not ours" in page


def test_more_of_their_rows_cost_no_more_queries(
    operations: Client, digital_river: Connection, emulator: Emulator, their_order: str, make: Make
) -> None:
    for _ in range(6):
        tell(emulator, their_order, make(partner_updates={DIGITAL_RIVER: "sent"}))

    def queries(limit: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            theirs(operations, f"order_id={their_order}&limit={limit}")
        return len(captured)

    theirs(operations)
    few = queries(10)
    for _ in range(6):
        tell(emulator, their_order, make(partner_updates={DIGITAL_RIVER: "sent"}))
    assert queries(25) == few
