"""The look: what templates use is there, nothing is inline, nothing vendored was changed, and all of it is small."""

import ast
import gzip
import hashlib
import re
import shutil
from pathlib import Path

import django_htmx
import pytest
from django import forms
from django.contrib import messages
from django.contrib.messages import get_messages
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from orders.context_processors import SECTIONS
from orders.models import Merchant
from orders.permissions import PAGES
from orders.services.orders.timeline import ICONS_AND_WORDS
from orders.templatetags import look
from orders.views.merchants import recent_changes

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
CSS = (STATIC / "css" / "look.css").read_text()
SCRIPT = (STATIC / "js" / "app.js").read_text()
SPRITE = (STATIC / look.SPRITE).read_text()
TEMPLATES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "templates").rglob("*.html"))}
TAGS = "".join(path.read_text() for path in sorted((ROOT / "orders" / "templatetags").glob("*.py")))

# Classes without a rule of their own: they name a place for scripts, tests and readers.
HOOKS = {"asof"}
# On <body>, from the mode in the address.
MODES = {"live", "test", "neutral"}
# The part of the visual language that no page happens to need at present: editors, answers with consequences, slips.
RESERVE = {
    *("edit", "even", "form-select", "is-invalid", "price", "slip", "tickbox", "ticks", "units"),
}


def test_every_class_in_a_template_has_a_rule() -> None:
    assert _classes_used() - _classes_defined() - HOOKS == set()


def test_every_page_of_a_merchant_belongs_to_a_section_of_the_navigation() -> None:
    beginnings = tuple(beginning for *_, beginnings in SECTIONS for beginning in beginnings)
    outside = {"fulfillment_undo", "contradiction_close"}  # they show no page of their own
    assert {name for name in PAGES if not name.startswith(beginnings)} - outside == set()


def test_every_rule_is_for_something() -> None:
    named_in_code = set(re.findall(r"[a-z][\w-]*", TAGS + SCRIPT))
    unused = _classes_defined() - _classes_used() - named_in_code - MODES
    assert unused - RESERVE == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_in_a_template_needs_a_weaker_content_security_policy(name: str) -> None:
    template = TEMPLATES[name]
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:|srcdoc=", template)
    for attributes in re.findall(r"<script([^>]*)>", template):
        assert "src=" in attributes or 'type="application/json"' in attributes


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_trusts_what_it_shows(name: str) -> None:
    assert not re.search(r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off", TEMPLATES[name])


def test_every_icon_is_in_the_sprite_once() -> None:
    symbols = re.findall(r'<symbol id="([^"]+)"', SPRITE)
    assert len(symbols) == len(set(symbols))
    assert _icons_used() - set(symbols) == set()


def test_an_icon_is_silent_and_a_state_is_words() -> None:
    fact = look.State("Paid", "circle-check", "good")
    assert look.state(fact) == f'<span class="state good">{look.icon("circle-check")}Paid</span>'
    assert 'aria-hidden="true"' in look.icon("circle-check")
    assert look.state(None) == ""
    assert "&lt;b&gt;" in look.state(look.State("<b>", "help-circle"))


def test_vendored_files_are_what_they_were() -> None:
    assert _changed_files(VENDOR) == []


def test_one_changed_byte_in_a_vendored_file_is_noticed(tmp_path: Path) -> None:
    copy = shutil.copytree(VENDOR, tmp_path / "vendor")
    sprite = copy / look.SPRITE.removeprefix("vendor/")
    sprite.write_bytes(sprite.read_bytes()[:-1] + b" ")
    assert _changed_files(copy) == [look.SPRITE.removeprefix("vendor/")]


def test_everything_vendored_comes_with_its_license() -> None:
    for version in VENDOR.glob("*/*/"):
        assert (version / "LICENSE").is_file()


def test_what_a_first_visit_loads_beside_the_page_is_small() -> None:
    htmx = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
    loaded = [CSS.encode(), SCRIPT.encode(), SPRITE.encode(), htmx.read_bytes()]
    assert sum(len(gzip.compress(file)) for file in loaded) < 32 * 1024
    assert len(SCRIPT.splitlines()) < 200


def test_colors_are_only_named_in_the_tokens() -> None:
    tokens, rules = CSS.split("/* Plain elements */")
    literal = set(re.findall(r"#[0-9a-f]{3,8}\b", rules))
    assert literal <= {"#fff", "#000", "#0000", "#0006"}, "white and black for print and codes, and see-through"
    assert tokens.count("light-dark(") >= 15


def test_a_merchants_page_says_where_one_is_also_without_color(admin: Client) -> None:
    live, test = (admin.get(f"/northwind/{mode}/orders/").content.decode() for mode in ("live", "test"))
    assert "<title>Orders · Northwind Trading · Live</title>" in live
    assert "<title>Orders · Northwind Trading · Test</title>" in test
    assert '<body class="app live"' in live
    assert '<body class="app test"' in test
    assert "favicon-live" in live
    assert "favicon-test" in test


def test_the_frame_leads_to_everything_the_person_may_see(admin: Client, viewer: Client) -> None:
    of_admin = admin.get("/northwind/live/orders/").content.decode()
    assert '<a href="/northwind/live/orders/" aria-current="page">' in of_admin
    assert 'href="/northwind/live/settings/"' in of_admin
    assert 'href="/northwind/test/orders/"' in of_admin
    assert 'href="/northwind/live/settings/"' not in viewer.get("/northwind/live/orders/").content.decode()


@pytest.mark.parametrize(
    ("theme", "attribute"), [("dark", ' data-bs-theme="dark"'), ("light", ' data-bs-theme="light"')]
)
def test_the_theme_is_on_the_page_that_the_server_sends(
    theme: str, attribute: str, admin: Client, northwind: Merchant
) -> None:
    admin.cookies["theme"] = theme
    assert f'<html lang="en"{attribute}>' in admin.get("/account/").content.decode()


@pytest.mark.parametrize("theme", ["", "system", '"><script>'])
def test_any_other_theme_leaves_it_to_the_system(theme: str, admin: Client) -> None:
    admin.cookies["theme"] = theme
    assert '<html lang="en">' in admin.get("/account/").content.decode()


def test_a_page_outside_a_merchant_leads_back_to_the_orders(admin: Client) -> None:
    back = '<a class="btn btn-quiet" href="/">'
    assert back in admin.get("/account/").content.decode()
    assert back in admin.get("/northwind/live/nothing/").content.decode()
    assert back not in admin.get("/northwind/live/orders/").content.decode()


def test_the_page_for_the_worst_case_needs_nothing() -> None:
    page = render_to_string("500.html")
    assert "Something went wrong on our side" in page
    assert "Request" not in page


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 503])
def test_every_refusal_has_a_short_form_that_says_what_was_changed(status: int) -> None:
    part = render_to_string("partials/error.html", {"status": status, "request_id": "req_1"})
    assert "Nothing was changed" in part or "may or may not have been made" in part
    assert "req_1" in part
    assert "<html" not in part


