"""The journal as a page and as CSV: who sees what, every filter, pages that do not shift, and no cell that runs."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import EventLog, Membership, Merchant, Operation, User
from orders.services import audit
from orders.services.changes.snapshots import kept
from tests.conftest import make_person, sign_in
from tests.support import exports
from tests.support.emulation import Emulator
from tests.support.shown import order_facts

State, Kind = Operation.State, Operation.Kind
JOURNAL = "/northwind/live/journal/"
Make = Callable[..., Operation]


@pytest.fixture
def mara(northwind: Merchant) -> User:
    return make_person("mara@northwind.example", northwind, "support")


@pytest.fixture
def make(northwind: Merchant, mara: User) -> Make:
    """A row of the journal as if it had been asked for and reconciled."""

    def make(**fields: Any) -> Operation:
        operation_id = uuid.uuid4()
        user = fields.get("user", mara)
        values: dict[str, Any] = {
            "pk": operation_id,
            "plan_id": operation_id,
            "merchant": northwind,
            "mode": "live",
            "connection_id": uuid.uuid4(),
            "shown_key": "rk_live_…demo",
            "kind": Kind.PAY,
            "order_id": uuid.uuid4(),
            "order_number": "NOR-1001",
            "body": {"amount": 6000},
            "seen": kept(order_facts()),
            "summary": "60.00 USD from Visa ••1111",
            "user": user,
            "who": user.email,
            "state": State.DONE,
        }
        return Operation.objects.create(**values | fields)

    return make


def shown(client: Client, query: str = "") -> list[str]:
    """The texts of the rows, in their order."""
    answer = client.get(f"{JOURNAL}?{query}")
    assert answer.status_code == 200, answer.status_code
    return texts(answer.content.decode())


def texts(page: str) -> list[str]:
    """Of a page's rows, without the sign-ins of the tests themselves."""
    found = re.findall(r'<bdi class="muted" title="([^"]*)"', page)
    return [text for text in found if text != "password, from an unknown address"]


def pause() -> None:
    """Until the next millisecond: finer than that SQLite does not tell the time of a row."""
    time.sleep(0.003)


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    return exports.exported(client, "journal", query)


@pytest.mark.database
def test_operations_and_the_event_log_stand_in_one_order_newest_first(
    admin: Client, northwind: Merchant, make: Make
) -> None:
    make(summary="first")
    pause()
    audit.record(EventLog.Kind.KEY_RENAMED, "second", merchant=northwind, mode="live")
    pause()
    make(summary="third")
    pause()
    audit.record(EventLog.Kind.INVITED, "fourth", merchant=northwind)
    assert shown(admin) == ["fourth", "third", "second", "first"]


def test_a_journal_shows_its_merchant_and_mode_and_no_other(
    admin: Client, northwind: Merchant, kestrel: Merchant, make: Make
) -> None:
    make(summary="here")
    make(summary="test mode", mode="test")
    make(summary="other merchant", merchant=kestrel)
    audit.record(EventLog.Kind.KEY_ADDED, "other mode", merchant=northwind, mode="test")
    audit.record(EventLog.Kind.KEY_ADDED, "other merchant", merchant=kestrel, mode="live")
    assert shown(admin) == ["here"]


def test_sign_ins_of_members_are_shown_and_those_of_others_are_not(
    admin: Client, mara: User, kestrel: Merchant
) -> None:
    stranger = make_person("somebody@kestrel.example", kestrel, "admin")
    audit.record(EventLog.Kind.SIGNED_IN, "of a member", user=mara)
    audit.record(EventLog.Kind.SIGNED_IN, "of a stranger", user=stranger)
    audit.record(EventLog.Kind.SIGN_IN_FAILED, "at a member", who=mara.email)
    audit.record(EventLog.Kind.SIGN_IN_FAILED, "at nobody", who="nobody@example.com")
    assert shown(admin) == ["at a member", "of a member"]


