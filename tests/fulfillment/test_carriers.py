"""Whose number it may be, where it can be followed, and how far either can be trusted."""

import re
import string
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from orders import carriers
from orders.carriers import CARRIERS, Carrier, Certainty, Format, detect
from orders.carriers.check_digits import COUNTRIES, postal, usps_20
from orders.carriers.formats import LONGEST
from scripts import carrier_guesses

# Public sample numbers, most of them from the tracking_number_data data set (docs/carriers.md). Royal Mail,
# Parcelforce, GLS and Evri publish none: theirs are made to the shape.
LETTERS_AND_CHECK_DIGIT = {
    "ups": """1Z999AA10123456784 1Z5R89390357567127 1Z879E930346834440 1Z410E7W0392751591 1Z8V92A70367203024
        1ZXX3150YW44070023 K1506235620 K2479825491 J4603636537 V0490119172 V0431105627""",
    "usps": "RB123456785US",
    "royal_mail": "RB123456785GB",
    "canada_post": "RB123456785CA",
    "australia_post": "RB123456785AU",
    "dpd": "008182709980000020033350276C 008182709980000020045327276N 09980000020033F 09980000020034D",
    "ontrac": """C11031500001879 C10999911320231 C11121552953069 C11121553156000 C11121552829468 D10011354453707
        D10011345983010 D10011342332145""",
}
DIGITS_AND_CHECK_DIGIT = {
    "fedex": """986578788855 477179081230 799531274483 790535312317 974367662710 041441760228964 568283610012000
        568283610012734 000123450000000027 9611020987654312345672 1001921334250001000300779017972697
        1001921380360001000300639585804382 1001901781990001000300617767839437 1002297871540001000300790695517286
        1027590111820004833500785458233610 9622001900000000000000776632517510 9622001560000000000000794808390594
        9622001560001234567100794808390594 9632001560123456789900794808390594""",
    "usps": """03071790000523483741 71123456789123456787 71969010756003077385 4201002334249200190132607600833457
        4201028200009261290113185417468510 420221539101026837331000039521 420112139261290983497923666238
        420787459400111206206406260787 9505511069605048600624 9101123456789000000013 92748931507708513018050063
        92001903060085300042901077 9400111201080805483016 9361289878700317633795 9405803699300124287899
        9261292700768711948021""",
    "dhl_express": "3318810025 73891051146 8487135506 1099255990 3821724944 3318810036 3318810014",
    "canada_post": "0073938000549297 7035114477138472 4002847016405018",
}
SHAPE_ALONE = {
    "dhl_express": "JJD0099999999 JVGL0999999990",
    "dhl_ecommerce": "GM2951173225174494 GM295117494011169042 GM9E44608A27984866BA2D 60120172242323 51087693037816",
    "amazon_logistics": "TBA000000000000 TBA010000000000 TBC000000000000 TBA502887274000 C1004444443",
    "ontrac": "LX17635036 1LS717793482164",
    "lasership": """LX17635036 LX17635035 LI12979072 LA28376237 LH13830790 LE10917377 LN30083672 1LS717793482164
        1LS724505321754 1LS720000000000 1LS7119013618127-1""",
    "royal_mail": "PB1234567 PBAB1234567890",
    "dpd": "09980000020033",
    "gls": "50346007538 ZFMDL0U9",
    "evri": "T00ABC1234567890 12345678",
}
WRONG = {
    "ups": "1Z1111111111111111 1Z5R89390357567128 K1506235622",
    "fedex": """996578788855 123456789013 568283610012732 000000000000000001 9600000000000000000001
        1001901781990001000300617767839438 9622001560001234567100794808390595""",
    "usps": """03071790000523483742 61299998820821171811 9200000000000000000000 420000009200000000000000000000
        9434611206206407667131 9400111206206406260788 4201028200009261290113185417468511 RB123456786US""",
    "dhl_express": "3318810010 3318810034 3318810011 73891051149",
    "royal_mail": "RB123456786GB",
    "dpd": "008182709980000020033350276A 008182709980000020045000000N 09980000020033E",
    "canada_post": "0073938000549292 7035114477138471 5002847016405018 RB123456786CA",
    "australia_post": "RB123456786AU",
    "ontrac": "C10000000000000 C11031500001889 D10011345983012 D10011342332144",
}
OF_NO_SHAPE = {
    "ups": "2Z5R89390357567127 1A5R89390357567127",
    "usps": "420000000000000000000000000000 RB123456785XX",
    "dhl_express": "XJD0099999998 4165551234567",
    "dhl_ecommerce": "GS295117494011169041 GR295117494011169045",
    "amazon_logistics": "TBA50288727400A 000000000000000 000000000000 TBB000000000000",
    "lasership": "LX1763503N LC17635036 1LX734505321754 1LS7119013618127-2",
    "royal_mail": "RR123456785CH",
}

