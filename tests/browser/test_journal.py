"""The journal and the page of a decision in a browser: keyboard, no script, long names, four widths and schemes."""

import json
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import expect

from scripts.stack import Stack
from tests.browser.accessibility import LOOKS, Scheme, faults_in_turn, faults_of, violations
from tests.browser.conftest import OpenPage
from tests.support.emulation import RunningEmulator
from tests.support.processes import BEGIN, ROOT

pytestmark = pytest.mark.browser

JOURNAL = "/northwind/live/journal/"

# Rows as they stand after trouble: nothing is due to be looked at before tomorrow, so they stay.
MAKE_ROWS = (
    BEGIN
    + """
import json, sys, uuid
from datetime import timedelta
from django.db.models.functions import Now
from django.utils import timezone
from orders.models import Connection, Merchant, Operation, User

order = json.loads(sys.argv[1])
merchant = Merchant.objects.get(slug="northwind")
connection = Connection.objects.get(merchant=merchant, mode="live", provider="revkeen")
people = {user.email.split("@")[0]: user for user in User.objects.all()}
long_name, _ = User.objects.get_or_create(email="long@northwind.example", defaults={
    "name": "Wolfeschlegelsteinhausenbergerdorff Ngozi-Adaeze Okonkwo-Papadopoulos the third"})
money = {name: order[name] for name in ("total", "amount_paid", "amount_refunded", "amount_due", "status")}
seen = money | {"fulfillment_status": order["fulfillment_status"], "currency": order["currency"].upper(),
    "updated_at": order["updated_at"]}

def make(state, who="support", minutes=11, **fields):
    pk = uuid.uuid4()
    user = people.get(who, long_name)
    values = {"kind": "pay", "body": {"amount": 1250, "payment_method_id": str(uuid.uuid4())},
        "summary": "12.50 USD from Visa ••1111", "order_id": order["id"], "order_number": order["public_id"]}
    Operation.objects.create(pk=pk, plan_id=pk, merchant=merchant, mode="live", connection_id=connection.pk,
        shown_key=connection.shown_key, seen=seen, user=user, who=user.email, later={}, state=state,
        created_at=timezone.now() - timedelta(minutes=minutes), last_sent_at=Now() - timedelta(minutes=minutes),
        next_try_at=Now() + timedelta(days=1), **(values | fields))
    return str(pk)

no_answer = {"code": "no_answer", "message": "RevKeen closed the connection before it answered."}
lines = [{"description": "Ridgeline 2 tent", "unit_price": 6000, "quantity": 1}]
print(json.dumps({
    "done": make("done", minutes=300, request_id="req_8c1f2a"),
    "refused": make("refused", "finance", 200, kind="refund", summary="5.00 USD to Visa ••1111", status=422,
        body={"amount_minor": 500, "payment_id": str(uuid.uuid4())}, message="The payment cannot be refunded twice."),
    "not sent": make("not_sent", minutes=100, kind="cancel", summary="60.00 USD no longer due", body={},
        code="no_connection", message="There was no connection to RevKeen."),
    "unknown": make("in_doubt", minutes=2, attempts=2, **no_answer),
    "waiting": make("needs_review", **no_answer),
    "waiting too": make("needs_review", minutes=12, **no_answer),
    "just sent": make("needs_review", minutes=3, **no_answer),
    "own": make("needs_review", "finance", 30, kind="refund", summary="5.00 USD to Visa ••1111",
        body={"amount_minor": 500, "payment_id": str(uuid.uuid4())}, **no_answer),
    "create": make("needs_review", kind="create", order_id=None, order_number="", summary="1 line, 60.00 USD",
        body={"currency": "usd", "line_items": lines}, **no_answer),
    "quarantined": make("needs_review", quarantined=True, code="quarantined",
        message="A backup was restored. This may have been completed since the backup was made."),
    "long": make("needs_review", "long", order_number="N" * 100, summary="Long words " + "Donaudampfschiff" * 17,
        code="no_answer", message="y" * 480),
}))
"""
)


@pytest.fixture
def order(emulator: RunningEmulator) -> Any:
    return emulator.make_order(currency="usd")


