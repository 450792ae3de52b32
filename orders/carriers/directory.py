"""The carriers to choose from: what each system is told, what their numbers look like, where a parcel is followed.

Where the formats come from, and how far they can be trusted: docs/carriers.md.
"""

from orders.carriers import check_digits
from orders.carriers.formats import Carrier, anything, post, shape

USPS_LONG = "9[1-5][0-9]{20}(?:[0-9]{4}){0,2}"
USPS_20 = "(?!00340434)[0-9]{20}"  # what begins so is DHL Paket's
# 420, a ZIP code with four more digits and a number of USPS are as long.
FEDEX_LABEL = "(?!420[0-9]{9}9[1-5])(?:[0-8][0-9]|96)[0-9]{18}"
GERMAN_ZONES = frozenset({"Europe/Berlin", "Europe/Busingen"})
LASERSHIP = (
    shape("L[AIEHNX][1-3][0-9]{7}", "LX17635036"),
    shape("1LS7[12][0-9]{10}", "1LS717793482164"),
    shape("1LS7[12][0-9]{2}01[1-4][0-9]{6}1", "1LS71190136181271"),
    shape("1LSCX[0-9A-Z]{10}", "1LSCX012345678A"),
)
ONTRAC_PAGE = "https://www.ontrac.com/tracking/?number={}"