each_format = pytest.mark.parametrize(
    ("carrier", "form"),
    [pytest.param(one, form, id=f"{one.code} {form.example}") for one in CARRIERS for form in one.formats],
)


def pairs(samples: dict[str, str]) -> list[tuple[str, str]]:
    return [(code, number) for code, numbers in samples.items() for number in numbers.split()]


def certainty(code: str, number: str) -> Certainty | None:
    return next((guess.certainty for guess in detect(number) if guess.carrier.code == code), None)


def found(code: str) -> Carrier:
    carrier = carriers.find(code)
    assert carrier
    return carrier


# The directory


def test_the_carriers_stand_in_their_order() -> None:
    assert [carrier.code for carrier in CARRIERS] == (
        "ups fedex usps dhl_express dhl_paket royal_mail dpd hermes gls dhl_ecommerce postnl colissimo canada_post "
        "australia_post evri amazon_logistics ontrac lasership"
    ).split()


def test_no_two_carriers_share_a_code_a_name_or_an_alias() -> None:
    known = [{text.casefold() for text in (one.code, one.name, *one.aliases)} for one in CARRIERS]
    assert sum(len(texts) for texts in known) == len(set().union(*known))
    assert all(carriers.find(text) == one for one, texts in zip(CARRIERS, known, strict=True) for text in texts)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ups", "ups"),
        (" Ups ", "ups"),
        ("DHL", "dhl_express"),
        ("dhl ecommerce", "dhl_ecommerce"),
        ("Parcelforce", "royal_mail"),
        ("dpd uk", "dpd"),
        ("Hermes UK", "evri"),
        ("AMAZON LOGISTICS UK", "amazon_logistics"),
    ],
)
def test_a_carrier_is_found_by_code_name_or_alias_in_either_case(text: str, code: str) -> None:
    assert found(text).code == code
    assert carriers.name_of(text) == found(code).name


@pytest.mark.parametrize("text", ["", "Bike courier", "la_poste", "up"])
def test_an_unknown_carrier_keeps_its_name_and_has_no_page(text: str) -> None:
    assert carriers.find(text) is None
    assert carriers.name_of(text) == text
    assert carriers.tracking_address(text, "1Z999AA10123456784") == ""
    assert not carriers.check_digit_wrong(text, "1Z1111111111111111")


@each_format
def test_every_format_has_an_example_that_is_right(carrier: Carrier, form: Format) -> None:
    assert form.fits(form.example)
    assert form.is_right(form.example)
    assert certainty(carrier.code, form.example)


# Whose number it may be


@pytest.mark.parametrize(("code", "number"), pairs(LETTERS_AND_CHECK_DIGIT))
def test_letters_and_a_good_check_digit_come_first(code: str, number: str) -> None:
    best = detect(number)[0]
    assert (best.carrier.code, best.certainty) == (code, Certainty.LETTERS)
    assert not carriers.check_digit_wrong(code, number)


@pytest.mark.parametrize(("code", "number"), pairs(DIGITS_AND_CHECK_DIGIT))
def test_digits_with_a_good_check_digit_come_before_mere_shapes(code: str, number: str) -> None:
    best = [guess.carrier.code for guess in detect(number) if guess.certainty == Certainty.DIGITS]
    assert code in best
    assert detect(number)[0].carrier.code in best
    assert not carriers.check_digit_wrong(code, number)


@pytest.mark.parametrize(("code", "number"), pairs(SHAPE_ALONE))
def test_where_no_rule_is_known_the_shape_alone_is_a_guess(code: str, number: str) -> None:
    assert certainty(code, number) == Certainty.SHAPE
    assert not carriers.check_digit_wrong(code, number)


