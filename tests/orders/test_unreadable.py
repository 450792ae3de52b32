"""What the APIs send that is not what we expect: nulls are absent members, the rest is said, numbered and shown raw."""

import json
from typing import Any

import msgspec
import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from orders.apis.calls import taken_apart
from orders.apis.decoding import DEEPEST, MOST_VALUES, too_deep
from orders.apis.digital_river import objects as digital_river
from orders.apis.errors import NotSent, NotUnderstood
from orders.apis.order_protection import objects as order_protection
from orders.apis.revkeen import objects, reads
from orders.forms.fields import json_values
from tests.support.emulation import Emulator

KINDS = {
    "order": (objects.reader(objects.Order), objects.Order),
    "payment method": (objects.reader(objects.PaymentMethod), objects.PaymentMethod),
    "product": (objects.reader(objects.Product), objects.Product),
    "price": (objects.reader(objects.Price), objects.Price),
    "transaction": (objects.reader(objects.Transaction), objects.Transaction),
    "refund": (objects.reader(objects.Refund), objects.Refund),
    "invoice": (objects.reader(objects.Invoice), objects.Invoice),
    "event": (objects.reader(objects.Event), objects.Event),
    "customer": (objects.read_customer, objects.Customer),
    "fulfillment at Digital River": (digital_river.read_fulfillment, digital_river.Fulfillment),
    "fulfillment at OrderProtection": (order_protection.read_fulfillment, order_protection.Fulfillment),
}
UUID = "01890000-0000-7000-8000-000000000001"
SAMPLES = {"datetime": "2026-01-02T03:04:05Z", "UUID": UUID, "str": "x", "int": 1, "bool": True}


@pytest.fixture
def order_id(emulator: Emulator) -> str:
    return str(next(order for order in emulator.orders() if order["invoice_id"] and order["customer_id"])["id"])


def order_page(browser: Client, order_id: str, name: str = "order_detail") -> Any:
    return browser.get(reverse(name, args=["northwind", "live", order_id]))


# Nulls


def smallest(kind: Any) -> dict[str, Any]:
    """The members that a kind must have, and a null for each that may be absent, in the objects inside it too."""
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        inner = next((one for one in getattr(field.type, "__args__", ()) if hasattr(one, "__struct_fields__")), None)
        if inner is not None:
            made[field.encode_name] = [smallest(inner)] if "tuple" in str(field.type) else smallest(inner)
        elif hasattr(field.type, "__struct_fields__"):
            made[field.encode_name] = smallest(field.type)
        elif field.required:
            made[field.encode_name] = sample(field.type)
        else:
            made[field.encode_name] = None
    return made


def sample(kind: Any) -> Any:
    return next(value for name, value in SAMPLES.items() if name in str(kind))


@pytest.mark.parametrize(("read", "kind"), KINDS.values(), ids=KINDS.keys())
def test_a_null_is_read_as_absent_wherever_a_member_may_be_absent(read: Any, kind: Any) -> None:
    with_nulls = smallest(kind)
    assert "null" in json.dumps(with_nulls)

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(one) for one in value]
        if isinstance(value, dict):
            return {name: without(one) for name, one in value.items() if one is not None}
        return value

    assert read(json.dumps(with_nulls).encode()) == read(json.dumps(without(with_nulls)).encode())


def test_a_null_of_a_member_that_must_be_there_is_still_refused() -> None:
    whole = smallest(objects.Order) | {"total": None}
    with pytest.raises(msgspec.ValidationError, match="total"):
        objects.reader(objects.Order)(json.dumps(whole).encode())


def test_nulls_inside_metadata_are_the_merchants_and_stay() -> None:
    whole = smallest(objects.Order) | {"metadata": {"gift": None}}
    assert objects.reader(objects.Order)(json.dumps(whole).encode()).metadata == {"gift": None}


def test_an_amount_at_digital_river_stays_exact_beside_a_null() -> None:
    whole = smallest(digital_river.Fulfillment) | {"metadata": None}
    text = json.dumps(whole).replace('"distributorCost": null', '"distributorCost": 12345678901234567.89')
    cost = digital_river.read_fulfillment(text.encode()).items[0].distributor_cost_said
    assert str(cost) == "12345678901234567.89"


def test_a_list_with_nulls_for_what_it_need_not_say_is_a_list() -> None:
    said = {"data": [], "has_more": None, "pagination": None, "meta": None, "total_count": None}
    assert reads.products().decode(json.dumps(said).encode()).rows == []


def test_an_order_with_a_null_in_a_line_is_shown(admin: Client, order_id: str, emulator: Emulator) -> None:
    nulls = {f"line_items.0.{name}": None for name in ("tax", "discount", "metadata", "position", "product_id")}
    emulator.fault("alter", path=f"/orders/{order_id}$", set={**nulls, "metadata": None}, times=5)
    assert order_page(admin, order_id).status_code == 200


# Own words, number, raw JSON