class Parcel(forms.Form):
    number = forms.CharField(label="Number", help_text="As on the label.", max_length=5)
    carrier = forms.ChoiceField(label="Carrier", choices=[("a", "A"), ("b", "<B>")], widget=forms.RadioSelect)
    told = forms.BooleanField(label="Told", required=False)


def test_a_field_says_its_rule_and_what_is_wrong_to_those_who_cannot_see_it() -> None:
    form = Parcel({"number": "<script>"})
    field = form["number"].as_field_group()
    assert '<label class="form-label" for="id_number">Number</label>' in field
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_number_helptext id_number_error"' in field
    assert 'id="id_number_helptext"' in field
    assert 'id="id_number_error"' in field
    assert 'value="&lt;script&gt;"' in field


def test_radios_have_a_legend_and_a_checkbox_its_label_behind_it() -> None:
    radios, box = Parcel()["carrier"].as_field_group(), Parcel()["told"].as_field_group()
    assert "<legend>Carrier</legend>" in radios
    assert "&lt;B&gt;" in radios
    assert re.search(r'<label class="check"><input type="checkbox"[^>]*><span>Told</span></label>', box)


def test_what_is_wrong_with_a_form_leads_to_the_fields() -> None:
    form = Parcel({"number": "123456"})
    said = render_to_string("partials/form_errors.html", {"form": form, "nothing": "Nothing was sent."})
    assert 'href="#id_number"' in said
    assert 'href="#id_carrier"' in said
    assert "Nothing was sent." in said
    assert 'id="id_carrier"' in str(form)
    assert render_to_string("partials/form_errors.html", {"form": Parcel()}).strip() == ""


def test_messages_go_along_with_a_swap_only_when_there_are_any(rf: RequestFactory, admin: Client) -> None:
    assert render_to_string("partials/messages.html", {"oob": True}).strip() == ""
    assert 'id="messages"' in render_to_string("partials/messages.html")
    request = rf.get("/")
    request.session = admin.session
    request._messages = messages.storage.default_storage(request)
    messages.success(request, "<b>Saved</b>")
    swapped = render_to_string("partials/messages.html", {"oob": True, "messages": get_messages(request)})
    assert 'hx-swap-oob="innerHTML"' in swapped
    assert "&lt;b&gt;Saved&lt;/b&gt;" in swapped


def _classes_used() -> set[str]:
    used: set[str] = set()
    for template in TEMPLATES.values():
        plain = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", template)
        for names in re.findall(r'class="([^"]*)"', plain):
            used.update(names.split())
    return used


def _classes_defined() -> set[str]:
    selectors = re.sub(r"/\*.*?\*/|{[^{}]*}", " ", CSS, flags=re.DOTALL)
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def _icons_used() -> set[str]:
    literal = {name for template in TEMPLATES.values() for name in re.findall(r'{% icon "([^"]+)"', template)}
    sections = {icon for _, icon, *_ in SECTIONS}
    timeline = {icon for icon, _ in ICONS_AND_WORDS.values()} | {"point"}
    return literal | sections | timeline | set(recent_changes.ICONS.values()) | {"edit"} | _icons_of_states()


def _icons_of_states() -> set[str]:
    """The second argument of every State(...) in the application."""
    trees = (ast.parse(path.read_text()) for path in (ROOT / "orders").rglob("*.py"))
    return {
        str(node.args[1].value)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "State"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    }


def _changed_files(vendor: Path) -> list[str]:
    """Files of a vendor folder that do not have the sum in its list, or are not in it."""
    lines = (vendor / "SHA256SUMS").read_text().splitlines()
    sums = {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}
    found = {str(path.relative_to(vendor)): path for path in vendor.rglob("*") if path.is_file()}
    found.pop("SHA256SUMS")
    return sorted(
        name
        for name in sums.keys() | found.keys()
        if name not in found or hashlib.sha256(found[name].read_bytes()).hexdigest() != sums.get(name)
    )


def test_a_page_belongs_to_one_entry_of_the_navigation_at_most() -> None:
    for name in PAGES:
        assert len([label for label, _, _, beginnings in SECTIONS if name.startswith(beginnings)]) <= 1, name