@pytest.mark.parametrize(("code", "number"), pairs(WRONG))
def test_a_wrong_check_digit_is_said_and_is_no_guess_unless_letters_point_there(code: str, number: str) -> None:
    assert carriers.check_digit_wrong(code, number)
    assert certainty(code, number) == (None if number.isdigit() else Certainty.WRONG)


@pytest.mark.parametrize(("code", "number"), pairs(OF_NO_SHAPE))
def test_a_number_of_no_shape_of_a_carrier_is_neither_guessed_nor_called_wrong(code: str, number: str) -> None:
    assert certainty(code, number) is None
    assert not carriers.check_digit_wrong(code, number)


def test_spaces_dashes_and_case_do_not_matter() -> None:
    assert carriers.normalized(" 1z 999-aa1/0123456784\n") == "1Z999AA10123456784"
    assert detect("1z 999 aa1 01 2345 6784") == detect("1Z999AA10123456784")
    assert certainty("dpd", "00 81827 0998 0000 0200 33 350 276 c") == Certainty.LETTERS


def test_what_is_not_ascii_is_no_part_of_a_number() -> None:
    assert carriers.normalized("١Zßıﬁ１ä–²") == "Z"


def test_all_candidates_are_proposed_best_first_and_then_as_in_the_directory() -> None:
    guesses = [(guess.carrier.code, guess.certainty) for guess in detect("986578788855")]
    assert guesses == [
        ("fedex", Certainty.DIGITS),
        ("gls", Certainty.SHAPE),
        ("canada_post", Certainty.SHAPE),
        ("royal_mail", Certainty.LOOSE),
        ("australia_post", Certainty.LOOSE),
    ]


def test_a_wrong_check_digit_is_no_guess_where_another_carrier_has_that_shape() -> None:
    number = "A1234567890"
    assert carriers.check_digit_wrong("ups", number)
    assert detect(number)[0].carrier.code == "amazon_logistics"
    assert certainty("ups", number) is None


@pytest.mark.parametrize("number", ["", " – ", "DELIVERY", "HELLOWORLD", "ABCDEFGHIJKLMNOP", "1", "123456"])
def test_words_and_scraps_are_nobodys_number(number: str) -> None:
    assert detect(number) == []


@each_format
def test_another_check_digit_is_wrong(carrier: Carrier, form: Format) -> None:
    fitting = form.pattern.fullmatch(form.example)
    assert fitting
    place = (fitting.end("checked") if "checked" in form.pattern.groupindex else len(form.example)) - 1
    if form.example[place].isalpha() and form.check is postal:
        place -= 2  # the country stands behind
    others = [form.example[:place] + other + form.example[place + 1 :] for other in string.digits]
    right = [number for number in others if number != form.example and form.fits(number) and form.is_right(number)]
    if form.check is None:
        assert not any(carriers.check_digit_wrong(carrier.code, number) for number in right)
    else:
        assert len(right) == (1 if form.check is usps_20 else 0)  # which has two ways to make it


def test_a_post_the_upu_does_not_know_issues_no_number() -> None:
    assert postal("RB123456785CV")
    assert postal("RB123456785TA")
    assert not postal("RB123456785XX")
    assert not postal("RB123456786CV")
    assert len(COUNTRIES) == 251  # ISO 3166-1 has 249


@pytest.mark.parametrize(
    ("digits", "check"), [("12345678", "5"), ("00000001", "4"), ("00000000", "5"), ("00000008", "0")]
)
def test_the_postal_rule_has_a_digit_for_the_remainders_ten_and_eleven(digits: str, check: str) -> None:
    right = [digit for digit in string.digits if postal(f"RB{digits}{digit}GB")]
    assert right == [check]


# What is copied, pasted and scanned

UPS, UPS_2, FEDEX, FEDEX_2 = "1Z999AA10123456784", "1Z5R89390357567127", "986578788855", "477179081230"
USPS, SSCC = "9400111206206406260787", "00340434161094022115"


@pytest.mark.parametrize("sign", ["\u200b", "\u202a", "\u202c", "\u2060", "\ufeff", "\xad", "\u200e"])
def test_marks_that_nobody_sees_are_left_out(sign: str) -> None:
    assert carriers.plain(f"{sign}1Z999AA1{sign}0123456784{sign}") == UPS


