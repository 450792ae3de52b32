"""What RevKeen's list cannot answer comes from the index: same page, same address, and it says so."""

import re
import uuid
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orders.forms.orders.order_filter import FIELDS
from orders.forms.orders.order_views import VIEWS
from orders.models import IndexState, Merchant, OrderCopy, Sweep
from orders.services.index import order_filters, order_list
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import FILTERS, Place
from orders.views.orders.tables import Sum, sums_by_currency
from tests.orders.test_order_list import ADDRESS, link, shown
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import text

SAMPLES = {
    **{name: next(iter(one.choices)) for name, one in FILTERS.items() if one.choices},
    "customer": str(uuid.uuid4()),
    "placed": "last_7_days",
    "updated": "2026-01-01..",
    "total": ">100",
    "currency": "EUR",
    "product": "tent",
    "tag": "gift",
    "assigned": "nobody",
    "metadata": "channel=web",
    "expires": "7d",
}


@pytest.fixture
def imported(northwind: Merchant, emulator: Emulator) -> None:
    index_everything(northwind)


def where(answer: object) -> dict[str, list[str]]:
    return parse_qs(urlsplit(answer["Location"]).query)  # type: ignore[index]


@pytest.mark.usefixtures("imported", "recorded")
def test_a_sort_that_revkeen_does_not_have_comes_from_the_index(admin: Client, emulator: Emulator) -> None:
    emulator.forget_calls()
    answer = admin.get(f"{ADDRESS}?sort=-total")
    rows = [(row.total.currency, row.total.minor) for row in answer.context["rows"]]
    assert rows == sorted(rows, reverse=True)
    assert emulator.calls() == []
    assert "Index, as of" in text(answer.content.decode())
    assert 'aria-sort="descending"' in answer.content.decode()
    assert shown(admin.get(link(answer, "Next"))) != shown(answer)


@pytest.mark.usefixtures("imported", "recorded")
def test_a_row_of_the_index_looks_as_the_live_one(admin: Client) -> None:
    rows = {row.id: row for row in admin.get(ADDRESS).context["rows"]}
    indexed = {row.id: row for row in admin.get(f"{ADDRESS}?sort=-updated").context["rows"]}
    both = rows.keys() & indexed.keys()
    assert len(both) > 10
    assert all(rows[one] == indexed[one] for one in both)


@pytest.mark.usefixtures("imported")
def test_every_filter_with_every_sort_is_answered(admin: Client, northwind: Merchant) -> None:
    assert SAMPLES.keys() == FILTERS.keys()
    place, names = Place(northwind, "live", timezone.now()), list(SAMPLES)
    sorts = [sign + name for name in order_list.SORTS for sign in ("", "-")]
    for name in names:
        question = order_filters.asked(place, Condition(name, SAMPLES[name])).q
        assert question is not None
        for sort in sorts:
            order_list.page(place, question, sort)
    for at, sort in enumerate(sorts):
        name, other = names[at % len(names)], names[(at * 5 + 1) % len(names)]
        answer = admin.get(ADDRESS, {name: SAMPLES[name], f"-{other}": SAMPLES[other], "sort": sort}, follow=True)
        assert answer.status_code == 200
        assert "<s>" not in answer.content.decode()


@pytest.mark.usefixtures("imported", "recorded")
def test_tabs_count_and_the_total_is_that_of_the_tab(admin: Client, emulator: Emulator) -> None:
    everything = emulator.orders()
    answer = admin.get(f"{ADDRESS}?status=paid&sort=total")
    counts = {tab.label: tab.count for tab in answer.context["tabs"]}
    assert counts["All"] == str(OrderCopy.objects.count())
    assert counts["Paid"] == answer.context["total"]
    assert int(counts["Paid"]) >= sum(order["status"] == "paid" for order in everything)


