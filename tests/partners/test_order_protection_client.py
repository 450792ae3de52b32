"""OrderProtection's operations on fulfillments, over HTTP: statuses, whole lists, and every way to fail."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

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
from orders.apis.order_protection.client import PROVIDER, Client
from orders.apis.order_protection.objects import STATUSES, Fulfillment, read_fulfillment
from tests.support.emulation import ROOT, Emulator

LIVE, TEST = "op_northwind_live_demo", "op_northwind_test_demo"
LIST, ONE = "/fulfillments$", "/fulfillments/."


def client(emulator: Emulator, key: str = LIVE, seconds: float = 6) -> Client:
    return Client(emulator.order_protection, key, Gate(PROVIDER), read_seconds=seconds, change_seconds=seconds)


@pytest.fixture
def api(emulator: Emulator) -> Client:
    return client(emulator)


@pytest.fixture
def order(emulator: Emulator) -> Any:
    """As RevKeen has it, which OrderProtection knows by RevKeen's own id."""
    return emulator.get(f"/orders/{emulator.cases()['order_protection']['three_payments']}")


def body(order: Any, **members: Any) -> dict[str, Any]:
    line = order["line_items"][0]
    return {
        "sourceItemIds": [{"sourceItemId": line["id"], "quantity": line["quantity"]}],
        "fulfillmentStatus": "FULFILLED",
        "sourceFulfillmentId": "SHP-1",
        **members,
    }


def sent(emulator: Emulator) -> list[tuple[str, str]]:
    return [(call["method"], call["path"]) for call in emulator.calls() if call["provider"] == "order_protection"]


def read(**members: Any) -> Fulfillment:
    return read_fulfillment(json.dumps({"sourceFulfillmentId": "SHP-1", **members}).encode())


# What goes out and comes back


def test_a_shipment_is_made_known_with_all_that_can_be_said_of_it_and_listed(api: Client, order: Any) -> None:
    numbers, urls = ["1Z1", "1Z2"], ["https://ups.example/1Z1", "https://ups.example/1Z2"]
    times = {"createdAt": "2026-11-20T10:00:00.000Z", "updatedAt": "2026-11-20T11:30:00+01:00"}
    before = len(api.fulfillments(order["id"]))
    api.create_fulfillment(
        order["id"], body(order, trackingCompany="UPS", trackingNumber=numbers, trackingUrl=urls, **times)
    )
    found = api.fulfillments(order["id"])
    assert len(found) == before + 1
    made = next(one for one in found if one.source_fulfillment_id == "SHP-1")
    line = order["line_items"][0]
    assert (made.status, made.status_label, made.tracking_company) == ("FULFILLED", "Shipped", "UPS")
    assert (made.tracking_numbers, made.tracking_urls) == (tuple(numbers), tuple(urls))
    assert [(item.source_item_id, item.quantity) for item in made.source_item_ids] == [(line["id"], line["quantity"])]
    assert (made.created, made.updated) == (
        datetime(2026, 11, 20, 10, tzinfo=UTC),
        datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
    )


def test_the_same_shipment_again_takes_the_place_of_the_first(api: Client, order: Any) -> None:
    api.create_fulfillment(order["id"], body(order, trackingNumber=["1"]))
    api.create_fulfillment(order["id"], body(order, trackingNumber=["2"]))
    [made] = [one for one in api.fulfillments(order["id"]) if one.source_fulfillment_id == "SHP-1"]
    assert made.tracking_numbers == ("2",)


def test_where_a_repeat_is_refused_the_status_can_still_be_set(emulator: Emulator, api: Client, order: Any) -> None:
    api.create_fulfillment(order["id"], body(order))
    emulator.settings(order_protection_repeats="refuse")
    with pytest.raises(Refused) as refused:
        api.create_fulfillment(order["id"], body(order))
    assert refused.value.status == 409
    api.set_status(order["id"], "SHP-1", "DELIVERED")
    assert "DELIVERED" in [one.status for one in api.fulfillments(order["id"])]


