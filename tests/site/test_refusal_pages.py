"""What is refused says so in words and leads back: no address answers with an empty page. Generated from the URLs."""

import pytest
from django.conf import settings
from django.test import Client

from tests.site.test_csrf import address
from tests.support.addresses import POST_ONLY


@pytest.mark.parametrize("name", sorted(POST_ONLY))
def test_an_address_that_only_takes_a_button_says_so_to_whoever_opens_it(name: str, admin: Client) -> None:
    answer = admin.get(address(name))
    page = answer.content.decode()
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "It only accepts requests from a button on another page. Nothing was changed." in page
    assert 'class="btn" href="/' in page


def test_a_page_that_takes_no_form_says_so_to_whoever_sends_one(admin: Client) -> None:
    answer = admin.post("/northwind/live/orders/")
    assert answer.status_code == 405
    assert "Nothing was changed." in answer.content.decode()
    part = admin.post("/northwind/live/orders/", headers={"HX-Request": "true"})
    assert part.status_code == 405
    assert "<html" not in part.content.decode()
    assert "Nothing was changed." in part.content.decode()


@pytest.mark.parametrize("why", ["too many fields", "too large", "another host"])
def test_a_request_that_is_not_understood_is_answered_in_words_with_a_way_back(why: str, admin: Client) -> None:
    host = {"Host": "evil.example"} if why == "another host" else {}
    sent = {
        "too many fields": {f"field-{number}": "1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)},
        "too large": {"notes": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)},
        "another host": {},
    }[why]
    answer = admin.post("/northwind/live/settings/", sent, headers=host)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "We could not process this request" in page
    assert "Nothing was changed." in page
    assert '<a class="btn" href="/">' in page
