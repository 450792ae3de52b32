"""A list of orders gets a name: one's own or the team's, with an address and a count, and can be changed."""

import re
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.forms.orders.order_columns import DEFAULT
from orders.forms.orders.order_views import VIEWS as VIEWS_THERE
from orders.models import Merchant, SavedView
from orders.services.index import counting
from orders.services.orders import order_lists, saved_views
from orders.views.orders.view_counts import CountedView
from tests.conftest import make_merchant, make_person, sign_in
from tests.orders.test_order_list import ADDRESS
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import text

pytestmark = pytest.mark.usefixtures("emulator", "recorded")

VIEWS = reverse("saved_view_list", args=["northwind", "live"])
ADD = reverse("saved_view_add", args=["northwind", "live"])


def person(merchant: Merchant, role: str) -> Client:
    return sign_in(make_person(f"{role}@northwind.example", merchant, role))


def save(client: Client, name: str = "Big ones", query: str = "total=>100&sort=-total", whose: str = "mine") -> None:
    answer = client.post(ADD, {"name": name, "list": query, "whose": whose})
    assert answer.status_code == 302, text(answer.content.decode())


def page(view: SavedView, name: str = "saved_view") -> str:
    return reverse(name, args=["northwind", "live", view.pk])


def names(client: Client, address: str = VIEWS) -> list[str]:
    return [row.name for heading, rows in client.get(address).context["groups"] for row in rows if row.view]


def heading(answer: HttpResponse) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.content.decode(), re.S)
    assert found
    return text(found[1])


@pytest.mark.database
def test_a_view_opens_the_list_as_it_was_saved_under_its_name(admin: Client) -> None:
    form = admin.get(ADD, {"list": "status=paid&sort=-total&tick=1&starting_after=2"})
    save(admin, "Big & paid", form.context["form"]["list"].value())
    view = SavedView.objects.get()
    answer = admin.get(page(view))
    asked = parse_qs(urlsplit(answer["Location"]).query)
    columns = " ".join(DEFAULT)
    assert asked == {"status": ["paid"], "sort": ["-total"], "view": [str(view.pk)], "columns": [columns]}
    shown = admin.get(answer["Location"])
    assert (heading(shown), "Changed" in text(shown.content.decode())) == ("Big & paid", False)


def test_another_filter_is_a_change_that_can_be_saved(admin: Client) -> None:
    save(admin)
    view = SavedView.objects.get()
    changed = f"{ADDRESS}?total=>200&view={view.pk}"
    assert "Changed" in text(admin.get(changed, follow=True).content.decode())
    form = admin.get(page(view, "saved_view_edit"), {"list": f"total=>200&view={view.pk}"})
    admin.post(page(view, "saved_view_edit"), {"name": "Bigger", "list": form.context["form"]["list"].value()})
    view.refresh_from_db()
    assert (view.name, view.query) == ("Bigger", "total=%3E200")


def counts(client: Client) -> list[str]:
    return [row.count for _, rows in client.get(VIEWS).context["groups"] for row in rows]


@pytest.mark.database
def test_each_view_says_how_many_orders_its_list_has(admin: Client, northwind: Merchant) -> None:
    index_everything(northwind)
    save(admin, "Open", "status=pending&sort=total")
    rows = [row for _, rows in admin.get(VIEWS).context["groups"] for row in rows]
    for row in rows:
        assert row.count == admin.get(row.url, follow=True).context["total"], row.name
    assert int(rows[-1].count) > 0
    admin.post(page(SavedView.objects.get(), "saved_view_edit"), {"name": "Open", "list": "q=no+such+order"})
    assert counts(admin)[-1] == "0"


def in_navigation(client: Client, address: str) -> dict[str, CountedView]:
    return {view.name: view for item in client.get(address).context["navigation"] for view in item.views}


@pytest.mark.database
def test_the_navigation_has_the_views_with_the_counts_of_their_lists(admin: Client, northwind: Merchant) -> None:
    index_everything(northwind)
    save(admin, "Open", "status=pending&sort=total")
    there = reverse("journal", args=["northwind", "live"])
    views = in_navigation(admin, there)
    assert [*views] == [*(name for name, _ in VIEWS_THERE), "Open"]
    for view in views.values():
        drawn = admin.get(view.url, follow=True)
        assert view.count == drawn.context["total"], view.name
        assert [item.current for item in drawn.context["navigation"]].count(True) == 0
    assert [name for name, view in in_navigation(admin, views["Part paid"].url).items() if view.current] == [
        "Part paid"
    ]
    assert "Open" not in in_navigation(person(northwind, "viewer"), there)


