"""Each list that can be exported, from its menu to the rows that stand on its pages."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders import csv_cells
from orders.forms.exports.lists import LISTS
from orders.forms.orders.order_columns import COLUMNS
from orders.forms.orders.order_views import VIEWS
from orders.models import EventLog, Export, Merchant, OrderCopy, OrderLineCopy, User
from orders.services import audit
from orders.services.finance import months
from orders.services.index.order_filters import Place
from orders.services.orders import order_table
from orders.views.orders.tables import sums_by_currency
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.exports import as_dicts, csv_table, exported, start, xlsx_table
from tests.support.indexed import index_everything

ORDERS = reverse("order_list", args=["northwind", "live"])
OF_INDEX = (
    "orders",
    "payments",
    "refunds",
    "receivables",
    "review",
    "overview",
    "month",
)  # of which no file is made before all was imported
HOSTILE = '=cmd|"/C calc"!A0;=1+1'


@pytest.fixture
def imported(northwind: Merchant, emulator: Emulator) -> None:
    index_everything(northwind)


def pages(client: Client, query: str) -> list[Any]:
    """The rows of all pages of the list of orders."""
    answer = client.get(f"{ORDERS}?{query}")
    rows = list(answer.context["rows"])
    while answer.context["older"]:
        answer = client.get(answer.context["older"])
        rows += answer.context["rows"]
    return rows


@pytest.mark.database
@pytest.mark.usefixtures("imported", "recorded")
@pytest.mark.parametrize(
    "query", ["sort=-total", "status=paid&sort=customer", "q=syrup", "-status=paid&placed=2020-01-01.."]
)
@pytest.mark.parametrize("file_format", ["comma", "xlsx"])
def test_a_file_of_orders_has_the_rows_of_all_pages_in_their_order_and_their_sums(
    file_format: str, query: str, admin: Client
) -> None:
    shown = pages(admin, query)
    file = start(admin, "orders", f"{query}&starting_after={shown[0].id}&tick=x", file_format=file_format).file
    table, foot = xlsx_table(file) if file_format == "xlsx" else csv_table(file)
    rows = as_dicts(table)
    assert [row["Order id"] for row in rows] == [row.id for row in shown]
    for row, seen in zip(rows, shown, strict=True):
        assert row["Order"] == seen.whole_number
        assert row["Customer"] == (seen.customer if file_format == "xlsx" else csv_cells.harmless(seen.customer))
        assert (row["Payment"], row["Fulfillment"]) == (seen.payment.word, seen.fulfillment.word)
        assert (row["Currency"], row["Total in minor units"]) == (seen.total.currency, str(seen.total.minor))
        assert row["Due in minor units"] == str(seen.due.minor if seen.due else 0)
        assert str(row["Placed (UTC)"]) == f"{seen.placed:%Y-%m-%d %H:%M:%S}"
    sums = {row[0]: dict(zip(table[0], row, strict=False)) for row in foot}
    for one in sums_by_currency([row.order for row in shown]):
        found = sums[f"Sum in {one.total.currency}"]
        for name, money in {"Total": one.total, "Paid": one.paid, "Refunded": one.refunded, "Due": one.due}.items():
            assert found[f"{name} in minor units"] == str(money.minor)
    assert ["Rows", str(len(shown))] in foot


@pytest.mark.usefixtures("imported")
def test_a_file_begins_with_the_columns_of_the_page_in_their_order_and_has_every_amount(admin: Client) -> None:
    head = list(exported(admin, "orders", "columns=updated+total+age+placed+items")[0])
    assert head[:5] == ["Order", "Order id", "Updated (UTC)", "Updated (Europe/Berlin)", "Currency"]
    assert head[5:10] == ["Total", "Total in minor units", "Placed (UTC)", "Placed (Europe/Berlin)", "Items"]
    assert head[10::2] == ["Subtotal", "Discount", "Tax", "Paid", "Refunded", "Due", "Remarks"]
    of_lines = list(exported(admin, "orders", "columns=total+items", lines="on")[0])
    assert of_lines[:4] == ["Order", "Order id", "Items", "Description"]


def test_every_column_of_the_page_is_one_of_a_file() -> None:
    assert order_table.OF_PAGE.keys() == COLUMNS.keys()


@pytest.mark.usefixtures("imported")
def test_the_lines_of_orders_are_rows_on_request_and_add_up(admin: Client) -> None:
    rows = exported(admin, "orders", "sort=number", lines="on")
    lines = OrderLineCopy.objects.filter(order__mode="live", order__gone_at=None)
    assert len(rows) == lines.count()
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row["Order id"]] += int(row["Line total in minor units"])
        assert Decimal(row["Line total"]) * 10 ** (2 if row["Currency"] in ("EUR", "USD", "GBP") else 0) >= 0
    of_orders = {str(copy.order_id): sum(line.total for line in copy.lines.all()) for copy in OrderCopy.objects.all()}
    assert {id: of_orders[id] for id in sums} == dict(sums)


@pytest.mark.usefixtures("imported")
def test_the_list_is_that_of_one_moment_whatever_changes_while_it_is_written(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first two rows all others change, one is gone, and one leaves the list: each is there once."""
    monkeypatch.setattr(order_table, "READ_AT_ONCE", 2)
    before = [row["Order id"] for row in exported(admin, "orders", "status=paid")]
    answer = admin.post(
        reverse("export_start", args=["northwind", "live"]),
        {"list": "orders", "query": "status=paid", "file_format": "comma"},
    )
    pieces = iter(answer.streaming_content)
    first = next(pieces)
    later = timezone.now() + timezone.timedelta(hours=1)
    OrderCopy.objects.filter(status="paid").update(status="refunded", read_started=later, updated_at=later)
    OrderCopy.objects.filter(order_id=before[-1]).update(gone_at=later)
    table, foot = csv_table(first + b"".join(pieces))
    rows = as_dicts(table)
    assert [row["Order id"] for row in rows] == before
    assert rows[-1]["Remarks"] == "Not at RevKeen any more"
    notes = [row[1] for row in foot if row[0] == "Note"]
    assert notes[0].startswith("The list is that of ")
    assert f"{len(before)} were read again since" in notes[1]