def test_an_order_that_cannot_be_read_has_words_of_its_own_and_its_raw_json(
    admin: Client, order_id: str, emulator: Emulator
) -> None:
    emulator.fault("alter", path=f"/orders/{order_id}$", set={"amount_due": "many <b>"}, times=5)
    page = order_page(admin, order_id)
    text = page.content.decode()
    assert page.status_code == 503
    assert "RevKeen’s answer could not be read." in text
    assert "$.amount_due" in text
    assert "does not answer" not in text
    raw = reverse("order_json", args=["northwind", "live", order_id])
    assert raw in text
    shown = admin.get(raw)
    assert shown.status_code == 200
    assert "many &lt;b&gt;" in shown.content.decode()


def test_a_row_that_cannot_be_read_has_its_number_and_its_raw_json(admin: Client, emulator: Emulator) -> None:
    number = emulator.orders("limit=50")[3]["public_id"]
    emulator.fault("alter", path="/orders$", set={"data.3.total": "12 of them"})
    text = admin.get(reverse("order_list", args=["northwind", "live"])).content.decode()
    assert text.count("Unreadable") == 1
    assert f"<bdi>{number}</bdi>" in text
    assert "&quot;total&quot;: &quot;12 of them&quot;" in text


def test_a_customer_that_cannot_be_read_has_a_name_and_raw_json(admin: Client, emulator: Emulator) -> None:
    emulator.fault("alter", path="/customers$", set={"data.0.email": 7, "data.0.name": "Acme & Sons"})
    text = admin.get(reverse("customer_list", args=["northwind", "live"])).content.decode()
    assert "<bdi>Acme &amp; Sons</bdi>" in text
    assert "&quot;email&quot;: 7" in text


# Depth and size


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (nested(DEEPEST), False),
        (nested(DEEPEST + 1), True),
        (b"[" * DEEPEST + b"]" * DEEPEST, False),
        (b"[" * 100_000, True),
        (b"[" + b'["\\"[[[{{",{}],' * 1000 + b"1]", False),
        (b'"' + b"[" * 1000 + b'"', False),
    ],
)
def test_depth_is_counted_outside_of_texts(text: bytes, deep: bool) -> None:
    assert too_deep(text) is deep


@pytest.mark.parametrize(("read", "kind"), KINDS.values(), ids=KINDS.keys())
def test_what_is_nested_too_deeply_is_refused_in_words(read: Any, kind: Any) -> None:
    text = json.dumps(smallest(kind) | {"other": 0}).encode().replace(b'"other": 0', b'"other": ' + nested(900))
    with pytest.raises(msgspec.ValidationError, match="more than 64 levels deep"):
        read(text)


@pytest.mark.parametrize("name", ["order_detail", "order_json", "order_list"])
@pytest.mark.parametrize("levels", [70, 900])
def test_metadata_nested_without_end_breaks_no_page(
    levels: int, name: str, admin: Client, order_id: str, emulator: Emulator
) -> None:
    where = ["northwind", "live", *([] if name == "order_list" else [order_id])]
    admin.get(reverse(name, args=where))  # a copy is kept
    whole = json.dumps(emulator.get(f"/orders/{order_id}") | {"metadata": 0})
    deep = whole.replace('"metadata": 0', f'"metadata": {nested(levels).decode()}')
    listed = f'{{"object":"list","data":[{deep}],"has_more":false}}'
    emulator.fault("respond", path="/orders$", text=listed, times=9)
    emulator.fault("respond", path=f"/orders/{order_id}$", text=deep, times=9)
    for _ in range(2):  # the second finds what the first has kept
        page = admin.get(reverse(name, args=where))
        assert page.status_code == 200
        assert "more than 64 levels deep" in page.content.decode()


@pytest.mark.parametrize("levels", [DEEPEST, 900, 100_000])
def test_what_somebody_types_is_not_nested_without_end_either(levels: int) -> None:
    with pytest.raises(ValidationError, match="64 levels are the most"):
        json_values.parsed(json_values.JSON, f"[{nested(levels).decode()}]")
    assert json_values.parsed(json_values.JSON, nested(DEEPEST).decode())


@pytest.mark.parametrize("levels", [70, 900, 100_000])
@pytest.mark.parametrize("name", ["mfa_login_webauthn", "mfa_reauthenticate_webauthn", "mfa_add_webauthn"])
def test_a_passkey_that_is_nested_without_end_is_a_bad_request(name: str, levels: int, admin: Client) -> None:
    answer = admin.post(reverse(name), {"credential": nested(levels).decode()})
    assert answer.status_code == 400


def test_whatever_goes_wrong_while_an_answer_is_read_it_is_not_understood() -> None:
    def trips(body: bytes) -> None:
        raise {b"1": OverflowError, b"2": RecursionError, b"3": KeyError, b"4": ValueError}[body]("x")

    for body in (b"1", b"2", b"3", b"4"):
        with pytest.raises(NotUnderstood):
            taken_apart(trips, body)
    assert not issubclass(NotUnderstood, NotSent)


@pytest.mark.parametrize(
    "text", [b"1" + b",1" * (MOST_VALUES + 1), b"[" * (MOST_VALUES + 1), b'{"":0}' * (MOST_VALUES + 1)]
)
def test_an_answer_of_very_many_values_is_not_taken_apart(text: bytes) -> None:
    with pytest.raises(NotUnderstood, match="more in one answer than we read"):
        taken_apart(msgspec.json.decode, text)
