"""Drafts: saved at every step, two people at one, and the order they become in RevKeen."""

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from orders.apis.revkeen import marks
from orders.forms.drafts.drafts import CURRENCIES, DraftForm
from orders.models import Connection, Draft, DraftVisit, Merchant, Operation
from orders.money import LARGEST_MINOR, Money
from orders.services.drafts.drafts import new_line, totals
from tests.conftest import make_person, sign_in
from tests.support.drafts import (
    IN_PLACE,
    TEST_KEY,
    address,
    create,
    created,
    fields,
    fill,
    form_token_of,
    now,
    opened,
    replacement,
    save,
)
from tests.support.drafts import draft as draft
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.journal import reconcile_due

State = Operation.State


def reviewed(client: Client, draft: Draft, **typed: Any) -> str:
    """The page that says what is missing."""
    answer = save(client, draft, "review", **typed)
    return (client.get(answer["Location"]) if answer.status_code == 303 else answer).content.decode()


def test_each_button_saves_what_was_typed_first(support: Client, draft: Draft) -> None:
    line = draft.lines[0]["id"]
    typed = {f"description-{line}": "Ridgeline 2 tent", f"price-{line}": "1,049.50", "notes": "By Friday"}
    assert save(support, draft, "add_line", **typed).status_code == 303
    draft.refresh_from_db()
    assert [row["description"] for row in draft.lines] == ["Ridgeline 2 tent", ""]
    assert (draft.lines[0]["unit_price"], draft.notes) == (104950, "By Friday")


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [("JPY", "4,200", 4200), ("KWD", "1.250", 1250), ("USD", ".99", 99), ("eur", "5", 500)],
)
def test_prices_are_typed_in_major_units(currency: str, price: str, minor: int, support: Client, draft: Draft) -> None:
    fill(support, draft, ("Tea", "1", price), currency=currency)
    assert (draft.currency, draft.lines[0]["unit_price"]) == (currency.upper(), minor)