CARRIERS = (
    Carrier(
        "ups",
        "UPS",
        "https://www.ups.com/track?tracknum={}",
        (
            shape("1Z(?P<checked>[0-9A-Z]{15}[0-9])", "1Z999AA10123456784", check_digits.ups),
            shape("[AHJKTV](?P<checked>[0-9]{10})", "K1506235620", check_digits.ups),
        ),
    ),
    Carrier(
        "fedex",
        "FedEx",
        "https://www.fedex.com/fedextrack/?trknbr={}",
        (
            shape("[0-9]{12}", "986578788855", check_digits.fedex_express),
            shape("[0-9]{15}", "041441760228964", check_digits.fedex_ground),
            shape("[0-9]{2}(?P<checked>[0-9]{16})", "000123450000000027", check_digits.gs1),
            shape("96[0-9]{5}(?P<checked>[0-9]{15})", "9611020987654312345672", check_digits.fedex_ground),
            shape(  # as scanned from a label; 00 stands in front of the number that it holds
                f"{FEDEX_LABEL}(?P<checked>00(?P<tracked>[0-9]{{12}}))",
                "1001921334250001000300779017972697",
                check_digits.fedex_express_label,
            ),
            shape(
                f"{FEDEX_LABEL}(?P<checked>(?!00)[0-9]{{14}})",
                "9632001560123456789912794808390598",
                check_digits.fedex_express_label,
            ),
            shape(  # an older label
                "3[0-9]{15}(?P<tracked>(?P<checked>[0-9]{12}))[0-9]{4}",
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
            shape(USPS_LONG, "9400111201080805483016", check_digits.gs1),
            shape(USPS_20, "03071790000523483741", check_digits.usps_20),
            post("US"),
            # As scanned: 420 and the ZIP code of the destination stand in front.
            shape(
                f"420[0-9]{{5}}(?P<tracked>(?P<checked>{USPS_LONG}))",
                "420221539101026837331000039521",
                check_digits.gs1,
            ),
            shape(
                f"420[0-9]{{9}}(?P<tracked>(?P<checked>{USPS_LONG}))",
                "4201002334249200190132607600833457",
                check_digits.gs1,
            ),
            shape(
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
            shape("[0-9]{10,11}", "3318810025", check_digits.dhl_express),
            shape("J[A-Z]{2,3}[0-9]{9,10}", "JVGL0999999990"),
            shape("JD[0-9]{18}", "JD014600003123456789"),  # with 16 digits it is Yodel's
        ),
        ("DHL",),
    ),
    Carrier(
        "dhl_paket",
        "DHL Paket",
        "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={}",
        (
            shape("00340434[0-9]{12}", "00340434161094022115", check_digits.gs1),  # GS1's SSCC-18, with its 00
            shape("[0-9]{12}", "563102430313", check_digits.identcode),
            shape("JJD[0-9]{17,20}", "JJD000390007882823913"),
            post("DE"),
        ),
        ("DHL Germany", "Deutsche Post DHL"),
    ),
    Carrier(
        "royal_mail",
        "Royal Mail",
        "https://www.royalmail.com/track-your-item#/tracking-results/{}",
        (
            post("GB"),
            shape("[A-Z]{2}[0-9]{7}", "PB1234567"),  # this one and the next are Parcelforce's
            shape("[A-Z]{4}[0-9]{10}", "PBAB1234567890"),
            anything(9, 27, "3201234567890"),
        ),
        ("Parcelforce",),
    ),
    Carrier(
        "dpd",
        "DPD",
        "https://tracking.dpd.de/status/en_US/parcel/{}",
        (
            shape("[0-9]{14}", "09980000020033"),
            shape("[0-9]{14}[0-9A-Z]", "09980000020033F", check_digits.dpd),
            shape("[0-9]{27}[0-9A-Z]", "008182709980000020033350276C", check_digits.dpd),
        ),
        ("DPD UK",),
    ),
    Carrier(
        "hermes",
        "Hermes",
        "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{}",
        (shape("[0-9]{14}", "12345678901234"), shape("H[0-9]{19}", "H1001234567890123456")),
        ("Hermes Germany", "myHermes"),
    ),
    Carrier(
        "gls",
        "GLS",
        "https://gls-group.eu/EU/en/parcel-tracking?match={}",
        (
            shape("[0-9]{11}|[0-9]{12}|[0-9]{14}", "50346007538"),
            shape("(?=[A-Z]*[0-9])[0-9A-Z]{8}", "ZFMDL0U9"),
        ),
    ),
    Carrier(
        "dhl_ecommerce",
        "DHL eCommerce",
        "https://webtrack.dhlecs.com/?trackingnumber={}",
        (
            shape("(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)(?=[A-Z]*[0-9])[0-9A-Z]{10,39}", "GM2951173225174494"),
            shape("[0-9]{14}", "60120172242323"),
        ),
    ),
    Carrier(
        "postnl",
        "PostNL",
        "https://jouw.postnl.nl/track-and-trace/{}",
        (shape("3S[0-9A-Z]{4}[0-9]{7,9}", "3SABCD123456789"), post("NL")),
    ),
    Carrier(
        "colissimo",
        "Colissimo",
        "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
        (shape("[0-9][A-Z][0-9]{11}", "6A12345678901"), post("FR")),
        ("La Poste",),
    ),
    Carrier(
        "canada_post",
        "Canada Post",
        "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}",
        (
            shape("[0-9]{16}", "0073938000549297", check_digits.gs1),
            post("CA"),
            shape("[0-9]{12}", "123456789012"),  # Priority Worldwide
        ),
    ),
    Carrier(
        "australia_post",
        "Australia Post",
        "https://auspost.com.au/mypost/track/#/details/{}",
        (post("AU"), anything(7, 39, "33XYZ1234567")),
    ),
    Carrier(
        "evri",
        "Evri",
        "https://www.evri.com/track/parcel/{}",
        (
            shape("(?=[A-Z]*[0-9])[0-9A-Z]{16}", "T00ABC1234567890"),
            shape("[0-9]{8}", "12345678"),  # the card that is left when nobody was at home
        ),
        ("Hermes UK",),
    ),
    Carrier(
        "amazon_logistics",
        "Amazon",
        "https://track.amazon.com/tracking/{}",
        (shape("TB[ACM][0-9]{12}", "TBA502887274000"), shape("[ACF][0-9]{10}", "C1004444443")),
        ("Amazon Logistics", "Amazon Logistics UK"),
    ),
    # LaserShip bought OnTrac in 2021; since 2023 both are called OnTrac and have one page.
    Carrier(
        "ontrac",
        "OnTrac",
        ONTRAC_PAGE,
        (shape("[CD][0-9]{14}", "C11031500001879", check_digits.ontrac), *LASERSHIP),
    ),
    Carrier("lasership", "LaserShip", ONTRAC_PAGE, LASERSHIP),
)


def _known_as(carrier: Carrier) -> list[str]:
    return [text.casefold() for text in (carrier.code, carrier.name, *carrier.aliases)]


_BY_TEXT = {text: carrier for carrier in CARRIERS for text in _known_as(carrier)}


def ordered(zone: str) -> list[Carrier]:
    """The directory for a merchant in this time zone: DHL Paket comes first in Germany."""
    return sorted(CARRIERS, key=lambda carrier: not (carrier.code == "dhl_paket" and zone in GERMAN_ZONES))


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