@pytest.mark.parametrize(
    ("role", "sees_all"), [("admin", True), ("finance", True), ("support", False), ("operations", False)]
)
def test_who_may_not_see_what_others_did_sees_their_own(
    role: str, sees_all: bool, northwind: Merchant, make: Make, mara: User, emulator: Emulator
) -> None:
    person = make_person("somebody@northwind.example", northwind, role)
    make(summary="of others")
    pause()
    make(summary="own", user=person)
    pause()
    client = sign_in(person)
    audit.record(EventLog.Kind.SIGNED_IN, "own sign-in", user=person)
    audit.record(EventLog.Kind.SIGNED_IN, "sign-in of others", user=mara)
    own = ["own sign-in", "own"]
    everything = ["sign-in of others", "own sign-in", "own", "of others"]
    details = [row["Details"] for row in exported(client, "kind=sign_ins") + exported(client, "kind=orders")]
    assert [text for text in details if "address" not in text] == (everything if sees_all else own)
    assert shown(client, "kind=orders") == (["own", "of others"] if sees_all else ["own"])
    assert shown(client, f"kind=orders&person={mara.pk}") == (["of others"] if sees_all else [])


@pytest.mark.database
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=orders", ["refund", "pay"]),
        ("kind=refund", ["refund"]),
        ("kind=keys", ["key"]),
        ("kind=key_added", ["key"]),
        ("kind=members", ["invited"]),
        ("kind=others", []),
        ("state=in_doubt", ["refund"]),
        ("state=refused", []),
        ("order=NOR-7", ["refund"]),
        ("order=nor-7", ["refund"]),
        ("order=%20NOR-7%20", ["refund"]),
        ("order=NOR-700", []),
        ("order=11111111-1111-4111-8111-111111111111", ["pay"]),
        ("order=22222222-2222-4222-8222-222222222222", []),
        ("kind=pay&state=done&order=NOR-1001", ["pay"]),
        ("person=99999", []),
    ],
)
def test_each_condition_finds_its_rows(
    query: str, found: list[str], admin: Client, northwind: Merchant, make: Make
) -> None:
    make(summary="pay", order_id=uuid.UUID("11111111-1111-4111-8111-111111111111"))
    pause()
    make(summary="refund", kind=Kind.REFUND, order_number="NOR-7", state=State.IN_DOUBT)
    audit.record(EventLog.Kind.KEY_ADDED, "key", merchant=northwind, mode="live")
    audit.record(EventLog.Kind.INVITED, "invited", merchant=northwind)
    assert shown(admin, query) == found


@pytest.mark.database
def test_an_order_is_found_by_the_operation_that_created_it(admin: Client, make: Make) -> None:
    created = uuid.uuid4()
    number = {"number": "NOR-55"}
    make(kind=Kind.CREATE, summary="new", order_id=None, order_number="", created_order_id=created, result=number)
    assert shown(admin, "order=NOR-55") == ["new"]
    assert shown(admin, f"order={created}") == ["new"]


@pytest.mark.database
def test_a_person_who_has_left_can_still_be_asked_for(admin: Client, make: Make, mara: User) -> None:
    make(summary="what Mara did")
    Membership.objects.filter(user=mara).delete()
    assert f'<option value="{mara.pk}">Mara, ' in admin.get(JOURNAL).content.decode()
    assert shown(admin, f"person={mara.pk}") == ["what Mara did"]


@pytest.mark.database
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("created_from=2026-03-29&created_to=2026-03-29", ["last of the day", "first of the day"]),
        ("created_to=2026-03-28", ["day before"]),
        ("created_from=2026-03-30", ["day after"]),
        ("created_from=0001-01-01&created_to=9999-12-31", None),
    ],
)
def test_days_are_those_of_the_merchant_with_both_ends_even_when_clocks_change(
    query: str, found: list[str] | None, admin: Client, make: Make
) -> None:
    moments = {
        "day before": datetime(2026, 3, 28, 22, 59, 59, 999000, UTC),
        "first of the day": datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        "last of the day": datetime(2026, 3, 29, 21, 59, 59, 999000, UTC),
        "day after": datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    }
    for summary, moment in moments.items():
        make(summary=summary, created_at=moment)
    assert shown(admin, query) == (list(moments)[::-1] if found is None else found)


