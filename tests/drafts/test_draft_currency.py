"""A draft in another currency: no digit is ever read in another unit than the one it was typed or found in."""

import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Draft, Merchant
from orders.services.drafts.drafts import new_line
from tests.conftest import make_person, sign_in
from tests.support.drafts import IN_PLACE, TEST_KEY, address, fields, fill, opened, save
from tests.support.emulation import Emulator
from tests.support.pages import markup


@pytest.fixture
def draft(support: Client) -> Draft:
    support.post("/northwind/test/drafts/new/")
    return fill(support, Draft.objects.get(), ("Tea", "1", "10,090"), currency="JPY")


@pytest.fixture
def product(emulator: Emulator) -> dict[str, Any]:
    """Sold once, for one price in JPY and another in EUR: `jpy` and `eur` in minor units."""
    prices = {
        currency: emulator.get(f"/prices?currency={currency}&active=true&limit=100", TEST_KEY)["data"]
        for currency in ("jpy", "eur")
    }
    sold = {
        row["id"]: row for row in emulator.get("/products?limit=100", TEST_KEY)["data"] if row["kind"] == "one_time"
    }
    for product_id, row in sold.items():
        own = {name: [price for price in rows if price["product_id"] == product_id] for name, rows in prices.items()}
        if row["is_active"] and not row["is_archived"] and all(len(rows) == 1 for rows in own.values()):
            return {**row, **{name: rows[0]["unit_amount"] for name, rows in own.items()}, "prices": own}
    raise AssertionError("no such product")


def add(draft: Draft, product: dict[str, Any]) -> None:
    line = new_line(product_id=product["id"], description=product["name"], quantity=2, unit_price=product["jpy"])
    draft.lines.append(line)
    draft.save()


def prices(draft: Draft) -> tuple[str, list[int | None]]:
    draft.refresh_from_db()
    return draft.currency, [line["unit_price"] for line in draft.lines]


@pytest.mark.parametrize("place", [{}, IN_PLACE])
@pytest.mark.parametrize("chosen", ["EUR", "kwd", "USD"])
def test_another_currency_for_priced_lines_asks_and_changes_no_price(
    chosen: str, place: dict[str, str], support: Client, draft: Draft
) -> None:
    answer = support.post(address(draft), opened(support, draft) | {"currency": chosen, "notes": "kept"}, **place)
    page = markup(answer)
    assert answer.status_code == (200 if place else 422)
    assert f"Change JPY to {chosen.upper()}?" in page
    assert f'value="currency:{chosen.upper()}"' in page
    assert 'value="currency:JPY"' in page
    assert prices(draft) == ("JPY", [10090])
    assert draft.notes == "kept"
    if not place:
        assert 'value="10,090"' in page


def test_a_price_that_is_typed_beside_another_currency_is_in_that_of_its_page(support: Client, draft: Draft) -> None:
    save(support, draft, **{f"price-{draft.lines[0]['id']}": "20,000"}, currency="EUR")
    assert prices(draft) == ("JPY", [20000])


def test_the_first_price_typed_beside_another_currency_is_not_read_in_it(support: Client, draft: Draft) -> None:
    line = draft.lines[0]["id"]
    save(support, draft, **{f"price-{line}": ""})
    assert prices(draft) == ("JPY", [None])
    assert save(support, draft, **{f"price-{line}": "10,090"}, currency="EUR").status_code == 422
    assert prices(draft) == ("JPY", [10090])


def test_without_prices_the_currency_changes_without_a_word(support: Client, draft: Draft) -> None:
    save(support, draft, **{f"price-{draft.lines[0]['id']}": ""})
    assert save(support, draft, currency="EUR").status_code == 303
    assert prices(draft) == ("EUR", [None])


def test_the_catalogs_prices_are_taken_and_the_others_emptied(
    support: Client, draft: Draft, product: dict[str, Any]
) -> None:
    add(draft, product)
    answer = save(support, draft, "currency:EUR")
    assert answer.status_code == 303
    assert prices(draft) == ("EUR", [None, product["eur"]])
    page = markup(support.get(answer["Location"]))
    assert "In EUR now, and no price in JPY was kept." in page
    assert "1 line has the catalog price, 1 line has no price yet." in page


def test_a_line_that_never_had_a_price_counts_among_those_without_one(support: Client, draft: Draft) -> None:
    save(support, draft, "add_line")
    answer = save(support, draft, "currency:EUR")
    assert prices(draft) == ("EUR", [None, None])
    assert "no price in JPY was kept. 2 lines have no price yet." in markup(support.get(answer["Location"]))


def test_of_several_prices_of_a_product_none_is_guessed(
    support: Client, draft: Draft, product: dict[str, Any], emulator: Emulator
) -> None:
    add(draft, product)
    price = product["prices"]["eur"][0]
    rows = [{**price, "id": str(uuid.uuid4()), "nickname": name} for name in ("Club", "Trade")]
    listing = {"object": "list", "data": rows, "has_more": False}
    emulator.fault("respond", "/prices$", method="GET", status=200, body=listing)
    save(support, draft, "currency:EUR")
    assert prices(draft) == ("EUR", [None, None])


