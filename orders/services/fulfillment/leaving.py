"""What a person has sent off and can still undo, for whoever is at the next order already."""

from dataclasses import dataclass

from django.db.models.functions import Now

from orders.models import Fulfillment, Merchant, User

MOST = 5  # that are shown; who is faster than that finds the others at their orders


@dataclass(frozen=True)
class Leaving:
    fulfillment: Fulfillment
    seconds: int


def leaving(merchant: Merchant, mode: str, user: User) -> list[Leaving]:
    """The latest first."""
    held = Fulfillment.objects.filter(merchant=merchant, mode=mode, user=user, undone_at=None, undo_until__gt=Now())
    found = held.annotate(now=Now()).order_by("-undo_until")[:MOST]
    return [
        Leaving(fulfillment, round((fulfillment.undo_until - fulfillment.now).total_seconds())) for fulfillment in found
    ]
