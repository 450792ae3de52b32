"""How many requests wait for a person, for the navigation of every page."""

from typing import Any

from django.core.cache import caches

from orders.models import Membership
from orders.services.approvals import approvers, requests

REMEMBERED_SECONDS = 2.0


def waiting_for(membership: Membership, mode: str) -> int:
    """How many requests this member may decide."""
    if not requests.some_wait(membership.merchant_id, mode):
        return 0
    return sum(approvers.waits_for(membership, request) for request in requests.waiting(membership, mode))


def lately_waiting_for(membership: Membership, mode: str) -> int:
    """Counted anew every few seconds only, by each process."""
    key = f"approvals:{membership.pk}:{mode}"
    count: Any = caches["process"].get_or_set(key, lambda: waiting_for(membership, mode), REMEMBERED_SECONDS)
    return int(count)