def test_every_status_of_its_document_can_be_sent_and_is_read_back(api: Client, order: Any) -> None:
    document = json.loads((ROOT / "emulator/order_protection/openapi.json").read_text())
    assert sorted(value for value, _ in STATUSES) == sorted(document["components"]["schemas"]["Status"]["enum"])
    api.create_fulfillment(order["id"], body(order))
    for value, label in STATUSES:
        api.set_status(order["id"], "SHP-1", value)
        [made] = [one for one in api.fulfillments(order["id"]) if one.source_fulfillment_id == "SHP-1"]
        assert (made.status, made.status_label) == (value, label)


@pytest.mark.parametrize("status", ["NOT_DELIVERED", "fulfilled", "Fulfilled", "shipped", "", "CANCELLED"])
def test_a_status_that_it_does_not_know_is_never_sent(status: str, emulator: Emulator, api: Client, order: Any) -> None:
    emulator.forget_calls()
    with pytest.raises(NotSent, match="OrderProtection has no such status"):
        api.set_status(order["id"], "SHP-1", status)
    assert sent(emulator) == []
    assert api.last_exchange is None


def test_a_status_in_mixed_case_is_understood(emulator: Emulator, api: Client, order: Any) -> None:
    api.create_fulfillment(order["id"], body(order, fulfillmentStatus="OUT_FOR_DELIVERY"))
    emulator.settings(order_protection_mixed_case=True)
    made = next(one for one in api.fulfillments(order["id"]) if one.source_fulfillment_id == "SHP-1")
    assert (made.fulfillment_status, made.status) == ("Out_For_Delivery", "OUT_FOR_DELIVERY")


@pytest.mark.parametrize(
    ("said", "status", "label"),
    [
        (" in-transit ", "IN_TRANSIT", "In transit"),
        ("Out for delivery", "OUT_FOR_DELIVERY", "Out for delivery"),
        ("fulfilled", "FULFILLED", "Shipped"),
        ("NOT_DELIVERED", "NOT_DELIVERED", "Not delivered"),
        ("shipped", "", "shipped"),
        ("", "", ""),
    ],
)
def test_a_status_is_read_however_it_is_written(said: str, status: str, label: str) -> None:
    found = read(fulfillmentStatus=said)
    assert (found.status, found.status_label) == (status, label)


def test_one_number_may_come_as_a_text_and_a_time_may_be_none() -> None:
    found = read(trackingNumber="1Z", trackingUrl=None, createdAt="yesterday", updatedAt="2026-11-20T10:00:00", new=1)
    assert (found.tracking_numbers, found.tracking_urls, found.created) == (("1Z",), (), None)
    assert found.updated == datetime(2026, 11, 20, 10, tzinfo=UTC)
    with pytest.raises(msgspec.ValidationError):
        read(sourceFulfillmentId=7)


# Addresses


def test_a_hash_in_an_orders_id_arrives(emulator: Emulator, api: Client) -> None:
    source_id = emulator.cases()["order_protection"]["paid_hash_in_its_id"]
    assert source_id.startswith("#")
    emulator.forget_calls()
    api.fulfillments(source_id)
    assert sent(emulator)[0][1].startswith("/order-protection/v1/orders/%23")


@pytest.mark.parametrize("id", ["a/b", "../..", "a?b", "é", "100%", "a b", "%2e%2e"])
def test_an_id_stays_one_segment(id: str, emulator: Emulator, api: Client) -> None:
    emulator.forget_calls()
    with pytest.raises(Missing):
        api.set_status(id, id, "DELIVERED")
    assert sent(emulator)[0][1].count("/") == 6


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_not_sent(id: str, emulator: Emulator, api: Client, order: Any) -> None:
    emulator.forget_calls()
    for attempt in (
        lambda: api.fulfillments(id),
        lambda: api.create_fulfillment(id, body(order)),
        lambda: api.set_status(order["id"], id, "DELIVERED"),
    ):
        with pytest.raises(NotSent):
            attempt()
    assert sent(emulator) == []


# Refusals


def test_an_order_it_does_not_know_is_missing(api: Client, order: Any) -> None:
    with pytest.raises(Missing):
        api.fulfillments("nobody")
    with pytest.raises(Missing, match="OrderProtection said: there is no order nobody"):
        api.create_fulfillment("nobody", body(order))
    with pytest.raises(Missing):
        api.set_status(order["id"], "SHP-nobody", "DELIVERED")


