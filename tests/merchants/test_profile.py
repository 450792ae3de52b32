"""Which merchant a person lands on, and the settings of one."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from orders import iso4217
from orders.models import EventLog, Merchant, User
from orders.money import Money
from orders.sums_to_type import PRESETS
from tests.conftest import add_key, make_person, remember_proof, sign_in
from tests.support.pages import markup


@pytest.fixture
def northwind(db: None) -> Merchant:
    return Merchant.objects.create(
        name="Northwind Trading", slug="northwind", time_zone="Europe/Berlin", undo_seconds=0
    )


@pytest.fixture
def client(mara: User) -> Client:
    return sign_in(mara)


PAGE = "/northwind/live/settings/"


def save(client: Client, **changes: str) -> Any:
    saved = {
        "name": "Northwind Trading",
        "time_zone": "Europe/Berlin",
        "sums_to_type": "",
        "undo_seconds": "0",
        "review_after_days": "7",
        "cutoff": "16:00",
    }
    return client.post(PAGE, saved | changes)


def changes() -> list[str]:
    return list(EventLog.objects.filter(kind="merchant_changed").values_list("text", flat=True))


# --- The chooser -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "mode"), [((), "live"), (("test",), "test"), (("live",), "live"), (("test", "live"), "live")]
)
def test_the_only_merchant_opens_where_there_is_something_to_see(
    keys: tuple[str, ...], mode: str, client: Client, northwind: Merchant
) -> None:
    for number, key_mode in enumerate(keys):
        add_key(northwind, key_mode, f"rk_some_key_{number}", active=True)
    assert client.get("/")["Location"] == f"/northwind/{mode}/orders/"


def test_with_several_merchants_a_person_chooses(client: Client, mara: User) -> None:
    for slug in ("kestrel", "aaa"):
        merchant = Merchant.objects.create(name=slug.capitalize(), slug=slug)
        mara.memberships.create(merchant=merchant, roles=["viewer", "finance"])
    page = markup(client.get("/"))
    places = [f'href="/{slug}/{mode}/orders/"' for slug in ("aaa", "kestrel", "northwind") for mode in ("live", "test")]
    assert all(place in page for place in places)
    assert page.index("Aaa") < page.index("Kestrel") < page.index("Northwind")
    assert "Finance, Viewer" in page


def test_without_a_merchant_the_page_says_whom_to_ask(db: None) -> None:
    page = markup(sign_in(make_person("alone@x.example")).get("/"))
    assert "Ask an admin of your team to invite" in page
    assert "alone@x.example" in page


# --- Settings ------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_name_and_time_zone_are_changed_and_recorded(client: Client, northwind: Merchant) -> None:
    assert save(client, name="Northwind  GmbH", time_zone="America/Denver")["Location"] == PAGE
    northwind.refresh_from_db()
    assert (northwind.name, northwind.time_zone, northwind.slug) == ("Northwind GmbH", "America/Denver", "northwind")
    assert changes() == ["name: Northwind GmbH, time zone: America/Denver"]
    assert "Merchant changed" in markup(client.get(PAGE))


def test_saving_without_a_change_leaves_no_trace(client: Client) -> None:
    assert save(client).status_code == 302
    assert changes() == []


def test_a_hold_after_fulfill_is_set_and_recorded(client: Client, northwind: Merchant) -> None:
    assert save(client, undo_seconds="120").status_code == 302
    northwind.refresh_from_db()
    assert northwind.undo_seconds == 120
    assert changes() == ["undo window after fulfill, in seconds: 120"]


def test_a_sender_for_the_slips_is_kept_without_empty_lines_and_recorded(client: Client, northwind: Merchant) -> None:
    assert save(client, sender_address="  Elbchaussee  1\r\n\r\n22765 Hamburg\r\n").status_code == 302
    northwind.refresh_from_db()
    assert northwind.sender_lines == ["Elbchaussee 1", "22765 Hamburg"]
    assert save(client, sender_address="").status_code == 302
    told = "sender on packing slips: "
    assert changes() == [f"{told}none", f"{told}Elbchaussee 1, 22765 Hamburg"]


@pytest.mark.parametrize("typed", ["x" * 301, "x\r\n" * 9, "a\x00b"])
def test_a_sender_that_fits_no_slip_is_refused(typed: str, client: Client, northwind: Merchant) -> None:
    assert save(client, sender_address=typed).status_code == 422
    northwind.refresh_from_db()
    assert northwind.sender_address == ""


@pytest.mark.parametrize("typed", ["121", "-1", "", "ten", "1.5", "9" * 30, "\x00"])
def test_a_hold_is_a_whole_number_of_seconds_up_to_two_minutes(typed: str, client: Client, northwind: Merchant) -> None:
    assert save(client, undo_seconds=typed).status_code == 422
    northwind.refresh_from_db()
    assert northwind.undo_seconds == 0


@pytest.mark.parametrize("zone", ["Berlin", "Europe/Berlin\x00", "../../etc/passwd", "+02:00", ""])
def test_a_time_zone_has_to_exist(zone: str, client: Client, northwind: Merchant) -> None:
    answer = save(client, name="Typed", time_zone=zone)
    assert answer.status_code == 422
    assert 'value="Typed"' in markup(answer)
    assert '<strong class="ellipsis">Northwind Trading</strong>' in markup(answer)  # the frame shows what is saved
    northwind.refresh_from_db()
    assert northwind.time_zone == "Europe/Berlin"


def test_the_short_name_stays_whatever_is_sent(client: Client, northwind: Merchant) -> None:
    save(client, slug="other", id="99")
    northwind.refresh_from_db()
    assert northwind.slug == "northwind"


def test_only_who_has_a_second_factor_can_ask_others_for_one(client: Client, mara: User, northwind: Merchant) -> None:
    answer = save(client, mfa_required="on")
    assert answer.status_code == 422
    assert "Set up a second factor for yourself first" in markup(answer)
    (factor,) = Authenticator.objects.bulk_create([Authenticator(user=mara, type="totp", data={"secret": "sealed"})])
    remember_proof(client, mara, method="mfa", id=factor.pk)
    assert save(client, mfa_required="on").status_code == 302
    northwind.refresh_from_db()
    assert northwind.mfa_required
    assert changes() == ["second factor required: yes"]


# --- Sums that are typed once more -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "minor", "asked"),
    [
        ("EUR", 500_000, False),
        ("EUR", 500_001, True),
        ("JPY", 5_001, False),  # 30 EUR
        ("JPY", 800_001, True),
        ("KWD", 1_500_001, True),
        ("XCG", 1_000_000, False),
        ("ALL", 1, True),  # neither set nor preset
        ("QQQ", 1, True),  # no decimals known
    ],
)
def test_the_sum_to_type_is_the_currencys_own(currency: str, minor: int, asked: bool, northwind: Merchant) -> None:
    above = northwind.typed_above(currency)
    assert (above is None or above < Money(minor, currency)) is asked


@pytest.mark.database
def test_sums_to_type_are_set_by_currency_and_recorded(client: Client, northwind: Merchant) -> None:
    assert save(client, sums_to_type="jpy 1,000,000\r\n\r\n EUR: 250 ").status_code == 302
    northwind.refresh_from_db()
    assert northwind.sums_to_type == {"JPY": 1_000_000, "EUR": 250}
    assert northwind.typed_above("EUR") == Money(25_000, "EUR")
    assert northwind.typed_above("USD") == Money(500_000, "USD")
    assert changes() == ["amounts to retype: EUR 250, JPY 1000000"]
    page = client.get(PAGE).content.decode()
    assert "EUR 250\nJPY 1,000,000</textarea>" in page
    save(client, sums_to_type="EUR 250\nJPY 1,000,000")
    assert len(changes()) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("EUR", "is not a currency and a whole amount"),
        ("EUR 12.50", "is not a currency and a whole amount"),
        ("EUR -1", "is not a currency and a whole amount"),
        ("QQQ 100", "QQQ is not a currency of ISO 4217."),
        ("EUR 1\nEUR 2", "Enter only one amount for each currency."),
        ("EUR 99999999999999999999", "is too large"),
    ],
)
def test_a_sum_that_makes_no_sense_is_refused_and_stays_typed(
    typed: str, words: str, client: Client, northwind: Merchant
) -> None:
    answer = save(client, sums_to_type=typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert f"{typed}</textarea>" in answer.content.decode()
    northwind.refresh_from_db()
    assert northwind.sums_to_type == {}


def test_every_preset_is_of_a_currency_that_we_know() -> None:
    assert set(PRESETS) <= set(iso4217.PLACES)