def test_to_stay_with_the_currency_keeps_every_price(support: Client, draft: Draft) -> None:
    form = opened(support, draft) | {"currency": "EUR"}
    assert save(support, draft, "currency:JPY", form=form).status_code == 303
    assert prices(draft) == ("JPY", [10090])


@pytest.mark.parametrize("typed", ["", "XXX", "JPY:EUR", "\x00"])
def test_a_currency_that_is_none_changes_nothing(typed: str, support: Client, draft: Draft) -> None:
    save(support, draft, f"currency:{typed}")
    assert prices(draft) == ("JPY", [10090])


def test_prices_that_cannot_be_looked_up_leave_draft_and_currency_as_they_are(
    support: Client, draft: Draft, product: dict[str, Any], emulator: Emulator
) -> None:
    add(draft, product)
    emulator.fault("error", "/prices$", status=403, times=5)
    answer = save(support, draft, "currency:EUR")
    assert "The search failed." in markup(answer)
    assert prices(draft) == ("JPY", [10090, product["jpy"]])


def test_with_something_else_to_correct_the_currency_waits(support: Client, draft: Draft) -> None:
    assert save(support, draft, "currency:EUR", expires_at="never").status_code == 422
    assert prices(draft) == ("JPY", [10090])


@pytest.mark.database
def test_prices_typed_before_somebody_changed_the_currency_are_not_read_in_it(
    support: Client, draft: Draft, northwind: Merchant
) -> None:
    """Also when they are saved over the other's version."""
    mine = opened(support, draft) | {f"price-{draft.lines[0]['id']}": ["12,000"]}
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    save(colleague, draft, "currency:EUR")
    assert "prices typed in JPY are not saved" in markup(save(support, draft, form=mine))
    draft.refresh_from_db()
    assert prices(draft) == ("EUR", [None])
    for currency in ("JPY", "EUR"):
        answer = save(support, draft, form=mine | {"version": str(draft.version), "currency": currency})
        assert "prices typed in JPY are not saved" in markup(answer)
        assert prices(draft) == ("EUR", [None])


# --- What was found in the catalog ----------------------------------------------------------------------------------


def test_a_product_found_in_another_currency_is_not_added_and_read_anew(
    support: Client, draft: Draft, product: dict[str, Any]
) -> None:
    save(support, draft, **{f"price-{draft.lines[0]['id']}": ""})
    found = fields(save(support, draft, "find_offers", product_q=product["name"]).content.decode())
    price = product["prices"]["jpy"][0]["id"]
    button = f"add_offer:{price}:{product['id']}:JPY"
    answer = save(support, draft, button, form=found | {"currency": "EUR"})
    page = markup(answer)
    assert "Nothing was added: those prices were in JPY. These are in EUR." in page
    assert f'value="add_offer:{product["prices"]["eur"][0]["id"]}:{product["id"]}:EUR"' in page
    assert "not offered" not in page
    assert prices(draft) == ("EUR", [None])


def test_a_list_on_the_page_follows_the_currency(support: Client, draft: Draft, product: dict[str, Any]) -> None:
    save(support, draft, **{f"price-{draft.lines[0]['id']}": ""})
    found = fields(save(support, draft, "find_offers", product_q=product["name"]).content.decode())
    part = markup(support.post(address(draft), found | {"currency": "EUR"}, **IN_PLACE))
    assert '<div id="found" hx-swap-oob="true">' in part
    assert "at their prices in EUR" in part


def test_a_product_is_added_whatever_stands_in_the_search_field_now(
    support: Client, draft: Draft, product: dict[str, Any]
) -> None:
    button = f"add_offer:{product['prices']['jpy'][0]['id']}:{product['id']}:JPY"
    save(support, draft, button, product_q="something else")
    assert prices(draft) == ("JPY", [10090, product["jpy"]])


def test_every_product_of_a_long_draft_is_looked_up_in_two_calls(
    support: Client, draft: Draft, emulator: Emulator
) -> None:
    sold = [row for row in emulator.get("/products?limit=100", TEST_KEY)["data"] if row["kind"] == "one_time"]
    draft.lines = [new_line(product_id=row["id"], description=row["name"], unit_price=100) for row in sold]
    draft.save()
    form = opened(support, draft)
    emulator.forget_calls()
    save(support, draft, "currency:EUR", form=form)
    priced = sum(price is not None for price in prices(draft)[1])
    assert sorted(call["path"] for call in emulator.calls()) == ["/revkeen/v2/prices", "/revkeen/v2/products"]
    assert priced > 30


def test_lines_that_a_long_catalog_leaves_without_a_look_are_told_apart(
    support: Client, draft: Draft, emulator: Emulator
) -> None:
    sold = [row for row in emulator.get("/products?limit=100", TEST_KEY)["data"] if row["kind"] == "one_time"][:22]
    draft.lines = [new_line(product_id=row["id"], description=row["name"], unit_price=100) for row in sold]
    draft.save()
    form = opened(support, draft)
    emulator.fault("respond", "/prices$", status=200, body={"object": "list", "data": [], "has_more": True})
    answer = save(support, draft, "currency:EUR", form=form)
    assert "2 lines have no price yet because the catalog was too long to look up" in markup(
        support.get(answer["Location"])
    )