def test_what_was_wrong_with_a_shipment_is_told(api: Client, order: Any) -> None:
    with pytest.raises(Refused) as refused:
        api.create_fulfillment(order["id"], body(order, sourceItemIds=[{"sourceItemId": "x", "quantity": 1}]))
    assert (refused.value.status, refused.value.code) == (400, "")
    assert "an item that the order does not have" in str(refused.value)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (401, KeyRefused), (403, ScopeMissing), (404, Missing), (409, Refused)]
)
@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('{"statusCode": 400, "message": ["a", "b"], "error": "Bad"}', "a; b"),
        ('{"message": "no"}', "no"),
        ('{"error": "Bad Request"}', "Bad Request"),
        ('{"message": [{"a": 1}, "b"]}', "b"),
    ],
)
def test_a_no_that_gives_a_reason_is_a_refusal(
    status: int, kind: type[Refused], said: str, message: str, emulator: Emulator, api: Client, order: Any
) -> None:
    emulator.fault("respond", LIST, method="POST", status=status, text=said)
    with pytest.raises(Refused) as refused:
        api.create_fulfillment(order["id"], body(order))
    assert type(refused.value) is kind
    assert (refused.value.status, refused.value.message) == (status, message)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429])
@pytest.mark.parametrize("said", ['{"message": 7}', "[]", "null", "", "<h1>No</h1>"])
def test_a_no_without_a_reason_may_be_anybodys(
    status: int, said: str, emulator: Emulator, api: Client, order: Any
) -> None:
    emulator.fault("respond", LIST, method="POST", status=status, text=said)
    with pytest.raises(InDoubt, match="not as OrderProtection refuses") as unknown:
        api.create_fulfillment(order["id"], body(order))
    assert unknown.value.status == status


def test_a_token_of_somebody_else_is_refused(emulator: Emulator, order: Any) -> None:
    with pytest.raises(KeyRefused) as refused:
        client(emulator, "sk_northwind_demo").fulfillments(order["id"])
    assert refused.value.title == "OrderProtection refused this merchant’s key."
    with pytest.raises(Missing):
        client(emulator, TEST).fulfillments(order["id"])


# Faults

