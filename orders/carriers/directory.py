"""The carriers to choose from: what each system is told, what their numbers look like, where a parcel is followed.

Where the formats come from, and how far they can be trusted: docs/carriers.md.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from orders.carriers import check_digits
from orders.carriers.check_digits import COUNTRIES

LONGEST = 42  # characters of the longest number that any carrier has: USPS as scanned


def normalized(number: str) -> str:
    """How numbers are compared: upper-case, without anything but A-Z and 0-9."""
    return re.sub(r"[^0-9A-Za-z]", "", number).upper()


@dataclass(frozen=True)
class Format:
    """One shape of a carrier's numbers, without spaces and in upper-case.

    A group `checked` is what the check is about, a group `tracked` what the carrier's page wants; else the whole.
    """

    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None  # None: no rule is known
    example: str
    loose: bool = False  # the carrier publishes no format, and nearly everything fits

    def fits(self, number: str) -> bool:
        return len(number) <= LONGEST and self.pattern.fullmatch(number) is not None

    def is_right(self, number: str) -> bool:
        """Of a number that fits: its check digit is right, or there is no rule for one."""
        return self.check is None or self.check(self._part("checked", number))

    def tracked(self, number: str) -> str:
        return self._part("tracked", number)

    def _part(self, name: str, number: str) -> str:
        found = self.pattern.fullmatch(number)
        return found[name] if found and name in self.pattern.groupindex else number


@dataclass(frozen=True)
class Carrier:
    code: str  # as RevKeen is told
    name: str  # as Digital River and OrderProtection are told
    page: str  # where a parcel is followed; {} stands for its number
    formats: tuple[Format, ...]
    aliases: tuple[str, ...] = ()

    def fitting(self, number: str) -> list[Format]:
        """Its formats that this number has the shape of; the number normalised."""
        return [form for form in self.formats if form.fits(number)]

    def tracking_address(self, number: str) -> str:
        """Spaces are for the eye, and nothing in a number can lead to another page."""
        plain = normalized(number)
        parts = [form.tracked(plain) for form in self.fitting(plain) if form.is_right(plain)]
        shorter = next((part for part in parts if part != plain), None)
        return self.page.format(quote(shorter or "".join(number.split()), safe=""))


def _format(pattern: str, example: str, check: Callable[[str], bool] | None = None, *, loose: bool = False) -> Format:
    return Format(re.compile(pattern), check, example, loose)


def _post(country: str) -> Format:
    """The postal numbers (UPU S10) that this country's post issues."""
    return _format(f"[A-Z]{{2}}[0-9]{{9}}{country}", f"RB123456785{country}", check_digits.postal)


def _anything(shortest: int, longest: int, example: str) -> Format:
    """Letters and digits, of which one is a digit; but no postal number, which names the post that issued it."""
    postal = f"[A-Z]{{2}}[0-9]{{9}}(?:{'|'.join(sorted(COUNTRIES))})$"
    pattern = f"(?!{postal})(?=[A-Z]*[0-9])[0-9A-Z]{{{shortest},{longest}}}"
    return _format(pattern, example, loose=True)


USPS_LONG = "9[1-5][0-9]{20}(?:[0-9]{4}){0,2}"
LASERSHIP = (
    _format("L[AIEHNX][1-3][0-9]{7}", "LX17635036"),
    _format("1LS7[12][0-9]{10}", "1LS717793482164"),
    _format("1LS7[12][0-9]{2}01[1-4][0-9]{6}1", "1LS71190136181271"),
    _format("1LSCX[0-9A-Z]{10}", "1LSCX012345678A"),
)
ONTRAC_PAGE = "https://www.ontrac.com/tracking/?number={}"

