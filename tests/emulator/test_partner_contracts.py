"""Digital River and OrderProtection keep to the OpenAPI documents they serve, whatever is sent to them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import assume
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.emulator.driver import Driver, Json
from tests.emulator.test_contract import bounded, is_valid
from tests.support.emulation import ROOT
from tests.support.variants import times

RIVER = ROOT / "emulator" / "digital_river" / "openapi.json"
PROTECTION = ROOT / "emulator" / "order_protection" / "openapi.json"
river = schemathesis.openapi.from_path(RIVER)
protection = schemathesis.openapi.from_path(PROTECTION)
RIVER_KEY = {"Authorization": "Bearer sk_test_northwind_demo"}
PROTECTION_KEY = {"Authorization": "Bearer op_northwind_test_demo"}
SLIPS = ("the order does not have", "ordered", "again", "than trackingNumber")  # what no document can say
CURSORS = ("startingAfter", "endingBefore")


class Orders(list[Json]):
    def __repr__(self) -> str:  # Hypothesis would print them all
        return "Orders(…)"


@pytest.fixture(scope="module")
def seeded_emulator(served_emulator: Driver) -> Driver:
    """As seeded when the first operation is tried; each leaves its traces for the next."""
    served_emulator.reset()
    return served_emulator


@pytest.fixture(scope="module")
def orders(seeded_emulator: Driver) -> Orders:
    """RevKeen's, with the partners' ids in their metadata."""
    rows = seeded_emulator.orders(key="rk_sandbox_northwind_demo")
    return Orders(row for row in rows if "dr_order_id" in row["metadata"] and row["paid_at"])


@river.parametrize()
@bounded(times(12, 40))
def test_every_answer_of_digital_river_is_one_that_its_document_has(
    case: schemathesis.Case, seeded_emulator: Driver
) -> None:
    answer = case.call_and_validate(
        base_url=seeded_emulator.digital_river, headers=RIVER_KEY, excluded_checks=[positive_data_acceptance]
    )
    if is_valid(case) and answer.status_code == 400:
        assert answer.json()["errors"][0]["parameter"] in CURSORS, answer.text  # they name nothing that exists


@river.parametrize()
@bounded(times(8, 25))
def test_a_valid_request_about_an_order_that_exists_keeps_to_digital_river_s_document_too(
    case: schemathesis.Case, seeded_emulator: Driver, orders: Orders
) -> None:
    assume(is_valid(case))
    name_an_order_of_digital_river(case, seeded_emulator, orders)
    answer = case.call_and_validate(
        base_url=seeded_emulator.digital_river, headers=RIVER_KEY, excluded_checks=[positive_data_acceptance]
    )
    assert answer.status_code in (200, 201, 409), answer.text


@protection.parametrize()
@bounded(times(12, 40))
def test_every_answer_of_orderprotection_is_one_that_its_document_has(
    case: schemathesis.Case, seeded_emulator: Driver
) -> None:
    answer = case.call_and_validate(
        base_url=seeded_emulator.order_protection, headers=PROTECTION_KEY, excluded_checks=[positive_data_acceptance]
    )
    if is_valid(case) and answer.status_code == 400:
        assert all(message.endswith(SLIPS) for message in answer.json()["message"]), answer.text


@protection.parametrize()
@bounded(times(8, 25))
def test_a_valid_request_about_an_order_that_exists_keeps_to_orderprotection_s_document_too(
    case: schemathesis.Case, seeded_emulator: Driver, orders: Orders
) -> None:
    assume(is_valid(case))
    name_an_order_of_orderprotection(case, orders)
    answer = case.call_and_validate(
        base_url=seeded_emulator.order_protection, headers=PROTECTION_KEY, excluded_checks=[positive_data_acceptance]
    )
    may_be = {"put": (200, 404), "get": (200,), "post": (201, 409)}
    assert answer.status_code in may_be[case.operation.method], answer.text


@pytest.mark.parametrize(("prefix", "document"), [("digital-river", RIVER), ("order-protection", PROTECTION)])
def test_the_document_served_is_the_one_tested(emulator: Driver, prefix: str, document: Path) -> None:
    served = httpx.get(f"{emulator.address}/{prefix}/openapi.json", trust_env=False).json()
    assert served == json.loads(document.read_text())


# helpers


def name_an_order_of_digital_river(case: schemathesis.Case, emulator: Driver, orders: Orders) -> None:
    """Put an order, its lines or a fulfillment that exists where the request has made-up ones."""
    order = orders[(len(str(case.query)) + len(str(case.body))) % len(orders)]
    lines = [line["metadata"]["dr_item_id"] for line in order["line_items"]]
    fulfillment = a_fulfillment(emulator)
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = fulfillment["id"]
        lines = [item["itemId"] for item in fulfillment["items"]]
    if isinstance(case.query, dict):
        case.query.update({name: fulfillment["id"] for name in CURSORS if name in case.query})
    if isinstance(case.body, dict):
        if "orderId" in case.body:
            case.body["orderId"] = order["metadata"]["dr_order_id"]
        if "items" in case.body:
            case.body["items"] = [{**item, "itemId": id} for item, id in zip(case.body["items"], lines, strict=False)]


def a_fulfillment(emulator: Driver) -> Json:
    answer = httpx.get(f"{emulator.digital_river}/fulfillments?limit=1", headers=RIVER_KEY, trust_env=False)
    return answer.json()["data"][0]


def name_an_order_of_orderprotection(case: schemathesis.Case, orders: Orders) -> None:
    order = orders[(len(str(case.path_parameters)) + len(str(case.body))) % len(orders)]
    if case.path_parameters:
        case.path_parameters["sourceOrderId"] = quote(order["metadata"].get("op_order_id", order["id"]), safe="")
    if isinstance(case.body, dict) and "sourceItemIds" in case.body:
        case.body["sourceItemIds"] = [{"sourceItemId": order["line_items"][0]["id"], "quantity": 1}]
        case.body.pop("trackingUrl", None)  # the document cannot say that there is one for each number
