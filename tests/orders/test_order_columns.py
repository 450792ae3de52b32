"""Columns of a list of orders: each person chooses their own, and a view keeps those it was saved with."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from orders.forms.orders.order_columns import COLUMNS, DEFAULT
from orders.models import Merchant, SavedView, User
from tests.orders.test_order_list import ADDRESS, shown
from tests.orders.test_order_views import ADD, page, person
from tests.support.pages import text

pytestmark = pytest.mark.usefixtures("emulator", "recorded")

CHOOSE = reverse("order_columns", args=["northwind", "live"])


def headings(answer: HttpResponse) -> list[str]:
    found = re.findall(r"<th[^>]*scope=\"col\"[^>]*>(.*?)</th>", answer.content.decode(), re.S)
    return [text(one) for one in found]


def choose(client: Client, *columns: str, address: str = CHOOSE, **pressed: str) -> HttpResponse:
    order = [*columns, *(name for name in COLUMNS if name not in columns)]
    return client.post(address, {"order": order, "column": columns, **pressed})


@pytest.mark.database
def test_a_person_sees_the_columns_that_they_chose_and_nobody_else_does(admin: Client, northwind: Merchant) -> None:
    assert headings(admin.get(ADDRESS)) == ["Order", *(COLUMNS[name].label for name in DEFAULT)]
    assert choose(admin, "total", "items", "updated")["Location"] == ADDRESS
    assert headings(admin.get(ADDRESS)) == ["Order", "Total", "Items", "Updated"]
    assert len(headings(person(northwind, "viewer").get(ADDRESS))) == 8
    choose(admin, "total", usual="yes")
    assert len(headings(admin.get(ADDRESS))) == 8


@pytest.mark.parametrize("columns", [list(COLUMNS), *([name] for name in COLUMNS)], ids=str)
def test_each_row_has_the_cells_of_its_columns(columns: list[str], admin: Client) -> None:
    answer = admin.get(ADDRESS, {"columns": " ".join(columns)})
    row = answer.content.decode().partition("<tbody")[2].partition("</tr>")[0]
    assert row.count("<td") == len(columns) + 2  # and the tick, and what opens it beside the list
    assert len(shown(answer)) == 50


def test_a_column_is_moved_and_what_was_not_ticked_keeps_its_place(admin: Client) -> None:
    choose(admin, "total", "items", "updated")
    back = choose(admin, "total", "items", "updated", down="total")
    assert User.objects.get(email="admin@northwind.example").order_columns == "items total updated"
    drawn = admin.get(back["Location"])
    assert [row.name for row in drawn.context["rows"]][:3] == ["items", "total", "updated"]
    assert re.search(r'id="down-total"[^>]*autofocus', drawn.content.decode())
    choose(admin, "items", "total", up="items")
    assert User.objects.get(email="admin@northwind.example").order_columns == "items total"


def test_a_view_keeps_the_columns_it_was_saved_with_and_can_have_others(admin: Client, northwind: Merchant) -> None:
    choose(admin, "total", "items")
    form = admin.get(ADD, {"list": "status=paid"}).context["form"]
    admin.post(ADD, {"name": "Ours", "list": form["list"].value(), "whose": "team"})
    view = SavedView.objects.get()
    support = person(northwind, "support")
    opened = support.get(page(view))["Location"]
    assert headings(support.get(opened)) == ["Order", "Total", "Items"]
    changed = choose(support, "due", address=f"{CHOOSE}?list=status%3Dpaid%26view%3D{view.pk}")["Location"]
    drawn = support.get(changed)
    assert (headings(drawn), "Changed" in text(drawn.content.decode())) == (["Order", "Due"], True)
    assert len(headings(support.get(ADDRESS))) == 8


def test_what_is_no_column_is_left_out(admin: Client) -> None:
    answer = admin.get(ADDRESS, {"columns": "<b> total total weight"})
    assert answer["Location"] == f"{ADDRESS}?columns=total"
    assert admin.get(ADDRESS, {"columns": "weight"})["Location"] == ADDRESS
    choose(admin, "weight", "total", up="weight")
    assert User.objects.get(email="admin@northwind.example").order_columns == "total"
