"""What a person chose last when they fulfilled, which the next form begins with: the carrier, and the e-mail."""

from collections.abc import Iterable
from dataclasses import dataclass

from orders.models import Membership
from orders.services.fulfillment.shipments import Parcel


@dataclass(frozen=True)
class Preset:
    """`carrier`: a code of the directory, another's name, or "". `email`: yes, no, or "" where it was never asked."""

    carrier: str = ""
    email: str = ""


def preset_of(membership: Membership) -> Preset:
    return Preset(membership.last_carrier, membership.last_email)


def remember(membership: Membership, parcels: Iterable[Parcel], email: str) -> None:
    """`email`: the choice about the customer's e-mail, "" where there was none to make: the last one stays."""
    carrier = next((parcel.carrier for parcel in parcels if parcel.carrier), membership.last_carrier)
    chosen = Preset(carrier, email or membership.last_email)
    if chosen != preset_of(membership):
        Membership.objects.filter(pk=membership.pk).update(last_carrier=chosen.carrier, last_email=chosen.email)
