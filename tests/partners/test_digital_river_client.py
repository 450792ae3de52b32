"""Digital River's four operations, over HTTP: what goes out, what comes back, and every way in which it may not."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.apis.digital_river.client import PROVIDER, Client, Filters, encoded_body
from orders.apis.digital_river.objects import Fulfillment, major_units, minor_units, read_fulfillment
from orders.apis.errors import (
    ApiError,
    InDoubt,
    KeyRefused,
    Missing,
    NotSent,
    RateLimited,
    Refused,
    ScopeMissing,
)
from orders.apis.gate import Gate
from orders.money import Money
from tests.support.emulation import Emulator

LIVE, TEST = "sk_northwind_demo", "sk_test_northwind_demo"
CREATE, ONE = "/fulfillments$", "/fulfillments/."


def client(emulator: Emulator, key: str = LIVE, seconds: float = 6) -> Client:
    return Client(emulator.digital_river, key, Gate(PROVIDER), read_seconds=seconds, change_seconds=seconds)


@pytest.fixture
def api(emulator: Emulator) -> Client:
    return client(emulator)


@pytest.fixture
def order_id(emulator: Emulator) -> str:
    """Accepted, in euros: two hundred units over 10.01 each and one over 5.00."""
    id = emulator.cases()["digital_river"]["three_payments"]
    plant(emulator, id)
    return str(id)


def plant(emulator: Emulator, id: str, **members: Any) -> None:
    lines = {
        "line-1": {"total": 200_200, "quantity": 200, "fulfilled": 0, "cancelled": 0},
        "line-2": {"total": 500, "quantity": 1, "fulfilled": 0, "cancelled": 0},
    }
    items = [
        {"id": "line-1", "skuId": "NW-1", "quantity": 200, "state": "created"},
        {"id": "line-2", "quantity": 1, "state": "created"},
    ]
    known = {"currency": "EUR", "totalAmount": 2007.0, "items": items, "$hidden": {"lines": lines, "operations": []}}
    emulator.patch("digital_river_orders", id, **{**known, **members})


def body(order_id: str, *items: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"orderId": order_id, "items": list(items) or [{"itemId": "line-1", "quantity": 1}], **members}


def sent(emulator: Emulator) -> list[tuple[str, str]]:
    return [(call["method"], call["path"]) for call in emulator.calls() if call["provider"] == "digital_river"]


def created(emulator: Emulator) -> int:
    return sum(entry["effect"] == "fulfillment" for entry in emulator.ledger())


# What comes back


def test_a_parcel_is_created_with_all_that_can_be_said_of_it_and_read_again(api: Client, order_id: str) -> None:
    tracking = {"trackingCompany": "UPS", "trackingNumber": "1Z1", "trackingUrl": "https://ups.example/1Z1"}
    costs = {"distributorCost": 1234, "shippingCost": 5, "subfulfillerId": "sub-1", "shipmentItemId": "si-1"}
    item = {"itemId": "line-1", "quantity": 2, "cancelQuantity": 1, **costs}
    more = {"currency": "EUR", "metadata": {"shipmentRef": "S-1", "big": True}, "shipmentId": "s-1", "partnerId": "p"}
    made = api.create_fulfillment(body(order_id, item, **tracking, **more))
    assert (made.order_id, made.live_mode, made.shipment_id) == (order_id, True, "s-1")
    assert made.metadata == {"shipmentRef": "S-1", "big": True}
    assert (made.tracking_company, made.tracking_number, made.tracking_url) == tuple(tracking.values())
    assert abs(made.created_time - datetime.now(UTC)) < timedelta(minutes=5)
    line = made.items[0]
    assert (line.item_id, line.sku_id, line.quantity, line.cancel_quantity) == ("line-1", "NW-1", 2, 1)
    assert (line.distributor_cost, line.shipping_cost) == (Money(1234, "EUR"), Money(5, "EUR"))
    assert (line.subfulfiller_id, line.shipment_item_id) == ("sub-1", "si-1")
    assert api.fulfillments(Filters(ids=(made.id,))).rows == [made]


def test_one_fulfillment_tells_of_its_order(api: Client, order_id: str) -> None:
    made = api.create_fulfillment(body(order_id, {"itemId": "line-2", "quantity": 1}))
    found = api.fulfillment(made.id)
    order = found.order_details
    assert order is not None
    assert (order.id, order.state, order.currency, order.live_mode) == (order_id, "accepted", "EUR", True)
    assert [(item.id, item.quantity, item.state) for item in order.items] == [
        ("line-1", 200, "created"),
        ("line-2", 1, "fulfilled"),
    ]
    assert (order.total, order.captured, order.canceled) == (Money(200700, "EUR"), Money(0, "EUR"), Money(0, "EUR"))
    assert "accepted" in (order.state_transitions or {})
    assert len(found.charge_operation_ids) == 1


def test_the_mode_is_that_of_the_key(emulator: Emulator) -> None:
    assert {row.live_mode for row in client(emulator, LIVE).fulfillments(Filters()).rows} == {True}
    assert {row.live_mode for row in client(emulator, TEST).fulfillments(Filters()).rows} == {False}


def test_tracking_and_metadata_are_changed_and_quantities_stay(api: Client, order_id: str) -> None:
    made = api.create_fulfillment(body(order_id, metadata={"shipmentRef": "S-1"}))
    items = [{"itemId": "line-1", "trackingNumber": "77"}]
    changed = api.update_fulfillment(
        made.id, {"trackingCompany": "GLS", "trackingNumber": "77", "metadata": {"shipmentRef": "S-1"}, "items": items}
    )
    assert (changed.id, changed.tracking_company, changed.tracking_number) == (made.id, "GLS", "77")
    assert (changed.items[0].tracking_number, changed.items[0].quantity) == ("77", 1)
    assert changed.metadata == {"shipmentRef": "S-1"}


def test_unknown_members_are_ignored_and_unknown_states_kept(emulator: Emulator, api: Client, order_id: str) -> None:
    made = api.create_fulfillment(body(order_id))
    emulator.patch("digital_river_orders", order_id, state="teleported", novelty=[1])
    emulator.patch("digital_river_fulfillments", made.id, novelty={"a": 1})
    details = api.fulfillment(made.id).order_details
    assert details is not None
    assert details.state == "teleported"


# Filters


def three_parcels(api: Client, order_id: str) -> list[str]:
    """The newest first."""
    made = [
        api.create_fulfillment(body(order_id, trackingCompany="UPS", trackingNumber="1Z 1")),
        api.create_fulfillment(body(order_id, trackingCompany="GLS", trackingNumber="42&limit=1")),
        api.create_fulfillment(body(order_id, {"itemId": "line-2", "quantity": 1}, trackingNumber="#7")),
    ]
    return [one.id for one in reversed(made)]


def ids(api: Client, **wanted: Any) -> list[str]:
    return [row.id for row in api.fulfillments(Filters(**wanted)).rows]


def test_each_filter_of_the_list_filters(api: Client, order_id: str) -> None:
    third, second, first = three_parcels(api, order_id)
    assert ids(api, order_id=order_id) == [third, second, first]
    assert ids(api, ids=(first, third)) == [third, first]
    assert ids(api, order_id=order_id, sku_id="NW-1") == [second, first]
    assert ids(api, order_id=order_id, tracking_company="UPS") == [first]
    assert ids(api, tracking_number="42&limit=1") == [second]
    assert ids(api, tracking_number="#7") == [third]
    assert ids(api, order_id=order_id, limit=2) == [third, second]
    assert ids(api, order_id=order_id, starting_after=third) == [second, first]
    assert ids(api, order_id=order_id, ending_before=first) == [third, second]
    assert ids(api, order_id=order_id, tracking_company="nobody") == []


def test_the_time_of_creation_can_be_bounded_on_both_sides(api: Client, order_id: str) -> None:
    made = api.create_fulfillment(body(order_id)).created_time
    second = timedelta(seconds=1)
    inside: list[dict[str, datetime]] = [
        {"created": made},
        {"created_gte": made},
        {"created_lte": made},
        {"created_gt": made - second},
        {"created_lt": made + second},
        {"created_gte": made, "created_lt": made + second},
    ]
    outside: list[dict[str, datetime]] = [
        {"created": made - second},
        {"created_gt": made},
        {"created_lt": made},
        {"created_gte": made + second},
        {"created_lte": made - second},
    ]
    assert [len(ids(api, order_id=order_id, **bounds)) for bounds in inside] == [1] * len(inside)
    assert [len(ids(api, order_id=order_id, **bounds)) for bounds in outside] == [0] * len(outside)


def test_a_page_says_whether_there_is_more_and_both_cursors_walk_the_list(api: Client, order_id: str) -> None:
    third, second, first = three_parcels(api, order_id)
    newest = api.fulfillments(Filters(order_id=order_id, limit=1))
    assert ([row.id for row in newest.rows], newest.has_more) == ([third], True)
    oldest = api.fulfillments(Filters(order_id=order_id, limit=2, starting_after=second))
    assert ([row.id for row in oldest.rows], oldest.has_more) == ([first], False)
    newer = api.fulfillments(Filters(order_id=order_id, limit=1, ending_before=first))
    assert ([row.id for row in newer.rows], newer.has_more) == ([second], True)


def test_a_row_that_cannot_be_read_is_counted_and_the_others_are_shown(
    emulator: Emulator, api: Client, order_id: str
) -> None:
    third, second, first = three_parcels(api, order_id)
    emulator.patch("digital_river_fulfillments", second, items="none")
    page = api.fulfillments(Filters(order_id=order_id))
    assert [row.id for row in page.rows] == [third, first]
    assert [(place, row.id) for place, row in page.unreadable] == [(1, second)]


# All of an order


def test_all_of_an_order_are_read_page_by_page(emulator: Emulator, api: Client, order_id: str) -> None:
    made = [api.create_fulfillment(body(order_id)).id for _ in range(103)]
    emulator.forget_calls()
    assert [one.id for one in api.all_of_order(order_id)] == list(reversed(made))
    assert len(sent(emulator)) == 2


def test_an_order_without_fulfillments_has_none(api: Client, order_id: str) -> None:
    assert api.all_of_order(order_id) == []


def test_without_an_order_id_nothing_is_asked(emulator: Emulator, api: Client) -> None:
    emulator.forget_calls()
    with pytest.raises(NotSent, match="Digital River"):
        api.all_of_order("")
    assert sent(emulator) == []


PLAUSIBLE = {
    "id": "ful_1", "orderId": "another", "createdTime": "2026-11-21T12:00:00Z", "liveMode": True, "items": []
}  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        {"hasMore": False, "data": [{"id": "ful_1"}]},
        {"hasMore": True, "data": []},
        {"hasMore": False, "data": [PLAUSIBLE]},
        {"data": []},
        {"hasMore": False},
        {},
        [],
        None,
    ],
    ids=["unreadable row", "more of nothing", "another order's", "whole or not", "no data", "empty", "a list", "null"],
)
def test_what_may_hide_a_fulfillment_is_never_an_empty_list(
    answer: object, emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.fault("respond", CREATE, method="GET", text=json.dumps(answer))
    with pytest.raises(InDoubt, match="Digital River"):
        api.all_of_order(order_id)


def test_a_list_that_repeats_itself_comes_to_an_end(emulator: Emulator, api: Client, order_id: str) -> None:
    row = {**PLAUSIBLE, "orderId": order_id}
    emulator.fault("respond", CREATE, method="GET", times=2, text=json.dumps({"hasMore": True, "data": [row]}))
    with pytest.raises(InDoubt, match="does not come to an end"):
        api.all_of_order(order_id)


def test_a_list_that_goes_on_for_ever_is_given_up(emulator: Emulator, api: Client, order_id: str) -> None:
    for number in range(20):
        row = {**PLAUSIBLE, "id": f"ful_{number}", "orderId": order_id}
        emulator.fault("respond", CREATE, method="GET", text=json.dumps({"hasMore": True, "data": [row]}))
    with pytest.raises(InDoubt, match="more fulfillments of this order than we read"):
        api.all_of_order(order_id)


# Costs


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1234, "EUR", "12.34"),
        (10, "EUR", "0.10"),
        (0, "EUR", "0.00"),
        (1234, "JPY", "1234"),
        (1234, "KWD", "1.234"),
        (5, "KWD", "0.005"),
        (999_999_999_999_999, "EUR", "9999999999999.99"),
        (999_999_999_999_999, "KWD", "999999999999.999"),
        (1, "CLF", "0.0001"),
    ],
)
def test_costs_are_written_and_read_exactly(minor: int, currency: str, written: str) -> None:
    item = {"itemId": "1", "quantity": 1, "distributorCost": minor}
    wire = encoded_body({"orderId": "1", "items": [item], "currency": currency})
    assert f'"distributorCost":{written},'.encode() in wire
    assert minor_units(Decimal(written), currency) == minor
    assert minor_units(major_units(minor, currency), currency) == minor


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1234), ("EUR", 1010), ("KWD", 1001), ("EUR", 1)])
def test_costs_come_back_as_they_were_sent(currency: str, minor: int, api: Client, order_id: str) -> None:
    item = {"itemId": "line-1", "quantity": 1, "distributorCost": minor, "shippingCost": minor}
    made = api.create_fulfillment(body(order_id, item, currency=currency))
    assert (made.items[0].distributor_cost, made.items[0].shipping_cost) == (Money(minor, currency),) * 2


@pytest.mark.parametrize(
    ("cost", "currency"), [(12.5, "EUR"), ("1250", "EUR"), (True, "EUR"), (10**16, "EUR"), (1, "XXX"), (1, "")]
)
def test_a_cost_that_is_no_whole_number_of_minor_units_is_not_sent(
    cost: Any, currency: str, emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.forget_calls()
    item = {"itemId": "line-1", "quantity": 1, "shippingCost": cost}
    with pytest.raises(NotSent, match="Digital River"):
        api.create_fulfillment(body(order_id, item, currency=currency))
    assert sent(emulator) == []
    assert api.last_exchange is None


@pytest.mark.parametrize("said", ["12.345", "1e40", '"NaN"', '"Infinity"'])
def test_a_cost_that_fits_no_minor_units_is_no_amount_and_loses_no_row(said: str) -> None:
    row = {**PLAUSIBLE, "currency": "EUR", "items": [{"itemId": "1", "quantity": 1, "shippingCost": 0}]}
    found = read_fulfillment(json.dumps(row).replace('"shippingCost": 0', f'"shippingCost": {said}').encode())
    assert found.items[0].shipping_cost is None
    assert found.items[0].shipping_cost_said is not None


def test_text_that_is_no_unicode_is_not_sent(api: Client, order_id: str) -> None:
    with pytest.raises(NotSent):
        api.create_fulfillment(body(order_id, trackingNumber="\ud800"))


# Refusals


def attempt(api: Client, body: dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as refused:
        api.create_fulfillment(body)
    assert str(refused.value).startswith("Digital River said: ")
    assert refused.value.request_id
    assert api.last_exchange is not None
    assert api.last_exchange.request_id == refused.value.request_id
    return refused.value


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("fulfilled", "order_fulfilled"),
        ("complete", "order_complete"),
        ("cancelled", "order_cancelled"),
        ("dispute", "order_not_submitted"),
        ("in_review", "order_not_submitted"),
    ],
)
def test_an_order_that_takes_nothing_more_says_why(
    state: str, code: str, emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.patch("digital_river_orders", order_id, state=state)
    refused = attempt(api, body(order_id))
    assert (refused.status, refused.code, refused.param) == (409, code, "orderId")


@pytest.mark.parametrize(
    ("before", "item", "expected"),
    [
        ({"quantity": 1}, {"quantity": 200}, (409, "quantity_too_large", "quantity")),
        ({"quantity": 200}, {"quantity": 1}, (409, "item_fulfilled", "itemId")),
        ({"cancelQuantity": 200}, {"quantity": 1}, (409, "item_cancelled", "itemId")),
        ({"quantity": 1}, {"quantity": 0}, (400, "invalid_quantity_amount", "items[0].quantity")),
        ({"quantity": 1}, {}, (400, "missing_parameter", "items[0].quantity")),
        ({"quantity": 1}, {"quantity": 1, "novelty": 1}, (400, "unknown_parameter", "items[0].novelty")),
        ({"quantity": 1}, {"quantity": 1, "itemId": "nobody"}, (400, "invalid_parameter", "items[0].itemId")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_line_that_cannot_be_shipped_says_why(
    before: dict[str, Any], item: dict[str, Any], expected: tuple[int, str, str], api: Client, order_id: str
) -> None:
    api.create_fulfillment(body(order_id, {"itemId": "line-1", **before}))
    refused = attempt(api, body(order_id, {"itemId": "line-1", **item}))
    assert (refused.status, refused.code, refused.param) == expected


def test_an_expired_authorization_is_told_in_its_own_words(emulator: Emulator, api: Client, order_id: str) -> None:
    emulator.settings(digital_river_authorization="expired")
    refused = attempt(api, body(order_id))
    assert (refused.status, refused.code) == (409, "payment_authorization_failed")
    assert "authorization" in refused.message


def test_an_unknown_order_and_an_unknown_fulfillment_are_missing(api: Client) -> None:
    assert isinstance(attempt(api, body("nobody")), Missing)
    with pytest.raises(Missing):
        api.fulfillment("ful_nobody")
    with pytest.raises(Missing):
        api.update_fulfillment("ful_nobody", {"trackingNumber": "1"})


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "currency_unsupported", Refused),
        (400, "charge_not_capturable", Refused),
        (401, "api_key_expired", KeyRefused),
        (403, "account_closed", ScopeMissing),
        (404, "not_found", Missing),
        (405, "method_not_allowed", Refused),
        (406, "not_acceptable", Refused),
        (409, "not_found", Missing),
        (409, "already_exists", Refused),
        (409, "order_already_complete", Refused),
    ],
)
def test_every_refusal_has_its_kind_and_its_code(
    status: int, code: str, kind: type[Refused], emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.fault("error", CREATE, method="POST", status=status, code=code, message="No.")
    refused = attempt(api, body(order_id))
    assert type(refused) is kind
    assert (refused.status, refused.code, refused.message) == (status, code, "No.")


@pytest.mark.parametrize(
    "said",
    ["", "<h1>Conflict</h1>", "null", "[]", "{}", '{"errors": null}', '{"errors": []}', '{"errors": ["no"]}',
     '{"errors": [{"code": 7, "message": ["no"]}]}', '{"type": "conflict", "errors": {"code": "x"}}', "[" * 9999],
)  # fmt: skip
def test_a_no_in_another_shape_than_the_documented_one_may_be_anybodys(
    said: str, emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.fault("respond", CREATE, method="POST", status=409, text=said)
    with pytest.raises(InDoubt, match="not as Digital River refuses") as unknown:
        api.create_fulfillment(body(order_id))
    assert unknown.value.status == 409


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (409, "conflict", "something_new"),
        (402, "bad_request", "invalid_parameter"),
        (409, "bad_request", "item_fulfilled"),
        (403, "forbidden", "waf_blocked"),
        (451, "legal", "not_found"),
    ],
)
def test_a_no_with_another_code_or_status_than_a_documented_one_may_be_anybodys(
    status: int, kind: str, code: str, emulator: Emulator, api: Client, order_id: str
) -> None:
    said = {"type": kind, "errors": [{"code": code, "message": "No."}]}
    emulator.fault("respond", CREATE, method="POST", status=status, body=said)
    with pytest.raises(InDoubt):
        api.create_fulfillment(body(order_id))


def test_only_the_first_of_several_errors_decides(emulator: Emulator, api: Client, order_id: str) -> None:
    errors = [{"code": "item_fulfilled", "description": "Done."}, {"code": "quantity_too_large", "message": "No."}]
    emulator.fault("respond", CREATE, method="POST", status=409, text=json.dumps({"errors": errors}))
    with pytest.raises(Refused) as told:
        api.create_fulfillment(body(order_id))
    assert (told.value.code, told.value.message) == ("item_fulfilled", "Done.")


@pytest.mark.parametrize("key", ["sk_nobody", "op_northwind_live_demo", "rk_live_northwind_demo"])
def test_a_key_of_somebody_else_is_refused(key: str, emulator: Emulator) -> None:
    with pytest.raises(KeyRefused) as refused:
        client(emulator, key).fulfillments(Filters())
    assert refused.value.title == "Digital River refused this merchant’s key."


@pytest.mark.parametrize("key", ["", "sk_ключ", "sk_\r\nX-Evil: 1", "sk_\x00"])
def test_a_key_that_is_no_header_is_not_sent(key: str, emulator: Emulator) -> None:
    emulator.forget_calls()
    with pytest.raises(NotSent):
        client(emulator, key).fulfillments(Filters())
    assert sent(emulator) == []


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_not_sent(id: str, emulator: Emulator, api: Client) -> None:
    emulator.forget_calls()
    with pytest.raises(NotSent):
        api.fulfillment(id)
    assert sent(emulator) == []


@pytest.mark.parametrize("id", ["../fulfillments", "a/b", "a?b=c", "a#b", "ful_é", "a b", "%2e%2e"])
def test_an_id_stays_one_segment(id: str, emulator: Emulator, api: Client) -> None:
    emulator.forget_calls()
    with pytest.raises(Missing):
        api.fulfillment(id)
    [(_, path)] = sent(emulator)
    assert path.count("/") == 3


# Faults

UNCLEAR: dict[str, dict[str, Any]] = {
    "408": {"kind": "error", "status": 408},
    "500": {"kind": "error", "status": 500},
    "502 with HTML": {"kind": "bad_gateway"},
    "503": {"kind": "error", "status": 503},
    "504": {"kind": "error", "status": 504},
    "200 with HTML": {"kind": "html"},
    "204": {"kind": "empty", "status": 204},
    "200 and empty": {"kind": "empty"},
    "a redirect": {"kind": "respond", "status": 302, "headers": {"Location": "http://169.254.169.254/"}},
    "closed before the answer": {"kind": "disconnect", "how": "close"},
    "reset before the answer": {"kind": "disconnect", "how": "reset"},
    "broken off": {"kind": "cut", "how": "close"},
    "truncated JSON": {"kind": "truncated"},
    "null": {"kind": "respond", "text": "null"},
    "another order": {"kind": "alter", "set": {"orderId": "another"}},
    "no id": {"kind": "alter", "set": {"id": None}},
    "units as text": {"kind": "alter", "set": {"items.0.quantity": "many"}},
    "JSON 100,000 deep": {"kind": "deep_json"},
    "gzip bomb": {"kind": "gzip_bomb"},
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_create_without_a_clear_answer_is_unknown_and_goes_out_once(
    fault: dict[str, Any], emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.forget_calls()
    emulator.fault(path=CREATE, method="POST", **fault)
    with pytest.raises(InDoubt, match="Digital River") as unknown:
        api.create_fulfillment(body(order_id))
    assert sent(emulator) == [("POST", "/digital-river/fulfillments")]
    titles = ("Digital River does not answer.", "Digital River’s answer could not be read.")
    assert unknown.value.title in titles


@pytest.mark.parametrize("status", [408, 500, 504])
def test_the_work_may_be_done_and_the_answer_a_failure(
    status: int, emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.fault("error", CREATE, method="POST", status=status, after_work=True)
    with pytest.raises(InDoubt) as unknown:
        api.create_fulfillment(body(order_id, metadata={"shipmentRef": "S-9"}))
    assert unknown.value.status == status
    assert created(emulator) == 1
    assert [one.metadata for one in api.all_of_order(order_id)] == [{"shipmentRef": "S-9"}]


def test_an_update_goes_out_once_too(emulator: Emulator, api: Client, order_id: str) -> None:
    made = api.create_fulfillment(body(order_id))
    emulator.forget_calls()
    emulator.fault("disconnect", ONE, method="POST", after_work=True)
    with pytest.raises(InDoubt):
        api.update_fulfillment(made.id, {"trackingNumber": "1"})
    assert len(sent(emulator)) == 1


def test_a_read_is_tried_twice(emulator: Emulator, api: Client, order_id: str) -> None:
    emulator.forget_calls()
    emulator.fault("disconnect", CREATE, method="GET")
    assert api.all_of_order(order_id) == []
    assert len(sent(emulator)) == 2


@pytest.mark.parametrize(("method", "kind"), [("GET", "hang"), ("POST", "hang"), ("POST", "drip")])
def test_a_slow_answer_is_given_up_in_time(method: str, kind: str, emulator: Emulator, order_id: str) -> None:
    slow = {"seconds": 0.2, "bytes": 4} if kind == "drip" else {}
    emulator.fault(kind, CREATE, method=method, times=2, **slow)
    impatient = client(emulator, seconds=0.5)
    before = datetime.now(UTC)
    with pytest.raises(InDoubt, match="Digital River did not answer within"):
        impatient.create_fulfillment(body(order_id)) if method == "POST" else impatient.all_of_order(order_id)
    assert datetime.now(UTC) - before < timedelta(seconds=2)
    assert impatient.last_exchange is not None
    assert (impatient.last_exchange.status, impatient.last_exchange.excerpt) == (0, "")


def test_nobody_there_is_not_sent(emulator: Emulator) -> None:
    nobody = Client("http://127.0.0.1:1", LIVE, Gate(PROVIDER))
    with pytest.raises(NotSent, match=r"^No connection to Digital River\.$"):
        nobody.create_fulfillment(body("1"))


def test_too_many_calls_are_waited_for_and_a_change_is_not_sent_again(
    emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.forget_calls()
    emulator.fault("rate_limited", CREATE, method="POST", retry_after="120")
    with pytest.raises(RateLimited) as told:
        api.create_fulfillment(body(order_id))
    assert (told.value.wait, told.value.title) == (120, "Digital River asks us to wait.")
    with pytest.raises(RateLimited):  # the next one knows without asking
        api.all_of_order(order_id)
    assert len(sent(emulator)) == 1
    assert api.last_exchange is None


def test_after_a_row_of_failures_the_partner_is_left_alone_for_a_while(
    emulator: Emulator, api: Client, order_id: str
) -> None:
    emulator.fault("error", CREATE, method="POST", status=503, times=9)
    for _ in range(5):
        with pytest.raises(InDoubt):
            api.create_fulfillment(body(order_id))
    with pytest.raises(NotSent, match="Digital River has not answered several calls"):
        api.create_fulfillment(body(order_id))


# The record


def test_the_last_exchange_is_kept_for_the_record(emulator: Emulator, api: Client, order_id: str) -> None:
    made = api.create_fulfillment(body(order_id))
    kept = api.last_exchange
    assert kept is not None
    assert (kept.method, kept.path, kept.status) == ("POST", "/fulfillments", 201)
    assert kept.request_id
    assert made.id in kept.excerpt
    emulator.patch("digital_river_fulfillments", made.id, metadata={"long": "x" * 5000})
    api.fulfillment(made.id)
    assert api.last_exchange is not None
    assert (api.last_exchange.path, len(api.last_exchange.excerpt)) == (f"/fulfillments/{made.id}", 2000)


def parts_of(error: ApiError, api: Client) -> str:
    kept = api.last_exchange
    return f"{error} {error.args} {vars(error)} {kept}"


@pytest.mark.parametrize("key", ["sk_with/slash+and=sign", "sk_very_secret"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 409, 500])
def test_what_is_said_of_the_key_comes_without_the_key(status: int, key: str, emulator: Emulator) -> None:
    for said in (key, key.replace("/", "\\/")):
        text = f'{{"errors": [{{"code": "{said}", "message": "{said} is bad", "parameter": "{said}"}}]}}'
        headers = {"x-dr-requestid": f"r-{key}"}
        emulator.fault("respond", CREATE, method="POST", status=status, text=text, headers=headers)
        api = client(emulator, key)
        with pytest.raises(ApiError) as error:
            api.create_fulfillment(body("1"))
        told = parts_of(error.value, api)
        assert key not in told
        assert said not in told
        assert "[key]" in told


def test_the_version_goes_along(emulator: Emulator, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(api.fulfillments(Filters(limit=1)).rows[0], Fulfillment)
    monkeypatch.setattr("orders.apis.digital_river.client.VERSION", "2020-01-07")
    with pytest.raises(Refused, match="version"):
        client(emulator).fulfillments(Filters())
