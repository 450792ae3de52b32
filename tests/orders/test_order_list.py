import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.models import CustomerCopy, Merchant
from orders.services.index import spans
from tests.support.emulation import Emulator
from tests.support.indexing import read_customers

ADDRESS = reverse("order_list", args=["northwind", "live"])


def shown(response: HttpResponse) -> list[str]:
    """The ids of the orders on the page, from top to bottom."""
    return re.findall(r'id="order-([0-9a-f-]{36})"', response.content.decode())


def link(response: HttpResponse, words: str) -> str:
    """The address behind the link with these words."""
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>(?:<svg[^>]*><use[^>]*></svg>)?{words}', response.content.decode())
    assert found, words
    return found[1].replace("&amp;", "&")


def asked_of(emulator: Emulator) -> dict[str, list[str]]:
    """The query of the last call for orders."""
    calls = [call for call in emulator.calls() if call["path"].endswith("/orders")]
    query = calls[-1]["query"]
    return query if isinstance(query, dict) else parse_qs(query)


def test_the_newest_fifty_orders_are_shown_newest_first(admin: Client, emulator: Emulator) -> None:
    newest = [order["id"] for order in emulator.orders("limit=50")]
    assert shown(admin.get(ADDRESS)) == newest


def test_the_page_makes_one_call_whatever_it_shows(admin: Client, emulator: Emulator) -> None:
    for query in ("", "?status=paid", "?billing_type=recurring", "?placed=2026-01-01.."):
        emulator.forget_calls()
        assert admin.get(ADDRESS + query).status_code == 200
        assert len(emulator.calls()) == 1


@pytest.mark.database
def test_the_number_of_queries_does_not_grow_with_the_rows(
    admin: Client, emulator: Emulator, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    admin.get(ADDRESS)
    admin.get(f"{ADDRESS}?status=refunded")  # the index has them all from then on
    with django_assert_max_num_queries(8) as few:
        admin.get(f"{ADDRESS}?status=refunded")
    with django_assert_max_num_queries(8) as many:
        admin.get(ADDRESS)
    assert len(many) <= len(few) + 1  # one more may note names that are wanted


def test_paging_forth_and_back_shows_every_order_once(admin: Client, emulator: Emulator) -> None:
    everything = [order["id"] for order in emulator.orders("limit=100")]
    first = admin.get(ADDRESS)
    second = admin.get(link(first, "Older"))
    assert shown(first) + shown(second) == everything
    back = admin.get(link(second, "Newer"), follow=True)
    assert shown(back) == shown(first)


def test_going_back_to_the_newest_ends_on_the_first_page_whole(admin: Client, emulator: Emulator) -> None:
    third = emulator.orders("limit=3")[2]["id"]
    response = admin.get(f"{ADDRESS}?ending_before={third}")
    assert (response.status_code, response["Location"]) == (302, ADDRESS)


def test_an_address_of_a_page_survives_a_reload(admin: Client) -> None:
    older = link(admin.get(ADDRESS), "Older")
    assert shown(admin.get(older)) == shown(admin.get(older))


@pytest.mark.parametrize("status", ["draft", "pending", "partially_paid", "paid", "fulfilled", "refunded", "canceled"])
def test_a_tab_shows_the_orders_of_its_status(status: str, admin: Client, emulator: Emulator) -> None:
    wanted = [order["id"] for order in emulator.orders(f"limit=50&status={status}")]
    response = admin.get(f"{ADDRESS}?status={status}")
    assert shown(response) == wanted
    assert f'href="{ADDRESS}?status={status}" aria-current="page"' in response.content.decode()


def test_a_filter_stays_when_paging_and_changing_tabs(admin: Client) -> None:
    response = admin.get(f"{ADDRESS}?placed=2020-01-01..&billing_type=one_time")
    for words in ("Older", "Paid"):
        query = parse_qs(urlsplit(link(response, words)).query)
        assert query["billing_type"] == ["one_time"]
        assert query["placed"] == ["2020-01-01.."]


def test_days_are_those_of_the_merchants_time_zone(admin: Client, emulator: Emulator) -> None:
    admin.get(f"{ADDRESS}?placed=2026-03-29")  # clocks go forward: 23 hours
    asked = asked_of(emulator)
    start, end = (int(asked[name][0]) for name in ("created_gte", "created_lte"))
    assert datetime.fromtimestamp(start, UTC).isoformat() == "2026-03-28T23:00:00+00:00"
    assert end - start == 23 * 3600 - 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Denver", "Asia/Kathmandu", "Pacific/Apia"])
def test_neighboring_days_neither_overlap_nor_leave_a_gap(zone: str) -> None:
    for before, after in (("2026-03-28", "2026-03-29"), ("2026-10-24", "2026-10-25"), ("2026-10-25", "2026-10-26")):
        ends, begins = (spans.moments(day, ZoneInfo(zone), datetime.now(UTC)) for day in (before, after))
        assert ends[1] == begins[0]


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "customer=1",
        "placed=2026-13-01",
        "placed=2026-02-02..2026-02-01",
        "starting_after=../x",
        "billing_type=' OR 1=1",
        "customer=" + "9" * 400,
        "placed=..99999-01-01",
        "color=red",
        "sort=color",
        "total=a+lot",
        "total=100..5",
        "-q=tent",
        "-sort=total",
    ],
)
def test_a_condition_that_makes_no_sense_is_struck_out_and_the_list_is_drawn(
    query: str, admin: Client, emulator: Emulator
) -> None:
    response = admin.get(f"{ADDRESS}?{query}")
    assert shown(response) == [order["id"] for order in emulator.orders("limit=50")]
    assert response.content.decode().count("<s>") == 1
    assert "Live, as of" in response.content.decode()


