"""Merchants: which a person has, where each opens, and the settings an admin may change."""

from collections.abc import Iterable

from django.db import transaction

from orders.models import MODES, Connection, EventLog, Membership, Merchant, User
from orders.services import audit

# What a change of a field is called in the event log.
LABELS = {
    "name": "name",
    "time_zone": "time zone",
    "mfa_required": "second factor required",
    "sums_to_type": "amounts to retype",
    "undo_seconds": "undo window after fulfill, in seconds",
    "cutoff": "cut-off time",
    "review_after_days": "days until a paid order is to be reviewed",
    "two_close_months": "two people close a month",
    "scan_to_verify": "every unit scanned at the station",
    "sender_address": "sender on packing slips",
}


def memberships_of(user: User) -> list[Membership]:
    return list(Membership.objects.filter(user=user).select_related("merchant").order_by("merchant__name", "pk"))


def opening_mode(merchant: Merchant) -> str:
    """Live, unless only the test mode has a key: nobody should land on a page that can show nothing."""
    modes = set(Connection.objects.filter(merchant=merchant, active=True).values_list("mode", flat=True))
    return "test" if modes == {"test"} else MODES[0]


def save_settings(merchant: Merchant, changed: Iterable[str], by: User) -> None:
    """Save the `changed` fields of `merchant`, which hold their new values."""
    fields = [field for field in LABELS if field in changed]
    if not fields:
        return
    text = ", ".join(f"{LABELS[field]}: {_shown(getattr(merchant, field))}" for field in fields)
    with transaction.atomic():
        merchant.save(update_fields=fields)
        audit.record(EventLog.Kind.MERCHANT_CHANGED, text, user=by, merchant=merchant)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in sorted(value.items())) or "as default"
    if isinstance(value, str):
        return ", ".join(value.splitlines()) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