@pytest.mark.usefixtures("imported")
def test_what_could_not_be_read_or_does_not_add_up_is_in_the_file_and_says_so(admin: Client) -> None:
    first, second = list(OrderCopy.objects.filter(mode="live").order_by("-id")[:2])
    OrderCopy.objects.filter(pk=first.pk).update(unreadable="total: not a number", currency="")
    OrderCopy.objects.filter(pk=second.pk).update(amounts_rule="total")
    rows = {row["Order id"]: row for row in exported(admin, "orders")}
    assert rows[str(first.order_id)]["Remarks"] == "It could not be read: total: not a number"
    assert rows[str(first.order_id)]["Total"] == ""
    assert rows[str(second.order_id)]["Remarks"] == "Does not add up"


def test_no_file_of_orders_is_made_before_all_were_imported(admin: Client) -> None:
    answer = start(admin, "orders", "status=paid")
    assert answer["Location"] == f"{ORDERS}?status=paid"
    assert "still being imported" in admin.get(answer["Location"]).content.decode()
    assert not EventLog.objects.filter(kind="exported").exists()


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(("name", "query"), VIEWS)
def test_each_view_can_be_exported_an_empty_one_too(name: str, query: str, admin: Client) -> None:
    assert start(admin, "orders", query).status_code == 200


def test_customers_come_from_all_pages_of_revkeen(admin: Client, emulator: Emulator) -> None:
    found = emulator.get("/customers?limit=100")
    rows = exported(admin, "customers")
    assert [row["Customer id"] for row in rows] == [row["id"] for row in found["data"]]
    assert exported(admin, "customers", "q=no-such-customer") == []


def close(merchant: Merchant, mode: str, first: date) -> None:
    place = Place(merchant, mode, timezone.now())
    person = make_person("closing@northwind.example", merchant, "finance")
    months.sign(place, months.month_of(place, first), "", person)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_has_no_rows_is_a_file_with_a_head_and_a_foot(
    name: str, admin: Client, northwind: Merchant
) -> None:
    if name in OF_INDEX:
        index_everything(northwind, "test")
    if name == "month":
        close(northwind, "test", date(1990, 1, 1))
    narrow = {"journal": "kind=pay", "customers": "q=nobody-at-all", "orders": "q=nothing"}
    narrow |= dict.fromkeys(OF_INDEX[1:], "currency=XAU")
    narrow |= {"overview": "period=1990-01-01..1990-01-31", "month": "month=1990-01"}
    for file_format in ("comma", "xlsx"):
        answer = start(admin, name, narrow.get(name, ""), mode="test", file_format=file_format)
        table, foot = xlsx_table(answer.file) if file_format == "xlsx" else csv_table(answer.file)
        assert len(table) == 1
        assert ["Rows", "0"] in foot


