"""Moments of a merchant's days, and how a page writes one, for tests that hold at any time of any day."""

from datetime import datetime, time, timedelta

from orders.models import Merchant
from orders.services.handling import holds
from orders.templatetags import figures


def noon(merchant: Merchant, days_ago: int = 0) -> datetime:
    """Noon of the merchant's day so many days ago: far from either of its ends, also where clocks have changed."""
    return datetime.combine(holds.today(merchant) - timedelta(days=days_ago), time(12), merchant.zone)


def clock(moment: datetime | None, merchant: Merchant) -> str:
    """`14:32:08 CET`, or `Yesterday 14:32:08 CET`, as the page says it."""
    assert moment is not None
    return figures.clock_words(moment, merchant.zone)
