"""Two versions of a draft: only what reads differently is a difference, and nobody is set against themselves."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from orders.models import Draft
from tests.support.drafts import IN_PLACE, address, opened, save
from tests.support.drafts import draft as draft

pytestmark = pytest.mark.database


def send(client: Client, draft: Draft, form: dict[str, Any], do: str, **typed: Any) -> Any:
    return client.post(address(draft), {**form, **typed, "do": do})


def test_a_reload_after_a_refused_review_sends_nothing_again(support: Client, draft: Draft) -> None:
    answer = send(support, draft, opened(support, draft), "review", notes="mine")
    assert answer.status_code == 303
    for _ in range(2):
        page = support.get(answer["Location"]).content.decode()
        assert "Line 1: enter a unit price." in page
        assert "Two versions" not in page


def test_sending_once_more_what_stands_there_already_is_no_conflict(support: Client, draft: Draft) -> None:
    form, line = opened(support, draft), draft.lines[0]["id"]
    typed = {f"price-{line}": "wrong", "notes": "mine"}
    assert [send(support, draft, form, "save", **typed).status_code for _ in range(2)] == [422, 422]


def test_two_who_typed_the_same_are_not_shown_a_difference(support: Client, colleague: Client, draft: Draft) -> None:
    mine, theirs = opened(support, draft), opened(colleague, draft)
    typed = {"notes": "same", "expires_at": "2031-05-06T10:30"}
    assert send(colleague, draft, theirs, "save", **typed).status_code == 303
    assert send(support, draft, mine, "save", **typed).status_code == 303
    in_place = support.post(address(draft), {**mine, **typed}, **IN_PLACE).content.decode()
    assert "still here, but not saved" not in in_place


def test_times_stand_in_one_form_and_a_line_says_its_metadata(support: Client, colleague: Client, draft: Draft) -> None:
    mine, theirs = opened(support, draft), opened(colleague, draft)
    facts = f"facts-{draft.lines[0]['id']}"
    send(colleague, draft, theirs, "save", expires_at="2031-05-06T10:30", **{facts: "color: red"})
    page = send(support, draft, mine, "save", expires_at="2031-05-06T11:30", **{facts: "color: blue"})
    text = page.content.decode()
    assert page.status_code == 409
    assert "<bdi>6 May 2031, 10:30</bdi>" in text
    assert "<bdi>6 May 2031, 11:30</bdi>" in text
    assert "color: red" in text
    assert "color: blue</bdi>" in text


def test_an_expiry_that_nobody_touched_keeps_its_seconds(support: Client, draft: Draft) -> None:
    moment = datetime(2031, 5, 6, 8, 30, 37, tzinfo=UTC)
    Draft.objects.update(expires_at=moment)
    save(support, draft, notes="mine")
    draft.refresh_from_db()
    assert (draft.expires_at, draft.notes) == (moment, "mine")
    save(support, draft, expires_at="2031-05-06T10:31")
    draft.refresh_from_db()
    assert draft.expires_at == datetime(2031, 5, 6, 8, 31, tzinfo=UTC)


def test_ones_own_other_tab_is_not_somebody_else(support: Client, draft: Draft) -> None:
    first, second = opened(support, draft), opened(support, draft)
    send(support, draft, first, "save", notes="one")
    page = send(support, draft, second, "save", notes="two").content.decode()
    assert "You saved this draft in another tab" in page
    assert "Support</bdi> saved" not in page


@pytest.mark.parametrize(("field", "found"), [("product_q", "Products at their prices"), ("q", "Customers found for")])
def test_enter_in_a_search_finds_without_a_script(field: str, found: str, support: Client, draft: Draft) -> None:
    page = send(support, draft, opened(support, draft), "enter", **{field: "e", "notes": "kept"}).content.decode()
    assert found in page
    draft.refresh_from_db()
    assert draft.notes == "kept"


def test_enter_anywhere_else_saves(support: Client, draft: Draft) -> None:
    assert send(support, draft, opened(support, draft), "enter", notes="kept").status_code == 303
    draft.refresh_from_db()
    assert draft.notes == "kept"