# Who may


@pytest.mark.parametrize(
    ("role", "lists"),
    [
        ("admin", set(LISTS)),
        ("finance", set(LISTS)),
        ("support", {"shipments", "manifest", "partner-updates", "journal"}),
        ("operations", {"shipments", "manifest", "partner-updates", "journal"}),
        ("viewer", set()),
    ],
)
def test_a_role_exports_its_lists_and_no_others(
    role: str, lists: set[str], northwind: Merchant, emulator: Emulator
) -> None:
    index_everything(northwind)
    client = sign_in(make_person(f"{role}@northwind.example", northwind, role))
    close(northwind, "live", date(2025, 10, 1))
    asked = {"month": "month=2025-10"}
    assert {name for name in LISTS if start(client, name, asked.get(name, "")).status_code == 200} == lists
    assert ("Export all rows" in client.get(ORDERS).content.decode()) == ("orders" in lists)
    assert EventLog.objects.filter(kind="refused").count() == min(len(LISTS) - len(lists), audit.REPEATS)
    assert EventLog.objects.filter(kind="exported").count() == len(lists)


def test_of_the_journal_one_exports_what_one_sees(support: Client, mara: User) -> None:
    for who in (mara, User.objects.get(email="support@northwind.example")):
        EventLog.objects.create(
            kind="exported", text=f"by {who}", user=who, merchant=Merchant.objects.get(), mode="live"
        )
    said = [row["Details"] for row in exported(support, "journal", "kind=exported")]
    assert "by Support" in said
    assert "by Mara" not in said


@pytest.mark.parametrize(
    "sent",
    [
        {"list": "members"},
        {"list": "../orders"},
        {"file_format": "exe"},
        {"query": "q=" + "x" * 5_000},
    ],
)
def test_what_there_is_not_exports_nothing(sent: dict[str, str], admin: Client) -> None:
    answer = start(admin, "journal", **sent) if "list" not in sent else start(admin, sent["list"])
    assert answer.status_code == 302
    assert not Export.objects.exists()
    assert not EventLog.objects.filter(kind="exported").exists()


# How the file is


@pytest.mark.usefixtures("imported")
def test_how_the_last_file_was_is_how_the_next_one_will_be(admin: Client) -> None:
    assert start(admin, "orders", file_format="semicolon", mark="").file.startswith(b"Order;Order id;")
    menu = admin.get(reverse("journal", args=["northwind", "live"])).content.decode()
    assert '<option value="semicolon" selected>' in menu
    assert 'name="mark" checked' not in menu
    answer = start(admin, "orders", file_format="xlsx", mark="on")
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert answer["Content-Disposition"].endswith('.xlsx"')
    person = User.objects.get(email="admin@northwind.example")
    assert (person.export_format, person.export_mark) == ("xlsx", False)


@pytest.mark.usefixtures("imported")
def test_taking_orders_along_is_on_record_with_filter_and_format(admin: Client) -> None:
    start(admin, "orders", "status=paid&currency=EUR", file_format="xlsx")
    row = EventLog.objects.get(kind="exported")
    assert (row.text, row.mode) == ("orders as XLSX: Status: Paid, Currency: EUR", "live")


@pytest.mark.usefixtures("imported")
def test_no_cell_of_a_file_of_orders_runs(admin: Client) -> None:
    OrderCopy.objects.update(public_id=HOSTILE)
    OrderLineCopy.objects.update(description=HOSTILE, code=HOSTILE)
    for lines in ("", "on"):
        row = exported(admin, "orders", lines=lines)[0]
        assert row["Order"].startswith("'=")
        assert ";'=1" in row["Order"]
    assert row["Description"].startswith("'=")


def test_a_refusal_of_revkeen_is_said_and_no_half_file_is_sent(admin: Client, emulator: Emulator) -> None:
    emulator.fault("bad_gateway", path="/customers$", times=100)
    assert start(admin, "customers").status_code in (502, 503)
    assert not EventLog.objects.filter(kind="exported").exists()