@pytest.mark.parametrize(
    "query",
    [
        "kind=nothing",
        "state=lost",
        "person=x",
        "person=99999999999999999999",
        "created_from=yesterday",
        "created_from=2026-02-02&created_to=2026-01-01",
        "after=x",
        "after=event.1.x",
        "after=event.1.99999999999999999999999",
        "before=operation.1.2",
        "after=event.-1.1",
        "after=event.999999999999999999.1",
        "after=event.1.1&before=event.1.2",
        "after=elsewhere.1.1",
    ],
)
def test_a_condition_that_makes_no_sense_is_said_and_exports_nothing(query: str, admin: Client) -> None:
    answer = admin.get(f"{JOURNAL}?{query}")
    assert answer.status_code == 400
    assert "These filters are not valid" in answer.content.decode()
    if not query.startswith(("after", "before")):  # a file begins with the first row
        assert exports.start(admin, "journal", query)["Location"].startswith(f"{JOURNAL}?")
    assert not EventLog.objects.filter(kind="exported").exists()


NOWHERE = "after=operation.0.8f2162c4-1efe-4fc1-a273-fe22b29be5c2"


@pytest.mark.parametrize("query", ["after=event.99999999999999999.1", NOWHERE])
def test_a_place_that_is_not_there_breaks_nothing(query: str, admin: Client, make: Make) -> None:
    make()
    assert admin.get(f"{JOURNAL}?{query}").status_code == 200


def test_nothing_found_offers_to_take_a_condition_away(admin: Client, make: Make) -> None:
    make()
    page = admin.get(f"{JOURNAL}?order=NOR-9&kind=pay").content.decode()
    assert "Nothing in the journal matches these 2 filters" in page
    assert f'href="{JOURNAL}?kind=pay">Order NOR-9' in page


def walk(client: Client, query: str = "", *, direction: str = "older", start: str = "") -> tuple[list[str], str]:
    """The texts of every page, from the first one on, and the address of the last."""
    address, found = start or f"{JOURNAL}?{query}", []
    while True:
        answer = client.get(address, follow=True)
        page = answer.content.decode()
        found += texts(page)
        following = re.search(rf'id="{direction}" href="([^"]+)"', page)
        if following is None:
            return found, address
        address = following[1].replace("&amp;", "&")


@pytest.mark.database
def test_pages_lose_nothing_and_repeat_nothing_though_many_rows_have_one_time(
    admin: Client, northwind: Merchant, make: Make
) -> None:
    moment = datetime(2026, 11, 20, 12, 0, 0, 123000, UTC)
    for number in range(70):
        made = {} if number % 3 else {"created_at": moment}
        make(summary=f"operation {number}", **made)
        with mock.patch.object(timezone, "now", return_value=moment):
            audit.record(EventLog.Kind.KEY_ADDED, f"event {number}", merchant=northwind, mode="live")
    down, last = walk(admin)
    assert len(down) == len(set(down)) == 140
    up, _ = walk(admin, direction="newer", start=last)
    assert set(up) == set(down)


@pytest.mark.database
def test_rows_whose_times_the_database_gave_are_paged_without_repeats(admin: Client, make: Make) -> None:
    for number in range(101):
        make(summary=f"operation {number}")
    found, _ = walk(admin)
    assert sorted(found) == sorted(f"operation {number}" for number in range(101))


@pytest.mark.database
def test_a_page_stays_what_it_is_when_rows_come_in_before_it(admin: Client, make: Make) -> None:
    for number in range(60):
        make(summary=f"old {number}")
    first = admin.get(JOURNAL).content.decode()
    older = re.search(r'id="older"\s+href="([^"]+)"', first)
    assert older
    address = older[1].replace("&amp;", "&").split("?")[1]
    before = shown(admin, address)
    for number in range(60):
        make(summary=f"new {number}")
    assert shown(admin, address) == before


