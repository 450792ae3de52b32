"""RevKeen's own TypeScript SDK works against the emulator, and its declared types fit every answer."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.emulator.conftest import LIVE
from tests.emulator.driver import Driver, Json
from tests.support.emulation import ROOT

HERE = Path(__file__).with_name("official_client")
FILES = ("package.json", "package-lock.json", "calls.mjs", "tsconfig.json")

# The SDK's name for the shape of each answer.
TYPES = {
    "Order": ("created createdAgain updated paidInPart paid fulfilledInPart fulfilled canceled order"),
    "OrderListResponse": "orders firstPage nextPage previousPage",
    "TransactionListResponse": "transactions",
    "RefundCreateResponse": "refund",
    "RefundRetrieveResponse": "refundAgain",
    "RefundListResponse": "refunds",
    "InvoiceResponse": "invoice",
    "EventListResponse": "events",
    "CustomerListResponse": "customers",
    "CustomerRetrieveResponse": "customer",
    "CustomerPaymentMethodsListResponse": "methods",
    "ProductListResponse": "products",
    "ProductRetrieveResponse": "product",
    "PriceListResponse": "prices",
}
REFUSALS = {"declined": "OrderErrorResponse", "wrongState": "OrderErrorResponse", "missing": "OrderErrorResponse"}


@pytest.fixture(scope="module")
def folder() -> Path:
    """The SDK and TypeScript as the lock has them, installed once."""
    if shutil.which("npm") is None:
        unavailable("Node is not installed")
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = ROOT / ".cache" / f"official-client-{lock}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, folder)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
        if installed.returncode:
            unavailable(f"npm could not install RevKeen's SDK:\n{installed.stderr[-2000:]}")
    return folder


@pytest.fixture(scope="module")
def answers(served_emulator: Driver, folder: Path) -> Json:
    served_emulator.reset()
    wallet = served_emulator.cases()["customers"]["wallet_0"]
    command = ["node", "calls.mjs", served_emulator.api, LIVE, wallet["id"], wallet["1111"]]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "ledger": served_emulator.ledger()}


def test_an_order_goes_from_draft_to_fulfilled(answers: Json) -> None:
    steps = ("created", "updated", "paidInPart", "paid", "fulfilledInPart", "fulfilled")
    assert [answers[step]["status"] for step in steps] == [
        "draft", "draft", "partially_paid", "paid", "paid", "fulfilled",
    ]  # fmt: skip
    assert answers["updated"]["metadata"] == {"campaign": "autumn"}
    assert answers["canceled"]["status"] == "canceled"
    assert answers["order"] == answers["fulfilled"]


def test_idempotency_keys_reach_it(answers: Json) -> None:
    assert answers["createdAgain"] == answers["created"]
    created = [entry for entry in answers["ledger"] if entry["effect"] == "order_created"]
    assert [entry["idempotency_key"] for entry in created] == ["created-once", None]


def test_refusals_become_the_library_s_own_error(answers: Json) -> None:
    refused = {name: answers[name] for name in (*REFUSALS, "unauthenticated")}
    assert {error["name"] for error in refused.values()} == {"RevKeenAPIError"}
    assert {name: error["status"] for name, error in refused.items()} == {
        "declined": 400, "wrongState": 400, "missing": 404, "unauthenticated": 401,
    }  # fmt: skip
    assert answers["declined"]["body"]["error"]["code"] == "generic_decline"


def test_cursors_lead_forth_and_back(answers: Json) -> None:
    first, following, back = (answers[name]["data"] for name in ("firstPage", "nextPage", "previousPage"))
    assert not {order["id"] for order in first} & {order["id"] for order in following}
    assert back == first
    assert {order["customer_id"] for order in answers["orders"]["data"]} == {answers["created"]["customer_id"]}


def test_every_answer_is_of_the_type_the_library_declares(answers: Json, folder: Path) -> None:
    """The compiler sees the answers as literals: a missing, surplus or wrong member is an error."""
    values = {name: (kind, answers[name]) for kind, names in TYPES.items() for name in names.split()}
    values |= {name: (kind, without_request_id(answers[name]["body"])) for name, kind in REFUSALS.items()}
    (folder / "answers.ts").write_text(as_typescript(values))
    compiled = compile_types(folder)
    assert compiled.returncode == 0, compiled.stdout


def test_an_answer_of_another_type_would_not_compile(answers: Json, folder: Path) -> None:
    for wrong in ({"status": "shipped"}, {"total": "12"}, {"color": "red"}, {"currency": None}):
        (folder / "answers.ts").write_text(as_typescript({"wrong": ("Order", answers["order"] | wrong)}))
        assert compile_types(folder).returncode != 0, wrong


def unavailable(reason: str) -> None:
    if os.environ.get("REQUIRE_NODE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def as_typescript(values: dict[str, tuple[str, Json]]) -> str:
    kinds = ", ".join(sorted({kind for kind, _ in values.values()}))
    constants = [f"export const {name}: {kind} = {json.dumps(value)};" for name, (kind, value) in values.items()]
    return "\n".join([f'import type {{ {kinds} }} from "@revkeen/sdk";', *constants])


def compile_types(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["node", "node_modules/typescript/bin/tsc", "--project", "tsconfig.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def without_request_id(body: Json) -> Json:
    """Errors of orders declare four members; the shared error shape has the request id too."""
    return {"error": {name: value for name, value in body["error"].items() if name != "request_id"}}