@pytest.mark.usefixtures("recorded")
def test_until_all_orders_were_read_the_list_says_so_and_counts_nothing(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    answer = admin.get(f"{ADDRESS}?has=note")
    assert "Not all orders have been read yet" in text(answer.content.decode())
    assert {tab.count for tab in answer.context["tabs"]} == {""}
    index_everything(northwind)
    Sweep.objects.filter(kind=Sweep.Kind.ALL).update(as_of=None)
    assert "Index, not complete yet" in text(admin.get(f"{ADDRESS}?has=note").content.decode())


@pytest.mark.usefixtures("imported")
def test_text_is_found_and_combines_with_filters(admin: Client, emulator: Emulator) -> None:
    order = next(order for order in emulator.orders() if order["status"] == "paid")
    assert shown(admin.get(ADDRESS, {"q": order["public_id"]}))[0] == order["id"]
    assert order["id"] not in shown(admin.get(ADDRESS, {"q": order["public_id"], "-status": "paid"}))


def test_an_address_carries_only_what_is_set(admin: Client) -> None:
    typed = {
        "status": "paid",
        "created_from": "2026-11-01",
        "created_to": "",
        "carrier": "ups",
        "carrier.is": "not",
        "total_from": "10",
        "total_to": "20",
        "currency": "",
        "currency.is": "not",
        "sort": "-placed",
    }
    answer = admin.get(ADDRESS, typed)
    assert where(answer) == {
        "status": ["paid"],
        "placed": ["2026-11-01.."],
        "-carrier": ["ups"],
        "total": ["10..20"],
    }


@pytest.mark.parametrize(
    "line",
    [
        'status:paid -carrier:ups total:>100 product:"wool blanket" sort:-total 3 m',
        "-q:tent -sort:number sort:-total",
    ],
)
def test_the_line_and_the_address_say_the_same_both_ways(line: str, admin: Client) -> None:
    answer = admin.get(ADDRESS, {"line": line})
    page = admin.get(answer["Location"]).content.decode()
    found = re.search(r'id="line"[^>]* value="([^"]*)"', page)
    assert found
    assert unescape(found[1]) == line


def test_the_menu_offers_every_filter_that_has_no_menu_of_its_own() -> None:
    assert {field.name for field in FIELDS} == FILTERS.keys() - {"customer", "billing_type", "placed"}


@pytest.mark.usefixtures("imported")
def test_when_revkeen_is_down_a_list_that_was_never_seen_comes_from_the_index(
    admin: Client, emulator: Emulator
) -> None:
    emulator.fault("bad_gateway", path="/orders$", times=100)
    answer = admin.get(ADDRESS)
    assert answer.status_code == 200
    assert len(shown(answer)) == 50
    assert "You see the copy as of" in text(answer.content.decode())
    assert "Index, as of" in text(answer.content.decode())


@pytest.mark.usefixtures("imported")
def test_an_index_that_is_later_than_the_copy_of_the_page_stands_in_for_revkeen(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    admin.get(ADDRESS)
    emulator.fault("html", path="/orders$", times=100)
    copy = text(admin.get(ADDRESS).content.decode())
    assert "Copy, as of" in copy
    assert "Live, as of" not in copy
    later = timezone.now()
    Sweep.objects.filter(merchant=northwind).update(as_of=later)
    IndexState.objects.filter(merchant=northwind).update(as_of=later)
    assert "Index, as of" in text(admin.get(ADDRESS).content.decode())


@pytest.mark.usefixtures("imported")
def test_an_order_leads_on_while_revkeen_is_down(admin: Client, emulator: Emulator) -> None:
    first, second, *_ = shown(admin.get(ADDRESS))
    emulator.fault("bad_gateway", path="/orders$", times=100)
    onward = admin.get(reverse("order_neighbor", args=["northwind", "live", first, "older"]))
    assert second in onward["Location"]


@pytest.mark.usefixtures("imported", "recorded")
def test_a_page_goes_on_after_an_order_that_is_gone_meanwhile(admin: Client) -> None:
    older = admin.get(f"{ADDRESS}?sort=total").context["older"]
    following = shown(admin.get(older))
    last = parse_qs(urlsplit(older).query)["starting_after"][0]
    OrderCopy.objects.filter(order_id=last).update(gone_at=timezone.now())
    assert shown(admin.get(older)) == following


@pytest.mark.usefixtures("imported")
def test_nothing_of_the_other_mode_is_listed(admin: Client) -> None:
    other = reverse("order_list", args=["northwind", "test"])
    assert shown(admin.get(f"{other}?sort=total")) == []
    assert order_list.of(Place(Merchant.objects.get(), "test", timezone.now())).filter(Q()).count() == 0


@pytest.mark.usefixtures("imported")
def test_an_order_that_the_index_does_not_know_leads_on_from_its_place(admin: Client) -> None:
    first, second, *_ = shown(admin.get(f"{ADDRESS}?sort=total"))
    OrderCopy.objects.filter(order_id=second).delete()
    back = reverse("order_neighbor", args=["northwind", "live", second, "newer"])
    assert first in admin.get(back, {"list": "sort=total"})["Location"]
    assert OrderCopy.objects.filter(order_id=second).exists()
    nowhere = reverse("order_neighbor", args=["northwind", "live", uuid.uuid4(), "older"])
    assert admin.get(nowhere, {"list": "sort=total"})["Location"] == f"{ADDRESS}?sort=total"


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("query", ["status=paid&sort=total", "status=paid"])
def test_an_order_leads_on_through_the_list_it_was_opened_from(query: str, admin: Client) -> None:
    answer = admin.get(f"{ADDRESS}?{query}")
    first, second, *_ = shown(answer)
    page = admin.get(unescape(re.findall(rf'href="([^"]*{first}/[^"]*)"', answer.content.decode())[0]))
    html = page.content.decode()
    assert f'href="{ADDRESS}?{query.replace("&", "&amp;")}">Orders' in html
    older = re.search(r'href="([^"]+)"[^>]*aria-label="Next order of the list"', html)
    assert older
    onward = admin.get(unescape(older[1]))
    assert second in onward["Location"]
    back = re.search(r'href="([^"]+)"[^>]*aria-label="Previous order', admin.get(onward["Location"]).content.decode())
    assert back
    assert first in admin.get(unescape(back[1]))["Location"]


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(("name", "query"), VIEWS)
def test_each_view_of_the_menu_is_answered_as_it_stands(name: str, query: str, admin: Client) -> None:
    answer = admin.get(f"{ADDRESS}?{query}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "<s>" not in page
    assert re.search(rf'aria-current="true">{name}<', page)


def test_the_orders_of_each_status_are_counted_out_of_an_index_alone(northwind: Merchant) -> None:
    place = Place(northwind, "live", timezone.now())
    with CaptureQueriesContext(connection) as queries:
        order_list.count(place, Q())
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        assert "USING COVERING INDEX copies_" in str(cursor.fetchall())


@pytest.mark.usefixtures("imported", "recorded")
@pytest.mark.parametrize("query", ["status=teleported", "status=teleported&sort=total"])
def test_a_status_that_there_is_not_shows_and_counts_all_orders(query: str, admin: Client) -> None:
    answer = admin.get(f"{ADDRESS}?{query}")
    assert [tab.label for tab in answer.context["tabs"] if tab.current] == ["All"]
    assert answer.context["total"] == str(OrderCopy.objects.filter(mode="live").count())


@pytest.mark.usefixtures("imported", "recorded")
def test_orders_that_cannot_be_read_do_not_end_the_paging(admin: Client) -> None:
    OrderCopy.objects.update(unreadable="total: not a number", currency="", total=0)
    seen, answer = 0, admin.get(f"{ADDRESS}?sort=total")
    while answer.context["older"]:
        seen += len(answer.context["rows"])
        answer = admin.get(answer.context["older"])
    assert seen + len(answer.context["rows"]) == OrderCopy.objects.count()


def totals(found: list[Sum]) -> dict[str, tuple[int, int, int]]:
    return {one.total.currency: (one.count, one.total.minor, one.due.minor) for one in found}


@pytest.mark.usefixtures("imported", "recorded")
@pytest.mark.database
def test_ticked_orders_of_other_pages_and_whole_lists_are_added_up(admin: Client) -> None:
    first = admin.get(ADDRESS)
    second = admin.get(link(first, "Older"))
    ids = [*shown(first)[:3], *shown(second)]
    ticks = "&".join(f"tick={one}" for one in [*ids, uuid.uuid4(), "x"])
    ticked = admin.get(f"{ADDRESS}?{ticks}").context
    rows = [row.order for answer in (first, second) for row in answer.context["rows"]]
    assert totals(ticked["sums"]) == totals(sums_by_currency([one for one in rows if str(one.id) in ids]))
    assert (ticked["summed"], ticked["missing"]) == (len(ids), 1)
    everything = admin.get(f"{ADDRESS}?sums=all").context
    assert totals(everything["sums"]) == totals(sums_by_currency(rows))
    assert "sums=all" not in link(admin.get(f"{ADDRESS}?sums=all"), "Older")


@pytest.mark.usefixtures("recorded")
def test_until_all_orders_were_read_no_list_is_added_up_whole(admin: Client, emulator: Emulator) -> None:
    answer = admin.get(f"{ADDRESS}?sums=all")
    assert answer.context["sums"] == []
    assert "Add up all" not in answer.content.decode()


@pytest.mark.usefixtures("imported")
def test_adding_up_ticked_orders_keeps_every_condition(admin: Client) -> None:
    drawn = admin.get(f"{ADDRESS}?-carrier=ups&-carrier=fedex&sort=total").content.decode()
    hidden = re.findall(r'<input type="hidden" name="-carrier" value="(\w+)"', drawn.partition("bulk-form")[2])
    assert hidden == ["ups", "fedex"]