@pytest.mark.database
def test_what_needs_someone_comes_longest_waiting_first_and_is_counted_in_the_navigation(
    admin: Client, make: Make
) -> None:
    for number in range(60):
        since = datetime(2026, 11, 20, 12, number, tzinfo=UTC)
        make(summary=f"waiting {number:02}", state=State.NEEDS_REVIEW, created_at=since)
    make(summary="done")
    found, last = walk(admin, "state=needs_review", direction="newer")
    assert found == [f"waiting {number:02}" for number in range(60)]
    assert len(walk(admin, start=last)[0]) == 60
    page = admin.get("/northwind/live/orders/").content.decode()
    assert f'<a href="{JOURNAL}?state=needs_review">' in page
    assert '<span class="count">60<span class="visually-hidden"> need review</span></span>' in page
    assert 'class="count"' not in admin.get("/northwind/test/orders/").content.decode()


@pytest.mark.database
def test_the_count_is_of_what_a_person_may_see(northwind: Merchant, make: Make, mara: User, viewer: Client) -> None:
    make(state=State.NEEDS_REVIEW)
    make(state=State.NEEDS_REVIEW, user=make_person("other@northwind.example", northwind, "support"))
    counts = []
    for client in (sign_in(mara), viewer):
        page = client.get("/northwind/live/orders/").content.decode()
        counts += re.findall(r'class="count">(\d+)', page)
    assert counts == ["1"]


def test_when_nothing_needs_anybody_the_page_says_so(admin: Client, make: Make) -> None:
    make()
    assert "Nothing needs attention" in admin.get(f"{JOURNAL}?state=needs_review").content.decode()


