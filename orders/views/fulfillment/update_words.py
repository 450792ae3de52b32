"""What happened to a partner update and what happens next, in words: one sentence for each state."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.apis.order_protection.objects import LABELS
from orders.models import PartnerUpdate, Shipment
from orders.templatetags.figures import clock

# Claims are taken within 45 days of the order being fulfilled, "exceptions depending on your contract"
# (docs.orderprotection.com/education-basecamp/filing-a-claim). Counted from when this parcel left, the careful reading.
CLAIM_DAYS = 45
SOON = timedelta(seconds=30)
OURS = (
    "part_open",
    "gave_up",
    "no_answer",
    "not_connected",
    "key_unreadable",
    "error",
)  # codes that their message says in full
NOT_CONNECTED_WORDS = SafeString("It was not connected when this was sent.")
Words = SafeString | str


def words_of(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    """The sentence for the state that the update is in, in the merchant's time."""
    return WORDS[PartnerUpdate.State(partner_update.state)](partner_update, shipment, zone)


def claim_days_left(shipment: Shipment, now: datetime) -> int:
    """Whole days in which a customer can still claim at OrderProtection; 0 and less when that is over."""
    left_at = shipment.shipped_at or shipment.created_at
    return (left_at + timedelta(days=CLAIM_DAYS) - now) // timedelta(days=1)


def _for_revkeen(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    return "Sends when RevKeen accepts."


def _waiting(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    when, since = "Sends in a moment.", timezone.now() - partner_update.next_try_at
    if since < timedelta():
        when = format_html("Next try at {}.", clock(partner_update.next_try_at, zone))
    elif since > SOON:
        words = "Due since {}: waiting for an earlier update of this order, or for a worker."
        when = format_html(words, clock(partner_update.next_try_at, zone))
    if not partner_update.failures and not partner_update.code:
        return when
    return format_html("{}{}. {}", _reason(partner_update), _times(partner_update.failures), when)


def _sending(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    since = partner_update.last_sent_at
    return format_html("Since {}.", clock(since, zone)) if since else "Sending."


def _sent(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    at = clock(partner_update.sent_at, zone) if partner_update.sent_at else ""
    if partner_update.left_out:
        count = len(partner_update.left_out)
        return format_html("{}, without {} line{} already closed there", at, count, "" if count == 1 else "s")
    if partner_update.destination != PartnerUpdate.Destination.ORDER_PROTECTION:
        return at
    left = claim_days_left(shipment, timezone.now())
    claim = f"{left} day{'' if left == 1 else 's'} left to claim" if left > 0 else "no longer possible to claim"
    return format_html("{}, {}; {}", at, LABELS.get(shipment.status, shipment.status).lower(), claim)


def _in_doubt(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    name = partner_update.get_destination_display()
    when = clock(partner_update.next_try_at, zone)
    return format_html(
        "{}. It may have arrived: we check {} at {} and send again only if it is not there.",
        _reason(partner_update),
        name,
        when,
    )


def _failed(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    return format_html("{}. Not retried until someone sends it again.", _reason(partner_update))


def _blocked(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    why = f": {partner_update.message}".rstrip(".") if partner_update.message else ""
    return format_html("RevKeen refused it<bdi>{}</bdi>. Release or stop this update.", why)


def _stopped(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    return format_html("By <bdi>{}</bdi>: <bdi>{}</bdi>", partner_update.stopped_by, partner_update.reason)


def _undone(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    return "No system was notified."


def _off(partner_update: PartnerUpdate, shipment: Shipment, zone: ZoneInfo) -> Words:
    return NOT_CONNECTED_WORDS


WORDS = {
    PartnerUpdate.State.FOR_REVKEEN: _for_revkeen,
    PartnerUpdate.State.WAITING: _waiting,
    PartnerUpdate.State.SENDING: _sending,
    PartnerUpdate.State.SENT: _sent,
    PartnerUpdate.State.IN_DOUBT: _in_doubt,
    PartnerUpdate.State.FAILED: _failed,
    PartnerUpdate.State.BLOCKED: _blocked,
    PartnerUpdate.State.STOPPED: _stopped,
    PartnerUpdate.State.UNDONE: _undone,
    PartnerUpdate.State.OFF: _off,
}


def _reason(partner_update: PartnerUpdate) -> SafeString:
    """`503`, `409 quantity_too_large: Too many units`, or what was said where there was no answer."""
    told = "" if partner_update.code in OURS else partner_update.code
    code = " ".join(str(part) for part in (partner_update.status, told) if part)
    said = ": ".join(part for part in (code, partner_update.message.rstrip(".")) if part)
    return format_html("<bdi>{}</bdi>", said or "No answer")


def _times(failures: int) -> str:
    return f", {failures} times" if failures > 1 else ""