UNCLEAR: dict[str, dict[str, Any]] = {
    "408": {"kind": "error", "status": 408},
    "500": {"kind": "error", "status": 500},
    "502 with HTML": {"kind": "bad_gateway"},
    "503": {"kind": "error", "status": 503},
    "504": {"kind": "error", "status": 504},
    "200 with HTML": {"kind": "html"},
    "200 and empty": {"kind": "empty"},
    "204": {"kind": "empty", "status": 204},
    "a redirect": {"kind": "respond", "status": 302, "headers": {"Location": "http://169.254.169.254/"}},
    "closed before the answer": {"kind": "disconnect", "how": "close"},
    "reset before the answer": {"kind": "disconnect", "how": "reset"},
    "truncated JSON": {"kind": "truncated"},
    "JSON 100,000 deep": {"kind": "deep_json"},
    "gzip bomb": {"kind": "gzip_bomb"},
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_change_without_a_clear_answer_is_unknown_and_goes_out_once(
    fault: dict[str, Any], emulator: Emulator, api: Client, order: Any
) -> None:
    emulator.forget_calls()
    emulator.fault(path=LIST, method="POST", **fault)
    emulator.fault(path=ONE, method="PUT", **fault)
    with pytest.raises(InDoubt, match="OrderProtection"):
        api.create_fulfillment(order["id"], body(order))
    with pytest.raises(InDoubt, match="OrderProtection"):
        api.set_status(order["id"], "SHP-1", "DELIVERED")
    assert [method for method, _ in sent(emulator)] == ["POST", "PUT"]


@pytest.mark.parametrize(("status", "said"), [(200, '{"status":"ok"}'), (201, '{"status":"OK","id":7}')])
def test_its_documented_yes_is_one_with_any_good_status(
    status: int, said: str, emulator: Emulator, api: Client, order: Any
) -> None:
    emulator.fault("respond", LIST, method="POST", status=status, text=said)
    api.create_fulfillment(order["id"], body(order))


@pytest.mark.parametrize(
    "said", ["{}", "[]", "null", '{"error": "no such order"}', '{"status": "failed"}', '{"status":"ok","error":"No."}']
)
def test_any_other_json_is_no_yes(said: str, emulator: Emulator, api: Client, order: Any) -> None:
    emulator.fault("respond", LIST, method="POST", status=200, text=said)
    with pytest.raises(InDoubt):
        api.create_fulfillment(order["id"], body(order))


def test_the_work_may_be_done_and_the_answer_a_failure(emulator: Emulator, api: Client, order: Any) -> None:
    emulator.fault("error", LIST, method="POST", status=504, after_work=True)
    with pytest.raises(InDoubt):
        api.create_fulfillment(order["id"], body(order))
    assert "SHP-1" in [one.source_fulfillment_id for one in api.fulfillments(order["id"])]


@pytest.mark.parametrize("answer", ["{}", "null", '[{"sourceFulfillmentId": null}]', "[7]", '{"data": []}'])
def test_what_may_hide_a_shipment_is_never_an_empty_list(
    answer: str, emulator: Emulator, api: Client, order: Any
) -> None:
    emulator.fault("respond", LIST, method="GET", text=answer)
    with pytest.raises(InDoubt, match="OrderProtection"):
        api.fulfillments(order["id"])


def test_a_read_is_tried_twice(emulator: Emulator, api: Client, order: Any) -> None:
    emulator.forget_calls()
    emulator.fault("disconnect", LIST, method="GET")
    api.fulfillments(order["id"])
    assert len(sent(emulator)) == 2


def test_a_slow_answer_is_given_up_in_time(emulator: Emulator, order: Any) -> None:
    emulator.fault("hang", LIST, method="POST")
    with pytest.raises(InDoubt, match="OrderProtection did not answer within"):
        client(emulator, seconds=0.5).create_fulfillment(order["id"], body(order))


def test_nobody_there_is_not_sent(order: Any) -> None:
    with pytest.raises(NotSent, match=r"^No connection to OrderProtection\.$"):
        Client("http://127.0.0.1:1", LIVE, Gate(PROVIDER)).create_fulfillment(order["id"], body(order))


@pytest.mark.parametrize(("said", "wait"), [("7", 7), ("soon", 5), (None, 5), ("-1", 5)])
def test_too_many_calls_are_told_with_the_time_to_wait(
    said: str | None, wait: int, emulator: Emulator, api: Client, order: Any
) -> None:
    emulator.forget_calls()
    emulator.fault("rate_limited", LIST, method="POST", retry_after=said)
    with pytest.raises(RateLimited) as told:
        api.create_fulfillment(order["id"], body(order))
    assert (told.value.wait, told.value.title) == (wait, "OrderProtection asks us to wait.")
    assert len(sent(emulator)) == 1


# The record


def test_the_last_exchange_is_kept_for_the_record(emulator: Emulator, api: Client, order: Any) -> None:
    api.create_fulfillment(order["id"], body(order))
    kept = api.last_exchange
    assert kept is not None
    assert (kept.method, kept.path, kept.status) == ("POST", f"/v1/orders/{order['id']}/fulfillments", 201)
    assert json.loads(kept.excerpt) == {"status": "ok"}
    emulator.fault("disconnect", ONE, method="PUT")
    with pytest.raises(InDoubt):
        api.set_status(order["id"], "SHP-1", "DELIVERED")
    assert api.last_exchange is not None
    assert (api.last_exchange.method, api.last_exchange.status, api.last_exchange.excerpt) == ("PUT", 0, "")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 409, 500])
def test_what_is_said_of_the_token_comes_without_the_token(status: int, emulator: Emulator, order: Any) -> None:
    token = "op_at_a/b+c=="
    for said in (token, token.replace("/", "\\/")):
        headers = {"x-request-id": f"r-{token}"}
        text = f'{{"message": ["{said} is bad"]'
        emulator.fault("respond", LIST, method="POST", status=status, text=text, headers=headers)
        api = client(emulator, token)
        with pytest.raises(ApiError) as error:
            api.create_fulfillment(order["id"], body(order))
        told = f"{error.value} {error.value.args} {vars(error.value)} {api.last_exchange}"
        assert token not in told
        assert said not in told
        assert "[key]" in told