@pytest.mark.database
def test_queries_do_not_grow_with_the_rows(admin: Client, northwind: Merchant, make: Make) -> None:
    counts = []
    admin.get(JOURNAL)  # a process asks for what it remembers once
    for _ in range(2):
        for number in range(12):
            make(user=make_person(f"{uuid.uuid4()}@northwind.example", northwind, "support"))
            audit.record(EventLog.Kind.KEY_ADDED, f"{number}", merchant=northwind, mode="live")
        with CaptureQueriesContext(connection) as queries:
            admin.get(JOURNAL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.database
def test_a_very_long_journal_is_read_from_the_index(northwind: Merchant, db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL decides by the number of rows")
    query = Operation.objects.filter(merchant=northwind, mode="live", state="needs_review")
    assert "operations_by_state" in query.explain()
    assert (
        "operations_by_merchant"
        in Operation.objects.filter(merchant=northwind, mode="live").order_by("-created_at")[:50].explain()
    )


def test_names_and_texts_are_shown_as_text(admin: Client, northwind: Merchant, make: Make) -> None:
    person = User.objects.create_user("bobby@northwind.example", name="<script>alert(1)</script>")
    make(summary='"><img src=x onerror=alert(1)>', user=person, order_number="<b>NOR</b>")
    page = admin.get(JOURNAL).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>NOR" not in page


@pytest.mark.database
def test_the_csv_has_what_the_page_shows_with_both_times_and_plain_numbers(admin: Client, make: Make) -> None:
    reconciled = datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC)
    make(
        created_at=datetime(2026, 1, 5, 11, 59, 58, tzinfo=UTC),
        body={"amount": 105203},
        ended_at=reconciled,
        request_id="req_1",
        asked_in="req_ours",
    )
    lines = [{"unit_price": 250, "quantity": 3}, {"unit_price": 1}]
    others: list[dict[str, Any]] = [
        {"body": {"amount": 500}, "seen": kept(order_facts(currency="JPY"))},
        {"kind": Kind.REFUND, "body": {"amount_minor": 1234567}, "seen": kept(order_facts(currency="KWD"))},
        {"kind": Kind.CREATE, "order_id": None, "body": {"currency": "usd", "line_items": lines}, "seen": {}},
        {"kind": Kind.CANCEL, "body": {"reason": "other"}},
    ]
    for fields in others:
        pause()
        make(**fields)
    rows = exported(admin, "kind=orders")[::-1]
    assert rows[0]["Time (UTC)"] == "2026-01-05 11:59:58"
    assert rows[0]["Time (Europe/Berlin)"] == "2026-01-05 12:59:58"
    assert rows[0]["Finished (UTC)"] == "2026-01-05 12:00:01"
    assert (rows[0]["Person"], rows[0]["E-mail"]) == ("Mara", "mara@northwind.example")
    assert (rows[0]["RevKeen's request"], rows[0]["Our request"]) == ("req_1", "req_ours")
    sums = [(row["Amount"], row["Currency"]) for row in rows]
    assert sums == [("1052.03", "USD"), ("500", "JPY"), ("1234.567", "KWD"), ("7.51", "USD"), ("", "")]


@pytest.mark.database
def test_the_csv_obeys_the_filter_and_has_every_page(admin: Client, make: Make) -> None:
    for number in range(60):
        make(summary=f"pay {number}")
    make(summary="other", kind=Kind.CANCEL)
    assert len(exported(admin, "kind=pay")) == 60
    assert [row["Details"] for row in exported(admin, "kind=cancel")] == ["other"]


@pytest.mark.database
def test_a_long_csv_is_read_piece_by_piece_and_loses_no_row(admin: Client, make: Make) -> None:
    for number in range(7):
        make(summary=f"{number}")
        pause()
    with mock.patch("orders.services.changes.journal_list.EXPORTED_AT_ONCE", 3):
        assert [row["Details"] for row in exported(admin, "kind=pay")] == list("6543210")


def test_an_export_is_recorded_with_its_conditions(admin: Client, make: Make) -> None:
    make()
    answer = exports.start(admin, "journal", "kind=pay&order=NOR-1001")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="northwind-live-journal-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"]
    )
    row = EventLog.objects.get(kind="exported")
    assert row.text == "the journal as CSV: Take payment, Order NOR-1001"
    assert (row.who, row.mode) == ("admin@northwind.example", "live")


@pytest.mark.parametrize("text", ["=1+1", "\t=1", "＝1", ' "@x'])
def test_no_cell_of_an_export_runs_wherever_the_text_came_from(
    text: str, admin: Client, northwind: Merchant, make: Make
) -> None:
    person = make_person("evil@northwind.example", northwind, "support")
    User.objects.filter(pk=person.pk).update(name=text)
    person.refresh_from_db()
    make(summary=text, order_number=text, message=text, code=text, request_id=text, reason=text, user=person)
    audit.record(EventLog.Kind.SIGN_IN_FAILED, text, who="evil@northwind.example")
    for row in exported(admin):
        for cell in row.values():
            assert cell.lstrip(' "\t')[:1] not in ("=", "@", "＝"), row


@pytest.mark.parametrize(
    ("page", "kind", "made"),
    [
        ("connections", "keys", EventLog.Kind.KEY_RENAMED),
        ("members", "members", EventLog.Kind.MEMBER_CHANGED),
        ("", "merchant_changed", EventLog.Kind.MERCHANT_CHANGED),
    ],
)
def test_the_changes_beside_a_setting_lead_to_all_of_them(
    page: str, kind: str, made: EventLog.Kind, admin: Client, northwind: Merchant
) -> None:
    audit.record(made, "what changed", merchant=northwind, mode="live" if page == "connections" else "")
    beside = admin.get(f"/northwind/live/settings/{page}/".replace("//", "/")).content.decode()
    assert f'href="{JOURNAL}?kind={kind}"' in beside
    assert shown(admin, f"kind={kind}") == ["what changed"]