@pytest.mark.parametrize("space", ["\xa0", "\u2007", "\u202f", "\u3000", "\t", "\n"])
def test_any_space_is_a_space(space: str) -> None:
    assert carriers.plain(f"{space}1Z{space}999") == "1Z 999"


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d")
def test_any_dash_is_a_hyphen(dash: str) -> None:
    assert carriers.plain(f"1LS7119013618127{dash}1") == "1LS7119013618127-1"


@pytest.mark.parametrize(
    ("scanned", "number", "code"),
    [
        ("1001921334250001000300779017972697", "779017972697", "fedex"),
        ("9622001900000000000000776632517510", "776632517510", "fedex"),
        ("30000000000000009865787888550000", "986578788855", "fedex"),
        (f"42022153{USPS}", USPS, "usps"),
        (f"420221530001{USPS}", USPS, "usps"),
        (f"420 22153 {USPS}", USPS, "usps"),
    ],
)
def test_a_bar_code_that_was_scanned_whole_becomes_the_number_that_it_holds(
    scanned: str, number: str, code: str
) -> None:
    assert carriers.plain(scanned) == number
    assert detect(scanned)[0].carrier.code == code


@pytest.mark.parametrize("zip_code", ["221530000", "100233424", "902100009"])
def test_usps_behind_a_zip_code_is_never_taken_for_fedex(zip_code: str) -> None:
    for last in range(10):
        number = f"420{zip_code}940011120620640626{last:02}87"
        assert "fedex" not in [guess.carrier.code for guess in detect(number)]


def test_what_is_no_bar_code_with_more_in_it_stays_as_it_was_typed() -> None:
    for number in (UPS, "1Z 999 AA1 01 2345 6784", FEDEX, USPS, SSCC, "1" * 34, f"420{USPS}", "Bike 7"):
        assert carriers.plain(number) == number


def test_20_digits_that_begin_with_00340434_are_dhl_pakets() -> None:
    assert carriers.certain(SSCC) == found("dhl_paket")
    assert "usps" not in [guess.carrier.code for guess in detect(SSCC)]
    assert carriers.check_digit_wrong("dhl_paket", f"{SSCC[:-1]}6")


def test_14_digits_are_proposed_for_dpd_before_dhl_ecommerce() -> None:
    codes = [guess.carrier.code for guess in detect("60120172242323") if guess.certainty == Certainty.SHAPE]
    assert codes == ["dpd", "hermes", "gls", "dhl_ecommerce"]


def test_dhl_paket_comes_first_in_german_zones() -> None:
    number = next(number for number in (f"{n}" for n in range(563102430313, 563102439999)) if _both(number))
    assert [guess.carrier.code for guess in detect(number)][:2] == ["fedex", "dhl_paket"]
    for zone in ("Europe/Berlin", "Europe/Busingen"):
        assert [guess.carrier.code for guess in detect(number, zone)][:2] == ["dhl_paket", "fedex"]
        assert carriers.ordered(zone)[0].code == "dhl_paket"
    assert carriers.ordered("America/New_York") == list(CARRIERS)


def _both(number: str) -> bool:
    return all(certainty(code, number) == Certainty.DIGITS for code in ("fedex", "dhl_paket"))


@pytest.mark.parametrize(
    ("number", "code"),
    [(UPS, "ups"), (USPS, "usps"), (SSCC, "dhl_paket"), ("041441760228964", "fedex"), ("RB123456785GB", "royal_mail")],
)
def test_one_carrier_and_a_good_check_digit_are_certain(number: str, code: str) -> None:
    assert carriers.certain(number) == found(code)


@pytest.mark.parametrize(
    "number", [FEDEX, "12345678901234", "TBA502887274000", f"{UPS[:-1]}5", "320123456789012345678"]
)
def test_a_shape_or_several_carriers_are_not_certain(number: str) -> None:
    assert carriers.certain(number) is None


@pytest.mark.parametrize("between", [",", ", ", ";", "\n", "\r\n", " ", "\t", ""])
@pytest.mark.parametrize("numbers", [(UPS, UPS_2), (FEDEX, FEDEX_2), (UPS, FEDEX)])
def test_numbers_that_were_pasted_or_scanned_together_are_several(between: str, numbers: tuple[str, str]) -> None:
    assert carriers.several(between.join(numbers)) == list(numbers)