CARRIERS = (
    Carrier(
        "ups",
        "UPS",
        "https://www.ups.com/track?tracknum={}",
        (
            _format("1Z(?P<checked>[0-9A-Z]{15}[0-9])", "1Z999AA10123456784", check_digits.ups),
            _format("[AHJKTV](?P<checked>[0-9]{10})", "K1506235620", check_digits.ups),
        ),
    ),
    Carrier(
        "fedex",
        "FedEx",
        "https://www.fedex.com/fedextrack/?trknbr={}",
        (
            _format("[0-9]{12}", "986578788855", check_digits.fedex_express),
            _format("[0-9]{15}", "041441760228964", check_digits.fedex_ground),
            _format("[0-9]{2}(?P<checked>[0-9]{16})", "000123450000000027", check_digits.gs1),
            _format("96[0-9]{5}(?P<checked>[0-9]{15})", "9611020987654312345672", check_digits.fedex_ground),
            _format(
                "(?:[0-8][0-9]|96)[0-9]{18}(?P<checked>[0-9]{14})",
                "1001921334250001000300779017972697",
                check_digits.fedex_express_label,
            ),
            _format(  # as scanned from a label
                "3[0-9]{15}(?P<checked>[0-9]{12})[0-9]{4}",
                "30000000000000009865787888550000",
                check_digits.fedex_express,
            ),
        ),
    ),
    Carrier(
        "usps",
        "USPS",
        "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
        (
            _format(USPS_LONG, "9400111201080805483016", check_digits.gs1),
            _format("[0-9]{20}", "03071790000523483741", check_digits.usps_20),
            _post("US"),
            # As scanned: 420 and the ZIP code of the destination stand in front.
            _format(
                f"420[0-9]{{5}}(?P<tracked>(?P<checked>{USPS_LONG}))",
                "420221539101026837331000039521",
                check_digits.gs1,
            ),
            _format(
                f"420[0-9]{{9}}(?P<tracked>(?P<checked>{USPS_LONG}))",
                "4201002334249200190132607600833457",
                check_digits.gs1,
            ),
            _format(
                "420(?:[0-9]{5}|[0-9]{9})(?P<tracked>(?P<checked>[0-9]{20}))",
                "4202215303071790000523483741",
                check_digits.usps_20,
            ),
        ),
    ),
    Carrier(
        "dhl_express",
        "DHL Express",
        "https://www.dhl.com/global-en/home/tracking/tracking-express.html?submit=1&tracking-id={}",
        (
            _format("[0-9]{10,11}", "3318810025", check_digits.dhl_express),
            _format("J[A-Z]{2,3}[0-9]{9,10}", "JVGL0999999990"),
            _format("JD[0-9]{18}", "JD014600003123456789"),  # with 16 digits it is Yodel's
        ),
        ("DHL",),
    ),
    Carrier(
        "dhl_ecommerce",
        "DHL eCommerce",
        "https://webtrack.dhlecs.com/?trackingnumber={}",
        (
            _format("(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)(?=[A-Z]*[0-9])[0-9A-Z]{10,39}", "GM2951173225174494"),
            _format("[0-9]{14}", "60120172242323"),
        ),
    ),
    Carrier(
        "royal_mail",
        "Royal Mail",
        "https://www.royalmail.com/track-your-item#/tracking-results/{}",
        (
            _post("GB"),
            _format("[A-Z]{2}[0-9]{7}", "PB1234567"),  # this one and the next are Parcelforce's
            _format("[A-Z]{4}[0-9]{10}", "PBAB1234567890"),
            _anything(9, 27, "3201234567890"),
        ),
        ("Parcelforce",),
    ),
    Carrier(
        "dpd",
        "DPD",
        "https://tracking.dpd.de/status/en_US/parcel/{}",
        (
            _format("[0-9]{14}", "09980000020033"),
            _format("[0-9]{14}[0-9A-Z]", "09980000020033F", check_digits.dpd),
            _format("[0-9]{27}[0-9A-Z]", "008182709980000020033350276C", check_digits.dpd),
        ),
        ("DPD UK",),
    ),
    Carrier(
        "gls",
        "GLS",
        "https://gls-group.eu/EU/en/parcel-tracking?match={}",
        (
            _format("[0-9]{11}|[0-9]{12}|[0-9]{14}", "50346007538"),
            _format("(?=[A-Z]*[0-9])[0-9A-Z]{8}", "ZFMDL0U9"),
        ),
    ),
    Carrier(
        "canada_post",
        "Canada Post",
        "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}",
        (
            _format("[0-9]{16}", "0073938000549297", check_digits.gs1),
            _post("CA"),
            _format("[0-9]{12}", "123456789012"),  # Priority Worldwide
        ),
    ),
    Carrier(
        "australia_post",
        "Australia Post",
        "https://auspost.com.au/mypost/track/#/details/{}",
        (_post("AU"), _anything(7, 39, "33XYZ1234567")),
    ),
    Carrier(
        "evri",
        "Evri",
        "https://www.evri.com/track/parcel/{}",
        (
            _format("(?=[A-Z]*[0-9])[0-9A-Z]{16}", "T00ABC1234567890"),
            _format("[0-9]{8}", "12345678"),  # the card that is left when nobody was at home
        ),
        ("Hermes UK",),
    ),
    Carrier(
        "amazon_logistics",
        "Amazon",
        "https://track.amazon.com/tracking/{}",
        (_format("TB[ACM][0-9]{12}", "TBA502887274000"), _format("[ACF][0-9]{10}", "C1004444443")),
        ("Amazon Logistics", "Amazon Logistics UK"),
    ),
    # LaserShip bought OnTrac in 2021; since 2023 both are called OnTrac and have one page.
    Carrier(
        "ontrac",
        "OnTrac",
        ONTRAC_PAGE,
        (_format("[CD][0-9]{14}", "C11031500001879", check_digits.ontrac), *LASERSHIP),
    ),
    Carrier("lasership", "LaserShip", ONTRAC_PAGE, LASERSHIP),
)


def _known_as(carrier: Carrier) -> list[str]:
    return [text.casefold() for text in (carrier.code, carrier.name, *carrier.aliases)]


_BY_TEXT = {text: carrier for carrier in CARRIERS for text in _known_as(carrier)}


def find(text: str) -> Carrier | None:
    """The carrier of this code, name or alias, in either case; None for one that only its name is known of."""
    return _BY_TEXT.get(text.strip().casefold())


def name_of(text: str) -> str:
    carrier = find(text)
    return carrier.name if carrier else text


def tracking_address(text: str, number: str) -> str:
    """Where the parcel can be followed; "" where the carrier's page or the number is not known."""
    carrier = find(text)
    return carrier.tracking_address(number) if carrier and number.strip() else ""
