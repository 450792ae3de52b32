"""The event log: sign-ins, keys, members, exports and refused attempts. Rows are only ever added."""

from orders.models import EventLog, Merchant, User
from orders.request_ids import current_request_id


def record(
    kind: EventLog.Kind, text: str = "", *, user: User | None = None, merchant: Merchant | None = None, mode: str = ""
) -> None:
    """Add a row. `text` may hold what a person typed, never a key or a customer."""
    EventLog.objects.create(
        kind=kind,
        text=text[:500],
        user=user,
        who=user.email if user else "",
        merchant=merchant,
        mode=mode,
        request_id=current_request_id(),
    )


def of_merchant(merchant: Merchant, *kinds: EventLog.Kind, limit: int = 10) -> list[EventLog]:
    """The newest rows of these kinds, newest first."""
    return list(EventLog.objects.filter(merchant=merchant, kind__in=kinds).select_related("user")[:limit])