@pytest.fixture
def rows(stack: Stack, order: Any) -> dict[str, str]:
    """Name → id of operations in every state."""
    command = [sys.executable, "-c", MAKE_ROWS, json.dumps(order)]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def pages(rows: dict[str, str]) -> dict[str, str]:
    lists = {
        "journal": "",
        "needs someone": "?state=needs_review",
        "nothing": "?order=NOR-0&kind=pay",
        "bad": "?kind=x",
    }
    return {name: JOURNAL + query for name, query in lists.items()} | {
        name: f"{JOURNAL}{pk}/" for name, pk in rows.items()
    }


def test_every_state_of_the_journal_fits_and_axe_finds_nothing(open_page: OpenPage, rows: dict[str, str]) -> None:
    page = open_page(JOURNAL, "finance")
    base = page.url.split("/northwind")[0]
    assert faults_in_turn(page, {name: base + path for name, path in pages(rows).items()}) == {}


@pytest.mark.full
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_state_of_the_journal_fits_and_axe_finds_nothing_in_either_look(
    width: int, scheme: Scheme, open_page: OpenPage, rows: dict[str, str]
) -> None:
    page = open_page(JOURNAL, "finance", viewport={"width": width, "height": 900}, color_scheme=scheme)
    found = {}
    for name, path in pages(rows).items():
        page.goto(page.url.split("/northwind")[0] + path)
        found[name] = [*faults_of(page), violations(page)]
    assert {name: faults for name, faults in found.items() if any(faults)} == {}


def test_a_decision_without_a_script(open_page: OpenPage, rows: dict[str, str]) -> None:
    page = open_page(f"{JOURNAL}{rows['waiting']}/", "finance", java_script_enabled=False)
    page.get_by_role("button", name="It did not happen: close it").click()
    expect(page.get_by_role("alert")).to_contain_text("Check these fields: Why are you sure.")
    expect(page.get_by_text("Enter why you are sure.")).to_be_visible()
    page.get_by_label("Why are you sure?").fill("The gateway has no such payment.")
    page.get_by_role("button", name="It did not happen: close it").click()
    expect(page.get_by_text("Decided that it did not happen: 12.50 USD from Visa ••1111.")).to_be_visible()
    expect(page.get_by_role("button", name="It happened")).to_have_count(0)


def test_a_decision_by_keyboard(open_page: OpenPage, rows: dict[str, str]) -> None:
    page = open_page(f"{JOURNAL}{rows['waiting too']}/", "finance")
    page.get_by_label("How do you know?").focus()
    page.keyboard.type("The gateway shows it.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="It happened: 12.50 USD")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Decided that it happened")).to_be_visible()


def test_the_page_turns_when_somebody_else_has_decided(open_page: OpenPage, rows: dict[str, str]) -> None:
    path = f"{JOURNAL}{rows['waiting']}/"
    waiting = open_page(path, "support")
    expect(waiting.get_by_text("You may not decide the outcome of a change.")).to_be_visible()
    deciding = open_page(path, "finance")
    deciding.get_by_label("How do you know?").fill("The gateway shows it.")
    deciding.get_by_role("button", name="It happened: 12.50 USD").click()
    expect(waiting.get_by_text("Decided that it happened")).to_be_visible(timeout=10_000)


def test_filters_work_by_keyboard_and_the_navigation_leads_to_what_waits(
    open_page: OpenPage, rows: dict[str, str]
) -> None:
    page = open_page(JOURNAL, "finance")
    page.locator("summary", has_text="any kind").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Kind").select_option("refund")
    page.get_by_label("Kind").press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".chip.set")).to_contain_text("Refund")
    kinds = page.locator("tbody th a").all_inner_texts()
    assert set(kinds) == {"Refund"}
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Journal").click()
    expect(page.get_by_role("navigation", name="State").locator("[aria-current]")).to_have_text("Needs review")


def test_the_csv_comes_as_a_file(open_page: OpenPage, rows: dict[str, str]) -> None:
    page = open_page(f"{JOURNAL}?kind=orders", "finance")
    with page.expect_download() as download:
        page.locator("summary", has_text="Export").click()
        page.get_by_role("button", name="Export all rows").click()
    assert download.value.suggested_filename.startswith("northwind-live-journal-")
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.startswith("Time (UTC),Time (Europe/Berlin),Person")
