"""The carriers to choose from: what RevKeen is told, and where one of their parcels can be followed.

RevKeen takes any text of up to 50 characters as carrier; `ups`, `fedex` and `usps` are the examples it gives.
"""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Carrier:
    code: str  # as RevKeen is told
    name: str
    page: str  # where a parcel is followed; {} stands for its number

    def tracking_address(self, number: str) -> str:
        """Spaces are for the eye, and nothing in a number can lead to another page."""
        return self.page.format(quote("".join(number.split()), safe=""))


CARRIERS = (
    Carrier("ups", "UPS", "https://www.ups.com/track?tracknum={}"),
    Carrier("fedex", "FedEx", "https://www.fedex.com/fedextrack/?trknbr={}"),
    Carrier("usps", "USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels={}"),
    Carrier(
        "dhl_express",
        "DHL Express",
        "https://www.dhl.com/global-en/home/tracking/tracking-express.html?submit=1&tracking-id={}",
    ),
    Carrier("dhl", "DHL Paket", "https://www.dhl.de/en/privatkunden/pakete-empfangen/verfolgen.html?piececode={}"),
    Carrier("dpd", "DPD", "https://tracking.dpd.de/status/en_US/parcel/{}"),
    Carrier("gls", "GLS", "https://gls-group.eu/EU/en/parcel-tracking?match={}"),
    Carrier("royal_mail", "Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/{}"),
    Carrier("evri", "Evri", "https://www.evri.com/track/parcel/{}"),
    Carrier("la_poste", "La Poste, Colissimo", "https://www.laposte.fr/outils/suivre-vos-envois?code={}"),
    Carrier("postnord", "PostNord", "https://tracking.postnord.com/en/tracking?id={}"),
    Carrier("swiss_post", "Swiss Post", "https://service.post.ch/ekp-web/ui/entry/search/{}"),
    Carrier(
        "canada_post", "Canada Post", "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}"
    ),
    Carrier("australia_post", "Australia Post", "https://auspost.com.au/mypost/track/details/{}"),
)


def find(text: str) -> Carrier | None:
    """The carrier of this code or name, in either case; None for one that only its name is known of."""
    wanted = text.casefold()
    return next((carrier for carrier in CARRIERS if wanted in (carrier.code, carrier.name.casefold())), None)


def name_of(text: str) -> str:
    carrier = find(text)
    return carrier.name if carrier else text


def tracking_address(text: str, number: str) -> str:
    """Where the parcel can be followed; "" where the carrier's page or the number is not known."""
    carrier = find(text)
    return carrier.tracking_address(number) if carrier and number else ""
