"""Changing customer, notes and metadata: only what was touched is sent, and nobody's change is written over."""

import html
import json
import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client

from orders.models import Merchant, Operation
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.journal import reconcile_due
from tests.support.pages import order_path, source

address = partial(order_path, "edit/")


State = Operation.State
METADATA = {
    "channel": "web",
    "count": 9007199254740993,
    "huge": 123456789012345678901234567890,
    "rate": 0.1,
    "flag": True,
    "nothing": None,
    "nested": {"list": [1, 2.5, {"deep": "x"}]},
    "lines": "one\r\ntwo",
    "=1+1": "<script>alert(1)</script>",
}


@pytest.fixture
def customers(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.get("/customers?limit=5")["data"]


@pytest.fixture
def order(emulator: Emulator, customers: list[dict[str, Any]]) -> dict[str, Any]:
    made = emulator.make_order(customer_id=customers[0]["id"], notes="As it was.")
    emulator.patch("orders", made["id"], metadata=METADATA)
    return made


def fields(page: str) -> dict[str, str]:
    """What a browser would send of the form, without a button: line breaks as CR LF."""
    form = re.search(r'<form method="post" id="edit".*?</form>', page, re.DOTALL)
    assert form, page
    found = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") not in ("radio", "checkbox") or " checked" in tag:
            found[attributes["name"]] = html.unescape(attributes.get("value", ""))
    for name, chosen in re.findall(r'<select name="([^"]+)".*?value="(\w+)" selected', form[0], re.DOTALL):
        found[name] = chosen
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', form[0], re.DOTALL):
        lines = html.unescape(text).replace("\r\n", "\n").replace("\r", "\n")
        found[name] = lines.replace("\n", "\r\n")
    return found


def row(name: str) -> int:
    """The place of a row among the metadata."""
    return list(METADATA).index(name)


def edit(client: Client, order: dict[str, Any], page: str = "", **changes: str) -> Any:
    """Open the form, type, save. A change of "-" leaves a field out."""
    sent = {**fields(page or source(client, address(order))), "save": "yes", **changes}
    return client.post(address(order), {name: value for name, value in sent.items() if value != "-"})


def bodies(emulator: Emulator) -> list[Any]:
    """What was sent to RevKeen, and done."""
    return [operation.body for operation in Operation.objects.filter(state=State.DONE).order_by("created_at")]


def updates(emulator: Emulator, order: dict[str, Any]) -> list[list[str]]:
    rows = emulator.ledger()
    return [row["fields"] for row in rows if row["order_id"] == order["id"] and row["effect"] == "order_updated"]


def now(emulator: Emulator, order: dict[str, Any]) -> dict[str, Any]:
    return emulator.get(f"/orders/{order['id']}")


def exactly(value: Any) -> str:
    """As JSON, where each digit counts and the order of names does not."""
    return json.dumps(value, sort_keys=True)


def test_only_what_was_changed_is_sent(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    answer = edit(support, order, notes="Ring twice.\r\nThen wait.")
    assert answer.status_code == 303
    assert updates(emulator, order) == [["notes"]]
    assert now(emulator, order)["notes"] == "Ring twice.\nThen wait."
    assert now(emulator, order)["metadata"] == METADATA
    assert "Done: <bdi>notes</bdi>" in source(support, answer["Location"])


def test_a_form_that_was_not_changed_sends_nothing_and_says_so(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.forget_calls()
    answer = edit(support, order)
    assert answer.status_code == 422
    assert "No changes, so nothing was sent." in answer.content.decode()
    assert {call["method"] for call in emulator.calls()} == {"GET"}
    assert not Operation.objects.exists()


def test_the_notes_can_be_taken_away(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    answer = edit(support, order, notes="  ")
    assert "<dt><bdi>notes</bdi></dt><dd><bdi>null</bdi></dd>" in source(support, answer["Location"])
    assert bodies(emulator) == [{"notes": None}]
    assert now(emulator, order)["notes"] is None


def test_metadata_goes_whole_and_what_was_not_touched_stays_to_the_last_digit(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    place = row("channel")
    answer = edit(support, order, **{f"value-{place}": "phone"})
    assert answer.status_code == 303
    assert updates(emulator, order) == [["metadata"]]
    found = now(emulator, order)["metadata"]
    assert exactly(found) == exactly(METADATA | {"channel": "phone"})
    assert "metadata (channel)" in source(support, answer["Location"])


def test_rows_are_added_removed_and_changed_in_type(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    changes = {
        f"remove-{row('nested')}": "on",
        f"value-{row('count')}": "7",
        f"kind-{row('channel')}": "json",
        f"value-{row('channel')}": '["web", 2]',
        "name-n0": "  gift   wrap ",
        "value-n0": "yes",
        "name-n1": "weight",
        "kind-n1": "json",
        "value-n1": "2.50",
    }
    assert edit(support, order, **changes).status_code == 303
    found = now(emulator, order)["metadata"]
    expected = METADATA | {"channel": ["web", 2], "count": 7, "gift wrap": "yes", "weight": 2.5}
    del expected["nested"]
    assert exactly(found) == exactly(expected)


def test_a_value_typed_anew_that_is_the_same_is_no_change(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = edit(support, order, **{f"value-{row('nested')}": '{"list":[1,2.5,{"deep":"x"}]}'})
    assert "No changes, so nothing was sent" in answer.content.decode()


def test_true_is_not_one(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    assert edit(support, order, **{f"value-{row('flag')}": "1"}).status_code == 303
    assert exactly(now(emulator, order)["metadata"]["flag"]) == "1"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("{", "This is not JSON"),
        ("", "This is not JSON"),
        ("web", "Text needs quotes"),
        ("NaN", "NaN is not a number there"),
        ("1e999", "is too large"),
        ('{"a": 1, "a": 2}', "a name appears twice"),
        ('"\\ud800"', "cannot be saved"),
        ('{"\\u0000": 1}', "cannot be saved"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5_000, "This is not JSON"),
    ],
)
def test_json_that_cannot_be_sent_is_refused_by_its_row_and_stays_typed(
    typed: str, why: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    place = row("nested")
    answer = edit(support, order, notes="typed as well", **{f"value-{place}": typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in html.unescape(page)
    assert f'id="id_value-{place}_error"' in page
    assert f'href="#id_value-{place}"' in page
    assert fields(page)[f"value-{place}"] == typed
    assert fields(page)["notes"] == "typed as well"
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("", "a value", "Enter a name"),
        ("channel", "again", "There is a “channel” already."),
        (" channel ", "again", "There is a “channel” already."),
        ("replaces", "an order", "This name is reserved."),
        ("a\x00b", "x", "Null characters are not allowed."),
    ],
)
def test_a_name_that_cannot_be_is_refused_by_its_row(
    name: str, value: str, why: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = edit(support, order, **{"name-n0": name, "value-n0": value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in page
    assert 'id="id_name-n0_error"' in page
    assert fields(page)["value-n0"] == value
    assert not Operation.objects.exists()


def test_a_name_may_be_removed_and_given_anew(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    changes = {f"remove-{row('channel')}": "on", "name-n0": "channel", "value-n0": "fair"}
    assert edit(support, order, **changes).status_code == 303
    assert now(emulator, order)["metadata"]["channel"] == "fair"


def test_of_two_new_rows_with_one_name_the_second_is_refused(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    new = {"name-n0": "twice", "value-n0": "1", "name-n1": "twice", "value-n1": "2", "kind-n1": "text"}
    page = edit(support, order, **new).content.decode()
    assert 'id="id_name-n1_error"' in page
    assert not Operation.objects.exists()


def test_another_row_is_added_without_a_script_and_nothing_is_sent(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = edit(support, order, save="-", add="yes", notes="typed", **{"name-n0": "one", "value-n0": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert fields(page)["name-n0"] == "one"
    assert fields(page)["name-n1"] == ""
    assert fields(page)["notes"] == "typed"
    assert not Operation.objects.exists()
    assert edit(support, order, page).status_code == 303
    assert now(emulator, order)["metadata"]["one"] == "1"


def test_links_between_orders_are_shown_kept_and_not_changed(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    linked = {"replaces": "an-older-order", "channel": "web"}
    emulator.patch("orders", order["id"], metadata=linked)
    page = source(support, address(order))
    assert "an-older-order" in page
    edit(support, order, page, **{"remove-0": "on", "value-0": "forged", "kind-0": "text", "value-1": "phone"})
    assert now(emulator, order)["metadata"] == linked | {"channel": "phone"}


@pytest.mark.database
def test_what_the_journal_cannot_keep_is_named_by_its_row_before_anything_is_sent(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.patch("orders", order["id"], metadata={"odd": "a\x00b", "channel": "web"}, notes="N\x00UL")
    emulator.patch("customers", order["customer_id"], name="A\x00na")
    page = edit(support, order, **{"value-1": "phone"}).content.decode()
    assert "This row contains a NUL character" in page
    assert 'id="id_value-0_error"' in page
    assert edit(support, order, notes="Clean.").status_code == 303
    assert edit(support, order, **{"value-0": '"clean"', "value-1": "phone"}).status_code == 303
    assert now(emulator, order)["metadata"] == {"odd": "clean", "channel": "phone"}


@pytest.mark.database
@pytest.mark.parametrize("text", ["x" * 1001, "a\x00b"])
def test_notes_that_cannot_be_kept_are_refused_by_their_field(
    text: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = edit(support, order, notes=text)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_notes_error"' in page
    assert fields(page)["notes"] == text
    assert not Operation.objects.exists()


def test_notes_may_be_as_long_as_revkeen_keeps_them(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    assert edit(support, order, notes="a\r\n" * 498 + "four").status_code == 303
    assert len(now(emulator, order)["notes"]) == 1000


@pytest.mark.parametrize(
    "text", ["</textarea><script>alert(1)</script>", "\u202egnp.exe", "{{ request.user }}", "𝄞" * 9]
)
def test_hostile_text_is_sent_and_shown_as_typed(
    text: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = edit(support, order, notes=text, **{"name-n0": text, "value-n0": text})
    assert answer.status_code == 303
    assert now(emulator, order)["notes"] == text
    assert now(emulator, order)["metadata"][text] == text
    for path in (answer["Location"], address(order)):
        assert "<script>alert" not in source(support, path)
    assert fields(source(support, address(order)))["notes"] == text


def test_a_customer_is_found_without_a_script_chosen_and_sent(
    support: Client, order: dict[str, Any], customers: list[dict[str, Any]], emulator: Emulator
) -> None:
    other = customers[1]
    answer = edit(support, order, save="-", find="yes", q=other["email"], notes="typed")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'name="customer" value="{other["id"]}"' in page
    assert fields(page)["notes"] == "typed"
    assert fields(page)["customer"] == order["customer_id"]
    assert not Operation.objects.exists()
    answer = edit(support, order, page, customer=other["id"])
    assert updates(emulator, order) == [["customer_id", "notes"]]
    assert now(emulator, order)["customer_id"] == other["id"]
    assert f"customer {other['name'] or other['email']}, notes" in html.unescape(source(support, answer["Location"]))


def test_searching_with_a_script_draws_the_customers_alone_and_keeps_the_choice(
    support: Client, order: dict[str, Any], customers: list[dict[str, Any]], emulator: Emulator
) -> None:
    sent = fields(source(support, address(order))) | {"find": "yes", "q": customers[2]["email"], "customer": "guest"}
    headers = {"HX-Request": "true", "HX-Target": "customer-choice"}
    part = support.post(address(order), sent, headers=headers).content.decode()
    assert "<html" not in part
    assert customers[2]["id"] in part
    assert re.search(r'value="guest" checked', part)


def test_nobody_found_is_said(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    page = edit(support, order, save="-", find="yes", q="nobody <b> at all").content.decode()
    assert "No customers found for “nobody &lt;b&gt; at all”." in page


def test_an_order_becomes_a_guests(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    answer = edit(support, order, customer="guest")
    assert bodies(emulator) == [{"customer_id": None}]
    assert now(emulator, order)["customer_id"] is None
    assert "Done: <bdi>customer Guest</bdi>" in source(support, answer["Location"])
    assert re.search(r'value="guest" checked', source(support, address(order)))


@pytest.mark.parametrize("choice", ["", "nobody", "1; drop table", "-"])
def test_a_customer_who_is_none_is_refused_by_the_field(
    choice: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    answer = edit(support, order, customer=choice)
    assert answer.status_code == 422
    assert 'id="id_customer_error"' in answer.content.decode()
    assert not Operation.objects.exists()


def test_a_customer_whom_revkeen_does_not_know_is_refused_by_the_field_and_the_rest_stays_typed(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    stranger = str(uuid.uuid4())
    answer = edit(support, order, customer=stranger, notes="typed")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Not saved: RevKeen refused." in page
    assert 'id="id_customer_error"' in page
    assert fields(page)["notes"] == "typed"
    assert updates(emulator, order) == []
    assert edit(support, order, page, customer="guest").status_code == 303
    assert updates(emulator, order) == [["customer_id", "notes"]]


@pytest.mark.parametrize(("param", "field"), [("notes", "notes"), ("metadata.count", f"value-{row('count')}")])
def test_a_refusal_of_revkeen_stands_by_the_field_it_names(
    param: str, field: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    refusal = {"type": "invalid_request_error", "code": "validation_error", "message": "Not like this.", "param": param}
    emulator.fault("respond", "/orders/", method="PATCH", status=400, body={"error": refusal})
    page = edit(support, order, notes="typed", **{f"value-{row('count')}": "8"}).content.decode()
    assert f'id="id_{field}_error"' in page
    assert (fields(page)["notes"], fields(page)[f"value-{row('count')}"]) == ("typed", "8")


@pytest.mark.database
def test_the_same_form_sent_again_changes_once(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    page = source(support, address(order))
    first, second = (edit(support, order, page, notes="Once.") for _ in range(2))
    assert first["Location"] == second["Location"]
    assert updates(emulator, order) == [["notes"]]


def test_the_same_form_with_something_else_in_it_sends_nothing_more(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = source(support, address(order))
    edit(support, order, page, notes="First.")
    second = edit(support, order, page, notes="Second.")
    assert "nothing else was sent" in source(support, second["Location"])
    assert now(emulator, order)["notes"] == "First."


def test_what_somebody_else_changed_meanwhile_is_shown_field_by_field_and_not_written_over(
    support: Client, order: dict[str, Any], customers: list[dict[str, Any]], emulator: Emulator
) -> None:
    page = source(support, address(order))
    theirs = {**METADATA, "channel": "fair", "count": 5, "theirs": "new"}
    del theirs["rate"]
    body = {"customer_id": customers[1]["id"], "notes": "Theirs.", "metadata": theirs}
    emulator.send(f"/orders/{order['id']}", body, method="PATCH")
    typed = {f"value-{row('channel')}": "phone", "name-n0": "mine", "value-n0": "kept"}
    answer = edit(support, order, page, notes="Mine.", **typed)
    page = answer.content.decode()
    table = page[page.index('id="h-clashes"') :].partition("</table>")[0]
    cells = [re.sub(r"<[^>]+>", " ", line) for line in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
    rows = [" ".join(html.unescape(line).split()) for line in cells]
    name = customers[1]["name"] or customers[1]["email"]
    assert answer.status_code == 422
    assert "Last changed" not in page
    assert f"Customer {customers[0]['name']} {name} You did not change this" in rows
    assert "Notes As it was. Theirs. Mine." in rows
    assert "Metadata: channel web fair phone" in rows
    assert "Metadata: count 9007199254740993 5 You did not change this" in rows
    assert "Metadata: rate 0.1 (not there) You did not change this" in rows
    assert "Metadata: theirs (not there) new You did not change this" in rows
    assert now(emulator, order)["notes"] == "Theirs."
    assert edit(support, order, page).status_code == 303
    found = now(emulator, order)
    assert (found["notes"], found["customer_id"]) == ("Mine.", customers[1]["id"])
    assert found["metadata"] == {**theirs, "channel": "phone", "mine": "kept"}
    assert updates(emulator, order)[-1] == ["metadata", "notes"]


def test_what_was_not_touched_here_is_not_sent_over_what_somebody_else_made_of_it(
    support: Client, order: dict[str, Any], customers: list[dict[str, Any]], emulator: Emulator
) -> None:
    page = source(support, address(order))
    body = {"customer_id": customers[1]["id"], "notes": "Theirs."}
    emulator.send(f"/orders/{order['id']}", body, method="PATCH")
    page = edit(support, order, page, **{"name-n0": "mine", "value-n0": "x"}).content.decode()
    edit(support, order, page)
    assert updates(emulator, order)[-1] == ["metadata"]
    assert now(emulator, order)["notes"] == "Theirs."


@pytest.mark.database
def test_the_second_of_two_tabs_is_told_and_writes_nothing_over(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    pages = [source(support, address(order)) for _ in range(2)]
    edit(support, order, pages[0], notes="Of the first tab.")
    answer = edit(support, order, pages[1], notes="Of the second tab.")
    assert answer.status_code == 422
    assert "the order changed since this form was opened" in answer.content.decode()
    assert now(emulator, order)["notes"] == "Of the first tab."


@pytest.mark.database
def test_a_lost_answer_is_unknown_until_the_event_tells_and_keeps_what_the_second_person_typed(
    northwind: Merchant, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    colleague = sign_in(make_person("colleague@northwind.example", northwind, "support"))
    theirs = source(colleague, address(order))
    emulator.fault("disconnect", "/orders/", method="PATCH", after_work=True)
    answer = edit(support, order, notes="Lost?")
    assert "In doubt: " in source(support, answer["Location"])
    page = source(support, address(order))
    assert "In doubt: " in page
    assert 'name="form_token"' not in page
    second = edit(colleague, order, theirs, notes="Mine.").content.decode()
    assert "<bdi>Support</bdi> is changing this order (started" in second
    assert "Mine.</textarea>" in second
    assert 'name="form_token"' not in second
    assert reconcile_due(Operation.objects.get()).state == State.DONE
    assert updates(emulator, order) == [["notes"]]


@pytest.mark.database
def test_a_call_that_did_nothing_is_sent_again_with_each_digit_as_it_was(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault("disconnect", "/orders/", method="PATCH")
    edit(support, order, **{f"value-{row('channel')}": "phone"})
    assert reconcile_due(Operation.objects.get()).state == State.DONE
    assert exactly(now(emulator, order)["metadata"]) == exactly(METADATA | {"channel": "phone"})
    assert len(updates(emulator, order)) == 1


def test_without_revkeen_nothing_is_sent_and_everything_typed_stays(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = source(support, address(order))
    emulator.fault("disconnect", times=20)
    answer = edit(support, order, page, notes="typed", **{"name-n0": "new", "value-n0": "row"})
    sent = fields(answer.content.decode())
    assert "Nothing was sent." in answer.content.decode()
    assert (sent["notes"], sent["name-n0"], sent["value-n0"]) == ("typed", "new", "row")
    assert updates(emulator, order) == []


@pytest.mark.parametrize("status", ["canceled", "refunded", "fulfilled"])
def test_where_it_cannot_be_done_the_page_says_why_and_has_no_form(
    status: str, support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    emulator.patch("orders", order["id"], status=status)
    page = source(support, address(order))
    assert f"cannot be edited now:</strong> the order is {status}." in page
    assert 'name="form_token"' not in page


def test_too_much_metadata_is_left_alone_and_the_rest_can_be_changed(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    much = {f"name {number}": number for number in range(400)}
    emulator.patch("orders", order["id"], metadata=much)
    page = source(support, address(order))
    assert "too much metadata to edit here: 400 names" in page
    assert edit(support, order, page, notes="Changed.").status_code == 303
    assert now(emulator, order)["metadata"] == much


@pytest.mark.database
def test_the_largest_form_is_taken(support: Client, order: dict[str, Any], emulator: Emulator) -> None:
    much = {f"name {number}": "ж" * 200 for number in range(200)}
    emulator.patch("orders", order["id"], metadata=much)
    assert edit(support, order, notes="Changed.").status_code == 303


def test_a_form_that_arrives_in_part_changes_nothing_that_is_missing_in_it(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = source(support, address(order))
    sent = {name: value for name, value in fields(page).items() if name in ("form_token", "customer")}
    support.post(address(order), {**sent, "save": "yes", "name-n0": "new", "value-n0": "row"})
    assert bodies(emulator)[0] == {"metadata": METADATA | {"new": "row"}}


def test_the_form_of_one_order_does_nothing_to_another(
    support: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = source(support, address(order))
    other = emulator.make_order()
    emulator.forget_calls()
    assert edit(support, other, page, notes="x").status_code == 404
    assert support.post(address(order, "test"), {**fields(page), "save": "yes"}).status_code == 404
    assert emulator.calls() == []


def test_the_cards_of_an_order_lead_to_the_form_for_those_who_may_and_while_it_can_be_done(
    support: Client, viewer: Client, order: dict[str, Any], emulator: Emulator
) -> None:
    page = f"/northwind/live/orders/{order['id']}/"
    for part in ("customer", "notes", "metadata"):
        assert f'href="{address(order)}#{part}"' in source(support, page)
        assert f'id="{part}"' in source(support, address(order))
    assert f"{address(order)}#" not in source(viewer, page)
    emulator.patch("orders", order["id"], status="canceled")
    assert f"{address(order)}#" not in source(support, page)