@pytest.mark.parametrize(
    ("currency", "price"), [("JPY", "7200.50"), ("KWD", "1.2505"), ("USD", "1.005"), ("USD", "-1"), ("USD", "free")]
)
def test_a_price_that_the_currency_does_not_have_is_not_saved_and_stays_typed(
    currency: str, price: str, support: Client, draft: Draft
) -> None:
    fill(support, draft, ("Tea", "2", "3"), currency=currency)
    line = draft.lines[0]["id"]
    answer = save(support, draft, **{f"price-{line}": price, "notes": "kept all the same"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{price}"' in page
    assert f'id="id_price-{line}_error"' in page
    draft.refresh_from_db()
    assert draft.notes == "kept all the same"
    assert draft.lines[0]["unit_price"] == {"JPY": 3, "KWD": 3000, "USD": 300}[currency]


@given(st.sampled_from(CURRENCIES), st.integers(0, LARGEST_MINOR), st.integers(1, 1_000_000))
def test_a_price_comes_back_from_the_page_as_it_was(currency: str, minor: int, quantity: int) -> None:
    draft = Draft(currency=currency, lines=[new_line(description="Tea", quantity=quantity, unit_price=minor)])
    page = DraftForm(None, draft=draft, zone=ZoneInfo("Europe/Berlin"))
    sent = QueryDict(mutable=True)
    sent.setlist("line", page.line_ids)
    for name in page.fields:
        sent[name] = page[name].value() or ""
    form = DraftForm(sent, draft=draft, zone=ZoneInfo("Europe/Berlin"))
    assert form.is_valid(), form.errors
    assert form.changes["lines"] == draft.lines
    assert totals(draft).subtotal == Money(minor * quantity, currency)


def test_another_currency_never_keeps_minor_units_of_the_former(support: Client, draft: Draft) -> None:
    fill(support, draft, ("Tea", "1", "7.25"), currency="USD")
    assert save(support, draft, currency="JPY").status_code == 422
    draft.refresh_from_db()
    assert (draft.currency, draft.lines[0]["unit_price"]) == ("USD", 725)
    assert save(support, draft, "currency:JPY").status_code == 303
    draft.refresh_from_db()
    assert (draft.currency, draft.lines[0]["unit_price"]) == ("JPY", None)


def test_a_currency_whose_decimals_nobody_knows_is_refused(support: Client, draft: Draft) -> None:
    assert save(support, draft, currency="XXX").status_code == 422
    draft.refresh_from_db()
    assert draft.currency == "USD"


def test_lines_are_moved_by_their_number_and_removed(support: Client, draft: Draft) -> None:
    fill(support, draft, ("A", "1", "1"), ("B", "1", "1"), ("C", "1", "1"), ("D", "1", "1"))
    last = draft.lines[3]["id"]
    save(support, draft, **{f"position-{last}": "2"})
    draft.refresh_from_db()
    assert [line["description"] for line in draft.lines] == ["A", "D", "B", "C"]
    save(support, draft, **{f"position-{last}": "3"})
    draft.refresh_from_db()
    assert [line["description"] for line in draft.lines] == ["A", "B", "D", "C"]
    save(support, draft, f"remove:{last}")
    draft.refresh_from_db()
    assert [line["description"] for line in draft.lines] == ["A", "B", "C"]


def test_a_product_becomes_a_line_at_its_price(support: Client, draft: Draft, emulator: Emulator) -> None:
    product = next(
        row
        for row in emulator.get("/products?limit=60", TEST_KEY)["data"]
        if row["is_active"] and not row["is_archived"] and row["kind"] == "one_time"
    )
    price = next(
        row
        for row in emulator.get(f"/prices?product_id={product['id']}&currency=usd&active=true", TEST_KEY)["data"]
        if row["unit_amount"]
    )
    answer = save(support, draft, "find_offers", product_q=product["product_id"])
    assert f'value="add_offer:{price["id"]}:{product["id"]}:USD"' in answer.content.decode()
    button = f"add_offer:{price['id']}:{product['id']}:USD"
    save(support, draft, button, form=fields(answer.content.decode()))
    draft.refresh_from_db()
    line = draft.lines[-1]
    assert (line["product_id"], line["unit_price"]) == (product["id"], price["unit_amount"])


def test_products_are_offered_in_the_currency_that_is_typed(support: Client, draft: Draft, emulator: Emulator) -> None:
    price = next(
        row for row in emulator.get("/prices?currency=eur&active=true", TEST_KEY)["data"] if row["unit_amount"]
    )
    product = emulator.get(f"/products/{price['product_id']}", TEST_KEY)["data"]
    answer = save(support, draft, "find_offers", currency="eur", product_q=product["name"])
    page = answer.content.decode()
    assert f'value="add_offer:{price["id"]}:{product["id"]}:EUR"' in page
    assert "at their prices in EUR" in page
    save(support, draft, f"add_offer:{price['id']}:{product['id']}:EUR", form=fields(page))
    draft.refresh_from_db()
    assert (draft.currency, draft.lines[-1]["unit_price"]) == ("EUR", price["unit_amount"])


def test_a_product_that_is_offered_no_more_is_not_added_silently(support: Client, draft: Draft) -> None:
    answer = support.post(address(draft), {**opened(support, draft), "do": "add_offer:gone"}, follow=True)
    assert "Nothing was added: the product is no longer sold at that price in USD." in answer.content.decode()


def test_prices_beyond_the_first_page_are_asked_for_by_product(
    support: Client, draft: Draft, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = emulator.get("/prices?currency=usd&active=true&limit=100", TEST_KEY)["data"]
    price = next(row for row in reversed(known) if row["unit_amount"])
    product = emulator.get(f"/products/{price['product_id']}", TEST_KEY)["data"]
    monkeypatch.setattr("orders.apis.revkeen.reads.LARGEST_PAGE", 1)
    answer = save(support, draft, "find_offers", product_q=product["name"])
    assert f'value="add_offer:{price["id"]}:{product["id"]}:USD"' in answer.content.decode()


def test_what_is_not_saved_while_one_types_is_named(support: Client, draft: Draft) -> None:
    form = opened(support, draft) | {"expires_at": "never", "invoice_id": "17"}
    page = support.post(address(draft), form, **IN_PLACE).content.decode()
    assert "Not everything is saved" in page
    assert '<a href="#id_expires_at">Expires</a>: Enter a valid date/time.' in page
    assert '<a href="#id_invoice_id">Linked invoice</a>: Choose an invoice from the list.' in page


def test_a_new_order_is_for_the_customer_whose_orders_somebody_looks_at(support: Client, emulator: Emulator) -> None:
    customer = emulator.get("/customers?limit=1", TEST_KEY)["data"][0]
    where = ["northwind", "test"]
    pages = [
        reverse("customer_detail", args=[*where, customer["id"]]),
        f"{reverse('order_list', args=where)}?customer={customer['id']}",
    ]
    for page in pages:
        assert f'name="customer" value="{customer["id"]}"' in support.get(page).content.decode()
    support.post(reverse("draft_new", args=where), {"customer": customer["id"]})
    assert Draft.objects.get(customer_id=customer["id"]).customer_label == customer["name"]
    assert support.post(reverse("draft_new", args=where), {"customer": "x"}).status_code == 404


def test_a_customer_is_found_and_taken(support: Client, draft: Draft, emulator: Emulator) -> None:
    customer = emulator.get("/customers?limit=1", TEST_KEY)["data"][0]
    answer = save(support, draft, "find_customers", q=customer["email"])
    assert f'value="customer:{customer["id"]}"' in answer.content.decode()
    save(support, draft, f"customer:{customer['id']}")
    draft.refresh_from_db()
    assert draft.customer_id == uuid.UUID(customer["id"])
    save(support, draft, "guest")
    draft.refresh_from_db()
    assert draft.customer_id is None


@pytest.mark.database
def test_metadata_of_order_and_lines(support: Client, draft: Draft) -> None:
    line = draft.lines[0]["id"]
    typed = {"name-n0": "campaign", "value-n0": "autumn", f"facts-{line}": "size: M\ncolor: forest: green"}
    save(support, draft, **typed)
    draft.refresh_from_db()
    assert draft.metadata == {"campaign": "autumn"}
    assert draft.lines[0]["metadata"] == {"size": "M", "color": "forest: green"}


def test_metadata_that_does_not_fit_a_line_stays_as_it_is(support: Client, draft: Draft) -> None:
    line = draft.lines[0]["id"]
    known = {"lines": "one\ntwo", "a:b": 5, " ": "blank", "count": 3, "list": [1, {"deep": None}]}
    draft.lines[0]["metadata"] = known
    draft.save()
    form = opened(support, draft)
    typed = form[f"facts-{line}"][0]
    assert sorted(typed.splitlines()) == ["count: 3", 'list: [1, {"deep": null}]']  # PostgreSQL sorts names its own way
    save(support, draft, form=form, **{f"facts-{line}": f"{typed}\nsize: M"})
    draft.refresh_from_db()
    assert draft.lines[0]["metadata"] == known | {"size": "M"}


@pytest.mark.parametrize("typed", ["just words", ": no name", "size: M\nsize: L"])
def test_metadata_of_a_line_that_cannot_be_read_is_refused_and_stays_typed(
    typed: str, support: Client, draft: Draft
) -> None:
    line = draft.lines[0]["id"]
    answer = save(support, draft, **{f"facts-{line}": typed})
    assert answer.status_code == 422
    assert fields(answer.content.decode())[f"facts-{line}"] == [typed]
    draft.refresh_from_db()
    assert draft.lines[0]["metadata"] == {}


@pytest.mark.database
@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59", "soon"])
def test_an_expiry_that_no_calendar_has_is_refused(typed: str, support: Client, draft: Draft) -> None:
    assert save(support, draft, expires_at=typed).status_code == 422
    draft.refresh_from_db()
    assert draft.expires_at is None


def test_hostile_text_is_shown_as_text(support: Client, draft: Draft) -> None:
    hostile = "<script>alert(1)</script>\"'&{{ 7|add:7 }}\u202e"
    fill(support, draft, (hostile, "1", "3.00"))
    save(support, draft, **{"notes": hostile, "name-n0": hostile, "value-n0": hostile})
    for page in ("", "create/", "discard/"):
        assert "<script>alert" not in support.get(address(draft, page)).content.decode()
    draft.refresh_from_db()
    assert (draft.lines[0]["description"], draft.notes, draft.metadata) == (hostile, hostile, {hostile: hostile})


@pytest.mark.database
@pytest.mark.parametrize("name", ["description", "quantity", "price", "position", "facts"])
@pytest.mark.parametrize("typed", ["\x00", "9" * 5000])
def test_no_text_in_a_field_breaks_the_editor(name: str, typed: str, support: Client, draft: Draft) -> None:
    before = draft.lines
    assert save(support, draft, **{f"{name}-{before[0]['id']}": typed}).status_code == 422
    draft.refresh_from_db()
    assert draft.lines == before


@pytest.mark.database
def test_a_page_of_a_name_that_no_database_keeps_is_a_page(support: Client, draft: Draft) -> None:
    assert save(support, draft, page="\x00").status_code == 303


@pytest.mark.parametrize("do", ["remove:nothing", "add_offer:nothing", "customer:nothing", "find_customers", "nothing"])
def test_a_button_that_the_page_does_not_have_does_no_harm(do: str, support: Client, draft: Draft) -> None:
    assert save(support, draft, do, q="\x00", metadata_base="[" * 10_000).status_code in (200, 303, 404)
    draft.refresh_from_db()
    assert len(draft.lines) == 1


@pytest.mark.parametrize("page", ["", "presence/", "discard/", "create/"])
def test_a_draft_is_found_in_its_merchant_and_mode_alone(
    page: str, support: Client, kestrel: Merchant, draft: Draft
) -> None:
    stranger = sign_in(make_person("support@kestrel.example", kestrel, "support"))
    for client, place in ((stranger, "kestrel/test"), (support, "northwind/live")):
        assert client.get(f"/{place}/drafts/{draft.pk}/{page}").status_code == 404
        assert client.post(f"/{place}/drafts/{draft.pk}/{page}").status_code in (404, 405)


@pytest.mark.database
def test_a_discarded_draft_is_gone_from_the_list_and_not_edited_any_more(support: Client, draft: Draft) -> None:
    form = opened(support, draft)
    assert address(draft) in support.get("/northwind/test/drafts/").content.decode()
    assert "cannot be restored" in support.get(address(draft, "discard/")).content.decode()
    assert support.post(address(draft, "discard/")).status_code == 302
    assert address(draft) not in support.get("/northwind/test/drafts/").content.decode()
    assert save(support, draft, form=form, notes="too late").status_code == 302
    draft.refresh_from_db()
    assert draft.notes == ""


@pytest.mark.database
def test_typing_on_after_a_save_in_place_adds_no_row_twice(support: Client, draft: Draft) -> None:
    form = opened(support, draft) | {"name-n0": "campaign", "value-n0": "autumn"}
    for value in ("autumn", "autumn 2026"):
        answer = support.post(address(draft), {**form, "value-n0": value}, **IN_PLACE)
        assert answer.status_code == 200
        assert "Not everything is saved" not in answer.content.decode()
    draft.refresh_from_db()
    assert draft.metadata == {"campaign": "autumn 2026"}


@pytest.mark.database
def test_a_save_over_a_newer_version_writes_nothing_and_shows_the_difference(
    support: Client, colleague: Client, draft: Draft
) -> None:
    fill(support, draft, ("Tea", "1", "3.00"))
    line = draft.lines[0]["id"]
    mine, theirs = opened(support, draft), opened(colleague, draft)
    save(colleague, draft, form=theirs, **{f"price-{line}": "4.00"})
    answer = save(support, draft, form=mine, **{f"price-{line}": "5.00", "notes": "mine"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "1 × Tea at 4.00 USD" in page
    assert "1 × Tea at 5.00 USD" in page
    draft.refresh_from_db()
    assert (draft.lines[0]["unit_price"], draft.notes) == (400, "")
    forced = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page))
    assert support.post(address(draft), {**forced, "do": "save"}).status_code == 303
    draft.refresh_from_db()
    assert (draft.lines[0]["unit_price"], draft.notes) == (500, "mine")


def test_a_page_is_not_in_its_own_way(support: Client, draft: Draft) -> None:
    form = opened(support, draft)
    for notes in ("one", "two"):
        assert support.post(address(draft), {**form, "notes": notes}, **IN_PLACE).status_code == 200
    assert save(support, draft, form=form, notes="three").status_code == 303
    draft.refresh_from_db()
    assert draft.notes == "three"


@pytest.mark.database
def test_what_a_page_still_saves_after_it_was_left_comes_too_late(support: Client, draft: Draft) -> None:
    form = opened(support, draft)
    save(support, draft, "add_line", form=form)
    late = support.post(address(draft), form, **IN_PLACE)
    assert "not saved" in late.content.decode()
    draft.refresh_from_db()
    assert len(draft.lines) == 2


def conflicting(client: Client, draft: Draft, form: Any, **typed: Any) -> dict[str, list[str]]:
    """Save over a newer version; the fields of the page that shows the difference."""
    answer = save(client, draft, form=form, **typed)
    assert answer.status_code == 409
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', answer.content.decode()):
        found.setdefault(name, []).append(unescape(value))
    return found


@pytest.mark.database
def test_of_two_who_write_over_the_same_version_the_second_sees_the_difference_again(
    support: Client, colleague: Client, draft: Draft
) -> None:
    forms = [opened(client, draft) for client in (support, colleague, support)]
    save(support, draft, form=forms[2], notes="first")
    mine = conflicting(support, draft, forms[0], notes="mine")
    theirs = conflicting(colleague, draft, forms[1], notes="theirs")
    assert support.post(address(draft), {**mine, "do": "save"}).status_code == 303
    assert colleague.post(address(draft), {**theirs, "do": "save"}).status_code == 409
    draft.refresh_from_db()
    assert draft.notes == "mine"


@pytest.mark.database
def test_a_line_that_somebody_removed_comes_back_with_its_product(
    support: Client, colleague: Client, draft: Draft, emulator: Emulator
) -> None:
    product = emulator.get("/products?limit=1", TEST_KEY)["data"][0]["id"]
    draft.lines[0] |= {"product_id": product, "description": "Tea"}
    draft.save()
    mine, theirs = opened(support, draft), opened(colleague, draft)
    save(colleague, draft, f"remove:{draft.lines[0]['id']}", form=theirs)
    written = conflicting(support, draft, mine, notes="mine")
    support.post(address(draft), {**written, "do": "save"})
    draft.refresh_from_db()
    assert [(line["product_id"], line["description"]) for line in draft.lines] == [(product, "Tea")]


@pytest.mark.database
def test_a_second_person_sees_who_is_in_it(support: Client, colleague: Client, draft: Draft) -> None:
    assert "Also here" not in support.get(address(draft)).content.decode()
    assert "<bdi>Support</bdi> opened this draft" in colleague.get(address(draft)).content.decode()
    assert "<bdi>Colleague</bdi> opened" in support.get(address(draft, "presence/")).content.decode()


@pytest.mark.database
def test_who_left_two_minutes_ago_is_not_in_it_any_more(support: Client, colleague: Client, draft: Draft) -> None:
    colleague.get(address(draft))
    DraftVisit.objects.update(seen_at=F("seen_at") - timedelta(minutes=2, seconds=1))
    assert "Colleague" not in support.get(address(draft, "presence/")).content.decode()


def test_what_is_typed_is_saved_while_revkeen_is_down(support: Client, draft: Draft, emulator: Emulator) -> None:
    emulator.fault("disconnect", times=10)
    answer = save(support, draft, "find_customers", q="ana", notes="kept")
    page = answer.content.decode()
    assert "The search failed." in page
    assert 'value="ana"' in page
    draft.refresh_from_db()
    assert draft.notes == "kept"


@pytest.mark.database
def test_the_draft_becomes_one_order(support: Client, draft: Draft, emulator: Emulator) -> None:
    fill(support, draft, ("Tent", "2", "42,000"), ("Rope", "1", "9,800"), currency="JPY")
    answer = create(support, draft)
    assert answer.status_code == 303
    assert "Done: <bdi>2 lines, 93,800 JPY, for a guest</bdi>" in support.get(answer["Location"]).content.decode()
    order = emulator.orders("limit=1", TEST_KEY)[0]
    assert (order["total"], order["currency"]) == (93800, "jpy")
    assert len(created(emulator)) == 1
    assert support.get(address(draft)).status_code == 303


@pytest.mark.database
def test_created_twice_from_two_pages_it_is_one_order(support: Client, draft: Draft, emulator: Emulator) -> None:
    fill(support, draft, ("Tea", "1", "3.00"))
    pages = [support.get(address(draft, "create/")).content.decode() for _ in range(2)]
    for page in pages:
        support.post(address(draft, "create/"), form_token_of(page))
    assert len(created(emulator)) == 1
    assert Operation.objects.count() == 1


@pytest.mark.database
def test_sent_twice_from_one_page_it_is_one_order(support: Client, draft: Draft, emulator: Emulator) -> None:
    fill(support, draft, ("Tea", "1", "3.00"))
    form_token = form_token_of(support.get(address(draft, "create/")).content.decode())
    answers = [support.post(address(draft, "create/"), form_token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert len(created(emulator)) == 1


def test_live_mode_asks_once_more(support: Client, emulator: Emulator) -> None:
    support.post("/northwind/live/drafts/new/")
    draft = fill(support, Draft.objects.get(), ("Tea", "1", "3.00"))
    form_token = form_token_of(support.get(address(draft, "create/")).content.decode())
    answer = support.post(address(draft, "create/"), form_token)
    assert answer.status_code == 422
    assert "Confirm that you want to create it in live mode." in answer.content.decode()
    assert created(emulator) == []
    assert support.post(address(draft, "create/"), {**form_token, "confirmed": "on"}).status_code == 303
    assert len(created(emulator)) == 1


def test_a_refused_line_is_named_and_the_corrected_draft_is_created(
    support: Client, draft: Draft, emulator: Emulator
) -> None:
    fill(support, draft, ("Rope", "1", "1.00"), ("Tea", "1", "3.00"))
    draft.lines[1]["product_id"] = str(uuid.uuid4())
    draft.save()
    answer = create(support, draft)
    assert answer.status_code == 422
    assert "RevKeen refused line 2, Tea." in answer.content.decode()
    assert created(emulator) == []
    save(support, draft, f"remove:{draft.lines[1]['id']}")
    assert create(support, draft).status_code == 303
    assert emulator.orders("limit=1", TEST_KEY)[0]["total"] == 100


def test_all_of_a_draft_arrives(support: Client, draft: Draft, emulator: Emulator) -> None:
    fill(support, draft, ("Tea", "2", "3.00"))
    line = draft.lines[0]["id"]
    customer = emulator.cases(mode="test")["customers"]["wallet_0"]["id"]
    save(support, draft, f"customer:{customer}")
    invoice = emulator.get(f"/customers/{customer}/invoices", TEST_KEY)["data"][0]["id"]
    typed = {"notes": "One\r\ntwo", "expires_at": "2031-07-01T12:30", "billing_type": "recurring"}
    save(
        support, draft, **typed, **{"invoice_id": invoice, f"facts-{line}": "size: M", "name-n0": "a", "value-n0": "b"}
    )
    assert create(support, draft).status_code == 303
    order = emulator.orders("limit=1", TEST_KEY)[0]
    mark = {marks.NAME: str(Operation.objects.get().pk)}
    assert (order["notes"], order["metadata"], order["billing_type"]) == ("One\ntwo", {"a": "b"} | mark, "recurring")
    assert order["expires_at"].startswith("2031-07-01T10:30:00"), "typed in the merchant's zone"
    assert order["invoice_id"] == invoice
    assert order["line_items"][0]["metadata"] == {"size": "M"}


def test_what_is_missing_is_said_by_its_field(support: Client, draft: Draft, emulator: Emulator) -> None:
    page = reviewed(support, draft)
    assert f'id="id_description-{draft.lines[0]["id"]}_error"' in page
    assert f'id="id_price-{draft.lines[0]["id"]}_error"' in page
    assert "Everything is saved. Nothing was sent." in page
    assert "not saved" not in page
    assert created(emulator) == []


@pytest.mark.parametrize(
    ("quantity", "price", "words"),
    [
        ("1", "20,000,000,000,000.00", "This amount is too large."),
        ("2", "10,000,000,000,000.00", "The total is larger than an order can have."),
    ],
)
def test_no_order_is_created_over_more_than_we_could_read_back(
    quantity: str, price: str, words: str, support: Client, draft: Draft, emulator: Emulator
) -> None:
    fill(support, draft, ("Tent", "1", "1.00"))
    line = draft.lines[0]["id"]
    typed = {f"quantity-{line}": quantity, f"price-{line}": price}
    assert words in reviewed(support, draft, **typed)
    support.get(address(draft, "create/"))
    assert created(emulator) == []


@pytest.mark.database
def test_a_draft_that_changed_since_the_review_is_not_created(
    support: Client, colleague: Client, draft: Draft, emulator: Emulator
) -> None:
    fill(support, draft, ("Tea", "1", "3.00"))
    page = support.get(address(draft, "create/")).content.decode()
    save(colleague, draft, notes="wait")
    answer = support.post(address(draft, "create/"), form_token_of(page))
    assert answer.status_code == 422
    assert "the draft changed since" in answer.content.decode()
    assert created(emulator) == []


@pytest.mark.database
def test_an_order_without_an_answer_is_found_again(support: Client, draft: Draft, emulator: Emulator) -> None:
    fill(support, draft, ("Tea", "1", "3.00"))
    emulator.fault("disconnect", "/orders$", method="POST", after_work=True)
    answer = create(support, draft)
    operation = Operation.objects.get()
    assert (answer.status_code, operation.state) == (303, State.IN_DOUBT)
    assert "No order exists yet" in support.get(answer["Location"]).content.decode()
    operation = reconcile_due(operation)
    assert operation.state == State.DONE
    assert str(operation.created_order_id) == created(emulator)[0]["order_id"]
    assert len(created(emulator)) == 1


def test_any_order_is_copied_with_all_that_can_be_sent_again(support: Client, emulator: Emulator) -> None:
    order = emulator.get(f"/orders/{emulator.cases()['orders']['refunded']}")
    answer = support.post(reverse("draft_copy", args=["northwind", "live", order["id"]]))
    assert answer.status_code == 303
    draft = Draft.objects.get()
    assert draft.currency == order["currency"].upper()
    assert [(line["description"], line["unit_price"]) for line in draft.lines] == [
        (line["description"], line["unit_price"])
        for line in sorted(order["line_items"], key=lambda line: line["position"])
    ]
    assert draft.replaces_id is None


def lines(number: int) -> list[dict[str, Any]]:
    return [{"description": f"Peg {place}", "unit_price": 100, "quantity": 1} for place in range(number)]


def copied(client: Client, order: dict[str, Any]) -> Any:
    return client.post(reverse("draft_copy", args=["northwind", "test", order["id"]]), follow=True)


@pytest.mark.database
def test_the_longest_draft_is_saved_with_all_its_lines(support: Client, emulator: Emulator) -> None:
    copied(support, emulator.make_order(TEST_KEY, line_items=lines(200)))
    draft = Draft.objects.get()
    assert save(support, draft, notes="long").status_code == 303
    draft.refresh_from_db()
    assert (len(draft.lines), draft.notes) == (200, "long")


def test_an_order_longer_than_a_draft_is_not_copied(support: Client, emulator: Emulator) -> None:
    answer = copied(support, emulator.make_order(TEST_KEY, line_items=lines(201)))
    assert "it has 201 lines, and a draft can have up to 200." in answer.content.decode()
    assert not Draft.objects.exists()


def test_an_order_in_a_currency_without_known_decimals_is_not_copied(support: Client, emulator: Emulator) -> None:
    order = emulator.make_order(TEST_KEY)
    emulator.patch("orders", order["id"], currency="xxx")
    assert "the decimals of XXX are not known." in copied(support, order).content.decode()
    assert not Draft.objects.exists()


# --- Replacing an order


@pytest.fixture
def unpaid(emulator: Emulator) -> dict[str, Any]:
    return emulator.make_order(TEST_KEY, metadata={"campaign": "autumn"})


def revision(client: Client, order: dict[str, Any]) -> Draft:
    client.post(reverse("draft_revise", args=["northwind", "test", order["id"]]))
    draft = Draft.objects.get(replaces_id=order["id"])
    return fill(client, draft, ("Ridgeline 3 tent", "2", "75.00"))


def test_an_unpaid_order_is_replaced(support: Client, unpaid: dict[str, Any], emulator: Emulator) -> None:
    draft = revision(support, unpaid)
    page = support.get(address(draft, "create/")).content.decode()
    assert "60.00" in page
    assert "150.00" in page
    answer = create(support, draft)
    old, new = now(emulator, unpaid), replacement(emulator)
    assert (old["status"], old["metadata"]) == ("canceled", {"campaign": "autumn", "replaced_by": new["id"]})
    mark = {marks.NAME: str(Operation.objects.get(kind="create").pk)}
    assert (new["total"], new["metadata"]) == (15000, {"campaign": "autumn", "replaces": old["id"]} | mark)
    assert [row.state for row in Operation.objects.order_by("step")] == [State.DONE] * 3
    assert "Done" in support.get(answer["Location"]).content.decode()


def test_the_order_as_it_is_stands_beside_its_replacement(
    support: Client, unpaid: dict[str, Any], emulator: Emulator
) -> None:
    draft = revision(support, unpaid)
    page = support.get(address(draft)).content.decode()
    assert f"<bdi>{unpaid['public_id']}</bdi> in RevKeen" in page
    assert re.findall(r'<dd class="sum"[^>]*>([^<]+)<', page) == ["150.00", "60.00"]
    Connection.objects.update(active=False)
    page = support.get(address(draft)).content.decode()
    assert re.findall(r'<dd class="sum"[^>]*>([^<]+)<', page) == ["150.00"], "writing goes on without RevKeen"


@pytest.mark.database
def test_begun_twice_the_replacement_is_one_draft(support: Client, unpaid: dict[str, Any]) -> None:
    for _ in range(2):
        support.post(reverse("draft_revise", args=["northwind", "test", unpaid["id"]]))
    assert Draft.objects.count() == 1


def test_a_paid_order_cannot_be_replaced(support: Client, unpaid: dict[str, Any], emulator: Emulator) -> None:
    draft = revision(support, unpaid)
    token = {"payment_token": f"tok_approve_{uuid.uuid4()}"}
    emulator.send(f"/orders/{unpaid['id']}/pay", token, TEST_KEY)
    page = support.get(address(draft, "create/")).content.decode()
    assert "can no longer be replaced" in page
    assert support.post(address(draft, "create/"), form_token_of(page)).status_code == 422
    assert len(created(emulator)) == 1, "only the order that was there"
    other = emulator.cases()["orders"]["paid"]
    assert support.post(reverse("draft_revise", args=["northwind", "live", other])).status_code == 302


@pytest.mark.database
def test_paid_in_between_the_replacement_is_canceled_instead(
    support: Client, unpaid: dict[str, Any], emulator: Emulator
) -> None:
    draft = revision(support, unpaid)
    emulator.fault("rate_limited", f"/orders/{unpaid['id']}$", method="PATCH", retry_after="60")
    create(support, draft)
    assert Operation.objects.get(step=1).state == State.IN_DOUBT, "a step that finishes a plan is not given up"
    forget_gates()
    Connection.objects.update(wait_until=None)
    token = {"payment_token": f"tok_approve_{uuid.uuid4()}"}
    emulator.send(f"/orders/{unpaid['id']}/pay", token, TEST_KEY)
    for _ in range(6):
        last = Operation.objects.order_by("step").last()
        assert last
        if last.open:
            reconcile_due(last)
    old, new = now(emulator, unpaid), replacement(emulator)
    assert (old["status"], new["status"]) == ("paid", "canceled")
