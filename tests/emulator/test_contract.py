"""The emulator keeps to the OpenAPI document it serves, whatever is sent to it."""

from __future__ import annotations

import json

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.emulator.conftest import TEST
from tests.emulator.driver import Driver
from tests.support.emulation import ROOT
from tests.support.variants import times

DOCUMENT = ROOT / "emulator" / "revkeen" / "openapi.json"
schema = schemathesis.openapi.from_path(DOCUMENT)


@pytest.fixture(scope="module")
def seeded_emulator(served_emulator: Driver) -> Driver:
    """As seeded when the first operation is tried; each leaves its traces for the next."""
    served_emulator.reset()
    return served_emulator


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )


@schema.parametrize()
@bounded(times(12, 40))
def test_every_answer_is_one_that_the_document_has(case: schemathesis.Case, seeded_emulator: Driver) -> None:
    answer = case.call_and_validate(
        base_url=seeded_emulator.api, headers={"x-api-key": TEST}, excluded_checks=[positive_data_acceptance]
    )
    if is_valid(case):
        assert_not_refused_for_its_form(answer)


@schema.parametrize()
@bounded(times(8, 25))
def test_a_valid_request_about_things_that_exist_keeps_to_the_document_too(
    case: schemathesis.Case, seeded_emulator: Driver, things: Things
) -> None:
    assume(is_valid(case))
    name_existing_things(case, things)
    answer = case.call_and_validate(
        base_url=seeded_emulator.api, headers={"x-api-key": TEST}, excluded_checks=[positive_data_acceptance]
    )
    assert_not_refused_for_its_form(answer)
    if case.operation.method == "get":
        assert answer.status_code == 200


def test_the_document_served_is_the_one_tested(emulator: Driver) -> None:
    served = httpx.get(f"{emulator.api}/openapi.json", trust_env=False).json()
    assert served == json.loads(DOCUMENT.read_text())


# helpers


class Things(dict[str, list[str]]):
    """Ids by the member that names them; those in a path by its first segment."""

    def __repr__(self) -> str:  # Hypothesis would print them all
        return "Things(…)"


@pytest.fixture(scope="module")
def things(seeded_emulator: Driver) -> Things:
    with httpx.Client(base_url=seeded_emulator.api, headers={"x-api-key": TEST}, trust_env=False) as api:

        def ids(path: str) -> list[str]:
            return [row["id"] for row in api.get(path, params={"limit": 100}).json()["data"]]

        api.post("/webhook-endpoints", json={"url": "http://localhost:9/", "enabled_events": ["*"]})
        api.post("/orders", json={"line_items": [{"description": "Rope", "unit_price": 1000}]})
        orders = api.get("/orders", params={"limit": 100}).json()["data"]
        linked = {
            name: [o[name] for o in orders if o[name]] for name in ("invoice_id", "subscription_id", "customer_id")
        }
        found = {
            path: ids(path)
            for path in (
                "orders", "customers", "products", "refunds", "transactions", "events", "prices", "webhook-endpoints",
                "webhook-deliveries",
            )
        }  # fmt: skip
        same = {
            "product_id": "products", "payment_id": "transactions", "order_id": "orders", "event_id": "events",
            "endpoint_id": "webhook-endpoints",
        }  # fmt: skip
        renamed = {name: found[path] for name, path in same.items()}
        return Things({**found, **linked, **renamed, "invoices": linked["invoice_id"]})


def is_valid(case: schemathesis.Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def name_existing_things(case: schemathesis.Case, things: Things) -> None:
    """Put ids that exist where the request has made-up ones, and leave out what can only be wrong."""
    kind, listed = case.operation.path.split("/")[1], case.operation.path.rsplit("/", 1)[-1]
    turn = len(str(case.query)) + len(str(case.body))
    if case.path_parameters:
        case.path_parameters["id"] = things[kind][turn % len(things[kind])]
    for given in (case.query, case.body):
        if not isinstance(given, dict):
            continue
        for name in set(given) & set(things):
            given[name] = things[name][turn % len(things[name])]
        for name in set(given) & {"starting_after", "ending_before"}:
            given[name] = things[listed][turn % len(things[listed])]
        for name in set(given) & {"created_after", "created_before"}:
            given[name] = "2026-01-01T00:00:00Z"
        if "starting_after" in given:
            given.pop("ending_before", None)


def assert_not_refused_for_its_form(answer: schemathesis.Response) -> None:
    """A refusal for a business reason is no fault; one of a single member's form names the members in its details."""
    if answer.status_code == 400:
        error = answer.json()["error"]
        assert isinstance(error, dict), error
        assert "details" not in error, error
