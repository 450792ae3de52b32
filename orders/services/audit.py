"""The event log: sign-ins, keys, members, exports and refused attempts. Rows are only ever added."""

import hashlib
import uuid

from django.core.cache import cache

from orders.models import EventLog, Merchant, User
from orders.request_ids import current_request_id

REPEATS = 10
REPEATS_WITHIN = 10 * 60  # seconds


def record(
    kind: EventLog.Kind,
    text: str = "",
    *,
    user: User | None = None,
    who: str = "",
    merchant: Merchant | None = None,
    mode: str = "",
    order_id: uuid.UUID | None = None,
) -> None:
    """Add a row. `text` may hold what a person typed, never a key or a customer; `who` names someone unknown to us."""
    EventLog.objects.create(
        kind=kind,
        text=text[:500],
        user=user,
        who=user.email if user else who[:254],
        merchant=merchant,
        mode=mode,
        order_id=order_id,
        request_id=current_request_id(),
    )


def record_refusal(text: str, reason: str, *, user: User, merchant: Merchant | None) -> None:
    """Add a row for an attempt that was refused. Rows stay for ever, so whoever repeats themselves gets few of them:
    of those for one reason in ten minutes the first ten, the hundredth, the thousandth."""
    times = _times(
        f"refusals:{user.pk}:{merchant.pk if merchant else ''}:{hashlib.sha256(reason.encode()).hexdigest()}"
    )
    if times <= REPEATS or str(times).strip("0") == "1":
        counted = f" ({times:,} times in a row)" if times > REPEATS else ""
        record(EventLog.Kind.REFUSED, f"{text[: 500 - len(counted)]}{counted}", user=user, merchant=merchant)


def _times(key: str) -> int:
    """How often this was counted lately, this time included."""
    cache.add(key, 0, REPEATS_WITHIN)
    try:
        return cache.incr(key)
    except ValueError:  # it ended at this very moment
        return 1


def of_merchant(merchant: Merchant, *kinds: EventLog.Kind, mode: str = "", limit: int = 10) -> list[EventLog]:
    """The newest rows of these kinds, newest first; of one mode where `mode` is given."""
    found = EventLog.objects.filter(merchant=merchant, kind__in=kinds)
    if mode:
        found = found.filter(mode=mode)
    return list(found.select_related("user")[:limit])


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> list[EventLog]:
    """What staff did about an order beside its operations, newest first."""
    return list(EventLog.objects.filter(order_id=order_id, merchant=merchant, mode=mode).select_related("user"))