def test_three_numbers_with_spaces_of_their_own_are_three() -> None:
    assert carriers.several(f"1Z 999 AA1 01 2345 6784 {FEDEX} 1Z5R 8939 0357 5671 27") == [
        "1Z 999 AA1 01 2345 6784",
        FEDEX,
        "1Z5R 8939 0357 5671 27",
    ]


@pytest.mark.parametrize(
    "text", ["", UPS, "1Z 999 AA1 01 2345 6784", "1Z, 2", "Bike 7", "9400 1112 0620 6406 2607 87", "3201234567890"]
)
def test_one_number_is_not_several(text: str) -> None:
    assert carriers.several(text) == []


@pytest.mark.parametrize("text", [" ".join(["12345678"] * 200), "1 " * 20_000, "1" * 100_000, "1Z," * 30_000])
def test_hostile_text_is_not_looked_at_for_long(text: str) -> None:
    began = time.monotonic()
    carriers.several(text)
    carriers.doubts("ups", text)
    assert time.monotonic() - began < 1


# What speaks against a number


@pytest.mark.parametrize(
    ("carrier", "number", "words"),
    [
        ("fedex", UPS, "This looks like a number from UPS, not from FedEx."),
        ("ups", FEDEX, "This looks like a number from FedEx, not from UPS."),
        ("royal_mail", UPS, "This looks like a number from UPS, not from Royal Mail."),
        ("usps", SSCC, "This looks like a number from DHL Paket, not from USPS."),
        ("Bike courier", UPS, "This looks like a number from UPS, not from Bike courier."),
        ("fedex", "12345", "This does not look like a number from FedEx."),
        ("ups", "TRACK", "This does not look like a number from UPS."),
        *[
            (carrier, UPS[:-1], "A UPS number that starts with 1Z has 18 characters. This one has 17.")
            for carrier in ("", "ups", "fedex", "royal_mail")
        ],
        ("usps", f"{USPS[:-1]}8", "Check digit wrong for USPS. Compare it with the label."),
        ("", f"{USPS[:-1]}8", "Check digit wrong for USPS."),
        ("ups", f"{UPS[:-1]}5", "Check digit wrong for UPS. Compare it with the label."),
        ("", "NW-10749", "This is the order number, not a tracking number."),
        ("gls", "nw10749", "This is the order number, not a tracking number."),
        ("", "10749", "This is the order number, not a tracking number."),
        *[
            (carrier, "DHL express", "This is the name of a carrier, not a tracking number.")
            for carrier in ("", "ups", UPS)
        ],
        (UPS, "R-77", "The carrier looks like a tracking number from UPS."),
        ("ups", f"{UPS} {UPS_2}", f"These look like 2 numbers: {UPS}, {UPS_2}."),
    ],
)
def test_what_speaks_against_a_number_is_said(carrier: str, number: str, words: str) -> None:
    assert words in [doubt.words for doubt in carriers.doubts(carrier, number, order_number="NW-10749")]


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        ("ups", "NW-10749"),
        (UPS, "UPS"),
        ("fedex", UPS),
        ("", f"{UPS[:-1]}5"),
        ("ups", UPS[:-1]),
        ("usps", f"{USPS[:-1]}8"),
        ("fedex", f"{USPS[:-1]}8"),
    ],
)
def test_one_mistake_is_one_doubt(carrier: str, number: str) -> None:
    assert len(carriers.doubts(carrier, number, order_number="NW-10749")) == 1


def test_nothing_is_known_of_the_numbers_of_a_carrier_that_is_not_in_the_list() -> None:
    wrong = "123456789012345"  # as long as FedEx's and DPD's, with neither's check digit
    assert carriers.doubts("Bike courier", wrong) == []
    assert [doubt.words for doubt in carriers.doubts("", wrong)] == ["Check digit wrong for FedEx and DPD."]


def test_a_number_that_another_order_has_is_said() -> None:
    assert [doubt.words for doubt in carriers.doubts("ups", UPS, taken_by="NW-7")] == [
        "Order NW-7 already has this tracking number."
    ]


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.code)
def test_nothing_speaks_against_a_carriers_own_numbers(carrier: Carrier) -> None:
    for form in carrier.formats:
        assert carriers.doubts(carrier.code, form.example, order_number="NW-10749") == []