@pytest.mark.database
def test_the_navigation_counts_all_views_in_one_query_and_keeps_that_for_a_moment(
    admin: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_everything(northwind)
    save(admin, "Slow", "metadata=channel&status=paid")
    there = reverse("journal", args=["northwind", "live"])
    with CaptureQueriesContext(connection) as asked:
        views = in_navigation(admin, there)
    assert len(_counting(asked)) == 1
    assert [name for name, view in views.items() if not view.count] == ["Slow"]
    with CaptureQueriesContext(connection) as again:
        assert in_navigation(admin, there) == views
    assert len(again) < len(asked)
    assert not _counting(again)
    monkeypatch.setattr(counting, "MOST", 1)
    save(admin, "All", "placed=2001-01-01..")
    assert in_navigation(admin, there)["All"].count == "1+"


def _counting(asked: CaptureQueriesContext) -> list[str]:
    """The queries that count views; what waits to be fulfilled is counted likewise, beside what is on hold."""
    counting = [query["sql"] for query in asked.captured_queries if "counted" in query["sql"]]
    return [sql for sql in counting if "orders_hold" not in sql]


def test_counting_ends_in_time_and_keeps_what_was_counted(
    admin: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_everything(northwind)
    save(admin)
    monkeypatch.setattr(order_lists, "COUNTING_SECONDS", 0)
    assert set(counts(admin)) == {""}
    monkeypatch.setattr(order_lists, "COUNTING_SECONDS", 60)
    counted = counts(admin)
    assert "" not in counted
    monkeypatch.setattr(order_lists, "COUNTING_SECONDS", 0)
    assert counts(admin) == counted


def test_a_view_is_one_persons_unless_it_is_the_teams(admin: Client, northwind: Merchant) -> None:
    support = person(northwind, "support")
    save(admin, "Mine")
    save(admin, "Ours", whose="team")
    kestrel = make_merchant("Kestrel Outdoor", "kestrel", "America/Denver")
    theirs = SavedView.objects.get(name="Ours")
    theirs.pk, theirs.merchant, theirs.name = uuid.uuid4(), kestrel, "Theirs"
    theirs.save(force_insert=True)
    assert admin.get(page(theirs)).status_code == 404
    assert names(admin) == ["Mine", "Ours"]
    assert names(support) == ["Ours"]
    assert names(admin, VIEWS.replace("live", "test")) == []
    mine = SavedView.objects.get(name="Mine")
    assert support.get(page(mine)).status_code == 404
    assert support.post(page(mine, "saved_view_remove")).status_code == 404
    assert heading(support.get(f"{ADDRESS}?view={mine.pk}")) == "Orders"


def test_the_teams_views_are_changed_by_their_author_and_by_admins(admin: Client, northwind: Merchant) -> None:
    support, finance = person(northwind, "support"), person(northwind, "finance")
    save(support, "Ours", whose="team")
    view = SavedView.objects.get()
    for name in ("saved_view_edit", "saved_view_remove"):
        assert finance.post(page(view, name), {"name": "Theirs"}).status_code == 403
    assert SavedView.objects.get().name == "Ours"
    assert support.post(page(view, "saved_view_edit"), {"name": "Still ours"}).status_code == 302
    assert admin.post(page(view, "saved_view_remove")).status_code == 302
    assert not SavedView.objects.exists()


def test_a_viewer_saves_views_but_none_for_the_team(northwind: Merchant) -> None:
    viewer = person(northwind, "viewer")
    save(viewer, whose="team")
    assert not SavedView.objects.get().shared


@pytest.mark.database
def test_a_name_is_there_once_for_each_owner_and_views_are_not_without_end(
    admin: Client, northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(admin, "Big ones")
    save(admin, "Big ones", whose="team")
    save(person(northwind, "support"), "Big ones")
    taken = admin.post(ADD, {"name": " big  ONES ", "whose": "mine"})
    assert (taken.status_code, "a view of this name" in text(taken.content.decode())) == (422, True)
    monkeypatch.setattr(saved_views, "MOST", 1)
    assert admin.post(ADD, {"name": "One more", "whose": "mine"}).status_code == 422
    assert SavedView.objects.count() == 3


def test_a_view_of_a_filter_that_is_no_more_opens_with_it_struck_out(admin: Client) -> None:
    save(admin, "<b>Old</b>", "warehouse=north&status=paid")
    answer = admin.get(page(SavedView.objects.get()), follow=True)
    assert answer.status_code == 200
    assert "<s>warehouse:north</s>" in answer.content.decode()
    assert "<b>Old" not in answer.content.decode() + admin.get(VIEWS).content.decode()


def test_the_menu_is_asked_for_when_it_is_opened(admin: Client, emulator: Emulator) -> None:
    save(admin)
    view = SavedView.objects.get()
    closed = admin.get(ADDRESS).content.decode()
    assert VIEWS in closed
    assert f'{page(view)}"' not in closed.partition('id="order-views"')[2]
    opened = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "order-views"}
    emulator.forget_calls()
    menu = admin.get(VIEWS, {"list": f"total=>100&sort=-total&view={view.pk}"}, **opened).content.decode()
    assert "<html" not in menu
    assert re.search(rf'href="{page(view)}"\s*aria-current="true"', menu)
    assert emulator.calls() == []