def test_a_cursor_that_is_gone_is_a_refusal_not_a_crash(admin: Client) -> None:
    response = admin.get(f"{ADDRESS}?starting_after=00000000-0000-4000-8000-000000000000")
    assert response.status_code == 400
    assert "RevKeen refused" in response.content.decode()


def test_no_match_offers_to_take_conditions_away(admin: Client) -> None:
    response = admin.get(f"{ADDRESS}?placed=2001-01-01..2001-01-02&status=paid")
    text = response.content.decode()
    assert "No order matches these 2 filters" in text
    assert f'href="{ADDRESS}?placed=2001-01-01..2001-01-02"' in text


def test_a_merchant_without_orders_is_told_how_they_arrive(admin: Client, emulator: Emulator) -> None:
    emulator.fault("respond", body={"object": "list", "data": [], "has_more": False})
    assert "No orders in Northwind Trading, live" in admin.get(ADDRESS).content.decode()


@pytest.mark.database
def test_customers_go_by_their_id_until_the_worker_has_asked_for_the_name(
    admin: Client, emulator: Emulator, northwind: Merchant
) -> None:
    order = next(order for order in emulator.orders("limit=50") if order["customer_id"])
    assert f"{order['customer_id'][:8]}…" in admin.get(ADDRESS).content.decode()
    read_customers(northwind)
    assert f"{order['customer_id'][:8]}…" not in admin.get(ADDRESS).content.decode()


def test_names_of_one_mode_are_not_shown_in_the_other(admin: Client, northwind: Merchant) -> None:
    read_customers(northwind)
    assert not CustomerCopy.objects.filter(merchant=northwind, mode="test").exists()


@pytest.mark.usefixtures("recorded")
def test_ticked_orders_are_added_up_by_currency(admin: Client, emulator: Emulator) -> None:
    orders = emulator.orders("limit=50")
    ticked = orders[:10]
    query = "&".join(f"tick={order['id']}" for order in ticked)
    response = admin.get(f"{ADDRESS}?{query}")
    sums = {line.total.currency: line.total.minor for line in response.context["sums"]}
    for currency in {order["currency"].upper() for order in ticked}:
        of_currency = [order["total"] for order in ticked if order["currency"].upper() == currency]
        assert sums[currency] == sum(of_currency)
    assert len(re.findall(r'name="tick"[^>]*\schecked', response.content.decode())) == 10


@pytest.mark.usefixtures("recorded")
def test_what_is_due_on_a_canceled_order_is_not_added_up(admin: Client, emulator: Emulator) -> None:
    canceled = next(order for order in emulator.orders("status=canceled&limit=50") if order["amount_due"])
    sums = admin.get(f"{ADDRESS}?status=canceled&tick={canceled['id']}").context["sums"]
    assert [line.due.minor for line in sums] == [0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("placed=2026-11-01..2026-11-20", "from 1 Nov 2026 to 20 Nov 2026"),
        ("placed=2026-11-01..", "from 1 Nov 2026"),
        ("placed=..2026-11-20", "up to 20 Nov 2026"),
        ("placed=soon..", "from soon"),
        ("placed=last_month", "last month"),
    ],
)
def test_the_filter_says_its_days_as_the_rows_do(query: str, words: str, admin: Client) -> None:
    assert f">{words}<" in admin.get(f"{ADDRESS}?{query}").content.decode()


def test_a_customer_without_a_known_name_is_filtered_by_the_id_that_rows_show(
    admin: Client, emulator: Emulator
) -> None:
    order = next(order for order in emulator.orders() if order["customer_id"])
    page = admin.get(f"{ADDRESS}?customer={order['customer_id']}").content.decode()
    assert f'<summary class="btn"><bdi>{order["customer_id"][:8]}…</bdi>' in page


def test_a_live_refresh_gets_the_table_alone(admin: Client) -> None:
    response = admin.get(ADDRESS, headers={"HX-Request": "true", "HX-Target": "order-table"})
    text = response.content.decode()
    assert '<section id="order-table"' in text
    assert 'id="as-of" hx-swap-oob="true"' in text
    assert "<html" not in text
    assert "HX-Request" in response["Vary"]
    assert "HX-Target" in response["Vary"]


def test_an_order_whose_amounts_do_not_add_up_is_flagged(admin: Client, emulator: Emulator) -> None:
    newest = emulator.orders("limit=1")[0]
    before = admin.get(ADDRESS).content.decode().count("Does not add up")
    emulator.patch("orders", newest["id"], amount_due=newest["amount_due"] + 1)
    assert admin.get(ADDRESS).content.decode().count("Does not add up") == before + 1