@pytest.mark.parametrize("number", ["", " ", "\u200b", UPS, FEDEX, "3201234567890", "Bike 7"])
def test_without_a_carrier_nothing_speaks_against_what_may_be_somebodys(number: str) -> None:
    assert carriers.doubts("", number, order_number="NW-10749") == []


# Where a parcel is followed


@each_format
def test_the_address_holds_the_number(carrier: Carrier, form: Format) -> None:
    address = carriers.tracking_address(carrier.code, form.example)
    assert urlsplit(address).scheme == "https"
    assert form.tracked(form.example) in unquote(address)


def test_the_page_of_usps_wants_the_number_without_the_zip_code() -> None:
    page = "https://tools.usps.com/go/TrackConfirmAction?tLabels="
    assert carriers.tracking_address("usps", "420 22153 9101026837331000039521") == page + "9101026837331000039521"
    assert carriers.tracking_address("usps", "4201002334249200190132607600833457") == page + "9200190132607600833457"
    assert carriers.tracking_address("usps", "9400 1112 0108 0805 4830 16") == page + "9400111201080805483016"


def test_lasership_parcels_are_followed_at_ontrac() -> None:
    assert carriers.tracking_address("lasership", "LX17635036") == "https://www.ontrac.com/tracking/?number=LX17635036"


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.code)
def test_no_number_leads_to_another_page(carrier: Carrier) -> None:
    address = carriers.tracking_address(carrier.code, "javascript:/../?a=1&b#c@evil.example {} %2F ü")
    start, end = carrier.page.split("{}")
    middle = address.removeprefix(start).removesuffix(end)
    assert address == start + middle + end
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+", middle)


def test_without_a_number_there_is_no_address() -> None:
    assert carriers.tracking_address("ups", "") == carriers.tracking_address("ups", "  ") == ""


# Hostile text


@pytest.mark.parametrize("text", ["1" * 100_000, "A" * 100_000, "JD" + "0" * 99_998, "GM" * 50_000, "4209" * 25_000])
def test_text_longer_than_any_number_is_nobodys_and_no_pattern_sees_it(text: str) -> None:
    assert detect(text) == []
    assert not any(carriers.check_digit_wrong(carrier.code, text) for carrier in CARRIERS)


@each_format
def test_no_format_takes_more_characters_than_the_longest_number(carrier: Carrier, form: Format) -> None:
    taken = [length for length in range(LONGEST + 60) if form.pattern.fullmatch((form.example * 12)[:length])]
    assert max(taken) <= LONGEST
    assert "*)" not in form.pattern.pattern.replace("[A-Z]*[0-9])", "")  # nothing repeated is repeated without end
    assert "+" not in form.pattern.pattern


# How far it can be trusted

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "carriers.md").read_text(encoding="utf-8")
ROWS = {int(length): line for line in DOCUMENT.splitlines() if (length := line.strip("| ").split(" ")[0]).isdigit()}


def test_the_document_has_a_row_for_every_length() -> None:
    assert list(ROWS) == list(carrier_guesses.LENGTHS)
    assert carrier_guesses.HEADING in DOCUMENT


@pytest.mark.parametrize("length", [10, 15])
def test_the_documents_table_is_what_the_script_measures(length: int) -> None:
    assert ROWS[length] == carrier_guesses.row(length)


@pytest.mark.parametrize(
    ("length", "name", "share"),
    [
        (10, "DHL Express", 1 / 10),  # ten digits to choose from, of which one is right
        (11, "DHL Express", 1 / 10),
        (12, "FedEx", 1 / 10),
        (15, "FedEx", 1 / 10),
        (15, "DPD", 1 / 36),  # of 36 characters one is right
        (16, "Canada Post", 1 / 10),
        (18, "FedEx", 1 / 10),
        (20, "USPS", 2 / 10),  # two ways to make the digit, and they never agree
        (22, "USPS", 5 / 100 / 10),  # of all beginnings five are theirs
        (34, "FedEx", 91 / 100 / 10),
    ],
)
def test_random_digits_pass_as_often_as_the_rule_says(length: int, name: str, share: float) -> None:
    checked = ROWS[length].split(" | ")[1]
    measured = next(float(part.split()[-2]) for part in checked.split(", ") if part.startswith(name))
    spread = 100 * (share * (1 - share) / carrier_guesses.NUMBERS) ** 0.5
    assert abs(measured - 100 * share) < 4 * spread + 0.05
